"""A tab: its document, its navigation, its requests and its console, by Chromium's events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_inode.chromium import faults
from collectd_inode.chromium.protocol import GONE, CommandRefused, Connection, Gone
from collectd_inode.chromium.traffic import Request, Traffic
from collectd_inode.model import Failure
from collectd_inode.page import urls
from collectd_inode.page.headers import Headers
from collectd_inode.page.text import BLOCKS
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.words import shortened

WORLD = "inode"
_SCRIPT = (
    Path(__file__).with_name("page.js").read_text(encoding="utf-8").replace("INODE_BLOCKS", " ".join(sorted(BLOCKS)))
)
_LONGEST_LINE = 500
ACK_SECONDS = 2.0
"""How long to wait for what a browser does at once, if it does it at all."""
MOST_LINES = 500
"""Lines of the console that are kept."""

Parameters = Mapping[str, Any]


@dataclass(slots=True)
class Document:
    """A page's own answer: where it came from, how, and what came with it."""

    loader: str
    url: str
    hops: tuple[str, ...] = ()
    status: int = 0
    """0 as long as it is not known, and for what has none."""
    headers: Headers = field(default_factory=lambda: Headers(()))
    media_type: str = ""
    request: str = ""
    address: str | None = None
    failed: str = ""
    """Chromium's name for why there is none: an error page is shown in its place."""

    @property
    def redirects(self) -> Sequence[str]:
        """The addresses that led to it, its own the last."""
        return self.hops or (self.url,)


@dataclass(slots=True)
class ClockOrigin:
    """When a document's own clock began: between the two, by ours.  Each answer from it makes that narrower."""

    least: float = float("-inf")
    most: float = float("inf")

    def learn(self, before: float, begun: float, ended: float, after: float) -> None:
        """It was asked and had answered *before* and *after* by our clock, from *begun* to *ended* (ms) by its own."""
        least, most = max(self.least, before - begun / 1000), min(self.most, after - ended / 1000)
        if least <= most:
            self.least, self.most = least, most

    def at(self, milliseconds: float) -> float:
        """A moment of the document's, by our clock."""
        return (self.least + self.most) / 2 + milliseconds / 1000


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line of the console: ``kind`` is ``console`` or ``exception`` for what is an error."""

    kind: str
    text: str
    url: str = ""
    page: str = ""
    """The loader of the document that was there."""

    def __str__(self) -> str:
        return f"{self.text} ({urls.shown(self.url)})" if self.url else self.text


class TabRun:
    """The state that all tabs of a run share."""

    def __init__(self, connection: Connection, traffic: Traffic) -> None:
        self.connection, self.traffic = connection, traffic
        self.console: deque[ConsoleLine] = deque(maxlen=MOST_LINES)
        self.errors = 0
        self.on_error: Callable[[ConsoleLine], None] = lambda line: None
        self.on_failed: Callable[[Request], None] = lambda request: None
        self.on_sent: Callable[[Request, Parameters], None] = lambda request, event: None
        self.on_answer: Callable[[Request, Parameters], None] = lambda request, event: None
        self.on_paused: Callable[[str, str, Parameters], None] = lambda session, method, event: None
        self.preparing: list[tuple[str, Parameters]] = []
        """The commands that every frame and worker gets before it begins."""
        self.tasks: set[asyncio.Future[Any]] = set()

    def spawn(self, work: Awaitable[Any]) -> None:
        """Do *work* meanwhile; what is not done when the run ends is let go."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def say(self, line: ConsoleLine) -> None:
        """A line of the console; the errors are counted."""
        self.console.append(line)
        if line.kind in ("console", "exception"):
            self.errors += 1
            self.on_error(line)


