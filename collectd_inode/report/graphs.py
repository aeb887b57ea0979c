"""A job's series → what ``rrdtool graph`` is to be told: the pictures of each kind of job.  Pure.

A picture is made of what has a file: a step that has never passed has none, and is named without numbers.  Its legend
and the words for those who cannot see it come from the same rows.

What surprises people in rrdtool, and is dealt with here alone: a colon ends an argument unless a backslash stands
before it; a legend called ``STACK`` or ``legend=x`` is taken for an option, unless it is given as ``legend=``; a
backslash in a legend begins a control code; a known value on top of an unknown one is stacked on what is below that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectd_inode.names import slug
from collectd_inode.report.notification import shortened
from collectd_inode.run import Job
from collectd_inode.wire import Phase

NAME_WIDTH = 60
TITLE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """What collectd's threshold plugin holds a series against; each None where it says nothing."""

    warning_min: float | None = None
    warning_max: float | None = None
    failure_min: float | None = None
    failure_max: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A job as far as it can be drawn: the series (``latency-total``) that have a file, and what they are held against.

    ``max_offset``: an NTP job's, in seconds.
    """

    job: Job
    files: frozenset[str]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    max_offset: float | None = None

    @property
    def name(self) -> str:
        """As people would call it: ``webhome: Visiting home and contact pages``."""
        return ": ".join(filter(None, (self.job.name, self.job.scenario)))


# Colours --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture, ``#rrggbb`` or ``#rrggbbaa``.

    ``series`` are told apart by people who see colours in other ways, too (Okabe and Ito's, and two more); failures
    have a colour of their own, and the height of the whole picture.
    """

    back: str
    text: str
    axis: str
    grid: str
    failure: str
    passed: str
    series: tuple[str, ...]

    def of(self, index: int) -> str:
        """The colour of the series number *index*."""
        return self.series[index % len(self.series)]


