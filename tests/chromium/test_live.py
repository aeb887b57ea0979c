"""A snapshot as a page: numbers for the browser, none for anybody who reads it."""

from __future__ import annotations

from collectd_inode.chromium.live import LivePage, number_of, without_numbers, without_passwords
from collectd_inode.page import locate

HTML = (
    '<!DOCTYPE html><html data-inode-number="0"><body data-inode-number="1">'
    '<a data-inode-number="2" href="/x">Here</a><p data-inode-number="3" hidden>Secret</p>'
    '<input data-inode-number="4" type="password" value="sesame"></body></html>'
)


def page() -> LivePage:
    return LivePage("http://www.test/", 200, {"content-type": "text/html"}, b"", numbered=HTML)


def test_elements_are_found_by_the_rules_of_every_page_and_have_numbers() -> None:
    """By the number the browser finds them again."""
    assert number_of(locate.link(page(), "Here")) == 2
    assert number_of(page().elements("head")[0]) == -1  # the parser has made it


def test_the_source_has_no_numbers() -> None:
    """Who looks for markup finds what the page has."""
    assert page().source == without_numbers(HTML)
    assert "<p hidden>" in page().source
    assert not page().shows("Secret")


def test_a_password_is_dots_on_a_picture() -> None:
    """What is typed elsewhere is to be read."""
    assert "sesame" not in without_passwords(without_numbers(HTML))
    assert "sesame" in without_passwords('<input type="text" value="sesame">')
