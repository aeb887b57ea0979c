"""The pages of docs/reference/ whose tables ``sh scripts/keys`` writes from the code's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collectd_inode.report import cause_table, identity_tables, json_tables, key_tables, page_tables, warning_tables

PAGES: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "keys": key_tables.tables,
    "identities": identity_tables.tables,
    "warnings": warning_tables.tables,
    "causes": cause_table.tables,
    "json": json_tables.tables,
}
"""The name of each page → its tables, by their names."""


def written_into(page: str, text: str) -> str:
    """The *text* of the page called *page*, with every table below its mark."""
    return page_tables.written_into(text, PAGES[page]())
