"""The wire's measurements of one exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectd_inode.model import Phase, Stamps


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, timed.

    ``phases`` are seconds; a phase that did not happen (a reused connection has no connect) is absent, never 0.
    ``bytes`` is the size of the body as it came over the wire.  ``finished`` is False for an exchange that broke off.
    """

    host: str
    phases: Mapping[Phase, float]
    stamps: Stamps = Stamps.ELAPSED
    response_code: int | None = None
    bytes: int = 0
    finished: bool = True
    certificates: Mapping[str, float] = field(default_factory=dict)
    """Host → end of its leaf certificate's validity (epoch seconds), for each TLS handshake of this exchange."""

    presented: Mapping[str, str] = field(default_factory=dict)
    """Host → what its leaf certificate says of itself, for each of these handshakes."""

    address: str = ""
    """The address of `host` that was asked; empty behind a proxy, and where it came to none."""

    doing: str = ""
    """The activity that was interrupted: "connecting to www (192.0.2.7:80)"."""

    lane: int = 0
    """The lane that it was in: exchanges of one lane follow each other, those of others happen at the same time."""

    @property
    def seconds(self) -> float:
        """The exchange's latency."""
        return sum(self.phases.values())
