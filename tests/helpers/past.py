"""Runs of a day that has been, and one that went bad."""

from __future__ import annotations

from dataclasses import replace

from collectd_inode.model import Cause, Fact, Failure, Observation
from collectd_inode.report import history
from collectd_inode.report.history import Ran, RunsOrigin
from collectd_inode.run import Run
from tests.helpers.examples import LOOK, OPEN, exchange, observed, passing

START = 1_700_000_040.0
COUNT = 60
BAD_AT = START + 60 * COUNT
NOW = BAD_AT + 200
ORIGIN = RunsOrigin("0.1.0", START - 1000, START - 9000, "boot-1")
IDENTITY = ("", "scenario", "web-home")


async def slow(run: Run) -> None:
    with run.step(OPEN):
        run.exchange(exchange(connect=0.05, processing=4.2))
    with run.step(LOOK):
        raise Failure(Cause.EXPECTATION, "no text “Welcome” on http://shop/", expected="Welcome", found="Oops")


GOOD, BAD = observed(passing), observed(slow)
FACTS = (Fact("address of shop", "192.0.2.7"), Fact("title after OPEN", "Welcome"))


def ran(observation: Observation, time: float, origin: RunsOrigin = ORIGIN) -> Ran:
    """A run as the history gives it back."""
    entry = history.entry(replace(observation, time=time), origin, history.of_steps(observation.job))
    return history.parse(f"{entry.setting}{entry.line}".encode())[0][0]


def day(*more: Ran, facts: tuple[Fact, ...] = FACTS) -> list[Ran]:
    """An hour of good runs, and *more*."""
    return [*(ran(replace(GOOD, facts=facts), START + 60 * n) for n in range(COUNT)), *more]
