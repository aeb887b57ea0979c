"""Run the jobs of FILE as a service beside collectd, and send their values to collectd's unixsock plugin.

`collectd-inode snippet --serve` prints the lines for collectd.conf, and `collectd-inode files` writes the unit for
systemd.  At SIGHUP (systemctl reload), it reads FILE again; if FILE has a mistake, nothing changes.  While collectd
is away, values wait for up to a minute, and notifications until it is back.
"""

from __future__ import annotations

import argparse
from functools import partial

from collectd_inode.cli import programs
from collectd_inode.cli.terminal import Exit
from collectd_inode.doors.unixsock import Unixsock
from collectd_inode.model import Door
from collectd_inode.wire.local import own_name

SOCKET = "/run/collectd-unixsock"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    programs.arguments(parser)
    parser.add_argument("--socket", metavar="PATH", default=SOCKET, help=f"collectd's socket; default: {SOCKET}")
    parser.add_argument("--hostname", metavar="NAME", help="the host name in the values; default: collectd's own")


def main(options: argparse.Namespace) -> Exit:
    """Run, under the name that collectd reports as."""
    named, full = programs.named_host(programs.collectd_conf())
    hostname = options.hostname or named or own_name(full=full)
    return programs.main(options, Door.SERVE, hostname, partial(Unixsock, path=options.socket))
