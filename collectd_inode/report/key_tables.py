"""The tables of keys, in reStructuredText, from the keys' rows.

``sh scripts/keys`` writes them into docs/reference/keys.rst.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from enum import Enum

from collectd_inode.keys import COMMON_KEYS, ENGINES, MODULE_KEYS, Key
from collectd_inode.kinds import KINDS

_WIDTH = 120
_HEAD = ("As written", "Default", "Meaning")


def tables() -> Mapping[str, str]:
    """The name of each table (``Module``, ``all blocks`` or a kind's block) → the table."""
    own = {kind.block: kind.keys for kind in KINDS if kind.keys}
    return {of: table(keys) for of, keys in {"Module": MODULE_KEYS, "all blocks": COMMON_KEYS, **own}.items()}


def marked(of: str, text: str = "") -> str:
    """A table as it stands in a page: below a comment by which it is found."""
    return f".. The keys of {of}, written by scripts/keys: change their rows.\n\n{text}"


def written_into(page: str) -> str:
    """*page* with every table below its mark."""
    for of, text in tables().items():
        before, mark, after = page.partition(marked(of))
        page = before + mark + text + after[after.index("\n\n") + 1 :] if mark else page
    return page


def table(keys: Iterable[Key]) -> str:
    """The table of *keys*, in their order."""
    rows = [(f"``{key.name} {key.example}``", default(key), meaning(key)) for key in keys]
    first, second = (max(len(row[column]) for row in (*rows, _HEAD)) for column in (0, 1))
    third = _WIDTH - first - second - 4
    border = f"{'=' * first}  {'=' * second}  {'=' * third}"
    lines = [border, "  ".join(head.ljust(width) for head, width in zip(_HEAD, (first, second, third), strict=True))]
    lines.append(border)
    for written, usual, said in rows:
        # A literal stays on one line.
        tied = re.sub(r"``.*?``|`.*?`_", lambda literal: literal[0].replace(" ", "\N{NO-BREAK SPACE}"), said)
        one, *more = textwrap.wrap(tied, third, break_long_words=False, break_on_hyphens=False)
        lines.append(f"{written:{first}}  {usual:{second}}  {one}")
        lines += [f"{'':{first}}  {'':{second}}  {line}" for line in more]
    return "\n".join(line.rstrip().replace("\N{NO-BREAK SPACE}", " ") for line in (*lines, border)) + "\n"


def meaning(key: Key) -> str:
    """The meaning of a key, in reStructuredText; whether it is repeatable, and for which engines it is."""
    only = "" if key.engines == ENGINES else f"  ``Engine`` {', '.join(key.engines)} only."
    return (f"{key.meaning.removesuffix('.')}; repeatable." if key.repeatable else key.meaning) + only


def default(key: Key) -> str:
    """The default of a key, as a literal; empty where there is none."""
    shown = _shown(key.default) if key.shown is None else key.shown
    return f"``{shown}``" if shown else ""


def _shown(value: object) -> str:
    """*value* as it is written in a configuration; nothing where there is none."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case int() | float():
            return f"{value:.15g}"
        case _:
            return ""
