"""TCP and TLS on non-blocking sockets, timed.

One address, one attempt, no happy eyeballs: a service that works half the time must look like it.  Every stream
notes into the `Timing` of its exchange under way when bytes left and when they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from collectd_inode.model import Phase, Stamps
from collectd_inode.trust.certificate import Certificate, end_of_validity, presented, summary
from collectd_inode.wire.address import Address, lookup, open_socket
from collectd_inode.wire.clock import Clock
from collectd_inode.wire.deadline import TURNS
from collectd_inode.wire.errors import CertificateRefused, ConnectFailed, ProtocolBroken, TLSFailed
from collectd_inode.wire.measure import Exchange
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
_FIRST_BYTES = 64


@dataclass(frozen=True, slots=True)
class Route:
    """The route to a host: addresses given by the operator (name → address, port or None), family, own address.

    The names are in lower case, ASCII and without a final dot.  One with a port (``www.example.org:443``) goes before
    the same without.
    """

    resolve: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    family: str = "any"
    source_address: str | None = None

    def place(self, host: str, port: int) -> tuple[str, int]:
        """The name or address to connect to for *host*, and the port there."""
        name = host.lower().removesuffix(".")
        with_port = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        address, given = self.resolve.get(with_port) or self.resolve.get(name) or (host, None)
        return address, given or port


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

    def __init__(self, clock: Clock, host: str, proxy: str = "", lane: int = 0) -> None:
        self.clock, self.host, self.lane = clock, host, lane
        self.peer = f"proxy {proxy}" if proxy else host
        """The peer's name in messages."""
        self.phases: dict[Phase, float] = {}
        self.stamps = Stamps.KERNEL
        self.certificates: dict[str, float] = {}
        self.presented: dict[str, str] = {}
        self.address = ""
        """The peer's address; unknown behind a proxy."""
        self._by_proxy = bool(proxy)
        self.flight = Flight()
        self.doing = ""
        self._held = 0.0
        """Seconds of the answer in which we did not read on."""

    @contextlib.contextmanager
    def held_up(self, doing: str) -> Iterator[None]:
        """Bracket a wait of our own in the middle of an answer: it is no part of the answer's times."""
        since, before, self.doing = self.clock.monotonic(), self.doing, doing
        yield
        self.doing = before
        self._held += self.clock.monotonic() - since

    def add(self, phase: Phase, seconds: float, stamps: Stamps = Stamps.KERNEL) -> None:
        """A phase, or one more part of it, took *seconds*; one elapsed time makes the whole exchange's elapsed."""
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds
        if stamps is Stamps.ELAPSED:
            self.stamps = stamps

    def tunnelled(self) -> None:
        """All exchanges so far were with a proxy, to get through it: they count as connecting."""
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
                seconds, stamps = between(first, last)
                self.add(Phase.TRANSFER, max(0.0, seconds - self._held), stamps)
        return Exchange(
            host=self.host,
            phases=self.phases,
            stamps=self.stamps if self.phases else Stamps.ELAPSED,
            response_code=response_code,
            bytes=size,
            finished=finished,
            doing="" if finished else self.doing,
            certificates=self.certificates,
            presented=self.presented,
            address="" if self._by_proxy else self.address,
            lane=self.lane,
        )


