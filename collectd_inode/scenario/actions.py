"""What the sentences do.  An action gets the session and the step's arguments, and raises Failure if it is not so."""

from __future__ import annotations

import asyncio
import ipaddress
import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from collectd_inode.browser import Page, forms, headers, locate, text, urls
from collectd_inode.keys import read_file
from collectd_inode.run import Cause, Failure, Misconfigured
from collectd_inode.scenario import answers, json_body, patterns, remembering, requests
from collectd_inode.scenario.json_body import (
    document_complaint,
    literal_complaint,
    number_complaint,
    pointer_complaint,
)
from collectd_inode.scenario.session import (
    FIELDS,
    Session,
    Table,
    came,
    complain,
    form_complaint,
    pairs,
    pairs_complaint,
    selector_complaint,
    shown_header,
)
from collectd_inode.scenario.vocabulary import Action
from collectd_inode.wire import address as names

MOST_ATTACHED = 32 * 2**20
"""Bytes of a file that is attached: it is sent anew in every run."""

_HOME = ("the home page", "the homepage")


async def within(session: Session, selectors: tuple[str, ...], action: Action, *arguments: object) -> None:
    """Do another step in a part of the page only."""
    async with session.within(selectors):
        await action(session, *arguments)


async def go(session: Session, target: str) -> None:
    """Open an address, as if typed into the address line."""
    await session.browser.go(address(target))


def address(target: str) -> str:
    """What *target* is in the address line: cucumber-rails' "the home page" is BaseURL's root."""
    return "/" if target in _HOME else target


async def authenticate(session: Session, table: Table) -> None:
    """Answer with these credentials when the site asks: a table of a user's name and password."""
    complain(credentials_complaint(table))
    found = dict(zip(table[0], table[1], strict=True))
    await requests.authenticate_as(session, found["username"], found["password"])


def credentials_complaint(table: Table) -> str:
    """What is wrong with a table of credentials; empty for a good one."""
    header, *rows = table
    good = sorted(header) == ["password", "username"] and rows
    return "" if good else "the table wants a header, | username | password |, and a row with both"


async def follow(session: Session, link: str) -> None:
    """Click a link."""
    await session.browser.follow(link)


async def press(session: Session, button: str) -> None:
    """Click a button and so send its form."""
    await session.browser.press(button)


async def submit(session: Session, form: str) -> None:
    """Send a form without clicking a button."""
    page = session.page
    await session.browser.submit(await patterns.selected(form, lambda: locate.form(page, form)))


async def fill_in(session: Session, field: str, value: str) -> None:
    """Type a value into a field."""
    session.browser.fill_in(field, value)


async def fill_in_for(session: Session, value: str, field: str) -> None:
    """Type a value into a field, the value said first."""
    await fill_in(session, field, value)


async def fill_in_table(session: Session, table: Table) -> None:
    """Type into several fields: a row each, the field and its value."""
    for name, value in pairs(table):
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


def attachment_complaint(path: str) -> str:
    """What is wrong with a file that is to be attached; empty for a good one."""
    try:
        _file(path)
    except Misconfigured as error:
        return str(error)
    return ""


def _file(path: str) -> tuple[bytes, str]:
    try:
        content, _ = read_file(path, MOST_ATTACHED)
    except OSError as error:
        raise Misconfigured(f"the file {path} cannot be attached: {error.strerror}") from None
    if len(content) > MOST_ATTACHED:
        raise Misconfigured(f"the file {path} cannot be attached: it is larger than {MOST_ATTACHED} bytes")
    return content, mimetypes.guess_type(path)[0] or "application/octet-stream"


async def field_should_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches what is in a field."""
    value, shown = _value(session, field)
    if not await patterns.found(pattern, value):
        raise session.page.failure(f"/{pattern}/ matches nothing in the field “{field}”", f"/{pattern}/", shown)


async def field_should_not_contain(session: Session, field: str, pattern: str) -> None:
    """A regular expression matches nothing of what is in a field."""
    value, shown = _value(session, field)
    if await patterns.found(pattern, value):
        nothing = f"nothing that matches /{pattern}/"
        raise session.page.failure(f"/{pattern}/ matches in the field “{field}”", nothing, shown)


def _value(session: Session, field: str) -> tuple[str, str]:
    """What is in a field, and what may be said of it."""
    control = locate.field(session.page, field, FIELDS, "field")
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
    control = locate.field(session.page, field, FIELDS | {"checkbox", "radio"}, "field")
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
        raise Failure(cause, f"the status is not {status}: {page.describe()}", expected=str(status), found=came(page))


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
    page, wanted = session.page, {name: value.split(",") for name, value in pairs(table)}
    if page.query != wanted:
        raise page.failure("the query string is another", _query(wanted), _query(page.query) or "none")


def _query(parameters: dict[str, list[str]]) -> str:
    return ", ".join(f"{name}={','.join(values)}" for name, values in sorted(parameters.items()))


async def header_should_be(session: Session, name: str, value: str) -> None:
    """The last answer has this header, with this value."""
    if (found := session.header(name)) != value:
        raise session.page.failure(f"the {name} header is another", value, shown_header(name, found))


async def should_have_header(session: Session, name: str) -> None:
    """The last answer has this header."""
    session.header(name)


async def header_should_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches a header of the last answer."""
    found = session.header(name)
    if not await patterns.found(pattern, found):
        what = f"/{pattern}/ matches nothing in the {name} header"
        raise session.page.failure(what, f"/{pattern}/", shown_header(name, found))


