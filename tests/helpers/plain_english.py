"""Wordings to avoid, each with the plain one; and where they are in messages, docstrings and pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import collectd_inode

PACKAGE = Path(collectd_inode.__file__).parent
ROOT = PACKAGE.parent


class Kind(Enum):
    """A kind of text that people read."""

    MESSAGE = auto()
    """A string literal of the package with a blank in it."""
    DOCSTRING = auto()
    PAGE = auto()
    """README, docs/ and the changelog's Unreleased part."""


EVERYWHERE = frozenset(Kind)
NOT_YET: tuple[str, ...] = ()
"""Rooms that are still to be cleaned: each goes from here when it is."""
IN_CODE = frozenset({Kind.MESSAGE, Kind.DOCSTRING})


@dataclass(frozen=True, slots=True)
class Rule:
    """A wording to avoid, as a regular expression, and the plain one."""

    pattern: str
    plain: str
    kinds: frozenset[Kind] = EVERYWHERE
    allowed: tuple[tuple[str, str], ...] = ()
    """Exceptions: a part of the text, and the reason."""

    def found_in(self, text: str) -> Iterator[int]:
        """The places in *text* with this wording; a line's end counts as a blank."""
        for match in re.finditer(self.pattern.replace(" ", r"\s+"), text):
            around = " ".join(text[max(0, match.start() - 60) : match.end() + 60].split())
            if not any(part in around for part, _ in self.allowed):
                yield match.start()


@dataclass(frozen=True, slots=True)
class Text:
    """A text that people read, and the line in which it begins."""

    kind: Kind
    file: str
    line: int
    content: str


def findings(rules: Iterable[Rule], texts: Iterable[Text]) -> Iterator[str]:
    """``FILE:LINE: “wording”: plain wording`` for each place that breaks a rule."""
    rules = tuple(rules)
    for text in texts:
        for rule in rules:
            for start in rule.found_in(text.content) if text.kind in rule.kinds else ():
                line = text.line + text.content.count("\n", 0, start)
                said = " ".join(text.content[start : start + 40].split())
                yield f"{text.file}:{line}: “{said}…”: {rule.plain}"


def texts_of_package() -> Iterator[Text]:
    """Every docstring and message of the package."""
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if not name.startswith(NOT_YET):
            yield from texts_of_module(name, file.read_text())


def texts_of_module(file: str, source: str) -> Iterator[Text]:
    """The docstrings (of attributes too) and the string literals with a blank in them."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in docstrings:
                yield Text(Kind.DOCSTRING, file, node.lineno, node.value)
            elif " " in node.value.strip():
                yield Text(Kind.MESSAGE, file, node.lineno, node.value)


def texts_of_pages() -> Iterator[Text]:
    """README, the pages in docs/, and what the changelog says of the next version."""
    for file in (ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))):
        yield Text(Kind.PAGE, file.relative_to(ROOT).as_posix(), 1, file.read_text())
    changelog = (ROOT / "CHANGELOG.rst").read_text()
    unreleased = re.match(r"(?is).*?\n[^\n]*unreleased\n-+\n.*?(?=\n[^\n]+\n-{4,}\n|\Z)", changelog)
    assert unreleased is not None, "no version in CHANGELOG.rst is unreleased"
    yield Text(Kind.PAGE, "CHANGELOG.rst", 1, unreleased[0])


RULES = (
    Rule(
        r"\AWhat\b",
        "name the thing or the action: “The mistake in …”, “Parse …”",
        IN_CODE,
        (("What to use instead", "a column's heading"), ("What it does", "likewise"), ("What to do", "likewise")),
    ),
    Rule(r"\b[Ss]o many\b|\A(\w+ ){0,2}[Ss]o often\b", "the number, the largest, the least number of …", IN_CODE),
    Rule(r"\b[Ww]hom\b", "the noun: the receiver, the user, the subject", IN_CODE),
    Rule(r"\A(Who|Whose)\b", "the noun: the user, the source", frozenset({Kind.DOCSTRING})),
    Rule(r"\b[Ww]hoever\b", "the noun: the user, the reader", frozenset({Kind.DOCSTRING})),
    Rule(r"\bas told by\b", "as the operator wrote it", IN_CODE),
    Rule(r"\bbelieved?\b", "trust, accept", IN_CODE),
    Rule(r"\b(is|are|was|were) told\b", "is reported, logged, printed, shown"),
    Rule(r"\brefused and told\b", "is rejected and logged"),
    Rule(r"\b(is|are) asked\b", "is queried, requested, configured"),
    Rule(r"\bwants? (a|an|the|no|its)\b", "needs, requires"),
    Rule(r"\ball the same\b", "still, anyway", frozenset({Kind.DOCSTRING, Kind.PAGE})),
    Rule(r"\bas ever\b", "as usual, still"),
    Rule(r"\bthe very\b", "the same, exactly the"),
    Rule(r"\bin mid-run\b", "during a run"),
    Rule(r"\b(make|makes|made) up for\b", "repeat"),
    Rule(r"\b[Ll]ets? go of\b", "release, close, free"),
    Rule(r"\bgives? way\b", "fails, reaches its limit"),
    Rule(r"\bhand(s|ed)? (in|out)\b", "submit, return, issue"),
    Rule(r"\bsees? to\b", "the verb itself: “`titles` renames it”"),
    Rule(r"\bstands? in for\b", "replaces, instead of"),
    Rule(r"\bgo(es)? on as (it was|they were)\b", "stays unchanged, keeps its last good version"),
    Rule(r"\bas said above\b", "as described; better: say it here"),
    Rule(r"\brubbish\b", "garbage, or what it is: no certificate"),
    Rule(r"\b(is|are) to be\b", "must be, or a plain verb: “is written”, “will be written”", IN_CODE),
    Rule(r"\bto be seen\b", "visible, found", IN_CODE),
    Rule(r"\banew\b", "again; rewrite, reload", IN_CODE),
    Rule(r"\bheld? against\b", "compare with, verify with", IN_CODE),
    Rule(r"\bputs? up with\b", "tolerate, accept", IN_CODE),
    Rule(r"\bfound out\b", "detect, test", IN_CODE),
    Rule(r"\bhad better\b", "must, should", IN_CODE),
    Rule(r"\bmend(s|ed)?\b", "fix", IN_CODE, (("``mend`` is empty", "the name of a field"),)),
    Rule(r"\bwithout a word\b", "silently", IN_CODE),
    Rule(r"\b[Ii]f it is not said\b", "Default: …"),
    Rule(r"\bdeadline (has )?struck\b", "deadline exceeded"),
    Rule(r"\b[Oo]f several (that|none)\b", "if several …, the step fails and lists them"),
)
"""The table; a wording comes into it when nothing in the repository has it any more."""
