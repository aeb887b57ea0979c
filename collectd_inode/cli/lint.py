"""Look feature files over without running them: what cannot run (exit 2), and what is worth a second look."""

from __future__ import annotations

import argparse

from collectd_inode.cli.output import show_problems
from collectd_inode.cli.terminal import Exit
from collectd_inode.keys import Common
from collectd_inode.report.notification import counted
from collectd_inode.run import Job
from collectd_inode.scenario import lint as rules
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="feature file, folder or glob")
    parser.add_argument("--steps", metavar="PATH", action="append", default=[], help="Python step modules")
    parser.add_argument("--vocabulary", choices=("web", "legacy"), default="web")
    parser.add_argument("--verbose", action="store_true", help="show of each step what its failure is")


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
            _show_rules(job)
    if loaded.problems:
        return Exit.USAGE
    print(f"{counted(len(loaded.jobs), 'scenario')} can run")
    return Exit.PASSED


def _show_rules(job: Job) -> None:
    """A scenario that can run, step by step: which fails on a status of 400 or more, which leaves that to another."""
    if job.probe is None or job.story is None:
        return
    print(f"{job.place}: {job.story.scenario}")
    for step, rule in rules.rules(job):
        print(f"{step.place}:   {step.name}" + (f": {rule}" if rule else ""))
