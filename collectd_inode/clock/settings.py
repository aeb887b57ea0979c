"""The keys of a ``<Clock>`` block: only those of every block; the command line's ``--root`` is here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Clock>`` block, or a ``clock`` on the command line, as the operator wrote it."""

    root: str = "/"
    """The folder that holds /proc, /sys, /run and /var."""
