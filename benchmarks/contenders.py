"""Programs that visit a site in a browser, ours and others, each asked line by line on its standard input.

``python -m benchmarks.contenders ENGINE BROWSER`` is ours: it replays the features that it is asked for.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tools import CHECKOUT, CLEAN
from collectd_inode.chromium import keeper
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job, Status
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from demo import unpacked

DRIVERS = CHECKOUT / ".tools" / "drivers"
"""Where Playwright and Selenium are, as benchmarks/seen and benchmarks/browsers fetch them."""
PEERS = ("playwright", "networkidle", "datadog", "selenium")


def browser() -> str:
    """The browser that all of them drive."""
    return str(unpacked.TOOLS / "browser" / "bin" / "chromium-headless-shell")


@dataclass(frozen=True, slots=True)
class Contender:
    """A running program."""

    process: subprocess.Popen[str]

    def asked(self, line: Any) -> Any:
        """What it answers to *line*."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        if not (answer := self.process.stdout.readline()):
            raise SystemExit(f"{self.process.args!r} has ended")
        return json.loads(answer)


@contextmanager
def ours(engine: str) -> Iterator[Contender]:
    """Our own engine: asked with a list of features (files), which run at once, it gives their step times."""
    with _started(["-m", "benchmarks.contenders", engine, browser()], {}) as contender:
        yield contender


@contextmanager
def peer(rule: str) -> Iterator[Contender]:
    """Another driver: asked with a `benchmarks.browser_driver.Visit`, it gives the seconds by its *rule*, or null."""
    command, surroundings = [str(CHECKOUT / "benchmarks" / "browser_driver.py"), rule, browser()], dict[str, str]()
    if rule == "selenium":
        driver = unpacked.command("driver", "chromedriver")
        command, surroundings = [*command, driver.path], driver.environment
    with _started(command, {**surroundings, "PYTHONPATH": str(DRIVERS)}) as contender:
        yield contender


@contextmanager
def _started(arguments: Sequence[str], more: dict[str, str]) -> Iterator[Contender]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**CLEAN, **more},
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Contender(process)
    finally:
        process.communicate(timeout=60)


def _job(feature: str, engine: str, path: str) -> Job:
    settings = Settings((feature,), engine=engine, browser_path=path if engine == "chromium" else None)
    (job,) = load(Path(feature).stem, settings, BlockSettings(interval=60, timeout=60)).jobs
    return job


async def _serve(engine: str, path: str) -> None:
    jobs: dict[str, Job] = {}
    try:
        for line in sys.stdin:
            wanted = [jobs.setdefault(feature, _job(feature, engine, path)) for feature in json.loads(line)]
            found = await asyncio.gather(*map(observe, wanted))
            if bad := [one for one in found if one.status is not Status.PASSED]:
                raise SystemExit(f"{bad[0].job.name}: {bad[0].message}")
            print(json.dumps([[step.seconds, step.network] for step in found[0].steps]), flush=True)
    finally:
        keeper.end_all()


if __name__ == "__main__":
    workers.run(_serve(*sys.argv[1:]))
