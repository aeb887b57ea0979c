"""Records → one alarm for jobs that go bad together: a resolver or an uplink that is gone, on this side, is one fault.

A notification of *resolve* or *connect* is delayed (`record.Record.kept_back`) until the other jobs
have run, for one interval at most.  Where most targets are bad with the same cause, one notification is sent for all,
``inode_probe/bool-uplink``; where not, each job has its own.  All of its state is in the jobs' records, so that a
restart changes nothing, and no alarm is lost: a job that waits and then recovers sends its notifications as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from collectd_inode.model import Cause, Identity, Job
from collectd_inode.report.notification import Notification, many_bad, many_good, of_record
from collectd_inode.report.record import Record, joining, leaving, told_alone

CAUSES = frozenset((Cause.RESOLVE.word, Cause.CONNECT.word))
LEAST_TARGETS = 3
"""The least number of targets: two that are down at once may well be down."""
MOST_SECONDS = 300.0
"""The longest delay of an alarm, whatever the interval is."""

Known = Sequence[tuple[Job, Record | None]]


@dataclass(frozen=True, slots=True)
class UplinkChange:
    """The things to do: records to keep in place of the present ones, and notifications to send."""

    records: tuple[Record, ...] = ()
    notifications: tuple[Notification, ...] = ()


NOTHING = UplinkChange()


class _Side(Enum):
    """A job's view of a fault that many share."""

    BAD = "it has it, too"
    GOOD = "it ran since, and has it not"
    OLD = "it was bad long before, or is muted: it says nothing"
    UNHEARD = "it has not run since"


def can_share(jobs: Iterable[Job]) -> bool:
    """Whether *jobs* have enough targets for a fault that many of them share."""
    return len({job.target for job in jobs if _counts(job)}) >= LEAST_TARGETS


@dataclass(slots=True)
class Together:
    """The alarm of many jobs at once.  ``since``: the first bad run; None: nothing is notified now."""

    since: float | None = None
    cause: str = ""

    def take_over(self, records: Iterable[Record]) -> None:
        """Go on from the last daemon's notifications."""
        members = [record for record in records if record.uplink_since is not None]
        if members:
            self.since = min(record.uplink_since or 0.0 for record in members)
            self.cause = members[0].uplink_cause

    def keeps_back(self, job: Job, cause: Cause, can_share: Callable[[], bool]) -> bool:
        """Whether a failure of *job* must not be notified at once; *can_share*: whether other jobs can have it, too."""
        if cause.word not in CAUSES or not _counts(job):
            return False
        if self.since is not None:
            return cause.word == self.cause
        return can_share()

    def judge(
        self, jobs: Sequence[Job], records: Mapping[Identity, Record], now: float, is_muted: Callable[[Job], bool]
    ) -> UplinkChange:
        """Decide *now*, after any job's run and every second, what to do; *is_muted* tells of a job whether it is."""
        if self.since is None and all(record.kept_back is None for record in records.values()):
            return NOTHING
        known = [(job, _as_heard(records.get(job.identity), is_muted(job))) for job in jobs if _counts(job)]
        if self.since is None:
            return self._beginning(known, now)
        news = self._going_on(known, now, self.since)
        if self.since is not None:
            return news
        silent = {job.identity for job in jobs if not _counts(job)}
        members = [record for record in records.values() if record.uplink_since is not None]
        left = tuple(leaving(record) for record in members if record.identity in silent)
        return replace(news, records=(*news.records, *left))

    def _beginning(self, known: Known, now: float) -> UplinkChange:
        kept = [(job, record) for job, record in known if record is not None and record.kept_back is not None]
        alone: list[Record] = []
        for cause in sorted({record.cause for _, record in kept}):
            same = [(job, record) for job, record in kept if record.cause == cause]
            verdict = _is_shared(known, same, cause, now)
            if verdict is True:
                bad = _bad(known, same, cause)
                self.since, self.cause = _began(same), cause
                members = [joining(record, self.since, cause, now) for record in bad if not record.told]
                return UplinkChange(tuple(members), (many_bad(len(bad), len(known), cause, now),))
            if verdict is False:
                alone += [record for _, record in same]
        return _each(alone, now)

    def _going_on(self, known: Known, now: float, since: float) -> UplinkChange:
        there = [(job, record) for job, record in known if record is not None]
        kept = [record for _, record in there if record.kept_back is not None]
        joined = [joining(record, since, self.cause, now) for record in kept if record.cause == self.cause]
        alone = [record for record in kept if record.cause != self.cause]
        news = _each(alone, now)
        if joined or alone:
            return UplinkChange((*joined, *news.records), news.notifications)
        members = [(job, record) for job, record in there if record.uplink_since is not None]
        if not _is_over(members, now):
            return NOTHING
        self.since, self.cause = None, ""
        bad = [record for _, record in members if record.uplink_left is None and not record.passed]
        still = [record for record in bad if record.time >= _turned(members) and record.muted_until is None]
        others = [leaving(record) for _, record in members if record not in still]
        told = _each(still, now)
        okay = many_good(len(members) - len(bad), len(members), [record.instance for record in bad], now - since, now)
        return UplinkChange((*others, *told.records), (okay, *told.notifications))


