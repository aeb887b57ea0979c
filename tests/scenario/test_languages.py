"""The languages of ``scenario/sentences/``: what holds for every one of them, and what their files may say.

A language of our own is made up here and held to the same.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gherkin.dialect import DIALECTS

from collectd_inode.scenario.action import Action, action
from collectd_inode.scenario.engine import Engine
from collectd_inode.scenario.sentences import (
    ACTIONS,
    FOLDER,
    BadSentences,
    Edition,
    _built_in,
    edition,
    every_sentence,
    languages,
    name_of,
    read,
    vocabulary,
)
from collectd_inode.scenario.vocabulary import ENGINES, ENGLISH, Matched, Sentence, Undefined, Vocabulary, another_step

SCENARIO = FOLDER.parent
TRANSLATED = [language for language in languages() if language != ENGLISH]

translated = pytest.mark.parametrize("language", TRANSLATED)


def place(sentence: Sentence) -> tuple[object, ...]:
    """What has to be the same in every language: what it does, how it ranks, and what can do it."""
    return sentence.action.name, sentence.given, sentence.rank, sentence.engines


def english() -> list[Sentence]:
    """Those that have a like in every language; the old ways of cucumber-nagios are English only."""
    return [s for s in edition(ENGLISH).sentences if s.vocabulary in (None, "web")]


def complaints(one: Edition) -> Iterator[str]:
    """What an edition has not, or has too much of, with the sentence's example."""
    lacking = [s for s in english() if s.example in one.lacks]
    wanted = Counter(place(s) for s in english() if s not in lacking)
    there = Counter(map(place, one.sentences))
    done = {s.action for s in english()}
    examples = {s.example for s in english()}
    yield from (f"nothing to lack: {text}" for text in one.lacks if text not in examples)
    yield from (f"no like of: {s.example}" for s in english() if s not in lacking and place(s) in wanted - there)
    yield from (f"not lacking: {s.example}" for s in lacking if there[place(s)] > wanted[place(s)])
    yield from (f"no English sentence does: {s.example}" for s in one.sentences if s.action not in done)


# Every language


def test_what_is_complained_of() -> None:
    """What a language lacks without saying so, and what it says and does not lack."""
    whole, last = replace(edition(ENGLISH), sentences=tuple(english())), english()[-1].example
    less = replace(whole, sentences=whole.sentences[:-1])
    assert list(complaints(whole)) == []
    assert list(complaints(less)) == [f"no like of: {last}"]
    assert list(complaints(replace(less, lacks=(last,)))) == []
    said = replace(whole, lacks=("I dance", last))
    assert list(complaints(said)) == ["nothing to lack: I dance", f"not lacking: {last}"]
    dance = replace(english()[0], action=ACTIONS["legacy_should_fail"], example="I dance")
    more = replace(whole, sentences=(*whole.sentences, dance))
    assert list(complaints(more)) == ["no English sentence does: I dance"]


@translated
def test_every_english_sentence_has_its_like(language: str) -> None:
    """As many for each action, at least, but for those that the language says it lacks."""
    assert list(complaints(edition(language))) == []


@translated
@pytest.mark.parametrize("name", ["web", "legacy"])
def test_each_example_is_one_sentence_s(language: str, name: str) -> None:
    """In a file of that language, where the English ones are good too; and in both vocabularies."""
    there = vocabulary(language, name)
    for sentence in edition(language).sentences:
        found = there.match(sentence.example)
        assert isinstance(found, Matched), sentence.example
        assert found.sentence is sentence or sentence.about_another, sentence.example
        assert (bool(found.scopes), found.soft, found.cleanup) == (sentence.scoping, sentence.soft, sentence.cleanup)


@pytest.mark.parametrize("language", languages())
def test_it_is_a_language_of_gherkin_s(language: str) -> None:
    """Or no file could be in it."""
    assert language in DIALECTS
    assert {s.language for s in edition(language).sentences} == {language}


def test_languages_have_names() -> None:
    """Gherkin's, as the vocabulary's page shows them."""
    assert (name_of(languages()[0]), name_of("de")) == ("English", "German")


@translated
def test_an_english_file_does_not_read_it(language: str) -> None:
    """It says which file does."""
    there = vocabulary()
    for sentence in edition(language).sentences:
        found = there.match(sentence.example)
        assert isinstance(found, Undefined), sentence.example
        assert found.instead == f'only valid in a feature file that begins with "# language: {language}"'


