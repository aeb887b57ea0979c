"""Threads for the calls that block and cannot be cancelled: name lookups, files.

asyncio's own executor is joined when the interpreter ends: one name server that does not answer would hold up the
daemon's stop (measured: 14 s).  These threads are daemonic and never waited for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from collectd_inode.wire.stamps import kept_on

T = TypeVar("T")

WORKERS = 32


class DaemonPool(ThreadPoolExecutor):
    """One daemon thread a call, at most `WORKERS` at once; `shutdown` waits for nothing.

    A subclass of ThreadPoolExecutor only because asyncio insists on the class; none of its machinery is used.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self._places = threading.Semaphore(WORKERS)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call *fn* in a thread of its own."""
        future: Future[T] = Future()

        def work() -> None:
            with self._places:
                if not future.set_running_or_notify_cancel():
                    return
                try:
                    result = fn(*args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)

        threading.Thread(target=work, daemon=True, name="collectd_inode worker").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` with workers that never hold up the end, and with the kernel stamping all the while."""

    async def with_workers() -> T:
        asyncio.get_running_loop().set_default_executor(DaemonPool())
        with kept_on():
            return await main

    return asyncio.run(with_workers())
