"""The nouns: jobs and their planned steps, finished runs, and the words for their results.

This module imports nothing of the package, and only cheap parts of the standard library.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import Any, Protocol, Self


class Status(StrEnum):
    """The end of a step or run, in cucumber's words; *failed* is the world's fault, *error* ours or the operator's."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDEFINED = "undefined"
    AMBIGUOUS = "ambiguous"
    ERROR = "error"


class Cause(IntEnum):
    """Why a run is bad, each with its meaning; the numbers are in people's databases and never change."""

    meaning: str

    def __new__(cls, number: int, meaning: str = "") -> Self:
        """Its value is the number alone: ``Cause(5)`` finds it."""
        cause = int.__new__(cls, number)
        cause._value_, cause.meaning = number, meaning
        return cause

    NONE = 0, "nothing is wrong"
    RESOLVE = 1, "the name was not found"
    CONNECT = 2, "no server answered there, or it refused to talk"
    TLS = 3, "TLS broke, other than by the certificate; the mail server does not offer STARTTLS"
    CERTIFICATE = 4, "the certificate was not accepted"
    TIMEOUT = 5, "a deadline was exceeded, wherever in the run"
    PROTOCOL = (
        6,
        "the connection was closed too early, or what came was not HTTP, SMTP or NTP; too many redirects",
    )
    REFUSED = 7, "a status of 400 or more; SMTP's 4xx and 5xx; a time server's kiss-o'-death"
    CREDENTIALS = (
        8,
        "the mail server refused user and password, just now or within ``AuthHoldOff``; no mechanism in common",
    )
    EXPECTATION = (
        9,
        "a text, link, field or button differs; strangers may relay; the clock is wrong; most probes say down",
    )
    UNSYNCHRONISED = 10, "the time server is not synchronised; nothing keeps this clock"
    UNDEFINED = 11, "a step that matches no sentence, or more than one"
    ERROR = 12, "a bug, ours or in a sentence of your own; there is a traceback in the log"
    CONFIGURATION = 13, "something to fix on this side: a file, a secret, a key, a variable"

    @property
    def word(self) -> str:
        """The cause as JSON and people write it: ``connect``."""
        return self.name.lower()


class Detail(Enum):
    """The level of a job's series: for the scenario only, for each step, or for each phase of each step too."""

    SCENARIO = "scenario"
    STEP = "step"
    PHASE = "phase"


class Door(Enum):
    """The place where jobs run: in collectd's process, under its exec plugin, as a service, or on the command line."""

    EMBEDDED = "embedded"
    EXEC = "exec"
    SERVE = "serve"
    CLI = "cli"

    @property
    def instance(self) -> str:
        """The plugin instance of its health series, since several may report to one collectd; empty if embedded."""
        return self.value if self in (Door.EXEC, Door.SERVE) else ""


class Phase(StrEnum):
    """A part of an exchange's time, each with its meaning, in the order of time; no part contains another."""

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """Its value is the word alone, which is blackbox_exporter's: ``Phase("tls")`` finds it."""
        phase = str.__new__(cls, word)
        phase._value_, phase.meaning = word, meaning
        return phase

    RESOLVE = "resolve", "name lookups"
    CONNECT = "connect", "connecting"
    TLS = "tls", "TLS handshakes"
    PROCESSING = "processing", "from the request to the first byte of the answer"
    TRANSFER = "transfer", "from the first byte of the answer to the last"


NETWORK = "network"
"""The part of a step's time that it waited for the network, where an engine can separate it."""


class ReplayEngine(StrEnum):
    """An engine that replays scenarios, with the durations that it sends of a run and of a step.

    ``least_interval``: seconds from run to run of a block, unless it has more.  ``measures``: the words for a step's
    time.
    """

    of_run: tuple[str, ...]
    of_step: tuple[str, ...]
    least_interval: float
    measures: str

    def __new__(
        cls,
        word: str,
        of_run: tuple[str, ...] = (),
        of_step: tuple[str, ...] = (),
        least_interval: float = 0.0,
        measures: str = "",
    ) -> Self:
        """Its value is the word alone, which the key ``Engine`` takes."""
        engine = str.__new__(cls, word)
        engine._value_, engine.of_run, engine.of_step = word, of_run, of_step
        engine.least_interval, engine.measures = least_interval, measures
        return engine

    PLAIN = "plain", (*Phase, "overhead"), tuple(Phase), 0.0, "on the wire"
    # A browser costs a hundred times as much.
    CHROMIUM = "chromium", ("overhead",), (NETWORK,), 300.0, "waiting for pages"


class Stamps(StrEnum):
    """The source of a time: the kernel at the socket, or our own clock after we woke up."""

    KERNEL = "kernel"
    ELAPSED = "elapsed"


