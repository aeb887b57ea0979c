"""The targets that a page's Content-Security-Policy allows for forms: ``form-action`` (CSP 3, 6.4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from collectd_inode.page import urls
from collectd_inode.page.page import Page

_HOST_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?P<port>\d+|\*))?(?P<path>/\S*)?",
    re.IGNORECASE,
)
_SCHEME_SOURCE = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def forbids(page: Page, url: str) -> str:
    """The directive of *page* that keeps a browser from sending a form to *url*; empty if none does."""
    for sources in _lists(page):
        if not any(_fits(source, page.url, url) for source in sources):
            return " ".join(("form-action", *sources))
    return ""


def _lists(page: Page) -> Iterator[list[str]]:
    """The sources of each policy that has some: of the header, and of what the head says."""
    if not any("form-action" in text.lower() for text in (page.headers.get(_HEADER, ""), page.source)):
        return
    metas = (m for m in page.elements("meta") if (m.get("http-equiv") or "").lower() == _HEADER)
    for policies in (page.headers.get(_HEADER, ""), *(m.get("content") or "" for m in metas)):
        for policy in policies.split(","):
            directives = (directive.split() for directive in policy.split(";"))
            found = next((d for d in directives if d and d[0].lower() == "form-action"), None)
            if found is not None:
                yield found[1:]


_HEADER = "content-security-policy"


def _fits(source: str, home: str, url: str) -> bool:
    """Whether the expression *source*, in a policy of *home*, names *url* (6.7.2.8)."""
    target, origin = urlsplit(url), urls.origin(home)
    if source == "*":
        return urls.is_web(url)
    if source.lower() == "'self'":
        return _is_scheme(origin[0], target.scheme) and (urls.origin(url)[1:] == origin[1:] or _is_upgrade(home, url))
    if (scheme := _SCHEME_SOURCE.fullmatch(source)) is not None:
        return _is_scheme(scheme[1], target.scheme)
    named = _HOST_SOURCE.fullmatch(source)
    if named is None or not _is_scheme(named["scheme"] or origin[0], target.scheme):
        return False
    return _is_host(named["host"], target.hostname or "") and _is_port(named["port"], url) and _is_path(named, url)


def _is_scheme(wanted: str, scheme: str) -> bool:
    return wanted.lower() == scheme or (wanted.lower() == "http" and scheme == "https")


def _is_upgrade(home: str, url: str) -> bool:
    """Whether *url* is *home*'s origin with TLS, at the usual ports."""
    here, there = urls.origin(home), urls.origin(url)
    return (here[0], here[2], there[0], there[2]) == ("http", 80, "https", 443) and here[1] == there[1]


def _is_host(wanted: str, host: str) -> bool:
    if wanted.startswith("*"):
        return host.endswith(wanted[1:].lower())
    return wanted.lower() == host


def _is_port(wanted: str | None, url: str) -> bool:
    scheme, _, port = urls.origin(url)
    if wanted is None:
        return port == urls.DEFAULT_PORTS[scheme]
    return wanted == "*" or int(wanted) == port or (int(wanted) == 80 and port == 443)


def _is_path(named: re.Match[str], url: str) -> bool:
    wanted, path = unquote(named["path"] or ""), unquote(urlsplit(url).path or "/")
    return wanted in ("", path) or (wanted.endswith("/") and path.startswith(wanted))
