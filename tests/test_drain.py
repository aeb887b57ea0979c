"""Observations on their way to a collectd that only takes notes; what is known of each job."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collectd_inode import __version__
from collectd_inode.daemon import in_state_dir
from collectd_inode.drain import Drain, Records, ReloadProblems
from collectd_inode.model import Cause, Confirm, Failure, Job, Place, Problem
from collectd_inode.report import record as job_record
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.record import among
from collectd_inode.report.values import version_number
from collectd_inode.run import Run
from collectd_inode.runner import Health
from collectd_inode.state import Writer, files
from tests.helpers.examples import OPEN, SetClock, logged, observed, passing
from tests.helpers.taking_notes import Collectd, in_a_read_thread


async def refused(run: Run) -> None:
    with run.step(OPEN):
        raise Failure(Cause.REFUSED, "503")


async def broken(run: Run) -> None:
    with run.step(OPEN):
        raise ZeroDivisionError


def test_a_job_has_at_most_one_observation_a_pass() -> None:
    """collectd's write threads reorder bursts; the others wait for the next pass, in order."""
    host = Collectd()
    drain = Drain(host)
    for slot in (1.0, 2.0, 3.0):
        drain.put(observed(passing, host="a"), slot)
    drain.put(observed(passing, host="b"), 4.0)
    passes = []
    for _ in range(4):
        host.values.clear()
        in_a_read_thread(drain.read)
        passes.append([(v.host, v.time) for v in host.values if v.type == "bool"])
    assert passes == [[("a", 1.0), ("b", 4.0)], [("a", 2.0)], [("a", 3.0)], []]


def test_the_drain_tells_of_changes_once() -> None:
    """A notification and a line in the log where the status changes; good news at the start is none."""
    host = Collectd()
    drain = Drain(host)
    with logged() as lines:
        for slot, probe in enumerate((passing, passing, refused, refused, broken, passing)):
            drain.put(observed(probe, host="www"), float(slot))
            in_a_read_thread(drain.read)
    assert [(n.severity, n.message, n.time) for n in host.notifications] == [
        (Severity.FAILURE, 'refused: go to "/": 503', 2.0),
        (Severity.OKAY, "passed: 2 steps in 0.250 s; it was bad for 0 s, 3 runs failed", 5.0),
    ]
    changes = [line for line in lines if "scenario/web-home" in line]
    place = f"({__file__}:{broken.__code__.co_firstlineno + 2})"
    assert changes == [
        'WARNING scenario/web-home: passed → failed: refused: go to "/": 503',
        f'WARNING scenario/web-home: failed → error: error: go to "/": ZeroDivisionError: {place}',
        "INFO scenario/web-home: error → passed: passed: 2 steps in 0.250 s",
    ]
    assert "ERROR     ZeroDivisionError" in lines


def test_a_roll_out_of_thousands_of_bad_files_is_a_few_notifications() -> None:
    """The first five by name, the others by their number; and one OKAY when all are good."""
    problems = ReloadProblems()
    problems.put([Problem("is empty", Place(f"/f/{n}.feature", 1)) for n in range(10_000)])
    told = [one.message for one in problems.news(1.0)]
    assert told[0] == "/f/0.feature:1: is empty; the last good version keeps running"
    assert told[5:] == ["9995 more files cannot be loaded any more; collectd-inode check names each"]
    problems.put([])
    assert [one.severity for one in problems.news(2.0)] == [Severity.OKAY]


def test_a_feature_of_two_blocks_that_is_spoilt_is_told_once() -> None:
    """Each mistake is counted, and both blocks are named."""
    place = Place("/f/a.feature", 3)
    mistakes = [Problem("undefined step: I dance", place, f'<Scenario "{block}">') for block in "ab"]
    other = Problem("undefined step: I sing", Place("/f/a.feature", 4), '<Scenario "b">')
    problems = ReloadProblems()
    problems.put([*mistakes, other])
    assert [one.message for one in problems.news(1.0)] == [
        '/f/a.feature:3: <Scenario "a">, <Scenario "b">: undefined step: I dance (and 1 more);'
        " the last good version keeps running"
    ]
    problems = ReloadProblems()
    problems.put([Problem("undefined step: I dance", place, f'<Scenario "{block}">') for block in "abcd"])
    assert [one.message for one in problems.news(1.0)] == [
        '/f/a.feature:3: <Scenario "a"> and 3 more blocks: undefined step: I dance; the last good version keeps running'
    ]


