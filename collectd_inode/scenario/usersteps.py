"""Operators' own sentences: Python modules with functions under ``@step``.

::

    from collectd_inode import step

    @step("I search for {string}")
    async def search(session, text):
        \"""Type into the search field and send it.\"""
        await session.browser.fill_in("q", text)
        await session.browser.press("Search")
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import CodeType, ModuleType, TracebackType
from typing import TypeVar, cast

from collectd_inode.keys import VARIABLE_NAME
from collectd_inode.model import Broken, Cause, Failure, Misconfigured, Place, Problem
from collectd_inode.permissions import strangers_code
from collectd_inode.scenario.action import Action
from collectd_inode.scenario.blocking import in_a_thread
from collectd_inode.scenario.process import UndoneAfterTurns, protect, put_back, to_session
from collectd_inode.scenario.vocabulary import Expression, Sentence, check_expression
from collectd_inode.troubles import described, text_of
from collectd_inode.whereabouts import STARTED_BY_STEPS, STEP_MODULE, is_step, of_thread
from collectd_inode.wire import WireError
from collectd_inode.wire.workers import leave_a_fork

log = logging.getLogger("collectd_inode")

F = TypeVar("F", bound=Callable[..., object])

_MARKS = "__collectd_inode_steps__"


@dataclass(frozen=True, slots=True)
class _Mark:
    """One ``@step`` above one function."""

    expression: object
    function: Callable[..., object]
    line: int
    remembers: object
    blocking: bool


def step(expression: Expression, *, remembers: Iterable[str] = (), blocking: bool = False) -> Callable[[F], F]:
    """Make the ``async def`` below a sentence of the vocabulary; a function can have several.

    *expression* is a cucumber expression, or a regular expression (``re.compile(…)``) for the whole step.  The function
    receives the session and the arguments, then the step's doc string or table if it has one.  *remembers* names the
    variables that it sets in ``session.variables``: later steps can use them as ``${name}``.  A *blocking* step runs in
    a thread of its own, and can be a plain ``def``.
    """
    if callable(expression):
        raise TypeError('@step needs the sentence: @step("I search for {string}")')
    frame = inspect.currentframe()
    line = frame.f_back.f_lineno if frame and frame.f_back else 0

    def mark(function: F) -> F:
        # Left in the function's own module, not on the function: a second ``def`` of the same name (people call all of
        # them ``step_impl``) would take the first one's sentence with it.
        home = getattr(inspect.unwrap(function), "__globals__", None)
        if home is None:
            raise TypeError('@step belongs above "async def"')
        home.setdefault(_MARKS, []).append(_Mark(expression, function, line, remembers, bool(blocking)))
        return function

    return mark


def load(paths: Sequence[str]) -> tuple[list[Sentence], list[Problem]]:
    """The sentences in *paths* (modules, or folders of them), executed again; and the mistakes in the others."""
    sentences: list[Sentence] = []
    problems: list[Problem] = []
    for found in _loaded(paths):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            sentences.append(found)
    return sentences, problems


def _loaded(paths: Iterable[str]) -> Iterator[Sentence | Problem]:
    files: dict[str, str] = {}
    for path in paths:
        found = _files(path)
        if isinstance(found, Problem):
            yield found
            continue
        for file in found:
            # A file that is named twice would be ambiguous with itself.
            files.setdefault(os.path.realpath(file), file)
    for real, file in files.items():
        if why := strangers_code(real):
            yield Problem(why, Place(file))
            continue
        module = _executed(file)
        if isinstance(module, Problem):
            yield module
        else:
            yield from _sentences(module, file)


def _files(path: str) -> list[str] | Problem:
    try:
        if os.path.isfile(path):
            return [path]
        if os.path.exists(path) and not os.path.isdir(path):
            return Problem("is neither a file nor a folder", Place(path))
        names = sorted(n for n in os.listdir(path) if n.endswith(".py") and not n.startswith(("_", ".")))
    except (OSError, ValueError) as error:
        return Problem(getattr(error, "strerror", None) or str(error), Place(path))
    return [os.path.join(path, name) for name in names] or Problem("the folder holds no step modules", Place(path))


def _executed(file: str) -> ModuleType | Problem:
    """The module in *file*, executed again."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(file))).hexdigest()[:16]
    name = f"{STEP_MODULE}{digest}"
    loader = SourceFileLoader(name, file)
    spec = spec_from_file_location(name, file, loader=loader)
    assert spec is not None  # only without a loader
    module = module_from_spec(spec)
    try:
        # Not exec_module: it trusts a cached .pyc of the same second and size, and writes one into the folder.
        code = loader.source_to_code(loader.get_data(file), file)
    except SyntaxError as error:
        return Problem(f"{type(error).__name__}: {error.msg}", Place(file, error.lineno or 0))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Problem(getattr(error, "strerror", None) or f"{type(error).__name__}: {error}", Place(file))
    # Dataclasses and type hints look their module up by name.
    sys.modules[name] = module
    problem = _problem_of(code, module, file)
    if problem is not None:
        sys.modules.pop(name, None)
        return problem
    return module


IMPORT_SECONDS = 10.0
"""The time limit for executing one step module, since collectd's start waits for it."""


