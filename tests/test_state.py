"""What jobs keep between runs, with and without StateDir."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from examples import logged

from collectd_inode.state import State


def test_without_a_folder_it_lasts_as_long_as_the_process() -> None:
    """One `State` a daemon; what a job is given is a copy."""
    state = State()
    assert state.of("smarthost", "relay").read() == {}
    state.of("smarthost", "relay").write({"until": 5.0})
    kept = state.of("smarthost", "relay").read()
    kept["until"] = 6.0
    assert state.of("smarthost", "relay").read() == {"until": 5.0}
    assert State().of("smarthost", "relay").read() == {}


def test_with_a_folder_the_next_daemon_knows(tmp_path: Path) -> None:
    """The folder is made for its owner only, and so is each file."""
    folder = tmp_path / "lib" / "inode"
    State(str(folder)).of("ntp", "Poöl of mine").write({"score": 19.5, "at": [1, 2]})
    assert State(str(folder)).of("ntp", "Poöl of mine").read() == {"score": 19.5, "at": [1, 2]}
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_job_has_its_own(tmp_path: Path) -> None:
    """Two kinds may have jobs of one name; `all` finds every job of a kind, also what the last daemon has left."""
    state = State(str(tmp_path))
    state.of("ntp", "a").write({"n": 1})
    state.of("ntp", "b").write({"n": 2})
    state.of("clock", "a").write({"n": 3})
    assert State(str(tmp_path)).all("ntp") == {"a": {"n": 1}, "b": {"n": 2}}
    assert state.all("clock") == {"a": {"n": 3}}
    assert State().all("ntp") == {}


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    """A disk is not worn out by a job that has nothing new to say."""
    memory = State(str(tmp_path)).of("ntp", "a")
    memory.write({"n": 1})
    (file,) = tmp_path.iterdir()
    before = file.stat().st_ino
    memory.write({"n": 1})
    assert file.stat().st_ino == before
    memory.write({"n": 2})
    assert file.stat().st_ino != before


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b'"x"',
        b"\xff\xfe",
        b'{"version": 99, "job": "a", "kept": {"n": 1}}',
        b'{"version": 1}',
        b"null",
    ],
)
def test_a_broken_file_counts_as_empty(tmp_path: Path, text: bytes) -> None:
    """Half a file, somebody else's, one from a newer version: nothing is known, and the next write mends it."""
    (tmp_path / "ntp-a.json").write_bytes(text)
    with logged():
        state = State(str(tmp_path))
        assert state.all("ntp") in ({}, {"a": {}})
        assert state.of("ntp", "a").read() == {}
        state.of("ntp", "a").write({"n": 2})
    assert State(str(tmp_path)).of("ntp", "a").read() == {"n": 2}


def test_an_unreadable_file_is_told_by_name(tmp_path: Path) -> None:
    """Its parser's words are told too."""
    (tmp_path / "ntp-a.json").write_text("{")
    with logged() as lines:
        assert State(str(tmp_path)).of("ntp", "a").read() == {}
    assert len(lines) == 1
    assert lines[0].startswith(f"WARNING {tmp_path}/ntp-a.json cannot be read and counts as empty: ")


def test_a_disk_that_takes_nothing_is_told_and_remembered_in_memory(tmp_path: Path) -> None:
    """StateDir is a file, say: the job goes on."""
    blocked = tmp_path / "inode"
    blocked.write_text("")
    with logged() as lines:
        memory = State(str(blocked)).of("ntp", "a")
        memory.write({"n": 1})
        memory.write({"n": 2})
        assert memory.read() == {"n": 2}
    assert len(lines) == 1
    assert lines[0].startswith(f"ERROR {blocked}/ntp-a.json cannot be written, so a restart forgets it: ")


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """Also when what is to be kept cannot be written down."""
    memory = State(str(tmp_path)).of("ntp", "a")
    memory.write({"n": 1})
    with pytest.raises(TypeError):
        memory.write({"n": object()})
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text()) == {"version": 1, "job": "a", "kept": {"n": 1}}
