"""A page as it stands in the browser: the `Page` of every engine, made of a snapshot of the live DOM."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from collectd_inode.page import charset
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.page.tree import Parsed, parse

NUMBER = "data-inode-number"
_NUMBERS = re.compile(rf' {NUMBER}="\d+"')


@dataclass(frozen=True, eq=False)
class LivePage(Page):
    """A snapshot.  ``numbered`` is its HTML in which each element has the number by which the browser finds it."""

    numbered: str = field(default="", repr=False)

    @cached_property
    def is_html(self) -> bool:
        """A snapshot is HTML."""
        return True

    @cached_property
    def looks_scripted(self) -> bool:
        """Its scripts have run."""
        return False

    @cached_property
    def _decoded(self) -> tuple[str, charset.Encoding]:
        return without_numbers(self.numbered), charset.UTF8

    @cached_property
    def _parsed(self) -> Parsed:
        return parse(self.numbered)


def without_numbers(numbered: str) -> str:
    """The HTML of a snapshot as it would be without our numbers."""
    return _NUMBERS.sub("", numbered)


_PASSWORD = re.compile(r'(<input\b[^<>]*\btype="password"[^<>]*?) value="[^"]*"', re.IGNORECASE)


def without_passwords(html: str) -> str:
    """A snapshot's HTML as it is seen: what stands in password fields is dots."""
    return _PASSWORD.sub(r"\1", html)


def number_of(element: Element) -> int:
    """The number of an element of a snapshot; -1 for one that the parser has made."""
    said = element.get(NUMBER, "")
    return int(said) if said.isdecimal() else -1
