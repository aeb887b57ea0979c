"""RRD files as collectd's rrdtool plugin makes them, and rrdtool to look into them."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

_TIMESPANS = (3600, 86400, 604800, 2678400, 31622400)
_ROWS = 1200


def rrdtool(folder: Path, *arguments: str) -> str:
    """What rrdtool says; it is to succeed."""
    ended = subprocess.run(
        ["rrdtool", *arguments],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=60,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def archives(step: int, xff: float = 0.9) -> list[str]:
    """The fifteen of utils_rrdcreate.c: five spans, three ways to sum up."""
    found: list[str] = []
    for span in _TIMESPANS:
        longest = max(span, step * _ROWS)
        points = max(1, longest // (_ROWS * step)) if found else 1
        rows = math.ceil(longest / (points * step))
        found += [f"RRA:{cf}:{xff}:{points}:{rows}" for cf in ("AVERAGE", "MIN", "MAX")]
    return found


def write(
    folder: Path, series: str, values: Iterable[float | None], *, start: int, step: int = 60, least: str = "U"
) -> None:
    """A series' file with a value a step from *start* on; None: nothing came."""
    folder.mkdir(parents=True, exist_ok=True)
    file = f"./{series}.rrd"
    name = "seconds" if series.startswith("duration-") else "value"  # as types.db has it
    source = f"DS:{name}:GAUGE:{2 * step}:{least}:U"
    rrdtool(folder, "create", file, "--start", str(start - step), "--step", str(step), source, *archives(step))
    known = [(start + step * index, value) for index, value in enumerate(values) if value is not None]
    _update(folder, file, [f"{time}:{value!r}" for time, value in known])


def _update(folder: Path, file: str, updates: Sequence[str]) -> None:
    for first in range(0, len(updates), 500):
        rrdtool(folder, "update", file, "--", *updates[first : first + 500])


def exported(folder: Path, definitions: Iterable[str], name: str, *, start: int, end: int) -> list[str]:
    """The points of *name*, as ``rrdtool xport`` gives them: ``1.0000000000e+00``, ``NaN``."""
    said = rrdtool(folder, "xport", "--start", str(start), "--end", str(end), *definitions, f"XPORT:{name}")
    return [part.partition("</v>")[0] for part in said.split("<v>")[1:]]
