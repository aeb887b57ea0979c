"""The words of a command line: their parser, and the messages for mistakes, the user's or ours.

A monitoring system looks at the exit code and at standard output, so with ``--format nagios`` a mistake is reported
there too, whatever else is wrong with the words.  Nothing is imported here that a quick command would wait for.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NoReturn

from collectd_inode.cli.terminal import Exit
from collectd_inode.dependencies import Incomplete

_OF_STDIN = re.compile(r"-(:[0-9]+)+")
_LETTER = re.compile(r"(?<=^argument --)([\w-]+)/-\w(?=:)")
_NEGATIVE = re.compile(r"-[\d.]")


class _Misused(Exception):
    """The words are not a command; for `parse`, which has all of them."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser, self.message = parser, message


class Paragraphs(argparse.HelpFormatter):
    """Help whose paragraphs stay apart; commands and the names of series are not broken into two lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            paragraph if paragraph.startswith(_COPIED) else "\n".join(self._split_lines(paragraph, width))
            for paragraph in text.strip().split("\n\n")
        )

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False, break_long_words=False)


_COPIED = ("  ", "example: ")
"""The beginnings of a paragraph with commands."""


class Parser(argparse.ArgumentParser):
    """A parser that leaves the message about a mistake to `parse`."""

    _mixes = False

    def error(self, message: str) -> NoReturn:
        """As argparse calls it; an option is named as its key is, whatever letter it has beside that."""
        raise _Misused(self, _LETTER.sub(r"\1", message).replace("required: COMMAND", "required: COMMAND; see --help"))

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does it; options may stand between the other words.

        A negative number is the value of the option before it, and else an option.
        """
        if self._mixes or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._has_negative_number_optionals[:] = [True]
        words = list(self._joined(args))
        if "--" in words:  # which Python 3.11's mixing takes for nothing
            return super().parse_known_args(words, namespace)
        self._mixes = True  # argparse comes back twice: for the options, for the words
        try:
            return self.parse_known_intermixed_args(words, namespace)
        finally:
            self._mixes = False

    def _joined(self, words: Iterable[str]) -> Iterator[str]:
        """*words*, where ``--warning -1:1`` is ``--warning=-1:1``."""
        rest = iter(words)
        for word in rest:
            action = self._option_string_actions.get(word)
            value = next(rest, None) if action is not None and action.nargs != 0 else None
            if value is None:
                yield word
            elif _NEGATIVE.match(value):
                yield f"{word}={value}" if word.startswith("--") else f"{word}{value}"
            else:
                yield from (word, value)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse does it, and then: did you mean."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            from collectd_inode.cli import habits  # noqa: PLC0415  # only a mistake pays for it

            known = [str(choice) for choice in action.choices or ()]
            find = habits.command if action.nargs == argparse.PARSER else habits.choice
            if meant := find(str(value), known):
                error.message += f"; did you mean {meant}?"
            raise


def parse(parser: Parser, words: Sequence[str]) -> argparse.Namespace:
    """Parse *words*; a mistake ends in SystemExit, and so does ``--help``.

    ``check``, where a command has set it, looks whether its options go together.
    """
    try:
        options, unknown = parser.parse_known_args(list(_without_stdin(words)))
        if unknown:  # whose usage is wanted is the command's
            used = getattr(options, "parser", parser)
            used.error(f"unrecognized arguments: {' '.join(unknown)}{_meant(unknown, words, used)}")
        if "check" in options:
            options.check(options)
    except _Misused as mistake:
        if _told_nagios(words, mistake.message):
            raise SystemExit(int(Exit.ERROR)) from None
        mistake.parser.print_usage(sys.stderr)
        mistake.parser.exit(Exit.USAGE, f"{mistake.parser.prog}: error: {_plain(mistake.message, words)}\n")
    except SystemExit as left:
        if left.code == 0 and _wants_nagios(words):  # help was shown and nothing has run, which is not OK
            raise SystemExit(int(Exit.ERROR)) from None
        raise
    return options


