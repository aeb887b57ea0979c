"""The row of ``<Quorum>`` blocks; its imports are light."""

from __future__ import annotations

from collectd_inode.kind import JobPanels, Kind, Module


def _module() -> Module:
    from collectd_inode.quorum import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> JobPanels:
    from collectd_inode.quorum import panels

    return JobPanels(panels.panels, panels.PICTURES)


QUORUM = Kind(
    "quorum",
    "Quorum",
    _module,
    _drawn,
    main_series="gauge-agreeing",
    main_words="agreeing",
)
