"""A job's own history: what a run leaves in it, what stays of a day, and what a damaged file costs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.histories import Histories, origin
from collectd_inode.model import Cause, Fact, Failure, Observation, Phase, Status, Trouble
from collectd_inode.report import history
from collectd_inode.report.history import DAY, MOST_BYTES, Ran, RunsOrigin, Timed, compacted, entry, parse, path, read
from collectd_inode.run import Run
from collectd_inode.state import Writer
from tests.helpers.examples import OPEN, job, observed, passing

ORIGIN = RunsOrigin("0.1.0", 1000.0, 500.0, "boot-1")
IDENTITY = job(passing).identity


async def refused(run: Run) -> None:
    run.note("address of shop", "192.0.2.7")
    with run.step(OPEN):
        raise Failure(Cause.REFUSED, "http://shop/ answered 503")


def text(*observations: Observation) -> bytes:
    """A file with these runs, each with its setting."""
    entries = [entry(one, ORIGIN, "f1") for one in observations]
    return "".join(f"{one.setting}{one.line}" for one in entries).encode()


def at(time: float, observation: Observation) -> Observation:
    return replace(observation, time=time)


GOOD, BAD = observed(passing), observed(refused)


def test_a_run_comes_back_as_it_was() -> None:
    """Steps with latency and phases, the step that ended it, what the other side looked like."""
    first, second = GOOD.steps[0], GOOD.steps[1]
    steps = ((first.series, first.name), (second.series, second.name))
    phases = {phase: round(seconds, 6) for phase, seconds in first.phases.items()}
    good, bad = parse(text(at(10.0, GOOD), at(70.0, BAD)))[0]
    assert (good.setting.steps, good.steps, good.seconds) == (
        steps,
        (Timed(0.25, phases), Timed(None, {})),
        0.25,
    )
    assert (good.passed, good.bad, good.facts) == (True, None, {})
    assert (bad.passed, bad.bad, bad.cause, bad.message) == (False, 0, "refused", "http://shop/ answered 503")
    assert bad.facts == {"address of shop": "192.0.2.7"}
    assert good.step("go_to") == good.steps[0]
    assert good.step("unknown") is None


def test_what_is_the_same_stands_once(tmp_path: Path) -> None:
    """The second run's line names the first one's setting."""
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    for minute in range(3):
        histories.add(at(60.0 * minute, GOOD))
    lines = path(str(tmp_path), IDENTITY).read_text().splitlines()
    assert ["setting" in json.loads(line) for line in lines] == [True, False, False, False]


def test_good_runs_may_wait_and_bad_ones_do_not(tmp_path: Path) -> None:
    """Of a job that runs every second a write a minute; a bad run takes along what waits, and so does the end."""
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    seen = []
    for second, run in enumerate((GOOD, GOOD, GOOD, BAD, GOOD)):
        histories.add(at(1000.0 + second, run))
        seen.append(len(read(str(tmp_path), IDENTITY)[0]))
    assert seen == [1, 1, 1, 4, 4]
    histories.close()
    assert len(read(str(tmp_path), IDENTITY)[0]) == 5


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Who started when stands with each run."""
    for number, start in enumerate((1000.0, 5000.0)):
        histories = Histories(str(tmp_path), Writer(), replace(ORIGIN, started=start))
        histories.add(at(start + number, GOOD))
    runs, trouble = read(str(tmp_path), IDENTITY)
    assert ([run.setting.origin.started for run in runs], trouble) == ([1000.0, 5000.0], "")


def test_a_file_is_never_larger_than_it_may_be(tmp_path: Path) -> None:
    """Written anew when it is full, the older good runs thinned out; the outage's edges are still there."""
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    file, sizes = path(str(tmp_path), IDENTITY), []
    count = 3000
    for minute in range(count):
        histories.add(at(10 * minute, BAD if 100 <= minute < 103 else GOOD))
        if minute % 50 == 0:
            sizes.append(file.stat().st_size)
    histories.close()
    assert max(sizes) <= MOST_BYTES
    assert max(sizes) > MOST_BYTES / 2
    runs, trouble = read(str(tmp_path), IDENTITY)
    assert trouble == ""
    assert [run.time for run in runs if run.time <= 1040 and run.time >= 980] == [990.0, 1000.0, 1020.0, 1030.0]
    assert runs[-1].time == 10 * (count - 1)
    assert [run.time for run in runs[-100:]] == [10.0 * minute for minute in range(count - 100, count)]


