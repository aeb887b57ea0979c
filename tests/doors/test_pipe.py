"""Standard output as a way to collectd: it never blocks, never breaks a line, and knows when nobody reads any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_inode.doors.outbox import Outbox
from collectd_inode.doors.pipe import Pipe, taken
from collectd_inode.report.values import Value
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from tests.helpers.examples import HUNG


def value(instance: str, time: float) -> Value:
    return Value("", "scenario", instance, "bool", "success", 1.0, time, 60.0)


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


def later(seconds: float) -> float:
    return SYSTEM_CLOCK.monotonic() + seconds


def test_what_waits_is_written(ends: tuple[int, int]) -> None:
    """Each value in its line; what has been written is collectd's."""
    reading, writing = ends
    box = Outbox("probe1")
    for time in (60.0, 120.0):
        box.put(value("web-home", time), SYSTEM_CLOCK.monotonic())
    pipe = Pipe(box, writing)
    pipe.pump(later(HUNG))
    line = b'PUTVAL "probe1/scenario-web-home/bool-success" interval=60.000000 %b:1.0\n'
    assert os.read(reading, 65536) == line % b"60.000000" + line % b"120.000000"
    assert box.sent == {("", "scenario", "web-home"): 120.0}
    assert (pipe.waits, pipe.gone) == (False, False)
    os.close(reading)


def test_what_a_step_prints_is_no_value(tmp_path: Path) -> None:
    """It goes where collectd reads the log; what is no pipe is left alone."""
    reading, writing = os.pipe()
    log, logged = os.pipe()
    ours = taken(writing, logged)
    os.write(writing, b"printed\n")
    os.write(ours, b"PUTVAL\n")
    assert (os.read(log, 100), os.read(reading, 100)) == (b"printed\n", b"PUTVAL\n")
    with (tmp_path / "file").open("wb") as file:
        assert taken(file.fileno()) == file.fileno()
    for descriptor in (reading, writing, log, logged, ours):
        os.close(descriptor)


def test_a_full_pipe_holds_up_nobody(ends: tuple[int, int]) -> None:
    """What does not fit waits, whole; when there is room again it goes on with the very next line."""
    reading, writing = ends
    box = Outbox("probe1")
    for number in range(2000):
        box.put(value(f"job{number}", 60.0), SYSTEM_CLOCK.monotonic())
    pipe = Pipe(box, writing)
    pipe.pump(later(0.0))
    assert pipe.waits
    assert 0 < len(box.sent) < 2000
    octets = b""
    while pipe.waits or not octets.endswith(b'job1999/bool-success" interval=60.000000 60.000000:1.0\n'):
        octets += os.read(reading, 65536)
        pipe.pump(later(0.0))
    names = [line.split(b'"')[1].decode() for line in octets.splitlines()]
    assert names == [f"probe1/scenario-job{number}/bool-success" for number in range(2000)]
    assert box.lost() == 0
    os.close(reading)


def test_nobody_reads_any_more(ends: tuple[int, int]) -> None:
    """Waiting ends at once, and so does writing."""
    reading, writing = ends
    wake = os.eventfd(0)
    box = Outbox("probe1")
    pipe, other = Pipe(box, writing), Pipe(box, writing)
    os.close(reading)
    pipe.rest(later(HUNG), wake)
    assert pipe.gone
    box.put(value("a", 60.0), SYSTEM_CLOCK.monotonic())
    other.pump(later(HUNG))
    assert (other.gone, len(box), box.sent) == (True, 1, {})
    os.close(wake)


def test_a_rest_ends_when_somebody_wants_something(ends: tuple[int, int]) -> None:
    """A stop does not wait for the second to pass."""
    reading, writing = ends
    wake = os.eventfd(1)
    Pipe(Outbox("probe1"), writing).rest(later(10 * HUNG), wake)
    os.close(wake)
    os.close(reading)


def test_it_ends_after_collectd(ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What stops us is about to end, and does not take our end well; it is waited for, but not for long."""
    reading, writing = ends
    box = Outbox("probe1")
    first = Pipe(box, writing)
    monkeypatch.setattr("collectd_inode.doors.pipe.LEAVE_SECONDS", 0.01)
    first.close()
    assert not first.gone
    monkeypatch.setattr("collectd_inode.doors.pipe.LEAVE_SECONDS", HUNG)
    os.close(reading)
    first.close()
    assert first.gone
    with (tmp_path / "file").open("wb") as file:
        Pipe(box, file.fileno()).close()  # somebody's own: there is nobody to wait for


def test_it_writes_nothing_to_a_collectd_that_stops(ends: tuple[int, int]) -> None:
    """What collectd reads while it frees its lists can be its crash; in a shell nobody stops with us."""
    reading, writing = ends
    box = Outbox("probe1")
    for time in (60.0, 120.0):
        box.put(value("web-home", time), SYSTEM_CLOCK.monotonic())

    class Stopping(Clock):
        """The clock that a pipe asks between two rounds: collectd stops us there."""

        def monotonic(self) -> float:
            if box.sent:
                pipe.leave()
            return SYSTEM_CLOCK.monotonic()

    pipe = Pipe(box, writing, Stopping())
    pipe.pump(later(HUNG))
    assert os.read(reading, 65536).endswith(b" 60.000000:1.0\n")
    assert (box.sent, len(box)) == ({("", "scenario", "web-home"): 60.0}, 1)
    os.close(reading)
