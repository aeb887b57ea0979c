"""What ``lint`` says of old files, and ``steps`` of what is not done here."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.model import Cause, Status
from collectd_inode.scenario import lint
from collectd_inode.scenario.sentences import vocabulary
from tests.helpers.examples import loaded, write_feature
from tests.helpers.places import FEATURES

VINTAGE = FEATURES / "vintage.feature"

UNSEEN = (
    "this literal text is not visible on most pages; cucumber-nagios read it as a regular expression on the page's"
    ' source: Vocabulary "legacy" does so too, or write see /…/'
)
NEVER = UNSEEN.replace("is not visible on most pages", "is hardly ever visible, so this cannot fail")
VERY_TEXT = 'under Vocabulary "web" this is literal visible text, not a regular expression on the source'
EMPTY = (
    "nothing that a page shows is asserted: an empty page or an error page passes, if its status is 200; add a step"
    ' such as: I should see "…"'
)
WOULD_FAIL = 'under Vocabulary "web" a status of 400 to 499 would fail this step'


def told(path: Path, vocabulary: str) -> list[tuple[int, str]]:
    """Line and sentence of each warning."""
    found = loaded(path, vocabulary=vocabulary)
    assert not found.problems
    warnings = [warning for job in found.jobs for warning in lint.warnings(job)]
    return [(warning.place.line, warning.what) for warning in warnings]


def test_an_old_file_under_web() -> None:
    """What can hardly have been meant literally is told, line by line."""
    assert told(VINTAGE, "web") == [(10, UNSEEN), (11, UNSEEN), (16, NEVER), (24, EMPTY), (25, EMPTY)]


def test_an_old_file_under_legacy() -> None:
    """Everything that would read differently; plain words read the same."""
    assert told(VINTAGE, "legacy") == [
        (9, WOULD_FAIL),
        (10, VERY_TEXT),
        (11, VERY_TEXT),
        (16, VERY_TEXT),
        (20, WOULD_FAIL),
        (24, EMPTY),
        (20, WOULD_FAIL),
        (25, EMPTY),
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("the request should fail", 'under Vocabulary "web" a status of 400 to 499 would pass this step'),
        (
            "I should see an error message",
            'under Vocabulary "web" the element must be visible, and may have other classes too',
        ),
        ('I should see "a.*b" within "#main"', VERY_TEXT),
    ],
)
def test_other_differences(tmp_path: Path, step: str, said: str) -> None:
    """Each on the step's own line."""
    assert told(write_feature(tmp_path, f'When I go to "http://a/"\nThen {step}'), "legacy") == [(4, said)]


@pytest.mark.parametrize(
    "text",
    [
        "Welcome.",
        "Forgot your password?",
        "Total (incl. VAT)",
        "$5.00",
        "Home | Shop",
        "C++",
        "R&D",
        "[x] done",
        "1 < 2",
    ],
)
def test_ordinary_text_is_no_pattern(tmp_path: Path, text: str) -> None:
    """People write punctuation."""
    assert told(write_feature(tmp_path, f'When I go to "http://a/"\nThen I should see "{text}"'), "web") == []


@pytest.mark.parametrize(
    "text", ["<h1>", r"inode\.co", "small .*IT", "Exception|Fatal", "^Welcome", "[Ee]rror", "(a|b)+", "&nbsp;", "</p>"]
)
def test_patterns_and_markup_are_told(tmp_path: Path, text: str) -> None:
    """They mean nothing in what is seen."""
    assert told(write_feature(tmp_path, f'When I go to "http://a/"\nThen I should see "{text}"'), "web") == [
        (4, UNSEEN)
    ]


def test_a_known_step_keeps_its_scenario_from_running(tmp_path: Path) -> None:
    """As an undefined one; what to use instead is said at once, the Python to write it yourself below."""
    path = write_feature(tmp_path, 'When I ping "www.example.org"')
    found = loaded(path)
    said = (
        'undefined step: I ping "www.example.org": known from cucumber-nagios, but not supported:'
        " collectd's ping plugin does it, with a series for each host"
    )
    (problem,) = found.problems
    assert problem.what == said
    assert problem.help.startswith(
        "or write it yourself, in a file of a Steps folder:\nfrom collectd_inode import step"
    )
    trouble = found.jobs[0].trouble
    assert trouble is not None
    assert (trouble.status, trouble.cause, trouble.message) == (
        Status.UNDEFINED,
        Cause.UNDEFINED,
        f"{path}:3:5: {said}",
    )


