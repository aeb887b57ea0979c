"""One pager, in a real collectd: what wakes somebody, once, with which words, also over a restart; and thresholds."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from collectd_inode import cli
from collectd_inode.model import Door
from demo import configuration
from tests.helpers.chrony import chronyd
from tests.helpers.collectd_process import HOST, Collectd, open_folder, through_every_door
from tests.helpers.faults import FAULTS, FaultySite
from tests.helpers.places import ROOT
from tests.helpers.ports import free_udp_port
from tests.helpers.served import served

SHOP = "scenario-shop-shop"
FAILURE, WARNING, OKAY = 1, 2, 4
THRESHOLDS = "thresholds.conf"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def shop(folder: Path, site: FaultySite, more: str = "") -> str:
    """A job every second, which keeps its state."""
    file = folder / "shop.feature"
    steps = f'When I go to "{site.url}/fine"\n    Then I should see "Welcome"'
    file.write_text(f"Feature: shop\n  Scenario: shop\n    {steps}\n")
    return f"""
    Interval 1
    StateDir "{folder}/state"
    <Scenario "shop">
      Feature "{file}"
      {more}
    </Scenario>
    """


def break_it(site: FaultySite) -> None:
    site.paths["/fine"] = site.paths["/error"]


def mend_it(site: FaultySite) -> None:
    site.paths["/fine"] = FINE_PATH


FINE_PATH = FAULTS["/fine"]


def runs(collectd: Collectd, value: float, identity: str = f"{SHOP}/bool-success") -> int:
    """How many runs ended so."""
    return sum(sent.value == value for sent in collectd.of(identity))


def more_runs(collectd: Collectd, count: int, value: float) -> None:
    """Wait for so many more runs that end so."""
    before = runs(collectd, value)
    collectd.wait(lambda: runs(collectd, value) >= before + count)


def told(collectd: Collectd) -> list[tuple[str, int, str]]:
    """Everything that anybody was told."""
    return [(each.identity, each.severity, each.message) for each in collectd.notifications]


def timeless(text: str) -> str:
    """A message without how long and how often something was."""
    return re.sub(r"\b\d+ runs? failed", "N runs failed", re.sub(r"[\d.]+ s\b", "T s", text))


# Our own notifications.


@through_every_door
def test_it_fires_once_and_clears_once_also_over_restarts(tmp_path: Path, door: Door) -> None:
    """Bad, a restart, still bad, good, a restart, still good; and good at the first run after a restart."""
    with FaultySite() as site:
        block = shop(tmp_path, site, 'SaveFailures "none"')
        down = (
            f"{SHOP}/bool-success",
            FAILURE,
            f'refused: I go to "{site.url}/fine": {site.url}/fine answered 500 Internal Server Error'
            ": Welcome to the error page",
        )
        up = (f"{SHOP}/bool-success", OKAY, "passed: 2 steps in T s; it was bad for T s, N runs failed")

        def said(collectd: Collectd) -> list[tuple[str, int, str]]:
            return [(who, severity, timeless(text)) for who, severity, text in told(collectd)]

        with Collectd(tmp_path, block, daemonise=True, door=door) as collectd:
            more_runs(collectd, 1, 1.0)
            break_it(site)
            more_runs(collectd, 2, 0.0)
            assert said(collectd) == [down]
        with Collectd(tmp_path, block, daemonise=True, door=door) as collectd:
            more_runs(collectd, 2, 0.0)
            assert said(collectd) == [down]
            mend_it(site)
            more_runs(collectd, 2, 1.0)
            assert said(collectd) == [down, up]
        with Collectd(tmp_path, block, daemonise=True, door=door) as collectd:
            more_runs(collectd, 2, 1.0)
            assert said(collectd) == [down, up]
            break_it(site)
            more_runs(collectd, 2, 0.0)
            assert said(collectd) == [down, up, down]
        mend_it(site)
        with Collectd(tmp_path, block, daemonise=True, door=door) as collectd:
            more_runs(collectd, 2, 1.0)
        assert said(collectd) == [down, up, down, up]
    record = tmp_path / "state" / "status-scenario-shop-shop.json"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (record.parent, record)] == [0o700, 0o600]


@through_every_door
def test_status_reads_what_the_daemon_has_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], door: Door
) -> None:
    """While it runs, as it is configured; the end of an outage is there as soon as it is told."""
    with FaultySite() as site, Collectd(tmp_path, shop(tmp_path, site), door=door) as collectd:

        def typed(*words: str) -> tuple[int, list[str]]:
            code = cli.main(["status", *words])
            out, err = capsys.readouterr()
            assert err == ""
            return code, out.splitlines()

        conf = collectd.conf if door is Door.EMBEDDED else collectd.jobs
        more_runs(collectd, 1, 1.0)
        collectd.wait((tmp_path / "state" / "status-scenario-shop-shop.json").exists)
        code, lines = typed("--conf", str(conf))
        assert (code, lines[-1]) == (0, "1 job: 1 passed")
        break_it(site)
        collectd.wait(lambda: collectd.notifications)
        collectd.wait(lambda: typed("--state-dir", f"{tmp_path}/state")[0] == 1)
        code, lines = typed("--conf", str(conf), "shop")
    assert code == 1
    assert re.match(r"scenario/shop-shop: failed since .+ \(\d+ s ago\)$", lines[0])
    assert lines[1:4] == [
        f'  step:       I go to "{site.url}/fine"',
        "  cause:      refused",
        f"  message:    {site.url}/fine answered 500 Internal Server Error",
    ]
    assert "  notified:   yes" in lines
    assert lines[-1] == "1 job: 1 failed"


def test_a_typo_in_a_feature_raises_no_alarm_about_the_site(tmp_path: Path) -> None:
    """The last good version goes on, with its own alarms; the typo is a warning that names the line, and a count."""
    with FaultySite() as site, Collectd(tmp_path, shop(tmp_path, site), impatient=True) as collectd:
        feature = tmp_path / "shop.feature"
        good = feature.read_text()
        break_it(site)
        more_runs(collectd, 1, 0.0)
        feature.write_text(good.replace("Then I should see", "Then I shuold see"))
        collectd.wait(lambda: len(collectd.notifications) == 2)
        mend_it(site)
        more_runs(collectd, 2, 1.0)
        feature.write_text(good)
        collectd.wait(lambda: len(collectd.notifications) == 4)
        more_runs(collectd, 1, 1.0)
        records = {path.name for path in (tmp_path / "state").glob("status-*.json")}
    health = "inode_probe/gauge-config_errors"
    assert [(who, severity) for who, severity, _ in told(collectd)] == [
        (f"{SHOP}/bool-success", FAILURE),
        (health, WARNING),
        (f"{SHOP}/bool-success", OKAY),
        (health, OKAY),
    ]
    (_, warning, _, fine) = [message for _, _, message in told(collectd)]
    assert warning.startswith(f'{feature}:4:5: <Scenario "shop">: undefined step: I shuold see "Welcome"')
    assert warning.endswith("the last good version keeps running")
    assert fine == "all changed files are loaded"
    assert records == {"status-scenario-shop-shop.json"}


def test_a_mute_a_test_and_a_job_that_is_taken_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mute keeps the alarm back and its end lets it go; a test arrives; who is taken out while bad takes it back."""
    success = f"{SHOP}/bool-success"
    state = ("--state-dir", f"{tmp_path}/state")
    with FaultySite() as site:
        block = shop(tmp_path, site)
        with Collectd(tmp_path, block, daemonise=True, impatient=True) as collectd:
            more_runs(collectd, 1, 1.0)
            assert cli.main(["test-notification", "shop", *state]) == 0
            collectd.wait(lambda: of(collectd, success) == [FAILURE, OKAY])
            assert cli.main(["mute", "shop", "1h", "moving", "the database", *state]) == 0
            collectd.wait(lambda: "moving" in (tmp_path / "state" / "status-scenario-shop-shop.json").read_text())
            break_it(site)
            more_runs(collectd, 3, 0.0)
            assert of(collectd, success) == [FAILURE, OKAY]
            capsys.readouterr()
            assert cli.main(["status", *state]) == 1
            assert "  muted:      until " in capsys.readouterr().out
            assert cli.main(["mute", "--end", "shop", *state]) == 0
            collectd.wait(lambda: of(collectd, success) == [FAILURE, OKAY, FAILURE])
            assert cli.main(["test-notification", "shop", *state]) == 2
        feature = tmp_path / "shop.feature"
        feature.write_text(feature.read_text().replace("Scenario: shop", "Scenario: other"))
        with Collectd(tmp_path, block, daemonise=True) as collectd:
            collectd.wait(lambda: of(collectd, success) == [FAILURE, OKAY, FAILURE, OKAY])
            collectd.wait(lambda: not (tmp_path / "state" / "status-scenario-shop-shop.json").exists())
    messages = [message for who, _, message in told(collectd) if who == success]
    assert [message.startswith("this is a test of the alarm") for message in messages] == [True, True, False, False]
    assert messages[-1] == "no longer monitored: the job was removed from the configuration"