async def header_should_not_contain(session: Session, name: str, pattern: str) -> None:
    """A regular expression matches nothing of a header of the last answer; there may be no such header at all."""
    found = session.page.headers.get(name, "")
    if await patterns.found(pattern, found):
        what, nothing = f"/{pattern}/ matches in the {name} header", f"nothing that matches /{pattern}/"
        raise session.page.failure(what, nothing, shown_header(name, found))


# Time.


_NO_STOP_WATCH = '"the elapsed time should be less than" wants a step "I am benchmarking" before it'


async def start_benchmark(session: Session) -> None:
    """Start the stop-watch."""
    session.since = session.clock.monotonic()


async def elapsed_should_be_less(session: Session, seconds: float) -> None:
    """Less time than this has passed since "I am benchmarking"."""
    if session.since is None:
        raise Misconfigured(_NO_STOP_WATCH)
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
    complain(ip_complaint(ip))
    session.found = (await names.name_of(ip),)


def ip_complaint(ip: str) -> str:
    """What is wrong with *ip* as an IP address; empty for a good one."""
    return "" if names.is_numeric(ip) else f"“{ip}” is no IP address"


_NO_LOOKUP = 'nothing has been looked up: a step such as I lookup "www.example.org" comes before it'
_NO_REVERSE_LOOKUP = 'nothing has been looked up: a step such as I reverse lookup "192.0.2.7" comes before it'


async def name_should_resolve(session: Session, ip: str) -> None:
    """The address is among those that were looked up."""
    _resolved(session, ip, _same_address, _NO_LOOKUP)


async def ip_should_resolve(session: Session, name: str) -> None:
    """The name is the one that was looked up."""
    _resolved(session, name, _same_name, _NO_REVERSE_LOOKUP)


def _resolved(session: Session, wanted: str, same: Callable[[str, str], bool], too_early: str) -> None:
    if session.found is None:
        raise Misconfigured(too_early)
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


NAVIGATIONS: frozenset[Action] = frozenset(
    {go, follow, press, submit, requests.press_enter, requests.send, requests.send_body, requests.send_form}
)
"""Actions after which there is a new page."""

STATUS_ASSERTIONS: frozenset[Action] = frozenset(
    {
        should_succeed,
        should_fail,
        legacy_should_succeed,
        legacy_should_fail,
        status_should_be,
        answers.status_should_not_be,
    }
)
"""Actions that judge the answer's status, so that the navigation before them must not."""

ADDRESSES: Mapping[Action, int] = {go: 0, requests.send: 1, requests.send_body: 1, requests.send_form: 1}
"""Actions that go to an address, and which of their arguments it is."""

REMEMBERING: Mapping[Action, int] = remembering.REMEMBERING
"""Actions that remember a value, and which of their arguments is the variable's name."""

TIMING: frozenset[Action] = frozenset({answers.last_step_should_take_less})
"""Actions that judge how long the last step that asked the network took."""

DOC_STRINGS: frozenset[Action] = frozenset({requests.send_body, json_body.should_be_document})
"""Actions that want a doc string below the step; the others that want anything want a table."""

TYPED: frozenset[Action] = frozenset({requests.send_body})
"""Actions that are told the doc string's media type too, if it has one."""

