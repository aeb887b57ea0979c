"""Room for large bodies and what is made of them: over all jobs, a few runs at once have such in memory.

A page of 200 000 options takes 100 MiB when it is parsed.  A run that has room keeps it until it ends, so that no two
wait for each other.  The others wait, without reading on, and their servers wait with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections import deque
from weakref import WeakKeyDictionary

from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock, Handle
from collectd_inode.wire.workers import PAGES

STAGES = ((2**20, 8), (2**21, 4), (2**22, 1))
"""Bytes of a body, and how many runs have a larger one at the same time; a run goes through them in this order."""
PATIENCE = 10.0
"""Seconds without anybody being let in, after which one more is: runs that hang with a large page starve nobody."""
_FREED_SECONDS = 1.0
"""After which a run that is about to end holds on to nothing, as a rule."""


class Room:
    """Places for *most* runs, taken in the order in which they asked."""

    def __init__(self, most: int, clock: Clock = SYSTEM_CLOCK) -> None:
        self._free, self._clock = most, clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: Handle | None = None

    async def enter(self) -> None:
        """Wait for a place and take it; `leave` gives it back."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._wait_on()
        try:
            await place
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not place.cancelled():  # it was let in at the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._free += 1
        if self._free > 0:
            self._let_one_in()

    def _let_one_in(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                self._free -= 1
                place.set_result(None)
                break
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wait_on()

    def _wait_on(self) -> None:
        if self._waiting and self._timer is None:
            self._timer = self._clock.call_later(PATIENCE, self._let_one_in)


_ROOMS: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Room, ...]] = WeakKeyDictionary()


def room(stage: int) -> Room:
    """The room of that stage in the running loop: those whose loop has died keep nobody waiting in the next one."""
    loop = asyncio.get_running_loop()
    if loop not in _ROOMS:
        _ROOMS[loop] = tuple(Room(most) for _, most in STAGES)
    return _ROOMS[loop][stage]


def is_large(size: int) -> bool:
    """Whether a body of *size* bytes needs room."""
    return size > STAGES[0][0]


class Places:
    """The rooms in which one run has a place, by stage; all that it asks for at the same time share them."""

    def __init__(self) -> None:
        self._taken: list[Room] = []
        self._taking = asyncio.Lock()

    def are_wanted(self, size: int) -> bool:
        """Whether a body of *size* bytes needs more places than the run has."""
        return len(self._taken) < len(STAGES) and size > STAGES[len(self._taken)][0]

    async def take(self, size: int) -> None:
        """Wait for the places that a body of *size* bytes needs."""
        async with self._taking:
            while self.are_wanted(size):
                there = room(len(self._taken))
                await there.enter()
                self._taken.append(there)

    def leave(self) -> None:
        """Give all of them back; the run is about to end."""
        if self._taken:
            give_back_memory_soon()
        while self._taken:
            self._taken.pop().leave()


def give_back_memory() -> None:
    """Have glibc return, in a worker, what is free: it would keep the most that each thread has ever used."""
    PAGES.submit_behind(_trim)


def give_back_memory_soon() -> None:
    """The same for what a run has used that is about to end: then its evidence is written, too."""
    asyncio.get_running_loop().call_later(_FREED_SECONDS, give_back_memory)


def _trim() -> None:
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
