"""The wire: what is measured, what is said when it breaks, and that nothing is left open."""

from __future__ import annotations

import asyncio
import datetime
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from queue import PriorityQueue
from typing import Any

import httpx
import pytest
import trustme

from collectd_inode.model import Phase, Stamps
from collectd_inode.trust.profile import TrustProfile, context
from collectd_inode.wire import (
    SYSTEM_CLOCK,
    CertificateRefused,
    Clock,
    ConnectFailed,
    Exchange,
    OutOfFiles,
    ProtocolBroken,
    ResolveFailed,
    TLSFailed,
    WireError,
    deadline,
    workers,
)
from collectd_inode.wire.tcp import Route
from tests.helpers.examples import HUNG, CountingClock, PatientClock, WatchedTransport
from tests.helpers.peers import Conversation, answer, close, drip, hang, peer, reset, saying, tidily

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Client:
    """A transport, and the exchanges it told of."""

    def __init__(self, *, tls: ssl.SSLContext = NO_TLS, clock: Clock = SYSTEM_CLOCK, **more: Any) -> None:
        self.exchanges: list[Exchange] = []
        self.transport = WatchedTransport(tls=tls, on_exchange=self.exchanges.append, clock=clock, **more)

    async def get(self, url: str) -> bytes:
        response = await self.transport.handle_async_request(httpx.Request("GET", url))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            return b"".join([part async for part in response.stream])
        finally:
            await response.aclose()

    async def trouble(self, url: str, kind: type[BaseException]) -> str:
        """What is said when it goes wrong; the transport is closed then, as at the end of a run."""
        with pytest.raises(kind) as caught:
            await self.get(url)
        assert type(caught.value) is kind
        await self.transport.aclose()
        return str(caught.value)


def broken(conversation: bytes | Conversation) -> tuple[str, Exchange]:
    """How a conversation that breaks off is told, without the port, and its exchange."""

    async def main() -> tuple[str, Exchange]:
        async with peer(conversation) as server:
            client = Client()
            said = await client.trouble(server.url, ProtocolBroken)
        (exchange,) = client.exchanges
        return said, exchange

    return tidily(main())


@pytest.mark.parametrize("ending", [close, reset])
def test_a_kept_connection_may_be_closed_at_any_time(ending: Conversation) -> None:
    """RFC 9112 section 9.3.1: a request that meets its end goes over a new connection, as a browser has it."""

    async def main() -> None:
        async with peer(answer(b"one"), ending, answer(b"two")) as server:
            client = Client()
            assert [await client.get(server.url), await client.get(server.url)] == [b"one", b"two"]
            await client.transport.aclose()
        assert server.asked == ["GET /"] * 3
        assert [Phase.CONNECT in e.phases for e in client.exchanges] == [True, True]

    tidily(main())


def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    """A half-working service must look like it."""

    async def main() -> None:
        async with peer(close) as server:
            client = Client()
            assert "disconnected" in await client.trouble(server.url, ProtocolBroken)
        assert server.asked == ["GET /"]

    tidily(main())


def test_an_exchange_in_one_piece() -> None:
    """Connect and processing; no transfer, for there was nothing to wait for."""

    async def main() -> None:
        async with peer(answer(b"hello")) as server:
            client = Client(clock=CountingClock())
            assert await client.get(server.url) == b"hello"
            await client.transport.aclose()
        phases = {Phase.CONNECT: 0.25, Phase.PROCESSING: 0.25}
        assert client.exchanges == [
            Exchange("127.0.0.1", phases, Stamps.ELAPSED, 200, 5, True, {}, address="127.0.0.1")
        ]
        assert client.exchanges[0].seconds == 0.5

    tidily(main())


def test_an_answer_in_two_pieces_has_a_transfer_phase() -> None:
    """From its first byte to its last."""
    more = asyncio.Event()

    async def in_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        await more.wait()
        writer.write(b"def")
        await writer.drain()

    async def main() -> None:
        async with peer(in_two) as server:
            client = Client(clock=CountingClock())
            response = await client.transport.handle_async_request(httpx.Request("GET", server.url))
            more.set()
            assert isinstance(response.stream, httpx.AsyncByteStream)
            assert b"".join([part async for part in response.stream]) == b"abcdef"
            await response.aclose()
            await client.transport.aclose()
        phases = {Phase.CONNECT: 0.25, Phase.PROCESSING: 0.25, Phase.TRANSFER: 0.25}
        assert client.exchanges == [Exchange("127.0.0.1", phases, Stamps.ELAPSED, 200, 6, address="127.0.0.1")]

    tidily(main())


