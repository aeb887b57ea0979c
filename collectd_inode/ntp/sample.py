"""The sample in an answer: offset and delay with their error bound, or why the answer is rejected.

Everything is in whole nanoseconds.  The four timestamps are T1 (the request left us), T2 (it came), T3 (the answer
left the server) and T4 (it came back), as in RFC 5905 section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from collectd_inode.ntp.packet import (
    KISSES,
    NOT_YET,
    Packet,
    Reason,
    RejectedDatagram,
    difference,
    nanoseconds,
    short_nanoseconds,
)
from collectd_inode.ntp.setting import ClockSetting

LEAP_UNKNOWN = 3
MAX_STRATUM = 15
MAX_REFERENCE_AGE = 2**17
"""Seconds, 36 hours: NTP's longest poll.  A server that has not been set for longer follows nobody."""

_SECOND = 10**9
_PRECISIONS = range(-32, 1)


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of one exchange with a server; ``offset`` is how far it is ahead of this clock."""

    offset: int
    delay: int
    root_delay: int
    root_dispersion: int
    stratum: int
    leap: int
    reference: str
    """The server's own source, for people."""
    transmit: int
    """T3 as received, to detect a clock that stands still."""
    precision: int = 0
    """The server's precision: as coarse are its timestamps."""
    time: int = field(default=0, compare=False)
    """T3 in nanoseconds since the epoch."""
    setting: ClockSetting | None = field(default=None, compare=False)
    """This clock's setting at the exchange."""

    @property
    def root_distance(self) -> int:
        """The server's largest possible distance from its own reference clock."""
        return _half(self.root_delay) + self.root_dispersion

    @property
    def bound(self) -> int:
        """The largest error of ``offset``: half the delay (one way may have taken all of it), precision, root distance.

        RFC 5905 section 11.2: the root distance of a client includes the precision of its server's clock.
        """
        return _half(self.delay) + self.precision + self.root_distance


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for an answer: the root distance, in nanoseconds, and the last transmit timestamp of this source."""

    root_distance: int
    before: int | None = None


def judge(packet: Packet, limits: Limits) -> RejectedDatagram | None:
    """Why an answer is rejected; None if it is good.

    The server's statement about itself comes before faults of its timestamps: a server without the time sends any.
    """
    return next(_complaints(packet, limits), None)


def _complaints(packet: Packet, limits: Limits) -> Iterator[RejectedDatagram]:
    if packet.stratum == 0:
        yield _stratum_zero(packet)
    if packet.leap == LEAP_UNKNOWN:
        yield RejectedDatagram(
            Reason.UNSYNCHRONISED, f"the server says that it is not synchronised (leap {packet.leap})"
        )
    if packet.stratum > MAX_STRATUM:
        yield RejectedDatagram(
            Reason.STRATUM, f"stratum {packet.stratum}; a synchronised server has at most {MAX_STRATUM}"
        )
    if packet.receive == 0 or packet.transmit == 0:
        which = "receive" if packet.receive == 0 else "transmit"
        yield RejectedDatagram(Reason.NO_TIME, f"the {which} timestamp is zero")
    if (backwards := difference(packet.receive, packet.transmit)) > 0:
        yield RejectedDatagram(
            Reason.BACKWARDS, f"answered {backwards / 2**32:.6f} s before the request came, says the server"
        )
    yield from _of_reference(packet)
    distance = _half(short_nanoseconds(packet.root_delay)) + short_nanoseconds(packet.root_dispersion)
    if distance > limits.root_distance:
        most = f"{limits.root_distance / _SECOND:g} s"
        milliseconds = -(-distance // 1_000_000)  # rounded up, so that it is not the limit itself
        yield RejectedDatagram(
            Reason.ROOT_DISTANCE, f"its root distance is {milliseconds / 1000:.3f} s, the most is {most}"
        )
    if packet.transmit == limits.before:
        yield RejectedDatagram(Reason.FROZEN, "its clock stands still: the same transmit timestamp as last time")


def _stratum_zero(packet: Packet) -> RejectedDatagram:
    """A kiss-o'-death has a code; a server that has no time yet has none and says so by its leap indicator."""
    code = packet.reference_code
    if code in NOT_YET and packet.leap == LEAP_UNKNOWN:
        told = f"the server says that it is not synchronised ({code}: {NOT_YET[code]})"
        return RejectedDatagram(Reason.UNSYNCHRONISED, told, kiss=code)
    if code:
        meaning = KISSES.get(code, "an unknown code")
        return RejectedDatagram(Reason.KISS, f"kiss-o'-death {code}: {meaning}", kiss=code)
    if packet.leap == LEAP_UNKNOWN:
        return RejectedDatagram(
            Reason.UNSYNCHRONISED, "the server says that it is not synchronised (stratum 0, leap 3)"
        )
    return RejectedDatagram(Reason.STRATUM, "stratum 0 without the code of a kiss-o'-death")


def _of_reference(packet: Packet) -> Iterator[RejectedDatagram]:
    """The reference timestamp; zero means that the server does not know (RFC 5905 section 6), which is no fault."""
    if packet.reference == 0 or packet.transmit == 0:
        return
    age = difference(packet.transmit, packet.reference) / 2**32
    if age < 0:
        yield RejectedDatagram(Reason.REFERENCE, f"its clock was last set {-age:.6f} s in its own future")
    if age > MAX_REFERENCE_AGE:
        yield RejectedDatagram(Reason.STALE, f"its clock was last set {age / 3600:.1f} h ago")


def measure(packet: Packet, departure: int, arrival: int) -> Sample | RejectedDatagram:
    """The sample of an answer to a request that left at *departure* (T1) and came at *arrival* (T4)."""
    there = nanoseconds(packet.receive, departure) - departure
    back = nanoseconds(packet.transmit, arrival) - arrival
    delay = there - back
    if delay < -_precision(packet):
        return RejectedDatagram(
            Reason.NEGATIVE_DELAY,
            f"the server claims to have held the packet longer than the round trip took: a delay of {delay} ns",
        )
    return Sample(
        offset=(there + back) // 2,
        delay=max(0, delay),
        root_delay=short_nanoseconds(packet.root_delay),
        root_dispersion=short_nanoseconds(packet.root_dispersion),
        stratum=packet.stratum,
        leap=packet.leap,
        reference=packet.reference_text,
        transmit=packet.transmit,
        precision=_precision(packet),
        time=arrival + back,
    )


def best(samples: Iterable[Sample]) -> Sample | None:
    """The sample with the shortest delay: the shorter a packet's delay, the smaller its error."""
    return min(samples, key=lambda sample: sample.delay, default=None)


def _precision(packet: Packet) -> int:
    """The precision of the server's clock, in nanoseconds; capped at a second."""
    exponent = min(max(packet.precision, _PRECISIONS.start), _PRECISIONS.stop - 1)
    return -(-_SECOND // (1 << -exponent))


def _half(nanoseconds: int) -> int:
    """Half, rounded up: a bound must not be too small."""
    return -(-nanoseconds // 2)
