"""What the sentences do.  An action gets the session and the step's arguments, and raises Failure if it is not so."""

from __future__ import annotations

import asyncio
import ipaddress
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import regex

from collectd_inode.browser import Browser, Page, forms, locate, scope, text, urls
from collectd_inode.run import Cause, Failure, Misconfigured
from collectd_inode.scenario.vocabulary import Action
from collectd_inode.wire import SYSTEM_CLOCK
from collectd_inode.wire import address as names
from collectd_inode.wire.clock import Clock

PATTERN_SECONDS = 2.0
"""How long a regular expression may search a page: a catastrophic one would go on for ever."""

MOST_ATTACHED = 32 * 2**20
"""Bytes of a file that is attached: it is sent anew in every run."""

Table = tuple[tuple[str, ...], ...]
"""The rows of a step's table."""

_HOME = ("the home page", "the homepage")
_FIELDS = locate.FILLABLE | {"select", "hidden", "file"}


@dataclass(slots=True)
class Session:
    """One run's state: the browser with its current page, and the variables (``${name}``) known so far.

    ``found`` is what the last name lookup gave; ``since`` when "I am benchmarking" was said, by ``clock``.
    """

    browser: Browser
    variables: dict[str, str] = field(default_factory=dict)
    clock: Clock = SYSTEM_CLOCK
    found: tuple[str, ...] | None = None
    since: float | None = None

    @property
    def page(self) -> Page:
        """The page the browser shows, or the part of it that the step is about; Failure before the first one."""
        return self.browser.searched

    @contextmanager
    def within(self, selectors: tuple[str, ...]) -> Iterator[None]:
        """Look at a part of the page only, for a while."""
        before, self.browser.part = self.browser.part, lambda page: scope.part(page, selectors)
        try:
            yield
        finally:
            self.browser.part = before


async def within(session: Session, selectors: tuple[str, ...], action: Action, *arguments: object) -> None:
    """Do another step in a part of the page only."""
    with session.within(selectors):
        await action(session, *arguments)


async def go(session: Session, target: str) -> None:
    """Open an address, as if typed into the address line."""
    await session.browser.go(address(target))


def address(target: str) -> str:
    """What *target* is in the address line: cucumber-rails' "the home page" is BaseURL's root."""
    return "/" if target in _HOME else target


async def authenticate(session: Session, table: Table) -> None:
    """Answer with these credentials when the site asks: a table of a user's name and password."""
    names, *rows = table
    if sorted(names) != ["password", "username"] or not rows:
        raise Misconfigured("the table wants a header, | username | password |, and a row with both")
    found = dict(zip(names, rows[0], strict=True))
    session.browser.authenticate(found["username"], found["password"])


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
    await fill_in(session, field, value)


async def fill_in_table(session: Session, table: Table) -> None:
    """Type into several fields: a row each, the field and its value."""
    for name, value in _pairs(table):
        await fill_in(session, name, value)


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


async def attach(session: Session, path: str, field: str) -> None:
    """Put a file of this machine into a file field."""
    content, kind = await asyncio.get_running_loop().run_in_executor(None, _file, path)
    session.browser.attach(field, Path(path).name, content, kind)


def _file(path: str) -> tuple[bytes, str]:
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_ATTACHED + 1)
    except OSError as error:
        raise Misconfigured(f"the file {path} cannot be attached: {error.strerror}") from None
    if len(content) > MOST_ATTACHED:
        raise Misconfigured(f"the file {path} cannot be attached: it is larger than {MOST_ATTACHED} bytes")
    return content, mimetypes.guess_type(path)[0] or "application/octet-stream"


async def field_should_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches what is in a field."""
    value, shown = _value(session, field)
    if not await _found(pattern, value):
        raise session.page.failure(f"/{pattern}/ matches nothing in the field “{field}”", f"/{pattern}/", shown)


async def field_should_not_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches nothing of what is in a field."""
    value, shown = _value(session, field)
    if await _found(pattern, value):
        nothing = f"nothing that matches /{pattern}/"
        raise session.page.failure(f"/{pattern}/ matches in the field “{field}”", nothing, shown)


def _value(session: Session, field: str) -> tuple[str, str]:
    """What is in a field, and what may be said of it."""
    control = locate.field(session.page, field, _FIELDS, "field")
    value = forms.value_of(session.browser.page, control)
    return value, "a password" if forms.kind_of(control) == "password" else value


async def should_be_checked(session: Session, field: str) -> None:
    """A checkbox is ticked."""
    if not _is_checked(session, field):
        raise session.page.failure(f"the checkbox “{field}” is not ticked", "a tick", "none")


async def should_not_be_checked(session: Session, field: str) -> None:
    """A checkbox is not ticked."""
    if _is_checked(session, field):
        raise session.page.failure(f"the checkbox “{field}” is ticked", "no tick", "a tick")


def _is_checked(session: Session, field: str) -> bool:
    control = locate.field(session.page, field, frozenset({"checkbox", "radio"}), "checkbox")
    return forms.is_checked(session.browser.page, control)


_MARKED_BAD = {"field_with_errors", "fieldWithErrors", "error"}


async def field_should_have_error(session: Session, field: str, message: str) -> None:
    """What is around a field has the class of a field with errors, and the page shows the message."""
    if not _is_marked_bad(session, field):
        raise session.page.failure(f"the field “{field}” is not marked as wrong", "class field_with_errors or error")
    session.page.should_show(message)


async def field_should_have_no_error(session: Session, field: str) -> None:
    """What is around a field has not the class of a field with errors."""
    if _is_marked_bad(session, field):
        raise session.page.failure(f"the field “{field}” is marked as wrong", "neither field_with_errors nor error")


