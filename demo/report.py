"""What the plugin wrote, read back from collectd's csv files: runs, a table a step, sparklines, pictures.

Everything here is pure: text goes in, text or arguments for ``rrdtool graph`` come out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    return name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 1] + "…"


# From RRD files to pictures -------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 900, 260
# Told apart by people who see colours in other ways, too; red is kept for failures.
PALETTE = ("#3b75af", "#ef8636", "#7bb8b3", "#5a9d4e", "#e6c34a", "#a779a0", "#94735e", "#8f98a3")
FAILURE_BAND, FAILURE_EDGE = "#d6273033", "#d62730"
_COLOURS = {
    "BACK": "#ffffff",
    "CANVAS": "#ffffff",
    "SHADEA": "#ffffff",
    "SHADEB": "#ffffff",
    "FRAME": "#c8ccd0",
    "AXIS": "#9aa0a6",
    "ARROW": "#00000000",
    "GRID": "#00000012",
    "MGRID": "#00000024",
    "FONT": "#30363c",
}


def graph_arguments(
    scenario: Scenario, steps: Sequence[Step], *, folder: str, picture: str, start: int, end: int
) -> list[str]:
    """What ``rrdtool graph`` needs to stack the *steps* over time, with a red band where the scenario failed.

    *folder*, a path without colons, holds the scenario's RRD files; *steps*, in the feature's order, have one each.
    """
    names = max([len("milliseconds"), *(len(shown(step.name)) for step in steps)])
    return [
        picture,
        *_layout(scenario, start, end),
        *_failure_band(folder),
        # Two blanks are as wide as the coloured box in front of each name below.
        f"COMMENT:  {'milliseconds':<{names}}     last      avg      max\\l",
        *(argument for index, step in enumerate(steps) for argument in _stacked(folder, step, index, names)),
        *_total(steps, names),
        "COMMENT:\\s",
        *_failure_legend(folder),
    ]


def _layout(scenario: Scenario, start: int, end: int) -> list[str]:
    colours = [part for name, colour in _COLOURS.items() for part in ("--color", f"{name}{colour}")]
    return [
        *("--start", str(start), "--end", str(end)),
        *("--width", str(WIDTH), "--height", str(HEIGHT)),
        *("--title", scenario.name),
        *("--vertical-label", "milliseconds"),
        *("--lower-limit", "0", "--units-exponent", "0", "--units-length", "6"),
        *("--font", "DEFAULT:9:DejaVu Sans Mono", "--font", "TITLE:12:DejaVu Sans", "--font", "AXIS:8:DejaVu Sans"),
        # The right axis makes room for the last label below.
        *("--right-axis", "1:0", "--right-axis-format", "%lg"),
        *("--border", "0", "--slope-mode", "--disable-rrdtool-tag"),
        *colours,
    ]


def _failure_band(folder: str) -> list[str]:
    return [
        f"DEF:success={folder}/bool-success.rrd:value:MIN",
        # RRD parts a value among the two steps that it touches: of a failed run, one gets at least half.
        "CDEF:failed=success,0.5,LE,INF,UNKN,IF",
        f"AREA:failed{FAILURE_BAND}",
    ]


def _failure_legend(folder: str) -> list[str]:
    # Drawn a second time, without height: the legend comes last and in the colour's full strength.
    return [
        # The average, unlike the band's minimum, counts a point at the edge of an outage for its share only.
        f"DEF:share={folder}/bool-success.rrd:value:AVERAGE",
        "CDEF:bad=1,share,-,100,*",
        "CDEF:nothing=success,UN,0,0,IF",
        f"AREA:nothing{FAILURE_EDGE}66:scenario failed",
        "GPRINT:bad:AVERAGE:in %3.0lf %% of the time\\l",
    ]


def _stacked(folder: str, step: Step, index: int, names: int) -> list[str]:
    colour = PALETTE[index % len(PALETTE)]
    legend = _escaped(f"{shown(step.name):<{names}}")
    return [
        f"DEF:v{index}={folder}/response_time-{step.series}.rrd:value:AVERAGE",
        f"CDEF:ms{index}=v{index},1000,*",
        f"AREA:ms{index}{colour}:{legend}" + (":STACK" if index else ""),
        *_numbers(f"ms{index}"),
    ]


def _total(steps: Sequence[Step], names: int) -> list[str]:
    if len(steps) < 2:
        return []
    total = ",".join([f"ms{index}" for index in range(len(steps))] + ["+"] * (len(steps) - 1))
    return [f"CDEF:total={total}", f"COMMENT:  {'all steps':<{names}}", *_numbers("total")]


def _numbers(name: str) -> list[str]:
    return [
        f"GPRINT:{name}:LAST:%7.2lf",
        f"GPRINT:{name}:AVERAGE:%7.2lf",
        f"GPRINT:{name}:MAX:%7.2lf\\l",
    ]


def _escaped(text: str) -> str:
    """*text* where rrdtool parts arguments at colons; a backslash it would take for the start of something."""
    return text.replace("\\", "\N{SET MINUS}").replace(":", "\\:")
