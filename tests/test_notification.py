"""When to wake somebody, and with which words."""

from __future__ import annotations

from typing import Any

import pytest
from examples import OPEN, job, observed, passing
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.report.notification import Notification, Pager, Severity, message, one_line, shortened
from collectd_inode.run import Cause, Failure, Observation, Run, Status, Trouble, unable


def bad(said: str = "no", **more: Any) -> Observation:
    async def refused(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.REFUSED, said)

    return observed(refused, **more)


def told(runs: str, **more: Any) -> str:
    """What each run of a sequence brought: ``gbbg`` (good, bad) → ``.F.O`` (nothing, failure, okay)."""
    pager = Pager()
    found = [pager.judge(observed(passing, **more) if run == "g" else bad(**more), 5.0) for run in runs]
    return "".join("." if one is None else one.severity.name[0] for one in found)


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


def test_each_job_has_its_own_history() -> None:
    """Also two of one name on two hosts."""
    pager = Pager()
    assert [pager.judge(bad(host=host), 5.0) is None for host in ("a", "b", "a", "b")] == [False, False, True, True]


def test_a_notification() -> None:
    """Its identity is that of bool-success; its time the slot's."""
    pager = Pager()
    assert pager.judge(bad(host="www"), 5.0) == Notification(
        Severity.FAILURE, 'refused: go to "/": no', "www", "scenario", "web-home", 5.0, "bool", "success"
    )
    assert pager.judge(observed(passing, host="www"), 6.0) == Notification(
        Severity.OKAY, "passed: 2 steps in 0.250 s", "www", "scenario", "web-home", 6.0, "bool", "success"
    )


def test_a_job_that_cannot_run_wakes_somebody_too() -> None:
    """With what is to be mended."""
    trouble = Trouble(Status.UNDEFINED, Cause.UNDEFINED, "f:3:5: undefined step: dance")
    found = Pager().judge(unable(job(None, trouble=trouble), 0.0), 5.0)
    assert found is not None
    assert found.message == "undefined: f:3:5: undefined step: dance"


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
