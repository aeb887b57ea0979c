"""Files that change while the daemon runs: the last good version of each goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_inode.keys import BlockSettings, Loaded
from collectd_inode.model import Problem
from collectd_inode.reload import JobSource, reloaded, stamp
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from tests.helpers.examples import write_feature

GOOD = 'Feature: {0}\n  Scenario: {0}\n    When I go to "http://www.test/"\n'
TYPO = "Feature: {0}\n  Scenario: {0}\n    When I dance\n"
UNREADABLE = "Featur: {0}\n"
EMPTY = ""
BOTH = GOOD + '  Scenario: more\n    When I go to "http://www.test/more"\n'
HALF = BOTH.replace("I go to", "I goto", 1)


class Folder:
    """A folder of feature files as a block has it, read again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded: Loaded | None = None

    def after(self, **texts: str | None) -> tuple[dict[str, bool], int]:
        """Instance → whether it can run, and the number of mistakes, with these files written (or removed)."""
        for name, text in texts.items():
            if text is None:
                (self.path / f"{name}.feature").unlink()
            else:
                (self.path / f"{name}.feature").write_text(text.format(name))
        now = load("web", Settings(features=(str(self.path),)), BlockSettings())
        self.loaded = now if self.loaded is None else reloaded(self.loaded, now)
        return {job.instance: job.trouble is None for job in self.loaded.jobs}, len(self.loaded.problems)


BOTH_GOOD = {"web-a": True, "web-b": True}


@pytest.mark.parametrize("broken", [TYPO, UNREADABLE, EMPTY, TYPO + UNREADABLE])
def test_a_file_that_cannot_be_loaded_any_more_goes_on_as_it_was(broken: str, tmp_path: Path) -> None:
    """Whatever is wrong with it; the others are taken as they are, and it is taken again when it is mended."""
    folder = Folder(tmp_path)
    assert folder.after(a=GOOD, b=GOOD) == (BOTH_GOOD, 0)
    jobs, problems = folder.after(a=broken)
    assert (jobs, problems > 0) == (BOTH_GOOD, True)
    jobs, problems = folder.after(b=BOTH)
    assert (jobs, problems > 0) == ({**BOTH_GOOD, "web-more": True}, True)
    assert folder.after(a=GOOD, b=GOOD) == (BOTH_GOOD, 0)


def test_a_file_is_one_version(tmp_path: Path) -> None:
    """One scenario with a mistake in it: the other ones of its file do not change either."""
    folder = Folder(tmp_path)
    assert folder.after(a=GOOD) == ({"web-a": True}, 0)
    assert folder.after(a=HALF) == ({"web-a": True}, 1)
    assert folder.after(a=BOTH) == ({"web-a": True, "web-more": True}, 0)
    assert folder.after(a=HALF) == ({"web-a": True, "web-more": True}, 1)


def test_a_file_that_is_gone_is_gone(tmp_path: Path) -> None:
    """Unless it was all there is: then nothing would be watched."""
    folder = Folder(tmp_path)
    folder.after(a=GOOD, b=GOOD)
    assert folder.after(a=None) == ({"web-b": True}, 0)
    jobs, problems = folder.after(b=None)
    assert (jobs, problems > 0) == ({"web-b": True}, True)


def test_what_never_had_a_good_version_says_that_it_cannot_run(tmp_path: Path) -> None:
    """As it is now, and under the name that is known now."""
    folder = Folder(tmp_path)
    assert folder.after(a=UNREADABLE) == ({"web": False}, 1)
    assert folder.after(a=TYPO) == ({"web-a": False}, 1)
    assert folder.after(a=HALF) == ({"web-a": False, "web-more": True}, 1)
    assert folder.after(a=BOTH) == ({"web-a": True, "web-more": True}, 0)


def test_beside_a_good_one_too(tmp_path: Path) -> None:
    """The block goes on saying it until the file has a scenario that can."""
    folder = Folder(tmp_path)
    assert folder.after(a=GOOD, b=UNREADABLE)[0] == {"web-a": True, "web": False}
    assert folder.after(a=BOTH)[0] == {"web-a": True, "web-more": True, "web": False}
    assert folder.after(a=TYPO)[0] == {"web-a": True, "web-more": True, "web": False}
    assert folder.after(a=GOOD, b=TYPO)[0] == {"web-a": True, "web-b": False}
    assert folder.after(b=GOOD) == (BOTH_GOOD, 0)


def test_a_new_file_with_a_mistake_is_no_job_yet(tmp_path: Path) -> None:
    """It has no series that anybody watches; the mistake is counted."""
    folder = Folder(tmp_path)
    folder.after(a=GOOD)
    assert folder.after(b=TYPO) == ({"web-a": True}, 1)
    assert folder.after(b=GOOD) == (BOTH_GOOD, 0)


def test_a_mistake_that_is_in_no_feature_file(tmp_path: Path) -> None:
    """A step module that cannot be imported any more: everything goes on as it was."""
    steps = tmp_path / "steps.py"
    steps.write_text("from collectd_inode import step\n\n@step('I wave')\nasync def wave(session): ...\n")
    write_feature(tmp_path, "Feature: a\n  Scenario: a\n    When I wave\n", "a.feature")
    settings = Settings(features=(str(tmp_path),), steps=(str(steps),))
    before = load("web", settings, BlockSettings())
    assert [job.trouble for job in before.jobs] == [None]
    steps.write_text("1 / 0\n")
    after = reloaded(before, load("web", settings, BlockSettings()))
    assert after.jobs == before.jobs
    assert str(steps) in str(after.problems[0])


def test_a_stamp_sees_every_change(tmp_path: Path) -> None:
    """Files, folders (features and step modules at any depth), globs, and what is not there."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "notes.txt").touch()
    watched = [str(tmp_path), str(tmp_path / "*.feature"), str(tmp_path / "gone.feature")]
    seen = [stamp(watched)]

    def changed() -> bool:
        seen.append(stamp(watched))
        return seen[-1] != seen[-2]

    (tmp_path / "notes.txt").write_text("more")
    assert not changed()
    (tmp_path / "sub" / "a.feature").touch()
    assert changed()
    (tmp_path / "sub" / "a.feature").write_text("x")
    assert changed()
    (tmp_path / "steps.py").touch()
    assert changed()
    (tmp_path / "gone.feature").touch()
    assert changed()
    os.utime(tmp_path / "gone.feature", (1, 1))
    assert changed()
    (tmp_path / "gone.feature").unlink()
    assert changed()
    os.mkfifo(tmp_path / "pipe.feature")
    assert changed()


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path: Path) -> None:
    """A change of what the pattern fits is none of it."""
    (tmp_path / "a[1].feature").touch()
    (tmp_path / "a1.feature").touch()
    ((path, _, _),) = stamp([str(tmp_path / "a[1].feature")])
    assert path == str(tmp_path / "a[1].feature")


def test_a_source_waits_until_its_files_are_at_rest(tmp_path: Path) -> None:
    """A file that is being copied is half a file."""
    path = tmp_path / "a.feature"
    path.write_text("1")
    made = JobSource(lambda: Loaded((), (Problem(path.read_text()),), (str(path),)))
    assert made.refresh() is None
    path.write_text("12")
    assert made.refresh() is None
    path.write_text("123")
    assert made.refresh() is None
    again = made.refresh()
    assert again is not None
    assert [p.what for p in again.problems] == ["123"]
    assert (made.loaded, made.refresh()) == (again, None)
