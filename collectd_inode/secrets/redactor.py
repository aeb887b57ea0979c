"""The removal of secrets, in any encoding, from every text that a run leaves."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from collectd_inode.words import ELLIPSIS


class Redactor:
    """Writes ``[NAME]`` in place of a secret's value, also in a browser's encodings."""

    def __init__(self) -> None:
        self._secrets: list[tuple[str, str]] = []
        self._pattern: re.Pattern[str] | None = None

    def hide(self, name: str, value: str) -> None:
        """From now on *value* reads ``[name]``."""
        if not value.strip() or any(value == known for known, _ in self._secrets):
            return
        self._secrets.append((value, name))
        # Longest first: a secret that contains another must not leave its rest behind.
        self._secrets.sort(key=lambda secret: len(secret[0]), reverse=True)
        patterns = (_pattern_of(value) for value, _ in self._secrets)
        self._pattern = re.compile("|".join(f"({pattern})" for pattern in patterns), re.IGNORECASE)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The pattern of every secret in any encoding; None if there is none."""
        return self._pattern

    def __call__(self, text: str) -> str:
        """*text* without secrets."""
        if self._pattern is None:
            return text
        whole = self._pattern.sub(lambda match: f"[{self._secrets[(match.lastindex or 1) - 1][1]}]", text)
        if ELLIPSIS not in whole:
            return whole
        for value, name in self._secrets:
            whole = _without_cut_ends(whole, value, f"[{name}]")
        return whole


_TELLING = 4
"""The least length of a part of a secret, cut in two, that is hidden; a shorter part may be anybody's."""


def _pattern_of(value: str) -> str:
    """*value* in any form: as it is, in a URL, in a page, in a header, in a repr.

    Not found: a value that was reversed, spaced, cut without an ellipsis, compressed, or wrapped by base64's line ends.
    """
    forms = dict.fromkeys([value, unicodedata.normalize("NFC", value), unicodedata.normalize("NFD", value)])
    octets = value.encode("utf-8", "surrogatepass")
    encoded = [*_base64(octets), _hexadecimal(octets)]
    # The characters that it may begin with come first: most of a text begins no secret.
    begin = {
        *"%=&\\",
        *(form.strip()[:1] for form in forms),
        *(re.sub(r"[\\[]", "", form)[0] for form in encoded),
        *"+-/_",
    }
    first = "".join(map(re.escape, sorted(begin)))
    return f"(?=[{first}])(?:{'|'.join([*map(_as_written, forms), *encoded])})"


def _as_written(value: str) -> str:
    parts = re.split(r"\s+", value.strip())
    blank = "(?:" + "|".join(map(_pattern_of_character, " \u00a0\t\r\n")) + rf"|{_percent(b' ')}|\+|=\r?\n|\s)+"
    return blank.join(_BETWEEN.join(map(_pattern_of_character, re.findall(r"\\+|[^\\]", part))) for part in parts)


def _base64(octets: bytes) -> Iterator[str]:
    """Alone, and within something longer: there it begins at the first, second or third octet of a group."""
    yield re.escape(base64.b64encode(octets).decode("ascii"))
    for before in range(3):
        whole = base64.b64encode(bytes(before) + octets).decode("ascii")
        inside = whole[(before * 8 + 5) // 6 : (before + len(octets)) * 8 // 6]
        if len(inside) >= _TELLING:
            yield re.escape(inside).replace(r"\+", "[+-]").replace("/", "[/_]")


def _hexadecimal(octets: bytes) -> str:
    return r"[: -]?".join(f"{octet:02x}" for octet in octets)


def _percent(octets: bytes) -> str:
    """Percent-encoded, and that again: each time the % of what is there becomes %25."""
    return "".join(f"%(?:25){{0,4}}{octet:02x}" for octet in octets)


_BACKSLASHES = r"\\{%d,31}+"
"""The least number of backslashes; JSON in JSON doubles them and adds one.  Possessive: a run of them is read once."""


@lru_cache(maxsize=1024)
def _pattern_of_character(character: str) -> str:
    """Any form of one character, or of a run of backslashes."""
    if character[0] == "\\":
        plain = _BACKSLASHES % len(character)
        entities = "".join(r"(?:&\#0*92;|&\#x0*5c;)" for _ in character)
        return f"(?:{'|'.join([entities, _encoded(character), plain])})"
    # Which characters are escaped differs from one part of a URL to the next, so each may be or not.
    escaped = [
        f"\\u{ord(character):04x}",
        "".join(f"\\x{octet:02x}" for octet in character.encode("utf-8", "surrogatepass")),
        repr(character)[1:-1],
        json.dumps(character)[1:-1],
    ]
    # Half a megabyte, for who has secrets.
    from html import escape  # noqa: PLC0415
    from html.entities import codepoint2name  # noqa: PLC0415

    page = [escape(character), f"&{codepoint2name.get(ord(character), '')};"]
    # Longest first: the short forms begin some of the long ones.
    listed = sorted({re.escape(form) for form in (*escaped, *page) if len(form) > 2 or form[0] == "\\"}, key=len)
    listed = [form.replace(r"\\", _BACKSLASHES % 1) for form in reversed(listed)]
    entities = rf"&\#0*{ord(character)};|&\#x0*{ord(character):x};"
    return f"(?:{'|'.join([entities, _encoded(character), *listed, re.escape(character)])})"


_BETWEEN = rf"(?:=\r?\n)?(?:{_BACKSLASHES % 1})?"
"""Between two characters: quoted-printable breaks its lines anywhere (RFC 2045 section 6.7), and JSON in JSON may have
backslashes before what JSON need not escape.  Not before the first, or nothing could be searched for quickly."""


def _encoded(text: str) -> str:
    octets = text.encode("utf-8", "surrogatepass")
    quoted_printable = "".join(f"={octet:02x}" for octet in octets)
    return f"{_percent(octets)}|{quoted_printable}"


def _without_cut_ends(text: str, value: str, shown: str) -> str:
    """*text* without the rest of *value* beside an ellipsis: its beginning before one, its end after one."""
    first, *rest = text.split(ELLIPSIS)
    pieces = [first]
    for right in rest:
        left = pieces[-1]
        if kept := _overlap(left, value):
            pieces[-1] = left[:-kept] + shown
        kept = _overlap(value, right)
        pieces.append(shown + right[kept:] if kept else right)
    return ELLIPSIS.join(pieces)


def _overlap(left: str, right: str) -> int:
    """The number of characters, if it is large enough, that end *left* and begin *right*."""
    return next((n for n in range(min(len(left), len(right)), _TELLING - 1, -1) if left.endswith(right[:n])), 0)
