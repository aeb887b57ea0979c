"""A real collectd on private paths, with the plugin, csv and the listener beside it."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from collectd_inode.model import Cause, Door
from demo import configuration, machine
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT

SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages") and path.startswith(sys.prefix))
CLEAN = {"PATH": machine.PATH}
"""collectd's Python takes its standard library from the first python3 in PATH."""

HOST = "probe1"


@dataclass(frozen=True, slots=True)
class Sent:
    """A value list as another plugin saw it."""

    host: str
    identity: str
    time: float
    interval: float
    value: float


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as another plugin saw it."""

    host: str
    identity: str
    severity: int
    message: str
    time: float


class Collectd:
    """Starts at ``with``, is stopped by its process id at the end."""

    def __init__(
        self,
        folder: Path,
        module: str,
        *,
        daemonise: bool = False,
        around: str = "",
        path: str = str(ROOT),
        arguments: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        impatient: bool = False,
        door: Door = Door.EMBEDDED,
        types: str = "",
        before: Sequence[str] = (),
        inside: str = "",
    ) -> None:
        self.folder, self.daemonise, self.arguments, self.door = folder, daemonise, arguments, door
        self._environment = {**CLEAN, **(environment or {})}
        self.conf = folder / "collectd.conf"
        self.jobs = folder / "jobs.conf"
        """What exec and serve read."""
        self._before = tuple(before)
        """Put before its command, such as what gives it a network of its own; it must become what it runs."""
        self._impatient, self._types = impatient, types or machine.TYPES_DB
        embedded = _embedded(module, path, impatient) if door is Door.EMBEDDED else ""
        if inside:  # beside another door's jobs
            embedded = _embedded(inside, path, impatient)
        text = _conf(folder, embedded, around + self._plugin())
        if types:
            text = text.replace(machine.TYPES, f'TypesDB "{types}"')
        self.conf.write_text(text, encoding="utf-8")
        if door is not Door.EMBEDDED:
            self.jobs.write_text(module + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.service: subprocess.Popen[bytes] | None = None
        """What `serve` runs in."""

    def _plugin(self) -> str:
        if self.door is Door.EXEC:
            words = " ".join(f'"{word}"' for word in (somebody(), *self._command("exec")))
            theirs = '"collectd-inode" "/opt/collectd-inode/bin/collectd-inode" "exec" "/etc/collectd/inode.conf"'
            return _shipped("inode-exec.conf", (theirs, words))
        if self.door is Door.SERVE:
            place = ('"/run/collectd-unixsock"', f'"{self.folder}/sock"')
            return _shipped("inode-unixsock.conf", place, ('"0660"', '"0666"'))
        return ""

    def _command(self, name: str, *more: str) -> list[str]:
        program = f"{sys.prefix}/bin/collectd-inode"
        if self._impatient:
            # The exec plugin takes the folder off argv[0], and Python would look for itself in PATH.
            program = str(self.folder / "impatient-door")
            Path(program).write_text(IMPATIENT_DOOR, encoding="utf-8")
            Path(program).chmod(0o755)
        return [program, name, str(self.jobs), "--types-db", self._types, *more]

    @property
    def pid(self) -> int:
        """The process id of collectd; 0 before it is started."""
        return self._pid

    def serve(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start the service, as systemd would: as a user of its own."""
        command = self._command("serve", "--socket", f"{self.folder}/sock", "--hostname", HOST)
        user = {"user": somebody()} if os.getuid() == 0 else {}
        with (self.folder / "service").open("ab") as output:
            env = {**CLEAN, **(environment or {})}
            self.service = subprocess.Popen(command, env=env, stderr=output, cwd=self.folder, **user)  # type: ignore[call-overload]  # typeshed has no keywords
        return self.service

    @property
    def program(self) -> int:
        """The process id of what the exec plugin runs; 0 if there is none at the moment."""
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(status.read_text().rpartition(")")[2].split()[1]) == self._pid:
                    words = (status.parent / "cmdline").read_bytes().split(b"\0")
                    if str(self.jobs).encode() in words:
                        return int(status.parent.name)
        return 0

    def __enter__(self) -> Self:
        self.start()
        if self.door is Door.SERVE:
            self.serve()
        return self

    def start(self) -> None:
        """Start collectd alone; again, if it was killed."""
        self._give_away()
        command = [
            *self._before,
            "collectd",
            "-C",
            str(self.conf),
            *self.arguments,
            *([] if self.daemonise else ["-f"]),
        ]
        output = (self.folder / "output").open("wb")
        with output:
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=subprocess.STDOUT)
        if self.daemonise:
            assert self._process.wait(HUNG) == 0, self.log
            pid = self.folder / "pid"
            self.wait(lambda: pid.exists() and bool(pid.read_text().strip()))
            self._pid = int(pid.read_text())
        else:
            self._pid = self._process.pid

    def kill(self) -> None:
        """Kill collectd, and nothing beside it."""
        assert self._process is not None
        os.kill(self._pid, signal.SIGKILL)
        self._process.wait(HUNG)

    def _give_away(self) -> None:
        """Make all of the folder over to whom exec and serve run as."""
        if self.door is not Door.EMBEDDED and os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, somebody())

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def wait(self, until: Callable[[], object], seconds: float = HUNG) -> None:
        """Wait until something is so; fails with the log if it never is."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, f"it did not come about in {seconds:g} s\n{self.log}"
            assert self.running, f"collectd has ended\n{self.log}"
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        """Whether it lives."""
        if self._process is not None and not self.daemonise:
            return self._process.poll() is None
        return self._pid == 0 or alive(self._pid)

    def stop(self) -> None:
        """Ask it to stop.  It must leave with 0, and so must what runs our jobs."""
        program = self.program if self.door is Door.EXEC else 0
        if self.service is not None:
            self.service.terminate()
            code = self.service.wait(HUNG)
            begun = "collectd_inode" in (self.folder / "service").read_text()
            assert code == 0 or (code == -signal.SIGTERM and not begun), self.log
            self.service = None
        self._stop()
        end = time.monotonic() + HUNG
        while program and alive(program):
            assert time.monotonic() < end, self.log
            time.sleep(0.005)

    def _stop(self) -> None:
        if not self.running or not self._pid:
            return
        os.kill(self._pid, signal.SIGTERM)
        if self.daemonise:
            end = time.monotonic() + HUNG
            while self.running:
                assert time.monotonic() < end, self.log
                time.sleep(0.005)
        else:
            assert self._process is not None
            code = self._process.wait(HUNG)
            assert code == 0, f"collectd left with {code}\n{self.log}"

    @property
    def log(self) -> str:
        """Everything that was logged or printed."""
        files = (self.folder / "log", self.folder / "output", self.folder / "service")
        return "".join(f.read_text(encoding="utf-8", errors="replace") for f in files if f.exists())

    def _seen(self, kind: str) -> list[dict[str, object]]:
        file = self.folder / "seen"
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").split("\n")[:-1]  # the last may be half written
        objects = [json.loads(line) for line in lines]
        return [{k: v for k, v in o.items() if k != "kind"} for o in objects if o["kind"] == kind]

    @property
    def values(self) -> list[Sent]:
        """All value lists of ours so far, by time."""
        return sorted((Sent(**v) for v in self._seen("value")), key=lambda v: v.time)  # type: ignore[arg-type]  # JSON

    @property
    def notifications(self) -> list[Told]:
        """All notifications so far."""
        return [Told(**n) for n in self._seen("notification")]  # type: ignore[arg-type]  # JSON

    def of(self, identity: str) -> list[Sent]:
        """The values of one series."""
        return [v for v in self.values if v.identity == identity]

    def in_time(self, identity: str) -> list[Sent]:
        """The values of one series, but of no run that ran into its deadline: a busy machine may be too slow."""
        cause = f"{identity.rpartition('/')[0]}/gauge-cause"
        late = {v.time for v in self.of(cause) if v.value == Cause.TIMEOUT}
        return [v for v in self.of(identity) if v.time not in late]

    def csv(self, identity: str) -> list[tuple[float, float]]:
        """What the csv plugin stored of one series: time and value."""
        rows = []
        for file in sorted((self.folder / "csv" / HOST).glob(f"{identity}-2*")):
            with file.open(newline="") as text:
                rows += [(float(time), float(value)) for time, value in list(csv.reader(text))[1:]]
        return rows


def on_the_grid(values: list[Sent]) -> bool:
    """Whether a series' points are whole intervals apart; a machine that is too busy leaves one out, and counts it."""
    gaps = [(later.time - earlier.time) / later.interval for earlier, later in pairwise(values)]
    return all(gap >= 0.999 and abs(gap - round(gap)) < 0.001 for gap in gaps)


