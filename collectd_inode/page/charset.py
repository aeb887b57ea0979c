"""The encoding of a body, by the Encoding Standard: ``iso-8859-1`` means windows-1252 (rule 24)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from collectd_inode.page.encoders import REPLACEMENT, UTF_8, Lacking, decoded, encoded
from collectd_inode.page.headers import media_type

PRESCAN_BYTES = 1024
"""The first bytes, in which a ``<meta>`` is searched wherever it stands…"""
_LONGEST_HEAD = 2**20
"""… and those in which it is searched up to the end of the head: style sheets in it may be long."""


def reference(character: str) -> bytes:
    """A character reference, ``&#233;``."""
    return f"&#{ord(character)};".encode("ascii")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of the web, by the Standard's name."""

    name: str

    def encode(self, text: str, lacking: Lacking = reference) -> bytes:
        """*text* in this encoding; characters that it lacks become ``&#N;`` (rule 51)."""
        return encoded(text, self.name, lacking)

    def decode(self, octets: bytes) -> str:
        """*octets* as text; never fails, broken octets become U+FFFD."""
        return decoded(octets, self.name)

    @property
    def is_utf16(self) -> bool:
        """Whether it is one of the two that write ASCII in two octets."""
        return self.name.startswith("UTF-16")

    @property
    def for_forms(self) -> Encoding:
        """The encoding that forms and queries are sent in: never UTF-16."""
        return UTF8 if self.is_utf16 or self.name == REPLACEMENT else self


UTF8 = Encoding(UTF_8)
WINDOWS_1252 = Encoding("windows-1252")

_LABELS = {
    "UTF-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "Big5": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "EUC-JP": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "EUC-KR": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    ),
    "gb18030": "gb18030",
    "GBK": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "IBM866": "866 cp866 csibm866 ibm866",
    "ISO-2022-JP": "csiso2022jp iso-2022-jp",
    "ISO-8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "ISO-8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "ISO-8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "ISO-8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "ISO-8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
        "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "ISO-8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
        "iso_8859-7:1987 sun_eu_greek"
    ),
    "ISO-8859-8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
        "iso_8859-8:1988 visual"
    ),
    "ISO-8859-8-I": "csiso88598i iso-8859-8-i logical",
    "ISO-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "ISO-8859-13": "iso-8859-13 iso8859-13 iso885913",
    "ISO-8859-14": "iso-8859-14 iso8859-14 iso885914",
    "ISO-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "ISO-8859-16": "iso-8859-16",
    "KOI8-R": "cskoi8r koi koi8 koi8-r koi8_r",
    "KOI8-U": "koi8-ru koi8-u",
    "macintosh": "csmacintosh mac macintosh x-mac-roman",
    "Shift_JIS": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "windows-1250": "cp1250 windows-1250 x-cp1250",
    "windows-1251": "cp1251 windows-1251 x-cp1251",
    "windows-1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
        "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    ),
    "windows-1253": "cp1253 windows-1253 x-cp1253",
    "windows-1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
        "windows-1254 x-cp1254"
    ),
    "windows-1255": "cp1255 windows-1255 x-cp1255",
    "windows-1256": "cp1256 windows-1256 x-cp1256",
    "windows-1257": "cp1257 windows-1257 x-cp1257",
    "windows-1258": "cp1258 windows-1258 x-cp1258",
    "x-mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "replacement": "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement",
    "UTF-16BE": "unicodefffe utf-16be",
    "UTF-16LE": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}
"""The Encoding Standard's names, and their labels in lower case (4.2)."""

_BY_LABEL = {label: Encoding(name) for name, labels in _LABELS.items() for label in labels.split()}

_BOMS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, _BY_LABEL["utf-16le"]),
    (codecs.BOM_UTF16_BE, _BY_LABEL["utf-16be"]),
)

_DECLARATIONS = ((b"<\0?\0x\0", _BY_LABEL["utf-16le"]), (b"\0<\0?\0x", _BY_LABEL["utf-16be"]))
"""The start of an XML declaration in the two encodings that cannot be read as ASCII."""

