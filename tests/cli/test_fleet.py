"""``status --fleet``: all hosts at the hub, the worst first."""

from __future__ import annotations

import json
import re
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.cli.fleet import FleetHost, as_json, page
from collectd_inode.report import record as job_record
from collectd_inode.report.fleet import HeardHost, folder, records
from collectd_inode.report.style import PLAIN
from tests.helpers.hosts import ALL, AUCKLAND, DUNEDIN, HAMILTON, NOW, WELL, keep
from tests.helpers.places import ROOT
from tests.helpers.schema import complaints

Typed = Callable[..., tuple[int, str, str]]


def hosts(*heard: HeardHost) -> list[FleetHost]:
    return [FleetHost(one, tuple(records(one)), NOW) for one in heard]


@pytest.mark.usefixtures("greenwich")
def test_the_page() -> None:
    """As the book shows it: what is bad and what warns, then a line a host, the silent ones first; then the sums."""
    book = (ROOT / "docs" / "how-to" / "many-machines.rst").read_text()
    shown = book.partition("$ collectd-inode status --fleet\n")[2].partition("\n\n")[0]
    assert list(page(hosts(*ALL), PLAIN)) == textwrap.dedent(shown).splitlines()


def test_json() -> None:
    """A line for each host and for each job, with the keys of ``status``."""
    lines = [json.loads(line) for line in as_json(hosts(AUCKLAND, DUNEDIN))]
    assert [complaints("status", json.dumps(line)) for line in lines] == [[]] * 5
    assert [(one["host"], one["kind"], one["job"], one["status"], one["version"]) for one in lines] == [
        ("auckland", "host", "auckland", "passed", "0.2.0"),
        ("dunedin", "host", "dunedin", "silent", "0.1.0"),
        ("auckland", "scenario", "shop", "failed", None),
        ("dunedin", "scenario", "web", "stale", None),
        ("auckland", "scenario", "web", "passed", None),
    ]
    assert (lines[1]["last_run"], lines[2]["message"]) == (NOW - 10_790, "text “Paid” not found")


def test_the_sign_of_life_of_the_book() -> None:
    """Its cron job calls as long as one host is heard, however its jobs are."""
    (wanted,) = re.findall("grep -q '(.*)'", (ROOT / "docs" / "how-to" / "many-machines.rst").read_text())
    assert [bool(re.search(wanted, "\n".join(as_json(hosts(one))))) for one in (AUCKLAND, DUNEDIN)] == [True, False]


@pytest.fixture
def typed(typed: Typed) -> Typed:
    """Types the command."""
    return lambda *words: typed("status", "--fleet", *words)


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Path]:
    """Writes what is known of hosts a moment ago into a StateDir."""

    def write(*heard: HeardHost) -> Path:
        keep(tmp_path, *heard, now=time.time())
        return tmp_path

    return write


def test_all_is_well(typed: Typed, kept: Callable[..., Path]) -> None:
    """Exit 0; a line a host."""
    code, out, err = typed("--state-dir", kept(WELL))
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == ["1 host", "1 job: 1 passed"]


@pytest.mark.parametrize("heard", [AUCKLAND, DUNEDIN, HAMILTON], ids=["failed", "silent", "stale"])
def test_something_is_not_well(typed: Typed, kept: Callable[..., Path], heard: HeardHost) -> None:
    """Exit 1."""
    code, _, err = typed("--state-dir", kept(WELL, heard))
    assert (code, err) == (1, "")


def test_when_every_host_is_silent(typed: Typed, kept: Callable[..., Path]) -> None:
    """Then this machine's own collectd is the first to be looked at."""
    code, _, err = typed("--state-dir", kept(DUNEDIN))
    assert (code, err.startswith("collectd-inode: every host is silent: check that collectd runs on")) == (1, True)


def test_one_host_or_one_job(typed: Typed, kept: Callable[..., Path]) -> None:
    """A host with all its jobs; a job wherever it runs; what is neither."""
    state = kept(AUCKLAND, DUNEDIN, WELL)
    code, out, _ = typed("wellington", "--state-dir", state)
    assert (code, [line.partition(":")[0] for line in out.splitlines()]) == (
        0,
        ["wellington/scenario/web-home", "  last run", "wellington", "1 host", "1 job"],
    )
    code, out, _ = typed("scenario/web-home", "--state-dir", state, "--format", "json")
    assert [json.loads(line)["host"] for line in out.splitlines()] == [
        *("auckland", "dunedin", "wellington"),
        *("dunedin", "auckland", "wellington"),
    ]
    assert typed("nope", "--state-dir", state) == (
        2,
        "",
        "collectd-inode: no host and no job 'nope' is known; hosts known here: auckland, dunedin, wellington\n",
    )


def test_where_no_host_is_known(typed: Typed, kept: Callable[..., Path]) -> None:
    """Exit 2 with what to configure; a broken file is no pass."""
    code, _, err = typed("--state-dir", kept())
    assert (code, "set Fleet true beside StateDir" in err) == (2, True)
    (folder(str(kept(WELL))) / "x.json").write_text("{")
    code, _, err = typed("--state-dir", kept(WELL))
    assert (code, "x.json cannot be read: it is broken" in err) == (1, True)


def test_status_says_that_there_is_a_fleet(kept: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Below the hub's own jobs."""
    state, (own, *_) = kept(AUCKLAND, WELL), records(WELL)
    job_record.path(str(state), own.identity).write_text(job_record.text(own))
    cli.main(["status", "--state-dir", str(state)])
    assert capsys.readouterr().out.splitlines()[-1] == "2 hosts in the fleet: collectd-inode status --fleet"