def alive(pid: int) -> bool:
    """Whether a process that is not our child still runs; one that only waits to be reaped has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def somebody() -> str:
    """Whom exec and serve run as: the exec plugin runs nothing as root."""
    return pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "nobody"


through_every_door = pytest.mark.parametrize(
    "door", [Door.EMBEDDED, Door.EXEC, Door.SERVE], ids=lambda door: str(door.value)
)
"""What is promised of jobs holds however they get into collectd: one test, three runs."""


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that each door's user can look into; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="collectd-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


IMPATIENT_DOOR = f"""#!{sys.executable}
import sys
from collectd_inode import cli, runner
runner.WATCH_SECONDS = 0.5
sys.exit(cli.main())
"""
"""A command that looks at changed files twice a second, so that nobody waits for it."""


def _shipped(name: str, *replacements: tuple[str, str]) -> str:
    """A file of conf.d, changed in nothing but users, paths and modes."""
    return configuration.adapted(name, (ROOT / "conf.d" / name).read_text(encoding="utf-8"), replacements)


def _embedded(module: str, path: str, impatient: bool) -> str:
    return f"""
  ModulePath "{path}"
  Import "collectd_inode"
  {'Import "impatient"' if impatient else ""}
  <Module collectd_inode>
{module}
  </Module>
"""


def _conf(folder: Path, embedded: str, around: str) -> str:
    return f"""
Hostname "{HOST}"
FQDNLookup false
{machine.PLUGINS}
{machine.TYPES}
BaseDir "{folder}"
PIDFile "{folder}/pid"
Interval 10
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File "{folder}/log"
  Timestamp true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{folder}/csv"
</Plugin>
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "{SITE_PACKAGES}"
  ModulePath "{ROOT}/tests/helpers"
  LogTraces true
  Import "listener"
  <Module listener>
    File "{folder}/seen"
  </Module>
{embedded}
</Plugin>
{around}
"""
