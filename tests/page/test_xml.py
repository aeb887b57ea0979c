"""XML as a page (rule 62)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collectd_inode.model import Cause, Failure
from collectd_inode.page import locate, scope
from collectd_inode.page.page import Page
from collectd_inode.page.xml import without_prefixes

HEALTH = "<?xml version='1.0'?><health><error>disk</error><!-- well --><note>First &amp; best</note></health>"
ATOM = (
    '<feed xmlns="urn:atom" xmlns:a="urn:atom" xmlns:m="urn:media"><title>News</title>'
    '<entry a:x="1"><m:thumb url="t"/><title>One</title></entry><a:entry><p xmlns="urn:x">'
    "Hi <b>you</b>!</p></a:entry></feed>"
)


def page(body: str | bytes, content_type: str = "application/xml") -> Page:
    return Page("http://h/x", 200, {"content-type": content_type}, body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize(
    "content_type",
    ["application/xml", "text/xml; charset=utf-8", "application/rss+xml", "application/atom+xml", "image/svg+xml", ""],
)
def test_what_is_xml(content_type: str) -> None:
    """Rule 62: by its type, and where there is none by how it begins; XHTML is read as HTML."""
    read = page(HEALTH, content_type)
    assert (read.is_xml, read.is_html, read.tree) == (True, False, None)
    assert read.visible_text == "disk\nFirst & best"
    assert [e.text for e in scope.select(read, "//error")] == ["disk"]
    assert [e.text for e in scope.select(read, "error")] == ["disk"]
    assert not page(HEALTH, "application/xhtml+xml").is_xml
    assert not page(HEALTH, "text/plain").is_xml


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("//entry", 2),
        ("//a:entry", 2),
        ("//feed/title", 1),
        ("//m:thumb", 1),
        ("//thumb", 0),
        ("//*[@url='t']", 1),
        ("//entry[a:title='One']", 1),
        ("//entry[title='a:One']", 0),
        ("entry > title", 1),
        ("//p/b", 1),
    ],
)
def test_prefixes(selector: str, count: int) -> None:
    """Rule 62: the page's own prefixes, and bare names for what is in a default namespace."""
    assert len(scope.select(page(ATOM), selector)) == count


def test_names_of_xml_are_as_they_are_written() -> None:
    """Rule 62: in a CSS selector, too; HTML's are in any case."""
    rss = page("<rss><channel><lastBuildDate>now</lastBuildDate><item isPermaLink='x'/></channel></rss>")
    assert len(scope.select(rss, "channel > lastBuildDate")) == 1
    assert len(scope.select(rss, "item[isPermaLink]")) == 1
    assert len(scope.select(rss, "lastbuilddate")) == 0
    assert len(scope.select(page("<P>x", "text/html"), "p, P")) == 1


def test_xhtml_as_xml() -> None:
    """Rule 62: what has XHTML's namespace is a page to a browser, with links, whatever type of XML it comes as."""
    xhtml = '<?xml version="1.0"?><!DOCTYPE html><!-- x --><html lang="de" xmlns="http://www.w3.org/1999/xhtml">'
    read = page(xhtml + '<body><a href="/y">Go</a></body></html>', "text/xml")
    assert (read.is_html, read.is_xml) == (True, False)
    assert locate.link(read, "Go").get("href") == "/y"
    assert not page("<html><body/></html>", "text/xml").is_html


XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body>{}</body></html>'
STRICT = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        (XHTML.format("<script src='/x.js'/><p>Hi</p>"), "Hi"),
        (XHTML.format("<form><textarea name='t'/><p>Hi</p></form>"), "Hi"),
        (XHTML.format("<div hidden='hidden'/><iframe src='/x'/><p>Hi</p>"), "Hi"),
        (XHTML.format("<p><![CDATA[1 < 2]]></p>"), "1 < 2"),
        (XHTML.format("<p>A <p>B</p></p>"), "A\nB"),
        (XHTML.format("<svg xmlns='http://www.w3.org/2000/svg'><title>no</title><text>Hi</text></svg>"), "Hi"),
        (XHTML.format("<p hidden='hidden'>no</p><template>no</template><p>Hi</p>"), "Hi"),
        (STRICT + XHTML.format("<p>a&nbsp;b &eacute; &lt;</p>"), "a b é <"),
        (
            "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:body><h:p>A</h:p><h:p>B</h:p></h:body></h:html>",
            "A\nB",
        ),
    ],
)
@pytest.mark.parametrize("content_type", ["application/xhtml+xml", "text/xml"])
def test_xhtml_is_read_by_the_rules_of_xml(source: str, seen: str, content_type: str) -> None:
    """Rule 62: there every element can be closed at once, and nothing closes by itself."""
    assert page(source, content_type).visible_text == seen
    assert page(source, content_type).is_html


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        (XHTML.format("<p>A</p><br>"), "Opening and ending tag mismatch: br line 1 and body"),
        (XHTML.format("<p>A</p><p>a & b</p><p>B</p>"), "xmlParseEntityRef: no name"),
        (XHTML.format("<p>A</p><p hidden>B</p>"), "Specification mandates value for attribute hidden"),
        (XHTML.format("<p>A</p><p>x&nbsp;B</p>"), "Entity 'nbsp' not defined"),
        (XHTML.format("<p>A</p>") + "<b>B</b>", "Extra content at the end of the document"),
        ("<p>A</p>: x" + XHTML.format("<p>B</p>"), "Extra content at the end of the document"),
    ],
)
def test_xhtml_that_is_not_well_formed(source: str, seen: str) -> None:
    """Rule 62: a browser shows what is wrong, and the page as far as that."""
    read = page(source, "application/xhtml+xml")
    assert read.visible_text.startswith(f"This page contains the following errors:\n{seen}, line 1, column ")
    assert read.visible_text.split("\n")[2:3] == ["A"]
    assert not read.shows("B")
    assert f"; the page was cut: it is not well-formed: {seen}" in read.describe()


