"""What the plugin wrote, read back from collectd's csv files: series, and the runs that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.model import Job, PlannedStep

HOST = "demo"
SUCCESS, WARNINGS, PASSED = "bool-success", "gauge-warnings", "count-passed"

Samples = Mapping[float, float]
"""One series: time → value."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job: when it was, whether it passed, and all its values by their series (``latency-total``)."""

    time: float
    passed: bool
    values: Mapping[str, float]

    @property
    def warned(self) -> bool:
        """Whether there is something to see to although it may have passed."""
        return self.values.get(WARNINGS, 0) > 0


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


def read(folder: Path, job: Job, wanted: Iterable[str] = ()) -> list[Run]:
    """The runs of *job* as far as they are written below *folder*, with the series *wanted* (all, if none is named)."""
    series: dict[str, dict[float, float]] = {}
    names = frozenset(wanted)
    for path in sorted((folder / HOST / f"{job.kind}-{job.instance}").glob("*")):
        name = series_name(path.name)
        if not names or name in names:  # a run over midnight has two files of each
            series.setdefault(name, {}).update(samples(path.read_text(encoding="utf-8")))
    return runs(series)


def runs(series: Mapping[str, Samples]) -> list[Run]:
    """The runs in order of time: all values of a run carry the same time, and each run has a ``bool-success``."""
    return [
        Run(time, success == 1, {name: values[time] for name, values in series.items() if time in values})
        for time, success in sorted(series.get(SUCCESS, {}).items())
    ]


def latency(step: PlannedStep) -> str:
    """The series of a step's latency."""
    return f"response_time-{step.series}"


def failed_step(job: Job, run: Run, timed: Iterable[PlannedStep] = ()) -> PlannedStep | None:
    """The step that ended *run*: steps are run in order, so it is the one after those that passed.

    A scenario sends how many passed.  Else it is the first of those steps that usually send a latency (*timed*) without
    one.
    """
    if run.passed:
        return None
    if PASSED in run.values:
        after = job.steps[int(run.values[PASSED]) :]
        return after[0] if after else None
    return next((step for step in timed if latency(step) not in run.values), None)
