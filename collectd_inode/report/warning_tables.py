"""The tables of warnings, in reStructuredText, from the warnings' rows.

``sh scripts/keys`` writes them into docs/reference/warnings.rst.
"""

from __future__ import annotations

from collections.abc import Mapping

from collectd_inode.kinds import KINDS
from collectd_inode.reference import WarningRow
from collectd_inode.report import page_tables
from collectd_inode.report.fleet import WARNINGS

_HEAD = ("Code", "When", "What to do")


def rows() -> Mapping[str, tuple[WarningRow, ...]]:
    """The name of each table → its rows."""
    return {**{kind.plugin: kind.load_reference().warnings for kind in KINDS}, "status --fleet": WARNINGS}


def tables() -> Mapping[str, str]:
    """The name of each table → the table."""
    return {f"warnings, {name}": _table(of) for name, of in rows().items()}


def _table(rows: tuple[WarningRow, ...]) -> str:
    return page_tables.table(_HEAD, [(f"``{row.code}``", row.when, row.help) for row in rows], wrapped=2)
