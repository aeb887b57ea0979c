"""The tables of JSON's keys, in reStructuredText, from the schemas that are shipped.

``sh scripts/keys`` writes them into docs/reference/json.rst.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from collectd_inode.report import page_tables

_HEAD = ("Key", "Value", "Meaning")
_WORDS = {"string": "text", "boolean": "true or false", "array": "list", "integer": "number"}


def tables() -> Mapping[str, str]:
    """The name of each kind of object in the schemas → the table of its keys."""
    schemas = json.loads((files("collectd_inode.report") / "schemas.json").read_text(encoding="utf-8"))
    objects = {name: one["properties"] for name, one in schemas["$defs"].items() if "properties" in one}
    return {f"JSON, {name}": page_tables.table(_HEAD, list(_rows(keys))) for name, keys in objects.items()}


def _rows(keys: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    return ((f"``{name}``", _value(schema), schema["description"]) for name, schema in keys.items())


def _value(schema: Mapping[str, Any]) -> str:
    """The types of a value, in words; a list of words that it may be, and what has a table of its own, are text."""
    said = schema.get("type", "string")
    names = [said] if isinstance(said, str) else list(said)
    if None in schema.get("enum", ()):
        names.append("null")
    if len(names) > 3:
        return "any"
    return " or ".join(dict.fromkeys(_WORDS.get(name, name) for name in names))
