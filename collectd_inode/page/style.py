"""The effect of an element's own ``style`` attribute on its visibility (CSS Syntax 5.4.5, lists of declarations).

Style sheets are not read: elements that only they hide count as visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import permutations, product
from typing import TypeVar

T = TypeVar("T")

_TELLS = re.compile(r"display|visibility|\ball\b|\\", re.IGNORECASE)
"""Every ``style`` that affects visibility contains one of these."""
_TELLS_LINES = re.compile(r"display|position|float|white-space|\ball\b|\\", re.IGNORECASE)
"""Every ``style`` that affects lines contains one of these."""
_TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)"""
    r"""|"(?:[^"\\\n\r\f]|\\.)*+"?|'(?:[^'\\\n\r\f]|\\.)*+'?"""
    r"""|url\(\s*+(?!["'\s])(?:[^)\\]|\\.)*+\)?"""
    r"""|\\[0-9a-f]{1,6}\s?|\\[^\n]|[\\;()[\]{}]|[^"'\\;()[\]{}/u]++|.""",
    re.IGNORECASE | re.DOTALL,
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_BAD = "\0"
"""A mark that no valid value holds."""
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE | re.DOTALL)
_IMPORTANT = re.compile(r"!\s*important\s*\Z", re.IGNORECASE)
_VARIABLE = re.compile(r"var\(\s*(--[^\s,()]+)\s*(?:(,)([^()]*))?\)", re.IGNORECASE)
_MOST_VARIABLES = 10


class Display(Enum):
    """The kinds of boxes that matter here."""

    NONE = "none"
    BLOCK = "block"
    """Any that what is in it can be skipped in."""
    INLINE = "inline"
    CONTENTS = "contents"
    """None of its own."""
    REVERT = "revert"
    """As if the page set nothing, the attribute ``hidden`` included."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """The visibility that an attribute declares; None where it says nothing.

    ``skips``: whether what is in the element is kept from being drawn, as by ``content-visibility``.
    """

    display: Display | None = None
    visible: bool | None = None
    skips: bool | None = None


_LONGEST = 2**16
"""Characters of a ``style`` attribute, after which nothing is read: a declaration takes a hundred times its size."""

SILENT = Visibility()

_GLOBAL = ("inherit", "initial", "unset", "revert", "revert-layer")
_OUTSIDE = ("block", "inline")
_INSIDE = ("flow", "flow-root", "table", "flex", "grid", "ruby", "math")
_ONE_WORD: Mapping[str, Display | None] = {
    "none": Display.NONE,
    "contents": Display.CONTENTS,
    # Columns of a table draw nothing.
    **dict.fromkeys(("table-column", "table-column-group"), Display.NONE),
    **dict.fromkeys(("inherit", "block", "list-item", "inline-block", "inline-flex", "inline-grid"), Display.BLOCK),
    **dict.fromkeys(("flow", "flow-root", "flex", "grid", "math", "table-cell", "table-caption"), Display.BLOCK),
    **dict.fromkeys(("-webkit-box", "-webkit-inline-box", "-webkit-flex", "-webkit-inline-flex"), Display.BLOCK),
    # Nothing in a line, a table or ruby text can be skipped.
    **dict.fromkeys(("inline", "initial", "unset", "ruby", "ruby-text", "table", "inline-table"), Display.INLINE),
    **dict.fromkeys(("table-row", "table-row-group", "table-header-group", "table-footer-group"), Display.INLINE),
    "revert": Display.REVERT,
    "revert-layer": None,
}


def _several_words() -> Iterator[tuple[str, Display]]:
    """The values that say how a box stands among others and how things stand in it (CSS Display 3)."""
    for out, inside in product(_OUTSIDE, _INSIDE):
        is_line = (out, inside) in (("inline", "flow"), ("inline", "ruby"))
        for words in permutations((out, inside)):
            yield " ".join(words), Display.INLINE if is_line else Display.BLOCK
    for others in (("block",), ("inline",), *((inside,) for inside in _INSIDE[:2]), *product(_OUTSIDE, _INSIDE[:2])):
        for words in permutations(("list-item", *others)):
            yield " ".join(words), Display.BLOCK


def _breaks(value: str) -> bool | None:
    """Whether a box of this display has lines of its own; None where that is as without it."""
    if value in ("none", "inherit", "revert", "revert-layer", "table-cell"):
        return None
    outside = value.split("-")
    is_line = not {"inline", "ruby", "math", "contents", "initial", "unset"}.isdisjoint((*value.split(), *outside))
    return not is_line or "block" in value.split()


_DISPLAYS: Mapping[str, Display | None] = {**_ONE_WORD, **dict(_several_words())}
_APART: Mapping[str, bool] = {value: "flex" in value or "grid" in value or "-webkit" in value for value in _DISPLAYS}
_BREAKS: Mapping[str, bool | None] = {value: _breaks(value) for value in _DISPLAYS}
_POSITIONS = {"absolute": True, "fixed": True, **dict.fromkeys(("static", "relative", "sticky", *_GLOBAL[1:]), False)}
_FLOATS = {
    **dict.fromkeys(("left", "right", "inline-start", "inline-end"), True),
    **dict.fromkeys(("none", *_GLOBAL[1:]), False),
}
_KEEPS: Mapping[str, bool | None] = {
    **dict.fromkeys(("pre", "pre-wrap", "pre-line", "break-spaces"), True),
    **dict.fromkeys(("normal", "nowrap", "initial"), False),
    **dict.fromkeys(("inherit", "unset", "revert", "revert-layer")),
}
_INHERITED = dict.fromkeys(("inherit", "unset", "revert", "revert-layer"))
_VISIBILITIES: Mapping[str, bool | None] = {
    **_INHERITED,
    "hidden": False,
    "collapse": False,
    "visible": True,
    "initial": True,
}
_SKIPS: Mapping[str, bool | None] = {
    **_INHERITED,
    "hidden": True,
    "visible": False,
    "auto": False,
    "initial": False,
    "unset": False,
}


@dataclass(frozen=True, slots=True)
class _Declaration:
    property: str
    value: str
    is_important: bool


@lru_cache(maxsize=1024)
def declared(text: str) -> Visibility:
    """A ``style`` attribute; the last valid declaration of a property counts, important ones first."""
    if not _TELLS.search(text):
        return SILENT
    said = list(_declarations(text[:_LONGEST]))
    return Visibility(
        _last(said, "display", _DISPLAYS),
        _last(said, "visibility", _VISIBILITIES),
        _last(said, "content-visibility", _SKIPS),
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The effect of an attribute on the lines of text; None where that is as without it.

    ``breaks``: whether the element has lines of its own; ``keeps``: whether a line end in its text is seen as one;
    ``apart``: whether each element right in it has lines of its own.
    """

    breaks: bool | None = None
    keeps: bool | None = None
    apart: bool = False


