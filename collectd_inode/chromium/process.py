"""A browser that runs: started in a folder of its own, ended by its process ids, with nothing left of it."""

from __future__ import annotations

import asyncio
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_inode.chromium import program as programs
from collectd_inode.chromium.options import BrowserProgram
from collectd_inode.chromium.protocol import CommandRefused, Connection, Gone
from collectd_inode.chromium.trusted import trust
from collectd_inode.model import Misconfigured

START_SECONDS = 20.0
"""A busy machine takes some seconds; one that has not answered then never will."""
_LAST_WORDS = 4096
_PREFIX = "inode-chromium-"
_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(slots=True, eq=False)
class BrowserProcess:
    """A browser that answers; ``stamp`` is of the program that it was started from."""

    program: BrowserProgram
    path: str
    process: subprocess.Popen[bytes]
    connection: Connection
    folder: ProfileFolder
    stamp: object
    version: str = ""
    user_agent: str = ""
    runs: int = 0
    in_use: int = 0
    is_sick: bool = False
    windows: dict[str, Callable[[str, str], None]] = field(default_factory=dict)
    """By the context of a run: who is notified of its new windows, a target and a session each, which wait to begin."""

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for something."""
        return self.connection.is_open and not self.is_sick

    @property
    def ended_how(self) -> str:
        """How its process ended, in words."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        code = self.process.poll()
        if code is None:
            return "it no longer answers"
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"

    def told(self, method: str, event: Mapping[str, Any]) -> None:
        """An event of the browser's own; a window that no run has is closed."""
        if method != "Target.attachedToTarget":
            return
        info, session = event["targetInfo"], str(event["sessionId"])
        tell = self.windows.get(str(info.get("browserContextId") or ""))
        if tell is not None:
            tell(str(info["targetId"]), session)
        else:
            self.connection.send("Runtime.runIfWaitingForDebugger", {}, session)

    def is_current(self) -> bool:
        """Whether its program is still the one on the disk: an upgrade replaces it."""
        return stamp_of(self.path) == self.stamp

    def end(self) -> None:
        """End it now, with all its processes, and remove its folder.  Blocks for milliseconds."""
        self.connection.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        self.folder.remove()


def stamp_of(path: str) -> object:
    """The stamp by which a replaced program at *path* is noticed; None if it does not exist."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class ProfileFolder:
    """A browser's folder: ours, with a lock that is held as long as it is used, and in it the browser's own."""

    path: str
    lock: int

    @property
    def profile(self) -> str:
        """The part that is the browser's."""
        return os.path.join(self.path, "profile")

    @property
    def log(self) -> str:
        """The browser's standard error."""
        return os.path.join(self.path, "log")

    @property
    def last_words(self) -> str:
        """The end of that."""
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_WORDS))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def remove(self) -> None:
        """Remove it.  A renderer that ends a moment later may still write into it, so it is tried again."""
        for _ in range(3):
            shutil.rmtree(self.path, ignore_errors=True)
            if not os.path.lexists(self.path):
                break
        with suppress(OSError):
            os.close(self.lock)

    @classmethod
    def made(cls, user: programs.User) -> ProfileFolder:
        """A new one, for a browser of *user*."""
        path = tempfile.mkdtemp(prefix=_PREFIX)
        lock = os.open(os.path.join(path, "lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = cls(path, lock)
        os.mkdir(folder.profile, 0o700)
        if user.uid >= 0:
            os.chmod(path, 0o711)  # it may go through, and read nothing
            os.chown(folder.profile, user.uid, user.gid)
        return folder


def sweep() -> None:
    """Remove the folders of browsers whose owner was killed: nobody holds their lock."""
    for path in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), f"{_PREFIX}*")):
        with suppress(OSError):
            found = os.lstat(path)
            if found.st_uid != os.geteuid() or os.path.islink(path):
                continue
            lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


_LAUNCHED = (sys.executable, "-I", "-S", str(_LAUNCHER))


def _popen(
    path: str, program: BrowserProgram, user: programs.User, folder: ProfileFolder
) -> tuple[subprocess.Popen[bytes], int, int]:
    """The process, and our ends of its pipe."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    words = [theirs_in, theirs_out, user.uid, user.gid, os.getpid()]
    try:
        with open(folder.log, "wb") as log:
            process = subprocess.Popen(
                [*_LAUNCHED, *map(str, words), *programs.words(path, program, folder.profile)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=programs.environment(folder.profile),
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,
                cwd="/",
            )
    except BaseException:
        os.close(ours_in)
        os.close(ours_out)
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    return process, ours_in, ours_out


def _has_proc() -> bool:
    return os.path.exists("/proc/self/stat")


async def start(program: BrowserProgram) -> BrowserProcess:
    """Start a browser and wait until it answers.  Raises Misconfigured, with the fix, if it does not."""
    if not _has_proc():
        raise Misconfigured("the browser needs /proc, which is not mounted here")
    path = programs.find(program.path)
    user = programs.user_of(program.user, root=os.geteuid() == 0)
    try:
        folder = ProfileFolder.made(user)
    except OSError as error:
        raise Misconfigured(f"the browser has no folder: {tempfile.gettempdir()}: {error.strerror}") from None
    try:
        if program.ca_cert is not None and program.verify:
            await trust(program.ca_cert, folder.profile, user)
        stamp = stamp_of(path)
        process, reading, writing = _popen(path, program, user, folder)
    except BaseException:
        folder.remove()
        raise
    browser = BrowserProcess(program, path, process, Connection(reading, writing), folder, stamp)
    try:
        async with asyncio.timeout(START_SECONDS):
            said = await browser.connection.send("Browser.getVersion")
    except (Gone, CommandRefused, TimeoutError):
        why = programs.why_not(folder.last_words)
        browser.end()
        raise Misconfigured(f"the browser {path} does not start: {why}") from None
    except BaseException:
        browser.end()
        raise
    _judge(browser, path, said)
    browser.connection.listen("", browser.told)
    pages = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True, "filter": [{"type": "page"}]}
    browser.connection.send("Target.setAutoAttach", pages)
    return browser


def _judge(browser: BrowserProcess, path: str, said: Mapping[str, Any]) -> None:
    """Misconfigured for a browser that is too old, which is ended."""
    browser.version, browser.user_agent = str(said.get("product", "")), str(said.get("userAgent", ""))
    found = re.search(r"/(\d+)", browser.version)
    if found is None or int(found[1]) < programs.OLDEST:
        browser.end()
        shown = browser.version or "of no version"
        raise Misconfigured(f"the browser {path} is {shown}: expected {programs.OLDEST} or later; upgrade it")
