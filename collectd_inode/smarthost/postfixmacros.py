"""The text that Postfix makes of ``$name``, of conditions and of comparisons in a parameter (postconf(5)).  Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

Raw = Callable[[str], str]
"""The value of a parameter as it is written; "" where there is none."""

_NAME = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|<|>)(level\b)?\s*")
_CLOSING = {"{": "}", "(": ")"}
_FITS = {"==": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}
"""A comparison's sign, and for which orders it holds: -1 where the left side is the lesser one, 0 for equals."""


_DEEPEST, _MOST = 100, 10_000
"""References within each other, where Postfix stops, too (mac_expand.c); and in all, which is ours."""


def expanded(text: str, raw: Raw) -> str:
    """*text* with all references resolved; ``$$`` is ``$``.

    A parameter that stands for itself is nothing there: it is an error of the file's.  So is what is nested too deeply.
    """
    looked_up = itertools.count()
    return _expanded(text, lambda name: raw(name) if next(looked_up) < _MOST else "", ())


def _expanded(text: str, raw: Raw, within: tuple[str, ...]) -> str:
    parts, at = [], 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        inner, at = _reference(text, dollar + 1)
        parts.append("$" if inner is None else _meaning(inner, raw, within))
    return "".join(parts) + text[at:]


def is_sound(text: str) -> bool:
    """Whether each ``$`` begins a reference, or is doubled: else Postfix does not start."""
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        inner, at = _reference(text, dollar + 1)
        if inner is None and text[dollar + 1 : dollar + 2] != "$":
            return False
        if inner is not None and not inner.strip():
            return False
    return True


def _reference(text: str, at: int) -> tuple[str | None, int]:
    """The reference behind a dollar sign, None for a dollar sign itself; and where the text goes on."""
    if text[at : at + 1] in _CLOSING and (end := _end(text, at)):
        return text[at + 1 : end], end + 1
    found = _NAME.match(text, at)
    if found:
        return found[0], found.end()
    return None, at + (text[at : at + 1] == "$")


def _end(text: str, at: int) -> int:
    """Where the bracket that opens at *at* is closed; 0 if it is not."""
    opening, depth = text[at], 0
    for place in range(at, len(text)):
        depth += (text[place] == opening) - (text[place] == _CLOSING[opening])
        if depth == 0:
            return place
    return 0


def _meaning(inner: str, raw: Raw, within: tuple[str, ...]) -> str:
    if len(within) > _DEEPEST:
        return ""
    inner = inner.strip()
    if inner.startswith("{"):
        is_true, rest = _comparison(inner, raw, within)
        name = value = ""
    else:
        found = _NAME.match(inner)
        name = found[0] if found else ""
        value, rest = raw(name), inner[len(name) :].lstrip()
        is_true = value != ""  # as it is written: of "$nothing", too (mac_expand.c)
    if not rest:
        return "" if name in within else _expanded(value, raw, (*within, name))
    return _expanded(_chosen(rest, is_true=is_true), raw, (*within, ""))


def _comparison(inner: str, raw: Raw, within: tuple[str, ...]) -> tuple[bool, str]:
    """Whether ``{a} == {b}`` is so, and what stands behind it."""
    left, rest = braced(inner)
    sign = _OPERATOR.match(rest)
    if sign is None:
        return False, rest
    right, rest = braced(rest[sign.end() :])
    both = _expanded(left, raw, (*within, "")), _expanded(right, raw, (*within, ""))
    return _order(*both, is_level=bool(sign[2])) in _FITS[sign[1]], rest.lstrip()


def _order(left: str, right: str, *, is_level: bool) -> int:
    if is_level:
        return (_level(left) > _level(right)) - (_level(left) < _level(right))
    if left.isdecimal() and right.isdecimal():
        return (int(left) > int(right)) - (int(left) < int(right))
    return (left > right) - (left < right)


def _level(text: str) -> tuple[int, ...]:
    """A compatibility_level, such as 3.6; ``3`` is ``3.0``."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:3]]
    return (*numbers, *[0] * (3 - len(numbers)))


def _chosen(rest: str, *, is_true: bool) -> str:
    """The text that ``?a``, ``?{a}``, ``?{a}:{b}`` or ``:b`` chooses."""
    if rest[0] == ":":
        return "" if is_true else braced(rest[1:])[0]
    if rest[0] != "?":
        return ""
    then, rest = braced(rest[1:])
    return then if is_true else braced(rest.lstrip()[1:])[0]


def braced(text: str) -> tuple[str, str]:
    """The text in braces, and the rest; without braces, all of it."""
    text = text.lstrip()
    end = _end(text, 0) if text.startswith("{") else 0
    return (text[1:end].strip(), text[end + 1 :]) if end else (text, "")