def test_a_feature_that_was_bad_for_one_block_at_the_start_is_told_for_the_other() -> None:
    """The block that cannot run reports itself; what another runs on with is news."""
    secret, step = Problem("no secret “x”", Place("/f", 3), "a"), Problem("undefined step", Place("/f", 5), "b")
    problems = ReloadProblems()
    problems.known = [secret]
    problems.put([secret])
    assert list(problems.news(1.0)) == []
    problems.put([secret, step])
    assert [one.message for one in problems.news(2.0)] == [
        "/f:5: b: undefined step; the last good version keeps running"
    ]
    problems.put([secret])
    assert [one.severity for one in problems.news(3.0)] == [Severity.OKAY]


def test_a_value_that_collectd_does_not_take_costs_one_observation() -> None:
    """The read callback never raises, and the others go out; the same bug is logged once an hour."""
    host = Collectd(broken={"web-home"})
    drain = Drain(host)
    drain.put(observed(passing, host="a"), 1.0)
    drain.put(observed(passing, host="b"), 1.0)
    with logged() as lines:
        in_a_read_thread(drain.read)
        host.broken.clear()
        drain.put(observed(passing, host="a"), 2.0)
        in_a_read_thread(drain.read)
    assert [line.splitlines()[0] for line in lines] == ["ERROR bug: scenario/web-home was not dispatched"]
    assert host.success() == [("web-home", 1.0, 2.0)]


def test_a_closed_drain_says_nothing() -> None:
    """collectd frees its lists while it stops."""
    host = Collectd()
    drain = Drain(host)
    drain.put(observed(broken), 1.0)
    drain.closed = True
    with logged() as lines:
        in_a_read_thread(drain.read)
    assert (host.values, host.notifications, lines) == ([], [], [])


def test_a_drain_that_nobody_reads_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest observations are dropped."""
    monkeypatch.setattr("collectd_inode.drain.QUEUE_LENGTH", 3)
    host = Collectd()
    drain = Drain(host)
    for number in range(9):
        drain.put(observed(passing, host=str(number)), float(number))
    in_a_read_thread(drain.read)
    assert [v.time for v in host.values if v.type == "bool"] == [6.0, 7.0, 8.0]


def test_the_plugin_s_own_health_goes_out_every_minute() -> None:
    """The first at once, then on the minute's grid; when the clock was set back, from there on."""
    host, clock = Collectd(), SetClock(600.0)
    drain = Drain(host, clock)
    drain.runner = SimpleNamespace(judge=lambda: None, health=lambda: Health(0.25, 1, 2, 3))  # type: ignore[assignment]  # a fake
    times = []
    for moved in (1, 58, 1, 59, 120, -3600):
        clock.epoch += moved
        host.values.clear()
        in_a_read_thread(drain.read)
        times.append(sorted({v.time for v in host.values}))
    assert times == [[601.0], [], [660.0], [], [780.0], [-2820.0]]
    assert [(v.identity, v.value) for v in host.values] == [
        ("inode_probe/latency-loop_lag", 0.25),
        ("inode_probe/count-jobs", 2.0),
        ("inode_probe/count-late", 1.0),
        ("inode_probe/gauge-config_errors", 3.0),
        ("inode_probe/gauge-version", version_number(__version__)),
    ]


def test_an_overload_is_told_once_and_so_is_its_end() -> None:
    """More is configured than can be done in its interval: the log says so, with what to do."""
    clock = SetClock(600.0)
    drain = Drain(Collectd(), clock)
    late = iter([0, 3, 5, 0, 0])
    fake = SimpleNamespace(judge=lambda: None, health=lambda: Health(0.25, next(late), 20, 0))
    drain.runner = fake  # type: ignore[assignment]
    with logged() as lines:
        for _ in range(5):
            clock.epoch += 60
            in_a_read_thread(drain.read)
    assert lines == [
        "WARNING 3 runs of 20 jobs started late or were skipped in the last minute (the loop was blocked for 0.25 s):"
        " more is configured than this collectd can run; use longer Intervals, fewer jobs or a second collectd",
        "INFO every run started on time in the last minute",
    ]


