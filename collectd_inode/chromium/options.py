"""The operator's settings for the browser and for how pages are viewed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from collectd_inode.wire.address import without_port

WAIT_FOR = 5.0
"""The default of seconds that a positive expectation waits."""
WINDOW = (1280, 800)


def usual_jobs() -> int:
    """The largest number of runs at once: one a core, two at most."""
    return max(1, min(2, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class BrowserProgram:
    """The options of a browser's start; runs with the same options share a browser.

    ``resolve`` is host, maybe with a port → (address, port or None).  ``user`` is its user under root.
    """

    path: str | None = None
    user: str | None = None
    resolve: tuple[tuple[str, tuple[str, int | None]], ...] = ()
    ca_cert: str | None = None
    verify: bool = True
    minimum_tls: str = "1.2"


@dataclass(frozen=True, slots=True)
class Options:
    """The way that pages are requested and viewed in one scenario's runs."""

    program: BrowserProgram = field(default_factory=BrowserProgram)
    jobs: int = field(default_factory=usual_jobs)
    window: tuple[int, int] = WINDOW
    locale: str | None = None
    time_zone: str | None = None
    block: tuple[str, ...] = ()
    """Hosts, ``*.`` for all below one, that get no requests."""
    wait_for: float = WAIT_FOR
    user_agent: str | None = None
    proxy: str | None = None

    @property
    def own_hosts(self) -> frozenset[str]:
        """The hosts whose addresses the operator has given."""
        return frozenset(without_port(host) for host, _ in self.program.resolve)
