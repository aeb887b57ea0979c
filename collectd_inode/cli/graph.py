"""Draw pictures from collectd's RRD files, and one page (index.html) with the state of every job.

Exit codes: 0 everything was drawn, 1 something was left out (it is said what, and why), 2 nothing could be done.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from collectd_inode.cli import rrdtool, thresholds
from collectd_inode.cli.configured import DEFAULT_CONF, Read, read
from collectd_inode.cli.output import show_problems
from collectd_inode.cli.rrdtool import NotDrawn
from collectd_inode.cli.terminal import Exit
from collectd_inode.oconfig import Node
from collectd_inode.report import graphs, overview, status
from collectd_inode.report.graphs import Frame, Picture, Subject
from collectd_inode.report.overview import Entry, Key, Shot
from collectd_inode.run import Job
from collectd_inode.wire import SYSTEM_CLOCK, Clock

BASE_DIR = "/var/lib/collectd"
DATA_DIR = f"{BASE_DIR}/rrd"
"""Where Debian's collectd.conf has the RRD files."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("conf", nargs="?", default=DEFAULT_CONF, metavar="CONF", help=f"default: {DEFAULT_CONF}")
    parser.add_argument("--job", metavar="J", action="append", default=[], help="this job only; repeatable")
    parser.add_argument(
        "--last", metavar="SPAN", type=_span, default="24h", help="how far back: 30m, 24h, 7d, 4w (%(default)s)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("graphs"), help="default: %(default)s")
    parser.add_argument("--format", choices=("png", "svg"), default="png")
    parser.add_argument("--data", metavar="DIR", help="where the RRD files are; default: as CONF says")
    parser.add_argument(
        "--grafana", choices=("graphite", "prometheus"), help="print a Grafana dashboard for this source instead"
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A time as it was asked for (``24h``), and its seconds."""

    text: str
    seconds: int


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 10 * 366 * 86400


def _span(text: str) -> Span:
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text}: expected a number and s, m, h, d or w, such as 24h")
    return Span(text, seconds)


def main(options: argparse.Namespace, clock: Clock = SYSTEM_CLOCK) -> Exit:
    """Read, draw, write the page."""
    found = read(options.conf)
    show_problems(found.problems)
    jobs = [job for job in found.jobs if not options.job or job.name in options.job]
    unknown = sorted(set(options.job) - {job.name for job in found.jobs})
    if unknown or not jobs:
        known = ", ".join(dict.fromkeys(job.name for job in found.jobs)) or "none"
        what = f"no job is called {', '.join(unknown)}" if unknown else "there is nothing to draw"
        return _refuse(f"{what}; jobs in {options.conf}: {known}")
    if options.grafana:
        return _dashboard(jobs, options.grafana, found)
    now = clock.now()
    frame = Frame(int(now) - options.last.seconds, int(now), options.format)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".drawing-", dir=options.out) as scratch:
            place = Place(Path(options.data or data_dir(found.tree)), options.out.resolve(), Path(scratch).resolve())
            studio = Studio(place, frame, found, _records(found))
            _whole(options.out / "index.html", studio.page(jobs, now, options.last.text))
    except OSError as error:
        return _refuse(f"{error.filename or options.out}: {error.strerror or error}")
    for note in studio.notes:
        print(f"collectd-inode: {note}", file=sys.stderr)
    print(options.out / "index.html")
    return Exit.FAILED if studio.notes or found.problems else Exit.PASSED


def _refuse(sentence: str) -> Exit:
    print(f"collectd-inode: {sentence}", file=sys.stderr)
    return Exit.USAGE


def _dashboard(jobs: Sequence[Job], source: str, found: Read) -> Exit:
    from collectd_inode.report import grafana  # noqa: PLC0415  # who draws pictures needs no dashboards

    board = grafana.dashboard(jobs, source, host=found.hostname or os.uname().nodename)
    print(grafana.text(board), end="")
    return Exit.FAILED if found.problems else Exit.PASSED


def data_dir(tree: Iterable[Node]) -> str:
    """Where the configuration has collectd put its RRD files: what rrdtool's or rrdcached's plugin says, or Debian."""
    said, base = "", BASE_DIR
    for node in tree:
        plugin = str(node.values[0]).lower() if node.key.lower() == "plugin" and node.values else ""
        inside = node.children if plugin in ("rrdtool", "rrdcached") else ()
        for child in (node, *inside):
            value = str(child.values[0]) if child.values else ""
            base = value if child.key.lower() == "basedir" else base
            said = value if child.key.lower() == "datadir" else said
    return os.path.join(base, said) if said else DATA_DIR


@dataclass(frozen=True, slots=True)
class Place:
    """Folders: the RRD files, the pictures, and what is only needed while drawing."""

    data: Path
    out: Path
    scratch: Path


@dataclass(slots=True)
class Known:
    """What there is to be told beside the pictures: each job's record, and sentences."""

    records: Mapping[status.Identity, status.Record] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _records(found: Read) -> Known:
    if not found.state_dir:
        return Known(remarks=["No StateDir is configured: states are what the RRD files say, and why is not known."])
    try:
        records, faults = status.read_all(found.state_dir)
    except OSError as error:
        return Known(faults=[f"{error.filename}: {error.strerror}"])
    return Known({record.identity: record for record in records}, faults)


class Studio:
    """Draws the pictures of all jobs; what it could not draw is in ``notes``, a sentence each."""

    def __init__(self, place: Place, frame: Frame, found: Read, known: Known) -> None:
        self.place, self.frame, self.found, self.known = place, frame, found, known
        self.notes = list(known.faults)
        self.thresholds = thresholds.read(found.tree)

    def page(self, jobs: Sequence[Job], now: float, last: str) -> str:
        """The page with all jobs; their large pictures are beside it."""
        absent = self._absent()
        if absent:
            self.notes.append(absent)
            entries = [self._bare(job) for job in jobs]
        else:
            # rrdtool does the work: threads only wait for it.
            with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
                done = list(workers.map(self._entry, jobs))
            entries = [entry for entry, _ in done]
            self.notes += [note for _, notes in done for note in notes]
        host = self.found.hostname or os.uname().nodename
        return overview.page(entries, overview.Made(now, host, last), [*self.known.remarks, *self.notes])

    def _absent(self) -> str:
        """Why there can be no picture at all, said once and not for each job; or nothing."""
        try:
            os.scandir(self.place.data).close()
        except OSError as error:
            return f"no RRD files: {self.place.data}: {error.strerror}"
        return rrdtool.missing()

    def _bare(self, job: Job) -> Entry:
        return Entry(Subject(job, frozenset()).name, job.kind, job.interval, self.known.records.get(job.identity))

    def _entry(self, job: Job) -> tuple[Entry, list[str]]:
        entry, host = self._bare(job), self._host(job)
        folder = self.place.data / host / f"{job.kind}-{job.instance}"
        try:
            files = frozenset(file.removesuffix(".rrd") for file in os.listdir(folder) if file.endswith(".rrd"))
        except OSError as error:
            return entry, [f"{entry.name}: no RRD files: {folder}: {error.strerror}"]
        subject = Subject(job, files, self._limits(job, host, files), _max_offset(job))
        desk = Desk(self.place, self.frame, folder)
        entry = replace(entry, history=desk.history(), shots=tuple(desk.draw(subject)))
        return entry, [f"{entry.name}: {folder}/{what}: {why}" for what, why in desk.faults.items()]

    def _host(self, job: Job) -> str:
        """The host that the job's values are under; unless it is configured, collectd has asked the machine."""
        if job.host or self.found.hostname:
            return job.host or self.found.hostname
        node = os.uname().nodename
        hosts = sorted(path.parent.name for path in self.place.data.glob(f"*/{job.kind}-{job.instance}"))
        fitting = [host for host in hosts if host == node or host.startswith(f"{node}.")]
        return next(iter(fitting or hosts), node)

    def _limits(self, job: Job, host: str, files: Iterable[str]) -> dict[str, graphs.Limit]:
        parted = {series: series.partition("-") for series in files}
        return {
            series: thresholds.limit(self.thresholds, (host, job.kind, job.instance, type, type_instance))
            for series, (type, _, type_instance) in parted.items()
        }


SMALL = (300, 90)
"""Pixels of a small picture's canvas."""


class Desk:
    """Draws the pictures of one job from the RRD files in its folder."""

    def __init__(self, place: Place, frame: Frame, folder: Path) -> None:
        self.place, self.frame, self.folder = place, frame, folder
        self.faults: dict[str, str] = {}
        """File or picture → why it is missing."""

    def history(self) -> overview.History | None:
        """How the job fared, if that can be read."""
        try:
            return rrdtool.history(self.folder, self.frame)
        except NotDrawn as error:
            self._note(f"{graphs.SUCCESS}.rrd", str(error))
            return None

    def draw(self, subject: Subject) -> list[Shot]:
        """The subject's pictures as files, and two of them small; without the series that cannot be read."""
        pictures = graphs.pictures(subject)
        failed = self._draw_large(subject, pictures)
        if failed and (bad := rrdtool.unusable(self.folder, pictures, self.frame)):
            for series, why in bad.items():
                self._note(f"{series}.rrd", why)
            subject = replace(subject, files=subject.files - bad.keys())
            pictures = graphs.pictures(subject)
            failed = self._draw_large(subject, pictures)
        for name, why in failed.items():
            self._note(name, f"not drawn: {why}")
        drawn = [picture for picture in pictures if picture.name not in failed]
        telling = [picture for picture in drawn if picture.name != "success"][:2] or drawn[:1]
        return [shot for picture in telling if (shot := self._shot(subject, picture))]

    def _note(self, what: str, why: str) -> None:
        """Of one file or picture, the first fault is enough."""
        self.faults.setdefault(what, why)

    def _draw_large(self, subject: Subject, pictures: Sequence[Picture]) -> dict[str, str]:
        """Draw each into its file; the names of those that could not be drawn, and why."""
        failed = {}
        for picture in pictures:
            try:
                rrdtool.draw(self.folder, picture, graphs.LIGHT, self.frame, self._file(subject, picture))
            except NotDrawn as error:
                failed[picture.name] = str(error)
        return failed

    def _file(self, subject: Subject, picture: Picture) -> Path:
        return self.place.out / graphs.file_name(subject, picture, self.frame.format)

    def _shot(self, subject: Subject, picture: Picture) -> Shot | None:
        """The picture small and as bytes, in the colours of light pages and in those of dark ones."""
        link = self._file(subject, picture).name
        in_the_dark = next(p for p in graphs.pictures(subject, graphs.DARK) if p.name == picture.name)
        try:
            light, rows, drawn = self._small(picture, graphs.LIGHT, f"light-{link}")
            dark, dark_rows, _ = self._small(in_the_dark, graphs.DARK, f"dark-{link}")
        except NotDrawn as error:
            self._note(picture.name, f"not drawn small: {error}")
            return None
        keys = (Key(a.label, a.colour, b.colour, a.number) for a, b in zip(rows, dark_rows, strict=True))
        caption = f"{picture.what}, {picture.unit}".removesuffix(", ")
        alt = graphs.alternative(picture, rows)
        return Shot(caption, alt, drawn.width, drawn.height, light, dark, tuple(keys), link)

    def _small(
        self, picture: Picture, palette: graphs.Palette, name: str
    ) -> tuple[bytes, list[graphs.Told], rrdtool.Drawn]:
        width, height = SMALL
        frame = Frame(self.frame.start, self.frame.end, "png", width, height, small=True)
        file = self.place.scratch / name
        drawn = rrdtool.draw(self.folder, picture, palette, frame, file)
        return file.read_bytes(), graphs.told(picture, drawn.printed), drawn


def _max_offset(job: Job) -> float | None:
    if job.kind != "ntp":
        return None
    from collectd_inode.ntp.probe import NTPProbe  # noqa: PLC0415  # a kind's room is for those who have its jobs

    return job.probe.settings.max_offset if isinstance(job.probe, NTPProbe) else None


def _whole(path: Path, text: str) -> None:
    """Write a file that somebody may be looking at: he sees the old one or the new."""
    octets = text.encode("utf-8", "replace")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".index-", delete=False) as file:
        try:
            file.write(octets)
            file.close()
            os.chmod(file.name, 0o644)  # a temporary file is its owner's alone, a page is for others
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
