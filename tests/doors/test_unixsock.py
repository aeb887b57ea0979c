"""collectd's unixsock as a way to it: answers are read, and what has none goes again to the next collectd."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectd_inode.doors.outbox import KEPT_SECONDS, Outbox
from collectd_inode.doors.unixsock import Unixsock
from collectd_inode.report.values import Value
from collectd_inode.wire import SYSTEM_CLOCK
from tests.helpers.examples import HUNG, logged

OK = b"0 Success: 1 value has been dispatched.\n"


def value(instance: str, time: float = 60.0, type: str = "bool") -> Value:
    return Value("", "scenario", instance, type, "success", 1.0, time, 60.0)


def later(seconds: float = HUNG) -> float:
    return SYSTEM_CLOCK.monotonic() + seconds


class Peer:
    """Listens as collectd does, to one at a time; ``answer`` gives what it says to a line, None: it hangs up."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None]) -> None:
        self.lines: list[bytes] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._path = path

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
                for line in lines:
                    if line == b"stop\n":
                        return
                    self.lines.append(line)
                    said = self._answer(line)
                    if said is None:
                        break
                    connection.sendall(said)

    def stop(self) -> None:
        with socket.socket(socket.AF_UNIX) as made:
            made.connect(str(self._path))
            made.sendall(b"stop\n")
        self._thread.join(HUNG)
        self._listener.close()
        self._path.unlink()


@contextmanager
def peer(path: Path, answer: Callable[[bytes], bytes | None]) -> Iterator[Peer]:
    made = Peer(path, answer)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def box() -> Outbox:
    return Outbox("probe1")


def put(box: Outbox, *values: Value) -> None:
    for one in values:
        box.put(one, SYSTEM_CLOCK.monotonic())


def test_what_waits_is_sent_and_confirmed(tmp_path: Path, box: Outbox) -> None:
    """Thousands of lines, far more than the socket holds: each is answered, and only then collectd's."""
    put(box, *(value(f"job{number}") for number in range(3000)))
    with peer(tmp_path / "sock", lambda _: OK) as collectd:
        way = Unixsock(box, str(tmp_path / "sock"))
        way.pump(later())
        assert (way.waits, len(collectd.lines), len(box.sent), box.lost()) == (False, 3000, 3000, 0)
        way.close()


def test_what_collectd_does_not_take_is_counted(tmp_path: Path, box: Outbox) -> None:
    """And told once, with its series and collectd's words; the rest goes on."""
    put(box, value("a", 60.0, "nope"), value("b"), value("a", 120.0, "nope"))

    def answer(line: bytes) -> bytes:
        return b"-1 Type `nope' isn't defined.\n" if b"nope" in line else OK

    with logged() as lines, peer(tmp_path / "sock", answer):
        way = Unixsock(box, str(tmp_path / "sock"))
        way.pump(later())
        way.close()
    assert (box.lost(), box.sent) == (2, {("", "scenario", "b"): 60.0})
    assert lines == [
        "ERROR collectd did not get a line: probe1/scenario-a/nope-success: -1 Type `nope' isn't defined.",
    ]


def test_what_has_no_answer_goes_to_the_next_collectd(tmp_path: Path, box: Outbox) -> None:
    """It may have taken the first two and died: they are sent once more, in their order."""
    path = tmp_path / "sock"
    put(box, *(value(name) for name in "abc"))
    way = Unixsock(box, str(path))
    with logged() as lines:
        way.pump(later())
        with peer(path, lambda line: None if b"-b/" in line else OK):
            way.pump(later())
        way.pump(later())
        with peer(path, lambda _: OK) as second:
            way.pump(later())
            assert [line.split(b'"')[1].decode() for line in second.lines] == [
                "probe1/scenario-b/bool-success",
                "probe1/scenario-c/bool-success",
            ]
            way.close()
    assert (box.lost(), sorted(job[2] for job in box.sent)) == (0, ["a", "b", "c"])
    away = f"WARNING {path}: %s: collectd's unixsock plugin cannot be reached; values wait, for 60 s at most"
    assert lines == [
        away % "No such file or directory",
        f"INFO {path}: connected to collectd; 3 lines to send",
        away % "collectd has closed the connection",
        away % "No such file or directory",
        f"INFO {path}: connected to collectd; 2 lines to send",
    ]


def test_a_collectd_that_stands_still_holds_up_nobody(tmp_path: Path, box: Outbox) -> None:
    """What it has not answered waits; when it goes on, nothing is sent twice."""
    path, goes_on = tmp_path / "sock", threading.Event()

    def answer(_: bytes) -> bytes:
        goes_on.wait(HUNG)
        return OK

    put(box, *(value(f"job{number}") for number in range(3000)))
    with peer(path, answer) as collectd:
        way = Unixsock(box, str(path))
        way.pump(later(0.05))
        assert (way.waits, box.sent) == (True, {})
        goes_on.set()
        way.pump(later())
        assert (way.waits, len(collectd.lines), len(box.sent)) == (False, 3000, 3000)
        way.close()


class Skips:
    """The machine's clock, some seconds ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return SYSTEM_CLOCK.monotonic() + self.ahead


def test_a_collectd_that_never_answers_is_left(tmp_path: Path, box: Outbox) -> None:
    """After a minute the connection is given up; what was on it is too old by then."""
    clock = Skips()
    put(box, value("a"))
    with logged() as lines, peer(tmp_path / "sock", lambda _: b""):
        way = Unixsock(box, str(tmp_path / "sock"), clock)  # type: ignore[arg-type]  # all of it that is asked
        way.pump(later(0.05))
        clock.ahead = KEPT_SECONDS + 1
        way.pump(clock.monotonic() + 0.05)
        assert [line.split(": ")[1] for line in lines] == ["no answer within 60 s"]
        way.pump(clock.monotonic() + 0.05)
        way.close()
    assert (box.lost(), len(box)) == (1, 0)


@pytest.mark.parametrize("answer", [b"0\n" * 3, b"x" * 5000])
def test_somebody_else_s_socket(tmp_path: Path, box: Outbox, answer: bytes) -> None:
    """What does not answer as collectd does is told, and nothing counts as sent to it twice."""
    put(box, value("a"), value("b"))
    with logged() as lines, peer(tmp_path / "sock", lambda _: answer):
        way = Unixsock(box, str(tmp_path / "sock"))
        for _ in range(2):
            way.pump(later())
        way.close()
    assert "the program at this socket is not collectd" in lines[0]


def test_a_rest_ends_when_somebody_wants_something(tmp_path: Path, box: Outbox) -> None:
    """A stop does not wait for the second to pass."""
    wake = os.eventfd(1)
    Unixsock(box, str(tmp_path / "sock")).rest(later(10 * HUNG), wake)
    os.close(wake)
