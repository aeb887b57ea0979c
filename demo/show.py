"""What is shown: values and notifications as they arrive, then tables, and a page with every job."""

from __future__ import annotations

import argparse
import io
import itertools
import math
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from collectd_inode import cli, oconfig
from collectd_inode.model import Job
from collectd_inode.report.overview import JobState
from collectd_inode.report.statistics import FAILED
from demo import alarms, browser, collectd, configuration, machine, peers, signals, tables, values
from demo.alarms import Alarm
from demo.board import LEGEND, SERIES, Board, Cell
from demo.screen import Screen

CHECKOUT = Path(__file__).resolve().parent.parent
LOOK_EVERY = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0: values arrived from every job."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Shows collectd_inode at work.")
    parser.add_argument("seconds", nargs="?", type=float, default=40.0, help="how long (%(default).0f)")
    parser.add_argument("--run", type=Path, default=CHECKOUT / "demo-run", help="the run's folder; replaced")
    options = parser.parse_args(arguments)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show the bars must not end the show
            stream.reconfigure(errors="replace")
    screen = Screen(os.environ)
    try:
        return _demonstrate(options.seconds, options.run.resolve(), screen)
    except (configuration.Drifted, collectd.Gone, oconfig.BadConfig, OSError) as trouble:
        screen.done()
        print(f"scripts/demo: {trouble}", file=sys.stderr)
        return 1


def _emptied(run: Path) -> None:
    shutil.rmtree(run, ignore_errors=True)
    try:
        run.mkdir(parents=True)
    except OSError as error:
        raise OSError(f"cannot make the folder {run}: {error.strerror}; name another one, --run FOLDER") from None


def _demonstrate(seconds: float, run: Path, screen: Screen) -> int:
    _emptied(run)
    with peers.running(run) as ports:
        place = configuration.Place(CHECKOUT, Path(sysconfig.get_path("platlib")), run, ports, browser.found(run))
        conf = configuration.write(place)
        files = (conf.name, configuration.NOTES) if place.browser else (conf.name,)
        with _in_folder(run):
            jobs = configuration.jobs(*files)
        application = "an application that needs a browser, " if place.browser else ""
        watched = f"A small site, {application}a smarthost, three time servers"
        screen.line(f"{watched}, and a collectd that watches them: {_shown(conf)}")
        screen.line(f"{peers.STORY}  {seconds:.0f} seconds; Ctrl-C stops.")
        screen.line(LEGEND)
        with collectd.running(run) as daemon:
            try:
                Watch(daemon, jobs, run, screen).look(seconds)
            finally:
                screen.done()
    return _tell(jobs, run, screen) or _draw(conf, screen, [job for job in jobs if _is_rare(job)])


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class Watch:
    """Shows values and notifications as they arrive, each notification below the values of its time."""

    def __init__(self, daemon: subprocess.Popen[bytes], jobs: Sequence[Job], run: Path, screen: Screen) -> None:
        self._daemon, self._jobs, self._run, self._screen = daemon, jobs, run, screen
        self._board = Board(jobs, configuration.INTERVAL)
        self._told = 0

    def look(self, seconds: float) -> None:
        """Look on for so long."""
        for line in ("", *self._board.heading()):
            self._screen.line(self._screen.paint("1", line))
        start = time.monotonic()
        while (elapsed := time.monotonic() - start) < seconds:
            signals.check()
            if self._daemon.poll() is not None:
                raise collectd.Gone(f"collectd ended with status {self._daemon.returncode}:\n{_last_words(self._run)}")
            self._values()
            self._screen.progress(elapsed, seconds)
            time.sleep(LOOK_EVERY)
        self._notifications(math.inf)

    def _values(self) -> None:
        csv = self._run / "csv"
        for start, cells in self._board.lines({job.instance: values.read(csv, job, SERIES) for job in self._jobs}):
            row = "".join(_painted(cell, self._screen) for cell in cells)
            self._screen.line(f"{self._screen.paint('2', _clock(start))}{row}".rstrip())
            self._notifications(start + configuration.INTERVAL)

    def _notifications(self, before: float) -> None:
        new = _alarms(self._run)[self._told :]
        for alarm in itertools.takewhile(lambda alarm: alarm.time < before, new):
            self._screen.line(_alarm_line(alarm, _clock(alarm.time), self._jobs, self._screen))
            self._told += 1


def _alarms(run: Path) -> list[Alarm]:
    log = run / "collectd.log"
    return list(alarms.telling(alarms.read(log.read_text(errors="replace")))) if log.exists() else []


