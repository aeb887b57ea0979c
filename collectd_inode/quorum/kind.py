"""The row of ``<Quorum>`` blocks; its imports are light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectd_inode.kind import JobPanels, Kind, Module

if TYPE_CHECKING:
    from collectd_inode.reference import KindReference


def _module() -> Module:
    from collectd_inode.quorum import jobs, settings

    return Module(settings.Settings, jobs.load)


def _drawn() -> JobPanels:
    from collectd_inode.quorum import panels

    return JobPanels(panels.panels, panels.PICTURES)


def _reference() -> KindReference:
    from collectd_inode.quorum import reference

    return reference.REFERENCE


QUORUM = Kind(
    "quorum",
    "Quorum",
    load_module=_module,
    load_drawn=_drawn,
    load_reference=_reference,
    main_series="gauge-agreeing",
    main_words="agreeing",
)
