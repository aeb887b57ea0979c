"""Standard streams that are full, closed, or that nobody reads: the exit code is the verdict all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.places import ROOT


def typed(redirections: str, words: Sequence[str], folder: Path, **environment: str) -> tuple[int, str, str]:
    """A command in a shell that redirects: its exit code, standard output and standard error."""
    code = "import sys; from collectd_inode.cli import main; sys.exit(main())"
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirections}', "sh", sys.executable, "-c", code, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


FEATURE = "Feature: x\n  Scenario: One\n    When I dance\n"


@pytest.mark.parametrize("redirections", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["nonsense"], ""),
        (["run", "x.feature"], ""),
        (["lint", "x.feature"], ""),
        (["check", "gone.conf"], "gone.conf: 1 mistake\n"),
    ],
)
def test_nobody_reads_the_complaint(tmp_path: Path, redirections: str, words: list[str], out: str) -> None:
    """2, as if it were read; nothing of it is in standard output."""
    (tmp_path / "x.feature").write_text(FEATURE)
    assert typed(redirections, words, tmp_path) == (2, out, "")


@pytest.mark.parametrize("asked", ["--format nagios", "--format=nagios", "-f nagios", "-fnagios", "-qf nagios"])
def test_a_monitoring_system_reads_standard_output(tmp_path: Path, asked: str) -> None:
    """A mistake is UNKNOWN there, however the format was said."""
    code, out, _ = typed("", ["run", "x.feature", "--bogus", *asked.split()], tmp_path)
    assert (code, out) == (3, "SCENARIO UNKNOWN - unrecognized arguments: --bogus\n")


@pytest.mark.parametrize("words", [["mute", "--list", "--state-dir", "."], ["files", "new"], ["steps"]])
def test_a_full_disk_behind_each_line(tmp_path: Path, words: list[str]) -> None:
    """Where Python keeps no output back (PYTHONUNBUFFERED), it is still standard output that is named."""
    code, _, err = typed(">/dev/full", words, tmp_path, PYTHONUNBUFFERED="1")
    assert (code, err) == (3, "collectd-inode: standard output cannot be written: No space left on device\n")


def test_nothing_is_open(tmp_path: Path) -> None:
    """No file, and no connection, takes the place of a stream."""
    (tmp_path / "x.feature").write_text(FEATURE)
    assert typed("<&- >&- 2>&-", ["run", "-", "--base-url", "http://127.0.0.1:1"], tmp_path) == (2, "", "")
    assert typed("<&- >&- 2>&-", ["lint", "x.feature", "--format", "json"], tmp_path) == (2, "", "")
