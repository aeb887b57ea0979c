"""The engine with scripts: a Chromium, used as a person uses one, behind the port of ``scenario/engine.py``.

*Reading.*  A snapshot of the live page (``page.js``) becomes a `Page`, in which things are found by the rules of
every engine.  Positive expectations, and elements to click or type into, are looked for again whenever the page
has changed, for ``WaitFor`` seconds; negative ones are judged once, when the page has settled.

*Timing.*  A step that acts takes from the moment at which the button of the mouse goes down (the address is
opened, the key pressed) to the frame that shows what the first positive expectation after it wants; where there is
none before the next step that types or acts, until the page has settled.  The moment of a frame is the page's own: how
long it takes us to look is no part of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from collectd_inode.browser.addresses import typed
from collectd_inode.browser.auth import HttpCredentials, SiteCredentials
from collectd_inode.browser.cookies import Cookie
from collectd_inode.browser.manner import Manner
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.browser.record import Recorder
from collectd_inode.browser.screen import Screen
from collectd_inode.browser.telling import refusal
from collectd_inode.chromium import arriving, faults, hands
from collectd_inode.chromium.acts import Acts, FinalFailure
from collectd_inode.chromium.fields import Fields
from collectd_inode.chromium.guard import Guard
from collectd_inode.chromium.heard import Heard
from collectd_inode.chromium.input import Input
from collectd_inode.chromium.keeper import keeper
from collectd_inode.chromium.live import number_of
from collectd_inode.chromium.looking import LOOK_SECONDS, Looking
from collectd_inode.chromium.options import Options
from collectd_inode.chromium.settling import Settling, seen_at
from collectd_inode.chromium.tab import Document, Tab, TabRun, Vanished, failure_in
from collectd_inode.chromium.traffic import Traffic
from collectd_inode.chromium.vitals import Vitals
from collectd_inode.chromium.window import Window
from collectd_inode.chromium.witness import PICTURE_SECONDS, Witness
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import forms, locate, urls
from collectd_inode.page.assets import AssetKind
from collectd_inode.page.complaint import fingerprint
from collectd_inode.page.headers import given_value
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.wire import SYSTEM_CLOCK, Exchange
from collectd_inode.wire.workers import aside_if_large
from collectd_inode.words import plural

_EXTRA_SECONDS = 0.5
"""Of a run's time, for saying what was not there rather than that the time is up."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The receivers of a run's measurements.

    ``timed``: a step's series, its seconds, those of the network, bytes; ``read``: a reading.
    """

    exchange: Callable[[Exchange], None]
    timed: Callable[[str, float, float | None, int | None], None]
    read: Callable[[str, str, float], None]
    warn: Callable[[str, str], None]
    left: Callable[[], float]
    """Seconds until the run's deadline."""


@dataclass(slots=True)
class _Pending:
    """A step that has acted and whose time is not known yet."""

    series: str
    at: float


