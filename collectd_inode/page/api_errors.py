"""The error in an API's answer: in JSON (RFC 9457, JSON:API, GraphQL, OAuth) or XML (SOAP, S3).

For messages only: no expectation is judged by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from collectd_inode.page.text import Element, normalise, words

if TYPE_CHECKING:
    from collectd_inode.page.page import Page

_MAY_BE = (
    *("error", "fault", "exception", "problem", "fail", '"ok":false', '"ok": false', "succe"),
    *('"down"', "unhealthy", "degraded", "critical", "out_of_service"),
)
"""Words in lower case: an answer without any of them reports no error."""

_MOST_CHARACTERS = 1_000_000
_MOST = 5
_DEEPEST = 6
_LOOKED_AT = 5000

_HOLDERS = words("error errors fault faults exception exceptions problem problems failure failures rootcause")
_SAYS = words(
    "message msg detail details title reason description errordescription errormessage errormsg faultstring"
    " exceptionmessage error errors usermessage info text output"
)
_NAMES = words("code type status errorcode statuscode id name")
"""Members that name an error where nothing describes it."""
_OTHER = words(
    "locations path source extensions timestamp instance trace stack stacktrace requestid traceid meta links"
)
_BAD_WORDS = words("error errors fail failed failure ko down unhealthy critical degraded outofservice")
_GOOD_WORDS = words("pass passed ok up success succeeded healthy warn unknown skipped disabled")
_STATES = ("status", "result", "state")
_WORDLESS = re.compile(r"[\d\W]*")

_XML_FAULT = re.compile(
    r"fault|err|error|errors|exception|exceptionreport|serviceexception(?:report)?|problem", re.IGNORECASE
)
_XML_SAYS = words(
    "faultstring reason msg message detail details title description text error errormessage exceptiontext"
    " serviceexception"
)
_XML_ATTRIBUTES = ("message", "msg", "info", "description", "reason", "detail")
_XML_PAIRS = words("member entry pair")
"""Elements that hold a name and its value."""
_XML_TYPES = words("lst str int bool arr item field property value string")
"""Elements named after the type of their value, with an attribute for its name."""


def may_be_in(source: str) -> bool:
    """Whether an answer's *source*, in lower case, may report an error at all."""
    return any(word in source for word in _MAY_BE)


def found_in(page: Page) -> Iterator[str]:
    """The errors in *page*, which is not HTML, in its order, each once."""
    if page.document.root is not None:
        found = _of_xml(page.document.root, refused=page.status >= 400)
    else:
        found = _of_json(page.source, refused=page.status >= 400)
    yield from islice(dict.fromkeys(filter(None, map(normalise, found))), _MOST)


