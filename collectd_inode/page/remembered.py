"""Findings in an answer's body, for the next time that the same one comes.

Many pages have the same bytes as a minute ago: then nothing is decoded, parsed or searched again.  Only the findings
are kept, by a hash of the body, not the body itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collectd_inode.page.page import Page

T = TypeVar("T")

MOST = 4096
"""The largest number of bodies; the one whose last use is oldest is forgotten first."""
_LONGEST = 2000
"""Characters of an address, beyond which nothing is remembered."""


def remembered(page: Page, what: str, find: Callable[[Page], T]) -> T:
    """The result of *find*, called *what*, on *page*; it may depend on address, type and body, and be small."""
    found = page.findings
    if what not in found:
        found[what] = find(page)
    result: T = found[what]
    return result


def findings(url: str, content_type: str, body: bytes) -> dict[str, Any]:
    """The findings so far in this *body*, to which more are added."""
    if len(url) + len(content_type) > _LONGEST:
        return {}
    return _findings(url, content_type, len(body), hash(body))


@lru_cache(maxsize=MOST)
def _findings(url: str, content_type: str, length: int, digest: int) -> dict[str, Any]:
    return {}
