"""Print the lines that collectd.conf needs for this installation: the stub that finds its packages, and a StateDir.

Save them as /etc/collectd/collectd.conf.d/00-python.conf; the names of files with jobs must sort after it.  With --exec
or --serve, print the lines for jobs that run outside of collectd's process.
"""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from collectd_inode import __version__
from collectd_inode.cli.files import shipped
from collectd_inode.cli.installation import STUB, environment, module_paths, stub_folder, stub_text
from collectd_inode.cli.terminal import Exit
from collectd_inode.words import in_quotes

_SNIPPET = """\
# collectd_inode {version}: loads the plugin.  Save it as /etc/collectd/collectd.conf.d/00-python.conf
# Check it with:  collectd-inode doctor

<LoadPlugin python>
  # Python's extension modules look for libpython's symbols in the whole process.
  Globals true
</LoadPlugin>

<Plugin python>
{paths}
  # Import must come before every <Module>.
  Import "collectd_inode"

  <Module collectd_inode>
    # These settings hold for all blocks below and in the following files; a block may set its own.

    # Seconds between runs (at least 1), and seconds for one run.  A run never lasts longer than its interval.
    Interval 60
    Timeout 30

    # false: a block with a mistake does not run and is reported; all others run.
    # true: collectd does not start if there is a mistake.
    StrictConfig false

    # Bad runs in a row before FAILURE ("3/10": three of the last ten), and good ones in a row before OKAY.
    Confirm 2
    ConfirmRecovery 2

    # A folder for state that must survive a restart: each job's last run and notifications (`collectd-inode status`
    # shows them), waits after a wrong password, pool scores, steps of the clock.  It is made, with mode 0700, when
    # there is something to store.
    StateDir "/var/lib/collectd/inode"
  </Module>
</Plugin>
"""
_STUB = """\
  # The folder of the stub, which finds the packages for the Python that collectd embeds.  If packages are missing, it
  # logs how to fix that, and collectd starts all the same.
"""
_WHERE = "  # The folders with this installation's packages; for a checkout, also the checkout itself.\n"
_NOWHERE = "  # No ModulePath: collectd's Python looks where this is installed by itself.\n"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--stub",
        metavar="DIR",
        help="write the stub that collectd imports to DIR, so that a new environment does not remove it",
    )

    doors = parser.add_mutually_exclusive_group()
    doors.add_argument(
        "--exec", action="store_true", help="print the lines for `collectd-inode exec` and the exec plugin"
    )
    doors.add_argument(
        "--serve", action="store_true", help="print the lines for `collectd-inode serve` and the unixsock plugin"
    )


def main(options: argparse.Namespace) -> Exit:
    """Print the configuration; with ``--stub`` write the stub first."""
    if options.exec or options.serve:
        return _print_door(options)
    if options.stub is None:
        folder = stub_folder()
        print(snippet([folder], _STUB) if folder else snippet(module_paths()), end="")
        return Exit.PASSED
    try:
        folder = write_stub(Path(options.stub))
    except OSError as error:
        print(f"collectd-inode snippet: {error.filename or options.stub}: {error.strerror}", file=sys.stderr)
        return Exit.USAGE
    print(snippet([folder], _STUB), end="")
    return Exit.PASSED


_EXEC, _SERVE = "inode-exec.conf", "inode-unixsock.conf"
_SHIPPED_PROGRAM = "/opt/collectd-inode/bin/collectd-inode"
_UNIT = """
# The unit for systemd (`collectd-inode files DIR` lays out systemd/collectd-inode.service) names {shipped}.
# For this installation:  systemctl edit collectd-inode
#   [Service]
#   ExecStart=
#   ExecStart={program} serve /etc/collectd/inode.conf
"""


def _print_door(options: argparse.Namespace) -> Exit:
    if options.stub is not None:
        print("collectd-inode snippet: expected --stub alone: neither exec nor serve needs a stub", file=sys.stderr)
        return Exit.USAGE
    try:
        print(door_snippet(_EXEC if options.exec else _SERVE, own_program()), end="")
    except OSError as error:
        print(f"collectd-inode snippet: {error.filename}: {error.strerror}", file=sys.stderr)
        return Exit.ERROR
    return Exit.PASSED


def door_snippet(name: str, program: str) -> str:
    """The file *name* of conf.d for this installation's *program*.  Raises OSError where it did not come along."""
    text = (shipped() / "conf.d" / name).read_text(encoding="utf-8")
    text = text.replace(in_quotes(_SHIPPED_PROGRAM), in_quotes(program))
    other = name == _SERVE and program != _SHIPPED_PROGRAM
    return text + (_UNIT.format(shipped=_SHIPPED_PROGRAM, program=program) if other else "")


def own_program() -> str:
    """Where this installation has the command ``collectd-inode``."""
    program = Path(sysconfig.get_path("scripts"), "collectd-inode")
    return str(program if program.exists() else Path(sys.argv[0]).absolute())


def write_stub(folder: Path) -> str:
    """Write the stub for this installation into *folder*, which is made if necessary; the value is its absolute path.

    Raises OSError where that cannot be written.
    """
    text = stub_text().replace('ENVIRONMENT = ""', f"ENVIRONMENT = {environment()!a}", 1)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{STUB}.new"
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, folder / STUB)  # collectd may be starting
    return str(folder.absolute())


def snippet(paths: Sequence[str], why: str = _WHERE) -> str:
    """The configuration with these ModulePaths, below a comment that says *why*."""
    lines = "".join(f"  ModulePath {in_quotes(path)}\n" for path in paths)
    return _SNIPPET.format(version=__version__, paths=why + lines if paths else _NOWHERE)
