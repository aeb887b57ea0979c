"""A command's progress: one line on a terminal that is rewritten, from the third second on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from collectd_inode.wire import SYSTEM_CLOCK

PATIENCE_SECONDS = 2.0
"""Commands that take less show nothing."""
_EVERY_SECONDS = 0.2

T = TypeVar("T")


class Progress:
    """``12 of 300 jobs`` on standard error, where that is a terminal."""

    def __init__(
        self, total: int, noun: str, stream: TextIO | None = None, clock: Callable[[], float] = SYSTEM_CLOCK.monotonic
    ) -> None:
        self._total, self._noun, self._clock = total, noun, clock
        self._stream = stream or sys.stderr
        self._is_seen = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._next = clock() + PATIENCE_SECONDS
        self._done, self._shown = 0, 0

    def step(self) -> None:
        """Count one more as done."""
        self._done += 1
        now = self._clock()
        if self._is_seen and now >= self._next:
            self._next = now + _EVERY_SECONDS
            line = f"{self._done} of {self._total} {self._noun}"
            self._write(line)
            self._shown = len(line)

    def clear(self) -> None:
        """Clear the line."""
        if self._shown:
            self._write(" " * self._shown)
            self._write("")
            self._shown = 0

    def of(self, things: Iterable[T]) -> Iterator[T]:
        """*things*, each counted at the request for the next one; the line is cleared at the end."""
        for thing in things:
            yield thing
            self.step()
        self.clear()

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text}")
        self._stream.flush()
