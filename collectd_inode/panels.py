"""The panels that show a job: their lines, for every program that draws them.

A kind's own are in its folder (``panels.py``); here are their parts, and the panels of several kinds.  A line names a
series by its type and type instance, and a function of it.  Grafana's panels (``report/grafana.py``, with the
questions of ``report/queries.py``) and pictures from RRD files (``report/graphs.py``) are both made from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from collectd_inode.model import Cause, Detail, Job

HOST = "${host}"
"""The host that is chosen from a list."""
ANY = "*"
BOUND = "time_dispersion"
"""The type of an offset's error bound."""


class Shape(Enum):
    """The function applied to a series before it is drawn."""

    AS_IT_IS = "as it is"
    LEAST = "the least of the values that fall together on the screen: a minute's failure in a day must show"
    MOST = "the greatest of those"
    FAILED = "1 where it is 0, and 0 where it is 1; the greatest"
    MEDIAN = "the median: of the last hour, in a picture of the whole time"
    HIGH = "the 95th percentile, likewise; the highest value, where the store knows no percentiles"
    UPPER = "the offset and its bound added"
    LOWER = "its bound taken off the offset"


class Unit(Enum):
    """The unit of a panel's numbers: Grafana's unit, the label of a picture's axis, and its factor."""

    SECONDS = ("s", "milliseconds", 1000.0)
    SECONDS_LEFT = ("s", "seconds left", 1.0)
    DAYS_LEFT = ("d", "days left", 1.0)
    PARTS_PER_MILLION = ("ppm", "parts per million", 1.0)
    SCORE = ("none", "score", 1.0)
    NUMBER = ("none", "", 1.0)

    def __init__(self, grafana: str, words: str, factor: float) -> None:
        self.grafana, self.words, self.factor = grafana, words, factor


@dataclass(frozen=True, slots=True)
class PanelSubject:
    """The subject of a group of panels: host, plugin and plugin instance, as they stand in a query.

    ``steps`` are the series and names of the steps that have latencies, in order; a series ``*`` is all there are.
    ``names`` are the names of all steps by their series.
    """

    kind: str
    instance: str
    host: str = HOST
    title: str = ""
    steps: tuple[tuple[str, str], ...] = ((ANY, ""),)
    names: Mapping[str, str] = field(default_factory=dict)
    readings: tuple[tuple[str, str], ...] | None = None
    """Types and type instances beside the steps' latencies; None where they are not known."""
    interval: float = 0.0
    probe: object = None

    def sent(self, type: str, beginning: str = "") -> list[str]:
        """The type instances of *type* that are known to be sent, and begin so."""
        return [name for known, name in self.readings or () if known == type and name.startswith(beginning)]


@dataclass(frozen=True, slots=True)
class PanelLine:
    """A series in a panel: its type, type instance, name and shape.

    A type instance that ends in ``*`` stands for all that begin so; the name is then put before each one's own.
    ``main``: the one that counts most, drawn upon the others.
    """

    subject: PanelSubject
    type: str
    instance: str
    name: str = ""
    shape: Shape = Shape.AS_IT_IS
    main: bool = False

    @property
    def many(self) -> bool:
        """Whether it stands for all series that begin alike."""
        return self.instance.endswith(ANY)

    @property
    def series(self) -> str:
        """Type and type instance, as a file is called: ``latency-total``."""
        return f"{self.type}-{self.instance}"


Word = tuple[str, str]
"""The name and the colour of a number."""


class PanelLook(Enum):
    """The style of a panel."""

    LINES = "lines"
    STACK = "stack"
    SMOKE = "lines; in a picture, one from the least to the most of each point"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class Mark:
    """A level with a name: a dashed line in a picture."""

    label: str
    level: float
    good: bool = False
    """Values above it are good; else they are bad."""


