"""Limits from history: by the largest values, without outages, and how often they would have told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.report.suggestions import (
    Period,
    Suggestion,
    ThresholdSeries,
    sentence,
    suggest,
    two_digits,
    written,
)

STEP = 2220.0
SERIES = ThresholdSeries("scenario", "shop-browsing", "response_time", "go_to", 'I go to "/"', instance="web1")
MONTH = Period(31 * 86400.0, 1_763_800_000.0)


def points(*numbers: float) -> list[tuple[float, float]]:
    return [(STEP * n, number) for n, number in enumerate(numbers, 1)]


def test_a_limit_and_how_often_it_would_have_told() -> None:
    """Twice: two points in a row are one alarm."""
    usual = [0.5 + n % 4 / 8 for n in range(1000)]
    most = points(*usual, 3.99, 3.5, *usual[:200], 2.0, 0.5)
    success = points(*[1.0] * len(most))
    found = suggest(SERIES, most, success)
    assert found == Suggestion(SERIES, 1204, 0, STEP, 0.75, 0.875, 3.99, 1.4, 2)
    assert sentence(found, MONTH) == (
        'I go to "/": n 1204 of 37 min each, p50 0.75 s, p99 0.875 s, max 3.99 s; would have alarmed 2 times in 31 d'
    )


def test_outages_are_left_out() -> None:
    """The deadline that a step ran into is no latency, however often it did."""
    most = points(*[0.4] * 50, *[30.0] * 40, *[0.4] * 50)
    success = points(*[1.0] * 50, *[0.0] * 39, 0.5, *[1.0] * 50)
    found = suggest(SERIES, most, success)
    assert (found.count, found.left_out, found.most, found.limit, found.alarms) == (100, 40, 0.4, 0.6, 0)


def test_too_few_points_make_no_limit() -> None:
    """It is said how many there are."""
    found = suggest(SERIES, points(*[0.4] * 25), points(*[0.0] * 10))
    assert (found.count, found.limit) == (15, None)
    assert (
        sentence(found, MONTH) == 'I go to "/": n 15, 10 left out: too few for a limit; a shorter --last has finer ones'
    )
    assert suggest(SERIES, (), ()).count == 0


@pytest.mark.parametrize(
    ("number", "limit"),
    [(0.681, "0.69"), (3.99, "4"), (12.01, "13"), (123.0, "130"), (0.01, "0.01"), (0.6, "0.6"), (0.0, "0.000001")],
)
def test_two_significant_digits(number: float, limit: str) -> None:
    """Rounded up, and written without an exponent."""
    assert written(two_digits(number)) == limit


@given(st.floats(1e-6, 1e6))
def test_a_limit_is_hardly_above_its_number(number: float) -> None:
    """By a tenth at most, and never below."""
    found = two_digits(number)
    assert number * (1 - 1e-6) <= found <= number * 1.1 * (1 + 1e-6)
    assert math.isclose(float(written(found)), found)
