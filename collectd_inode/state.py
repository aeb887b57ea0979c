"""State that outlives a run: a few facts of each job, in StateDir or, without one, in this process's memory.

A restarting daemon must not lock an account that a wrong password has already been tried on, and a score that takes
hours to grow must not start again from 0.  One small JSON file a job, replaced as a whole, readable for its owner only.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_inode.files import read_file
from collectd_inode.names import slug

log = logging.getLogger("collectd_inode")

Content = dict[str, Any]
Files = Mapping[Path, bytes | OSError]
"""Files, each with its content or why that is unknown."""


STOP_SECONDS = 0.2
"""Seconds that a stop waits for the disk."""


class Writer:
    """Writes files.  Once started it does so in a thread of its own: a hanging disk delays nothing else.

    Until then everything is written at once.  Where more comes than the disk takes, the latest of each file is written.
    A file that cannot be written is logged, once for each folder.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._open = True
        self._thread: threading.Thread | None = None
        self._failing: dict[Path, set[Path]] = {}
        """Folder → files in it that could not be written at the last try; only who writes looks at it."""

    def start(self) -> None:
        """Start the thread; to be called after the daemon has forked."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="collectd_inode-state")
        self._thread.start()

    def stop(self, seconds: float | None = None) -> None:
        """Write what is waiting, but wait no longer than *seconds* for it; what comes later is not written."""
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS if seconds is None else seconds)
        with self._changed:
            self._waiting.clear()

    def replace(self, path: Path, text: str) -> None:
        """Have *path* hold *text*, for its owner only; so is its folder if it has to be made."""
        self.do(path, lambda: replace_now(path, text))

    def do(self, path: Path, action: Callable[[], None]) -> None:
        """Have *action* done to *path*, instead of what is still waiting to be done to it."""
        with self._changed:
            if not self._open:
                return
            if self._thread is not None:
                self._waiting[path] = action
                self._changed.notify()
                return
        self._do(path, action)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._waiting:
                    return
                path = next(iter(self._waiting))
                action = self._waiting.pop(path)
            self._do(path, action)

    def _do(self, path: Path, action: Callable[[], None]) -> None:
        failing = self._failing.setdefault(path.parent, set())
        try:
            action()
        except (OSError, ValueError) as error:  # ValueError: a name that the file system's encoding does not have
            if not failing:
                reason = getattr(error, "strerror", None) or error
                log.error("%s cannot be written, so a restart loses it: %s", path, reason)
            failing.add(path)
        except Exception:  # the next file is another
            if not failing:
                log.exception("bug: %s was not written", path)
            failing.add(path)
        else:
            failing.discard(path)


class Held(Exception):
    """This StateDir cannot be ours: another process has it, or we may not write there."""


@dataclass(slots=True)
class Lock:
    """A StateDir that is ours; until `release`, or the end of the process, however that comes."""

    descriptor: int

    def release(self) -> None:
        """Let others have it."""
        with suppress(OSError):
            os.close(self.descriptor)


def hold(folder: str, *, shared: bool = False) -> Lock:
    """Have StateDir *folder* to ourselves, or *shared* with those who share; it is made if necessary.

    Raises `Held` if another process has it, and if we may not write there but want it alone; OSError if that cannot be
    determined.
    """
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        # The folder itself: a file in it would be one more for people to wonder about.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if not shared and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            os.close(descriptor)
            raise PermissionError
    except PermissionError:
        if shared:
            raise
        raise Held(f"StateDir {folder} cannot be written: permission denied") from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            what = f"StateDir {folder} is held by another process: exec, serve and collectd need one each"
            raise Held(what) from None
        raise
    return Lock(descriptor)


@dataclass(eq=False, slots=True)
class State:
    """The kept facts of all jobs.  ``folder``: StateDir; without it nothing outlives the process."""

    folder: str | None = None
    writer: Writer = field(default_factory=Writer, repr=False)
    _kept: dict[tuple[str, str], Content] = field(default_factory=dict, repr=False)
    _complete: bool = False

    def of(self, kind: str, name: str) -> Memory:
        """The kept facts of one job."""
        return Memory(self, kind, name)

    def all(self, kind: str) -> dict[str, Content]:
        """Name → content, of every job of a *kind* that keeps anything."""
        if self._on_disk is not None:
            with suppress(OSError):
                for path, octets in files(self._on_disk).items():
                    if path.name.startswith(f"{kind}-"):
                        self._take(path, octets)
        return {name: dict(content) for (of, name), content in self._kept.items() if of == kind}

    def load(self, found: Files) -> None:
        """Take what was *found* in the folder for all that there is: from now on no run waits for the disk."""
        self._complete = True
        for path, octets in found.items():
            if not path.name.startswith(f"{RECORDS}-"):
                self._take(path, octets)

    @property
    def _on_disk(self) -> str | None:
        """The folder, if there may be something in it that is not known yet."""
        return None if self._complete else self.folder

    def _take(self, path: Path, octets: bytes | OSError) -> None:
        content = _content(path, octets)
        kind, _, _ = path.stem.rpartition("-")  # a slug has no hyphen in it
        if isinstance(content.get("job"), str):
            self._kept.setdefault((kind, content["job"]), _kept(content))


@dataclass(frozen=True, slots=True)
class Memory:
    """One job's facts.  Their owner writes them when they change."""

    state: State
    kind: str
    name: str

    def read(self) -> Content:
        """A copy of what is kept; empty if there is nothing, or if it cannot be read."""
        key = (self.kind, self.name)
        if key not in self.state._kept and self._path is not None and self.state._on_disk is not None:
            self.state._kept[key] = _kept(_content(self._path, content_of(self._path)))
        return dict(self.state._kept.get(key, {}))

    def write(self, content: Mapping[str, Any]) -> None:
        """Keep *content* (what JSON can hold) instead; a disk that does not take it is logged, once."""
        if self.read() == content:
            return
        text = json.dumps({"version": _VERSION, "job": self.name, "kept": dict(content)})
        self.state._kept[self.kind, self.name] = dict(content)
        if self._path is not None:
            self.state.writer.replace(self._path, text)

    @property
    def _path(self) -> Path | None:
        return Path(self.state.folder) / f"{self.kind}-{slug(self.name)}.json" if self.state.folder else None


