"""Standard streams that are closed or full: the verdict of a command is still its exit code."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO, cast

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def prepare() -> None:
    """Open what is closed on nothing, or the next file would be taken for it; no text for a person may end us."""
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            # Opened at the lowest number that is free, which is its own, and for as long as we run.
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end us
    if not isinstance(sys.stderr, _Spoken):
        sys.stderr = cast("TextIO", _Spoken(sys.stderr))


def write_no_more(stream: TextIO) -> None:
    """Discard the rest, or the interpreter tries once more at its end, and has its own exit code for that."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Spoken:
    """Standard error of which nothing depends on whether it is read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            write_no_more(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            write_no_more(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
