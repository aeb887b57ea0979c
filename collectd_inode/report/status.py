"""Observation → record: what is known of a job at three in the morning, in a file that outlives the daemon.

A record is also what the pager remembers by: who has been told, and how many bad runs there were in a row.  It is JSON
with a version, read field by field: what is not a record becomes a sentence, and the others are read all the same.

Nothing of `run` is imported here: that brings asyncio and TLS, and ``collectd-inode status`` must answer at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectd_inode import state

if TYPE_CHECKING:
    from collectd_inode.run import Observation

VERSION = 1
STATUSES = ("failed", "error", "undefined", "ambiguous", "skipped", "passed")
"""`run.Status`, the worst first."""
WRITE_SECONDS = 60.0
"""How often a record is written in which nothing has changed but the time."""
STALE_INTERVALS = 3.0

Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Warning:
    """Something to see to although the run passed: `run.Warning` as a record's file holds it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one job after its last run.  Times are seconds since the epoch.

    ``since``: the first run in a row with this status.  ``time``: the start of the last run.  ``host``: empty for the
    daemon's own.  ``step``: the name of the step that ended the run.  ``last_good``: the start of the last run that
    passed, None if there was none.  ``seconds``: the last run's latency.  ``told``: somebody was notified of the
    failure, and has not yet been notified of its end.
    """

    kind: str
    job: str
    scenario: str | None
    instance: str
    host: str
    place: str
    status: str
    since: float
    time: float
    interval: float
    cause: str = "none"
    step: str = ""
    message: str = ""
    expected: str = ""
    found: str = ""
    evidence: str = ""
    last_good: float | None = None
    warnings: tuple[Warning, ...] = ()
    seconds: float | None = None
    bad_runs: int = 0
    told: bool = False

    @property
    def identity(self) -> Identity:
        """What no two jobs of a daemon share: host, plugin, plugin instance."""
        return self.host, self.kind, self.instance

    @property
    def passed(self) -> bool:
        """Whether the last run passed."""
        return self.status == "passed"

    def stale(self, now: float) -> bool:
        """Whether the job has not run for three intervals, or is ahead of the clock: collectd is not running, say."""
        return abs(now - self.time) > STALE_INTERVALS * self.interval + WRITE_SECONDS


def following(before: Record | None, observation: Observation) -> Record:
    """The record after *observation*; *before* is the one after the job's last run, if it is known."""
    job, trouble, step = observation.job, observation.trouble, observation.bad_step
    status, passed = observation.status.value, observation.passed
    bad_runs = 0 if passed else 1 + (before.bad_runs if before else 0)
    was_told = before is not None and before.told
    return Record(
        kind=job.kind,
        job=job.name,
        scenario=job.scenario,
        instance=job.instance,
        host=job.host,
        place=(step.place if step else "") or job.place,
        status=status,
        since=before.since if before is not None and before.status == status else observation.time,
        time=observation.time,
        interval=job.interval,
        cause=observation.cause.word,
        step=step.name if step else "",
        message=observation.message,
        expected=trouble.expected if trouble else "",
        found=trouble.found if trouble else "",
        evidence=observation.evidence,
        last_good=observation.time if passed else before.last_good if before else None,
        warnings=tuple(Warning(w.code, w.message) for w in observation.warnings),
        seconds=observation.seconds,
        bad_runs=bad_runs,
        told=not passed and (was_told or (job.notify and bad_runs >= job.confirm)),
    )


def worth_writing(before: Record | None, record: Record, written: float) -> bool:
    """Whether *record* is to be written: it has changed since *before*, or that was long ago (*written*)."""
    # Half an interval's grace, or a job that runs every minute would be written every other one.
    least = WRITE_SECONDS - record.interval / 2
    return before is None or _news(before) != _news(record) or not 0 <= record.time - written < least


def _news(record: Record) -> tuple[object, ...]:
    # Messages are none: some count seconds.  Nor, once it has been told, is how often it has been bad since.
    unconfirmed = 0 if record.told else record.bad_runs
    return record.status, record.cause, record.step, record.told, unconfirmed


def path(folder: str, identity: Identity) -> Path:
    """The file of a job's record in StateDir *folder*; a host has no slash in it."""
    host, kind, instance = identity
    return Path(folder, f"{state.RECORDS}-{kind}-{instance}{'@' if host else ''}{host}.json")


def text(record: Record) -> str:
    """*record* as its file holds it."""
    return json.dumps({"version": VERSION, **asdict(record)}, allow_nan=False)


class NoRecord(ValueError):
    """What was read is no record; the text says why."""


def parse(octets: bytes) -> Record:
    """The record in a file's *octets*; `NoRecord` if there is none that this version understands."""
    try:
        content = json.loads(octets)
    except (ValueError, RecursionError):
        raise NoRecord("it is broken: this is not JSON") from None
    version = content.get("version") if isinstance(content, Mapping) else None
    if type(version) is not int:
        raise NoRecord("it is no record of a job's status")
    if version > VERSION:
        raise NoRecord(f"a newer version has written it (its format is {version}, this one reads {VERSION})")
    return Record(**{name: _field(content, name, read) for name, read in _READERS.items()})


def _field(content: Mapping[str, Any], name: str, read: Callable[[Any], Any]) -> Any:
    if name not in content:
        raise NoRecord(f"it is broken: {name} is missing")
    try:
        return read(content[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise NoRecord(f"it is broken: {name} cannot be {content[name]!r:.60}") from None


def read_all(folder: str) -> tuple[list[Record], list[str]]:
    """All records in StateDir *folder*, by file name, and a sentence about each file that could not be read.

    OSError if the folder cannot be listed; one that is not there yet has no records.
    """
    return among(state.files(folder))


def among(found: state.Files) -> tuple[list[Record], list[str]]:
    """The records among the files that were *found* in StateDir, and a sentence about each that could not be read."""
    records, sentences = [], []
    for file, octets in found.items():
        if not file.name.startswith(f"{state.RECORDS}-") or isinstance(octets, FileNotFoundError):
            continue  # somebody else's; or removed meanwhile
        try:
            if isinstance(octets, OSError):
                raise NoRecord(octets.strerror or str(octets))
            records.append(parse(octets))
        except NoRecord as error:
            sentences.append(f"{file} cannot be read: {error}")
    return records, sentences


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise ValueError
    return _text(value)


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError
    return float(value)


_MOST = 1e11
"""Seconds; the year 5138.  Beyond it no calendar goes along."""


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _warnings(value: Any) -> tuple[Warning, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(Warning(_text(each["code"]), _text(each["message"])) for each in value)


_OF_TYPE: Mapping[str, Callable[[Any], Any]] = {
    "str": _text,
    "str | None": _or_none(_text),
    "float": _number,
    "float | None": _or_none(_number),
    "int": _count,
    "bool": _boolean,
    "tuple[Warning, ...]": _warnings,
}
_READERS = {**{field.name: _OF_TYPE[str(field.type)] for field in fields(Record)}, "status": _status}


_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def span(seconds: float) -> str:
    """``3 min``: *seconds*, in the largest unit of which there are two at least."""
    size, unit = next((row for row in _UNITS if seconds >= 2 * row[0]), _UNITS[-1])
    return f"{seconds // size:.0f} {unit}"
