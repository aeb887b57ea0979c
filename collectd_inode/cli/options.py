"""Options that are read as the configuration's keys are (the same words are said on both doors), and ``--format``'s."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from collectd_inode.cli.output import FORMATS
from collectd_inode.cli.words import THRESHOLDS
from collectd_inode.keys import COMMON_KEYS, Expected, Key, Reader
from collectd_inode.report.nagios import State, Threshold, threshold


def checked(read: Reader) -> Callable[[str], Any]:
    """A key's reader as argparse's ``type``."""

    def argument(value: str) -> Any:
        try:
            return read((value,))
        except Expected as error:
            raise argparse.ArgumentTypeError(f"{value}: expected {error}") from None

    return argument


def reading(keys: Iterable[Key]) -> Callable[[str], Callable[[str], Any]]:
    """Gives, by a key's name, argparse's ``type`` for it: one of *keys*, or one that every block takes."""
    readers = {key.name: key.read for key in (*COMMON_KEYS, *keys)}
    return lambda name: checked(readers[name])


Complaints = Callable[[argparse.Namespace], Iterable[str]]


def formats(parser: argparse.ArgumentParser, complaints: Complaints = lambda _: ()) -> None:
    """``--format`` and what belongs to it; *complaints* are about options that do not go together."""
    parser.add_argument("--format", choices=FORMATS, default="pretty")
    for option, state in zip(THRESHOLDS, (State.WARNING, State.CRITICAL), strict=True):
        parser.add_argument(
            option, metavar="[SERIES=]RANGE", dest="thresholds", type=partial(_threshold, state),
            action="append", default=[], help=_THRESHOLD_HELP.format(state=state.name),
        )  # fmt: skip

    def check(options: argparse.Namespace) -> None:
        for complaint in (*_without_nagios(options), *complaints(options)):
            parser.error(complaint)

    parser.set_defaults(check=check)


_THRESHOLD_HELP = (
    "with --format nagios: {state} when the series (such as response_time-go_to) leaves this range (10, 10:, ~:10,"
    " 10:20) or enters it (@10:20); without SERIES the sum of the latencies, for ntp time_offset-consensus (10 is"
    " -10:10), for clock time_dispersion-max_error; repeatable"
)


def _threshold(state: State, text: str) -> Threshold:
    try:
        return threshold(state, text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _without_nagios(options: argparse.Namespace) -> Iterator[str]:
    if options.thresholds and options.format != "nagios":
        yield "--warning and --critical are for --format nagios"
