"""The votes of the ``<NTP>`` jobs on this clock, from what they have kept: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import Any

from collectd_inode.words import plural

LIMIT = 0.1
"""Seconds: an ``<NTP>`` block's MaxOffset, where its job has kept none."""
TELLING = 3
"""With fewer sources the wrong one of two clocks is unknown."""
LEAST_BOUND = 0.001
"""Seconds: servers on one wire must not fall out over microseconds."""
FRESH_INTERVALS = 3
NTP_INTERVAL = 64.0
"""Seconds: the shortest interval of an ``<NTP>`` job, however often the clock is checked."""


class Truth(Enum):
    """Whether the clock is right, as far as is known."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consensus:
    """The consensus of the sources of an ``<NTP>`` job: seconds that the clock is behind them, and their error
    bound.
    """

    offset: float
    bound: float
    time: float
    sources: int
    falsetickers: tuple[str, ...] = ()
    limit: float = LIMIT

    @property
    def truth(self) -> Truth:
        """Right, wrong, or a vote that is too vague to tell."""
        if abs(self.offset) <= self.limit:
            return Truth.RIGHT
        return Truth.WRONG if abs(self.offset) > self.bound else Truth.UNKNOWN

    @property
    def away(self) -> str:
        """``0.002 s behind 4 sources``."""
        where = "behind" if self.offset >= 0 else "ahead of"
        return f"{abs(self.offset):.3f} s {where} {plural(self.sources, 'source')}"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two ``<NTP>`` jobs, by name, whose votes cannot both be right."""

    one: tuple[str, Consensus]
    other: tuple[str, Consensus]

    @property
    def sentence(self) -> str:
        """``the blocks disagree: by <NTP "a"> this clock is 0.002 s behind 4 sources, by <NTP "b"> …``."""
        told = (f'by <NTP "{name}"> this clock is {vote.away}' for name, vote in (self.one, self.other))
        return f"the blocks disagree: {', '.join(told)}"


def consensus(
    contents: Mapping[str, Mapping[str, Any]], *, now: float, interval: float, since: float | None
) -> Consensus | Disagreement | None:
    """The fresh vote of the most sources among what ``<NTP>`` jobs keep (``state.all("ntp")``); None if there is none.

    Fresh: not older than three intervals (of 64 s at least), not of the future, and not from before the clock's last
    step (*since*).  The names of falsetickers are those of all fresh votes.  If two votes cannot both be right, there
    is no best one; votes of too few sources to name the wrong one do not count in that, unless all have too few.
    """
    oldest = max(now - FRESH_INTERVALS * max(interval, NTP_INTERVAL), since or 0.0)
    found = ((name, vote) for name, content in sorted(contents.items()) if (vote := _vote(content)))
    votes = {name: vote for name, vote in found if oldest <= vote.time <= now + 1}
    if not votes:
        return None
    strong = {name: vote for name, vote in votes.items() if vote.sources >= TELLING} or votes
    apart = next((pair for pair in combinations(strong.items(), 2) if _disagree(pair[0][1], pair[1][1])), None)
    if apart is not None:
        return Disagreement(*apart)
    best = max(votes.values(), key=lambda vote: (vote.sources, vote.time))
    wrong = tuple(dict.fromkeys(name for vote in votes.values() for name in vote.falsetickers))
    return Consensus(best.offset, best.bound, best.time, best.sources, wrong, best.limit)


def _disagree(one: Consensus, other: Consensus) -> bool:
    """Whether two votes cannot both be right, and do not both call the clock right."""
    meet = abs(one.offset - other.offset) <= max(one.bound, LEAST_BOUND) + max(other.bound, LEAST_BOUND)
    return not meet and not one.truth is other.truth is Truth.RIGHT


def _vote(content: Mapping[str, Any]) -> Consensus | None:
    try:
        return Consensus(
            offset=float(content["offset"]),
            bound=float(content["bound"]),
            time=float(content["time"]),
            sources=int(content["sources"]),
            falsetickers=tuple(map(str, content.get("falsetickers") or ())),
            limit=float(content.get("max_offset") or LIMIT),
        )
    except (KeyError, TypeError, ValueError):
        return None  # it has not voted yet, or could not agree
