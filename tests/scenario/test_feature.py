"""What a feature file says, and what is said about one that cannot be read."""

import os
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Place, Problem
from collectd_inode.names import SLUG_BYTES
from collectd_inode.scenario import feature
from collectd_inode.scenario.feature import BrokenScenario, Feature, Scenario, Step, UnreadableFeature, parse, read

BLOG = """\
Feature: inode.co.nz
  It should be up
  And the home page should introduce Inode
    And the Contact page should have my PGP key fingerprint

  Scenario: Visiting home and contact pages
    When I go to http://inode.co.nz
    Then I should see "Inode is a small IT consultancy. "

  Scenario: Visiting the contact page via the home page
    When I go to http://inode.co.nz
    And I follow "Contact"
"""


def parsed(text: str) -> Feature:
    return parse(dedent(text).encode(), "a.feature")


def problems(source: str | bytes) -> list[str]:
    """What is wrong with *source* as a whole."""
    octets = source if isinstance(source, bytes) else dedent(source).encode()
    with pytest.raises(UnreadableFeature) as caught:
        parse(octets, "a.feature")
    return [str(problem) for problem in caught.value.problems]


def series(text: str) -> list[list[str]]:
    """The series of each scenario, followed by its steps'."""
    return [[s.series, *(step.series for step in s.steps)] for s in parsed(text).scenarios]


def test_a_feature_is_what_its_author_wrote() -> None:
    """Titles, description, steps and places are those of the file; series come from the texts."""
    assert parse(BLOG.encode(), "webhome.feature") == Feature(
        path="webhome.feature",
        title="inode.co.nz",
        keyword="Feature",
        description=(
            "It should be up\nAnd the home page should introduce Inode\n"
            "  And the Contact page should have my PGP key fingerprint"
        ),
        language="en",
        scenarios=(
            Scenario(
                title="Visiting home and contact pages",
                series="visiting_home_and_contact_pages",
                keyword="Scenario",
                tags=frozenset(),
                steps=(
                    Step("When", "I go to http://inode.co.nz", "go_to_http_inode_co_nz", 7, 5),
                    Step(
                        "Then",
                        'I should see "Inode is a small IT consultancy. "',
                        "should_see_inode_is_a_small_it_consultancy",
                        8,
                        5,
                    ),
                ),
                line=6,
            ),
            Scenario(
                title="Visiting the contact page via the home page",
                series="visiting_the_contact_page_via_the_home_page",
                keyword="Scenario",
                tags=frozenset(),
                steps=(
                    Step("When", "I go to http://inode.co.nz", "go_to_http_inode_co_nz", 11, 5),
                    Step("And", 'I follow "Contact"', "follow_contact", 12, 5),
                ),
                line=10,
            ),
        ),
    )


@pytest.mark.parametrize(
    "source",
    [
        BLOG.replace("\n", "\r\n"),
        BLOG.replace("\n", "\r"),
        "\ufeff" + BLOG,
        BLOG.replace("\n", "  \t\n"),
        BLOG.rstrip("\n"),
    ],
    ids=["CRLF", "CR", "byte order mark", "trailing white space", "no last line feed"],
)
def test_how_an_editor_saves_a_file_makes_no_difference(source: str) -> None:
    """Line ends, a byte order mark and trailing white space change nothing."""
    assert parse(source.encode(), "a") == parse(BLOG.encode(), "a")


def test_backgrounds_come_first() -> None:
    """The feature's background, then the rule's, then the scenario's own steps; tags are inherited on the way."""
    found = parsed("""\
        @web
        Feature: Shop
          Background:
            Given a
          @slow
          Rule: Members only
            Background:
              Given b
            @third
            Scenario: Buy
              When c
        """)
    (scenario,) = found.scenarios
    assert scenario == Scenario(
        title="Buy",
        series="buy",
        keyword="Scenario",
        tags=frozenset({"@web", "@slow", "@third"}),
        steps=(
            Step("Given", "a", "a", 4, 5),
            Step("Given", "b", "b", 8, 7),
            Step("When", "c", "c", 11, 7),
        ),
        line=10,
    )


