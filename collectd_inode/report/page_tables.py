"""Tables of a reference page, in reStructuredText, each below a comment that marks it for the next writing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

_WIDTH = 120
Row = Sequence[str]


def marked(of: str, text: str = "") -> str:
    """A table in a page, below the comment that marks it."""
    return f".. The table of {of}, written by scripts/keys: change their rows.\n\n{text}"


def written_into(page: str, tables: Mapping[str, str]) -> str:
    """*page* with each of *tables*, by its name, below its mark."""
    for of, text in tables.items():
        before, mark, after = page.partition(marked(of))
        _, gap, rest = after.partition("\n\n")
        page = before + mark + text + (f"\n{rest}" if gap else "") if mark else page
    return page


def table(head: Row, rows: Sequence[Row]) -> str:
    """The table with these rows; the last column has the remaining room."""
    widths = [max(len(row[column]) for row in (*rows, head)) for column in range(len(head) - 1)]
    widths.append(_WIDTH - sum(widths) - 2 * len(widths))
    border = "  ".join("=" * width for width in widths)
    lines = [border, _line(head, widths), border]
    for *firsts, said in rows:
        # A literal stays on one line.
        tied = re.sub(r"``.*?``|`.*?`_", lambda literal: literal[0].replace(" ", "\N{NO-BREAK SPACE}"), said)
        one, *more = textwrap.wrap(tied, widths[-1], break_long_words=False, break_on_hyphens=False)
        lines.append(_line((*firsts, one), widths))
        lines += [_line((*("" for _ in firsts), line), widths) for line in more]
    return "\n".join(line.rstrip().replace("\N{NO-BREAK SPACE}", " ") for line in (*lines, border)) + "\n"


def _line(cells: Row, widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
