"""A part of a page: what ``within "#menu"`` looks at.

A selector is XPath where it begins with ``/`` or ``(``, else CSS, which cssselect makes an XPath of.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from collectd_inode.browser.page import Page
from collectd_inode.browser.text import Element, all_text, hides, visible_text
from collectd_inode.run import Misconfigured

_BLANK = Page("", 200, {"content-type": "text/html"}, b"<p>text</p>")
"""What a selector is tried on before there is a page."""


class BadSelector(ValueError):
    """The text is no selector that can be used here; the message says why."""


def part(page: Page, selectors: Iterable[str]) -> Page:
    """The part of *page* that the selectors lead to, each within the one before, as a page of its own.

    Of several elements the first is taken.  Raises Failure(EXPECTATION) where there is none.
    """
    for selector in selectors:
        try:
            found = next(iter(select(page, selector)), None)
        except BadSelector as error:
            raise Misconfigured(f"“{selector}”: {error}") from None
        if found is None:
            raise page.failure(f"there is no “{selector}”", f"an element “{selector}”", page.nearest(""))
        page = _Part(page, found)
    return page


def check(selector: str) -> str:
    """What is wrong with *selector*; empty for a good one."""
    try:
        select(_BLANK, selector)
    except BadSelector as error:
        return str(error)
    return ""


def is_xpath(selector: str) -> bool:
    """Whether *selector* is XPath rather than CSS."""
    return selector.startswith(("/", "("))


def select(page: Page, selector: str) -> list[Element]:
    """The elements of *page* that *selector* names, in document order.  Raises BadSelector."""
    if page.tree is None:
        return []
    try:
        found = _compiled(selector)(page.tree)
    except etree.XPathError as error:
        raise BadSelector(f"not an XPath expression: {error}") from None
    if not isinstance(found, list) or not all(isinstance(e, Element) for e in found):
        raise BadSelector("the XPath expression must name elements")
    inside = set(page.tree.iter())  # an XPath may begin at the document, a part does not
    return [e for e in found if e in inside]


def _compiled(selector: str) -> etree.XPath:
    """*selector*, ready to be used on an element.  Raises BadSelector.

    Made anew each time, in 3 us: lxml has a lock in it, and two pages would wait for each other.
    """
    path = selector if is_xpath(selector) else _xpath(selector)
    try:
        # EXSLT's regular expressions would run in Python's re, for as long as they like.
        return etree.XPath(path, regexp=False)
    except (etree.XPathError, ValueError) as error:  # ValueError: a control character in it
        raise BadSelector(f"not an XPath expression: {error}") from None


@lru_cache(maxsize=256)
def _xpath(selector: str) -> str:
    import cssselect  # noqa: PLC0415  # 6 ms, and most scenarios never ask

    try:
        return cssselect.HTMLTranslator().css_to_xpath(selector)
    except cssselect.SelectorError as error:
        raise BadSelector(f"not a CSS selector: {error}") from None
    except RecursionError:
        raise BadSelector("not a CSS selector: it is nested too deeply") from None


class _Part(Page):
    """An element of a page as a page: what it is called, and the labels and forms of its fields, stay the page's."""

    def __init__(self, whole: Page, root: Element) -> None:
        super().__init__(whole.url, whole.status, whole.headers, whole.body, whole.entered)
        self.__dict__.update(
            whole=whole, root=root, title=whole.title, labels=whole.labels, by_id=whole.by_id, base=whole.base
        )
        self.__dict__["looks_scripted"] = whole.looks_scripted
        hidden = any(hides(ancestor) for ancestor in root.iterancestors())
        self.__dict__["visible_text"] = "" if hidden else visible_text(root)
        if hidden:
            self.__dict__["in_view"] = frozenset()

    @property
    def tree(self) -> Element:
        """The element."""
        root: Element = self.__dict__["root"]
        return root

    @property
    def truncated(self) -> bool:
        """Whether the parser gave up on a part of the page."""
        return self._whole.truncated

    @property
    def source(self) -> str:
        """The element's text, hidden parts included: there is no source of a part."""
        return all_text(self.tree)

    def form_of(self, control: Element) -> Element | None:
        """The form that *control* belongs to, wherever it stands."""
        return self._whole.form_of(control)

    @property
    def _whole(self) -> Page:
        whole: Page = self.__dict__["whole"]
        return whole
