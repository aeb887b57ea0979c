"""The tables of docs/reference/, in reStructuredText, from the code's rows and the schemas that are shipped.

``sh scripts/keys`` writes them into the pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from collectd_inode.kinds import KINDS
from collectd_inode.model import Cause
from collectd_inode.reference import SeriesRow, WarningRow
from collectd_inode.report import key_tables, page_tables
from collectd_inode.report.fleet import WARNINGS
from collectd_inode.report.values import EVERY_KIND, HEALTH, HEALTH_PLUGIN

_WORDS = {"string": "text", "boolean": "true or false", "array": "list", "integer": "number"}


def written_into(page: str, text: str) -> str:
    """The *text* of the page called *page*, with every table below its mark."""
    return page_tables.written_into(text, PAGES[page]())


def series() -> Mapping[str, tuple[SeriesRow, ...]]:
    """The name of each table of identities → its rows."""
    own = {name: rows for kind in KINDS for name, rows in kind.load_reference().series.items()}
    return {"every kind": EVERY_KIND, **own, HEALTH_PLUGIN: HEALTH}


def warnings() -> Mapping[str, tuple[WarningRow, ...]]:
    """The name of each table of warnings → its rows."""
    return {**{kind.plugin: kind.load_reference().warnings for kind in KINDS}, "status --fleet": WARNINGS}


def _identities() -> Mapping[str, str]:
    head = ("Type and type instance", "Unit", "Meaning", "Sent")
    cells = {
        of: [(f"``{row.name}``", row.unit, row.meaning, row.sent) for row in rows] for of, rows in series().items()
    }
    return {f"identities, {of}": page_tables.table(head, rows, wrapped=2) for of, rows in cells.items()}


def _warnings() -> Mapping[str, str]:
    head = ("Code", "When", "What to do")
    cells = {of: [(f"``{row.code}``", row.when, row.help) for row in rows] for of, rows in warnings().items() if rows}
    return {f"warnings, {of}": page_tables.table(head, rows, wrapped=2) for of, rows in cells.items()}


def _causes() -> Mapping[str, str]:
    rows = [(str(int(cause)), f"``{cause.word}``", cause.meaning) for cause in Cause]
    return {"causes": page_tables.table(("Number", "Name", "Meaning"), rows)}


def _objects() -> Mapping[str, str]:
    """The name of each kind of object in the schemas → the table of its keys."""
    head = ("Key", "Value", "Meaning")
    schemas = json.loads((files("collectd_inode.report") / "schemas.json").read_text(encoding="utf-8"))
    objects = {name: one["properties"] for name, one in schemas["$defs"].items() if "properties" in one}
    cells = {of: [(f"``{k}``", _value(s), s["description"]) for k, s in keys.items()] for of, keys in objects.items()}
    return {f"JSON, {of}": page_tables.table(head, rows) for of, rows in cells.items()}


def _value(schema: Mapping[str, Any]) -> str:
    """The types of a value, in words; a list of words that it may be, and what has a table of its own, are text."""
    said = schema.get("type", "string")
    names = [said] if isinstance(said, str) else list(said)
    if None in schema.get("enum", ()):
        names.append("null")
    if len(names) > 3:
        return "any"
    return " or ".join(dict.fromkeys(_WORDS.get(name, name) for name in names))


PAGES: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "keys": key_tables.tables,
    "identities": _identities,
    "warnings": _warnings,
    "causes": _causes,
    "json": _objects,
}
"""The name of each page → its tables, by their names."""
