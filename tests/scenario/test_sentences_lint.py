"""What ``lint`` says of old files, and ``steps`` of what is not done here."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import loaded, write_feature

from collectd_inode.run import Cause, Status
from collectd_inode.scenario import lint
from collectd_inode.scenario.sentences import KNOWN, SENTENCES
from collectd_inode.scenario.vocabulary import Vocabulary

VINTAGE = Path(__file__).parents[1] / "features" / "vintage.feature"

UNSEEN = (
    "this very text cannot be seen on most pages; cucumber-nagios took it for a regular expression on the page's"
    ' source: Vocabulary "legacy" does so too, or write see /…/'
)
NEVER = UNSEEN.replace("cannot be seen on most pages", "is hardly ever seen, so this cannot fail")
VERY_TEXT = 'under Vocabulary "web" this would be the very text as it is seen, not a regular expression on the source'
WOULD_FAIL = 'under Vocabulary "web" a status of 400 to 499 would fail this step'


def told(path: Path, vocabulary: str) -> list[tuple[int, str]]:
    """Line and sentence of each warning."""
    found = loaded(path, vocabulary=vocabulary)
    assert not found.problems
    warnings = [warning for job in found.jobs for warning in lint.warnings(job)]
    return [(int(warning.place.rpartition(":")[2]), warning.what) for warning in warnings]


def test_an_old_file_under_web() -> None:
    """What can hardly have been meant literally is told, line by line."""
    assert told(VINTAGE, "web") == [(10, UNSEEN), (11, UNSEEN), (16, NEVER)]


def test_an_old_file_under_legacy() -> None:
    """Everything that would read differently; plain words read the same."""
    assert told(VINTAGE, "legacy") == [
        (9, WOULD_FAIL),
        (10, VERY_TEXT),
        (11, VERY_TEXT),
        (16, VERY_TEXT),
        (20, WOULD_FAIL),
        (20, WOULD_FAIL),
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("the request should fail", 'under Vocabulary "web" a status of 400 to 499 would pass this step'),
        (
            "I should see an error message",
            'under Vocabulary "web" the element has to be seen, and may have other classes too',
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
        'undefined step: I ping "www.example.org": known from cucumber-nagios, but not done here:'
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
    vocabulary = Vocabulary(SENTENCES, known=KNOWN)
    assert [known.example for known in vocabulary.search_known("queue")] == ["I want to check on the mail queue"]
    assert len(vocabulary.search_known("cucumber-rails select date")) == 4
    assert vocabulary.search_known("zzz") == []
