"""Which encoding a body is in, as the Encoding Standard has it: ``iso-8859-1`` means windows-1252 (rule 24)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

PRESCAN_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by the Standard's name, and the Python codec that speaks it."""

    name: str
    codec: str

    def encode(self, text: str) -> bytes:
        """*text* in this encoding; what it cannot say becomes ``&#N;`` (rule 51)."""
        return text.encode(self.codec, "xmlcharrefreplace")

    def decode(self, octets: bytes) -> str:
        """*octets* as text; never fails, what is broken becomes U+FFFD."""
        return octets.decode(self.codec, _C1 if self.codec.startswith("cp125") else "replace")

    @property
    def for_forms(self) -> Encoding:
        """The encoding that forms and queries are sent in: never UTF-16."""
        return UTF8 if self.name.startswith("UTF-16") else self


UTF8 = Encoding("UTF-8", "utf-8")
WINDOWS_1252 = Encoding("windows-1252", "cp1252")

_C1 = "collectd_inode.c1"


def _as_c1(error: UnicodeError) -> tuple[str, int]:
    # The five holes of Python's windows code pages are the C1 controls of the same number in the Standard.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(map(chr, error.object[error.start : error.end])), error.end


codecs.register_error(_C1, _as_c1)

# Python codec, as codecs.lookup() names it → the Standard's encoding.  Python knows the registered aliases; what is
# not a row here (utf-7, utf-32, cp437, EBCDIC…) is no encoding of the web, whatever a server says.
_BY_CODEC: dict[str, Encoding] = {
    "utf-8": UTF8,
    "ascii": WINDOWS_1252,
    "iso8859-1": WINDOWS_1252,
    "cp1252": WINDOWS_1252,
    "iso8859-9": Encoding("windows-1254", "cp1254"),
    "iso8859-11": Encoding("windows-874", "cp874"),
    "tis-620": Encoding("windows-874", "cp874"),
    "cp874": Encoding("windows-874", "cp874"),
    "gb2312": Encoding("GBK", "gb18030"),
    "gbk": Encoding("GBK", "gb18030"),
    "gb18030": Encoding("gb18030", "gb18030"),
    "big5": Encoding("Big5", "big5hkscs"),
    "big5hkscs": Encoding("Big5", "big5hkscs"),
    "euc_jp": Encoding("EUC-JP", "euc_jp"),
    "iso2022_jp": Encoding("ISO-2022-JP", "iso2022_jp"),
    "shift_jis": Encoding("Shift_JIS", "cp932"),
    "cp932": Encoding("Shift_JIS", "cp932"),
    "euc_kr": Encoding("EUC-KR", "cp949"),
    "cp949": Encoding("EUC-KR", "cp949"),
    "utf-16": Encoding("UTF-16LE", "utf-16-le"),
    "utf-16-le": Encoding("UTF-16LE", "utf-16-le"),
    "utf-16-be": Encoding("UTF-16BE", "utf-16-be"),
    "cp866": Encoding("IBM866", "cp866"),
    "koi8-r": Encoding("KOI8-R", "koi8-r"),
    "koi8-u": Encoding("KOI8-U", "koi8-u"),
    "mac-roman": Encoding("macintosh", "mac-roman"),
    "mac-cyrillic": Encoding("x-mac-cyrillic", "mac-cyrillic"),
    **{f"iso8859-{n}": Encoding(f"ISO-8859-{n}", f"iso8859-{n}") for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"cp{n}": Encoding(f"windows-{n}", f"cp{n}") for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
}

# Labels of the Standard that Python does not know, or knows as something else, → a name that it does know.
_OTHER_LABELS = {
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "csibm866": "cp866",
    "csmacintosh": "mac-roman",
    "windows-874": "cp874",
    "csgb2312": "gbk",
    "windows-31j": "cp932",
    "iso-ir-149": "euc_kr",
    **{f"iso8859{n}": f"iso8859-{n}" for n in range(1, 16)},
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "csiso88596e": "iso8859-6",
    "csiso88596i": "iso8859-6",
    "sun_eu_greek": "iso8859-7",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "csiso88598e": "iso8859-8",
    "csiso88598i": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "csisolatin9": "iso8859-15",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "mac": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "dos-874": "cp874",
    "ansi_x3.4-1968": "cp1252",
    **{f"x-cp{n}": f"cp{n}" for n in range(1250, 1259)},
    "gb_2312": "gbk",
    "gb_2312-80": "gbk",
    "x-gbk": "gbk",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "x-euc-jp": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "ms932": "cp932",
    "x-sjis": "cp932",
    "cseuckr": "euc_kr",
    "csksc56011987": "euc_kr",
    "ks_c_5601-1989": "euc_kr",
    "ksc_5601": "euc_kr",
    "windows-949": "cp949",
    "unicode": "utf-16-le",
    "csunicode": "utf-16-le",
    "iso-10646-ucs-2": "utf-16-le",
    "ucs-2": "utf-16-le",
    "unicodefeff": "utf-16-le",
    "unicodefffe": "utf-16-be",
}

_BOMS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, _BY_CODEC["utf-16-le"]),
    (codecs.BOM_UTF16_BE, _BY_CODEC["utf-16-be"]),
)

_CHARSET = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"',]+))", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/]((?:[^>\"']|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s/>=\"']+)\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")


def encoding_for(label: str) -> Encoding | None:
    """The encoding that *label* names on the web, or None."""
    label = label.strip("\t\n\f\r ").lower()
    if label == "x-user-defined":
        return None
    try:
        return _BY_CODEC.get(codecs.lookup(_OTHER_LABELS.get(label, label)).name)
    except (LookupError, ValueError):
        return None


def charset_parameter(text: str) -> str | None:
    """The charset that a Content-Type, in a header or a ``<meta>``, speaks of."""
    match = _CHARSET.search(text)
    return next((group for group in match.groups() if group is not None), None) if match else None


def decode(body: bytes, content_type: str = "", *, html: bool = True) -> tuple[str, Encoding]:
    """*body* as text, and the encoding it was in: BOM, header, ``<meta>``, else UTF-8 if valid, else windows-1252."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return encoding.decode(body[len(bom) :]), encoding
    declared = encoding_for(charset_parameter(content_type) or "") or (_prescan(body) if html else None)
    if declared is not None:
        return declared.decode(body), declared
    try:
        return body.decode("utf-8"), UTF8
    except UnicodeDecodeError:
        return WINDOWS_1252.decode(body), WINDOWS_1252


def _prescan(body: bytes) -> Encoding | None:
    for meta in _META.finditer(_COMMENT.sub(b"", body[:PRESCAN_BYTES])):
        encoding = encoding_for(_declared_in(meta.group(1).decode("latin-1")))
        if encoding is not None:
            # A document that could be read so far is not UTF-16, whatever it says.
            return encoding.for_forms
    return None


def _declared_in(attributes: str) -> str:
    values = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in reversed(list(_ATTRIBUTE.finditer(attributes)))}
    if "charset" in values:
        return values["charset"]
    if values.get("http-equiv", "").lower() == "content-type":
        return charset_parameter(values.get("content", "")) or ""
    return ""
