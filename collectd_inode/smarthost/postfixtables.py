"""Postfix's lookup tables, as far as their sources tell what is in them (DATABASE_README).  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from collectd_inode.smarthost.postfixconf import entries, listed
from collectd_inode.smarthost.postfixmacros import braced

Read = Callable[[str], str | None]
"""The text of a file, or the names in a folder, a line each; None if it cannot be read."""

_FILES = ("hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash")
"""Tables that are made from a file of keys and values."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has been read: what it says of a key, in lower case; ``always`` is what it says of every one."""

    rows: Mapping[str, str] = field(default_factory=dict)
    always: str | None = None

    def get(self, key: str) -> str:
        """The value of *key*; "" if it has none."""
        return self.always if self.always is not None else self.rows.get(key.lower(), "")

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Keys and values; ``*`` is every key."""
        return tuple(self.rows.items()) if self.always is None else (("*", self.always),)


def table(written: str, read: Read) -> Table | None:
    """The table that is written as ``type:name``; None where only Postfix can look things up in it."""
    kind, colon, name = written.partition(":")
    if not colon:
        kind, name = "hash", written
    if kind == "proxy":
        return table(name, read)
    if kind == "static":
        return Table(always=braced(name)[0])
    if kind == "inline":
        return _inline(name)
    text = read(name) if kind in _FILES else None
    if text is None:
        return None
    rows: dict[str, str] = {}
    for key, value, _ in entries(text):
        if value and rows.setdefault(key, value) != value and kind == "texthash":
            return None  # Postfix refuses all of it; where postmap made a file of it, the first counts
    return Table(rows)


def _inline(name: str) -> Table | None:
    """``{ { key = value }, key=value }``; Postfix takes all of it for none if a part of it is neither."""
    rows: dict[str, str] = {}
    for item in listed(braced(name)[0]):
        key, equals, value = braced(item)[0].partition("=")
        if not equals or not key.strip():
            return None
        rows[key.strip().lower()] = value.strip()
    return Table(rows)
