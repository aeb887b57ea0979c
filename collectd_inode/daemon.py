"""What is behind collectd's callbacks: configuration first, then the loop and its drain.

Knows collectd only through what `plugin` hands it, so that everything here can be run without a daemon.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from collectd_inode.config import Configuration
from collectd_inode.keys import Loaded, Problem
from collectd_inode.oconfig import Node
from collectd_inode.report import status
from collectd_inode.report.notification import Notification, counted, message, notification, withdrawn
from collectd_inode.report.status import Identity, Record
from collectd_inode.report.values import HEALTH_INTERVAL, Value, health, values
from collectd_inode.run import Observation
from collectd_inode.schedule import Health, Runner, Source, slot_at
from collectd_inode.state import Files, Writer, files
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from collectd_inode.wire.workers import WAITING

QUEUE_LENGTH = 10_000
"""Observations that may wait for the drain; beyond it the oldest are dropped."""
DRAIN_SECONDS = 1.0
TEST_SECONDS = 0.5
READ_SECONDS = 5.0
"""How long collectd's start may be held up for StateDir."""
FORGET_SECONDS = 3600.0
"""Records of jobs that are not ours are looked at this often, and kept for this long at least."""

log = logging.getLogger("collectd_inode")


class Host(Protocol):
    """The daemon that we live in."""

    def dispatch(self, value: Value) -> None: ...

    def notify(self, notification: Notification) -> None: ...

    def every(self, seconds: float, callback: Callable[[], None]) -> None: ...


