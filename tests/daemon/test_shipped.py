"""What we ship, in a real collectd: conf.d's snippets, the scenarios, and an old feature file as people have them."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from collectd_inode.cli.configured import read
from collectd_inode.report.values import series
from demo import configuration
from demo.site import Site
from tests.helpers.chrony import chronyd
from tests.helpers.collectd_process import CLEAN, Collectd
from tests.helpers.exim import smarthost
from tests.helpers.places import ROOT
from tests.helpers.ports import free_udp_port

VINTAGE = ROOT / "tests" / "features" / "vintage.feature"


Replacements = Mapping[str, configuration.Replacements]


@contextmanager
def servers(folder: Path) -> Iterator[Replacements]:
    """An Exim and three chronyds in the place of the demonstration's own servers: what is to be replaced in conf.d."""
    port = free_udp_port()
    addresses = [f"127.0.0.{number}" for number in (1, 2, 3)]
    with ExitStack() as running:
        exim = running.enter_context(smarthost(folder))
        for address in addresses:
            running.enter_context(chronyd("local stratum 5", host=address, port=port))
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(exim.password)
        yield {
            "inode-smarthost.conf": (
                ('Server "smarthost.example"', f'Server "127.0.0.1"\n      ServerName "{NAME}"'),
                ("#Port 587", f"Port {exim.port}"),
                ('#CACert "/etc/exim4/tls/smarthost-ca.crt"', f'CACert "{exim.ca}"'),
                ('User "leaf"', f'User "{exim.user}"'),
                ('PasswordFile "/etc/collectd/secrets/smarthost"', f'PasswordFile "{password}"'),
                ("Interval 300", f"Interval {configuration.INTERVAL}"),
            ),
            "inode-ntp.conf": (
                *((f'"ntp{number}.example"', f'"{address}"') for number, address in enumerate(addresses, 1)),
                ("#Port 123", f"Port {port}"),
                ("Interval 64", f"Interval {configuration.INTERVAL}"),
            ),
        }


NAME = "smarthost.tld"
ELSEWHERE = ("notify-", "write-", "network-", "inode-exec", "inode-unixsock")
"""Files that speak to another program, and have tests of their own beside it."""


class Shipped(Collectd):
    """A collectd with conf.d's own files, changed in nothing but addresses, paths and intervals."""

    def __init__(self, folder: Path, port: int, more: Replacements) -> None:
        super().__init__(folder, "")
        run = folder / "shipped"
        ports = configuration.Ports(port)  # the other servers are not the demonstration's
        place = configuration.Place(ROOT, Path(sysconfig.get_path("platlib")), run, ports)
        self.conf = configuration.write(place)
        (run / "conf.d" / "zz-demo.conf").unlink()
        for name, replacements in more.items():
            text = (ROOT / "conf.d" / name).read_text(encoding="utf-8")
            (run / "conf.d" / name).write_text(configuration.adapted(name, text, replacements), encoding="utf-8")
        self.conf.write_text(self.conf.read_text().replace('Include "conf.d', f'Include "{run}/conf.d'))

    @property
    def log(self) -> str:
        """What collectd logged, where the demonstration has it."""
        file = self.folder / "shipped" / "collectd.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def successes(self) -> list[str]:
        """The csv files of bool-success with values in them, of which the last is a success."""
        files = (self.folder / "shipped" / "csv").rglob("bool-success-*")
        read = {file.parent.name: file.read_text().splitlines() for file in files}
        return [name for name, lines in read.items() if len(lines) >= 3 and lines[-1].endswith(",1.000000")]


def test_the_shipped_files_fill_rrd_files(tmp_path: Path) -> None:
    """Every job of conf.d passes, and its RRD files carry the announced identities, its interval, and XFF 0.9."""
    with Site() as site, servers(tmp_path) as more, Shipped(tmp_path, site.port, more) as collectd:
        found = read(str(collectd.conf))
        jobs = found.jobs
        collectd.wait(lambda: len(collectd.successes()) == len(jobs))
        collectd.stop()
    rrd = tmp_path / "shipped" / "rrd" / "demo"
    # Of the plugin's own values there is one only, and librrd sometimes fails to create a file when collectd's write
    # threads create several at once ("min must be less than max in DS definition"); the next value would create it.
    files = {str(path.relative_to(rrd)).removesuffix(".rrd") for path in rrd.glob("*/*.rrd")}
    stored = {identity for identity in files if not identity.startswith("inode_probe")}
    announced = {identity for job in jobs for identity in series(job)}

    assert {file.name for file in (ROOT / "conf.d").iterdir() if not file.name.startswith(ELSEWHERE)} == {
        file.name for file in (tmp_path / "shipped" / "conf.d").iterdir()
    }
    assert 'plugin "threshold" successfully loaded' in collectd.log
    assert (found.problems, found.warnings) == ((), ())
    assert [job.instance for job in jobs] == [
        "time",
        "local",
        "webhome-visiting_home_and_contact_pages",
        "webhome-visiting_the_contact_page_via_the_home_page",
        "login-the_monitor_logs_in",
        "login-wrong_password",
        "relay",
    ]
    # Loopback addresses need no resolving, the site speaks no TLS, and a short answer comes in one piece.  Nobody
    # has asked the smarthost to relay; some machines do not say whether their clock can be set, and some have no time
    # daemon that gives its account, or no clock of their host's to read.
    never = {identity for identity in announced if re.search("duration-(resolve|tls|transfer)$|relay$", identity)}
    may = {
        identity for identity in announced if re.search("duration-transfer$|bool-settable$|-(daemon|host)$", identity)
    }
    assert stored - may == announced - never - may
    # What the clock is like before the servers have voted is the machine's business.
    assert [
        line for line in collectd.log.splitlines() if "failed" in line and "clock" not in line and "timeout" not in line
    ] == []
    for job in jobs:
        info = _info(rrd / f"{job.kind}-{job.instance}" / "bool-success.rrd")
        assert info["step"] == "2"
        assert info["ds[value].minimal_heartbeat"] == "4"
        assert {float(value) for key, value in info.items() if key.endswith(".xff")} == {0.9}
        assert float(info["ds[value].last_ds"]) == 1.0


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "conf.d").iterdir())])
def test_what_is_shipped_asks_nobody_before_it_is_edited(name: str) -> None:
    """Neither the NTP Pool nor anybody else: names that are set are of nobody (RFC 2606), or the examples' own."""
    text = (ROOT / "conf.d" / name).read_text(encoding="utf-8")
    set_now = "\n".join(line for line in text.splitlines() if not line.strip().startswith("#"))
    assert "pool.ntp.org" not in text
    assert re.findall(r'^ *Server "(?!.*\.example")', set_now, re.MULTILINE) == []


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
                collectd.wait(lambda: len(collectd.in_time(identity)) >= 2)  # noqa: B023  # called at once
                assert {v.value for v in collectd.in_time(identity)} == {1.0}, collectd.log