def _plain(message: str, words: Sequence[str]) -> str:
    """*message*, in plain words where an option of *words* has a value that it does not take."""
    if not (found := _NEEDLESS.search(message)):
        return message
    value = ast.literal_eval(found[1])
    flag = next((word.partition("=")[0] for word in words if word.endswith(f"={value}")), "")
    meant = "leave it out" if value.lower() in _NOT else f"did you mean {flag}?" if flag else ""
    return f"{message[: found.start()]}takes no value, but has {value}{meant and f'; {meant}'}"


_NEEDLESS = re.compile(r"ignored explicit argument ('.*'|\".*\")$", re.DOTALL)
_NOT = ("false", "no", "off", "0", "none", "never")
"""The values by which other programs switch an option off, or kubectl's --dry-run."""


def _meant(unknown: Sequence[str], words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """Did you mean: for the first of the *unknown* options that is like one of *parser*'s, or that we know of."""
    from collectd_inode.cli import habits  # noqa: PLC0415  # only a mistake pays for it

    known = [*parser._option_string_actions, "--no-color", *_arguments(parser)]
    behind = dict(pairwise(words))
    typed = [word for word in unknown if word.startswith("-")]
    if "--version" in typed or "-V" in typed:
        return "; did you mean collectd-inode --version?"
    for word in typed:
        if meant := habits.option(word, known, behind.get(word, "")):
            return f"; did you mean {meant}?"
    advice = next(filter(None, map(habits.advice, typed)), "")
    return f"; {advice}" if advice else ""


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The names of what stands on the command line without an option: CONF, JOB."""
    for action in parser._actions:
        if not action.option_strings:
            yield from re.findall(r"[A-Z]+", str(action.metavar))


def _without_stdin(words: Iterable[str]) -> Iterator[str]:
    """*words*, where ``-:12``, line 12 of standard input, is no option."""
    return (f"/dev/stdin{word[1:]}" if _OF_STDIN.fullmatch(word) else word for word in words)


def incomplete(lacking: Incomplete, words: Sequence[str]) -> Exit:
    """Print the missing packages, and how to install them."""
    what = f"cannot run: {lacking}"
    _told_nagios(words, what)
    wanted = " ".join(f"'{trouble.wanted}'" for trouble in lacking.troubles)
    print(f"collectd-inode: {what}\nto do: {sys.executable} -m pip install {wanted}", file=sys.stderr)
    return Exit.ERROR


def crashed(error: Exception, words: Sequence[str]) -> Exit:
    """Say that *error* is a bug of ours, with its traceback."""
    import traceback  # noqa: PLC0415  # as good as never

    _told_nagios(words, f"a bug of ours: {type(error).__name__}: {error}")
    traceback.print_exception(error)
    print("collectd-inode: that was a bug of ours; please report it", file=sys.stderr)
    return Exit.ERROR


def _wants_nagios(words: Sequence[str]) -> bool:
    return any(_NAGIOS.fullmatch(f"{word}={after}") for word, after in pairwise((*words, "")))


_NAGIOS = re.compile(r"(--format|-[a-z]*f)=nagios|(--format=|-[a-z]*f=?)nagios=.*", re.DOTALL)
"""A word and the one behind it that ask for it: in two words, or in the first."""


def _told_nagios(words: Sequence[str], what: str) -> bool:
    """Say UNKNOWN and *what*, if the words ask for Nagios' format."""
    if not _wants_nagios(words):
        return False
    from collectd_inode.cli import COMMANDS  # noqa: PLC0415
    from collectd_inode.report import nagios  # noqa: PLC0415

    services = {command.name: command.service for command in COMMANDS if command.service}
    service = next((services[word] for word in words if word in services), "COLLECTD-INODE")
    print(nagios.unknown(service, what).text, flush=True)
    return True
