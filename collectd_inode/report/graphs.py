"""A job's panels → the arguments of ``rrdtool graph``: its pictures.  Pure.

A picture shows the series that have a file: a step that has never passed has none, and is named without numbers.  Its
legend and its alternative text come from the same rows.

Surprises of rrdtool, which only this file handles: a colon ends an argument unless a backslash stands
before it; a legend called ``STACK`` or ``legend=x`` is taken for an option, unless it is given as ``legend=``; a
backslash in a legend begins a control code; a known value on top of an unknown one is stacked on what is below that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collectd_inode.kinds import kind_of
from collectd_inode.model import Job
from collectd_inode.names import slug
from collectd_inode.panels import ANY, BOUND, Dots, Panel, PanelLine, PanelLook, Shape, of_job
from collectd_inode.words import blanked, shortened

NAME_WIDTH = 60
TITLE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of collectd's threshold plugin for a series; None where it has none."""

    warning_min: float | None = None
    warning_max: float | None = None
    failure_min: float | None = None
    failure_max: float | None = None


@dataclass(frozen=True, slots=True)
class DrawableSeries:
    """A job's series (``latency-total``) that have a file, and their limits."""

    job: Job
    files: frozenset[str]
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def panels(self) -> list[Panel]:
        """Its panels, the most telling first; its readings are those that have been stored."""
        parted = tuple(series.partition("-")[::2] for series in sorted(self.files))
        drawn = kind_of(self.job.kind).load_drawn()
        named = {panel.name: panel for panel in drawn.panels(replace(of_job(self.job), readings=parted))}
        return [named[name] for name in drawn.pictures if name in named]


# Colours --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture, ``#rrggbb`` or ``#rrggbbaa``.

    ``series`` can be distinguished by colour-blind people (Okabe and Ito's, and two more); failures
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
    """A number that belongs to a row: its query (``total:AVERAGE``), and the word for it."""

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
        """Its colour with its transparency, in which a range differs from its average; empty if it is not drawn."""
        return re.sub(r"^[^#]*(#[0-9a-f]{6}(?:[0-9a-f]{2})?)?.*", r"\1", self.draw)


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
_CELL, _MIDDLE = 9, 20
"""Characters of a number in the legend."""
_PRINTED = "%.4lg"


def arguments(picture: Picture, palette: Palette, frame: Frame, file: str, unknown: Collection[str] = ()) -> list[str]:
    """The arguments of ``rrdtool graph`` that draw *picture* into *file*, in the folder of the job's RRD files.

    It also prints each number, since the legend has a dash for those that are *unknown*, which are not known before.
    """
    drawn = [*(_small(picture) if frame.small else _captioned(picture, unknown)), *_printed(picture)]
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
        *(("--no-legend",) if frame.small else ("--title", blanked(shortened(picture.title, TITLE_WIDTH)))),
        *("--vertical-label", picture.unit, "--units-exponent", "0", "--units-length", "6"),
        *("--font", "DEFAULT:9:DejaVu Sans Mono", "--font", "TITLE:12:DejaVu Sans"),
        *("--font", "AXIS:8:DejaVu Sans", "--font", "UNIT:8:DejaVu Sans"),
        *("--border", "0", "--slope-mode", "--disable-rrdtool-tag", *size),
        *(part for name, colour in colours.items() for part in ("--color", f"{name}{colour}")),
    ]


def unknown_in(picture: Picture, printed: Sequence[str]) -> frozenset[str]:
    """The numbers of *picture* of which rrdtool has *printed* that they are none: their series have no values."""
    numbers = (number.of for row in picture.rows for number in row.numbers)
    return frozenset(of for of, said in zip(numbers, printed, strict=False) if "nan" in said)


def _printed(picture: Picture) -> Iterator[str]:
    return (f"PRINT:{number.of}:{_PRINTED}" for row in picture.rows for number in row.numbers)


def _captioned(picture: Picture, unknown: Collection[str]) -> Iterator[str]:
    width = max((len(shortened(row.label, NAME_WIDTH)) for row in picture.rows if row.numbers), default=0)
    headed = any(len(row.numbers) == len(COLUMNS) for row in picture.rows)
    if headed:
        width = max(width, len(picture.unit))
        # Two blanks are as wide as the coloured box in front of each name below.
        headings = "".join(f"{heading:>11}" for heading in _HEADINGS)
        yield f"COMMENT:  {_escaped(picture.unit.ljust(width))}{headings}\\l"
    for row in picture.rows:
        # A number that is one over the whole time stands in the middle column.
        yield from _legend_row(row, width, _CELL if len(row.numbers) > 1 or not headed else _MIDDLE, unknown)


