"""Observation → value lists: what goes out, under which identity, in which case."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode import __version__
from collectd_inode.model import Cause, Detail, Failure, Job, PlannedStep, Status, Trouble, unable
from collectd_inode.report.values import Value, health, identity, series, values, version_number
from collectd_inode.run import Run
from demo import machine
from tests.helpers.examples import OPEN, exchange, job, observed, passing

SLOT = 1_000_020.0
AGAIN = PlannedStep("go again", "go_again")


def rows(found: list[Value]) -> dict[str, float]:
    """Identity → value; every identity once."""
    made = {value.identity: value.value for value in found}
    assert len(made) == len(found)
    return made


def test_the_value_lists_of_a_run_that_passes() -> None:
    """All of them, in order, with the slot for their time and the job's interval; none for a step that only looks."""
    found = values(observed(passing, interval=20.0, host="www"), SLOT)

    def value(type: str, type_instance: str, value: float) -> Value:
        return Value("www", "scenario", "web-home", type, type_instance, value, SLOT, 20.0)

    assert found == [
        value("bool", "success", 1.0),
        value("gauge", "cause", 0.0),
        value("gauge", "warnings", 0.0),
        value("duration", "elapsed", 1.25),
        value("latency", "total", 0.25),
        value("count", "passed", 2.0),
        value("response_code", "last", 200.0),
        value("duration", "connect", 0.05),
        value("duration", "processing", 0.2),
        value("duration", "overhead", 1.0),
        value("response_time", "go_to", 0.25),
    ]
    assert found[0].identity == "scenario-web-home/bool-success"


async def refused(run: Run) -> None:
    with run.step(OPEN):
        run.exchange(exchange(503, connect=0.1, processing=0.2))
        raise Failure(Cause.REFUSED, "503")


async def hanging(run: Run) -> None:
    with run.step(OPEN):
        run.exchange(exchange(None, connect=0.1))
        await asyncio.Event().wait()


def test_a_failed_step_sends_no_latency() -> None:
    """NaN would clear a threshold, and a fast failure would look healthy; the last answer's status is told."""
    assert rows(values(observed(refused), SLOT)) == {
        "scenario-web-home/bool-success": 0.0,
        "scenario-web-home/gauge-cause": 7.0,
        "scenario-web-home/gauge-warnings": 0.0,
        "scenario-web-home/duration-elapsed": 0.75,
        "scenario-web-home/count-passed": 0.0,
        "scenario-web-home/response_code-last": 503.0,
    }


def test_a_step_that_ran_into_the_deadline_sends_the_time_waited() -> None:
    """A lower bound of the truth; the total needs all steps to have passed."""
    assert rows(values(observed(hanging, deadline=0.02), SLOT)) == {
        "scenario-web-home/bool-success": 0.0,
        "scenario-web-home/gauge-cause": 5.0,
        "scenario-web-home/gauge-warnings": 0.0,
        "scenario-web-home/duration-elapsed": 0.75,
        "scenario-web-home/count-passed": 0.0,
        "scenario-web-home/response_time-go_to": 0.25,
    }


def test_a_soft_step_that_failed_sends_no_latency() -> None:
    """The run has passed, so the total is sent: of what passed; so are the phases, and what was ours."""
    warned = replace(OPEN, soft=True)

    async def soft(run: Run) -> None:
        with run.step(warned):
            run.exchange(exchange(503, connect=0.1, processing=0.2))
            raise Failure(Cause.REFUSED, "503")
        with run.step(AGAIN):
            run.exchange(exchange(processing=0.2))

    assert rows(values(observed(soft, warned, AGAIN), SLOT)) == {
        "scenario-web-home/bool-success": 1.0,
        "scenario-web-home/gauge-cause": 0.0,
        "scenario-web-home/gauge-warnings": 1.0,
        "scenario-web-home/duration-elapsed": 1.25,
        "scenario-web-home/latency-total": 0.2,
        "scenario-web-home/count-passed": 1.0,
        "scenario-web-home/response_code-last": 200.0,
        "scenario-web-home/duration-processing": 0.2,
        "scenario-web-home/duration-overhead": pytest.approx(0.8),
        "scenario-web-home/response_time-go_again": 0.2,
    }


def test_the_last_status_is_of_the_steps_that_the_run_is_about() -> None:
    """Not what a clean-up step was told after the run had ended."""
    leave = replace(AGAIN, cleanup=True)

    async def tidied(run: Run) -> None:
        with run.isolated():
            await refused(run)
        with run.isolated(), run.step(leave):
            run.exchange(exchange(200, processing=0.2))

    sent = rows(values(observed(tidied, OPEN, leave), SLOT))
    assert sent["scenario-web-home/response_code-last"] == 503.0
    assert sent["scenario-web-home/response_time-go_again"] == 0.2
    assert "scenario-web-home/latency-total" not in sent


