"""The page on an engine's screen, and the settings of a run that every engine has."""

from __future__ import annotations

from collections.abc import Callable

from collectd_inode.model import Cause, Failure
from collectd_inode.page.page import Page


class Screen:
    """The page on the screen; the engines derive from it."""

    refuse_bad_status: bool = True
    """Whether a navigation that ends in a status of 400 or above is a Failure(REFUSED)."""

    usual: frozenset[str] = frozenset()
    """Fingerprints of the messages (`page.complaint`) that are no news: pages of earlier runs showed them."""

    messages: frozenset[str] = frozenset()
    """Fingerprints of those that this run's pages have shown."""

    scope: Callable[[Page], Page] | None = None
    """The scope that limits searches to a part of the page."""

    _page: Page | None = None

    @property
    def page(self) -> Page:
        """The page at the last look; Failure(EXPECTATION) before there is one."""
        if self._page is None:
            raise Failure(Cause.EXPECTATION, "no page yet: open one first")
        return self._page

    @property
    def scoped_page(self) -> Page:
        """The page, or the part of it in which links, buttons and fields are looked for."""
        return self.page if self.scope is None else self.scope(self.page)
