"""The port behind which an engine gets pages: a made-up one runs a scenario as the plain one does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode.browser.cookies import Cookie
from collectd_inode.browser.manner import Manner
from collectd_inode.model import Cause, Failure, Observation, Phase, Status
from collectd_inode.observing import observe
from collectd_inode.page import forms, locate
from collectd_inode.page.assets import AssetKind
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.scenario.engine import Engine, Opening
from collectd_inode.scenario.replay import Replay
from collectd_inode.wire import Exchange
from tests.helpers.examples import loaded, write_feature

PAGES = {
    "/login": b"<title>Log in</title><form action=/home><label>Name <input></label><button>Go</button></form>",
    "/home": b"<title>Home</title><p>Hello, anna <div id=news>Rain</div>",
}


class Slate:
    """An engine whose pages are on a slate: each takes a tenth of a second to be read, and typing takes a while."""

    refuse_bad_status = True
    scope: Callable[[Page], Page] | None = None
    usual: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    cookies: tuple[Cookie, ...] = ()

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._page: Page | None = None
        self.redirects: list[str] = []
        self.has_begun = self.has_finished = self.closed = False
        self.manners: list[Manner] = []

    @property
    def page(self) -> Page:
        if self._page is None:
            raise Failure(Cause.EXPECTATION, "the slate is empty")
        return self._page

    @property
    def scoped_page(self) -> Page:
        return self.page if self.scope is None else self.scope(self.page)

    def authenticate(self, user: str, password: str) -> None:
        raise NotImplementedError

    def set_header(self, name: str, value: str) -> None:
        raise NotImplementedError

    async def begin(self) -> None:
        self.has_begun = True

    async def perform(self, manner: Manner, series: str, act: Callable[[], Awaitable[None]]) -> None:
        self.manners.append(manner)
        await act()

    async def finish(self) -> None:
        self.has_finished = True

    async def go(self, target: str, *, redirects: bool = True) -> Page:
        self._opening.on_exchange(Exchange("slate", {Phase.TRANSFER: 0.1}, response_code=200))
        self._page = Page(f"http://slate{target}", 200, Headers([(b"content-type", b"text/html")]), PAGES[target])
        return self._page

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        raise NotImplementedError

    async def follow(self, locator: str) -> Page:
        return await self.go(locate.link(self.scoped_page, locator).get("href") or "")

    async def press(self, locator: str = "") -> Page:
        form = forms.form_of(self.page, locate.button(self.scoped_page, locator))
        return await self.submit(form) if form is not None else self.page

    async def reload(self) -> Page:
        raise NotImplementedError

    async def back(self) -> Page:
        raise NotImplementedError

    async def load(self, kinds: frozenset[AssetKind]) -> Page:
        raise NotImplementedError

    async def submit(self, form: str | Element) -> Page:
        found = locate.form(self.scoped_page, form) if isinstance(form, str) else form
        return await self.go(found.get("action") or "")

    async def press_enter(self, field: str) -> Page:
        raise NotImplementedError

    async def fill_in(self, field: str, value: str) -> None:
        await asyncio.sleep(0)
        forms.enter(self.page, locate.fillable(self.scoped_page, field), value)

    async def select(self, option: str, field: str) -> None:
        raise NotImplementedError

    async def unselect(self, option: str, field: str) -> None:
        raise NotImplementedError

    async def check(self, field: str) -> None:
        raise NotImplementedError

    async def uncheck(self, field: str) -> None:
        raise NotImplementedError

    async def choose(self, field: str) -> None:
        raise NotImplementedError

    async def attach(self, field: str, name: str, content: bytes, content_type: str = "") -> None:
        raise NotImplementedError

    async def attach_all(self, field: str, files: Sequence[forms.Upload]) -> None:
        raise NotImplementedError

    def value(self, field: str) -> str:
        raise NotImplementedError

    def is_checked(self, field: str) -> bool:
        raise NotImplementedError

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def opened() -> list[Slate]:
    return []


def replayed(folder: Path, steps: str, opened: list[Slate]) -> Observation:
    """One run of *steps* on a slate, which is put among those that were *opened*."""

    def open_slate(opening: Opening) -> Engine:
        opened.append(Slate(opening))
        return opened[-1]

    (job,) = loaded(write_feature(folder, steps), base_url="http://slate").jobs
    assert isinstance(job.probe, Replay)
    return asyncio.run(observe(replace(job, probe=replace(job.probe, open=open_slate))))


def test_a_scenario_runs_on_any_engine(tmp_path: Path, opened: list[Slate]) -> None:
    """Sentences that go, type (and wait for it), press and look; its exchanges are the steps' latencies."""
    steps = """When I go to "/login"
        And I fill in "Name" with "anna"
        Then the "Name" field should contain "anna"
        When I press "Go"
        Then I should see "Hello, anna"
        And I should see "Rain" within "#news"
        And I should not be redirected"""
    found = replayed(tmp_path, steps, opened)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert [step.seconds for step in found.steps] == [0.1, None, None, 0.1, None, None, None]
    assert [slate.closed for slate in opened] == [True]


def test_what_is_not_there_fails_in_the_same_words(tmp_path: Path, opened: list[Slate]) -> None:
    """Things are found in the same `Page`, by the same rules."""
    found = replayed(tmp_path, 'When I go to "/login"\nAnd I fill in "Colour" with "red"', opened)
    assert found.cause is Cause.EXPECTATION
    assert found.message.startswith("no field “Colour”, on “Log in”")
    assert [slate.closed for slate in opened] == [True]