def test_tables_and_doc_strings_belong_to_their_step() -> None:
    """Cells lose their padding, doc strings their indentation."""
    found = parsed('''\
        Feature: F
          Scenario: S
            When I fill in the following:
              | name  | a\\|b |
              | place |      |
            And I send
              """json
              {
                # series: not a comment
              }
              """
        ''')
    assert found.scenarios[0].steps == (
        Step(
            "When",
            "I fill in the following:",
            "fill_in_the_following",
            3,
            5,
            table=(("name", "a|b"), ("place", "")),
        ),
        Step("And", "I send", "send", 6, 5, doc_string="{\n  # series: not a comment\n}", media_type="json"),
    )
    assert found.warnings == ()


def test_a_feature_in_german() -> None:
    """``# language: de`` brings German keywords; they are kept as written, without the space behind them."""
    found = parsed("""\
        # language: de
        Funktionalität: Laden
          Szenario: Öffnen
            Angenommen die Tür ist zu
            * ich klopfe
        """)
    assert (found.language, found.keyword) == ("de", "Funktionalität")
    (scenario,) = found.scenarios
    assert (scenario.keyword, scenario.series) == ("Szenario", "offnen")
    assert [(s.keyword, s.text) for s in scenario.steps] == [("Angenommen", "die Tür ist zu"), ("*", "ich klopfe")]


# Series


def test_a_step_s_series_comes_from_its_text() -> None:
    """Variables stay unfilled, a leading "I" goes, twins within a scenario are numbered; backgrounds count."""
    assert series("""\
        Feature: F
          Background:
            Given I go home
          Scenario: S
            When I log in as ${user}
            And I go home
            And go home
            And It is
        """) == [["s", "go_home", "log_in_as_user", "go_home_2", "go_home_3", "it_is"]]


def test_a_comment_names_a_series() -> None:
    """``# series: NAME`` right above a step, a scenario or its tags; other comments may stand between."""
    assert series("""\
        Feature: F
          # series: Front door
          # (do not rename)
          @a
          # another
          @b
          Scenario: A very long title
            # series: open
            When I go to http://www.example.org
            | a table |
            # series: look
            Then I should see "x"
          @c
          # series: back
          Scenario: Another
            When x
        """) == [["front_door", "open", "look"], ["back", "x"]]


def test_a_comment_that_names_nothing_is_a_warning() -> None:
    """A blank line, or a line that has no series, makes the author's wish go unheard; the author hears of it."""
    found = parsed("""\
        # series: feature
        Feature: F
          # series: lost

          Scenario: S
            # series:
            When x
            # series: late
        """)
    stray = "this applies to nothing: put it directly above a step or a scenario"
    assert found.warnings == (
        Problem(stray, Place("a.feature", 1, 1)),
        Problem(stray, Place("a.feature", 3, 3)),
        Problem('a name is missing after "series:"', Place("a.feature", 6, 5)),
        Problem(stray, Place("a.feature", 8, 5)),
    )
    assert [s.series for s in found.scenarios] == ["s"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1), min_size=1))
def test_series_are_unique_and_short(texts: list[str]) -> None:
    """Whatever the steps say, no two of a scenario share a series, and none is longer than a name may be."""
    lines = "".join(f"    * {text}\n" for text in texts)
    (scenario,) = parse(f"Feature: F\n  Scenario: S\n{lines}".encode(), "a").scenarios
    names = [step.series for step in scenario.steps]
    assert len(names) == len(texts) == len(set(names))
    assert all(0 < len(name.encode()) <= SLUG_BYTES for name in names)


def test_five_hundred_steps_are_no_trouble() -> None:
    """A long scenario is only long."""
    lines = "    When I go to x\n" * 500
    (scenario,) = parse(f"Feature: F\n  Scenario: S\n{lines}".encode(), "a").scenarios
    assert len(scenario.steps) == 500
    assert scenario.steps[-1] == Step("When", "I go to x", "go_to_x_500", 502, 5, wanted="go_to_x")


# Scenarios that cannot be run


