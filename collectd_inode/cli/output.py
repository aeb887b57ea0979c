"""How commands show observations and problems, one class a format; and the exit code that follows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

from collectd_inode.cli.terminal import Exit, style
from collectd_inode.keys import Loaded, Problem
from collectd_inode.report import jsonl, nagios, pretty
from collectd_inode.run import Cause, Observation, Status, Trouble, unable
from collectd_inode.wire import SYSTEM_CLOCK


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


class Shower:
    """Shows observations one after the other, problems on standard error, and in the end judges; one a format."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._verbose: bool = getattr(options, "verbose", False)
        self._shown: list[Observation] = []

    def show(self, observation: Observation) -> None:
        """Show one observation now, or keep it for the end."""
        print(self._text(observation), flush=True)
        self._shown.append(observation)
        if observation.traceback:
            print(observation.traceback, file=sys.stderr)

    def _text(self, observation: Observation) -> str:
        raise NotImplementedError

    def end(self) -> int:
        """Show what stands below all of them; the exit code."""
        return exit_code(self._shown)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Show what is odd, but keeps nothing from running."""
        show_problems(problems, "warning")

    def refuse(self, loaded: Loaded) -> int:
        """Say what keeps the jobs from running; nothing was run."""
        show_problems(loaded.problems)
        self._show_unable(loaded)
        print("nothing was run", file=sys.stderr)
        return Exit.USAGE

    def _show_unable(self, loaded: Loaded) -> None:
        """Where programs read on, tell them too."""

    def complain(self, what: str, *, who: str = "collectd-inode") -> int:
        """Say what is wrong with the words that were typed; nothing was run."""
        print(f"{who}: {what}", file=sys.stderr)
        return Exit.USAGE


class Pretty(Shower):
    """As cucumber shows them."""

    def _text(self, observation: Observation) -> str:
        before = self._shown[-1].job.story if self._shown else None
        return pretty.observation(observation, style(), before=before, verbose=self._verbose)

    def end(self) -> int:
        print(pretty.summary(self._shown, style()))
        return super().end()


class JSON(Shower):
    """One object a line."""

    def _text(self, observation: Observation) -> str:
        return jsonl.line(observation)

    def _show_unable(self, loaded: Loaded) -> None:
        for job in loaded.jobs:
            if job.trouble is not None:
                self.show(unable(job, SYSTEM_CLOCK.now()))


class JUnit(Shower):
    """One document at the end."""

    def show(self, observation: Observation) -> None:
        self._shown.append(observation)

    def end(self) -> int:
        self._print()
        return super().end()

    def _show_unable(self, loaded: Loaded) -> None:
        for job in loaded.jobs:
            trouble = job.trouble or Trouble(Status.SKIPPED, Cause.NONE, "nothing was run")
            self.show(unable(replace(job, trouble=trouble), SYSTEM_CLOCK.now()))
        known = [one.message for one in self._shown]
        self._print([str(p) for p in loaded.problems if not any(p.what in message for message in known)])

    def complain(self, what: str, *, who: str = "collectd-inode") -> int:
        self._print([what])
        return super().complain(what, who=who)

    def _print(self, problems: Sequence[str] = ()) -> None:
        from collectd_inode.report import junit  # noqa: PLC0415  # an XML library that the others do without

        print(junit.document(self._shown, problems))


class Nagios(Shower):
    """A plugin's output, all of it at the end; on standard output, since Icinga takes what stands on either for it."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self._notes: list[str] = []

    def show(self, observation: Observation) -> None:
        self._shown.append(observation)

    def end(self) -> int:
        report = nagios.report(self._shown, self._options.thresholds, notes=self._notes, verbose=self._verbose)
        return self._told(report, *(one.traceback for one in self._shown))

    def warn(self, problems: Iterable[Problem]) -> None:
        self._notes += _lines(problems, "warning")

    def refuse(self, loaded: Loaded) -> int:
        lines = list(_lines(loaded.problems, "error"))
        return self._unknown([str(p) for p in loaded.problems], lines[1:] if len(loaded.problems) == 1 else lines)

    def complain(self, what: str, *, who: str = "") -> int:
        return self._unknown([what])

    def _unknown(self, problems: Sequence[str], below: Iterable[str] = ()) -> int:
        first = problems[0] if problems else "nothing was run"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return self._told(nagios.unknown(self._options.service, first + more, [*below, *self._notes]))

    def _told(self, report: nagios.Report, *tracebacks: str) -> int:
        print(report.text, flush=True)
        for text in filter(None, tracebacks):
            print(text, file=sys.stderr)
        return int(report.state)


_SHOWERS = {"pretty": Pretty, "json": JSON, "junit": JUnit, "nagios": Nagios}
FORMATS = tuple(_SHOWERS)


def shower(options: argparse.Namespace) -> Shower:
    """What shows observations in the format that *options* ask for."""
    return _SHOWERS[options.format](options)


def show_problems(problems: Iterable[Problem], kind: str = "error") -> None:
    """Each mistake with its place, and below it what helps; on standard error."""
    colour = style(sys.stderr)
    paint = colour.failed if kind == "error" else colour.undefined
    for line in _lines(problems, paint(kind)):
        print(line, file=sys.stderr)


def _lines(problems: Iterable[Problem], kind: str) -> Iterable[str]:
    for problem in problems:
        place = f"{problem.place}: " if problem.place else ""
        rest = ": ".join(part for part in (problem.where, problem.what) if part)
        yield f"{place}{kind}: {rest}"
        yield from (f"    {line}" for line in problem.help.splitlines())
