"""The sentences on JSON answers.  The body is read once a page, by one worker if it is large."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from collectd_inode.model import Misconfigured
from collectd_inode.page.page import Page
from collectd_inode.scenario import json_pointer, patterns
from collectd_inode.scenario.action import action
from collectd_inode.scenario.json_pointer import BadPointer, Missing, NotJSON, kind, shown
from collectd_inode.scenario.session import Session, complain, nearest
from collectd_inode.secrets.names import looks_secret
from collectd_inode.wire.workers import aside_if_large
from collectd_inode.words import plural

NO_PARTS = "JSON has no elements for a selector: the pointer names the place"

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "less than": operator.lt,
    "more than": operator.gt,
    "at least": operator.ge,
    "at most": operator.le,
    "exactly": operator.eq,
}
"""The ways in which a number may be compared, as sentences say it."""


def pointer_complaint(pointer: str) -> str:
    """The mistake in *pointer*; empty for a good one."""
    try:
        json_pointer.tokens(pointer)
    except BadPointer as error:
        return f"“{pointer}”: {error}"
    return ""


def document_complaint(text: str) -> str:
    """The mistake in the JSON that a feature file expects; empty for good JSON."""
    try:
        json_pointer.read(text)
    except NotJSON as error:
        return f"the text below the step is not JSON: {error}"
    return ""


def literal_complaint(text: str) -> str:
    """The mistake in a number, true, false or null; empty for a good one."""
    try:
        json_pointer.scalar(text)
    except NotJSON:
        return f"“{text}” is neither a number nor true, false or null; put text in quotes"
    return ""


def number_complaint(text: str) -> str:
    """The mistake in a number; empty for a good one."""
    if literal_complaint(text) or kind(json_pointer.scalar(text)) != "a number":
        return f"“{text}” is not a number"
    return ""


@action(navigates=False, on_json=True)
async def should_be_json(session: Session) -> None:
    """The last answer is JSON."""
    await document(session)


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_be(session: Session, pointer: str, wanted: str) -> None:
    """The value at a place is this text."""
    await _should_be(session, pointer, wanted)


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint, "wanted": literal_complaint})
async def json_should_be_literal(session: Session, pointer: str, wanted: str) -> None:
    """The value at a place is this number, true, false or null."""
    await _should_be(session, pointer, _literal(wanted))


@action(
    navigates=False, on_json=True, doc_string=True, checks={"pointer": pointer_complaint, "wanted": document_complaint}
)
async def json_should_be_document(session: Session, pointer: str, wanted: str) -> None:
    """The value at a place is equal to the JSON below the step, whatever the order of keys."""
    await _should_be(session, pointer, _written(wanted))


@action(navigates=False, negative=True, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_not_be(session: Session, pointer: str, unwanted: str) -> None:
    """The value at a place is not this text."""
    await _should_not_be(session, pointer, unwanted)


@action(
    navigates=False, negative=True, on_json=True, checks={"pointer": pointer_complaint, "unwanted": literal_complaint}
)
async def json_should_not_be_literal(session: Session, pointer: str, unwanted: str) -> None:
    """The value at a place is not this number, true, false or null."""
    await _should_not_be(session, pointer, _literal(unwanted))


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_contain(session: Session, pointer: str, wanted: str) -> None:
    """A text has this part, an array this element, an object this key."""
    await _should_contain(session, pointer, wanted)


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint, "wanted": literal_complaint})
async def json_should_contain_literal(session: Session, pointer: str, wanted: str) -> None:
    """An array has this number, true, false or null as an element."""
    await _should_contain(session, pointer, _literal(wanted))


@action(navigates=False, negative=True, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_not_contain(session: Session, pointer: str, unwanted: str) -> None:
    """A text has not this part, an array not this element, an object not this key."""
    await _should_not_contain(session, pointer, unwanted)


@action(
    navigates=False, negative=True, on_json=True, checks={"pointer": pointer_complaint, "unwanted": literal_complaint}
)
async def json_should_not_contain_literal(session: Session, pointer: str, unwanted: str) -> None:
    """An array has not this number, true, false or null as an element."""
    await _should_not_contain(session, pointer, _literal(unwanted))


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint, "pattern": patterns.complaint})
async def json_should_match(session: Session, pointer: str, pattern: str) -> None:
    """A regular expression matches the text, or the number, at a place."""
    value = await value_at(session, pointer)
    if isinstance(value, dict | list):
        raise session.failure(f"the JSON at “{pointer}” is {kind(value)}", f"/{pattern}/", _told(pointer, value))
    if not await patterns.found(pattern, json_pointer.as_text(value, json_pointer.MOST)):
        what = f"/{pattern}/ matches nothing of the JSON at “{pointer}”"
        raise session.failure(what, f"/{pattern}/", _told(pointer, value))


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_have_elements(session: Session, comparison: str, pointer: str, count: int) -> None:
    """An array has this number of elements, or an object this number of members."""
    value = await value_at(session, pointer)
    size = json_pointer.size(value)
    wanted = f"{comparison} {plural(count, 'element')}"
    if size is None:
        what = f"the JSON at “{pointer}” is {kind(value)}, which has no elements"
        raise session.failure(what, wanted, shown(value))
    if not COMPARISONS[comparison](size, count):
        raise session.failure(f"the JSON at “{pointer}” does not have {wanted}", wanted, f"{size}: {shown(value)}")


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint, "limit": number_complaint})
async def json_should_compare(session: Session, comparison: str, pointer: str, limit: str) -> None:
    """The number at a place is less than a limit, or more, or at least or at most that."""
    value = await value_at(session, pointer)
    complain(number_complaint(limit))
    wanted = json_pointer.scalar(limit)
    assert isinstance(wanted, int | float)
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = f"the JSON at “{pointer}” is {kind(value)}, not a number"
        raise session.failure(what, "a number", _told(pointer, value))
    if not COMPARISONS[comparison](value, wanted):
        said = f"{comparison} {limit}"
        raise session.failure(f"the JSON at “{pointer}” is not {said}", said, shown(value))


@action(navigates=False, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_exist(session: Session, pointer: str) -> None:
    """There is a value at a place, null perhaps."""
    await value_at(session, pointer)


@action(navigates=False, negative=True, on_json=True, checks={"pointer": pointer_complaint})
async def json_should_not_exist(session: Session, pointer: str) -> None:
    """There is no value at a place."""
    try:
        value = json_pointer.find(await document(session), _checked(pointer))
    except Missing:
        return
    raise session.failure(f"there is JSON at “{pointer}”", "nothing there", _told(pointer, value))


async def value_at(session: Session, pointer: str) -> object:
    """The value that *pointer* points to in the last answer, which is JSON; Failure if there is none."""
    whole = await document(session)
    try:
        return json_pointer.find(whole, _checked(pointer))
    except Missing as error:
        raise session.failure(f"there is no JSON at “{pointer}”", f"a value at “{pointer}”", str(error)) from None


async def document(session: Session) -> object:
    """The last answer as JSON; Failure if it is none."""
    if session.browser.scope is not None:
        raise Misconfigured(NO_PARTS)
    page = session.answer
    if session.document is None or session.document[0] is not page:
        session.document = None
        session.document = page, await _read(page)
    return session.document[1]


async def _read(page: Page) -> object:
    if page.body and not page.is_text:  # as the failure says at its end
        raise page.failure("the answer is not JSON", "JSON")
    text = page.source
    try:
        return await aside_if_large(len(text), json_pointer.read, text)
    except NotJSON as error:
        raise page.failure(f"the answer is not JSON: {error}", "JSON", await nearest(page)) from None


def _checked(pointer: str) -> str:
    complain(pointer_complaint(pointer))
    return pointer


def _literal(text: str) -> object:
    complain(literal_complaint(text))
    return json_pointer.scalar(text)


def _written(text: str) -> object:
    complain(document_complaint(text))
    return json_pointer.read(text)


async def _should_be(session: Session, pointer: str, wanted: object) -> None:
    different = json_pointer.difference(await value_at(session, pointer), wanted)
    if different is None:
        return
    where, found, expected = different
    place = f"{pointer}{where}"
    match found, expected:
        case (json_pointer.NOTHING, _):
            what = f"there is no JSON at “{place}”"
        case (_, json_pointer.NOTHING):
            what = f"there is JSON at “{place}”, where there should be none"
        case _:
            what = f"the JSON at “{place}” is not {shown(expected)}"
    raise session.failure(what, shown(expected), _told(place, found))


async def _should_not_be(session: Session, pointer: str, unwanted: object) -> None:
    value = await value_at(session, pointer)
    if json_pointer.same(value, unwanted):
        raise session.failure(f"the JSON at “{pointer}” is {shown(unwanted)}", "another value", shown(value))


async def _should_contain(session: Session, pointer: str, wanted: object) -> None:
    value = await value_at(session, pointer)
    if await _contains(value, wanted):
        return
    expected = {
        "a string": f"a text with {shown(wanted)} in it",
        "an array": f"an array with the element {shown(wanted)}",
        "an object": f"an object with the key {shown(wanted)}",
    }.get(kind(value), f"a text, an array or an object with {shown(wanted)} in it")
    what = f"the JSON at “{pointer}” does not contain {shown(wanted)}"
    raise session.failure(what, expected, _told(pointer, value))


async def _should_not_contain(session: Session, pointer: str, unwanted: object) -> None:
    value = await value_at(session, pointer)
    if await _contains(value, unwanted):
        what = f"the JSON at “{pointer}” contains {shown(unwanted)}"
        kinds = {"a string": "a text", "an array": "an array"}
        expected = f"{kinds.get(kind(value), 'an object')} without {shown(unwanted)}"
        raise session.failure(what, expected, _told(pointer, value))


async def _contains(value: object, wanted: object) -> bool:
    return await aside_if_large(json_pointer.size(value) or 0, json_pointer.contains, value, wanted)


def _told(pointer: str, value: object) -> str:
    """*value* for a message, if it may be shown: a token may not."""
    secret = looks_secret(pointer.rpartition("/")[2]) and kind(value) in ("a string", "a number")
    return f"{kind(value)}, not shown" if secret else shown(value)