def _legend_row(row: Row, width: int, cell: int, unknown: Collection[str]) -> Iterator[str]:
    if not row.label:
        yield f"{row.draw}{row.options and ':'}{row.options}"
        return
    label = _escaped(shortened(row.label, NAME_WIDTH).ljust(width if row.numbers else 0))
    end = "" if row.numbers else "\\l"
    options = row.options and f":{row.options}"
    # The two blanks that rrdtool itself leaves for the box, but of a tick.
    indent = "  " if row.draw.startswith("TICK") else ""
    yield f"{row.draw}:legend={indent}{label}{end}{options}" if row.draw else f"COMMENT:  {label}{end}"
    cells = [
        f"COMMENT:{'–':>{cell}}" if number.of in unknown else f"GPRINT:{number.of}:%{cell}.2lf"
        for number in row.numbers
    ]
    yield from (*cells[:-1], *(f"{last}\\l" for last in cells[-1:]))


def _small(picture: Picture) -> Iterator[str]:
    return (f"{row.draw}{row.options and ':'}{row.options}" for row in picture.rows if row.draw)


@dataclass(frozen=True, slots=True)
class LegendRow:
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


def legend(picture: Picture, printed: Sequence[str]) -> list[LegendRow]:
    """The rows of *picture* with the numbers that rrdtool has *printed* for a small one; unknown ones are left out."""
    values = iter(printed)
    rows = []
    for row in picture.rows:
        numbers = [(number.word, next(values, "nan")) for number in row.numbers]
        known = tuple((word, _whole(value)) for word, value in numbers if "nan" not in value)
        if row.label:
            rows.append(LegendRow(row.label, row.colour, known))
    return rows


def _whole(printed: str) -> str:
    """A large number without an exponent: ``2.526e+05`` is 252600."""
    return f"{float(printed):.0f}" if "e+" in printed else printed


def alternative(picture: Picture, rows: Iterable[LegendRow]) -> str:
    """The picture's alternative text."""
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
    return blanked(text).replace("\\", "\N{SET MINUS}").replace(":", "\\:")


# How pictures are put together ----------------------------------------------------------------------------------------


class _Sheet:
    """A picture while it is put together: series are defined once, by short names, and scaled to the picture's unit."""

    def __init__(self, subject: DrawableSeries, palette: Palette, factor: float = 1.0) -> None:
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
        """The name of the result of *expression*, in rrdtool's reverse Polish notation."""
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
            name, self.subject.job.full_name, what, unit, tuple(self.reads), tuple(self.data),
            tuple(dict.fromkeys(self.rows)),  # equal elements of many series are drawn once
            options, height,
        )  # fmt: skip


SUCCESS = "bool-success"
_MILLI = 1000.0


def _stack(sheet: _Sheet, panel: Panel) -> None:
    """Series on top of one another.

    A series' threshold is drawn where the series stands, and after all of them: what is stacked stands on what was
    drawn before it, a line included.
    """
    names = {line.series: sheet.define(line.series) for line in panel.lines if sheet.has(line.series)}
    shown = [line for line in panel.lines if line.series in names or panel.whole]
    nothing = sheet.compute(f"{next(iter(names.values()))},UNKN,*")
    below = ""
    edges: list[Row] = []
    for index, line in enumerate(shown):
        colour = sheet.palette.of(index)
        if line.series not in names:
            sheet.row(f"{line.name}: no values", f"AREA:{nothing}{colour}")
            continue
        name = names[line.series]
        sheet.row(line.name, f"AREA:{name}{colour}", "STACK" if below else "", of=name)
        known = sheet.compute(f"{name},UN,0,{name},IF")
        edges += _stacked_limit(sheet, line.series, line.name, below or sheet.compute(f"{known},0,*"))
        below = sheet.compute(f"{below},{known},+") if below else known
    sheet.rows += edges
    if panel.whole and len(shown) > 1 and sheet.has(panel.whole.series):
        sheet.row(panel.whole.name, of=sheet.define(panel.whole.series))
    if panel.whole:
        sheet.limits(panel.whole.series)


