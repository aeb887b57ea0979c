"""`collectd-inode clock` as it is typed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from collectd_inode.cli import clock
from collectd_inode.cli.terminal import Exit
from collectd_inode.clock.kernel import Instruments, Kernel, KernelSilent
from tests.helpers.machines import CHRONYD, SYNCHRONISED, UNSYNCHRONISED, XEN, at, kernel, machine

NOW = 1_000_000.0


def typed(*words: str, instruments: Instruments) -> int:
    """The command on a machine with this kernel."""
    parser = argparse.ArgumentParser(prog="collectd-inode clock")
    clock.arguments(parser)
    return clock.main(parser.parse_args(words), instruments)


def test_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong, what to do, and below it what is known."""
    root = machine(tmp_path, XEN, CHRONYD, {"sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n"})
    assert typed("--root", root, instruments=kernel(UNSYNCHRONISED, at(NOW))) == Exit.PASSED
    assert capsys.readouterr().out.splitlines() == [
        "diagnosis: cannot set (4)",
        "  xen.independent_wallclock is 0: the host drives this guest's clock, and the kernel is not synchronised",
        "  to do: add an <NTP> block, to compare the clock with servers",
        "",
        "  kernel                     not synchronised",
        "  error                      at most 16 s, estimated 16 s",
        "  frequency                  +0.000 ppm, 10000 µs a tick",
        "  clock source               tsc (also there: kvm-clock)",
        "  hypervisor                 xen",
        "  xen.independent_wallclock  0",
        "  can be set                 no: xen.independent_wallclock is 0: the host drives this guest's clock",
        "  CAP_SYS_TIME               this process does not have it",
        "  time daemons               chronyd (process 77)",
        "  PTP clocks                 KVM virtual PTP",
    ]


def test_a_host_s_clock_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its device is named, so that it can be made readable; here it is an ordinary file."""
    layer = {"sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n", "dev/ptp0": ""}
    root = machine(tmp_path, CHRONYD, layer)
    assert typed("--root", root, instruments=kernel(SYNCHRONISED, at(NOW))) == Exit.PASSED
    assert f"  host's clock  {root}/dev/ptp0 cannot be read" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("layer", "says", "judged"),
    [
        (CHRONYD, SYNCHRONISED, (0, "passed", Exit.PASSED)),
        (CHRONYD, UNSYNCHRONISED, (2, "failed", Exit.FAILED)),
        ({}, UNSYNCHRONISED, (1, "failed", Exit.FAILED)),
        (XEN, UNSYNCHRONISED, (4, "passed", Exit.PASSED)),
    ],
)
def test_json_and_exit_codes(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    layer: dict[str, str],
    says: Kernel,
    judged: tuple[int, str, Exit],
) -> None:
    """One line, one observation; without configuration the job is called local."""
    found = typed("--root", machine(tmp_path, layer), "--format", "json", instruments=kernel(says, at(NOW)))
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["kind"], told["job"], told["scenario"]) == ("clock", "local", None)
    assert (told["readings"]["gauge-diagnosis"], told["status"], found) == judged


def test_a_kernel_that_cannot_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was learnt: exit 2, as for a configuration."""

    def silent() -> Kernel:
        raise KernelSilent("adjtimex: Operation not permitted")

    assert typed("--root", machine(tmp_path), instruments=Instruments(silent, lambda: None)) == Exit.USAGE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "diagnosis: not known"
    assert "  warning: adjtimex: Operation not permitted (kernel_silent)" in lines
    assert "  kernel        cannot be asked" in lines


def test_a_root_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        typed("--root", str(tmp_path / "no"), instruments=kernel())
    assert left.value.code == 2
    assert "expected a folder that exists" in capsys.readouterr().err
