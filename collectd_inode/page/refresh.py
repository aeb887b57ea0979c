"""``<meta http-equiv=refresh>`` and the Refresh header, read as the HTML Standard reads them (rule 15)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPACE = r"[\t\n\f\r ]"
_REFRESH = re.compile(rf"{_SPACE}*(?P<time>\d*)(?P<fraction>[\d.]*)(?P<rest>.*)", re.DOTALL | re.ASCII)
_SEPARATOR = re.compile(rf"{_SPACE}*[;,]?{_SPACE}*", re.DOTALL)
_URL_EQUALS = re.compile(rf"url{_SPACE}*={_SPACE}*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refresh:
    """After ``seconds``, go to ``target`` (as written; empty: the same document again).

    ``based`` is whether a ``<base>`` stands before it: then the target is relative to that, else to the page.
    """

    seconds: int
    target: str
    based: bool = False


def parse(text: str) -> Refresh | None:
    """The delay and address in *text*, or None if a browser would ignore it."""
    match = _REFRESH.match(text)
    if match is None or not (match["time"] or match["fraction"].startswith(".")):
        return None
    rest = match["rest"]
    if rest and rest[0] not in ";,\t\n\f\r ":
        return None
    # More digits than any delay has: int() must not be the thing that fails.
    return Refresh(int(match["time"][:9] or "0"), _target(rest))


def _target(rest: str) -> str:
    separator = _SEPARATOR.match(rest)
    text = rest[separator.end() :] if separator else rest
    if url := _URL_EQUALS.match(text):
        text = text[url.end() :]
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    return text
