"""What jobs keep between runs, with and without StateDir."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.state import MOST_BYTES, State, Writer, files, sweep
from tests.helpers.examples import HUNG, logged


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
    assert lines[0].startswith(f"WARNING {tmp_path}/ntp-a.json cannot be read and is treated as empty: ")


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
    assert lines[0].startswith(f"ERROR {blocked}/ntp-a.json cannot be written, so a restart loses it: ")


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """Also when what is to be kept cannot be written down."""
    memory = State(str(tmp_path)).of("ntp", "a")
    memory.write({"n": 1})
    with pytest.raises(TypeError):
        memory.write({"n": object()})
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text()) == {"version": 1, "job": "a", "kept": {"n": 1}}


# The writer


@contextmanager
def started() -> Iterator[Writer]:
    """A writer with its thread."""
    writer = Writer()
    writer.start()
    try:
        yield writer
    finally:
        writer.stop(HUNG)


def written(writer: Writer) -> None:
    """Wait until what was asked for so far has been done."""
    done = threading.Event()
    writer.do(Path("elsewhere/done"), done.set)
    assert done.wait(HUNG)


@contextmanager
def hanging(writer: Writer) -> Iterator[None]:
    """A disk that takes nothing until the end."""
    held, go = threading.Event(), threading.Event()

    def hang() -> None:
        held.set()
        go.wait(HUNG)

    writer.do(Path("slow"), hang)
    assert held.wait(HUNG)
    yield
    go.set()


def test_a_started_writer_writes_in_a_thread_of_its_own(tmp_path: Path) -> None:
    """A job's memory goes that way too; what was kept is known at once."""
    with started() as writer:
        memory = State(str(tmp_path), writer).of("ntp", "a")
        with hanging(writer):
            memory.write({"n": 1})
            memory.write({"n": 2})
            assert memory.read() == {"n": 2}
            assert list(tmp_path.iterdir()) == []
        written(writer)
        assert State(str(tmp_path)).of("ntp", "a").read() == {"n": 2}


def test_of_what_a_slow_disk_has_not_taken_the_latest_is_written(tmp_path: Path) -> None:
    """Once, however often it has changed meanwhile; and the others in the order in which they came."""
    done: list[str] = []
    with started() as writer:
        with hanging(writer):
            for name, text in (("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3")):
                writer.do(tmp_path / name, partial(done.append, text))
        written(writer)
    assert done == ["a3", "b1"]


def test_a_writer_that_is_stopped_has_written_what_was_waiting(tmp_path: Path) -> None:
    """And writes nothing afterwards."""
    writer = Writer()
    writer.start()
    for number in range(50):
        writer.replace(tmp_path / f"{number}", "x")
    writer.stop(HUNG)
    assert len(list(tmp_path.iterdir())) == 50
    writer.replace(tmp_path / "late", "x")
    assert not (tmp_path / "late").exists()


def test_a_disk_that_hangs_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """What was waiting is lost, and the disk's return does not write it after all."""
    writer = Writer()
    writer.start()
    thread = next(thread for thread in threading.enumerate() if thread.name == "collectd_inode-state")
    with hanging(writer):
        writer.replace(tmp_path / "a", "x")
        writer.stop(0.01)
    thread.join(HUNG)
    assert not thread.is_alive()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_once_for_all_files(tmp_path: Path) -> None:
    """And again when it had been well in between."""
    folder = tmp_path / "inode"
    folder.write_text("")
    writer = Writer()
    with logged() as lines:
        for name in "aba":
            writer.replace(folder / name, "x")
        folder.unlink()
        for name in "ab":
            writer.replace(folder / name, "x")
        assert len(lines) == 1
        os.rename(folder, tmp_path / "away")
        folder.write_text("")
        writer.replace(folder / "b", "x")
    assert [line.partition(" cannot")[0] for line in lines] == [f"ERROR {folder}/a", f"ERROR {folder}/b"]


def test_whatever_happens_to_one_file_the_next_is_written(tmp_path: Path) -> None:
    """The thread goes on, and the log stays short."""
    with logged() as lines, started() as writer:
        for _ in range(5):
            writer.do(tmp_path / "a", lambda: json.loads("[" * 100_000))
            written(writer)
        writer.replace(tmp_path / "b", "x")
        written(writer)
    assert [line.partition("\n")[0] for line in lines] == [f"ERROR bug: {tmp_path}/a was not written"]
    assert (tmp_path / "b").read_text() == "x"