_CHARSET = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"'][^\s;]*))", re.IGNORECASE)
_NO_TAGS = re.compile(rb"<!--.*?(?:-->|\Z)|<(script|style|title|textarea)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE)
_IN_HEADS = rb"(?:script|noscript|style|link|meta|object|title|base)\b"
_HEAD_ENDS = re.compile(rb"<(?:/(?!%b)|(?!(?:html|head)\b|%b))[a-z]" % (_IN_HEADS, _IN_HEADS), re.IGNORECASE)
_TAG = re.compile(rb"<([!?/]?[a-z][^\s/>]*+)((?:=\s*+(?:\"[^\"]*+\"?|'[^']*+'?)|[^>])*+)(>?)", re.IGNORECASE)
"""A tag up to its end or, where it has none, that of the text: what stands in a quoted value is no tag."""
_ATTRIBUTE = re.compile(r"([^\s/>=]+)\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")


def encoding_for(label: str) -> Encoding | None:
    """The encoding that *label* names on the web, or None."""
    return _BY_LABEL.get(label.strip("\t\n\f\r ").lower())


def charset_parameter(text: str) -> str | None:
    """The charset in a ``<meta http-equiv=content-type>`` (HTML, 2.4.4)."""
    match = _CHARSET.search(text)
    return next((group for group in match.groups() if group is not None), None) if match else None


def decode(
    body: bytes,
    content_type: str = "",
    *,
    html: bool = True,
    declared: str = "",
    otherwise: Encoding = WINDOWS_1252,
) -> tuple[str, Encoding]:
    """*body* as text, and the encoding it was in: BOM, header, ``<meta>``, else UTF-8 if valid, else *otherwise*.

    *declared* is the encoding in its XML declaration.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return encoding.decode(body[len(bom) :]), encoding
    said = encoding_for(media_type(content_type).charset) or _of_itself(body, declared, html=html)
    if said is not None:
        return said.decode(body), said
    try:
        return body.decode("utf-8"), UTF8
    except UnicodeDecodeError:
        return otherwise.decode(body), otherwise


def is_whole(body: bytes, encoding: Encoding) -> bool:
    """Whether all of *body* is characters of *encoding*; asked of UTF-8 only."""
    try:
        body.decode("utf-8" if encoding is UTF8 else "latin-1")
    except UnicodeDecodeError:
        return False
    return True


def _of_itself(body: bytes, declared: str, *, html: bool) -> Encoding | None:
    """The encoding that a document says it is in (HTML, 13.2.3.2; XML 1.0, F.1)."""
    for begin, encoding in _DECLARATIONS:
        if body.startswith(begin):
            return encoding
    said = _prescan(body) if html else None
    return said or _byte_based(encoding_for(declared))


def _byte_based(encoding: Encoding | None) -> Encoding | None:
    """The encoding of a text that can be read as ASCII and says that it is in *encoding*."""
    return UTF8 if encoding is not None and encoding.is_utf16 else encoding


def _prescan(body: bytes) -> Encoding | None:
    if b"<meta" not in body[:_LONGEST_HEAD].lower():
        return None  # the expressions below take a hundred times as long
    return _declared(_NO_TAGS.sub(b"", body[:PRESCAN_BYTES])) or _declared(_head(body))


def _head(body: bytes) -> bytes:
    """The start of a body before its first tag, as Chromium sees it, without anything that is not a tag."""
    begun = _NO_TAGS.sub(b"", body[:_LONGEST_HEAD])
    end = _HEAD_ENDS.search(begun)
    return begun[: end.start()] if end is not None else begun


def _declared(tags: bytes) -> Encoding | None:
    for name, attributes, end in _TAG.findall(tags):
        if not end or name.lower() != b"meta":
            continue
        encoding = _byte_based(encoding_for(_declared_in(attributes.decode("latin-1"))))
        if encoding is not None:
            return encoding
    return None


def _declared_in(attributes: str) -> str:
    values = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in reversed(list(_ATTRIBUTE.finditer(attributes)))}
    if "charset" in values:
        return values["charset"]
    if values.get("http-equiv", "").lower() == "content-type":
        return charset_parameter(values.get("content", "")) or ""
    return ""
