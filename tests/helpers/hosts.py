"""Four hosts as a hub knows them: one has a bad job, one is silent, one was not upgraded, one is well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from collectd_inode.report.fleet import HeardDoor, HeardHost, HeardJob, folder, path, text

NOW = 1_795_341_600.0  # 2026-11-22 10:00:00 UTC
WEB = HeardJob("scenario", "web-home", True, NOW - 7200, NOW - 12, 60.0, last_good=NOW - 12, latency=0.25)
SHOP = HeardJob(
    *("scenario", "shop-buy", False, NOW - 120, NOW - 5, 60.0, 9),
    last_good=NOW - 180,
    message="expectation: text “Paid” not found",
    notified=NOW - 110,
)
AUCKLAND = HeardHost(
    "auckland",
    {"scenario/web-home": WEB, "scenario/shop-buy": SHOP},
    {"": HeardDoor(NOW - 40, 60.0, 200)},
)
DUNEDIN = HeardHost(
    "dunedin", {"scenario/web-home": replace(WEB, time=NOW - 10_800)}, {"": HeardDoor(NOW - 10_790, 60.0, 100)}
)
HAMILTON = HeardHost(
    "hamilton",
    {"scenario/web-home": replace(WEB, warnings=1), "scenario/old": replace(WEB, instance="old", time=NOW - 3600)},
    {"": HeardDoor(NOW - 40, 60.0, 100, config_errors=1)},
)
WELL = HeardHost("wellington", {"scenario/web-home": WEB}, {"": HeardDoor(NOW - 4, 60.0, 200)})
ALL = (AUCKLAND, DUNEDIN, HAMILTON, WELL)


def keep(state: Path, *hosts: HeardHost, now: float = NOW) -> None:
    """Write *hosts* into StateDir *state*, as they would be *now*."""
    folder(str(state)).mkdir(parents=True, exist_ok=True)
    for one in hosts:
        jobs = {name: replace(job, time=job.time + now - NOW) for name, job in one.jobs.items()}
        doors = {name: replace(door, time=door.time + now - NOW) for name, door in one.doors.items()}
        path(str(state), one.host).write_text(text(replace(one, jobs=jobs, doors=doors)))
