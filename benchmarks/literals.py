"""The data in a test that is written in JavaScript: its literals, as Python's values.

The tables of the web platform's tests are arrays and calls in a script.  What is worked out there (``"t".repeat(3)``, a
variable) is no literal; a row with such a value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SKIPPED = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?(?:0[xX][0-9A-Fa-f]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]+)\}|(\r\n|.))", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_NAMES: dict[str, object] = {"true": True, "false": False, "null": None, "undefined": None}


class NoLiteral(ValueError):
    """There is something that would have to be run."""


@dataclass(frozen=True, slots=True)
class File:
    """A ``new File([], name)``."""

    name: str


def calls(script: str, function: str) -> Iterator[list[object]]:
    """The arguments of each call of *function* whose arguments are literals."""
    for found in re.finditer(rf"(?<![\w.]){re.escape(function)}(?=\()", script):
        try:
            yield _Reader(script, found.end()).values("(", ")")
        except NoLiteral:
            continue


def objects(script: str, key: str) -> Iterator[dict[str, object]]:
    """Each object of literals that has *key*."""
    for found in re.finditer(r"\{", script):
        try:
            one = _Reader(script, found.start()).value()
        except NoLiteral:
            continue
        if isinstance(one, dict) and key in one:
            yield one


class _Reader:
    """Reads *text* from *at* on."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def value(self) -> object:
        """The next value; strings may be joined by ``+``."""
        read = self._one()
        while isinstance(read, str) and self._takes("+"):
            more = self._one()
            if not isinstance(more, str):
                raise NoLiteral
            read += more
        if self._next() in "+-*/.([?=" and self._next():
            raise NoLiteral
        return read

    def values(self, opening: str, closing: str) -> list[object]:
        """The values between two brackets."""
        self._must(opening)
        found: list[object] = []
        while not self._takes(closing):
            found.append(self.value())
            if not self._takes(","):
                self._must(closing)
                break
        return found

    def _one(self) -> object:
        first = self._next()
        if first == "{":
            return self._object()
        if first == "[":
            return self.values("[", "]")
        if first and first in "\"'`":
            return self._string()
        if number := self._match(_NUMBER):
            return int(number, 16) if number[:2].lower() == "0x" else float(number) if "." in number else _whole(number)
        word = self._match(_WORD)
        if word in _NAMES:
            return _NAMES[word]
        if word == "new" and self._match(_WORD) == "File":
            return self._file()
        raise NoLiteral

    def _object(self) -> dict[str, object]:
        self._must("{")
        found: dict[str, object] = {}
        while not self._takes("}"):
            key = self._string() if self._next() in ("'", '"') else self._match(_WORD)
            self._must(":")
            found[key] = self.value()
            if not self._takes(","):
                self._must("}")
                break
        return found

    def _file(self) -> File:
        given = self.values("(", ")")
        if len(given) < 2 or not isinstance(given[1], str):
            raise NoLiteral
        return File(given[1])

    def _string(self) -> str:
        quote = self._next()
        end = self._at + 1
        while self._text[end : end + 1] not in ("", quote):
            end += 2 if self._text[end] == "\\" else 1
        inside = self._text[self._at + 1 : end]
        if quote == "`" and "${" in inside:
            raise NoLiteral
        self._at = end + 1
        return _SURROGATES.sub(_joined, _ESCAPE.sub(_unescaped, inside))

    def _next(self) -> str:
        skipped = _SKIPPED.match(self._text, self._at)
        self._at = skipped.end() if skipped else self._at
        return self._text[self._at : self._at + 1]

    def _takes(self, mark: str) -> bool:
        found = self._next() == mark
        self._at += found
        return found

    def _must(self, mark: str) -> None:
        if not self._takes(mark):
            raise NoLiteral

    def _match(self, pattern: re.Pattern[str]) -> str:
        self._next()
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""


def _whole(number: str) -> int | float:
    return float(number) if "e" in number.lower() else int(number)


def _unescaped(escape: re.Match[str]) -> str:
    two, four, more, other = escape.groups()
    return _CONTROLS.get(other, other) if other else chr(int(two or four or more, 16))


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
