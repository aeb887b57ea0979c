"""How true is a latency?  Ours and blackbox_exporter's against a packet capture, at 1 to 500 replays at once.

For each number of concurrent scenarios, idle and beside a Python plugin that spins: a real collectd replays one GET a
scenario against nginx, all at the same second; tcpdump on loopback says how long each exchange took from the request's
first byte to the answer's last; the table shows how far each reported processing + transfer is from that.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.tools import (
    BLACKBOX,
    CLEAN,
    NGINX,
    TCPDUMP,
    blackbox_exporter,
    capture,
    captured,
    collectd,
    csv,
    free_port,
    nginx,
    probe,
    running,
    scenarios,
    unpack,
)
from collectd_inode.report.statistics import percentile

Errors = list[float]
"""|reported - captured|, seconds, of every exchange that was reported."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", default="1,10,100,500", help="numbers of concurrent replays (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (%(default)s)")
    options = parser.parse_args()
    unpack((*NGINX, *TCPDUMP, *BLACKBOX))
    print(f"{os.uname().release}, {os.cpu_count()} cores; |reported − captured| in µs, p50 / p95 / p99 (worst)")
    print(f"{'at once':>8} {'':>8}  {'collectd_inode':>34}  {'blackbox_exporter':>34}  {'p99 ratio':>9}")
    for number in (int(n) for n in options.scenarios.split(",")):
        for spinning in (False, True):
            with tempfile.TemporaryDirectory(prefix="fidelity-") as name:
                ours, theirs = _measure(Path(name), number, options.rounds, spinning=spinning)
            ratio = percentile(theirs, 99) / percentile(ours, 99)
            beside = "spinning" if spinning else "idle"
            print(f"{number:>8} {beside:>8}  {_shown(ours):>34}  {_shown(theirs):>34}  {ratio:>8.0f}×", flush=True)


def _shown(errors: Errors) -> str:
    numbers = (*(percentile(errors, p) for p in (50, 95, 99)), max(errors))
    p50, p95, p99, worst = (f"{number * 1e6:.0f}" for number in numbers)
    return f"{p50} / {p95} / {p99} ({worst})"


def _measure(folder: Path, number: int, rounds: int, *, spinning: bool) -> tuple[Errors, Errors]:
    """One row: the errors of ours and of blackbox_exporter's, each beside the same neighbour."""
    port = free_port()
    with nginx(folder, port):
        with capture(folder / "ours.pcap", port):
            interval = max(2, number // 50)
            with running(_collectd(folder, port, number, interval, spinning=spinning), folder / "out", CLEAN) as daemon:
                end = time.monotonic() + 60 + (rounds + 1) * interval
                while len(_reported(folder).get("/s/0", [])) < rounds:
                    assert daemon.poll() is None and time.monotonic() < end, (folder / "log").read_text()
                    time.sleep(0.2)
        neighbour = _collectd(folder, port, 0, 2, spinning=True) if spinning else None
        with capture(folder / "theirs.pcap", port):
            theirs = _blackbox(folder, port, number, rounds, neighbour)
    return (
        list(_errors(_reported(folder), folder / "ours.pcap", port)),
        list(_errors(theirs, folder / "theirs.pcap", port)),
    )


def _errors(reported: Mapping[str, Sequence[float]], pcap: Path, port: int) -> Iterator[float]:
    """Each report beside its exchange: those of one path are in the same order in both."""
    truth: dict[str, list[float]] = defaultdict(list)
    for exchange in captured(pcap, port):
        truth[exchange.path].append(exchange.seconds)
    for path, seconds in reported.items():
        for said, was in zip(seconds, truth[path], strict=False):  # a run may have been cut short by the end
            yield abs(said - was)


def _collectd(folder: Path, port: int, number: int, interval: int, *, spinning: bool) -> list[str | Path]:
    """The command of a collectd with so many scenarios, each one GET of a path of its own, all at the same second."""
    steps = f'# series: get\nWhen I go to "http://127.0.0.1:{port}/s/{{i}}"'
    options = f'Interval {interval}\nStartOffset 0\nDetail "phase"'
    blocks = scenarios(folder, number, steps, options) if number else ""
    imports = ["benchmarks.spinner"] if spinning else []
    return collectd(folder, blocks, plugins=csv(folder), imports=imports)


def _reported(folder: Path) -> dict[str, list[float]]:
    """Path → each run's processing + transfer, as collectd's csv files have them."""
    found = {}
    for scenario in (folder / "csv" / "h").glob("scenario-f-s_*"):
        phases = [_csv(scenario.glob(f"duration-get-{phase}-*")) for phase in ("processing", "transfer")]
        runs = [phases[0][at] + phases[1].get(at, 0.0) for at in sorted(phases[0])]
        found[f"/s/{scenario.name.rpartition('_')[2]}"] = runs
    return found


def _csv(files: Iterable[Path]) -> dict[str, float]:
    rows = (line.split(",") for file in files for line in file.read_text().splitlines()[1:])
    return {row[0]: float(row[1]) for row in rows if len(row) == 2 and row[1]}


def _blackbox(
    folder: Path, port: int, number: int, rounds: int, neighbour: list[str | Path] | None
) -> dict[str, list[float]]:
    """Path → each probe's processing + transfer, as blackbox_exporter reports them; *number* probes at once."""
    if neighbour is not None:
        with running(neighbour, folder / "neighbour.out", CLEAN):
            return _probed(folder, port, number, rounds)
    return _probed(folder, port, number, rounds)


def _probed(folder: Path, port: int, number: int, rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    with blackbox_exporter(folder) as (_, own), ThreadPoolExecutor(number) as pool:
        for turn in range(rounds):
            paths = [f"/b/{turn}/{i}" for i in range(number)]
            for path, seconds in zip(paths, pool.map(lambda path: _seconds(own, port, path), paths), strict=True):
                found[path] = [seconds]
    return found


def _seconds(own: int, port: int, path: str) -> float:
    text = probe(own, f"http://127.0.0.1:{port}{path}")
    phases = re.findall(r'^probe_http_duration_seconds\{phase="(?:processing|transfer)"\} (\S+)', text, re.MULTILINE)
    return sum(map(float, phases))


if __name__ == "__main__":
    main()
