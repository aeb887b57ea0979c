"""From a ``<Clock>`` block to its one job."""

from __future__ import annotations

from collections.abc import Callable

from collectd_inode.clock.diagnosis import Evidence, Finding
from collectd_inode.clock.kernel import SYSTEM_INSTRUMENTS, Instruments
from collectd_inode.clock.probe import READINGS, STEPS, ClockProbe
from collectd_inode.clock.settings import Settings
from collectd_inode.keys import Common, Loaded
from collectd_inode.run import Detail

KIND = "clock"
DEFAULT_NAME = "local"
"""The job's name where there is no configuration."""


def load(
    name: str | None,
    settings: Settings,
    common: Common,
    *,
    instruments: Instruments = SYSTEM_INSTRUMENTS,
    tell: Callable[[Evidence, Finding], None] | None = None,
) -> Loaded:
    """The job of the block called *name*; *tell* is handed what each run has found, for pages that show more."""
    name = DEFAULT_NAME if name is None else name
    job = common.job(
        KIND,
        name,
        detail=Detail.SCENARIO,  # its steps ask nothing of the network, and have no series
        steps=STEPS,
        readings=READINGS,
        probe=ClockProbe(common.state.of(KIND, name), settings.root, common.interval, instruments, tell),
    )
    return Loaded((job,))
