"""Run the jobs of a collectd.conf once, now, as the daemon would."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from collectd_inode.cli.configured import DEFAULT_CONF, read
from collectd_inode.cli.options import formats
from collectd_inode.cli.output import Shower, shower
from collectd_inode.run import Job, observe
from collectd_inode.wire import workers


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("words", nargs="*", metavar="[CONF] [JOB…]", help=f"CONF defaults to {DEFAULT_CONF}")
    formats(parser)
    parser.add_argument("--verbose", action="store_true", help="show phases, status and size of each step")


def main(options: argparse.Namespace) -> int:
    """Run, show, judge."""
    conf, names = _conf_and_jobs(options.words)
    found = read(conf)
    shown = shower(options)
    shown.warn(found.warnings)
    if found.problems:
        return shown.refuse(found.loaded)
    unknown = sorted(set(names) - {job.name for job in found.jobs})
    if unknown:
        known = ", ".join(sorted({job.name for job in found.jobs}))
        return shown.complain(f"no job is called {', '.join(unknown)}; there are: {known}")
    jobs = [job for job in found.jobs if not names or job.name in names]
    workers.run(_observe_all(jobs, shown))
    return shown.end()


def _conf_and_jobs(words: Sequence[str]) -> tuple[str, list[str]]:
    """The first word is the configuration if it looks like a file; everything else names jobs."""
    if words and (os.path.exists(words[0]) or "/" in words[0] or words[0].endswith(".conf")):
        return words[0], list(words[1:])
    return DEFAULT_CONF, list(words)


async def _observe_all(jobs: Sequence[Job], shown: Shower) -> None:
    for job in jobs:
        shown.show(await observe(job))
