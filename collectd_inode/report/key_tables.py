"""The tables of keys, in reStructuredText, from the keys' rows.

``sh scripts/keys`` writes them into docs/reference/keys.rst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from collectd_inode.keys import COMMON_KEYS, ENGINES, MODULE_KEYS, Key
from collectd_inode.kinds import KINDS
from collectd_inode.report import page_tables

_HEAD = ("As written", "Default", "Meaning")


def tables() -> Mapping[str, str]:
    """The name of each table (``Module``, ``all blocks`` or a kind's block) → the table."""
    own = {kind.block: kind.keys for kind in KINDS if kind.keys}
    return {of: table(keys) for of, keys in {"Module": MODULE_KEYS, "all blocks": COMMON_KEYS, **own}.items()}


def table(keys: Iterable[Key]) -> str:
    """The table of *keys*, in their order."""
    rows = [(f"``{key.name} {key.example}``", default(key), meaning(key)) for key in keys]
    return page_tables.table(_HEAD, rows)


def meaning(key: Key) -> str:
    """The meaning of a key, in reStructuredText; whether it is repeatable, and for which engines it is."""
    only = "" if key.engines == ENGINES else f"  ``Engine`` {', '.join(key.engines)} only."
    return (f"{key.meaning.removesuffix('.')}; repeatable." if key.repeatable else key.meaning) + only


def default(key: Key) -> str:
    """The default of a key, as a literal; empty where there is none."""
    shown = _shown(key.default) if key.shown is None else key.shown
    return f"``{shown}``" if shown else ""


def _shown(value: object) -> str:
    """*value* as it is written in a configuration; nothing where there is none."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case int() | float():
            return f"{value:.15g}"
        case _:
            return ""
