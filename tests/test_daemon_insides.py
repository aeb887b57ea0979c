"""What is behind collectd's callbacks, with a daemon that only takes notes."""

from __future__ import annotations

import importlib
import logging
import os
import queue
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from examples import OPEN, SetClock, logged, observed, passing, write_feature
from faults import FaultySite

from collectd_inode import daemon, state
from collectd_inode.daemon import Daemon, Drain, Records, as_node, in_state_dir
from collectd_inode.oconfig import Node, parse
from collectd_inode.report import status
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.status import read_all
from collectd_inode.report.values import Value
from collectd_inode.run import Cause, Failure, Run
from collectd_inode.schedule import Health
from collectd_inode.state import Writer, files


@dataclass
class Collectd:
    """Takes notes."""

    values: list[Value] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    reads: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    arrived: queue.Queue[Value] = field(default_factory=queue.Queue)
    broken: set[str] = field(default_factory=set)
    """Plugin instances whose values are not taken."""

    def dispatch(self, value: Value) -> None:
        if value.plugin_instance in self.broken:
            raise RuntimeError("no more room")
        self.values.append(value)
        self.arrived.put(value)

    def notify(self, notification: Notification) -> None:
        self.notifications.append(notification)

    def every(self, seconds: float, callback: Callable[[], None]) -> None:
        self.reads.append((seconds, callback))

    def success(self) -> list[tuple[str, float, float]]:
        """Instance, value and time of each bool-success."""
        return [(v.plugin_instance, v.value, v.time) for v in self.values if v.type == "bool"]


def in_a_read_thread(callback: Callable[[], None]) -> None:
    """As collectd calls it; in the main thread it is ``collectd -T``."""
    thread = threading.Thread(target=callback)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


async def refused(run: Run) -> None:
    with run.step(OPEN):
        raise Failure(Cause.REFUSED, "503")


async def broken(run: Run) -> None:
    with run.step(OPEN):
        raise ZeroDivisionError


# The drain


def test_a_job_has_at_most_one_observation_a_pass() -> None:
    """collectd's write threads reorder bursts; the others wait for the next pass, in order."""
    host = Collectd()
    drain = Drain(host)
    for slot in (1.0, 2.0, 3.0):
        drain.put(observed(passing, host="a"), slot)
    drain.put(observed(passing, host="b"), 4.0)
    passes = []
    for _ in range(4):
        host.values.clear()
        in_a_read_thread(drain.read)
        passes.append([(v.host, v.time) for v in host.values if v.type == "bool"])
    assert passes == [[("a", 1.0), ("b", 4.0)], [("a", 2.0)], [("a", 3.0)], []]


def test_the_drain_tells_of_changes_once() -> None:
    """A notification and a line in the log where the status changes; good news at the start is none."""
    host = Collectd()
    drain = Drain(host)
    with logged() as lines:
        for slot, probe in enumerate((passing, passing, refused, refused, broken, passing)):
            drain.put(observed(probe, host="www"), float(slot))
            in_a_read_thread(drain.read)
    assert [(n.severity, n.message, n.time) for n in host.notifications] == [
        (Severity.FAILURE, 'refused: go to "/": 503', 2.0),
        (Severity.OKAY, "passed: 2 steps in 0.250 s", 5.0),
    ]
    changes = [line for line in lines if "scenario/web-home" in line]
    place = f"({__file__}:{broken.__code__.co_firstlineno + 2})"
    assert changes == [
        'WARNING scenario/web-home: passed → failed: refused: go to "/": 503',
        f'WARNING scenario/web-home: failed → error: error: go to "/": ZeroDivisionError: {place}',
        "INFO scenario/web-home: error → passed: passed: 2 steps in 0.250 s",
    ]
    assert "ERROR     ZeroDivisionError" in lines


def test_a_value_that_collectd_does_not_take_costs_one_observation() -> None:
    """The read callback never raises, and the others go out."""
    host = Collectd(broken={"web-home"})
    drain = Drain(host)
    drain.put(observed(passing, host="a"), 1.0)
    drain.put(observed(passing, host="b"), 1.0)
    with logged() as lines:
        in_a_read_thread(drain.read)
        host.broken.clear()
        drain.put(observed(passing, host="a"), 2.0)
        in_a_read_thread(drain.read)
    assert [line.splitlines()[0] for line in lines] == ["ERROR bug: scenario/web-home was not dispatched"] * 2
    assert host.success() == [("web-home", 1.0, 2.0)]


