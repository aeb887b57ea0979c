"""When each job is due, and the one thread in which all of them run.

`Schedule` is pure.  A job's slots lie on the wall clock's grid: ``offset + n × interval`` since the epoch, with an
offset that is a hash of the job's identity, so that it keeps its place over restarts and neighbours do not start
together.  A value's time is its slot, so that RRD's points keep their distance.

`Runner` owns the thread and its event loop.  A job never overlaps itself: a run whose predecessor is still busy
starts when that has ended, if its slot still lasts; a run whose slot has passed is left out, and counted.  Once
`Runner.stop` was called nothing is delivered or logged any more: collectd frees its lists while it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import glob
import hashlib
import heapq
import logging
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from collectd_inode.keys import Loaded
from collectd_inode.run import Job, Observation, observe
from collectd_inode.wire import SYSTEM_CLOCK, Clock, workers

log = logging.getLogger("collectd_inode")

TICK = 0.1
"""Seconds: how often the loop looks at the clock, and so how finely it knows its own lateness."""
WATCH_SECONDS = 5.0
"""How often the times of feature files and step modules are looked at."""
LATE_SECONDS = 1.0
"""A run that starts this long after its slot counts as late."""
CLOCK_STEP_SECONDS = 1.0

Identity = tuple[str, str, str]


def slot_offset(job: Job) -> float:
    """Seconds into its interval at which *job* runs: the operator's, or a hash of who it is."""
    if job.start_offset is not None:
        return job.start_offset
    who = "\0".join((job.host or socket.gethostname(), job.kind, job.name, job.scenario or ""))
    number = int.from_bytes(hashlib.sha256(who.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    milliseconds = int(job.interval * 1000)
    return number % milliseconds / 1000


def slot_at(now: float, offset: float, interval: float) -> float:
    """The slot that *now* lies in: the latest point of the grid that is not after it."""
    return (now - offset) // interval * interval + offset


@dataclass(slots=True)
class _Entry:
    job: Job
    offset: float
    next: float
    last: float | None = None


class Schedule:
    """Which jobs are due when.  Times are seconds since the epoch, handed in."""

    def __init__(self, now: float) -> None:
        self._entries: dict[Identity, _Entry] = {}
        self._heap: list[tuple[float, Identity]] = []
        self._seen = now
        self.left_out = 0
        """Slots that passed without a run since this was last set to 0."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they were added."""
        return [entry.job for entry in self._entries.values()]

    def add(self, job: Job, now: float) -> None:
        """Add *job*, or put it in the place of the one with its identity; its first slot is the next one."""
        offset = slot_offset(job)
        old = self._entries.get(job.identity)
        entry = _Entry(job, offset, _following(now, offset, job.interval))
        if old is not None and (old.offset, old.job.interval) == (offset, job.interval):
            entry.next, entry.last = old.next, old.last
        self._entries[job.identity] = entry
        heapq.heappush(self._heap, (entry.next, job.identity))

    def remove(self, job: Job) -> None:
        """Forget *job*."""
        self._entries.pop(job.identity, None)

    def due(self, now: float) -> list[tuple[Job, float]]:
        """The jobs whose slot has come, each with that slot; slots that were slept through are counted, not made up."""
        if now < self._seen - CLOCK_STEP_SECONDS:
            self._rebase(now)
        self._seen = now
        found = []
        while self._heap and self._heap[0][0] <= now:
            slot, identity = heapq.heappop(self._heap)
            entry = self._entries.get(identity)
            if entry is None or entry.next != slot:
                continue  # removed, or rescheduled
            current = max(slot, slot_at(now, entry.offset, entry.job.interval))  # floats: never the slot before
            self.left_out += round((current - slot) / entry.job.interval)
            found.append((entry.job, current))
            entry.last = current
            entry.next = _following(now, entry.offset, entry.job.interval)
            heapq.heappush(self._heap, (entry.next, identity))
        return found

    def wait(self, now: float) -> float:
        """Seconds until something is due."""
        return max(0.0, self._heap[0][0] - now) if self._heap else TICK

    def _rebase(self, now: float) -> None:
        """The clock was set back: go on from here, rather than wait until it is where it was.

        A slot that has just been is not repeated: collectd takes no two values of one time.
        """
        for entry in self._entries.values():
            entry.next = _following(now, entry.offset, entry.job.interval)
            if entry.last is not None and abs(entry.last - entry.next) < entry.job.interval / 2:
                entry.next = _following(entry.next, entry.offset, entry.job.interval)
        self._heap = [(entry.next, identity) for identity, entry in self._entries.items()]
        heapq.heapify(self._heap)


def _following(now: float, offset: float, interval: float) -> float:
    following = slot_at(now, offset, interval) + interval
    return following if following > now else following + interval  # floats: never the same slot twice


Stamp = tuple[tuple[str, int, int], ...]


def stamp(sources: Iterable[str]) -> Stamp:
    """The times and sizes of the files that *sources* (files, folders, globs) stand for."""
    found = set()
    for source in sources:
        paths = glob.glob(source, recursive=True)
        if os.path.isdir(source):
            inside = os.path.join(glob.escape(source), "**", "*")
            paths = [p for p in glob.glob(inside, recursive=True) if p.endswith((".feature", ".py"))]
        for path in paths or [source]:
            try:
                status = os.stat(path)
                found.add((path, status.st_mtime_ns, status.st_size))
            except OSError:
                found.add((path, 0, -1))
    return tuple(sorted(found))


@dataclass(slots=True)
class Source:
    """A block's jobs and the files they were made from; ``refresh`` makes them anew when a file has changed.

    ``identities``: of the jobs, and while there is a mistake in the files also of those that there were before it.
    """

    load: Callable[[], Loaded]
    loaded: Loaded = field(init=False)
    identities: frozenset[Identity] = field(init=False, default=frozenset())
    _stamp: Stamp = field(init=False)
    _last_seen: Stamp = field(init=False)

    def __post_init__(self) -> None:
        self._take()

    def refresh(self) -> Loaded | None:
        """What came of it if a file has changed and has been left alone since the last look, else None."""
        seen = stamp(self.loaded.sources)
        at_rest, self._last_seen = seen == self._last_seen, seen  # a file that is being copied is half a file
        if seen == self._stamp or not at_rest:
            return None
        self._take()
        return self.loaded

    def _take(self) -> None:
        self.loaded = self.load()
        before = self.identities if self.loaded.problems else frozenset()
        self.identities = before | {job.identity for job in self.loaded.jobs}
        self._stamp = self._last_seen = stamp(self.loaded.sources)


def most_at_once() -> int:
    """How many runs may be under way: each wants a connection or two, and the rest of the daemon wants some too."""
    left = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - len(os.listdir("/proc/self/fd"))
    return max(_FEWEST_AT_ONCE, (left - _DESCRIPTORS_KEPT) // 2)


_FEWEST_AT_ONCE = 8
_DESCRIPTORS_KEPT = 64


@dataclass(slots=True)
class Health:
    """How the loop itself fares, since it was last asked."""

    loop_lag: float = 0.0
    late: int = 0
    jobs: int = 0
    config_errors: int = 0


class Runner:
    """The loop thread: runs what is due and hands each observation, with its slot, to ``deliver``.

    ``deliver`` is called in the loop thread and must not block.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        deliver: Callable[[Observation, float], None],
        *,
        config_errors: int = 0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._sources, self._deliver, self._clock = sources, deliver, clock
        self._config_errors = config_errors
        self._schedule = Schedule(clock.now())
        for source in sources:
            for job in source.loaded.jobs:
                self._schedule.add(job, clock.now())
        self._most = most_at_once()
        self._told_full = False
        self._running: dict[Identity, asyncio.Task[None]] = {}
        self._waiting: dict[Identity, tuple[Job, float]] = {}
        self._health = Health()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._by_hand = False
        self._stopping = threading.Event()
        self._wake: asyncio.Event | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="collectd_inode")

    # For other threads.

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float = 0.8) -> None:
        """Cancel every run and wait for the thread, but not longer than *seconds*."""
        self._stopping.set()
        if self._up.wait(seconds) and self._loop is not None and self._wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._wake.set)
        self._thread.join(seconds)

    def run_all_now(self) -> None:
        """Run every job once, now, and wait until all have ended or must have: what ``collectd -T`` is asked to do."""
        if not self._up.wait(1.0) or self._loop is None:
            return
        bound = max((job.deadline for job in self._schedule.jobs), default=0.0) + 1.0
        future = asyncio.run_coroutine_threadsafe(self._all_once(), self._loop)
        try:
            future.result(bound)
        except TimeoutError:
            log.error("not every job's first run had ended after %g s", bound)

    def health(self) -> Health:
        """How the loop has fared since the last call."""
        health, self._health = self._health, Health()
        health.jobs = len(self._schedule)
        health.late += self._schedule.left_out
        self._schedule.left_out = 0
        health.config_errors = self._config_errors + sum(len(s.loaded.problems) for s in self._sources)
        return health

    # In the loop thread.

    def _run(self) -> None:
        try:
            workers.run(self._main())
        except BaseException:  # nothing would show it: stderr is /dev/null in a daemon
            if not self._stopping.is_set():
                log.exception("the loop thread has ended; nothing is observed any more")

    async def _main(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_exception)
        wake = self._wake = asyncio.Event()
        self._up.set()
        watcher = asyncio.create_task(self._watch())
        while not self._stopping.is_set():
            now = self._clock.now()
            for job, slot in self._schedule.due(now):
                if not self._by_hand:
                    self._launch(job, slot)
            await self._tick(wake, min(TICK, self._schedule.wait(self._clock.now())))
        await self._cancel([watcher, *self._running.values()])

    async def _tick(self, wake: asyncio.Event, delay: float) -> None:
        started = self._clock.monotonic()
        # asyncio.wait_for would make a task each time.
        timer = asyncio.get_running_loop().call_later(delay, wake.set)
        await wake.wait()
        timer.cancel()
        wake.clear()
        lag = self._clock.monotonic() - started - delay
        self._health.loop_lag = max(self._health.loop_lag, lag)

    def _launch(self, job: Job, slot: float) -> None:
        if job.identity in self._running or self._is_full:
            if job.identity in self._waiting:
                self._health.late += 1  # the one that waited is left out
            self._waiting[job.identity] = (job, slot)
            return
        if self._clock.now() - slot > LATE_SECONDS:
            self._health.late += 1
        task = asyncio.create_task(self._observe(job, slot))
        self._running[job.identity] = task
        task.add_done_callback(lambda task: self._done(job.identity, task))

    async def _observe(self, job: Job, slot: float) -> None:
        # A run that starts late ends with its slot all the same: or each would push the next a little further, until
        # one is left out.  Half an interval it has in any case; our lag is not the site's fault.
        left = slot + job.interval - self._clock.now()
        observation = await observe(job, self._clock, seconds=max(left, job.interval / 2))
        if not self._stopping.is_set():
            self._deliver(observation, slot)

    def _done(self, identity: Identity, task: asyncio.Task[None]) -> None:
        self._running.pop(identity, None)
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
        """Whether so many runs are under way that one more might find no descriptor left."""
        if len(self._running) < self._most:
            return False
        if not self._told_full:
            self._told_full = True
            what = "%d runs are under way: with %d open files (LimitNOFILE= of its systemd unit) more have to wait"
            log.warning(what, len(self._running), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        return True

    async def _all_once(self) -> None:
        self._by_hand = True
        await self._cancel(list(self._running.values()))
        now = self._clock.now()
        await asyncio.gather(*(self._observe(job, now) for job in self._schedule.jobs))

    async def _watch(self) -> None:
        """Look at the files' times between runs, in a worker; make changed blocks anew."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for source in self._sources:
                before = source.loaded.jobs
                try:
                    loaded = await asyncio.get_running_loop().run_in_executor(None, source.refresh)
                except Exception:  # the other blocks' files are still to be watched
                    log.exception("bug: changed files were not read")
                    continue
                if loaded is not None:
                    self._replace(before, loaded)

    def _replace(self, before: Sequence[Job], loaded: Loaded) -> None:
        for problem in loaded.problems:
            log.error("%s", problem)
        stay = {job.identity for job in loaded.jobs}
        for job in before:
            if job.identity not in stay:
                self._schedule.remove(job)
        for job in loaded.jobs:
            self._schedule.add(job, self._clock.now())
        for job in (*loaded.jobs, *before)[:1]:  # one name for all of a block
            told = "%s %s: files have changed, and have been read again: jobs before %d, now %d"
            log.info(told, job.kind, job.name, len(before), len(loaded.jobs))

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=0.4)

    def _on_loop_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if not self._stopping.is_set():
            # Only the exception's kind: whose run it belongs to is not known, nor which secrets are in its text.
            log.error("%s: %s", context.get("message"), type(context.get("exception")).__name__)
