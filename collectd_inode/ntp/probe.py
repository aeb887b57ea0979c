"""The probe of an ``<NTP>`` job: ask every address of every server at once, let them vote, keep what outlives the run.

The sockets' work is done before the first step is opened: the sources are asked side by side, and a run's steps stand
one after the other.  Each server's step then says what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from collectd_inode.names import slug
from collectd_inode.ntp.exchange import SPACING, Asking, Source, ask
from collectd_inode.ntp.kept import Kept, kept_from
from collectd_inode.ntp.manners import SLOW, held
from collectd_inode.ntp.outcome import Outcome, Server, conclude
from collectd_inode.ntp.published import Published, Unreadable, is_due
from collectd_inode.ntp.score import Score
from collectd_inode.ntp.settings import Settings
from collectd_inode.run import Cause, Failure, PlannedStep, Run
from collectd_inode.state import Memory
from collectd_inode.wire import Clock, Exchange, ResolveFailed, deadline
from collectd_inode.wire.address import Address, lookup

_SPARED, _MOST_SPARED = 0.25, 0.5
"""What is left of a run's time when the waiting ends (a part of it, and at most so many seconds): were the run's own
deadline to strike, silent sources would cost those that have answered."""

Fetch = Callable[[Clock, float], Awaitable[Published]]
"""`pool.fetch`, but for the clock and the seconds that are left."""


@dataclass(frozen=True, slots=True)
class NTPProbe:
    """Asks the servers of one job once; all that a run needs and that does not change between runs."""

    settings: Settings
    steps: tuple[PlannedStep, ...]
    memory: Memory
    family: str = "any"
    interval: float = 64.0
    fetch: Fetch | None = None
    """Reads the published score of PoolServer."""
    spacing: float = SPACING
    patience: float | None = None
    """Seconds for the asking, where that is not to be what the run has."""
    tell: Callable[[Outcome], None] | None = None
    """Is handed what each run has found, for pages that show more."""

    async def __call__(self, run: Run) -> None:
        """Ask, vote, judge, writing into *run*."""
        kept = kept_from(self.memory.read())
        try:
            servers = await self._ask_all(run, kept)
            outcome = conclude(servers, self.settings)
            self._keep(outcome, kept, run.clock.now())
        finally:
            self.memory.write(kept.content())
        if self.tell is not None:
            self.tell(outcome)
        self._write(run, outcome, kept)
        _judge(run, outcome)

    async def _ask_all(self, run: Run, kept: Kept) -> list[Server]:
        until = run.clock.monotonic() + self._patience(run.seconds_left)
        servers = [Server(step) for step in self.steps]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look_at_the_pool(run, kept, until))
                round = _Round(self, run, kept, until, group)
                for server in servers:
                    group.create_task(round.server(server))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # a bug, or no more sockets: told as if it had happened here
        return servers

    def _patience(self, most: float) -> float:
        return most - min(_MOST_SPARED, _SPARED * most) if self.patience is None else self.patience

    async def _look_at_the_pool(self, run: Run, kept: Kept, until: float) -> None:
        server, now = self.settings.pool_server, run.clock.now()
        if server is None or self.fetch is None:
            return
        if kept.published_server != server:
            kept.published, kept.published_asked = None, None
        if not is_due(kept.published_asked, now):
            return
        kept.published_server, kept.published_asked = server, now
        self.memory.write(kept.content())  # whatever becomes of us: the next look is five minutes off
        try:
            kept.published = await self.fetch(run.clock, until - run.clock.monotonic())
        except Unreadable as error:
            run.warn("published", str(error))

    def _keep(self, outcome: Outcome, kept: Kept, now: float) -> None:
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
        scores = {}
        for server in outcome.servers if self.settings.pool_score else ():
            series, check = server.step.series, outcome.check(server)
            before = kept.scores.get(series)
            if check is not None:
                scores[series] = (before or Score()).after(check)
            elif before is not None:
                scores[series] = before
        kept.scores = scores

    def _write(self, run: Run, outcome: Outcome, kept: Kept) -> None:
        for reading in outcome.readings():
            run.read(reading.type, reading.type_instance, reading.value, dispatched=reading.dispatched)
        for series, score in kept.scores.items():
            run.read("gauge", f"pool_score-{series}", score.score)
            run.read("gauge", f"pool_step-{series}", score.step)
        if self.settings.pool_server is not None and kept.published is not None:
            run.read("gauge", f"published_score-{slug(self.settings.pool_server)}", kept.published.score)
            if kept.published.is_stale(run.clock.now()):
                hours = (run.clock.now() - kept.published.time) / 3600
                run.warn("published_stale", f"the score of {self.settings.pool_server} is {hours:.1f} h old")
        for warning in outcome.warnings():
            run.warn(warning.code, warning.message)


class _Round:
    """All that is asked in one run; an address that several names lead to is asked once."""

    def __init__(self, probe: NTPProbe, run: Run, kept: Kept, until: float, group: asyncio.TaskGroup) -> None:
        self._probe, self._run, self._kept, self._until, self._group = probe, run, kept, until, group
        self._sources: dict[Address, Source] = {}
        now = run.clock.now()
        kept.holds = {host: hold for host, hold in kept.holds.items() if not hold.is_over(now)}
        root_distance = round(probe.settings.max_root_distance * 1e9)
        self._asking = Asking(probe.settings.samples, until, root_distance, run.clock, probe.spacing)

    async def server(self, server: Server) -> None:
        """Look *server* up, and ask every address."""
        server.sources = [self._source(address) for address in await self._addresses(server)]

    async def _addresses(self, server: Server) -> Iterable[Address]:
        name, clock = server.step.name, self._run.clock
        left = max(0.0, self._until - clock.monotonic())
        try:
            async with deadline(left):
                found, _ = await lookup(name, self._probe.settings.port, family=self._probe.family, clock=clock)
                return dict.fromkeys(found)
        except ResolveFailed as error:
            server.failure = Failure(Cause.RESOLVE, str(error))
        except TimeoutError:
            server.failure = Failure(Cause.TIMEOUT, f"{name}: the name servers have not answered within {left:.1f} s")
        return ()

    def _source(self, address: Address) -> Source:
        if address not in self._sources:
            source = Source(address, self._kept.transmits.get(address.host))
            self._sources[address] = source
            self._group.create_task(self._ask(source))
        return self._sources[address]

    async def _ask(self, source: Source) -> None:
        host, now, interval = source.address.host, self._run.clock.now(), self._probe.interval
        hold = self._kept.holds.get(host)
        if hold is not None and hold.forbids(now):
            source.unasked = hold.sentence(interval)
            return
        slowed = hold is not None and hold.code == SLOW
        await ask(source, replace(self._asking, samples=1) if slowed else self._asking)
        hold = held(hold.again(now) if hold else None, source.kiss, now, interval)
        if hold is not None:
            self._kept.holds[host] = hold


def _judge(run: Run, outcome: Outcome) -> None:
    """The steps in their order; what is wrong with this clock is no server's step."""
    failed = outcome.failure()
    failure, where = failed if failed is not None else (None, None)
    for server in outcome.servers:
        with run.step(server.step):
            _tell_stamps(run, outcome.best(server))
            if failure is not None and server.step is where:
                raise failure
    if failure is not None:
        raise failure


def _tell_stamps(run: Run, source: Source | None) -> None:
    """Whose clock the server's answer was timed by; its latency is a reading (delay), and no phase."""
    if source is not None and source.stamps is not None:
        run.exchange(Exchange(source.address.host, {}, source.stamps))
