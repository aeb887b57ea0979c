"""Meta refresh, content codings, and the answers to a 401."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser import auth, decoding
from collectd_inode.browser.auth import Challenge, HttpCredentials
from collectd_inode.browser.decoding import Body
from collectd_inode.model import Cause, Failure
from collectd_inode.page import refresh


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("1", (1, "")),
        ("1 \t", (1, "")),
        ("1;", (1, "")),
        ("1; url=foo", (1, "foo")),
        ("1,\furl=foo", (1, "foo")),
        ("1 url=foo", (1, "foo")),
        ("1url=foo", None),
        ("1x;url=foo", None),
        ("1 x;url=foo", (1, "x;url=foo")),
        ("1;;url=foo", (1, ";url=foo")),
        ("  1  ,  URL  =  foo", (1, "foo")),
        ("  1  ;  foo", (1, "foo")),
        ('1; url="foo"bar', (1, "foo")),
        ("1; url=\"foo'bar", (1, "foo'bar")),
        ("1; url foo", (1, "url foo")),
        ("1; ufoo", (1, "ufoo")),
        ("1; 'foo'bar", (1, "foo")),
        ("; foo", None),
        ("foo", None),
        ("+1; url=foo", None),
        ("-0", None),
        ("0; foo", (0, "foo")),
        ("1.9..5.; url=foo", (1, "foo")),
        (".9; url=foo", (0, "foo")),
        ("1e0; url=foo", None),
        ("9" * 5000, (999999999, "")),
    ],
)
def test_refresh(text: str, expected: tuple[int, str] | None) -> None:
    """Rule 15: parsed as the Standard has it."""
    got = refresh.parse(text)
    assert (got and (got.seconds, got.target)) == expected


def decoded(coding: str, data: bytes, size: int = 7, limit: int = 10_000) -> bytes:
    body = Body("http://h/", coding, limit)
    for start in range(0, len(data), size):
        body.feed(data[start : start + size])
    return body.finish()


def test_where_bodies_take_too_much_memory_together_the_largest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else receives one at the same time loses nothing; a body that is small never gives way."""
    monkeypatch.setattr(decoding, "LARGE", 10)
    monkeypatch.setattr(decoding, "MOST_TOGETHER", 100)
    small, large, flood = (Body(f"http://{name}/", "", 50) for name in ("small", "large", "flood"))
    others = [Body("http://other/", "", 50) for _ in range(2)]
    small.feed(b"x" * 10)
    large.feed(b"x" * 20)
    flood.feed(b"x" * 50)
    for other in others:
        other.feed(b"x" * 20)
    with pytest.raises(Failure) as caught:
        flood.feed(b"")
    assert caught.value.cause is Cause.PROTOCOL
    assert caught.value.message == (
        "the body of http://flood/ was given up after 50 bytes, as the largest of those that all jobs receive at once;"
        " use a smaller MaxBodySize, or other StartOffsets"
    )
    with pytest.raises(Failure, match="was given up after 50 bytes"):
        flood.finish()
    assert [len(body.finish()) for body in (small, large, *others)] == [10, 20, 20, 20]


def test_a_body_may_be_as_large_as_its_job_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is larger than what is usual for all together."""
    monkeypatch.setattr(decoding, "LARGE", 10)
    monkeypatch.setattr(decoding, "MOST_TOGETHER", 100)
    huge, other = Body("http://huge/", "", 500), Body("http://other/", "", 50)
    huge.feed(b"x" * 500)
    other.feed(b"x" * 50)
    assert (len(huge.finish()), len(other.finish())) == (500, 50)


RAW = zlib.compressobj(wbits=-15)
RAW_DEFLATE = RAW.compress(b"hello" * 50) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", b"hello" * 50),
        ("identity", b"hello" * 50),
        ("gzip, identity", b"hello" * 50),
        *((none, b"hello" * 50) for none in ("UTF-8", "none", "binary", "8bit", "7bit", "gzip, UTF-8", "compress")),
        ("gzip", gzip.compress(b"hello" * 50)),
        ("X-GZIP", gzip.compress(b"hello" * 50) + b"\0\0\0"),
        ("gzip", gzip.compress(b"hello" * 20) + gzip.compress(b"hello" * 30)),
        ("deflate", zlib.compress(b"hello" * 50)),
        ("deflate", RAW_DEFLATE),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello" * 50))),
    ],
)
def test_codings(coding: str, data: bytes) -> None:
    """Rule 61: bodies are decoded, in whatever pieces they come; what is no coding leaves them as they are."""
    assert decoded(coding, data, size=len(data)) == b"hello" * 50
    assert decoded(coding, data, size=5) == b"hello" * 50


def test_an_empty_body_has_no_coding() -> None:
    """A redirect without a body may say gzip all the same."""
    assert decoded("gzip", b"") == b""


@pytest.mark.parametrize(
    ("coding", "data", "message"),
    [
        ("gzip", b"<html>", "the body of http://h/ is not the gzip it claims to be"),
        ("gzip", gzip.compress(b"hello" * 50)[:-9], "the body of http://h/ ends before its gzip does"),
        ("gzip, zstd", b"x", "the body of http://h/ is encoded with “zstd”, which was not requested"),
        ("br", b"x", "the body of http://h/ is encoded with “br”, which was not requested"),
        ("", b"x" * 10_001, "the body of http://h/ is larger than MaxBodySize allows (10000 bytes)"),
        ("gzip", gzip.compress(b"\0" * 10**8), "the body of http://h/ is larger than MaxBodySize allows (10000 bytes)"),
        (
            "gzip, gzip",
            gzip.compress(gzip.compress(b"\0" * 10**7)),
            "the body of http://h/ is larger than MaxBodySize allows (10000 bytes)",
        ),
    ],
)
def test_broken_codings(coding: str, data: bytes, message: str) -> None:
    """A body that is broken, cut or a bomb is the site's failure, and found while it comes in."""
    with pytest.raises(Failure) as caught:
        decoded(coding, data, size=len(data))
    assert caught.value.cause is Cause.PROTOCOL
    assert caught.value.message.startswith(message)


