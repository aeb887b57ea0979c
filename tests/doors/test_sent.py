"""Which slots collectd has, over a restart."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.doors import sent

JOBS = {("", "scenario", "web-home"): 1700000040.25, ("www", "clock", "local"): 1700000100.0}


def test_it_outlives_the_process(tmp_path: Path) -> None:
    """What was written is read; a shorter one leaves nothing of a longer one; a job of last week's is gone."""
    sent.write(str(tmp_path), sent.text(JOBS | {("", "ntp", "pool"): 1700000000.0}))
    sent.write(str(tmp_path), sent.text(JOBS))
    assert sent.read(str(tmp_path), 1700000200.0) == JOBS
    assert sent.read(str(tmp_path), 1700000050.0 + 7 * 86400) == {("www", "clock", "local"): 1700000100.0}
    assert (tmp_path / sent.NAME).stat().st_mode & 0o777 == 0o600


def test_nothing_is_known_where_there_is_no_file(tmp_path: Path) -> None:
    """Nor of a link or a pipe."""
    assert sent.read(str(tmp_path), 0.0) == {}
    (tmp_path / sent.NAME).symlink_to("/etc/passwd")
    assert sent.read(str(tmp_path), 0.0) == {}


@given(st.binary())
def test_a_broken_file_says_nothing(octets: bytes) -> None:
    """And never raises."""
    sent.parse(octets)


def test_half_a_file_says_half() -> None:
    """A process that is killed while it writes leaves whole lines and one that makes no sense."""
    octets = sent.text(JOBS)
    assert sent.parse(octets[:-9]) == {("", "scenario", "web-home"): 1700000040.25}
    assert sent.parse(octets + b"nonsense\nx\ta\tb\tc\nnan\ta\tb\tc\n") == JOBS
