"""Deadlines, which cancel late work but not for our own delays; and turns, so that no reader keeps the loop."""

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
    """Limit the block to *seconds*; raises TimeoutError when they are over, and ``expired()`` is then true.

    If this process was stopped for a while, the loop notices a deadline and an earlier answer in the same turn.  So
    the loop turns some more before the deadline is judged: data that has arrived is read, and only later data is late.
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
    """A reader's turn: at most 5 ms before the other tasks of the loop get theirs.

    A peer that sends faster than we parse always has something to read: without this nothing else would run, the
    deadline included.
    """

    def __init__(self) -> None:
        self._since = 0.0

    def begin(self) -> None:
        """Begin a new turn, after waiting."""
        self._since = time.monotonic()

    async def give_way(self) -> None:
        """Let the other tasks run if our turn is over."""
        if time.monotonic() - self._since > _TURN_SECONDS:
            await asyncio.sleep(0)
            self.begin()


TURNS = Turns()
