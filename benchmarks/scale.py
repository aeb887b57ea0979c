"""How far does one collectd go?  Scenarios of five steps: CPU, memory, late runs, and how true the latencies stay.

Each scenario opens a page of 8 KiB, follows two links and looks twice for a text, once an interval, spread over it.
The latencies of the followed links are held against a packet capture.  Numbers are tried from the smallest up to the
first that is too many; the knee is then looked for between that and the last that was carried.
"""

from __future__ import annotations

import argparse
import math
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.capture import Exchange, capture, captured
from benchmarks.daemon import DISCARD, collectd, complaints, scenarios, started
from benchmarks.servers import Site, nginx, pages_served
from benchmarks.tools import (
    cpu_seconds,
    mib,
    microseconds,
    numbers,
    resident_mib,
    situation,
    table,
)
from collectd_inode.report.statistics import percentile
from tests.helpers.ports import free_port

LINKS = ("next", "last")
STEPS = 5
WARM_SECONDS = 10.0
"""After an interval, in which each scenario has run once: the first run meets pages that nothing is known of yet."""
BUSY = 0.5
"""How much of a core may be used on paper: half of it is left for bursts and for collectd's other plugins."""
QUIET_SECONDS = 3.0
"""A run that ended so long ago has been dispatched."""
TRUE_SECONDS = 100e-6
"""A p99 above this is more than a latency may be off."""
RUN_SHARE = 0.99
"""Fewer of the runs than this in an interval: some were left out."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the plugin said of itself: runs that were late, and the loop's worst lag (seconds)."""

    late: float = 0.0
    lag: float = 0.0

    def and_then(self, later: Health) -> Health:
        """Of both times together."""
        return Health(self.late + later.late, max(self.lag, later.lag))


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of scenarios over one interval (seconds).  ``errors``: |reported - captured|, seconds."""

    number: int
    interval: int
    cpu: float
    mib: float
    health: Health
    runs: float
    errors: Sequence[float]

    @property
    def trouble(self) -> str:
        """What shows that these are too many; empty if nothing does."""
        found = {
            "late": self.health.late > 0,
            "left out": self.runs < RUN_SHARE * self.number,
            "error": percentile(self.errors, 99) > TRUE_SECONDS,
        }
        return ", ".join(name for name, true in found.items() if true)

    def cells(self, bare: float) -> tuple[object, ...]:
        """As the table shows it; *bare* is the memory of a collectd without us."""
        error = microseconds(percentile(self.errors, 50), percentile(self.errors, 99))
        return (
            self.number, f"{self.runs:.0f}", f"{self.cpu / self.interval:.1%}",
            f"{self.cpu / self.runs / STEPS * 1e3:.2f}", mib(self.mib - bare), f"{self.health.late:.0f}",
            f"{self.health.lag * 1e3:.0f} ms", f"{error} µs ({microseconds(max(self.errors))})", self.trouble or "none",
        )  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = "10,100,500,1000,2000,5000,10000,15000"
    parser.add_argument("--scenarios", type=numbers, default=every, help="how many (%(default)s)")
    parser.add_argument("--halvings", type=int, default=2, help="tries to come closer to the knee (%(default)s)")
    parser.add_argument("--interval", type=int, default=60, help="seconds between a scenario's runs (%(default)s)")
    parser.add_argument("--warm", type=float, help="seconds before it is looked at (an interval, and 10)")
    options = parser.parse_args()
    warm = options.interval + WARM_SECONDS if options.warm is None else options.warm
    bare = _bare()
    print(f"{situation()}\n\n{STEPS} steps every {options.interval} s; RSS with the python plugin alone {mib(bare)}\n")
    rows = []
    with table(
        "Scenarios", "Runs ", "% of core", "ms/step", "RSS added", "Late", "Loop lag", "Error p50 / p99 (worst)",
        "Trouble",
    ) as row:  # fmt: skip

        def carries(number: int) -> bool:
            with tempfile.TemporaryDirectory(prefix="scale-") as name:
                rows.append(_measure(Path(name), number, options.interval, warm))
            row(*rows[-1].cells(bare))
            return not rows[-1].trouble

        carried, too_many = knee(sorted(options.scenarios), options.halvings, carries)
    print(f"\nCarried: {carried}.  Too many: {too_many or 'none of these'}.")
    if carried:
        _on_paper(next(row for row in rows if row.number == carried))


def knee(rising: Iterable[int], halvings: int, carries: Callable[[int], bool]) -> tuple[int, int | None]:
    """The largest number that is carried (0: none) and the smallest that is not (None: not met), tried in turn."""
    carried, too_many = 0, None
    for number in rising:
        if not carries(number):
            too_many = number
            break
        carried = number
    if carried and too_many:
        for _ in range(halvings):
            middle = (carried + too_many) // 2
            if carries(middle):
                carried = middle
            else:
                too_many = middle
    return carried, too_many


def _on_paper(row: Measured) -> None:
    """What one core carries, by the largest number that was carried."""
    run = row.cpu / row.runs
    whole = row.interval / run
    half = int(BUSY * whole)
    print(f"On paper, by the row of {row.number}: {run * 1e3:.2f} ms a run; a whole core does {whole:.0f} scenarios,")
    print(f"{BUSY:.0%} of one {half}; 100 000 scenarios need {math.ceil(100_000 / half)} collectds of one core each.")


def _bare() -> float:
    """Memory of a collectd with the python plugin, and nothing in it."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        with collectd(folder, None, plugins=_plugins(folder)) as daemon:
            started(folder, daemon)
            time.sleep(1)
            return resident_mib(daemon.pid)


