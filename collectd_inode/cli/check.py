"""Read a collectd.conf and everything it names, offline, and list every mistake with file and line."""

from __future__ import annotations

import argparse

from collectd_inode.cli.configured import DEFAULT_CONF, read
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.terminal import Exit
from collectd_inode.report.notification import counted
from collectd_inode.report.values import series


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")


def main(options: argparse.Namespace) -> Exit:
    """Check, list, judge."""
    found = read(options.conf)
    show_problems(found.problems)
    show_problems(found.warnings, "warning")
    if found.problems:
        print(f"{options.conf}: {counted(len(found.problems), 'mistake')}")
        return Exit.USAGE
    names = sum(len(series(job)) for job in found.jobs)
    print(f"{options.conf}: good: {counted(len(found.jobs), 'job')}, up to {names} series")
    return Exit.PASSED