def test_a_reused_connection_has_no_connect_phase() -> None:
    """It is absent, not 0; the next run's transport starts cold again."""

    async def main() -> None:
        async with peer(answer(b"a"), answer(b"b"), answer(b"c")) as server:
            client, later = Client(), Client()
            assert await client.get(server.url) + await client.get(server.url) == b"ab"
            await client.transport.aclose()
            assert await later.get(server.url) == b"c"
            await later.transport.aclose()
        assert len(server.callers) == 2
        assert [set(e.phases) for e in client.exchanges + later.exchanges] == [
            {Phase.CONNECT, Phase.PROCESSING},
            {Phase.PROCESSING},
            {Phase.CONNECT, Phase.PROCESSING},
        ]

    tidily(main())


def test_an_idle_connection_that_the_server_closed_is_not_used_again() -> None:
    """That it was closed is seen before anything is sent."""
    closed = asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"a"))
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def main() -> None:
        async with peer(once, answer(b"b")) as server:
            client = Client()
            assert await client.get(server.url) == b"a"
            await closed.wait()
            assert await client.get(server.url) == b"b"
            await client.transport.aclose()
        assert len(server.callers) == 2

    tidily(main())


@pytest.mark.parametrize(
    ("conversation", "said"),
    [
        (close, "127.0.0.1: server disconnected without sending a response"),
        (reset, "127.0.0.1: connection reset by peer"),
        (saying(b"220 mail ESMTP\r\n\r\n"), "127.0.0.1: the answer is not HTTP: '220 mail ESMTP'"),
        (saying(b"HTTP/1.1 200 OK\r\nX: y\r\n"), "127.0.0.1: the connection was closed in the middle of the headers"),
        (saying(answer(b"hello")[:-2]), "127.0.0.1: the connection was closed after 3 of 5 bytes of the body"),
        (
            saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
            "127.0.0.1: the connection was closed in the middle of the body",
        ),
        (
            saying(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 300_000 + b"\r\n\r\n"),
            "127.0.0.1: 256 KiB arrived without the end of the headers",
        ),
    ],
    ids=["close", "reset", "garbage", "half a head", "cut", "cut chunk", "endless header"],
)  # fmt: skip
def test_what_is_said_of_a_broken_answer(conversation: Conversation, said: str) -> None:
    """Closed by the peer or unparsable; the exchange is told of all the same, as not finished."""
    text, exchange = broken(conversation)
    assert text == said
    assert not exchange.finished


def test_what_came_of_an_answer_that_broke_off() -> None:
    """Its status is known, and how many bytes there were."""
    _, exchange = broken(saying(answer(b"hello", "503 No")[:-2]))
    assert (exchange.response_code, exchange.bytes, exchange.finished) == (503, 3, False)


@pytest.mark.parametrize("conversation", [hang, drip], ids=["hang", "drip"])
def test_a_deadline_is_over_the_whole(conversation: Conversation) -> None:
    """A byte now and then does not prolong it; nothing stays open."""

    async def main() -> list[bool]:
        async with peer(conversation) as server:
            client = Client()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.get(server.url)  # it would take hours
            await client.transport.aclose()
        return [e.finished for e in client.exchanges]

    assert tidily(main()) == [False]


# Getting there


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and that nobody else will get."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def test_a_port_where_nobody_listens(closed_port: int) -> None:
    """The address that was tried is named."""
    client = Client()
    said = tidily(client.trouble(f"http://127.0.0.1:{closed_port}/", ConnectFailed))
    assert said == f"127.0.0.1:{closed_port}: connection refused"
    assert [e.finished for e in client.exchanges] == [False]


