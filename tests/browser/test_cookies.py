"""Cookies (rules 18 to 23)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser.cookies import Jar, default_path, parse_date, path_matches, same_site

NOW = 1_700_000_000.0


def jar(*cookies: tuple[str, str]) -> Jar:
    filled = Jar()
    for url, header in cookies:
        filled.store(url, header.encode("utf-8"), NOW)
    return filled


def sent(url: str, *cookies: tuple[str, str], later: float = 0) -> bytes | None:
    return jar(*cookies).header_for(url, NOW + later)


H = "http://www.example.org/dir/page"
S = "https://www.example.org/dir/page"


@pytest.mark.parametrize(
    ("cookie", "url", "expected"),
    [
        ("a=1", "http://www.example.org/dir/", b"a=1"),
        ("a=1", "http://example.org/dir/", None),
        ("a=1", "http://x.www.example.org/dir/", None),
        ("a=1; Domain=example.org", "http://other.example.org/dir/", b"a=1"),
        ("a=1; Domain=.Example.ORG", "http://example.org/dir/", b"a=1"),
        ("a=1; Domain=other.org", "http://www.example.org/dir/", None),
        ("a=1; Domain=ample.org", "http://www.example.org/dir/", None),
        ("a=1; Domain=org", "http://www.example.org/dir/", None),
        ("a=1; Domain=x.www.example.org", "http://www.example.org/dir/", None),
        ("a=1; Domain=", "http://www.example.org/dir/", b"a=1"),
    ],
)
def test_domains(cookie: str, url: str, expected: bytes | None) -> None:
    """Rule 18: host-only unless Domain; what does not match is refused; a leading dot is ignored."""
    assert sent(url, (H, cookie)) == expected


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "intranet"])
def test_domain_that_is_the_host(host: str) -> None:
    """Rule 18: Domain=localhost on localhost works."""
    assert sent(f"http://{host}:8080/", (f"http://{host}/", f"a=1; Domain={host}")) == b"a=1"


def test_a_domain_that_is_everybodys() -> None:
    """Rule 18: nobody sets a cookie for all of co.nz or github.io; what its own host sets is that host's."""
    shop = "http://shop.co.nz/"
    assert sent("http://other.co.nz/", (shop, "a=1; Domain=co.nz")) is None
    assert sent(shop, (shop, "a=1; Domain=co.nz")) is None
    assert sent("http://www.shop.co.nz/", (shop, "a=1; Domain=shop.co.nz")) == b"a=1"
    assert sent("http://github.io/", ("http://github.io/", "a=1; Domain=github.io")) == b"a=1"


def test_an_address_has_no_subdomains() -> None:
    """Rule 18: Domain=0.0.1 does not match 127.0.0.1."""
    assert sent("http://127.0.0.1/", ("http://127.0.0.1/", "a=1; Domain=0.0.1")) is None


def test_order() -> None:
    """Rule 19: longer paths first, then older cookies; a replaced cookie keeps its age."""
    cookies = [(H, "a=1; Path=/"), (H, "b=2"), (H, "c=3; Path=/"), (H, "a=4; Path=/")]
    assert sent(H, *cookies) == b"b=2; a=4; c=3"


def test_paths() -> None:
    """Rule 19: default path and path match."""
    assert [default_path(p) for p in ("/", "/a", "/a/", "/a/b", "")] == ["/", "/", "/a", "/a", "/"]
    assert [path_matches(p, "/a") for p in ("/a", "/a/b", "/ab", "/")] == [True, True, False, False]
    assert path_matches("/a/b", "/a/")


@pytest.mark.parametrize(
    ("cookie", "later", "expected"),
    [
        ("a=1; Max-Age=10", 9, b"a=1"),
        ("a=1; Max-Age=10", 10, None),
        ("a=1; Max-Age=0", 0, None),
        ("a=1; Max-Age=-5; Expires=Fri, 31 Dec 2099 23:59:59 GMT", 0, None),
        ("a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0, b"a=1"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0, None),
        ("a=1; Expires=soon", 10**9, b"a=1"),
        ("a=1; Max-Age=99999999999999999999999999", 0, b"a=1"),
    ],
)
def test_expiry(cookie: str, later: float, expected: bytes | None) -> None:
    """Rule 20: Max-Age beats Expires; zero and less delete; a date that is none is ignored."""
    assert sent(H, (H, cookie), later=later) == expected


def test_deletion() -> None:
    """Rule 20: an expired cookie removes the one it replaces."""
    assert sent(H, (H, "a=1"), (H, "b=2"), (H, "a=; Max-Age=0")) == b"b=2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777.0),
        ("Sun Nov  6 08:49:37 1994", 784111777.0),
        ("08:49:37 6 november 94", 784111777.0),
        ("Sun, 06 Nov 1994 24:00:00 GMT", None),
        ("Thu, 30 Feb 2012 00:00:00 GMT", None),
        ("Wed, 29 Feb 2012 00:00:00 GMT", 1330473600.0),
        ("Sun, 06 Nov 1994", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: float | None) -> None:
    """Rule 20: dates are read leniently."""
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("setter", "cookie", "url", "expected"),
    [
        (S, "a=1; Secure", S, b"a=1"),
        (S, "a=1; Secure", H, None),
        (H, "a=1; Secure", S, None),
        ("http://localhost/", "a=1; Secure", "http://localhost/", b"a=1"),
        (S, "__Secure-a=1", S, None),
        (S, "__Secure-a=1; Secure", S, b"__Secure-a=1"),
        (S, "__Host-a=1; Secure; Path=/", S, b"__Host-a=1"),
        (S, "__Host-a=1; Secure", S, None),
        (S, "__host-a=1; Secure; Path=/; Domain=www.example.org", S, None),
        (H, "__Host-a=1; Secure; Path=/", S, None),
        (S, "=__Host-a=1; Secure; Path=/", S, None),
        (S, "__Http-a=1; Secure", S, None),
        (S, "__http-a=1; Secure; HttpOnly", S, b"__http-a=1"),
        (S, "__Host-Http-a=1; Secure; Path=/", S, None),
        (S, "__Host-Http-a=1; Secure; Path=/; HttpOnly", S, b"__Host-Http-a=1"),
        (S, "__Host-Http-a=1; Secure; HttpOnly", S, None),
    ],
)
def test_secure(setter: str, cookie: str, url: str, expected: bytes | None) -> None:
    """Rule 21: Secure only over https (or on this machine), and the name prefixes keep their promise."""
    assert sent(url, (setter, cookie)) == expected


