"""Reading a file without ever waiting for a writer."""

from __future__ import annotations

import errno
import os
import stat


def read_file(path: str, most: int, *, links: bool = True) -> tuple[bytes, os.stat_result]:
    """The content of a file, up to *most* bytes and one more, and its ``stat``.

    Raises OSError; also for a pipe or a device, which could block the worker until somebody writes into it, and for a
    link where no *links* are followed.
    """
    try:
        with open(path, "rb", opener=_without_waiting if links else _without_links) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                return file.read(most + 1), status
    except IsADirectoryError:
        pass
    raise OSError(errno.EINVAL, "expected a regular file", path)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
