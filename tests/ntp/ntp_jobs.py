"""``<NTP>`` jobs to test with, and what comes of running them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from collectd_inode.keys import Common
from collectd_inode.ntp import probe
from collectd_inode.ntp.jobs import load
from collectd_inode.ntp.probe import NTPProbe
from collectd_inode.ntp.settings import Settings
from collectd_inode.run import Job, Observation, observe
from collectd_inode.state import State
from collectd_inode.wire import ResolveFailed
from collectd_inode.wire.address import Address, lookup

IN_TIME = 20.0
"""More patience than anything here may need: what ends by itself ends long before."""

SHORT = 0.2
"""Patience with what never ends by itself."""

LATE = 5.0
"""Whoever was to end at `SHORT` and takes longer than this has not kept its deadline, on whatever machine."""

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
    **settings: Any,
) -> Job:
    """The job of an ``<NTP "pool">``; packets are `SPACING` apart, and not 2 s.

    *patience* is for what never ends by itself: the run has more time, which it must not need.
    """
    common = Common(interval=interval, timeout=2 * IN_TIME, state=state or State())
    loaded = load(name, Settings(servers or ("127.0.0.1",), port, **settings), common)
    (job,) = loaded.jobs
    assert isinstance(job.probe, NTPProbe)
    return replace(job, probe=replace(job.probe, spacing=spacing, patience=patience))


async def asked(*servers: str, **more: Any) -> Observation:
    """One run of such a job."""
    return await observe(ntp_job(*servers, **more))


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
