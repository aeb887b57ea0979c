"""Records, histories and small pictures → one page of HTML that stands alone.  Pure.

No other file is needed: styles and small pictures are in the page, so that it can be mailed.  Its script only filters
the jobs and shows the page's age; the page is complete without it.  It follows the reader's choice of light or dark and
the width of the screen.  First a table of all jobs, then the details of each; the worst job comes first.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import IntEnum
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby

from collectd_inode.report.notification import reason_of_record
from collectd_inode.report.record import Record
from collectd_inode.words import plural, span


class JobState(IntEnum):
    """The state of a job, the worst first; *stale*: unknown, because nothing has come for too long."""

    FAILED = 0
    ERROR = 1
    STALE = 2
    WARNED = 3
    PASSED = 4

    @property
    def word(self) -> str:
        """Its word for people."""
        return "warning" if self is JobState.WARNED else self.name.lower()

    @property
    def mark(self) -> str:
        """A sign that needs no colour."""
        return "✗!?▲✓"[self]


@dataclass(frozen=True, slots=True)
class History:
    """The content of a job's ``bool-success`` file: when it was last written and its points, oldest first (None:
    unknown).

    A point is 1 if all runs in its time passed; RRD parts a run's value among two of them.
    """

    written: float
    value: float
    points: tuple[tuple[float, float | None], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the last value says so."""
        return self.value > 0.5

    @property
    def since(self) -> float | None:
        """Since when it has been as it is; None if for longer than the points go back."""
        earlier = None
        for time, value in reversed(self.points):
            if value is not None and (value > 0.5) != self.passed:
                return earlier if earlier is not None else time
            earlier = time if value is not None else earlier
        return None

    def cells(self, count: int) -> tuple[bool | None, ...]:
        """The time of the points in *count* parts: False if something failed in it, None if nothing is known of it."""
        if not self.points:
            return ()
        start, end = self.points[0][0], self.points[-1][0]
        found: list[bool | None] = [None] * count
        before = -1
        for time, value in self.points:
            cell = min(count - 1, int((time - start) / (end - start or 1.0) * count))
            if value is not None:
                # A point is about the time since the one before it: it may be longer than a part.
                for part in range(min(before + 1, cell), cell + 1):
                    found[part] = value > 0.5 and found[part] is not False
            before = cell
        return tuple(found)

    @property
    def last_failure(self) -> float | None:
        """The last point in which something failed."""
        return next((time for time, value in reversed(self.points) if value is not None and value <= 0.5), None)


