"""Series that left their usual range, and how many do so in ordinary minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.kinds import KINDS
from collectd_inode.report import unusual
from collectd_inode.report.unusual import JudgedSeries, Left, Minutes, judge, usual
from collectd_inode.report.values import HEALTH_PLUGIN

MINUTES = Minutes(1000.0, 1300.0)


def points(numbers: Sequence[float], start: float = 1000.0 - 3600, step: float = 60.0) -> list[tuple[float, float]]:
    return [(start + step * n, number) for n, number in enumerate(numbers, 1)]


def test_a_series_leaves_its_range() -> None:
    """Before, after and since when; nothing is said of one without values in these minutes."""
    ordinary = [3.0 + n % 3 * 0.1 for n in range(60)]
    busy = points([*ordinary, 3.0, 71.0, 64.0, 3.0, 3.1])
    left = judge("cpu-0/wait", (), busy, MINUTES).left
    assert left is not None
    assert replace(left, score=0.0) == Left("cpu-0/wait", 3.1, 71.0, 1120.0)
    assert left.score > 30
    assert judge("cpu-0/wait", (), points([*ordinary, 3.1, 3.0]), MINUTES) == JudgedSeries(
        None, 0.0, 1120.0, known=True, before=3540.0
    )
    assert judge("cpu-0/wait", (), points(ordinary), MINUTES) == JudgedSeries(None, 0.0, 1000.0, known=False)
    assert not judge("new", (), points([1.0, 2.0], start=1000.0), MINUTES).known


def test_a_range_has_a_floor() -> None:
    """A series that never moves has a range all the same; only nothing at all is left by anything."""
    assert usual([100.0] * 20) == unusual.Usual(100.0, 5.0)
    assert usual([0.0] * 20) == unusual.Usual(0.0, 0.0)
    assert usual([1.0] * 7) is None
    bursts = usual([0.0] * 90 + [50.0] * 10)
    assert bursts is not None
    assert bursts.holds(60.0)


def test_how_many_leave_their_range_in_ordinary_minutes() -> None:
    """Of twelve times five minutes the series was out in one: a twelfth of a series, on average."""
    ordinary = [3.0 + n % 3 * 0.1 for n in range(60)]
    ordinary[31] = 50.0
    one = judge("a", (), points([*ordinary, 3.0, 71.0]), MINUTES)
    assert one.ordinary == pytest.approx(1 / 12, 0.1)
    two = judge("b", (), points([*ordinary[:30], *ordinary[:30], 3.0]), MINUTES)
    found = unusual.host(MINUTES, [one, two], unread=3)
    assert (found.judged, [left.series for left in found.left], found.unread) == (2, ["a"], 3)
    assert found.base_rate == pytest.approx(1 / 24, 0.1)
    assert unusual.host(MINUTES, []).base_rate is None


def test_what_stays_out_is_worse_than_a_point_that_is_out() -> None:
    """A counter of errors that was 1 once, from always 0, comes after a disk that was busy all the time."""
    busy = judge("disk", (), points([5.0 + n % 3 for n in range(60)] + [900.0] * 5), MINUTES)
    blip = judge("errors", (), points([0.0] * 60 + [0.0, 1.0, 0.0, 0.0, 0.0]), MINUTES)
    ours = judge("scenario-web-home/latency-total", (), points([0.0] * 60 + [1.0] * 5), MINUTES)
    found = unusual.host(MINUTES, [blip, ours, busy])
    assert [left.series for left in found.left] == ["disk", "errors", "scenario-web-home/latency-total"]


def test_our_own_series_are_known() -> None:
    """Of each kind, and of our health."""
    assert [*(f"{kind.plugin}-" for kind in KINDS), HEALTH_PLUGIN] == list(unusual.OURS)


def test_the_worst_comes_first() -> None:
    """By how far it is out, then by how much it changed."""
    left = [Left("a", 1, 2, 0, 3.0), Left("b", 1, 9, 0, 50.0), Left("c", 0, 5, 0, 1000.0), Left("d", 4, 5, 0, 1000.0)]
    judged = [JudgedSeries(one, 0.0, 1.0, known=True) for one in left]
    assert [one.series for one in unusual.host(MINUTES, judged).left] == ["c", "d", "b", "a"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=120), st.lists(st.floats(-1e9, 1e9), max_size=20))
def test_whatever_a_series_says_is_judged(day: list[float], recent: list[float]) -> None:
    """What left is out of the range, and its share of ordinary minutes is one."""
    found = judge("x", points(day, start=0, step=7), points(recent), MINUTES)
    assert 0.0 <= found.ordinary <= 1.0
    assert found.left is None or (found.known and MINUTES.start < found.left.since <= MINUTES.end)
