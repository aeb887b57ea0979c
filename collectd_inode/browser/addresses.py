"""Addresses that are requested: in the form that goes over the wire, and whether a page may lead there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpx

from collectd_inode.browser.inward import Reach, reach
from collectd_inode.model import Misconfigured
from collectd_inode.page import policy, urls
from collectd_inode.page.page import Page
from collectd_inode.wire.address import is_numeric


@lru_cache(maxsize=4096)
def taken_apart(url: str) -> httpx.URL:
    """*url* taken apart, once: a daemon asks for the same ones again and again, and httpx takes 50 us each time."""
    return httpx.URL(url)


def in_ascii(url: str) -> str:
    """*url* with its host as it goes over the wire (IDNA).  Raises BadURL."""
    try:
        return str(taken_apart(url))
    except httpx.InvalidURL as error:
        raise urls.BadURL(f"“{urls.shown(url)}” is not a URL: {error}") from error


def of_web(url: str) -> str:
    """The same for what may be requested.  Raises BadURL for schemes but http and https, too."""
    if not urls.is_web(url):
        raise urls.BadURL(f"“{urls.scheme_of(url)}:” is neither http nor https")
    return in_ascii(url)


def typed(target: str, base_url: str | None) -> str:
    """The URL that *target* means in the address line, with its host in ASCII.  Raises Misconfigured."""
    with misconfigured(f"“{urls.shown(target)}”"):
        return of_web(urls.destination(target, base_url))


def host_of(url: str) -> str:
    """The host of *url*, as it is compared."""
    return urls.origin(url)[1]


def if_public(url: str, address: str | None) -> str:
    """*url*, if a public or unknown address answered it."""
    host = host_of(url)
    where = address or (host if is_numeric(host) else "")
    return url if not where or reach(where) is Reach.PUBLIC else ""


def askable(page: Page, url: str, what: str) -> str:
    """*url* in ASCII, if it is one that a browser without JavaScript can ask for (rules 6, 8)."""
    scheme = urls.scheme_of(url)
    if scheme == "javascript":
        raise page.failure(f"{what} needs JavaScript", "a link to a page")
    if not urls.is_web(url):
        raise page.failure(f"{what} leads to “{scheme}:”, not to a page", "a link to a page")
    try:
        return in_ascii(url)
    except urls.BadURL as error:
        raise page.failure(f"{what} leads nowhere: {error}", "a link to a page") from error


def sendable(page: Page, url: str, what: str) -> str:
    """*url* in ASCII, if a browser sends a form there (rules 6, 87)."""
    url = askable(page, url, what)
    asked = urls.by_https(url) if page.upgrades_insecure_requests else url
    if directive := policy.forbids(page, asked):
        where = urls.shown(url)
        raise page.failure(
            f"{what} is not sent to {where}: the page's policy forbids it", "a form that is sent", directive
        )
    return url


@contextmanager
def misconfigured(what: str) -> Iterator[None]:
    """Have a bad URL in *what* an operator has written be the operator's fault."""
    try:
        yield
    except urls.BadURL as error:
        raise Misconfigured(f"{what}: {error}") from error
