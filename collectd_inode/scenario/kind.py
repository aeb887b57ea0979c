"""The row of ``<Scenario>`` blocks; its imports are light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from collectd_inode.kind import JobPanels, Kind, Module
from collectd_inode.model import ReplayEngine

if TYPE_CHECKING:
    from collectd_inode.reference import KindReference


def _module() -> Module:
    from collectd_inode.scenario import jobs, replay, settings

    return Module(settings.Settings, jobs.load, replay.make_ready)


def _drawn() -> JobPanels:
    from collectd_inode.scenario import panels

    return JobPanels(panels.panels, panels.PICTURES)


def _reference() -> KindReference:
    from collectd_inode.scenario import reference

    return reference.REFERENCE


def _least_interval(values: Mapping[str, Any]) -> float:
    return ReplayEngine(values.get("Engine", "plain")).least_interval


SCENARIO = Kind(
    "scenario",
    "Scenario",
    load_module=_module,
    load_drawn=_drawn,
    load_reference=_reference,
    sums_up=True,
    noun="scenario",
    unlisted="gauge-certificate_days_left-HOST for each TLS host met, at most 16 a scenario",
    least_interval=_least_interval,
)
