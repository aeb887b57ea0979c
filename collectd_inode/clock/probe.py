"""The probe of a clock: query the kernel, read the machine's facts and the kept state, diagnose."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from collectd_inode.clock import hostclock
from collectd_inode.clock.advice import rivalry
from collectd_inode.clock.diagnosis import ClockFinding, diagnose
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.kernel import SYSTEM_INSTRUMENTS, ClockReading, Instruments, Kernel, KernelSilent
from collectd_inode.clock.machine import Machine, survey
from collectd_inode.clock.sentences import apart_from_host
from collectd_inode.clock.steps import Steps, advance
from collectd_inode.clock.votes import Consensus, Disagreement, consensus
from collectd_inode.model import Cause, Failure, Misconfigured, PlannedStep
from collectd_inode.run import Run
from collectd_inode.state import Memory
from collectd_inode.timekeeper import leap
from collectd_inode.timekeeper.account import Account
from collectd_inode.timekeeper.ask import Ask

KERNEL = PlannedStep("ask the kernel", "kernel", navigates=False)
MACHINE = PlannedStep("look at the machine", "machine", navigates=False)
DIAGNOSIS = PlannedStep("diagnose", "diagnosis", navigates=False)
STEPS = (KERNEL, MACHINE, DIAGNOSIS)

LEAPS = {"insert": "will insert a leap second", "delete": "will delete a leap second"}
"""The meaning of the kernel's state for a pending leap second."""


@dataclass(frozen=True, slots=True)
class ClockProbe:
    """Checks this machine's clock; holds all that a run needs and that does not change between runs."""

    memory: Memory
    root: str = "/"
    interval: float = 60.0
    instruments: Instruments = SYSTEM_INSTRUMENTS
    tell: Callable[[ClockEvidence, ClockFinding], None] | None = None
    daemon: Ask | None = None
    """Queries the time daemon for its account; None for a made-up machine, which has none."""
    host: Callable[[str], float | None] = hostclock.behind
    """Reads the hypervisor's PTP device: the seconds that this clock is behind the host's."""

    async def __call__(self, run: Run) -> None:
        """Check the clock once, writing into *run*; the table in `diagnosis` has the diagnoses that fail it."""
        with run.step(KERNEL):
            kernel, look = self._ask(run)
        with run.step(MACHINE):
            machine = await asyncio.get_running_loop().run_in_executor(None, survey, self.root, run.clock.now)
            steps = self._steps(look, machine)
            _read_machine(run, machine, steps)
            account = await self.daemon(run.clock, run.seconds_left * _SHARE) if self.daemon is not None else None
            _read_account(run, account)
            host = self._host(run, machine)
        with run.step(DIAGNOSIS):
            vote = self._vote(run.clock.now(), steps)
            disagreement = vote if isinstance(vote, Disagreement) else None
            agreed = None if isinstance(vote, Disagreement) else vote
            evidence = ClockEvidence(kernel, machine, steps, agreed, disagreement, account, host)
            if kernel is not None and kernel.state in LEAPS:
                unusual = leap.unusual_day(run.clock.now())
                run.warn("leap_pending", f"the kernel {LEAPS[kernel.state]} at the end of the day (UTC){unusual}")
            if fight := rivalry(machine):
                run.warn("two_setters", fight)
            if apart := apart_from_host(evidence):
                run.warn("host_apart", apart)
            finding = diagnose(evidence)
            if self.tell is not None:
                self.tell(evidence, finding)
            _judge(run, finding)

    def _ask(self, run: Run) -> tuple[Kernel | None, ClockReading | None]:
        try:
            kernel = self.instruments.ask()
            look = self.instruments.look()
        except KernelSilent as error:
            run.warn("kernel_silent", str(error))
            return None, None
        run.add_reading("bool", "synchronised", int(kernel.synchronised))
        run.add_reading("time_dispersion", "max_error", kernel.max_error)
        run.add_reading("time_dispersion", "estimated_error", kernel.estimated_error)
        run.add_reading("frequency_offset", "kernel", kernel.frequency_offset)
        return kernel, look

    def _steps(self, look: ClockReading | None, machine: Machine) -> Steps:
        steps, content = advance(self.memory.read(), look, machine.boot_id)
        self.memory.write(content)
        return steps

    def _host(self, run: Run, machine: Machine) -> float | None:
        behind = self.host(machine.host_clock) if machine.host_clock else None
        if behind is not None:
            run.add_reading("time_offset", "host", behind)
        return behind

    def _vote(self, now: float, steps: Steps) -> Consensus | Disagreement | None:
        interval = self.interval if math.isfinite(self.interval) else 0.0  # the command line has none
        return consensus(self.memory.state.all("ntp"), now=now, interval=interval, since=steps.since)


def _read_machine(run: Run, machine: Machine, steps: Steps) -> None:
    known = {
        "clock source": machine.clock_source,
        "hypervisor": machine.hypervisor,
        "time daemons": None if machine.daemons is None else ", ".join(d.name for d in machine.daemons) or "none",
    }
    for what, value in known.items():
        if value is not None:
            run.note(what, value)
    if machine.settable is not None:
        run.add_reading("bool", "settable", int(machine.settable))
    if steps.moved is not None:
        run.add_reading("gauge", "step_seconds", steps.moved)
    run.add_reading("gauge", "steps", steps.steps)
    run.add_reading("gauge", "steps_undone", steps.undone)
    if steps.stepped:
        run.warn("stepped", f"the clock was set by {steps.moved:+.3f} s since the last run")


_SHARE = 0.5
"""The largest part of the remaining time for the daemon's account."""


def _read_account(run: Run, account: Account | None) -> None:
    if account is None:
        return
    # Facts are compared with the next run's, so the account's age must not be one.
    run.note(f"{account.daemon} follows", account.follows or "nobody")
    if account.offset is not None:
        run.add_reading("time_offset", "daemon", account.offset)
    if account.error is not None:
        run.add_reading("time_dispersion", "daemon", account.error)
    if account.stratum is not None:
        run.add_reading("clock_stratum", "daemon", account.stratum)
    if account.followed is not None and account.followed.reach is not None:
        run.add_reading("gauge", "reach-daemon", account.followed.reach)


def _judge(run: Run, finding: ClockFinding) -> None:
    if finding.diagnosis is None:
        raise Failure(finding.cause, finding.message) if finding.cause else Misconfigured(finding.message)
    run.add_reading("gauge", "diagnosis", int(finding.diagnosis))
    if finding.cause is not Cause.NONE:
        raise Failure(finding.cause, finding.message)
    if finding.diagnosis:
        run.warn(finding.diagnosis.code, finding.message)
