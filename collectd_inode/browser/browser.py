"""A browser without JavaScript: requests pages over an httpx transport, and keeps cookies and the current page.

The only file of this room that does I/O, and the only one that knows httpx.  It uses no client: redirects, cookies and
authentication are ours, because the client's differ from a browser's in ways that make production look broken.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import httpx

from collectd_inode.browser import auth
from collectd_inode.browser.auth import Challenge, HttpCredentials
from collectd_inode.browser.cookies import Cookie, Jar, same_site
from collectd_inode.browser.decoding import ACCEPTED, Body
from collectd_inode.browser.inward import InwardVerdict, Judge, Reach, reach
from collectd_inode.browser.manner import Manner
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.browser.record import Recorder
from collectd_inode.browser.screen import Screen
from collectd_inode.browser.upgrades import StrictHosts
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import forms, locate, policy, scripted, urls
from collectd_inode.page.assets import BLOCKED, Asset, AssetKind, assets, fault_of, is_blocked
from collectd_inode.page.complaint import fingerprint
from collectd_inode.page.headers import TOKEN, Headers, clears_cookies, given_value, is_attachment
from collectd_inode.page.page import Page
from collectd_inode.page.remembered import remembered
from collectd_inode.page.text import CONTROLS, Element, tag_of
from collectd_inode.wire import SYSTEM_CLOCK, WireError
from collectd_inode.wire.address import is_numeric
from collectd_inode.wire.room import STAGES, Room, give_back_memory, give_back_memory_soon, room
from collectd_inode.wire.tasks import side_by_side
from collectd_inode.wire.workers import LARGE, aside_if_large, begun_aside_if_large
from collectd_inode.words import plural, shortened

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_MEANT = "; if that is meant, let “the status should be {}” follow"

_MOST_VISITS = 20
"""Pages that can be gone back to; a page may have megabytes."""

MOST_ASSETS, MOST_ASSET_BYTES = 100, 32 << 20
"""The limits of a page's files: their number, and the bytes after which no further one is requested."""
LANES = 6
"""A page's files that are requested at the same time, as in browsers."""

LONGEST_REFRESH = 3
"""Seconds: a meta refresh up to this is a redirect, and followed at once; a longer one is a page that reloads."""

_REDIRECT_SECONDS = 1.0
"""Seconds to wait for the rest of a redirect's body."""

_MOST_TRIES = 3
"""At a door: without credentials, with them, and once more when the nonce was stale."""

_MOST_WARNINGS = 50
"""In one run."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses of redirects, if the answer has a Location."""
_NO_CONTENT = frozenset({204, 205})

_FOR_HOME_ONLY = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


@dataclass(slots=True)
class _Lock:
    """An origin that asked for credentials once: from then on they are sent before it asks."""

    challenge: Challenge
    used: int = 0


