"""Tasks that a step cannot cancel: its own run's it can."""

from __future__ import annotations

import asyncio

from collectd_inode.wire.tasks import Guarded, guarded


async def _waits() -> str:
    await asyncio.Event().wait()
    return "never"


async def _cancels(*tasks: asyncio.Task[str]) -> list[bool]:
    return [task.cancel() for task in tasks]


def test_who_may_cancel() -> None:
    """The daemon any of them; a run nothing but its own, neither at once nor by a task or a timer that it begins."""

    async def main() -> None:
        ours, theirs = guarded(_waits()), guarded(_waits(), "theirs", object())
        assert await guarded(_cancels(ours, theirs), run=object()) == [False, False]

        async def later() -> list[bool]:
            asyncio.get_running_loop().call_soon(theirs.cancel)
            return await asyncio.create_task(_cancels(ours, theirs))

        assert await guarded(later(), run=object()) == [False, False]
        await asyncio.sleep(0)
        assert (ours.done(), theirs.done(), theirs.get_name()) == (False, False, "theirs")
        assert (ours.cancel(), theirs.cancel()) == (True, True)
        await asyncio.wait([ours, theirs])
        assert (ours.cancelled(), theirs.cancelled()) == (True, True)

    asyncio.run(main())


def test_a_run_may_cancel_itself() -> None:
    """As a timeout within it does."""

    async def impatient() -> str:
        try:
            async with asyncio.timeout(0):
                return await _waits()
        except TimeoutError:
            return "too late"

    async def main() -> None:
        task: Guarded[str] = guarded(impatient(), run=object())
        assert await task == "too late"

    asyncio.run(main())
