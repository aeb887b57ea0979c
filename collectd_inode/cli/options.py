"""Options that are read as the configuration's keys are, with the same messages, and ``--format``'s."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TextIO

from collectd_inode.cli.output import FORMATS, USES, format_of
from collectd_inode.cli.together import PER_HOST
from collectd_inode.keys import BlockSettings, Choice, Expected, Key, Pair, Reader, boolean, rows_of
from collectd_inode.kinds import KINDS
from collectd_inode.report.nagios import NagiosThreshold, ServiceState, is_signed, threshold


def checked(read: Reader) -> Callable[[str], Any]:
    """A key's reader as argparse's ``type``."""

    def argument(value: str) -> Any:
        try:
            return read((value,))
        except Expected as error:
            raise argparse.ArgumentTypeError(f"{value}: expected {error}") from None

    return argument


ENDLESS = float("inf")
"""The interval of a run by hand: only its timeout ends it."""
Parser = argparse.ArgumentParser | argparse._ArgumentGroup
"""A parser, or a group of one, that takes arguments."""


class KeyOptions:
    """Options of a command that are keys of *settings*: each is made from the key's row."""

    def __init__(self, settings: type[Any]) -> None:
        self._settings = settings
        rows = {**rows_of(BlockSettings), **rows_of(settings)}
        self._rows = {row.name: (field, row) for field, row in rows.items()}

    def add(self, parser: Parser, key: str, *flags: str, **changed: Any) -> None:
        """The option for *key*, called as the key is or as *flags* say; *changed* takes the place of what its row says.

        Raises KeyError if there is no such key, ValueError if it does not change one run.
        """
        field, row = self._rows[key]
        if not row.one_run:
            raise ValueError(f"{key} does not change one run")
        takes: dict[str, Any] = {"dest": field, "default": row.default, "help": _help(row), "type": self.type(key)}
        if isinstance(row.read, Choice):
            takes |= {"choices": row.read.words, "type": str.lower}
        elif isinstance(row.read, Pair):
            takes |= {"type": partial(_pair, row.read, row.metavar)}
        if row.metavar or row.read is boolean:
            takes["metavar"] = row.metavar or "true|false"
        if row.repeatable:
            takes |= {"action": "append", "default": []}
        parser.add_argument(*(flags or (row.option,)), **(takes | changed))

    def add_all(self, parser: Parser, **changed: Mapping[str, Any]) -> None:
        """An option for each key that changes one run; those that were not typed change nothing (see `over`)."""
        for name, (_, row) in self._rows.items():
            if row.one_run:
                letter, more = _LETTERS.get(name), changed.get(name, {})
                flags = (row.option, letter) if letter else ()
                self.add(parser, name, *flags, default=argparse.SUPPRESS, **more)

    def type(self, key: str) -> Callable[[str], Any]:
        """Reads a word as *key* reads its value; argparse's ``type``."""
        return checked(self._rows[key][1].read)

    def settings(self, options: argparse.Namespace, **more: Any) -> Any:
        """The settings that *options* make, with *more*."""
        said = {field: getattr(options, field) for field in rows_of(self._settings) if hasattr(options, field)}
        made = {field: tuple(value) if isinstance(value, list) else value for field, value in said.items()}
        return self._settings(**(made | more))


_LETTERS = {"Tags": "-t"}
"""The letters that cucumber and behave have for keys."""


class AllOf(argparse.Action):
    """Tag expressions, all of which must hold, as in cucumber and behave."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any) -> None:
        before = getattr(namespace, self.dest, None)
        setattr(namespace, self.dest, f"({before}) and ({values})" if before else values)


def over(options: argparse.Namespace, settings: Any) -> Any:
    """*settings* with those of *options*; a repeatable key's are added, or replace one of that name."""
    said = {}
    for field, row in rows_of(settings).items():
        if hasattr(options, field):
            value = getattr(options, field)
            said[field] = _beside(getattr(settings, field), value, row) if row.repeatable else value
    return replace(settings, **said)


def _beside(before: tuple[Any, ...], said: Sequence[Any], row: Key) -> tuple[Any, ...]:
    names = {str(first).lower() for first, _ in said} if isinstance(row.read, Pair) else set()
    return (*(one for one in before if not names or str(one[0]).lower() not in names), *said)


def _help(row: Key) -> str:
    """The first sentence of a key's meaning, as plain text."""
    text = re.sub(r"`_|`|(?<=\w)_(?=\W|$)", "", row.meaning).partition(".  ")[0].removesuffix(".").replace("%", "%%")
    text = text if text[1:2].isupper() else text[:1].lower() + text[1:]
    number = isinstance(row.default, int | float) and not isinstance(row.default, bool)
    return f"{text} (default: {row.default})" if number else text


def _pair(read: Pair, metavar: str, value: str) -> tuple[Any, Any]:
    between = ":" if _COLON in metavar and ":" in value else "="
    first, equals, second = value.partition(between)
    if between == ":":  # as curl has it
        first, second = first.strip(), second.strip()
    if not equals or not first:
        raise argparse.ArgumentTypeError(f"{value}: expected {_in_full(metavar)}")
    return checked(read.read_first)(first), checked(read.read_second)(second)


_COLON = ": "
"""In the metavar of a key with two values: a header's name and value as they stand in a request."""


