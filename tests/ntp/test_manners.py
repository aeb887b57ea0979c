"""What a kiss-o'-death asks of us, and for how long."""

from __future__ import annotations

import pytest

from collectd_inode.codec import to_json
from collectd_inode.ntp.manners import DAY, MOST_PACE, Hold, held, hold_from

NOW = 1_795_000_000.0


@pytest.mark.parametrize("code", ["DENY", "RSTR"])
def test_who_denies_us_is_not_asked_again(code: str) -> None:
    """Not for a day; then once, because a server that was mended must not stay lost."""
    hold = held(None, code, NOW, 64)

    assert hold is not None
    assert [hold.forbids(NOW + t) for t in (0, 64, DAY - 1, DAY)] == [True, True, True, False]
    assert hold.sentence(64) == "not queried until 2026-11-19 11:06:40 UTC, because it answered kiss-o'-death " + code


def test_who_is_asked_too_often_is_asked_half_as_often() -> None:
    hold = held(None, "RATE", NOW, 64)

    assert hold == Hold("RATE", NOW, 128.0, NOW)
    assert [hold.forbids(NOW + t) for t in (0, 64, 127, 128)] == [True, True, True, False]
    assert hold.sentence(64) == (
        "not queried until 2026-11-18 11:08:48 UTC, because it answered kiss-o'-death RATE; an Interval of 128 is"
        " long enough"
    )


def test_each_further_rate_slows_us_down_again() -> None:
    hold = held(None, "RATE", NOW, 60)
    paces = []
    for _ in range(20):
        paces.append(hold.pace if hold else 0)
        hold = held(hold, "RATE", NOW, 60)

    assert paces[:4] == [128, 256, 512, 1024]
    assert paces[-1] == MOST_PACE


def test_a_good_answer_does_not_quicken_us() -> None:
    """Only a day without a further kiss does."""
    hold = held(None, "RATE", NOW, 64)
    assert hold is not None
    later = held(hold.again(NOW + 200), "", NOW + 200, 64)

    assert later == Hold("RATE", NOW, 128.0, NOW + 200)
    assert [later.forbids(NOW + t) for t in (200, 327, 328)] == [True, True, False]
    assert [later.is_over(NOW + t) for t in (DAY - 1, DAY)] == [False, True]


def test_an_interval_that_is_long_enough_needs_no_mend() -> None:
    """The hold names an Interval only where that would help."""
    assert "Interval" not in Hold("RATE", NOW, 128, NOW).sentence(128)


def test_a_clock_that_was_set_back_frees_everybody() -> None:
    hold = Hold("DENY", NOW, MOST_PACE, NOW)

    assert (hold.forbids(NOW - 3600), hold.is_over(NOW - 3600)) == (False, True)


@pytest.mark.parametrize("code", ["", "INIT", "STEP", "NTSN", "XMAS"])
def test_other_codes_ask_for_nothing(code: str) -> None:
    before = Hold("RATE", NOW, 128, NOW)

    assert held(None, code, NOW, 64) is None
    assert held(before, code, NOW, 64) is before


def test_a_person_who_looks_has_no_interval() -> None:
    """The command line's is infinite."""
    assert held(None, "RATE", NOW, float("inf")) == Hold("RATE", NOW, MOST_PACE, NOW)


def test_a_hold_outlives_the_run() -> None:
    hold = Hold("RATE", NOW, 128.0, NOW + 5)

    assert hold_from(to_json(hold)) == hold


@pytest.mark.parametrize("kept", [None, {}, {"code": "INIT", "since": 1, "pace": 1, "asked": 1}, {"code": "DENY"}])
def test_what_makes_no_sense_holds_nobody(kept: object) -> None:
    assert hold_from(kept) is None
