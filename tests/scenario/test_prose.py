"""Lines of a description that were meant to be steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode.model import Place, Problem
from collectd_inode.scenario import sentences
from collectd_inode.scenario.prose import lost_step
from tests.helpers.examples import loaded, write_feature

Typed = Callable[..., tuple[int, str, str]]

NO_KEYWORD = "it begins with no keyword (Given, When, Then, …)"
GERMAN = '"Wenn" is a keyword of files that begin with "# language: de"'


def said(line: str, language: str = "en") -> str:
    """What is wrong with a line; empty for prose."""
    return lost_step(line, language, sentences.vocabulary(language, "web", ()).knows).rpartition("as a step: ")[2]


@pytest.mark.parametrize(
    ("line", "help"),
    [
        ('given I am on "/"', 'did you mean "Given"?'),
        ('AND I follow "x"', 'did you mean "And"?'),
        ('given the shop sells "apples"', 'did you mean "Given"?'),
        ('Gven I should see "x"', 'did you mean "Given"?'),
        ('Whne I press "Go" within "#x", or warn', 'did you mean "When"?'),
        ("Tehn I see the moon", 'did you mean "Then"?'),
        ("Given\tthe moon is blue", '"Given" needs a space after it, not a tab or another blank'),
        ('Given\N{NO-BREAK SPACE}I am on "/"', '"Given" needs a space after it, not a tab or another blank'),
        ('Given: I am on "/"', '"Given" needs a space after it, not ":"'),
        ('Then, I should see "x"', '"Then" needs a space after it, not ","'),
        ('Wenn ich auf "/" gehe', GERMAN),
        ('Wenn I go to "/"', GERMAN),
        ('Quand je vais sur "/"', '"Quand" is a keyword of files that begin with "# language: fr"'),
        ('I go to "/"', NO_KEYWORD),
        ('whatever happens, I follow "Log out"', NO_KEYWORD),
        ('- I go to "/"', NO_KEYWORD),
        ('*I go to "/"', NO_KEYWORD),
        ("I hover over the moon", ""),
        ('Adn I press "Go"', 'did you mean "And"?'),
        ("Given", '"Given" needs a sentence after it'),
        ('i go to "/"', NO_KEYWORD),
        ('Visit "/"', NO_KEYWORD),
        ('The user should see "x"', NO_KEYWORD),
        ('We go to "/"', NO_KEYWORD),
        ('Cuando voy a "/"', '"Cuando" is a keyword of files that begin with "# language: es"'),
        ('Given I am on "/"', '"Given" stands before the first scenario'),
        ("Scenaro: Another", 'did you mean "Scenario:"?'),
        ("scenario: Another", 'did you mean "Scenario:"?'),
    ],
)
def test_what_was_meant(line: str, help: str) -> None:
    """Keywords with a slip of the finger, in other letters, of another language, or none before a sentence."""
    assert said(line) == help


def test_what_was_meant_in_german() -> None:
    """By the keywords of the file's language."""
    assert said('wenn ich auf "/" gehe', "de") == 'did you mean "Wenn"?'
    assert said('Dan sollte ich "x" sehen', "de") == 'did you mean "Dann"?'
    assert said('Ich auf "/" gehe', "de") == "it begins with no keyword (Angenommen, Wenn, Dann, …)"
    assert said('When I go to "/"', "de") == '"When" is a keyword of files that begin with "# language: en"'


@pytest.mark.parametrize(
    "line",
    [
        "As a user",
        "I want to log in",
        "In order to buy",
        "So that I can pay",
        'The user logs in and sees "Welcome"',
        "They see",
        "when the user logs in, they see the page",
        "and I can see my orders",
        "Given enough time, this passes",
        "Sample: one",
        "Rules:",
        "Example: a",
        'A user can "buy" things',
        'If the basket is empty, the "Buy" button is grey',
        'Where "x" is y',
        "Whenever I go there",
        "We go to the shop",
        "Given names are shown",
        'When the page is slow, "x"',
        "",
    ],
)
def test_prose_is_left_alone(line: str) -> None:
    """People describe what a scenario is for."""
    assert said(line) == ""


FEATURE = """\
Feature: Shop
  Somebody buys something.

  Given I am on "/start"

  Background: where we are
    # a comment
    wehn I go to "/"

    Given I go to "/"

  Scenario Outline: Home <a>
    What everybody sees.

      Gven I should see "<a>"
    Then I should see "x"
    Examples:
      | a |
      | 1 |
"""


