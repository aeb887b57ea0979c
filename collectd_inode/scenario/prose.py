"""Lines of a description that were meant as steps: Gherkin takes any line before the first step for prose.

``given I am on "/"``, ``Gven I should see "x"``, a keyword with a tab behind it, one of another language: none of them
is done, and the scenario passes without it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

from gherkin.dialect import DIALECTS, Dialect

from collectd_inode.words import shortened

Knows = Callable[[str], bool]
"""Whether a text is a sentence that a step could be."""

_ALIKE = 0.7
_VERY_ALIKE = 0.85
_ALIKE_TITLES = 0.85
_SHOWN = 60
_BULLET = re.compile(r"(?:[-*+•–—]|\d{1,3}[.)])\s*")
_PUNCTUATION = ":,."
_FIRST_PERSON = re.compile(r"(?:I|ich) ")
_SUBJECT = re.compile(r"(?:(?:the|an?) )?(?:user|visitor|customer|i|we|you|they|he|she) +(?=\w)", re.IGNORECASE)


class _If(Enum):
    """The test whether a line that begins like a step is one."""

    ALWAYS = auto()
    KNOWN = auto()
    """The lookahead for a sentence."""
    KNOWN_OR_QUOTES = auto()
    """… or has something in quotes, which prose seldom has behind a keyword."""
    KNOWN_OR_FIRST_PERSON = auto()


@dataclass(frozen=True, slots=True)
class _Guess:
    """A guess at the meaning of a line: the sentence in it, and the mistake before that."""

    sentence: str
    help: str
    when: _If

    def holds(self, knows: Knows) -> bool:
        return (
            self.when is _If.ALWAYS
            or (self.when is _If.KNOWN_OR_QUOTES and self.sentence.count('"') >= 2)
            or (self.when is _If.KNOWN_OR_FIRST_PERSON and _FIRST_PERSON.match(self.sentence) is not None)
            or (bool(self.sentence) and knows(self.sentence))
        )


def lost_step(line: str, language: str, knows: Knows) -> str:
    """The mistake in a line of a description that was meant as a step; empty for prose."""
    text = line.strip()
    guess = next((guess for guess in _guesses(text, language) if guess.holds(knows)), None)
    return "" if guess is None else f"“{shortened(text, _SHOWN)}” is read as a description, not as a step: {guess.help}"


def slip(line: str, language: str) -> str:
    """The mistake at the beginning of a line that is certainly a step; empty if it begins with no keyword at all."""
    text = line.strip()
    return next(
        (guess.help for guess in (*_own_keyword(text, _keywords(language)), *_other_language(text, language))), ""
    )


def _guesses(text: str, language: str) -> Iterator[_Guess]:
    bare = text[found.end() :] if (found := _BULLET.match(text)) else text
    own = _keywords(language)
    yield from _own_keyword(bare, own)
    yield from _near_keyword(bare, own, _VERY_ALIKE)
    yield from _other_language(bare, language)
    yield from _near_keyword(bare, own, _ALIKE)
    yield from _near_title(text, language)
    others = (bare[:1].lower() + bare[1:], _SUBJECT.sub("I ", bare, count=1)) if '"' in bare else ()
    for sentence in (bare, *others):
        yield _Guess(sentence, f"it begins with no keyword ({', '.join(_first_keywords(language))})", _If.KNOWN)


def _own_keyword(text: str, keywords: tuple[str, ...]) -> Iterator[_Guess]:
    """A keyword of the file's language, in other letters or with something else than a space behind it."""
    for keyword in keywords:
        if text[: len(keyword)].casefold() != keyword.casefold():
            continue
        if text == keyword:
            yield _Guess("", f'"{keyword}" needs a sentence after it', _If.ALWAYS)
        behind, rest = text[len(keyword) : len(keyword) + 1], text[len(keyword) :].lstrip(_PUNCTUATION + " \t\xa0")
        if text.startswith(keyword) and behind == " ":
            yield _Guess(rest, f'"{keyword}" stands before the first scenario', _If.KNOWN)
        elif text.startswith(keyword) and behind.isspace():
            yield _Guess(rest, f'"{keyword}" needs a space after it, not a tab or another blank', _If.ALWAYS)
        elif text.startswith(keyword) and behind in tuple(_PUNCTUATION):
            yield _Guess(rest, f'"{keyword}" needs a space after it, not "{behind}"', _If.KNOWN_OR_QUOTES)
        elif behind in tuple(_PUNCTUATION) or behind.isspace():
            yield _Guess(rest, f'did you mean "{keyword}"?', _If.KNOWN_OR_QUOTES)