def _problem_of(code: CodeType, module: ModuleType, file: str) -> Problem | None:
    """Execute *module*; returns its error, of any type.

    It runs in a daemon thread: a module may hang, and the threads that it starts are daemon threads too.
    """
    problems: list[Problem] = []
    before = set(threading.enumerate())
    protect()

    def told(changed: str) -> None:
        log.warning("%s: %s was changed while the module was imported, and put back: all jobs share it", file, changed)

    def execute() -> None:
        try:
            with put_back(told):
                exec(code, module.__dict__)
        except BaseException as error:
            problems.append(Problem(described(error), Place(file, _line_in(file, error))))

    thread = threading.Thread(target=execute, daemon=True, name="collectd_inode steps")
    thread.start()
    thread.join(IMPORT_SECONDS)
    STARTED_BY_STEPS.update(set(threading.enumerate()) - before)
    if thread.is_alive():
        line = of_thread(thread.ident).removeprefix(f"{file}:")
        what = f"the module was not imported after {IMPORT_SECONDS:g} s"
        return Problem(what, Place(file, int(line) if line.isdigit() else 0))
    return problems[0] if problems else None


def _line_in(file: str, error: BaseException) -> int:
    """The innermost line of *file* that *error* went through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == file), 0)


def with_user_errors(function: Callable[..., Awaitable[None]], file: str) -> Callable[..., Awaitable[None]]:
    """An operator's *function* of *file*, with its exceptions translated for the operator.

    A failed ``assert`` is a failed expectation.  An exception that is no verdict on the site becomes `Broken`, with the
    line of the file, also for pytest.fail(), KeyboardInterrupt or GeneratorExit, which would end more than this run.
    """

    @wraps(function)
    async def act(session: object, *arguments: object) -> None:
        ours = os.getpid()
        try:
            try:
                await function(session, *arguments)
            finally:
                leave_a_fork(ours)
        except AssertionError as error:
            what = text_of(error) or "assert failed"
            raise Failure(Cause.EXPECTATION, f"{what} ({file}:{_line_in(file, error)})") from error
        except (Failure, Misconfigured, WireError, TimeoutError, asyncio.CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, GeneratorExit) and _is_being_closed():
                raise
            said = f"{type(error).__name__}: {text_of(error)} ({file}:{_line_in(file, error)})"
            raise Broken(said) from error.with_traceback(_below(error))

    return act


def _in_turns(function: Callable[..., Awaitable[None]], place: str) -> Callable[..., Awaitable[None]]:
    """*function*, in whose turns nothing is changed that belongs to the whole process."""

    @wraps(function)
    async def act(session: object, *arguments: object) -> None:
        work = function(session, *arguments)
        await (UndoneAfterTurns(work, to_session(session, place), place) if inspect.iscoroutine(work) else work)

    return act


def _is_being_closed() -> bool:
    """Whether Python discards a coroutine, because its loop no longer runs."""
    try:
        return asyncio.current_task() is None
    except RuntimeError:
        return True


def _below(error: BaseException) -> TracebackType | None:
    """The frames in the operator's function, without our call to it."""
    trace = error.__traceback__
    while trace is not None and not is_step(trace.tb_frame):
        trace = trace.tb_next
    return trace or error.__traceback__


def _sentences(module: ModuleType, file: str) -> Iterator[Sentence | Problem]:
    marks: list[_Mark] = module.__dict__.get(_MARKS, [])
    for mark in sorted(marks, key=lambda m: m.line):
        yield _sentence(mark, file)


def _sentence(mark: _Mark, file: str) -> Sentence | Problem:
    name, place = getattr(mark.function, "__name__", "the function"), Place(file, mark.line)
    if not inspect.iscoroutinefunction(mark.function) and not mark.blocking:
        return Problem(f'{name} is not "async def"', place)
    if not _are_names(mark.remembers):
        return Problem(f'remembers takes names of variables, as ("token",), not {mark.remembers!r}', place)
    if isinstance(mark.expression, re.Pattern) and isinstance(mark.expression.pattern, str):
        return _row(mark, mark.expression, mark.expression.pattern, file)
    if not isinstance(mark.expression, str):
        return Problem(f"@step takes a text or re.compile(…), not {mark.expression!r}", place)
    try:
        check_expression(mark.expression)
    except ValueError as error:
        return Problem(str(error), place)
    return _row(mark, mark.expression, mark.expression, file)


def _row(mark: _Mark, expression: Expression, example: str, file: str) -> Sentence:
    about = (inspect.getdoc(mark.function) or "").partition("\n")[0]
    place = f"{file}:{mark.line}"
    if mark.blocking:
        function = in_a_thread(mark.function, file, place)
    else:  # a coroutine function, as `_sentence` has seen
        function = _in_turns(cast(Callable[..., Awaitable[None]], mark.function), place)
    # Whether it navigates is unknown: its step has a latency if it sends a request.
    action = Action(with_user_errors(function, file), navigates=True)
    remembers = tuple(cast(Iterable[str], mark.remembers))
    return Sentence(expression, action, example, about, place=place, remembers=remembers)


def _are_names(remembers: object) -> bool:
    return isinstance(remembers, tuple | list) and all(
        isinstance(n, str) and VARIABLE_NAME.fullmatch(n) for n in remembers
    )
