"""The stories of ``tests/golden/``, played: what came of their scenarios."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Failure, Job, Observation, PlannedStep
from collectd_inode.observing import observe
from collectd_inode.run import Run
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from tests.helpers.examples import CountingClock, exchange


def played(job: Job, outcome: dict[str, Any]) -> Job:
    """*job* with a probe that meets what the story says."""
    steps = [*outcome.get("steps", []), *({} for _ in job.steps)]

    async def play(run: Run) -> None:
        run.redactor.hide("password", "open sesame")
        for code, text in outcome.get("warnings", {}).items():
            run.warn(code, text)
        for reading, value in outcome.get("readings", {}).items():
            type, _, type_instance = reading.partition("-")
            run.add_reading(type, type_instance, value)
        ended = False
        for planned, met in zip(job.steps, steps, strict=False):
            if ended and not planned.cleanup:
                continue
            with run.isolated():
                with run.step(planned):
                    meet(run, met)
                continue
            ended = True

    def meet(run: Run, met: dict[str, Any]) -> None:
        if "phases" in met:
            asked = exchange(met.get("code"), size=met.get("bytes", 0), **met["phases"])
            run.exchange(replace(asked, doing=met.get("doing", "")))
        if "fails" in met:
            raise Failure(Cause[met["fails"].upper()], **met["with"])

    return replace(job, probe=play if job.probe is not None else None)


async def _anything(run: Run) -> None:
    """Stands for a probe, until there is one that plays."""


def observations(story: Path) -> list[Observation]:
    """What came of the story's scenarios, one after the other, as the command line runs them."""
    outcome = json.loads((story / "outcome.json").read_text())
    files = tuple(sorted(path.name for path in story.glob("*.feature")))
    if not files:
        steps = tuple(PlannedStep(name, series) for name, series in outcome["planned"].items())
        job = Job(outcome["kind"], outcome["job"], outcome["job"], steps=steps, probe=_anything)
        return [asyncio.run(observe(played(job, outcome), CountingClock()))]
    jobs = load(None, Settings(files, any_variable=True), BlockSettings()).jobs
    assert jobs
    return [asyncio.run(observe(played(job, outcome.get(job.scenario, {})), CountingClock())) for job in jobs]
