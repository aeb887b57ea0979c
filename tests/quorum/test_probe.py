"""A quorum's runs: what it says, and whom it wakes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Door, Job, Observation, Standing, Status
from collectd_inode.observing import observe
from collectd_inode.quorum.board import FORGET_SECONDS, Board
from collectd_inode.quorum.jobs import load
from collectd_inode.quorum.probe import QuorumProbe
from collectd_inode.quorum.settings import Settings
from collectd_inode.report.notification import notification
from collectd_inode.report.record import Record, following
from collectd_inode.report.values import values
from collectd_inode.state import State
from collectd_inode.wire import Clock

START = 1_800_000_000.0
JOB = "scenario/shop-log_in"


class Now(Clock):
    """A clock that is put forward."""

    seconds = 0.0

    def now(self) -> float:
        return START + self.seconds

    def monotonic(self) -> float:
        return self.seconds


class Hub:
    """A hub that watches one job every minute; ``restart`` loses all but StateDir."""

    def __init__(self, folder: Path | None = None, *, hosts: tuple[str, ...] = (), least: int | None = None) -> None:
        self.settings, self.folder = Settings(JOB, (hosts,) if hosts else (), least), folder
        self.clock = Now()
        self.record: Record | None = None
        self.restart()

    def restart(self) -> None:
        state = State(None if self.folder is None else str(self.folder))
        common = BlockSettings(interval=60.0, state=state, door=Door.EMBEDDED)
        (self.job,) = load("shop", self.settings, common).jobs
        self.board = self.job.listener
        assert isinstance(self.board, Board)
        self.board.clock = self.clock
        self.board.start()
        if self.folder is None:
            self.record = None

    def hear(self, up: str = "", down: str = "", ahead: float = 0.0) -> None:
        """A value of each of these."""
        for hosts, value in ((up, 1.0), (down, 0.0)):
            for host in hosts.split():
                self.job.listener.take(host, self.clock.now() + ahead, 60.0, value)  # type: ignore[union-attr]  # it has one

    def run(self) -> tuple[Observation, str]:
        """One run, and its notification."""
        observation = asyncio.run(observe(self.job, clock=self.clock))
        before, self.record = self.record, following(self.record, observation)
        told = notification(before, self.record, observation, self.clock.now())
        return observation, "" if told is None else f"{told.severity.name}: {told.message}"

    def minutes(self, count: int, up: str = "", down: str = "") -> list[str]:
        """What is notified in so many minutes in which these probes say so."""
        found = []
        for _ in range(count):
            self.clock.seconds += 60
            self.hear(up, down)
            found.append(self.run()[1])
        return [one for one in found if one]


def test_down_is_notified_once_and_says_who_disagrees() -> None:
    """And its end."""
    hub = Hub()
    assert hub.minutes(5, up="a b c") == []
    assert hub.minutes(5, up="c", down="a b") == ["FAILURE: expectation: quorum: 2 of 3 probes: down; only c up"]
    assert hub.minutes(5, up="a b c") == ["OKAY: passed: 1 step; it was bad for 5 min, 5 runs failed"]


def test_one_probe_s_own_line_wakes_nobody() -> None:
    """It is a warning, with its name."""
    hub = Hub()
    assert hub.minutes(5, up="a b", down="dunedin") == []
    (warning,) = hub.run()[0].warnings
    assert (warning.code, warning.message) == ("dissent", "2 of 3 probes: up; only dunedin down")


def test_a_hub_that_starts_in_an_outage_notifies_once() -> None:
    """Not before all probes have had the time to report: those that come first need not be most."""
    hub = Hub()
    hub.hear(down="a b")
    first, told = hub.run()
    assert (first.standing, told) == (Standing.NOT_YET, "")
    assert [v.type_instance for v in values(first, 0.0)] == ["cause", "warnings", "elapsed", "agreeing", "reporting"]
    assert hub.minutes(6, down="a b c") == ["FAILURE: expectation: quorum: 3 of 3 probes: down"]


def test_probes_that_report_less_often_than_the_hub_judges() -> None:
    """After a start it waits for two of their intervals: those that come first need not be most."""
    hub = Hub()
    hub.board.take("a", START, 300.0, 0.0)  # type: ignore[union-attr]  # it has one
    hub.board.take("b", START, 300.0, 0.0)  # type: ignore[union-attr]
    assert hub.minutes(4) == []
    for host in "cde":
        hub.board.take(host, START + 240, 300.0, 1.0)  # type: ignore[union-attr]
    assert hub.minutes(4) == []
    assert hub.run()[0].standing is Standing.NOT_YET
    assert hub.minutes(3) == []


def test_hosts_that_are_all_there_are_judged_at_once() -> None:
    """Where ``Hosts`` says who they are, or StateDir remembers."""
    hub = Hub(hosts=("a", "b", "c"))
    hub.hear(up="c", down="a b")
    assert hub.run()[1] == "FAILURE: expectation: quorum: 2 of 3 probes: down; only c up"


def test_a_restart_in_an_outage_notifies_nobody(tmp_path: Path) -> None:
    """Nor does it take the alarm back while nothing is known."""
    hub = Hub(tmp_path)
    assert hub.minutes(3, up="a b c") == []
    assert len(hub.minutes(3, down="a b c")) == 1
    hub.restart()
    assert [hub.run()[1], *hub.minutes(3), *hub.minutes(5, down="a b")] == [""]
    assert hub.run()[0].status is Status.FAILED
    assert hub.run()[0].warnings[0].message == "silent: c for 8 min"
    (okay,) = hub.minutes(3, up="a b c")
    assert okay.startswith("OKAY")


def test_a_hub_that_is_restarted_every_night_forgets_too(tmp_path: Path) -> None:
    """The silence of a machine that is gone, or has another name now, goes on over restarts, and ends after a day."""
    hub = Hub(tmp_path)
    assert hub.minutes(4, up="a b old") == []
    assert hub.minutes(4, up="a b new") == []
    silent = []
    for _ in range(4):
        hub.clock.seconds += FORGET_SECONDS / 4
        hub.restart()
        hub.minutes(4, up="a b new")
        silent.append([one.message for one in hub.run()[0].warnings])
    assert silent == [
        ["silent: old for 6 h"],
        ["silent: old for 12 h"],
        ["silent: old for 18 h"],
        [],
    ]


def test_two_machines_of_one_name() -> None:
    """What they say counts as one probe's; where they contradict each other that is said, not at the first time."""
    hub = Hub()
    assert hub.minutes(3, up="a b c") == []
    told = []
    for up, down in (("a b", "b"), ("a b", "b"), ("b a", ""), ("a b", "")):
        hub.minutes(1, up="c", down="")
        for host in up.split():
            hub.hear(up=host)
        hub.hear(down=down)
        told.append([one.message for one in hub.run()[0].warnings])
    said = "b says up and down of the same time: several machines report as b; give each a Hostname of its own"
    assert told == [[], [said], [said], [said]]
    assert hub.minutes(9, up="a b c") == []
    assert hub.run()[0].warnings == ()


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), float("inf"), 1e18])
def test_an_interval_that_is_none(interval: float) -> None:
    """The hub's own counts: who sends such a value can be silent all the same."""
    hub = Hub()
    hub.board.take("c", START, interval, 0.0)  # type: ignore[union-attr]  # it has one
    assert hub.minutes(5, up="a b") == []
    assert [one.message for one in hub.run()[0].warnings] == ["silent: c for 5 min"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_verdict(value: float) -> None:
    """It has no say."""
    hub = Hub(hosts=("a", "b", "c"))
    hub.hear(up="a b")
    hub.board.take("c", START, 60.0, value)  # type: ignore[union-attr]  # it has one
    assert hub.run()[0].readings[1].value == 2


def test_too_few_probes_are_a_warning_and_neither_begin_nor_end_an_alarm() -> None:
    """The verdict is unknown."""
    hub = Hub()
    assert hub.minutes(4, up="a b") == []
    assert hub.minutes(6, down="a") == []
    unknown, _ = hub.run()
    assert (unknown.status, unknown.standing) == (Status.PASSED, Standing.UNKNOWN)
    assert [one.code for one in unknown.warnings] == ["silent", "unknown"]
    assert {f"{v.type}-{v.type_instance}": v.value for v in values(unknown, 0.0)} == {
        "bool-success": 1.0,
        "gauge-cause": 0.0,
        "gauge-warnings": 2.0,
        "duration-elapsed": 0.0,
        "gauge-agreeing": 0.0,
        "gauge-reporting": 1.0,
    }
    assert len(hub.minutes(2, down="a b")) == 1
    assert hub.minutes(9, down="a") == []
    assert len(hub.minutes(2, up="a b")) == 1


def test_clocks_that_differ() -> None:
    """A value counts from when it came; that a clock is wrong is a warning."""
    hub = Hub(hosts=("a", "b"))
    hub.hear(up="a")
    hub.hear(up="b", ahead=120.0)
    observation, _ = hub.run()
    assert [(one.code, one.message) for one in observation.warnings] == [
        ("skewed", "the values of b are 2 min ahead, by this clock: one of the clocks is wrong")
    ]
    hub.clock.seconds += 30
    hub.hear(down="b")  # older than what is known: out of turn, or b's clock was set back
    assert hub.run()[0].readings[0].value == 2
    for _ in range(4):
        hub.clock.seconds += 60
        hub.hear(up="a", down="b")
    assert hub.run()[0].readings[0].value == 1


def test_who_is_no_probe() -> None:
    """Values of others than ``Hosts`` and those that are no number have no say; after a day nobody is waited for."""
    hub = Hub(hosts=("a", "b"))
    hub.hear(up="a b", down="c d e")
    assert hub.run()[0].passed
    gone = Hub()
    gone.hear(up="a b c")
    gone.board.take("d", START, 60.0, float("nan"))  # type: ignore[union-attr]  # it has one
    assert gone.minutes(4, up="a b") == []
    assert "c" in gone.run()[0].warnings[0].message
    gone.clock.seconds += FORGET_SECONDS + 1
    gone.hear(up="a b")
    assert gone.run()[0].warnings == ()


def test_where_no_values_come() -> None:
    """On the command line nothing is known; behind exec and serve the block is a mistake."""
    (job,) = load("shop", Settings(JOB), BlockSettings(door=Door.EMBEDDED)).jobs
    observation = asyncio.run(observe(job))
    assert (observation.status, observation.cause.word) == (Status.ERROR, "configuration")
    assert observation.message.startswith("only the hub's collectd itself gets the probes' values")
    for door in (Door.EXEC, Door.SERVE, Door.CLI):
        loaded = load("shop", Settings(JOB), BlockSettings(door=door))
        assert (loaded.jobs, [problem.where for problem in loaded.problems]) == ((), ['<Quorum "shop">'])


def test_it_is_made_as_the_block_says() -> None:
    """A job of its own, with what it listens to."""
    (job,) = load("shop", Settings(JOB, (("a",), ("b",)), 2), BlockSettings(door=Door.EMBEDDED)).jobs
    assert isinstance(job, Job)
    assert isinstance(job.probe, QuorumProbe)
    assert (job.kind, job.instance, job.probe.least, job.probe.min_reporting) == ("quorum", "shop", 2, 2)
    assert job.listener is not None
    assert (job.listener.plugin, job.listener.instance) == ("scenario", "shop-log_in")
