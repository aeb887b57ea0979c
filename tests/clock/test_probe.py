"""A run of a <Clock>: what it reads, what fails it, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from collectd_inode.clock.jobs import load
from collectd_inode.clock.kernel import ClockReading, Instruments, Kernel, KernelSilent
from collectd_inode.clock.probe import ClockProbe
from collectd_inode.clock.settings import Settings
from collectd_inode.keys import BlockSettings, Loaded, keys_of
from collectd_inode.model import Cause, Confirm, Fact, Job, Observation, Status, Warning
from collectd_inode.observing import observe
from collectd_inode.state import State
from collectd_inode.timekeeper.account import Account, Peer
from collectd_inode.wire import Clock
from tests.helpers.examples import SetClock
from tests.helpers.machines import CHRONYD, CONTAINER, SYNCHRONISED, UNSYNCHRONISED, XEN, at, kernel, machine, process
from tests.helpers.peers import tidily

NOW = 1_000_000.0


def job(root: str, instruments: Instruments, state: State | None = None, name: str | None = "local") -> Job:
    common = BlockSettings(state=state or State(), host="web1", interval=60, timeout=5, confirm=Confirm(2, 2))
    (made,) = load(name, Settings(root), common, instruments=instruments).jobs
    return made


def run(made: Job, now: float = NOW) -> Observation:
    return tidily(observe(made, SetClock(now)))


def readings(observed: Observation) -> dict[str, float]:
    return {f"{r.type}-{r.type_instance}": r.value for r in observed.readings}


def vote(state: State, offset: float, *falsetickers: str) -> State:
    kept = {"offset": offset, "bound": 0.01, "time": NOW - 5, "sources": 3, "falsetickers": list(falsetickers)}
    state.of("ntp", "pool").write(kept)
    return state


def test_a_block_is_one_job(tmp_path: Path) -> None:
    """It takes the common keys and none of its own."""
    made = job(str(tmp_path), kernel(), name="Büro")
    assert (made.kind, made.name, made.instance, made.host) == ("clock", "Büro", "buro", "web1")
    assert (made.interval, made.deadline, made.confirm) == (60, 5, Confirm(2, 2))
    assert [step.series for step in made.steps] == ["kernel", "machine", "diagnosis"]
    assert (keys_of(Settings), Settings()) == ((), Settings("/"))


def test_without_configuration_it_is_called_local() -> None:
    loaded = load(None, Settings(), BlockSettings())
    assert [made.name for made in loaded.jobs] == ["local"]
    assert loaded == Loaded(loaded.jobs)


def test_a_clock_that_is_kept(tmp_path: Path) -> None:
    """All steps pass, none of them has a latency."""
    found = run(job(machine(tmp_path, CHRONYD), kernel(SYNCHRONISED, at(NOW))))
    assert (found.status, found.warnings) == (Status.PASSED, ())
    assert [(s.series, s.status, s.seconds) for s in found.steps] == [
        ("kernel", Status.PASSED, None),
        ("machine", Status.PASSED, None),
        ("diagnosis", Status.PASSED, None),
    ]
    assert readings(found) == {
        "bool-synchronised": 1,
        "time_dispersion-max_error": 0.012,
        "time_dispersion-estimated_error": 0.000_5,
        "frequency_offset-kernel": -3.25,
        "bool-settable": 1,
        "gauge-steps": 0,
        "gauge-steps_undone": 0,
        "gauge-diagnosis": 0,
    }


def test_no_daemon_and_nobody_who_knows_better(tmp_path: Path) -> None:
    found = run(job(machine(tmp_path), kernel(UNSYNCHRONISED, at(NOW))))
    assert (found.status, found.cause) == (Status.FAILED, Cause.UNSYNCHRONISED)
    assert found.message == (
        "no time daemon runs, and the kernel is not synchronised; install and start one, such as chrony"
    )
    assert found.bad_step is not None
    assert found.bad_step.series == "diagnosis"
    assert readings(found)["gauge-diagnosis"] == 1
    assert readings(found)["bool-synchronised"] == 0


def test_a_right_clock_that_nobody_keeps_pages_nobody(tmp_path: Path) -> None:
    """The vote of an <NTP> block says that it is right: a warning, and the diagnosis is told all the same."""
    found = run(job(machine(tmp_path), kernel(UNSYNCHRONISED, at(NOW)), vote(State(), 0.002)))
    assert found.passed
    assert [warning.code for warning in found.warnings] == ["no_daemon"]
    assert readings(found)["gauge-diagnosis"] == 1


def test_a_container_with_a_right_clock_is_fine(tmp_path: Path) -> None:
    """Its host keeps the time: not even a warning."""
    found = run(job(machine(tmp_path, CONTAINER), kernel(UNSYNCHRONISED, at(NOW)), vote(State(), 0.002)))
    assert (found.passed, found.warnings) == (True, ())
    assert (readings(found)["gauge-diagnosis"], readings(found)["bool-settable"]) == (0, 0)


def test_the_blog_post_s_clock(tmp_path: Path) -> None:
    """Twenty minutes behind on a Xen guest whose host drives it."""
    found = run(job(machine(tmp_path, XEN, CHRONYD), kernel(UNSYNCHRONISED, at(NOW)), vote(State(), 1200.0)))
    assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert found.message.startswith("this clock is 1200.000 s behind 3 sources: xen.independent_wallclock is 0")
    assert readings(found)["gauge-diagnosis"] == 3


def test_a_wrong_server_is_named(tmp_path: Path) -> None:
    """While this clock is right, on a machine whose kernel says unsynchronised."""
    found = run(job(machine(tmp_path), kernel(UNSYNCHRONISED, at(NOW)), vote(State(), 0.002, "ntp9.example.org")))
    assert found.passed
    assert found.warnings == (
        Warning(
            "server_wrong",
            "this clock is right (0.002 s behind 3 sources): wrong is ntp9.example.org;"
            " remove it, from the time daemon's servers too if it is one of them, or inform its owner",
        ),
    )


def test_a_step_and_its_undoing_over_three_runs_and_a_restart(tmp_path: Path) -> None:
    """The state is on disk: each run here is a daemon of its own."""
    root = machine(tmp_path / "root", CHRONYD)
    seen = []
    for look in (at(NOW, up=1000), at(NOW + 1260, up=1060), at(NOW + 120, up=1120)):
        state = State(str(tmp_path / "state"))
        found = run(job(root, kernel(UNSYNCHRONISED, look), state))
        values = readings(found)
        steps = [values.get(f"gauge-{name}") for name in ("step_seconds", "steps", "steps_undone", "diagnosis")]
        seen.append((*steps, [warning.code for warning in found.warnings]))
    assert seen == [
        (None, 0, 0, 2, []),
        (1200.0, 1, 0, 2, ["stepped"]),
        (-1200.0, 1, 1, 5, ["stepped", "stepped_back"]),
    ]


def test_a_vote_from_before_the_step_is_not_believed(tmp_path: Path) -> None:
    """It was right five seconds ago; since then the clock was set."""
    root, state = machine(tmp_path, CHRONYD), vote(State(), 0.002)
    run(job(root, kernel(UNSYNCHRONISED, at(NOW - 63, up=1000)), state))
    found = run(job(root, kernel(UNSYNCHRONISED, at(NOW, up=1060)), state))
    assert readings(found)["gauge-step_seconds"] == 3.0
    assert (found.cause, found.message) == (
        Cause.UNSYNCHRONISED,
        "chronyd runs, and the kernel is not synchronised; check whether it reaches its servers: chronyc sources",
    )


def silent() -> Kernel:
    raise KernelSilent("adjtimex: Operation not permitted")


def nothing() -> ClockReading | None:
    return None


def test_a_kernel_that_cannot_be_asked_beside_a_vote(tmp_path: Path) -> None:
    """What is known is told, what is not is absent."""
    found = run(job(machine(tmp_path, CHRONYD), Instruments(silent, nothing), vote(State(), 0.002)))
    assert found.passed
    assert found.warnings == (Warning("kernel_silent", "adjtimex: Operation not permitted"),)
    assert readings(found) == {
        "bool-settable": 1,
        "gauge-steps": 0,
        "gauge-steps_undone": 0,
        "gauge-diagnosis": 0,
    }


def test_a_clock_of_which_nothing_is_known_is_no_pass(tmp_path: Path) -> None:
    """The operator can mend it."""
    found = run(job(machine(tmp_path, CHRONYD), Instruments(silent, nothing)))
    assert (found.status, found.cause) == (Status.ERROR, Cause.CONFIGURATION)
    assert found.message == (
        "neither the kernel nor a vote of NTP servers gives information on this clock;"
        " add an <NTP> block, to compare the clock with servers"
    )
    assert "gauge-diagnosis" not in readings(found)


@pytest.mark.parametrize("kept", [{"boot": 3}, {"offset": "x"}])
def test_a_state_that_was_written_by_somebody_else(tmp_path: Path, kept: dict[str, object]) -> None:
    """It begins anew."""
    state = State()
    state.of("clock", "local").write(kept)
    found = run(job(machine(tmp_path, CHRONYD), kernel(SYNCHRONISED, at(NOW)), state))
    assert found.passed
    assert state.of("clock", "local").read()["steps"] == 0


def test_this_machine() -> None:
    """The real kernel and the real files: everything that can be known is sent."""
    (made,) = load("local", Settings(), BlockSettings()).jobs
    found = tidily(observe(made))
    assert found.status in (Status.PASSED, Status.FAILED)
    assert set(readings(found)) == {
        "bool-synchronised",
        "time_dispersion-max_error",
        "time_dispersion-estimated_error",
        "frequency_offset-kernel",
        "bool-settable",
        "gauge-steps",
        "gauge-steps_undone",
        "gauge-diagnosis",
    }


def test_two_who_set_the_clock_are_a_warning(tmp_path: Path) -> None:
    """The clock is right for now, and the run passes."""
    root = machine(tmp_path, CHRONYD, process(78, "systemd-timesyn"))
    found = run(job(root, kernel(SYNCHRONISED, at(NOW)), vote(State(), 0.002)))
    assert (found.status, readings(found)["gauge-diagnosis"]) == (Status.PASSED, 0)
    (warning,) = found.warnings
    assert warning.code == "two_setters"
    assert "chronyd" in warning.message
    assert "systemd-timesyncd" in warning.message


NEVER = "; none ever came on this day: compare with the IERS' bulletin C"


@pytest.mark.parametrize("state", ["insert", "delete"])
@pytest.mark.parametrize(
    ("day", "unusual"),
    [("2026-06-30", ""), ("2026-12-31", ""), ("2026-06-29", NEVER), ("2026-03-31", NEVER), ("2027-01-01", NEVER)],
)
def test_a_leap_second_that_is_pending_is_a_warning(tmp_path: Path, state: str, day: str, unusual: str) -> None:
    """The kernel inserts it at the end of whatever day."""
    now = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    says = Kernel(state, 0.012, 0.000_5, -3.25, 10000)
    found = run(job(machine(tmp_path, CHRONYD), kernel(says, at(now))), now)
    assert found.warnings == (
        Warning("leap_pending", f"the kernel will {state} a leap second at the end of the day (UTC){unusual}"),
    )


def test_blocks_that_disagree_do_not_flap(tmp_path: Path) -> None:
    """Whichever has voted last: one verdict, and no diagnosis is sent."""
    root, state, messages = machine(tmp_path, CHRONYD), vote(State(), 0.002), set()
    for age in (1, 9, 1, 9):
        kept = {"offset": 5.0, "bound": 0.01, "time": NOW - age, "sources": 3, "falsetickers": []}
        state.of("ntp", "second").write(kept)
        found = run(job(root, kernel(SYNCHRONISED, at(NOW)), state))
        assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)
        assert "gauge-diagnosis" not in readings(found)
        messages.add(found.message)
    assert messages == {
        'the blocks disagree: by <NTP "pool"> this clock is 0.002 s behind 3 sources,'
        ' by <NTP "second"> this clock is 5.000 s behind 3 sources;'
        " name three servers or more in one block, so that the wrong one can be identified"
    }


def test_the_daemon_s_own_account_is_read(tmp_path: Path) -> None:
    """Its offset, error, stratum, and the reach of the server that it follows."""
    told = Account("chronyd", "192.0.2.9", NOW - 30, 3, 0.25, 0.5, (Peer("192.0.2.9", 7, followed=True),))

    async def ask(clock: Clock, seconds: float) -> Account | None:
        return told

    made = job(machine(tmp_path, CHRONYD), kernel(SYNCHRONISED, at(NOW)))
    assert isinstance(made.probe, ClockProbe)
    found = run(replace(made, probe=replace(made.probe, daemon=ask)))
    read = readings(found)
    assert (read["time_offset-daemon"], read["time_dispersion-daemon"]) == (0.25, 0.5)
    assert (read["clock_stratum-daemon"], read["gauge-reach-daemon"]) == (3, 7)
    assert Fact("chronyd follows", "192.0.2.9") in found.facts


HOST_CLOCK = {"sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n", "dev/ptp0": ""}


def beside_a_host(root: str, behind: float | None, state: State | None = None) -> Observation:
    """A run on a guest that is so far behind its host."""
    asked: list[str] = []

    def host(device: str) -> float | None:
        asked.append(device)
        return behind

    common = BlockSettings(state=state or State(), interval=60, timeout=5)
    (made,) = load("local", Settings(root), common, instruments=kernel(SYNCHRONISED, at(NOW)), host=host).jobs
    found = run(made)
    assert asked == [f"{root}/dev/ptp0"]
    return found


@pytest.mark.parametrize(("behind", "where"), [(5.0, "5.000 s behind"), (-0.25, "0.250 s ahead of")])
def test_a_host_s_clock_that_differs_is_a_warning(tmp_path: Path, behind: float, where: str) -> None:
    """Which of the two is wrong, nobody knows."""
    found = beside_a_host(machine(tmp_path, CHRONYD, HOST_CLOCK), behind)
    assert (found.status, readings(found)["time_offset-host"]) == (Status.PASSED, behind)
    assert found.warnings == (Warning("host_apart", f"this clock is {where} its host's: one of the two is wrong"),)


def test_a_host_s_clock_beside_a_vote_that_calls_this_one_right(tmp_path: Path) -> None:
    found = beside_a_host(machine(tmp_path, CHRONYD, HOST_CLOCK), 5.0, vote(State(), 0.002))
    assert found.passed
    assert found.warnings == (
        Warning("host_apart", "this clock is 5.000 s behind its host's: the host's clock is wrong"),
    )


@pytest.mark.parametrize(
    ("behind", "says"),
    [(5.01, ", and its host's clock is right"), (0.01, ", and its host's clock is as far off"), (None, "")],
)
def test_a_wrong_clock_and_its_host_s(tmp_path: Path, behind: float | None, says: str) -> None:
    """A guest that was suspended, or one whose host is wrong."""
    found = beside_a_host(machine(tmp_path, CHRONYD, HOST_CLOCK), behind, vote(State(), 5.0))
    assert (found.status, found.warnings) == (Status.FAILED, ())
    assert found.message == (
        "this clock is 5.000 s behind 3 sources: chronyd runs, and the kernel is synchronised, with an error of at most"
        f" 0.012 s{says}; set it: chronyc makestep, once chronyc sources shows a server"
    )


def test_a_third_opinion(tmp_path: Path) -> None:
    """This clock is wrong, its host's is wrong by something else."""
    found = beside_a_host(machine(tmp_path, CHRONYD, HOST_CLOCK), 9.0, vote(State(), 5.0))
    assert found.status is Status.FAILED
    assert found.warnings == (Warning("host_apart", "this clock is 9.000 s behind its host's: both are wrong"),)


def test_a_host_s_clock_that_agrees_or_cannot_be_read(tmp_path: Path) -> None:
    root = machine(tmp_path, CHRONYD, HOST_CLOCK)
    assert beside_a_host(root, 0.000_02).warnings == ()
    assert "time_offset-host" not in readings(beside_a_host(root, None))


def test_a_made_up_machine_has_no_daemon_to_ask(tmp_path: Path) -> None:
    """What listens on this machine's loopback is not in those files."""
    for root, asks in (("/", True), (str(tmp_path), False)):
        probe = job(root, kernel()).probe
        assert isinstance(probe, ClockProbe)
        assert (probe.daemon is not None) is asks
