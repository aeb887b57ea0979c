"""When to wake somebody, and with which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Confirm, Failure, Observation, Status, Trouble, unable
from collectd_inode.report.mute import Mute
from collectd_inode.report.notification import Notification, Severity, message, notification, one_line
from collectd_inode.report.record import Record, following, parse, text
from collectd_inode.run import Run
from tests.helpers.examples import OPEN, job, observed, passing


def bad(said: str = "no", found: str = "", **more: Any) -> Observation:
    async def refused(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.REFUSED, said, found=found)

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
    assert told(runs, confirm=Confirm(confirm, confirm)) == notified


@pytest.mark.parametrize(
    ("confirm", "recovery", "runs", "notified"),
    [
        (Confirm(2, 2), 2, "bbg" * 5 + "gg", ".F" + "." * 13 + "O."),
        (Confirm(1, 1), 3, "bggbggg", "F.....O"),
        (Confirm(3, 10), 1, "bggbgggggb", ".........F"),
        (Confirm(3, 10), 1, "bggbggggggb", "..........."),
        (Confirm(3, 10), 1, "bggbggggggbgb", "............F"),
        (Confirm(3, 10), 2, "bbbggbb", "..F.O.."),
        (Confirm(3, 10), 2, "bbbggbbgb", "..F.O...F"),
    ],
)
def test_how_many_runs_it_takes(confirm: Confirm, recovery: int, runs: str, notified: str) -> None:
    """In a row, or of the last so many; after a recovery the next outage is confirmed by runs of its own."""
    assert told(runs, confirm=confirm, confirm_recovery=recovery) == notified


BAD_AND_GOOD = st.text("bg", max_size=60)


@given(BAD_AND_GOOD, st.integers(1, 5), st.integers(0, 8), st.integers(1, 4))
def test_what_is_notified_follows_from_the_last_runs(runs: str, least: int, more: int, recovery: int) -> None:
    """FAILURE and OKAY take turns; each comes at the first run that confirms it, and at no other."""
    of = least + more
    notified = told(runs, confirm=Confirm(least, of), confirm_recovery=recovery)
    begin, is_told = 0, False
    for index, severity in enumerate(notified):
        if is_told:
            expected = "O" if runs[begin : index + 1].endswith("g" * recovery) else "."
        else:
            window = runs[begin : index + 1][-of:]
            expected = "F" if window.endswith("b") and window.count("b") >= least else "."
        assert severity == expected, (runs, notified, index)
        if severity != ".":
            begin, is_told = index + 1, severity == "F"


@given(BAD_AND_GOOD, st.integers(0, 60))
def test_a_restart_changes_nothing(runs: str, cut: int) -> None:
    """What is known of a job goes through its file."""
    more: dict[str, Any] = {"confirm": Confirm(3, 5), "confirm_recovery": 2, "heartbeat": 120.0}
    before = None
    for run in runs[:cut]:
        before = following(before, observed(passing, **more) if run == "g" else bad(**more))
    kept = None if before is None else parse(text(before).encode())
    assert (kept, told(runs[cut:], kept, **more)) == (before, told(runs, **more)[cut:])


def every_minute(runs: str, **more: Any) -> list[tuple[int, str, str]]:
    """Number of the run, severity, message: what a job brings that runs once a minute."""
    before, found = None, []
    for number, run in enumerate(runs):
        observation = observed(passing, **more) if run == "g" else bad(**more)
        observation = replace(observation, time=60.0 * number + 0.1 * (number % 2))
        after = following(before, observation)
        one = notification(before, after, observation, 60.0 * number)
        before = after
        if one is not None:
            found.append((number, one.severity.name, one.message))
    return found


PASSED = "passed: 2 steps in 0.250 s"
REFUSED = 'refused: go to "/": no'


def test_a_long_address_leaves_room_for_the_answer() -> None:
    """The status is not cut off, and the page's words are told apart from what is left of the message."""
    address = "http://127.0.0.1/shop/tea/green?utm_source=monitoring&session=0123456789012345678901234567890123456789"
    said = f"{address}, to which {address} redirected, answered 500 Internal Server Error"
    found = "Error Executing Database Query. Timed out trying to establish connection"
    assert message(bad(said, found)) == (
        'refused: go to "/": http://127.0.0.1/shop/tea/green?utm_source=moni…, to which'
        " http://127.0.0.1/shop/tea/green?utm_source=moni… redirected, answered 500 Internal Server Error: Executing"
        " Database Query. Timed out trying to establish connection"
    )


