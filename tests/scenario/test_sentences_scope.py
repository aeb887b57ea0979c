"""Parts of a page: selectors, and what a page looks like from within one of them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectd_inode.model import Failure, Misconfigured
from collectd_inode.page import locate, scope
from collectd_inode.page.page import Page

PAGE = Page(
    "http://www.test/",
    200,
    {"content-type": "text/html"},
    b"""<!doctype html><title>Shop</title><body>
<div id=menu class="a b" lang=en-NZ><a href="/x y">Contact</a><ul><li>1<li>2<li class=last.one>3</ul></div>
<label for=user>User</label>
<form id=login title="Log in"><input id=user name=u><button>Go</button></form>
<p hidden>Not <b id=hidden>seen</b></p>
""",
)


@pytest.mark.parametrize(
    ("selector", "tags"),
    [
        ("#menu", ["div"]),
        ("div#menu.a.b", ["div"]),
        (".a", ["div"]),
        (".c", []),
        ("UL", ["ul"]),
        ("div *", ["a", "ul", "li", "li", "li"]),
        ("body > div > ul > li", ["li", "li", "li"]),
        ("body > li", []),
        ("div li:nth-child(2)", ["li"]),
        ("li:first-child, li:last-child", ["li", "li"]),
        ("li + li", ["li", "li"]),
        ("div ~ form", ["form"]),
        ("form ~ div", []),
        ("form, ul", ["ul", "form"]),
        ('[href="/x y"]', ["a"]),
        ("[title='Log in']", ["form"]),
        ("[href^='/x'][href$=y]", ["a"]),
        ("[href*=' ']", ["a"]),
        ("[class~=b]", ["div"]),
        ("[lang|=en]", ["div"]),
        ("[lang]", ["div"]),
        ("li:not(.last)", ["li", "li", "li"]),
        ("li:nth-of-type(2n+1)", ["li", "li"]),
        ("p:contains('seen'), a:contains('seen')", ["p"]),
        ("div:has(> ul)", ["div"]),
        ("[href^='']", []),
        (r".last\.one", ["li"]),
        ("/html/body/form", ["form"]),
        ("//li[2]", ["li"]),
        ("(//li)[last()]", ["li"]),
    ],
)
def test_a_selector_names_elements(selector: str, tags: list[str]) -> None:
    """In document order, each once."""
    assert scope.check(selector) == ""
    assert [element.tag for element in scope.select(PAGE, selector)] == tags


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("", "not a CSS selector: Expected selector, got <EOF at 0>"),
        ("p:soft", "not a CSS selector: The pseudo-class :soft is unknown"),
        ("p::before", "not a CSS selector: Pseudo-elements are not supported."),
        ("p > > a", "not a CSS selector: Expected selector, got <DELIM '>' at 4>"),
        ("p,", "not a CSS selector: Expected selector, got <EOF at 2>"),
        ("[a", "not a CSS selector: Operator expected, got <EOF at 2>"),
        ("//b[", "not an XPath expression: Invalid expression"),
        ("//p/text()", "the XPath expression must name elements"),
        ("(1)", "the XPath expression must name elements"),
    ],
)
def test_a_bad_selector_says_why(selector: str, said: str) -> None:
    """When the feature is loaded; a variable's value, when it is used."""
    page = Page("", 200, {"content-type": "text/html"}, b"<p>text</p>")
    with pytest.raises(Misconfigured) as caught:
        scope.part(page, [selector])
    assert str(caught.value) == f"“{selector}”: {said}"


@given(st.text("ab.#[]='\"*>+~:()/,\\ 1-é", max_size=12))
@example("/a:*")
def test_every_text_is_a_selector_or_a_mistake(selector: str) -> None:
    """Whatever somebody writes after ``within``; whether a prefix is declared, only the page knows."""
    said = scope.check(selector)
    if not said:
        with suppress(scope.UnknownPrefix):
            assert isinstance(scope.select(PAGE, selector), list)


def test_a_part_is_seen_as_a_page() -> None:
    """Its text and its fields are the part's, everything around it the page's."""
    part = scope.part(PAGE, ["#login"])
    assert (part.visible_text, part.source, part.title) == ("Go", "Go", "Shop")
    assert part.describe() == PAGE.describe()
    assert locate.fillable(part, "User").get("id") == "user"
    with pytest.raises(Failure, match="no link “Contact”"):
        locate.link(part, "Contact")


def test_what_is_around_a_part_may_hide_it() -> None:
    """Then nothing is to be seen of it."""
    part = scope.part(PAGE, ["#hidden"])
    assert (part.visible_text, [e for e in part.elements() if e in part.in_view]) == ("", [])


def test_parts_of_parts() -> None:
    """Each within the one before, also by an XPath that starts at the page."""
    assert scope.part(PAGE, ["#menu", "li + li"]).visible_text == "2\n3"
    assert scope.part(PAGE, ["#menu", "li + li"], first=True).visible_text == "2"
    assert scope.part(PAGE, ["#menu", "//li[3]"]).visible_text == "3"
    with pytest.raises(Failure, match="there is no “//li”, on “Shop” at "):
        scope.part(PAGE, ["#login", "//li"])


def test_what_is_no_html_has_no_parts() -> None:
    """Told as missing."""
    page = Page("http://www.test/", 200, {"content-type": "text/plain"}, b"#menu")
    with pytest.raises(Failure, match="the page is text/plain: it has no elements"):
        scope.part(page, ["#menu"])
