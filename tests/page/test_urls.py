"""URLs as a browser reads them (rules 2 to 6, 8, 16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.page import urls
from collectd_inode.page.charset import Encoding

HERE = "http://h.example/dir/page?old=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("  http://h/x ", "http://h/x"),
        ("http://@h/", "http://h/"),
        ("http://:@h/", "http://h/"),
        ("http://a:@h/", "http://a@h/"),
        ("http://:b@h/", "http://:b@h/"),
        (f"http://{'0' * 40}177.0.0.1/", "http://127.0.0.1/"),
        ("http://h/\n/x", "http://h//x"),
        ("http://h\\x", "http://h/x"),
        ("\\x", "http://h.example/x"),
        ("x", "http://h.example/dir/x"),
        ("../x", "http://h.example/x"),
        ("../../../x", "http://h.example/x"),
        ("./", "http://h.example/dir/"),
        ("..", "http://h.example/"),
        ("%2e%2E/x", "http://h.example/x"),
        ("?q", "http://h.example/dir/page?q"),
        ("#f", "http://h.example/dir/page?old=1#f"),
        ("//other/x", "http://other/x"),
        ("http:x", "http://h.example/dir/x"),
        ("https:x", "https://x/"),
        ("HTTP://H.Example:80/A", "http://h.example/A"),
        ("https://h:443", "https://h/"),
        ("https://h:80/", "https://h:80/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("/a b?c d", "http://h.example/a%20b?c%20d"),
        ("/100%?x=%zz&y='", "http://h.example/100%?x=%zz&y=%27"),
        ("/é?é", "http://h.example/%C3%A9?%C3%A9"),
        ("/a//b", "http://h.example/a//b"),
        ("/b:c", "http://h.example/b:c"),
        ("/x?", "http://h.example/x?"),
        ("/x#", "http://h.example/x#"),
        ("?", "http://h.example/dir/page?"),
        ("?#", "http://h.example/dir/page?#"),
        ("#", "http://h.example/dir/page?old=1#"),
        ("", "http://h.example/dir/page?old=1"),
        ("javascript:go( 1)", "javascript:go( 1)"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_resolve(reference: str, expected: str) -> None:
    """Rule 2: what stands in a page is read as browsers read it."""
    assert urls.resolve(HERE, reference) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("☃.test", "xn--n3h.test"),
        ("bu\u0308cher.test", "xn--bcher-kva.test"),
        ("BÜCHER.test", "xn--bcher-kva.test"),
        ("b%C3%BCcher.test", "xn--bcher-kva.test"),
        ("βόλος.test", "xn--nxasmm1c.test"),
        ("ΒΌΛΟΣ", "xn--nxasmq6b"),
        ("faß.test", "xn--fa-hia.test"),
        ("example。test", "example.test"),
        ("ｅｘａｍｐｌｅ.test", "example.test"),
        ("ex\u00adample.test", "example.test"),
        ("XN--BCHER-KVA.test", "xn--bcher-kva.test"),
        ("xn--.xn--a.test", "xn--.xn--a.test"),
        ("a_b--c.-d-.test.", "a_b--c.-d-.test."),
        ("ü_b.test", "xn--_b-wka.test"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[0:0::FFFF:1.2.3.4]", "[::ffff:102:304]"),
        ("[::]", "[::]"),
        ("[FE80:0:0:0:0:0:0:0]", "[fe80::]"),
        ("[1:0:2:3:4:5:6:70]", "[1:0:2:3:4:5:6:70]"),
        ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"),
        ("[0:0:1:2:3:0:0:10]", "[::1:2:3:0:0:10]"),
        ("[10:0:0:20::]", "[10:0:0:20::]"),
    ],
)
def test_hosts(host: str, expected: str) -> None:
    """Rule 60: a host is read by UTS 46 as browsers read it; what ends in a number is an IPv4 address."""
    assert urls.resolve(HERE, f"http://{host}/") == f"http://{expected}/"


@pytest.mark.parametrize(
    "host",
    [
        "\u00ad",
        "ü.xn--",
        "ü.xn--a",
        "xn--a-ecp.ru\u0338",
        "\u0301a.test",
        "a\u200db.test",
        "١a.test",
        "256.1",
        "1.2.3.4.5",
        "1.2.3.09",
        "a.0x",
        "[1::2::3]",
        "[::1.2.3.256]",
    ],
)
def test_what_is_no_host(host: str) -> None:
    """Rule 60: what UTS 46 has no name for, and a number that is no address, is no host."""
    with pytest.raises(urls.BadURL):
        urls.resolve(HERE, f"http://{host}/")


def test_port_0() -> None:
    """Rule 60: nobody can connect to port 0."""
    with pytest.raises(urls.BadURL, match=r"port 0 of “127\.0\.0\.1” is none that anybody can connect to"):
        urls.resolve(HERE, "http://127.0.0.1:0/")


def test_query_is_written_in_the_document_encoding() -> None:
    """Rule 51: the query follows the page's encoding, the path never does; what does not fit is a reference."""
    latin2 = Encoding("ISO-8859-2")
    assert urls.resolve(HERE, "/é?é€☃", latin2) == "http://h.example/%C3%A9?%E9%26%238364%3B%26%239731%3B"