_COLOURS = {"FAILURE": "31", "WARNING": "33", "OKAY": "32"}
_STATES = {JobState.FAILED: "31", JobState.WARNED: "33"}


def _painted(cell: Cell, screen: Screen) -> str:
    colour = _STATES.get(cell.state)
    return screen.paint(colour, cell.padded()) if colour else cell.padded()


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _alarm_line(alarm: Alarm, when: str, jobs: Sequence[Job], screen: Screen) -> str:
    severity = screen.paint(_COLOURS[alarm.severity], f"{alarm.severity:<7}")
    return f"{screen.paint('2', when)}  {severity}  {alarms.words(alarm, jobs)}"


def _tell(jobs: Sequence[Job], run: Path, screen: Screen) -> int:
    """The tables, and what was notified, from when until when."""
    silent = []
    screen.line()
    screen.line(screen.paint("2", tables.heading()))
    for job in jobs:
        found = values.read(run / "csv", job)
        if not found and _is_rare(job):
            screen.line(screen.paint("1", f"{tables.name(job)}: no run has ended yet"))
            continue
        if not found:
            silent.append(tables.name(job))
            continue
        first, *rest = tables.table(job, found)
        screen.line(screen.paint("1", first))
        for line in rest:
            screen.line(line.replace(FAILED, screen.paint("31", FAILED)))
    screen.line()
    if silent:
        print(f"scripts/demo: no values from {'; '.join(silent)}:\n{_last_words(run)}", file=sys.stderr)
        return 1
    screen.line(screen.paint("1", "What was notified, from when until when:"))
    for trouble in alarms.troubles(_alarms(run)):
        until = "" if trouble.until is None else _clock(trouble.until)
        screen.line(_alarm_line(trouble.alarm, f"  {_clock(trouble.alarm.time)} – {until:<8}", jobs, screen))
    screen.line()
    return 0


def _is_rare(job: Job) -> bool:
    """Whether it runs in a browser, and therefore so seldom that a busy machine may end none of its runs in time."""
    return job.interval > configuration.INTERVAL


def _draw(conf: Path, screen: Screen, in_browser: Sequence[Job]) -> int:
    """The pictures and the pages, by the command that anybody would use; and where to look next."""
    os.environ["PATH"] = machine.PATH
    span = ["--last", f"{math.ceil(time.time() - conf.stat().st_mtime)}s"]
    code, page = _graph(conf.parent, conf.name, *span, "--out", "graphs")
    other = "sh scripts/unpack browser, then this once more"
    if in_browser:
        other = "no run has ended yet"
    if any(values.read(conf.parent / "csv", job) for job in in_browser):
        more, drawn = _graph(conf.parent, configuration.NOTES, *span, "--data", "rrd", "--out", "graphs/notes")
        code, other = code or more, _shown(drawn)
    run = _shown(conf.parent)
    command = _shown(CHECKOUT / ".venv" / "bin" / "collectd-inode")
    for what, where in (
        ("Configuration, log, values", f"{run}/collectd.conf, collectd.log, csv/ and rrd/"),
        ("What is wrong, since when, why", f"{command} status --state-dir {run}/state  # within the next minute"),
        ("The sentences that can be used", f"{command} steps"),
        ("A scenario by hand", f"{_shown(CHECKOUT / '.venv' / 'bin' / 'python')} -m demo.site --port 8080 &"),
        ("", f"{command} run {_shown(CHECKOUT / 'demo' / 'shop.feature')} --base-url http://127.0.0.1:8080"),
        ("The clock by hand", f"{command} clock"),
        ("What a browser sees", other),
        ("Every job of collectd's own", _shown(page)),
    ):
        screen.line(f"{what and f'{what}:':<32} {where}")
    return code


def _graph(run: Path, *words: str) -> tuple[int, Path]:
    """The exit code of ``collectd-inode graph``, and the page that it wrote."""
    with _in_folder(run), redirect_stdout(io.StringIO()) as said:
        code = cli.main(["graph", *words])
    return code, run / said.getvalue().strip()


def _shown(path: Path) -> str:
    """Relative to where the person stands, if it is below."""
    try:
        return str(path.relative_to(os.environ.get("DEMO_FROM") or Path.cwd()))
    except ValueError:
        return str(path)


def _last_words(run: Path) -> str:
    """The ends of collectd's output and log."""
    texts = [path.read_text(errors="replace") for path in (run / "collectd.out", run / "collectd.log") if path.exists()]
    return "\n".join(line for text in texts for line in text.splitlines()[-10:])
