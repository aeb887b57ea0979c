"""The one thread in which all jobs run, and its event loop.

A job never overlaps itself.  If the run before still goes on, the next run starts when that one ends, if its slot is
not over; a run whose slot is over is left out, and counted.  A retry is off the grid; a slot has priority over it.
After `Runner.stop`, nothing is delivered or logged: collectd frees its lists while it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import resource
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from collectd_inode import whereabouts
from collectd_inode.descriptors import most_at_once
from collectd_inode.keys import Loaded
from collectd_inode.model import Broken, Identity, Job, Observation, Problem
from collectd_inode.observing import Unfinished, observe, run_name
from collectd_inode.reload import JobSource
from collectd_inode.run import Run
from collectd_inode.schedule import (
    CLOCK_STEP_SECONDS,
    GROUP_SECONDS,
    TICK,
    Schedule,
    first_run,
    missed_slot,
    slot_at,
    slot_offset,
)
from collectd_inode.wire import SYSTEM_CLOCK, Clock, workers
from collectd_inode.wire.clock import Handle
from collectd_inode.wire.tasks import guarded
from collectd_inode.words import span

log = logging.getLogger("collectd_inode")

APART_SECONDS = 0.1
"""Seconds after which the next run begins although this one goes on; two runs at one site would measure each other."""
WATCH_SECONDS = 5.0
"""Seconds between two looks at the times of feature files and step modules."""
MOST_LOGGED = 20
"""The largest number of mistakes, and of warnings, that are logged when a block's files are read again."""
LATE_SECONDS = 1.0
"""A run that starts this long after its slot counts as late."""
STOP_SECONDS = 0.8
"""Seconds that a stop waits for the loop thread: collectd stops one plugin after the other."""
ONCE_SECONDS = 1.0
"""Seconds beyond their deadlines that all jobs may take when each runs once, at the same time."""
_ENDED_TWICE = "the event loop has ended twice in this run: does a step close what is not its own?"
TOLD_SECONDS = 60.0
"""Seconds between two log lines about a loop that ends again and again."""
BLOCKED_SECONDS = 5.0
"""Seconds without a turn after which a new loop takes over."""
MOST_BLOCKED = 8
"""The largest number of blocked threads; with more, no new loop takes over."""


class _Stopped(Exception):
    """The process received a signal to end."""


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT raise `_Stopped` in this block, in the main thread.

    Under ``collectd -T``, the daemon's own handlers only set a flag, and the daemon reads it after all callbacks have
    returned.  Python cannot restore a handler that is written in C, so this function saves the kernel's own record.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal is handled here
        return
    libc = ctypes.CDLL(None)
    records = {number: ctypes.create_string_buffer(_SIGACTION) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: object) -> None:
        raise _Stopped

    before = {}
    for number, record in records.items():
        libc.sigaction(number, None, record)
        before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, record in records.items():
            if before[number] is not None:
                signal.signal(number, before[number])
            libc.sigaction(number, record, None)


_SIGACTION = 1024
"""Bytes; more than the size of a struct sigaction on any machine (glibc: 152)."""


def _set_aside() -> None:
    """Let the garbage collector ignore all objects that exist now, such as the jobs and their modules.

    It would look at those of 5000 jobs three times a minute, and stop every thread for 0.15 s each time.
    """
    gc.unfreeze()  # a changed file's jobs of before
    gc.collect()
    gc.freeze()


def _apart(count: int) -> float:
    """Seconds from run to run at most: all *count* of a group are begun before the next one."""
    return min(APART_SECONDS, GROUP_SECONDS / 2 / count)


@dataclass(slots=True)
class Health:
    """The loop's own health since the last query."""

    loop_lag: float = 0.0
    late: int = 0
    jobs: int = 0
    config_errors: int = 0


def _scheduled(
    sources: Sequence[JobSource],
    last_runs: Mapping[Identity, float] | None,
    sent: Mapping[Identity, float],
    clock: Clock,
) -> Schedule:
    """The first run of each job: its current slot if no process has sent that, else by its last run, if known."""
    schedule = Schedule(clock.now())
    for source in sources:
        for job in source.loaded.jobs:
            now = clock.now()
            first = missed_slot(job, now, sent.get(job.identity))
            if first is None and last_runs is not None:
                first = first_run(job, now, last_runs.get(job.identity))
            schedule.add(job, now, first)
    return schedule


