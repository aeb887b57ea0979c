"""The traps of collectd's exec plugin and of its unixsock, each with a real collectd."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from collectd_inode.doors.lines import value_line
from collectd_inode.model import Door
from collectd_inode.report.values import Value
from demo import machine
from tests.helpers.collectd_process import CLEAN, HOST, Collectd, open_folder, somebody
from tests.helpers.examples import HUNG
from tests.helpers.faults import FaultySite

BOTH = pytest.mark.parametrize("door", [Door.EXEC, Door.SERVE], ids=lambda door: str(door.value))
SHOP = "scenario-shop-shop"
OTHER = "scenario-other-shop"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def site() -> Iterator[FaultySite]:
    with FaultySite() as running:
        yield running


def block(folder: Path, url: str, name: str = "shop", more: str = "") -> str:
    file = folder / "shop.feature"
    file.write_text(f'Feature: shop\n  Scenario: shop\n    When I go to "{url}"\n', encoding="utf-8")
    return f'<Scenario "{name}">\nFeature "{file}"\n{more}\n</Scenario>\n'


def kept(folder: Path, text: str, interval: int = 1) -> str:
    """With a StateDir."""
    return f'StateDir "{folder}/state"\nInterval {interval}\n{text}'


def process(collectd: Collectd) -> int:
    """The process id of what runs the jobs; waits until there is one."""
    if collectd.door is Door.SERVE:
        assert collectd.service is not None
        return collectd.service.pid
    collectd.wait(lambda: collectd.program)
    return collectd.program


def successes(collectd: Collectd, series: str = SHOP) -> list[float]:
    return [sent.time for sent in collectd.of(f"{series}/bool-success")]


# What is said to collectd.


@BOTH
def test_whatever_a_text_says_it_arrives_as_it_is(tmp_path: Path, door: Door) -> None:
    """Quotes, backslashes, blanks, other alphabets; what is longer than collectd takes is no line and no command."""
    words = 'say "no" \\ “Grüße” $(x) \\n `y` 日本語 # PUTVAL "h/x/gauge-y" N:1'
    page = f"{words} {'a' * 3000}"
    with FaultySite() as site:
        file = tmp_path / "shop.feature"
        step = "Then I should see " + json.dumps(page, ensure_ascii=False)
        steps = f'    When I go to "{site.url}/fine"\n    # series: it\n    {step}\n'
        file.write_text(f"Feature: shop\n  Scenario: shop\n{steps}", encoding="utf-8")
        with Collectd(tmp_path, f'Interval 1\n<Scenario "shop">\nFeature "{file}"\n</Scenario>', door=door) as collectd:
            collectd.wait(lambda: collectd.notifications)
            first = len(successes(collectd))
            collectd.wait(lambda: len(successes(collectd)) >= first + 2)
    [told] = collectd.notifications
    assert 'say "no"' in told.message
    assert "“Grüße” $(x)" in told.message
    assert len(told.message.encode()) <= 255
    assert {sent.identity.partition("/")[0] for sent in collectd.values} == {SHOP, f"inode_probe-{door.value}"}
    assert "Unknown command" not in collectd.log
    assert "Parsing" not in (tmp_path / "output").read_text()


@BOTH
def test_a_job_that_reports_as_another_host(tmp_path: Path, site: FaultySite, door: Door) -> None:
    """Host goes before the name that collectd has; our own health is collectd's host's."""
    text = block(tmp_path, f"{site.url}/fine", more='Host "www.example.org"')
    with Collectd(tmp_path, f"Interval 1\n{text}", door=door) as collectd:
        collectd.wait(lambda: successes(collectd))
    hosts = {sent.identity.partition("/")[0]: sent.host for sent in collectd.values}
    assert hosts == {SHOP: "www.example.org", f"inode_probe-{door.value}": HOST}


def test_a_type_that_collectd_does_not_know(tmp_path: Path, site: FaultySite) -> None:
    """Said at the start, counted as a mistake; a value that is refused is counted as lost, and told once."""
    types = tmp_path / "types.db"
    known = Path(machine.TYPES_DB).read_text(encoding="utf-8").splitlines(keepends=True)
    types.write_text("".join(line for line in known if not line.startswith("latency")), encoding="utf-8")
    text = f"Interval 1\n{block(tmp_path, f'{site.url}/fine')}"
    with Collectd(tmp_path, text, door=Door.SERVE, types=str(types)) as collectd:
        first = len(successes(collectd))
        collectd.wait(lambda: len(successes(collectd)) >= first + 2)
        collectd.wait(lambda: "collectd did not get a line" in collectd.log)
    said = f"{types}: collectd knows no type latency: it drops such values; name another TypesDB beside it"
    assert collectd.log.count(said) == 1
    assert collectd.log.count(f"collectd did not get a line: {HOST}/{SHOP}/latency-total: -1 ") == 1
    health = "inode_probe-serve/gauge-config_errors"
    assert collectd.of(health)[-1].value == 1.0


# SIGHUP.


@BOTH
def test_a_reload(tmp_path: Path, site: FaultySite, door: Door) -> None:
    """A bad file changes nothing and is told; a good one brings a new job, and no slot of the old one is left out."""
    old = kept(tmp_path, block(tmp_path, f"{site.url}/fine"))
    with Collectd(tmp_path, old, door=door) as collectd:
        collectd.wait(lambda: len(successes(collectd)) >= 2)
        pid = process(collectd)
        collectd.jobs.write_text(old + "<Scenario>\n")
        os.kill(pid, signal.SIGHUP)
        collectd.wait(lambda: collectd.notifications)
        collectd.jobs.write_text(old + block(tmp_path, f"{site.url}/fine", "other"))
        os.kill(pid, signal.SIGHUP)
        collectd.wait(lambda: len(successes(collectd, OTHER)) >= 2)
        assert process(collectd) == pid
        times = successes(collectd)
    bad, good = collectd.notifications[:2]
    us = f"inode_probe-{door.value}/gauge-config_errors"
    assert (bad.identity, bad.severity, good.identity, good.severity) == (us, 2, us, 4)
    assert bad.message.startswith(f"{collectd.jobs}:7: <Scenario> is never closed; the last good version keeps running")
    assert f"{collectd.jobs}: the last good version keeps running" in collectd.log
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([1.0] * len(gaps))


# How it ends, and begins again.


@BOTH
def test_killed_in_mid_run_it_leaves_no_slot_behind(tmp_path: Path, site: FaultySite, door: Door) -> None:
    """The slot whose run was under way is made up for by the next process, dated as it should have been; none twice."""
    interval = 20
    offset = (int(time.time()) + 10) % interval
    more = f"StartOffset {offset}"
    text = kept(tmp_path, block(tmp_path, f"{site.url}/fine", more=more), interval)
    with Collectd(tmp_path, text, door=door) as collectd:
        collectd.wait(lambda: len(successes(collectd)) == 1)
        site.paths["/fine"], fine = site.paths["/hang"], site.paths["/fine"]
        asked = len(site.asked)
        collectd.wait(lambda: len(site.asked) > asked)
        os.kill(process(collectd), signal.SIGKILL)
        site.paths["/fine"] = fine
        if collectd.service is not None:
            collectd.service.wait(HUNG)
            collectd.serve()
        collectd.wait(lambda: len(successes(collectd)) == 2)
        slot = f"{successes(collectd)[-1]:.6f}"
        collectd.wait(lambda: (tmp_path / "state" / "sent").read_text().startswith(slot))
        again = process(collectd)
        os.kill(again, signal.SIGKILL)
        if collectd.service is not None:
            collectd.service.wait(HUNG)
            collectd.serve()
        collectd.wait(lambda: len(successes(collectd)) == 3)
    gaps = [later - earlier for earlier, later in pairwise(successes(collectd))]
    assert gaps == pytest.approx([interval, interval])
    assert {sent.value for sent in collectd.of(f"{SHOP}/bool-success")} == {1.0}
    assert "bug:" not in collectd.log


def test_collectd_is_killed_and_takes_its_program_along(tmp_path: Path, site: FaultySite) -> None:
    """The program ends when nobody reads any more, also during a run."""
    text = kept(tmp_path, block(tmp_path, f"{site.url}/hang"), 60)
    with Collectd(tmp_path, text.replace("Interval 60", "Interval 1"), door=Door.EXEC) as collectd:
        pid = process(collectd)
        collectd.wait(lambda: site.asked)
        collectd.kill()
        end = time.monotonic() + HUNG
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_collectd_is_killed_and_comes_back(tmp_path: Path, site: FaultySite) -> None:
    """What was observed meanwhile arrives afterwards: the service keeps it; no slot is missing, none is there twice."""
    text = kept(tmp_path, block(tmp_path, f"{site.url}/fine"))
    with Collectd(tmp_path, text, door=Door.SERVE) as collectd:
        collectd.wait(lambda: len(successes(collectd)) >= 2)
        collectd.kill()
        before = len(site.asked)
        end = time.monotonic() + HUNG
        while len(site.asked) < before + 4:
            assert time.monotonic() < end
            time.sleep(0.02)
        collectd.start()
        first = len(successes(collectd))
        collectd.wait(lambda: len(successes(collectd)) >= first + 6)
        times = successes(collectd)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([1.0] * len(gaps))
    assert f"{tmp_path}/sock: connected to collectd; " in collectd.log


def test_a_collectd_that_stands_still(tmp_path: Path, site: FaultySite) -> None:
    """Its pipe fills up; nothing of ours stops for it, and what waited arrives when it goes on."""
    text = kept(tmp_path, "".join(block(tmp_path, f"{site.url}/fine", f"j{n}", 'Detail "phase"') for n in range(30)))
    with Collectd(tmp_path, text, door=Door.EXEC) as collectd:
        collectd.wait(lambda: successes(collectd, "scenario-j0-shop"))
        assert collectd._process is not None
        os.kill(collectd._process.pid, signal.SIGSTOP)
        try:
            before = len(site.asked)
            end = time.monotonic() + HUNG
            while len(site.asked) < before + 30 * 6:  # a pipe holds about four seconds of it
                assert time.monotonic() < end
                time.sleep(0.02)
        finally:
            os.kill(collectd._process.pid, signal.SIGCONT)
        first = len(successes(collectd, "scenario-j0-shop"))
        collectd.wait(lambda: len(successes(collectd, "scenario-j0-shop")) >= first + 8)
        times = [sent.time for sent in collectd.in_time("scenario-j0-shop/bool-success")]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap > 0.5 for gap in gaps)
    assert "bug:" not in collectd.log


@BOTH
def test_a_stop_in_mid_run(tmp_path: Path, site: FaultySite, door: Door) -> None:
    """SIGTERM while a run hangs: it ends with 0 all the same, and tells nothing of that run."""
    interval = 20
    more = f"StartOffset {(int(time.time()) + 6) % interval}"
    text = kept(tmp_path, block(tmp_path, f"{site.url}/hang", more=more), interval)
    with Collectd(tmp_path, text, door=door) as collectd:
        collectd.wait(lambda: site.asked)
    assert collectd.of(f"{SHOP}/bool-success") == []
    assert collectd.notifications == []
    assert "Traceback" not in collectd.log
    # A collectd that stops has freed what it would log our last words with.
    assert ("collectd_inode: ended: SIGTERM" in collectd.log) is (door is Door.SERVE)


# What surrounds it.


@BOTH
def test_root_s_home_and_none(tmp_path: Path, site: FaultySite, door: Door) -> None:
    """collectd hands on its own HOME, which is root's: what a step sees is StateDir."""
    steps = tmp_path / "steps.py"
    steps.write_text(
        "import os\nfrom collectd_inode import step\n\n"
        '@step("HOME is {string}")\nasync def home(session, wanted):\n    assert os.environ["HOME"] == wanted\n'
    )
    file = tmp_path / "home.feature"
    file.write_text(f'Feature: home\n  Scenario: home\n    Then HOME is "{tmp_path}/state"\n')
    text = kept(tmp_path, f'<Scenario "home">\nFeature "{file}"\nSteps "{steps}"\n</Scenario>')
    environment = {"HOME": "/root"} if door is Door.EXEC else {}
    with Collectd(tmp_path, text, door=door, environment=environment) as collectd:
        collectd.wait(lambda: successes(collectd, "scenario-home-home"))
    assert {sent.value for sent in collectd.of("scenario-home-home/bool-success")} == {1.0}


