"""Browsers that are kept from run to run, one for each set of options, and the queue of runs.

A browser is replaced between runs when it has ended, no longer answers, has done many runs, or when its program on the
disk is another one.  Each run has a context of its own in it: no cookies, no storage, no cache of another run.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from collectd_inode.chromium.options import BrowserProgram
from collectd_inode.chromium.process import BrowserProcess, start, sweep
from collectd_inode.chromium.protocol import CommandRefused, Gone
from collectd_inode.model import Misconfigured

MOST_RUNS = 500
"""The number after which a browser is replaced, to free the memory that it has leaked."""
MOST_IDLE = 2
"""Browsers that nobody uses at the moment; each takes 150 MB and more."""
ANSWER_SECONDS = 3.0
"""Within which a browser that is well makes or throws away a context."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    turn: asyncio.Future[None]
    most: int


class Keeper:
    """The browsers of one loop."""

    def __init__(self) -> None:
        self._browsers: list[BrowserProcess] = []
        self._starting: dict[BrowserProgram, asyncio.Lock] = {}
        self._running = 0
        self._queue: deque[_Waiting] = deque()

    @asynccontextmanager
    async def turn(self, most: int, patience: float) -> AsyncIterator[None]:
        """Wait until fewer than *most* runs are under way, first come first served.

        Raises Misconfigured where that takes longer than *patience* seconds: there is more to do than it can.
        """
        await self._wait(most, patience)
        try:
            yield
        finally:
            self._running -= 1
            self._grant()

    async def _wait(self, most: int, patience: float) -> None:
        if not self._queue and self._running < most:
            self._running += 1
            return
        waiting = _Waiting(asyncio.get_running_loop().create_future(), most)
        self._queue.append(waiting)
        try:
            async with asyncio.timeout(patience):
                await waiting.turn
        except BaseException as error:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._running -= 1
            with suppress(ValueError):
                self._queue.remove(waiting)
            self._grant()
            if isinstance(error, TimeoutError):
                what = (
                    f"no browser was free for {patience:.3g} s: BrowserJobs {most} is too small, or Interval too short"
                )
                raise Misconfigured(what) from None
            raise

    def _grant(self) -> None:
        while self._queue and self._running < self._queue[0].most:
            waiting = self._queue.popleft()
            if not waiting.turn.done():
                self._running += 1
                waiting.turn.set_result(None)

    @asynccontextmanager
    async def browser(self, program: BrowserProgram) -> AsyncIterator[BrowserProcess]:
        """A healthy browser.  Raises Misconfigured where none is available."""
        browser = await self._well(program)
        browser.in_use += 1
        browser.runs += 1
        try:
            yield browser
        finally:
            browser.in_use -= 1
            self._tidy()

    async def _well(self, program: BrowserProgram) -> BrowserProcess:
        async with self._starting.setdefault(program, asyncio.Lock()):
            for browser in [one for one in self._browsers if one.program == program]:
                worn = browser.runs >= MOST_RUNS or not browser.is_current()
                if worn or not await _answers(browser):
                    browser.is_sick = True
            self._tidy()
            found = next((one for one in self._browsers if one.program == program and one.is_alive), None)
            if found is None:
                found = await start(program)
                self._browsers.append(found)
                _keep_in_mind(self)
            return found

    def _tidy(self) -> None:
        """End the browsers that are sick and those too many, as far as nobody uses them."""
        idle = [one for one in self._browsers if not one.in_use]
        well = [one for one in idle if one.is_alive]
        for browser in [one for one in idle if not one.is_alive] + well[: max(0, len(well) - MOST_IDLE)]:
            self._browsers.remove(browser)
            browser.end()

    def end(self) -> None:
        """End all browsers, now."""
        browsers, self._browsers = self._browsers, []
        for browser in browsers:
            browser.end()


async def _answers(browser: BrowserProcess) -> bool:
    if not browser.is_alive:
        return False
    if browser.in_use:
        return True
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await browser.connection.send("Browser.getVersion")
    except (Gone, CommandRefused, TimeoutError):
        return False
    return True


_keepers: dict[asyncio.AbstractEventLoop, Keeper] = {}
_lock = threading.Lock()


def keeper() -> Keeper:
    """The keeper of the running loop; those of loops that have ended end their browsers."""
    loop = asyncio.get_running_loop()
    with _lock:
        for other in [other for other in _keepers if other.is_closed()]:
            _keepers.pop(other).end()
        if loop not in _keepers:
            if not _keepers:
                sweep()
            _keepers[loop] = Keeper()
        return _keepers[loop]


def _keep_in_mind(_: Keeper) -> None:
    atexit.unregister(end_all)
    atexit.register(end_all)


def end_all() -> None:
    """End every browser of this process, with its folder; to be called when nothing runs any more."""
    with _lock:
        keepers = list(_keepers.values())
        _keepers.clear()
    for one in keepers:
        one.end()
