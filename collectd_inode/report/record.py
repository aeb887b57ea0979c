"""Observation → record: a job's state for status and alarms, in a file that outlives the daemon.

A record also holds the state of notifications: whether one was sent, and the number of bad runs in a row.  It is JSON
with a version, read field by field: a file that is not a record becomes a sentence, and the others are still read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from collectd_inode import state
from collectd_inode.codec import Unfit, from_json, to_json
from collectd_inode.model import Identity, Job, Observation, Standing, Status, Warning
from collectd_inode.report.mute import Mute

VERSION = 1
STATUSES = (Status.FAILED, Status.ERROR, Status.UNDEFINED, Status.AMBIGUOUS, Status.SKIPPED, Status.PASSED)
"""The worst first."""
WRITE_SECONDS = 60.0
"""Seconds between two writes of what is kept where a run was good; a bad one is written at once."""
STALE_INTERVALS = 3.0


@dataclass(frozen=True, slots=True)
class Past:
    """A run for the alarms: its start (seconds since the epoch), and whether it passed."""

    time: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one job after its last run.  Times are seconds since the epoch.

    ``since``: the first run in a row with this status.  ``time``: the start of the last run.  ``host``: empty for the
    daemon's own.  ``step``: the name of the step that ended the run.  ``last_good``: the start of the last run that
    passed, None if there was none.  ``seconds``: the last run's latency.  ``told``: somebody was notified of the
    failure, and has not yet been notified of its end.

    ``recent``: the last runs, as many as `Confirm` and ``ConfirmRecovery`` look at.  ``down_since``, ``failed_runs``:
    the first bad run of the outage that was notified, and the number of bad ones in it.  ``notified``: the time of the
    run that was notified last.  ``muted_until``, ``mute_reason``: of the mute that the last run was under, if it was.

    ``kept_back``: the run that confirmed a failure which is not notified yet, until it is known whether other jobs have
    it, too (`together`).  ``uplink_since``, ``uplink_cause``: it was notified together with others, of which the first
    was bad then, for this reason, and that is not over; ``uplink_left``: the run that confirmed its own recovery.
    """

    kind: str
    job: str
    scenario: str | None
    instance: str
    host: str
    place: str
    status: str
    since: float
    time: float
    interval: float
    cause: str = "none"
    step: str = ""
    message: str = ""
    expected: str = ""
    found: str = ""
    evidence: str = ""
    last_good: float | None = None
    warnings: tuple[Warning, ...] = ()
    seconds: float | None = None
    bad_runs: int = 0
    told: bool = False
    recent: tuple[Past, ...] = ()
    down_since: float | None = None
    failed_runs: int = 0
    notified: float | None = None
    muted_until: float | None = None
    mute_reason: str = ""
    kept_back: float | None = None
    uplink_since: float | None = None
    uplink_cause: str = ""
    uplink_left: float | None = None

    @property
    def is_one_of_many(self) -> bool:
        """Whether its failure was notified together with others' and goes on."""
        return self.uplink_since is not None and self.uplink_left is None

    @property
    def notified_bad(self) -> bool:
        """Whether its failure was notified, by its own notification or by that of many."""
        return self.told or self.is_one_of_many

    @property
    def identity(self) -> Identity:
        """Its job's unique key."""
        return self.host, self.kind, self.instance

    @property
    def passed(self) -> bool:
        """Whether the last run passed."""
        return self.status == "passed"

    def stale(self, now: float) -> bool:
        """Whether the job has not run for three intervals, or is ahead of the clock: collectd is not running, say."""
        return is_overdue(self.time, self.interval, now)


def is_overdue(last: float, interval: float, now: float) -> bool:
    """Whether what came *last* is three intervals ago, or ahead of the clock."""
    return abs(now - last) > STALE_INTERVALS * interval + WRITE_SECONDS


class RecordChange(Enum):
    """The change to notify after a run."""

    FAILURE = "it is bad"
    OKAY = "it is good again"
    STILL_BAD = "it was bad before"
    STILL_GOOD = "it was good before"
    ONE_OF_MANY = "it was bad before, and that was notified together with others"


