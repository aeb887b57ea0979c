"""The definitions for collection3, in the real one; and those for CGP, which is in no package, by their structure."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.cli.configured import read
from collectd_inode.report.values import series
from demo import unpacked
from tests.helpers import rrd
from tests.helpers.collectd_process import HOST
from tests.helpers.places import ROOT

DASHBOARDS = ROOT / "dashboards"
COLLECTION3 = "usr/share/doc/collectd-core/examples/collection3"
STEP, VALUES = 60, 30
STORED = {
    "scenario-shop-buying": (
        "response_time-go_to", "response_time-follow_shop", "latency-total",
        "duration-elapsed", "duration-connect", "duration-overhead",
    ),
    "smarthost-relay": ("response_time-connect", "response_time-banner", "response_time-auth", "bool-verified"),
    "ntp-time": ("time_offset-consensus", "time_offset-ntp1_example"),
}  # fmt: skip


def types(folder: Path) -> dict[str, set[str]]:
    """What each kind of job sends: the types, with each step's phases too."""
    (folder / "shop.feature").write_text('Feature: Shop\n  Scenario: Buying\n    When I go to "http://shop.example/"\n')
    (folder / "conf").write_text(f"""<Plugin python>
      Import "collectd_inode"
      <Module collectd_inode>
        <Scenario "shop">
          Feature "{folder}/shop.feature"
          Detail "phase"
        </Scenario>
        <Smarthost "relay">
          Server "smarthost.example"
        </Smarthost>
        <NTP "time">
          Server "ntp1.example"
        </NTP>
        <Clock "local">
        </Clock>
        <Quorum "shop">
          Job "scenario/shop-buying"
        </Quorum>
      </Module>
    </Plugin>
    """)
    found = read(str(folder / "conf"))
    assert found.problems == ()
    return {job.kind: {identity.split("/")[1].split("-")[0] for identity in series(job)} for job in found.jobs}


@pytest.fixture(name="collection3")
def _collection3(tmp_path: Path) -> Path:
    """A copy of it with our definitions, and RRD files for it to draw."""
    copy = tmp_path / "collection3"
    shutil.copytree(unpacked.TOOLS / "collection3" / COLLECTION3, copy)
    shutil.copy(DASHBOARDS / "collection3" / "inode.conf", copy / "etc")
    with (copy / "etc" / "collection.conf").open("a") as file:
        file.write(f'DataDir "{tmp_path}/rrd"\nInclude inode.conf\n')
    start = int(time.time()) // STEP * STEP - VALUES * STEP
    for job, names in STORED.items():
        for number, name in enumerate(names, 1):
            rrd.write(tmp_path / "rrd" / HOST / job, name, [0.1 * number] * VALUES, start=start, step=STEP)
    return copy


def graph(copy: Path, job: str, type: str, *more: str) -> bytes:
    """What graph.cgi answers a web server that asks for the last half hour."""
    kind, _, instance = job.partition("-")
    query = (f"hostname={HOST}", f"plugin={kind}", f"plugin_instance={instance}", f"type={type}", "begin=-1800", *more)
    cgi = copy / "bin" / "graph.cgi"
    environment = {
        **unpacked.environment("collection3"),
        "SCRIPT_FILENAME": str(cgi),
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": ";".join(query),
        "GATEWAY_INTERFACE": "CGI/1.1",
    }
    done = subprocess.run(["/usr/bin/perl", str(cgi)], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def drawn(copy: Path, job: str, type: str) -> tuple[str, Sequence[str]]:
    """A graph's title, and its lines: colour and name."""
    asked = graph(copy, job, type, "debug=1").decode()
    (title,) = re.findall(r"^-t,\n(.*),$", asked, re.MULTILINE)
    return title, re.findall(r"^LINE1:\w+(#\w+:.*?) *,$", asked, re.MULTILINE)


@pytest.mark.parametrize(
    ("job", "type", "title", "lines"),
    [
        ("scenario-shop-buying", "response_time", "Steps of shop-buying", ["#000000:follow_shop", "#000000:go_to"]),
        ("scenario-shop-buying", "latency", "shop-buying as a whole", ["#3182bd:Whole run"]),
        ("scenario-shop-buying", "duration", "Phases of shop-buying", ["#6baed6:Connect", "#bdbdbd:Overhead"]),
        ("smarthost-relay", "response_time", "Steps of relay", ["#6baed6:connect", "#3182bd:banner", "#fdae6b:auth"]),
        ("smarthost-relay", "bool", "relay: yes or no", ["#3182bd:verified"]),
        (
            "ntp-time",
            "time_offset",
            "Offset of this clock (time)",
            ["#de2d26:consensus", "#000000:ntp1_example"],
        ),
    ],
)
def test_collection3_draws(collection3: Path, job: str, type: str, title: str, lines: list[str]) -> None:
    """Title, colours, names and order as they are in our file; and a picture comes."""
    assert drawn(collection3, job, type) == (title, lines)
    assert b"\r\n\r\n\x89PNG" in graph(collection3, job, type)


def test_collection3_is_told_of_every_type(tmp_path: Path) -> None:
    """No more and no less than what jobs send."""
    text = (DASHBOARDS / "collection3" / "inode.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"^<Type (\w+)>$", text, re.MULTILINE)) == set().union(*types(tmp_path).values())


def test_cgp_is_told_of_every_type_of_every_kind(tmp_path: Path) -> None:
    """A file a kind, for CGP's plugin/local, in the keys that its own files use."""
    files = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (DASHBOARDS / "cgp").iterdir()}
    assert {kind: set(told) for kind, told in files.items()} == types(tmp_path)
    for told in files.values():
        for each in told.values():
            assert_cgp_understands(each)


def assert_cgp_understands(told: dict[str, Any]) -> None:
    """Keys, placeholders and colours."""
    assert (
        {"title", "vertical", "legend_format"}
        <= told.keys()
        <= {"title", "vertical", "legend_format", "type", "legend"}
    )
    assert told.get("type", "stacked") == "stacked"
    assert set(re.findall(r"\{\{(\w+)\}\}", told["title"])) == {"PI", "HOST"}
    for legend in told.get("legend", {}).values():
        assert legend.keys() == {"name", "color"}
        assert re.fullmatch("[0-9a-f]{6}", legend["color"])
