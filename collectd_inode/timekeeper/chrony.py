"""chronyd's commands for monitoring (candm.h, protocol version 6), which anybody on the machine may send.  Pure."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from collectd_inode.timekeeper.account import OWN_CLOCK, Account, NoAccount, NoPeer, Peer
from collectd_inode.words import printable

SOURCES, SOURCE, TRACKING = 14, 15, 33
"""The commands N_SOURCES, SOURCE_DATA (of a number) and TRACKING."""
MOST_SOURCES = 64

_VERSION, _REQUEST, _ANSWER = 6, 1, 2
_REPLIES = {SOURCES: 2, SOURCE: 3, TRACKING: 5}
_HEAD = struct.Struct("!BBxxHHHxxxxxxIxxxxxxxx")
_ASKED = struct.Struct("!BBxxHHIxxxxxxxx")
_BYTES = 128
"""A request is as long as the longest of these answers, or chronyd does not answer it."""
_SOURCE = struct.Struct("!16sHxxhHHHHHIIII")
_TRACKING = struct.Struct("!4s16sHxxHHIII9I")
_FAMILIES = {1: 4, 2: 16}
"""chrony's number of a family → the bytes of an address; others are names to come, or reference clocks."""
_CLOCK_MODE = 2
_SELECTED = 0
_UNSYNCHRONISED_LEAP = 3
_LOCAL = bytes((127, 127, 1, 1))


def question(command: int, sequence: int, number: int = 0) -> bytes:
    """The datagram with *command*; *number* counts sources from 0."""
    return (_ASKED.pack(_VERSION, _REQUEST, command, 0, sequence) + struct.pack("!i", number)).ljust(_BYTES, b"\0")


def answer(datagram: bytes, command: int, sequence: int) -> bytes | None:
    """The data of the answer to that question; None for another datagram, NoAccount for a refusal."""
    if len(datagram) < _HEAD.size:
        return None
    version, kind, asked, reply, status, returned = _HEAD.unpack_from(datagram)
    if (kind, asked, returned) != (_ANSWER, command, sequence):
        return None
    if version != _VERSION:
        raise NoAccount(f"chronyd speaks version {version} of its protocol instead of {_VERSION}")
    if status or reply != _REPLIES[command]:
        raise NoAccount(f"chronyd refuses command {command}: status {status}")
    return datagram[_HEAD.size :]


def count(data: bytes) -> int:
    """The answer to N_SOURCES: their number."""
    return min(int(_unpacked(struct.Struct("!I"), data)[0]), MOST_SOURCES)


def peer(data: bytes) -> Peer | NoPeer:
    """The answer to SOURCE."""
    ip, family, _poll, _stratum, state, mode, _flags, reach, *_ = _unpacked(_SOURCE, data)
    address = _address(ip, family)
    if mode == _CLOCK_MODE:
        return NoPeer.CLOCK
    if address is None:
        return NoPeer.UNRESOLVED
    return Peer(address, (reach & 0xFF).bit_count(), followed=state == _SELECTED)


def account(data: bytes, peers: tuple[Peer, ...]) -> Account:
    """The answer to TRACKING, with *peers* beside it.

    The error is the manual's: the system's offset, root dispersion and half the root delay.
    """
    reference, ip, family, stratum, leap, high, low, fraction, *floats = _unpacked(_TRACKING, data)
    if leap == _UNSYNCHRONISED_LEAP:
        return Account("chronyd", peers=peers)
    offset, delay, dispersion = _number(floats[0]), _number(floats[6]), _number(floats[7])
    # Names of reference clocks are text; beyond 32 bits are the years after 2106.
    seconds = low if high in (0, 0x7FFFFFFF) else high << 32 | low
    return Account(
        "chronyd",
        follows=_address(ip, family) or _clock(reference),
        updated=seconds + fraction / 1e9,
        stratum=stratum,
        offset=offset,
        error=abs(offset) + dispersion + delay / 2,
        peers=peers,
    )


def _unpacked(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) < layout.size:
        raise NoAccount(f"chronyd answers {len(data)} bytes instead of {layout.size}")
    return layout.unpack_from(data)


def _address(ip: bytes, family: int) -> str | None:
    size = _FAMILIES.get(family)
    return None if size is None else str(ipaddress.ip_address(ip[:size]))


def _clock(reference: bytes) -> str:
    """A reference clock's name; chronyd follows its own clock where nothing else is left (``local``)."""
    if reference == _LOCAL:
        return OWN_CLOCK
    return printable(reference.rstrip(b"\0").decode("latin-1"))


def _number(word: int) -> float:
    """chrony's own float: seven bits of exponent, twenty-five of coefficient, both signed."""
    exponent, coefficient = word >> 25, word & 0x1FFFFFF
    exponent -= 0x80 if exponent & 0x40 else 0
    coefficient -= 0x2000000 if coefficient & 0x1000000 else 0
    return float(coefficient) * 2.0 ** (exponent - 25)
