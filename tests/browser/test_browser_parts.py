"""Meta refresh, content codings, and the answers to a 401."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser import auth, refresh
from collectd_inode.browser.auth import Challenge, Credentials
from collectd_inode.browser.decoding import Body
from collectd_inode.run import Cause, Failure


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


RAW = zlib.compressobj(wbits=-15)
RAW_DEFLATE = RAW.compress(b"hello" * 50) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", b"hello" * 50),
        ("identity", b"hello" * 50),
        ("gzip", gzip.compress(b"hello" * 50)),
        ("X-GZIP", gzip.compress(b"hello" * 50) + b"\0\0\0"),
        ("gzip", gzip.compress(b"hello" * 20) + gzip.compress(b"hello" * 30)),
        ("deflate", zlib.compress(b"hello" * 50)),
        ("deflate", RAW_DEFLATE),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello" * 50))),
    ],
)
def test_codings(coding: str, data: bytes) -> None:
    """Bodies are decoded, in whatever pieces they come."""
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
        ("br", b"x", "the body of http://h/ is encoded with “br”, which was not asked for"),
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


@given(st.text(max_size=60))
def test_challenges_never_fail(header: str) -> None:
    """A broken header offers nothing."""
    auth.best(auth.challenges([header]))


def test_basic() -> None:
    """RFC 7617, section 2.1: credentials are UTF-8."""
    who = Credentials("test", "123£")
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
    who = Credentials("Mufasa", "Circle of Life")
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
    got = auth.answer(challenge, Credentials("Mufasa", "CircleOfLife"), "GET", "/dir/index.html", count=1, cnonce="x")
    assert b'response="1949323746fe6a43ef61f9606e7febea"' in got
    assert b"cnonce" not in got
