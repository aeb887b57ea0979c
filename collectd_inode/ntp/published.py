"""The score that the pool publishes for a server: reads its JSON, and decides when to fetch it again.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from collectd_inode.codec import known

REST = 300.0
"""Seconds between two looks: the answers are cached for almost as long."""

STALE = 3600.0
"""Seconds after which a score is stale: the active monitors look every nine minutes."""

_MEDIAN = "recentmedian"


class UnreadableScore(ValueError):
    """The answer is not the JSON of a server's score; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published score: the score, its last step and when that was (epoch seconds)."""

    score: float
    step: float
    time: float

    def is_stale(self, now: float) -> bool:
        """Whether it is stale."""
        return now - self.time > STALE


def address(base: str, server: str) -> str:
    """The URL of the score of *server* (an IP address): of the median, the newest entry."""
    return f"{base.rstrip('/')}/scores/{quote(server, safe=':.')}/json?limit=1"


def parse(text: str) -> Published:
    """The newest entry of the median's history; raises Unreadable."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableScore(f"not JSON: {text[:40]!r}") from None
    history = answer.get("history") if isinstance(answer, dict) else None
    if not isinstance(history, list):
        raise UnreadableScore('no "history" in it')
    found = [p for entry in _of_median(answer, history) if (p := _entry(entry)) is not None]
    if not found:
        raise UnreadableScore("no score in its history: does the pool know this server?")
    return max(found, key=lambda published: published.time)


def _entry(entry: object) -> Published | None:
    """The score in an entry; None if it is not whole."""
    return known(Published, {**entry, "time": entry.get("ts")}) if isinstance(entry, Mapping) else None


def _of_median(answer: Mapping[str, Any], history: list[Any]) -> list[Any]:
    """The entries of the median alone, where single monitors' are among them."""
    monitors = answer.get("monitors")
    rows = [m for m in monitors if isinstance(m, Mapping)] if isinstance(monitors, list) else []
    medians = [m.get("id") for m in rows if _MEDIAN in (m.get("name"), m.get("type"))]
    ours = [entry for entry in history if isinstance(entry, Mapping) and entry.get("monitor_id") in medians]
    return ours or history


def is_due(asked: object, now: float) -> bool:
    """Whether the score may be fetched again; a last time in the future means that this clock was set back."""
    return not isinstance(asked, int | float) or not 0 <= now - asked < REST
