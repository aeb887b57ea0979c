"""Notifications, read from collectd's log: the plugin's own, and those of collectd's threshold plugin.  Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectd_inode.model import Job
from demo.tables import measured

_LINE = re.compile(
    r"\[(?P<time>[\d-]{10} [\d:]{8})\] Notification: severity = (?P<severity>\w+), host = [^,]*,"
    r" plugin = (?P<kind>[^,]*),"
    r"(?: plugin_instance = (?P<instance>[^,]*),)? type = (?P<type>[^,]*),"
    r"(?: type_instance = (?P<type_instance>[^,]*),)? message = (?P<message>.*)"
)
_LIMIT = re.compile(
    r"is currently (?P<value>\S+)\. That is (?P<side>above|below) the \w+ threshold of (?P<limit>\S+)\.$"
)
_WITHIN = re.compile(r"within range again\. Current value of \"\w+\" is (?P<value>\S+)\.$")
_SECONDS = frozenset({"duration", "latency", "response_time", "time_offset"})

Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One notification: when it was (epoch seconds), severity, the series that it is about, and collectd's message."""

    time: float
    severity: str
    identity: Identity
    message: str

    @property
    def is_end(self) -> bool:
        """Whether it ends a trouble."""
        return self.severity == "OKAY"


@dataclass(slots=True)
class Trouble:
    """From the first notification to the one that ends it: ``until`` is None while it lasts."""

    alarm: Alarm
    until: float | None = None


def read(log: str) -> list[Alarm]:
    """The notifications in a log of the logfile plugin's; an unfinished last line waits for its rest."""
    found = (_LINE.match(line) for line in log.splitlines(keepends=True) if line.endswith("\n"))
    return [_alarm(match) for match in found if match]


def _alarm(match: re.Match[str]) -> Alarm:
    when = time.mktime(time.strptime(match["time"], "%Y-%m-%d %H:%M:%S"))
    identity = (match["kind"], match["instance"] or "", match["type"], match["type_instance"] or "")
    return Alarm(when, match["severity"], identity, match["message"])


def telling(alarms: Sequence[Alarm]) -> Iterator[Alarm]:
    """Without each OKAY that ends nothing: the threshold plugin says so of every series when it is first seen."""
    open_now: set[Identity] = set()
    for alarm in alarms:
        if not alarm.is_end:
            open_now.add(alarm.identity)
            yield alarm
        elif alarm.identity in open_now:
            open_now.remove(alarm.identity)
            yield alarm


def troubles(alarms: Sequence[Alarm]) -> list[Trouble]:
    """What was wrong, and from when until when, in the order of the beginnings."""
    found: list[Trouble] = []
    for alarm in telling(alarms):
        lasting = next((one for one in found if one.until is None and one.alarm.identity == alarm.identity), None)
        if alarm.is_end and lasting is not None:
            lasting.until = alarm.time
        elif lasting is None:
            found.append(Trouble(alarm))
    return found


def words(alarm: Alarm, jobs: Sequence[Job]) -> str:
    """``JOB: MESSAGE``; what the threshold plugin says at length is said in a few words."""
    kind, instance, type, type_instance = alarm.identity
    job = next((job for job in jobs if (job.kind, job.instance) == (kind, instance)), None)
    if job is None:
        return alarm.message
    unit = " s" if type in _SECONDS else ""
    what = measured(job, type, type_instance)
    if beyond := _LIMIT.search(alarm.message):
        number, limit = float(beyond["value"]), float(beyond["limit"])
        return f"{job.name}: {what}: {number:.4g}{unit}, {beyond['side']} the limit of {limit:g}{unit}"
    if within := _WITHIN.search(alarm.message):
        return f"{job.name}: {what}: {float(within['value']):.3g}{unit}, within its limit again"
    return f"{job.name}: {alarm.message}"
