"""Bad input on the wire: whatever a peer, a resolver or this machine does, a run ends in time with a named cause.

Every example goes through `observe`, as in the daemon, and is held to leave no task and no descriptor (`tidily`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from collectd_inode.model import Observation, Phase, Stamps
from collectd_inode.observing import observe
from collectd_inode.run import Run
from collectd_inode.trust.profile import TrustProfile, context
from collectd_inode.wire import stamps, tcp
from collectd_inode.wire.tcp import Route
from collectd_inode.wire.workers import WORKERS
from tests.helpers import hostile_peers
from tests.helpers.examples import OPEN, SetClock, job, loaded, write_feature
from tests.helpers.hostile_peers import (
    HANGS,
    IN_TIME,
    LATE,
    SHORT,
    Asked,
    ByHand,
    Talk,
    flooding,
    full_backlog,
    listening,
    told,
    until_they_close,
    watched,
)
from tests.helpers.peers import Conversation, answer, close, hang, peer, reset, saying, tidily
from tests.helpers.places import ROOT

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def seen(
    *answers: bytes | Conversation, times: int = 1, seconds: float = IN_TIME, still: str = ""
) -> tuple[Observation, int]:
    """What comes of so many requests in one run, and over how many connections they went."""

    async def main() -> tuple[Observation, int]:
        async with peer(*answers) as server:
            observation = await watched(*[server.url] * times, seconds=seconds, still=still)
        return observation, len(server.callers)

    return tidily(main())


def out_of_time(observation: Observation, doing: str) -> None:
    """The deadline struck while this was being done, and not before its time."""
    assert told(observation) == f"failed timeout: not done after {SHORT:g} s: still {doing}"
    assert observation.elapsed >= SHORT


# Clocks


@pytest.mark.parametrize("minutes", [-20, 20], ids=["back", "ahead"])
def test_a_clock_that_is_set_while_the_answer_is_awaited(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """Latency is then what passed here, and says so; the run passes."""
    real = stamps.received

    def shifted(ancillary: stamps.Ancillary) -> int | None:
        stamp = real(ancillary)
        return None if stamp is None else stamp + minutes * 60 * 10**9

    monkeypatch.setattr(tcp, "received", shifted)
    observation, _ = seen(answer())
    (step,) = observation.steps
    assert (told(observation), step.stamps) == ("passed", Stamps.ELAPSED)
    assert step.seconds is not None
    assert 0 < step.seconds <= step.elapsed


def test_a_departure_without_a_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error queue stayed empty: elapsed time, and it says so."""
    monkeypatch.setattr(tcp, "sent", lambda sock: None)
    observation, _ = seen(answer())
    assert (told(observation), observation.steps[0].stamps) == ("passed", Stamps.ELAPSED)


def test_a_clock_that_is_set_during_a_run() -> None:
    """The run keeps the time at which it began, and its duration is that of the clock that is never set."""
    clock = SetClock(now=1_000_000.0)

    async def probe(run: Run) -> None:
        with run.step(OPEN):
            clock.pass_by(2.0)
            clock.epoch -= 1200

    observation = asyncio.run(observe(job(probe, OPEN), clock))
    assert (observation.time, observation.elapsed) == (1_000_000.0, 2.0)


# Connecting


def test_a_connection_that_took_two_attempts_is_timed_by_our_clock() -> None:
    """A full queue drops the first SYN; the round trip of the second (TCP_INFO) is not what the user waited."""

    async def main() -> Observation:
        with full_backlog() as (listener, empty):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            run = asyncio.create_task(watched(url))
            while not _syn_sent(listener.getsockname()[1]):  # noqa: ASYNC110 -- the kernel sets no event
                await asyncio.sleep(0)
            empty()
            serving = asyncio.get_running_loop().run_in_executor(None, _serve_one, listener)
            observation = await run
            await serving
        return observation

    observation = tidily(main())
    (step,) = observation.steps
    assert (told(observation), step.stamps) == ("passed", Stamps.ELAPSED)
    assert step.phases[Phase.CONNECT] > 0.5  # the kernel waits a second before it tries again (RFC 6298)


