"""What the sentences do.  An action gets the session and the step's arguments, and raises Failure if it is not so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import regex

from collectd_inode.browser import Browser, Page
from collectd_inode.run import Cause, Failure, Misconfigured

PATTERN_SECONDS = 2.0
"""How long a regular expression may search a page: a catastrophic one would go on for ever."""

_HOME = ("the home page", "the homepage")


@dataclass(slots=True)
class Session:
    """One run's state: the browser with its current page, and the variables (``${name}``) known so far."""

    browser: Browser
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Page:
        """The page the browser shows; Failure before the first one."""
        return self.browser.page


async def go(session: Session, target: str) -> None:
    """Open an address, as if typed into the address line."""
    await session.browser.go(address(target))


def address(target: str) -> str:
    """What *target* is in the address line: cucumber-rails' "the home page" is BaseURL's root."""
    return "/" if target in _HOME else target


async def follow(session: Session, link: str) -> None:
    """Click a link."""
    await session.browser.follow(link)


async def press(session: Session, button: str) -> None:
    """Click a button and so send its form."""
    await session.browser.press(button)


async def submit(session: Session, form: str) -> None:
    """Send a form without clicking a button."""
    await session.browser.submit(form)


async def fill_in(session: Session, field: str, value: str) -> None:
    """Type a value into a field."""
    session.browser.fill_in(field, value)


async def fill_in_for(session: Session, value: str, field: str) -> None:
    """Type a value into a field, the value said first."""
    session.browser.fill_in(field, value)


async def select(session: Session, option: str, field: str) -> None:
    """Choose an option of a drop-down list."""
    session.browser.select(option, field)


async def check(session: Session, field: str) -> None:
    """Tick a checkbox."""
    session.browser.check(field)


async def uncheck(session: Session, field: str) -> None:
    """Untick a checkbox."""
    session.browser.uncheck(field)


async def choose(session: Session, field: str) -> None:
    """Choose a radio button."""
    session.browser.choose(field)


async def should_see(session: Session, text: str) -> None:
    """The page's visible text contains the text."""
    session.page.should_show(text)


async def should_not_see(session: Session, text: str) -> None:
    """The page's visible text does not contain the text."""
    session.page.should_not_show(text)


async def should_see_pattern(session: Session, pattern: str) -> None:
    """A regular expression matches the page's visible text."""
    await _should_match(session, pattern, session.page.visible_text)


async def should_not_see_pattern(session: Session, pattern: str) -> None:
    """A regular expression matches nowhere in the page's visible text."""
    await _should_not_match(session, pattern, session.page.visible_text)


async def source_should_match(session: Session, pattern: str) -> None:
    """A regular expression matches the page's source, tags included."""
    await _should_match(session, pattern, session.page.source)


async def source_should_not_match(session: Session, pattern: str) -> None:
    """A regular expression matches nowhere in the page's source."""
    await _should_not_match(session, pattern, session.page.source)


async def should_succeed(session: Session) -> None:
    """The last answer's status is below 400."""
    _succeeded(session.page, 100, 399)


async def should_fail(session: Session) -> None:
    """The last answer's status is 400 or more."""
    _failed(session.page, 100, 399)


async def legacy_should_succeed(session: Session) -> None:
    """The last answer's status is 200 to 499, which is what Webrat called success."""
    _succeeded(session.page, 200, 499)


async def legacy_should_fail(session: Session) -> None:
    """The last answer's status is not 200 to 499, which is what Webrat called success."""
    _failed(session.page, 200, 499)


NAVIGATIONS = frozenset({go, follow, press, submit})
"""Actions after which there is a new page."""

STATUS_ASSERTIONS = frozenset({should_succeed, should_fail, legacy_should_succeed, legacy_should_fail})
"""Actions that judge the answer's status, so that the navigation before them must not."""


def _succeeded(page: Page, low: int, high: int) -> None:
    if not low <= page.status <= high:
        raise Failure(
            Cause.REFUSED,
            f"the request failed: {page.describe()}",
            expected=f"a status from {low} to {high}",
            found=str(page.status),
        )


def _failed(page: Page, low: int, high: int) -> None:
    if low <= page.status <= high:
        raise Failure(
            Cause.EXPECTATION,
            f"the request succeeded: {page.describe()}",
            expected=f"a status outside {low} to {high}",
            found=str(page.status),
        )


async def _should_match(session: Session, pattern: str, text: str) -> None:
    if not await _found(pattern, text):
        page = session.page
        raise page.failure(f"/{pattern}/ matches nothing", f"/{pattern}/", page.nearest(pattern))


async def _should_not_match(session: Session, pattern: str, text: str) -> None:
    if await _found(pattern, text):
        raise session.page.failure(f"/{pattern}/ matches", f"nothing that matches /{pattern}/")


async def _found(pattern: str, text: str) -> bool:
    """Whether *pattern* (Ruby's ``/m``: a dot matches line ends too) is found, without holding up the other jobs."""
    if regex.escape(pattern, special_only=True) == pattern:
        return pattern in text
    try:
        compiled = regex.compile(pattern, regex.DOTALL | regex.MULTILINE)
    except regex.error as error:
        raise Misconfigured(f"/{pattern}/ is not a regular expression: {error}") from None

    def search() -> bool:
        return compiled.search(text, timeout=PATTERN_SECONDS, concurrent=True) is not None

    try:
        return await asyncio.get_running_loop().run_in_executor(None, search)
    except TimeoutError:
        raise Failure(Cause.TIMEOUT, f"/{pattern}/ was not done with the page after {PATTERN_SECONDS:g} s") from None
