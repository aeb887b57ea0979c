"""Operators' steps that block (``@step(…, blocking=True)``): each in a thread, beside the loop of all jobs.

Such a step may be a plain function.  Awaitable calls of its session run in the loop meanwhile, and the
function gets the result: ``page = session.browser.go("/")``.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from collectd_inode.scenario.process import put_back, to_session
from collectd_inode.wire.workers import DaemonPool, leave_a_fork

AT_ONCE = 4
"""Threads for each step function, so that one that hangs delays no other."""


@cache
def _pool(file: str, name: str) -> DaemonPool:
    return DaemonPool(AT_ONCE)


def in_a_thread(function: Callable[..., object], file: str, place: str) -> Callable[..., Awaitable[None]]:
    """*function* of *file*, at *place*, to be awaited in the loop; an ``async def`` gets a loop of its own there.

    A run may end before the function does; the function then gets a RuntimeError from the next call of its session that
    waits.
    """
    pool = _pool(file, getattr(function, "__qualname__", ""))

    @wraps(function)
    async def act(session: object, *arguments: object) -> None:
        loop = asyncio.get_running_loop()
        part = _Run(loop)
        asynchronous = inspect.iscoroutinefunction(function)
        ours = _Session(session, part, asynchronous)

        changed: list[str] = []

        def call() -> None:
            process = os.getpid()
            try:
                with put_back(changed.append):
                    made = function(ours, *arguments)
                    if inspect.iscoroutine(made):
                        asyncio.run(made)
            finally:
                leave_a_fork(process)

        try:
            await loop.run_in_executor(pool, call)
        finally:
            part.has_ended = True
            for what in changed:
                to_session(session, place)(what)

    return act


@dataclass(slots=True)
class _Run:
    """The loop that the run is in, while it lasts."""

    loop: asyncio.AbstractEventLoop
    has_ended: bool = False

    def post(self, made: Coroutine[Any, Any, Any]) -> Any:
        """Have *made* done in the run's loop; a future of concurrent.futures."""
        if self.has_ended:
            made.close()
            raise RuntimeError("the run of this step has ended")
        return asyncio.run_coroutine_threadsafe(made, self.loop)


class _Session:
    """A session, or its browser, for a thread: calls that wait run in the run's loop."""

    def __init__(self, inner: object, run: _Run, asynchronous: bool) -> None:
        self.__dict__.update(_inner=inner, _run=run, _asynchronous=asynchronous)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "browser":
            return _Session(found, self._run, self._asynchronous)
        if not inspect.iscoroutinefunction(found):
            return found
        run, asynchronous = self._run, self._asynchronous

        @wraps(found)
        def call(*args: Any, **kwargs: Any) -> Any:
            future = run.post(found(*args, **kwargs))
            return asyncio.wrap_future(future) if asynchronous else future.result()

        return call

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._inner, name, value)
