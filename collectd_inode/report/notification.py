"""Observation → notification: when to notify, and with which words.

A job that goes bad is notified once, after ``Confirm`` bad runs, and its recovery once, after ``ConfirmRecovery`` good
ones in a row; `record.worth_telling` decides it.  At the start only bad jobs are notified, and of those only the ones
that have not been before (`record.Record.told`).  The identity equals that of ``bool-success``, so that tools can join
the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from collectd_inode.model import Identity, Observation, Problem, Standing
from collectd_inode.report.record import Record, RecordChange, worth_telling
from collectd_inode.report.values import HEALTH_PLUGIN
from collectd_inode.words import ELLIPSIS, and_more, blanked, plural, shortened, span

MESSAGE_BYTES = 255
"""collectd cuts a notification's message here, in the middle of a character if need be."""
_STEP_LENGTH = 80
_SHORT_STEP_LENGTH = 60
_ADDRESS_LENGTH = 48
"""Characters of an address where the room is too small: what follows it says more, and the step names it, too."""
_ADDRESS = re.compile(r"https?://\S*[^\s,;:)”]")


class Severity(Enum):
    """collectd's severities, as far as we use them."""

    FAILURE = 1
    WARNING = 2
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
    news = worth_telling(before, after, job)
    if news is None or observation.standing is not Standing.FINAL:
        return None
    severity = Severity.FAILURE if after.told else Severity.OKAY
    said = message(observation)
    if news is RecordChange.ONE_OF_MANY:
        severity, said = Severity.WARNING, one_line(f"one of many ({HEALTH_PLUGIN}/bool-uplink): {said}")
    if news is RecordChange.OKAY and before is not None:
        said = f"{said}; {_outage(before, after, job.confirm_recovery)}"
    elif news is RecordChange.STILL_BAD and after.down_since is not None:
        said = one_line(f"still bad{_lasting(' after', after.time - after.down_since)}: {said}")
    if after.muted_until is not None:
        mute = one_line(muted(after.muted_until, after.mute_reason), MESSAGE_BYTES // 2)
        if observation.passed or after.told:  # a failure begins with its cause, for receivers
            said = f"{one_line(said, MESSAGE_BYTES - _octets(mute) - 2)}; {mute}"
        else:
            said = one_line(f"{mute}; {said}")
    return Notification(severity, said, job.host, job.kind, job.instance, time)


def muted(until: float, reason: str) -> str:
    """The words for a muted job: until when, and why."""
    return f"muted until {datetime.fromtimestamp(until):%Y-%m-%d %H:%M}: {reason}"


def test(identity: Identity, severity: Severity, time: float) -> Notification:
    """A notification that says that it is a test, with the identity that an alarm of the job has."""
    said = "this is a test of the alarm, by collectd-inode test-notification: "
    said += "nothing is wrong" if severity is Severity.FAILURE else "and this is its end"
    host, kind, instance = identity
    return Notification(severity, said, host, kind, instance, time)


def _outage(before: Record, after: Record, recovery: int) -> str:
    """The duration of an outage, to the first good run after it, and the number of its runs."""
    began = before.since if before.down_since is None else before.down_since
    ended = after.recent[-recovery].time if len(after.recent) >= recovery else after.time
    failed = plural(max(1, before.failed_runs), "run")
    return f"it was bad{_lasting(' for', ended - began)}, {failed} failed"


def _lasting(word: str, seconds: float) -> str:
    """`` for 2 h``; nothing if the clock was set back meanwhile, since the duration is unknown then."""
    return f"{word} {span(seconds)}" if seconds >= 0 else ""


def withdrawn(record: Record, time: float) -> Notification | None:
    """The notification that withdraws an alarm whose job was removed, if there is one."""
    said = "no longer monitored: the job was removed from the configuration"
    return Notification(Severity.OKAY, said, record.host, record.kind, record.instance, time) if record.told else None


def many_bad(bad: int, jobs: int, cause: str, time: float) -> Notification:
    """A number of this daemon's *jobs* went bad at once, with one cause."""
    said = f"{bad} of {jobs} jobs here: {cause}; the fault is probably on this side"
    return _about_us(Severity.FAILURE, said, time, "bool", "uplink")


def many_good(good: int, jobs: int, still_bad: Sequence[str], seconds: float, time: float) -> Notification:
    """The end of that: most are good again; the others, *still_bad*, are notified one by one."""
    rest = f"; still bad: {', '.join(still_bad)}" if still_bad else ""
    over = f"{good} of {jobs} jobs are good again" if jobs else "none of these jobs notifies anybody any more"
    said = one_line(f"{over}; it was bad{_lasting(' for', seconds)}{rest}")
    return _about_us(Severity.OKAY, said, time, "bool", "uplink")


def of_record(record: Record, time: float) -> Notification:
    """The notification of a failure that was kept back, by what is known of its last run."""
    said = _with_evidence(_reason(record.cause, record.step, record.message, record.found), record.evidence)
    return Notification(Severity.FAILURE, said, record.host, record.kind, record.instance, time)


def reload_problem(problems: Sequence[Problem], time: float) -> Notification:
    """A file that was changed cannot be loaded any more: which one, and where; the first of its mistakes."""
    first = problems[0]
    blocks = first.where.split(", ")
    if len(blocks) > _MOST_BLOCKS:
        first = replace(first, where=f"{blocks[0]} and {plural(len(blocks) - 1, 'more block')}")
    said = one_line(f"{first}{and_more(problems)}; the last good version keeps running")
    return _about_us(Severity.WARNING, said, time)


_MOST_BLOCKS = 2
"""The largest number of blocks that are named before a mistake."""


def reload_problems(count: int, time: float) -> Notification:
    """*count* other files cannot be loaded any more either."""
    said = f"{plural(count, 'more file')} cannot be loaded any more; collectd-inode check names each"
    return _about_us(Severity.WARNING, said, time)


def reload_mended(time: float) -> Notification:
    """Every file that was changed could be loaded again."""
    return _about_us(Severity.OKAY, "all changed files are loaded", time)


def _about_us(
    severity: Severity, said: str, time: float, type: str = "gauge", type_instance: str = "config_errors"
) -> Notification:
    return Notification(severity, said, "", HEALTH_PLUGIN, "", time, type, type_instance)


def message(observation: Observation) -> str:
    """One line of at most 255 bytes: cause, step, message, the page's words; and the evidence, if there is room."""
    if observation.passed:
        took = "" if observation.seconds is None else f" in {observation.seconds:.3f} s"
        return one_line(f"passed: {plural(len(observation.steps), 'step')}{took}")
    return _with_evidence(reason(observation), observation.evidence)


def _with_evidence(said: str, evidence: str) -> str:
    whole = f"{said} ({one_line(evidence)})"
    return whole if evidence and len(whole.encode()) <= MESSAGE_BYTES else said


def reason(observation: Observation, limit: int = MESSAGE_BYTES) -> str:
    """Why a run did not pass, on one line of at most *limit* bytes: cause, step, message, then the page's words.

    A step that the message begins with is not named twice.  If the room is too small, addresses are cut, then the
    message, so that the page's words have two fifths of the room.
    """
    step, trouble = observation.bad_step, observation.trouble
    found = trouble.found if trouble else ""
    return _reason(observation.cause.word, step.name if step else "", observation.message, found, limit)


def reason_of_record(record: Record, limit: int = MESSAGE_BYTES) -> str:
    """Why the last run did not pass, by what is known of it: step, message, then the page's words; not the cause."""
    return _reason("", record.step, record.message, record.found, limit)


def _reason(cause: str, step: str, message: str, found: str, limit: int = MESSAGE_BYTES) -> str:
    named = step and not message.startswith(step)
    said = _said(cause, shortened(step, _STEP_LENGTH) if named else "", message)
    found = " ".join(blanked(found).split())
    if _octets(f"{said}: {found}") > limit:
        message = _ADDRESS.sub(lambda address: shortened(address[0], _ADDRESS_LENGTH), message)
        said = _said(cause, shortened(step, _SHORT_STEP_LENGTH) if named else "", message)
    if not (rest := _beyond(said, found)) or rest in said:
        return one_line(said, limit)
    said = one_line(said, limit - min(_octets(rest), limit * 2 // 5) - 2)
    return one_line(f"{said}: {_beyond(said, found)}", limit)


def _said(*parts: str) -> str:
    return " ".join(blanked(": ".join(filter(None, parts))).split())


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _beyond(said: str, found: str) -> str:
    """*found* without the words at its beginning that end *said*: many error pages begin with their status.

    One word that begins a sentence of its own stays: “Error establishing a database connection” after “500 Internal
    Server Error”.
    """
    words, before = found.split(" "), said.split(" ")
    repeated = next((n for n in range(min(len(words), len(before)), 0, -1) if before[-n:] == words[:n]), 0)
    goes_on = words[1][:1].islower() if repeated == 1 and len(words) > 1 else False
    return found if goes_on else " ".join(words[repeated:])


def one_line(text: str, limit: int = MESSAGE_BYTES) -> str:
    """*text* on one line, without control characters, at most *limit* bytes of UTF-8, cut between words."""
    line = " ".join(blanked(text).split())
    octets = line.encode("utf-8", "replace")
    if len(octets) <= limit:
        return octets.decode("utf-8")
    kept = octets[: limit - len(ELLIPSIS.encode())].decode("utf-8", "ignore")
    before, _, part = kept.rpartition(" ")
    # A word that is longer than a third of the room is cut: an address, or a sentence in Chinese.
    return (before if before and len(part.encode()) <= limit // 3 else kept) + ELLIPSIS
