"""What a hub notes of the values and notifications of all hosts, and when it writes it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from collectd_inode import fleet as module
from collectd_inode.fleet import FORGET_SECONDS, GONE_SECONDS, Fleet
from collectd_inode.report.fleet import HeardDoor, HeardHost, HeardJob, among, folder
from collectd_inode.state import Writer, files
from tests.helpers.examples import SetClock
from tests.helpers.received import received

START = 1_800_000_000.0


class Hub:
    """A hub whose clock is put forward."""

    def __init__(self, state: Path) -> None:
        self.state, self.clock = state, SetClock(START)
        self.fleet = Fleet(str(state), Writer(), self.clock)

    def values(self, series: str, value: float, host: str = "dunedin", interval: float = 60.0, sent: float = 0) -> None:
        """A value list of *host*'s, such as ``scenario-web/bool-success``, dated *sent* seconds after the start."""
        self.fleet.take(received(series, host, time=START + sent, interval=interval, values=[value]))

    def told(self, severity: int, message: Any, series: str = "scenario-web/bool-success", sent: float = 0) -> None:
        """A notification of dunedin's, dated *sent* seconds after the start."""
        self.fleet.hear(received(series, "dunedin", time=START + sent, severity=severity, message=message))

    @property
    def kept(self) -> list[HeardHost]:
        """What is in StateDir."""
        return among(files(str(folder(str(self.state)))))[0]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def test_what_is_noted_of_a_host(hub: Hub) -> None:
    """Of each job the verdict, its cause, warnings and latency, dated by our clock; of each door its health."""
    hub.values("scenario-web/bool-success", 1.0)
    hub.values("scenario-web/gauge-cause", 0.0)
    hub.values("scenario-web/gauge-warnings", 1.0)
    hub.values("scenario-web/latency-total", 0.25)
    hub.values("inode_probe/gauge-version", 100.0)
    hub.values("inode_probe-exec/gauge-config_errors", 2.0)
    job = HeardJob("scenario", "web", True, START, START, 60.0, 0, 1, START, 0.25, good_date=START)
    doors = {"": HeardDoor(START, 60.0, 100), "exec": HeardDoor(START, 60.0, 0, 2)}
    assert hub.fleet.hosts == {"dunedin": HeardHost("dunedin", {"scenario/web": job}, doors)}
    hub.clock.pass_by(60)
    hub.values("scenario-web/bool-success", 0.0)
    hub.values("scenario-web/gauge-cause", 9.0)
    down = HeardJob("scenario", "web", False, START + 60, START + 60, 60.0, 9, 1, START, 0.25, good_date=START)
    assert hub.fleet.hosts["dunedin"].jobs["scenario/web"] == down


def test_what_is_not_ours_is_left_alone(hub: Hub) -> None:
    """Other plugins, other series, no numbers, a job that sent no verdict; and names that nobody could print."""
    hub.values("cpu-0/cpu-idle", 1.0)
    hub.values("other-web/bool-success", 1.0)
    hub.values("scenario-web/response_time-go", 1.0)
    hub.values("scenario-web/bool-success", float("nan"))
    hub.values("scenario-web/bool-success", 1.0, host="\x1b[2J")
    hub.values("scenario-web/bool-success", 1.0, host="x" * 200)
    hub.values("scenario-\x1b/bool-success", 1.0, host="good")
    hub.told(1, "late", "cpu-0/bool-success")
    assert hub.fleet.hosts == {"good": HeardHost("good")}
    hub.values("scenario-web/gauge-cause", 9.0)
    hub.told(1, "early")
    assert hub.fleet.hosts["dunedin"] == HeardHost("dunedin")


