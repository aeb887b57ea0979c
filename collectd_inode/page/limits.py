"""Limits on markup, applied to a source before a parser sees it.

A tag with 40 000 attributes takes libxml2 seconds, since it compares each with all the others; and a page of nothing
but tags takes us seconds to walk through, again and again.
"""

from __future__ import annotations

import re

MOST = 1000
"""The largest number of attributes of a tag."""

MOST_TAGS = 250_000
"""The largest number of tags of a page; what comes after them is left out."""

_SMALL = 2**16
"""The size of a page, in characters, that is read in tenths of a second, whatever is in it."""

_SHORTEST = 2 * MOST
_REST = r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+"
# The content of comments, scripts and the like is skipped: it has no tags, whatever it looks like.
_TAG = re.compile(
    rf"<!--.*?(?:-->|\Z)"
    rf"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>]){_REST}>.*?(?:</(?P=raw)|\Z)"
    rf"|(?P<tag><[a-z][^\s/>]*+){_REST}",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")


def first_tags(source: str) -> str:
    """*source* up to its `MOST_TAGS`-th tag; itself if it has no more."""
    if source.count("<") <= MOST_TAGS:
        return source
    place = -1
    for _ in range(MOST_TAGS + 1):
        place = source.index("<", place + 1)
    return source[:place]


def without_floods(source: str) -> str:
    """*source*, in which a tag with more than `MOST` attributes loses them all; unchanged if there is none."""
    if len(source) <= _SMALL:
        return source
    floods = [m for m in _TAG.finditer(source) if m["tag"] and m.end() - m.start() > _SHORTEST and _is_flood(m[0])]
    if not floods:
        return source
    kept, taken = [], 0
    for flood in floods:
        kept.append(source[taken : flood.end("tag")])
        taken = flood.end()
    return "".join(kept) + source[taken:]


def _is_flood(tag: str) -> bool:
    return len(re.split(r"[\s/]+", _QUOTED.sub(" ", tag), maxsplit=MOST + 1)) > MOST + 1
