"""The folder of collectd's RRD files, and the name of this machine's in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from collectd_inode.oconfig import Node

BASE_DIR = "/var/lib/collectd"
DATA_DIR = f"{BASE_DIR}/rrd"
"""The folder of RRD files in Debian's collectd.conf."""


def data_dir(tree: Iterable[Node]) -> str:
    """Where the configuration has collectd put its RRD files: what rrdtool's or rrdcached's plugin says, or Debian."""
    said, base = "", BASE_DIR
    for node in tree:
        plugin = str(node.values[0]).lower() if node.key.lower() == "plugin" and node.values else ""
        inside = node.children if plugin in ("rrdtool", "rrdcached") else ()
        for child in (node, *inside):
            value = str(child.values[0]) if child.values else ""
            base = value if child.key.lower() == "basedir" else base
            said = value if child.key.lower() == "datadir" else said
    return os.path.join(base, said) if said else DATA_DIR


def host_of(data: Path, job: str, said: str) -> str:
    """The host whose folder below *data* has the one of a *job*: as is *said*, else what fits this machine."""
    if said:
        return said
    node = os.uname().nodename
    hosts = sorted(path.parent.name for path in data.glob(f"*/{job}"))
    fitting = [host for host in hosts if host == node or host.startswith(f"{node}.")]
    return next(iter(fitting or hosts), node)


def rrdcached(tree: Iterable[Node]) -> str:
    """The address of rrdcached, if collectd sends its values to one."""
    blocks = (n for n in tree if n.key.lower() == "plugin" and n.values and str(n.values[0]).lower() == "rrdcached")
    keys = (child for block in blocks for child in block.children if child.key.lower() == "daemonaddress")
    return next((str(child.values[0]) for child in keys if child.values), "")
