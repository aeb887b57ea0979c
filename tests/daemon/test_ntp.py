"""<NTP> and <Clock> in a real collectd, beside a real chronyd and a Python plugin that never rests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from collectd_inode.clock.jobs import load
from collectd_inode.clock.settings import Settings
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Observation
from collectd_inode.observing import observe
from collectd_inode.state import State
from tests.helpers.chrony import chronyd
from tests.helpers.collectd_process import HOST, Collectd
from tests.helpers.places import ROOT

TIME, CLOCK = "ntp-time", "clock-local"
SERVER = "127_0_0_1"
LOCAL = "local stratum 5"
TWENTY_MINUTES = 1200.0

SPINNER = f"""
<Plugin python>
  ModulePath "{ROOT}/tests/helpers"
  Import "spinner"
</Plugin>
"""

ALWAYS = {"bool-success", "gauge-cause", "gauge-warnings", "duration-elapsed"}
OF_SERVER = (
    "time_offset", "delay", "time_dispersion", "root_delay", "root_dispersion", "clock_stratum", "gauge-leap",
    "gauge-reach",
)  # fmt: skip
OF_TIME = {*ALWAYS, *(f"{type}-{SERVER}" for type in OF_SERVER), "time_offset-consensus", "count-rejected"}
OF_CLOCK = {
    *ALWAYS, "bool-synchronised", "time_dispersion-max_error", "time_dispersion-estimated_error",
    "frequency_offset-kernel", "gauge-diagnosis", "gauge-step_seconds", "gauge-steps", "gauge-steps_undone",
}  # fmt: skip
MAYBE = {
    "bool-settable", "time_offset-daemon", "time_dispersion-daemon", "clock_stratum-daemon", "gauge-reach-daemon",
}  # fmt: skip
"""On some machines this is not known."""


def blocks(folder: Path, port: int, more: str = "") -> str:
    return f"""
    Interval 1
    StateDir "{folder}/state"
    <NTP "time">
      Interval 1
      Server "127.0.0.1"
      Port {port}
      Margin "s3" 900
      {more}
    </NTP>
    <Clock "local">
    </Clock>
    """


def last(collectd: Collectd, identity: str) -> float:
    return collectd.of(identity)[-1].value


def stored(folder: Path, instance: str) -> set[str]:
    """What csv has of it; a file's name ends in the day."""
    return {file.name[:-11] for file in (folder / "csv" / HOST / instance).iterdir()}


def wait_for(collectd: Collectd, instance: str, names: Iterable[str]) -> None:
    collectd.wait(lambda: all(len(collectd.csv(f"{instance}/{name}")) >= 2 for name in names))


def looked_at(folder: Path) -> Observation:
    """This machine's clock, by the same vote, as it is seen from here."""
    state = State(str(folder / "state"))
    return asyncio.run(observe(load("here", Settings(), BlockSettings(interval=1.0, state=state)).jobs[0]))


def diagnosis(observation: Observation) -> float:
    return next(reading.value for reading in observation.readings if reading.type_instance == "diagnosis")


def within(collectd: Collectd, truth: float) -> bool:
    """Whether each offset is the true one, give or take the bound that stands beside it."""
    bounds = {v.time: v.value for v in collectd.of(f"{TIME}/time_dispersion-{SERVER}")}
    offsets = {v.time: v.value for v in collectd.of(f"{TIME}/time_offset-{SERVER}")}
    both = offsets.keys() & bounds.keys()
    return bool(both) and all(abs(offsets[time] - truth) <= bounds[time] for time in both)


