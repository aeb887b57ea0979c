"""Threads for the calls that block and cannot be cancelled: name lookups, files, regular expressions.

asyncio's own executor is joined when the interpreter ends: one name server that does not answer would hold up the
daemon's stop (measured: 14 s).  These threads are daemonic and never waited for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

from collectd_inode.wire.stamps import kept_on

T = TypeVar("T")
Call = tuple[Future[Any], Callable[[], Any]]

WORKERS = 32
LOOKUP_WORKERS = 128


class DaemonPool(ThreadPoolExecutor):
    """At most so many daemon threads, made when they are needed and then kept; `shutdown` waits for nothing.

    A subclass of ThreadPoolExecutor only because asyncio insists on the class; none of its machinery is used.
    """

    def __init__(self, most: int) -> None:
        super().__init__(max_workers=1)
        self._most, self._made = most, 0
        self._calls: SimpleQueue[Call] = SimpleQueue()
        self._idle = threading.Semaphore(0)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call *fn* in a thread that has nothing to do, or as soon as there is one."""
        future: Future[T] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        if not self._idle.acquire(blocking=False) and self._made < self._most:
            self._made += 1
            threading.Thread(target=self._work, daemon=True, name="collectd_inode worker").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            _do(future, call)
            del future, call  # an idle thread holds on to nothing
            self._idle.release()


def _do(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return  # its run has ended meanwhile
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


WAITING = DaemonPool(WORKERS)
"""For files and regular expressions: what ``run_in_executor(None, …)`` takes."""
LOOKUPS = DaemonPool(LOOKUP_WORKERS)
"""For the resolver alone: while it hangs, files are read and expressions matched all the same."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` with workers that never hold up the end, and with the kernel stamping all the while."""

    async def with_workers() -> T:
        asyncio.get_running_loop().set_default_executor(WAITING)
        with kept_on():
            return await main

    return asyncio.run(with_workers())
