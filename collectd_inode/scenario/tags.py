"""The selection of scenarios: tag expressions and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from cucumber_tag_expressions import (  # type: ignore[import-untyped]  # it ships no types
    TagExpressionError,
    TagExpressionParser,
)

from collectd_inode.words import shortened

TagFilter = Callable[[frozenset[str]], bool]


class Selectable(Protocol):
    """Anything with a title and tags: a scenario, broken or not."""

    @property
    def title(self) -> str: ...

    @property
    def tags(self) -> frozenset[str]: ...


S = TypeVar("S", bound=Selectable)

# The parser's words → words that a person can act on.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"Expected operand after BEGIN", r'it begins with "and", "or" or ")"'),
    (r"Expected operand after (.+)", r'a tag is missing after "\1"'),
    (r"Expected operator after (.+)", r'"and" or "or" is missing after "\1"'),
    (r"Missing '\('", 'a ")" has no "("'),
    (r"Unclosed '\('", 'a "(" has no ")"'),
    (r"Too few operands", "it ends where a tag should stand"),
    (r"Illegal escape", "a backslash stands only before a parenthesis or a backslash"),
)


def select(scenarios: Iterable[S], tags: str | None = None, name: str | None = None) -> list[S]:
    """Those of *scenarios* whose tags fit the expression and whose title contains *name*, in any case of letters.

    A name that begins with ``^`` is a regular expression.  ValueError for a bad expression.
    """
    fits = parse_tags(tags or "")
    wanted = (name or "").casefold()
    if not wanted.startswith("^"):
        return [s for s in scenarios if fits(s.tags) and wanted in s.title.casefold()]
    pattern = re.compile(name or "", re.IGNORECASE)
    return [s for s in scenarios if fits(s.tags) and pattern.search(s.title)]


def parse_tags(text: str) -> TagFilter:
    """The expression *text* (``@web and not @slow``) as a test of a scenario's tags; an empty one is always true.

    ValueError, with a sentence, for a text that is not an expression or cannot be meant.
    """
    # The parser splits at spaces only, and takes a tab for a tag.
    plain = " ".join(text.split())
    try:
        expression = TagExpressionParser.parse(plain)
        expression(frozenset())
        words = TagExpressionParser.tokenize(plain)
    except TagExpressionError as error:
        raise ValueError(_sentence(text, _reason(str(error)))) from None
    except RecursionError:
        raise ValueError(_sentence(shortened(text, 41), "it is nested too deeply")) from None
    for word in words:
        _check_tag(text, word)
    return lambda tags: bool(expression(tags))


def _check_tag(text: str, word: str) -> None:
    # "not slow" would select everything, and nobody would hear of it.
    if TagExpressionParser.select_token(word) is not None:
        return
    if word.startswith("~") or ",@" in word or ",~" in word:
        raise ValueError(_sentence(text, f'"{word}" is the old notation; write "{_today(word, plain=word == text)}"'))
    if not word.startswith("@") or word == "@":
        raise ValueError(_sentence(text, f'"{word}" is not a tag; tags begin with @'))


def _today(word: str, *, plain: bool) -> str:
    """``~@slow,@web`` of cucumber's and behave's first versions, as it is written now; not *plain*: within others."""
    parts = [f"{'not ' * part.startswith('~')}@{part.lstrip('~@')}" for part in word.split(",")]
    now = " or ".join(parts)
    return now if plain or len(parts) == 1 else f"({now})"


def _reason(message: str) -> str:
    for pattern, words in _REASONS:
        if found := re.search(pattern, message):
            return found.expand(words)
    return message.splitlines()[0]


def _sentence(text: str, reason: str) -> str:
    return f'"{text}" is not a tag expression: {reason}'
