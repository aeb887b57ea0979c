"""Threads for the calls that block and cannot be cancelled: name lookups, files, regular expressions.

asyncio's own executor is joined when the interpreter ends: one name server that does not answer would hold up the
daemon's stop (measured: 14 s).  These threads are daemonic and never waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import selectors
import socket
import threading
import weakref
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from queue import PriorityQueue, SimpleQueue
from typing import Any, TypeVar

from collectd_inode.wire.stamps import kept_on
from collectd_inode.wire.tasks import IN_A_STEP, Guarded, counted, refuse

T = TypeVar("T")
Call = tuple[int, int, Future[Any], Callable[[], Any]]
"""Its rank, its number, and the call itself; the rank counts only where the queue goes by it."""

WORKERS = 32
LOOKUP_WORKERS = 128


class DaemonPool(ThreadPoolExecutor):
    """A limited number of daemon threads, made when they are needed and then kept; `shutdown` waits for nothing.

    A subclass of ThreadPoolExecutor only because asyncio insists on the class; none of its machinery is used.
    """

    def __init__(self, most: int, calls: SimpleQueue[Call] | PriorityQueue[Call] | None = None) -> None:
        super().__init__(max_workers=1)
        self._most, self._made = most, 0
        self._calls = SimpleQueue[Call]() if calls is None else calls
        self._numbers = count()
        self._idle = threading.Semaphore(0)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call *fn* in a thread that has nothing to do, or as soon as there is one."""
        return self._submit(0, partial(fn, *args, **kwargs))

    def submit_behind(self, fn: Callable[..., T], /, *args: Any) -> Future[T]:
        """The same, in a queue that goes by rank: behind all that is submitted otherwise, also later."""
        return self._submit(1, partial(fn, *args))

    def _submit(self, rank: int, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._calls.put((rank, next(self._numbers), future, call))
        if not self._idle.acquire(blocking=False) and self._made < self._most:
            self._made += 1
            threading.Thread(target=self._work, daemon=True, name="collectd_inode worker").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""

    def _work(self) -> None:
        while True:
            _, _, future, call = self._calls.get()
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
"""For files and regular expressions: the default executor of ``run_in_executor(None, …)``."""
STEPS = DaemonPool(WORKERS)
"""The same for calls of operators' steps."""
PAGES = DaemonPool(2, PriorityQueue[Call]())
"""For large pages alone: two at once, so that no site's page takes the memory, or the interpreter, from other jobs."""
LOOKUPS = DaemonPool(LOOKUP_WORKERS)
"""For the resolver alone: while it hangs, files are still read and expressions matched."""


class SharedLoop(asyncio.SelectorEventLoop):
    """The loop of all jobs, whatever policy a step module sets: no step replaces its workers or methods."""

    def __init__(self) -> None:
        super().__init__()
        super().set_default_executor(WAITING)
        self._inodes = [_inode(one) for one in self._waits_with()]

    def set_default_executor(self, executor: object) -> None:
        """Reject an operator's executor: all jobs would use it."""

    async def shutdown_default_executor(self, *_: object) -> None:
        """These workers are never waited for, so that there is nothing to shut down."""

    def set_task_factory(self, factory: object) -> None:
        """Reject an operator's tasks: other jobs would have them, too."""

    def create_task(self, work: Any, **more: Any) -> asyncio.Task[Any]:  # type: ignore[override]  # as it is called
        """A task that is counted, if a run makes it."""
        return counted(work, self, **more)

    def run_in_executor(self, executor: Any, call: Any, *arguments: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """A step's own calls, which may never end, have workers of their own."""
        return super().run_in_executor(STEPS if executor is None and IN_A_STEP.get() else executor, call, *arguments)

    @property
    def is_broken(self) -> bool:
        """Whether somebody has closed what it waits with."""
        return [_inode(one) for one in self._waits_with()] != self._inodes

    def repair(self) -> None:
        """Wait with new descriptors; what was closed is not closed again: another file may have its number by now."""
        for one, inode in zip(self._waits_with(), self._inodes, strict=True):
            if _inode(one) == inode:
                one.close()
            elif isinstance(one, socket.socket):
                one.detach()
            else:
                _keep_for_ever(one)
        self._selector = selectors.DefaultSelector()
        self._make_self_pipe()  # type: ignore[attr-defined]  # asyncio's own
        self._inodes = [_inode(one) for one in self._waits_with()]

    def _waits_with(self) -> Sequence[Any]:
        return self._selector, self._ssock, self._csock  # type: ignore[attr-defined]  # asyncio's own

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            refuse("the event loop", name, getattr(self, name, None))
        super().__setattr__(name, value)


def _inode(one: Any) -> tuple[int, int] | None:
    """The file behind a descriptor; None if it is closed."""
    try:
        found = os.fstat(one.fileno())
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


BROKEN_BY: dict[str, str] = {}
"""Name of a task → the place of the step in it that has closed what the loop waits with."""


def note_if_broken(place: str) -> None:
    """See whether the step at *place*, in this task, has broken the loop."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if isinstance(loop, SharedLoop) and loop.is_broken and task is not None:
        BROKEN_BY[task.get_name()] = place


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` with workers that never hold up the end, and with the kernel stamping all the while."""
    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        return runner.run(_with_workers(main))


LARGE = 2**16
"""Bytes, characters or elements that are processed in the loop; more would delay the other jobs."""


async def aside_if_large(size: int, work: Callable[..., T], *arguments: object) -> T:
    """The result of *work* on data of this *size*, in a worker if it is large."""
    if size <= LARGE:
        return work(*arguments)
    return await asyncio.get_running_loop().run_in_executor(PAGES, work, *arguments)


async def begun_aside_if_large(size: int, work: Callable[..., T], *arguments: object) -> T:
    """The same for the first *work* on a page: pages that are parsed are done with first, and their memory is free."""
    if size <= LARGE:
        return work(*arguments)
    return await asyncio.wrap_future(PAGES.submit_behind(work, *arguments))


def run_through(main: Coroutine[Any, Any, T], told: Callable[[BaseException], None]) -> T:
    """The same, but only an exception of *main* itself ends the loop: others go to *told*, and the loop goes on.

    KeyboardInterrupt and SystemExit in any task end asyncio's loops; so does what another thread raises in ours
    (PyThreadState_SetAsyncExc).  What was to be done in the loop is still there when it runs again.
    """
    loop = SharedLoop()
    task = Guarded(_with_workers(main), loop=loop)
    left = _MOST_RESUMED
    try:
        while True:
            try:
                return loop.run_until_complete(task)
            except BaseException as error:
                # OSError and ValueError are the loop's own: a step has closed what it waits with.
                if task.done() or loop.is_closed() or isinstance(error, OSError | ValueError) or not left:
                    raise
                told(error)
            left -= 1
    finally:
        _end(loop)


FORKED = 70
"""The exit code of a process that an operator's step has forked and that would continue as the daemon."""
_LOOPS: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()


def leave_a_fork(ours: int) -> None:
    """End this process if it is not *ours* (a pid) but a fork: a second daemon would run every job again, and fork."""
    if os.getpid() != ours:
        os._exit(FORKED)


def _end_in_forks() -> None:
    """In a process that was just forked: it ends where it would go on with a loop of ours."""
    for loop in tuple(_LOOPS):
        with contextlib.suppress(RuntimeError):  # it is closed
            loop.call_soon(os._exit, FORKED)


os.register_at_fork(after_in_child=_end_in_forks)


_MOST_RESUMED = 1000
"""The number of exceptions after which a loop is replaced by a new one."""
_ENDING_SECONDS = 0.3
"""For the tasks that are left when a loop ends."""


def _keep_for_ever(one: object) -> None:
    """Let *one* never be destroyed."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(one))


def _end(loop: SharedLoop) -> None:
    """Cancel what is left in *loop*, wait for it a little, and close the loop."""
    if loop.is_broken:  # its tasks are to end all the same
        loop.repair()
    with contextlib.suppress(BaseException):
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_ENDING_SECONDS))
    for task in asyncio.all_tasks(loop):
        # Destroyed, it would get a GeneratorExit: an endless loop that swallows everything would swallow that.
        _keep_for_ever(task)
    with contextlib.suppress(BaseException):
        loop.close()


async def _with_workers(main: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    _LOOPS.add(loop)
    with kept_on():
        return await main
