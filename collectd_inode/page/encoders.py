"""The Encoding Standard's decoders, which turbohtml has, and its encoders (sections 8 to 14), for forms and queries.

turbohtml has no encoders: the index of one is read back from the decoder of the same name, octets by octets, when it is
first needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import product

Lacking = Callable[[str], bytes]
"""The octets for a character that an encoding lacks."""

UTF_8, GBK, ISO_2022_JP = "UTF-8", "GBK", "ISO-2022-JP"
REPLACEMENT = "replacement"
"""The encoding of what no browser reads, since a script could hide in it: one U+FFFD."""

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
"""A surrogate, which no encoding has."""
_TO_7E, _TO_FE = range(0x40, 0x7F), range(0xA1, 0xFF)
_PAIRS: Mapping[str, tuple[Iterable[int], Iterable[int]]] = {
    "Big5": (_TO_FE, (*_TO_7E, *_TO_FE)),
    "EUC-JP": (_TO_FE, _TO_FE),
    "EUC-KR": (range(0x81, 0xFF), range(0x41, 0xFF)),
    "gb18030": (range(0x81, 0xFF), (*_TO_7E, *range(0x80, 0xFF))),
    "Shift_JIS": ((*range(0x81, 0xA0), *range(0xE0, 0xED), *range(0xFA, 0xFD)), (*_TO_7E, *range(0x80, 0xFD))),
}
"""The lead and the trail octets that encoders write.

Big5's leads below A1 (Hong Kong's characters) and Shift_JIS' ED and EE (NEC's selection) are only read, as are F0 to F9
(private use).
"""
_LAST = {"Big5": "\u2550\u255e\u2561\u256a\u5341\u5345"}
"""Of several octets for a character the first are written, for these the last (index Big5 pointer)."""

_NOT_AS_PYTHON = {"\ue5e5": None, "\ue7c7": b"\x81\x35\xf4\x37"}
"""The first has the octets of a space, the second those of a letter, in Python's table of gb18030."""

_HALF_WIDTH = range(0xFF61, 0xFFA0)
"""The half-width katakana."""
_VOICED = {"\uff9e": "\u309b", "\uff9f": "\u309c"}
_MINUS = ("\u2212", "\uff0d")
_ROMAN = {"\xa5": b"\\", "\u203e": b"~"}
"""The characters in which JIS X 0201 Roman differs from ASCII."""
_TO_ASCII, _TO_ROMAN, _TO_PAIRS = b"\x1b(B", b"\x1b(J", b"\x1b$B"

_ONES: Mapping[str, Mapping[str, bytes]] = {
    "EUC-JP": _ROMAN | {chr(one): bytes((0x8E, one - _HALF_WIDTH.start + 0xA1)) for one in _HALF_WIDTH},
    "Shift_JIS": _ROMAN
    | {"\x80": b"\x80"}
    | {chr(one): bytes((one - _HALF_WIDTH.start + 0xA1,)) for one in _HALF_WIDTH},
}
"""Characters beyond ASCII that come before the pairs."""


def encoded(text: str, name: str, lacking: Lacking) -> bytes:
    """*text* in the encoding that the Standard calls *name*."""
    if name == UTF_8 and not _HALF_A_PAIR.search(text):
        return text.encode("utf-8")
    if name == ISO_2022_JP:
        return b"".join(_iso_2022_jp(text, lacking))
    find = _FINDERS.get(name) or partial(_found, name)
    octets = {one: find(one) or lacking(one) for one in set(text)}
    return b"".join(map(octets.__getitem__, text))


def decoded(octets: bytes, name: str) -> str:
    """*octets* as text; never fails, broken octets become U+FFFD."""
    if name == UTF_8:
        return octets.decode("utf-8", "replace")
    import turbohtml.detect  # noqa: F401, PLC0415  # it registers the codecs; most pages are in UTF-8

    return octets.decode(f"whatwg-{name}")


def _unicode(codec: str, character: str) -> bytes:
    return character.encode(codec, "ignore")


def _found(name: str, character: str) -> bytes | None:
    return character.encode() if character.isascii() else _index(name).get(character)


def _japanese(name: str, character: str) -> bytes | None:
    return _ONES[name].get(character) or _found(name, character.replace(*_MINUS))


def _gb18030(character: str) -> bytes | None:
    # Python has the ranges of four octets, and the eighteen characters that are written in two octets from which others
    # are read (10.2.2).
    if character in _NOT_AS_PYTHON:
        return _NOT_AS_PYTHON[character]
    return _found("gb18030", character) or character.encode("gb18030", "ignore")


def _gbk(character: str) -> bytes | None:
    if character == "€":
        return b"\x80"
    octets = _gb18030(character)
    return octets if octets is not None and len(octets) <= 2 else None


_FINDERS: Mapping[str, Callable[[str], bytes | None]] = {
    UTF_8: partial(_unicode, "utf-8"),
    "UTF-16BE": partial(_unicode, "utf-16-be"),
    "UTF-16LE": partial(_unicode, "utf-16-le"),
    "gb18030": _gb18030,
    GBK: _gbk,
    "EUC-JP": partial(_japanese, "EUC-JP"),
    "Shift_JIS": partial(_japanese, "Shift_JIS"),
    REPLACEMENT: partial(_unicode, "utf-8"),
}
"""The octets of a character, where an index alone does not have them."""


@cache
def _index(name: str) -> Mapping[str, bytes]:
    """Characters beyond ASCII and their octets, as the decoder reads them, line by line."""
    pairs = product(*_PAIRS[name]) if name in _PAIRS else ((octet,) for octet in range(0x80, 0x100))
    octets = list(map(bytes, pairs))
    found: dict[str, bytes] = {}
    for one, character in zip(octets, decoded(b"\n".join(octets), name).split("\n"), strict=True):
        is_first = character not in found or character in _LAST.get(name, "")
        if len(character) == 1 and character != "\ufffd" and is_first:
            found[character] = one
    return found


def _iso_2022_jp(text: str, lacking: Lacking) -> Iterator[bytes]:
    """The octets of each character, with the escape sequence of their character set (12.2.2)."""
    state = _TO_ASCII
    for character in text:
        wanted, octets = _seven_bits(character) or (_TO_ASCII, lacking("\ufffd" if character.isascii() else character))
        if wanted != state and not (wanted == _TO_ASCII and state == _TO_ROMAN and octets not in _ROMAN.values()):
            yield wanted
            state = wanted
        yield octets
    if state != _TO_ASCII:
        yield _TO_ASCII


def _seven_bits(character: str) -> tuple[bytes, bytes] | None:
    """The character set of a character, and its octets in it."""
    if character in _ROMAN:
        return _TO_ROMAN, _ROMAN[character]
    if character.isascii():
        return (_TO_ASCII, character.encode()) if character not in "\x0e\x0f\x1b" else None
    if ord(character) in _HALF_WIDTH:
        character = _VOICED.get(character) or unicodedata.normalize("NFKC", character)
    pair = _index("EUC-JP").get(character.replace(*_MINUS))
    return (_TO_PAIRS, bytes(octet & 0x7F for octet in pair)) if pair is not None else None