def test_a_closed_drain_says_nothing() -> None:
    """collectd frees its lists while it stops."""
    host = Collectd()
    drain = Drain(host)
    drain.put(observed(broken), 1.0)
    drain.closed = True
    with logged() as lines:
        in_a_read_thread(drain.read)
    assert (host.values, host.notifications, lines) == ([], [], [])


def test_a_drain_that_nobody_reads_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest observations are dropped."""
    monkeypatch.setattr(daemon, "QUEUE_LENGTH", 3)
    host = Collectd()
    drain = Drain(host)
    for number in range(9):
        drain.put(observed(passing, host=str(number)), float(number))
    in_a_read_thread(drain.read)
    assert [v.time for v in host.values if v.type == "bool"] == [6.0, 7.0, 8.0]


def test_the_plugin_s_own_health_goes_out_every_minute() -> None:
    """The first at once, then on the minute's grid; when the clock was set back, from there on."""
    host, clock = Collectd(), SetClock(600.0)
    drain = Drain(host, clock)
    drain.runner = SimpleNamespace(health=lambda: Health(0.25, 1, 2, 3))  # type: ignore[assignment]  # a fake
    times = []
    for moved in (1, 58, 1, 59, 120, -3600):
        clock.epoch += moved
        host.values.clear()
        in_a_read_thread(drain.read)
        times.append(sorted({v.time for v in host.values}))
    assert times == [[601.0], [], [660.0], [], [780.0], [-2820.0]]
    assert [(v.identity, v.value) for v in host.values] == [
        ("inode_probe/latency-loop_lag", 0.25),
        ("inode_probe/count-jobs", 2.0),
        ("inode_probe/count-late", 1.0),
        ("inode_probe/gauge-config_errors", 3.0),
    ]


def test_an_overload_is_told_once_and_so_is_its_end() -> None:
    """More is configured than can be done in its interval: the log says so, with what to do."""
    clock = SetClock(600.0)
    drain = Drain(Collectd(), clock)
    late = iter([0, 3, 5, 0, 0])
    drain.runner = SimpleNamespace(health=lambda: Health(0.25, next(late), 20, 0))  # type: ignore[assignment]  # a fake
    with logged() as lines:
        for _ in range(5):
            clock.epoch += 60
            in_a_read_thread(drain.read)
    assert lines == [
        "WARNING 3 runs of 20 jobs began late or were left out in the last minute (the loop was held up by 0.25 s):"
        " more is configured than can be done here; longer Intervals, fewer jobs or a second collectd help",
        "INFO every run began on time in the last minute",
    ]


# What is known of the jobs


def seen(folder: Path, *probes: Any, clock: SetClock | None = None, **more: Any) -> tuple[Collectd, list[str]]:
    """What a daemon that starts here tells and logs when a job's runs come out like this; then it is gone."""
    host = Collectd()
    records = Records(str(folder))
    drain = Drain(host, clock or SetClock(), records)
    with logged() as lines:
        records.load(in_state_dir(str(folder)))
        for slot, probe in enumerate(probes):
            drain.put(observed(probe, **more), float(slot))
            in_a_read_thread(drain.read)
    return host, lines


def test_a_restart_tells_nothing_twice(tmp_path: Path) -> None:
    """A job that is still bad has been told; its recovery is told at the first good run.  The log says both again."""
    said = [[n.severity.name for n in seen(tmp_path, *probes)[0].notifications] for probes in ([refused], [refused])]
    assert said == [["FAILURE"], []]
    host, lines = seen(tmp_path, broken)
    assert host.notifications == []
    assert lines[0].startswith("WARNING scenario/web-home: failed → error: error: ")
    host, lines = seen(tmp_path, broken)
    assert lines[0].startswith("WARNING scenario/web-home: error: error: ")
    host, lines = seen(tmp_path, passing, passing)
    assert [(n.severity, n.message) for n in host.notifications] == [(Severity.OKAY, "passed: 2 steps in 0.250 s")]
    assert lines == ["INFO scenario/web-home: error → passed: passed: 2 steps in 0.250 s"]
    host, lines = seen(tmp_path, passing)
    assert (host.notifications, lines) == ([], [])


def test_runs_before_a_restart_count_for_confirm(tmp_path: Path) -> None:
    """Two bad ones, a restart, a third."""
    assert seen(tmp_path, refused, refused, confirm=3)[0].notifications == []
    assert len(seen(tmp_path, refused, confirm=3)[0].notifications) == 1


