"""Many jobs for a while in a real collectd, beside peers that hang, drip, flood and lie: ``scripts/soak``.

Half of the jobs are healthy.  A few run in Chromium, under collectd's exec plugin; the others run inside collectd.  At
the end each job's verdict must have been there in every interval and be the right one, and nothing may have grown:
memory, descriptors, threads and tasks of both processes, the browser's processes and their memory, the log.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import multiprocessing
import os
import socket
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice, takewhile
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.tools import resident_mib, situation
from collectd_inode.model import Cause, Door
from demo.site import Outage
from demo.timeservers import ADDRESSES, TimeServers
from tests.helpers import browsing, certificates, faults, smtp_faults
from tests.helpers.collectd_process import Collectd, Sent, alive, open_folder
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
"""In any look at a process of ours."""
BROWSERS_SPARE_MIB = 160.0
"""What the browser's processes may take in addition in the second half: two pages that are open at a look."""
BROWSERS_MOST_MIB = 1500.0
"""Of all the browser's processes, in any look; what they share is counted once for each."""
SLOWER = 3
"""Intervals from one run of a job in Chromium to the next: each of its runs takes a second of a core."""
ONE_IN, MOST_IN_CHROMIUM = 6, 6
"""One job in six, but six at most, runs in Chromium."""
LINES_OF_A_JOB = 6
"""A job's verdict is logged when it changes, and again with a growing distance."""
LINES_OF_THE_DAEMON = 60
INDENTED = "collectd_inode:  "
"""In each line of a traceback."""
LEAVING = 10.0
"""Seconds after the stop within which the browser's processes must have ended."""
HEALTH = ("inode_probe", "inode_probe-exec")
NOT_OURS_TO_SEE = (Cause.ERROR, Cause.CONFIGURATION)
"""Causes that a peer must not be able to bring about."""


# The mix.


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the peers are: the site's URL, each smarthost, the port of the time servers and of one that is silent.

    ``browser`` is the path of Chromium.
    """

    folder: Path
    interval: int
    site: str
    smarthosts: Mapping[str, smtp_faults.Server]
    time: int
    silent: int
    browser: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A job: its block, its identity without type, whether its peer is healthy, and where it runs."""

    block: str
    identity: str
    healthy: bool
    door: Door = Door.EMBEDDED


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


def _in_chromium(path: str, *, healthy: bool = False) -> Plan:
    def plan(ground: Ground, number: int) -> Planned:
        name = f"live{number}"
        file = ground.folder / f"{name}.feature"
        see = 'Then I should see "Welcome"'
        steps = [f'When I go to "{ground.site}{path}"', see, 'When I follow "Again"', see]
        file.write_text("\n    ".join([f"Feature: {name}\n  Scenario: {name}", *steps]) + "\n", encoding="utf-8")
        every = ground.interval * SLOWER
        block = (
            f'<Scenario "{name}">\n  Feature "{file}"\n  Engine "chromium"\n  BrowserPath "{ground.browser}"\n'
            f"  Interval {every}\n  Timeout {every / 2:g}\n</Scenario>"
        )
        return Planned(block, f"scenario-{name}-{name}", healthy, Door.EXEC)

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
CHROMIUM: Sequence[Plan] = (
    _in_chromium("/fine", healthy=True),
    _in_chromium("/hang"),
    _in_chromium("/fine", healthy=True),
    _in_chromium("/garbage"),
    _in_chromium("/fine", healthy=True),
    _in_chromium("/drip"),
)
"""Taken in turn, likewise."""


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
        time_servers = up.enter_context(_time_servers())
        silent = up.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind(("0.0.0.0", 0))  # on all of ADDRESSES; it answers nobody
        port = silent.getsockname()[1]
        yield Ground(folder, interval, site.url, smarthosts, time_servers, port, browsing.program())


@contextmanager
def _time_servers() -> Iterator[int]:
    """The port of three servers, of which one lies and is outvoted.

    A process of their own: in this one they would wait for the interpreter behind the peers that flood, and an answer
    that is late enough makes a healthy server look silent.
    """
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve_time, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join()


def _serve_time(caller: Connection) -> None:
    """Tell the *caller* the port, and serve until it hangs up."""
    with TimeServers(lie=Outage(length=1, period=1, first=0)) as servers:
        caller.send(servers.port)
        with contextlib.suppress(EOFError):
            caller.recv()


