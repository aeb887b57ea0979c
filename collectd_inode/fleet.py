"""A hub's memory: the last values and notifications of every host that its collectd receives, kept below StateDir.

``take`` and ``hear`` are called in collectd's threads; they only note, and never raise.  ``write`` is called by the
drain: a host's file is written soon after something has changed, else once a minute.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from collectd_inode.kinds import KINDS
from collectd_inode.report import fleet
from collectd_inode.report.fleet import HeardDoor, HeardHost, HeardJob
from collectd_inode.report.notification import Severity
from collectd_inode.report.record import WRITE_SECONDS, is_overdue
from collectd_inode.report.values import HEALTH_INTERVAL, HEALTH_PLUGIN
from collectd_inode.state import Files, Writer, replace_now
from collectd_inode.wire import SYSTEM_CLOCK, Clock

log = logging.getLogger("collectd_inode")

SOON_SECONDS = 5.0
"""Seconds that a change may wait to be written."""
GONE_SECONDS = 7200.0
"""A job that a host no longer sends is forgotten after this time; a silent host keeps its jobs…"""
FORGET_SECONDS = 7 * 86400.0
"""…until it is forgotten itself."""
MOST_HOSTS, MOST_JOBS = 10_000, 2_000
"""The largest numbers of hosts, and of jobs of a host: a sender may send anything."""
_LONGEST = 128
_LATEST = 1e11
"""Seconds: later dates are from no real clock."""


class ReceivedMessage(Protocol):
    """A value list or a notification of collectd's, as far as both are alike.  ``time``: by its host's clock."""

    host: str
    plugin: str
    plugin_instance: str
    type: str
    type_instance: str
    time: float


class Values(ReceivedMessage, Protocol):
    """A value list; of ours each has one value.  ``interval``: seconds."""

    interval: float
    values: Sequence[float]


class Told(ReceivedMessage, Protocol):
    """A notification."""

    severity: int
    message: str


class Fleet:
    """The state of all hosts; kept below StateDir *folder*."""

    def __init__(self, folder: str, writer: Writer, clock: Clock = SYSTEM_CLOCK) -> None:
        self._folder, self._writer, self._clock = folder, writer, clock
        self.hosts: dict[str, HeardHost] = {}
        self._heard: set[str] = set()
        """Hosts with values since their file was written."""
        self._changed: set[str] = set()
        """Those among them with news."""
        self._written: dict[str, float] = {}

    def load(self, found: Files) -> None:
        """Go on from the last daemon's state: the files that were *found*."""
        hosts, troubles = fleet.among(found)
        for trouble in troubles:
            log.warning("%s; the state of that host is lost", trouble)
        self.hosts = {heard.host: heard for heard in hosts}

    def take(self, values: Values) -> None:
        """Note a value list, if it is one of ours."""
        series = f"{values.type}-{values.type_instance}"
        note = (_HEALTH if values.plugin == HEALTH_PLUGIN else _JOB if values.plugin in _KINDS else {}).get(series)
        if note is None or not math.isfinite(values.values[0]):
            return
        heard = self._host(values)
        if heard is not None and note(heard, values, self._clock.now()):
            self._changed.add(heard.host)

    def hear(self, told: Told) -> None:
        """Note a notification, if it is one of ours."""
        ours = told.plugin in _KINDS and (told.type, told.type_instance) == ("bool", "success")
        heard = self._host(told) if ours or told.plugin == HEALTH_PLUGIN else None
        if heard is None or not isinstance(told.message, str):
            return
        ended = told.severity == Severity.OKAY.value
        if ours:
            job = heard.jobs.get(_name(told))
            if job is not None:
                job.message, job.notified = ("", None) if ended else (told.message, _date(told))
        elif ended:
            heard.notices.pop(f"{told.type}-{told.type_instance}", None)
        elif len(heard.notices) < MOST_JOBS:
            heard.notices[f"{told.type}-{told.type_instance}"] = told.message
        self._changed.add(heard.host)

    def _host(self, received: ReceivedMessage) -> HeardHost | None:
        """Its host; None if there are too many, or its name is not printable."""
        host, instance = received.host, received.plugin_instance
        heard = self.hosts.get(host)
        if heard is None:
            if len(self.hosts) >= MOST_HOSTS or not _is_name(host):
                return None
            heard = self.hosts.setdefault(host, HeardHost(host))
        if instance and not _is_name(instance):
            return None
        self._heard.add(host)
        return heard

    def write(self, *, everything: bool = False) -> None:
        """Write files that are due, or with *everything* all with news, and forget hosts that are silent for long."""
        now = self._clock.now()
        for host in tuple(self._heard):
            since = now - self._written.get(host, 0.0)
            if everything or not 0 <= since < (SOON_SECONDS if host in self._changed else WRITE_SECONDS):
                self._written[host] = now
                self._heard.discard(host)
                self._changed.discard(host)
                self._keep(self.hosts[host], now)
        for host, heard in tuple(self.hosts.items()):
            if now - heard.time > FORGET_SECONDS:
                self._forget(host)

    def _keep(self, heard: HeardHost, now: float) -> None:
        last = heard.time
        for name, job in tuple(heard.jobs.items()):
            if is_overdue(job.time, job.interval, now) and last - job.time > GONE_SECONDS:
                del heard.jobs[name]
        path = fleet.path(self._folder, heard.host)
        self._writer.do(path, lambda: replace_now(path, fleet.text(heard)))

    def _forget(self, host: str) -> None:
        path = fleet.path(self._folder, host)
        self.hosts.pop(host, None)
        self._written.pop(host, None)
        self._heard.discard(host)
        self._writer.do(path, partial(path.unlink, missing_ok=True))


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isprintable()


