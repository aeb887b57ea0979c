"""``graph --fleet``: one page with all jobs of all hosts whose values a hub's collectd receives.

Their states come from StateDir; histories and numbers from the hub's RRD files, as far as there are some.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectd_inode import oconfig
from collectd_inode.cli.configured import last
from collectd_inode.cli.fleet import FleetHost, newest_of, older, read, silence
from collectd_inode.cli.graph import DRAW_SECONDS, rrdtool_numbers, whole
from collectd_inode.cli.rrd_pipe import NotRead, Rrdtool
from collectd_inode.cli.rrd_place import data_dir
from collectd_inode.cli.status import name_of, state_dir, tell
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.report import overview
from collectd_inode.report.graphs import SUCCESS, Frame
from collectd_inode.report.overview import OverviewJob
from collectd_inode.report.record import Record
from collectd_inode.wire import Clock
from collectd_inode.words import plural

PAGE = "fleet.html"


def main(options: argparse.Namespace, clock: Clock) -> Exit:
    """Read, ask rrdtool, write the page."""
    if options.job or options.grafana:
        return complain("graph --fleet takes neither --job nor --grafana: the page has all jobs, and a filter")
    now = clock.now()
    try:
        hosts, troubles = read(state_dir(options.conf), now)
        tree = oconfig.load(options.conf).nodes
    except LookupError as error:
        return complain(error.args[0])
    frame = Frame(int(now) - options.last.seconds, int(now), options.format)
    entries, left_out = _entries(hosts, Path(options.data or data_dir(tree)), frame, now, clock)
    name = f"{plural(len(hosts), 'host')} at {last(tree, 'hostname') or os.uname().nodename}"
    made = overview.Made(now, name, options.last.text, drawn="")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        whole(options.out / PAGE, overview.page(entries, made, [*troubles, *left_out, *_remarks(hosts)]))
    except OSError as error:
        return complain(f"{error.filename or options.out}: {error.strerror or error}")
    tell(troubles)
    print(options.out / PAGE)
    return Exit.FAILED if troubles else Exit.PASSED


def _entries(
    hosts: Sequence[FleetHost], data: Path, frame: Frame, now: float, clock: Clock
) -> tuple[list[OverviewJob], list[str]]:
    """Every job, and the histories that could not be read; the worst are read first, as far as time allows."""
    entries = [OverviewJob(name_of(one), one.kind, one.interval, one) for host in hosts for one in host.records]
    entries.sort(key=lambda entry: entry.state(now))
    if not data.is_dir():
        return entries, [f"There are no histories: no RRD files in {data}."]
    until = clock.monotonic() + DRAW_SECONDS
    try:
        with Rrdtool() as rrdtool:
            for number, entry in enumerate(entries):
                if clock.monotonic() >= until:
                    rest = plural(len(entries) - number, "job")
                    return entries, [f"{DRAW_SECONDS:g} s are over: {rest} without history."]
                entries[number] = _with_history(entry, rrdtool, data, frame, now)
    except NotRead as error:
        return entries, [f"There are no histories: {error}"]
    return entries, []


def _with_history(entry: OverviewJob, rrdtool: Rrdtool, data: Path, frame: Frame, now: float) -> OverviewJob:
    folder = _folder(data, entry.record)
    if folder is None or not (folder / f"{SUCCESS}.rrd").exists():
        return entry
    history, numbers = rrdtool_numbers(rrdtool, folder, frame, now)
    return OverviewJob(entry.name, entry.kind, entry.interval, entry.record, history, numbers=numbers)


def _folder(data: Path, record: Record | None) -> Path | None:
    """The folder of a job's RRD files; a host's name comes from the network, and must not lead elsewhere."""
    if record is None or record.host.startswith(".") or "/" in f"{record.host}{record.instance}":
        return None
    return data / record.host / f"{record.kind}-{record.instance}"


def _remarks(hosts: Sequence[FleetHost]) -> Iterator[str]:
    """The hosts that are silent, that have notices about themselves, or that run an older version."""
    newest = newest_of(hosts)
    for host in hosts:
        if host.silent:
            yield f"{host.heard.host}: {silence(host)}"
        elif behind := older(host, newest):
            yield f"{host.heard.host}: {behind}"
        for warning in () if host.silent else host.heard.warnings():
            yield f"{host.heard.host}: {warning.message}"