def _as_heard(record: Record | None, is_muted: bool) -> Record | None:
    """*record* of a job that is muted or no longer: its last run may have been when it was."""
    return record if record is None or is_muted else replace(record, muted_until=None, mute_reason="")


def _counts(job: Job) -> bool:
    return bool(job.target) and job.notify


def _each(records: Collection[Record], now: float) -> UplinkChange:
    told = [told_alone(record, now) for record in records]
    return UplinkChange(tuple(told), tuple(of_record(record, now) for record in told))


def patience(jobs: Iterable[Job]) -> float:
    """Seconds to wait for all *jobs* to run once more."""
    return min(MOST_SECONDS, max((job.interval + job.deadline for job in jobs), default=0.0))


def _began(kept: Known) -> float:
    """The first bad run of those that are kept back."""
    return min(_first_bad(record) for _, record in kept if record is not None)


def _first_bad(record: Record) -> float:
    return record.time if record.down_since is None else record.down_since


def _side(record: Record | None, cause: str, began: float, seconds: float) -> _Side:
    if record is None:
        return _Side.UNHEARD
    if record.muted_until is not None or (record.told and _first_bad(record) < began - seconds):
        return _Side.OLD
    if not record.passed and record.cause == cause:
        return _Side.BAD if record.time >= began - seconds else _Side.UNHEARD
    return _Side.GOOD if record.time >= began else _Side.UNHEARD


def _bad(known: Known, kept: Known, cause: str) -> list[Record]:
    began, seconds = _began(kept), patience(job for job, _ in kept)
    return [r for _, r in known if r is not None and _side(r, cause, began, seconds) is _Side.BAD]


def _is_shared(known: Known, kept: Known, cause: str, now: float) -> bool | None:
    """Whether most targets have the *cause* of those jobs that are *kept* back; None: some are still to run."""
    began, seconds = _began(kept), patience(job for job, _ in kept)
    sides = [(job, _side(record, cause, began, seconds)) for job, record in known]
    good = {job.target for job, side in sides if side is _Side.GOOD}
    bad = {job.target for job, side in sides if side is _Side.BAD} - good
    awaited = {job.target for job, side in sides if side is _Side.UNHEARD and job.interval <= seconds}
    waited = now - min(record.kept_back or 0.0 for _, record in kept if record is not None)
    if not awaited or not 0 <= waited < seconds:
        return _most(bad, good)
    return None if _most(bad | (awaited - good), good) else False


def _most(bad: Collection[str], good: Collection[str]) -> bool:
    return len(bad) >= LEAST_TARGETS and len(bad) > len(good)


def _turned(members: Sequence[tuple[Job, Record]]) -> float:
    """When it was no longer most of them that are bad; infinite as long as it is."""
    left = sorted(record.uplink_left for _, record in members if record.uplink_left is not None)
    needed = (len(members) + 1) // 2
    return left[needed - 1] if len(left) >= needed > 0 else float("inf")


def _is_over(members: Sequence[tuple[Job, Record]], now: float) -> bool:
    """Whether most are good again, and each of the others has run since, or was waited for."""
    turned = _turned(members)
    if not members or turned == float("inf"):
        return not members
    still = [record for _, record in members if record.uplink_left is None]
    waited_for = any(record.passed or record.time < turned for record in still)
    return not waited_for or not 0 <= now - turned < patience(job for job, _ in members)
