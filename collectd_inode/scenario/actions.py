"""The sentences that cucumber-nagios, Webrat and cucumber-rails share.  An action gets the session and the arguments
found in the step.
"""

from __future__ import annotations

import asyncio
import ipaddress
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from collectd_inode.files import read_file
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import forms, locate, text, urls
from collectd_inode.page.page import Page
from collectd_inode.scenario import patterns, requests
from collectd_inode.scenario.action import action
from collectd_inode.scenario.session import (
    FIELDS,
    Session,
    Table,
    complain,
    form_complaint,
    nearest,
    pairs,
    pairs_complaint,
    shown_header,
    wrong_status,
)
from collectd_inode.wire import address as names
from collectd_inode.wire.workers import aside_if_large

MOST_ATTACHED = 32 * 2**20
"""Bytes of a file that is attached: it is sent in every run."""

_HOME = ("the home page", "the homepage")


@action(navigates=True, address="target")
async def go(session: Session, target: str) -> None:
    """Open an address, as if typed into the address line."""
    await session.browser.go(address(target))


@action(navigates=True, address="target", follows=False)
async def go_without_redirects(session: Session, target: str) -> None:
    """Open an address and look at its own answer, wherever that would lead."""
    await session.browser.go(address(target), redirects=False)


def address(target: str) -> str:
    """The address for *target*: cucumber-rails' "the home page" is BaseURL's root."""
    return "/" if target in _HOME else target


def credentials_complaint(table: Table) -> str:
    """The mistake in a table of credentials; empty for a good one."""
    header, *rows = table
    good = sorted(header) == ["password", "username"] and rows
    return "" if good else "the table needs a header, | username | password |, and a row with both"


@action(navigates=False, apart=True, prepares=True, checks={"table": credentials_complaint})
async def authenticate(session: Session, table: Table) -> None:
    """Answer with these credentials when the site asks: a table of a user's name and password."""
    complain(credentials_complaint(table))
    found = dict(zip(table[0], table[1], strict=True))
    await requests.authenticate_as(session, found["username"], found["password"])


@action(navigates=True)
async def follow(session: Session, link: str) -> None:
    """Click a link."""
    await session.browser.follow(link)


@action(navigates=True)
async def press(session: Session, button: str) -> None:
    """Click a button and so send its form."""
    await session.browser.press(button)


@action(navigates=True, checks={"form": form_complaint})
async def submit(session: Session, form: str) -> None:
    """Send a form without clicking a button."""
    page = session.page
    await session.browser.submit(await patterns.selected(form, lambda: locate.form(page, form), session.clock))


@action(navigates=False, prepares=True, types="value")
async def fill_in(session: Session, field: str, value: str) -> None:
    """Type a value into a field."""
    await session.browser.fill_in(field, value)


@action(navigates=False, prepares=True, types="value")
async def fill_in_for(session: Session, value: str, field: str) -> None:
    """Type a value into a field, the value said first."""
    await fill_in(session, field, value)


@action(navigates=False, prepares=True, types="table", checks={"table": pairs_complaint})
async def fill_in_table(session: Session, table: Table) -> None:
    """Type into several fields: a row each, the field and its value."""
    for name, value in pairs(table):
        await fill_in(session, name, value)


@action(navigates=False, prepares=True)
async def select(session: Session, option: str, field: str) -> None:
    """Choose an option of a drop-down list."""
    await session.browser.select(option, field)


@action(navigates=False, prepares=True)
async def check(session: Session, field: str) -> None:
    """Tick a checkbox."""
    await session.browser.check(field)


@action(navigates=False, prepares=True)
async def uncheck(session: Session, field: str) -> None:
    """Untick a checkbox."""
    await session.browser.uncheck(field)


@action(navigates=False, prepares=True)
async def choose(session: Session, field: str) -> None:
    """Choose a radio button."""
    await session.browser.choose(field)


def attachment_complaint(path: str) -> str:
    """The mistake in a file to attach; empty for a good one."""
    try:
        attachment(path)
    except Misconfigured as error:
        return str(error)
    return ""


@action(navigates=False, prepares=True, checks_here={"path": attachment_complaint})
async def attach(session: Session, path: str, field: str) -> None:
    """Put a file of this machine into a file field."""
    content, kind = await asyncio.get_running_loop().run_in_executor(None, attachment, path)
    await session.browser.attach(field, Path(path).name, content, kind)


def attachment(path: str) -> tuple[bytes, str]:
    """The content of a file of this machine, and its media type by its name.  Raises Misconfigured."""
    try:
        content, _ = read_file(path, MOST_ATTACHED)
    except OSError as error:
        raise Misconfigured(f"the file {path} cannot be attached: {error.strerror}") from None
    if len(content) > MOST_ATTACHED:
        raise Misconfigured(f"the file {path} cannot be attached: it is larger than {MOST_ATTACHED} bytes")
    return content, mimetypes.guess_type(path)[0] or "application/octet-stream"


