"""The probe of an ``<NTP>`` job: query every address of every server at once, let them vote, keep the state.

All queries end before the first step opens: sources are queried at the same time, and a run's steps follow one another.
Each server's step then has its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from collectd_inode.model import Cause, Failure, PlannedStep
from collectd_inode.names import slug
from collectd_inode.ntp import monitor
from collectd_inode.ntp.exchange import SPACING, AddressExchange, Asking, ask
from collectd_inode.ntp.kept import REACH, JobMemory, kept_from
from collectd_inode.ntp.manners import SLOW, held
from collectd_inode.ntp.outcome import Outcome, Server, conclude
from collectd_inode.ntp.published import Published, UnreadableScore, is_due
from collectd_inode.ntp.score import Score
from collectd_inode.ntp.setting import ClockSetting, setting_now
from collectd_inode.ntp.settings import FROM_DAEMON, Settings
from collectd_inode.run import Run
from collectd_inode.state import Memory
from collectd_inode.timekeeper.account import Account
from collectd_inode.timekeeper.ask import Ask, account
from collectd_inode.wire import Clock, Exchange, ResolveFailed, deadline
from collectd_inode.wire.address import Address, lookup, machine, unmapped

_SPARED, _MOST_SPARED = 0.25, 0.5
"""The rest of a run's time to keep when waiting ends (a fraction of it, and the most seconds): if the run's own
deadline passed, silent sources would cost those that have answered.
"""

MOST_OF_A_POOL = 4
"""Addresses of a ``Pool`` that vote, as chrony's ``pool`` has it."""

Fetch = Callable[[Clock, float], Awaitable[Published]]
"""`pool.fetch`, but for the clock and the seconds that are left."""


@dataclass(frozen=True, slots=True)
class NTPProbe:
    """Queries the servers of one job; holds all that a run needs and that does not change between runs."""

    settings: Settings
    steps: tuple[PlannedStep, ...]
    memory: Memory
    family: str = "any"
    interval: float = 64.0
    fetch: Fetch | None = None
    """Reads the published score of PoolServer."""
    spacing: float = SPACING
    patience: float | None = None
    """Seconds for the queries, where they get less than the run has."""
    tell: Callable[[Outcome], None] | None = None
    """Receives each run's findings, for pages that show more."""
    daemon: Ask = account
    """Queries this machine's time daemon for its servers."""

    async def __call__(self, run: Run) -> None:
        """Query, vote, judge, writing into *run*."""
        kept, now, setting = kept_from(self.memory.read()), run.clock.now(), setting_now(run.clock)
        scoring = self.settings.pool_score and monitor.is_due(kept.scored, now, self.interval)
        checked = self._checked(kept, now) if scoring else frozenset()
        kept.scored = now if scoring else kept.scored
        try:
            servers = await self._ask_all(run, kept, checked)
            outcome = conclude(servers, self.settings, was_set=_forget_before_a_set(servers, setting, run.clock))
            self._keep(outcome, kept, run.clock.now())
            kept.reach = _reach(outcome, kept.reach)
            kept.scores = self._scores(outcome, kept.scores, checked)
            kept.lost = _lost(kept, checked, now)
        finally:
            self.memory.write(kept.content())
        if self.tell is not None:
            self.tell(outcome)
        self._write(run, outcome, kept)
        _judge(run, outcome)

    def _checked(self, kept: JobMemory, now: float) -> frozenset[str]:
        """The series of the servers whose score is due."""
        scored = {step.series for step in self.steps if not self.settings.is_pool(step.name)}
        left = {s for s, score in kept.scores.items() if monitor.is_left_alone(score.score, kept.lost.get(s), now)}
        return frozenset(scored - left)

    async def _ask_all(self, run: Run, kept: JobMemory, checked: frozenset[str]) -> list[Server]:
        until = run.clock.monotonic() + self._patience(run.seconds_left)
        servers = [Server(step, is_pool=self.settings.is_pool(step.name)) for step in self.steps]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look_at_the_pool(run, kept, until))
                round = _Round(self, run, kept, until, group, checked=checked)
                for server in servers:
                    group.create_task(round.server(server))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # a bug, or no more sockets: raised as if it had happened here
        return servers

    def _patience(self, most: float) -> float:
        return most - min(_MOST_SPARED, _SPARED * most) if self.patience is None else self.patience

    async def _look_at_the_pool(self, run: Run, kept: JobMemory, until: float) -> None:
        server, now = self.settings.pool_server, run.clock.now()
        if server is None or self.fetch is None:
            return
        if kept.published_server != server:
            kept.published, kept.published_asked = None, None
        if not is_due(kept.published_asked, now):
            return
        kept.published_server, kept.published_asked = server, now
        self.memory.write(kept.content())  # even if this run fails: the next look is five minutes off
        try:
            kept.published = await self.fetch(run.clock, until - run.clock.monotonic())
        except UnreadableScore as error:
            run.warn("published", str(error))

    def _keep(self, outcome: Outcome, kept: JobMemory, now: float) -> None:
        vote = outcome.vote
        kept.vote = {
            "offset": outcome.consensus,
            "bound": None if vote.bound is None else vote.bound / 1e9,
            "time": now,
            "sources": len(vote.candidates),
            "falsetickers": [c.name for c in vote.falsetickers] if vote.offset is not None else [],
            "max_offset": self.settings.max_offset,
        }
        answered = (source for source in outcome.sources if source.transmit is not None)
        kept.transmits = {source.address.host: source.transmit for source in answered if source.transmit}

    def _scores(self, outcome: Outcome, before: dict[str, Score], checked: frozenset[str]) -> dict[str, Score]:
        """The servers' scores after this run; a check moves them, while our own clock and network are."""
        if not self.settings.pool_score:
            return {}
        servers = {server.step.series: server for server in outcome.servers if not server.is_pool}
        scores = {series: before[series] for series in servers if series in before}
        if not checked or not outcome.judges:
            return scores
        checks = {series: outcome.check(servers[series]) for series in checked}
        return scores | {s: scores.get(s, Score()).after(check) for s, check in checks.items() if check is not None}

    def _write(self, run: Run, outcome: Outcome, kept: JobMemory) -> None:
        for reading in outcome.readings():
            run.add_reading(reading.type, reading.type_instance, reading.value, dispatched=reading.dispatched)
        for server in outcome.servers:
            if (source := outcome.best(server)) is not None:
                run.note(f"address of {server.step.name}", source.address.host)
        for series, runs in kept.reach.items():
            run.add_reading("gauge", f"reach-{series}", runs.count("1"))
        for series, score in kept.scores.items():
            run.add_reading("gauge", f"pool_score-{series}", score.score)
            run.add_reading("gauge", f"pool_step-{series}", score.step)
        if self.settings.pool_server is not None and kept.published is not None:
            run.add_reading("gauge", f"published_score-{slug(self.settings.pool_server)}", kept.published.score)
            if kept.published.is_stale(run.clock.now()):
                hours = (run.clock.now() - kept.published.time) / 3600
                run.warn("published_stale", f"the score of {self.settings.pool_server} is {hours:.1f} h old")
        for warning in outcome.warnings():
            run.warn(warning.code, warning.message)


