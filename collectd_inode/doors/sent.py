"""The last slot of each job that collectd has: a small file in StateDir, so that a killed process loses no slot.

It is overwritten in place, at most once a second: its slots may be older than the true ones, and then a slot is sent
once more, but never younger.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from collectd_inode.files import read_file
from collectd_inode.model import Identity

NAME = "sent"
_MOST_BYTES = 2**22
_REMEMBERED_SECONDS = 7 * 86400.0


def read(folder: str, now: float) -> dict[Identity, float]:
    """Job → the last slot that collectd has; empty where nothing is known.  Jobs that are long gone are left out."""
    try:
        octets, _ = read_file(str(Path(folder, NAME)), _MOST_BYTES, links=False)
    except OSError:
        return {}
    return {job: slot for job, slot in parse(octets).items() if now - slot < _REMEMBERED_SECONDS}


def parse(octets: bytes) -> dict[Identity, float]:
    """The values in a file's *octets*; invalid lines are ignored."""
    found = {}
    for line in octets.decode("utf-8", "replace").splitlines():
        slot, *job = line.split("\t")
        if len(job) != 3:
            continue
        try:
            seconds = float(slot)
        except ValueError:
            continue
        if math.isfinite(seconds):
            found[job[0], job[1], job[2]] = seconds
    return found


def text(sent: Mapping[Identity, float]) -> bytes:
    """*sent* as its file holds it: lines of a fixed width for each job, so that one half written makes sense, too."""
    lines = ("\t".join((f"{slot:017.6f}", *job)) for job, slot in sorted(sent.items()))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def write(folder: str, octets: bytes) -> None:
    """Have the file hold *octets*.  Raises OSError."""
    descriptor = os.open(
        Path(folder, NAME), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600
    )
    try:
        os.pwrite(descriptor, octets, 0)
        os.ftruncate(descriptor, len(octets))
    finally:
        os.close(descriptor)
