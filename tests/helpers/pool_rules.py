"""The NTP Pool's rules for a server's score: what it answers, and the step and cap that the pool's own code gives.

Read in ntppool/monitor at c06769b (2026-04-28): ``client/monitor/monitor.go`` (queries, the best of three),
``scorer/statusscore/statusscore.go`` (steps), and beevik/ntp 1.5.0, ``ntp.go`` (what is a response).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectd_inode.ntp.packet import timestamp
from tests.helpers.ntp_peer import SECOND, answer

COOKIE = 0x0123456789ABCDEF
LEFT = 1_780_000_000 * SECOND
"""When each query was sent, in nanoseconds since the epoch of Unix."""
_TOOK = SECOND // 50


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """The first datagrams of a check's queries, and the pool's verdict with the place of its rule."""

    name: str
    step: float
    datagrams: Sequence[bytes]
    rule: str
    cap: float | None = None
    took: int = _TOOK

    @property
    def instants(self) -> tuple[int, int]:
        """When each query was sent, and when the answer came."""
        return LEFT, LEFT + self.took


def _said(ahead: float = 0.0, **changes: object) -> bytes:
    middle = timestamp(LEFT + _TOOK // 2 + round(ahead * SECOND))
    fields = {"origin": COOKIE, "receive": middle, "transmit": middle, "now": LEFT} | changes
    return answer(**fields)  # type: ignore[arg-type]


def _one(
    name: str, step: float, rule: str, cap: float | None = None, ahead: float = 0.0, **changes: object
) -> PoolAnswer:
    return PoolAnswer(name, step, [_said(ahead, **changes)] * 3, rule, cap)


_SCORE, _AGENT, _NTP = "statusscore.go", "monitor.go", "ntp.go"
_ZERO = {"stratum": 0}

ANSWERS: Sequence[PoolAnswer] = (
    _one("right", 1, f"{_SCORE}: to 25 ms"),
    _one("25 ms ahead", 1, f"{_SCORE}: to 25 ms", ahead=0.025),
    _one("50 ms behind", 0.834, f"{_SCORE}: to 100 ms", ahead=-0.05),
    _one("100 ms ahead", 0.5, f"{_SCORE}: to 100 ms", ahead=0.1),
    _one("200 ms ahead", 0.269, f"{_SCORE}: to 750 ms", ahead=0.2),
    _one("750 ms behind", -1.0, f"{_SCORE}: to 750 ms", ahead=-0.75),
    _one("800 ms ahead", -2, f"{_SCORE}: above 750 ms", ahead=0.8),
    _one("3 s ahead", -2, f"{_SCORE}: above 750 ms", ahead=3.0),
    _one("3.1 s ahead", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=3.1),
    _one("20 minutes behind", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=-1200),
    _one("stratum 7", 1, f"{_SCORE}: to 25 ms", stratum=7),
    _one("stratum 8", -4, f"{_SCORE}: stratum from 8", stratum=8),
    _one("stratum 8, 3.1 s ahead", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=3.1, stratum=8),
    _one("stratum 11", -4, f"{_AGENT}: bad stratum", stratum=11),
    _one("stratum 11, 3.1 s ahead", -4, f"{_AGENT}: bad stratum", ahead=3.1, stratum=11),
    _one("stratum 16", -4, f"{_AGENT}: bad stratum", stratum=16),
    _one("stratum 0, RATE", -3.5, f"{_SCORE}: RATE", reference_id=b"RATE", **_ZERO),
    _one("stratum 0, DENY", -10, f"{_SCORE}: DENY", cap=-50, reference_id=b"DENY", **_ZERO),
    _one("stratum 0, RSTR", -10, f"{_SCORE}: RSTR", cap=-50, reference_id=b"RSTR", **_ZERO),
    _one("stratum 0, INIT", -4, f"{_SCORE}: any other error", reference_id=b"INIT", **_ZERO),
    _one("stratum 0, no code", -4, f"{_AGENT}: bad stratum", reference_id=0, **_ZERO),
    _one("stratum 2, whose reference reads DENY", 1, f"{_SCORE}: to 25 ms", reference_id=b"DENY"),
    _one("stratum 0, RATE, transmit zero", -5, f"{_NTP}: transmit", reference_id=b"RATE", transmit=0, **_ZERO),
    _one("stratum 0, DENY, transmit zero", -5, f"{_NTP}: transmit", reference_id=b"DENY", transmit=0, **_ZERO),
    _one("stratum 0, DENY, wrong origin", -5, f"{_NTP}: origin", reference_id=b"DENY", origin=1, **_ZERO),
    _one("leap 3", 1, f"{_SCORE}: to 25 ms", leap=3),
    _one("root dispersion of 20 s", 1, f"{_SCORE}: to 25 ms", root_dispersion=20.0),
    _one("set in its own future", 1, f"{_SCORE}: to 25 ms", reference=timestamp(LEFT + 60 * SECOND)),
    _one("not set for three days", 1, f"{_SCORE}: to 25 ms", reference=timestamp(LEFT - 3 * 86400 * SECOND)),
    _one("version 1", 1, f"{_SCORE}: to 25 ms", version=1),
    _one("version 2", 1, f"{_SCORE}: to 25 ms", version=2),
    _one("mode 3, the request reflected", -5, f"{_NTP}: mode", mode=3),
    _one("mode 5", -5, f"{_NTP}: mode", mode=5),
    _one("wrong origin", -5, f"{_NTP}: origin", origin=1),
    _one("origin zero", -5, f"{_NTP}: origin", origin=0),
    _one("transmit zero", -5, f"{_NTP}: transmit", transmit=0),
    _one("receive zero", -4, f"{_SCORE}: above 3 s", cap=-20, receive=0),
    _one("sent before it came", -5, f"{_NTP}: backwards", receive=timestamp(LEFT + SECOND)),
    _one("negative delay", 1, f"{_SCORE}: to 25 ms", receive=timestamp(LEFT - SECOND // 10),
         transmit=timestamp(LEFT + _TOOK + SECOND // 10)),
    PoolAnswer("47 bytes", -5, [_said()[:47]] * 3, f"{_NTP}: header"),
    PoolAnswer("three bytes behind 48", 1, [_said() + b"xyz"] * 3, f"{_SCORE}: to 25 ms"),
    PoolAnswer("silent", -5, [], f"{_SCORE}: no response"),
    PoolAnswer("one answer of three", 1, [_said()], f"{_AGENT}: the best of three"),
    PoolAnswer("wrong origin, then twice right", 1, [_said(origin=1), _said(), _said()], f"{_AGENT}: the best"),
    PoolAnswer("right, then RATE", -3.5, [_said(), _said(stratum=0, reference_id=b"RATE")], f"{_AGENT}: explicit"),
    PoolAnswer("right, then stratum 16", -4, [_said(), _said(stratum=16)], f"{_AGENT}: explicit"),
    _one("25.1 ms ahead", 1, f"{_SCORE}: to 100 ms", ahead=0.0251),
    _one("99 ms ahead", 0.507, f"{_SCORE}: to 100 ms", ahead=0.099),
    _one("101 ms ahead", 0.498, f"{_SCORE}: to 750 ms", ahead=0.101),
    _one("317 ms ahead", -0.001, f"{_SCORE}: to 750 ms", ahead=0.317),
    _one("751 ms behind", -2, f"{_SCORE}: above 750 ms", ahead=-0.751),
    _one("3.000001 s behind", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=-3.000001),
    _one("stratum 10", -4, f"{_SCORE}: stratum from 8", stratum=10),
    _one("stratum 10, 3.1 s behind", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=-3.1, stratum=10),
    _one("stratum 15, whose reference reads RATE", -4, f"{_AGENT}: bad stratum", reference_id=b"RATE", stratum=15),
    _one("stratum 16, whose reference reads DENY", -4, f"{_AGENT}: bad stratum", reference_id=b"DENY", stratum=16),
    _one("stratum 255", -4, f"{_AGENT}: bad stratum", stratum=255),
    _one("stratum 0, deny", -4, f"{_SCORE}: any other error", reference_id=b"deny", **_ZERO),
    _one("stratum 0, RAT and a zero", -4, f"{_AGENT}: bad stratum", reference_id=b"RAT", **_ZERO),
    _one("stratum 0, XFOO", -4, f"{_SCORE}: any other error", reference_id=b"XFOO", **_ZERO),
    _one("stratum 0, control characters", -4, f"{_AGENT}: bad stratum", reference_id=b"\x1b[2J", **_ZERO),
    _one("stratum 0, RATE, leap 3", -3.5, f"{_SCORE}: RATE", reference_id=b"RATE", leap=3, **_ZERO),
    _one("stratum 0, DENY, 5 s ahead", -10, f"{_SCORE}: DENY", cap=-50, ahead=5, reference_id=b"DENY", **_ZERO),
    _one("stratum 0, RATE, mode 3", -5, f"{_NTP}: mode", reference_id=b"RATE", mode=3, **_ZERO),
    _one("stratum 0, DENY, sent before it came", -5, f"{_NTP}: backwards", reference_id=b"DENY",
         receive=timestamp(LEFT + SECOND), **_ZERO),
    _one("version 5", 1, f"{_SCORE}: to 25 ms", version=5),
    _one("version 0", 1, f"{_SCORE}: to 25 ms", version=0),
    _one("mode 6, control", -5, f"{_NTP}: mode", mode=6),
    _one("mode 7, private", -5, f"{_NTP}: mode", mode=7),
    _one("mode 2, symmetric", -5, f"{_NTP}: mode", mode=2),
    _one("leap 1 in any month", 1, f"{_SCORE}: to 25 ms", leap=1),
    _one("precision of a whole second", 1, f"{_SCORE}: to 25 ms", precision=0),
    _one("root delay of 18 hours", 1, f"{_SCORE}: to 25 ms", root_delay=65535.0),
    _one("in 2037, in the next era", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=332_000_000.0),
    _one("in 1970", -4, f"{_SCORE}: above 3 s", cap=-20, ahead=-LEFT / SECOND),
    _one("came before the turn of the era, sent after it", -5, f"{_NTP}: backwards", receive=2**64 - 2, transmit=2),
    _one("received and sent at one, the first instant", -4, f"{_SCORE}: above 3 s", cap=-20, receive=1, transmit=1),
    PoolAnswer("no bytes", -5, [b""] * 3, f"{_NTP}: header"),
    PoolAnswer("a crypto-NAK behind 48", 1, [_said() + bytes(4)] * 3, f"{_SCORE}: to 25 ms"),
    PoolAnswer("9000 bytes", 1, [_said() + bytes(8952)] * 3, f"{_SCORE}: to 25 ms"),
    PoolAnswer("48 bytes of ones", -5, [b"\xff" * 48] * 3, f"{_NTP}: mode"),
    PoolAnswer("RATE, then right", -3.5, [_said(stratum=0, reference_id=b"RATE"), _said()], f"{_AGENT}: explicit"),
    PoolAnswer("right, right, then DENY", -10, [_said(), _said(), _said(stratum=0, reference_id=b"DENY")],
               f"{_AGENT}: explicit", cap=-50),
    PoolAnswer("stratum 11, then DENY", -4, [_said(stratum=11), _said(stratum=0, reference_id=b"DENY")],
               f"{_AGENT}: explicit"),
    PoolAnswer("DENY of a wrong origin, then right", 1,
               [_said(stratum=0, reference_id=b"DENY", origin=1), _said(), _said()], f"{_AGENT}: the best"),
    PoolAnswer("4 s ahead, once; right twice, both slower", -4,
               [_said(4, receive=timestamp(LEFT + 4 * SECOND), transmit=timestamp(LEFT + 4 * SECOND + _TOOK)),
                _said(), _said()], f"{_AGENT}: the fastest", cap=-20),
    PoolAnswer("2.9 s on its way back", -2, [_said()], f"{_SCORE}: above 750 ms", took=29 * SECOND // 10),
    PoolAnswer("3.1 s on its way", -5, [_said()] * 3, f"{_AGENT}: 3 s a query", took=31 * SECOND // 10),
)  # fmt: skip
"""Each with the pool's verdict."""
