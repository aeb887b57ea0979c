"""What a person sees: one notion, for text, elements, links, fields and buttons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.page import text
from collectd_inode.page.page import Page
from collectd_inode.page.style import Display, Visibility, declared


def page(body: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, f"<body>{body}".encode())


HIDING = [
    ("<div hidden>x</div>", "<div hidden>"),
    ("<div hidden=until-found>x</div>", "<div hidden>"),
    ("<div popover>x</div>", "<div popover>"),
    ("<div popover=manual>x</div>", "<div popover>"),
    ("<dialog>x</dialog>", "a closed <dialog>"),
    ('<div style="display:none">x</div>', '<div style="display: none">'),
    ('<div style="DISPLAY : None !important; display:block">x</div>', '<div style="display: none">'),
    ('<div style="/*x*/display:none">x</div>', '<div style="display: none">'),
    ('<div style="color:red;display:none;display:nonsense">x</div>', '<div style="display: none">'),
    ('<div style="content-visibility:hidden">x</div>', '<div style="content-visibility: hidden">'),
    ('<li style="content-visibility:hidden;display:flex">x</li>', '<li style="content-visibility: hidden">'),
    ('<div hidden=until-found style="display:block">x</div>', "<div hidden>"),
    ('<div hidden style="display:revert-layer">x</div>', "<div hidden>"),
    ('<dialog style="display:revert">x</dialog>', "a closed <dialog>"),
    ('<div popover style="display:revert">x</div>', "<div popover>"),
    ('<div style="dis\\70lay:none">x</div>', '<div style="display: none">'),
    ('<div style="display:\\6eone">x</div>', '<div style="display: none">'),
    ('<div style="display:var(--x,none)">x</div>', '<div style="display: none">'),
    ('<div style="--x:var(--y);--y:none;display:var( --x )">x</div>', '<div style="display: none">'),
    ('<div style="all:unset;display:none">x</div>', '<div style="display: none">'),
    ('<div style=\'content:"/*";display:none;content:"*/"\'>x</div>', '<div style="display: none">'),
    ("<div style='content:\"a\n;display:none'>x</div>", '<div style="display: none">'),
    ('<div style="background:url(a\'b);display:none">x</div>', '<div style="display: none">'),
    ('<div style="display:none;display:inline block">x</div>', '<div style="display: none">'),
    ('<div style="display:table-column">x</div>', '<div style="display: none">'),
    ('<div style="visibility:var(--q,hidden)">x</div>', 'style="visibility: hidden"'),
    ('<div style="visibility:hidden">x</div>', 'style="visibility: hidden"'),
    ('<div style="visibility:collapse"><b>x</b></div>', 'style="visibility: hidden"'),
    ("<details><summary></summary>x</details>", ""),
    ("<details>x</details>", ""),
    ("<details><summary></summary><p>y</p>x</details>", ""),
    ("<video>x</video>", ""),
    ("<audio>x</audio>", ""),
    ("<canvas>x</canvas>", ""),
    ("<object data=x.swf>x</object>", ""),
    ("<object type=text/html>x</object>", ""),
    ("<details name=q open></details><details name=q open>x</details>", ""),
    ("<details name=q open><details name=q open>x</details></details>", ""),
    ("<select>x<option></select>", ""),
    ("<select><optgroup label=g>x</optgroup></select>", ""),
    ("<select><button>x</button><option></select>", ""),
    ("<svg>x</svg>", ""),
    ("<svg><g>x</g></svg>", ""),
    ("<svg><a href=q>x</a></svg>", ""),
    ("<svg><text display=NONE>x</text></svg>", ""),
    ("<svg display=none><text>x</text></svg>", ""),
    ("<svg visibility=collapse><text>x</text></svg>", ""),
    ("<svg><switch><text>1</text><text>x</text></switch></svg>", ""),
    ("<svg><switch><g requiredFeatures=q /><text>x</text></switch></svg>", ""),
    ("<svg><switch><text requiredExtensions=urn:q>x</text></switch></svg>", ""),
    ("<svg><switch><text systemLanguage=de>x</text></switch></svg>", ""),
    ("<math>x</math>", ""),
    ("<math><mrow>x</mrow></math>", ""),
    ("<math><mphantom><mtext>x</mtext></mphantom></math>", ""),
    ("<math><maction><mtext>1</mtext><mtext>x</mtext></maction></math>", ""),
    ("<meter>x</meter>", ""),
    ("<progress>x</progress>", ""),
    ("<iframe>x</iframe>", ""),
    ("<svg><desc>x</desc></svg>", ""),
    ("<svg><title>x</title></svg>", ""),
    ("<svg><metadata>x</metadata></svg>", ""),
    ("<svg><defs><text>x</text></defs></svg>", ""),
    ("<math><semantics><annotation>x</annotation></semantics></math>", ""),
    ("<math><semantics><annotation-xml>x</annotation-xml></semantics></math>", ""),
    ("<template>x</template>", ""),
    ("<datalist><option>x</datalist>", ""),
]


@pytest.mark.parametrize(("body", "by"), HIDING)
def test_what_is_not_seen(body: str, by: str) -> None:
    """Rule 58: neither is its text, and a field or link in it is out of view and says by what."""
    shown = page(f"a {body} b")
    assert "x" not in shown.visible_text
    assert ("a" in shown.visible_text, "b" in shown.visible_text) == (True, True)
    if by:
        inside = page(body.replace(">x</", "><input name=q></"))
        (field,) = inside.elements("input")
        assert (field in inside.in_view, text.hidden_by(field)) == (False, by)


@pytest.mark.parametrize(
    "body",
    [
        "<div>x</div>",
        "<details open>x</details>",
        "<details><summary>x</summary>y</details>",
        "<dialog open>x</dialog>",
        '<div style="display:none;display:block">x</div>',
        '<div style="display:none !important;display:block !important">x</div>',
        "<div style=\"background:url('a;display:none')\">x</div>",
        '<div style="background:url(a;display:none)">x</div>',
        "<div style=\"content:';display:none'\">x</div>",
        '<div style="--x:none;display:nonsense">x</div>',
        '<div hidden style="display:block">x</div>',
        '<div popover style="display:flex">x</div>',
        '<div style="visibility:hidden"><b style="visibility:visible">x</b></div>',
        '<div hidden style="display:revert">x</div>',
        '<div hidden style="all:unset">x</div>',
        '<div style="display:none;all:unset">x</div>',
        '<div style="visibility:hidden;all:initial">x</div>',
        '<dialog style="all:unset">x</dialog>',
        '<div popover style="display:unset">x</div>',
        "<dialog popover open>x</dialog>",
        '<div style="display:none;display:var(--nowhere)">x</div>',
        '<div style="--x:none;display:var(--X,block)">x</div>',
        '<div style="x[;display:none;];color:red">x</div>',
        '<div style="a:{;display:none;}">x</div>',
        '<div style="display:none\\9">x</div>',
        '<div style="content-visibility:hidden;display:inline">x</div>',
        '<div hidden=until-found style="content-visibility:visible">x</div>',
        "<span hidden=until-found>x</span>",
        '<table style="content-visibility:hidden"><tr><td>x</table>',
        '<button style="display:contents">x</button>',
        "<details name=q open>x</details>",
        "<object>x</object>",
        '<object data="">x</object>',
        "<object classid=q type=q>x</object>",
        "<object type=application/x-shockwave-flash data=q.swf>x</object>",
        "<svg><text>x</text></svg>",
        "<svg hidden><text>x</text></svg>",
        "<svg><text popover>x</text></svg>",
        "<svg><text display=none style=display:inline>x</text></svg>",
        "<svg visibility=hidden><text visibility=visible>x</text></svg>",
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        '<svg><switch><foreignObject requiredExtensions="http://www.w3.org/1999/xhtml"><p>x</p></foreignObject>'
        "<text>y</text></switch></svg>",
        "<math hidden><mn>x</mn></math>",
        "<math><maction><mtext>x</mtext><mtext>y</mtext></maction></math>",
        "<math><semantics><mi>x</mi><annotation>y</annotation></semantics></math>",
        "<desc>x</desc>",
        "<noscript>x</noscript>",
    ],
)
def test_what_is_seen(body: str) -> None:
    """Rule 58: an author's own style goes before what the attributes mean to a browser."""
    shown = page(body)
    assert shown.visible_text == "x"
    assert [text.hidden_by(e) for e in shown.elements() if e.text == "x"] == [""]


