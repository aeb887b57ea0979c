"""One run of one job, while it is written and when it is finished.

A scenario's steps, an SMTP conversation's phases and an NTP exchange are the same thing here: named steps in order,
each timed; the first bad one ends the run; plus a few readings.  A *probe* is an async function that is handed a
`Run` and writes into it:

- ``with run.step(planned):`` brackets one step.  Whatever is raised inside becomes the step's status and cause, and
  ends the probe: the exception goes on, and `observe` knows that it has been recorded.
- ``run.exchange(exchange)`` adds what the wire measured to the step that is open.
- ``run.read(…)`` and ``run.warn(…)`` add readings and warnings.
- ``with run.part():`` brackets steps that others are done after, whatever becomes of them: the first exception in such
  a part is how the run ended, and goes no further.

A step that is planned as *soft* goes on without an exception when the world was not as it should be: it is a warning.

`observe` sets the one deadline, runs the probe and hands back an `Observation`, in which every text has been through
the run's `Redactor`.  Nothing else in the package turns an exception into a status, and nothing else redacts.
Cancellation (a daemon that stops) goes through and leaves no observation.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, StrEnum
from functools import lru_cache
from html.entities import codepoint2name

from collectd_inode import wire
from collectd_inode.wire import Clock, Exchange, Phase, Stamps, deadline


class Status(StrEnum):
    """How a step or a run ended, in cucumber's words; *failed* is the world's fault, *error* ours or the operator's."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDEFINED = "undefined"
    AMBIGUOUS = "ambiguous"
    ERROR = "error"


class Cause(IntEnum):
    """Why a run is bad; the numbers are in people's databases and never change."""

    NONE = 0
    RESOLVE = 1
    CONNECT = 2
    TLS = 3
    CERTIFICATE = 4
    TIMEOUT = 5
    PROTOCOL = 6
    REFUSED = 7
    CREDENTIALS = 8
    EXPECTATION = 9
    UNSYNCHRONISED = 10
    UNDEFINED = 11
    ERROR = 12
    CONFIGURATION = 13

    @property
    def word(self) -> str:
        """The cause as JSON and people write it: ``connect``."""
        return self.name.lower()


class Detail(Enum):
    """How many series a job sends: the scenario's own, one a step, or the phases of each step too."""

    SCENARIO = "scenario"
    STEP = "step"
    PHASE = "phase"


class Failure(Exception):
    """The outside world is not as it should be: status *failed*, with the cause and a sentence.

    ``expected`` and ``found`` are shown below the message where there is room for them.
    """

    def __init__(self, cause: Cause, message: str, *, expected: str = "", found: str = "") -> None:
        super().__init__(message)
        self.cause, self.message, self.expected, self.found = cause, message, expected, found


class Misconfigured(Exception):
    """The operator must mend something (a secret that cannot be read): status *error*, cause *configuration*."""


