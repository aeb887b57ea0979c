"""scripts/drill: what it prints, and some of it with a real collectd."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks import drill
from benchmarks.drill import DRILLS, Done, Drill, Ground
from tests.helpers.collectd_process import CLEAN
from tests.helpers.places import ROOT

PAGE = ROOT / "docs" / "explanation" / "reliability.rst"


def drilled(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.drill", *words],
        cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip


def row(found: str) -> Drill:
    def do(ground: Ground) -> str:
        assert ground.site.url in ground.go("/fine")
        return found

    return Drill("row", "something", "fine: none", do)


def test_what_is_expected_and_what_is_not() -> None:
    """A line for each drill; another thing found than expected is shown beside it."""
    good, bad = drill.done(row("fine: none")), drill.done(row("fine: timeout"))
    assert (str(good), good.is_as_expected) == ("ok  row: something; found: fine: none; as expected", True)
    assert (str(bad), bad.is_as_expected) == ("BAD row: something; found: fine: timeout; expected: fine: none", False)


def test_a_drill_that_breaks_off(capsys: pytest.CaptureFixture[str]) -> None:
    """What went wrong is what was found; the log goes where it disturbs nobody."""

    def do(ground: Ground) -> str:
        raise AssertionError(f"it did not come about in 120 s\n{ground.folder.name}")

    broken = drill.done(Drill("row", "something", "fine: none", do))
    assert broken.found == "AssertionError: it did not come about in 120 s"
    assert capsys.readouterr().err.startswith("collectd-")


def test_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """1 if anything differs, in any cycle."""
    monkeypatch.setattr(drill, "DRILLS", (row("fine: none"),))
    assert drill.main(["--cycles", "2"]) == 0
    assert capsys.readouterr().out.endswith("\nall 2 are as expected\n")
    monkeypatch.setattr(drill, "DRILLS", (row("fine: none"), row("fine: timeout")))
    assert drill.main([]) == 1
    assert capsys.readouterr().out.endswith("\n1 of 2 differ\n")


def test_names() -> None:
    """Each is there once, and the page says how many there are; one that nobody knows is a usage error."""
    listed, unknown = drilled("--list"), drilled("embedded", "nonsense")
    assert [line.partition(":")[0] for line in listed.stdout.splitlines()] == [one.name for one in DRILLS]
    assert len({one.name for one in DRILLS}) == len(DRILLS)
    assert f"{len(DRILLS)} drills" in PAGE.read_text(encoding="utf-8")
    assert unknown.returncode == 2
    assert "scripts/drill: error: there is no nonsense; there are embedded, daemon, " in unknown.stderr


def test_each_kind_of_fault_has_a_drill() -> None:
    """The numbers are those of the project's list of faults in a daemon."""
    assert {f"D{number}" for number in range(1, 12)} <= {one.name for one in DRILLS}


def test_some_of_it_with_a_real_collectd() -> None:
    """A short form: a start and a stop, a bad file beside a healthy job, and a step module of others."""
    done = drilled("daemon", "bad-file", "D5")
    lines = done.stdout.splitlines()[1:]
    chosen = [one for one in DRILLS if one.name in ("daemon", "bad-file", "D5")]
    assert lines == [*(str(Done(one, one.expected)) for one in chosen), "all 3 are as expected"], done.stderr


@pytest.mark.slow
def test_all_of_it() -> None:
    """Each mode and each fault, once."""
    environment = {**CLEAN, **{name: os.environ[name] for name in ("PIP_CERT", "PIP_INDEX_URL") if name in os.environ}}
    done = subprocess.run(
        ["/bin/sh", "scripts/drill"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"\nall {len(DRILLS)} are as expected\n")