def _syn_sent(port: int) -> bool:
    """Whether somebody's SYN to *port* is without an answer (state 02 in /proc/net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return any(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)


def _serve_one(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(2**16)
        connection.sendall(answer())


def test_a_server_that_takes_no_connection() -> None:
    """Its queue stays full: the deadline ends the wait."""

    async def main() -> None:
        with full_backlog() as (listener, _):
            where = f"127.0.0.1:{listener.getsockname()[1]}"
            doing = f"connecting to {where}"
            out_of_time(await watched(f"http://{where}/", seconds=SHORT, still=doing), doing)

    tidily(main())


# Names


def looked_up(names: dict[str, list[str]], *, at: str = "127.0.0.1", family: str = "any") -> tuple[str, list[str]]:
    """How a run to http://www.test ends, and which of our addresses was called; the server listens at *at* alone."""
    called: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(writer.get_extra_info("sockname")[0])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer())

    async def main() -> str:
        async with listening(talk, at) as port:
            with hostile_peers.resolver(names) as made:
                observation = await watched(f"http://www.test:{port}/", route=Route(family=family))
            assert made.asked == ["www.test"]
        return told(observation).replace(str(port), "PORT")

    return tidily(main()), called


@pytest.fixture
def ipv6() -> None:
    """Fails where loopback has no ::1, and says so: what was not shown is not known."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.fail(f"this machine's loopback has no ::1 ({error}); allow IPv6 in its container")


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("family", ["any", "ipv6"])
def test_a_name_that_has_ipv6_only(family: str) -> None:
    """AddressFamily "any" or "ipv6"."""
    assert looked_up({"www.test": ["::1"]}, at="::1", family=family) == ("passed", ["::1"])


@pytest.mark.parametrize("family", ["any", "ipv4"])
def test_a_name_that_has_ipv4_only(family: str) -> None:
    """AddressFamily "any" or "ipv4"."""
    assert looked_up({"www.test": ["127.0.0.1"]}, family=family) == ("passed", ["127.0.0.1"])


@pytest.mark.usefixtures("ipv6")
def test_the_family_chooses_among_a_name_s_addresses() -> None:
    """The first of that family, wherever it stands."""
    both = {"www.test": ["::1", "127.0.0.1"]}
    assert looked_up(both, family="ipv4") == ("passed", ["127.0.0.1"])
    assert looked_up(dict(reversed(both.items())), at="::1", family="ipv6") == ("passed", ["::1"])


@pytest.mark.parametrize(("address", "family", "version"), [("127.0.0.1", "ipv6", "6"), ("::1", "ipv4", "4")])
def test_a_name_that_has_the_other_family_only(address: str, family: str, version: str) -> None:
    """Cause resolve, and which setting it was: nothing was connected to."""
    said = f'failed resolve: www.test: it has no IPv{version} address (AddressFamily "{family}")'
    assert looked_up({"www.test": [address]}, family=family) == (said, [])


def test_a_name_whose_first_address_is_dead() -> None:
    """One address, one attempt: half a service must look like it."""
    said = "failed connect: www.test (127.0.0.9:PORT): connection refused"
    assert looked_up({"www.test": ["127.0.0.9", "127.0.0.1"]}) == (said, [])


def test_a_name_with_a_hundred_addresses() -> None:
    """The first is called, and no other."""
    hundred = [f"127.0.1.{n}" for n in range(1, 101)]
    assert looked_up({"www.test": hundred}, at="0.0.0.0") == ("passed", ["127.0.1.1"])


def test_a_resolver_that_hangs() -> None:
    """The deadline strikes; meanwhile another run looks up its name, connects and passes."""

    async def main() -> None:
        async with peer(answer()) as server:
            with hostile_peers.resolver({"slow.test": HANGS, "www.test": ["127.0.0.1"]}) as made:
                run = watched("http://slow.test/", seconds=SHORT, ready=lambda: made.hanging == 1)
                slow = asyncio.create_task(run)
                assert told(await watched(f"http://www.test:{server.port}/")) == "passed"
                out_of_time(await slow, "looking up slow.test")
                assert made.hanging == 1
                assert told(await watched(f"http://www.test:{server.port}/")) == "passed"

    tidily(main())


def test_forty_lookups_that_hang_hold_nobody_else_up(tmp_path: Path) -> None:
    """Other jobs read their secrets, look up their names and pass while not one of the forty has come back."""
    (tmp_path / "page").write_text("start\n")
    feature = write_feature(tmp_path, 'When I go to "http://www.test:${port}/${page}"')
    many = [f"slow{n}.test" for n in range(40)]
    assert len(many) > WORKERS

    async def main() -> Observation:
        async with peer(answer()) as server:
            with hostile_peers.resolver({**dict.fromkeys(many, HANGS), "www.test": ["127.0.0.1"]}) as made:
                runs = [asyncio.create_task(watched(f"http://{name}:{server.port}/")) for name in many]
                assert await asyncio.to_thread(made.wait_for, len(many))
                (other,) = loaded(
                    feature,
                    variables=(("port", str(server.port)),),
                    secrets=(("page", str(tmp_path / "page")),),
                ).jobs
                observation = await observe(other, seconds=LATE)
                assert made.hanging == len(many)
                made.let_go.set()
                assert {told(run) for run in await asyncio.gather(*runs)} == {"passed"}
        assert server.asked == ["GET /start"] + ["GET /"] * len(many)
        return observation

    assert told(tidily(main())) == "passed"


def test_lookups_that_hang_do_not_pile_up_threads() -> None:
    """Five rounds of a hundred names leave no more threads than the pool may have; each run ends at its deadline."""
    many = [f"slow{n}.test" for n in range(100)]
    before = threading.active_count()

    async def main() -> int:
        with hostile_peers.resolver(dict.fromkeys(many, HANGS)):
            for _ in range(5):
                runs = await asyncio.gather(*(watched(f"http://{name}/", seconds=SHORT) for name in many))
                for name, run in zip(many, runs, strict=True):
                    out_of_time(run, f"looking up {name}")
            return threading.active_count()

    assert tidily(main()) - before <= 200


# Answers that are none


@pytest.mark.parametrize(
    ("conversation", "said"),
    [
        (saying(OK + b"X-Flood: x\r\n" * 30_000 + b"\r\n"), "256 KiB arrived without the end of the headers"),
        (saying(CHUNKED + b"0\r\n" + b"X-Flood: x\r\n" * 30_000), "256 KiB arrived without the end of the trailers"),
        (saying(CHUNKED + b"1;" + b"x" * 200_000 + b"\r\n"), "16 KiB arrived without the end of a chunk's size"),
        (saying(CHUNKED + b"zz\r\n"), "the answer is not HTTP: 'zz'"),
        (saying(CHUNKED + b"1\r\nxyz\r\n"), "the answer is not HTTP: 'yz'"),
        (saying(b"\x15\x03\x01\x00\x02\x02\x46"), r"the answer is not HTTP: '\x15\x03\x01\x00\x02\x02F'"),
        (saying(b"HTTP/1.1 020 OK\r\n\r\n"), "the answer is not HTTP: 'HTTP/1.1 020 OK'"),
        (saying(b"y" * 90_000 + b"\r\n\r\n"), f"the answer is not HTTP: '{'y' * 94}…"),
        (saying(OK + b"Content-Length: five\r\n\r\n"), "bad Content-Length"),
        (saying(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), "conflicting Content-Length headers"),
        (saying(OK + b"Transfer-Encoding: gzip\r\n\r\n"), "it uses a Transfer-Encoding that is not chunked"),
        (saying(b"HTTP/1.1 100 Continue\r\n\r\n"), "server disconnected without sending a response"),
        (
            saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
            "it switched protocols (101) without a request for it",
        ),
    ],
    ids=[
        "headers",
        "trailers",
        "size",
        "no size",
        "footer",
        "a TLS alert",
        "020",
        "a long line",
        "no length",
        "lengths",
        "coding",
        "only 100",
        "101",
    ],
)
def test_answers_that_are_none(conversation: Conversation, said: str) -> None:
    """Cause protocol."""
    assert told(seen(conversation)[0]) == f"failed protocol: 127.0.0.1: {said}"


@pytest.mark.parametrize(
    "before",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3],
    ids=["100", "103"],
)
def test_what_comes_before_an_answer_is_no_answer(before: bytes) -> None:
    """Interim answers (RFC 9110 section 15.2); the step's status is the last one's, and the connection is kept."""
    observation, connections = seen(before + answer(b"hello"), times=2)
    found = [(step.response_code, step.bytes) for step in observation.steps]
    assert (told(observation), found, connections) == ("passed", [(200, 5)] * 2, 1)


async def _interim_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.005)


async def _headers_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.005)


async def _at_our_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # to the end, which we never send before the answer
    writer.write(answer())


@pytest.mark.parametrize(
    ("conversation", "doing"),
    [
        (_interim_for_ever, "reading"),
        (_headers_for_ever, "reading"),
        (_at_our_end, "waiting for"),
        (hang, "waiting for"),
    ],
)
def test_a_conversation_without_an_end(conversation: Conversation, doing: str) -> None:
    """Interim answers or headers one by one, a peer that answers only when we have closed, or never."""
    still = f"{doing} the answer of 127.0.0.1"
    out_of_time(seen(conversation, seconds=SHORT, still=still)[0], still)


@pytest.mark.parametrize(
    ("beginning", "ever_after"),
    [
        (CHUNKED, b"1\r\nx\r\n" * 50_000),
        (CHUNKED, (b"1;" + b"x" * 15_000 + b"\r\nx\r\n") * 50),
        (OK + b"\r\n", b"x" * 1_000_000),
    ],
    ids=["chunks", "chunk extensions", "body"],
)
def test_a_peer_that_says_more_than_we_can_read_does_not_stop_the_loop(beginning: bytes, ever_after: bytes) -> None:
    """The deadline is kept, and other runs go on, although there is always something to read."""
    reading, passed = "reading the answer of 127.0.0.1", asyncio.Event()

    async def main() -> tuple[str, str, bool]:
        async with peer(answer()) as server:
            with flooding(beginning, ever_after) as flood:
                flooded = asyncio.create_task(watched(flood.url, seconds=SHORT, still=reading, ready=passed.is_set))
                await asyncio.to_thread(flood.begun.wait, LATE)
                other = told(await watched(server.url))
                passed.set()
                return told(await flooded), other, flood.gave_up.is_set()

    said = f"failed timeout: not done after {SHORT:g} s: still {reading}"
    assert tidily(main()) == (said, "passed", False)


# Answers that are more than one


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_has_no_body_ends_with_its_head(status: str) -> None:
    """RFC 9112 section 6.3: whatever its length says."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n".encode()
    observation, connections = seen(head, times=2)
    assert (told(observation), [s.bytes for s in observation.steps], connections) == ("passed", [0, 0], 1)


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
        answer(b"hello") + b"\r\n\r\n<!-- 12 ms -->",
    ],
    ids=["204", "304", "too long"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bytes_beyond_an_answer_s_end_are_no_beginning_of_the_next(first: bytes, method: str) -> None:
    """The connection is not used again, as browsers have it: the next request is answered by its own answer."""

    async def main() -> tuple[str, list[str], int]:
        async with peer(first, answer(b"second")) as server:
            observation = await watched(server.url, (method, server.url, b""))
        return told(observation), server.asked, len(server.callers)

    assert tidily(main()) == ("passed", ["GET /", f"{method} /"], 2)


def test_an_answer_to_no_question_is_not_taken() -> None:
    """A second answer right behind the first would read as one that took no time: the server is to be asked."""
    observation, connections = seen(answer(b"one") + answer(b"stray"), answer(b"no", "503 Unavailable"), times=2)
    assert (told(observation), connections) == ("failed refused: answered 503", 2)


# Half-closed


def test_a_kept_connection_that_the_peer_has_half_closed_is_not_used_again() -> None:
    """It would still read; what it cannot do any more is answer."""
    half = asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"a"))
        writer.write_eof()
        half.set()
        await until_they_close(reader)

    async def main() -> tuple[str, int]:
        async with peer(once, answer(b"b")) as server:
            observation = await watched(server.url, server.url)
        assert half.is_set()
        return told(observation), len(server.callers)

    assert tidily(main()) == ("passed", 2)


