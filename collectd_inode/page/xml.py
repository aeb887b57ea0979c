"""XML as a page: its elements, its text, and the prefixes by which XPath finds things in it (rule 62).

A stranger's document is read without a DTD, without entities of its own, and without the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from collectd_inode.page.limits import MOST_TAGS, first_tags, without_floods
from collectd_inode.page.text import Element
from collectd_inode.page.tree import Parsed, finished

IS_XML = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?xml|[\w.-]+/[\w.+-]+\+xml", re.ASCII)
"""A media type that is XML's (RFC 7303); XHTML's is one, too, and read as HTML."""

_BEGINNING = 4096
"""Bytes to search for a document's first tag."""

_IS_XHTML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+"
    rb"<(?:[\w.-]+:)?html\b[^>]*\bxmlns(?::[\w.-]+)?\s*=\s*[\"']http://www\.w3\.org/1999/xhtml[\"']",
    re.DOTALL,
)
_XHTML = b"http://www.w3.org/1999/xhtml"

LOOKS_LIKE_XML = re.compile(rb"\s*<\?xml[\s?]")

_DECLARATION = re.compile(r"<\?xml\b[^>]*>")
_HTML_NAMES = re.compile(r"<!DOCTYPE\s+[\w:.-]+\s+PUBLIC\s+[\"'][^\"'>]*\bXHTML\b")
"""A document type of which browsers know the names of characters, such as ``&nbsp;``."""
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w*;)", re.ASCII)
_ENCODING = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
_LITERALS = re.compile(r"(\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """The parsed document: the root element, None if there is none, and then why."""

    root: Element | None = None
    lost: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Prefix → namespace."""
    dropped: frozenset[str] = frozenset()
    """Prefixes of what is a default namespace, too: its elements are found by their bare names."""


def is_xhtml(content_type: str, body: bytes) -> bool:
    """Whether browsers draw *body* as a page, whichever type of XML it comes as: the namespace says so."""
    begin = body[:_BEGINNING]
    if content_type == "application/xhtml+xml":
        return _XHTML in begin
    return IS_XML.fullmatch(content_type) is not None and _IS_XHTML.match(begin) is not None


def parse(source: str) -> XmlDocument:
    """*source* as a tree.  Elements of a default namespace have no namespace here: ``//entry`` finds Atom's."""
    if source.count("<") > 2 * MOST_TAGS:
        return XmlDocument(lost=f"it has more than {MOST_TAGS} tags")
    try:
        root = _read(_octets(source))
    except etree.XMLSyntaxError as error:
        return XmlDocument(lost=f"it is not well-formed: {error.msg}")
    known: dict[str | None, str] = {}
    defaults = set()
    for element in root.iter(etree.Element):
        for prefix, namespace in _declared(element):
            known.setdefault(prefix, namespace)
            if prefix is None:
                defaults.add(namespace)
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace in defaults:
            element.tag = name.localname
    prefixes = {prefix: namespace for prefix, namespace in known.items() if prefix is not None}
    dropped = frozenset(prefix for prefix, namespace in prefixes.items() if namespace in defaults)
    return XmlDocument(root, "", {p: n for p, n in prefixes.items() if p not in dropped}, dropped)


def _octets(source: str) -> bytes:
    """*source* in UTF-8, whatever its declaration says; what stands before a declaration is a mistake."""
    begin = _DECLARATION.match(source)
    # Blanks of the same length: messages tell the line and the column.
    return (source if begin is None else " " * begin.end() + source[begin.end() :]).encode("utf-8", "replace")


def _read(octets: bytes, *, large: bool = False, recover: bool = False) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=large,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )
    root: Element | None = etree.fromstring(octets, parser)
    return etree.Element("html") if root is None else root


def parse_page(source: str) -> Parsed:
    """XHTML that comes as XML: up to the first mistake, and above it the message of a browser."""
    begun = first_tags(source)
    text = without_floods(begun)
    if _HTML_NAMES.search(text[:_BEGINNING]):
        from html.entities import html5  # noqa: PLC0415  # half a megabyte

        text = _NAMED.sub(lambda found: html5.get(found[1], found[0]), text)
    octets = _octets(text)
    try:
        return Parsed(finished(_read(octets, large=True)))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        before = b"".join(octets.splitlines(keepends=True)[: line - 1])
        root = finished(_read(octets[: len(before) + column - 1], large=True, recover=True))
        _complain(root, str(error.msg))
        cut = f"it has more than {MOST_TAGS} tags" if begun is not source else f"it is not well-formed: {error.msg}"
        return Parsed(root, cut)


def _complain(root: Element, message: str) -> None:
    """Write *message* above the page, as a browser does where it is not well-formed."""
    body = next(root.iter("body"), root)
    told = etree.Element("parsererror")
    etree.SubElement(told, "h3").text = "This page contains the following errors:"
    etree.SubElement(told, "div").text = message
    told.tail, body.text = body.text, None
    body.insert(0, told)


def _declared(element: Element) -> Iterator[tuple[str | None, str]]:
    """The prefixes that *element* itself declares."""
    parent = element.getparent()
    inherited = {} if parent is None else parent.nsmap
    yield from ((prefix, name) for prefix, name in element.nsmap.items() if inherited.get(prefix) != name)


def encoding_in(body: bytes) -> str:
    """The encoding that an XML declaration names; empty for none."""
    found = _ENCODING.match(body[:1024])
    return found[1].decode("ascii") if found else ""


def without_prefixes(xpath: str, dropped: frozenset[str]) -> str:
    """*xpath* without the prefixes that are not needed; what stands in quotes stays."""
    if not dropped:
        return xpath
    needless = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(dropped)))}):(?!:)(?=[\w*])")
    parts = _LITERALS.split(xpath)
    return "".join(part if at % 2 else needless.sub("", part) for at, part in enumerate(parts))


def text_of(root: Element) -> str:
    """The text of *root*: a line for each element that stands among elements only."""
    inline = _mixed(root)
    written: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        parent = None if element is root else element.getparent()
        if parent is None or parent not in inline:
            written.append("\n")
        if event == "start":
            written.append(element.text or "")
        elif element is not root:
            written.append(element.tail or "")
    return "".join(written)


def _mixed(root: Element) -> set[Element]:
    """The elements that have both text and elements in them."""
    found = set()
    for element in root.iter(etree.Element):
        if len(element) and (element.text or "").strip():
            found.add(element)
        parent = element.getparent()
        if element is not root and parent is not None and (element.tail or "").strip():
            found.add(parent)
    return found