class Daemon:
    """Our part of one collectd."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._configuration = Configuration()
        self._sources: list[Source] = []
        self._runner: Runner | None = None
        self._drain: Drain | None = None
        self._writer = Writer()

    def section(self, node: Any) -> str:
        """Read one ``<Module>`` section, collectd's own tree.  Every mistake is logged.

        The value is what to refuse the daemon's start with (``StrictConfig true`` and a mistake), or empty.
        """
        configuration = self._configuration
        blocks, warnings = len(configuration.blocks), len(configuration.warnings)
        problems = configuration.section(as_node(node))
        for block in configuration.blocks[blocks:]:
            source = Source(block.load)
            self._sources.append(source)
            problems = [*problems, *source.loaded.problems]
            configuration.warnings += source.loaded.warnings
        _log_problems(problems)
        for warning in configuration.warnings[warnings:]:
            log.warning("%s", warning)
        if not (problems and configuration.strict):
            return ""
        return f"{problems[0]} ({len(problems)} in all, each in the log; StrictConfig is true)"

    def start(self) -> None:
        """Start the loop thread and the drain; to be called after the daemon has forked."""
        refused = Loaded(tuple(self._configuration.refused))
        sources = [*self._sources, Source(lambda: refused)]
        jobs = sum(len(source.loaded.jobs) for source in sources)
        if not jobs:
            log.error("nothing to do: no job is configured")
        if self._configuration.state_dir is None:
            log.info("no StateDir: what is known about the jobs is forgotten when the daemon stops")
        records = self._go_on()
        if self._configuration.state_dir is not None:
            self._writer.start()
        drain = self._drain = Drain(self._host, records=records)
        self._runner = Runner(sources, drain.put, config_errors=len(self._configuration.problems))
        drain.runner = self._runner
        drain.configured = lambda: frozenset().union(*(source.identities for source in sources))
        self._runner.start()
        self._host.every(DRAIN_SECONDS, drain.read)
        log.info("observing %s", counted(jobs, "job"))

    def _go_on(self) -> Records:
        """Take up what the last daemon knew, all at once: no run waits for the disk afterwards."""
        folder = self._configuration.state_dir
        states = {block.common.state for block in self._configuration.blocks}
        found = {folder: in_state_dir(folder) for folder in {folder, *(state.folder for state in states)}}
        for state in states:
            state.writer = self._writer
            state.load(found[state.folder])
        records = Records(folder, self._writer)
        records.load(found[folder])
        return records

    def stop(self) -> None:
        """Stop at once; nothing is logged or dispatched afterwards."""
        if self._drain is not None:
            self._drain.closed = True
        if self._runner is not None:
            self._runner.stop()
        self._writer.stop()  # last: a run that has just ended may have something to keep


def in_state_dir(folder: str | None) -> Files:
    """The files in StateDir *folder*; none if there is none.  Nor if it cannot be read, or not soon: that is logged."""
    if folder is None:
        return {}
    try:
        return WAITING.submit(files, folder).result(READ_SECONDS)
    except OSError as error:
        reason = error.strerror or f"no answer within {READ_SECONDS:g} s"
        log.warning("%s cannot be read: %s; what was known about the jobs is forgotten", folder, reason)
        return {}


class Records:
    """What is known of each job, in StateDir *folder* too if there is one."""

    def __init__(self, folder: str | None = None, writer: Writer | None = None) -> None:
        self._folder, self._writer = folder, writer or Writer()
        self._known: dict[Identity, Record] = {}
        self._written: dict[Identity, float] = {}

    def load(self, found: Files) -> None:
        """Go on from what the last daemon knew: the files that were *found* in StateDir."""
        records, troubles = status.among(found)
        for trouble in troubles:
            log.warning("%s; what it knew of its job is forgotten", trouble)
        self._known = {record.identity: record for record in records}

    def add(self, observation: Observation) -> tuple[Record | None, Record]:
        """The records of the job before and after *observation*; writes the latter if it is worth it."""
        identity = observation.job.identity
        before = self._known.get(identity)
        record = self._known[identity] = status.following(before, observation)
        if self._folder is not None and status.worth_writing(before, record, self._written.get(identity, 0.0)):
            self._written[identity] = record.time
            self._writer.replace(status.path(self._folder, identity), status.text(record))
        return before, record

    def remove(self, gone: Collection[Identity]) -> list[Record]:
        """Forget these jobs of ours; the value is what was known of them."""
        for identity in gone:
            self._written.pop(identity, None)
            if self._folder is not None:
                path = status.path(self._folder, identity)
                self._writer.do(path, partial(path.unlink, missing_ok=True))
        return [self._known.pop(identity) for identity in gone if identity in self._known]

    def forget(self, configured: Collection[Identity], now: float) -> None:
        """Remove the records of jobs that are not among the *configured* and that nobody has written for long.

        Another daemon on the same StateDir is asked for nothing: its records are young.
        """
        for identity in self._known.keys() - set(configured):
            del self._known[identity]
            self._written.pop(identity, None)
        if self._folder is not None:
            folder = self._folder
            self._writer.do(Path(folder), lambda: _remove_others(folder, configured, now))


def _remove_others(folder: str, configured: Collection[Identity], now: float) -> None:
    with suppress(OSError):
        for record in status.read_all(folder)[0]:
            if record.identity not in configured and record.stale(now) and abs(now - record.time) > FORGET_SECONDS:
                status.path(folder, record.identity).unlink(missing_ok=True)


class Drain:
    """Takes observations from the loop thread to collectd, in one of collectd's own read threads.

    Values that are dispatched there carry the right context.  Write threads reorder bursts, so a job has at most one
    observation a pass.
    """

    def __init__(self, host: Host, clock: Clock = SYSTEM_CLOCK, records: Records | None = None) -> None:
        self.runner: Runner | None = None
        self.configured: Callable[[], Collection[Identity]] | None = None
        """Gives the identities of all jobs that there are now."""
        self.closed = False
        self._host, self._clock = host, clock
        self._queue: deque[tuple[Observation, float]] = deque(maxlen=QUEUE_LENGTH)
        self._records = records or Records()
        self._logged: set[Identity] = set()
        self._health_due = 0.0
        self._forget_due = clock.monotonic() + FORGET_SECONDS
        self._overloaded = False

    def put(self, observation: Observation, slot: float) -> None:
        """Queue an observation; called in the loop thread, never blocks."""
        self._queue.append((observation, slot))

    def read(self) -> None:
        """The read callback: never raises; waits only under ``collectd -T``, which wants everything at once."""
        try:
            # Only `collectd -T` calls read callbacks in the main thread.
            testing = threading.current_thread() is threading.main_thread()
            if testing and self.runner is not None:
                self.runner.run_all_now()
            self._dispatch_waiting()
            self._let_go()
            self._dispatch_health()
            self._forget()
            if testing:
                # collectd goes on to stop its write threads, and throws away what they have not taken by then.
                threading.Event().wait(TEST_SECONDS)
        except Exception:
            self._bug("values were not dispatched")

    def _dispatch_waiting(self) -> None:
        done: set[Identity] = set()
        later = []
        configured = None if self.configured is None else self.configured()
        for _ in range(len(self._queue)):
            if self.closed:
                return
            observation, slot = self._queue.popleft()
            identity = observation.job.identity
            if configured is not None and identity not in configured:
                continue  # its file has changed while it ran
            if identity in done:
                later.append((observation, slot))
                continue
            done.add(identity)
            try:
                self._tell(observation, slot)
            except Exception:
                self._bug(f"{identity[1]}/{identity[2]} was not dispatched")
        self._queue.extendleft(reversed(later))

    def _tell(self, observation: Observation, slot: float) -> None:
        for value in values(observation, slot):
            self._host.dispatch(value)
        before, after = self._records.add(observation)
        self._log_change(before, observation)
        told = notification(before, after, observation, slot)
        if told is not None:
            self._host.notify(told)

    def _log_change(self, before: Record | None, observation: Observation) -> None:
        job = observation.job
        first = job.identity not in self._logged
        self._logged.add(job.identity)
        was = before.status if before is not None else "passed" if observation.passed else ""
        # What is bad at the start is logged again: a log is read from there.
        if observation.status == was and (observation.passed or not first):
            return
        write = log.info if observation.passed else log.warning
        change = f"{was} → " if was not in ("", observation.status) else ""
        write("%s/%s: %s%s: %s", job.kind, job.instance, change, observation.status, message(observation))
        for line in observation.traceback.splitlines():
            log.error("    %s", line)

    def _let_go(self) -> None:
        """Jobs that a changed file no longer has: what is known of them is forgotten, their alarms are taken back."""
        if self.configured is None or self.closed or not (gone := self._logged - set(self.configured())):
            return
        self._logged -= gone
        for record in self._records.remove(gone):
            told = withdrawn(record, self._clock.now())
            if told is not None:
                self._host.notify(told)

    def _dispatch_health(self) -> None:
        now = self._clock.now()
        # Due in the past, or further ahead than an interval: the clock was set back.
        if self.runner is None or self.closed or now < self._health_due <= now + HEALTH_INTERVAL:
            return
        slot = slot_at(now, 0.0, HEALTH_INTERVAL)
        # The first one is dated now: a daemon that was restarted within the minute has sent this slot's already.
        date = slot if self._health_due else now
        self._health_due = slot + HEALTH_INTERVAL
        state = self.runner.health()
        for value in health(
            loop_lag=state.loop_lag, jobs=state.jobs, late=state.late, config_errors=state.config_errors, time=date
        ):
            self._host.dispatch(value)
        self._judge_load(state)

    def _forget(self) -> None:
        """Once an hour: remove what is kept of jobs that are gone."""
        now = self._clock.monotonic()
        if self.configured is None or self.closed or now < self._forget_due:
            return
        self._forget_due = now + FORGET_SECONDS
        self._records.forget(self.configured(), self._clock.now())

    def _judge_load(self, state: Health) -> None:
        """Say so when more is configured than can be done; and when all is well again."""
        if state.late and not self._overloaded:
            what = "%d runs of %d jobs began late or were left out in the last minute (the loop was held up by %.2g s):"
            how = " more is configured than can be done here; longer Intervals, fewer jobs or a second collectd help"
            log.warning(what + how, state.late, state.jobs, state.loop_lag)
        elif self._overloaded and not state.late:
            log.info("every run began on time in the last minute")
        self._overloaded = bool(state.late)

    def _bug(self, what: str) -> None:
        if not self.closed:
            log.exception("bug: %s", what)


def as_node(node: Any) -> Node:
    """collectd's configuration node (key, values, children) as ours."""
    values = tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in node.values)
    return Node(str(node.key), values, tuple(as_node(child) for child in node.children))


def _log_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        log.error("%s", problem)
        for line in problem.help.splitlines():
            log.error("    %s", line)
