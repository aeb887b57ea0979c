"""The built-in sentences: a file of rows a language, called as Gherkin calls the language (``# language: de``).

docs/explanation/architecture.rst says what stands in a row.  English is read when the first vocabulary is made, another
language when a feature file is in it, the rest when a step is undefined, since it may be another language's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from gherkin.dialect import DIALECTS

from collectd_inode.scenario import actions, answers, controls, json_body, remembering, requests
from collectd_inode.scenario.action import Action
from collectd_inode.scenario.vocabulary import (
    ENGINES,
    ENGLISH,
    REGISTRY,
    Sentence,
    Unsupported,
    Vocabulary,
    another_step,
)

FOLDER = Path(__file__).parent

OURS = "collectd_inode"
"""The source of what no peer has."""

RANKS = {"soft": -2, "cleanup": -1, "": 0, "unquoted": 10, "within": 15, "field within": 16, "greedy": 20}
"""The first two are about another step, and some sentences take any ending.  Of two parts of a page the one at the
step's end is the outer.  The greedy quotes (``I follow "say "hi""``) are what only old files need.
"""

ACTIONS: Mapping[str, Action[...]] = {
    found.name: found
    for module in (actions, answers, controls, json_body, remembering, requests)
    for found in vars(module).values()
    if isinstance(found, Action)
}
"""The actions that a row may name."""

_ENGINES = {engine: engine for engine in ENGINES}
_SECTIONS = {"sentences", "unsupported", "lacks", "parts", "instead", "synonyms"}
_NEEDED = {"expression", "example", "about"}
_ABOUT_ANOTHER = {"scoping", "soft", "cleanup"}
_KEYS = {*_NEEDED, *_ABOUT_ANOTHER, "action", "given", "source", "rank", "vocabulary", "engines"}


class BadSentences(ValueError):
    """A language's file is wrong: which file, which sentence, and how."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The sentences of one language.

    ``lacks`` are the examples of the English ones that have no like in it; ``instead`` is what to use for what is not
    supported, by name.
    """

    sentences: tuple[Sentence, ...]
    unsupported: tuple[Unsupported, ...]
    lacks: tuple[str, ...]
    instead: Mapping[str, str]


@cache
def languages() -> tuple[str, ...]:
    """Gherkin's names for the languages that have sentences, English first."""
    found = {path.stem for path in FOLDER.glob("*.json")} - {ENGLISH}
    return (ENGLISH, *sorted(found))


def name_of(language: str) -> str:
    """Gherkin's English name of a language."""
    dialect: Mapping[str, Any] = DIALECTS[language]  # its type leaves out the names
    return str(dialect["name"])


@cache
def edition(language: str) -> Edition:
    """The sentences of one of the `languages`."""
    return read(file_of(language))


def file_of(language: str) -> Path:
    """The file of one of the `languages`."""
    return FOLDER / f"{language}.json"


def every_sentence() -> tuple[Sentence, ...]:
    """Every built-in sentence, in the order in which ``collectd-inode steps`` shows them."""
    return tuple(_sentences(languages()))


def every_unsupported() -> tuple[Unsupported, ...]:
    """Every sentence that is known from elsewhere and not done here."""
    return tuple(_unsupported())


def vocabulary(language: str = ENGLISH, name: str = "web", user_sentences: Iterable[Sentence] = ()) -> Vocabulary:
    """The vocabulary of feature files in a language, of which there need be no sentences."""
    own = tuple(user_sentences)
    return _vocabulary(language, name, own) if own else _built_in(language, name)


@lru_cache(maxsize=8)
def _built_in(language: str, name: str) -> Vocabulary:
    """One for all blocks without steps of their own: 0.4 ms each."""
    return _vocabulary(language, name, ())


def _vocabulary(language: str, name: str, own: tuple[Sentence, ...]) -> Vocabulary:
    mine = [one for one in languages() if one in (ENGLISH, language)]
    others = _sentences(one for one in languages() if one not in mine)
    return Vocabulary(_sentences(mine), own, name, _unsupported(), language, elsewhere=others)


def _sentences(of: Iterable[str]) -> Iterator[Sentence]:
    return (sentence for language in of for sentence in edition(language).sentences)


