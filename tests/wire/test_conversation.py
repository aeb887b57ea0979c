"""Conversations over TCP and datagrams over UDP, as SMTP and NTP have them, and their times."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
import trustme

from collectd_inode.model import Cause, Phase, Stamps, Status
from collectd_inode.run import Run
from collectd_inode.wire import CertificateRefused, ConnectFailed, OutOfFiles, ResolveFailed
from collectd_inode.wire.address import Address, lookup, open_socket
from collectd_inode.wire.conversation import Conversation
from collectd_inode.wire.stamps import SLACK_SECONDS
from collectd_inode.wire.tcp import Route
from collectd_inode.wire.udp import Datagrams, Instant
from tests.helpers.examples import LOOK, SetClock, observed
from tests.helpers.peers import tidily

T = TypeVar("T")
AUTHORITY = trustme.CA()


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    return context


def client_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    return context


def with_server(
    talk: Callable[[int], Awaitable[T]], tls: ssl.SSLContext | None = None, heard: asyncio.Event | None = None
) -> T:
    """Run *talk* with the port of a server that greets, says every line back, and speaks TLS after STARTTLS."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                writer.write(b"echo " + line)
                if heard is not None:
                    heard.set()
                if line == b"STARTTLS\r\n":
                    await writer.start_tls(server_tls())
        writer.close()
        done.set()

    done = asyncio.Event()

    async def main() -> T:
        server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
        try:
            result = await talk(server.sockets[0].getsockname()[1])
        finally:
            server.close()
        await done.wait()  # not after a failure: there may have been no connection
        return result

    return tidily(main())


async def reached(port: int) -> Conversation:
    made = Conversation()
    await made.resolve("127.0.0.1", port)
    await made.connect()
    return made


def test_each_part_of_a_conversation_has_its_own_time() -> None:
    """Resolve, connect, banner, a question, TLS, a question over it: each its phase, and nobody else's."""

    async def talk(port: int) -> list[tuple[list[Phase], Stamps]]:
        made, started = Conversation(Route(family="ipv4")), time.monotonic()
        parts = [await made.resolve("localhost", port), await made.connect()]
        assert await made.receive() == b"220 hello\r\n"
        parts.append(made.exchange())
        await made.send(b"STARTTLS\r\n")
        assert await made.receive() == b"echo STARTTLS\r\n"
        parts += [made.exchange(), await made.start_tls(client_tls(), "localhost")]
        await made.send(b"EHLO\r\n")
        assert await made.receive() == b"echo EHLO\r\n"
        parts.append(made.exchange())
        assert all(part.seconds > 0 for part in parts)
        assert sum(part.seconds for part in parts) <= time.monotonic() - started + len(parts) * SLACK_SECONDS
        assert {part.host for part in parts} == {"localhost"}
        await made.aclose()
        return [(list(part.phases), part.stamps) for part in parts]

    assert with_server(talk) == [
        ([Phase.RESOLVE], Stamps.KERNEL),
        ([Phase.CONNECT], Stamps.KERNEL),
        ([Phase.PROCESSING], Stamps.ELAPSED),  # the banner: nothing was sent that could have been stamped
        ([Phase.PROCESSING], Stamps.KERNEL),
        ([Phase.TLS], Stamps.KERNEL),
        ([Phase.PROCESSING], Stamps.KERNEL),
    ]


def test_a_banner_over_tls_is_timed_from_the_handshake_s_end() -> None:
    """Implicit TLS: the peer speaks first once the handshake is done."""

    async def talk(port: int) -> list[Phase]:
        made, started = await reached(port), time.monotonic()
        await made.start_tls(client_tls(), "localhost")
        assert await made.receive() == b"220 hello\r\n"
        banner = made.exchange()
        assert 0 <= banner.seconds <= time.monotonic() - started + SLACK_SECONDS
        await made.aclose()
        return list(banner.phases)

    assert with_server(talk, server_tls()) == [Phase.PROCESSING]


def test_what_has_come_unasked_is_seen_and_stays() -> None:
    """Between the answer to STARTTLS and TLS nobody may say a word; `pending` shows what was said, taking nothing."""

    heard = asyncio.Event()

    async def talk(port: int) -> tuple[bytes, bytes, bytes]:
        made = await reached(port)
        greeting = await made.receive()
        before = made.pending
        await made.send(b"a\r\n")
        await heard.wait()  # over loopback, what was written is there
        seen = made.pending
        assert await made.receive() == seen
        await made.aclose()
        return greeting, before, seen

    assert with_server(talk, heard=heard) == (b"220 hello\r\n", b"", b"echo a\r\n")


