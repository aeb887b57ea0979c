"""``<NTP>`` jobs to test with, and what comes of running them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job, Observation
from collectd_inode.ntp import probe
from collectd_inode.ntp.jobs import load
from collectd_inode.ntp.probe import NTPProbe
from collectd_inode.ntp.settings import Settings
from collectd_inode.observing import observe
from collectd_inode.state import State
from collectd_inode.timekeeper.ask import Ask, account
from collectd_inode.wire import ResolveFailed
from collectd_inode.wire.address import Address, lookup
from tests.helpers.examples import HUNG, PatientClock

IN_TIME = HUNG
"""More patience than anything here may need: what ends by itself ends long before."""

SHORT = 0.2
"""Patience with what never ends by itself."""

LATE = HUNG / 2
"""Whoever takes longer than this has waited for a deadline of `IN_TIME`, on whatever machine."""

SPACING = 0.5


_WAITED = re.compile(r"within \d+\.\d s")


def ntp_job(
    *servers: str,
    port: int = 123,
    name: str | None = "pool",
    patience: float = IN_TIME,
    interval: float = 64.0,
    state: State | None = None,
    spacing: float = SPACING,
    daemon: Ask = account,
    **settings: Any,
) -> Job:
    """The job of an ``<NTP "pool">``; packets are `SPACING` apart, and not 2 s.

    *patience* is for what never ends by itself: the run has more time, which it must not need.
    """
    common = BlockSettings(interval=interval, timeout=2 * IN_TIME, state=state or State())
    loaded = load(
        name, Settings(() if settings.get("pools") else servers or ("127.0.0.1",), port=port, **settings), common
    )
    (job,) = loaded.jobs
    assert isinstance(job.probe, NTPProbe)
    return replace(job, probe=replace(job.probe, spacing=spacing, patience=patience, daemon=daemon))


async def asked(*servers: str, reached: Callable[[], bool] = lambda: True, **more: Any) -> Observation:
    """One run of such a job; its patience counts from when *reached* says so."""
    return await observe(ntp_job(*servers, **more), PatientClock(reached))


def told(observation: Observation) -> str:
    """What the user reads: ``failed connect: 127.0.0.1:123: …``; ``passed`` if there is nothing to say.

    How long was waited differs from machine to machine, and reads ``N``.
    """
    trouble = observation.trouble
    if trouble is None:
        return observation.status.value
    return _WAITED.sub("within N s", f"{trouble.status} {trouble.cause.word}: {trouble.message}")


def warned(observation: Observation) -> list[str]:
    """The warnings, as ``code: message``."""
    return [_WAITED.sub("within N s", f"{warning.code}: {warning.message}") for warning in observation.warnings]


def readings(observation: Observation) -> dict[str, float]:
    """What was read, by type and type instance."""
    return {f"{r.type}-{r.type_instance}": r.value for r in observation.readings}


def resolve(monkeypatch: pytest.MonkeyPatch, names: Mapping[str, list[str]]) -> None:
    """Names lead to these addresses; one that is not there does not exist."""

    async def fake(host: str, port: int, **more: Any) -> tuple[tuple[Address, ...], float]:
        if host not in names:
            raise ResolveFailed(f"{host}: name or service not known")
        return tuple([(await lookup(address, port))[0][0] for address in names[host]]), 0.001

    monkeypatch.setattr(probe, "lookup", fake)
