"""The visible text of a page, line by line (rule 58)."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from itertools import islice

from lxml import etree

from collectd_inode.page.style import AS_USUAL, SILENT, Display, Visibility, declared, lines

Element = etree._Element

CONTROLS = ("input", "select", "textarea", "button")
"""The elements of forms that send something."""

LONGEST_NAME = 500
"""The largest number of pieces of text in a name: an unclosed link or label goes on to the page's end."""

BY_STYLE_SHEET = "style sheet"
"""The value of ``hidden`` where a browser says that a style sheet hides an element."""

_LONGEST_TEXT = 20_000
"""The largest number of characters in such a name."""

_NO_ELEMENT = ""
"""The tag of a comment."""

# Where a word may be broken or must not be, and directions.
_INVISIBLE_MARKS = "\u00ad\u200b\u200e\u200f\u2060\ufeff"
_BLANKS = "\t\n\f\r\xa0"


def words(text: str) -> frozenset[str]:
    """A set of words, written as a person writes them."""
    return frozenset(text.split())


# The HTML Standard's "hidden elements" (rendering, 15.3.1), and the content that only old browsers showed.
# noscript is not among them: we have no scripts, so it shows.
_NEVER_SHOWN = words(
    "area base basefont datalist head iframe link meta noembed noframes param rp script style template title"
)
BLOCKS = words(
    "address article aside blockquote body br center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option"
    " p plaintext pre search section select summary table caption tbody textarea tfoot thead tr ul xmp mtr"
)
_CELLS = frozenset({"td", "th", "mtd"})
_KEEPS_LINES = frozenset({"pre", "textarea", "listing", "xmp", "plaintext"})
_NO_TEXT = frozenset({"script", "style", _NO_ELEMENT})
# Elements that a browser replaces by a drawing of its own.
_REPLACED = words("audio canvas iframe meter object progress video")
_PLUGIN_TYPES = ("application/x-", "application/futuresplash", "application/vnd.")
"""The beginnings of media types that needed plug-ins, which browsers no longer have."""
_NO_SKIPPING = words("br caption optgroup option summary table tbody tfoot thead tr")
# Where text is drawn, and where none is that does not stand deeper.
_DRAWS_TEXT = words("annotation-xml foreignobject mi mn mo ms mtext option text")
_DRAWS_NO_TEXT = words("math optgroup select svg")
_SVG = words("circle ellipse foreignobject g image line path polygon polyline rect svg switch text textpath tspan use")
_MATH = words(
    "maction math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub"
    " msubsup msup mtable mtd mtext mtr munder munderover semantics"
)
_ONE_CHILD = frozenset({"maction", "switch"})
"""Elements that show one of their children."""
_KNOWN_EXTENSIONS = words("http://www.w3.org/1999/xhtml http://www.w3.org/1998/Math/MathML")
# Of a drawing and of a formula: what is about it, or only drawn where it is used.
_IN_SVG = words("clippath defs desc lineargradient marker mask metadata pattern radialgradient symbol title")
_IN_MATH = words("annotation annotation-xml mphantom")


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
    return bool(_why_hidden(element))


def hidden_by(element: Element) -> str:
    """The reason why *element* is invisible, as a message names it: ``<form hidden>``; empty for a visible one."""
    for ancestor in (element, *element.iterancestors()):
        if why := _why_hidden(ancestor):
            return why
    return "" if _is_visible(element) else 'style="visibility: hidden"'


def is_frame_in_view(frame: Element) -> bool:
    """Whether the page in *frame* can be seen: those that only count visitors are made so small that they cannot."""
    around = frame.getparent()
    if around is None or hidden_by(around) or next(frame.iterancestors("noscript"), None) is not None:
        return False
    style = declared(frame.get("style") or "")
    is_small = any((frame.get(side) or "").strip().removesuffix("px") in ("0", "1") for side in ("width", "height"))
    hidden = frame.get("hidden") is not None or style.display is Display.NONE or style.visible is False
    return not (is_small or hidden)


def inert_by(element: Element) -> str:
    """The element that keeps *element* from being used although it is seen: ``<div inert>``; empty for none."""
    kept = next((e for e in (element, *element.iterancestors()) if e.get("inert") is not None), None)
    return "" if kept is None else f"<{tag_of(kept)} inert>"


