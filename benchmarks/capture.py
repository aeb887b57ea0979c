"""The judge: what a packet capture on loopback says of each exchange."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.tools import TOOLS, running

_SYN, _ACK = 0x02, 0x10
# TLS 1.2 says in clear what a record holds.
_APPLICATION_DATA, _ALERT = b"\x17\x03\x03", b"\x15\x03\x03"


@contextmanager
def capture(file: Path, port: int) -> Iterator[None]:
    """Capture into *file* what goes to and from *port* on loopback, for the length of the block."""
    command = (
        TOOLS / "usr/bin/tcpdump", "-i", "lo", "-Z", "root", "-w", file, "-B", "262144", "-s", "256", "-U",
        "--time-stamp-precision=nano", f"tcp port {port}",
    )  # fmt: skip
    said = Path(f"{file}.out")
    with running(command, said):
        while not (file.exists() and file.stat().st_size >= 24):
            time.sleep(0.02)
        yield
        time.sleep(1)  # what is in the capture's buffer
    assert re.search(r"^0 packets dropped by kernel", said.read_text(), re.MULTILINE), said.read_text()


@dataclass(slots=True)
class Exchange:
    """One request and its answer on the wire: who asked (port) for what, and when (seconds since the epoch).

    ``began``: the connection's SYN left, or, on a connection that was kept, as ``sent``; ``sent``: the request's first
    byte; ``last``: the answer's last byte came.  Over TLS the bytes are those of records with application data, and the
    path cannot be seen.
    """

    client: int
    path: str
    began: float
    sent: float
    last: float = 0.0

    @property
    def answered(self) -> float:
        """Seconds from the request's first byte to the answer's last."""
        return self.last - self.sent

    @property
    def total(self) -> float:
        """The same with connecting, and TLS."""
        return self.last - self.began


def captured(pcap: Path, port: int) -> list[Exchange]:
    """The exchanges with the server at *port* in a capture of loopback, in order."""
    found: list[Exchange] = []
    began: dict[int, float] = {}
    current: dict[int, Exchange] = {}
    for when, source, target, opens, payload in _segments(pcap.read_bytes()):
        if target == port and opens:
            began[source] = when
            current.pop(source, None)
        elif target == port and (path := _asked(payload)) is not None:
            current[source] = Exchange(source, path, began.pop(source, when), when)
            found.append(current[source])
        elif source == port and target in current and payload and not payload.startswith(_ALERT):
            current[target].last = when
    return [exchange for exchange in found if exchange.last]


def _asked(payload: bytes) -> str | None:
    """The path that is asked for; empty where TLS hides it, None where nothing is asked."""
    if payload.startswith((b"GET ", b"POST ")):
        return payload.split(b" ", 2)[1].decode("ascii")
    return "" if payload.startswith(_APPLICATION_DATA) else None


class _Segment(NamedTuple):
    when: float
    source: int
    target: int
    opens: bool
    payload: bytes


def _segments(data: bytes) -> Iterator[_Segment]:
    """The TCP segments of a capture (pcap in nanoseconds, Ethernet, IPv4)."""
    if data[:4] != struct.pack("=I", 0xA1B23C4D):
        raise ValueError("not a capture in nanoseconds")
    at = 24
    while at + 16 <= len(data):
        seconds, nanoseconds, kept, _ = struct.unpack_from("=IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip = packet[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack_from("!H", ip, 2)[0]]
        source, target = struct.unpack_from("!HH", tcp)
        payload = tcp[(tcp[12] >> 4) * 4 :]
        yield _Segment(seconds + nanoseconds / 1e9, source, target, tcp[13] & (_SYN | _ACK) == _SYN, payload)
