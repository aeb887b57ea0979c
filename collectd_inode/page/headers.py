"""An answer's headers: names in any case, values as text; and the rules for a request's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collectd_inode.model import Misconfigured

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method, or a header's name (RFC 9110 section 5.6.2)."""

FRAMING = frozenset({"connection", "content-length", "te", "transfer-encoding", "upgrade"})
"""Headers that are the connection's own."""

IS_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json")
"""The media types of JSON, as `essence` has them."""

_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def name_complaint(name: str) -> str:
    """The mistake in *name* as that of a header that somebody sets; empty for a good one."""
    if not TOKEN.fullmatch(name):
        return f"“{name}” is not a header name"
    if name.lower() in FRAMING:
        return f"the header {name} is the connection's own and follows from the request"
    return ""


def is_value(value: str) -> bool:
    """Whether a header can have this value."""
    return _NO_VALUE.search(value) is None


def given_value(name: str, value: str) -> str:
    """*value* as it is sent in the header *name* that somebody sets; Misconfigured where HTTP cannot carry them."""
    if complaint := name_complaint(name):
        raise Misconfigured(complaint)
    if not is_value(value):
        raise Misconfigured(f"the value of the header {name} has a line end or another control character in it")
    return value.strip(" \t")


class Headers(Mapping[str, str]):
    """Name → value; a header that came several times has its values joined by commas (RFC 9110 section 5.3).

    httpx's own go through all of them at each look, and a page looks a dozen times.
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(map(_text, self._values[name.lower()]))

    def get(self, name: str, default: Any = None) -> Any:
        """The value of one header, else *default*; `Mapping` has it by an exception, which costs more."""
        values = self._values.get(name.lower())
        return default if values is None else ", ".join(map(_text, values))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_list(self, name: str) -> list[str]:
        """Every value of one header, in their order."""
        return list(map(_text, self.raw_list(name)))

    def raw_list(self, name: str) -> list[bytes]:
        """The same as the bytes that came."""
        return self._values.get(name.lower(), [])


def _text(value: bytes) -> str:
    """UTF-8, as servers write it in spite of the rules; else Latin-1, which anything is."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


_BLANKS = " \t\r\n"
_LIST_PART = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[^",])+', re.DOTALL)
_PARAMETER = re.compile(r';[ \t\r\n]*+([^;=]*+)(?:=(?:"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)[^;]*+|([^;]*+)))?', re.DOTALL)
_PARAMETER_VALUE = re.compile(r"[\t -~\x80-\U0010ffff]*")
_NAMELESS = frozenset({"*/*", "unknown/unknown", "application/unknown"})
"""The types that a server sends if it does not know: the content decides (MIME Sniffing, 5.1 and 7)."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """The content of a Content-Type: the type in lower case, without parameters, and the charset; both may be empty."""

    essence: str = ""
    charset: str = ""


def media_type(content_type: str) -> MediaType:
    """The type that several Content-Type lines, joined by commas, make (Fetch, "extract a MIME type").

    The last valid one counts; its charset is kept over from earlier ones of the same type.  The beginning of a long
    header is read.
    """
    return _known_type(content_type) if len(content_type) <= _USUAL else _type(content_type[:_LONGEST_TYPE])


_LONGEST_TYPE = 8192
_USUAL = 100
"""Characters: servers have few types that are so short, and send them with each page."""


def _type(content_type: str) -> MediaType:
    found = MediaType()
    for part in _LIST_PART.findall(content_type):
        one = _read(part)
        if one.essence in ("", "*/*"):
            continue
        if one.essence == found.essence and not one.charset:
            one = found
        found = one
    return MediaType(charset=found.charset) if found.essence in _NAMELESS else found


_known_type = lru_cache(maxsize=256)(_type)


def _read(text: str) -> MediaType:
    """One type (MIME Sniffing, 4.4 "Parsing a MIME type"); an empty one where it is none.

    A forgotten semicolon is forgiven, as in Chromium: the type ends at a blank.
    """
    essence, semicolon, rest = text.strip(_BLANKS).partition(";")
    kind, slash, subtype = re.split(f"[{_BLANKS}]", essence, maxsplit=1)[0].partition("/")
    if not slash or not TOKEN.fullmatch(kind) or not TOKEN.fullmatch(subtype):
        return MediaType()
    return MediaType(f"{kind}/{subtype}".lower(), next(_charsets(semicolon + rest), ""))


def _charsets(parameters: str) -> Iterator[str]:
    """The charsets that a type names; of several the first counts, also a quoted one of no letters."""
    for found in _PARAMETER.finditer(parameters):
        name, quoted, plain = found.groups()
        value = (plain or "").rstrip(_BLANKS) if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        if name.lower() == "charset" and (value or quoted is not None) and _PARAMETER_VALUE.fullmatch(value):
            yield value


def essence(content_type: str) -> str:
    """The media type in lower case, without parameters; empty where it is none."""
    return media_type(content_type).essence


def upgrades_insecure_requests(policies: str) -> bool:
    """Whether a Content-Security-Policy asks for https in place of http (Upgrade Insecure Requests, 3)."""
    directives = re.split(r"[;,]", policies.lower())
    return any(directive.split()[:1] == ["upgrade-insecure-requests"] for directive in directives)


def clears_cookies(clear_site_data: str) -> bool:
    """Whether a Clear-Site-Data header takes cookies away (Clear Site Data, 3.1); its words stand in quotes."""
    return not {'"cookies"', '"*"'}.isdisjoint(word.strip() for word in clear_site_data.split(","))


_DISPOSITION = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def is_attachment(disposition: str) -> bool:
    """Whether a Content-Disposition header makes its answer a download: any type but "inline" does (RFC 6266, 4.2)."""
    kind = disposition.partition(";")[0].strip()
    return _DISPOSITION.fullmatch(kind) is not None and kind.lower() != "inline"