def test_a_stranger_cannot_fill_the_memory(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts, jobs and notices have limits; an interval that is none counts as a minute."""
    monkeypatch.setattr(module, "MOST_HOSTS", 2)
    monkeypatch.setattr(module, "MOST_JOBS", 2)
    for number in range(4):
        hub.values(f"scenario-web{number}/bool-success", 1.0, interval=(-1.0, 1e300, 0.0, 1.0)[number])
        hub.values("scenario-web/bool-success", 1.0, host=f"host{number}")
        hub.told(2, "x", f"inode_probe/gauge-{number}")
    assert list(hub.fleet.hosts) == ["dunedin", "host0"]
    heard = hub.fleet.hosts["dunedin"]
    assert [(name, job.interval) for name, job in heard.jobs.items()] == [
        ("scenario/web0", 60.0),
        ("scenario/web1", 60.0),
    ]
    assert list(heard.notices) == ["gauge-0", "gauge-1"]


def test_a_notification_has_the_message(hub: Hub) -> None:
    """Until its OKAY; a text that is none is not kept."""
    hub.values("scenario-web/bool-success", 0.0)
    job = hub.fleet.hosts["dunedin"].jobs["scenario/web"]
    hub.told(1, b"cut in the middle of a char\xc3")
    assert job.message == ""
    hub.told(1, "connect: refused")
    assert (job.message, job.is_notified) == ("connect: refused", True)
    hub.told(4, "passed: 1 step")
    assert (job.message, job.is_notified) == ("", False)


def test_a_value_that_comes_after_the_notification(hub: Hub) -> None:
    """Values wait until a packet is full: of a good run before the failure it does not take the message away."""
    hub.values("scenario-web/bool-success", 1.0)
    hub.told(1, "connect: refused", sent=120)
    hub.values("scenario-web/bool-success", 1.0, sent=60)
    hub.values("scenario-web/bool-success", 0.0, sent=120)
    job = hub.fleet.hosts["dunedin"].jobs["scenario/web"]
    assert (job.message, job.is_notified) == ("connect: refused", True)
    hub.values("scenario-web/bool-success", 1.0, sent=180)
    hub.values("scenario-web/bool-success", 0.0, sent=240)
    assert not job.is_notified


def test_what_a_host_says_of_itself(hub: Hub) -> None:
    """Until its OKAY, or until its value says that there is no mistake any more."""
    notices = hub.fleet.hosts.setdefault("dunedin", HeardHost("dunedin")).notices
    hub.told(2, "a.feature:3: undefined", "inode_probe/gauge-config_errors")
    hub.told(1, "3 of 4 jobs here: resolve", "inode_probe/bool-uplink")
    assert sorted(notices) == ["bool-uplink", "gauge-config_errors"]
    hub.told(4, "3 of 3 jobs are good again", "inode_probe/bool-uplink")
    hub.values("inode_probe/gauge-config_errors", 0.0)
    assert notices == {}


def test_when_it_is_written(hub: Hub) -> None:
    """At first, then soon after news, else once a minute, and not while nothing comes."""

    def written(seconds: float) -> bool:
        before = hub.kept
        hub.clock.pass_by(seconds)
        hub.fleet.write()
        return hub.kept != before

    hub.values("scenario-web/bool-success", 1.0)
    assert written(0)
    hub.clock.pass_by(3)
    hub.values("scenario-web/bool-success", 1.0)
    assert not written(1)
    hub.values("scenario-web/bool-success", 0.0)
    assert not written(0)
    assert written(1)
    hub.values("scenario-web/bool-success", 0.0)
    assert not written(59)
    assert written(1)
    assert not written(120)
    hub.values("scenario-web/latency-total", 1.0)
    hub.values("scenario-web/bool-success", 0.0)
    hub.fleet.write(everything=True)
    assert hub.kept == [hub.fleet.hosts["dunedin"]]


def test_it_goes_on_after_a_restart(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """With those who are silent since; a file that is broken is logged."""
    hub.values("scenario-web/bool-success", 1.0)
    hub.fleet.write()
    (folder(str(hub.state)) / "x.json").write_text("{")
    again = Hub(hub.state)
    with caplog.at_level(logging.WARNING):
        again.fleet.load(files(str(folder(str(hub.state)))))
    assert again.fleet.hosts == hub.fleet.hosts
    assert [record.message.partition("x.json ")[2] for record in caplog.records] == [
        "cannot be read: it is broken: this is not JSON; the state of that host is lost"
    ]


def test_what_is_gone_is_forgotten(hub: Hub) -> None:
    """A job that its host no longer sends after two hours; a silent host, with all its jobs, after a week."""
    hub.values("scenario-web/bool-success", 1.0)
    hub.values("scenario-old/bool-success", 1.0)
    hub.values("scenario-web/bool-success", 1.0, host="hamilton")
    hub.fleet.write()
    hub.clock.pass_by(GONE_SECONDS + 1)
    hub.values("scenario-web/bool-success", 1.0)
    hub.fleet.write()
    assert [(heard.host, list(heard.jobs)) for heard in hub.kept] == [
        ("dunedin", ["scenario/web"]),
        ("hamilton", ["scenario/web"]),
    ]
    hub.clock.pass_by(FORGET_SECONDS - 10)
    hub.fleet.write()
    assert [heard.host for heard in hub.kept] == ["dunedin"]
