"""Our log lines on standard error, for collectd or systemd; a reader that does not read cannot block us.

collectd's exec plugin closes the standard error of a program for good after a line of 1024 octets or more.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat

NAME = "collectd_inode"
MOST_OCTETS = 500
_JOURNAL = ((logging.ERROR, 3, "error: "), (logging.WARNING, 4, "warning: "), (logging.NOTSET, 6, ""))
"""Level, its number in syslog(3), and a word for readers without levels."""


class Handler(logging.Handler):
    """Writes short whole lines; with *levels* each begins with its level as systemd reads it (sd-daemon(3))."""

    def __init__(self, descriptor: int = 2, *, levels: bool = False) -> None:
        super().__init__()
        self._descriptor, self._levels = descriptor, levels
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            os.set_blocking(descriptor, False)

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, or drop it."""
        _, number, word = next(row for row in _JOURNAL if record.levelno >= row[0])
        head = f"<{number}>{NAME}: " if self._levels else f"{NAME}: {word}"
        for line in self.format(record).splitlines():
            shown = head + "".join(c if c.isprintable() else " " for c in line)
            octets = shown.encode("utf-8", "replace")[:MOST_OCTETS].decode("utf-8", "ignore").encode("utf-8")
            with contextlib.suppress(OSError):
                os.write(self._descriptor, octets + b"\n")


def to_standard_error(*, levels: bool) -> None:
    """Write all our log lines there, and nowhere else."""
    log = logging.getLogger(NAME)
    log.propagate = False
    log.setLevel(logging.INFO)
    log.handlers = [Handler(levels=levels)]
