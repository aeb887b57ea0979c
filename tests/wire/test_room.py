"""Large bodies and pages: a few runs at once, over all jobs, and the others in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Phase
from collectd_inode.wire import room as rooms
from collectd_inode.wire.clock import Clock, Handle
from collectd_inode.wire.measure import Exchange
from collectd_inode.wire.room import Room, room
from collectd_inode.wire.stamps import Moment
from collectd_inode.wire.tcp import Timing
from tests.helpers.examples import FEW_TURNS, CountingClock
from tests.helpers.peers import tidily


class _Alarm:
    """A call that is made when the test makes it."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call, self.cancelled = call, False

    def cancel(self) -> None:
        self.cancelled = True


class _Alarms(Clock):
    """A clock whose calls are made by hand."""

    def __init__(self) -> None:
        self.set: list[_Alarm] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> Handle:
        assert seconds == rooms.PATIENCE
        self.set.append(_Alarm(call))
        return self.set[-1]


async def _turns() -> None:
    for _ in range(FEW_TURNS):
        await asyncio.sleep(0)


def test_who_comes_first_is_let_in_first() -> None:
    """Two are inside; each that leaves lets in the one that has waited longest; who gives up waiting is passed over."""

    async def main() -> list[int]:
        place, inside = Room(2, _Alarms()), list[int]()

        async def enter(number: int) -> None:
            await place.enter()
            inside.append(number)

        tasks = [asyncio.create_task(enter(number)) for number in range(6)]
        await _turns()
        assert inside == [0, 1]
        tasks[2].cancel()
        await _turns()
        place.leave()
        await _turns()
        assert inside == [0, 1, 3]
        place.leave()
        tasks[4].cancel()  # it was let in just now
        await _turns()
        assert tasks[4].cancelled()
        await asyncio.gather(tasks[5])
        return inside

    assert tidily(main()) == [0, 1, 3, 5]


def test_those_that_hang_starve_nobody() -> None:
    """Where nobody leaves, one more is let in each time that patience ends; what they take too much is given back."""

    async def main() -> None:
        clock = _Alarms()
        place = Room(1, clock)
        await place.enter()
        waiting = [asyncio.create_task(place.enter()) for _ in range(4)]
        await _turns()
        assert [alarm.cancelled for alarm in clock.set] == [False]
        clock.set[0].call()
        await _turns()
        assert [task.done() for task in waiting] == [True, False, False, False]
        place.leave()
        await _turns()
        assert sum(task.done() for task in waiting) == 1
        place.leave()
        await _turns()
        assert sum(task.done() for task in waiting) == 2
        place.leave()
        await _turns()
        place.leave()
        await asyncio.gather(*waiting)
        assert not [alarm for alarm in clock.set[1:-1] if not alarm.cancelled]

    tidily(main())


def test_each_loop_has_its_own() -> None:
    """What a loop that has died has taken is not missing in the next."""

    async def main() -> Room:
        assert room(0) is room(0)
        assert room(0) is not room(1)
        return room(0)

    assert tidily(main()) is not tidily(main())


_PIECES = {"/small": 1, "/large": 3, "/huge": 6}
_PIECE = b"<p>hello"


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, count: int) -> None:
        self._count = count

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self._count):
            yield _PIECE
            await asyncio.sleep(0)


def _answers(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/html"}, stream=_Pieces(_PIECES[request.url.path]))


class _Together:
    """Counts the runs that have such a page."""

    def __init__(self, *paths: str) -> None:
        self._paths, self._count, self.most = paths, 0, 0
        self.ended: list[str] = []

    async def visit(self, *paths: str) -> None:
        browser, counted = Browser(httpx.MockTransport(_answers), BrowserProfile()), False
        for path in paths:
            await browser.go(f"http://h{path}")
            if path in self._paths and not counted:
                counted, self._count = True, self._count + 1
                self.most = max(self.most, self._count)
            await asyncio.sleep(0)
        self.ended.append(paths[0])
        self._count -= counted
        await browser.aclose()


@pytest.fixture
def _small_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectd_inode.wire.room.STAGES", ((10, 2), (30, 1)))


@pytest.mark.usefixtures("_small_stages")
def test_large_pages_wait_for_each_other() -> None:
    """Of 40 jobs two have one at a time, as many as they look at; a small page waits for nobody."""
    seen = _Together("/large")

    async def main() -> None:
        await asyncio.gather(*(seen.visit("/large", "/large", "/large") for _ in range(40)), seen.visit("/small"))

    tidily(main())
    assert (seen.most, len(seen.ended), seen.ended[0]) == (2, 41, "/small")


@pytest.mark.usefixtures("_small_stages")
def test_huge_pages_wait_for_each_other() -> None:
    """One run has one; a run that has a large page already gets in like any other."""
    seen = _Together("/huge")

    async def main() -> None:
        runs = [("/huge",), ("/large", "/huge", "/large"), ("/small", "/large")] * 10
        await asyncio.gather(*(seen.visit(*paths) for paths in runs))

    tidily(main())
    assert (seen.most, len(seen.ended)) == (1, 30)


def test_our_own_wait_is_none_of_the_answer_s_times() -> None:
    """A run that ends in it says what it waits for."""
    timing = Timing(CountingClock(), "h")
    timing.flight.sent = timing.flight.first = Moment(1.0)
    timing.flight.last = Moment(3.0)
    with timing.held_up("waiting"):
        assert timing.doing == "waiting"
    with pytest.raises(asyncio.CancelledError), timing.held_up("waiting for other jobs' large pages"):
        raise asyncio.CancelledError
    ended: Exchange = timing.exchange(response_code=200, size=0, finished=False)
    assert (ended.phases[Phase.TRANSFER], ended.doing) == (1.75, "waiting for other jobs' large pages")
