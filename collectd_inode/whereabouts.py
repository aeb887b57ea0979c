"""Where code is at this moment: of a task that does not end, of a thread that blocks or that would be waited for."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any
from weakref import WeakSet

STEP_MODULE = "_collectd_inode_steps_"
"""How the names of operators' step modules begin, as they are executed here."""

STARTED_BY_STEPS: WeakSet[threading.Thread] = WeakSet()
"""Threads that were started while a step module was imported."""

_PYTHON_S = os.path.dirname(os.__file__) + os.sep


def of_task(task: asyncio.Task[Any]) -> str:
    """The file and line at which *task* waits: an operator's, if it went through one; empty if nothing is known."""
    return _told(_awaited(task.get_coro()))


def of_thread(ident: int | None) -> str:
    """The file and line that a thread is at: an operator's, if it went through one; empty if the thread has ended."""
    frame = sys._current_frames().get(ident or 0)
    return _told(reversed(list(_callers(frame))))


def _in_steps() -> set[int]:
    """The threads that are in code that a step module has started."""
    return {ident for ident, frame in sys._current_frames().items() if any(map(is_step, _callers(frame)))}


def let_go() -> None:
    """Have the interpreter's end wait for no thread that a step module has started.

    Python joins what is not a daemon thread, and whatever an executor of ``concurrent.futures`` still does: one step
    that hangs there would hold up the whole daemon's stop.
    """
    in_steps = _in_steps()
    ours = {thread for thread in threading.enumerate() if thread in STARTED_BY_STEPS or thread.ident in in_steps}
    waited_for = {thread for thread in ours if not thread.daemon}
    queues = getattr(concurrent.futures.thread, "_threads_queues", {})
    for thread in ours:
        queues.pop(thread, None)
    if not waited_for:
        return

    def join_others() -> None:
        for call in reversed(getattr(threading, "_threading_atexits", [])):
            with contextlib.suppress(Exception):
                call()
        for thread in threading.enumerate():
            if not thread.daemon and thread not in waited_for and thread is not threading.main_thread():
                thread.join()

    # What the interpreter calls at its end, in every version; there is no other way to take a thread back.
    vars(threading)["_shutdown"] = join_others


def _awaited(coroutine: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it waits for, the outer first."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            yield frame
        coroutine = getattr(coroutine, "cr_await", None)


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _told(frames: Iterable[FrameType]) -> str:
    found = list(frames)
    last = (
        [f for f in found if is_step(f)]
        or [f for f in found if not f.f_code.co_filename.startswith(_PYTHON_S)]
        or found
    )
    return f"{last[-1].f_code.co_filename}:{last[-1].f_lineno}" if last else ""


def is_step(frame: FrameType) -> bool:
    """Whether *frame* is of an operator's step module."""
    return str(frame.f_globals.get("__name__", "")).startswith(STEP_MODULE)
