"""Our own sentences on links, buttons, fields, tables and files: those that look at them or fill in large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from collectd_inode.page import forms, locate
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element, hidden_by, hides, normalise, tag_of, visible_text
from collectd_inode.scenario.action import action
from collectd_inode.scenario.actions import attachment, attachment_complaint
from collectd_inode.scenario.json_body import COMPARISONS
from collectd_inode.scenario.session import Session, Table
from collectd_inode.words import plural

T = TypeVar("T")
U = TypeVar("U")

_LISTED = 10

# Links, buttons and fields, usable or not.


@action(navigates=False)
async def should_see_control(session: Session, what: str, locator: str) -> None:
    """A link, button or field of this name can be seen; a disabled one, too."""
    await session.look(locate.seen, what, locator)


@action(navigates=False, negative=True)
async def should_not_see_control(session: Session, what: str, locator: str) -> None:
    """No link, button or field of this name can be seen."""
    page = session.page
    if found := await session.look(locate.every, what, locator):
        raise page.failure(
            f"the {what} “{locator}” is there", f"no {what} “{locator}”", locate.start_tag(page, found[0])
        )


@action(navigates=False)
async def should_be_disabled(session: Session, what: str, locator: str) -> None:
    """A button or field cannot be used."""
    await session.look(_must_be, what, locator, "disabled", forms.is_disabled)


@action(navigates=False, negative=True)
async def should_not_be_disabled(session: Session, what: str, locator: str) -> None:
    """A button or field can be used."""
    await session.look(_must_be, what, locator, "enabled", lambda control: not forms.is_disabled(control))


@action(navigates=False)
async def should_be_read_only(session: Session, locator: str) -> None:
    """A text field is read-only."""
    await session.look(_must_be, "field", locator, "read-only", _is_read_only)


@action(navigates=False, negative=True)
async def should_not_be_read_only(session: Session, locator: str) -> None:
    """A field is not read-only; it may be disabled."""
    await session.look(_must_be, "field", locator, "editable", lambda control: not _is_read_only(control))


def _is_read_only(control: Element) -> bool:
    return control.get("readonly") is not None and forms.kind_of(control) in locate.WRITTEN


def _must_be(page: Page, what: str, locator: str, state: str, holds: Callable[[Element], bool]) -> None:
    """Failure unless all that the name fits equally well are so."""
    other = next((control for control in locate.seen(page, what, locator) if not holds(control)), None)
    if other is not None:
        raise page.failure(f"the {what} “{locator}” is not {state}", state, locate.start_tag(page, other))


# Options.


@action(navigates=False)
async def should_have_options(session: Session, field: str, table: Table) -> None:
    """A list has exactly the options in the table's cells, in whichever order."""
    await session.look(_must_have_options, field, table)


def _must_have_options(page: Page, field: str, table: Table) -> None:
    options = _options(page, field)
    wanted = [normalise(cell) for row in table for cell in row]
    if sorted(options) != sorted(wanted):
        lacking = _quoted([option for option in wanted if option not in options])
        more = _quoted([option for option in options if option not in wanted])
        said = [f"lacks {lacking}" if lacking else "", f"has {more} besides" if more else ""]
        how = " and ".join(filter(None, said)) or "has one of its options more or less often"
        raise page.failure(f"the field “{field}” {how}", _quoted(wanted), _quoted(options))


@action(navigates=False)
async def should_have_option(session: Session, field: str, option: str) -> None:
    """A list has this option."""
    page, options = session.page, await session.look(_options, field)
    if normalise(option) not in options:
        raise page.failure(f"the field “{field}” has no option “{option}”", f"“{option}”", _quoted(options))


@action(navigates=False, negative=True)
async def should_not_have_option(session: Session, field: str, option: str) -> None:
    """A list has not this option."""
    page, options = session.page, await session.look(_options, field)
    if normalise(option) in options:
        raise page.failure(f"the field “{field}” has an option “{option}”", f"no option “{option}”", _quoted(options))


def _options(page: Page, field: str) -> list[str]:
    """The options of a list, or those that a text field suggests, as they are shown."""
    for control in locate.seen(page, "field", field):
        there = control if tag_of(control) == "select" else forms.datalist_of(page, control)
        if there is not None:
            return [normalise(forms.option_text(o) or o.get("label") or "") for o in forms.options_of(there)]
    raise page.failure(f"the field “{field}” has no options", f"a field “{field}” with options", "a field without")


