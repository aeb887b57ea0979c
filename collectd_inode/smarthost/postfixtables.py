"""Postfix's lookup tables, as far as their sources tell what is in them (DATABASE_README).  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectd_inode.smarthost.postfixconf import entries, listed
from collectd_inode.smarthost.postfixmacros import braced
from collectd_inode.smarthost.postfixpatterns import Patterns, patterns

Read = Callable[[str], str | None]
"""The text of a file, or the names in a folder, a line each; None if it cannot be read."""

_FILES = ("hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash")
"""Tables that are made from a file of keys and values."""


_PATTERNS = ("regexp", "pcre", "cidr")


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of keys, in lower case; ``always`` is what it says of every one."""

    rows: Mapping[str, str] = field(default_factory=dict)
    always: str | None = None

    def get(self, key: str) -> str:
        """The value of *key*; "" if it has none."""
        return self.always if self.always is not None else self.rows.get(key.lower(), "")

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Keys and values; ``*`` is every key."""
        return tuple(self.rows.items()) if self.always is None else (("*", self.always),)


@dataclass(frozen=True, slots=True)
class Joined:
    """``unionmap:{…}``: the values that its tables have, with commas."""

    tables: tuple[Table, ...]

    def get(self, key: str) -> str | None:
        """The value of *key*; "" if it has none, None if that is unknown."""
        values = [one.get(key) for one in self.tables]
        return None if None in values else ",".join(value for value in values if value)

    @property
    def said(self) -> tuple[tuple[str, str], ...] | None:
        """Keys and values; None if not each table is one of keys."""
        keys: dict[str, str] = {}
        for one in self.tables:
            if not isinstance(one, Rows):
                return None
            keys |= dict(one.said)
        return tuple((key, self.get(key) or "") for key in keys)


@dataclass(frozen=True, slots=True)
class Piped:
    """``pipemap:{…}``: each table looks up the result of the one before."""

    tables: tuple[Table, ...]

    def get(self, key: str) -> str | None:
        """The value of *key*; "" if it has none, None if that is unknown."""
        value: str | None = key
        for one in self.tables:
            value = one.get(value) if value else value
        return value

    @property
    def said(self) -> tuple[tuple[str, str], ...] | None:
        """Keys and values; None where only Postfix knows them."""
        first, rest = self.tables[0].said, Piped(self.tables[1:])
        values = [(key, rest.get(value)) for key, value in first or ()]
        return None if first is None or None in dict(values).values() else tuple((k, v) for k, v in values if v)


@dataclass(frozen=True, slots=True)
class AtRandom:
    """``randmap:{…}``: one of its values, each time another."""

    values: tuple[str, ...]

    def get(self, _: str) -> str | None:
        """Its value, if it has one only."""
        return self.values[0] if len({*self.values}) == 1 else None

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """All its values."""
        return tuple(("*", value) for value in self.values)


Table = Rows | Patterns | Joined | Piped | AtRandom
"""A table that has been read: its ``get`` and ``said`` give None for what only Postfix knows."""
_OF_TABLES: Mapping[str, Callable[[tuple[Table, ...]], Table]] = {"unionmap": Joined, "pipemap": Piped}


def table(written: str, read: Read) -> Table | None:
    """The table that is written as ``type:name``; None where only Postfix can look things up in it."""
    kind, colon, name = written.partition(":")
    if not colon:
        kind, name = "hash", written
    if kind == "proxy":
        return table(name, read)
    if kind == "static":
        return Rows(always=braced(name)[0] if name.startswith("{") else name)
    if kind == "inline":
        return _inline(name)
    if kind == "randmap":
        return AtRandom(tuple(listed(braced(name)[0]))) if listed(braced(name)[0]) else None
    if kind in _PATTERNS:
        return patterns(kind, name, read)
    if kind in _OF_TABLES:
        found = tuple(table(one, read) for one in listed(braced(name)[0]))
        known = tuple(one for one in found if one is not None)
        return _OF_TABLES[kind](known) if known and len(known) == len(found) else None
    return _of_file(kind, name, read) if kind in _FILES else None


def find(tables: Sequence[str], keys: Iterator[str], read: Read) -> tuple[str, str]:
    """The value of the first of *keys* that one of *tables* has, "" without any; and the table where it is unknown.

    Each key is looked up in all tables before the next (maps_find).
    """
    for key in keys:
        for written in tables:
            found = table(written, read)
            value = found.get(key) if found is not None else None
            if value is None:
                return "", written
            if value:
                return value, ""
    return "", ""


def _of_file(kind: str, name: str, read: Read) -> Rows | None:
    text = read(name)
    if text is None:
        return None
    rows: dict[str, str] = {}
    for key, value, _ in entries(text):
        if value and rows.setdefault(key, value) != value and kind == "texthash":
            return None  # Postfix refuses all of it; where postmap made a file of it, the first counts
    return Rows(rows)


def _inline(name: str) -> Rows | None:
    """``{ { key = value }, key=value }``; Postfix takes all of it for none if a part of it is neither."""
    rows: dict[str, str] = {}
    for item in listed(braced(name)[0]):
        key, equals, value = braced(item)[0].partition("=")
        if not equals or not key.strip():
            return None
        rows[key.strip().lower()] = value.strip()
    return Rows(rows)
