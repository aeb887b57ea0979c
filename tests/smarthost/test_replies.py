"""SMTP replies: whatever the pieces they come in, and whatever a peer sends instead of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.replies import LINE_BYTES, REPLY_BYTES, Reply, ReplyReader, shown

EHLO = b"250-mx.example.org Hello\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"


def read(pieces: Iterable[bytes]) -> list[Reply]:
    """All replies in *pieces*."""
    reader, replies = ReplyReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (reply := reader.reply()) is not None:
            replies.append(reply)
    return replies


def failure(*pieces: bytes) -> tuple[Cause, str]:
    with pytest.raises(Failure) as raised:
        read(pieces)
    return raised.value.cause, raised.value.message


def test_a_reply_of_one_line() -> None:
    """Code, text, size."""
    assert read([b"220 mx.example.org ESMTP\r\n"]) == [Reply(220, ("mx.example.org ESMTP",), 26)]


def test_a_reply_of_many_lines() -> None:
    """Every line but the last has a hyphen (RFC 5321 section 4.2.1)."""
    lines = ("mx.example.org Hello", "SIZE 52428800", "AUTH PLAIN LOGIN", "STARTTLS")
    assert read([EHLO]) == [Reply(250, lines, len(EHLO))]


def test_a_code_may_stand_alone() -> None:
    """RFC 5321 section 4.2: a client should take it."""
    assert read([b"250\r\n354\n"]) == [Reply(250, ("",), 5), Reply(354, ("",), 4, bare_lf=True)]


def test_lines_that_end_with_lf_alone_are_noted() -> None:
    """One is enough."""
    assert read([b"220-one\n220 two\r\n"]) == [Reply(220, ("one", "two"), 17, bare_lf=True)]


def test_what_is_not_utf_8_is_shown_as_escapes() -> None:
    """Nothing raises for a Latin-1 greeting."""
    assert read([b"220 M\xfcnchen\r\n", "220 München\r\n".encode()]) == [
        Reply(220, ("M\\xfcnchen",), 13),
        Reply(220, ("München",), 14),
    ]


@given(st.lists(st.integers(1, 40)))
def test_replies_do_not_depend_on_the_pieces_they_come_in(cuts: list[int]) -> None:
    """TCP has no messages."""
    text, pieces = EHLO + b"454 4.7.0 TLS not available\n" + EHLO, []
    for cut in cuts:
        pieces.append(text[:cut])
        text = text[cut:]

    assert read([*pieces, text]) == read([EHLO + b"454 4.7.0 TLS not available\n" + EHLO])


LINES = st.tuples(st.integers(200, 599), st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30))


@given(st.lists(st.tuples(st.integers(200, 599), st.lists(LINES.map(lambda line: line[1]), min_size=1, max_size=5))))
def test_what_was_written_is_what_is_read(written: list[tuple[int, list[str]]]) -> None:
    """Any codes, any texts without line ends, one byte at a time."""
    octets = b"".join(
        f"{code}{' ' if number == len(lines) else '-'}{line}\r\n".encode()
        for code, lines in written
        for number, line in enumerate(lines, 1)
    )
    found = read(octets[i : i + 1] for i in range(len(octets)))
    assert [(reply.code, list(reply.lines)) for reply in found] == written


@given(st.binary(max_size=300), st.lists(st.integers(1, 20), max_size=20))
def test_anything_gives_the_same_verdict_in_any_pieces(octets: bytes, cuts: list[int]) -> None:
    """The same replies, or the same cause; never another exception."""

    def verdict(pieces: list[bytes]) -> list[Reply] | Cause:
        try:
            return read(pieces)
        except Failure as failed:
            return failed.cause

    pieces, rest = [], octets
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert verdict([*pieces, rest]) == verdict([octets])


def test_mixed_codes_are_no_reply() -> None:
    """A reply has one code."""
    assert failure(b"250-mx\r\n220 oh\r\n") == (Cause.PROTOCOL, "mixed reply codes: 250 and 220 in one reply")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400 Bad Request"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-OpenSSH_9.2p1"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "\\x15\\x03\\x01\\x00\\x02\\x02F"),  # no line end ever comes
        (b"\x00\xff\xfe\x1b[31m\r\n", "\\x00\\xff\\xfe\\x1b[31m"),
        (b"25\r\n", "25"),
        (b"2500 mx\r\n", "2500 mx"),
        (b"199 mx\r\n", "199 mx"),
        (b"250_mx\r\n", "250_mx"),
        (b"x" * 200_000, "x" * 60),
    ],
)
def test_what_is_not_smtp_is_shown(said: bytes, shown: str) -> None:
    """Its first bytes, escaped: nothing of a stranger's reaches the terminal."""
    assert failure(said) == (Cause.PROTOCOL, f"not SMTP: the server says “{shown}”")


