"""A provider's token server (RFC 6749), in the test's own loop, and what it was asked."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus

ID, SECRET = "mail.example.org", "cl1ent/s3cret+"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its form, and the client as Authorization names it."""

    form: dict[str, str]
    basic: tuple[str, str] | None

    @property
    def client(self) -> tuple[str, str]:
        """Id and secret, whichever way they came."""
        return self.basic or (self.form.get("client_id", ""), self.form.get("client_secret", ""))


@dataclass
class TokenServer:
    """A running one.  It knows one refresh token, and gives ``token-1``, ``token-2``, …; with *rotates* a new one."""

    url: str = ""
    knows: str = "refresh-0"
    rotates: bool = False
    takes: str = "basic"
    """Where it wants the client's secret: ``basic``, ``body``, ``any``."""
    seconds: int | None = 3600
    answer: Callable[[], tuple[int, Any]] | None = None
    """Said in place of all that."""
    asked: list[Asked] = field(default_factory=list)

    def answered(self, asked: Asked) -> tuple[int, Any]:
        """Status and what becomes JSON."""
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer()
        way = "basic" if asked.basic else "body"
        if self.takes not in ("any", way) or asked.client != (ID, SECRET):
            return 401, {"error": "invalid_client"}
        if asked.form.get("grant_type") != "refresh_token" or asked.form.get("refresh_token") != self.knows:
            return 400, {"error": "invalid_grant", "error_description": f"no such token: {asked.form['refresh_token']}"}
        number = len(self.asked)
        said: dict[str, Any] = {"access_token": f"token-{number}", "token_type": "Bearer"}
        if self.seconds is not None:
            said["expires_in"] = self.seconds
        if self.rotates:
            self.knows = said["refresh_token"] = f"refresh-{number}"
        return 200, said


@asynccontextmanager
async def token_server(tls: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[TokenServer]:
    """One on loopback; *more* is what it is like."""
    made = TokenServer(**more)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        cased = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        assert head.startswith("POST /token HTTP/1.1\r\n"), head
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
        basic = None
        for name, value in cased.items():
            if name.lower() == "authorization":
                user, _, secret = base64.b64decode(value.removeprefix("Basic ")).decode().partition(":")
                basic = unquote_plus(user), unquote_plus(secret)
        status, said = made.answered(Asked(form, basic))
        text = said if isinstance(said, str) else json.dumps(said)
        writer.write(
            f"HTTP/1.1 {status} as asked\r\ncontent-type: application/json\r\nconnection: close\r\n"
            f"content-length: {len(text.encode())}\r\n\r\n{text}".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    made.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
