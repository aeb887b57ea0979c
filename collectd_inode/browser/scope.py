"""A part of a page: what ``within "#menu"`` looks at.

A selector is XPath where it begins with ``/`` or ``(``, else CSS: names, ``#id``, ``.class``, ``[attribute]`` in all
its forms, ``:first-child``, ``:last-child``, ``:nth-child(2)``, descendants, ``>``, ``+``, ``~`` and commas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree

from collectd_inode.browser.page import Page
from collectd_inode.browser.text import Element, all_text, hides, tag_of, visible_text
from collectd_inode.run import Misconfigured

Test = Callable[[Element], bool]

_IDENTIFIER = r"(?:\\.|[\w-]|[^\x00-\x7f])+"
_ATTRIBUTE = (
    rf"\[\s*(?P<attribute>{_IDENTIFIER})\s*"
    rf"(?:(?P<operator>[~|^$*]?=)\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>{_IDENTIFIER}))\s*)?\]"
)
_PIECE = re.compile(
    rf"(?P<tag>\*|{_IDENTIFIER})|\#(?P<id>{_IDENTIFIER})|\.(?P<class>{_IDENTIFIER})|{_ATTRIBUTE}"
    r"|:nth-child\(\s*(?P<nth>\d+)\s*\)|:(?P<end>first|last)-child"
)
_BLANK = Page("", 200, {"content-type": "text/html"}, b"<p>text")
"""What a selector is tried on before there is a page."""

_COMBINATOR = re.compile(r"\s*([>+~,])\s*|\s+")


class BadSelector(ValueError):
    """The text is no selector that can be used here; the message says why."""


@dataclass(frozen=True, slots=True)
class _Link:
    """One compound selector, and how it hangs on the one before: ``""`` (the first), blank, ``>``, ``+`` or ``~``."""

    combinator: str
    tests: tuple[Test, ...]


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


def select(page: Page, selector: str) -> list[Element]:
    """The elements of *page* that *selector* names, in document order.  Raises BadSelector."""
    if page.tree is None:
        return []
    if selector.startswith(("/", "(")):
        return _by_xpath(page.tree, selector)
    elements = [e for e in page.elements() if isinstance(e.tag, str)]
    found = set().union(*(_chosen(elements, chain) for chain in _parsed(selector)))
    return [e for e in elements if e in found]


def _by_xpath(root: Element, selector: str) -> list[Element]:
    try:
        found = root.xpath(selector)
    except (etree.XPathError, ValueError) as error:  # ValueError: a control character in it
        raise BadSelector(f"not an XPath expression: {error}") from None
    if not isinstance(found, list) or not all(isinstance(e, Element) for e in found):
        raise BadSelector("the XPath expression must name elements")
    inside = set(root.iter())
    return [e for e in found if e in inside]


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


# CSS


@lru_cache(maxsize=256)
def _parsed(selector: str) -> tuple[tuple[_Link, ...], ...]:
    """The alternatives of *selector*, each a chain of compounds from left to right.  Raises BadSelector."""
    alternatives: list[list[_Link]] = [[]]
    position, text, combinator = 0, selector.strip(), ""
    while True:
        tests, position = _compound(text, position)
        alternatives[-1].append(_Link(combinator, tests))
        if position == len(text):
            return tuple(map(tuple, alternatives))
        found = _COMBINATOR.match(text, position)
        if found is None:
            raise BadSelector(f"“{text[position:]}” is no CSS selector that is known here")
        position, combinator = found.end(), found[1] or " "
        if combinator == ",":
            alternatives.append([])
            combinator = ""


def _compound(text: str, position: int) -> tuple[tuple[Test, ...], int]:
    tests: list[Test] = []
    while found := _PIECE.match(text, position):
        if found["tag"] and tests:
            break
        tests.append(_test(found))
        position = found.end()
    if not tests:
        raise BadSelector(f"“{text[position:]}” is no CSS selector that is known here")
    return tuple(tests), position


def _test(found: re.Match[str]) -> Test:
    if tag := found["tag"]:
        return lambda e: tag == "*" or tag_of(e) == tag.lower()
    if identifier := found["id"]:
        return lambda e: e.get("id") == _plain(identifier)
    if name := found["class"]:
        return lambda e: _plain(name) in (e.get("class") or "").split()
    if attribute := found["attribute"]:
        value = next((found[form] for form in ("double", "single", "bare") if found[form] is not None), "")
        return _attribute_test(attribute.lower(), found["operator"], value)
    if nth := found["nth"]:
        place = int(nth)
        return lambda e: sum(1 for _ in islice(_siblings(e, preceding=True), place)) == place - 1
    return lambda e: next(_siblings(e, preceding=found["end"] == "first"), None) is None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "~=": lambda value, wanted: wanted in value.split(),
    "|=": lambda value, wanted: value == wanted or value.startswith(f"{wanted}-"),
    "^=": lambda value, wanted: bool(wanted) and value.startswith(wanted),
    "$=": lambda value, wanted: bool(wanted) and value.endswith(wanted),
    "*=": lambda value, wanted: bool(wanted) and wanted in value,
}


def _attribute_test(name: str, operator: str | None, wanted: str) -> Test:
    if operator is None:
        return lambda e: e.get(name) is not None
    fits = _OPERATORS[operator]
    return lambda e: (value := e.get(name)) is not None and fits(value, wanted)


def _plain(identifier: str) -> str:
    return re.sub(r"\\(.)", r"\1", identifier)


def _siblings(element: Element, *, preceding: bool) -> Iterator[Element]:
    return (e for e in element.itersiblings(preceding=preceding) if isinstance(e.tag, str))


def _chosen(elements: list[Element], chain: tuple[_Link, ...]) -> set[Element]:
    """The elements that the last compound of *chain* names and that stand where the others say."""
    # From left to right, one pass a compound: going back and forth could take for ever on a hostile page.
    chosen: set[Element] = set()
    for link in chain:
        named = [e for e in elements if all(test(e) for test in link.tests)]
        before = chosen
        chosen = {
            e for e in named if not link.combinator or any(other in before for other in _around(e, link.combinator))
        }
    return chosen


def _around(element: Element, combinator: str) -> Iterator[Element]:
    """The elements on which *element* may hang."""
    match combinator:
        case " ":
            yield from element.iterancestors()
        case ">":
            if (parent := element.getparent()) is not None:
                yield parent
        case "+":
            yield from islice(_siblings(element, preceding=True), 1)
        case _:
            yield from _siblings(element, preceding=True)
