"""What an ``<NTP>`` job keeps between runs: its vote, who wants to be left alone, scores, when each clock last ticked.

The vote lies at the top, in seconds, for the ``<Clock>`` job to read: ``offset`` (None where no majority agreed),
``bound``, ``time``, ``sources`` (how many voted), ``falsetickers`` (names), ``max_offset``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_inode.ntp.manners import Hold, hold_from
from collectd_inode.ntp.published import Published, published_from
from collectd_inode.ntp.score import Score, score_from

_VOTE = ("offset", "bound", "time", "sources", "falsetickers", "max_offset")


@dataclass(slots=True)
class Kept:
    """A job's memory while a run writes into it."""

    vote: dict[str, Any] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    """IP address → how it wants to be left alone."""
    transmits: dict[str, int] = field(default_factory=dict)
    """IP address → the transmit timestamp of its last answer."""
    scores: dict[str, Score] = field(default_factory=dict)
    """Series → the score that a monitor here would give."""
    published: Published | None = None
    published_asked: float | None = None
    published_server: str = ""

    def content(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            **self.vote,
            "holds": {host: hold.kept() for host, hold in self.holds.items()},
            "transmits": self.transmits,
            "scores": {series: score.kept() for series, score in self.scores.items()},
            "published": {
                **(self.published.kept() if self.published is not None else {}),
                "asked": self.published_asked,
                "server": self.published_server,
            },
        }


def kept_from(content: Mapping[str, Any]) -> Kept:
    """What `Kept.content` gave, as far as it makes sense."""
    holds = {host: hold for host, kept in _mapping(content, "holds").items() if (hold := hold_from(kept)) is not None}
    transmits = {host: last for host, last in _mapping(content, "transmits").items() if isinstance(last, int)}
    published = _mapping(content, "published")
    return Kept(
        vote={key: content[key] for key in _VOTE if key in content},
        holds=holds,
        transmits=transmits,
        scores={series: score_from(kept) for series, kept in _mapping(content, "scores").items()},
        published=published_from(published),
        published_asked=published.get("asked"),
        published_server=str(published.get("server", "")),
    )


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}
