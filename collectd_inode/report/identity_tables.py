"""The tables of identities, in reStructuredText, from the rows of the series.

``sh scripts/keys`` writes them into docs/reference/identities.rst.
"""

from __future__ import annotations

from collections.abc import Mapping

from collectd_inode.kinds import KINDS
from collectd_inode.reference import SeriesRow
from collectd_inode.report import page_tables
from collectd_inode.report.values import EVERY_KIND, HEALTH, HEALTH_PLUGIN

_HEAD = ("Type and type instance", "Unit", "Meaning", "Sent")


def rows() -> Mapping[str, tuple[SeriesRow, ...]]:
    """The name of each table → its rows."""
    own = {name: rows for kind in KINDS for name, rows in kind.load_reference().series.items()}
    return {"every kind": EVERY_KIND, **own, HEALTH_PLUGIN: HEALTH}


def tables() -> Mapping[str, str]:
    """The name of each table → the table."""
    return {f"identities, {name}": _table(of) for name, of in rows().items()}


def _table(rows: tuple[SeriesRow, ...]) -> str:
    cells = [(f"``{row.name}``", row.unit, row.meaning, row.sent) for row in rows]
    return page_tables.table(_HEAD, cells, wrapped=2)
