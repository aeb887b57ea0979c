"""What an ``<NTP>`` block may say; the command line's options fill in the same settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.keys import Expected, Key, Values, boolean, ip_address, number, pair, port, text, web_address, whole

INTERVAL = 64.0
"""Seconds, NTP's usual shortest poll: the block's Interval, unless the Module's is longer or the block names one."""

MAX_OFFSET = 0.1
MAX_ROOT_DISTANCE = 1.5
"""Seconds; ntpd's ``tos maxdist``."""


def _margin_name(values: Values) -> str:
    value = text(values)
    if not any(c.isalnum() for c in value):
        raise Expected("a name with a letter or digit in it")
    return value


NTP_KEYS = (
    Key("Server", text, repeatable=True),
    Key("Port", port),
    Key("MaxOffset", number("a number of seconds above 0, such as 0.1", above=0)),
    Key("MaxRootDistance", number("a number of seconds above 0, such as 1.5", above=0)),
    Key("Samples", whole("a whole number of at least 1", least=1)),
    Key("PoolScore", boolean),
    Key("PoolServer", ip_address),
    Key("PoolURL", web_address),
    Key(
        "Margin",
        pair(
            "a consumer's name", "the seconds it allows", _margin_name, number("a number of seconds above 0", above=0)
        ),
        repeatable=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """An ``<NTP>`` block, or an ``ntp`` on the command line, as told by the operator; offsets in seconds."""

    servers: tuple[str, ...]
    port: int = 123
    max_offset: float = MAX_OFFSET
    max_root_distance: float = MAX_ROOT_DISTANCE
    samples: int = 1
    pool_score: bool = False
    pool_server: str | None = None
    pool_url: str = "https://www.pool.ntp.org"
    margins: tuple[tuple[str, float], ...] = ()


_FIELDS = {
    "Server": "servers",
    "Port": "port",
    "MaxOffset": "max_offset",
    "MaxRootDistance": "max_root_distance",
    "Samples": "samples",
    "PoolScore": "pool_score",
    "PoolServer": "pool_server",
    "PoolURL": "pool_url",
    "Margin": "margins",
}


def settings(values: Mapping[str, Any]) -> Settings:
    """The settings of a block whose values were read by `NTP_KEYS`."""
    named: dict[str, Any] = {"servers": ()}
    for key, field in _FIELDS.items():
        if key in values:
            value = values[key]
            named[field] = tuple(value) if isinstance(value, list) else value
    return Settings(**named)
