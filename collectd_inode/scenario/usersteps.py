"""Operators' own sentences: Python modules with functions under ``@step``.

::

    from collectd_inode import step

    @step("I search for {string}")
    async def search(session, text):
        \"""Type into the search field and send it.\"""
        session.browser.fill_in("q", text)
        await session.browser.press("Search")
"""

from __future__ import annotations

import hashlib
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType, TracebackType
from typing import TypeVar, cast

from collectd_inode.keys import VARIABLE_NAME
from collectd_inode.run import Broken, Cause, Failure, Misconfigured
from collectd_inode.scenario.vocabulary import Action, Expression, Sentence, check_expression
from collectd_inode.wire import WireError

F = TypeVar("F", bound=Callable[..., object])

_MARKS = "__collectd_inode_steps__"


@dataclass(frozen=True, slots=True)
class StepsProblem:
    """Something to mend in a step module; line 0 where it is about the file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class _Mark:
    """One ``@step`` above one function."""

    expression: object
    function: Callable[..., object]
    line: int
    remembers: object


def step(expression: Expression, *, remembers: Iterable[str] = ()) -> Callable[[F], F]:
    """Make the ``async def`` below a sentence of the vocabulary; may be stacked.

    *expression* is a cucumber expression, or a regular expression (``re.compile(…)``) for the whole step.  The function
    is called with the session and what was found, then the step's doc string or table if it has one.  *remembers* names
    the variables that it sets in ``session.variables``: the steps after it may use them as ``${name}``.
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
        home.setdefault(_MARKS, []).append(_Mark(expression, function, line, remembers))
        return function

    return mark


def load(paths: Sequence[str]) -> tuple[list[Sentence], list[StepsProblem]]:
    """The sentences in *paths* (modules, or folders of them), executed anew; and what is wrong with the others."""
    sentences: list[Sentence] = []
    problems: list[StepsProblem] = []
    for found in _loaded(paths):
        if isinstance(found, StepsProblem):
            problems.append(found)
        else:
            sentences.append(found)
    return sentences, problems


def _loaded(paths: Iterable[str]) -> Iterator[Sentence | StepsProblem]:
    files: dict[str, str] = {}
    for path in paths:
        found = _files(path)
        if isinstance(found, StepsProblem):
            yield found
            continue
        for file in found:
            # A file that is named twice would be ambiguous with itself.
            files.setdefault(os.path.realpath(file), file)
    for file in files.values():
        module = _executed(file)
        if isinstance(module, StepsProblem):
            yield module
        else:
            yield from _sentences(module, file)


def _files(path: str) -> list[str] | StepsProblem:
    try:
        if os.path.isfile(path):
            return [path]
        if os.path.exists(path) and not os.path.isdir(path):
            return StepsProblem(path, 0, "is neither a file nor a folder")
        names = sorted(n for n in os.listdir(path) if n.endswith(".py") and not n.startswith(("_", ".")))
    except (OSError, ValueError) as error:
        return StepsProblem(path, 0, getattr(error, "strerror", None) or str(error))
    return [os.path.join(path, name) for name in names] or StepsProblem(path, 0, "the folder holds no step modules")


def _executed(file: str) -> ModuleType | StepsProblem:
    """The module in *file*, fresh."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(file))).hexdigest()[:16]
    name = f"_collectd_inode_steps_{digest}"
    loader = SourceFileLoader(name, file)
    spec = spec_from_file_location(name, file, loader=loader)
    assert spec is not None  # only without a loader
    module = module_from_spec(spec)
    try:
        # Not exec_module: it believes a cached .pyc of the same second and size, and leaves one in the folder.
        code = loader.source_to_code(loader.get_data(file), file)
    except SyntaxError as error:
        return StepsProblem(file, error.lineno or 0, f"{type(error).__name__}: {error.msg}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return StepsProblem(file, 0, getattr(error, "strerror", None) or f"{type(error).__name__}: {error}")
    # Dataclasses and type hints look their module up by name.
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        return StepsProblem(file, _line_in(file, error), f"{type(error).__name__}: {error}".removesuffix(": "))
    return module


def _line_in(file: str, error: BaseException) -> int:
    """The innermost line of *file* that *error* went through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == file), 0)


def guarded(sentence: Sentence) -> Action:
    """The action of an operator's *sentence*, with what it raises in the operator's terms.

    A failed ``assert`` is a failed expectation; what is no verdict on the site is `Broken`, with the line of the file.
    """
    file = sentence.place.rpartition(":")[0]

    async def act(session: object, *arguments: object) -> None:
        try:
            await sentence.action(session, *arguments)
        except AssertionError as error:
            what = str(error) or "assert failed"
            raise Failure(Cause.EXPECTATION, f"{what} ({file}:{_line_in(file, error)})") from error
        except (Failure, Misconfigured, WireError, TimeoutError):
            raise
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error} ({file}:{_line_in(file, error)})"
            raise Broken(said) from error.with_traceback(_below(error))

    return act


def _below(error: BaseException) -> TracebackType | None:
    """What happened in the operator's function: the call to it is ours."""
    return error.__traceback__ and (error.__traceback__.tb_next or error.__traceback__)


def _sentences(module: ModuleType, file: str) -> Iterator[Sentence | StepsProblem]:
    marks: list[_Mark] = module.__dict__.get(_MARKS, [])
    for mark in sorted(marks, key=lambda m: m.line):
        yield _sentence(mark, file)


def _sentence(mark: _Mark, file: str) -> Sentence | StepsProblem:
    name = getattr(mark.function, "__name__", "the function")
    if not inspect.iscoroutinefunction(mark.function):
        return StepsProblem(file, mark.line, f'{name} is not "async def"')
    if not _are_names(mark.remembers):
        return StepsProblem(
            file, mark.line, f'remembers takes names of variables, as ("token",), not {mark.remembers!r}'
        )
    if isinstance(mark.expression, re.Pattern) and isinstance(mark.expression.pattern, str):
        return _row(mark, mark.expression, mark.expression.pattern, file)
    if not isinstance(mark.expression, str):
        return StepsProblem(file, mark.line, f"@step takes a text or re.compile(…), not {mark.expression!r}")
    try:
        check_expression(mark.expression)
    except ValueError as error:
        return StepsProblem(file, mark.line, str(error))
    return _row(mark, mark.expression, mark.expression, file)


def _row(mark: _Mark, expression: Expression, example: str, file: str) -> Sentence:
    about = (inspect.getdoc(mark.function) or "").partition("\n")[0]
    action = cast(Action, mark.function)  # a coroutine function, as `_sentence` has seen
    remembers = tuple(cast(Iterable[str], mark.remembers))
    return Sentence(expression, action, example, about, place=f"{file}:{mark.line}", remembers=remembers)


def _are_names(remembers: object) -> bool:
    return isinstance(remembers, tuple | list) and all(
        isinstance(n, str) and VARIABLE_NAME.fullmatch(n) for n in remembers
    )
