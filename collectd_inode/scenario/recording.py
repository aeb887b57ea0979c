"""A journey that a browser has recorded (HAR 1.2), as requests and answers.  Pure; the bytes are untrusted.

Firefox, Chromium and Playwright write the same form with different extras: a request's purpose comes from the
``Sec-Fetch-`` headers (https://www.w3.org/TR/fetch-metadata/), else from Chromium's ``_resourceType``, else from the
answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from collectd_inode.page import forms, urls
from collectd_inode.page.headers import essence

MOST_BYTES = 256 * 2**20
MOST_REQUESTS = 10_000

Attached = Callable[[str], bytes]
"""The content of a file beside the recording, by its name; empty if there is none."""


class BadRecording(ValueError):
    """The file is not a HAR file; the message says what was expected."""


class Purpose(Enum):
    """The purpose of a request."""

    PAGE = "page"
    CALL = "call"
    """A script's own request (XMLHttpRequest, fetch)."""
    PART = "part"
    """Style sheets, scripts, pictures, frames and the like."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request and its answer; header names are in lower case.  ``status`` is 0 where no answer came."""

    purpose: Purpose
    method: str
    url: str
    headers: Mapping[str, str]
    sent: str
    sent_type: str
    status: int
    answered: Mapping[str, str]
    body: bytes
    leads_to: str
    """The address that a redirect leads to; empty for other answers."""
    cookies: tuple[tuple[str, str], ...] = ()
    """The cookies that were set, as they came."""
    account: tuple[str, str] | None = None
    """User and password of basic authentication (RFC 7617)."""
    is_lost: bool = False
    """Whether the answer had a body that the recording has not."""

    @property
    def host(self) -> str:
        """The requested host."""
        return urlsplit(self.url).hostname or ""

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and value of each field of a form that was sent; of a file its name."""
        if self.sent_type == forms.MULTIPART and self.sent.startswith("--"):
            return [(name, value) for name, value, _ in _parts(self.sent)]
        return parse_qsl(self.sent, keep_blank_values=True)

    @property
    def sends_file(self) -> bool:
        """Whether a file was sent."""
        return self.sent_type == forms.MULTIPART and any(is_file for _, _, is_file in _parts(self.sent))


def _parts(text: str) -> Iterator[tuple[str, str, bool]]:
    """Name and value of each part of multipart/form-data (RFC 7578), and whether it is a file's."""
    boundary, _, rest = text.partition("\n")
    for part in rest.split(boundary.rstrip("\r")):
        head, _, body = part.replace("\r\n", "\n").partition("\n\n")
        named = re.search(r'\bname="([^"]*)"', head)
        file = re.search(r'\bfilename="([^"]*)"', head)
        if named:
            yield named[1], file[1] if file else body.removesuffix("\n"), bool(file and file[1])


