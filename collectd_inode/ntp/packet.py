"""One NTP packet: the request, the rules for an answer, and the subtraction of timestamps.  No sockets, no clock.

Timestamps stay the 64-bit integers that they are on the wire (2^-32 s since 1900, modulo 2^64): a float would lose
eleven of their bits, and subtracting modulo 2^64 goes on working when they start from 0 again in February 2036.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field
from enum import StrEnum

import ntplib  # type: ignore[import-untyped]

VERSION = 4
PORT = 123

_FORMAT = struct.Struct("!BBbb3I4Q")  # RFC 5905 figure 8
_MAC = range(12, 25, 4)
"""Octets of a MAC (RFC 1305 appendix C, RFC 5905 section 7.3).  A crypto-NAK, which has four, answers no request of
ours.
"""
_LEAST_EXTENSION = 16
_CLIENT, _SERVER = 3, 4
_VERSIONS = (3, 4)
_SECOND = 10**9
_EPOCH: int = ntplib.NTP.NTP_DELTA


class Reason(StrEnum):
    """Why a datagram gives no sample."""

    SHORT = "short"
    VERSION = "version"
    MODE = "mode"
    ORIGIN = "origin"
    LATE = "late"
    DUPLICATE = "duplicate"
    TAIL = "tail"
    NO_TIME = "no_time"
    BACKWARDS = "backwards"
    REFERENCE = "reference"
    NEGATIVE_DELAY = "negative_delay"
    CLOCK_SET = "clock_set"
    KISS = "kiss"
    UNSYNCHRONISED = "unsynchronised"
    STRATUM = "stratum"
    STALE = "stale"
    ROOT_DISTANCE = "root_distance"
    FROZEN = "frozen"

    @property
    def words(self) -> str:
        """The reason in a list of such reasons: ``2 with a wrong origin``."""
        return _WORDS[self]

    @property
    def is_stray(self) -> bool:
        """Whether the datagram answers no request of ours: it is ignored, and we keep listening."""
        return self in _STRAY

    @property
    def is_passed_over(self) -> bool:
        """Whether we keep listening: also after an answer that cannot be true, for one that can."""
        return self in _STRAY | _BROKEN


_STRAY = frozenset(
    {Reason.SHORT, Reason.VERSION, Reason.MODE, Reason.ORIGIN, Reason.LATE, Reason.DUPLICATE, Reason.TAIL}
)
_BROKEN = frozenset(
    {Reason.NO_TIME, Reason.BACKWARDS, Reason.REFERENCE, Reason.NEGATIVE_DELAY, Reason.CLOCK_SET}
)  # fmt: skip
_WORDS = {
    Reason.SHORT: "too short",
    Reason.VERSION: "of another version",
    Reason.MODE: "of another mode",
    Reason.ORIGIN: "with a wrong origin",
    Reason.LATE: "late",
    Reason.DUPLICATE: "duplicate",
    Reason.TAIL: "of an impossible length",
    Reason.NO_TIME: "without a time",
    Reason.BACKWARDS: "sent before its request came",
    Reason.REFERENCE: "set in its own future",
    Reason.NEGATIVE_DELAY: "of a negative delay",
    Reason.CLOCK_SET: "while this clock was set",
    Reason.KISS: "kiss-o'-death",
    Reason.UNSYNCHRONISED: "unsynchronised",
    Reason.STRATUM: "of an impossible stratum",
    Reason.STALE: "not set for too long",
    Reason.ROOT_DISTANCE: "too far from its reference",
    Reason.FROZEN: "from a clock that stands still",
}


@dataclass(frozen=True, slots=True)
class RejectedDatagram:
    """A datagram that gives no sample: why, in a word to count by and in a sentence (without the server's name)."""

    reason: Reason
    message: str
    kiss: str = ""
    """The code of a kiss-o'-death."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet's header (RFC 5905 section 7.3); timestamps in 2^-32 s, root delay and dispersion in 2^-16 s."""

    leap: int
    version: int
    mode: int
    stratum: int
    poll: int
    precision: int
    root_delay: int
    root_dispersion: int
    reference_id: int
    reference: int
    origin: int
    receive: int
    transmit: int

    @property
    def reference_code(self) -> str:
        """The reference identifier as ASCII, such as ``GPS`` or ``RATE``; empty if it is none."""
        octets = self.reference_id.to_bytes(4, "big").rstrip(b"\0")
        text = octets.decode("latin-1")
        return text if text and all("!" <= c <= "~" for c in text) else ""

    @property
    def reference_text(self) -> str:
        """The server's own source: at stratum 1 a name or a code, else an address or its hash.

        Never the server's octets as they came: what is no printable ASCII is shown in hexadecimal.
        """
        octets = self.reference_id.to_bytes(4, "big")
        if self.stratum > 1:
            return ".".join(map(str, octets))
        code = octets.rstrip(b"\0 ").decode("latin-1")
        if not code or not all(" " <= c <= "~" for c in code):
            return f"0x{self.reference_id:08x}" if code else "NULL"
        return str(ntplib.NTP.REF_ID_TABLE.get(code.ljust(4, "\0")) or _reference_name(code))


def _reference_name(code: str) -> str:
    """The names that drivers of ntpd, chrony and others use, some with a number appended."""
    number = code[-1] if code[-1].isdigit() else ""
    name = _REFERENCES.get(code) or _REFERENCES.get(code.removesuffix(number))
    return code if name is None else f"{code} ({name})"


_REFERENCES = {
    "BDS": "BeiDou satellites",
    "GLO": "GLONASS satellites",
    "GNSS": "satellites",
    "GOOG": "Google's servers",
    "GPSD": "gpsd",
    "kPPS": "pulse per second, by the kernel",
    "LCL": "its own clock",
    "MRS": "several references",
    "NMEA": "a satellite receiver's sentences",
    "PHC": "a network card's clock",
    "PPS": "pulse per second",
    "PTP": "Precision Time Protocol",
    "SHM": "shared memory, such as gpsd's",
    "SOCK": "a socket, such as gpsd's",
    "ZDA": "a satellite receiver's sentences",
}
"""Codes in use that RFC 5905 and ntplib do not know."""

KISSES = {
    "ACST": "it belongs to a unicast server",
    "AUTH": "authentication failed",
    "AUTO": "the Autokey sequence failed",
    "BCST": "it belongs to a broadcast server",
    "CRYP": "cryptographic authentication or identification failed",
    "DENY": "access denied by the server",
    "DROP": "it lost its peer",
    "RSTR": "access denied by its policy",
    "INIT": "it has not synchronised for the first time yet",
    "MCST": "it belongs to a server that was found by multicast",
    "NKEY": "no key was found",
    "NTSN": "NTS negative acknowledgement",
    "RATE": "it is queried too often",
    "RMOT": "its association was changed from a remote host",
    "STEP": "its clock was stepped and has not synchronised again yet",
}
"""The meaning of kiss-o'-death codes: RFC 5905 section 7.4, RFC 8915 section 5.7."""


NOT_YET = {"INIT": KISSES["INIT"], "STEP": KISSES["STEP"], "XNON": "it has no source yet"}
"""Codes of a server that is not synchronised, beside leap 3: ntpd's and NTPsec's, and ntpd-rs'."""


def new_cookie() -> int:
    """A random transmit timestamp: it reveals nothing of our clock, and only those who have seen it can answer."""
    return secrets.randbits(64) or 1  # a server that has not understood sends 0


def request(cookie: int) -> bytes:
    """A client's request whose transmit timestamp is *cookie*; all else is zero, for privacy."""
    return _FORMAT.pack(VERSION << 3 | _CLIENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, cookie)


def is_whole(data: bytes) -> bool:
    """Whether *data* is long enough to be a packet."""
    return len(data) >= _FORMAT.size


def parse(data: bytes) -> Packet:
    """The header of a datagram of 48 bytes or more; what follows (extensions, a MAC) is left alone."""
    first, *rest = _FORMAT.unpack_from(data)
    return Packet(first >> 6, first >> 3 & 7, first & 7, *rest)


def _ends_well(data: bytes, version: int) -> bool:
    """Whether what follows the header is nothing, or extension fields with a MAC or without (RFC 7822 section 3).

    As in ntpd and chronyd, a rest that is as long as a MAC is one.  Version 3 has no extension fields.
    """
    rest = data[_FORMAT.size :]
    while version == VERSION and len(rest) >= _MAC.stop:
        length = int.from_bytes(rest[2:4], "big")
        if length % 4 or not _LEAST_EXTENSION <= length <= len(rest):
            return False
        rest = rest[length:]
    return not rest or len(rest) in _MAC or (version != VERSION and len(rest) % 4 == 0 and len(rest) >= _MAC.start)


@dataclass(slots=True)
class Questions:
    """The queries sent to one source, to recognise its answers."""

    waiting: int | None = None
    """The cookie of the open request."""
    missed: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)

    def ask(self) -> bytes:
        """The next request; an answer to the one before is late from now on."""
        if self.waiting is not None:
            self.missed.add(self.waiting)
        self.waiting = new_cookie()
        return request(self.waiting)

    def read(self, data: bytes) -> Packet | RejectedDatagram:
        """The answer to the open request, or why *data* is not one; the first answer closes it."""
        if not is_whole(data):
            return RejectedDatagram(Reason.SHORT, f"{len(data)} bytes instead of {_FORMAT.size}")
        packet = parse(data)
        if not _ends_well(data, packet.version):
            return RejectedDatagram(Reason.TAIL, f"{len(data)} bytes are no packet, with extensions or without")
        if packet.version not in _VERSIONS:
            return RejectedDatagram(Reason.VERSION, f"version {packet.version} instead of 3 or 4")
        if packet.mode != _SERVER:
            return RejectedDatagram(
                Reason.MODE, f"mode {packet.mode} ({ntplib.mode_to_text(packet.mode)}) instead of 4 (server)"
            )
        if packet.origin in self.answered:
            return RejectedDatagram(Reason.DUPLICATE, "a second answer to the same request")
        if packet.origin in self.missed:
            return RejectedDatagram(Reason.LATE, "the answer to an earlier request")
        if packet.origin != self.waiting:
            return RejectedDatagram(Reason.ORIGIN, "the origin timestamp is not that of the request")
        return packet

    def close(self) -> None:
        """The open request has its answer; further answers are duplicates."""
        if self.waiting is not None:
            self.answered.add(self.waiting)
            self.waiting = None


def difference(later: int, earlier: int) -> int:
    """*later* - *earlier* in 2^-32 s, the short way round: right for anything less than 68 years apart."""
    return (later - earlier + 2**63) % 2**64 - 2**63


def timestamp(nanoseconds: int) -> int:
    """Nanoseconds since the epoch of Unix as an NTP timestamp."""
    return _whole(nanoseconds) % 2**64


def nanoseconds(timestamp: int, near: int) -> int:
    """An NTP timestamp in nanoseconds since the epoch of Unix, in the era that puts it nearest to *near* (the same)."""
    here = _whole(near)
    return _rounded((here + difference(timestamp, here % 2**64)) * _SECOND, 32) - _EPOCH * _SECOND


def short_nanoseconds(short: int) -> int:
    """A root delay or root dispersion in nanoseconds."""
    return _rounded(short * _SECOND, 16)


def _whole(nanoseconds: int) -> int:
    """2^-32 s since 1900, whatever the era."""
    return ((nanoseconds + _EPOCH * _SECOND) << 32) // _SECOND


def _rounded(value: int, bits: int) -> int:
    return (value + (1 << bits - 1)) >> bits
