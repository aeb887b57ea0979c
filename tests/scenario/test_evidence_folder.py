"""The folders that evidence is kept in: their modes, their rotation, and all that can be wrong with a disk."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.browser.decoding import Body
from collectd_inode.browser.record import Recorder
from collectd_inode.model import Cause, Job, Misconfigured, Observation, Status, StepResult, Trouble
from collectd_inode.page.headers import Headers
from collectd_inode.scenario import evidence
from collectd_inode.scenario.evidence import Evidence, KeptRun, written
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.wire import Exchange
from tests.helpers.examples import job

FILES = {"reason.txt": b"because\n", "transcript.txt": b"> GET /\n"}
NOON = 1_795_003_200.0
"""2026-11-18 12:00:00 UTC."""


def put(
    folder: Path, *times: float, home: Job | None = None, since: float | None = None, most: int = 50, **limits: Any
) -> list[str]:
    """The paths of runs kept at these seconds after noon, in one outage (*since*) or each in its own."""
    kept = Evidence(str(folder), **{"most": most, "most_bytes": 10_000, **limits})
    began = [NOON + (seconds if since is None else since) for seconds in times]
    return [
        kept.put(home or job(None), NOON + seconds, FILES, start) for seconds, start in zip(times, began, strict=True)
    ]


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


def seconds(folder: Path, series: str = "home") -> list[int]:
    """The seconds after noon of the runs that are kept of a scenario."""
    found = [name for name in runs(folder) if name.endswith(series)]
    return [int(name[14:16]) * 60 + int(name[17:19]) for name in found]


LOGIN = Job("scenario", "web", "web-login")
SHOP = Job("scenario", "shop", "shop-login")


def test_an_outage_does_not_delete_its_own_evidence(tmp_path: Path) -> None:
    """Its first run and its last stay, and as many from its beginning and its end as SaveMax allows."""
    put(tmp_path, *range(0, 14, 2), since=0, most=3)
    assert seconds(tmp_path) == [0, 2, 12]
    put(tmp_path, *range(14, 40, 2), since=0, most=6)
    assert seconds(tmp_path) == [0, 2, 12, 34, 36, 38]
    put(tmp_path, 40, since=0, most=1)
    assert seconds(tmp_path) == [0, 40]


def test_the_last_five_outages_stay(tmp_path: Path) -> None:
    """Their first and last runs, even if that is more than SaveMax; of older ones nothing does."""
    for outage in range(7):
        put(tmp_path, *(60 * outage + second for second in range(4)), since=60 * outage, most=3)
    assert seconds(tmp_path) == [60 * outage + second for outage in range(2, 7) for second in (0, 3)]


def test_a_noisy_scenario_does_not_evict_another_s(tmp_path: Path) -> None:
    """What goes is its own, however often it fails; another block has its own limits."""
    put(tmp_path, 1, 2, 3, since=1, home=LOGIN)
    put(tmp_path, 9, home=SHOP)
    for outage in range(10, 50):
        put(tmp_path, outage, most=10)
    assert seconds(tmp_path, "login") == [1, 2, 3]
    assert seconds(tmp_path) == [43, 44, 45, 46, 47, 48, 49]
    put(tmp_path, *range(50, 90), since=50, most=10)
    assert seconds(tmp_path, "login") == [1, 2, 3]
    assert seconds(tmp_path) == [46, 47, 48, 49, 50, 51, 89]
    assert os.listdir(tmp_path / "shop") == ["2026-11-18T12-00-09Z-login"]


def test_at_most_so_many_bytes(tmp_path: Path) -> None:
    """SaveBytes counts all files of the block's runs; the new one's have room before they are written."""
    put(tmp_path, *range(8), since=0, most_bytes=4 * 16)
    assert seconds(tmp_path) == [0, 1, 6, 7]
    put(tmp_path, 8, since=0, most_bytes=4 * 16 - 1)
    assert seconds(tmp_path) == [0, 1, 8]
    put(tmp_path, 9, since=0, most_bytes=16)
    assert seconds(tmp_path) == [0, 9]


def test_all_blocks_together(tmp_path: Path) -> None:
    """SaveTotal holds whatever else stays: the middle runs go first, then those of the scenario that has most."""
    put(tmp_path, 9, home=SHOP)
    put(tmp_path, *range(10, 20), since=10)
    put(tmp_path, 20, 21, 22, since=20, home=LOGIN)
    put(tmp_path, 23, since=20, home=LOGIN, total_bytes=6 * 16)
    assert (seconds(tmp_path), seconds(tmp_path, "login")) == ([10, 19], [20, 21, 23])
    put(tmp_path, 24, since=20, home=LOGIN, total_bytes=4 * 16)
    assert (seconds(tmp_path), seconds(tmp_path, "login")) == ([10], [20, 24])
    assert os.listdir(tmp_path / "shop") == ["2026-11-18T12-00-09Z-login"]
    put(tmp_path, 25, since=20, home=LOGIN, total_bytes=1)
    assert (seconds(tmp_path), seconds(tmp_path, "login"), os.listdir(tmp_path / "shop")) == ([], [25], [])


def in_blocks(folder: Path, *names: str, runs: int = 3) -> None:
    """Evidence of this many runs for each block, put there an hour ago."""
    for name in names:
        put(folder, *range(runs), home=Job("scenario", name, f"{name}-home"))
        os.utime(folder / name, (NOON, NOON))


def looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blocks of the runs that are looked at while one more is kept of the block called "web"."""
    looked: list[str] = []

    def look(home: int, block: str, name: str) -> KeptRun | None:
        looked.append(block)
        return one_look(home, block, name)

    one_look = evidence._run
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "_run", look)
        put(folder, 60)
    return sorted(set(looked))