@action(navigates=False, checks={"pattern": patterns.complaint})
async def field_should_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches what is in a field."""
    value, shown = await session.look(_value, session.browser.page, field)
    if not await patterns.found(pattern, value):
        raise session.page.failure(f"/{pattern}/ matches nothing in the field “{field}”", f"/{pattern}/", shown)


@action(navigates=False, negative=True, checks={"pattern": patterns.complaint})
async def field_should_not_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches nothing of what is in a field."""
    value, shown = await session.look(_value, session.browser.page, field)
    if await patterns.found(pattern, value):
        nothing = f"nothing that matches /{pattern}/"
        raise session.page.failure(f"/{pattern}/ matches in the field “{field}”", nothing, shown)


def _value(page: Page, whole: Page, field: str) -> tuple[str, str]:
    """The value of a field, and the text for it that may be shown; *page* may be a part of the *whole*."""
    control = locate.field(page, field, FIELDS, "field")
    value = forms.value_of(whole, control)
    return value, "a password" if forms.kind_of(control) == "password" else value


@action(navigates=False)
async def should_be_checked(session: Session, field: str) -> None:
    """A checkbox is ticked."""
    if not await session.look(_is_checked, session.browser.page, field):
        raise session.page.failure(f"the checkbox “{field}” is not ticked", "a tick", "none")


@action(navigates=False, negative=True)
async def should_not_be_checked(session: Session, field: str) -> None:
    """A checkbox is not ticked."""
    if await session.look(_is_checked, session.browser.page, field):
        raise session.page.failure(f"the checkbox “{field}” is ticked", "no tick", "a tick")


def _is_checked(page: Page, whole: Page, field: str) -> bool:
    control = locate.field(page, field, frozenset({"checkbox", "radio"}), "checkbox")
    return forms.is_checked(whole, control)


_MARKED_BAD = {"field_with_errors", "fieldWithErrors", "error"}


@action(navigates=False)
async def field_should_have_error(session: Session, field: str, message: str) -> None:
    """An element around a field has the class of a field with errors, and the page shows the message."""
    if not await session.look(_is_marked_bad, field):
        raise session.page.failure(f"the field “{field}” is not marked as wrong", "class field_with_errors or error")
    await session.look(Page.should_show, message)


@action(navigates=False, negative=True)
async def field_should_have_no_error(session: Session, field: str) -> None:
    """No element around a field has the class of a field with errors."""
    if await session.look(_is_marked_bad, field):
        raise session.page.failure(f"the field “{field}” is marked as wrong", "neither field_with_errors nor error")


def _is_marked_bad(page: Page, field: str) -> bool:
    control = locate.field(page, field, FIELDS | {"checkbox", "radio"}, "field")
    around = next((e for e in control.iterancestors() if text.tag_of(e) != "label"), None)
    return around is not None and bool(_MARKED_BAD.intersection((around.get("class") or "").split()))


# What is seen.

_LIKE_A_PATTERN = re.compile(r"\\[\w.()|/\[]|[.)\]][*+]|\w\|\w|\w\[[^\]\s]+\]|\[[^\]\s]+\]\w|^\^|\(\?|</?\w|&#?\w+;")
"""Quoted text found in old files only: special to a regular expression, or markup."""


def _never_fails(text: str) -> str:
    return "" if text.strip() else "every page shows the empty text: this step cannot fail"


def _like_a_pattern(how: str) -> Callable[[str], str]:
    said = (
        f"this literal text {how}; cucumber-nagios read it as a regular expression on the page's source:"
        ' Vocabulary "legacy" does so too, or write see /…/'
    )
    return lambda text: said if _LIKE_A_PATTERN.search(text) else ""


def _a_pattern(text: str) -> str:
    if "<" not in text and patterns.is_plain(text):
        return ""
    return 'under Vocabulary "web" this is literal visible text, not a regular expression on the source'


def _under_web(what: str) -> Callable[[str], str]:
    return lambda _: f'under Vocabulary "web" {what}'


@action(navigates=False, wants_text="text", lint=(_never_fails, _like_a_pattern("is not visible on most pages")))
async def should_see(session: Session, text: str) -> None:
    """The page's visible text contains the text."""
    await session.look(Page.should_show, text)


@action(navigates=False, negative=True, lint=(_like_a_pattern("is hardly ever visible, so this cannot fail"),))
async def should_not_see(session: Session, text: str) -> None:
    """The page's visible text does not contain the text."""
    await session.look(Page.should_not_show, text)


@action(navigates=False, checks={"pattern": patterns.complaint})
async def should_see_pattern(session: Session, pattern: str) -> None:
    """A regular expression matches the page's visible text."""
    await _should_match(session, pattern, await session.visible_text())


