"""Tags with more attributes than anybody writes: libxml2 takes seconds for 40 000 of them, and minutes for a page full.

It compares each with all the others, and nothing can stop it; so they are taken out of the source before it gets there.
"""

from __future__ import annotations

import re

MOST = 1000
"""So many attributes may a tag have."""

_SMALL = 2**16
"""A page of up to so many characters is read in tenths of a second, whatever is in it."""

_SHORTEST = 2 * MOST
_REST = r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+"
# What is in a comment, a script and the like is passed over: it is no tag, whatever it looks like.
_TAG = re.compile(
    rf"<!--.*?(?:-->|\Z)"
    rf"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>]){_REST}>.*?(?:</(?P=raw)|\Z)"
    rf"|(?P<tag><[a-z][^\s/>]*+){_REST}",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")


def without_floods(source: str) -> str:
    """*source*, itself if nothing is wrong with it; a tag with more than `MOST` attributes loses them all."""
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