class Tab:
    """One tab, attached as *session*."""

    def __init__(self, run: TabRun, target: str, session: str) -> None:
        self.run, self.target, self.session = run, target, session
        self.document = Document("", "about:blank")
        self.going: str | None = None
        """The loader of the document that is being asked for, in place of the one on the screen."""
        self.going_to = ""
        self.loaded_at: float | None = None
        """When the load event of the document on the screen was fired."""
        self.moves = 0
        """Goes up with each document, and with each address that a script sets."""
        self.downloads = 0
        """Goes up with each download that begins, and is rejected; the last one was of the address `downloaded`."""
        self.downloaded = ""
        self.crashed = False
        self.is_open = True
        self.origins: dict[str, ClockOrigin] = {}
        self._arriving: dict[str, Document] = {}
        self._known: dict[str, Document] = {}
        self._context: int | None = None
        self._sessions: set[str] = {session}
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._heed: dict[str, Callable[[str, Parameters], None]] = {
            "Network.requestWillBeSent": self._sent,
            "Network.responseReceived": self._answered,
            "Network.responseReceivedExtraInfo": self._answered_in_full,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._broke_off,
            "Runtime.consoleAPICalled": self._said,
            "Runtime.exceptionThrown": self._threw,
            "Log.entryAdded": self._logged,
            "Target.attachedToTarget": self._attached,
            "Target.detachedFromTarget": self._detached,
            "Fetch.requestPaused": lambda s, p: run.on_paused(s, "Fetch.requestPaused", p),
            "Fetch.authRequired": lambda s, p: run.on_paused(s, "Fetch.authRequired", p),
        }
        self._heed_here: dict[str, Callable[[Parameters], None]] = {
            "Page.frameStartedNavigating": self._sets_out,
            "Page.frameRequestedNavigation": self._wants_to_go,
            "Page.downloadWillBegin": self._downloads,
            "Page.frameNavigated": self._arrived,
            "Page.navigatedWithinDocument": self._moved,
            "Page.frameStoppedLoading": self._stopped,
            "Page.loadEventFired": self._loaded,
            "Page.javascriptDialogOpening": self._asked,
            "Runtime.executionContextCreated": self._world,
            "Runtime.executionContextDestroyed": self._world_gone,
            "Runtime.executionContextsCleared": self._worlds_gone,
            "Runtime.bindingCalled": lambda p: self.wake(),
            "Inspector.targetCrashed": self._crash,
        }
        self.wanting = False
        """A page has said that it goes elsewhere; the browser has not begun yet."""

    async def prepare(self) -> None:
        """Subscribe to its events, and load our script into all its documents."""
        self.run.connection.listen(self.session, self._listener(self.session))
        await self._prepare_session(self.session, is_page=True)

    async def _prepare_session(self, session: str, *, is_page: bool) -> None:
        send = self.run.connection.send
        asked = [send("Network.enable", {"maxPostDataSize": 65536}, session), send("Runtime.enable", {}, session)]
        if is_page:
            asked += [
                send("Page.enable", {}, session),
                send("Log.enable", {}, session),
                send("Inspector.enable", {}, session),
                send("Runtime.addBinding", {"name": "inodeTell", "executionContextName": WORLD}, session),
                send(
                    "Page.addScriptToEvaluateOnNewDocument",
                    {"source": _SCRIPT, "worldName": WORLD, "runImmediately": True},
                    session,
                ),
            ]
        asked.append(
            send(
                "Target.setAutoAttach",
                {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True},
                session,
            )
        )
        asked += [send(method, parameters, session) for method, parameters in self.run.preparing]
        asked.append(send("Runtime.runIfWaitingForDebugger", {}, session))
        done = await asyncio.gather(*asked, return_exceptions=True)
        if session == self.session:
            gone = next((one for one in done if isinstance(one, Gone)), None)
            if gone is not None:
                raise gone

    def _listener(self, session: str) -> Callable[[str, Parameters], None]:
        is_page = session == self.session

        def listener(method: str, parameters: Parameters) -> None:
            if method == GONE:
                self.is_open = False
                self._over.set()
                self.wake()
            elif method in self._heed:
                self._heed[method](session, parameters)
            elif is_page and method in self._heed_here:
                self._heed_here[method](parameters)

        return listener

    # Waiting, and asking.

    def wake(self) -> None:
        """Something has happened that somebody may wait for."""
        self._changed.set()

    async def happening(self, seconds: float) -> None:
        """Wait until something happens in the tab, or so long.  Raises Gone where the browser has ended."""
        self._check()
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._changed.wait()
        self._check()

    def _check(self) -> None:
        if not self.is_open:
            raise Gone("the browser has ended")
        if self.crashed:
            raise Crashed("the page has crashed its tab")

    def send(self, method: str, parameters: Parameters | None = None) -> asyncio.Future[Any]:
        """Send a call to the tab."""
        return self.run.connection.send(method, parameters, self.session)

    async def evaluate(self, expression: str, *, by_value: bool = True) -> Any:
        """The value of *expression* in our world of the document on the screen; waits for a document.

        Raises Vanished where the document goes meanwhile.
        """
        while self._context is None:
            await self.happening(1.0)
        self._check()
        parameters = {
            "expression": expression,
            "contextId": self._context,
            "returnByValue": by_value,
            "awaitPromise": True,
            "silent": True,
        }
        call = self.send("Runtime.evaluate", parameters)
        crash = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((call, crash), return_when=asyncio.FIRST_COMPLETED)
        finally:
            crash.cancel()
            if not call.done():
                call.cancel()
        if call.cancelled():
            self._check()
            raise Vanished("the tab is closed")
        try:
            answer = call.result()
        except CommandRefused as error:
            raise Vanished(str(error)) from None
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Vanished(str(details.get("exception", {}).get("description") or details.get("text")))
        return answer["result"].get("value") if by_value else answer["result"].get("objectId")

    async def timed(self, expression: str) -> dict[str, Any]:
        """The same for what tells the document's own time (``begun``, ``ended``; ``now``), which narrows its origin."""
        loader, before = self.document.loader, SYSTEM_CLOCK.monotonic()
        found: dict[str, Any] = await self.evaluate(expression)
        after = SYSTEM_CLOCK.monotonic()
        begun, ended = found.get("begun", found.get("now")), found.get("ended", found.get("now"))
        if loader == self.document.loader and isinstance(begun, int | float) and isinstance(ended, int | float):
            self.origin.learn(before, begun, ended, after)
        return found

    @property
    def origin(self) -> ClockOrigin:
        """The clock of the document on the screen."""
        return self.origins.setdefault(self.document.loader, ClockOrigin())

    # Navigation.

    def _is_main(self, parameters: Parameters) -> bool:
        return parameters.get("frameId") == self.target

    def _sets_out(self, event: Parameters) -> None:
        if self._is_main(event) and event.get("navigationType") not in ("sameDocument", "historySameDocument"):
            self.going, self.going_to = str(event.get("loaderId") or ""), str(event.get("url") or "")
            self.wanting = False
            self.wake()

    def _wants_to_go(self, event: Parameters) -> None:
        here, there = urls.without_fragment(self.document.url), str(event.get("url") or "")
        stays = "#" in there and urls.without_fragment(there) == here
        if self._is_main(event) and event.get("disposition") == "currentTab" and urls.is_web(there) and not stays:
            self.wanting = True
            self.going_to = there
            self.wake()

    def _downloads(self, event: Parameters) -> None:
        self.downloads += 1
        self.downloaded = str(event.get("url") or "")
        self.wake()

    def _arrived(self, event: Parameters) -> None:
        frame = event["frame"]
        if frame.get("id") != self.target:
            return
        loader = str(frame.get("loaderId") or "")
        # One that is gone back to may come from memory, and was asked for long ago.
        known = self._arriving.pop(loader, None) or self._known.get(loader)
        document = known or Document(loader, str(frame.get("url") or ""))
        self._known[loader] = document
        self._arriving.clear()
        if unreachable := frame.get("unreachableUrl"):
            document.url = str(unreachable)
            document.failed = document.failed or "net::ERR_FAILED"
        elif not document.failed:
            document.url = str(frame.get("url") or "") + str(frame.get("urlFragment") or "")
        self.document = document
        self.run.traffic.settle_at(document.url)
        self.loaded_at = None
        self.moves += 1
        self.wanting = False
        if self.going in (loader, ""):
            self.going = None
        self.wake()

    def _moved(self, event: Parameters) -> None:
        if self._is_main(event):
            self.document.url = str(event.get("url") or "")
            self.moves += 1
            self.wanting = False
            self.wake()

    def _stopped(self, event: Parameters) -> None:
        if self._is_main(event):
            self.going, self.wanting = None, False
            self.wake()

    def _loaded(self, event: Parameters) -> None:
        self.loaded_at = float(event.get("timestamp") or SYSTEM_CLOCK.monotonic())
        self.wake()

    def _asked(self, event: Parameters) -> None:
        """A dialog is answered as by a person who wants to go on: OK, with the text that is offered."""
        answer = {"accept": True, "promptText": str(event.get("defaultPrompt") or "")}
        self.send("Page.handleJavaScriptDialog", answer)
        self.run.say(ConsoleLine("dialog", f"{event.get('type')}: {event.get('message')}", str(event.get("url") or "")))

    def _world(self, event: Parameters) -> None:
        context = event["context"]
        if context.get("name") == WORLD and context.get("auxData", {}).get("frameId") == self.target:
            self._context = int(context["id"])
            self.wake()

    def _world_gone(self, event: Parameters) -> None:
        if event.get("executionContextId") == self._context:
            self._context = None

    def _worlds_gone(self, event: Parameters) -> None:
        self._context = None

    def _crash(self, event: Parameters) -> None:
        self.crashed = True
        self._over.set()
        self.wake()

    # Requests.

    def _sent(self, session: str, event: Parameters) -> None:
        request = self.run.traffic.sent(f"{session} {event['requestId']}", event)
        if request is None:
            return
        is_page = event.get("type") == "Document" and event.get("frameId") == self.target
        if is_page and event["requestId"] == event.get("loaderId"):
            request.is_page = True
            loader = str(event["loaderId"])
            if not event.get("redirectResponse"):
                self._arriving[loader] = Document(loader, request.url, request=str(event["requestId"]))
            if loader in self._arriving:
                self._arriving[loader].hops = tuple(request.hops)
        self.run.on_sent(request, event)
        self.wake()

    def _answered(self, session: str, event: Parameters) -> None:
        request = self.run.traffic.answered(f"{session} {event['requestId']}", event)
        if request is None:
            return
        answer = event["response"]
        document = self._document_of(str(event["requestId"]))
        if document is not None and request.is_page:
            document.url, document.status = str(answer["url"]), int(answer["status"])
            document.media_type = str(answer.get("mimeType") or "")
            document.address = answer.get("remoteIPAddress")
            if not len(document.headers):
                document.headers = _headers(answer.get("headers", {}))
            self.going_to = self.going_to or request.url
        self.run.on_answer(request, event)
        if request.failed:
            self.run.on_failed(request)
        self.wake()

    def _answered_in_full(self, session: str, event: Parameters) -> None:
        document = self._document_of(str(event["requestId"]))
        if document is not None and session == self.session:
            document.headers = _headers(event.get("headers", {}))

    def _document_of(self, request: str) -> Document | None:
        """The page that a request is for; None if it is for none."""
        if (arriving := self._arriving.get(request)) is not None:
            return arriving
        return self.document if request and self.document.request == request else None

    def _finished(self, session: str, event: Parameters) -> None:
        self.run.traffic.finished(f"{session} {event['requestId']}", event)
        self.wake()

    def _broke_off(self, session: str, event: Parameters) -> None:
        had_failed = self._has_failed(f"{session} {event['requestId']}")
        request = self.run.traffic.broke_off(f"{session} {event['requestId']}", event)
        if request is not None and request.is_page:
            document = self._arriving.get(str(event["requestId"]))
            if document is not None:
                document.failed = str(event.get("errorText") or "net::ERR_FAILED")
        if request is not None and request.failed and not had_failed:
            self.run.on_failed(request)
        self.wake()

    def _has_failed(self, key: str) -> bool:
        return any(request.id == key for request in self.run.traffic.failing)

    def failure_of(self, loader: str) -> str:
        """Chromium's name for why the document of *loader* could not be had; empty for nothing known."""
        document = self._arriving.get(loader)
        return document.failed if document is not None else ""

    def document_of(self, loader: str) -> Document | None:
        """The document of *loader*, on the screen or not; None if it is not known."""
        return self._arriving.get(loader) or self._known.get(loader)

    # The console.

    def _said(self, session: str, event: Parameters) -> None:
        kind = "console" if event.get("type") in ("error", "assert") else str(event.get("type") or "log")
        text = " ".join(_shown(argument) for argument in event.get("args", ())[:20])
        self.run.say(ConsoleLine(kind, shortened(text, _LONGEST_LINE), _whence(event)))

    def _threw(self, session: str, event: Parameters) -> None:
        details = event.get("exceptionDetails", {})
        text = str(details.get("exception", {}).get("description") or details.get("text") or "")
        url = str(details.get("url") or "") or _whence(details)
        text = shortened(text.partition("\n")[0], _LONGEST_LINE)
        self.run.say(ConsoleLine("exception", text, url, self.document.loader))

    def _logged(self, session: str, event: Parameters) -> None:
        entry = event.get("entry", {})
        # What the network does is counted as requests.
        is_error = entry.get("level") == "error" and entry.get("source") != "network"
        kind = "console" if is_error else str(entry.get("level") or "info")
        text = shortened(str(entry.get("text") or ""), _LONGEST_LINE)
        self.run.say(ConsoleLine(kind, text, str(entry.get("url") or "")))

    # Frames of other sites, workers, windows.

    def _attached(self, session: str, event: Parameters) -> None:
        info, child = event["targetInfo"], str(event["sessionId"])
        self._sessions.add(child)
        self.run.connection.listen(child, self._listener(child))
        is_page = info.get("type") == "iframe"
        self.run.spawn(self._prepare_child(child, is_frame=is_page))

    async def _prepare_child(self, session: str, *, is_frame: bool) -> None:
        send = self.run.connection.send
        asked = [send("Network.enable", {}, session), send("Runtime.enable", {}, session)]
        if is_frame:
            asked.append(send("Page.enable", {}, session))
        wanted = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        asked.append(send("Target.setAutoAttach", wanted, session))
        asked += [send(method, parameters, session) for method, parameters in self.run.preparing]
        asked.append(send("Runtime.runIfWaitingForDebugger", {}, session))
        await asyncio.gather(*asked, return_exceptions=True)

    def _detached(self, session: str, event: Parameters) -> None:
        child = str(event.get("sessionId") or "")
        self.run.connection.forget(child)
        self.run.traffic.forget_flying(child)
        self._sessions.discard(child)

    def close(self) -> None:
        """Hear no more of it."""
        for session in self._sessions:
            self.run.connection.forget(session)


class Vanished(Exception):
    """The queried document no longer exists, or did not understand the query: it must be repeated."""


class Crashed(Exception):
    """The tab's process has ended."""


def failure_in(document: Document) -> Failure | None:
    """Why *document* is no page but the browser's own words; None for a page."""
    return faults.failure(document.url, document.failed) if document.failed else None


def _headers(said: Mapping[str, Any]) -> Headers:
    """Headers as Chromium tells them: several of one name are lines of one value."""
    return Headers(
        (name.lower().encode("latin-1", "replace"), line.encode("utf-8", "surrogateescape"))
        for name, value in said.items()
        for line in str(value).split("\n")
    )


def _shown(argument: Parameters) -> str:
    value = argument.get("value", argument.get("unserializableValue", argument.get("description")))
    return "" if value is None and argument.get("type") == "undefined" else str(value)


def _whence(event: Parameters) -> str:
    frames = (event.get("stackTrace") or {}).get("callFrames") or [{}]
    return str(frames[0].get("url") or "")
