"""Observations → collectd, and what is known of each job: the record and the history of its runs, an operator's orders.

Knows collectd only as a `Host`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from collectd_inode.fleet import Fleet
from collectd_inode.histories import Histories
from collectd_inode.model import Identity, Job, Observation, Problem
from collectd_inode.report import mute as job_mute
from collectd_inode.report import record as job_record
from collectd_inode.report.history import RunsOrigin
from collectd_inode.report.history import path as history_path
from collectd_inode.report.mute import TEST_FILE, Mute, Mutes
from collectd_inode.report.mute import parse as parse_mutes
from collectd_inode.report.notification import (
    Notification,
    Severity,
    message,
    notification,
    of_record,
    reload_mended,
    reload_problem,
    reload_problems,
    test,
    withdrawn,
)
from collectd_inode.report.plan import Plan
from collectd_inode.report.problems import once_each
from collectd_inode.report.record import Record, told_alone, worth_retrying
from collectd_inode.report.together import Together, can_share
from collectd_inode.report.values import HEALTH_INTERVAL, HEALTH_PLUGIN, Value, health, values
from collectd_inode.runner import Health, Runner
from collectd_inode.schedule import slot_at
from collectd_inode.state import Files, Writer, content_of, files, sweep
from collectd_inode.wire import SYSTEM_CLOCK, Clock

QUEUE_LENGTH = 10_000
"""Observations that may wait for the drain; beyond it the oldest are dropped."""
MOST_FILES = 5
"""The largest number of files with a notification each, if many go bad at once."""
TEST_SECONDS = 0.5
BUG_SECONDS = 3600.0
"""Seconds between two log lines about the same bug."""
FORGET_SECONDS = 3600.0
"""Seconds between two checks of other jobs' records, and the shortest time for which these are kept."""

log = logging.getLogger("collectd_inode")


class Host(Protocol):
    """The daemon around us."""

    def dispatch(self, value: Value) -> None: ...

    def notify(self, notification: Notification) -> None: ...

    def every(self, seconds: float, callback: Callable[[], None]) -> None: ...


class Records:
    """The record of each job, also kept in StateDir *folder* if there is one."""

    def __init__(self, folder: str | None = None, writer: Writer | None = None) -> None:
        self._folder, self._writer = folder, writer or Writer()
        self._known: dict[Identity, Record] = {}
        self._written: dict[Identity, float] = {}

    def load(self, found: Files) -> None:
        """Continue from the last daemon's state: the files that were *found* in StateDir."""
        records, troubles = job_record.among(found)
        for trouble in troubles:
            log.warning("%s; the state of its job is lost", trouble)
        self._known = {record.identity: record for record in records}

    def last_runs(self) -> dict[Identity, float]:
        """The last run of each known job."""
        return {identity: record.time for identity, record in self._known.items()}

    def unconfigured(
        self, configured: Collection[Identity], in_trouble: Collection[tuple[str, str]], plan: Plan | None
    ) -> set[Identity]:
        """The jobs of the last daemon, by its *plan*, that this one does not have.

        Without the jobs of a block (kind, name) *in_trouble*: its files cannot be read, and its jobs may come back.
        """
        theirs = None if plan is None else {job.identity for job in plan.jobs}
        return {
            identity
            for identity, record in self._known.items()
            if identity not in configured
            and (record.kind, record.job) not in in_trouble
            and (theirs is None or identity in theirs)
        }

    @property
    def known(self) -> Mapping[Identity, Record]:
        """The record of each job."""
        return self._known

    def add(
        self, observation: Observation, muted: Mute | None = None, *, keep_back: bool = False
    ) -> tuple[Record | None, Record]:
        """The records of the job before and after *observation*; writes the second if it has changed."""
        before = self._known.get(observation.job.identity)
        record = job_record.following(before, observation, muted, keep_back=keep_back)
        self.put(record)
        return before, record

    def put(self, record: Record) -> None:
        """Replace the record of its job by *record*."""
        identity = record.identity
        before = self._known.get(identity)
        self._known[identity] = record
        if self._folder is not None and job_record.worth_writing(before, record, self._written.get(identity, 0.0)):
            self._written[identity] = record.time
            self._writer.replace(job_record.path(self._folder, identity), job_record.text(record))

    def remove(self, gone: Collection[Identity]) -> list[Record]:
        """Forget these jobs of ours; returns their records."""
        for identity in gone:
            self._written.pop(identity, None)
            if self._folder is not None:
                path = job_record.path(self._folder, identity)
                self._writer.do(path, partial(path.unlink, missing_ok=True))
        return [self._known.pop(identity) for identity in gone if identity in self._known]

    def forget(self, configured: Collection[Identity], now: float) -> None:
        """Remove the records of jobs that are not *configured* and were not written for long.

        The records of another daemon with the same StateDir are newer, and stay.
        """
        for identity in self._known.keys() - set(configured):
            del self._known[identity]
            self._written.pop(identity, None)
        if self._folder is not None:
            folder = self._folder
            self._writer.do(Path(folder), lambda: _remove_others(folder, configured, now))


