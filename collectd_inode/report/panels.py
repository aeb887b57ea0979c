"""What a dashboard shows of a job, whichever store it asks: panels of lines, one function a kind of job.

A line names a series by its type and type instance and says what is made of it.  How it is asked for is in `queries`,
how a panel is drawn in `grafana`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from collectd_inode.clock.diagnosis import Diagnosis
from collectd_inode.report.values import HEALTH_PLUGIN
from collectd_inode.run import Cause, Detail, Job
from collectd_inode.wire import Phase

KINDS = {"scenario": "Scenario", "smarthost": "Smarthost", "ntp": "NTP", "clock": "Clock"}
"""The kinds of job, and what they are called above a list to choose from."""

HOST = "${host}"
"""The host that is chosen from a list."""
ANY = "*"
BOUND = "time_dispersion"
"""The type of an offset's error bound."""


class Shape(Enum):
    """What is made of a series before it is drawn."""

    AS_IT_IS = "as it is"
    LEAST = "the least of the values that fall together on the screen: a minute's failure in a day must show"
    MOST = "the greatest of those"
    FAILED = "1 where it is 0, and 0 where it is 1; the greatest"
    MEDIAN = "the median of the last hour"
    HIGH = "the 95th percentile of the last hour; its highest value, where the store knows no percentiles"
    UPPER = "the offset and its bound added"
    LOWER = "its bound taken off the offset"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a group of panels is about: host, plugin and plugin instance, as they stand in a query.

    ``steps`` are the series and names of the steps that have latencies, in order; a series ``*`` is all there are.
    """

    kind: str
    instance: str
    host: str = HOST
    title: str = ""
    steps: tuple[tuple[str, str], ...] = ((ANY, ""),)
    readings: tuple[tuple[str, str], ...] | None = None
    """Types and type instances beside the steps' latencies; None where they are not known."""
    interval: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A series in a panel: its type, type instance, name and shape.

    A type instance that ends in ``*`` stands for all that begin so; the name is then put before each one's own.
    """

    subject: Subject
    type: str
    instance: str
    name: str = ""
    shape: Shape = Shape.AS_IT_IS

    @property
    def many(self) -> bool:
        """Whether it stands for all series that begin alike."""
        return self.instance.endswith(ANY)


Word = tuple[str, str]
"""What a number is called, and its colour."""


class Look(Enum):
    """How a panel is drawn."""

    LINES = "lines"
    STACK = "stack"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel, without its place: what is in it, how wide and high it is (of 24 columns), and what is odd about it."""

    title: str
    lines: tuple[Line, ...]
    look: Look = Look.LINES
    unit: str = "s"
    width: int = 24
    height: int = 8
    description: str = ""
    limits: tuple[tuple[str, float | None], ...] = ()
    """Colours and from where on they hold, in ascending order, the first from everywhere."""
    words: Mapping[str, Mapping[int, Word]] = field(default_factory=dict)
    """By a line's name ("" for all): what its numbers are called."""
    bands: Mapping[str, str] = field(default_factory=dict)
    """By the name of a line: the name of the one below it, down to which the space is filled."""


def of_job(job: Job) -> Subject:
    """Whom the panels of *job* are about."""
    steps = tuple((step.series, step.name) for step in job.steps if step.navigates)
    return Subject(
        kind=job.kind,
        instance=job.instance,
        host=job.host or HOST,
        title=f"{job.name}: {job.scenario}" if job.scenario else job.name,
        steps=() if job.detail is Detail.SCENARIO else steps,
        readings=job.readings,
        interval=job.interval,
    )


def overview(subjects: Sequence[Subject]) -> tuple[str, tuple[Panel, ...]]:
    """The heading and panel of all jobs' states; without subjects those of whatever jobs there are."""
    states = tuple(_yes(subject, "success", subject.title) for subject in subjects)
    panel = Panel("Up or down", states, Look.STRIP, height=max(6, 3 + len(states)), words={"": _UP})
    return "All jobs", (panel,)


_UP = {0: ("down", "red"), 1: ("up", "green")}
_YES = {0: ("no", "red"), 1: ("yes", "green")}
_CAUSES = {cause.value: (cause.word, "red" if cause else "green") for cause in Cause}
_DIAGNOSES = {d.value: (d.name.lower().replace("_", " "), "red" if d else "green") for d in Diagnosis}
FAILED = "failed"
"""What the line is called that is 1 where a run failed."""
_UPPER, _LOWER = " + bound", " − bound"


def _yes(subject: Subject, instance: str, name: str) -> Line:
    """A line that is 1 or 0, and 0 if in doubt."""
    return Line(subject, "bool", instance, name, Shape.LEAST)


def _strip(subject: Subject) -> Panel:
    """Up or down, and why."""
    return Panel(
        "Up or down, and why",
        (_yes(subject, "success", "state"), Line(subject, "gauge", "cause", "cause", Shape.MOST)),
        Look.STRIP,
        height=5,
        words={"state": _UP, "cause": _CAUSES},
    )


def _stacked(subject: Subject) -> Iterator[Panel]:
    if not subject.steps:
        return
    steps = tuple(Line(subject, "response_time", series, name) for series, name in subject.steps)
    yield Panel(
        "Steps",
        (*steps, Line(subject, "bool", "success", FAILED, Shape.FAILED)),
        Look.STACK,
        description="Wire time of each step, in their order, one on the other; red where the run failed.",
        width=16,
        height=9,
    )


def _total(subject: Subject) -> Panel:
    shapes = ((Shape.AS_IT_IS, "total"), (Shape.MEDIAN, "median of the last hour"), (Shape.HIGH, ""))
    return Panel(
        "Whole run",
        tuple(Line(subject, "latency", "total", name, shape) for shape, name in shapes),
        description="The sum of the steps' wire times, of runs that passed.",
        width=8,
        height=9,
    )


