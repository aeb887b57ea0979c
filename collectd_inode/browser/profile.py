"""The operator's settings for the browser: loading needs them, and not the browser itself, which brings httpx."""

from __future__ import annotations

from dataclasses import dataclass, field

import collectd_inode


def _user_agent() -> str:
    return f"collectd_inode/{collectd_inode.__version__} (+replayed use-case)"


@dataclass(frozen=True, slots=True)
class BrowserProfile:
    """The operator's settings for the browser; ``max_body`` counts decoded bytes."""

    base_url: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str = field(default_factory=_user_agent)
    max_body: int = 10 * 2**20
    max_redirects: int = 20
    allow_private: tuple[str, ...] = ()
    """Hosts inside our own network that a public address may redirect to; ``*.`` stands for all below."""
    own_hosts: frozenset[str] = frozenset()
    """Hosts whose addresses ``Resolve`` gives."""
    auth_user: str | None = None
    auth_password: str | None = field(default=None, repr=False)
    legacy: bool = False
    """Whether links and forms that need scripts are plain links, as in Webrat."""