def test_without_a_folder_a_restart_knows_nothing() -> None:
    """Told in this process is told."""
    for _ in range(2):
        host = Collectd()
        drain = Drain(host)
        for slot in (1.0, 2.0):
            drain.put(observed(refused), slot)
            in_a_read_thread(drain.read)
        assert len(host.notifications) == 1


def test_a_record_is_on_disk_for_its_owner_only(tmp_path: Path) -> None:
    """As the last run left it; the folder is made."""
    folder = tmp_path / "inode"
    seen(folder, passing, refused, host="www")
    (file,) = folder.iterdir()
    assert file.name == "status-scenario-web-home@www.json"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]
    (record,) = read_all(str(folder))[0]
    assert (record.status, record.cause, record.step, record.told) == ("failed", "refused", 'go to "/"', True)


def test_a_record_that_cannot_be_read_is_told_and_written_anew(tmp_path: Path) -> None:
    """From a newer version, say: the others are as they were."""
    seen(tmp_path, refused)
    seen(tmp_path, refused, host="www")
    file = tmp_path / "status-scenario-web-home.json"
    file.write_text('{"version": 2}')
    host, lines = seen(tmp_path, refused, host="www")
    assert host.notifications == []
    assert lines[0] == (
        f"WARNING {file} cannot be read: a newer version has written it (its format is 2, this one reads 1);"
        " what it knew of its job is forgotten"
    )
    assert len(seen(tmp_path, refused)[0].notifications) == 1
    assert len(read_all(str(tmp_path))[0]) == 2
    (tmp_path / "file").write_text("")
    assert seen(tmp_path / "file")[1] == [
        f"WARNING {tmp_path}/file cannot be read: Not a directory; what was known about the jobs is forgotten"
    ]


def test_jobs_that_are_gone_are_forgotten_after_an_hour(tmp_path: Path) -> None:
    """Not those of another daemon that runs, nor what will run yet: an hour and three intervals are waited for."""
    clock = SetClock()
    began = clock.epoch
    records = {
        "gone": began,
        "mine": began,
        "hourly": began,
        "other": began + 3500,
    }
    writer = Writer()
    for name, start in records.items():
        record = status.following(
            None, replace(observed(refused, interval=3600.0 if name == "hourly" else 60.0), time=start)
        )
        record = replace(record, instance=name)
        writer.replace(status.path(str(tmp_path), record.identity), status.text(record))
    kept = Records(str(tmp_path))
    kept.load(files(str(tmp_path)))
    drain = Drain(Collectd(), clock, kept)
    drain.configured = lambda: {("", "scenario", "mine")}
    found = []
    for seconds in (3599, 2, 3599, 3 * 3600):
        clock.pass_by(seconds)
        in_a_read_thread(drain.read)
        found.append(sorted(record.instance for record in read_all(str(tmp_path))[0]))
    assert found == [
        ["gone", "hourly", "mine", "other"],
        ["hourly", "mine", "other"],
        ["hourly", "mine", "other"],
        ["mine"],
    ]


def test_a_job_that_there_is_no_more_takes_its_alarm_along(tmp_path: Path) -> None:
    """Its file has changed: nobody else would ever take the alarm back.  What has not been told is not taken back."""
    host = Collectd()
    clock = SetClock()
    records = Records(str(tmp_path))
    drain = Drain(host, clock, records)
    jobs = {("www", "scenario", "web-home"), ("", "scenario", "web-home")}
    drain.configured = lambda: jobs
    for slot, observation in enumerate((observed(refused, host="www"), observed(refused, confirm=2))):
        drain.put(observation, float(slot))
    in_a_read_thread(drain.read)
    assert len(list(tmp_path.iterdir())) == 2
    assert [(n.severity.name, n.host) for n in host.notifications] == [("FAILURE", "www")]
    jobs.clear()
    drain.put(observed(refused, host="www"), 2.0)  # it was under way
    for _ in range(2):
        in_a_read_thread(drain.read)
    said = "no longer watched: there is no such job any more"
    assert host.notifications[1:] == [Notification(Severity.OKAY, said, "www", "scenario", "web-home", clock.now())]
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_hangs_holds_up_neither_the_runs_nor_the_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values and notifications go out; the daemon stops all the same."""
    go = threading.Event()
    monkeypatch.setattr(state, "_replace", lambda *_: go.wait(20))
    feature = write_feature(tmp_path, 'When I go to "http://127.0.0.1:1/"')
    text = f'StateDir "{tmp_path}/inode"\nInterval 1\n<Scenario "web">\nFeature "{feature}"\n</Scenario>\n'
    with running(text) as (host, made):
        for _ in range(2):
            host.arrived = queue.Queue()
            assert next_success(host, {"web-home"}) == {"web-home": 0.0}
        assert len(host.notifications) == 1
        made.stop()
    writing = [thread for thread in threading.enumerate() if thread.name == "collectd_inode-state"]
    assert len(writing) == 1
    go.set()
    writing[0].join(10)
    assert not writing[0].is_alive()


def test_a_disk_that_hangs_holds_up_the_start_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of StateDir that gives no answer: the jobs run all the same, and what they knew is forgotten."""
    monkeypatch.setattr(daemon, "READ_SECONDS", 0.2)
    folder = tmp_path / "inode"
    folder.mkdir()
    os.mkfifo(folder / "status-clock-local.json")
    text = f'StateDir "{folder}"\nInterval 1\n<Clock "local">\n</Clock>\n'
    with logged() as lines, running(text) as (host, _):
        assert "local" in next_success(host, {"local"})
    answer = os.open(folder / "status-clock-local.json", os.O_WRONLY | os.O_NONBLOCK)  # somebody is waiting for it
    os.close(answer)
    told = f"WARNING {folder} cannot be read: no answer within 0.2 s; what was known about the jobs is forgotten"
    assert told in lines


