"""The kinds of job, in the order in which they are listed.  A new kind is a folder and a line here."""

from __future__ import annotations

from collectd_inode.clock.kind import CLOCK
from collectd_inode.kind import Kind
from collectd_inode.ntp.kind import NTP
from collectd_inode.quorum.kind import QUORUM
from collectd_inode.scenario.kind import SCENARIO
from collectd_inode.smarthost.kind import SMARTHOST

KINDS: tuple[Kind, ...] = (SCENARIO, SMARTHOST, NTP, CLOCK, QUORUM)

_BY_PLUGIN = {kind.plugin: kind for kind in KINDS}


def kind_of(plugin: str) -> Kind:
    """The kind of the jobs that report as *plugin*."""
    return _BY_PLUGIN[plugin]
