"""A scenario that is written for an operator reads back as what it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from collectd_inode.scenario import feature, sentences
from collectd_inode.scenario.draft import Draft, DraftStep, first_look, quoted
from collectd_inode.scenario.replay import PageNames
from collectd_inode.scenario.vocabulary import Matched


def test_the_file() -> None:
    """``And`` stands where the keyword is that of the step before; a comment above a step, a table below it."""
    steps = (
        DraftStep("When", 'I go to "/"'),
        DraftStep("When", "I fill in the following:", ('| "Mail" | a |',), "the form"),
        DraftStep("Then", 'I should see "x"'),
    )
    draft = Draft("Shop", "Buy", steps, ("Written by hand",))
    assert draft.text() == (
        "# Written by hand\nFeature: Shop\n\n  Scenario: Buy\n"
        '    When I go to "/"\n    # the form\n    And I fill in the following:\n      | "Mail" | a |\n'
        '    Then I should see "x"\n'
    )
    lines = draft.text().splitlines()
    assert [draft.at(number) for number in range(len(lines) + 2)] == [
        *[None] * 5, steps[0], steps[1], steps[1], steps[1], steps[2], None,
    ]  # fmt: skip
    assert draft.without(steps[1]).steps == (steps[0], steps[2])


@given(some.text(max_size=40))
def test_a_string_of_a_sentence(text: str) -> None:
    """What can be written is read as it was; what cannot be written is None."""
    said = quoted(text)
    if said is None:
        return
    found = sentences.vocabulary("en", "web", ()).match(f"I should see {said}")
    assert isinstance(found, Matched)
    assert found.arguments == (text,)


@given(some.text(max_size=60), some.text(max_size=60), some.lists(some.text(max_size=30), max_size=4))
def test_whatever_a_page_says(title: str, heading: str, links: list[str]) -> None:
    """The file is one scenario with all steps."""
    draft = first_look("/", "h.test", PageNames("http://h.test/", {"links": links}, title, heading))
    (scenario,) = feature.parse(draft.text().encode(), "x.feature").scenarios
    assert [step.text for step in scenario.steps] == [step.text for step in draft.steps]
