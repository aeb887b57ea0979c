"""The output of observations and problems, one class a format; and the exit code that follows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TextIO

from collectd_inode.cli.terminal import Exit, style
from collectd_inode.keys import Loaded
from collectd_inode.model import Cause, Observation, Problem, Status, Trouble, unable
from collectd_inode.report import jsonl, nagios, pretty
from collectd_inode.report.problems import helped, json_line
from collectd_inode.report.problems import lines as problem_lines
from collectd_inode.report.repeat import repeated
from collectd_inode.report.style import PLAIN
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.words import and_more


def exit_code(observations: Sequence[Observation]) -> Exit:
    """The verdict over all observations; nothing at all is never a pass."""
    if not observations:
        return Exit.USAGE
    causes = {o.cause for o in observations if o.status in (Status.ERROR, Status.UNDEFINED, Status.AMBIGUOUS)}
    if causes - {Cause.CONFIGURATION, Cause.UNDEFINED}:
        return Exit.ERROR
    if causes:
        return Exit.USAGE
    return Exit.PASSED if all(o.passed for o in observations) else Exit.FAILED


class Presenter:
    """Shows observations one after the other, problems on standard error, and in the end judges; one a format.

    ``out``: a file that is written beside standard output; it gets no lines for people at a terminal.
    """

    use = ""
    """The purpose of the format, in the help."""
    ending = ""
    """The ending of the names of its files: ``-o report.xml`` means it."""
    repeats = False
    """Whether it can show many runs of a job."""

    def __init__(self, options: argparse.Namespace, out: TextIO | None = None) -> None:
        self._options = options
        self._out, self._is_aside = out or sys.stdout, out is not None
        self._style = PLAIN if out else style()
        self._verbose: bool = getattr(options, "verbose", False)
        self._quiet: bool = getattr(options, "quiet", False)
        self._shown: list[Observation] = []

    def show(self, observation: Observation) -> None:
        """Show one observation now, or keep it for the end."""
        if not (self._quiet and observation.passed):
            self._print(self._text(observation))
        self._shown.append(observation)
        self._say(observation.traceback)

    def _text(self, observation: Observation) -> str:
        raise NotImplementedError

    def end(self) -> int:
        """Show the end of the output; returns the exit code."""
        return exit_code(self._shown)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Show warnings."""
        self._show_problems(problems, "warning")

    def mention(self, problems: Iterable[Problem]) -> None:
        """Show mistakes of other jobs."""
        self._show_problems(problems)

    def refuse(self, loaded: Loaded) -> int:
        """Show the mistakes that keep the jobs from running; nothing was run."""
        self._show_problems(loaded.problems)
        self._show_unable(loaded)
        self._say("nothing was run")
        return Exit.USAGE

    def _show_unable(self, loaded: Loaded) -> None:
        """Show it in the format's own output, too, for programs."""

    def complain(self, what: str, *, who: str = "collectd-inode") -> int:
        """Show the mistake in the typed words; nothing was run."""
        self._say(f"{who}: {what}")
        return Exit.USAGE

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _say(self, text: str) -> None:
        """Something for the terminal."""
        if text and not self._is_aside:
            print(text, file=sys.stderr)

    def _show_problems(self, problems: Iterable[Problem], kind: str = "error") -> None:
        if not self._is_aside:
            show_problems(problems, kind)


class Pretty(Presenter):
    """As cucumber shows them."""

    use, ending, repeats = "for people", "txt", True

    def _text(self, observation: Observation) -> str:
        before = self._shown[-1].job.story if self._shown else None
        return pretty.observation(observation, self._style, before=before, verbose=self._verbose)

    def end(self) -> int:
        self._print(pretty.summary(self._shown, self._style))
        return super().end()


class Statistics(Presenter):
    """Many runs of each, as one table at the end."""

    def show(self, observation: Observation) -> None:
        self._shown.append(observation)
        self._say(observation.traceback)

    def end(self) -> int:
        if self._shown:
            self._print(repeated(self._shown, self._style))
        return super().end()


class JSON(Presenter):
    """One object a line."""

    use, ending, repeats = "one object a line", "json", True

    def _text(self, observation: Observation) -> str:
        return jsonl.line(observation)

    def _show_unable(self, loaded: Loaded) -> None:
        for job in loaded.jobs:
            if job.trouble is not None:
                self.show(unable(job, SYSTEM_CLOCK.now()))


