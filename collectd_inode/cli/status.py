"""Show the daemon's view of its jobs: what is wrong, where, since when, and what it notified.

status reads StateDir only; it contacts nothing and runs nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from collectd_inode import oconfig
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.model import Identity
from collectd_inode.report.fleet import folder as fleet_folder
from collectd_inode.report.jsonl import warning_rows
from collectd_inode.report.mute import Mutes
from collectd_inode.report.mute import parse as parse_mutes
from collectd_inode.report.mute import path as mutes_path
from collectd_inode.report.names import is_name_of, names_of, stands_at
from collectd_inode.report.plan import Plan, Planned
from collectd_inode.report.plan import parse as parse_plan
from collectd_inode.report.plan import path as plan_path
from collectd_inode.report.record import STALE_INTERVALS, STATUSES, WRITE_SECONDS, Record, among
from collectd_inode.report.style import Style
from collectd_inode.state import files
from collectd_inode.words import blanked, plural, span

CONF = "/etc/collectd/collectd.conf"  # configured.DEFAULT_CONF; importing that would bring asyncio and TLS
_STALE, _WAITING = "stale", "waiting"
_KEYS = (
    *("kind", "job", "instance", "status", "since", "cause", "step", "message", "expected", "found", "place"),
    *("warnings", "last_run", "last_good", "notified", "muted_until", "evidence"),
)
"""The keys of a job in JSON."""
_ORDER = [*(status for status in STATUSES if status != "passed"), _STALE, "passed"]
JOB_HELP = "a job's name, its plugin instance, KIND/INSTANCE, or FILE:LINE of its scenario"
_STALE_ADVICE = "check that collectd runs, and that it can write here; a removed job disappears within two hours"
_AHEAD_ADVICE = "check that this machine's clock is right (collectd-inode clock), and that collectd runs"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--format", "-f", choices=("pretty", "json"), default="pretty", help="json: one object a line")
    parser.add_argument("job", nargs="?", metavar="JOB", help=f"{JOB_HELP}; default: all")
    parser.add_argument(
        "--fleet",
        action="store_true",
        help="show all hosts whose values this machine's collectd receives; JOB may be a HOST",
    )
    state_options(parser)


def state_options(parser: argparse.ArgumentParser) -> None:
    """The options of all commands that read StateDir."""
    parser.add_argument(
        "--conf", metavar="CONF", default=CONF, help=f"the configuration that sets StateDir; default: {CONF}"
    )
    parser.add_argument("--state-dir", metavar="DIR", help="the daemon's StateDir; default: from CONF")


def main(options: argparse.Namespace) -> Exit:
    """Read, show, judge."""
    if options.fleet:
        from collectd_inode.cli import fleet  # noqa: PLC0415  # it is built on this file

        return fleet.main(options)
    troubles: list[str] = []
    try:
        folder = options.state_dir or state_dir(options.conf)
        records, plan, troubles = read_state(folder)
        waiting = _waiting(plan, records)
        named = None if options.job is None else (options.job, found_by(options.job, records, plan))
        chosen, chosen_waiting = _chosen(records, waiting, troubles, named, folder)
    except LookupError as error:
        tell([error.args[0], *troubles])
        return Exit.USAGE
    now = datetime.now(UTC).timestamp()  # not wire's clock, which comes with asyncio
    lines: Iterable[str]
    if options.format == "json":
        lines = as_json(chosen, now, waiting=chosen_waiting)
    else:
        coming = _coming(plan, now)
        told = page(chosen, now, style(), waiting=chosen_waiting, coming=coming, details=options.job is not None)
        lines = [*told, *_others(folder)]
    print("\n".join(lines))
    tell(troubles)
    fine = not troubles and not chosen_waiting and {word(record, now) for record in chosen} == {"passed"}
    return Exit.PASSED if fine else Exit.FAILED


def _others(folder: str) -> Iterator[str]:
    """That other hosts are known here, too."""
    with suppress(OSError):
        hosts = [name for name in os.listdir(fleet_folder(folder)) if name.endswith(".json")]
        if hosts:
            yield f"{plural(len(hosts), 'host')} in the fleet: collectd-inode status --fleet"


def tell(troubles: Sequence[str]) -> None:
    """Print sentences on standard error."""
    for trouble in troubles:
        print(f"collectd-inode: {trouble}", file=sys.stderr)


def state_dir(conf: str) -> str:
    """StateDir as the collectd.conf says; LookupError with a sentence if it does not."""
    try:
        tree = oconfig.load(conf).nodes
    except oconfig.BadConfig as error:
        raise LookupError(f"{error.problems[0]}; or give --state-dir DIR") from None
    keys = (node for section in oconfig.sections(tree) for node in section.children)
    found = [node.values for node in keys if node.key.lower() == "statedir"]
    if not found or len(found[-1]) != 1:
        raise LookupError(
            f"{conf} names no StateDir: without it the daemon keeps its state in memory "
            '(StateDir "/var/lib/collectd/inode" in <Module collectd_inode>, and restart collectd)'
        )
    return str(found[-1][0])


def read_state(folder: str) -> tuple[list[Record], Plan | None, list[str]]:
    """The state of the daemon's jobs in *folder*, and a sentence about each file that cannot be read."""
    try:
        found = files(folder)
        records, troubles = among(found)
        mutes = parse_mutes(found.get(mutes_path(folder)))
        records = [_muted(record, mutes) for record in records]
        return records, parse_plan(found.get(plan_path(folder))), troubles
    except PermissionError:
        raise LookupError(f"{folder} may be read only by collectd's user, usually root: try sudo") from None
    except OSError as error:
        raise LookupError(f"{folder} cannot be read: {error.strerror or error}") from None