def test_one_bad_scenario_never_stops_the_others() -> None:
    """A scenario without steps, and one whose name is taken, are told; the rest runs."""
    found = parsed("""\
        Feature: F
          Background:
            Given x
          @wip
          Scenario: Nothing
          Scenario: Home
            Wehn I go
          Scenario: Good
            When y
          Scenario: good!
            When z
        """)
    without = "the scenario has no steps of its own"
    assert found.broken == (
        BrokenScenario("Nothing", "nothing", frozenset({"@wip"}), Problem(without, Place("a.feature", 5, 3))),
        BrokenScenario(
            "Home",
            "home",
            frozenset(),
            Problem(
                without,
                Place("a.feature", 6, 3),
                help='"Wehn I go" was read as a line of the description; did you mean "When"?',
            ),
        ),
    )
    assert [(s.title, s.series) for s in found.scenarios] == [("Good", "good"), ("good!", "good")]


def test_a_problem_reads_like_a_compiler_s() -> None:
    """path:line:column: message."""
    assert str(Problem("no", Place("a.feature", 3, 5))) == "a.feature:3:5: no"


# Files that cannot be read


@pytest.mark.parametrize(
    "comment", ["# encoding: iso-8859-1", "# -*- coding: latin-1 -*-", "# language: de\n# Encoding: windows-1252"]
)
def test_an_encoding_of_its_own(comment: str) -> None:
    """As cucumber reads it; a file that was saved as UTF-8 since then is that, whatever the comment says."""
    source = f"{comment}\nFunktionalität: Straße\n  Szenario: Öl\n    * ich sehe\n"
    if "language" not in comment:
        source = source.replace("Funktionalität", "Feature").replace("Szenario", "Scenario")
    for encoding in ("latin-1", "utf-8"):
        read = parse(source.encode(encoding), "a.feature")
        assert (read.title, [scenario.title for scenario in read.scenarios]) == ("Straße", ["Öl"])


@pytest.mark.parametrize("comment", ["# encoding: nonsense", "# encoding: ascii", "# encoding: hex", "# encoding:"])
def test_an_encoding_that_does_not_fit(comment: str) -> None:
    """The place is that of the first byte that is not UTF-8."""
    assert problems(f"{comment}\nFeature: ä\n".encode("latin-1")) == [
        "a.feature:2:10: the file is not UTF-8: byte 0xe4"
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "1:1: the file has no feature: it is empty or contains only comments"),
        (b" \n# only this\n", "1:1: the file has no feature: it is empty or contains only comments"),
        (b"Feature: a\n  Scenario: \xc3\xa4\xff", "2:14: the file is not UTF-8: byte 0xff"),
        (b"\xef\xbb\xbfFeature: \xe4", "1:10: the file is not UTF-8: byte 0xe4"),
        (b"Feature: a\r\n\0", "2:1: the file is binary: a NUL byte"),
        ("Feature: a".encode("utf-16"), "1:1: the file is UTF-16; save it as UTF-8"),
        (b"#" * (1024 * 1024 + 1), "1:1: the file is too large: more than 1048576 bytes"),
        (b"\n  Feature: a\n  nothing else", "2:3: the feature has no scenarios"),
        (b"Feature: a\n  Rule: b\n", "1:1: the feature has no scenarios"),
        (b"# language: xx\nFoo: a\n", '1:1: unknown language "xx"'),
    ],
)
def test_a_file_that_is_no_feature(source: bytes, message: str) -> None:
    """The place is the first bad one, in characters."""
    assert problems(source) == [f"a.feature:{message}"]


def test_every_syntax_error_is_told_in_words() -> None:
    """What was found, what could stand there, and what was perhaps meant."""
    step = 'a table row (| … |), a doc string ("""), a step (Given, When, Then…), tags (@…)'
    with pytest.raises(UnreadableFeature) as caught:
        parsed("""\
            Feature: F
              Scenario: S
                When x
                  | a | b |
                  | c |
                Thne y
                Then z
                  mis-indented, no step
            """)
    expected = f'{step}, "Examples:", "Scenario:" or "Rule:"'
    uneven = "this row has more or fewer cells than the first row of its table"
    table = 'a table row (| … |), a doc string ("""), a step'
    assert caught.value.problems == (
        Problem(uneven, Place("a.feature", 5, 7)),
        Problem(f'found "Thne y", expected {expected}', Place("a.feature", 6, 5), help='did you mean "Then"?'),
        Problem(f'found "mis-indented, no step", expected {expected}', Place("a.feature", 8, 7)),
    )
    assert table in expected