def test_a_recovery_says_how_long_it_was_bad() -> None:
    """From the first bad run to the first good one of those that confirm the recovery; bad ones between count."""
    assert every_minute("ggbbgbbbggg", confirm=Confirm(2, 2), confirm_recovery=2) == [
        (3, "FAILURE", REFUSED),
        (9, "OKAY", f"{PASSED}; it was bad for 6 min, 5 runs failed"),
    ]


def test_a_clock_that_is_set_back_in_an_outage() -> None:
    """How long it was bad is not known then; how often it failed is."""
    before, found = None, []
    for time, run in ((7200.0, "b"), (60.0, "b"), (120.0, "g")):
        observation = replace(observed(passing, heartbeat=60.0) if run == "g" else bad(heartbeat=60.0), time=time)
        after = following(before, observation)
        one = notification(before, after, observation, time)
        before = after
        found.append(one and one.message)
    assert found == [REFUSED, f"still bad: {REFUSED}", f"{PASSED}; it was bad, 2 runs failed"]


def test_reminders() -> None:
    """At most so often, while it is bad, and only from a run that is."""
    assert every_minute("gb" + "b" * 9 + "gg", repeat=240.0) == [
        (1, "FAILURE", REFUSED),
        (5, "FAILURE", f"still bad after 4 min: {REFUSED}"),
        (9, "FAILURE", f"still bad after 8 min: {REFUSED}"),
        (11, "OKAY", f"{PASSED}; it was bad for 10 min, 10 runs failed"),
    ]


def test_heartbeats() -> None:
    """The present state from the first run on; the shorter one of both counts; a change starts the time anew."""
    assert every_minute("ggggbbbbbgggg", heartbeat=120.0, repeat=3600.0) == [
        (0, "OKAY", PASSED),
        (2, "OKAY", PASSED),
        (4, "FAILURE", REFUSED),
        (6, "FAILURE", f"still bad after 2 min: {REFUSED}"),
        (8, "FAILURE", f"still bad after 4 min: {REFUSED}"),
        (9, "OKAY", f"{PASSED}; it was bad for 5 min, 5 runs failed"),
        (11, "OKAY", PASSED),
    ]
    assert [number for number, _, _ in every_minute("g" * 8, heartbeat=180.0)] == [0, 3, 6]
    assert every_minute("gbgb", heartbeat=60.0, notify=False) == []


def test_a_heartbeat_is_never_the_opposite_of_its_run() -> None:
    """A run that is not confirmed yet says nothing; the next one that agrees with what was notified does."""
    assert every_minute("gbgbbgbgg", heartbeat=60.0, confirm=Confirm(2, 2), confirm_recovery=2) == [
        (0, "OKAY", PASSED),
        (2, "OKAY", PASSED),
        (4, "FAILURE", REFUSED),
        (6, "FAILURE", f"still bad after 2 min: {REFUSED}"),
        (8, "OKAY", f"{PASSED}; it was bad for 4 min, 3 runs failed"),
    ]


MUTE = Mute("web", 3600.0, "moving the database")
MUTED = f"muted until {datetime.fromtimestamp(3600.0):%Y-%m-%d %H:%M}: moving the database"


