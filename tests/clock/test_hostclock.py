"""The host's clock is read through its PTP device, between two readings of ours; what cannot be read is not known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectd_inode.clock.hostclock import Read, behind
from collectd_inode.clock.kernel import KernelSilent, nanoseconds

HOUR = 3600 * 10**9
MILLISECOND = 10**6


def clocks(ours: Sequence[int], theirs: Sequence[int]) -> Read:
    """Two clocks that read so, one reading after the other; ours is number 0, and the last one stays."""
    readings = {True: iter(ours), False: iter(theirs)}
    last = {True: ours[-1], False: theirs[-1]}
    return lambda clock: next(readings[clock == 0], last[clock == 0])


@pytest.fixture
def device(tmp_path: Path) -> str:
    path = tmp_path / "ptp0"
    path.touch()
    return str(path)


@pytest.mark.parametrize(
    ("ours", "theirs", "seconds"),
    [
        ([0], [HOUR], 3600.0),
        ([HOUR], [0], -3600.0),
        ([1000, 3000], [2000, 3000], 0.0),
        # Held up in the first try, which is 2 ms wide, and not in the second.
        ([0, 2 * MILLISECOND, 10 * MILLISECOND], [MILLISECOND * 2, MILLISECOND * 15], 0.005),
        # Somebody set our clock back in the first try.
        ([HOUR, 0, 0], [HOUR, 5 * MILLISECOND], 0.005),
    ],
)
def test_two_clocks(device: str, ours: list[int], theirs: list[int], seconds: float) -> None:
    """Positive where the host's is ahead; the narrowest of a few tries counts."""
    assert behind(device, clocks(ours, theirs)) == seconds


def test_the_clock_s_number_is_that_of_the_open_file(device: str) -> None:
    """clock_gettime(2), FD_TO_CLOCKID: the inverted file, shifted by three, and 3."""
    asked: set[int] = set()

    def read(clock: int) -> int:
        asked.add(clock)
        return 0

    behind(device, read)
    (clock,) = asked - {0}
    assert clock < 0
    assert clock & 7 == 3
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(~(clock >> 3))  # it is closed again


def test_a_machine_that_holds_us_up_each_time(device: str) -> None:
    assert behind(device, clocks(range(0, 10**12, 10**9), [0])) is None


def test_a_device_that_shows_no_time(device: str, tmp_path: Path) -> None:
    """The real kernel refuses an ordinary file, and a device that is not there."""
    assert behind(device) is None
    assert behind(str(tmp_path / "no")) is None
    with pytest.raises(KernelSilent, match="Invalid argument"):
        nanoseconds(-1 << 3 | 3)
