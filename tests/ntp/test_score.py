"""The pool's score, by its monitors' own rules (facts d), and margins."""

from __future__ import annotations

import math

import pytest

from collectd_inode.codec import known, to_json
from collectd_inode.ntp.score import NO_RESPONSE, Check, Score, ScoreStep, checked, margin, step


def of(offset: float, stratum: int = 2) -> ScoreStep:
    """The step of a good answer with this offset (seconds)."""
    return step(checked(stratum, offset))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (NO_RESPONSE, ScoreStep(-5)),
        (checked(0, 0.0, "RATE"), ScoreStep(-3.5)),
        (checked(0, 0.0, "RSTR"), ScoreStep(-10, -50)),
        (checked(0, 0.0, "DENY"), ScoreStep(-10, -50)),
        (checked(0, 0.0, "INIT"), ScoreStep(-4)),
        (Check(True, stratum=0, offset=0.0), ScoreStep(-2, 5)),  # stratum 0 without an error text
        (checked(0, 0.0), ScoreStep(-4)),  # to which a monitor adds one: "bad stratum 0"
        (checked(16, 0.0), ScoreStep(-4)),
        (checked(11, 0.0), ScoreStep(-4)),
        (checked(2, None), ScoreStep(-4)),
        (checked(2, 3.001), ScoreStep(-4, -20)),
        (checked(8, -3.001), ScoreStep(-4, -20)),
        (checked(8, 0.0), ScoreStep(-4)),
        (checked(10, 1.0), ScoreStep(-4)),
        (checked(7, 0.0), ScoreStep(1)),
        (checked(2, 3.0), ScoreStep(-2)),
        (checked(2, -0.751), ScoreStep(-2)),
        (checked(2, 0.025), ScoreStep(1)),
    ],
)
def test_what_a_check_does(check: Check, expected: ScoreStep) -> None:
    """The first rule that fits."""
    assert step(check) == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0.0250001, 1.0), (0.1, 0.5003), (0.1000001, 0.5002), (0.3167, 0.0), (0.75, -1.0), (-0.05, 0.83365)],
)
def test_the_segments_between_25_and_750_ms(offset: float, expected: float) -> None:
    found = of(offset)

    assert found.cap is None
    assert math.isclose(found.step, expected, abs_tol=1e-4)


def test_a_step_is_never_more_than_1() -> None:
    """At 25 ms the line is at 1.0003."""
    assert of(0.0250001).step == 1.0


def after(start: float, check: Check, times: int = 1) -> float:
    score = Score(start)
    for _ in range(times):
        score = score.after(check)
    return score.score


GOOD = checked(2, 0.0)


@pytest.mark.parametrize(
    ("start", "check", "times", "expected"),
    [
        (0.0, GOOD, 1, 1.0),
        (0.0, GOOD, 2, 1.95),
        (0.0, GOOD, 1000, 20.0),  # twenty steps are the most
        (0.0, checked(2, 0.1), 1000, 10.006),  # 100 ms just stays in the DNS
        (20.0, NO_RESPONSE, 1, 14.0),
        (20.0, NO_RESPONSE, 2, 8.3),  # out
        (20.0, checked(0, 0.0, "DENY"), 1, -50.0),
        (20.0, checked(2, 4.0), 1, -20.0),
        (20.0, Check(True, 0, 0.0), 1, 5.0),
        (-60.0, checked(0, 0.0, "DENY"), 1, -67.0),
    ],
)
def test_the_score_after_some_checks(start: float, check: Check, times: int, expected: float) -> None:
    """score = 0.95 * score + step, and then at most the cap."""
    assert math.isclose(after(start, check, times), expected, abs_tol=1e-3)


@pytest.mark.parametrize(("start", "checks"), [(0.0, 14), (-20.0, 28), (-50.0, 38), (-100.0, 49)])
def test_how_long_it_takes_to_come_back(start: float, checks: int) -> None:
    """Good checks until the score is 10 again."""
    assert after(start, GOOD, checks - 1) < 10 <= after(start, GOOD, checks)


def test_35_good_checks_mend_one_timeout() -> None:
    """From 20: 14, and back to 19."""
    fallen = after(20.0, NO_RESPONSE)

    assert after(fallen, GOOD, 34) < 19 <= after(fallen, GOOD, 36)


def test_a_score_outlives_the_run() -> None:
    score = Score().after(NO_RESPONSE).after(GOOD)

    assert to_json(score) == {"score": -3.75, "step": 1.0}
    assert known(Score, to_json(score)) == score


@pytest.mark.parametrize("kept", [None, {}, {"score": "20", "step": 1}, [1, 2]])
def test_what_makes_no_sense_is_no_score(kept: object) -> None:
    assert known(Score, kept) is None


@pytest.mark.parametrize(
    ("limit", "consensus", "left"), [(900.0, 0.0, 900.0), (900.0, 1200.0, -300.0), (300.0, -299.5, 0.5)]
)
def test_seconds_until_a_consumer_rejects_us(limit: float, consensus: float, left: float) -> None:
    assert margin(limit, consensus) == left
