"""EUC-JP and ISO-2022-JP as the Encoding Standard has them (12.1 and 12.2), as Python codecs.

Python's own have JIS X 0208 as it was published: without the NEC and IBM characters (``①``, ``㈱``, ``髙``) that every
browser reads, and with a wave dash where browsers have the full-width tilde, so that “10:00～18:00” is not found.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

EUC_JP = "collectd_inode_euc_jp"
ISO_2022_JP = "collectd_inode_iso_2022_jp"

_EUC = re.compile(
    rb"(?P<ascii>[\x00-\x7f]+)|\x8e(?P<kana>[\xa1-\xdf])|(?P<rare>\x8f[\xa1-\xfe]{2})|(?P<pairs>(?:[\xa1-\xfe]{2})+)"
    rb"|\x8f[\xa1-\xfe][\x80-\xff]|[\x8e\x8f\xa1-\xfe][\x80-\xff]|.",
    re.DOTALL,
)
_SEVEN_BITS = re.compile(rb"(?P<pairs>(?:[\x21-\x7e]{2})+)|[\x21-\x7e][^\x1b]|.", re.DOTALL)
_ESCAPE = re.compile(rb"(\x1b(?:\([BJI]|\$[@B]))")
_ASCII, _ROMAN, _KANA, _PAIRS = b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$B"
_BROKEN = "\ufffd"
_HALF_WIDTH = range(0xFF61, 0xFFA0)
"""The half-width katakana, which are octets from A1 on (21 on in seven bits)."""
_AS_ROMAN = str.maketrans("\\~\x0e\x0f\x1b", "\xa5\u203e" + 3 * _BROKEN)
_AS_ASCII = str.maketrans("\x0e\x0f\x1b", 3 * _BROKEN)
_FROM_ROMAN = {"\xa5": b"\\", "\u203e": b"~"}
_MINUS = ("\u2212", "\uff0d")

_Unit = tuple[bytes, bytes]
"""The escape sequence of the octets' state, and the octets of a character."""


@cache
def _characters() -> dict[bytes, str]:
    """JIS X 0208 with the rows of NEC and IBM: two octets of seven bits → a character.

    Windows' Shift_JIS has them all, in another order of octets.
    """
    found = {}
    for row in range(94):
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        for cell in range(94):
            place = cell + 94 * (row % 2)
            try:
                character = bytes((lead, place + (0x40 if place < 0x3F else 0x41))).decode("cp932")
            except UnicodeDecodeError:
                continue
            found[bytes((row + 0x21, cell + 0x21))] = character
    return found


@cache
def _octets() -> dict[str, bytes]:
    """The other way round; the first of multiple places (Encoding, 5, "index pointer")."""
    return {character: octets for octets, character in reversed(_characters().items())}


def _pairs(octets: bytes) -> str:
    rows = _characters()
    return "".join(rows.get(octets[at : at + 2], _BROKEN) for at in range(0, len(octets), 2))


def _euc_decoded(octets: bytes) -> str:
    return "".join(map(_euc_part, _EUC.finditer(octets)))


def _euc_part(found: re.Match[bytes]) -> str:
    match found.lastgroup:
        case "ascii":
            return found[0].decode("ascii")
        case "kana":
            return chr(_HALF_WIDTH.start - 0xA1 + found["kana"][0])
        case "pairs":
            return _pairs(bytes(octet & 0x7F for octet in found[0]))
        case "rare":  # JIS X 0212, which Python has, but for its tilde
            return _rare(found[0])
    return _BROKEN


def _rare(octets: bytes) -> str:
    try:
        return octets.decode("euc_jp").replace("~", "～")
    except UnicodeDecodeError:
        return _BROKEN


def _iso_decoded(octets: bytes) -> str:
    first, *more = _ESCAPE.split(octets)
    parts = [_seven_bits(first, _ASCII)]
    for at, (escape, part) in enumerate(zip(more[::2], more[1::2], strict=True)):
        last = at == len(more) // 2 - 1
        # One escape sequence right behind another is how a filter is led astray (Encoding, 12.2.1, "output flag").
        parts.append(_seven_bits(part, escape) if part or last else _BROKEN)
    return "".join(parts)


