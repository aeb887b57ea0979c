"""The row of ``<Quorum>`` blocks; what is imported with it is light."""

from __future__ import annotations

from collectd_inode.kind import Drawn, Kind, Module


def _module() -> Module:
    from collectd_inode.quorum import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> Drawn:
    from collectd_inode.quorum import panels

    return Drawn(panels.panels, panels.PICTURES)


QUORUM = Kind(
    "quorum",
    "Quorum",
    _module,
    _drawn,
    main_series="gauge-agreeing",
    main_words="agreeing",
)
