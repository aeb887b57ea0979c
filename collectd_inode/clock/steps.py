"""Whether the clock was stepped between two looks, and whether it was stepped back.  Pure.

Each run compares the offset between the clock and the time since boot (see `kernel.look`) with the one in the job's
state.  Counts outlive the daemon, but not a boot, which begins a new offset.

A step that is undone before the next look leaves no trace here.  The kernel could tell that the clock was set meanwhile
(timerfd, TFD_TIMER_CANCEL_ON_SET), but not by how much: a guest's tools that set it by a millisecond every minute would
read as steps taken back.  Where the host undoes at once, the diagnosis rests on ``independent_wallclock`` instead.  An
inserted leap second is a step of a second, and is counted as what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.clock.kernel import ClockReading
from collectd_inode.codec import known, to_json

STEP = 500_000_000
"""Nanoseconds: more is a step.  ntpd's own corrections begin at 0.128 s (RFC 5905, STEPT) and chronyd's usual ones at
1 s; below half a second no consumer that we know of rejects us, so that a daemon at work is not an event."""
RECENT = 3600 * 10**9
"""Nanoseconds: a step back within an hour undoes a step; a later one is a step of its own."""
NOISE = 1_000_000
"""Nanoseconds: how far two looks may differ when nothing has happened; less is not written to disk."""
_MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps between two looks.  ``moved``: seconds by which the clock was set meanwhile, ahead positive.

    ``steps`` counts steps away, ``undone`` steps back: stepped and stepped back is one of each.
    ``recently_undone`` holds for an hour; ``since`` is when (epoch seconds) the last step was seen.
    """

    moved: float | None = None
    steps: int = 0
    undone: int = 0
    recently_undone: bool = False
    since: float | None = None

    @property
    def stepped(self) -> bool:
        """Whether there was a step since the last run."""
        return self.moved is not None and abs(self.moved) * 1e9 > STEP


@dataclass(frozen=True, slots=True)
class _Kept:
    """The state between runs: the boot's id, the offset (ns), counts, the offsets that recent steps left (ns, when)."""

    boot: str
    offset: int
    steps: int = 0
    undone: int = 0
    left: tuple[tuple[int, int], ...] = ()
    undone_at: int | None = None
    since: float | None = None


def advance(content: Mapping[str, Any], look: ClockReading | None, boot: str | None) -> tuple[Steps, dict[str, Any]]:
    """Compare *look* with the kept state; the value has the steps, and the state to keep now.

    *boot* is the boot's id; where it is unknown a reboot would read as a step, so nothing is compared.
    """
    kept = known(_Kept, content)
    if look is None or boot is None:
        return _steps(kept if kept and kept.boot == boot else None, None, None), dict(content)
    if kept is None or kept.boot != boot:
        begun = _Kept(boot, look.offset)
        return _steps(begun, None, look), to_json(begun)
    moved = look.offset - kept.offset
    now = kept if abs(moved) < NOISE else _moved(kept, look, moved)
    return _steps(now, moved, look), to_json(now)


def _moved(kept: _Kept, look: ClockReading, moved: int) -> _Kept:
    if abs(moved) <= STEP:
        return _Kept(kept.boot, look.offset, kept.steps, kept.undone, kept.left, kept.undone_at, kept.since)
    since = look.realtime / 1e9
    left = tuple((offset, at) for offset, at in kept.left if look.boottime - at <= RECENT)
    for number, (offset, _) in enumerate(left):
        if abs(look.offset - offset) <= STEP:
            return _Kept(kept.boot, look.offset, kept.steps, kept.undone + 1, left[:number], look.boottime, since)
    left = (*left, (kept.offset, look.boottime))[-_MOST_KEPT:]
    return _Kept(kept.boot, look.offset, kept.steps + 1, kept.undone, left, kept.undone_at, since)


def _steps(kept: _Kept | None, moved: int | None, look: ClockReading | None) -> Steps:
    if kept is None:
        return Steps()
    recently = kept.undone_at is not None and look is not None and look.boottime - kept.undone_at <= RECENT
    return Steps(None if moved is None else moved / 1e9, kept.steps, kept.undone, recently, kept.since)