def test_the_operator_s_address_takes_the_place_of_the_resolver_s(closed_port: int) -> None:
    """With the URL's port or its own; without a resolve phase; both name and address are told when it fails."""

    async def main() -> None:
        async with peer(answer(b"here")) as server:
            client = Client(route=Route({"www.example.org": ("127.0.0.1", server.port)}))
            assert await client.get("http://WWW.example.org/") == b"here"
            await client.transport.aclose()
            assert b"\r\nHost: www.example.org\r\n" in server.heads[0]
        assert client.exchanges[0].host == "www.example.org"
        assert set(client.exchanges[0].phases) == {Phase.CONNECT, Phase.PROCESSING}

    tidily(main())
    lost = Client(route=Route({"www.example.org": ("127.0.0.1", None)}))
    said = tidily(lost.trouble(f"http://www.example.org:{closed_port}/", ConnectFailed))
    assert said == f"www.example.org (127.0.0.1:{closed_port}): connection refused"


def test_the_source_address_is_the_operator_s() -> None:
    """The server sees it."""

    async def main() -> list[str]:
        async with peer(answer()) as server:
            client = Client(route=Route(source_address="127.0.0.5"))
            await client.get(server.url)
            await client.transport.aclose()
            return server.callers

    assert tidily(main()) == ["127.0.0.5"]


@pytest.mark.parametrize(
    ("route", "kind", "said"),
    [
        (Route(source_address="192.0.2.1"), ConnectFailed, "127.0.0.1:9: cannot assign requested address"),
        (Route(source_address="::1"), ConnectFailed, "127.0.0.1:9: address family for hostname not supported"),
        (Route(family="ipv6"), ResolveFailed, '127.0.0.1: it has no IPv6 address (AddressFamily "ipv6")'),
    ],
    ids=["not ours", "other family", "no such family"],
)
def test_a_route_that_leads_nowhere(route: Route, kind: type[WireError], said: str) -> None:
    """In the system's words."""
    assert tidily(Client(route=route).trouble("http://127.0.0.1:9/", kind)) == said


@contextmanager
def resolver(lookup: Callable[..., Any]) -> Iterator[None]:
    """*lookup* in the place of the system's resolver."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


def test_a_name_is_looked_up_once_a_connection() -> None:
    """One address, one attempt; looking it up is a phase of its own."""
    asked: list[tuple[object, ...]] = []

    def lookup(host: str, port: int, family: int, *more: object) -> Any:
        asked.append((host, port, socket.AddressFamily(family).name))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)), "never looked at"]

    async def main() -> None:
        async with peer(answer()) as server:
            client = Client(clock=CountingClock(), route=Route(family="ipv4"))
            with resolver(lookup):
                await client.get(f"http://www.test:{server.port}/")
                await client.get(f"http://www.test:{server.port}/")
            await client.transport.aclose()
        assert asked == [("www.test", server.port, "AF_INET")]
        phases = {Phase.RESOLVE: 0.25, Phase.CONNECT: 0.25, Phase.PROCESSING: 0.25}
        assert client.exchanges[0].phases == phases

    tidily(main())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (OSError(errno.EIO, "Input/output error"), "input/output error"),  # what the resolver had of the system
    ],
)
def test_a_name_that_is_not_found(error: OSError, words: str) -> None:
    """The resolver's own words."""

    def lookup(*_: object) -> Any:
        raise error

    with resolver(lookup):
        assert tidily(Client().trouble("http://www.test/", ResolveFailed)) == f"www.test: {words}"


def test_a_resolver_that_may_open_no_file() -> None:
    """That is ours, whatever there is to open afterwards."""

    def lookup(*_: object) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    with resolver(lookup):
        assert tidily(Client().trouble("http://www.test/", OutOfFiles)).startswith(
            "too many open files in this process"
        )


def test_a_name_that_is_none() -> None:
    """Too long to be asked for."""
    name = "a" * 64 + ".test"
    assert tidily(Client().trouble(f"http://{name}/", ResolveFailed)) == f"{name}: not a host name"


def test_a_resolver_that_hangs_holds_nobody_up() -> None:
    """Neither the deadline nor the end of the loop waits for it."""
    begun, let_go, gone = threading.Event(), threading.Event(), threading.Event()

    def lookup(*_: object) -> Any:
        begun.set()
        let_go.wait(HUNG)
        gone.set()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def main() -> None:
        client = Client()
        with pytest.raises(TimeoutError):
            async with deadline(0.05, PatientClock(begun.is_set)):
                await client.get("http://www.test/")
        await client.transport.aclose()

    with resolver(lookup):
        tidily(main())
        assert not gone.is_set()
        let_go.set()
        assert gone.wait(HUNG)