@translated
def test_english_sentences_are_good_in_it(language: str) -> None:
    """Every one means what it means in an English file."""
    here, there = vocabulary(language), vocabulary()
    for sentence in there.sentences:
        assert here.match(sentence.example) == there.match(sentence.example)


@pytest.mark.parametrize("language", languages())
def test_no_two_sentences_have_an_example(language: str) -> None:
    """Within a vocabulary; who searches for one would find two."""
    for name in ("web", "legacy"):
        found = Counter(s.example for s in edition(language).sentences if s.vocabulary in (None, name))
        assert [example for example, times in found.items() if times > 1] == []


@pytest.mark.parametrize("language", languages())
def test_every_expression_can_be_compiled(language: str) -> None:
    """Here, since a process compiles only those that it meets; the groups of what is about another step are there."""
    for sentence in edition(language).sentences:
        assert isinstance(sentence.expression, str)
        if sentence.expression.startswith("/"):
            groups = re.compile(sentence.expression[1:-1]).groupindex
            assert not sentence.about_another or "step" in groups, sentence.example
            assert not sentence.scoping or "scope" in groups, sentence.example
    for step in edition(language).unsupported:
        assert isinstance(step.expression, str)
        assert re.fullmatch(step.expression[1:-1], step.example), step.example


@pytest.mark.parametrize("language", languages())
def test_no_key_stands_twice(language: str) -> None:
    """JSON takes the last one, silently."""

    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    json.loads((FOLDER / f"{language}.json").read_bytes(), object_pairs_hook=checked)


def test_a_language_that_nobody_asks_for_is_not_read() -> None:
    """Loading English feature files takes as long as before there were others."""
    edition.cache_clear()
    _built_in.cache_clear()
    vocabulary().match('I go to "/"')
    assert edition.cache_info().currsize == 1


def test_blocks_without_steps_of_their_own_share_a_vocabulary() -> None:
    """Sorting the sentences takes as long as reading a scenario."""
    own = Sentence("(I )dance", another_step, "I dance", "dancing", place="steps.py:1")
    assert vocabulary() is vocabulary()
    assert vocabulary().match("I dance") != vocabulary(user_sentences=[own]).match("I dance")
    assert vocabulary(name="legacy") is not vocabulary()


# Actions


def test_every_action_has_an_english_sentence() -> None:
    """One that nobody can say is none."""
    said = {s.action.name for s in edition(ENGLISH).sentences}
    assert sorted(ACTIONS.keys() - said) == []


def test_every_action_has_a_name_of_its_own() -> None:
    """It is what rows know it by."""
    files = [path for path in SCENARIO.glob("*.py") if path.name not in ("vocabulary.py", "action.py")]
    decorated = re.compile(r"^@action\((?:.|\n)*?^async def (\w+)\(", re.MULTILINE)
    names = [name for file in files for name in decorated.findall(file.read_text())]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert sorted(set(names) - ACTIONS.keys()) == [], "a module is missing where sentences/__init__.py collects ACTIONS"


def sources_of(one: Action[...]) -> Iterator[str]:
    """The source of an action, and that of the functions of its file that it calls."""
    own = inspect.getsource(one.function)
    yield own
    module = sys.modules[one.function.__module__]
    called = (getattr(module, name, None) for name in set(re.findall(r"\b(\w+)\(", own)))
    yield from (inspect.getsource(of) for of in called if inspect.isfunction(of) and of.__module__ == module.__name__)


def test_what_an_action_calls_navigations() -> None:
    """Whoever makes the engine get a page navigates: pictures and the judging of a status go by it."""
    navigating = [
        name for name, of in vars(Engine).items() if getattr(of, "__annotations__", {}).get("return") == "Page"
    ]
    asking = re.compile(rf"session\.browser\.(?:{'|'.join(navigating)})\(")
    assert "go" in navigating
    asks = {one.name for one in ACTIONS.values() if any(map(asking.search, sources_of(one)))}
    assert {one.name for one in ACTIONS.values() if one.navigates} == asks


def test_an_action_says_whether_it_navigates() -> None:
    """``@action()`` alone is refused, with the function's name; so is a fact about a parameter that there is not."""

    async def reload(session: object) -> None: ...

    with pytest.raises(TypeError, match="navigates"):
        action()(reload)  # type: ignore[call-arg]  # what is tried
    with pytest.raises(TypeError, match=r"^reload has no parameter target$"):
        action(navigates=True, address="target")(reload)


# Files


ROW = {"action": "follow", "expression": "mi klakas {string}", "example": 'mi klakas "A"', "about": "Alklaki ligilon."}
"""A sentence of Esperanto, which Gherkin knows."""


