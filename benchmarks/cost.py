"""What does a step cost?  CPU time of a GET of 8 KiB: ours and the peers', plain and with TLS.

User and system time of the process that asks, children it has waited for included, less what it uses when it asks
nothing, divided by the pages that nginx has served to it.  All but check_http ask at the same pace.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools import (
    BLACKBOX,
    CLEAN,
    DISCARD,
    NGINX,
    TOOLS,
    blackbox_exporter,
    collectd,
    cpu_seconds,
    free_port,
    nginx,
    pages_served,
    probe,
    running,
    scenarios,
    started,
    unpack,
)

PLUGINS = ("monitoring-plugins-basic", "monitoring-plugins-common")
CHECK_HTTP = TOOLS / "usr/lib/nagios/plugins/check_http"
NEVER = 86400
WARM_SECONDS = 3.0
REFERENCE = "blackbox_exporter"


@dataclass(frozen=True, slots=True)
class Site:
    """What is asked: a folder to work in, nginx's plain port (which also counts), and the one with TLS."""

    folder: Path
    port: int
    tls_port: int
    tls: bool

    def url(self, path: str) -> str:
        """The address of *path*; by name with TLS."""
        return f"https://localhost:{self.tls_port}{path}" if self.tls else f"http://127.0.0.1:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Pace:
    """For how many seconds to look, and how many pages a second to ask for."""

    seconds: float
    rate: int


Peer = Callable[[Site, Pace], float]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="how long each is looked at (%(default)g)")
    parser.add_argument("--rate", type=int, default=200, help="pages a second (%(default)s)")
    options = parser.parse_args()
    unpack((*NGINX, *BLACKBOX, *PLUGINS))
    pace = Pace(options.seconds, options.rate)
    print(f"{os.uname().release}, {os.cpu_count()} cores; CPU ms a page of 8 KiB, {pace.rate} pages a second")
    print(f"{'':<42} {'plain':>8} {'ratio':>7}  {'TLS':>8} {'ratio':>7}")
    reference = [_cost(PEERS[REFERENCE], pace, tls=tls) for tls in (False, True)]
    for name, peer in PEERS.items():
        costs = reference if name == REFERENCE else [_cost(peer, pace, tls=tls) for tls in (False, True)]
        shown = (f"{cost * 1e3:>8.3f} {cost / first:>6.2f}×" for cost, first in zip(costs, reference, strict=True))
        print(f"{name:<42} {'  '.join(shown)}", flush=True)


def _cost(peer: Peer, pace: Pace, *, tls: bool) -> float:
    """CPU seconds a page."""
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        site = Site(Path(folder), free_port(), free_port(), tls)
        with nginx(site.folder, site.port, site.tls_port):
            return peer(site, pace)


def _used(pid: int, site: Site, seconds: float) -> tuple[float, int]:
    """CPU seconds of a process and pages served, in the next *seconds* after a while to warm up."""
    time.sleep(WARM_SECONDS)
    cpu, pages = cpu_seconds(pid), pages_served(site.port)
    time.sleep(seconds)
    return cpu_seconds(pid) - cpu, pages_served(site.port) - pages - 1


# Who asks.


def _in_collectd(site: Site, pace: Pace, configured: Callable[[int], list[str | Path]]) -> float:
    """CPU seconds a page in a collectd that is *configured* for an interval, less the same one with nothing due."""
    used = []
    for interval in (1, NEVER):
        (site.folder / "log").unlink(missing_ok=True)
        with running(configured(interval), site.folder / "out", CLEAN) as daemon:
            started(site.folder, daemon)
            if interval == NEVER:
                _wait_for_quiet(site)
            used.append(_used(daemon.pid, site, pace.seconds))
    (busy, pages), (idle, none) = used
    # The curl plugin asks for one page after the other, and cannot always keep the pace.
    assert pages >= 0.2 * pace.rate * pace.seconds, f"{pages} pages: {(site.folder / 'log').read_text()[:2000]}"
    assert none == 0
    return (busy - idle) / pages