def test_a_peer_that_half_closes_without_an_answer() -> None:
    """Known at once, and not only at the deadline."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await until_they_close(reader)

    assert told(seen(nothing)[0]) == "failed protocol: 127.0.0.1: server disconnected without sending a response"


# Uploads

UPLOAD = b"x" * 20_000_000
"""More than the buffers of both ends hold."""


def uploaded(conversation: Conversation, seconds: float = IN_TIME, still: str = "") -> Observation:
    """What comes of a POST that is more than the peer takes."""

    async def main() -> Observation:
        async with peer(conversation) as server:
            return await watched(("POST", server.url, UPLOAD), seconds=seconds, still=still)

    return tidily(main())


TOO_LARGE = answer(b"too large", "413 Content Too Large", "Connection: close")


async def _refuse_and_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(TOO_LARGE)
    await writer.drain()
    await until_they_close(reader)


async def _refuse_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(TOO_LARGE)
    await writer.drain()


def _deafen(writer: asyncio.StreamWriter) -> None:
    """From now on what comes is left where it is."""
    assert isinstance(writer.transport, asyncio.Transport)
    writer.transport.pause_reading()


async def _refuse_and_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    _deafen(writer)
    writer.write(TOO_LARGE)
    await hang(reader, writer)


@pytest.mark.parametrize("conversation", [_refuse_and_read, _refuse_and_close, _refuse_and_wait])
def test_an_upload_that_is_refused_before_it_is_all_there(conversation: Conversation) -> None:
    """RFC 9112 section 9.5: the answer counts, whether the peer reads on, closes with a reset, or just waits."""
    observation = uploaded(conversation, seconds=LATE)
    assert (told(observation), observation.steps[0].response_code) == ("failed refused: answered 413", 413)


async def _reset_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(1_000_000)
    await reset(reader, writer)


@pytest.mark.parametrize("conversation", [_reset_in_the_middle, close])
def test_an_upload_that_meets_a_reset(conversation: Conversation) -> None:
    """Cause protocol; a peer that closes with something unread resets, too."""
    said = told(uploaded(conversation))
    assert said in (
        "failed protocol: 127.0.0.1: connection reset by peer",
        "failed protocol: 127.0.0.1: broken pipe",  # the reset came between two writes
    )


def test_a_peer_that_never_reads() -> None:
    """The buffers are full, and the deadline ends the wait."""

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _deafen(writer)
        await hang(reader, writer)

    out_of_time(uploaded(deaf, seconds=SHORT, still="sending to 127.0.0.1"), "sending to 127.0.0.1")


# TLS


@pytest.fixture
def serving(ca: trustme.CA) -> ssl.SSLContext:
    """What www.test serves with."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("www.test").configure_cert(made)
    return made


