"""Which hosts are of one site, and which domains are everybody's: the public suffix list (https://publicsuffix.org).

The list that `publicsuffixlist` ships is read when the first question needs it (40 ms, 3 MB): most runs ask none.
"""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Any


def is_public(domain: str) -> bool:
    """Whether anybody may register below *domain* (``co.uk``, ``github.io``): no cookie is for all of it."""
    return bool(_list().is_public(domain))


def site(host: str) -> str:
    """The registrable domain of *host*: ``example.co.uk`` for ``www.example.co.uk``; the host itself if it has none."""
    if is_address(host):
        return host
    return _list().privatesuffix(host) or host


def is_address(host: str) -> bool:
    """Whether *host* is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _list() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    return PublicSuffixList()
