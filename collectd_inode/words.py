"""Numbers and texts as people read them: plurals, lists, ellipses, durations."""

from __future__ import annotations

import re
from collections.abc import Sequence, Sized

ELLIPSIS = "…"


def several(noun: str) -> str:
    """``steps``, ``checkboxes``."""
    return f"{noun}es" if noun.endswith(("x", "sh", "ch", "ss")) else f"{noun}s"


def plural(number: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{number} {noun if number == 1 else several(noun)}"


def cells(text: str) -> int:
    """The columns that *text* takes in a terminal: Chinese, Japanese and Korean characters take two (UAX 11)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # most texts need none of its tables

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def in_bytes(size: int) -> str:
    """``1 byte``, ``1,119 bytes``."""
    return f"{size:,} {'byte' if size == 1 else 'bytes'}"


def alternatives(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def and_more(several: Sized) -> str:
    """`` (and 2 more)`` where one of *several* has been named; nothing where there is no other."""
    return f" (and {len(several) - 1} more)" if len(several) > 1 else ""


def shortened(text: str, length: int) -> str:
    """*text*, cut with an ellipsis if it is longer than *length* characters."""
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS


def cut_at_word(text: str, length: int) -> str:
    """*text*, cut between words with an ellipsis if it is longer than *length* characters."""
    if len(text) <= length:
        return text
    head = text[: max(0, length - 1)]
    kept, _, part = head.rpartition(" ") if text[len(head) : len(head) + 1] != " " else (head, "", "")
    # A word that is longer than half of the room is cut: a line of nothing but an address, or of Chinese.
    return (kept.rstrip(" ,;:") if kept and len(part) <= length // 2 else head) + ELLIPSIS


def printable(text: str) -> str:
    """*text* with controls and line ends as escapes: a stranger's text must not play tricks on a terminal or a log."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


_TRICKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls but the tab, marks of direction (Unicode's Bidi_Control), line separators, halves of characters."""


def harmless(text: str) -> str:
    """*text* of the operator's own, with controls and marks of direction as escapes; joiners and blanks stay.

    Text that was copied from somewhere may hold them, and Persian or an emoji of several parts is not to be torn.
    """
    return _TRICKS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def blanked(text: str) -> str:
    """*text* with a blank for each control and line end."""
    return "".join(c if c.isprintable() else " " for c in text)


def in_quotes(text: str) -> str:
    """*text* as collectd reads it between quotes, where a backslash is dropped and keeps what follows."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def duration(seconds: float | None, *, fine: float = 0.001) -> str:
    """A latency: ``0.42 ms``, ``12.3 ms``, ``1.234 s``; nothing for None.  Below *fine* seconds it has two decimals."""
    if seconds is None:
        return ""
    if seconds >= 1:
        return f"{seconds:.3f} s"
    return f"{seconds * 1000:.{1 if seconds >= fine else 2}f} ms"


_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def span(seconds: float) -> str:
    """``3 min``: *seconds*, in the largest unit of which there are two at least."""
    seconds = round(seconds, 1)  # two readings of a clock that was set by two hours are 7199.99 s apart
    size, unit = next((row for row in _UNITS if seconds >= 2 * row[0]), _UNITS[-1])
    return f"{seconds // size:.0f} {unit}"
