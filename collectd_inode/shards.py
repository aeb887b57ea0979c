"""The machine that runs a scenario, among machines with the same files (``Shard "2/5"``).

A rendezvous hash (Thaler and Ravishankar, 1998): a machine's number and the job's name make a weight, and the largest
one wins.  Nothing is agreed on between the machines.  One more machine takes its share from all others and moves no job
between those; the reported host has no part in it.  Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

MOST = 1000
"""Machines; each takes a hash for each scenario when a file is read."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One machine's share: its *number*, from 1, among *many* machines."""

    number: int
    many: int

    def __str__(self) -> str:
        return f"{self.number}/{self.many}"


def owner(kind: str, job: str, scenario: str, many: int) -> int:
    """The number of the machine, from 1 to *many*, that runs this scenario of this job."""
    name = "\0".join((kind, job, scenario))
    return max(range(1, many + 1), key=lambda number: (_weight(number, name), number))


def is_ours(shards: Collection[Shard], kind: str, job: str, scenario: str) -> bool:
    """Whether a machine with these *shards* runs this scenario; without shards it runs all."""
    return not shards or any(owner(kind, job, scenario, one.many) == one.number for one in shards)


def _weight(number: int, name: str) -> bytes:
    # surrogatepass: a name from a damaged file is a name, too.
    return hashlib.sha256(f"{number}\0{name}".encode("utf-8", "surrogatepass")).digest()
