"""The transport: what it imports, what it refuses to send, how it watches a connection, and odd answers end to end."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import httpx
import pytest

from collectd_inode.wire import ConnectFailed
from collectd_inode.wire.address import Address
from collectd_inode.wire.clock import SYSTEM_CLOCK
from collectd_inode.wire.http import Admit, Transport
from collectd_inode.wire.tcp import Route, Timing, connect
from tests.helpers.hostile_peers import NO_TLS, told, watched
from tests.helpers.peers import answer, peer, tidily

HI = b"Content-Length: 2\r\n\r\nhi"


def test_no_http_library_is_loaded() -> None:
    """httpx describes requests and answers; its client, and what would be below it, stay out of the daemon."""
    code = (
        "import sys, collectd_inode.wire.http, collectd_inode.browser.browser as _;"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'httpcore', 'h11', 'anyio', 'sniffio', 'rich'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    "came",
    [
        b"\r\nHTTP/1.1 200 OK\r\n" + HI,
        b"HTTP/1.1 200 OK\nNo colon\n: empty\n" + HI,
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + HI,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n" + HI,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
    ],
)
def test_answers_that_every_browser_takes(came: bytes) -> None:
    """Twice over one connection."""

    async def main() -> tuple[str, int]:
        async with peer(came) as server:
            observation = await watched(server.url, server.url)
        return told(observation), len(server.callers)

    assert tidily(main()) == ("passed", 1)


async def _asked(transport: Transport, url: str, admit: Admit) -> str | None:
    """Read the whole answer; the address that it came from."""
    response = await transport.handle_async_request(httpx.Request("GET", url, extensions={"admit": admit}))
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for _ in response.stream:
        pass
    await response.aclose()
    return response.extensions.get("address")


def test_who_may_say_where_a_request_goes() -> None:
    """Told the address that is about to be asked, on a connection that is kept, too; nothing is sent if it objects."""
    told_of: list[tuple[str, str]] = []

    def object_to_it(host: str, address: str) -> None:
        raise PermissionError(f"not to {host} at {address}")

    async def main() -> tuple[list[str | None], int, int]:
        async with peer(answer()) as server:
            route = Route({"www.test": ("127.0.0.1", server.port)})
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None, route=route)
            came = [await _asked(transport, "http://www.test/", lambda *to: told_of.append(to)) for _ in range(2)]
            with pytest.raises(PermissionError, match=r"not to www\.test at 127\.0\.0\.1"):
                await _asked(transport, "http://www.test/", object_to_it)
            with pytest.raises(PermissionError):
                await _asked(transport, "http://www.test/", object_to_it)
            await transport.aclose()
            return came, len(server.asked), len(server.callers)

    assert tidily(main()) == (["127.0.0.1", "127.0.0.1"], 2, 1)
    assert told_of == [("www.test", "127.0.0.1")] * 2


def test_who_may_say_where_a_request_goes_through_a_proxy() -> None:
    """The proxy looks the name up, so that nobody here knows the address, unless the host is one."""
    told_of: list[tuple[str, str]] = []

    async def main() -> list[str | None]:
        async with peer(answer()) as server:
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None, proxy=server.url)
            urls = ("http://www.test/", "http://10.0.0.1/", "http://[::1]/")
            came = [await _asked(transport, url, lambda *to: told_of.append(to)) for url in urls]
            await transport.aclose()
            return came

    assert tidily(main()) == [None, None, None]
    assert told_of == [("10.0.0.1", "10.0.0.1"), ("::1", "::1")]


@pytest.mark.parametrize(
    ("name", "value"), [("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\0b"), ("X: a\r\nY", "b")], ids=repr
)
def test_a_header_that_would_be_two_is_not_sent(name: str, value: str) -> None:
    """It is a mistake of ours if it comes so far; the server sees nothing of it."""

    async def main() -> list[str]:
        async with peer(answer()) as server:
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None)
            request = httpx.Request("GET", server.url, headers=[(name.encode(), value.encode())])
            with pytest.raises(ValueError, match="holds a line end or a NUL"):
                await transport.handle_async_request(request)
            await transport.aclose()
            return server.asked

    assert tidily(main()) == []


def test_https_through_an_https_proxy() -> None:
    """TLS inside TLS is not done; the message says what is."""

    async def main() -> str:
        async with peer(answer()) as server:
            proxy = f"https://127.0.0.1:{server.port}"
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None, proxy=proxy)
            with pytest.raises(ConnectFailed) as caught:
                await transport.handle_async_request(httpx.Request("GET", "https://www.test/"))
            await transport.aclose()
            assert server.asked == []
            return str(caught.value).replace(str(server.port), "PORT")

    assert tidily(main()) == "proxy 127.0.0.1:PORT: https goes through a proxy at an http:// address only"


def test_the_loop_stops_watching_a_connection_on_which_nobody_waits() -> None:
    """What comes unasked would wake the loop without end: it is noticed once, and then left until it is read."""

    async def main() -> tuple[bytes, bytes, int]:
        accepted: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(lambda _, writer: accepted.append(writer), "127.0.0.1", 0)
        address = Address(socket.AF_INET, server.sockets[0].getsockname())
        stream = await connect(Route(), address, "127.0.0.1", Timing(SYSTEM_CLOCK, "127.0.0.1"))
        while not accepted:  # noqa: ASYNC110 -- the other end has not been accepted yet
            await asyncio.sleep(0)
        reading = asyncio.create_task(stream.read(100))
        await asyncio.sleep(0)
        accepted[0].write(b"first")
        first = await reading
        accepted[0].write(b"second")
        while not stream.is_stale:  # noqa: ASYNC110 -- until the kernel has carried it over
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        watched_still = asyncio.get_running_loop().remove_reader(stream.socket.fileno())
        second = await stream.read(100)
        stream.close()
        accepted[0].close()
        server.close()
        return first, second, watched_still

    assert tidily(main()) == (b"first", b"second", False)