@action(navigates=False, negative=True, checks={"pattern": patterns.complaint})
async def should_not_see_pattern(session: Session, pattern: str) -> None:
    """A regular expression matches nowhere in the page's visible text."""
    await _should_not_match(session, pattern, await session.visible_text())


@action(navigates=False)
async def should_see_message(session: Session, kind: str) -> None:
    """An element of this class shows a text."""
    page = session.page
    page.must_have_elements()
    if not await session.look(_says_something, kind):
        raise page.failure(f"no {kind} message found", f'an element of class="{kind}" that says something')


def _says_something(page: Page, kind: str) -> bool:
    shown = (element for root in page.roots for element in text.shown(root))
    return any(text.says_something(e) for e in shown if kind in (e.get("class") or "").split())


@action(navigates=False, lint=(_under_web("the element must be visible, and may have other classes too"),))
async def legacy_should_see_message(session: Session, kind: str) -> None:
    """An element has this class and no other."""
    page = session.page
    page.must_have_elements()
    if not await session.look(_has_class, kind):
        raise page.failure(f"there is no {kind} message", f'an element of class="{kind}"')


def _has_class(page: Page, kind: str) -> bool:
    return any(element.get("class") == kind for element in page.elements())


@action(navigates=False, checks={"pattern": patterns.complaint}, lint=(_never_fails, _a_pattern))
async def source_should_match(session: Session, pattern: str) -> None:
    """A regular expression matches the page's source, tags included."""
    await _should_match(session, pattern, session.page.source)


@action(navigates=False, negative=True, checks={"pattern": patterns.complaint}, lint=(_a_pattern,))
async def source_should_not_match(session: Session, pattern: str) -> None:
    """A regular expression matches nowhere in the page's source."""
    await _should_not_match(session, pattern, session.page.source)


@action(navigates=False, judges_status=True)
async def should_succeed(session: Session) -> None:
    """The last answer's status is below 400."""
    await _succeeded(session.answer, 100, 399)


@action(navigates=False, judges_status=True, wants_error=True)
async def should_fail(session: Session) -> None:
    """The last answer's status is 400 or more."""
    await _failed(session.answer, 100, 399)


@action(navigates=False, judges_status=True, lint=(_under_web("a status of 400 to 499 would fail this step"),))
async def legacy_should_succeed(session: Session) -> None:
    """The last answer's status is 200 to 499, which is what Webrat called success."""
    await _succeeded(session.answer, 200, 499)


@action(
    navigates=False,
    judges_status=True,
    wants_error=True,
    lint=(_under_web("a status of 400 to 499 would pass this step"),),
)
async def legacy_should_fail(session: Session) -> None:
    """The last answer's status is not 200 to 499, which is what Webrat called success."""
    await _failed(session.answer, 200, 499)


@action(navigates=False, judges_status=True)
async def status_should_be(session: Session, status: int) -> None:
    """The last answer's status is this one."""
    page = session.answer
    if page.status != status:
        cause = Cause.REFUSED if page.status >= 400 else Cause.EXPECTATION
        raise await wrong_status(page, cause, f"the status is not {status}", str(status))


# Where we are, and what came with the page.


@action(navigates=False, beside=True)
async def should_be_on(session: Session, target: str) -> None:
    """The page's address has this path; the rest of it does not matter."""
    page = session.page
    try:
        wanted = urlsplit(urls.resolve(page.url, address(target))).path or "/"
    except urls.BadURL as error:
        raise Misconfigured(f"“{urls.shown(target)}”: {error}") from None
    if page.path != wanted:
        raise page.failure(f"the page is not {wanted}", wanted, page.path)


@action(navigates=False, beside=True, checks={"table": pairs_complaint})
async def query_should_be(session: Session, table: Table) -> None:
    """The page's address has exactly these parameters; several values of one are separated by commas."""
    page, wanted = session.page, {name: value.split(",") for name, value in pairs(table)}
    if page.query != wanted:
        raise page.failure("the query string differs", _query(wanted), _query(page.query) or "none")


def _query(parameters: dict[str, list[str]]) -> str:
    return ", ".join(f"{name}={','.join(values)}" for name, values in sorted(parameters.items()))


@action(navigates=False, beside=True)
async def header_should_be(session: Session, name: str, value: str) -> None:
    """The last answer has this header, with this value."""
    if (found := session.header(name)) != value:
        raise session.page.failure(f"the {name} header differs", value, shown_header(name, found))


@action(navigates=False, beside=True)
async def should_have_header(session: Session, name: str) -> None:
    """The last answer has this header."""
    session.header(name)


