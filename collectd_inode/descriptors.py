"""The largest number of runs at the same time, by the descriptors that this process may still open."""

from __future__ import annotations

import os
import resource

_USUALLY_OPEN = 64
"""The number of open descriptors, if it cannot be counted."""
_FEWEST_AT_ONCE = 8
_DESCRIPTORS_KEPT = 64


def most_at_once() -> int:
    """The largest number of runs at the same time: each needs one or two descriptors, like the rest of the daemon."""
    try:
        taken = len(os.listdir("/proc/self/fd"))
    except OSError:  # a chroot without /proc
        taken = _USUALLY_OPEN
    return at_once(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - taken)


def at_once(free: int) -> int:
    """The same for a process with this number of descriptors *free*."""
    return max(_FEWEST_AT_ONCE, (free - _DESCRIPTORS_KEPT) // 2)
