"""Our static page in a real browser: what a person sees of it by day, by night, and on a phone."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.report.record import Record, path, text
from tests.helpers import chromium, rrd
from tests.helpers.chromium import DARK, DESKTOP, LIGHT, PHONE
from tests.helpers.collectd_process import HOST

STEP, VALUES = 60, 120
CONF = """
Hostname "{host}"
<Plugin rrdtool>
  DataDir "{folder}/rrd"
</Plugin>
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    StateDir "{folder}/state"
    <Scenario "shop">
      Feature "{folder}/shop.feature"
      BaseURL "http://shop.example"
    </Scenario>
    <NTP "time">
      Server "ntp1.example"
    </NTP>
  </Module>
</Plugin>
"""
FEATURE = """Feature: Shop

  Scenario: Buying a penguin
    When I go to "/"
    And I follow "Penguins"
    Then I should see "1 penguin"
"""
SHOP, TIME = "shop-buying_a_penguin", "time"
MESSAGE = "text “1 penguin” not found"


def record(kind: str, job: str, instance: str, **more: object) -> Record:
    now = time.time()
    status = {"status": "passed", "since": now - 7200, "time": now - 5, "interval": 60.0, "last_good": now - 5, **more}
    return Record(kind=kind, job=job, scenario=None, instance=instance, host="", place="", **status)  # type: ignore[arg-type]


@pytest.fixture(scope="module", name="page")
def _page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``collectd-inode graph`` on two hours of a clock that is right and of a shop that has just failed."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "collectd.conf").write_text(CONF.format(folder=folder, host=HOST))
    (folder / "shop.feature").write_text(FEATURE)
    (folder / "state").mkdir(mode=0o700)
    failed = record(
        "scenario", "shop", SHOP, status="failed", cause="expectation",
        since=time.time() - 600, last_good=time.time() - 660,
        step='I should see "1 penguin"', message=MESSAGE, expected="1 penguin", found="Sold out",
    )  # fmt: skip
    for each in (failed, record("ntp", "time", TIME)):
        path(str(folder / "state"), each.identity).write_text(text(each))
    start = int(time.time()) // STEP * STEP - VALUES * STEP
    good, bad = VALUES - 10, 10
    shop: dict[str, Sequence[float | None]] = {
        "bool-success": [1.0] * good + [0.0] * bad,
        "latency-total": [0.3] * good + [None] * bad,
        "response_time-go_to": [0.1] * VALUES,
        "response_time-follow_penguins": [0.2] * VALUES,
    }
    for series, values in shop.items():
        rrd.write(folder / "rrd" / HOST / f"scenario-{SHOP}", series, values, start=start)
    for series, value in {
        "bool-success": 1.0,
        "time_offset-consensus": 0.002,
        "time_offset-ntp1_example": 0.002,
        "time_dispersion-ntp1_example": 0.01,
    }.items():
        rrd.write(folder / "rrd" / HOST / f"ntp-{TIME}", series, [value] * VALUES, start=start)
    out = folder / "out"
    assert cli.main(["graph", str(folder / "collectd.conf"), "--out", str(out), "--last", "2h"]) == 0
    return out / "index.html"


def test_what_a_person_sees_of_it(page: Path) -> None:
    """The host, how many are bad, the bad one first and with the reason, and a picture for each thing measured."""
    seen = chromium.look(page, DESKTOP[0], LIGHT)
    assert seen.lines[0] == HOST
    assert seen.lines[1].startswith("1 failed, 1 passed.")
    assert [line for line in seen.lines if line[:2] in ("✗ ", "✓ ")] == ["✗ shop: Buying a penguin", "✓ time"]
    facts = dict(zip(seen.lines, seen.lines[1:], strict=False))
    assert facts["✗ shop: Buying a penguin"].startswith("failed since")
    assert {name: facts[name] for name in ("step", "cause", "message", "expected", "found")} == {
        "step": 'I should see "1 penguin"',
        "cause": "expectation",
        "message": MESSAGE,
        "expected": "1 penguin",
        "found": "Sold out",
    }
    assert facts["✓ time"].startswith("passed since")
    assert [picture.alt.partition(".")[0].split(", ")[0] for picture in seen.pictures] == [
        "shop: Buying a penguin: steps",
        "shop: Buying a penguin: all steps together",
        "time: offset",
    ]
    assert all(min(picture.natural) > 0 for picture in seen.pictures)
    assert seen.too_wide == 0


def test_by_night_it_is_dark_and_the_pictures_are_others(page: Path) -> None:
    """The same text, on a dark ground; and it can be read in either light (WCAG 2.1, AAA: a contrast of 7)."""
    light, dark = (chromium.look(page, DESKTOP[0], colours) for colours in (LIGHT, DARK))
    assert dark.lines == light.lines
    assert luminance(dark.background) < 0.05
    assert luminance(light.background) > 0.7
    assert min(contrast(seen) for seen in (light, dark)) > 7
    pairs = list(zip(light.pictures, dark.pictures, strict=True))
    assert pairs
    assert all(day.alt == night.alt and day.source != night.source for day, night in pairs)


def test_on_a_phone_nothing_sticks_out(page: Path) -> None:
    """Nobody scrolls sideways: pictures shrink, the table's rows become lines, and nothing but its head is left out."""
    phone, desktop = (chromium.look(page, width, LIGHT) for width, _ in (PHONE, DESKTOP))
    assert phone.too_wide == 0
    assert max(picture.width for picture in phone.pictures) < PHONE[0]
    heads = ["Job", "State", "Since", "Day", "Month", "Latency", "Usual", "History", "Reason"]
    told = [part for line in desktop.lines for part in line.split("\t") if part]
    begin = told.index("Job")
    assert told[begin : begin + len(heads)] == heads
    assert list(phone.lines) == told[:begin] + told[begin + len(heads) :]


def luminance(colour: str) -> float:
    """The relative luminance of ``rgb(243, 244, 246)``, as WCAG 2.1 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(seen: chromium.Seen) -> float:
    """Of the text on its ground."""
    low, high = sorted(luminance(colour) for colour in (seen.text, seen.background))
    return (high + 0.05) / (low + 0.05)
