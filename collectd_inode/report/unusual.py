"""Numbers → series outside of their usual range, since when, and how many leave it in ordinary minutes.  Pure.

The usual range of a series is its median, give or take five times its median absolute deviation, and never less than
what 95 % of its values keep within, or 5 % of the median: a series that hardly moves would leave a range of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collectd_inode.kinds import KINDS
from collectd_inode.report.values import HEALTH_PLUGIN

DEVIATIONS = 5.0
"""Median absolute deviations, in units of the standard deviation, that are usual."""
_NORMAL = 1.4826
"""A standard deviation, in median absolute deviations, of what is spread normally."""
_WITHIN = 0.95
_ROOM = 1.5
"""Times what 95 % keep within."""
_FLOOR = 0.05
"""Of the median."""
FEWEST = 8
"""The least number of values for a range."""
_HOUR = 3600.0
_MOST_SCORE = 1000.0
_SCORE_OF_NO_WIDTH = 100.0

Points = Sequence[tuple[float, float]]
"""Times (seconds since the epoch; the end of what the value is of) and values, known ones only, in order."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual range of a series: ``middle``, give or take ``width``."""

    middle: float
    width: float

    def holds(self, value: float) -> bool:
        """Whether *value* is in it."""
        return abs(value - self.middle) <= self.width

    def score(self, value: float) -> float:
        """The distance of *value* from the range, in widths; at most 1000, and 100 for a range without width."""
        away = abs(value - self.middle)
        return min(_MOST_SCORE, away / self.width) if self.width else _SCORE_OF_NO_WIDTH


def usual(numbers: Sequence[float]) -> Usual | None:
    """The usual range of *numbers*; None where they are too few."""
    if len(numbers) < FEWEST:
        return None
    middle = _middle(sorted(numbers))
    away = sorted([abs(number - middle) for number in numbers])
    within = away[math.ceil(len(away) * _WITHIN) - 1]
    return Usual(middle, max(DEVIATIONS * _NORMAL * _middle(away), _ROOM * within, _FLOOR * abs(middle)))


def _middle(ordered: Sequence[float]) -> float:
    """The median of numbers in order, cheaper than `statistics.median` by a sort: there are millions of them."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True, slots=True)
class Minutes:
    """The examined minutes: seconds since the epoch."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Left:
    """A series that left its range: its median, its value that is furthest from it, and since when it was out.

    ``score``: how far out it was, in widths of its range, times the share of the minutes in which it was out.
    """

    series: str
    before: float
    after: float
    since: float
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """A series compared with its range: how it left, if it did; how often it does in ordinary minutes; its last point.

    ``known``: whether there was anything to judge, which needs a range and a value in these minutes.  ``before``: the
    seconds before them that are known.
    """

    left: Left | None
    ordinary: float
    until: float
    known: bool
    before: float = 0.0


def judge(series: str, day: Points, recent: Points, minutes: Minutes) -> JudgedSeries:
    """*series* in these *minutes*: *day* has its coarse points before them, *recent* the fine ones before and in them.

    Ordinary minutes are as many as these, before them; how often the series was out in those is their share.
    """
    until = max(points[-1][0] if points else 0.0 for points in (day, recent))
    before = [point for point in recent if point[0] <= minutes.start]
    within = [point for point in recent if minutes.start < point[0] <= minutes.end]
    range = usual([value for _, value in (*day, *before)])
    if range is None or not within:
        return JudgedSeries(None, 0.0, until, known=False)
    share, seconds = _share_out(range, before, minutes), minutes.start - before[0][0] if before else 0.0
    return JudgedSeries(_left(series, range, within), share, until, known=True, before=seconds)


def _left(series: str, range: Usual, within: Points) -> Left | None:
    out = [(time, value) for time, value in within if not range.holds(value)]
    if not out:
        return None
    _, worst = max(out, key=lambda point: range.score(point[1]))
    # What stays out for long says more than one point that was twice as far out.
    return Left(series, range.middle, worst, out[0][0], range.score(worst) * len(out) / len(within))


def _share_out(range: Usual, before: Points, minutes: Minutes) -> float:
    """In how many of the ordinary minutes, each as long as these, the series was out: 0 to 1."""
    if not before:
        return 0.0
    length, low, high = max(1.0, minutes.length), range.middle - range.width, range.middle + range.width
    parts = int((minutes.start - before[0][0]) // length) + 1
    out = {int((minutes.start - time) // length) for time, value in before if not low <= value <= high}
    return len(out) / parts


@dataclass(frozen=True, slots=True)
class HostSeries:
    """The values of a host's series in these minutes.

    ``left``: those that left their range, the worst first; ``judged``: how many series there was something to say of;
    ``ordinary``: how many of them leave it in ordinary minutes, on average; ``until``: the end of what is known;
    ``unread``: files that there was no time for, or that could not be read; ``before``: the seconds before
    these minutes that are known.
    """

    minutes: Minutes
    left: tuple[Left, ...] = ()
    judged: int = 0
    ordinary: float = 0.0
    until: float = 0.0
    unread: int = 0
    before: float = _HOUR

    @property
    def base_rate(self) -> float | None:
        """The share of the series that is out in ordinary minutes; None where nothing is known of such."""
        return self.ordinary / self.judged if self.judged and self.before >= self.minutes.length else None


def host(minutes: Minutes, judged: Iterable[JudgedSeries], unread: int = 0) -> HostSeries:
    """All that was *judged*, in one."""
    found = list(judged)
    known = [one for one in found if one.known]
    left = sorted((one.left for one in known if one.left is not None), key=_worst_first)
    ordinary = sum(one.ordinary for one in known)
    until = max((one.until for one in found), default=0.0)
    before = max((one.before for one in known), default=0.0)
    return HostSeries(minutes, tuple(left), len(known), ordinary, until, unread, before)


OURS = (*(f"{kind.plugin}-" for kind in KINDS), HEALTH_PLUGIN)
"""How the series of our own jobs begin: that others of them went slow comes after what the host did."""


def _worst_first(left: Left) -> tuple[bool, float, float, str]:
    largest = max(abs(left.before), abs(left.after))
    change = abs(left.after - left.before) / largest if largest else 0.0
    return left.series.startswith(OURS), -left.score, -change, left.series
