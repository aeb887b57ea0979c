"""How true is a latency?  Ours and the peers' against a packet capture, at 1 to 500 at once.

A real collectd replays one GET a scenario, all in the same second; the peers are asked for as many at once.  tcpdump on
loopback says how long each exchange took; the table shows how far what was reported is from that.  Processing +
transfer is held against request's first byte to answer's last; a peer that has only a total, against SYN to answer's
last byte.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.capture import Exchange, capture, captured
from benchmarks.daemon import SPINNER, collectd, complaints, csv, log, scenarios, started, written
from benchmarks.peers import blackbox_exporter, check_http, curl_plugin, probe
from benchmarks.servers import LARGE_PAGE, Site, authority, delaying, logged, nginx
from benchmarks.tools import microseconds, numbers, situation, some_of, table
from collectd_inode.report.statistics import percentile
from tests.helpers.ports import free_port

OURS = "collectd_inode"
STATIC, CLOSING, TLS = "static", "closing", "tls"
SERVERS = (STATIC, "0", "5", "50", TLS, CLOSING)
IDLE, SPINNING, PARSING = "idle", "spinning", "parsing"
NEIGHBOURS = (IDLE, SPINNING, PARSING)
EXCHANGES = 1000
"""No more of them than this in a cell: 99 % of them is what is looked for."""
LARGE_INTERVAL = 4
"""Seconds between two runs of the large page's scenario, at least."""
LEAST_SECONDS = 1e-6
"""What csv's six decimals can show; no ratio to anything smaller."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is measured in one go: who is asked for what, by how many at once, how often, beside what; a folder."""

    folder: Path
    site: Site
    top: str
    at_once: int
    rounds: int
    beside: str

    @property
    def interval(self) -> int:
        """Seconds in which so many surely come to an end, with room on a machine of two cores."""
        return max(1, self.at_once // (100 if self.beside == IDLE else 50))

    def neighbour(self) -> AbstractContextManager[object]:
        """For those who are no part of a collectd: one that spins beside them, if one shall."""
        return collectd(self.folder, None, imports=SPINNER) if self.beside == SPINNING else nullcontext()


Reported = Mapping[str, Sequence[float]]
"""Path → what was said that each exchange took, in order; seconds."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who reports; whether that is a total with connecting and TLS; and where asking it makes sense."""

    report: Callable[[Cell], Reported]
    total: bool = False
    most_at_once: int = 500
    beside: Sequence[str] = (IDLE, SPINNING)

    def truth(self, exchange: Exchange) -> float:
        """What it should have said."""
        return exchange.total if self.total else exchange.answered


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    servers, peers, beside = ",".join(SERVERS), ",".join(PEERS), ",".join(NEIGHBOURS)
    parser.add_argument(
        "--servers", type=some_of(SERVERS), default=servers, help="number: ms that it adds (%(default)s)"
    )
    parser.add_argument("--at-once", type=numbers, default="1,10,100,500", help="how many (%(default)s)")
    parser.add_argument("--peers", type=some_of(PEERS), default=peers, help="(%(default)s)")
    parser.add_argument("--beside", type=some_of(NEIGHBOURS), default=beside, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="of each, fewer of many at once (%(default)s)")
    options = parser.parse_args()
    print(f"{situation()}\n\nHow far what was reported is from what was captured, µs\n")
    with table(
        "Server ", "At once", "Beside  ", "Who             ", "Figure", "p50 / p95 / p99 (worst)         ",
        "of  ", "p99 ratio",
    ) as row:  # fmt: skip
        for server in options.servers:
            for at_once in options.at_once:
                rounds = min(options.rounds, max(2, EXCHANGES // at_once))
                for neighbour in options.beside:
                    if _is_too_much(server, at_once, neighbour):
                        continue
                    chosen = {name: PEERS[name] for name in options.peers if _sensible(PEERS[name], at_once, neighbour)}
                    errors = _measure(server, at_once, rounds, chosen, neighbour)
                    _show(row, (server, at_once, neighbour), chosen, errors)


def _is_too_much(server: str, at_once: int, neighbour: str) -> bool:
    """A handshake wants the interpreter's lock several times, and the spinner lets go of it every 5 ms."""
    return server == TLS and neighbour != IDLE and at_once > 10


def _sensible(peer: Peer, at_once: int, neighbour: str) -> bool:
    return at_once <= peer.most_at_once and neighbour in peer.beside


def _show(
    row: Callable[..., None], where: Sequence[object], peers: Mapping[str, Peer], errors: Mapping[str, list[float]]
) -> None:
    ours = max(LEAST_SECONDS, percentile(errors[OURS], 99))
    for name, found in errors.items():
        p99 = percentile(found, 99)
        spread = microseconds(percentile(found, 50), percentile(found, 95), p99) + f" ({microseconds(max(found))})"
        figure = "total" if name in peers and peers[name].total else "phases"
        row(*where, name, figure, spread, len(found), "" if name == OURS else f"{p99 / ours:.0f}×")


def _measure(
    server: str, at_once: int, rounds: int, peers: Mapping[str, Peer], neighbour: str
) -> dict[str, list[float]]:
    """|reported - captured| of each exchange, by who reported it: ours first, then the peers in turn."""
    everybody = {OURS: Peer(_ours), **peers}
    with tempfile.TemporaryDirectory(prefix="fidelity-") as name:
        folder = Path(name)
        with _serving(server, folder) as site:
            top = "/once" if server == CLOSING else ""
            with capture(folder / "pcap", site.port):
                reported = {
                    who: peer.report(Cell(_subfolder(folder, who), site, top, at_once, rounds, neighbour))
                    for who, peer in everybody.items()
                }
            exchanges = captured(folder / "pcap", site.port)
        if site.authority:
            _name(exchanges, logged(folder))
    errors = {who: list(_errors(reported[who], exchanges, peer)) for who, peer in everybody.items()}
    for who, found in errors.items():
        assert len(found) >= at_once * rounds, f"{who}: {len(found)} exchanges of {at_once * rounds} were found"
    return errors


def _subfolder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


@contextmanager
def _serving(server: str, folder: Path) -> Iterator[Site]:
    """The server that the table calls so."""
    port = free_port()
    if server in (STATIC, CLOSING):
        with nginx(folder, port):
            yield Site(port)
    elif server == TLS:
        with nginx(folder, free_port(), port, log=True):
            yield Site(port, authority(folder))
    else:
        with delaying(folder, port, int(server)):
            yield Site(port)


def _name(exchanges: Sequence[Exchange], paths: Mapping[int, Sequence[str]]) -> None:
    """Give exchanges over TLS the paths that the server noted for their client's port."""
    following = {port: iter(asked) for port, asked in paths.items()}
    for exchange in exchanges:
        exchange.path = next(following[exchange.client], "")


def _errors(reported: Reported, exchanges: Sequence[Exchange], peer: Peer) -> Iterator[float]:
    """Each report beside its exchange: those of one path are in the same order in both."""
    truth: dict[str, list[float]] = defaultdict(list)
    for exchange in exchanges:
        truth[exchange.path].append(peer.truth(exchange))
    for path, seconds in reported.items():
        for said, was in zip(seconds, truth[path], strict=False):  # the end may have cut one short
            yield abs(said - was)


# Who reports.


def _ours(cell: Cell) -> Reported:
    """Processing + transfer, as collectd's csv files have them."""
    top = f"{cell.top}/ours"
    start = int(time.time() + 3) % cell.interval  # the first slot is a few seconds away
    trusted = f'\nCACert "{cell.site.authority}"' if cell.site.authority else ""
    blocks = scenarios(
        cell.folder,
        cell.at_once,
        f'# series: get\nWhen I go to "{cell.site.url(top)}/{{i}}"',
        f'Interval {cell.interval}\nStartOffset {start}\nDetail "phase"{trusted}',
    )
    with (
        _large_page(cell, start) as large,
        collectd(cell.folder, f"{blocks}\n{large}", plugins=csv(cell.folder), imports=_imports(cell)) as daemon,
    ):
        return _collected(cell, daemon, {f"{top}/{i}": partial(_phases, cell.folder, i) for i in range(cell.at_once)})


def _imports(cell: Cell) -> Sequence[str]:
    return SPINNER if cell.beside == SPINNING else ()


@contextmanager
def _large_page(cell: Cell, start: int) -> Iterator[str]:
    """A block of ours whose scenario reads `LARGE_PAGE` in the same seconds as the others, if one shall."""
    if cell.beside != PARSING:
        yield ""
        return
    port, folder = free_port(), cell.folder / "large"
    with delaying(folder, port, 0, LARGE_PAGE):
        steps = f'When I go to "http://127.0.0.1:{port}/"\nThen I should see "no play"\nAnd I follow "play"'
        # A megabyte twice takes about a second on a slow machine, and a run that met its deadline is a complaint.
        settings = f"Interval {max(cell.interval, LARGE_INTERVAL)}\nStartOffset {start}"
        yield scenarios(folder, 1, steps, settings).replace('"f"', '"large"')


def _phases(folder: Path, number: int) -> list[float]:
    plugin = f"scenario-f-s_{number}"
    processing, transfer = (written(folder, plugin, f"duration-get-{name}") for name in ("processing", "transfer"))
    return [seconds + transfer.get(when, 0.0) for when, seconds in processing.items()]


def _curl(cell: Cell) -> Reported:
    """collectd's curl plugin: MeasureResponseTime, as collectd's csv files have it."""
    paths = [f"{cell.top}/curl/{i}" for i in range(cell.at_once)]
    plugins = curl_plugin(cell.site, paths, cell.interval, at_once=cell.at_once)
    with collectd(cell.folder, None, plugins=f"{csv(cell.folder)}\n{plugins}") as daemon:
        return _collected(
            cell, daemon, {path: partial(_response_times, cell.folder, i) for i, path in enumerate(paths)}
        )


def _response_times(folder: Path, number: int) -> list[float]:
    return list(written(folder, f"curl-p{number}", "response_time").values())


def _collected(
    cell: Cell, daemon: subprocess.Popen[bytes], series: Mapping[str, Callable[[], list[float]]]
) -> Reported:
    """What a collectd has written once each of *series* has enough.  They are asked one by one: looking costs time."""
    started(cell.folder, daemon)
    end = time.monotonic() + 60 + 3 * cell.rounds * cell.interval
    for seconds in series.values():
        while len(seconds()) < cell.rounds:
            assert daemon.poll() is None and time.monotonic() < end, log(cell.folder)
            time.sleep(0.2)
    found = {path: seconds() for path, seconds in series.items()}
    assert not complaints(cell.folder), complaints(cell.folder)
    return found


def _blackbox(cell: Cell) -> Reported:
    """Processing + transfer, as blackbox_exporter reports them."""
    with cell.neighbour(), blackbox_exporter(cell.folder, cell.site) as (_, own):
        return _asked(cell, "blackbox", lambda path: _probed(own, cell.site.url(path)))


def _probed(own: int, url: str) -> float:
    phases = re.findall(
        r'^probe_http_duration_seconds\{phase="(?:processing|transfer)"\} (\S+)', probe(own, url), re.MULTILINE
    )
    return sum(map(float, phases))


def _check_http(cell: Cell) -> Reported:
    """``time=`` of check_http's performance data."""
    with cell.neighbour():
        return _asked(cell, "check", lambda path: _checked(cell.site, path))


def _checked(site: Site, path: str) -> float:
    result = subprocess.run(check_http(site, path), stdout=subprocess.PIPE, text=True, check=False)
    found = re.search(r"\|time=([0-9.]+)s", result.stdout)
    assert result.returncode == 0 and found, result.stdout
    return float(found[1])


def _asked(cell: Cell, name: str, ask: Callable[[str], float]) -> Reported:
    """Path → what *ask* says of it, so many at once, in so many rounds."""
    found: dict[str, list[float]] = {}
    with ThreadPoolExecutor(cell.at_once) as pool:
        for turn in range(cell.rounds):
            paths = [f"{cell.top}/{name}/{turn}/{i}" for i in range(cell.at_once)]
            found.update({path: [seconds] for path, seconds in zip(paths, pool.map(ask, paths), strict=True)})
    return found


# One process a check, and one thread of collectd's a page: nobody runs 500 of either at once.  Neither has anything to
# do with Python, so that the spinner takes no more from them than a processor, which blackbox_exporter shows.
PEERS = {
    "blackbox": Peer(_blackbox),
    "check_http": Peer(_check_http, total=True, most_at_once=100, beside=(IDLE,)),
    "curl": Peer(_curl, total=True, most_at_once=100, beside=(IDLE,)),
}


if __name__ == "__main__":
    main()
