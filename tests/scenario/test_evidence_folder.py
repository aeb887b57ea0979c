"""The folders that evidence is kept in: their modes, their rotation, and all that can be wrong with a disk."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from examples import job

from collectd_inode.browser.decoding import Body
from collectd_inode.browser.headers import Headers
from collectd_inode.browser.record import Recorder
from collectd_inode.run import Cause, Job, Misconfigured, Observation, Redactor, Status, StepResult, Trouble
from collectd_inode.scenario import evidence
from collectd_inode.scenario.evidence import Evidence, written
from collectd_inode.wire import Exchange

FILES = {"reason.txt": b"because\n", "transcript.txt": b"> GET /\n"}
NOON = 1_795_003_200.0
"""2026-11-18 12:00:00 UTC."""


def put(folder: Path, *times: float, most: int = 50, most_bytes: int = 10_000, home: Job | None = None) -> list[str]:
    """The paths of runs kept at these seconds after noon."""
    kept = Evidence(str(folder), most, most_bytes)
    return [kept.put(home or job(None), NOON + seconds, FILES) for seconds in times]


def tree(folder: Path) -> dict[str, str]:
    """Path → mode, of all that is in a folder."""
    return {
        path.relative_to(folder).as_posix(): stat.filemode(path.lstat().st_mode) for path in sorted(folder.rglob("*"))
    }


def runs(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / "web"))


def test_a_run_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    """0600 in 0700, by UTC and the scenario's series; a second one of the same second gets a number."""
    folder = tmp_path / "failures"
    before = os.umask(0)
    try:
        paths = put(folder, 0, 0)
    finally:
        os.umask(before)
    home = folder / "web"
    assert paths == [str(home / "2026-11-18T12-00-00Z-home"), str(home / "2026-11-18T12-00-00Z-home-2")]
    assert stat.filemode(folder.stat().st_mode) == "drwx------"
    assert tree(folder) == {
        "web": "drwx------",
        "web/2026-11-18T12-00-00Z-home": "drwx------",
        "web/2026-11-18T12-00-00Z-home/reason.txt": "-rw-------",
        "web/2026-11-18T12-00-00Z-home/transcript.txt": "-rw-------",
        "web/2026-11-18T12-00-00Z-home-2": "drwx------",
        "web/2026-11-18T12-00-00Z-home-2/reason.txt": "-rw-------",
        "web/2026-11-18T12-00-00Z-home-2/transcript.txt": "-rw-------",
    }
    assert (Path(paths[0]) / "reason.txt").read_bytes() == b"because\n"


def test_names_are_slugs_whatever_the_block_is_called(tmp_path: Path) -> None:
    """No job gets out of its folder."""
    odd = Job("scenario", "../../etc/\n*", "x-y/../z")
    (path,) = put(tmp_path, 0, home=odd)
    assert path == str(tmp_path / "etc" / "2026-11-18T12-00-00Z-x_y_z")


def test_the_oldest_go_first(tmp_path: Path) -> None:
    """At most SaveMax runs, those of all the block's scenarios together; another block's have their own limits."""
    put(tmp_path, 3, 1, 2, home=Job("scenario", "web", "web-login"))
    put(tmp_path, 9, home=Job("scenario", "shop", "shop-login"))
    put(tmp_path, 4, 5, most=3)
    assert runs(tmp_path) == [f"2026-11-18T12-00-0{name}" for name in ("3Z-login", "4Z-home", "5Z-home")]
    assert os.listdir(tmp_path / "shop") == ["2026-11-18T12-00-09Z-login"]
    put(tmp_path, 6, most=1)
    assert runs(tmp_path) == ["2026-11-18T12-00-06Z-home"]


