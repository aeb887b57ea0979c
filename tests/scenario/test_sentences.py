"""The built-in sentences: each example is what it says it is."""

from __future__ import annotations

import inspect
import re

import pytest

from collectd_inode.scenario import actions
from collectd_inode.scenario.sentences import every_sentence, languages, vocabulary
from collectd_inode.scenario.vocabulary import Ambiguous, Matched, Sentence, Undefined

# A German feature file knows the sentences of both languages.
VOCABULARIES = {name: vocabulary("de", name) for name in ("web", "legacy")}
BY_LANGUAGE = {(name, language): vocabulary(language, name) for name in VOCABULARIES for language in languages()}

EXAMPLES = [
    pytest.param(name, sentence, id=f"{name}: {sentence.example}")
    for sentence in every_sentence()
    for name in VOCABULARIES
    if sentence.vocabulary in (None, name)
]


@pytest.mark.parametrize(("name", "sentence"), EXAMPLES)
def test_an_example_is_its_own_sentence(name: str, sentence: Sentence) -> None:
    """In every vocabulary that has it, and no other sentence has an equal right."""
    found = BY_LANGUAGE[name, sentence.language].match(sentence.example)
    assert isinstance(found, Matched)
    assert is_for(found, sentence)


def is_for(found: Matched, sentence: Sentence) -> bool:
    """Whether *found* is this *sentence*, or another step of which it says something."""
    said = (bool(found.scopes), found.soft, found.cleanup)
    return said == (sentence.scoping, sentence.soft, sentence.cleanup) and (
        sentence.about_another or found.sentence is sentence
    )


@pytest.mark.parametrize(("name", "sentence"), EXAMPLES)
def test_an_action_takes_what_its_sentence_finds(name: str, sentence: Sentence) -> None:
    """The session, as many texts and numbers as there are, and the table below a step that ends in a colon."""
    found = BY_LANGUAGE[name, sentence.language].match(sentence.example)
    assert isinstance(found, Matched)
    table = ((("a", "b"),),) if sentence.example.endswith(":") else ()
    function = found.sentence.action.function
    bound = inspect.signature(function).bind(None, *found.arguments, *table).arguments
    kinds = {"str": str, "int": int, "float": int | float}
    wrong = {
        parameter: (value, wanted)
        for parameter, value in list(bound.items())[1 : 1 + len(found.arguments)]
        if not isinstance(value, kinds.get(wanted := str(function.__annotations__[parameter]), str | int | float))
    }
    assert wrong == {}


@pytest.mark.parametrize("sentence", every_sentence(), ids=lambda sentence: sentence.example)
def test_alternatives_stand_between_blanks(sentence: Sentence) -> None:
    """To Cucumber "(I )reload/refresh" is "I reload" or "refresh": what is optional would belong to the first only."""
    written = sentence.expression
    assert not isinstance(written, str) or written.startswith("/") or re.search(r"\)[^\s()]*/", written) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I refresh the page"),
        ("en", 'I POST to "/x" with "a=b"'),
        ("en", 'I try to POST to "/x" with "a=b"'),
        ("en", 'I try to post to "/x" the data:'),
        ("de", "ich Folgendes eingebe:"),
        ("de", "ich zurückkehre"),
        ("de", 'das Cookie "x" sollte secure sein'),
    ],
)
def test_alternatives(language: str, text: str) -> None:
    """Each with what may stand before it."""
    assert BY_LANGUAGE["web", language].knows(text)


@pytest.mark.parametrize("sentence", every_sentence(), ids=lambda sentence: sentence.example)
def test_a_row_is_complete(sentence: Sentence) -> None:
    """What it is about, in a sentence, and where people know it from."""
    assert sentence.about.endswith(".")
    assert sentence.source in ("cucumber-nagios", "cucumber-rails", "GOV.UK smokey", "collectd_inode")


@pytest.mark.parametrize(
    ("text", "action", "arguments"),
    [
        ("I go to http://inode.co.nz", actions.go, ("http://inode.co.nz",)),
        ('go to "/a b"', actions.go, ("/a b",)),
        ("I go to '/it''s'", None, ()),
        ("I am on the login page", None, ()),
        ("I go to the end", None, ()),
        ("I go to the homepage", actions.go, ("the homepage",)),
        ("I am on the home page", actions.go, ("the home page",)),
        ('I follow "Contact"', actions.follow, ("Contact",)),
        ("I follow 'Say \"hi\"'", actions.follow, ('Say "hi"',)),
        ('I fill in "a" with "b"', actions.fill_in, ("a", "b")),
        ('I fill in "b" for "a"', actions.fill_in_for, ("b", "a")),
        ('I fill in "a" with ""', actions.fill_in, ("a", "")),
        ('I should see ""', actions.should_see, ("",)),
        ("I should see /a+/", actions.should_see_pattern, ("a+",)),
        ("I should not see /a+/", actions.should_not_see_pattern, ("a+",)),
        ("the request should succeed", actions.should_succeed, ()),
        ("the second request should succeed with grace", actions.should_succeed, ()),
        ("the request should fail", actions.should_fail, ()),
        ("I should see Contact", None, ()),
        ("And I follow", None, ()),
    ],
)
def test_the_web_vocabulary(text: str, action: object, arguments: tuple[str, ...]) -> None:
    """What is written means this, or nothing."""
    found = VOCABULARIES["web"].match(text)
    if action is None:
        assert isinstance(found, Undefined)
    else:
        assert isinstance(found, Matched)
        assert (found.sentence.action, found.arguments) == (action, arguments)


@pytest.mark.parametrize(
    ("text", "action", "arguments"),
    [
        ('I should see "<h1>.*"', actions.source_should_match, ("<h1>.*",)),
        ('I should see "a" and "b"', actions.source_should_match, ('a" and "b',)),
        ('I should not see "a"', actions.source_should_not_match, ("a",)),
        ('I follow "Say "hi""', actions.follow, ('Say "hi"',)),
        ('I fill in "Name" with "Jo "Bo" Doe"', actions.fill_in, ("Name", 'Jo "Bo" Doe')),
        ("the request should succeed", actions.legacy_should_succeed, ()),
        ("the request should fail", actions.legacy_should_fail, ()),
        ('I go to "/"', actions.go, ("/",)),
    ],
)
def test_the_legacy_vocabulary(text: str, action: object, arguments: tuple[str, ...]) -> None:
    """As cucumber-nagios read it: patterns on the source, quotes that reach to the last one."""
    found = VOCABULARIES["legacy"].match(text)
    assert isinstance(found, Matched)
    assert (found.sentence.action, found.arguments) == (action, arguments)


def test_no_two_sentences_of_a_rank_share_an_example() -> None:
    """An example that were ambiguous would be told as one."""
    for every in BY_LANGUAGE.values():
        found = [every.match(sentence.example) for sentence in every.sentences]
        assert not [one for one in found if isinstance(one, Ambiguous)]


def test_every_action_is_a_coroutine_function_with_a_docstring() -> None:
    """It is awaited, and ``steps`` may show it."""
    used = {sentence.action.function for sentence in every_sentence()}
    assert all(inspect.iscoroutinefunction(function) and inspect.getdoc(function) for function in used)


def test_an_i_is_never_needed() -> None:
    """``(I )`` stands before every sentence of the web vocabulary that begins with one."""
    web = VOCABULARIES["web"]
    for sentence in web.sentences:
        found = web.match(re.sub("^I ", "", sentence.example))
        assert isinstance(found, Matched)
        assert is_for(found, sentence)
