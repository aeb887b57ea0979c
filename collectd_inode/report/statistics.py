"""Many latencies in a few numbers, and in a line of blocks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Spread:
    """Minimum, median, 95th percentile (nearest rank) and maximum of some numbers."""

    least: float
    median: float
    p95: float
    most: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """How *numbers* spread; None where there are none."""
    if not numbers:
        return None
    ordered = sorted(numbers)
    rank = math.ceil(0.95 * len(ordered)) - 1
    return Spread(ordered[0], statistics.median(ordered), ordered[rank], ordered[-1])


def sparkline(numbers: Sequence[float | None], width: int = 40) -> str:
    """*numbers* as blocks from zero to their maximum, at most *width* of them; ``×`` where there is none.

    With more numbers than room, each block stands for several: the highest of them, or none if one of them is missing.
    """
    chunks = _chunks(numbers, width)
    top = max((n for n in numbers if n is not None), default=0.0)
    return "".join("×" if None in chunk else _block(max(n for n in chunk if n is not None), top) for chunk in chunks)


def _chunks(numbers: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    count = min(width, len(numbers))
    edges = [round(i * len(numbers) / count) for i in range(count + 1)] if count else []
    return [numbers[a:b] for a, b in pairwise(edges)]


def _block(number: float, top: float) -> str:
    level = int(number / top * len(_BLOCKS)) if top > 0 else 0
    return _BLOCKS[min(level, len(_BLOCKS) - 1)]