def test_two_doors_on_one_state_dir(tmp_path: Path, site: FaultySite) -> None:
    """The second is refused with one short line, and the first goes on."""
    text = kept(tmp_path, block(tmp_path, f"{site.url}/fine"))
    with Collectd(tmp_path, text, door=Door.EXEC) as collectd:
        collectd.wait(lambda: successes(collectd))
        command = collectd._command("serve", "--socket", f"{tmp_path}/sock")
        user = {"user": somebody()} if os.getuid() == 0 else {}
        done = subprocess.run(command, env=CLEAN, timeout=HUNG, capture_output=True, check=False, **user)  # type: ignore[call-overload]  # typeshed has no keywords
        first = len(successes(collectd))
        collectd.wait(lambda: len(successes(collectd)) > first)
    said = f"StateDir {tmp_path}/state is held by another process: exec, serve and collectd need one each"
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"collectd_inode: error: {said}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<Scenario\n", "{jobs}:1: the start of a block is written"),
        ("StrictConfig true\nIntervall 5\n", "{jobs}:2: <Module> Intervall 5: unknown key; did you mean Interval?"),
        ("LoadPlugin python\n", "{jobs}:1: expected the content of <Module collectd_inode> alone"),
    ],
)
def test_nothing_begins_with_such_a_file(tmp_path: Path, text: str, said: str) -> None:
    """Exit code 2, each mistake on a line of its own; so it is for collectd, which logs the first ones."""
    jobs = tmp_path / "jobs.conf"
    jobs.write_text(text)
    command = [f"{sys.prefix}/bin/collectd-inode", "exec", str(jobs), "--types-db", machine.TYPES_DB]
    done = subprocess.run(command, env=CLEAN, timeout=HUNG, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said.format(jobs=jobs) in done.stderr.decode()
    assert all(line.startswith("collectd_inode: ") for line in done.stderr.decode().splitlines())


def test_systemd_hears_of_it(tmp_path: Path, site: FaultySite) -> None:
    """READY when jobs are observed, the watchdog every second, a reload and its end, and the stop."""
    text = kept(tmp_path, block(tmp_path, f"{site.url}/fine"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o777)
        systemd.settimeout(HUNG)
        collectd = Collectd(tmp_path, text, door=Door.SERVE)
        collectd._give_away()
        service = collectd.serve({"NOTIFY_SOCKET": f"{tmp_path}/notify", "WATCHDOG_USEC": "60000000"})
        told = [systemd.recv(1000).decode() for _ in range(3)]
        service.send_signal(signal.SIGHUP)
        while not told[-1].startswith("RELOADING=1\nMONOTONIC_USEC="):
            told.append(systemd.recv(1000).decode())
        while not told[-1].startswith("READY=1"):
            told.append(systemd.recv(1000).decode())
        service.terminate()
        while told[-1] != "STOPPING=1":
            told.append(systemd.recv(1000).decode())
        assert service.wait(HUNG) == 0
        collectd.service = None
    assert sorted(told[:2]) == [f"READY=1\nSTATUS=reads {collectd.jobs}", "WATCHDOG=1"]
    assert told[2] == "WATCHDOG=1"


def test_the_longest_line_that_collectd_takes(tmp_path: Path) -> None:
    """Of as many octets as we ever send: both doors read it whole, and the next one, too."""
    most, host = '"' * 127, '"' * 55
    longest = value_line(Value("", most, most, "gauge", most, 1.0, 1.0, 1.0), host)
    assert 900 < len(longest.octets) <= 1001
    with Collectd(tmp_path, "Interval 1\n", door=Door.SERVE) as collectd:
        collectd.wait((tmp_path / "sock").exists)
        with socket.socket(socket.AF_UNIX) as made, made.makefile("rb") as answers:
            made.connect(f"{tmp_path}/sock")
            made.sendall(longest.octets * 2)
            said = [answers.readline().decode() for _ in range(2)]
    assert said == ["0 Success: 1 value has been dispatched.\n"] * 2
