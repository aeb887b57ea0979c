"""The manual pages are current: made from the argument parser and the keys' rows."""

from __future__ import annotations

import argparse
import re

from collectd_inode.cli import COMMANDS, parser
from collectd_inode.keys import COMMON_KEYS, MODULE_KEYS
from collectd_inode.kinds import KINDS
from collectd_inode.report.conf_manual import page
from tests.helpers.places import ROOT

REMEDY = "make it anew by: sh scripts/man"


def test_the_page_of_the_keys() -> None:
    """It is what the rows say."""
    assert (ROOT / "man" / "collectd-inode.conf.5").read_text(encoding="utf-8") == page(), REMEDY


def test_it_has_every_key() -> None:
    """Once in each section, and no mark of reStructuredText is left."""
    keys = [*MODULE_KEYS, *COMMON_KEYS, *(key for kind in KINDS for key in kind.keys)]
    assert re.findall(r"^\.TP\n\.B (\w+)", page(), re.MULTILINE) == [key.name for key in keys]
    assert "``" not in page()
    assert not re.search(r"`_|>`", page())


def test_the_page_of_the_commands() -> None:
    """Each command with its options, and no other."""
    text = (ROOT / "man" / "collectd-inode.1").read_text(encoding="utf-8").replace("\\-", "-")
    (commands,) = (a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    parts = re.split(r"^\.SH COMMAND \\fI\\,'collectd-inode ([a-z-]+)'\\/\\fR$", text, flags=re.MULTILINE)
    assert parts[1::2] == [command.name for command in COMMANDS], REMEDY
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        options = (o for action in commands.choices[name]._actions for o in action.option_strings)
        wanted = {option for option in options if option.startswith("--")} - {"--help"}
        found = {o for line in re.findall(r"^\\fB-.*", part, re.MULTILINE) for o in re.findall(r"\\fB(--[\w-]+)", line)}
        assert found == wanted, f"{name}: {REMEDY}"