def test_more_calls_than_workers_wait_their_turn() -> None:
    """All are done in the end; one that was given up while it waited is not begun."""
    let_go = threading.Event()
    done: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        busy = [loop.run_in_executor(None, let_go.wait, HUNG) for _ in range(workers.WORKERS)]
        given_up = loop.run_in_executor(None, done.append, 1)
        waiting = loop.run_in_executor(None, done.append, 2)
        given_up.cancel()
        await asyncio.sleep(0)  # the loop passes it on
        let_go.set()
        assert await asyncio.gather(*busy) == [True] * workers.WORKERS
        await waiting

    tidily(main())
    assert done == [2]


def test_a_page_that_is_parsed_is_done_with_before_the_next_is_begun() -> None:
    """Or as many parsed pages as there are jobs would wait, in memory, until the last of them was parsed."""
    pool = workers.DaemonPool(1, PriorityQueue())
    let_go = threading.Event()
    done: list[int] = []
    futures: list[Future[Any]] = [
        pool.submit(let_go.wait, HUNG),
        pool.submit_behind(done.append, 3),
        pool.submit_behind(done.append, 4),
    ]
    futures += [pool.submit(done.append, 1), pool.submit(done.append, 2)]
    let_go.set()
    for future in futures:
        future.result(HUNG)
    assert done == [1, 2, 3, 4]


def test_a_worker_s_exception_arrives() -> None:
    """As if the call had been made right there."""

    async def main() -> None:
        await asyncio.get_running_loop().run_in_executor(None, [].pop)

    with pytest.raises(IndexError, match="pop from empty list"):
        tidily(main())


# TLS


def server_tls(ca: trustme.CA, *names: str, **more: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("www.test",)), **more).configure_cert(made)
    return made


def over_tls(
    serving: ssl.SSLContext | None,
    profile: TrustProfile,
    *answers: bytes | Conversation,
    url: str = "https://www.test/",
) -> list[Exchange]:
    """The exchanges of two requests to https://www.test."""

    async def main() -> list[Exchange]:
        async with peer(*(answers or (answer(b"secret"),)), tls=serving) as server:
            client = Client(tls=context(profile), route=Route({"www.test": ("127.0.0.1", server.port)}))
            try:
                await client.get(url)
                await client.get(url)
            finally:
                await client.transport.aclose()
        return client.exchanges

    return tidily(main())


def test_a_final_dot_is_for_the_resolver(ca: trustme.CA, trusting: TrustProfile) -> None:
    """Neither the name that TLS asks for nor a certificate's has one (RFC 6066 section 3)."""
    serving, asked = server_tls(ca), []
    serving.sni_callback = lambda connection, name, context: asked.append(name)
    assert [e.response_code for e in over_tls(serving, trusting, url="https://www.test./")] == [200, 200]
    assert asked == ["www.test"]


def test_tls_is_a_phase_of_the_first_exchange(ca: trustme.CA, trusting: TrustProfile) -> None:
    """Beside it the end of the certificate's validity; the connection is kept alive, session tickets or not."""
    end = datetime.datetime(2040, 5, 17, 12, tzinfo=datetime.UTC)
    first, second = over_tls(server_tls(ca, not_after=end), trusting)
    assert set(first.phases) == {Phase.CONNECT, Phase.TLS, Phase.PROCESSING}
    assert first.certificates == {"www.test": end.timestamp()}
    assert (set(second.phases), second.certificates) == ({Phase.PROCESSING}, {})


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_either_tls_version_will_do(ca: trustme.CA, trusting: TrustProfile, version: ssl.TLSVersion) -> None:
    """1.2 and 1.3, by default."""
    serving = server_tls(ca)
    serving.minimum_version = serving.maximum_version = version
    assert [e.response_code for e in over_tls(serving, trusting)] == [200, 200]


def refused(serving: ssl.SSLContext | None, profile: TrustProfile, *answers: bytes | Conversation) -> str:
    with pytest.raises(WireError) as caught:
        over_tls(serving, profile, *answers)
    return f"{type(caught.value).__name__}: {caught.value}"


