"""Findings in an answer's body, for the next run that gets the same one.

Many pages have the same bytes as a minute ago: then nothing is decoded, parsed or searched again.  Only the findings
are kept, with a hash of the body, not the body itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collectd_inode.page.page import Page

T = TypeVar("T")

MOST_FINDINGS = 40
"""In one body."""
_LONGEST = 2000
"""Characters of an address, beyond which nothing is remembered."""


def remembered(page: Page, what: str, find: Callable[[Page], T]) -> T:
    """The result of *find*, called *what*, on *page*; it may depend on address, type and body, and be small.

    A name that has a text of a step in it may be another one in every run: those beyond a number are not kept.
    """
    found = page.findings
    if what in found:
        result: T = found[what]
        return result
    result = find(page)
    if len(found) < MOST_FINDINGS:
        found[what] = result
    return result


class Findings:
    """The findings of one job in the bodies of its pages, for its next run.

    Of each address it has the newest body of each length.  *most*: the largest number of bodies; the one whose last
    use is oldest is forgotten first.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str, int], tuple[int, dict[str, Any]]] = OrderedDict()

    def of(self, url: str, content_type: str, body: bytes) -> dict[str, Any]:
        """The findings so far in this *body*, to which more are added."""
        if len(url) + len(content_type) > _LONGEST:
            return {}
        key, digest = (url, content_type, len(body)), hash(body)
        known = self._kept.pop(key, None)
        found = known[1] if known is not None and known[0] == digest else {}
        self._kept[key] = (digest, found)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found
