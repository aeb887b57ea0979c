"""Draw pictures from collectd's RRD files, and one page (index.html) with the state of every job.

Exit codes: 0 everything was drawn, 1 some pictures were not (they are listed, with the reason), 2 nothing was drawn.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from collectd_inode.cli import limits, rrdtool
from collectd_inode.cli.configured import DEFAULT_CONF, Configured, chosen, read
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.rrd_pipe import NotRead, Rrdtool, fetch, first_of, last_update, parsed
from collectd_inode.cli.rrd_place import data_dir, host_of
from collectd_inode.cli.rrdtool import NotDrawn, history_of
from collectd_inode.cli.status import JOB_HELP
from collectd_inode.cli.terminal import INTERRUPTED, Exit, complain
from collectd_inode.model import Identity, Job
from collectd_inode.names import fingerprint
from collectd_inode.report import graphs, overview, why
from collectd_inode.report import history as job_history
from collectd_inode.report import record as job_record
from collectd_inode.report.explanation import explain
from collectd_inode.report.graphs import DrawableSeries, Frame, Picture
from collectd_inode.report.overview import LegendItem, OverviewJob, Shot
from collectd_inode.report.style import PLAIN
from collectd_inode.report.unusual import Points
from collectd_inode.state import files
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from collectd_inode.words import plural


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")
    parser.add_argument("--job", metavar="J", action="append", default=[], help=f"only {JOB_HELP}; repeatable")
    parser.add_argument(
        "--last", metavar="SPAN", type=span_of, default="24h", help="how far back: 30m, 24h, 7d, 4w (%(default)s)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("graphs"), help="default: %(default)s")
    parser.add_argument("--format", choices=("png", "svg"), default="png", help="format of the large pictures")
    parser.add_argument("--data", metavar="DIR", help="folder of the RRD files; default: from CONF")
    parser.add_argument(
        "--grafana",
        choices=("graphite", "prometheus"),
        help="print a Grafana dashboard for this data source, and draw nothing",
    )
    parser.add_argument(
        "--fleet", action="store_true", help="write fleet.html only: all hosts whose values this collectd receives"
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A time as it was typed (``24h``), and its seconds."""

    text: str
    seconds: int


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 10 * 366 * 86400


def span_of(text: str) -> Span:
    """A time as it is typed; argparse's own error for what is none."""
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text}: expected a number and s, m, h, d or w, such as 24h")
    return Span(text, seconds)


def main(options: argparse.Namespace, clock: Clock = SYSTEM_CLOCK) -> int:
    """Read, draw, write the page; Ctrl-C ends the drawing, and what is drawn by then is kept."""
    if options.fleet:
        from collectd_inode.cli import fleet_page  # noqa: PLC0415  # it is built on this file

        return fleet_page.main(options, clock)
    started = clock.monotonic()
    found = read(options.conf)
    show_problems(found.problems)
    jobs, unknown = chosen(found.jobs, options.job)
    if unknown or not jobs:
        known = ", ".join(dict.fromkeys(job.name for job in found.jobs)) or "none"
        what = f"unknown job {', '.join(unknown)}" if unknown else "there is nothing to draw"
        return complain(f"{what}; jobs in {options.conf}: {known}")
    if options.grafana:
        return _dashboard(jobs, options.grafana, found)
    now = clock.now()
    frame = Frame(int(now) - options.last.seconds, int(now), options.format)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".drawing-", dir=options.out) as scratch:
            place = GraphFolders(
                Path(options.data or data_dir(found.tree)), options.out.resolve(), Path(scratch).resolve()
            )
            drawer = PageDrawer(place, frame, found, _records(found), clock=clock, started=started)
            whole(options.out / "index.html", drawer.page(jobs, now, options.last.text))
    except OSError as error:
        return complain(f"{error.filename or options.out}: {error.strerror or error}")
    for note in drawer.notes:
        print(f"collectd-inode: {note}", file=sys.stderr)
    print(options.out / "index.html")
    if drawer.interrupted:
        return INTERRUPTED
    return Exit.FAILED if drawer.notes or found.problems else Exit.PASSED


