"""XML as a page: its elements, its text, and the prefixes by which XPath finds things in it (rule 62).

What comes from a stranger is read without a DTD, without entities of its own, and without the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from collectd_inode.page.limits import MOST_TAGS
from collectd_inode.page.text import Element

IS_XML = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?xml|[\w.-]+/[\w.+-]+\+xml", re.ASCII)
"""A media type that is XML's (RFC 7303); XHTML's is one, too, and read as HTML."""

BEGINNING = 4096
"""Bytes in which a document's first tag is looked for."""

IS_XHTML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+"
    rb"<html\b[^>]*\bxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml[\"']",
    re.DOTALL,
)
"""The beginning of what browsers draw as a page, whichever type of XML it comes as: the namespace says so."""

LOOKS_LIKE_XML = re.compile(rb"\s*<\?xml[\s?]")

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*>")
_ENCODING = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"']")
_LITERALS = re.compile(r"(\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True, slots=True)
class Document:
    """The parsed document: the root element, None if there is none, and then why."""

    root: Element | None = None
    lost: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Prefix → namespace."""
    dropped: frozenset[str] = frozenset()
    """Prefixes of what is a default namespace, too: its elements are found by their bare names."""


def parse(source: str) -> Document:
    """*source* as a tree.  Elements of a default namespace have no namespace here: ``//entry`` finds Atom's."""
    if source.count("<") > 2 * MOST_TAGS:
        return Document(lost=f"it has more than {MOST_TAGS} tags")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    text = _DECLARATION.sub("", source, count=1)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        return Document(lost=f"it is not well-formed: {error.msg}")
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
    return Document(root, "", {p: n for p, n in prefixes.items() if p not in dropped}, dropped)


def _declared(element: Element) -> Iterator[tuple[str | None, str]]:
    """The prefixes that *element* itself declares."""
    parent = element.getparent()
    inherited = {} if parent is None else parent.nsmap
    yield from ((prefix, name) for prefix, name in element.nsmap.items() if inherited.get(prefix) != name)


def encoding_in(body: bytes) -> str:
    """The encoding that an XML declaration names; empty for none."""
    found = _ENCODING.match(body[:1024].lstrip())
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
