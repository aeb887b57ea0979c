"""Observation → one JSON object on one line."""

from __future__ import annotations

import json
from typing import Any

from collectd_inode.report.readings import readings
from collectd_inode.run import Observation, StepResult


def line(observation: Observation) -> str:
    """*observation* as JSON; what is not known is null."""
    return json.dumps(as_object(observation), ensure_ascii=False, allow_nan=False)


def as_object(observation: Observation) -> dict[str, Any]:
    """*observation* as the dictionary that its JSON line holds; times in seconds, causes by name."""
    job = observation.job
    return {
        "kind": job.kind,
        "job": job.name,
        "scenario": job.scenario,
        "status": observation.status.value,
        "cause": observation.cause.word,
        "message": observation.message,
        "warnings": [{"code": warning.code, "message": warning.message} for warning in observation.warnings],
        "time": observation.time,
        "seconds": observation.seconds,
        "elapsed_seconds": observation.elapsed,
        "overhead_seconds": observation.overhead,
        "steps": [_step(step) for step in observation.steps],
        "readings": {f"{r.type}-{r.type_instance}": r.value for r in readings(observation)},
        **({"evidence": observation.evidence} if observation.evidence else {}),
    }


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "name": step.name,
        "series": step.series,
        "status": step.status.value,
        "cause": step.trouble.cause.word if step.trouble else "none",
        "message": step.trouble.message if step.trouble else "",
        "seconds": step.seconds,
        "phases": dict(step.phases),
        "response_code": step.response_code,
        "bytes": step.bytes,
        "stamps": step.stamps.value if step.stamps else None,
    }
