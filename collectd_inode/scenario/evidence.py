"""The evidence of failed runs: a folder for each, with the last page, a transcript and the reason; removes old ones.

``SaveFailures`` names a folder that several jobs and daemons may share.  Each block has its own in it, which holds the
runs: ``DIR/shop/2026-11-22T18-51-07Z-log_in/`` with ``reason.txt``, ``transcript.txt``, ``requests.har`` and
``page.html``.  We remove only folders that have such a name, are ours, and contain nothing else: to keep a run, rename
it or put a note into it.

Bad runs of a scenario with no good one between them are an outage.  A run's folder is dated with the start of its
outage, so that a restarted daemon, and a reader of ``ls -l``, sees which runs belong together.

A thread of its own writes the files, and nothing waits for it: a hanging disk costs evidence, not runs.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import collectd_inode
from collectd_inode.keys import SAVE_AGE, SAVE_TOTAL
from collectd_inode.model import Job, Misconfigured, Observation
from collectd_inode.names import slug
from collectd_inode.page.headers import essence
from collectd_inode.run import Run
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.state import Memory, State
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.workers import DaemonPool
from collectd_inode.words import in_bytes

if TYPE_CHECKING:
    from collectd_inode.browser.record import Received, Recorder
    from collectd_inode.secrets.hiding import Cleaned, Hiding

WRITERS = DaemonPool(1)
"""One at a time: two runs at once would each make room for one only."""

_REASON, _TRANSCRIPT, _HAR = "reason.txt", "transcript.txt", "requests.har"
_CONSOLE, _PICTURE = "console.txt", "page.jpg"
_PAGES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "application/json": "page.json",
    "application/xml": "page.xml",
    "text/xml": "page.xml",
}
_OURS = frozenset({_REASON, _TRANSCRIPT, _HAR, _CONSOLE, _PICTURE, "page.txt", "page.bin", *_PAGES.values()})
_RUN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-([a-z0-9_]{1,63})(?:-\d{1,3})?")
_MOMENT = "%Y-%m-%dT%H-%M-%SZ"
_OUTAGES = 5
"""The number of a scenario's last outages of which the first and the last run stay."""
_DAY = 86400.0
_UNFINISHED = re.compile(r"\.new-[0-9a-f]{16}")
_ABANDONED = 3600.0
"""Seconds after which an unfinished folder is abandoned."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_TICK_SECONDS = 0.1
"""Longer than the steps in which file systems count the time of a change."""
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})

Files = Mapping[str, bytes]


def _nothing_known() -> Memory:
    return State().of("scenario-outage", "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The folder for a scenario's failed runs, and its limits.

    ``most`` runs in ``most_bytes`` of files are for the scenario's block, ``total_bytes`` for all blocks in the folder,
    ``days`` is the age that a run may reach.  ``outage`` remembers since when the scenario has had no good run.
    """

    folder: str
    most: int
    most_bytes: int
    total_bytes: int = SAVE_TOTAL
    days: float = SAVE_AGE
    outage: Memory = field(default_factory=_nothing_known)
    in_state_dir: bool = False
    """Whether the folder is in StateDir, which is created if missing."""
    _swept: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def largest(self) -> int:
        """Bytes of one run's files at most."""
        return min(self.most_bytes, self.total_bytes)

    def watch(self, run: Run) -> Recorder:
        """Have the browser of *run* record its requests; keep the evidence if the run has failed."""
        from collectd_inode.browser.record import Recorder  # noqa: PLC0415  # `replay.make_ready`

        recorder = Recorder(frozenset(step.series for step in run.job.steps if step.cleanup), run.clock.now)
        run.keep = partial(self._keep, run.redactor, recorder)
        block, now = slug(run.job.name), run.clock.now()
        if not 0 <= now - self._swept.get(block, 0.0) < _DAY:
            self._swept[block] = now
            WRITERS.submit(self.sweep, block, now)
        return recorder

    def has_passed(self) -> None:
        """Note a good run: the next bad run begins another outage."""
        self.outage.write({})

    async def _keep(self, redactor: Redactor, recorder: Recorder, observation: Observation) -> str:
        """The path of the folder; empty where SaveFailures names none.  Raises OSError and Misconfigured."""
        since = self._down_since(observation.time)
        if not recorder.hops:
            return ""
        # In a box, so that a queue behind a hanging disk lets go of its content.
        box = [(redactor, recorder, observation)]
        try:
            return await asyncio.get_running_loop().run_in_executor(WRITERS, self._write, box, since)
        finally:
            box.clear()

    def _down_since(self, now: float) -> float:
        known = self.outage.read().get("since")
        since = float(known) if isinstance(known, int | float) and 0 <= known <= now else now
        self.outage.write({"since": since})
        return since

    def _write(self, box: list[tuple[Redactor, Recorder, Observation]], since: float) -> str:
        redactor, recorder, observation = box.pop()
        files = written(observation, recorder, redactor, self.largest)
        return self.put(observation.job, observation.time, files, since)

    def put(self, job: Job, time: float, files: Files, since: float) -> str:
        """Write *files* into a new folder for *job*'s run of this *time*, in the outage *since* then.  Blocks.

        The path of the folder.  OSError where the disk does not take it, or is nearly full.
        """
        block, name = slug(job.name), _name(job, time)
        path = os.path.join(os.path.abspath(self.folder), block)
        size = sum(map(len, files.values()))
        try:
            if self.in_state_dir:
                os.makedirs(os.path.dirname(os.path.abspath(self.folder)), 0o700, exist_ok=True)
            with _folder(self.folder) as top, _folder(block, top) as home:
                _check(home, path)
                kept = self._without_old(top, home, block, time)
                if _is_nearly_full(home):
                    raise OSError(errno.ENOSPC, "less than a tenth of the disk is free")
                self._make_room(top, home, [*kept, KeptRun(block, name, int(since), size, new=True)])
                return os.path.join(path, _add(home, name, files, int(since)))
        except NotADirectoryError:
            raise Misconfigured(f"SaveFailures: {path} is a file or a link; expected a folder") from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from error

    def sweep(self, block: str, now: float) -> None:
        """Remove runs of a *block* (a slug) that are too old; creates no folder.  Blocks."""
        with suppress(OSError), _opened(self.folder, None, 0) as top, _opened(block, top) as home:
            if _is_ours(home):
                self._without_old(top, home, block, now)

    def _without_old(self, top: int, home: int, block: str, now: float) -> list[KeptRun]:
        """The runs kept in a block's folder, after removing those that are too old."""
        _remove_abandoned(home, now)
        kept = list(_kept(home, block))
        old = too_old(kept, now - self.days * _DAY)
        _remove_all(top, old)
        return [run for run in kept if run not in old]

    def _make_room(self, top: int, home: int, block: list[KeptRun]) -> None:
        """Make room for the new run of *block*."""
        gone = surplus(block, self.most, self.most_bytes)
        stays = [run for run in block if run not in gone]
        gone += beyond([*stays, *LOOKS.elsewhere(top, home)], self.total_bytes)
        _remove_all(top, gone)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that is kept, or is about to be (``new``)."""

    block: str
    name: str
    since: int
    """The start of its outage."""
    size: int
    new: bool = False

    @property
    def scenario(self) -> tuple[str, str]:
        """Block and series."""
        found = _RUN.fullmatch(self.name)
        return self.block, found[2] if found else ""

    @property
    def time(self) -> float:
        """Its time."""
        day, moment = self.name[:10], self.name[11:19].replace("-", ":")
        return datetime.fromisoformat(f"{day}T{moment}+00:00").timestamp()


def staying(runs: Iterable[KeptRun]) -> frozenset[KeptRun]:
    """The first and the last run of each scenario's last outages."""
    found: set[KeptRun] = set()
    for those in _grouped(runs, lambda run: run.scenario).values():
        outages = _grouped(those, lambda run: run.since)
        for since in sorted(outages)[-_OUTAGES:]:
            found |= {min(outages[since], key=_order), max(outages[since], key=_order)}
    return frozenset(found)


