"""Three tables of verdicts about time: ``sh benchmarks/clock [servers|machines|pool …]``.

*servers*: what a server says, and the offset that we and ``chronyd -Q`` make of it; *machines*: kinds of machine as
folders, and the diagnosis with its advice; *pool*: what a server answers, and the step and cap of the score that a
monitor of the NTP Pool would give.  What is right is written down by hand in each table's rows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.clock.advice import rivalry
from collectd_inode.clock.diagnosis import ClockFinding, diagnose
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.machine import Machine, survey
from collectd_inode.clock.steps import Steps
from collectd_inode.clock.votes import Consensus
from collectd_inode.ntp.monitor import concluded, seen
from collectd_inode.ntp.score import step
from demo import unpacked
from tests.helpers.chrony import ME, chronyd
from tests.helpers.kinds_of_machine import KINDS, KindOfMachine
from tests.helpers.machines import UNSYNCHRONISED
from tests.helpers.ntp_jobs import asked, readings
from tests.helpers.ntp_peer import ntp_peer
from tests.helpers.pool_rules import ANSWERS, COOKIE, PoolAnswer
from tests.helpers.server_situations import SITUATIONS, Situation

NEAR = 0.05
"""Seconds: offsets that differ by less are the same; the scripted servers are held up by the machine's other work."""
_PATIENCE = 6.0
_AT_ONCE = 6
_NOW = 1_000_000.0
_BEHIND = Consensus(5.0, 0.01, _NOW, 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables that are wanted; 1 if anything in them is not right."""
    parser = argparse.ArgumentParser(prog="benchmarks/clock")
    parser.add_argument("tables", nargs="*", choices=[[], *_TABLES], help="all by default")
    wanted = parser.parse_args(arguments).tables or list(_TABLES)
    right = [_TABLES[name]() for name in wanted]
    return int(not all(right))


# Servers beside chronyd -Q.


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The offsets that were found in a situation; None for none."""

    situation: Situation
    ours: float | None
    chronyd: float | None

    @property
    def right(self) -> bool:
        return same(self.ours, self.situation.offset)

    @property
    def agreed(self) -> bool:
        return same(self.ours, self.chronyd)


def same(one: float | None, other: float | None) -> bool:
    """Whether two offsets are the same; "none" is the same as "none"."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= NEAR


def servers() -> bool:
    """The table of servers."""
    found = asyncio.run(_servers(SITUATIONS))
    for each in found:
        words = f"{_seconds(each.situation.offset):>14}{_seconds(each.ours):>14}{_seconds(each.chronyd):>14}"
        print(f"{each.situation.name:58}{words}  {_said(each.right, 'right')}{_said(each.agreed, 'agreed')}")
    right, agreed = sum(each.right for each in found), sum(each.agreed for each in found)
    print(f"servers: {right} of {len(found)} right; {agreed} as chronyd -Q\n")
    return right == len(found)


async def _servers(situations: Sequence[Situation]) -> list[Verdicts]:
    """Real daemons one by one, since their start holds up the loop; scripted servers a few at a time."""
    started = [await _verdicts(situation) for situation in situations if situation.chronyd is not None]
    turns = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(situation: Situation) -> Verdicts:
        async with turns:
            return await _verdicts(situation)

    scripted = [in_turn(situation) for situation in situations if situation.chronyd is None]
    return [*started, *await asyncio.gather(*scripted)]


async def _verdicts(situation: Situation) -> Verdicts:
    async with contextlib.AsyncExitStack() as stack:
        if situation.chronyd is not None:
            port = stack.enter_context(chronyd(*situation.chronyd, ahead=situation.ahead))
        else:
            port = 0
            for number, behaviour in enumerate(situation.servers, start=1):
                peer = ntp_peer(behaviour, host=f"127.0.0.{number}", port=port)
                port = (await stack.enter_async_context(peer)).port
        hosts = [f"127.0.0.{number}" for number in range(1, max(1, len(situation.servers)) + 1)]
        ours, theirs = await asyncio.gather(_ours(hosts, port), _chronyd_s(hosts, port))
        return Verdicts(situation, ours, theirs)


async def _ours(hosts: Sequence[str], port: int) -> float | None:
    """The consensus of a run, where there is one."""
    return readings(await asked(*hosts, port=port, patience=_PATIENCE / 4)).get("time_offset-consensus")


async def _chronyd_s(hosts: Sequence[str], port: int) -> float | None:
    program = unpacked.command("chrony", "chronyd")
    # Without minsources it takes the first that answers, whatever the others would say.
    named = [f"server {host} port {port} iburst maxsamples 1" for host in hosts]
    named.append(f"minsources {len(hosts) // 2 + 1}")
    with tempfile.TemporaryDirectory(prefix="chrony") as folder:
        words = ["-Q", "-U", "-u", ME, "-t", f"{_PATIENCE:g}", *named, f"pidfile {folder}/pid"]
        process = await asyncio.create_subprocess_exec(
            str(program),
            *words,
            env=program.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await process.communicate())[0].decode()
    offsets = [line.split(" wrong by ")[1].split()[0] for line in told.splitlines() if " wrong by " in line]
    return float(offsets[0]) if offsets else None


def _seconds(offset: float | None) -> str:
    return "none" if offset is None else f"{offset:+.3f} s"


def _said(true: bool, word: str) -> str:
    return f"{word if true else '-':8}"


# Kinds of machine.


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A kind of machine, and what is said of it: without a vote, and with a vote that calls its clock wrong."""

    kind: KindOfMachine
    machine: Machine
    without_vote: ClockFinding
    wrong: ClockFinding

    @property
    def right(self) -> bool:
        told = (self.without_vote.diagnosis, self.wrong.diagnosis, self.wrong.advice, rivalry(self.machine))
        return told == (self.kind.without_vote, self.kind.wrong, self.kind.advice, self.kind.rivals)


def diagnosed(kind: KindOfMachine, folder: Path) -> Diagnosed:
    """Lay *kind* out in *folder* and look at it."""
    machine = survey(kind.write(folder), lambda: _NOW)
    evidence = (ClockEvidence(UNSYNCHRONISED, machine, Steps(), vote) for vote in (None, _BEHIND))
    return Diagnosed(kind, machine, *map(diagnose, evidence))


def machines() -> bool:
    """The table of machines."""
    found = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="machine-") as folder:
            found.append(diagnosed(kind, Path(folder)))
    for each in found:
        verdicts = f"{each.without_vote.diagnosis or 0:3d}{each.wrong.diagnosis or 0:3d}"
        print(f"{each.kind.name:56}{verdicts}  {_said(each.right, 'right')}{each.wrong.advice}")
    right = sum(each.right for each in found)
    print(f"machines: {right} of {len(found)} kinds right\n")
    return right == len(found)


# The pool's rules.


def scored(answer: PoolAnswer) -> tuple[float, float | None]:
    """Step and cap that we give: to the queries of one check, each with its first datagram or none."""
    left, came = answer.instants
    sightings = [seen(data, COOKIE, left, came) for data in answer.datagrams]
    given = step(concluded(sightings))
    return round(given.step, 3), given.cap


def pool() -> bool:
    """The table of the pool's rules."""
    rows = [(answer, scored(answer)) for answer in ANSWERS]
    for answer, (given, cap) in rows:
        true = (given, cap) == (answer.step, answer.cap)
        most = "" if cap is None else f"{cap:g}"
        print(f"{answer.name:58}{given:9.3f}{most:>6}  {_said(true, 'right')}{answer.rule}")
    right = sum(given == (answer.step, answer.cap) for answer, given in rows)
    print(f"pool: {right} of {len(rows)} answers scored as by the pool's monitor\n")
    return right == len(rows)


_TABLES: Mapping[str, Callable[[], bool]] = {"servers": servers, "machines": machines, "pool": pool}

if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.strftime('%Y-%m-%d', time.gmtime())}, {time.monotonic() - started:.0f} s")
    sys.exit(code)