SITE = "https://www.test/"


def over_tls(
    talk: Talk, profile: TrustProfile, *asked: Asked, seconds: float = IN_TIME, still: str = ""
) -> Observation:
    """What comes of these requests (one to `SITE` if none is named), where *talk* serves each connection."""

    async def main() -> Observation:
        async with listening(talk) as port:
            route = Route({"www.test": ("127.0.0.1", port)})
            tls = context(profile)
            return await watched(*(asked or (SITE,)), tls=tls, route=route, seconds=seconds, still=still)

    return tidily(main())


def once_asked(serving: ssl.SSLContext, go_on: Callable[[ByHand], Awaitable[object]]) -> Talk:
    """Takes the handshake and a request, and goes on from there."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = ByHand(reader, writer, serving)
        await server.handshake()
        await server.hear()
        await go_on(server)

    return talk


def test_a_handshake_that_hangs(trusting: TrustProfile) -> None:
    """Neither an answer nor a refusal."""
    doing = "in the TLS handshake with www.test"
    out_of_time(over_tls(hang, trusting, seconds=SHORT, still=doing), doing)


NOT_TLS = "the answer is not TLS, or was changed on the way"

ALERTS = {
    10: "unexpected message",
    20: "bad record mac",
    22: "record overflow",
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown ca",
    49: "access denied",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    86: "inappropriate fallback",
    90: "user cancelled",
    109: "missing extension",
    110: "unsupported extension",
    112: "unrecognized name",
    113: "bad certificate status response",
    115: "unknown psk identity",
    116: "certificate required",
    120: "no application protocol",
}
"""RFC 8446 section 6, by OpenSSL's names."""
NAMED_LATER = frozenset({115, 120} if ssl.OPENSSL_VERSION_INFO < (3, 0, 0, 14) else ())
"""Those that this OpenSSL has no name for, such as Ubuntu 24.04's 3.0.13."""


