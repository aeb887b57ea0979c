"""A real collectd, started and stopped in each mode, and beside each kind of fault once: ``scripts/drill``.

Each drill is a row: what is tried, and what is to be found.  What is found is put into words of the same form: a drill
is as expected when both are equal.  In nearly all of them a job whose site is healthy runs beside whatever goes wrong.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.tools import resident_mib, situation
from collectd_inode.model import Cause, Door
from demo import unpacked
from demo.site import Outage
from demo.timeservers import TimeServers
from tests.helpers import faults
from tests.helpers.collectd_process import CLEAN, Collectd, Told, open_folder
from tests.helpers.examples import HUNG

INTERVAL = 3
"""Seconds; each job of a drill."""
SECRET = "Tr0ub4dor & 3"
MOST_MIB = 300.0
"""That a collectd may have after floods."""
FLOODS = 20


# What a drill stands on.


@dataclass(slots=True)
class Ground:
    """A folder that is empty at first, a site, and the jobs that ask it."""

    folder: Path
    site: faults.FaultySite
    names: list[str] = field(default_factory=list)
    """The jobs that were made, in order."""

    def job(self, name: str, *steps: str, more: str = "") -> str:
        """A block of one scenario that goes to the path of its name first, unless it has steps of its own."""
        self.names.append(name)
        file = self.folder / f"{name}.feature"
        lines = steps or (self.go(f"/{name}"),)
        file.write_text("\n    ".join([f"Feature: {name}\n  Scenario: {name}", *lines]) + "\n", encoding="utf-8")
        return f'<Scenario "{name}">\n  Feature "{file}"\n  {more}\n</Scenario>\n'

    def own(self, name: str, body: str, mode: int = 0o644) -> str:
        """A block of one scenario with a step of its own, whose function does what *body* says."""
        module = self.folder / f"{name}.py"
        module.write_text(_STEP.format(name=name, body=body), encoding="utf-8")
        module.chmod(mode)
        return self.job(name, f"When I {name}", more=f'Steps "{module}"')

    def go(self, path: str) -> str:
        """A step that goes there."""
        return f'When I go to "{self.site.url}{path}"'

    def collectd(
        self, blocks: str, door: Door = Door.EMBEDDED, *, state: str = "", daemonise: bool = False, around: str = ""
    ) -> Collectd:
        """One that is to run *blocks*."""
        head = f'Interval {INTERVAL}\nStateDir "{state or self.folder / "state"}"\n'
        return Collectd(self.folder, head + blocks, door=door, daemonise=daemonise, around=around)


_STEP = """
import asyncio, os, signal, sys, threading, time
from collectd_inode import step


@step("I {name}")
async def act(session):
    {body}
"""


def series(name: str) -> str:
    """The identity of a job's values, without type."""
    return f"scenario-{name}-{name}"


def verdicts(collectd: Collectd, name: str) -> int:
    """How many a job has had."""
    return len(collectd.of(f"{series(name)}/bool-success"))


def more(collectd: Collectd, *names: str, count: int = 2) -> None:
    """Wait until each of these jobs has had so many more verdicts."""
    for name, before in [(name, verdicts(collectd, name)) for name in names]:
        collectd.wait(lambda: verdicts(collectd, name) >= before + count)  # noqa: B023  # called at once


def causes(collectd: Collectd, *names: str) -> str:
    """``fine: none; hang: timeout``: all that each of these jobs was told; a busy machine may be too slow at times."""
    return "; ".join(f"{name}: {_causes(collectd, name)}" for name in names)


def _causes(collectd: Collectd, *names: str) -> str:
    found = {Cause(int(value.value)) for name in names for value in collectd.of(f"{series(name)}/gauge-cause")}
    if len(found) > 1:
        found.discard(Cause.TIMEOUT)
    return ", ".join(sorted(cause.word or "none" for cause in found)) or "nothing"


def failures(told: Sequence[Told], name: str) -> int:
    """How often it was notified that a job is bad."""
    return sum(one.severity == 1 and one.identity.startswith(series(name)) for one in told)