def test_hidden_fields_are_no_elements_to_be_seen() -> None:
    """``<input type=hidden>`` is drawn nowhere."""
    shown = page("<input type=hidden name=a><input name=b>")
    assert [e.get("name") for e in text.shown(shown.elements("body")[0]) if e.tag == "input"] == ["b"]


@pytest.mark.parametrize(
    ("attribute", "style"),
    [
        ("", Visibility()),
        (";;", Visibility()),
        ("display", Visibility()),
        ("display:", Visibility()),
        ("display:none}", Visibility()),
        ("dis/**/play:none", Visibility()),
        ("display:none", Visibility(Display.NONE)),
        ("display:none}", Visibility()),
        ("display:none /* and so on", Visibility(Display.NONE)),
        ("display:var(--x,none", Visibility(Display.NONE)),
        ("display:inline flow-root", Visibility(Display.BLOCK)),
        ("display:flow inline", Visibility(Display.INLINE)),
        ("display:list-item block flow-root", Visibility(Display.BLOCK)),
        ("display:flow flow", Visibility()),
        ("display:var(--x,)", Visibility(Display.INLINE)),
        ("--x:var(--x);display:var(--x)", Visibility(Display.INLINE)),
        ("all:revert", Visibility(Display.REVERT)),
        ("visibility:inherit", Visibility()),
        ("visibility:hidden;visibility:nonsense", Visibility(visible=False)),
    ],
)
def test_declarations(attribute: str, style: Visibility) -> None:
    """The last valid one counts."""
    assert declared(attribute) == style


