"""A browser's process: whose it is, what it has of ours, how it ends, and why one cannot be had."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.chromium import keeper, process
from collectd_inode.chromium.options import BrowserProgram
from collectd_inode.chromium.program import find, is_snap, user_of, why_not, words
from collectd_inode.model import Misconfigured, Status
from tests.helpers.browsing import Said, browsed, browsing, program, site
from tests.helpers.examples import HUNG

IS_ROOT = os.geteuid() == 0


@dataclass(frozen=True, slots=True)
class Impostor:
    """A program in a browser's place."""

    path: str
    folder: Path

    def seen(self, browser: process.BrowserProcess) -> dict[str, Any]:
        """What it has found."""
        found: dict[str, Any] = json.loads(Path(browser.folder.profile, "seen.json").read_text())
        return found


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody can look into: pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="inode-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def impostor(folder: Path, **told: Any) -> Impostor:
    """A program that says it is a browser of the version *product*."""
    path = folder / "chromium"
    shutil.copy(Path(__file__).parents[1] / "helpers" / "false_browser.py", path)
    path.chmod(0o755)
    said = folder / "chromium.json"
    said.write_text(json.dumps({"secrets": [], "product": "HeadlessChrome/150.0.1.2", **told}))
    said.chmod(0o644)
    return Impostor(str(path), folder)


def test_it_has_nothing_of_ours_but_its_pipe(shared: Path, tmp_path: Path) -> None:
    """No secret, no state, no descriptor, none of our environment; under root a user that nobody else is."""
    secret, state = tmp_path / "secret", tmp_path / "state"
    secret.write_text("open sesame")
    secret.chmod(0o600)
    state.mkdir(0o700)
    false = impostor(shared, secrets=[str(secret), str(state)])
    left_open = os.open(secret, os.O_RDONLY)
    os.set_inheritable(left_open, True)
    os.environ["INODE_TEST_SECRET"] = "open sesame"

    async def started() -> dict[str, Any]:
        browser = await process.start(BrowserProgram(false.path))
        try:
            return false.seen(browser)
        finally:
            browser.end()

    try:
        seen = asyncio.run(started())
    finally:
        os.close(left_open)
        del os.environ["INODE_TEST_SECRET"]
    assert "INODE_TEST_SECRET" not in seen["environment"]
    assert {n: kind for n, kind in seen["descriptors"].items() if n in "34"} == {"3": "pipe", "4": "pipe"}
    assert {n for n in seen["descriptors"] if int(n) < 5} >= {"0", "1", "2", "3", "4"}
    assert not [n for n, kind in seen["descriptors"].items() if int(n) > 4 and kind != f"/proc/{os.getpid()}/fd"
                and not kind.startswith("/proc/")]  # fmt: skip
    assert not any("no-sandbox" in word for word in seen["words"])
    if IS_ROOT:
        assert seen["uid"] not in (0, os.getuid()) and seen["groups"] in ([], [seen["gid"]])
        assert seen["readable"] == []


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"product": "HeadlessChrome/90.0.1"}, "is HeadlessChrome/90.0.1: expected 140 or later; upgrade it"),
        (
            {"says": "FATAL: No usable sandbox! Update your kernel"},
            "does not start: its sandbox needs user namespaces",
        ),
        ({"says": "x: error while loading shared libraries: libnss3.so"}, "start: install the browser by"),
        ({"says": "what?"}, "does not start: what?"),
    ],
)
def test_one_that_is_too_old_or_does_not_start_is_named(shared: Path, told: dict[str, str], why: str) -> None:
    """With the mend where it is known, and nothing of it is left."""
    false = impostor(shared, **told)
    with pytest.raises(Misconfigured) as caught:
        asyncio.run(process.start(BrowserProgram(false.path)))
    assert str(caught.value).startswith(f"the browser {false.path} ")
    assert why in str(caught.value)
    assert left_over() == []


def left_over() -> list[str]:
    """Folders of browsers that nobody has any more."""
    process.sweep()
    return [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("inode-chromium-")
            and is_mine(Path(tempfile.gettempdir(), name))]  # fmt: skip