def _muted(record: Record, mutes: Mutes) -> Record:
    """*record* with the mute that there is now, whatever its last run was under."""
    mute = mutes.of(record.identity, record.job, datetime.now(UTC).timestamp())
    return replace(record, muted_until=mute.until if mute else None, mute_reason=mute.reason if mute else "")


def known_names(records: Sequence[Record], plan: Plan | None) -> dict[Identity, tuple[str, ...]]:
    """Everything that each known job may be called; its own name comes first."""
    jobs = {record.identity: record.job for record in records}
    jobs |= {one.identity: one.job for one in plan.jobs} if plan is not None else {}
    return {identity: names_of(identity, job) for identity, job in jobs.items()}


def found_by(word: str, records: Sequence[Record], plan: Plan | None) -> list[Identity]:
    """The jobs that *word* names: a name of theirs, or a place in their feature file."""
    planned = plan.jobs if plan is not None else ()
    known: list[Record | Planned] = [*records, *planned]
    named = [one.identity for one in known if is_name_of(word, one.identity, one.job)]
    named += [one.identity for one in planned if stands_at(word, one.path, one.all_lines)]
    named += [one.identity for one in records if word == one.place]
    return list(dict.fromkeys(named))


def _waiting(plan: Plan | None, records: Sequence[Record]) -> list[Planned]:
    """The jobs that a daemon has and that have never run."""
    known = {record.identity for record in records}
    return [job for job in plan.jobs if job.identity not in known] if plan is not None else []


def _coming(plan: Plan | None, now: float) -> dict[Identity, Planned]:
    """The jobs whose next run, as the daemon planned it when it started, is still to come."""
    return {job.identity: job for job in plan.jobs if job.next > now} if plan is not None else {}


def _chosen(
    records: Sequence[Record],
    waiting: Sequence[Planned],
    troubles: Sequence[str],
    named: tuple[str, Sequence[Identity]] | None,
    folder: str,
) -> tuple[list[Record], list[Planned]]:
    if not records and not troubles and not waiting:
        missing = "" if os.path.isdir(folder) else "there is no such folder: "
        raise LookupError(f"{missing}no daemon has written into {folder} yet, so no job is known")
    if named is None:
        return list(records), list(waiting)
    job, wanted = named
    chosen = [record for record in records if record.identity in wanted]
    to_come = [planned for planned in waiting if planned.identity in wanted]
    if not chosen and not to_come:
        names = ", ".join(sorted({one.job for one in records} | {one.job for one in waiting})) or "none"
        raise LookupError(f"no job {job!r} is known in {folder}; known there: {names}")
    return chosen, to_come


def word(record: Record, now: float) -> str:
    """A record's status, or that it is out of date."""
    return _STALE if record.stale(now) else record.status


def page(
    records: Sequence[Record],
    now: float,
    style: Style,
    *,
    waiting: Sequence[Planned] = (),
    coming: Mapping[Identity, Planned] = MappingProxyType({}),
    details: bool = False,
) -> Iterator[str]:
    """All *records*, the worst and of these the latest first, those *waiting*, and a line that sums them up."""
    for record in worst_first(records, now):
        planned = coming.get(record.identity)
        advice = _STALE_ADVICE if planned is None else f"wait: the daemon has started since; {_next_run(planned, now)}"
        yield from record_lines(record, now, style, details=details, advice=advice)
    for planned in _soonest_first(waiting):
        yield style.undefined(f"{name_of(planned)}: has not run yet; {_next_run(planned, now)}")
    counted = Counter([*(word(record, now) for record in records), *(_WAITING for _ in waiting)])
    counts = ", ".join(f"{counted[which]} {which}" for which in [*_ORDER, _WAITING] if counted[which])
    yield plural(len(records) + len(waiting), "job") + (f": {counts}" if counts else "")


def worst_first(records: Sequence[Record], now: float) -> list[Record]:
    """The records as they are listed: of the bad ones the latest first."""

    def place(record: Record) -> tuple[int, bool, float, str]:
        return _ORDER.index(word(record, now)), not record.warnings, -record.since, name_of(record)

    return sorted(records, key=place)