@pytest.mark.parametrize("daemonise", [False, True], ids=["foreground", "daemonised"])
def test_a_right_clock(tmp_path: Path, daemonise: bool) -> None:
    """The truth is zero, however busy the interpreter is; and a clock that is vouched for passes on every machine."""
    with chronyd(LOCAL) as port:
        with Collectd(tmp_path, blocks(tmp_path, port), daemonise=daemonise, around=SPINNER) as collectd:
            wait_for(collectd, TIME, {*OF_TIME, "gauge-margin-s3"})
            wait_for(collectd, CLOCK, OF_CLOCK)
            collectd.wait(lambda: last(collectd, f"{CLOCK}/bool-success") == 1.0)
        here = looked_at(tmp_path)

    assert stored(tmp_path, TIME) == {*OF_TIME, "gauge-margin-s3"}
    assert stored(tmp_path, CLOCK) - MAYBE == OF_CLOCK
    assert {v.value for v in collectd.in_time(f"{TIME}/bool-success")} == {1.0}
    assert {v.value for v in collectd.of(f"{TIME}/clock_stratum-{SERVER}")} == {5.0}
    assert within(collectd, 0.0)
    assert min(v.value for v in collectd.of(f"{TIME}/gauge-margin-s3")) > 899
    assert here.passed
    assert last(collectd, f"{CLOCK}/gauge-diagnosis") == diagnosis(here)


def test_a_clock_that_is_twenty_minutes_behind(tmp_path: Path) -> None:
    """Both watches fail and say by how much; the consumer that no longer takes us is named; one pager each."""
    with chronyd(LOCAL, ahead=TWENTY_MINUTES) as port:
        with Collectd(tmp_path, blocks(tmp_path, port), around=SPINNER) as collectd:
            wait_for(collectd, TIME, {*OF_TIME, "gauge-margin-s3"})
            voted = len(collectd.of(f"{CLOCK}/bool-success"))
            collectd.wait(lambda: len(collectd.of(f"{CLOCK}/gauge-diagnosis")) >= voted + 2)
        here = looked_at(tmp_path)

    assert {v.value for v in collectd.in_time(f"{TIME}/bool-success")} == {0.0}
    assert {v.value for v in collectd.in_time(f"{TIME}/gauge-cause")} == {Cause.EXPECTATION}
    assert within(collectd, TWENTY_MINUTES)
    assert all(-301 < v.value < -299 for v in collectd.of(f"{TIME}/gauge-margin-s3"))
    assert last(collectd, f"{CLOCK}/bool-success") == 0.0
    assert re.match(r"this clock is 1\d{3}\.\d{3} s behind 1 source: ", here.message)
    assert last(collectd, f"{CLOCK}/gauge-diagnosis") == diagnosis(here)
    told = {notification.identity: notification for notification in collectd.notifications}
    assert re.fullmatch(
        r"expectation: this clock is 1\d{3}\.\d s behind 127\.0\.0\.1, the limit is 0\.1 s;"
        " naming the wrong one needs 3 sources; beyond s3 900 s",
        told[f"{TIME}/bool-success"].message,
    )


def test_the_pool_s_score_outlives_the_daemon(tmp_path: Path) -> None:
    """It grows by the pool's own rule, every nine minutes, and is where it was after a restart."""
    with chronyd(LOCAL) as port:
        for daemonise in (False, True):
            with Collectd(tmp_path, blocks(tmp_path, port, "PoolScore true"), daemonise=daemonise) as collectd:
                before = len(collectd.of(f"{TIME}/gauge-pool_score-{SERVER}"))
                collectd.wait(lambda: len(collectd.of(f"{TIME}/gauge-pool_score-{SERVER}")) >= before + 2)  # noqa: B023
    assert {v.value for v in collectd.of(f"{TIME}/gauge-pool_score-{SERVER}")} == {1.0}
    assert {v.value for v in collectd.of(f"{TIME}/gauge-pool_step-{SERVER}")} == {1.0}


def test_a_server_that_has_no_time(tmp_path: Path) -> None:
    """It says so: nothing is known of this clock, which is not to say that it is wrong."""
    with chronyd() as port:
        with Collectd(tmp_path, blocks(tmp_path, port)) as collectd:
            wait_for(collectd, TIME, ALWAYS)
            wait_for(collectd, CLOCK, OF_CLOCK)
        here = looked_at(tmp_path)

    assert {v.value for v in collectd.in_time(f"{TIME}/gauge-cause")} == {Cause.UNSYNCHRONISED}
    assert stored(tmp_path, TIME) == {*ALWAYS, f"gauge-leap-{SERVER}", f"gauge-reach-{SERVER}", "count-rejected"}
    assert last(collectd, f"{CLOCK}/gauge-diagnosis") == diagnosis(here)
    assert last(collectd, f"{CLOCK}/bool-success") == float(here.passed)
