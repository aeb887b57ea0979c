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
from collectd_inode.wire import stamps

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
    """The answer of a server whose clock is *ahead* seconds of ours; timestamps are 64-bit integers.

    The request came when the kernel says that it did: that this process is held up is not on the way.
    """
    here = timestamp((time.time_ns() if now is None else now) + round(ahead * SECOND))
    if receive is None and now is None and request in _CAME:
        receive = timestamp(_CAME[request] + round(ahead * SECOND))
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


_CAME: dict[bytes, int] = {}
"""When each request came, by the kernel."""

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
class Peer:
    """A running server, and what it has been asked."""

    behaviours: Sequence[Behaviour]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    clients: list[tuple[str, int]] = field(default_factory=list)
    sock: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def was_asked(self) -> bool:
        """Whether it was, and has said what it had to say."""
        return bool(self.requests)

    def send(self, data: bytes, client: tuple[str, int]) -> None:
        """Send a datagram; asyncio's own way does nothing with an empty one."""
        self.sock.sendto(data, client)

    def hear(self) -> None:
        """Take a request and say what there is to say."""
        data, ancillary, _, addr = self.sock.recvmsg(2**16, stamps.ANCILLARY_BYTES)
        if (came := stamps.received(ancillary)) is not None:
            _CAME[data] = came
        self.requests.append(data)
        self.clients.append(addr)
        said = self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](data)
        for datagram in [said] if isinstance(said, bytes) else said:
            self.send(datagram, addr)


@asynccontextmanager
async def ntp_peer(
    *behaviours: Behaviour, host: str = "127.0.0.1", port: int = 0, stamped: bool = True
) -> AsyncIterator[Peer]:
    """Does the n-th thing at the n-th request, and the last one ever after.

    Whose clock is made up wants no kernel's stamps of the server: *stamped* is False then.
    """
    made = Peer(behaviours)
    made.sock.setblocking(False)
    made.sock.bind((host, port))
    made.port = made.sock.getsockname()[1]
    if stamped:
        stamps.switch_on(made.sock)
    loop = asyncio.get_running_loop()
    loop.add_reader(made.sock, made.hear)
    try:
        yield made
    finally:
        loop.remove_reader(made.sock)
        made.sock.close()