def yes(holds: bool) -> str:
    """In a finding."""
    return "yes" if holds else "no"


# Starting and stopping.


def _cycle(door: Door, *, daemonise: bool = False) -> Callable[[Ground], str]:
    def drill(ground: Ground) -> str:
        blocks = ground.job("fine") + ground.job("hang")
        with ground.collectd(blocks, door, daemonise=daemonise) as collectd:
            more(collectd, *ground.names)
        return f"{causes(collectd, *ground.names)}; ended with 0"

    return drill


TWO_JOBS = "fine: none; hang: timeout; ended with 0"


def _at_once(ground: Ground) -> str:
    for _ in range(5):
        with ground.collectd(ground.job("fine")) as collectd:
            collectd.wait(lambda: "Initialization complete" in collectd.log)
        (ground.folder / "log").unlink()
    return "5 times ended with 0"


def _in_mid_run(ground: Ground) -> str:
    blocks = ground.job("fine") + ground.job("hang", more="Interval 3600") + ground.job("drip", more="Interval 3600")
    found = []
    for door in (Door.EMBEDDED, Door.EXEC, Door.SERVE):
        ground.site.asked.clear()
        with ground.collectd(blocks, door, state=str(ground.folder / door.value)) as collectd:
            collectd.wait(lambda: {"/hang", "/drip"} <= set(ground.site.asked))
        found.append(f"{door.value}: {verdicts(collectd, 'hang')} verdicts, ended with 0")
        (ground.folder / "log").unlink()
    return "; ".join(found)


def _killed(ground: Ground) -> str:
    """Its record outlives it: the second daemon tells nobody again."""
    collectd = ground.collectd(ground.job("fine") + ground.job("error"))
    with collectd:
        more(collectd, "fine", "error", count=1)
        collectd.wait(lambda: list((ground.folder / "state").glob("status-*error*")))
        collectd.kill()
    with collectd:
        more(collectd, "fine", "error")
    return f"{causes(collectd, 'fine', 'error')}; told {failures(collectd.notifications, 'error')} time"


def _program_killed(ground: Ground) -> str:
    with ground.collectd(ground.job("fine"), Door.EXEC) as collectd:
        more(collectd, "fine", count=1)
        first = collectd.program
        os.kill(first, signal.SIGKILL)
        more(collectd, "fine")
        again = collectd.program
    return f"{causes(collectd, 'fine')}; another process: {yes(again not in (0, first))}; ended with 0"


def _restarted(ground: Ground) -> str:
    """What was observed while there was no collectd arrives afterwards."""
    with ground.collectd(ground.job("fine"), Door.SERVE) as collectd:
        more(collectd, "fine")
        collectd.kill()
        asked = len(ground.site.asked)
        _until(lambda: len(ground.site.asked) >= asked + 2)
        collectd.start()
        more(collectd, "fine", count=4)
    times = sorted(value.time for value in collectd.of(f"{series('fine')}/bool-success"))
    slots = round((times[-1] - times[0]) / INTERVAL) + 1
    return f"slots without a verdict: {slots - len({round(one) for one in times})}; ended with 0"


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + HUNG
    while not holds():
        assert time.monotonic() < end, f"it did not come about in {HUNG:g} s"
        time.sleep(0.02)


def _reloaded(ground: Ground) -> str:
    """A bad file first, then one with another job."""
    fine, other = ground.job("fine"), ground.job("empty")
    with ground.collectd(fine, Door.SERVE) as collectd:
        more(collectd, "fine", count=1)
        assert collectd.service is not None
        good = collectd.jobs.read_text()
        collectd.jobs.write_text(f"{good}<Scenario>\n")
        collectd.service.send_signal(signal.SIGHUP)
        collectd.wait(lambda: "the last good version keeps running" in collectd.log)
        more(collectd, "fine", count=1)
        collectd.jobs.write_text(good + other)
        collectd.service.send_signal(signal.SIGHUP)
        more(collectd, "fine", "empty", count=1)
    return f"{causes(collectd, 'fine', 'empty')}; ended with 0"