def too_old(runs: Iterable[KeptRun], oldest: float) -> list[KeptRun]:
    """Runs from before *oldest*; an outage's first run counts as old as its last one."""
    found: list[KeptRun] = []
    for outage in _grouped(runs, lambda run: (run.scenario, run.since)).values():
        first, *later = sorted(outage, key=_order)
        last = later[-1] if later else first
        found += [run for run, age_of in ((first, last), *((run, run) for run in later)) if age_of.time < oldest]
    return found


def surplus(block: Iterable[KeptRun], most: int, most_bytes: int) -> list[KeptRun]:
    """The runs to remove so that a block has *most* runs in *most_bytes*: none of the protected ones, even if it then
    has more.
    """
    block = list(block)
    free = set(block) - staying(block)
    gone: list[KeptRun] = []
    count, size = len(block), sum(run.size for run in block)
    while free and (count > most or size > most_bytes):
        gone.append(_next(free, _number if count > most else _bytes))
        free.discard(gone[-1])
        count, size = count - 1, size - gone[-1].size
    return gone


def beyond(runs: Iterable[KeptRun], total: int) -> list[KeptRun]:
    """The runs to remove so that all *runs* together have *total* bytes: protected ones too, but these last."""
    runs = list(runs)
    gone: list[KeptRun] = []
    size = sum(run.size for run in runs)
    if size <= total:
        return gone
    stay = staying(runs)
    for group in (set(runs) - stay, set(stay)):
        free = {run for run in group if not run.new}
        while free and size > total:
            gone.append(_next(free, _bytes))
            free.discard(gone[-1])
            size -= gone[-1].size
    return gone


