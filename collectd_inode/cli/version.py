"""``--version``: the release, and the commit if it is known.

setup.py runs this file by itself, so that what it builds knows the commit: only the standard library is imported.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[1]
_DIGITS = 7


class ShowVersion(argparse.Action):
    """Prints the version and leaves."""

    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, **more)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """As argparse calls it."""
        print(f"{parser.prog} {version()}")
        parser.exit()


def version() -> str:
    """Such as ``0.1.0 (bfaced7)``."""
    from collectd_inode import __version__  # noqa: PLC0415  # setup.py runs this file without the package

    known = commit()
    return f"{__version__} ({known})" if known else __version__


def commit(package: Path = _PACKAGE) -> str:
    """The first seven digits of the commit that the *package* is of; empty if it is not known.

    A checkout's own repository knows it.  setup.py has noted it in what was built from one.
    """
    return checked_out(package.parent) or _line(package / "commit")


def checked_out(checkout: Path) -> str:
    """The first seven digits of the commit in a folder with a ``.git`` (gitrepository-layout(5)), or nothing.

    git itself is not asked: it may not be installed, and refuses repositories of other users.
    """
    git = checkout / ".git"
    pointer = _line(git)
    if pointer.startswith("gitdir: "):  # of another work tree, or of a submodule
        git = checkout / pointer.removeprefix("gitdir: ")
    head = _line(git / "HEAD")
    name = head.removeprefix("ref: ")
    found = head if name == head else _reference(git, name)
    return found[:_DIGITS] if re.fullmatch("[0-9a-f]{40,64}", found) else ""


def _reference(git: Path, name: str) -> str:
    """The commit that a branch is at."""
    common = git / (_line(git / "commondir") or ".")
    loose = _line(common / name)
    if loose:
        return loose
    packed = (line.split(" ") for line in _text(common / "packed-refs").splitlines())
    return next((words[0] for words in packed if words[1:] == [name]), "")


def _line(file: Path) -> str:
    return _text(file).strip()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
