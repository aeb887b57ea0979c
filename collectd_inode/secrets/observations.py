"""An observation without its secrets."""

from __future__ import annotations

from dataclasses import replace

from collectd_inode.model import Fact, Observation, StepResult, Trouble, Warning
from collectd_inode.secrets.redactor import Redactor


def redacted(observation: Observation, redact: Redactor) -> Observation:
    """The same, with what *redact* hides hidden in each text of it."""
    if redact.pattern is None:
        return observation
    return replace(
        observation,
        steps=tuple(_step(step, redact) for step in observation.steps),
        trouble=_trouble(observation.trouble, redact),
        traceback=redact(observation.traceback),
        warnings=tuple(Warning(w.code, redact(w.message)) for w in observation.warnings),
        facts=tuple(Fact(redact(fact.what), redact(fact.value)) for fact in observation.facts),
    )


def _step(step: StepResult, redact: Redactor) -> StepResult:
    planned = replace(step.planned, name=redact(step.name), below=tuple(map(redact, step.planned.below)))
    return replace(
        step,
        planned=planned,
        trouble=_trouble(step.trouble, redact),
        because=redact(step.because),
        shown=tuple(map(redact, step.shown)),
    )


def _trouble(trouble: Trouble | None, redact: Redactor) -> Trouble | None:
    if trouble is None:
        return None
    return replace(
        trouble, message=redact(trouble.message), expected=redact(trouble.expected), found=redact(trouble.found)
    )
