"""The end of waiting: cancels what is late, but not for our own lateness; and nobody keeps the loop to himself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock, Handle

_TURN_SECONDS = 0.005
_PASSES = 10
"""Turns of the loop between a deadline and its verdict: enough to take in an answer that is there already."""


@asynccontextmanager
async def deadline(seconds: float, clock: Clock = SYSTEM_CLOCK) -> AsyncIterator[asyncio.Timeout]:
    """Give the block so many *seconds*; raises TimeoutError when they are over, and ``expired()`` says so.

    When this process has not been let run for a while, a deadline and the answer that came well before it are noticed
    in the same turn of the loop.  So the loop turns some more before the deadline is judged: what has arrived is read,
    and what must wait any longer is late.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        handle: Handle = clock.call_later(seconds, lambda: strike(_PASSES))

        def strike(passes: int) -> None:
            nonlocal handle
            if passes:
                handle = loop.call_soon(strike, passes - 1)
            else:
                limit.reschedule(loop.time())

        try:
            yield limit
        finally:
            handle.cancel()


class Turns:
    """Whose turn it is: reading goes on for 5 ms at most before everybody else gets one.

    A peer that sends faster than we parse always has something to read: without this nothing else would run, the
    deadline included.
    """

    def __init__(self) -> None:
        self._since = 0.0

    def begin(self) -> None:
        """We have waited: a new turn begins."""
        self._since = time.monotonic()

    async def give_way(self) -> None:
        """Let the others go first if our turn is over."""
        if time.monotonic() - self._since > _TURN_SECONDS:
            await asyncio.sleep(0)
            self.begin()


TURNS = Turns()
