"""The side door: ``collectd-inode COMMAND``.  One file a command; each runs what the daemon runs.

Only the typed command is imported: ``status`` answers without the libraries of ``run``.

Exit codes: 0 all passed, 1 something failed, 2 usage, configuration or undefined step (nothing was run), 3 our error.
"""

from __future__ import annotations

import errno
import importlib
import keyword
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from collectd_inode.cli import streams
from collectd_inode.cli.parser import Paragraphs, Parser, crashed, incomplete, parse
from collectd_inode.cli.terminal import INTERRUPTED, Exit
from collectd_inode.cli.version import ShowVersion
from collectd_inode.dependencies import Incomplete, explained


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, and its line in the list of commands.  Its module has the rest.

    ``service`` is its name in a monitoring system where nothing has run, if it has output for one.  ``example`` are
    typical words behind its name.
    """

    name: str
    help: str
    service: str = ""
    example: str = ""

    @property
    def module(self) -> ModuleType:
        """Where it is: ``arguments`` adds its arguments to a parser, ``main`` runs it."""
        name = self.name.replace("-", "_")
        return importlib.import_module(f"{__name__}.{name}{'_' * keyword.iskeyword(name)}")


COMMANDS = (
    Command("init", "write a first scenario for a site, and its block", example="https://www.example.org"),
    Command("import", "write a scenario from a browser's recording (HAR)", example="shop.har"),
    Command(
        "run",
        "replay feature files",
        "SCENARIO",
        example="shop.feature --base-url https://www.example.org --save-failures failures -o junit=shop.xml",
    ),
    Command(
        "smarthost",
        "check whether mail would be accepted, and how safely",
        "SMARTHOST",
        example="mail.example.org --user probe --password-file password",
    ),
    Command(
        "ntp",
        "query NTP servers, and compare this clock with them",
        "NTP",
        example="ntp1.example.org ntp2.example.org ntp3.example.org",
    ),
    Command("clock", "diagnose this machine's clock", "CLOCK", example="--format nagios --warning 0.1"),
    Command("once", "run the jobs of a collectd.conf once", "JOBS", example="/etc/collectd/collectd.conf shop -j 8"),
    Command("status", "show the daemon's view of its jobs", example="shop"),
    Command("why", "show why a job went bad, and what changed at that time", example="scenario/shop-buy"),
    Command("mute", "suppress a job's notifications for a while", example="shop 2h 'moving the database'"),
    Command(
        "test-notification",
        "send one FAILURE and one OKAY, marked as a test, to check whether alarms arrive",
        example="scenario/shop-buy",
    ),
    Command(
        "jobs",
        "list the configured jobs: each setting, where it is set, the next run",
        example="/etc/collectd/collectd.conf shop",
    ),
    Command(
        "graph",
        "draw pictures from RRD files, and an overview page",
        example="/etc/collectd/collectd.conf --job shop --last 7d --out /var/www/shop",
    ),
    Command(
        "thresholds",
        "suggest limits for the jobs' times, from the last month's values",
        example="/etc/collectd/collectd.conf",
    ),
    Command("check", "check a configuration, like nginx -t", example="--fragment conf.d/10-shop.conf --format json"),
    Command("lint", "check feature files for mistakes", example="scenarios --strict"),
    Command("series", "list the identities of the values that jobs send", example="shop.feature"),
    Command("steps", "list the sentences that a scenario can use", example="drop-down"),
    Command(
        "files",
        "copy the shipped configuration, scenarios, alerts and dashboards to a folder",
        example="collectd",
    ),
    Command("completion", "print the completion script for bash, zsh or fish", example="bash"),
    Command("snippet", "print the lines that collectd.conf needs for this installation"),
    Command("exec", "run jobs as a program of collectd's exec plugin", example="/etc/collectd/inode.conf"),
    Command("serve", "run jobs as a service that writes to collectd's socket", example="/etc/collectd/inode.conf"),
    Command("doctor", "find what would stop collectd from loading the plugin", example="/etc/collectd/collectd.conf"),
)


def parser(typed: str | None = None) -> Parser:
    """The command line as argparse knows it; with *typed*, only the arguments of the command of that name."""
    top = Parser(
        prog="collectd-inode",
        description="Replay what your users do, and see which step is slow.",
        allow_abbrev=False,
    )
    top.add_argument("--no-color", action="store_true", help="print no colours (or set NO_COLOR); may follow COMMAND")
    top.add_argument(
        "--color",
        metavar="WHEN",
        choices=("auto", "always", "never"),
        help="auto: colours on a terminal; always (or set FORCE_COLOR); never; may follow COMMAND",
    )
    top.add_argument("-V", "--version", action=ShowVersion, help="show the release, and the commit if known")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, allow_abbrev=False, formatter_class=Paragraphs)
        if typed in (None, command.name):
            sub.description = command.module.__doc__
            sub.epilog = f"example: collectd-inode {command.name} {command.example}".rstrip()
            command.module.arguments(sub)
            sub.set_defaults(command=command.module.main, service=command.service, parser=sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the value is the exit code."""
    streams.prepare()
    words = _usual(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        streams.write_no_more(sys.stdout)  # the reader (head, less) has had enough
        return 128 + signal.SIGPIPE  # as a command that this signal ends: never a verdict
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            streams.write_no_more(sys.stdout)
            print(f"collectd-inode: standard output cannot be written: {error.strerror}", file=sys.stderr)
            return int(Exit.ERROR)
        if isinstance(lacking := explained(error), Incomplete):
            return int(incomplete(lacking, words))
        return int(crashed(error, words))


def _usual(words: Sequence[str]) -> Sequence[str]:
    """*words* in our own form: ``help run`` and ``--help run`` are ``run --help``; ``--no-color`` is NO_COLOR."""
    words = list(_without_colors(words))
    if words[:1] not in ([word] for word in _HELP):
        return words
    return [*(word for word in words[1:2] if word not in _HELP), "--help"]


_HELP = ("help", "--help", "-h")


def _without_colors(words: Sequence[str]) -> Iterator[str]:
    """*words* without those on colours, which go into the environment: a command line goes before it."""
    rest = iter(words)
    for typed in rest:
        word = f"--color={next(rest, '')}" if typed == "--color" else typed
        if word not in _COLORS:
            yield word
            continue
        for name in ("NO_COLOR", "FORCE_COLOR"):
            os.environ.pop(name, None)
        if name := _COLORS[word]:
            os.environ[name] = "1"


_COLORS = {"--no-color": "NO_COLOR", "--color=never": "NO_COLOR", "--color=always": "FORCE_COLOR", "--color=auto": ""}


def _run(words: Sequence[str]) -> int:
    try:
        # The options before a command take no value: the first word without a hyphen is the command.
        options = parse(parser(next((word for word in words if not word.startswith("-")), "")), words)
        try:
            return int(options.command(options))
        finally:
            for _, file in getattr(options, "outputs", ()):
                file.close()
    finally:  # after --help, too, which leaves by SystemExit
        if sys.stdout is not None:  # closed, in a shell: >&-
            sys.stdout.flush()


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""The error of a full disk; other errors have messages of their own."""