def test_the_form_of_a_field_in_xhtml() -> None:
    """Rule 62: it is the one around it; in XML no form is left open."""
    read = page(XHTML.format("<form id='f'><table><tr><td><input name='q'/></td></tr></table></form><input name='r'/>"))
    assert [form.get("id") for e in read.elements("input") if (form := read.form_of(e)) is not None] == ["f"]


def test_a_prefix_that_the_page_has_not() -> None:
    """Rule 62: before there is a page any prefix may be good; on one that has it not, it is the page's failure."""
    assert scope.check("//z:entry") == ""
    with pytest.raises(scope.UnknownPrefix, match="the page declares no such namespace prefix"):
        scope.select(page(ATOM), "//z:entry")


def test_what_stands_in_quotes_is_no_prefix() -> None:
    """An axis is none either."""
    dropped = frozenset({"a", "self"})
    xpath = "//a:b[a:c='a:d' or @x=\"a:e\"]/self::a:f/aa:g/a:*"
    assert without_prefixes(xpath, dropped) == "//b[c='a:d' or @x=\"a:e\"]/self::f/aa:g/*"


def test_the_text_of_mixed_content() -> None:
    """Rule 62: what stands within text is on its line."""
    assert page(ATOM).visible_text == "News\nOne\nHi you!"


def test_a_part_of_xml() -> None:
    """Rule 62: nothing in it is hidden, whatever HTML makes of such a name."""
    part = scope.part(page(ATOM), ["//entry", "title"])
    assert part.visible_text == "One"
    assert part.shows("One")
    assert not part.shows("News")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>", "é"),
        ("<a>é</a>".encode("utf-16"), "é"),
        (b"<a>\xc3\xa9</a>", "é"),
        (b"<?xml version='1.0' encoding='UTF-16'?><a>\xc3\xa9</a>", "é"),
        ("<?xml version='1.0'?><a>é</a>".encode("utf-16-le"), "é"),
        ("<?xml version='1.0'?><a>é</a>".encode("utf-16-be"), "é"),
    ],
)
def test_the_encoding_of_xml(body: bytes, text: str) -> None:
    """Rules 24 and 62: a byte order mark, the header, else the declaration."""
    assert page(body).visible_text == text
    assert page(b"<?xml version='1.0' encoding='big5'?><a>\xe9</a>", "text/xml;charset=latin1").visible_text == "é"


def test_strangers_entities_are_not_read() -> None:
    """Rule 62: no file is read, nothing is asked for, and nothing grows."""
    own = "<!DOCTYPE a [<!ENTITY e 'ha'><!ENTITY f SYSTEM 'file:///etc/passwd'>]><a>x&e;&f;</a>"
    assert page(own).visible_text == "x&e;&f;"
    growing = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(20))
    bomb = page(f"<!DOCTYPE a [<!ENTITY e0 'ha'>{growing}]><a>x&e20;</a>")
    assert len(bomb.visible_text) <= len(bomb.body)


def test_links_and_fields_of_xml() -> None:
    """Rule 62: what XML calls <a> is no link."""
    read = page("<x><a href='/y'>Go</a><input name='q'/><button>Go</button></x>")
    with pytest.raises(Failure, match=r"^no link “Go”"):
        locate.link(read, "Go")
    with pytest.raises(Failure, match=r"^no button “Go”"):
        locate.button(read, "Go")
    with pytest.raises(Failure, match=r"^no field “q”"):
        locate.field(read, "q", locate.FILLABLE, "field")


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/json", "{}", "the page is application/json: it has no elements"),
        ("text/plain", "<a href=x>Go</a>", "the page is text/plain: it has no elements"),
        ("image/png", "\0", "the page is image/png: it has no elements"),
        ("", "plain", "the page is of no type: it has no elements"),
        ("text/xml", "<a><b></a>", "the page is text/xml, but it is not well-formed: "),
        ("text/xml", "", "the page is text/xml, but it is not well-formed: "),
        ("text/xml", "\n<?xml version='1.0'?><a/>", "the page is text/xml, but it is not well-formed: XML declaration"),
        ("text/xml", b"<a>\xe9</a>", "the page is text/xml, but it is not UTF-8"),
        ("text/xml", "<a>" + "<b/>" * 500_000 + "</a>", "the page is text/xml, but it has more than 250000 tags"),
    ],
)
def test_where_no_element_can_be(content_type: str, body: str | bytes, said: str) -> None:
    """Rule 62: every step about elements, links and fields fails; "there is none" would be true of any outage."""
    read = page(body, content_type)
    finders: tuple[Callable[[], object], ...] = (
        lambda: locate.link(read, "Go"),
        lambda: locate.button(read, "Go"),
        lambda: locate.field(read, "q", locate.FILLABLE, "field"),
        lambda: locate.form(read, "f"),
        lambda: scope.part(read, ["a"]),
    )
    for find in finders:
        with pytest.raises(Failure) as caught:
            find()
        assert caught.value.cause is Cause.EXPECTATION
        assert caught.value.message.startswith(said)