def test_challenges() -> None:
    """Several challenges may share a header; the strongest that we speak is answered."""
    headers = ['Negotiate, Basic realm="a, \\"b\\"", Digest realm=x, nonce="n", algorithm=SHA-256, qop="auth,auth-int"']
    offered = auth.challenges(headers)
    assert offered == [
        Challenge("negotiate"),
        Challenge("basic", {"realm": 'a, "b"'}),
        Challenge("digest", {"realm": "x", "nonce": "n", "algorithm": "SHA-256", "qop": "auth,auth-int"}),
    ]
    assert auth.best(offered) == offered[2]
    assert auth.best(offered[:2]) == offered[1]
    assert auth.best(offered[:1]) is None
    assert auth.best([Challenge("digest", {"nonce": "n", "algorithm": "X"}), Challenge("digest", {})]) is None
    assert auth.best([Challenge("digest", {"nonce": "n", "qop": "auth-int"})]) is None


@pytest.mark.parametrize(
    ("header", "asked_for"),
    [
        ("NTLM", "NTLM"),
        ("Negotiate, NTLM", "Negotiate, NTLM"),
        ('Bearer realm="x"', "Bearer"),
        ('Digest realm="x", nonce="n", qop="auth-int"', "Digest with qop auth-int"),
        ('Digest realm="x", nonce="n", algorithm=SHA-512-256', "Digest with SHA-512-256"),
        ('Digest realm="x"', "Digest without a nonce"),
    ],
)
def test_credentials_that_cannot_be_sent(header: str, asked_for: str) -> None:
    """They were not refused: nobody has seen them."""
    told = f"the credentials were not sent: it asks for {asked_for}; what can be answered is Basic and Digest"
    assert auth.why_refused(auth.challenges([header]), shown=False) == told


def test_credentials_that_nobody_asks_for() -> None:
    """A 401 must say how (RFC 9110 section 15.5.2); one that does not is no refusal of a password."""
    nothing = "the credentials were not sent: it has no WWW-Authenticate header that says how"
    assert auth.why_refused([], shown=False) == nothing
    assert auth.why_refused([], shown=True) == "the credentials were not accepted"
    stale = auth.challenges(['Digest nonce="n", stale=TRUE'])
    assert auth.why_refused(stale, shown=True) == "it calls each of its nonces stale, a new one, too"


@given(st.text(max_size=60))
def test_challenges_never_fail(header: str) -> None:
    """A broken header offers nothing."""
    auth.best(auth.challenges([header]))
    auth.why_refused(auth.challenges([header]), shown=False)


def test_basic() -> None:
    """RFC 7617, section 2.1: credentials are UTF-8."""
    who = HttpCredentials("test", "123£")
    assert auth.answer(Challenge("basic"), who, "GET", "/", count=1, cnonce="") == b"Basic dGVzdDoxMjPCow=="
    assert "123" not in repr(who)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest(algorithm: str, response: str) -> None:
    """RFC 7616, section 3.9.1: the RFC's own example."""
    challenge = Challenge(
        "digest",
        {
            "realm": "http-auth@example.org",
            "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
            "algorithm": algorithm,
            "qop": "auth, auth-int",
        },
    )
    who = HttpCredentials("Mufasa", "Circle of Life")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    got = auth.answer(challenge, who, "GET", "/dir/index.html", count=1, cnonce=cnonce)
    assert got.decode() == (
        'Digest username="Mufasa", realm="http-auth@example.org", '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        f'uri="/dir/index.html", response="{response}", algorithm={algorithm}, '
        f'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001, cnonce="{cnonce}"'
    )


def test_digest_without_qop() -> None:
    """RFC 2069: an old server gets the old answer."""
    challenge = Challenge("digest", {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"})
    got = auth.answer(
        challenge, HttpCredentials("Mufasa", "CircleOfLife"), "GET", "/dir/index.html", count=1, cnonce="x"
    )
    assert b'response="1949323746fe6a43ef61f9606e7febea"' in got
    assert b"cnonce" not in got