class JUnit(Presenter):
    """One document at the end."""

    use, ending = "for CI", "xml"

    def show(self, observation: Observation) -> None:
        self._shown.append(observation)

    def end(self) -> int:
        self._document()
        return super().end()

    def _show_unable(self, loaded: Loaded) -> None:
        for job in loaded.jobs:
            trouble = job.trouble or Trouble(Status.SKIPPED, Cause.NONE, "nothing was run")
            self.show(unable(replace(job, trouble=trouble), SYSTEM_CLOCK.now()))
        known = [one.message for one in self._shown]
        self._document([str(p) for p in loaded.problems if not any(p.what in message for message in known)])

    def complain(self, what: str, *, who: str = "collectd-inode") -> int:
        self._document([what])
        return super().complain(what, who=who)

    def _document(self, problems: Sequence[str] = ()) -> None:
        from collectd_inode.report import junit  # noqa: PLC0415  # an XML library that the others do without

        self._print(junit.document(self._shown, problems))


class Nagios(Presenter):
    """A plugin's output, all of it at the end; on standard output, since Icinga takes what stands on either for it."""

    use = "the output of a plugin"

    def __init__(self, options: argparse.Namespace, out: TextIO | None = None) -> None:
        super().__init__(options, out)
        self._notes: list[str] = []

    def show(self, observation: Observation) -> None:
        self._shown.append(observation)

    def end(self) -> int:
        report = nagios.report(self._shown, self._options.thresholds, notes=self._notes, verbose=self._verbose)
        return self._told(report, *(one.traceback for one in self._shown))

    def warn(self, problems: Iterable[Problem]) -> None:
        self._notes += problem_lines(problems, "warning")

    def mention(self, problems: Iterable[Problem]) -> None:
        self._notes += problem_lines(problems, "error")

    def refuse(self, loaded: Loaded) -> int:
        lines = list(problem_lines(loaded.problems, "error"))
        return self._unknown([str(p) for p in loaded.problems], lines[1:] if len(loaded.problems) == 1 else lines)

    def complain(self, what: str, *, who: str = "") -> int:
        return self._unknown([what])

    def _unknown(self, problems: Sequence[str], below: Iterable[str] = ()) -> int:
        first = problems[0] if problems else "nothing was run"
        return self._told(nagios.unknown(self._options.service, first + and_more(problems), [*below, *self._notes]))

    def _told(self, report: nagios.Report, *tracebacks: str) -> int:
        self._print(report.text)
        for text in tracebacks:
            self._say(text)
        return int(report.state)


class Several(Presenter):
    """The same in several formats; the first one judges."""

    def __init__(self, presenters: Sequence[Presenter]) -> None:
        self._all = presenters

    def show(self, observation: Observation) -> None:
        for one in self._all:
            one.show(observation)

    def end(self) -> int:
        codes = [one.end() for one in self._all]
        return codes[0]

    def warn(self, problems: Iterable[Problem]) -> None:
        told = list(problems)
        for one in self._all:
            one.warn(told)

    def mention(self, problems: Iterable[Problem]) -> None:
        told = list(problems)
        for one in self._all:
            one.mention(told)

    def refuse(self, loaded: Loaded) -> int:
        codes = [one.refuse(loaded) for one in self._all]
        return codes[0]

    def complain(self, what: str, *, who: str = "collectd-inode") -> int:
        codes = [one.complain(what, who=who) for one in self._all]
        return codes[0]


_PRESENTERS = {"pretty": Pretty, "json": JSON, "junit": JUnit, "nagios": Nagios}
FORMATS = tuple(_PRESENTERS)
REPEATED = tuple(word for word, one in _PRESENTERS.items() if one.repeats)
USES = "; ".join(f"{word}: {one.use}" for word, one in _PRESENTERS.items())


def format_of(file: str) -> str:
    """The format of a file by the ending of its name; empty if no format has it."""
    ending = file.rpartition(".")[2]
    return next((word for word, one in _PRESENTERS.items() if one.ending == ending), "")


def presenter(options: argparse.Namespace) -> Presenter:
    """The presenter of observations in the formats of *options*: ``--format`` here, each ``-o`` in its file."""
    first = _made(options.format, options)
    files = [_made(format, options, file) for format, file in getattr(options, "outputs", ())]
    return Several([first, *files]) if files else first


def _made(format: str, options: argparse.Namespace, out: TextIO | None = None) -> Presenter:
    many = format == "pretty" and getattr(options, "repeat", 1) > 1
    return (Statistics if many else _PRESENTERS[format])(options, out)


def show_findings(problems: Iterable[Problem], warnings: Iterable[Problem], format: str) -> None:
    """Mistakes and warnings: for people on standard error, or one JSON object a line."""
    for found, severity in ((problems, "error"), (warnings, "warning")):
        if format == "json":
            for problem, help in helped(found):
                print(json_line(severity, problem, help))
        else:
            show_problems(found, severity)


def show_problems(problems: Iterable[Problem], kind: str = "error") -> None:
    """Each mistake with its place, and below it its help; on standard error."""
    colour = style(sys.stderr)
    paint = colour.failed if kind == "error" else colour.undefined
    for line in problem_lines(problems, paint(kind)):
        print(line, file=sys.stderr)