def test_a_refused_certificate_can_be_looked_at() -> None:
    """OpenSSL's code and the handshake come with the refusal."""

    async def talk(port: int) -> tuple[str, int | None, str]:
        made = await reached(port)
        await made.receive()
        await made.send(b"STARTTLS\r\n")
        await made.receive()
        with pytest.raises(CertificateRefused) as caught:
            await made.start_tls(client_tls(), "elsewhere.test")
        assert caught.value.tls is made.tls is not None
        return str(caught.value), caught.value.verify_code, caught.value.verify_message

    what = "Hostname mismatch, certificate is not valid for 'elsewhere.test'."
    assert with_server(talk) == (f"elsewhere.test: certificate not accepted: {what}", 62, what)


def test_nobody_there() -> None:
    """No name, no listener: the words say where."""

    async def main() -> list[str]:
        made = Conversation()
        with pytest.raises(ResolveFailed) as no_name:
            await made.resolve("nobody.invalid", 25)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        await made.resolve("127.0.0.1", port)
        with pytest.raises(ConnectFailed) as no_listener:
            await made.connect()
        await made.aclose()
        return [str(no_name.value).partition(":")[0], str(no_listener.value).replace(str(port), "PORT")]

    assert tidily(main()) == ["nobody.invalid", "127.0.0.1:PORT: connection refused"]


# Addresses.


def test_all_addresses_of_a_name_in_the_resolver_s_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """v4 and v6; ``str`` of one is what people write."""
    rows = [
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 123, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("192.0.2.7", 123)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows)
    found, seconds = tidily(lookup("pool.test", 123))
    assert [str(address) for address in found] == ["[2001:db8::1]:123", "192.0.2.7:123"]
    assert seconds > 0


def test_an_address_is_not_looked_up() -> None:
    """It takes no time at all, not even a worker's."""
    assert tidily(lookup("127.0.0.1", 25)) == ((Address(socket.AF_INET, ("127.0.0.1", 25)),), 0.0)


# Datagrams.


@contextmanager
def listener() -> Iterator[tuple[socket.socket, Address]]:
    """A UDP socket that a test reads and answers by hand."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock, Address(socket.AF_INET, sock.getsockname())


def test_a_datagram_s_instants_are_the_kernel_s() -> None:
    """It leaves, and its answer comes, between our own looks at the clock, in this order."""

    async def main() -> tuple[bytes, Instant, Instant]:
        with listener() as (server, address):
            datagrams = Datagrams(address)
            datagrams.send(b"what time is it?")
            data, sender = server.recvfrom(100)
            server.sendto(data.upper(), sender)
            answer = await datagrams.receive()
            datagrams.close()
        assert datagrams.departure is not None
        assert datagrams.arrival is not None
        return answer, datagrams.departure, datagrams.arrival

    answer, departure, arrival = tidily(main())
    assert answer == b"WHAT TIME IS IT?"
    assert (departure.stamps, arrival.stamps) == (Stamps.KERNEL, Stamps.KERNEL)
    noticed = arrival.monotonic - departure.monotonic
    assert 0 < arrival.nanoseconds - departure.nanoseconds <= (noticed + 2 * SLACK_SECONDS) * 1e9


def test_each_datagram_has_its_own_instants() -> None:
    """Those of the last one are never taken for those of the next."""

    async def main() -> list[Instant | None]:
        found = []
        with listener() as (server, address):
            datagrams = Datagrams(address)
            for _ in range(2):
                datagrams.send(b"?")
                data, sender = server.recvfrom(100)
                server.sendto(data, sender)
                await datagrams.receive()
                found += [datagrams.departure, datagrams.arrival]
            datagrams.close()
        return found

    times = [instant.nanoseconds for instant in tidily(main()) if instant is not None]
    assert len(times) == 4
    assert times == sorted(times)


def test_what_others_send_never_arrives() -> None:
    """The socket is connected: only the peer's datagrams get through."""

    async def main() -> bytes:
        with listener() as (server, address), listener() as (stranger, _):
            datagrams = Datagrams(address)
            datagrams.send(b"?")
            _, sender = server.recvfrom(100)
            stranger.sendto(b"forged", sender)
            server.sendto(b"true", sender)
            answer = await datagrams.receive()
            datagrams.close()
        return answer

    assert tidily(main()) == b"true"


