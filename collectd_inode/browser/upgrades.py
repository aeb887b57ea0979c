"""The addresses that a browser requests by https in place of http (RFC 6797, HTTP Strict Transport Security)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from collectd_inode.page.urls import by_https
from collectd_inode.wire.address import is_numeric

_DIRECTIVE = re.compile(r"([\w-]+)\s*(?:=\s*\"?([^\";]*)\"?)?\s*", re.ASCII)


@dataclass(slots=True)
class StrictHosts:
    """The hosts that required https in this run (Strict-Transport-Security)."""

    _until: dict[str, tuple[float, bool]] = field(default_factory=dict)
    """Host → end, and whether it includes subdomains."""

    def told(self, url: str, header: str, now: float) -> None:
        """Take the Strict-Transport-Security *header* of *url*; only https may set it (8.1)."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        given = _directives(header)
        age = given.get("max-age", "")
        if parts.scheme != "https" or is_numeric(host) or not re.fullmatch(r"\d+", age, re.ASCII):
            return
        if int(age[:15]) == 0:
            self._until.pop(host, None)
        else:
            self._until[host] = now + int(age[:15]), "includesubdomains" in given

    def upgraded(self, url: str, now: float) -> str:
        """*url*, by https if its host, or one above it, requires that (8.2, 8.3)."""
        if not self._until or not url.startswith("http:"):
            return url
        host = urlsplit(url).hostname or ""
        labels = host.split(".")
        for above in range(len(labels)):
            until, for_all = self._until.get(".".join(labels[above:]), (0.0, False))
            if until > now and (for_all or above == 0):
                return by_https(url)
        return url


def _directives(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in header.split(";"):
        if match := _DIRECTIVE.fullmatch(part.strip()):
            found.setdefault(match[1].lower(), (match[2] or "").strip())
    return found
