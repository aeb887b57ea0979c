"""Changed files → jobs that stay unchanged, and jobs that are replaced.

When a file can no longer be loaded, its jobs keep their last good version: a typo, or a roll-out that is half done,
raises no alarm about the site.  A job without a good version reports that it cannot run, as at the start.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass, field, replace

from collectd_inode.keys import Loaded
from collectd_inode.model import Identity, Job

Stamp = tuple[tuple[str, int, int], ...]


def reloaded(before: Loaded, now: Loaded) -> Loaded:
    """The jobs to run after a block's files have been read again: *now*, with the jobs of *before* that are still
    needed.
    """
    if not now.problems:
        return now
    had_good = {_file(job) for job in before.jobs if job.trouble is None}
    if not had_good:
        return now
    bad_files = {problem.place.path for problem in now.problems}
    elsewhere = _not_in_a_feature(before, now, bad_files)

    def is_kept(job: Job) -> bool:
        return job.trouble is None and (elsewhere or _file(job) in bad_files)

    kept = {job.identity: job for job in before.jobs if is_kept(job)}
    was_bad = {job.identity for job in before.jobs if job.trouble is not None}
    block_was_bad = any(job.trouble is not None and not _file(job) for job in before.jobs)

    def is_taken(job: Job) -> bool:
        if job.identity in kept:
            return False
        if job.trouble is None:
            return _file(job) not in bad_files & had_good
        return job.identity in was_bad or (block_was_bad and _file(job) not in had_good)

    return replace(now, jobs=(*kept.values(), *filter(is_taken, now.jobs)))


def _not_in_a_feature(before: Loaded, now: Loaded, bad_files: set[str]) -> bool:
    """Whether jobs cannot run for a reason that stands in none of their feature files: a step module, a folder."""
    features = {_file(job) for job in (*before.jobs, *now.jobs)} - {""}
    return bool(bad_files - features) and any(job.trouble is not None for job in now.jobs)


def _file(job: Job) -> str:
    """The feature file that a job comes from; empty for a block's own job, and for other kinds."""
    return job.story.path if job.story is not None else job.place.path


def stamp(sources: Iterable[str]) -> Stamp:
    """The times and sizes of the files that *sources* (files, folders, globs) name."""
    found = set()
    for source in sources:
        paths = [source] if os.path.lexists(source) else glob.glob(source, recursive=True)
        if os.path.isdir(source):
            inside = os.path.join(glob.escape(source), "**", "*")
            paths = [p for p in glob.glob(inside, recursive=True) if p.endswith((".feature", ".py"))]
        for path in paths or [source]:
            try:
                status = os.stat(path)
                found.add((path, status.st_mtime_ns, status.st_size))
            except OSError:
                found.add((path, 0, -1))
    return tuple(sorted(found))


@dataclass(slots=True)
class JobSource:
    """A block's jobs and the files that they come from; ``refresh`` makes new jobs when a file has changed.

    Jobs that can no longer be loaded keep their last good version (`reload`).
    """

    load: Callable[[], Loaded]
    before: InitVar[Loaded | None] = None
    """The jobs under the block's name until now."""
    loaded: Loaded = field(init=False)
    identities: frozenset[Identity] = field(init=False)
    """The identities of its jobs."""
    _stamp: Stamp = field(init=False)
    _last_seen: Stamp = field(init=False)

    def __post_init__(self, before: Loaded | None) -> None:
        loaded = self.load()
        self._take(loaded if before is None else reloaded(before, loaded))

    def refresh(self) -> Loaded | None:
        """The result, if a file has changed, and did not change again since the last look; else None."""
        seen = stamp(self.loaded.sources)
        at_rest, self._last_seen = seen == self._last_seen, seen  # a file that is being copied is half a file
        if seen == self._stamp or not at_rest:
            return None
        self._take(reloaded(self.loaded, self.load()))
        return self.loaded

    def _take(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.identities = frozenset(job.identity for job in loaded.jobs)
        self._stamp = self._last_seen = stamp(self.loaded.sources)
