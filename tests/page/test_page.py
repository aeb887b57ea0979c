"""Pages: parsing, visible text, messages (rules 3, 15, 24 to 31, 38, 58)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.page.headers import media_type
from collectd_inode.page.page import Page
from collectd_inode.page.text import normalise
from collectd_inode.page.tree import parse


def page(body: str | bytes, content_type: str = "text/html; charset=utf-8", **more: str) -> Page:
    octets = body.encode() if isinstance(body, str) else body
    return Page("http://h/dir/page#f", 200, {"content-type": content_type, **more}, octets)


@pytest.mark.parametrize("body", ["", "   ", "<!-- only a comment -->"])
def test_empty_pages(body: str) -> None:
    """Rule 26: nothing, blanks and comments are an empty page, not an error."""
    empty = page(body)
    assert [e.tag for e in empty.elements()] == ["html", "head", "body"]
    assert (empty.visible_text, empty.title, empty.truncated) == ("", "", False)
    assert not empty.shows("x")
    assert empty.nearest("x") == ""


def test_xml_declaration_is_dropped() -> None:
    """Rule 25: an XHTML page's declaration is no reason to fail, whatever it says about the encoding."""
    text = '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>é</p></body></html>'
    assert page(text, "application/xhtml+xml; charset=utf-8").visible_text == "é"


def test_meta_charset_does_not_decode_twice() -> None:
    """Rule 24: the header wins, and libxml2 does not get a say."""
    assert page("<meta charset=iso-8859-1><p>é€").visible_text == "é€"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>a\n  b</p><p>c</p>", "a b\nc"),
        ("a<br>b", "a\nb"),
        ("<p>a&nbsp;&nbsp;b\u200bc</p>", "a bc"),
        ("<b>a</b><i>b</i> c", "ab c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a b\nc"),
        ("<head><title>t</title></head><script>s</script><style>s</style><template><p>x</p></template>y", "y"),
        ("<p hidden>a</p><p style='color:red; DISPLAY : none'>b</p><p style='display:block'>c</p>d", "c\nd"),
        ("<details>x<summary>a</summary><p>b</p></details>", "a"),
        ("<details open><summary>a</summary><p>b</p></details>", "a\nb"),
        ("<details><p>a</p></details>b", "b"),
        ("<noscript>n</noscript>", "n"),
        ("<dialog>a</dialog><dialog open>b</dialog>", "b"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<p>a<!-- x -->b</p>", "ab"),
        ("<select><option>a<option>b</select>", "a\nb"),
    ],
)
def test_visible_text(body: str, expected: str) -> None:
    """Rule 58: what a person sees, one line a block."""
    assert page(body).visible_text == expected


@given(st.text(alphabet="ab \t\n\r\f\xa0\u200b\u200e", max_size=30))
def test_normalise_is_idempotent(text: str) -> None:
    """Rule 58: what is normalised stays as it is, and has no two blanks in a row."""
    once = normalise(text)
    assert normalise(once) == once
    assert "  " not in once


def test_shows_normalises_what_is_expected() -> None:
    """Rule 58: no-break spaces, line ends and runs of blanks are equal, on both sides; letter case is not."""
    shown = page("<p>Total:&nbsp;5\n EUR</p><p>Welcome<br>back</p>")
    assert shown.shows("Total:  5 EUR")
    assert shown.shows("Welcome\nback")
    assert shown.shows("Welcome back")
    assert not shown.shows("welcome")


def test_deep_pages_are_read() -> None:
    """Rule 31: 300 unclosed tags do not empty the page."""
    deep = page("<font>" * 300 + "<p>deep")
    assert deep.visible_text == "deep"
    assert not deep.truncated


def test_truncation_is_noticed() -> None:
    """Rule 31: what is left out is said, so that a missing text is not blamed on the site."""
    letters = "".join(f"<b a{n}>" for n in range(400))
    cut = page(f"<p>{letters}</p>" + "<p>x</p>" * 400 + "<p>after")
    assert cut.truncated
    assert not cut.shows("after")
    assert cut.describe() == ("http://h/dir/page#f (status 200); the page was cut: it repeats its formatting too often")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("text/html; charset=gbk", ("text/html", "gbk")),
        ("text/html;charset=gbk, text/plain", ("text/plain", "")),
        ("text/plain;charset=gbk, text/html", ("text/html", "")),
        ("text/html;charset=gbk, text/html;x=y", ("text/html", "gbk")),
        ("text/html;charset=gbk, text/html;charset=big5", ("text/html", "big5")),
        ("text/html;charset=gbk, x/x, text/html;x=y", ("text/html", "")),
        ("text/html, cannot-parse", ("text/html", "")),
        ("text/html, */*", ("text/html", "")),
        ("text/html, ", ("text/html", "")),
        ("*/*, text/html;charset=gbk", ("text/html", "gbk")),
        ('text/html;x=", text/plain"', ("text/html", "")),
        ('text/html;";charset=gbk', ("text/html", "gbk")),
        ('text/html;charset="g\\bk"', ("text/html", "gbk")),
        ("text/html;charset='utf-8'", ("text/html", "'utf-8'")),
        ("text/html;charset;charset=;charset=gbk;charset=big5", ("text/html", "gbk")),
        ("TEXT/HTML;CHARSET=GBK", ("text/html", "GBK")),
        ('text/html;charset="";charset=gbk', ("text/html", "")),
        ('text/html;charset="\x7f";charset=gbk', ("text/html", "gbk")),
        ("text/html;charset=\x0cgbk", ("text/html", "")),
        ("\x0btext/html", ("", "")),
        ("text/html charset=gbk", ("text/html", "")),
        ("text/html foo; charset=gbk", ("text/html", "gbk")),
        ("text / html", ("", "")),
        ("text", ("", "")),
        ("html", ("", "")),
        ("*/*", ("", "")),
        ("unknown/unknown", ("", "")),
        ("application/unknown; charset=gbk", ("", "gbk")),
        ("", ("", "")),
    ],
)
def test_media_types(lines: str, expected: tuple[str, str]) -> None:
    """Rule 27: the last valid Content-Type counts; the rows of web-platform-tests' extract-mime-type and our own."""
    found = media_type(lines)
    assert (found.essence, found.charset) == expected


