"""Clicks and keys on the live page, as a person gives them; `hands` has their events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from collectd_inode.browser.screen import Screen
from collectd_inode.chromium import hands
from collectd_inode.chromium.acts import Acts
from collectd_inode.chromium.tab import ACK_SECONDS, Vanished
from collectd_inode.chromium.vitals import Vitals
from collectd_inode.chromium.window import Window
from collectd_inode.wire import SYSTEM_CLOCK

_MOST_CLICKS = 3
"""Tries to click what moves."""


class Input:
    """The mouse and the keyboard of one run; an element is named by its number in the snapshot on the *screen*."""

    def __init__(self, window: Window, acts: Acts, vitals: Vitals, screen: Screen) -> None:
        self._window, self._acts, self._vitals, self._screen = window, acts, vitals, screen

    async def click(self, number: int, what: str) -> None:
        """Click in the middle of an element, and again where it has moved away meanwhile.

        Failure where a person could not.
        """
        for _ in range(_MOST_CLICKS):
            await self._click_once(number, what)
            if not await self._has_missed():
                return
        raise self._screen.page.failure(f"{what} cannot be clicked: it moves away", f"{what}, to be clicked")

    async def _click_once(self, number: int, what: str) -> None:
        tab = self._window.here
        place = await tab.evaluate(f"inode.place({number})")
        if place.get("gone"):
            raise self._screen.page.failure(f"{what} was there, and has gone", f"{what}, to be used")
        if why := place.get("why"):
            raise self._screen.page.failure(f"{what} cannot be clicked: {why}", f"{what} on top of the page")
        self._vitals.learn(tab.document.loader, place["vitals"])
        await self.give([hands.moved(place["x"], place["y"])])
        self._acts.departs()
        await self.give(hands.clicked(place["x"], place["y"]))

    async def _has_missed(self) -> bool:
        """Whether the last click would have hit something else, and so was kept from the page."""
        tab = self._window.here
        if tab.going is not None or tab.wanting:
            return False
        with suppress(TimeoutError, Vanished):
            async with asyncio.timeout(ACK_SECONDS):
                return bool(await tab.evaluate("inode.hasMissed()"))
        return False

    async def give(self, events: Sequence[hands.Event]) -> None:
        """Send what the hands do; what the page makes of it is waited for, unless it goes elsewhere meanwhile."""
        tab = self._window.here
        calls = [tab.send(method, parameters) for method, parameters in events]
        end = SYSTEM_CLOCK.monotonic() + ACK_SECONDS
        moves = tab.moves
        for call in calls:
            call.add_done_callback(lambda _: tab.wake())
        while not all(call.done() for call in calls) and SYSTEM_CLOCK.monotonic() < end:
            if tab.going is not None or tab.wanting or tab.moves != moves:
                return
            await tab.happening(0.25)

    async def ask(self, expression: str, what: str) -> Any:
        """The answer of our script in the page about *what*; Failure where that has just gone."""
        answer = await self._window.here.evaluate(expression)
        if answer is None:
            raise self._screen.page.failure(f"{what} was there, and has gone", f"{what}, to be used")
        return answer

    async def turn(self) -> None:
        """Let the page do what has been put into its queue."""
        with suppress(TimeoutError, Vanished):
            async with asyncio.timeout(ACK_SECONDS):
                await self._window.here.evaluate("inode.turn()")
