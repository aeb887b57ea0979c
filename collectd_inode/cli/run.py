"""Replay feature files once or several times, and show each step with its latency."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from collectd_inode.cli.block import NO_BLOCK, read_block
from collectd_inode.cli.options import AllOf, KeyOptions, Once, formats, over, parallel, times, verbosity
from collectd_inode.cli.output import REPEATED, Presenter, presenter
from collectd_inode.cli.progress import Progress
from collectd_inode.cli.selection import PATH_HELP, STDIN, Selection, contents, file_of
from collectd_inode.cli.terminal import INTERRUPTED, Exit, style
from collectd_inode.cli.together import run_all
from collectd_inode.cli.watching import seen, wait_for_change
from collectd_inode.keys import Loaded
from collectd_inode.model import Job, Observation, Place, Problem
from collectd_inode.reload import stamp
from collectd_inode.scenario.environment import Environment, secret_files
from collectd_inode.scenario.feature import parse_tags
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.kind import SCENARIO
from collectd_inode.scenario.replay import PageNames
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from collectd_inode.words import plural

_keys = KeyOptions(Settings)


def _tags(value: str) -> str:
    try:
        parse_tags(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return value


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.usage = "%(prog)s [OPTION…] PATH[:LINE]…"
    parser.add_argument("paths", nargs="*", metavar="PATH[:LINE]", help=f"{PATH_HELP}; LINE: one scenario")
    parser.add_argument(
        "--name",
        "-n",
        action=Once,
        instead="^(One|Two) for two titles",
        metavar="TEXT",
        type=_name,
        help="run only the scenarios whose title contains TEXT (a regular expression if it begins with ^), or that have"
        " this job's name or FILE:LINE",
    )
    parser.add_argument(
        "--list", "--dry-run", "-d", action="store_true", help="list the scenarios that would run, and run nothing"
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop after the first scenario that does not pass")
    parser.add_argument(
        "--watch", action="store_true", help="run again when a file changes, and show what the last page has to offer"
    )
    parser.add_argument("--repeat", metavar="N", type=times, default=1, help="replay N times, and print statistics")
    parser.add_argument(
        "--config",
        action=Once,
        instead="all of it in one file",
        metavar="FILE",
        help="a file with a <Scenario> block, or with the lines inside one; - for standard input",
    )
    parallel(parser, 1)
    formats(parser, _complaints)
    verbosity(parser)
    keys = parser.add_argument_group("keys of <Scenario>; an option overrides the key in --config")
    _keys.add(keys, "Variable", "-D", default=argparse.SUPPRESS, help="the value of ${NAME} in steps; repeatable")
    _keys.add_all(keys, **_SAID_OTHERWISE)


_SAID_OTHERWISE: dict[str, dict[str, Any]] = {
    "Tags": {"type": _tags, "action": AllOf, "help": 'run only the scenarios with these tags, such as "not @slow"'},
    "Variable": {"help": "the same as -D"},
    "Secret": {
        "help": "like -D; the value is the first line of FILE and is never shown; or set INODE_SECRET_NAME_FILE=FILE"
    },
}


def main(options: argparse.Namespace) -> int:
    """Replay, show, judge; with ``--watch`` again and again."""
    if not options.watch:
        return _Command(options).run()
    while True:
        command = _Command(options)
        before = stamp(command.sources)
        if command.run() == INTERRUPTED:
            return INTERRUPTED
        print(f"watching {plural(sum(size >= 0 for _, _, size in before), 'file')}; Ctrl-C ends", file=sys.stderr)
        wait_for_change(command.sources, before)


class _Command:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._block, self._problems = read_block(options.config) if options.config else (NO_BLOCK, [])
        self._selection = Selection.of(options.paths or self._block.settings.features, options.name)
        name = None if self._selection.place else options.name
        self._settings = replace(over(options, self._block.settings), features=self._selection.paths, name=name)
        self._pages: dict[Place, PageNames] = {}

    @property
    def sources(self) -> list[str]:
        """The files and folders that it is made from."""
        config = [self._options.config] if self._options.config else []
        return [*config, *self._settings.features, *self._settings.steps]

    def run(self) -> int:
        """Replay, show, judge."""
        options, selection = self._options, self._selection
        shown = presenter(options)
        if self._problems:
            return shown.refuse(Loaded((), tuple(self._problems)))
        loaded = self._load()
        if loaded.problems and not _are_others(loaded, selection):
            return shown.refuse(loaded)
        shown.mention(loaded.problems)
        if missing := selection.missing(loaded.jobs):
            return shown.complain(f"{', '.join(missing)}: there is no scenario")
        jobs = selection.chosen(loaded.jobs)
        if options.list:
            for job in jobs:
                print(f"{job.place}  # {job.scenario}")
            return Exit.PASSED if jobs else Exit.USAGE
        try:
            workers.run(self._replay(jobs, shown))
        except KeyboardInterrupt:
            shown.end()
            return INTERRUPTED
        return shown.end()

    def _load(self) -> Loaded:
        looks = self._pages.__setitem__ if self._options.watch or self._options.verbose else None
        around = Environment(contents(self._selection.paths), secret_files(os.environ), looks, is_typed=True)
        loaded = load(self._block.name, self._settings, over(self._options, self._block.common), around)
        return replace(loaded, problems=tuple(map(self._with_hint, loaded.problems)))

    def _with_hint(self, problem: Problem) -> Problem:
        """*problem*, with what to type if its path may be the name of a job."""
        word = problem.value
        return (
            replace(problem, help=_FOR_A_NAME.format(shlex.quote(word)))
            if word in self._options.paths and _is_no_path(word)
            else problem
        )

    async def _replay(self, jobs: Sequence[Job], shown: Presenter) -> None:
        options = self._options
        progress = Progress(len(jobs) * options.repeat, "runs" if options.repeat > 1 else "scenarios")
        goes_on = True

        def show(observation: Observation) -> bool:
            nonlocal goes_on
            progress.clear()
            shown.show(observation)
            self._show_page(observation)
            progress.step()
            goes_on = observation.passed or not options.fail_fast
            return goes_on

        for _ in range(options.repeat):
            if goes_on:
                await run_all(jobs, options.at_once, show)
        progress.clear()

    def _show_page(self, observation: Observation) -> None:
        """The last page, by what can be named on it: while writing, and after a failure that is looked into."""
        page = self._pages.pop(observation.job.place, None)
        wanted = self._options.watch or not observation.passed
        if page is not None and wanted and self._options.format == "pretty" and self._options.repeat == 1:
            print("\n".join(seen(page.url, page.names, style())))


def _is_no_path(word: str) -> bool:
    """Whether *word* cannot be the path of a feature: a job's name, as other commands print it, or a title."""
    kind = rf"(.+/)?{SCENARIO.plugin}[-/]"
    return not os.path.exists(word) and bool(re.match(kind, word) or not re.search(r"[./*?\[]", word))


