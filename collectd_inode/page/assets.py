"""The files that a page needs beside its document: style sheets, scripts and pictures, and their right types."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter

from collectd_inode.model import Failure
from collectd_inode.page import urls
from collectd_inode.page.headers import essence
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.wire.address import is_numeric

_SCRIPT_TYPES = frozenset(
    f"{top}/{sub}"
    for top in ("text", "application")
    for sub in ("javascript", "ecmascript", "x-javascript", "x-ecmascript", "jscript", "livescript")
)
"""MIME Sniffing, 4.6 "JavaScript MIME type", without its numbered relatives."""
_MODULES = ("module", "")

_PICTURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|GIF8[79]a|\xff\xd8\xff|RIFF....WEBPVP|BM|\0\0[\1\2]\0|....ftypavi[fs]", re.DOTALL
)
"""The first bytes of pictures, whatever their type says (MIME Sniffing, 6.1)."""
_PAGE = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_DRAWN = frozenset({"image/avif", "image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp"})
# A srcset (HTML, 4.8.4.3.10 "Parsing a srcset attribute"): an address, and its descriptors up to a comma that stands in
# no parentheses.
_ADDRESS = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]+)")
_DESCRIPTORS = re.compile(r"(?:\([^)]*+\)?|[^(,])*+,?")
_WORDS = re.compile(r"(?:\([^)]*+\)?|[^\t\n\f\r (])+")
_DESCRIPTOR = re.compile(r"[0-9]+[wh]|-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?x")
_TOGETHER: Sequence[list[str]] = ([], ["w"], ["x"], ["h", "w"])
"""The descriptors that a candidate may have, by their last letters."""
_BY_DENSITY = itemgetter(0)
_WIDE = 1280
"""The window's width in pixels, which chooses among a picture's widths."""
_HASHES = ("sha512", "sha384", "sha256")


class AssetKind(Enum):
    """A kind of asset, as messages name it."""

    STYLE_SHEET = "style sheet"
    SCRIPT = "script"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that the page needs; ``integrity`` are its hashes, if the page has some.

    ``lost`` is why it cannot be requested.
    """

    kind: AssetKind
    url: str
    integrity: str = ""
    lost: str = ""


def assets(page: Page, kinds: frozenset[AssetKind]) -> list[Asset]:
    """Those of *kinds* that a browser would fetch for *page*, each address once, in document order."""
    found: dict[tuple[AssetKind, str], Asset] = {}
    for element in page.elements("link", "script", "img", "input"):
        for kind, reference in _references(element):
            if kind not in kinds:
                continue
            try:
                url = _upgraded(page, kind, urls.without_fragment(page.resolve(reference)))
            except Failure as failure:
                found[kind, reference] = Asset(kind, reference, lost=failure.message)
                continue
            if urls.is_web(url):
                integrity = "" if kind is AssetKind.IMAGE else element.get("integrity") or ""
                found.setdefault((kind, url), Asset(kind, url, integrity))
    return list(found.values())


def _upgraded(page: Page, kind: AssetKind, url: str) -> str:
    """*url* as it is requested: by TLS for pictures on a page with TLS, and for all files if the page demands it."""
    if not url.startswith("http:"):
        return url
    host = urls.origin(url)[1]
    mixed = (
        page.url.startswith("https:")
        and kind is AssetKind.IMAGE
        and not is_numeric(host)
        and not urls.is_loopback(host)
    )
    return urls.by_https(url) if mixed or page.upgrades_insecure_requests else url


def _references(element: Element) -> Iterator[tuple[AssetKind, str]]:
    source = (element.get("src") or "").strip()
    if element.tag == "link":
        rel, href = (element.get("rel") or "").lower().split(), (element.get("href") or "").strip()
        is_css = (element.get("type") or "text/css").partition(";")[0].strip().lower() == "text/css"
        if href and is_css and "stylesheet" in rel and "alternate" not in rel and element.get("disabled") is None:
            yield AssetKind.STYLE_SHEET, href
    elif element.tag == "img":
        if source := picture(element) or source:
            yield AssetKind.IMAGE, source
    elif element.tag == "input":
        if source and (element.get("type") or "").lower() == "image":
            yield AssetKind.IMAGE, source
    elif source and _is_run(element):
        yield AssetKind.SCRIPT, source


