"""Exim's configuration notation, as far as audit and credentials need it: text → options with their places.  Pure.

Three kinds of text are read alike: a configuration file, whole or a fragment of Debian's split one; what
``exim4 -bP config`` prints; and what ``exim4 -bP transports`` (``routers``, ``authenticators``) prints.

The rules are those of Exim's specification, chapter 6: a backslash at the end of a line continues it, comment lines
may stand in between; macros are replaced as text, in all lines below their definition; ``.ifdef`` and its kin choose.
``.include`` is not followed, since that takes more than the text; it is handed out as an option of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """The part of the configuration that an option stands in."""

    MAIN = "main"
    ROUTER = "router"
    TRANSPORT = "transport"
    AUTHENTICATOR = "authenticator"
    UNKNOWN = "unknown"
    """A fragment, in which no ``begin`` and no heading says it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option as it stands: of which instance, its value (macros replaced, quotes taken off), its line.

    ``heading`` is the line on which the instance begins; 0 where it has none.  ``no_`` options have the value ``false``
    and a bare name ``true``.
    """

    section: Section
    instance: str
    name: str
    value: str
    line: int
    heading: int = 0


_MACRO = re.compile(r"([A-Z]\w*)\s*==?\s*(.*)", re.DOTALL)
_OPTION = re.compile(r"(?:hide\s+)?([a-z]\w*)\s*=\s*(.*)", re.DOTALL)
_BEGIN = re.compile(r"begin\s+(\w+)")
_INSTANCE = re.compile(r"([A-Za-z][\w.-]*):")
_PRINTED = re.compile(r"(\S+) (router|transport|authenticator):")
_DIRECTIVE = re.compile(r"\.(ifdef|ifndef|elifdef|elifndef|else|endif|include|include_if_exists)\b\s*(.*)")
_WORD = re.compile(r"\w+")
_BUILT_IN = ("_HAVE_", "_OPT_", "_DRIVER_", "_LOG_", "_EXP_")
"""Macros that Exim defines for what it was built with; Debian's has all that is asked for."""
_SECTIONS = {f"{section}s": section for section in (Section.ROUTER, Section.TRANSPORT, Section.AUTHENTICATOR)}
_OCTAL_OR_LETTER = re.compile(r"[0-9A-Za-z]")


def options(text: str) -> tuple[Option, ...]:
    """All options of routers, transports and authenticators, of the main section, and of fragments; in order."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[Option]:
    # Text that has sections begins with the main one.
    has_sections = any(_BEGIN.fullmatch(line.strip()) for line in text.splitlines())
    section: Section | None = Section.MAIN if has_sections else Section.UNKNOWN
    instance, heading = "", 0
    for number, line in _chosen(text):
        if begun := _BEGIN.fullmatch(line):
            section, instance, heading = _SECTIONS.get(begun[1]), "", 0
        elif printed := _PRINTED.fullmatch(line):
            section, instance, heading = Section(printed[2]), printed[1], number
        elif line.startswith(".include"):
            yield Option(
                section or Section.UNKNOWN, instance, "include", line.partition(" ")[2].strip(), number, heading
            )
        elif section is None:
            continue  # ACLs, retry and rewrite rules
        elif section is not Section.MAIN and (named := _INSTANCE.fullmatch(line)):
            instance, heading = named[1], number
        elif found := _OPTION.fullmatch(line):
            yield Option(section, instance, found[1], _unquoted(found[2]), number, heading)
        elif _WORD.fullmatch(line):
            name = re.sub("^(no|not)_", "", line)
            yield Option(section, instance, name, "true" if name == line else "false", number, heading)


def _chosen(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold, macros replaced; ``.include`` among them."""
    macros: dict[str, str] = {}
    holds: list[bool] = []
    taken: list[bool] = []
    for number, line in _joined(text):
        if directive := _DIRECTIVE.fullmatch(line):
            word, rest = directive[1], directive[2]
            if word.startswith("include"):
                if all(holds):
                    yield number, f".include {_replaced(rest, macros)}"
                continue
            defined = any(name in macros or name.startswith(_BUILT_IN) for name in _WORD.findall(rest))
            _choose(word, defined, holds, taken)
        elif all(holds):
            macro = _MACRO.fullmatch(line)
            if macro:
                macros[macro[1]] = _replaced(macro[2], macros)
            else:
                yield number, _replaced(line, macros)


def _choose(word: str, defined: bool, holds: list[bool], taken: list[bool]) -> None:
    """What a ``.if…``, ``.el…`` or ``.endif`` does to the stack of conditions."""
    wanted = not defined if word.endswith("ndef") else defined
    if word in ("ifdef", "ifndef"):
        holds.append(wanted)
        taken.append(wanted)
    elif holds and word == "endif":
        holds.pop()
        taken.pop()
    elif holds:
        holds[-1] = not taken[-1] and (word == "else" or wanted)
        taken[-1] = taken[-1] or holds[-1]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments and blank ones, continued ones put together; the number is the first line's."""
    start, parts = 0, ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line.startswith("#"):
            continue
        start = start or number
        parts += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        if parts:
            yield start, parts
        start, parts = 0, ""
    if parts:
        yield start, parts


def _replaced(line: str, macros: dict[str, str]) -> str:
    """Exim replaces a macro's name wherever the letters stand, also inside of a word; the longest name first."""
    if not macros:
        return line
    names = sorted(macros, key=len, reverse=True)
    return re.sub("|".join(names), lambda found: macros[found[0]], line)


def _unquoted(value: str) -> str:
    """A value in double quotes, as Exim reads it: a backslash quotes what follows (section 6.16)."""
    value = value.strip()
    if len(value) < 2 or not (value.startswith('"') and value.endswith('"')):
        return value
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), value[1:-1])


def listed(value: str) -> tuple[str, ...]:
    """The items of a list (section 6.21): apart by ``:`` or what ``<`` at the start names; doubled, it is itself."""
    separator = ":"
    value = value.lstrip()
    if len(value) > 1 and value[0] == "<" and not (value[1].isalnum() or value[1].isspace()):
        separator, value = value[1], value[2:]
    items, item, at = [], "", 0
    while at < len(value):
        if value[at] != separator:
            item += value[at]
        elif value.startswith(separator, at + 1):
            item += separator
            at += 1
        else:
            items.append(item.strip())
            item = ""
        at += 1
    # What ends in a separator has no empty item behind it.
    return (*items, item.strip()) if item.strip() or not items else tuple(items)


class NotLiteral(Exception):
    """The value depends on something that only Exim knows: a lookup, a variable, an escape."""


def sent(client_send: str) -> tuple[tuple[str, ...], ...]:
    """What ``client_send`` of Exim's plaintext authenticator sends: the strings, each split at its NUL bytes.

    ``: user : pass^^word`` is ``(("",), ("user",), ("pass^word",))`` and ``^user^pass`` is ``(("", "user", "pass"),)``
    (section 34.2: ``^`` is a NUL byte, ``^^`` a circumflex).  Raises NotLiteral.
    """
    return tuple(_nul_split(_expanded(item)) for item in listed(client_send))


def _expanded(item: str) -> str:
    """An expansion in which nothing is looked up: a backslash before what is no letter or digit takes itself away."""

    def plain(found: re.Match[str]) -> str:
        if found[0] == "$" or _OCTAL_OR_LETTER.fullmatch(found[1]):
            raise NotLiteral
        return found[1]

    return re.sub(r"\$|\\(.?)", plain, item, flags=re.DOTALL)


def _nul_split(text: str) -> tuple[str, ...]:
    return tuple(part.replace("\0", "^") for part in text.replace("^^", "\0").split("^"))
