"""The tutorial, typed from its first command to its last: a site, a scenario, a real collectd, an alarm, a picture."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from demo import machine
from tests.helpers import checkout
from tests.helpers.environments import Environment
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT

PAGE = "docs/tutorial.rst"
TREE = publish_doctree((ROOT / PAGE).read_text(encoding="utf-8"), settings_overrides={"syntax_highlight": "none"})
BLOCKS = [(block["classes"][1], block.astext()) for block in TREE.findall(nodes.literal_block)]
FILE = re.compile(r"(?:#|<!--) (\S+\.\w+)(?: -->)?\n")
INSTALLATION = ("/usr/bin/python3 -m venv ", "env/bin/pip ")


@dataclass
class Reader:
    """Who types the tutorial in *folder*; the port is a free one, and so is their machine's collectd."""

    folder: Path
    port: int
    installs: bool
    """Whether pip installs, which takes a network and a minute; else this checkout's packages do."""

    def __post_init__(self) -> None:
        self._background: subprocess.Popen[bytes] | None = None

    def write(self, text: str) -> None:
        """A block of the page that is a file."""
        if named := FILE.match(text):
            path = self.folder / named[1]
            path.parent.mkdir(exist_ok=True)
            if path.name == "collectd.conf":
                text = f"{machine.PLUGINS}\n{machine.TYPES}\n{text}"
            path.write_text(self._here(text) + "\n", encoding="utf-8")

    def type(self, command: str, printed: str) -> None:
        """A command, and wait until it prints what the page shows; what prints nothing must succeed."""
        if command.startswith(INSTALLATION) and not self.installs:
            self._borrow()
        elif command.endswith("&"):
            words = self._here(command).removesuffix("&").split(" >")[0].split()
            self._background = subprocess.Popen(
                words, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._wait_for_the_site()
        elif command == "kill %1":
            self.leave()
        elif printed:
            self._type_until(command, printed)
        else:
            done = self._run(command)
            assert done.returncode == 0, done.stdout

    def leave(self) -> None:
        """End what still runs."""
        if self._background is not None:
            self._background.terminate()
            self._background.wait(HUNG)
            self._background = None

    def _type_until(self, command: str, printed: str) -> None:
        found, end = "", time.monotonic() + HUNG
        while masked(found) != masked(printed):
            assert time.monotonic() < end, f"$ {command}\n{found}"
            found = self._run(command).stdout.replace(f":{self.port}", ":8080")

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        command = self._here(command).replace("/usr/sbin/collectd", machine.program("collectd"))
        return subprocess.run(
            ["sh", "-c", command.replace("~/collectd_inode", str(self.folder / "checkout"))],
            cwd=self.folder,
            env={"PATH": machine.PATH, "HOME": str(self.folder), "LANG": "C.UTF-8", **packages()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HUNG,
            check=False,
        )

    def _here(self, text: str) -> str:
        return text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace("server 8080", f"server {self.port}")

    def _borrow(self) -> None:
        """An environment with this checkout's packages, where nothing is to be downloaded."""
        root = self.folder / "env"
        if not root.exists():
            Environment(root).make()
            (root / "bin").mkdir()
            (root / "bin" / "collectd-inode").symlink_to(Path(sys.executable).parent / "collectd-inode")

    def _wait_for_the_site(self) -> None:
        end = time.monotonic() + HUNG
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), HUNG).close()
            except ConnectionRefusedError:
                assert time.monotonic() < end
            else:
                return


def packages() -> dict[str, str]:
    """This machine's way to the package index."""
    return {name: os.environ[name] for name in os.environ if name.startswith("PIP_") or name.endswith("_proxy")}


def masked(text: str) -> list[str]:
    """The words of *text* without its times."""
    text = re.sub(r"\b\d+m\d+\.\d+s\b|\b\d+\.\d+ ?m?s\b", "TIME", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\d+ s ago\)", "DATE", text).split()


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a block with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


@pytest.mark.parametrize("installs", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["borrowed", "installed"])
def test_the_tutorial_ends_with_an_alarm_and_a_picture(tmp_path: Path, installs: bool) -> None:
    """Every command of the page prints what the page shows; with the installation, from an empty folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reader = Reader(tmp_path, free.getsockname()[1], installs)
    if installs:
        checkout.copy_to(tmp_path / "checkout")
    try:
        for language, text in BLOCKS:
            reader.write(text)
            for command, printed in commands(text) if language == "console" else ():
                reader.type(command, printed)
        pictures = sorted(path.name for path in (tmp_path / "graphs").glob("*.png"))
        assert "scenario-shop-a_visitor_finds_the_opening_hours-steps.png" in pictures
    finally:
        reader.leave()
        stop(tmp_path / "collectd.pid")


def stop(pid: Path) -> None:
    """Wait until collectd has ended, which removes its file; end it if the page did not get so far."""
    end = time.monotonic() + HUNG
    while pid.exists():
        assert time.monotonic() < end
        try:
            os.kill(int(pid.read_text()), signal.SIGTERM)
        except (ProcessLookupError, ValueError, FileNotFoundError):
            return
        time.sleep(0.05)
