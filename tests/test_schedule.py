"""When each job is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectd_inode import schedule
from collectd_inode.model import Job
from collectd_inode.run import Probe
from collectd_inode.schedule import Schedule, slot_at, slot_offset

START = 1_700_000_000.0


def job(name: str = "web", *, interval: float = 10.0, offset: float | None = 0.0, probe: Probe | None = None) -> Job:
    return Job("scenario", name, name, name, interval=interval, start_offset=offset, probe=probe, deadline=0.02)


# The grid


def test_a_job_keeps_its_place_over_restarts() -> None:
    """The offset is a hash of who the job is, in whole milliseconds, below the interval."""
    one = Job("scenario", "web", "web-home", "Home", host="www", interval=60)
    assert slot_offset(one) == slot_offset(Job("scenario", "web", "other", "Home", host="www", interval=60)) == 2.74
    assert slot_offset(Job("scenario", "web", "web-home", "Home", host="www2", interval=60)) != 2.74
    assert slot_offset(job(offset=5.0)) == 5.0


@given(st.text(max_size=9), st.floats(1, 1e5))
def test_every_offset_lies_in_the_interval(name: str, interval: float) -> None:
    """Whatever the job is called, and however often it runs."""
    assert 0 <= slot_offset(job(name, interval=interval, offset=None)) < interval


def test_the_jobs_of_a_host_begin_at_its_part_of_a_second() -> None:
    """What runs after another takes less than alone; many hosts with the same jobs do not begin at once."""

    def parts(interval: float, host: str) -> set[float]:
        jobs = (Job("scenario", f"web{n}", "web", host=host, interval=interval) for n in range(50))
        return {round(slot_offset(one) % 1, 3) for one in jobs}

    assert [parts(60.0, host) for host in ("www", "www2")] == [{0.74}, {0.675}]
    assert parts(3600.0, "www") == parts(10.0, "www") == {0.74}
    assert len(parts(9.0, "www")) == 50


def test_neighbours_do_not_start_together() -> None:
    """A hundred scenarios spread over their minute."""
    seconds = {int(slot_offset(job(f"web{n}", interval=60, offset=None))) for n in range(100)}
    assert len(seconds) > 40


@pytest.mark.parametrize(
    ("now", "slot"), [(100.0, 95.0), (104.9, 95.0), (105.0, 105.0), (-1.0, -5.0)], ids=["in", "end", "start", "before"]
)
def test_the_slot_of_a_time(now: float, slot: float | None) -> None:
    """The latest point of the grid that is not after it."""
    assert slot_at(now, 5.0, 10.0) == slot


# What is due


def test_what_is_due_when() -> None:
    """The first slot is the next one; each comes once, with the slot's time and not the clock's."""
    made = Schedule(START)
    made.add(job("a"), START)
    made.add(job("b", interval=5.0, offset=2.5), START)
    assert made.wait(START) == 2.5
    assert made.due(START + 2.4) == []
    assert [(j.name, slot - START) for j, slot in made.due(START + 2.6)] == [("b", 2.5)]
    assert made.due(START + 2.6) == []
    assert [(j.name, slot - START) for j, slot in made.due(START + 10.1)] == [("b", 7.5), ("a", 10.0)]
    assert (made.left_out, len(made), [j.name for j in made.jobs]) == (0, 2, ["a", "b"])


@pytest.mark.parametrize(
    ("offset", "now", "pause"),
    [(2.25, 0.03, 0.07), (2.25, 2.21, 0.04), (2.25, 2.26, 0.0), (None, 8.71, 0.09), (None, 8.76, 0.04)],
    ids=["nothing is due", "an offset", "an offset that was", "a slot in the tick", "a slot that was"],
)
def test_a_job_begins_at_the_end_of_its_tick_or_at_its_own_offset(
    offset: float | None, now: float, pause: float
) -> None:
    """Only who has no StartOffset waits for the others of the tick."""
    made = Schedule(START)
    one = replace(job("shop", offset=offset), host="www")
    assert offset is not None or slot_offset(one) == 8.74
    made.add(one, START)
    assert made.pause(START + now) == pytest.approx(pause, abs=1e-6)


def test_slots_that_were_slept_through_are_counted_and_not_made_up() -> None:
    """The clock was set forward, or the machine slept: one run, in the slot that is."""
    made = Schedule(START)
    made.add(job(), START)
    assert [slot - START for _, slot in made.due(START + 3601)] == [3600.0]
    assert made.left_out == 359


def test_a_clock_that_was_set_back() -> None:
    """It goes on from there at once, rather than wait for the time it was."""
    made = Schedule(START)
    made.add(job(), START)
    assert len(made.due(START + 10)) == 1
    assert made.due(START - 3600) == []
    assert [slot - START for _, slot in made.due(START - 3590)] == [-3590.0]


def test_a_clock_that_was_set_back_a_little_repeats_no_slot() -> None:
    """collectd takes no two values of one time."""
    made = Schedule(START)
    made.add(job(), START)
    assert [slot - START for _, slot in made.due(START + 10.5)] == [10.0]
    assert made.due(START + 8.5) == made.due(START + 10.5) == []
    assert [slot - START for _, slot in made.due(START + 20.5)] == [20.0]


INTERVALS = st.one_of(st.sampled_from([1.0, 2.0, 10.0, 60.0, 300.0]), st.floats(1, 1000))
STEPS = st.lists(st.one_of(st.floats(0, 3), st.floats(0, 5000)), min_size=1, max_size=60)


@given(INTERVALS, st.floats(0, 0.999), STEPS)
def test_the_rules_of_the_grid(interval: float, part: float, steps: Sequence[float]) -> None:
    """Every slot on the grid, never one twice, at most one an interval; what was slept through is counted."""
    offset, now = part * interval, START
    made = Schedule(now)
    made.add(job(interval=interval, offset=offset), now)
    slots = []
    for step in steps:
        now += step
        due = made.due(now)
        assert len(due) <= 1
        slots += [slot for _, slot in due]
    numbers = [(slot - offset) / interval for slot in slots]
    assert all(abs(number - round(number)) < 1e-6 for number in numbers)
    whole = [round(number) for number in numbers]
    assert whole == sorted(set(whole))
    first = int((START - offset) // interval) + 1
    reached = int((now - offset) // interval)
    # At the very edge of a slot floats may put it on either side.
    assert abs(len(slots) + made.left_out - (reached - first + 1)) <= 1


@given(st.lists(st.floats(-5000, 5000), min_size=1, max_size=30))
@example([10.0, -4559.0, 4567.0])
def test_a_clock_that_jumps_about(steps: Sequence[float]) -> None:
    """Whatever it does, the next slot is never further off than two intervals, and no slot follows itself."""
    now = START
    made = Schedule(now)
    made.add(job(), now)
    slots: list[float] = []
    for step in steps:
        now += step
        slots += [slot for _, slot in made.due(now)]
        assert 0 <= made.wait(now) <= 21
    assert all(one != other for one, other in pairwise(slots))
    assert all((slot - START) % 10 == 0 for slot in slots)


def test_a_job_that_is_added_again_takes_the_old_one_s_place() -> None:
    """Its files have changed: no slot is lost or doubled; another interval is another grid."""
    made = Schedule(START)
    made.add(job(), START)
    made.add(job(), START + 9)
    assert [slot - START for _, slot in made.due(START + 10)] == [10.0]
    made.add(job(interval=60), START + 11)
    assert made.due(START + 39) == []
    assert [j.interval for j, _ in made.due(START + 41)] == [60]


def test_a_job_that_is_removed_is_never_due() -> None:
    """And nothing is waited for."""
    made = Schedule(START)
    made.add(job(), START)
    made.remove(job())
    assert (made.due(START + 100), len(made), made.left_out, made.wait(START + 100)) == ([], 0, 0, schedule.TICK)


# The first run


HOUR = 3600.0


@given(st.floats(0, 2 * HOUR), st.floats(61, 10 * HOUR), st.sampled_from([0.0, 64.0]), st.text(max_size=3))
def test_a_first_run_comes_within_a_minute(now: float, interval: float, apart: float, name: str) -> None:
    """Before the slot, and so long before it as the job wants; none where the slot comes within a minute."""
    one = Job("ntp", name, "x", interval=interval, apart=apart)
    made = Schedule(START + now)
    made.add(one, START + now)
    slot = made.next_slot(one)
    first = schedule.first_run(one, START + now, None)
    assert slot is not None
    wait = slot - START - now
    if first is None:
        assert wait <= max(60.0, apart) + 0.01
    else:
        assert wait > 60
        assert 0 <= first - START - now <= 60
        assert slot - first >= apart - 0.01


def test_who_has_no_first_run() -> None:
    """What ran within its interval, what must not, and what is due soon anyway."""
    one = job(interval=HOUR, offset=0.0)
    assert START % HOUR == 800  # 2800 s are left
    first = schedule.first_run(one, START, None)
    assert first is not None
    assert schedule.first_run(one, START, START - HOUR) == first
    assert schedule.first_run(one, START, START - HOUR + 1) is None
    assert schedule.first_run(one, START, START + 5) is None  # the clock was set back
    assert schedule.first_run(replace(one, first_run=False), START, None) is None
    assert schedule.first_run(one, START + 2740, None) is None
    hosts = {schedule.first_run(replace(one, host=f"www{n}"), START, None) for n in range(50)}
    assert len(hosts) > 40  # they do not all begin at once


def test_a_slot_that_was_cut_short_is_made_up_for() -> None:
    """While it lasts, and dated as it should have been; not if it was sent, nor by who may not run so soon."""
    one = job(interval=60.0, offset=7.0)
    slot = START - START % 60 + 7.0
    now = slot + 50.0
    assert schedule.missed_slot(one, now, slot - 60.0) == slot
    assert schedule.missed_slot(one, now, slot - 1.0) == slot  # configured then, and never run
    assert schedule.missed_slot(one, now, slot) is None
    assert schedule.missed_slot(one, now, slot + 3600.0) is None  # the clock was set back
    assert schedule.missed_slot(one, now, None) is None
    assert schedule.missed_slot(replace(one, apart=64.0), now, slot - 60.0) is None
    assert schedule.missed_slot(replace(one, first_run=False), now, slot - 60.0) is None


def test_a_first_run_is_dated_at_its_moment() -> None:
    """Then comes the grid; none of it is counted as left out."""
    made = Schedule(START)
    one = job(interval=HOUR, offset=0.0)
    made.add(one, START, START + 7.5)
    assert made.due(START + 7) == []
    assert [slot - START for _, slot in made.due(START + 7.6)] == [7.5]
    assert [slot - START for _, slot in made.due(START + 2801)] == [2800.0]
    assert made.left_out == 0
