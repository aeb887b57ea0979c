"""Jobs, runs and clocks to test with: small, and with nothing left to chance."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from collectd_inode.keys import Common, Loaded
from collectd_inode.run import Job, Observation, PlannedStep, Probe, Run, observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import Clock, Exchange, Phase, workers

OPEN = PlannedStep('go to "/"', "go_to", "home.feature:3", keyword="When")
LOOK = PlannedStep('should see "Welcome"', "should_see_welcome", "home.feature:4", keyword="Then", navigates=False)


class SetClock(Clock):
    """Stands still until it is told otherwise."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.epoch, self.uptime = now, 50.0

    def now(self) -> float:
        return self.epoch

    def nanoseconds(self) -> int:
        return round(self.epoch * 1e6) * 1000

    def monotonic(self) -> float:
        return self.uptime

    def pass_by(self, seconds: float) -> None:
        """Time passes, on both clocks."""
        self.epoch += seconds
        self.uptime += seconds


class CountingClock(Clock):
    """Whoever looks at it makes it a quarter of a second later: sums of its times are exact."""

    kernel_stamps = False

    def __init__(self) -> None:
        self.looked = 0

    def now(self) -> float:
        return 1_000_000.0

    def monotonic(self) -> float:
        self.looked += 1
        return 0.25 * self.looked


def exchange(code: int | None = 200, *, size: int = 100, **phases: float) -> Exchange:
    """``exchange(connect=0.01, processing=0.2)``."""
    return Exchange("www", {Phase(name): s for name, s in phases.items()}, response_code=code, bytes=size)


def job(probe: Probe | None, *steps: PlannedStep, **more: Any) -> Job:
    """The job scenario/web-home."""
    return Job("scenario", "web", "web-home", "Home", steps=steps or (OPEN, LOOK), probe=probe, **more)


def observed(probe: Probe, *steps: PlannedStep, clock: Clock | None = None, **more: Any) -> Observation:
    """What comes of one run of *probe*."""
    return asyncio.run(observe(job(probe, *steps, **more), clock or CountingClock()))


async def passing(run: Run) -> None:
    """Open a page in 0.25 s, look at it."""
    with run.step(OPEN):
        run.exchange(exchange(connect=0.05, processing=0.2))
    with run.step(LOOK):
        pass


def write_feature(folder: Path, text: str, name: str = "web.feature") -> Path:
    """A feature file; without a ``Feature:`` of its own it gets one with a scenario around *text*."""
    path = folder / name
    if "Feature:" not in text:
        steps = "\n".join(f"    {line.strip()}" for line in text.strip().splitlines())
        text = f"Feature: Web\n  Scenario: Home\n{steps}\n"
    path.write_text(text)
    return path


def loaded(*features: Path, name: str | None = "web", common: Common | None = None, **settings: Any) -> Loaded:
    """What comes of a ``<Scenario "web">`` with these features."""
    return load(name, Settings(tuple(map(str, features)), **settings), common or Common())


def replayed(*features: Path, **settings: Any) -> list[Observation]:
    """What comes of running every scenario of these features once, as the command line does."""

    async def all_of_them() -> list[Observation]:
        return [await observe(j) for j in loaded(*features, **settings).jobs]

    return workers.run(all_of_them())


@contextmanager
def logged() -> Iterator[list[str]]:
    """What the plugin's logger was told, as ``LEVEL text``, tracebacks included."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {self.format(record)}")

    log, keep = logging.getLogger("collectd_inode"), Keep()
    before = log.level, log.propagate
    log.addHandler(keep)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield lines
    finally:
        log.removeHandler(keep)
        log.setLevel(before[0])
        log.propagate = before[1]