def shown(root: Element) -> Iterator[Element]:
    """The elements of *root* that are in view, in document order."""
    # Iterators rather than lists: lxml makes an object of each child it is asked for, and there may be a million.
    todo: list[tuple[Iterator[Element], bool]] = [(iter((root,)), True)]
    while todo:
        children, visible = todo[-1]
        element = next(children, None)
        if element is None:
            todo.pop()
            continue
        if hides(element):
            continue
        kind = _kind(_name(element))
        inside = _visible(element, kind, visible)
        if inside:
            yield element
        if kind.tag != "option" and not (kind.is_replaced and _is_replaced(element, kind)):
            todo.append((iter(element), inside))


def _why_hidden(element: Element) -> str:
    """The way in which *element* itself hides its content; nothing if it does not."""
    name = _name(element)
    kind = _kind(name)
    if kind.never_shown or (kind.drawn_in and _is_in(element, kind.drawn_in)):
        return f"<{kind.tag}>"
    if why := _own_hiding(element, kind):
        return why
    parent = element.getparent()
    if parent is None:
        return ""
    around = _kind(_name(parent))
    if _folds(parent, around) and _is_folded(element):
        return "a closed <details>" if around.is_details else f"<{around.tag}>"
    is_covered = _is_replaced(parent, around) or (around.tag == "select" and kind.tag == "button")
    return f"<{around.tag}>" if is_covered else ""


def _own_hiding(element: Element, kind: _Kind) -> str:
    """The attribute of its own that hides *element*."""
    if (
        kind.is_plain
        and element.get("style") is None
        and element.get("hidden") is None
        and element.get("popover") is None
    ):
        return ""
    if kind.is_input and element.get("type", "").lower() == "hidden":
        return '<input type="hidden">'
    style = _style_of(element, kind)
    if style.display is Display.NONE:
        return f'<{kind.tag} style="display: none">'
    if style.display is Display.CONTENTS and kind.is_box:
        return f'<{kind.tag} style="display: contents">'
    if style.skips and _can_skip(kind, style):
        return f'<{kind.tag} style="content-visibility: hidden">'
    return "" if kind.is_foreign else _hiding_attribute(element, kind, style)


def _hiding_attribute(element: Element, kind: _Kind, style: Visibility) -> str:
    """The attribute that hides *element*, unless its *style* overrides it.

    The author's style overrides the browser's own style sheet, which implements the attributes.
    """
    hidden = element.get("hidden")
    if hidden is not None and _is_heeded(hidden, kind, style):
        return f"a style sheet, on <{kind.tag}>" if hidden == BY_STYLE_SHEET else f"<{kind.tag} hidden>"
    if style.display not in (None, Display.REVERT):
        return ""
    if kind.is_dialog and element.get("open") is not None:
        return ""
    if element.get("popover") is not None:
        return f"<{kind.tag} popover>"
    return "a closed <dialog>" if kind.is_dialog else ""


def _is_heeded(hidden: str, kind: _Kind, style: Visibility) -> bool:
    """Whether the attribute *hidden* hides, or the element's style is against it."""
    if hidden.lower() == "until-found":
        return style.skips is None and _can_skip(kind, style)
    return style.display is None


def _style_of(element: Element, kind: _Kind) -> Visibility:
    """The declarations of *element*: those of its style and, in a drawing, of attributes of their own."""
    text = element.get("style")
    style = SILENT if text is None else declared(text)
    if not kind.is_svg:
        return style
    display, visibility = element.get("display"), element.get("visibility")
    if display is None and visibility is None:
        return style
    said = declared(f"display:{display or ''};visibility:{visibility or ''}")
    return Visibility(
        said.display if style.display is None else style.display,
        said.visible if style.visible is None else style.visible,
        style.skips,
    )


def _can_skip(kind: _Kind, style: Visibility) -> bool:
    """Whether the box of an element is one in which what it holds can be left out."""
    if style.display in (None, Display.REVERT):
        return bool(kind.edge) and kind.tag not in _NO_SKIPPING
    return style.display is Display.BLOCK and not kind.is_box


def _visible(element: Element, kind: _Kind, inherited: bool) -> bool:
    """Whether what stands in *element* is drawn, as its ``visibility`` has it, which is inherited and can be undone."""
    if element.get("style") is None and not kind.is_svg:
        return inherited
    own = _style_of(element, kind).visible
    return inherited if own is None else own


def _is_visible(element: Element) -> bool:
    for ancestor in (element, *element.iterancestors()):
        kind = _kind(_name(ancestor))
        if (kind.is_svg or ancestor.get("style") is not None) and (
            own := _style_of(ancestor, kind).visible
        ) is not None:
            return own
    return True


