"""A daemon's jobs, and the next run of each: one file in StateDir, which lists jobs that have not run yet, too."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.codec import from_json, to_json
from collectd_inode.model import Identity, Job, Lines

VERSION = 1
NAME = "jobs.json"
"""Its name in StateDir; the names of all other files there have a hyphen in them."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of the daemon, as `report.record.Record` names it; ``next``: its next run, seconds since the epoch.

    ``path``, ``first_line``, ``last_line``: where it stands, if it comes from a feature file; ``lines``: see `Job`.
    """

    host: str
    kind: str
    job: str
    instance: str
    interval: float
    next: float
    path: str = ""
    first_line: int = 0
    last_line: int = 0
    lines: Lines = ()

    @property
    def all_lines(self) -> Lines:
        """All lines of its file by which it is called."""
        return ((self.first_line, self.last_line), *self.lines)

    @property
    def identity(self) -> Identity:
        """The unique key of a job."""
        return self.host, self.kind, self.instance

    def next_after(self, now: float) -> float:
        """Its first run that is still to come *now*."""
        missed = math.ceil(max(0.0, now - self.next) / self.interval)
        return self.next + missed * self.interval


def planned(job: Job, next: float) -> Planned:
    """*job*, which runs at the time *next*."""
    place = job.place
    where = (place.path, place.line, job.last_line, job.lines)
    return Planned(job.host, job.kind, job.name, job.instance, job.interval, next, *where)


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of the daemon with the process id ``pid``, as it knew them at the time ``written``."""

    pid: int
    written: float
    jobs: tuple[Planned, ...]


def path(folder: str) -> Path:
    """The file in StateDir *folder*."""
    return Path(folder, NAME)


def text(plan: Plan) -> str:
    """*plan* as its file holds it."""
    return json.dumps({"version": VERSION, **to_json(plan)}, allow_nan=False)


def parse(octets: bytes | OSError | None) -> Plan | None:
    """The plan in a file's *octets*; None if this version understands none."""
    if not isinstance(octets, bytes):
        return None
    try:
        content = json.loads(octets)
        return from_json(Plan, content, most=1e11) if content["version"] == VERSION else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
