"""Engine chromium behind the doors that it runs behind, with a real collectd; embedded it is refused."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_inode.model import Door
from tests.helpers.browsing import program, site
from tests.helpers.collectd_process import Collectd, Sent, on_the_grid, open_folder
from tests.helpers.examples import HUNG

SHOP = "scenario-shop-shop"
BOTH = pytest.mark.parametrize("door", [Door.EXEC, Door.SERVE], ids=lambda door: str(door.value))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def block(folder: Path, url: str) -> str:
    file = folder / "shop.feature"
    steps = '    When I go to "/"\n    Then I should see "Made by a script"\n'
    file.write_text(f"Feature: shop\n  Scenario: shop\n{steps}", encoding="utf-8")
    keys = f'Engine "chromium"\nBrowserPath "{program()}"\nBaseURL "{url}"\nInterval 3\nTimeout 30'
    return f'<Scenario "shop">\nFeature "{file}"\n{keys}\n</Scenario>\n'


def browsers(folder: Path) -> list[int]:
    """The browsers that this collectd's program has started: the leaders of their sessions."""
    mine = [f"--user-data-dir={folder}/tmp/", "--remote-debugging-pipe"]
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", name, "cmdline").read_bytes().decode("utf-8", "replace")
            if all(word in words for word in mine) and os.getsid(int(name)) == int(name):
                found.append(int(name))
        except OSError:
            continue
    return found


def passed(collectd: Collectd) -> list[Sent]:
    """The runs that did."""
    return [v for v in collectd.of(f"{SHOP}/bool-success") if v.value == 1.0]


def kill_them(collectd: Collectd) -> None:
    """Kill the browser there is, and wait until two runs more have been told of."""
    collectd.wait(lambda: browsers(collectd.folder))
    for pid in browsers(collectd.folder):
        os.kill(pid, signal.SIGKILL)
    before = len(collectd.of(f"{SHOP}/bool-success"))
    collectd.wait(lambda: len(collectd.of(f"{SHOP}/bool-success")) >= before + 2)


@BOTH
def test_it_runs_every_interval_though_its_browser_is_killed(
    tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No slot without bool-success: the run whose browser dies says so; when collectd stops, nothing is left."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o777)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": f"{tmp_path}/tmp"}
    monkeypatch.setattr("tests.helpers.collectd_process.CLEAN", environment)
    made = "<script>document.write('<p>Made by a script</p>')</script>"
    with (
        site({"/": made}) as here,
        Collectd(tmp_path, block(tmp_path, here.url), door=door, environment=environment) as collectd,
    ):
        collectd.wait(lambda: passed(collectd))
        kill_them(collectd)
        kill_them(collectd)
        good = len(passed(collectd))
        collectd.wait(lambda: len(passed(collectd)) > good)
    assert on_the_grid(collectd.of(f"{SHOP}/bool-success"))
    sent = {value.identity.partition("/")[2] for value in collectd.values if value.identity.startswith(SHOP)}
    assert {
        "response_time-go_to", "latency-total", "duration-queued", "duration-fcp", "gauge-cls", "count-requests",
        "count-failing_requests", "count-console_errors", "bytes-transferred", "duration-overhead",
    } <= sent  # fmt: skip
    assert not {name for name in sent if name.startswith(("duration-resolve", "duration-connect", "duration-process"))}
    end = time.monotonic() + HUNG
    while browsers(tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert (browsers(tmp_path), os.listdir(tmp_path / "tmp")) == ([], [])


def test_inside_collectd_it_is_refused_with_the_mend(tmp_path: Path) -> None:
    """The job says so every interval, and the log where it runs."""
    text = "Interval 1\n" + block(tmp_path, "http://127.0.0.1:9").replace("Interval 3", "Interval 1")
    with Collectd(tmp_path, text) as collectd:
        collectd.wait(lambda: collectd.of("scenario-shop/bool-success"))
    assert {v.value for v in collectd.of("scenario-shop/gauge-cause")} == {13.0}
    assert 'Engine "chromium" does not run inside collectd: put the block into a file of its own' in collectd.log
