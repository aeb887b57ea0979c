"""How true is a latency?  Ours and blackbox_exporter's against a packet capture, at 1 to 500 replays at once.

For each number of concurrent scenarios, idle and beside a Python plugin that spins: a real collectd replays one GET a
scenario against nginx, all at the same second; tcpdump on loopback says how long each exchange took from the request's
first byte to the answer's last; the table shows how far each reported processing + transfer is from that.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import socket
import sysconfig
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.tools import CHECKOUT, CLEAN, TOOLS, captured, running, unpack
from collectd_inode.report.statistics import percentile

PACKAGES = ("nginx", "nginx-common", "tcpdump", "libpcap0.8", "prometheus-blackbox-exporter")
PAGE = b"<!DOCTYPE html><title>Page</title><p>" + b"All work and no play. " * 370  # 8 KiB
Errors = list[float]
"""|reported - captured|, seconds, of every exchange that was reported."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", default="1,10,100,500", help="numbers of concurrent replays (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (%(default)s)")
    options = parser.parse_args()
    unpack(PACKAGES)
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
    port = _free_port()
    with _nginx(folder, port):
        with _capture(folder, port, "ours.pcap"):
            interval = max(2, number // 50)
            with running(_collectd(folder, port, number, interval, spinning=spinning), folder / "out", CLEAN) as daemon:
                end = time.monotonic() + 60 + (rounds + 1) * interval
                while len(_reported(folder).get("/s/0", [])) < rounds:
                    assert daemon.poll() is None and time.monotonic() < end, (folder / "log").read_text()
                    time.sleep(0.2)
        neighbour = _collectd(folder, port, 0, 2, spinning=True) if spinning else None
        with _capture(folder, port, "theirs.pcap"):
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


# Instruments and peers.


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _nginx(folder: Path, port: int) -> Iterator[None]:
    (folder / "page.html").write_bytes(PAGE)
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir()
    temporary = "\n".join(
        f"{key}_temp_path {folder}/{name};"
        for key, name in (
            ("client_body", "body"), ("proxy", "proxy"), ("fastcgi", "fastcgi"), ("uwsgi", "uwsgi"), ("scgi", "scgi")
        )
    )  # fmt: skip
    folder.chmod(0o755)  # nginx's worker is somebody else
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 4096; }}
http {{ access_log off; default_type text/html; {temporary}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; location / {{ try_files /page.html =404; }} }} }}
""")
    command = (TOOLS / "usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log")
    with running(command, folder / "nginx.out"):
        _wait_for(port)
        yield


@contextmanager
def _capture(folder: Path, port: int, name: str) -> Iterator[None]:
    file = folder / name
    command = (
        TOOLS / "usr/bin/tcpdump", "-i", "lo", "-Z", "root", "-w", file, "-B", "262144", "-s", "256", "-U",
        "--time-stamp-precision=nano", f"tcp port {port}",
    )  # fmt: skip
    with running(command, folder / f"{name}.out"):
        while not (file.exists() and file.stat().st_size >= 24):
            time.sleep(0.02)
        yield
        time.sleep(1)  # what is in the capture's buffer


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return


def _collectd(folder: Path, port: int, number: int, interval: int, *, spinning: bool) -> list[str | Path]:
    """The command of a collectd with so many scenarios, each one GET of a path of its own, all at the same second."""
    lines = ["Feature: fidelity"]
    for i in range(number):
        lines += [f"  Scenario: s {i}", "    # series: get", f'    When I go to "http://127.0.0.1:{port}/s/{i}"']
    (folder / "many.feature").write_text("\n".join(lines) + "\n")
    block = f"""
    <Scenario "f">
      Feature "{folder}/many.feature"
      Interval {interval}
      StartOffset 0
      Detail "phase"
    </Scenario>"""
    (folder / "collectd.conf").write_text(f"""
Hostname "h"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/pid"
Interval 10
LoadPlugin logfile
<Plugin logfile>
  File "{folder}/log"
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{folder}/csv"
</Plugin>
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "{sysconfig.get_path("platlib")}"
  ModulePath "{CHECKOUT}"
  Import "collectd_inode"
  {'Import "benchmarks.spinner"' if spinning else ""}
  <Module collectd_inode>{block if number else ""}
  </Module>
</Plugin>
""")
    return ["/usr/sbin/collectd", "-f", "-C", folder / "collectd.conf"]


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
    (folder / "blackbox.yml").write_text(
        "modules:\n  http:\n    prober: http\n    timeout: 10s\n    http:\n      preferred_ip_protocol: ip4\n"
    )
    own = _free_port()
    command = (
        TOOLS / "usr/bin/prometheus-blackbox-exporter", f"--config.file={folder}/blackbox.yml",
        f"--web.listen-address=127.0.0.1:{own}", "--log.level=error",
    )  # fmt: skip
    if neighbour is not None:
        with running(neighbour, folder / "neighbour.out", CLEAN):
            return _probed(command, folder, own, port, number, rounds)
    return _probed(command, folder, own, port, number, rounds)


def _probed(
    command: Sequence[str | Path], folder: Path, own: int, port: int, number: int, rounds: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    with running(command, folder / "blackbox.out"), ThreadPoolExecutor(number) as pool:
        _wait_for(own)
        for turn in range(rounds):
            paths = [f"/b/{turn}/{i}" for i in range(number)]
            for path, seconds in zip(paths, pool.map(lambda path: _probe(own, port, path), paths), strict=True):
                found[path] = [seconds]
    return found


def _probe(own: int, port: int, path: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", own, timeout=60)
    connection.request("GET", f"/probe?module=http&target=http://127.0.0.1:{port}{path}")
    text = connection.getresponse().read().decode()
    connection.close()
    phases = re.findall(r'^probe_http_duration_seconds\{phase="(?:processing|transfer)"\} (\S+)', text, re.MULTILINE)
    return sum(map(float, phases))


if __name__ == "__main__":
    main()