@dataclass(frozen=True, slots=True)
class _Request:
    """The request of one hop.  ``source`` is the page that led here, None for ``go to``."""

    method: str
    url: str
    body: bytes | None = None
    content_type: str | None = None
    source: str | None = None
    referrer: str | None = None
    """The source that Referer is made from: the source itself, or the one of an earlier hop of a redirect."""
    policy: str = urls.REFERRER_POLICY
    """The policy for `referrer` (rule 16)."""
    accept: str = ACCEPT
    stays: bool = False
    """Whether its own answer is the page, even if that redirects."""
    led_by: str = ""
    """The public address that has redirected here, if one has (rule 65)."""
    is_form: bool = False
    is_asset: bool = False
    """Whether it is a part of the source, not a navigation."""
    lane: int = 0
    """The lane of its `Exchange`."""
    upgrades: bool = False
    """Whether the source asks for https in place of http: a link at its own host only (rule 64)."""
    downloads: bool = False
    """Whether its answer is a file to keep, of any kind."""
    tainted: bool = False
    """Whether a foreign site has redirected it to a third one: its Origin is then ``null``."""

    @property
    def withheld(self) -> tuple[str, ...]:
        """The kinds of SameSite cookies that are not sent (rule 23)."""
        if self.source is None or same_site(self.source, self.url):
            return ()
        if self.is_asset:
            return ("", "lax", "strict")
        return ("strict",) if self.method in ("GET", "HEAD") else ("lax", "strict")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes = b""
    address: str | None = None
    """The address that sent it; None if unknown, as behind a proxy."""

    @property
    def locations(self) -> list[str]:
        """The target of its redirect; different values are a fault, and an empty one is none (rule 14)."""
        if self.status not in REDIRECTS:
            return []
        # Octets beyond ASCII stay as they are, whatever their encoding.
        every = ("".join(chr(b) if b < 0x80 else f"%{b:02X}" for b in v) for v in self.headers.raw_list("location"))
        return list(dict.fromkeys(location for value in every if (location := urls.clean(value))))


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
    request: _Request


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
    ) -> None:
        self._transport, self._profile, self._now = transport, profile, now
        self._recorder = recorder
        self._warn = _Once(warn)
        self._strict = StrictHosts()
        self._judge = Judge(profile.own_hosts, profile.allow_private)
        self._refusal = ""
        """Why the last answer was a 401 although there are credentials for it."""
        self._visits: list[_Visit] = []
        self._rooms: list[Room] = []
        """Where it has a place for large bodies, by stage."""
        self._taking_rooms = asyncio.Lock()
        self._jar = Jar()
        self._credentials: dict[urls.Origin, HttpCredentials] = {}
        self._locks: dict[urls.Origin, _Lock] = {}
        self._set: dict[str, tuple[str, str]] = {}
        self._home: urls.Origin | None = None
        self._own: HttpCredentials | None = None
        if profile.auth_user is not None:
            self._own = HttpCredentials(profile.auth_user, profile.auth_password or "")
        if profile.base_url is not None:
            with _misconfigured("BaseURL"):
                self._settle(_ascii(urls.destination(profile.base_url, None)))

    def authenticate(self, user: str, password: str) -> None:
        """Send these credentials to the scenario's own site, when it asks for some (basic and digest)."""
        self._own = HttpCredentials(user, password)
        if self._home is not None:
            self._credentials[self._home] = self._own
            self._locks.pop(self._home, None)

    def set_header(self, name: str, value: str) -> None:
        """Send this header with every request from now on, in place of the browser's own or the operator's.

        Credentials (Authorization, Cookie) go to the scenario's own site only.  Raises Misconfigured, without the
        value, for a header that HTTP cannot carry.
        """
        self._set[name.lower()] = name, given_value(name, value)

    @property
    def cookies(self) -> list[Cookie]:
        """The cookies that the browser has."""
        return self._jar.kept(self._now())

    async def go(self, target: str, *, redirects: bool = True) -> Page:
        """Go to *target*: absolute, relative to the base URL, or a host without a scheme (rule 1).

        Without *redirects* the first answer is the page, even if it redirects.
        """
        return await self._navigate(_Request("GET", self._typed(target), stays=not redirects))

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        """Send any request, as a program would (``Accept: */*``, no Referer); redirects are those of a browser."""
        if not TOKEN.fullmatch(method) or method == "CONNECT":
            raise Misconfigured(f"“{method}” is not a request method")
        return await self._navigate(_Request(method, self._typed(target), body, content_type, accept="*/*"))

    async def follow(self, locator: str) -> Page:
        """Follow the link that *locator* names (rule 32)."""
        return await self._go_along(await self._found(locate.link, locator), f"the link “{locator}”")

    async def _go_along(self, link: Element, what: str) -> Page:
        page = self.page
        if link.get("href") is None:
            raise page.failure(f"{what} needs JavaScript", "a link to a page")
        url = _askable(page, page.resolve(link.get("href") or ""), what)
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
        return await self._navigate(_from(page, "GET", url, policy=policy, downloads=keeps))

    def _tell_legacy(self, what: str) -> None:
        """Report Webrat's choices that no browser makes."""
        self._warn("legacy", f'{what} (Vocabulary "legacy")')

    async def _send_along(self, link: Element, url: str) -> Page:
        """Follow a link that Rails' or Turbo's script makes send a form (rule 70)."""
        page = self.page
        sent = scripted.entries(page, link, at_home=urls.origin(url) == urls.origin(page.url))
        body = forms.urlencoded(sent, page.encoding.for_forms)
        return await self._navigate(_from(page, "POST", url, body, forms.URLENCODED, is_form=True))

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
        return self._judged(self._page)

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
            why = "needs JavaScript" if kind == "button" else "belongs to no form"
            raise page.failure(f"the button “{locator}” {why}", f"a button “{locator}” that sends a form")
        if kind == "reset":
            forms.reset(page, form)
            return page
        return await self._send(form, button)

    async def load(self, kinds: frozenset[AssetKind]) -> Page:
        """Request the page's files; Failure(EXPECTATION) names those that fail; the page stays (rule 72)."""
        page = self.page
        wanted = assets(page, kinds)
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
            request = replace(_from(page, "GET", _ascii(asset.url)), accept="*/*", is_asset=True, lane=lane)
            for _ in range(self._profile.max_redirects + 1):
                if is_blocked(asset, page, request.url):
                    return BLOCKED, 0
                answer = await self._ask(self._ready(request))
                onward = self._redirect(request, answer)
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
        form = forms.form_of(page, control)
        if form is None or forms.kind_of(control) == "textarea":
            why = "belongs to no form" if form is None else "takes Enter as the end of a line"
            raise page.failure(f"the field “{field}” {why}", f"a field “{field}” that sends a form")
        button = forms.default_button(page, form)
        if button is not None and forms.is_disabled(button):
            raise page.failure("Enter sends nothing: the form's first submit button is disabled", "an enabled button")
        if button is None and not forms.submits_on_enter(page, form):
            raise page.failure(
                "Enter sends nothing: the form has several fields and no submit button", "a submit button"
            )
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
        self._leave_rooms()
        self._usual_so_far()
        if self._recorder is not None:
            self._recorder.leaves(self._page, self._credentials)
        await self._transport.aclose()

    def _typed(self, target: str) -> str:
        """The URL that *target* means in the address line; the first one is home."""
        with _misconfigured(f"“{urls.shown(target)}”"):
            url = urls.destination(target, self._profile.base_url)
            if not urls.is_web(url):
                raise urls.BadURL(f"“{urls.scheme_of(url)}:” is neither http nor https")
            url = _ascii(url)
        if self._home is None:
            self._settle(url)
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
        url = _sendable(page, sent.url, f"the {tag_of(form)}")
        return await self._navigate(_from(page, sent.method, url, sent.body, sent.content_type, is_form=True))

    def _needs_script(self, what: str) -> None:
        """Failure(EXPECTATION) for a form that nothing but a script sends; Webrat sent it all the same."""
        if not self._profile.legacy:
            raise self.page.failure(f"{what} needs JavaScript", "a form that the browser sends")
        self._tell_legacy(f"{what} works by a script; the form is sent")

    async def _navigate(self, request: _Request, *, replaces: bool = False) -> Page:
        """Send a request, follow its redirects, and put the last answer on the screen.

        The new page *replaces* the one on the screen in the history; so does the same page again.
        """
        request = self._ready(request)
        replaces = replaces or (request.method == "GET" and self._page is not None and request.url == self._page.url)
        chain = [request.url]
        while True:
            with _led_by(chain):
                answer = await self._ask(request)
            onward = None if request.stays else self._redirect(request, answer)
            if onward is None:
                # rule 5: the page's own URL keeps the fragment that was never sent
                page = self._read(request, answer)
                if self._is_not_shown(request, page):
                    self.redirects = tuple(chain)
                    return self._kept_beside(page, request)
                page = await _prepared(page)
                onward = None if request.stays else self._refreshed(page) or self._sent_by_itself(page)
                if onward is None:
                    self.redirects = tuple(chain)
                    self._visit(page, request, replaces=replaces)
                    return self._judged(page)
            request = replace(onward, led_by=request.led_by or _public(request.url, answer.address))
            chain.append(request.url)
            if len(chain) > self._profile.max_redirects + 1:
                limit = self._profile.max_redirects
                told = _told(chain)
                raise Failure(Cause.PROTOCOL, f"redirected more than {limit} times: {told}", found=told)

    def _read(self, request: _Request, answer: _Answer) -> Page:
        told = self._tell_legacy if self._profile.legacy else None
        usual = self._usual_so_far()
        return Page(request.url, answer.status, answer.headers, answer.body, usual=usual, told_legacy=told)

    def _is_not_shown(self, request: _Request, answer: Page) -> bool:
        """Whether a browser keeps the page on the screen: for a download, or an answer without a page (rule 85)."""
        if self._profile.legacy or request.stays or request.accept != ACCEPT:
            return False
        if answer.status in _NO_CONTENT:
            return self._page is not None
        is_file = request.downloads or is_attachment(answer.headers.get("content-disposition", ""))
        return is_file and answer.status < 400

    def _kept_beside(self, answer: Page, request: _Request) -> Page:
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

    def _visit(self, page: Page, request: _Request, *, replaces: bool) -> None:
        """Put *page* on the screen; *request* has led to it."""
        self._page = page
        del self._visits[len(self._visits) - replaces :], self._visits[: -(_MOST_VISITS - 1)]
        self._visits.append(_Visit(page, request))

    def _judged(self, page: Page) -> Page:
        if page.status >= 400 and self.refuse_bad_status:
            raise refusal(page, self.redirects, self._refusal)
        return page

    def _redirect(self, request: _Request, answer: _Answer) -> _Request | None:
        """The next request of a redirect (rules 5, 8 to 14); None if the answer is not one."""
        locations = answer.locations
        if not locations:
            return None
        if len(locations) > 1:
            where = urls.shown(request.url)
            told = " and ".join(f"“{urls.shown(location)}”" for location in locations[:2])
            raise Failure(Cause.PROTOCOL, f"{where} redirects to several addresses: {told}", found=told)
        try:
            url = urls.resolve(urls.without_fragment(request.url), locations[0])
            if not urls.is_web(url):
                raise urls.BadURL(f"“{urls.scheme_of(url)}:” is neither http nor https")
            url = _ascii(url)
        except urls.BadURL as error:
            where = urls.shown(request.url)
            raise Failure(
                Cause.PROTOCOL, f"{where} redirects to an address that cannot be requested: {error}"
            ) from error
        becomes_get = answer.status == 303 or (answer.status in (301, 302) and request.method == "POST")
        keeps = not becomes_get or request.method in ("GET", "HEAD")
        referrer = None if request.referrer is None else urls.referrer(request.referrer, request.url, request.policy)
        onward = replace(
            request,
            method=request.method if keeps else "GET",
            url=urls.inherit_fragment(url, request.url),
            body=request.body if keeps else None,
            content_type=request.content_type if keeps else None,
            referrer=referrer,
            policy=urls.referrer_policy(answer.headers.get("referrer-policy", "")) or request.policy,
            is_form=request.is_form and keeps,
            tainted=request.tainted or _taints(request, url),
        )
        return self._ready(onward)

    def _ready(self, request: _Request) -> _Request:
        """*request* as it is sent: without userinfo, and by https where required (rules 63, 64)."""
        url = self._strict.upgraded(self._bare(request.url), self._now())
        source = request.source
        if (
            request.upgrades
            and source is not None
            and (request.is_form or request.is_asset or _host(url) == _host(source))
        ):
            url = urls.by_https(url)
        secure = source is not None and source.startswith("https:")
        if request.is_form and secure and url.startswith("http:") and not urls.is_loopback(_host(url)):
            self._warn(
                "insecure_form", f"the form of {urls.shown(source or '')} goes to {urls.shown(url)}, without TLS"
            )
        return request if url == request.url else replace(request, url=url)

    def _refreshed(self, page: Page) -> _Request | None:
        """The request of a short meta refresh (rule 15).  A page that reloads itself is not reloaded."""
        if page.status >= 400 or page.refresh is None or page.refresh.seconds > LONGEST_REFRESH:
            return None
        try:
            url = _ascii(page.refreshed_to(page.refresh))
        except (Failure, urls.BadURL):
            return None
        if not urls.is_web(url) or urls.without_fragment(url) == urls.without_fragment(page.url):
            return None
        return self._ready(_from(page, "GET", url))

    def _sent_by_itself(self, page: Page) -> _Request | None:
        """The request of a form that the page's script sends at once, as a redirect (rule 71)."""
        if page.status >= 400 or not remembered(page, "sends itself", _sends_itself):
            return None
        if self._profile.legacy:
            self._tell_legacy(f"the form that {urls.shown(page.url)} sends by its script is not sent")
            return None
        form = scripted.form_that_sends_itself(page)
        if form is None:
            return None
        sent = forms.submission(page, form, None, _boundary())
        if sent.method == "DIALOG":
            return None
        url = _sendable(page, sent.url, "the form that this page sends")
        return self._ready(_from(page, sent.method, url, sent.body, sent.content_type, is_form=True))

    async def _ask(self, request: _Request) -> _Answer:
        """Send one hop, and again with credentials if the server asks for them and they are for it.

        Refused credentials are not sent twice, which could lock the account.  A stale nonce is no refusal: two
        servers behind one name may have nonces of their own.
        """
        where = urls.origin(request.url)
        for _ in range(_MOST_TRIES):
            shown = where in self._locks
            answer = await self._exchange(request)
            self._refusal = ""
            if answer.status != 401 or where not in self._credentials:
                break
            offered = auth.challenges(answer.headers.get_list("www-authenticate"))
            self._refusal = auth.why_refused(offered, shown=shown)
            challenge = auth.best(offered)
            if challenge is None or (shown and not challenge.is_stale):
                break
            self._locks[where] = _Lock(challenge)
        return answer

    def _authorization(self, request: _Request) -> bytes | None:
        where = urls.origin(request.url)
        lock = self._locks.get(where)
        if lock is None:
            return None
        lock.used += 1
        target = _address(request.url).raw_path.decode("ascii")
        cnonce = secrets.token_hex(8)
        return auth.answer(
            lock.challenge, self._credentials[where], request.method, target, count=lock.used, cnonce=cnonce
        )

    async def _exchange(self, request: _Request) -> _Answer:
        url = urls.without_fragment(request.url)
        headers_sent = self._headers(request)
        if not any(name == b"host" for name, _ in headers_sent):  # httpx would look the name up in IDNA 2008's tables
            headers_sent.insert(0, (b"Host", _address(url).netloc))
        sent = httpx.Request(
            request.method,
            _address(url),
            headers=headers_sent,
            content=request.body,
            extensions={
                "admit": lambda host, address: self._admit(request, host, address),
                "lane": request.lane,
            },
        )
        if self._recorder is not None:
            headers = Headers(sent.headers.raw)
            self._recorder.asks(request.method, url, headers, request.body, self._page, lane=request.lane)
        with _translated(url):
            response = await self._transport.handle_async_request(sent)
            try:
                headers = Headers(response.headers.raw)
                if self._recorder is not None:
                    self._recorder.answers(response.status_code, headers, request.lane)
                self._hear(url, headers)
                answer = _Answer(response.status_code, headers, address=response.extensions.get("address"))
                if request.stays or not answer.locations:
                    body = await self._received(response, request, headers)
                    return _Answer(answer.status, headers, body, answer.address)
                # A browser goes on as soon as it has read the Location.  The body is read all the same, if it comes:
                # only then can the connection be used again.
                with suppress(Failure, WireError, TimeoutError):
                    async with asyncio.timeout(_REDIRECT_SECONDS):
                        answer = replace(answer, body=await self._received(response, request, headers))
                return answer
            finally:
                await response.aclose()

    def _admit(self, request: _Request, host: str, address: str) -> None:
        """Raise Failure(PROTOCOL) if *request* must not go to *address* because of its redirects (rule 65)."""
        verdict = self._judge.verdict(host, address, from_public=bool(request.led_by))
        if verdict is InwardVerdict.FOLLOW:
            return
        way = f"{urls.shown(request.led_by)} redirects to {urls.shown(request.url)}, at {address}"
        mend = f'if that is meant: AllowPrivate "{host}"'
        if verdict is InwardVerdict.WARN:
            self._warn("private_redirect", f"{way}, a private address that visitors cannot reach; {mend}")
        else:
            why = f"{way}: redirects from a public address to this machine itself or its link are not followed; {mend}"
            raise Failure(Cause.PROTOCOL, why, found=address)

    def _hear(self, url: str, headers: Headers) -> None:
        """Keep an answer's cookies, and its demand for https."""
        for strict in headers.get_list("strict-transport-security")[:1]:
            self._strict.told(url, strict, self._now())
        for value in headers.raw_list("set-cookie"):
            if why := self._jar.store(url, value, self._now()):
                self._warn("cookie_refused", f"{_host(url)}: {why}")
        is_private = url.startswith("https:") or urls.is_loopback(_host(url))
        if is_private and clears_cookies(headers.get("clear-site-data", "")):  # those of this answer, too (rule 86)
            self._jar.clear(url)

    async def _received(self, response: httpx.Response, request: _Request, headers: Headers) -> bytes:
        body = Body(urls.without_fragment(request.url), headers.get("content-encoding", ""), self._profile.max_body)
        if self._recorder is not None and not request.is_asset:
            self._recorder.receives(body, headers.get("content-type", ""))
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError(f"an asynchronous transport answers with an asynchronous stream, not {type(stream)}")
        async for chunk in stream:
            body.feed(chunk)
            if self._wants_room(body.size):
                with response.extensions.get("held_up", nullcontext)("waiting for other jobs' large pages"):
                    await self._take_rooms(body.size)
        if body.size > STAGES[0][0]:
            give_back_memory()  # of those who had its place
        return body.finish()

    def _wants_room(self, size: int) -> bool:
        return len(self._rooms) < len(STAGES) and size > STAGES[len(self._rooms)][0]

    async def _take_rooms(self, size: int) -> None:
        async with self._taking_rooms:
            while self._wants_room(size):
                there = room(len(self._rooms))
                await there.enter()
                self._rooms.append(there)

    def _leave_rooms(self) -> None:
        if self._rooms:
            give_back_memory_soon()
        while self._rooms:
            self._rooms.pop().leave()

    def _headers(self, request: _Request) -> list[tuple[bytes, bytes]]:
        """The request's headers; the operator's replace ours, and secret ones stay at home (rules 12, 16, 17)."""
        url = request.url
        headers: dict[bytes, bytes] = {
            b"user-agent": self._profile.user_agent.encode(),
            b"accept": request.accept.encode(),
            b"accept-encoding": ACCEPTED.encode(),
        }
        referrer = None if request.referrer is None else urls.referrer(request.referrer, url, request.policy)
        if referrer is not None:
            headers[b"referer"] = referrer.encode()
        if request.source is not None and request.method != "GET":
            headers[b"origin"] = self._origin_of(request).encode()
        if request.content_type is not None:
            headers[b"content-type"] = request.content_type.encode()
        cookie = self._jar.header_for(url, self._now(), withheld=request.withheld)
        if cookie is not None:
            headers[b"cookie"] = cookie
        at_home = urls.origin(url) == self._home
        given = (*self._profile.headers, *self._set.values())
        own = [(n, v) for n, v in given if at_home or n.lower() not in _FOR_HOME_ONLY]
        for name, value in own:
            lowered = name.lower().encode()
            if lowered == b"cookie" and cookie is not None:
                headers[lowered] = value.encode() + b"; " + cookie
            else:
                headers[lowered] = value.encode()
        if (authorization := self._authorization(request)) is not None:
            headers[b"authorization"] = authorization
        return list(headers.items())

    def _origin_of(self, request: _Request) -> str:
        source = request.source or ""
        hushed = request.tainted or urls.is_downgrade(source, request.url) or request.policy == "no-referrer"
        if request.policy == "same-origin":
            hushed = hushed or urls.origin(source) != urls.origin(request.url)
        return "null" if hushed else urls.origin_text(source)

    def _settle(self, url: str) -> None:
        """Make *url*'s origin the one that the operator's credentials are for."""
        bare, _ = urls.split_userinfo(url)
        self._home = urls.origin(bare)
        if self._own is not None:
            self._credentials[self._home] = self._own
        self._bare(url)

    def _bare(self, url: str) -> str:
        """*url* without userinfo, which is kept as that origin's credentials unless the operator gave some."""
        bare, userinfo = urls.split_userinfo(url)
        if userinfo is not None:
            self._credentials.setdefault(urls.origin(bare), HttpCredentials(*userinfo))
        return bare


