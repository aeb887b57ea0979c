"""The row of ``<Smarthost>`` blocks; its imports are light."""

from __future__ import annotations

from collectd_inode.kind import JobPanels, Kind, Module


def _module() -> Module:
    from collectd_inode.smarthost import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> JobPanels:
    from collectd_inode.smarthost import panels

    return JobPanels(panels.panels, panels.PICTURES)


SMARTHOST = Kind(
    "smarthost",
    "Smarthost",
    _module,
    _drawn,
)
