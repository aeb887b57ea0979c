"""The table of causes, in reStructuredText, from the causes' rows.

``sh scripts/keys`` writes it into docs/reference/causes.rst.
"""

from __future__ import annotations

from collections.abc import Mapping

from collectd_inode.model import Cause
from collectd_inode.report import page_tables

_HEAD = ("Number", "Name", "Meaning")


def tables() -> Mapping[str, str]:
    """The page's one table."""
    rows = [(str(int(cause)), f"``{cause.word}``", cause.meaning) for cause in Cause]
    return {"causes": page_tables.table(_HEAD, rows)}