def refusal(page: Page, redirects: Sequence[str], why: str = "") -> Failure:
    """The failure of a navigation over *redirects* that ends in *page*, with a status of 400 or above."""
    words = f"{page.status} {httpx.codes.get_reason_phrase(page.status)}".strip()
    return Failure(
        Cause.REFUSED,
        f"{urls.shown(page.url)}{_whence(redirects)} answered {f'{words}: {why}' if why else words}",
        expected=f"a status below 400{_MEANT.format(page.status) if page.status in (401, 403) else ''}",
        found=_words_of(page),
    )


def _checkbox(page: Page, field: str) -> Element:
    return locate.field(page, field, frozenset({"checkbox"}), "checkbox")


def _boundary() -> str:
    return "----collectd_inode" + secrets.token_hex(12)


def _from(
    page: Page,
    method: str,
    url: str,
    body: bytes | None = None,
    content_type: str | None = None,
    *,
    policy: str = "",
    is_form: bool = False,
    downloads: bool = False,
) -> _Request:
    """The request that *page* makes, when a person clicks or by itself."""
    return _Request(
        method,
        url,
        body,
        content_type,
        source=page.url,
        referrer=page.url,
        policy=policy or page.referrer_policy,
        is_form=is_form,
        upgrades=page.upgrades_insecure_requests,
        downloads=downloads,
    )