def _bad_file(ground: Ground) -> str:
    blocks = ground.job("fine") + ground.job("typo", "When I go too far") + ground.job("key", more="Intervall 5")
    (ground.folder / "octets.feature").write_bytes(b"\xff\xfe\x00")
    blocks += f'<Scenario "octets">\n  Feature "{ground.folder}/octets.feature"\n</Scenario>\n'
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine", "typo")
        collectd.wait(lambda: collectd.of("scenario-octets/gauge-cause"))
        collectd.wait(lambda: collectd.of("scenario-key/gauge-cause"))
    alone = {Cause(int(collectd.of(f"scenario-{name}/gauge-cause")[0].value)).word for name in ("octets", "key")}
    return f"{causes(collectd, 'fine', 'typo')}; octets and key: {', '.join(alone)}; ended with 0"


def _no_state(ground: Ground) -> str:
    """A file in the folder's place, and a file system that takes nothing."""
    blocks, places = ground.job("fine"), (ground.folder / "fine.feature" / "state", Path("/proc/collectd-inode"))
    found = []
    for place in places:
        with ground.collectd(blocks, state=str(place)) as collectd:
            more(collectd, "fine")
        found.append(causes(collectd, "fine"))
        (ground.folder / "log").unlink()
    return f"{', '.join(found)}; ended with 0"


def _under_test(ground: Ground) -> str:
    """``collectd -T`` with a server that hangs, and SIGTERM."""
    collectd = ground.collectd(ground.job("hang", more="Timeout 3600\n  Interval 3600"))
    process = subprocess.Popen(["collectd", "-T", "-C", str(collectd.conf)], env=CLEAN, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: "/hang" in ground.site.asked)
        process.terminate()
        return f"ended with {process.wait(HUNG)}"
    finally:
        process.kill()


# Faults.


def _starving(ground: Ground) -> str:
    """D1."""
    for path, body in _STARVING.items():
        ground.site.paths[f"/{path}"] = faults.answering(body)
    blocks = ground.job("fine") + "".join(
        ground.job(name, ground.go(f"/{name}"), f"And {_SEARCHES[name]}", more="Interval 20") for name in _STARVING
    )
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine")
        more(collectd, *_STARVING, count=1)
    # Whether a page is searched before its deadline is the machine's.
    told = sum(_causes(collectd, name) in ("expectation", "timeout") for name in _STARVING)
    return f"{causes(collectd, 'fine')}; {told} hostile pages told; ended with 0"


_STARVING = {
    "links": b"<a href=/x1>Link 1</a>" * 100_000,
    "labels": b"<label>Name<input name=n></label>" * 60_000,
    "options": b"<select name=s>" + b"<option>x</option>" * 200_000,
    "text": b"<p>" + b"some words " * 900_000,
}
_SEARCHES = {
    "links": 'I follow "Lonk"',
    "labels": 'I fill in "Nome" with "x"',
    "options": 'I select "y" from "s"',
    "text": 'I should see "other words"',
}


def _blocked(ground: Ground) -> str:
    """D2."""
    blocks = ground.job("fine") + ground.own("block", "time.sleep(1e6)")
    with ground.collectd(blocks) as collectd:
        collectd.wait(lambda: "a new loop runs the other jobs" in collectd.log)
        more(collectd, "fine", "block")
    named = f"blocks it at {ground.folder}/block.py:8" in collectd.log
    return f"{causes(collectd, 'fine', 'block')}; named: {yes(named)}; ended with 0"


def _raising(ground: Ground) -> str:
    """D3."""
    blocks = ground.job("fine") + "".join(ground.own(f"raise{n}", body) for n, body in enumerate(_RAISING))
    (ground.folder / "import.py").write_text("raise KeyboardInterrupt\n")
    blocks += ground.job("import", more=f'Steps "{ground.folder}/import.py"')
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine")
        more(collectd, *(f"raise{n}" for n in range(len(_RAISING))), count=1)
        collectd.wait(lambda: collectd.of("scenario-import/gauge-cause"))
    told = {_causes(collectd, f"raise{n}") for n in range(len(_RAISING))}
    return f"{causes(collectd, 'fine')}; the others: {', '.join(sorted(told))}; ended with 0"


