"""A deadline ends what waits too long, and blames nobody for our own lateness; and everybody gets a turn."""

from __future__ import annotations

import asyncio
import socket
import sys
import time

import pytest

from collectd_inode.wire import deadline
from collectd_inode.wire.deadline import Turns
from tests.helpers.examples import SetClock


def test_what_waits_longer_is_ended() -> None:
    """TimeoutError, and the deadline says that it was the one."""

    async def main() -> bool:
        with pytest.raises(TimeoutError):
            async with deadline(0.01) as limit:
                await asyncio.Event().wait()
        return limit.expired()

    assert asyncio.run(main())


def test_what_is_done_in_time_is_left_alone() -> None:
    """Nothing strikes afterwards."""

    async def main() -> bool:
        async with deadline(0.01) as limit:
            pass
        await asyncio.sleep(0.02)
        return limit.expired()

    assert not asyncio.run(main())


def test_cancelling_from_outside_is_no_deadline() -> None:
    """A daemon that stops is not a site that hangs."""

    async def main() -> None:
        async with asyncio.timeout(0.01):
            async with deadline(60):
                await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_an_answer_that_was_there_in_time_counts() -> None:
    """The loop was held up beyond the deadline; what had arrived before is read first."""

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            async with deadline(0.05):
                loop.call_soon(_hold_up, theirs)
                first = await loop.sock_recv(ours, 2)
                return first + await loop.sock_recv(ours, 2)

    assert asyncio.run(main()) == b"just"


def _hold_up(peer: socket.socket) -> None:
    """The peer answers at once, and something keeps the loop until the deadline has passed."""
    peer.sendall(b"just")
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass


def test_an_answer_that_is_not_there_does_not_count() -> None:
    """Being held up is no excuse for a peer that has said only half of it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            async with deadline(0.05):
                loop.call_soon(_hold_up, theirs)
                await loop.sock_recv(ours, 4)
                await loop.sock_recv(ours, 4)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_who_has_had_his_turn_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 5 ms, and not before; a new turn begins then, as it does after waiting."""
    clock = SetClock()
    monkeypatch.setattr(sys.modules[Turns.__module__], "time", clock)

    async def main() -> list[str]:
        turns = Turns()
        ran: list[str] = []

        async def read(name: str, seconds: float) -> None:
            clock.pass_by(seconds)
            await turns.give_way()
            ran.append(name)

        turns.begin()
        asyncio.get_running_loop().call_soon(ran.append, "another")
        await read("a short one", 0.004)
        await read("one too many", 0.002)
        asyncio.get_running_loop().call_soon(ran.append, "another, never in between")
        await read("a new turn", 0.004)
        turns.begin()
        await read("a turn after waiting", 0.004)
        return list(ran)

    assert asyncio.run(main()) == ["a short one", "another", "one too many", "a new turn", "a turn after waiting"]