def _soonest_first(waiting: Sequence[Planned]) -> list[Planned]:
    return sorted(waiting, key=lambda one: one.next)


def as_json(records: Sequence[Record], now: float, *, waiting: Sequence[Planned] = ()) -> Iterator[str]:
    """The same jobs in the same order as JSON, one object a line; what there is none of is null."""
    rows = [*(row_of(record, now) for record in worst_first(records, now)), *map(_unknown, _soonest_first(waiting))]
    return (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)


def row_of(record: Record, now: float) -> dict[str, Any]:
    """A job as JSON has it.

    Times are seconds since the epoch; ``notified``: somebody was notified of the failure, and not yet of its end.
    """
    return {
        "kind": record.kind,
        "job": record.job,
        "instance": record.instance,
        "status": word(record, now),
        "since": record.since,
        "cause": record.cause,
        **{name: getattr(record, name) or None for name in ("step", "message", "expected", "found", "place")},
        "warnings": warning_rows(record.warnings),
        "last_run": record.time,
        "last_good": record.last_good,
        "notified": record.notified_bad,
        "muted_until": record.muted_until,
        "evidence": record.evidence or None,
    }


def _unknown(planned: Planned) -> dict[str, Any]:
    """A job that has not run yet: nothing is known of it but who it is."""
    who = {"kind": planned.kind, "job": planned.job, "instance": planned.instance, "status": _WAITING}
    return {**dict.fromkeys(_KEYS), **who}


def _next_run(planned: Planned, now: float) -> str:
    late = now - planned.next
    if late > STALE_INTERVALS * planned.interval + WRITE_SECONDS:
        return f"its first run was due at {when(planned.next, now)}: {_STALE_ADVICE}"
    then = planned.next_after(now)
    return f"it runs at {datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S} (in {span(then - now)})"


def record_lines(
    record: Record, now: float, style: Style, *, details: bool, advice: str = _STALE_ADVICE
) -> Iterator[str]:
    """A job as text; *advice* is what to do where it is stale."""
    said = word(record, now)
    if said == _STALE:
        head = f"stale: {record.status} at the last run, {when(record.time, now)}"
        yield style.undefined(f"{name_of(record)}: {head}")
        yield f"  {'to do:':11} {advice if record.time <= now else _AHEAD_ADVICE}"
    else:
        yield style.status(record.status, f"{name_of(record)}: {said} since {when(record.since, now)}")
    rows = list(_rows(record, now, details=details or said != "passed"))
    for name, text in rows:
        first, *more = _printable(text)
        yield f"  {f'{name}:':11} {first}"
        yield from (f"{'':14}{line}" for line in more)
    for warning in record.warnings:
        yield style.undefined(f"  {'warning:':11} {' '.join(_printable(warning.message))} ({warning.code})")


def _rows(record: Record, now: float, *, details: bool) -> Iterator[tuple[str, str]]:
    if record.muted_until is not None and record.muted_until > now:
        yield "muted", f"until {datetime.fromtimestamp(record.muted_until):%Y-%m-%d %H:%M:%S}: {record.mute_reason}"
    if record.step:
        yield "step", record.step
    if record.cause != "none":
        yield "cause", record.cause
    for name in ("message", "expected", "found", "evidence"):
        if text := getattr(record, name):
            yield name, text
    if not details:
        return
    if record.place:
        yield "at", record.place
    if not record.passed:
        yield "last good", when(record.last_good, now) if record.last_good is not None else "never, as far as known"
    took = f", {record.seconds:.3f} s" if record.seconds is not None else ""
    yield "last run", f"{when(record.time, now)}{took}"
    if record.told:
        yield "notified", "yes"
    elif record.is_one_of_many:
        yield "notified", "yes, as one of many jobs here (inode_probe/bool-uplink)"
    elif record.kept_back is not None:
        yield "notified", "not yet: it is kept back until it is known whether other jobs have that, too"
    elif record.bad_runs:
        yield "notified", f"no ({plural(record.bad_runs, 'bad run')} in a row)"


def name_of(record: Record | Planned) -> str:
    """The name under which a job is listed: KIND/INSTANCE, behind its host if that is another one."""
    return f"{record.host}/{record.kind}/{record.instance}".removeprefix("/")


def when(then: float, now: float) -> str:
    """A time on the calendar, and how long ago that is."""
    return f"{datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S} ({ago(now - then)})"


def ago(seconds: float) -> str:
    """A time for people: ``3 h ago``."""
    return f"{span(abs(seconds))} {'ago' if seconds > -1 else 'ahead of this clock'}"


def _printable(text: str) -> list[str]:
    """The lines of *text*, without what would write over a terminal."""
    return [blanked(line) for line in text.splitlines()] or [""]