@dataclass(frozen=True, slots=True)
class Dots:
    """Values of a picture that are dots behind its lines, on an axis to the right; all in seconds.

    Up to ``good`` they have one colour, up to ``fair`` another, beyond it the third; one of ``most`` must have room.
    Zero is at ``middle`` of the picture's own axis, and dots go ``reach`` up and down from there.
    """

    what: str
    lines: tuple[PanelLine, ...]
    good: float
    fair: float
    most: float
    middle: float
    reach: float


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel, without its place: its lines, its width and height (of 24 columns), and its options.

    ``name`` is for the file of its picture, ``caption`` the picture's title.
    """

    title: str
    lines: tuple[PanelLine, ...]
    look: PanelLook = PanelLook.LINES
    unit: Unit = Unit.SECONDS
    width: int = 24
    height: int = 8
    description: str = ""
    limits: tuple[tuple[str, float | None], ...] = ()
    """Colours and from where on they hold, in ascending order, the first from everywhere."""
    words: Mapping[str, Mapping[int, Word]] = field(default_factory=dict)
    """By a line's name ("" for all): what its numbers are called."""
    name: str = ""
    caption: str = ""
    failures: bool = False
    """Red where the run failed; in a dashboard only behind what is stacked."""
    whole: PanelLine | None = None
    """The sum of the stack: a picture shows its numbers, and keeps the place of series without values."""
    close: bool = False
    """It moves a little, far from zero."""
    span: tuple[float, float] | None = None
    """From where to where a picture goes, whatever the values are."""
    marks: tuple[Mark, ...] = ()
    dots: Dots | None = None


def of_job(job: Job) -> PanelSubject:
    """The subject of the panels of *job*."""
    steps = tuple((step.series, step.name) for step in job.steps if step.navigates)
    return PanelSubject(
        kind=job.kind,
        instance=job.instance,
        host=job.host or HOST,
        title=f"{job.name}: {job.scenario}" if job.scenario else job.name,
        steps=() if job.detail is Detail.SCENARIO else steps,
        names={step.series: step.name for step in job.steps},
        readings=job.readings,
        interval=job.interval,
        probe=job.probe,
    )


UP = {0: ("down", "red"), 1: ("up", "green")}
YES = {0: ("no", "red"), 1: ("yes", "green")}
_CAUSES = {cause.value: (cause.word, "red" if cause else "green") for cause in Cause}
SUCCESS = "success"
"""The name of the panel that every kind has."""


def yes(subject: PanelSubject, instance: str, name: str) -> PanelLine:
    """A line that is 1 or 0, and 0 if in doubt."""
    return PanelLine(subject, "bool", instance, name, Shape.LEAST)


def verdict(subject: PanelSubject) -> Panel:
    """Up or down, and why."""
    return Panel(
        "Up or down, and why",
        (yes(subject, "success", "state"), PanelLine(subject, "gauge", "cause", "cause", Shape.MOST)),
        PanelLook.STRIP,
        Unit.NUMBER,
        height=5,
        words={"state": UP, "cause": _CAUSES},
        name=SUCCESS,
        caption="passed or failed",
    )


def latencies(subject: PanelSubject) -> Iterator[Panel]:
    """The steps, as far as they have latencies, and the whole run."""
    if subject.steps:
        yield Panel(
            "Steps",
            tuple(PanelLine(subject, "response_time", series, name) for series, name in subject.steps),
            PanelLook.STACK,
            description="Wire time of each step, in their order, one on the other; red where the run failed.",
            width=16,
            height=9,
            name="steps",
            caption="steps",
            failures=True,
            whole=PanelLine(subject, "latency", "total", "all steps"),
        )
    shapes = ((Shape.AS_IT_IS, "total"), (Shape.MEDIAN, "median of the last hour"), (Shape.HIGH, ""))
    yield Panel(
        "Whole run",
        tuple(PanelLine(subject, "latency", "total", name, shape) for shape, name in shapes),
        PanelLook.SMOKE,
        description="The sum of the steps' wire times, of runs that passed.",
        width=8,
        height=9,
        name="total",
        caption="all steps together",
        failures=True,
    )


def days_left(lines: tuple[PanelLine, ...]) -> Panel:
    """How many days each certificate is good for."""
    return Panel(
        "Days until certificates end",
        lines,
        unit=Unit.DAYS_LEFT,
        limits=(("red", None), ("orange", 7.0), ("green", 14.0)),
        description="One line a host; nothing where nothing is encrypted.",
        width=12,
        name="certificates",
        caption="certificates",
    )


def gauges(subject: PanelSubject, beginnings: Mapping[str, str]) -> tuple[PanelLine, ...]:
    """The gauges that begin so, as far as they are known to be sent; where nothing is known, whatever comes.

    Each is called by what follows its beginning, which is a step's series as a rule, and the words for the beginning.
    """
    if subject.readings is None:
        return tuple(PanelLine(subject, "gauge", beginning + ANY) for beginning in beginnings)
    return tuple(
        PanelLine(subject, "gauge", name, f"{subject.names.get(name[len(start) :], name[len(start) :])}{words}")
        for start, words in beginnings.items()
        for name in subject.sent("gauge", start)
    )
