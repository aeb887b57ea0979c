"""The schedule of all jobs.  Pure.

A job's slots lie on the wall clock's grid: ``offset + n × interval`` since the epoch, with an offset that is a hash of
the job's identity, so that it keeps its place over restarts and neighbours do not start together.  All jobs of a host
begin at the same part of a second.  A value's time is its slot, so that RRD's points keep their distance.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import socket
from dataclasses import dataclass

from collectd_inode.model import Identity, Job

TICK = 0.1
"""Seconds between two looks of the loop at the clock: the resolution of its own lateness.

The runs whose slots lie in one tick begin at its end, one after the other: with the processor's caches full of the run
before, a run takes half of the time that it takes alone.  A ``StartOffset`` is honoured exactly.
"""
GROUP_SECONDS = 1.0
"""The distance of the slots of different jobs of a host, for the same reason."""
GROUPED_INTERVAL = 10.0
"""Seconds: a job with a shorter interval has its slot anywhere in it."""
CLOCK_STEP_SECONDS = 1.0
SAME_SLOT_SECONDS = 0.5
"""Slots of one job are a second apart at least."""


def slot_offset(job: Job) -> float:
    """Seconds from the start of the interval to the run of *job*: the operator's value, or a hash of its identity.

    The part of the second is a hash of the host, so that many hosts with the same jobs do not begin at once.
    """
    if job.start_offset is not None:
        return job.start_offset
    milliseconds, offset = int(job.interval * 1000), _number(job)
    if job.interval >= GROUPED_INTERVAL:
        group = int(GROUP_SECONDS * 1000)
        offset = offset % milliseconds // group * group + _hashed(_host(job)) % group
    return offset % milliseconds / 1000


def _number(job: Job) -> int:
    """A hash of the identity of *job*, the same in every process."""
    return _hashed("\0".join((_host(job), job.kind, job.name, job.scenario or "")))


def _host(job: Job) -> str:
    return job.host or socket.gethostname()


def _hashed(who: str) -> int:
    return int.from_bytes(hashlib.sha256(who.encode("utf-8", "surrogatepass")).digest()[:8], "big")


FIRST_SECONDS = 60.0
"""Within this time after the start a job runs for the first time."""


def first_run(job: Job, now: float, last: float | None) -> float | None:
    """The time of a run of *job* before its first slot, at a start *now*; *last* is its last run before that, if known.

    None if its slot comes within a minute anyway, if it ran within its interval, or if it must not run early.
    """
    slot = _following(now, slot_offset(job), job.interval)
    room = min(FIRST_SECONDS, slot - now - job.apart)
    if not job.first_run or slot - now <= FIRST_SECONDS or room <= 0:
        return None
    if last is not None and now - last < max(job.interval, job.apart):
        return None
    return now + _number(job) % int(room * 1000) / 1000 if room >= 0.001 else None


def missed_slot(job: Job, now: float, sent: float | None) -> float | None:
    """The slot that *job* must repeat at a start *now*: the current one, if its value was not *sent*.

    A process that was killed during a run leaves such a slot.  None if the last sent values are unknown, or if the job
    must not run so soon after another run.
    """
    if sent is None or not job.first_run or job.apart:
        return None
    slot = slot_at(now, slot_offset(job), job.interval)
    return slot if slot - sent > SAME_SLOT_SECONDS else None


def slot_at(now: float, offset: float, interval: float) -> float:
    """The slot that contains *now*: the latest point of the grid that is not after it."""
    return (now - offset) // interval * interval + offset


@dataclass(slots=True)
class _Entry:
    job: Job
    offset: float
    next: float
    last: float | None = None


class Schedule:
    """The jobs' slots.  Times are seconds since the epoch, passed in."""

    def __init__(self, now: float) -> None:
        self._entries: dict[Identity, _Entry] = {}
        self._heap: list[tuple[float, Identity]] = []
        self._seen = now
        self.left_out = 0
        """The number of slots without a run since this was last set to 0."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they were added."""
        return [entry.job for entry in self._entries.values()]

    def add(self, job: Job, now: float, first: float | None = None) -> None:
        """Add *job*, or replace the job with its identity.

        Its first slot is the next one, or *first*, which may be off its grid.
        """
        offset = slot_offset(job)
        old = self._entries.get(job.identity)
        entry = _Entry(job, offset, _following(now, offset, job.interval) if first is None else first)
        if old is not None and (old.offset, old.job.interval) == (offset, job.interval):
            entry.next, entry.last = old.next, old.last
        self._entries[job.identity] = entry
        heapq.heappush(self._heap, (entry.next, job.identity))

    def remove(self, job: Job) -> None:
        """Forget *job*."""
        self._entries.pop(job.identity, None)

    def due(self, now: float) -> list[tuple[Job, float]]:
        """The jobs whose slot has come, each with that slot; slots during a suspend are counted, not repeated."""
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
            if current != entry.last:  # or the clock was set back and forth again, into a slot that has its run
                found.append((entry.job, current))
            entry.last = current
            entry.next = _following(now, entry.offset, entry.job.interval)
            heapq.heappush(self._heap, (entry.next, identity))
        return found

    def go_forward(self, now: float) -> None:
        """The clock was set forward to *now*: the skipped slots do not count as left out."""
        for entry in self._entries.values():
            if entry.next <= now:
                entry.next = max(entry.next, slot_at(now, entry.offset, entry.job.interval))
        self._heap = [(entry.next, identity) for identity, entry in self._entries.items()]
        heapq.heapify(self._heap)

    def next_slot(self, job: Job) -> float | None:
        """The next slot of *job*; None if another job now has its name."""
        entry = self._entries.get(job.identity)
        return entry.next if entry is not None and entry.job is job else None

    def wait(self, now: float) -> float:
        """Seconds until something is due."""
        return max(0.0, self._heap[0][0] - now) if self._heap else TICK

    def pause(self, now: float) -> float:
        """Seconds until the jobs that are due must begin: the end of this tick, or an earlier ``StartOffset``."""
        left = TICK - now % TICK
        if self.wait(now) >= left:
            return left
        offsets = (entry.next for entry in self._entries.values() if entry.job.start_offset is not None)
        return max(0.0, min(min(offsets, default=math.inf) - now, left))

    def _rebase(self, now: float) -> None:
        """The clock was set back: continue from here instead of waiting until it reaches the old time.

        A slot that has just passed is not repeated: collectd rejects two values of one time.
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
