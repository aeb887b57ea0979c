"""``collectd-inode completion SHELL``: files that were made from the argument parser, and are current."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode.cli import COMMANDS, files, parser
from collectd_inode.cli.completion import FILES
from tests.helpers.places import ROOT

Typed = Callable[..., tuple[int, str, str]]
FOLDER = ROOT / "completion"
REMEDY = "make it anew by: sh scripts/completion"


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Each command's parser."""
    (commands,) = (a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(commands.choices)


def options(of: argparse.ArgumentParser) -> list[str]:
    return [option for action in of._actions for option in action.option_strings]


def array(name: str) -> list[str]:
    """An array of the file for bash."""
    text = (FOLDER / FILES["bash"]).read_text(encoding="utf-8")
    found = re.search(rf"^_shtab_collectd_inode_{name}=\((.*)\)$", text, re.MULTILINE)
    return found[1].split() if found else []


def test_bash_has_every_command_and_option() -> None:
    """Those that there are, and no other."""
    assert array("subparsers") == [command.name for command in COMMANDS], REMEDY
    for name, sub in parsers().items():
        assert array(f"{name.replace('-', '_')}_option_strings") == options(sub), f"{name}: {REMEDY}"


def test_bash_has_every_choice() -> None:
    """The values of options that have a list of them."""
    for name, sub in parsers().items():
        for action in sub._actions:
            if action.choices and action.option_strings:
                words = [re.sub(r"\W", "_", part) for part in (name, action.option_strings[-1])]
                assert array(f"{words[0]}_{words[1]}_choices") == list(map(str, action.choices)), f"{words}: {REMEDY}"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_others_have_every_command_and_option(shell: str) -> None:
    """Each command with its long options."""
    text = (FOLDER / FILES[shell]).read_text(encoding="utf-8")
    for name, sub in parsers().items():
        if shell == "fish":
            lines = re.findall(rf"^complete -c collectd-inode -n '_shtab_collectd_inode_using {name}'.*", text, re.M)
            found = {f"--{option}" for line in lines for option in re.findall(r" -l (\S+)", line)}
        else:
            (block,) = re.findall(
                rf"^_shtab_collectd_inode_{name.replace('-', '_')}_options=\((.*?)^\)", text, re.M | re.S
            )
            found = set(re.findall(r"[\"*,{](--[a-z][a-z-]*)(?=[\[,}\"])", block))
        assert found == {option for option in options(sub) if option.startswith("--")}, f"{name}: {REMEDY}"


@pytest.mark.parametrize("shell", FILES)
def test_it_is_printed(typed: Typed, shell: str) -> None:
    """The file as it is; it comes with the program."""
    assert typed("completion", shell) == (0, (FOLDER / FILES[shell]).read_text(encoding="utf-8"), "")
    assert Path("completion", FILES[shell]) in list(files.names(ROOT))


def test_another_shell(typed: Typed) -> None:
    """The message names those that there are."""
    code, _, err = typed("completion", "tcsh")
    assert (code, "invalid choice: 'tcsh' (choose from" in err) == (2, True)


def test_an_incomplete_installation(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the file that is missing."""
    monkeypatch.setattr("collectd_inode.cli.completion.shipped", lambda: tmp_path)
    path = tmp_path / "completion" / "collectd-inode.bash"
    said = f"collectd-inode completion: {path} is missing; install collectd_inode again\n"
    assert typed("completion", "bash") == (3, "", said)


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("collectd-inode comp", ["completion"]),
        ("collectd-inode run --max", ["--max-redirects", "--max-body-size"]),
        ("collectd-inode run x --engine c", ["chromium"]),
        ("collectd-inode completion ", ["bash", "zsh", "fish"]),
        ("collectd-inode run sh", ["shop.feature"]),
        ("collectd-inode run --config sh", ["shop.feature"]),
    ],
)
def test_a_real_bash(tmp_path: Path, line: str, completed: list[str]) -> None:
    """Reads the file, and completes."""
    (tmp_path / "shop.feature").touch()
    script = f"""
source {FOLDER / FILES["bash"]}
COMP_WORDS=({line}{' ""' if line.endswith(" ") else ""})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_collectd_inode 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == completed