def _dashboard(jobs: Sequence[Job], source: str, found: Configured) -> Exit:
    from collectd_inode.report import grafana  # noqa: PLC0415  # who draws pictures needs no dashboards

    board = grafana.dashboard(jobs, source, host=found.hostname or os.uname().nodename)
    print(grafana.text(board), end="")
    return Exit.FAILED if found.problems else Exit.PASSED


@dataclass(frozen=True, slots=True)
class GraphFolders:
    """Folders: the RRD files, the pictures, and temporary files of drawing."""

    data: Path
    out: Path
    scratch: Path


@dataclass(slots=True)
class Known:
    """Facts to show beside the pictures: each job's record, and sentences."""

    records: Mapping[Identity, job_record.Record] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _records(found: Configured) -> Known:
    if not found.state_dir:
        return Known(remarks=["No StateDir is configured: states come from the RRD files, without reasons."])
    try:
        records, faults = job_record.among(files(found.state_dir))
    except OSError as error:
        return Known(faults=[f"{error.filename}: {error.strerror}"])
    return Known({record.identity: record for record in records}, faults)


class PageDrawer:
    """Draws the pictures of all jobs; ``notes`` has a sentence for each that it could not draw."""

    def __init__(
        self, place: GraphFolders, frame: Frame, found: Configured, known: Known, *, clock: Clock, started: float
    ) -> None:
        self.place, self.frame, self.found, self.known, self.clock = place, frame, found, known, clock
        self.started = started
        self.notes = list(known.faults)
        self.interrupted = False
        self.thresholds = limits.read(found.tree)

    def page(self, jobs: Sequence[Job], now: float, last: str) -> str:
        """The page with all jobs; their large pictures are beside it."""
        absent = self._absent()
        if absent:
            self.notes.append(absent)
            entries = [self._bare(job) for job in jobs]
        else:
            entries = self._all(jobs, now, last)
        host = self.found.hostname or os.uname().nodename
        remarks = [*self.known.remarks, *self.notes]
        return overview.page(entries, overview.Made(now, host, last, drawn=self._drawn(jobs, last)), remarks)

    def _drawn(self, jobs: Sequence[Job], last: str) -> str:
        """A fingerprint of all that affects the pictures' look: a picture with another one is drawn again."""
        steps = [(job.identity, [(step.series, step.name) for step in job.steps]) for job in jobs]
        return fingerprint(repr((last, self.frame.format, self.thresholds, sorted(steps))))

    def _all(self, jobs: Sequence[Job], now: float, last: str) -> list[OverviewJob]:
        """Every job: first its facts, then its pictures, those of the worst first, as far as time allows."""
        try:
            with Rrdtool() as rrdtool:
                found = [self._looked(job, rrdtool, now) for job in jobs]
        except NotRead as error:
            self.notes.append(str(error))
            return [self._bare(job) for job in jobs]
        ordered = sorted(found, key=lambda one: one.entry.state(now))
        same = drawn_as(self.place.out / "index.html") == self._drawn(jobs, last)
        fresh = now - max(_LEAST_AGE, (self.frame.end - self.frame.start) / _AGES) if same else math.inf
        budget = Budget(self.clock, self.started, len(ordered))
        # rrdtool does the work: threads only wait for it.
        with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
            tasks = [
                workers.submit(self._drawn_entry, one, budget, fresh, embed=number < EMBEDDED)
                for number, one in enumerate(ordered)
            ]
            try:
                wait(tasks)
            except KeyboardInterrupt:
                self.interrupted = True
                budget.stop()
            done = [task.result() for task in tasks]
        budget.end()
        self.notes += [note for _, notes in done for note in notes]
        if budget.left_out:
            self.known.remarks.append(
                f"The pictures of {plural(budget.left_out, 'job')} are as they were: {budget.why_stopped()}, and"
                " the next run goes on with them."
            )
        return [entry for entry, _ in done]

    def _absent(self) -> str:
        """Why there can be no picture at all, reported once and not for each job; or nothing."""
        try:
            os.scandir(self.place.data).close()
        except OSError as error:
            return f"no RRD files: {self.place.data}: {error.strerror}"
        return rrdtool.missing()

    def _bare(self, job: Job) -> OverviewJob:
        return OverviewJob(job.full_name, job.kind, job.interval, self.known.records.get(job.identity))

    def _looked(self, job: Job, rrdtool: Rrdtool, now: float) -> DrawableJob:
        """A job's numbers, by its RRD files."""
        entry, host = self._bare(job), self._host(job)
        folder = self.place.data / host / f"{job.kind}-{job.instance}"
        try:
            files = frozenset(file.removesuffix(".rrd") for file in os.listdir(folder) if file.endswith(".rrd"))
        except OSError as error:
            return DrawableJob(job, entry, folder, None, [f"{entry.name}: no RRD files: {folder}: {error.strerror}"])
        subject = DrawableSeries(job, files, self._limits(job, host, files))
        drawer = JobDrawer(self.place, self.frame, folder)
        history, numbers = rrdtool_numbers(rrdtool, folder, self.frame, now)
        entry = replace(entry, history=history or drawer.history(), numbers=numbers, why=self._why(job, entry, now))
        return DrawableJob(job, entry, folder, subject, drawer=drawer)

    def _drawn_entry(
        self, one: DrawableJob, budget: Budget, fresh: float, *, embed: bool
    ) -> tuple[OverviewJob, list[str]]:
        """A job with its pictures."""
        if one.subject is None or one.drawer is None:
            return one.entry, list(one.notes)
        entry, drawer = one.entry, one.drawer
        if budget.take():
            entry = replace(entry, shots=tuple(drawer.draw(one.subject, fresh, embed=embed)))
        entry = replace(entry, pictures=tuple(drawer.links(one.subject)))
        return entry, [f"{entry.name}: {one.folder}/{what}: {why}" for what, why in drawer.faults.items()]

    def _why(self, job: Job, entry: OverviewJob, now: float) -> str:
        """The name of a file with the explanation of why the job is bad; empty if it is good, or nothing is known."""
        record = entry.record
        if record is None or record.passed or not self.found.state_dir:
            return ""
        runs, trouble = job_history.read(self.found.state_dir, job.identity)
        if not runs:
            return ""
        told = why.page(why.Asked(record, explain(runs), None, now, [trouble] if trouble else []), PLAIN)
        name = f"why-{graphs.base_name(job)}.txt"
        more = f"for the rest of this host: collectd-inode why {job.kind}/{job.instance}"
        whole(self.place.out / name, "\n".join([*told, more, ""]))
        return name

    def _host(self, job: Job) -> str:
        """The host that the job's values are under; unless it is configured, collectd has asked the machine."""
        return host_of(self.place.data, f"{job.kind}-{job.instance}", job.host or self.found.hostname)

    def _limits(self, job: Job, host: str, files: Iterable[str]) -> dict[str, graphs.Limit]:
        parted = {series: series.partition("-") for series in files}
        return {
            series: limits.limit(self.thresholds, (host, job.kind, job.instance, type, type_instance))
            for series, (type, _, type_instance) in parted.items()
        }