LIGHT = Palette(
    back="#ffffff",
    text="#30363c",
    axis="#9aa0a6",
    grid="#00000018",
    failure="#d01c2a",
    passed="#009e73",
    series=("#0072b2", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#b8a900", "#94735e", "#8f98a3"),
)
DARK = Palette(
    back="#16191d",
    text="#d5dae0",
    axis="#6b737c",
    grid="#ffffff1c",
    failure="#ff6b6b",
    passed="#2cbf94",
    series=("#2f8fd0", "#cf9016", "#78b9e4", "#22a37e", "#c880aa", "#b8a93a", "#a08068", "#8b949e"),
)


# A picture ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A number that belongs to a row: what rrdtool is asked (``total:AVERAGE``), and the word for it."""

    of: str
    word: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a legend: a name, how it is drawn (``AREA:ms0#0072b2``, or nothing), options behind, its numbers."""

    label: str
    draw: str = ""
    options: str = ""
    numbers: tuple[Number, ...] = ()

    @property
    def colour(self) -> str:
        """What it is drawn in, without transparency; empty for what is not drawn."""
        return re.sub(r"^[^#]*(#[0-9a-f]{6})?.*", r"\1", self.draw)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture but for its size and time: ``name`` tells it from the job's others, ``reads`` are the series it needs.

    ``job`` and ``what`` are its title, ``unit`` stands along the axis.
    """

    name: str
    job: str
    what: str
    unit: str
    reads: tuple[str, ...]
    data: tuple[str, ...]
    rows: tuple[Row, ...]
    options: tuple[str, ...] = ()
    height: float = 1.0

    @property
    def title(self) -> str:
        """``shop: Browsing the shop: steps``."""
        return f"{self.job}: {self.what}"


@dataclass(frozen=True, slots=True)
class Frame:
    """How large, from when to when (epoch seconds), and in which format; a small one has neither title nor legend."""

    start: int
    end: int
    format: str = "png"
    width: int = 900
    height: int = 260
    small: bool = False


COLUMNS = ("LAST", "AVERAGE", "MAX")
_HEADINGS = ("last", "average", "most")
_CELL, _MIDDLE = "%9.2lf", "%20.2lf"
_PRINTED = "%.4lg"


def arguments(picture: Picture, palette: Palette, frame: Frame, file: str) -> list[str]:
    """What follows ``rrdtool graph`` to draw *picture* into *file*, in the folder of the job's RRD files."""
    drawn = _small(picture) if frame.small else _legend(picture)
    return [file, *_layout(picture, palette, frame), *picture.options, *picture.data, *drawn]


def _layout(picture: Picture, palette: Palette, frame: Frame) -> list[str]:
    colours = {
        "BACK": palette.back, "CANVAS": palette.back, "SHADEA": palette.back, "SHADEB": palette.back,
        "FRAME": palette.axis, "AXIS": palette.axis, "ARROW": "#00000000", "FONT": palette.text,
        "GRID": palette.grid, "MGRID": palette.grid,
    }  # fmt: skip
    size = ("--zoom", "2") if frame.small and frame.format == "png" else ()
    return [
        *("--start", str(frame.start), "--end", str(frame.end)),
        *("--width", str(frame.width), "--height", str(max(20, round(frame.height * picture.height)))),
        *("--imgformat", frame.format.upper()),
        *(("--no-legend",) if frame.small else ("--title", _plain(shortened(picture.title, TITLE_WIDTH)))),
        *("--vertical-label", picture.unit, "--units-exponent", "0", "--units-length", "6"),
        *("--font", "DEFAULT:9:DejaVu Sans Mono", "--font", "TITLE:12:DejaVu Sans"),
        *("--font", "AXIS:8:DejaVu Sans", "--font", "UNIT:8:DejaVu Sans"),
        *("--border", "0", "--slope-mode", "--disable-rrdtool-tag", *size),
        *(part for name, colour in colours.items() for part in ("--color", f"{name}{colour}")),
    ]


def _legend(picture: Picture) -> Iterator[str]:
    width = max((len(shortened(row.label, NAME_WIDTH)) for row in picture.rows if row.numbers), default=0)
    headed = any(len(row.numbers) == len(COLUMNS) for row in picture.rows)
    if headed:
        width = max(width, len(picture.unit))
        # Two blanks are as wide as the coloured box in front of each name below.
        headings = "".join(f"{heading:>11}" for heading in _HEADINGS)
        yield f"COMMENT:  {_escaped(picture.unit.ljust(width))}{headings}\\l"
    for row in picture.rows:
        # A number that is one over the whole time stands in the middle column.
        yield from _legend_row(row, width, _CELL if len(row.numbers) > 1 or not headed else _MIDDLE)


def _legend_row(row: Row, width: int, cell: str) -> Iterator[str]:
    if not row.label:
        yield f"{row.draw}{row.options and ':'}{row.options}"
        return
    label = _escaped(shortened(row.label, NAME_WIDTH).ljust(width if row.numbers else 0))
    end = "" if row.numbers else "\\l"
    options = row.options and f":{row.options}"
    # The two blanks that rrdtool itself leaves for the box, but of a tick.
    indent = "  " if row.draw.startswith("TICK") else ""
    yield f"{row.draw}:legend={indent}{label}{end}{options}" if row.draw else f"COMMENT:  {label}{end}"
    cells = [f"GPRINT:{number.of}:{cell}" for number in row.numbers]
    yield from (*cells[:-1], *(f"{last}\\l" for last in cells[-1:]))


def _small(picture: Picture) -> Iterator[str]:
    yield from (f"{row.draw}{row.options and ':'}{row.options}" for row in picture.rows if row.draw)
    yield from (f"PRINT:{number.of}:{_PRINTED}" for row in picture.rows for number in row.numbers)


@dataclass(frozen=True, slots=True)
class Told:
    """A row of a small picture's legend: name, colour, and its numbers by their words, as rrdtool printed them."""

    label: str
    colour: str
    numbers: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """``I go to "/": last 1.2, average 1.3, at most 1.9``."""
        known = ", ".join(f"{word} {number}".strip() for word, number in self.numbers)
        return f"{self.label}: {known}" if known else self.label

    @property
    def number(self) -> str:
        """The one that says most: the average, or the only one."""
        return dict(self.numbers).get("average") or "".join(number for _, number in self.numbers[:1])


def told(picture: Picture, printed: Sequence[str]) -> list[Told]:
    """The rows of *picture* with the numbers that rrdtool has *printed* for a small one; unknown ones are left out."""
    values = iter(printed)
    rows = []
    for row in picture.rows:
        numbers = [(number.word, next(values, "nan")) for number in row.numbers]
        known = tuple((word, value) for word, value in numbers if "nan" not in value)
        if row.label:
            rows.append(Told(row.label, row.colour, known))
    return rows


def alternative(picture: Picture, rows: Iterable[Told]) -> str:
    """The picture in words, for those who cannot see it."""
    return f"{picture.title}, {picture.unit}. ".replace(", .", ".") + "; ".join(row.text for row in rows)


def definitions(picture: Picture) -> Iterator[tuple[str, str]]:
    """Each series of *picture* with the argument that reads it; a series may be read in several ways."""
    return ((name, line) for line in picture.data for name in picture.reads if _reads(line, name))


def _reads(argument: str, series: str) -> bool:
    return argument.startswith("DEF:") and argument.partition("=")[2].startswith(f"{_source(series)}:")


_SOURCES = {"duration": "seconds"}
"""Type → the name of its data source in types.db, where that is not ``value``."""


def _source(series: str) -> str:
    """A series' file and data source, as an argument names them."""
    file = f"{series}.rrd".replace(":", "\\:")
    return f"{file}:{_SOURCES.get(series.partition('-')[0], 'value')}"


def _escaped(text: str) -> str:
    """*text* where rrdtool parts arguments at colons; a backslash it would take for the start of something."""
    return _plain(text).replace("\\", "\N{SET MINUS}").replace(":", "\\:")


def _plain(text: str) -> str:
    """*text* with a blank for what has no shape, or could not even be an argument."""
    return "".join(c if c.isprintable() else " " for c in text)


# How pictures are put together ----------------------------------------------------------------------------------------


class _Sheet:
    """A picture while it is put together: series are defined once, by short names, and scaled to the picture's unit."""

    def __init__(self, subject: Subject, palette: Palette, factor: float = 1.0) -> None:
        self.subject, self.palette, self.factor = subject, palette, factor
        self.reads: list[str] = []
        self.data: list[str] = []
        self.rows: list[Row] = []

    def has(self, series: str) -> bool:
        """Whether the series has a file."""
        return series in self.subject.files

    def define(self, series: str, cf: str = "AVERAGE", *, factor: float | None = None) -> str:
        """The name of *series* on this sheet, in the sheet's unit."""
        name = f"v{len(self.data)}"
        scale = self.factor if factor is None else factor
        self.reads += [series] if series not in self.reads else []
        self.data.append(f"DEF:{name}={_source(series)}:{cf}")
        return name if scale == 1 else self.compute(f"{name},{scale:g},*")

    def compute(self, expression: str) -> str:
        """The name of what *expression*, in rrdtool's reverse Polish notation, makes."""
        name = f"c{len(self.data)}"
        self.data.append(f"CDEF:{name}={expression}")
        return name

    def single(self, expression: str) -> str:
        """The name of one number over the whole time: ``total,95,PERCENTNAN``."""
        name = f"n{len(self.data)}"
        self.data.append(f"VDEF:{name}={expression}")
        return name

    def row(self, label: str, draw: str = "", options: str = "", *, of: str = "") -> None:
        """A line of the legend, with the three numbers *of* a name."""
        numbers = tuple(
            Number(f"{of}:{cf}", word) for cf, word in zip(COLUMNS, ("last", "average", "at most"), strict=True)
        )
        self.rows.append(Row(label, draw, options, numbers if of else ()))

    def limits(self, series: str) -> None:
        """Dashed lines where collectd's thresholds for *series* are."""
        limit = self.subject.limits.get(series, Limit())
        edges = (
            ("warning below", limit.warning_min, self.palette.of(1)),
            ("warning above", limit.warning_max, self.palette.of(1)),
            ("failure below", limit.failure_min, self.palette.failure),
            ("failure above", limit.failure_max, self.palette.failure),
        )
        for words, value, colour in edges:
            if value is not None:
                self.line(f"{words} {value * self.factor:g}", value * self.factor, colour)

    def line(self, label: str, value: float, colour: str) -> None:
        """A dashed line at *value*."""
        self.rows.append(Row(label, f"HRULE:{value:g}{colour}", "dashes=6,4"))

    def failures(self) -> None:
        """A red band, as high as the picture, where the job failed."""
        if not self.has(SUCCESS):
            return
        success = self.define(SUCCESS, "MIN", factor=1)
        # RRD parts a value among the two steps that it touches: of a failed run, one gets at least half.
        band = self.compute(f"{success},0.5,LE,1,UNKN,IF")
        # A tick for every pixel: an area that is one pixel wide would not be drawn at all.
        self.rows.append(Row("", f"TICK:{band}{self.palette.failure}33:1"))

    def failure_share(self) -> None:
        """The band's legend: drawn a second time without height, so that it comes last and in full strength."""
        if not self.has(SUCCESS):
            return
        # The average, unlike the band's minimum, counts a point at the edge of an outage for its share only.
        success = self.define(SUCCESS, factor=1)
        bad = self.compute(f"1,{success},-,100,*")
        nothing = self.compute(f"{success},UN,0,0,IF")
        number = Number(f"{bad}:AVERAGE", "")
        self.rows.append(Row("failed, % of the time", f"AREA:{nothing}{self.palette.failure}66", numbers=(number,)))

    def finish(self, name: str, what: str, unit: str, *options: str, height: float = 1.0) -> Picture:
        """The picture."""
        return Picture(
            name, self.subject.name, what, unit, tuple(self.reads), tuple(self.data), tuple(self.rows), options,
            height,
        )  # fmt: skip


SUCCESS = "bool-success"
TOTAL = "latency-total"
_FROM_ZERO = ("--lower-limit", "0")
_CLOSE = ("--alt-autoscale", "--alt-y-grid")
"""For what moves a little, far from zero."""

_MILLI = 1000.0


def _stack(sheet: _Sheet, labelled: Iterable[tuple[str, str]]) -> None:
    """Series on top of one another, by label and name; at least one of them has a file.

    A series' threshold is drawn where the series stands, and after all of them: what is stacked stands on what was
    drawn before it, a line included.
    """
    named = list(labelled)
    names = {series: sheet.define(series) for _, series in named if sheet.has(series)}
    nothing = sheet.compute(f"{next(iter(names.values()))},UNKN,*")
    below = ""
    lines: list[Row] = []
    for index, (label, series) in enumerate(named):
        colour = sheet.palette.of(index)
        if series not in names:
            sheet.row(f"{label}: no values", f"AREA:{nothing}{colour}")
            continue
        name = names[series]
        sheet.row(label, f"AREA:{name}{colour}", "STACK" if below else "", of=name)
        known = sheet.compute(f"{name},UN,0,{name},IF")
        lines += _stacked_limit(sheet, series, label, below or sheet.compute(f"{known},0,*"))
        below = sheet.compute(f"{below},{known},+") if below else known
    sheet.rows += lines


def _stacked_limit(sheet: _Sheet, series: str, label: str, below: str) -> Iterator[Row]:
    """The threshold of a series that stands on *below*."""
    limit = sheet.subject.limits.get(series, Limit())
    edges = (("warning", limit.warning_max, sheet.palette.text), ("failure", limit.failure_max, sheet.palette.failure))
    for word, value, colour in edges:
        if value is not None:
            most = value * sheet.factor
            edge = sheet.compute(f"{below},{most:g},+")
            yield Row(f"{word} above {most:g}: {label}", f"LINE1:{edge}{colour}", "dashes=2,3")


# The pictures ---------------------------------------------------------------------------------------------------------


def steps(subject: Subject, palette: Palette) -> Picture | None:
    """The steps stacked in their order, the time in which the job failed, and the thresholds of the whole."""
    wanted = [(s.name, f"response_time-{s.series}") for s in subject.job.steps if s.navigates]
    shown = [pair for pair in wanted if pair[1] in subject.files]
    if not shown:
        return None
    sheet = _Sheet(subject, palette, _MILLI)
    sheet.failures()
    _stack(sheet, wanted)
    if len(wanted) > 1 and sheet.has(TOTAL):
        sheet.row("all steps", of=sheet.define(TOTAL))
    sheet.limits(TOTAL)
    sheet.failure_share()
    return sheet.finish("steps", "steps", "milliseconds", *_FROM_ZERO)


def success(subject: Subject, palette: Palette) -> Picture | None:
    """A strip: passed, failed (twice as high, for those who see no difference in colour), or nothing known."""
    if SUCCESS not in subject.files:
        return None
    sheet = _Sheet(subject, palette)
    least, share = sheet.define(SUCCESS, "MIN"), sheet.define(SUCCESS)
    passed = sheet.compute(f"{least},0.5,GT,1,UNKN,IF")
    failed = sheet.compute(f"{least},0.5,LE,1,UNKN,IF")
    shares = sheet.compute(f"{share},100,*"), sheet.compute(f"1,{share},-,100,*")
    for label, drawn, colour, of in (
        ("passed, % of the time", passed, f"{palette.passed}:0.5", shares[0]),
        ("failed, % of the time", failed, f"{palette.failure}:1", shares[1]),
    ):
        sheet.rows.append(Row(label, f"TICK:{drawn}{colour}", numbers=(Number(f"{of}:AVERAGE", ""),)))
    scale = ("--lower-limit", "0", "--upper-limit", "1", "--rigid", "--y-grid", "none")
    return sheet.finish("success", "passed or failed", "", *scale, height=0.15)


def total(subject: Subject, palette: Palette) -> Picture | None:
    """Smoke: what the whole took, from the least to the most of each point, with its median and 95th percentile."""
    if TOTAL not in subject.files:
        return None
    sheet = _Sheet(subject, palette, _MILLI)
    sheet.failures()
    low, high, average = (sheet.define(TOTAL, cf) for cf in ("MIN", "MAX", "AVERAGE"))
    smoke = sheet.compute(f"{high},{low},-")
    colour = palette.of(0)
    sheet.rows.append(Row("", f"AREA:{low}"))
    sheet.rows.append(Row("least to most", f"AREA:{smoke}{colour}50", "STACK"))
    sheet.row("average", f"LINE1.5:{average}{colour}", of=average)
    for label, percent, other in (("median", 50, palette.of(3)), ("95th percentile", 95, palette.of(4))):
        number = sheet.single(f"{average},{percent},PERCENTNAN")
        sheet.rows.append(Row(label, f"LINE1.5:{number}{other}", "dashes=2,3", (Number(number, ""),)))
    sheet.limits(TOTAL)
    sheet.failure_share()
    return sheet.finish("total", "all steps together", "milliseconds", *_FROM_ZERO)


def phases(subject: Subject, palette: Palette) -> Picture | None:
    """Where the time goes: the phases of all steps, and what is ours, stacked."""
    wanted = [(name, f"duration-{name}") for name in (*(str(phase) for phase in Phase), "overhead")]
    shown = [pair for pair in wanted if pair[1] in subject.files]
    if not shown:
        return None
    sheet = _Sheet(subject, palette, _MILLI)
    _stack(sheet, shown)
    return sheet.finish("phases", "phases", "milliseconds", *_FROM_ZERO)


_DAYS = {
    "gauge-certificate_days_left": "certificate",
    "gauge-chain_days_left": "chain",
    "gauge-ca_days_left": "CA certificate",
}


def certificates(subject: Subject, palette: Palette) -> Picture | None:
    """How many days each certificate is good for."""
    of_hosts = f"{next(iter(_DAYS))}-"
    hosts = {name: name.removeprefix(of_hosts) for name in sorted(subject.files) if name.startswith(of_hosts)}
    wanted = {**{name: label for name, label in _DAYS.items() if name in subject.files}, **hosts}
    sheet = _Sheet(subject, palette)
    _lines(sheet, wanted)
    for series in wanted:
        sheet.limits(series)
    _once(sheet)
    return sheet.finish("certificates", "certificates", "days left", *_FROM_ZERO) if wanted else None


def _lines(sheet: _Sheet, wanted: Mapping[str, str], *, width: float = 2) -> None:
    for index, (series, label) in enumerate(wanted.items()):
        name = sheet.define(series)
        sheet.row(label, f"LINE{width:g}:{name}{sheet.palette.of(index)}", of=name)


def _once(sheet: _Sheet) -> None:
    """Lines that are the same for many series are drawn once."""
    sheet.rows = list(dict.fromkeys(sheet.rows))


def offset(subject: Subject, palette: Palette) -> Picture | None:
    """Each server's offset with how wrong it can be, their consensus, and what is allowed."""
    servers = [(name, server) for name, server in _servers(subject) if f"time_offset-{server}" in subject.files]
    consensus = "time_offset-consensus"
    if not servers and consensus not in subject.files:
        return None
    sheet = _Sheet(subject, palette, _MILLI)
    sheet.failures()
    middles = [sheet.define(f"time_offset-{server}") for _, server in servers]
    for index, (name, server) in enumerate(servers):
        if sheet.has(f"time_dispersion-{server}"):
            bound = sheet.define(f"time_dispersion-{server}")
            low, wide = sheet.compute(f"{middles[index]},{bound},-"), sheet.compute(f"{bound},2,*")
            sheet.rows.append(Row("", f"AREA:{low}"))
            sheet.row(f"{name}, give or take", f"AREA:{wide}{palette.of(index)}28", "STACK", of=bound)
    for index, (name, _) in enumerate(servers):
        sheet.row(name, f"LINE1.5:{middles[index]}{palette.of(index)}", of=middles[index])
    if sheet.has(consensus):
        agreed = sheet.define(consensus)
        sheet.row("consensus", f"LINE2:{agreed}{palette.text}", of=agreed)
    if subject.max_offset is not None:
        most = subject.max_offset * _MILLI
        sheet.line(f"MaxOffset: {most:g} either way", most, palette.failure)
        sheet.rows.append(Row("", f"HRULE:{-most:g}{palette.failure}", "dashes=6,4"))
    sheet.limits(consensus)
    sheet.failure_share()
    return sheet.finish("offset", "offset", "milliseconds", "--alt-autoscale")


def _servers(subject: Subject) -> Iterator[tuple[str, str]]:
    """Name and slug of each configured server, in order."""
    return ((step.name, step.series) for step in subject.job.steps)


POOL_LEAST, POOL_MOST, POOL_JOINS = -100.0, 20.0, 10.0
"""The NTP Pool's scores, and the one from which a server is in its DNS."""
_GOOD, _FAIR = 25.0, 100.0
"""Milliseconds: up to the first an answer gains the full step, from the second it costs more than it brings."""


def score(subject: Subject, palette: Palette) -> Picture | None:
    """Score history, as the NTP Pool shows it: the score's line, and each answer's offset as a dot."""
    names = {server: name for name, server in _servers(subject)}
    kinds = (("gauge-pool_score-", "score predicted here"), ("gauge-published_score-", "score published"))
    wanted = {
        series: f"{names.get(server, server)}, {words}"
        for start, words in kinds
        for series in sorted(subject.files)
        if (server := series.removeprefix(start)) != series
    }
    if not wanted:
        return None
    sheet = _Sheet(subject, palette)
    offsets = [f"time_offset-{server}" for server in names if f"time_offset-{server}" in subject.files]
    scale = _milliseconds_a_point((subject.max_offset or 0) * _MILLI)
    for index, series in enumerate(offsets):
        _dots(sheet, sheet.define(series, factor=_MILLI), scale, labelled=index == 0)
    _lines(sheet, wanted)
    sheet.line(f"in the pool from {POOL_JOINS:g}", POOL_JOINS, palette.passed)
    right = ("--right-axis", f"{scale:g}:{-_MIDDLE_SCORE * scale:g}", "--right-axis-label", "offset, milliseconds")
    limits = ("--lower-limit", f"{POOL_LEAST:g}", "--upper-limit", f"{POOL_MOST + 5:g}", "--rigid")
    return sheet.finish("score", "score history", "score", *limits, *right, "--right-axis-format", "%.0lf")


_MIDDLE_SCORE, _REACH = -40.0, 60.0
"""Offsets have the middle of the picture, so many points up and down."""


def _milliseconds_a_point(most: float) -> float:
    """How much offset a point of the score's axis is worth, so that *most* has room and the axis has round numbers."""
    return 2.5 * math.ceil(max(_FAIR, most) / _REACH / 2.5)


def _dots(sheet: _Sheet, offset: str, scale: float, *, labelled: bool) -> None:
    """A flat dash a value, in three colours; one beyond the picture is drawn at its edge."""
    most, height = _REACH * scale, 1.6
    inside = sheet.compute(f"{offset},{-most:g},MAX,{most:g},MIN,{scale:g},/,{_MIDDLE_SCORE:g},+")
    size = sheet.compute(f"{offset},ABS")
    classes = (
        (f"{size},{_GOOD:g},LE", sheet.palette.passed, f"offset up to {_GOOD:g} ms"),
        (f"{size},{_GOOD:g},GT,{size},{_FAIR:g},LE,*", sheet.palette.of(1), f"offset up to {_FAIR:g} ms"),
        (f"{size},{_FAIR:g},GT", sheet.palette.failure, "offset of more than that"),
    )
    for condition, colour, label in classes:
        foot = sheet.compute(f"{condition},{inside},{height / 2:g},-,UNKN,IF")
        body = sheet.compute(f"{foot},UN,UNKN,{height:g},IF")
        sheet.rows.append(Row("", f"AREA:{foot}"))
        sheet.rows.append(Row(label if labelled else "", f"AREA:{body}{colour}", "STACK"))


def margins(subject: Subject, palette: Palette) -> Picture | None:
    """The seconds that are left before each named consumer rejects this clock."""
    start = "gauge-margin-"
    wanted = {name: name.removeprefix(start) for name in sorted(subject.files) if name.startswith(start)}
    sheet = _Sheet(subject, palette)
    _lines(sheet, wanted)
    for series in wanted:
        sheet.limits(series)
    _once(sheet)
    return sheet.finish("margins", "margins", "seconds left", *_CLOSE) if wanted else None


def error(subject: Subject, palette: Palette) -> Picture | None:
    """How wrong the kernel holds the clock to be: at most, and by its estimate."""
    named = {
        "time_dispersion-max_error": "at most",
        "time_dispersion-estimated_error": "estimated",
    }
    wanted = {series: label for series, label in named.items() if series in subject.files}
    if not wanted:
        return None
    sheet = _Sheet(subject, palette, _MILLI)
    sheet.failures()
    _lines(sheet, wanted)
    for series in wanted:
        sheet.limits(series)
    sheet.failure_share()
    return sheet.finish("error", "how wrong the clock may be", "milliseconds", *_FROM_ZERO)


def frequency(subject: Subject, palette: Palette) -> Picture | None:
    """By how much the kernel corrects the clock's speed."""
    series = "frequency_offset-kernel"
    if series not in subject.files:
        return None
    sheet = _Sheet(subject, palette)
    _lines(sheet, {series: "correction"})
    sheet.limits(series)
    return sheet.finish("frequency", "frequency", "parts per million", *_CLOSE)


Draw = Callable[[Subject, Palette], Picture | None]

PICTURES: Mapping[str, tuple[Draw, ...]] = {
    "scenario": (steps, total, success, phases, certificates),
    "smarthost": (steps, certificates, success, total),
    "ntp": (offset, score, success, margins),
    "clock": (error, frequency, success),
}
"""Kind → its pictures, the most telling first."""


def pictures(subject: Subject, palette: Palette = LIGHT) -> list[Picture]:
    """All pictures that the subject's files are enough for."""
    drawn = (draw(subject, palette) for draw in PICTURES.get(subject.job.kind, (success,)))
    return [picture for picture in drawn if picture is not None]


def file_name(subject: Subject, picture: Picture, format: str) -> str:
    """``scenario-shop-browsing_the_shop-steps.png``: one file a picture, whatever its job is called."""
    host = slug(subject.job.host) if subject.job.host else ""
    return "-".join(filter(None, (host, subject.job.kind, subject.job.instance, picture.name))) + f".{format}"
