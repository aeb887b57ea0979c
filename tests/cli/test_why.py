"""``collectd-inode why``: exit codes, JSON, and what is read of a host's RRD files by a real rrdtool."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from docutils import nodes

from collectd_inode.cli import why
from collectd_inode.histories import Histories
from collectd_inode.model import Fact
from collectd_inode.report import history, record
from collectd_inode.state import Writer
from tests.helpers.examples import LOOK, OPEN, SetClock
from tests.helpers.pages import tree_of
from tests.helpers.past import BAD, BAD_AT, COUNT, FACTS, GOOD, IDENTITY, NOW, ORIGIN, START
from tests.helpers.places import ROOT
from tests.helpers.rrd import write

CONF = """Hostname "web1"
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    StateDir "{root}/state"
  </Module>
</Plugin>
<Plugin rrdtool>
  DataDir "{root}/rrd"
</Plugin>
"""

MOVED = (Fact("address of shop", "192.0.2.8"),)
Why = Callable[..., tuple[int, str, str]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A StateDir with an hour of good runs and a bad one, and RRD files of a host whose disk became busy."""
    (tmp_path / "collectd.conf").write_text(CONF.format(root=tmp_path))
    state = tmp_path / "state"
    histories = Histories(str(state), Writer(), ORIGIN)
    known = None
    for n in range(COUNT + 1):
        observation = replace(GOOD, facts=FACTS) if n < COUNT else replace(BAD, facts=MOVED)
        observation = replace(observation, time=START + 60 * n)
        histories.add(observation)
        known = record.following(known, observation)
        Writer().replace(record.path(str(state), IDENTITY), record.text(known))
    home = tmp_path / "rrd" / "web1"
    first, count = int(START), COUNT + 3
    waits = [3.0 + n % 3 * 0.1 if n < COUNT - 1 else 71.0 for n in range(count)]
    write(home / "cpu-0", "percent-wait", waits, start=first)
    write(home / "load", "load", [0.5 + n % 2 * 0.1 for n in range(count)], start=first)
    write(home / "scenario-web-home", "bool-success", [float(n < COUNT) for n in range(count)], start=first)
    (home / "disk-sda").mkdir()
    (home / "disk-sda" / "disk_ops.rrd").write_bytes(b"none")
    return tmp_path


@pytest.fixture
def ask(machine: Path, capsys: pytest.CaptureFixture[str]) -> Why:
    """Types the command three minutes after the failure."""

    def type(*words: object) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        why.arguments(parser)
        options = parser.parse_args([*map(str, words), "--conf", str(machine / "collectd.conf")])
        code = why.main(options, SetClock(NOW))
        return int(code), *capsys.readouterr()

    return type


