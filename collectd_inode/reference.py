"""The rows of the reference's tables: a series that is sent, and a warning.

A kind's own are in its folder (``reference.py``); those of every kind are where they are sent (``report/values.py``).
``sh scripts/keys`` writes them into docs/reference/identities.rst and warnings.rst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series: its type and type instance, its unit, its meaning, and when it is sent.

    Capitals in a type instance stand for a name: ``STEP``, ``SERVER``, ``HOST``.
    """

    type: str
    instance: str
    unit: str
    meaning: str
    sent: str

    @property
    def name(self) -> str:
        """Type and type instance, as a file is called: ``latency-total``."""
        return f"{self.type}-{self.instance}"


@dataclass(frozen=True, slots=True)
class WarningRow:
    """A warning: its code, when it is sent, and what to do about it."""

    code: str
    when: str
    help: str


@dataclass(frozen=True, slots=True)
class KindReference:
    """The series that a kind sends beside those of every kind, by their tables' names; and its warnings."""

    series: Mapping[str, tuple[SeriesRow, ...]]
    warnings: tuple[WarningRow, ...]


def readings_of(rows: Iterable[SeriesRow]) -> tuple[tuple[str, str], ...]:
    """The types and type instances of *rows*."""
    return tuple((row.type, row.instance) for row in rows)