@pytest.mark.parametrize(
    ("source", "message", "help"),
    [
        (
            'Feature: F\n Scenario: S\n  When x\n  """\n  half',
            '6:1: the file ends inside a doc string; its closing """ or ``` is missing',
            "",
        ),
        ("Feature: F\n@tag", '3:1: the file ends here, expected tags (@…) or "Rule:"', ""),
        ("Feature F", '1:1: found "Feature F", expected tags (@…) or "Feature:"', 'did you mean "Feature:"?'),
        (
            "@a b\nFeature: F\n Scenario: S\n  When x",
            "1:1: a tag is one word that begins with @ and contains no space",
            "",
        ),
        ("x" * 100, f'1:1: found "{"x" * 59}…", expected tags (@…) or "Feature:"', ""),
        (
            "Feature: F\n Szenario: S\n  When x",
            "1:1: the feature has no scenarios",
            '"Szenario: S" was read as a line of the description; "Szenario:" is a keyword of files that begin with'
            ' "# language: de"',
        ),
        ("# language: En\nFeature: F", '1:1: unknown language "En"', None),
    ],
)
def test_half_written_files(source: str, message: str, help: str | None) -> None:
    """Each with its place, and with a hint where there is one."""
    with pytest.raises(UnreadableFeature) as caught:
        parse(source.encode(), "a.feature")
    (problem,) = caught.value.problems
    assert str(problem) == f"a.feature:{message}"
    assert help is None or problem.help == help


def test_expected_words_are_those_of_the_file_s_language() -> None:
    """Who writes German is told German keywords."""
    assert problems("# language: de\nFunktionalität: F\n Szenario: S\n  Wenn x\n  Dnan y") == [
        'a.feature:5:3: found "Dnan y", expected a table row (| … |), a doc string ("""), '
        'a step (Angenommen, Wenn, Dann…), tags (@…), "Beispiele:", "Szenario:" or "Rule:"'
    ]


def test_a_file_that_would_fill_the_memory_is_refused() -> None:
    """Rows times steps are counted before they are made."""
    rows = "|a|\n" * 2000
    source = "Feature: F\n Scenario Outline: <a>\n" + "  * x\n" * 2000 + " Examples:\n|a|\n" + rows
    unique_rows = source.replace(rows, "".join(f"|{n}|\n" for n in range(2000)))
    assert problems(unique_rows) == [
        "a.feature:2010:1: the scenarios of this file have more than 10000 steps, rows of outlines included"
    ]


@pytest.mark.parametrize("bug", [RecursionError("too deep"), IndexError("pop from an empty list")])
def test_a_bug_in_the_parser_is_about_this_file_only(bug: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks inside the library, the file is unreadable and the others are read."""

    class Broken:
        def parse(self, *_: object) -> None:
            raise bug

    monkeypatch.setattr(feature, "Parser", Broken)
    assert problems(b"Feature: F") == [
        f"a.feature:1:1: the Gherkin parser cannot read the file: {type(bug).__name__}: {bug}"
    ]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_feature_or_unreadable(source: bytes) -> None:
    """Nothing but Unreadable is ever raised, with at least one problem, which has a place."""
    try:
        parse(source, "a")
    except UnreadableFeature as error:
        assert error.problems
        assert all(p.place.line >= 1 and p.place.column >= 1 for p in error.problems)


# Reading


def test_read(tmp_path: os.PathLike[str]) -> None:
    """The file's path is the feature's."""
    path = os.path.join(tmp_path, "webhome.feature")
    with open(path, "w") as file:
        file.write(BLOG)
    assert read(path) == parse(BLOG.encode(), path)


def test_what_cannot_be_read_says_why(tmp_path: os.PathLike[str]) -> None:
    """A missing file, a folder, a FIFO (which nobody waits for) and no path at all."""
    fifo, missing = os.path.join(tmp_path, "fifo"), os.path.join(tmp_path, "missing")
    os.mkfifo(fifo)
    said = {missing: "No such file or directory", fifo: "is not a file", os.fspath(tmp_path): "is not a file"}
    for path, reason in said.items():
        with pytest.raises(UnreadableFeature) as caught:
            read(path)
        assert caught.value.problems == (Problem(reason, Place(path, 1, 1)),)
    with pytest.raises(UnreadableFeature, match="is not a path"):
        read("a\0b")
