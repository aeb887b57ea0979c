"""The queries to one source: requests and answers over a connected UDP socket, and their result."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from collectd_inode.model import Stamps
from collectd_inode.ntp.monitor import SAMPLES, QueryResult, concluded, seen
from collectd_inode.ntp.packet import Packet, Questions, Reason, RejectedDatagram
from collectd_inode.ntp.sample import Limits, Sample, best, judge, measure
from collectd_inode.ntp.score import Check
from collectd_inode.ntp.setting import ClockSetting, setting_at
from collectd_inode.wire import Clock, ConnectFailed, deadline
from collectd_inode.wire.address import Address, machine
from collectd_inode.wire.stamps import SLACK_SECONDS
from collectd_inode.wire.udp import Datagrams, Instant

SPACING = 2.0
"""Seconds between two packets to one source: the wait for each answer but the last."""

_SLACK = round(SLACK_SECONDS * 1e9)


@dataclass(frozen=True, slots=True)
class Asking:
    """The rules for querying a source: how often, until when (by the clock's ``monotonic``), and an answer's limits."""

    samples: int
    until: float
    root_distance: int
    clock: Clock
    spacing: float = SPACING
    is_check: bool = False
    """Whether this is a check of the pool's, which goes on after a query that was refused and an answer of no use."""


@dataclass(slots=True)
class AddressExchange:
    """One address, and its answers in one run."""

    address: Address
    before: int | None = None
    """The transmit timestamp of its last answer in the run before."""
    samples: list[Sample] = field(default_factory=list)
    unasked: str = ""
    """Why it was not queried."""
    refusal: RejectedDatagram | None = None
    """The last unusable answer."""
    failure: ConnectFailed | None = None
    rejected: Counter[Reason] = field(default_factory=Counter)
    """Every datagram that gave no sample."""
    leap: int | None = None
    transmit: int | None = None
    sightings: list[QueryResult] | None = None
    """The results that a monitor of the pool would record, query by query; None if nothing was sent."""
    stamps: Stamps | None = None
    """The source of its last answer's stamps: the kernel only if both are its."""
    waited: float = 0.0
    reachable: bool = True
    """False where this machine has no route to it, so that no query was sent."""

    @property
    def machine(self) -> str:
        """The address that names the machine: an IPv4 address and its translation (NAT64) are one."""
        return machine(self.address.host)

    @property
    def sample(self) -> Sample | None:
        """The best sample."""
        return best(self.samples)

    @property
    def check(self) -> Check | None:
        """The check that a monitor of the pool would record; None if nothing was sent."""
        return None if self.sightings is None else concluded(self.sightings)

    @property
    def kiss(self) -> str:
        """The code of the kiss-o'-death that it answered with, if any."""
        return self.refusal.kiss if self.refusal is not None else ""

    def forget_before(self, setting: ClockSetting) -> None:
        """Drop the samples by this clock as it was before it was set to its present *setting*."""
        before = [sample for sample in self.samples if sample.setting is not None and sample.setting.is_other(setting)]
        self.samples = [sample for sample in self.samples if sample not in before]
        if before and not self.samples:
            self.refusal = RejectedDatagram(Reason.CLOCK_SET, "this clock was set after the answer")

    def strays(self) -> str:
        """The ignored datagrams, in words: ``2 with a wrong origin, 1 too short``; empty if there were none."""
        return ", ".join(f"{number} {reason.words}" for reason, number in self.rejected.items() if reason.is_stray)


async def ask(source: AddressExchange, asking: Asking) -> None:
    """Query *source* and record its answers; never raises for its faults, and ends by the deadline."""
    try:
        datagrams = Datagrams(source.address, clock=asking.clock)
    except ConnectFailed as error:
        source.failure, source.reachable = error, False
        return
    source.sightings = []
    try:
        await _ask_repeatedly(source, datagrams, asking)
    except ConnectFailed as error:
        source.failure = error
    finally:
        datagrams.close()


async def _ask_repeatedly(source: AddressExchange, datagrams: Datagrams, asking: Asking) -> None:
    conversation = _Conversation(source, datagrams, asking)
    for number in range(asking.samples):
        started = asking.clock.monotonic()
        last = number + 1 == asking.samples or started + asking.spacing >= asking.until
        until = asking.until if last else started + asking.spacing
        try:
            ended = await conversation.exchange(until)
        except ConnectFailed as error:
            if last or not asking.is_check:
                raise
            source.failure, ended = error, False
        source.waited = asking.clock.monotonic() - started
        if ended or last:
            return
        await asyncio.sleep(max(0.0, started + asking.spacing - asking.clock.monotonic()))


class _Conversation:
    """The requests and answers of one run over one socket, written into the `AddressExchange`."""

    def __init__(self, source: AddressExchange, datagrams: Datagrams, asking: Asking) -> None:
        self._source, self._datagrams, self._asking = source, datagrams, asking
        self._questions = Questions()
        self._unseen, self._sent = True, 0

    async def exchange(self, until: float) -> bool:
        """Send one request and listen until then; whether the source must not be queried again in this run."""
        self._sent += 1
        self._unseen = self._sent <= SAMPLES
        self._datagrams.send(self._questions.ask())
        clock = self._asking.clock
        try:
            async with deadline(max(0.0, until - clock.monotonic()), clock):
                return await self._listen()
        except TimeoutError:
            return False

    async def _listen(self) -> bool:
        while True:
            refusal = self._take(await self._datagrams.receive())
            if refusal is None:
                return False
            self._source.rejected[refusal.reason] += 1
            if not refusal.reason.is_passed_over:
                return bool(refusal.kiss) or not self._asking.is_check or self._is_judged()
            # With a socket that always has something to read, the deadline would never be checked.
            await asyncio.sleep(0)

    def _is_judged(self) -> bool:
        """Whether the server has spoken against itself, which ends a check."""
        return any(seen.check.error for seen in self._source.sightings or ())

    def _take(self, data: bytes) -> RejectedDatagram | None:
        """Make a sample of a datagram; why not, if it cannot be done."""
        cookie = self._questions.waiting
        packet = self._questions.read(data)
        self._see(data, packet, cookie)
        if isinstance(packet, RejectedDatagram):
            return packet
        measured = self._measured(packet)
        refusal = self._complaint(packet, measured)
        if refusal is not None:
            self._source.refusal = refusal
            if refusal.reason is Reason.FROZEN:
                self._source.samples.clear()  # its earlier samples are as worthless
        if refusal is None or not refusal.reason.is_passed_over:
            self._questions.close()
            self._note(packet, measured, refusal)
        return refusal

    def _see(self, data: bytes, packet: Packet | RejectedDatagram, cookie: int | None) -> None:
        """Note the judgement of a monitor of the pool, which has a new socket for each query, on a first datagram."""
        of_old = isinstance(packet, RejectedDatagram) and packet.reason in (Reason.LATE, Reason.DUPLICATE)
        left, came = self._datagrams.departure, self._datagrams.arrival
        if of_old or not self._unseen or left is None or came is None:
            return
        self._unseen = False
        if self._source.sightings is not None and not _was_set_between(left, came):
            self._source.sightings.append(seen(data, cookie, left.nanoseconds, came.nanoseconds))

    def _measured(self, packet: Packet) -> Sample | RejectedDatagram:
        left, came = self._datagrams.departure, self._datagrams.arrival
        assert left is not None
        assert came is not None
        self._source.stamps = min(left.stamps, came.stamps)  # elapsed comes first
        if _was_set_between(left, came):
            return RejectedDatagram(Reason.CLOCK_SET, "this clock was set while the answer was on its way")
        measured = measure(packet, left.nanoseconds, came.nanoseconds)
        return replace(measured, setting=setting_at(left, came)) if isinstance(measured, Sample) else measured

    def _complaint(self, packet: Packet, measured: Sample | RejectedDatagram) -> RejectedDatagram | None:
        """The server's own statement comes first: a server without the time cannot send good timestamps."""
        limits = Limits(self._asking.root_distance, self._source.transmit or self._source.before)
        return judge(packet, limits) or (measured if isinstance(measured, RejectedDatagram) else None)

    def _note(self, packet: Packet, measured: Sample | RejectedDatagram, refusal: RejectedDatagram | None) -> None:
        source = self._source
        source.leap, source.transmit = packet.leap, packet.transmit
        if refusal is None and isinstance(measured, Sample):
            source.samples.append(measured)


def _was_set_between(left: Instant, came: Instant) -> bool:
    """Whether more, or less, time passed by the wall clock than by the one that is never set."""
    return not 0 <= came.nanoseconds - left.nanoseconds + _SLACK <= (came.monotonic - left.monotonic) * 1e9 + 2 * _SLACK
