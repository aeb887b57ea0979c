"""Run the jobs of a collectd.conf once, now, as the daemon would."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from collectd_inode.cli.configured import DEFAULT_CONF, read
from collectd_inode.cli.output import FORMATS, Exit, Shower, exit_code, show_problems
from collectd_inode.cli.run import refuse
from collectd_inode.run import Job, Observation, observe
from collectd_inode.wire import workers

NAME = "once"
HELP = "run configured jobs once"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("words", nargs="*", metavar="[CONF] [JOB…]", help=f"CONF defaults to {DEFAULT_CONF}")
    parser.add_argument("--format", choices=FORMATS, default="pretty")
    parser.add_argument("--verbose", action="store_true", help="show phases, status and size of each step")


def main(options: argparse.Namespace) -> Exit:
    """Run, show, judge."""
    conf, names = _conf_and_jobs(options.words)
    found = read(conf)
    show_problems(found.warnings, "warning")
    if found.problems:
        return refuse(found.loaded, options.format)
    unknown = sorted(set(names) - {job.name for job in found.jobs})
    if unknown:
        known = ", ".join(sorted({job.name for job in found.jobs}))
        print(f"collectd-inode: no job is called {', '.join(unknown)}; there are: {known}", file=sys.stderr)
        return Exit.USAGE
    jobs = [job for job in found.jobs if not names or job.name in names]
    shower = Shower(options.format, verbose=options.verbose)
    observations = workers.run(_observe_all(jobs, shower))
    shower.end()
    return exit_code(observations)


def _conf_and_jobs(words: Sequence[str]) -> tuple[str, list[str]]:
    """The first word is the configuration if it looks like a file; everything else names jobs."""
    if words and (os.path.exists(words[0]) or "/" in words[0] or words[0].endswith(".conf")):
        return words[0], list(words[1:])
    return DEFAULT_CONF, list(words)


async def _observe_all(jobs: Sequence[Job], shower: Shower) -> list[Observation]:
    observations = []
    for job in jobs:
        observation = await observe(job)
        observations.append(observation)
        shower.show(observation)
    return observations
