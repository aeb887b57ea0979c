"""What a person sees of a page: the words that are shown, line by line (rule 58)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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


def _collapsed(text: str, blanks: str = _BLANKS) -> str:
    # str.replace is ten times as fast as a regular expression where, as mostly, there is little to do.
    for blank in blanks:
        text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def tag_of(element: Element) -> str:
    """The element's name in lower case; empty for comments and the like."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def hides(element: Element) -> bool:
    """Whether *element* itself is kept from view, with all that is in it."""
    name = element.tag
    kind = _kind(name if isinstance(name, str) else _NO_ELEMENT)
    if kind.never_shown or _is_hidden(element, kind):
        return True
    parent = element.getparent()
    return parent is not None and _folds(parent) and _is_folded(element)


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
    # All lines at once: a page has hundreds, most of them a word or two.
    for mark in _INVISIBLE_MARKS:
        text = text.replace(mark, "")
    lines = _collapsed(text, "\t\f\r\xa0").split("\n")
    return "\n".join(stripped for line in lines if (stripped := line.strip(" ")))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an element's name says of how it is shown; ``edge`` stands before it and after it."""

    edge: str
    keeps_lines: bool
    never_shown: bool
    no_text: bool
    is_details: bool
    is_dialog: bool


@cache
def _kind(name: str) -> _Kind:
    tag = name.lower()
    return _Kind(
        edge="\n" if tag in _BLOCKS else " " if tag in _CELLS else "",
        keeps_lines=tag in _KEEPS_LINES,
        never_shown=tag in _NEVER_SHOWN,
        no_text=tag in ("script", "style", ""),
        is_details=tag == "details",
        is_dialog=tag == "dialog",
    )


_NO_ELEMENT = ""
"""What a comment is called."""


def _pieces(root: Element, *, everything: bool) -> Iterator[str]:
    """The text of *root* in pieces, one at each element's beginning and one at its end, most of them short or empty."""
    parent = root.getparent()
    # A stack of our own, since pages nest deeper than Python recurses: the children still to come, whether their text
    # keeps its lines, whether they are folded away, what follows them.  Plain tuples: this is most of a page's cost.
    todo: list[tuple[Iterator[Element], bool, bool, str]] = [
        (iter((root,)), False, parent is not None and not everything and _folds(parent), "")
    ]
    while todo:
        children, keeps_lines, folded, closing = todo[-1]
        item = next(children, None)
        if item is None:
            todo.pop()
            yield closing
            continue
        name, tail = item.tag, item.tail
        kind = _kind(name if isinstance(name, str) else _NO_ELEMENT)
        after = "" if not tail or item is root else tail if keeps_lines else tail.replace("\n", " ")
        if kind.no_text if everything else kind.never_shown or _is_hidden(item, kind) or (folded and _is_folded(item)):
            yield after
            continue
        inside = keeps_lines or kind.keeps_lines
        # A folded <details> shows its summary, not the text beside it.
        closed = kind.is_details and not everything and _folds(item)
        text = item.text
        yield kind.edge if not text or closed else kind.edge + (text if inside else text.replace("\n", " "))
        todo.append((iter(item), inside, closed, kind.edge + after))


def _is_hidden(element: Element, kind: _Kind) -> bool:
    """Whether its own attributes keep *element* from view."""
    if element.get("hidden") is not None or (kind.is_dialog and element.get("open") is None):
        return True
    style = element.get("style")
    return style is not None and _DISPLAY_NONE.search(style) is not None


def _is_folded(element: Element) -> bool:
    return not _is_summary(element, tag_of(element))