_RAISING = (
    "raise BaseException('x')",
    "raise GeneratorExit",
    "raise KeyboardInterrupt",
    "sys.exit(3)",
    "raise BaseExceptionGroup('x', [SystemExit(3)])",
    "threading.Thread(target=threading.Event().wait).start(); 1 / 0",
)


def _flooded(ground: Ground) -> str:
    """D4."""
    ground.site.paths["/flood"] = faults.answering(b"<p>flood " * 1_200_000)
    floods = [f"flood{n}" for n in range(FLOODS)]
    blocks = ground.job("fine") + "".join(ground.job(name, ground.go("/flood")) for name in floods)
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine", *floods)
        mib = resident_mib(collectd.pid)
    told = _causes(collectd, *floods)
    small = "yes" if mib < MOST_MIB else f"no, {mib:.0f} MiB"
    return f"{causes(collectd, 'fine')}; floods: {told}; below 300 MiB: {small}; ended with 0"


def _others_code(ground: Ground) -> str:
    """D5."""
    blocks = ground.job("fine") + ground.own("loose", f"open({str(ground.folder / 'done')!r}, 'w')", 0o666)
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine")
        collectd.wait(lambda: collectd.of("scenario-loose/gauge-cause"))
    executed = (ground.folder / "done").exists()
    return f"{causes(collectd, 'fine')}; executed: {yes(executed)}; ended with 0"


def _odd_forms(ground: Ground) -> str:
    """D6."""
    ground.site.paths |= {f"/{name}": faults.answering(body) for name, body in _FORMS.items()}
    blocks = ground.job("fine") + "".join(
        ground.job(name, ground.go(f"/{name}"), 'And I press "Go"', 'Then I should see "Welcome"') for name in _FORMS
    )
    with ground.collectd(blocks) as collectd:
        more(collectd, "fine")
        more(collectd, *_FORMS, count=1)
    bugs = sum(_causes(collectd, name) == Cause.ERROR.word for name in _FORMS) + collectd.log.count("bug:")
    return f"{causes(collectd, 'fine')}; bugs: {bugs}; ended with 0"


_FORMS = {
    "controls": b"<form><div></form>\x02</div><button>Go</button>",
    "address": b"<form action='foo://['><button>Go</button></form>",
    "many": b"<form>" + b"<input name=n value=v>" * 60_000 + b"<button>Go</button></form>",
}


def _secret(ground: Ground) -> str:
    """D7."""
    file = ground.folder / "password"
    file.touch(mode=0o600)
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    shown = SECRET.encode().hex(), "Tr0ub4dor%2520%2526%25203", "VHIwdWI0ZG9yICYgM"
    ground.site.paths["/says"] = faults.answering(" ".join(("<h1>", *shown)).encode())
    leak = ground.job("says", ground.go("/says"), 'Then I should see "${password}"', more=f'Secret "password" "{file}"')
    with ground.collectd(ground.job("fine") + leak) as collectd:
        more(collectd, "fine", "says")
        collectd.wait(lambda: collectd.notifications)
    everything = collectd.log + str(collectd.notifications)
    found = [text for text in (SECRET, *shown) if text in everything]
    return f"{causes(collectd, 'fine', 'says')}; shown: {', '.join(found) or 'nothing'}; ended with 0"


def _odd_state(ground: Ground) -> str:
    """D8."""
    state = ground.folder / "state"
    state.mkdir()
    os.mkfifo(state / "status-pipe.json")
    (state / "status-endless.json").symlink_to("/dev/zero")
    (state / "status-large.json").write_bytes(b" " * 2**21)
    (state / "status-octets.json").write_bytes(b"\xff" * 100)
    with ground.collectd(ground.job("fine")) as collectd:
        more(collectd, "fine")
        mib = resident_mib(collectd.pid)
    return f"{causes(collectd, 'fine')}; below 300 MiB: {yes(mib < MOST_MIB)}; ended with 0"


