"""Encodings (rule 24)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.page.charset import UTF8, WINDOWS_1252, decode, encoding_for
from collectd_inode.page.page import Page


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("iso-8859-1", "windows-1252"),
        ("latin1", "windows-1252"),
        (" US-ASCII\n", "windows-1252"),
        ("utf8", "UTF-8"),
        ("iso-8859-9", "windows-1254"),
        ("iso88592", "ISO-8859-2"),
        ("gb2312", "GBK"),
        ("x-sjis", "Shift_JIS"),
        ("ks_c_5601-1987", "EUC-KR"),
        ("utf-16", "UTF-16LE"),
        ("koi8-r", "KOI8-R"),
    ],
)
def test_labels(label: str, name: str) -> None:
    """Rule 24: labels mean what the Encoding Standard says."""
    encoding = encoding_for(label)
    assert encoding is not None
    assert encoding.name == name


@pytest.mark.parametrize("label", ["utf_8", "us_ascii", "eucjp", "shiftjis", "latin-1", "x-user-defined"])
def test_labels_of_programs(label: str) -> None:
    """Rule 24: what other programs understand, and browsers do not, is no label."""
    assert encoding_for(label) is None


@pytest.mark.parametrize("label", ["iso-2022-kr", "hz-gb-2312"])
def test_what_no_browser_reads(label: str) -> None:
    """Rule 24: such a page is one replacement character, and its forms are sent in UTF-8."""
    text, encoding = decode(b"<p>Hello", f"text/html; charset={label}")
    assert (text, encoding.for_forms) == ("\ufffd", UTF8)
    assert decode(b"", f"text/html; charset={label}")[0] == ""


@pytest.mark.parametrize("label", ["", "utf-7", "utf-32", "cp437", "rot13", "hex", "idna", "x\0y", "é", "no-such"])
def test_no_labels(label: str) -> None:
    """Rule 24: what Python knows beyond the web is no encoding here."""
    assert encoding_for(label) is None


@pytest.mark.parametrize(
    ("body", "content_type", "text", "name"),
    [
        (b"\xef\xbb\xbf\xc3\xa9", "text/html; charset=latin1", "é", "UTF-8"),
        (b"\xff\xfea\0", "", "a", "UTF-16LE"),
        (b"\xe9\x80", "text/html; charset=iso-8859-1", "é€", "windows-1252"),
        (b"\x81", "text/html; charset=windows-1252", "\x81", "windows-1252"),
        (b"\xc3\xa9", 'text/html;charset="UTF-8"', "é", "UTF-8"),
        (b"\xc3\xa9", "text/html; charset=nonsense", "é", "UTF-8"),
        (b"<meta charset=koi8-r>\xc1", "", "<meta charset=koi8-r>а", "KOI8-R"),
        (b"<!-- <meta charset=koi8-r> -->\xe9", "", "<!-- <meta charset=koi8-r> -->é", "windows-1252"),
        (
            b"<meta http-equiv='Content-Type' content='text/html; charset=big5'>",
            "",
            "<meta http-equiv='Content-Type' content='text/html; charset=big5'>",
            "Big5",
        ),
        (b"<meta charset=utf-16>\xc3\xa9", "", "<meta charset=utf-16>é", "UTF-8"),
        ("<?xml version='1.0'?>é".encode("utf-16-le"), "", "<?xml version='1.0'?>é", "UTF-16LE"),
        (b"<p title='><meta charset=koi8-r>'>\xe9", "", "<p title='><meta charset=koi8-r>'>é", "windows-1252"),
        (b'<meta charset=koi8-r">\xe9', "", '<meta charset=koi8-r">é', "windows-1252"),
        (b"<p a'><meta charset=koi8-r>\xc1", "", "<p a'><meta charset=koi8-r>а", "KOI8-R"),
        (b"\xe9<meta charset=koi8-r", "", "é<meta charset=koi8-r", "windows-1252"),
        (b"<meta name=x content='charset=big5'>", "", "<meta name=x content='charset=big5'>", "UTF-8"),
        (b"\xc3\xa9", "", "é", "UTF-8"),
        (b"\xe9", "", "é", "windows-1252"),
        (b"", "", "", "UTF-8"),
    ],
)
def test_decode(body: bytes, content_type: str, text: str, name: str) -> None:
    """Rule 24: BOM, then header, then <meta>, then UTF-8 if valid, else windows-1252."""
    got, encoding = decode(body, content_type)
    assert (got, encoding.name) == (text, name)


@pytest.mark.parametrize(
    ("before", "name"),
    [
        (b"", "KOI8-R"),
        (b"<!doctype html><html><head><style>a > <b></style><script>'<p>'</script><title><i></title>", "KOI8-R"),
        (b"<link href=x><!-- <p> --><base href=/>", "KOI8-R"),
        (b"<noscript><link></noscript><object></object>", "KOI8-R"),
        (b"<p>", "windows-1252"),
        (b"</p>", "windows-1252"),
        (b"<template></template>", "windows-1252"),
        (b"<head></head>", "windows-1252"),
        (b"<html><body>", "windows-1252"),
        (b"<script>", "windows-1252"),
    ],
)
def test_a_meta_counts_up_to_the_end_of_the_head(before: bytes, name: str) -> None:
    """Rule 24: in the first 1024 bytes wherever it stands, behind them as long as no body has begun."""
    assert decode(before + b" " * 1024 + b"<meta charset=koi8-r>\xe9")[1].name == name
    nearer = decode(before + b"<meta charset=koi8-r>\xe9")[1].name
    assert nearer == ("windows-1252" if before == b"<script>" else "KOI8-R")


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"10:00\xa1\xc118:00", "euc-jp", "10:00～18:00"),
        (b"\xad\xa1 \xad\xea \xfc\xe2", "euc-jp", "① ㈱ 髙"),
        (b"\x8e\xb1 \x8f\xa2\xb7 \x8f\xb0\xa1", "x-euc-jp", "ｱ ～ 丂"),
        (b"a\xa1b\xff\xa1\x8e\x8f\xa1c", "euc-jp", "a�b���c"),
        (b"\x8f\xa1\xa1a\x8f\xb1\x80b", "euc-jp", "\ufffda\ufffdb"),
        (b"\x1b$B\x0e$\x1b(Ba\x1bb\x1b$B!", "iso-2022-jp", "\ufffd\ufffda\ufffdb\ufffd"),
        (b"10:00\x1b$B!A\x1b(B18:00", "iso-2022-jp", "10:00～18:00"),
        (b"\x1b$B-!-j|b\x1b(B", "iso-2022-jp", "①㈱髙"),
        (b"\x1b(J\\~a\x1b(I1\x1b(B\\", "csiso2022jp", "¥‾aｱ\\"),
        (b"\x1b$B\x1b(Ba\x80\x0e", "iso-2022-jp", "�a��"),
    ],
)
def test_japanese(octets: bytes, label: str, text: str) -> None:
    """Rule 24: with the characters of NEC and IBM, and the full-width tilde, as browsers have them."""
    assert decode(octets, f"text/html; charset={label}")[0] == text


@pytest.mark.parametrize(
    ("label", "text", "octets"),
    [
        ("euc-jp", "～①ｱ−¥", b"\xa1\xc1\xad\xa1\x8e\xb1\xa1\xdd\\"),
        ("euc-jp", "é☃", b"&#233;&#9731;"),
        ("iso-2022-jp", "a～ｱ¥b\\é", b'a\x1b$B!A%"\x1b(J\\b\x1b(B\\&#233;'),
        ("iso-2022-jp", "①é", b"\x1b$B-!\x1b(B&#233;"),
        ("iso-2022-jp", "①", b"\x1b$B-!\x1b(B"),
        ("iso-2022-jp", "¥a\x0e", b"\x1b(J\\a&#65533;\x1b(B"),
    ],
)
def test_japanese_forms(label: str, text: str, octets: bytes) -> None:
    """Rule 51: what was read is written in the same way; what the encoding cannot say is a reference."""
    encoding = encoding_for(label)
    assert encoding is not None
    assert encoding.encode(text) == octets


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"\x81\xa1\xdb", "windows-874", "\x81ก\ufffd"),
        (b"\x81\xaa\xd2\xff", "windows-1253", "\x81\ufffd\ufffd\ufffd"),
        (b"\xca\xd9\xfb\xe0", "windows-1255", "\u05ba\ufffd\ufffdא"),
        (b"\xa1\xa5\xe0", "windows-1257", "\ufffd\ufffdą"),
        (b"\xae\xbe\xc1", "koi8-u", "ўЎа"),
        (b"\x80 \xa2\xe3\xc4\xe3", "gb2312", "€ €你"),
        (b"\x80", "gb18030", "€"),
        (b"a\xa0b\xfdc\xb1", "shift_jis", "a\ufffdb\ufffdcｱ"),
        (b"10:00\xa1\xe318:00 \xa2D5 \xa1E", "big5", "10:00～18:00 ￥5 ‧"),
        (b"\xa3\xe15 \xc6\xde \x81a", "big5", "€5 〃 \ufffda"),
        (b"\xfb\x48\x87\x7a\xa3\xc0\xa0\xdf", "big5", "嘅㡵␀煢"),
        (b"\xa6\xd9\xa3\xa0\xa8\xbc", "gbk", "︐\u3000ḿ"),
        (b"\x81\xada", "shift_jis", "\ufffda"),
        (b"\x81\x80a", "big5", "\ufffda"),
        (b"\x81\xffa", "euc-kr", "\ufffda"),
        (b"\x81\xffa\x81\x30\x81a", "gb18030", "\ufffda\ufffd0乤"),
        (b"\xa5", "iso-2022-jp", "\ufffd"),
    ],
)
def test_where_python_has_other_tables(octets: bytes, label: str, text: str) -> None:
    """Rule 24: an octet means what the Encoding Standard says, as in Chromium."""
    assert decode(octets, f"text/html; charset={label}")[0] == text


@pytest.mark.parametrize(
    ("label", "text", "octets"),
    [
        ("gbk", "你€ä😀～", b"\xc4\xe3\x80&#228;&#128512;\xa1\xab"),
        ("gb2312", "¡−", b"&#161;&#8722;"),
        ("gbk", "ǹ⺁\ue78d\ue7c7\ue5e5", b"\xa8\xbf\xfe\x50\xa6\xd9&#59335;&#58853;"),
        ("gb18030", "\ue78d\ue7c7\ue5e5😀", b"\xa6\xd9\x81\x35\xf4\x37&#58853;\x94\x39\xfc\x36"),
        ("windows-1252", "\x81é", b"\x81\xe9"),
        ("shift_jis", "¢\x80\ue000", b"&#162;\x80&#57344;"),
        ("big5", "═十卅", b"\xf9\xf9\xa4\x51\xa4\xca"),
        ("euc-kr", "가힣€", b"\xb0\xa1\xc6\x52\xa2\xe6"),
        ("gb18030", "你ä", b"\xc4\xe3\x810\x8a1"),
        ("koi8-u", "ўЎа╝", b"\xae\xbe\xc1&#9565;"),
        ("gb18030", "︐ḿ", b"\xa6\xd9\xa8\xbc"),
        ("big5", "中～￥a", b"\xa4\xa4\xa1\xe3\xa2Da"),
        ("big5", "é¥∼", b"&#233;&#165;&#8764;"),
        ("big5", "€嘅╭／＼〃㡵", b"\xa3\xe1\xfb\x48\xa2\x7e\xa1\xfe\xa2\x40\xa1\xb2&#14453;"),
        ("shift_jis", "髙﨑①￢¥‾é¬", b"\xfb\xfc\xfa\xb1\x87\x40\x81\xca\\~&#233;&#172;"),
    ],
)
def test_forms_where_python_has_other_tables(label: str, text: str, octets: bytes) -> None:
    """Rule 51: GBK writes its own part of gb18030 only, and the euro sign in one octet."""
    encoding = encoding_for(label)
    assert encoding is not None
    assert encoding.encode(text) == octets


@pytest.mark.parametrize(
    ("before", "name"),
    [
        (b"", "windows-1251"),
        (b"<meta charset=koi8-r>", "KOI8-R"),
        (b"<meta charset=nonsense>", "windows-1251"),
    ],
)
def test_an_xml_declaration_in_html(before: bytes, name: str) -> None:
    """Rule 24: it counts where no ``<meta>`` says otherwise."""
    body = b'<?xml version="1.0" encoding="windows-1251"?>' + before + b"<p>\xcf"
    assert Page("http://h/", 200, {"content-type": "text/html"}, body).encoding.name == name


def test_a_charset_in_single_quotes() -> None:
    """Rule 24: in a header they are a part of the name, which no encoding has; in a <meta> they are quotes."""
    assert decode(b"\xe9", "text/html; charset='koi8-r'")[1] == WINDOWS_1252
    assert decode(b"<meta http-equiv=content-type content=\"x; charset='koi8-r'\">\xe9")[1].name == "KOI8-R"


def test_unencodable_characters_become_references() -> None:
    """Rule 51: what an encoding cannot say is written as &#N;."""
    assert WINDOWS_1252.encode("é☃") == b"\xe9&#9731;"


