"""The sentences that remember a value: from then on ``${name}`` stands for it, until the run ends.

A value that looks like a secret is one: reports show ``[name]`` in its place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from collectd_inode.model import Misconfigured
from collectd_inode.page import forms, locate, text
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element, normalise
from collectd_inode.scenario import json_body, json_pointer, one_time, patterns
from collectd_inode.scenario.action import action
from collectd_inode.scenario.json_body import pointer_complaint
from collectd_inode.scenario.session import (
    FIELDS,
    Session,
    complain,
    name_complaint,
    nearest,
    selector_complaint,
    shown_header,
)
from collectd_inode.secrets.names import looks_secret

MOST = 4096
"""The largest number of characters of a remembered value."""

_TELLING = 4
"""Fewer characters are hidden only where the feature file calls them a secret: they may stand anywhere."""

_TELLING_PATH = 16
_MOST_PARAMETERS = 8
"""The least characters of a path or parameter that is a secret by itself, in an address that is one: "/reset/k3Jq…"."""


@action(navigates=False, apart=True, prepares=True, remembers="name")
async def remember(session: Session, value: str, name: str) -> None:
    """Remember a text that the feature file says itself, put together from others perhaps."""
    await _keep(session, name, value, "the text")


@action(navigates=False, remembers="name", checks={"pattern": patterns.complaint})
async def remember_text(session: Session, secret: bool, pattern: str, name: str) -> None:
    """Remember what a regular expression finds in the page's visible text."""
    page = session.page
    value = await patterns.captured(pattern, await session.visible_text())
    if value is None:
        raise page.failure(f"/{pattern}/ matches nothing", f"/{pattern}/", await nearest(page, pattern))
    await _keep(session, name, value, f"what /{pattern}/ finds", secret=secret, source=pattern)


@action(navigates=False, remembers="name", checks={"pattern": patterns.complaint})
async def remember_source(session: Session, secret: bool, pattern: str, name: str) -> None:
    """Remember what a regular expression finds in the page's source."""
    page = session.page
    value = await patterns.captured(pattern, page.source)
    if value is None:
        raise page.failure(f"/{pattern}/ matches nothing in the page's source", f"/{pattern}/")
    await _keep(session, name, value, f"what /{pattern}/ finds", secret=secret, source=pattern)


@action(navigates=False, remembers="name")
async def remember_field(session: Session, secret: bool, field: str, name: str) -> None:
    """Remember what is in a field."""
    control, value = await session.look(_field, session.browser.page, field)
    kind = forms.kind_of(control)
    told = " ".join((field, control.get("name") or "", "secret" if kind == "hidden" else ""))
    await _keep(session, name, value, f"the field “{field}”", secret=secret or kind == "password", source=told)


def _field(page: Page, whole: Page, field: str) -> tuple[Element, str]:
    """A field and its value; *page* may be a part of the *whole*."""
    control = locate.field(page, field, FIELDS, "field")
    return control, forms.value_of(whole, control)


@action(navigates=False, remembers="name")
async def remember_link(session: Session, secret: bool, link: str, name: str) -> None:
    """Remember where a link leads: an absolute address."""
    found = await session.look(locate.link, link)
    value = session.browser.page.resolve(found.get("href") or "")
    await _keep(session, name, value, f"the address of the link “{link}”", secret=secret, source=link)


@action(navigates=False, beside=True, remembers="name")
async def remember_header(session: Session, secret: bool, header_name: str, name: str) -> None:
    """Remember a header of the last answer."""
    value = session.header(header_name)
    await _keep(session, name, value, f"the {header_name} header", secret=secret, source=header_name)


@action(navigates=False, beside=True, remembers="name", checks={"pattern": patterns.complaint})
async def remember_from_header(session: Session, secret: bool, header_name: str, pattern: str, name: str) -> None:
    """Remember what a regular expression finds in a header of the last answer."""
    whole = session.header(header_name)
    value = await patterns.captured(pattern, whole)
    if value is None:
        what = f"/{pattern}/ matches nothing in the {header_name} header"
        raise session.page.failure(what, f"/{pattern}/", shown_header(header_name, whole))
    what = f"what /{pattern}/ finds in the {header_name} header"
    await _keep(session, name, value, what, secret=secret, source=f"{header_name} {pattern}")


@action(navigates=False, beside=True, remembers="name")
async def remember_cookie(session: Session, cookie: str, name: str) -> None:
    """Remember a cookie's value; it is a secret."""
    value = session.cookies(cookie)[-1].value.decode("utf-8", "replace")
    await _keep(session, name, value, f"the cookie “{cookie}”", source="cookie")


@action(navigates=False, on_json=True, remembers="name", checks={"pointer": pointer_complaint})
async def remember_json(session: Session, secret: bool, pointer: str, name: str) -> None:
    """Remember the value at a place of a JSON answer."""
    value = await json_body.value_at(session, pointer)
    said = json_pointer.as_text(value, MOST)
    await _keep(session, name, said, f"the JSON at “{pointer}”", secret=secret, source=pointer)


