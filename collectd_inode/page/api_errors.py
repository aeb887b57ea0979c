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

_MAY_BE = ("error", "fault", "exception", "problem", "fail", '"ok":false', '"ok": false', "succe")
"""Words in lower case: an answer without any of them reports no error."""

_MOST_CHARACTERS = 1_000_000
_MOST = 5
_DEEPEST = 6
_LOOKED_AT = 5000

_HOLDERS = words("error errors fault faults exception exceptions problem problems failure failures rootcause")
_SAYS = words(
    "message msg detail details title reason description errordescription errormessage errormsg faultstring"
    " exceptionmessage error errors usermessage info text"
)
_NAMES = words("code type status errorcode statuscode id name")
"""Members that name an error where nothing describes it."""
_OTHER = words(
    "locations path source extensions timestamp instance trace stack stacktrace requestid traceid meta links"
)
_BAD_WORDS = words("error errors fail failed failure ko")
_WORDLESS = re.compile(r"[\d\W]*")

_XML_FAULT = re.compile(
    r"fault|error|errors|exception|exceptionreport|serviceexception(?:report)?|problem", re.IGNORECASE
)
_XML_SAYS = words(
    "faultstring reason message detail details title description text error errormessage exceptiontext serviceexception"
)


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
        yield from _texts(answer)
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
    status = next((named[name] for name in ("status", "result", "state") if name in named), None)
    return isinstance(status, str) and status.lower() in _BAD_WORDS


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
    named = [(_bare(name), name, value) for name, value in error.items()]
    if {bare for bare, _, _ in named} == {"lang", "value"}:  # OData
        named = [("text", name, value) for bare, name, value in named if bare == "value"]
    saying = [(name, value) for bare, name, value in named if bare in _SAYS or bare in _HOLDERS]
    found = [said for _, value in saying for said in _texts(value, depth + 1)]
    if found:
        yield from found
    elif depth:
        fields = [(name, value) for bare, name, value in named if bare not in _OTHER]
        fields = [(name, value) for name, value in fields if _bare(name) not in _NAMES or not isinstance(value, str)]
        yield from (f"{name}: {said}" for name, value in fields for said in _texts(value, depth + 1))
        if not fields:
            names = (value for bare, _, value in named if bare in _NAMES)
            yield from (value for value in names if isinstance(value, str))


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _of_xml(root: Element, *, refused: bool) -> Iterator[str]:
    elements = list(islice(root.iter(etree.Element), _LOOKED_AT))
    faults = [element for element in elements if _XML_FAULT.fullmatch(_local(element))]
    if not refused and not faults:
        return
    for element in _saying(faults[0].iter(etree.Element) if faults else elements):
        yield " ".join(map(str, element.itertext()))


def _saying(elements: Iterable[Element]) -> Iterator[Element]:
    """The innermost of the *elements* that describe an error; SOAP 1.1's ``faultstring``, SOAP 1.2's ``Text``."""
    return (
        e for e in elements if _local(e).lower() in _XML_SAYS and not any(_local(c).lower() in _XML_SAYS for c in e)
    )


def _local(element: Element) -> str:
    return etree.QName(element).localname
