"""List the jobs of a collectd.conf: each setting, where it is set, and when the job runs next."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from collectd_inode.cli.configured import DEFAULT_CONF, chosen, conf_and_jobs, read, unknown_job
from collectd_inode.cli.options import json_too
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.status import JOB_HELP
from collectd_inode.cli.terminal import Exit, complain
from collectd_inode.config import Block
from collectd_inode.keys import COMMON_KEYS, Key, written
from collectd_inode.model import Identity, Job, Place
from collectd_inode.oconfig import Node
from collectd_inode.report import plan as job_plan
from collectd_inode.report.plan import Planned
from collectd_inode.schedule import Schedule
from collectd_inode.state import files
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.words import plural, span

HIDDEN = "…"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "words", nargs="*", metavar="[CONF] [JOB…]", help=f"CONF defaults to {DEFAULT_CONF}; JOB: {JOB_HELP}"
    )
    json_too(parser)


def main(options: argparse.Namespace) -> Exit:
    """Read, show; a configuration with a mistake in it is shown as far as it goes."""
    conf, names = conf_and_jobs(options.words)
    found = read(conf)
    show_problems(found.problems)
    if unknown := chosen(found.jobs, names)[1]:
        return complain(unknown_job(unknown, found.jobs))
    now = SYSTEM_CLOCK.now()
    planned = _planned(found.state_dir)
    count = 0
    for block, loaded in found.blocks:
        settings = list(effective(block))
        for job in chosen(loaded.jobs, names)[0]:
            count += 1
            then = next_run(job, planned, now)
            lines = [_json(job, then, settings)] if options.format == "json" else _pretty(job, then, now, settings)
            print("\n".join(lines))
    if options.format == "pretty" and count:
        print(plural(count, "job"))
    return Exit.USAGE if found.problems else Exit.PASSED


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """A key's value as JSON has it and as it is written, and its place; without a place it is the default."""

    key: str
    value: Any
    written: str
    place: Place | None


def effective(block: Block) -> Iterator[EffectiveSetting]:
    """The effective settings of the jobs of *block*, key by key: from the block, else ``<Module>``, else the
    default.
    """
    for row in (*COMMON_KEYS, *block.kind.keys):
        nodes = [child for child in block.node.children if child.key.lower() == row.name.lower()]
        if not nodes and row in COMMON_KEYS and (said := block.module.get(row.name)) is not None:
            nodes = [said]
        if row.name == "Interval" and nodes and row.read(nodes[0].values) != block.common.interval:
            nodes = []  # a kind's own default is longer than <Module>'s
        yield _said(row, nodes) if nodes else _default(row, block)


def _said(row: Key, nodes: Sequence[Node]) -> EffectiveSetting:
    values = [HIDDEN] * len(nodes) if row.secret else [_value(node) for node in nodes]
    lines = [HIDDEN] if row.secret else [written("", node.values).strip() for node in nodes]
    return EffectiveSetting(row.name, values if row.repeatable else values[0], ", ".join(lines), nodes[0].place)


def _value(node: Node) -> Any:
    return node.values[0] if len(node.values) == 1 else list(node.values)


def _default(row: Key, block: Block) -> EffectiveSetting:
    value = block.common.interval if row.name == "Interval" else row.default
    if row.shown is not None and value is not None:
        value = row.shown.strip('"') or None  # as it would be written
    elif isinstance(value, Enum):
        value = value.value
    if value is None or value == ():
        return EffectiveSetting(row.name, [] if row.repeatable else None, row.shown or "", None)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return EffectiveSetting(row.name, value, _plain(value) if number else written("", (value,)).strip(), None)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def next_run(job: Job, planned: dict[Identity, Planned], now: float) -> float:
    """When *job* runs next: as the daemon has planned its first run, else its next slot."""
    first = planned.get(job.identity)
    if first is not None and first.next > now and first.interval == job.interval:
        return first.next
    schedule = Schedule(now)
    schedule.add(job, now)
    slot = schedule.next_slot(job)
    return now if slot is None else slot


def _planned(state_dir: str) -> dict[Identity, Planned]:
    try:
        found = files(state_dir) if state_dir else {}
    except OSError:  # root's, as a rule: the slots are known without it
        return {}
    plan = job_plan.parse(found.get(job_plan.path(state_dir)))
    return {job.identity: job for job in plan.jobs} if plan is not None else {}


def _json(job: Job, then: float, settings: Sequence[EffectiveSetting]) -> str:
    said = {one.key: {"value": one.value, "place": str(one.place) if one.place else None} for one in settings}
    row = {
        "kind": job.kind,
        "job": job.name,
        "instance": job.instance,
        "interval": job.interval,
        "next": then,
        "settings": said,
    }
    return json.dumps(row, ensure_ascii=False)


def _pretty(job: Job, then: float, now: float, settings: Sequence[EffectiveSetting]) -> Iterator[str]:
    when = f"{datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S} (in {span(then - now)})"
    cannot = "; it cannot run" if job.trouble is not None else ""
    yield f"{job.kind}/{job.instance}: every {job.interval:g} s, next at {when}{cannot}"
    for one in settings:
        if one.written:
            yield f"  {f'{one.key}:':20} {one.written}  ({one.place or 'default'})"
