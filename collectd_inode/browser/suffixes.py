"""The public suffix list (https://publicsuffix.org): the site of a host, and domains below which anybody may register.

The list that `publicsuffixlist` ships is read for the first question (40 ms, 3 MB); most runs have none.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from collectd_inode.wire.address import is_numeric


def is_public(domain: str) -> bool:
    """Whether anybody may register below *domain* (``co.uk``, ``github.io``): no cookie is for all of it."""
    return bool(_list().is_public(domain))


def site(host: str) -> str:
    """The registrable domain of *host*: ``example.co.uk`` for ``www.example.co.uk``; the host itself if it has none."""
    if is_numeric(host):
        return host
    return _list().privatesuffix(host) or host


@cache
def _list() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    return PublicSuffixList()
