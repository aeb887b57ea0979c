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

IN_A_STEP: ContextVar[bool] = ContextVar("in a step", default=False)
"""Whether this is done by an operator's step, or while a step module is imported."""


def refuse(whose: str, name: str, value: object) -> None:
    """Raise AttributeError where a step is about to replace the function *name*, now *value*."""
    if IN_A_STEP.get() and callable(value):
        raise AttributeError(f"a step cannot replace {name} of {whose}: all jobs use it")


_RUN: ContextVar[object] = ContextVar("run", default=None)


MOST_TASKS = 1000
"""Tasks of one run at the same time; its end cancels those that are left."""
_TASKS: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("tasks of the run", default=None)


def counted(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, **more: Any) -> asyncio.Task[T]:
    """A task for *work*; raises RuntimeError in a run that has too many."""
    tasks = _TASKS.get()
    if tasks is None:
        return asyncio.Task(work, loop=loop, **more)
    if len(tasks) >= MOST_TASKS:
        work.close()
        raise RuntimeError(f"this run has {MOST_TASKS} tasks that have not ended")
    task = asyncio.Task(work, loop=loop, **more)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


class Guarded(asyncio.Task[T]):
    """A task that nothing in a run can cancel, but for the run's own."""

    run: object = None
    """The run that this task is; None for the daemon's own tasks."""
    tasks: set[asyncio.Task[Any]] | None = None
    """The tasks that this run has made, and that have not ended."""

    def cancel(self, msg: Any = None) -> bool:
        """As asyncio's; False where the call comes from somebody's run and this is not it."""
        caller = _RUN.get()
        if caller is not None and caller is not self.run:
            return False
        return super().cancel(msg)

    def end_tasks(self) -> None:
        """Cancel what this run has left."""
        for task in list(self.tasks or ()):
            task.cancel()


def guarded(work: Coroutine[Any, Any, T], name: str | None = None, run: object = None) -> Guarded[T]:
    """Begin *work* in a task of its own; *run* is the run that it is, if it is one."""
    around = copy_context()
    if run is None or run is not _RUN.get():  # or it is a part of the run that makes it
        around.run(_TASKS.set, None if run is None else set())
    around.run(_RUN.set, run)
    task = Guarded(work, loop=asyncio.get_running_loop(), name=name, context=around)
    task.run = run
    task.tasks = around[_TASKS]
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
