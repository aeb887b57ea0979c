"""A browser without JavaScript: requests pages over an httpx transport, and keeps cookies and the current page.

Redirects, short refreshes and forms that send themselves are followed at once; ``sending.py`` sends each request.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace

import httpx

from collectd_inode.browser import telling
from collectd_inode.browser.addresses import askable, if_public, in_ascii, misconfigured, sendable, typed
from collectd_inode.browser.auth import HttpCredentials
from collectd_inode.browser.cookies import Cookie
from collectd_inode.browser.manner import Manner
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.browser.record import Recorder
from collectd_inode.browser.request import ACCEPT, WebAnswer, WebRequest, from_page, redirected
from collectd_inode.browser.screen import Screen
from collectd_inode.browser.sending import Sender
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import forms, locate, scripted, urls
from collectd_inode.page.assets import BLOCKED, Asset, AssetKind, assets, fault_of, is_blocked
from collectd_inode.page.complaint import fingerprint
from collectd_inode.page.headers import TOKEN, is_attachment
from collectd_inode.page.page import Page
from collectd_inode.page.remembered import Findings, remembered
from collectd_inode.page.text import CONTROLS, Element, tag_of
from collectd_inode.wire import SYSTEM_CLOCK, WireError
from collectd_inode.wire.tasks import side_by_side
from collectd_inode.wire.workers import LARGE, aside_if_large, begun_aside_if_large
from collectd_inode.words import plural

_MOST_VISITS = 20
"""Pages that can be gone back to; a page may have megabytes."""

MOST_ASSETS, MOST_ASSET_BYTES = 100, 32 << 20
"""The limits of a page's files: their number, and the bytes after which no further one is requested."""
LANES = 6
"""A page's files that are requested at the same time, as in browsers."""

LONGEST_REFRESH = 3
"""Seconds: a meta refresh up to this is a redirect, and followed at once; a longer one is a page that reloads."""

_MOST_WARNINGS = 50
"""In one run."""

_NO_CONTENT = frozenset({204, 205})


def _warns_nobody(code: str, message: str) -> None:
    """For a browser without a run."""


class _Once:
    """Adds each warning once, and not too many: a site that sets the same bad cookie on each page has one fault."""

    def __init__(self, warn: Callable[[str, str], None]) -> None:
        self._warn = warn
        self._said: set[tuple[str, str]] = set()

    def __call__(self, code: str, message: str) -> None:
        if len(self._said) < _MOST_WARNINGS and (code, message) not in self._said:
            self._said.add((code, message))
            self._warn(code, message)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A page that has been on the screen, and the request whose answer it is."""

    page: Page
    request: WebRequest


class Done:
    """An awaitable that has finished already: awaiting it is optional."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


DONE = Done()


