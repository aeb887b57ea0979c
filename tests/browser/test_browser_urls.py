"""URLs as a browser reads them (rules 2 to 6, 8, 16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser import urls

HERE = "http://h.example/dir/page?old=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("  http://h/x ", "http://h/x"),
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
        ("javascript:go( 1)", "javascript:go( 1)"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_resolve(reference: str, expected: str) -> None:
    """Rule 2: what stands in a page is read as browsers read it."""
    assert urls.resolve(HERE, reference) == expected


def test_query_is_written_in_the_document_encoding() -> None:
    """Rule 51: the query follows the page's encoding, the path never does; what does not fit is a reference."""
    assert urls.resolve(HERE, "/é?é€☃", "iso8859-1") == "http://h.example/%C3%A9?%E9%26%238364%3B%26%239731%3B"


@pytest.mark.parametrize(
    "reference", ["http://", "http://a b/", "http://h:99999/", "http://[::1/", "http://h%/", "http://h:x/"]
)
def test_resolve_refuses_what_has_no_host(reference: str) -> None:
    """Rule 2: a URL that no browser would ask for is told from one that fails."""
    with pytest.raises(urls.BadURL):
        urls.resolve(HERE, reference)


@given(st.text(max_size=40))
def test_resolve_is_idempotent(reference: str) -> None:
    """A resolved URL is ASCII but for its host, and resolving it again changes nothing."""
    try:
        once = urls.resolve(HERE, reference)
    except urls.BadURL:
        return
    if urls.is_web(once):
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


def test_with_query() -> None:
    """Rule 55: the new query replaces the old one; the fragment stays."""
    assert urls.with_query("http://h/x?a=1#f", "b=2") == "http://h/x?b=2#f"


def test_userinfo_is_never_shown() -> None:
    """User and password in a URL are used, not shown."""
    assert urls.split_userinfo("http://us%40er:p%3Aw@h:8/x") == ("http://h:8/x", ("us@er", "p:w"))
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
