"""Exim's configuration notation, as far as audit and credentials need it: text → options with their places.  Pure.

Three kinds of text are read alike: a configuration file, whole or a fragment of Debian's split one; what
``exim4 -bP config`` prints; and what ``exim4 -bP transports`` (``routers``, ``authenticators``) prints.

The rules are those of Exim's specification, chapter 6: a backslash at the end of a line continues it, comment lines
may stand in between; macros are replaced as text, in all lines below their definition; ``.ifdef`` and its kin choose.
``.include`` is not followed, since that takes more than the text; it becomes an option of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """The part of the configuration that an option stands in."""

    MAIN = "main"
    ROUTER = "router"
    TRANSPORT = "transport"
    AUTHENTICATOR = "authenticator"
    OTHER = "other"
    """Access lists, retry and rewrite rules; no option of theirs is read."""
    UNKNOWN = "unknown"
    """A fragment, which has no ``begin`` and no heading."""


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


_MACRO = re.compile(r"([A-Z]\w*)\s*(==?)\s*(.*)", re.DOTALL)
_OPTION = re.compile(r"(?:hide\s+)?([a-z]\w*)\s*=\s*(.*)", re.DOTALL)
_BEGIN = re.compile(r"begin\s+(\w+)", re.IGNORECASE)
_INSTANCE = re.compile(r"([A-Za-z][\w.-]*):")
_PRINTED = re.compile(r"(\S+) (router|transport|authenticator):")
_DIRECTIVE = re.compile(r"\.(ifdef|ifndef|elifdef|elifndef|else|endif|include|include_if_exists)\b\s*(.*)")
_WORD = re.compile(r"\w+")
_LIST = re.compile(r"(?:hide\s+)?hostlist(?:_cache|_nocache)?\s+(\w+)\s*=\s*(.*)", re.DOTALL)
_MAIN_ONLY = re.compile(
    r"(?:hide\s+)?(?:(?:domain|host|address|localpart)list\s+\w+|acl_smtp_\w+|acl_not_smtp\w*|primary_hostname"
    r"|qualify_\w+|local_interfaces|daemon_smtp_ports|tls_advertise_hosts|tls_on_connect_ports|spool_directory"
    r"|log_file_path|log_selector|exim_user|exim_group|trusted_users|never_users|keep_environment|host_lookup"
    r"|ignore_bounce_errors_after|timeout_frozen_after|smtp_accept_max\w*|auth_advertise_hosts)\s*="
)
"""Options that stand in the main section and nowhere else."""
_BUILT_IN = ("_HAVE_", "_OPT_", "_DRIVER_", "_LOG_", "_EXP_")
"""Macros that Exim defines for each feature it was built with; Debian's has all that a configuration tests."""
_NOT_BUILT_IN = (
    "_HAVE_OPENSSL", "_DRIVER_AUTHENTICATOR_GSASL", "_DRIVER_AUTHENTICATOR_HEIMDAL_GSSAPI", "_DRIVER_ROUTER_NISPLUS",
    "_HAVE_DCC", "_HAVE_DMARC", "_HAVE_ARC", "_HAVE_LMDB",
)  # fmt: skip
"""But for these: Debian's uses GnuTLS."""
_SECTIONS = {f"{section}s": section for section in (Section.ROUTER, Section.TRANSPORT, Section.AUTHENTICATOR)}
_OCTAL_OR_LETTER = re.compile(r"[0-9A-Za-z]")


def options(text: str) -> tuple[Option, ...]:
    """All options of routers, transports and authenticators, of the main section, and of fragments; in order."""
    return tuple(_read(text))


def named_lists(text: str) -> dict[str, str]:
    """The named host lists, which others refer to as ``+NAME`` (section 10.5)."""
    found = (_LIST.fullmatch(line) for _, line in _chosen(text) if not line.startswith((".include", ".broken")))
    return {one[1]: _unquoted(one[2]) for one in found if one is not None}