class Stream:
    """A connected socket, with or without TLS."""

    def __init__(self, sock: socket.socket, timing: Timing, ready: Moment, *, stamped: bool) -> None:
        self._sock, self._stamped = sock, stamped
        self.timing = timing
        """The exchange under way."""
        self.address = timing.address
        """The address at the other end."""
        self.ready = ready
        """When the connection, or TLS on it, stood: from here a server that speaks first is waited for."""
        self.tls: ssl.SSLObject | None = None
        """The TLS connection, once there is one."""
        self._tls_peer = ""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._readable = _Readable(sock)
        self._arrived: Moment | None = None
        self._asked: Moment | None = None
        """The departure whose stamp is still to come."""
        self._first = b""
        """The bytes with which the peer began TLS, to recognise a peer that does not speak it."""
        self._early = b""
        """The answer to a request that we had not sent completely."""
        self._unsent: ProtocolBroken | None = None
        """Why sending failed: the reason to report if there is nothing to read either."""

    @property
    def socket(self) -> socket.socket:
        """The socket itself, for its options."""
        return self._sock

    @property
    def is_stale(self) -> bool:
        """Whether an idle connection has something to read, or its end: either way it must not be used again."""
        self._take_sent()  # poll reports the error queue too
        return _poll(self._sock)

    async def read(self, max_bytes: int) -> bytes:
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
            self.timing.flight.arrived(self._arrived)
            self.timing.doing = f"reading the answer of {self.timing.peer}"
        return data

    async def ask(self, data: bytes) -> bool:
        """Send *data* until it is sent or an answer comes; False if it was not all sent: the answer is then to be read.

        A server may answer (413, say) before it has been sent everything, and close (RFC 9112 section 9.5).
        """
        try:
            return await self._say(data, until_answered=True)
        except ProtocolBroken as error:
            self._unsent = error
            return False

    async def say(self, data: bytes) -> None:
        """Send all of *data*; raises ProtocolBroken."""
        await self._say(data, until_answered=False)

    async def start_tls(self, context: ssl.SSLContext, name: str, port: int | None = None) -> None:
        """Speak TLS from here on; raises CertificateRefused or TLSFailed.  After either the stream is closed.

        *port* is for messages only: the one of the server, which may be behind a proxy.
        """
        timing = self.timing
        host = f"[{name}]" if ":" in name else name
        server_name = name if port is None else f"{host}:{port}"
        self._tls_peer = "" if port is None else server_name
        timing.doing = f"in the TLS handshake with {name}"
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        try:
            await self._handshake(self.tls)
        except ssl.SSLCertVerificationError as error:
            self.close()
            code, why = error.verify_code, error.verify_message
            what = f"{server_name}: certificate not accepted: {why}{_dated(self.tls, code)}"
            raise CertificateRefused(what, code=code, reason=why, tls=self.tls) from None
        except (OSError, ProtocolBroken) as error:  # SSLError is an OSError
            self.close()
            why = reason(error).removeprefix(f"{timing.peer}: ")
            raise TLSFailed(f"{server_name}: TLS handshake failed: {why}", received=self._first) from None
        except BaseException:
            self.close()
            raise
        finally:
            if (end := end_of_validity(self.tls)) is not None:
                timing.certificates[name] = end
            if certificate := summary(self.tls):
                timing.presented[name] = certificate

    def close(self) -> None:
        """Close at once, without TLS's goodbye."""
        self._readable.release()
        self._sock.close()

    def end(self) -> None:
        """Close after TLS's goodbye (RFC 8446 section 6.1), as far as it can be sent at once.

        Some servers log a connection that ends without one as an error.
        """
        if self.tls is not None:
            with contextlib.suppress(OSError):  # SSLError is one: there was no handshake, or the peer waits to be heard
                self.tls.unwrap()
            with contextlib.suppress(OSError):
                self._sock.send(self._outgoing.read())
        self.close()

    async def _say(self, data: bytes, *, until_answered: bool) -> bool:
        if not data:
            return True
        timing = self.timing
        timing.doing = f"sending to {timing.peer}"
        if self.tls is not None:
            try:
                self.tls.write(data)
            except ssl.SSLError as error:  # the peer has said goodbye
                raise ProtocolBroken(f"{timing.peer}: {reason(error)}") from None
            data = self._outgoing.read()
        all_sent = await self._send(data, timing.flight, until_answered=until_answered)
        timing.doing = f"waiting for the answer of {timing.peer}"
        return all_sent

    async def _handshake(self, tls: ssl.SSLObject) -> None:
        """The TLS handshake; its time is the sum of its waits, without our own arithmetic."""
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
            self.timing.add(Phase.TLS, *between(waits[0], waits[2]))

    async def _read(self, max_bytes: int) -> bytes:
        if self.tls is None:
            return await self._receive(max_bytes)
        while True:
            try:
                return self.tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed_tls()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""  # many servers close without a notify; HTTP's own framing tells a cut answer
            except ssl.SSLError as error:
                raise TLSFailed(f"{self._tls_peer or self.timing.peer}: {reason(error)}") from None

    async def _feed_tls(self) -> None:
        data = await self._receive(2**16)
        if data:
            self._first = self._first or data[:_FIRST_BYTES]
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
            raise ProtocolBroken(f"{self.timing.peer}: {reason(error)}") from None
        if self._asked is not None:
            self._take_sent()
        self._arrived = Moment(self.timing.clock.monotonic(), received(ancillary) if self._stamped else None)
        return data

    async def _until_readable(self) -> None:
        await self._readable.wait()
        TURNS.begin()
        self._take_sent()

    async def _send(self, data: bytes, flight: Flight | None = None, *, until_answered: bool = False) -> bool:
        """Send all of *data*, or, *until_answered*, what can be; the first bytes of a *flight* are stamped."""
        rest = memoryview(data)
        ancillary: list[tuple[int, int, bytes]] = []
        if flight is not None and flight.sent is None:
            flight.sent = Moment(self.timing.clock.monotonic())
            if self._stamped:
                self._asked, ancillary = flight.sent, ASK_WHEN_SENT
        try:
            while rest:
                try:
                    rest = rest[self._sock.sendmsg([rest], ancillary) :]
                except BlockingIOError:
                    self._readable.release()
                    await _writable(self._sock, or_readable=until_answered)
                    self._take_sent()
                    if until_answered and await self._answered():
                        return False
                else:
                    ancillary = []
        except OSError as error:
            raise ProtocolBroken(f"{self.timing.peer}: {reason(error)}") from None
        return True

    async def _answered(self) -> bool:
        """Whether there is an answer to read; over TLS not everything that comes is one, so that is read ahead."""
        if not _poll(self._sock):
            return False
        if self.tls is None:
            return True
        await self._feed_tls()
        try:
            self._early = self.tls.read(_EARLY_BYTES)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            pass  # reading meets it again, and says what it is
        return True

    def _take_sent(self) -> None:
        stamp = sent(self._sock) if self._stamped else None
        if stamp is not None and self._asked is not None:
            self._asked.kernel, self._asked = stamp, None


