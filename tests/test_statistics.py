"""Many latencies in a few numbers, and in a line of bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.report.statistics import (
    BARS,
    FAILED,
    NOT_REACHED,
    SPARKLINE_WIDTH,
    Spread,
    percentile,
    sparkline,
    spread,
)


def test_a_spread_is_four_numbers() -> None:
    """Minimum, median, 95th percentile, maximum; nothing where nothing was measured."""
    assert spread([3.0, 1.0, 2.0, 10.0]) == Spread(1.0, 2.5, 10.0, 10.0)
    assert spread([]) is None


def test_percentiles_are_values_that_were_measured() -> None:
    """The nearest rank, never something between two values."""
    assert [percentile([4.0, 1.0, 3.0, 2.0], percent) for percent in (0, 25, 50, 95, 100)] == [1, 1, 2, 4, 4]


def test_a_sparkline_of_many_runs_is_no_wider_than_its_room() -> None:
    """Neighbours share a bar; a failure among them is what shows."""
    values: list[float | str] = [1.0, 8.0, 4.0, FAILED, NOT_REACHED, NOT_REACHED, 2.0, 2.0]
    assert sparkline(values, width=4) == "█✗·▃"


@given(st.lists(st.floats(0, 1e6) | st.sampled_from([FAILED, NOT_REACHED]), max_size=200))
def test_any_runs_have_a_sparkline(values: list[float | str]) -> None:
    """One character a run, at most forty, all of them bars or marks."""
    line = sparkline(values)
    assert len(line) == min(len(values), SPARKLINE_WIDTH)
    assert set(line) <= {*BARS, FAILED, NOT_REACHED}
