"""The state of the whole process, which all jobs and collectd share: an operator's step cannot keep it changed.

A step's changes are undone whenever it waits, and when it ends.  It cannot replace functions of modules that all jobs
use.
"""

from __future__ import annotations

import ctypes
import gc
import locale
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from collectd_inode.wire.tasks import IN_A_STEP, refuse
from collectd_inode.wire.workers import note_if_broken

_CLONE_FS = 0x200


@dataclass(frozen=True, slots=True)
class Belonging:
    """Something of the process: its name, how it is read, and how it is put back."""

    name: str
    read: Callable[[], Any]
    put: Callable[[Any], object]


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it has been removed
        return ""


def _umask() -> int:
    """As the kernel tells it: os.umask() would change it for the moment."""
    with suppress(OSError, StopIteration), open("/proc/thread-self/status", encoding="ascii", errors="replace") as file:
        return int(next(line for line in file if line.startswith("Umask:")).split()[1], 8)
    found = os.umask(0o077)
    os.umask(found)
    return found


def _set_streams(streams: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = streams


def _set_collector(found: tuple[bool, tuple[int, int, int]]) -> None:
    enabled, thresholds = found
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def _set_hooks(hooks: tuple[Any, Any]) -> None:
    trace, profile = hooks
    sys.settrace(trace)
    sys.setprofile(profile)


_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS = tuple(getattr(resource, f"RLIMIT_{name}") for name in ("AS", "CPU", "DATA", "FSIZE", "NOFILE", "NPROC"))


def _timers() -> tuple[bool, ...]:
    return tuple(signal.getitimer(which) != (0.0, 0.0) for which in _TIMERS)


def _stop_timers(_: object) -> None:
    for which in _TIMERS:
        signal.setitimer(which, 0.0)


def _set_limits(limits: tuple[tuple[int, int], ...]) -> None:
    for which, limit in zip(_LIMITS, limits, strict=True):
        if resource.getrlimit(which) != limit:
            resource.setrlimit(which, limit)


BELONGINGS = (
    Belonging("the working folder", _folder, os.chdir),
    Belonging("the locale", lambda: locale.setlocale(locale.LC_ALL), lambda was: locale.setlocale(locale.LC_ALL, was)),
    Belonging("sys.stdout or sys.stderr", lambda: (sys.stdout, sys.stderr), _set_streams),
    Belonging("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Belonging("the switch interval", sys.getswitchinterval, sys.setswitchinterval),
    Belonging("the garbage collector", lambda: (gc.isenabled(), gc.get_threshold()), _set_collector),
    Belonging("the level of logging.disable()", lambda: logging.root.manager.disable, logging.disable),
    Belonging("a limit of setrlimit()", lambda: tuple(map(resource.getrlimit, _LIMITS)), _set_limits),
    Belonging("a timer of signal.alarm() or setitimer()", _timers, _stop_timers),
    Belonging(
        "a function of sys.settrace() or sys.setprofile()", lambda: (sys.gettrace(), sys.getprofile()), _set_hooks
    ),
)
"""Apart from the umask.  What harms nobody is left alone: the environment, warnings, log handlers, time-outs."""

Told = Callable[[str], None]
"""Is called with the name of what was changed."""


def to_session(session: object, place: str) -> Told:
    """Adds a warning to the run of *session*, once for each thing; *place* is that of the step, ``FILE:LINE``."""
    warn, already = getattr(session, "warn", None), set[str]()

    def told(changed: str) -> None:
        if warn is not None and changed not in already:
            already.add(changed)
            warn("process", f"{changed} was changed while this step ran, and put back: all jobs share it ({place})")

    return told


class Belongings:
    """The state of the process at this moment."""

    def __init__(self) -> None:
        self._umask = _umask()
        self._was = [(one, one.read()) for one in BELONGINGS]

    def put_back(self, told: Told) -> None:
        """Undo what has changed since."""
        if os.umask(self._umask) != self._umask:
            told("the umask")
        for one, was in self._was:
            if one.read() != was:
                with suppress(OSError, ValueError, RecursionError, locale.Error):
                    one.put(was)
                told(one.name)


@contextmanager
def put_back(told: Told) -> Iterator[None]:
    """Undo at the end of the block what was changed in it; a thread has a working folder and a umask of its own."""
    _part_with_folder()
    before, token = Belongings(), IN_A_STEP.set(True)
    try:
        yield
    finally:
        IN_A_STEP.reset(token)
        before.put_back(told)


def _part_with_folder() -> None:
    """Give this thread, if it is not the first, its own working folder and umask, where the kernel lets us."""
    if threading.current_thread() is not threading.main_thread():
        ctypes.CDLL(None).unshare(_CLONE_FS)


class UndoneAfterTurns:
    """Awaits *work*, a step; what it changes in the process is undone after each of its turns."""

    __slots__ = ("_before", "_place", "_told", "cr_await")

    def __init__(self, work: Coroutine[Any, Any, None], told: Told, place: str) -> None:
        self._before, self._told, self._place = Belongings(), told, place
        self.cr_await = work
        """Under the name by which Python shows the coroutine that one waits for."""

    def __await__(self) -> UndoneAfterTurns:
        return self

    def __iter__(self) -> UndoneAfterTurns:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """Let it go on until it waits again."""
        return self._turn(self.cr_await.send, value)

    def throw(self, *error: Any) -> Any:
        """Let it go on with an exception."""
        return self._turn(self.cr_await.throw, *error)

    def close(self) -> None:
        """Nobody waits for it any more."""
        self.cr_await.close()

    def _turn(self, go_on: Callable[..., Any], *arguments: Any) -> Any:
        token = IN_A_STEP.set(True)
        try:
            return go_on(*arguments)
        finally:
            IN_A_STEP.reset(token)
            self._before.put_back(self._told)
            note_if_broken(self._place)


class Irreplaceable(ModuleType):
    """A module whose functions and classes a step cannot replace: all jobs use them."""

    def __setattr__(self, name: str, value: object) -> None:
        _refuse(self, name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        _refuse(self, name)
        super().__delattr__(name)


def _refuse(module: ModuleType, name: str) -> None:
    """Hooks, such as threading.excepthook, are there to be set; names with an underscore are used by nobody else."""
    if not name.startswith("_") and not name.endswith("hook"):
        refuse(module.__name__, name, vars(module).get(name))


_OF_PYTHON = (
    "builtins", "json", "json.decoder", "json.encoder", "os", "re", "select", "selectors", "socket", "ssl", "threading",
    "time",
)  # fmt: skip
_PACKAGES = ("asyncio", "collectd_inode")
"""All modules of these are protected, too."""


def protect() -> None:
    """Let nobody's step replace functions of modules that all jobs use; of those that there are by now."""
    for name, module in list(sys.modules.items()):
        if (name in _OF_PYTHON or name.partition(".")[0] in _PACKAGES) and type(module) is ModuleType:
            module.__class__ = Irreplaceable
