"""What a person sees of a page: the words that are shown, line by line (rule 58)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

Element = etree._Element

CONTROLS = ("input", "select", "textarea", "button")
"""The elements of forms that send something."""

LONGEST_NAME = 500
"""No more pieces of text than these name a thing: a link or label that nobody closes goes on to the page's end."""

_INVISIBLE_MARKS = "\u200b\u200e\u200f"
_BLANKS = "\t\n\f\r\xa0"


def words(text: str) -> frozenset[str]:
    """A set of words, written as a person writes them."""
    return frozenset(text.split())


# The HTML Standard's "hidden elements" (rendering, 15.3.1), and the content that only old browsers showed.
# noscript is not among them: we have no scripts, so it shows.
_NEVER_SHOWN = words(
    "area base basefont datalist head iframe link meta noembed noframes param rp script style template title"
)
_BLOCKS = words(
    "address article aside blockquote body br center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option"
    " p plaintext pre search section select summary table caption tbody textarea tfoot thead tr ul xmp"
)
_CELLS = frozenset({"td", "th"})
_KEEPS_LINES = frozenset({"pre", "textarea", "listing", "xmp", "plaintext"})
_DISPLAY_NONE = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)


def normalise(text: str) -> str:
    """*text* on one line: any whitespace, no-break spaces included, is one space; zero-width marks are gone."""
    for mark in _INVISIBLE_MARKS:
        text = text.replace(mark, "")
    return _collapsed(text).strip(" ")


def _collapsed(text: str) -> str:
    # str.replace is ten times as fast as a regular expression where, as mostly, there is little to do.
    for blank in _BLANKS:
        text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def tag_of(element: Element) -> str:
    """The element's name in lower case; empty for comments and the like."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def hides(element: Element) -> bool:
    """Whether *element* itself is kept from view, with all that is in it."""
    tag = tag_of(element)
    if tag in _NEVER_SHOWN or element.get("hidden") is not None:
        return True
    if tag == "dialog" and element.get("open") is None:
        return True
    style = element.get("style")
    if style is not None and _DISPLAY_NONE.search(style):
        return True
    parent = element.getparent()
    return parent is not None and _folds(parent) and not _is_summary(element, tag)


def shown(root: Element) -> Iterator[Element]:
    """The elements of *root* that are in view, in document order."""
    # Iterators rather than lists: lxml makes an object of each child it is asked for, and there may be a million.
    todo: list[Iterator[Element]] = [iter((root,))]
    while todo:
        element = next(todo[-1], None)
        if element is None:
            todo.pop()
        elif not hides(element):
            yield element
            todo.append(iter(element))


def _folds(parent: Element) -> bool:
    return tag_of(parent) == "details" and parent.get("open") is None


def _is_summary(element: Element, tag: str) -> bool:
    """Whether it is the first ``<summary>`` of its parent."""
    return tag == "summary" and next(element.itersiblings("summary", preceding=True), None) is None


def visible_text(root: Element, most: int | None = None) -> str:
    """What is seen of *root*, one line a block, table row or ``<br>``; of no more than so many pieces."""
    return lines_of("".join(islice(_pieces(root, everything=False), most)))


def all_text(root: Element, most: int | None = None) -> str:
    """The text of *root*, hidden parts included, scripts and styles not."""
    return lines_of("".join(islice(_pieces(root, everything=True), most)))


def lines_of(text: str) -> str:
    """*text* with each line normalised and empty lines gone."""
    return "\n".join(line for line in map(normalise, text.split("\n")) if line)


@dataclass(slots=True)
class _Open:
    """An element that is being read: its children still to come, and what follows them."""

    children: Iterator[Element]
    keeps_lines: bool
    edge: str
    tail: str


def _pieces(root: Element, *, everything: bool) -> Iterator[str]:
    # A stack of our own: pages nest deeper than Python recurses.
    todo = [_Open(iter((root,)), False, "", "")]
    while todo:
        around = todo[-1]
        item = next(around.children, None)
        if item is None:
            todo.pop()
            yield around.edge
            yield around.tail
            continue
        tail = "" if item is root or not item.tail else _as_shown(item.tail, around.keeps_lines)
        tag = tag_of(item)
        if _is_skipped(item, tag, everything):
            yield tail
            continue
        edge = "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""
        inside = around.keeps_lines or tag in _KEEPS_LINES
        yield edge
        # A folded <details> shows its summary, not the text beside it.
        if item.text and (everything or not _folds(item)):
            yield _as_shown(item.text, inside)
        todo.append(_Open(iter(item), inside, edge, tail))


def _as_shown(text: str, keeps_lines: bool) -> str:
    return text if keeps_lines else _collapsed(text)


def _is_skipped(element: Element, tag: str, everything: bool) -> bool:
    if not everything:
        return hides(element)
    return tag in ("script", "style", "")
