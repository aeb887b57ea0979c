"""Outlines: literal, single-pass, one scenario a row."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Place, Problem
from collectd_inode.scenario.feature import BrokenScenario, Feature, Scenario, Step, parse
from collectd_inode.scenario.outline import fill, row_name


def parsed(text: str) -> Feature:
    return parse(dedent(text).encode(), "a.feature")


def test_one_scenario_a_row() -> None:
    """Cells go into title, steps, tables and doc strings; not into the background, not into series of steps."""
    found = parsed('''\
        Feature: F
          Background:
            Given a <page>
          @o
          Scenario Outline: Open <page>
            When I go to "<page>"
              | <page> | <other> |
            Then it says
              """
              <page>!
              """
            @fast
            Examples:
              | page | size |
              | home | 3    |
            Examples:
              | size | page  |
              | 4    | about |
        ''')
    assert found.scenarios[0] == Scenario(
        title="Open home",
        series="open_home",
        keyword="Scenario Outline",
        tags=frozenset({"@o", "@fast"}),
        steps=(
            Step("Given", "a <page>", "a_page", 3, 5),
            Step("When", 'I go to "home"', "go_to_page", 6, 5, table=(("home", "<other>"),)),
            Step("Then", "it says", "it_says", 8, 5, doc_string="home!"),
        ),
        line=15,
    )
    second = found.scenarios[1]
    assert (second.title, second.series, second.tags, second.line) == (
        "Open about",
        "open_about",
        frozenset({"@o"}),
        18,
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Open <page>", [("Open home", "open_home"), ("Open a b", "open_a_b")]),
        ("Open", [("Open, home, 3", "open_home_3"), ("Open, a b, 4", "open_a_b_4")]),
        ("Open <b>", [("Open <b>, home, 3", "open_b_home_3"), ("Open <b>, a b, 4", "open_b_a_b_4")]),
        ("", [("home, 3", "home_3"), ("a b, 4", "a_b_4")]),
    ],
)
def test_a_row_is_named_by_its_cells(title: str, expected: list[tuple[str, str]]) -> None:
    """In the title's placeholders, or behind a title that has none."""
    found = parsed(f"""\
        Feature: F
          Scenario Outline: {title}
            When x
            Examples:
              | page | size |
              | home | 3    |
              | a\\nb | 4    |
        """)
    assert [(s.title, s.series) for s in found.scenarios] == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("page <page>", ["page_home", "page_about"]), ("pages", ["pages_home", "pages_about"])]
)
def test_a_comment_names_the_series_of_every_row(name: str, expected: list[str]) -> None:
    """The rule for titles holds for ``# series: NAME`` too; the titles stay."""
    found = parsed(f"""\
        Feature: F
          # series: {name}
          Scenario Outline: Open <page>
            When x
            Examples:
              | page  |
              | home  |
              | about |
        """)
    assert [s.series for s in found.scenarios] == expected
    assert [s.title for s in found.scenarios] == ["Open home", "Open about"]


def test_scenario_with_examples_is_an_outline() -> None:
    """Gherkin lets ``Scenario:`` have examples; without any, angle brackets are text."""
    found = parsed("""\
        Feature: F
          Scenario: A
            When <x>
            Examples:
              | x |
              | 1 |
          Scenario: B
            When <x>
        """)
    assert [(s.title, s.steps[0].text) for s in found.scenarios] == [("A, 1", "1"), ("B", "<x>")]


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ("", "the outline has no examples"),
        ("Examples:", "the outline's examples have no rows"),
        ("Examples:\n      | a |", "the outline's examples have no rows"),
        ("Examples:\n      | a | a |\n      | 1 | 2 |", 'the outline\'s examples have the column "a" twice'),
    ],
)
def test_an_outline_that_has_nothing_to_run_is_refused(examples: str, message: str) -> None:
    """It is told at the outline, and never passes."""
    found = parse(
        f"Feature: F\n  Scenario Outline: O <a>\n    When x\n    {examples}\n  Scenario: S\n    When y".encode(),
        "a.feature",
    )
    problem = Problem(message, Place("a.feature", 2, 3))
    assert found.broken == (BrokenScenario("O <a>", "o_a", frozenset(), problem),)
    assert [s.title for s in found.scenarios] == ["S"]


