"""Looking at the live page: a snapshot becomes a `Page`."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from collectd_inode.browser.cookies import Cookie
from collectd_inode.chromium.live import LivePage, without_numbers
from collectd_inode.chromium.protocol import CommandRefused
from collectd_inode.chromium.tab import Document, Tab, Vanished
from collectd_inode.chromium.traffic import Traffic
from collectd_inode.chromium.vitals import Vitals
from collectd_inode.chromium.window import Window
from collectd_inode.model import Cause, Failure
from collectd_inode.page import urls
from collectd_inode.page.page import Page
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.workers import begun_aside_if_large

LOOK_SECONDS = 10.0
"""Seconds for one snapshot; a page whose script never ends does not answer."""
_TEXTS = ("text/html", "application/xhtml+xml")

Usual = Callable[[], frozenset[str]]
"""The fingerprints of messages that good pages have shown so far; asked when a new page is made."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the page at one look."""

    tab: Tab
    loader: str
    looks: int
    painted_at: float | None


class Looking:
    """The looks of one run; `last` is the newest, and `cookies` are those that the browser had then."""

    def __init__(self, window: Window, traffic: Traffic, vitals: Vitals, most: int) -> None:
        self._window, self._traffic, self._vitals, self._most = window, traffic, vitals, most
        self.last: Snapshot | None = None
        self.cookies: list[Cookie] = []

    async def look(self, before: Page | None, usual: Usual, seconds: float = LOOK_SECONDS) -> Page:
        """The page as it stands: *before*, if nothing has changed.  Failure where it does not answer in *seconds*."""
        tab = self._window.here
        found = await self._snapshot(tab, seconds)
        self._vitals.learn(tab.document.loader, found["vitals"])
        if found["html"] is None:
            what = f"the page is larger than {self._most} characters (MaxBodySize)"
            raise Failure(Cause.PROTOCOL, f"{urls.shown(found['url'])}: {what}")
        page = await self._made(tab, found, before, usual)
        self.last = Snapshot(tab, tab.document.loader, found["looks"], found["paintedAt"])
        return page

    async def _snapshot(self, tab: Tab, seconds: float) -> dict[str, Any]:
        found: dict[str, Any]
        end = SYSTEM_CLOCK.monotonic() + seconds
        while True:
            try:
                async with asyncio.timeout(max(0.1, end - SYSTEM_CLOCK.monotonic())):
                    found, self.cookies = await asyncio.gather(
                        tab.timed(f"inode.look({self._most})"), self._window.cookies()
                    )
                return found
            except Vanished:
                await asyncio.sleep(0.01)
            except TimeoutError:
                raise Failure(
                    Cause.EXPECTATION,
                    f"{urls.shown(tab.document.url)}: the page does not respond: one of its scripts does not end",
                    expected="a page that responds",
                ) from None

    async def _made(self, tab: Tab, found: Mapping[str, Any], before: Page | None, usual: Usual) -> Page:
        document, url, html = tab.document, str(found["url"]), str(found["html"])
        status = document.status or 200
        if document.media_type and document.media_type not in _TEXTS:
            return await _raw(tab, document, status, before, usual)
        trouble = self._trouble_of(document.loader)
        seen = (url, status, html, trouble)
        if isinstance(before, LivePage) and (before.url, before.status, before.numbered, before.trouble) == seen:
            return before
        known = usual()
        body = without_numbers(html).encode("utf-8", "replace")
        page = LivePage(url, status, document.headers, body, usual=known, trouble=trouble, numbered=_valid(html))
        await begun_aside_if_large(len(body), page.prepare)
        return page

    def _trouble_of(self, loader: str) -> str:
        """The first of the site's own scripts and requests that failed on the page of *loader*; empty for none."""
        lines = self._window.run.console if self._window.run is not None else ()
        threw = (x for x in lines if x.kind == "exception" and x.page == loader)
        own = (x for x in threw if not x.url or self._traffic.is_own(x.url))
        return self._traffic.broken(loader) or next((f"a script failed: {line.text}" for line in own), "")


async def _raw(tab: Tab, document: Document, status: int, before: Page | None, usual: Usual) -> Page:
    """The body of an answer that is not HTML: the browser shows a viewer's page for it."""
    if before is not None and not isinstance(before, LivePage) and before.url == document.url:
        return before
    body = b""
    with suppress(CommandRefused):
        answer = await tab.send("Network.getResponseBody", {"requestId": document.request})
        said = str(answer.get("body", ""))
        body = base64.b64decode(said) if answer.get("base64Encoded") else said.encode("utf-8", "replace")
    page = Page(document.url, status, document.headers, body, usual=usual())
    await begun_aside_if_large(len(body), page.prepare)
    return page


def _valid(html: str) -> str:
    """*html* without halves of surrogate pairs, which a script can make and no encoding has."""
    return html.encode("utf-8", "replace").decode("utf-8")
