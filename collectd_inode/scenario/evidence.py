"""The evidence of failed runs: a folder each, with the last page, a transcript and the reason, and old ones removed.

``SaveFailures`` names a folder that several jobs and daemons may share.  Each block has its own in it, which holds the
runs: ``DIR/shop/2026-11-22T18-51-07Z-log_in/`` with ``reason.txt``, ``transcript.txt`` and ``page.html``.  Only what
bears such a name, belongs to us and holds nothing else is ever removed: a run that somebody renames, or puts a note
into, is there to stay.

Files are written in a thread of its own that nothing waits for: a disk that hangs costs evidence, no run.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from collectd_inode.browser.headers import essence
from collectd_inode.browser.record import Received, Recorder
from collectd_inode.names import slug
from collectd_inode.run import Job, Misconfigured, Observation, Redactor, Run
from collectd_inode.scenario.hiding import Cleaned, Hiding
from collectd_inode.scenario.transcript import reason, transcript
from collectd_inode.wire.workers import DaemonPool

WRITERS = DaemonPool(1)
"""One at a time, or two runs would each make room for one and then be two."""

_REASON, _TRANSCRIPT = "reason.txt", "transcript.txt"
_PAGES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "application/json": "page.json",
    "application/xml": "page.xml",
    "text/xml": "page.xml",
}
_OURS = frozenset({_REASON, _TRANSCRIPT, "page.txt", "page.bin", *_PAGES.values()})
_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[a-z0-9_]{1,63}(?:-\d{1,3})?")
_UNFINISHED = re.compile(r"\.new-[0-9a-f]{16}")
_ABANDONED = 3600.0
"""Seconds after which a folder that was being written belongs to nobody who lives."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a block's failed runs are kept, how many at most, and in how many bytes of files all together."""

    folder: str
    most: int
    most_bytes: int

    def watch(self, run: Run) -> Recorder:
        """What the browser of *run* is to tell; when the run has failed, it is kept."""
        recorder = Recorder(frozenset(step.series for step in run.job.steps if step.cleanup))
        run.keep = partial(self._keep, run.redactor, recorder)
        return recorder

    async def _keep(self, redactor: Redactor, recorder: Recorder, observation: Observation) -> str:
        """The path of the folder; empty where nothing was asked for.  Raises OSError and Misconfigured."""
        if not recorder.hops:
            return ""
        # Handed over in a box: should the disk hang, what waits in the queue is let go.
        box = [(redactor, recorder, observation)]
        try:
            return await asyncio.get_running_loop().run_in_executor(WRITERS, self._write, box)
        finally:
            box.clear()

    def _write(self, box: list[tuple[Redactor, Recorder, Observation]]) -> str:
        redactor, recorder, observation = box.pop()
        files = written(observation, recorder, redactor, self.most_bytes)
        return self.put(observation.job, observation.time, files)

    def put(self, job: Job, time: float, files: Files) -> str:
        """Write *files* into a new folder for *job*'s run of this *time*, and give its path.  Blocks."""
        block = slug(job.name)
        path = os.path.join(os.path.abspath(self.folder), block)
        try:
            with _folder(self.folder) as top, _folder(block, top) as home:
                _check(home, path)
                _make_room(home, self.most - 1, self.most_bytes - sum(map(len, files.values())), time)
                return os.path.join(path, _add(home, _name(job, time), files))
        except NotADirectoryError:
            raise Misconfigured(f"SaveFailures: {path} is a file or a link, and a folder is wanted") from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from error


def written(observation: Observation, recorder: Recorder, redactor: Redactor, most_bytes: int) -> dict[str, bytes]:
    """The files of a run, without secrets, in at most so many bytes: the reason first, the page last."""
    hide = Hiding(redactor, recorder, (step.name for step in observation.job.steps))
    why = _cut(reason(observation, hide).encode(), most_bytes)
    left = most_bytes - len(why)
    received = recorder.received(observation.bad_step.series if observation.bad_step is not None else "")
    cleaned = hide.page(received) if received is not None and received.body else Cleaned(b"")
    name = _page_name(received)

    def told(kept: int) -> bytes:
        said = _page(received, cleaned, name, kept)
        return transcript(observation, recorder, hide, said).encode()

    body = cleaned.body or b""
    kept, text = len(body), told(len(body))
    if len(text) + kept > left:
        # That the page was cut takes room too, and no more room the less is left of it.
        kept = max(0, min(kept, left - len(told(kept - 1))))
        text = told(kept)
    files = {_REASON: why, _TRANSCRIPT: _cut(text, left - kept)}
    return {**files, name: body[:kept]} if kept else files


def _cut(text: bytes, most: int) -> bytes:
    """*text*, UTF-8, in at most so many bytes, with a word about it where there is room for one."""
    if len(text) <= most:
        return text
    word = b"\n(cut here: SaveBytes)\n" if most > 100 else b""
    return text[: max(0, most - len(word))].decode("utf-8", "ignore").encode() + word


