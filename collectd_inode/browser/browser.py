"""A browser without JavaScript: asks for pages over an httpx transport, and remembers cookies and where it is.

The only file of this room that does I/O, and the only one that knows httpx.  It uses no client: redirects, cookies and
authentication are ours, because the client's differ from a browser's in ways that make production look broken.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import httpx

import collectd_inode
from collectd_inode.browser import auth, forms, locate, urls
from collectd_inode.browser.auth import Challenge, Credentials
from collectd_inode.browser.cookies import Cookie, Jar, same_site
from collectd_inode.browser.decoding import ACCEPTED, Body
from collectd_inode.browser.headers import TOKEN, Headers, is_value, name_complaint
from collectd_inode.browser.page import Page
from collectd_inode.browser.record import Recorder
from collectd_inode.browser.text import Element, tag_of
from collectd_inode.run import Cause, Failure, Misconfigured
from collectd_inode.wire import SYSTEM_CLOCK

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LARGE = 2**16
"""A page of more bytes is parsed in a worker: a megabyte takes a tenth of a second and more."""

LONGEST_REFRESH = 3
"""A meta refresh of up to so many seconds is a redirect, and followed at once; a longer one is a page that reloads."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_HOME_ONLY = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


def _user_agent() -> str:
    return f"collectd_inode/{collectd_inode.__version__} (+replayed use-case)"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the operator configured for the browser; ``max_body`` counts decoded bytes."""

    base_url: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str = field(default_factory=_user_agent)
    max_body: int = 10 * 2**20
    max_redirects: int = 20
    auth_user: str | None = None
    auth_password: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Lock:
    """A door that asked for credentials once: from then on they are shown before it asks."""

    challenge: Challenge
    used: int = 0


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for on one hop.  ``source`` is the page that led here, None for ``go to``."""

    method: str
    url: str
    body: bytes | None = None
    content_type: str | None = None
    source: str | None = None
    policy: str = urls.REFERRER_POLICY
    """How much of `source` is told (rule 16)."""
    accept: str = ACCEPT
    tainted: bool = False
    """Whether a foreign site has redirected it to yet another: its Origin is then nobody's."""

    @property
    def cross_site_post(self) -> bool:
        """Whether SameSite cookies stay at home (rule 23)."""
        return self.method != "GET" and self.source is not None and not same_site(self.source, self.url)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back, whole."""

    status: int
    headers: Headers
    body: bytes


class Browser:
    """One person's browser for one run; `page` is what is on the screen."""

    refuse_bad_status: bool = True
    """Whether a navigation that ends in a status of 400 or above is a Failure(REFUSED)."""

    way: tuple[str, ...] = ()
    """The addresses that the last navigation went through: the one that was asked for, and where it was sent on to."""

    part: Callable[[Page], Page] | None = None
    """What narrows the page to the part of it in which things are looked for."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        profile: Profile,
        *,
        now: Callable[[], float] = SYSTEM_CLOCK.now,
        recorder: Recorder | None = None,
    ) -> None:
        self._transport, self._profile, self._now = transport, profile, now
        self._recorder = recorder
        self._page: Page | None = None
        self._jar = Jar()
        self._credentials: dict[urls.Origin, Credentials] = {}
        self._locks: dict[urls.Origin, _Lock] = {}
        self._set: dict[str, tuple[str, str]] = {}
        self._home: urls.Origin | None = None
        self._own: Credentials | None = None
        if profile.auth_user is not None:
            self._own = Credentials(profile.auth_user, profile.auth_password or "")
        if profile.base_url is not None:
            with _misconfigured("BaseURL"):
                self._settle(_ascii(urls.destination(profile.base_url, None)))

    @property
    def page(self) -> Page:
        """The page on the screen; Failure(EXPECTATION) before there is one."""
        if self._page is None:
            raise Failure(Cause.EXPECTATION, "no page yet: go to one first")
        return self._page

    @property
    def searched(self) -> Page:
        """The page, or the part of it in which links, buttons and fields are looked for."""
        return self.page if self.part is None else self.part(self.page)

    def authenticate(self, user: str, password: str) -> None:
        """Show these credentials to the site we are at home on, when it asks for some (basic and digest)."""
        self._own = Credentials(user, password)
        if self._home is not None:
            self._credentials[self._home] = self._own
            self._locks.pop(self._home, None)

    def set_header(self, name: str, value: str) -> None:
        """Send this header with every request from now on, in place of the browser's own or the operator's.

        Credentials (Authorization, Cookie) go to the site we are at home on only.  Raises Misconfigured, without the
        value, for what HTTP has no room for.
        """
        if complaint := name_complaint(name):
            raise Misconfigured(complaint)
        if not is_value(value):
            raise Misconfigured(f"the value of the header {name} has a line end or another control character in it")
        self._set[name.lower()] = name, value.strip(" \t")

    @property
    def cookies(self) -> list[Cookie]:
        """The cookies that the browser has."""
        return self._jar.kept(self._now())

    async def go(self, target: str) -> Page:
        """Go to *target*: absolute, relative to the base URL, or a host without a scheme (rule 1)."""
        return await self._navigate(_Request("GET", self._typed(target)))

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        """Send any request, as a program would (``Accept: */*``, no Referer); redirects are those of a browser."""
        if not TOKEN.fullmatch(method) or method == "CONNECT":
            raise Misconfigured(f"“{method}” is no method that a request can have")
        return await self._navigate(_Request(method, self._typed(target), body, content_type, accept="*/*"))

    async def follow(self, locator: str) -> Page:
        """Follow the link that *locator* names (rule 32)."""
        page = self.page
        link = locate.link(self.searched, locator)
        url = _askable(page, page.resolve(link.get("href") or ""), f"the link “{locator}”")
        if "#" in (link.get("href") or "") and urls.without_fragment(url) == urls.without_fragment(page.url):
            self._page = page.at(url)  # rule 4: only a place on the same page
            return self._page
        hushed = "noreferrer" in (link.get("rel") or "").lower().split()
        policy = urls.referrer_policy(link.get("referrerpolicy") or "") or page.referrer_policy
        return await self._navigate(_Request("GET", url, source=None if hushed else page.url, policy=policy))

    async def press(self, locator: str = "") -> Page:
        """Press the button that *locator* names, or the first one (rule 33)."""
        page = self.page
        button = locate.button(self.searched, locator)
        form, kind = forms.form_of(page, button), forms.kind_of(button)
        if kind == "button" or form is None:
            why = "needs JavaScript" if kind == "button" else "belongs to no form"
            raise page.failure(f"the button “{locator}” {why}", f"a button “{locator}” that sends a form")
        if kind == "reset":
            forms.reset(page, form)
            return page
        return await self._send(form, button)

    async def submit(self, form: str | Element) -> Page:
        """Submit the form with this id, name or XPath, without pressing a button (rules 37, 56)."""
        return await self._send(locate.form(self.searched, form) if isinstance(form, str) else form, None)

    async def press_enter(self, field: str) -> Page:
        """Press Enter in a text field: the form's first submit button is pressed by it (rule 56)."""
        page = self.page
        control = locate.field(self.searched, field, locate.FILLABLE, "field")
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

    def fill_in(self, field: str, value: str) -> None:
        """Type *value* into a text field (rules 34, 35)."""
        forms.enter(self.page, locate.fillable(self.searched, field), value)

    def select(self, option: str, field: str) -> None:
        """Select an option (rule 36)."""
        select = locate.field(self.searched, field, frozenset({"select"}), "select")
        forms.pick(self.page, select, locate.option(self.page, option, select, field))

    def check(self, field: str) -> None:
        """Tick a checkbox; a ticked one stays as it is."""
        forms.tick(self.page, self._checkbox(field), True)

    def uncheck(self, field: str) -> None:
        """Untick a checkbox."""
        forms.tick(self.page, self._checkbox(field), False)

    def choose(self, field: str) -> None:
        """Choose a radio button, by id, label or value."""
        forms.tick(self.page, locate.field(self.searched, field, frozenset({"radio"}), "radio button"), True)

    def attach(self, field: str, name: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        """Put a file of this name and content into a file field (rule 48)."""
        control = locate.field(self.searched, field, frozenset({"file"}), "file field")
        self.page.entered.files[control] = (name, content_type, content)

    def value(self, field: str) -> str:
        """What a field holds: text, or the value of the selected option."""
        kinds = locate.FILLABLE | {"select", "hidden", "file"}
        return forms.value_of(self.page, locate.field(self.searched, field, kinds, "field"))

    def is_checked(self, field: str) -> bool:
        """Whether a checkbox or radio button is ticked."""
        control = locate.field(self.searched, field, frozenset({"checkbox", "radio"}), "checkbox")
        return forms.is_checked(self.page, control)

    async def aclose(self) -> None:
        """Close the transport."""
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

    def _checkbox(self, field: str) -> Element:
        return locate.field(self.searched, field, frozenset({"checkbox"}), "checkbox")

    async def _send(self, form: Element, button: Element | None) -> Page:
        page = self.page
        sent = forms.submission(page, form, button, "----collectd_inode" + secrets.token_hex(12))
        if sent.method == "DIALOG":
            return page
        url = _askable(page, sent.url, f"the {tag_of(form)}")
        return await self._navigate(
            _Request(sent.method, url, sent.body, sent.content_type, source=page.url, policy=page.referrer_policy)
        )

    async def _navigate(self, request: _Request) -> Page:
        """Ask, follow wherever it leads, and put the last answer on the screen."""
        bare = self._bare(request.url)
        request = request if bare == request.url else replace(request, url=bare)
        chain = [request.url]
        while True:
            answer = await self._ask(request)
            onward = self._redirect(request, answer)
            if onward is None:
                # rule 5: the page's own URL keeps the fragment that was never sent
                page = await _prepared(Page(request.url, answer.status, answer.headers, answer.body))
                onward = self._refreshed(page)
                if onward is None:
                    self.way = tuple(chain)
                    return self._show(page)
            request = onward
            chain.append(request.url)
            if len(chain) > self._profile.max_redirects + 1:
                limit = self._profile.max_redirects
                raise Failure(
                    Cause.PROTOCOL, f"redirected more than {limit} times: {_told(chain)}", found=" → ".join(chain)
                )

    def _show(self, page: Page) -> Page:
        self._page = page
        if page.status >= 400 and self.refuse_bad_status:
            reason = httpx.codes.get_reason_phrase(page.status)
            words = f"{page.status} {reason}".strip()
            asked = page.status == 401 and urls.origin(page.url) in self._credentials
            why = f"{words}: the credentials were not accepted" if asked else words
            raise Failure(
                Cause.REFUSED,
                f"{urls.shown(page.url)} answered {why}",
                expected="a status below 400",
                found=": ".join(filter(None, (page.describe(), page.nearest("")))),
            )
        return page

    def _redirect(self, request: _Request, answer: _Answer) -> _Request | None:
        """The request that a redirect asks for (rules 5, 8 to 14); None if the answer is none."""
        locations = answer.headers.get_list("location")
        if answer.status not in _REDIRECTS or not locations:
            return None
        try:
            url = urls.resolve(urls.without_fragment(request.url), locations[0])
            if not urls.is_web(url):
                raise urls.BadURL(f"“{urls.scheme_of(url)}:” is neither http nor https")
            url = _ascii(url)
        except urls.BadURL as error:
            where = urls.shown(request.url)
            raise Failure(Cause.PROTOCOL, f"{where} redirects to what cannot be asked for: {error}") from error
        becomes_get = answer.status == 303 or (answer.status in (301, 302) and request.method == "POST")
        keeps = not becomes_get or request.method in ("GET", "HEAD")
        return _Request(
            method=request.method if keeps else "GET",
            url=self._bare(urls.inherit_fragment(url, request.url)),
            body=request.body if keeps else None,
            content_type=request.content_type if keeps else None,
            source=request.source,
            policy=request.policy,
            accept=request.accept,
            tainted=request.tainted or _taints(request, url),
        )

    def _refreshed(self, page: Page) -> _Request | None:
        """The request that a short meta refresh asks for (rule 15).  A page that reloads itself is left alone."""
        if page.status >= 400 or page.refresh is None or page.refresh.seconds > LONGEST_REFRESH:
            return None
        try:
            url = _ascii(page.resolve(page.refresh.target))
        except (Failure, urls.BadURL):
            return None
        if not urls.is_web(url) or urls.without_fragment(url) == urls.without_fragment(page.url):
            return None
        return _Request("GET", self._bare(url), source=page.url, policy=page.referrer_policy)

    async def _ask(self, request: _Request) -> _Answer:
        """One hop, and once more with credentials if the server asks for them and they are for it."""
        where = urls.origin(request.url)
        answer = await self._exchange(request)
        if answer.status != 401 or where not in self._credentials:
            return answer
        challenge = auth.best(auth.challenges(answer.headers.get_list("www-authenticate")))
        if challenge is None or not self._is_worth_another_try(where, challenge):
            return answer
        self._locks[where] = _Lock(challenge)
        return await self._exchange(request)

    def _is_worth_another_try(self, where: urls.Origin, challenge: Challenge) -> bool:
        # Refused credentials are not shown twice: that is how accounts get locked.  A stale nonce is no refusal.
        return where not in self._locks or challenge.parameters.get("stale", "").lower() == "true"

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
        sent = httpx.Request(request.method, _address(url), headers=self._headers(request), content=request.body)
        if self._recorder is not None:
            self._recorder.asks(request.method, url, Headers(sent.headers.raw), request.body, self._page)
        with _translated(url):
            response = await self._transport.handle_async_request(sent)
            try:
                headers = Headers(response.headers.raw)
                if self._recorder is not None:
                    self._recorder.answers(response.status_code, headers)
                for value in headers.raw_list("set-cookie"):
                    self._jar.store(url, value, self._now())
                body = await self._received(response, url, headers)
            finally:
                await response.aclose()
        return _Answer(response.status_code, headers, body)

    async def _received(self, response: httpx.Response, url: str, headers: Headers) -> bytes:
        body = Body(url, headers.get("content-encoding", ""), self._profile.max_body)
        if self._recorder is not None:
            self._recorder.receives(body, headers.get("content-type", ""))
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError(f"an asynchronous transport answers with an asynchronous stream, not {type(stream)}")
        async for chunk in stream:
            body.feed(chunk)
        return body.finish()

    def _headers(self, request: _Request) -> list[tuple[bytes, bytes]]:
        """The request's headers; the operator's replace ours, and secret ones stay at home (rules 12, 16, 17)."""
        url = request.url
        headers: dict[bytes, bytes] = {
            b"user-agent": self._profile.user_agent.encode(),
            b"accept": request.accept.encode(),
            b"accept-encoding": ACCEPTED.encode(),
        }
        if request.source is not None:
            if (referer := urls.referrer(request.source, url, request.policy)) is not None:
                headers[b"referer"] = referer.encode()
            if request.method != "GET":
                headers[b"origin"] = self._origin_of(request).encode()
        if request.content_type is not None:
            headers[b"content-type"] = request.content_type.encode()
        cookie = self._jar.header_for(url, self._now(), cross_site_post=request.cross_site_post)
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
            self._credentials.setdefault(urls.origin(bare), Credentials(*userinfo))
        return bare


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


@lru_cache(maxsize=1024)
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
    """*page*, parsed in a worker if that takes long: meanwhile the other jobs have the loop."""
    if len(page.body) > LARGE:
        await asyncio.get_running_loop().run_in_executor(None, page.prepare)
    return page


def _told(chain: list[str]) -> str:
    """The ends of a chain of redirects."""
    shown = [urls.shown(url) for url in chain]
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
