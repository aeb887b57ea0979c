"""Datagrams with the instants at which they left and came, as the kernel saw them.

The socket is connected: the kernel drops datagrams of others, and reports at once when nobody listens at the peer.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from collectd_inode.model import Stamps
from collectd_inode.wire.address import Address, open_socket
from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.deadline import TURNS
from collectd_inode.wire.errors import ConnectFailed
from collectd_inode.wire.stamps import ANCILLARY_BYTES, ASK_WHEN_SENT, SLACK_SECONDS, received, sent, switch_on
from collectd_inode.wire.tcp import readable, reason

_MOST_BYTES = 2**16
_SLACK = round(SLACK_SECONDS * 1e9)


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time: nanoseconds since the epoch, by whose clock (``stamps``), and CLOCK_MONOTONIC beside it.

    ``monotonic`` (seconds) is read when we noticed; if two instants lie further apart by one clock, one was set.
    """

    nanoseconds: int
    monotonic: float
    stamps: Stamps


class Datagrams:
    """A connected UDP socket.  Raises ConnectFailed when it cannot be one, or when the peer's host refuses."""

    def __init__(self, address: Address, *, source_address: str | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._address, self._clock = address, clock
        try:
            self._sock = open_socket(address, socket.SOCK_DGRAM)
        except OSError as error:  # a kernel without IPv6, say
            raise self._failed(error) from None
        self._stamped = clock.kernel_stamps and switch_on(self._sock)
        self.departure: Instant | None = None
        """When the last datagram left; the kernel tells soon after `send`, so ask once the answer is there."""
        self.arrival: Instant | None = None
        """When the last datagram came."""
        try:
            if source_address is not None:
                self._sock.bind((source_address, 0))
            self._sock.connect(address.sockaddr)
        except OSError as error:
            self._sock.close()
            raise self._failed(error) from None

    def send(self, data: bytes) -> None:
        """Send one datagram; raises ConnectFailed."""
        self._take_departure()
        self.departure = Instant(self._clock.nanoseconds(), self._clock.monotonic(), Stamps.ELAPSED)
        try:
            self._sock.sendmsg([data], ASK_WHEN_SENT if self._stamped else ())
        except OSError as error:
            raise self._failed(error) from None

    async def receive(self) -> bytes:
        """The next datagram, however long it takes; raises ConnectFailed as soon as the peer's host refuses."""
        await TURNS.give_way()  # a flood must not keep the loop
        while True:
            try:
                data, ancillary, _, _ = self._sock.recvmsg(_MOST_BYTES, ANCILLARY_BYTES)
            except BlockingIOError:
                await readable(self._sock)
                TURNS.begin()
                self._take_departure()
            except OSError as error:
                raise self._failed(error) from None
            else:
                break
        self._take_departure()
        self.arrival = self._stamp(received(ancillary) if self._stamped else None)
        return data

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _take_departure(self) -> None:
        """Empty the error queue; while something is in it we are woken without end."""
        stamp = sent(self._sock) if self._stamped else None
        before = self.departure
        if stamp is not None and before is not None and 0 <= stamp - before.nanoseconds <= self._since(before):
            self.departure = Instant(stamp, before.monotonic, Stamps.KERNEL)

    def _stamp(self, stamp: int | None) -> Instant:
        """The arrival by the kernel's clock, if that can be true: between the departure and now."""
        now, monotonic = self._clock.nanoseconds(), self._clock.monotonic()
        earliest = self.departure.nanoseconds if self.departure is not None else now - _SLACK
        if stamp is not None and earliest - _SLACK <= stamp <= now + _SLACK:
            return Instant(stamp, monotonic, Stamps.KERNEL)
        return Instant(now, monotonic, Stamps.ELAPSED)

    def _since(self, instant: Instant) -> int:
        return round((self._clock.monotonic() - instant.monotonic) * 1e9) + _SLACK

    def _failed(self, error: OSError) -> ConnectFailed:
        return ConnectFailed(f"{self._address}: {reason(error)}")