def _alerting(number: int, level: int = 2) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(bytes([21, 3, 3, 0, 2, level, number]))  # a record: alert, version, length; fatal, which
        writer.write_eof()
        await until_they_close(reader)

    return talk


@pytest.mark.parametrize(("number", "name"), ALERTS.items(), ids=ALERTS.values())
def test_a_handshake_that_ends_in_an_alert(trusting: TrustProfile, number: int, name: str) -> None:
    """Cause tls, not certificate; no word of SSLv3, by which OpenSSL calls most of them."""
    said = told(over_tls(_alerting(number), trusting))
    why = "OpenSSL gives no reason" if number in NAMED_LATER else f"the peer sent the TLS alert “{name}”"
    assert said == f"failed tls: www.test:443: TLS handshake failed: {why}"


@pytest.mark.parametrize("number", [0, 121, 255])
def test_an_alert_that_openssl_does_not_know(trusting: TrustProfile, number: int) -> None:
    """Not its file and line."""
    said = told(over_tls(_alerting(number), trusting))
    assert said == "failed tls: www.test:443: TLS handshake failed: OpenSSL gives no reason"


def test_a_handshake_that_the_peer_leaves_with_a_notify(trusting: TrustProfile) -> None:
    """An alert as well, but a friendly one."""
    said = told(over_tls(_alerting(0, level=1), trusting))
    assert said == "failed tls: www.test:443: TLS handshake failed: the peer closed the connection"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (ssl.TLSVersion.TLSv1_2, "TLS handshake failed: the peer sent the TLS alert “handshake failure”"),
        (ssl.TLSVersion.TLSv1_3, "the peer sent the TLS alert “certificate required”"),
    ],
)
def test_a_server_that_wants_a_client_certificate(
    ca: trustme.CA, trusting: TrustProfile, serving: ssl.SSLContext, version: ssl.TLSVersion, said: str
) -> None:
    """1.2 says so in the handshake (with a general alert), 1.3 after it, in the place of the answer."""
    serving.minimum_version = serving.maximum_version = version
    serving.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(serving)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = ByHand(reader, writer, serving)
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            await server.handshake()
        writer.write_eof()
        await until_they_close(reader)

    assert told(over_tls(talk, trusting)) == f"failed tls: www.test:443: {said}"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_request_that_arrives_garbled(
    trusting: TrustProfile, serving: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    """Something between the two turns a bit over: the server says so, by an alert after the handshake."""
    serving.minimum_version = serving.maximum_version = version

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = ByHand(reader, writer, serving)
        await server.handshake()
        server.garble_in = True
        with pytest.raises(ssl.SSLError, match=r"BAD_RECORD_MAC|RECORD_LAYER_FAILURE"):
            await server.hear()
        await until_they_close(reader)

    assert told(over_tls(talk, trusting)) == "failed tls: www.test:443: the peer sent the TLS alert “bad record mac”"


def test_a_bad_certificate_is_told_of_although_its_owner_has_gone(trusting: TrustProfile) -> None:
    """That our alert could not be sent any more is not why the handshake failed."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("www.test").configure_cert(serving)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ByHand(reader, writer, serving).show_certificate()
        await reset(reader, writer)

    said = "failed certificate: www.test:443: certificate not accepted: unable to get local issuer certificate"
    assert told(over_tls(talk, trusting)) == said


def test_an_answer_that_arrives_garbled(trusting: TrustProfile, serving: ssl.SSLContext) -> None:
    """We see it ourselves; the status that came before it is known."""

    async def garbled(server: ByHand) -> None:
        await server.say(answer(b"hello")[:-2])
        server.garble_out = True
        await server.say(b"lo")
        await until_they_close(server.reader)

    observation = over_tls(once_asked(serving, garbled), trusting)
    assert told(observation) == f"failed tls: www.test:443: {NOT_TLS}"
    assert observation.steps[0].response_code == 200


NO_RECORDS = {
    "a proxy's page": answer(b"<h1>Pay for your hotel's network</h1>"),
    "a mail server's banner": b"220 mail.test ESMTP\r\n",
    "an SSH server's": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "a request": b"GET / HTTP/1.0\r\n\r\n",
    "a request to a proxy": b"CONNECT www.test:443 HTTP/1.1\r\n\r\n",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "a record that is too long": bytes([22, 3, 3, 0xFF, 0xFF]) + bytes(64),
    "a record of no TLS": bytes([22, 9, 9, 0, 8]) + b"abcdefgh",
    "a record of no type": bytes([99, 3, 3, 0, 5]) + b"hello",
}
"""What may come in the place of TLS's records; OpenSSL has nearly as many names for it, which change."""


@pytest.mark.parametrize("sent", NO_RECORDS.values(), ids=NO_RECORDS)
def test_no_tls_where_a_handshake_is_expected(trusting: TrustProfile, sent: bytes) -> None:
    """One sentence, whatever OpenSSL calls it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(sent)
        writer.write_eof()
        await until_they_close(reader)

    assert told(over_tls(talk, trusting)) == f"failed tls: www.test:443: TLS handshake failed: {NOT_TLS}"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("sent", NO_RECORDS.values(), ids=NO_RECORDS)
def test_plain_text_in_the_middle_of_tls(
    trusting: TrustProfile, serving: ssl.SSLContext, sent: bytes, version: ssl.TLSVersion
) -> None:
    """A proxy that puts its own page into the stream, for one."""
    serving.minimum_version = serving.maximum_version = version

    async def plain(server: ByHand) -> None:
        server.writer.write(sent)
        await until_they_close(server.reader)

    assert told(over_tls(once_asked(serving, plain), trusting)) == f"failed tls: www.test:443: {NOT_TLS}"


def _openssl(text: str, name: str | None = None) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL{f': {name}' if name else ''}] {text} (_ssl.c:1029)")
    error.reason = name  # type: ignore[assignment]
    return error


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("record layer failure", "RECORD_LAYER_FAILURE", NOT_TLS),
        ("record layer failure", None, NOT_TLS),
        ("no shared cipher", "NO_SHARED_CIPHER", "no cipher suite in common"),
        (
            "sslv3 alert handshake failure",
            "SSLV3_ALERT_HANDSHAKE_FAILURE",
            "the peer sent the TLS alert “handshake failure”",
        ),
        ("ssl/tls alert handshake failure", None, "the peer sent the TLS alert “handshake failure”"),
        ("unknown error", None, "OpenSSL gives no reason"),
        ("asn1 lib", None, "asn1 lib"),
    ],
)
def test_openssl_s_reasons_of_any_release(text: str, name: str | None, said: str) -> None:
    """By the name that Python has for it, or in OpenSSL's own words where Python was built with an older one."""
    assert tcp.reason(_openssl(text, name)) == said


WHOLE, CUT = answer(b"hello"), answer(b"hello")[:-2]
UNFRAMED = OK + b"Connection: close\r\n\r\nhello"


async def _just_close(server: ByHand) -> None:
    server.writer.write_eof()
    await until_they_close(server.reader)


async def _notify_and_close(server: ByHand) -> None:
    await server.notify()
    await _just_close(server)


async def _notify_and_stay(server: ByHand) -> None:
    await server.notify()
    await until_they_close(server.reader)


async def _reset(server: ByHand) -> None:
    await reset(server.reader, server.writer)


MISSING = "failed protocol: www.test: the connection was closed after 3 of 5 bytes of the body"
SILENT = "failed protocol: www.test: server disconnected without sending a response"
RESET = "failed protocol: www.test: connection reset by peer"


@pytest.mark.parametrize(
    ("said", "ending", "found"),
    [
        (WHOLE, _notify_and_close, "passed"),
        (WHOLE, _notify_and_stay, "passed"),
        (WHOLE, _just_close, "passed"),
        (WHOLE, _reset, "passed"),
        (CUT, _notify_and_close, MISSING),
        (CUT, _notify_and_stay, MISSING),
        (CUT, _just_close, MISSING),
        (CUT, _reset, RESET),
        (UNFRAMED, _notify_and_close, "passed"),
        (UNFRAMED, _notify_and_stay, "passed"),
        (UNFRAMED, _just_close, "passed"),  # as browsers take it: many servers end so
        (UNFRAMED, _reset, RESET),
        (b"", _notify_and_stay, SILENT),
        (b"", _just_close, SILENT),
        (b"", _reset, RESET),
    ],
)
def test_how_an_answer_over_tls_may_end(
    trusting: TrustProfile,
    serving: ssl.SSLContext,
    said: bytes,
    ending: Callable[[ByHand], Awaitable[None]],
    found: str,
) -> None:
    """With its length, whatever comes next; before it, broken off; without one, at any end but a reset."""

    async def saying_and_ending(server: ByHand) -> None:
        if said:
            await server.say(said)
        await ending(server)

    assert told(over_tls(once_asked(serving, saying_and_ending), trusting)) == found


def test_a_kept_connection_that_ended_its_tls_is_not_used_again(
    trusting: TrustProfile, serving: ssl.SSLContext
) -> None:
    """A close_notify on an idle connection is its end, though TCP stays open."""
    connections: list[ByHand] = []

    async def ended(server: ByHand) -> None:
        connections.append(server)
        await server.say(WHOLE)
        await _notify_and_stay(server)

    assert told(over_tls(once_asked(serving, ended), trusting, SITE, SITE)) == "passed"
    assert len(connections) == 2


def test_an_upload_over_tls_that_is_refused_before_it_is_all_there(
    trusting: TrustProfile, serving: ssl.SSLContext
) -> None:
    """The answer counts; what the peer does to the connection afterwards does not."""

    async def refuse(server: ByHand) -> None:
        await server.say(TOO_LARGE)
        await _reset(server)

    observation = over_tls(once_asked(serving, refuse), trusting, ("POST", SITE, UPLOAD))
    assert told(observation) == "failed refused: answered 413"


# This machine


def with_few_files() -> list[str]:
    """What the runs of a process print that may open `hostile_peers.FEW` files (see there)."""

    async def main() -> bytes:
        async with peer(answer()) as server:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                hostile_peers.__name__,
                server.url,
                "localhost",
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await process.communicate()
        assert process.returncode == 0
        return out

    return tidily(main()).decode().splitlines()


def test_a_process_that_may_open_no_more_files() -> None:
    """The run says that it is us, and how many there may be; later runs pass, and nothing stays open."""
    limit = f"too many open files in this process (at most {hostile_peers.FEW}; LimitNOFILE= of its systemd unit)"
    assert with_few_files() == [
        f"0 left, by address: error configuration: {limit}",
        f"0 left, by name: error configuration: {limit}",
        "1 left, by address: passed",
        "1 left, by name: passed",
        "2 left, by address: passed",
        "2 left, by name: passed",
        "3 left, by address: passed",
        "3 left, by name: passed",
        "afterwards: passed",
        "still open: 0",
    ]