def test_a_line_has_a_limit() -> None:
    """4096 bytes are a line, one more are not, whether its end has come or not."""
    longest = b"220 " + b"x" * (LINE_BYTES - 4)
    wrong = (Cause.PROTOCOL, "oversize: a line of more than 4096 bytes")

    assert [reply.bytes for reply in read([longest + b"\r\n", longest, b"\n"])] == [LINE_BYTES + 2, LINE_BYTES + 1]
    assert failure(longest + b"x\r\n") == wrong
    assert failure(longest + b"x\n") == wrong
    assert failure(longest, b"x", b"x") == wrong
    assert failure(b"220 " + b"x" * 200_000) == wrong


def test_a_reply_has_a_limit() -> None:
    """64 KiB are a reply; an endless one ends there, and nothing more of it is kept."""
    line = b"250-" + b"x" * 1018 + b"\r\n"
    assert len(line) == 1024
    assert [reply.bytes for reply in read([line * 63, b"250 " + b"x" * 1018 + b"\r\n"])] == [REPLY_BYTES]

    reader = ReplyReader()
    for _ in range(64):
        reader.feed(line)
        assert reader.reply() is None
    reader.feed(b"2")
    with pytest.raises(Failure, match=r"^oversize: a reply of more than 64 KiB$"):
        reader.reply()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(535, ("5.7.8 authentication failed",)), "5.7.8"),
        (Reply(250, ("2.1.5",)), "2.1.5"),
        (Reply(250, ("2.1.5 Ok", "2.1.5 really")), "2.1.5"),
        (Reply(550, ("4.7.1 what now?",)), None),  # RFC 2034 section 4: of the reply's own class
        (Reply(550, ("5.7.1.2 an address?",)), None),
        (Reply(550, ("relay not permitted",)), None),
    ],
)
def test_enhanced_status_codes(reply: Reply, code: str | None) -> None:
    """RFC 3463: class, subject, detail."""
    assert reply.enhanced == code


def test_a_reply_is_shown_on_one_line_and_not_at_length() -> None:
    """For a message; what is cut ends with an ellipsis, which the redactor knows."""
    assert str(Reply(550, ("5.7.1 relay", " not\tpermitted\x1b[0m", ""))) == "550 5.7.1 relay not\\tpermitted\\x1b[0m"
    assert str(Reply(221)) == "221"
    assert str(Reply(550, ("y" * 300,))) == "550 " + "y" * 199 + "…"


@given(st.text())
def test_what_is_shown_is_printable_and_short(text: str) -> None:
    """Of any text."""
    assert shown(text).isprintable()
    assert len(shown(text)) <= 200


def test_what_came_behind_a_reply_is_kept_apart() -> None:
    """The dialogue wants to know."""
    reader = ReplyReader()
    reader.feed(b"220 go ahead\r\n250 injected\r\n2")
    assert (reader.reply(), reader.rest) == (Reply(220, ("go ahead",), 14), b"250 injected\r\n2")
    assert (reader.reply(), reader.rest, reader.begun) == (Reply(250, ("injected",), 14), b"2", True)