_WRITTEN_WITHIN = 900.0
"""Seconds; collectd's rrdtool plugin keeps values for so long before it writes them (CacheFlush in conf.d)."""


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A row of a picture's legend: name, colour on a light and on a dark page, and the number that says most."""

    label: str
    light: str
    dark: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """A small picture, drawn for light and for dark pages; ``link``: a file beside the page with the large one."""

    caption: str
    alt: str
    width: int
    height: int
    light: bytes
    dark: bytes
    keys: tuple[LegendItem, ...] = ()
    link: str = ""
    type: str = "image/png"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Availability of the last day and month (0 to 1), the latency now and the usual one (seconds); None: unknown."""

    day: float | None = None
    month: float | None = None
    now: float | None = None
    usual: float | None = None


NOTHING_KNOWN = Numbers()


@dataclass(frozen=True, slots=True)
class OverviewJob:
    """A job on the page: its name for people, its kind, and its facts."""

    name: str
    kind: str
    interval: float
    record: Record | None = None
    history: History | None = None
    shots: tuple[Shot, ...] = ()
    numbers: Numbers = field(default_factory=lambda: NOTHING_KNOWN)
    pictures: tuple[tuple[str, str], ...] = ()
    """Caption and file of each large picture."""
    why: str = ""
    """A file beside the page with the explanation of why it is bad."""

    def state(self, now: float) -> JobState:
        """Its state, by the record; by the RRD file only where there is no record."""
        record, history = self.record, self.history
        if record is not None:
            if record.stale(now):
                return JobState.STALE
            if record.passed:
                return JobState.WARNED if record.warnings else JobState.PASSED
            return JobState.FAILED if record.status == "failed" else JobState.ERROR
        if history is None or abs(now - history.written) > 2 * self.interval + _WRITTEN_WITHIN:
            return JobState.STALE
        return JobState.PASSED if history.passed else JobState.FAILED


@dataclass(frozen=True, slots=True)
class Made:
    """When the page was made (epoch seconds, and the zone to tell times in), for which host, how far back it looks."""

    time: float
    host: str
    last: str
    zone: tzinfo | None = None
    drawn: str = ""
    """A fingerprint of what decides how the pictures look."""


def page(entries: Iterable[OverviewJob], made: Made, notes: Sequence[str] = ()) -> str:
    """The page.  *notes* are sentences about what could not be shown."""
    ordered = worst_first(entries, made.time)
    told = _told(ordered, made)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="noindex">',
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">',
        f'<meta name="{DRAWN}" content="{escape(made.drawn)}">',
        f"<title>{escape(told)} – {escape(made.host)}</title>",
        f"<style>{_file('.css')}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{escape(made.host)}</h1>",
        f"<p>{escape(told)}.  Made {_time(made.time, made)}<span id='age'></span>; the pictures show the last"
        f" {escape(made.last)}.</p>",
        "</header>",
        *_notes(notes),
        *_table(ordered, made),
        "<main>",
        *(line for number, entry in enumerate(ordered) for line in _article(entry, made, number)),
        "</main>",
        "<footer><p>Drawn by <code>collectd-inode graph</code>.</p></footer>",
        f"<script>{_file('.js')}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


DRAWN = "collectd-inode-drawn"
"""The name of the page's element with its pictures' fingerprint."""


def worst_first(entries: Iterable[OverviewJob], now: float) -> list[OverviewJob]:
    """The entries as the page has them."""
    return sorted(entries, key=lambda entry: entry.state(now))


def _told(entries: Sequence[OverviewJob], made: Made) -> str:
    """The verdict over all, in a few words that also fit into the title of a window."""
    counts = [(state, sum(entry.state(made.time) is state for entry in entries)) for state in JobState]
    nouns = (JobState.ERROR, JobState.WARNED)
    parts = [plural(n, state.word) if state in nouns else f"{n} {state.word}" for state, n in counts if n]
    return ", ".join(parts) if parts else "no jobs"


def _notes(notes: Sequence[str]) -> Iterator[str]:
    if notes:
        yield '<section class="notes" aria-label="Not shown"><ul>'
        yield from (f"<li>{escape(note)}</li>" for note in notes)
        yield "</ul></section>"


_HEADS = ("", "Job", "State", "Since", "Day", "Month", "Latency", "Usual", "History", "Reason")
_REASON_BYTES = 160


def _table(entries: Sequence[OverviewJob], made: Made) -> Iterator[str]:
    """All jobs, a row each."""
    if not entries:
        return
    yield '<p class="filter"><label>Filter <input id="filter" type="search"></label></p>'
    yield '<div class="table"><table><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    yield "</tr></thead><tbody>"
    yield from (_row(entry, made, number) for number, entry in enumerate(entries))
    yield "</tbody></table></div>"


def _row(entry: OverviewJob, made: Made, number: int) -> str:
    state, record, numbers = entry.state(made.time), entry.record, entry.numbers
    reason = reason_of_record(record, _REASON_BYTES) if record is not None and not record.passed else ""
    why = f' <a href="{escape(entry.why)}">why</a>' if entry.why else ""
    cells = (
        f'<th scope="row"><a href="#job-{number}">{escape(entry.name)}</a></th>',
        f"<td><strong>{state.word}</strong></td>",
        f"<td>{_first_time(entry, state, made)}</td>",
        *(f"<td>{_percent(share)}</td>" for share in (numbers.day, numbers.month)),
        *(f"<td>{_milliseconds(seconds)}</td>" for seconds in (_latency(entry), numbers.usual)),
        f"<td>{_strip(entry.history)}</td>",
        f"<td>{escape(reason)}{why}</td>",
    )
    mark = f'<td class="mark" aria-hidden="true">{state.mark}</td>'
    return f'<tr class="{state.word}" data-job="{escape(_words(entry, state))}">{mark}{"".join(cells)}</tr>'


def _words(entry: OverviewJob, state: JobState) -> str:
    """The text that the filter searches."""
    return f"{entry.name} {entry.kind} {state.word}".lower()


def _first_time(entry: OverviewJob, state: JobState, made: Made) -> str:
    record, history = entry.record, entry.history
    if record is not None:
        return _time(record.time if state is JobState.STALE else record.since, made)
    since = history.since if history is not None else None
    return _time(since, made) if since is not None else ""


def _latency(entry: OverviewJob) -> float | None:
    return entry.record.seconds if entry.record is not None else entry.numbers.now


def _milliseconds(seconds: float | None) -> str:
    """Three digits of it."""
    if seconds is None:
        return "–"
    number, unit = (seconds, "s") if seconds >= 0.9995 else (seconds * 1000, "ms")
    return f"{float(f'{number:.3g}'):g} {unit}"


def _percent(share: float | None) -> str:
    """Never 100 % of what failed at all."""
    if share is None:
        return "–"
    percent = math.floor(share * 1000 + 1e-6) / 10
    return f"{percent:.1f} %".replace(".0 %", " %")


CELLS = 48
"""Of a strip."""


def _strip(history: History | None) -> str:
    """The history as a strip: red where something failed, green where all was well, nothing where unknown."""
    cells = history.cells(CELLS) if history is not None else ()
    if not any(cell is not None for cell in cells):
        return ""
    paths, first = {True: "", False: ""}, 0
    for good, group in groupby(cells):
        length = len(list(group))
        if good is not None:
            top = 4 if good else 0
            paths[good] += f"M{first} {top}h{length}v{12 - top}h-{length}z"
        first += length
    bad = sum(cell is False for cell in cells)
    said = f"failed in {bad} of {CELLS} parts of the time" if bad else "no failure"
    drawn = "".join(f'<path class="{"good" if good else "bad"}" d="{path}"/>' for good, path in paths.items() if path)
    return f'<svg viewBox="0 0 {CELLS} 12" preserveAspectRatio="none" role="img" aria-label="{said}">{drawn}</svg>'


def _article(entry: OverviewJob, made: Made, number: int) -> Iterator[str]:
    state = entry.state(made.time)
    yield f'<article class="{state.word}" id="job-{number}" data-job="{escape(_words(entry, state))}">'
    yield f'<h2><span class="mark" aria-hidden="true">{state.mark}</span> {escape(entry.name)}</h2>'
    yield f'<p class="state"><strong>{state.word}</strong>{_since(entry, state, made)} <small>{entry.kind}</small></p>'
    facts = list(_facts(entry, state, made))
    if facts:
        yield "<dl>"
        yield from (f"<div><dt>{term}</dt><dd>{text}</dd></div>" for term, text in facts)
        yield "</dl>"
    yield from (line for shot in entry.shots for line in _figure(shot))
    shown = {shot.link for shot in entry.shots}
    links = [*((caption, file) for caption, file in entry.pictures if file not in shown)]
    links += [("why", entry.why)] if entry.why else []
    if links:
        told = ", ".join(f'<a href="{escape(file)}">{escape(caption)}</a>' for caption, file in links)
        yield f'<p class="links">{told}</p>'
    yield "</article>"


def _since(entry: OverviewJob, state: JobState, made: Made) -> str:
    record, history = entry.record, entry.history
    if state is JobState.STALE:
        heard = record.time if record is not None else history.written if history is not None else None
        if heard is None:
            return ": no run recorded"
        return f": no run recorded since {_time(heard, made)} ({_ago(made.time - heard)}); is collectd running?"
    if record is not None:
        return f" since {_time(record.since, made)} ({_ago(made.time - record.since)})"
    since = history.since if history is not None else None
    return f" since {_time(since, made)} ({_ago(made.time - since)})" if since is not None else ""


def _facts(entry: OverviewJob, state: JobState, made: Made) -> Iterator[tuple[str, str]]:
    """Terms and their descriptions, as HTML."""
    record, history = entry.record, entry.history
    if record is not None:
        if state is JobState.STALE:
            yield "was", escape(record.status)
        yield from _trouble(record)
        yield from (("warning", f"{escape(w.message)} <small>{escape(w.code)}</small>") for w in record.warnings)
        if record.seconds is not None:
            yield "latency", f"{record.seconds * 1000:.4g} ms"
        if record.last_good is not None and not record.passed:
            yield "last good run", f"{_time(record.last_good, made)} ({_ago(made.time - record.last_good)})"
    elif state is JobState.FAILED:
        yield "why", "not known: no StateDir has a record of this job"
    failure = history.last_failure if history is not None else None
    if failure is not None and state not in (JobState.FAILED, JobState.ERROR):
        yield "last failure", f"{_time(failure, made)} ({_ago(made.time - failure)})"


def _trouble(record: Record) -> Iterator[tuple[str, str]]:
    if record.passed:
        return
    rows = (
        ("step", record.step),
        ("cause", record.cause),
        ("message", record.message),
        ("expected", record.expected),
        ("found", record.found),
        ("place", record.place),
        ("evidence", record.evidence),
    )
    yield from ((term, escape(text)) for term, text in rows if text)
    if record.bad_runs > 1:
        yield "bad runs", str(record.bad_runs)


def _figure(shot: Shot) -> Iterator[str]:
    image = (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_data(shot.dark, shot.type)}">'
        f'<img src="{_data(shot.light, shot.type)}" width="{shot.width}" height="{shot.height}"'
        f' alt="{escape(shot.alt)}"></picture>'
    )
    yield "<figure>"
    yield f'<a href="{escape(shot.link)}">{image}</a>' if shot.link else image
    yield f"<figcaption>{escape(shot.caption)}"
    if shot.keys:
        yield "<ul>"
        yield from map(_key, shot.keys)
        yield "</ul>"
    yield "</figcaption></figure>"


def _key(key: LegendItem) -> str:
    box = f'<i style="--light:{escape(key.light)};--dark:{escape(key.dark)}"></i>' if key.light else ""
    number = f" <b>{escape(key.number)}</b>" if key.number else ""
    return f"<li>{box}{escape(key.label)}{number}</li>"


def _data(content: bytes, type: str) -> str:
    return f"data:{type};base64,{base64.b64encode(content).decode('ascii')}"


def _time(time: float, made: Made) -> str:
    """A time for people and for machines; today's has no date."""
    then, now = (datetime.fromtimestamp(t, made.zone).astimezone(made.zone) for t in (time, made.time))
    shown = f"{then:%H:%M}" if then.date() == now.date() and time != made.time else f"{then:%Y-%m-%d %H:%M}"
    zone = f" {then:%Z}" if time == made.time else ""
    return f'<time datetime="{then.isoformat(timespec="seconds")}">{shown}{zone}</time>'


def _ago(seconds: float) -> str:
    """``3 min``; what is ahead of the clock is no time ago."""
    return span(max(0.0, seconds))


REFRESH_SECONDS = 300
"""Between two loads of the page."""


@cache
def _file(ending: str) -> str:
    """The page's style sheet or script, which stand beside this file and are read once, like a module."""
    return "\n" + (files("collectd_inode.report") / f"overview{ending}").read_text(encoding="utf-8")
