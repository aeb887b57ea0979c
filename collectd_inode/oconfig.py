r"""collectd's own configuration grammar: text → the tree that collectd would hand to a plugin, with file and line.

The daemon parses its configuration itself; this is for the command line (``collectd-inode check``), which must read
files as the daemon does, oddities included.  The scanner is a table of patterns in the order of collectd's own; as in
flex, the longest match wins, the earlier row on a draw, and a character that nothing matches is dropped silently.
Surprises:

- unquoted words are ``[0-9A-Za-z_]+``: ``foo-bar`` is two values and ``www.x.org`` three;
- in quotes a backslash is dropped and keeps the next character: ``"\d"`` is ``d``;
- ``1e3`` is text, ``0x10`` is 16 and ``010`` is 10; only lower-case ``true yes on false no off`` are booleans;
- a block without values and without anything in it is not there at all.

A test compares all this with the real daemon.
"""

from __future__ import annotations

import ctypes
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache

from collectd_inode.model import NOWHERE, Place, Problem

MAX_INCLUDE_DEPTH = 8
MODULE = "collectd_inode"


Scalar = str | float | bool


@dataclass(frozen=True, slots=True)
class Node:
    """One option or block: ``Interval 60`` or ``<Scenario "webhome">…</Scenario>``."""

    key: str
    values: tuple[Scalar, ...]
    children: tuple[Node, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class WholeConf:
    """A configuration with all its includes; the warnings are about lines that collectd accepts but nobody means."""

    nodes: tuple[Node, ...]
    warnings: tuple[Problem, ...] = ()


class BadConfig(Exception):
    """collectd would not start with this; every problem has its file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def parse(text: str, path: str = "") -> tuple[Node, ...]:
    """The tree that collectd makes of *text*; raises `BadConfig` with every syntax error."""
    tree = _Tree(path)
    tree.grow(text)
    if tree.problems:
        raise BadConfig(tree.problems)
    return tuple(tree.nodes)


def read(path: str) -> tuple[Node, ...]:
    """The tree that collectd makes of the file *path*, with its includes; raises `BadConfig`."""
    return load(path).nodes


def load(path: str, content: bytes | None = None) -> WholeConf:
    """As `read`, with warnings about lines that the daemon accepts; *content* was read from *path* already."""
    reader = _Reader()
    if content is None:
        nodes = reader.path(path, None, 0, Place(path), on_missing=reader.problems)
    else:
        nodes = reader.text(content.decode("utf-8", "surrogateescape"), path, 0)
    if not nodes and not reader.problems:
        empty = Problem("the configuration is empty: collectd does not start", Place(path, 1))
        reader.problems = [*reader.warnings, empty]  # which says why it is
    if reader.problems:
        raise BadConfig(dict.fromkeys(reader.problems))
    return WholeConf(tuple(nodes), tuple(dict.fromkeys(reader.warnings)))


def sections(tree: Iterable[Node]) -> Iterator[Node]:
    """The ``<Module collectd_inode>`` sections of a whole collectd.conf, or the content of one as a section."""
    tree = tuple(tree)
    if is_bare(tree):
        yield Node("Module", (MODULE,), tree, Place(tree[0].place.path))
    for plugin in tree:
        if plugin.key.lower() == "plugin" and plugin.values == ("python",):
            for node in plugin.children:
                if is_ours(node):
                    yield node


def is_ours(node: Node) -> bool:
    """Whether *node* is a ``<Module collectd_inode>``."""
    return node.key.lower() == "module" and [str(value).lower() for value in node.values] == [MODULE]


_COLLECTD_S = frozenset(
    ["autoloadplugin", "basedir", "chain", "collectinternalstats", "fqdnlookup", "hostname", "loadplugin",
     "maxreadinterval", "module", "pidfile", "plugin", "plugindir", "postcachechain", "precachechain", "readthreads",
     "typesdb", "writequeuelimithigh", "writequeuelimitlow", "writethreads"]
)  # fmt: skip
"""Keys at the top of a collectd.conf that no ``<Module>`` of ours takes (man 5 collectd.conf, GLOBAL OPTIONS)."""
_EITHER_S = frozenset(["interval", "timeout"])


def is_of_collectd(tree: Sequence[Node]) -> bool:
    """Whether something stands at the top of *tree* that only collectd itself takes."""
    return any(node.key.lower() in _COLLECTD_S for node in tree)


def is_bare(tree: Sequence[Node]) -> bool:
    """Whether *tree* is what stands in a ``<Module collectd_inode>``, without it: for exec and serve."""
    keys = {node.key.lower() for node in tree}
    return bool(keys - _EITHER_S) and not is_of_collectd(tree)


# The scanner ----------------------------------------------------------------------------------------------------------


class _TokenKind(Enum):
    BLANK = auto()
    EOL = auto()
    SLASH = auto()
    OPEN = auto()
    CLOSE = auto()
    BOOL = auto()
    NUMBER = auto()
    WORD = auto()
    QUOTED = auto()
    CONTINUED = auto()
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _TokenKind
    text: str
    line: int


_Match = Callable[[str, int], int]  # where the longest match that starts here ends; -1: none

_QUOTED = r"(?:[^\\\"]++|\\.)*"
_PORT = (
    r"(?:6(?:5(?:5(?:3[0-5]|[0-2][0-9])|[0-4][0-9][0-9])|[0-4][0-9][0-9][0-9])|[1-5][0-9][0-9][0-9][0-9]"
    r"|[1-9][0-9]?[0-9]?[0-9]?)"
)
_BYTE = r"(?:2(?:5[0-5]|[0-4][0-9])|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}(?::{_PORT})?"
_HEX = r"[0-9A-Fa-f]{1,4}"
_TAIL = rf"(?:{_HEX}:{_HEX}|{_IPV4})"
_IPV6_BARE = "|".join(
    [
        rf"(?:{_HEX}:){{6}}{_TAIL}",
        rf"::(?:{_HEX}:){{5}}{_TAIL}",
        rf"(?:{_HEX})?::(?:{_HEX}:){{4}}{_TAIL}",
        rf"(?:(?:{_HEX}:){{0,1}}{_HEX})?::(?:{_HEX}:){{3}}{_TAIL}",
        rf"(?:(?:{_HEX}:){{0,2}}{_HEX})?::(?:{_HEX}:){{2}}{_TAIL}",
        rf"(?:(?:{_HEX}:){{0,3}}{_HEX})?::{_HEX}:{_TAIL}",
        rf"(?:(?:{_HEX}:){{0,4}}{_HEX})?::{_TAIL}",
        rf"(?:(?:{_HEX}:){{0,5}}{_HEX})?::{_HEX}",
        rf"(?:(?:{_HEX}:){{0,6}}{_HEX})?::",
    ]
)
_IPV6 = rf"(?:{_IPV6_BARE})|\[(?:{_IPV6_BARE})\](?::{_PORT})?"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """*pattern*, compiled when it is first needed: the daemon reads no file and needs none of them (8 ms)."""
    return re.compile(pattern)


def _greedy(pattern: str) -> _Match:
    """For patterns whose greedy match is the longest one."""

    def end(text: str, start: int) -> int:
        found = _compiled(pattern).match(text, start)
        return found.end() if found else -1

    return end


def _address(pattern: str, separator: str) -> _Match:
    """For addresses: an alternation takes its first way through, so we look for the longest end ourselves."""
    run = re.compile(r"[0-9A-Fa-f:.\[\]]{2,64}")

    def end(text: str, start: int) -> int:
        found = run.match(text, start)
        if found is None or found[0].count(separator) < 2:
            return -1
        ends = range(found.end(), start, -1)
        return next((stop for stop in ends if _compiled(pattern).fullmatch(text, start, stop)), -1)

    return end


_RULES: tuple[tuple[_TokenKind, _Match], ...] = (
    (_TokenKind.BLANK, _greedy(r"[ \t\b]+")),
    (_TokenKind.BLANK, _greedy(r"#.*")),
    (_TokenKind.BLANK, _greedy(r"\\\r?\n")),
    (_TokenKind.EOL, _greedy(r"\r?\n")),
    (_TokenKind.SLASH, _greedy(r"/")),
    (_TokenKind.OPEN, _greedy(r"<")),
    (_TokenKind.CLOSE, _greedy(r">")),
    (_TokenKind.BOOL, _greedy(r"true|yes|on|false|no|off")),
    (_TokenKind.WORD, _address(_IPV4, ".")),
    (_TokenKind.WORD, _address(_IPV6, ":")),
    (_TokenKind.NUMBER, _greedy(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-][0-9]+)?")),
    (_TokenKind.NUMBER, _greedy(r"0[xX][0-9a-fA-F]+")),
    (_TokenKind.NUMBER, _greedy(r"[+-]?[0-9]+")),
    (_TokenKind.QUOTED, _greedy(rf'"{_QUOTED}"')),
    (_TokenKind.WORD, _greedy(r"[0-9A-Za-z_]+")),
    (_TokenKind.CONTINUED, _greedy(rf'"{_QUOTED}\\\r?\n')),
)
# After a line of a quoted string that ended in a backslash.  The first character may be anything but white space, a
# quote included: a closing quote that opens its line does not close the string.
_CONTINUED_RULES: tuple[tuple[_TokenKind, _Match], ...] = (
    (_TokenKind.BLANK, _greedy(r"[ \t\b]+")),
    (_TokenKind.CONTINUED, _greedy(rf"[^ \t\b]{_QUOTED}\\\r?\n")),
    (_TokenKind.QUOTED, _greedy(rf'[^ \t\b]{_QUOTED}"')),
)


def _scan(text: str) -> Iterator[_Token]:
    at, line, lines = 0, 1, ""
    first_line = line
    while at < len(text):
        rules = _CONTINUED_RULES if lines else _RULES
        end, kind = _longest(rules, text, at)
        found = text[at:end]
        if kind is _TokenKind.CONTINUED:
            first_line = first_line if lines else line
            lines += re.sub(r"\\\r?\n\Z", "", found)
        elif kind is _TokenKind.QUOTED and lines:
            yield _Token(kind, lines + found, first_line)
            lines = ""
        elif kind is not _TokenKind.BLANK:
            yield _Token(kind, found, line)
        line += found.count("\n")
        at = end


def _longest(rules: tuple[tuple[_TokenKind, _Match], ...], text: str, at: int) -> tuple[int, _TokenKind]:
    best, kind = at + 1, _TokenKind.DROPPED
    matched = False
    for candidate, match in rules:
        end = match(text, at)
        if end > best or (end == best and not matched):
            best, kind, matched = end, candidate, True
    return best, kind


# The grammar ----------------------------------------------------------------------------------------------------------

_TRUE = frozenset({"true", "yes", "on"})
_VALUES = frozenset({_TokenKind.BOOL, _TokenKind.NUMBER, _TokenKind.WORD, _TokenKind.QUOTED})


def _value(token: _Token) -> Scalar:
    match token.kind:
        case _TokenKind.BOOL:
            return token.text in _TRUE
        case _TokenKind.NUMBER:
            return _number(token.text)
        case _TokenKind.QUOTED:
            return _unquoted(token.text)
    return token.text


def _number(text: str) -> float:
    if not text.startswith(("0x", "0X")):
        return float(text)
    try:
        return float(int(text, 16))
    except OverflowError:
        return float("inf")


def _unquoted(text: str) -> str:
    text = text.partition("\0")[0]  # in C a string ends there, closing quote and all
    if len(text) < 2 or not text.endswith('"'):
        return text
    return re.sub(r"\\(.?)", r"\1", text[1:-1], flags=re.DOTALL)


@dataclass(slots=True)
class _Block:
    """A block that is still open."""

    key: str
    values: tuple[Scalar, ...]
    place: Place
    children: list[Node] = field(default_factory=list)


class _Tree:
    """Statements go in, a line's tokens at a time; a faulty one is noted and left out."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.nodes: list[Node] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._open: list[_Block] = []

    def grow(self, text: str) -> None:
        statement: list[_Token] = []
        for token in _scan(text):
            if token.kind is _TokenKind.EOL:
                self._statement(statement)
                statement = []
            elif token.kind is _TokenKind.DROPPED:
                self._warn(token, f"{token.text!r} outside quotes is dropped by collectd: use double quotes")
            else:
                statement.append(token)
        if statement:
            # Where a quote is still open there is no end of line either; the daemon says the same of both.
            self._refuse(statement[-1], "the last line does not end in a newline, or a quote is not closed")
        for block in self._open:
            self.problems.append(Problem(f"<{block.key}> is never closed", block.place))

    def _statement(self, tokens: list[_Token]) -> None:
        match [token.kind for token in tokens]:
            case []:
                pass
            case [_TokenKind.OPEN, _TokenKind.SLASH, _TokenKind.WORD, _TokenKind.CLOSE]:
                self._close(tokens[2])
            case [_TokenKind.OPEN, _TokenKind.SLASH, *_]:
                self._refuse(tokens[0], "the end of a block is written </Name>, alone on its line")
            case [_TokenKind.OPEN, _TokenKind.WORD, *rest, _TokenKind.CLOSE] if _VALUES.issuperset(rest):
                key = tokens[1]
                values = tuple(map(_value, tokens[2:-1]))
                self._open.append(_Block(key.text, values, Place(self.path, key.line)))
            case [_TokenKind.OPEN, *_]:
                self._refuse(tokens[0], 'the start of a block is written <Name> or <Name "value">, alone on its line')
            case [_TokenKind.WORD]:
                self._refuse(tokens[0], f"{tokens[0].text} has no value")
            case [_TokenKind.WORD, *rest] if _VALUES.issuperset(rest):
                self._keep(Node(tokens[0].text, tuple(map(_value, tokens[1:])), (), Place(self.path, tokens[0].line)))
            case [_TokenKind.WORD, *rest]:
                wrong = next(token for token in tokens[1:] if token.kind not in _VALUES)
                self._refuse(wrong, f"{tokens[0].text}: {wrong.text!r} outside quotes: put the value in double quotes")
            case _:
                self._refuse(tokens[0], f"expected a key, found {tokens[0].text!r}; keys are words without quotes")

    def _close(self, name: _Token) -> None:
        if not self._open:
            self._refuse(name, f"</{name.text}> closes nothing")
            return
        block = self._open.pop()
        if block.key != name.text:
            self._refuse(name, f"</{name.text}> closes <{block.key}> of line {block.place.line}")
        self._keep(Node(block.key, block.values, tuple(block.children), block.place))

    def _keep(self, node: Node) -> None:
        if node.values or node.children:  # collectd forgets a block that has neither
            (self._open[-1].children if self._open else self.nodes).append(node)

    def _refuse(self, token: _Token, message: str) -> None:
        self.problems.append(Problem(message, Place(self.path, token.line)))

    def _warn(self, token: _Token, message: str) -> None:
        self.warnings.append(Problem(message, Place(self.path, token.line)))


# Files and includes ---------------------------------------------------------------------------------------------------


def _unreadable(path: str, trouble: OSError, asked: Place) -> Problem:
    what = "it" if asked == Place(path) else path
    return Problem(f"cannot read {what}: {trouble.strerror}", asked)


class _Reader:
    """Reads files and, at their top level, what they include: in its place, sorted by name, eight levels deep."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def path(
        self,
        path: str,
        pattern: str | None,
        depth: int,
        asked: Place,
        on_missing: list[Problem],
        *,
        listed: bool = False,
    ) -> list[Node]:
        """A file's or a folder's nodes; what a folder's listing named (*listed*) may be skipped by the filter."""
        try:
            mode = os.stat(path).st_mode
        except OSError as trouble:
            on_missing.append(_unreadable(path, trouble, asked))
            return []
        if stat.S_ISDIR(mode):
            return self._folder(path, pattern, depth, asked)
        if not stat.S_ISREG(mode):
            self.warnings.append(Problem(f"{path} is neither a file nor a folder", asked))
            return []
        if pattern is not None and not _name_matches(pattern, os.path.basename(path)):
            if not listed:
                message = f'{path} does not match Filter "{pattern}": collectd refuses that for all but folders'
                self.problems.append(Problem(message, asked))
            return []
        return self._file(path, depth, asked)

    def _folder(self, folder: str, pattern: str | None, depth: int, asked: Place) -> list[Node]:
        try:
            names = sorted((name for name in os.listdir(folder) if not name.startswith(".")), key=os.fsencode)
        except OSError as trouble:
            self.problems.append(_unreadable(folder, trouble, asked))
            return []
        # As collectd does it, a folder in a folder is read too, and every name is expanded as if typed in a shell.
        return [node for name in names for node in self._words(f"{folder}/{name}", pattern, depth, asked, listed=True)]

    def _file(self, path: str, depth: int, asked: Place) -> list[Node]:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
        except OSError as trouble:
            self.problems.append(_unreadable(path, trouble, asked))
            return []
        return self.text(text, path, depth)

    def text(self, text: str, path: str, depth: int) -> list[Node]:
        """The nodes of a file's *text*."""
        tree = _Tree(path)
        tree.grow(text)
        self.problems += tree.problems
        self.warnings += tree.warnings
        return [included for node in tree.nodes for included in self._include(node, depth)]

    def _include(self, node: Node, depth: int) -> list[Node]:
        if node.key.lower() != "include":
            return [node]
        match node.values:
            case (str(wanted),):
                pattern = self._filter(node)
                return self._words(wanted, pattern, depth + 1, node.place)
        self.warnings.append(
            Problem("Include takes exactly one text in double quotes; collectd ignores this one", node.place)
        )
        return []

    def _filter(self, node: Node) -> str | None:
        pattern = None
        for child in node.children:
            if child.key.lower() != "filter":
                self.warnings.append(Problem(f"{child.key} is not allowed in <Include>", child.place))
                continue
            match child.values:
                case (str(only),):
                    pattern = only
                case _:
                    self.warnings.append(Problem("Filter takes exactly one text in double quotes", child.place))
        return pattern

    def _words(self, text: str, pattern: str | None, depth: int, asked: Place, *, listed: bool = False) -> list[Node]:
        if depth >= MAX_INCLUDE_DEPTH:
            message = f"{text} is not included: more than {MAX_INCLUDE_DEPTH - 1} files include one another"
            self.problems.append(Problem(message, asked))
            return []
        words = _shell_words(text)
        if words is None:
            self.problems.append(Problem(f'Include "{text}": the shell would not understand this name', asked))
            return []
        return [
            node
            for word in sorted(words)
            for node in self.path(os.fsdecode(word), pattern, depth, asked, self.warnings, listed=listed)
        ]


# collectd asks the C library, so we ask it too: Python's glob and fnmatch know neither $HOME, quoting nor [^a].
def _name_matches(pattern: str, name: str) -> bool:
    return bool(ctypes.CDLL(None).fnmatch(os.fsencode(pattern), os.fsencode(name), 0) == 0)


class _WordExp(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_size_t),
        ("words", ctypes.POINTER(ctypes.c_char_p)),
        ("offset", ctypes.c_size_t),
    )


_WRDE_NOCMD = 4


def _shell_words(text: str) -> list[bytes] | None:
    """Expand a name as wordexp(3), which collectd calls, does: wildcards, ``~``, ``$HOME``; a blank splits it."""
    libc = ctypes.CDLL(None)
    answer = _WordExp()
    if libc.wordexp(os.fsencode(text), ctypes.byref(answer), _WRDE_NOCMD) != 0:
        return None
    try:
        return [word for word in answer.words[: answer.count] if word is not None]
    finally:
        libc.wordfree(ctypes.byref(answer))
