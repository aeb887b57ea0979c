"""List the identities of the values that feature files or a configuration send, one on each line."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Iterator

from collectd_inode.cli.configured import chosen, read, unknown_job
from collectd_inode.cli.options import KeyOptions, json_too
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.selection import PATH_HELP, Selection, contents
from collectd_inode.cli.status import JOB_HELP
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.keys import BlockSettings
from collectd_inode.kinds import kind_of
from collectd_inode.model import Job
from collectd_inode.report.values import series, series_of
from collectd_inode.scenario.environment import Environment
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings

_keys = KeyOptions(Settings)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("path", metavar="PATH|CONF", help=f"{PATH_HELP}; or a collectd.conf")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"only these jobs: {JOB_HELP}")
    json_too(parser)
    for key in ("Steps", "Vocabulary"):
        _keys.add(parser, key)


def main(options: argparse.Namespace) -> Exit:
    """List what is known before anything has run."""
    hostname = ""
    if options.path.endswith(".feature") or not os.path.isfile(options.path):
        paths = Selection.of([options.path]).paths
        settings = _keys.settings(options, features=paths, any_variable=True)
        loaded = load(None, settings, BlockSettings(), Environment(contents(paths)))
    else:
        found = read(options.path)
        loaded, hostname = found.loaded, found.hostname
    show_problems(loaded.problems)
    jobs, unknown = chosen(loaded.jobs, options.jobs)
    if unknown:
        return complain(unknown_job(unknown, loaded.jobs))
    if options.format == "json":
        for job in jobs:
            print("\n".join(_json(job)))
        return Exit.USAGE if loaded.problems else Exit.PASSED
    for job in jobs:
        host = job.host or hostname or socket.gethostname()
        for identity in series(job):
            print(f"{host}/{identity}")
    if loaded.problems:
        return Exit.USAGE
    for unlisted in dict.fromkeys(kind_of(job.kind).unlisted for job in jobs):
        if unlisted:
            print(f"and {unlisted}", file=sys.stderr)
    return Exit.PASSED


def _json(job: Job) -> Iterator[str]:
    for one in series_of(job):
        row = {
            "job": job.name,
            "scenario": job.scenario,
            "step": one.step.name if one.step is not None else None,
            "plugin": job.kind,
            "plugin_instance": job.instance,
            "type": one.type,
            "type_instance": one.type_instance,
        }
        yield json.dumps(row, ensure_ascii=False)
