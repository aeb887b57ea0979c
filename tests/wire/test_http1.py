"""The reader of HTTP/1.1 answers: what browsers forgive, what they refuse, and that the splitting never matters."""

from __future__ import annotations

import gzip
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.wire.http1 import MOST_HEAD, MOST_LINE, Head, NotHTTP, Reader

OK = b"HTTP/1.1 200 OK\r\n"


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """*data* cut at these places."""
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places) if a != b]


def read(*parts: bytes, method: str = "GET", closed: bool = True) -> tuple[Head | None, bytes, str]:
    """Head, body, and how it ended: ``kept``, ``closed``, ``more`` where it waits, or what is wrong with it."""
    reader, head, body = Reader(method), None, b""
    feeds = [*parts, b""] if closed else list(parts)
    try:
        for data in feeds:
            reader.feed(data)
            head = head or reader.head()
            while head is not None and (piece := reader.body()):
                body += piece
            if reader.done:
                # Whether the connection is kept is asked before its end is seen.
                return head, body, "kept" if reader.reusable else "closed"
    except NotHTTP as error:
        return head, body, str(error)
    return head, body, "more"


def told(*parts: bytes, method: str = "GET", closed: bool = True) -> tuple[int, bytes, str]:
    head, body, end = read(*parts, method=method, closed=closed)
    return head.status if head else 0, body, end


# What browsers forgive