@pytest.mark.parametrize("said", ["*/*", "unknown/unknown", "application/unknown", "text", "html"])
def test_what_says_nothing_is_looked_at(said: str) -> None:
    """Rule 27: a type that is none is no reason to lose a page's links."""
    assert page("<!doctype html><a href=x>x</a>", said).is_html
    assert not page("just text", said).is_html


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json", b'{"a": "\xc3\xa9"}', '{"a": "é"}'),
        ("text/plain", b"<p>a</p>", "<p>a</p>"),
        ("application/problem+json", b"{}", "{}"),
        ("application/pdf", b"%PDF", ""),
        ("image/png", b"\x89PNG\0", ""),
        ("", b"<!DOCTYPE html><p>a", "a"),
        ("", b"just text", "just text"),
        ("", b"\0\1\2", ""),
    ],
)
def test_what_is_not_html(content_type: str, body: bytes, text: str) -> None:
    """Rule 27: other texts have text; pictures and the like have none."""
    assert page(body, content_type).visible_text == text


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", "http://h/dir/page"),
        ("<base target=x><base href='/other/'>", "http://h/other/"),
        ("<base href='http://cdn/x'><base href='/y/'>", "http://cdn/x"),
        ("<base href='javascript:1'>", "http://h/dir/page"),
        ("<base href='http://a b/'>", "http://h/dir/page"),
    ],
)
def test_base(head: str, expected: str) -> None:
    """Rule 3: the first base href counts, if it is one."""
    assert page(f"<head>{head}</head>x").base == expected


def test_title() -> None:
    """The title is the document's, not a drawing's."""
    assert page("<svg><title>no</title></svg><title> A &amp;\n B </title>").title == "A & B"


def test_missing_text_is_explained() -> None:
    """Rules 38 and 58: a failure says what was looked for, where, and what came nearest."""
    shown = page("<title>Shop</title><p>Your basket is empty</p><p hidden>Thank you</p><input value='Pay now'>")
    where = ", on “Shop” at http://h/dir/page#f (status 200)"
    cases = {
        "your Basket": "in other letter case: Your basket is empty",
        "Thank you": "only in hidden text",
        "Shop": "only in the title",
        "Pay now": "only as the value of <input>",
        "Your basket has 3 items": "Your basket is empty",
    }
    for wanted, reason in cases.items():
        with pytest.raises(Failure) as caught:
            shown.should_show(wanted)
        failure = caught.value
        assert (failure.cause, failure.message) == (Cause.EXPECTATION, f"text “{wanted}” not found{where}")
        assert (failure.expected, failure.found) == (wanted, reason)


def test_unwanted_text_is_explained() -> None:
    """Rule 58: what should not be seen is shown in its surroundings."""
    with pytest.raises(Failure) as caught:
        page("<p>" + "x " * 300 + "Error 7 </p>").should_not_show("Error 7")
    assert caught.value.message == "text “Error 7” found, on http://h/dir/page#f (status 200)"
    assert caught.value.found.endswith("x x Error 7")
    page("ok").should_not_show("Error")


def test_nearest_is_short() -> None:
    """What a page showed fits under a message."""
    long = page("<p>" + "lorem ipsum " * 1000 + "needle in a stack " + "dolor " * 1000)
    assert len(long.nearest("needle in the hay")) <= 2 * 200 + len("…; nearest text: “…”")
    assert "needle" in long.nearest("needle in the hay")
    assert long.nearest("zzz").startswith("lorem")