def _near_keyword(text: str, keywords: tuple[str, ...], least: float) -> Iterator[_Guess]:
    """A keyword with a slip of the finger."""
    for keyword in keywords:
        length = keyword.count(" ") + 1
        words = text.split(maxsplit=length)
        written = " ".join(words[:length])
        if len(written) > 2 and least <= _likeness(written.casefold(), keyword.casefold()) < 1:
            rest = words[length] if len(words) > length else ""
            yield _Guess(rest, f'did you mean "{keyword}"?', _If.KNOWN_OR_FIRST_PERSON)


def _likeness(written: str, keyword: str) -> float:
    """How much of *keyword* is in what was written; two letters in each other's place are a slip of the finger, too."""
    if written != keyword and sorted(written) == sorted(keyword):
        return _VERY_ALIKE
    return difflib.SequenceMatcher(None, written, keyword).ratio()


def _near_title(text: str, language: str) -> Iterator[_Guess]:
    """The title of a scenario, or a background, in other letters or with a slip of the finger."""
    written, colon, rest = text.partition(":")
    dialect = Dialect(DIALECTS[language])
    titles = (dialect.scenario_keywords, dialect.scenario_outline_keywords, dialect.background_keywords)
    for keyword in (keyword for keywords in titles for keyword in keywords):
        likeness = difflib.SequenceMatcher(None, written.casefold(), keyword.casefold()).ratio()
        if colon and written != keyword and likeness >= _ALIKE_TITLES:
            yield _Guess(rest, f'did you mean "{keyword}:"?', _If.ALWAYS)


def _other_language(text: str, language: str) -> Iterator[_Guess]:
    """A keyword of another language."""
    first = text.split(maxsplit=1)[0] if text else ""
    for keyword, there in _foreign().get(first, ()):
        if there != language and text.startswith(keyword) and text[len(keyword) : len(keyword) + 1].isspace():
            said = f'"{keyword}" is a keyword of files that begin with "# language: {there}"'
            yield _Guess(text[len(keyword) :].lstrip(), said, _If.KNOWN_OR_QUOTES)


def title_of_another_language(line: str, own: Collection[str]) -> str:
    """The help where *line* begins with the title of a feature's part in another language, which is none of *own*."""
    written, colon, _ = line.strip().partition(":")
    there = _foreign_titles().get(written) if colon and written not in own else None
    return f'"{written}:" is a keyword of files that begin with "# language: {there}"' if there else ""


@cache
def _foreign_titles() -> dict[str, str]:
    """The keywords of titles in all languages, and of each the commonest language that has it."""
    found: dict[str, str] = {}
    for language in _commonest_first():
        dialect = Dialect(DIALECTS[language])
        scenarios = (*dialect.scenario_keywords, *dialect.scenario_outline_keywords, *dialect.background_keywords)
        for keyword in (*dialect.feature_keywords, *scenarios, *dialect.rule_keywords, *dialect.examples_keywords):
            found.setdefault(keyword, language)
    return found


def _commonest_first() -> list[str]:
    """All languages, those first that a file is most likely in: "Wenn" is German rather than Frisian."""
    return sorted(DIALECTS, key=lambda name: (name not in ("en", "de"), name not in _COMMON, name))


def _steps_of(language: str) -> tuple[list[str], ...]:
    dialect = Dialect(DIALECTS[language])
    return (
        dialect.given_keywords,
        dialect.when_keywords,
        dialect.then_keywords,
        dialect.and_keywords,
        dialect.but_keywords,
    )


@cache
def _keywords(language: str) -> tuple[str, ...]:
    """The step keywords of a language without the asterisk, the longest first."""
    named = {word.strip() for words in _steps_of(language) for word in words} - {"*"}
    return tuple(sorted(named, key=lambda word: (-len(word), word)))


def _first_keywords(language: str) -> list[str]:
    return [next(word.strip() for word in words if word.strip() != "*") for words in _steps_of(language)[:3]] + ["…"]


_COMMON = ("es", "fr", "it", "nl", "pl", "pt", "ru", "sv")


@cache
def _foreign() -> dict[str, list[tuple[str, str]]]:
    """The step keywords of all languages, by their first word; those that are words of many languages left out."""
    found: dict[str, list[tuple[str, str]]] = {}
    for language in _commonest_first():
        for keyword in _keywords(language):
            if len(keyword) > 2:
                found.setdefault(keyword.split()[0], []).append((keyword, language))
    return found
