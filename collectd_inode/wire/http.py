"""HTTP/1.1 for one run: an httpx transport over our own, timed, streams.

A new transport starts cold (new connections, no TLS sessions), as a first-time user would; within it connections are
kept alive.  Each exchange is handed to ``on_exchange`` when its body has ended or broken off.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from collectd_inode.model import Phase
from collectd_inode.wire.address import is_numeric
from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.deadline import TURNS
from collectd_inode.wire.errors import ConnectFailed, ProtocolBroken
from collectd_inode.wire.http1 import Head, NotHTTP, Reader
from collectd_inode.wire.measure import Exchange
from collectd_inode.wire.tcp import Route, Stream, Timing, connect, resolve_all

_READ_BYTES = 2**16
_PORTS = {"http": 80, "https": 443}
_MOST_PHRASE = 80

Origin = tuple[str, str, int]

Admit = Callable[[str, str], None]
"""A function that gets the host and address of a request before it is sent; raises to refuse it."""


def _admit_any(host: str, address: str) -> None:
    """For a request that may go anywhere."""


@dataclass(frozen=True, slots=True)
class _Proxy:
    """The proxy's address, TLS and credentials."""

    host: str
    port: int
    tls: bool
    name: str
    """Its name in messages: host and port."""
    headers: tuple[bytes, ...] = ()
    """Our credentials as a header line, if it needs some."""

    @classmethod
    def at(cls, address: str) -> _Proxy:
        url = httpx.URL(address)
        login = f"{url.username}:{url.password}".encode()
        credentials = (b"Proxy-Authorization: Basic " + base64.b64encode(login),) if url.userinfo else ()
        scheme, host, port = _origin(url)
        return cls(host, port, scheme == "https", url.netloc.decode("ascii"), credentials)


