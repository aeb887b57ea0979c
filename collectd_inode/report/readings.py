"""The numbers of an observation beside its steps' latencies, for the value lists and the JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from collectd_inode.kinds import kind_of
from collectd_inode.model import Observation, Phase, Reading, Status, StepResult


def readings(observation: Observation) -> tuple[Reading, ...]:
    """Everything an observation measured that is not a step's own, under its type and type instance."""
    own = _sums(observation) if kind_of(observation.job.kind).sums_up else ()
    return (*own, *observation.readings)


def _sums(observation: Observation) -> Iterator[Reading]:
    if not observation.ran:
        return
    yield Reading("count", "passed", sum(step.status is Status.PASSED for step in observation.steps))
    code = last_response_code(_until_the_end(observation))
    if code is not None:
        yield Reading("response_code", "last", code)
    if observation.passed:
        for phase, seconds in total_phases(step for step in observation.steps if step.trouble is None).items():
            yield Reading("duration", phase, seconds)
        if observation.overhead is not None:
            yield Reading("duration", "overhead", observation.overhead)


def _until_the_end(observation: Observation) -> tuple[StepResult, ...]:
    """The steps up to the one that ended the run, without the clean-up steps after it."""
    bad = observation.bad_step
    return observation.steps[: observation.steps.index(bad) + 1] if bad is not None else observation.steps


def last_response_code(steps: tuple[StepResult, ...]) -> int | None:
    """The status of the last answer that came, also in a failed run."""
    codes = [step.response_code for step in steps if step.response_code is not None]
    return codes[-1] if codes else None


def total_phases(steps: Iterable[StepResult]) -> Mapping[Phase, float]:
    """Seconds in each phase over all *steps*, in the phases' own order; a phase that never happened is absent."""
    steps = tuple(steps)
    return {
        phase: sum(step.phases.get(phase, 0.0) for step in steps)
        for phase in Phase
        if any(phase in step.phases for step in steps)
    }
