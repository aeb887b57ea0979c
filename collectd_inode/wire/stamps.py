"""Kernel stamps: when bytes left and when they came, as the kernel saw it at the socket; no privileges needed.

With them a latency is the server's and not ours: however late this process gets to run, beside a plugin that holds the
interpreter's lock or under five hundred other replays, the kernel's stamp keeps the packet's time.

Arrivals come with ``recvmsg`` (SO_TIMESTAMPNS); departures are requested with one ``sendmsg`` and come back on the
socket's error queue (SO_TIMESTAMPING).  Both are CLOCK_REALTIME, which may be stepped: `between` compares every pair
with CLOCK_MONOTONIC and uses that where they cannot be true.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from collectd_inode.model import Stamps

# linux: asm-generic/socket.h and linux/net_tstamp.h; Python names none of them.
_SO_TIMESTAMPNS = 35
_SO_TIMESTAMPING = 37
_TX_SOFTWARE = 1 << 1
_SOFTWARE = 1 << 4
_OPT_TSONLY = 1 << 11
_MSG_ERRQUEUE = 0x2000
_TCP_INFO_BYTES = 104
_TCP_INFO_RTT, _TCP_INFO_TOTAL_RETRANS = 68, 100

ANCILLARY_BYTES = 256
"""Room for the control messages that come with one read."""

ASK_WHEN_SENT = [(socket.SOL_SOCKET, _SO_TIMESTAMPING, struct.pack("=I", _TX_SOFTWARE))]
"""The control message that requests the stamp of its own packet."""

SLACK_SECONDS = 0.001
"""Seconds by which a kernel's time may exceed our own; the clocks are read one after the other."""

Ancillary = Iterable[tuple[int, int, bytes]]


@dataclass(slots=True)
class Moment:
    """An event's time: by our own clock once we had noticed, and by the kernel's stamp (nanoseconds) if any."""

    monotonic: float
    kernel: int | None = None


def between(start: Moment, end: Moment) -> tuple[float, Stamps]:
    """Seconds from *start* to *end*, and whose they are.

    By the kernel's stamps if there are two and they can be true: not backwards, nor longer than we waited.
    """
    elapsed = end.monotonic - start.monotonic
    if start.kernel is not None and end.kernel is not None:
        seconds = (end.kernel - start.kernel) / 1e9
        if 0 <= seconds <= elapsed + SLACK_SECONDS:
            return seconds, Stamps.KERNEL
    return elapsed, Stamps.ELAPSED


def switch_on(sock: socket.socket) -> bool:
    """Have the kernel stamp what this socket sends (when asked) and receives; False where it cannot."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # The stamp alone, without a copy of the packet that it belongs to.
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, _SOFTWARE | _OPT_TSONLY)
    except OSError:
        return False
    return True


def received(ancillary: Ancillary) -> int | None:
    """The arrival's stamp (nanoseconds) in the control messages of a ``recvmsg``."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            return _nanoseconds(data)
    return None


def sent(sock: socket.socket) -> int | None:
    """Empty the error queue; the stamp (nanoseconds) of the last departure that was asked for, if it is there.

    To be called at every wake-up: while something is in that queue, epoll wakes us without end.
    """
    found = None
    try:
        while True:
            _, ancillary, _, _ = sock.recvmsg(0, ANCILLARY_BYTES, _MSG_ERRQUEUE)
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPING:
                    found = _nanoseconds(data)
    except OSError:  # BlockingIOError: it is empty
        return found


def connect_seconds(sock: socket.socket) -> float | None:
    """The round trip of a TCP handshake as the kernel took it (TCP_INFO); None if a packet had to be sent again."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return None
    if len(info) < _TCP_INFO_BYTES or struct.unpack_from("=I", info, _TCP_INFO_TOTAL_RETRANS)[0]:
        return None
    microseconds: int = struct.unpack_from("=I", info, _TCP_INFO_RTT)[0]
    return microseconds / 1e6 if microseconds else None


@contextmanager
def kept_on() -> Iterator[None]:
    """Keep the kernel stamping while the loop lives.

    It switches stamping on with the first socket that wants it, and lazily: measured, none of the first forty answers
    had a stamp.  One such socket that stays open keeps it on between runs.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        switch_on(sock)
        yield


def _nanoseconds(timespec: bytes) -> int | None:
    seconds, nanoseconds = struct.unpack_from("@qq", timespec)
    total: int = seconds * 10**9 + nanoseconds
    return total or None  # all zero: the kernel had none to give
