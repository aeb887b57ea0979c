"""What a person sees of a page: the words that are shown, line by line (rule 58)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

Element = etree._Element

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
    if _DISPLAY_NONE.search(element.get("style") or ""):
        return True
    parent = element.getparent()
    return parent is not None and _folds(parent) and element is not _summary(parent)


def shown(root: Element) -> Iterator[Element]:
    """The elements of *root* that are in view, in document order."""
    todo = [root]
    while todo:
        element = todo.pop()
        if not hides(element):
            yield element
            todo.extend(reversed(element))


def _folds(parent: Element) -> bool:
    return tag_of(parent) == "details" and parent.get("open") is None


def _summary(details: Element) -> Element | None:
    return next((child for child in details if tag_of(child) == "summary"), None)


def visible_text(root: Element) -> str:
    """What is seen of *root*, one line a block, table row or ``<br>``."""
    return lines_of("".join(_pieces(root, everything=False)))


def all_text(root: Element) -> str:
    """The text of *root*, hidden parts included, scripts and styles not."""
    return lines_of("".join(_pieces(root, everything=True)))


def lines_of(text: str) -> str:
    """*text* with each line normalised and empty lines gone."""
    return "\n".join(line for line in map(normalise, text.split("\n")) if line)


def _pieces(root: Element, *, everything: bool) -> Iterator[str]:
    # A stack of our own: pages nest deeper than Python recurses.
    todo: list[tuple[Element | str, bool]] = [(root, False)]
    while todo:
        item, keeps_lines = todo.pop()
        if isinstance(item, str):
            yield item if keeps_lines else _collapsed(item)
            continue
        if item is not root:
            todo.append((item.tail or "", keeps_lines))
        tag = tag_of(item)
        if _is_skipped(item, tag, everything):
            continue
        edge = "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""
        inside = keeps_lines or tag in _KEEPS_LINES
        yield edge
        todo.append((edge, True))
        todo.extend((child, inside) for child in reversed(item))
        # A folded <details> shows its summary, not the text beside it.
        if everything or not _folds(item):
            todo.append((item.text or "", inside))


def _is_skipped(element: Element, tag: str, everything: bool) -> bool:
    if not everything:
        return hides(element)
    return tag in ("script", "style", "")