def seen(folder: Path, *probes: Any, clock: SetClock | None = None, **more: Any) -> tuple[Collectd, list[str]]:
    """What a daemon that starts here tells and logs when a job's runs come out like this; then it is gone."""
    host = Collectd()
    records = Records(str(folder))
    drain = Drain(host, clock or SetClock(), records)
    with logged() as lines:
        records.load(in_state_dir(str(folder)))
        for slot, probe in enumerate(probes):
            drain.put(observed(probe, **more), float(slot))
            in_a_read_thread(drain.read)
    return host, lines


def test_a_restart_tells_nothing_twice(tmp_path: Path) -> None:
    """A job that is still bad has been told; its recovery is told at the first good run.  The log says both again."""
    said = [[n.severity.name for n in seen(tmp_path, *probes)[0].notifications] for probes in ([refused], [refused])]
    assert said == [["FAILURE"], []]
    host, lines = seen(tmp_path, broken)
    assert host.notifications == []
    assert lines[0].startswith("WARNING scenario/web-home: failed → error: error: ")
    host, lines = seen(tmp_path, broken)
    assert lines[0].startswith("WARNING scenario/web-home: error: error: ")
    host, lines = seen(tmp_path, passing, passing)
    again = "passed: 2 steps in 0.250 s; it was bad for 0 s, 4 runs failed"
    assert [(n.severity, n.message) for n in host.notifications] == [(Severity.OKAY, again)]
    assert lines == ["INFO scenario/web-home: error → passed: passed: 2 steps in 0.250 s"]
    host, lines = seen(tmp_path, passing)
    assert (host.notifications, lines) == ([], [])


def test_runs_before_a_restart_count_for_confirm(tmp_path: Path) -> None:
    """Two bad ones, a restart, a third."""
    assert seen(tmp_path, refused, refused, confirm=Confirm(3, 3))[0].notifications == []
    assert len(seen(tmp_path, refused, confirm=Confirm(3, 3))[0].notifications) == 1


def test_a_bad_run_is_retried_until_it_is_told() -> None:
    """So long after its end; nobody is asked more often for what is good, told, cannot run, or tells nobody."""
    asked: list[float] = []

    @dataclass
    class Retries:
        """Takes notes in place of a Runner."""

        def retry(self, job: Job, when: float) -> None:
            asked.append(when)

        def judge(self) -> None: ...

        def health(self) -> Health:
            return Health()

    host = Collectd()
    drain = Drain(host, SetClock())
    drain.runner = Retries()  # type: ignore[assignment]  # as much of a Runner as is wanted

    def asked_after(*probes: Any, slot: float | None = None, **more: Any) -> list[float]:
        asked.clear()
        for number, probe in enumerate(probes):
            observation = observed(probe, confirm=Confirm(3, 3), retry=15.0, **more)
            drain.put(replace(observation, time=100.0 * number, elapsed=2.0), slot)
            in_a_read_thread(drain.read)
        return list(asked)

    assert asked_after(passing, refused, passing, refused, refused, refused, refused, passing, host="a") == [
        117.0, 317.0, 417.0,
    ]  # fmt: skip
    assert asked_after(refused, host="b", notify=False) == []
    assert {value.plugin for value in host.values} == {"inode_probe"}  # nothing of a run that has no slot
    assert [n.severity.name for n in host.notifications] == ["FAILURE", "OKAY"]


def test_without_a_folder_a_restart_knows_nothing() -> None:
    """Told in this process is told."""
    for _ in range(2):
        host = Collectd()
        drain = Drain(host)
        for slot in (1.0, 2.0):
            drain.put(observed(refused), slot)
            in_a_read_thread(drain.read)
        assert len(host.notifications) == 1


def test_a_record_is_on_disk_for_its_owner_only(tmp_path: Path) -> None:
    """As the last run left it; the folder is made."""
    folder = tmp_path / "inode"
    seen(folder, passing, refused, host="www")
    (file,) = folder.iterdir()
    assert file.name == "status-scenario-web-home@www.json"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]
    (record,) = among(files(str(folder)))[0]
    assert (record.status, record.cause, record.step, record.told) == ("failed", "refused", 'go to "/"', True)


