"""An answer's headers: names in any case, values as text; and what a request's may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method, or a header's name (RFC 9110 section 5.6.2)."""

FRAMING = frozenset({"connection", "content-length", "te", "transfer-encoding", "upgrade"})
"""Headers that are the connection's own."""

_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def name_complaint(name: str) -> str:
    """What is wrong with *name* as that of a header that somebody sets; empty for a good one."""
    if not TOKEN.fullmatch(name):
        return f"“{name}” is no name of a header"
    if name.lower() in FRAMING:
        return f"the header {name} is the connection's own and follows from the request"
    return ""


def is_value(value: str) -> bool:
    """Whether a header can have this value."""
    return _NO_VALUE.search(value) is None


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

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_list(self, name: str) -> list[str]:
        """Every value of one header, in the order in which they came."""
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


def essence(content_type: str) -> str:
    """The media type in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()