def under_mutes(runs: str, before: Record | None = None, **more: Any) -> list[tuple[int, str, str]]:
    """As `every_minute`; capital letters are runs under a mute."""
    found = []
    for number, run in enumerate(runs):
        observation = observed(passing, **more) if run in "gG" else bad(**more)
        observation = replace(observation, time=60.0 * number)
        after = following(before, observation, MUTE if run.isupper() else None)
        one = notification(before, after, observation, 60.0 * number)
        before = after
        if one is not None:
            found.append((number, one.severity.name, one.message))
    return found


def test_a_muted_job_wakes_nobody() -> None:
    """What is bad when the mute ends is told then; what is over by then never."""
    assert under_mutes("gBBBGg") == []
    assert under_mutes("gBBBbb") == [(4, "FAILURE", REFUSED)]
    assert under_mutes("gBBBbb", confirm=Confirm(5, 5)) == [(5, "FAILURE", REFUSED)]


def test_a_recovery_is_told_under_a_mute_and_says_so() -> None:
    """Who was woken hears of the end; reminders are silent."""
    assert under_mutes("bBBBG", repeat=60.0) == [
        (0, "FAILURE", REFUSED),
        (4, "OKAY", f"{PASSED}; it was bad for 4 min, 4 runs failed; {MUTED}"),
    ]
    assert under_mutes("GG", heartbeat=60.0) == [(0, "OKAY", f"{PASSED}; {MUTED}"), (1, "OKAY", f"{PASSED}; {MUTED}")]


def test_heartbeats_go_on_under_a_mute() -> None:
    """With what was notified last: a receiver that notices silence must not wake anybody either."""
    assert under_mutes("gBBbBg", heartbeat=60.0, repeat=60.0) == [
        (0, "OKAY", PASSED),
        (1, "OKAY", f"{MUTED}; {REFUSED}"),
        (2, "OKAY", f"{MUTED}; {REFUSED}"),
        (3, "FAILURE", REFUSED),
        (4, "FAILURE", f"still bad after 60 s: {REFUSED}; {MUTED}"),
        (5, "OKAY", f"{PASSED}; it was bad for 2 min, 2 runs failed"),
    ]


def test_a_mute_and_its_reason_have_room() -> None:
    """However long the failure is; a long reason has half of it."""
    muted = Mute("web", 3600.0, "moving " * 40)
    before = following(None, replace(bad("no way " * 40, heartbeat=60.0), time=0.0))
    observation = replace(bad("no way " * 40, heartbeat=60.0), time=120.0)
    told = notification(before, following(before, observation, muted), observation, 120.0)
    assert told is not None
    begin, _, end = told.message.partition("; ")
    assert len(told.message.encode()) <= 255
    assert begin == 'still bad after 2 min: refused: go to "/": no way' + " no way" * 11 + "…"
    assert end == f"{MUTED.partition(': ')[0]}:" + " moving" * 13 + "…"


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
    assert told(after, record(runs, confirm=Confirm(confirm, confirm)), confirm=Confirm(confirm, confirm)) == notified


def test_notify_and_confirm_may_change_while_a_job_is_bad() -> None:
    """Nobody was told while Notify was none: now somebody is.  Who was told hears of the end, whatever Confirm is."""
    assert told("bg", record("b", notify=False)) == "FO"
    assert told("g", record("b"), notify=False) == "O"
    assert told("bbg", record("b", confirm=Confirm(1, 1)), confirm=Confirm(3, 3)) == "..O"


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
        Severity.OKAY,
        "passed: 2 steps in 0.250 s; it was bad for 0 s, 1 run failed",
        "www",
        "scenario",
        "web-home",
        6.0,
        "bool",
        "success",
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


@given(st.text(max_size=400), st.integers(4, 255))
def test_a_line_is_never_cut_inside_a_character(said: str, limit: int) -> None:
    """Whatever the text: one line, printable, at most so many bytes; what fits is not cut."""
    line = one_line(said, limit)
    assert len(line.encode()) <= limit
    assert line.isprintable()
    plain = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    assert line == plain or (line.endswith("…") and plain.startswith(line[:-1]))
    assert (line == plain) == (len(plain.encode()) <= limit)