def test_what_a_killed_daemon_was_writing_is_cleared_away(tmp_path: Path) -> None:
    """Once it is old: another daemon may be writing."""
    for name in (".status-a.json.x1y2z3", ".history-a.jsonl.x1y2z3", ".young.json.x", "status-a.json", ".mine", "sent"):
        (tmp_path / name).write_text("x")
    for path in tmp_path.iterdir():
        os.utime(path, (100.0, 200.0 if path.name == ".young.json.x" else 100.0))
    sweep(str(tmp_path), 150.0)
    assert sorted(os.listdir(tmp_path)) == [".mine", ".young.json.x", "sent", "status-a.json"]


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    """By name; what is being written and what is somebody else's is not among them, what cannot be read is."""
    (tmp_path / "status-b.json").write_text("b")
    (tmp_path / "status-a.json").mkdir()
    (tmp_path / ".status-c.json.x1").write_text("half")
    (tmp_path / ".status-d.json").write_text("hidden")
    (tmp_path / "ntp-a.json").write_text("n")
    found = files(str(tmp_path))
    assert [
        (path.name, octets if isinstance(octets, bytes) else octets.strerror) for path, octets in found.items()
    ] == [
        ("ntp-a.json", b"n"),
        ("status-a.json", "expected a regular file"),
        ("status-b.json", b"b"),
    ]
    assert files(str(tmp_path / "none")) == {}
    with pytest.raises(NotADirectoryError):
        files(str(tmp_path / "ntp-a.json"))


def test_a_bad_file_costs_itself_only(tmp_path: Path) -> None:
    """A pipe, which nobody writes into; links, wherever they lead; a folder; and a file that is too large."""
    State(str(tmp_path)).of("smarthost", "relay").write({"until": 5.0})
    os.mkfifo(tmp_path / "ntp-a.json")
    (tmp_path / "ntp-b.json").symlink_to("/dev/zero")
    (tmp_path / "ntp-c.json").symlink_to(tmp_path / "smarthost-relay.json")
    (tmp_path / "ntp-d.json").mkdir()
    (tmp_path / "ntp-e.json").write_bytes(b" " * (MOST_BYTES + 1))
    found = files(str(tmp_path))
    why = {path.name: octets.strerror for path, octets in found.items() if isinstance(octets, OSError)}
    assert why == {
        "ntp-a.json": "expected a regular file",
        "ntp-b.json": "it is a link",
        "ntp-c.json": "it is a link",
        "ntp-d.json": "expected a regular file",
        "ntp-e.json": "it has more than 1048576 bytes",
    }
    state = State(str(tmp_path))
    state.load(found)
    assert state.of("smarthost", "relay").read() == {"until": 5.0}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["version", "job", "kept", "n"]) | st.text(), inner)
    ),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_state_or_nothing(octets: bytes) -> None:
    """Whatever a file holds, a job begins, with a dict, and the other job keeps its own."""
    good = json.dumps({"version": 1, "job": "b", "kept": {"n": 1}}).encode()
    state = State("/nowhere")
    with logged():
        state.load({Path("/nowhere/ntp-a.json"): octets, Path("/nowhere/clock-b.json"): good})
    assert isinstance(state.of("ntp", "a").read(), dict)
    assert state.of("clock", "b").read() == {"n": 1}


def test_what_was_read_at_once_is_not_looked_for_again(tmp_path: Path) -> None:
    """What a file holds afterwards is nobody's business; nor is what records of jobs hold."""
    for kind in ("ntp", "clock", "scenario-counter"):
        State(str(tmp_path)).of(kind, "a b").write({"n": kind})
    (tmp_path / "status-ntp-a_b.json").write_text("{")
    state = State(str(tmp_path))
    with logged() as lines:
        state.load(files(str(tmp_path)))
    State(str(tmp_path)).of("ntp", "a b").write({"n": 2})
    State(str(tmp_path)).of("ntp", "late").write({"n": 3})
    assert [state.of(kind, "a b").read() for kind in ("ntp", "clock", "scenario-counter", "smarthost")] == [
        {"n": "ntp"},
        {"n": "clock"},
        {"n": "scenario-counter"},
        {},
    ]
    assert state.all("ntp") == {"a b": {"n": "ntp"}}
    assert lines == []
