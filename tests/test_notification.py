"""When to wake somebody, and with which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from examples import OPEN, job, observed, passing
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.report.notification import Notification, Severity, message, notification, one_line, shortened
from collectd_inode.report.status import Record, following
from collectd_inode.run import Cause, Failure, Observation, Run, Status, Trouble, unable


def bad(said: str = "no", **more: Any) -> Observation:
    async def refused(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.REFUSED, said)

    return observed(refused, **more)


def told(runs: str, before: Record | None = None, **more: Any) -> str:
    """What each run of a sequence brought: ``gbbg`` (good, bad) → ``.F.O`` (nothing, failure, okay)."""
    found = []
    for run in runs:
        observation = observed(passing, **more) if run == "g" else bad(**more)
        after = following(before, observation)
        found.append(notification(before, after, observation, 5.0))
        before = after
    return "".join("." if one is None else one.severity.name[0] for one in found)


def record(runs: str, **more: Any) -> Record:
    """What is known after a sequence of runs."""
    before = None
    for run in runs:
        before = following(before, observed(passing, **more) if run == "g" else bad(**more))
    assert before is not None
    return before


@pytest.mark.parametrize(
    ("confirm", "runs", "notified"),
    [
        (1, "ggg", "..."),
        (1, "bbb", "F.."),
        (1, "gbbggb", ".F.O.F"),
        (2, "bgbg", "...."),
        (3, "bbbbgbbg", "..F.O..."),
        (3, "bbgbbb", ".....F"),
    ],
)
def test_when(confirm: int, runs: str, notified: str) -> None:
    """Once, after so many bad runs in a row; recovery at the first good one; at the start only what is bad."""
    assert told(runs, confirm=confirm) == notified


def test_notify_none_tells_nobody() -> None:
    """Neither of failures nor of recovery."""
    assert told("bgbg", notify=False) == "...."


@pytest.mark.parametrize(
    ("confirm", "runs", "after", "notified"),
    [
        (1, "b", "bbgb", "..OF"),
        (1, "b", "g", "O"),
        (1, "g", "b", "F"),
        (1, "bg", "gb", ".F"),
        (3, "bb", "bbg", "F.O"),
        (3, "bb", "gbb", "..."),
        (3, "bbb", "bg", ".O"),
    ],
)
def test_what_was_told_before_a_restart_is_not_told_again(confirm: int, runs: str, after: str, notified: str) -> None:
    """And its end is; what was not yet confirmed goes on being counted."""
    assert told(after, record(runs, confirm=confirm), confirm=confirm) == notified


def test_notify_and_confirm_may_change_while_a_job_is_bad() -> None:
    """Nobody was told while Notify was none: now somebody is.  Who was told hears of the end, whatever Confirm is."""
    assert told("bg", record("b", notify=False)) == "FO"
    assert told("g", record("b"), notify=False) == "."
    assert told("bbg", record("b", confirm=1), confirm=3) == "..O"


def first_told(observation: Observation) -> Notification | None:
    return notification(None, following(None, observation), observation, 5.0)


def test_a_notification() -> None:
    """Its identity is that of bool-success; its time the slot's."""
    assert first_told(bad(host="www")) == Notification(
        Severity.FAILURE, 'refused: go to "/": no', "www", "scenario", "web-home", 5.0, "bool", "success"
    )
    good = observed(passing, host="www")
    before = record("b", host="www")
    assert notification(before, following(before, good), good, 6.0) == Notification(
        Severity.OKAY, "passed: 2 steps in 0.250 s", "www", "scenario", "web-home", 6.0, "bool", "success"
    )


def test_a_job_that_cannot_run_wakes_somebody_too() -> None:
    """With what is to be mended."""
    trouble = Trouble(Status.UNDEFINED, Cause.UNDEFINED, "f:3:5: undefined step: dance")
    found = first_told(unable(job(None, trouble=trouble), 0.0))
    assert found is not None
    assert found.message == "undefined: f:3:5: undefined step: dance"


def test_a_step_that_the_message_begins_with_is_not_said_twice() -> None:
    """An NTP server's step is called as the server is."""
    assert message(bad('go to "/": connection refused')) == 'refused: go to "/": connection refused'
    assert message(bad('"go to "/" did not help')) == 'refused: go to "/": "go to "/" did not help'


def test_the_evidence_is_named_if_there_is_room_for_all_of_it() -> None:
    """Half a path is of no use, and the reason goes first."""
    folder = "/var/lib/collectd/inode/failures/web-home/20261122T184739"
    assert message(replace(bad(), evidence=folder)) == f'refused: go to "/": no ({folder})'
    room = 255 - len(f'refused: go to "/":  ({folder})')
    assert message(replace(bad("n" * room), evidence=folder)) == f'refused: go to "/": {"n" * room} ({folder})'
    assert message(replace(bad("n" * (room + 1)), evidence=folder)) == f'refused: go to "/": {"n" * (room + 1)}'


def test_a_long_message_on_one_line() -> None:
    """At most 255 bytes; a long step's name leaves room for what is wrong with it."""
    said = message(bad("no\n\twonder\x00\x1b[31m: " + "é" * 200))
    assert said == 'refused: go to "/": no wonder [31m: ' + "é" * 108 + "…"
    assert len(said.encode()) == 255
    assert shortened("abcdef", 4) == "abc…"


@given(st.text(max_size=400), st.integers(4, 255))
def test_a_line_is_never_cut_inside_a_character(text: str, limit: int) -> None:
    """Whatever the text: one line, printable, at most so many bytes; what fits is not cut."""
    line = one_line(text, limit)
    assert len(line.encode()) <= limit
    assert line.isprintable()
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    assert line == plain or (line.endswith("…") and plain.startswith(line[:-1]))
    assert (line == plain) == (len(plain.encode()) <= limit)
