"""What one or more time servers say, and the offset that is right: None where no time may be taken from it."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from collectd_inode.ntp.packet import timestamp
from tests.helpers.ntp_peer import GOOD, SECOND, Behaviour, answer, saying, silent

_TWENTY_MINUTES = 1200.0
_TO_2037 = 332_000_000.0
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Situation:
    """Scripted servers, or a real chronyd with these directives whose clock is *ahead*."""

    name: str
    offset: float | None
    servers: Sequence[Behaviour] = ()
    chronyd: Sequence[str] | None = None
    ahead: float | None = None


def _later(seconds: float) -> int:
    return timestamp(time.time_ns() + round(seconds * SECOND))


def _one(name: str, offset: float | None, **says: object) -> Situation:
    return Situation(name, offset, [saying(**says)])


def _set(seconds: float) -> Behaviour:
    """A server whose clock was last set so many seconds from now."""
    return lambda request: answer(request, reference=_later(seconds))


def _thrice(request: bytes) -> Sequence[bytes]:
    return [answer(request)] * 3


def _forged_first(request: bytes) -> Sequence[bytes]:
    return [answer(request, ahead=_TWENTY_MINUTES, origin=1), answer(request)]


def _reflected(request: bytes) -> bytes:
    return request


def _backwards(request: bytes) -> bytes:
    return answer(request, receive=_later(0.5))


def _followed_by(tail: bytes) -> Behaviour:
    return lambda request: answer(request) + tail


def _extension(said: int) -> bytes:
    """28 octets of an experiment (RFC 7822) that say to be so many."""
    return struct.pack("!HH", 0xF5FF, said) + bytes(24)


_WRONG = saying(ahead=_TWENTY_MINUTES)

SITUATIONS: Sequence[Situation] = (
    Situation("chronyd on the same clock", 0.0, chronyd=["local stratum 5"]),
    Situation("chronyd, 20 minutes ahead", _TWENTY_MINUTES, chronyd=["local stratum 5"], ahead=_TWENTY_MINUTES),
    Situation("chronyd, 20 minutes behind", -_TWENTY_MINUTES, chronyd=["local stratum 5"], ahead=-_TWENTY_MINUTES),
    Situation("chronyd without a source", None, chronyd=[]),
    _one("a right server", 0.0),
    _one("0.2 s ahead", 0.2, ahead=0.2),
    _one("in 2037, in the next era", _TO_2037, ahead=_TO_2037),
    _one("kiss-o'-death RATE", None, stratum=0, reference_id=b"RATE"),
    _one("kiss-o'-death DENY, leap 3", None, stratum=0, reference_id=b"DENY", leap=3),
    _one("kiss-o'-death with a wrong origin", None, stratum=0, reference_id=b"DENY", origin=1),
    _one("fresh server: stratum 0, INIT, leap 3", None, stratum=0, reference_id=b"INIT", leap=3),
    _one("stratum 0 and nothing else", None, stratum=0, reference_id=0),
    _one("stratum 15", 0.0, stratum=15),
    _one("stratum 16", None, stratum=16),
    _one("stratum 1, of the reference PPS0", 0.0, stratum=1, reference_id=b"PPS0"),
    _one("leap 3", None, leap=3),
    _one("announces a leap second", 0.0, leap=1),
    Situation("reflects the request", None, [_reflected]),
    _one("mode 5, broadcast", None, mode=5),
    _one("mode 2, symmetric passive", None, mode=2),
    _one("version 7", None, version=7),
    _one("version 3", 0.0, version=3),
    _one("origin of an interleaved exchange", None, origin=timestamp(time.time_ns())),
    _one("origin zero", None, origin=0),
    _one("transmit timestamp zero", None, transmit=0),
    _one("receive timestamp zero", None, receive=0),
    Situation("received half a second after it was sent", None, [_backwards]),
    _one("root dispersion of 20 s", None, root_dispersion=20.0),
    _one("root dispersion of 2 s", None, root_dispersion=2.0),
    _one("root delay of 40 s", None, root_delay=40.0),
    Situation("set 0.5 s in its own future", None, [_set(0.5)]),
    Situation("not set for three days", None, [_set(-3 * _DAY)]),
    Situation("47 bytes", None, [lambda request: answer(request)[:47]]),
    Situation("no bytes", None, [lambda request: b""]),
    Situation("three bytes behind a good answer", None, [lambda request: answer(request) + b"xyz"]),
    Situation("a crypto-NAK behind a good answer", None, [lambda request: answer(request) + bytes(4)]),
    Situation("48 bytes of ones", None, [lambda request: b"\xff" * 48]),
    Situation("a forged answer first", 0.0, [_forged_first]),
    Situation("three answers", 0.0, [_thrice]),
    _one("3 s ahead", 3.0, ahead=3.0),
    _one("kiss-o'-death RSTR", None, stratum=0, reference_id=b"RSTR"),
    _one("kiss-o'-death of an unknown code", None, stratum=0, reference_id=b"XFOO"),
    _one("stratum 0, a code of control characters", None, stratum=0, reference_id=b"\x1b[2J"),
    _one("stratum 255", None, stratum=255),
    _one("root dispersion of 1.4 s", 0.0, root_dispersion=1.4),
    _one("root delay of 2.9 s", 0.0, root_delay=2.9),
    _one("announces a second less", 0.0, leap=2),
    _one("version 5", None, version=5),
    _one("version 0", None, version=0),
    _one("mode 6, control", None, mode=6),
    _one("mode 7, private", None, mode=7),
    _one("precision of a whole second", 0.0, precision=0),
    Situation("an extension field behind a good answer", 0.0, [_followed_by(_extension(28))]),
    Situation("an extension field that says to be longer", None, [_followed_by(_extension(1000))]),
    Situation("an extension field of no length", None, [_followed_by(_extension(0))]),
    Situation("9000 bytes, all zero behind the header", None, [_followed_by(bytes(8952))]),
    Situation("silent", None, [silent]),
    Situation("three right ones", 0.0, [GOOD] * 3),
    Situation("one wrong of three", 0.0, [GOOD, _WRONG, GOOD]),
    Situation("two wrong of five, alike", 0.0, [_WRONG, GOOD, GOOD, _WRONG, GOOD]),
    Situation("three that are ahead: this clock is wrong", _TWENTY_MINUTES, [_WRONG] * 3),
    Situation("two that disagree", None, [GOOD, _WRONG]),
    Situation("three that all disagree", None, [GOOD, _WRONG, saying(ahead=-60)]),
    Situation("two against two", None, [GOOD, _WRONG, GOOD, _WRONG]),
    Situation("a silent one of three", 0.0, [GOOD, silent, GOOD]),
    Situation("a wrong one of three calls itself unsynchronised", 0.0, [GOOD, saying(ahead=60, leap=3), GOOD]),
    Situation("one of three denies", 0.0, [GOOD, saying(stratum=0, reference_id=b"DENY"), GOOD]),
    Situation("one of three announces a leap second", 0.0, [GOOD, saying(leap=1), GOOD]),
    Situation("two of five smear a leap second", 0.0, [GOOD, saying(ahead=0.3), GOOD, saying(ahead=0.3), GOOD]),
    Situation("one of three is in the next era", 0.0, [GOOD, saying(ahead=_TO_2037), GOOD]),
    Situation("one of three knows whole seconds", 0.0, [GOOD, saying(ahead=0.02, precision=0), GOOD]),
    Situation("a wrong one with a bound as wide as its error", 0.0, [GOOD, saying(ahead=1, root_dispersion=1.2), GOOD]),
)
"""Each with the offset that is right; the limit of the root distance is ntpd's, 1.5 s."""
