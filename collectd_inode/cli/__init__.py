"""The side door: ``collectd-inode COMMAND``.  One file a command; each runs what the daemon runs.

Exit codes: 0 all passed, 1 something failed, 2 usage, configuration or undefined step (nothing was run), 3 our error.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from collectd_inode import __version__
from collectd_inode.cli import check, clock, lint, ntp, once, run, series, smarthost, steps
from collectd_inode.cli.output import Exit

COMMANDS = (run, smarthost, ntp, clock, once, check, lint, series, steps)


def parser() -> argparse.ArgumentParser:
    """The command line as argparse knows it."""
    top = argparse.ArgumentParser(
        prog="collectd-inode",
        description="Replay what your users do, and see which step is slow.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"collectd-inode {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.NAME, help=command.HELP, description=command.__doc__, allow_abbrev=False)
        command.arguments(sub)
        sub.set_defaults(command=command.main)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the value is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end us
    options = parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
        return int(code)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has had enough
        return 128 + signal.SIGPIPE  # as a command that this signal ends: never a verdict
    except Exception:
        traceback.print_exc()
        print("collectd-inode: that was a bug of ours; please report it", file=sys.stderr)
        return int(Exit.ERROR)