class Runner:
    """The loop thread: runs what is due and hands each observation, with its slot, to ``deliver``.

    The loop thread calls ``deliver``, which must not block; the slot of a retry is None.  It calls ``changed`` when
    files were read again, with all current mistakes in any block's files.  ``last_runs``: the last run of each job, as
    far as it is known; without it, no job runs before its first slot.  ``sent``: the last slots whose values the
    process before this one sent.  A worker calls ``look`` whenever it looks at files, and ``make_ready`` once, before
    the first run.
    """

    def __init__(
        self,
        sources: Sequence[JobSource],
        deliver: Callable[[Observation, float | None], None],
        *,
        changed: Callable[[Sequence[Problem]], None] = lambda _problems: None,
        look: Callable[[], None] = lambda: None,
        make_ready: Callable[[], None] | None = None,
        last_runs: Mapping[Identity, float] | None = None,
        sent: Mapping[Identity, float] | None = None,
        config_errors: int = 0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._sources, self._deliver, self._changed, self._clock = sources, deliver, changed, clock
        self._look, self._make_ready = look, make_ready
        self.config_errors = config_errors
        """The number of mistakes outside of the blocks' files."""
        self._new_sources: Sequence[JobSource] | None = None
        self._schedule = _scheduled(sources, last_runs, sent or {}, clock)
        self._most = most_at_once()
        self._told_full = False
        self._ignored = False
        """Whether the garbage collector ignores the present jobs."""
        self._ahead = clock.now() - clock.monotonic()
        """Seconds by which the settable clock was ahead of the monotonic one at the last look."""
        self._forward_at = clock.now()
        """The time of the start, or of the last jump of the clock: a slot before it does not count as late."""
        self._running: dict[Identity, asyncio.Task[None]] = {}
        self._waiting: dict[Identity, tuple[Job, float]] = {}
        self._line: deque[tuple[Job, float]] = deque()
        """Jobs that are due and not launched yet…"""
        self._spacing = 0.0
        """… and the largest number of seconds from one of them to the next."""
        self._newest: Identity | None = None
        """The job that was launched last…"""
        self._turn: Handle | None = None
        """… and the timer that launches the next one if it takes long; None when nobody is in line."""
        self._retries: dict[Identity, Handle] = {}
        self._retrying: set[Identity] = set()
        self._unfinished: Unfinished = {}
        self._under_way: dict[Identity, tuple[Job, float | None]] = {}
        self._blocked: dict[Identity, threading.Thread] = {}
        self._hanging: list[threading.Thread] = []
        self._made_up: dict[Identity, float] = {}
        self._has_died = False
        self._again: dict[Identity, float] = {}
        """The last slot of each job whose run was begun again after a loop's end."""
        self._judged = self._ticked = self._moved = clock.monotonic()
        self._doing: asyncio.Task[Any] | None = None
        """The task in which the loop was at the last look; the loop entered it at ``_moved``, or a little before."""
        self._told_blocked = False
        self._health = Health()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._by_hand = False
        self._stopping = threading.Event()
        self._wake: asyncio.Event | None = None
        self._up = threading.Event()
        self._thread = self._new_thread()

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, daemon=True, name="collectd_inode")

    # For other threads.

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float | None = None) -> None:
        """Cancel every run and wait for the thread, but not longer than *seconds* (`STOP_SECONDS`)."""
        seconds = STOP_SECONDS if seconds is None else seconds
        self._stopping.set()
        if self._up.wait(seconds) and self._loop is not None and self._wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._wake.set)
        self._thread.join(seconds)
        gc.unfreeze()

    def next_slots(self) -> dict[Identity, float]:
        """The next slot of each job.  Call it in the loop thread, or before that has started."""
        found = ((job.identity, self._schedule.next_slot(job)) for job in self._schedule.jobs)
        return {identity: slot for identity, slot in found if slot is not None}

    def run_all_now(self) -> None:
        """Run every job once, now, and wait until all have ended or exceeded their deadlines, for ``collectd -T``."""
        if not self._up.wait(ONCE_SECONDS) or self._loop is None:
            return
        bound = max((job.deadline for job in self._schedule.jobs), default=0.0) + ONCE_SECONDS
        future = asyncio.run_coroutine_threadsafe(self._all_once(), self._loop)
        try:
            with _stopped_by_signals():
                future.result(bound)
        except _Stopped:
            log.warning("stopped by a signal before every job's first run had ended")
        except TimeoutError:
            log.error("not every job's first run had ended after %g s", bound)

    def retry(self, job: Job, when: float) -> None:
        """Run *job* once more at *when* (seconds since the epoch), unless its next slot comes first."""
        if self._loop is not None and not self._stopping.is_set():
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._retry_at, job, when)

    def take(self, sources: Sequence[JobSource]) -> None:
        """Continue with *sources* instead: a job that is in both keeps its slots; a new job begins as at a start."""
        self._new_sources = sources

    @property
    def turns(self) -> bool:
        """Whether the loop turns, or a new one will take over; False if no job can run any more."""
        return self._stands_still_for < BLOCKED_SECONDS * MOST_BLOCKED

    def health(self) -> Health:
        """The loop's health since the last call."""
        health, self._health = self._health, Health()
        health.jobs = len(self._schedule)
        health.loop_lag = max(health.loop_lag, self._has_not_turned_for - TICK)
        health.late += self._schedule.left_out
        self._schedule.left_out = 0
        health.config_errors = self.config_errors + sum(len(s.loaded.problems) for s in self._sources)
        return health

    @property
    def _has_not_turned_for(self) -> float:
        """Seconds since the last known turn of the loop."""
        return self._clock.monotonic() - self._ticked

    @property
    def _stands_still_for(self) -> float:
        """Seconds since the last known turn of the loop, or its last known change to another task.

        A turn of 500 runs takes many seconds beside another plugin that does not release the interpreter: then the loop
        is slow, but nothing blocks it.
        """
        return self._clock.monotonic() - max(self._ticked, self._moved)

    def judge(self) -> None:
        """Check whether the loop turns; if it is blocked, log that, and start a new one.

        collectd's own thread calls this every second, since the loop's thread cannot watch itself.
        """
        now = self._clock.monotonic()
        slept, self._judged = now - self._judged, now
        if (doing := self._current_task()) is not self._doing:
            self._doing, self._moved = doing, now
        if self._stopping.is_set() or self._by_hand or not self._up.is_set():
            return
        if slept > BLOCKED_SECONDS / 2 or self._stands_still_for < BLOCKED_SECONDS:
            return  # when the whole process was held up, nothing is known of the loop
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if len(self._hanging) < MOST_BLOCKED:
            self._take_over()
        else:
            self._make_up()

    def _take_over(self) -> None:
        """Abandon the blocked thread: a new one repeats its runs, except that of the job that blocks."""
        thread, place = self._thread, whereabouts.of_thread(self._thread.ident)
        blocker = self._blocker()
        who = f"{blocker.kind}/{blocker.instance}" if blocker else "something"
        self._health.loop_lag = max(self._health.loop_lag, self._has_not_turned_for)
        what = "the event loop was blocked for %.1f s: %s blocks it at %s; a new loop runs the other jobs"
        log.error(what, self._stands_still_for, who, place)
        self._hanging.append(thread)
        if blocker is not None:
            self._blocked[blocker.identity] = thread
            _, slot = self._under_way.pop(blocker.identity, (blocker, None))
            self._tell_blocked(blocker, slot, place)
        self._up.clear()
        self._loop = None
        self._ticked = self._clock.monotonic()
        self._doing = None
        self._thread = self._new_thread()
        self._thread.start()

    def _current_task(self) -> asyncio.Task[Any] | None:
        """The task in which the loop is."""
        loop = self._loop
        return asyncio.current_task(loop) if loop is not None else None

    def _blocker(self) -> Job | None:
        """The job whose step blocks the loop, if that is known."""
        task = self._current_task()
        return next((job for job in self._schedule.jobs if task and run_name(job) == task.get_name()), None)

    def _make_up(self) -> None:
        """Report each job whose slot came while the loop was blocked: it was not observed."""
        now = self._clock.now()
        place = whereabouts.of_thread(self._thread.ident)
        if not self._told_blocked:
            self._told_blocked = True
            what = "the event loop is blocked at %s, and so are %d before it: no job runs any more"
            log.error(what, place, len(self._hanging))
        for job in self._schedule.jobs:
            slot = slot_at(now, slot_offset(job), job.interval)
            if slot > max(now - self._has_not_turned_for, self._made_up.get(job.identity, 0.0)):
                self._made_up[job.identity] = slot
                self._health.late += 1
                self._tell_blocked(job, slot, place)

    def _tell_blocked(self, job: Job, slot: float | None, place: str) -> None:
        if slot is not None:
            what = f"the event loop is blocked at {place}; declare a step that blocks as @step(…, blocking=True)"
            self._deliver(Run(job, self._clock).finish(Broken(what)), slot)

    # In the loop thread.

    def _run(self) -> None:
        told = -TOLD_SECONDS
        while not self._stopping.is_set() and self._thread is threading.current_thread():
            try:
                workers.run_through(self._main(), self._on_loop_broken)
            except BaseException:  # nothing would show it: stderr is /dev/null in a daemon
                now = self._clock.monotonic()
                if self._thread is not threading.current_thread():
                    return
                if not self._stopping.is_set() and now - told > TOLD_SECONDS:
                    log.exception("the event loop has ended; starting a new one")
                    told = now
                self._has_died = True
                self._stopping.wait(TICK)

    def _on_loop_broken(self, error: BaseException) -> None:
        if not self._stopping.is_set():
            # Only the exception's kind, as in `_on_loop_exception`.
            log.error("uncaught %s in the event loop; the loop continues", type(error).__name__)

    async def _main(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_exception)
        wake = self._wake = asyncio.Event()
        watcher = guarded(self._watch())
        self._begin_again()
        self._ticked = self._clock.monotonic()
        self._up.set()
        try:
            await self._made_ready()
            while not self._stopping.is_set() and self._loop is loop:
                now = self._clock.now()
                self._look_for_a_step(now)
                self._take_new_sources(now)
                self._begin_due(now)
                await self._tick(wake, self._schedule.pause(self._clock.now()))
            if self._loop is loop:
                await self._cancel([watcher, *self._running.values(), *self._unfinished.values()])
        finally:
            if self._loop is loop:
                self._loop = None  # what ends with this loop is begun anew in the next

    async def _made_ready(self) -> None:
        """Once, in a worker: `stop`, and who waits until we are up, wait for the loop."""
        if self._make_ready is not None:
            make_ready, self._make_ready = self._make_ready, None
            await asyncio.get_running_loop().run_in_executor(None, make_ready)

    def _begin_due(self, now: float) -> None:
        """Launch the jobs with a ``StartOffset``, and put the others into the queue."""
        for job, slot in self._schedule.due(now):
            if job.start_offset is None:
                self._line.append((job, slot))
            elif not self._by_hand:
                self._launch(job, slot)
        if self._line:
            self._spacing = _apart(len(self._line))
            if self._turn is None:
                self._launch_next()

    def _launch_next(self) -> None:
        """Launch the first job in the queue; the next one follows when it has ended, or a short time later."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if not self._line or self._by_hand or self._stopping.is_set():
            self._line.clear()
            return
        job, slot = self._line.popleft()
        if self._line:
            self._turn = asyncio.get_running_loop().call_later(self._spacing, self._launch_next)
        self._newest = job.identity
        self._launch(job, slot)

    def _begin_again(self) -> None:
        """Begin the runs of a dead loop again."""
        again, self._under_way = [*self._under_way.values(), *self._line], {}
        self._line, self._turn = deque(), None
        self._running, self._waiting, self._retries, self._retrying, self._unfinished = {}, {}, {}, set(), {}
        has_died, self._has_died = self._has_died, False
        for job, slot in again:
            closed_by = workers.BROKEN_BY.pop(run_name(job), None)
            if slot is None:
                continue
            if closed_by is not None:
                what = f"the step at {closed_by} has closed what is not its own: the event loop had to be replaced"
                self._deliver(Run(job, self._clock).finish(Broken(what)), slot)
                continue
            if has_died and self._again.get(job.identity) == slot:
                self._deliver(Run(job, self._clock).finish(Broken(_ENDED_TWICE)), slot)
                continue
            self._again[job.identity] = slot
            self._launch(job, slot)

    def _take_new_sources(self, now: float) -> None:
        if (sources := self._new_sources) is None:
            return
        self._new_sources = None
        before = {job.identity: job for source in self._sources for job in source.loaded.jobs}
        after = {job.identity: job for source in sources for job in source.loaded.jobs}
        for identity in before.keys() - after.keys():
            self._schedule.remove(before[identity])
        for identity, job in after.items():
            if before.get(identity) is not job:
                self._schedule.add(job, now, None if identity in before else first_run(job, now, None))
        self._sources = sources
        self._ignored = False
        self._changed([problem for source in sources for problem in source.loaded.problems])

    def _look_for_a_step(self, now: float) -> None:
        """Find a clock that was set forward: it makes no run late."""
        ahead = now - self._clock.monotonic()
        forward, self._ahead = ahead - self._ahead, ahead
        if forward > CLOCK_STEP_SECONDS:
            log.warning("the clock jumped forward by %s: it was set, or the machine was suspended", span(forward))
            self._schedule.go_forward(now)
            self._forward_at = now
        elif now < self._forward_at:
            self._forward_at = 0.0  # it was set back since

    async def _tick(self, wake: asyncio.Event, delay: float) -> None:
        started = self._clock.monotonic()
        # asyncio.wait_for would make a task each time.
        timer = asyncio.get_running_loop().call_later(delay, wake.set)
        await wake.wait()
        timer.cancel()
        wake.clear()
        if self._loop is not asyncio.get_running_loop():
            return
        self._ticked, self._told_blocked = self._clock.monotonic(), False
        lag = self._clock.monotonic() - started - delay
        self._health.loop_lag = max(self._health.loop_lag, lag)

    def _retry_at(self, job: Job, when: float) -> None:
        now, slot = self._clock.now(), self._schedule.next_slot(job)
        if slot is None or when >= slot:
            return
        self._no_retry(job.identity)
        self._retries[job.identity] = self._clock.call_later(max(0.0, when - now), lambda: self._retry_now(job))

    def _retry_now(self, job: Job) -> None:
        self._retries.pop(job.identity, None)
        if self._stopping.is_set() or self._schedule.next_slot(job) is None or self._by_hand:
            return
        if job.identity in self._running or self._is_full:
            return  # those that have a slot go first
        self._retrying.add(job.identity)
        self._begin(job, None)

    def _no_retry(self, identity: Identity) -> None:
        if handle := self._retries.pop(identity, None):
            handle.cancel()

    def _launch(self, job: Job, slot: float) -> None:
        self._no_retry(job.identity)
        if job.identity in self._retrying:
            self._running[job.identity].cancel()  # every slot's value is that slot's run
        if job.identity in self._running or self._is_full:
            if job.identity in self._waiting:
                self._health.late += 1  # the one that waited is left out
            self._waiting[job.identity] = (job, slot)
            return
        if self._clock.now() - max(slot, self._forward_at) > LATE_SECONDS:
            self._health.late += 1
        self._begin(job, slot)

    def _begin(self, job: Job, slot: float | None) -> None:
        if (hanging := self._blocked.get(job.identity)) is not None:
            if hanging.is_alive():
                self._tell_blocked(job, slot, whereabouts.of_thread(hanging.ident))
                return
            del self._blocked[job.identity]
        self._under_way[job.identity] = (job, slot)
        task = guarded(self._observe(job, slot))
        self._running[job.identity] = task
        task.add_done_callback(lambda task: self._done(job.identity, task))

    async def _observe(self, job: Job, slot: float | None) -> None:
        # A run that starts late ends with its slot all the same: or each would push the next a little further, until
        # one is left out.  Half an interval it has in any case; our lag is not the site's fault.
        left = job.interval if slot is None else slot + job.interval - self._clock.now()
        seconds = max(left, job.interval / 2)
        try:
            observation = await observe(job, self._clock, seconds=seconds, unfinished=self._unfinished)
        except (asyncio.CancelledError, GeneratorExit):
            raise  # its loop has ended: it is begun again in the next
        except BaseException as error:  # whatever it is, the job sends a value
            observation = Run(job, self._clock).finish(error)
        if not self._stopping.is_set() and self._loop is asyncio.get_running_loop():
            self._deliver(observation, slot)

    def _done(self, identity: Identity, task: asyncio.Task[None]) -> None:
        if self._loop is not task.get_loop():
            return
        self._running.pop(identity, None)
        self._under_way.pop(identity, None)
        self._retrying.discard(identity)
        if self._turn is not None and identity == self._newest:
            self._launch_next()
        if not task.cancelled() and task.exception() is not None and not self._stopping.is_set():
            log.error("%s/%s", identity[1], identity[2], exc_info=task.exception())
        if self._stopping.is_set():
            return
        for waiting in [who for who in self._waiting if who not in self._running]:
            if self._is_full:
                break
            self._launch(*self._waiting.pop(waiting))

    @property
    def _is_full(self) -> bool:
        """Whether one more run might find no descriptor left."""
        if len(self._running) < self._most:
            return False
        if not self._told_full:
            self._told_full = True
            what = "%d runs are in progress, as many as %d open files allow; others wait"
            log.warning(
                f"{what} (raise LimitNOFILE= in the systemd unit)",
                len(self._running),
                resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            )
        return True

    async def _all_once(self) -> None:
        self._by_hand = True
        await self._cancel(list(self._running.values()))
        now = self._clock.now()
        await asyncio.gather(*(self._observe(job, now) for job in self._schedule.jobs))

    async def _watch(self) -> None:
        """Check the files' times between runs, in a worker; load changed blocks again."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().run_in_executor(None, self._look)
            for source in self._sources:
                if not any(source is one for one in self._sources):
                    continue  # there are new ones since
                before = source.loaded.jobs
                try:
                    loaded = await asyncio.get_running_loop().run_in_executor(None, source.refresh)
                except Exception:  # the other blocks' files are still to be watched
                    log.exception("bug: changed files were not read")
                    continue
                if loaded is not None and any(source is one for one in self._sources):
                    self._replace(before, loaded)
                    self._changed([problem for source in self._sources for problem in source.loaded.problems])
            if not self._ignored:
                self._ignored = True
                await asyncio.get_running_loop().run_in_executor(None, _set_aside)

    def _replace(self, before: Sequence[Job], loaded: Loaded) -> None:
        self._ignored = False
        for problem in loaded.problems[:MOST_LOGGED]:
            log.error("%s", problem)
        for warning in loaded.warnings[:MOST_LOGGED]:
            log.warning("%s", warning)
        if (more := max(len(loaded.problems), len(loaded.warnings)) - MOST_LOGGED) > 0:
            log.error("and %d more; collectd-inode check prints each", more)
        stay = {job.identity for job in loaded.jobs}
        for job in before:
            if job.identity not in stay:
                self._schedule.remove(job)
        for job in loaded.jobs:
            self._schedule.add(job, self._clock.now())
        for job in (*loaded.jobs, *before)[:1]:  # one name for all of a block
            told = "%s %s: changed files were read again: %d jobs before, %d now%s"
            kept = "; what cannot be loaded keeps its last good version" if loaded.problems else ""
            log.info(told, job.kind, job.name, len(before), len(loaded.jobs), kept)

    async def _cancel(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=0.4)

    def _on_loop_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if not self._stopping.is_set():
            # Only the exception's kind: whose run it belongs to is not known, nor which secrets are in its text.
            log.error("%s: %s", context.get("message"), type(context.get("exception")).__name__)
