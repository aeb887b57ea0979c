"""Large bodies and pages: a few runs at once, over all jobs, and the others in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Failure, Phase
from collectd_inode.page.assets import AssetKind
from collectd_inode.page.page import Page
from collectd_inode.wire import room as rooms
from collectd_inode.wire.clock import Clock, Handle
from collectd_inode.wire.measure import Exchange
from collectd_inode.wire.room import Places, Room, room
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


@pytest.fixture
def _small_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectd_inode.wire.room.STAGES", ((10, 2), (30, 1)))


@pytest.mark.usefixtures("_small_stages")
def test_all_that_a_run_asks_for_share_its_places() -> None:
    """The first of six takes a place, the others go in with it: so there is one for the next run."""

    async def main() -> None:
        runs = [Places() for _ in range(4)]
        asking = [[asyncio.create_task(places.take(20)) for _ in range(6)] for places in runs]

        def let_in() -> list[int]:
            return [sum(task.done() for task in tasks) for tasks in asking]

        for gone, expected in enumerate(([6, 6, 0, 0], [6, 6, 6, 0], [6, 6, 6, 6])):
            await _turns()
            assert let_in() == expected
            runs[gone].leave()
        runs[3].leave()

    tidily(main())


_PIECES = {"/small": 1, "/large": 3, "/huge": 6}
_PIECE = b"<p>hello"


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, count: int, *, breaks: bool = False) -> None:
        self._count, self._breaks = count, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self._count):
            yield _PIECE
            await asyncio.sleep(0)
        if self._breaks:
            raise httpx.ReadError("broken off")


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


_FILES = [f"/{size}.css?{number}" for number in range(6) for size in ("small", "large", "huge")]


def _files(request: httpx.Request) -> httpx.Response:
    """A page of 18 style sheets, of each size; ``/broken`` breaks off in the middle of large ones."""
    if not request.url.path.endswith(".css"):
        files = "".join(f"<link rel=stylesheet href={path}>" for path in _FILES)
        return httpx.Response(200, headers={"content-type": "text/html"}, text=files)
    count = _PIECES[request.url.path.removesuffix(".css")]
    breaks = "broken" in request.headers.get("referer", "") and count > 1
    return httpx.Response(200, headers={"content-type": "text/css"}, stream=_Pieces(count, breaks=breaks))


def _loading(browser: Browser, page: str) -> Awaitable[object]:
    async def loaded() -> Page:
        await browser.go(f"http://h{page}")
        return await browser.load(frozenset({AssetKind.STYLE_SHEET}))

    return loaded()


@pytest.mark.usefixtures("_small_stages")
def test_the_files_of_a_page_share_their_run_s_places() -> None:
    """Six at a time, each of which may want one: runs wait for each other, and none for itself."""

    async def main() -> int:
        inside = most = 0

        async def visit() -> None:
            nonlocal inside, most
            browser = Browser(httpx.MockTransport(_files), BrowserProfile())
            await _loading(browser, "/")
            inside, most = inside + 1, max(most, inside + 1)
            await _turns()
            inside -= 1
            await browser.aclose()

        await asyncio.gather(*(visit() for _ in range(5)))
        return most

    assert tidily(main()) == 1


@pytest.mark.usefixtures("_small_stages")
def test_a_run_that_fails_gives_its_places_back() -> None:
    """One whose files break off, and one that is ended while six of its files wait."""

    async def main() -> tuple[int, int]:
        transport = httpx.MockTransport(_files)
        failing, waiting = Browser(transport, BrowserProfile()), Browser(transport, BrowserProfile())
        with pytest.raises(Failure, match=r"^12 of 18 files of the page did not load: http://h/large\.css"):
            await _loading(failing, "/broken")
        work = asyncio.ensure_future(_loading(waiting, "/"))
        await _turns()
        assert not work.done()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await waiting.aclose()
        await failing.aclose()
        large, huge = _Together("/large"), _Together("/huge")
        await asyncio.gather(*(large.visit("/large") for _ in range(4)))
        await asyncio.gather(*(huge.visit("/huge") for _ in range(4)))
        return large.most, huge.most

    assert tidily(main()) == (2, 1)


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