def test_http_must_not_overwrite_secure() -> None:
    """Rule 21: a cookie that came over https is safe from one that came over http."""
    assert sent(S, (S, "a=1; Secure; Path=/"), (H, "a=2; Path=/"), (H, "b=3; Path=/")) == b"a=1; b=3"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"a=\xff\xfe", b"a=\xff\xfe"),
        ("a=é".encode(), "a=é".encode()),
        (b'a="x y"; Path=/', b'a="x y"'),
        (b"novalue", b"novalue"),
        (b"a=1=2", b"a=1=2"),
        (b"  a = 1 ;", b"a=1"),
        (b"", None),
        (b"=", None),
        (b"==1", None),
        (b"; Path=/", None),
        (b"a=\x001", None),
        (b"a=" + b"x" * 5000, None),
    ],
)
def test_bytes_round_trip(header: bytes, expected: bytes | None) -> None:
    """Rule 22: a broken cookie is passed over; any other goes back as it came."""
    filled = Jar()
    filled.store(H, header, NOW)
    assert filled.header_for(H, NOW) == expected


@given(st.binary(max_size=100))
def test_no_cookie_ends_a_run(header: bytes) -> None:
    """Rule 22: one bad cookie never kills a scenario."""
    filled = Jar()
    filled.store(H, header, NOW)
    filled.header_for(H, NOW)


def test_same_site_cookies_stay_at_home() -> None:
    """Rule 23: those that are to be withheld are."""
    kept = ("a=1; SameSite=Lax", "b=2; SameSite=Strict", "c=3; SameSite=None; Secure", "d=4")
    filled = jar(*((S, cookie) for cookie in kept))
    assert filled.header_for(S, NOW) == b"a=1; b=2; c=3; d=4"
    assert filled.header_for(S, NOW, withheld=("strict",)) == b"a=1; c=3; d=4"
    assert filled.header_for(S, NOW, withheld=("lax", "strict")) == b"c=3; d=4"
    assert filled.header_for(S, NOW, withheld=("", "lax", "strict")) == b"c=3"
    assert same_site("https://a.example.org/", "https://b.example.org/")
    assert not same_site("https://example.org/", "https://example.com/")
    assert not same_site("https://one.co.nz/", "https://other.co.nz/")
    assert not same_site("https://one.github.io/", "https://other.github.io/")
    assert same_site("https://a.one.co.nz/", "https://b.one.co.nz/")
    assert not same_site("http://127.0.0.1/", "http://126.0.0.1/")


def test_the_jar_has_a_bottom() -> None:
    """A server that sets cookies without end does not fill our memory."""
    assert len(jar(*((H, f"a{n}=1") for n in range(1100)))) == 1000


@pytest.mark.parametrize(
    ("url", "header", "why"),
    [
        (S, "a=1; SameSite=None", "the cookie “a” is rejected: SameSite=None without Secure"),
        ("http://localhost/", "a=1; SameSite=none", "the cookie “a” is rejected: SameSite=None without Secure"),
        (S, "a=1; Partitioned; Path=/", "the cookie “a” is rejected: Partitioned without Secure"),
        (S, "a=1; Secure; SameSite=None; Partitioned", ""),
        (S, "a=1; SameSite=Sometimes", ""),
        (H, "a=secret; Secure", "the cookie “a” is rejected: it is Secure and came over http"),
        (
            S,
            "__Host-a=1; Secure",
            "the cookie “__Host-a” is rejected: it lacks the attributes that its name requires",
        ),
        (
            H,
            "a=1; Domain=b.c",
            "the cookie “a” is rejected: Domain=b.c is not a domain that www.example.org may set it for",
        ),
        (H, "s=2; Path=/dir", "the cookie “s” is rejected: over http, it would replace a Secure one"),
        (H, "a=\x001", "the cookie “a” is rejected: there is a control character in it"),
        (H, "=", "the cookie “” is rejected: it has neither name nor value"),
        (H, "a=" + "x" * 5000, "the cookie “a” is rejected: it has more than 4096 bytes"),
        (S, "a=; SameSite=None; Max-Age=0", ""),
        (H, "a=; Domain=b.c; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
    ],
)
def test_what_is_not_kept_is_told(url: str, header: str, why: str) -> None:
    """Rules 18, 21 and 22: a browser drops it in silence; we say which, and why, unless it was to be deleted anyway."""
    filled = jar((S, "s=1; Secure; Path=/dir"))
    assert filled.store(url, header.encode(), NOW) == why
    assert len(filled) == 1 if why or "=;" in header else 2
