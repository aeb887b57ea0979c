"""Selectors: what CSS, HTML and XPath say, and every text that somebody may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.page import locate, scope
from collectd_inode.page.page import Page


def page(body: str, media: str = "text/html") -> Page:
    return Page("http://h/", 200, {"content-type": f"{media}; charset=utf-8"}, body.encode())


LISTS = page(r"""<html id=html><main id=main><ul id=list><li id=l1 class=a>1
<li id=l2 class=b>2<li id=l3 class="a c">3<li id=l4>4</ul>
<p id=p1 data-x="a\d">five</p><p id=p2 data-x='say "a, b)"' class="c\d">six</p></main>""")

FORM = page("""<form id=f><input id=i1 required><input id=i2 type=HIDDEN required><input id=i3 readonly>
<input id=i4 type=checkbox><input id=i5 disabled required><input id=i6 type=Color required>
<select id=s1 required><optgroup id=g1 label=g disabled><option id=o1>1</optgroup><option id=o2>2</select>
<textarea id=t1></textarea><textarea id=t2 readonly required></textarea>
<div id=d1 contenteditable><b id=b1>b</b><i id=i7 contenteditable=FALSE>i</i></div>
<a id=a1 href=/>a</a><a id=a2>a</a></form>""")

FIELDSETS = page("""<fieldset id=f1 disabled><legend id=l1><input id=i1><fieldset id=f2 disabled><legend><input id=i2>
</legend><legend><input id=i3></legend><input id=i4></fieldset></legend><legend><input id=i5></legend><button id=b1>b
</button><fieldset id=f3><legend><select id=s1><option id=o1>o</select></legend></fieldset></fieldset>
<fieldset id=f4><textarea id=t1></textarea></fieldset>""")


def ids(shown: Page, selector: str) -> str:
    assert scope.check(selector) == ""
    return " ".join(str(element.get("id")) for element in scope.select(shown, selector))


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("li:not(.a, .b)", "l4"),
        ("li:not(.a):not(.b)", "l4"),
        ("li:NOT( .a , .b )", "l4"),
        ("li:not(/* ), */ .a)", "l2 l4"),
        ("li:not(*)", ""),
        ("li:not(li + li)", "l1"),
        ("li:not(.a ~ li)", "l1"),
        ("li:not(ul > .a, p .b)", "l2 l4"),
        ("li:not(:not(.a))", "l1 l3"),
        ("li:not(:is(.a, .b))", "l4"),
        ("li:is(.a:not(.c), .b)", "l1 l2"),
        ("li:is(ul .b, p li)", "l2"),
        (":where(ul, p):not(:has(li.b, em))", "p1 p2"),
        ("ul:has(> li:not(.a, .b)), p:not([data-x*='a, b)'])", "list p1"),
        ("ul:not(:has(> .b))", ""),
        ("li:has(+ .b, + #l4)", "l1 l3"),
        ("li:has(~ .b ~ #l4), main:has(ul .b + .a)", "main l1"),
        (":has(>ul, >li.b)", "main list"),
        ("ul:has([data-x], li:is(.a:has(~ .c), .x))", "list"),
        ("ul:has(+ p + p):not(:has(p))", "list"),
        ("li:nth-child(2)", "l2"),
        ("li:nth-child(2 of .a)", "l3"),
        (":nth-child(1 of .a, .b)", "l1"),
        ("li:nth-child(odd of :not(.b))", "l1 l4"),
        ("li:nth-child(n of .a)", "l1 l3"),
        ("li:nth-child(-n + 2 of li.a, #l4)", "l1 l3"),
        ("li:nth-last-child(1 of .a)", "l3"),
        ("li:nth-last-child(2 OF li)", "l3"),
        (":not(:nth-child(n + 2 of li), :not(li))", "l1"),
        ("html:not(.a)", "html"),
        (r"""[data-x="a\\d"]""", "p1"),
        (r"""[data-x="a\5c d"]""", "p1"),
        (r"""[data-x="a\00005Cd"]""", "p1"),
        (r"""[data-x="a\5cd"]""", ""),
        (r"""[data-x$="\\d"]""", "p1"),
        (r"""p:not([data-x="a\\d"])""", "p2"),
        (r"""[data-x="say \"a, b)\""]""", "p2"),
        (r"""p:is([data-x="say \"a, b)\""], .x)""", "p2"),
        (r".c\\d", "p2"),
        (".//li", "l1 l2 l3 l4"),
        ("./body/main/p", "p1 p2"),
        ("..", ""),
        ("../body", ""),
        (".", "html"),
        ("descendant::p[2]", "p2"),
        ("descendant-or-self :: ul", "list"),
        ("child::body/child::main", "main"),
        ("ancestor::p", ""),
        ("(.//li)[2]", "l2"),
    ],
)
def test_selectors_4_and_xpath(selector: str, found: str) -> None:
    """Selectors 4 (4.2, 4.3, 13.3), CSS Syntax 3 (4.3.7) and XPath 1.0; a selector looks within the page."""
    assert ids(LISTS, selector) == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (":required", "i1 i5 s1 t2"),
        (":optional", "i2 i3 i4 i6 t1"),
        (":read-write", "i1 t1 d1 b1"),
        ("form :read-only", "i2 i3 i4 i5 i6 s1 g1 o1 o2 t2 i7 a1 a2"),
        ("input:not(:read-write, :required)", "i2 i3 i4 i6"),
        (":any-link", "a1"),
        (":link", "a1"),
        ("a:not(:any-link)", "a2"),
        (":disabled", "i5 g1 o1"),
        (":enabled", "i1 i2 i3 i4 i6 s1 o2 t1 t2"),
    ],
)
def test_pseudo_classes_of_forms(selector: str, found: str) -> None:
    """HTML, 4.16.3."""
    assert ids(FORM, selector) == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (":disabled", "f1 f2 i3 i4 i5 b1 f3 s1"),
        (":enabled", "i1 i2 o1 f4 t1"),
        ("input:not(:disabled)", "i1 i2"),
        ("textarea:read-write, input:read-write", "i1 i2 t1"),
    ],
)
def test_a_fieldset_spares_its_first_legend(selector: str, found: str) -> None:
    """HTML, 4.10.15: its own only, however many fieldsets are around a control."""
    assert ids(FIELDSETS, selector) == found


def test_parts_within_parts() -> None:
    """From within a part an XPath begins at it, and does not leave it."""
    assert scope.part(LISTS, ["#list", "./li[2]"]).visible_text == "2"
    assert scope.part(LISTS, ["#main", ".//li", "."]).visible_text == "1\n2\n3\n4"
    part = scope.part(LISTS, ["#list"])
    assert (ids(part, ".."), ids(part, "./p"), ids(part, "li:not(main li)")) == ("", "", "")


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("p:is(a", ":is( is not closed"),
        ("p:not()", "in :not(): Expected selector, got <EOF at 0>"),
        ("p:is(.a,)", "in :is(): Expected selector, got <EOF at 3>"),
        ("p:has(b, > > a)", "in :has(): Expected selector, got <DELIM '>' at 0>"),
        ("p:not(b::before)", "in :not(): Pseudo-elements are not supported."),
        ("p:not(:is(b:soft))", "in :not(): in :is(): The pseudo-class :soft is unknown"),
        ("p:not(:scope)", "in :not(): :scope stands at the start of a selector only"),
        ("p:not(.a) > > a", "Expected selector, got <DELIM '>' at 12>"),
        ("p:\ufdd1(0)", "it contains an invalid character"),
    ],
)
def test_what_is_wrong_and_where(selector: str, said: str) -> None:
    """The list is named; places outside it are the selector's."""
    assert scope.check(selector) == f"not a CSS selector: {said}"


