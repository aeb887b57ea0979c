"""``collectd-inode thresholds``: from real RRD files to what collectd and Prometheus load."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from docutils import nodes

from collectd_inode import oconfig
from collectd_inode.cli import limits, thresholds
from collectd_inode.report.graphs import Limit
from demo import unpacked
from tests.helpers.collectd_process import CLEAN
from tests.helpers.examples import SetClock
from tests.helpers.pages import tree_of
from tests.helpers.places import ROOT
from tests.helpers.rrd import write

STEP = 3600
COUNT = 31 * 24
NOW = 1_763_800_000 // STEP * STEP
START = NOW - STEP * (COUNT - 1)
CONF = """Hostname "web1"
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    <Scenario "shop">
      Feature "{root}/shop.feature"
      BaseURL "http://shop.example"
    </Scenario>
    <Clock "local">
    </Clock>
  </Module>
</Plugin>
<Plugin rrdtool>
  DataDir "{root}/rrd"
</Plugin>
"""
FEATURE = """Feature: Shop
  # series: buying
  Scenario: Buying a penguin
    When I go to "/"
    And I follow "Shop"
"""
Print = Callable[..., tuple[int, str, str]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A month of a job that was slow three times, and down for a day."""
    (tmp_path / "shop.feature").write_text(FEATURE)
    (tmp_path / "collectd.conf").write_text(CONF.format(root=tmp_path))
    shop = tmp_path / "rrd" / "web1" / "scenario-shop-buying"
    down = range(300, 324)
    write(shop, "bool-success", [float(n not in down) for n in range(COUNT)], start=START, step=STEP)
    slow = {100: 2.5, 400: 3.0, 401: 3.0, 600: 2.0}
    go_to = [30.0 if n in down else slow.get(n, 0.2 + n % 5 * 0.01) for n in range(COUNT)]
    write(shop, "response_time-go_to", go_to, start=START, step=STEP)
    write(shop, "response_time-follow_shop", [None] * (COUNT - 5) + [0.1] * 5, start=START, step=STEP)
    write(shop, "latency-total", [None if n in down else 0.5 for n in range(COUNT)], start=START, step=STEP)
    return tmp_path


@pytest.fixture
def show(machine: Path, capsys: pytest.CaptureFixture[str], greenwich: None) -> Print:
    """Types the command: exit code, output, complaints."""

    def type(*words: object) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        thresholds.arguments(parser)
        options = parser.parse_args([str(machine / "collectd.conf"), *map(str, words)])
        code = thresholds.main(options, SetClock(NOW))
        return int(code), *capsys.readouterr()

    return type


def test_the_book_s_example(show: Print) -> None:
    """The page shows what this machine shows."""
    tree, complaints = tree_of((ROOT / "docs" / "how-to" / "thresholds.rst").read_text(encoding="utf-8"))
    assert complaints == ""
    shown = [block.astext().split("\n", 1) for block in tree.findall(nodes.literal_block)]
    commands = [(), ("--format", "prometheus")]
    assert [command for command, _ in shown] == [
        " ".join(["$ collectd-inode thresholds", *words]) for words in commands
    ]
    for words, (_, expected) in zip(commands, shown, strict=True):
        code, out, err = show(*words)
        assert (code, err) == (1, "")  # one step has too few values
        assert out.splitlines() == expected.splitlines()


def test_what_is_printed_is_read_as_a_configuration(show: Print) -> None:
    """Each limit is the one that holds for its series."""
    read = limits.read(oconfig.parse(show()[1]))
    go_to = limits.limit(read, ("web1", "scenario", "shop-buying", "response_time", "go_to"))
    assert go_to == Limit(warning_max=0.36)
    follow = limits.limit(read, ("web1", "scenario", "shop-buying", "response_time", "follow_shop"))
    assert follow == Limit()


def test_collectd_loads_what_is_printed(show: Print, tmp_path: Path) -> None:
    """As it is pasted."""
    conf = tmp_path / "pasted.conf"
    conf.write_text(f'BaseDir "{tmp_path}"\nHostname "web1"\nFQDNLookup false\n{show()[1]}', encoding="utf-8")
    done = subprocess.run(["collectd", "-t", "-C", conf], env=CLEAN, capture_output=True, text=True, check=False)
    assert (done.returncode, re.findall(r"(?i).*(?:error|fail|warn).*", done.stdout + done.stderr)) == (0, [])


def test_promtool_takes_what_is_printed(show: Print, tmp_path: Path) -> None:
    """A rule a limit."""
    rules = tmp_path / "limits.yml"
    rules.write_text(show("--format", "prometheus")[1], encoding="utf-8")
    program = unpacked.command("prometheus", "promtool")
    done = subprocess.run(
        [str(program), "check", "rules", rules.name],
        env=program.environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "SUCCESS: 2 rules found" in done.stdout


def test_without_rrd_files(show: Print, tmp_path: Path) -> None:
    """Nothing is made up."""
    code, out, err = show("--data", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert f"no RRD files in {tmp_path}/nowhere" in err


def test_without_rrdtool(show: Print, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setenv("PATH", "/nonexistent")
    code, out, err = show()
    assert (code, out) == (2, "")
    assert "apt-get install rrdtool" in err
