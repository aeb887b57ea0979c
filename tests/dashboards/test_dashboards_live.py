"""A real collectd, Graphite and Prometheus: every query of every dashboard is answered, and an alarm comes and goes."""

from __future__ import annotations

import html
import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from collectd_inode import cli
from collectd_inode.report.grafana import SOURCES, dashboard, generic, text
from collectd_inode.report.queries import Json
from dashboards import check
from demo import unpacked
from tests.helpers import chromium
from tests.helpers.collectd_process import HOST
from tests.helpers.everything import Everything, started
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT
from tests.helpers.ports import free_port
from tests.helpers.stores import wait

SHOP = "shop-buying_a_penguin_s_egg_a"
LAST = 300.0
COLLECTDS_NAMES = {
    *(f"collectd_{plugin}_gauge" for plugin in ("scenario", "smarthost", "ntp", "clock", "quorum", "inode_probe")),
    *(f"collectd_{plugin}_count" for plugin in ("scenario", "ntp", "inode_probe")),
}
"""A metric's name should have neither its type in it nor that of a histogram's part; collectd makes it of the type."""


@pytest.fixture(scope="module", name="everything")
def _everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    """Started once; whoever breaks something mends it again."""
    with started(tmp_path_factory.mktemp("everything")) as running:
        yield running


def wanting(everything: Everything, source: str, board: Json) -> list[str]:
    """What is wrong with the answers so far."""
    store = check.STORES[source](everything.url(source))
    try:
        values = check.filled(board, store, {"host": HOST})
    except check.Unusable as trouble:
        return [str(trouble)]
    answers = list(check.check(board, store, values, last=LAST))
    without = [f"no {name} yet" for name, value in values.items() if not value]
    return [*without, *check.troubles(answers), *check.silent(answers)]


@pytest.mark.parametrize("made", ["of the configuration", "shipped"])
@pytest.mark.parametrize("source", SOURCES)
def test_every_query_of_every_panel_is_answered(everything: Everything, source: str, made: str) -> None:
    """No panel is empty, no query refused, and none without an answer, whichever way the dashboard was made."""
    board = generic(source) if made == "shipped" else dashboard(everything.jobs, source, host=HOST)
    wait(lambda: not wanting(everything, source, board), lambda: "\n".join(wanting(everything, source, board)))