class Failure(Exception):
    """The observed system does not do what it should: status *failed*, with the cause and a sentence.

    Reports show ``expected`` and ``found`` below the message if there is room.
    """

    def __init__(self, cause: Cause, message: str, *, expected: str = "", found: str = "") -> None:
        super().__init__(message)
        self.cause, self.message, self.expected, self.found = cause, message, expected, found


class Misconfigured(Exception):
    """The operator must fix something (a secret that cannot be read): status *error*, cause *configuration*."""


class Broken(Exception):
    """An operator's step raised an exception; the text names the place.  Status *error*."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: ``shop.feature:12:3``; a line or column of 0 is unknown, as is an empty path."""

    path: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.path, *(str(number) for number in (self.line, self.column) if number)])

    def __bool__(self) -> bool:
        return bool(self.path)


Identity = tuple[str, str, str]
"""The unique key of a job in a daemon: host, plugin, plugin instance."""
Lines = tuple[tuple[int, int], ...]
"""Parts of a file, each by its first and its last line."""

NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake for the operator to fix: what is wrong, its place in a file if known, where (block and key as written).

    ``help`` is the text below the message: suggestions, and at the end ``snippet``, code that the operator can paste.
    ``value`` is the configured value with the mistake; it leads from a mistake that is found later to its line.
    """

    what: str
    place: Place = NOWHERE
    where: str = ""
    help: str = ""
    value: str = ""
    snippet: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.place), self.where, self.what)))


@dataclass(frozen=True, slots=True)
class Trouble:
    """The reason why a run or step did not pass: status, cause, one line; the expected and the found value, if any."""

    status: Status
    cause: Cause
    message: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Warning:
    """A warning of a run that may have passed: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A planned step of a job: its name for people, its name in series, its place.

    Reports show the step with ``keyword`` and ``below`` (a table or doc string, line by line), as in its file;
    ``navigates`` is False for a step that does not use the network; ``trouble`` is why this step keeps its job from
    running.  ``soft``: its failure is a warning; ``cleanup``: it also runs after the run has failed; ``spare``: a run
    that does not need it does not show it.  ``wanted``: the series of its text or comment, if an earlier step has that
    series already.
    """

    name: str
    series: str
    place: Place = NOWHERE
    keyword: str = ""
    below: tuple[str, ...] = ()
    navigates: bool = True
    trouble: Trouble | None = None
    soft: bool = False
    cleanup: bool = False
    spare: bool = False
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The lines around the steps of a feature file, for people to read."""

    feature: str
    description: tuple[str, ...]
    scenario: str
    path: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of a step.  ``seconds`` is wire time: None if it did not use the network or did not pass.

    A step that exceeded a deadline has the time that it waited.  ``excused``: it is a soft step that failed.
    ``because``: the reason why the trouble of a clean-up step is not its own, so that it counts as skipped.
    ``shown``: the lines that it shows to the person who reads the run.
    """

    planned: PlannedStep
    status: Status
    trouble: Trouble | None = None
    seconds: float | None = None
    elapsed: float = 0.0
    phases: Mapping[Phase, float] = field(default_factory=dict)
    response_code: int | None = None
    bytes: int | None = None
    stamps: Stamps | None = None
    excused: bool = False
    because: str = ""
    shown: tuple[str, ...] = ()
    network: float | None = None
    """Seconds in which it waited for the network, where an engine separates them."""

    @property
    def passed(self) -> bool:
        """Whether it passed or was excused."""
        return self.status is Status.PASSED

    @property
    def name(self) -> str:
        """Its name for people."""
        return self.planned.name

    @property
    def series(self) -> str:
        """Its name in series."""
        return self.planned.series

    @property
    def place(self) -> Place:
        """Its place in its file."""
        return self.planned.place


@dataclass(frozen=True, slots=True)
class Reading:
    """A number beside the steps, under the type and type instance it is dispatched with.

    ``dispatched`` is False for readings that only JSON has, because they would create new series without end.
    """

    type: str
    type_instance: str
    value: float
    dispatched: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """A property of the observed system in a run, in words: ``address of shop.example``, ``192.0.2.7``.

    `why` compares the facts of a failed run with those of the last good one.
    """

    what: str
    value: str


SOFT, EVIDENCE = "soft", "evidence"
"""Codes of warnings: a soft step has failed; the evidence of a failed run could not be kept."""


class Standing(Enum):
    """The reliability of a run's status.  Only a final one begins or ends an alarm."""

    FINAL = "it is as it is"
    UNKNOWN = "too little is known for a verdict"
    NOT_YET = "too soon after the start for a verdict: no bool-success is sent"


