"""What is behind collectd's callbacks, with a daemon that only takes notes."""

from __future__ import annotations

import importlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from collectd_inode import daemon, state
from collectd_inode.daemon import Daemon, as_node
from collectd_inode.model import Cause, Failure
from collectd_inode.oconfig import Node, parse
from collectd_inode.report import fleet
from collectd_inode.report import plan as job_plan
from collectd_inode.report import record as job_record
from collectd_inode.report.notification import Severity
from collectd_inode.report.record import following
from collectd_inode.run import Run
from collectd_inode.state import files
from tests.helpers.examples import HUNG, OPEN, logged, observed, passing, write_feature
from tests.helpers.faults import FaultySite
from tests.helpers.received import received
from tests.helpers.taking_notes import Collectd, in_a_read_thread


async def refused(run: Run) -> None:
    with run.step(OPEN):
        raise Failure(Cause.REFUSED, "503")


async def broken(run: Run) -> None:
    with run.step(OPEN):
        raise ZeroDivisionError


# What the last daemon knew


def test_a_job_that_is_no_longer_configured_at_a_start_takes_its_alarm_back(tmp_path: Path) -> None:
    """As the last daemon's plan says; not one of a block whose file cannot be read, nor another daemon's."""
    good = write_feature(tmp_path, 'When I go to "http://127.0.0.1:1/"')
    bad_file = tmp_path / "bad.feature"
    bad_file.write_text("Featur: x\n")
    folder = tmp_path / "inode"
    folder.mkdir()
    records = {
        name: replace(following(None, replace(observed(refused), time=time.time())), job=job, instance=name)
        for name, job in (("old", "old"), ("bad-x", "bad"), ("theirs", "theirs"), ("web-home", "web"))
    }
    for record in records.values():
        job_record.path(str(folder), record.identity).write_text(job_record.text(record))
    planned = [
        job_plan.Planned("", "scenario", record.job, name, 60.0, 0.0)
        for name, record in records.items()
        if name != "theirs"
    ]
    plan = job_plan.Plan(os.getpid(), 0.0, tuple(planned))
    job_plan.path(str(folder)).write_text(job_plan.text(plan))
    blocks = f'<Scenario "web">\nFeature "{good}"\n</Scenario>\n<Scenario "bad">\nFeature "{bad_file}"\n</Scenario>'
    with running(f'StateDir "{folder}"\nInterval 3600\n{blocks}\n') as (host, _):
        [(_, read)] = host.reads
        for _ in range(2):
            in_a_read_thread(read)
    assert [(n.severity, n.plugin_instance, n.message) for n in host.notifications] == [
        (Severity.OKAY, "old", "no longer monitored: the job was removed from the configuration")
    ]
    assert sorted(file.name for file in folder.iterdir() if file.name != "jobs.json") == [
        "status-scenario-bad-x.json",
        "status-scenario-theirs.json",
        "status-scenario-web-home.json",
    ]


def test_a_disk_that_hangs_holds_up_neither_the_runs_nor_the_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values and notifications go out; the daemon stops all the same."""
    go = threading.Event()
    monkeypatch.setattr(state, "replace_now", lambda *_: go.wait(HUNG))
    monkeypatch.setattr(state, "STOP_SECONDS", 0.01)
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
    writing[0].join(HUNG)
    assert not writing[0].is_alive()


def test_a_disk_that_hangs_holds_up_the_start_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of StateDir that gives no answer: the jobs run all the same, and what they knew is forgotten."""
    monkeypatch.setattr(daemon, "READ_SECONDS", 0.2)
    folder, answers = tmp_path / "inode", threading.Event()
    folder.mkdir()

    def hanging(folder: str) -> dict[Path, bytes | OSError]:
        answers.wait(HUNG)
        return {}

    monkeypatch.setattr(daemon, "files", hanging)
    text = f'StateDir "{folder}"\nInterval 1\n<Clock "local">\n</Clock>\n'
    with logged() as lines, running(text) as (host, _):
        assert "local" in next_success(host, {"local"})
    answers.set()
    told = f"WARNING {folder} cannot be read: no answer within 0.2 s; notification state, hold-offs and scores are lost"
    assert told in lines


