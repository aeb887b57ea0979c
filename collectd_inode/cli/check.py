"""Read a collectd.conf and all files that it names, and list every mistake with file and line.  Works offline."""

from __future__ import annotations

import argparse
import os
import tempfile

from collectd_inode.cli.configured import DEFAULT_CONF, Configured, read
from collectd_inode.cli.options import json_too
from collectd_inode.cli.output import show_findings
from collectd_inode.cli.terminal import Exit
from collectd_inode.report.values import series
from collectd_inode.words import plural


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")
    parser.add_argument(
        "--fragment", action="store_true", help="CONF is a part of a configuration: do not require Import or a job"
    )
    parser.add_argument(
        "--no-secrets", action="store_true", help="do not require that the files of passwords and keys exist"
    )
    json_too(parser)


def main(options: argparse.Namespace) -> Exit:
    """Check, list, judge."""
    with tempfile.TemporaryDirectory() as folder:
        stand_in = stand_in_for_secrets(folder) if options.no_secrets else ""
        found = read(options.conf, fragment=options.fragment, stand_in=stand_in)
    show_findings(found.problems, found.warnings, options.format)
    if options.format == "pretty":
        print(_sum(found, options.conf))
    return Exit.USAGE if found.problems else Exit.PASSED


def _sum(found: Configured, conf: str) -> str:
    if found.problems:
        return f"{conf}: {plural(len(found.problems), 'mistake')}"
    names = sum(len(series(job)) for job in found.jobs)
    return f"{conf}: good: {plural(len(found.jobs), 'job')}, up to {names} series"


def stand_in_for_secrets(folder: str) -> str:
    """A file in *folder* to read in place of each file of secrets."""
    path = os.path.join(folder, "secret")
    with open(path, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("no secret, but in place of one\n")
    return path