def _host(url: str) -> str:
    return urls.origin(url)[1]


def _sends_itself(page: Page) -> bool:
    return scripted.form_that_sends_itself(page) is not None


def _fingerprints(page: Page) -> frozenset[str]:
    return frozenset(map(fingerprint, page.messages))


def _public(url: str, address: str | None) -> str:
    """*url*, if a public or unknown address answered it."""
    host = _host(url)
    where = address or (host if is_numeric(host) else "")
    return url if not where or reach(where) is Reach.PUBLIC else ""


def _taints(request: _Request, url: str) -> bool:
    if request.source is None:
        return False
    here = urls.origin(request.url)
    return urls.origin(url) != here and here != urls.origin(request.source)


def _askable(page: Page, url: str, what: str) -> str:
    """*url* in ASCII, if it is one that a browser without JavaScript can ask for (rules 6, 8)."""
    scheme = urls.scheme_of(url)
    if scheme == "javascript":
        raise page.failure(f"{what} needs JavaScript", "a link to a page")
    if not urls.is_web(url):
        raise page.failure(f"{what} leads to “{scheme}:”, not to a page", "a link to a page")
    try:
        return _ascii(url)
    except urls.BadURL as error:
        raise page.failure(f"{what} leads nowhere: {error}", "a link to a page") from error


