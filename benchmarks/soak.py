"""Many jobs for a while in a real collectd, beside peers that hang, drip, flood and lie: ``scripts/soak``.

Half of the jobs are healthy.  At the end each job's verdict must have been there in every interval and be the right
one, and nothing may have grown: memory, descriptors, threads, tasks, the log.
"""

from __future__ import annotations

import argparse
import math
import os
import socket
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from benchmarks.tools import resident_mib, situation
from collectd_inode.model import Cause
from demo.site import Outage
from demo.timeservers import ADDRESSES, TimeServers
from tests.helpers import certificates, faults, smtp_faults
from tests.helpers.collectd_process import Collectd, Sent, open_folder
from tests.helpers.places import ROOT

EVERY = 5.0
"""Seconds between two looks at the process."""
WARM = 12
"""Looks (a minute) that are compared with nothing: libraries are loaded, the first pages are read."""
FEW = 4
"""With fewer looks than this after the warm ones, growth is not judged."""
GROWTH = 0.1
"""Of memory between the first half of the looks that follow and the second: ten per cent is flat."""
SPARE_MIB = 16.0
"""What may come on top: pages in flight at the moment of a look."""
SPARE = 16
"""Descriptors, threads and tasks that may be more in the second half: connections in flight."""
MOST_MIB = 400.0
"""In any look."""
LINES_OF_A_JOB = 6
"""A job's verdict is logged when it changes, and again with a growing distance."""
LINES_OF_THE_DAEMON = 60
NOT_OURS_TO_SEE = (Cause.ERROR, Cause.CONFIGURATION)
"""Causes that a peer must not be able to bring about."""


