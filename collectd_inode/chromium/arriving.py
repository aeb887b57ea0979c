"""A tab's way to another page: the waits for it, and its exchanges as the plain engine tells them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from collectd_inode.chromium import faults
from collectd_inode.chromium.tab import ACK_SECONDS, Document, Tab
from collectd_inode.chromium.window import Window
from collectd_inode.page import urls
from collectd_inode.wire import SYSTEM_CLOCK, Exchange


async def come_to_an_end(window: Window, judge_download: Callable[[Tab, str], Awaitable[None]]) -> Tab:
    """Wait until nothing is being gone to; the tab in which the way has ended.  Raises Failure where it ends badly.

    *judge_download* gets the loader of an answer that the browser does not show.
    """
    wanted_since = SYSTEM_CLOCK.monotonic()
    while True:
        tab = window.here  # it may go on in a new one
        loader = tab.going
        if loader is None and not tab.wanting:
            return tab
        if loader is None and SYSTEM_CLOCK.monotonic() - wanted_since > ACK_SECONDS:
            tab.wanting = False
            return tab
        await tab.happening(0.25)
        if loader and (failed := tab.failure_of(loader)):
            if failed in faults.NO_PAGE:
                await judge_download(tab, loader)
            if failed != "net::ERR_ABORTED":
                raise faults.failure(tab.going_to, failed)
            if tab.going == loader:  # a download, or no content: the page stays (rule 85)
                tab.going = None


async def be_answered(window: Window, document: Document) -> None:
    """Wait a little for what the browser tells of the answer: it may come after the page."""
    await _until(window, lambda: not document.request or bool(document.status), 0.3, 0.05)


async def be_loaded(window: Window) -> None:
    """Wait a little for the page's load event."""
    await _until(window, lambda: window.here.loaded_at is not None, 1.0, 0.25)


async def have_set_out(window: Window, tab: Tab, moves: int) -> None:
    """Wait for *tab* to go somewhere, or to have gone: *moves* is its number of moves before."""
    await _until(window, lambda: tab.moves != moves or tab.going is not None, ACK_SECONDS, 0.1)


async def begin_a_download(window: Window, tab: Tab, downloads: int) -> bool:
    """Wait for a further download of *tab*, unless it goes elsewhere; whether there is one."""
    await _until(
        window, lambda: tab is not window.tab or tab.downloads != downloads or tab.going is not None, ACK_SECONDS, 0.25
    )
    return tab.downloads > downloads


async def _until(window: Window, is_so: Callable[[], bool], seconds: float, at_least_every: float) -> None:
    end = SYSTEM_CLOCK.monotonic() + seconds
    while not is_so() and SYSTEM_CLOCK.monotonic() < end:
        await window.here.happening(at_least_every)


def exchange_of(document: Document, certificates: Mapping[str, float]) -> Exchange | None:
    """The exchange that brought a page: its host, status and certificates; None for what nobody was asked for."""
    if not urls.is_web(document.url):
        return None
    host, status = urls.origin(document.url)[1], document.status or None
    return Exchange(host, {}, response_code=status, certificates=dict(certificates))


def unfinished_exchange(tab: Tab) -> Exchange | None:
    """The exchange that *tab* waits for; None if it waits for none."""
    if tab.going is None and not (tab.going_to and tab.document.loader == ""):
        return None
    host = urls.origin(tab.going_to)[1] if urls.is_web(tab.going_to) else ""
    doing = f"waiting for the answer of {host}" if host else "waiting for a page"
    return Exchange(host, {}, finished=False, doing=doing)
