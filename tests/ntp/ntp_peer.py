"""NTP servers that answer exactly as a test wants: on a free port, in the test's own loop, gone with the ``with``.

`answer` is a good answer, of which each argument spoils one field.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from collectd_inode.ntp.packet import Packet, parse, timestamp

SECOND = 10**9
ADDRESS = int.from_bytes(bytes([192, 0, 2, 1]), "big")


def answer(
    request: bytes = bytes(48),
    *,
    ahead: float = 0.0,
    now: int | None = None,
    leap: int = 0,
    version: int = 4,
    mode: int = 4,
    stratum: int = 2,
    precision: int = -25,
    root_delay: float = 0.001,
    root_dispersion: float = 0.001,
    reference_id: int | bytes = ADDRESS,
    reference: int | None = None,
    origin: int | None = None,
    receive: int | None = None,
    transmit: int | None = None,
) -> bytes:
    """The answer of a server whose clock is *ahead* seconds of ours; timestamps are 64-bit integers."""
    here = timestamp((time.time_ns() if now is None else now) + round(ahead * SECOND))
    if isinstance(reference_id, bytes):
        reference_id = int.from_bytes(reference_id.ljust(4, b"\0"), "big")
    return struct.pack(
        "!BBbb3I4Q",
        leap << 6 | version << 3 | mode,
        stratum,
        6,
        precision,
        round(root_delay * 2**16),
        round(root_dispersion * 2**16),
        reference_id,
        (here - (10 << 32)) % 2**64 if reference is None else reference,
        struct.unpack_from("!Q", request, 40)[0] if origin is None else origin,
        here if receive is None else receive,
        here if transmit is None else transmit,
    )


def packet(**changes: Any) -> Packet:
    """`answer`, parsed."""
    return parse(answer(**changes))


Behaviour = Callable[[bytes], bytes | Sequence[bytes]]
"""What is sent back for a request: nothing, one datagram or several."""


def saying(**changes: Any) -> Behaviour:
    """Answer each request, with these fields."""
    return lambda request: answer(request, **changes)


def silent(request: bytes) -> Sequence[bytes]:
    """Say nothing."""
    return ()


GOOD = saying()


@dataclass
class Peer(asyncio.DatagramProtocol):
    """A running server, and what it has been asked."""

    behaviours: Sequence[Behaviour]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    clients: list[tuple[str, int]] = field(default_factory=list)
    sock: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def send(self, data: bytes, client: tuple[str, int]) -> None:
        """Send a datagram; asyncio's own way does nothing with an empty one."""
        self.sock.sendto(data, client)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests.append(data)
        self.clients.append(addr)
        said = self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](data)
        for datagram in [said] if isinstance(said, bytes) else said:
            self.send(datagram, addr)


@asynccontextmanager
async def ntp_peer(*behaviours: Behaviour, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Peer]:
    """Does the n-th thing at the n-th request, and the last one ever after."""
    made = Peer(behaviours)
    made.sock.setblocking(False)
    made.sock.bind((host, port))
    made.port = made.sock.getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, sock=made.sock)
    try:
        yield made
    finally:
        transport.close()
        await asyncio.sleep(0)  # the loop closes the socket at its next turn
