"""The one thread in which all jobs run."""

from __future__ import annotations

import asyncio
import errno
import gc
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode import runner as module
from collectd_inode.keys import Loaded
from collectd_inode.model import Cause, Job, Observation, Place, Problem, Status, Trouble
from collectd_inode.reload import JobSource
from collectd_inode.run import Probe, Run
from collectd_inode.runner import STOP_SECONDS, Health, Runner
from collectd_inode.scenario.usersteps import load
from collectd_inode.schedule import GROUP_SECONDS
from collectd_inode.wire import Clock
from tests.helpers.examples import HUNG, OPEN, SetClock, logged, passing

START = 1_700_000_000.0


def job(name: str = "web", *, interval: float = 10.0, offset: float | None = 0.0, probe: Probe | None = None) -> Job:
    return Job("scenario", name, name, name, interval=interval, start_offset=offset, probe=probe, deadline=0.02)


class Steered(SetClock):
    """A clock that the test moves, and that knows whether the loop has looked at it since."""

    def __init__(self) -> None:
        super().__init__(START)
        self._looked = threading.Semaphore(0)

    def now(self) -> float:
        self._looked.release()
        return self.epoch

    def move(self, seconds: float) -> None:
        """Let time pass, and wait until the loop has done what was due."""
        self.pass_by(seconds)
        self._wait()

    def set_forward(self, seconds: float) -> None:
        """Set the clock, and wait likewise; no time has passed."""
        self.epoch += seconds
        self._wait()

    def _wait(self) -> None:
        while self._looked.acquire(blocking=False):
            pass
        for _ in range(8):  # each turn of the loop looks more than once
            assert self._looked.acquire(timeout=HUNG)


Delivered = tuple[Observation, float | None]


class Rig:
    """A Runner with a steered clock; what it delivers can be waited for."""

    def __init__(self, *jobs: Job, sources: Sequence[JobSource] = (), clock: Clock | None = None) -> None:
        self.delivered: queue.Queue[Delivered] = queue.Queue()
        self.changed: queue.Queue[Sequence[Problem]] = queue.Queue()
        self.clock = Steered()
        self.runner = Runner(
            [JobSource(lambda: Loaded(jobs)), *sources],
            lambda observation, slot: self.delivered.put((observation, slot)),
            changed=self.changed.put,
            config_errors=2,
            clock=clock or self.clock,
        )

    def next(self) -> tuple[str, Status, Cause, float]:
        """The next observation's job, status, cause and slot (seconds from the start)."""
        observation, slot = self.delivered.get(timeout=HUNG)
        assert slot is not None
        return observation.job.name, observation.status, observation.cause, slot - START


FAST = 0.005


def tick_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time: the jobs' clock is moved by the test."""
    for name in ("runner", "schedule"):
        monkeypatch.setattr(f"collectd_inode.{name}.TICK", FAST)


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    tick_fast(monkeypatch)
    made: list[Rig] = []

    def start(*jobs: Job, sources: Sequence[JobSource] = ()) -> Rig:
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


def test_what_runs_need_is_there_before_the_first() -> None:
    """It is fetched once, in another thread: whoever waits for the loop does not wait for that."""
    said: queue.Queue[str] = queue.Queue()
    may_end = threading.Event()

    def make_ready() -> None:
        said.put("ready" if threading.current_thread() is not runner._thread and may_end.wait(HUNG) else "wrong")

    async def probe(run: Run) -> None:
        said.put("run")

    now = job(interval=1.0, probe=probe)
    runner = Runner([JobSource(lambda: Loaded((now,)))], lambda *_: None, make_ready=make_ready)
    runner.start()
    assert runner._up.wait(HUNG)
    may_end.set()
    assert [said.get(timeout=HUNG) for _ in range(3)] == ["ready", "run", "run"]
    runner.stop()


