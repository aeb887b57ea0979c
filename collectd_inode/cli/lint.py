"""Check feature files without running them: list errors (exit code 2) and warnings."""

from __future__ import annotations

import argparse

from collectd_inode.cli.options import KeyOptions, json_too
from collectd_inode.cli.output import show_findings
from collectd_inode.cli.selection import PATH_HELP, Selection, contents
from collectd_inode.cli.terminal import Exit
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job
from collectd_inode.report.problems import once_each
from collectd_inode.scenario import lint as rules
from collectd_inode.scenario.environment import Environment
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.words import plural

_keys = KeyOptions(Settings)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help=PATH_HELP)
    for key in ("Steps", "Vocabulary"):
        _keys.add(parser, key)
    json_too(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 1 if there is a warning")
    parser.add_argument("--verbose", action="store_true", help="explain for each step when it fails")


def main(options: argparse.Namespace) -> Exit:
    """Look, list, judge."""
    paths = Selection.of(options.paths).paths
    settings = _keys.settings(options, features=paths, any_variable=True)
    loaded = load(None, settings, BlockSettings(), Environment(contents(paths)))
    warnings = [*(warning for job in loaded.jobs for warning in rules.warnings(job)), *loaded.warnings]
    show_findings(once_each(loaded.problems), once_each(warnings), options.format)
    pretty = options.format == "pretty"
    if options.verbose and pretty:
        for job in loaded.jobs:
            _show_rules(job)
    if loaded.problems:
        return Exit.USAGE
    if pretty:
        print(f"{plural(len(loaded.jobs), 'scenario')} can run")
    return Exit.FAILED if options.strict and warnings else Exit.PASSED


def _show_rules(job: Job) -> None:
    """A scenario that can run, step by step: which fails on a status of 400 or more, which leaves that to another."""
    if job.probe is None or job.story is None:
        return
    print(f"{job.place}: {job.story.scenario}")
    for step, rule in rules.rules(job):
        print(f"{step.place}:   {step.name}" + (f": {rule}" if rule else ""))
