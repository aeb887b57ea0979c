"""What counts as an answer, rule by rule (facts c5), and timestamps that go on after 2036."""

from __future__ import annotations

import struct

import ntplib  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.ntp import packet as ntp
from collectd_inode.ntp.packet import KISSES, Packet, Questions, Reason, RejectedDatagram
from tests.helpers.ntp_peer import answer, packet

NANOSECONDS = st.integers(-(2**31) * 10**9, 2**33 * 10**9)
ERA_1 = 2_085_978_496
"""The second, since the epoch of Unix, at which NTP's timestamps begin anew: 2036-02-07 06:28:16 UTC."""


def read(data: bytes, questions: Questions | None = None) -> Reason | None:
    """Why *data* is no answer to what was asked; None if it is one."""
    found = (questions or Questions()).read(data)
    return found.reason if isinstance(found, RejectedDatagram) else None


def asked() -> tuple[Questions, bytes]:
    """One source that was asked once, and the request."""
    questions = Questions()
    return questions, questions.ask()


def test_a_request_says_nothing_but_its_cookie() -> None:
    """Version 4, mode 3, and zeros."""
    assert ntp.request(0x1122334455667788) == bytes([0o43]) + bytes(39) + bytes.fromhex("1122334455667788")


def test_rule_1_the_origin_is_what_was_sent_to_the_last_bit() -> None:
    questions, request = asked()
    (cookie,) = struct.unpack_from("!Q", request, 40)

    assert read(answer(request), questions) is None
    assert read(answer(origin=cookie ^ 1), questions) is Reason.ORIGIN
    assert read(answer(origin=cookie ^ 1 << 63), questions) is Reason.ORIGIN
    assert read(answer(origin=0), questions) is Reason.ORIGIN


def test_nothing_answers_before_anything_was_asked() -> None:
    assert read(answer(origin=0)) is Reason.ORIGIN


@pytest.mark.parametrize("length", [0, 12, 47])
def test_rule_5_shorter_than_48_bytes_is_no_packet(length: int) -> None:
    questions, request = asked()

    assert read(answer(request)[:length], questions) is Reason.SHORT


def test_what_follows_the_header_is_left_alone() -> None:
    """Extension fields and a MAC."""
    questions, request = asked()

    assert read(answer(request) + bytes(20), questions) is None


@pytest.mark.parametrize("mode", [0, 1, 2, 3, 5, 6, 7])
def test_rule_6_only_servers_answer(mode: int) -> None:
    questions, request = asked()

    assert read(answer(request, mode=mode), questions) is Reason.MODE


@pytest.mark.parametrize(("version", "reason"), [(v, None if v in (3, 4) else Reason.VERSION) for v in range(8)])
def test_rule_7_the_version_is_3_or_4(version: int, reason: Reason | None) -> None:
    questions, request = asked()

    assert read(answer(request, version=version), questions) is reason


def test_48_bytes_of_ones_are_no_answer() -> None:
    questions, _ = asked()

    assert read(b"\xff" * 48, questions) is Reason.VERSION


def test_rule_17_the_cookie_is_random_and_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is nobody's clock; 0 would be answered by a server that copies nothing."""
    assert len({ntp.new_cookie() for _ in range(100)}) == 100
    monkeypatch.setattr("secrets.randbits", lambda bits: 0)
    assert ntp.new_cookie() == 1


def test_rule_18_the_first_answer_counts() -> None:
    """The second is a duplicate, and so is one that comes when the next question has been asked."""
    questions, request = asked()
    assert isinstance(questions.read(answer(request)), Packet)
    questions.close()

    assert read(answer(request), questions) is Reason.DUPLICATE
    questions.ask()
    assert read(answer(request), questions) is Reason.DUPLICATE


def test_an_answer_to_an_earlier_request_is_late() -> None:
    questions, first = asked()
    second = questions.ask()

    assert read(answer(first), questions) is Reason.LATE
    assert read(answer(second), questions) is None


def test_the_fields_of_a_packet() -> None:
    data = answer(
        leap=1, version=3, stratum=1, precision=-20, root_delay=0.5, root_dispersion=0.25, reference_id=b"GPS",
        reference=1, origin=2, receive=3, transmit=4,
    )  # fmt: skip

    found = ntp.parse(data)
    assert found == Packet(1, 3, 4, 1, 6, -20, 32768, 16384, 0x47505300, 1, 2, 3, 4)
    assert (found.leap, found.reference_code) == (1, "GPS")