# The mix.


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the peers are: the site's URL, each smarthost, the port of the time servers and of one that is silent."""

    folder: Path
    interval: int
    site: str
    smarthosts: Mapping[str, smtp_faults.Server]
    time: int
    silent: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A job: its block, its identity without type, and whether its peer is healthy."""

    block: str
    identity: str
    healthy: bool


Plan = Callable[[Ground, int], Planned]
"""Makes the job of a number."""


def _page(path: str, *, healthy: bool = False) -> Plan:
    def plan(ground: Ground, number: int) -> Planned:
        name = f"page{number}"
        file = ground.folder / f"{name}.feature"
        steps = [f'When I go to "{ground.site}{path}"', 'Then I should see "Welcome"']
        steps += ['When I follow "Again"'] if healthy else []
        file.write_text("\n    ".join([f"Feature: {name}\n  Scenario: {name}", *steps]) + "\n", encoding="utf-8")
        block = f'<Scenario "{name}">\n  Feature "{file}"\n</Scenario>'
        return Planned(block, f"scenario-{name}-{name}", healthy)

    return plan


def _smarthost(fault: str) -> Plan:
    def plan(ground: Ground, number: int) -> Planned:
        server, name = ground.smarthosts[fault], f"relay{number}"
        block = (
            f'<Smarthost "{name}">\n  Server "127.0.0.1"\n  Port {server.port}\n  ServerName "{certificates.HOST}"\n'
            f'  CACert "{server.ca}"\n  User "{smtp_faults.USER}"\n  PasswordFile "{ground.folder}/password"\n'
            "</Smarthost>"
        )
        return Planned(block, f"smarthost-{name}", server.fault.sound)

    return plan


def _time(*, healthy: bool) -> Plan:
    def plan(ground: Ground, number: int) -> Planned:
        name = f"time{number}"
        servers = "".join(f'  Server "{address}"\n' for address in ADDRESSES)
        every = f"  Interval {ground.interval}\n"  # <NTP> has 64 s, unless the block itself says less
        port = ground.time if healthy else ground.silent
        return Planned(f'<NTP "{name}">\n{every}{servers}  Port {port}\n</NTP>', f"ntp-{name}", healthy)

    return plan


SMARTHOSTS = ("nothing", "banner never", "EHLO 1 byte per 0.4 s", "banner endless", "EHLO endless 250-", "banner HTTP")
MIX: Sequence[Plan] = (
    _page("/fine", healthy=True),
    _page("/hang"),
    _smarthost("nothing"),
    _page("/drip"),
    _page("/fine", healthy=True),
    _page("/flood"),
    _time(healthy=True),
    _page("/garbage"),
    _page("/fine", healthy=True),
    _smarthost("banner endless"),
    _smarthost("nothing"),
    _time(healthy=False),
    _page("/fine", healthy=True),
    _page("/cut"),
    _page("/fine", healthy=True),
    _smarthost("EHLO 1 byte per 0.4 s"),
    _smarthost("nothing"),
    _page("/drip-head"),
    _time(healthy=True),
    _page("/flood-head"),
    _page("/fine", healthy=True),
    _smarthost("banner never"),
    _page("/fine", healthy=True),
    _page("/broken"),
    _page("/fine", healthy=True),
    _smarthost("EHLO endless 250-"),
    _page("/fine", healthy=True),
    _page("/loop"),
    _smarthost("nothing"),
    _smarthost("banner HTTP"),
)
"""Taken in turn: every other job is healthy."""


async def _flood(writer: faults.Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    await _for_ever(writer, b"<p>flood " * 4096)


async def _flood_head(writer: faults.Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"X-Flood: x\r\n" * 1024)


async def _for_ever(writer: faults.Writer, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()


@contextmanager
def peers(folder: Path, interval: int) -> Iterator[Ground]:
    """All of them, on loopback, until the block is left."""
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(f"{smtp_faults.PASSWORD}\n", encoding="utf-8")
    with ExitStack() as up:
        site = up.enter_context(faults.FaultySite())
        site.paths |= {"/flood": _flood, "/flood-head": _flood_head}
        smarthosts = {name: up.enter_context(smtp_faults.serving(name, folder)) for name in SMARTHOSTS}
        always = Outage(length=1, period=1, first=0)
        time_servers = up.enter_context(TimeServers(lie=always))  # one of three lies, and is outvoted
        silent = up.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind(("0.0.0.0", 0))  # on all of ADDRESSES; it answers nobody
        yield Ground(folder, interval, site.url, smarthosts, time_servers.port, silent.getsockname()[1])


def planned(ground: Ground, jobs: int) -> list[Planned]:
    """So many jobs of the mix."""
    return [plan(ground, number) for number, plan in enumerate(islice(cycle(MIX), jobs))]


# What is looked at.


@dataclass(frozen=True, slots=True)
class Look:
    """At the process, at one moment: memory (MiB), open descriptors, threads."""

    mib: float
    descriptors: int
    threads: int


def look(pid: int) -> Look:
    """At the process *pid*."""
    count = [len(os.listdir(f"/proc/{pid}/{what}")) for what in ("fd", "task")]
    return Look(resident_mib(pid), *count)


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of it.  ``until``: epoch; a slot whose run must have ended before then is due."""

    jobs: Sequence[Planned]
    interval: float
    until: float
    values: Sequence[Sent]
    looks: Sequence[Look]
    tasks: Sequence[int]
    log: Sequence[str]
    stopped: float = 0.0
    """Seconds that collectd took to stop."""

    def series(self) -> Mapping[str, Sequence[Sent]]:
        """Identity → its values, by time."""
        found: dict[str, list[Sent]] = defaultdict(list)
        for value in self.values:
            found[value.identity].append(value)
        return found


@dataclass(slots=True)
class Verdict:
    """What is wrong, and the figures that are printed whether or not something is."""

    wrong: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


def judged(soaked: Soaked) -> Verdict:
    """Everything that is checked, one after the other."""
    verdict = Verdict()
    for check in (_check_due, _check_verdicts, _check_growth, _check_log):
        check(soaked, verdict)
    verdict.figures.append(f"stop: {soaked.stopped:.1f} s")
    return verdict


