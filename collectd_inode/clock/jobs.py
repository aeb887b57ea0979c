"""From a ``<Clock>`` block to its one job."""

from __future__ import annotations

from collections.abc import Callable

from collectd_inode.clock import hostclock
from collectd_inode.clock.diagnosis import ClockFinding
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.kernel import SYSTEM_INSTRUMENTS, Instruments
from collectd_inode.clock.kind import CLOCK
from collectd_inode.clock.probe import STEPS, ClockProbe
from collectd_inode.clock.reference import SERIES
from collectd_inode.clock.settings import Settings
from collectd_inode.keys import BlockSettings, Loaded
from collectd_inode.model import Detail
from collectd_inode.reference import readings_of
from collectd_inode.timekeeper.ask import Ask, account

DEFAULT_NAME = "local"
"""The job's name where there is no configuration."""


def load(
    name: str | None,
    settings: Settings,
    common: BlockSettings,
    *,
    instruments: Instruments = SYSTEM_INSTRUMENTS,
    tell: Callable[[ClockEvidence, ClockFinding], None] | None = None,
    daemon: Ask = account,
    host: Callable[[str], float | None] = hostclock.behind,
) -> Loaded:
    """The job of the block called *name*; *tell* receives each run's findings, for pages that show more."""
    name = DEFAULT_NAME if name is None else name
    probe = ClockProbe(
        memory=common.state.of(CLOCK.plugin, name),
        root=settings.root,
        interval=common.interval,
        instruments=instruments,
        tell=tell,
        daemon=daemon if settings.root == Settings().root else None,
        host=host,
    )
    job = common.job(
        CLOCK.plugin,
        name,
        detail=Detail.SCENARIO,  # its steps do not use the network, and have no series
        steps=STEPS,
        readings=readings_of(SERIES),
        probe=probe,
    )
    return Loaded((job,))
