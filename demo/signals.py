"""Ctrl-C, SIGTERM and SIGHUP end the demonstration in the same way: by an exception, so that every ``with`` is left."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_came: list[int] = []


class Stopped(BaseException):
    """Somebody pressed Ctrl-C or sent a signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def listen() -> None:
    """From now on a signal that ends the demonstration raises `Stopped`."""
    for number in ENDING:
        signal.signal(number, _stop)


@contextmanager
def deaf() -> Iterator[None]:
    """Inside, these signals are ignored: nothing may keep us from seeing the end of what we started."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        listen()


def check() -> None:
    """Raise `Stopped` if a signal has come; whatever ran at that moment may have swallowed the first."""
    if _came:
        raise Stopped(_came[0])


def _stop(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
    raise Stopped(number)
