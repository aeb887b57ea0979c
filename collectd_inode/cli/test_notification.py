"""Make the daemon send one FAILURE and one OKAY of a job, marked as a test, on the path of real ones."""

from __future__ import annotations

import argparse
import math
import threading
from pathlib import Path

from collectd_inode.cli.mute import write
from collectd_inode.cli.status import JOB_HELP, found_by, known_names, read_state, state_dir, state_options
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.report.mute import TEST_FILE, listed
from collectd_inode.report.plan import Plan
from collectd_inode.report.record import Record

WAIT_SECONDS = 15.0
"""The daemon looks every five seconds."""
LOOK_SECONDS = 0.1


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("job", metavar="JOB", help=JOB_HELP)
    state_options(parser)


def main(options: argparse.Namespace) -> Exit:
    """Ask the daemon, and wait until it has taken that up."""
    try:
        folder = options.state_dir or state_dir(options.conf)
        records, plan, _ = read_state(folder)
        identity = _identity(options.job, records, plan, folder)
        taken = _is_taken(folder, identity)
    except LookupError as error:
        return complain(error.args[0])
    except OSError as error:
        return complain(f"{error.filename or ''}: {error.strerror or error}")
    if not taken:
        return complain(f"no daemon has picked it up within {WAIT_SECONDS:g} s: does collectd run, with {folder}?")
    print("one FAILURE and one OKAY go out now, each marked as a test: see that both arrive")
    return Exit.PASSED


def _identity(job: str, records: list[Record], plan: Plan | None, folder: str) -> str:
    wanted = found_by(job, records, plan)
    found = [one for one in (plan.jobs if plan is not None else ()) if one.identity in wanted]
    if not found:
        names = listed(names[0] for names in known_names(records, plan).values())
        raise LookupError(f"no job {job!r} is known in {folder}; known there: {names}")
    if len(found) > 1:
        raise LookupError(f"{job!r} is several jobs: {listed(one.instance for one in found)}")
    if any(record.told for record in records if record.identity == found[0].identity):
        raise LookupError(f"{found[0].instance} is bad, and that was notified: the test's OKAY would withdraw it")
    return "/".join(found[0].identity)


def _is_taken(folder: str, identity: str) -> bool:
    """Whether a daemon takes the wish up in time; else it is withdrawn."""
    path = Path(folder, TEST_FILE)
    write(path, identity)
    for _ in range(math.ceil(WAIT_SECONDS / LOOK_SECONDS)):
        if not path.exists():
            return True
        threading.Event().wait(LOOK_SECONDS)
    path.unlink(missing_ok=True)
    return False
