"""One fault on this side, one alarm: what many jobs are notified of, and that no alarm is lost by it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectd_inode.daemon import in_state_dir
from collectd_inode.drain import Drain, Records
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Confirm, Job, Observation, Status, Trouble
from collectd_inode.names import target_of
from collectd_inode.report.mute import Mute, Mutes
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.values import Value
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from tests.helpers.examples import HUNG, SetClock, write_feature

UPLINK = "inode_probe/bool-uplink"


def jobs(count: int, **more: Any) -> list[Job]:
    """So many jobs, each with a host of its own."""
    return [Job("scenario", f"web{n}", f"web{n}", **{"target": f"www{n}.example.org", **more}) for n in range(count)]


class Host:
    """Takes notes."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []

    def dispatch(self, value: Value) -> None: ...

    def notify(self, notification: Notification) -> None:
        self.notifications.append(notification)

    def every(self, seconds: float, callback: Any) -> None: ...


class Daemon:
    """A drain that is handed what comes of each job's run, second by second; a StateDir if it has a folder."""

    def __init__(self, known: Sequence[Job], folder: Path | None = None, at: float = 1000.0) -> None:
        self.host, self.clock, self.known = Host(), SetClock(at), list(known)
        records = Records(str(folder) if folder else None)
        if folder:
            records.load(in_state_dir(str(folder)))
        self.drain = Drain(self.host, self.clock, records)
        self.drain.jobs = lambda: self.known
        self.drain.configured = lambda: {job.identity for job in self.known}
        gone = set(records.known) - {job.identity for job in self.known}
        self.drain.took_over(gone)
        self.drain.go_on(records.known)

    def look(self, *, later: float = 0.0) -> None:
        """The drain's next pass."""
        self.clock.epoch += later
        thread = threading.Thread(target=self.drain.read)
        thread.start()
        thread.join(HUNG)

    def run(self, job: Job, cause: Cause = Cause.NONE) -> None:
        """A run of *job* now, good or with this cause."""
        trouble = None if cause is Cause.NONE else Trouble(Status.FAILED, cause, f"{job.target}: no")
        status = Status.PASSED if trouble is None else Status.FAILED
        self.drain.put(Observation(job, status, self.clock.epoch, 0.1, trouble=trouble), self.clock.epoch)
        self.look()

    def round(self, bad: Iterable[int] = (), cause: Cause = Cause.RESOLVE) -> None:
        """Each job once, evenly over its minute; those with the numbers *bad* fail."""
        for number, job in enumerate(self.known):
            self.run(job, cause if number in set(bad) else Cause.NONE)
            self.look(later=60 / len(self.known))

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Who, how bad, and the words."""
        return [
            ("/".join(filter(None, (n.plugin, n.plugin_instance))) + f"/{n.type}-{n.type_instance}",
             n.severity.name, n.message)
            for n in self.host.notifications
        ]  # fmt: skip

    @property
    def who(self) -> list[tuple[str, str]]:
        """The same without the words."""
        return [(who.removesuffix("/bool-success").removeprefix("scenario/"), how[0]) for who, how, _ in self.told]


def test_a_resolver_that_is_gone_is_one_alarm_and_one_end() -> None:
    """Nine of ten jobs, within a minute; who has an address is fine."""
    daemon = Daemon(jobs(10))
    daemon.round()
    daemon.round(range(9))
    assert daemon.told == [(UPLINK, "FAILURE", "9 of 10 jobs here: resolve; the fault is probably on this side")]
    daemon.round(range(9))
    daemon.round(range(9))
    assert len(daemon.told) == 1
    daemon.round()
    assert daemon.told[1:] == [(UPLINK, "OKAY", "9 of 9 jobs are good again; it was bad for 3 min")]
    daemon.round()
    daemon.round([3])
    assert daemon.who[2:] == [("web3", "F")]


def test_what_stays_bad_is_notified_by_itself() -> None:
    """When most are good again, and it has run since."""
    daemon = Daemon(jobs(10))
    daemon.round(range(9))
    daemon.round([2, 5])
    daemon.round([2, 5])
    assert daemon.told[1:] == [
        (UPLINK, "OKAY", "7 of 9 jobs are good again; it was bad for 2 min; still bad: web2, web5"),
        ("scenario/web2/bool-success", "FAILURE", "resolve: www2.example.org: no"),
        ("scenario/web5/bool-success", "FAILURE", "resolve: www5.example.org: no"),
    ]
    daemon.round([5])
    assert daemon.who[4:] == [("web2", "O")]


@pytest.mark.parametrize(
    ("known", "bad", "cause"),
    [
        (jobs(10), range(5), Cause.RESOLVE),
        (jobs(10), range(9), Cause.REFUSED),
        (jobs(10), range(9), Cause.TIMEOUT),
        (jobs(2), range(2), Cause.RESOLVE),
        (jobs(10, target="www.example.org"), range(9), Cause.CONNECT),
        (jobs(10, target=""), range(9), Cause.CONNECT),
    ],
    ids=["half of them", "their answers", "time", "two targets", "one target", "no target"],
)
def test_what_is_no_fault_of_this_side(known: list[Job], bad: range, cause: Cause) -> None:
    """Each job has its own alarm, and its own end."""
    daemon = Daemon(known)
    daemon.round()
    daemon.round(bad, cause)
    daemon.round(bad, cause)
    assert sorted(daemon.who) == [(f"web{n}", "F") for n in bad]
    daemon.round()
    assert sorted(daemon.who) == sorted((f"web{n}", how) for n in bad for how in "FO")


def test_a_site_that_is_down_waits_for_half_of_the_others_only() -> None:
    """As soon as most are known to be good, it is notified."""
    daemon = Daemon(jobs(10))
    daemon.run(daemon.known[0], Cause.CONNECT)
    for number in range(1, 6):
        assert daemon.who == []
        daemon.run(daemon.known[number])
    assert daemon.told == [("scenario/web0/bool-success", "FAILURE", "connect: www0.example.org: no")]


def test_jobs_that_run_seldom_are_not_waited_for() -> None:
    """Nor is a job that does not run when it should: an interval and a deadline."""
    often, seldom = (
        jobs(4),
        [replace(job, name=f"x{job.name}", instance=f"x{job.name}", interval=3600.0) for job in jobs(4)],
    )
    daemon = Daemon([*often, *seldom])
    for job in often:
        daemon.run(job, Cause.CONNECT)
    assert daemon.told == [(UPLINK, "FAILURE", "4 of 8 jobs here: connect; the fault is probably on this side")]
    daemon = Daemon(often)
    daemon.run(often[0], Cause.CONNECT)
    daemon.look(later=89)
    assert daemon.who == []
    daemon.look(later=2)
    assert daemon.who == [("web0", "F")]


def test_a_blip_is_notified_as_ever() -> None:
    """Good again before anything was known of the others: FAILURE, OKAY."""
    daemon = Daemon(jobs(10))
    daemon.run(daemon.known[0], Cause.CONNECT)
    daemon.clock.epoch += 5
    daemon.run(daemon.known[0])
    assert daemon.who == [("web0", "F"), ("web0", "O")]


def test_who_goes_bad_later_joins() -> None:
    """With the same cause; with another it is by itself."""
    daemon = Daemon(jobs(10))
    daemon.round(range(7))
    daemon.run(daemon.known[7], Cause.RESOLVE)
    daemon.run(daemon.known[8], Cause.CONNECT)
    assert daemon.who == [(UPLINK, "F"), ("web8", "F")]
    daemon.round([8])
    daemon.round()
    assert daemon.who[2:] == [(UPLINK, "O"), ("web8", "O")]
    assert daemon.told[2][2].startswith("8 of 8 jobs are good again")


def test_confirmations_count() -> None:
    """Both ways: bad and good runs that nobody has confirmed are waited for."""
    daemon = Daemon(jobs(4, confirm=Confirm(2, 2), confirm_recovery=2))
    daemon.round(range(4))
    assert daemon.who == []
    daemon.round(range(4))
    daemon.round(range(4))
    assert daemon.who == [(UPLINK, "F")]
    daemon.round()
    assert len(daemon.who) == 1
    daemon.round()
    assert daemon.who == [(UPLINK, "F"), (UPLINK, "O")]


def test_flapping_among_many_is_no_news() -> None:
    """One that is good for a run, while most are bad."""
    daemon = Daemon(jobs(10))
    daemon.round(range(9))
    for bad in ([*range(8)], [*range(9)], [*range(1, 9)], [*range(9)]):
        daemon.round(bad)
    assert daemon.who == [(UPLINK, "F")]


@pytest.mark.parametrize("keep", [True, False], ids=["StateDir", "memory"])
def test_over_a_restart(tmp_path: Path, keep: bool) -> None:
    """Nothing is notified twice, and the end is; without StateDir all of it begins anew."""
    folder = tmp_path if keep else None
    Daemon(jobs(10), folder).round(range(9))
    daemon = Daemon(jobs(10), folder, at=1070.0)
    daemon.round(range(9))
    assert daemon.who == ([] if keep else [(UPLINK, "F")])
    daemon = Daemon(jobs(10), folder, at=1140.0)
    daemon.round([4])
    daemon.round([4])
    assert daemon.who == ([(UPLINK, "O"), ("web4", "F")] if keep else [("web4", "F")])


def test_a_restart_while_alarms_are_kept_back(tmp_path: Path) -> None:
    """They are notified by the next daemon, at the latest when their time is over."""
    daemon = Daemon(jobs(10), tmp_path)
    daemon.run(daemon.known[0], Cause.CONNECT)
    daemon.run(daemon.known[1], Cause.CONNECT)
    assert daemon.who == []
    daemon = Daemon(jobs(10), tmp_path, at=1200.0)
    daemon.look()
    assert daemon.who == [("web0", "F"), ("web1", "F")]
    daemon = Daemon(jobs(10), tmp_path, at=1300.0)
    daemon.run(daemon.known[0])
    assert daemon.who == [("web0", "O")]


def test_jobs_that_are_no_longer_there_take_it_along(tmp_path: Path) -> None:
    """Here or at the next start."""
    Daemon(jobs(4), tmp_path).round(range(4))
    others = [replace(job, instance=f"new-{job.instance}") for job in jobs(4)]
    daemon = Daemon(others, tmp_path, at=1100.0)
    daemon.look()
    assert daemon.told == [(UPLINK, "OKAY", "none of these jobs notifies anybody any more; it was bad for 100 s")]
    daemon = Daemon(jobs(4))
    daemon.round(range(4))
    daemon.known = []
    daemon.look()
    assert daemon.who == [(UPLINK, "F"), (UPLINK, "O")]


def test_mutes_and_jobs_that_notify_nobody() -> None:
    """They are not among the many, and a mute that ends lets the alarm go."""
    daemon = Daemon([*jobs(5), *(replace(job, instance=f"x{job.name}", notify=False) for job in jobs(5))])
    daemon.drain.orders.mutes = Mutes((Mute("web0", 1500.0, "moving"),))
    daemon.round(range(10))
    assert daemon.told == [(UPLINK, "FAILURE", "4 of 5 jobs here: resolve; the fault is probably on this side")]
    daemon.clock.epoch = 1600.0
    daemon.round(range(10))
    daemon.round([0, *range(5, 10)])
    daemon.round([0, *range(5, 10)])
    assert daemon.who[1:] == [(UPLINK, "O"), ("web0", "F")]


MANY_BAD = (UPLINK, "FAILURE", "5 of 5 jobs here: resolve; the fault is probably on this side")


def muted(until: float) -> Mutes:
    """A mute of each of five jobs."""
    return Mutes(tuple(Mute(f"web{n}", until, "moving") for n in range(5)))


@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("ended", [True, False], ids=["mute --end", "its time is over"])
def test_a_mute_of_all_ends_in_one_alarm(tmp_path: Path, ended: bool, restart: bool) -> None:
    """Where all are bad when it ends: what they were while they were muted counts."""
    daemon = Daemon(jobs(5), tmp_path)
    daemon.drain.orders.mutes = muted(1130.0 if not ended else 9000.0)
    daemon.round(range(5))
    daemon.round(range(5))
    assert daemon.who == []
    if restart:
        daemon = Daemon(jobs(5), tmp_path, at=1120.0)
    daemon.drain.orders.mutes = muted(1130.0) if not ended else Mutes()
    daemon.round(range(5))
    daemon.round(range(5))
    assert daemon.told == [MANY_BAD]
    daemon.round()
    assert daemon.who == [(UPLINK, "F"), (UPLINK, "O")]


def test_who_is_muted_when_it_ends_is_not_called_good() -> None:
    """Its own alarm comes with the end of the mute."""
    daemon = Daemon(jobs(5))
    daemon.round(range(5))
    daemon.drain.orders.mutes = muted(1250.0)
    daemon.round([1])
    daemon.round([1])
    assert daemon.told == [
        MANY_BAD,
        (UPLINK, "OKAY", "4 of 5 jobs are good again; it was bad for 2 min; still bad: web1"),
    ]
    for _ in range(3):
        daemon.round([1])
    assert daemon.who[2:] == [("web1", "F")]


@pytest.mark.parametrize("silent", [{2, 3}, {0, 1, 2, 3, 4}], ids=["some", "all"])
def test_jobs_that_notify_nobody_any_more_leave(tmp_path: Path, silent: set[int]) -> None:
    """The alarm that they were part of ends once, also where they are given another Notify later on."""
    Daemon(jobs(5), tmp_path).round(range(5))
    some = [replace(job, notify=number not in silent) for number, job in enumerate(jobs(5))]
    daemon = Daemon(some, tmp_path, at=1070.0)
    daemon.round()
    daemon.round()
    assert daemon.who == [(UPLINK, "O")]
    for known in (some, jobs(5)):
        daemon = Daemon(known, tmp_path, at=daemon.clock.epoch)
        daemon.round()
        assert daemon.who == []


def test_an_alarm_of_a_job_that_notifies_nobody_any_more_ends(tmp_path: Path) -> None:
    """When it is good again; what comes after that nobody is notified of."""
    (job,) = jobs(1)
    daemon = Daemon([job], tmp_path)
    daemon.run(job, Cause.REFUSED)
    assert daemon.who == [("web0", "F")]
    job = replace(job, notify=False)
    daemon = Daemon([job], tmp_path, at=1200.0)
    for cause in (Cause.REFUSED, Cause.NONE, Cause.REFUSED, Cause.NONE):
        daemon.run(job, cause)
        daemon.clock.epoch += 60
    assert daemon.who == [("web0", "O")]


def test_what_was_bad_long_before_is_neither_good_nor_bad() -> None:
    """Its alarm stands; the others are one."""
    daemon = Daemon(jobs(8))
    for _ in range(4):
        daemon.round([0, 1])
    daemon.round(range(8))
    assert daemon.who == [("web0", "F"), ("web1", "F"), (UPLINK, "F")]
    assert daemon.told[-1][2].startswith("6 of 8 jobs here: resolve")


def test_heartbeats_of_many_are_warnings() -> None:
    """Receivers that notice silence hear of each job, and are not woken by each."""
    daemon = Daemon(jobs(4, heartbeat=120.0))
    daemon.round(range(4))
    for _ in range(5):
        daemon.round(range(4))
    first = [(who, how) for who, how in daemon.who if who == "web0"]
    assert first == [("web0", "W"), ("web0", "W")]
    assert daemon.told[-1][2].startswith("one of many (inode_probe/bool-uplink): resolve: www")
    daemon.round()
    daemon.round()
    daemon.round()
    assert [how for who, how in daemon.who if who == "web0"][2:] == ["O"]


RUNS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([Cause.NONE, Cause.RESOLVE, Cause.CONNECT])), max_size=40)


@given(RUNS, st.integers(1, 2), st.integers(1, 2), st.sets(st.integers(0, 40), max_size=3))
@settings(deadline=None)
def test_no_alarm_is_lost(runs: list[tuple[int, Cause]], bad: int, good: int, restarts: set[int]) -> None:
    """Whatever happens: who stays bad is known to somebody in the end, and who stays good has no alarm."""
    known = jobs(5, confirm=Confirm(bad, bad), confirm_recovery=good)
    daemon = Daemon(known)
    told: list[Notification] = []
    last = dict.fromkeys(range(5), Cause.NONE)
    for index, (number, cause) in enumerate(runs):
        if index in restarts:
            told += daemon.host.notifications
            records, at = daemon.drain._records, daemon.clock.epoch
            daemon = Daemon(known, at=at)
            daemon.drain._records = records
            daemon.drain.go_on(records.known)
        daemon.run(known[number], cause)
        daemon.clock.epoch += 13
        last[number] = cause
    for _ in range(5):
        for number, cause in last.items():
            daemon.run(known[number], cause)
            daemon.look(later=12)
    told += daemon.host.notifications
    state: dict[str, Severity] = {}
    for one in told:
        who = one.plugin_instance or one.type_instance
        assert state.get(who, Severity.OKAY) is not one.severity, told  # in turns
        state[who] = one.severity
    many = state.get("uplink") is Severity.FAILURE
    kept = daemon.drain._records.known
    for number, cause in last.items():
        record = kept[known[number].identity]
        alone = state.get(f"web{number}") is Severity.FAILURE
        assert alone or (many and record.is_one_of_many) or cause is Cause.NONE, (number, told)
        assert not alone or cause is not Cause.NONE, (number, told)
    assert not many or any(cause is not Cause.NONE for cause in last.values()), told


@pytest.mark.parametrize(
    ("host", "port", "target"),
    [
        ("WWW.example.org.", 443, "www.example.org"),
        ("192.0.2.7", 80, "192.0.2.7"),
        ("127.0.0.1", 8080, "127.0.0.1:8080"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("[::1]", 80, "::1:80"),
        ("localhost", 80, "localhost:80"),
    ],
)
def test_what_a_target_is(host: str, port: int | None, target: str) -> None:
    """A host; on this machine a port."""
    assert target_of(host, port) == target


@pytest.mark.parametrize(
    ("step", "base", "target"),
    [
        ('I go to "/"', "https://www.example.org/shop", "www.example.org"),
        ('I go to "http://127.0.0.1:81/"', "https://www.example.org/", "127.0.0.1:81"),
        ('I go to "http://${host}/"', None, "h.example"),
        ('I go to "http://${later}/"', None, ""),
    ],
)
def test_a_scenario_s_target(tmp_path: Path, step: str, base: str | None, target: str) -> None:
    """The host of the first address that is gone to."""
    feature = write_feature(tmp_path, f"When {step}")
    said = Settings(features=(str(feature),), base_url=base, variables=(("host", "h.example"),), any_variable=True)
    assert [job.target for job in load("web", said, BlockSettings()).jobs] == [target]