def _wait_for_quiet(site: Site) -> None:
    """Wait until nothing is asked any more: the curl plugin asks once when it starts."""
    end = time.monotonic() + 30
    before = -1
    while (pages := pages_served(site.port)) != before + 1:
        assert time.monotonic() < end
        before = pages
        time.sleep(1)


def _ours(site: Site, pace: Pace, path: str, steps: int) -> float:
    def configured(interval: int) -> list[str | Path]:
        gos = "\n".join(f'When I go to "{site.url(path)}/{{i}}/{n}"' for n in range(steps))
        options = f'Interval {interval}\nCACert "{site.folder}/ca.pem"'
        if interval == NEVER:
            options += f"\nStartOffset {(int(time.time()) + NEVER // 2) % NEVER}"
        return collectd(site.folder, scenarios(site.folder, pace.rate // steps, gos, options), plugins=DISCARD)

    return _in_collectd(site, pace, configured)


def _curl_plugin(site: Site, pace: Pace, path: str) -> float:
    def configured(interval: int) -> list[str | Path]:
        pages = "".join(
            f'<Page "p{i}">\nURL "{site.url(path)}/{i}"\nMeasureResponseTime true\nMeasureResponseCode true\n'
            f'CACert "{site.folder}/ca.pem"\n</Page>\n'
            for i in range(pace.rate)
        )
        plugins = f"<LoadPlugin curl>\nInterval {interval}\n</LoadPlugin>\n<Plugin curl>\n{pages}</Plugin>"
        return collectd(site.folder, None, plugins=f"{DISCARD}\n{plugins}")

    return _in_collectd(site, pace, configured)


def _blackbox(site: Site, pace: Pace) -> float:
    with blackbox_exporter(site.folder) as (process, own):
        idle, _ = _used(process.pid, site, pace.seconds / 2)
        target = site.url("/once/0")
        assert "probe_success 1" in probe(own, target), probe(own, target)
        cpu, begun = cpu_seconds(process.pid), time.monotonic()
        probes = int(pace.rate * pace.seconds)
        for i in range(probes):
            time.sleep(max(0.0, begun + i / pace.rate - time.monotonic()))
            probe(own, target)
        return (cpu_seconds(process.pid) - cpu - 2 * idle) / probes


def _check_http(site: Site, pace: Pace) -> float:
    """A shell forks and executes one after the other, as a scheduler would; its own time is counted too."""
    checks = int(pace.rate * pace.seconds / 4)
    secure = ["-S", "--sni", "-H", "localhost", "-p", str(site.tls_port)]
    where = secure if site.tls else ["-H", "127.0.0.1", "-p", str(site.port)]
    loop = 'i=0; while [ $i -lt $N ]; do "$@" >/dev/null || exit 1; i=$((i+1)); done; echo done; read _'
    command = ["sh", "-c", loop, "sh", str(CHECK_HTTP), "-I", "127.0.0.1", *where, "-u", "/once/0"]
    with subprocess.Popen(
        command, env={**CLEAN, "N": str(checks)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdin is not None and shell.stdout is not None
        assert shell.stdout.readline() == "done\n"
        seconds = cpu_seconds(shell.pid)
        shell.stdin.write("\n")
    return seconds / checks


PEERS: Mapping[str, Peer] = {
    "collectd_inode, 1 step a run": lambda site, pace: _ours(site, pace, "/once", 1),
    "collectd_inode, 5 steps a run": lambda site, pace: _ours(site, pace, "/kept", 5),
    REFERENCE: _blackbox,
    "check_http (fork and exec)": _check_http,
    "collectd's curl plugin, connecting": lambda site, pace: _curl_plugin(site, pace, "/once"),
    "collectd's curl plugin, connection kept": lambda site, pace: _curl_plugin(site, pace, "/kept"),
}


if __name__ == "__main__":
    main()
