"""Observation → value lists, under the identities that dashboards and alarms are built on.

Only types of collectd's own types.db.  ``bool-success``, ``gauge-cause`` and ``gauge-warnings`` go out every interval,
whatever happened; a step that failed or was not reached has no latency, because NaN would clear a firing threshold
and a fast failure would look healthy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode import __version__
from collectd_inode.kinds import kind_of
from collectd_inode.model import NETWORK, Detail, Job, Observation, PlannedStep, ReplayEngine, Standing, StepResult
from collectd_inode.reference import SeriesRow, readings_of
from collectd_inode.report.readings import readings

HEALTH_PLUGIN = "inode_probe"
HEALTH_INTERVAL = 60.0

EVERY_KIND = (
    SeriesRow("bool", "success", "0 or 1", "1: the run passed; 0: it failed, or could not run", "**every interval**"),
    SeriesRow("gauge", "cause", "number", "the reason for the failure: Causes_; 0: none", "every interval"),
    SeriesRow("gauge", "warnings", "count", "the number of Warnings_", "every interval"),
    SeriesRow("duration", "elapsed", "seconds", "the wall time of the run", "every run, failed ones too"),
)
"""The series of every kind of job; a job that cannot run sends the first three."""
HEALTH = (
    SeriesRow("latency", "loop_lag", "seconds", "the longest delay of the loop's wake-up", "every minute"),
    SeriesRow("count", "jobs", "jobs", "the number of scenarios and other jobs", "every minute"),
    SeriesRow("count", "late", "runs", "runs that started more than a second late, or were left out", "every minute"),
    SeriesRow("gauge", "config_errors", "count", "mistakes in configuration and feature files", "every minute"),
    SeriesRow("gauge", "version", "number", "our version, two digits a part: 1.2.3 is 10203", "every minute"),
    SeriesRow(
        "count", "lost", "lines", "values and notifications that collectd rejected, or that waited more than a minute",
        "every minute, by ``exec`` and ``serve``",
    ),
)  # fmt: skip
"""The series about the plugin itself."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value list: ``host/plugin-plugin_instance/type-type_instance``, its value and when it was true.

    An empty host is the daemon's own.
    """

    host: str
    plugin: str
    plugin_instance: str
    type: str
    type_instance: str
    value: float
    time: float
    interval: float

    @property
    def identity(self) -> str:
        """The identity in collectd's notation, without the host."""
        return identity(self.plugin, self.plugin_instance, self.type, self.type_instance)


def identity(plugin: str, plugin_instance: str, type: str, type_instance: str) -> str:
    """``plugin-plugin_instance/type-type_instance``, in collectd's notation."""
    return "/".join("-".join(filter(None, pair)) for pair in ((plugin, plugin_instance), (type, type_instance)))


def values(observation: Observation, time: float) -> list[Value]:
    """The value lists of *observation*, dated *time* (the run's slot, epoch seconds)."""
    job = observation.job
    return [
        Value(job.host, job.kind, job.instance, type, type_instance, _in_range(type, value), time, job.interval)
        for type, type_instance, value in _rows(observation)
    ]


_MOST = 999_999.0
_LIMITED = frozenset({"time_offset", "delay", "time_dispersion", "frequency_offset"})


def _in_range(type: str, value: float) -> float:
    """*value* within types.db's range: one beyond it would be stored as unknown, and read as OKAY."""
    return min(max(value, -_MOST), _MOST) if type in _LIMITED else value


Row = tuple[str, str, float]


def _rows(observation: Observation) -> Iterator[Row]:
    if observation.standing is not Standing.NOT_YET:
        yield "bool", "success", float(observation.passed)
    yield "gauge", "cause", float(observation.cause)
    yield "gauge", "warnings", float(len(observation.warnings))
    if not observation.ran:
        return
    yield "duration", "elapsed", observation.elapsed
    if observation.seconds is not None:
        yield "latency", "total", observation.seconds
    for reading in readings(observation):
        if reading.dispatched:
            yield reading.type, reading.type_instance, float(reading.value)
    for step in observation.steps:
        yield from _step_rows(step, observation.job.detail)


def _step_rows(step: StepResult, detail: Detail) -> Iterator[Row]:
    if detail is Detail.SCENARIO:
        return
    if step.seconds is not None:
        yield "response_time", step.series, step.seconds
    if detail is not Detail.PHASE:
        return
    for phase, seconds in step.phases.items():
        yield "duration", f"{step.series}-{phase}", seconds
    if step.network is not None:
        yield "duration", f"{step.series}-{NETWORK}", step.network
    if step.response_code is not None:
        yield "response_code", step.series, float(step.response_code)
    if step.bytes is not None:
        yield "bytes", step.series, float(step.bytes)


@dataclass(frozen=True, slots=True)
class Series:
    """A series that a job may send: the step that it is of, if it is of one, its type and type instance."""

    step: PlannedStep | None
    type: str
    type_instance: str


def series_of(job: Job) -> list[Series]:
    """The series that *job* may send, as far as they are known before it has run.

    Certificates' days left are known by host name only when the hosts have been met.
    """
    rows = list(readings_of(EVERY_KIND))
    if job.trouble is not None:
        return [Series(None, *row) for row in rows[:3]]
    rows += [("latency", "total")] if any(step.navigates for step in job.steps) else []
    rows += _summed_up(job) if kind_of(job.kind).sums_up else []
    steps = [Series(step, *row) for step in job.steps for row in _step_series(step, job)]
    return [*(Series(None, *row) for row in rows), *steps, *(Series(None, *row) for row in job.readings)]


def series(job: Job) -> list[str]:
    """The same as identities, without the host."""
    return [identity(job.kind, job.instance, one.type, one.type_instance) for one in series_of(job)]


def _summed_up(job: Job) -> list[tuple[str, str]]:
    """The values of the whole run; the wire's phases are known where it is ours."""
    parts = (job.engine or ReplayEngine.PLAIN).of_run
    return [("count", "passed"), ("response_code", "last"), *(("duration", part) for part in parts)]


def _step_series(step: PlannedStep, job: Job) -> list[tuple[str, str]]:
    if job.detail is Detail.SCENARIO or not step.navigates:
        return []
    rows = [("response_time", step.series)]
    if job.detail is Detail.PHASE:
        parts = (job.engine or ReplayEngine.PLAIN).of_step
        rows += [("duration", f"{step.series}-{part}") for part in parts]
        rows += [("response_code", step.series), ("bytes", step.series)]
    return rows


def version_number(version: str) -> float:
    """A version as one number that grows with it, two digits a part: 1.2.3 is 10203."""
    parts = [*re.findall(r"\d+", version), "0", "0"][:3]
    return float(sum(int(part) * 100**place for part, place in zip(parts, (2, 1, 0), strict=True)))


def health(
    *,
    loop_lag: float,
    jobs: int,
    late: int,
    config_errors: int,
    time: float,
    instance: str = "",
    lost: int | None = None,
) -> list[Value]:
    """The plugin's own health: sent every minute.

    A door that is no part of collectd's process has an *instance* of its own, and counts the values that were *lost*
    on their way.
    """
    numbers = [loop_lag, jobs, late, config_errors, version_number(__version__), *([] if lost is None else [lost])]
    return [
        Value("", HEALTH_PLUGIN, instance, row.type, row.instance, float(number), time, HEALTH_INTERVAL)
        for row, number in zip(HEALTH, numbers, strict=False)
    ]
