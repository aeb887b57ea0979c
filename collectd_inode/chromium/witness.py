"""The evidence of a run: its requests as they are sent, and its last page with picture and console."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collectd_inode.browser.record import Hop, Recorder
from collectd_inode.chromium.live import without_passwords
from collectd_inode.chromium.tab import ConsoleLine, Tab
from collectd_inode.chromium.traffic import Request
from collectd_inode.page import urls
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.wire import Exchange

PICTURE_SECONDS = 0.6
_NOTED = frozenset({"Document", "XHR", "Fetch"})
"""The types of requests that a transcript shows."""
_MOST_HEADERS = 50


class Witness:
    """Tells the *recorder* of one run; *page* gives what is on the screen."""

    def __init__(self, recorder: Recorder, page: Callable[[], Page | None]) -> None:
        self._recorder, self._page = recorder, page
        self._hops: dict[str, Hop] = {}

    def sent(self, request: Request, event: Mapping[str, Any]) -> None:
        """A request is sent, the first time or by a redirect."""
        if request.type not in _NOTED:
            return
        asked = event["request"]
        headers = Headers(
            (n.lower().encode("latin-1", "replace"), str(v).encode()) for n, v in asked["headers"].items()
        )
        body = str(asked["postData"]).encode("utf-8", "replace") if asked.get("postData") else None
        if request.id in self._hops and (answer := event.get("redirectResponse")):
            self._note_answer(request, answer)
        self._recorder.asks(str(asked["method"]), request.url, headers, body, self._page())
        self._hops[request.id] = self._recorder.hops[-1]

    def answered(self, request: Request, event: Mapping[str, Any]) -> None:
        """Its answer begins."""
        self._note_answer(request, event["response"])

    def _note_answer(self, request: Request, answer: Mapping[str, Any]) -> None:
        hop = self._hops.get(request.id)
        if hop is not None:
            hop.status = int(answer.get("status") or 0)
            lines = answer.get("headers", {}).items()
            hop.answer = tuple((str(n).lower(), str(v)) for n, v in lines)[:_MOST_HEADERS]
            hop.exchange = Exchange(urls.origin(request.url)[1], {}, response_code=hop.status)

    def hears(self, console: Iterable[ConsoleLine], failing: Iterable[Request]) -> None:
        """Keep the console and the failed requests of a run that has failed."""
        self._recorder.console = [f"{line.kind}: {line}" for line in console]
        self._recorder.console += [f"request: {r.failed}: {urls.shown(r.url)}" for r in failing]

    async def sees(self, tab: Tab, page: Page) -> None:
        """Keep the *page* on which it failed, and its picture."""
        self._recorder.shows(page.body)
        async with asyncio.timeout(PICTURE_SECONDS):
            taken = await tab.send("Page.captureScreenshot", {"format": "jpeg", "quality": 70})
        self._recorder.pictured = without_passwords(page.source).encode("utf-8", "replace")
        self._recorder.picture = base64.b64decode(taken["data"])
