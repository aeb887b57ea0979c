"""``collectd-inode jobs``: what holds for each job, where it was said, and when it runs next."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from collectd_inode import cli
from collectd_inode.report.plan import Plan, Planned, path, text
from tests.helpers.examples import write_feature


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Two sections, of which the second overrides the first for what follows."""
    feature = write_feature(tmp_path, 'When I go to "http://www.test/"')
    lines = [
        "<Plugin python>",
        'Import "collectd_inode"',
        "<Module collectd_inode>",
        "Interval 3600",
        'Confirm "3/10"',
        '<Scenario "web">',
        f'Feature "{feature}"',
        'Variable "a" "b"',
        'Variable "c" "d"',
        'Header "Authorization" "open sesame"',
        "timeout 7",
        "</Scenario>",
        "</Module>",
        "<Module collectd_inode>",
        "Interval 30",
        f'StateDir "{tmp_path}/state"',
        '<NTP "time">',
        'Server "192.0.2.1"',
        "</NTP>",
        "</Module>",
        "</Plugin>",
    ]
    made = tmp_path / "collectd.conf"
    made.write_text("\n".join(lines) + "\n")
    return made


def listed(conf: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert cli.main(["jobs", str(conf), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "open sesame" not in out
    return [json.loads(line) for line in out.splitlines()]


def test_every_setting_and_where_it_was_said(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The block's own, else the section's, else the default; what may be secret is hidden."""
    now = time.time()
    web, ntp = listed(conf, capsys)
    assert [(one["kind"], one["job"], one["instance"], one["interval"]) for one in (web, ntp)] == [
        ("scenario", "web", "web-home", 3600.0),
        ("ntp", "time", "time", 64.0),
    ]
    assert all(now < one["next"] <= now + one["interval"] + 5 for one in (web, ntp))

    def said(job: dict[str, Any], key: str) -> tuple[Any, Any]:
        place = job["settings"][key]["place"]
        return job["settings"][key]["value"], place and place.removeprefix(f"{conf}:")

    assert said(web, "Interval") == (3600, "4")
    assert said(web, "Confirm") == ("3/10", "5")
    assert said(web, "Timeout") == (7, "11")
    assert said(web, "Variable") == ([["a", "b"], ["c", "d"]], "8")
    assert said(web, "Header") == (["…"], "10")
    assert said(web, "ConfirmRecovery") == (1, None)
    assert said(web, "Detail") == ("step", None)
    assert said(web, "BaseURL") == (None, None)
    assert said(web, "Steps") == ([], None)
    assert said(ntp, "Interval") == (64, None)  # longer than what the section says
    assert said(ntp, "Confirm") == ("3/10", "5")
    assert said(ntp, "Notify") == ("change", None)


def test_for_people(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each setting that there is."""
    assert cli.main(["jobs", str(conf)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("scenario/web-home: every 3600 s, next at ")
    assert f'  Confirm:             "3/10"  ({conf}:5)' in lines
    assert f'  Variable:            "a" "b", "c" "d"  ({conf}:8)' in lines
    assert f"  Header:              …  ({conf}:10)" in lines
    assert "  MaxBodySize:         10485760  (default)" in lines
    assert not any(line.startswith("  BaseURL:") for line in lines)
    assert lines[-1] == "2 jobs"


def test_a_first_run_that_the_daemon_has_planned(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It comes before the slot; one that is over says nothing."""
    (conf.parent / "state").mkdir()
    now = time.time()
    for first, expected in ((now + 1000, True), (now - 5, False)):
        planned = Planned("", "scenario", "web", "web-home", 3600.0, first)
        path(f"{conf.parent}/state").write_text(text(Plan(1, now, (planned,))))
        assert (listed(conf, capsys)[0]["next"] == first) is expected


def test_a_mistake_is_told_and_the_rest_is_listed(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2; a job that cannot run says so."""
    conf.write_text(conf.read_text().replace("timeout 7", "timeout x"))
    (conf.parent / "web.feature").write_text("Feature: x\n  Scenario: Home\n    When I dance\n")
    assert cli.main(["jobs", str(conf)]) == 2
    out, err = capsys.readouterr()
    assert "timeout" in err
    assert [line.split(":")[0] for line in out.splitlines() if not line.startswith(" ")] == ["ntp/time", "1 job"]