def _stacked_limit(sheet: _Sheet, series: str, label: str, below: str) -> Iterator[Row]:
    """The threshold of a series that stands on *below*."""
    limit = sheet.subject.limits.get(series, Limit())
    edges = (("warning", limit.warning_max, sheet.palette.text), ("failure", limit.failure_max, sheet.palette.failure))
    for word, value, colour in edges:
        if value is not None:
            most = value * sheet.factor
            edge = sheet.compute(f"{below},{most:g},+")
            yield Row(f"{word} above {most:g}: {label}", f"LINE1:{edge}{colour}", "dashes=2,3")


def _strip(sheet: _Sheet, panel: Panel) -> None:
    """Passed, failed (twice as high, for those who see no difference in colour), or nothing known."""
    series = panel.lines[0].series
    least, share = sheet.define(series, "MIN"), sheet.define(series)
    passed = sheet.compute(f"{least},0.5,GT,1,UNKN,IF")
    failed = sheet.compute(f"{least},0.5,LE,1,UNKN,IF")
    shares = sheet.compute(f"{share},100,*"), sheet.compute(f"1,{share},-,100,*")
    for label, drawn, colour, of in (
        ("passed, % of the time", passed, f"{sheet.palette.passed}:0.5", shares[0]),
        ("failed, % of the time", failed, f"{sheet.palette.failure}:1", shares[1]),
    ):
        sheet.rows.append(Row(label, f"TICK:{drawn}{colour}", numbers=(Number(f"{of}:AVERAGE", ""),)))


_PERCENTILES = {Shape.MEDIAN: ("median", 50, 3), Shape.HIGH: ("95th percentile", 95, 4)}
"""Name, percentile and colour."""


def _smoke(sheet: _Sheet, panel: Panel) -> None:
    """From the least to the most of each point, the average, and numbers over the whole time."""
    series = panel.lines[0].series
    low, high, average = (sheet.define(series, cf) for cf in ("MIN", "MAX", "AVERAGE"))
    smoke = sheet.compute(f"{high},{low},-")
    colour = sheet.palette.of(0)
    sheet.rows.append(Row("", f"AREA:{low}"))
    sheet.rows.append(Row("least to most", f"AREA:{smoke}{colour}50", "STACK"))
    sheet.row("average", f"LINE1.5:{average}{colour}", of=average)
    for label, percent, other in (_PERCENTILES[line.shape] for line in panel.lines if line.shape in _PERCENTILES):
        number = sheet.single(f"{average},{percent},PERCENTNAN")
        sheet.rows.append(Row(label, f"LINE1.5:{number}{sheet.palette.of(other)}", "dashes=2,3", (Number(number, ""),)))
    sheet.limits(series)


_CONSOLIDATED = {Shape.AS_IT_IS: "AVERAGE", Shape.LEAST: "MIN", Shape.MOST: "MAX"}
"""The shapes that are lines: which value rrdtool takes of those that fall together."""


def _lines(sheet: _Sheet, panel: Panel) -> None:
    """Lines upon their bounds, the main one upon all."""
    lines = [line for line in panel.lines if sheet.has(line.series)]
    drawn = [line for line in lines if line.shape in _CONSOLIDATED]
    names = {line.series: sheet.define(line.series, _CONSOLIDATED[line.shape]) for line in drawn}
    coloured = [line.series for line in drawn if not line.main]
    colours = {series: sheet.palette.of(index) for index, series in enumerate(coloured)}
    for line in lines:
        bound = f"{BOUND}-{line.instance}"
        if line.shape is Shape.UPPER and sheet.has(bound):
            wide = sheet.define(bound)
            low, whole = sheet.compute(f"{names[line.series]},{wide},-"), sheet.compute(f"{wide},2,*")
            sheet.rows.append(Row("", f"AREA:{low}"))
            sheet.row(f"{line.name}, give or take", f"AREA:{whole}{colours[line.series]}28", "STACK", of=wide)
    width = 2 if len(lines) == len(drawn) else 1.5
    for line in sorted(drawn, key=lambda line: line.main):
        name, colour = names[line.series], colours.get(line.series, sheet.palette.text)
        sheet.row(line.name, f"LINE{2 if line.main else width:g}:{name}{colour}", of=name)
    _marks(sheet, panel)
    for line in drawn:
        sheet.limits(line.series)


def _marks(sheet: _Sheet, panel: Panel) -> None:
    for mark in panel.marks:
        sheet.line(mark.label, mark.level * sheet.factor, sheet.palette.passed if mark.good else sheet.palette.failure)


