"""Control messages of ntpd and ntpsec (mode 6, RFC 9327), which ``ntpq`` sends.  Pure."""

from __future__ import annotations

import ipaddress
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from collectd_inode.timekeeper.account import OWN_CLOCK, Account, NoAccount, NoPeer, Peer
from collectd_inode.words import printable

READ_STATUS, READ_VARIABLES = 1, 2
MOST_PEERS = 64
OF_SYSTEM = "stratum,leap,rootdelay,rootdisp,refid,reftime,offset"
OF_PEER = "srcadr,reach"
"""The requested variables; few, so that an answer is one datagram, as a rule."""
MOST_PIECES = 64

_HEAD = struct.Struct("!BBHHHHH")
_VERSION_MODE = 2 << 3 | 6
_MODE = 6
_RESPONSE, _ERROR, _MORE = 0x80, 0x40, 0x20
_SYSTEM_PEER = (6, 7)
"""Selection in a peer's status: the system's peer, and the same with a pulse a second."""
_UNSYNCHRONISED_LEAP = "3"
_LOCAL = ("LOCL", "LOCAL(0)", "127.0.0.1")
_DIGITS = 3
_EPOCH = 2208988800
_CLOCK_NETWORK = ipaddress.ip_network("127.127.0.0/16")


def question(operation: int, sequence: int, association: int = 0, data: str = "") -> bytes:
    """The request's datagram; association 0 is the daemon itself."""
    head = _HEAD.pack(_VERSION_MODE, operation, sequence, 0, association, 0, len(data))
    return head + data.encode().ljust(-(-len(data) // 4) * 4, b"\0")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer: the place of its first byte, and whether another part comes behind it."""

    place: int
    data: bytes
    more: bool = False


def answer(datagram: bytes, operation: int, sequence: int) -> Piece | None:
    """A part of the answer to that question; None for another datagram, NoAccount for a refusal."""
    if len(datagram) < _HEAD.size:
        return None
    first, told, returned, status, _, place, size = _HEAD.unpack_from(datagram)
    if first & 7 != _MODE or not told & _RESPONSE or (told & 0x1F, returned) != (operation, sequence):
        return None
    if told & _ERROR:
        raise NoAccount(f"ntpd refuses operation {operation}: error {status >> 8}")
    data = datagram[_HEAD.size : _HEAD.size + size]
    return Piece(place, data, bool(told & _MORE)) if len(data) == size else None


def whole(pieces: Iterable[Piece]) -> bytes | None:
    """The answer that *pieces* make, in whatever order they came; None while one is missing."""
    at = {piece.place: piece for piece in pieces}
    data = b""
    while (piece := at.pop(len(data), None)) is not None:
        data += piece.data
        if not piece.more:
            return data
    return None


def associations(data: bytes) -> list[tuple[int, bool]]:
    """The answer to READ_STATUS: each association, and whether the daemon follows it."""
    pairs = list(struct.iter_unpack("!HH", data[: len(data) // 4 * 4]))[:MOST_PEERS]
    return [(number, (status >> 8 & 7) in _SYSTEM_PEER) for number, status in pairs]


def variables(data: bytes) -> dict[str, str]:
    """``stratum=2, refid=192.0.2.1`` by name; no value of those asked for has a comma in it."""
    pairs = (part.partition("=") for part in data.decode("latin-1").split(","))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def peer(data: bytes, *, followed: bool) -> Peer | NoPeer:
    """The answer to READ_VARIABLES of an association."""
    told = variables(data)
    try:
        address = ipaddress.ip_address(told.get("srcadr", ""))
    except ValueError:
        return NoPeer.UNRESOLVED
    if address in _CLOCK_NETWORK:
        return NoPeer.CLOCK
    if address.is_unspecified:
        return NoPeer.UNRESOLVED
    return Peer(str(address), _reach(told.get("reach", "")), followed)


def account(data: bytes, peers: tuple[Peer, ...]) -> Account:
    """The answer to READ_VARIABLES of the daemon itself, with *peers* beside it."""
    told = variables(data)
    followed = next((peer.address for peer in peers if peer.followed), "")
    if told.get("leap") == _UNSYNCHRONISED_LEAP and not followed:
        return Account("ntpd", peers=peers)
    delay, dispersion, offset = (_milliseconds(told, name) for name in ("rootdelay", "rootdisp", "offset"))
    error = None if delay is None or dispersion is None else abs(offset or 0.0) + dispersion + delay / 2
    return Account(
        "ntpd",
        follows=followed or _clock(told.get("refid", "")),
        updated=_time(told.get("reftime", "")),
        stratum=_stratum(told.get("stratum", "")),
        offset=offset,
        error=error,
        peers=peers,
    )


def _clock(reference: str) -> str:
    """A reference clock's name; ntpd's own clock is the driver LOCAL (127.127.1), or its orphan mode."""
    return OWN_CLOCK if reference in _LOCAL or reference.startswith("127.127.1.") else printable(reference)


def _stratum(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def _reach(text: str) -> int | None:
    """The register's bits: ``0xff``, or ``377`` as ntpq writes it."""
    try:
        return (int(text, 16 if text.startswith("0x") else 8) & 0xFF).bit_count()
    except ValueError:
        return None


def _milliseconds(told: dict[str, str], name: str) -> float | None:
    try:
        value = float(told.get(name, "")) / 1000
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _time(text: str) -> float | None:
    """``0xea1b2c3d.80000000`` in epoch seconds."""
    whole, _, fraction = text.removeprefix("0x").partition(".")
    try:
        return int(whole, 16) - _EPOCH + int(fraction or "0", 16) / 2**32
    except (ValueError, OverflowError):
        return None
