"""A real collectd: its configuration, ours in it, and what it says."""

from __future__ import annotations

import subprocess
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.tools import CHECKOUT, running
from demo import machine

DISCARD = 'PostCacheChain "nowhere"\n<Chain "nowhere">\n  Target "stop"\n</Chain>'
"""Configures collectd to take values into its cache and to drop them there: writing them is another question."""
SPINNER = ("benchmarks.spinner",)
NEVER = 86400
_MOST_STEPS = 10_000  # of a feature file


@contextmanager
def collectd(
    folder: Path, blocks: str | None, *, plugins: str = "", imports: Sequence[str] = (), interval: int = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """A collectd that has its files in *folder*, from its beginning (see `started`) to the end of the block.

    *blocks* stand in ``<Module collectd_inode>``; None leaves collectd_inode out, the python plugin stays.
    """
    folder.mkdir(exist_ok=True)
    ours = "" if blocks is None else f'Import "collectd_inode"\n<Module collectd_inode>\n{blocks}\n</Module>'
    (folder / "log").unlink(missing_ok=True)
    (folder / "collectd.conf").write_text(f"""
Hostname "h"
FQDNLookup false
{machine.PLUGINS}
{machine.TYPES}
BaseDir "{folder}"
PIDFile "{folder}/pid"
Interval {interval}
LoadPlugin logfile
<Plugin logfile>
  File "{folder}/log"
</Plugin>
{plugins}
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "{sysconfig.get_path("platlib")}"
  ModulePath "{CHECKOUT}"
  {"".join(f'Import "{name}"{chr(10)}' for name in imports)}
  {ours}
</Plugin>
""")
    with running((machine.program("collectd"), "-f", "-C", folder / "collectd.conf"), folder / "out") as process:
        yield process


def log(folder: Path) -> str:
    """What the collectd of *folder* has logged."""
    file = folder / "log"
    return file.read_text() if file.exists() else ""


def complaints(folder: Path) -> str:
    """The first things that the collectd of *folder* has logged about what failed."""
    return "\n".join([line for line in log(folder).splitlines() if "failed" in line or "error" in line][:5])


def started(folder: Path, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until the collectd of *folder* has started."""
    end = time.monotonic() + seconds
    while "Initialization complete" not in log(folder):
        assert process.poll() is None and time.monotonic() < end, log(folder) or "no log"
        time.sleep(0.001)


def csv(folder: Path) -> str:
    """Configures collectd to write values below *folder*."""
    return f'LoadPlugin csv\n<Plugin csv>\n  DataDir "{folder}/csv"\n</Plugin>'


def written(folder: Path, plugin: str, series: str) -> dict[str, float]:
    """Time → value of a series that `csv` wrote, in order."""
    return dict(_rows(sorted((folder / "csv" / "h" / plugin).glob(f"{series}-????-??-??"))))


def _rows(files: Iterable[Path]) -> Iterator[tuple[str, float]]:
    for file in files:
        for line in file.read_text().splitlines()[1:]:
            when, _, value = line.partition(",")
            if value:
                yield when, float(value)


def scenarios(folder: Path, number: int, steps: str, options: str) -> str:
    """A ``<Scenario>`` block with *number* scenarios of these *steps*, in which ``{i}`` is the scenario's number.

    They are in as many feature files as their steps need.
    """
    folder.mkdir(exist_ok=True)
    in_a_file = _MOST_STEPS // sum(not line.startswith("#") for line in steps.splitlines())
    files = []
    for first in range(0, number, in_a_file):
        lines = ["Feature: f"]
        for i in range(first, min(first + in_a_file, number)):
            lines += [f"  Scenario: s {i}", steps.replace("{i}", str(i))]
        files.append(folder / f"many-{first}.feature")
        files[-1].write_text("\n".join(lines) + "\n")
    features = "\n".join(f'  Feature "{file}"' for file in files)
    return f'<Scenario "f">\n{features}\n{options}\n</Scenario>'


def not_now() -> str:
    """Options of a block whose scenarios are not due before half a day has passed."""
    return f"Interval {NEVER}\nStartOffset {(int(time.time()) + NEVER // 2) % NEVER}"