class _Readable:
    """Waits until a socket has something to read; a stamp in its error queue counts too, and must be read.

    The loop goes on watching between two waits, which spares two system calls each; it stops when something comes that
    nobody waits for, because epoll would report that without end.
    """

    __slots__ = ("_loop", "_number", "_waiter")

    def __init__(self, sock: socket.socket) -> None:
        self._number = sock.fileno()
        self._loop: asyncio.AbstractEventLoop | None = None
        """Set while the loop watches."""
        self._waiter: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        if self._loop is None:
            self._loop = loop
            # By number: asyncio would look a socket up, and describe it, each time.
            loop.add_reader(self._number, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def release(self) -> None:
        """Let the loop stop watching."""
        if self._loop is not None:
            self._loop.remove_reader(self._number)
            self._loop = None

    def _wake(self) -> None:
        if self._waiter is None:
            self.release()
        elif not self._waiter.done():
            self._waiter.set_result(None)


async def readable(sock: socket.socket) -> None:
    """Wait until *sock* has something to read; a stamp in its error queue counts, too, and must be read."""
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


async def resolve_all(route: Route, host: str, port: int, timing: Timing) -> tuple[Address, ...]:
    """The addresses of *host*: the operator's, a literal one, or the resolver's in its order; raises ResolveFailed."""
    timing.doing = f"looking up {host}"
    given, given_port = route.place(host, port)
    found, seconds = await lookup(given, given_port, family=route.family, clock=timing.clock)
    if seconds:
        timing.add(Phase.RESOLVE, seconds)
    return found


async def connect(route: Route, address: Address, host: str, timing: Timing) -> Stream:
    """A stream connected to *address*, one attempt; raises ConnectFailed."""
    clock = timing.clock
    timing.doing = f"connecting to {_shown(host, address)}"
    timing.address = address.host
    sock = open_socket(address, socket.SOCK_STREAM)
    started, called = clock.monotonic(), clock.nanoseconds()
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamped = clock.kernel_stamps and switch_on(sock)
        if route.source_address is not None:
            sock.bind((route.source_address, 0))
        await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
    except OSError as error:
        sock.close()
        raise ConnectFailed(f"{_shown(host, address)}: {reason(error)}") from None
    except BaseException:
        sock.close()
        raise
    connected = clock.monotonic()
    seconds, stamps = _connecting(sock, connected - started, stamped=stamped)
    timing.add(Phase.CONNECT, seconds, stamps)
    return Stream(sock, timing, Moment(connected, called + round(seconds * 1e9)), stamped=stamped)


_NOT_YET_VALID, _EXPIRED = 9, 10
"""X509_V_ERR_… of OpenSSL's x509_vfy.h."""


def _dated(tls: ssl.SSLObject, code: int) -> str:
    """The dates and the name of a certificate that is not valid today; nothing for others."""
    if code not in (_NOT_YET_VALID, _EXPIRED):
        return ""
    ends = code == _EXPIRED

    def date(one: Certificate) -> float | None:
        return one.not_after if ends else one.not_before

    known = [one for one in presented(tls) if date(one) is not None]
    if not known:
        return ""
    # The one that is furthest off: mostly the server's own, sometimes an intermediate.
    worst = (min if ends else max)(known, key=lambda one: date(one) or 0.0)
    when = datetime.datetime.fromtimestamp(date(worst) or 0.0, datetime.UTC)
    what = "on" if ends else "valid from"
    return f" {what} {when:%Y-%m-%d %H:%M} UTC (subject {worst.subject or 'empty'}, issuer {worst.issuer or 'empty'})"


def _connecting(sock: socket.socket, elapsed: float, *, stamped: bool) -> tuple[float, Stamps]:
    """The duration of TCP's handshake: by the kernel, unless it had to retry or reports an impossible value."""
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


_NOT_TLS = "the answer is not TLS, or was changed on the way"
"""One sentence for both: since OpenSSL 3.2 nearly all of it is a *record layer failure*, before it many things."""

_OPENSSL_S_WORDS = {
    "record layer failure": _NOT_TLS,
    "wrong version number": _NOT_TLS,
    "packet length too long": _NOT_TLS,
    "bad record type": _NOT_TLS,
    "unexpected record": _NOT_TLS,
    "unexpected message": _NOT_TLS,
    "not on record boundary": _NOT_TLS,
    "invalid ccs message": _NOT_TLS,
    "bad change cipher spec": _NOT_TLS,
    "internal error": _NOT_TLS,
    "http request": _NOT_TLS,
    "https proxy request": _NOT_TLS,
    "decryption failed or bad record mac": _NOT_TLS,
    "no shared cipher": "no cipher suite in common",
    "unsupported protocol": "no TLS version in common",
    "unknown error": "OpenSSL gives no reason",
}


def _of_openssl(error: ssl.SSLError) -> str:
    """OpenSSL's reason, without its file, line and the name of a protocol that nobody speaks any more.

    A reason that begins with a protocol's name is an alert of the peer's, whether it says so or not.  Python has
    OpenSSL's names for those reasons only that it knew when it was built; the rest are sentences.
    """
    said = error.reason or re.sub(r"^\[ssl[^\]]*\] | ?\(.*ssl\.c:\d+\)$", "", str(error).lower())
    text = said.replace("_", " ").lower()
    if alert := re.match(r"(?:sslv3|ssl/tls|tlsv1|tlsv13) (?:alert )?(.*)", text):
        return f"the peer sent the TLS alert “{alert[1]}”"
    return _OPENSSL_S_WORDS.get(text, text)
