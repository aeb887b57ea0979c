"""What the commands share: exit codes, colours, and how observations and problems are shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum

from collectd_inode.keys import Problem
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.style import COLOURED, PLAIN, Style
from collectd_inode.run import Cause, Observation, Status

FORMATS = ("pretty", "json")


class Exit(IntEnum):
    """What a command's exit code says."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    ERROR = 3


def exit_code(observations: Sequence[Observation]) -> Exit:
    """The verdict over all observations; nothing at all is never a pass."""
    if not observations:
        return Exit.USAGE
    causes = {o.cause for o in observations if o.status is Status.ERROR}
    if causes - {Cause.CONFIGURATION}:
        return Exit.ERROR
    if causes:
        return Exit.USAGE
    return Exit.PASSED if all(o.passed for o in observations) else Exit.FAILED


def style(stream: object = None) -> Style:
    """Colours on a terminal, unless NO_COLOR says otherwise (https://no-color.org)."""
    target = stream or sys.stdout
    wanted = getattr(target, "isatty", lambda: False)() and not os.environ.get("NO_COLOR")
    return COLOURED if wanted and os.environ.get("TERM") != "dumb" else PLAIN


class Shower:
    """Shows observations one after the other, in the format asked for."""

    def __init__(self, format: str, *, verbose: bool = False) -> None:
        self._format, self._verbose, self._style = format, verbose, style()
        self._shown: list[Observation] = []

    def show(self, observation: Observation) -> None:
        """Show one observation now."""
        if self._format == "json":
            text = jsonl.line(observation)
        else:
            before = self._shown[-1].job.story if self._shown else None
            text = pretty.observation(observation, self._style, before=before, verbose=self._verbose)
        self._shown.append(observation)
        print(text, flush=True)
        if observation.traceback:
            print(observation.traceback, file=sys.stderr)

    def end(self) -> None:
        """Show what stands below all of them."""
        if self._format == "pretty":
            print(pretty.summary(self._shown, self._style))


def show_problems(problems: Iterable[Problem], kind: str = "error") -> None:
    """Each mistake with its place, and below it what helps; on standard error."""
    colour = style(sys.stderr)
    paint = colour.failed if kind == "error" else colour.undefined
    for problem in problems:
        place = f"{problem.place}: " if problem.place else ""
        rest = ": ".join(part for part in (problem.where, problem.what) if part)
        print(f"{place}{paint(kind)}: {rest}", file=sys.stderr)
        for line in problem.help.splitlines():
            print(f"    {line}", file=sys.stderr)
