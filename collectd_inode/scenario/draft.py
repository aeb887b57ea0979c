"""A scenario that is written for an operator: its steps, and the feature file that holds them.  Pure.

`first_look` makes the first scenario of a page that was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from collectd_inode.page.headers import IS_JSON
from collectd_inode.scenario.replay import PageNames
from collectd_inode.words import several

_MOST_LINKS = 3
_LONGEST_LINK, _LONGEST_TEXT = 40, 100
_LEAST_PART = 4
"""Fewer characters of a title stand on every page."""
_SKIPPED = re.compile(r"skip |jump to |zum inhalt", re.IGNORECASE)
"""Links for keyboard users, which no visitor looks for."""


@dataclass(frozen=True, slots=True)
class DraftStep:
    """A step; ``below`` are the lines of its table or doc string, ``comment`` is the line above it.

    ``keyword`` is Given, When or Then; the file has And where it is that of the step before.
    """

    keyword: str
    text: str
    below: tuple[str, ...] = ()
    comment: str = ""

    def lines(self, before: DraftStep | None) -> list[str]:
        """As it stands in a feature file, after the step *before*."""
        keyword = "And" if before is not None and before.keyword == self.keyword else self.keyword
        above = [f"    # {self.comment}"] if self.comment else []
        return [*above, f"    {keyword} {self.text}", *(f"      {line}".rstrip() for line in self.below)]


@dataclass(frozen=True, slots=True)
class Draft:
    """A feature with one scenario; ``comments`` are the lines above it."""

    feature: str
    scenario: str
    steps: tuple[DraftStep, ...]
    comments: tuple[str, ...] = ()

    def text(self) -> str:
        """The feature file."""
        steps = [line for _, lines in self._steps() for line in lines]
        return "\n".join([*self._head, *steps, ""])

    @property
    def _head(self) -> list[str]:
        above = [f"# {line}".rstrip() for line in self.comments]
        return [*above, f"Feature: {self.feature}", "", f"  Scenario: {self.scenario}"]

    def _steps(self) -> Iterator[tuple[DraftStep, list[str]]]:
        for before, step in zip((None, *self.steps), self.steps, strict=False):
            yield step, step.lines(before)

    def without(self, step: DraftStep) -> Draft:
        """The same but for one step."""
        return replace(self, steps=tuple(one for one in self.steps if one is not step))

    def at(self, line: int) -> DraftStep | None:
        """The step that stands on this line of the file; lines count from 1."""
        last = len(self._head)
        for step, lines in self._steps():
            last += len(lines)
            if line <= last:
                return step if line > last - len(lines) else None
        return None


def quoted(text: str) -> str | None:
    """*text* as the string of a sentence; None if it cannot be written as one."""
    if any(not character.isprintable() for character in text) or "\\" in text or "${" in text:
        return None
    return next((f"{mark}{text}{mark}" for mark in ('"', "'") if mark not in text), None)


def first_look(address: str, host: str, seen: PageNames, comments: tuple[str, ...] = ()) -> Draft:
    """The first scenario of the page *seen* at *address*, a path on *host*: title, main heading, the first links.

    Where there is neither heading nor link, a button or field; where nothing has a name, the kind of the answer.
    """
    expected = [*_of_title(seen.title), *_named("I should see", _part(seen.heading))]
    links = [name for name in seen.names.get("links", ()) if _tells(name)][:_MOST_LINKS]
    controls = [("link", name) for name in links]
    if not seen.heading and not links:
        controls = [(what, name) for what in ("field", "button") for name in seen.names.get(several(what), ())[:1]]
    for what, name in controls:
        expected += _named(f"I should see the {what}", name if len(name) <= _LONGEST_LINK else "")
    then = [DraftStep("Then", text) for text in expected or [_of_answer(seen)]]
    go = DraftStep("When", f"I go to {quoted(address)}")
    return Draft(host, f"A visitor opens {address}", (go, *then), comments)


def _named(sentence: str, name: str) -> list[str]:
    """*sentence* about *name*, if it can be said."""
    said = quoted(name) if name else None
    return [f"{sentence} {said}"] if said else []


def _of_title(title: str) -> list[str]:
    part = _part(title)
    return _named("the title should be" if part == title else "the title should contain", part)


def _part(text: str) -> str:
    """The longest part of *text* that a sentence can hold, most often all of it; empty where it says too little."""
    if quoted(text) is not None and len(text) <= _LONGEST_TEXT:
        return text
    printable = "".join(c if c.isprintable() else '"' for c in text)
    longest = max(re.split(r"[\"'\\]|\$\{", printable), key=len).strip()
    part = longest if len(longest) <= _LONGEST_TEXT else longest[:_LONGEST_TEXT].rpartition(" ")[0]
    return part if len(part) >= _LEAST_PART else ""


def _of_answer(seen: PageNames) -> str:
    """An expectation of an answer that is no page: its kind."""
    if IS_JSON.fullmatch(seen.content_type):
        return "the response should be JSON"
    said = quoted(seen.content_type.replace("+", "[+]")) if seen.content_type else None
    return f'the "Content-Type" header should contain {said}' if said else f"the status should be {seen.status}"


def _tells(name: str) -> bool:
    """Whether a link's name says where it leads, and will tomorrow: counts and dates change."""
    letters = any(character.isalpha() for character in name)
    digits = any(character.isdigit() for character in name)
    return letters and not digits and len(name) <= _LONGEST_LINK and not _SKIPPED.match(name)
