"""The keys of a ``<Quorum>`` block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode.keys import Expected, Values, host_name, key, text, whole

_JOB = re.compile(r"[a-z][a-z_]*/[A-Za-z0-9_.:-]+")


def _watched(values: Values) -> str:
    value = text(values)
    if not _JOB.fullmatch(value):
        raise Expected('a job as collectd-inode status names it, such as "scenario/shop-log_in"')
    return value


def _hosts(values: Values) -> tuple[str, ...]:
    if not values:
        raise Expected("one or more hosts")
    return tuple(host_name((value,)) for value in values)


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Quorum>`` block, as the operator wrote it."""

    # fmt: off
    job: str = key("Job", _watched, '"scenario/shop-log_in"',
        "Required.  The job of the probes: its kind and its plugin instance.", default="", shown="")
    host_lines: tuple[tuple[str, ...], ...] = key("Hosts", _hosts, '"auckland" "dunedin" "hamilton"',
        "The probes, by their host names.  Default: all hosts that send values of this job.",
        repeatable=True)
    least: int | None = key("Least", whole("a whole number of at least 1", least=1), "2",
        "The number of probes that must report down.  Default: more than half of those that report.")
    min_reporting: int = key("MinReporting", whole("a whole number of at least 1", least=1), "3",
        "The number of probes that must report.  With fewer, the verdict is unknown: a warning, never down.", default=2)
    # fmt: on

    @property
    def hosts(self) -> tuple[str, ...]:
        """All that are said."""
        return tuple(host for line in self.host_lines for host in line)

    def complaints(self) -> Iterator[str]:
        """The contradictions among its values, a sentence each."""
        if not self.job:
            yield 'expected a Job, such as Job "scenario/shop-log_in"'
        if len(set(self.hosts)) < len(self.hosts):
            yield "expected each of Hosts once"
        for name, wanted in (("Least", self.least or 0), ("MinReporting", self.min_reporting)):
            if self.hosts and wanted > len(self.hosts):
                yield f"{name} {wanted}: expected at most {len(self.hosts)}, the number of its Hosts"
