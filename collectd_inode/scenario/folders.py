"""The files that a ``Feature`` stands for, and files of an old project beside them that are not run here."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from collectd_inode.files import read_file
from collectd_inode.model import Place, Problem

_MOST_BYTES = 256 * 1024
_STEP = re.compile(
    r"^[ \t]*(?:Given|When|Then|And|But|Angenommen|Wenn|Dann)\b(?:\(|[ \t]+(?:/|%r|['\"]|do\b))",
    re.MULTILINE,
)
RUBY = "step definitions in Ruby are not executed: write those sentences in Python, and name the file in Steps"


def feature_files(entry: str) -> list[str]:
    """The feature files that *entry* (file, folder or glob) stands for, in order; empty if there are none."""
    if os.path.isdir(entry):
        return sorted(_below(entry, ".feature"))
    if os.path.lexists(entry):
        return [entry]
    return sorted(path for path in glob.glob(entry, recursive=True) if os.path.isfile(path))


def ruby_steps(entry: str) -> list[Problem]:
    """A warning for each file of the folder *entry* with step definitions of cucumber's."""
    if not os.path.isdir(entry):
        return []
    return [Problem(RUBY, Place(path, line)) for path in sorted(_below(entry, ".rb")) if (line := _first_step(path))]


def _first_step(path: str) -> int:
    """The line of the first step definition; 0 if there is none."""
    try:
        source = read_file(path, _MOST_BYTES)[0].decode(errors="replace")
    except OSError:
        return 0
    found = _STEP.search(source)
    return source.count("\n", 0, found.start()) + 1 if found else 0


def _below(folder: str, ending: str, within: frozenset[str] = frozenset()) -> Iterator[str]:
    """The files below *folder* whose names end in *ending*; links are followed, but never in a circle.

    Hidden files are left out, as a shell's ``*`` leaves them out.
    """
    here = os.path.realpath(folder)
    if here in within:
        return
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError:  # one that this user may not read has nothing for it
        return
    for entry in entries:
        if entry.name.endswith(ending):
            yield os.path.join(folder, entry.name)
        if entry.is_dir():
            yield from _below(os.path.join(folder, entry.name), ending, within | {here})
