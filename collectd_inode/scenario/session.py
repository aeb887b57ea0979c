"""One run's state, for the actions of sentences."""

from __future__ import annotations

import asyncio
import difflib
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from collectd_inode.browser.cookies import Cookie
from collectd_inode.keys import VARIABLE_NAME
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import locate, scope
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.scenario import patterns
from collectd_inode.scenario.engine import Engine
from collectd_inode.secrets.names import looks_secret
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire.clock import Clock
from collectd_inode.wire.workers import aside_if_large

T = TypeVar("T")

Table = tuple[tuple[str, ...], ...]
"""The rows of a step's table."""

FIELDS = locate.FILLABLE | {"select", "hidden", "file"}
"""The kinds of fields that have a value."""

_LOOKED_AT = 10_000
_COMPARED = 300
_LISTED = 10
"""The number of names listed if the wanted one is not among them."""


def complain(complaint: str) -> None:
    """Raise Misconfigured with *complaint*, if there is one."""
    if complaint:
        raise Misconfigured(complaint)


def pairs(table: Table) -> list[tuple[str, str]]:
    """A table of two columns without a header."""
    complain(pairs_complaint(table))
    return [(row[0], row[1]) for row in table]


def pairs_complaint(table: Table) -> str:
    """The mistake in a table that needs two columns; empty for a good one."""
    return "the table needs two columns: a name, and its value" if any(len(row) != 2 for row in table) else ""


def name_complaint(name: str) -> str:
    """The mistake in *name* as a variable's; empty for a good one."""
    good = VARIABLE_NAME.fullmatch(name) is not None
    return "" if good else f"“{name}” is not a name for a variable: a letter, then letters, digits, _ and -"


def selector_complaint(selector: str) -> str:
    """The mistake in *selector*; empty for a good one."""
    what = scope.check(selector)
    return f"“{selector}”: {what}" if what else ""


async def nearest_selectors(page: Page, selector: str) -> str:
    """The ids and classes of *page* most like those in *selector*; nothing if none are."""
    return await aside_if_large(len(page.body), _nearest_selectors, page, selector)


def _nearest_selectors(page: Page, selector: str) -> str:
    wanted = [word for word in re.findall(r"[#.]?[\w-]+", selector) if len(word) > 1][-3:]
    known = list(islice(dict.fromkeys(islice(_names(page), _LOOKED_AT)), _COMPARED))
    near = dict.fromkeys(name for word in wanted for name in difflib.get_close_matches(word, known, n=_LISTED))
    return f"nearest: {', '.join(list(near)[:_LISTED])}" if near else ""


def form_complaint(form: str) -> str:
    """The mistake in the name of a form, if that is an XPath; empty for a good one."""
    return selector_complaint(form) if scope.is_xpath(form) else ""


async def wrong_status(page: Page, cause: Cause, what: str, expected: str) -> Failure:
    """The failure of a step about the status; the page's beginning has the reason why a server rejects a request."""
    said = await nearest(page)
    return Failure(
        cause,
        f"{what}: {page.describe()}",
        expected=expected,
        found=": ".join(filter(None, (str(page.status), said))),
    )


async def nearest(page: Page, wanted: str = "") -> str:
    """The error that *page* shows, and its text that is nearest to *wanted*; a worker looks for it on a large page."""
    return await aside_if_large(len(page.body), page.nearest, wanted)


def shown_header(name: str, value: str) -> str:
    """A header's value, if messages may show it; a session's header may not be shown."""
    return "not shown" if looks_secret(name) else value


def _names(page: Page) -> Iterator[str]:
    """The ids and classes of *page*, written as selectors."""
    for element in page.elements():
        if identity := element.get("id"):
            yield f"#{identity}"
        yield from (f".{name}" for name in (element.get("class") or "").split())


def _hides_nothing(name: str, value: str) -> None:
    """For a session whose run shows no pages."""


def _warns_nobody(code: str, message: str) -> None:
    """For a session without a run."""


def _shows_nobody(page: Page) -> None:
    """For a session without a reader."""


def _from_one() -> Callable[[], int]:
    return itertools.count(1).__next__