class _Fine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def site() -> Iterator[int]:
    """A site; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Fine)
    with served(server):
        yield server.server_address[1]


@contextmanager
def nobody() -> Iterator[int]:
    """A port that refuses, and that no other process can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_an_uplink_that_is_gone_is_one_alarm_and_one_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four sites of five cannot be reached, over a restart too; then one of them stays away."""
    uplink = "inode_probe/bool-uplink"
    feature = tmp_path / "shop.feature"
    feature.write_text('Feature: shop\n  Scenario: shop\n    When I go to "/"\n')

    def block(*ports: int) -> str:
        sites = (
            f'<Scenario "shop{n}">\nFeature "{feature}"\nBaseURL "http://shop{n}.example"\n'
            f'Resolve "shop{n}.example" "127.0.0.1:{port}"\n</Scenario>'
            for n, port in enumerate(ports)
        )
        return "\n".join(['Interval 1\nSaveFailures "none"', f'StateDir "{tmp_path}/state"', *sites])

    def of_jobs(collectd: Collectd) -> list[tuple[str, int]]:
        return [(who, severity) for who, severity, _ in told(collectd)]

    with site() as here, nobody() as away:
        with Collectd(tmp_path, block(here, away, away, away, away), daemonise=True) as collectd:
            collectd.wait(lambda: collectd.notifications)
            more_runs_of_all(collectd, 2)
        assert told(collectd) == [
            (uplink, FAILURE, "4 of 5 jobs here: connect; the fault is probably on this side"),
        ]
        assert cli.main(["status", "--state-dir", f"{tmp_path}/state"]) == 1
        assert capsys.readouterr().out.count("yes, as one of many jobs here (inode_probe/bool-uplink)") == 4
        with Collectd(tmp_path, block(here, here, here, here, away), daemonise=True) as collectd:
            collectd.wait(lambda: len(collectd.notifications) == 3)
            more_runs_of_all(collectd, 2)
    assert of_jobs(collectd)[1:] == [(uplink, OKAY), ("scenario-shop4-shop/bool-success", FAILURE)]
    assert timeless(told(collectd)[1][2]) == "3 of 4 jobs are good again; it was bad for T s; still bad: shop4-shop"


def more_runs_of_all(collectd: Collectd, count: int) -> None:
    """Wait for so many more runs of each of the five."""
    names = [f"scenario-shop{n}-shop/bool-success" for n in range(5)]
    before = [len(collectd.of(name)) for name in names]
    collectd.wait(lambda: all(len(collectd.of(name)) >= had + count for name, had in zip(names, before, strict=True)))


# Thresholds, as they are shipped.


OF_OUTAGES = "  # Alarms for outages by thresholds."
"""The comment before the blocks that are commented out."""


def thresholds(*replacements: tuple[str, str]) -> str:
    """conf.d/thresholds.conf with other limits."""
    text = (ROOT / "conf.d" / THRESHOLDS).read_text(encoding="utf-8")
    return configuration.adapted(THRESHOLDS, text, replacements)


def uncommented(text: str) -> str:
    """*text* with the blocks that stand in it commented out."""
    return re.sub(r"(?m)^( *)#(?=<|  )", r"\1", text)


def of(collectd: Collectd, identity: str) -> list[int]:
    """The severities of what was told of one series."""
    return [severity for who, severity, _ in told(collectd) if who == identity]


async def slow(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.4)
    await FINE_PATH(writer)


FAST_CHECKS = "Interval 1\n"
"""How often collectd looks for series that are no longer sent."""


def test_a_slow_site_is_told_and_that_it_is_fast_again(tmp_path: Path) -> None:
    """A warning at the third slow run, its end at the first fast one; an outage is told by us alone.

    And collectd's habit: after an outage the first good value is told as OKAY once more.
    """
    latency = f"{SHOP}/latency-total"
    around = FAST_CHECKS + thresholds(("WarningMax 5\n", "WarningMax 0.3\n"))
    with FaultySite() as site, Collectd(tmp_path, shop(tmp_path, site), around=around) as collectd:
        collectd.wait(lambda: of(collectd, latency) == [OKAY])
        site.paths["/fine"] = slow
        collectd.wait(lambda: of(collectd, latency) == [OKAY, WARNING])
        mend_it(site)
        collectd.wait(lambda: of(collectd, latency) == [OKAY, WARNING, OKAY])
        break_it(site)
        more_runs(collectd, 6, 0.0)
        assert [severity for _, severity, _ in told(collectd)] == [OKAY, WARNING, OKAY, FAILURE]
        mend_it(site)
        collectd.wait(lambda: of(collectd, latency) == [OKAY, WARNING, OKAY, OKAY])
        more_runs(collectd, 1, 1.0)
    slowly = [told.time for told in collectd.notifications if told.severity == WARNING]
    first_slow = next(sent.time for sent in collectd.of(latency) if sent.value > 0.3)
    message = next(text for _, severity, text in told(collectd) if severity == WARNING)

    assert of(collectd, f"{SHOP}/bool-success") == [FAILURE, OKAY]
    assert slowly[0] - first_slow >= 1.9  # seconds: two runs before it were slow, too
    assert re.match(
        rf"Host {HOST}, plugin scenario \(instance shop-shop\) type latency \(instance total\): "
        r'Data source "value" is currently 0\.[\d]+\. That is above the warning threshold of 0\.300000\.$',
        message,
    )


def test_the_alarm_by_threshold_is_told_once_and_cleared_once(tmp_path: Path) -> None:
    """As it stands in the file, commented out, with Notify "none" beside it; a job that is no longer sent is told."""
    shipped, mark, alarm = thresholds().partition(OF_OUTAGES)
    around = FAST_CHECKS + shipped + mark + uncommented(alarm)
    success = f"{SHOP}/bool-success"
    with (
        FaultySite() as site,
        Collectd(tmp_path, shop(tmp_path, site, 'Notify "none"'), around=around, impatient=True) as collectd,
    ):
        collectd.wait(lambda: of(collectd, success) == [OKAY])
        break_it(site)
        more_runs(collectd, 3, 0.0)
        collectd.wait(lambda: of(collectd, success) == [OKAY, FAILURE])
        mend_it(site)
        more_runs(collectd, 3, 1.0)
        collectd.wait(lambda: of(collectd, success) == [OKAY, FAILURE, OKAY])
        gone = (tmp_path / "shop.feature").read_text().replace("Scenario: shop", "Scenario: other")
        (tmp_path / "shop.feature").write_text(gone)
        collectd.wait(lambda: of(collectd, success) == [OKAY, FAILURE, OKAY, FAILURE])
    texts = [text for who, _, text in told(collectd) if who == success]

    assert texts[1].endswith('"value" is currently 0.000000. That is below the failure threshold of 1.000000.')
    assert re.match(rf"{HOST}/{SHOP}/bool-success has not been updated for [\d.]+ seconds\.$", texts[3])


TIME = "ntp-time"
TWENTY_MINUTES = 1200.0


def test_a_wrong_clock_is_told_by_offset_and_margin(tmp_path: Path) -> None:
    """And that both are good again; a server's score is told while it is low: it moves every nine minutes only."""
    offset, margin = f"{TIME}/time_offset-consensus", f"{TIME}/gauge-margin-s3"
    score = f"{TIME}/gauge-pool_score-127_0_0_1"
    around = thresholds(
        ("192_0_2_1", "127_0_0_1"), ("WarningMin 15", "WarningMin -5"), ("FailureMin 10", "FailureMin -8")
    )
    port = free_udp_port()
    block = f"""
    Interval 1
    <NTP "time">
      Interval 1
      Server "127.0.0.1"
      Port {port}
      Margin "s3" 900
      PoolScore true
    </NTP>
    """
    with ExitStack() as servers, Collectd(tmp_path, block, around=around) as collectd:
        servers.enter_context(chronyd("local stratum 5", port=port, ahead=TWENTY_MINUTES))
        collectd.wait(lambda: (of(collectd, offset), of(collectd, margin)) == ([WARNING], [FAILURE]))
        servers.close()
        servers.enter_context(chronyd("local stratum 5", port=port))
        collectd.wait(lambda: of(collectd, offset)[-1:] == [OKAY] == of(collectd, margin)[-1:])
        collectd.wait(lambda: of(collectd, score) == [FAILURE])
    texts = [text.partition(": ")[2] for who, _, text in told(collectd) if who in (offset, margin)]

    assert (of(collectd, offset), of(collectd, margin)) == ([WARNING, OKAY], [FAILURE, OKAY])
    assert of(collectd, score) == [FAILURE]
    assert of(collectd, f"{TIME}/bool-success") == [FAILURE, OKAY]
    assert sorted(text.partition(" is currently ")[2][:3] for text in texts) == ["", "", "-30", "120"]


