"""The judgement of the NTP Pool's monitoring agent: less strict than ours, and on one datagram per query.  Pure.

The agent (ntppool/monitor, ``client/monitor/monitor.go``) asks three times, each time from a new socket, and reads the
first datagram that comes (beevik/ntp).  It looks at mode, origin, and the transmit timestamp; not at version, leap
indicator, reference time or root distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectd_inode.ntp.packet import is_whole, nanoseconds, parse
from collectd_inode.ntp.score import NO_RESPONSE, Check, checked

SAMPLES = 3
"""Queries of one check."""

PACE = 540.0
"""Seconds between two checks of one server."""

LOST_SCORE, LOST_PACE = -90.0, 7200.0
"""A server at this score or below, and the seconds between two of its checks (``query.sql``, GetServers)."""

PATIENCE = 3_000_000_000
"""Nanoseconds that it waits for an answer."""

OWN_LIMIT = 0.01
"""Seconds: an agent whose own clock is further off judges nobody (``client/localok``)."""

_SERVER = 4


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of one query, and how long it took (nanoseconds)."""

    check: Check
    round_trip: int = 0


NOTHING = QueryResult(NO_RESPONSE)


def seen(data: bytes, cookie: int | None, departure: int, arrival: int) -> QueryResult:
    """The agent's judgement of the first datagram after a query; the instants are nanoseconds since the epoch."""
    if not is_whole(data) or arrival - departure > PATIENCE:
        return NOTHING
    packet = parse(data)
    strange = packet.mode != _SERVER or packet.transmit == 0 or packet.origin != cookie
    if strange or packet.receive > packet.transmit:
        return NOTHING
    there = nanoseconds(packet.receive, departure) - departure
    back = nanoseconds(packet.transmit, arrival) - arrival
    kiss = packet.reference_code if packet.stratum == 0 else ""
    return QueryResult(checked(packet.stratum, (there + back) / 2e9, kiss), max(0, there - back))


def concluded(sightings: Sequence[QueryResult]) -> Check:
    """The check of several queries: the server's statement against itself, else the fastest answer, else none."""
    against = next((one.check for one in sightings if one.check.error), None)
    if against is not None:
        return against
    answers = [one for one in sightings if one.check.answered]
    return min(answers, key=lambda one: one.round_trip, default=NOTHING).check


def is_due(last: float | None, now: float, interval: float, pace: float = PACE) -> bool:
    """Whether a check is due: in the run, one every *interval*, that is nearest to *pace* seconds after the *last*."""
    return last is None or not 0 <= now - last < pace - interval / 2


def is_left_alone(score: float, last: float | None, now: float) -> bool:
    """Whether a server is passed over in a round of checks, since its *score* is so low."""
    return score <= LOST_SCORE and not is_due(last, now, PACE, LOST_PACE)