def alerted(serving: ssl.SSLContext, profile: TrustProfile) -> str:
    """What is said when the server ends the handshake with an alert (which asyncio's servers keep to themselves)."""

    async def main() -> str:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def serve() -> None:
                connection, _ = listening.accept()
                tls = serving.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                with pytest.raises(ssl.SSLError):
                    tls.do_handshake()
                with socket.socket(fileno=tls.detach()) as plain:
                    plain.shutdown(socket.SHUT_WR)
                    while plain.recv(2**16):  # closed with something unread, it would be reset before the alert
                        pass

            served = asyncio.get_running_loop().run_in_executor(None, serve)
            client = Client(tls=context(profile), route=Route({"www.test": listening.getsockname()}))
            said = await client.trouble("https://www.test/", TLSFailed)
            await served
        return said

    return tidily(main())


def test_certificates_that_are_not_accepted(ca: trustme.CA, trusting: TrustProfile) -> None:
    """Another name, a stranger's signature, one that has ended: each in OpenSSL's words, and nothing left open."""
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    said = "CertificateRefused: www.test:443: certificate not accepted: "
    assert refused(server_tls(ca, "other.test"), trusting) == (
        said + "Hostname mismatch, certificate is not valid for 'www.test'."
    )
    assert refused(server_tls(trustme.CA()), trusting) == said + "unable to get local issuer certificate"
    long_ago = yesterday.replace(year=yesterday.year - 1)
    expired = refused(server_tls(ca, not_after=yesterday, not_before=long_ago), trusting)
    assert expired.startswith(f"{said}certificate has expired on {yesterday:%Y-%m-%d %H:%M} UTC (subject O=trustme v")
    assert ", issuer O=trustme v" in expired
    assert CertificateRefused.__mro__[1] is TLSFailed


def test_without_verification_anybody_will_do(trusting: TrustProfile) -> None:
    """``VerifyPeer false``."""
    unbelieving = TrustProfile(trusting.ca_cert, verify=False)
    assert [e.response_code for e in over_tls(server_tls(trustme.CA(), "other.test"), unbelieving)] == [200, 200]


def test_a_client_s_certificate(ca: trustme.CA, trusting: TrustProfile, tmp_path: Path) -> None:
    """A server that asks for one gets it; without one it hangs up, which is no fault of its own certificate."""
    serving = server_tls(ca)
    serving.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(serving)
    assert alerted(serving, trusting) == "www.test:443: the peer sent the TLS alert “certificate required”"

    mine = ca.issue_cert("client.test")
    mine.private_key_pem.write_to_path(tmp_path / "key.pem")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    with_one = TrustProfile(
        trusting.ca_cert, client_cert=str(tmp_path / "cert.pem"), client_key=str(tmp_path / "key.pem")
    )
    assert [e.response_code for e in over_tls(serving, with_one)] == [200, 200]


