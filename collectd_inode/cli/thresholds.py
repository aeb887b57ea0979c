"""Suggest limits for the jobs' times, from the last month's values: collectd's thresholds, or Prometheus' rules.

They come from the largest values in RRD files, without outages.  Read them before you paste them.
Exit codes: 0 all limits were printed, 1 some are missing (they are listed), 2 all are missing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectd_inode.cli.configured import DEFAULT_CONF, Configured, read
from collectd_inode.cli.graph import span_of
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.rrd_pipe import NotRead, Rrdtool, fetch, first_of, parsed
from collectd_inode.cli.rrd_place import data_dir, host_of, rrdcached
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.model import Job
from collectd_inode.report import suggestions
from collectd_inode.report.suggestions import Period, Suggestion, ThresholdSeries, suggest
from collectd_inode.wire import SYSTEM_CLOCK, Clock

_FORMATS = {"collectd": suggestions.collectd, "prometheus": suggestions.prometheus}
_SECONDS = 300.0
"""For reading all files."""
_SUCCESS = "bool-success"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")
    parser.add_argument("--data", metavar="DIR", help="folder of the RRD files; default: from CONF")
    parser.add_argument("--last", metavar="SPAN", type=span_of, default="31d", help="how far back (%(default)s)")
    parser.add_argument(
        "--format", choices=tuple(_FORMATS), default="collectd", help="a <Plugin threshold>, or alert rules"
    )


def main(options: argparse.Namespace, clock: Clock = SYSTEM_CLOCK) -> Exit:
    """Read, judge, print."""
    found = read(options.conf)
    show_problems(found.problems)
    looked = Period(options.last.seconds, clock.now())
    place = Path(options.data or data_dir(found.tree))
    try:
        with Rrdtool(rrdcached(found.tree), _SECONDS) as rrdtool:
            known = [one for job in found.jobs for one in _of_job(job, found, place, rrdtool, looked)]
    except NotRead as error:
        return complain(str(error))
    if not known:
        return complain(f"nothing is known of any job of {options.conf}: no RRD files in {place}")
    print("\n".join(_FORMATS[options.format](known, looked)))
    return Exit.FAILED if found.problems or any(one.limit is None for one in known) else Exit.PASSED


def _of_job(job: Job, found: Configured, place: Path, rrdtool: Rrdtool, looked: Period) -> Iterator[Suggestion]:
    folder = f"{job.kind}-{job.instance}"
    host = host_of(place, folder, job.host or found.hostname)
    home = place / host / folder
    try:
        files = sorted(name.removesuffix(".rrd") for name in os.listdir(home) if name.endswith(".rrd"))
    except OSError:
        return
    series = list(_in_order([_series(job, host, file) for file in files], job))
    commands = [fetch(home / f"{_SUCCESS}.rrd", "MIN", looked.until - looked.seconds, looked.until)]
    commands += [fetch(home / _file(one), "MAX", looked.until - looked.seconds, looked.until) for one in series]
    success, *most = [first_of(parsed(lines)) for lines in rrdtool.ask(commands)] or [()]
    for one, points in zip(series, most, strict=False):
        if points:
            yield suggest(one, points, success)


def _series(job: Job, host: str, file: str) -> ThresholdSeries:
    type, _, instance = file.partition("-")
    names = {step.series: step.name for step in job.steps}
    name = names.get(instance, instance) if type == "response_time" else f"{type} {instance}".rstrip()
    return ThresholdSeries(job.kind, job.instance, type, instance, name, job.host, host)


def _in_order(series: Sequence[ThresholdSeries], job: Job) -> Iterator[ThresholdSeries]:
    """Those with a limit: the steps as they follow one another, then the rest."""
    places = {step.series: number for number, step in enumerate(job.steps)}
    wanted = [one for one in series if one.type in suggestions.TYPES]
    of_steps = [one for one in wanted if one.type == "response_time" and one.type_instance in places]
    yield from sorted(of_steps, key=lambda one: places[one.type_instance])
    yield from (one for one in wanted if one.type != "response_time")


def _file(series: ThresholdSeries) -> str:
    return "-".join(filter(None, (series.type, series.type_instance))) + ".rrd"
