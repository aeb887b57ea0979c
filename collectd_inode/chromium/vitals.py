"""The vitals of a run's pages: what each document has measured of itself, and the worst of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from collectd_inode.chromium.protocol import CommandRefused, Gone
from collectd_inode.chromium.tab import Tab, Vanished
from collectd_inode.chromium.traffic import worst

_PAINT_SECONDS = 1.0
"""How long the end of a run waits for the time of the last page's first paint, at most; a fifth of it as a rule."""
_DURATIONS = ("ttfb", "fcp", "lcp", "inp", "longtasks")


class Vitals:
    """Those of one run, by the loader of the document; milliseconds, as the page says them."""

    def __init__(self) -> None:
        self._said: dict[str, Mapping[str, float]] = {}

    def learn(self, loader: str, said: Mapping[str, float]) -> None:
        """The document of *loader* has *said* them; what it said before is old."""
        self._said[loader] = said

    async def wait_for_paint(self, tab: Tab) -> None:
        """Read the last page's once more: a run that ends at once has seen the text before the paint's time."""
        if "fcp" in self._said.get(tab.document.loader, {"fcp": 0.0}):
            return
        with suppress(Vanished, Gone, CommandRefused, TimeoutError):
            async with asyncio.timeout(_PAINT_SECONDS):
                self._said[tab.document.loader] = await tab.evaluate("inode.lastVitals()")

    def tell(self, read: Callable[[str, str, float], None]) -> None:
        """Have the worst of each *read*, in seconds."""
        for name in _DURATIONS:
            if (value := worst(self._said.values(), name)) is not None:
                read("duration", name, value / 1000)
        if (shift := worst(self._said.values(), "cls")) is not None:
            read("gauge", "cls", shift)
