"""Steps are told from everything else that a clock does, and a step that was taken back from one that was not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.clock.kernel import ClockReading
from collectd_inode.clock.steps import Steps, advance
from tests.helpers.machines import BOOT, at

T = 1_000_000.0


def looked(*looks: ClockReading | None, content: dict[str, Any] | None = None, boot: str | None = BOOT) -> Steps:
    """What the last of these looks shows; between two of them the state goes through JSON, as on disk."""
    steps, kept = Steps(), content or {}
    for one in looks:
        steps, kept = advance(json.loads(json.dumps(kept)), one, boot)
    return steps


def test_the_first_look_has_nothing_to_compare_with() -> None:
    assert looked(at(T)) == Steps(None, 0, 0)


def test_a_clock_that_goes_on() -> None:
    """A minute has passed on both."""
    assert looked(at(T, up=1000), at(T + 60, up=1060)) == Steps(0.0, 0, 0)


def test_a_clock_that_was_set() -> None:
    """Twenty minutes ahead; the next look is quiet again, and the count stays."""
    looks = [at(T, up=1000), at(T + 60 + 1200, up=1060)]
    assert looked(*looks) == Steps(1200.0, 1, 0, since=T + 1260)
    assert looked(*looks).stepped
    later = looked(*looks, at(T + 120 + 1200, up=1120))
    assert later == Steps(0.0, 1, 0, since=T + 1260)
    assert not later.stepped


def test_a_clock_that_was_set_and_set_back() -> None:
    """The blog post's ignored `date`: one step, of which one was undone; it counts as recent for an hour."""
    looks = [at(T, up=1000), at(T + 60 + 1200, up=1060), at(T + 120, up=1120)]
    assert looked(*looks) == Steps(-1200.0, 1, 1, recently_undone=True, since=T + 120)
    assert looked(*looks, at(T + 3720, up=4720)) == Steps(0.0, 1, 1, recently_undone=True, since=T + 120)
    assert looked(*looks, at(T + 3721, up=4721)) == Steps(0.0, 1, 1, recently_undone=False, since=T + 120)


def test_what_comes_back_after_an_hour_is_another_step() -> None:
    """Somebody's second thought, not a clock that is kept from being set."""
    looks = [at(T, up=1000), at(T + 60 + 1200, up=1060), at(T + 3661, up=4661)]
    assert looked(*looks) == Steps(-1200.0, 2, 0, since=T + 3661)


def test_a_fight_over_the_clock() -> None:
    """Each time it is set it is set back."""
    looks = [at(T + 60 * n + (1200 if n % 2 else 0), up=1000 + 60 * n) for n in range(7)]
    assert looked(*looks) == Steps(-1200.0, 3, 3, recently_undone=True, since=T + 360)


def test_two_steps_taken_back_by_one() -> None:
    """The clock stands where it stood before both."""
    looks = [at(T), at(T + 10), at(T + 30), at(T)]
    assert looked(*looks) == Steps(-30.0, 2, 1, recently_undone=True, since=T)


def test_what_was_taken_back_is_done_with() -> None:
    """A later step that ends near the same place is a step of its own."""
    assert looked(at(T), at(T + 30), at(T), at(T + 0.4), at(T - 0.2)) == Steps(-0.6, 2, 1, True, T - 0.2)


def test_of_many_steps_the_last_eight_can_be_taken_back() -> None:
    """What is kept stays small."""
    kept: dict[str, Any] = {}
    for number in range(31):
        steps, kept = advance(kept, at(T + 10 * number), BOOT)
    assert (steps.steps, len(kept["left"])) == (30, 8)
    assert advance(kept, at(T + 220), BOOT)[0].undone == 1
    assert advance(kept, at(T + 210), BOOT)[0].undone == 0


def test_less_than_half_a_second_is_a_daemon_at_work() -> None:
    """It is told, but not counted."""
    assert looked(at(T), at(T + 0.25)) == Steps(0.25, 0, 0)
    assert not looked(at(T), at(T + 0.5)).stepped
    assert looked(at(T), at(T + 0.625)).stepped


def test_counts_outlive_the_daemon_but_not_a_reboot() -> None:
    """The same content, another boot: the offset begins anew, and there is nothing to compare."""
    _, kept = advance(advance({}, at(T), BOOT)[1], at(T + 1200), BOOT)
    assert looked(at(T + 1200), content=kept) == Steps(0.0, 1, 0, since=T + 1200)
    assert looked(at(T + 9999, up=10), content=kept, boot="another") == Steps(None, 0, 0)


def test_where_the_boot_is_not_known_nothing_is_compared() -> None:
    assert looked(at(T), at(T + 1200), boot=None) == Steps()


def test_a_look_that_failed_forgets_nothing() -> None:
    _, kept = advance(advance({}, at(T), BOOT)[1], at(T + 1200), BOOT)
    assert advance(kept, None, BOOT) == (Steps(None, 1, 0, since=T + 1200), kept)


def test_what_has_not_changed_is_not_written_again() -> None:
    """Two looks are never the same to the nanosecond, and a disk is not worn out by that."""
    _, kept = advance({}, at(T), BOOT)
    assert advance(kept, at(T + 60.0005, up=1060), BOOT)[1] == kept


@pytest.mark.parametrize("content", [{"boot": BOOT}, {"offset": "much"}, {"boot": BOOT, "offset": [], "steps": None}])
def test_what_cannot_be_read_begins_anew(content: dict[str, Any]) -> None:
    assert looked(at(T), content=content) == Steps(None, 0, 0)


@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(1, 10**13)), min_size=1, max_size=20))
def test_no_more_is_undone_than_was_done(moves: list[tuple[int, int]]) -> None:
    """Whatever happens to a clock: the counts never fall, and what is kept stays small."""
    kept: dict[str, Any] = {}
    before = Steps()
    now, up = 10**18, 10**12
    for move, passed in moves:
        now, up = now + move + passed, up + passed
        steps, kept = advance(kept, ClockReading(now, up), BOOT)
        assert before.steps <= steps.steps
        assert before.undone <= steps.undone <= steps.steps
        assert len(json.dumps(kept)) < 600
        before = steps
