"""The probe of a clock: ask the kernel, look at the machine and at what was kept, diagnose."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from collectd_inode.clock.diagnosis import Consensus, Evidence, Finding, consensus, diagnose
from collectd_inode.clock.kernel import SYSTEM_INSTRUMENTS, Instruments, Kernel, KernelSilent, Look
from collectd_inode.clock.machine import Machine, survey
from collectd_inode.clock.steps import Steps, advance
from collectd_inode.run import Cause, Failure, Misconfigured, PlannedStep, Run
from collectd_inode.state import Memory

KERNEL = PlannedStep("ask the kernel", "kernel", navigates=False)
MACHINE = PlannedStep("look at the machine", "machine", navigates=False)
DIAGNOSIS = PlannedStep("diagnose", "diagnosis", navigates=False)
STEPS = (KERNEL, MACHINE, DIAGNOSIS)
READINGS = (
    ("bool", "synchronised"),
    ("bool", "settable"),
    ("time_dispersion", "max_error"),
    ("time_dispersion", "estimated_error"),
    ("frequency_offset", "kernel"),
    ("gauge", "diagnosis"),
    ("gauge", "step_seconds"),
    ("gauge", "steps"),
    ("gauge", "steps_undone"),
)


@dataclass(frozen=True, slots=True)
class ClockProbe:
    """Looks at this machine's clock once; all that a run needs and that does not change between runs."""

    memory: Memory
    root: str = "/"
    interval: float = 60.0
    instruments: Instruments = SYSTEM_INSTRUMENTS
    tell: Callable[[Evidence, Finding], None] | None = None

    async def __call__(self, run: Run) -> None:
        """Look once, writing into *run*; which diagnosis fails it is in `diagnosis`' table."""
        with run.step(KERNEL):
            kernel, look = self._ask(run)
        with run.step(MACHINE):
            machine = await asyncio.get_running_loop().run_in_executor(None, survey, self.root, run.clock.now)
            steps = self._steps(look, machine)
            _read_machine(run, machine, steps)
        with run.step(DIAGNOSIS):
            evidence = Evidence(kernel, machine, steps, self._vote(run.clock.now(), steps))
            finding = diagnose(evidence)
            if self.tell is not None:
                self.tell(evidence, finding)
            _judge(run, finding)

    def _ask(self, run: Run) -> tuple[Kernel | None, Look | None]:
        try:
            kernel = self.instruments.ask()
            look = self.instruments.look()
        except KernelSilent as error:
            run.warn("kernel_silent", str(error))
            return None, None
        run.read("bool", "synchronised", int(kernel.synchronised))
        run.read("time_dispersion", "max_error", kernel.max_error)
        run.read("time_dispersion", "estimated_error", kernel.estimated_error)
        run.read("frequency_offset", "kernel", kernel.frequency_offset)
        return kernel, look

    def _steps(self, look: Look | None, machine: Machine) -> Steps:
        steps, content = advance(self.memory.read(), look, machine.boot_id)
        self.memory.write(content)
        return steps

    def _vote(self, now: float, steps: Steps) -> Consensus | None:
        interval = self.interval if math.isfinite(self.interval) else 0.0  # the command line has none
        return consensus(self.memory.state.all("ntp").values(), now=now, interval=interval, since=steps.since)


def _read_machine(run: Run, machine: Machine, steps: Steps) -> None:
    if machine.settable is not None:
        run.read("bool", "settable", int(machine.settable))
    if steps.moved is not None:
        run.read("gauge", "step_seconds", steps.moved)
    run.read("gauge", "steps", steps.steps)
    run.read("gauge", "steps_undone", steps.undone)
    if steps.stepped:
        run.warn("stepped", f"the clock was set by {steps.moved:+.3f} s since the last look")


def _judge(run: Run, finding: Finding) -> None:
    if finding.diagnosis is None:
        raise Misconfigured(finding.message)
    run.read("gauge", "diagnosis", int(finding.diagnosis))
    if finding.cause is not Cause.NONE:
        raise Failure(finding.cause, finding.message)
    if finding.diagnosis:
        run.warn(finding.diagnosis.code, finding.message)