CHECKS: Mapping[Action, Mapping[int, Callable[[Any], str]]] = {
    authenticate: {0: credentials_complaint},
    submit: {0: form_complaint},
    fill_in_table: {0: pairs_complaint},
    field_should_contain: {1: patterns.complaint},
    field_should_not_contain: {1: patterns.complaint},
    should_see_pattern: {0: patterns.complaint},
    should_not_see_pattern: {0: patterns.complaint},
    source_should_match: {0: patterns.complaint},
    source_should_not_match: {0: patterns.complaint},
    query_should_be: {0: pairs_complaint},
    header_should_contain: {1: patterns.complaint},
    header_should_not_contain: {1: patterns.complaint},
    reverse_lookup: {0: ip_complaint},
    requests.send: {0: requests.method_complaint},
    requests.send_body: {0: requests.method_complaint, 3: requests.media_type_complaint},
    requests.send_form: {0: requests.method_complaint, 2: pairs_complaint},
    requests.set_header: {0: headers.name_complaint},
    requests.authenticate_with_token: {0: requests.token_complaint},
    answers.address_should_match: {0: patterns.complaint},
    answers.scheme_should_be: {0: answers.scheme_complaint},
    answers.host_should_be: {0: answers.host_complaint},
    answers.cookie_should_match: {1: patterns.complaint},
    answers.cookie_should_be_same_site: {1: answers.same_site_complaint},
    answers.should_see_elements: {2: selector_complaint},
    answers.should_have_elements: {2: selector_complaint},
    remembering.remember_text: {1: patterns.complaint},
    remembering.remember_source: {1: patterns.complaint},
    remembering.remember_from_header: {2: patterns.complaint},
    remembering.remember_element: {1: selector_complaint},
    remembering.remember_attribute: {2: selector_complaint},
    remembering.remember_json: {1: pointer_complaint},
    json_body.should_be: {0: pointer_complaint},
    json_body.should_be_literal: {0: pointer_complaint, 1: literal_complaint},
    json_body.should_be_document: {0: pointer_complaint, 1: document_complaint},
    json_body.should_not_be: {0: pointer_complaint},
    json_body.should_not_be_literal: {0: pointer_complaint, 1: literal_complaint},
    json_body.should_contain: {0: pointer_complaint},
    json_body.should_contain_literal: {0: pointer_complaint, 1: literal_complaint},
    json_body.should_not_contain: {0: pointer_complaint},
    json_body.should_not_contain_literal: {0: pointer_complaint, 1: literal_complaint},
    json_body.should_match: {0: pointer_complaint, 1: patterns.complaint},
    json_body.should_have_elements: {1: pointer_complaint},
    json_body.should_compare: {1: pointer_complaint, 2: number_complaint},
    json_body.should_exist: {0: pointer_complaint},
    json_body.should_not_exist: {0: pointer_complaint},
}
"""What can be said of an action's arguments before there is a page: which argument, and what finds its mistakes."""

AFTER: Mapping[Action, tuple[frozenset[Action], str]] = {
    elapsed_should_be_less: (frozenset({start_benchmark}), _NO_STOP_WATCH),
    name_should_resolve: (frozenset({lookup, reverse_lookup}), _NO_LOOKUP),
    ip_should_resolve: (frozenset({lookup, reverse_lookup}), _NO_REVERSE_LOOKUP),
}
"""Actions that want one of others before them, and what there is to say where none is."""

ON_JSON: frozenset[Action] = frozenset(
    {json_body.should_be_json, *(action for action, checks in CHECKS.items() if pointer_complaint in checks.values())}
)
"""Actions that look into a JSON answer, which has no parts that a selector could name."""

PREPARATIONS: frozenset[Action] = frozenset(
    {
        fill_in,
        fill_in_for,
        fill_in_table,
        select,
        check,
        uncheck,
        choose,
        attach,
        start_benchmark,
        authenticate,
        requests.authenticate_as,
        requests.authenticate_with_token,
        requests.set_header,
        remembering.remember,
        remembering.remember_uuid,
        remembering.remember_timestamp,
        remembering.remember_time,
        remembering.remember_number,
    }
)
"""Actions that neither ask for anything nor judge anything."""


def _succeeded(page: Page, low: int, high: int) -> None:
    if not low <= page.status <= high:
        raise Failure(
            Cause.REFUSED,
            f"the request failed: {page.describe()}",
            expected=f"a status from {low} to {high}",
            found=came(page),
        )


def _failed(page: Page, low: int, high: int) -> None:
    if low <= page.status <= high:
        raise Failure(
            Cause.EXPECTATION,
            f"the request succeeded: {page.describe()}",
            expected=f"a status outside {low} to {high}",
            found=came(page),
        )


async def _should_match(session: Session, pattern: str, text: str) -> None:
    if not await patterns.found(pattern, text):
        page = session.page
        raise page.failure(f"/{pattern}/ matches nothing", f"/{pattern}/", page.nearest(pattern))


async def _should_not_match(session: Session, pattern: str, text: str) -> None:
    if await patterns.found(pattern, text):
        raise session.page.failure(f"/{pattern}/ matches", f"nothing that matches /{pattern}/")
