"""A site on which everything goes wrong in its own way, one fault a path; and one path on which nothing does."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType

from tests.helpers.peers import Conversations

Writer = asyncio.StreamWriter

FINE = b"<!DOCTYPE html><title>Fine</title><h1>Welcome</h1><p><a href='/fine'>Again</a>"


def _answer(body: bytes, status: str = "200 OK", kind: str = "text/html", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode("ascii") + body


def answering(body: bytes) -> Callable[[Writer], Awaitable[None]]:
    """A page of one's own, for ``paths``."""

    async def answer(writer: Writer) -> None:
        writer.write(_answer(body))

    return answer


async def _fine(writer: Writer) -> None:
    writer.write(_answer(FINE))


async def _hang(writer: Writer) -> None:
    await asyncio.Event().wait()


async def _drip(writer: Writer) -> None:
    """A byte at a time, each well within any timeout between bytes; it would take hours."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _drip_head(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _error(writer: Writer) -> None:
    writer.write(_answer(b"<h1>Welcome to the error page</h1>", "500 Internal Server Error"))


async def _missing(writer: Writer) -> None:
    writer.write(_answer(b"<h1>Not here</h1>", "404 Not Found"))


async def _loop(writer: Writer) -> None:
    writer.write(_answer(b"", "302 Found", more="Location: /loop\r\n"))


async def _empty(writer: Writer) -> None:
    writer.write(_answer(b""))


async def _binary(writer: Writer) -> None:
    writer.write(_answer(bytes(range(256)) * 4, kind="application/octet-stream"))


async def _broken(writer: Writer) -> None:
    writer.write(_answer(b"<html><<<p <b>Wel</i>\x00 come\xff\xfe<table><form><div" + b"<font>" * 3000))


async def _close(writer: Writer) -> None:
    pass  # the connection is closed without a word


async def _cut(writer: Writer) -> None:
    writer.write(_answer(FINE)[:-20])


async def _garbage(writer: Writer) -> None:
    writer.write(b"220 mail.example.org ESMTP\r\n\r\n")


FAULTS: dict[str, Callable[[Writer], Awaitable[None]]] = {
    "/fine": _fine,
    "/hang": _hang,
    "/drip": _drip,
    "/drip-head": _drip_head,
    "/error": _error,
    "/missing": _missing,
    "/loop": _loop,
    "/empty": _empty,
    "/binary": _binary,
    "/broken": _broken,
    "/close": _close,
    "/cut": _cut,
    "/garbage": _garbage,
}


class FaultySite:
    """Listens on a free port of 127.0.0.1 from ``with`` to its end; ``paths`` may be changed meanwhile."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.paths = dict(FAULTS)
        self.asked: list[str] = []
        """The path of each request."""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultySite:
        self._thread.start()
        assert self._up.wait(60)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        conversations = Conversations(self._talk)
        server = await asyncio.start_server(conversations, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._end.wait()
        server.close()
        await conversations.end()

    async def _talk(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    path = head.split(b" ", 2)[1].decode("ascii").partition("?")[0]
                    self.asked.append(path)
                    answer = self.paths.get(path, _missing)
                    await answer(writer)
                    await writer.drain()
                    if answer is not _fine:
                        break
            finally:
                writer.close()