def test_runs_of_one_tick_begin_one_after_the_other(rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each when the one before it has ended."""
    monkeypatch.setattr(module, "_apart", lambda _: HUNG)
    seen: list[str] = []

    async def probe(run: Run) -> None:
        seen.append(f"{run.job.name} begins")
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append(f"{run.job.name} ends")

    made = rig(*(replace(job(name, offset=None, probe=probe), deadline=HUNG) for name in "abcd"))
    made.clock.move(10)
    names = [made.next()[0] for _ in "abcd"]
    assert sorted(names) == list("abcd")
    assert seen == [f"{name} {what}" for name in names for what in ("begins", "ends")]


def test_a_run_that_waits_for_its_site_lets_the_next_one_begin(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one goes on when the last one has begun."""
    monkeypatch.setattr(module, "_apart", lambda _: 0.0)
    begun: list[str] = []
    all_there = asyncio.Event()

    async def probe(run: Run) -> None:
        begun.append(run.job.name)
        if len(begun) == 4:
            all_there.set()
        await all_there.wait()

    patient = [replace(job(name, offset=None, probe=probe), deadline=HUNG) for name in "abcd"]
    made = rig(*patient)
    made.clock.move(10)
    assert sorted(made.next()[:2] for _ in "abcd") == [(name, Status.PASSED) for name in "abcd"]


def test_those_who_wait_in_line_begin_before_the_next_group() -> None:
    """However many they are."""
    assert module._apart(1) == module.APART_SECONDS
    assert 1000 * module._apart(1000) == pytest.approx(GROUP_SECONDS / 2)


def test_a_hanging_probe_reports_every_interval(rig: Callable[..., Rig]) -> None:
    """And is nobody else's trouble."""
    made = rig(job("hangs", probe=hanging), job("runs", probe=passing))
    for slot in (10.0, 20.0, 30.0):
        made.clock.move(10)
        assert sorted([made.next(), made.next()]) == [
            ("hangs", Status.FAILED, Cause.TIMEOUT, slot),
            ("runs", Status.PASSED, Cause.NONE, slot),
        ]


def test_a_retry_is_off_the_grid(rig: Callable[..., Rig]) -> None:
    """It runs when it was asked to, and says that it has no slot; the slots come as ever."""
    one = job(probe=passing)
    made = rig(one)
    made.clock.move(1)
    made.runner.retry(one, START + 1.01)
    observation, slot = made.delivered.get(timeout=HUNG)
    assert (observation.status, slot) == (Status.PASSED, None)
    made.clock.move(9)
    assert made.next() == ("web", Status.PASSED, Cause.NONE, 10.0)


def test_a_retry_gives_way_to_a_slot(rig: Callable[..., Rig]) -> None:
    """Every slot's value is that slot's run: one that is under way ends, and one that would come later is none."""
    begun = threading.Semaphore(0)
    inside: list[int] = []

    async def first_hangs(run: Run) -> None:
        inside.append(len(inside))
        begun.release()
        if len(inside) == 1:
            await asyncio.Event().wait()

    one = Job("scenario", "web", "web", "web", interval=10, start_offset=0, probe=first_hangs, deadline=30)
    made = rig(one)
    made.clock.move(1)
    made.runner.retry(one, START + 1)
    assert begun.acquire(timeout=HUNG)
    made.runner.retry(one, START + 10)
    made.clock.move(9)
    assert made.next() == ("web", Status.PASSED, Cause.NONE, 10.0)
    made.clock.move(10)
    assert made.next() == ("web", Status.PASSED, Cause.NONE, 20.0)
    assert (inside, made.delivered.qsize(), made.runner.health().late) == ([0, 1, 2], 0, 0)


def test_a_job_that_is_gone_is_not_retried(rig: Callable[..., Rig]) -> None:
    """Nor one whose file has changed since: its next slot is the new one's."""
    made = rig(job(probe=passing), job("other", probe=passing))
    made.runner.retry(job(probe=passing), START)
    made.runner.retry(job("gone", probe=passing), START)
    made.clock.move(10)
    assert [made.next()[3], made.next()[3]] == [10.0, 10.0]
    assert made.delivered.qsize() == 0


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
    monkeypatch.setattr(module, "most_at_once", lambda: 2)
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
    assert [line.partition(",")[0] for line in lines] == ["WARNING 2 runs are in progress"]


def test_health_counts_from_the_last_time_it_was_asked(rig: Callable[..., Rig]) -> None:
    """Slots that were slept through count as late once."""
    made = rig(job(probe=passing))
    made.clock.move(35)
    assert made.next()[3] == 30.0
    first, second = made.runner.health(), made.runner.health()
    assert (first.late, second.late) == (3, 0)  # two left out, and the one that ran began five seconds late
    assert second == Health(second.loop_lag, 0, 1, 2)


def test_a_clock_that_is_set_forward_makes_nobody_late(rig: Callable[..., Rig]) -> None:
    """Two hours: each job runs in the slot that is, and what was jumped over is not counted; what is late after is."""
    made = rig(job("a", probe=passing), job("b", probe=passing, interval=3600.0))
    with logged() as lines:
        made.clock.set_forward(7206)
        assert sorted((made.next()[0], made.next()[0])) == ["a", "b"]
    assert made.runner.health().late == 0
    assert lines == ["WARNING the clock jumped forward by 2 h: it was set, or the machine was suspended"]

    made.clock.move(37)
    assert made.next()[3] == 7240.0
    assert made.runner.health().late == 4  # as ever: three left out, and one late


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


def named_in(path: Path) -> JobSource:
    """The jobs whose names are in a file; it is read again when it changes."""

    def load() -> Loaded:
        return Loaded(tuple(job(name, probe=passing) for name in path.read_text().split()), (), (str(path),))

    return JobSource(load)


def test_changed_files_change_the_jobs(
    rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between runs, in a worker; what is gone runs no more, and a file that cannot be read stops no other."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.005)
    path = tmp_path / "jobs"
    path.write_text("old")

    def bug() -> Loaded:
        if path.read_text() != "old":
            raise RuntimeError("bug")
        return Loaded((), (), (str(path),))

    with logged() as lines:
        read = named_in(path)
        made = rig(sources=[JobSource(bug), read])
        made.clock.move(10)
        assert made.next()[0] == "old"
        path.write_text("new newer")
        assert made.changed.get(timeout=HUNG) == []
        made.clock.move(10)
        assert sorted([made.next()[0], made.next()[0]]) == ["new", "newer"]
        assert {identity[2] for identity in read.identities} == {"new", "newer"}
        while not any(line.startswith("ERROR bug: changed files were not read\n") for line in lines):
            threading.Event().wait(0.005)  # its block may have been looked at before the change
    assert "INFO scenario new: changed files were read again: 1 jobs before, 2 now" in lines


def test_what_cannot_be_loaded_any_more_goes_on_as_it_was(
    rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistake is counted and told; the job runs in its slot."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.005)
    path = tmp_path / "jobs"
    path.write_text("web")

    def load() -> Loaded:
        if path.read_text() == "web":
            return Loaded((job(probe=passing),), (), (str(path),))
        trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, "typo")
        return Loaded((replace(job(), trouble=trouble),), (Problem("typo", Place("jobs", 3)),), (str(path),))

    with logged() as lines:
        made = rig(sources=[JobSource(load)])
        path.write_text("wbe")
        assert list(map(str, made.changed.get(timeout=HUNG))) == ["jobs:3: typo"]
        made.clock.move(10)
        assert made.next() == ("web", Status.PASSED, Cause.NONE, 10.0)
        assert made.runner.health().config_errors == 3
    assert lines == [
        "ERROR jobs:3: typo",
        "INFO scenario web: changed files were read again: 1 jobs before, 1 now;"
        " what cannot be loaded keeps its last good version",
    ]


def test_the_garbage_collector_ignores_the_jobs(
    rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at those of thousands would stop every thread; those of a changed file are ignored, too, until we stop."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.005)
    path = tmp_path / "jobs"
    path.write_text("old")

    def is_looked_at(kept: Job) -> bool:
        return any(one is kept for one in gc.get_objects())

    read = named_in(path)
    made = rig(sources=[read])
    (old,) = read.loaded.jobs
    while is_looked_at(old):
        threading.Event().wait(0.005)
    path.write_text("new")
    made.changed.get(timeout=HUNG)
    (new,) = read.loaded.jobs
    while is_looked_at(new):
        threading.Event().wait(0.005)
    made.runner.stop()
    assert is_looked_at(new)


# Stopping


ENDLESS = 10 * HUNG
"""Seconds: a deadline that nobody lives to see."""


def test_a_stop_in_mid_flight() -> None:
    """Without waiting for a run, and without a word; a run that is cut short sends nothing."""
    begun = threading.Semaphore(0)

    async def probe(run: Run) -> None:
        begun.release()
        await hanging(run)

    jobs = [
        Job("scenario", f"web{n}", f"web{n}", "x", interval=ENDLESS, start_offset=0, probe=probe, deadline=ENDLESS)
        for n in range(50)
    ]
    made = Rig(*jobs)
    made.runner.start()
    made.clock.move(ENDLESS)
    for _ in jobs:
        assert begun.acquire(timeout=HUNG)
    with logged() as lines:
        made.runner.stop()
    assert (lines, made.delivered.qsize(), made.runner._thread.is_alive()) == ([], 0, False)


def test_a_stop_waits_for_nobody_who_does_not_want_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that swallows its cancellation, and one that blocks the loop: a second at most, and nothing is heard."""
    begun, let_go = threading.Event(), threading.Event()
    assert STOP_SECONDS < 1
    monkeypatch.setattr(module, "STOP_SECONDS", STOP_SECONDS)

    async def stubborn(run: Run) -> None:
        begun.set()
        while not let_go.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    async def blocking(run: Run) -> None:
        begun.set()
        let_go.wait(HUNG)
        raise RuntimeError("too late")

    for probe in (stubborn, blocking):
        begun.clear()
        let_go.clear()
        long = Job("scenario", "web", "web", "x", interval=10, start_offset=0, probe=probe, deadline=ENDLESS)
        made = Rig(long)
        made.runner.start()
        made.clock.pass_by(10)
        assert begun.wait(HUNG)
        late = threading.Timer(HUNG, let_go.set)
        late.start()
        with logged() as lines:
            made.runner.stop()
            assert not let_go.is_set()
            assert made.runner._thread.is_alive() == (probe is blocking)
            late.cancel()
            let_go.set()
            made.runner._thread.join(HUNG)
        assert (lines, made.delivered.qsize(), made.runner._thread.is_alive()) == ([], 0, False)


def test_a_stop_that_comes_twice_or_early() -> None:
    """Right after the start, and again after the end: no harm done."""
    made = Rig(job(probe=passing))
    made.runner.start()
    made.runner.stop()
    made.runner.stop()
    assert not made.runner._thread.is_alive()


def test_a_loop_that_ends_is_heard_of_and_a_new_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would show it: a daemon's stderr is /dev/null."""
    made = Rig(job(probe=passing))
    due, calls = made.runner._schedule.due, iter(range(HUNDRED))

    def broken(now: float) -> list[tuple[Job, float]]:
        if next(calls) < 3:
            raise RuntimeError("bug")
        return due(now)

    tick_fast(monkeypatch)
    monkeypatch.setattr(made.runner._schedule, "due", broken)
    with logged() as lines:
        made.runner.start()
        made.clock.pass_by(10)
        assert made.next() == ("web", Status.PASSED, Cause.NONE, 10.0)
        made.runner.stop()
    assert [line.splitlines()[0] for line in lines] == ["ERROR the event loop has ended; starting a new one"]


HUNDRED = 100_000


async def leaves_from_a_task(run: Run) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    with run.step(OPEN):
        await asyncio.create_task(leave())


async def interrupts(run: Run) -> None:
    with run.step(OPEN):
        raise KeyboardInterrupt


async def closes(run: Run) -> None:
    with run.step(OPEN):
        raise GeneratorExit


async def raises_anything(run: Run) -> None:
    with run.step(OPEN):
        raise BaseExceptionGroup("many", [BaseException("one"), KeyboardInterrupt()])


async def stops_the_loop(run: Run) -> None:
    with run.step(OPEN):
        asyncio.get_running_loop().stop()
        await asyncio.Event().wait()


async def cancels_everything(run: Run) -> None:
    with run.step(OPEN):
        for task in asyncio.all_tasks():
            task.cancel()
        await asyncio.sleep(0)


async def breaks_the_loop(run: Run) -> None:
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
    select = selector.select

    def broken(_: float | None) -> None:
        selector.select = select  # the loop has tasks to end before it is closed
        raise OSError(errno.EBADF, "Bad file descriptor")

    with run.step(OPEN):
        selector.select = broken
        await asyncio.Event().wait()


async def cancels_itself(run: Run) -> None:
    with run.step(OPEN):
        task = asyncio.current_task()
        assert task is not None
        task.cancel()


async def takes_the_workers(run: Run) -> None:
    loop = asyncio.get_running_loop()
    with run.step(OPEN):
        loop.set_default_executor(ThreadPoolExecutor(1))
        await loop.shutdown_default_executor()
        raise ValueError


async def has_a_long_history(run: Run) -> None:
    error = ValueError()
    for number in range(20_000):
        error.__context__, error = error, ValueError(number)
    with run.step(OPEN):
        raise error


async def has_no_text(run: Run) -> None:
    class Mute(BaseException):
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with run.step(OPEN):
        raise Mute


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (leaves_from_a_task, (Status.ERROR, Cause.ERROR)),
        (interrupts, (Status.ERROR, Cause.ERROR)),
        (closes, (Status.ERROR, Cause.ERROR)),
        (raises_anything, (Status.ERROR, Cause.ERROR)),
        (stops_the_loop, (Status.FAILED, Cause.TIMEOUT)),
        (has_no_text, (Status.ERROR, Cause.ERROR)),
        (cancels_everything, (Status.ERROR, Cause.ERROR)),
        (cancels_itself, (Status.ERROR, Cause.ERROR)),
        (takes_the_workers, (Status.ERROR, Cause.ERROR)),
        (has_a_long_history, (Status.ERROR, Cause.ERROR)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_a_step_does_costs_its_own_job_only(
    rig: Callable[..., Rig], probe: Probe, expected: tuple[Status, Cause]
) -> None:
    """It is told, in each slot, and so is the job beside it."""

    async def reads_a_secret(run: Run) -> None:
        with run.step(OPEN):
            await asyncio.get_running_loop().run_in_executor(None, int)

    made = rig(job("own", probe=probe), replace(job("web", probe=reads_a_secret), deadline=HUNG))
    for slot in (10.0, 20.0):
        made.clock.pass_by(10)
        assert sorted([made.next(), made.next()]) == [
            ("own", *expected, slot),
            ("web", Status.PASSED, Cause.NONE, slot),
        ]


def test_a_loop_that_a_step_breaks_is_told_once_and_others_go_on(rig: Callable[..., Rig]) -> None:
    """Its run is begun once more, and not a third time: each time it would be the end of a loop."""
    made = rig(job("own", probe=breaks_the_loop), job("web", probe=passing, offset=5.0))
    with logged() as lines:
        for slot in (5.0, 15.0):
            made.clock.pass_by(5)
            assert made.next() == ("web", Status.PASSED, Cause.NONE, slot)
            made.clock.pass_by(5)
            assert made.next() == ("own", Status.ERROR, Cause.ERROR, slot + 5.0)
    assert [line.splitlines()[0] for line in lines] == ["ERROR the event loop has ended; starting a new one"]


CLOSING = """\
import asyncio, os
from collectd_inode import step

@step("I close")
async def close(session):
    os.close(asyncio.get_running_loop()._selector.fileno())
    await asyncio.Event().wait()
"""


def test_a_step_that_closes_what_the_loop_waits_with_is_named_and_not_begun_again(
    rig: Callable[..., Rig], tmp_path: Path
) -> None:
    """The run beside it that was under way is begun again in the next loop, and passes."""
    file = tmp_path / "own.py"
    file.write_text(CLOSING)
    (sentence,), _ = load([str(file)])
    begun: list[asyncio.Event] = []

    async def slow(run: Run) -> None:
        with run.step(OPEN):
            begun.append(asyncio.Event())
            if len(begun) % 2:
                await begun[-1].wait()

    async def closing(run: Run) -> None:
        with run.step(OPEN):
            await sentence.action(None)

    patient = [replace(one, deadline=HUNG) for one in (job("web", probe=slow), job("own", probe=closing, offset=5.0))]
    made = rig(*patient)
    made.clock.pass_by(10)
    made.clock.pass_by(5)
    found = {o.job.name: o for o, _ in (made.delivered.get(timeout=HUNG), made.delivered.get(timeout=HUNG))}
    what = f"the step at {file}:4 has closed what is not its own: the event loop had to be replaced"
    assert {name: (o.cause, o.message) for name, o in found.items()} == {
        "own": (Cause.ERROR, what),
        "web": (Cause.NONE, found["web"].message),
    }


def test_a_run_that_swallows_its_cancellation_is_told_as_that(rig: Callable[..., Rig]) -> None:
    """After its deadline; its job is not run again while it lasts, and goes on when it has ended."""
    enough = threading.Event()

    async def stubborn(run: Run) -> None:
        with run.step(OPEN):
            while not enough.is_set():
                try:  # noqa: SIM105
                    await asyncio.sleep(0.01)
                except:  # noqa: E722  # as in an operator's loop
                    pass

    made = rig(job("own", probe=stubborn), job("web", probe=passing))
    messages = []
    for _ in range(2):
        made.clock.pass_by(10)
        found = {o.job.name: o for o, _ in (made.delivered.get(timeout=HUNG), made.delivered.get(timeout=HUNG))}
        assert (found["own"].cause, found["web"].cause) == (Cause.ERROR, Cause.NONE)
        messages.append(found["own"].message)
    place = f"{__file__}:{stubborn.__code__.co_firstlineno + 4}"
    goes_on = f"it is still running at {place} (does an except: there swallow CancelledError?)"
    assert messages == [
        f"not done after 0.02 s, and cannot be cancelled: {goes_on}",
        f"the previous run has not ended yet: {goes_on}",
    ]
    enough.set()
    while not _ended(made):
        threading.Event().wait(0.01)
    made.clock.pass_by(10)
    assert sorted([made.next(), made.next()])[0] == ("own", Status.PASSED, Cause.NONE, 30.0)


def _ended(made: Rig) -> bool:
    return all(task.done() for task in made.runner._unfinished.values())


def test_a_loop_that_a_step_blocks_is_told_and_taken_over(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step's job is told as that while its thread hangs; the others' values are those of their runs."""
    begun, enough = threading.Event(), threading.Event()

    async def blocking(run: Run) -> None:
        with run.step(OPEN):
            begun.set()
            enough.wait(HUNG)

    async def waiting(run: Run) -> None:
        await asyncio.to_thread(begun.wait)

    own, other = (
        job("own", probe=blocking),
        Job("scenario", "web", "web", "web", interval=10, start_offset=0, probe=waiting, deadline=HUNG),
    )
    made = rig(own, other)
    made.clock.pass_by(10)
    assert begun.wait(HUNG)
    blocked = made.runner._thread
    with logged() as lines:
        for _ in range(5):
            made.clock.pass_by(1.25)
            made.runner.judge()
        first = [made.next(), made.next()]
        made.clock.pass_by(3.75)
        second = [made.next(), made.next()]
        place = f"{__file__}:{blocking.__code__.co_firstlineno + 3}"
        assert lines == [
            f"ERROR the event loop was blocked for 5.0 s: scenario/own blocks it at {place};"
            " a new loop runs the other jobs"
        ]
    for found, slot in ((first, 10.0), (second, 20.0)):
        assert sorted(found) == [
            ("own", Status.ERROR, Cause.ERROR, slot),
            ("web", Status.PASSED, Cause.NONE, slot),
        ]
    enough.set()
    blocked.join(HUNG)
    made.clock.pass_by(10)
    assert sorted([made.next(), made.next()])[0] == ("own", Status.PASSED, Cause.NONE, 30.0)


def test_a_loop_that_is_slow_is_not_taken_over(rig: Callable[..., Rig]) -> None:
    """Each of eight runs in one turn of the loop takes two seconds, as beside a plugin that keeps the interpreter."""
    entered, gates = queue.Queue[int](), [threading.Event() for _ in range(8)]
    waiting: list[asyncio.Event] = []

    def slow(number: int) -> Job:
        async def probe(run: Run) -> None:
            go = waiting[0] if waiting else asyncio.Event()
            waiting.append(go)
            if len(waiting) == len(gates):
                go.set()
            await go.wait()
            entered.put(number)
            gates[number].wait(HUNG)

        name = f"w{number}"
        return Job("scenario", name, name, name, interval=10, start_offset=0, probe=probe, deadline=HUNG)

    made = rig(*map(slow, range(len(gates))))
    with logged() as lines:
        made.clock.pass_by(10)
        for _ in gates:
            number = entered.get(timeout=HUNG)
            made.clock.pass_by(2)
            made.runner.judge()
            gates[number].set()
        found = [made.next() for _ in gates]
        assert lines == []
    assert sorted(found) == [(f"w{number}", Status.PASSED, Cause.NONE, 10.0) for number in range(len(gates))]
    assert made.runner.health().loop_lag > module.BLOCKED_SECONDS


def test_when_too_many_threads_hang_each_job_that_is_due_is_told(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in each slot; the lag is how long the loop has stood still, and each is counted as late."""
    begun, enough = threading.Event(), threading.Event()

    async def blocking(run: Run) -> None:
        begun.set()
        enough.wait(HUNG)

    made = rig(job("own", probe=blocking), job("web", probe=passing, offset=5.0))
    made.clock.pass_by(10)
    assert begun.wait(HUNG)
    begin = made.runner.health()  # of a turn in which the clock went on by ten seconds, or of none
    monkeypatch.setattr(module, "MOST_BLOCKED", 0)
    with logged() as lines:
        for _ in range(4):
            made.clock.pass_by(2.0)
            made.runner.judge()
        made.runner.judge()
    assert made.next() == ("web", Status.ERROR, Cause.ERROR, 15.0)
    assert made.delivered.empty()
    assert [line.partition(" at ")[0] for line in lines] == ["ERROR the event loop is blocked"]
    health = made.runner.health()
    # web's slot before that one began late
    assert (begin.late + health.late, health.loop_lag) == (2, 8.0 - FAST)
    enough.set()


def test_a_delivery_that_fails_is_logged_and_the_job_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours costs one observation."""
    tick_fast(monkeypatch)
    delivered: queue.Queue[float] = queue.Queue()

    def deliver(observation: Observation, slot: float | None) -> None:
        assert slot is not None
        delivered.put(slot)
        if delivered.qsize() == 1:
            raise RuntimeError("bug")

    clock = Steered()
    runner = Runner([JobSource(lambda: Loaded((job(probe=passing),)))], deliver, clock=clock)
    with logged() as lines:
        runner.start()
        clock.move(10)
        clock.move(10)
        assert [delivered.get(timeout=HUNG) - START, delivered.get(timeout=HUNG) - START] == [10.0, 20.0]
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