@given(st.text(st.sampled_from("display:none;visblock()'\"/*!important \\\n"), max_size=60))
def test_any_style_can_be_read(attribute: str) -> None:
    """In linear time, whatever stands in it; a declaration behind it that is set apart still counts."""
    declared(attribute)
    if not set(attribute) & set("('\"/\\"):
        assert declared(f"{attribute};display:none !important").display is Display.NONE


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<a href=/><img alt=Home> page</a>", "Home page"),
        ("<a href=/><svg><title>Basket</title><path/></svg></a>", "Basket"),
        ("<a href=/><svg aria-label=Basket><title>x</title></svg> (2)</a>", "Basket (2)"),
        ("<a href=/><img title=Help></a>", "Help"),
        ("<a href=/><i aria-label=Close>x</i></a>", "Close"),
        ("<a href=/>E-mail <span hidden>is required</span></a>", "E-mail"),
        ("<a href=/><div>Email</div><div>We never share it</div></a>", "Email We never share it"),
    ],
)
def test_names(body: str, name: str) -> None:
    """By which a screen reader calls a link: hidden parts do not count, blocks are set apart, pictures have texts."""
    assert text.name_of(page(body).elements("a")[0]) == name


@pytest.mark.parametrize(
    ("inside", "shown", "spoken"),
    [
        ("a<img alt=b>c", "a b c", "a b c"),
        ("<img alt=A><img alt=B>", "A B", "A B"),
        ("<img role=presentation alt=A>b", "b", "b"),
        ("a<svg><title>T</title></svg>c", "a T c", "a T c"),
        ("<svg><g><title>G</title></g><text>x</text></svg>", "G x", "G x"),
        ("<svg role=img><g><title>G</title></g></svg>", "", ""),
        ("<i aria-hidden=TRUE>home</i>Start", "homeStart", "Start"),
        ("<i aria-hidden>home</i>Start", "homeStart", "homeStart"),
        ("<svg aria-hidden=true><title>x</title></svg>Go", "x Go", "Go"),
        ("Flash <input value=3> times", "Flash times", "Flash 3 times"),
        ("Pay <select><option>A<option selected>B</select> now", "Pay now", "Pay B now"),
        ("A <select multiple><option selected>x<option>y<option selected>z</select>", "A", "A x z"),
        ("A <textarea>t</textarea> <button>b</button>", "A", "A t b"),
        ("A <input type=checkbox value=v><input type=password value=v><input type=hidden value=v> B", "A B", "A B"),
        ("A <input aria-label=L value=v> B", "A L B", "A v B"),
        ("A <input aria-label=L> B", "A L B", "A L B"),
    ],
)
def test_names_as_they_are_heard(inside: str, shown: str, spoken: str) -> None:
    """As Chromium computes them: fields count by their values, and what only the eye shall see does not."""
    (span,) = page(f"<span id=s>{inside}</span>").elements("span")
    assert (text.name_of(span), text.name_of(span, spoken=True)) == (shown, spoken)


PARTS = ("<p>", "</p>", "<b hidden>", "</b>", "<i style='visibility:hidden'>", "<i style='visibility:visible'>",
         "</i>", "<details>", "</details>", "<summary>", "</summary>", "<canvas>", "</canvas>", "<script>", "</script>",
         "a", "b", "a b", " ", "\n", "&nbsp;", "\u200b", "<br>", "<svg><desc>", "</desc></svg>", "<pre>",
         "</pre>")  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=25), st.sampled_from(["a", "b", "a b", "ab", "b a"]))
