"""The demonstration as a whole: its configuration, what it shows, and that it leaves nothing running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_inode import oconfig
from demo import configuration, show
from demo.authority import Authority, pem
from demo.browser import Browser
from demo.smarthost import CA_FILE
from tests.helpers.collectd_process import open_folder
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT

DEMO = [sys.executable, "-m", "demo"]
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

PORTS = configuration.Ports(8080, 8025, 8123)
PLACE = configuration.Place(ROOT, Path("/venv/site-packages"), Path("/run/demo run"), PORTS)


def test_the_snippets_of_conf_d_are_what_the_demonstration_expects() -> None:
    """Every text that the demonstration replaces stands in conf.d, and what comes out is a configuration."""
    for name, replacements in configuration.snippets(PLACE).items():
        text = (ROOT / "conf.d" / name).read_text(encoding="utf-8")
        adapted = configuration.adapted(name, text, replacements)
        assert oconfig.parse(adapted, name)
        assert "/etc/collectd/scenarios/webhome" not in adapted
        assert "/opt/collectd-inode" not in adapted
        assert not re.search(r'^ *Server "(?!127\.)', adapted, re.MULTILINE)


def test_a_snippet_that_drifted_is_an_error() -> None:
    """What cannot be replaced is named."""
    with pytest.raises(configuration.Drifted, match=r"conf.d/a.conf does not contain 'Interval 60'"):
        configuration.adapted("a.conf", "Interval 61\n", [("Interval 60", "Interval 2")])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do: a checkout may be readable only."""
    (tmp_path / "file").touch()
    assert show.main(["--run", str(tmp_path / "file" / "run")]) == 1
    wanted = f"cannot make the folder {tmp_path}/file/run: Not a directory; name another one, --run FOLDER"
    assert capsys.readouterr().err == f"scripts/demo: {wanted}\n"


BROWSER = Browser("/bin/true", "nobody")


def test_an_application_has_a_process_with_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a browser, one job more runs behind the exec plugin."""
    place = configuration.Place(ROOT, Path("/venv/site-packages"), tmp_path / "a run", PORTS, BROWSER)
    place.run.mkdir()
    (place.run / CA_FILE).write_bytes(pem(Authority.made().certificate))
    conf = configuration.write(place)
    monkeypatch.chdir(conf.parent)
    jobs = configuration.jobs(conf.name, configuration.NOTES)
    names = [f"{job.kind}-{job.instance}" for job in jobs]
    assert names == [*JOBS[:6], "scenario-notes-keeping_a_note", *JOBS[6:]]
    line = next(line for line in (place.run / "conf.d/inode-exec.conf").read_text().splitlines() if "  Exec " in line)
    assert line.startswith(
        f'  Exec "nobody" "{ROOT}/.venv/bin/collectd-inode" "exec" "{place.run}/notes.conf" "--types'
    )


JOBS = [
    "scenario-webhome-visiting_home_and_contact_pages",
    "scenario-webhome-visiting_the_contact_page_via_the_home_page",
    "scenario-login-the_monitor_logs_in",
    "scenario-login-wrong_password",
    "scenario-shop-browsing_the_shop",
    "scenario-stock-looking_whether_there_is_a_penguin",
    "smarthost-relay",
    "ntp-time",
    "clock-local",
]


def test_the_configuration_has_every_kind_of_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users first, the machine last; without a mistake."""
    place = configuration.Place(ROOT, Path("/venv/site-packages"), tmp_path / "a run", PORTS)
    place.run.mkdir()
    (place.run / CA_FILE).write_bytes(pem(Authority.made().certificate))
    conf = configuration.write(place)
    monkeypatch.chdir(conf.parent)
    assert [f"{job.kind}-{job.instance}" for job in configuration.jobs(conf.name)] == JOBS


def test_a_configuration_with_a_mistake_is_not_started(tmp_path: Path) -> None:
    """The mistake is named."""
    conf = tmp_path / "collectd.conf"
    conf.write_text("<Plugin python>\n<Module collectd_inode>\nIntervall 2\n</Module>\n</Plugin>\n")
    with pytest.raises(configuration.Drifted, match="Intervall"):
        configuration.jobs(str(conf))


def test_the_demonstration_ends_with_tables_and_a_page() -> None:
    """Servers, collectd and plugin for some seconds: each job has values, a table, pictures and a place on the page."""
    with open_folder() as folder:
        _ends_with_tables_and_a_page(folder / "a run")


def _ends_with_tables_and_a_page(run: Path) -> None:
    ended = subprocess.run(
        [*DEMO, "15", "--run", str(run)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert "\033" not in ended.stdout
    assert [line.split() for line in lines[4:6]] == [
        ["scenario", "scenario", "scenario", "scenario", "scenario", "smarthost", "ntp", "clock"],
        ["webhome", "login", "shop", "stock", "notes", "relay", "time", "local"],
    ]
    counted = [line.partition(": ")[0] for line in lines if re.search(r": \d+ runs?, \d+ failed", line)]
    often = [name for name in counted if name != "notes"]
    assert often == ["webhome", "webhome", "login", "login", "shop", "stock", "relay", "time", "local"]
    # Chromium takes its time on a busy machine.
    waited_for = "notes: Keeping a note: no run has ended yet" in lines
    assert waited_for != ("notes" in counted)
    told = lines[lines.index("What was notified, from when until when:") :]
    days = r"  \d\d:\d\d:\d\d – {11}WARNING  relay: gauge-certificate_days_left: 5.1, below the limit of 14"
    assert [line for line in told if re.fullmatch(days, line)], told
    page = run / "graphs" / "index.html"
    seen = "no run has ended yet" if waited_for else f"{run}/graphs/notes/index.html"
    assert lines[-2:] == [
        f"What a browser sees:             {seen}",
        f"Every job of collectd's own:     {page}",
    ]
    assert page.read_text(encoding="utf-8").count("<article ") == len(JOBS)
    drawn = [path.name.removesuffix("-success.png") for path in page.parent.glob("*-success.png")]
    assert sorted(drawn) == sorted(JOBS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_demonstration_stops_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    """Whatever ends it, its collectd is gone afterwards; the status says what it was."""
    with subprocess.Popen(
        [*DEMO, "60", "--run", str(tmp_path / "run")],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None and demo.stderr is not None
        for line in demo.stdout:
            if "webhome" in line:  # the heading: collectd has been started
                break
        daemon = int((tmp_path / "run" / "collectd.pid").read_text())
        os.kill(daemon, 0)
        demo.send_signal(number)
        assert demo.wait(timeout=HUNG) == 128 + number
        assert demo.stderr.read() == "stopped; nothing is left running\n"
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)
