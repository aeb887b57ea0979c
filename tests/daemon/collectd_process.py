"""A real collectd on private paths, with the plugin, csv and the listener beside it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

CHECKOUT = Path(__file__).resolve().parents[2]
SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages") and path.startswith(sys.prefix))
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
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
        path: str = str(CHECKOUT),
        arguments: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.daemonise, self.arguments = folder, daemonise, arguments
        self._environment = {**CLEAN, **(environment or {})}
        self.conf = folder / "collectd.conf"
        self.conf.write_text(_conf(folder, module, around, path), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        command = ["collectd", "-C", str(self.conf), *self.arguments, *([] if self.daemonise else ["-f"])]
        output = (self.folder / "output").open("wb")
        with output:
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=subprocess.STDOUT)
        if self.daemonise:
            assert self._process.wait(20) == 0, self.log
            pid = self.folder / "pid"
            self.wait(lambda: pid.exists() and bool(pid.read_text().strip()))
            self._pid = int(pid.read_text())
        else:
            self._pid = self._process.pid
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def wait(self, until: Callable[[], object], seconds: float = 30.0) -> None:
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
        return self._pid == 0 or _alive(self._pid)

    def stop(self) -> float:
        """Ask it to stop; the seconds it took.  It must leave with 0."""
        if not self.running or not self._pid:
            return 0.0
        started = time.monotonic()
        os.kill(self._pid, signal.SIGTERM)
        if self.daemonise:
            while self.running:
                assert time.monotonic() < started + 30, self.log
                time.sleep(0.005)
        else:
            assert self._process is not None
            assert self._process.wait(30) == 0, self.log
        return time.monotonic() - started

    @property
    def log(self) -> str:
        """Everything that was logged or printed."""
        files = (self.folder / "log", self.folder / "output")
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

    def csv(self, identity: str) -> list[tuple[float, float]]:
        """What the csv plugin stored of one series: time and value."""
        rows = []
        for file in sorted((self.folder / "csv" / HOST).glob(f"{identity}-2*")):
            with file.open(newline="") as text:
                rows += [(float(time), float(value)) for time, value in list(csv.reader(text))[1:]]
        return rows


def _alive(pid: int) -> bool:
    """Whether a process that is not our child still runs; one that only waits to be reaped has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _conf(folder: Path, module: str, around: str, path: str) -> str:
    return f"""
Hostname "{HOST}"
FQDNLookup false
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
  ModulePath "{CHECKOUT}/tests/daemon"
  ModulePath "{path}"
  LogTraces true
  Import "listener"
  Import "collectd_inode"
  <Module listener>
    File "{folder}/seen"
  </Module>
  <Module collectd_inode>
{module}
  </Module>
</Plugin>
{around}
"""
