"""Observation → value lists, under the identities that dashboards and alarms are built on.

Only types of collectd's own types.db.  ``bool-success``, ``gauge-cause`` and ``gauge-warnings`` go out every interval,
whatever happened; a step that failed or was not reached has no latency, because NaN would clear a firing threshold
and a fast failure would look healthy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode.report.readings import SCENARIO, readings
from collectd_inode.run import Detail, Job, Observation, PlannedStep, StepResult
from collectd_inode.wire import Phase

HEALTH_PLUGIN = "inode_probe"
HEALTH_INTERVAL = 60.0


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
    """*value* as types.db takes it: what is out of range would be stored as unknown, and read as OKAY."""
    return min(max(value, -_MOST), _MOST) if type in _LIMITED else value


Row = tuple[str, str, float]


def _rows(observation: Observation) -> Iterator[Row]:
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
    if step.response_code is not None:
        yield "response_code", step.series, float(step.response_code)
    if step.bytes is not None:
        yield "bytes", step.series, float(step.bytes)


def series(job: Job) -> list[str]:
    """The identities that *job* may send, as far as they are known before it has run.

    Certificates' days left are known by host name only when the hosts have been met.
    """
    rows = [("bool", "success"), ("gauge", "cause"), ("gauge", "warnings")]
    if job.trouble is None:
        rows += [("duration", "elapsed")]
        rows += [("latency", "total")] if any(step.navigates for step in job.steps) else []
        rows += _SUMMED_UP if job.kind == SCENARIO else []
        rows += [row for step in job.steps for row in _step_series(step, job.detail)]
        rows += job.readings
    return [identity(job.kind, job.instance, type, type_instance) for type, type_instance in rows]


_SUMMED_UP = [("count", "passed"), ("response_code", "last"), *(("duration", phase) for phase in (*Phase, "overhead"))]


def _step_series(step: PlannedStep, detail: Detail) -> list[tuple[str, str]]:
    if detail is Detail.SCENARIO or not step.navigates:
        return []
    rows = [("response_time", step.series)]
    if detail is Detail.PHASE:
        rows += [("duration", f"{step.series}-{phase}") for phase in Phase]
        rows += [("response_code", step.series), ("bytes", step.series)]
    return rows


def health(*, loop_lag: float, jobs: int, late: int, config_errors: int, time: float) -> list[Value]:
    """How the plugin itself fares: sent every minute."""
    rows: list[Row] = [
        ("latency", "loop_lag", loop_lag),
        ("count", "jobs", float(jobs)),
        ("count", "late", float(late)),
        ("gauge", "config_errors", float(config_errors)),
    ]
    return [Value("", HEALTH_PLUGIN, "", *row, time, HEALTH_INTERVAL) for row in rows]
