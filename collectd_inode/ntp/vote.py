"""The vote: sources vote as NTP selects its truechimers, and the sentence names the wrong one.

Each source claims an interval, its offset give or take its error bound.  The intersection algorithm (RFC 5905 section
11.2.1) finds the interval in which most of them meet; a source that does not reach into it is a falseticker.  As in
ntpd today, the intervals' middles do not matter: a far server and a near one that overlap do agree.
Offsets and bounds are in nanoseconds; an offset is how far a source is ahead of this clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_BOUND = 1_000_000
"""Nanoseconds: ntpd's ``tos mindist``.  Two servers on one wire must not fall out over microseconds."""

TELLING = 3
"""With fewer servers the wrong one of two clocks is unknown."""

_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source with a sample: its name for people, offset and error bound, and its own source."""

    name: str
    offset: int
    bound: int
    follows: str = ""

    @property
    def low(self) -> int:
        """The least that the offset can be."""
        return self.offset - max(self.bound, LEAST_BOUND)

    @property
    def high(self) -> int:
        """The most that the offset can be."""
        return self.offset + max(self.bound, LEAST_BOUND)

    def excludes(self, other: Candidate) -> bool:
        """Whether one of the two must be wrong, since their intervals do not meet."""
        return self.low > other.high or self.high < other.low


@dataclass(frozen=True, slots=True)
class Vote:
    """The result of the vote.  ``offset`` (give or take ``bound``) is the consensus, None where no majority agrees."""

    truechimers: tuple[Candidate, ...]
    falsetickers: tuple[Candidate, ...]
    offset: int | None = None
    bound: int | None = None

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All voters, those who agree first."""
        return (*self.truechimers, *self.falsetickers)


def vote(candidates: Sequence[Candidate]) -> Vote:
    """The verdict of *candidates* about each other."""
    shared = intersection(candidates)
    if shared is None:
        return Vote((), tuple(candidates))
    low, high = shared
    if len(candidates) == 1:
        return Vote(tuple(candidates), (), candidates[0].offset, candidates[0].bound)
    true = tuple(c for c in candidates if c.low <= high and c.high >= low)
    false = tuple(c for c in candidates if c not in true)
    offset = _combined(true)
    return Vote(true, false, offset, max(high - offset, offset - low))


def intersection(candidates: Sequence[Candidate]) -> tuple[int, int] | None:
    """The interval in which as many as possible meet, which must be a majority."""
    count = len(candidates)
    lows, highs = sorted(c.low for c in candidates), sorted(c.high for c in candidates)
    for allowed in range((count + 1) // 2):
        wanted = count - allowed
        low = next((edge for edge in lows if _covering(candidates, edge) >= wanted), None)
        high = next((edge for edge in reversed(highs) if _covering(candidates, edge) >= wanted), None)
        if low is not None and high is not None:
            return low, high
    return None


def _covering(candidates: Sequence[Candidate], edge: int) -> int:
    return sum(c.low <= edge <= c.high for c in candidates)


def _combined(candidates: Sequence[Candidate]) -> int:
    """The truechimers' offsets, weighted by their error bounds (RFC 5905 section 11.2.3)."""
    weights = [1 / max(c.bound, LEAST_BOUND) for c in candidates]
    first = candidates[0].offset  # from here, so that the float holds differences of microseconds between years
    mean = sum(w * (c.offset - first) for c, w in zip(candidates, weights, strict=True)) / sum(weights)
    return first + round(mean)


def falseticker_sentence(vote: Vote, candidate: Candidate) -> str:
    """``server X is wrong: 1200.0 s ahead of the other 2; it follows GPS``."""
    assert vote.offset is not None
    others = f"the other {len(vote.truechimers)}"
    follows = f"; it follows {candidate.follows}" if candidate.follows else ""
    return f"server {candidate.name} is wrong: {apart(candidate.offset - vote.offset, others)}{follows}"


def clock_sentence(vote: Vote, limit: float) -> str:
    """``this clock is wrong (3 sources agree): …``; fewer than three sources make no such claim."""
    assert vote.offset is not None
    known = len(vote.truechimers)
    if known >= TELLING:
        who = f"this clock is wrong ({known} sources agree)"
        return f"{who}: this clock is {apart(-vote.offset)}, the limit is {limit:g} s"
    who = " and ".join(c.name for c in vote.truechimers)
    told = f"this clock is {apart(-vote.offset, who)}, the limit is {limit:g} s"
    return f"{told}; naming the wrong one needs {TELLING} sources"


def discord_sentence(vote: Vote) -> str:
    """Each source's claim, when no majority agrees."""
    said = ", ".join(f"{c.name} {signed(c.offset)}" for c in sorted(vote.candidates, key=lambda c: abs(c.offset)))
    return f"no majority of the sources agrees, so the wrong one cannot be named: against this clock {said}"


def apart(nanoseconds: int, other: str = "") -> str:
    """``1200.0 s ahead``, ``0.150 s behind X``."""
    if not other:
        return f"{amount(abs(nanoseconds))} {'ahead' if nanoseconds > 0 else 'behind'}"
    return f"{amount(abs(nanoseconds))} {'ahead of' if nanoseconds > 0 else 'behind'} {other}"


def signed(nanoseconds: int) -> str:
    """``+1200.0 s``, ``-0.002 ms``."""
    return f"{'-' if nanoseconds < 0 else '+'}{amount(abs(nanoseconds))}"


def amount(nanoseconds: int) -> str:
    """``1200.0 s``, ``0.150 s``, ``0.002 ms``."""
    if nanoseconds >= 10 * _SECOND:
        return f"{nanoseconds / _SECOND:.1f} s"
    if nanoseconds >= _SECOND // 100:
        return f"{nanoseconds / _SECOND:.3f} s"
    return f"{nanoseconds / 1e6:.3f} ms"