def test_a_day_is_kept_and_the_last_good_run_before_an_outage() -> None:
    """An outage of two days still has something to be compared with."""
    runs = [at(0.0, GOOD), at(60.0, GOOD), *(at(120.0 + 3600 * hour, BAD) for hour in range(60))]
    kept = parse(compacted(text(*runs), 10**6)[0])[0]
    assert [run.time for run in kept if run.passed] == [60.0]
    assert kept[1].time == 120.0
    assert kept[2].time > kept[-1].time - DAY


def test_a_damaged_file_costs_its_damaged_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log when it is written anew; the job goes on, a half line is ended first."""
    file = path(str(tmp_path), IDENTITY)
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    histories.add(at(10.0, GOOD))
    with file.open("ab") as damaged:
        damaged.write(b'\xff{"time": NaN}\n{"time":70.0,"of"')
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    histories.add(at(130.0, BAD))
    runs, trouble = read(str(tmp_path), IDENTITY)
    assert ([run.time for run in runs], trouble) == ([10.0, 130.0], f"{file}: 2 of its lines cannot be read")
    file.write_bytes(file.read_bytes() + b"x" * MOST_BYTES)
    histories.add(at(190.0, GOOD))
    histories.close()
    assert [run.time for run in read(str(tmp_path), IDENTITY)[0]] == [10.0, 130.0, 190.0]
    assert [r.message for r in caplog.records] == [f"{file}: 3 of its lines could not be read and were left out"]


def test_a_file_that_is_none_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder or a link where the file should be is logged once."""
    file = path(str(tmp_path), IDENTITY)
    file.symlink_to("/etc/passwd")
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    for minute in range(3):
        histories.add(at(60.0 * minute, GOOD))
    reason = "Too many levels of symbolic links"
    assert [r.message for r in caplog.records] == [f"{file} cannot be written, so a restart loses it: {reason}"]
    assert read(str(tmp_path), IDENTITY) == ([], f"{file} cannot be read: it is a link")


def test_a_job_that_is_gone_takes_its_history_along(tmp_path: Path) -> None:
    """And what waits to be written of it."""
    histories = Histories(str(tmp_path), Writer(), ORIGIN)
    for second in (0.0, 1.0):
        histories.add(at(second, GOOD))
    histories.remove([IDENTITY])
    histories.close()
    assert list(tmp_path.iterdir()) == []


def test_whose_runs_they_are(tmp_path: Path) -> None:
    """The machine says which boot this is; where it does not, that is left out."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("abc\n")
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1700000000\n")
    assert origin("0.1.0", 5.0, str(tmp_path)) == RunsOrigin("0.1.0", 5.0, 1_700_000_000.0, "abc")
    assert origin("0.1.0", 5.0, "/nonexistent") == RunsOrigin("0.1.0", 5.0, 0.0, "")


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_file_is_read_or_counted(octets: bytes) -> None:
    """Nothing in it raises, and good lines around it are read."""
    runs, damaged = parse(text(at(10.0, GOOD)) + octets.replace(b"\n", b"") + b"\n" + text(at(20.0, GOOD)))
    assert [run.time for run in runs] == [10.0, 20.0]
    assert damaged <= 1 + len(octets)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(0, 5000))
def test_what_is_thinned_keeps_its_order_and_its_end(passed: list[bool], most: int) -> None:
    """The last run is always there, nothing twice, and never more than there is room for but one run."""
    runs = [
        Ran(
            parse(text(GOOD))[0][0].setting, 60.0 * n, "passed" if good else "failed", "none", "", None, 0, None, (), ()
        )
        for n, good in enumerate(passed)
    ]
    kept = history.thinned(runs, lambda _: 100, most)
    times = [run.time for run in kept]
    assert times == sorted(set(times))
    assert kept[-1] is runs[-1]


def test_what_no_number_can_hold_is_left_out() -> None:
    """A reading beyond all sense is unknown; long messages and facts are cut when they are noted."""
    trouble = Trouble(Status.FAILED, Cause.REFUSED, "x" * 5000)
    run = parse(text(replace(BAD, trouble=trouble, facts=(Fact("title", "y" * 300),))))[0][0]
    assert (len(run.message), run.facts) == (300, {"title": "y" * 300})
    assert run.steps[0].phases.get(Phase.TLS) is None
