"""Diagnose this machine's clock: what the kernel and the machine report, what is wrong, and what to do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from collectd_inode.cli.options import checked, formats
from collectd_inode.cli.output import exit_code, presenter
from collectd_inode.cli.terminal import style
from collectd_inode.clock.diagnosis import ClockFinding
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.jobs import load
from collectd_inode.clock.kernel import SYSTEM_INSTRUMENTS, Instruments, Kernel
from collectd_inode.clock.machine import Machine
from collectd_inode.clock.settings import Settings
from collectd_inode.keys import BlockSettings, folder
from collectd_inode.model import Observation
from collectd_inode.observing import observe
from collectd_inode.report.style import Style
from collectd_inode.timekeeper.account import REACH_BITS, Account
from collectd_inode.wire import workers


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--root", metavar="DIR", type=checked(folder), default="/",
        help="read /proc and /sys below DIR; the query of the kernel always goes to the running one",
    )  # fmt: skip
    formats(parser)


def main(options: argparse.Namespace, instruments: Instruments = SYSTEM_INSTRUMENTS) -> int:
    """Look once, show, judge."""
    told: list[tuple[ClockEvidence, ClockFinding]] = []
    (job,) = load(
        None,
        Settings(options.root),
        BlockSettings(interval=float("inf")),
        instruments=instruments,
        tell=lambda *found: told.append(found),
    ).jobs
    observation = workers.run(observe(job))
    if options.format == "pretty" and told:
        print("\n".join(page(observation, *told[0], style())))
        return exit_code([observation])
    shown = presenter(options)
    shown.show(observation)
    return shown.end()


def page(observation: Observation, evidence: ClockEvidence, finding: ClockFinding, style: Style) -> Iterator[str]:
    """The diagnosis, what to do, and below it all that is known."""
    number = f"{finding.diagnosis.words} ({int(finding.diagnosis)})" if finding.diagnosis is not None else "not known"
    yield style.status(observation.status, f"diagnosis: {number}")
    yield f"  {finding.sentence}"
    if finding.advice:
        yield f"  to do: {finding.advice}"
    for warning in observation.warnings:
        if finding.diagnosis is None or warning.code != finding.diagnosis.code:
            yield style.undefined(f"  warning: {warning.message} ({warning.code})")
    yield ""
    rows = [*_kernel(evidence.kernel), *_machine(evidence.machine, observation.time)]
    rows += [*_host(evidence), *_account(evidence.account, observation.time)]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:{width}}  {value}" for name, value in rows)


Rows = Iterator[tuple[str, str]]


def _kernel(kernel: Kernel | None) -> Rows:
    if kernel is None:
        yield "kernel", "cannot be asked"
        return
    flagged = ", although flagged STA_UNSYNC" if kernel.synchronised and kernel.flagged else ""
    yield "kernel", f"{'synchronised' if kernel.synchronised else 'not synchronised'}{flagged}"
    yield "error", f"at most {kernel.max_error:.6g} s, estimated {kernel.estimated_error:.6g} s"
    yield "frequency", f"{kernel.frequency_offset:+.3f} ppm, {kernel.tick} µs a tick"


def _machine(machine: Machine, now: float) -> Rows:
    settable, why = machine.setting
    yield "clock source", _known(machine.clock_source, _others(machine))
    yield "hypervisor", _known(machine.hypervisor, " (this is dom0, the host itself)" if machine.dom0 else "")
    if machine.wsl:
        yield "WSL2", "a guest of Windows, with a clock of its own"
    if machine.container:
        yield "container", machine.container
    if machine.independent_wallclock is not None:
        yield "xen.independent_wallclock", str(int(machine.independent_wallclock))
    yield "can be set", f"{ {True: 'yes', False: 'no', None: 'not known'}[settable] }: {why}"
    yield (
        "CAP_SYS_TIME",
        {True: "this process has it", False: "this process does not have it", None: "not known"}[machine.may_set],
    )
    yield "time daemons", _daemons(machine)
    for daemon in machine.idle:
        yield "", f"{daemon.leaves_it} (process {daemon.pid})"
    if machine.timesyncd is not None:
        yield "timesyncd", f"last synchronised {now - machine.timesyncd:.0f} s ago"
    if machine.rtc_offset is not None:
        yield "hardware clock", f"{machine.rtc_offset:+.0f} s from this clock, to the second"
    if machine.rtc_local:
        yield "", "kept in local time, as /etc/adjtime says"
    if machine.ptp_clocks:
        yield "PTP clocks", ", ".join(machine.ptp_clocks)


def _host(evidence: ClockEvidence) -> Rows:
    device = evidence.machine.host_clock
    if evidence.host is not None:
        yield "host's clock", f"{evidence.host:+.6f} s from this clock, by {device}"
    elif device:
        yield "host's clock", f"{device} cannot be read"


def _account(account: Account | None, now: float) -> Rows:
    if account is None:
        return
    yield "its account", account.sentence(now)
    if account.offset is not None and account.error is not None:
        yield "", f"this clock is {account.offset:+.6f} s behind by it, at most {account.error:.3g} s off"
    for peer in account.peers:
        reach = "" if peer.reach is None else f" answered {peer.reach} of the last {REACH_BITS} polls"
        yield "", f"{peer.address}{reach}{' (followed)' if peer.followed else ''}"


def _known(value: str | None, more: str = "") -> str:
    return f"{value}{more}" if value else "not known"


def _others(machine: Machine) -> str:
    others = [name for name in machine.clock_sources if name != machine.clock_source]
    return f" (also there: {', '.join(others)})" if others else ""


def _daemons(machine: Machine) -> str:
    if machine.daemons is None:
        return "not known: other users' processes are hidden"
    return ", ".join(f"{daemon.name} (process {daemon.pid})" for daemon in machine.daemons) or "none"
