"""A web server that lets each answer wait: ``delaying.py PORT MILLISECONDS FILE`` sends FILE to whoever asks.

`NUMBER` in the file becomes the answer's number, so that no two answers are the same.  What it takes beside the delay
is in the capture too, which is the judge: it need not be accurate.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

NUMBER = b"@@@@@@@@"
_numbers = count()


class Delayed(asyncio.Protocol):
    """One connection: a request without a body, the delay, the answer, and so on until the client wants no more."""

    def __init__(self, seconds: float, answer: bytes) -> None:
        self._seconds, self._answer = seconds, answer
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        if self._asked.endswith(b"\r\n\r\n"):
            asyncio.get_running_loop().call_later(self._seconds, self._reply)

    def _reply(self) -> None:
        self._transport.write(self._answer.replace(NUMBER, b"%08d" % next(_numbers)))
        if b"\r\nconnection: close\r\n" in self._asked.lower():
            self._transport.close()
        self._asked = b""


async def serve(port: int, milliseconds: float, body: bytes) -> None:
    """Answer for ever."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Delayed(milliseconds / 1e3, head.encode() + body), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]).read_bytes()))