def test_a_closed_port_is_told_at_once() -> None:
    """By ICMP, without waiting for a deadline."""

    async def main() -> str:
        with listener() as (_, address):
            pass
        datagrams = Datagrams(address)
        try:
            datagrams.send(b"?")
            with pytest.raises(ConnectFailed) as caught:
                await datagrams.receive()
        finally:
            datagrams.close()
        return str(caught.value).replace(str(address), "ADDRESS")

    assert tidily(main()) == "ADDRESS: connection refused"


def test_an_address_that_is_not_ours_is_told() -> None:
    """And nothing is left open."""

    async def main() -> str:
        with listener() as (_, address), pytest.raises(ConnectFailed) as caught:
            Datagrams(address, source_address="192.0.2.1")
        return re.sub(r":\d+:", ":PORT:", str(caught.value))

    assert tidily(main()) == "127.0.0.1:PORT: cannot assign requested address"


def test_a_made_up_clock_has_no_kernel_s_stamps() -> None:
    """Instants are then that clock's own."""

    async def main() -> list[Instant | None]:
        clock = SetClock(now=1000.0)
        clock.kernel_stamps = False
        with listener() as (server, address):
            datagrams = Datagrams(address, clock=clock)
            datagrams.send(b"?")
            data, sender = server.recvfrom(100)
            clock.pass_by(0.5)
            server.sendto(data, sender)
            await datagrams.receive()
            datagrams.close()
        return [datagrams.departure, datagrams.arrival]

    assert tidily(main()) == [
        Instant(1000 * 10**9, 50.0, Stamps.ELAPSED),
        Instant(1000 * 10**9 + 5 * 10**8, 50.5, Stamps.ELAPSED),
    ]


def test_a_clock_that_was_set_meanwhile_is_not_believed() -> None:
    """An arrival before its departure: our own clock's word stands, and CLOCK_MONOTONIC gives the step away."""

    async def main() -> list[Instant | None]:
        clock = SetClock(now=4_000_000_000.0)
        with listener() as (server, address):
            datagrams = Datagrams(address, clock=clock)
            datagrams.send(b"?")
            data, sender = server.recvfrom(100)
            clock.pass_by(0.5)
            clock.epoch -= 3600
            server.sendto(data, sender)
            await datagrams.receive()
            datagrams.close()
        return [datagrams.departure, datagrams.arrival]

    assert tidily(main()) == [
        Instant(4_000_000_000 * 10**9, 50.0, Stamps.ELAPSED),
        Instant((4_000_000_000 - 3600) * 10**9 + 5 * 10**8, 50.5, Stamps.ELAPSED),
    ]


# Too many open files.


@contextmanager
def no_more_files() -> Iterator[int]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as sock:
        lowest = sock.fileno() + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest - 1, before[1]))
    try:
        yield lowest - 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_process_with_too_many_files_says_so() -> None:
    """With the limit and where it is set: an error of ours, never the site's failure."""

    async def probe(run: Run) -> None:
        with run.step(LOOK):
            open_socket(Address(socket.AF_INET, ("127.0.0.1", 25)), socket.SOCK_STREAM)

    with pytest.raises(OutOfFiles), no_more_files() as most:
        open_socket(Address(socket.AF_INET, ("127.0.0.1", 25)), socket.SOCK_STREAM)
    what = f"too many open files in this process (at most {most}; LimitNOFILE= of its systemd unit)"

    async def out_of_files(run: Run) -> None:
        with run.step(LOOK):
            raise OutOfFiles(what)

    found = observed(out_of_files, LOOK)
    assert (found.status, found.cause, found.message) == (Status.ERROR, Cause.CONFIGURATION, what)
    assert found.traceback == ""


def test_tls_is_closed_by_a_goodbye() -> None:
    """RFC 8446 section 6.1: a server that minds sees an end, not a connection that was cut."""
    heard: list[bytes | ssl.SSLError] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with server_tls().wrap_socket(connection, server_side=True, suppress_ragged_eofs=False) as secured:
            try:
                heard.extend((secured.recv(100), secured.recv(100)))
            except ssl.SSLError as error:
                heard.append(error)

    async def talk(port: int) -> None:
        conversation = Conversation()
        await conversation.resolve("127.0.0.1", port)
        await conversation.connect()
        await conversation.start_tls(client_tls(), "localhost")
        await conversation.send(b"QUIT\r\n")
        await conversation.aclose()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        asyncio.run(talk(listening.getsockname()[1]))
        thread.join()
    assert heard == [b"QUIT\r\n", b""]