def _remove_others(folder: str, configured: Collection[Identity], now: float) -> None:
    with suppress(OSError):
        for record in job_record.among(files(folder))[0]:
            if record.identity not in configured and record.stale(now) and abs(now - record.time) > FORGET_SECONDS:
                job_record.path(folder, record.identity).unlink(missing_ok=True)
                history_path(folder, record.identity).unlink(missing_ok=True)
        sweep(folder, now - FORGET_SECONDS)


class Orders:
    """Orders that an operator's commands write into StateDir *folder*: mutes, and test notifications."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self.mutes = Mutes()
        self._tests: deque[str] = deque()

    def look(self) -> None:
        """Read the folder; called in a worker, since a disk may hang."""
        if self._folder is None:
            return
        self.mutes = parse_mutes(content_of(job_mute.path(self._folder)))
        wanted = Path(self._folder, TEST_FILE)
        content = content_of(wanted)
        if isinstance(content, bytes):
            with suppress(OSError):  # one that stays would be sent at every look
                wanted.unlink()  # the command waits for that
                self._tests.append(content.decode("utf-8", "replace").strip())

    def tests(self, configured: Collection[Identity], now: float) -> Iterator[Notification]:
        """The requested test notifications: one FAILURE and one OKAY each."""
        while self._tests:
            wanted = self._tests.popleft()
            for identity in sorted(one for one in configured if "/".join(one) == wanted):
                yield from (test(identity, severity, now) for severity in (Severity.FAILURE, Severity.OKAY))


class ReloadProblems:
    """Mistakes in files that changed while the daemon ran: one WARNING for each file, and one OKAY when all are good.

    ``known``: the mistakes at the start, which the jobs that cannot run report themselves.
    """

    def __init__(self) -> None:
        self.known: Sequence[Problem] = ()
        self._told: Set[str] = frozenset()
        self._queue: deque[Sequence[Problem]] = deque()

    def put(self, problems: Sequence[Problem]) -> None:
        """Replace the mistakes by the current ones; the loop thread calls this."""
        self._queue.append(problems)

    def news(self, now: float) -> Iterator[Notification]:
        """The notifications that are due."""
        while self._queue:
            problems = self._queue.popleft()
            at_start = {_block_of(problem) for problem in self.known} & set(map(_block_of, problems))
            self.known = [problem for problem in self.known if _block_of(problem) in at_start]
            fresh: dict[str, list[Problem]] = {}
            for problem in once_each(problem for problem in problems if _block_of(problem) not in at_start):
                fresh.setdefault(problem.place.path, []).append(problem)
            news = sorted(fresh.keys() - self._told)
            yield from (reload_problem(fresh[file], now) for file in news[:MOST_FILES])
            if len(news) > MOST_FILES:
                yield reload_problems(len(news) - MOST_FILES, now)
            if self._told and not fresh:
                yield reload_mended(now)
            self._told = fresh.keys()


def _block_of(problem: Problem) -> tuple[str, str]:
    """The file and the block of a mistake, since a file of several blocks may be good for some of them."""
    return problem.place.path, problem.where


class Drain:
    """Takes observations from the loop thread to collectd, in one of collectd's own read threads.

    Values that this thread dispatches have the right context.  Write threads reorder bursts, so a pass sends at most
    one observation of a job.
    """

    def __init__(
        self,
        host: Host,
        clock: Clock = SYSTEM_CLOCK,
        records: Records | None = None,
        histories: Histories | None = None,
        *,
        instance: str = "",
        lost: Callable[[], int] | None = None,
    ) -> None:
        self._instance, self._lost = instance, lost
        self.runner: Runner | None = None
        self.configured: Callable[[], Collection[Identity]] | None = None
        """Returns the identities of all current jobs."""
        self.closed = False
        self._host, self._clock = host, clock
        self._queue: deque[tuple[Observation, float | None]] = deque(maxlen=QUEUE_LENGTH)
        self._records = records or Records()
        self.histories = histories or Histories(None, Writer(), RunsOrigin())
        """The runs of the last day."""
        self._logged: set[Identity] = set()
        self._ours: set[Identity] = set()
        """The jobs of the last pass, also those that have not run yet."""
        self.jobs: Callable[[], Sequence[Job]] = tuple
        """Returns all current jobs."""
        self._together = Together()
        self.orders = Orders()
        """The orders that commands wrote."""
        self.reload_problems = ReloadProblems()
        """Mistakes in files that changed while we ran."""
        self.fleet: Fleet | None = None
        """Keeps other hosts' values."""
        self._health_due = 0.0
        self._forget_due = clock.monotonic() + FORGET_SECONDS
        self._overloaded = False
        self._bug_due: dict[str, float] = {}

    def put(self, observation: Observation, slot: float | None) -> None:
        """Queue an observation; the loop thread calls this, and it never blocks.  Without a slot it sends no values."""
        self._queue.append((observation, slot))

    def read(self) -> None:
        """The read callback: never raises; waits only under ``collectd -T``, which runs every job once."""
        try:
            # Only `collectd -T` calls read callbacks in the main thread.
            testing = threading.current_thread() is threading.main_thread()
            if testing and self.runner is not None:
                self.runner.run_all_now()
            elif self.runner is not None and not self.closed:
                self.runner.judge()
            self._dispatch_waiting()
            self._let_go()
            if not self.closed:
                self._judge_together(self._clock.now())
            for told in () if self.closed else self._other_news(self._clock.now()):
                self._notify(told)
            self._dispatch_health()
            if self.fleet is not None and not self.closed:
                self.fleet.write()
            self._forget()
            if testing:
                # collectd then stops its write threads, and drops values that they have not taken.
                threading.Event().wait(TEST_SECONDS)
        except BaseException:  # another plugin may even raise into our thread
            self._bug("values were not dispatched")

    def _dispatch_waiting(self) -> None:
        done: set[Identity] = set()
        later = []
        configured = None if self.configured is None else self.configured()
        shared = cache(lambda: can_share(self.jobs()))  # thousands of jobs, of which as many may be bad
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
                self._tell(observation, slot, shared)
            except Exception:
                self._bug(f"{identity[1]}/{identity[2]} was not dispatched")
        self._queue.extendleft(reversed(later))

    def _tell(self, observation: Observation, slot: float | None, shared: Callable[[], bool]) -> None:
        for value in () if slot is None else values(observation, slot):
            self._host.dispatch(value)
        job = observation.job
        muted = self.orders.mutes.of(job.identity, job.name, self._clock.now())
        if observation.passed:
            self._tell_kept_back(self._records.known.get(job.identity))
        keep_back = not observation.passed and self._together.keeps_back(job, observation.cause, shared)
        before, after = self._records.add(observation, muted, keep_back=keep_back)
        self.histories.add(observation)
        self._log_change(before, observation)
        told = notification(before, after, observation, observation.time if slot is None else slot)
        if told is not None:
            self._notify(told)
        if worth_retrying(after, observation) and self.runner is not None:
            self.runner.retry(observation.job, observation.time + observation.elapsed + observation.job.retry)

    def _notify(self, told: Notification) -> None:
        """Send it; the sender of notifications about ourselves is this door."""
        self._host.notify(replace(told, plugin_instance=self._instance) if told.plugin == HEALTH_PLUGIN else told)

    def _tell_kept_back(self, record: Record | None) -> None:
        """Send the failure of a job that recovered before it was known whether other jobs have it."""
        if record is not None and record.kept_back is not None:
            self._records.put(told_alone(record, record.time))
            self._notify(of_record(record, record.time))

    def _judge_together(self, now: float) -> None:
        """Send one notification for jobs that went bad together, or one for each."""
        mutes = self.orders.mutes
        news = self._together.judge(
            self.jobs(), self._records.known, now, lambda job: mutes.of(job.identity, job.name, now) is not None
        )
        for record in news.records:
            self._records.put(record)
        for told in news.notifications:
            if told.plugin == HEALTH_PLUGIN:
                log.log(logging.INFO if told.severity is Severity.OKAY else logging.WARNING, "%s", told.message)
            self._notify(told)

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
        """Forget jobs that a changed file no longer has, and withdraw their alarms."""
        if self.configured is None or self.closed:
            return
        before, self._ours = self._ours, set(self.configured())
        if not (gone := before - self._ours):
            return
        self._logged -= gone
        self.histories.remove(gone)
        for record in self._records.remove(gone):
            told = withdrawn(record, self._clock.now())
            if told is not None:
                self._notify(told)

    def took_over(self, gone: Collection[Identity]) -> None:
        """Withdraw the alarms of jobs of the last daemon that are no longer configured."""
        self._ours |= set(gone)

    def go_on(self, identities: Collection[Identity]) -> None:
        """Continue the common notifications of the last daemon for these jobs, so that they end."""
        known = self._records.known
        self._together.take_over(known[one] for one in identities if one in known)

    def _other_news(self, now: float) -> Iterator[Notification]:
        yield from self.reload_problems.news(now)
        yield from self.orders.tests(self.configured() if self.configured is not None else (), now)

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
            loop_lag=state.loop_lag,
            jobs=state.jobs,
            late=state.late,
            config_errors=state.config_errors,
            time=date,
            instance=self._instance,
            lost=self._lost() if self._lost is not None else None,
        ):
            self._host.dispatch(value)
        self._judge_load(state)

    def _forget(self) -> None:
        """Once an hour, remove the state of jobs that no longer exist."""
        now = self._clock.monotonic()
        if self.configured is None or self.closed or now < self._forget_due:
            return
        self._forget_due = now + FORGET_SECONDS
        self._records.forget(self.configured(), self._clock.now())

    def _judge_load(self, state: Health) -> None:
        """Log when more jobs are configured than can run, and when they fit again."""
        if state.late and not self._overloaded:
            what = (
                "%d runs of %d jobs started late or were skipped in the last minute (the loop was blocked for %.2g s):"
            )
            how = (
                " more is configured than this collectd can run; use longer Intervals, fewer jobs or a second collectd"
            )
            log.warning(what + how, state.late, state.jobs, state.loop_lag)
        elif self._overloaded and not state.late:
            log.info("every run started on time in the last minute")
        self._overloaded = bool(state.late)

    def _bug(self, what: str) -> None:
        """Log the current exception; if it is repeated, once an hour."""
        now = self._clock.monotonic()
        if self.closed or now < self._bug_due.get(what, now):
            return
        self._bug_due[what] = now + BUG_SECONDS
        log.exception("bug: %s", what)
