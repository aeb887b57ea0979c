"""The kernel's view of its clock: adjtimex(2), changing nothing, and a comparison of two clocks.

No privileges are needed for either.  `time` lives in wire/ and has no adjtimex, so both go through ctypes here.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

UNSYNCHRONISED_ERROR = 16.0
"""Seconds: the kernel's NTP_PHASE_LIMIT, the maximum error of a clock that nothing vouches for."""

_STATES = ("ok", "insert", "delete", "leap", "wait", "error")
_STA_UNSYNC = 0x40
_PENDING = {0x10: "insert", 0x20: "delete"}
"""The flags STA_INS and STA_DEL, which the return value hides where it is the kernel's error (STA_UNSYNC)."""
_PASSED = ("leap", "wait")
_MICROSECONDS = 1e-6
_PPM = 1 / 65536
_CLOCK_REALTIME, _CLOCK_BOOTTIME = 0, 7
_SIZES = {8: 208, 4: 128}
"""Bytes of a C long → bytes of struct timex."""
_WIDE_FIELDS = "x86_64-linux-gnux32"
"""Architectures with short longs and long kernel fields, which are rejected."""
_ROOM = 512
"""The buffer for the call: larger than any struct timex, so that a wrong guess can spoil no memory."""


class KernelSilent(Exception):
    """The kernel cannot be queried; the text says why."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The result of adjtimex(2): errors in seconds, the frequency's correction in ppm, microseconds a tick.

    ``state`` is its return value in words: ok, insert, delete, leap, wait (leap seconds) or error.  A leap second that
    is pending comes before an error: the kernel inserts it anyway.
    """

    state: str
    max_error: float
    estimated_error: float
    frequency_offset: float
    tick: int
    flagged: bool = False
    """Whether the flag STA_UNSYNC is set."""

    @property
    def synchronised(self) -> bool:
        """Whether something vouches for the clock: its maximum error is below the kernel's limit.

        The rule of systemd's ``timedatectl``.  STA_UNSYNC alone says less: without ``rtcsync``, chronyd leaves it set
        only to keep the kernel from writing the hardware clock.  If nothing keeps the clock, the maximum error grows by
        500 ppm until it reaches the limit; a clock that is set starts there.
        """
        return self.max_error < UNSYNCHRONISED_ERROR


def timex(long: Any) -> type[ctypes.Structure]:
    """struct timex of <sys/timex.h> where a C long is *long*."""
    names = "offset freq maxerror esterror | constant precision tolerance time_s time_us tick ppsfreq jitter"
    longs, more = (part.split() for part in names.split("|"))
    fields = [
        ("modes", ctypes.c_uint),
        *((name, long) for name in longs),
        ("status", ctypes.c_int),
        *((name, long) for name in more),
        ("shift", ctypes.c_int),
        *((name, long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    ]
    return type("timex", (ctypes.Structure,), {"_fields_": fields})


def interpreted(answer: Any, state: int) -> Kernel:
    """The meaning of a struct timex that the kernel has filled in, and of the call's return value."""
    returned = _STATES[state] if 0 <= state < len(_STATES) else str(state)
    pending = next((word for flag, word in _PENDING.items() if answer.status & flag), returned)
    return Kernel(
        state=returned if returned in _PASSED else pending,
        max_error=answer.maxerror * _MICROSECONDS,
        estimated_error=answer.esterror * _MICROSECONDS,
        frequency_offset=answer.freq * _PPM,
        tick=answer.tick,
        flagged=bool(answer.status & _STA_UNSYNC),
    )


def ask() -> Kernel:
    """Query the kernel; raises KernelSilent where that fails (a sandbox, an unknown architecture)."""
    kind = timex(ctypes.c_long)
    known = ctypes.sizeof(kind) == _SIZES.get(ctypes.sizeof(ctypes.c_long))
    if not known or getattr(sys.implementation, "_multiarch", "") == _WIDE_FIELDS:
        raise KernelSilent(f"adjtimex: its layout on {os.uname().machine} is not known")
    room = (ctypes.c_char * _ROOM)()
    answer: Any = kind.from_buffer(room)  # all zero: modes 0 changes nothing
    try:
        state = _libc().adjtimex(ctypes.byref(answer))
    except AttributeError:
        raise KernelSilent("adjtimex: this system's C library has no such call") from None
    if state < 0:
        raise KernelSilent(f"adjtimex: {os.strerror(ctypes.get_errno())}")
    return interpreted(answer, state)


@cache
def _libc() -> ctypes.PyDLL:
    # PyDLL keeps the interpreter's lock: these calls take a microsecond, and another thread must not come in between.
    return ctypes.PyDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One look at two clocks, in nanoseconds: the settable one, and the time since boot, slept through or not."""

    realtime: int
    boottime: int

    @property
    def offset(self) -> int:
        """The difference that is constant until somebody sets the clock (nanoseconds)."""
        return self.realtime - self.boottime


_GOOD_ENOUGH = 100_000
_TOO_WIDE = 100_000_000
_TRIES = 5


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def nanoseconds(clock: int) -> int:
    """Read a clock by its number; raises KernelSilent where there is none."""
    read = _Timespec()
    if _libc().clock_gettime(clock, ctypes.byref(read)) < 0:
        raise KernelSilent(f"clock_gettime: {os.strerror(ctypes.get_errno())}")
    return int(read.seconds) * 10**9 + int(read.nanoseconds)


def look(read: Callable[[int], int] = nanoseconds) -> ClockReading | None:
    """Read both clocks at nearly the same instant; None if we were delayed each time.

    One clock is read between two readings of the other, and the narrowest of a few tries counts.

    CLOCK_BOOTTIME, because the offset to it changes only when the clock is *set*: a daemon that slews the clock
    (chronyd by up to 8 %, 5 s a minute) slews both, and both count the time that a machine has slept.
    CLOCK_MONOTONIC_RAW is not slewed and does not count sleep: against it each of these would look like a step.
    """
    best: tuple[int, ClockReading] | None = None
    for _ in range(_TRIES):
        before, realtime, after = read(_CLOCK_BOOTTIME), read(_CLOCK_REALTIME), read(_CLOCK_BOOTTIME)
        width = after - before
        if best is None or width < best[0]:
            best = width, ClockReading(realtime, before + width // 2)
        if width <= _GOOD_ENOUGH:
            break
    return best[1] if best is not None and best[0] <= _TOO_WIDE else None


@dataclass(frozen=True, slots=True)
class Instruments:
    """The kernel's functions that a probe calls; tests replace them."""

    ask: Callable[[], Kernel] = ask
    look: Callable[[], ClockReading | None] = look


SYSTEM_INSTRUMENTS = Instruments()