def _is_replaced(element: Element, kind: _Kind) -> bool:
    """Whether something else is drawn than what stands in *element*; an object that shows nothing shows that."""
    if kind.tag != "object":
        return kind.is_replaced
    media_type = element.get("type", "").strip().lower()
    if media_type.startswith(_PLUGIN_TYPES):
        return False
    return bool(element.get("data")) or bool(media_type and element.get("classid") is None)


def _draws_text(element: Element) -> bool:
    """Whether text that stands right in *element* is drawn."""
    for ancestor in (element, *element.iterancestors()):
        draws = _kind(_name(ancestor)).draws_text
        if draws is not None:
            return draws
    return True


def _is_in(element: Element, name: str) -> bool:
    return next(element.iterancestors(name), None) is not None


def _name(element: Element) -> str:
    name = element.tag
    return name if isinstance(name, str) else _NO_ELEMENT


def _folds(parent: Element, kind: _Kind) -> bool:
    """Whether *parent* shows one of its children only, and no text of its own."""
    return kind.shows_one or (kind.is_details and parent.get("open") is None)


def _is_summary(element: Element, tag: str) -> bool:
    """Whether it is the first ``<summary>`` of its parent."""
    return tag == "summary" and next(element.itersiblings("summary", preceding=True), None) is None


def visible_text(root: Element, most: int | None = None, *, without: Set[Element] = frozenset()) -> str:
    """The visible text of *root*, one line a block, table row or ``<br>``; of at most *most* pieces."""
    return lines_of(_joined(_pieces(root, everything=False, without=without), most))


def readable_text(root: Element, most: int, *, without: Set[Element] = frozenset()) -> str:
    """The visible text of *root* as a message quotes it: words that a style sheet sets apart are apart."""
    return lines_of(_joined(_set_apart(_pieces(root, everything=False, without=without)), most))


def _set_apart(pieces: Iterator[str]) -> Iterator[str]:
    """*pieces*, with a blank where one of them ends and the next begins as a word or a sentence does.

    Style sheets are not read: they make lines of ``<b>Error</b><span>Database gone</span>``.
    """
    before = ""
    for piece in pieces:
        yield f" {piece}" if _are_two_words(before, piece) else piece
        before = (before + piece[-3:])[-3:]


def _are_two_words(before: str, piece: str) -> bool:
    if piece[:1].isdigit():
        return len(before) == 3 and before.isalpha()
    return (
        piece[:1].isupper() and bool(before) and (before[-1].islower() or before[-1].isdigit() or before[-1] in _STOPS)
    )


_STOPS = ".!?:;,)]…»”"


def all_text(root: Element, most: int | None = None) -> str:
    """The text of *root*, hidden parts included, scripts and styles not."""
    return lines_of(_joined(_pieces(root, everything=True), most))


def _joined(pieces: Iterator[str], most: int | None) -> str:
    """All *pieces*, or a name's worth: at most *most*, and at most `_LONGEST_TEXT` characters."""
    if most is None:
        return "".join(pieces)
    kept, left = [], _LONGEST_TEXT
    for piece in islice(pieces, most):
        kept.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return "".join(kept)


def says_something(element: Element) -> bool:
    """Whether *element* shows a text or a picture, and is nothing to press or to fill in."""
    used = tag_of(element) in CONTROLS or (tag_of(element) == "a" and element.get("href") is not None)
    return not used and (next(element.iter("img", "svg"), None) is not None or bool(name_of(element, LONGEST_NAME)))


def shows_at_once(root: Element, wanted: str) -> bool:
    """Whether one piece of text below *root* that can be seen holds *wanted*, which is on one line.

    Where it does not, *wanted* may still be seen, in several pieces.  libxml2 searches, and only the places that it
    finds are judged: a whole page takes Python many times as long to read.
    """
    try:
        found = root.xpath("descendant-or-self::*/text()[contains(., $wanted)]", wanted=wanted)
    except ValueError:  # a control character, which XPath cannot name
        return False
    pieces = found if isinstance(found, list) else []
    return any(_is_seen(p) for p in pieces[:_MOST_PLACES] if isinstance(p, etree._ElementUnicodeResult))


_MOST_PLACES = 20


def _is_seen(piece: etree._ElementUnicodeResult) -> bool:
    around = piece.getparent()
    if around is not None and piece.is_tail:
        around = around.getparent()
    if around is None or not _draws_text(around):
        return False
    kind = _kind(_name(around))
    return not (_folds(around, kind) or _is_replaced(around, kind) or hidden_by(around))


