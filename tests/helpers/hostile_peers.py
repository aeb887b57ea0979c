"""One run watched as the daemon would, and peers on loopback that break rules: names, TLS by hand, full backlogs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from collectd_inode.model import Cause, Failure, Observation
from collectd_inode.observing import observe
from collectd_inode.run import Run
from collectd_inode.wire import workers
from collectd_inode.wire.http import Transport
from collectd_inode.wire.tcp import Route
from tests.helpers.examples import FEW_TURNS, HUNG, OPEN, PatientClock, WatchedTransport, job
from tests.helpers.peers import Conversations

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

IN_TIME = HUNG / 2
"""A deadline that nothing here may need: what ends by itself ends long before."""

SHORT = 0.1
"""A deadline for what never ends by itself."""

LATE = HUNG / 2
"""What was to come about and has not after this never will, on whatever machine."""


Asked = str | tuple[str, str, bytes]
"""A URL to GET, or method, URL and body."""


_GENERATORS = 1
"""What a body that was broken off leaves to asyncio to close, each in a turn of its own: the generator of ours."""


async def watched(
    *asked: Asked,
    seconds: float = IN_TIME,
    tls: ssl.SSLContext = NO_TLS,
    still: str = "",
    ready: Callable[[], bool] = lambda: True,
    **more: Any,
) -> Observation:
    """One run: these requests, a step each, over one transport; a bad status is *refused*.

    Its seconds count from when it is doing what *still* says, if anything, and *ready* says so too.  The deadline ends
    it then, and not only after something else has been waited for.
    """
    clock = PatientClock()

    async def probe(run: Run) -> None:
        transport = WatchedTransport(tls=tls, on_exchange=run.exchange, clock=run.clock, **more)
        clock.reached = lambda: still in ("", transport.doing) and ready()
        try:
            for one in asked:
                with run.step(OPEN):
                    await _ask(transport, *(("GET", one) if isinstance(one, str) else one))
        finally:
            await transport.aclose()

    clock.reached = lambda: False
    observation = await observe(job(probe, *[OPEN] * len(asked), deadline=seconds), clock)
    assert clock.turns < FEW_TURNS
    assert clock.given == [seconds]
    for _ in range(_GENERATORS):
        await asyncio.sleep(0)
    return observation


async def _ask(transport: Transport, method: str, url: str, content: bytes | None = None) -> None:
    """Read the whole answer; raises Failure(REFUSED) for a status of 400 or above."""
    response = await transport.handle_async_request(httpx.Request(method, url, content=content))
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        async for _ in response.stream:
            pass
    finally:
        await response.aclose()
    if response.status_code >= 400:
        raise Failure(Cause.REFUSED, f"answered {response.status_code}")


def told(observation: Observation) -> str:
    """What the user reads: ``failed connect: www.test: …``; ``passed`` if there is nothing to say."""
    trouble = observation.trouble
    return observation.status.value if trouble is None else f"{trouble.status} {trouble.cause.word}: {trouble.message}"


# Peers


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


@asynccontextmanager
async def listening(talk: Talk, address: str = "127.0.0.1") -> AsyncIterator[int]:
    """A port on which *talk* has each connection from its first byte on; closed when it returns."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await talk(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    conversations = Conversations(served)
    server = await asyncio.start_server(conversations, address, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        assert await conversations.end() == []  # what went wrong in *talk* fails the test


async def until_they_close(reader: asyncio.StreamReader) -> None:
    """Read to the end: who closes with something unread resets, and what was said before may be lost."""
    while await reader.read(2**16):
        pass


class ByHand:
    """The server's end of a TLS connection, record by record, so that it can end or go wrong in any way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, serving: ssl.SSLContext) -> None:
        self.reader, self.writer = reader, writer
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = serving.wrap_bio(self._in, self._out, server_side=True)
        self.garble_in = self.garble_out = False
        """Whether the last bit of what passes from now on is turned over."""

    async def handshake(self) -> None:
        """Raises ssl.SSLError when it fails; the alert has been sent then."""
        await self._do(self._tls.do_handshake)

    async def show_certificate(self) -> None:
        """Answer the client's hello, and wait for nothing more."""
        self._in.write(await self._record())
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        await self._flush()

    async def hear(self) -> bytes:
        """What the client says next."""
        return bytes(await self._do(self._tls.read, 2**16))

    async def say(self, data: bytes) -> None:
        """Say it, encrypted."""
        await self._do(self._tls.write, data)

    async def notify(self) -> None:
        """Send the alert close_notify; TCP stays open."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        await self._flush()

    async def _do(self, call: Callable[..., Any], *arguments: Any) -> Any:
        while True:
            try:
                result = call(*arguments)
            except ssl.SSLWantReadError:
                await self._flush()
                self._in.write(_garbled(await self._record(), self.garble_in))
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                await self._flush()
                return result

    async def _record(self) -> bytes:
        # No more than one: a request may come together with the end of the handshake.
        head = await self.reader.readexactly(5)
        return head + await self.reader.readexactly(int.from_bytes(head[3:]))

    async def _flush(self) -> None:
        self.writer.write(_garbled(self._out.read(), self.garble_out))
        await self.writer.drain()


def _garbled(data: bytes, really: bool) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1]) if really and data else data


@contextmanager
def full_backlog() -> Iterator[tuple[socket.socket, Callable[[], None]]]:
    """A listening socket whose queue is full, so that the kernel drops each SYN; the function empties the queue."""
    with socket.socket() as listener, contextlib.ExitStack() as filling:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        filling.enter_context(socket.create_connection(listener.getsockname()))

        def empty() -> None:
            filling.enter_context(listener.accept()[0])

        yield listener, empty


@dataclass
class Flood:
    """A peer that never stops."""

    port: int
    begun: threading.Event = field(default_factory=threading.Event)
    gave_up: threading.Event = field(default_factory=threading.Event)
    """Set when it had to end by itself, because nobody else did."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def flooding(beginning: bytes, ever_after: bytes) -> Iterator[Flood]:
    """A peer that says *ever_after* again and again, as fast as it is read; it gives up after `LATE` seconds."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(2**16)
                connection.sendall(beginning)
                made.begun.set()
                while not made.gave_up.is_set():
                    connection.sendall(ever_after)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(IN_TIME)
        made = Flood(listener.getsockname()[1])
        thread = threading.Thread(target=serve)
        end = threading.Timer(LATE, made.gave_up.set)
        thread.start()
        end.start()
        try:
            yield made
        finally:
            end.cancel()
            made.gave_up.set()
            thread.join()
            end.join()


# Names


HANGS = None
"""In the place of a name's addresses: the resolver does not come back before it is let go, with 127.0.0.1."""

Names = Mapping[str, list[str] | None]


@dataclass
class Resolver:
    """A resolver as the system's: knows these names, and what it has been asked."""

    names: Names
    asked: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    hanging: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, host: str, port: int, family: int, *more: int) -> Any:
        kind, protocol, flags = more
        if flags & socket.AI_NUMERICHOST:
            return _real(host, port, family, kind, protocol, flags)
        self.asked.append(host)
        addresses = self.names[host] or self._hang()
        found = [
            row
            for address in addresses
            for row in _real(address, port, 0, kind, protocol, socket.AI_NUMERICHOST)
            if family in (socket.AF_UNSPEC, row[0])
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")
        return found

    def _hang(self) -> list[str]:
        with self.changed:
            self.hanging += 1
            self.changed.notify_all()
        self.let_go.wait(IN_TIME * 2)
        with self.changed:
            self.hanging -= 1
            self.changed.notify_all()
        return ["127.0.0.1"]

    def wait_for(self, hanging: int) -> bool:
        """Until so many lookups hang; False if that does not come about."""
        with self.changed:
            return self.changed.wait_for(lambda: self.hanging == hanging, LATE)


_real = socket.getaddrinfo


@contextmanager
def resolver(names: Names) -> Iterator[Resolver]:
    """These names and no others, in the place of the system's resolver; at the end nothing hangs any more."""
    made = Resolver(names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", made)
        try:
            yield made
        finally:
            made.let_go.set()
            assert made.wait_for(hanging=0)


# A process that may open few files


FEW = 64


async def _with_few_files(url: str, name: str) -> None:
    """Print how runs end with no file, one file, … left to open, and then with plenty."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    by_name, ipv4 = url.replace("127.0.0.1", name), Route(family="ipv4")
    before = os.listdir("/proc/self/fd")
    for left in range(4):
        held = _all_files()
        for _ in range(left):
            os.close(held.pop())
        by_address, looked_up = await watched(url), await watched(by_name, route=ipv4)
        for one in held:
            os.close(one)
        print(f"{left} left, by address: {told(by_address)}")  # noqa: T201
        print(f"{left} left, by name: {told(looked_up)}")  # noqa: T201
    print(f"afterwards: {told(await watched(url, by_name, route=ipv4))}")  # noqa: T201
    print(f"still open: {len(os.listdir('/proc/self/fd')) - len(before)}")  # noqa: T201


def _all_files() -> list[int]:
    held: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    return held


if __name__ == "__main__":
    workers.run(_with_few_files(*sys.argv[1:]))
