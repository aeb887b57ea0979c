"""What a round of asking comes to: the vote, the readings, the warnings, and what fails the run.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from collectd_inode.names import slug
from collectd_inode.ntp.exchange import Source
from collectd_inode.ntp.packet import Reason
from collectd_inode.ntp.sample import Sample
from collectd_inode.ntp.score import Check, margin
from collectd_inode.ntp.settings import Settings
from collectd_inode.ntp.vote import Candidate, Vote, clock_sentence, discord_sentence, falseticker_sentence, vote
from collectd_inode.run import Cause, Failure, PlannedStep, Reading, Warning

_SECOND = 1e9

CAUSES = {
    Reason.KISS: Cause.REFUSED,
    Reason.STRATUM: Cause.REFUSED,
    Reason.UNSYNCHRONISED: Cause.UNSYNCHRONISED,
    Reason.ROOT_DISTANCE: Cause.UNSYNCHRONISED,
    Reason.STALE: Cause.UNSYNCHRONISED,
    Reason.CLOCK_SET: Cause.EXPECTATION,
}
"""What an answer that cannot be used fails with; those that cannot be true, with *protocol*."""


@dataclass(slots=True)
class Server:
    """A configured server in one run: its step, and the sources that its name stands for."""

    step: PlannedStep
    sources: list[Source] = field(default_factory=list)
    failure: Failure | None = None
    """Why its name has no address."""

    def label(self, source: Source) -> str:
        """A source's name for people: the server's, and the address if that is another."""
        host = source.address.host
        return host if host == self.step.name else f"{self.step.name} ({host})"

    @property
    def counting(self) -> list[Source]:
        """The sources that count: not those that this machine has no way to, unless it has to none."""
        return [source for source in self.sources if source.reachable] or self.sources

    def failures(self) -> Iterator[Failure]:
        """Why it, or one of its sources, has no say."""
        if self.failure is not None:
            yield self.failure
        yield from (self._failure(source) for source in self.counting if source.sample is None)

    def _failure(self, source: Source) -> Failure:
        label = self.label(source)
        if source.unasked:
            return Failure(Cause.REFUSED, f"{label}: {source.unasked}")
        if source.refusal is not None:
            return Failure(CAUSES.get(source.refusal.reason, Cause.PROTOCOL), f"{label}: {source.refusal.message}")
        if source.failure is not None:
            return Failure(Cause.CONNECT, str(source.failure))
        ignored = f" (ignored {source.strays()})" if source.strays() else ""
        return Failure(Cause.TIMEOUT, f"{label}: no answer within {source.waited:.1f} s{ignored}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished round."""

    servers: tuple[Server, ...]
    settings: Settings
    vote: Vote
    labels: dict[str, Candidate]
    """Who voted, by the address."""

    @property
    def consensus(self) -> float | None:
        """Seconds that this clock is behind, as far as a majority of those that answered agrees."""
        return None if self.vote.offset is None else self.vote.offset / _SECOND

    @property
    def sources(self) -> list[Source]:
        """Every source that counts, each once."""
        return _once(source for server in self.servers for source in server.counting)

    def best(self, server: Server) -> Source | None:
        """The source that speaks for a server: one that is not wrong, and of these the surest."""
        saying = [(source, source.sample) for source in server.sources]
        ranked = [
            (self.labels[source.address.host] in self.vote.falsetickers, sample.bound, number)
            for number, (source, sample) in enumerate(saying)
            if sample is not None
        ]
        return saying[min(ranked)[2]][0] if ranked else None

    def sample(self, host: str) -> Sample:
        """What the source of this address voted with."""
        return next(source.sample for source in self.sources if source.address.host == host and source.sample)

    def check(self, server: Server) -> Check | None:
        """What a monitor of the pool would have seen of a server; None if it was not asked."""
        best = self.best(server)
        spoken = [best] if best is not None else server.counting
        return next((source.check for source in spoken if source.check is not None), None)

    def readings(self) -> Iterator[Reading]:
        """What is known now, under the identities of the house."""
        for server in self.servers:
            yield from self._of_server(server)
        yield Reading("count", "rejected", sum(self._rejected().values()))
        if self.consensus is not None:
            yield Reading("time_offset", "consensus", self.consensus)
            for name, limit in self.settings.margins:
                yield Reading("gauge", f"margin-{slug(name)}", margin(limit, self.consensus))

    def _of_server(self, server: Server) -> Iterator[Reading]:
        name = server.step.series
        best = self.best(server)
        if best is not None and (sample := best.sample) is not None:
            yield Reading("time_offset", name, sample.offset / _SECOND)
            yield Reading("delay", name, sample.delay / _SECOND)
            yield Reading("time_dispersion", name, sample.bound / _SECOND)
            yield Reading("root_delay", name, sample.root_delay / _SECOND)
            yield Reading("root_dispersion", name, sample.root_dispersion / _SECOND)
            yield Reading("clock_stratum", name, sample.stratum)
        for source in server.sources:
            if source.sample is not None and source.address.host != server.step.name:
                # A pool's addresses change from run to run: in a database each would be one more dead series.
                each = f"{name}-{slug(source.address.host)}"
                yield Reading("time_offset", each, source.sample.offset / _SECOND, dispatched=False)
        leaps = [source.leap for source in ([best] if best else server.sources) if source.leap is not None]
        if leaps:
            yield Reading("gauge", f"leap-{name}", leaps[0])

    def _rejected(self) -> Counter[Reason]:
        return sum((source.rejected for source in self.sources), Counter())

    def failure(self) -> tuple[Failure, PlannedStep | None] | None:
        """What fails the run, and the step of the server whose fault it is; None if it passes."""
        if self.vote.offset is None and self.vote.candidates:
            return Failure(Cause.EXPECTATION, discord_sentence(self.vote)), None
        bad = [(failure, server.step) for server in self.servers for failure in server.failures()]
        if bad and 2 * len(self.vote.truechimers) <= self._electorate():
            return _first_of(bad, len(self.vote.truechimers), self._electorate())
        assert self.consensus is not None
        if abs(self.consensus) > self.settings.max_offset:
            beyond = [f"beyond {name} {limit:g} s" for name, limit in self._beyond(self.consensus)]
            sentence = clock_sentence(self.vote, self.settings.max_offset)
            return Failure(Cause.EXPECTATION, "; ".join([sentence, *beyond])), None
        return None

    def _electorate(self) -> int:
        """How many should have voted: every source, and one for each name without an address."""
        return len(self.sources) + sum(server.failure is not None for server in self.servers)

    def _beyond(self, consensus: float) -> Iterator[tuple[str, float]]:
        return ((name, limit) for name, limit in self.settings.margins if margin(limit, consensus) < 0)

    def warnings(self) -> Iterator[Warning]:
        """What there is to see to beside what fails the run."""
        failed = self.failure()
        told = str(failed[0]) if failed else ""
        for server in self.servers:
            sentences = dict.fromkeys(str(failure) for failure in server.failures())
            yield from (Warning("source", sentence) for sentence in sentences if not told.startswith(sentence))
        if self.vote.offset is not None:
            yield from (Warning("falseticker", falseticker_sentence(self.vote, c)) for c in self.vote.falsetickers)
        if not failed and self.consensus is not None:
            for name, limit in self._beyond(self.consensus):
                yield Warning("margin", f"this clock is {abs(self.consensus):.3f} s off: beyond {name} {limit:g} s")
        foreign = [f"{n} {reason.words}" for reason, n in self._rejected().items() if reason in FOREIGN]
        if foreign:
            yield Warning("rejected", f"ignored datagrams that nobody asked for: {', '.join(foreign)}")


FOREIGN = (Reason.SHORT, Reason.VERSION, Reason.MODE, Reason.ORIGIN)
"""What a well-behaved server never sends; answers that come late or twice are the network's doing."""


def conclude(servers: Sequence[Server], settings: Settings) -> Outcome:
    """Let all sources vote that have something to say."""
    labels: dict[str, Candidate] = {}
    for server in servers:
        for source in server.sources:
            sample = source.sample
            if sample is not None and source.address.host not in labels:
                label = server.label(source)
                labels[source.address.host] = Candidate(label, sample.offset, sample.bound, sample.reference)
    return Outcome(tuple(servers), settings, vote(tuple(labels.values())), labels)


def _first_of(
    bad: list[tuple[Failure, PlannedStep]], agreeing: int, electorate: int
) -> tuple[Failure, PlannedStep | None]:
    failure, step = bad[0]
    more = ""
    if agreeing:
        more = f"; only {agreeing} of {electorate} sources agree"
    elif len(bad) > 1:
        more = f" (and {len(bad) - 1} more)"
    return Failure(failure.cause, failure.message + more), step


def _once(sources: Iterable[Source]) -> list[Source]:
    return list({source.address: source for source in sources}.values())