def test_what_a_job_knew_is_read_once_and_before_its_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run looks into StateDir, and what is broken there is said once, whichever job it belongs to."""
    folder = tmp_path / "inode"
    folder.mkdir()
    for name in ("clock-local", "ntp-time", "status-clock-local"):
        (folder / f"{name}.json").write_text("{")
    reads = []
    read = state._read

    def noted(path: Path) -> bytes | OSError:
        reads.append(path.name)
        return read(path)

    monkeypatch.setattr(state, "_read", noted)
    text = f'StateDir "{folder}"\nInterval 1\n<Clock "local">\n</Clock>\n'
    with logged() as lines, running(text) as (host, _):
        for _ in range(2):
            host.arrived = queue.Queue()
            next_success(host, {"local"})
    assert reads == ["clock-local.json", "ntp-time.json", "status-clock-local.json"]
    assert [line.partition(" cannot")[0] for line in lines if "cannot be read" in line] == [
        f"WARNING {folder}/{name}.json" for name in ("clock-local", "ntp-time", "status-clock-local")
    ]


def test_a_daemon_keeps_its_jobs_state_through_its_writer(tmp_path: Path) -> None:
    """Also the jobs' own memories; what waits at the stop is written."""
    clock = f'StateDir "{tmp_path}/inode"\nInterval 1\n<Clock "local">\n</Clock>\n'
    with running(clock) as (host, _):
        next_success(host, {"local"})
        assert [thread.name for thread in threading.enumerate()].count("collectd_inode-state") == 1
    assert "collectd_inode-state" not in [thread.name for thread in threading.enumerate()]
    assert sorted(file.name for file in (tmp_path / "inode").iterdir()) == [
        "clock-local.json",
        "status-clock-local.json",
    ]


# The daemon


def section(text: str) -> Any:
    """A ``<Module>`` section as collectd hands it over: objects with key, values and children."""

    def theirs(node: Node) -> Any:
        return SimpleNamespace(key=node.key, values=node.values, children=tuple(map(theirs, node.children)))

    return theirs(Node("Module", ("collectd_inode",), parse(text)))


def test_collectd_s_tree_is_ours() -> None:
    """Numbers, booleans and texts, blocks in blocks."""
    text = '<Scenario "web">\nInterval 5\nNotify "none"\n<Inner>\nX true\n</Inner>\n</Scenario>\n'
    ours = as_node(section(text))
    assert (ours.key, ours.values) == ("Module", ("collectd_inode",))
    assert ours.children == tuple(_without_places(node) for node in parse(text))
    assert as_node(SimpleNamespace(key="K", values=(b"caf\xc3\xa9",), children=())).values == ("café",)


def _without_places(node: Node) -> Node:
    return Node(node.key, node.values, tuple(map(_without_places, node.children)))


@contextmanager
def running(text: str) -> Iterator[tuple[Collectd, Daemon]]:
    """A started daemon; what it has observed is dispatched whenever collectd's clock strikes."""
    host = Collectd()
    made = Daemon(host)
    made.section(section(text))
    made.start()
    try:
        yield host, made
    finally:
        made.stop()