def test_json_to_the_letter(ask: Why) -> None:
    """What is bad exits 1; the job's own series are not among the host's."""
    code, out, err = ask("web", "--format", "json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    left = found["host"].pop()
    assert found == {
        "job": "web",
        "good": BAD_AT - 60,
        "bad": BAD_AT,
        "steps": [
            {
                "name": OPEN.name,
                "usual_seconds": 0.25,
                "seconds": 4.25,
                "phases": {"connect": 0.05, "processing": 4.2},
            },
            {"name": LOOK.name, "usual_seconds": None, "seconds": None, "phases": {}},
        ],
        "changed": [{"what": "address of shop", "before": "192.0.2.7", "after": "192.0.2.8"}],
        "host": [],
        "base_rate": 0.0,
    }
    assert (left["series"], round(left["before"]), left["after"]) == ("cpu-0/percent-wait", 3, 71.0)
    assert left["since"] == BAD_AT - 60


def test_the_page_names_what_left_its_range(ask: Why) -> None:
    """And what could not be read."""
    code, out, _ = ask("web-home")
    assert code == 1
    assert "1 of 2 series left their usual range; in an ordinary 5 min 0.0 do" in out
    assert "1 file could not be read, or not in time" in out
    assert "nothing: the same feature, configuration, version, collectd and boot" in out


@pytest.mark.parametrize("name", ["web", "web-home", "scenario/web-home"])
def test_a_job_by_all_its_names(ask: Why, name: str) -> None:
    """As they are printed anywhere."""
    assert ask(name)[0] == 1


def test_a_job_that_nobody_knows(ask: Why) -> None:
    """The exit code is 2."""
    code, out, err = ask("shop")
    assert (code, out) == (2, "")
    assert "no job 'shop' is known in" in err


def test_a_good_job(ask: Why, machine: Path) -> None:
    """Nothing is bad: 0; the outage before is explained all the same."""
    state = str(machine / "state")
    good = replace(GOOD, time=BAD_AT + 60)
    Histories(state, Writer(), ORIGIN).add(good)
    known = record.parse(record.path(state, IDENTITY).read_bytes())
    Writer().replace(record.path(state, IDENTITY), record.text(record.following(known, good)))
    code, out, _ = ask("web", "--format", "json")
    assert (code, json.loads(out)["bad"]) == (0, BAD_AT)
    assert "last outage: from" in ask("web")[1]


def test_without_rrd_files_the_rest_is_there(ask: Why, tmp_path: Path) -> None:
    """It says why nothing is known of the host."""
    code, out, _ = ask("web", "--data", tmp_path / "nowhere")
    assert code == 1
    assert f"note: the rest of this host: no RRD files: {tmp_path}/nowhere/web1: No such file or directory" in out
    assert json.loads(ask("web", "--format", "json", "--data", tmp_path / "nowhere")[1])["base_rate"] is None


def test_without_rrdtool(ask: Why, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "rrdtool cannot be run: No such file or directory: apt-get install rrdtool" in ask("web")[1]


def test_without_a_history(ask: Why, machine: Path) -> None:
    """A record from before there was one."""
    history.path(str(machine / "state"), IDENTITY).unlink()
    code, out, _ = ask("web")
    assert code == 1
    assert "there is no history of this job yet: it begins with its next run" in out


def test_a_host_with_more_files_than_there_is_time_for(ask: Why, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not read is said."""
    monkeypatch.setattr("collectd_inode.cli.rrd_series.MOST_FILES", 1)
    assert "2 files could not be read, or not in time" in ask("web")[1]


def test_an_rrdcached_that_does_not_listen(ask: Why, machine: Path) -> None:
    """The files are read as they are."""
    conf = (machine / "collectd.conf").read_text()
    cached = conf.replace("<Plugin rrdtool>", f'<Plugin rrdcached>\n  DaemonAddress "unix:{machine}/nobody"')
    (machine / "collectd.conf").write_text(cached)
    assert "1 of 2 series left their usual range" in ask("web")[1]


def test_names_that_rrdtool_splits(ask: Why, machine: Path) -> None:
    """Blanks, quotes and colons in the name of a file."""
    home = machine / "rrd" / "web1"
    for name in ("table-a b:c", "table-it's"):
        os.renames(home / "cpu-0" / "percent-wait.rrd", home / name / "gauge.rrd")
        assert f"{name}/gauge" in ask("web")[1]
        os.renames(home / name / "gauge.rrd", home / "cpu-0" / "percent-wait.rrd")


# The page of the book

PAGE = (ROOT / "docs" / "how-to" / "why.rst").read_text(encoding="utf-8")


def test_the_book_s_examples(ask: Why, greenwich: None) -> None:
    """What the page shows is what this machine shows; JSON is on one line, and folded there."""
    tree, complaints = tree_of(PAGE)
    assert complaints == ""
    shown, as_json = (block.astext().split("\n", 1) for block in tree.findall(nodes.literal_block))
    assert shown[0] == "$ collectd-inode why web"
    assert shown[1].splitlines() == ask("web")[1].splitlines()
    assert as_json[0] == "$ collectd-inode why web --format json"
    assert json.loads(as_json[1]) == json.loads(ask("web", "--format", "json")[1])