def _stepped(ground: Ground) -> str:
    """D9: the service alone has the clock of which somebody sets the hands."""
    shift = ground.folder / "shift"
    shift.write_text("+0\n")
    library = unpacked.file("faketime", "usr/lib/*/faketime/libfaketime.so.1")
    environment = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    collectd = ground.collectd(ground.job("fine"), Door.SERVE)
    collectd.start()
    try:
        collectd.serve(environment)
        more(collectd, "fine")
        shift.write_text("+2h\n")
        collectd.wait(lambda: "the clock jumped forward by 2 h" in collectd.log)
        more(collectd, "fine")
        collectd.wait(lambda: len(collectd.of("inode_probe-serve/count-late")) >= 2)
    finally:
        collectd.stop()
    late = collectd.of("inode_probe-serve/count-late")[-1].value
    return f"{causes(collectd, 'fine')}; hundreds late: {yes(late > 100)}; ended with 0"


def _disagreeing(ground: Ground) -> str:
    """D10."""
    with TimeServers(lie=Outage(length=1, period=1, first=0)) as servers:
        blocks = "".join(
            f'<NTP "{name}">\n  Interval {INTERVAL}\n  Server "{address}"\n  Port {servers.port}\n</NTP>\n'
            for name, address in (("right", "127.0.0.1"), ("wrong", "127.0.0.3"))
        )
        clock = f'<Clock "local">\n  Interval {INTERVAL}\n</Clock>\n'
        with ground.collectd(ground.job("fine") + blocks + clock) as collectd:
            collectd.wait(lambda: collectd.of("clock-local/bool-success"))
            for _ in range(4):
                more(collectd, "fine", count=1)
    told = sum(one.identity.startswith("clock-local/") for one in collectd.notifications)
    return f"{causes(collectd, 'fine')}; the clock was told more than once: {yes(told > 1)}; ended with 0"


def _endless_hints(ground: Ground) -> str:
    """D11."""

    async def hints(writer: faults.Writer) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)
            await writer.drain()

    ground.site.paths["/hints"] = hints
    with ground.collectd(ground.job("fine") + ground.job("hints")) as collectd:
        more(collectd, "fine", "hints")
    return f"{causes(collectd, 'fine', 'hints')}; ended with 0"


# All of it.


@dataclass(frozen=True, slots=True)
class Drill:
    """Its name; what is tried; what is to be found; and who does it and puts into words what was found."""

    name: str
    tried: str
    expected: str
    do: Callable[[Ground], str]


