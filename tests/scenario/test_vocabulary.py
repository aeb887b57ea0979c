"""Which sentence a step is, and what is said when it is none."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.scenario.action import action
from collectd_inode.scenario.sentences import every_sentence
from collectd_inode.scenario.vocabulary import (
    Ambiguous,
    Expression,
    Matched,
    Sentence,
    Undefined,
    Vocabulary,
    _arguments,
    _compiled,
    _pattern,
    _Tier,
    _words,
    check_expression,
    snippet,
)


@action(navigates=False)
async def act(session: object, *arguments: object) -> None:
    """Do nothing."""


def sentence(
    expression: Expression,
    example: str = "",
    *,
    about: str = "",
    source: str = "",
    rank: int = 0,
    vocabulary: str | None = None,
    place: str = "",
) -> Sentence:
    return Sentence(expression, act, example, about, source, rank, vocabulary, place)


GO = sentence("(I )go to {string}", 'I go to "http://www.example.org"', about="Open an address.")
FOLLOW = sentence("(I )follow {string}", 'I follow "Contact"', about="Click a link.", source="cucumber-nagios")
BARE = sentence(re.compile(r"(?:I )?go to (.+)"), "I go to /", rank=10)
GREEDY = sentence(re.compile(r'I follow "(.*)"'), 'I follow "x"', rank=20)
WAIT = sentence("(I )wait {int} second(s)", "I wait 3 seconds")
VOCABULARY = Vocabulary([GO, FOLLOW, BARE, GREEDY, WAIT])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('I go to "/a b"', Matched(GO, ("/a b",))),
        ("go to '/a'", Matched(GO, ("/a",))),
        ('I go to "${home}"', Matched(GO, ("${home}",))),
        ("I go to http://a", Matched(BARE, ("http://a",))),
        ('I follow "say "hi""', Matched(GREEDY, ('say "hi"',))),
        (r'I follow "say \"hi\""', Matched(FOLLOW, ('say "hi"',))),
        ("I wait 1 second", Matched(WAIT, (1,))),
    ],
)
def test_a_step_is_the_sentence_that_matches_all_of_it(text: str, expected: Matched) -> None:
    """The lowest rank wins; arguments are what was written, variables unexpanded; {int} is a number."""
    assert VOCABULARY.match(text) == expected


@pytest.mark.parametrize("text", ["I wait 3 seconds more", "So I wait 3 seconds", "I wait 3 seconds\n"])
def test_half_a_match_is_none(text: str) -> None:
    """Before and behind the sentence there is nothing."""
    assert isinstance(VOCABULARY.match(text), Undefined)


def test_a_number_that_python_refuses_is_no_match() -> None:
    """More than 4300 digits are not a number, and not an exception either."""
    assert isinstance(VOCABULARY.match(f"I wait {'9' * 5000} seconds"), Undefined)


def test_an_operator_s_sentence_beats_a_built_in_one() -> None:
    """Whatever their ranks."""
    mine = sentence("I go to {string}", rank=99, place="steps.py:3")
    assert Vocabulary([GO], [mine]).match('I go to "/"') == Matched(mine, ("/",))


def test_two_with_equal_right_are_ambiguous() -> None:
    """All of them are named, the operator's with their places; others of a higher rank do not matter."""
    one, two = sentence("I go {word}", place="a.py:1"), sentence("I {word} home", place="b.py:7")
    found = Vocabulary([GO], [one, two, sentence("I go home", rank=1)]).match("I go home")
    assert found == Ambiguous("I go home", (one, two))
    assert [s.place for s in found.sentences] == ["a.py:1", "b.py:7"]


def test_a_sentence_of_one_vocabulary_is_not_in_the_other() -> None:
    """``vocabulary`` None is everywhere."""
    web, legacy = sentence("see {string}", vocabulary="web"), sentence("see {string}", vocabulary="legacy")
    assert Vocabulary([web, legacy, GO], name="web").sentences == (web, GO)
    assert Vocabulary([web, legacy, GO], name="legacy").match('see "x"') == Matched(legacy, ("x",))


