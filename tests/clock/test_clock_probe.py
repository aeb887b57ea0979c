"""A run of a <Clock>: what it reads, what fails it, and what it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import SetClock
from machines import CHRONYD, CONTAINER, SYNCHRONISED, UNSYNCHRONISED, XEN, at, kernel, machine
from peers import tidily

from collectd_inode.clock.jobs import load
from collectd_inode.clock.kernel import Instruments, Kernel, KernelSilent, Look
from collectd_inode.clock.settings import CLOCK_KEYS, Settings, settings
from collectd_inode.keys import Common, Loaded
from collectd_inode.run import Cause, Job, Observation, Status, Warning, observe
from collectd_inode.state import State

NOW = 1_000_000.0


def job(root: str, instruments: Instruments, state: State | None = None, name: str | None = "local") -> Job:
    common = Common(state=state or State(), host="web1", interval=60, timeout=5, confirm=2)
    (made,) = load(name, Settings(root), common, instruments=instruments).jobs
    return made


def run(made: Job) -> Observation:
    return tidily(observe(made, SetClock(NOW)))


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
    assert (made.interval, made.deadline, made.confirm) == (60, 5, 2)
    assert [step.series for step in made.steps] == ["kernel", "machine", "diagnosis"]
    assert (CLOCK_KEYS, settings({})) == ((), Settings("/"))


def test_without_configuration_it_is_called_local() -> None:
    loaded = load(None, Settings(), Common())
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
            " remove it from the time daemon's servers, or tell whoever runs it",
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
        "chronyd runs, and the kernel is not synchronised;"
        " see whether it reaches its servers: chronyc sources, ntpq -p or timedatectl timesync-status",
    )


def silent() -> Kernel:
    raise KernelSilent("adjtimex: Operation not permitted")


def nothing() -> Look | None:
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
        "neither the kernel nor a vote of NTP servers says anything of this clock;"
        " add an <NTP> block, whose servers tell whether the clock is right"
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
    (made,) = load("local", Settings(), Common()).jobs
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
