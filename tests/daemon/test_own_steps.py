"""A real collectd beside step modules that do the worst: each costs its own job, and nothing else."""

from __future__ import annotations

from pathlib import Path

from collectd_inode.model import Cause
from tests.helpers.collectd_process import Collectd
from tests.helpers.faults import FaultySite

MODULE = """
import asyncio, threading, time
from collectd_inode import step

threading.Thread(target=threading.Event().wait, daemon=False).start()


@step("I block")
async def block(session):
    time.sleep(1e6)


@step("I swallow")
async def swallow(session):
    while True:
        try:
            await asyncio.sleep(0.1)
        except:
            pass


@step("I leave")
async def leave(session):
    async def inside():
        raise SystemExit(3)

    await asyncio.create_task(inside())


@step("I hang", blocking=True)
def hang(session):
    time.sleep(1e6)
"""

CAUSES = {
    "block": Cause.ERROR,
    "swallow": Cause.ERROR,
    "leave": Cause.ERROR,
    "hang": Cause.TIMEOUT,
    "look": Cause.NONE,
}


def test_the_worst_step_modules_cost_their_own_jobs_only(tmp_path: Path) -> None:
    """A step that blocks is named with its line, the others go on; collectd stops with all of them hanging."""
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "own.py").write_text(MODULE)
    (steps / "bad.py").write_text("raise KeyboardInterrupt\n")
    with FaultySite() as site:
        blocks = []
        for name in CAUSES:
            file = tmp_path / f"{name}.feature"
            step = f'I go to "{site.url}/fine"' if name == "look" else f"I {name}"
            file.write_text(f"Feature: {name}\n  Scenario: {name}\n    When {step}\n")
            module = "" if name == "look" else f'Steps "{steps}/own.py"'
            blocks.append(f'<Scenario "{name}">\n  Interval 2\n  Feature "{file}"\n  {module}\n</Scenario>')
        blocks.append(f'<Scenario "bad">\n  Feature "{tmp_path}/look.feature"\n  Steps "{steps}/bad.py"\n</Scenario>')
        with Collectd(tmp_path, "\n".join(blocks)) as collectd:
            collectd.wait(lambda: "a new loop runs the other jobs" in collectd.log)
            for name in CAUSES:
                collectd.wait(lambda: collectd.in_time(f"scenario-{name}-{name}/gauge-cause"))  # noqa: B023
            seen = len(collectd.of("scenario-look-look/bool-success"))
            collectd.wait(lambda: len(collectd.of("scenario-look-look/bool-success")) > seen + 1)
            blocked = len(collectd.of("scenario-block-block/bool-success"))
            collectd.wait(lambda: len(collectd.of("scenario-block-block/bool-success")) > blocked)
    found = {name: {v.value for v in collectd.of(f"scenario-{name}-{name}/gauge-cause")} for name in CAUSES}

    assert found == {name: {cause} for name, cause in CAUSES.items()}
    line = MODULE.splitlines().index("    time.sleep(1e6)") + 1
    assert f"scenario/block-block blocks it at {steps}/own.py:{line}" in collectd.log
    assert f'{steps}/bad.py:1: <Scenario "bad">: KeyboardInterrupt' in collectd.log
