"""Tasks that a step cannot cancel: its own run's it can."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from collectd_inode.wire import workers
from collectd_inode.wire.tasks import MOST_TASKS, Guarded, guarded, side_by_side
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT


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


def test_tasks_that_a_run_has_left_end_with_it() -> None:
    """Its parts' and those that its tasks have made, too; those of nobody's run stay."""

    async def main() -> list[bool]:
        left: list[asyncio.Task[str]] = []

        async def leaves_one() -> None:
            left.append(asyncio.create_task(_waits()))

        async def leaves() -> None:
            await leaves_one()
            await asyncio.create_task(leaves_one())
            await side_by_side([leaves_one()])

        await leaves_one()
        run = guarded(leaves(), run=object())
        await run
        run.end_tasks()
        await asyncio.wait(left[1:])
        return [task.cancelled() for task in left]

    assert workers.run(main()) == [False, True, True, True]


def test_a_run_has_so_many_tasks_at_most() -> None:
    """One that has ended makes room for another."""

    async def main() -> None:
        async def leaves() -> None:
            tasks = [asyncio.create_task(_waits()) for _ in range(MOST_TASKS)]
            with pytest.raises(RuntimeError, match="this run has 1000 tasks that have not ended"):
                tasks.append(asyncio.create_task(_waits()))
            tasks[0].cancel()
            await asyncio.wait(tasks[:1])
            tasks.append(asyncio.create_task(_waits()))

        run = guarded(leaves(), run=object())
        await run
        run.end_tasks()

    workers.run(main())


STUBBORN = """
import asyncio
from collectd_inode.wire import workers

async def stubborn():
    while True:
        try:
            await asyncio.sleep(0.01)
        except BaseException:
            pass

async def main():
    asyncio.get_running_loop().create_task(stubborn())
    await asyncio.sleep(0)

workers.run_through(main(), print)
print("the loop has ended")
"""


def test_a_task_that_swallows_everything_does_not_hold_up_the_interpreter_s_end() -> None:
    """Python closes the coroutine of a task that is destroyed, and would be in its loop for ever."""
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, capture_output=True, timeout=HUNG, check=True, text=True
    )
    assert done.stdout == "the loop has ended\n"
