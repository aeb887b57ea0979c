"""The row of ``<NTP>`` blocks; its imports are light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectd_inode.kind import JobPanels, Kind, Module

if TYPE_CHECKING:
    from collectd_inode.reference import KindReference


def _module() -> Module:
    from collectd_inode.ntp import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> JobPanels:
    from collectd_inode.ntp import panels

    return JobPanels(panels.panels, panels.PICTURES)


def _reference() -> KindReference:
    from collectd_inode.ntp import reference

    return reference.REFERENCE


NTP = Kind(
    "ntp",
    "NTP",
    load_module=_module,
    load_drawn=_drawn,
    load_reference=_reference,
    default_interval=64.0,  # NTP's usual shortest poll; more often is bad manners at most public servers
    main_series="time_offset-consensus",
    main_words="offset",
)
