"""The row of ``<Clock>`` blocks; its imports are light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectd_inode.kind import JobPanels, Kind, Module

if TYPE_CHECKING:
    from collectd_inode.reference import KindReference


def _module() -> Module:
    from collectd_inode.clock import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> JobPanels:
    from collectd_inode.clock import panels

    return JobPanels(panels.panels, panels.PICTURES)


def _reference() -> KindReference:
    from collectd_inode.clock import reference

    return reference.REFERENCE


CLOCK = Kind(
    "clock",
    "Clock",
    load_module=_module,
    load_drawn=_drawn,
    load_reference=_reference,
    main_series="time_dispersion-max_error",
    main_words="error at most",
)