_FOR_A_NAME = "a job's name or a title goes behind --name; a configured job runs by: collectd-inode once [CONF] {}"


def _are_others(loaded: Loaded, selection: Selection) -> bool:
    """Whether the mistakes keep only scenarios from running that are not selected."""
    jobs = selection.chosen(loaded.jobs)
    unable = [job for job in loaded.jobs if job.trouble is not None]
    return bool(jobs and unable) and not any(job in jobs or job.scenario is None for job in unable)


def _complaints(options: argparse.Namespace) -> Iterator[str]:
    if not options.paths and not options.config and not file_of(options.name or ""):
        yield "the following arguments are required: PATH[:LINE], or --config FILE"
    if options.watch and (options.format != "pretty" or options.list):
        yield "--watch shows what people read: expected no other --format, and no --list"
    piped = [path for path in (*options.paths, options.config or "") if path.split(":")[0] in ("-", STDIN)]
    if len(piped) > 1:
        yield "standard input can be read once: expected one file for it"
    if options.watch and piped:
        yield "--watch looks at files: expected no standard input"
    for format in (options.format, *(format for format, _ in options.wanted)):
        if options.repeat > 1 and format not in REPEATED:
            yield f"--format {format} shows one run: --repeat is for {' and '.join(REPEATED)}"


def _name(value: str) -> str:
    try:
        re.compile(value if value.startswith("^") else "")
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{value}: not a regular expression: {error}") from None
    return value
