"""What the wire measured: the phases of one exchange, and how far its stamps can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """A part of an exchange's time, in the words of blackbox_exporter; each stands alone, none contains another."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    TRANSFER = "transfer"


class Stamps(StrEnum):
    """Who took the time: the kernel at the socket, or our own clock after we woke up."""

    KERNEL = "kernel"
    ELAPSED = "elapsed"


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

    doing: str = ""
    """What was being done when it broke off: "connecting to www (192.0.2.7:80)"."""

    @property
    def seconds(self) -> float:
        """The exchange's latency."""
        return sum(self.phases.values())