@dataclass(slots=True)
class DrawableJob:
    """A job before it is drawn; ``subject`` and ``drawer`` are None where there are no files to draw from."""

    job: Job
    entry: OverviewJob
    folder: Path
    subject: DrawableSeries | None
    notes: list[str] = field(default_factory=list)
    drawer: JobDrawer | None = None


DRAW_SECONDS, _LEAST_SECONDS = 12.0, 3.0
"""For all until the pictures are drawn, and for drawing at least: a page every five minutes must not take as long."""
EMBEDDED = 5
"""The number of jobs, the worst ones, with small pictures in the page: it must not become too large to load."""
_AGES, _LEAST_AGE = 100, 60.0
"""A picture is old when a hundredth of its time has passed since it was drawn, and a minute at least."""


class Budget:
    """The time limit of drawing, and its progress, shown on a terminal."""

    def __init__(self, clock: Clock, started: float, jobs: int) -> None:
        self._clock, self._jobs = clock, jobs
        self._until = max(started + DRAW_SECONDS, clock.monotonic() + min(DRAW_SECONDS, _LEAST_SECONDS))
        self._done = 0
        self._stopped = False
        self.left_out = 0
        self._lock = threading.Lock()
        self._shown = sys.stderr.isatty()

    def take(self) -> bool:
        """Whether there is time for one more job."""
        with self._lock:
            self._done += 1
            if self._stopped or self._clock.monotonic() >= self._until:
                self.left_out += 1
                return False
            self._show(f"{self._done} of {plural(self._jobs, 'job')} drawn")
            return True

    def stop(self) -> None:
        """Draw no more."""
        self._stopped = True

    def why_stopped(self) -> str:
        """Why some were left out."""
        return "drawing them was interrupted" if self._stopped else f"{DRAW_SECONDS:g} s are over"

    def end(self) -> None:
        """Take the progress off the screen."""
        self._show("")

    def _show(self, text: str) -> None:
        if self._shown:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def rrdtool_numbers(
    rrdtool: Rrdtool, folder: Path, frame: Frame, now: float
) -> tuple[overview.History | None, overview.Numbers]:
    """A job's statistics; no history if that cannot be read."""
    success, latency = folder / f"{graphs.SUCCESS}.rrd", folder / "latency-total.rrd"
    length = frame.end - frame.start
    last, points, day, before, took = rrdtool.ask_all(
        last_update(success),
        fetch(success, "MIN", frame.start, frame.end, 1.0 if length <= _DAY else length / _POINTS),
        fetch(success, "AVERAGE", now - _DAY, now),
        fetch(success, "AVERAGE", now - 30 * _DAY, now - _DAY),
        fetch(latency, "AVERAGE", now - _DAY, now, _DAY / _POINTS),
    )
    of_day, of_before = (lasting(first_of(parsed(lines))) for lines in (day, before))
    seconds = [value for _, value in first_of(parsed(took))]
    now_and_usual = (seconds[-1], statistics.median(seconds)) if seconds else (None, None)
    numbers = overview.Numbers(share(of_day), share([*of_day, *of_before]), *now_and_usual)
    try:
        return history_of(_text(last), _text(points)), numbers
    except NotDrawn:
        return None, numbers