@pytest.mark.parametrize(
    "reference", ["http://", "http://a b/", "http://h:99999/", "http://[::1/", "http://h%/", "http://h:x/"]
)
def test_resolve_refuses_what_has_no_host(reference: str) -> None:
    """Rule 2: a URL that no browser would ask for is told from one that fails."""
    with pytest.raises(urls.BadURL):
        urls.resolve(HERE, reference)


@given(st.text(max_size=40))
def test_resolve_is_idempotent(reference: str) -> None:
    """A resolved URL is ASCII, and resolving it again changes nothing."""
    try:
        once = urls.resolve(HERE, reference)
    except urls.BadURL:
        return
    if urls.is_web(once):
        assert once.isascii()
        assert urls.resolve(HERE, once) == once


@pytest.mark.parametrize(
    ("text", "base_url", "expected"),
    [
        ("/login", "http://h/app/x", "http://h/login"),
        ("login", "http://h/app/", "http://h/app/login"),
        ("", "http://h/app/", "http://h/app/"),
        ("http://other/", "http://h/", "http://other/"),
        ("www.example.org/x", None, "http://www.example.org/x"),
        ("www.example.org", None, "http://www.example.org/"),
        ("localhost:8080/x", None, "http://localhost:8080/x"),
        ("localhost:8080/x", "http://h/", "http://localhost:8080/x"),
        ("127.0.0.1", None, "http://127.0.0.1/"),
        ("[::1]:80/", None, "http://[::1]/"),
        ("//h/x", None, "http://h/x"),
        ("www.example.org/x", "http://h/app/", "http://h/app/www.example.org/x"),
        ("/x", "www.example.org", "http://www.example.org/x"),
    ],
)
def test_destination(text: str, base_url: str | None, expected: str) -> None:
    """Rule 1: `I go to` is absolute, relative to the base URL, or a host without a scheme."""
    assert urls.destination(text, base_url) == expected


def test_a_relative_destination_needs_a_base_url() -> None:
    """Rule 1: without a base URL a path leads nowhere, and the message says what is missing."""
    with pytest.raises(urls.BadURL, match="a relative address, and no BaseURL is given"):
        urls.destination("/login", None)


def test_fragments() -> None:
    """Rule 5: a redirect inherits the old fragment unless it brings its own."""
    assert urls.without_fragment("http://h/x#f") == "http://h/x"
    assert urls.inherit_fragment("http://h/y", "http://h/x#f") == "http://h/y#f"
    assert urls.inherit_fragment("http://h/y#g", "http://h/x#f") == "http://h/y#g"
    assert urls.inherit_fragment("http://h/y#", "http://h/x#f") == "http://h/y#"


def test_with_query() -> None:
    """Rule 55: the new query replaces the old one, an empty one too; the fragment stays."""
    assert urls.with_query("http://h/x?a=1#", "") == "http://h/x?#"
    assert urls.with_query("http://h/x?a=1#f", "b=2") == "http://h/x?b=2#f"


def test_userinfo_is_never_shown() -> None:
    """User and password in a URL are used, not shown."""
    assert urls.split_userinfo("http://us%40er:p%3Aw@h:8/x") == ("http://h:8/x", ("us@er", "p:w"))
    assert urls.split_userinfo("http://u@h/x?#") == ("http://h/x?#", ("u", ""))
    assert urls.split_userinfo("http://h/@x") == ("http://h/@x", None)
    assert urls.shown("http://user:secret@h/x@y") == "http://h/x@y"
    assert urls.shown("http://h/x?mail=a@b") == "http://h/x?mail=a@b"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("http://h/a?b#c", "http://h/d", "http://h/a?b"),
        ("http://h/a", "http://other/", "http://h/"),
        ("http://h/a", "https://h/", "http://h/"),
        ("https://h/a", "http://h/", None),
        ("https://h/a", "https://other/", "https://h/"),
        ("http://u:p@h/a", "http://h/", "http://h/a"),
    ],
)
def test_referrer(source: str, target: str, expected: str | None) -> None:
    """Rule 16: strict-origin-when-cross-origin, without fragment and userinfo."""
    assert urls.referrer(source, target) == expected
