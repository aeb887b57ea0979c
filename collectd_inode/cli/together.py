"""Many jobs at once, shown in their own order; Ctrl-C shows those that have ended."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from collectd_inode.descriptors import most_at_once
from collectd_inode.model import Job, Observation
from collectd_inode.observing import observe

PER_HOST = 16
"""The largest number of jobs of one host that run at once, whatever the option says."""
Show = Callable[[Observation], bool]
"""Takes the next observation; says whether to go on."""


async def run_all(jobs: Sequence[Job], at_once: int, show: Show) -> None:
    """Run *jobs*, *at_once* of them at the same time, and *show* them in this order.

    Cancelled, it shows what has ended by then.
    """
    places = _Places(min(at_once, most_at_once()))
    tasks = [asyncio.ensure_future(places.observe(job)) for job in jobs]
    shown = 0
    try:
        for task in tasks:
            observation = await task
            shown += 1
            if not show(observation):
                return
    except asyncio.CancelledError:
        for task in tasks[shown:]:
            if task.done() and not task.cancelled():
                show(task.result())
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Places:
    """The queues of jobs: at their host, then for one of all places."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))

    async def observe(self, job: Job) -> Observation:
        async with self._hosts[job.target] if job.target else nullcontext(), self._all:
            return await observe(job, attended=True)