def _sendable(page: Page, url: str, what: str) -> str:
    """*url* in ASCII, if a browser sends a form there (rules 6, 87)."""
    url = _askable(page, url, what)
    asked = urls.by_https(url) if page.upgrades_insecure_requests else url
    if directive := policy.forbids(page, asked):
        where = urls.shown(url)
        raise page.failure(
            f"{what} is not sent to {where}: the page's policy forbids it", "a form that is sent", directive
        )
    return url


@lru_cache(maxsize=4096)
def _address(url: str) -> httpx.URL:
    """*url* taken apart, once: a daemon asks for the same ones again and again, and httpx takes 50 us each time."""
    return httpx.URL(url)


def _ascii(url: str) -> str:
    """*url* with its host as it goes over the wire (IDNA).  Raises BadURL."""
    try:
        return str(_address(url))
    except httpx.InvalidURL as error:
        raise urls.BadURL(f"“{urls.shown(url)}” is not a URL: {error}") from error


async def _prepared(page: Page) -> Page:
    """*page*, parsed in a worker if that takes long, so that the other jobs go on."""
    if len(page.body) > LARGE:
        await begun_aside_if_large(len(page.body), page.prepare)
    return page


def _words_of(page: Page) -> str:
    """The error on a page with a bad status, and its title if the error does not contain it."""
    said = page.complaint()
    if not said:
        return page.describe()
    return said if page.title in said else f"{said}; title “{shortened(page.title, 80)}”"