WITHIN = replace(sentence(re.compile(r'(?P<step>.+) within (?P<scope>"[^"]*")(?P<rest>:?)'), rank=15), scoping=True)
WARN = replace(sentence(re.compile(r"(?P<step>.+), or warn(?P<rest>:?)"), rank=-2), soft=True)
TIED = replace(sentence(re.compile(r"if '(?P<passed>.+?)', always (?P<step>.+)"), rank=-1), cleanup=True)
ALWAYS = replace(sentence(re.compile(r"whatever happens, (?P<step>.+)"), rank=-1), cleanup=True)
ENDING = sentence(re.compile("I am done.*"))
AROUND = Vocabulary([FOLLOW, BARE, ENDING, WITHIN, WARN, TIED, ALWAYS])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('I follow "a", or warn', Matched(FOLLOW, ("a",), soft=True)),
        ('whatever happens, I follow "a"', Matched(FOLLOW, ("a",), cleanup=True)),
        ('I follow "a" within "#b", or warn', Matched(FOLLOW, ("a",), ("#b",), soft=True)),
        ('whatever happens, I follow "a" within "#b"', Matched(FOLLOW, ("a",), ("#b",), cleanup=True)),
        ("if 'I go', always I follow \"a\"", Matched(FOLLOW, ("a",), cleanup=True, passed=("I go",))),
        (
            "if 'a', always if 'b', always I follow \"a\", or warn",
            Matched(FOLLOW, ("a",), soft=True, cleanup=True, passed=("a", "b")),
        ),
        ('whatever happens, I follow "a", or warn', Matched(FOLLOW, ("a",), soft=True, cleanup=True)),
        ("I am done, or warn", Matched(ENDING, (), soft=True)),
        ("I go to /, or warn", Matched(BARE, ("/",), soft=True)),
        ('I follow "a, or warn"', Matched(FOLLOW, ("a, or warn",))),
        ('I follow "whatever happens, b"', Matched(FOLLOW, ("whatever happens, b",))),
    ],
)
def test_what_is_said_about_another_step(text: str, expected: Matched) -> None:
    """It is the other step; the two may be said together, and before sentences that take any ending."""
    assert AROUND.match(text) == expected


def test_what_is_said_about_no_step() -> None:
    """The snippet and what was perhaps meant are for the other step."""
    assert AROUND.match('whatever happens, I fllow "b", or warn') == Undefined(
        'whatever happens, I fllow "b", or warn', ('I follow "Contact"',), snippet('I fllow "b"')
    )


def test_only_so_much_is_said_about_another_step() -> None:
    """A step that goes on for ever is no step, and found to be none soon."""
    assert isinstance(AROUND.match('I follow "a"' + ", or warn" * 12), Matched)
    assert isinstance(AROUND.match('I follow "a"' + ", or warn" * 13), Undefined)
    assert isinstance(AROUND.match('I follow "a"' + ', or warn within "a"' * 3000), Undefined)


@pytest.mark.parametrize(
    ("text", "suggestions"),
    [
        ('I fllow "Imprint"', ('I follow "Contact"',)),
        ("I follow Contact", ('I follow "Contact"',)),
        ("I wait for 20 seconds", ("I wait 3 seconds",)),
        ("Completely different", ()),
    ],
)
def test_did_you_mean(text: str, suggestions: tuple[str, ...]) -> None:
    """Examples of sentences that look like the step, whatever stands in its quotes."""
    found = VOCABULARY.match(text)
    assert found == Undefined(text, suggestions, snippet(text))


@pytest.mark.parametrize(
    ("text", "decorator", "function"),
    [
        (
            'I search for "a b" in 3 shops',
            '"I search for {string} in {int} shops"',
            "search_for_in_shops(session, text, number)",
        ),
        (
            'I log in as ${user} with "${password}"',
            '"I log in as {word} with {string}"',
            "log_in_as_with(session, word, text)",
        ),
        ("I add 1.5 and 2", '"I add {float} and {int}"', "add_and(session, number, number2)"),
        ("I (really) try a/b", r"'I \\(really) try a\\/b'", "really_try_a_b(session)"),
        ("class", '"class"', "step_class(session)"),
        (r"C:\temp", r"'C:\\\\temp'", "c_temp(session)"),
    ],
)
def test_the_snippet_is_python_that_defines_the_step(text: str, decorator: str, function: str) -> None:
    """Quoted texts, numbers and variables become arguments."""
    assert snippet(text) == (f"from collectd_inode import step\n\n@step({decorator})\nasync def {function}:\n    ...\n")


@given(st.text("ab{}()/\\ \"'$1.-%ä", max_size=20))
def test_every_snippet_works(text: str) -> None:
    """It is valid Python, its sentence matches the step, and its function takes what is found."""
    defined: dict[str, object] = {}
    made: list[str] = []

    def step(expression: str) -> object:
        made.append(expression)
        return lambda function: function

    code = snippet(text).removeprefix("from collectd_inode import step\n")
    exec(code, {"step": step}, defined)
    (function,) = defined.values()
    found = Vocabulary([Sentence(made[0], function, "", "")]).match(text)  # type: ignore[arg-type]  # made by exec
    assert isinstance(found, Matched)
    assert len(found.arguments) + 1 == function.__code__.co_argcount  # type: ignore[attr-defined]  # made by exec


