"""Offset, delay and error bound in whole nanoseconds, and why an answer is not believed, rule by rule (facts c5)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.ntp.packet import Packet, Reason, RejectedDatagram, timestamp
from collectd_inode.ntp.sample import Limits, Sample, best, judge, measure
from tests.helpers.ntp_peer import packet

NOW = 1_795_000_000 * 10**9
HERE = timestamp(NOW)
LIMITS = Limits(root_distance=1_500_000_000)


def judged(limits: Limits = LIMITS, **changes: Any) -> RejectedDatagram | None:
    """What is made of a good answer with these changes."""
    return judge(packet(now=NOW, **changes), limits)


def reason(limits: Limits = LIMITS, **changes: Any) -> Reason | None:
    """The same, in a word."""
    found = judged(limits, **changes)
    return found.reason if found is not None else None


def sample(offset: int = 0, delay: int = 0, **changes: Any) -> Sample:
    """A sample with these parts."""
    rest: dict[str, Any] = {"stratum": 2, "leap": 0, "reference": "", "transmit": 1, "root_delay": 0}
    return Sample(offset=offset, delay=delay, **{**rest, "root_dispersion": 0, **changes})


def measured(t1: int, t2: int, t3: int, t4: int, **changes: Any) -> Sample | RejectedDatagram:
    """What four timestamps, in nanoseconds after NOW, come to."""
    times = packet(receive=timestamp(NOW + t2), transmit=timestamp(NOW + t3), **changes)
    return measure(times, NOW + t1, NOW + t4)


def test_a_good_answer_is_believed() -> None:
    assert judged() is None


@pytest.mark.parametrize("code", ["RATE", "DENY", "RSTR", "INIT", "STEP", "NTSN"])
@pytest.mark.parametrize("leap", [0, 3])
def test_rule_8_stratum_0_with_a_code_is_a_kiss(code: str, leap: int) -> None:
    found = judged(stratum=0, leap=leap, reference_id=code.encode())

    assert found is not None
    not_yet = leap == 3 and code in ("INIT", "STEP")
    assert (found.reason, found.kiss) == (Reason.UNSYNCHRONISED if not_yet else Reason.KISS, code)
    assert not_yet or found.message.startswith(f"kiss-o'-death {code}: ")


def test_a_kiss_whose_code_nobody_knows() -> None:
    found = judged(stratum=0, reference_id=b"XMAS")

    assert found == RejectedDatagram(Reason.KISS, "kiss-o'-death XMAS: an unknown code", kiss="XMAS")


def test_rule_8_leap_3_and_stratum_0_without_a_code_is_unsynchronised() -> None:
    """What a real chronyd says that has no source yet: no kiss."""
    found = judged(stratum=0, leap=3, reference_id=0, reference=0, root_delay=0, root_dispersion=0)

    assert found == RejectedDatagram(
        Reason.UNSYNCHRONISED, "the server says that it is not synchronised (stratum 0, leap 3)"
    )


def test_stratum_0_that_says_nothing_else() -> None:
    assert reason(stratum=0, reference_id=0) is Reason.STRATUM


@pytest.mark.parametrize("stratum", [1, 15, 16, 17, 255])
def test_rule_9_stratum_is_1_to_15(stratum: int) -> None:
    assert reason(stratum=stratum) is (Reason.STRATUM if stratum > 15 else None)


@pytest.mark.parametrize("leap", [0, 1, 2, 3])
def test_rule_10_leap_3_is_unsynchronised(leap: int) -> None:
    assert reason(leap=leap) is (Reason.UNSYNCHRONISED if leap == 3 else None)


@pytest.mark.parametrize("field", ["receive", "transmit"])
def test_rule_11_no_timestamp_is_zero(field: str) -> None:
    found = judge(packet(now=NOW, **{field: 0}), LIMITS)

    assert found == RejectedDatagram(Reason.NO_TIME, f"the {field} timestamp is zero")


def test_rule_12_nothing_is_answered_before_it_came() -> None:
    assert reason(receive=HERE, transmit=HERE) is None
    assert reason(receive=HERE + 1, transmit=HERE) is Reason.BACKWARDS
    found = judged(receive=HERE + 2**31, transmit=HERE)
    assert found is not None
    assert found.message == "answered 0.500000 s before the request came, says the server"


def test_rule_13_the_reference_is_not_in_the_future() -> None:
    assert reason(reference=HERE) is None
    assert reason(reference=HERE + 1) is Reason.REFERENCE


def test_rule_13_the_reference_is_not_older_than_36_hours() -> None:
    assert reason(reference=HERE - (2**17 << 32)) is None
    assert judged(reference=HERE - (2**17 + 3600 << 32)) == RejectedDatagram(
        Reason.STALE, "its clock was last set 37.4 h ago"
    )


def test_a_server_may_not_know_when_it_was_set() -> None:
    """RFC 5905 section 6: zero is unknown."""
    assert reason(reference=0) is None


@pytest.mark.parametrize(
    ("delay", "dispersion", "refused"),
    [(1.0, 1.0, False), (1.0, 1.001, True), (3.1, 0.0, True), (0.0, 2.0, True), (0.0, 20.0, True)],
)
def test_rule_14_the_root_distance_has_a_limit(delay: float, dispersion: float, refused: bool) -> None:
    """Half the root delay and the root dispersion."""
    assert reason(root_delay=delay, root_dispersion=dispersion) is (Reason.ROOT_DISTANCE if refused else None)


def test_the_root_distance_and_its_limit_are_told() -> None:
    found = judged(root_delay=1.0, root_dispersion=2.0)

    assert found == RejectedDatagram(Reason.ROOT_DISTANCE, "its root distance is 2.500 s, the most is 1.5 s")


@pytest.mark.parametrize(
    ("delay", "dispersion", "said"),
    [
        (0, 0x18000, None),  # 1.5 s, the limit itself
        (0, 0x18001, "1.501"),  # 15 microseconds more
        (0x30000, 0, None),  # half of 3 s
        (0x30001, 0, "1.501"),
        (0x20000, 0x8000, None),
        (0, 0xFFFFFFFF, "65536.000"),
        (0xFFFFFFFF, 0xFFFFFFFF, "98304.000"),
    ],
)
def test_just_below_and_just_above_the_limit(delay: int, dispersion: int, said: str | None) -> None:
    found = judged(root_delay=delay / 2**16, root_dispersion=dispersion / 2**16)
    message = f"its root distance is {said} s, the most is 1.5 s"
    assert found == (None if said is None else RejectedDatagram(Reason.ROOT_DISTANCE, message))


def test_a_clock_that_stands_still() -> None:
    """Two answers with the same transmit timestamp."""
    assert reason(Limits(LIMITS.root_distance, before=HERE)) is Reason.FROZEN
    assert reason(Limits(LIMITS.root_distance, before=HERE - 1)) is None


def test_offset_and_delay_to_the_nanosecond() -> None:
    """A server 1200 s ahead, 300 ns there and 100 ns back, which took 50 ns."""
    ahead = 1200 * 10**9
    found = measured(0, ahead + 300, ahead + 350, 450)

    assert isinstance(found, Sample)
    assert (found.offset, found.delay) == (ahead + 100, 400)


def test_a_way_that_takes_longer_in_one_direction_is_within_the_bound() -> None:
    """100 ms there, nothing back: 50 ms off, and 50 ms is said."""
    found = measured(0, 100_000_000, 100_000_000, 100_000_000, root_delay=0, root_dispersion=0)

    assert isinstance(found, Sample)
    assert (found.offset, found.delay, found.bound) == (50_000_000, 100_000_000, 50_000_030)


def test_rule_15_a_negative_delay_is_refused_beyond_the_precision() -> None:
    """A server whose clock reads in milliseconds may seem to take one more than it did."""
    coarse = measured(0, 0, 900_000, 0, precision=-10)
    assert isinstance(coarse, Sample)
    assert coarse.delay == 0
    assert measured(0, 0, 1_000_000, 0, precision=-20) == RejectedDatagram(
        Reason.NEGATIVE_DELAY,
        "the server claims to have held the packet longer than the round trip took: a delay of -1000000 ns",
    )


@given(st.integers(-128, 127))
def test_whatever_precision_is_claimed(precision: int) -> None:
    """At most a second is believed."""
    assert isinstance(measured(0, 0, 2 * 10**9, 0, precision=precision), RejectedDatagram)


@given(
    st.integers(-(2**30) * 10**9, 2**30 * 10**9), st.integers(0, 10**10), st.integers(0, 10**10), st.integers(0, 10**9)
)
def test_the_true_offset_is_never_outside_the_bound(ahead: int, there: int, back: int, taken: int) -> None:
    """Whatever the ways take, and in whatever era the server is."""
    found = measured(0, ahead + there, ahead + there + taken, there + taken + back, root_delay=0, root_dispersion=0)

    assert isinstance(found, Sample)
    assert abs(found.delay - there - back) <= 1  # timestamps on the wire are no whole nanoseconds
    assert abs(found.offset - ahead) <= found.bound + 1


def test_the_bound_is_half_the_delay_the_precision_and_the_root_distance() -> None:
    assert sample(delay=5, root_delay=7, root_dispersion=100, precision=9).bound == 3 + 9 + 4 + 100


@pytest.mark.parametrize(
    ("precision", "nanoseconds"),
    [(-25, 30), (-20, 954), (-10, 976_563), (-6, 15_625_000), (-1, 500_000_000), (0, 10**9), (127, 10**9), (-128, 1)],
)
def test_a_coarse_clock_is_that_much_less_sure(precision: int, nanoseconds: int) -> None:
    """RFC 5905 section 11.2; -6 is an old Windows, 0 a device that knows whole seconds."""
    found = measured(0, 0, 0, 0, precision=precision, root_delay=0, root_dispersion=0)

    assert isinstance(found, Sample)
    assert found.bound == nanoseconds


def test_what_a_sample_keeps_of_the_packet() -> None:
    found = measured(0, 0, 0, 0, leap=1, stratum=3, root_delay=0.5, root_dispersion=0.25)

    assert found == Sample(0, 0, 500_000_000, 250_000_000, 3, 1, "192.0.2.1", timestamp(NOW), precision=30)


def test_the_best_sample_has_the_shortest_delay() -> None:
    assert best([sample(1, 30), sample(2, 10), sample(3, 20)]) == sample(2, 10)
    assert best([]) is None


@given(st.builds(Packet, *[st.integers(0, 2**n - 1) for n in (2, 3, 3, 8, 8, 7, 32, 32, 32, 64, 64, 64, 64)]))
def test_no_packet_breaks_it(packet: Packet) -> None:
    judge(packet, LIMITS)
    assert isinstance(measure(packet, NOW, NOW + 10), Sample | RejectedDatagram)