@dataclass(slots=True)
class Session:
    """One run's state: the browser with its current page, and the variables (``${name}``) known so far.

    ``resolved`` is the result of the last name lookup; ``benchmark_started`` the time of "I am benchmarking", by
    ``clock``.  ``hide`` keeps a value (name, value) out of all reports of the run.  ``last_seconds`` is the wire time
    of the last step that used the network, None if it got no answer.  ``next_number`` gives the scenario's next
    number, which no other run of it has.  ``document`` is the page's JSON, with the page.  ``assets_are_due``: whether
    this run requests pages' files; ``legacy``: elements are found by Webrat's rules; ``warn`` (code, message) adds a
    warning to the run; ``show`` shows a page to the person who reads the run.
    """

    browser: Engine
    variables: dict[str, str] = field(default_factory=dict)
    clock: Clock = SYSTEM_CLOCK
    resolved: tuple[str, ...] | None = None
    benchmark_started: float | None = None
    hide: Callable[[str, str], None] = _hides_nothing
    last_seconds: float | None = None
    next_number: Callable[[], int] = field(default_factory=_from_one)
    document: tuple[Page, object] | None = field(default=None, repr=False)
    legacy: bool = False
    assets_are_due: bool = True
    warn: Callable[[str, str], None] = _warns_nobody
    show: Callable[[Page], None] = _shows_nobody

    def count(self) -> int:
        """The same as ``next_number``; older steps of operators use this name."""
        return self.next_number()

    @property
    def page(self) -> Page:
        """The current page, or the part of it that ``within`` names; Failure before the first page."""
        return self.browser.scoped_page

    async def look(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of *work*, which gets the page and the *arguments*; a worker looks at a large page."""
        page = self.page
        return await aside_if_large(len(page.body), work, page, *arguments)

    async def visible_text(self) -> str:
        """The visible text of the current page."""
        return await self.look(lambda page: page.visible_text)

    @property
    def answer(self) -> Page:
        """The last answer, which may be a download that left the page on the screen."""
        return self.browser.page.beside or self.page

    def header(self, name: str) -> str:
        """A header of the last answer; Failure if it has none of this name."""
        page = self.answer
        if name not in page.headers:
            raise page.failure(f"there is no {name} header", f"a {name} header", f"headers: {', '.join(page.headers)}")
        return page.headers[name]

    async def elements(self, selector: str) -> list[Element]:
        """The page's elements that a CSS selector or an XPath matches."""
        page = self.page
        page.must_have_elements()
        try:
            return await patterns.selected(selector, lambda: scope.select(page, selector), self.clock)
        except scope.UnknownPrefix as error:
            raise page.failure(f"“{selector}”: {error}", f"an element “{selector}”") from None
        except scope.BadSelector as error:
            raise Misconfigured(f"“{selector}”: {error}") from None

    async def element(self, selector: str) -> Element:
        """The first of these elements; Failure if there is none."""
        found = next(iter(await self.elements(selector)), None)
        if found is None:
            page = self.page
            instead = await nearest_selectors(page, selector) or await nearest(page)
            raise page.failure(f"there is no “{selector}”", f"an element “{selector}”", instead)
        return found

    def cookies(self, name: str) -> list[Cookie]:
        """The browser's cookies with this name; Failure if there is none."""
        kept = self.browser.cookies
        found = [cookie for cookie in kept if cookie.name == name.encode()]
        if not found:
            there = ", ".join(dict.fromkeys(c.name.decode("utf-8", "replace") for c in kept[:_LISTED])) or "none"
            raise self.failure(f"there is no cookie “{name}”", f"a cookie “{name}”", f"cookies: {there}")
        return found

    def failure(self, message: str, expected: str = "", found: str = "") -> Failure:
        """A failed expectation, with the current page if there is one."""
        try:
            page = self.browser.page
        except Failure:
            return Failure(Cause.EXPECTATION, message, expected=expected, found=found)
        return page.failure(message, expected, found)

    @asynccontextmanager
    async def within(self, selectors: tuple[str, ...]) -> AsyncIterator[None]:
        """Narrow the page to a part within the block; without *selectors*, no narrowing."""
        if not selectors:
            yield
            return
        whole = self.browser.page
        parts: dict[Page, Page] = {}

        def part_of(page: Page) -> Page:
            return parts.get(page) or scope.part(page, selectors, first=self.legacy)

        if whole.roots:  # a page without elements has no parts; the step itself has the better message
            parts[whole] = await patterns.selected(" ".join(selectors), lambda: part_of(whole), self.clock)
            if self.legacy and scope.is_one_of_several(whole, selectors):
                what = f"“{selectors[-1]}” matches several elements; only the first is used"
                self.warn("legacy", f'{what} (Vocabulary "legacy")')

        before, self.browser.scope = self.browser.scope, part_of
        try:
            yield
        finally:
            self.browser.scope = before

    async def hide_secret(self, name: str, value: str) -> None:
        """Keep *value* out of all reports; a worker does it, since a long value takes tens of milliseconds."""
        await asyncio.get_running_loop().run_in_executor(None, self.hide, name, value)
