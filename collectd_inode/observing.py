"""One run of one job within its deadline: `observe`, which the daemon and the command line both call.

Cancellation (a daemon that stops) propagates and leaves no observation.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

from collectd_inode import whereabouts, wire
from collectd_inode.model import EVIDENCE, Broken, Job, Misconfigured, Observation, Warning, unable
from collectd_inode.run import Probe, Run, is_being_stopped
from collectd_inode.troubles import bug
from collectd_inode.wire import Clock, deadline
from collectd_inode.wire.tasks import guarded

Unfinished = dict[tuple[str, str, str], "asyncio.Task[BaseException | None]"]
"""Runs that continue after their deadline, by their jobs' identities: an operator's step ignores its cancellation."""

ENDING_SECONDS = 1.0
"""Seconds that a run may take to end after its deadline."""


async def observe(
    job: Job,
    clock: Clock = wire.SYSTEM_CLOCK,
    *,
    seconds: float | None = None,
    unfinished: Unfinished | None = None,
    attended: bool = False,
) -> Observation:
    """Run *job* once, within its deadline, and return its observation.

    *seconds* is a nearer deadline, for a run that started late.  A run that does not end is reported as such, and stays
    among the *unfinished*; its job does not run again until it ends.  *attended*: a person reads it.
    """
    if job.probe is None:
        return unable(job, clock.now())
    unfinished = {} if unfinished is None else unfinished
    seconds = job.deadline if seconds is None else min(seconds, job.deadline)
    run = Run(job, clock, seconds=seconds, attended=attended)
    if (before := unfinished.get(job.identity)) is not None and not before.done():
        before.cancel()  # it may mind this one
        return run.finish(Broken(f"the previous run has not ended yet: {_goes_on(before)}"))
    unfinished.pop(job.identity, None)
    probing = guarded(_probed(job.probe, run), run_name(job), run)
    try:
        ended = await _end_of(probing, run)
    except asyncio.CancelledError:
        probing.cancel()
        await asyncio.wait([probing], timeout=ENDING_SECONDS)
        raise
    if probing.done():
        probing.end_tasks()
    else:
        unfinished[job.identity] = probing
    finished = run.finish(ended)
    run.forget(ended)
    return await _with_evidence(run, finished)


def run_name(job: Job) -> str:
    """The name of the task that runs *job*."""
    return "/".join(job.identity)


async def _probed(probe: Probe, run: Run) -> BaseException | None:
    """Let *probe* write into *run* until its deadline; returns the exception that ended it early."""
    ended: BaseException | None = None
    try:
        async with deadline(run.seconds, run.clock) as limit:
            run.limit = limit
            await probe(run)
    except asyncio.CancelledError as error:
        if is_being_stopped():
            raise
        # An operator's step raised it by itself: nobody has asked us to stop.
        return error
    except BaseException as error:
        # SystemExit, KeyboardInterrupt and their like would end the loop, and with it every other job.
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        ended = error
    # Whatever a step does with its cancellation, a run that its deadline ended has exceeded it.
    if limit.expired() and (ended is None or not run.has_recorded(ended)):
        return TimeoutError(f"not done after {round(run.seconds, 2):g} s")
    return ended


async def _end_of(probing: asyncio.Task[BaseException | None], run: Run) -> BaseException | None:
    """The exception that ended the run; a run that still goes on is reported a second or two after its deadline."""
    while True:
        is_over = run.limit is not None and run.limit.expired()
        await asyncio.wait([probing], timeout=ENDING_SECONDS)
        if probing.cancelled():
            return Broken("the run has cancelled itself: does a step call cancel() of its own task?")
        if probing.done():
            return probing.result()
        if is_over:
            return Broken(f"not done after {round(run.seconds, 2):g} s, and cannot be cancelled: {_goes_on(probing)}")


def _goes_on(probing: asyncio.Task[BaseException | None]) -> str:
    return f"it is still running at {whereabouts.of_task(probing)} (does an except: there swallow CancelledError?)"


KEEPING_SECONDS = 5.0
"""Seconds to write the evidence: a hanging disk must not delay the job for longer."""


async def _with_evidence(run: Run, observation: Observation) -> Observation:
    """*observation* with the path of its evidence; a failure to save it is a warning."""
    if observation.passed or run.keep is None:
        return observation
    try:
        async with asyncio.timeout(KEEPING_SECONDS):
            return replace(observation, evidence=await run.keep(observation))
    except TimeoutError:
        what = f"the evidence of the failed run was not written after {KEEPING_SECONDS:g} s"
    except asyncio.CancelledError as error:
        if is_being_stopped():
            raise
        what = _not_kept(error)
    except BaseException as error:
        what = _not_kept(error)
    return replace(observation, warnings=(*observation.warnings, Warning(EVIDENCE, run.redactor(what))))


def _not_kept(error: BaseException) -> str:
    match error:
        case Misconfigured():
            return str(error)
        case OSError(strerror=str(reason), filename=file):
            why = f"{file}: {reason}" if file else reason
        case _:
            why = bug(error)
    return f"the evidence of the failed run cannot be kept: {why}"
