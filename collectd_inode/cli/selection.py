"""The feature files, and the scenarios in them, that a command line's words select."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from collectd_inode.model import Job
from collectd_inode.report.names import stands_at
from collectd_inode.scenario.feature import MOST_BYTES

STDIN = "/dev/stdin"
PATH_HELP = "feature file, folder or glob; - for standard input"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which scenarios of which files: ``shop.feature:12`` is the one in whose lines 12 is, as cucumber has it.

    The lines of an outline are all of its rows, and those of a feature's head and background all of its scenarios.
    """

    paths: tuple[str, ...]
    lines: Mapping[str, frozenset[int]]
    """Of the files of which not all is wanted."""
    place: str = ""
    """``FILE:LINE``, where only the scenarios in this line are wanted."""

    @classmethod
    def of(cls, words: Sequence[str], name: str | None = None) -> Selection:
        """The scenarios that the words of a command line select; an existing file goes before a line of another.

        Of these only those in the line *name*, if it is a ``FILE:LINE``; without *words* the scenarios of that file.
        """
        if name and (file := file_of(name)):
            return replace(cls.of(words or [file]), place=name)
        words = [STDIN if word == "-" else word for word in words]
        lines: dict[str, frozenset[int]] = {}
        whole = set()
        for word in words:
            found = None if os.path.exists(word) else _WITH_LINES.fullmatch(word)
            if found is None:
                whole.add(word)
            else:
                numbers = frozenset(map(int, found[2][1:].split(":")))
                lines[found[1]] = lines.get(found[1], frozenset()) | numbers
        paths = dict.fromkeys(
            found[1] if (found := _WITH_LINES.fullmatch(w)) and found[1] in lines else w for w in words
        )
        return cls(tuple(paths), {path: numbers for path, numbers in lines.items() if path not in whole})

    def chosen(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of *jobs* that are selected."""
        return [
            job
            for job in jobs
            if (job.place.path not in self.lines or self._has(job, self.lines[job.place.path]))
            and (not self.place or stands_at(self.place, job.place.path, job.all_lines))
        ]

    def missing(self, jobs: Sequence[Job]) -> list[str]:
        """The lines in which no scenario stands."""
        if self.place and not self.chosen(jobs):
            return [self.place]
        return [
            f"{path}:{number}"
            for path, numbers in self.lines.items()
            for number in sorted(numbers)
            if not any(job.place.path == path and self._has(job, {number}) for job in jobs)
        ]

    @staticmethod
    def _has(job: Job, numbers: Set[int]) -> bool:
        return any(first <= number <= last for first, last in job.all_lines for number in numbers)


def file_of(name: str) -> str:
    """The file of a *name* that is ``FILE:LINE``; empty if it is none."""
    found = _WITH_LINES.fullmatch(name)
    return found[1] if found and os.path.exists(found[1]) else ""


_WITH_LINES = re.compile(r"(.+?)((?::\d{1,9})+):?")


def contents(paths: Iterable[str]) -> dict[str, bytes]:
    """The content that comes through a pipe, such as standard input or a shell's ``<(…)``; each is read to its end."""
    return {path: octets for path in paths if (octets := _content(path)) is not None}


def _content(path: str) -> bytes | None:
    if path == STDIN and not sys.stdin.isatty():
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        if not stat.S_ISFIFO(os.stat(path).st_mode):
            return None
        with open(path, "rb") as pipe:
            return pipe.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return None  # whoever reads files says why
