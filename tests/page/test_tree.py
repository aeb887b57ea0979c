"""A page's tree is the one that a browser builds: what follows its end, omitted tags, slashes, broken forms."""

from __future__ import annotations

import pytest

from collectd_inode.page import forms
from collectd_inode.page.page import Page
from collectd_inode.page.text import CONTROLS


def page(body: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, body.encode())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<html><body><h1>Welcome</h1></body></html>\n<b>Fatal error</b>: Uncaught Exception",
         "Welcome\nFatal error: Uncaught Exception"),
        ("<html><body>a</body></html><html><body><p>b</body></html>", "a\nb"),
        ("<html><body>a</body><!-- x --></html> b", "a b"),
        ("<frameset></frameset>a", ""),
        ("<p>a</body></html><script>x</script><p>b", "a\nb"),
    ],
)  # fmt: skip
def test_what_stands_behind_the_end(source: str, text: str) -> None:
    """Rule 28: it is the body's (HTML, 13.2.6.4.19 and 13.2.6.4.22)."""
    assert page(source).visible_text == text


def test_links_and_forms_behind_the_end() -> None:
    """A second document behind the first, as an include leaves it: its links and forms are the page's."""
    shown = page("<html><body>a</body></html><html><body><a href=/b>B</a><form><input name=q></form></body></html>")
    assert [e.tag for e in shown.elements("a", "form", "input")] == ["a", "form", "input"]


@pytest.mark.parametrize(
    "tag",
    [
        "main",
        "nav",
        "header",
        "section",
        "article",
        "aside",
        "footer",
        "figure",
        "details",
        "dialog",
        "search",
        "hgroup",
        "x-app",
        "svg",
        "video",
        "picture",
    ],
)
def test_tags_that_authors_leave_out(tag: str) -> None:
    """Without html, head and body tags any element of the body opens it (HTML, 13.2.6.4.6 "after head")."""
    opened = f"{tag} open" if tag in ("details", "dialog") else tag
    inside = "<foreignObject><a href=/b>Contact</a></foreignObject>" if tag == "svg" else "<a href=/b>Contact</a>"
    shown = page(f"<!DOCTYPE html><title>T</title><{opened}>{inside}</{tag}><p>after")
    (link,) = shown.elements("a")
    assert (shown.title, next(link.iterancestors("body"), None) is not None) == ("T", True)
    if tag not in ("video", "svg"):
        assert "Contact" in shown.visible_text
    assert "after" in shown.visible_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<script src="x"/><p>Order now', ""),
        ('<iframe src="x"/><p>Order now', ""),
        ("<style/><p>Order now", ""),
        ("<title/><p>Order now", ""),
        ("<noframes/><p>Order now", ""),
        ("<textarea/><p>Order now", "<p>Order now"),
        ('<div style="display:none"/><p>Order now', ""),
        ("<div hidden/><p>Order now", ""),
        ("<p hidden/>a<p>Order now", "Order now"),
        ("<br/>a<br/>b<hr/>c", "a\nb\nc"),
        ("<svg><path/><text/></svg>a", "a"),
        ("a</br>b", "a\nb"),
        ("a</p>b", "a\nb"),
    ],
)
def test_slashes_close_void_elements_only(source: str, text: str) -> None:
    """HTML, 13.1.2.1: the slash of other start tags means nothing; the rest of the page is inside."""
    assert page(f"<body>{source}").visible_text == text


