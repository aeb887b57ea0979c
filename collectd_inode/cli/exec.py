"""Run the jobs of FILE as a program of collectd's exec plugin: in a process and as a user of their own.

collectd starts it, reads its standard output, and logs its standard error.  `collectd-inode snippet --exec` prints the
lines for collectd.conf.  At SIGHUP, it reads FILE again; if FILE has a mistake, nothing changes.
"""

from __future__ import annotations

import argparse
import os

from collectd_inode.cli import programs
from collectd_inode.cli.terminal import Exit
from collectd_inode.doors.pipe import Pipe, taken
from collectd_inode.model import Door
from collectd_inode.wire.local import own_name


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    programs.arguments(parser)


def main(options: argparse.Namespace) -> Exit:
    """Run, under the name that collectd reports as."""
    hostname = os.environ.get("COLLECTD_HOSTNAME") or own_name(full=False)
    return programs.main(options, Door.EXEC, hostname, lambda outbox: Pipe(outbox, taken()))