_VERSION = 1
RECORDS = "status"
"""The prefix of the files of jobs' records (``report/record.py``) in StateDir; no kind of job has this name."""


def files(folder: str) -> Files:
    """The files in StateDir *folder*, by name, each with what is in it or why that is not known.

    Empty if there is no such folder; OSError if it cannot be listed.
    """
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return {}
    paths = (Path(folder, name) for name in names if name.endswith(".json") and not name.startswith("."))
    return {path: content_of(path) for path in paths}


MOST_BYTES = 2**20
"""In a file of state: what is larger is none of ours."""


def content_of(path: Path, most: int = MOST_BYTES) -> bytes | OSError:
    """The content of a file of state, at most *most* bytes, or why it cannot be read."""
    try:
        # No pipe, which would keep the start waiting, and no link, which may lead to a device without an end.
        octets, _ = read_file(str(path), most, links=False)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return OSError(errno.EINVAL, "it is a link", str(path))
        return error
    if len(octets) > most:
        return OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return octets


def _kept(content: Content) -> Content:
    kept = content.get("kept")
    return kept if content.get("version") == _VERSION and isinstance(kept, dict) else {}


def _content(path: Path, octets: bytes | OSError) -> Content:
    try:
        if isinstance(octets, OSError):
            raise octets
        content = json.loads(octets)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read and is treated as empty: %s", path, getattr(error, "strerror", None) or error)
        return {}
    return content if isinstance(content, dict) else {}


def sweep(folder: str, before: float) -> None:
    """Remove the half-written files of daemons that were killed *before* (epoch seconds).  Raises OSError."""
    for half in Path(folder).glob(".*.json*.*"):
        if half.lstat().st_mtime < before:
            half.unlink(missing_ok=True)


def replace_now(path: Path, text: str) -> None:
    """Have *path* hold *text*, as `Writer.replace`, at once.  Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(mode="w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.replace(file.name, path)  # whoever reads sees the old or the new, never half
        except BaseException:
            os.unlink(file.name)
            raise
