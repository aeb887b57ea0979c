"""Changed files → jobs that stay unchanged, and jobs that are replaced.

When a file can no longer be loaded, its jobs keep their last good version: a typo, or a roll-out that is half done,
raises no alarm about the site.  A job without a good version reports that it cannot run, as at the start.
"""

from __future__ import annotations

from dataclasses import replace

from collectd_inode.keys import Loaded
from collectd_inode.model import Job


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
