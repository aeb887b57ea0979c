"""Observation → one JSON object on one line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from collectd_inode.model import Observation, StepResult, Trouble, Warning
from collectd_inode.report.readings import readings


def line(observation: Observation) -> str:
    """*observation* as JSON; unknown values are null."""
    return json.dumps(as_object(observation), ensure_ascii=False, allow_nan=False)


def as_object(observation: Observation) -> dict[str, Any]:
    """*observation* as the dictionary that its JSON line holds; times in seconds, causes by name."""
    job = observation.job
    return {
        "kind": job.kind,
        "job": job.name,
        "scenario": job.scenario,
        "engine": job.engine,
        "place": str(job.place) or None,
        "tags": list(job.tags),
        "status": observation.status.value,
        "cause": observation.cause.word,
        "message": observation.message,
        **_expectation(observation.trouble),
        "warnings": warning_rows(observation.warnings),
        "time": observation.time,
        "seconds": observation.seconds,
        "elapsed_seconds": observation.elapsed,
        "overhead_seconds": observation.overhead,
        "steps": [_step(step) for step in observation.steps],
        "readings": {f"{r.type}-{r.type_instance}": r.value for r in readings(observation)},
        **({"evidence": observation.evidence} if observation.evidence else {}),
    }


def _expectation(trouble: Trouble | None) -> dict[str, str | None]:
    return {"expected": (trouble and trouble.expected) or None, "found": (trouble and trouble.found) or None}


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "name": step.name,
        "series": step.series,
        "status": step.status.value,
        "cause": step.trouble.cause.word if step.trouble else "none",
        "message": step.trouble.message if step.trouble else "",
        **_expectation(step.trouble),
        "seconds": step.seconds,
        "phases": {**step.phases, **({"network": step.network} if step.network is not None else {})},
        "response_code": step.response_code,
        "bytes": step.bytes,
        "stamps": step.stamps.value if step.stamps else None,
    }


def warning_rows(warnings: Iterable[Warning]) -> list[dict[str, str]]:
    """Warnings as every JSON has them."""
    return [{"code": one.code, "message": one.message} for one in warnings]
