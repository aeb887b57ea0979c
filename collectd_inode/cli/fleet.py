"""``status --fleet``: all hosts and jobs whose values a hub's collectd receives, as it keeps them in StateDir."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from collectd_inode.cli.status import ago, record_lines, row_of, state_dir, tell, when, word, worst_first
from collectd_inode.cli.terminal import Exit, style
from collectd_inode.report import fleet
from collectd_inode.report.fleet import HeardHost
from collectd_inode.report.jsonl import warning_rows
from collectd_inode.report.names import is_name_of
from collectd_inode.report.record import STATUSES, Record
from collectd_inode.report.style import Style
from collectd_inode.state import files
from collectd_inode.words import blanked, plural

_REMOVED = "see whether it is still configured there; a removed job disappears within two hours"
_SILENT = "check that machine, its collectd, and the network to this one"
_ALL_SILENT = "every host is silent: check that collectd runs on this machine, and that it can write into its StateDir"
_OF_JOBS_ALONE = (
    "since", "cause", "step", "expected", "found", "place", "last_good", "notified", "muted_until", "evidence"
)  # fmt: skip
"""The keys of a row that a host has not."""
_ORDER = [*(status for status in STATUSES if status != "passed"), "stale", "passed"]


@dataclass(frozen=True)
class FleetHost:
    """A host and its jobs, of which some may have been chosen."""

    heard: HeardHost
    records: tuple[Record, ...]
    now: float

    @cached_property
    def silent(self) -> bool:
        """Whether nothing of it comes."""
        return self.heard.is_silent(self.now)


def main(options: argparse.Namespace) -> Exit:
    """Read, show, judge."""
    now = datetime.now(UTC).timestamp()
    try:
        hosts, troubles = read(options.state_dir or state_dir(options.conf), now)
        hosts = hosts if options.job is None else _chosen(hosts, options.job)
    except LookupError as error:
        tell([error.args[0]])
        return Exit.USAGE
    lines = as_json(hosts) if options.format == "json" else page(hosts, style(), details=options.job is not None)
    print("\n".join(lines))
    if all(host.silent for host in hosts) and options.job is None:
        troubles.append(_ALL_SILENT)
    tell(troubles)
    bad = any(host.silent or any(word(record, now) != "passed" for record in host.records) for host in hosts)
    return Exit.FAILED if troubles or bad else Exit.PASSED


def read(state: str, now: float) -> tuple[list[FleetHost], list[str]]:
    """The hosts in StateDir *state*, and a sentence about each file that cannot be read; LookupError without any."""
    folder = fleet.folder(state)
    try:
        found, troubles = fleet.among(files(str(folder)))
    except PermissionError:
        raise LookupError(f"{folder} may be read only by collectd's user, usually root: try sudo") from None
    except OSError as error:
        raise LookupError(f"{folder} cannot be read: {error.strerror or error}") from None
    if not found and not troubles:
        raise LookupError(
            f"no host is known in {folder}: set Fleet true beside StateDir in the <Module collectd_inode> of the hub's"
            " collectd.conf, and restart collectd"
        )
    return [FleetHost(heard, tuple(fleet.records(heard)), now) for heard in found], troubles


def _chosen(hosts: Sequence[FleetHost], wanted: str) -> list[FleetHost]:
    """The host that is *wanted*, or the jobs that are called so, each with its host."""
    named = [host for host in hosts if host.heard.host == wanted]
    if not named:
        jobs = ((host, tuple(one for one in host.records if _is_called(one, wanted))) for host in hosts)
        named = [FleetHost(host.heard, records, host.now) for host, records in jobs if records]
    if not named:
        known = ", ".join(host.heard.host for host in hosts)
        raise LookupError(f"no host and no job {wanted!r} is known; hosts known here: {known}")
    return named


def _is_called(record: Record, wanted: str) -> bool:
    return is_name_of(wanted, record.identity, record.job)


def page(hosts: Sequence[FleetHost], style: Style, *, details: bool = False) -> Iterator[str]:
    """The jobs that are bad or warn, or with *details* all; then a line for each host, and the sums."""
    for record, host in _jobs(hosts):
        if not host.silent and (details or record.warnings or word(record, host.now) != "passed"):
            yield from map(blanked, record_lines(record, host.now, style, details=details, advice=_REMOVED))
    newest = newest_of(hosts)
    for host in sorted(hosts, key=lambda one: (not one.silent, not one.heard.warnings(), one.heard.host)):
        yield from _host_lines(host, newest, style)
    yield from _sums(hosts)


def _jobs(hosts: Sequence[FleetHost]) -> list[tuple[Record, FleetHost]]:
    """All jobs, the worst first."""
    of = {id(record): host for host in hosts for record in host.records}
    now = hosts[0].now if hosts else 0.0
    return [(record, of[id(record)]) for record in worst_first([r for host in hosts for r in host.records], now)]


def _host_lines(host: FleetHost, newest: str, style: Style) -> Iterator[str]:
    name, jobs = blanked(host.heard.host), plural(len(host.heard.jobs), "job")
    if host.silent:
        yield style.undefined(f"{name}: {silence(host)}")
        return
    version = older(host, newest) or f"version {newest if host.heard.versions else 'unknown'}"
    yield style.status("passed", f"{name}: {jobs}, {version}, heard {ago(host.now - host.heard.time)}")
    for warning in host.heard.warnings():
        yield style.undefined(f"  {'warning:':11} {blanked(warning.message)} ({blanked(warning.code)})")


def silence(host: FleetHost) -> str:
    """Since when a host has been silent, how many jobs are unknown by that, and what to do."""
    jobs = plural(len(host.heard.jobs), "job")
    return f"silent since {when(host.heard.time, host.now)}, with {jobs}: {_SILENT}"


def newest_of(hosts: Sequence[FleetHost]) -> str:
    """The newest version on any of *hosts*; empty if none is known."""
    return max((version for host in hosts for version in host.heard.versions), key=_parts, default="")


def older(host: FleetHost, newest: str) -> str:
    """The versions on a host that has not only the *newest*; empty if it has."""
    versions = ", ".join(host.heard.versions)
    return f"version {versions} (the newest here is {newest})" if versions not in ("", newest) else ""


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _sums(hosts: Sequence[FleetHost]) -> Iterator[str]:
    silent = sum(host.silent for host in hosts)
    yield plural(len(hosts), "host") + (f": {silent} silent" if silent else "")
    counted = Counter(word(record, host.now) for host in hosts for record in host.records)
    counts = ", ".join(f"{counted[which]} {which}" for which in _ORDER if counted[which])
    yield plural(counted.total(), "job") + (f": {counts}" if counts else "")


def as_json(hosts: Sequence[FleetHost]) -> Iterator[str]:
    """A line for each host and then for each job, with the keys of ``status`` and two more."""
    rows = [
        *map(_host_row, hosts),
        *({"host": h.heard.host, **row_of(r, h.now), "version": None} for r, h in _jobs(hosts)),
    ]
    return (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)


def _host_row(host: FleetHost) -> dict[str, Any]:
    heard = host.heard
    return {
        "host": heard.host,
        "kind": "host",
        "job": heard.host,
        "instance": "",
        "status": "silent" if host.silent else "passed",
        "message": _SILENT if host.silent else None,
        **dict.fromkeys(_OF_JOBS_ALONE),
        "warnings": warning_rows(heard.warnings()),
        "last_run": heard.time,
        "version": ", ".join(heard.versions) or None,
    }
