"""Mutes: jobs without notifications for a while, and why; one file in StateDir, written by the mute command."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.codec import from_json, to_json
from collectd_inode.model import Identity
from collectd_inode.report.names import names_of

VERSION = 1
NAME = "mutes.json"
"""Its name in StateDir; the names of jobs' files there have a hyphen in them."""
TEST_FILE = "test-notification.txt"
"""The file that the test-notification command writes beside it: the job to test, as host/kind/instance."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Mute:
    """A job, or ``all``, of which nobody is notified until a time (seconds since the epoch)."""

    job: str
    until: float
    reason: str

    def covers(self, identity: Identity, job: str, now: float) -> bool:
        """Whether it is about this job, and has not ended."""
        return now < self.until and self.job in (ALL, *names_of(identity, job))


@dataclass(frozen=True, slots=True)
class Mutes:
    """All mutes; those that have ended may still be among them."""

    mutes: tuple[Mute, ...] = ()

    def of(self, identity: Identity, job: str, now: float) -> Mute | None:
        """The mute of a job that lasts longest, if it is muted."""
        covering = [mute for mute in self.mutes if mute.covers(identity, job, now)]
        return max(covering, key=lambda mute: mute.until, default=None)

    def lasting(self, now: float) -> tuple[Mute, ...]:
        """Those that have not ended."""
        return tuple(mute for mute in self.mutes if now < mute.until)

    def without(self, job: str) -> Mutes:
        """All but those of *job* (``all`` is the mute of all jobs, not all mutes)."""
        return Mutes(tuple(mute for mute in self.mutes if mute.job != job))

    def adding(self, mute: Mute, now: float) -> Mutes:
        """With *mute*, in place of an earlier one of the same job; those that have ended go."""
        return Mutes((*Mutes(self.lasting(now)).without(mute.job).mutes, mute))


def path(folder: str) -> Path:
    """The file in StateDir *folder*."""
    return Path(folder, NAME)


def text(mutes: Mutes) -> str:
    """*mutes* as their file holds them."""
    return json.dumps({"version": VERSION, **to_json(mutes)}, allow_nan=False, ensure_ascii=False)


def parse(octets: bytes | OSError | None) -> Mutes:
    """The mutes in a file's *octets*; none in an invalid file: an alarm too many is better than one too few."""
    if not isinstance(octets, bytes):
        return Mutes()
    try:
        content = json.loads(octets)
        return from_json(Mutes, content, most=1e11) if content["version"] == VERSION else Mutes()
    except (ValueError, KeyError, TypeError, RecursionError):
        return Mutes()


def listed(names: Iterable[str]) -> str:
    """Names in order, each once, for a sentence."""
    return ", ".join(sorted(set(names))) or "none"