def test_what_a_job_knew_is_read_once_and_before_its_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run looks into StateDir, and what is broken there is said once, whichever job it belongs to."""
    folder = tmp_path / "inode"
    folder.mkdir()
    for name in ("clock-local", "ntp-time", "status-clock-local"):
        (folder / f"{name}.json").write_text("{")
    reads = []
    read = state.content_of

    def noted(path: Path) -> bytes | OSError:
        reads.append(path.name)
        return read(path)

    monkeypatch.setattr(state, "content_of", noted)
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
        "history-clock-local.jsonl",
        "jobs.json",
        "status-clock-local.json",
    ]


def test_what_has_not_run_yet_is_in_state_dir(tmp_path: Path) -> None:
    """With its first run, within a minute; a job that ran within its interval waits for its slot."""
    feature = write_feature(tmp_path, 'When I go to "http://127.0.0.1:1/"')
    block = f'<Scenario "web">\nFeature "{feature}"\nInterval 86400\n</Scenario>'
    text = f'StateDir "{tmp_path}/inode"\n{block}\n<Clock "local">\nInterval 86400\n</Clock>\n'
    kept = tmp_path / "inode" / "status-clock-local.json"
    kept.parent.mkdir()
    ran = following(None, replace(observed(passing), time=time.time() - 600))
    kept.write_text(job_record.text(replace(ran, kind="clock", job="local", instance="local", interval=86400.0)))
    with running(text):
        pass
    plan = job_plan.parse((tmp_path / "inode" / "jobs.json").read_bytes())
    assert plan is not None
    waits = {job.instance: job.next - plan.written for job in plan.jobs}
    assert plan.pid == os.getpid()
    assert 0 <= waits["web-home"] <= 60 or waits["web-home"] == pytest.approx(86400, abs=60)  # its slot, by chance
    assert 60 < waits["local"] <= 86400


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
    end = time.monotonic() + HUNG
    while time.monotonic() < end:
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
            expected = {"web-home": 1.0, "typo-home": 0.0, "lost": 0.0, "wrong": 0.0}
            # The first run may take longer than a second on a busy machine.
            found = next(f for _ in range(30) if (f := next_success(host, set(expected)))["web-home"])
    assert found == expected
    assert [line for line in lines if line.startswith("ERROR")] == [
        f'ERROR <Scenario "wrong"> Featur "{feature}": unknown key; did you mean Feature?',
        f'ERROR {typo}:4:5: <Scenario "typo">: undefined step: I sohuld see "Welcome"; did you mean:'
        ' I should see "Welcome"',
        *_help(lines),
        f'ERROR <Scenario "lost">: Feature "{tmp_path}/gone.feature": expected a file, folder or glob with feature'
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
        "<Module> Zzz 1: unknown key; known here: AddressFamily, Clock, Confirm, ConfirmRecovery, Fleet, Heartbeat,"
        " Host, Interval, NTP, Notify, Quorum, RepeatInterval, SaveAge, SaveTotal, Scenario, Shard, Smarthost"
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
        "INFO no StateDir: notification state, hold-offs and scores are lost when the daemon stops",
        "INFO observing 0 jobs",
    ]


def test_a_hub_keeps_what_it_receives(tmp_path: Path) -> None:
    """A fleet is something to do without any job; without StateDir it is not, and the log says why."""
    listening: list[Any] = []
    made = Daemon(host := Collectd())
    made.listen = lambda _, fleet: listening.append(fleet)
    made.section(section(f'StateDir "{tmp_path}/inode"\nFleet true\n'))
    with logged() as lines:
        made.start()
        listening[0].take(received("scenario-web/bool-success", "dunedin", time=1.0, interval=60.0, values=[1.0]))
        in_a_read_thread(host.reads[0][1])
        made.stop()
    assert lines == ["INFO observing 0 jobs"]
    kept = fleet.among(files(str(fleet.folder(f"{tmp_path}/inode"))))[0]
    assert [(heard.host, list(heard.jobs)) for heard in kept] == [("dunedin", ["scenario/web"])]
    with logged() as lines, running("Fleet true\n"):
        pass
    assert [line for line in lines if "Fleet" in line] == [
        "WARNING <Module> Fleet true: without StateDir nothing is kept"
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
    end = time.monotonic() + HUNG
    while time.monotonic() < end and not any(v["plugin"] == "scenario" for v in fake.dispatched):
        in_a_read_thread(fake.callbacks["read"])
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
    assert "error collectd_inode: bug: cannot read a <Module> section" in fake.lines


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
        "error collectd_inode: cannot run: import of collectd_inode.daemon halted; None in sys.modules;"
        " run collectd-inode doctor to see what is missing; reinstall collectd_inode with collectd's Python"
    ]


def test_a_long_line_is_cut_as_collectd_would_but_not_inside_a_character(
    front_door: tuple[Any, FakeCollectd],
) -> None:
    """Control characters become spaces, each line its own message."""
    _, fake = front_door
    logging.getLogger("collectd_inode").warning("a\x1b[1m\nb%s", "é" * 1000)
    logging.getLogger("collectd_inode").debug("nobody wants to know")
    assert fake.lines == ["warning collectd_inode: a [1m", "warning collectd_inode: b" + "é" * 491]
