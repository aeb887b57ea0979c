"""The outcome of one round of queries: the vote, the readings, the warnings, and the failure of the run.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from collectd_inode.model import Cause, Failure, PlannedStep, Reading, Warning
from collectd_inode.names import slug
from collectd_inode.ntp.exchange import AddressExchange
from collectd_inode.ntp.monitor import OWN_LIMIT
from collectd_inode.ntp.packet import Reason
from collectd_inode.ntp.sample import Sample
from collectd_inode.ntp.score import Check, margin
from collectd_inode.ntp.settings import Settings
from collectd_inode.ntp.vote import (
    Candidate,
    Vote,
    apart,
    clock_sentence,
    discord_sentence,
    falseticker_sentence,
    signed,
    vote,
)
from collectd_inode.timekeeper.leap import unusual_month
from collectd_inode.wire.address import machine
from collectd_inode.words import and_more

_SECOND = 1e9

CAUSES = {
    Reason.KISS: Cause.REFUSED,
    Reason.STRATUM: Cause.REFUSED,
    Reason.UNSYNCHRONISED: Cause.UNSYNCHRONISED,
    Reason.ROOT_DISTANCE: Cause.UNSYNCHRONISED,
    Reason.STALE: Cause.UNSYNCHRONISED,
    Reason.CLOCK_SET: Cause.EXPECTATION,
}
"""The cause for each unusable answer; for impossible ones, *protocol*."""


@dataclass(slots=True)
class Server:
    """A configured server in one run: its step, and the sources that its name stands for."""

    step: PlannedStep
    sources: list[AddressExchange] = field(default_factory=list)
    failure: Failure | None = None
    """Why its name has no address."""
    is_pool: bool = False
    """Whether its addresses are several servers, each with a vote of its own."""

    def label(self, source: AddressExchange) -> str:
        """A source's name for people: the server's, and the address if that is another."""
        host = source.address.host
        return host if host == self.step.name else f"{self.step.name} ({host})"

    @property
    def counting(self) -> list[AddressExchange]:
        """The sources that count: those that this machine has a route to; all, if it has a route to none."""
        return [source for source in self.sources if source.reachable] or self.sources

    @property
    def answering(self) -> list[AddressExchange]:
        """The sources that gave a sample, the surest first: that of the least root distance, path included."""
        return sorted((source for source in self.counting if source.sample is not None), key=_bound)

    @property
    def voters(self) -> list[AddressExchange]:
        """The sources that vote: the surest of each machine of a pool, and the surest of a server: it has one vote."""
        surest: dict[str, AddressExchange] = {}
        for source in self.answering:
            surest.setdefault(source.machine, source)
        return list(surest.values()) if self.is_pool else self.answering[:1]

    @property
    def lost_votes(self) -> list[str]:
        """Its missing votes, by machine; by name where there is no address."""
        if not self.counting:
            return [self.step.name]
        heard = {source.machine for source in self.answering}
        silent = [source.machine for source in self.counting if source.machine not in heard]
        return silent if self.is_pool else silent[:1] if not heard else []

    def failures(self) -> Iterator[Failure]:
        """Why it, or one of its sources, does not vote."""
        if self.failure is not None:
            yield self.failure
        yield from (self._failure(source) for source in self.counting if source.sample is None)

    def disagreement(self) -> str:
        """The addresses of a server that cannot all be right, in words; empty if they can, and for a pool."""
        said = [(source, _candidate(self, source)) for source in self.answering]
        if self.is_pool or not said or not any(said[0][1].excludes(other) for _, other in said):
            return ""
        told = ", ".join(f"{source.address.host} {signed(candidate.offset)}" for source, candidate in said)
        voter = said[0][0].address.host
        return f"the addresses of {self.step.name} disagree: against this clock {told}; its vote is that of {voter}"

    def _failure(self, source: AddressExchange) -> Failure:
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
    """The sources that answered, by address."""
    voters: dict[str, Candidate]
    """The sources that voted, by address."""
    was_set: bool = False
    """Whether this clock was set during the round."""

    @property
    def consensus(self) -> float | None:
        """Seconds that this clock is behind, if a majority of the sources agrees."""
        return None if self.vote.offset is None else self.vote.offset / _SECOND

    def answered(self, server: Server) -> bool | None:
        """Whether a server, or any of its addresses, gave a sample; None where it was not queried."""
        if server.sources and all(source.unasked for source in server.sources):
            return None
        return bool(server.answering)

    def _of_leap_seconds(self) -> Iterator[Warning]:
        """The announced leap second, and the servers that announce it, if not all that vote do."""
        said = {host: self.sample(host).leap for host in self.voters}
        for leap, words in LEAPS.items():
            who = [self.labels[host].name for host in said if said[host] == leap]
            others = [self.labels[host].name for host in said if said[host] != leap]
            months = (unusual_month(self.sample(host).time / _SECOND) for host in said if said[host] == leap)
            unusual = next(months, "")
            if who and others:
                told = f"{', '.join(who)} announce{'s' * (len(who) == 1)} that the last minute {words}"
                dissent = f"{told}, {', '.join(others)} do{'es' * (len(others) == 1)} not"
                yield Warning("leap_dissent", dissent + unusual)
            elif who:
                yield Warning("leap", f"a leap second is announced: the month's last minute (UTC) {words}{unusual}")

    @property
    def own_clock_is_off(self) -> bool:
        """Whether more than one vote agrees that this clock is too far off to judge servers by.

        Without a consensus most of the votes may find it off, each by another amount.
        """
        if self.consensus is not None:
            return len(self.vote.truechimers) > 1 and abs(self.consensus) > OWN_LIMIT
        off = [candidate for candidate in self.vote.candidates if abs(candidate.offset) > OWN_LIMIT * _SECOND]
        return 2 * len(off) > len(self.vote.candidates)

    @property
    def nobody_answers(self) -> bool:
        """Whether several servers were queried and none has answered: the fault may be this machine's network."""
        checks = [check for server in self.servers if (check := self.check(server)) is not None]
        return len(checks) > 1 and not any(check.answered for check in checks)

    @property
    def judges(self) -> bool:
        """Whether this round may judge servers; an agent of the pool checks itself first, too."""
        return not self._why_it_judges_nobody()

    def _why_it_judges_nobody(self) -> str:
        if self.was_set:
            return "this clock was set, or the machine slept, during the run"
        if self.own_clock_is_off:
            off = "off by most votes" if self.vote.offset is None else apart(-self.vote.offset)
            return f"this clock is {off}, and a monitor may be off by {OWN_LIMIT:g} s"
        return "no server answers; is it this machine's network?" if self.nobody_answers else ""

    @property
    def sources(self) -> list[AddressExchange]:
        """Every source that counts, each once."""
        return _once(source for server in self.servers for source in server.counting)

    def best(self, server: Server) -> AddressExchange | None:
        """The source that represents a server or pool: a truechimer before a falseticker, then the surest."""
        wrong = self.vote.falsetickers
        return min(server.voters, key=lambda source: self.labels[source.address.host] in wrong, default=None)

    def sample(self, host: str) -> Sample:
        """The sample that the source of this address voted with."""
        return next(source.sample for source in self.sources if source.address.host == host and source.sample)

    def check(self, server: Server) -> Check | None:
        """The check that a monitor of the pool would record for a server; None if it was not queried."""
        best = self.best(server)
        spoken = [best] if best is not None else server.counting
        return next((source.check for source in spoken if source.check is not None), None)

    def readings(self) -> Iterator[Reading]:
        """The readings known now, under their identities."""
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
        """The failure of the run, and the step of the server at fault; None if it passes."""
        if self.vote.offset is None and self.vote.candidates:
            return Failure(Cause.EXPECTATION, discord_sentence(self.vote)), None
        losing = [server for server in self.servers if server.lost_votes]
        bad = [(failure, server.step) for server in losing for failure in server.failures()]
        if bad and 2 * len(self.vote.truechimers) <= self._electorate():
            return _first_of(bad, len(self.vote.truechimers), self._electorate())
        assert self.consensus is not None
        if abs(self.consensus) > self.settings.max_offset:
            beyond = [f"beyond {name} {limit:g} s" for name, limit in self._beyond(self.consensus)]
            sentence = clock_sentence(self.vote, self.settings.max_offset)
            return Failure(Cause.EXPECTATION, "; ".join([sentence, *beyond])), None
        return None

    def _electorate(self) -> int:
        """The number of expected votes: those given and those missing."""
        lost = (vote for server in self.servers for vote in server.lost_votes)
        return len({*map(machine, self.voters), *lost})

    def _beyond(self, consensus: float) -> Iterator[tuple[str, float]]:
        return ((name, limit) for name, limit in self.settings.margins if margin(limit, consensus) < 0)

    def warnings(self) -> Iterator[Warning]:
        """The warnings beside the failure of the run."""
        failed = self.failure()
        told = str(failed[0]) if failed else ""
        for server in self.servers:
            sentences = dict.fromkeys(str(failure) for failure in server.failures())
            yield from (Warning("source", sentence) for sentence in sentences if not told.startswith(sentence))
            if disagreement := server.disagreement():
                yield Warning("addresses", disagreement)
        yield from self._of_leap_seconds()
        if self.vote.offset is not None:
            yield from (Warning("falseticker", falseticker_sentence(self.vote, c)) for c in self.vote.falsetickers)
        if not failed and self.consensus is not None:
            for name, limit in self._beyond(self.consensus):
                yield Warning("margin", f"this clock is {abs(self.consensus):.3f} s off: beyond {name} {limit:g} s")
        if self.settings.pool_score and (unfit := self._why_it_judges_nobody()):
            yield Warning("unscored", f"the scores stand still: {unfit}")
        foreign = [f"{n} {reason.words}" for reason, n in self._rejected().items() if reason in FOREIGN]
        if foreign:
            yield Warning("rejected", f"ignored unsolicited datagrams: {', '.join(foreign)}")


