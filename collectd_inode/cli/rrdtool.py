"""The ``rrdtool`` binary: a child process of the command line, never of the daemon."""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.report import graphs
from collectd_inode.report.overview import History

PATIENCE = 60.0
"""Seconds that one picture may take."""


class NotDrawn(Exception):
    """rrdtool has failed; the text says why."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture in a file: its size in pixels, and what the picture prints."""

    width: int
    height: int
    printed: tuple[str, ...]


def missing() -> str:
    """Why there is no rrdtool, or nothing."""
    return "" if shutil.which("rrdtool") else "rrdtool is not installed: apt-get install rrdtool"


def run(folder: Path, *arguments: str) -> str:
    """The output of ``rrdtool``, run in *folder*: a path in an argument is read up to its first colon."""
    try:
        done = subprocess.run(
            ["rrdtool", *arguments],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
            process_group=0,  # Ctrl-C is for us: a picture that is begun is drawn to its end
        )
    except OSError as error:
        raise NotDrawn(f"{error.filename}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise NotDrawn(f"rrdtool was not done after {PATIENCE:g} s") from None
    if done.returncode < 0:
        raise NotDrawn(f"rrdtool was ended by {signal.Signals(-done.returncode).name}")
    if done.returncode > 0:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.strip()]
        raise NotDrawn(said[-1] if said else f"rrdtool ended with status {done.returncode}")
    return done.stdout


def draw(
    folder: Path, picture: graphs.Picture, palette: graphs.Palette, frame: graphs.Frame, file: Path
) -> DrawnPicture:
    """Draw *picture* from the RRD files in *folder* into *file*."""
    drawn = _drawn(run(folder, "graph", *graphs.arguments(picture, palette, frame, str(file))))
    unknown = graphs.unknown_in(picture, drawn.printed)
    if not unknown or frame.small:
        return drawn
    return _drawn(run(folder, "graph", *graphs.arguments(picture, palette, frame, str(file), unknown)))


def _drawn(said: str) -> DrawnPicture:
    first, *printed = said.splitlines() or [""]
    width, _, height = first.partition("x")
    return DrawnPicture(int(width or 0), int(height or 0), tuple(printed))


def unusable(folder: Path, pictures: Iterable[graphs.Picture], frame: graphs.Frame) -> dict[str, str]:
    """The series that *pictures* need and that cannot be read, with the reason; each is read alone."""
    span = ("--start", str(frame.start), "--end", str(frame.end))
    found: dict[str, str] = {}
    for series, definition in dict.fromkeys(pair for picture in pictures for pair in graphs.definitions(picture)):
        name = definition.removeprefix("DEF:").partition("=")[0]
        try:
            run(folder, "xport", *span, definition, f"XPORT:{name}")
        except NotDrawn as error:
            found.setdefault(series, str(error))
    return found


def history(folder: Path, frame: graphs.Frame) -> History:
    """The history of the job in *folder*."""
    file = f"{graphs.SUCCESS}.rrd"
    last = run(folder, "lastupdate", file)
    return history_of(last, run(folder, "fetch", file, "MIN", "--start", str(frame.start), "--end", str(frame.end)))


def history_of(last: str, points: str) -> History:
    """The same, from the output of rrdtool's ``lastupdate`` and ``fetch``."""
    written, value = _last(last)
    return History(written, value, tuple(_points(points)))


_LINE = re.compile(r"^(\d+): (\S+)$", re.MULTILINE)


def _last(said: str) -> tuple[float, float]:
    for time, value in _LINE.findall(said):
        with_value = _number(value)
        if with_value is not None:
            return float(time), with_value
    raise NotDrawn("nothing has been written into it yet")


def _points(said: str) -> Iterator[tuple[float, float | None]]:
    return ((float(time), _number(value)) for time, value in _LINE.findall(said))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:  # "U" in lastupdate
        return None
    return value if math.isfinite(value) else None
