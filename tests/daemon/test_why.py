"""A real collectd keeps its jobs' history, and ``why`` tells what changed when the site went bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collectd_inode import cli
from demo.site import Site
from tests.helpers.collectd_process import Collectd

SERIES = "scenario-shop-start/bool-success"


def test_why_a_site_went_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It goes away while the daemon runs: the last good run beside the bad one, and nothing of ours has changed."""
    feature, state = tmp_path / "start.feature", tmp_path / "state"
    feature.write_text("Feature: Shop\n  Scenario: Start\n    When I go to /\n")
    site = Site()
    keys = f'Feature "{feature}"\nBaseURL "{site.url}"\nInterval 1'
    with Collectd(tmp_path, f'StateDir "{state}"\n<Scenario "shop">\n{keys}\n</Scenario>') as collectd:
        with site:
            collectd.wait(lambda: any(v.value == 1.0 for v in collectd.of(SERIES)))
        collectd.wait(lambda: any(v.value == 0.0 for v in collectd.of(SERIES)))
    code = cli.main(["why", "shop", "--conf", str(collectd.conf), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["job"], found["good"] < found["bad"]) == (1, "shop", True)
    assert (found["changed"], found["host"], found["base_rate"]) == ([], [], None)
    (step,) = found["steps"]
    assert (step["name"], step["seconds"], step["usual_seconds"] > 0) == ("I go to /", None, True)
    assert "history" not in collectd.log
