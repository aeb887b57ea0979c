"""Sends one request over an httpx transport, as a browser does: its headers, cookies and credentials; and receives.

The only file of this room that does I/O.  It uses no client: redirects, cookies and authentication are ours, because
the client's differ from a browser's in ways that make production look broken.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace

import httpx

from collectd_inode.browser import auth
from collectd_inode.browser.addresses import host_of, taken_apart
from collectd_inode.browser.auth import Challenge, HttpCredentials, SiteCredentials
from collectd_inode.browser.cookies import MAX_COOKIES, Jar
from collectd_inode.browser.decoding import ACCEPTED, Body
from collectd_inode.browser.inward import InwardVerdict, Judge
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.browser.record import Recorder
from collectd_inode.browser.request import WebAnswer, WebRequest
from collectd_inode.browser.upgrades import StrictHosts
from collectd_inode.model import Cause, Failure
from collectd_inode.page import urls
from collectd_inode.page.headers import Headers, clears_cookies, given_value
from collectd_inode.page.page import Page
from collectd_inode.wire import WireError
from collectd_inode.wire.room import Places, give_back_memory, is_large

_REDIRECT_SECONDS = 1.0
"""Seconds to wait for the rest of a redirect's body."""

_MOST_TRIES = 3
"""At a door: without credentials, with them, and once more when the nonce was stale."""

_FOR_HOME_ONLY = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


@dataclass(slots=True)
class _Lock:
    """An origin that asked for credentials once: from then on they are sent before it asks."""

    challenge: Challenge
    used: int = 0