def following(
    before: Record | None, observation: Observation, muted: Mute | None = None, *, keep_back: bool = False
) -> Record:
    """The record after *observation*; *before* is the one after the job's last run, if it is known.

    While it is *muted* a failure is not notified; it is at the first bad run after that.  Nor is it with *keep_back*:
    then `together` decides about it.
    """
    job, trouble, step = observation.job, observation.trouble, observation.bad_step
    status, passed = observation.status.value, observation.passed
    record = Record(
        kind=job.kind,
        job=job.name,
        scenario=job.scenario,
        instance=job.instance,
        host=job.host,
        place=str((step and step.place) or job.place),
        status=status,
        since=before.since if before is not None and before.status == status else observation.time,
        time=observation.time,
        interval=job.interval,
        cause=observation.cause.word,
        step=step.name if step else "",
        message=observation.message,
        expected=trouble.expected if trouble else "",
        found=trouble.found if trouble else "",
        evidence=observation.evidence,
        last_good=observation.time if passed else before.last_good if before else None,
        warnings=observation.warnings,
        seconds=observation.seconds,
        bad_runs=0 if passed else 1 + (before.bad_runs if before else 0),
        muted_until=muted.until if muted else None,
        mute_reason=muted.reason if muted else "",
    )
    if observation.standing is not Standing.FINAL:
        return _as_before(before, record)
    return _alarmed(before, record, job, keep_back=keep_back)


def _as_before(before: Record | None, record: Record) -> Record:
    """*record* of a run that decides nothing: its notifications stay as they are."""
    if before is None:
        return replace(record, last_good=None)
    alarm = ("told", "recent", "bad_runs", "down_since", "failed_runs", "notified", "kept_back")
    kept = ("last_good", *alarm, "uplink_since", "uplink_cause", "uplink_left")
    return replace(record, **{name: getattr(before, name) for name in kept})


def _alarmed(before: Record | None, record: Record, job: Job, *, keep_back: bool) -> Record:
    """*record* with the alarms' state: the last runs, the outage, the notifications."""
    run = Past(record.time, record.passed)
    most = max(job.confirm.of, job.confirm_recovery)
    recent = (*(before.recent if before else ()), run)[-most:]
    record = replace(record, recent=recent)
    if before is not None and (before.told or before.uplink_since is not None):
        outage = _going_on(before, record, job)
    else:
        outage = _confirmed(before, record, job, keep_back=keep_back)
    news = worth_telling(before, outage, job)
    # The last outage is over for the receivers: runs of its own must confirm the next one.
    forgotten = before is not None and before.notified_bad and not outage.notified_bad
    notified = record.time if news is not None else before.notified if before else None
    return replace(outage, recent=recent[-job.confirm_recovery :] if forgotten else recent, notified=notified)


def _going_on(before: Record, record: Record, job: Job) -> Record:
    """*record* in an outage that was notified."""
    failed = before.failed_runs + (not record.passed)
    outage = replace(record, down_since=before.down_since, failed_runs=failed)
    over = _recovered(record.recent, job)
    if before.told:
        return replace(outage, told=not over)
    left = before.uplink_left
    if left is None:
        left = record.time if over else None
    elif _bad_of_last(record, job) and job.notify:
        left = None
    return replace(outage, uplink_since=before.uplink_since, uplink_cause=before.uplink_cause, uplink_left=left)


def _confirmed(before: Record | None, record: Record, job: Job, *, keep_back: bool) -> Record:
    """*record* where nothing was notified: the failure is now, is kept back, or is not confirmed."""
    bad = _bad_of_last(record, job)
    if not bad or not job.notify or record.muted_until is not None:
        return record
    first, failed = bad[0].time, len(bad)
    if before is not None and before.kept_back is not None:
        first, failed = before.down_since or first, before.failed_runs + 1
    outage = replace(record, down_since=first, failed_runs=failed)
    if not keep_back:
        return replace(outage, told=True)
    return replace(outage, kept_back=before.kept_back if before and before.kept_back is not None else record.time)


def _bad_of_last(record: Record, job: Job) -> list[Past]:
    """The bad runs that confirm a failure; none if they do not."""
    bad = [past for past in record.recent[-job.confirm.of :] if not past.passed]
    return bad if not record.passed and len(bad) >= job.confirm.bad else []


def told_alone(record: Record, now: float) -> Record:
    """*record* when its own failure is notified after all."""
    return replace(_apart(record), told=True, notified=now)


def joining(record: Record, since: float, cause: str, now: float) -> Record:
    """*record* when its failure is notified *now* together with others', of which the first was bad *since* then."""
    bad = [past for past in record.recent if not past.passed]
    began = record.down_since if record.kept_back is not None else bad[0].time if bad else record.time
    failed = record.failed_runs if record.kept_back is not None else max(1, len(bad))
    together = replace(_apart(record), uplink_since=since, uplink_cause=cause, notified=now)
    return replace(together, down_since=began, failed_runs=failed)


def leaving(record: Record) -> Record:
    """*record* when what was notified together is over; if it is bad, its next bad run notifies."""
    return _apart(record)


def _apart(record: Record) -> Record:
    return replace(record, kept_back=None, uplink_since=None, uplink_cause="", uplink_left=None)


def _recovered(recent: tuple[Past, ...], job: Job) -> bool:
    last = recent[-job.confirm_recovery :]
    return len(last) == job.confirm_recovery and all(past.passed for past in last)