def _check_due(soaked: Soaked, verdict: Verdict) -> None:
    """Each job has a verdict for each of its slots, but for those that a busy machine left out and counted."""
    series = soaked.series()
    told = {job.identity: {v.time for v in series.get(f"{job.identity}/bool-success", ())} for job in soaked.jobs}
    start = min((min(times) for times in told.values() if times), default=soaked.until)
    due = {name: _due(min(times, default=start), start, soaked) for name, times in told.items()}
    missing = {
        name: due[name] - there
        for name, times in told.items()
        if (there := sum(time <= soaked.until for time in times)) < due[name]
    }
    late = int(sum(value.value for value in series.get("inode_probe/count-late", ())))
    lost, in_all = sum(missing.values()), sum(due.values())
    verdict.figures.append(f"verdicts: {in_all - lost} of {in_all} due; {late} runs were counted as late")
    if lost > late:
        worst = ", ".join(f"{name} {count}" for name, count in Counter(missing).most_common(5))
        verdict.wrong.append(f"{lost} verdicts are missing and {late} were counted as late; most of {worst}")


def _due(first: float, start: float, soaked: Soaked) -> int:
    """How many slots a job had whose first verdict is of *first*; the first one of all is of *start*."""
    before = math.floor((first - start) / soaked.interval)  # each job begins within an interval
    return before + max(0, math.floor((soaked.until - first) / soaked.interval + 0.001) + 1)


def _check_verdicts(soaked: Soaked, verdict: Verdict) -> None:
    """Healthy peers are told healthy, the others are not, and nobody brings about an error of ours."""
    series = soaked.series()
    for job in soaked.jobs:
        success = Counter(value.value for value in series.get(f"{job.identity}/bool-success", ()))
        causes = Counter(Cause(int(value.value)).word for value in series.get(f"{job.identity}/gauge-cause", ()))
        if bad := success[0.0 if job.healthy else 1.0]:
            what = "healthy and was told bad" if job.healthy else "hostile and was told good"
            verdict.wrong.append(f"{job.identity}: its peer is {what} {bad} of {success.total()} times: {dict(causes)}")
        for cause in NOT_OURS_TO_SEE:
            if causes[cause.word]:
                verdict.wrong.append(f"{job.identity}: cause “{cause.word}” {causes[cause.word]} times")
    told = Counter(
        Cause(int(value.value)).word
        for name, values in series.items()
        if name.endswith("gauge-cause")
        for value in values
    )
    verdict.figures.append("causes: " + ", ".join(f"{name or 'passed'} {count}" for name, count in told.most_common()))
    verdict.figures.append(f"values: {len(soaked.values)}")


def _check_growth(soaked: Soaked, verdict: Verdict) -> None:
    """Nothing is more in the second half of the looks than in the first; the warm ones are left out."""
    rows: Sequence[tuple[str, Sequence[float], float, float]] = (
        ("memory (MiB)", [look.mib for look in soaked.looks], GROWTH, SPARE_MIB),
        ("descriptors", [look.descriptors for look in soaked.looks], 0.0, SPARE),
        ("threads", [look.threads for look in soaked.looks], 0.0, SPARE),
        ("tasks", soaked.tasks, 0.0, SPARE),
    )
    for name, seen, share, spare in rows:
        growth = grown(seen[WARM:])
        verdict.figures.append(f"{name}: {max(seen, default=0):.0f} at most; {growth or 'too short to see growth'}")
        if growth and growth.after > growth.before * (1 + share) + spare:
            verdict.wrong.append(f"{name}: grew from {growth.before:.0f} to {growth.after:.0f}")
    if (most := max((look.mib for look in soaked.looks), default=0.0)) > MOST_MIB:
        verdict.wrong.append(f"memory (MiB): {most:.0f}; {MOST_MIB:.0f} at most were expected")


@dataclass(frozen=True, slots=True)
class Grown:
    """Medians of the first and the second half, and how much more it gets in a minute."""

    before: float
    after: float
    slope: float

    def __str__(self) -> str:
        return f"{self.before:.0f} in the first half, {self.after:.0f} in the second ({self.slope:+.2f} a minute)"


