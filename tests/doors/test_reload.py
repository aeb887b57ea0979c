"""SIGHUP without a process: a configuration that is read again, and what becomes of jobs, slots and state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collectd_inode.daemon import Daemon
from collectd_inode.doors.program import ConfigurationRefused, read
from collectd_inode.model import Door, Place, Problem
from collectd_inode.oconfig import Node, parse
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.values import Value
from collectd_inode.state import Held, hold
from tests.helpers.examples import HUNG, logged, write_feature

DOWN = 'When I go to "http://127.0.0.1:1/"'


@dataclass
class Host:
    """Takes notes."""

    values: list[Value] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    reads: list[Callable[[], None]] = field(default_factory=list)

    def dispatch(self, value: Value) -> None:
        self.values.append(value)

    def notify(self, notification: Notification) -> None:
        self.notifications.append(notification)

    def every(self, _seconds: float, callback: Callable[[], None]) -> None:
        self.reads.append(callback)

    def a_pass(self) -> None:
        """As the thread does it that sends."""
        thread = threading.Thread(target=self.reads[0])
        thread.start()
        thread.join(HUNG)

    def until(self, ready: Callable[[], object]) -> None:
        """Passes, until something is so."""
        tick = threading.Event()
        for _ in range(int(HUNG / 0.02)):
            self.a_pass()
            if ready():
                return
            tick.wait(0.02)
        raise AssertionError("it did not come about")


def module(text: str) -> Node:
    return Node("Module", ("collectd_inode",), parse(text, "jobs.conf"), Place("jobs.conf"))


@contextmanager
def running(text: str, door: Door = Door.SERVE) -> Iterator[tuple[Host, Daemon]]:
    host = Host()
    daemon = Daemon(host, door)
    daemon.section(module(text))
    daemon.start()
    try:
        yield host, daemon
    finally:
        daemon.stop()


def scenario(name: str, file: Path, more: str = "") -> str:
    return f'<Scenario "{name}">\nFeature "{file}"\n{more}\n</Scenario>\n'


def jobs(daemon: Daemon) -> list[tuple[str, float]]:
    """Instance and interval of what runs now."""
    assert daemon._runner is not None
    return sorted((job.instance, job.interval) for job in daemon._runner._schedule.jobs)


def slots(daemon: Daemon) -> dict[str, float]:
    assert daemon._runner is not None
    return {identity[2]: slot for identity, slot in daemon._runner.next_slots().items()}


def test_what_says_what_it_said_keeps_its_job(tmp_path: Path) -> None:
    """The very same one, with its slot; what is new begins, what has changed is another, what has gone is gone."""
    file = write_feature(tmp_path, DOWN)
    text = "Interval 3600\n" + scenario("same", file) + scenario("changed", file) + scenario("gone", file)
    with running(text) as (host, daemon):
        assert daemon._runner is not None
        before = {job.instance: job for job in daemon._runner._schedule.jobs}
        slot = slots(daemon)["same-home"]
        again = "Interval 3600\n" + scenario("new", file) + scenario("changed", file, "Interval 60")
        assert daemon.reload(module(again + scenario("same", file)))
        expected = [("changed-home", 60.0), ("new-home", 3600.0), ("same-home", 3600.0)]
        host.until(lambda: jobs(daemon) == expected)
        after = {job.instance: job for job in daemon._runner._schedule.jobs}
        assert after["same-home"] is before["same-home"]
        assert after["changed-home"] is not before["changed-home"]
        assert slots(daemon)["same-home"] == slot


def test_a_bad_one_keeps_the_old(tmp_path: Path) -> None:
    """All of it; the mistakes are counted, and told once; a good one takes that back."""
    file = write_feature(tmp_path, DOWN)
    good = "Interval 3600\n" + scenario("web", file)
    with logged() as lines, running(good) as (host, daemon):
        bad = good + scenario("new", file, "Intervall 5")
        assert not daemon.reload(module(bad))
        assert not daemon.reload(module(bad))
        host.until(lambda: any(n.severity is Severity.WARNING for n in host.notifications))
        assert jobs(daemon) == [("web-home", 3600.0)]
        assert daemon._runner is not None
        assert daemon._runner.health().config_errors == 1
        assert daemon.reload(module(good))
        host.until(lambda: any(n.severity is Severity.OKAY for n in host.notifications))
        assert daemon._runner.health().config_errors == 0
    mistake = 'jobs.conf:8: <Scenario "new"> Intervall 5: unknown key; did you mean Interval?'
    told = [
        (n.severity, n.plugin, n.plugin_instance, n.message) for n in host.notifications if n.plugin == "inode_probe"
    ]
    assert told == [
        (Severity.WARNING, "inode_probe", "serve", f"{mistake}; the last good version keeps running"),
        (Severity.OKAY, "inode_probe", "serve", "all changed files are loaded"),
    ]
    assert f"ERROR {mistake}" in lines


@pytest.mark.parametrize("what", ["unreadable", "other StateDir"])
def test_what_else_is_a_bad_one(tmp_path: Path, what: str) -> None:
    """A file that cannot be read at all; another StateDir, which wants a restart."""
    file = write_feature(tmp_path, DOWN)
    text = f'StateDir "{tmp_path}/state"\n' + scenario("web", file)
    problems = [Problem("cannot read jobs.conf: No such file or directory", Place("jobs.conf", 1))]
    with logged() as lines, running(text) as (host, daemon):
        if what == "unreadable":
            assert not daemon.reload(module(text), problems)
            expected = f"ERROR {problems[0]}"
        else:
            assert not daemon.reload(module(text.replace("state", "elsewhere", 1)))
            was = f"expected the StateDir of the start, {tmp_path}/state: another one needs a restart"
            expected = f"ERROR jobs.conf:1: <Module>: {was}"
        assert jobs(daemon) == [("web-home", 60.0)]
    assert expected in lines
    assert host.values == []


def test_a_block_that_cannot_be_loaded_any_more_goes_on_as_it_was(tmp_path: Path) -> None:
    """Its key has changed and its feature file has a typo now: the last good jobs run; a new block says it cannot."""
    file = write_feature(tmp_path, DOWN)
    with running("Interval 3600\n" + scenario("web", file)) as (host, daemon):
        write_feature(tmp_path, "When I dance")
        again = "Interval 3600\n" + scenario("web", file, "MaxRedirects 3") + scenario("new", file)
        assert daemon.reload(module(again))
        host.until(lambda: len(jobs(daemon)) == 2)
        assert daemon._runner is not None
        found = {job.instance: job.trouble is None for job in daemon._runner._schedule.jobs}
        assert found == {"web-home": True, "new-home": False}


def test_a_job_that_goes_takes_its_alarm_along(tmp_path: Path) -> None:
    """As with a feature file that loses a scenario."""
    file = write_feature(tmp_path, DOWN)
    with running("Interval 1\n" + scenario("web", file) + scenario("other", file)) as (host, daemon):
        host.until(lambda: {n.plugin_instance for n in host.notifications} == {"web-home", "other-home"})
        assert daemon.reload(module("Interval 1\n" + scenario("web", file)))
        host.until(lambda: host.notifications[-1].severity is Severity.OKAY)
    assert (host.notifications[-1].plugin_instance, host.notifications[-1].message) == (
        "other-home",
        "no longer monitored: the job was removed from the configuration",
    )


def test_state_goes_on_without_a_state_dir(tmp_path: Path) -> None:
    """What is in memory only: an AUTH hold-off is not forgotten because a file was read again."""
    file = write_feature(tmp_path, DOWN)
    with running(scenario("web", file)) as (_, daemon):
        state = daemon._configuration.blocks[0].common.state
        assert daemon.reload(module(scenario("web", file, "MaxRedirects 3")))
        assert daemon._configuration.blocks[0].common.state is state


# Who has StateDir.


@pytest.mark.parametrize("door", [Door.EXEC, Door.SERVE])
@pytest.mark.parametrize("other", [Door.EMBEDDED, Door.EXEC, Door.SERVE])
def test_another_door_has_it(tmp_path: Path, door: Door, other: Door) -> None:
    """Then it is refused; when the other has ended, it is not."""
    text = f'StateDir "{tmp_path}/state"\n' + scenario("web", write_feature(tmp_path, DOWN))
    daemon = Daemon(Host(), door)
    daemon.section(module(text))
    with running(text, other):
        with pytest.raises(Held) as refused:
            daemon.start()
        held = f"StateDir {tmp_path}/state is held by another process: exec, serve and collectd need one each"
        assert str(refused.value) == held
    daemon.start()
    daemon.stop()


def test_the_embedded_door_goes_without(tmp_path: Path) -> None:
    """collectd does not end for that: the jobs run, and what they keep is in memory; two collectds share."""
    text = f'StateDir "{tmp_path}/state"\nInterval 1\n' + scenario("web", write_feature(tmp_path, DOWN))
    with hold_of(tmp_path), logged() as lines, running(text, Door.EMBEDDED) as (host, _):
        host.until(lambda: host.values)
    assert list((tmp_path / "state").iterdir()) == []
    assert [line.partition(":")[0] for line in lines if "held" in line] == [
        f"ERROR StateDir {tmp_path}/state is held by another process"
    ]
    with running(text, Door.EMBEDDED), running(text, Door.EMBEDDED):
        pass


@contextmanager
def hold_of(folder: Path) -> Iterator[None]:
    lock = hold(f"{folder}/state")
    try:
        yield
    finally:
        lock.release()


# What is read.


def problems_of(path: Path) -> Sequence[str]:
    return [str(problem) for problem in read(str(path))[1]]


def test_what_is_read(tmp_path: Path) -> None:
    """What stands in a ``<Module>``, bare; not a collectd.conf, nor nothing."""
    conf = tmp_path / "jobs.conf"
    conf.write_text('Interval 5\n<Clock "local">\nTimeout 3\n</Clock>\n')
    node, problems = read(str(conf))
    assert ([child.key for child in node.children], problems) == (["Interval", "Clock"], [])
    conf.write_text('LoadPlugin python\n<Plugin python>\nImport "x"\n</Plugin>\n')
    wanted = "expected the content of <Module collectd_inode> alone, without LoadPlugin and Plugin"
    assert problems_of(conf) == [f"{conf}:1: {wanted}"]
    conf.write_text("")
    assert problems_of(conf) == [f"{conf}:1: the configuration is empty: collectd does not start"]
    assert problems_of(tmp_path / "none") == [f"{tmp_path}/none: cannot read it: No such file or directory"]
    assert str(ConfigurationRefused(["one", "two"])) == "one"