def test_looking_for_a_text_is_the_same_by_either_way(parts: list[str], wanted: str) -> None:
    """Whether libxml2 finds it in one piece or the whole page is read: the verdict is that of the whole page."""
    body = "".join(parts)
    whole = page(body)
    assert page(body).shows(wanted) == (wanted in text.normalise(whole.visible_text))


def test_looking_for_controls() -> None:
    """They are drawn as nothing, and nobody finds them."""
    assert page("a \x02 b").shows("a b")
    assert not page("a b").shows("\x02")


def test_texts_of_drawings_stand_by_themselves() -> None:
    """So do the cells of a formula's table; what a drawing calls an input is no field."""
    shown = page("<svg><text>a</text><text>b<tspan>c</tspan></text><input name=q><label>l</label></svg>"
                 "<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable></math>")  # fmt: skip
    assert (text.normalise(shown.visible_text), shown.elements("input", "label")) == ("a bc 1 2", [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p class=e>Wrong</p>", True),
        ("<p class=e></p>", False),
        ("<p class=e> &nbsp;<b></b></p>", False),
        ("<p class=e><span hidden>Wrong</span></p>", False),
        ("<p class=e><img src=x></p>", True),
        ("<p class=e aria-label=Wrong></p>", False),
        ("<label class=e>Wrong</label>", True),
        ("<button class=e>Delete</button>", False),
        ("<a class='btn danger e' href='#'>OK</a>", False),
        ("<a class=e>Wrong</a>", True),
        ("<input class=e value=Wrong>", False),
        ("<div class=e><button>Close</button> Wrong</div>", True),
    ],
)
def test_what_a_message_is(body: str, expected: bool) -> None:
    """A place that is kept for one, and what is pressed or filled in, say nothing."""
    (element,) = (e for e in page(body).elements() if "e" in (e.get("class") or "").split())
    assert text.says_something(element) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<span style='display:block'>Total</span><span>5 EUR</span>", "Total\n5 EUR"),
        ("<b style='display:flex'>a</b><b style='DISPLAY: Block Flow'>b</b>", "a\nb"),
        ("<i style='display:list-item'>a</i><i style='display:table-row'>b</i>", "a\nb"),
        ("<i style='display:inline-block'>a</i><i style='display:inline flex'>b</i>", "ab"),
        ("<li style='display:inline'>a</li><li style='display:inline-block'>b</li>", "ab"),
        ("<li style='display:block;display:nonsense'>a</li><li style='display:revert'>b</li>", "a\nb"),
        ("<p style='display:contents'>a</p><p style='all:unset'>b</p>", "ab"),
        ("a<br style='display:inline'>b<span style='color:red'>c</span>", "a\nbc"),
        ("<table><tr><td style='display:block'>a<td>b</table>", "a\nb"),
        ("a<i style='float:left'>1</i>b<i style='float:none'>2</i>c", "a\n1\nb2c"),
        ("a<i style='position:absolute'>1</i>b<i style='position:relative'>2</i>c", "a\n1\nb2c"),
        ("a<i style='POSITION : fixed !important;position:static'>1</i>b", "a\n1\nb"),
        ("<p style='display:flex'><i>1</i>x<i>2</i></p>", "1\nx\n2"),
        ("<a style='display:inline-grid'><i>1<b>2</b></i><i style='display:inline'>3</i></a>4", "12\n3\n4"),
        ("<p style='display:flex'><i style='display:none'>1</i><i>2</i></p>", "2"),
        ("<p style='display:block flex'><svg><text>a</text></svg></p>", "a"),
        ("<p style='white-space:pre-line'>a\nb <b>c\nd</b></p>", "a\nb c\nd"),
        ("<pre>a\nb <b style='white-space:normal'>c\nd</b>\ne</pre>", "a\nb c d\ne"),
        ("<svg><text style='display:block'>a</text><text>b</text></svg>", "a\nb"),
    ],
)
def test_lines_of_a_display(body: str, expected: str) -> None:
    """Rule 58: an element's own style says whether it has lines of its own."""
    assert page(body).visible_text == expected


def test_marks_that_nobody_sees() -> None:
    """Rule 58: soft hyphens and word joiners, in the page and in what is expected."""
    shown = page("<p>Donau&shy;dampf&#8288;schiff&#65279;fahrt")
    assert shown.visible_text == "Donaudampfschifffahrt"
    assert (shown.shows("Donaudampfschiff"), shown.shows("Donau\u00addampfschiff")) == (True, True)
