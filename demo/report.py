"""What the plugin wrote, read back from collectd's csv files: runs, a table a step, sparklines.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectd_inode.report.notification import shortened
from collectd_inode.report.statistics import FAILED, NOT_REACHED, sparkline, spread

Samples = Mapping[float, float]
"""One series: time → value."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step as its author wrote it, and the name of its series."""

    name: str
    series: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario whose values are under ``scenario-INSTANCE``, with its steps in the feature's order."""

    job: str
    title: str
    instance: str
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """As people would call it: ``webhome: Visiting home and contact pages``."""
        return f"{self.job}: {self.title}"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: when, how it ended, and the seconds of those of its steps that asked the network."""

    time: float
    passed: bool
    steps_passed: int
    seconds: Mapping[str, float]

    @property
    def total(self) -> float:
        """The seconds of all its steps."""
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True)
class Row:
    """One step over all runs: its latencies in order of time, and how often it was the step that failed."""

    step: Step
    seconds: tuple[float, ...]
    failures: int
    sparkline: str


# From csv files to runs -----------------------------------------------------------------------------------------------


def samples(text: str) -> dict[float, float]:
    """A csv file of collectd's: a heading, then ``time,value``; an unfinished last line waits for its rest."""
    found = {}
    for line in text.splitlines(keepends=True)[1:]:
        time, _, value = line.partition(",")
        if line.endswith("\n") and value.strip() != "nan":
            found[float(time)] = float(value)
    return found


def series_name(file_name: str) -> str:
    """``response_time-go_home-2026-11-22`` is a day's file of the series ``response_time-go_home``."""
    return file_name.rsplit("-", 3)[0]


def runs(scenario: Scenario, series: Mapping[str, Samples]) -> list[Run]:
    """The runs in order of time: all values of a run carry the same time."""
    success = series.get("bool-success", {})
    passed = series.get("count-passed", {})
    latencies = {step.series: series.get(f"response_time-{step.series}", {}) for step in scenario.steps}
    return [
        Run(
            time,
            success[time] == 1,
            int(passed.get(time, 0)),
            {name: values[time] for name, values in latencies.items() if time in values},
        )
        for time in sorted(success)
    ]


def failed_step(scenario: Scenario, run: Run) -> Step | None:
    """The step that ended the run: steps are run in order, so it is the one after those that passed."""
    if run.passed or run.steps_passed >= len(scenario.steps):
        return None
    return scenario.steps[run.steps_passed]


# From runs to a table -------------------------------------------------------------------------------------------------


def rows(scenario: Scenario, all_runs: Sequence[Run]) -> list[Row]:
    """One row a step, in the feature's order."""
    return [_row(scenario, step, all_runs) for step in scenario.steps]


def _row(scenario: Scenario, step: Step, all_runs: Sequence[Run]) -> Row:
    failures = [run for run in all_runs if failed_step(scenario, run) == step]
    seconds = tuple(run.seconds[step.series] for run in all_runs if step.series in run.seconds)
    line: list[float | str] = [
        FAILED if run in failures else run.seconds.get(step.series, NOT_REACHED) for run in all_runs
    ]
    return Row(step, seconds, len(failures), sparkline(line) if seconds or failures else "")


def milliseconds(seconds: float) -> str:
    """Three digits that mean something: ``0.42``, ``5.31``, ``42.0``, ``1234``."""
    value = seconds * 1000
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


HEADINGS = ("min", "median", "p95", "max", "failed")


def table(scenario: Scenario, all_runs: Sequence[Run]) -> str:
    """Milliseconds a step, how often it failed, and its sparkline; steps that ask nothing of the network have none."""
    cells = [(row, _cells(row)) for row in rows(scenario, all_runs)]
    names = max([len("milliseconds"), *(len(shown(step.name)) for step in scenario.steps)])
    widths = [max(7, len(heading) + 2) for heading in HEADINGS]
    bad = sum(not run.passed for run in all_runs)
    lines = [
        f"{scenario.name}: {len(all_runs)} runs, {bad} failed",
        f"  {'milliseconds':<{names}}{_columns(HEADINGS, widths)}",
    ]
    for row, texts in cells:
        lines.append(f"  {shown(row.step.name):<{names}}{_columns(texts, widths)}  {row.sparkline}".rstrip())
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    failures = str(row.failures) if row.failures else "–"
    found = spread(row.seconds)
    if found is None:
        return ("–", "–", "–", "–", failures)
    numbers = (found.least, found.median, found.p95, found.most)
    return (*map(milliseconds, numbers), failures)


def _columns(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))


NAME_WIDTH = 60


def shown(name: str) -> str:
    """A step's name, cut where it would not leave room for its numbers."""
    return shortened(name, NAME_WIDTH)
