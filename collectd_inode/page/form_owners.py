"""The form of a control, where its ancestors do not show it (rule 28).

To a browser's parser a form is open from its start tag to its end tag, whatever else has been closed in between, and
controls that it meets meanwhile are that form's (HTML, 13.2.6.1, "form element pointer").  Mostly that is the form
around them.  It is not in ``<table><form><tr>…`` and in ``<div><form></div><input></form>``: there only the source
shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from collectd_inode.page.text import CONTROLS, Element

_MARKUP = re.compile(
    r"<(?:(?P<comment>!--)|(?P<end>/form)|(?P<form>form)|(?P<control>input|select|button|(?P<textarea>textarea))"
    r"|(?P<raw>script|style|title|xmp|iframe|noembed|noframes|template))(?(comment)|(?=[\s/>]))",
    re.IGNORECASE,
)
_TAG_REST = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")
_MARK = "inode-form"


@dataclass(frozen=True, slots=True)
class _Tag:
    """The start tag of a form or a control: the place behind its name, the number of the form that is open there."""

    place: int
    form: int | None
    opens: bool


def owners(root: Element, source: str, parse: Callable[[str], Element | None]) -> dict[Element, Element]:
    """Each control of *root* whose form is not the one around it, and that form.  *parse* is what made *root*."""
    tags = list(_tags(source))
    if not any(tag.opens for tag in tags):
        return {}
    numbers: dict[Element | None, int] = {form: number for number, form in enumerate(root.iter("form"))}
    around = [numbers.get(_form_around(control)) for control in root.iter(*CONTROLS)]
    if around == [tag.form for tag in tags if not tag.opens]:
        return {}
    marked = parse(_marked(source, tags))
    return {} if marked is None else _by_marks(root, marked)


def _by_marks(root: Element, marked: Element) -> dict[Element, Element]:
    """*marked* is the same tree, in which each form and each control bears the number of the form."""
    pairs = list(zip(root.iter("form", *CONTROLS), marked.iter("form", *CONTROLS), strict=True))
    forms = {twin.get(_MARK): element for element, twin in pairs if element.tag == "form"}
    found = {}
    for control, twin in pairs:
        form = forms.get(twin.get(_MARK)) if control.tag != "form" and twin.get(_MARK) else None
        if form is not None and form is not _form_around(control):
            found[control] = form
    return found


def _form_around(control: Element) -> Element | None:
    return next(control.iterancestors("form"), None)


def _tags(source: str) -> Iterator[_Tag]:
    """The start tags of forms and controls; those of forms that HTML ignores are left out."""
    if "<form" not in source.lower():
        return
    position, form, forms = 0, None, 0
    while markup := _MARKUP.search(source, position):
        position = _end_of(source, markup)
        if markup["end"]:
            form = None
        elif markup["form"]:
            if form is None:
                form, forms = forms, forms + 1
                yield _Tag(markup.end(), form, opens=True)
        elif markup["control"]:
            yield _Tag(markup.end(), form, opens=False)


def _marked(source: str, tags: list[_Tag]) -> str:
    pieces: list[str] = []
    taken = 0
    for tag in tags:
        pieces += source[taken : tag.place], f' {_MARK}="{"" if tag.form is None else tag.form}" '
        taken = tag.place
    return "".join(pieces) + source[taken:]


def _end_of(source: str, markup: re.Match[str]) -> int:
    """The end of the tag, comment or raw text that starts at *markup*; the source's end if it has none."""
    if markup["comment"]:
        return _after(source, "-->", markup.end())
    rest = _TAG_REST.match(source, markup.end())
    if rest is None:
        return _after(source, ">", markup.end())  # a quote that nobody closes
    if raw := markup["raw"] or markup["textarea"]:
        closing = re.compile(f"</{raw}", re.IGNORECASE).search(source, rest.end())
        return closing.end() if closing else len(source)
    return rest.end()


def _after(source: str, mark: str, start: int) -> int:
    found = source.find(mark, start)
    return len(source) if found < 0 else found + len(mark)
