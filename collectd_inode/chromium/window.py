"""The window of one run: its own context of the browser, the tab to go on in, and the manners of every page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import collectd_inode
from collectd_inode.browser.cookies import Cookie
from collectd_inode.chromium.acts import Acts
from collectd_inode.chromium.options import Options
from collectd_inode.chromium.process import BrowserProcess
from collectd_inode.chromium.protocol import CommandRefused, Gone
from collectd_inode.chromium.tab import Crashed, Tab, TabRun, Vanished
from collectd_inode.model import Broken, Cause, Failure
from collectd_inode.page import urls

_CLOSE_SECONDS = 2.0


class Window:
    """Opened in a browser for one run, and closed with all its tabs."""

    def __init__(self, options: Options, acts: Acts) -> None:
        self._options, self._acts = options, acts
        self.browser: BrowserProcess | None = None
        self.run: TabRun | None = None
        self.tab: Tab | None = None
        self._context = ""
        self._pauses = False

    @property
    def here(self) -> Tab:
        """The tab to go on in; Failure(EXPECTATION) before there is one."""
        if self.tab is None:
            raise Failure(Cause.EXPECTATION, "no page yet: open one first")
        return self.tab

    @property
    def is_well(self) -> bool:
        """Whether there is a tab that can be asked."""
        return self.tab is not None and self.tab.is_open and not self.tab.crashed

    async def open(self, browser: BrowserProcess, run: TabRun) -> None:
        """Open a tab in *browser*; *run* receives its events."""
        self.browser, self.run = browser, run
        run.preparing = list(_manners(self._options, browser))
        wanted: dict[str, Any] = {"disposeOnDetach": True}
        if self._options.proxy:
            wanted |= {"proxyServer": urls.origin_text(self._options.proxy), "proxyBypassList": "<-loopback>"}
        send = browser.connection.send
        self._context = (await send("Target.createBrowserContext", wanted))["browserContextId"]
        deny = {"behavior": "deny", "browserContextId": self._context}
        width, height = self._options.window
        target = {"url": "about:blank", "browserContextId": self._context, "width": width, "height": height}
        opened: asyncio.Future[Tab] = asyncio.get_running_loop().create_future()
        browser.windows[self._context] = lambda target, session: self._opened(opened, target, session)
        send("Browser.setDownloadBehavior", deny)
        await send("Target.createTarget", target)
        self.tab = await opened
        await self._set_up(self.tab)

    def _opened(self, first: asyncio.Future[Tab], target: str, session: str) -> None:
        """A tab has come: the run's own, or one that a page opens."""
        if first.done():
            self._popped_up(target, session)
        elif self.run is not None:
            first.set_result(Tab(self.run, target, session))

    async def _set_up(self, tab: Tab) -> None:
        width, height = self._options.window
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        tab.send("Emulation.setDeviceMetricsOverride", size)
        await tab.prepare()

    def _popped_up(self, target: str, session: str) -> None:
        """A tab that a step has opened is the one to go on in; one that opens by itself is closed."""
        if self.run is None:
            return
        if self._acts.at is None:
            self.run.connection.send("Target.closeTarget", {"targetId": target})
            return
        tab = Tab(self.run, target, session)
        tab.wanting = True
        self.tab = tab
        self.run.spawn(self._set_up(tab))
        tab.wake()

    async def pause_requests(self) -> None:
        """Have requests looked at before they go, from now on: it costs them a millisecond each."""
        if not self._pauses and self.run is not None:
            self._pauses = True
            wanted = {"handleAuthRequests": True, "patterns": [{"urlPattern": "*"}]}
            self.run.preparing.append(("Fetch.enable", wanted))
            await self.here.send("Fetch.enable", wanted)

    def send(self, method: str, parameters: Mapping[str, Any], session: str) -> object:
        """Send a call to any *session* of it."""
        return None if self.run is None else self.run.connection.send(method, parameters, session)

    async def cookies(self) -> list[Cookie]:
        """The cookies that it has."""
        if self.browser is None:
            return []
        with suppress(CommandRefused):
            context = {"browserContextId": self._context}
            answer = await self.browser.connection.send("Storage.getCookies", context)
            return [_cookie(one, number) for number, one in enumerate(answer.get("cookies", ()))]
        return []

    async def close(self) -> None:
        """Close it; a browser that does not do so in time is sick."""
        if self.run is not None:
            for task in list(self.run.tasks):
                task.cancel()
        if self.tab is not None:
            self.tab.close()
        if self.browser is None or not self._context:
            return
        self.browser.windows.pop(self._context, None)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.browser.connection.send("Target.disposeBrowserContext", {"browserContextId": self._context})
        except (Gone, CommandRefused, TimeoutError):
            self.browser.is_sick = True

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The browser's own ends become what a run knows."""
        try:
            yield
        except Gone:
            how = self.browser.ended_how if self.browser is not None else ""
            raise Broken(f"the browser ended during the run, {how}; the next run starts another one") from None
        except Crashed as error:
            raise Failure(Cause.EXPECTATION, f"{error}, at {urls.shown(self.here.document.url)}") from None
        except Vanished as error:
            raise Failure(Cause.EXPECTATION, f"the page went away while it was used ({error})") from None
        except CommandRefused as error:
            raise Broken(f"the browser rejects a command: {error}") from None


def _manners(options: Options, browser: BrowserProcess) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The commands that every frame and worker gets before it begins."""
    bare = browser.user_agent.replace("HeadlessChrome", "Chrome")
    agent = options.user_agent or f"{bare} collectd_inode/{collectd_inode.__version__}"
    said = {"userAgent": agent, **({"acceptLanguage": options.locale} if options.locale else {})}
    yield "Emulation.setUserAgentOverride", said
    if options.locale:
        yield "Emulation.setLocaleOverride", {"locale": options.locale.replace("-", "_")}
    if options.time_zone:
        yield "Emulation.setTimezoneOverride", {"timezoneId": options.time_zone}
    if options.block:
        patterns = [f"*://{host}{rest}" for host in options.block for rest in ("/*", ":*/*")]
        yield "Network.setBlockedURLs", {"urlPatterns": [{"urlPattern": p, "block": True} for p in patterns]}


def _cookie(said: Mapping[str, Any], number: int) -> Cookie:
    """A cookie as Chromium tells it."""
    domain, expires = str(said["domain"]), float(said.get("expires") or -1)
    return Cookie(
        name=str(said["name"]).encode(),
        value=str(said["value"]).encode(),
        domain=domain.removeprefix("."),
        path=str(said["path"]),
        host_only=not domain.startswith("."),
        secure=bool(said.get("secure")),
        http_only=bool(said.get("httpOnly")),
        same_site=str(said.get("sameSite") or "").lower(),
        expires=expires if expires > 0 else None,
        number=number,
    )
