"""Scenarios of one block with equal titles: all run, each under a series of its own.

The first in the order of paths and lines keeps its series.  A later one gets its feature's name behind it, or its
file's, or a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from collectd_inode.model import Place, Problem
from collectd_inode.names import SLUG_BYTES, slug


@dataclass(frozen=True, slots=True)
class Titled:
    """A scenario as it was read: the series that its title or comment gives it, its feature's title, its place."""

    series: str
    feature: str
    place: Place
    is_row: bool = False
    """Whether it is a row of an outline, which can have no comment of its own."""
    block: str = ""
    """Only scenarios of the same one meet."""


def told_apart(scenarios: Sequence[Titled]) -> tuple[list[str], list[Problem]]:
    """The series of each scenario, in the order given; and a warning for each that could not keep its own."""
    taken = {(scenario.block, scenario.series) for scenario in scenarios}
    first: dict[tuple[str, str], Titled] = {}
    series = [scenario.series for scenario in scenarios]
    warnings = []
    for index in sorted(range(len(scenarios)), key=lambda i: (scenarios[i].place.path, scenarios[i].place.line)):
        scenario = scenarios[index]
        before = first.setdefault((scenario.block, scenario.series), scenario)
        if before is not scenario:
            series[index] = next(name for name in _names(scenario) if (scenario.block, name) not in taken)
            taken.add((scenario.block, series[index]))
            warnings.append(_warning(scenario, before, series[index]))
    return series, warnings


def _names(scenario: Titled) -> Iterator[str]:
    """Other names for a scenario, best first."""
    titles = (scenario.feature, Path(scenario.place.path).stem)
    yield from (slug(f"{scenario.series}_{slug(title)}") for title in titles if title)
    for number in count(2):
        yield scenario.series[: SLUG_BYTES - len(f"_{number}")] + f"_{number}"


def _warning(scenario: Titled, first: Titled, series: str) -> Problem:
    where = "a comment line above its outline" if scenario.is_row else "a comment line above it"
    name = f"{series}_<column>" if scenario.is_row else series
    what = (
        f'its title gives the series "{scenario.series}", which the scenario at {first.place} has already: it is stored'
        f' as "{series}", until an earlier file has that title, too; {where} keeps the name: # series: {name}'
    )
    return Problem(what, scenario.place)
