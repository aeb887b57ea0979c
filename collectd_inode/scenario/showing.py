"""A page in lines, for the person who writes a scenario: its address, its links, buttons and fields, its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from collectd_inode.page import locate
from collectd_inode.page.page import Page
from collectd_inode.words import plural, shortened

_LONGEST, _MOST = 60, 30
_LINES, _LINE = 40, 200


def shown_page(page: Page, redact: Callable[[str], str]) -> Iterator[str]:
    """The page in lines, each secret hidden by *redact* before it is cut."""
    title = redact(page.title)
    titled = f"“{shortened(title, _LONGEST)}” at " if title else ""
    yield f"the page {titled}{redact(page.url)} (status {page.status}):"
    names = {what: [redact(name) for name in found] for what, found in locate.names(page).items()}
    yield from (f"  {line}" for line in named(names))
    lines = [line for line in redact(page.visible_text).split("\n") if line.strip()]
    yield "  text:" if lines else "  text: none"
    yield from (f"    {shortened(line, _LINE)}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"    and {plural(len(lines) - _LINES, 'more line')}"


def named(names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The links, buttons and fields of a page, a line each kind."""
    for what, found in names.items():
        shown = ", ".join(f'"{shortened(name, _LONGEST)}"' for name in found[:_MOST])
        more = f", and {len(found) - _MOST} more" if len(found) > _MOST else ""
        yield f"{what}: {shown or 'none'}{more}"