class Sender:
    """The requests of one run: `jar` has its cookies, `credentials` its log-ins."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        profile: BrowserProfile,
        now: Callable[[], float],
        recorder: Recorder | None,
        warn: Callable[[str, str], None],
    ) -> None:
        self._transport, self._profile, self._now = transport, profile, now
        self._recorder, self._warn = recorder, warn
        self._strict = StrictHosts()
        self._judge = Judge(profile.own_hosts, profile.allow_private)
        self._places = Places()
        self._locks: dict[urls.Origin, _Lock] = {}
        self._set: dict[str, tuple[str, str]] = {}
        self.jar = Jar()
        self.credentials = SiteCredentials()
        if profile.auth_user is not None:
            self.credentials.own = HttpCredentials(profile.auth_user, profile.auth_password or "")
        self.refusal = ""
        """Why the last answer was a 401 although there are credentials for it."""

    def authenticate(self, own: HttpCredentials) -> None:
        """Send these credentials to the scenario's own site, when it asks for some."""
        self.credentials.authenticate(own)
        if self.credentials.home is not None:
            self._locks.pop(self.credentials.home, None)

    def set_header(self, name: str, value: str) -> None:
        """Send this header from now on; Misconfigured for one that HTTP cannot carry."""
        self._set[name.lower()] = name, given_value(name, value)

    async def aclose(self) -> None:
        """Close the transport; the places for large pages are given back."""
        self._places.leave()
        await self._transport.aclose()

    def ready(self, request: WebRequest) -> WebRequest:
        """*request* as it is sent: without userinfo, and by https where required (rules 63, 64)."""
        url = self._strict.upgraded(self.credentials.bare(request.url), self._now())
        source = request.source
        if (
            request.upgrades
            and source is not None
            and (request.is_form or request.is_asset or host_of(url) == host_of(source))
        ):
            url = urls.by_https(url)
        secure = source is not None and source.startswith("https:")
        if request.is_form and secure and url.startswith("http:") and not urls.is_loopback(host_of(url)):
            self._warn(
                "insecure_form", f"the form of {urls.shown(source or '')} goes to {urls.shown(url)}, without TLS"
            )
        return request if url == request.url else replace(request, url=url)

    async def ask(self, request: WebRequest, on_screen: Page | None) -> WebAnswer:
        """Send one hop, and again with credentials if the server asks for them and they are for it.

        Refused credentials are not sent twice, which could lock the account.  A stale nonce is no refusal: two
        servers behind one name may have nonces of their own.
        """
        where = urls.origin(request.url)
        for _ in range(_MOST_TRIES):
            shown = where in self._locks
            answer = await self._exchange(request, on_screen)
            self.refusal = ""
            if answer.status != 401 or where not in self.credentials.known:
                break
            offered = auth.challenges(answer.headers.get_list("www-authenticate"))
            self.refusal = auth.why_refused(offered, shown=shown)
            challenge = auth.best(offered)
            if challenge is None or (shown and not challenge.is_stale):
                break
            self._locks[where] = _Lock(challenge)
        return answer

    def _authorization(self, request: WebRequest) -> bytes | None:
        where = urls.origin(request.url)
        lock = self._locks.get(where)
        if lock is None:
            return None
        lock.used += 1
        target = taken_apart(request.url).raw_path.decode("ascii")
        cnonce = secrets.token_hex(8)
        return auth.answer(
            lock.challenge, self.credentials.known[where], request.method, target, count=lock.used, cnonce=cnonce
        )

    async def _exchange(self, request: WebRequest, on_screen: Page | None) -> WebAnswer:
        url = urls.without_fragment(request.url)
        headers_sent = self._headers(request)
        if not any(name == b"host" for name, _ in headers_sent):  # httpx would look the name up in IDNA 2008's tables
            headers_sent.insert(0, (b"Host", taken_apart(url).netloc))
        sent = httpx.Request(
            request.method,
            taken_apart(url),
            headers=headers_sent,
            content=request.body,
            extensions={
                "admit": lambda host, address: self._admit(request, host, address),
                "lane": request.lane,
            },
        )
        if self._recorder is not None:
            headers = Headers(sent.headers.raw)
            self._recorder.asks(request.method, url, headers, request.body, on_screen, lane=request.lane)
        with _translated(url):
            response = await self._transport.handle_async_request(sent)
            try:
                headers = Headers(response.headers.raw)
                if self._recorder is not None:
                    self._recorder.answers(response.status_code, headers, request.lane)
                self._hear(url, headers)
                answer = WebAnswer(response.status_code, headers, address=response.extensions.get("address"))
                if request.stays or not answer.locations:
                    body = await self._received(response, request, headers)
                    return WebAnswer(answer.status, headers, body, answer.address)
                # A browser goes on as soon as it has read the Location.  The body is read all the same, if it comes:
                # only then can the connection be used again.
                with suppress(Failure, WireError, TimeoutError):
                    async with asyncio.timeout(_REDIRECT_SECONDS):
                        answer = replace(answer, body=await self._received(response, request, headers))
                return answer
            finally:
                await response.aclose()

    def _admit(self, request: WebRequest, host: str, address: str) -> None:
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
        for value in headers.raw_list("set-cookie")[-MAX_COOKIES:]:  # a bound: a jar takes no more
            if why := self.jar.store(url, value, self._now()):
                self._warn("cookie_refused", f"{host_of(url)}: {why}")
        is_private = url.startswith("https:") or urls.is_loopback(host_of(url))
        if is_private and clears_cookies(headers.get("clear-site-data", "")):  # those of this answer, too (rule 86)
            self.jar.clear(url)

    async def _received(self, response: httpx.Response, request: WebRequest, headers: Headers) -> bytes:
        body = Body(urls.without_fragment(request.url), headers.get("content-encoding", ""), self._profile.max_body)
        if self._recorder is not None and not request.is_asset:
            self._recorder.receives(body, headers.get("content-type", ""))
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError(f"an asynchronous transport answers with an asynchronous stream, not {type(stream)}")
        async for chunk in stream:
            body.feed(chunk)
            if self._places.are_wanted(body.size):
                with response.extensions.get("held_up", nullcontext)("waiting for other jobs' large pages"):
                    await self._places.take(body.size)
        if is_large(body.size):
            give_back_memory()  # of those who had its place
        return body.finish()

    def _headers(self, request: WebRequest) -> list[tuple[bytes, bytes]]:
        """The request's headers; the operator's replace ours, and secret ones stay at home (rules 12, 16, 17)."""
        url = request.url
        headers: dict[bytes, bytes] = {
            b"user-agent": self._profile.user_agent.encode(),
            b"accept": request.accept.encode(),
            b"accept-encoding": ACCEPTED.encode(),
        }
        if (referrer := request.sent_referrer) is not None:
            headers[b"referer"] = referrer.encode()
        if request.source is not None and request.method != "GET":
            headers[b"origin"] = request.sent_origin.encode()
        if request.content_type is not None:
            headers[b"content-type"] = request.content_type.encode()
        cookie = self.jar.header_for(url, self._now(), withheld=request.withheld)
        if cookie is not None:
            headers[b"cookie"] = cookie
        at_home = urls.origin(url) == self.credentials.home
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


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """httpx's exceptions end here; those of `wire` go through."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise Failure(Cause.PROTOCOL, f"{urls.shown(url)}: {error or type(error).__name__}") from error
