"""When each job is due, and the one thread in which all of them run."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from examples import OPEN, SetClock, logged, passing
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode import schedule
from collectd_inode.keys import Loaded, Problem
from collectd_inode.run import Cause, Job, Observation, Probe, Run, Status
from collectd_inode.schedule import Health, Runner, Schedule, Source, slot_at, slot_offset, stamp
from collectd_inode.wire import Clock

START = 1_700_000_000.0


def job(name: str = "web", *, interval: float = 10.0, offset: float | None = 0.0, probe: Probe | None = None) -> Job:
    return Job("scenario", name, name, name, interval=interval, start_offset=offset, probe=probe, deadline=0.02)


# The grid


def test_a_job_keeps_its_place_over_restarts() -> None:
    """The offset is a hash of who the job is, in whole milliseconds, below the interval."""
    one = Job("scenario", "web", "web-home", "Home", host="www", interval=60)
    assert slot_offset(one) == slot_offset(Job("scenario", "web", "other", "Home", host="www", interval=60)) == 2.237
    assert slot_offset(Job("scenario", "web", "web-home", "Home", host="www2", interval=60)) != 2.237
    assert slot_offset(job(offset=5.0)) == 5.0


@given(st.text(max_size=9), st.floats(1, 1e5))
def test_every_offset_lies_in_the_interval(name: str, interval: float) -> None:
    """Whatever the job is called, and however often it runs."""
    assert 0 <= slot_offset(job(name, interval=interval, offset=None)) < interval


def test_neighbours_do_not_start_together() -> None:
    """A hundred scenarios spread over their minute."""
    seconds = {int(slot_offset(job(f"web{n}", interval=60, offset=None))) for n in range(100)}
    assert len(seconds) > 40


@pytest.mark.parametrize(
    ("now", "slot"), [(100.0, 95.0), (104.9, 95.0), (105.0, 105.0), (-1.0, -5.0)], ids=["in", "end", "start", "before"]
)
def test_the_slot_of_a_time(now: float, slot: float) -> None:
    """The latest point of the grid that is not after it."""
    assert slot_at(now, 5.0, 10.0) == slot


# What is due


def test_what_is_due_when() -> None:
    """The first slot is the next one; each comes once, with the slot's time and not the clock's."""
    made = Schedule(START)
    made.add(job("a"), START)
    made.add(job("b", interval=5.0, offset=2.5), START)
    assert made.wait(START) == 2.5
    assert made.due(START + 2.4) == []
    assert [(j.name, slot - START) for j, slot in made.due(START + 2.6)] == [("b", 2.5)]
    assert made.due(START + 2.6) == []
    assert [(j.name, slot - START) for j, slot in made.due(START + 10.1)] == [("b", 7.5), ("a", 10.0)]
    assert (made.left_out, len(made), [j.name for j in made.jobs]) == (0, 2, ["a", "b"])


def test_slots_that_were_slept_through_are_counted_and_not_made_up() -> None:
    """The clock was set forward, or the machine slept: one run, in the slot that is."""
    made = Schedule(START)
    made.add(job(), START)
    assert [slot - START for _, slot in made.due(START + 3601)] == [3600.0]
    assert made.left_out == 359


def test_a_clock_that_was_set_back() -> None:
    """It goes on from there at once, rather than wait for the time it was."""
    made = Schedule(START)
    made.add(job(), START)
    assert len(made.due(START + 10)) == 1
    assert made.due(START - 3600) == []
    assert [slot - START for _, slot in made.due(START - 3590)] == [-3590.0]


def test_a_clock_that_was_set_back_a_little_repeats_no_slot() -> None:
    """collectd takes no two values of one time."""
    made = Schedule(START)
    made.add(job(), START)
    assert [slot - START for _, slot in made.due(START + 10.5)] == [10.0]
    assert made.due(START + 8.5) == made.due(START + 10.5) == []
    assert [slot - START for _, slot in made.due(START + 20.5)] == [20.0]


INTERVALS = st.one_of(st.sampled_from([1.0, 2.0, 10.0, 60.0, 300.0]), st.floats(1, 1000))
STEPS = st.lists(st.one_of(st.floats(0, 3), st.floats(0, 5000)), min_size=1, max_size=60)


@given(INTERVALS, st.floats(0, 0.999), STEPS)
def test_the_rules_of_the_grid(interval: float, part: float, steps: Sequence[float]) -> None:
    """Every slot on the grid, never one twice, at most one an interval; what was slept through is counted."""
    offset, now = part * interval, START
    made = Schedule(now)
    made.add(job(interval=interval, offset=offset), now)
    slots = []
    for step in steps:
        now += step
        due = made.due(now)
        assert len(due) <= 1
        slots += [slot for _, slot in due]
    numbers = [(slot - offset) / interval for slot in slots]
    assert all(abs(number - round(number)) < 1e-6 for number in numbers)
    whole = [round(number) for number in numbers]
    assert whole == sorted(set(whole))
    first = int((START - offset) // interval) + 1
    reached = int((now - offset) // interval)
    # At the very edge of a slot floats may put it on either side.
    assert abs(len(slots) + made.left_out - (reached - first + 1)) <= 1


@given(st.lists(st.floats(-5000, 5000), min_size=1, max_size=30))
def test_a_clock_that_jumps_about(steps: Sequence[float]) -> None:
    """Whatever it does, the next slot is never further off than two intervals, and no slot follows itself."""
    now = START
    made = Schedule(now)
    made.add(job(), now)
    slots: list[float] = []
    for step in steps:
        now += step
        slots += [slot for _, slot in made.due(now)]
        assert 0 <= made.wait(now) <= 21
    assert all(one != other for one, other in pairwise(slots))
    assert all((slot - START) % 10 == 0 for slot in slots)


def test_a_job_that_is_added_again_takes_the_old_one_s_place() -> None:
    """Its files have changed: no slot is lost or doubled; another interval is another grid."""
    made = Schedule(START)
    made.add(job(), START)
    made.add(job(), START + 9)
    assert [slot - START for _, slot in made.due(START + 10)] == [10.0]
    made.add(job(interval=60), START + 11)
    assert made.due(START + 39) == []
    assert [j.interval for j, _ in made.due(START + 41)] == [60]


def test_a_job_that_is_removed_is_never_due() -> None:
    """And nothing is waited for."""
    made = Schedule(START)
    made.add(job(), START)
    made.remove(job())
    assert (made.due(START + 100), len(made), made.left_out, made.wait(START + 100)) == ([], 0, 0, schedule.TICK)


# Files


def test_a_stamp_sees_every_change(tmp_path: Path) -> None:
    """Files, folders (features and step modules at any depth), globs, and what is not there."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "notes.txt").touch()
    watched = [str(tmp_path), str(tmp_path / "*.feature"), str(tmp_path / "gone.feature")]
    seen = [stamp(watched)]

    def changed() -> bool:
        seen.append(stamp(watched))
        return seen[-1] != seen[-2]

    (tmp_path / "notes.txt").write_text("more")
    assert not changed()
    (tmp_path / "sub" / "a.feature").touch()
    assert changed()
    (tmp_path / "sub" / "a.feature").write_text("x")
    assert changed()
    (tmp_path / "steps.py").touch()
    assert changed()
    (tmp_path / "gone.feature").touch()
    assert changed()
    os.utime(tmp_path / "gone.feature", (1, 1))
    assert changed()
    (tmp_path / "gone.feature").unlink()
    assert changed()