def lasting(points: Points) -> list[tuple[float, float]]:
    """The values of *points*, each with its number of seconds, which differs between archives."""
    step = min((b[0] - a[0] for a, b in pairwise(points)), default=1.0)
    return [(value, step) for _, value in points]


def share(values: Sequence[tuple[float, float]]) -> float | None:
    """The average of values that are each with its number of seconds; None if there are none."""
    seconds = sum(length for _, length in values)
    return sum(value * length for value, length in values) / seconds if seconds else None


_DAY = 86400.0
_POINTS = 300
"""Of a history, about: a strip has fewer."""


def _text(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "replace")


SMALL = (300, 90)
"""Pixels of a small picture's canvas."""


class JobDrawer:
    """Draws the pictures of one job from the RRD files in its folder."""

    def __init__(self, place: GraphFolders, frame: Frame, folder: Path) -> None:
        self.place, self.frame, self.folder = place, frame, folder
        self.faults: dict[str, str] = {}
        """File or picture → why it is missing."""

    def history(self) -> overview.History | None:
        """The job's history, if that can be read."""
        try:
            return rrdtool.history(self.folder, self.frame)
        except NotDrawn as error:
            self._note(f"{graphs.SUCCESS}.rrd", str(error))
            return None

    def draw(self, subject: DrawableSeries, fresh: float, *, embed: bool) -> list[Shot]:
        """The subject's pictures as files, and with *embed* two of them small.

        Without the series that cannot be read; what was drawn after the time *fresh* stays as it is.
        """
        pictures = graphs.pictures(subject)
        failed = self._draw_large(subject, [one for one in pictures if not self._is_fresh(subject, one, fresh)])
        if failed and (bad := rrdtool.unusable(self.folder, pictures, self.frame)):
            for series, why in bad.items():
                self._note(f"{series}.rrd", why)
            subject = replace(subject, files=subject.files - bad.keys())
            pictures = graphs.pictures(subject)
            failed = self._draw_large(subject, pictures)
        for name, why in failed.items():
            self._note(name, f"not drawn: {why}")
        drawn = [picture for picture in pictures if picture.name not in failed]
        if not embed:
            return []
        # Of a single step both are the same.
        single = sum(step.navigates for step in subject.job.steps) == 1 and len(drawn) > 1
        told = [picture for picture in drawn if picture.name not in ("success", "steps" if single else "")]
        telling = told[:2] or drawn[:1]
        return [shot for picture in telling if (shot := self._shot(subject, picture))]

    def links(self, subject: DrawableSeries) -> Iterator[tuple[str, str]]:
        """Caption and name of each large picture that there is."""
        for picture in graphs.pictures(subject):
            file = self._file(subject, picture)
            if file.exists():
                yield picture.what, file.name

    def _is_fresh(self, subject: DrawableSeries, picture: Picture, fresh: float) -> bool:
        try:
            return self._file(subject, picture).stat().st_mtime > fresh
        except OSError:
            return False

    def _note(self, what: str, why: str) -> None:
        """Of one file or picture, the first fault is enough."""
        self.faults.setdefault(what, why)

    def _draw_large(self, subject: DrawableSeries, pictures: Sequence[Picture]) -> dict[str, str]:
        """Draw each into its file; the names of those that could not be drawn, and why."""
        failed = {}
        for picture in pictures:
            try:
                rrdtool.draw(self.folder, picture, graphs.LIGHT, self.frame, self._file(subject, picture))
            except NotDrawn as error:
                failed[picture.name] = str(error)
        return failed

    def _file(self, subject: DrawableSeries, picture: Picture) -> Path:
        return self.place.out / graphs.file_name(subject, picture, self.frame.format)

    def _shot(self, subject: DrawableSeries, picture: Picture) -> Shot | None:
        """The picture small and as bytes, in the colours of light pages and in those of dark ones."""
        link = self._file(subject, picture).name
        in_the_dark = next(p for p in graphs.pictures(subject, graphs.DARK) if p.name == picture.name)
        try:
            light, rows, drawn = self._small(picture, graphs.LIGHT, f"light-{link}")
            dark, dark_rows, _ = self._small(in_the_dark, graphs.DARK, f"dark-{link}")
        except NotDrawn as error:
            self._note(picture.name, f"not drawn small: {error}")
            return None
        keys = (_key(picture, a, b) for a, b in zip(rows, dark_rows, strict=True))
        caption = f"{picture.what}, {picture.unit}".removesuffix(", ")
        alt = graphs.alternative(picture, rows)
        return Shot(caption, alt, drawn.width, drawn.height, light, dark, tuple(keys), link)

    def _small(
        self, picture: Picture, palette: graphs.Palette, name: str
    ) -> tuple[bytes, list[graphs.LegendRow], rrdtool.DrawnPicture]:
        width, height = SMALL
        frame = Frame(self.frame.start, self.frame.end, "png", width, height, small=True)
        file = self.place.scratch / name
        drawn = rrdtool.draw(self.folder, picture, palette, frame, file)
        return file.read_bytes(), graphs.legend(picture, drawn.printed), drawn


