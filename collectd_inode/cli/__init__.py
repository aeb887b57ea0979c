"""The side door: ``collectd-inode COMMAND``.  One file a command; each runs what the daemon runs.

A command is imported when it is the one that was typed: ``status`` answers before the libraries of ``run`` are loaded.

Exit codes: 0 all passed, 1 something failed, 2 usage, configuration or undefined step (nothing was run), 3 our error.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from collectd_inode import __version__
from collectd_inode.cli.terminal import Exit
from collectd_inode.cli.words import SERVICES, Parser, crashed, parse


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, and its line in the list of commands.  Its module has the rest."""

    name: str
    help: str

    @property
    def module(self) -> ModuleType:
        """Where it is: ``arguments`` adds its arguments to a parser, ``main`` runs it."""
        return importlib.import_module(f"{__name__}.{self.name}")


COMMANDS = (
    Command("run", "replay feature files"),
    Command("smarthost", "check whether mail would get out, and how safely"),
    Command("ntp", "ask NTP servers how far this clock is off"),
    Command("clock", "why this machine's clock is wrong"),
    Command("once", "run configured jobs once"),
    Command("status", "what the daemon knows of its jobs"),
    Command("graph", "draw pictures from RRD files, and a page with every job"),
    Command("check", "check a configuration, as nginx -t does"),
    Command("lint", "look feature files over"),
    Command("series", "list the identities that will be sent"),
    Command("steps", "show the vocabulary"),
    Command("snippet", "print what collectd.conf wants for this installation"),
    Command("doctor", "what would stop collectd from loading the plugin, and the mend"),
)


def parser(typed: str | None = None) -> Parser:
    """The command line as argparse knows it; with *typed*, only the arguments of the command of that name."""
    top = Parser(
        prog="collectd-inode",
        description="Replay what your users do, and see which step is slow.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"collectd-inode {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, allow_abbrev=False)
        if typed in (None, command.name):
            sub.description = command.module.__doc__
            command.module.arguments(sub)
            sub.set_defaults(command=command.module.main, service=SERVICES.get(command.name))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the value is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end us
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _write_no_more()  # the reader (head, less) has had enough
        return 128 + signal.SIGPIPE  # as a command that this signal ends: never a verdict
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _write_no_more()
            print(f"collectd-inode: standard output cannot be written: {error.strerror}", file=sys.stderr)
            return int(Exit.ERROR)
        return int(crashed(error, words))


def _run(words: Sequence[str]) -> int:
    try:
        # The options before a command take no value: the first word without a hyphen is the command.
        options = parse(parser(next((word for word in words if not word.startswith("-")), "")), words)
        return int(options.command(options))
    finally:  # after --help, too, which leaves by SystemExit
        if sys.stdout is not None:  # closed, in a shell: >&-
            sys.stdout.flush()


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a disk says that takes no more; whatever else is written has its own words for that."""


def _write_no_more() -> None:
    """Or the interpreter tries once more at its end, and has its own exit code for that."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
