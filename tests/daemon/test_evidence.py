"""A real collectd that keeps the evidence of failed runs."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from demo.site import Outage, Site
from tests.helpers.collectd_process import Collectd

DOWN = Outage(length=1, period=1, first=0)


def test_the_daemon_keeps_the_last_failed_runs(tmp_path: Path) -> None:
    """At most as many as SaveMax says, each whole."""
    feature = tmp_path / "stock.feature"
    feature.write_text("Feature: Shop\n  Scenario: Stock\n    When I go to /stock\n")
    with Site(outage=DOWN) as site:
        keys = f'Feature "{feature}"\nBaseURL "{site.url}"\nInterval 1\nSaveFailures "{tmp_path}/failures"\nSaveMax 2'
        with Collectd(tmp_path, f'<Scenario "shop">\n{keys}\n</Scenario>') as collectd:
            collectd.wait(lambda: len(collectd.in_time("scenario-shop-stock/bool-success")) >= 4)
    kept = sorted((tmp_path / "failures" / "shop").iterdir())

    assert {v.value for v in collectd.of("scenario-shop-stock/bool-success")} == {0.0}
    assert {v.value for v in collectd.of("scenario-shop-stock/gauge-warnings")} == {0.0}
    finished = [path for path in kept if re.fullmatch(r"[-0-9]{10}T[-0-9]{8}Z-stock(-\d)?", path.name)]
    assert len(finished) in (1, 2)  # room may just have been made when the daemon was told to stop
    assert len(kept) <= 3
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in finished[-1].iterdir()}
    assert modes == dict.fromkeys(("page.html", "reason.txt", "requests.har", "transcript.txt"), "-rw-------")
    assert "503 Service Unavailable" in (finished[-1] / "reason.txt").read_text()
    assert "evidence cannot" not in collectd.log