def test_at_most_so_many_bytes(tmp_path: Path) -> None:
    """SaveBytes counts all files of the block's runs; the new one's have room before they are written."""
    put(tmp_path, 1, 2, 3, 4, 5, most_bytes=3 * 16)
    assert runs(tmp_path) == [f"2026-11-18T12-00-0{second}Z-home" for second in (3, 4, 5)]
    put(tmp_path, 6, most_bytes=2 * 16 + 15)
    assert runs(tmp_path) == [f"2026-11-18T12-00-0{second}Z-home" for second in (5, 6)]


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Other names, a run with somebody's note in it, links, files: neither removed nor counted."""
    with_note = Path(put(tmp_path, 1)[0])
    (with_note / "note.txt").write_text("the night of the full disk")
    home, elsewhere = tmp_path / "web", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "reason.txt").write_text("another's")
    (home / "2026-11-18T11-00-00Z-home").symlink_to(elsewhere)
    (home / "2026-11-18T11-00-01Z-home").write_text("a file")
    (home / "2026-11-18T11-00-02Z-home").mkdir()
    (home / "2026-11-18T11-00-02Z-home" / "page.html").mkdir()
    (home / "kept for Anna").mkdir()
    before = runs(tmp_path)
    put(tmp_path, 2, 3, most=1)
    assert runs(tmp_path) == sorted([*before, "2026-11-18T12-00-03Z-home"])
    assert (elsewhere / "reason.txt").read_text() == "another's"
    assert sorted(os.listdir(with_note)) == ["note.txt", "reason.txt", "transcript.txt"]


def test_what_a_killed_daemon_has_left_behind(tmp_path: Path) -> None:
    """A folder that nobody finishes is removed after an hour; a younger one may be another daemon's."""
    home = Path(put(tmp_path, 0)[0]).parent
    for name, age in (("0" * 16, 3700), ("1" * 16, 3500)):
        left = home / f".new-{name}"
        left.mkdir()
        (left / "page.html").write_text("half")
        os.utime(left, (NOON - age, NOON - age))
    put(tmp_path, 1)
    assert [name for name in runs(tmp_path) if name.startswith(".")] == [".new-1111111111111111"]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    """By a file, a link or another daemon's run of the same second: the next number is free."""
    home = Path(put(tmp_path, 0)[0]).parent
    (home / "2026-11-18T12-00-01Z-home").write_text("a file")
    (home / "2026-11-18T12-00-01Z-home-2").symlink_to("nowhere")
    assert put(tmp_path, 1) == [str(home / "2026-11-18T12-00-01Z-home-3")]


# What can be wrong with a disk


def test_the_folder_s_own_folder_is_gone(tmp_path: Path) -> None:
    """One folder is made, not a path to it: a disk that is not mounted is not written beneath."""
    with pytest.raises(FileNotFoundError) as error:
        put(tmp_path / "mnt" / "failures", 0)
    assert error.value.filename == str(tmp_path / "mnt" / "failures" / "web")
    assert error.value.strerror == "No such file or directory"


def test_a_folder_that_nothing_can_be_made_in() -> None:
    """Not even by root."""
    with pytest.raises(OSError, match="/proc/self/web") as error:
        put(Path("/proc/self"), 0)
    assert error.value.errno in (errno.ENOENT, errno.EACCES, errno.EPERM)


@pytest.mark.parametrize("what", ["link", "file"])
def test_something_else_where_the_block_s_folder_should_be(tmp_path: Path, what: str) -> None:
    """A link there is not followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if what == "link":
        (tmp_path / "web").symlink_to(elsewhere)
    else:
        (tmp_path / "web").write_text("")
    with pytest.raises(Misconfigured) as error:
        put(tmp_path, 0)
    assert str(error.value) == f"SaveFailures: {tmp_path}/web is a file or a link, and a folder is wanted"
    assert os.listdir(elsewhere) == []


def test_the_operator_s_folder_may_be_a_link(tmp_path: Path) -> None:
    """To another disk, say."""
    (tmp_path / "srv").mkdir()
    (tmp_path / "failures").symlink_to("srv")
    put(tmp_path / "failures", 0)
    assert runs(tmp_path / "srv") == ["2026-11-18T12-00-00Z-home"]


def test_a_folder_that_others_can_write_to(tmp_path: Path) -> None:
    """They could put links into it."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web").chmod(0o770)
    with pytest.raises(Misconfigured) as error:
        put(tmp_path, 0)
    assert str(error.value) == f"SaveFailures: others can write to {tmp_path}/web: chmod go-w"