class Broken(Exception):
    """Code that is not ours raised (an operator's step); the text names its place.  Status *error*."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something is not *passed*: status, cause, one line; what was expected and what was found, if that is it."""

    status: Status
    cause: Cause
    message: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Warning:
    """Something to see to although the run passed: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as the job announces it: its name for people, its name in series, its place (``file:line``).

    ``keyword`` and ``below`` (a table or doc string, line by line) are for showing it as it stands in its file;
    ``navigates`` is False for a step that is known to ask nothing of the network; ``trouble`` is why this step keeps
    its job from running.  ``soft``: its failure is a warning; ``cleanup``: it is done also when the run has ended.
    """

    name: str
    series: str
    place: str = ""
    keyword: str = ""
    below: tuple[str, ...] = ()
    navigates: bool = True
    trouble: Trouble | None = None
    soft: bool = False
    cleanup: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What stands around the steps in a feature file, for people to read."""

    feature: str
    description: tuple[str, ...]
    scenario: str
    path: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step as it went.  ``seconds`` is wire time: None if it asked nothing of the network or did not pass.

    A step that ran into a deadline has the time waited.  ``excused``: it is a soft step that failed.
    """

    name: str
    series: str
    status: Status
    place: str = ""
    trouble: Trouble | None = None
    seconds: float | None = None
    elapsed: float = 0.0
    phases: Mapping[Phase, float] = field(default_factory=dict)
    response_code: int | None = None
    bytes: int | None = None
    stamps: Stamps | None = None
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A number beside the steps, under the type and type instance it is dispatched with.

    ``dispatched`` is False for what JSON alone names, because it would make ever new series.
    """

    type: str
    type_instance: str
    value: float
    dispatched: bool = True


SOFT, EVIDENCE = "soft", "evidence"
"""Codes of warnings: a soft step has failed; the evidence of a failed run could not be kept."""

Probe = Callable[["Run"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be observed: who it is, how often, how long it may take, and the probe that does it.

    ``trouble`` stands in for the probe of a job that cannot run: it is reported every interval.  ``deadline`` is
    seconds for a whole run.  ``host`` empty means the daemon's own.
    """

    kind: str
    name: str
    instance: str
    scenario: str | None = None
    host: str = ""
    interval: float = 60.0
    deadline: float = 30.0
    notify: bool = True
    confirm: int = 1
    start_offset: float | None = None
    detail: Detail = Detail.STEP
    steps: tuple[PlannedStep, ...] = ()
    place: str = ""
    story: Story | None = None
    readings: tuple[tuple[str, str], ...] = ()
    """Type and type instance of what it may send beside its steps' latencies, as far as that is known beforehand."""
    probe: Probe | None = None
    trouble: Trouble | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What no two jobs of a daemon share: host, plugin, plugin instance."""
        return self.host, self.kind, self.instance


@dataclass(frozen=True, slots=True)
class Observation:
    """A finished run: immutable, redacted, and all that any report is made of.

    ``time`` is the start (epoch seconds), ``elapsed`` wall time.  ``seconds`` is the sum of the latencies of the steps
    that passed, if the run did (None for a job whose steps have none).
    """

    job: Job
    status: Status
    time: float
    elapsed: float
    steps: tuple[StepResult, ...] = ()
    trouble: Trouble | None = None
    warnings: tuple[Warning, ...] = ()
    readings: tuple[Reading, ...] = ()
    seconds: float | None = None
    ran: bool = True
    """False for a job that cannot run and only says so."""
    traceback: str = ""
    """Of a bug, ours or in an operator's step."""
    evidence: str = ""
    """The folder with what a failed run has left; empty if none was kept."""

    @property
    def cause(self) -> Cause:
        """Why it is bad; NONE if it is not."""
        return self.trouble.cause if self.trouble else Cause.NONE

    @property
    def message(self) -> str:
        """The trouble's sentence, or nothing."""
        return self.trouble.message if self.trouble else ""

    @property
    def passed(self) -> bool:
        """Whether all went as it should."""
        return self.status is Status.PASSED

    @property
    def overhead(self) -> float | None:
        """What is left of the elapsed time when the wire time is taken off: ours, never the server's."""
        if self.seconds is None:
            return None
        # How much of an excused step's time was the server's is not known to the end, so none of it is called ours.
        theirs = self.seconds + sum(step.elapsed for step in self.steps if step.excused)
        return max(0.0, self.elapsed - theirs)

    @property
    def bad_step(self) -> StepResult | None:
        """The step that ended the run; None where it was none, or nothing has."""
        troubled = (s for s in self.steps if s.trouble is not None and not s.excused)
        return next((s for s in troubled if s.trouble == self.trouble), None)


class Redactor:
    """Puts ``[NAME]`` wherever a secret's value would be shown, also as a browser would have encoded it."""

    def __init__(self) -> None:
        self._secrets: list[tuple[str, str]] = []
        self._pattern: re.Pattern[str] | None = None

    def hide(self, name: str, value: str) -> None:
        """From now on *value* reads ``[name]``."""
        if not value.strip() or any(value == known for known, _ in self._secrets):
            return
        self._secrets.append((value, name))
        # Longest first: a secret that contains another must not leave its rest behind.
        self._secrets.sort(key=lambda secret: len(secret[0]), reverse=True)
        patterns = (_pattern_of(value) for value, _ in self._secrets)
        self._pattern = re.compile("|".join(f"({pattern})" for pattern in patterns), re.IGNORECASE)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What any secret looks like, whatever it is dressed in; None if there is none."""
        return self._pattern

    def __call__(self, text: str) -> str:
        """*text* without secrets."""
        if self._pattern is None:
            return text
        whole = self._pattern.sub(lambda match: f"[{self._secrets[(match.lastindex or 1) - 1][1]}]", text)
        if _CUT not in whole:
            return whole
        for value, name in self._secrets:
            whole = _without_cut_ends(whole, value, f"[{name}]")
        return whole


_CUT = "…"
_TELLING = 4
"""So many characters of a secret that was cut in two are worth hiding; fewer are anybody's."""


