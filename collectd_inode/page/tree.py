"""A source as the tree that a browser makes of it (rules 25, 26, 28, 31).

turbohtml builds the tree as the HTML Standard says, and writes it out as XML, which leaves nothing to guess; lxml reads
that and gives us elements, CSS and XPath.  lxml alone would not do: libxml2's idea of a document is HTML 4's, which
loses content behind ``</html>``, hides ``<main>`` in a head that no tag has opened and moves a table out of a link.
Attributes whose names XML does not allow (``@click``) are lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from collectd_inode.page import shadow
from collectd_inode.page.limits import MOST, MOST_TAGS, first_tags, without_floods
from collectd_inode.page.text import Element, words

_NAMESPACE = " xmlns="
"""Drawings, formulas and XHTML are written with a namespace, by which nobody looks for them in a page."""
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
"""The address of a link in a drawing, as it was written before SVG 2."""
_MATHML = "http://www.w3.org/1998/Math/MathML"
_OTHERS = {_SVG: "svg", _MATHML: "math"}
_XHTML = "http://www.w3.org/1999/xhtml"
_USED = words(
    "area audio base button canvas datalist details dialog fieldset form iframe input label legend meter noscript"
    " object optgroup option progress select summary template textarea video"
)
"""Names that mean something in HTML alone."""
_PIECE = 2**16
"""Characters that are parsed in one go: turbohtml holds the interpreter's lock meanwhile."""
_GROWTH = 2**20
"""Characters by which a page may grow when it is written out: unclosed formatting is repeated in each block."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parsed page: the root element, None if there is none."""

    root: Element | None = None
    lost: str = ""
    """Why a part of the page is missing, if one is."""


def parse(source: str) -> Parsed:
    """*source* as a tree."""
    begun = first_tags(source)
    whole = without_floods(begun)
    written = _written(whole)
    lost = f"it has more than {MOST_TAGS} tags" if begun is not source else ""
    if whole is not begun:
        lost = lost or f"a tag of it has more than {MOST} attributes"
    if len(written) > 2 * len(whole) + _GROWTH:
        written = written[: 2 * len(whole) + _GROWTH]
        lost = lost or "it repeats its formatting too often"
    parser = etree.XMLParser(
        recover=True,
        huge_tree=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    root: Element | None = etree.fromstring(written.encode("utf-8", "replace"), parser)
    if root is None:
        return Parsed()
    return Parsed(finished(root, has_namespaces=_NAMESPACE in written), lost)


def finished(root: Element, *, has_namespaces: bool = True) -> Element:
    """The tree of *root* with names that have no namespace, and as it is before a person touches it."""
    if has_namespaces:
        for element in root.iter(etree.Element):
            if element.tag[0] == "{":
                element.tag = _name_of(etree.QName(element))
                if element.tag == "a" and element.get("href") is None and (href := element.get(_XLINK)) is not None:
                    element.set("href", href)
    shadow.draw(root)
    # What is in any other template is not in the document.
    for template in root.iter("template"):
        template.text = None
        template[:] = []
    _fold(root)
    return root


def _name_of(name: etree.QName) -> str:
    """The local name; what a drawing or a formula calls ``<input>`` is no field."""
    if name.namespace == _XHTML:
        return name.localname
    other = _OTHERS.get(name.namespace or "")
    if other is None:  # of XML's own
        return f"xml-{name.localname}"
    return f"{other}-{name.localname}" if name.localname in _USED else name.localname


def _fold(root: Element) -> None:
    """Close all but the first of the ``<details>`` of one name that are open (HTML, 4.11.1)."""
    seen = set()
    for details in root.iter("details"):
        name = details.get("name")
        if name and details.get("open") is not None:
            if name in seen:
                del details.attrib["open"]
            seen.add(name)


def _written(source: str) -> str:
    """The document that a browser reads in *source*, as XML."""
    import turbohtml  # noqa: PLC0415  # 23 modules, for runs alone

    if len(source) <= _PIECE:
        document = turbohtml.parse(source, positions=False, allow_declarative_shadow_roots=False)
    else:
        parser = turbohtml.IncrementalParser(positions=False)
        for start in range(0, len(source), _PIECE):
            parser.feed(source[start : start + _PIECE])
        document = parser.close()
    return document.inner_xml
