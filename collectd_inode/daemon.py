"""What is behind collectd's callbacks: configuration first, then the loop and its drain.

Knows collectd only through what `plugin` hands it, so that everything here can be run without a daemon.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from collectd_inode.config import Configuration
from collectd_inode.keys import Loaded, Problem
from collectd_inode.oconfig import Node
from collectd_inode.report.notification import Notification, Pager, message
from collectd_inode.report.values import HEALTH_INTERVAL, Value, health, values
from collectd_inode.run import Observation, Status
from collectd_inode.schedule import Health, Runner, Source, slot_at
from collectd_inode.wire import SYSTEM_CLOCK, Clock

QUEUE_LENGTH = 10_000
"""Observations that may wait for the drain; beyond it the oldest are dropped."""
DRAIN_SECONDS = 1.0
TEST_SECONDS = 0.5

log = logging.getLogger("collectd_inode")

Identity = tuple[str, str, str]


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
        drain = self._drain = Drain(self._host)
        self._runner = Runner(sources, drain.put, config_errors=len(self._configuration.problems))
        drain.runner = self._runner
        self._runner.start()
        self._host.every(DRAIN_SECONDS, drain.read)
        log.info("observing %d jobs", jobs)

    def stop(self) -> None:
        """Stop at once; nothing is logged or dispatched afterwards."""
        if self._drain is not None:
            self._drain.closed = True
        if self._runner is not None:
            self._runner.stop()


class Drain:
    """Takes observations from the loop thread to collectd, in one of collectd's own read threads.

    Values that are dispatched there carry the right context.  Write threads reorder bursts, so a job has at most one
    observation a pass.
    """

    def __init__(self, host: Host, clock: Clock = SYSTEM_CLOCK) -> None:
        self.runner: Runner | None = None
        self.closed = False
        self._host, self._clock = host, clock
        self._queue: deque[tuple[Observation, float]] = deque(maxlen=QUEUE_LENGTH)
        self._pager = Pager()
        self._statuses: dict[Identity, Status] = {}
        self._health_due = 0.0
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
            self._dispatch_health()
            if testing:
                # collectd goes on to stop its write threads, and throws away what they have not taken by then.
                threading.Event().wait(TEST_SECONDS)
        except Exception:
            self._bug("values were not dispatched")

    def _dispatch_waiting(self) -> None:
        done: set[Identity] = set()
        later = []
        for _ in range(len(self._queue)):
            if self.closed:
                return
            observation, slot = self._queue.popleft()
            identity = observation.job.identity
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
        self._log_change(observation)
        notification = self._pager.judge(observation, slot)
        if notification is not None:
            self._host.notify(notification)

    def _log_change(self, observation: Observation) -> None:
        job = observation.job
        before = self._statuses.get(job.identity)
        self._statuses[job.identity] = observation.status
        if observation.status == before or (before is None and observation.passed):
            return
        write = log.info if observation.passed else log.warning
        was = f"{before} → " if before is not None else ""
        write("%s/%s: %s%s: %s", job.kind, job.instance, was, observation.status, message(observation))
        for line in observation.traceback.splitlines():
            log.error("    %s", line)

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
