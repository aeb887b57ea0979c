"""HTTP for one run: an httpx transport over httpcore's connection pool and our own, timed, network backend.

A new transport starts cold (new connections, no TLS sessions), as a first-time user would; within it connections
are kept alive as browsers do.  Each exchange is handed to ``on_exchange`` when its body has ended or broken off.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Callable

# httpcore imports the first two at its first request: while files are read the loop stands, and there may be no
# descriptor left to read them with.
import anyio._backends._asyncio  # noqa: F401
import httpcore
import httpx
import sniffio  # noqa: F401

from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.deadline import TURNS
from collectd_inode.wire.errors import ConnectFailed, ProtocolBroken
from collectd_inode.wire.measure import Exchange, Phase
from collectd_inode.wire.tcp import Backend, Route, Timing


class Transport(httpx.AsyncBaseTransport):
    """Sends one request at a time and tells how long each took."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        on_exchange: Callable[[Exchange], None],
        route: Route | None = None,
        proxy: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._backend = Backend(route or Route(), clock)
        self._clock, self._on_exchange = clock, on_exchange
        self._pool: httpcore.AsyncConnectionPool
        self._proxy = ""
        if proxy is None:
            self._pool = httpcore.AsyncConnectionPool(tls, network_backend=self._backend)
        else:
            url = httpx.URL(proxy)
            self._proxy = url.netloc.decode("ascii")
            auth = (url.username.encode(), url.password.encode()) if url.userinfo else None
            self._pool = httpcore.AsyncHTTPProxy(
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
                proxy_auth=auth,
                ssl_context=tls,
                network_backend=self._backend,
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the body is read from the response's stream.  Raises WireError."""
        while True:
            await self._drop_confused()
            timing = self._backend.timing = Timing(self._clock, request.url.host, self._proxy)
            try:
                answer = await self._pool.handle_async_request(_for_httpcore(request))
            except BaseException as error:
                if _was_closed_between(request, timing, error):
                    continue
                self._on_exchange(timing.exchange(response_code=None, size=0, finished=False))
                raise _translated(error, timing.peer) from None
            break
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, timing, self._on_exchange),
            extensions=answer.extensions,
        )

    async def _drop_confused(self) -> None:
        """Close connections on which more has come than was asked for.

        It would be taken for the answer to the next request; a browser does not use such a connection again.
        """
        for connection in self._pool.connections:
            # httpcore keeps its parser to itself; where it has moved, nothing is dropped.
            parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
            if parser is not None and parser.trailing_data[0]:
                await connection.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body as it comes over the wire; its end is the end of the exchange."""

    def __init__(self, answer: httpcore.Response, timing: Timing, on_exchange: Callable[[Exchange], None]) -> None:
        self._answer, self._timing, self._on_exchange = answer, timing, on_exchange
        self._size, self._told = 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._answer.aiter_stream():
                self._size += len(part)
                yield part
                await TURNS.give_way()  # one read may hold thousands of chunks
        except (httpcore.ProtocolError, httpcore.NetworkError) as error:
            raise _translated(error, self._timing.peer) from None
        self._tell(finished=True)

    async def aclose(self) -> None:
        self._tell(finished=False)
        await self._answer.aclose()

    def _tell(self, *, finished: bool) -> None:
        if not self._told:
            self._told = True
            self._on_exchange(
                self._timing.exchange(response_code=self._answer.status, size=self._size, finished=finished)
            )


def _was_closed_between(request: httpx.Request, timing: Timing, error: BaseException) -> bool:
    """Whether the peer closed a kept-alive connection just as we used it again (RFC 9112 section 9.3.1).

    It may at any time, and a browser then asks on a new connection without a word.  That is no retry of a request that
    failed: a new connection that breaks, or an answer that has begun, is the site's failure.
    """
    reused = Phase.CONNECT not in timing.phases
    broken = isinstance(error, ProtocolBroken | httpcore.RemoteProtocolError)
    return broken and reused and timing.flight.first is None and request.method in ("GET", "HEAD")


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    assert isinstance(request.stream, httpx.AsyncByteStream)
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _translated(error: BaseException, host: str) -> BaseException:
    """httpcore's exceptions as ours; the rest as it is."""
    match error:
        case httpcore.ProxyError() | httpcore.UnsupportedProtocol():
            return ConnectFailed(f"{host}: {error}")
        case httpcore.RemoteProtocolError() | httpcore.NetworkError():
            return ProtocolBroken(f"{host}: {_sentence(str(error))}")
        case _:
            return error


_IN_OTHER_WORDS = (
    (r"illegal (?:status line|header line|chunk header): bytearray\(b(.*)\)$", r"what came is not HTTP: \1"),
    (r"malformed chunk footer: bytearray\(b(.*)\) \(expected.*", r"what came is not HTTP: \1"),
    (r"illegal request line$|informationalResponse status_code.*", "what came is not HTTP"),
    (r"Receive buffer too long.*", "100 KiB came without an end of its headers"),
    (r".*_SWITCH_UPGRADE.*", "it switched protocols (101) although nobody asked"),
    (r"Only Transfer-Encoding: chunked is supported", "it uses a Transfer-Encoding that is not chunked"),
    (
        r"peer closed connection without sending complete message body \(received (\d+) bytes, expected (\d+)\)",
        r"the connection was closed after \1 of \2 bytes of the body",
    ),
    (
        r"peer closed connection without sending complete message body.*",
        "the connection was closed in the middle of the body",
    ),
)
"""h11's and httpcore's texts, and what a user can read."""
_LONGEST = 120
"""Characters: a server's line that is no HTTP may be 100 KiB long."""


def _sentence(text: str) -> str:
    """A library's text as a sentence of ours: without its full stop, small at the start."""
    text = text.strip().rstrip(".") or "the connection broke"
    for theirs, ours in _IN_OTHER_WORDS:
        if match := re.match(theirs, text, re.IGNORECASE):
            said = match.expand(ours)
            return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    return text[:1].lower() + text[1:]