def _quoted(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:_LISTED]) + more


# Input.


@action(navigates=False, prepares=True)
async def unselect(session: Session, option: str, field: str) -> None:
    """Take back an option of a list that takes several."""
    await session.browser.unselect(option, field)


@action(navigates=False, prepares=True, doc_string=True)
async def fill_in_text(session: Session, field: str, text: str) -> None:
    """Type the text below the step into a field, line ends included."""
    await session.browser.fill_in(field, text)


def attachments_complaint(table: Table) -> str:
    """The mistake in the files of a table; empty for good ones."""
    return next((what for row in table for path in row if (what := attachment_complaint(path))), "")


@action(navigates=False, prepares=True, checks_here={"table": attachments_complaint})
async def attach_files(session: Session, field: str, table: Table) -> None:
    """Put the files in the table's cells into a file field that takes several."""
    paths = [path for row in table for path in row]
    read = await asyncio.get_running_loop().run_in_executor(None, lambda: [attachment(path) for path in paths])
    files = [forms.Upload(Path(path).name, kind, content) for path, (content, kind) in zip(paths, read, strict=True)]
    await session.browser.attach_all(field, files)


@action(navigates=True)
async def submit_the_form(session: Session) -> None:
    """Send the only form of the page that can be seen."""
    await session.browser.submit(await session.look(locate.only_form))


@action(navigates=True)
async def reload(session: Session) -> None:
    """Ask for the page again."""
    await session.browser.reload()


@action(navigates=True)
async def back(session: Session) -> None:
    """Go back to the page before."""
    await session.browser.back()


# Visible text: how often, and in tables.


@action(navigates=False)
async def should_see_times(session: Session, comparison: str, text: str, count: int) -> None:
    """The page's visible text contains the text this number of times."""
    page, wanted = session.page, normalise(text)
    number = await session.look(_times, wanted) if wanted else 0
    if not COMPARISONS[comparison](number, count):
        how = "" if comparison == "exactly" else f"{comparison} "
        raise page.failure(
            f"text “{wanted}” found {plural(number, 'time')}", f"{how}{plural(count, 'time')}", str(number)
        )


def _times(page: Page, wanted: str) -> int:
    return normalise(page.visible_text).count(wanted)


@action(navigates=False)
async def should_see_rows(session: Session, table: Table) -> None:
    """One of the page's tables has these rows, in this order; it may have others, and other cells, between them."""
    await session.look(_must_have_rows, table)


def _must_have_rows(page: Page, table: Table) -> None:
    tables = _tables(page)
    wanted = [[normalise(cell) for cell in row] for row in table]
    if not any(_in_order(wanted, rows, lambda want, row: _in_order(want, row, _same)) for rows in tables):
        every = [row for rows in tables for row in rows]
        missing = next((w for w in wanted if not any(_in_order(w, row, _same) for row in every)), None)
        what = "no table has these rows in this order" if missing is None else f"no table has the row {_row(missing)}"
        found = "; ".join(map(_row, every[:_LISTED])) or "the page shows no table"
        raise page.failure(what, "; ".join(map(_row, wanted)), found)


@action(navigates=False, negative=True)
async def should_not_see_rows(session: Session, table: Table) -> None:
    """None of these rows is in any of the page's tables."""
    await session.look(_must_not_have_rows, table)


def _must_not_have_rows(page: Page, table: Table) -> None:
    every = [row for rows in _tables(page) for row in rows]
    for want in ([normalise(cell) for cell in row] for row in table):
        if any(_in_order(want, row, _same) for row in every):
            raise page.failure(f"a table has the row {_row(want)}", f"no row {_row(want)}")


def _tables(page: Page) -> list[list[list[str]]]:
    """The tables that can be seen: rows of cells' texts."""
    page.must_have_elements()
    tables: dict[Element | None, list[list[str]]] = {}
    for row in page.elements("tr"):
        if not hidden_by(row):
            owner = next(row.iterancestors("table"), None)
            cells = [normalise(visible_text(cell)) for cell in row.iterchildren("td", "th") if not hides(cell)]
            tables.setdefault(owner, []).append(cells)
    return list(tables.values())


def _in_order(wanted: Sequence[T], there: Sequence[U], same: Callable[[T, U], bool]) -> bool:
    """Whether all of *wanted* are *there*, in their order."""
    rest = iter(there)
    return all(any(same(want, one) for one in rest) for want in wanted)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _same(one: str, other: str) -> bool:
    return one == other