def test_a_long_step_has_a_snippet_too() -> None:
    """Cucumber's generator takes for ever over a thousand numbers; nobody wants them as arguments."""
    assert snippet("1 " * 1000).startswith('from collectd_inode import step\n\n@step("1 1 1')


@pytest.mark.parametrize(
    ("word", "expected"),
    [("", [GO, FOLLOW, BARE, GREEDY, WAIT]), ("CLICK", [FOLLOW]), ("nagios link", [FOLLOW]), ("zebra", [])],
)
def test_search(word: str, expected: list[Sentence]) -> None:
    """Every word must occur in expression, example, description or source."""
    assert VOCABULARY.search(word) == expected


def test_a_regular_expression_is_shown_between_slashes() -> None:
    """A cucumber expression is shown as it is."""
    assert [s.expression_text for s in (GO, BARE)] == ["(I )go to {string}", "/(?:I )?go to (.+)/"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I (", "column 3: the '(' does not have a matching ')'"),
        ("I {int", "column 3: the '{' does not have a matching '}'"),
        ("a//b", "column 3: alternative may not be empty"),
        ("I ({int})", "column 4: an optional may not contain a parameter type"),
        (
            "I {txt}",
            "column 3: undefined parameter type 'txt'; known are {int}, {float}, {word}, {string}, {}, "
            "{bigdecimal}, {biginteger}, {byte}, {short}, {long}, {double}",
        ),
    ],
)
def test_a_bad_expression_says_why(text: str, reason: str) -> None:
    """One sentence, with the column."""
    with pytest.raises(ValueError) as caught:
        check_expression(text)
    assert str(caught.value) == f'"{text}" is not a cucumber expression: {reason}'


def test_an_endless_expression_ends() -> None:
    """Nesting that Python cannot follow is refused like any other mistake."""
    with pytest.raises(ValueError, match="nested too deeply"):
        check_expression("(" * 5000)


@given(st.text("ab{}()/\\ int", max_size=20))
def test_check_expression_raises_nothing_but_valueerror(text: str) -> None:
    """Whatever somebody writes into ``@step``."""
    try:
        check_expression(text)
    except ValueError as error:
        assert "is not a cucumber expression" in str(error)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("(I )go to {string}", ("go", "to")),
        ("(I )wait {int} second(s)", ("wait", "second")),
        ("(I )see a/an {string}", ("see",)),
        ("the {string} field should be read(-only)/readonly", ("the", "field", "should", "be")),
        ("(try to )post/POST to {string}", ("to",)),
        (r"(I )say \(hello\)", ()),
        ("{word}", ()),
        (r'/the JSON at "([^"]*)" should (?:not )?be (?:(\d+)|null)/', ("the", "JSON", "at", '"', '"', "should", "be")),
        (r"/(?:I )?see an? [ab c]+ x/", ("see", "x")),
        (r"/[Ww]hatever happens[])] then/", ("hatever", "happens", "then")),
        (r"/a[b|c] d|e/", ()),
        (r"/see|look at/", ()),
        (r"/(?:I )?say \(hello\)/", ()),
        (r"/(?:I )?see an? (\w+) message.*/", ("see",)),
    ],
)
def test_words_that_a_step_must_have(expression: str, words: tuple[str, ...]) -> None:
    """Nothing that may be missing from a step is asked for."""
    assert _words(expression) == words


def pattern(expression: str) -> re.Pattern[str]:
    """What *expression* is when nothing is passed over."""
    return _pattern(expression) if expression.startswith("/") else _compiled(expression)[0]


def test_what_lacks_a_sentence_s_words_does_not_match_it() -> None:
    """Every built-in sentence against every example: passing one over changes nothing."""
    expressions = [s.expression for s in every_sentence() if isinstance(s.expression, str)]
    wrong = [
        (expression, s.example)
        for expression in expressions
        for s in every_sentence()
        if not all(word in s.example for word in _words(expression)) and pattern(expression).fullmatch(s.example)
    ]
    assert len(expressions) > 20
    assert wrong == []


def test_a_step_is_compared_with_few_sentences_and_none_that_matches_is_left_out() -> None:
    """Every built-in sentence against every example: few others are tried, and all that match, in their order."""
    sentences = every_sentence()
    tier = _Tier(sentences)
    tried = {s.example: tier.like(s.example) for s in sentences}
    matching = {text: [s for s in sentences if _arguments(s.expression, text) is not None] for text in tried}
    assert {text: [s for s in those if s in matching[text]] for text, those in tried.items()} == matching
    assert sum(map(len, tried.values())) < len(tried) * len(sentences) / 10