LEAPS = {1: "will have a second more", 2: "will have a second less"}
"""The meaning of leap indicators for the month's last minute in UTC (RFC 5905, figure 9)."""
FOREIGN = (Reason.SHORT, Reason.TAIL, Reason.VERSION, Reason.MODE, Reason.ORIGIN)
"""The datagrams that a well-behaved server never sends; late or duplicate answers are the network's fault."""


def conclude(servers: Sequence[Server], settings: Settings, *, was_set: bool = False) -> Outcome:
    """Let the servers vote: each machine has one vote, by the surest of its addresses that may have it."""
    labels: dict[str, Candidate] = {}
    for server in servers:
        for source in server.counting:
            if source.sample is not None:
                labels.setdefault(source.address.host, _candidate(server, source))
    voting: dict[str, list[AddressExchange]] = {}
    for server in servers:
        for source in server.voters:
            voting.setdefault(source.machine, []).append(source)
    hosts = [min(sources, key=_bound).address.host for sources in voting.values()]
    voters = {host: labels[host] for host in hosts}
    return Outcome(tuple(servers), settings, vote(tuple(voters.values())), labels, voters, was_set)


def _bound(source: AddressExchange) -> int:
    assert source.sample is not None
    return source.sample.bound


def _candidate(server: Server, source: AddressExchange) -> Candidate:
    assert source.sample is not None
    return Candidate(server.label(source), source.sample.offset, source.sample.bound, source.sample.reference)


def _first_of(
    bad: list[tuple[Failure, PlannedStep]], agreeing: int, electorate: int
) -> tuple[Failure, PlannedStep | None]:
    failure, step = bad[0]
    more = f"; only {agreeing} of {electorate} sources agree" if agreeing else and_more(bad)
    return Failure(failure.cause, failure.message + more), step


def _once(sources: Iterable[AddressExchange]) -> list[AddressExchange]:
    return list({source.address: source for source in sources}.values())
