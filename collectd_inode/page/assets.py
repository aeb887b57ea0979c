"""The files that a page needs beside its document: style sheets, scripts and pictures, and their right types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from collectd_inode.model import Failure
from collectd_inode.page import urls
from collectd_inode.page.headers import essence
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element

_SCRIPT_TYPES = frozenset(
    f"{top}/{sub}"
    for top in ("text", "application")
    for sub in ("javascript", "ecmascript", "x-javascript", "x-ecmascript", "jscript", "livescript")
)
"""MIME Sniffing, 4.6 "JavaScript MIME type", without its numbered relatives."""
_MODULES = ("module", "")


class Kind(Enum):
    """A kind of asset, as messages name it."""

    STYLE_SHEET = "style sheet"
    SCRIPT = "script"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that the page asks for."""

    kind: Kind
    url: str


def assets(page: Page, kinds: frozenset[Kind]) -> list[Asset]:
    """Those of *kinds* that a browser would fetch for *page*, each address once, in document order."""
    found: dict[Asset, None] = {}
    for element in page.elements("link", "script", "img"):
        for kind, reference in _references(element):
            if kind not in kinds:
                continue
            try:
                url = urls.without_fragment(page.resolve(reference))
            except Failure:
                continue
            if urls.is_web(url):
                found[Asset(kind, url)] = None
    return list(found)


def _references(element: Element) -> Iterator[tuple[Kind, str]]:
    if element.tag == "link":
        rel, href = (element.get("rel") or "").lower().split(), (element.get("href") or "").strip()
        if href and "stylesheet" in rel and "alternate" not in rel and element.get("disabled") is None:
            yield Kind.STYLE_SHEET, href
    elif source := (element.get("src") or "").strip():
        if element.tag == "img":
            yield Kind.IMAGE, source
        elif _is_run(element):
            yield Kind.SCRIPT, source


def _is_run(script: Element) -> bool:
    """Whether a browser runs it at all (HTML, 4.12.1.1 "prepare the script element")."""
    kind = (script.get("type") or "").strip().lower()
    return kind in _MODULES or kind in _SCRIPT_TYPES


def fault_of(asset: Asset, page: Page, status: int, content_type: str) -> str:
    """The fault of the answer for *asset*; empty if it is good."""
    if page.url.startswith("https:") and asset.url.startswith("http:") and asset.kind is not Kind.IMAGE:
        return "is requested without TLS, which browsers block on an https page"
    if status >= 400:
        return f"answered {status}"
    found = essence(content_type)
    good = {
        Kind.STYLE_SHEET: found == "text/css",
        Kind.SCRIPT: found in _SCRIPT_TYPES,
        Kind.IMAGE: found.startswith("image/") or not found,
    }[asset.kind]
    return "" if good else f"is no {asset.kind.value} but {found or 'of no type'}"