def _plugins(folder: Path) -> str:
    return f'{DISCARD}\nLoadPlugin unixsock\n<Plugin unixsock>\n  SocketFile "{folder}/socket"\n</Plugin>'


def _measure(folder: Path, number: int, interval: int, warm: float) -> Measured:
    """One row: from *warm* seconds after the start, for one interval, in which each scenario runs once."""
    site = Site(free_port())
    steps = (
        f'When I go to "{site.url("/s")}/{{i}}"\nThen I should see "no play"\n'
        '# series: next\nWhen I follow "Next"\nThen I should see "no play"\n# series: last\nWhen I follow "Last"'
    )
    blocks = scenarios(folder, number, steps, f"Interval {interval}")
    with (
        nginx(folder, site.port),
        capture(folder / "pcap", site.port),
        collectd(folder, blocks, plugins=_plugins(folder), interval=interval) as daemon,
    ):
        started(folder, daemon, 300)
        time.sleep(warm)
        cpu, pages = cpu_seconds(daemon.pid), pages_served(site.port)
        health = _window(folder, daemon, interval)
        cpu, pages = cpu_seconds(daemon.pid) - cpu, pages_served(site.port) - pages - 1
        resident = resident_mib(daemon.pid)
        reports = list(_reports(folder, number))
        time.sleep(_until_dispatched())
        health = health.and_then(_health(folder))
    errors = _errors(reports, captured(folder / "pcap", site.port))
    assert errors, f"nothing was reported that can be compared: {complaints(folder)}"
    return Measured(number, interval, cpu, resident, health, pages / (1 + len(LINKS)), errors)


def _window(folder: Path, daemon: subprocess.Popen[bytes], interval: int) -> Health:
    """An interval goes by; what `_health` says at each full minute of it."""
    health = Health()
    end = time.monotonic() + interval
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _until_dispatched()))
        assert daemon.poll() is None
        if time.monotonic() < end:
            health = health.and_then(_health(folder))
    return health


def _until_dispatched() -> float:
    """Seconds until the plugin has told how it fared in the minute that is under way."""
    return 60 - time.time() % 60 + 2


def _health(folder: Path) -> Health:
    """Of the last full minute."""
    (late, _), (lag, _) = _values(folder, ["inode_probe/count-late", "inode_probe/latency-loop_lag"])
    return Health(late or 0.0, lag or 0.0)


@dataclass(frozen=True, slots=True)
class Report:
    """What collectd held for a path (seconds), and when it was asked for that (epoch)."""

    path: str
    seconds: float
    asked: float


def _reports(folder: Path, number: int) -> Iterator[Report]:
    names = {f"/s/{i}?{link}": f"scenario-f-s_{i}/response_time-{link}" for i in range(number) for link in LINKS}
    for path, (seconds, asked) in zip(names, _values(folder, names.values()), strict=True):
        if seconds is not None:
            yield Report(path, seconds, asked)


def _values(folder: Path, names: Iterable[str]) -> Iterator[tuple[float | None, float]]:
    """The values that collectd holds under these identities, and when each was asked for; None where it has none."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(folder / "socket"))
        with sock.makefile("rw") as file:
            for name in names:
                asked = time.time()
                file.write(f'GETVAL "h/{name}"\n')
                file.flush()
                lines = [file.readline() for _ in range(max(0, int(file.readline().split()[0])))]
                yield (float(lines[0].partition("=")[2]) if lines else None), asked


def _errors(reports: Iterable[Report], exchanges: Iterable[Exchange]) -> list[float]:
    """Each report beside its path's last exchange before; those are left out that may not have been dispatched yet."""
    by_path: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        by_path[exchange.path].append(exchange)
    found = []
    for report in reports:
        before = [exchange for exchange in by_path[report.path] if exchange.last < report.asked]
        if before and before[-1].last < report.asked - QUIET_SECONDS:
            found.append(abs(report.seconds - before[-1].answered))
    return found


if __name__ == "__main__":
    main()
