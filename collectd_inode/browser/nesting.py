"""Forms as HTML reads them: a form inside a form does not exist, and its end tag ends the outer one (rule 28).

libxml2 has ideas of its own about nested forms, and they change from version to version; so what a browser's parser
would ignore is taken out of the source before it gets there, and where a form ends is marked in it.
"""

from __future__ import annotations

import re

from collectd_inode.browser.text import CONTROLS, Element

_MARKUP = re.compile(
    r"<(?:(?P<comment>!--)|(?P<end>/form)|(?P<form>form)|(?P<raw>script|style|textarea|title|xmp|iframe|noembed"
    r"|noframes|template))(?(comment)|(?=[\s/>]))",
    re.IGNORECASE,
)
_TAG_REST = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")

FORM_END = "form-end"
"""The name of an element that marks where a form ends in the source, for as long as the page is being read."""


def without_nested_forms(source: str, mark: str = "") -> str:
    """*source* without the form tags that an HTML parser ignores, and with *mark* wherever a form ends."""
    if "<form" not in source.lower():
        return source
    kept: list[str] = []
    position = taken = 0
    form_is_open = False
    while markup := _MARKUP.search(source, position):
        position = _end_of(source, markup)
        if markup["form"] or markup["end"]:
            opens = markup["form"] is not None
            if opens is form_is_open:
                kept.append(source[taken : markup.start()])
                taken = position
            elif mark and not opens:
                kept += source[taken : markup.start()], mark
                taken = markup.start()
            form_is_open = opens
    if form_is_open and mark:
        kept += source[taken:], mark
        taken = len(source)
    return "".join(kept) + source[taken:] if kept else source


def owners(root: Element) -> dict[Element, Element | None]:
    """Takes the marks out of *root*; each control's form, where being inside of it is not what makes it so.

    Empty if every form ends in the element that it began as: then the ancestors tell.  Otherwise some other end tag has
    closed it before its own (``<div><form></div><input></form>``): to a browser the field is the form's, and what
    follows the form's end is not, unless it stands in an element that began inside of the form.
    """
    marks = list(root.iter(FORM_END))
    parents = (mark.getparent() for mark in marks)
    plain = all(parent is not None and parent.tag == "form" for parent in parents)
    found = {} if plain else _owners(root)
    for mark in marks:
        _take_out(mark)
    return found


def _owners(root: Element) -> dict[Element, Element | None]:
    found: dict[Element, Element | None] = {}
    form: Element | None = None
    begun_inside: dict[Element, Element] = {}
    for element in root.iter("form", FORM_END, *CONTROLS):
        if element.tag == "form":
            form = element
        elif element.tag == FORM_END:
            parent = element.getparent()
            if form is not None and parent is not None and any(a is form for a in parent.iterancestors("form")):
                begun_inside[parent] = form
            form = None
        elif form is not None or not begun_inside:
            found[element] = form
        else:
            found[element] = next((begun_inside[a] for a in element.iterancestors() if a in begun_inside), None)
    return found


def _take_out(mark: Element) -> None:
    parent, before = mark.getparent(), mark.getprevious()
    if parent is None:
        return
    if mark.tail and before is not None:
        before.tail = (before.tail or "") + mark.tail
    elif mark.tail:
        parent.text = (parent.text or "") + mark.tail
    mark.tail = None
    parent.remove(mark)


def _end_of(source: str, markup: re.Match[str]) -> int:
    """Where the tag, comment or raw text that starts at *markup* ends; the source's end if it never does."""
    if markup["comment"]:
        return _after(source, "-->", markup.end())
    rest = _TAG_REST.match(source, markup.end())
    if rest is None:
        return _after(source, ">", markup.end())  # a quote that nobody closes
    if markup["raw"]:
        closing = re.compile(f"</{markup['raw']}", re.IGNORECASE).search(source, rest.end())
        return closing.end() if closing else len(source)
    return rest.end()


def _after(source: str, mark: str, start: int) -> int:
    found = source.find(mark, start)
    return len(source) if found < 0 else found + len(mark)
