"""A step in fewer words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.scenario.wordings import plain


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("I don't see 'Sorry'", 'should not see ""'),
        ('the page must not contain "Sorry"', 'should not see ""'),
        ('Page Should Not Contain "Sorry"', 'should not see ""'),
        ('I wait until "Saved" disappears', '"" disappears'),
        ('I wait for "Saved" to disappear', 'should not see "" to disappear'),
        ('there is a link "News"', 'should see a link ""'),
        ("it's 5 o'clock", "it's 5 o'clock"),
        ("I click_on 'Log in'", 'click on ""'),
        ("the user dismisses the banner", "dismiss the banner"),
        ("the customer goes back", "go back"),
        ("a visitor watches the video", "watch the video"),
        ("I dismiss the banner", "dismiss the banner"),
        ("the user is on the page", "is on the page"),
        ('I also fill in "User" with "bob"', 'fill in "" with ""'),
        ('await page.goto("https://h/a.b")', 'goto ""'),
        ('cy.get("#a").click()', 'get "" click'),
        ("", ""),
    ],
)
def test_fewer_words(step: str, said: str) -> None:
    """Without who does it, and without what is quoted."""
    assert plain(step) == said


@given(st.text(max_size=300))
def test_whatever_is_written(step: str) -> None:
    """It comes back in a moment, and never longer than it was by much."""
    assert len(plain(step)) <= 250
