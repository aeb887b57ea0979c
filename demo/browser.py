"""The browser that the demonstration shows an application with, if this machine has one, and whom its job runs as."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.chromium.program import find
from collectd_inode.model import Misconfigured
from demo import unpacked

UNPACKED = unpacked.TOOLS / "browser" / "bin" / "chromium-headless-shell"
"""Where ``sh scripts/test`` puts one."""
_NAMESPACES = ("unshare", "--user", "true")


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser's path, and the user of the process that starts it: the exec plugin runs nothing as root."""

    path: str
    user: str


def found(run: Path) -> Browser | None:
    """The browser of this machine, for a demonstration in the folder *run*.

    None where there is none, where it may have no sandbox, or where its user cannot read us.
    """
    try:
        path = find(str(UNPACKED) if UNPACKED.exists() else None)
    except Misconfigured:
        return None
    user = pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "nobody"
    reads = (("test", "-x", str(run)), (sys.executable, "-c", "import collectd_inode.cli"))
    if all(_can(user, *command) for command in (_NAMESPACES, *reads)):
        return Browser(path, user)
    return None


def _can(user: str, *command: str) -> bool:
    """Whether *command* ends well as *user*."""
    other = {"user": user} if os.getuid() == 0 else {}
    try:
        ended = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, cwd="/", **other)  # type: ignore[call-overload]  # typeshed has no keywords
    except OSError:
        return False
    return bool(ended.returncode == 0)
