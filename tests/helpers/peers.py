"""Servers that say exactly what a test wants: on a free port, in the test's own event loop, gone with the ``with``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from collectd_inode.wire import workers

T = TypeVar("T")
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"<h1>Welcome</h1>", status: str = "200 OK", *headers: str) -> bytes:
    """An answer in one piece; a header given here replaces none of ours."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Peer:
    """A running server, and what it has been asked."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    """The address of each connection's other end."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def asked(self) -> list[str]:
        """Method and target of each request."""
        return [" ".join(head.decode().split(" ", 2)[:2]) for head in self.heads]


class Conversations:
    """A server's side of its connections: a task for each, and no transport is left when the server ends."""

    def __init__(
        self, served: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
    ) -> None:
        self._served = served
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin one."""
        self._writers.append(writer)
        self._tasks.append(asyncio.get_running_loop().create_task(self._served(reader, writer)))

    async def end(self) -> list[BaseException]:
        """End all, also those accepted a moment ago or with something unsent; the exceptions of their tasks."""
        for _ in range(10):  # asyncio's own task for a handshake that failed ends a few turns later
            for task in self._tasks:
                task.cancel()
            ended = await asyncio.gather(*self._tasks, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0)
        return [one for one in ended if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError)]


@asynccontextmanager
async def peer(*answers: bytes | Conversation, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Gives the n-th answer to the n-th request, on whichever connection, and the last one ever after.

    A function takes the conversation over when its turn has come; the connection is closed when it returns.
    """
    made = Peer()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            made.heads.append(await reader.readuntil(b"\r\n\r\n"))
            now = answers[min(len(made.heads), len(answers)) - 1]
            if not isinstance(now, bytes):
                return await now(reader, writer)
            writer.write(now)
            await writer.drain()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.callers.append(writer.get_extra_info("peername")[0])
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            try:
                await converse(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    conversations = Conversations(served)
    server = await asyncio.start_server(conversations, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await conversations.end()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Keep the connection and say nothing."""
    await asyncio.Event().wait()


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close with a reset."""
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)


def saying(*parts: bytes) -> Conversation:
    """Say these parts, each on its way before the next is begun, and close."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return say


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte every few milliseconds, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(1_000_000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.005)


LEAVING = 30.0
"""Seconds: what has not left by then never will."""


def tidily(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* as the command line does, and see that it leaves no task and no descriptor behind."""

    async def counted() -> T:
        result = await main
        if left := asyncio.all_tasks() - {asyncio.current_task()}:  # asyncio's own for a handshake that failed, say
            await asyncio.wait(left, timeout=LEAVING)
            assert [task for task in left if not task.done()] == []
        return result

    before = set(descriptors())
    result = workers.run(counted())
    for _ in range(round(100 * LEAVING)):  # a worker that an earlier test has given up may have a file open just now
        left = set(descriptors()) - before
        if not left:
            break
        threading.Event().wait(0.01)
    assert left == set()
    return result


def descriptors() -> list[str]:
    """What this process has open, sockets among it."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the folder itself, as it was read
            found.append(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return sorted(found)