def _days(subject: Subject, *instances: str) -> Panel:
    return Panel(
        "Days until certificates end",
        tuple(Line(subject, "gauge", f"{instance}_days_left", instance) for instance in instances)
        or (Line(subject, "gauge", f"certificate_days_left-{ANY}"),),
        unit="d",
        limits=(("red", None), ("orange", 7.0), ("green", 14.0)),
        description="One line a host; nothing where nothing is encrypted.",
        width=12,
    )


def _scenario(subject: Subject) -> tuple[Panel, ...]:
    phases = (*Phase, "overhead")
    return (
        _strip(subject),
        *_stacked(subject),
        _total(subject),
        Panel(
            "Phases",
            tuple(Line(subject, "duration", phase, phase) for phase in phases),
            Look.STACK,
            width=12,
            description="Where the wire time of all steps went, of runs that passed.  Overhead is ours.",
        ),
        _days(subject),
    )


def _smarthost(subject: Subject) -> tuple[Panel, ...]:
    verdicts = {
        "verified": "verified",
        "as_leaf": "good enough for an Exim",
        "authenticated": "logged in",
        "relay": "relays",
    }
    return (
        _strip(subject),
        *_stacked(subject),
        _total(subject),
        Panel(
            "Certificate, login and relaying",
            tuple(_yes(subject, name, said) for name, said in verdicts.items()),
            Look.STRIP,
            width=12,
            words={"": _YES},
        ),
        _days(subject, "certificate", "chain", "ca"),
    )


def _ntp(subject: Subject) -> tuple[Panel, ...]:
    servers = [
        instance for type, instance in subject.readings or () if type == "time_offset" and instance != "consensus"
    ]
    bounds = [
        Line(subject, "time_offset", server, server + end, shape)
        for server in servers
        for end, shape in ((_UPPER, Shape.UPPER), (_LOWER, Shape.LOWER))
    ] or [Line(subject, BOUND, ANY, "± ")]
    offsets = [Line(subject, "time_offset", server, server) for server in servers]
    consensus = Line(subject, "time_offset", "consensus", "consensus")
    return (
        _strip(subject),
        Panel(
            "Offset and bound",
            (consensus, *offsets, *bounds) if servers else (Line(subject, "time_offset", ANY), *bounds),
            width=16,
            height=9,
            description="Seconds that this clock is behind each server, and how wrong that can be.",
            bands={server + _UPPER: server + _LOWER for server in servers},
        ),
        Panel(
            "Round trip",
            tuple(Line(subject, "delay", server, server) for server in servers) or (Line(subject, "delay", ANY),),
            width=8,
            height=9,
        ),
        *_scores(subject),
        *_margins(subject),
    )


def _scores(subject: Subject) -> Iterator[Panel]:
    lines = _gauges(subject, "pool_score-", "published_score-")
    if lines:
        yield Panel(
            "Score in the NTP Pool",
            lines,
            unit="none",
            width=12,
            limits=(("red", None), ("green", 10.0)),
            description="As a monitor here would give it, and as the pool published it.  Below 10 it is left out.",
        )


def _margins(subject: Subject) -> Iterator[Panel]:
    lines = _gauges(subject, "margin-")
    if lines:
        yield Panel(
            "Seconds until a consumer refuses this clock", lines, width=12, limits=(("red", None), ("green", 0.0))
        )


def _gauges(subject: Subject, *beginnings: str) -> tuple[Line, ...]:
    """What is known to be sent of the gauges that begin so; where nothing is known, whatever comes."""
    if subject.readings is None:
        return tuple(Line(subject, "gauge", beginning + ANY) for beginning in beginnings)
    names = [instance for type, instance in subject.readings if type == "gauge"]
    return tuple(Line(subject, "gauge", name, name) for name in names if name.startswith(beginnings))


def _clock(subject: Subject) -> tuple[Panel, ...]:
    return (
        _strip(subject),
        Panel(
            "Diagnosis",
            (
                Line(subject, "gauge", "diagnosis", "diagnosis", Shape.MOST),
                _yes(subject, "synchronised", "synchronised"),
            ),
            Look.STRIP,
            height=5,
            words={"diagnosis": _DIAGNOSES, "synchronised": _YES},
        ),
        Panel(
            "What the kernel thinks its error is",
            (
                Line(subject, BOUND, "max_error", "at most"),
                Line(subject, BOUND, "estimated_error", "estimated"),
            ),
            width=8,
        ),
        Panel("Frequency", (Line(subject, "frequency_offset", "kernel", "kernel"),), unit="ppm", width=8),
        Panel(
            "Steps of the clock",
            (Line(subject, "gauge", "steps", "steps"), Line(subject, "gauge", "steps_undone", "undone")),
            unit="none",
            width=8,
        ),
    )


PANELS: Mapping[str, Callable[[Subject], tuple[Panel, ...]]] = {
    "scenario": _scenario,
    "smarthost": _smarthost,
    "ntp": _ntp,
    "clock": _clock,
}


def health() -> tuple[str, tuple[Panel, ...]]:
    """The heading and panels of how the plugin itself fares."""
    ours = Subject(HEALTH_PLUGIN, "")
    counts = (
        ("count", "jobs", "jobs"),
        ("count", "late", "late runs"),
        ("gauge", "config_errors", "faulty blocks"),
    )
    return "The plugin itself", (
        Panel("Lag of its loop", (Line(ours, "latency", "loop_lag", "lag"),), width=12),
        Panel("Jobs", tuple(Line(ours, *line) for line in counts), unit="none", width=12),
    )