def lines_of(text: str) -> str:
    """*text* with each line normalised and empty lines gone."""
    # All lines at once: a page has hundreds, most of them a word or two.
    for mark in _INVISIBLE_MARKS:
        text = text.replace(mark, "")
    lines = _collapsed(text, "\t\f\r\xa0").split("\n")
    return "\n".join(stripped for line in lines if (stripped := line.strip(" ")))


@dataclass(frozen=True, slots=True)
class _Kind:
    """The display of an element by its name; ``edge`` is put before and after it."""

    tag: str
    edge: str
    keeps_lines: bool
    never_shown: bool
    no_text: bool
    is_details: bool
    is_dialog: bool
    is_input: bool
    is_replaced: bool
    """Whether something else is drawn than what stands in it."""
    is_box: bool
    """Whether it is drawn as one thing, or not at all."""
    is_svg: bool
    is_foreign: bool
    """Whether it is a drawing's or a formula's, for which HTML's attributes mean nothing."""
    is_plain: bool
    """Whether it is seen unless HTML's attributes say otherwise."""
    shows_one: bool
    may_fold: bool
    draws_text: bool | None
    """Whether text that stands right in it is drawn; None where that is as around it."""
    drawn_in: str
    """Inside of which element it is not drawn."""


@cache
def _kind(name: str) -> _Kind:
    tag = name.lower()
    return _Kind(
        tag=tag,
        edge="\n" if tag in BLOCKS else " " if tag in _CELLS else "",
        keeps_lines=tag in _KEEPS_LINES,
        never_shown=tag in _NEVER_SHOWN,
        no_text=tag in _NO_TEXT,
        is_details=tag == "details",
        is_dialog=tag == "dialog",
        is_input=tag == "input",
        is_replaced=tag in _REPLACED,
        is_box=tag in _REPLACED or tag in ("input", "select", "textarea", "img", "svg"),
        is_svg=tag in _SVG,
        is_foreign=tag in _SVG or tag in _MATH,
        is_plain=tag not in _SVG and tag not in _MATH and tag not in ("input", "dialog"),
        shows_one=tag in _ONE_CHILD,
        may_fold=tag in _ONE_CHILD or tag == "details",
        draws_text=True if tag in _DRAWS_TEXT else False if tag in _DRAWS_NO_TEXT else None,
        drawn_in="svg" if tag in _IN_SVG else "math" if tag in _IN_MATH else "",
    )


def name_of(
    root: Element,
    most: int | None = None,
    *,
    hidden: bool = False,
    without: Element | None = None,
    spoken: bool = False,
) -> str:
    """The name of *root* for a screen reader: its visible text, and the alternative texts of its pictures.

    Without the element *without*, and without fields that stand in it (Accessible Name and Description Computation
    1.2, "name from content").  A name that is itself *hidden* counts whole: it is there for those who do not see.
    As it is *spoken*, fields in it count by their values, and what only the eye shall see (``aria-hidden``) does not.
    """
    left_out: Set[Element] = frozenset() if without is None else frozenset((without,))
    pieces = _pieces(root, everything=hidden, naming=_SPOKEN if spoken else _SHOWN, without=left_out)
    return normalise(_joined(pieces, most))


def own_name(element: Element) -> str:
    """The name that *element* has where others refer to it, and not by what stands in it."""
    tag = tag_of(element)
    own = element.get("aria-label") if tag not in CONTROLS else _value_in(element, tag) or element.get("aria-label")
    text = own or (_instead(element, tag, _SPOKEN) if tag in ("img", "svg") else None) or ""
    return normalise(text[:_LONGEST_TEXT])


_SHOWN, _SPOKEN = 1, 2
"""The ways in which a name is made."""


def _instead(element: Element, tag: str, naming: int) -> str | None:
    """The name of *element* that replaces its content; None if its content is its name."""
    if naming == _SPOKEN and tag in CONTROLS and (value := _value_in(element, tag)):
        return value
    if label := normalise(element.get("aria-label") or ""):
        return label
    if tag == "img":
        is_decoration = element.get("role", "").strip().lower() in ("presentation", "none")
        return "" if is_decoration else element.get("alt") or element.get("title") or ""
    if tag == "svg":
        return _drawing_name(element)
    return "" if tag in CONTROLS else None


def _drawing_name(svg: Element) -> str:
    title = next(svg.iterchildren("title"), None)
    if title is not None or svg.get("role", "").strip().lower() == "img":
        return "" if title is None else "".join(map(str, title.itertext()))
    return " ".join("".join(map(str, part.itertext())) for part in islice(svg.iter("title", "text"), LONGEST_NAME))


