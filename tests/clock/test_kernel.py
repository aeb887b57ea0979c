"""The kernel is asked without privileges and nothing is changed; what it answers is interpreted as timedatectl does."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable

import pytest

from collectd_inode.clock import kernel
from collectd_inode.clock.kernel import ClockReading, Kernel, KernelSilent, interpreted, look, timex
from tests.helpers.machines import SYNCHRONISED, UNSYNCHRONISED

STA_UNSYNC = 0x40


def answer(**fields: int) -> ctypes.Structure:
    return timex(ctypes.c_int64)(**fields)


@pytest.mark.parametrize(("long", "size"), [(ctypes.c_int64, 208), (ctypes.c_int32, 128)])
def test_the_layout_is_that_of_the_header(long: type, size: int) -> None:
    """On 64 bits and on 32."""
    assert ctypes.sizeof(timex(long)) == size


def test_a_made_up_answer() -> None:
    """Microseconds become seconds, and 2^-16 ppm become ppm."""
    filled = answer(maxerror=12_000, esterror=500, freq=-212_992, tick=10000, status=0x2001)
    assert interpreted(filled, 0) == SYNCHRONISED
    assert SYNCHRONISED.synchronised


def test_a_clock_nobody_vouches_for() -> None:
    """The maximum error has run into the kernel's limit."""
    filled = answer(maxerror=16_000_000, esterror=16_000_000, tick=10000, status=STA_UNSYNC)
    assert interpreted(filled, 5) == UNSYNCHRONISED
    assert not UNSYNCHRONISED.synchronised


def test_the_flag_alone_does_not_make_it_unsynchronised() -> None:
    """chronyd without rtcsync leaves STA_UNSYNC set, and adjtimex returns TIME_ERROR for it."""
    found = interpreted(answer(maxerror=20_000, tick=10000, status=STA_UNSYNC), 5)
    assert found == Kernel("error", 0.02, 0.0, 0.0, 10000, flagged=True)
    assert found.synchronised


@pytest.mark.parametrize(
    ("returned", "status", "state"),
    [
        (0, 0x0001, "ok"),
        (1, 0x0011, "insert"),
        (2, 0x0021, "delete"),
        (0, 0x0011, "insert"),  # set within this second
        (5, 0x0050, "insert"),  # chronyd without rtcsync: TIME_ERROR hides TIME_INS
        (5, 0x0060, "delete"),
        (5, 0x0040, "error"),
        (3, 0x0011, "leap"),
        (4, 0x0011, "wait"),  # it is over, and the daemon has not cleared the flag yet
    ],
)
def test_a_leap_second_that_is_pending(returned: int, status: int, state: str) -> None:
    """By the flags STA_INS (0x10) and STA_DEL (0x20), also beside STA_UNSYNC (0x40)."""
    assert interpreted(answer(status=status), returned).state == state


def test_a_state_that_we_do_not_know_is_its_number() -> None:
    assert interpreted(answer(), 9).state == "9"


def test_this_machine_s_kernel_is_asked() -> None:
    """What it says is within what any kernel says; a tick is 10 ms, give or take a tenth."""
    found = kernel.ask()
    assert found.estimated_error >= 0
    assert 0 <= found.max_error <= 16
    assert -500 <= found.frequency_offset <= 500
    assert 9000 <= found.tick <= 11000


def test_an_unknown_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than figures from the wrong places."""
    monkeypatch.setattr(kernel, "_SIZES", {})
    with pytest.raises(KernelSilent, match=r"^adjtimex: its layout on \w+ is not known$"):
        kernel.ask()


class Refusing:
    """A C library in a sandbox."""

    def adjtimex(self, _: object) -> int:
        ctypes.set_errno(1)
        return -1


@pytest.mark.parametrize(
    ("libc", "said"),
    [
        (Refusing(), "adjtimex: Operation not permitted"),
        (object(), "adjtimex: this system's C library has no such call"),
    ],
)
def test_a_kernel_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, libc: object, said: str) -> None:
    """A seccomp filter, another system: one exception with a sentence."""
    monkeypatch.setattr(kernel, "_libc", lambda: libc)
    with pytest.raises(KernelSilent) as caught:
        kernel.ask()
    assert str(caught.value) == said


def clocks(readings: Iterable[int]) -> kernel.ClockReading | None:
    series = iter(readings)
    return look(lambda clock: next(series))


def test_a_look_reads_one_clock_between_two_readings_of_the_other() -> None:
    assert clocks([1000, 50_000, 3000]) == ClockReading(50_000, 2000)


def test_a_look_that_was_held_up_is_taken_again() -> None:
    """The narrowest of five counts."""
    wide = [0, 7, 2_000_000]
    narrower = [5_000_000, 9, 5_200_000]
    assert clocks([*wide, *narrower, *wide, *wide, *wide]) == ClockReading(9, 5_100_000)


def test_a_look_that_is_held_up_each_time_is_none() -> None:
    """A step of half a second could not be told from our own delay."""
    assert clocks([0, 7, 200_000_000] * 5) is None


def test_this_machine_s_clocks_are_looked_at() -> None:
    """Nobody steps the clock while the tests run: two looks agree."""
    first, second = look(), look()
    assert first is not None
    assert second is not None
    assert second.boottime > first.boottime
    assert abs(second.offset - first.offset) < 100_000_000
