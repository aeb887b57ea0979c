"""Scenarios that a command writes: tried before they are written; no file is overwritten."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from collectd_inode.cli.block import NO_BLOCK
from collectd_inode.cli.together import run_all
from collectd_inode.model import Cause, Observation, Status
from collectd_inode.scenario.draft import Draft, DraftStep
from collectd_inode.scenario.environment import Environment
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.replay import PageNames
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from collectd_inode.words import in_quotes

_BLOCK = """\
# {written}
# Save it in /etc/collectd/collectd.conf.d, behind 00-python.conf (collectd-inode snippet prints that).

<Plugin python>
  <Module collectd_inode>
    <Scenario "{name}">
      Feature {feature}
      BaseURL {base}
      Interval 60
{secrets}    </Scenario>
  </Module>
</Plugin>
"""


def block(written: str, name: str, feature: Path, base: str, secrets: str) -> str:
    """The block for collectd that replays the file *feature* against the site *base*."""
    where = in_quotes(str(feature.absolute()))
    return _BLOCK.format(written=written, name=name, feature=where, base=in_quotes(base), secrets=secrets)


def already_there(*paths: Path) -> str:
    """The complaint about those of *paths* that exist; empty if none does."""
    there = [str(path) for path in paths if os.path.lexists(path)]
    return f"{' and '.join(there)}: exists and is not overwritten; use another folder" if there else ""


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a draft: its last run, the page on which that ended, and the page's address."""

    observation: Observation
    seen: PageNames | None


def try_out(draft: Draft, settings: Settings, path: str) -> Tried:
    """Run *draft* as ``collectd-inode run`` would run it from the file *path*, which need not be there."""
    pages: list[PageNames] = []
    around = Environment({path: draft.text().encode()}, look=lambda _, seen: pages.append(seen))
    (job, *_) = load(None, replace(settings, features=(path,)), NO_BLOCK.common, around).jobs
    observations: list[Observation] = []

    def show(observation: Observation) -> bool:
        observations.append(observation)
        return True

    workers.run(run_all([job], 1, show))
    return Tried(observations[0], pages[-1] if pages else None)


def failed_step(draft: Draft, observation: Observation) -> DraftStep | None:
    """The step of *draft* that did not pass; None if it is not known."""
    if observation.cause in (Cause.UNDEFINED, Cause.CONFIGURATION):
        return next((draft.at(step.place.line) for step in observation.job.steps if step.trouble), None)
    failed = (result for result in observation.steps if result.status is Status.FAILED)
    return next((draft.at(result.planned.place.line) for result in failed), None)


def write_new(files: Mapping[Path, str]) -> None:
    """Write all of *files*, or none.  Raises FileExistsError where one is there already, and OSError."""
    written: list[Path] = []
    try:
        for path, text in files.items():
            with open(path, "x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError:
        for path in written:
            with suppress(OSError):
                os.unlink(path)
        raise