def planned(ground: Ground, jobs: int) -> list[Planned]:
    """So many jobs of the mix."""
    live = min(jobs // ONE_IN, MOST_IN_CHROMIUM)
    plans = [*islice(cycle(MIX), jobs - live), *islice(cycle(CHROMIUM), live)]
    return [plan(ground, number) for number, plan in enumerate(plans)]


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
class Tree:
    """All processes below one, at one moment: their memory (MiB), their number."""

    mib: float
    processes: int


def below(pid: int) -> list[int]:
    """All processes that *pid* has started, and those that these have started."""
    children: dict[int, list[int]] = defaultdict(list)
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parent = Path("/proc", name, "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
            children[int(parent.split()[1])].append(int(name))
    found = list(children[pid])
    for one in found:
        found += children[one]
    return found


def tree(pid: int) -> Tree:
    """What is below the process *pid*."""
    sizes = []
    for one in below(pid):
        with contextlib.suppress(OSError, StopIteration):  # it has ended meanwhile
            sizes.append(resident_mib(one))
    return Tree(sum(sizes), len(sizes))


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
    programs: Sequence[Look] = ()
    """Looks at the exec plugin's program, which runs the jobs in Chromium…"""
    trees: Sequence[Tree] = ()
    """… and at its browsers."""
    left: int = 0
    """Processes of browsers that were still there after the stop."""

    def every(self, job: Planned) -> float:
        """Seconds from one slot of *job* to the next."""
        return self.interval * (SLOWER if job.door is Door.EXEC else 1)

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
    for check in (_check_due, _check_verdicts, _check_growth, _check_browsers, _check_log):
        check(soaked, verdict)
    verdict.figures.append(f"stop: {soaked.stopped:.1f} s")
    return verdict


def _check_due(soaked: Soaked, verdict: Verdict) -> None:
    """Each job has a verdict for each of its slots, but for those that a busy machine left out and counted."""
    series = soaked.series()
    due, missing = 0, Counter[str]()
    for door in dict.fromkeys(job.door for job in soaked.jobs):
        jobs = [job for job in soaked.jobs if job.door is door]
        told = [{value.time for value in series.get(f"{job.identity}/bool-success", ())} for job in jobs]
        start = min((min(times) for times in told if times), default=soaked.until)
        for job, times in zip(jobs, told, strict=True):
            every = soaked.every(job)
            until = soaked.until - every + soaked.interval
            expected = _due(min(times, default=start), start, until, every)
            due += expected
            if (there := sum(time <= until for time in times)) < expected:
                missing[job.identity] = expected - there
    late = int(sum(value.value for name in HEALTH for value in series.get(f"{name}/count-late", ())))
    lost = missing.total()
    verdict.figures.append(f"verdicts: {due - lost} of {due} due; {late} runs were counted as late")
    if lost > late:
        worst = ", ".join(f"{name} {count}" for name, count in missing.most_common(5))
        verdict.wrong.append(f"{lost} verdicts are missing and {late} were counted as late; most of {worst}")


def _due(first: float, start: float, until: float, every: float) -> int:
    """How many slots a job had whose first verdict is of *first*; the first one of its door is of *start*."""
    before = math.floor((first - start) / every)  # each job begins within an interval
    return before + max(0, math.floor((until - first) / every + 0.001) + 1)


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


Row = tuple[str, Sequence[float], float, float]
"""What was counted, what each look has seen, and by how much it may grow: a share, and what comes on top."""


def _check_growth(soaked: Soaked, verdict: Verdict) -> None:
    """Nothing is more in the second half of the looks than in the first; the warm ones are left out."""
    _check_rows([*_process("", soaked.looks), ("tasks", soaked.tasks, 0.0, SPARE)], verdict)
    _check_most("memory (MiB)", [look.mib for look in soaked.looks], MOST_MIB, verdict)


def _check_browsers(soaked: Soaked, verdict: Verdict) -> None:
    """The same of the program that runs the browsers, and of these; none is left after the stop."""
    if not any(job.door is Door.EXEC for job in soaked.jobs):
        return
    memory, processes = [one.mib for one in soaked.trees], [one.processes for one in soaked.trees]
    rows: list[Row] = [
        ("the browser's memory (MiB)", memory, GROWTH, BROWSERS_SPARE_MIB),
        ("the browser's processes", processes, 0.0, SPARE),
    ]
    _check_rows([*_process("exec: ", soaked.programs), *rows], verdict)
    _check_most("exec: memory (MiB)", [look.mib for look in soaked.programs], MOST_MIB, verdict)
    _check_most("the browser's memory (MiB)", memory, BROWSERS_MOST_MIB, verdict)
    if soaked.left:
        verdict.wrong.append(f"{soaked.left} processes of the browser were left after the stop")


def _process(whose: str, looks: Sequence[Look]) -> list[Row]:
    return [
        (f"{whose}memory (MiB)", [look.mib for look in looks], GROWTH, SPARE_MIB),
        (f"{whose}descriptors", [look.descriptors for look in looks], 0.0, SPARE),
        (f"{whose}threads", [look.threads for look in looks], 0.0, SPARE),
    ]


def _check_rows(rows: Sequence[Row], verdict: Verdict) -> None:
    for name, seen, share, spare in rows:
        growth = grown(seen[WARM:])
        verdict.figures.append(f"{name}: {max(seen, default=0):.0f} at most; {growth or 'too short to see growth'}")
        if growth and growth.after > growth.before * (1 + share) + spare:
            verdict.wrong.append(f"{name}: grew from {growth.before:.0f} to {growth.after:.0f}")


def _check_most(name: str, seen: Sequence[float], most: float, verdict: Verdict) -> None:
    if (found := max(seen, default=0.0)) > most:
        verdict.wrong.append(f"{name}: {found:.0f}; {most:.0f} at most were expected")


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
    verdict.wrong += [f"log: {line}" for line in soaked.log if "bug" in line][:5]
    verdict.wrong += [f"log: {text}" for text in list(_tracebacks(soaked.log))[:5]]


def _tracebacks(log: Sequence[str]) -> Iterator[str]:
    """Each traceback with the line before it, which names the job."""
    for number, line in enumerate(log):
        if "Traceback" in line:
            below = takewhile(lambda line: INDENTED in line, log[number:])
            yield "\n".join([*log[max(0, number - 1) : number], line, *islice(below, 1, 60)])


# Doing it.


def soak(folder: Path, minutes: float, jobs: int, interval: int, say: Callable[[str], None] = print) -> Soaked:
    """Run *jobs* jobs for *minutes* minutes in a collectd that has its files in *folder*."""
    with peers(folder, interval) as ground:
        plan = planned(ground, jobs)
        daemon = _daemon(folder, interval, plan)
        with daemon:
            seen = list(_looks(daemon, minutes * 60, say))
            until = time.time() - interval
            daemon.wait(lambda: _told_of_all(daemon, until))
            browsers = below(daemon.program) if daemon.door is Door.EXEC else []
            begun = time.monotonic()
        stopped = time.monotonic() - begun
        return Soaked(
            jobs=plan,
            interval=interval,
            until=until,
            values=daemon.values,
            looks=[one.inside for one in seen],
            tasks=[int(line) for line in (folder / "census").read_text().split()],
            log=daemon.log.splitlines(),
            stopped=stopped,
            programs=[one.program for one in seen if one.program],
            trees=[one.browsers for one in seen if one.browsers],
            left=_left(browsers),
        )


def _left(pids: Sequence[int]) -> int:
    """The number of *pids* that still run; the kernel needs a moment to end those that were killed."""
    end = time.monotonic() + LEAVING
    while (left := sum(map(alive, pids))) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _daemon(folder: Path, interval: int, plan: Sequence[Planned]) -> Collectd:
    inside, live = ([job.block for job in plan if job.door is door] for door in (Door.EMBEDDED, Door.EXEC))
    own = _module(folder, interval, "state", inside)
    if not live:
        return Collectd(folder, own, around=_census(folder))
    beside = _module(folder, interval, "state-exec", live)
    return Collectd(folder, beside, around=_census(folder), door=Door.EXEC, inside=own)


def _module(folder: Path, interval: int, state: str, blocks: Sequence[str]) -> str:
    return "\n".join([f"Interval {interval}", f'StateDir "{folder}/{state}"', *blocks])


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen at one moment."""

    inside: Look
    program: Look | None = None
    browsers: Tree | None = None

    def __str__(self) -> str:
        one, trees = self.inside, self.browsers
        more = f"; {trees.processes} processes of browsers, {trees.mib:.0f} MiB" if trees else ""
        return f"{one.mib:.0f} MiB, {one.descriptors} descriptors, {one.threads} threads{more}"


def _looks(daemon: Collectd, seconds: float, say: Callable[[str], None]) -> Iterator[Seen]:
    end, next_word = time.monotonic() + seconds, 0.0
    while (now := time.monotonic()) < end:
        assert daemon.running, f"collectd has ended\n{daemon.log}"
        yield (one := _seen(daemon))
        if now >= next_word:
            say(f"{(end - now) / 60:.1f} minutes left; {one}")
            next_word = now + 60
        time.sleep(EVERY)


def _seen(daemon: Collectd) -> Seen:
    """A program that is not there yet is not seen."""
    program = daemon.program if daemon.door is Door.EXEC else 0
    return Seen(look(daemon.pid), look(program), tree(program)) if program else Seen(look(daemon.pid))


def _told_of_all(daemon: Collectd, until: float) -> bool:
    """Whether the health report of the minute in which *until* lies is there, and so what was left out until then."""
    names = HEALTH if daemon.door is Door.EXEC else HEALTH[:1]
    return all(any(value.time > until for value in daemon.of(f"{name}/count-late")) for name in names)


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
