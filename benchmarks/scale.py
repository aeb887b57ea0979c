"""How far does one collectd go?  Scenarios of five steps: CPU, memory, late runs, and how true the latencies stay.

Each scenario opens a page of 8 KiB, follows two links and looks twice for a text, once an interval, spread over it.
The latencies of the followed links are held against a packet capture.  What one core carries is computed from that.
"""

from __future__ import annotations

import argparse
import math
import os
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools import (
    CLEAN,
    DISCARD,
    NGINX,
    TCPDUMP,
    Captured,
    capture,
    captured,
    collectd,
    cpu_seconds,
    free_port,
    nginx,
    pages_served,
    resident_mib,
    running,
    scenarios,
    started,
    unpack,
)
from collectd_inode.report.statistics import percentile

LINKS = ("next", "last")
STEPS = 5
BUSY = 0.5
"""How much of a core may be used on paper: half of it is left for bursts and for collectd's other plugins."""
QUIET_SECONDS = 3.0
"""A run that ended so long ago has been dispatched."""


@dataclass(slots=True)
class Measured:
    """One row.  ``errors``: |reported - captured| of the followed links, seconds."""

    number: int
    cpu: float
    mib: float
    late: float
    lag: float
    runs: float
    errors: list[float]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", default="10,100,500,1000,2000", help="how many; a file holds 2000 (%(default)s)")
    parser.add_argument("--interval", type=int, default=60, help="seconds between a scenario's runs (%(default)s)")
    parser.add_argument("--warm", type=float, default=10, help="seconds before it is looked at (%(default)g)")
    options = parser.parse_args()
    unpack((*NGINX, *TCPDUMP))
    bare = _bare()
    print(f"{os.uname().release}, {os.cpu_count()} cores; {STEPS} steps every {options.interval} s; ", end="")
    print(f"RSS with the python plugin alone {bare:.1f} MiB")
    columns = (
        f"{'scenarios':>9} {'runs':>7} {'% of core':>9} {'ms/step':>8} {'RSS added':>9} {'late':>6} {'loop lag':>9}"
    )
    print(f"{columns} {'error µs p50 / p99 (worst) of':>31}", flush=True)
    rows = []
    for number in (int(n) for n in options.scenarios.split(",")):
        with tempfile.TemporaryDirectory(prefix="scale-") as name:
            row = _measure(Path(name), number, options.interval, options.warm)
        rows.append(row)
        errors = " / ".join(f"{percentile(row.errors, p) * 1e6:.0f}" for p in (50, 99))
        errors += f" ({max(row.errors) * 1e6:.0f}) of {len(row.errors)}"
        print(
            f"{number:>9} {row.runs:>7.0f} {row.cpu / options.interval:>9.1%} {row.cpu / row.runs / STEPS * 1e3:>8.2f}"
            f" {row.mib - bare:>5.1f} MiB {row.late:>6.0f} {row.lag * 1e3:>6.0f} ms {errors:>31}",
            flush=True,
        )
    _on_paper(rows, options.interval)


def _on_paper(rows: list[Measured], interval: int) -> None:
    """What one core carries, by the largest number that had no late run."""
    row = max((row for row in rows if row.late == 0), key=lambda row: row.number, default=rows[0])
    run = row.cpu / row.runs
    whole = interval / run
    half = int(BUSY * whole)
    print(f"On paper, by the row of {row.number}: {run * 1e3:.2f} ms a run; a whole core does {whole:.0f} scenarios,")
    print(f"{BUSY:.0%} of one {half}; 100 000 scenarios need {math.ceil(100_000 / half)} collectds of one core each.")


def _bare() -> float:
    """Memory of a collectd with the python plugin, and nothing in it."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        with running(collectd(folder, None, plugins=_plugins(folder)), folder / "out", CLEAN) as daemon:
            started(folder, daemon)
            time.sleep(1)
            return resident_mib(daemon.pid)


def _plugins(folder: Path) -> str:
    return f'{DISCARD}\nLoadPlugin unixsock\n<Plugin unixsock>\n  SocketFile "{folder}/socket"\n</Plugin>'


def _measure(folder: Path, number: int, interval: int, warm: float) -> Measured:
    """One row: from *warm* seconds after the start, for one interval, in which each scenario runs once."""
    port = free_port()
    steps = (
        f'When I go to "http://127.0.0.1:{port}/s/{{i}}"\nThen I should see "no play"\n'
        '# series: next\nWhen I follow "Next"\nThen I should see "no play"\n# series: last\nWhen I follow "Last"'
    )
    command = collectd(
        folder, scenarios(folder, number, steps, f"Interval {interval}"), plugins=_plugins(folder), interval=interval
    )
    with nginx(folder, port), capture(folder / "pcap", port), running(command, folder / "out", CLEAN) as daemon:
        started(folder, daemon, 300)
        time.sleep(warm)
        cpu, pages = cpu_seconds(daemon.pid), pages_served(port)
        late, lag = _window(folder, daemon, interval)
        cpu, pages = cpu_seconds(daemon.pid) - cpu, pages_served(port) - pages - 1
        mib = resident_mib(daemon.pid)
        asked = time.time()
        names = {f"/s/{i}?{link}": f"scenario-f-s_{i}/response_time-{link}" for i in range(number) for link in LINKS}
        reported = {
            path: value for path, value in zip(names, _values(folder, list(names.values())), strict=True) if value
        }
        time.sleep(_until_dispatched())
        late, lag = _worse((late, lag), _health(folder))
    assert reported, f"nothing was reported: {(folder / 'log').read_text()[:2000]}"
    errors = _errors(reported, captured(folder / "pcap", port), asked)
    return Measured(number, cpu, mib, late, lag, pages / (1 + len(LINKS)), errors)


def _window(folder: Path, daemon: subprocess.Popen[bytes], interval: int) -> tuple[float, float]:
    """An interval goes by; what `_health` says at each full minute of it."""
    late, lag = 0.0, 0.0
    end = time.monotonic() + interval
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _until_dispatched()))
        assert daemon.poll() is None
        if time.monotonic() < end:
            late, lag = _worse((late, lag), _health(folder))
    return late, lag


def _until_dispatched() -> float:
    """Seconds until the plugin has told how it fared in the minute that is under way."""
    return 60 - time.time() % 60 + 2


def _health(folder: Path) -> tuple[float, float]:
    """How many runs were late in the last full minute, and the loop's worst lag in it."""
    late, lag = _values(folder, ["inode_probe/count-late", "inode_probe/latency-loop_lag"])
    return late or 0.0, lag or 0.0


def _worse(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], max(one[1], other[1])


def _values(folder: Path, names: list[str]) -> list[float | None]:
    """The values that collectd holds under these identities; None where it has none."""
    found: list[float | None] = []
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(folder / "socket"))
        with sock.makefile("rw") as file:
            for name in names:
                file.write(f'GETVAL "h/{name}"\n')
                file.flush()
                lines = [file.readline() for _ in range(max(0, int(file.readline().split()[0])))]
                found.append(float(lines[0].partition("=")[2]) if lines else None)
    return found


def _errors(reported: dict[str, float], exchanges: list[Captured], asked: float) -> list[float]:
    """Each path's report beside its last exchange, but for runs that may not have been dispatched when it was read."""
    truth = {exchange.path: exchange for exchange in exchanges if exchange.last < asked}
    return [
        abs(seconds - truth[path].seconds)
        for path, seconds in reported.items()
        if path in truth and truth[path].last < asked - QUIET_SECONDS
    ]


if __name__ == "__main__":
    main()