@pytest.mark.parametrize(
    ("came", "headers", "body"),
    [
        (b"\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"\n" + OK + b"Content-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"http/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (b"HTTP/1.1  200  Fine  \r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b"No colon here\r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b": no name\r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b"N\xc3\xa4me: x\r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b"Content-Length : 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b"Content-Length:2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (
            OK + b"X: a\r\n  b\r\n\tc\r\nContent-Length: 2\r\n\r\nhi",
            [(b"X", b"a b c"), (b"Content-Length", b"2")],
            b"hi",
        ),
        (OK + b" folded onto nothing\r\nContent-Length: 2\r\n\r\nhi", [(b"Content-Length", b"2")], b"hi"),
        (OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\nhi", [(b"X", b"a b"), (b"Content-Length", b"2")], b"hi"),
        (OK + b"X:\r\nContent-Length: 2\r\n\r\nhi", [(b"X", b""), (b"Content-Length", b"2")], b"hi"),
        (OK + b"X: \xe9\r\nContent-Length: 2\r\n\r\nhi", [(b"X", b"\xe9"), (b"Content-Length", b"2")], b"hi"),
        (
            OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
            [(b"Content-Length", b"2"), (b"Content-Length", b"2")],
            b"hi",
        ),
        (OK + b"Content-Length: 2, 2\r\n\r\nhi", [(b"Content-Length", b"2, 2")], b"hi"),
        (
            OK + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi",
            [(b"Transfer-Encoding", b"identity"), (b"Content-Length", b"2")],
            b"hi",
        ),
        (OK + b"Transfer-Encoding: identity\r\n\r\nhi", [(b"Transfer-Encoding", b"identity")], b"hi"),
    ],
)
def test_what_browsers_forgive(came: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Odd heads that every browser takes: the headers that are left, and the body."""
    head, found, end = read(came)
    assert head is not None
    assert (head.status, head.headers, found) == (200, headers, body)
    assert end in ("kept", "closed")


@pytest.mark.parametrize(
    "chunks",
    [
        b"2\r\nhi\r\n0\r\n\r\n",
        b"2\nhi\n0\n\n",
        b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
        b"0002\r\nhi\r\n00\r\n\r\n",
        b"2  \r\nhi\r\n0 \r\n\r\n",
        b"2;name=value;other\r\nhi\r\n0;last\r\n\r\n",
        b"2 ; name\r\nhi\r\n0\r\nTrailer: x\r\nAnother: y\r\n\r\n",
    ],
)
@pytest.mark.parametrize(
    "coding",
    [
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: Chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 99",
        b"Transfer-Encoding: chunked\r\nContent-Length: five\r\nContent-Length: 6",
    ],
)
def test_chunks(coding: bytes, chunks: bytes) -> None:
    """Sizes, extensions, line ends and trailers; a length beside "chunked" does not count (RFC 9112 section 6.3)."""
    assert told(OK + coding + b"\r\n\r\n" + chunks, closed=False) == (200, b"hi", "kept")


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nConnection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_whether_the_connection_is_kept(head: bytes, kept: bool) -> None:
    """RFC 9112 section 9.3."""
    came = head + b"Content-Length: 2\r\n\r\nhi"
    assert told(came, closed=False) == (200, b"hi", "kept" if kept else "closed")


def test_what_comes_beyond_an_answer_spoils_the_connection() -> None:
    """It would be taken for the next answer."""
    assert told(OK + b"Content-Length: 2\r\n\r\nhi!", closed=False) == (200, b"hi", "closed")


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 205), ("GET", 304), ("CONNECT", 200)]
)
def test_answers_without_a_body(method: str, status: int) -> None:
    """RFC 9112 section 6.3, whatever their length says."""
    came = f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n".encode()
    assert told(came, method=method, closed=False) == (status, b"", "kept")


def test_interim_answers_are_read_over() -> None:
    """RFC 9110 section 15.2."""
    before = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    assert told(before + OK + b"Content-Length: 2\r\n\r\nhi", closed=False) == (200, b"hi", "kept")


def test_a_body_until_the_end() -> None:
    """Without a length the peer's close ends it, and the connection."""
    assert told(OK + b"\r\nh", b"i", closed=False) == (200, b"hi", "more")
    assert told(OK + b"\r\nh", b"i") == (200, b"hi", "closed")


# What browsers refuse


@pytest.mark.parametrize(
    ("came", "said"),
    [
        (b"", "server disconnected without sending a response"),
        (b"\r\n", "server disconnected without sending a response"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "server disconnected without sending a response"),
        (b"HTT", "the connection was closed in the middle of the headers"),
        (OK + b"X: y", "the connection was closed in the middle of the headers"),
        (b"220 mail ESMTP\r\n", "the answer is not HTTP: '220 mail ESMTP'"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP: 'SSH-2.0-OpenSSH_9.2'"),
        (b"HTTP/1.1 OK\r\n\r\n", "the answer is not HTTP: 'HTTP/1.1 OK'"),
        (b"HTTP/1.1 0200 OK\r\n\r\n", "the answer is not HTTP: 'HTTP/1.1 0200 OK'"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "the answer is not HTTP: 'HTTP/1.1 2000 OK'"),
        (b"<!DOCTYPE html>\n<p>HTTP/0.9", "the answer is not HTTP: '<!DOCTYPE html>'"),
        (OK + b"X: a\0b\r\n\r\n", "the answer is not HTTP: there is a NUL in the headers"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "it switched protocols (101) without a request for it"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "conflicting Content-Length headers"),
        (OK + b"Content-Length: 5, 6\r\n\r\nhello", "conflicting Content-Length headers"),
        (OK + b"Content-Length: -5\r\n\r\nhello", "bad Content-Length"),
        (OK + b"Content-Length: +5\r\n\r\nhello", "bad Content-Length"),
        (OK + b"Content-Length: 0x5\r\n\r\nhello", "bad Content-Length"),
        (OK + b"Content-Length: 5 5\r\n\r\nhello", "bad Content-Length"),
        (OK + b"Content-Length: \r\n\r\nhello", "bad Content-Length"),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello", "bad Content-Length"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "it uses a Transfer-Encoding that is not chunked"),
        (OK + b"Transfer-Encoding: xchunked\r\n\r\n", "it uses a Transfer-Encoding that is not chunked"),
        (OK + b"Content-Length: 5\r\n\r\nhel", "the connection was closed after 3 of 5 bytes of the body"),
    ],
)
def test_what_browsers_refuse(came: bytes, said: str) -> None:
    """And what is said of it."""
    assert read(came)[2] == said


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        (b"", "the connection was closed in the middle of the body"),
        (b"2\r\nhi\r\n", "the connection was closed in the middle of the body"),
        (b"2\r\nhi\r\n0\r\n", "the connection was closed in the middle of the body"),
        (b"2\r\nhi\r\n0\r\nTrailer: x\r\n", "the connection was closed in the middle of the body"),
        (b"5\r\nhel", "the connection was closed in the middle of the body"),
        (b"\r\nhi\r\n0\r\n\r\n", "the answer is not HTTP: ''"),
        (b" 2\r\nhi\r\n0\r\n\r\n", "the answer is not HTTP: ' 2'"),
        (b"-2\r\nhi\r\n0\r\n\r\n", "the answer is not HTTP: '-2'"),
        (b"0x2\r\nhi\r\n0\r\n\r\n", "the answer is not HTTP: '0x2'"),
        (b"2,\r\nhi\r\n0\r\n\r\n", "the answer is not HTTP: '2,'"),
        (b"1" * 17 + b"\r\nhi\r\n0\r\n\r\n", f"the answer is not HTTP: '{'1' * 17}'"),
        (b"2\r\nhi!\r\n0\r\n\r\n", "the answer is not HTTP: '!'"),
        (b"2\r\nhi\r0\r\n\r\n", r"the answer is not HTTP: '\r0'"),
    ],
)
def test_chunks_that_are_refused(chunks: bytes, said: str) -> None:
    """A size that is none, a chunk that is longer than its size, an end that never came."""
    assert read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)[2] == said


