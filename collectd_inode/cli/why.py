"""Show why a job went bad: the last good run beside the bad one, and what else changed.

why reads StateDir, and RRD files if there are any; it contacts nothing and runs nothing.

Exit codes: 0 nothing is bad, 1 something is bad, 2 there is no such job, or nothing can be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from collectd_inode import oconfig
from collectd_inode.cli.rrd_pipe import NotRead
from collectd_inode.cli.rrd_place import data_dir, host_of, rrdcached
from collectd_inode.cli.rrd_series import Wanted, minutes_of, survey
from collectd_inode.cli.status import JOB_HELP, found_by, read_state, state_dir, state_options
from collectd_inode.cli.terminal import Exit, complain, style
from collectd_inode.report import history
from collectd_inode.report.explanation import Explanation, as_object, explain
from collectd_inode.report.plan import Plan, Planned
from collectd_inode.report.record import Record
from collectd_inode.report.why import Asked, page
from collectd_inode.wire import SYSTEM_CLOCK, Clock


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("job", metavar="JOB", help=JOB_HELP)
    state_options(parser)
    parser.add_argument("--data", metavar="DIR", help="folder of the RRD files; default: from CONF")
    parser.add_argument("--format", "-f", choices=("pretty", "json"), default="pretty", help="json: one object a line")


def main(options: argparse.Namespace, clock: Clock = SYSTEM_CLOCK) -> Exit:
    """Read, compare, show."""
    try:
        folder = options.state_dir or state_dir(options.conf)
        records, plan, troubles = read_state(folder)
        chosen, waiting = _chosen(records, plan, options.job, folder)
    except LookupError as error:
        return complain(error.args[0])
    for trouble in troubles:
        print(f"collectd-inode: {trouble}", file=sys.stderr)
    tree = _tree(options.conf)
    now = clock.now()
    for number, record in enumerate(chosen):
        asked = _asked(record, folder, tree, options.data, now)
        if options.format == "json":
            print(json.dumps(as_object(record.job, asked.found, asked.host), ensure_ascii=False, allow_nan=False))
        else:
            print("\n".join([*([""] if number else []), *page(asked, style())]))
    for planned in waiting:
        if options.format == "json":
            print(json.dumps(as_object(planned.job, Explanation(), None)))
        else:
            print(f"{planned.kind}/{planned.instance}: has not run yet, so that nothing is known of it")
    fine = all(record.passed and not record.stale(now) for record in chosen)
    return Exit.PASSED if fine else Exit.FAILED


def _chosen(records: Sequence[Record], plan: Plan | None, job: str, folder: str) -> tuple[list[Record], list[Planned]]:
    """The jobs that *job* names, only the bad ones if some are bad; and those that have not run yet.

    LookupError if there is none.
    """
    wanted = found_by(job, records, plan)
    chosen = [record for record in records if record.identity in wanted]
    run = {record.identity for record in chosen}
    waiting = [one for one in (plan.jobs if plan else ()) if one.identity in wanted and one.identity not in run]
    if chosen or waiting:
        return [record for record in chosen if not record.passed] or chosen, waiting
    names = ", ".join(sorted({record.job for record in records})) or "none"
    raise LookupError(f"no job {job!r} is known in {folder}; known there: {names}")


def _tree(conf: str) -> tuple[oconfig.Node, ...]:
    """The tree of collectd.conf; empty if it cannot be read, which others report."""
    try:
        return oconfig.load(conf).nodes
    except oconfig.BadConfig:
        return ()


def _asked(record: Record, folder: str, tree: Sequence[oconfig.Node], data: str | None, now: float) -> Asked:
    runs, trouble = history.read(folder, record.identity)
    found = explain(runs)
    asked = Asked(record, found, None, now, [trouble] if trouble else [])
    if not runs:
        asked = replace(asked, notes=[*asked.notes, "there is no history of this job yet: it begins with its next run"])
    if found.bad is None:
        return asked
    minutes = minutes_of(found.good.time if found.good else None, found.bad.time, now, record.interval)
    try:
        return replace(asked, host=survey(_wanted(record, tree, data), minutes))
    except NotRead as error:
        return replace(asked, notes=[*asked.notes, f"the rest of this host: {error}"])


def _wanted(record: Record, tree: Sequence[oconfig.Node], data: str | None) -> Wanted:
    place = Path(data or data_dir(tree))
    own = f"{record.kind}-{record.instance}"
    said = next((str(node.values[0]) for node in tree if node.key.lower() == "hostname" and node.values), "")
    return Wanted(place, host_of(place, own, record.host or said), frozenset({own}), rrdcached(tree))
