"""Tables of a reference page, in reStructuredText, each below a comment that marks it for the next writing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

_WIDTH = 120
Row = Sequence[str]


def marked(of: str, text: str = "") -> str:
    """A table in a page, below the comment that marks it."""
    return f".. The table of {of}, written by scripts/keys: change their rows.\n\n{text}"


def written_into(page: str, tables: Mapping[str, str]) -> str:
    """*page* with each of *tables*, by its name, below its mark; raises LookupError where there is no mark."""
    for of, text in tables.items():
        before, mark, after = page.partition(marked(of))
        if not mark:
            raise LookupError(f"the page lacks the line “{marked(of).splitlines()[0]}”")
        rest = after.partition("\n\n")[2] if after.startswith("=") else after  # a new mark has no table yet
        page = before + mark + text + (f"\n{rest}" if rest else "")
    return page


def table(head: Row, rows: Sequence[Row], *, wrapped: int = 1) -> str:
    """The table with these rows; the last columns, *wrapped* in number, share the remaining room."""
    fixed = len(head) - wrapped
    widths = [max(len(row[column]) for row in (*rows, head)) for column in range(fixed)]
    room = (_WIDTH - sum(widths) - 2 * (len(head) - 1)) // wrapped
    widths += [room] * wrapped
    border = "  ".join("=" * width for width in widths)
    lines = [border, _line(head, widths), border]
    for row in rows:
        cells = [[cell] for cell in row[:fixed]] + [_wrapped(cell, room) for cell in row[fixed:]]
        lines += [_line(line, widths) for line in zip_longest(*cells, fillvalue="")]
    return "\n".join(line.rstrip().replace("\N{NO-BREAK SPACE}", " ") for line in (*lines, border)) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a cell; a literal stays on one line."""
    tied = re.sub(r"``.*?``|`.*?`_", lambda literal: literal[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
    return textwrap.wrap(tied, width, break_long_words=False, break_on_hyphens=False)


def _line(cells: Row, widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
