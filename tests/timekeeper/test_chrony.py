"""chronyd's answers, as chronyd 4.3 has sent them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.timekeeper import chrony
from collectd_inode.timekeeper.account import Account, NoAccount, NoPeer, Peer

TRACKED = bytes.fromhex(
    "7f0000027f0000020000000000000000000000000001000000060000000000006b0c308a1bf5183bdf4db1d1dd68ed9a"
    "dce824e3fb4f4441f9074ffc029c08efe2818526dcfa0bb504801acb"
)
FOLLOWED = bytes.fromhex(
    "7f000002000000000000000000000000000100000000000500000000000000ff00000001dd1ec85cdb6bb4abe0837eb1"
)
SILENT = bytes.fromhex(
    "7f00000900000000000000000000000000010000000600000001000000000000ffffffff000000000000000000000000"
)
HEAD = "0602000000{command:02x}000{reply}{status:04x}0000000000000000004d0000000000000000"


def test_a_question_is_as_long_as_its_answer() -> None:
    """Or chronyd does not answer it."""
    assert len(chrony.question(chrony.TRACKING, 77)) >= 28 + len(TRACKED)


def test_the_followed_server() -> None:
    assert chrony.peer(FOLLOWED) == Peer("127.0.0.2", 8, followed=True)


def test_a_server_that_does_not_answer() -> None:
    assert chrony.peer(SILENT) == Peer("127.0.0.9", 0)


@pytest.mark.parametrize(
    ("at", "word", "source"),
    [(16, b"\0\3", NoPeer.UNRESOLVED), (16, b"\0\0", NoPeer.UNRESOLVED), (26, b"\0\2", NoPeer.CLOCK)],
)
def test_what_is_no_server(at: int, word: bytes, source: NoPeer) -> None:
    """A name that is not resolved yet, and a reference clock."""
    assert chrony.peer(FOLLOWED[:at] + word + FOLLOWED[at + 2 :]) is source


def test_another_version_of_the_protocol() -> None:
    """Its daemon says so, and answers nothing."""
    told = bytes.fromhex("05" + HEAD.format(command=chrony.SOURCES, reply=1, status=18)[2:])
    with pytest.raises(NoAccount, match=r"^chronyd speaks version 5 of its protocol instead of 6$"):
        chrony.answer(told, chrony.SOURCES, 77)


def test_the_account() -> None:
    """The error is at least the offset."""
    told = chrony.account(TRACKED, (Peer("127.0.0.2", 8, followed=True),))
    assert (told.follows, told.stratum, told.updated) == ("127.0.0.2", 6, 0x6B0C308A + 0x1BF5183B / 1e9)
    assert told.offset == pytest.approx(-3.6e-06, abs=1e-06)
    assert told.error == pytest.approx(1.5e-05, abs=1e-05)


def test_one_that_is_not_synchronised() -> None:
    assert chrony.account(TRACKED[:26] + b"\0\3" + TRACKED[28:], ()) == Account("chronyd")


def test_a_reference_clock_is_followed() -> None:
    told = chrony.account(b"PPS0" + bytes(16) + b"\0\0" + TRACKED[22:], ())
    assert (told.follows, told.followed) == ("PPS0", None)


def test_its_own_clock_is_followed() -> None:
    """By ``local stratum 10``."""
    told = chrony.account(b"\x7f\x7f\1\1" + bytes(16) + b"\0\0" + TRACKED[22:], ())
    assert told.sentence(told.updated or 0.0) == "chronyd follows its own clock (stratum 6), updated 0 s ago"
    assert told.sentence(0.0).endswith("updated 0 s ago")  # by a clock that was set back since


@pytest.mark.parametrize(("word", "value"), [(0x00000000, 0.0), (0x02800000, 0.5), (0x03800000, -0.5)])
def test_its_own_floats(word: int, value: float) -> None:
    assert chrony._number(word) == value


@given(st.binary(max_size=200))
def test_whatever_comes(data: bytes) -> None:
    """It is read, ignored or refused; nothing else is raised."""
    for read in (chrony.count, chrony.peer, lambda told: chrony.account(told, ())):
        try:
            read(data)
        except NoAccount as error:
            assert "instead of" in str(error)
    assert chrony.answer(data, chrony.SOURCE, 2**31) in (None, data[28:])