def test_a_source_waits_until_its_files_are_at_rest(tmp_path: Path) -> None:
    """A file that is being copied is half a file."""
    path = tmp_path / "a.feature"
    path.write_text("1")
    made = Source(lambda: Loaded((), (Problem("", path.read_text()),), (str(path),)))
    assert made.refresh() is None
    path.write_text("12")
    assert made.refresh() is None
    path.write_text("123")
    assert made.refresh() is None
    again = made.refresh()
    assert again is not None
    assert [p.what for p in again.problems] == ["123"]
    assert (made.loaded, made.refresh()) == (again, None)


# The loop thread


class Steered(SetClock):
    """A clock that the test moves, and that knows whether the loop has looked at it since."""

    def __init__(self) -> None:
        super().__init__(START)
        self._looked = threading.Semaphore(0)

    def now(self) -> float:
        self._looked.release()
        return self.epoch

    def move(self, seconds: float) -> None:
        """Set the clock forward, and wait until the loop has done what was due."""
        self.epoch += seconds
        while self._looked.acquire(blocking=False):
            pass
        for _ in range(8):  # each turn of the loop looks more than once
            assert self._looked.acquire(timeout=10)


Delivered = tuple[Observation, float]


class Rig:
    """A Runner with a steered clock; what it delivers can be waited for."""

    def __init__(self, *jobs: Job, sources: Sequence[Source] = (), clock: Clock | None = None) -> None:
        self.delivered: queue.Queue[Delivered] = queue.Queue()
        self.clock = Steered()
        self.runner = Runner(
            [Source(lambda: Loaded(jobs)), *sources],
            lambda observation, slot: self.delivered.put((observation, slot)),
            config_errors=2,
            clock=clock or self.clock,
        )

    def next(self) -> tuple[str, Status, Cause, float]:
        """The next observation's job, status, cause and slot (seconds from the start)."""
        observation, slot = self.delivered.get(timeout=10)
        return observation.job.name, observation.status, observation.cause, slot - START


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    monkeypatch.setattr(schedule, "TICK", 0.005)
    made: list[Rig] = []

    def start(*jobs: Job, sources: Sequence[Source] = ()) -> Rig:
        made.append(Rig(*jobs, sources=sources))
        made[-1].runner.start()
        return made[-1]

    yield start
    for one in made:
        one.runner.stop()
        assert not one.runner._thread.is_alive()


