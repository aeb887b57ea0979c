"""A badly behaved neighbour: keeps the interpreter's lock busy from a thread of its own, inside collectd."""

from __future__ import annotations

import threading

import collectd  # type: ignore[import-not-found]  # built into the daemon's interpreter

_stop = threading.Event()


def _spin() -> None:
    while not _stop.is_set():
        sum(range(10_000))


collectd.register_init(lambda: threading.Thread(target=_spin, daemon=True).start())
collectd.register_shutdown(_stop.set)