class Listener(Protocol):
    """Receives the verdicts (``bool-success``) of one plugin and plugin instance, from every host.

    collectd's threads call ``take``; it never raises.
    """

    plugin: str
    instance: str

    def start(self) -> None:
        """Begin to receive verdicts."""

    def take(self, host: str, time: float, interval: float, value: float) -> None:
        """One verdict: who sent it, when (epoch seconds), every how many seconds, and 1 or 0."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The number of bad runs before a notification, among how many runs; equal numbers: in a row."""

    bad: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True)
class Job:
    """A job to observe: its identity, its interval, its deadline, and its probe.

    A job that cannot run has ``trouble`` instead of a probe, and reports it in every interval.  ``deadline`` is the
    time for a whole run, in seconds.  An empty ``host`` means the daemon's own.  ``confirm``, ``confirm_recovery``: the
    runs before the notification of a failure and of a recovery; ``repeat``, ``heartbeat``, ``retry``: seconds, 0 for
    never.  ``first_run``: it may run before its first slot; ``apart``: seconds from that run to the next, at least.
    """

    kind: str
    name: str
    instance: str
    scenario: str | None = None
    host: str = ""
    interval: float = 60.0
    deadline: float = 30.0
    notify: bool = True
    confirm: Confirm = Confirm()
    confirm_recovery: int = 1
    repeat: float = 0.0
    heartbeat: float = 0.0
    retry: float = 0.0
    first_run: bool = True
    apart: float = 0.0
    start_offset: float | None = None
    detail: Detail = Detail.STEP
    steps: tuple[PlannedStep, ...] = ()
    place: Place = NOWHERE
    lines: Lines = ()
    """Further lines of its file that select it: a scenario's tags, its outline, the head of its feature."""
    story: Story | None = None
    tags: tuple[str, ...] = ()
    """A scenario's tags and its feature's, each with its @."""
    target: str = ""
    """The host that it contacts first, on this machine with its port; empty if there is none, or it is unknown."""
    engine: ReplayEngine | None = None
    """The engine that replays a scenario; None for other kinds."""
    readings: tuple[tuple[str, str], ...] = ()
    """Type and type instance of the values that it may send beside latencies, as far as they are known before a run."""
    probe: Callable[[Any], Awaitable[None]] | None = None
    """A `run.Probe`; this module must not import its recorder."""
    trouble: Trouble | None = None
    listener: Listener | None = None
    """Receives the verdicts of other jobs and machines, for its probe."""
    configuration: str = ""
    """A fingerprint of its settings in collectd.conf; empty where there is none."""

    @property
    def identity(self) -> Identity:
        """Its unique key."""
        return self.host, self.kind, self.instance

    @property
    def full_name(self) -> str:
        """Its name for people: ``webhome: Visiting home and contact pages``."""
        return ": ".join(filter(None, (self.name, self.scenario)))

    @property
    def last_line(self) -> int:
        """The last line of its file that belongs to it and to no job before it: usually the line of its last step."""
        path, first = self.place.path, self.place.line
        return max([first, *(step.place.line for step in self.steps if step.place.path == path)])

    @property
    def all_lines(self) -> Lines:
        """All lines of its file that select it."""
        return ((self.place.line, self.last_line), *self.lines)


@dataclass(frozen=True, slots=True)
class Observation:
    """A finished run: immutable, redacted, the one source of all reports.

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
    """False for a job that cannot run and only reports that."""
    traceback: str = ""
    """Of a bug, ours or in an operator's step."""
    evidence: str = ""
    """The folder with a failed run's evidence; empty if none was kept."""
    facts: tuple[Fact, ...] = ()
    """The properties of the observed system, each ``what`` once."""
    standing: Standing = Standing.FINAL

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
        """Whether it passed."""
        return self.status is Status.PASSED

    @property
    def overhead(self) -> float | None:
        """The elapsed time minus the wire time: ours, never the server's."""
        if self.seconds is None:
            return None
        # The server's share of an excused step's time is unknown, so none of it counts as ours.
        theirs = self.seconds + sum(step.elapsed for step in self.steps if step.excused)
        return max(0.0, self.elapsed - theirs)

    @property
    def bad_step(self) -> StepResult | None:
        """The step that ended the run; None where no step did."""
        troubled = (s for s in self.steps if s.trouble is not None and not s.excused)
        return next((s for s in troubled if s.trouble == self.trouble), None)


def unable(job: Job, time: float) -> Observation:
    """The observation of a job that cannot run: its trouble, and nothing measured."""
    trouble = job.trouble or Trouble(Status.ERROR, Cause.ERROR, "the job has no probe")
    steps = tuple(StepResult(s, s.trouble.status if s.trouble else Status.SKIPPED, s.trouble) for s in job.steps)
    return Observation(job=job, status=trouble.status, time=time, elapsed=0.0, steps=steps, trouble=trouble, ran=False)
