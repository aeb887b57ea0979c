"""Jobs, runs and clocks to test with: small, and with nothing left to chance."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.config import Configuration
from collectd_inode.keys import BlockSettings, Loaded
from collectd_inode.model import Job, Observation, Phase, Place, PlannedStep
from collectd_inode.observing import observe
from collectd_inode.oconfig import Node, parse
from collectd_inode.run import Probe, Run
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import Clock, Exchange, workers
from collectd_inode.wire.clock import Handle
from collectd_inode.wire.http import Transport
from collectd_inode.wire.tcp import Timing

OPEN = PlannedStep('go to "/"', "go_to", Place("home.feature", 3), keyword="When")
LOOK = PlannedStep(
    'should see "Welcome"', "should_see_welcome", Place("home.feature", 4), keyword="Then", navigates=False
)


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


HUNG = 120.0
"""Seconds after which what a test waits for is not going to come: nothing is judged by it, it only ends the wait."""

FEW_TURNS = 100
"""Of the loop: so many are enough to end a run that nothing is waited for in."""


class PatientClock(Clock):
    """The machine's, but a deadline counts from when *reached* says that there is what it is to strike.

    What comes before may take as long as it takes on a busy machine.
    """

    def __init__(self, reached: Callable[[], bool] = lambda: True) -> None:
        self.reached = reached
        self.turns = 0
        """Of the loop, since a deadline has struck."""
        self.given: list[float] = []
        """The seconds of each deadline, the run's first."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Handle:
        self.given.append(seconds)
        return _Deadline(self, seconds, call)


class _Deadline:
    """Begins to count when it may."""

    def __init__(self, clock: PatientClock, seconds: float, call: Callable[[], None]) -> None:
        self._clock, self._seconds, self._call = clock, seconds, call
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + HUNG
        self._handle: asyncio.Handle = self._loop.call_soon(self._look)

    def cancel(self) -> None:
        self._handle.cancel()

    def _look(self) -> None:
        if self._clock.reached() or self._loop.time() > self._end:
            self._handle = self._loop.call_later(self._seconds, self._strike)
        else:
            self._handle = self._loop.call_later(0.001, self._look)

    def _strike(self) -> None:
        self._call()
        self._count()

    def _count(self) -> None:
        self._clock.turns += 1
        self._loop.call_soon(self._count)


class WatchedTransport(Transport):
    """One whose last exchange says what it is `doing`."""

    _timing: Timing | None = None

    @property
    def doing(self) -> str:
        return self._timing.doing if self._timing is not None else ""

    def _begun(self, host: str, lane: int) -> Timing:
        self._timing = super()._begun(host, lane)
        return self._timing


async def observe_patiently(
    job: Job,
    *,
    seconds: float | None = None,
    step: str = "",
    still: str = "",
    ready: Callable[[], bool] = lambda: True,
    clock: PatientClock | None = None,
) -> Observation:
    """One run whose deadlines count from when there is what they are to strike.

    That is: the step of this series is under way, it is doing what *still* says, and *ready* says so too.
    """
    clock, probe, made = clock or PatientClock(), job.probe, list[WatchedTransport]()
    assert probe is not None

    def transport(**more: Any) -> WatchedTransport:
        made.append(WatchedTransport(**more))
        return made[-1]

    async def watched(run: Run) -> None:
        def reached() -> bool:
            here = run._open is not None and run._open.planned.series == step
            doing = bool(made) and made[-1].doing == still
            return (here or not step) and (doing or not still) and ready()

        clock.reached = reached
        await probe(run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collectd_inode.wire.http.Transport", transport)
        return await observe(replace(job, probe=watched), clock, seconds=seconds)


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


def loaded(*features: Path, name: str | None = "web", common: BlockSettings | None = None, **settings: Any) -> Loaded:
    """What comes of a ``<Scenario "web">`` with these features."""
    return load(name, Settings(tuple(map(str, features)), **settings), common or BlockSettings())


def replayed(*features: Path, **settings: Any) -> list[Observation]:
    """What comes of running every scenario of these features once, as the command line does."""

    async def all_of_them() -> list[Observation]:
        return [await observe(j, attended=True) for j in loaded(*features, **settings).jobs]

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


def configured(text: str) -> Configuration:
    """What comes of *text* as the inside of one ``<Module>``."""
    made = Configuration()
    made.section(Node("Module", ("collectd_inode",), parse(text, "c.conf")))
    return made