_UNITS_SHORT = {"milliseconds": " ms", "seconds": " s", "days": " d"}


def _key(picture: Picture, light: graphs.LegendRow, dark: graphs.LegendRow) -> LegendItem:
    """A row of the legend: its number with a unit, and no colour for what has never failed."""
    of_time = light.label.endswith("% of the time")
    unit = " %" if of_time else _UNITS_SHORT.get(picture.unit, "")
    number = f"{light.number}{unit}" if light.number else ""
    if of_time and light.number == "0":
        return LegendItem(light.label, "", "", number)
    return LegendItem(light.label, light.colour, dark.colour, number)


def drawn_as(page: Path) -> str:
    """The fingerprint in an earlier *page*; empty if there is none."""
    try:
        with page.open("rb") as file:
            found = re.search(rb'name="%s" content="([^"]*)"' % overview.DRAWN.encode(), file.read(4096))
    except OSError:
        return ""
    return found[1].decode("ascii", "replace") if found else ""


def whole(path: Path, text: str) -> None:
    """Write a file that may be read meanwhile: a reader sees the old one or the new."""
    octets = text.encode("utf-8", "replace")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".index-", delete=False) as file:
        try:
            file.write(octets)
            file.close()
            os.chmod(file.name, 0o644)  # a temporary file is for its owner alone, a page is for others
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
