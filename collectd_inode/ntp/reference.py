"""The series and the warnings that an NTP job sends."""

from __future__ import annotations

from collectd_inode.ntp.kind import NTP
from collectd_inode.reference import KindReference, SeriesRow, WarningRow

_GOOD, _AGREED = "when the server gave a good answer", "when a majority of servers agrees"
SERVER = "SERVER"

SERIES = (
    SeriesRow("time_offset", SERVER, "seconds", "how far this clock is behind the server", _GOOD),
    SeriesRow("delay", SERVER, "seconds", "the round trip to the server", _GOOD),
    SeriesRow("time_dispersion", SERVER, "seconds", "the largest error of the offset", _GOOD),
    SeriesRow("root_delay", SERVER, "seconds", "the round trip from the server to its reference clock", _GOOD),
    SeriesRow("root_dispersion", SERVER, "seconds", "the error that the server states", _GOOD),
    SeriesRow("clock_stratum", SERVER, "number", "the server's stratum", _GOOD),
    SeriesRow("gauge", "leap-SERVER", "0 to 3", "the leap indicator; 3: not synchronised", "when the server answered"),
    SeriesRow("gauge", "reach-SERVER", "0 to 8", "good answers in the last eight runs", "once the server was queried"),
    SeriesRow(
        "gauge", "pool_score-SERVER", "points", "the score that a monitor here would give",
        "with ``PoolScore``, once the server was queried",
    ),
    SeriesRow(
        "gauge", "pool_step-SERVER", "points", "what the last check added to the score",
        "with ``PoolScore``, once the server was queried",
    ),
    SeriesRow(
        "gauge", "published_score-ADDRESS", "points", "the score that the pool publishes",
        "with ``PoolServer``, once the score was read",
    ),
    SeriesRow("gauge", "margin-NAME", "seconds", "what is left of ``Margin``; negative: nothing", _AGREED),
    SeriesRow("time_offset", "consensus", "seconds", "the offset that a majority agrees on", _AGREED),
    SeriesRow("count", "rejected", "packets", "datagrams that were rejected", "every run"),
)  # fmt: skip

WARNINGS = (
    WarningRow(
        "source",
        "a server, or one of its addresses, has no vote; the message gives the reason",
        "replace the server if it stays so",
    ),
    WarningRow("falseticker", "a server is wrong: the majority contradicts it", "remove the server, or tell its owner"),
    WarningRow("leap", "all servers announce a leap second", "nothing, if the IERS announced it"),
    WarningRow(
        "leap_dissent",
        "some servers announce a leap second, and others do not",
        "compare with the IERS' bulletin C; remove the servers that are wrong; use servers that smear alone",
    ),
    WarningRow(
        "addresses",
        "the addresses of one server give different times; the message lists them",
        "tell the server's owner, or configure one address",
    ),
    WarningRow(
        "unscored",
        "the scores stand still: this clock is more than 10 ms off or was set during the run, or no server answers",
        "correct this clock, or this machine's network",
    ),
    WarningRow(
        "margin",
        "the clock is off by more than a ``Margin``, and by less than ``MaxOffset``",
        "correct the clock before what the ``Margin`` is for rejects it",
    ),
    WarningRow(
        "rejected",
        "datagrams arrived that answer no query",
        "look for a forger or a broken server; the vote ignores them",
    ),
    WarningRow("published", "the published score cannot be read", "open ``PoolURL`` in a browser; the job goes on"),
    WarningRow("published_stale", "the published score is more than an hour old", "nothing: the pool's page is late"),
)

REFERENCE = KindReference({NTP.plugin: SERIES}, WARNINGS)
