"""The names of a job: each name that is printed anywhere is understood everywhere."""

from __future__ import annotations

import os
import re

from collectd_inode.model import Identity, Job, Lines


def names_of(identity: Identity, job: str) -> tuple[str, ...]:
    """A job's name, its plugin instance, and that with its kind and host, as the command line and collectd write it."""
    host, kind, instance = identity
    with_kind = (f"{kind}/{instance}", f"{kind}-{instance}")
    return job, instance, *with_kind, *(f"{host}/{name}" for name in with_kind)


def is_name_of(word: str, identity: Identity, job: str) -> bool:
    """Whether *word* is one of these names, or one of its series; where the host is collectd's own, behind any host's.

    The colon behind a name, as it is printed, may come with it.
    """
    host, kind, instance = identity
    word = word.removesuffix(":")
    first, _, rest = word.partition("/")
    plugin, _, _ = rest.partition("/")
    if word in names_of(identity, job):
        return True
    return host in ("", first) and (rest == f"{kind}/{instance}" or plugin == f"{kind}-{instance}")


def stands_at(word: str, path: str, lines: Lines) -> bool:
    """Whether *word* is ``FILE:LINE`` or ``FILE:LINE:COLUMN``, with one of these lines of the file *path*.

    A colon behind it, as in a mistake that is printed, may come with it.
    """
    found = _AT.fullmatch(word)
    if not found or not path or not any(first <= int(found[2]) <= last for first, last in lines):
        return False
    return os.path.abspath(found[1]) == os.path.abspath(path) or _is_same_file(found[1], path)


def _is_same_file(one: str, other: str) -> bool:
    """Whether both paths lead to the same file, links resolved."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


_AT = re.compile(r"(.+?):(\d{1,9})(?::\d{1,9})?:?")


def is_called(word: str, job: Job) -> bool:
    """Whether *word* names *job*."""
    return is_name_of(word, job.identity, job.name) or stands_at(word, job.place.path, job.all_lines)
