"""TCP and TLS on non-blocking sockets, timed: the network backend underneath httpcore.

One address, one attempt, no happy eyeballs: a service that works half the time must look like it.  Every stream
notes into the `Timing` of the exchange under way when bytes left and when they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpcore

from collectd_inode.trust.certificate import presented
from collectd_inode.wire.address import Address, lookup, open_socket
from collectd_inode.wire.clock import Clock
from collectd_inode.wire.deadline import TURNS
from collectd_inode.wire.errors import CertificateRefused, ConnectFailed, ProtocolBroken, TLSFailed
from collectd_inode.wire.measure import Exchange, Phase, Stamps
from collectd_inode.wire.stamps import (
    ANCILLARY_BYTES,
    ASK_WHEN_SENT,
    SLACK_SECONDS,
    Moment,
    between,
    connect_seconds,
    received,
    sent,
    switch_on,
)

_EARLY_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Route:
    """How to get to a host: addresses given by the operator (name → address, port or None), family, own address."""

    resolve: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    family: str = "any"
    source_address: str | None = None


@dataclass(slots=True)
class Flight:
    """One question on the wire: when its first byte left, and when the first and the last byte of the answer came."""

    sent: Moment | None = None
    first: Moment | None = None
    last: Moment | None = None

    def arrived(self, moment: Moment) -> None:
        """Bytes of the answer came."""
        self.last = moment
        self.first = self.first or moment

    @property
    def waits(self) -> tuple[Moment, Moment, Moment] | None:
        """Sent, first, last; None while there is no answer."""
        if self.sent is None or self.first is None or self.last is None:
            return None
        return self.sent, self.first, self.last


class Timing:
    """One exchange's times while it is under way."""

    def __init__(self, clock: Clock, host: str, proxy: str = "") -> None:
        self.clock, self.host = clock, host
        self.peer = f"proxy {proxy}" if proxy else host
        """Whom we are talking to, as messages call it."""
        self.phases: dict[Phase, float] = {}
        self.stamps = Stamps.KERNEL
        self.certificates: dict[str, float] = {}
        self.flight = Flight()
        self.doing = ""

    def add(self, phase: Phase, seconds: float, stamps: Stamps = Stamps.KERNEL) -> None:
        """A phase, or one more part of it, took *seconds*; one elapsed time makes the whole exchange's elapsed."""
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds
        if stamps is Stamps.ELAPSED:
            self.stamps = stamps

    def tunnelled(self) -> None:
        """What was said so far was said to a proxy, to get through it: part of connecting."""
        if waits := self.flight.waits:
            self.add(Phase.CONNECT, *between(waits[0], waits[2]))
        self.flight = Flight()
        self.peer = self.host

    def exchange(self, *, response_code: int | None, size: int, finished: bool) -> Exchange:
        """The exchange as measured.  An answer that came in one piece has no transfer phase."""
        if waits := self.flight.waits:
            sent, first, last = waits
            self.add(Phase.PROCESSING, *between(sent, first))
            if last is not first:
                self.add(Phase.TRANSFER, *between(first, last))
        return Exchange(
            host=self.host,
            phases=self.phases,
            stamps=self.stamps if self.phases else Stamps.ELAPSED,
            response_code=response_code,
            bytes=size,
            finished=finished,
            doing="" if finished else self.doing,
            certificates=self.certificates,
        )