def test_an_operator_s_own_sentence_may_do_what_we_do_not(tmp_path: Path) -> None:
    """Known is not forbidden."""
    (tmp_path / "mine.py").write_text(
        'from collectd_inode import step\n\n@step("I ping {string}")\nasync def ping(session, host): ...\n'
    )
    found = loaded(write_feature(tmp_path, 'When I ping "a"'), steps=(str(tmp_path / "mine.py"),))
    assert not found.problems


def test_what_is_known_can_be_searched() -> None:
    """By words of its example, or by where it is from."""
    english = vocabulary()
    assert [step.example for step in english.search_unsupported("queue")] == ["I want to check on the mail queue"]
    assert len(english.search_unsupported("cucumber-rails select date")) == 4
    assert english.search_unsupported("zzz") == []


# What was decided when the file was loaded


def test_the_rules_of_a_scenario(tmp_path: Path) -> None:
    """Who judges the status of each navigation, by its line; which steps only warn, and which are done in any case."""
    path = write_feature(
        tmp_path,
        """
        Given I am on "http://a/"
        When I follow "Old shop"
        Then the request should fail, or warn
        When I press "Search" within "#top"
        Then I should see "Tea", or warn
        And I should get a 404 status code
        And whatever happens, I go to "http://a/logout"
        """,
    )
    (job,) = loaded(path).jobs
    assert [(step.place.line, rule) for step, rule in lint.rules(job)] == [
        (3, "fails on a status of 400 or more"),
        (4, "takes any status: line 5 judges it, and only warns (the request should fail, or warn)"),
        (5, "its failure is a warning"),
        (6, "takes any status: line 8 judges it (I should get a 404 status code)"),
        (7, "its failure is a warning"),
        (8, ""),
        (9, "fails on a status of 400 or more; done at the end if the run fails before it"),
    ]


def test_a_status_that_redirects_hide(tmp_path: Path) -> None:
    """It is never seen where they are followed, and both the warning and the rule say so."""
    path = write_feature(
        tmp_path,
        """
        When I go to "http://a/old"
        Then I should get a 301 status code
        When I visit "http://a/old" without following redirects
        Then I should get a 301 status code
        When I go to "http://a/cached"
        Then I should get a 304 status code
        """,
    )
    (job,) = loaded(path).jobs
    assert [str(warning).replace(f"{tmp_path}/", "") for warning in lint.warnings(job)] == [
        "web.feature:4: redirects are followed, so that a status of 301 is never seen, but that of where they lead:"
        ' open the address by I visit "…" without following redirects'
    ]
    assert [rule for _, rule in lint.rules(job)][::2] == [
        "takes any status: line 4 judges it (I should get a 301 status code), but never sees a 301, since redirects are"
        " followed",
        "takes any status: line 6 judges it (I should get a 301 status code)",
        "takes any status: line 8 judges it (I should get a 304 status code)",
    ]


def test_a_scenario_that_cannot_run_has_no_rules_of_status(tmp_path: Path) -> None:
    """Nothing was decided about it."""
    (job,) = loaded(write_feature(tmp_path, 'When I go to "http://a/"\nThen nothing')).jobs
    assert [rule for _, rule in lint.rules(job)] == ["", ""]


def test_a_clean_up_step_before_others(tmp_path: Path) -> None:
    """When all is well it is done there: they log in, out, and then look."""
    path = write_feature(
        tmp_path,
        """
        When I go to "http://a/"
        And whatever happens, I follow "Log out"
        And whatever happens, I follow "Home"
        Then I should see "Account"
        """,
    )
    said = "in a run that passes, this is done before the step in line 6; move the clean-up step to the end"
    assert told(path, "web") == [(4, said), (5, said)]
    path = write_feature(tmp_path, 'When I go to "http://a/"\nThen I should see "a"\nAnd whatever happens, I press "b"')
    assert told(path, "web") == []


def test_what_is_remembered_for_nothing(tmp_path: Path) -> None:
    """A name that no later step has, in its text or below it."""
    path = write_feature(
        tmp_path,
        """
        When I remember a new uuid as "id"
        And I remember the time as "now"
        And I send a POST request to "http://a/orders" with the form data:
        | id | ${id} |
        And I remember the JSON at "/token" as the secret "token"
        And I remember the title as "title"
        And I fill in "title" with "${now}"
        Then I should see "Tea"
        """,
    )
    assert told(path, "web") == [
        (7, "${token} is remembered, but no later step uses it"),
        (8, "${title} is remembered, but no later step uses it"),
    ]