def _read(text: str) -> Iterator[Option]:
    # Text that has sections begins with the main one.
    has_sections = any(_BEGIN.fullmatch(line.strip()) for line in text.splitlines())
    # A text of main options only has none; some of those have names that a transport's have, too.
    is_main = has_sections or any(_MAIN_ONLY.match(line) for _, line in _joined(text))
    section: Section | None = Section.MAIN if is_main else Section.UNKNOWN
    instance, heading = "", 0
    for number, line in _chosen(text):
        if begun := _BEGIN.fullmatch(line):
            section, instance, heading = _SECTIONS.get(begun[1].lower()), "", 0
        elif printed := _PRINTED.fullmatch(line):
            section, instance, heading = Section(printed[2]), printed[1], number
        elif line.startswith((".include ", ".broken ")):
            name, _, value = line[1:].partition(" ")
            yield Option(section or Section.OTHER, instance, name, value.strip(), number, heading)
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
    """Lines that hold, macros replaced; ``.include`` among them.

    A directive, as a comment, may stand between the parts of a continued line.
    """
    macros: dict[str, str] = {}
    holds: list[bool] = []
    taken: list[bool] = []
    start, parts = 0, ""
    for number, line in _uncommented(text):
        if directive := _DIRECTIVE.fullmatch(line):
            word, rest = directive[1], directive[2]
            if not word.startswith("include"):
                _choose(word, _is_defined(rest, macros), holds, taken)
            elif all(holds):
                yield number, f".include {_replaced(rest, macros)}"
            continue
        if not all(holds):
            continue
        start, parts = start or number, parts + line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        yield from _defined_or_said(start, parts, macros)
        start, parts = 0, ""
    yield from _defined_or_said(start, parts, macros)


def _defined_or_said(number: int, line: str, macros: dict[str, str]) -> Iterator[tuple[int, str]]:
    """The line, or nothing where it defines a macro; ``.broken`` where it must not."""
    if macro := _MACRO.fullmatch(line):
        name, sign, value = macro.groups()
        if fault := _fault(name, macros, again=sign == "=="):
            yield number, f".broken {fault}"
        macros[name] = _replaced(value, macros)
    elif line:
        yield number, _replaced(line, macros)


def _fault(name: str, macros: Mapping[str, str], *, again: bool) -> str:
    """Why it is no definition of a macro, with ``==`` if *again*; "" if it is one (section 6.4)."""
    if again and name not in macros:
        return f"the macro {name} has no definition that == could replace"
    if not again and name in macros:
        return f"the macro {name} is defined already: replace it with =="
    inner = next((other for other in macros if other != name and other in name), "")
    return f"the macro {inner}, defined before, stands in the name {name}" if inner and not again else ""


def _is_defined(names: str, macros: dict[str, str]) -> bool:
    """Exim looks for the letters of a macro's name, whatever stands around them."""
    return any(macro in names for macro in macros) or any(map(_is_built_in, _WORD.findall(names)))


def _is_built_in(name: str) -> bool:
    return name.startswith(_BUILT_IN) and name not in _NOT_BUILT_IN


def _choose(word: str, defined: bool, holds: list[bool], taken: list[bool]) -> None:
    """The effect of a ``.if…``, ``.el…`` or ``.endif`` on the stack of conditions."""
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


def _uncommented(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line.startswith("#"):
            yield number, line


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments and blank ones, continued ones put together; the number is the first line's."""
    start, parts = 0, ""
    for number, line in _uncommented(text):
        start, parts = start or number, parts + line.removesuffix("\\")
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
    return _ESCAPE.sub(_meant, value[1:-1])


_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)


def _meant(found: re.Match[str]) -> str:
    octal, hexadecimal, letter = found.groups()
    if octal or hexadecimal:
        return chr(int(octal, 8) & 0xFF if octal else int(hexadecimal, 16))
    return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}.get(letter, letter)


def listed(value: str) -> tuple[str, ...]:
    """The items of a list (section 6.21), separated by ``:`` or by the character after ``<``; doubled, it is itself."""
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
    # A list that ends in a separator has no empty item behind it.
    return (*items, item.strip()) if item.strip() or not items else tuple(items)


class NotLiteral(Exception):
    """The value depends on something that only Exim knows: a lookup, a variable, an escape."""


def sent(client_send: str) -> tuple[tuple[str, ...], ...]:
    """The strings that ``client_send`` of Exim's plaintext authenticator sends, each split at its NUL bytes.

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