def test_pages_built_by_javascript_are_recognised() -> None:
    """Rule 38: scripts and next to no text is a page that needs JavaScript; a small form is not."""
    spa = "<div id=root></div><noscript>You need to enable JavaScript to run this app, please do so now.</noscript>"
    assert page(spa + "<script src=app.js></script>").looks_scripted
    assert not page(spa).looks_scripted
    assert not page("<form><input name=q></form><script>1</script>").looks_scripted


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"refresh": "0; url=/x"}, "", (0, "/x")),
        ({}, "<meta http-equiv=Refresh content='2;URL=/y'>", (2, "/y")),
        ({}, "<meta http-equiv='refresh ' content='2;URL=/y'>", None),
        ({}, "<meta http-equiv=refresh content=broken><meta http-equiv=refresh content=1>", (1, "")),
        ({}, "<p>refresh</p>", None),
    ],
)
def test_refresh(headers: dict[str, str], body: str, expected: tuple[int, str] | None) -> None:
    """Rule 15: the header, else the first <meta> that says something."""
    found = page(body, **headers).refresh
    assert (found and (found.seconds, found.target)) == expected


def test_path_and_query() -> None:
    """Rule 59: where we are is the path; the query is a map."""
    here = Page("http://h?a=1&a=2&b=", 200, {}, b"")
    assert (here.path, here.query) == ("/", {"a": ["1", "2"], "b": [""]})


@given(st.text(max_size=100))
def test_parse_never_fails(source: str) -> None:
    """Whatever a server sends is a page."""
    parse(source.encode("utf-8", "replace").decode())


def test_templates_are_not_in_the_document() -> None:
    """What is in a <template> can be neither seen nor filled in."""
    assert page("<template><form><input name=a></form></template>b").elements("form", "input") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<meta http-equiv=refresh content='0; url=x'><base href=/shop/>", "http://h/dir/x"),
        ("<base href=/shop/><meta http-equiv=refresh content='0; url=x'>", "http://h/shop/x"),
        ("<base target=_top><meta http-equiv=refresh content='0; url=x'><base href=/shop/>", "http://h/dir/x"),
        ("<base href=/shop/><meta http-equiv=refresh content=0>", "http://h/dir/page"),
    ],
)
def test_a_refresh_is_relative_to_the_base_before_it(body: str, expected: str) -> None:
    """Rule 15: a refresh is read when it is met, with the <base> that has come by then."""
    read = Page("http://h/dir/page#f", 200, {"content-type": "text/html"}, body.encode())
    assert read.refresh is not None
    assert read.refreshed_to(read.refresh) == expected


def test_an_empty_link_leads_to_the_base() -> None:
    """Rule 4: an empty href is the base, as any relative address; without a <base> it is the page."""
    assert page("<base href=/shop/>").resolve("") == "http://h/shop/"
    assert page("").resolve(" ") == "http://h/dir/page"


@pytest.mark.parametrize(
    ("body", "nosniff", "kind"),
    [
        ("<!-- x --><p>Hi", "", "html"),
        (" \n<!DOCTYPE html>", "", "html"),
        ("<!--x-->", "", "html"),
        ("<br/>Hi", "", "html"),
        ("<pre>Hi", "", "html"),
        ("<meta charset=utf-8><p>Hi", "", "text"),
        ("<form>Hi", "", "text"),
        ("\ufeff<html>", "", "text"),
        ("<?xml version='1.0'?><a/>", "", "xml"),
        ("<rss/>", "", "text"),
        ("<!DOCTYPE html><p>Hi", "nosniff", "text"),
        ("<?xml version='1.0'?><a/>", "NoSniff, x", "text"),
        ("<p>Hi", "sniff", "html"),
    ],
)
@pytest.mark.parametrize("content_type", ["", "*/*", "text"])
def test_what_has_no_type_is_looked_at(body: str, nosniff: str, kind: str, content_type: str) -> None:
    """Rule 27: by how it begins, unless the server forbids that."""
    headers = {"content-type": content_type, "x-content-type-options": nosniff}
    read = Page("http://h/", 200, headers, body.encode())
    assert ("html" if read.is_html else "xml" if read.is_xml else "text" if read.is_text else "none") == kind


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<iframe src=/in?x></iframe>", "a frame of the page is not looked into: open http://h/in?x for that"),
        (
            "<iframe src=/a></iframe><iframe src=/b></iframe>",
            "2 frames of the page are not looked into: open http://h/a",
        ),
        (
            "<frameset><frame src=/l><frame src=/r></frameset>",
            "2 frames of the page are not looked into: open http://h/l",
        ),
        ("<iframe srcdoc='<p>x'></iframe>", "a frame of the page is not looked into"),
        ("<iframe src='http://h:99999/'></iframe>", "a frame of the page is not looked into"),
        ("<iframe src=/a hidden></iframe>", ""),
        ("<iframe src=/a style='display:none'></iframe>", ""),
        ("<div hidden><iframe src=/a></iframe></div>", ""),
        ("<iframe src=/a width=1 height=1px></iframe>", ""),
        ("<p><noscript><iframe src=/a></iframe></noscript>", ""),
    ],
)
def test_what_may_stand_in_a_frame(body: str, said: str) -> None:
    """Rule 38: a frame is a page of its own; one that nobody sees is none of its visitors' business."""
    shown = page(body)
    with pytest.raises(Failure) as caught:
        shown.should_show("Pay")
    assert caught.value.found == (f"{said} for that" if said.endswith(("/a", "/l")) else said)