def is_mine(path: Path) -> bool:
    """Whether this test process holds the folder: other tests may run beside us."""
    try:
        return any(os.path.samefile(path / "lock", f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    except OSError:
        return False


def test_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mend is named; a BrowserPath that is no program, too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("collectd_inode.chromium.program.FOLDERS", (str(tmp_path),))
    with pytest.raises(Misconfigured, match=r"^there is no chromium-headless-shell and no chromium on this machine"):
        find(None)
    with pytest.raises(Misconfigured, match=r"^BrowserPath .*/none: expected a program$"):
        find(str(tmp_path / "none"))
    for name in ("chromium", "chromium-headless-shell"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find(None) == str(tmp_path / "chromium-headless-shell")
    assert is_snap("/snap/bin/chromium") and not is_snap("/usr/bin/chromium")


def test_whose_it_is() -> None:
    """Never root's; as somebody else only if root starts it; where nobody says, as somebody who is nobody."""
    with pytest.raises(Misconfigured, match=r"^BrowserUser root: a browser is never run as root: expected another"):
        user_of("root", root=True)
    with pytest.raises(Misconfigured, match=r"^BrowserUser nosuch: this machine has no such user$"):
        user_of("nosuch", root=True)
    with pytest.raises(Misconfigured, match=r"^BrowserUser nobody: only root can start a browser as another user$"):
        user_of("nobody", root=False)
    assert user_of(None, root=False).uid == -1
    assert 61184 <= user_of(None, root=True).uid < 65520


def test_the_words_it_is_started_with() -> None:
    """Resolve, VerifyPeer and MinimumTLS are the browser's; one with a window's parts is kept from telling on us."""
    said = BrowserProgram(resolve=(("a.test", ("192.0.2.7", 8080)), ("b.test", ("2001:db8::1", None))), verify=False)
    shell, whole = words("/x/chromium-headless-shell", said, "/f"), words("/x/chromium", said, "/f")
    rules = "--host-resolver-rules=MAP a.test 192.0.2.7:8080,MAP b.test [2001:db8::1]"
    assert rules in shell and "--ignore-certificate-errors" in shell and "--user-data-dir=/f" in shell
    assert any(word.startswith(f"{rules},MAP accounts.google.com ~NOTFOUND") for word in whole)
    assert "--ssl-version-min=tls1.3" in words("/x", BrowserProgram(minimum_tls="1.3"), "/f")
    assert why_not("") == "it printed nothing"
    assert why_not("[7] No space left on device").endswith("is full; it printed: No space left on device")


def test_a_place_for_one_port_goes_before_that_for_the_name() -> None:
    """The browser takes the first rule that fits."""
    http, https = ("a.test", ("192.0.2.7", 8080)), ("a.test:443", ("192.0.2.7", 8443))
    rules = "--host-resolver-rules=MAP a.test:443 192.0.2.7:8443,MAP a.test 192.0.2.7:8080"
    assert rules in words("/x/chromium-headless-shell", BrowserProgram(resolve=(http, https)), "/f")


def test_a_folder_whose_owner_was_killed_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is locked stays, and so does what is not ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = process.ProfileFolder.made(user_of(None, root=False))
    dead = tmp_path / "inode-chromium-dead"
    dead.mkdir()
    (dead / "lock").touch()
    other = tmp_path / "inode-other"
    other.mkdir()
    process.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([Path(kept.path).name, "inode-other"])
    assert stat.S_IMODE(os.stat(kept.profile).st_mode) == 0o700
    kept.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["inode-other"]


def group_of(browser: process.BrowserProcess) -> list[int]:
    """The processes of a browser's session."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(name)) == browser.process.pid:
                found.append(int(name))
        except OSError:
            continue
    return found


def wait_for_none(browser: process.BrowserProcess) -> None:
    """Until the kernel has done away with them: they have been killed."""
    end = time.monotonic() + HUNG
    while group_of(browser) and time.monotonic() < end:
        threading.Event().wait(0.01)


def test_nothing_is_left_of_it() -> None:
    """Neither a process nor its folder."""

    async def once() -> tuple[list[int], str, list[int]]:
        browser = await process.start(BrowserProgram(program()))
        before = group_of(browser)
        browser.end()
        await asyncio.to_thread(wait_for_none, browser)
        return before, browser.folder.path, group_of(browser)

    before, folder, after = asyncio.run(once())
    assert len(before) > 1
    assert (after, os.path.lexists(folder)) == ([], False)


def test_killed_in_mid_run_it_costs_that_run(tmp_path: Path) -> None:
    """The run says so, is no failure of the site's, and the next one has another browser."""
    killed: list[int] = []

    def kill(_: object) -> Said:
        if not killed:
            (own,) = keeper._keepers.values()
            (browser,) = own._browsers
            killed.append(browser.process.pid)
            os.kill(browser.process.pid, signal.SIGKILL)
        return Said("<p>Here</p>")

    with site({"/": kill}) as here:
        first, second = browsed(tmp_path, 'When I go to "/"\nThen I should see "Here"', here.url, times=2)
    assert first.status is Status.ERROR
    assert first.message == "the browser ended during the run, by signal 9; the next run starts another one"
    assert (second.status, second.message) == (Status.PASSED, "")


def test_one_that_was_upgraded_is_replaced(shared: Path) -> None:
    """Between runs: the program on the disk is another one then."""
    false = impostor(shared)

    async def main() -> list[bool]:
        async def pid() -> int:
            async with keeper.keeper().browser(BrowserProgram(false.path)) as browser:
                return browser.process.pid

        first, same = await pid(), await pid()
        new = shared / "new"
        shutil.copy(false.path, new)
        new.replace(false.path)
        return [first == same, first == await pid()]

    assert asyncio.run(browsing(main())) == [True, False]


def test_who_waits_for_its_turn() -> None:
    """First come, first served; who waits too long is told which key is too small."""

    async def main() -> tuple[list[str], str]:
        own, done = keeper.Keeper(), []

        async def run(name: str) -> None:
            async with own.turn(1, HUNG):
                done.append(name)

        async with own.turn(1, HUNG):
            waiting = [asyncio.create_task(run(name)) for name in ("a", "b", "c")]
            await asyncio.sleep(0)
            waiting[1].cancel()
            with pytest.raises(Misconfigured) as caught:
                async with own.turn(1, 0.01):
                    pass
        await asyncio.wait(waiting)
        await run("d")
        return done, str(caught.value)

    order, why = asyncio.run(main())
    assert order == ["a", "c", "d"]
    assert why == "no browser was free for 0.01 s: BrowserJobs 1 is too small, or Interval too short"
