"""The last values and notifications of every host, as a hub received them: one JSON file a host, and its records.

Times are the hub's own, in seconds since the epoch: a probe's clock may be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from collectd_inode.codec import Unfit, from_json, to_json
from collectd_inode.model import Cause, Status, Warning
from collectd_inode.names import fingerprint, slug
from collectd_inode.reference import WarningRow
from collectd_inode.report.record import Record, is_overdue
from collectd_inode.state import Files
from collectd_inode.words import plural

VERSION = 1
FOLDER = "fleet"
"""The folder in StateDir."""
_MOST = 1e11
_STATUS = {Cause.UNDEFINED: Status.UNDEFINED, Cause.ERROR: Status.ERROR, Cause.CONFIGURATION: Status.ERROR}
"""The status for a cause; for every other one a job has failed."""
_CAUSES = frozenset(map(int, Cause))
"""A newer release may have more."""
WARNINGS = (
    WarningRow("there", "a job has warnings on its own host; the message has their number", "``status`` on that host"),
    WarningRow("config_errors", "a host's configuration has mistakes", "``collectd-inode check`` on that host"),
    WarningRow(
        "TYPE-INSTANCE",
        "a host sent a notification about itself that no OKAY has ended; such as ``bool-uplink``",
        "read the notification in the message",
    ),
)


@dataclass(slots=True)
class HeardJob:
    """The last values of one job.

    ``since``: the first of the latest equal values.  ``latency``: seconds, of the last run that had one.
    ``message``: of the last FAILURE or WARNING, dated ``notified``; both are empty after an OKAY.  That date and
    ``good_date``, of the last good value, are by the host's clock: values may be queued, notifications are not.
    """

    kind: str
    instance: str
    up: bool
    since: float
    time: float
    interval: float
    cause: int = 0
    warnings: int = 0
    last_good: float | None = None
    latency: float | None = None
    message: str = ""
    notified: float | None = None
    good_date: float = 0.0

    @property
    def is_notified(self) -> bool:
        """Whether its failure was notified, and it has not been good since."""
        return not self.up and self.notified is not None and self.notified > self.good_date


@dataclass(slots=True)
class HeardDoor:
    """The last health values of one door into a host's collectd.  ``version``: as `values.version_number`, 0: none."""

    time: float
    interval: float
    version: int = 0
    config_errors: int = 0


@dataclass(slots=True)
class HeardHost:
    """All that is known of one host.

    ``jobs``: by KIND/INSTANCE.  ``doors``: by plugin instance, the embedded one has none.  ``notices``: the messages
    of ``inode_probe`` that no OKAY has ended, by the series that they are about.
    """

    host: str
    jobs: dict[str, HeardJob] = field(default_factory=dict)
    doors: dict[str, HeardDoor] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)

    @property
    def time(self) -> float:
        """The time of its last value or notification; 0 if none."""
        return max((one.time for one in self._all), default=0.0)

    def is_silent(self, now: float) -> bool:
        """Whether nothing has come from it for three intervals of any of its series."""
        return all(is_overdue(one.time, one.interval, now) for one in self._all)

    @property
    def _all(self) -> list[HeardJob | HeardDoor]:
        return [*self.jobs.values(), *self.doors.values()]

    @property
    def versions(self) -> tuple[str, ...]:
        """Our versions there, the lowest first: its doors may differ."""
        return tuple(map(version_text, sorted({door.version for door in self.doors.values() if door.version})))

    @property
    def config_errors(self) -> int:
        """The mistakes in its configuration."""
        return sum(door.config_errors for door in self.doors.values())

    def warnings(self) -> tuple[Warning, ...]:
        """Mistakes in its configuration, and what it has notified about itself."""
        notices = tuple(Warning(about, message) for about, message in sorted(self.notices.items()))
        if not self.config_errors:
            return notices
        mistakes = plural(self.config_errors, "mistake")
        return Warning("config_errors", f"{mistakes} in its configuration: run collectd-inode check there"), *notices


def version_text(number: int) -> str:
    """The version that is *number* as a series: 10203 is 1.2.3."""
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def records(heard: HeardHost) -> list[Record]:
    """The jobs of a host as records, by name; where no notification came, a failure has no message."""
    return [_record(heard.host, one) for _, one in sorted(heard.jobs.items())]


def _record(host: str, one: HeardJob) -> Record:
    cause = Cause(one.cause) if not one.up and one.cause in _CAUSES else Cause.NONE
    status = Status.PASSED if one.up else _STATUS.get(cause, Status.FAILED)
    where = f"{plural(one.warnings, 'warning')}: run collectd-inode status on {host}"
    return Record(
        kind=one.kind,
        job=one.instance.partition("-")[0],
        scenario=None,
        instance=one.instance,
        host=host,
        place="",
        status=status.value,
        since=one.since,
        time=one.time,
        interval=one.interval,
        cause=cause.word,
        message=one.message.removeprefix(f"{cause.word}: ") if one.is_notified else "",
        last_good=one.last_good,
        warnings=(Warning("there", where),) if one.warnings else (),
        seconds=one.latency if one.up else None,
        told=one.is_notified,
    )


def folder(state_dir: str) -> Path:
    """The folder with the files of all hosts."""
    return Path(state_dir, FOLDER)


def path(state_dir: str, host: str) -> Path:
    """The file of a host, whose name is untrusted."""
    return folder(state_dir) / f"{slug(host)}-{fingerprint(host)}.json"


def text(heard: HeardHost) -> str:
    """*heard* as its file holds it; collectd's threads may go on writing into it meanwhile."""
    now = replace(heard, jobs=dict(heard.jobs), doors=dict(heard.doors), notices=dict(heard.notices))
    return json.dumps({"version": VERSION, **to_json(now)}, allow_nan=False)


def among(found: Files) -> tuple[list[HeardHost], list[str]]:
    """The hosts by name in the files that were *found*, and a sentence about each file that could not be read."""
    hosts, sentences = [], []
    for file, octets in found.items():
        try:
            if isinstance(octets, OSError):
                raise Unfit(octets.strerror or str(octets))
            hosts.append(_parsed(octets))
        except Unfit as error:
            sentences.append(f"{file} cannot be read: {error}")
    return sorted(hosts, key=lambda heard: heard.host), sentences


def _parsed(octets: bytes) -> HeardHost:
    try:
        content = json.loads(octets)
    except (ValueError, RecursionError):
        raise Unfit("it is broken: this is not JSON") from None
    if not isinstance(content, Mapping) or content.get("version") != VERSION:
        raise Unfit("it is not what this version keeps of a host")
    return from_json(HeardHost, content, least=0, most=_MOST)