def test_tls_that_breaks(ca: trustme.CA, trusting: TrustProfile) -> None:
    """No TLS at all, none that is new enough, a peer that hangs up: cause tls, not certificate."""
    old = server_tls(ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    start = "www.test:443: TLS handshake failed: "
    too_old = start + "the peer sent the TLS alert “protocol version”"
    assert alerted(old, TrustProfile(trusting.ca_cert, minimum="1.3")) == too_old

    async def no_tls(answering: bytes) -> str:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(answering)
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Client(tls=context(trusting), route=Route({"www.test": ("127.0.0.1", port)}))
        text = await client.trouble("https://www.test/", TLSFailed)
        server.close()
        await server.wait_closed()
        return text

    not_tls = start + "the answer is not TLS, or was changed on the way"
    assert workers.run(no_tls(b"HTTP/1.0 400 Bad Request\r\n\r\n")) == not_tls
    assert workers.run(no_tls(b"")) in (start + "the peer closed the connection", start + "connection reset by peer")


def test_a_handshake_that_hangs_is_ended_by_the_deadline(trusting: TrustProfile) -> None:
    """And its socket is closed."""

    async def main() -> None:
        silent = socket.create_server(("127.0.0.1", 0))
        client = Client(tls=context(trusting), route=Route({"www.test": silent.getsockname()[:2]}))

        def shaking_hands() -> bool:
            return client.transport.doing == "in the TLS handshake with www.test"

        with pytest.raises(TimeoutError):
            async with deadline(0.05, PatientClock(shaking_hands)):
                await client.get("https://www.test/")
        accepted, _ = silent.accept()
        accepted.settimeout(HUNG)
        assert accepted.recv(2**16)[:1] == b"\x16"  # the client's hello…
        assert accepted.recv(1) == b""  # …and then its end, although the transport is still there
        accepted.close()
        silent.close()
        await client.transport.aclose()

    tidily(main())


def test_a_cut_answer_over_tls_is_a_cut_answer(ca: trustme.CA, trusting: TrustProfile) -> None:
    """A close without notify is told by HTTP's own framing."""
    said = refused(server_tls(ca), trusting, saying(answer(b"hello")[:-2]))
    assert said == "ProtocolBroken: www.test: the connection was closed after 3 of 5 bytes of the body"


# Proxies


def test_a_proxy_is_asked_in_the_site_s_place() -> None:
    """For http with the whole URL and the operator's name and password."""

    async def main() -> list[bytes]:
        async with peer(answer(b"by proxy")) as server:
            client = Client(proxy=f"http://me:pass@127.0.0.1:{server.port}")
            assert await client.get("http://www.test/page") == b"by proxy"
            await client.transport.aclose()
            return server.heads

    (head,) = tidily(main())
    assert head.startswith(b"GET http://www.test/page HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==\r\n" in head


def test_a_proxy_that_refuses_is_a_failed_connection() -> None:
    """Its status is told; the exchange has none, for the site never answered."""

    async def main() -> tuple[str, Exchange]:
        async with peer(answer(b"", "403 Forbidden")) as server:
            client = Client(proxy=server.url)
            said = await client.trouble("https://www.test/", ConnectFailed)
            return said.replace(str(server.port), "PORT"), client.exchanges[0]

    said, exchange = tidily(main())
    assert said == "proxy 127.0.0.1:PORT: 403 Forbidden"
    assert exchange.response_code is None


def test_a_proxy_s_rubbish_is_not_the_site_s() -> None:
    """Until the tunnel stands it is the proxy that we talk to; and a proxied http site is never talked to."""

    async def main(url: str) -> str:
        async with peer(saying(b"220 mail ESMTP\r\n\r\n")) as server:
            client = Client(proxy=server.url)
            return (await client.trouble(url, ProtocolBroken)).replace(str(server.port), "PORT")

    said = "proxy 127.0.0.1:PORT: the answer is not HTTP: '220 mail ESMTP'"
    assert [tidily(main(url)) for url in ("https://www.test/", "http://www.test/")] == [said, said]


def test_the_way_through_a_proxy_is_part_of_connecting(ca: trustme.CA, trusting: TrustProfile) -> None:
    """https is tunnelled: TLS is the site's own, end to end."""

    async def main() -> Exchange:
        async with peer(answer(b"behind"), tls=server_tls(ca)) as site:

            async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                site_reader, site_writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")

                async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
                    while data := await source.read(2**16):
                        to.write(data)
                    to.close()

                try:
                    await asyncio.gather(copy(reader, site_writer), copy(site_reader, writer))
                finally:
                    site_writer.close()

            async with peer(tunnel) as proxy:
                client = Client(tls=context(trusting), proxy=proxy.url)
                assert await client.get("https://www.test/") == b"behind"
                await client.transport.aclose()
            assert proxy.asked == ["CONNECT www.test:443"]
        return client.exchanges[0]

    exchange = tidily(main())
    assert set(exchange.phases) == {Phase.CONNECT, Phase.TLS, Phase.PROCESSING}
    assert (exchange.host, list(exchange.certificates)) == ("www.test", ["www.test"])


def test_a_place_that_is_given_for_a_port_goes_before_that_for_the_name() -> None:
    """A staging server has both schemes on ports of its own."""
    route = Route({"a.test": ("192.0.2.7", 8080), "a.test:443": ("192.0.2.8", None), "[2001:db8::1]:80": ("::1", 81)})
    asked = [("A.test.", 80), ("a.test", 443), ("b.test", 443), ("2001:db8::1", 80), ("2001:db8::1", 443)]
    assert [route.place(*one) for one in asked] == [
        ("192.0.2.7", 8080), ("192.0.2.8", 443), ("b.test", 443), ("::1", 81), ("2001:db8::1", 443),
    ]  # fmt: skip
