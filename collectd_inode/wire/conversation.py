"""One TCP connection on which questions and answers take turns, each timed: SMTP's kind of talk.

The caller reads `Conversation.exchange` after each answer: the measurements since the last time.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace

from collectd_inode.model import Stamps
from collectd_inode.wire.address import Address
from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.measure import Exchange
from collectd_inode.wire.tcp import Route, Stream, Timing, connect, resolve_all

_MOST_BYTES = 2**16


class Conversation:
    """Resolve, connect, then talk; TLS at any point.  Times are phases of `Exchange`, in seconds."""

    def __init__(self, route: Route | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._route, self._clock, self._host = route or Route(), clock, ""
        self._timing = Timing(clock, "")
        self.addresses: tuple[Address, ...] = ()
        """The addresses that `resolve` found, in the resolver's order."""
        self._stream: Stream | None = None
        self._unasked = False
        """Whether the peer speaks first: nothing was sent whose departure could be stamped."""

    async def resolve(self, host: str, port: int) -> Exchange:
        """Find the addresses of *host*; raises ResolveFailed."""
        self._host = host
        self._timing = Timing(self._clock, host)
        self.addresses = await resolve_all(self._route, host, port, self._timing)
        return self.exchange()

    def resolved(self, host: str, address: Address) -> None:
        """Take *address* for the one of *host*, without looking it up."""
        self._host, self.addresses = host, (address,)
        self._timing = Timing(self._clock, host)

    async def connect(self) -> Exchange:
        """Connect to the first address that `resolve` has found; raises ConnectFailed."""
        self._stream = await connect(self._route, self.addresses[0], self._host, self._timing)
        return self._spoken_to()

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> Exchange:
        """Speak TLS from here on; raises CertificateRefused, TLSFailed."""
        self._unasked = False
        await self._talking.start_tls(context, server_name)
        return self._spoken_to()

    async def send(self, data: bytes) -> None:
        """Send all of *data*; raises ProtocolBroken."""
        self._unasked = False
        self._acknowledge_at_once()
        await self._talking.say(data)

    async def receive(self) -> bytes:
        """The next bytes, b"" when the peer has closed; raises ProtocolBroken, and TLSFailed at an alert."""
        if self._unasked and self._timing.flight.sent is None:
            self._timing.flight.sent = self._talking.ready
        self._acknowledge_at_once()
        return await self._talking.read(_MOST_BYTES)

    def exchange(self) -> Exchange:
        """The measurements since the last call."""
        found = self._timing.exchange(response_code=None, size=0, finished=True)
        self._timing = Timing(self._clock, self._host)
        if self._stream is not None:
            self._stream.timing = self._timing
        if self._unasked and found.phases:
            # It began when our own clock said so, not with a stamped departure.
            found = replace(found, stamps=Stamps.ELAPSED)
        return found

    async def aclose(self) -> None:
        """Close the connection, if there is one; TLS says goodbye."""
        if self._stream is not None:
            self._stream.end()

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS connection, once there is one."""
        return None if self._stream is None else self._stream.tls

    @property
    def pending(self) -> bytes:
        """Unread bytes of the bare socket: between a reply and TLS they may come from an attacker."""
        try:
            return bytes(self._socket.recv(_MOST_BYTES, socket.MSG_PEEK))
        except OSError:  # BlockingIOError: nothing
            return b""

    @property
    def _talking(self) -> Stream:
        assert self._stream is not None
        return self._stream

    @property
    def _socket(self) -> socket.socket:
        return self._talking.socket

    def _spoken_to(self) -> Exchange:
        measured = self.exchange()
        self._unasked = True
        return measured

    def _acknowledge_at_once(self) -> None:
        """Keep the kernel from delaying an acknowledgement (it resets this option again and again).

        A server with Nagle's algorithm on keeps its next segment until then: 43 ms that are ours, not its own.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
