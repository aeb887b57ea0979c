"""Observation → notification: when to wake somebody, and with which words.

A job that goes bad is told once, after ``Confirm`` bad runs in a row; its recovery at the first good one.  At the start
only what is bad is told.  The identity equals that of ``bool-success``, so that tools can put the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from collectd_inode.run import Observation

MESSAGE_BYTES = 255
"""collectd cuts a notification's message here, in the middle of a character if need be."""
_STEP_LENGTH = 80


class Severity(Enum):
    """collectd's severities, as far as we use them."""

    FAILURE = 1
    OKAY = 4


@dataclass(frozen=True, slots=True)
class Notification:
    """A change of a job's status, for collectd's notification plugins."""

    severity: Severity
    message: str
    host: str
    plugin: str
    plugin_instance: str
    time: float
    type: str = "bool"
    type_instance: str = "success"


@dataclass(slots=True)
class _State:
    bad_runs: int = 0
    told: bool = False


class Pager:
    """Remembers who has been told what."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str, str], _State] = {}

    def judge(self, observation: Observation, time: float) -> Notification | None:
        """The notification that *observation* is worth, if any; to be called for every observation, in order."""
        job = observation.job
        state = self._states.setdefault(job.identity, _State())
        severity = _next(state, observation.passed, job.confirm)
        if severity is None or not job.notify:
            return None
        return Notification(severity, message(observation), job.host, job.kind, job.instance, time)


def _next(state: _State, passed: bool, confirm: int) -> Severity | None:
    if passed:
        was_told, state.told, state.bad_runs = state.told, False, 0
        return Severity.OKAY if was_told else None
    state.bad_runs += 1
    if state.told or state.bad_runs < confirm:
        return None
    state.told = True
    return Severity.FAILURE


def message(observation: Observation) -> str:
    """One line of at most 255 bytes: cause, step, message."""
    if observation.passed:
        took = "" if observation.seconds is None else f" in {observation.seconds:.3f} s"
        return one_line(f"passed: {len(observation.steps)} steps{took}")
    step = observation.bad_step
    parts = [observation.cause.word, shortened(step.name, _STEP_LENGTH) if step else "", observation.message]
    return one_line(": ".join(part for part in parts if part))


def shortened(text: str, length: int) -> str:
    """*text*, cut with an ellipsis if it is longer than *length* characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def one_line(text: str, limit: int = MESSAGE_BYTES) -> str:
    """*text* on one line, without control characters, at most *limit* bytes of UTF-8, never cut inside a character."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    octets = line.encode("utf-8", "replace")
    if len(octets) <= limit:
        return octets.decode("utf-8")
    ellipsis = "…"
    return octets[: limit - len(ellipsis.encode())].decode("utf-8", "ignore") + ellipsis