def next_success(host: Collectd, instances: set[str]) -> dict[str, float]:
    """bool-success of each instance, as soon as each has been heard of."""
    found: dict[str, float] = {}
    [(_, read)] = host.reads
    for _ in range(1000):
        in_a_read_thread(read)
        try:
            value = host.arrived.get(timeout=0.01)
        except queue.Empty:
            continue
        if value.type == "bool":
            found[value.plugin_instance] = value.value
        if set(found) >= instances:
            return found
    raise AssertionError(f"only {found} of {instances}")


def test_configured_jobs_are_observed_beside_broken_ones(tmp_path: Path) -> None:
    """A faulty block is refused with every problem named, and reports that it cannot run; the rest runs."""
    feature = write_feature(tmp_path, 'When I go to "/fine"\nThen I should see "Welcome"')
    typo = write_feature(tmp_path, 'When I go to "/fine"\nThen I sohuld see "Welcome"', "typo.feature")
    with FaultySite() as site, logged() as lines:
        text = (
            f'Interval 1\n<Scenario "web">\nBaseURL "{site.url}"\nFeature "{feature}"\n</Scenario>\n'
            f'<Scenario "typo">\nBaseURL "{site.url}"\nFeature "{typo}"\n</Scenario>\n'
            f'<Scenario "lost">\nFeature "{tmp_path}/gone.feature"\n</Scenario>\n'
            f'<Scenario "wrong">\nFeatur "{feature}"\n</Scenario>\n'
        )
        with running(text) as (host, _):
            assert [seconds for seconds, _ in host.reads] == [1.0]
            found = next_success(host, {"web-home", "typo-home", "lost", "wrong"})
    assert found == {"web-home": 1.0, "typo-home": 0.0, "lost": 0.0, "wrong": 0.0}
    assert [line for line in lines if line.startswith("ERROR")] == [
        f'ERROR <Scenario "wrong"> Featur "{feature}": unknown key; did you mean Feature?',
        f'ERROR {typo}:4:5: <Scenario "typo">: undefined step: I sohuld see "Welcome"; did you mean:'
        ' I should see "Welcome"',
        *_help(lines),
        f'ERROR <Scenario "lost">: Feature "{tmp_path}/gone.feature": expected a file, a folder or a glob with feature'
        " files in it",
    ]
    assert "INFO observing 4 jobs" in lines


def _help(lines: list[str]) -> list[str]:
    """What is said below a mistake; at least that the step may be written."""
    found = [line for line in lines if line.startswith("ERROR     ")]
    assert 'ERROR     @step("I sohuld see {string}")' in found
    return found


def test_strictness_refuses_at_the_end_of_its_own_section() -> None:
    """With the first mistake and how many there are; all of them are in the log."""
    made = Daemon(Collectd())
    with logged() as lines:
        refusal = made.section(section("StrictConfig true\nZzz 1\nInterval 0\n"))
    first = (
        "<Module> Zzz 1: unknown key; known here: AddressFamily, Clock, Confirm, Host, Interval, NTP, Notify,"
        " Scenario, Smarthost"
    )
    assert refusal == f"{first}, StateDir, StrictConfig, Timeout (2 in all, each in the log; StrictConfig is true)"
    assert len([line for line in lines if line.startswith("ERROR")]) == 2
    assert Daemon(Collectd()).section(section("Zzz 1\n")) == ""


def test_nothing_to_do_is_said() -> None:
    """Nothing ran is never OK."""
    with logged() as lines, running("Interval 5\n"):
        pass
    assert lines == [
        "ERROR nothing to do: no job is configured",
        "INFO no StateDir: what is known about the jobs is forgotten when the daemon stops",
        "INFO observing 0 jobs",
    ]


def test_a_stop_before_the_start_does_no_harm() -> None:
    """collectd stops what it could not start."""
    made = Daemon(Collectd())
    made.stop()
    assert made.section(section("Interval 5\n")) == ""


# The front door


class FakeCollectd(ModuleType):
    """The module that the daemon's interpreter has, as far as `plugin` uses it."""

    def __init__(self) -> None:
        super().__init__("collectd")
        self.lines: list[str] = []
        self.callbacks: dict[str, Any] = {}
        self.dispatched: list[dict[str, Any]] = []
        for level in ("error", "warning", "info"):
            setattr(self, level, lambda line, level=level: self.lines.append(f"{level} {line}"))
        for kind in ("config", "init", "shutdown", "read"):
            setattr(self, f"register_{kind}", self._registrar(kind))

    def _registrar(self, kind: str) -> Callable[..., None]:
        def register(callback: Any, *_: object, **named: object) -> None:
            self.callbacks[kind] = callback
            self.callbacks[f"{kind} name"] = named.get("name")

        return register

    def Values(self, **fields: Any) -> Any:  # noqa: N802  # collectd's name
        return SimpleNamespace(dispatch=lambda: self.dispatched.append(fields))

    def Notification(self, **fields: Any) -> Any:  # noqa: N802
        def dispatch() -> None:
            raise RuntimeError("no notification callbacks")  # what collectd says when nobody listens

        return SimpleNamespace(dispatch=dispatch)