class _Round:
    """All queries of one run; an address that several names lead to is queried once."""

    def __init__(
        self,
        probe: NTPProbe,
        run: Run,
        kept: JobMemory,
        until: float,
        group: asyncio.TaskGroup,
        *,
        checked: frozenset[str],
    ) -> None:
        self._probe, self._run, self._kept, self._until, self._group = probe, run, kept, until, group
        self._sources: dict[Address, tuple[AddressExchange, asyncio.Task[None]]] = {}
        now = run.clock.now()
        kept.holds = {host: hold for host, hold in kept.holds.items() if not hold.is_over(now)}
        root_distance = round(probe.settings.max_root_distance * 1e9)
        self._checked = checked
        self._asking = Asking(probe.settings.samples, until, root_distance, run.clock, probe.spacing)

    async def server(self, server: Server) -> None:
        """Resolve *server*, and query every address; of a pool as many as have a vote."""
        if server.step.name == FROM_DAEMON:
            await self._of_the_daemon(server)
            return
        addresses = await self._addresses(server, server.step.name)
        if not server.is_pool:
            is_check = server.step.series in self._checked
            server.sources = [self._source(address, is_check=is_check)[0] for address in addresses]
            return
        untried = iter(_by_machine(addresses))
        for _ in range(MOST_OF_A_POOL):
            self._group.create_task(self._one_of_a_pool(server, untried))

    async def _one_of_a_pool(self, server: Server, untried: Iterator[Iterable[Address]]) -> None:
        """Query the next machine of a pool; the one after it where this machine has no route to it."""
        for addresses in untried:
            sources, askings = zip(*map(self._source, addresses), strict=True)
            server.sources += sources
            await asyncio.wait(askings)
            if any(source.reachable for source in sources):
                return

    async def _of_the_daemon(self, server: Server) -> None:
        """Query each server of the time daemon: every address that it lists, the first good one of each name."""
        clock = self._run.clock
        told = await self._probe.daemon(clock, max(0.0, self._until - clock.monotonic()))
        if told is None or not told.peers:
            server.failure = Failure(Cause.CONNECT, _no_servers(told))
            return
        self._run.note(f"servers of {told.daemon}", ", ".join(peer.address for peer in told.peers))
        for peer in told.peers:
            addresses = await self._addresses(server, peer.address)
            self._group.create_task(self._one_of_a_pool(server, iter([[address] for address in addresses])))

    async def _addresses(self, server: Server, name: str) -> Iterable[Address]:
        clock = self._run.clock
        left = max(0.0, self._until - clock.monotonic())
        try:
            async with deadline(left, clock):
                found, _ = await lookup(name, self._probe.settings.port, family=self._probe.family, clock=clock)
                return dict.fromkeys(map(unmapped, found))
        except ResolveFailed as error:
            server.failure = Failure(Cause.RESOLVE, str(error))
        except TimeoutError:
            server.failure = Failure(Cause.TIMEOUT, f"{name}: the name servers have not answered within {left:.1f} s")
        return ()

    def _source(self, address: Address, *, is_check: bool = False) -> tuple[AddressExchange, asyncio.Task[None]]:
        if address not in self._sources:
            source = AddressExchange(address, self._kept.transmits.get(address.host))
            self._sources[address] = source, self._group.create_task(self._ask(source, is_check))
        return self._sources[address]

    async def _ask(self, source: AddressExchange, is_check: bool) -> None:
        host, now, interval = source.address.host, self._run.clock.now(), self._probe.interval
        hold = self._kept.holds.get(host)
        if hold is not None and hold.forbids(now):
            source.unasked = hold.sentence(interval)
            return
        slowed = hold is not None and hold.code == SLOW
        most = max(self._asking.samples, monitor.SAMPLES if is_check else 1)
        await ask(source, replace(self._asking, samples=1 if slowed else most, is_check=is_check))
        hold = held(hold.again(now) if hold else None, source.kiss, now, interval)
        if hold is not None:
            self._kept.holds[host] = hold


