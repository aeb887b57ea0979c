"""When a page has settled, and when the frame was painted that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from collectd_inode.chromium.acts import Acts
from collectd_inode.chromium.looking import Snapshot
from collectd_inode.chromium.tab import ACK_SECONDS, Tab, Vanished
from collectd_inode.chromium.traffic import Traffic
from collectd_inode.chromium.window import Window
from collectd_inode.page import urls
from collectd_inode.wire import SYSTEM_CLOCK

QUIET = 0.5
"""Seconds without a change and without a request of the site's own: the page has settled."""
SETTLE_SECONDS = 5.0
"""The number after which it is judged anyway."""


class Settling:
    """Waits for the pages of one run; one that never settles is waited for once, and *warn* gets the reason."""

    def __init__(self, window: Window, traffic: Traffic, acts: Acts, warn: Callable[[str, str], None]) -> None:
        self._window, self._traffic, self._acts, self._warn = window, traffic, acts, warn
        self._unsettled_in = -1
        """The number of the act after which the page did not settle."""

    async def settled(self) -> float:
        """Wait until the page has settled; the moment from which on it had."""
        tab = self._window.here
        now = SYSTEM_CLOCK.monotonic()
        if self._unsettled_in == self._acts.number:
            return now
        end = now + SETTLE_SECONDS
        why = "it does not answer"
        while now < end:
            last = 0.0
            try:
                async with asyncio.timeout(end - now):
                    state = await tab.timed("inode.state()")
                origin = tab.origin
                moments = [origin.at(state["changed"]), tab.loaded_at or 0.0, self._traffic.last_own]
                last = max(moments)
                why = self._why_busy(tab, state)
                if not why and SYSTEM_CLOCK.monotonic() - last >= QUIET:
                    return max(last, await painted(tab, state["looks"]))
                why = why or "it keeps changing"
            except (TimeoutError, Vanished):
                pass
            now = SYSTEM_CLOCK.monotonic()
            rest = QUIET - (now - last) if last and why == "it keeps changing" else QUIET
            await tab.happening(min(max(0.01, rest), max(0.01, end - now)))
            now = SYSTEM_CLOCK.monotonic()
        self._unsettled_in = self._acts.number
        self._warn("unsettled", f"{urls.shown(tab.document.url)} had not settled after {SETTLE_SECONDS:g} s: {why}")
        return now

    def _why_busy(self, tab: Tab, state: Mapping[str, Any]) -> str:
        """Why the page has not settled; empty if nothing is under way."""
        if tab.going is not None or tab.wanting:
            return f"{urls.shown(tab.going_to)} was asked for"
        flying = self._traffic.flying()
        if flying:
            more = f" and {len(flying) - 1} more" if len(flying) > 1 else ""
            return f"{urls.shown(flying[0].url)}{more} had not been answered"
        return "" if state["ready"] == "complete" else "it was not loaded"


async def seen_at(tab: Tab, last: Snapshot | None) -> float:
    """When the frame was painted that shows what was last looked at."""
    if last is None or last.loader != tab.document.loader:
        return SYSTEM_CLOCK.monotonic()
    if last.painted_at is not None:
        return tab.origin.at(last.painted_at)
    return await painted(last.tab, last.looks)


async def painted(tab: Tab, looks: int) -> float:
    """When the frame was painted that shows the page as it stood at *looks*."""
    try:
        async with asyncio.timeout(ACK_SECONDS):
            loader = tab.document.loader
            at = await tab.evaluate(f"inode.frame({looks})")
            if loader == tab.document.loader:
                return tab.origin.at(at)
    except (TimeoutError, Vanished):
        pass
    return SYSTEM_CLOCK.monotonic()
