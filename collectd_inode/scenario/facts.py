"""The properties of a site in a run, to notice that it differs from the run before.  Pure.

A page is parsed for it when its body is a new one.  No value of a cookie and no query's value is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from collectd_inode.browser.cookies import Cookie
from collectd_inode.model import Fact
from collectd_inode.page import urls
from collectd_inode.page.assets import AssetKind, assets
from collectd_inode.page.page import Page
from collectd_inode.page.remembered import remembered
from collectd_inode.secrets.names import looks_secret
from collectd_inode.words import plural, shortened

_LARGE = 64 * 2**10
"""Bytes: a larger page is not parsed, since every other job would wait."""
_MADE_OF = frozenset({AssetKind.SCRIPT, AssetKind.STYLE_SHEET})
_MOST_ASSETS = 20
_TITLE = 120
_FILES = 1000
"""Characters; a run notes fewer."""


def of_page(step: str, page: Page, redirects: Sequence[str], cookies: Iterable[Cookie] = ()) -> Iterator[Fact]:
    """Facts about the *page* that *step* has led to, through *redirects*, and the names of the *cookies* then."""
    host = urls.origin(page.url)[1]
    if server := page.headers.get("server", ""):
        yield Fact(f"Server header of {host}", server)
    yield Fact(f"status after {step}", str(page.status))
    yield Fact(f"redirects of {step}", " → ".join(map(_shown, redirects)) if len(redirects) > 1 else "none")
    names = sorted({cookie.name.decode("utf-8", "replace") for cookie in cookies})
    yield Fact(f"cookies after {step}", " ".join(names) or "none")
    yield Fact(f"size after {step}", _size(len(page.body)))
    if page.is_html and len(page.body) <= _LARGE:
        title, files = remembered(page, "title and files", _title_and_files)
        yield Fact(f"title after {step}", title)
        yield Fact(f"scripts and styles after {step}", files)


def _title_and_files(page: Page) -> tuple[str, str]:
    found = [_shown(asset.url, known=True) for asset in assets(page, _MADE_OF)]
    more = [f"and {plural(len(found) - _MOST_ASSETS, 'other')}"] if len(found) > _MOST_ASSETS else []
    files = shortened(" ".join([*found[:_MOST_ASSETS], *more]), _FILES) or "none"
    return shortened(page.title, _TITLE) or "none", files


def _size(octets: int) -> str:
    """The class of a size, by powers of two: sizes of one class count as the same."""
    least = 1 << max(0, octets.bit_length() - 1)
    return f"{least:,} to {2 * least:,} bytes" if octets else "empty"


_PARAMETER = re.compile(r"([^&=]+)=([^&]*)")
_PATH_PARAMETER = re.compile(r";[^/]*")


def _shown(url: str, *, known: bool = False) -> str:
    """An address without the parts that differ from visitor to visitor; the query of *known* files is their version."""
    parts = urlsplit(urls.shown(url))
    path = _PATH_PARAMETER.sub("", parts.path)
    query = _PARAMETER.sub(lambda m: m[0] if known and not looks_secret(m[1]) else f"{m[1]}=…", parts.query)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{path}{'?' if query else ''}{query}"
