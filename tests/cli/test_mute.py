"""Mutes: who is kept from waking anybody, until when; and the commands that ask the daemon for something."""

from __future__ import annotations

import json
import os
import pwd
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode import cli
from collectd_inode.cli import test_notification as command
from collectd_inode.drain import Orders
from collectd_inode.report import plan as job_plan
from collectd_inode.report import record as job_record
from collectd_inode.report.mute import TEST_FILE, Mute, Mutes, parse, path, text
from collectd_inode.report.notification import Severity
from collectd_inode.report.record import following
from tests.helpers.collectd_process import open_folder, somebody
from tests.helpers.examples import observed, passing

HOME = ("", "scenario", "web-home")
ELSEWHERE = ("www2", "scenario", "web-home")


@pytest.mark.parametrize(
    ("job", "covered"),
    [
        ("all", [True, True]),
        ("web", [True, True]),
        ("web-home", [True, True]),
        ("scenario/web-home", [True, True]),
        ("www2/scenario/web-home", [False, True]),
        ("home", [False, False]),
        ("", [False, False]),
    ],
)
def test_who_is_muted(job: str, covered: list[bool]) -> None:
    """By every name that a job has; until the time, and not at it."""
    mute = Mute(job, 100.0, "why")
    assert [mute.covers(who, "web", 99.9) for who in (HOME, ELSEWHERE)] == covered
    assert not mute.covers(HOME, "web", 100.0)


KEYS = st.sampled_from(["version", "mutes", "job", "until", "reason", "jobs", "time", "interval"])
JSON = st.recursive(
    st.none() | st.booleans() | st.just(1) | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner),
)
WRITTEN = st.binary() | JSON.map(lambda value: json.dumps(value).encode())


@given(WRITTEN)
def test_any_bytes_are_mutes_or_none(octets: bytes) -> None:
    """A file that makes no sense mutes nobody, and raises nothing."""
    found = parse(octets)
    assert parse(text(found).encode()) == found


@given(WRITTEN)
def test_any_bytes_are_a_plan_or_none(octets: bytes) -> None:
    """The jobs' plan is read, or there is none."""
    found = job_plan.parse(octets)
    assert found is None or job_plan.parse(job_plan.text(found).encode()) == found


def test_several_mutes() -> None:
    """The one that lasts longest counts; a new one of the same job takes the place of the old; what has ended goes."""
    short, long, over = Mute("all", 50.0, "short"), Mute("web", 100.0, "long"), Mute("x", 5.0, "over")
    mutes = Mutes((short, long, over))
    assert mutes.of(HOME, "web", 10.0) == long
    assert mutes.of(HOME, "shop", 10.0) == short
    assert mutes.of(HOME, "shop", 60.0) is None
    assert mutes.adding(Mute("all", 70.0, "again"), 10.0) == Mutes((long, Mute("all", 70.0, "again")))
    assert mutes.without("all") == Mutes((long, over))
    assert parse(text(mutes).encode()) == mutes


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b'{"version": 2, "mutes": []}', b'{"version": 1}', b"[" * 99999])
def test_what_is_no_file_of_mutes_mutes_nobody(octets: bytes) -> None:
    """An alarm too many is better than one too few."""
    assert parse(octets) == Mutes()


# The commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """StateDir of a daemon with the job scenario/web-home, which has run, and ntp/time, which has not."""
    record = following(None, replace(observed(passing), time=time.time()))
    job_record.path(str(tmp_path), record.identity).write_text(job_record.text(record))
    planned = (
        job_plan.Planned("", "scenario", "web", "web-home", 60.0, time.time() + 30),
        job_plan.Planned("", "ntp", "time", "time", 64.0, time.time() + 30),
    )
    job_plan.path(str(tmp_path)).write_text(job_plan.text(job_plan.Plan(1, time.time(), planned)))
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str]:
    code = cli.main([*words, "--state-dir", str(folder)])
    out, err = capsys.readouterr()
    return code, out + err


