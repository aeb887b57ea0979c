"""What does a step cost?  CPU time of a GET of 8 KiB: ours and the peers', plain and with TLS.

User and system time of the process that asks, children it has waited for included, less what it uses when it asks
nothing, divided by the pages that nginx has served to it.  All but check_http ask at the same pace; one that did not
keep it says so.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.daemon import DISCARD, NEVER, collectd, complaints, not_now, scenarios, started
from benchmarks.peers import blackbox_exporter, check_http, curl_plugin, probe
from benchmarks.servers import Site, authority, nginx, pages_served
from benchmarks.tools import CLEAN, cpu_seconds, situation, table
from collectd_inode.schedule import FIRST_SECONDS
from tests.helpers.ports import free_port

WARM_SECONDS = 3.0
REFERENCE = "blackbox_exporter"
KEPT_UP = 0.97
QUIET_SECONDS = 5.0
"""Without a page in so long, the first runs are over: there are several a second."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for: a site, how nginx counts (port), for how many seconds, how many pages a second."""

    folder: Path
    site: Site
    counter: int
    seconds: float
    rate: int

    @property
    def pages(self) -> int:
        """How many pages that makes."""
        return int(self.rate * self.seconds)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds a page, and which part of the pace was kept."""

    seconds: float
    kept: float

    def cells(self, first: Cost) -> tuple[str, str, str]:
        """As the table shows it, beside the *first*."""
        kept = "yes" if self.kept >= KEPT_UP else f"{self.kept:.0%}"
        return f"{self.seconds * 1e3:.3f}", f"{self.seconds / first.seconds:.2f}×", kept


Peer = Callable[[Task], Cost]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="how long each is looked at (%(default)g)")
    parser.add_argument("--rate", type=int, default=200, help="pages a second (%(default)s)")
    options = parser.parse_args()

    def costs(peer: Peer) -> list[Cost]:
        return [_cost(peer, options.seconds, options.rate, tls=tls) for tls in (False, True)]

    print(f"{situation()}\n\n{options.rate} pages of 8 KiB a second\n")
    with table(f"{'CPU ms a page':<39}", "plain ", "ratio ", "kept up", "TLS   ", "ratio ", "kept up") as row:
        reference = costs(PEERS[REFERENCE])
        for name, peer in PEERS.items():
            found = reference if name == REFERENCE else costs(peer)
            cells = [cost.cells(first) for cost, first in zip(found, reference, strict=True)]
            row(name, *cells[0], *cells[1])


def _cost(peer: Peer, seconds: float, rate: int, *, tls: bool) -> Cost:
    with tempfile.TemporaryDirectory(prefix="cost-") as name:
        folder, port, tls_port = Path(name), free_port(), free_port()
        site = Site(tls_port, authority(folder)) if tls else Site(port)
        with nginx(folder, port, tls_port):
            return peer(Task(folder, site, port, seconds, rate))


def _used(pid: int, task: Task) -> tuple[float, int]:
    """CPU seconds of a process, and pages served, in the task's time after a while to warm up."""
    time.sleep(WARM_SECONDS)
    cpu, pages = cpu_seconds(pid), pages_served(task.counter)
    time.sleep(task.seconds)
    return cpu_seconds(pid) - cpu, pages_served(task.counter) - pages - 1


# Who asks.


def _in_collectd(task: Task, configured: Callable[[int], tuple[str | None, str]]) -> Cost:
    """What a collectd uses, less what it uses with nothing due; *configured* (blocks, plugins) for an interval."""
    used = []
    for interval in (1, NEVER):
        blocks, plugins = configured(interval)
        with collectd(task.folder, blocks, plugins=f"{DISCARD}\n{plugins}") as daemon:
            started(task.folder, daemon)
            if interval == NEVER:
                _wait_for_quiet(task.counter)
            used.append(_used(daemon.pid, task))
        assert not complaints(task.folder), complaints(task.folder)
    (busy, pages), (idle, none) = used
    assert pages > 0 and none == 0, f"{pages} pages were asked for, and {none} by the one that should ask nothing"
    return Cost((busy - idle) / pages, pages / task.pages)


def _wait_for_quiet(counter: int) -> None:
    """Wait until nothing is asked any more: the curl plugin asks once when it starts, ours in the first minute."""
    end = time.monotonic() + FIRST_SECONDS + 30
    before = -1
    while (pages := pages_served(counter)) != before + 1:
        assert time.monotonic() < end
        before = pages
        time.sleep(QUIET_SECONDS)


def _ours(task: Task, path: str, steps: int) -> Cost:
    def configured(interval: int) -> tuple[str, str]:
        gos = "\n".join(f'When I go to "{task.site.url(path)}/{{i}}/{n}"' for n in range(steps))
        options = not_now() if interval == NEVER else f"Interval {interval}"
        if task.site.authority:
            options += f'\nCACert "{task.site.authority}"'
        return scenarios(task.folder, task.rate // steps, gos, options), ""

    return _in_collectd(task, configured)


def _curl_plugin(task: Task, path: str) -> Cost:
    paths = [f"{path}/{i}" for i in range(task.rate)]
    return _in_collectd(task, lambda interval: (None, curl_plugin(task.site, paths, interval)))


def _blackbox(task: Task) -> Cost:
    with blackbox_exporter(task.folder, task.site) as (process, own):
        target = task.site.url("/once/0")
        probe(own, target)
        idle, _ = _used(process.pid, task)
        cpu, begun = cpu_seconds(process.pid), time.monotonic()
        for i in range(task.pages):
            time.sleep(max(0.0, begun + i / task.rate - time.monotonic()))
            probe(own, target)
        took = time.monotonic() - begun
        return Cost((cpu_seconds(process.pid) - cpu - idle) / task.pages, task.seconds / took)


def _check_http(task: Task) -> Cost:
    """A shell forks and executes one after the other, as a scheduler would; its own time is counted too."""
    checks = task.pages // 4
    loop = 'i=0; while [ $i -lt $N ]; do "$@" >/dev/null || exit 1; i=$((i+1)); done; echo done; read _'
    command = ["sh", "-c", loop, "sh", *check_http(task.site, "/once/0")]
    begun = time.monotonic()
    with subprocess.Popen(
        command, env={**CLEAN, "N": str(checks)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdin is not None and shell.stdout is not None
        assert shell.stdout.readline() == "done\n", "a check failed"
        took = time.monotonic() - begun
        seconds = cpu_seconds(shell.pid)
        shell.stdin.write("\n")
    return Cost(seconds / checks, checks / took / task.rate)


PEERS: Mapping[str, Peer] = {
    "collectd_inode, 1 step a run": lambda task: _ours(task, "/once", 1),
    "collectd_inode, 5 steps a run": lambda task: _ours(task, "/kept", 5),
    "as before, and every page is a new one": lambda task: _ours(task, "/changing", 5),
    REFERENCE: _blackbox,
    "check_http (fork and exec)": _check_http,
    "collectd's curl plugin, connecting": lambda task: _curl_plugin(task, "/once"),
    "collectd's curl plugin, connection kept": lambda task: _curl_plugin(task, "/kept"),
}


if __name__ == "__main__":
    main()
