"""The host's clock, as a hypervisor shows it to its guest: a PTP device (``/dev/ptp0``) whose name is the hypervisor's.

A second opinion that needs no network.  A network card's PTP clock is none: it may hold TAI, or seconds since the
machine was switched on.  Most distributions let root alone read these devices.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from collectd_inode.clock.kernel import KernelSilent, nanoseconds

NAMES = {"KVM virtual PTP": "KVM", "hyperv": "Hyper-V", "ptp_vmw": "VMware"}
"""The device's name in ``/sys/class/ptp/*/clock_name`` → the hypervisor whose host's clock it shows, in UTC."""

_CLOCK_REALTIME = 0
_CLOCK_OF_A_FILE = 3
_TOO_WIDE = 100_000_000
_TRIES = 5

Read = Callable[[int], int]
"""A clock's number → its nanoseconds; raises KernelSilent."""


def behind(device: str, read: Read = nanoseconds) -> float | None:
    """Seconds that this clock is behind the host's; None if the device may not or cannot be read."""
    try:
        file = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _compared(_clock_of(file), read)
    except KernelSilent:
        return None
    finally:
        os.close(file)


def _clock_of(file: int) -> int:
    """The number of the clock behind an open file: FD_TO_CLOCKID of clock_gettime(2)."""
    return (~file << 3) | _CLOCK_OF_A_FILE


def _compared(clock: int, read: Read) -> float | None:
    """The host's clock is read between two readings of ours, and the narrowest of a few tries counts."""
    tries = [_try(clock, read) for _ in range(_TRIES)]
    # Whoever sets our clock in between makes a try wide, or less than nothing.
    return min((apart for apart in tries if 0 <= apart[0] <= _TOO_WIDE), default=(0, None))[1]


def _try(clock: int, read: Read) -> tuple[int, float]:
    before, theirs, after = read(_CLOCK_REALTIME), read(clock), read(_CLOCK_REALTIME)
    return after - before, (theirs - (before + after) // 2) / 1e9
