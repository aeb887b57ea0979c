"""Run the jobs of a collectd.conf once, now, as the daemon does."""

from __future__ import annotations

import argparse

from collectd_inode.cli.configured import DEFAULT_CONF, chosen, conf_and_jobs, read, unknown_job
from collectd_inode.cli.options import formats, parallel, verbosity
from collectd_inode.cli.output import presenter
from collectd_inode.cli.progress import Progress
from collectd_inode.cli.status import JOB_HELP
from collectd_inode.cli.terminal import INTERRUPTED
from collectd_inode.cli.together import PER_HOST, run_all
from collectd_inode.model import Observation
from collectd_inode.wire import workers


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "words", nargs="*", metavar="[CONF] [JOB…]", help=f"CONF defaults to {DEFAULT_CONF}; JOB: {JOB_HELP}"
    )
    parallel(parser, PER_HOST)
    formats(parser)
    verbosity(parser)


def main(options: argparse.Namespace) -> int:
    """Run, show, judge; as in the daemon, a mistake in one block stops no job of another one."""
    conf, names = conf_and_jobs(options.words)
    found = read(conf)
    shown = presenter(options)
    shown.warn(found.warnings)
    if found.problems and (found.strict or not names):
        return shown.refuse(found.loaded)
    shown.mention(found.problems)
    jobs, unknown = chosen(found.jobs, names)
    if unknown:
        return shown.complain(unknown_job(unknown, found.jobs))
    progress = Progress(len(jobs), "jobs")

    def show(observation: Observation) -> bool:
        progress.clear()
        shown.show(observation)
        progress.step()
        return True

    try:
        workers.run(run_all(jobs, options.at_once, show))
    except KeyboardInterrupt:
        shown.end()
        return INTERRUPTED
    progress.clear()
    return shown.end()
