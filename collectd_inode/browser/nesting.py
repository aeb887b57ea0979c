"""Forms as HTML reads them: a form inside a form does not exist, and its end tag ends the outer one (rule 28).

libxml2 has ideas of its own about nested forms, and they change from version to version; so what a browser's parser
would ignore is taken out of the source before it gets there.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(
    r"<(?:(?P<comment>!--)|(?P<end>/form)|(?P<form>form)|(?P<raw>script|style|textarea|title|xmp|iframe|noembed"
    r"|noframes|template))(?(comment)|(?=[\s/>]))",
    re.IGNORECASE,
)
_TAG_REST = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")


def without_nested_forms(source: str) -> str:
    """*source* without the form tags that an HTML parser ignores."""
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
            form_is_open = opens
    return "".join(kept) + source[taken:] if kept else source


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