def _is_marked_bad(session: Session, field: str) -> bool:
    control = locate.field(session.page, field, _FIELDS | {"checkbox", "radio"}, "field")
    around = next((e for e in control.iterancestors() if text.tag_of(e) != "label"), None)
    return around is not None and bool(_MARKED_BAD.intersection((around.get("class") or "").split()))


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


async def should_see_message(session: Session, kind: str) -> None:
    """An element of this class is to be seen."""
    tree = session.page.tree
    if tree is None or not any(kind in (e.get("class") or "").split() for e in text.shown(tree)):
        raise session.page.failure(f"no {kind} message is to be seen", f'an element of class="{kind}"')


async def legacy_should_see_message(session: Session, kind: str) -> None:
    """An element has this class and no other."""
    if not any(e.get("class") == kind for e in session.page.elements()):
        raise session.page.failure(f"there is no {kind} message", f'an element of class="{kind}"')


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


async def status_should_be(session: Session, status: int) -> None:
    """The last answer's status is this one."""
    page = session.page
    if page.status != status:
        cause = Cause.REFUSED if page.status >= 400 else Cause.EXPECTATION
        raise Failure(
            cause, f"the status is not {status}: {page.describe()}", expected=str(status), found=str(page.status)
        )


# Where we are, and what came with the page.


async def should_be_on(session: Session, target: str) -> None:
    """The page's address has this path; the rest of it does not matter."""
    page = session.page
    try:
        wanted = urlsplit(urls.resolve(page.url, address(target))).path or "/"
    except urls.BadURL as error:
        raise Misconfigured(f"“{urls.shown(target)}”: {error}") from None
    if page.path != wanted:
        raise page.failure(f"the page is not {wanted}", wanted, page.path)


async def query_should_be(session: Session, table: Table) -> None:
    """The page's address has exactly these parameters; several values of one are separated by commas."""
    page, wanted = session.page, {name: value.split(",") for name, value in _pairs(table)}
    if page.query != wanted:
        raise page.failure("the query string is another", _query(wanted), _query(page.query) or "none")


def _query(parameters: dict[str, list[str]]) -> str:
    return ", ".join(f"{name}={','.join(values)}" for name, values in sorted(parameters.items()))


async def header_should_be(session: Session, name: str, value: str) -> None:
    """The last answer has this header, with this value."""
    if (found := _header(session, name)) != value:
        raise session.page.failure(f"the {name} header is another", value, found)


async def should_have_header(session: Session, name: str) -> None:
    """The last answer has this header."""
    _header(session, name)


async def header_should_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches a header of the last answer."""
    found = _header(session, name)
    if not await _found(pattern, found):
        raise session.page.failure(f"/{pattern}/ matches nothing in the {name} header", f"/{pattern}/", found)


async def header_should_not_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches nothing of a header of the last answer; there may be no such header at all."""
    found = session.page.headers.get(name, "")
    if await _found(pattern, found):
        raise session.page.failure(
            f"/{pattern}/ matches in the {name} header", f"nothing that matches /{pattern}/", found
        )


def _header(session: Session, name: str) -> str:
    page = session.page
    if name not in page.headers:
        raise page.failure(f"there is no {name} header", f"a {name} header", f"headers: {', '.join(page.headers)}")
    return page.headers[name]


# Time.


async def start_benchmark(session: Session) -> None:
    """Start the stop-watch."""
    session.since = session.clock.monotonic()


async def elapsed_should_be_less(session: Session, seconds: float) -> None:
    """Less time than this has passed since "I am benchmarking"."""
    if session.since is None:
        raise Misconfigured('"the elapsed time should be less than" wants a step "I am benchmarking" before it')
    elapsed = session.clock.monotonic() - session.since
    if elapsed >= seconds:
        what = f"{elapsed:.3g} s have passed since “I am benchmarking”"
        raise Failure(Cause.EXPECTATION, what, expected=f"less than {seconds:g} s", found=f"{elapsed:.3g} s")


# Names.


async def lookup(session: Session, name: str) -> None:
    """Look up the addresses of a host name, as this machine's resolver knows them."""
    addresses, _ = await names.lookup(name, 0)
    session.found = tuple(dict.fromkeys(a.host for a in addresses))


async def reverse_lookup(session: Session, ip: str) -> None:
    """Look up the host name of an address, as this machine's resolver knows it."""
    if not names.is_numeric(ip):
        raise Misconfigured(f"“{ip}” is no IP address")
    session.found = (await names.name_of(ip),)


async def name_should_resolve(session: Session, ip: str) -> None:
    """The address is among those that were looked up."""
    _resolved(session, ip, _same_address, 'I lookup "www.example.org"')


async def ip_should_resolve(session: Session, name: str) -> None:
    """The name is the one that was looked up."""
    _resolved(session, name, _same_name, 'I reverse lookup "192.0.2.7"')


def _resolved(session: Session, wanted: str, same: Callable[[str, str], bool], before: str) -> None:
    if session.found is None:
        raise Misconfigured(f"nothing has been looked up: a step such as {before} comes before it")
    if not any(same(found, wanted) for found in session.found):
        found = ", ".join(session.found)
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


NAVIGATIONS = frozenset({go, follow, press, submit})
"""Actions after which there is a new page."""

STATUS_ASSERTIONS = frozenset(
    {should_succeed, should_fail, legacy_should_succeed, legacy_should_fail, status_should_be}
)
"""Actions that judge the answer's status, so that the navigation before them must not."""


def _pairs(table: Table) -> list[tuple[str, str]]:
    """A table of two columns without a header."""
    if any(len(row) != 2 for row in table):
        raise Misconfigured("the table wants two columns: a name, and its value")
    return [(row[0], row[1]) for row in table]


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
    if regex.escape(pattern, special_only=True, literal_spaces=True) == pattern:
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