DRILLS: Sequence[Drill] = (
    Drill("embedded", "in collectd, in the foreground", TWO_JOBS, _cycle(Door.EMBEDDED)),
    Drill("daemon", "in a collectd that goes to the background", TWO_JOBS, _cycle(Door.EMBEDDED, daemonise=True)),
    Drill("exec", "a program of collectd's exec plugin", TWO_JOBS, _cycle(Door.EXEC)),
    Drill("exec-daemon", "the same in the background", TWO_JOBS, _cycle(Door.EXEC, daemonise=True)),
    Drill("serve", "a service beside collectd", TWO_JOBS, _cycle(Door.SERVE)),
    Drill("at-once", "a stop right after the start", "5 times ended with 0", _at_once),
    Drill(
        "mid-run",
        "a stop while a server hangs, and another drips",
        "embedded: 0 verdicts, ended with 0; exec: 0 verdicts, ended with 0; serve: 0 verdicts, ended with 0",
        _in_mid_run,
    ),
    Drill("killed", "collectd killed -9, and started again", "fine: none; error: refused; told 1 time", _killed),
    Drill(
        "exec-killed", "the exec program killed -9", "fine: none; another process: yes; ended with 0", _program_killed
    ),
    Drill("restarted", "collectd restarted under serve", "slots without a verdict: 0; ended with 0", _restarted),
    Drill("reload", "SIGHUP: a bad file, then a good one", "fine: none; empty: none; ended with 0", _reloaded),
    Drill(
        "bad-file",
        "a step, a key and a file that nobody can read",
        "fine: none; typo: undefined; octets and key: configuration; ended with 0",
        _bad_file,
    ),
    Drill("no-state", "a StateDir that takes nothing", "fine: none, fine: none; ended with 0", _no_state),
    Drill("test", "collectd -T and SIGTERM while a server hangs", "ended with 0", _under_test),
    Drill(
        "D1",
        "pages with 100 000 links, 60 000 fields, 200 000 options, 10 MB of text",
        "fine: none; 4 hostile pages told; ended with 0",
        _starving,
    ),
    Drill("D2", "a step that blocks the loop", "fine: none; block: error; named: yes; ended with 0", _blocked),
    Drill("D3", "steps and a module that raise anything", "fine: none; the others: error; ended with 0", _raising),
    Drill(
        "D4",
        f"{FLOODS} bodies larger than MaxBodySize, again and again",
        "fine: none; floods: protocol; below 300 MiB: yes; ended with 0",
        _flooded,
    ),
    Drill("D5", "a step module that everybody can write", "fine: none; executed: no; ended with 0", _others_code),
    Drill("D6", "forms that nobody should write", "fine: none; bugs: 0; ended with 0", _odd_forms),
    Drill("D7", "a secret in three encodings", "fine: none; says: expectation; shown: nothing; ended with 0", _secret),
    Drill(
        "D8",
        "a pipe, a device, 2 MiB and rubbish in StateDir",
        "fine: none; below 300 MiB: yes; ended with 0",
        _odd_state,
    ),
    Drill("D9", "the clock set forward by two hours", "fine: none; hundreds late: no; ended with 0", _stepped),
    Drill(
        "D10",
        "<NTP> blocks that disagree",
        "fine: none; the clock was told more than once: no; ended with 0",
        _disagreeing,
    ),
    Drill("D11", "an endless run of 103s", "fine: none; hints: protocol; ended with 0", _endless_hints),
)


@dataclass(frozen=True, slots=True)
class Done:
    """A drill, and what was found."""

    drill: Drill
    found: str

    @property
    def is_as_expected(self) -> bool:
        """Whether nothing else was found."""
        return self.found == self.drill.expected

    def __str__(self) -> str:
        drill = self.drill
        ending = "as expected" if self.is_as_expected else f"expected: {drill.expected}"
        return f"{'ok ' if self.is_as_expected else 'BAD'} {drill.name}: {drill.tried}; found: {self.found}; {ending}"


def done(drill: Drill) -> Done:
    """Do it, on ground of its own; whatever goes wrong with it is what was found."""
    with open_folder() as folder, faults.FaultySite() as site:
        try:
            return Done(drill, drill.do(Ground(folder, site)))
        except Exception as error:  # the next one is another
            told, _, log = str(error).partition("\n")
            print(log, file=sys.stderr, flush=True)
            return Done(drill, f"{type(error).__name__}: {told}")


def chosen(names: Sequence[str]) -> list[Drill]:
    """The drills of these names; all without any."""
    return [drill for drill in DRILLS if drill.name in names or not names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Drill, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/drill", description=(__doc__ or "").partition("\n")[0])
    names = [drill.name for drill in DRILLS]
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of them (all)")
    parser.add_argument("--cycles", type=int, default=1, metavar="N", help="how often (%(default)s)")
    parser.add_argument("--list", action="store_true", help="print the names, and what each tries")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in names]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(names)}")
    if options.list:
        print("\n".join(f"{drill.name}: {drill.tried}" for drill in DRILLS))
        return 0
    print(situation(), flush=True)
    bad = count = 0
    for _ in range(options.cycles):
        for drill in chosen(options.names):
            one = done(drill)
            print(one, flush=True)
            count, bad = count + 1, bad + (not one.is_as_expected)
    print(f"{bad} of {count} differ" if bad else f"all {count} are as expected")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
