"""Show what the daemon knows of its jobs: what is wrong, where, since when, and what it was told.

Asks nobody and runs nothing: it reads what the daemon keeps in StateDir.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from collectd_inode import oconfig
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.report.status import STATUSES, Record, read_all, span
from collectd_inode.report.style import Style

CONF = "/etc/collectd/collectd.conf"  # configured.DEFAULT_CONF; importing that would bring asyncio and TLS
_STALE = "stale"
_STALE_ADVICE = (
    "see that collectd runs, and that it can write here; a job that was taken out is forgotten within two hours"
)
_AHEAD_ADVICE = "see that this machine's clock is right (collectd-inode clock), and that collectd runs"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("job", nargs="?", metavar="JOB", help="a job's name, or its plugin instance; default: all")
    parser.add_argument("--conf", metavar="CONF", default=CONF, help=f"where StateDir is named; default: {CONF}")
    parser.add_argument("--state-dir", metavar="DIR", help="the daemon's StateDir, whatever CONF says")


def main(options: argparse.Namespace) -> Exit:
    """Read, show, judge."""
    troubles: list[str] = []
    try:
        folder = options.state_dir or state_dir(options.conf)
        records, troubles = _read(folder)
        chosen = _chosen(records, troubles, options.job, folder)
    except LookupError as error:
        _tell([error.args[0], *troubles])
        return Exit.USAGE
    now = datetime.now(UTC).timestamp()  # not wire's clock, which comes with asyncio
    print("\n".join(page(chosen, now, style(), details=options.job is not None)))
    _tell(troubles)
    return Exit.PASSED if not troubles and {word(record, now) for record in chosen} == {"passed"} else Exit.FAILED


def _tell(troubles: Sequence[str]) -> None:
    for trouble in troubles:
        print(f"collectd-inode: {trouble}", file=sys.stderr)


def state_dir(conf: str) -> str:
    """StateDir as the collectd.conf says; LookupError with a sentence if it does not."""
    try:
        tree = oconfig.load(conf).nodes
    except oconfig.BadConfig as error:
        place, what = error.problems[0]
        raise LookupError(f"{place}: {what}; --state-dir DIR does without it") from None
    # As config.sections does, without config: that brings asyncio and TLS.
    plugins = (node for node in tree if node.key.lower() == "plugin" and node.values == ("python",))
    modules = (node for plugin in plugins for node in plugin.children if node.key.lower() == "module")
    ours = (node for node in modules if [str(value).lower() for value in node.values] == ["collectd_inode"])
    found = [node.values for module in ours for node in module.children if node.key.lower() == "statedir"]
    if not found or len(found[-1]) != 1:
        raise LookupError(
            f"{conf} names no StateDir: without it the daemon keeps what it knows to itself "
            '(StateDir "/var/lib/collectd/inode" in <Module collectd_inode>, and restart collectd)'
        )
    return str(found[-1][0])


def _read(folder: str) -> tuple[list[Record], list[str]]:
    try:
        return read_all(folder)
    except PermissionError:
        raise LookupError(f"{folder} may be read only by whom collectd runs as, as a rule root: try sudo") from None
    except OSError as error:
        raise LookupError(f"{folder} cannot be read: {error.strerror or error}") from None


def _chosen(records: Sequence[Record], troubles: Sequence[str], job: str | None, folder: str) -> list[Record]:
    if not records and not troubles:
        missing = "" if os.path.isdir(folder) else "there is no such folder: "
        raise LookupError(f"{missing}no daemon has written into {folder} yet, so that nothing is known of any job")
    if job is None:
        return list(records)
    chosen = [record for record in records if job in (record.job, record.instance, _name(record))]
    if not chosen:
        names = ", ".join(sorted({record.job for record in records})) or "none"
        raise LookupError(f"no job {job!r} is known in {folder}; known there: {names}")
    return chosen


def word(record: Record, now: float) -> str:
    """A record's status, or that it is out of date."""
    return _STALE if record.stale(now) else record.status


def page(records: Sequence[Record], now: float, style: Style, *, details: bool = False) -> Iterator[str]:
    """All *records*, the worst and of these the latest first, and a line that sums them up."""
    order = [status for status in STATUSES if status != "passed"] + [_STALE, "passed"]

    def place(record: Record) -> tuple[int, bool, float, str]:
        return order.index(word(record, now)), not record.warnings, -record.since, _name(record)

    for record in sorted(records, key=place):
        yield from _record(record, now, style, details=details)
    counted = Counter(word(record, now) for record in records)
    counts = ", ".join(f"{counted[which]} {which}" for which in order if counted[which])
    yield f"{len(records)} job{'' if len(records) == 1 else 's'}{f': {counts}' if counts else ''}"


def _record(record: Record, now: float, style: Style, *, details: bool) -> Iterator[str]:
    said = word(record, now)
    if said == _STALE:
        head = f"stale: {record.status} at the last run, {_when(record.time, now)}"
        yield style.undefined(f"{_name(record)}: {head}")
        yield f"  {'to do:':11} {_STALE_ADVICE if record.time <= now else _AHEAD_ADVICE}"
    else:
        yield style.status(record.status, f"{_name(record)}: {said} since {_when(record.since, now)}")
    rows = list(_rows(record, now, details=details or said != "passed"))
    for name, text in rows:
        first, *more = _printable(text)
        yield f"  {f'{name}:':11} {first}"
        yield from (f"{'':14}{line}" for line in more)
    for warning in record.warnings:
        yield style.undefined(f"  {'warning:':11} {' '.join(_printable(warning.message))} ({warning.code})")


def _rows(record: Record, now: float, *, details: bool) -> Iterator[tuple[str, str]]:
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
        yield "last good", _when(record.last_good, now) if record.last_good is not None else "never, as far as is known"
    took = f", {record.seconds:.3f} s" if record.seconds is not None else ""
    yield "last run", f"{_when(record.time, now)}{took}"
    if record.told:
        yield "notified", "yes"
    elif record.bad_runs:
        yield "notified", f"no ({record.bad_runs} bad run{'' if record.bad_runs == 1 else 's'} in a row)"


def _name(record: Record) -> str:
    return f"{record.host}/{record.kind}/{record.instance}".removeprefix("/")


def _when(then: float, now: float) -> str:
    """A time on the calendar, and how long ago that is."""
    return f"{datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S} ({_ago(now - then)})"


def _ago(seconds: float) -> str:
    """A time for people: ``3 h ago``."""
    return f"{span(abs(seconds))} {'ago' if seconds > -1 else 'ahead of this clock'}"


def _printable(text: str) -> list[str]:
    """The lines of *text*, without what would write over a terminal."""
    return ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()] or [""]