@pytest.mark.parametrize(
    ("status", "cause"),
    [(Status.UNDEFINED, Cause.UNDEFINED), (Status.AMBIGUOUS, Cause.UNDEFINED), (Status.ERROR, Cause.CONFIGURATION)],
)
def test_a_job_that_cannot_run_sends_its_failure_and_nothing_else(status: Status, cause: Cause) -> None:
    """Every interval, whatever happened."""
    found = values(unable(job(None, trouble=Trouble(status, cause, "no")), 0.0), SLOT)
    assert rows(found) == {
        "scenario-web-home/bool-success": 0.0,
        "scenario-web-home/gauge-cause": float(cause),
        "scenario-web-home/gauge-warnings": 0.0,
    }
    assert {value.time for value in found} == {SLOT}


def test_warnings_and_readings_are_sent_whatever_the_status() -> None:
    """How many days a certificate has left is known in a failed run too."""

    async def warned(run: Run) -> None:
        run.warn("slow", "slow")
        run.add_reading("gauge", "certificate_days_left-www", 12.5)
        await refused(run)

    found = rows(values(observed(warned), SLOT))
    assert found["scenario-web-home/gauge-warnings"] == 1.0
    assert found["scenario-web-home/gauge-certificate_days_left-www"] == 12.5


def test_detail_scenario_has_no_steps() -> None:
    """Everything else stays."""
    every = rows(values(observed(passing), SLOT))
    assert rows(values(observed(passing, detail=Detail.SCENARIO), SLOT)) == {
        name: value for name, value in every.items() if "response_time" not in name
    }


def test_detail_phase_has_the_steps_phases() -> None:
    """As far as they are known, in a failed step too."""
    extra = (
        rows(values(observed(passing, detail=Detail.PHASE), SLOT)).items()
        - rows(values(observed(passing), SLOT)).items()
    )
    assert dict(extra) == {
        "scenario-web-home/duration-go_to-connect": 0.05,
        "scenario-web-home/duration-go_to-processing": 0.2,
        "scenario-web-home/response_code-go_to": 200.0,
        "scenario-web-home/bytes-go_to": 100.0,
    }
    failed = rows(values(observed(refused, detail=Detail.PHASE), SLOT))
    assert failed["scenario-web-home/duration-go_to-processing"] == 0.2
    assert failed["scenario-web-home/response_code-go_to"] == 503.0


@pytest.mark.parametrize("detail", Detail)
def test_what_is_sent_is_what_was_announced(detail: Detail) -> None:
    """``series`` names every identity that a run can send."""
    one = job(passing, detail=detail)
    announced = series(one)
    assert len(announced) == len(set(announced))
    for probe, deadline in ((passing, 30.0), (refused, 30.0), (hanging, 0.02)):
        assert rows(values(observed(probe, detail=detail, deadline=deadline), SLOT)).keys() <= set(announced)


def test_the_series_of_a_job_that_cannot_run() -> None:
    """The three that go out every interval."""
    assert series(job(None, trouble=Trouble(Status.ERROR, Cause.ERROR, "no"))) == [
        "scenario-web-home/bool-success",
        "scenario-web-home/gauge-cause",
        "scenario-web-home/gauge-warnings",
    ]


def test_how_the_plugin_itself_fares() -> None:
    """Every minute, from the daemon's own host, without an instance."""

    def value(type: str, type_instance: str, value: float) -> Value:
        return Value("", "inode_probe", "", type, type_instance, value, 60.0, 60.0)

    found = health(loop_lag=0.25, jobs=3, late=1, config_errors=2, time=60.0)
    assert found == [
        value("latency", "loop_lag", 0.25),
        value("count", "jobs", 3.0),
        value("count", "late", 1.0),
        value("gauge", "config_errors", 2.0),
        value("gauge", "version", version_number(__version__)),
    ]
    assert found[0].identity == "inode_probe/latency-loop_lag"


@pytest.mark.parametrize(
    ("version", "number"), [("0.1.0", 100), ("1.2.3", 10203), ("1.12", 11200), ("2.0.0.dev1", 20000)]
)
def test_a_version_is_a_number(version: str, number: float) -> None:
    """It grows with the version, so that a machine that is behind is found by comparing."""
    assert version_number(version) == number


def test_an_identity_in_collectd_s_notation() -> None:
    """What is empty takes its hyphen with it."""
    assert identity("p", "i", "t", "ti") == "p-i/t-ti"
    assert identity("p", "", "t", "") == "p/t"


def test_only_types_that_collectd_knows() -> None:
    """Stock types.db, one value each."""
    types = dict(
        line.split(maxsplit=1)
        for line in Path(machine.TYPES_DB).read_text().splitlines()
        if line.strip() and not line.startswith("#")
    )
    used = {value.type for value in values(observed(passing, detail=Detail.PHASE), SLOT)}
    used |= {value.type for value in health(loop_lag=0.0, jobs=0, late=0, config_errors=0, time=0.0)}
    assert {type: len(types[type].split(",")) for type in used} == dict.fromkeys(used, 1)
    assert "DERIVE" not in "".join(types[type] for type in used)


def test_every_name_fits_into_collectd_s_127_bytes() -> None:
    """The longest of everything."""
    long = PlannedStep("x" * 80, "x" * 63)
    one = Job("scenario", "x", f"{'x' * 63}-{'x' * 63}", "x", steps=(long,), detail=Detail.PHASE)
    parts = [part for name in series(one) for part in re.split("/[a-z_]+-|/", name.removeprefix("scenario-"))]
    assert max(map(len, parts)) == 127
