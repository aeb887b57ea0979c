"""The interface of an engine: everything that sessions and sentences need from a browser.

Every engine returns the same `Page`, with the same rules for finding things (``page/``); engines differ in how they
get a page and type into it.  The plain engine is `browser.browser.Browser`.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from collectd_inode.browser.cookies import Cookie
from collectd_inode.browser.manner import Manner
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.page.assets import AssetKind
from collectd_inode.page.forms import Upload
from collectd_inode.page.page import Page
from collectd_inode.page.remembered import Findings
from collectd_inode.page.text import Element
from collectd_inode.wire import Clock, Exchange
from collectd_inode.wire.tcp import Route

if TYPE_CHECKING:
    from collectd_inode.browser.record import Recorder


class Engine(Protocol):
    """One person's browser for one run.

    A navigation returns its final page, or raises Failure.  An action on a page raises Failure if the page does not
    have the named element.  Use ``await`` for it, although the plain engine has finished when it returns.
    """

    refuse_bad_status: bool
    """Whether a navigation that ends in a status of 400 or above is a Failure(REFUSED)."""

    usual: frozenset[str]
    """Fingerprints of messages that good pages also show: a failure lists them last."""

    messages: frozenset[str]
    """Fingerprints of the messages of this run's pages; complete when it is closed."""

    scope: Callable[[Page], Page] | None
    """Narrows a page to the part in which steps search."""

    @property
    def page(self) -> Page:
        """The page on the screen; Failure(EXPECTATION) before there is one."""

    @property
    def scoped_page(self) -> Page:
        """The page, or the part of it in which steps search."""

    @property
    def redirects(self) -> Sequence[str]:
        """The addresses of the last navigation: the requested one, and those that it was redirected to."""

    @property
    def cookies(self) -> Sequence[Cookie]:
        """The cookies that the browser has."""

    def authenticate(self, user: str, password: str) -> None:
        """Send these credentials to the scenario's own site when it requires them."""

    def set_header(self, name: str, value: str) -> None:
        """Send this header from now on; Misconfigured for one that HTTP cannot carry."""

    async def begin(self) -> None:
        """Start for a run; Misconfigured if that fails."""

    async def perform(self, manner: Manner, series: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do the step of this *series* by *act*, waiting as its *manner* requires.

        The engine may call *act* again until it has acted on the page.
        """

    async def finish(self) -> None:
        """The last step has passed."""

    async def go(self, target: str, *, redirects: bool = True) -> Page:
        """Open an address, like a person in the address line; without *redirects*, the first answer is the page."""

    async def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str | None = None
    ) -> Page:
        """Send any request, like a program."""

    async def follow(self, locator: str) -> Page:
        """Click a link."""

    async def press(self, locator: str = "") -> Page:
        """Click a button; without a name the first one."""

    async def reload(self) -> Page:
        """Reload the page, by the same request."""

    async def back(self) -> Page:
        """Go back to the page before this one."""

    async def load(self, kinds: frozenset[AssetKind]) -> Page:
        """Request the page's files; the page stays.  Failure names files that do not load."""

    async def submit(self, form: str | Element) -> Page:
        """Send a form without a button."""

    async def press_enter(self, field: str) -> Page:
        """Press Enter in a field."""

    def fill_in(self, field: str, value: str) -> Awaitable[None]:
        """Type a value into a field."""

    def select(self, option: str, field: str) -> Awaitable[None]:
        """Choose an option of a list."""

    def unselect(self, option: str, field: str) -> Awaitable[None]:
        """Deselect an option of a list with several choices."""

    def check(self, field: str) -> Awaitable[None]:
        """Tick a checkbox; a ticked one does not change."""

    def uncheck(self, field: str) -> Awaitable[None]:
        """Untick a checkbox."""

    def choose(self, field: str) -> Awaitable[None]:
        """Choose a radio button."""

    def attach(self, field: str, name: str, content: bytes, content_type: str = ...) -> Awaitable[None]:
        """Put a file into a file field."""

    def attach_all(self, field: str, files: Sequence[Upload]) -> Awaitable[None]:
        """Put several files into a file field with ``multiple``."""

    def value(self, field: str) -> str:
        """The value of a field."""

    def is_checked(self, field: str) -> bool:
        """Whether a checkbox or radio button is ticked."""

    async def aclose(self) -> None:
        """End it; the recorder receives the last page."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The arguments to open an engine, for one run.

    The engine calls ``on_exchange`` with each exchange when it ends, and ``recorder`` with requests and answers;
    without a recorder, no evidence is kept.
    """

    profile: BrowserProfile
    tls: ssl.SSLContext
    route: Route
    proxy: str | None
    clock: Clock
    on_exchange: Callable[[Exchange], None]
    recorder: Recorder | None = None
    warn: Callable[[str, str], None] = lambda code, message: None
    """Adds a warning (code, message) to the run."""
    timed: Callable[[str, float, float | None, int | None], None] = lambda series, seconds, network, size: None
    """For an engine that times steps itself: a step's series, its seconds, the network's share of them, and bytes."""
    read: Callable[[str, str, float], None] = lambda type, instance, value: None
    """Adds a reading (type, type instance, value) to the run."""
    left: Callable[[], float] = lambda: float("inf")
    """Seconds until the run's deadline."""
    findings: Findings | None = None
    """The findings of earlier runs in the bodies of their pages."""


OpenEngine = Callable[[Opening], Engine]
