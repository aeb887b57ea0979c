"""What a ``<Clock>`` block may say: nothing beside what every block may; the command line's ``--root`` comes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.keys import Key

CLOCK_KEYS: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Clock>`` block, or a ``clock`` on the command line, as told by the operator."""

    root: str = "/"
    """Where /proc, /sys, /run and /var are looked for."""


def settings(values: Mapping[str, Any]) -> Settings:
    """The settings of a block whose values were read by `CLOCK_KEYS`."""
    return Settings()
