"""The row of ``<Smarthost>`` blocks; its imports are light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectd_inode.kind import JobPanels, Kind, Module

if TYPE_CHECKING:
    from collectd_inode.reference import KindReference


def _module() -> Module:
    from collectd_inode.smarthost import jobs, settings
    from collectd_inode.trust.profile import read_system_stores

    return Module(settings.Settings, jobs.load, read_system_stores)


def _drawn() -> JobPanels:
    from collectd_inode.smarthost import panels

    return JobPanels(panels.panels, panels.PICTURES)


def _reference() -> KindReference:
    from collectd_inode.smarthost import reference

    return reference.REFERENCE


SMARTHOST = Kind(
    "smarthost",
    "Smarthost",
    load_module=_module,
    load_drawn=_drawn,
    load_reference=_reference,
)
