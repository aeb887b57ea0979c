"""What we ship, in a real collectd: conf.d's snippets, the scenarios, and an old feature file as people have them."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

from collectd_process import CHECKOUT, CLEAN, Collectd

from collectd_inode.cli.configured import read
from collectd_inode.report.values import series
from demo import configuration
from demo.site import Site

VINTAGE = CHECKOUT / "tests" / "features" / "vintage.feature"


class Shipped(Collectd):
    """A collectd with conf.d's own files, changed in nothing but addresses, paths and intervals."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, "")
        run = folder / "shipped"
        place = configuration.Place(CHECKOUT, Path(sysconfig.get_path("platlib")), run, port)
        self.conf = configuration.write(place)
        (run / "conf.d" / "zz-demo.conf").unlink()
        self.conf.write_text(self.conf.read_text().replace('Include "conf.d', f'Include "{run}/conf.d'))

    @property
    def log(self) -> str:
        """What collectd logged, where the demonstration has it."""
        file = self.folder / "shipped" / "collectd.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def successes(self) -> list[str]:
        """The csv files of bool-success with a value in them."""
        files = (self.folder / "shipped" / "csv").rglob("bool-success-*")
        return [file.parent.name for file in files if len(file.read_text().splitlines()) >= 3]


def test_the_shipped_files_fill_rrd_files(tmp_path: Path) -> None:
    """Every job of conf.d passes, and its RRD files carry the announced identities, its interval, and XFF 0.9."""
    with Site() as site, Shipped(tmp_path, site.port) as collectd:
        jobs = read(str(collectd.conf)).jobs
        collectd.wait(lambda: len(collectd.successes()) == len(jobs))
        collectd.stop()
    rrd = tmp_path / "shipped" / "rrd" / "demo"
    # Of the plugin's own values there is one only, and librrd sometimes fails to create a file when collectd's write
    # threads create several at once ("min must be less than max in DS definition"); the next value would create it.
    stored = {str(path.relative_to(rrd)).removesuffix(".rrd") for path in rrd.glob("scenario-*/*.rrd")}
    announced = {identity for job in jobs for identity in series(job)}

    assert [job.instance for job in jobs] == [
        "webhome-visiting_home_and_contact_pages",
        "webhome-visiting_the_contact_page_via_the_home_page",
        "login-the_monitor_logs_in",
        "login-wrong_password",
    ]
    # Loopback addresses need no resolving, the site speaks no TLS, and a short answer comes in one piece.
    never = {identity for identity in announced if re.search("duration-(resolve|tls|transfer)$", identity)}
    may = {identity for identity in announced if identity.endswith("duration-transfer")}
    assert stored - may == announced - never
    assert "failed" not in collectd.log
    for job in jobs:
        info = _info(rrd / f"scenario-{job.instance}" / "bool-success.rrd")
        assert info["step"] == "2"
        assert info["ds[value].minimal_heartbeat"] == "4"
        assert {float(value) for key, value in info.items() if key.endswith(".xff")} == {0.9}
        assert float(info["ds[value].last_ds"]) == 1.0


def _info(file: Path) -> dict[str, str]:
    done = subprocess.run(["rrdtool", "info", str(file)], env=CLEAN, capture_output=True, text=True, check=True)
    pairs = (line.partition(" = ") for line in done.stdout.splitlines())
    return {key: value.strip('"') for key, _, value in pairs}


def test_a_feature_of_cucumber_nagios_runs_unchanged(tmp_path: Path) -> None:
    """An old file, with unquoted addresses, regular expressions on the source and Webrat's idea of success."""
    with Site() as site:
        block = f"""
        Interval 1
        <Scenario "old">
          Feature "{VINTAGE}"
          Vocabulary "legacy"
          Resolve "www.example.org" "127.0.0.1:{site.port}"
        </Scenario>
        """
        with Collectd(tmp_path, block) as collectd:
            names = (
                "visiting_home_page",
                "going_the_quoted_way",
                "pages_that_are_not_there_missing",
                "pages_that_are_not_there_gone",
                "logging_in",
            )
            for name in names:
                identity = f"scenario-old-{name}/bool-success"
                collectd.wait(lambda: len(collectd.of(identity)) >= 2)  # noqa: B023  # called at once
                assert {v.value for v in collectd.of(identity)} == {1.0}, collectd.log
