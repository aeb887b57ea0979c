"""Kernel stamps: they are there, they are held against our own clock, and without them elapsed time is said to be."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Phase, Stamps
from collectd_inode.wire import Exchange, stamps, tcp, workers
from collectd_inode.wire.http import Transport
from collectd_inode.wire.stamps import SLACK_SECONDS, Moment, between
from collectd_inode.wire.tcp import Route
from tests.helpers.peers import answer, peer, tidily

SECONDS = st.floats(0, 1000)
NANOSECONDS = st.integers(0, 2**62)


def test_the_kernel_s_time_is_taken_where_it_can_be_true() -> None:
    """We woke up 50 ms late on both ends; the kernel knows that it was 60 µs."""
    assert between(Moment(10.0, 1_000_000), Moment(10.1, 1_060_000)) == (0.00006, Stamps.KERNEL)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (Moment(10.0, 5_000_000_000), Moment(10.1, 4_000_000_000)),  # the clock was set back meanwhile
        (Moment(10.0, 5_000_000_000), Moment(10.1, 1_205_000_000_000)),  # twenty minutes ahead
        (Moment(10.0, None), Moment(10.1, 5_000_000_000)),
        (Moment(10.0, 5_000_000_000), Moment(10.1, None)),
    ],
)
def test_stamps_that_cannot_be_true_are_not_taken(start: Moment, end: Moment) -> None:
    """A clock that was stepped, or a stamp that is missing, leaves the time that passed here."""
    seconds, whose = between(start, end)

    assert (round(seconds, 9), whose) == (0.1, Stamps.ELAPSED)


@given(SECONDS, SECONDS, NANOSECONDS, NANOSECONDS)
def test_a_time_is_never_negative_nor_longer_than_we_waited(start: float, wait: float, left: int, came: int) -> None:
    """Whatever the stamps say."""
    seconds, _ = between(Moment(start, left), Moment(start + wait, came))
    assert 0 <= seconds <= start + wait - start + SLACK_SECONDS


def test_a_socket_s_bytes_are_stamped() -> None:
    """What leaves and what comes has the kernel's stamp, between the two looks that we took at the clock."""
    with stamps.kept_on(), socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        server, _ = listening.accept()
        with client, server:
            assert stamps.switch_on(client)
            assert stamps.switch_on(server)
            assert stamps.connect_seconds(client) is not None

            def pass_on() -> tuple[int | None, int | None]:
                client.sendmsg([b"x"], stamps.ASK_WHEN_SENT)
                _, ancillary, _, _ = server.recvmsg(1, stamps.ANCILLARY_BYTES)
                return stamps.sent(client), stamps.received(ancillary)

            before = time.time_ns()
            left, came = _until(pass_on, lambda found: None not in found)
            assert left is not None
            assert came is not None
            assert before <= left <= came <= time.time_ns()
            assert stamps.sent(client) is None  # taken once


def _until(
    attempt: Callable[[], tuple[int | None, int | None]], good: Callable[[tuple[int | None, int | None]], bool]
) -> tuple[int | None, int | None]:
    """The first good attempt of a thousand: the kernel switches stamping on in its own time."""
    return next(found for found in (attempt() for _ in range(1000)) if good(found))


def _exchanges(url: str, number: int) -> list[Exchange]:
    """So many requests over one connection, in a loop as the daemon has it."""

    async def main() -> list[Exchange]:
        found: list[Exchange] = []
        transport = Transport(tls=_NO_TLS, on_exchange=found.append, route=Route())
        for _ in range(number):
            response = await transport.handle_async_request(httpx.Request("GET", url))
            assert isinstance(response.stream, httpx.AsyncByteStream)
            async for _part in response.stream:
                pass
            await response.aclose()
        await transport.aclose()
        return found

    return asyncio.run(main())


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _served(number: int) -> list[Exchange]:
    async def main() -> list[Exchange]:
        async with peer(answer(b"hello")) as server:
            return await asyncio.to_thread(_exchanges, server.url, number)

    with stamps.kept_on():
        return tidily(main())


def test_an_exchange_says_that_its_stamps_are_the_kernel_s() -> None:
    """Once the kernel has begun to stamp, connecting, processing and transfer are all by its clock."""
    served = (_served(1)[0] for _ in range(200))
    found = next(exchange for exchange in served if exchange.stamps is Stamps.KERNEL)

    assert set(found.phases) == {Phase.CONNECT, Phase.PROCESSING}
    assert all(seconds > 0 for seconds in found.phases.values())


def test_a_clock_that_is_stepped_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrivals stamped twenty minutes ahead give elapsed times, and the exchange says so."""
    real = stamps.received

    def ahead(ancillary: stamps.Ancillary) -> int | None:
        stamp = real(ancillary)
        return None if stamp is None else stamp + 1200 * 10**9

    monkeypatch.setattr(tcp, "received", ahead)
    (found,) = _served(1)

    assert found.stamps is Stamps.ELAPSED
    assert 0 < found.seconds < 1200


def test_a_kernel_without_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stamping cannot be switched on everything is measured all the same."""
    monkeypatch.setattr(tcp, "switch_on", lambda sock: False)
    (found,) = _served(1)

    assert (found.stamps, set(found.phases)) == (Stamps.ELAPSED, {Phase.CONNECT, Phase.PROCESSING})


def test_a_stamp_in_the_error_queue_does_not_cost_the_connection() -> None:
    """poll tells of the error queue; it must not be taken for a peer that has closed."""
    first, second, third = _served(3)

    assert Phase.CONNECT in first.phases
    assert set(second.phases) == set(third.phases) == {Phase.PROCESSING}


def test_the_loop_keeps_the_kernel_stamping() -> None:
    """Runs in the daemon and on the command line end with the loop's one stamped socket closed."""

    async def main() -> str:
        return "done"

    assert workers.run(main()) == "done"