def requests(content: bytes, attached: Attached = lambda _: b"") -> list[Recorded]:
    """The requests of a HAR file in the order of their start; Playwright may keep bodies in files *attached* to it.

    Raises BadRecording.
    """
    try:
        log = json.loads(content)["log"]
        entries = log["entries"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise BadRecording(f'expected a HAR file: JSON with "log" and "entries" in it{_instead(content)}') from None
    if not isinstance(entries, list):
        raise BadRecording('expected a list of "entries" in the HAR file')
    if len(entries) > MOST_REQUESTS:
        raise BadRecording(f"expected {MOST_REQUESTS} requests at most, found {len(entries)}: record less")
    found = [(_start(entry), made) for entry in entries if (made := _recorded(entry, attached)) is not None]
    if all(start is not None for start, _ in found):
        found.sort(key=lambda one: one[0] or 0.0)
    return [made for _, made in found]


_PACKED = {b"PK": "a zip archive", b"\x1f\x8b": "gzip"}
"""How files begin that a recording may be packed in."""


def _instead(content: bytes) -> str:
    found = next((what for start, what in _PACKED.items() if content.startswith(start)), "")
    return f"; this is {found}: unpack it" if found else ""


def _recorded(entry: Any, attached: Attached) -> Recorded | None:
    request, response = _part(entry, "request"), _part(entry, "response")
    url = urls.without_fragment(_text(request, "url"))
    method = _text(request, "method").upper()
    try:
        web = urls.is_web(url) and urlsplit(url).hostname is not None
    except ValueError:
        web = False
    if not web or not method.isalpha():
        return None
    headers, answered = _headers(request), _headers(response)
    content = _part(response, "content")
    answered.setdefault("content-type", _text(content, "mimeType"))
    body = _body(content, attached)
    posted = _part(request, "postData")
    status = response.get("status")
    status = status if isinstance(status, int) and 100 <= status <= 599 else 0
    return Recorded(
        _purpose(entry, method, headers, answered),
        method,
        url,
        headers,
        _posted(posted, attached),
        essence(_text(posted, "mimeType") or headers.get("content-type", "")),
        status,
        answered,
        body,
        _redirect(url, status, _text(response, "redirectURL") or answered.get("location", "")),
        tuple(_cookies(response)),
        _account(headers.get("authorization", "")),
        is_lost=not body and isinstance(size := content.get("size"), int) and size > 0,
    )


def _part(found: Any, name: str) -> dict[str, Any]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _pairs(found: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    listed = found.get(name)
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield _text(one, "name"), _text(one, "value")


def _headers(found: Mapping[str, Any]) -> dict[str, str]:
    """The last of each name; HTTP/2's own (``:path``) are none."""
    return {name.lower(): value for name, value in _pairs(found, "headers") if not name.startswith(":")}


def _cookies(response: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Firefox has those of one answer in one header, a line each."""
    for name, value in _pairs(response, "headers"):
        for line in value.split("\n") if name.lower() == "set-cookie" else ():
            key, _, rest = line.partition("=")
            yield key.strip(), rest.partition(";")[0].strip()


def _account(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon and user and password else None


def _posted(posted: Mapping[str, Any], attached: Attached) -> str:
    """The text that was sent; Chromium may list the parameters only."""
    text = _text(posted, "text") or urlencode(list(_pairs(posted, "params")))
    return text or _attached(posted, attached).decode("utf-8", "replace")


def _attached(part: Mapping[str, Any], attached: Attached) -> bytes:
    """The body in a file of its own: Playwright's ``content: "attach"``."""
    name = _text(part, "_file")
    return attached(name) if _FILE.fullmatch(name) else b""


_FILE = re.compile(r"\w[\w.-]*", re.ASCII)
"""The name of a file in the recording's own folder."""


def _body(content: Mapping[str, Any], attached: Attached) -> bytes:
    text = _text(content, "text")
    if not text:
        return _attached(content, attached)
    if content.get("encoding") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _redirect(url: str, status: int, location: str) -> str:
    if status not in (301, 302, 303, 307, 308) or not location:
        return ""
    try:
        return urls.without_fragment(urls.resolve(url, location))
    except urls.BadURL:
        return ""


def _start(entry: Any) -> float | None:
    try:
        return datetime.fromisoformat(_text(entry, "startedDateTime")).timestamp()
    except (ValueError, AttributeError, OverflowError):
        return None


_CALLS = {"xhr", "fetch"}


def _is_ahead(headers: Mapping[str, str]) -> bool:
    """Whether the browser prefetched the page (https://wicg.github.io/nav-speculation/prefetch.html)."""
    return any("prefetch" in headers.get(name, "") for name in ("sec-purpose", "purpose", "x-moz"))


def _purpose(entry: Any, method: str, headers: Mapping[str, str], answered: Mapping[str, str]) -> Purpose:
    if method in ("OPTIONS", "HEAD", "CONNECT") or _is_ahead(headers):
        return Purpose.PART
    if (destination := headers.get("sec-fetch-dest")) is not None:
        named = {"document": Purpose.PAGE, "empty": Purpose.CALL}
        return named.get(destination, Purpose.PART)
    if kind := _text(entry, "_resourceType").lower():
        return Purpose.PAGE if kind == "document" else Purpose.CALL if kind in _CALLS else Purpose.PART
    answer = essence(answered.get("content-type", ""))
    by_script = "x-requested-with" in headers or "json" in answer or "json" in headers.get("content-type", "")
    if by_script:
        return Purpose.CALL
    wants_page = headers.get("accept", "text/html").startswith("text/html")
    return Purpose.PAGE if wants_page and (method == "POST" or answer.endswith("html")) else Purpose.PART