def grown(seen: Sequence[float]) -> Grown | None:
    """By looks that are `EVERY` seconds apart; None if they are too few."""
    if len(seen) < FEW:
        return None
    half = len(seen) // 2
    slope = statistics.linear_regression(range(len(seen)), seen).slope * 60 / EVERY
    return Grown(statistics.median(seen[:half]), statistics.median(seen[half:]), slope)


def _check_log(soaked: Soaked, verdict: Verdict) -> None:
    """It stays short, and has no traceback."""
    most = LINES_OF_THE_DAEMON + LINES_OF_A_JOB * len(soaked.jobs)
    verdict.figures.append(f"log: {len(soaked.log)} lines, {most} at most")
    if len(soaked.log) > most:
        verdict.wrong.append(f"the log has {len(soaked.log)} lines; {most} at most were expected")
    verdict.wrong += [f"log: {line}" for line in soaked.log if "Traceback" in line or "bug" in line][:5]


# Doing it.


def soak(folder: Path, minutes: float, jobs: int, interval: int, say: Callable[[str], None] = print) -> Soaked:
    """Run *jobs* jobs for *minutes* minutes in a collectd that has its files in *folder*."""
    with peers(folder, interval) as ground:
        plan = planned(ground, jobs)
        blocks = "\n".join([f'Interval {interval}\nStateDir "{folder}/state"', *(job.block for job in plan)])
        daemon = Collectd(folder, blocks, around=_census(folder))
        with daemon:
            looks = list(_looks(daemon, minutes * 60, say))
            until = time.time() - interval
            daemon.wait(lambda: _told_of_all(daemon, until))
            begun = time.monotonic()
        stopped = time.monotonic() - begun
        tasks = [int(line) for line in (folder / "census").read_text().split()]
        return Soaked(plan, interval, until, daemon.values, looks, tasks, daemon.log.splitlines(), stopped)


def _census(folder: Path) -> str:
    return f"""
<Plugin python>
  ModulePath "{ROOT}/tests/helpers"
  Import "census"
  <Module census>
    File "{folder}/census"
  </Module>
</Plugin>
"""


def _looks(daemon: Collectd, seconds: float, say: Callable[[str], None]) -> Iterator[Look]:
    end, next_word = time.monotonic() + seconds, 0.0
    while (now := time.monotonic()) < end:
        assert daemon.running, f"collectd has ended\n{daemon.log}"
        yield (one := look(daemon.pid))
        if now >= next_word:
            say(
                f"{(end - now) / 60:.1f} minutes left; "
                f"{one.mib:.0f} MiB, {one.descriptors} descriptors, {one.threads} threads"
            )
            next_word = now + 60
        time.sleep(EVERY)


def _told_of_all(daemon: Collectd, until: float) -> bool:
    """Whether the health report of the minute in which *until* lies is there, and so what was left out until then."""
    return any(value.time > until for value in daemon.of("inode_probe/count-late"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("minutes", nargs="?", type=float, default=5.0, help="how long (%(default)g)")
    parser.add_argument("jobs", nargs="?", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--interval", type=int, default=10, metavar="SECONDS", help="of each job (%(default)s)")
    options = parser.parse_args(arguments)
    if options.minutes <= 0 or options.jobs < 1 or options.interval < 1:
        parser.error("MINUTES, JOBS and SECONDS must be above zero")
    print(f"{situation()}\n{options.jobs} jobs every {options.interval} s for {options.minutes:g} minutes", flush=True)
    with open_folder() as folder:
        verdict = judged(soak(folder, options.minutes, options.jobs, options.interval, _say))
    print("\n".join([*verdict.figures, *(f"wrong: {line}" for line in verdict.wrong)]))
    print(f"{len(verdict.wrong)} things are wrong" if verdict.wrong else "nothing is wrong")
    return 1 if verdict.wrong else 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