def _name(received: ReceivedMessage) -> str:
    return f"{received.plugin}/{received.plugin_instance}"


def _interval(values: Values) -> float:
    """A stranger's may be anything."""
    return values.interval if 0 < values.interval <= FORGET_SECONDS else HEALTH_INTERVAL


def _date(received: ReceivedMessage) -> float:
    return received.time if 0 <= received.time <= _LATEST else 0.0


def _success(heard: HeardHost, values: Values, now: float) -> bool:
    """Note a verdict; whether it is news."""
    name, up = _name(values), values.values[0] >= 0.5
    job = heard.jobs.get(name)
    if job is None and len(heard.jobs) >= MOST_JOBS:
        return False
    if job is None:  # the first verdict is news, as one that differs from the last
        job = heard.jobs[name] = HeardJob(values.plugin, values.plugin_instance, not up, now, now, 0.0)
    news = job.up is not up
    if news:
        job.since, job.up = now, up
    job.time, job.interval = now, _interval(values)
    if up:
        job.last_good, job.good_date, job.cause = now, _date(values), 0
    return news


def _noted(field: str) -> Note:
    """Notes a number of a job that has sent a verdict; whether it is news, which a latency is not."""

    def note(heard: HeardHost, values: Values, _now: float) -> bool:
        job, value = heard.jobs.get(_name(values)), values.values[0]
        if job is None:
            return False
        number = value if field == "latency" else int(value)
        news = field != "latency" and bool(getattr(job, field) != number)
        setattr(job, field, number)
        return news

    return note


def _health(field: str) -> Note:
    """Notes a number of a door's health."""

    def note(heard: HeardHost, values: Values, now: float) -> bool:
        door = heard.doors.setdefault(values.plugin_instance, HeardDoor(now, 0.0))
        door.time, door.interval = now, _interval(values)
        news = bool(getattr(door, field) != int(values.values[0]))
        setattr(door, field, int(values.values[0]))
        if field == "config_errors" and not door.config_errors:
            heard.notices.pop("gauge-config_errors", None)  # its OKAY may be lost
        return news

    return note


Note = Callable[[HeardHost, Any, float], bool]
_KINDS = frozenset(kind.plugin for kind in KINDS)
_JOB = {
    "bool-success": _success,
    "gauge-cause": _noted("cause"),
    "gauge-warnings": _noted("warnings"),
    "latency-total": _noted("latency"),
}
_HEALTH = {"gauge-version": _health("version"), "gauge-config_errors": _health("config_errors")}
