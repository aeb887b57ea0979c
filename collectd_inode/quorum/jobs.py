"""From a ``<Quorum>`` block to its one job."""

from __future__ import annotations

from collectd_inode.keys import ONLY_AT_THE_HUB, BlockSettings, Loaded
from collectd_inode.model import Detail, Door, Problem
from collectd_inode.quorum.board import Board
from collectd_inode.quorum.kind import QUORUM
from collectd_inode.quorum.probe import COUNT, QuorumProbe
from collectd_inode.quorum.reference import SERIES
from collectd_inode.quorum.settings import Settings
from collectd_inode.reference import readings_of


def load(name: str, settings: Settings, common: BlockSettings) -> Loaded:
    """The job of the block called *name*; behind a door that sees no values it is a mistake."""
    if common.door is not Door.EMBEDDED:
        return Loaded((), (Problem(ONLY_AT_THE_HUB, where=f'<Quorum "{name}">'),))
    plugin, _, instance = settings.job.partition("/")
    board = Board(plugin, instance, common.interval, settings.hosts)
    memory = common.state.of(QUORUM.plugin, name)
    probe = QuorumProbe(board, memory, common.interval, settings.least, settings.min_reporting)
    job = common.job(
        QUORUM.plugin,
        name,
        detail=Detail.SCENARIO,  # its step asks nothing of the network, and has no series
        steps=(COUNT,),
        readings=readings_of(SERIES),
        probe=probe,
        listener=board,
    )
    return Loaded((job,))
