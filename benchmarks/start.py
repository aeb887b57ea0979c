"""What does loading the plugin add to collectd's start and to its memory, and does memory grow with the runs?

The time is from starting collectd to "Initialization complete" in its log; the median of several starts, taken in turns
with a collectd that has loaded the python plugin, and nothing in it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.daemon import DISCARD, collectd, complaints, log, not_now, scenarios, started
from benchmarks.servers import Site, nginx, pages_served
from benchmarks.tools import mib, numbers, resident_mib, situation, table
from tests.helpers.ports import free_port

BARE = "python plugin alone"
FEW = 'When I go to "{url}/{{i}}"\nThen I should see "no play"'
FIVE = FEW + '\nWhen I follow "Contact {{i}}"\nThen I should see "Phone {{i}}"\nAnd I should not see "Sorry {{i}}"'
CONFIGURATIONS: Mapping[str, tuple[int, str] | None] = {
    BARE: None,
    "collectd_inode, 0 scenarios": (0, FEW),
    "collectd_inode, 1 scenario": (1, FEW),
    "collectd_inode, 500 scenarios": (500, FEW),
    "2000 scenarios of five steps": (2000, FIVE),
}
"""Number of scenarios and their steps, by name; None leaves collectd_inode out."""


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=10, help="starts of each, 0 for none (%(default)s)")
    parser.add_argument(
        "--runs", type=numbers, default="1000,10000", help="after how many runs to look at the memory (%(default)s)"
    )
    parser.add_argument("--at-once", type=int, default=200, help="scenarios a second meanwhile (%(default)s)")
    options = parser.parse_args()
    print(f"{situation()}\n")
    if options.starts:
        print(f"median (least to most) of {options.starts} starts\n")
        _starts(options.starts)
        print()
    _growth(sorted(options.runs), options.at_once)


def _starts(number: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in CONFIGURATIONS}
    memory: dict[str, list[float]] = {name: [] for name in CONFIGURATIONS}
    for _ in range(number):
        for name, loaded in CONFIGURATIONS.items():
            with tempfile.TemporaryDirectory(prefix="start-") as folder:
                took, resident = _start(Path(folder), loaded)
            seconds[name].append(took)
            memory[name].append(resident)
    bare, bare_memory = median(seconds[BARE]), median(memory[BARE])
    with table(f"{'Loaded':<29}", "ms                ", "added   ", "ratio   ", "RSS added   ") as row:
        for name, taken in seconds.items():
            took, resident = median(taken), median(memory[name])
            ms = f"{took * 1e3:.0f} ({min(taken) * 1e3:.0f}–{max(taken) * 1e3:.0f})"
            if name == BARE:
                row(name, ms, "", "1.0×", f"({mib(resident)})")
            else:
                row(name, ms, f"{(took - bare) * 1e3:.0f} ms", f"{took / bare:.1f}×", mib(resident - bare_memory))


def _start(folder: Path, loaded: tuple[int, str] | None) -> tuple[float, float]:
    """How long collectd took to start, and its memory soon after; no scenario is due meanwhile."""
    number, steps = loaded or (0, "")
    blocks = None if loaded is None else scenarios(folder, number, _steps(Site(1), steps), not_now()) if number else ""
    begun = time.monotonic()
    with collectd(folder, blocks, plugins=DISCARD) as daemon:
        started(folder, daemon)
        took = time.monotonic() - begun
        time.sleep(1)
        return took, resident_mib(daemon.pid)


def _steps(site: Site, steps: str = FEW) -> str:
    return steps.format(url=site.url("/s"))


def _growth(marks: Sequence[int], at_once: int) -> None:
    """Let a collectd replay scenarios every second, and print its memory when so many runs are done."""
    site = Site(free_port())
    with tempfile.TemporaryDirectory(prefix="start-") as name, nginx(Path(name), site.port):
        folder = Path(name)
        blocks = scenarios(folder, at_once, _steps(site), "Interval 1")
        first, asked = 0.0, 0
        with (
            collectd(folder, blocks, plugins=DISCARD) as daemon,
            table("After runs", "RSS MiB ", "grown   ") as row,
        ):
            started(folder, daemon)
            for mark in marks:
                end = time.monotonic() + 10 + 3 * mark / at_once
                while pages_served(site.port) - (asked := asked + 1) < mark:
                    assert daemon.poll() is None and time.monotonic() < end, log(folder)[-2000:]
                    time.sleep(0.5)
                resident = resident_mib(daemon.pid)
                row(mark, f"{resident:.1f}", f"{(resident - first) * 1024:.0f} KiB" if first else "")
                first = first or resident
        assert not complaints(folder), complaints(folder)


if __name__ == "__main__":
    main()
