"""Print what collectd.conf wants for this installation: where its packages are, and where to keep what is known.

Save it as /etc/collectd/collectd.conf.d/00-python.conf; the files with the jobs follow it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from collectd_inode import __version__
from collectd_inode.cli.installation import module_paths
from collectd_inode.cli.terminal import Exit

_SNIPPET = """\
# collectd_inode {version}: loads the plugin.  To be saved as /etc/collectd/collectd.conf.d/00-python.conf
# Looked over by:  collectd-inode doctor

<LoadPlugin python>
  # Python's extension modules look for libpython's symbols in the whole process.
  Globals true
</LoadPlugin>

<Plugin python>
{paths}
  # Import must stand before every <Module>.
  Import "collectd_inode"

  <Module collectd_inode>
    # What is set here holds for all blocks below and in the files that follow; each block may set its own.

    # Seconds between runs, at least 1, and for one whole run.  A run ends at the latest when its interval does.
    Interval 60
    Timeout 30

    # false: a block with a mistake in it is refused and reported, the rest runs.
    # true: a mistake keeps collectd from starting.
    StrictConfig false

    # A folder for what is to outlive the daemon: what each job's last run was like and who has been told (which
    # `collectd-inode status` shows), that a password was refused, a pool score, a step of the clock.  It is made when
    # something is to be kept, and nobody else may look into it.
    StateDir "/var/lib/collectd/inode"
  </Module>
</Plugin>
"""
_WHERE = "  # Where this installation keeps its packages; of a checkout, the checkout itself, too.\n"
_NOWHERE = "  # No ModulePath: collectd's Python looks where this is installed by itself.\n"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command takes none."""


def main(_options: argparse.Namespace) -> Exit:
    """Print it."""
    print(snippet(module_paths()), end="")
    return Exit.PASSED


def snippet(paths: Sequence[str]) -> str:
    """The configuration for an installation in the folders *paths*."""
    lines = "".join(f'  ModulePath "{_quoted(path)}"\n' for path in paths)
    return _SNIPPET.format(version=__version__, paths=_WHERE + lines if paths else _NOWHERE)


def _quoted(path: str) -> str:
    """In quotes collectd drops a backslash and keeps what follows."""
    return path.replace("\\", "\\\\").replace('"', '\\"')