def _pattern_of(value: str) -> str:
    """*value* in any of the ways in which it may turn up: as it is, in a URL, in a page, in a header, in a repr."""
    octets = value.encode("utf-8", "surrogatepass")
    encoded = re.escape(base64.b64encode(octets).decode("ascii"))
    parts = re.split(r"\s+", value.strip())
    blank = "(?:" + "|".join(map(_pattern_of_character, " \u00a0\t\r\n")) + r"|%20|\+|\s)+"
    return f"{blank.join(''.join(map(_pattern_of_character, part)) for part in parts)}|{encoded}"


@lru_cache(maxsize=1024)
def _pattern_of_character(character: str) -> str:
    # Which characters are escaped differs from one part of a URL to the next, so each may be or not.
    octets = character.encode("utf-8", "surrogatepass")
    forms = [
        "".join(f"%{octet:02x}" for octet in octets),
        "".join(f"\\x{octet:02x}" for octet in octets),
        f"\\u{ord(character):04x}",
        repr(character)[1:-1],
        json.dumps(character)[1:-1],
        html.escape(character),
        f"&{codepoint2name[ord(character)]};" if ord(character) in codepoint2name else character,
        f"\\{character}",
        character,
    ]
    # Longest first: the short forms begin some of the long ones.
    listed = sorted({re.escape(form) for form in forms}, key=len, reverse=True)
    entities = rf"&\#0*{ord(character)};|&\#x0*{ord(character):x};"
    return f"(?:{entities}|{'|'.join(listed)})"


def _without_cut_ends(text: str, value: str, shown: str) -> str:
    """*text* without what an ellipsis has left of *value*: its beginning before one, its end after one."""
    first, *rest = text.split(_CUT)
    pieces = [first]
    for right in rest:
        left = pieces[-1]
        if kept := _overlap(left, value):
            pieces[-1] = left[:-kept] + shown
        kept = _overlap(value, right)
        pieces.append(shown + right[kept:] if kept else right)
    return _CUT.join(pieces)


def _overlap(left: str, right: str) -> int:
    """How many characters, if they are telling, end *left* and begin *right*."""
    return next((n for n in range(min(len(left), len(right)), _TELLING - 1, -1) if left.endswith(right[:n])), 0)


WIRE_CAUSES: tuple[tuple[type[wire.WireError], Cause], ...] = (
    (wire.ResolveFailed, Cause.RESOLVE),
    (wire.ConnectFailed, Cause.CONNECT),
    (wire.CertificateRefused, Cause.CERTIFICATE),  # before its base class
    (wire.TLSFailed, Cause.TLS),
    (wire.ProtocolBroken, Cause.PROTOCOL),
)


def trouble_from(error: BaseException) -> Trouble:
    """What *error* means: the one table from exceptions to statuses and causes."""
    match error:
        case Failure():
            return Trouble(Status.FAILED, error.cause, error.message, error.expected, error.found)
        case Misconfigured():
            return Trouble(Status.ERROR, Cause.CONFIGURATION, str(error))
        case Broken():
            return Trouble(Status.ERROR, Cause.ERROR, str(error))
        case TimeoutError():
            return Trouble(Status.FAILED, Cause.TIMEOUT, str(error) or "the deadline struck")
        case wire.OutOfFiles():
            return Trouble(Status.ERROR, Cause.CONFIGURATION, str(error))
        case wire.WireError():
            cause = next(cause for kind, cause in WIRE_CAUSES if isinstance(error, kind))
            return Trouble(Status.FAILED, cause, str(error))
        case _:
            return Trouble(Status.ERROR, Cause.ERROR, _bug(error))