@pytest.mark.parametrize(
    ("stratum", "reference_id", "text", "code"),
    [
        (1, b"GPS", "Global Position System", "GPS"),
        (2, b"\xc0\x00\x02\x01", "192.0.2.1", ""),
        (0, b"RATE", "RATE", "RATE"),
        (1, b"PPS0", "PPS0 (pulse per second)", "PPS0"),
        (1, b"kPPS", "kPPS (pulse per second, by the kernel)", "kPPS"),
        (1, b"GOOG", "GOOG (Google's servers)", "GOOG"),
        (1, b"PHC0", "PHC0 (a network card's clock)", "PHC0"),
        (1, b"NMEA", "NMEA (a satellite receiver's sentences)", "NMEA"),
        (1, b"SHM0", "SHM0 (shared memory, such as gpsd's)", "SHM0"),
        (1, b"GNSS", "GNSS (satellites)", "GNSS"),
        (1, b"PTP0", "PTP0 (Precision Time Protocol)", "PTP0"),
        (1, b"PPS", "Generic pulse-per-second", "PPS"),
        (1, b"GPS ", "Global Position System", ""),
        (1, b"XYZ9", "XYZ9", "XYZ9"),
        (1, b"\x1b[2J", "0x1b5b324a", ""),  # would clear a screen
        (1, b"\r\n\t\x07", "0x0d0a0907", ""),
        (1, b"\x9b2J", "0x9b324a00", ""),
        (1, b"\0GPS", "0x00475053", ""),
        (0, b"", "NULL", ""),
    ],
)
def test_where_a_server_has_its_time_from(stratum: int, reference_id: bytes, text: str, code: str) -> None:
    found = packet(stratum=stratum, reference_id=reference_id)

    assert (found.reference_text, found.reference_code) == (text, code)


def test_what_ntplib_makes_of_the_same_bytes() -> None:
    """The wire format is the same; only its timestamps are floats."""
    data = answer(now=1_795_000_000_123_456_789, leap=2, stratum=3)
    theirs = ntplib.NTPPacket()
    theirs.from_data(data)
    ours = ntp.parse(data)

    assert (ours.leap, ours.version, ours.mode, ours.stratum) == (2, 4, 4, 3)
    assert (theirs.leap, theirs.version, theirs.mode, theirs.stratum) == (2, 4, 4, 3)
    assert (theirs.ref_id, theirs.root_delay) == (ours.reference_id, ours.root_delay / 2**16)
    assert abs(theirs.recv_timestamp - ours.receive / 2**32) < 1e-6


@given(NANOSECONDS)
def test_rule_16_nanoseconds_survive_the_wire(nanoseconds: int) -> None:
    """In whatever era, as long as the clock that looks is less than 68 years off."""
    assert ntp.nanoseconds(ntp.timestamp(nanoseconds), nanoseconds) == nanoseconds


@given(NANOSECONDS, st.integers(-(2**30), 2**30))
def test_rule_16_differences_are_modulo_2_to_the_64(nanoseconds: int, seconds: int) -> None:
    then = nanoseconds + seconds * 10**9

    assert ntp.nanoseconds(ntp.timestamp(then), nanoseconds) == then
    assert ntp.difference(ntp.timestamp(then), ntp.timestamp(nanoseconds)) == seconds * 2**32


def test_timestamps_begin_anew_in_2036() -> None:
    """The last second of one era and the first of the next are one second apart."""
    before, after = ntp.timestamp((ERA_1 - 1) * 10**9), ntp.timestamp(ERA_1 * 10**9)

    assert (before, after) == ((2**32 - 1) << 32, 0)
    assert ntp.difference(after, before) == 1 << 32
    assert ntp.nanoseconds(after, (ERA_1 - 1) * 10**9) == ERA_1 * 10**9


def test_roots_are_in_units_of_15_microseconds() -> None:
    assert ntp.short_nanoseconds(0x0001_8000) == 1_500_000_000
    assert ntp.short_nanoseconds(1) == 15_259


def test_kiss_codes_are_those_of_the_two_rfcs() -> None:
    """RFC 5905 section 7.4 and RFC 8915."""
    expected = "ACST AUTH AUTO BCST CRYP DENY DROP RSTR INIT MCST NKEY NTSN RATE RMOT STEP"
    assert sorted(KISSES) == sorted(expected.split())


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason: Reason) -> None:
    assert reason.words


@given(st.binary(max_size=120))
def test_no_datagram_breaks_it(data: bytes) -> None:
    questions, _ = asked()

    assert isinstance(questions.read(data), RejectedDatagram)