def picture(image: Element) -> str:
    """The address that a browser takes from the ``srcset`` of *image*, or of a source before it; empty for none.

    One with a ``media`` is passed over (HTML, 4.8.4.3 "updating the source set").
    """
    around = image.getparent()
    sources = [] if around is None or around.tag != "picture" else list(image.itersiblings("source", preceding=True))
    for source in reversed(sources):
        kind = (source.get("type") or "image/png").strip().lower()
        if source.get("media") is None and kind in _DRAWN and (chosen := _chosen(source.get("srcset") or "", "")):
            return chosen
    return _chosen(image.get("srcset") or "", image.get("src") or "")


def _chosen(srcset: str, otherwise: str) -> str:
    """The candidate of *srcset* for a window of `_WIDE` pixels at a density of one."""
    found = [(*size, url) for url, said in _candidates(srcset) if (size := _size(said)) is not None]
    if otherwise and all(unit == "x" and density != 1 for density, unit, _ in found):
        found.append((1, "x", otherwise))
    enough = min((candidate for candidate in found if candidate[0] >= 1), key=_BY_DENSITY, default=None)
    best = enough or max(found, key=_BY_DENSITY, default=None)
    return best[2] if best else ""


def _size(descriptors: list[str]) -> tuple[float, str] | None:
    """The density that *descriptors* say, and by which unit; None where they are wrong."""
    units = sorted(said[-1] for said in descriptors)
    if not all(_DESCRIPTOR.fullmatch(said) for said in descriptors) or units not in _TOGETHER:
        return None
    numbers = {said[-1]: float(said[:-1]) for said in descriptors}
    if 0 in (numbers.get("w"), numbers.get("h")) or numbers.get("x", 1) < 0:
        return None
    return (numbers["w"] / _WIDE, "w") if "w" in numbers else (numbers.get("x", 1), "x")


def _candidates(srcset: str) -> Iterator[tuple[str, list[str]]]:
    """The addresses in a ``srcset``, which may have commas in them, each with its descriptors."""
    at = 0
    while address := _ADDRESS.match(srcset, at):
        url, at = address[1], address.end()
        if url.endswith(","):
            yield url.rstrip(","), []
        elif said := _DESCRIPTORS.match(srcset, at):
            yield url, _WORDS.findall(said[0].rstrip(","))
            at = said.end()


def _is_run(script: Element) -> bool:
    """Whether a browser runs it at all (HTML, 4.12.1.1 "prepare the script element")."""
    kind = (script.get("type") or "").strip().lower()
    if kind != "module" and script.get("nomodule") is not None:
        return False
    return kind in _MODULES or kind in _SCRIPT_TYPES


def is_blocked(asset: Asset, page: Page, url: str) -> bool:
    """Whether a browser blocks *asset* at *url*: without TLS, on a page with TLS (Mixed Content, 4)."""
    mixed = page.url.startswith("https:") and url.startswith("http:") and not urls.is_loopback(urls.origin(url)[1])
    return mixed and asset.kind is not AssetKind.IMAGE


BLOCKED = "is requested without TLS, which browsers block on an https page"


def fault_of(asset: Asset, page: Page, status: int, content_type: str, body: bytes = b"") -> str:
    """The fault of the answer for *asset*; empty if it is good."""
    if is_blocked(asset, page, asset.url):
        return BLOCKED
    if status >= 400:
        return f"answered {status}"
    found = essence(content_type)
    good = {
        AssetKind.STYLE_SHEET: found == "text/css",
        AssetKind.SCRIPT: found in _SCRIPT_TYPES,
        AssetKind.IMAGE: _is_picture(found, body),
    }[asset.kind]
    if not good:
        return f"is no {asset.kind.value} but {found or 'of no type'}"
    return "" if _is_whole(asset.integrity, body) else "is not the file that its integrity attribute names"


def _is_picture(kind: str, body: bytes) -> bool:
    """Whether browsers draw it: by its first octets, a drawing by its type."""
    if _PICTURE.match(body):
        return True
    return (kind.startswith("image/") or not kind) and _PAGE.match(body) is None


def _is_whole(integrity: str, body: bytes) -> bool:
    """Whether *body* has one of the hashes in *integrity*, of the strongest kind in it (Subresource Integrity, 3.3)."""
    named = [word.partition("?")[0].partition("-") for word in integrity.split()]
    for name in _HASHES:
        wanted = [digest for kind, _, digest in named if kind == name]
        if wanted:
            return hashlib.new(name, body).digest() in map(_octets, wanted)
    return True


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"))
    except (ValueError, binascii.Error):
        return b""
