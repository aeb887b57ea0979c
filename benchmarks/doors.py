"""The three doors beside each other: what a value costs, how long a stop takes, and what is lost when somebody dies.

The soak kills: our process every twenty seconds, collectd every minute, both with -9.  With ``--engine chromium`` the
browser is killed in place of our process, and each job is a run in it.  Of each slot that lay wholly
in a time in which collectd ran it is asked whether collectd got its ``bool-success``.  A slot that was over before the
next process of ours observed anything could not be made up for: it is counted by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collectd_inode.model import Door
from demo import unpacked
from tests.helpers.collectd_process import Collectd, open_folder
from tests.helpers.faults import FaultySite

JOBS = 12
BROWSER = "browser/bin/chromium-headless-shell"
OURS_SECONDS, COLLECTD_SECONDS = 20.0, 60.0
SETTLED_SECONDS = 3.0
"""Of a collectd that has just started: its plugins are not up."""


def blocks(folder: Path, url: str, jobs: int, interval: float, more: str = "") -> str:
    """So many jobs, spread over their interval."""
    file = folder / "shop.feature"
    file.write_text(f'Feature: shop\n  Scenario: shop\n    When I go to "{url}"\n', encoding="utf-8")
    made = (
        f'<Scenario "j{number}">\nFeature "{file}"\nStartOffset {number * interval / jobs:.3f}\n{more}\n</Scenario>\n'
        for number in range(jobs)
    )
    return f'StateDir "{folder}/state"\nInterval {interval}\n{"".join(made)}'


def soak(door: Door, seconds: float, interval: float, engine: str = "plain") -> str:
    """A row of the table of the soak."""
    more = ""
    if engine != "plain":  # whose blocks have an Interval of their own, or 300 s
        more = f'Engine "{engine}"\nBrowserPath "{unpacked.TOOLS / BROWSER}"\nBrowserJobs 4\nInterval {interval:g}'
    with open_folder() as folder, FaultySite() as site:
        collectd = Collectd(folder, blocks(folder, f"{site.url}/fine", JOBS, interval, more), door=door)
        lives, kills, away = [], [0, 0], []
        collectd.__enter__()
        began = born = time.time()
        ours, theirs = began + OURS_SECONDS, began + COLLECTD_SECONDS
        while (now := time.time()) < began + seconds:
            time.sleep(max(0.0, min(ours, theirs, began + seconds) - now))
            if time.time() >= theirs:
                collectd.kill()
                lives.append((born, time.time()))
                collectd.start()
                born, theirs = time.time(), theirs + COLLECTD_SECONDS
                if door is Door.EXEC:
                    away.append((lives[-1][1], _sends_again(collectd)))
                kills[1] += 1
            elif time.time() >= ours:
                if engine == "plain":
                    died = time.time()
                    _kill_ours(collectd, door)
                    away.append((died, _sends_again(collectd)))
                    kills[0] += 1
                else:
                    kills[0] += _kill_browsers(collectd, door)
                ours += OURS_SECONDS
        lives.append((born, time.time()))
        time.sleep(SETTLED_SECONDS)
        values = {n: [v.time for v in collectd.of(f"scenario-j{n}-shop/bool-success")] for n in range(JOBS)}
        collectd.stop()
    expected, missing, over = _judge(values, lives, away, interval)
    twice = sum(len(times) - len(set(times)) for times in values.values())
    longest = max((up - died for died, up in away), default=0.0)
    return f"{door.value:8} {kills[0]:5} {kills[1]:9} {expected:6} {missing:8} {over:5} {twice:6} {longest:12.1f}"


Spans = Sequence[tuple[float, float]]


def _judge(values: Mapping[int, Sequence[float]], lives: Spans, away: Spans, interval: float) -> tuple[int, int, int]:
    """Slots that lay wholly in a life of collectd's, those without a value, and those of these that we were away for.

    For the latter the run that observes a slot was cut short, or none began, before the slot was over.
    """
    expected = missing = over = 0
    for number, times in values.items():
        there = {round(time, 2) for time in times}
        for born, died in lives:
            offset = number * interval / JOBS
            slot = ((born + SETTLED_SECONDS - offset) // interval + 1) * interval + offset
            while slot + interval < died:
                expected += 1
                if round(slot, 2) not in there:
                    if any(died < slot + interval < up for died, up in away):
                        over += 1
                    else:
                        missing += 1
                        print(f"missing: j{number}, {slot - born:.1f} s after collectd's start", file=sys.stderr)
                slot += interval
    return expected, missing, over


def _sends_again(collectd: Collectd) -> float:
    """When the next process of ours sends a job's first value; those of its own health come before."""
    time.sleep(SETTLED_SECONDS / 10)  # what collectd still had of the last one
    seen = collectd.folder / "seen"
    before = seen.stat().st_size
    collectd.wait(lambda: b'"scenario-' in seen.read_bytes()[before:])
    return time.time()


