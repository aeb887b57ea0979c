"""The only sockets and the only stopwatch.  Knows nothing of runs: it returns measurements."""

from collectd_inode.model import Phase, Stamps
from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.deadline import deadline
from collectd_inode.wire.errors import (
    CertificateRefused,
    ConnectFailed,
    OutOfFiles,
    ProtocolBroken,
    ResolveFailed,
    TLSFailed,
    WireError,
)
from collectd_inode.wire.measure import Exchange

__all__ = [
    "SYSTEM_CLOCK",
    "CertificateRefused",
    "Clock",
    "ConnectFailed",
    "Exchange",
    "OutOfFiles",
    "Phase",
    "ProtocolBroken",
    "ResolveFailed",
    "Stamps",
    "TLSFailed",
    "WireError",
    "deadline",
]
