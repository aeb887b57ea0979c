"""The page on an engine's screen, and the settings of a run that every engine has."""

from __future__ import annotations

from collections.abc import Callable

from collectd_inode.model import Cause, Failure
from collectd_inode.page import forms, locate
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.wire.workers import aside_if_large


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

    def value(self, field: str) -> str:
        """The value of a field: text, or the value of the selected option."""
        kinds = locate.FILLABLE | {"select", "hidden", "file"}
        return forms.value_of(self.page, locate.field(self.scoped_page, field, kinds, "field"))

    def is_checked(self, field: str) -> bool:
        """Whether a checkbox or radio button is ticked."""
        control = locate.field(self.scoped_page, field, frozenset({"checkbox", "radio"}), "checkbox")
        return forms.is_checked(self.page, control)

    async def _found(self, find: Callable[..., Element], *arguments: object) -> Element:
        """The result of *find* on the page, or on the part that is in scope."""
        page = self.scoped_page
        return await aside_if_large(len(page.body), find, page, *arguments)
