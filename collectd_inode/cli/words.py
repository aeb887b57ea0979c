"""The words of a command line: how they are read, and what is said where they, or we, are wrong.

A monitoring system looks at the exit code and at standard output, so with ``--format nagios`` a mistake is told there
too, whatever else is wrong with the words.  Nothing is imported here that a quick command would wait for.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NoReturn

from collectd_inode.cli.terminal import Exit

SERVICES = {"run": "SCENARIO", "once": "JOBS", "smarthost": "SMARTHOST", "ntp": "NTP", "clock": "CLOCK"}
"""What the service of each command is called where nothing has run."""

THRESHOLDS = ("--warning", "--critical")
_NEGATIVE = re.compile(r"-[\d.]")


class _Misused(Exception):
    """The words make no command; for `parse`, which knows all of them."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser, self.message = parser, message


class Parser(argparse.ArgumentParser):
    """A parser that leaves it to `parse` to say what is wrong."""

    def error(self, message: str) -> NoReturn:
        """As argparse calls it."""
        raise _Misused(self, message)


def parse(parser: Parser, words: Sequence[str]) -> argparse.Namespace:
    """What *words* ask for; a mistake ends in SystemExit, and so does ``--help``.

    ``check``, where a command has set it, looks whether its options go together.
    """
    try:
        options = parser.parse_args(list(_joined(words)))
        if "check" in options:
            options.check(options)
    except _Misused as mistake:
        if _told_nagios(words, mistake.message):
            raise SystemExit(int(Exit.ERROR)) from None
        mistake.parser.print_usage(sys.stderr)
        mistake.parser.exit(Exit.USAGE, f"{mistake.parser.prog}: error: {mistake.message}\n")
    except SystemExit as left:
        if left.code == 0 and _wants_nagios(words):  # help was shown and nothing has run, which is not OK
            raise SystemExit(int(Exit.ERROR)) from None
        raise
    return options


def _joined(words: Sequence[str]) -> Iterator[str]:
    """*words*, with ``--warning -1:1`` as ``--warning=-1:1``: argparse takes what begins with a minus for an option."""
    rest = iter(words)
    for word in rest:
        value = next(rest, None) if word in THRESHOLDS else None
        if value is None:
            yield word
        elif _NEGATIVE.match(value):
            yield f"{word}={value}"
        else:
            yield from (word, value)


def crashed(error: Exception, words: Sequence[str]) -> Exit:
    """Say that *error* is a bug of ours, with its traceback."""
    import traceback  # noqa: PLC0415  # as good as never

    _told_nagios(words, f"a bug of ours: {type(error).__name__}: {error}")
    traceback.print_exception(error)
    print("collectd-inode: that was a bug of ours; please report it", file=sys.stderr)
    return Exit.ERROR


def _wants_nagios(words: Sequence[str]) -> bool:
    return "--format=nagios" in words or ("--format", "nagios") in pairwise(words)


def _told_nagios(words: Sequence[str], what: str) -> bool:
    """Say UNKNOWN and *what*, if the words ask for Nagios' format."""
    if not _wants_nagios(words):
        return False
    from collectd_inode.report import nagios  # noqa: PLC0415

    service = next((SERVICES[word] for word in words if word in SERVICES), "COLLECTD-INODE")
    print(nagios.unknown(service, what).text, flush=True)
    return True