def _page_name(received: Received | None) -> str:
    media_type = essence(received.content_type) if received is not None else ""
    if media_type in _PAGES:
        return _PAGES[media_type]
    if not media_type and received is not None and received.body.lstrip()[:1] == b"<":
        return "page.html"
    if media_type.endswith("+json"):
        return "page.json"
    return "page.txt" if media_type.startswith("text/") else "page.bin"


def _page(received: Received | None, cleaned: Cleaned, name: str, kept: int) -> str:
    """What there is of the last answer's body, in words."""
    if received is None:
        return "none: no answer had a body to read"
    whence = f"the answer to request {received.number}"
    if not received.body:
        return f"none: {whence} has an empty body" if received.whole else f"none: nothing came of the body of {whence}"
    if cleaned.body is None:
        return "not saved: a secret is in it, in an encoding that the page does not claim to be in"
    parts = [
        f"{name}, the body of {whence}: {len(cleaned.body):,} bytes",
        "what is secret in it was replaced" if cleaned.replaced else "as received",
        "" if received.whole else "it broke off here",
        "" if kept == len(cleaned.body) else f"cut after {kept:,} bytes (SaveBytes)",
    ]
    return ", ".join(part for part in parts if part)


def _name(job: Job, time: float) -> str:
    series = job.instance.removeprefix(f"{slug(job.name)}-")
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H-%M-%SZ}-{slug(series)}"


# The disk.  Everything goes by descriptors and follows no link, since others may be at work in the same folders.


@contextmanager
def _folder(path: str, inside: int | None = None) -> Iterator[int]:
    """A folder's descriptor; it is made, for its owner only, if it is not there.  The operator's own may be a link."""
    with suppress(FileExistsError):
        os.mkdir(path, 0o700, dir_fd=inside)
    follow = os.O_NOFOLLOW if inside is not None else 0
    with _opened(path, inside, follow) as found:
        yield found


def _check(home: int, path: str) -> None:
    about = os.fstat(home)
    if about.st_uid != os.geteuid():
        raise Misconfigured(f"SaveFailures: {path} belongs to another user (number {about.st_uid})")
    if about.st_mode & _OTHERS_WRITE:
        raise Misconfigured(f"SaveFailures: others can write to {path}: chmod go-w")


def _make_room(home: int, most: int, most_bytes: int, now: float) -> None:
    """Remove the oldest runs until there are at most so many, in at most so many bytes."""
    names = os.listdir(home)
    for name in filter(_UNFINISHED.fullmatch, names):
        with suppress(OSError):
            if os.stat(name, dir_fd=home, follow_symlinks=False).st_mtime < now - _ABANDONED:
                _remove(home, name)
    sizes = {name: size for name in sorted(filter(_RUN.fullmatch, names)) if (size := _size(home, name)) is not None}
    total = sum(sizes.values())
    for count, (name, size) in zip(range(len(sizes), 0, -1), sizes.items(), strict=True):
        if count <= most and total <= most_bytes:
            return
        _remove(home, name)
        total -= size


def _size(home: int, name: str) -> int | None:
    """The bytes of a run's files; None if it is not ours alone, or has just gone."""
    with suppress(OSError), _opened(name, home) as run:
        files = {file: os.stat(file, dir_fd=run, follow_symlinks=False) for file in os.listdir(run)}
        known = _OURS.issuperset(files) and all(stat.S_ISREG(about.st_mode) for about in files.values())
        ours = known and os.fstat(run).st_uid == os.geteuid()
        return sum(about.st_size for about in files.values()) if ours else None
    return None


def _remove(home: int, name: str) -> None:
    """Remove a run's folder with our files; another daemon may be doing the same."""
    with suppress(FileNotFoundError):
        with _opened(name, home) as run:
            for file in _OURS.intersection(os.listdir(run)):
                with suppress(FileNotFoundError):
                    os.unlink(file, dir_fd=run)
        os.rmdir(name, dir_fd=home)


@contextmanager
def _opened(name: str, inside: int | None, flags: int = os.O_NOFOLLOW) -> Iterator[int]:
    found = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | flags, dir_fd=inside)
    try:
        yield found
    finally:
        os.close(found)


def _add(home: int, name: str, files: Files) -> str:
    """Write a run's folder under a hidden name, then give it its own; returns which."""
    unfinished = f".new-{secrets.token_hex(8)}"
    os.mkdir(unfinished, 0o700, dir_fd=home)
    try:
        with _opened(unfinished, home) as run:
            for file, content in files.items():
                _save(run, file, content)
        return _renamed(home, unfinished, name)
    except BaseException:
        with suppress(OSError):
            _remove(home, unfinished)
        raise


def _save(run: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o600, dir_fd=run), "wb") as file:
        file.write(content)


def _renamed(home: int, unfinished: str, name: str) -> str:
    """Another run may have begun in the same second: then a number tells them apart."""
    for final in (name, *(f"{name}-{number}" for number in range(2, 1000))):
        try:
            os.rename(unfinished, final, src_dir_fd=home, dst_dir_fd=home)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return final
    raise Misconfigured(f"SaveFailures: a thousand runs called {name} are kept already")
