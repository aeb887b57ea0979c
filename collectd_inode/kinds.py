"""The kinds of job: one row each.  A new kind is one folder and one row.

A kind's room is imported when a block of that kind is met: who watches the clock alone pays for no browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.keys import Common, Key, Loaded

Values = Mapping[str, Any]
Load = Callable[[str, Values, Common], Loaded]
Room = tuple[tuple[Key, ...], Load]
"""The keys that a kind's block takes, and how jobs are made of what they say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: the plugin it reports as, its block's name, and where its jobs are made.

    ``least_interval``: seconds between runs where the block itself does not say; ``<Module>``'s if that is longer.
    """

    plugin: str
    block: str
    room: Callable[[], Room]
    least_interval: float = 0.0

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that its block takes beside those of every block."""
        return self.room()[0]

    def load(self, name: str, values: Values, common: Common) -> Loaded:
        """The jobs of the block called *name*, its values as its keys have read them."""
        return self.room()[1](name, values, common)


def _scenario() -> Room:
    from collectd_inode.scenario import jobs, settings

    return settings.SCENARIO_KEYS, lambda name, values, common: jobs.load(name, settings.settings(values), common)


def _smarthost() -> Room:
    from collectd_inode.smarthost import jobs, settings

    return settings.SMARTHOST_KEYS, lambda name, values, common: jobs.load(name, settings.settings(values), common)


def _ntp() -> Room:
    from collectd_inode.ntp import jobs, settings

    return settings.NTP_KEYS, lambda name, values, common: jobs.load(name, settings.settings(values), common)


def _clock() -> Room:
    from collectd_inode.clock import jobs, settings

    return settings.CLOCK_KEYS, lambda name, values, common: jobs.load(name, settings.settings(values), common)


KINDS = (
    Kind("scenario", "Scenario", _scenario),
    Kind("smarthost", "Smarthost", _smarthost),
    Kind("ntp", "NTP", _ntp, least_interval=64.0),  # more often is bad manners at most public servers
    Kind("clock", "Clock", _clock),
)
