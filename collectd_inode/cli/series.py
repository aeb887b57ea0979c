"""List the identities that feature files or a configuration will send, one a line."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from collectd_inode.cli.configured import read
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.terminal import Exit
from collectd_inode.keys import Common
from collectd_inode.report.readings import SCENARIO
from collectd_inode.report.values import series
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("path", metavar="PATH|CONF", help="feature file or folder, or a collectd.conf")
    parser.add_argument("--steps", metavar="PATH", action="append", default=[], help="Python step modules")
    parser.add_argument("--vocabulary", choices=("web", "legacy"), default="web")


def main(options: argparse.Namespace) -> Exit:
    """List what is known before anything has run."""
    hostname = ""
    if options.path.endswith(".feature") or not os.path.isfile(options.path):
        settings = Settings(
            features=(options.path,),
            steps=tuple(options.steps),
            vocabulary=options.vocabulary,
            any_variable=True,
        )
        loaded = load(None, settings, Common())
    else:
        found = read(options.path)
        loaded, hostname = found.loaded, found.hostname
    show_problems(loaded.problems)
    for job in loaded.jobs:
        host = job.host or hostname or socket.gethostname()
        for identity in series(job):
            print(f"{host}/{identity}")
    if loaded.problems:
        return Exit.USAGE
    if any(job.kind == SCENARIO for job in loaded.jobs):
        print("and gauge-certificate_days_left-HOST for each TLS host met, at most 16 a scenario", file=sys.stderr)
    return Exit.PASSED
