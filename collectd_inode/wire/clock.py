"""The one stopwatch.  All code that needs the time takes a Clock, so that tests can pass their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Handle(Protocol):
    """A scheduled call, which can be cancelled."""

    def cancel(self) -> None:
        """Cancel the call."""


class Clock:
    """The machine's clocks: ``now`` for time stamps, ``monotonic`` for durations; both in seconds."""

    kernel_stamps = True
    """Whether the kernel's stamps are this clock's: a made-up clock has none."""

    def now(self) -> float:
        """Seconds since the epoch; may be stepped."""
        return time.time()

    def nanoseconds(self) -> int:
        """`now` in whole nanoseconds."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds since some instant; never stepped."""
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Handle:
        """Schedule this *call* in the running loop after *seconds*."""
        return asyncio.get_running_loop().call_later(seconds, call)


SYSTEM_CLOCK = Clock()