def test_a_record_that_cannot_be_read_is_told_and_written_anew(tmp_path: Path) -> None:
    """From a newer version, say: the others are as they were."""
    seen(tmp_path, refused)
    seen(tmp_path, refused, host="www")
    file = tmp_path / "status-scenario-web-home.json"
    file.write_text('{"version": 2}')
    host, lines = seen(tmp_path, refused, host="www")
    assert host.notifications == []
    assert lines[0] == (
        f"WARNING {file} cannot be read: it was written by a newer version (its format is 2, this one reads 1);"
        " the state of its job is lost"
    )
    assert len(seen(tmp_path, refused)[0].notifications) == 1
    assert len(among(files(str(tmp_path)))[0]) == 2
    (tmp_path / "file").write_text("")
    assert seen(tmp_path / "file")[1] == [
        f"WARNING {tmp_path}/file cannot be read: Not a directory; notification state, hold-offs and scores are lost"
    ]


def test_jobs_that_are_gone_are_forgotten_after_an_hour(tmp_path: Path) -> None:
    """Not those of another daemon that runs, nor what will run yet: an hour and three intervals are waited for."""
    clock = SetClock()
    began = clock.epoch
    records = {
        "gone": began,
        "mine": began,
        "hourly": began,
        "other": began + 3500,
    }
    writer = Writer()
    for name, start in records.items():
        record = job_record.following(
            None, replace(observed(refused, interval=3600.0 if name == "hourly" else 60.0), time=start)
        )
        record = replace(record, instance=name)
        writer.replace(job_record.path(str(tmp_path), record.identity), job_record.text(record))
    kept = Records(str(tmp_path))
    kept.load(files(str(tmp_path)))
    drain = Drain(Collectd(), clock, kept)
    drain.configured = lambda: {("", "scenario", "mine")}
    found = []
    for seconds in (3599, 2, 3599, 3 * 3600):
        clock.pass_by(seconds)
        in_a_read_thread(drain.read)
        found.append(sorted(record.instance for record in among(files(str(tmp_path)))[0]))
    assert found == [
        ["gone", "hourly", "mine", "other"],
        ["hourly", "mine", "other"],
        ["hourly", "mine", "other"],
        ["mine"],
    ]


def test_a_job_that_there_is_no_more_takes_its_alarm_along(tmp_path: Path) -> None:
    """Its file has changed: nobody else would ever take the alarm back.  What has not been told is not taken back."""
    host = Collectd()
    clock = SetClock()
    records = Records(str(tmp_path))
    drain = Drain(host, clock, records)
    jobs = {("www", "scenario", "web-home"), ("", "scenario", "web-home")}
    drain.configured = lambda: jobs
    for slot, observation in enumerate((observed(refused, host="www"), observed(refused, confirm=Confirm(2, 2)))):
        drain.put(observation, float(slot))
    in_a_read_thread(drain.read)
    assert len(list(tmp_path.iterdir())) == 2
    assert [(n.severity.name, n.host) for n in host.notifications] == [("FAILURE", "www")]
    jobs.clear()
    drain.put(observed(refused, host="www"), 2.0)  # it was under way
    for _ in range(2):
        in_a_read_thread(drain.read)
    said = "no longer monitored: the job was removed from the configuration"
    assert host.notifications[1:] == [Notification(Severity.OKAY, said, "www", "scenario", "web-home", clock.now())]
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_taken_out_before_its_first_run_takes_its_alarm_along(tmp_path: Path) -> None:
    """The daemon before this one has sent it, and this one has not run the job yet."""
    before = Drain(Collectd(), SetClock(), Records(str(tmp_path)))
    before.put(observed(refused), 0.0)
    in_a_read_thread(before.read)
    host, clock, records = Collectd(), SetClock(), Records(str(tmp_path))
    records.load(in_state_dir(str(tmp_path)))
    drain = Drain(host, clock, records)
    jobs = {("", "scenario", "web-home")}
    drain.configured = lambda: jobs
    in_a_read_thread(drain.read)
    jobs.clear()
    for _ in range(2):
        in_a_read_thread(drain.read)
    said = "no longer monitored: the job was removed from the configuration"
    assert host.notifications == [Notification(Severity.OKAY, said, "", "scenario", "web-home", clock.now())]
    assert list(tmp_path.iterdir()) == []
