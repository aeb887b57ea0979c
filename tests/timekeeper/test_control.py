"""Mode 6: what ntpd's answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.timekeeper import control
from collectd_inode.timekeeper.account import Account, NoAccount, NoPeer, Peer
from collectd_inode.timekeeper.control import Piece

HEAD = bytes([0x16, 0x82, 0, 77, 6, 21, 0, 0, 0, 0])
SYSTEM = (
    b"stratum=3, leap=0, rootdelay=1.0, rootdisp=31.25, refid=192.0.2.1,\r\n"
    b"reftime=0xea1b2c3d.80000000, offset=-31.25"
)  # fmt: skip


def answered(data: bytes) -> bytes:
    return HEAD + len(data).to_bytes(2, "big") + data


def test_a_question() -> None:
    assert control.question(control.READ_VARIABLES, 77, 5, "srcadr") == (
        b"\x16\x02\x00\x4d\x00\x00\x00\x05\x00\x00\x00\x06srcadr\0\0"
    )


def test_an_answer_to_another_question_is_ignored() -> None:
    assert control.answer(answered(b"a=1"), control.READ_VARIABLES, 77) == Piece(0, b"a=1")
    assert control.answer(answered(b"a=1"), control.READ_VARIABLES, 78) is None
    assert control.answer(answered(b"a=1"), control.READ_STATUS, 77) is None


def test_a_part_of_an_answer() -> None:
    """More come; and a datagram that was cut off is none."""
    part = bytes([0x16, 0xA2, 0, 77, 6, 21, 0, 0, 0, 8, 0, 4]) + b"efgh"
    assert control.answer(part, control.READ_VARIABLES, 77) == Piece(8, b"efgh", more=True)
    assert control.answer(part[:-1], control.READ_VARIABLES, 77) is None


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([Piece(0, b"abcd")], b"abcd"),
        ([Piece(4, b"ef"), Piece(0, b"abcd", more=True)], b"abcdef"),
        ([Piece(0, b"abcd", more=True), Piece(0, b"abcd", more=True), Piece(4, b"ef")], b"abcdef"),
        ([Piece(0, b"abcd", more=True)], None),
        ([Piece(4, b"ef")], None),
        ([Piece(0, b"", more=True)], None),
        ([], None),
    ],
)
def test_an_answer_in_pieces(pieces: list[Piece], told: bytes | None) -> None:
    """In whatever order, and twice if need be."""
    assert control.whole(pieces) == told


def test_a_refusal() -> None:
    refused = bytes([0x16, 0xC2, 0, 77, 1, 0, 0, 0, 0, 0, 0, 0])
    with pytest.raises(NoAccount, match=r"^ntpd refuses operation 2: error 1$"):
        control.answer(refused, control.READ_VARIABLES, 77)


def test_the_associations() -> None:
    assert control.associations(bytes.fromhex("0001961a00029414000397")) == [(1, True), (2, False)]


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        (b"srcadr=192.0.2.1, reach=0xff", Peer("192.0.2.1", 8, followed=True)),
        (b"srcadr=192.0.2.1, reach=377", Peer("192.0.2.1", 8, followed=True)),
        (b"srcadr=2001:db8::1, reach=0x5", Peer("2001:db8::1", 2, followed=True)),
        (b"srcadr=192.0.2.1", Peer("192.0.2.1", None, followed=True)),
        (b"srcadr=127.127.28.0, reach=0xff", NoPeer.CLOCK),
        (b"srcadr=0.0.0.0, reach=0x0", NoPeer.UNRESOLVED),
        (b"srcadr=\x1b[2J", NoPeer.UNRESOLVED),
    ],
)
def test_a_server(text: bytes, peer: Peer | NoPeer) -> None:
    """Reference clocks are none, nor are names that are not resolved yet."""
    assert control.peer(text, followed=True) == peer


def test_the_account() -> None:
    peers = (Peer("192.0.2.1", 8, followed=True), Peer("192.0.2.2", 7))
    assert control.account(SYSTEM, peers) == Account(
        "ntpd", "192.0.2.1", 0xEA1B2C3D - 2208988800 + 0.5, 3, -0.03125, 0.063, peers
    )


def test_one_that_is_not_synchronised() -> None:
    assert control.account(SYSTEM.replace(b"leap=0", b"leap=3"), ()) == Account("ntpd")


def test_one_that_begins_to_follow() -> None:
    """As NTPsec 1.2.2 has sent it: it has a peer already, and its clock is not synchronised yet."""
    sent = (
        b"leap=3, stratum=6, rootdelay=0.050, rootdisp=937.533, refid=192.0.2.1,\r\n"
        b"reftime=0xeeb6b270.05bb3b68, offset=0.000000\r\n"
    )
    told = control.account(sent, (Peer("192.0.2.1", 1, followed=True),))
    assert (told.follows, told.stratum, told.offset) == ("192.0.2.1", 6, 0.0)
    assert told.error == pytest.approx(0.937558)


def test_a_reference_clock_s_name_is_printable() -> None:
    assert control.account(b"refid=\x1b[2J", ()).follows.isprintable()


@pytest.mark.parametrize("reference", [b"LOCL", b"127.127.1.0", b"127.0.0.1"])
def test_one_that_follows_its_own_clock(reference: bytes) -> None:
    assert control.account(b"stratum=6, leap=0, refid=" + reference, ()).follows == "its own clock"


@pytest.mark.parametrize(
    "odd",
    [
        b"stratum=" + b"9" * 5000,
        b"reftime=0x" + b"f" * 600,
        b"reftime=0x1." + b"f" * 600,
        b"rootdelay=1e999,rootdisp=nan",
    ],
    ids=["digits", "time", "fraction", "endless"],
)
def test_numbers_that_are_none(odd: bytes) -> None:
    """Nothing of them is known, and nothing is raised."""
    assert control.account(odd + b",refid=GPS", ()) == Account("ntpd", "GPS")


@given(st.binary(max_size=200))
def test_whatever_comes(data: bytes) -> None:
    """It is read or ignored; nothing is raised."""
    control.associations(data)
    control.peer(data, followed=False)
    control.account(data, ())
    assert control.answer(data[:4], control.READ_STATUS, 1) is None
