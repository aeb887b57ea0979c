"""A scripted SMTP server in the test's own loop, with TLS, and what was said to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = bytes | Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What to say; a function takes the connection over, which is closed when it returns."""

EHLO = b"250-smarthost.test Hello\r\n250-SIZE 52428800\r\n250 STARTTLS\r\n"
EHLO_TLS = b"250-smarthost.test Hello\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 HELP\r\n"
GOOD: Mapping[str, Answer] = {
    "banner": b"220 smarthost.test ESMTP\r\n",
    "EHLO": EHLO,
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "EHLO, encrypted": EHLO_TLS,
    "AUTH": b"235 2.7.0 welcome\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
"""What a good server says to each command; ``*, stranger`` is said where there was no AUTH on that connection."""


@dataclass
class SmtpPeer:
    """A running server, and the lines that were said to it, those of all connections; ``(TLS)`` and ``(end)`` too."""

    port: int = 0
    said: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    """What it says; may be changed."""

    def logins(self) -> int:
        """How often somebody has tried to log in."""
        return sum(line.startswith("AUTH") for line in self.said)


class _Connection:
    def __init__(self, peer: SmtpPeer, tls: ssl.SSLContext | None) -> None:
        self.peer, self.answers, self.tls = peer, peer.answers, tls
        self.encrypted = self.known = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say("banner", reader, writer):
            return
        while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            self.peer.said.append(line)
            verb = line.partition(" ")[0]
            if not await self._say(self._key(verb), reader, writer):
                return
            if verb == "STARTTLS" and self.tls is not None and self.answers["STARTTLS"] == GOOD["STARTTLS"]:
                await writer.start_tls(self.tls)
                self.encrypted = True
                self.peer.said.append("(TLS)")
            if verb == "AUTH":
                self.known = True
            if verb == "QUIT":
                return

    def _key(self, verb: str) -> str:
        if verb == "EHLO" and self.encrypted:
            return "EHLO, encrypted"
        stranger = f"{verb}, stranger"
        return stranger if stranger in self.answers and not self.known else verb

    async def _say(self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        answer = self.answers.get(key, b"500 5.5.1 what?\r\n")
        if not isinstance(answer, bytes):
            await answer(reader, writer)
            return False
        writer.write(answer)
        await writer.drain()
        return bool(answer)


@asynccontextmanager
async def smtp_peer(
    answers: Mapping[str, Answer] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[SmtpPeer]:
    """A good server but for *answers*; with *tls* it does STARTTLS, or TLS on connect (*implicit*)."""
    made = SmtpPeer(answers={**GOOD, **(answers or {})})
    tasks: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(made, tls)
        connection.encrypted = implicit
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError, EOFError):
            try:
                await connection.serve(reader, writer)
                writer.close()
                await writer.wait_closed()
            finally:
                made.said.append("(end)")
                writer.transport.abort()  # after a broken handshake asyncio waits for ever

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(served(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, host, port, ssl=tls if implicit else None)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        if tasks:  # whoever was connected has gone: what it said last is still to be read
            await asyncio.wait(tasks, timeout=60)
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def with_alerts(tls: ssl.SSLContext, *, implicit: bool = False) -> Iterator[SmtpPeer]:
    """A server up to its handshake, for one connection that it refuses with a TLS alert: asyncio sends none."""
    made = SmtpPeer()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            if not implicit:
                connection.sendall(b"220 smarthost.test ESMTP\r\n")
                connection.recv(1024)
                connection.sendall(EHLO)
                connection.recv(1024)
                connection.sendall(b"220 go ahead\r\n")
            tls.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield made
        finally:
            thread.join()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other end has gone."""
    while await reader.read(2**16):
        pass


async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


def then_drop(said: bytes) -> Answer:
    """Say this and close at once."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    return say


def hears_and_drops(said: bytes) -> Answer:
    """Say this, hear what comes, and close: with nothing left unread the close is a FIN, never a reset."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read(65536)

    return say


def then_hang(said: bytes) -> Answer:
    """Say this, and then nothing more."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await hang(reader, writer)

    return say


def asking(*challenges: bytes, end: bytes = b"235 2.7.0 welcome\r\n") -> Answer:
    """Say challenges, take a line for each, say how it ends; and then what a good server says, until QUIT."""

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for challenge in challenges:
            writer.write(b"334 " + challenge + b"\r\n")
            await reader.readline()
        writer.write(end)
        while line := (await reader.readline()).decode():
            writer.write(GOOD[line.strip().partition(" ")[0]])  # type: ignore[arg-type]
            if line.startswith("QUIT"):
                return

    return ask
