"""Look feature files over without running them: what cannot run (exit 2), and what is worth a second look."""

from __future__ import annotations

import argparse

from collectd_inode.cli.output import Exit, show_problems
from collectd_inode.keys import Common
from collectd_inode.run import Job
from collectd_inode.scenario import lint as rules
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.replay import Replay
from collectd_inode.scenario.settings import Settings

NAME = "lint"
HELP = "look feature files over"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="feature file, folder or glob")
    parser.add_argument("--steps", metavar="PATH", action="append", default=[], help="Python step modules")
    parser.add_argument("--vocabulary", choices=("web", "legacy"), default="web")
    parser.add_argument("--verbose", action="store_true", help="show which steps fail on a status of 400 or more")


def main(options: argparse.Namespace) -> Exit:
    """Look, list, judge."""
    settings = Settings(
        features=tuple(options.paths), steps=tuple(options.steps), vocabulary=options.vocabulary, any_variable=True
    )
    loaded = load(None, settings, Common())
    show_problems(loaded.problems)
    show_problems((warning for job in loaded.jobs for warning in rules.warnings(job)), "warning")
    show_problems(loaded.warnings, "warning")
    if options.verbose:
        for job in loaded.jobs:
            _show_status_rule(job)
    if loaded.problems:
        return Exit.USAGE
    print(f"{len(loaded.jobs)} scenario{'' if len(loaded.jobs) == 1 else 's'} can run")
    return Exit.PASSED


def _show_status_rule(job: Job) -> None:
    if not isinstance(job.probe, Replay):
        return
    for step in job.probe.steps:
        if step.planned.navigates:
            rule = (
                "fails on a status of 400 or more"
                if step.refuse_bad_status
                else "takes any status: a later step judges it"
            )
            print(f"{step.planned.place}: {step.planned.name}: {rule}")