class Stream(httpcore.AsyncNetworkStream):
    """A connected socket, with or without TLS."""

    def __init__(self, backend: Backend, sock: socket.socket, ready: Moment, *, stamped: bool) -> None:
        self._backend, self._sock, self._stamped = backend, sock, stamped
        self.ready = ready
        """When the connection, or TLS on it, stood: from here a server that speaks first is waited for."""
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._arrived: Moment | None = None
        self._asked: Moment | None = None
        """The departure whose stamp is still to come."""
        self._early = b""
        """What came in answer to something that we had not sent all of."""
        self._unsent: ProtocolBroken | None = None
        """Why something could not be sent: the reason to give if there is nothing to read either."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; b"" when the peer has closed."""
        data, self._early = self._early, b""
        try:
            data = data or await self._read(max_bytes)
        except ProtocolBroken:
            if self._unsent is None:
                raise
        if not data and self._unsent is not None:
            raise self._unsent
        if data and self._arrived is not None:
            self._backend.timing.flight.arrived(self._arrived)
            self._backend.timing.doing = f"reading the answer of {self._backend.timing.peer}"
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of *buffer*, for httpcore; raises its WriteError, upon which it looks for an answer.

        A server may answer (413, say) before it has been sent everything, and close (RFC 9112 section 9.5).
        """
        try:
            await self.say(buffer, until_answered=True)
        except ProtocolBroken as error:
            self._unsent = error
            raise httpcore.WriteError(str(error)) from None

    async def say(self, buffer: bytes, *, until_answered: bool = False) -> None:
        """Send all of *buffer*; raises ProtocolBroken; *until_answered*: httpcore.WriteError too."""
        if not buffer:
            return
        timing = self._backend.timing
        timing.doing = f"sending to {timing.peer}"
        if self._tls is not None:
            try:
                self._tls.write(buffer)
            except ssl.SSLError as error:  # the peer has said goodbye
                raise ProtocolBroken(f"{timing.peer}: {reason(error)}") from None
            buffer = self._outgoing.read()
        await self._send(buffer, timing.flight, until_answered=until_answered)
        timing.doing = f"waiting for the answer of {timing.peer}"

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        """Speak TLS from here on; raises CertificateRefused or TLSFailed."""
        timing = self._backend.timing
        timing.tunnelled()
        host = server_hostname or timing.host
        timing.doing = f"in the TLS handshake with {host}"
        self._tls = ssl_context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        try:
            await self._handshake(self._tls)
        except ssl.SSLCertVerificationError as error:
            self._sock.close()  # httpcore forgets a stream whose handshake failed
            code, why = error.verify_code, error.verify_message
            what = f"{host}: certificate not accepted: {why}"
            raise CertificateRefused(what, code=code, reason=why, tls=self._tls) from None
        except (OSError, ProtocolBroken) as error:  # SSLError is an OSError
            self._sock.close()
            why = reason(error).removeprefix(f"{timing.peer}: ")
            raise TLSFailed(f"{host}: TLS handshake failed: {why}") from None
        except BaseException:
            self._sock.close()
            raise
        finally:
            if (shown := presented(self._tls)) and shown[0].not_after is not None:
                timing.certificates[host] = shown[0].not_after
        return self

    async def aclose(self) -> None:
        """Close at once; a goodbye nobody waits for is not worth a wait."""
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a stream: is the idle peer gone, and what was agreed."""
        match info:
            case "is_readable":
                # An idle connection that has something to read has been closed (or is confused): not to be used again.
                self._take_sent()  # poll tells of the error queue too
                return _poll(self._sock)
            case "ssl_object":
                return self._tls
            case "socket":
                return self._sock
            case _:
                return None

    async def _handshake(self, tls: ssl.SSLObject) -> None:
        """The TLS handshake; what it takes is the sum of its waits, without our own arithmetic."""
        flight = Flight()
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                if self._outgoing.pending:
                    self._add_wait(flight)
                    flight = Flight()
                    await self._send(self._outgoing.read(), flight)
                await self._feed_tls()
                if self._arrived is not None:
                    flight.arrived(self._arrived)
            except ssl.SSLError:
                with contextlib.suppress(ProtocolBroken):
                    await self._flush()  # the alert that says why
                raise
            else:
                self._add_wait(flight)
                farewell = Flight()
                await self._flush(farewell)
                self.ready = farewell.sent or flight.last or self.ready
                return

    def _add_wait(self, flight: Flight) -> None:
        if waits := flight.waits:
            self._backend.timing.add(Phase.TLS, *between(waits[0], waits[2]))

    async def _read(self, max_bytes: int) -> bytes:
        if self._tls is None:
            return await self._receive(max_bytes)
        while True:
            try:
                return self._tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed_tls()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""  # many servers close without a notify; HTTP's own framing tells a cut answer
            except ssl.SSLError as error:
                raise TLSFailed(f"{self._backend.timing.peer}: {reason(error)}") from None

    async def _feed_tls(self) -> None:
        data = await self._receive(2**16)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self, flight: Flight | None = None) -> None:
        if self._outgoing.pending:
            await self._send(self._outgoing.read(), flight)

    async def _receive(self, max_bytes: int) -> bytes:
        """The next bytes off the socket; when they came is kept in ``_arrived``."""
        await TURNS.give_way()
        try:
            if self._asked is not None:  # we have just asked: there cannot be an answer yet
                await self._until_readable()
            while True:
                try:
                    data, ancillary, _, _ = self._sock.recvmsg(max_bytes, ANCILLARY_BYTES)
                except BlockingIOError:
                    await self._until_readable()
                else:
                    break
        except OSError as error:
            raise ProtocolBroken(f"{self._backend.timing.peer}: {reason(error)}") from None
        if self._asked is not None:
            self._take_sent()
        self._arrived = Moment(self._backend.timing.clock.monotonic(), received(ancillary) if self._stamped else None)
        return data

    async def _until_readable(self) -> None:
        await readable(self._sock)
        TURNS.begin()
        self._take_sent()

    async def _send(self, data: bytes, flight: Flight | None = None, *, until_answered: bool = False) -> None:
        """Send all of *data*; the first bytes of a *flight* are stamped."""
        rest = memoryview(data)
        ancillary: list[tuple[int, int, bytes]] = []
        if flight is not None and flight.sent is None:
            flight.sent = Moment(self._backend.timing.clock.monotonic())
            if self._stamped:
                self._asked, ancillary = flight.sent, ASK_WHEN_SENT
        try:
            while rest:
                try:
                    rest = rest[self._sock.sendmsg([rest], ancillary) :]
                except BlockingIOError:
                    await _writable(self._sock, or_readable=until_answered)
                    self._take_sent()
                    if until_answered and await self._answered():
                        raise httpcore.WriteError("answered already") from None
                else:
                    ancillary = []
        except OSError as error:
            raise ProtocolBroken(f"{self._backend.timing.peer}: {reason(error)}") from None

    async def _answered(self) -> bool:
        """Whether there is an answer to read; over TLS not everything that comes is one, so that is read ahead."""
        if not _poll(self._sock):
            return False
        if self._tls is None:
            return True
        await self._feed_tls()
        try:
            self._early = self._tls.read(_EARLY_BYTES)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            pass  # reading meets it again, and says what it is
        return True

    def _take_sent(self) -> None:
        stamp = sent(self._sock) if self._stamped else None
        if stamp is not None and self._asked is not None:
            self._asked.kernel, self._asked = stamp, None