@contextmanager
def _led_by(chain: Sequence[str]) -> Iterator[None]:
    """Have failures at the last address of *chain* name the address that redirected to it."""
    try:
        yield
    except Failure as error:
        if " redirects to " not in error.message:
            error.message += _whence(chain).removesuffix(",")
        raise
    except WireError as error:
        error.args = (f"{error}{_whence(chain).removesuffix(',')}", *error.args[1:])
        raise


def _whence(chain: Sequence[str]) -> str:
    """The address that redirected to the last one of *chain*; nothing if none did."""
    return f", to which {urls.shown(chain[-2])} redirected," if len(chain) > 1 else ""


def _told(chain: list[str]) -> str:
    """The loop that a chain of redirects ends in, else the ends of the chain."""
    begins = next((place for place, url in enumerate(chain) if url in chain[place + 1 :]), None)
    if begins is not None and chain[-1] in chain[:-1]:
        first, *others = chain[begins : chain.index(chain[begins], begins + 1) + 1]
        one_host = all(urls.origin(url) == urls.origin(first) for url in others)
        home = "/".join(urls.shown(first).split("/", 3)[:3]) if one_host else ""
        return "a loop: " + _ends([urls.shown(first), *(urls.shown(url).removeprefix(home) or "/" for url in others)])
    return _ends([urls.shown(url) for url in chain])


def _ends(shown: list[str]) -> str:
    return " → ".join(shown if len(shown) <= 5 else [*shown[:3], "…", *shown[-2:]])


@contextmanager
def _misconfigured(what: str) -> Iterator[None]:
    try:
        yield
    except urls.BadURL as error:
        raise Misconfigured(f"{what}: {error}") from error


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """httpx's exceptions end here; those of `wire` go through."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise Failure(Cause.PROTOCOL, f"{urls.shown(url)}: {error or type(error).__name__}") from error
