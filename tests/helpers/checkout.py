"""Copies of this checkout without what git does not keep: what was installed, built or drawn here."""

from __future__ import annotations

import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

from tests.helpers.places import ROOT

PATTERNS = tuple((ROOT / ".gitignore").read_text(encoding="utf-8").split())


def is_kept(path: str) -> bool:
    """Whether git keeps a path below the checkout (gitignore(5): a pattern with a slash is for the top)."""
    parts = Path(path).parts
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return not any(
        fnmatch(above_it, pattern.strip("/")) if pattern.startswith("/") else fnmatch(part, pattern.rstrip("/"))
        for part, above_it in zip(parts, above, strict=True)
        for pattern in PATTERNS
    )


def files(folder: Path) -> dict[str, bool]:
    """The files below a copy that git keeps, each with whether it is a program."""
    return {
        name: path.stat().st_mode & 0o111 != 0
        for path in folder.rglob("*")
        if path.is_file() and not re.match(r"\.git(/|$)", name := str(path.relative_to(folder))) and is_kept(name)
    }


def copy_to(folder: Path, *, history: bool = False) -> Path:
    """Copy the checkout; with its history where git is asked for the commit."""

    def left_out(where: str, names: list[str]) -> set[str]:
        above = Path(where).relative_to(ROOT)
        return {name for name in names if not is_kept(str(above / name)) or (name == ".git" and not history)}

    shutil.copytree(ROOT, folder, ignore=left_out)
    return folder
