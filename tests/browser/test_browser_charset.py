"""Encodings (rule 24)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser.charset import UTF8, WINDOWS_1252, decode, encoding_for


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


def test_meta_counts_only_near_the_start() -> None:
    """Rule 24: the prescan looks at 1024 bytes."""
    assert decode(b" " * 1024 + b"<meta charset=koi8-r>\xe9")[1] == WINDOWS_1252


def test_unencodable_characters_become_references() -> None:
    """Rule 51: what an encoding cannot say is written as &#N;."""
    assert WINDOWS_1252.encode("é☃") == b"\xe9&#9731;"


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "latin1", "gbk", "big5", "utf-16", "iso-2022-jp", "cp1255"]))
def test_decode_never_fails(body: bytes, label: str) -> None:
    """Whatever comes in, text comes out."""
    assert isinstance(decode(body, f"text/html; charset={label}")[0], str)


def test_utf16_is_never_sent() -> None:
    """Rule 51: forms of a UTF-16 page are sent in UTF-8."""
    encoding = encoding_for("utf-16be")
    assert encoding is not None
    assert encoding.for_forms == UTF8
