"""Postfix's tables of patterns: regexp_table(5), pcre_table(5), cidr_table(5), as far as Python can match alike.  Pure.

A pattern in which POSIX, Perl and Python might differ is not judged: what depends on it is unknown.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from collectd_inode.smarthost.postfixconf import logical_lines
from collectd_inode.smarthost.postfixmacros import braced

Matches = Callable[[str], bool | None]
"""Whether a key fits; None where that is unknown."""

_RULE = re.compile(r"(!*)\s*(\W)((?:\\.|(?!\2).)*)\2(\w*)\s*(.*)", re.DOTALL | re.ASCII)
_NETWORK = re.compile(r"(!*)\s*([0-9A-Fa-f.:/]+)\s*(.*)", re.DOTALL | re.ASCII)
_IF = re.compile(r"if\s+", re.IGNORECASE)
_ALL = re.compile(r"\^?\.?[*+]?\$?")
"""Patterns that all mail fits."""
_SUBSTITUTED = re.compile(r"(?<!\$)(?:\$\$)*\$(?!\$)")
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": r" \t", "digit": "0-9", "lower": "a-z", "upper": "A-Z",
    "punct": r"!-/:-@\[-`{-~", "space": r"\s", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<escape>\\.)
    | (?P<bracket>\[\^?\]?(?:\[:\w+:\]|[^\]])*\])
    | (?P<group>\((?!\?)|\(\?[:=!])
    | (?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)
    | (?P<plain>[^\\\[(){*+?])
    | (?P<close>\))""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its pattern as it is written, whether a key fits it, and the value."""

    written: str
    fits: Matches
    value: str

    @property
    def is_for_all(self) -> bool:
        """Whether every key fits."""
        return _ALL.fullmatch(self.written) is not None


@dataclass(frozen=True, slots=True)
class Patterns:
    """A table of patterns: the first that fits counts."""

    rules: tuple[Rule, ...]

    def get(self, key: str) -> str | None:
        """The value of *key*; "" if it has none, None if that is unknown."""
        for rule in self.rules:
            fits = rule.fits(key)
            if fits is None or (fits and _SUBSTITUTED.search(rule.value)):
                return None
            if fits:
                return rule.value.replace("$$", "$")
        return ""

    @property
    def said(self) -> tuple[tuple[str, str], ...] | None:
        """Patterns and values, ``*`` for all; None where only Postfix knows them."""
        if any(_SUBSTITUTED.search(rule.value) for rule in self.rules):
            return None
        return tuple(("*" if rule.is_for_all else f"/{rule.written}/", rule.value) for rule in self.rules)


def patterns(kind: str, name: str, read: Callable[[str], str | None]) -> Patterns | None:
    """The table *kind*:*name*; its rules may stand in braces, in its name."""
    if not name.startswith("{"):
        text = read(name)
        return None if text is None else Patterns(tuple(_rules(kind, [line for _, line in logical_lines(text)])))
    inner, lines = braced(name)[0], []
    while inner:
        line, inner = braced(inner) if inner.startswith("{") else ("{", "")
        if line.startswith("{"):
            return None  # a brace too many or too few: Postfix does not start with it
        lines += [line] if line and not line.startswith("#") else []
        inner = inner.lstrip(" ,")
    return Patterns(tuple(_rules(kind, lines)))


def _rules(kind: str, lines: Sequence[str]) -> Iterator[Rule]:
    within: list[Matches] = []
    for line in lines:
        if line.lower() == "endif":
            within[-1:] = []
            continue
        start = _IF.match(line)
        written, fits, value = _rule(kind, line[start.end() :] if start else line)
        if start:
            within.append(fits)
        else:
            yield Rule(f"…{written}" if within else written, _every([*within, fits]), value)


def _rule(kind: str, line: str) -> tuple[str, Matches, str]:
    if kind == "cidr":
        network = _NETWORK.fullmatch(line)
        if network is None:
            return line, _unknown, ""
        negated, written, value = network.groups()
        return written, _by_address(written, other=len(negated) % 2 == 1), value.strip()
    found = _RULE.fullmatch(line)
    if found is None:
        return line, _unknown, ""
    negated, _, written, flags, value = found.groups()
    fits = _by_pattern(written, flags, is_perl=kind == "pcre")
    if len(negated) % 2:
        return f"!{written}", lambda key: None if (one := fits(key)) is None else not one, value.strip()
    return written, fits, value.strip()


def _every(all_of: Sequence[Matches]) -> Matches:
    def fits(key: str) -> bool | None:
        for one in all_of:
            if not (found := one(key)):
                return found
        return True

    return fits


def _unknown(_: str) -> None:
    return None


def _by_address(written: str, *, other: bool) -> Matches:
    """Whether a key is an address of a network, or an *other* one of its kind."""
    try:
        network = ipaddress.ip_network(written)
    except ValueError:
        return _unknown

    def fits(key: str) -> bool:
        try:
            address = ipaddress.ip_address(key)
        except ValueError:
            return False
        return address.version == network.version and (address in network) is not other

    return fits


def _by_pattern(written: str, flags: str, *, is_perl: bool) -> Matches:
    translated = _translated(written, is_perl=is_perl)
    if translated is None or set(flags) - {"i", "m"}:
        return _unknown
    capitals = re.NOFLAG if flags.count("i") % 2 else re.IGNORECASE
    try:
        compiled = re.compile(translated, capitals | re.ASCII)
    except re.error:
        return _unknown
    return lambda key: compiled.search(key) is not None


def _translated(written: str, *, is_perl: bool) -> str | None:
    """The pattern for Python; None where it might mean another thing."""
    parts, at, before = [], 0, ""
    while at < len(written):
        token = _TOKEN.match(written, at)
        if token is None:
            return None
        kind, text = str(token.lastgroup), token[0]
        mends = {"escape": _escape, "bracket": _bracket}
        if not is_perl and ((kind == "group" and text != "(") or (kind == "repeat" and text[1:].endswith("?"))):
            return None
        if kind == "repeat" and before in ("", "repeat", "group"):
            return None
        mended = mends[kind](text, is_perl) if kind in mends else text
        if mended is None:
            return None
        parts.append(mended)
        at, before = token.end(), kind
    return "".join(parts)


def _escape(text: str, is_perl: bool) -> str | None:
    if not text[1].isalnum():
        return re.escape(text[1]) if text[1] not in "<>`'" or is_perl else None
    return text if text[1] in ("dDwWsSbB" if is_perl else "wWsSbB") else None


def _bracket(text: str, is_perl: bool) -> str | None:
    """``[…]``: a backslash is one in POSIX; classes such as ``[:alpha:]`` have names."""
    inside = text[1:-1]
    if "[." in inside or "[=" in inside or (is_perl and "\\" in inside):
        return None
    negated, inside = ("^", inside[1:]) if inside.startswith("^") else ("", inside)
    parts = []
    for found in re.finditer(r"\[:(\w+):\]|(.)", inside, re.DOTALL):
        name, plain = found.groups()
        if name and name not in _CLASSES:
            return None
        parts.append(_CLASSES[name] if name else plain if plain == "-" else re.escape(plain))
    return f"[{negated}{''.join(parts)}]"
