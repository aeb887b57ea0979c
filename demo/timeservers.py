"""Three small NTP servers on loopback addresses; for a while one of them is twenty minutes ahead of the others.

Only the standard library, so that they say nothing about the plugin's own NTP.  All have one port, as NTP servers do; a
high one, because the demonstration runs as an ordinary user.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType

from demo.site import Outage

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
AHEAD = 1200.0
"""Seconds."""
LIE = Outage(length=8, period=40, first=26)
"""When the last server is wrong."""

_TO_1970 = 2_208_988_800
"""Seconds from NTP's epoch (1900) to Unix' (RFC 5905 section 6)."""
_SET_AGO = 10.0


def timestamp(seconds: float) -> int:
    """Seconds since 1970 as NTP's 64 bits, of which 32 are the fraction."""
    return round((seconds + _TO_1970) * 2**32) % 2**64


def answer(request: bytes, now: float) -> bytes:
    """What a good server whose clock says *now* answers: stratum 2, following 192.0.2.1 (RFC 5905 section 7.3)."""
    return struct.pack(
        "!BBbb II 4s 4Q",
        0 << 6 | 4 << 3 | 4,  # no leap second, version 4, mode 4: server
        2,  # stratum
        6,  # poll: 64 s
        -20,  # precision: a microsecond
        0x0042,  # root delay: 1 ms, in units of 2**-16 s
        0x0042,  # root dispersion
        socket.inet_aton("192.0.2.1"),
        timestamp(now - _SET_AGO),
        struct.unpack_from("!Q", request, 40)[0],  # the client's own timestamp comes back: so it knows its answer
        timestamp(now),
        timestamp(now),
    )


class _Server(socketserver.UDPServer):
    max_packet_size = 1024

    def __init__(self, address: tuple[str, int], lie: Outage | None) -> None:
        super().__init__(address, _Handler)
        self._lie, self._started = lie, time.monotonic()

    def now(self) -> float:
        """What this server's clock says."""
        wrong = self._lie is not None and self._lie.down(time.monotonic() - self._started)
        return time.time() + (AHEAD if wrong else 0.0)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        request, sender = self.request
        if len(request) >= 48:
            sender.sendto(answer(request, self.server.now()), self.client_address)


class TimeServers:
    """Three servers on a port that is free on all their addresses: ``with TimeServers() as servers: servers.port``."""

    def __init__(self, *, lie: Outage = LIE, ports: Iterable[int] = (0,) * 20) -> None:
        self._servers = _on_one_port(lie, ports)
        self._threads = [threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in self._servers]
        self.addresses = ADDRESSES
        self.port: int = self._servers[0].server_address[1]

    def __enter__(self) -> TimeServers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def _on_one_port(lie: Outage, candidates: Iterable[int]) -> Sequence[_Server]:
    """Servers on the first of *candidates* that is free on all addresses; 0 is one that the kernel chooses."""
    trouble: OSError | None = None
    for port in candidates:
        with ExitStack() as opened:
            try:
                first = opened.enter_context(_Server((ADDRESSES[0], port), None))
                on = first.server_address[1]
                others = [opened.enter_context(_Server((host, on), None)) for host in ADDRESSES[1:-1]]
                last = opened.enter_context(_Server((ADDRESSES[-1], on), lie))
            except OSError as error:  # the kernel has looked at the first address only
                trouble = error
            else:
                opened.pop_all()
                return (first, *others, last)
    raise OSError(f"no UDP port is free on all of {', '.join(ADDRESSES)}: {trouble}")