@pytest.fixture
def front_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, FakeCollectd]]:
    """The plugin module, imported beside a fake daemon, registered."""
    log = logging.getLogger("collectd_inode")
    before = log.handlers, log.level, log.propagate
    fake = FakeCollectd()
    monkeypatch.setitem(sys.modules, "collectd", fake)
    monkeypatch.delitem(sys.modules, "collectd_inode.plugin", raising=False)
    module = importlib.import_module("collectd_inode.plugin")
    module.register()
    yield module, fake
    log.handlers, log.level, log.propagate = before[0], before[1], before[2]
    sys.modules.pop("collectd_inode.plugin", None)


def test_the_life_of_the_plugin(front_door: tuple[Any, FakeCollectd], tmp_path: Path) -> None:
    """Config, init, read, shutdown; afterwards nothing reaches collectd's log any more."""
    _, fake = front_door
    feature = write_feature(tmp_path, 'When I go to "http://127.0.0.1:1/"')
    assert fake.callbacks["config name"] == "collectd_inode"
    fake.callbacks["config"](section(f'Interval 1\n<Scenario "web">\nFeature "{feature}"\n</Scenario>\n'))
    fake.callbacks["init"]()
    assert fake.callbacks["read name"] == "collectd_inode"
    for _ in range(1000):
        in_a_read_thread(fake.callbacks["read"])
        if any(v["plugin"] == "scenario" for v in fake.dispatched):
            break
        threading.Event().wait(0.01)
    fake.callbacks["shutdown"]()
    before = list(fake.lines)
    logging.getLogger("collectd_inode").error("too late")
    assert fake.lines == before
    success = next(v for v in fake.dispatched if v["type"] == "bool")
    assert (success["plugin"], success["plugin_instance"], success["type_instance"], success["values"]) == (
        "scenario",
        "web-home",
        "success",
        [0.0],
    )
    assert success["interval"] == 1.0
    assert "info collectd_inode: observing 1 job" in fake.lines


def test_strictness_is_the_only_exception(front_door: tuple[Any, FakeCollectd]) -> None:
    """No other callback ever raises into collectd."""
    module, fake = front_door
    with pytest.raises(module.StrictConfigError, match=r"^<Module> Zzz 1: unknown key;"):
        fake.callbacks["config"](section("StrictConfig true\nZzz 1\n"))
    fake.callbacks["config"](None)
    assert "error collectd_inode: bug: a <Module> section was not understood" in fake.lines


def test_without_a_section_it_says_so(front_door: tuple[Any, FakeCollectd]) -> None:
    """And the daemon starts."""
    _, fake = front_door
    fake.callbacks["init"]()
    fake.callbacks["shutdown"]()
    assert fake.lines == [
        "error collectd_inode: nothing to do: no <Module collectd_inode> section was read; Import must stand before it"
    ]


def test_a_broken_dependency_is_a_line_in_the_log(
    front_door: tuple[Any, FakeCollectd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the mend; init and shutdown pass over it."""
    _, fake = front_door
    monkeypatch.setitem(sys.modules, "collectd_inode.daemon", None)
    for name in ("config", "init", "shutdown"):
        fake.callbacks[name](*([section("Interval 5\n")] if name == "config" else []))
    assert fake.lines == [
        "error collectd_inode: cannot run: import of collectd_inode.daemon halted; None in sys.modules; ModulePath must"
        " name the site-packages folder of an environment that holds collectd_inode and was made by the same Python as"
        " collectd's"
    ]


def test_a_long_line_is_cut_as_collectd_would_but_not_inside_a_character(
    front_door: tuple[Any, FakeCollectd],
) -> None:
    """Control characters become spaces, each line its own message."""
    _, fake = front_door
    logging.getLogger("collectd_inode").warning("a\x1b[1m\nb%s", "é" * 1000)
    logging.getLogger("collectd_inode").debug("nobody wants to know")
    assert fake.lines == ["warning collectd_inode: a [1m", "warning collectd_inode: b" + "é" * 491]
