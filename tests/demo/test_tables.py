"""The demonstration reads collectd's csv files back: runs, tables, and lines as the values arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectd_inode.model import Detail, Job, PlannedStep
from demo import tables, values
from demo.board import Board, cell
from demo.tables import Row
from demo.values import Run

HOME, STOCK, SEE = (
    PlannedStep('I go to "/"', "go_to"),
    PlannedStep('I follow "Stock"', "follow_stock"),
    PlannedStep("I should see it", "should_see_it"),
)
STOCK_JOB = Job("scenario", "stock", "stock-looking", "Looking", steps=(HOME, STOCK, SEE))
SERIES = {
    "bool-success": {10.0: 1.0, 12.0: 0.0, 14.0: 0.0, 16.0: 1.0},
    "count-passed": {10.0: 3.0, 12.0: 1.0, 14.0: 0.0, 16.0: 3.0},
    "response_time-go_to": {10.0: 0.002, 12.0: 0.004, 16.0: 0.001},
    "response_time-follow_stock": {10.0: 0.1, 16.0: 0.2},
}
RUNS = values.runs(SERIES)

CONNECT, AUTH, QUIT = PlannedStep("connect", "connect"), PlannedStep("AUTH", "auth"), PlannedStep("QUIT", "quit")
RESOLVE = PlannedStep("resolve 127.0.0.1", "resolve")
RELAY = Job("smarthost", "relay", "relay", steps=(RESOLVE, CONNECT, AUTH, QUIT))
MAIL = values.runs(
    {
        "bool-success": {1.0: 1.0, 3.0: 0.0},
        "gauge-warnings": {1.0: 1.0, 3.0: 1.0},
        "response_time-connect": {1.0: 0.001, 3.0: 0.001},
        "response_time-auth": {1.0: 0.002},
        "response_time-quit": {1.0: 0.001},
    }
)

TIME = Job("ntp", "time", "time", steps=(PlannedStep("127.0.0.1", "127_0_0_1"), PlannedStep("127.0.0.3", "127_0_0_3")))
VOTES = values.runs(
    {
        "bool-success": {1.0: 1.0, 3.0: 1.0, 5.0: 1.0},
        "gauge-warnings": {1.0: 0.0, 3.0: 1.0, 5.0: 0.0},
        "time_offset-consensus": {1.0: 0.001, 3.0: 0.001, 5.0: 0.001},
        "time_offset-127_0_0_1": {1.0: 0.001, 3.0: 0.001, 5.0: 0.001},
        "time_offset-127_0_0_3": {1.0: 0.001, 3.0: 1200.0},
    }
)
CLOCK = Job("clock", "local", "local")
DIAGNOSES = values.runs(
    {"bool-success": {1.0: 0.0, 3.0: 1.0, 5.0: 1.0}, "gauge-diagnosis": {1.0: 1.0, 3.0: 0.0, 5.0: 6.0}}
)


def test_a_csv_file_is_read_as_far_as_it_is_written() -> None:
    """The heading, NaN and a last line that is still being written are no samples."""
    text = "epoch,value\n1700000000.123,0.5\n1700000002.123,nan\n1700000004.123,1.5\n1700000006.123,0."
    assert values.samples(text) == {1700000000.123: 0.5, 1700000004.123: 1.5}


def test_a_file_is_named_after_its_series_and_its_day() -> None:
    """collectd puts the date behind the identity; a step's name may have hyphens of its own."""
    assert values.series_name("response_time-go-to_home-2026-11-22") == "response_time-go-to_home"


def test_values_of_one_time_are_one_run() -> None:
    """bool-success is sent whatever happened, so it says which runs there were."""
    assert [
        Run(
            1.0,
            True,
            {
                "bool-success": 1.0,
                "gauge-warnings": 1.0,
                "response_time-connect": 0.001,
                "response_time-auth": 0.002,
                "response_time-quit": 0.001,
            },
        ),
        Run(3.0, False, {"bool-success": 0.0, "gauge-warnings": 1.0, "response_time-connect": 0.001}),
    ] == MAIL