async def hanging(run: Run) -> None:
    with run.step(OPEN):
        await asyncio.Event().wait()


def test_a_job_runs_in_every_slot(rig: Callable[..., Rig]) -> None:
    """Its observations carry their slots, not the time at which they were made."""
    made = rig(job(probe=passing))
    found = []
    for _ in range(3):
        made.clock.move(10.04)
        found.append(made.next())
    assert found == [("web", Status.PASSED, Cause.NONE, slot) for slot in (10.0, 20.0, 30.0)]


def test_a_hanging_probe_reports_every_interval(rig: Callable[..., Rig]) -> None:
    """And is nobody else's trouble."""
    made = rig(job("hangs", probe=hanging), job("runs", probe=passing))
    for slot in (10.0, 20.0, 30.0):
        made.clock.move(10)
        assert sorted([made.next(), made.next()]) == [
            ("hangs", Status.FAILED, Cause.TIMEOUT, slot),
            ("runs", Status.PASSED, Cause.NONE, slot),
        ]


def test_a_job_that_cannot_run_reports_every_interval(rig: Callable[..., Rig]) -> None:
    """A typo must raise the alarm, not silence it."""
    made = rig(job("typo"))
    for slot in (10.0, 20.0):
        made.clock.move(10)
        assert made.next() == ("typo", Status.ERROR, Cause.ERROR, slot)


def test_a_probe_with_a_bug_reports_every_interval(rig: Callable[..., Rig]) -> None:
    """Whatever it raises, sys.exit() included."""

    async def leaving(run: Run) -> None:
        raise SystemExit(1)

    made = rig(job("leaves", probe=leaving))
    for slot in (10.0, 20.0):
        made.clock.move(10)
        assert made.next() == ("leaves", Status.ERROR, Cause.ERROR, slot)


def test_a_job_never_overlaps_itself(rig: Callable[..., Rig]) -> None:
    """The latest slot waits for the run that is busy; the one between is left out, and counted."""
    let_go = asyncio.Event()
    inside: list[int] = []

    async def busy(run: Run) -> None:
        inside.append(len(inside))
        if len(inside) == 1:
            await let_go.wait()

    made = rig(Job("scenario", "web", "web", "web", interval=10, start_offset=0, probe=busy, deadline=30))
    for _ in range(3):
        made.clock.move(10)
    assert inside == [0]
    assert made.runner._loop is not None
    made.runner._loop.call_soon_threadsafe(let_go.set)
    assert [made.next()[3], made.next()[3]] == [10.0, 30.0]
    assert inside == [0, 1]
    health = made.runner.health()
    # One left out, and the last one began… in its slot, for the clock stood still.
    assert (health.jobs, health.late, health.config_errors) == (1, 1, 2)


