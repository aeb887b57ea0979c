"""What an observation says in numbers, beside its steps' latencies; the value lists and the JSON both take it here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from collectd_inode.run import Observation, Reading, Status, StepResult
from collectd_inode.wire import Phase

SCENARIO = "scenario"
"""The kind whose steps are summed up: how many passed, the last status, and the time in each phase."""


def readings(observation: Observation) -> tuple[Reading, ...]:
    """Everything an observation measured that is not a step's own, under its type and type instance."""
    own = _of_scenario(observation) if observation.job.kind == SCENARIO else ()
    return (*own, *observation.readings)


def _of_scenario(observation: Observation) -> Iterator[Reading]:
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
    """The steps up to the one that ended the run: what the clean-up steps were told after it is not its story."""
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
