"""The panels of NTP servers."""

from __future__ import annotations

from collections.abc import Iterator

from collectd_inode.ntp.probe import NTPProbe
from collectd_inode.panels import (
    ANY,
    BOUND,
    Dots,
    Mark,
    Panel,
    PanelLine,
    PanelSubject,
    Shape,
    Unit,
    gauges,
    verdict,
)

PICTURES = ("offset", "score", "success", "margins")
CONSENSUS = "consensus"
POOL_LEAST, POOL_MOST, POOL_JOINS = -100.0, 20.0, 10.0
"""The NTP Pool's scores, and the one from which a server is in its DNS."""
_GOOD, _FAIR = 0.025, 0.1
"""Seconds: up to the first an answer gains the full step, from the second it costs more than it brings."""


def panels(subject: PanelSubject) -> tuple[Panel, ...]:
    """Its state, the servers' answers, and the scores."""
    delays = tuple(PanelLine(subject, "delay", server, name) for server, name in _servers(subject).items())
    return (
        verdict(subject),
        _offset(subject),
        Panel("Round trip", delays or (PanelLine(subject, "delay", ANY),), width=8, height=9, name="delay"),
        *_score(subject),
        *_margins(subject),
    )


def _servers(subject: PanelSubject) -> dict[str, str]:
    """Series and name of each server, in the configuration's order if that is known."""
    sent = [server for server in subject.sent("time_offset") if server != CONSENSUS]
    known = {server: name for server, name in subject.names.items() if server in sent}
    return known or {server: server for server in sent}


def _max_offset(subject: PanelSubject) -> float | None:
    return subject.probe.settings.max_offset if isinstance(subject.probe, NTPProbe) else None


def _offset(subject: PanelSubject) -> Panel:
    servers = _servers(subject)
    offsets = [PanelLine(subject, "time_offset", server, name) for server, name in servers.items()]
    bounds = [
        PanelLine(subject, "time_offset", server, name, shape)
        for server, name in servers.items()
        for shape in (Shape.UPPER, Shape.LOWER)
    ]
    consensus = PanelLine(subject, "time_offset", CONSENSUS, CONSENSUS, main=True)
    unknown = (PanelLine(subject, "time_offset", ANY), PanelLine(subject, BOUND, ANY, "± "))
    most = _max_offset(subject)
    return Panel(
        "Offset and bound",
        unknown if subject.readings is None else (consensus, *offsets, *bounds),
        width=16,
        height=9,
        description="Seconds that this clock is behind each server, and how wrong that can be.",
        name="offset",
        caption="offset",
        failures=True,
        close=True,
        marks=() if most is None else (Mark(f"MaxOffset: {most * 1000:g} either way", most), Mark("", -most)),
    )


def _score(subject: PanelSubject) -> Iterator[Panel]:
    """As the NTP Pool draws it: the score's line, and each answer's offset as a dot."""
    lines = gauges(subject, {"pool_score-": ", score predicted here", "published_score-": ", score published"})
    if lines:
        yield Panel(
            "Score in the NTP Pool",
            lines,
            unit=Unit.SCORE,
            width=12,
            limits=(("red", None), ("green", POOL_JOINS)),
            description="As a monitor here would give it, and as the pool published it.  Below 10 it is left out.",
            name="score",
            caption="score history",
            span=(POOL_LEAST, POOL_MOST + 5),
            marks=(Mark(f"in the pool from {POOL_JOINS:g}", POOL_JOINS, good=True),),
            dots=Dots(
                "offset",
                tuple(PanelLine(subject, "time_offset", server) for server in _servers(subject)),
                good=_GOOD,
                fair=_FAIR,
                most=_max_offset(subject) or 0.0,
                middle=-40.0,
                reach=60.0,
            ),
        )


def _margins(subject: PanelSubject) -> Iterator[Panel]:
    if lines := gauges(subject, {"margin-": ""}):
        yield Panel(
            "Seconds until a consumer refuses this clock",
            lines,
            unit=Unit.SECONDS_LEFT,
            width=12,
            limits=(("red", None), ("green", 0.0)),
            name="margins",
            caption="margins",
            close=True,
        )
