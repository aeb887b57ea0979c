"""Runs inside collectd: writes the number of asyncio's tasks into a file every few seconds, one number a line."""

from __future__ import annotations

import asyncio
from typing import Any

import collectd  # type: ignore[import-not-found]  # built into the daemon's interpreter

SECONDS = 5.0

_file: Any = None


def _config(node: Any) -> None:
    global _file  # noqa: PLW0603  # collectd's callbacks have nowhere else to keep it
    _file = open(node.children[0].values[0], "a", encoding="utf-8", buffering=1)  # noqa: SIM115


def _read() -> None:
    # Not gc.get_objects(): it shows tuples that another thread is still making, which is a SystemError in that thread.
    from collectd_inode.wire import workers  # the daemon has loaded it by now

    tasks = sum(len(asyncio.all_tasks(loop)) for loop in tuple(workers._LOOPS))
    _file.write(f"{tasks}\n")


collectd.register_config(_config, name="census")
collectd.register_read(_read, SECONDS)
