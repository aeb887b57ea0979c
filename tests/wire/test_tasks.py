"""Tasks that a step cannot cancel: its own run's it can."""

from __future__ import annotations

import asyncio

import pytest

from collectd_inode.wire.tasks import Guarded, guarded, side_by_side


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


def test_parts_of_a_run_side_by_side() -> None:
    """The first exception ends the others, and so does the run's end; no other run can cancel a part."""
    ended: list[str] = []

    async def part(name: str, begun: asyncio.Event) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def broken(begun: asyncio.Event) -> None:
        await begun.wait()
        raise ValueError("broken")

    async def fails() -> None:
        begun = asyncio.Event()
        await side_by_side([part("first", begun), broken(begun), part("third", begun)])

    async def goes_on(begun: asyncio.Event) -> None:
        await side_by_side([part("last", begun)])

    async def main() -> None:
        with pytest.raises(ValueError, match="broken"):
            await guarded(fails(), run=object())
        assert sorted(ended) == ["first", "third"]
        begun, run = asyncio.Event(), object()
        going = guarded(goes_on(begun), run=run)
        await begun.wait()
        parts = asyncio.all_tasks() - {going, asyncio.current_task()}
        assert await guarded(_cancels(*parts), run=object()) == [False]
        going.cancel()
        await asyncio.wait([going])
        assert (ended[2:], going.cancelled()) == (["last"], True)

    asyncio.run(main())