def _value_in(control: Element, tag: str) -> str:
    """The value of a field, as a screen reader reads it in a label."""
    if tag == "select":
        options = list(islice(control.iter("option"), LONGEST_NAME))
        marked = [o for o in options if o.get("selected") is not None]
        chosen = marked or (options[:1] if control.get("multiple") is None else [])
        return normalise(" ".join("".join(map(str, option.itertext())) for option in chosen))
    if tag in ("textarea", "button"):
        return normalise(_joined(map(str, control.itertext()), LONGEST_NAME))
    silent = control.get("type", "").lower() in ("checkbox", "radio", "hidden", "password", "file", "color", "image")
    return "" if silent else normalise(control.get("value") or "")


def _pieces(root: Element, *, everything: bool, naming: int = 0, without: Set[Element] = frozenset()) -> Iterator[str]:
    """The text of *root* in pieces, one at each element's beginning and one at its end, most of them short or empty."""
    parent = root.getparent()
    folded = parent is not None and not everything and _folds(parent, _kind(_name(parent)))
    # A stack of our own, since pages nest deeper than Python recurses: the children still to come, whether their text
    # keeps its lines, whether they are folded away, whether they are drawn, whether text is, whether each has lines of
    # its own, what follows them.  Plain tuples: this is most of a page's cost.
    todo: list[tuple[Iterator[Element], bool, bool, bool, bool, bool, str]] = [
        (iter((root,)), False, folded, everything or _is_visible(root), everything or _draws_text(root), False, "")
    ]
    while todo:
        children, keeps_lines, folded, visible, draws, apart, closing = todo[-1]
        item = next(children, None)
        if item is None:
            todo.pop()
            yield closing
            continue
        name, tail = item.tag, item.tail
        kind = _kind(name if isinstance(name, str) else _NO_ELEMENT)
        after = tail if tail and visible and draws and not folded and item is not root else ""
        if after and not keeps_lines:
            after = after.replace("\n", " ")
        if without and item in without:
            yield " " + after
            continue
        if kind.no_text if everything else _is_out_of_view(item, kind, folded=folded):
            yield after
            continue
        if naming and item is not root:
            if naming == _SPOKEN and item.get("aria-hidden", "").lower() == "true":
                yield after
                continue
            if (instead := _instead(item, kind.tag, naming)) is not None:
                yield f" {instead} {after}"
                continue
        inside = visible if everything else _visible(item, kind, visible)
        styled = item.get("style")
        own = AS_USUAL if styled is None or kind.is_foreign else lines(styled)
        keeps = keeps_lines or kind.keeps_lines if own.keeps is None else own.keeps
        breaks = True if apart else own.breaks
        edge = kind.edge if breaks is None else "\n" if breaks or kind.tag == "br" else ""
        if kind.draws_text is not None and not everything:
            if not draws and kind.is_svg:
                edge = "\n"  # each text of a drawing stands by itself
            draws = kind.draws_text
        # A folded <details> shows its summary, and not the text beside it.
        closed = kind.may_fold and not everything and _folds(item, kind)
        text = item.text if inside and draws and not closed else None
        if kind.is_replaced and not everything and _is_replaced(item, kind):
            yield edge + after
            continue
        yield edge if not text else edge + (text if keeps else text.replace("\n", " "))
        todo.append((iter(item), keeps, closed, inside, draws, own.apart, edge + after))


def _is_out_of_view(element: Element, kind: _Kind, *, folded: bool) -> bool:
    if kind.never_shown or (kind.drawn_in and _is_in(element, kind.drawn_in)):
        return True
    return bool(_own_hiding(element, kind)) or (folded and _is_folded(element))


def _is_folded(element: Element) -> bool:
    """Whether the parent of *element* shows another of its children: a summary, or the first that can be shown."""
    parent = element.getparent()
    around = "" if parent is None else tag_of(parent)
    if parent is not None and around in _ONE_CHILD:
        return element is not next((e for e in parent if around == "maction" or _passes(e)), None)
    return not _is_summary(element, tag_of(element))


def _passes(element: Element) -> bool:
    """Whether a browser shows *element* of a ``<switch>`` (SVG 2, 5.8.3): ours has no language."""
    wanted = words(element.get("requiredExtensions") or element.get("requiredextensions") or "")
    return wanted <= _KNOWN_EXTENSIONS and element.get("systemLanguage") is None