@action(navigates=False, remembers="name", checks={"selector": selector_complaint})
async def remember_element(session: Session, secret: bool, selector: str, name: str) -> None:
    """Remember the text of an element."""
    element = await session.element(selector)
    value = normalise(session.page.text_of(element)) or normalise(text.all_text(element))
    await _keep(session, name, value, f"the text of “{selector}”", secret=secret, source=selector)


@action(navigates=False, remembers="name", checks={"selector": selector_complaint})
async def remember_attribute(session: Session, secret: bool, attribute: str, selector: str, name: str) -> None:
    """Remember an attribute of an element."""
    page, element = session.page, await session.element(selector)
    value = element.get(attribute if page.is_xml else attribute.lower())
    if value is None:
        there = ", ".join(map(str, element.attrib)) or "none"
        raise page.failure(f"“{selector}” has no attribute {attribute}", attribute, f"attributes: {there}")
    what = f"the attribute {attribute} of “{selector}”"
    await _keep(session, name, value, what, secret=secret, source=f"{selector} {attribute}")


@action(navigates=False, beside=True, remembers="name")
async def remember_address(session: Session, secret: bool, name: str) -> None:
    """Remember the page's address."""
    await _keep(session, name, session.page.url, "the address", secret=secret)


@action(navigates=False, beside=True, remembers="name")
async def remember_title(session: Session, secret: bool, name: str) -> None:
    """Remember the page's title."""
    await _keep(session, name, session.page.title, "the title", secret=secret)


@action(navigates=False, apart=True, prepares=True, remembers="name")
async def remember_uuid(session: Session, name: str) -> None:
    """Remember a new random UUID (RFC 9562, version 4)."""
    import uuid  # noqa: PLC0415  # 2 ms, and few ask for one

    await _keep(session, name, str(uuid.uuid4()), "the uuid")


@action(navigates=False, apart=True, prepares=True, remembers="name")
async def remember_timestamp(session: Session, name: str) -> None:
    """Remember the time as seconds since 1970."""
    await _keep(session, name, str(int(session.clock.now())), "the timestamp")


@action(navigates=False, apart=True, prepares=True, remembers="name")
async def remember_time(session: Session, name: str) -> None:
    """Remember the time as ISO 8601 has it, in UTC."""
    now = datetime.fromtimestamp(int(session.clock.now()), UTC)
    await _keep(session, name, now.strftime("%Y-%m-%dT%H:%M:%SZ"), "the time")


@action(navigates=False, apart=True, prepares=True, remembers="name")
async def remember_number(session: Session, name: str) -> None:
    """Remember a number that no other run of the scenario has had."""
    await _keep(session, name, str(session.next_number()), "the number")


@action(navigates=False, prepares=True, uses="seed")
async def fill_in_one_time_password(session: Session, field: str, seed: str) -> None:
    """Type the one-time password of a seed (RFC 6238) into a field."""
    await session.browser.fill_in(field, await _one_time_password(session, seed))


@action(navigates=False, apart=True, prepares=True, uses="seed", remembers="name")
async def remember_one_time_password(session: Session, seed: str, name: str) -> None:
    """Remember the one-time password of a seed (RFC 6238), for requests."""
    await _keep(session, name, await _one_time_password(session, seed), "the one-time password", secret=True)


async def _one_time_password(session: Session, name: str) -> str:
    """The password at this moment, hidden from all reports."""
    try:
        found = one_time.seed(session.variables.get(name, name))
    except one_time.BadSeed as error:
        raise Misconfigured(f"one-time password: {error}") from None
    password = found.password(session.clock.now())
    await session.hide_secret("one-time password", password)
    return password


def _tells(value: str) -> bool:
    """Whether it could be a secret: common words would be hidden wherever they stand."""
    return len(value) >= _TELLING and value not in ("true", "false", "null")


async def _keep(session: Session, name: str, value: str, what: str, *, secret: bool = False, source: str = "") -> None:
    """Let ``${name}`` stand for *value*, which is *what*; *source* shows whether it is a secret, as its name does."""
    complain(name_complaint(name))
    if not value:
        raise session.failure(f"{what} is empty: there is nothing to remember", "a character at least")
    if len(value) > MOST:
        raise session.failure(f"{what} is too long to be remembered", f"at most {MOST} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise session.failure(f"{what} contains half of a character: it cannot be sent", "whole characters")
    session.variables[name] = value
    if secret or (_tells(value) and looks_secret(name, source)):
        for part in _that_tell(value):
            await session.hide_secret(name, part)


def _that_tell(value: str) -> tuple[str, ...]:
    """A secret and, of an address, what stands in it: a page, or a log line, may show it without its host."""
    if not value.startswith(("http://", "https://")):
        return (value,)
    try:
        parts = urlsplit(value)
        given = [text for _, text in parse_qsl(parts.query, max_num_fields=_MOST_PARAMETERS)]
    except ValueError:
        return (value,)
    path = [parts.path] if len(parts.path) >= _TELLING_PATH else []
    return (value, *path, *(text for text in given if len(text) >= _TELLING_PATH))