def _seven_bits(octets: bytes, state: bytes) -> str:
    if state == _KANA:
        return "".join(chr(_HALF_WIDTH.start - 0x21 + octet) if 0x21 <= octet <= 0x5F else _BROKEN for octet in octets)
    if state in (_ASCII, _ROMAN):
        text = octets.decode("latin-1").translate(_AS_ROMAN if state == _ROMAN else _AS_ASCII)
        return "".join(c if c < "\x80" or c in "\xa5\u203e" else _BROKEN for c in text)
    return "".join(_pairs(found[0]) if found["pairs"] else _BROKEN for found in _SEVEN_BITS.finditer(octets))


def _euc_unit(character: str) -> _Unit | None:
    if character.isascii():
        return b"", character.encode("ascii")
    if character in _FROM_ROMAN:
        return b"", _FROM_ROMAN[character]
    if ord(character) in _HALF_WIDTH:
        return b"", bytes((0x8E, ord(character) - _HALF_WIDTH.start + 0xA1))
    pair = _octets().get(character.replace(*_MINUS))
    return None if pair is None else (b"", bytes(octet | 0x80 for octet in pair))


def _iso_unit(character: str) -> _Unit | None:
    if character in "\x0e\x0f\x1b":
        return None
    if character.isascii():
        return _ASCII, character.encode("ascii")
    if character in _FROM_ROMAN:
        return _ROMAN, _FROM_ROMAN[character]
    if ord(character) in _HALF_WIDTH:
        wide = {"\uff9e": "\u309b", "\uff9f": "\u309c"}
        character = wide.get(character) or unicodedata.normalize("NFKC", character)
    pair = _octets().get(character.replace(*_MINUS))
    return None if pair is None else (_PAIRS, pair)


def _units(text: str, errors: str, unit: Callable[[str], _Unit | None], name: str) -> Iterator[_Unit]:
    for at, character in enumerate(text):
        found = unit(character)
        if found is not None:
            yield found
            continue
        instead, _ = codecs.lookup_error(errors)(UnicodeEncodeError(name, text, at, at + 1, "not in the character set"))
        yield from ((_ASCII, bytes((octet,))) for octet in str(instead).encode("ascii", "replace"))


def _euc_encoded(text: str, errors: str = "strict") -> tuple[bytes, int]:
    return b"".join(octets for _, octets in _units(text, errors, _euc_unit, EUC_JP)), len(text)


def _iso_encoded(text: str, errors: str = "strict") -> tuple[bytes, int]:
    written, state = bytearray(), _ASCII
    for wanted, octets in _units(text, errors, _iso_unit, ISO_2022_JP):
        if wanted != state and not (state == _ROMAN and wanted == _ASCII and octets not in (b"\\", b"~")):
            written += wanted
            state = wanted
        written += octets
    return bytes(written + (b"" if state == _ASCII else _ASCII)), len(text)


class _Decoder:
    def __init__(self, name: str, decoded: Callable[[bytes], str]) -> None:
        self._name, self._decoded = name, decoded

    def __call__(self, data: Buffer, errors: str = "strict", /) -> tuple[str, int]:
        octets = bytes(data)
        text = self._decoded(octets)
        if errors == "strict" and _BROKEN in text:
            raise UnicodeDecodeError(self._name, octets, 0, len(octets), "not in the character set")
        return text, len(octets)


_CODECS = {
    EUC_JP: codecs.CodecInfo(_euc_encoded, _Decoder(EUC_JP, _euc_decoded), name=EUC_JP),
    ISO_2022_JP: codecs.CodecInfo(_iso_encoded, _Decoder(ISO_2022_JP, _iso_decoded), name=ISO_2022_JP),
}
codecs.register(_CODECS.get)