# Bounds


@pytest.mark.parametrize(
    "flood",
    [b"X: y\r\n", b"HTTP/1.1 102 Processing\r\n\r\n", b"\r\n"],
    ids=["headers", "interim answers", "blank lines"],
)
def test_what_comes_before_the_body_is_bounded(flood: bytes) -> None:
    """Headers, interim answers and blank lines together; the reader holds no more than that of them."""
    reader = Reader("GET")
    if flood == b"X: y\r\n":
        reader.feed(OK)
    with pytest.raises(NotHTTP, match="256 KiB arrived without the end of the headers"):
        for _ in range(MOST_HEAD // len(flood) + 2):
            reader.feed(flood)
            assert reader.head() is None


def test_a_head_of_200_kib_is_read() -> None:
    """Chromium's bound is 256 KiB."""
    value = b"x" * 200_000
    head, _, end = read(OK + b"X: " + value + b"\r\nContent-Length: 0\r\n\r\n", closed=False)
    assert head is not None
    assert (head.headers[0], end) == ((b"X", value), "kept")


def test_a_chunk_s_size_and_the_trailers_are_bounded() -> None:
    """An extension without an end; trailers without an end."""
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    assert (
        read(chunked + b"1;" + b"x" * MOST_LINE, closed=False)[2] == "16 KiB arrived without the end of a chunk's size"
    )
    trailers = b"0\r\n" + b"X: y\r\n" * (MOST_HEAD // 6 + 1)
    assert read(chunked + trailers, closed=False)[2] == "256 KiB arrived without the end of the trailers"
    long = b"0\r\nX: " + b"y" * MOST_HEAD
    assert read(chunked + long, closed=False)[2] == "256 KiB arrived without the end of the trailers"


# However it is split


ANSWERS = [
    OK + b"Content-Length: 5\r\n\r\nhello",
    b"\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"X: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;x=y\r\nhel\r\n02\r\nlo\r\n0\r\nT: z\r\n\r\n",
    b"HTTP/1.0 200 OK\n\nhello",
    OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
    OK + b"Content-Length: 50\r\n\r\nhello",
    gzip.compress(b"not HTTP at all", mtime=0),
]


def verdict(end: str) -> str:
    """How it ended, without what depends on when it was asked: a quotation's length, whether more has come."""
    if end in ("kept", "closed"):
        return "whole"
    return end.partition(":")[0]


@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 200), max_size=12), st.sampled_from(["GET", "HEAD"]))
def test_the_splitting_never_matters(came: bytes, cuts: list[int], method: str) -> None:
    """Head, body and verdict are the same, whole or cut anywhere."""
    whole, cut = read(came, method=method), read(*pieces(came, cuts), method=method)
    assert cut[:2] == whole[:2]
    assert verdict(cut[2]) == verdict(whole[2])


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_any_octets_end_in_an_answer_or_a_sentence(noise: bytes, cuts: list[int]) -> None:
    """Nothing but NotHTTP is ever raised, and a body is never more than what came."""
    for start in (b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"):
        came = start + noise
        _, body, end = read(*pieces(came, cuts))
        assert len(body) <= len(came)
        assert end != "more"


def mutated(rng: random.Random) -> bytes:
    """One of the answers with a few octets changed, dropped or doubled."""
    came = bytearray(rng.choice(ANSWERS))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(came))
        match rng.randrange(3):
            case 0:
                came[at] = rng.choice(b"\r\n\0: \t0159afHTP,;x\xff")
            case 1:
                del came[at : at + rng.randint(1, 4)]
            case _:
                came[at:at] = came[at : at + rng.randint(1, 9)]
        came = came or bytearray(b"H")
    return bytes(came)


def fuzz(answers: int, seed: int = 0) -> None:
    """Read so many mutated answers, each whole and cut: the same body and verdict, and nothing but NotHTTP raised."""
    rng = random.Random(seed)
    for _ in range(answers):
        came, method = mutated(rng), rng.choice(("GET", "HEAD", "POST"))
        whole = read(came, method=method)
        cut = read(*pieces(came, [rng.randrange(200) for _ in range(rng.randrange(5))]), method=method)
        assert (cut[:2], verdict(cut[2])) == (whole[:2], verdict(whole[2])), came
        assert whole[2] != "more", came


def test_mutated_answers() -> None:
    """Twenty thousand here; ``python -c 'import test_http1; test_http1.fuzz(1_000_000)'`` for a million."""
    fuzz(20_000)
