"""Many latencies in a few numbers, and in a line of bars."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BARS = "▁▂▃▄▅▆▇█"
FAILED, NOT_REACHED = "✗", "·"
SPARKLINE_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Spread:
    """Minimum, median, 95th percentile and maximum of some numbers."""

    least: float
    median: float
    p95: float
    most: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """The spread of *numbers*; None where there are none."""
    if not numbers:
        return None
    return Spread(min(numbers), statistics.median(numbers), percentile(numbers, 95), max(numbers))


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest of *numbers* that at least this percentage of them does not exceed (nearest rank)."""
    ordered = sorted(numbers)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def sparkline(values: Sequence[float | str], width: int = SPARKLINE_WIDTH) -> str:
    """A bar a run, from nothing to the highest; marks (`FAILED`, `NOT_REACHED`) stay as they are.

    Where there are more runs than room, neighbours share a bar: a failure among them shows, else the highest.
    """
    highest = max((value for value in values if isinstance(value, float)), default=0.0)
    return "".join(_bar(group, highest) for group in _groups(values, width))


def _groups(values: Sequence[float | str], width: int) -> Iterable[Sequence[float | str]]:
    count = min(len(values), width)
    return (values[len(values) * i // count : len(values) * (i + 1) // count] for i in range(count))


def _bar(group: Sequence[float | str], highest: float) -> str:
    if FAILED in group:
        return FAILED
    numbers = [value for value in group if isinstance(value, float)]
    if not numbers:
        return NOT_REACHED
    level = max(numbers) / highest if highest > 0 else 0.0
    return BARS[min(len(BARS) - 1, int(level * len(BARS)))]
