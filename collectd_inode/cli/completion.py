"""Print the completion script of a shell: for commands, options and their values.

Where to save it:

  bash:  collectd-inode completion bash > ~/.local/share/bash-completion/completions/collectd-inode
  zsh:   collectd-inode completion zsh > a folder of $fpath, as _collectd-inode
  fish:  collectd-inode completion fish > ~/.config/fish/completions/collectd-inode.fish
"""

from __future__ import annotations

import argparse
import sys

from collectd_inode.cli.files import shipped
from collectd_inode.cli.terminal import Exit

FILES = {"bash": "collectd-inode.bash", "zsh": "_collectd-inode", "fish": "collectd-inode.fish"}
"""The file of each shell, in the folder ``completion`` that comes with the program."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("shell", metavar="SHELL", choices=tuple(FILES), help="bash, zsh or fish")


def main(options: argparse.Namespace) -> Exit:
    """Print the shell's file."""
    path = shipped() / "completion" / FILES[options.shell]
    try:
        print(path.read_text(encoding="utf-8"), end="")
    except FileNotFoundError:
        print(f"collectd-inode completion: {path} is missing; install collectd_inode again", file=sys.stderr)
        return Exit.ERROR
    return Exit.PASSED