def test_a_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ran the command by hand before the daemon did."""
    me = os.geteuid()
    put(tmp_path, 0)
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(Misconfigured) as error:
        put(tmp_path, 1)
    assert str(error.value) == f"SaveFailures: {tmp_path}/web belongs to another user (number {me})"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half-written stays, under no name."""

    def save(run: int, name: str, content: bytes) -> None:
        if name == "transcript.txt":
            raise OSError(errno.ENOSPC, "No space left on device", name)
        save_all(run, name, content)

    save_all = evidence._save
    put(tmp_path, 0)
    monkeypatch.setattr(evidence, "_save", save)
    with pytest.raises(OSError, match="No space left on device") as error:
        put(tmp_path, 1)
    assert error.value.filename == str(tmp_path / "web")
    assert runs(tmp_path) == ["2026-11-18T12-00-00Z-home"]


# What fits into SaveBytes


def failed_run(page: bytes) -> tuple[Observation, Recorder]:
    """A run that got *page*, and did not like it."""
    recorder = Recorder()
    recorder.asks("GET", "http://www/", Headers([(b"host", b"www")]), None, None)
    recorder.answers(200, Headers([(b"content-type", b"text/html")]))
    body = Body("http://www/", "", 2**20)
    body.feed(page)
    recorder.receives(body, "text/html")
    recorder.exchange(Exchange("www", {}, response_code=200, bytes=len(page)))
    trouble = Trouble(Status.FAILED, Cause.EXPECTATION, "“Welcome” is not to be seen")
    home = job(None)
    steps = tuple(StepResult(s.name, s.series, Status.FAILED, s.place, trouble) for s in home.steps)
    return Observation(home, Status.FAILED, NOON, 1.0, steps, trouble), recorder


def sizes(page: bytes, most_bytes: int) -> dict[str, int]:
    observation, recorder = failed_run(page)
    files = written(observation, recorder, Redactor(), most_bytes)
    return {name: len(content) for name, content in files.items()}


@pytest.mark.parametrize("size", [1, 9, 10, 99, 100, 1000, 12345])
def test_a_page_that_just_fits_and_one_that_does_not(size: int) -> None:
    """With a byte less than all take together, the page is cut, and the transcript says where."""
    page = b"x" * size
    whole = sizes(page, 10**6)
    assert whole["page.html"] == size
    total = sum(whole.values())
    assert sizes(page, total) == whole
    observation, recorder = failed_run(page)
    files = written(observation, recorder, Redactor(), total - 1)
    kept = len(files.get("page.html", b""))
    assert kept < size
    assert sum(map(len, files.values())) <= total - 1
    assert f", as received, cut after {kept:,} bytes (SaveBytes)" in " ".join(files["transcript.txt"].decode().split())


@pytest.mark.parametrize("most_bytes", [1, 50, 101, 150, 300, 500, 700])
def test_save_bytes_that_hold_next_to_nothing(most_bytes: int) -> None:
    """The reason comes first, then as much of the transcript as fits; never more than was allowed."""
    observation, recorder = failed_run(b"<p>Wait" * 100)
    files = written(observation, recorder, Redactor(), most_bytes)
    assert sum(map(len, files.values())) <= most_bytes
    assert list(files) == ["reason.txt", "transcript.txt"]
    whole = written(observation, recorder, Redactor(), 10**6)["reason.txt"]
    word = b"\n(cut here: SaveBytes)\n"
    if most_bytes >= len(whole):
        assert files["reason.txt"] == whole
        left = most_bytes - len(whole)
        assert len(files["transcript.txt"]) == left
        assert files["transcript.txt"].endswith(word) == (left > 100)
    else:
        room = most_bytes - len(word) if most_bytes > 100 else most_bytes
        assert files["reason.txt"] == whole[:room] + word * (most_bytes > 100)
