"""What all runs of a job were like: a table a job, with a sparkline a row.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectd_inode.clock.diagnosis import Diagnosis
from collectd_inode.model import Detail, Job, Phase
from collectd_inode.report.statistics import FAILED, NOT_REACHED, sparkline, spread
from collectd_inode.words import plural, shortened
from demo.configuration import OFF
from demo.values import Run, failed_step, latency

NAME_WIDTH = 48
HEADINGS = ("min", "median", "p95", "max", "bad")
_WIDTH = 8
_SEEN = 1.0
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name, its numbers (seconds), how often it was bad, and a bar a run."""

    name: str
    seconds: tuple[float, ...]
    bad: int
    sparkline: str


def name(job: Job) -> str:
    """As people would call it: ``webhome: Visiting home and contact pages``."""
    return ": ".join(filter(None, (job.name, job.scenario or _ABOUT.get(job.kind))))


_ABOUT = {"smarthost": "the way out for mail", "ntp": "offsets of the time servers", "clock": "this machine's clock"}


# A table --------------------------------------------------------------------------------------------------------------


def heading() -> str:
    """The line above all tables."""
    return f"{'milliseconds':<{NAME_WIDTH + 2}}{_columns(HEADINGS)}"


def table(job: Job, runs: Sequence[Run]) -> list[str]:
    """How often it ran, then a row for each thing that was measured."""
    bad, warned = sum(not run.passed for run in runs), sum(run.warned for run in runs)
    counted = f"{plural(len(runs), 'run')}, {bad} failed" + (f", {warned} with warnings" if warned else "")
    return [f"{name(job)}: {counted}", *map(_line, rows(job, runs))]


def rows(job: Job, runs: Sequence[Run]) -> list[Row]:
    """The rows of a job, as its kind wants them."""
    return list(_ROWS[job.kind](job, runs))


def _line(row: Row) -> str:
    return f"  {shortened(row.name, NAME_WIDTH):<{NAME_WIDTH}}{_columns(_cells(row))}  {row.sparkline}".rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    bad = str(row.bad) if row.bad else _NONE
    if found := spread(row.seconds):
        return (*map(milliseconds, (found.least, found.median, found.p95, found.most)), bad)
    return (_NONE, _NONE, _NONE, _NONE, bad) if row.bad else ("",) * len(HEADINGS)


def _columns(texts: Sequence[str]) -> str:
    return "".join(text.rjust(_WIDTH) for text in texts)


def milliseconds(seconds: float) -> str:
    """Three digits that mean something: ``0.42``, ``5.31``, ``42.0``, ``1234``; and ``1200 s``."""
    if abs(seconds) >= 10:
        return f"{seconds:.0f} s"
    value = seconds * 1000
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"


# Rows -----------------------------------------------------------------------------------------------------------------


def _step_rows(job: Job, runs: Sequence[Run]) -> Iterator[Row]:
    """A row for each step that asked the network or failed; below it its phases, where they are sent."""
    timed = [step for step in job.steps if any(latency(step) in run.values for run in runs)]
    ended = [failed_step(job, run, timed) for run in runs]
    for step in job.steps:
        if step in timed or step in ended:
            yield _row(step.name, latency(step), runs, [where == step for where in ended])
        if job.detail is Detail.PHASE:
            series = {phase: f"duration-{step.series}-{phase}" for phase in Phase}
            sent = [phase for phase in Phase if any(series[phase] in run.values for run in runs)]
            yield from (_row(f"  {phase}", series[phase], runs) for phase in sent)


def _server_rows(job: Job, runs: Sequence[Run]) -> Iterator[Row]:
    """A row for each time server; it is bad when it is far from what the others agree on."""
    for step in job.steps:
        series = f"time_offset-{step.series}"
        yield _row(step.name, series, runs, [_outvoted(run, series) for run in runs])


def _outvoted(run: Run, series: str) -> bool:
    offset, consensus = run.values.get(series), run.values.get("time_offset-consensus")
    return offset is not None and consensus is not None and abs(offset - consensus) > OFF


def _diagnosis_rows(job: Job, runs: Sequence[Run]) -> Iterator[Row]:
    """A row for each diagnosis that was made, with a bar where it was."""
    for diagnosis in Diagnosis:
        made = [run.values.get("gauge-diagnosis") == diagnosis for run in runs]
        if any(made):
            bars: list[float | str] = [_SEEN if here else NOT_REACHED for here in made]
            yield Row(f"{diagnosis.words}, {plural(sum(made), 'time')}", (), 0, sparkline(bars))


def _row(name: str, series: str, runs: Sequence[Run], bad: Sequence[bool] = ()) -> Row:
    marks = bad or [False] * len(runs)
    seconds = tuple(run.values[series] for run in runs if series in run.values)
    line: list[float | str] = [
        FAILED if here else run.values.get(series, NOT_REACHED) for run, here in zip(runs, marks, strict=True)
    ]
    return Row(name, seconds, sum(marks), sparkline(line))


_ROWS: Mapping[str, Callable[[Job, Sequence[Run]], Iterator[Row]]] = {
    "scenario": _step_rows,
    "smarthost": _step_rows,
    "ntp": _server_rows,
    "clock": _diagnosis_rows,
}


def measured(job: Job, type: str, type_instance: str) -> str:
    """What a series is of: ``I follow "Shop", processing``; ``127.0.0.1, offset``; else its name as it is stored."""
    for step in job.steps:
        series, _, phase = type_instance.rpartition("-")
        if type_instance == step.series:
            return f"{step.name}, offset" if type == "time_offset" else step.name
        if series == step.series and phase in set(Phase):
            return f"{step.name}, {phase}"
    return f"{type}-{type_instance}"
