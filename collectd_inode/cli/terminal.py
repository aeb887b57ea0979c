"""The parts that every command needs and that cost nothing to import: exit codes and colours."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from collectd_inode.report.style import COLOURED, PLAIN, Style


class Exit(IntEnum):
    """The exit codes of commands."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    ERROR = 3


INTERRUPTED = 130
"""The exit code after Ctrl-C; what was known by then has been shown."""


def complain(what: str) -> Exit:
    """Say why nothing was done."""
    print(f"collectd-inode: {what}", file=sys.stderr)
    return Exit.USAGE


def style(stream: object = None) -> Style:
    """Colours on a terminal, unless NO_COLOR says otherwise (https://no-color.org); FORCE_COLOR: everywhere."""
    if os.environ.get("NO_COLOR"):
        return PLAIN
    if os.environ.get("FORCE_COLOR"):
        return COLOURED
    terminal = getattr(stream or sys.stdout, "isatty", lambda: False)()
    return COLOURED if terminal and os.environ.get("TERM") != "dumb" else PLAIN