def test_mute_list_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is for whom the folder belongs to."""
    assert typed(capsys, folder, "mute", "--list") == (0, "nothing is muted\n")
    now = time.time()
    code, said = typed(capsys, folder, "mute", "web-home", "2h", "moving\tthe", "database")
    assert (code, said.startswith("web-home: muted until "), "moving the database" in said) == (0, True, True)
    (mute,) = parse(path(str(folder)).read_bytes()).mutes
    assert (mute.job, mute.reason) == ("web-home", "moving the database")
    assert now + 7200 <= mute.until <= time.time() + 7200
    assert stat.S_IMODE(path(str(folder)).stat().st_mode) == 0o600
    assert typed(capsys, folder, "mute", "all", "1d", "holidays")[0] == 0
    code, said = typed(capsys, folder, "mute", "--list")
    assert [line.split(":")[0] for line in said.splitlines()] == ["web-home", "all"]
    assert "  muted:      until " in typed(capsys, folder, "status", "web-home")[1]
    assert typed(capsys, folder, "mute", "--end", "all") == (0, "all: no longer muted, within 10 s\n")
    assert typed(capsys, folder, "mute", "--end", "web-home")[0] == 0
    assert typed(capsys, folder, "mute", "--list") == (0, "nothing is muted\n")
    assert "muted" not in typed(capsys, folder, "status", "web-home")[1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["shop", "2h", "x"], "no job 'shop' is known in {folder}; known there: time, web"),
        (["web", "2x", "x"], "2x: expected a number and s, m, h, d or w, such as 2h; a year at most"),
        (["web", "367d", "x"], "367d: expected a number and s, m, h, d or w, such as 2h; a year at most"),
        (["web", "2h", " "], "expected a REASON, for others who see the mute"),
        (["--end", "web"], "'web' is not muted; muted: none"),
        (
            ["web", "2h"],
            "expected JOB SPAN REASON, such as: mute shop 2h 'moving the database'; --list; or --end JOB",
        ),
    ],
)
def test_what_cannot_be_muted(
    words: list[str], expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing is written."""
    said = f"collectd-inode: {expected.format(folder=folder)}\n"
    assert typed(capsys, folder, "mute", *words) == (2, said)
    assert not path(str(folder)).exists()


@pytest.mark.parametrize("words", [("all", "2h", "x"), ("--list",), ("--end", "all")])
def test_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    """Nobody is muted where nobody looks, and a list of it would be empty for another reason."""
    code, said = typed(capsys, tmp_path / "none", "mute", *words)
    assert (code, said.startswith(f"collectd-inode: there is no folder {tmp_path}/none: no daemon")) == (2, True)


def test_a_test_notification(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon takes the wish up: one FAILURE and one OKAY, marked, for the job and no other."""
    orders = Orders(str(folder))
    done = threading.Event()

    def daemon() -> None:
        while not done.wait(0.01):
            orders.look()

    thread = threading.Thread(target=daemon)
    thread.start()
    try:
        code, said = typed(capsys, folder, "test-notification", "web")
    finally:
        done.set()
        thread.join()
    assert (code, "each marked as a test" in said) == (0, True)
    sent = list(orders.tests({HOME, ELSEWHERE}, 7.0))
    assert [(one.severity, one.plugin_instance, one.host, one.time) for one in sent] == [
        (Severity.FAILURE, "web-home", "", 7.0),
        (Severity.OKAY, "web-home", "", 7.0),
    ]
    assert all("test" in one.message for one in sent)
    assert list(orders.tests({HOME}, 8.0)) == []


@pytest.mark.parametrize("name", [TEST_FILE, path("").name])
def test_an_order_that_is_no_file_holds_nobody_up(tmp_path: Path, name: str) -> None:
    """Nobody writes into the pipe, and a link may lead to a device without an end."""
    os.mkfifo(tmp_path / name)
    orders = Orders(str(tmp_path))
    orders.look()
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    orders.look()
    assert (list(orders.tests({HOME}, 7.0)), orders.mutes) == ([], Mutes())


def test_a_test_that_cannot_be_taken_away_is_not_sent() -> None:
    """It would be sent again at every look."""
    with open_folder() as folder:
        (folder / TEST_FILE).write_text("/".join(HOME))
        folder.chmod(0o555)
        orders = Orders(str(folder))
        os.seteuid(pwd.getpwnam(somebody()).pw_uid)
        try:
            orders.look()
        finally:
            os.seteuid(os.getuid())
        assert list(orders.tests({HOME}, 7.0)) == []
        folder.chmod(0o755)
        orders.look()
        assert len(list(orders.tests({HOME}, 7.0))) == 2


def test_a_test_that_nobody_takes_up(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wish is withdrawn, so that it is not fulfilled at the next start."""
    monkeypatch.setattr(command, "WAIT_SECONDS", 0.01)
    code, said = typed(capsys, folder, "test-notification", "web")
    assert (code, "does collectd run" in said, (folder / TEST_FILE).exists()) == (2, True, False)
    code, said = typed(capsys, folder, "test-notification", "shop")
    assert (code, said) == (2, f"collectd-inode: no job 'shop' is known in {folder}; known there: time, web\n")


def test_a_job_that_is_bad_is_not_tested(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The test's OKAY would take a real alarm back."""
    file = job_record.path(str(folder), HOME)
    file.write_text(job_record.text(replace(job_record.parse(file.read_bytes()), status="failed", told=True)))
    code, said = typed(capsys, folder, "test-notification", "web")
    assert (code, "web-home is bad, and that was notified" in said) == (2, True)
    assert os.listdir(folder).count(TEST_FILE) == 0