def _next(free: Set[KeptRun], weight: Callable[[Iterable[KeptRun]], int]) -> KeptRun:
    """The run to remove: of the scenario with the most runs, of its oldest outage, the one in the middle.

    An alarm names one of the first runs of an outage (``Confirm``), and people look at the last ones.
    """
    scenarios = _grouped(free, lambda run: run.scenario)
    noisiest = max(sorted(scenarios), key=lambda scenario: weight(scenarios[scenario]))
    outages = _grouped(scenarios[noisiest], lambda run: run.since)
    oldest = sorted(outages[min(outages)], key=_order)
    return oldest[len(oldest) // 2]


def _order(run: KeptRun) -> tuple[bool, str]:
    """The sort key of the runs of an outage."""
    return run.new, run.name


def _number(runs: Iterable[KeptRun]) -> int:
    return len(list(runs))


def _bytes(runs: Iterable[KeptRun]) -> int:
    return sum(run.size for run in runs)


def _grouped(runs: Iterable[KeptRun], by: Callable[[KeptRun], Any]) -> dict[Any, list[KeptRun]]:
    groups: dict[Any, list[KeptRun]] = defaultdict(list)
    for run in runs:
        groups[by(run)].append(run)
    return groups


def written(observation: Observation, recorder: Recorder, redactor: Redactor, most_bytes: int) -> dict[str, bytes]:
    """The files of a run, without secrets, within a number of bytes: the reason first, the page last."""
    from collectd_inode.scenario.har import document  # noqa: PLC0415  # `replay.make_ready`
    from collectd_inode.scenario.transcript import reason, transcript  # noqa: PLC0415
    from collectd_inode.secrets.hiding import Cleaned, Hiding  # noqa: PLC0415

    hide = Hiding(redactor, recorder, (step.name for step in observation.job.steps))
    why = _cut(reason(observation, hide).encode(), most_bytes)
    seen = _seen(recorder, hide, (most_bytes - len(why)) // 2)
    left = most_bytes - len(why) - sum(map(len, seen.values()))
    received = recorder.received(observation.bad_step.series if observation.bad_step is not None else "")
    cleaned = hide.page(received) if received is not None and received.body else Cleaned(b"")
    name = _page_name(received)

    def told(kept: int) -> bytes:
        said = _page(received, cleaned, name, kept)
        return transcript(observation, recorder, hide, said).encode()

    body = cleaned.body or b""
    kept, text = len(body), told(len(body))
    if len(text) + kept > left:
        # The note that the page was cut takes room too, however little of the page is left.
        kept = max(0, min(kept, left - len(told(kept - 1))))
        text = told(kept)
    files = {_REASON: why, _TRANSCRIPT: _cut(text, left - kept), **seen}
    archive = document(observation, recorder, hide, collectd_inode.__version__)
    # A part of one is not a HAR file, and the transcript has all of it.
    if kept == len(body) and len(text) + kept + len(archive) <= left:
        files[_HAR] = archive
    return {**files, name: body[:kept]} if kept else files


_NO_PICTURE = "(no picture: it would show a secret)"


def _seen(recorder: Recorder, hide: Hiding, most_bytes: int) -> dict[str, bytes]:
    """The evidence of a browser with scripts: its console, and its picture if it fits and shows no secret."""
    from collectd_inode.browser.record import Received  # noqa: PLC0415  # as above

    files: dict[str, bytes] = {}
    lines = [hide(line) for line in recorder.console]
    picture = recorder.picture
    if picture and hide.page(Received(0, "text/html; charset=utf-8", recorder.pictured, True)).replaced:
        picture = b""
        lines.append(_NO_PICTURE)
    if lines:
        files[_CONSOLE] = _cut("".join(f"{line}\n" for line in lines).encode(), most_bytes // 4)
    if picture and len(picture) <= most_bytes - len(files.get(_CONSOLE, b"")):
        files[_PICTURE] = picture
    return files


def _cut(text: bytes, most: int) -> bytes:
    """*text*, UTF-8, cut to a number of bytes, with a note about the cut where there is room for one."""
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
    """The part of the last answer's body that was kept, in words."""
    if received is None:
        return "none: no answer had a body to read"
    whence = f"the answer to request {received.number}"
    if not received.body:
        return (
            f"none: {whence} has an empty body" if received.whole else f"none: nothing arrived of the body of {whence}"
        )
    if cleaned.body is None:
        return "not saved: it contains a secret in an encoding that the page does not declare"
    what, as_it_is = ("the page", "as it stood") if received.is_shown else (f"the body of {whence}", "as received")
    parts = [
        f"{name}, {what}: {in_bytes(len(cleaned.body))}",
        "secrets were replaced" if cleaned.replaced else as_it_is,
        "" if received.whole else "it broke off here",
        "" if kept == len(cleaned.body) else f"cut after {in_bytes(kept)} (SaveBytes)",
    ]
    return ", ".join(part for part in parts if part)


def _name(job: Job, time: float) -> str:
    series = job.instance.removeprefix(f"{slug(job.name)}-")
    return f"{datetime.fromtimestamp(time, UTC):{_MOMENT}}-{slug(series)}"


# The disk.  All calls use descriptors and follow no link, since others may write to the same folders.


@contextmanager
def _folder(path: str, inside: int | None = None) -> Iterator[int]:
    """A folder's descriptor; a missing folder is created for its owner only.  The operator's own may be a link."""
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


def _is_ours(home: int) -> bool:
    about = os.fstat(home)
    return about.st_uid == os.geteuid() and not about.st_mode & _OTHERS_WRITE


def _is_nearly_full(folder: int) -> bool:
    """Whether less than a tenth of its disk is free for us; False if the size of the disk is unknown."""
    disk = os.fstatvfs(folder)
    return disk.f_bavail * 10 < disk.f_blocks


def _remove_abandoned(home: int, now: float) -> None:
    for name in filter(_UNFINISHED.fullmatch, os.listdir(home)):
        with suppress(OSError):
            if os.stat(name, dir_fd=home, follow_symlinks=False).st_mtime < now - _ABANDONED:
                _remove(home, name)


def _kept(home: int, block: str) -> Iterator[KeptRun]:
    """The runs in a block's folder that are ours alone."""
    for name in filter(_RUN.fullmatch, os.listdir(home)):
        if (run := _run(home, block, name)) is not None:
            yield run


class Looks:
    """The last look at each block's folder: in an outage of many jobs, each bad run makes room among all the others'.

    A folder is looked at again when a run was added to it or removed; files in a run's own folder do not show, so that
    a run is looked at once more before it is removed.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int, str], tuple[int, list[KeptRun]]] = {}

    def elsewhere(self, top: int, home: int) -> Iterator[KeptRun]:
        """The runs of all blocks but that of *home*."""
        for block in os.listdir(top):
            with suppress(OSError), _opened(block, top) as other:
                if _is_ours(other) and not os.path.samestat(os.fstat(other), os.fstat(home)):
                    yield from self._kept(other, block)

    def _kept(self, home: int, block: str) -> list[KeptRun]:
        about, now = os.fstat(home), SYSTEM_CLOCK.now()
        place = (about.st_dev, about.st_ino, block)  # a folder that gets another name does not change
        changed, runs = self._seen.get(place, (-1, []))
        if changed != about.st_mtime_ns:
            runs = list(_kept(home, block))
            # What changes in the same tick of the disk's clock has the same time.
            settled = about.st_mtime < now - _TICK_SECONDS
            self._seen[place] = (about.st_mtime_ns if settled else -1, runs)
        return runs


LOOKS = Looks()


def _run(home: int, block: str, name: str) -> KeptRun | None:
    """A run; None if it is not ours alone, or has just gone, or its name has an impossible date."""
    with suppress(OSError, ValueError), _opened(name, home) as run:
        files = {file: os.stat(file, dir_fd=run, follow_symlinks=False) for file in os.listdir(run)}
        known = _OURS.issuperset(files) and all(stat.S_ISREG(about.st_mode) for about in files.values())
        about = os.fstat(run)
        found = KeptRun(block, name, int(about.st_mtime), sum(file.st_size for file in files.values()))
        return found if known and about.st_uid == os.geteuid() and found.time else None
    return None


def _remove_all(top: int, runs: Iterable[KeptRun]) -> None:
    for run in runs:
        with _opened(run.block, top) as home:
            if _run(home, run.block, run.name) == run:
                _remove(home, run.name)


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


def _add(home: int, name: str, files: Files, since: int) -> str:
    """Write a run's folder under a hidden name, then give it its own name and its outage's date; returns its name."""
    unfinished = f".new-{secrets.token_hex(8)}"
    os.mkdir(unfinished, 0o700, dir_fd=home)
    try:
        with _opened(unfinished, home) as run:
            for file, content in files.items():
                _save(run, file, content)
        final = _renamed(home, unfinished, name)
    except BaseException:
        with suppress(OSError):
            _remove(home, unfinished)
        raise
    # Not before: an unfinished folder of that age would count as abandoned.
    os.utime(final, (since, since), dir_fd=home, follow_symlinks=False)
    return final


def _save(run: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o600, dir_fd=run), "wb") as file:
        file.write(content)


def _renamed(home: int, unfinished: str, name: str) -> str:
    """The name with a number, if another run began in the same second."""
    for final in (name, *(f"{name}-{number}" for number in range(2, 1000))):
        try:
            os.rename(unfinished, final, src_dir_fd=home, dst_dir_fd=home)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return final
    raise Misconfigured(f"SaveFailures: a thousand runs called {name} are kept already")
