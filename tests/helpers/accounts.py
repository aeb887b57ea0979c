"""A time daemon's account, waited for until it is what a test wants: daemons take seconds to follow somebody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from collectd_inode.timekeeper.account import Account
from collectd_inode.timekeeper.ask import Doors, account
from collectd_inode.wire import SYSTEM_CLOCK
from tests.helpers.examples import HUNG

NO_ROOT = "/nonexistent"
"""A folder without any daemon's files."""


def follows(told: Account | None) -> bool:
    """Whether somebody is followed."""
    return told is not None and told.followed is not None


def awaited(doors: Doors, wanted: Callable[[Account | None], bool] = follows) -> Account | None:
    """The first account that is as *wanted*, or the last one."""

    end = time.monotonic() + HUNG
    while not wanted(told := asyncio.run(account(SYSTEM_CLOCK, HUNG, doors))) and time.monotonic() < end:
        time.sleep(0.05)
    return told
