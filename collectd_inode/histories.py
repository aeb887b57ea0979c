"""The jobs' histories on disk: runs are appended by the thread that writes state, and a full file is rewritten.

No run waits for it, and a start reads nothing of it.  Runs that the disk does not take are lost; the first is logged.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from pathlib import Path

from collectd_inode import state
from collectd_inode.model import Identity, Job, Observation
from collectd_inode.report import history
from collectd_inode.report.history import Described, HistoryEntry, RunsOrigin
from collectd_inode.report.record import WRITE_SECONDS
from collectd_inode.state import Writer

_MOST_WAITING = 100
_MOST_SETTINGS = 32
"""Known to stand in a file; one more, and all are written again when they are met."""

log = logging.getLogger("collectd_inode")


class Histories:
    """Keeps the history of each job in StateDir *folder*; without one, nothing is kept."""

    def __init__(self, folder: str | None, writer: Writer, origin: RunsOrigin) -> None:
        self._folder, self._writer, self._origin = folder, writer, origin
        self._lock = threading.Lock()
        self._waiting: dict[Identity, list[HistoryEntry]] = {}
        self._since: dict[Identity, float] = {}
        self._steps: dict[Identity, tuple[Job, str]] = {}
        self._files: dict[Identity, _File] = {}
        self._described: dict[Identity, Described] = {}

    def add(self, observation: Observation) -> None:
        """Keep *observation*; one that is bad, or the first after a while, is written at once."""
        if self._folder is None:
            return
        identity = observation.job.identity
        before = self._described.get(identity)
        entry = history.entry(observation, self._origin, self._fingerprint(observation.job), before)
        self._described[identity] = entry.described
        with self._lock:
            waiting = self._waiting.setdefault(identity, [])
            waiting.append(entry)
            del waiting[:-_MOST_WAITING]
        written = self._since.get(identity)
        if written is None or not observation.passed or not 0 <= observation.time - written < WRITE_SECONDS:
            self._since[identity] = observation.time
            self._write(identity)

    def close(self) -> None:
        """Write the waiting runs."""
        for identity in list(self._waiting):
            self._write(identity)

    def remove(self, gone: Collection[Identity]) -> None:
        """Forget these jobs."""
        for identity in gone:
            for known in (self._waiting, self._since, self._steps, self._files, self._described):
                known.pop(identity, None)
            if self._folder is not None:
                path = history.path(self._folder, identity)
                self._writer.do(path, partial(path.unlink, missing_ok=True))

    def _fingerprint(self, job: Job) -> str:
        known = self._steps.get(job.identity)
        if known is None or known[0] is not job:
            known = self._steps[job.identity] = job, history.of_steps(job)
        return known[1]

    def _write(self, identity: Identity) -> None:
        if self._folder is None or not self._waiting.get(identity):
            return
        file = self._files.setdefault(identity, _File(history.path(self._folder, identity)))
        # Not what waits now, but what will when the disk has time: the writer keeps the latest order only.
        self._writer.do(file.path, partial(self._flush, identity, file))

    def _flush(self, identity: Identity, file: _File) -> None:
        with self._lock:
            waiting = self._waiting.pop(identity, [])
        if waiting:
            file.append(waiting)


class _File:
    """One history's file, as the writer's thread knows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._settings: set[str] = set()
        """Settings that stand in it."""

    def append(self, entries: Collection[HistoryEntry]) -> None:
        """Add *entries*; raises OSError."""
        if len(self._settings) > _MOST_SETTINGS:
            self._settings.clear()
        text = self._text(entries)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size + len(text) <= history.MOST_BYTES:
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    text = b"\n" + text  # the machine went down in the middle of a line
                file.write(text)
                return
        self._write_anew(entries)

    def _text(self, entries: Collection[HistoryEntry]) -> bytes:
        lines = []
        for entry in entries:
            if entry.of not in self._settings:
                self._settings.add(entry.of)
                lines.append(entry.setting)
            lines.append(entry.line)
        return "".join(lines).encode()

    def _write_anew(self, entries: Collection[HistoryEntry]) -> None:
        before = state.content_of(self.path, 2 * history.MOST_BYTES)
        if isinstance(before, OSError):
            log.warning("%s cannot be read and is started again: %s", self.path, before.strerror or before)
            before = b""
        self._settings.clear()
        content, self._settings, damaged = _compacted(before + b"\n" + self._text(entries))
        if damaged:
            log.warning("%s: %d of its lines could not be read and were left out", self.path, damaged)
        state.replace_now(self.path, content.decode())


def _compacted(octets: bytes) -> tuple[bytes, set[str], int]:
    lines = b"\n".join(filter(None, octets.split(b"\n")))
    content, settings, damaged = history.compacted(lines)
    return content, set(settings), damaged


def origin(version: str, started: float, proc: str = "/proc") -> RunsOrigin:
    """The jobs whose runs are kept from now on; what the machine does not tell is left out."""
    boot, booted = "", 0.0
    with suppress(OSError):
        boot = Path(proc, "sys/kernel/random/boot_id").read_text().strip()
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(proc, "stat").read_text().splitlines()
        booted = float(next(line.split()[1] for line in lines if line.startswith("btime ")))
    return RunsOrigin(version, started, booted, boot)