def test_selectors_of_xml() -> None:
    """Lists do the same there; names are as written."""
    shown = page("<A><b x='1'/><b x='2'/><B/></A>", "application/xml")
    found = scope.select(shown, "A > :not([x='1'], B)")
    assert [(element.tag, element.get("x")) for element in found] == [("b", "2")]


WORDS = st.sampled_from(
    [
        *"ab.#[]='\"*+>~:()/,\\ 1-é|@^$!\n\0\ufdd0",
        *(":not(", ":is(", ":has(", ":where(", ":nth-child(", ":nth-last-child(", "2n+1 of ", "::", ":required"),
        *(":read-only", ":disabled", ":scope", "\\5c ", "/*", "*/", "./", "..", "child::", "ancestor::", "li", ".a"),
        *("#l1", "[data-x", "comment()", "text()", "\ud800", "a|b", "9" * 20),
    ]
)


@given(st.lists(WORDS, max_size=12).map("".join))
def test_every_text_is_a_selector_or_a_mistake(selector: str) -> None:
    """Elements, or BadSelector and nothing else, whatever somebody writes."""
    for shown in (LISTS, FIELDSETS):
        try:
            found = scope.select(shown, selector)
        except scope.BadSelector:
            continue
        assert all(isinstance(element.tag, str) for element in found)


