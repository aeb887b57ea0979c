"""Peers and instruments from Debian, unpacked under ``.tools/bench``, never installed: their services stay away."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools" / "bench"
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
_LIBRARIES = TOOLS / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"


def unpack(packages: Sequence[str]) -> None:
    """Download and unpack Debian *packages* that are not there yet."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for package in packages:
        stamp = TOOLS / f".{package}"
        if stamp.exists():
            continue
        subprocess.run(["apt-get", "-qq", "download", package], cwd=TOOLS, check=True, stderr=subprocess.DEVNULL)
        for archive in TOOLS.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg", "-x", archive, TOOLS], check=True)
            archive.unlink()
        stamp.touch()


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """*command* from here to the end of the block; asked to stop then, and waited for."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**CLEAN, "LD_LIBRARY_PATH": str(_LIBRARIES), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@dataclass(slots=True)
class Captured:
    """One request on the wire: its first line's path, when its first byte left, when the answer's last byte came."""

    path: str
    sent: float
    last: float = 0.0

    @property
    def seconds(self) -> float:
        """From the request's first byte to the answer's last."""
        return self.last - self.sent


def captured(pcap: Path, port: int) -> list[Captured]:
    """The exchanges with the server at *port* in a capture of loopback (nanoseconds, Ethernet), in order."""
    found: list[Captured] = []
    current: dict[int, Captured] = {}
    for time, source, target, payload in _segments(pcap.read_bytes()):
        if target == port and payload.startswith((b"GET ", b"POST ")):
            current[source] = Captured(payload.split(b" ", 2)[1].decode("ascii"), time)
            found.append(current[source])
        elif source == port and target in current:
            current[target].last = time
    return [exchange for exchange in found if exchange.last]


def _segments(data: bytes) -> Iterator[tuple[float, int, int, bytes]]:
    """Time, ports and payload of each TCP segment that carries one (pcap, IPv4)."""
    if data[:4] != struct.pack("=I", 0xA1B23C4D):
        raise ValueError("not a capture in nanoseconds")
    at = 24
    while at + 16 <= len(data):
        seconds, nanoseconds, kept, _ = struct.unpack_from("=IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip = packet[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack_from("!H", ip, 2)[0]]
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if payload:
            source, target = struct.unpack_from("!HH", tcp)
            yield seconds + nanoseconds / 1e9, source, target, payload
