"""A part of a page: the scope of ``within "#menu"``.

A selector is XPath where it begins with ``/``, ``./``, ``..``, ``(`` or an axis (``ancestor::``), else CSS, which
becomes an XPath in ``css.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lxml import etree

from collectd_inode.model import Misconfigured
from collectd_inode.page.page import FOUND_LIMIT, Page
from collectd_inode.page.text import Element, all_text, normalise
from collectd_inode.page.weights import Rank
from collectd_inode.page.xml import XmlDocument, without_prefixes
from collectd_inode.words import shortened

_BLANK = Page("", 200, {"content-type": "text/html"}, b"<p>text</p>")
"""An empty page, on which a selector is tried before there is a page."""


_XPATH = re.compile(
    r"[/(]|\./|\.\.|\.$"
    r"|(?:ancestor|ancestor-or-self|attribute|child|descendant|descendant-or-self|following|following-sibling|namespace"
    r"|parent|preceding|preceding-sibling|self)\s*::"
)
"""The beginnings of an XPath, which CSS never has."""
_NO_PREFIX = "Undefined namespace prefix"
"""libxml2's words."""


class BadSelector(ValueError):
    """The text is not a selector that can be used here; the message says why."""


class UnknownPrefix(BadSelector):
    """The selector has a namespace prefix that the page does not declare."""


def part(page: Page, selectors: Iterable[str], *, first: bool = False) -> Page:
    """The part of *page* that the selectors lead to, each within the one before, as a page of its own.

    Several visible elements form the part together; with *first*, only the first one, visible or not.  Raises
    Failure(EXPECTATION) if there is none.
    """
    for selector in selectors:
        page.must_have_elements()
        try:
            found = select(page, selector)
        except UnknownPrefix as error:
            raise page.failure(f"“{selector}”: {error}", f"an element “{selector}”") from None
        except BadSelector as error:
            raise Misconfigured(f"“{selector}”: {error}") from None
        if not found:
            raise page.failure(f"there is no “{selector}”", f"an element “{selector}”", page.nearest(""))
        seen = [] if first else [element for element in found if not page.hidden_by(element)]
        page = _Part(page, _outermost(seen) or found[:1])
    return page


def is_one_of_several(page: Page, selectors: Sequence[str]) -> bool:
    """Whether the last of the selectors names more elements than the first one, which alone is the part."""
    return len(select(part(page, selectors[:-1], first=True), selectors[-1])) > 1


def _outermost(elements: list[Element]) -> list[Element]:
    """Those of *elements*, in document order, that stand in no other of them."""
    kept: set[Element] = set()
    for element in elements:
        if not any(ancestor in kept for ancestor in element.iterancestors()):
            kept.add(element)
    return [element for element in elements if element in kept]


def check(selector: str) -> str:
    """The mistake in *selector*; empty for a good one."""
    try:
        select(_BLANK, selector)
    except UnknownPrefix:
        return ""  # known only with the page
    except BadSelector as error:
        return str(error)
    return ""


def is_xpath(selector: str) -> bool:
    """Whether *selector* is XPath rather than CSS."""
    return _XPATH.match(selector) is not None


def select(page: Page, selector: str) -> list[Element]:
    """The elements of *page* that *selector* names, in document order.  Raises BadSelector."""
    found: dict[Element, None] = {}
    for root in page.roots:
        inside: set[Element] = set()
        try:
            named = _compiled(selector, page.document)(root)
        except etree.XPathError as error:
            if str(error) == _NO_PREFIX:
                raise UnknownPrefix("the page declares no such namespace prefix") from None
            raise BadSelector(f"not an XPath expression: {error}") from None
        if not isinstance(named, list) or not all(isinstance(e, Element) for e in named):
            raise BadSelector("the XPath expression must name elements")
        inside.update(root.iter())  # an XPath may begin at the document, a part does not
        found.update(dict.fromkeys(e for e in named if e in inside))
    return list(found)


def _compiled(selector: str, document: XmlDocument) -> etree.XPath:
    """*selector*, ready to be used on an element, with the prefixes of an XML *document*.  Raises BadSelector.

    Made each time, in 3 us: lxml has a lock in it, and two pages would wait for each other.
    """
    path = selector if is_xpath(selector) else _xpath(selector, any_case=document.root is None)
    try:
        # EXSLT's regular expressions would run in Python's re, for as long as they like.
        return etree.XPath(without_prefixes(path, document.dropped), namespaces=document.prefixes, regexp=False)
    except (etree.XPathError, ValueError) as error:  # ValueError: a control character in it
        raise BadSelector(f"not an XPath expression: {error}") from None


@lru_cache(maxsize=256)
def _xpath(selector: str, *, any_case: bool) -> str:
    """A CSS *selector* as XPath; HTML's names are in *any_case*, XML's as they are written."""
    import cssselect  # noqa: PLC0415  # 6 ms, and most scenarios never ask

    from collectd_inode.page import css  # noqa: PLC0415  # imports cssselect

    try:
        return css.to_xpath(selector, html=any_case)
    except cssselect.SelectorError as error:
        raise BadSelector(f"not a CSS selector: {error}") from None
    except RecursionError:
        raise BadSelector("not a CSS selector: it is nested too deeply") from None


class _Part(Page):
    """Elements of a page as a page: what it is called, and the labels and forms of its fields, stay the page's."""

    def __init__(self, whole: Page, roots: Sequence[Element]) -> None:
        super().__init__(
            whole.url,
            whole.status,
            whole.headers,
            whole.body,
            whole.entered,
            whole.usual,
            told_legacy=whole.told_legacy,
        )
        self.__dict__.update(
            whole=whole, roots=tuple(roots), title=whole.title, labels=whole.labels, by_id=whole.by_id, base=whole.base
        )
        self.__dict__["looks_scripted"] = whole.looks_scripted
        self.__dict__["document"] = whole.document
        self.__dict__["texts"] = [whole.text_of(root) for root in roots if not whole.hidden_by(root)]
        self.__dict__["visible_text"] = "\n".join(filter(None, self.__dict__["texts"]))
        self.__dict__["in_view"] = whole.in_view

    @property
    def tree(self) -> Element:
        """The first of the elements."""
        root: Element = self.roots[0]
        return root

    @property
    def truncated(self) -> bool:
        """Whether the parser gave up on a part of the page."""
        return self._whole.truncated

    @property
    def script_hint(self) -> str:
        """The page's: a script may stand outside of the scope."""
        return self._whole.script_hint

    @property
    def source(self) -> str:
        """The elements' text, hidden parts included: there is no source of a part."""
        return "\n".join(map(all_text, self.roots))

    def shows(self, wanted: str) -> bool:
        """Whether *wanted* is part of the visible text of one of the elements."""
        texts: list[str] = self.__dict__["texts"]
        return any(normalise(wanted) in normalise(text) for text in texts)

    @property
    def ranked_messages(self) -> tuple[tuple[Rank, str], ...]:
        """The page's messages, also those outside of the scope."""
        return self._whole.ranked_messages

    def complaint(self, near: str = "") -> str:
        """The error that the page itself shows; next to it the nearest text, or else the start of the scope."""
        return super().complaint(near or shortened(normalise(self.visible_text), FOUND_LIMIT))

    def form_of(self, control: Element) -> Element | None:
        """The form that *control* belongs to, wherever it stands."""
        return self._whole.form_of(control)

    @property
    def _whole(self) -> Page:
        whole: Page = self.__dict__["whole"]
        return whole
