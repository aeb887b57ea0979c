"""What does loading the plugin add to collectd's start and to its memory, and does memory grow with the runs?

The time is from starting collectd to "Initialization complete" in its log; the median of several starts, taken in turns
with a collectd that has loaded the python plugin, and nothing in it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.tools import (
    CLEAN,
    DISCARD,
    NGINX,
    collectd,
    free_port,
    nginx,
    pages_served,
    resident_mib,
    running,
    scenarios,
    started,
    unpack,
)

SCENARIOS = (0, 1, 500)
BARE = "python plugin alone"


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=10, help="starts of each, 0 for none (%(default)s)")
    parser.add_argument("--runs", default="1000,10000", help="after how many runs to look at the memory (%(default)s)")
    parser.add_argument("--at-once", type=int, default=200, help="scenarios a second meanwhile (%(default)s)")
    options = parser.parse_args()
    unpack(NGINX)
    print(f"{os.uname().release}, {os.cpu_count()} cores; median (least to most) of {options.starts} starts")
    if options.starts:
        _starts(options.starts)
    print(f"\n{'after runs':<32} {'RSS MiB':>8} {'grown KiB':>10}", flush=True)
    _growth([int(n) for n in options.runs.split(",")], options.at_once)


def _starts(number: int) -> None:
    seconds: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    for _ in range(number):
        for name, blocks in _configurations().items():
            with tempfile.TemporaryDirectory(prefix="start-") as folder:
                took, mib = _start(Path(folder), blocks)
            seconds.setdefault(name, []).append(took)
            memory.setdefault(name, []).append(mib)
    bare, bare_mib = median(seconds[BARE]), median(memory[BARE])
    print(f"{'':<32} {'ms':>6} {'':>12} {'added':>6} {'ratio':>6}  {'RSS MiB':>8} {'added':>6}")
    for name, all_seconds in seconds.items():
        ms = median(all_seconds) * 1e3
        spread = f"({min(all_seconds) * 1e3:.0f}–{max(all_seconds) * 1e3:.0f})"
        mib = median(memory[name])
        print(
            f"{name:<32} {ms:>6.0f} {spread:>12} {ms - bare * 1e3:>6.0f} {ms / bare / 1e3:>5.1f}×"
            f"  {mib:>8.1f} {mib - bare_mib:>6.1f}"
        )


def _configurations() -> Mapping[str, int | None]:
    """Number of scenarios, by name; None leaves collectd_inode out."""
    return {BARE: None, **{f"collectd_inode, {n} scenarios": n for n in SCENARIOS}}


def _start(folder: Path, number: int | None) -> tuple[float, float]:
    """How long collectd took to start, and its memory soon after; no scenario is due meanwhile."""
    blocks = None if number is None else _never(folder, number) if number else ""
    command = collectd(folder, blocks, plugins=DISCARD)
    begun = time.monotonic()
    with running(command, folder / "out", CLEAN) as daemon:
        started(folder, daemon)
        took = time.monotonic() - begun
        time.sleep(1)
        return took, resident_mib(daemon.pid)


def _never(folder: Path, number: int) -> str:
    options = f"Interval 86400\nStartOffset {(int(time.time()) + 43200) % 86400}"
    return scenarios(folder, number, _steps(1), options)


def _steps(port: int) -> str:
    return f'When I go to "http://127.0.0.1:{port}/s/{{i}}"\nThen I should see "no play"'


def _growth(marks: list[int], at_once: int) -> None:
    """Let a collectd replay scenarios every second, and print its memory when so many runs are done."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="start-") as name, nginx(Path(name), port):
        folder = Path(name)
        command = collectd(folder, scenarios(folder, at_once, _steps(port), "Interval 1"), plugins=DISCARD)
        first, asked = 0.0, 0
        with running(command, folder / "out", CLEAN) as daemon:
            started(folder, daemon)
            for mark in sorted(marks):
                end = time.monotonic() + 10 + 3 * mark / at_once
                while pages_served(port) - (asked := asked + 1) < mark:
                    assert daemon.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-2000:]
                    time.sleep(0.5)
                mib = resident_mib(daemon.pid)
                first = first or mib
                print(f"{mark:<32} {mib:>8.1f} {(mib - first) * 1024:>10.0f}", flush=True)


if __name__ == "__main__":
    main()