class Transport(httpx.AsyncBaseTransport):
    """Sends requests, and measures each."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        on_exchange: Callable[[Exchange], None],
        route: Route | None = None,
        proxy: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._tls, self._clock, self._on_exchange = tls, clock, on_exchange
        self._route = route or Route()
        self._proxy = None if proxy is None else _Proxy.at(proxy)
        self._idle: dict[Origin, list[Stream]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the body is read from the response's stream.  Raises WireError.

        The request's extension ``admit``, an `Admit`, decides last about the address, and the response's ``address``
        is the one that answered.  Behind a proxy it is unknown: there only hosts that are addresses are checked.  The
        extension ``lane`` is the one of its `Exchange`, of which there is one for each request, also for one that
        failed.  The response's ``held_up`` is the context in which this process keeps the answer waiting.
        """
        origin = _origin(request.url)
        admit: Admit = request.extensions.get("admit", _admit_any)
        lane: int = request.extensions.get("lane", 0)
        while True:
            timing = self._begun(origin[1], lane)
            stream = self._kept(origin)
            try:
                if stream is None:
                    stream = await self._connected(origin, admit, timing)
                else:
                    stream.timing = timing
                    if self._proxy is None:
                        timing.address = stream.address
                        admit(origin[1], stream.address)
                body = await self._asked(request, origin, stream)
            except BaseException as error:
                if stream is not None:
                    stream.close()
                if _was_closed_between(request, timing, error):
                    continue
                self._on_exchange(timing.exchange(response_code=None, size=0, finished=False))
                raise
            known: dict[str, Any] = {"held_up": timing.held_up}
            if self._proxy is None:
                known["address"] = stream.address
            return httpx.Response(
                status_code=body.head.status, headers=body.head.headers, stream=body, extensions=known
            )

    def _begun(self, host: str, lane: int) -> Timing:
        """The times of an exchange that begins now."""
        return Timing(self._clock, host, self._proxy.name if self._proxy else "", lane)

    def done_with(self, origin: Origin, stream: Stream, *, reusable: bool) -> None:
        """Keep *stream* for the next request to *origin*, or close it."""
        if reusable:
            self._idle.setdefault(origin, []).append(stream)
        else:
            stream.close()

    def report(self, exchange: Exchange) -> None:
        """An exchange has ended."""
        self._on_exchange(exchange)

    async def aclose(self) -> None:
        """Close every connection."""
        for streams in self._idle.values():
            for stream in streams:
                stream.close()
        self._idle.clear()

    def _kept(self, origin: Origin) -> Stream | None:
        """An idle connection to *origin* that is usable, if there is one; the last used one before others."""
        idle = self._idle.get(origin, [])
        while idle:
            stream = idle.pop()
            if not stream.is_stale:
                return stream
            stream.close()
        return None

    async def _connected(self, origin: Origin, admit: Admit, timing: Timing) -> Stream:
        """A new connection to *origin*, through the proxy if there is one.  Raises WireError."""
        scheme, host, port = origin
        proxy = self._proxy
        if proxy is None:
            stream = await self._stream(host, port, timing, admit)
        else:
            if is_numeric(host):
                admit(host, host)
            stream = await self._stream(proxy.host, proxy.port, timing)
            if proxy.tls:
                if scheme == "https":
                    stream.close()
                    raise ConnectFailed(f"proxy {proxy.name}: https goes through a proxy at an http:// address only")
                await stream.start_tls(self._tls, proxy.host, proxy.port)
            elif scheme == "https":
                await self._tunnelled(stream, f"{_bracketed(host)}:{port}".encode("ascii"), proxy)
        if scheme == "https":
            # A final dot is for the resolver: no certificate has one (RFC 6066 section 3).
            await stream.start_tls(self._tls, host.removesuffix("."), port)
        return stream

    async def _stream(self, host: str, port: int, timing: Timing, admit: Admit = _admit_any) -> Stream:
        address = (await resolve_all(self._route, host, port, timing))[0]
        admit(host, address.host)
        return await connect(self._route, address, host, timing)

    async def _tunnelled(self, stream: Stream, target: bytes, proxy: _Proxy) -> None:
        """Have the proxy connect *stream* to *target* (RFC 9110 section 9.3.6)."""
        timing = stream.timing
        lines = (b"CONNECT " + target + b" HTTP/1.1", b"Host: " + target, b"Accept: */*", *proxy.headers, b"", b"")
        try:
            await stream.say(b"\r\n".join(lines))
            head = await _head(stream, Reader("CONNECT"))
            if head.status >= 300:
                phrase = head.reason[:_MOST_PHRASE].decode("ascii", "ignore")
                raise ConnectFailed(f"{timing.peer}: {head.status} {phrase}".rstrip())
        except BaseException:
            stream.close()
            raise
        timing.tunnelled()

    async def _asked(self, request: httpx.Request, origin: Origin, stream: Stream) -> _Body:
        """Send *request* and read the head of its answer."""
        url = request.url
        through: tuple[bytes, ...] = ()
        target = url.raw_path
        if self._proxy is not None and origin[0] == "http":
            target, through = b"http://" + url.netloc + target, self._proxy.headers
        head = _written(request, target, through)
        content = await request.aread()
        whole = await stream.ask(head + content)
        reader = Reader(request.method)
        answer = _Answer(stream, reader, await _head(stream, reader), stream.timing, all_sent=whole)
        return _Body(self, origin, answer)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer with its head read, and the source of its body; *all_sent*: its request was sent whole."""

    stream: Stream
    reader: Reader
    head: Head
    timing: Timing
    all_sent: bool


class _Body(httpx.AsyncByteStream):
    """An answer's body as it comes over the wire; its end is the end of the exchange."""

    def __init__(self, transport: Transport, origin: Origin, answer: _Answer) -> None:
        self._transport, self._origin, self._answer = transport, origin, answer
        self._size = 0
        self._reported = self._closed = False

    @property
    def head(self) -> Head:
        """The answer's status and headers."""
        return self._answer.head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        reader, stream = self._answer.reader, self._answer.stream
        while True:
            try:
                piece = reader.body()
            except NotHTTP as error:
                raise ProtocolBroken(f"{self._answer.timing.peer}: {error}") from None
            if piece:
                self._size += len(piece)
                yield piece
                await TURNS.give_way()  # one read may hold thousands of chunks
            elif not reader.done:
                reader.feed(await stream.read(_READ_BYTES))
            if reader.done:
                break
        self._report(finished=True)

    async def aclose(self) -> None:
        """End the exchange, and keep the connection or close it."""
        self._report(finished=False)
        if not self._closed:
            self._closed = True
            answer = self._answer
            reusable = answer.all_sent and answer.reader.reusable
            self._transport.done_with(self._origin, answer.stream, reusable=reusable)

    def _report(self, *, finished: bool) -> None:
        if not self._reported:
            self._reported = True
            exchange = self._answer.timing.exchange(response_code=self.head.status, size=self._size, finished=finished)
            self._transport.report(exchange)


async def _head(stream: Stream, reader: Reader) -> Head:
    try:
        while (head := reader.head()) is None:
            reader.feed(await stream.read(_READ_BYTES))
            await TURNS.give_way()  # one read may hold thousands of interim answers
    except NotHTTP as error:
        raise ProtocolBroken(f"{stream.timing.peer}: {error}") from None
    return head


def _written(request: httpx.Request, target: bytes, more: tuple[bytes, ...]) -> bytes:
    """The head of *request* as octets.  Raises ValueError where it would say more than it should."""
    lines = [request.method.encode("ascii") + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    lines += more
    head = b"\r\n".join((*lines, b"", b""))
    # A line end in it would add a header, or a request, of somebody else's.
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1 or b"\0" in head:
        raise ValueError("a request's line or header holds a line end or a NUL")
    return head


def _origin(url: httpx.URL) -> Origin:
    """Scheme, host as it goes over the wire (IDNA, without brackets), port."""
    scheme = url.scheme
    return scheme, url.raw_host.decode("ascii"), _PORTS[scheme] if url.port is None else url.port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _was_closed_between(request: httpx.Request, timing: Timing, error: BaseException) -> bool:
    """Whether the peer closed a kept-alive connection just as we used it again (RFC 9112 section 9.3.1).

    It may do so at any time, and a browser then silently opens a new connection.  That does not retry a failed
    request: a new connection that breaks, or an answer that has begun, is the site's failure.
    """
    reused = Phase.CONNECT not in timing.phases
    unanswered = isinstance(error, ProtocolBroken) and timing.flight.first is None
    return reused and unanswered and request.method in ("GET", "HEAD")
