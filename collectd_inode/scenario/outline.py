"""Outlines: cells into placeholders, literally and in one pass.

Gherkin's own compiler takes a header for a regular expression and substitutes into what it has just substituted:
``<price ($)>`` is never filled in, and a cell that holds ``<b>`` is filled in again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache


def fill(text: str, cells: Mapping[str, str]) -> str:
    """*text* with each ``<header>`` replaced by its cell; anything else in angle brackets stays."""
    headers = tuple(header for header in cells if header)
    if not headers or "<" not in text:
        return text
    return _placeholders(headers).sub(lambda found: cells[found.group()[1:-1]], text)


def row_name(name: str, cells: Mapping[str, str]) -> str:
    """The name of one row's scenario: *name* with its cells, or, where it has no placeholder, name and cells."""
    if any(header and f"<{header}>" in name for header in cells):
        return fill(name, cells)
    return ", ".join((name, *cells.values())) if name else ", ".join(cells.values())


@lru_cache(maxsize=256)
def _placeholders(headers: tuple[str, ...]) -> re.Pattern[str]:
    # Longest first: of the headers "a" and "a>b", "<a>b>" is the second.
    ordered = sorted(headers, key=len, reverse=True)
    return re.compile("|".join(re.escape(f"<{header}>") for header in ordered))
