"""The record of one run of one job, while the run goes on.

A scenario's steps, an SMTP conversation's phases and an NTP exchange have the same shape: named steps in order,
each with its time, and a few readings.  The first bad step ends the run.  A *probe* is an async function that
receives a `Run` and writes into it:

- ``with run.step(planned):`` encloses one step.  An exception inside becomes the step's status and cause, and ends the
  probe: the exception propagates, and `observe` knows that it is recorded.
- ``run.exchange(exchange)`` adds what the wire measured to the step that is open.
- ``run.add_reading(…)`` and ``run.warn(…)`` add readings and warnings; ``run.note(…)`` adds a fact
  about the observed system.
- ``run.try_again(error, first)`` repeats the steps from *first* on, with another address for example.
- ``with run.isolated():`` encloses steps after which the probe continues, even if they fail: the first exception in
  such a part is the end of the run, and does not propagate.

A failure in a *soft* step is a warning: the probe continues without an exception.

`observing.observe` sets the one deadline, runs the probe and returns an `Observation`; the run's `Redactor` has
processed every text in it, and nothing else redacts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from collectd_inode import wire
from collectd_inode.model import (
    SOFT,
    Cause,
    Fact,
    Job,
    Observation,
    Phase,
    PlannedStep,
    Reading,
    Standing,
    Status,
    StepResult,
    Trouble,
    Warning,
)
from collectd_inode.secrets.observations import redacted
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.troubles import formatted, trouble_from
from collectd_inode.wire import Clock, Exchange
from collectd_inode.words import shortened

Probe = Callable[["Run"], Awaitable[None]]

_UNREACHABLE = frozenset((Cause.RESOLVE, Cause.CONNECT, Cause.TLS, Cause.CERTIFICATE))
"""Causes of a site that got no request."""
_SERVER_ERROR = 500
"""Statuses from this one on are faults of the server, not of the request (RFC 9110, 15.6)."""
Fault = tuple[Cause, str, int | None]
"""Its cause, the host or the message, and the status of the answer."""


_MOST_FACTS, _FACT_LENGTH = 100, 300
"""Facts of a run, and characters of one."""


class OpenStep:
    """A step that is under way."""

    def __init__(self, planned: PlannedStep, started: float) -> None:
        self.planned, self.started = planned, started
        self.exchanges: list[Exchange] = []
        self.shown: list[str] = []
        self.timed: tuple[float, float | None, int | None] | None = None
        """Its seconds, those of the network, and bytes, where its engine has timed it."""

    def close(self, elapsed: float, trouble: Trouble | None, *, excused: bool = False) -> StepResult:
        lanes = self._lanes()
        waited = max(lanes, key=_seconds_of)
        codes = [code for lane in lanes if (code := _last_code(lane)) is not None]
        timed = self.timed if trouble is None else None
        return StepResult(
            planned=self.planned,
            status=trouble.status if trouble else Status.PASSED,
            trouble=trouble,
            seconds=timed[0] if timed is not None else self._seconds(elapsed, trouble, waited),
            network=timed[1] if timed is not None else None,
            elapsed=elapsed,
            phases=_summed(e.phases for e in waited),
            response_code=max(codes, default=None),
            bytes=sum(e.bytes for e in self.exchanges) if codes and timed is None else timed and timed[2],
            stamps=min((e.stamps for e in waited), default=None),  # one elapsed makes the sum elapsed
            excused=excused,
            shown=tuple(self.shown),
        )

    def _lanes(self) -> list[list[Exchange]]:
        """Its exchanges by their lanes: the run waits for the lane that takes longest."""
        if len(self.exchanges) < 2:
            return [self.exchanges]
        lanes: dict[int, list[Exchange]] = {}
        for exchange in self.exchanges:
            lanes.setdefault(exchange.lane, []).append(exchange)
        return list(lanes.values())

    def fault(self, trouble: Trouble) -> Fault | None:
        """The fault of the observed system that explains *trouble*, whichever step met it; None if unknown.

        A server that answers 5xx has this fault on each of its pages; one that does not answer has it for every step.
        """
        last = self.exchanges[-1] if self.exchanges else None
        if trouble.cause in _UNREACHABLE or trouble.cause is Cause.PROTOCOL:
            return trouble.cause, trouble.message, None
        if trouble.cause is Cause.TIMEOUT and last is not None:
            return trouble.cause, last.host, None
        if trouble.cause is Cause.REFUSED and last is not None and (last.response_code or 0) >= _SERVER_ERROR:
            return trouble.cause, last.host, last.response_code
        return None

    @property
    def doing(self) -> str:
        """The activity that interrupted its last exchange."""
        return self.exchanges[-1].doing if self.exchanges else ""

    def _seconds(self, elapsed: float, trouble: Trouble | None, waited: list[Exchange]) -> float | None:
        if trouble is None:
            return _seconds_of(waited) if any(e.phases for e in waited) else None
        # A fast failure would look healthy in a graph of latencies; a deadline's wait is a lower bound of the truth.
        return elapsed if trouble.cause is Cause.TIMEOUT and self.planned.navigates else None


def _seconds_of(exchanges: list[Exchange]) -> float:
    return sum(e.seconds for e in exchanges)


def _last_code(exchanges: list[Exchange]) -> int | None:
    return next((e.response_code for e in reversed(exchanges) if e.response_code is not None), None)


def _summed(parts: Iterator[Mapping[Phase, float]] | Sequence[Mapping[Phase, float]]) -> dict[Phase, float]:
    total: dict[Phase, float] = {}
    for phases in parts:
        for phase, seconds in phases.items():
            total[phase] = total.get(phase, 0.0) + seconds
    return total


class Run:
    """A run being written; see the top of this file for how a probe writes it."""

    def __init__(
        self, job: Job, clock: Clock = wire.SYSTEM_CLOCK, *, seconds: float | None = None, attended: bool = False
    ) -> None:
        self.job = job
        self.attended = attended
        """Whether a person reads it, rather than a daemon counts it."""
        self.redactor = Redactor()
        self.clock = clock
        self.seconds = job.deadline if seconds is None else seconds
        """Its limit."""
        self._time, self._started = clock.now(), clock.monotonic()
        self._results: list[StepResult] = []
        self._open: OpenStep | None = None
        self._warnings: list[Warning] = []
        self._readings: list[Reading] = []
        self._facts: dict[str, str] = {}
        self._recorded: BaseException | None = None
        self._ended: Trouble | None = None
        self._told: list[Fault] = []
        self._traceback = ""
        self._standing = Standing.FINAL
        self.limit: asyncio.Timeout | None = None
        """Its deadline, when its time has begun."""
        self.keep: Callable[[Observation], Awaitable[str]] | None = None
        """Set by a probe: saves the evidence of a run that did not pass, and returns the folder."""

    @contextmanager
    def step(self, planned: PlannedStep) -> Iterator[None]:
        """Enclose one step; an exception becomes its trouble and propagates."""
        self._open = OpenStep(planned, self.clock.monotonic())
        try:
            yield
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise  # the deadline or the end of the daemon: `observe` knows which, and closes the step
        except BaseException as error:
            trouble = self._trouble(error)
            excused = planned.soft and trouble.status is Status.FAILED  # a mistake of the operator's is no weather
            self._close(trouble, excused=excused)
            if self._results[-1].because:
                return None
            if excused:
                return self.warn(SOFT, f"{planned.name}: {trouble.message}")
            self._recorded = error
            raise
        self._close(None)

    def _no_complaint(self, step: OpenStep, trouble: Trouble) -> str:
        """The reason why the *trouble* of a clean-up step is not its own; empty if it is: one fault, one complaint.

        The run ended before the step could work; or the step met a fault that the run has reported already.
        """
        if not step.planned.cleanup or self._ended is None:
            return ""
        if step.fault(trouble) in self._told:
            return f"the same again: {trouble.message}"
        is_missing = trouble.cause is Cause.EXPECTATION and not step.exchanges
        return f"nothing to clean up: {trouble.message}" if is_missing else ""

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Enclose a part of the run; the probe continues after it, whatever the part raises.

        The first of these exceptions is the end of the run; a later one is the trouble of its own step only.
        """
        try:
            yield
        except asyncio.CancelledError as error:
            if is_being_stopped():
                raise
            self._end(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._end(error)

    def try_again(self, error: BaseException, first: PlannedStep) -> None:
        """Allow the steps after *first* to run again, although *error* ended one of them or *first* itself.

        Their results are dropped.  The result of *first* stays; if it failed, it is excused.
        """
        index = next(i for i, result in enumerate(self._results) if result.planned == first)
        done = self._results[index]
        self._results[index:] = [replace(done, excused=done.trouble is not None)]
        self.forget(error)

    def has_recorded(self, error: BaseException) -> bool:
        """Whether *error* has ended a step of this run."""
        return error is self._recorded

    def forget(self, error: BaseException | None) -> None:
        """Release the memory that *error* refers to, since it has been reported.

        A traceback refers to frames, and a frame to its exception.  This cycle would keep each body that was too large
        until the garbage collector runs, and 10 MB in a few objects do not make it run.
        """
        self._recorded = None
        seen: set[int] = set()
        waiting = [error]
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            one.__traceback__ = None
            if isinstance(one, AttributeError):
                one.obj = None  # whatever had no such attribute: a page, in a step of an operator's
            waiting += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                waiting += one.exceptions

    @property
    def last(self) -> StepResult | None:
        """The last step that ran."""
        return self._results[-1] if self._results else None

    def has_passed(self, planned: PlannedStep) -> bool:
        """Whether that step ran and passed."""
        return any(result.planned == planned and result.status is Status.PASSED for result in self._results)

    @property
    def is_good(self) -> bool:
        """Whether nothing has ended the run early so far."""
        return self._ended is None

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._started + self.seconds - self.clock.monotonic())

    def exchange(self, exchange: Exchange) -> None:
        """Add what the wire measured to the step that is open."""
        if self._open is not None:
            self._open.exchanges.append(exchange)
        if exchange.address:
            self.note(f"address of {exchange.host}", exchange.address)
        for host, certificate in exchange.presented.items():
            self.note(f"certificate of {host}", certificate)

    def show(self, lines: Iterable[str]) -> None:
        """Show *lines* below the step that is open."""
        if self._open is not None:
            self._open.shown += lines

    def timed(self, series: str, seconds: float, network: float | None = None, size: int | None = None) -> None:
        """Set the time of the step of this *series*, which is open or has passed, to *seconds*.

        *network* is the part of these seconds in which it waited for the network, for *size* bytes.
        """
        if self._open is not None and self._open.planned.series == series:
            self._open.timed = seconds, network, size
            return
        self._results = [
            replace(result, seconds=seconds, network=network, bytes=size)
            if result.series == series and result.passed
            else result
            for result in self._results
        ]

    def add_reading(self, type: str, type_instance: str, value: float, *, dispatched: bool = True) -> None:
        """Add a reading."""
        self._readings.append(Reading(type, type_instance, value, dispatched))

    def note(self, what: str, value: str) -> None:
        """Add a fact about the observed system; a fact that is added again has its last value."""
        what = shortened(what, _FACT_LENGTH)
        if what in self._facts or len(self._facts) < _MOST_FACTS:
            self._facts[what] = shortened(value, _FACT_LENGTH)

    def warn(self, code: str, message: str) -> None:
        """Add a warning; the status stays as it is."""
        self._warnings.append(Warning(code, message))

    def leave_open(self, standing: Standing) -> None:
        """The status is neither good nor bad, since it is unknown: alarms stay as they are."""
        self._standing = standing

    def finish(self, error: BaseException | None = None) -> Observation:
        """The observation, redacted; *error* is what ended the probe early."""
        if error is not None:
            self._end(error)
        trouble = self._ended
        elapsed = self.clock.monotonic() - self._started
        finished = Observation(
            job=self.job,
            status=trouble.status if trouble else Status.PASSED,
            time=self._time,
            elapsed=elapsed,
            steps=tuple(self._in_order()),
            trouble=trouble,
            warnings=tuple(self._warnings),
            readings=tuple(self._readings),
            traceback=self._traceback,
            facts=tuple(Fact(what, value) for what, value in self._facts.items()),
            seconds=None if trouble else self._total(),
            standing=Standing.FINAL if trouble else self._standing,
        )
        return redacted(finished, self.redactor)

    def _total(self) -> float | None:
        if not any(step.navigates for step in self.job.steps):
            return None
        return sum(result.seconds or 0.0 for result in self._results if result.trouble is None)

    def _close(self, trouble: Trouble | None, *, excused: bool = False) -> None:
        step, self._open = self._open, None
        if step is None:
            return
        if trouble is not None and (because := self._no_complaint(step, trouble)):
            self._results.append(StepResult(step.planned, Status.SKIPPED, because=because))
            return
        if trouble is not None and (fault := step.fault(trouble)) is not None:
            self._told.append(fault)
        elapsed = self.clock.monotonic() - step.started
        self._results.append(step.close(elapsed, trouble, excused=excused))

    def _trouble(self, error: BaseException) -> Trouble:
        trouble = trouble_from(error)
        if trouble.cause is Cause.TIMEOUT and self._open is not None and self._open.doing:
            trouble = replace(trouble, message=f"{trouble.message}: still {self._open.doing}")
        if trouble.cause is Cause.ERROR:
            # Of an operator's own step only what happened in it: the wrapping around it is ours.
            self._traceback = formatted(error.__cause__ or error, self.redactor)
        return trouble

    def _end(self, error: BaseException) -> None:
        trouble: Trouble | None
        if error is self._recorded:
            trouble = self._results[-1].trouble
        else:
            trouble = self._trouble(error)
            self._close(trouble)
        if self._ended is None:
            self._ended = trouble

    def _in_order(self) -> Iterator[StepResult]:
        """The steps in the order of the job's plan, whatever order they ran in; steps that did not run are skipped."""
        done = {result.series: result for result in self._results}
        for planned in self.job.steps:
            result = done.get(planned.series) or StepResult(planned, Status.SKIPPED)
            if result.status is not Status.SKIPPED or not planned.spare:
                yield result


def is_being_stopped() -> bool:
    """Whether another task cancelled this one; False if a step itself raised CancelledError."""
    task = asyncio.current_task()
    return task is None or bool(task.cancelling())