@pytest.mark.parametrize(
    ("steps", "asserts"),
    [
        ('And I set the header "Accept" to "a/b"\nAnd I remember a new uuid as "a"\nAnd I check "${a}"', False),
        ('And I send a POST request to "http://a/"', False),
        ("Then the response should be JSON", True),
        ('And I remember the JSON at "/a" as "a"\nAnd I check "${a}"', True),
        ("Then the request should fail, or warn", True),
    ],
)
def test_what_counts_as_asserting(tmp_path: Path, steps: str, *, asserts: bool) -> None:
    """Whatever can fail because of what a page says."""
    said = [] if asserts else [(2, "nothing is asserted: any page with a status below 400 passes")]
    assert told(write_feature(tmp_path, f'When I go to "http://a/"\n{steps}'), "web") == said


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ('Then I should not see "Error"', False),
        ("Then the status should be 200\nAnd the request should succeed", False),
        ('Then I should see 0 elements ".error"\nAnd the last step should take less than 2 seconds', False),
        ("Then the status should be 204", True),
        ("Then the request should fail", True),
        ('Then I should be redirected to "/b"', True),
        ('Then I should not see "Error"\nAnd I should see "Tea"', True),
    ],
)
def test_what_an_empty_page_passes(tmp_path: Path, steps: str, *, shown: bool) -> None:
    """The status 200, the absence of something and a short time say nothing of what is there."""
    found = told(write_feature(tmp_path, f'When I go to "http://a/"\n{steps}'), "web")
    assert found == ([] if shown else [(2, EMPTY)])


@pytest.mark.parametrize(
    "typed",
    [
        'I fill in "Search" with "tea"',
        'I fill in "tea" for "Search"',
        "I fill in the following:\n| Search | tea |\n| City | Rome |",
    ],
)
def test_a_text_that_the_scenario_has_typed(tmp_path: Path, typed: str) -> None:
    """“No results for tea” has it, too; a part of the page, or more than what was typed, is another matter."""
    steps = 'And I press "Find"\nThen I should see "tea"\nAnd I should see "tea" within "h2"\nAnd I should see "tea: 3"'
    said = (
        "this is the text that was typed in line 4, and a page that found nothing may repeat it; expect something that"
        " only the right answer shows"
    )
    found = told(write_feature(tmp_path, f'When I go to "http://a/"\nAnd {typed}\n{steps}'), "web")
    assert found == [(6 + typed.count("\n"), said)]


def test_a_variable_of_nothing(tmp_path: Path) -> None:
    """Every page shows it, as it shows the empty text."""
    path = write_feature(tmp_path, 'When I go to "http://a/"\nThen I should see "${name}"')
    said = [warning.what for job in loaded(path, variables=(("name", ""),)).jobs for warning in lint.warnings(job)]
    assert said == ["every page shows the empty text: this step cannot fail"]


def test_a_time_that_nobody_takes(tmp_path: Path) -> None:
    """A step before has to be one that asks for something; two may judge the same."""
    path = write_feature(
        tmp_path,
        """
        Then the last step should take less than 2 seconds
        When I go to "http://a/"
        Then the last step should take less than 800 ms, or warn
        And the last step should take less than 2 seconds
        And I should see "Tea"
        And the last step should take less than 2 seconds
        """,
    )
    said = "no step before it opens a page or sends anything: there is no time to compare"
    assert told(path, "web") == [(3, said)]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('the "Name" field should contain ""', "// matches any text, an empty one too"),
        ("I should see /.*/", "/.*/ matches any text, an empty one too"),
        ('the "Server" header should contain "^"', "/^/ matches any text, an empty one too"),
        ("the address should match /x?/", "/x?/ matches any text, an empty one too"),
        ('I should see at least 0 elements "p"', "every page has at least 0 elements"),
        ('there should be at least 0 elements "p"', "every page has at least 0 elements"),
    ],
)
def test_what_is_always_there_checks_hardly_anything(tmp_path: Path, step: str, said: str) -> None:
    """A pattern that matches whatever there is, and none or more of something."""
    path = write_feature(tmp_path, f'When I go to "http://a/"\nThen {step}')
    assert told(path, "web") == [(4, f"{said}: this step hardly checks anything")]


@pytest.mark.parametrize(
    "step",
    [
        'the "Name" field should contain "^$"',
        'the "Name" field should not contain "x"',
        'I should see /x+/ within "#a"',
        'I should see at most 0 elements "p"',
        'I should see 0 elements "p"',
    ],
)
def test_what_can_fail_is_left_alone(tmp_path: Path, step: str) -> None:
    """An empty field is a thing to expect, and none of something, too."""
    assert told(write_feature(tmp_path, f'When I go to "http://a/"\nThen {step}\nAnd I should see "Tea"'), "web") == []
