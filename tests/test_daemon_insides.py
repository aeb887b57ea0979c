"""What is behind collectd's callbacks, with a daemon that only takes notes."""

from __future__ import annotations

import importlib
import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from examples import OPEN, SetClock, logged, observed, passing, write_feature
from faults import FaultySite

from collectd_inode import daemon
from collectd_inode.daemon import Daemon, Drain, as_node
from collectd_inode.oconfig import Node, parse
from collectd_inode.report.notification import Notification, Severity
from collectd_inode.report.values import Value
from collectd_inode.run import Cause, Failure, Run
from collectd_inode.schedule import Health


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
    assert "info collectd_inode: observing 1 jobs" in fake.lines


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