def _of_json(source: str, *, refused: bool) -> Iterator[str]:
    if not source.lstrip("\ufeff \t\r\n").startswith(("{", "[")) or len(source) > _MOST_CHARACTERS:
        return
    try:
        document = json.loads(source.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return
    for answer in document if isinstance(document, list) else [document]:
        if isinstance(answer, Mapping):
            yield from _reported(answer, refused=refused)


def _reported(answer: Mapping[str, object], *, refused: bool) -> Iterator[str]:
    """The errors in an answer's own members; other members of a good answer are not errors."""
    if refused or _says_it_failed(answer):
        said = list(_texts(answer))
        yield from said or _of_checks(answer)
        return
    for name, value in answer.items():
        if _bare(name) in _HOLDERS:
            yield from _texts(value, 1)
        elif _bare(name) in ("errormessage", "errordescription", "faultstring") and isinstance(value, str):
            yield value


def _says_it_failed(answer: Mapping[str, object]) -> bool:
    named = {_bare(name): value for name, value in answer.items()}
    if any(named.get(name) is False for name in ("success", "ok", "succeeded", "successful")):
        return True
    return _state(answer) in _BAD_WORDS


def _state(answer: Mapping[str, object]) -> str:
    named = {_bare(name): value for name, value in answer.items()}
    state = next((named[name] for name in _STATES if name in named), None)
    return _bare(state) if isinstance(state, str) else ""


def _of_checks(value: object, name: str = "", depth: int = 0) -> Iterator[str]:
    """The words of the bad checks in a report on health, each behind the innermost name: “db: connection refused”.

    Spring's ``components``, ASP.NET's ``entries``, ``checks`` of draft-inadarei-api-health-check.
    """
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value[:_MOST]:
            yield from _of_checks(item, name, depth + 1)
    elif isinstance(value, Mapping) and _state(value) not in _GOOD_WORDS:
        found = _described(value, depth) if _state(value) in _BAD_WORDS else []
        yield from (f"{name}: {said}" for said in found)
        for inner, other in () if found else value.items():
            yield from _of_checks(other, inner, depth + 1)


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """The words of *value*, an error or some of them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if not _WORDLESS.fullmatch(value):
            yield value
    elif isinstance(value, list):
        for item in value[:_MOST]:
            yield from _texts(item, depth + 1)
    elif isinstance(value, Mapping):
        yield from _members(value, depth)


def _members(error: Mapping[str, object], depth: int) -> Iterator[str]:
    found = _described(error, depth)
    if found or not depth:
        yield from found
        return
    named = [(_bare(name), name, value) for name, value in error.items()]
    fields = [(name, value) for bare, name, value in named if bare not in _OTHER]
    fields = [(name, value) for name, value in fields if _bare(name) not in _NAMES or not isinstance(value, str)]
    yield from (f"{name}: {said}" for name, value in fields for said in _texts(value, depth + 1))
    if not fields:
        names = (value for bare, _, value in named if bare in _NAMES)
        yield from (value for value in names if isinstance(value, str))


def _described(error: Mapping[str, object], depth: int) -> list[str]:
    """The words of the members that describe an error; ``data`` is one of them in an error only (JSON-RPC)."""
    named = [(_bare(name), value) for name, value in error.items()]
    if {bare for bare, _ in named} == {"lang", "value"}:  # OData
        named = [("text", value) for bare, value in named if bare == "value"]
    saying = [value for bare, value in named if bare in _SAYS or bare in _HOLDERS]
    saying += [value for bare, value in named if bare == "data" and depth and isinstance(value, str)]
    return [said for value in saying for said in _texts(value, depth + 1)]


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _of_xml(root: Element, *, refused: bool) -> Iterator[str]:
    elements = list(islice(root.iter(etree.Element), _LOOKED_AT))
    faults = [element for element in elements if _XML_FAULT.fullmatch(_name(element))]
    failed = [element for element in (root, *root.iterchildren(etree.Element)) if _is_marked_bad(element)]
    if not refused and not faults and not failed:
        return
    for element in _saying((faults or failed)[0].iter(etree.Element) if faults or failed else elements):
        yield _said_by(element)


def _is_marked_bad(element: Element) -> bool:
    """Whether *element* says itself that something failed: ``<rsp stat="fail">``, ``<status>failure</status>``."""
    marks = {_bare(name): str(value) for name, value in element.attrib.items() if isinstance(name, str)}
    marks |= {_bare(_local(child)): child.text or "" for child in element.iterchildren(etree.Element)}
    states = {_bare(marks.get(name, "").strip()) for name in (*_STATES, "stat")}
    return not states.isdisjoint(_BAD_WORDS) or marks.get("success", "").strip().lower() == "false"


def _saying(elements: Iterable[Element]) -> Iterator[Element]:
    """The innermost of the *elements* that describe an error; SOAP 1.1's ``faultstring``, SOAP 1.2's ``Text``."""
    return (e for e in elements if _says(e) and not any(_says(inner) for inner in e.iterdescendants(etree.Element)))


def _says(element: Element) -> bool:
    return _bare(_name(element)) in _XML_SAYS or bool(_described_by(element))


def _said_by(element: Element) -> str:
    """The attribute that describes it, else its text; of a pair of name and value the value's."""
    key = _key_of(element)
    parts = (element,) if key is None else key.itersiblings(etree.Element)
    return _described_by(element) or " ".join(" ".join(map(str, part.itertext())) for part in parts)


def _described_by(element: Element) -> str:
    """The attribute with the words of a fault: ``<err code="100" msg="Invalid API key"/>``."""
    if _XML_FAULT.fullmatch(_name(element)) is None:
        return ""
    return next((str(element.get(name)) for name in _XML_ATTRIBUTES if element.get(name)), "")


def _name(element: Element) -> str:
    """The name of *element*; of a generic one the name that it is given.

    XML-RPC's ``<member><name>faultString</name>…``, Solr's ``<str name="msg">``.
    """
    local = _local(element)
    if (key := _key_of(element)) is not None:
        return (key.text or "").strip()
    return element.get("name") or element.get("key") or local if local.lower() in _XML_TYPES else local


def _key_of(element: Element) -> Element | None:
    """The element with the name, where *element* is a pair of name and value."""
    if _local(element).lower() not in _XML_PAIRS:
        return None
    first = next(element.iterchildren(etree.Element), None)
    return first if first is not None and _local(first).lower() in ("name", "key", "string") else None


def _local(element: Element) -> str:
    return etree.QName(element).localname