class Chromium(Screen):
    """One person's browser for one run; see the top of this file."""

    def __init__(
        self, profile: BrowserProfile, options: Options, hooks: Hooks, recorder: Recorder | None = None
    ) -> None:
        self._profile, self._options, self._hooks, self._recorder = profile, options, hooks, recorder
        self._heard = Heard(hooks.warn)
        self._stack = AsyncExitStack()
        self._traffic = Traffic((*options.own_hosts, *_hosts(profile.base_url)))
        self._acts = Acts()
        self._witness = Witness(recorder, lambda: self._page) if recorder is not None else None
        self._window = Window(options, self._acts)
        self._vitals = Vitals()
        self._looking = Looking(self._window, self._traffic, self._vitals, profile.max_body)
        self._input = Input(self._window, self._acts, self._vitals, self)
        self._fields = Fields(self._window, self._acts, self._input, self, self._found)
        self._settling = Settling(self._window, self._traffic, self._acts, self._heard.warn)
        self._pending: _Pending | None = None
        self._series = ""
        self._judged = ""
        self._own_seconds: float | None = None
        self._is_own = False
        self._failed = False
        self._queued: float | None = None
        proxy = urls.split_userinfo(options.proxy)[1] if options.proxy else None
        self._credentials = SiteCredentials()
        if profile.auth_user is not None:
            self._credentials.own = HttpCredentials(profile.auth_user, profile.auth_password or "")
        self._guard = Guard(
            self._window.send,
            self._traffic.is_own,
            profile.headers,
            self._credentials,
            HttpCredentials(*proxy) if proxy else None,
        )
        if profile.base_url is not None:
            self._settle_home(urls.destination(profile.base_url, None))

    # The port's views.

    @property
    def redirects(self) -> Sequence[str]:
        """The addresses of the last navigation."""
        document = self._window.tab.document if self._window.tab is not None else Document("", "")
        return document.redirects

    @property
    def cookies(self) -> Sequence[Cookie]:
        """The cookies that the browser had when it was last looked at."""
        return self._looking.cookies

    def authenticate(self, user: str, password: str) -> None:
        """Send these credentials to the scenario's own site, when it asks for some."""
        self._credentials.authenticate(HttpCredentials(user, password))

    def set_header(self, name: str, value: str) -> None:
        """Send this header to the site's own hosts from now on; Misconfigured for one that HTTP cannot carry."""
        self._guard.set_header(name, given_value(name, value))

    # A run's beginning and end.

    async def begin(self) -> None:
        """Wait for a browser, and open a tab in it.  Raises Misconfigured where none is available."""
        asked = SYSTEM_CLOCK.monotonic()
        try:
            await self._stack.enter_async_context(keeper().turn(self._options.jobs, self._hooks.left() / 2))
        finally:
            self._queued = SYSTEM_CLOCK.monotonic() - asked
        browser = await self._stack.enter_async_context(keeper().browser(self._options.program))
        run = TabRun(browser.connection, self._traffic)
        run.on_error, run.on_failed = self._heard.error, self._heard.failed
        if self._witness is not None:
            run.on_sent, run.on_answer = self._witness.sent, self._witness.answered
        run.on_paused = self._guard.told
        with self._window.translated():
            await self._window.open(browser, run)

    async def finish(self) -> None:
        """The last step has passed: time steps that are not timed yet."""
        with self._window.translated():
            await self._time_settled()

    async def aclose(self) -> None:
        """End it; the recorder receives the last page, and the run its readings."""
        try:
            self._usual_so_far()
            if self._failed and self._witness is not None and self._window.is_well:
                with suppress(Exception):
                    await self._keep_evidence(self._witness)
            if self._recorder is not None:
                self._recorder.leaves(self._page, self._credentials.known)
            if self._window.tab is not None and self._window.is_well:
                await self._vitals.wait_for_paint(self._window.tab)
            self._tell_readings()
        finally:
            try:
                await self._window.close()
            finally:
                await self._stack.aclose()

    async def _keep_evidence(self, witness: Witness) -> None:
        """Keep the evidence of a failed run beside its requests: the page as it is, its picture, its console."""
        if self._window.run is not None:
            witness.hears(self._window.run.console, self._traffic.failing)
        with suppress(Failure, Vanished):
            await self._look(PICTURE_SECONDS)
        if self._page is not None:
            await witness.sees(self._window.here, self._page)

    def _tell_readings(self) -> None:
        read, traffic = self._hooks.read, self._traffic
        if self._queued is not None:
            read("duration", "queued", self._queued)
        if self._window.run is None:
            return
        self._vitals.tell(read)
        read("count", "requests", float(traffic.count))
        read("count", "failing_requests", float(traffic.count_failing))
        read("count", "console_errors", float(self._window.run.errors))
        read("bytes", "transferred", traffic.bytes)

    # A step.

    async def perform(self, manner: Manner, series: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do a step by *act*, in its *manner*; *series* is the step's.  Called again what does not find its element."""
        self._series, self._acts.at, self._is_own = series, None, False
        try:
            with self._window.translated():
                await self._MANNERS[manner](self, act)
        except asyncio.CancelledError:
            if self._window.tab is not None and self._acts.at is not None:  # the deadline has passed
                self._tell(arriving.unfinished_exchange(self._window.tab))
            self._failed = True
            raise
        except BaseException:
            self._failed = True
            raise

    async def _apart(self, act: Callable[[], Awaitable[None]]) -> None:
        await act()

    async def _times(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._time_settled()
        await act()

    async def _prepares(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._time_settled()
        await self._until_there(act)

    async def _does(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._time_settled()
        await self._until_there(act)
        if self._acts.at is not None:
            self._pending = _Pending(self._series, self._acts.at)

    async def _sees(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._until_there(act)
        if self._pending is not None:
            self._timed(await seen_at(self._window.here, self._looking.last))

    async def _judges(self, act: Callable[[], Awaitable[None]]) -> None:
        if self._page is not None:
            await self._look_when_settled()
            await self._judge_later_document()
        await act()

    async def _shows(self, act: Callable[[], Awaitable[None]]) -> None:
        if self._page is not None:
            await self._look_when_settled()
        await act()

    async def _look_when_settled(self) -> None:
        await self._settling.settled()
        await self._look()

    async def _does_own(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._time_settled()
        if self._page is not None:
            await self._look_when_settled()
        self._is_own, self._own_seconds = True, None
        await act()
        if self._own_seconds is not None:
            self._hooks.timed(self._series, self._own_seconds, None, None)

    async def _reads(self, act: Callable[[], Awaitable[None]]) -> None:
        await self._until_there(act)

    _MANNERS: Mapping[Manner, Callable[[Chromium, Callable[[], Awaitable[None]]], Awaitable[None]]] = {
        Manner.ACTS: _does,
        Manner.PREPARES: _prepares,
        Manner.SEES: _sees,
        Manner.READS: _reads,
        Manner.JUDGES: _judges,
        Manner.SHOWS: _shows,
        Manner.TIMES: _times,
        Manner.OWN: _does_own,
        Manner.APART: _apart,
    }

    async def _until_there(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do *act* on the page as it stands, and again when it has changed, until it finds its element.

        An act that has clicked, typed or navigated is not done twice.
        """
        patience = min(self._options.wait_for, max(0.0, self._hooks.left() - _EXTRA_SECONDS))
        end = SYSTEM_CLOCK.monotonic() + patience
        last: Failure | None = None
        while True:
            began = SYSTEM_CLOCK.monotonic()
            try:
                if self._page is not None:
                    await self._look(max(0.5, end - began))
                    await self._judge_later_document()
                await act()
                return
            except Failure as error:
                if self._acts.at is not None or isinstance(error, FinalFailure):
                    raise
                last = error
            except Vanished:
                if self._acts.at is not None:
                    raise
            now = SYSTEM_CLOCK.monotonic()
            if now >= end:
                raise last or Failure(Cause.EXPECTATION, "the page was replaced again and again")
            await asyncio.sleep(min(0.5, max(0.01, (now - began) / 2)))
            await self._window.here.happening(
                min(max(0.1, 2 * (now - began)), max(0.0, end - SYSTEM_CLOCK.monotonic()))
            )

    async def _judge_later_document(self) -> None:
        """Raise where a page that came later than its step, by a script, is an error of the server's or none at all."""
        document = self._window.here.document
        if document.loader == self._judged:
            return
        await self._judge(document)

    async def _judge(self, document: Document) -> None:
        self._judged = document.loader
        if document.failed in faults.NO_PAGE:
            self._refuse(document)
        if (failure := failure_in(document)) is not None:
            raise FinalFailure.of(failure)
        if document.status >= 400 and self.refuse_bad_status and self._page is not None:
            why = "the log-in was refused" if document.status == 401 and self._guard.refused else ""
            size = len(self._page.body)
            raise FinalFailure.of(await aside_if_large(size, refusal, self._page, self.redirects, why))

    # Looking.

    async def _look(self, seconds: float = LOOK_SECONDS) -> Page:
        """Look at the page.  Raises Failure where it does not answer within *seconds*."""
        self._page = await self._looking.look(self._page, self._usual_so_far, seconds)
        return self._page

    def _usual_so_far(self) -> frozenset[str]:
        """The messages that good pages have shown, the one on the screen among them."""
        if self._page is not None and self._page.status < 400:
            self.messages |= frozenset(map(fingerprint, self._page.messages))
        return self.usual | self.messages

    # Timing.

    async def _time_settled(self) -> None:
        """Where no expectation has timed the last step that acted, its time goes to the settled page."""
        if self._pending is not None:
            self._timed(await self._settling.settled())

    def _timed(self, until: float) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            until = max(until, pending.at)
            busy, size = self._traffic.busy(pending.at, until), self._traffic.size(pending.at, until)
            self._hooks.timed(pending.series, until - pending.at, busy, size)

    # Actions.

    async def go(self, target: str, *, redirects: bool = True) -> Page:
        """Open an address, as if typed into the address line."""
        url = self._typed(target)
        tab = self._window.here
        await self._be_on_guard()
        before = tab.document
        self._acts.departs()
        answer = await tab.send("Page.navigate", {"url": url})
        text = str(answer.get("errorText") or "")
        if answer.get("isDownload") or text in faults.NO_PAGE:
            await self._judge_download(tab, str(answer.get("loaderId") or ""))
            raise self._is_download(url)
        if text:
            raise faults.failure(tab.going_to or url, text)
        return await self._arrive(before)

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        """Not supported: a browser requests pages."""
        raise Misconfigured("Engine chromium sends no requests of programs: use Engine plain")

    async def follow(self, locator: str) -> Page:
        """Click a link."""
        link = await self._found(locate.link, locator)
        tab, before = self._window.here, self._window.here.downloads
        page = await self._click_on(link, f"the link “{locator}”")
        keeps = link.get("download") is not None  # the page does not request it, so it is not judged
        if keeps and await arriving.begin_a_download(self._window, tab, before):
            self._heard.warn("asset", f"{urls.shown(tab.downloaded)} is a download: whether it works is not checked")
        return page

    async def press(self, locator: str = "") -> Page:
        """Click a button; without a name the first one."""
        button = await self._found(locate.button, locator)
        return await self._click_on(button, f"the button “{locator}”" if locator else "the button")

    async def submit(self, form: str | Element) -> Page:
        """Send a form without a button, as its own script would."""
        element = await self._found(locate.form, form) if isinstance(form, str) else form
        return await self._do_by_script(f"inode.submit({number_of(element)})", "the form")

    async def press_enter(self, field: str) -> Page:
        """Press Enter in a field."""
        control = await self._found(locate.field, field, locate.FILLABLE, "field")
        tab, before = self._window.here, self._window.here.document
        await self._be_on_guard()
        await self._input.ask(f"inode.focus({number_of(control)})", f"the field “{field}”")
        self._acts.departs()
        await self._input.give(hands.enter())
        return await self._arrive(before, tab)

    async def reload(self) -> Page:
        """Ask for the page again."""
        tab, before = self._window.here, self._window.here.document
        _ = self.page
        await self._be_on_guard()
        self._acts.departs()
        tab.wanting = True
        await tab.send("Page.reload")
        return await self._arrive(before)

    async def back(self) -> Page:
        """Go back to the page before this one."""
        page, tab, before = self.page, self._window.here, self._window.here.document
        history = await tab.send("Page.getNavigationHistory")
        earlier = history["entries"][: history["currentIndex"]]
        if not earlier or not urls.is_web(earlier[-1]["url"]):
            raise page.failure("there is no page to go back to", "a page before this one")
        await self._be_on_guard()
        self._acts.departs()
        moves = tab.moves
        await tab.send("Page.navigateToHistoryEntry", {"entryId": earlier[-1]["id"]})
        await arriving.have_set_out(self._window, tab, moves)
        return await self._arrive(before)

    async def load(self, kinds: frozenset[AssetKind]) -> Page:
        """Failure names what the page is made of and did not load."""
        page, loader = self.page, self._window.here.document.loader
        wanted = {_KINDS[kind] for kind in kinds}
        bad = [r for r in self._traffic.failing if r.type in wanted and r.page == loader]
        troubles = list(dict.fromkeys(f"{urls.shown(request.url)}: {request.failed}" for request in bad))
        if troubles:
            what = f"{plural(len(troubles), 'file')} of the page did not load: {'; '.join(troubles[:5])}"
            raise page.failure(what, "all of them load", "; ".join(troubles))
        return page

    # Input.

    def fill_in(self, field: str, value: str) -> Awaitable[None]:
        """Type a value into a field, over what is in it."""
        return self._fields.fill_in(field, value)

    def select(self, option: str, field: str) -> Awaitable[None]:
        """Choose an option of a list, or one that a field suggests."""
        return self._fields.select(option, field)

    def unselect(self, option: str, field: str) -> Awaitable[None]:
        """Take back an option of a list that takes several."""
        return self._fields.unselect(option, field)

    def check(self, field: str) -> Awaitable[None]:
        """Tick a checkbox; a ticked one stays as it is."""
        return self._fields.tick(field, "checkbox", "checkbox", ticked=True)

    def uncheck(self, field: str) -> Awaitable[None]:
        """Untick a checkbox."""
        return self._fields.tick(field, "checkbox", "checkbox", ticked=False)

    def choose(self, field: str) -> Awaitable[None]:
        """Choose a radio button."""
        return self._fields.tick(field, "radio", "radio button", ticked=True)

    def attach(
        self, field: str, name: str, content: bytes, content_type: str = "application/octet-stream"
    ) -> Awaitable[None]:
        """Put a file of this name and content into a file field."""
        return self._fields.attach(field, [forms.Upload(name, content_type, content)])

    def attach_all(self, field: str, files: Sequence[forms.Upload]) -> Awaitable[None]:
        """Put several files into a file field that takes several."""
        return self._fields.attach(field, files)

    # Clicking.

    async def _found(self, find: Callable[..., Element], *arguments: object) -> Element:
        """The result of *find* on the page as it stands, or on the part that is in scope."""
        if self._is_own and self._page is not None:
            await self._look()
        return await super()._found(find, *arguments)

    async def _click_on(self, element: Element, what: str) -> Page:
        before, tab = self._window.here.document, self._window.here
        await self._be_on_guard()
        await self._input.click(number_of(element), what)
        return await self._arrive(before, tab)

    async def _do_by_script(self, expression: str, what: str) -> Page:
        before, tab = self._window.here.document, self._window.here
        await self._be_on_guard()
        self._acts.departs()
        with suppress(Vanished):
            await self._input.ask(expression, what)
        return await self._arrive(before, tab)

    async def _arrive(self, before: Document, tab: Tab | None = None) -> Page:
        """Wait for the page that was set out for, if one was, and judge its status.

        A page that a script goes to later on is judged by the steps that follow.
        """
        tab = tab or self._window.here
        if tab is self._window.here and tab.going is None and not tab.wanting and tab.document is before:
            await self._input.turn()
        document = (await arriving.come_to_an_end(self._window, self._judge_download)).document
        if document is not before:
            await arriving.be_answered(self._window, document)
            self._tell(arriving.exchange_of(document, self._traffic.certificates))
        if document.loader != self._judged:
            if document.status >= 400 or document.failed:
                await self._words_of(document)
            await self._judge(document)
        if self._is_own:
            await self._time_own()
        return self._page if self._page is not None else await self._look()

    async def _words_of(self, document: Document) -> None:
        """Look at a page that is refused, for its words."""
        if document.failed:
            return
        self._page = self._page or Page(document.url, document.status, document.headers, b"")
        with suppress(Failure, Vanished):
            await arriving.be_loaded(self._window)
            await self._look(2.0)

    async def _time_own(self) -> None:
        """An operator's step goes on with what it has done: each thing takes until the page has settled."""
        began = self._acts.at
        if began is not None:
            until = await self._settling.settled()
            self._own_seconds = (self._own_seconds or 0.0) + max(0.0, until - began)
            self._acts.at = None
        await self._look()

    def _tell(self, exchange: Exchange | None) -> None:
        """Tell the run of an exchange, as the plain engine does."""
        if exchange is not None:
            self._hooks.exchange(exchange)

    async def _judge_download(self, tab: Tab, loader: str) -> None:
        """Raise where what the browser would not show as a page is an error of the server's."""
        document = tab.document_of(loader)
        if document is not None:
            await arriving.be_answered(self._window, document)
            self._refuse(document)

    def _refuse(self, document: Document) -> None:
        """Raise where the answer that the browser would not show has a status that says so."""
        if document.status >= 400 and self.refuse_bad_status:
            answer = Page(document.url, document.status, document.headers, b"")
            raise FinalFailure.of(refusal(answer, document.redirects))

    def _is_download(self, url: str) -> Failure:
        what = f"{urls.shown(url)} is no page: it is a download, or has no content"
        return FinalFailure(Cause.EXPECTATION, what, expected="a page")

    # Its peers.

    def _typed(self, target: str) -> str:
        """The URL that *target* means in the address line; the first one is home."""
        url = typed(target, self._profile.base_url)
        if self._credentials.home is None:
            self._settle_home(url)
        return self._credentials.bare(url)

    def _settle_home(self, url: str) -> None:
        """The scenario's own site is that of *url*."""
        self._credentials.settle(url)
        self._traffic.settle_at(self._credentials.bare(url))

    async def _be_on_guard(self) -> None:
        """Have requests looked at, from when there is something to add to them."""
        if self._guard.is_needed:
            await self._window.pause_requests()


_KINDS = {AssetKind.STYLE_SHEET: "Stylesheet", AssetKind.SCRIPT: "Script", AssetKind.IMAGE: "Image"}


def _hosts(url: str | None) -> tuple[str, ...]:
    return (urls.origin(url)[1],) if url else ()
