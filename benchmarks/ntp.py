"""How far each tool is off about a clock that is known: a chronyd's that has its time from this machine's own clock.

So the true offset is 0, or the 1200 s that faketime adds, and whatever else is reported is the tool's own error.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.daemon import collectd, complaints, log, started
from benchmarks.tools import CHECKOUT, situation, table
from demo import unpacked
from tests.helpers.chrony import check_ntp_time_says, chronyd, chronyd_says

DEFAULT_SECONDS = 60
JOBS = 5
"""``<NTP>`` blocks in the collectd, each asking once a second, so that a minute has samples enough for a p99.

The others ask as often, or as often as they can.
"""
SHORTEST = 2.0
LEAST = 2
"""Fewer samples have no quantiles."""

OURS, NTPLIB = "collectd_inode", "ntplib"
TOOLS: Mapping[str, Callable[[int], float]] = {"check_ntp_time": check_ntp_time_says, "chronyd -Q": chronyd_says}
"""Tools that are started for each question: name → the offset that it finds at a port, in seconds."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the tools are asked about: a server so many seconds *ahead*, beside a *busy* collectd or an idle one."""

    name: str
    ahead: float = 0.0
    busy: bool = False
    share: float = 1.0
    """Of ``--seconds``, how much it gets."""
    directives: tuple[str, ...] = ("local stratum 5",)
    """Of its chronyd."""


IDLE = Situation("idle")
BUSY = Situation("two busy threads", busy=True)
# The kernel's stamps are not faked, so that this chronyd's receive timestamp is from when it woke up: it has to do that
# at once, or the table shows how late it did.
AHEAD = Situation("idle, server +1200 s", ahead=1200.0, share=0.25, directives=("local stratum 5", "sched_priority 50"))

TARGETS = ((IDLE, "p95", 10.0), (BUSY, "p95", 50.0), (BUSY, "max", 500.0), (AHEAD, "max", 500.0))
"""What our error must stay below, in microseconds."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How far one tool was off in one situation, in microseconds."""

    number: int
    p50: float
    p95: float
    p99: float
    max: float


def errors(offsets: Sequence[float], truth: float) -> Errors:
    """The errors of *offsets*, which are in seconds, as is the *truth*."""
    off = [abs(offset - truth) * 1e6 for offset in offsets]
    cuts = statistics.quantiles(off, n=100, method="inclusive")
    return Errors(len(off), cuts[49], cuts[94], cuts[98], max(off))


def measured(folder: Path, where: Situation, seconds: float) -> dict[str, Errors]:
    """Tool → its errors.  One after the other, but for the two that share a collectd."""
    folder.mkdir()
    with chronyd(*where.directives, ahead=where.ahead or None) as port:
        offsets = _inside(folder / "asking", where, port, seconds)
        with _beside(folder / "beside", where):
            offsets |= {name: _asked(says, port, seconds / 3) for name, says in TOOLS.items()}
    return {name: errors(found, where.ahead) for name, found in offsets.items()}


# Inside a real collectd.

NEIGHBOURS = ("neighbours",)

_ASKS_BY_NTPLIB = """
import collectd
import ntplib

def ask():
    answer = ntplib.NTPClient().request("127.0.0.1", version=3, port={port}, timeout=2)
    collectd.Values(plugin="ntplib", type="time_offset").dispatch(values=[answer.offset])

collectd.register_read(ask, interval={interval})
"""

# csv rounds to a microsecond, which is more than most of the errors; write_log has all digits.
_WRITES_OFFSETS = """
LoadPlugin write_log
<Plugin write_log>
  Format JSON
</Plugin>
LoadPlugin match_regex
PostCacheChain "offsets"
<Chain "offsets">
  <Rule "offset">
    <Match "regex">
      Type "^time_offset$"
    </Match>
    Target "write"
  </Rule>
  Target "stop"
</Chain>
"""


def _inside(folder: Path, where: Situation, port: int, seconds: float) -> dict[str, list[float]]:
    """Tool → the offsets that it found in *seconds*, in one collectd; the module of ours and a plugin with ntplib."""
    plugins = _neighbours(folder, where, _ASKS_BY_NTPLIB.format(port=port, interval=1 / JOBS)) + _WRITES_OFFSETS
    block = f'Server "127.0.0.1"\nPort {port}\nInterval 1\nMaxOffset {where.ahead + 1}'
    blocks = [f'StateDir "{folder}/state"', *(f'<NTP "{number}">\n{block}\n</NTP>' for number in range(JOBS))]
    with collectd(folder, "\n".join(blocks), plugins=plugins, imports=NEIGHBOURS) as daemon:
        started(folder, daemon)
        time.sleep(seconds)
        assert daemon.poll() is None, log(folder)
    assert not complaints(folder), complaints(folder)
    found = _by_plugin(log(folder), {"ntp": OURS, "ntplib": NTPLIB})
    for name, offsets in found.items():
        assert len(offsets) >= LEAST, f"{name} found {len(offsets)} offsets in {seconds:g} s: {log(folder)}"
    return found