def test_no_more_runs_at_once_than_there_are_descriptors_for(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait for their turn, each in its own slot; nobody fails for want of a descriptor."""
    monkeypatch.setattr(schedule, "most_at_once", lambda: 2)
    let_go = asyncio.Event()
    inside: list[str] = []
    most = []

    async def busy(run: Run) -> None:
        inside.append(run.job.name)
        most.append(len(inside))
        await let_go.wait()
        inside.remove(run.job.name)

    def busy_job(name: str) -> Job:
        return Job("scenario", name, name, name, interval=10, start_offset=0, probe=busy, deadline=30)

    made = rig(*map(busy_job, "abcde"))
    with logged() as lines:
        made.clock.move(10)
        assert made.runner._loop is not None
        made.runner._loop.call_soon_threadsafe(let_go.set)
        assert sorted(made.next() for _ in "abcde") == [(n, Status.PASSED, Cause.NONE, 10.0) for n in "abcde"]
    assert (len(most), max(most)) == (5, 2)
    assert [line.partition(":")[0] for line in lines] == ["WARNING 2 runs are under way"]


def test_how_many_runs_there_are_descriptors_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two each, and some for the daemon; a few runs in any case."""
    opened = len(os.listdir("/proc/self/fd"))
    for limit, expected in ((1024 + opened, (1024 - 64) // 2), (70, 8)):
        monkeypatch.setattr("resource.getrlimit", lambda _, limit=limit: (limit, limit))
        assert schedule.most_at_once() == expected


def test_health_counts_from_the_last_time_it_was_asked(rig: Callable[..., Rig]) -> None:
    """Slots that were slept through count as late once."""
    made = rig(job(probe=passing))
    made.clock.move(35)
    assert made.next()[3] == 30.0
    first, second = made.runner.health(), made.runner.health()
    assert (first.late, second.late) == (3, 0)  # two left out, and the one that ran began five seconds late
    assert second == Health(second.loop_lag, 0, 1, 2)


def test_everything_once_at_once(rig: Callable[..., Rig]) -> None:
    """What ``collectd -T`` asks for: every job, now, whatever its slot, and wait until they are done."""
    made = rig(job("a", probe=passing), job("b", probe=hanging), job("c"))
    made.runner.run_all_now()
    assert made.delivered.qsize() == 3
    assert sorted(made.next()[:3] for _ in range(3)) == [
        ("a", Status.PASSED, Cause.NONE),
        ("b", Status.FAILED, Cause.TIMEOUT),
        ("c", Status.ERROR, Cause.ERROR),
    ]


def test_changed_files_change_the_jobs(
    rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between runs, in a worker; what is gone runs no more, and a file that cannot be read stops no other."""
    monkeypatch.setattr(schedule, "WATCH_SECONDS", 0.005)
    path = tmp_path / "jobs"
    path.write_text("old")

    def load() -> Loaded:
        names = path.read_text().split()
        problems = (Problem("", "something to mend"),) if "new" in names else ()
        return Loaded(tuple(job(name, probe=passing) for name in names), problems, (str(path),))

    def bug() -> Loaded:
        if path.read_text() != "old":
            raise RuntimeError("bug")
        return Loaded((), (), (str(path),))

    with logged() as lines:
        read = Source(load)
        made = rig(sources=[Source(bug), read])
        made.clock.move(10)
        assert made.next()[0] == "old"
        path.write_text("new newer")
        seen: set[str] = set()
        for _ in range(1000):
            made.clock.move(10)
            while not made.delivered.empty():
                seen.add(made.next()[0])
            if seen >= {"new", "newer"}:
                break
        made.clock.move(10)
        assert sorted([made.next()[0], made.next()[0]]) == ["new", "newer"]
        assert made.runner.health().config_errors == 3
        known = {identity[2] for identity in read.identities}
    assert known == {"old", "new", "newer"}  # there is something to mend: it may be back
    assert "ERROR something to mend" in lines
    assert "INFO scenario new: files have changed, and have been read again: jobs before 1, now 2" in lines
    assert [line for line in lines if line.startswith("ERROR bug: changed files were not read\n")]


# Stopping


def stopped(*jobs: Job) -> tuple[float, list[str], int, Rig]:
    """How long a stop in mid-flight took, what was logged and delivered from then on."""
    made = Rig(*jobs)
    made.runner.start()
    made.clock.move(10)
    with logged() as lines:
        started = time.monotonic()
        made.runner.stop()
        took = time.monotonic() - started
        return took, list(lines), made.delivered.qsize(), made


def test_a_stop_in_mid_flight() -> None:
    """Within a second, without a word; a run that is cut short sends nothing."""
    jobs = [
        Job("scenario", f"web{n}", f"web{n}", "x", interval=10, start_offset=0, probe=hanging, deadline=60)
        for n in range(50)
    ]
    took, lines, delivered, made = stopped(*jobs)
    assert took < 0.8
    assert (lines, delivered, made.runner._thread.is_alive()) == ([], 0, False)


def test_a_stop_waits_for_nobody_who_does_not_want_to_go() -> None:
    """A step that swallows its cancellation, and one that blocks the loop: a second at most, and nothing is heard."""
    let_go = threading.Event()

    async def stubborn(run: Run) -> None:
        while not let_go.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    async def blocking(run: Run) -> None:
        let_go.wait(30)
        raise RuntimeError("too late")

    for probe in (stubborn, blocking):
        let_go.clear()
        long = Job("scenario", "web", "web", "x", interval=10, start_offset=0, probe=probe, deadline=60)
        made = Rig(long)
        made.runner.start()
        made.clock.epoch += 10
        with logged() as lines:
            started = time.monotonic()
            made.runner.stop()
            assert time.monotonic() - started < 1.0
            let_go.set()
            made.runner._thread.join(10)
        assert (lines, made.delivered.qsize(), made.runner._thread.is_alive()) == ([], 0, False)


def test_a_stop_that_comes_twice_or_early() -> None:
    """Right after the start, and again after the end: no harm done."""
    made = Rig(job(probe=passing))
    made.runner.start()
    made.runner.stop()
    made.runner.stop()
    assert not made.runner._thread.is_alive()


def test_a_loop_that_ends_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would show it: a daemon's stderr is /dev/null."""
    made = Rig(job(probe=passing))

    def broken(now: float) -> list[tuple[Job, float]]:
        raise RuntimeError("bug")

    monkeypatch.setattr(made.runner._schedule, "due", broken)
    with logged() as lines:
        made.runner.start()
        made.runner._thread.join(10)
    assert [line.splitlines()[0] for line in lines] == ["ERROR the loop thread has ended; nothing is observed any more"]


def test_a_delivery_that_fails_is_logged_and_the_job_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours costs one observation."""
    monkeypatch.setattr(schedule, "TICK", 0.005)
    delivered: queue.Queue[float] = queue.Queue()

    def deliver(observation: Observation, slot: float) -> None:
        delivered.put(slot)
        if delivered.qsize() == 1:
            raise RuntimeError("bug")

    clock = Steered()
    runner = Runner([Source(lambda: Loaded((job(probe=passing),)))], deliver, clock=clock)
    with logged() as lines:
        runner.start()
        clock.move(10)
        clock.move(10)
        assert [delivered.get(timeout=10) - START, delivered.get(timeout=10) - START] == [10.0, 20.0]
        runner.stop()
    assert [line.splitlines()[0] for line in lines] == ["ERROR scenario/web"]


def test_a_task_that_an_operator_forgot_is_told_without_its_secrets(rig: Callable[..., Rig]) -> None:
    """Only its exception's kind: nobody knows whose run it was."""

    async def forgetful(run: Run) -> None:
        async def fail() -> None:
            raise ValueError("s3cret")

        task = asyncio.create_task(fail())
        await asyncio.wait([task])

    with logged() as lines:
        made = rig(job(probe=forgetful))
        made.clock.move(10)
        assert made.next()[1] is Status.PASSED
    assert lines == ["ERROR Task exception was never retrieved: ValueError"]