def _bug(error: BaseException) -> str:
    """A bug's kind, text and innermost place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


class _Writing:
    """A step while it is open."""

    def __init__(self, planned: PlannedStep, started: float) -> None:
        self.planned, self.started = planned, started
        self.exchanges: list[Exchange] = []

    def close(self, elapsed: float, trouble: Trouble | None, *, excused: bool = False) -> StepResult:
        codes = [e.response_code for e in self.exchanges if e.response_code is not None]
        return StepResult(
            name=self.planned.name,
            series=self.planned.series,
            place=self.planned.place,
            status=trouble.status if trouble else Status.PASSED,
            trouble=trouble,
            seconds=self._seconds(elapsed, trouble),
            elapsed=elapsed,
            phases=_summed(e.phases for e in self.exchanges),
            response_code=codes[-1] if codes else None,
            bytes=sum(e.bytes for e in self.exchanges) if codes else None,
            stamps=min((e.stamps for e in self.exchanges), default=None),  # one elapsed makes the sum elapsed
            excused=excused,
        )

    @property
    def doing(self) -> str:
        """What its last exchange was broken off in."""
        return self.exchanges[-1].doing if self.exchanges else ""

    def _seconds(self, elapsed: float, trouble: Trouble | None) -> float | None:
        if trouble is None:
            return sum(e.seconds for e in self.exchanges) if any(e.phases for e in self.exchanges) else None
        # A fast failure would look healthy in a graph of latencies; a deadline's wait is a lower bound of the truth.
        return elapsed if trouble.cause is Cause.TIMEOUT and self.planned.navigates else None


def _summed(parts: Iterator[Mapping[Phase, float]] | Sequence[Mapping[Phase, float]]) -> dict[Phase, float]:
    total: dict[Phase, float] = {}
    for phases in parts:
        for phase, seconds in phases.items():
            total[phase] = total.get(phase, 0.0) + seconds
    return total


class Run:
    """A run being written; see the top of this file for how a probe writes it."""

    def __init__(self, job: Job, clock: Clock = wire.SYSTEM_CLOCK, *, seconds: float | None = None) -> None:
        self.job = job
        self.redactor = Redactor()
        self.clock = clock
        self.seconds = job.deadline if seconds is None else seconds
        """How long it may take."""
        self._time, self._started = clock.now(), clock.monotonic()
        self._results: list[StepResult] = []
        self._open: _Writing | None = None
        self._warnings: list[Warning] = []
        self._readings: list[Reading] = []
        self._recorded: BaseException | None = None
        self._ended: Trouble | None = None
        self._traceback = ""
        self.keep: Callable[[Observation], Awaitable[str]] | None = None
        """Set by a probe: keeps the evidence of a run that did not pass, and gives the folder it is in."""

    @contextmanager
    def step(self, planned: PlannedStep) -> Iterator[None]:
        """Bracket one step; an exception becomes its trouble and goes on."""
        self._open = _Writing(planned, self.clock.monotonic())
        try:
            yield
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise  # the deadline or the end of the daemon: `observe` knows which, and closes the step
        except (Exception, SystemExit) as error:
            trouble = self._trouble(error)
            excused = planned.soft and trouble.status is Status.FAILED  # a mistake of the operator's is no weather
            self._close(trouble, excused=excused)
            if excused:
                return self.warn(SOFT, f"{planned.name}: {trouble.message}")
            self._recorded = error
            raise
        self._close(None)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Bracket a part of the run; the probe goes on after it, whatever is raised inside.

        The first of such exceptions is how the run ended; what goes wrong later on is its own step's trouble only.
        """
        try:
            yield
        except asyncio.CancelledError as error:
            if _is_being_stopped():
                raise
            self._end(error)
        except (Exception, SystemExit) as error:
            self._end(error)

    @property
    def last(self) -> StepResult | None:
        """The step that was done last."""
        return self._results[-1] if self._results else None

    @property
    def seconds_left(self) -> float:
        """Until the deadline."""
        return max(0.0, self._started + self.seconds - self.clock.monotonic())

    def exchange(self, exchange: Exchange) -> None:
        """Add what the wire measured to the step that is open."""
        if self._open is not None:
            self._open.exchanges.append(exchange)

    def read(self, type: str, type_instance: str, value: float, *, dispatched: bool = True) -> None:
        """Add a reading."""
        self._readings.append(Reading(type, type_instance, value, dispatched))

    def warn(self, code: str, message: str) -> None:
        """Add a warning; the status stays as it is."""
        self._warnings.append(Warning(code, message))

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
            seconds=None if trouble else self._total(),
        )
        return _redacted(finished, self.redactor)

    def _total(self) -> float | None:
        if not any(step.navigates for step in self.job.steps):
            return None
        return sum(result.seconds or 0.0 for result in self._results if result.trouble is None)

    def _close(self, trouble: Trouble | None, *, excused: bool = False) -> None:
        if self._open is not None:
            elapsed = self.clock.monotonic() - self._open.started
            self._results.append(self._open.close(elapsed, trouble, excused=excused))
            self._open = None

    def _trouble(self, error: BaseException) -> Trouble:
        trouble = trouble_from(error)
        if trouble.cause is Cause.TIMEOUT and self._open is not None and self._open.doing:
            trouble = replace(trouble, message=f"{trouble.message}: still {self._open.doing}")
        if trouble.cause is Cause.ERROR:
            # Of an operator's own step only what happened in it: the wrapping around it is ours.
            lines = "".join(traceback.format_exception(error.__cause__ or error))
            self._traceback = lines
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
        """The steps as the job announced them, whichever order they were done in; the rest was skipped."""
        done = {result.series: result for result in self._results}
        for planned in self.job.steps:
            skipped = StepResult(planned.name, planned.series, Status.SKIPPED, planned.place)
            yield done.get(planned.series, skipped)