def test_the_pages_words_follow() -> None:
    """Cause, step, message, then what the page said; not twice, and the message leaves room for it."""
    gone = "Error establishing a database connection"

    def said(message_: str, found: str) -> str:
        return message(bad(message_, found))

    assert said("no link", gone) == f'refused: go to "/": no link: {gone}'
    assert said(f"it says {gone}", gone) == f'refused: go to "/": it says {gone}'
    long = said("no link “Log in”, on “Shop” at http://shop.example.org/" + "a very long way to go " * 10, gone)
    assert long.startswith('refused: go to "/": no link “Log in”, on “Shop” at http://shop.example.org/')
    assert long.endswith(f"…: {gone}")
    assert len(long.encode()) <= 255
    assert long.partition("…")[0].split()[-1] in ("a", "very", "long", "way", "to", "go")


def test_words_that_the_message_ends_with_are_not_said_twice() -> None:
    """Many error pages begin with their status."""
    said = message(bad("http://h/ answered 503 Service Unavailable", "503 Service Unavailable The stock is counted."))
    assert said.endswith("http://h/ answered 503 Service Unavailable: The stock is counted.")
    assert message(bad("it says no", "no")).endswith("it says no")
    assert message(bad("answered 403 Forbidden", "Forbidden You don't have permission")).endswith(
        "answered 403 Forbidden: You don't have permission"
    )


def test_a_word_that_begins_a_sentence_stays() -> None:
    """WordPress without its database: the page's words are not those of the status; nor is the end of another word."""
    page = "Error establishing a database connection"
    assert message(bad("http://h/ answered 500 Internal Server Error", page)).endswith(f"Internal Server Error: {page}")
    assert message(bad("it asks for the casino", "no stock")).endswith("casino: no stock")


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60),
    st.builds(lambda least, more: Confirm(least, least + more), st.integers(1, 3), st.integers(0, 7)),
    st.integers(1, 3),
    st.tuples(st.sampled_from([0.0, 60.0, 180.0, 600.0]), st.sampled_from([0.0, 120.0, 300.0])),
    st.sets(st.integers(0, 60)),
)
def test_a_job_beside_a_model_of_its_alarm(
    runs: list[tuple[bool, bool]],
    confirm: Confirm,
    recovery: int,
    reminders: tuple[float, float],
    restarts: set[int],
) -> None:
    """Good, bad, muted, restarted: FAILURE, OKAY, reminders and heartbeats are those of a few lines of its own."""
    repeat, heartbeat = reminders
    keys: dict[str, Any] = {
        "confirm": confirm, "confirm_recovery": recovery, "repeat": repeat, "heartbeat": heartbeat,
    }  # fmt: skip
    before, since, is_told, last = None, 0, False, None
    for number, (good, muted) in enumerate(runs):
        if number in restarts and before is not None:
            before = parse(text(before).encode())
        observation = observed(passing, **keys) if good else bad(**keys)
        observation = replace(observation, time=60.0 * number)
        after = following(before, observation, MUTE if muted else None)
        one = notification(before, after, observation, observation.time)
        before = after
        past = [good for good, _ in runs[since : number + 1]]
        expected = None
        if is_told and len(past) >= recovery and all(past[-recovery:]):
            expected, since, is_told = "OKAY", number + 1, False
        elif not is_told and not good and not muted and past[-confirm.of :].count(False) >= confirm.bad:
            expected, since, is_told = "FAILURE", number + 1, True
        elif is_told is not good or (muted and not good):
            reminder = repeat if is_told and not muted else 0.0
            every = min((seconds for seconds in (reminder, heartbeat) if seconds), default=0.0)
            if every and (last is None or 60.0 * number - last > every - 31.0):
                expected = "FAILURE" if is_told else "OKAY"
        last = 60.0 * number if expected else last
        assert (None if one is None else one.severity.name) == expected, (number, runs)
