"""Many latencies in a few numbers, and in a line of blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.report.repeat import repeated
from collectd_inode.report.statistics import BARS, FAILED, NOT_REACHED, Spread, percentile, sparkline, spread
from collectd_inode.report.style import PLAIN
from collectd_inode.run import Run
from tests.helpers.examples import OPEN, exchange, observed, passing

TIMES = st.floats(0, 1000)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], None),
        ([3.0], Spread(3, 3, 3, 3)),
        ([2.0, 1.0], Spread(1, 1.5, 2, 2)),
        ([float(n) for n in range(1, 21)], Spread(1, 10.5, 19, 20)),
        ([float(n) for n in range(100, 0, -1)], Spread(1, 50.5, 95, 100)),
    ],
)
def test_a_spread(numbers: list[float], expected: Spread | None) -> None:
    """The 95th percentile is one of the numbers: nearest rank."""
    assert spread(numbers) == expected


def test_percentiles_are_values_that_were_measured() -> None:
    """The nearest rank, never something between two values."""
    assert [percentile([4.0, 1.0, 3.0, 2.0], percent) for percent in (0, 25, 50, 95, 100)] == [1, 1, 2, 4, 4]


@given(st.lists(TIMES, min_size=1))
def test_a_spread_is_in_order(numbers: list[float]) -> None:
    """Least, median, p95, most."""
    found = spread(numbers)
    assert found is not None
    assert found.least <= found.median <= found.most
    assert found.p95 in numbers


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        ([], ""),
        ([1.0], "█"),
        ([0.0, 0.0], "▁▁"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], "▁▂▃▄▅▆▇██"),
        ([1.0, FAILED, 1.0, NOT_REACHED], "█✗█·"),
        ([FAILED], "✗"),
    ],
)
def test_a_sparkline(numbers: list[float | str], line: str) -> None:
    """From zero to the maximum; marks for runs that failed there, or before."""
    assert sparkline(numbers) == line


def test_a_long_sparkline_hides_no_failure() -> None:
    """Each block stands for several runs: the highest, or the mark of a failure among them."""
    marked: list[float | str] = [1.0, 8.0, 1.0, NOT_REACHED, 8.0, FAILED, NOT_REACHED, NOT_REACHED]
    assert sparkline(marked, width=4) == "█▂✗·"


@given(st.lists(st.one_of(TIMES, st.sampled_from([FAILED, NOT_REACHED]))), st.integers(1, 60))
def test_a_sparkline_s_width(numbers: list[float | str], width: int) -> None:
    """As many bars or marks as numbers, but no more than there is room for."""
    line = sparkline(numbers, width)
    assert len(line) == min(width, len(numbers))
    assert set(line) <= {*BARS, FAILED, NOT_REACHED}


def test_the_end_of_many_runs() -> None:
    """A table for each scenario; steps that ask nothing are not in it; the first failure is told on one line."""

    async def refused(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.REFUSED, "503\nService Unavailable")

    async def slower(run: Run) -> None:
        with run.step(OPEN):
            run.exchange(exchange(processing=1.5))

    runs = [observed(probe) for probe in (passing, refused, slower)]
    assert repeated(runs, PLAIN).splitlines() == [
        "Home: 1 of 3 runs bad",
        "  first: refused: 503 Service Unavailable",
        " " * 46 + "        min     median        p95        max",
        f"  {'go to ' + chr(34) + '/' + chr(34):44}   250.0 ms   875.0 ms    1.500 s    1.500 s  ▂✗█",
    ]
    assert repeated([observed(passing)], PLAIN).splitlines()[0] == "Home: 1 run, all passed"