def test_what_others_have_kept_is_known_from_the_last_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a hundred jobs fail, each bad run would look at the evidence of all: a core's work for nothing."""
    in_blocks(tmp_path, "shop", "stock", "web")
    assert looked_at(tmp_path, monkeypatch) == ["web"]
    in_blocks(tmp_path, "shop", runs=1)
    os.utime(tmp_path / "shop", (NOON + 1, NOON + 1))
    assert looked_at(tmp_path, monkeypatch) == ["shop", "web"]
    put(tmp_path, 5, home=SHOP)  # just now: another process may add one in the same tick of the clock
    assert looked_at(tmp_path, monkeypatch) == ["shop", "web"]
    assert looked_at(tmp_path, monkeypatch) == ["shop", "web"]


def test_a_block_s_folder_gets_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its runs are removed where they are now."""
    in_blocks(tmp_path, "shop", runs=2)
    assert looked_at(tmp_path, monkeypatch) == ["shop"]
    (tmp_path / "shop").rename(tmp_path / "old")
    put(tmp_path, 61, total_bytes=2 * len(b"".join(FILES.values())))
    assert (sorted(os.listdir(tmp_path)), len(os.listdir(tmp_path / "old"))) == (["old", "web"], 0)


def test_a_note_that_came_after_the_last_look_keeps_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not change the block's folder, so the run is looked at again before it would be removed."""
    in_blocks(tmp_path, "shop", runs=2)
    assert looked_at(tmp_path, monkeypatch) == ["shop"]
    noted = tmp_path / "shop" / "2026-11-18T12-00-01Z-home"
    (noted / "note").touch()
    put(tmp_path, 61, total_bytes=2 * len(b"".join(FILES.values())))
    assert [sorted(os.listdir(noted)), os.listdir(tmp_path / "shop")] == [["note", *sorted(FILES)], [noted.name]]


def test_evidence_gets_old(tmp_path: Path) -> None:
    """After SaveAge days it goes, the first run of an outage with the last one; a new run is not needed for it."""
    day = 86400
    put(tmp_path, 0, 1, since=0)
    put(tmp_path, 2, 3 + day, since=2)
    put(tmp_path, 5, home=SHOP)
    put(tmp_path, 4 + 2 * day, days=2)
    assert runs(tmp_path) == ["2026-11-18T12-00-02Z-home", "2026-11-19T12-00-03Z-home", "2026-11-20T12-00-04Z-home"]
    assert os.listdir(tmp_path / "shop") == ["2026-11-18T12-00-05Z-login"]
    Evidence(str(tmp_path), 50, 10_000, days=2).sweep("shop", NOON + 6 + 2 * day)
    assert os.listdir(tmp_path / "shop") == []
    Evidence(str(tmp_path / "not there"), 50, 10_000).sweep("shop", NOON)
    assert sorted(os.listdir(tmp_path)) == ["shop", "web"]


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written with less than a tenth of it free, and nothing that is there has to go for it."""
    put(tmp_path, 1, 2, 3, since=1)
    free = os.fstatvfs

    def nearly_full(folder: int) -> os.statvfs_result:
        seen = list(free(folder))
        seen[2], seen[4] = 1000, 99  # blocks, and those that are free for us
        return os.statvfs_result(seen)

    monkeypatch.setattr(os, "fstatvfs", nearly_full)
    with pytest.raises(OSError, match="less than a tenth of the disk is free") as error:
        put(tmp_path, 4, since=1, most=1)
    assert error.value.filename == str(tmp_path / "web")
    assert seconds(tmp_path) == [1, 2, 3]


def test_a_folder_is_dated_with_its_outage(tmp_path: Path) -> None:
    """So it is known after a restart."""
    paths = put(tmp_path, 5, 65, since=5)
    assert [os.stat(path).st_mtime for path in paths] == [NOON + 5, NOON + 5]


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
    put(tmp_path, 2, 3, 4, since=2, most=1)
    ours = ["2026-11-18T12-00-02Z-home", "2026-11-18T12-00-04Z-home"]
    assert runs(tmp_path) == sorted([*before, *ours])
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
    assert str(error.value) == f"SaveFailures: {tmp_path}/web is a file or a link; expected a folder"
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
    trouble = Trouble(Status.FAILED, Cause.EXPECTATION, "text “Welcome” not found")
    home = job(None)
    steps = tuple(StepResult(s, Status.FAILED, trouble) for s in home.steps)
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
    del whole["requests.har"]  # goes first
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
