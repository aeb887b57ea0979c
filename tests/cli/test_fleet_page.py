"""``graph --fleet``: the page with all jobs of all hosts, with histories as far as the hub has RRD files."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html

from collectd_inode.cli import fleet_page, graph
from collectd_inode.report.record import Record
from tests.helpers.examples import SetClock
from tests.helpers.hosts import ALL, NOW, WELL, keep
from tests.helpers.rrd import write

Draw = Callable[..., tuple[int, str, str]]


@pytest.fixture
def draw(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Types the command on a hub: exit code, what it printed, what it complained of."""
    monkeypatch.chdir(tmp_path)
    module = f'<Module collectd_inode>\nStateDir "{tmp_path}/state"\n</Module>'
    (tmp_path / "collectd.conf").write_text(f'Hostname "hub1"\n<Plugin python>\n{module}\n</Plugin>\n')

    def type(*words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        graph.arguments(parser)
        options = parser.parse_args(
            ["collectd.conf", "--fleet", "--last", "1h", "--data", str(tmp_path / "rrd"), "--out", "out", *words]
        )
        code = graph.main(options, SetClock(NOW))
        return int(code), *capsys.readouterr()

    return type


def page(machine: Path) -> html.HtmlElement:
    return html.document_fromstring((machine / "out" / fleet_page.PAGE).read_text(encoding="utf-8"))


def rows(machine: Path) -> list[list[str]]:
    """Job, state, availability of a day and a month, and reason, of each row."""
    cells = [[" ".join(cell.text_content().split()) for cell in row] for row in page(machine).xpath("//tbody/tr")]
    return [[row[1], row[2], row[4], row[5], row[9]] for row in cells]


def test_the_page_of_all_hosts(draw: Draw, tmp_path: Path) -> None:
    """A row for each job of each host, the worst first; a history where there is a file; who is silent or behind."""
    keep(tmp_path / "state", *ALL)
    start = int(NOW) - 3600
    write(tmp_path / "rrd" / "auckland" / "scenario-shop-buy", "bool-success", [1.0, 0.0] * 30, start=start)
    assert draw() == (0, "out/fleet.html\n", "")
    assert rows(tmp_path) == [
        ["auckland/scenario/shop-buy", "failed", "50 %", "50 %", "text “Paid” not found"],
        ["dunedin/scenario/web-home", "stale", "–", "–", ""],
        ["hamilton/scenario/old", "stale", "–", "–", ""],
        ["hamilton/scenario/web-home", "warning", "–", "–", ""],
        ["auckland/scenario/web-home", "passed", "–", "–", ""],
        ["wellington/scenario/web-home", "passed", "–", "–", ""],
    ]
    assert page(tmp_path).xpath("string(//h1)") == "4 hosts at hub1"
    assert [
        note.text_content().partition(",")[0].partition(" since")[0] for note in page(tmp_path).xpath("//li")[:3]
    ] == [
        "dunedin: silent",
        "hamilton: version 0.1.0 (the newest here is 0.2.0)",
        "hamilton: 1 mistake in its configuration: run collectd-inode check there",
    ]
    assert os.listdir(tmp_path / "out") == ["fleet.html"]


def test_a_hub_without_rrd_files(draw: Draw, tmp_path: Path) -> None:
    """Its store may be another one: the page says that there are no histories."""
    keep(tmp_path / "state", WELL)
    assert draw() == (0, "out/fleet.html\n", "")
    assert rows(tmp_path) == [["wellington/scenario/web-home", "passed", "–", "–", ""]]
    assert page(tmp_path).xpath("string(//li[1])") == f"There are no histories: no RRD files in {tmp_path}/rrd."


def test_without_rrdtool(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same."""
    keep(tmp_path / "state", WELL)
    (tmp_path / "rrd").mkdir()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert draw()[0] == 0
    assert "rrdtool cannot be run" in page(tmp_path).xpath("string(//li[1])")


def test_what_there_is_no_time_for_has_no_history(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page every five minutes must not take as long."""
    keep(tmp_path / "state", *ALL)
    (tmp_path / "rrd").mkdir()
    monkeypatch.setattr(fleet_page, "DRAW_SECONDS", 0.0)
    assert draw()[0] == 0
    assert page(tmp_path).xpath("string(//li[1])") == "0 s are over: 6 jobs without history."


def test_what_goes_wrong(draw: Draw, tmp_path: Path) -> None:
    """Nothing is known; a broken file; options that do not go with it; a folder that cannot be written."""
    assert (draw()[0], draw()[1]) == (2, "")
    keep(tmp_path / "state", WELL)
    assert draw("--job", "web")[0] == 2
    assert draw("--grafana", "graphite")[2].startswith(
        "collectd-inode: graph --fleet takes neither --job nor --grafana"
    )
    (tmp_path / "state" / "fleet" / "x.json").write_text("{")
    code, _, err = draw()
    assert (code, "x.json cannot be read" in err) == (1, True)
    (tmp_path / "file").touch()
    assert draw("--out", "file")[0] == 2


@pytest.mark.parametrize("host", ["..", "../../etc", ".", "a/b"])
def test_a_host_s_name_leads_nowhere_else(host: str) -> None:
    """It comes from the network."""
    record = Record("scenario", "web", None, "web-home", host, "", "passed", 0.0, 0.0, 60.0)
    assert fleet_page._folder(Path("/rrd"), record) is None