def worth_telling(before: Record | None, after: Record, job: Job) -> RecordChange | None:
    """The news of the run that led from *before* to *after*, if any."""
    was_told = before is not None and before.told
    if not job.notify:  # an alarm from the time when it did is ended all the same
        return RecordChange.OKAY if was_told and not after.told else None
    if after.told != was_told:
        return RecordChange.FAILURE if after.told else RecordChange.OKAY
    is_muted = after.muted_until is not None
    if after.kept_back is not None or (after.notified_bad == after.passed and not (is_muted and not after.passed)):
        return None  # on its way from one to the other: a later run will say
    every = min(filter(None, (job.heartbeat, job.repeat if after.told and not is_muted else 0.0)), default=0.0)
    last = before.notified if before else None
    # Half an interval's grace: runs do not begin at equal distances.
    due = last is None or not 0 <= after.time - last < every - min(every, job.interval) / 2
    if not every or not due:
        return None
    if after.is_one_of_many:
        return RecordChange.ONE_OF_MANY
    return RecordChange.STILL_BAD if after.told else RecordChange.STILL_GOOD


def worth_retrying(after: Record, observation: Observation) -> bool:
    """Whether a job that is bad, and not notified yet, runs again before its next slot."""
    job = observation.job
    known = after.passed or after.notified_bad or after.kept_back is not None
    return bool(job.retry) and job.notify and observation.ran and not known


def worth_writing(before: Record | None, record: Record, written: float) -> bool:
    """Whether *record* must be written: it has changed since *before*, or that was long ago (*written*)."""
    # Half an interval's grace, or a job that runs every minute would be written every other one.
    least = WRITE_SECONDS - record.interval / 2
    return before is None or _news(before) != _news(record) or not 0 <= record.time - written < least


def _news(record: Record) -> tuple[object, ...]:
    # The folder that is named must be there: the one before may go when a new one is written.
    # Messages are none, nor numbers in warnings: some count seconds.  Nor how often it was bad since it was told.
    unconfirmed = 0 if record.notified_bad else sum(not past.passed for past in record.recent)
    alarm = record.told, unconfirmed, record.notified, record.muted_until, record.kept_back
    many = record.uplink_since, record.uplink_left
    warnings = frozenset((one.code, _NUMBERS.sub("0", one.message)) for one in record.warnings)
    return record.status, record.cause, record.step, record.evidence, warnings, *alarm, *many


_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def path(folder: str, identity: Identity) -> Path:
    """The file of a job's record in StateDir *folder*; a host has no slash in it."""
    host, kind, instance = identity
    return Path(folder, f"{state.RECORDS}-{kind}-{instance}{'@' if host else ''}{host}.json")


def text(record: Record) -> str:
    """*record* as its file holds it."""
    return json.dumps({"version": VERSION, **to_json(record)}, allow_nan=False)


_MOST = 1e11
"""Seconds; the year 5138.  Beyond it no calendar goes along."""


_LATER: Mapping[str, object] = {
    "recent": (),
    "down_since": None,
    "failed_runs": 0,
    "notified": None,
    "muted_until": None,
    "mute_reason": "",
    "kept_back": None,
    "uplink_since": None,
    "uplink_cause": "",
    "uplink_left": None,
}
"""Fields that earlier releases did not write."""


class NoRecord(ValueError):
    """The content is not a record; the text says why."""


def parse(octets: bytes) -> Record:
    """The record in a file's *octets*; `NoRecord` if this version understands none."""
    try:
        content = json.loads(octets)
    except (ValueError, RecursionError):
        raise NoRecord("it is broken: this is not JSON") from None
    version = content.get("version") if isinstance(content, Mapping) else None
    if type(version) is not int:
        raise NoRecord("it is not a record of a job's status")
    if version > VERSION:
        raise NoRecord(f"it was written by a newer version (its format is {version}, this one reads {VERSION})")
    try:
        record = from_json(Record, {**_LATER, **content}, least=0, most=_MOST)
    except Unfit as error:
        raise NoRecord(f"it is broken: {error}") from None
    if record.status not in STATUSES:
        raise NoRecord(f"it is broken: status cannot be {record.status!r:.60}")
    return record


def among(found: state.Files) -> tuple[list[Record], list[str]]:
    """The records among the files that were *found* in StateDir, and a sentence about each that could not be read."""
    records, sentences = [], []
    for file, octets in found.items():
        if not file.name.startswith(f"{state.RECORDS}-") or isinstance(octets, FileNotFoundError):
            continue  # somebody else's; or removed meanwhile
        try:
            if isinstance(octets, OSError):
                raise NoRecord(octets.strerror or str(octets))
            records.append(parse(octets))
        except NoRecord as error:
            sentences.append(f"{file} cannot be read: {error}")
    return records, sentences
