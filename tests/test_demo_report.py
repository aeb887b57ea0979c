"""The demonstration reads collectd's csv files back and tells what is in them; it ends with the page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_inode import oconfig
from demo import configuration, report
from demo.report import Row, Run, Scenario, Step

ROOT = Path(__file__).parent.parent

HOME, STOCK, SEE = (
    Step('I go to "/"', "go_to"),
    Step('I follow "Stock"', "follow_stock"),
    Step("I should see it", "see"),
)
SCENARIO = Scenario("stock", "Looking", "stock-looking", (HOME, STOCK, SEE))

SERIES = {
    "bool-success": {10.0: 1.0, 12.0: 0.0, 14.0: 0.0, 16.0: 1.0},
    "count-passed": {10.0: 3.0, 12.0: 1.0, 14.0: 0.0, 16.0: 3.0},
    "response_time-go_to": {10.0: 0.002, 12.0: 0.004, 16.0: 0.001},
    "response_time-follow_stock": {10.0: 0.1, 16.0: 0.2},
}
RUNS = [
    Run(10.0, True, 3, {"go_to": 0.002, "follow_stock": 0.1}),
    Run(12.0, False, 1, {"go_to": 0.004}),
    Run(14.0, False, 0, {}),
    Run(16.0, True, 3, {"go_to": 0.001, "follow_stock": 0.2}),
]


def test_a_csv_file_is_read_as_far_as_it_is_written() -> None:
    """The heading, NaN and a last line that is still being written are no samples."""
    text = "epoch,value\n1700000000.123,0.5\n1700000002.123,nan\n1700000004.123,1.5\n1700000006.123,0."
    assert report.samples(text) == {1700000000.123: 0.5, 1700000004.123: 1.5}


def test_a_file_is_named_after_its_series_and_its_day() -> None:
    """collectd puts the date behind the identity; a step's name may have hyphens of its own."""
    assert report.series_name("response_time-go-to_home-2026-11-22") == "response_time-go-to_home"


def test_values_of_one_time_are_one_run() -> None:
    """bool-success is sent whatever happened, so it says which runs there were."""
    assert report.runs(SCENARIO, SERIES) == RUNS


def test_the_step_after_the_passed_ones_is_the_one_that_failed() -> None:
    """Steps are run in order and the first bad one ends the run."""
    assert [report.failed_step(SCENARIO, run) for run in RUNS] == [None, STOCK, HOME, None]


def test_each_step_has_a_row() -> None:
    """Latencies in order of time, failures counted where they happened; a step without latencies has no sparkline."""
    assert report.rows(SCENARIO, RUNS) == [
        Row(HOME, (0.002, 0.004, 0.001), 1, "▅█✗▃"),
        Row(STOCK, (0.1, 0.2), 1, "▅✗·█"),
        Row(SEE, (), 0, ""),
    ]


def test_the_table() -> None:
    """Milliseconds a step, failures, and a sparkline; a dash where there is nothing."""
    assert report.table(SCENARIO, RUNS).splitlines() == [
        "stock: Looking: 4 runs, 2 failed",
        "  milliseconds        min  median    p95    max  failed",
        '  I go to "/"        1.00    2.00   4.00   4.00       1  ▅█✗▃',
        '  I follow "Stock"    100     150    200    200       1  ▅✗·█',
        "  I should see it       –       –      –      –       –",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.00"), (0.00042, "0.42"), (0.0053149, "5.31"), (0.042, "42.0"), (1.2341, "1234")]
)
def test_milliseconds_have_the_digits_that_mean_something(seconds: float, text: str) -> None:
    """Two places below 10 ms, one below 100, none above."""
    assert report.milliseconds(seconds) == text


PLACE = configuration.Place(ROOT, Path("/venv/site-packages"), Path("/run/demo run"), 8080)


def test_the_snippets_of_conf_d_are_what_the_demonstration_expects() -> None:
    """Every text that the demonstration replaces stands in conf.d, and what comes out is a configuration."""
    for name, replacements in configuration.snippets(PLACE).items():
        text = (ROOT / "conf.d" / name).read_text(encoding="utf-8")
        adapted = configuration.adapted(name, text, replacements)
        assert oconfig.parse(adapted, name)
        assert "/etc/collectd/scenarios/webhome" not in adapted
        assert "/opt/collectd-inode" not in adapted


def test_a_snippet_that_drifted_is_an_error() -> None:
    """What cannot be replaced is named."""
    with pytest.raises(configuration.Drifted, match=r"conf.d/a.conf does not contain 'Interval 60'"):
        configuration.adapted("a.conf", "Interval 61\n", [("Interval 60", "Interval 2")])


def test_the_configuration_names_the_scenarios() -> None:
    """Jobs, titles, instances and steps come from the configuration and its feature files, in order."""
    found = list(configuration.scenarios(oconfig.parse(configuration.more_jobs(PLACE))))
    assert found == [
        Scenario(
            "shop",
            "Browsing the shop",
            "shop-browsing_the_shop",
            (
                Step('I go to "/"', "go_to"),
                Step('I follow "Shop"', "follow_shop"),
                Step('I should see "1 penguin"', "should_see_1_penguin"),
            ),
        ),
        Scenario(
            "stock",
            "Looking whether there is a penguin",
            "stock-looking_whether_there_is_a_penguin",
            (
                Step('I go to "/"', "go_to"),
                Step('I follow "Stock"', "follow_stock"),
                Step('I should see "penguin in stock"', "should_see_penguin_in_stock"),
            ),
        ),
    ]


DEMO = [sys.executable, "-m", "demo"]
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


SCENARIOS = [
    "login-the_monitor_logs_in",
    "login-wrong_password",
    "shop-browsing_the_shop",
    "stock-looking_whether_there_is_a_penguin",
    "webhome-visiting_home_and_contact_pages",
    "webhome-visiting_the_contact_page_via_the_home_page",
]


def test_the_demonstration_ends_with_tables_and_a_page(tmp_path: Path) -> None:
    """Site, collectd and plugin for some seconds: each scenario has runs, a table, pictures and a place on the page."""
    run = tmp_path / "a run"
    ended = subprocess.run(
        [*DEMO, "5", "--run", str(run)],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count(" runs, 0 failed\n") == len(SCENARIOS)
    assert "\033" not in ended.stdout
    page = run / "graphs" / "index.html"
    assert ended.stdout.splitlines()[-1] == f"Pictures, and what each job has to say: {page}"
    assert page.read_text(encoding="utf-8").count('<article class="passed">') == len(SCENARIOS)
    steps = [path.name for path in sorted(page.parent.glob("*-steps.png"))]
    assert steps == [f"scenario-{scenario}-steps.png" for scenario in SCENARIOS]


def test_the_demonstration_stops_what_it_started(tmp_path: Path) -> None:
    """After SIGTERM its collectd is gone; the status says what ended it."""
    with subprocess.Popen(
        [*DEMO, "60", "--run", str(tmp_path / "run")], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "passed" in line:
                break
        daemon = int((tmp_path / "run" / "collectd.pid").read_text())
        os.kill(daemon, 0)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)