def test_the_step_after_the_passed_ones_is_the_one_that_failed() -> None:
    """Steps are run in order and the first bad one ends the run; a smarthost's is the first without its latency."""
    assert [values.failed_step(STOCK_JOB, run) for run in RUNS] == [None, STOCK, HOME, None]
    assert [values.failed_step(RELAY, run, (CONNECT, AUTH, QUIT)) for run in MAIL] == [None, AUTH]


def test_each_step_that_asked_or_failed_has_a_row() -> None:
    """Latencies in order of time, failures counted where they happened."""
    assert tables.rows(STOCK_JOB, RUNS) == [
        Row('I go to "/"', (0.002, 0.004, 0.001), 1, "▅█✗▃"),
        Row('I follow "Stock"', (0.1, 0.2), 1, "▅✗·█"),
    ]
    assert tables.rows(RELAY, MAIL) == [
        Row("connect", (0.001, 0.001), 0, "██"),
        Row("AUTH", (0.002,), 1, "█✗"),
        Row("QUIT", (0.001,), 0, "█·"),
    ]


def test_phases_stand_below_their_step() -> None:
    """Where they are sent; one that never happened has no row."""
    job = replace(STOCK_JOB, steps=(HOME,), detail=Detail.PHASE)
    runs = values.runs(
        {
            "bool-success": {10.0: 1.0},
            "response_time-go_to": {10.0: 0.003},
            "duration-go_to-connect": {10.0: 0.001},
            "duration-go_to-processing": {10.0: 0.002},
        }
    )
    assert tables.rows(job, runs) == [
        Row('I go to "/"', (0.003,), 0, "█"),
        Row("  connect", (0.001,), 0, "█"),
        Row("  processing", (0.002,), 0, "█"),
    ]


def test_the_server_that_is_outvoted_is_bad() -> None:
    assert tables.rows(TIME, VOTES) == [
        Row("127.0.0.1", (0.001, 0.001, 0.001), 0, "███"),
        Row("127.0.0.3", (0.001, 1200.0), 1, "█✗·"),
    ]


def test_each_diagnosis_has_a_row() -> None:
    assert tables.rows(CLOCK, DIAGNOSES) == [
        Row("ok, 1 time", (), 0, "·█·"),
        Row("no daemon, 1 time", (), 0, "█··"),
        Row("server wrong, 1 time", (), 0, "··█"),
    ]


def test_the_tables() -> None:
    """Milliseconds a row, how often it was bad, and a sparkline; a dash where there is nothing."""
    shown = [tables.heading()]
    for job, runs in ((STOCK_JOB, RUNS), (RELAY, MAIL), (TIME, VOTES), (CLOCK, DIAGNOSES)):
        shown += tables.table(job, runs)
    assert shown == [
        "milliseconds                                           min  median     p95     max     bad",
        "stock: Looking: 4 runs, 2 failed",
        '  I go to "/"                                         1.00    2.00    4.00    4.00       1  ▅█✗▃',
        '  I follow "Stock"                                     100     150     200     200       1  ▅✗·█',
        "relay: the way out for mail: 2 runs, 1 failed, 2 with warnings",
        "  connect                                             1.00    1.00    1.00    1.00       –  ██",
        "  AUTH                                                2.00    2.00    2.00    2.00       1  █✗",
        "  QUIT                                                1.00    1.00    1.00    1.00       –  █·",
        "time: offsets of the time servers: 3 runs, 0 failed, 1 with warnings",
        "  127.0.0.1                                           1.00    1.00    1.00    1.00       –  ███",
        "  127.0.0.3                                           1.00   600 s  1200 s  1200 s       1  █✗·",
        "local: this machine's clock: 3 runs, 1 failed",
        "  ok, 1 time                                                                                ·█·",
        "  no daemon, 1 time                                                                         █··",
        "  server wrong, 1 time                                                                      ··█",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.00"), (0.00042, "0.42"), (0.0053149, "5.31"), (0.042, "42.0"), (1.2341, "1234"), (-1200.3, "-1200 s")],
)
def test_milliseconds_have_the_digits_that_mean_something(seconds: float, text: str) -> None:
    """Two places below 10 ms, one below 100, none above; from ten seconds on seconds."""
    assert tables.milliseconds(seconds) == text


