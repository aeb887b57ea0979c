"""What every command needs and what costs nothing to import: exit codes and colours."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from collectd_inode.report.style import COLOURED, PLAIN, Style


class Exit(IntEnum):
    """What a command's exit code says."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    ERROR = 3


def style(stream: object = None) -> Style:
    """Colours on a terminal, unless NO_COLOR says otherwise (https://no-color.org)."""
    target = stream or sys.stdout
    wanted = getattr(target, "isatty", lambda: False)() and not os.environ.get("NO_COLOR")
    return COLOURED if wanted and os.environ.get("TERM") != "dumb" else PLAIN