def _unsupported() -> Iterator[Unsupported]:
    return (one for language in languages() for one in edition(language).unsupported)


# From a file to sentences


def read(path: Path) -> Edition:
    """The sentences in a language's file; raises BadSentences."""
    data = loaded(path)
    parts = parts_of(path.name, data)
    instead = data.get("instead") or edition(ENGLISH).instead
    return Edition(
        sentences=tuple(_sentence(path, number, row, parts) for number, row in enumerate(data["sentences"], 1)),
        unsupported=tuple(
            one for group in data.get("unsupported", ()) for one in _not_done(path.name, group, parts, instead)
        ),
        lacks=tuple(data.get("lacks", ())),
        instead=instead,
    )


def loaded(path: Path) -> Mapping[str, Any]:
    """Parse a language's file; raises BadSentences."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadSentences(f"{path.name}: {error}") from None
    check_row(path.name, data, {"sentences"}, _SECTIONS)
    return data


def parts_of(where: str, data: Mapping[str, Any]) -> dict[str, str]:
    """The named parts of regular expressions; one may name those before it."""
    parts: dict[str, str] = {}
    for name, text in data.get("parts", {}).items():
        parts[name] = pattern(f"{where}: {name}", text, parts)
    return parts


def pattern(where: str, text: str, parts: Mapping[str, str]) -> str:
    """A regular expression with the parts that it names; raises BadSentences for one that there is not."""
    return _expanded(where, f"/{text}/", parts)[1:-1]


def _sentence(path: Path, number: int, row: Mapping[str, Any], parts: Mapping[str, str]) -> Sentence:
    where = f"{path.name}: {row.get('example', f'sentence {number}')}"
    check_row(where, row, _NEEDED | ({"action"} if _ABOUT_ANOTHER.isdisjoint(row) else set()), _KEYS)
    return Sentence(
        expression=_expanded(where, row["expression"], parts),
        action=_named(where, "action", row["action"], ACTIONS) if "action" in row else another_step,
        example=row["example"],
        about=row["about"],
        source=row.get("source", OURS),
        rank=_named(where, "rank", row.get("rank", ""), RANKS),
        vocabulary=row.get("vocabulary"),
        language=path.stem,
        given=tuple(row.get("given", ())),
        engines=frozenset(_named(where, "engine", one, _ENGINES) for one in row.get("engines", ENGINES)),
        **{key: row.get(key, False) for key in _ABOUT_ANOTHER},
    )


def _not_done(
    file: str, group: Mapping[str, Any], parts: Mapping[str, str], instead: Mapping[str, str]
) -> Iterator[Unsupported]:
    where = f"{file}: unsupported"
    check_row(where, group, {"source", "instead", "steps"}, {"source", "instead", "steps"})
    told = _named(where, "instead", group["instead"], instead)
    for step in group["steps"]:
        check_row(where, step, {"expression", "example"}, {"expression", "example"})
        expression = _expanded(f"{file}: {step['example']}", step["expression"], parts)
        yield Unsupported(expression, step["example"], told, group["source"])


def check_row(where: str, row: Mapping[str, Any], needed: set[str], known: set[str]) -> None:
    """Raises BadSentences where *row* lacks a key, or has one that is not known."""
    if missing := sorted(needed - row.keys()):
        raise BadSentences(f"{where}: lacks {' and '.join(missing)}")
    if unknown := sorted(row.keys() - known):
        raise BadSentences(f"{where}: no key is called {', '.join(unknown)}; known are {', '.join(sorted(known))}")


def _named(where: str, what: str, name: str, table: Mapping[str, Any]) -> Any:
    if name not in table:
        raise BadSentences(f"{where}: no {what} is called {name}")
    return table[name]


def _expanded(where: str, expression: str, parts: Mapping[str, str]) -> str:
    """*expression* with the parts that it names; what is in braces may also be a parameter, such as {string}."""

    def part(found: re.Match[str]) -> str:
        name = found[1]
        if name not in parts and (expression.startswith("/") or REGISTRY.lookup_by_type_name(name) is None):
            raise BadSentences(f"{where}: no part is called {name}")
        return parts.get(name, found[0])

    return re.sub(r"\{([a-z_]+)\}", part, expression)
