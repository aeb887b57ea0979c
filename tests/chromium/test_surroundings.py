"""The machine around a browser: each thing that it lacks is named, or does not matter; and nobody is sent anything.

Each case runs the command in namespaces of its own, as an ordinary user: root goes down to nobody first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import browser, machine
from demo.notes_site import NotesSite
from tests.helpers import eavesdropper
from tests.helpers.collectd_process import open_folder
from tests.helpers.places import ROOT

AS_NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--") if os.getuid() == 0 else ()
APART = ("unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--")
FEATURE = """Feature: Notes
  Scenario: Looking
    When I go to "/"
    Then I should see "Log in" within "h1"
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as place:
        (place / "a.feature").write_text(FEATURE, encoding="utf-8")
        for name in ("home", "small"):
            (place / name).mkdir()
            (place / name).chmod(0o777)
        yield place


def said(folder: Path, lacking: str) -> tuple[int, str]:
    """The exit code and the output of a run after the shell command *lacking*."""
    with NotesSite() as site:
        run = (
            f"{sys.prefix}/bin/collectd-inode",
            "run",
            f"{folder}/a.feature",
            "--engine",
            "chromium",
            "--base-url",
            site.url,
        )
        more = ("--browser-path", str(browser.UNPACKED), "--timeout", "100")
        shell = ("sh", "-c", f'{lacking} && exec "$@"', "sh")
        ended = subprocess.run(
            [*AS_NOBODY, *APART, *shell, *run, *more],
            env={"PATH": machine.PATH, "HOME": str(folder / "home"), "LC_ALL": "C.UTF-8"},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    return ended.returncode, ended.stdout + ended.stderr


def test_a_machine_that_has_everything(folder: Path) -> None:
    """What the other cases take away is what makes the difference."""
    code, output = said(folder, "true")
    assert (code, "1 scenario (1 passed)" in output) == (0, True), output


def test_a_small_shared_memory_does_not_matter(folder: Path) -> None:
    """Docker gives 64 MB of /dev/shm; some give 64 KiB."""
    code, output = said(folder, "mount -t tmpfs -o size=64k none /dev/shm")
    assert (code, "1 scenario (1 passed)" in output) == (0, True), output


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ("mount -t tmpfs none /proc", "the browser needs /proc, which is not mounted here"),
        ("echo 0 > /proc/sys/user/max_user_namespaces", "does not start: its sandbox needs user namespaces"),
        (
            "mount -t tmpfs -o size=4k,nr_inodes=2 none {small} && export TMPDIR={small}",
            "the browser has no folder: {small}: No space left on device",
        ),
    ],
    ids=["no /proc", "no user namespaces", "full disk"],
)
def test_what_it_cannot_do_without_is_named(folder: Path, lacking: str, named: str) -> None:
    """As the mistake in the configuration that it is, and not with the browser's own advice to do without a sandbox."""
    small = folder / "small"
    code, output = said(folder, lacking.format(small=small))
    assert (code, "1 scenario (1 error)" in output) == (2, True), output
    assert named.format(small=small) in output
    assert "--no-sandbox" not in output


def test_nobody_but_the_site_is_sent_anything(folder: Path) -> None:
    """The site is on loopback; what goes to any other address, name servers included, leaves by the one way out."""
    ear = [sys.executable, "-m", "tests.helpers.eavesdropper", str(folder / "a.feature"), str(browser.UNPACKED), "3"]
    ended = subprocess.run(
        [*AS_NOBODY, *APART[:-1], "--net", "--", *ear],
        env={"PATH": machine.PATH, "HOME": str(folder / "home"), "LC_ALL": "C.UTF-8"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["exit"], told["heard"]) == (0, [list(eavesdropper.MARK)]), told["said"]