LABELS = ["windows-1252", "cp1255", "koi8-u", "gbk", "gb18030", "big5", "euc-kr", "euc-jp", "shift_jis"]


@given(st.text(), st.sampled_from(LABELS))
def test_what_is_written_is_read_again(text: str, label: str) -> None:
    """But for what the encoding lacks, and three characters for which Japanese encodings have similar ones."""
    encoding = encoding_for(label)
    assert encoding is not None
    written = encoding.encode(text, lambda character: b"")
    kept = [one for one in text if encoding.encode(one, lambda character: b"")]
    expected = "".join(kept)
    if label in ("euc-jp", "shift_jis"):
        expected = expected.translate(str.maketrans("¥‾−", "\\~－"))
    assert encoding.decode(written) == expected


@given(st.text("ab\\~¥‾漢①～\n"))
def test_escape_sequences_are_read_again(text: str) -> None:
    """ISO-2022-JP switches between its character sets, and ends in ASCII."""
    encoding = encoding_for("iso-2022-jp")
    assert encoding is not None
    assert encoding.decode(encoding.encode(text) + b"~") == text + "~"


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "latin1", "gbk", "big5", "utf-16", "iso-2022-jp", "cp1255"]))
def test_decode_never_fails(body: bytes, label: str) -> None:
    """Whatever comes in, text comes out."""
    assert isinstance(decode(body, f"text/html; charset={label}")[0], str)


def test_utf16_is_never_sent() -> None:
    """Rule 51: forms of a UTF-16 page are sent in UTF-8."""
    encoding = encoding_for("utf-16be")
    assert encoding is not None
    assert encoding.for_forms == UTF8