def test_each_is_warned_of_at_its_place(tmp_path: Path) -> None:
    """In lint, check and the daemon's log, which all show what loading warns of."""
    path = tmp_path / "web.feature"
    path.write_text(FEATURE)
    found = loaded(path, base_url="http://h/")
    where = '<Scenario "web">'
    assert found.warnings == tuple(
        Problem(f"“{line}” is read as a description, not as a step: {help}", Place(str(path), number, column), where)
        for number, column, line, help in (
            (4, 3, 'Given I am on "/start"', '"Given" stands before the first scenario'),
            (8, 5, 'wehn I go to "/"', 'did you mean "When"?'),
            (15, 7, 'Gven I should see "<a>"', 'did you mean "Given"?'),
        )
    )


def test_lint_warns_and_is_strict_if_asked(typed: Typed, tmp_path: Path) -> None:
    """A file that checks less than it seems to can run all the same; ``--strict`` fails."""
    path = tmp_path / "web.feature"
    path.write_text(
        'Feature: F\n  Scenario: Home\n    Gven I should see "x"\n    When I go to "/"\n    Then I should see "y"\n'
    )
    warning = (
        'web.feature:3:5: warning: “Gven I should see "x"” is read as a description, not as a step:'
        ' did you mean "Given"?\n'
    )
    assert typed("lint", "web.feature") == (0, "1 scenario can run\n", warning)
    assert typed("lint", "--strict", "web.feature") == (1, "1 scenario can run\n", warning)
    write_feature(tmp_path, 'When I go to "/"\nThen I should see "y"', "good.feature")
    assert typed("lint", "--strict", "good.feature") == (0, "1 scenario can run\n", "")


def test_where_no_step_is_left_the_slip_is_told_too(tmp_path: Path) -> None:
    """With the mistake that stops the scenario."""
    path = tmp_path / "web.feature"
    path.write_text('Feature: F\n  Scenario: Home\n    given I am on "/"\n')
    (problem,) = loaded(path).problems
    assert problem.help == '"given I am on "/"" was read as a line of the description; did you mean "Given"?'


def test_a_comment_behind_a_step(tmp_path: Path) -> None:
    """It is part of the step to Gherkin; the hint says where comments stand."""
    path = write_feature(tmp_path, 'When I go to "/" # home\nThen I should see "x"')
    (problem,) = loaded(path, base_url="http://h/").problems
    assert problem.what == ('undefined step: I go to "/" # home: put the comment on a line of its own, above the step')


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ("I follow “Contact”", 'the quotes must be straight ones: I follow "Contact"'),
        ('I follow "Contact”', 'the quotes must be straight ones: I follow "Contact"'),
        ("I press „Send“ within «#f»", 'the quotes must be straight ones: I press "Send" within "#f"'),
        ("I fill in ‘A’ with ‘x’", 'the quotes must be straight ones: I fill in "A" with "x"'),
        ("I fill in “It’s” with “x”", 'the quotes must be straight ones: I fill in "It’s" with "x"'),
        (
            'I fill in "A" within "#f" with "x"',
            'the part of the page stands at the end: I fill in "A" with "x" within "#f"',
        ),
    ],
)
def test_a_step_that_is_almost_written_right(step: str, hint: str, tmp_path: Path) -> None:
    """Quotes of a word processor, and the part of the page in the middle: the step as it must be is told."""
    path = write_feature(tmp_path, f'When I go to "/"\nAnd {step}')
    (problem,) = loaded(path, base_url="http://h/").problems
    assert problem.what == f"undefined step: {step}: {hint}"


def test_the_media_type_of_an_outline_s_doc_string_is_filled_in(tmp_path: Path) -> None:
    """As its text is."""
    path = tmp_path / "api.feature"
    path.write_text(
        'Feature: F\n  Scenario Outline: Post <type>\n    When I send a POST request to "/" with the body:\n'
        '      """<type>\n      <text>\n      """\n'
        "    Examples:\n      | type | text |\n      | csv | a,b |\n      | no such | x |\n"
    )
    found = loaded(path, base_url="http://h/")
    assert [job.trouble is None for job in found.jobs] == [True, False]
    assert [problem.what for problem in found.problems] == [
        "“no such” is not a media type: use application/…, or one of csv, form, html, json, text, xml, yaml"
    ]
