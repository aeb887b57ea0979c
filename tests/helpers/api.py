"""A small site with an API to test with: answers by path, and keeps what it was asked, bodies included."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_inode.model import Observation
from collectd_inode.observing import observe
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer, peer, tidily


def said(body: bytes | str, kind: str = "application/json", *headers: str, status: str = "200 OK") -> bytes:
    """An answer of this media type."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(to: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return answer(b"", status, f"Location: {to}")


@dataclass
class Asked:
    """One request: its first line without the version, its headers by lower-case name, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Api:
    """The running site, and what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def api(routes: Mapping[str, bytes], tls: ssl.SSLContext | None = None) -> AsyncIterator[Api]:
    """Answers a path with what *routes* has for it, or 404."""
    made = Api()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = server.heads[-1]
        while True:
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            made.asked.append(Asked(first.removesuffix(" HTTP/1.1"), headers, body))
            path = first.split(" ")[1].partition("?")[0]
            found = routes.get(path, answer(b"<h1>Not here</h1>", "404 Not Found"))
            writer.write(found if not first.startswith("HEAD") else found.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")

    async with peer(converse, tls=tls) as server:
        made.port = server.port
        yield made


def replayed(folder: Path, steps: str, routes: Mapping[str, bytes], **settings: Any) -> tuple[Observation, list[Asked]]:
    """What comes of one run of the steps against the site, which is BaseURL, and what it was asked."""

    async def main() -> tuple[Observation, list[Asked]]:
        async with api(routes) as site:
            found = loaded(write_feature(folder, steps), **{"base_url": site.url, **settings})
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0]), site.asked

    return tidily(main())
