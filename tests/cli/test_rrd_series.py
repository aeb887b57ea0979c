"""The work of reading a host's series is bounded, however fine their archives are: counted in rrdtool's lines."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from collectd_inode.cli.rrd_series import MOST_ROWS, Wanted, survey
from collectd_inode.report.unusual import Minutes
from tests.helpers.rrd import rrdtool

FILES = 24
NOW = 1_700_000_000
HOUR = 3600


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of all that rrdtool answers."""
    said, folder = tmp_path / "said", tmp_path / "bin"
    folder.mkdir()
    program = folder / "rrdtool"
    program.write_text(f'#!/bin/sh\n{shutil.which("rrdtool")} "$@" | tee -a {said}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return said


def fine(home: Path, name: str) -> None:
    """A series with an hour of values, one a second, and no other archive."""
    home.mkdir(parents=True, exist_ok=True)
    archive = f"RRA:AVERAGE:0.5:1:{HOUR}"
    rrdtool(home, "create", name, "--start", str(NOW - HOUR), "--step", "1", "DS:value:GAUGE:5:U:U", archive)
    rrdtool(home, "update", name, *(f"{NOW - n}:{n % 3}" for n in range(300, 0, -1)))


def test_fine_archives(tmp_path: Path, counted: Path) -> None:
    """The first file of each process is asked for the whole day; then it is known how many rows that is."""
    for number in range(FILES):
        fine(tmp_path / "rrd" / "web1" / f"cpu-{number}", "cpu-wait.rrd")
    minutes = Minutes(NOW - 120.0, float(NOW))
    found = survey(Wanted(tmp_path / "rrd", "web1"), minutes)
    assert (found.judged, found.unread) == (FILES, 0)
    recent = HOUR + minutes.length
    day = len(os.sched_getaffinity(0)) * 86400
    rest = 10 * FILES  # heads, ends, and rows that begin before
    assert counted.read_bytes().count(b"\n") <= FILES * (recent + MOST_ROWS) + day + rest