def _forget_before_a_set(servers: Iterable[Server], began: ClockSetting, clock: Clock) -> bool:
    """Whether this clock was set during the run; the samples by the clock as it was before are worthless then."""
    ends = setting_now(clock)
    for server in servers:
        for source in server.sources:
            source.forget_before(ends)
    return began.is_other(ends)


def _by_machine(addresses: Iterable[Address]) -> list[list[Address]]:
    """The machines in the order of their first addresses, each with all of them."""
    machines: dict[str, list[Address]] = {}
    for address in addresses:
        machines.setdefault(machine(address.host), []).append(address)
    return list(machines.values())


def _no_servers(told: Account | None) -> str:
    if told is None:
        return f"{FROM_DAEMON}: no time daemon here gives its servers; name a Server"
    if told.unresolved:
        return f"{FROM_DAEMON}: the names of {told.daemon}'s servers do not resolve"
    only = " but reference clocks" if told.clocks else ""
    return f"{FROM_DAEMON}: {told.daemon} has no server{only}; name a Server"


def _lost(kept: JobMemory, checked: frozenset[str], now: float) -> dict[str, float]:
    lost = (series for series, score in kept.scores.items() if score.score <= monitor.LOST_SCORE)
    return {series: now if series in checked else kept.lost.get(series, now) for series in lost}


def _reach(outcome: Outcome, before: dict[str, str]) -> dict[str, str]:
    """The servers' last eight runs, this one included; a run that did not query a server does not count for it."""
    reach = {}
    for server in outcome.servers:
        series, answered = server.step.series, outcome.answered(server)
        now = "" if answered is None else str(int(answered))
        reach[series] = f"{before.get(series, '')}{now}"[-REACH:]
    return {series: runs for series, runs in reach.items() if runs}


def _judge(run: Run, outcome: Outcome) -> None:
    """The steps in their order; a fault of this clock belongs to no server's step."""
    failed = outcome.failure()
    failure, where = failed if failed is not None else (None, None)
    for server in outcome.servers:
        with run.step(server.step):
            _tell_stamps(run, outcome.best(server))
            if failure is not None and server.step is where:
                raise failure
    if failure is not None:
        raise failure


def _tell_stamps(run: Run, source: AddressExchange | None) -> None:
    """The clock that timed the server's answer; its latency is a reading (delay), not a phase."""
    if source is not None and source.stamps is not None:
        run.exchange(Exchange(source.address.host, {}, source.stamps))
