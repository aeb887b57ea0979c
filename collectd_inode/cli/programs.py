"""The common parts of the two commands that run jobs outside of collectd, in a process of their own."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from collectd_inode import oconfig
from collectd_inode.cli.configured import DEFAULT_CONF, last
from collectd_inode.cli.doctor_checks import TYPES
from collectd_inode.cli.terminal import Exit
from collectd_inode.doors.logs import to_standard_error
from collectd_inode.doors.notify import Systemd
from collectd_inode.doors.outbox import Outbox
from collectd_inode.doors.program import ConfigurationRefused, Program, Way
from collectd_inode.model import Door

TYPES_DB = "/usr/share/collectd/types.db"
FALSE = ("false", "no", "off")

log = logging.getLogger("collectd_inode")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of both."""
    parser.add_argument("file", metavar="FILE", help="a file with the content of <Module collectd_inode>")
    parser.add_argument(
        "--types-db",
        metavar="PATH",
        action="append",
        help=f"the file of collectd's types; repeatable; default: from {DEFAULT_CONF}, else {TYPES_DB}",
    )


def main(options: argparse.Namespace, door: Door, hostname: str, way: Callable[[Outbox], Way]) -> Exit:
    """Run until a signal or collectd's end; returns only if nothing could be run."""
    to_standard_error(levels="JOURNAL_STREAM" in os.environ)
    outbox = Outbox(hostname)
    known = options.types_db or types_db(collectd_conf())
    program = Program(door, options.file, outbox, way(outbox), Systemd(os.environ), TYPES, known)
    try:
        program.run()
    except ConfigurationRefused as error:
        for problem in error.problems:
            log.error("%s", problem)
        return Exit.USAGE
    return leave(Exit.PASSED)


def leave(code: int) -> NoReturn:
    """End this process now, when all is sent and kept: ends browsers, and waits for no thread.

    Taking the interpreter apart is the longest part of a stop, and longer the busier the machine is (1.7 s of 1.8 s at
    a load of 11): a collectd that starts again at once has two of us by then.
    """
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(code)


def collectd_conf() -> Sequence[oconfig.Node]:
    """collectd's own configuration, as far as this user may read it."""
    try:
        return oconfig.load(DEFAULT_CONF).nodes
    except oconfig.BadConfig:
        return ()


def types_db(tree: Sequence[oconfig.Node]) -> list[str]:
    """The files that collectd knows its types from."""
    named = [str(path) for node in tree if node.key.lower() == "typesdb" for path in node.values]
    return named or [TYPES_DB]


def named_host(tree: Sequence[oconfig.Node]) -> tuple[str, bool]:
    """The Hostname in collectd's configuration, or nothing; and whether it looks its own name up."""
    return last(tree, "hostname"), last(tree, "fqdnlookup").lower() not in FALSE
