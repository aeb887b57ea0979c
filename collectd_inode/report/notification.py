"""Observation → notification: when to wake somebody, and with which words.

A job that goes bad is told once, after ``Confirm`` bad runs in a row; its recovery at the first good one.  At the start
only what is bad is told, and of that only what has not been told before (`status.Record.told`).  The identity equals
that of ``bool-success``, so that tools can put the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from collectd_inode.report.status import Record
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


def notification(before: Record | None, after: Record, observation: Observation, time: float) -> Notification | None:
    """The notification that *observation* is worth, if any: what is known of the job *before* and *after* it says."""
    job = observation.job
    was_told = before is not None and before.told
    if after.told == was_told or not job.notify:
        return None
    severity = Severity.FAILURE if after.told else Severity.OKAY
    return Notification(severity, message(observation), job.host, job.kind, job.instance, time)


def withdrawn(record: Record, time: float) -> Notification | None:
    """What takes an alarm back when its job is no longer there, if there is one."""
    said = "no longer watched: there is no such job any more"
    return Notification(Severity.OKAY, said, record.host, record.kind, record.instance, time) if record.told else None


def message(observation: Observation) -> str:
    """One line of at most 255 bytes: cause, step, message; and where the evidence is, if there is room for it."""
    if observation.passed:
        took = "" if observation.seconds is None else f" in {observation.seconds:.3f} s"
        return one_line(f"passed: {counted(len(observation.steps), 'step')}{took}")
    said = one_line(reason(observation))
    whole = f"{said} ({one_line(observation.evidence)})"
    return whole if observation.evidence and len(whole.encode()) <= MESSAGE_BYTES else said


def reason(observation: Observation) -> str:
    """Why a run did not pass: cause, step, message.  A step that the message begins with is not said twice."""
    step = observation.bad_step
    named = step is not None and not observation.message.startswith(step.name)
    parts = (observation.cause.word, shortened(step.name, _STEP_LENGTH) if step and named else "", observation.message)
    return ": ".join(filter(None, parts))


def counted(number: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