@action(navigates=False, beside=True, checks={"pattern": patterns.complaint})
async def header_should_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches a header of the last answer."""
    found = session.header(name)
    if not await patterns.found(pattern, found):
        what = f"/{pattern}/ matches nothing in the {name} header"
        raise session.page.failure(what, f"/{pattern}/", shown_header(name, found))


@action(navigates=False, negative=True, checks={"pattern": patterns.complaint})
async def header_should_not_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches nothing of a header of the last answer; there may be no such header at all."""
    found = session.answer.headers.get(name, "")
    if await patterns.found(pattern, found):
        what, nothing = f"/{pattern}/ matches in the {name} header", f"nothing that matches /{pattern}/"
        raise session.page.failure(what, nothing, shown_header(name, found))


# For the author of the scenario.


@action(navigates=False, shows=True)
async def show_page(session: Session) -> None:
    """Show the page to the person who runs the scenario."""
    page = session.page
    await aside_if_large(len(page.body), session.show, page)


# Time.


_NO_STOP_WATCH = '"the elapsed time should be less than" needs a step "I am benchmarking" before it'


@action(navigates=False, apart=True, prepares=True)
async def start_benchmark(session: Session) -> None:
    """Start the stop-watch."""
    session.benchmark_started = session.clock.monotonic()


@action(navigates=False, times_by_clock=True, after=(start_benchmark,), too_early=_NO_STOP_WATCH)
async def elapsed_should_be_less(session: Session, seconds: float) -> None:
    """Less time than this has passed since "I am benchmarking"."""
    if session.benchmark_started is None:
        raise Misconfigured(_NO_STOP_WATCH)
    elapsed = session.clock.monotonic() - session.benchmark_started
    if elapsed >= seconds:
        what = f"{elapsed:.3g} s have passed since “I am benchmarking”"
        raise Failure(Cause.EXPECTATION, what, expected=f"less than {seconds:g} s", found=f"{elapsed:.3g} s")


# Names.


@action(navigates=False, apart=True)
async def lookup(session: Session, name: str) -> None:
    """Look up the addresses of a host name, as this machine's resolver knows them."""
    addresses, _ = await names.lookup(name, 0)
    session.resolved = tuple(dict.fromkeys(a.host for a in addresses))


def ip_complaint(ip: str) -> str:
    """The mistake in *ip* as an IP address; empty for a good one."""
    return "" if names.is_numeric(ip) else f"“{ip}” is not an IP address"


@action(navigates=False, apart=True, checks={"ip": ip_complaint})
async def reverse_lookup(session: Session, ip: str) -> None:
    """Look up the host name of an address, as this machine's resolver knows it."""
    complain(ip_complaint(ip))
    session.resolved = (await names.name_of(ip),)


_NO_LOOKUP = 'no look-up yet: put a step such as I lookup "www.example.org" before this one'
_NO_REVERSE_LOOKUP = 'no look-up yet: put a step such as I reverse lookup "192.0.2.7" before this one'


@action(
    navigates=False,
    apart=True,
    after=(
        lookup,
        reverse_lookup,
    ),
    too_early=_NO_LOOKUP,
)
async def name_should_resolve(session: Session, ip: str) -> None:
    """The address is among those that were looked up."""
    _resolved(session, ip, _same_address, _NO_LOOKUP)


@action(
    navigates=False,
    apart=True,
    after=(
        lookup,
        reverse_lookup,
    ),
    too_early=_NO_REVERSE_LOOKUP,
)
async def ip_should_resolve(session: Session, name: str) -> None:
    """The name is the one that was looked up."""
    _resolved(session, name, _same_name, _NO_REVERSE_LOOKUP)


def _resolved(session: Session, wanted: str, same: Callable[[str, str], bool], too_early: str) -> None:
    if session.resolved is None:
        raise Misconfigured(too_early)
    if not any(same(found, wanted) for found in session.resolved):
        found = ", ".join(session.resolved)
        raise Failure(
            Cause.EXPECTATION, f"it does not resolve to {wanted} but to {found}", expected=wanted, found=found
        )


def _same_address(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return False


def _same_name(one: str, other: str) -> bool:
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


async def _succeeded(page: Page, low: int, high: int) -> None:
    if not low <= page.status <= high:
        raise await wrong_status(page, Cause.REFUSED, "the request failed", f"a status from {low} to {high}")


async def _failed(page: Page, low: int, high: int) -> None:
    if low <= page.status <= high:
        raise await wrong_status(page, Cause.EXPECTATION, "the request succeeded", f"a status outside {low} to {high}")


async def _should_match(session: Session, pattern: str, text: str) -> None:
    if not await patterns.found(pattern, text):
        page = session.page
        raise page.failure(f"/{pattern}/ matches nothing", f"/{pattern}/", await nearest(page, pattern))


async def _should_not_match(session: Session, pattern: str, text: str) -> None:
    if await patterns.found(pattern, text):
        raise session.page.failure(f"/{pattern}/ matches", f"nothing that matches /{pattern}/")