def _in_full(metavar: str) -> str:
    """``NAME=ADDRESS or NAME=ADDRESS:PORT``, or ``NAME=…`` where it is no more than that."""
    if _COLON in metavar:
        return f"{metavar.partition(_COLON)[0]}: …"
    metavar = re.sub(r"\[[^]]*\](?==)", "", metavar)  # the help describes the name
    least, bracket, _ = metavar.partition("[")
    return f"{least} or {re.sub(r'[][]', '', metavar)}" if bracket else f"{least.partition('=')[0]}=…"


Complaints = Callable[[argparse.Namespace], Iterable[str]]


def formats(parser: argparse.ArgumentParser, complaints: Complaints = lambda _: ()) -> None:
    """``--format`` and what belongs to it; *complaints* are about options that do not go together."""
    parser.add_argument(
        "--format", "-f", choices=FORMATS, default="pretty", action=Once,
        instead="-o FORMAT=FILE for each other format", help=USES,
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="FORMAT=FILE", dest="wanted", type=_output, action="append", default=[],
        help="write this format to FILE, in addition to --format; repeatable",
    )  # fmt: skip
    for option, state in zip(_THRESHOLDS, (ServiceState.WARNING, ServiceState.CRITICAL), strict=True):
        parser.add_argument(
            option, metavar="[SERIES=]RANGE", dest="thresholds", type=partial(_threshold, state),
            action="append", default=[], help=_THRESHOLD_HELP.format(state=state.name, others="".join(_main_series())),
        )  # fmt: skip

    def check(options: argparse.Namespace) -> None:
        for complaint in (*_without_nagios(options), *complaints(options)):
            parser.error(complaint)
        options.outputs = [_opened(parser, *wanted) for wanted in options.wanted]

    parser.set_defaults(check=check)


class Once(argparse.Action):
    """An option that a second one would silently replace; ``instead`` says what to do."""

    def __init__(self, *args: Any, instead: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self._instead = instead

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any) -> None:
        if hasattr(namespace, f"{self.dest}_was_said"):
            parser.error(f"{self.option_strings[0]} is given twice: expected it once, and {self._instead}")
        setattr(namespace, f"{self.dest}_was_said", True)
        setattr(namespace, self.dest, values)


def _output(value: str) -> tuple[str, str]:
    format, equals, path = value.partition("=")
    if not equals or not path or format not in FORMATS:
        raise argparse.ArgumentTypeError(
            f"{value}: expected FORMAT=FILE, FORMAT one of {', '.join(FORMATS)}, such as {_such_as(value)}"
        )
    if path == "-":
        raise argparse.ArgumentTypeError(f"{value}: expected a file; for standard output it is --format {format}")
    return format, path


def _such_as(value: str) -> str:
    """An example near to *value*: a format alone, as kubectl has it, cucumber's ``junit:FILE``, or a file."""
    format, _, path = value.partition(":")
    if format in FORMATS:
        return f"{format}={path}" if path else f"{format}=FILE; without a file it is --format {format}"
    format = format_of(value)
    return f"{format}={value}" if format else "junit=report.xml"


def _opened(parser: argparse.ArgumentParser, format: str, path: str) -> tuple[str, TextIO]:
    """The file that *format* goes to; checked before anything runs that it can be written."""
    try:
        return format, open(path, "w", encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        parser.error(f"-o {format}={path}: {getattr(error, 'strerror', None) or error}")


def parallel(parser: argparse.ArgumentParser, default: int) -> None:
    """``-j``: the number of jobs at once."""
    parser.add_argument(
        "-j", "--jobs", metavar="N", dest="at_once", type=times, default=default,
        help=f"the largest number of jobs to run at once, of one host at most {PER_HOST}; default: {default}",
    )  # fmt: skip


def times(value: str) -> int:
    """A whole number of at least 1; argparse's ``type``."""
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value}: expected a whole number of at least 1")
    return int(value)


def json_too(parser: argparse.ArgumentParser) -> None:
    """``--format`` of a command that runs nothing."""
    parser.add_argument("--format", "-f", choices=("pretty", "json"), default="pretty", help="json: one object a line")


def verbosity(parser: argparse.ArgumentParser) -> None:
    """``--verbose`` and ``--quiet``, with the letters that everybody tries."""
    parser.add_argument("-v", "--verbose", action="store_true", help="show phases, status and size of each step")
    parser.add_argument("-q", "--quiet", action="store_true", help="show only failed scenarios, and the summary")


_THRESHOLDS = ("--warning", "--critical")
_THRESHOLD_HELP = (
    "with --format nagios: {state} when SERIES (such as response_time-go_to) is outside this range (10, 10:, ~:10,"
    " 10:20), or inside it (@10:20); default of SERIES: the sum of the latencies{others}; repeatable"
)


def _main_series() -> Iterator[str]:
    for kind in KINDS:
        if kind.main_words:
            signed = " (10 is -10:10)" if is_signed(kind.main_series) else ""
            yield f", for {kind.plugin} {kind.main_series}{signed}"


def _threshold(state: ServiceState, text: str) -> NagiosThreshold:
    try:
        return threshold(state, text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _without_nagios(options: argparse.Namespace) -> Iterator[str]:
    if options.thresholds and options.format != "nagios":
        yield "--warning and --critical are for --format nagios"