def written(folder: Path, *rows: dict[str, Any], **more: Any) -> Path:
    path = folder / "eo.json"
    path.write_text(json.dumps({"sentences": rows or [ROW], **more}))
    return path


def test_a_made_up_language(tmp_path: Path) -> None:
    """One file is all that there is to it; what it lacks it says."""
    path = written(
        tmp_path,
        ROW,
        {**ROW, "action": "should_see", "expression": "{iu}vidu {string}", "example": 'mi vidu "A"'},
        {
            "scoping": True,
            "rank": "within",
            "expression": "/(?P<step>.+) en (?P<scope>{quoted})(?P<rest>:?)/",
            "example": 'mi klakas "A" en "#b"',
            "about": "En parto de la paĝo.",
        },
        parts={"quoted": '"[^"]*"', "iu": "(mi )"},
        unsupported=[
            {
                "source": "cucumber-rails",
                "instead": "date",
                "steps": [{"expression": "/montru al mi/", "example": "montru al mi"}],
            }
        ],
        lacks=[s.example for s in english() if s.action.name not in ("follow", "should_see") and not s.scoping],
    )
    esperanto = read(path)
    assert [sentence.language for sentence in esperanto.sentences] == ["eo"] * 3
    there = Vocabulary(
        [*edition(ENGLISH).sentences, *esperanto.sentences], unsupported=esperanto.unsupported, language="eo"
    )
    found = there.match('mi klakas "A" en "#b"')
    assert found == Matched(esperanto.sentences[0], ("A",), ("#b",))
    assert isinstance(there.match('I follow "A"'), Matched)
    undefined = there.match("montru al mi")
    assert isinstance(undefined, Undefined)
    assert undefined.instead.startswith("known from cucumber-rails, but not supported: choose the parts of the date")
    assert list(complaints(esperanto)) == [
        'no like of: I follow "Contact"',
        'no like of: the "User name" field within "#login" should contain "monitor"',
        'no like of: I click on the link "Contact"',
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"action": "folow"}, 'mi klakas "A": no action is called folow'),
        ({"rank": "first"}, 'mi klakas "A": no rank is called first'),
        ({"engines": ["netscape"]}, 'mi klakas "A": no engine is called netscape'),
        ({"expression": "{iu}klakas"}, 'mi klakas "A": no part is called iu'),
        ({"expression": "/klakas {string}/"}, 'mi klakas "A": no part is called string'),
        ({"exmaple": "x"}, 'mi klakas "A": no key is called exmaple; known are about, action, cleanup, engines,'),
        ({"about": None}, 'mi klakas "A": lacks about'),
        ({"action": None}, 'mi klakas "A": lacks action'),
        ({"example": None, "about": None}, "sentence 1: lacks about and example"),
    ],
)
def test_a_bad_row(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    """Which file, which sentence, and how."""
    bad = {key: value for key, value in {**ROW, **row}.items() if value is not None}
    with pytest.raises(BadSentences) as caught:
        read(written(tmp_path, bad))
    assert str(caught.value).startswith(f"eo.json: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{}", "lacks sentences"),
        (
            '{"sentences": [], "part": {}}',
            "no key is called part; known are instead, lacks, parts, sentences, synonyms, unsupported",
        ),
        ('{"sentences": [], "parts": {"a": "{b}"}}', "a: no part is called b"),
        (
            '{"sentences": [], "unsupported": [{"source": "x", "instead": "y", "steps": []}]}',
            "unsupported: no instead is called y",
        ),
    ],
)
def test_a_bad_file(tmp_path: Path, text: str, said: str) -> None:
    """Also one that is no JSON."""
    path = tmp_path / "eo.json"
    path.write_text(text)
    with pytest.raises(BadSentences) as caught:
        read(path)
    assert str(caught.value) == f"eo.json: {said}"


def test_a_row_says_its_engines(tmp_path: Path) -> None:
    """Both of them, without a word."""
    plain, both = read(written(tmp_path, {**ROW, "engines": ["plain"]}, {**ROW, "example": 'mi klakas "B"'})).sentences
    assert (plain.engines, both.engines) == (frozenset({"plain"}), ENGINES)
    sent = {"send", "send_body", "send_form", "post_text", "post_data"}
    assert {s.action.name for s in every_sentence() if s.engines != ENGINES} == {"go_without_redirects", *sent}


def test_what_is_about_another_step_has_no_action_of_its_own() -> None:
    """The vocabulary puts the other step in its place."""
    assert {s.action for s in every_sentence() if s.about_another} == {another_step}
