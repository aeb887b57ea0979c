"""All series of a host, read from RRD files by as many ``rrdtool`` as there are cores, within a time."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from collectd_inode.cli.rrd_pipe import NotRead, Rrdtool, fetch, parsed
from collectd_inode.report.unusual import HostSeries, JudgedSeries, Minutes, host, judge
from collectd_inode.wire import SYSTEM_CLOCK, Clock

MOST_FILES = 5000
SECONDS = 10.0
"""Seconds for reading them."""
COARSE_SECONDS = 300
"""A point of the day stands for about so long."""
MOST_ROWS = 2000
"""Of the day before, in an answer of rrdtool's: a file with none but fine archives would have one a second."""
_AT_ONCE = 10
"""Files that are queried of a process before its answers are read: their commands fit into a pipe."""
_DAY = 86400
_HOUR = 3600.0
FIRST = ("cpu", "load", "memory", "swap", "disk", "df", "interface", "processes", "tcpconns", "aggregation")
"""Plugins that are read first, should there be no time for all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files: those of a host below the folder *data*, without those in the folders *but*; *daemon*: rrdcached's
    address, if it writes the files; it must then flush its values first.
    """

    data: Path
    host: str
    but: frozenset[str] = frozenset()
    daemon: str = ""


def survey(wanted: Wanted, minutes: Minutes, clock: Clock = SYSTEM_CLOCK) -> HostSeries:
    """Survey the host's series in these *minutes*; raises NotRead."""
    files = list(_files(wanted))
    if not files:
        raise NotRead(f"no RRD files: {wanted.data / wanted.host}")
    end = clock.monotonic() + SECONDS
    queue = iter(files[:MOST_FILES])
    lock = threading.Lock()

    def next_files(count: int) -> list[Path]:
        with lock:
            return list(islice(queue, count)) if clock.monotonic() < end else []

    def read() -> tuple[list[JudgedSeries], int]:
        judged: list[JudgedSeries] = []
        count, before = 0, _Before()
        with Rrdtool(wanted.daemon, 2 * SECONDS) as rrdtool:
            while some := next_files(_AT_ONCE if count else 1):  # the first shows how fine their archives are
                for found in _judged(rrdtool, wanted.data / wanted.host, some, minutes, before):
                    judged += found
                    count += bool(found)
        return judged, count

    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as workers:
        parts = [done.result() for done in [workers.submit(read) for _ in range(cores)]]
    read_files = sum(count for _, count in parts)
    if wanted.daemon and not read_files:  # it does not listen: the files are there all the same
        return survey(replace(wanted, daemon=""), minutes, clock)
    return host(minutes, (one for judged, _ in parts for one in judged), len(files) - read_files)


def minutes_of(good: float | None, bad: float, now: float, interval: float) -> Minutes:
    """The minutes to survey for a run that went *bad*: from a minute before the last *good* one to five minutes later.

    An hour at most: what was before that is hardly why.
    """
    start = bad - interval if good is None else good
    return Minutes(max(bad - _HOUR, min(start, bad - 60.0) - 60.0), min(now, bad + 300.0))


def _files(wanted: Wanted) -> Iterator[Path]:
    """The most telling first; the others in no order, so that each has its chance."""
    home = wanted.data / wanted.host
    try:
        folders = [one.name for one in os.scandir(home) if one.is_dir()]
    except OSError as error:
        raise NotRead(f"no RRD files: {home}: {error.strerror}") from None
    random.shuffle(folders)
    for folder in sorted(set(folders) - wanted.but, key=_rank):
        try:
            names = sorted(os.listdir(home / folder))
        except OSError:
            continue
        yield from (home / folder / name for name in names if name.endswith(".rrd"))


def _rank(folder: str) -> int:
    plugin = folder.partition("-")[0]
    return FIRST.index(plugin) if plugin in FIRST else len(FIRST)


@dataclass(slots=True)
class _Before:
    """The number of seconds before to query: a day, or the time in the last file's rows, up to a limit of rows."""

    seconds: float = _DAY

    def learn(self, seconds: float, rows: int) -> None:
        """Note that *seconds* gave this number of *rows*."""
        if rows:
            self.seconds = min(_DAY, MOST_ROWS * seconds / rows)


def _judged(
    rrdtool: Rrdtool, home: Path, files: Sequence[Path], minutes: Minutes, before: _Before
) -> Iterator[list[JudgedSeries]]:
    """The series in each of *files*; none for one that cannot be read."""
    fine_from = minutes.start - max(_HOUR, minutes.length)
    start = max(minutes.start - _DAY, fine_from - before.seconds)
    spans = ((1, fine_from, minutes.end), (COARSE_SECONDS, start, fine_from))
    answers = rrdtool.ask(fetch(file, "AVERAGE", start, end, step) for file in files for step, start, end in spans)
    rows = 0
    for file in files:
        recent, lines = parsed(next(answers, [])), next(answers, [])
        day, rows = parsed(lines), max(rows, len(lines))
        name = str(file.relative_to(home)).removesuffix(".rrd")
        yield [
            judge(f"{name}:{source}" if len(recent) > 1 else name, day.get(source, ()), points, minutes)
            for source, points in recent.items()
        ]
    before.learn(fine_from - start, rows)
