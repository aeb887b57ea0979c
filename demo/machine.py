"""The collectd and the rrdtool that the demonstration, the tests and the benchmarks use.

``scripts/setup`` decides which: what it has unpacked goes before what the machine has.
"""

from __future__ import annotations

import shutil

from demo import unpacked

_UNPACKED = unpacked.TOOLS / "collectd"
_THERE = (_UNPACKED / "bin" / "collectd").exists()

PATH = f"{_UNPACKED}/bin:{unpacked.PATH}" if _THERE else unpacked.PATH
"""Where they are, in front of Debian's python3: collectd's Python takes its standard library from the first in PATH."""

LIBRARIES = unpacked.environment("collectd").get("LD_LIBRARY_PATH", "") if _THERE else ""
"""LD_LIBRARY_PATH for who looks at collectd's plugins from outside; collectd itself is started with it."""

TYPES_DB = f"{_UNPACKED if _THERE else ''}/usr/share/collectd/types.db"
"""The file of collectd's types."""

PLUGINS = f'PluginDir "{_UNPACKED}/usr/lib/collectd"' if _THERE else "# PluginDir: collectd's own"
"""A line of collectd.conf."""

TYPES = f'TypesDB "{TYPES_DB}"' if _THERE else "# TypesDB: collectd's own"
"""Another."""


def program(name: str) -> str:
    """The path of ``collectd`` or ``rrdtool``; the bare name where there is none, for an error that names it."""
    return shutil.which(name, path=PATH) or name