async def readable(sock: socket.socket) -> None:
    """Wait until *sock* has something to read; a stamp in its error queue counts too, and is to be taken."""
    loop = asyncio.get_running_loop()
    await _ready(sock.fileno(), loop.add_reader, loop.remove_reader)


async def _writable(sock: socket.socket, *, or_readable: bool) -> None:
    loop = asyncio.get_running_loop()

    def add(number: int, wake: Callable[[], None]) -> None:
        loop.add_writer(number, wake)
        if or_readable:
            loop.add_reader(number, wake)

    def remove(number: int) -> bool:
        loop.remove_reader(number)
        return loop.remove_writer(number)

    await _ready(sock.fileno(), add, remove)


async def _ready(number: int, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
    # By number: asyncio would look a socket up, and describe it, each time.
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    add(number, wake)
    try:
        await woken
    finally:
        remove(number)


def _poll(sock: socket.socket) -> bool:
    """Whether *sock* has something to read, or its end, now."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


class Backend(httpcore.AsyncNetworkBackend):
    """Connects as the route says; ``timing`` is the exchange under way."""

    def __init__(self, route: Route, clock: Clock) -> None:
        self.route = route
        self.timing = Timing(clock, "")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        """A connected stream; raises ResolveFailed or ConnectFailed."""
        return await self.connect(await self.resolve(host, port), host)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> Stream:
        """Not a thing of ours."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """httpcore's retries would call this; we have none."""
        await asyncio.sleep(seconds)

    async def resolve(self, host: str, port: int) -> Address:
        """The address to connect to: the operator's, a literal one, or the resolver's first; raises ResolveFailed."""
        self.timing.doing = f"looking up {host}"
        given, given_port = self.route.resolve.get(host.lower(), (host, None))
        found, seconds = await lookup(given, given_port or port, family=self.route.family, clock=self.timing.clock)
        if seconds:
            self.timing.add(Phase.RESOLVE, seconds)
        return found[0]

    async def connect(self, address: Address, host: str) -> Stream:
        """A stream connected to *address*, one attempt; raises ConnectFailed."""
        clock = self.timing.clock
        self.timing.doing = f"connecting to {_shown(host, address)}"
        sock = open_socket(address, socket.SOCK_STREAM)
        started, called = clock.monotonic(), clock.nanoseconds()
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stamped = clock.kernel_stamps and switch_on(sock)
            if self.route.source_address is not None:
                sock.bind((self.route.source_address, 0))
            await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
        except OSError as error:
            sock.close()
            raise ConnectFailed(f"{_shown(host, address)}: {reason(error)}") from None
        except BaseException:
            sock.close()
            raise
        connected = clock.monotonic()
        seconds, stamps = _connecting(sock, connected - started, stamped=stamped)
        self.timing.add(Phase.CONNECT, seconds, stamps)
        return Stream(self, sock, Moment(connected, called + round(seconds * 1e9)), stamped=stamped)


def _connecting(sock: socket.socket, elapsed: float, *, stamped: bool) -> tuple[float, Stamps]:
    """What TCP's handshake took: by the kernel, unless it had to try twice or says what cannot be."""
    seconds = connect_seconds(sock) if stamped else None
    if seconds is not None and seconds <= elapsed + SLACK_SECONDS:
        return seconds, Stamps.KERNEL
    return elapsed, Stamps.ELAPSED


def _shown(host: str, address: Address) -> str:
    return str(address) if host == address.host else f"{host} ({address})"


def reason(error: BaseException) -> str:
    """The error in words: OpenSSL's reason, the system's sentence, or our own."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "the peer closed the connection"
    if isinstance(error, ssl.SSLError):
        return _of_openssl(error)
    if isinstance(error, socket.gaierror):  # its numbers are not the system's
        return str(error.strerror).lower()
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return str(error)


_OPENSSL_S_WORDS = {
    "wrong version number": "what came is not TLS",
    "packet length too long": "what came is not TLS",
    "http request": "what came is not TLS",
    "decryption failed or bad record mac": "what came is not what the server encrypted",
    "no shared cipher": "no cipher suite in common",
    "unsupported protocol": "no TLS version in common",
    "unknown error": "OpenSSL gives no reason",
}


def _of_openssl(error: ssl.SSLError) -> str:
    """OpenSSL's reason, without its file, line and the name of a protocol that nobody speaks any more.

    A reason that begins with a protocol's name is an alert of the peer's, whether it says so or not.
    """
    text = re.sub(r"^\[ssl[^\]]*\] | ?\(.*ssl\.c:\d+\)$", "", (error.reason or str(error)).replace("_", " ").lower())
    if alert := re.match(r"(?:sslv3|tlsv1|tlsv13) (?:alert )?(.*)", text):
        return f"the peer sent the TLS alert “{alert[1]}”"
    return _OPENSSL_S_WORDS.get(text, text)
