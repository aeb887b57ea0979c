"""The tables of options, in reStructuredText, from the commands' own help.

``sh scripts/commands`` writes them into docs/reference/command-line.rst.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from collectd_inode.cli import COMMANDS

_WIDTH = 120
_MARK = re.compile(
    r"^\.\. The options of ([\w, -]+?)(, those of a block)?, written by scripts/commands.*$", re.MULTILINE
)
_TABLE = re.compile(r"\n\n=.*\n(?:.+\n)*")


def written_into(page: str) -> str:
    """Rewrite the table below each mark of *page*.

    A mark with several commands is for the options that these share; each one's own table leaves them out.  Options
    that are keys of a block have a mark of their own.
    """
    marks = [mark[1].split(", ") for mark in _MARK.finditer(page)]
    shared = [names for names in marks if len(names) > 1]
    parts, end = [], 0
    for mark in _MARK.finditer(page):
        options = _options(mark[1].split(", "), shared, of_a_block=bool(mark[2]))
        table = _TABLE.match(page, mark.end())
        parts += [page[end : mark.end()], "\n\n", _table(options)]
        end = table.end() if table else mark.end() + 1
    return "".join([*parts, page[end:]])


def option(action: argparse.Action) -> str:
    """An option with its value, by the first of its long spellings."""
    choices = "{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper()
    return _spelling(action) + ("" if action.nargs == 0 else f" {action.metavar or choices}")


def _spelling(action: argparse.Action) -> str:
    return next((one for one in action.option_strings if one.startswith("--")), action.option_strings[0])


def options(name: str) -> list[tuple[argparse.Action, bool]]:
    """The options of a command, and of each whether it is a key of a block."""
    (command,) = (command for command in COMMANDS if command.name == name)
    parser = argparse.ArgumentParser(add_help=False)
    command.module.arguments(parser)
    keys = {id(action) for group in parser._action_groups[2:] for action in group._group_actions}
    return [(action, id(action) in keys) for action in parser._actions if action.option_strings]


def _options(names: Sequence[str], shared: Iterable[Sequence[str]], *, of_a_block: bool) -> Iterator[argparse.Action]:
    first, *others = names
    common = {option(action) for name in others for action, _ in options(name)}
    for name in others:
        common &= {option(action) for action, _ in options(name)}
    elsewhere = {
        option(action)
        for group in shared
        if not others and first in group
        for action in _options(group, (), of_a_block=False)
    }
    for action, is_key in options(first):
        if option(action) in common if others else is_key == of_a_block and option(action) not in elsewhere:
            yield action


def _table(actions: Iterable[argparse.Action]) -> str:
    rows = [(f"``{option(action)}``", _meaning(action)) for action in actions]
    first = max(len(text) for text in ("Option", *(row[0] for row in rows)))
    border = f"{'=' * first}  {'=' * (_WIDTH - first - 2)}"
    lines = [border, f"{'Option':{first}}  Meaning", border]
    for written, meaning in rows:
        one, *more = textwrap.wrap(meaning, _WIDTH - first - 2, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [f"{written:{first}}  {one}", *(f"{'':{first}}  {line}" for line in more)]
    return "\n".join([*lines, border]) + "\n"


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": "collectd-inode"}
    text = re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", text)
    text = re.sub(r"`([^`]+)`|(?<![\w`-])(--[a-z][a-z-]*)", lambda found: f"``{found[1] or found[2]}``", text)
    others = [f"``{other}``" for other in action.option_strings if other != _spelling(action)]
    short = f"; also {', '.join(others)}" if others else ""
    return f"{text}{short}" if text or not short else short.removeprefix("; ")
