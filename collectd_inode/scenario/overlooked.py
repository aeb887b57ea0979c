"""Faults that a person sees on the pages of a run that passed, and that no step looked at.

A step that finds something on a page has looked at it.  One that judges the status, the address, the title or what is
absent has not: an empty page passes all of that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collectd_inode.browser.manner import Manner
from collectd_inode.page import api_errors, complaint, soft_errors, urls
from collectd_inode.page.forms import kind_of
from collectd_inode.page.remembered import remembered
from collectd_inode.words import cut_at_word, shortened

if TYPE_CHECKING:
    from collectd_inode.page.page import Page
    from collectd_inode.scenario.replay import PreparedStep

OVERLOOKED, PAGE_ERROR = "overlooked", "page_error"
_LOOKS = frozenset({Manner.SEES, Manner.READS, Manner.PREPARES, Manner.OWN})
_SHOWS = (
    "img", "svg", "canvas", "video", "object", "embed", "iframe", "frame", "input", "select", "textarea", "button",
)  # fmt: skip
"""Elements that a page without any text may show."""
_MOST = 5
_LENGTH = 200


@dataclass(slots=True)
class Lookout:
    """Follows a run from page to page; ``found`` are the codes and messages of its warnings."""

    found: list[tuple[str, str]] = field(default_factory=list)
    opened_by: str = ""
    """The step that led to the page on the screen; empty as soon as a step has looked at it."""
    opens_for_people: bool = False
    """Whether that step opens pages; an API may well answer with nothing."""
    expected: set[str] = field(default_factory=set)
    """The texts that steps have looked for, without regard to case."""
    asked_for_password: bool = False
    """Whether the page before asked for a password, and nothing yet says that it was the right one."""

    def before(self, step: PreparedStep, page: Page | None) -> None:
        """*step* comes next, while *page* is on the screen."""
        if not _leads_on(step):
            return
        if page is not None:
            self.leave(page, finds=not step.action.address)
        self.asked_for_password = page is not None and not step.action.address and _asks_for_password(page)

    def after(self, step: PreparedStep) -> None:
        """*step* has passed."""
        if isinstance(text := step.action.given(step.action.wants_text, step.arguments), str):
            self.expected.add(text.casefold())
        if _leads_on(step):
            self.opened_by = step.planned.name
            self.opens_for_people = not step.action.of_an_api
        elif finds_something(step):
            self.asked_for_password = False
            if not step.action.beside:
                self.opened_by = ""

    def leave(self, page: Page, *, finds: bool = False) -> None:
        """Nothing looks at *page* any more; *finds*: but what leads away from it was found on it."""
        if page.status < 400 and len(self.found) < _MOST:  # a page of an error was expected, or has failed the run
            for said in remembered(page, "errors of programs", complaint.errors_of_programs):
                self._note(PAGE_ERROR, f"{_named(page)} shows an error of its program: {said}")
            like, said = remembered(page, "soft error", soft_errors.likeness)
            if like and not self._is_expected(said):
                self._note(
                    PAGE_ERROR, f"{urls.shown(page.url)} has status {page.status}, and looks like {like}: “{said}”"
                )
            fault = "" if finds or not self.opened_by or page.beside is not None else self._fault(page)
            if fault:
                self._note(OVERLOOKED, f"{self.opened_by}: no step looks at {_named(page)}, and {fault}")
        self.opened_by = ""

    def _is_expected(self, said: str) -> bool:
        """Whether a step has looked for *said*, or for half of it at least."""
        said = said.casefold()
        return any(said in text or (text in said and 2 * len(text) >= len(said)) for text in self.expected)

    def _note(self, code: str, message: str) -> None:
        if (code, message) not in self.found:
            self.found.append((code, message))

    def _fault(self, page: Page) -> str:
        """The fault of a page that no step looked at; empty if it seems good."""
        if not page.is_html and page.body:
            return remembered(page, "fault of an answer", _fault_of_an_answer)
        if remembered(page, "looks scripted", lambda page: page.looks_scripted):
            return 'it looks like it is built by JavaScript, which only Engine "chromium" runs'
        if self.opens_for_people and page.status != 204 and remembered(page, "shows nothing", _shows_nothing):
            return "it shows nothing"
        if self.asked_for_password and _asks_for_password(page):
            said = complaint.alerts(page)
            return "it asks for a password again" + (f": {said}" if said else "; was the log-in refused?")
        return ""


def finds_something(step: PreparedStep) -> bool:
    """Whether *step*, which does not lead on, passes only where something is: on the page, or in what came with it.

    That a box is not ticked, or that a number is not in an answer, needs the box and the answer.
    """
    action = step.action
    needs_it = action.on_json or (action.negative and "field" in action.parameters)
    return needs_it or (step.manner(step.arguments) in _LOOKS and not action.judges_status)


def _leads_on(step: PreparedStep) -> bool:
    """Whether *step* leaves the page on the screen for another one."""
    return step.action.navigates and not step.action.fetches and not step.planned.cleanup


def _named(page: Page) -> str:
    title = f"“{shortened(page.title, 80)}” at " if page.title else ""
    return f"{title}{urls.shown(page.url)}"


def _shows_nothing(page: Page) -> bool:
    return not page.visible_text.strip() and next(iter(page.elements(*_SHOWS)), None) is None


def _asks_for_password(page: Page) -> bool:
    return remembered(page, "asks for a password", _has_password_field)


def _has_password_field(page: Page) -> bool:
    if "password" not in page.source.lower():
        return False
    return any(kind_of(e) == "password" and not page.hidden_by(e) for e in page.elements("input"))


def _fault_of_an_answer(page: Page) -> str:
    if _is_broken_json(page):
        return "it calls itself JSON, and is none"
    said = "; ".join(api_errors.found_in(page)) if api_errors.may_be_in(page.source.lower()) else ""
    return f"it reports an error: {cut_at_word(said, _LENGTH)}" if said else ""


_JSON = re.compile(r"application/(?:[\w.-]+\+)?json")


def _is_broken_json(page: Page) -> bool:
    try:
        json.loads(page.source)
    except (ValueError, RecursionError):
        return _JSON.fullmatch(page.content_type) is not None
    return False
