"""Runs inside collectd: a Python plugin that never rests, and so keeps the interpreter from whoever else wants it."""

from __future__ import annotations

import threading

import collectd  # type: ignore[import-not-found]  # built into the daemon's interpreter

_over = threading.Event()


def _spin() -> None:
    while not _over.is_set():
        sum(range(10_000))


def _start() -> None:
    threading.Thread(target=_spin, daemon=True).start()


collectd.register_init(_start)
collectd.register_shutdown(_over.set)