@given(st.text(max_size=8))
def test_every_text_is_found_as_an_attribute(text: str) -> None:
    """Written as a string of CSS: quotes, backslashes and line ends escaped."""
    usable = "".join(c for c in text if c >= " " and c.isprintable())
    shown = page("<p id=p></p>")
    scope.select(shown, "#p")[0].set("data-x", usable)
    written = usable.replace("\\", "\\\\").replace('"', '\\"')
    assert [e.get("id") for e in scope.select(shown, f'p:not([data-x!="{written}"])')] == ["p"]


@given(st.lists(st.sampled_from(["li", ".a", ".b", "#l4", ":has(li)", "ul > *", ".a + .b", "p ~ p"]), min_size=1))
def test_a_list_is_its_members(members: list[str]) -> None:
    """``:not(A, B)`` is ``:not(A):not(B)``, ``:is(A, B)`` is ``A, B``, and they share out all elements."""
    listed = ", ".join(members)
    none = scope.select(LISTS, f":not({listed})")
    some = scope.select(LISTS, f":is({listed})")
    assert none == scope.select(LISTS, "*" + "".join(f":not({member})" for member in members))
    assert some == [e for e in scope.select(LISTS, "*") if e in scope.select(LISTS, listed)]
    assert {*none, *some} == {*scope.select(LISTS, "*")}
    assert len(none) + len(some) == len(scope.select(LISTS, "*"))


def test_nested_too_deeply() -> None:
    """A mistake like any other."""
    assert scope.check(":not(" * 2000 + "a" + ")" * 2000) == "not a CSS selector: it is nested too deeply"


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("input[type=hidden]", "i2"),
        ("input[type=HIDDEN]", "i2"),
        ("input[type^=hid]", "i2"),
        ("input[type~=color]", "i6"),
        ("input:not([type=color]):not([type=hidden]):not([type=checkbox])", "i1 i3 i5"),
        ("input[type='']", ""),
        ("input[id=I2]", ""),
        ("[contenteditable=false]", ""),
    ],
)
def test_values_in_any_case(selector: str, found: str) -> None:
    """HTML, 4.16.2: those of ``type``, ``method``, ``rel`` and others are compared in any case of letters."""
    assert ids(FORM, selector) == found


def test_a_part_is_as_lenient_as_its_page() -> None:
    """``Vocabulary "legacy"`` holds within a part, too."""
    said: list[str] = []
    body = b"<main><form hidden><label>Card <input name=c></label></form></main>"
    whole = Page("http://h/", 200, {"content-type": "text/html"}, body, told_legacy=said.append)
    assert locate.fillable(scope.part(whole, ["main"]), "Card").get("name") == "c"
    assert said == ["the field “Card” is hidden by <form hidden>, and used all the same"]


def test_values_of_xml_are_as_they_are_written() -> None:
    """There nothing is compared in any case."""
    assert scope.select(page("<a type='X'/>", "text/xml"), "[type=x]") == []