def test_a_certificate_that_runs_out_is_told_until_it_is_changed(tmp_path: Path) -> None:
    """By the days that are left, at once; a job that passes warns of it in its own log only."""
    days = f"{SHOP}/gauge-certificate_days_left-localhost"
    shipped, mark, alarm = thresholds(("www_example_org", "localhost")).partition(OF_OUTAGES)
    around = uncommented(shipped) + mark + alarm
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    now = datetime.now(UTC)
    authority.issue_cert("localhost", not_after=now + timedelta(days=10, hours=12)).configure_cert(context)
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    with FaultySite(context) as site:
        module = shop(tmp_path, site, f'AddressFamily "ipv4"\nCACert "{tmp_path}/ca.pem"')
        feature = tmp_path / "shop.feature"
        feature.write_text(feature.read_text().replace("http://127.0.0.1", "https://localhost"))
        with Collectd(tmp_path, module, around=around) as collectd:
            collectd.wait(lambda: of(collectd, days) == [WARNING])
            authority.issue_cert("localhost", not_after=now + timedelta(days=90)).configure_cert(context)
            collectd.wait(lambda: of(collectd, days) == [WARNING, OKAY])
    (warning, _) = [text for who, _, text in told(collectd) if who == days]

    assert "is currently 10." in warning
    assert warning.endswith("That is below the warning threshold of 14.000000.")
    assert of(collectd, f"{SHOP}/bool-success") == []
