"""Who is right: majorities, falsetickers, and the sentences that name them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.ntp.vote import (
    LEAST_BOUND,
    Candidate,
    Vote,
    apart,
    clock_sentence,
    discord_sentence,
    falseticker_sentence,
    intersection,
    signed,
    vote,
)

MS = 1_000_000
SECOND = 1000 * MS


def candidates(*offsets: int, bound: int = 5 * MS) -> tuple[Candidate, ...]:
    """Servers a, b, c… with these offsets."""
    return tuple(Candidate(name, offset, bound) for name, offset in zip("abcdefgh", offsets, strict=False))


def names(some: Sequence[Candidate]) -> str:
    return "".join(c.name for c in some)


def test_one_source_is_its_own_majority() -> None:
    (only,) = candidates(3 * MS, bound=5)

    assert vote([only]) == Vote((only,), (), 3 * MS, 5)


def test_no_source_no_vote() -> None:
    assert vote([]) == Vote((), ())


def test_three_that_agree() -> None:
    """The consensus is in the middle, as all are equally sure."""
    found = vote(candidates(0, 1 * MS, 2 * MS))

    assert (names(found.truechimers), found.falsetickers) == ("abc", ())
    assert (found.offset, found.bound) == (1 * MS, 4 * MS)


def test_the_surer_weighs_more() -> None:
    """One is sure to 1 ms, the other to 9 ms: nine parts to one."""
    found = vote([Candidate("near", 0, 1 * MS), Candidate("far", 5 * MS, 9 * MS)])

    assert found.offset == MS // 2


def test_a_falseticker_is_named_beside_two_that_agree() -> None:
    """And its difference is to the others, not to this clock."""
    found = vote(candidates(-1 * MS, 1200 * SECOND, 1 * MS))

    assert (names(found.truechimers), names(found.falsetickers), found.offset) == ("ac", "b", 0)
    assert falseticker_sentence(found, found.falsetickers[0]) == "server b is wrong: 1200.0 s ahead of the other 2"


def test_a_falseticker_that_is_behind() -> None:
    found = vote(candidates(0, 0, -SECOND // 2))

    assert falseticker_sentence(found, found.falsetickers[0]) == "server c is wrong: 0.500 s behind the other 2"


def test_whom_a_falseticker_follows_is_told() -> None:
    told = [*candidates(0, 0), Candidate("c", SECOND, 0, "Global Position System")]
    found = vote(told)

    assert falseticker_sentence(found, told[2]) == (
        "server c is wrong: 1.000 s ahead of the other 2; it follows Global Position System"
    )


def test_when_all_agree_against_this_clock() -> None:
    found = vote(candidates(1200 * SECOND, 1200 * SECOND + MS, 1200 * SECOND - MS))

    assert clock_sentence(found, 0.1) == (
        "this clock is wrong (3 sources agree): this clock is 1200.0 s behind, the limit is 0.1 s"
    )


@pytest.mark.parametrize(
    ("offsets", "sentence"),
    [
        ((1200 * SECOND,), "this clock is 1200.0 s behind a, the limit is 0.1 s"),
        ((-SECOND,), "this clock is 1.000 s ahead of a, the limit is 0.1 s"),
        ((-SECOND, -SECOND), "this clock is 1.000 s ahead of a and b, the limit is 0.1 s"),
    ],
)
def test_fewer_than_three_cannot_say_which_is_wrong(offsets: tuple[int, ...], sentence: str) -> None:
    told = clock_sentence(vote(candidates(*offsets)), 0.1)

    assert told == f"{sentence}; naming the wrong one needs 3 sources"


def test_two_that_disagree_have_no_consensus() -> None:
    found = vote(candidates(1200 * SECOND, 0))

    assert (found.offset, found.bound, names(found.candidates)) == (None, None, "ab")
    assert discord_sentence(found) == (
        "no majority of the sources agrees, so the wrong one cannot be named:"
        " against this clock b +0.000 ms, a +1200.0 s"
    )


def test_two_pairs_are_no_majority() -> None:
    assert vote(candidates(0, 0, SECOND, SECOND)).offset is None


def test_a_near_server_and_a_far_one_agree_when_they_overlap() -> None:
    """The far one's own offset lies outside of what the near one holds for possible: as in ntpd, no matter."""
    found = vote([Candidate("near", 0, 1 * MS), Candidate("far", 3 * MS, 20 * MS)])

    assert names(found.truechimers) == "nearfar"
    assert intersection([Candidate("near", 0, 1 * MS), Candidate("far", 3 * MS, 20 * MS)]) == (-1 * MS, 1 * MS)


def test_servers_on_one_wire_do_not_fall_out_over_microseconds() -> None:
    """Both are sure to a microsecond, and half a millisecond apart."""
    assert names(vote(candidates(0, MS // 2, bound=1000)).truechimers) == "ab"


@given(st.integers(-(10**18), 10**18), st.lists(st.tuples(st.integers(0, SECOND), st.floats(-1, 1)), min_size=1))
def test_who_tells_the_truth_is_never_a_falseticker(truth: int, honest: list[tuple[int, float]]) -> None:
    """All intervals hold the truth, so all agree, and the consensus holds it too."""
    told = [Candidate(str(n), truth + round(b * part), b + 1) for n, (b, part) in enumerate(honest)]

    found = vote(told)
    assert found.falsetickers == ()
    assert found.offset is not None
    assert found.bound is not None
    assert abs(found.offset - truth) <= found.bound


@given(st.lists(st.tuples(st.integers(-(10**10), 10**10), st.integers(0, 10**10)), max_size=9))
def test_a_consensus_has_a_majority(told: list[tuple[int, int]]) -> None:
    found = vote([Candidate(str(n), offset, bound) for n, (offset, bound) in enumerate(told)])

    assert len(found.candidates) == len(told)
    assert (found.offset is not None) == (2 * len(found.truechimers) > len(told) > 0)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=7), st.permutations(range(7)))
def test_the_order_of_the_sources_does_not_matter(offsets: list[int], order: list[int]) -> None:
    told = candidates(*offsets)
    mixed = [told[n] for n in order if n < len(told)]

    assert sorted(names(vote(told).truechimers)) == sorted(names(vote(mixed).truechimers))


@pytest.mark.parametrize(
    ("nanoseconds", "told", "with_sign"),
    [
        (1200 * SECOND, "1200.0 s ahead", "+1200.0 s"),
        (-1_500 * MS, "1.500 s behind", "-1.500 s"),
        (10 * MS, "0.010 s ahead", "+0.010 s"),
        (-1_234, "0.001 ms behind", "-0.001 ms"),
    ],
)
def test_how_far_apart_in_words(nanoseconds: int, told: str, with_sign: str) -> None:
    assert (apart(nanoseconds), signed(nanoseconds)) == (told, with_sign)


def test_the_least_bound_is_ntpd_s() -> None:
    """``tos mindist``, a millisecond."""
    assert LEAST_BOUND == MS