def test_a_link_with_a_slash_goes_on() -> None:
    """``<a href="/end"/>Contact`` reads "Contact"."""
    (link,) = page('<a href="/end"/>Contact').elements("a")
    assert link.text == "Contact"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\0b", "ab"),
        ("<plaintext>a<b>&amp;</plaintext>", "a<b>&amp;</plaintext>"),
        ("<table>a<tr><td>b</td></tr>c</table>", "ac\nb"),
        ("<b><p>a</b>b</p>", "ab"),
        ("<p>a<table><tr><td>b", "a\nb"),
        ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
        ("<template><p>x</template>a", "a"),
        ("<noscript><p>a</noscript>", "a"),
        ("<form>\x02<div></form>\x02</div>a", "a"),
    ],
)
def test_other_trees(source: str, text: str) -> None:
    """Misnested tags, what stands in a table's way, plaintext, controls."""
    assert page(f"<body>{source}").visible_text == text


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("<form action=x><fieldset><input name=a></form><input name=b></fieldset><input name=c>", "ab"),
        ("<form><input name=a><select name=s></form><input name=b>", "asb"),
        ("<form><table><tr><td><input name=a></form></td></tr></table><input name=b>", "ab"),
        ("<table><form><tr><td><input name=a></td></tr></form></table><input name=b>", "a"),
        ("<table><tr><form><td><input name=a></td></form></tr></table><input name=b>", "a"),
        ("<div><form><input name=a></div><input name=b></form><input name=c>", "ab"),
        ("<form><input name=a><form><input name=b></form><input name=c>", "ab"),
        ("<form><div><form><input name=a></div><input name=b></form><input name=c>", "ab"),
        ("<form><template><form><input name=x></form></template><input name=a></form><input name=b>", "a"),
    ],
)
def test_the_first_form_s_controls(source: str, names: str) -> None:
    """Rule 28: by the form that the parser had open, else by the form around them."""
    shown = page(f"<body>{source}")
    first = shown.elements("form")[0]
    assert "".join(c.get("name") or "" for c in forms.controls_of(shown, first)) == names


PAIRS = ["a>table", "a>fieldset", "b>p", "i>p", "small>p", "h1>p", "h1>form", "h1>table", "ul>form", "address>ul"]


@pytest.mark.parametrize("pair", [*PAIRS, "pre>table", "legend>fieldset", "a>div", "span>h1", "label>div", "o:p>b"])
def test_what_stands_inside_stays_inside(pair: str) -> None:
    """Whatever HTML 4 thought of it: a table in a link, a paragraph in bold."""
    outer, inner = pair.split(">")
    shown = page(f"<div><{outer} hidden><{inner}>x</{inner}></{outer}></div>")
    element = shown.elements(inner)[-1]
    assert ([e.tag for e in element.iterancestors()][:2], shown.visible_text) == ([outer, "div"], "")


def test_a_drawing_has_no_namespace() -> None:
    """Nor has XHTML that comes as HTML: both are found by their names."""
    shown = page("<svg><a><text>x</text></a></svg><math><mi>y</mi></math>")
    assert [e.tag for e in shown.elements("svg", "text", "mi")] == ["svg", "text", "mi"]
    xhtml = Page("http://h/", 200, {"content-type": "text/html"}, b'<html xmlns="http://www.w3.org/1999/xhtml"><p>x')
    assert [e.tag for e in xhtml.elements()] == ["html", "head", "body", "p"]


def test_a_fieldset_in_a_disabled_one_s_legend() -> None:
    """It is enabled."""
    shown = page(
        "<form><fieldset disabled><legend><fieldset><input name=a></fieldset></legend><input name=b></fieldset>"
    )
    assert [forms.is_disabled(e) for e in shown.elements("input")] == [False, True]


def test_a_textarea_that_nobody_closes() -> None:
    """What it holds is the page's source up to the end, and nothing of ours."""
    shown = page("<form><textarea name=a>abc</form>")
    (area,) = shown.elements("textarea")
    assert (area.text, shown.visible_text) == ("abc</form>", "abc</form>")


def test_the_parser_leaves_no_marks() -> None:
    """How the owners of controls were found shows nowhere."""
    shown = page("<div><form id=f></div><input name=a></form>")
    (control,) = shown.elements(*CONTROLS)
    assert shown.form_of(control) is shown.elements("form")[0]
    assert [dict(e.attrib) for e in shown.elements("form", "input")] == [{"id": "f"}, {"name": "a"}]
