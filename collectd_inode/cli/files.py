"""Copy the program's files to a folder: conf.d, scenarios, alerts, dashboards, systemd, completion and man.

A file that exists and differs is not overwritten, but listed; then the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from collectd_inode.cli.terminal import Exit
from collectd_inode.words import plural

FOLDERS = ("conf.d", "scenarios", "alerts", "dashboards", "systemd", "completion", "man")
"""The folders to lay out; setup.py puts the same ones into a wheel."""

_PACKAGE = Path(__file__).parents[1]
_MAKING = ("__init__.py", "__main__.py")
"""The files that make the dashboards, in a checkout only."""


class FileOutcome(Enum):
    """The result for a file."""

    WRITTEN = "written"
    THERE = "there already"
    DIFFERS = "differs"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("folder", metavar="DIR", help="the folder; created if it does not exist")


def main(options: argparse.Namespace) -> Exit:
    """Lay them out, and say of each what was done."""
    target, source = Path(options.folder), shipped()
    if not (source / FOLDERS[0]).is_dir():
        print(f"collectd-inode files: {source} holds none of them; install collectd_inode again", file=sys.stderr)
        return Exit.ERROR
    outcomes = []
    for name in names(source):
        try:
            outcome = lay_out(source / name, target / name)
        except OSError as error:
            print(f"collectd-inode files: {error.filename or target}: {error.strerror}", file=sys.stderr)
            return Exit.USAGE
        outcomes.append(outcome)
        if outcome is FileOutcome.WRITTEN:
            print(f"wrote {target / name}")
        elif outcome is FileOutcome.DIFFERS:
            print(f"collectd-inode files: {target / name} differs and was left as it is", file=sys.stderr)
    print(f"{target}: {_summary(outcomes)}")
    return Exit.FAILED if FileOutcome.DIFFERS in outcomes else Exit.PASSED


def _summary(outcomes: list[FileOutcome]) -> str:
    told = ((outcomes.count(outcome), outcome.value) for outcome in FileOutcome)
    return ", ".join(f"{plural(number, 'file')} {what}" for number, what in told if number)


def shipped(package: Path = _PACKAGE) -> Path:
    """The folder with what comes with the program: within the *package* as it is installed, or a checkout."""
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent


def names(source: Path) -> Iterator[Path]:
    """The files in order, as they are called below *source*."""
    for folder in FOLDERS:
        for path in sorted((source / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.name not in _MAKING:
                yield path.relative_to(source)


def lay_out(file: Path, target: Path) -> FileOutcome:
    """Copy *file* to *target*, all of it or nothing, unless something is there.  Raises OSError."""
    if os.path.lexists(target):
        same = target.is_file() and target.read_bytes() == file.read_bytes()
        return FileOutcome.THERE if same else FileOutcome.DIFFERS
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.new")
    shutil.copyfile(file, unfinished)
    unfinished.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
    unfinished.rename(target)
    return FileOutcome.WRITTEN