@contextmanager
def _beside(folder: Path, where: Situation) -> Iterator[None]:
    """The same load as in `_inside`, in a collectd that asks nobody."""
    with collectd(folder, None, plugins=_neighbours(folder, where), imports=NEIGHBOURS) as daemon:
        started(folder, daemon)
        yield
        assert daemon.poll() is None, log(folder)


def _neighbours(folder: Path, where: Situation, code: str = "") -> str:
    """Write the plugins beside ours, *code* among them, into a new *folder*; configures collectd to look there."""
    folder.mkdir()
    if where.busy:  # a module is imported once: the second spinner is a copy
        shutil.copy(CHECKOUT / "benchmarks" / "spinner.py", folder / "another_spinner.py")
        code += "\nimport another_spinner\nimport benchmarks.spinner\n"
    (folder / f"{NEIGHBOURS[0]}.py").write_text(code, encoding="utf-8")
    return f'<LoadPlugin python>\nGlobals true\n</LoadPlugin>\n<Plugin python>\nModulePath "{folder}"\n</Plugin>\n'


def _by_plugin(text: str, names: Mapping[str, str]) -> dict[str, list[float]]:
    """Tool → its offsets among what `write_log` wrote, by the *names* of their plugins."""
    found: dict[str, list[float]] = {name: [] for name in names.values()}
    for line in text.splitlines():
        if line.startswith("[{"):
            for value in json.loads(line):
                if value["type_instance"] != "consensus":
                    found[names[value["plugin"]]] += value["values"]
    return found


# Started for each question.


def _asked(says: Callable[[int], float], port: int, seconds: float) -> list[float]:
    """The offsets that a tool finds in so many seconds."""
    found: list[float] = []
    due = time.monotonic()
    end = due + seconds
    while len(found) < LEAST or due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        found.append(says(port))
        due = max(due + 1 / JOBS, time.monotonic())
    return found


# The tables.


def show(where: Situation, found: Mapping[str, Errors]) -> None:
    """Print who was how far off, in microseconds, and how many times as far as ntplib."""
    title, peer = f"{where.name:<20}", found[NTPLIB]
    columns = ("n    ", "p50     ", "p95     ", "p99     ", "max     ", "p95, ratio", "max, ratio")
    with table(title, *columns) as row:
        for name, off in found.items():
            ratios = (f"{off.p95 / peer.p95:.4f}×", f"{off.max / peer.max:.4f}×")
            row(name, off.number, *(f"{part:.1f}" for part in (off.p50, off.p95, off.p99, off.max)), *ratios)
    print()


def judge(found: Mapping[Situation, Errors]) -> None:
    """Print our targets, and whether they were kept."""
    with table(f"{OURS:<26}", "µs      ", "target ", "kept") as row:
        for where, part, most in TARGETS:
            value = getattr(found[where], part)
            row(f"{where.name}, {part}", f"{value:.1f}", f"< {most:.0f}", "yes" if value < most else "no")


def _versions() -> str:
    tools = (unpacked.command("chrony", "chronyd"), unpacked.command("monitoring", "check_ntp_time"))
    told = (
        subprocess.run([str(tool), "--version"], env=tool.environment, capture_output=True, text=True, check=False)
        for tool in tools
    )
    first = [one.stdout.splitlines()[0].partition(" (+")[0] for one in told]
    return ", ".join([situation(), *first, f"ntplib {importlib.metadata.version('ntplib')}"])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks/ntp", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS, help="inside collectd, a situation; a third of that a tool"
    )
    options = parser.parse_args()
    print(_versions(), end="\n\n")
    ours = {}
    with tempfile.TemporaryDirectory() as name:
        for number, where in enumerate((IDLE, BUSY, AHEAD)):
            found = measured(Path(name) / str(number), where, max(SHORTEST, options.seconds * where.share))
            ours[where] = found[OURS]
            show(where, found)
    judge(ours)


if __name__ == "__main__":
    main()