@pytest.mark.parametrize(
    ("job", "type", "instance", "what"),
    [
        (STOCK_JOB, "response_time", "go_to", 'I go to "/"'),
        (STOCK_JOB, "duration", "go_to-processing", 'I go to "/", processing'),
        (STOCK_JOB, "duration", "go_to-other", "duration-go_to-other"),
        (TIME, "time_offset", "127_0_0_3", "127.0.0.3, offset"),
        (RELAY, "gauge", "certificate_days_left", "gauge-certificate_days_left"),
    ],
)
def test_a_series_in_the_words_of_its_author(job: Job, type: str, instance: str, what: str) -> None:
    assert tables.measured(job, type, instance) == what


# Lines as the values arrive.


def of(time: float, success: float = 1.0, **more: float) -> Run:
    return Run(time, success == 1, {"bool-success": success, **more})


def test_a_cell_shows_the_slower_run_and_what_is_wrong() -> None:
    runs = [of(1, **{"latency-total": 0.01}), of(1, **{"latency-total": 0.02, "gauge-warnings": 1.0})]
    cells = [cell([]), cell(runs[:1]), cell(runs), cell([*runs, of(1, 0)]), cell([of(1)])]
    assert [one.padded() for one in cells] == ["       ·  ", "    10.0  ", "    20.0 ▲", "         ✗", "         ✓"]


def test_a_line_is_shown_when_all_its_values_are_there() -> None:
    """One look later, since a run's values arrive one after the other; what a job left out is a dot."""
    jobs = (STOCK_JOB, replace(STOCK_JOB, instance="stock-more"), RELAY)
    board = Board([replace(job, interval=2.0) for job in jobs], 2.0)
    looks = (
        {"stock-looking": [of(10.0)], "stock-more": [], "relay": []},
        {"stock-looking": [of(10.0)], "stock-more": [of(11.0)], "relay": [of(11.5, 0.0)]},
        {"stock-looking": [of(10.0)], "stock-more": [of(11.0)], "relay": [of(11.5, 0.0)]},
        {"stock-looking": [of(10.0), of(14.0)], "stock-more": [of(11.0), of(14.0)], "relay": [of(11.5, 0.0), of(14.5)]},
        {"stock-looking": [of(10.0), of(14.0)], "stock-more": [of(11.0), of(14.0)], "relay": [of(11.5, 0.0), of(14.5)]},
    )
    shown = [[(start, [one.padded().strip() for one in cells]) for start, cells in board.lines(look)] for look in looks]
    assert shown == [[], [], [(10.0, ["✓", "✗"])], [], [(12.0, ["·", "·"]), (14.0, ["✓", "✓"])]]


def test_no_line_waits_for_a_job_that_runs_less_often() -> None:
    """Its run is in the line that follows it, and in no other."""
    board = Board((replace(STOCK_JOB, interval=2.0), replace(RELAY, interval=6.0)), 2.0)
    often, seldom = [of(10.0), of(12.0), of(14.0)], [of(10.0, 0.0)]
    looks = [(often[:1], []), (often[:2], []), (often, seldom), (often, seldom)]
    shown = [
        [
            (start, [one.padded().strip() for one in cells])
            for start, cells in board.lines({"stock-looking": a, "relay": b})
        ]
        for a, b in looks
    ]
    assert shown == [[], [(10.0, ["✓", "·"])], [(12.0, ["✓", "✗"])], [(14.0, ["✓", "·"])]]


def test_the_heading_names_the_columns() -> None:
    board = Board((STOCK_JOB, RELAY, TIME, CLOCK), 2.0)
    assert board.heading() == [
        "        scenario  smarthost       ntp     clock",
        "           stock     relay      time     local",
    ]