def _kill_ours(collectd: Collectd, door: Door) -> None:
    if door is Door.SERVE:
        assert collectd.service is not None
        collectd.service.kill()
        collectd.service.wait()
        time.sleep(1.0)  # RestartSec of the unit
        collectd.serve()
    elif door is Door.EXEC and (pid := collectd.program):
        os.kill(pid, signal.SIGKILL)


def _kill_browsers(collectd: Collectd, door: Door) -> int:
    """Kill the browsers of our process; the number of them."""
    killed = 0
    parent = collectd.program if door is Door.EXEC or collectd.service is None else collectd.service.pid
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            is_ours = int(status.read_text().rpartition(")")[2].split()[1]) == parent
            if is_ours and b"--remote-debugging-pipe" in (status.parent / "cmdline").read_bytes():
                os.kill(int(status.parent.name), signal.SIGKILL)
                killed += 1
    return killed


def cost(door: Door, seconds: float, jobs: int) -> str:
    """A row of the table of costs: of the process that runs the jobs, and of collectd where that is another."""
    with open_folder() as folder, FaultySite() as site:
        text = blocks(folder, f"{site.url}/fine", jobs, 1, 'Detail "phase"')
        with Collectd(folder, text, door=door) as collectd:
            collectd.wait(lambda: len(collectd.of("scenario-j0-shop/bool-success")) >= 3)
            assert collectd._process is not None
            pids = [collectd._process.pid]
            if door is not Door.EMBEDDED:
                pids.insert(0, collectd.service.pid if collectd.service is not None else collectd.program)
            before, values = [_cpu(pid) for pid in pids], len(collectd.values)
            time.sleep(seconds)
            used = [_cpu(pid) - was for pid, was in zip(pids, before, strict=True)]
            came = len(collectd.values) - values
            memory = [_megabytes(pid) for pid in pids]
    ours = f"{used[0] / came * 1e6:8.0f} {memory[0]:6.1f}"
    theirs = f"{used[1] / came * 1e6:9.0f} {memory[1]:9.1f}" if len(pids) > 1 else f"{'–':>9} {'–':>9}"
    return f"{door.value:8} {came / seconds:8.1f} {ours} {theirs}"


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def stop(door: Door, rounds: int) -> str:
    """A row of the table of stops: how long it takes, and how many of the slots before it have no value."""
    took, lost = [], 0
    for _ in range(rounds):
        with open_folder() as folder, FaultySite() as site:
            collectd = Collectd(folder, blocks(folder, f"{site.url}/fine", JOBS, 1), door=door)
            collectd.__enter__()
            collectd.wait(lambda: len(collectd.of("scenario-j0-shop/bool-success")) >= 3)  # noqa: B023  # called at once
            began = time.time()
            collectd.stop()
            took.append(time.time() - began)
            for number in range(JOBS):
                last = max(v.time for v in collectd.of(f"scenario-j{number}-shop/bool-success"))
                lost += round((began - number / JOBS) // 1 + number / JOBS - last)
    return f"{door.value:8} {statistics.median(took):8.2f} {max(took):8.2f} {lost / rounds / JOBS:8.2f}"


def machine() -> str:
    """Where and when this was measured."""
    version = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=False).stdout.strip()
    load = os.getloadavg()[0]
    return f"{time.strftime('%Y-%m-%d')}, Linux {version}, {os.cpu_count()} cores, load {load:.1f}"


def rows(options: argparse.Namespace) -> Iterator[str]:
    """The tables that are asked for."""
    doors = [Door(name) for name in options.doors.split(",")]
    yield machine()
    if options.soak:
        killed = "ours" if options.engine == "plain" else "browsers"
        yield f"door  {killed:>8}  collectd  slots  missing  over  twice  longest away"
        for door in doors:
            with contextlib.suppress(ProcessLookupError):
                yield soak(door, options.soak, options.interval, options.engine)
        return
    yield "door     values/s  µs/value    MB  collectd's µs    its MB"
    for door in doors:
        yield cost(door, options.seconds, options.jobs)
    yield "door     stop (s)  longest  slots lost a job"
    for door in doors:
        yield stop(door, options.rounds)


def main() -> None:
    """Measure, and print each row when it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doors", default="embedded,exec,serve")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--interval", type=float, default=5.0, help="of the soak's jobs; more than a start takes")
    parser.add_argument("--soak", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--engine", choices=("plain", "chromium"), default="plain", help="of the soak's jobs")
    for row in rows(parser.parse_args()):
        print(row, flush=True)


if __name__ == "__main__":
    main()