AS_USUAL = Lines()


@lru_cache(maxsize=1024)
def lines(text: str) -> Lines:
    """The effect of a ``style`` attribute on the lines of text."""
    if not _TELLS_LINES.search(text):
        return AS_USUAL
    said = list(_declarations(text[:_LONGEST]))
    is_out = _last(said, "position", _POSITIONS) or _last(said, "float", _FLOATS)
    return Lines(
        True if is_out else _last(said, "display", _BREAKS),
        _last(said, "white-space", _KEEPS),
        bool(_last(said, "display", _APART)),
    )


def _last(said: Sequence[_Declaration], property: str, meanings: Mapping[str, T | None]) -> T | None:
    found, was_important = None, False
    for one in said:
        names_it = one.property == property or (one.property == "all" and one.value in _GLOBAL)
        if names_it and one.value in meanings and (one.is_important or not was_important):
            found, was_important = meanings[one.value], one.is_important
    return found


def _declarations(text: str) -> Iterator[_Declaration]:
    """The declarations of *text*, with the variables filled in that it declares itself."""
    pairs = list(_pairs(text))
    variables = {name: value for name, value in pairs if name.startswith("--")}
    for name, value in pairs:
        bare = _IMPORTANT.sub("", value)
        if "var(" in bare.lower():
            bare = _substituted(bare, variables)
        yield _Declaration(name.lower(), " ".join(bare.lower().split()), bare is not value and bare != value)


def _substituted(value: str, variables: Mapping[str, str]) -> str:
    """*value* with its variables; one that nobody declares makes it "unset"."""
    for _ in range(_MOST_VARIABLES):
        found = _VARIABLE.search(value)
        if found is None:
            return value
        meant = variables.get(found[1], found[3] if found[2] else None)
        if meant is None or not meant.strip():
            return "unset"
        value = f"{value[: found.start()]} {meant.strip()} {value[found.end() :]}"
    return "unset"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each declaration of a list, as its name and its value.

    Each goes on to the next semicolon that stands in no string, address or brackets; at the end all is closed.
    """
    parts: list[str] = []
    closing: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == ";" and not closing:
            yield _pair(parts)
            parts = []
            continue
        if token in _CLOSES:
            closing.append(_CLOSES[token])
        elif closing and token == closing[-1]:
            closing.pop()
        parts.append(_read(token, is_last=match.end() == len(text)))
    yield _pair([*parts, *reversed(closing)])


def _pair(parts: Sequence[str]) -> tuple[str, str]:
    name, _, value = "".join(parts).partition(":")
    return name.strip(), value.strip()


def _read(token: str, *, is_last: bool) -> str:
    """A token's meaning: a comment is a blank, an escape its letter, a string that a line end cuts is a mistake."""
    if token.startswith("/*"):
        return " "
    if token.startswith("\\"):
        return _ESCAPE.sub(_letter, token)
    if token[0] in "\"'" and not is_last and (len(token) == 1 or token[-1] != token[0]):
        return _BAD
    return token


def _letter(escape: re.Match[str]) -> str:
    """The letter that an escape stands for; one that would have a meaning of its own has none."""
    if escape[1] is None:
        return escape[2]
    number = int(escape[1], 16)
    letter = chr(number) if number < 0x110000 else _BAD
    return _BAD if letter in ":;!" or letter.isspace() else letter