def _redacted(observation: Observation, redact: Redactor) -> Observation:
    if redact.pattern is None:
        return observation
    return replace(
        observation,
        steps=tuple(
            replace(s, name=redact(s.name), trouble=_redacted_trouble(s.trouble, redact)) for s in observation.steps
        ),
        trouble=_redacted_trouble(observation.trouble, redact),
        traceback=redact(observation.traceback),
        warnings=tuple(Warning(w.code, redact(w.message)) for w in observation.warnings),
    )


def _redacted_trouble(trouble: Trouble | None, redact: Redactor) -> Trouble | None:
    if trouble is None:
        return None
    return replace(
        trouble, message=redact(trouble.message), expected=redact(trouble.expected), found=redact(trouble.found)
    )


async def observe(job: Job, clock: Clock = wire.SYSTEM_CLOCK, *, seconds: float | None = None) -> Observation:
    """Run *job* once, within its deadline, and tell how it went; the daemon and the command line both call this.

    *seconds* is a nearer deadline: that of a run that started late.
    """
    if job.probe is None:
        return unable(job, clock.now())
    most = job.deadline if seconds is None else min(seconds, job.deadline)
    run = Run(job, clock, seconds=most)
    try:
        async with deadline(most) as limit:
            await job.probe(run)
    except asyncio.CancelledError as error:
        if _is_being_stopped():
            raise
        # An operator's step raised it by itself: nobody has asked us to stop.
        return await _with_evidence(run, run.finish(error))
    except (Exception, SystemExit) as error:  # sys.exit() in an operator's step would end the loop thread
        ended: BaseException | None = error
    else:
        ended = None
    # Whatever a step makes of being cancelled, a run that its deadline ended has run into its deadline.
    if limit.expired() and (ended is None or ended is not run._recorded):
        ended = TimeoutError(f"not done after {round(most, 2):g} s")
    return await _with_evidence(run, run.finish(ended))


def _is_being_stopped() -> bool:
    """Whether somebody has cancelled this task, rather than that something in it raised CancelledError by itself."""
    task = asyncio.current_task()
    return task is None or bool(task.cancelling())


_KEEPING_SECONDS = 5.0
"""For writing down the evidence: a disk that hangs must not hold up the job for longer."""


async def _with_evidence(run: Run, observation: Observation) -> Observation:
    """*observation* with the path of its evidence; what goes wrong with keeping it is a warning."""
    if observation.passed or run.keep is None:
        return observation
    try:
        async with asyncio.timeout(_KEEPING_SECONDS):
            return replace(observation, evidence=await run.keep(observation))
    except TimeoutError:
        what = f"the evidence of the failed run was not written after {_KEEPING_SECONDS:g} s"
    except asyncio.CancelledError as error:
        if _is_being_stopped():
            raise
        what = _not_kept(error)
    except Exception as error:
        what = _not_kept(error)
    return replace(observation, warnings=(*observation.warnings, Warning(EVIDENCE, run.redactor(what))))


def _not_kept(error: BaseException) -> str:
    match error:
        case Misconfigured():
            return str(error)
        case OSError(strerror=str(reason), filename=file):
            why = f"{file}: {reason}" if file else reason
        case _:
            why = _bug(error)
    return f"the evidence of the failed run cannot be kept: {why}"


def unable(job: Job, time: float) -> Observation:
    """The observation of a job that cannot run: its trouble, and nothing measured."""
    trouble = job.trouble or Trouble(Status.ERROR, Cause.ERROR, "the job has no probe")
    steps = tuple(
        StepResult(s.name, s.series, s.trouble.status if s.trouble else Status.SKIPPED, s.place, s.trouble)
        for s in job.steps
    )
    return Observation(job=job, status=trouble.status, time=time, elapsed=0.0, steps=steps, trouble=trouble, ran=False)
