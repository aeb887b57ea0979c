"""Tasks of the daemon's loop that an operator's step cannot cancel: ``for task in asyncio.all_tasks(): task.cancel()``
ends its own run, and nobody else's.

A context variable holds the run; tasks and timers that a step begins inherit it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")

_RUN: ContextVar[object] = ContextVar("run", default=None)


class Guarded(asyncio.Task[T]):
    """A task that nothing in a run can cancel, but for the run's own."""

    run: object = None
    """The run that this task is; None for the daemon's own tasks."""

    def cancel(self, msg: Any = None) -> bool:
        """As asyncio's; False where the call comes from somebody's run and this is not it."""
        caller = _RUN.get()
        if caller is not None and caller is not self.run:
            return False
        return super().cancel(msg)


def guarded(work: Coroutine[Any, Any, T], name: str | None = None, run: object = None) -> Guarded[T]:
    """Begin *work* in a task of its own; *run* is the run that it is, if it is one."""
    around = copy_context()
    around.run(_RUN.set, run)
    task = Guarded(work, loop=asyncio.get_running_loop(), name=name, context=around)
    task.run = run
    return task


async def side_by_side(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of *works* at the same time, as parts of this run; the first exception ends the others."""
    tasks = [guarded(work, run=_RUN.get()) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
