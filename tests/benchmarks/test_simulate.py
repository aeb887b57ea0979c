"""benchmarks/simulate: the arithmetic, the slots of the schedule's own code, and the page that shows both."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.simulate import FIGURES, Spread, after_a_start, in_slots, main, need, of_machines, spread
from collectd_inode.report.values import series
from tests.helpers.examples import loaded, write_feature
from tests.helpers.places import ROOT

USUAL = {figure.name: figure.value for figure in FIGURES}
PAGE = (ROOT / "docs" / "explanation" / "scale.rst").read_text(encoding="utf-8")


def test_what_a_hundred_thousand_scenarios_take() -> None:
    """Cores by the step, collectds by half a core, memory by both, values by the run, disk by the series."""
    found = need(100_000, {**USUAL, "steps": 6, "ms-step": 1.0, "values": 12, "bytes-value": 50, "days": 1})
    assert (found.cores, found.collectds, found.values, found.bits) == (10.0, 20, 20_000.0, 8e6)
    assert found.memory == 20 * 45 * 1024**2 + 100_000 * 25 * 1024
    assert found.disk == {"RRD": 1.2e6 * 162_000, "Whisper": 1.2e6 * 1440 * 12, "Prometheus": 1.2e6 * 1440 * 2}
    assert found.gives_way == ("rrd 250.0x",)


def test_one_scenario_takes_one_collectd() -> None:
    """And passes no limit."""
    found = need(1, USUAL)
    assert (found.collectds, found.gives_way) == (1, ())


def test_a_spread_beside_chance() -> None:
    """All in one second is seen; so is one in each."""
    assert spread([7.2] * 60, 60).most == 60
    assert spread(range(60), 60) == Spread(1.0, 1, spread([7.2] * 60, 60).chance)


@pytest.mark.parametrize(
    "found",
    [in_slots(3000), after_a_start(3000), of_machines(600, 5, 2.0), of_machines(600, 5, 120.0)],
    ids=["a minute", "a start", "machines", "clocks"],
)
def test_no_second_has_many_more_runs_than_chance_would_give_it(found: Spread) -> None:
    """3 000 runs in a minute: 50 a second, and 85 would be five standard deviations."""
    assert found.mean == 50.0
    assert found.most < 85


def test_the_number_of_values_is_that_of_such_a_scenario(tmp_path: Path) -> None:
    """A page, two links, two texts."""
    steps = 'When I go to "/"\nAnd I follow "next"\nAnd I follow "last"\nThen I should see "a"\nAnd I should see "b"'
    (job,) = loaded(write_feature(tmp_path, steps), base_url="http://www.example.org").jobs
    assert len(series(job)) == USUAL["values"]


def test_the_page_shows_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Both tables, and below them whence each figure is."""
    assert main([]) == 0
    needs, bursts, sources = capsys.readouterr().out.split("\n\n")
    assert needs in PAGE
    assert bursts in PAGE
    assert [line.partition(":")[0] for line in sources.splitlines()] == [figure.name for figure in FIGURES]
    for limit in ("39 200", "50 000", "150 000", "1 000 000"):
        assert limit in PAGE


def test_each_figure_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    """What was measured elsewhere takes the place of ours."""
    assert main(["--per-minute", "600", "--ms-step", "2", "--jobs", "60"]) == 0
    assert "ms-step: 2 ms of processor time a step" in capsys.readouterr().out