def test_examples_without_rows_beside_others_are_a_warning() -> None:
    """The others run; perhaps somebody has commented out the last row."""
    found = parsed("""\
        Feature: F
          Scenario Outline: O
            When x
            Examples:
              | a |
            Examples:
              | a |
              | 1 |
        """)
    assert found.warnings == (Problem("these examples have no rows", Place("a.feature", 4, 5)),)
    assert [s.title for s in found.scenarios] == ["O, 1"]


def test_the_place_of_a_cell_that_no_column_has_is_a_warning() -> None:
    """A step that expects "<error>" not to be seen could never fail; HTML in a step is no place of a cell."""
    found = parsed("""\
        Feature: F
          Scenario Outline: O
            When I go to "<Path>" and "<path>"
            Then I should not see "<error text>"
            And the source should match "<b>.*</b>" or 1 < 2 > 0
            Examples:
              | path | text |
              | 1    | 2    |
        """)
    said = "is taken as it stands: the examples have no column"
    assert found.warnings == (
        Problem(f"“<Path>” {said} Path, but path, text", Place("a.feature", 3, 5)),
        Problem(f"“<error text>” {said} error text, but path, text", Place("a.feature", 4, 5)),
    )
    assert [step.text for step in found.scenarios[0].steps[:2]] == [
        'I go to "<Path>" and "1"',
        'I should not see "<error text>"',
    ]


def test_rows_with_one_name() -> None:
    """Two rows that differ in a cell which is not in the title have one series, until the block tells them apart."""
    found = parsed("""\
        Feature: F
          Scenario Outline: O <a>
            When <b>
            Examples:
              | a | b |
              | 1 | 2 |
              | 1 | 3 |
        """)
    assert (found.broken, [s.series for s in found.scenarios]) == ((), ["o_1", "o_1"])


def test_an_outline_without_steps_fails_under_each_row_s_name() -> None:
    """The series that an alarm watches go on; both have one problem, of which the author is told once."""
    found = parsed("""\
        Feature: F
          Scenario Outline: O
            Examples:
              | a |
              | 1 |
              | 2 |
        """)
    problem = Problem("the scenario has no steps of its own", Place("a.feature", 2, 3))
    assert found.broken == (
        BrokenScenario("O, 1", "o_1", frozenset(), problem),
        BrokenScenario("O, 2", "o_2", frozenset(), problem),
    )


@pytest.mark.parametrize(
    ("text", "cells", "expected"),
    [
        ("costs <price ($)>", {"price ($)": "3"}, "costs 3"),
        ("<a.b> <axb>", {"a.b": "1"}, "1 <axb>"),
        ("<a><b>", {"a": "<b>", "b": "<a>"}, "<b><a>"),
        ("<a>", {"a": r"\1\g<0>"}, r"\1\g<0>"),
        ("<a>b>", {"a": "1", "a>b": "2"}, "2"),
        ("< a> <A> <>", {"a": "1", "": "2"}, "< a> <A> <>"),
        ("<<a>>", {"a": "1"}, "<1>"),
    ],
)
def test_filling_in_is_literal(text: str, cells: dict[str, str], expected: str) -> None:
    """Headers are no regular expressions, cells no templates, and what is filled in is not filled in again."""
    assert fill(text, cells) == expected


HEADERS = st.text("ab.$(", min_size=1, max_size=3)


@given(
    st.lists(st.text("ab<> .$(", max_size=4) | HEADERS.map("<{}>".format)), st.dictionaries(HEADERS, st.text("a<>b\\"))
)
def test_filling_in_reads_the_text_once_from_left_to_right(parts: list[str], cells: dict[str, str]) -> None:
    """It does what a person with a pencil would do."""
    text = "".join(parts)
    expected, rest = "", text
    while rest:
        header = next((h for h in cells if rest.startswith(f"<{h}>")), None)
        expected += rest[0] if header is None else cells[header]
        rest = rest[1:] if header is None else rest[len(header) + 2 :]
    assert fill(text, cells) == expected


@given(st.text("ab<>", max_size=9), st.dictionaries(st.sampled_from("ab"), st.text("xy", max_size=3), min_size=1))
def test_a_row_s_name_always_holds_cells(name: str, cells: dict[str, str]) -> None:
    """Filled in, or appended in the order of the columns."""
    filled = fill(name, cells)
    appended = ", ".join([name, *cells.values()] if name else cells.values())
    assert row_name(name, cells) == (filled if any(f"<{h}>" in name for h in cells) else appended)