@pytest.mark.parametrize("source", SOURCES)
def test_the_command_prints_it(everything: Everything, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``collectd-inode graph --grafana``: the dashboard of the daemon's own configuration."""
    assert cli.main(["graph", str(everything.collectd.conf), "--grafana", source]) == 0
    assert capsys.readouterr().out == text(dashboard(everything.jobs, source, host=HOST))


def test_the_names_in_prometheus_are_those_of_the_documentation(everything: Everything) -> None:
    """Metric and labels as write-prometheus.conf says; promtool would have other names for two of collectd's types."""

    def page() -> str:
        with urllib.request.urlopen(everything.metrics, timeout=HUNG) as answer:
            said: str = answer.read().decode()
            return said

    labels = f'{{scenario="{SHOP}",type="go_to",instance="{HOST}"}}'
    wait(lambda: f"collectd_scenario_response_time{labels} " in page(), page)
    program = unpacked.command("prometheus", "promtool")
    checked = subprocess.run(
        [str(program), "check", "metrics"],
        env=program.environment, input=page(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    complained_of = {line.split()[0] for line in checked.stderr.splitlines()}
    assert (complained_of, checked.stdout) == (COLLECTDS_NAMES, "")


def test_an_alarm_fires_and_clears_and_a_failed_step_leaves_a_gap(everything: Everything) -> None:
    """While the second page is broken its latency is gone, from Prometheus too, and the first one's is still there."""
    latencies = f'collectd_scenario_response_time{{scenario="{SHOP}"}}'
    failed = f'1 - collectd_scenario_bool{{scenario="{SHOP}",type="success"}}'
    wait(lambda: everything.promql(latencies).keys() == {"go_to", "follow_penguins"}, lambda: everything.collectd.log)
    wait(lambda: everything.alerts("InodeDown", SHOP) == [], lambda: str(everything.promql(failed)))

    everything.watched.site.broken = True
    try:
        wait(lambda: everything.alerts("InodeDown", SHOP) == ["firing"], lambda: str(everything.promql(failed)))
        wait(lambda: everything.promql(latencies).keys() == {"go_to"}, lambda: str(everything.promql(latencies)))
        wait(lambda: everything.promql(failed) == {"success": 1.0}, lambda: everything.collectd.log)
    finally:
        everything.watched.site.broken = False

    wait(lambda: everything.alerts("InodeDown", SHOP) == [], lambda: str(everything.promql(failed)))
    wait(lambda: everything.promql(latencies).keys() == {"go_to", "follow_penguins"}, lambda: everything.collectd.log)
    wait(lambda: everything.promql(failed) == {"success": 0.0}, lambda: everything.collectd.log)

    # A picture of a day has a point for minutes: what failed in one of them is drawn all the same.
    assert everything.promql(curtain(everything, "prometheus")["expr"]) == {"success": 1.0}
    target = urllib.parse.quote(curtain(everything, "graphite")["target"])
    points = drawn(everything, f"/render?from=-1h&maxDataPoints=1&target={target}")["failed"]
    assert (len(points) <= 2, max(points)) == (True, 1.0)


def curtain(everything: Everything, source: str) -> dict[str, str]:
    """The query by which a dashboard shows that a scenario failed, as Grafana asks it."""
    board = dashboard(everything.jobs, source, host=HOST)
    steps = next(panel for panel in board["panels"] if panel["title"] == "Steps")
    values = check.filled(board, check.STORES[source](everything.url(source)), {})
    return {key: check.with_values(text, values) for key, text in steps["targets"][-1].items() if isinstance(text, str)}


def drawn(everything: Everything, address: str) -> dict[str, list[float]]:
    """What Graphite draws there: the values of each series that has some."""
    with urllib.request.urlopen(f"{everything.graphite.url}{address}&format=json", timeout=HUNG) as answer:
        listed = {
            each["target"]: [value for value, _ in each["datapoints"] if value is not None]
            for each in json.load(answer)
        }
    return {name: values for name, values in listed.items() if values}


def addresses() -> list[str]:
    """The addresses of docs/how-to/dashboards.rst, each in one line."""
    page = (ROOT / "docs" / "how-to" / "dashboards.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"^    (/render\?.*\n(?:      &.*\n)*)", page, re.MULTILINE)
    return [re.sub(r"\s*\n\s*", "", block) for block in blocks]


def put_in(address: str) -> str:
    """The address as a person would have it: their host and job in it, and quoted as a browser does."""
    return urllib.parse.quote(address.replace("HOST", HOST).replace("JOB", SHOP), safe="/?&=(),'{}*")


def test_the_addresses_of_the_documentation_draw_what_they_say(everything: Everything) -> None:
    """Each as JSON, and as the picture that one sees."""
    expected = [
        ['I go to "/"', 'I follow "Penguins"', "failed"],
        [f"duration-{phase}" for phase in ("resolve", "connect", "tls", "processing", "transfer")],
        sorted(f"{job.kind}-{job.instance}" for job in everything.jobs),
        ["median", "slowest"],
    ]

    def found() -> list[list[str]]:
        return [sorted(drawn(everything, put_in(address))) for address in addresses()]

    wait(lambda: found() == [sorted(each) for each in expected], lambda: str(found()))
    for address in addresses():
        with urllib.request.urlopen(everything.graphite.url + put_in(address), timeout=HUNG) as answer:
            assert (answer.headers["Content-Type"], answer.read(4)) == ("image/png", b"\x89PNG")


def test_graphites_composer_shows_them_in_a_browser(everything: Everything) -> None:
    """A person sees the composer, the tree with our prefix in it, and the picture of the steps."""
    steps, *_ = addresses()
    wait(lambda: len(drawn(everything, put_in(steps))) == 3, lambda: everything.collectd.log)
    page = chromium.dom(everything.graphite.url + put_in(steps).replace("/render?", "/composer?"))
    assert "Graphite Composer" in page
    assert "Metrics" in page
    (picture,) = re.findall(r'<img id="image-viewer" src="([^"]*)"', page)
    with urllib.request.urlopen(html.unescape(picture), timeout=HUNG) as answer:
        assert answer.read(4) == b"\x89PNG"
    assert parse_qs(urlsplit(html.unescape(picture)).query)["target"] == [
        target.partition("=")[2].replace("HOST", HOST).replace("JOB", SHOP)
        for target in steps.split("&")
        if target.startswith("target=")
    ]


def checked(everything: Everything, file: Path, *arguments: str) -> int:
    """The exit status of dashboards/check.py."""
    source = json.loads(file.read_text())["__inputs"][0]["pluginId"]
    return check.main([str(file), everything.url(source), "--last", f"{LAST:g}", *arguments])


def test_the_checker_is_content(everything: Everything, capsys: pytest.CaptureFixture[str]) -> None:
    """It chooses hosts and jobs by itself, as Grafana does, and says how much it has asked."""
    said: list[str] = []

    def asked(file: Path) -> bool:
        code = checked(everything, file)
        said[:] = capsys.readouterr().out.splitlines()
        return (code, said[-1]) == (0, "54 queries in 25 panels, 0 in trouble")  # a quorum takes its time

    for source in SOURCES:
        file = ROOT / "dashboards" / f"grafana-{source}.json"
        wait(lambda: asked(file), lambda: "\n".join(said))  # noqa: B023  # called at once


def test_the_checker_names_what_is_wrong(
    everything: Everything, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A function that the store has not, and a panel about something that nobody sends."""
    board = text(dashboard(everything.jobs, "graphite", host=HOST))
    file = tmp_path / "board.json"
    wait(lambda: not wanting(everything, "graphite", json.loads(board)), lambda: everything.collectd.log)
    file.write_text(board.replace("movingMax(", "percentileOfTime(").replace("gauge-margin", "gauge-margarine"))
    assert checked(everything, file) == 1
    told = capsys.readouterr().out.splitlines()
    path = f"collectd.{HOST}.scenario-{SHOP}.latency-total"
    refused = f"refused: shop: Buying a penguin's \"egg\" (#A): Whole run: alias(percentileOfTime({path},'1h'),"
    assert [line for line in told if line.startswith(refused)] != []
    empty = (
        f"empty: time: Seconds until a consumer refuses this clock: alias(collectd.{HOST}.ntp-time.gauge-margarine-s3,"
    )
    assert [line for line in told if line.startswith(empty)] != []
    assert told[-1].endswith(", 3 in trouble")


def test_the_checker_has_nothing_to_ask(
    everything: Everything, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A host that the store does not know, a file that is none, and a store that is not there."""
    file = ROOT / "dashboards" / "grafana-graphite.json"
    assert checked(everything, file, "--set", "host=elsewhere") == 2
    assert f"$host: the store has no elsewhere by collectd.*; it has {HOST}" in capsys.readouterr().err
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")
    assert check.main([str(nothing), everything.graphite.url]) == 2
    assert "expected a dashboard with __inputs for graphite or prometheus" in capsys.readouterr().err
    assert check.main([str(file), f"http://127.0.0.1:{free_port()}"]) == 2
    assert "Connection refused" in capsys.readouterr().err


def test_the_checker_asks_about_what_there_is(
    everything: Everything, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A host without a smarthost is well; but a store that knows none of what is asked for is not."""
    board, file = text(generic("prometheus")), tmp_path / "board.json"
    file.write_text(board.replace("collectd_smarthost_", "elsewhere_smarthost_"))
    said: list[str] = []

    def asked() -> bool:
        code = checked(everything, file)
        said[:] = capsys.readouterr().out.splitlines()
        return (code, said[-1]) == (0, "40 queries in 20 panels, 0 in trouble")  # a quorum takes its time

    wait(asked, lambda: "\n".join(said))
    assert said[0] == "not asked: the store has no smarthost"
    file.write_text(board.replace("collectd_", "elsewhere_"))
    assert checked(everything, file) == 2
    assert "the store has none of the hosts and jobs that it asks for" in capsys.readouterr().err