class Browser(Screen):
    """One person's browser for one run; `page` is what is on the screen."""

    redirects: tuple[str, ...] = ()
    """The addresses of the last navigation: the requested one, and those that it was redirected to."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        profile: BrowserProfile,
        *,
        now: Callable[[], float] = SYSTEM_CLOCK.now,
        recorder: Recorder | None = None,
        warn: Callable[[str, str], None] = _warns_nobody,
        findings: Findings | None = None,
    ) -> None:
        self._profile, self._now, self._recorder, self._findings = profile, now, recorder, findings
        self._warn = _Once(warn)
        self._sender = Sender(transport, profile, now, recorder, self._warn)
        self._visits: list[_Visit] = []
        if profile.base_url is not None:
            with misconfigured("BaseURL"):
                self._sender.credentials.settle(in_ascii(urls.destination(profile.base_url, None)))

    def authenticate(self, user: str, password: str) -> None:
        """Send these credentials to the scenario's own site, when it asks for some (basic and digest)."""
        self._sender.authenticate(HttpCredentials(user, password))

    def set_header(self, name: str, value: str) -> None:
        """Send this header with every request from now on, in place of the browser's own or the operator's.

        Credentials (Authorization, Cookie) go to the scenario's own site only.  Raises Misconfigured, without the
        value, for a header that HTTP cannot carry.
        """
        self._sender.set_header(name, value)

    @property
    def cookies(self) -> list[Cookie]:
        """The cookies that the browser has."""
        return self._sender.jar.kept(self._now())

    async def go(self, target: str, *, redirects: bool = True) -> Page:
        """Go to *target*: absolute, relative to the base URL, or a host without a scheme (rule 1).

        Without *redirects* the first answer is the page, even if it redirects.
        """
        return await self._navigate(WebRequest("GET", self._typed(target), stays=not redirects))

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        """Send any request, as a program would (``Accept: */*``, no Referer); redirects are those of a browser."""
        if not TOKEN.fullmatch(method) or method == "CONNECT":
            raise Misconfigured(f"“{method}” is not a request method")
        return await self._navigate(WebRequest(method, self._typed(target), body, content_type, accept="*/*"))

    async def follow(self, locator: str) -> Page:
        """Follow the link that *locator* names (rule 32)."""
        return await self._go_along(await self._found(locate.link, locator), f"the link “{locator}”")

    async def _go_along(self, link: Element, what: str) -> Page:
        page = self.page
        if link.get("href") is None:
            raise page.failure(f"{what} needs JavaScript", "a link to a page")
        url = askable(page, page.resolve(link.get("href") or ""), what)
        scripts = scripted.needs_script(page, link) or bool(scripted.method(link))
        if scripts and self._profile.legacy:
            self._tell_legacy(f"{what} works by a script; its address is requested")
        elif scripts and scripted.needs_script(page, link):
            raise page.failure(f"{what} needs JavaScript", "a link to a page")
        elif scripts:
            return await self._send_along(link, url)
        if "#" in (link.get("href") or "") and urls.without_fragment(url) == urls.without_fragment(page.url):
            self._visit(page.at(url), self._visits[-1].request, replaces=url == page.url)  # rule 4: the same page
            return self.page
        hushed = "noreferrer" in (link.get("rel") or "").lower().split()
        policy = "no-referrer" if hushed else urls.referrer_policy(link.get("referrerpolicy") or "")
        keeps = link.get("download") is not None and urls.origin(url) == urls.origin(page.url)
        return await self._navigate(from_page(page, "GET", url, policy=policy, downloads=keeps))

    def _tell_legacy(self, what: str) -> None:
        """Report Webrat's choices that no browser makes."""
        self._warn("legacy", f'{what} (Vocabulary "legacy")')

    async def _send_along(self, link: Element, url: str) -> Page:
        """Follow a link that Rails' or Turbo's script makes send a form (rule 70)."""
        page = self.page
        sent = scripted.entries(page, link, at_home=urls.origin(url) == urls.origin(page.url))
        body = forms.urlencoded(sent, page.encoding.for_forms)
        return await self._navigate(from_page(page, "POST", url, body, forms.URLENCODED, is_form=True))

    async def reload(self) -> Page:
        """Reload the page by the same request, a POST by another POST; entered values are lost (rule 83)."""
        page = self.page
        return await self._navigate(replace(self._visits[-1].request, url=page.url), replaces=True)

    async def back(self) -> Page:
        """Show the page before this one as it was left, without a request (rule 84)."""
        page = self.page
        if len(self._visits) < 2:
            raise page.failure("there is no page to go back to", "a page before this one")
        self._visits.pop()
        self._page = self._visits[-1].page.with_beside(None)
        self._visits[-1] = replace(self._visits[-1], page=self._page)
        self.redirects = (self._page.url,)
        return await self._judged(self._page)

    async def press(self, locator: str = "") -> Page:
        """Press the button that *locator* names, or the first one (rule 33); a link drawn as a button is followed."""
        page = self.page
        button = await self._found(locate.button, locator)
        if tag_of(button) == "a":
            return await self._go_along(button, f"the button “{locator}”")
        if tag_of(button) not in CONTROLS:
            raise page.failure(f"the button “{locator}” needs JavaScript", f"a button “{locator}” that sends a form")
        form, kind = forms.form_of(page, button), forms.kind_of(button)
        around = next((a for a in button.iterancestors("a") if a.get("href") is not None), None)
        if around is not None and (kind == "button" or form is None):
            return await self._go_along(around, f"the button “{locator}”")
        if kind == "button" or form is None:
            why = _sends_nothing_because(button, kind)
            raise page.failure(f"the button “{locator}” {why}", f"a button “{locator}” that sends a form")
        if kind == "reset":
            forms.reset(page, form)
            return page
        return await self._send(form, button)

    async def load(self, kinds: frozenset[AssetKind]) -> Page:
        """Request the page's files; Failure(EXPECTATION) names those that fail; the page stays (rule 72)."""
        page = self.page
        wanted = await aside_if_large(len(page.body), assets, page, kinds)
        waiting, faults, octets = deque(wanted[:MOST_ASSETS]), dict[Asset, str](), 0

        async def load(lane: int) -> None:
            nonlocal octets
            while waiting and octets <= MOST_ASSET_BYTES:
                asset = waiting.popleft()
                faults[asset], length = await self._load(page, asset, lane)
                octets += length

        await side_by_side(load(lane) for lane in range(min(LANES, len(wanted))))
        if len(faults) < len(wanted):
            limits = f"at most {MOST_ASSETS} files and {MOST_ASSET_BYTES >> 20} MiB are requested"
            self._warn("asset", f"{len(faults)} of the page's {plural(len(wanted), 'file')} were checked: {limits}")
        troubles = [f"{urls.shown(asset.url)} {why}" for asset in wanted if (why := faults.get(asset))]
        if troubles:
            what = (
                f"{len(troubles)} of {plural(len(wanted), 'file')} of the page did not load: {'; '.join(troubles[:5])}"
            )
            raise page.failure(what, "all of them load", "; ".join(troubles))
        return page

    async def _load(self, page: Page, asset: Asset, lane: int) -> tuple[str, int]:
        """The fault of *asset*, empty for a good one; and its bytes."""
        if asset.lost:
            return f"did not load: {asset.lost}", 0
        try:
            request = replace(from_page(page, "GET", in_ascii(asset.url)), accept="*/*", is_asset=True, lane=lane)
            for _ in range(self._profile.max_redirects + 1):
                if is_blocked(asset, page, request.url):
                    return BLOCKED, 0
                answer = await self._sender.ask(self._sender.ready(request), self._page)
                onward = self._redirected(request, answer)
                if onward is None:
                    kind = answer.headers.get("content-type", "")
                    return fault_of(asset, page, answer.status, kind, answer.body), len(answer.body)
                request = onward
        except (Failure, WireError, urls.BadURL) as error:
            return f"did not load: {error}", 0
        return f"redirected more than {self._profile.max_redirects} times", 0

    async def submit(self, form: str | Element) -> Page:
        """Submit the form with this id, name or XPath, without pressing a button (rules 37, 56)."""
        return await self._send(await self._found(locate.form, form) if isinstance(form, str) else form, None)

    async def press_enter(self, field: str) -> Page:
        """Press Enter in a text field: the form's first submit button is pressed by it (rule 56)."""
        page = self.page
        control = await self._found(locate.field, field, locate.FILLABLE, "field")
        form, button = await aside_if_large(len(page.body), _sent_by_enter, page, control, field)
        return await self._send(form, button)

    def fill_in(self, field: str, value: str) -> Awaitable[None]:
        """Type *value* into a text field (rules 34, 35)."""
        return self._done(lambda page: forms.enter(self.page, locate.fillable(page, field), value))

    def select(self, option: str, field: str) -> Awaitable[None]:
        """Select an option of a list, or one that a text field suggests (rule 36)."""

        def pick(page: Page) -> None:
            chosen = locate.choices(page, field)
            found = locate.option(self.page, option, chosen, field)
            if tag_of(chosen) == "select":
                forms.pick(self.page, chosen, found)
            else:
                forms.enter(self.page, chosen, forms.option_value(found))

        return self._done(pick)

    def check(self, field: str) -> Awaitable[None]:
        """Tick a checkbox; a ticked one stays as it is."""
        return self._done(lambda page: forms.tick(self.page, _checkbox(page, field), True))

    def uncheck(self, field: str) -> Awaitable[None]:
        """Untick a checkbox."""
        return self._done(lambda page: forms.tick(self.page, _checkbox(page, field), False))

    def choose(self, field: str) -> Awaitable[None]:
        """Choose a radio button, by id, label or value."""
        radio = frozenset({"radio"})
        return self._done(lambda page: forms.tick(self.page, locate.field(page, field, radio, "radio button"), True))

    def unselect(self, option: str, field: str) -> Awaitable[None]:
        """Take back an option of a list that takes several."""

        def unpick(page: Page) -> None:
            chosen = locate.field(page, field, frozenset({"select"}), "select")
            forms.unpick(self.page, chosen, locate.option(self.page, option, chosen, field))

        return self._done(unpick)

    def attach(
        self, field: str, name: str, content: bytes, content_type: str = "application/octet-stream"
    ) -> Awaitable[None]:
        """Put a file of this name and content into a file field (rule 48)."""
        return self.attach_all(field, [forms.Upload(name, content_type, content)])

    def attach_all(self, field: str, files: Sequence[forms.Upload]) -> Awaitable[None]:
        """Put several files into a file field that takes several (rule 48)."""
        kept = tuple((file.name, file.content_type, file.content) for file in files)
        kind = frozenset({"file"})
        return self._done(lambda page: forms.attach(self.page, locate.field(page, field, kind, "file field"), kept))

    async def begin(self) -> None:
        """Nothing to start."""

    async def perform(self, manner: Manner, series: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do a step; a page without scripts is complete at once."""
        await act()

    async def finish(self) -> None:
        """Nothing to do after a step: the wire has timed it."""

    async def aclose(self) -> None:
        """Close the transport."""
        try:
            self._usual_so_far()
            if self._recorder is not None:
                self._recorder.leaves(self._page, self._sender.credentials.known)
        finally:
            await self._sender.aclose()

    def _typed(self, target: str) -> str:
        """The URL that *target* means in the address line; the first one is home."""
        url = typed(target, self._profile.base_url)
        if self._sender.credentials.home is None:
            self._sender.credentials.settle(url)
        return url

    def _done(self, act: Callable[[Page], None]) -> Awaitable[None]:
        """Act on a small page at once, so that the action happens without ``await``; on a large one in a worker."""
        page = self.scoped_page
        if len(page.body) > LARGE:
            return aside_if_large(len(page.body), act, page)
        act(page)
        return DONE

    async def _send(self, form: Element, button: Element | None) -> Page:
        page = self.page
        for element, event in ((button, "onclick"), (form, "onsubmit")):
            if element is not None and scripted.is_cancelled(element, event):
                self._needs_script(f"the {tag_of(element)} ({event}=“{(element.get(event) or '').strip()}”)")
        sent = await aside_if_large(len(page.body), forms.submission, page, form, button, _boundary())
        if sent.method == "DIALOG":
            return page
        url = sendable(page, sent.url, f"the {tag_of(form)}")
        return await self._navigate(from_page(page, sent.method, url, sent.body, sent.content_type, is_form=True))

    def _needs_script(self, what: str) -> None:
        """Failure(EXPECTATION) for a form that only a script sends; Webrat sent it anyway."""
        if not self._profile.legacy:
            raise self.page.failure(f"{what} needs JavaScript", "a form that the browser sends")
        self._tell_legacy(f"{what} works by a script; the form is sent")

    async def _navigate(self, request: WebRequest, *, replaces: bool = False) -> Page:
        """Send a request, follow its redirects, and put the last answer on the screen.

        The new page *replaces* the one on the screen in the history; so does the same page again.
        """
        request = self._sender.ready(request)
        replaces = replaces or (request.method == "GET" and self._page is not None and request.url == self._page.url)
        chain = [request.url]
        while True:
            with telling.led_by(chain):
                answer = await self._sender.ask(request, self._page)
            onward = None if request.stays else self._redirected(request, answer)
            if onward is None:
                # rule 5: the page's own URL keeps the fragment that was never sent
                page = self._read(request, answer)
                if self._is_not_shown(request, page):
                    self.redirects = tuple(chain)
                    return self._kept_beside(page, request)
                page = await _prepared(page)
                onward = None if request.stays else self._refreshed(page) or await self._sent_by_itself(page)
                if onward is None:
                    self.redirects = tuple(chain)
                    self._visit(page, request, replaces=replaces)
                    return await self._judged(page)
            request = replace(onward, led_by=request.led_by or if_public(request.url, answer.address))
            chain.append(request.url)
            if len(chain) > self._profile.max_redirects + 1:
                limit = self._profile.max_redirects
                told = telling.chain_told(chain)
                raise Failure(Cause.PROTOCOL, f"redirected more than {limit} times: {told}", found=told)

    def _read(self, request: WebRequest, answer: WebAnswer) -> Page:
        told = self._tell_legacy if self._profile.legacy else None
        usual = self._usual_so_far()
        return Page(
            request.url, answer.status, answer.headers, answer.body,
            usual=usual, told_legacy=told, known=self._findings,
        )  # fmt: skip

    def _is_not_shown(self, request: WebRequest, answer: Page) -> bool:
        """Whether a browser keeps the page on the screen: for a download, or an answer without a page (rule 85)."""
        if self._profile.legacy or request.stays or request.accept != ACCEPT:
            return False
        if answer.status in _NO_CONTENT:
            return self._page is not None
        is_file = request.downloads or is_attachment(answer.headers.get("content-disposition", ""))
        return is_file and answer.status < 400

    def _kept_beside(self, answer: Page, request: WebRequest) -> Page:
        """The page on the screen, with an *answer* that is not shown; a blank one if there is none."""
        page = self._page if self._page is not None else Page("about:blank", 0, {"content-type": "text/html"}, b"")
        self._page = page.with_beside(answer)
        came_by = self._visits[-1].request if self._visits else request
        self._visits[-1:] = [_Visit(self._page, came_by)]
        return self._page

    def _usual_so_far(self) -> frozenset[str]:
        """The messages that good pages have shown, the one on the screen among them."""
        if self._page is not None and self._page.status < 400:
            self.messages |= remembered(self._page, "messages", _fingerprints)
        return self.usual | self.messages

    def _visit(self, page: Page, request: WebRequest, *, replaces: bool) -> None:
        """Put *page* on the screen; *request* has led to it."""
        self._page = page
        del self._visits[len(self._visits) - replaces :], self._visits[: -(_MOST_VISITS - 1)]
        self._visits.append(_Visit(page, request))

    async def _judged(self, page: Page) -> Page:
        if page.status >= 400 and self.refuse_bad_status:
            size = len(page.body)
            raise await aside_if_large(size, telling.refusal, page, self.redirects, self._sender.refusal)
        return page

    def _redirected(self, request: WebRequest, answer: WebAnswer) -> WebRequest | None:
        onward = redirected(request, answer)
        return None if onward is None else self._sender.ready(onward)

    def _refreshed(self, page: Page) -> WebRequest | None:
        """The request of a short meta refresh (rule 15).  A page that reloads itself is not reloaded."""
        if page.status >= 400 or page.refresh is None or page.refresh.seconds > LONGEST_REFRESH:
            return None
        try:
            url = in_ascii(page.refreshed_to(page.refresh))
        except (Failure, urls.BadURL):
            return None
        if not urls.is_web(url) or urls.without_fragment(url) == urls.without_fragment(page.url):
            return None
        return self._sender.ready(from_page(page, "GET", url))

    async def _sent_by_itself(self, page: Page) -> WebRequest | None:
        """The request of a form that the page's script sends at once, as a redirect (rule 71)."""
        size = len(page.body)
        if page.status >= 400 or not await aside_if_large(size, remembered, page, "sends itself", _sends_itself):
            return None
        if self._profile.legacy:
            self._tell_legacy(f"the form that {urls.shown(page.url)} sends by its script is not sent")
            return None
        sent = await aside_if_large(size, _sent_by_script, page)
        if sent is None or sent.method == "DIALOG":
            return None
        url = sendable(page, sent.url, "the form that this page sends")
        return self._sender.ready(from_page(page, sent.method, url, sent.body, sent.content_type, is_form=True))


def _sent_by_enter(page: Page, control: Element, field: str) -> tuple[Element, Element | None]:
    """The form that Enter in the *field* sends, and the button that it presses; Failure if it sends nothing."""
    form = forms.form_of(page, control)
    if form is None or forms.kind_of(control) == "textarea":
        why = "belongs to no form" if form is None else "takes Enter as the end of a line"
        raise page.failure(f"the field “{field}” {why}", f"a field “{field}” that sends a form")
    button = forms.default_button(page, form)
    if button is not None and forms.is_disabled(button):
        raise page.failure("Enter sends nothing: the form's first submit button is disabled", "an enabled button")
    if button is None and not forms.submits_on_enter(page, form):
        raise page.failure("Enter sends nothing: the form has several fields and no submit button", "a submit button")
    return form, button


def _sends_nothing_because(button: Element, kind: str) -> str:
    if button.get("popovertarget") is not None or button.get("commandfor") is not None:
        return 'opens or closes a part of the page, which needs Engine "chromium"'
    return "needs JavaScript" if kind == "button" else "belongs to no form"


def _checkbox(page: Page, field: str) -> Element:
    return locate.field(page, field, frozenset({"checkbox"}), "checkbox")


def _boundary() -> str:
    return "----collectd_inode" + secrets.token_hex(12)


def _sends_itself(page: Page) -> bool:
    return scripted.form_that_sends_itself(page) is not None


def _sent_by_script(page: Page) -> forms.Submission | None:
    form = scripted.form_that_sends_itself(page)
    return None if form is None else forms.submission(page, form, None, _boundary())


def _fingerprints(page: Page) -> frozenset[str]:
    return frozenset(map(fingerprint, page.messages))


async def _prepared(page: Page) -> Page:
    """*page*, parsed in a worker if that takes long, so that the other jobs go on."""
    if len(page.body) > LARGE:
        await begun_aside_if_large(len(page.body), page.prepare)
    return page