def _dots(sheet: _Sheet, dots: Dots) -> None:
    """A flat dash a value, in three colours; one beyond the picture is drawn at its edge."""
    scale, height = _scale(dots), 1.6
    most = dots.reach * scale
    good, fair = dots.good * _MILLI, dots.fair * _MILLI
    for index, line in enumerate(line for line in dots.lines if sheet.has(line.series)):
        value = sheet.define(line.series, factor=_MILLI)
        inside = sheet.compute(f"{value},{-most:g},MAX,{most:g},MIN,{scale:g},/,{dots.middle:g},+")
        size = sheet.compute(f"{value},ABS")
        classes = (
            (f"{size},{good:g},LE", sheet.palette.passed, f"{dots.what} up to {good:g} ms"),
            (f"{size},{good:g},GT,{size},{fair:g},LE,*", sheet.palette.of(1), f"{dots.what} up to {fair:g} ms"),
            (f"{size},{fair:g},GT", sheet.palette.failure, f"{dots.what} of more than that"),
        )
        for condition, colour, label in classes:
            foot = sheet.compute(f"{condition},{inside},{height / 2:g},-,UNKN,IF")
            body = sheet.compute(f"{foot},UN,UNKN,{height:g},IF")
            sheet.rows.append(Row("", f"AREA:{foot}"))
            sheet.rows.append(Row(label if index == 0 else "", f"AREA:{body}{colour}", "STACK"))


def _scale(dots: Dots) -> float:
    """How many milliseconds a point of the axis is worth, so that the most has room and the axis has round numbers."""
    return 2.5 * math.ceil(max(dots.fair, dots.most) * _MILLI / dots.reach / 2.5)


_DRAW: Mapping[PanelLook, Callable[[_Sheet, Panel], None]] = {
    PanelLook.LINES: _lines,
    PanelLook.STACK: _stack,
    PanelLook.SMOKE: _smoke,
    PanelLook.STRIP: _strip,
}
_STRIP_SCALE = ("--lower-limit", "0", "--upper-limit", "1", "--rigid", "--y-grid", "none")


def _options(panel: Panel) -> Iterator[str]:
    if panel.look is PanelLook.STRIP:
        yield from _STRIP_SCALE
    elif panel.span is not None:
        yield from ("--lower-limit", f"{panel.span[0]:g}", "--upper-limit", f"{panel.span[1]:g}", "--rigid")
    elif panel.close:
        yield from ("--alt-autoscale", "--alt-y-grid")
    else:
        yield from ("--lower-limit", "0")
    if panel.dots is not None:
        scale = _scale(panel.dots)
        yield from ("--right-axis", f"{scale:g}:{-panel.dots.middle * scale:g}")
        yield from ("--right-axis-label", f"{panel.dots.what}, milliseconds", "--right-axis-format", "%.0lf")


def _picture(panel: Panel, subject: DrawableSeries, palette: Palette) -> Picture | None:
    panel = replace(panel, lines=tuple(one for line in panel.lines for one in _each(line, subject.files)))
    if not any(line.series in subject.files for line in panel.lines):
        return None
    sheet = _Sheet(subject, palette, panel.unit.factor)
    if panel.failures:
        sheet.failures()
    if panel.dots is not None:
        _dots(sheet, panel.dots)
    _DRAW[panel.look](sheet, panel)
    if panel.failures:
        sheet.failure_share()
    height = 0.15 if panel.look is PanelLook.STRIP else 1.0
    return sheet.finish(panel.name, panel.caption, panel.unit.words, *_options(panel), height=height)


def _each(line: PanelLine, files: Iterable[str]) -> Iterator[PanelLine]:
    """*line*, or one a series that it stands for."""
    if not line.many:
        yield line
        return
    start = line.series.removesuffix(ANY)
    for rest in sorted(name.removeprefix(start) for name in files if name.startswith(start)):
        yield replace(line, instance=line.instance.removesuffix(ANY) + rest, name=line.name + rest)


def pictures(subject: DrawableSeries, palette: Palette = LIGHT) -> list[Picture]:
    """All pictures that the subject's files are enough for."""
    drawn = (_picture(panel, subject, palette) for panel in subject.panels())
    return [picture for picture in drawn if picture is not None]


def file_name(subject: DrawableSeries, picture: Picture, format: str) -> str:
    """``scenario-shop-browsing_the_shop-steps.png``: one file a picture, whatever its job is called."""
    return f"{base_name(subject.job)}-{picture.name}.{format}"


def base_name(job: Job) -> str:
    """The beginning of the names of all files of a job."""
    host = slug(job.host) if job.host else ""
    return "-".join(filter(None, (host, job.kind, job.instance)))
