"""The state of an ``<NTP>`` job between runs: its vote, kiss-o'-death pauses, scores, when each clock last ticked.

The vote lies at the top, in seconds, for the ``<Clock>`` job to read: ``offset`` (None where no majority agreed),
``bound``, ``time``, ``sources`` (how many voted), ``falsetickers`` (names), ``max_offset``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_inode.codec import known, to_json
from collectd_inode.ntp.manners import Hold, hold_from
from collectd_inode.ntp.published import Published
from collectd_inode.ntp.score import Score

_VOTE = ("offset", "bound", "time", "sources", "falsetickers", "max_offset")


@dataclass(slots=True)
class JobMemory:
    """A job's memory while a run writes into it."""

    vote: dict[str, Any] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    """IP address → its kiss-o'-death hold."""
    transmits: dict[str, int] = field(default_factory=dict)
    """IP address → the transmit timestamp of its last answer."""
    scores: dict[str, Score] = field(default_factory=dict)
    """Series → the score that a monitor here would give."""
    reach: dict[str, str] = field(default_factory=dict)
    """Series → its last eight runs, the newest last: 1 where it gave a sample, 0 where it did not."""
    scored: float | None = None
    """The time of the scores' last check."""
    lost: dict[str, float] = field(default_factory=dict)
    """Series → the last check of a server whose score is so low that it is checked less often."""
    published: Published | None = None
    published_asked: float | None = None
    published_server: str = ""

    def content(self) -> dict[str, Any]:
        """The state as JSON can hold it."""
        return {
            **self.vote,
            "holds": {host: to_json(hold) for host, hold in self.holds.items()},
            "transmits": self.transmits,
            "scores": {series: to_json(score) for series, score in self.scores.items()},
            "reach": self.reach,
            "scored": self.scored,
            "lost": self.lost,
            "published": {
                **(to_json(self.published) if self.published is not None else {}),
                "asked": self.published_asked,
                "server": self.published_server,
            },
        }


def kept_from(content: Mapping[str, Any]) -> JobMemory:
    """The state in the content that `Kept.content` made, as far as it is valid."""
    holds = {host: hold for host, kept in _mapping(content, "holds").items() if (hold := hold_from(kept)) is not None}
    transmits = {host: last for host, last in _mapping(content, "transmits").items() if isinstance(last, int)}
    published = _mapping(content, "published")
    return JobMemory(
        vote={key: content[key] for key in _VOTE if key in content},
        holds=holds,
        transmits=transmits,
        scores={series: known(Score, kept) or Score() for series, kept in _mapping(content, "scores").items()},
        reach={series: runs for series, runs in _mapping(content, "reach").items() if _is_reach(runs)},
        scored=_number(content.get("scored")),
        lost={s: last for s, kept in _mapping(content, "lost").items() if (last := _number(kept)) is not None},
        published=known(Published, published),
        published_asked=published.get("asked"),
        published_server=str(published.get("server", "")),
    )


REACH = 8
"""Runs that count for a server's reach, as in NTP itself."""


def _is_reach(value: object) -> bool:
    return isinstance(value, str) and len(value) <= REACH and set(value) <= {"0", "1"}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}
