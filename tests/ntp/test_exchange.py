"""One server that behaves in every way that one was seen to (facts c4), and what the run makes of it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from collectd_inode.model import Cause, Observation, Stamps
from collectd_inode.ntp import exchange
from collectd_inode.ntp.exchange import AddressExchange, Asking
from collectd_inode.ntp.packet import Reason, RejectedDatagram, timestamp
from collectd_inode.state import State
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from collectd_inode.wire.address import Address
from collectd_inode.wire.udp import Instant
from tests.helpers.ntp_jobs import IN_TIME, LATE, SHORT, asked, readings, told, warned
from tests.helpers.ntp_peer import GOOD, Behaviour, Peer, answer, ntp_peer, saying, silent
from tests.helpers.peers import tidily

KISSES = ("RATE", "DENY", "RSTR", "INIT", "STEP", "XMAS")


def served(*behaviours: Behaviour, **more: Any) -> Observation:
    """One run against one server."""

    async def main() -> Observation:
        async with ntp_peer(*behaviours) as peer:
            return await asked("127.0.0.1", port=peer.port, reached=peer.was_asked, **more)

    return tidily(main())


def within(found: dict[str, float], expected: float) -> bool:
    """Whether the offset is what the server's is, give or take what the run claims."""
    return abs(found["time_offset-127_0_0_1"] - expected) <= found["time_dispersion-127_0_0_1"]


def test_a_good_answer() -> None:
    """Every reading of a server, once."""
    observation = served(saying(root_delay=0.5, root_dispersion=0.25, stratum=3, leap=1))
    found = readings(observation)

    assert told(observation) == "passed"
    assert within(found, 0.0)
    assert found.pop("time_offset-consensus") == found.pop("time_offset-127_0_0_1")
    delay, bound = found.pop("delay-127_0_0_1"), found.pop("time_dispersion-127_0_0_1")
    assert abs(bound - delay / 2 - 0.5 - 30e-9) < 2e-9  # the server's precision
    assert found == {
        "root_delay-127_0_0_1": 0.5,
        "root_dispersion-127_0_0_1": 0.25,
        "clock_stratum-127_0_0_1": 3,
        "gauge-leap-127_0_0_1": 1,
        "gauge-reach-127_0_0_1": 1,
        "count-rejected": 0,
    }


@pytest.mark.parametrize(("ahead", "words"), [(1200, "1200.0 s behind"), (-1200, "1200.0 s ahead of")])
def test_twenty_minutes_off(ahead: float, words: str) -> None:
    observation = served(saying(ahead=ahead), margins=(("s3", 900.0), ("days", 90000.0)))
    found = readings(observation)

    assert told(observation) == (
        f"failed expectation: this clock is {words} 127.0.0.1, the limit is 0.1 s;"
        " naming the wrong one needs 3 sources; beyond s3 900 s"
    )
    assert within(found, ahead)
    assert found["gauge-margin-s3"] == 900 - abs(found["time_offset-consensus"]) < -299
    assert found["gauge-margin-days"] > 88000


def test_a_fresh_server_is_not_synchronised_whatever_its_brand() -> None:
    """ntpd's INIT, ntpd-rs' XNON, and chrony's and OpenNTPD's nothing."""
    for reference in (b"INIT", b"STEP", b"XNON", 0, b"\x7f\x7f\x01\x01"):
        assert served(saying(stratum=0, leap=3, reference_id=reference)).cause is Cause.UNSYNCHRONISED


@pytest.mark.parametrize("code", KISSES)
@pytest.mark.parametrize("leap", [0, 3])
def test_a_kiss_is_named(code: str, leap: int) -> None:
    observation = served(saying(stratum=0, leap=leap, reference_id=code.encode()))
    if leap == 3 and code in ("INIT", "STEP"):
        assert told(observation).startswith(
            f"failed unsynchronised: 127.0.0.1: the server says that it is not synchronised ({code}: it"
        )
        return

    assert told(observation).startswith(f"failed refused: 127.0.0.1: kiss-o'-death {code}: ")
    assert readings(observation) == {"count-rejected": 1, "gauge-leap-127_0_0_1": leap, "gauge-reach-127_0_0_1": 0}


SAYS = {
    "stratum 0, no code": (
        saying(stratum=0, leap=3, reference_id=0, reference=0),
        "unsynchronised: 127.0.0.1: the server says that it is not synchronised (stratum 0, leap 3)",
    ),
    "leap 3": (
        saying(leap=3),
        "unsynchronised: 127.0.0.1: the server says that it is not synchronised (leap 3)",
    ),
    "stratum 16": (saying(stratum=16), "refused: 127.0.0.1: stratum 16; a synchronised server has at most 15"),
    "stratum 17": (saying(stratum=17), "refused: 127.0.0.1: stratum 17; a synchronised server has at most 15"),
    "root dispersion 2 s": (
        saying(root_dispersion=2.0, root_delay=0),
        "unsynchronised: 127.0.0.1: its root distance is 2.000 s, the most is 1.5 s",
    ),
    "root dispersion 20 s": (
        saying(root_dispersion=20.0, root_delay=0),
        "unsynchronised: 127.0.0.1: its root distance is 20.000 s, the most is 1.5 s",
    ),
}
"""What a server says of itself, and the run's cause and message; it is not waited for anything better."""


@pytest.mark.parametrize("name", SAYS)
def test_what_a_server_says_of_itself(name: str) -> None:
    """Told at once, and not at the deadline."""
    behaviour, message = SAYS[name]
    observation = served(behaviour)

    assert told(observation) == f"failed {message}"
    assert observation.elapsed < LATE
    assert readings(observation)["count-rejected"] == 1


def ones(request: bytes) -> bytes:
    return b"\xff" * 48


def cut(length: int) -> Behaviour:
    return lambda request: answer(request)[:length]


def wrong_origin(request: bytes) -> bytes:
    return answer(request, origin=int.from_bytes(request[40:], "big") ^ 1)


def kiss_with_a_wrong_origin(request: bytes) -> bytes:
    return answer(request, origin=12345, stratum=0, reference_id=b"DENY")


STRAYS: dict[str, tuple[Behaviour, str]] = {
    "a kiss with a wrong origin": (kiss_with_a_wrong_origin, "with a wrong origin"),
    **{f"mode {mode}": (saying(mode=mode), "of another mode") for mode in (0, 1, 2, 3, 5, 6, 7)},
    "version 7": (saying(version=7), "of another version"),
    "version 1": (saying(version=1), "of another version"),
    "origin 0": (saying(origin=0), "with a wrong origin"),
    "a wrong origin": (wrong_origin, "with a wrong origin"),
    **{f"{length} bytes": (cut(length), "too short") for length in (0, 12, 47)},
    "three bytes behind it": (lambda request: answer(request) + b"abc", "of an impossible length"),
    "a crypto-NAK": (lambda request: answer(request) + bytes(4), "of an impossible length"),
    "48 bytes of ones": (ones, "of another version"),
}
"""What is no answer to anything that was asked, and how it is called."""


@pytest.mark.parametrize("name", STRAYS)
def test_what_is_no_answer_is_ignored_and_counted(name: str) -> None:
    """Until the deadline, which says what was ignored."""
    behaviour, words = STRAYS[name]
    observation = served(behaviour, patience=SHORT)

    assert told(observation) == f"failed timeout: 127.0.0.1: no answer within N s (ignored 1 {words})"
    assert readings(observation) == {"count-rejected": 1, "gauge-reach-127_0_0_1": 0}
    assert warned(observation) == [f"rejected: ignored unsolicited datagrams: 1 {words}"]


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_before_the_good_answer_changes_nothing(name: str) -> None:
    """Forged first, real second: the real one."""
    behaviour, _ = STRAYS[name]

    def both(request: bytes) -> list[bytes]:
        stray = behaviour(request)
        assert isinstance(stray, bytes)
        return [stray, answer(request)]

    observation = served(both)
    assert told(observation) == "passed"
    assert within(readings(observation), 0.0)
    assert readings(observation)["count-rejected"] == 1


NOT_TRUE = {
    "transmit 0": (saying(transmit=0), "the transmit timestamp is zero"),
    "receive 0": (saying(receive=0), "the receive timestamp is zero"),
    "received 0.5 s after it was sent": (
        saying(receive=timestamp(2_000_000_000_500_000_000), transmit=timestamp(2_000_000_000_000_000_000)),
        "answered 0.500000 s before the request came, says the server",
    ),
    "set in its own future": (
        lambda request: answer(request, now=2_000_000_000 * 10**9, reference=timestamp(2_000_000_010 * 10**9)),
        "its clock was last set 10.000000 s in its own future",
    ),
}
"""Answers that cannot be true; the run waits for one that can, and tells of it at the deadline."""


@pytest.mark.parametrize("name", NOT_TRUE)
def test_what_cannot_be_true_is_told(name: str) -> None:
    behaviour, message = NOT_TRUE[name]
    observation = served(behaviour, patience=SHORT)

    assert told(observation) == f"failed protocol: 127.0.0.1: {message}"
    assert readings(observation) == {"count-rejected": 1, "gauge-reach-127_0_0_1": 0}


@pytest.mark.parametrize("name", NOT_TRUE)
def test_what_cannot_be_true_does_not_keep_the_truth_away(name: str) -> None:
    behaviour, _ = NOT_TRUE[name]

    def both(request: bytes) -> list[bytes]:
        untrue = behaviour(request)
        assert isinstance(untrue, bytes)
        return [untrue, answer(request)]

    assert told(served(both)) == "passed"


@pytest.mark.parametrize("year", [2036.2, 2037.5, 2060.0])
def test_a_server_beyond_2036(year: float) -> None:
    """The offset is right in whatever era, and not clamped here."""
    ahead = round((year - 2026.9) * 365.25 * 86400)
    observation = served(saying(ahead=ahead))

    assert within(readings(observation), ahead)
    assert told(observation).startswith(f"failed expectation: this clock is {ahead:.1f} s behind 127.0.0.1")


def test_the_answer_to_the_previous_request_comes_first() -> None:
    """It is late, and counted; the second request's own answer is taken."""

    async def main() -> tuple[Observation, Peer]:
        def both(request: bytes) -> list[bytes]:
            return [answer(peer.requests[0], ahead=100), answer(request)]

        async with ntp_peer(silent, both) as peer:
            return await asked("127.0.0.1", port=peer.port, samples=2), peer

    observation, peer = tidily(main())
    assert told(observation) == "passed"
    assert len(peer.requests) == 2
    assert within(readings(observation), 0.0)
    assert (readings(observation)["count-rejected"], warned(observation)) == (1, [])


def test_a_second_answer_to_the_same_request_is_a_duplicate() -> None:
    """The first counts; the second is found when the next answer is waited for."""

    def twice(request: bytes) -> list[bytes]:
        return [answer(request), answer(request, ahead=100)]

    observation = served(twice, samples=2)
    assert told(observation) == "passed"
    assert (readings(observation)["count-rejected"], warned(observation)) == (1, [])


def test_a_way_of_100_ms_in_one_direction() -> None:
    """50 ms off, and the bound says so."""

    async def main() -> Observation:
        def later(request: bytes) -> Sequence[bytes]:
            asyncio.get_running_loop().call_later(0.1, peer.send, answer(request), peer.clients[-1])
            return ()

        async with ntp_peer(later) as peer:
            return await asked("127.0.0.1", port=peer.port)

    found = readings(tidily(main()))
    assert found["delay-127_0_0_1"] >= 0.1
    assert found["time_offset-127_0_0_1"] < -0.04
    assert within(found, 0.0)


def test_a_silent_server_ends_at_the_deadline() -> None:
    observation = served(silent, patience=SHORT)

    assert told(observation) == "failed timeout: 127.0.0.1: no answer within N s"
    assert readings(observation) == {"count-rejected": 0, "gauge-reach-127_0_0_1": 0}


def test_a_closed_port_says_so_at_once() -> None:
    """And not at the deadline."""

    async def main() -> tuple[Observation, int]:
        async with ntp_peer(GOOD) as peer:
            port = peer.port
        return await asked("127.0.0.1", port=port), port

    observation, port = tidily(main())
    assert told(observation) == f"failed connect: 127.0.0.1:{port}: connection refused"
    assert observation.elapsed < LATE


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_an_answer_from_elsewhere_never_arrives(host: str) -> None:
    """From another port of the same address, or from another address: the socket is connected."""

    async def main() -> tuple[Observation, bool]:
        sent = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((host, 0))

            def elsewhere(request: bytes) -> Sequence[bytes]:
                sent.append(other.sendto(answer(request, ahead=100), peer.clients[-1]))
                return ()

            async with ntp_peer(elsewhere) as peer:
                found = await asked("127.0.0.1", port=peer.port, patience=SHORT, reached=peer.was_asked)
                return found, sent == [48]

    observation, sent = tidily(main())
    assert sent
    assert told(observation) == "failed timeout: 127.0.0.1: no answer within N s"


def flooded(host: str | None) -> tuple[Observation, bool]:
    """One run under a flood from *host*, or from the server itself; whether the flood went on until its end."""
    begun, stop = threading.Event(), threading.Event()

    def flood(server: socket.socket, other: socket.socket) -> None:
        request, client = server.recvfrom(100)
        while not stop.is_set():
            other.sendto(wrong_origin(request), client)
            begun.set()

    async def main(port: int) -> tuple[Observation, bool]:
        observation = await asked("127.0.0.1", port=port, patience=SHORT, reached=begun.is_set)
        return observation, thread.is_alive()

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        server.bind(("127.0.0.1", 0))
        if host is not None:
            other.bind((host, 0))
        thread = threading.Thread(target=flood, args=(server, other if host is not None else server))
        thread.start()
        guard = threading.Timer(2 * LATE, stop.set)
        guard.start()
        try:
            return tidily(main(server.getsockname()[1]))
        finally:
            stop.set()
            guard.cancel()
            guard.join()
            thread.join()


@pytest.mark.parametrize("host", [None, "127.0.0.2"])
def test_a_flood_ends_at_the_deadline(host: str | None) -> None:
    """From another address the kernel drops it; from the server's own, every datagram is looked at."""
    observation, went_on = flooded(host)

    assert went_on
    assert told(observation).startswith("failed timeout: 127.0.0.1: no answer within N s")
    assert (readings(observation)["count-rejected"] > 0) == (host is None)


def still(when: int) -> Behaviour:
    """A clock that stands still."""
    return saying(receive=timestamp(when), transmit=timestamp(when), reference=timestamp(when))


def test_a_clock_that_stands_still_within_a_run() -> None:
    """What it said at first was no better."""
    observation = served(still(2_000_000_000 * 10**9), samples=2)

    message = "its clock stands still: the same transmit timestamp as last time"
    assert told(observation) == f"failed protocol: 127.0.0.1: {message}"


def test_a_clock_that_stands_still_between_runs() -> None:
    async def main() -> list[str]:
        state = State()
        async with ntp_peer(still(2_000_000_000 * 10**9)) as peer:
            return [told(await asked("127.0.0.1", port=peer.port, state=state)) for _ in range(2)]

    first, second = tidily(main())
    assert first.startswith("failed expectation: ")
    assert second.startswith("failed protocol: 127.0.0.1: its clock stands still")


class Line:
    """Datagrams without a socket: answers to the last request, made at once; a wall clock that may be set meanwhile."""

    set_by = 0

    def __init__(self, address: Address, *, clock: Clock) -> None:
        self.requests: list[bytes] = []
        self.departure = self.arrival = Instant(0, 0.0, Stamps.KERNEL)

    def send(self, data: bytes) -> None:
        self.requests.append(data)
        self.departure = Instant(NOW, 1.0, Stamps.KERNEL)

    async def receive(self) -> bytes:
        self.arrival = Instant(NOW + 1000 + self.set_by, 1.001, Stamps.KERNEL)
        return self.next()

    def next(self) -> bytes:
        return answer(self.requests[-1], now=NOW + 499 + len(self.requests))

    def close(self) -> None:
        pass


NOW = 1_795_000_000 * 10**9


def over(
    line: type[Line], monkeypatch: pytest.MonkeyPatch, *, samples: int = 1, patience: float = SHORT
) -> AddressExchange:
    """What a source has said over such a line."""
    monkeypatch.setattr(exchange, "Datagrams", line)
    source = AddressExchange(Address(socket.AF_INET, ("192.0.2.1", 123)))

    async def main() -> None:
        until = SYSTEM_CLOCK.monotonic() + patience
        await exchange.ask(source, Asking(samples, until, 10**9, SYSTEM_CLOCK, spacing=0.001))

    tidily(main())
    return source


def test_the_four_timestamps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a microsecond there, half back."""
    (sample,) = over(Line, monkeypatch).samples

    assert (sample.offset, sample.delay) == (0, 1000)


@pytest.mark.parametrize("seconds", [1200, -1200])
def test_a_clock_that_is_set_while_the_answer_is_on_its_way(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Ours: the wall clock and the one that is never set do not agree on how long it took."""

    class Stepped(Line):
        set_by = seconds * 10**9

    source = over(Stepped, monkeypatch)
    assert source.samples == []
    assert source.refusal == RejectedDatagram(Reason.CLOCK_SET, "this clock was set while the answer was on its way")


def test_a_flood_that_never_lets_the_socket_run_dry(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always something to read, and the deadline is kept all the same."""

    class Flood(Line):
        left = 2_000_000

        def next(self) -> bytes:
            self.left -= 1
            assert self.left, "the deadline was never looked at"
            return b""

    source = over(Flood, monkeypatch)
    assert source.sample is None
    assert set(source.rejected) == {Reason.SHORT}


def test_a_duplicate_is_not_called_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the first request comes again before that to the second."""

    class Twice(Line):
        again = 1

        def next(self) -> bytes:
            if len(self.requests) == 2 and self.again:
                self.again = 0
                return answer(self.requests[0], now=NOW + 500)
            return super().next()

    source = over(Twice, monkeypatch, samples=2, patience=IN_TIME)
    assert (len(source.samples), source.rejected) == (2, {Reason.DUPLICATE: 1})


def test_the_best_of_several_samples() -> None:
    """The answer that was held up loses, though it came last."""

    async def main() -> tuple[Observation, Peer]:
        def later(request: bytes) -> Sequence[bytes]:
            asyncio.get_running_loop().call_later(0.1, peer.send, answer(request, stratum=9), peer.clients[-1])
            return ()

        async with ntp_peer(GOOD, later) as peer:
            return await asked("127.0.0.1", port=peer.port, samples=2), peer

    observation, peer = tidily(main())
    assert len(peer.requests) == 2
    assert len(set(peer.requests)) == 2
    assert readings(observation)["clock_stratum-127_0_0_1"] == 2


def test_what_fits_into_the_deadline_is_used() -> None:
    """A hundred samples are asked for; the second would already come too late."""

    async def main() -> tuple[Observation, Peer]:
        async with ntp_peer(GOOD) as peer:
            return await asked("127.0.0.1", port=peer.port, samples=100, spacing=IN_TIME), peer

    observation, peer = tidily(main())
    assert told(observation) == "passed"
    assert len(peer.requests) == 1


def test_a_missing_sample_is_no_failure() -> None:
    """The first is waited for until the second is due."""
    observation = served(silent, GOOD, samples=2)

    assert told(observation) == "passed"


def test_one_packet_a_run_and_no_two_alike() -> None:
    """The default; each from a port of its own."""

    async def main() -> Peer:
        async with ntp_peer(GOOD) as peer:
            for _ in range(3):
                await asked("127.0.0.1", port=peer.port)
            return peer

    peer = tidily(main())
    assert (len(peer.requests), len(set(peer.requests))) == (3, 3)
    assert {request[:40] for request in peer.requests} == {bytes([0o43]) + bytes(39)}


def extension(length: int, said: int | None = None) -> bytes:
    """An extension field of so many octets (RFC 7822), which may say another length."""
    return struct.pack("!HH", 0x0104, length if said is None else said) + bytes(length - 4)


@pytest.mark.parametrize(
    ("version", "tail"),
    [
        (4, bytes(12)),
        (4, bytes(20)),
        (4, bytes(24)),
        (4, extension(28)),
        (4, extension(16) + bytes(24)),
        (4, extension(32) + extension(400) + bytes(20)),
        (4, extension(1100)),
        (3, bytes(12)),
        (3, bytes(72)),  # Microsoft's long authenticator
    ],
)
def test_extensions_and_a_mac_are_left_alone(version: int, tail: bytes) -> None:
    assert told(served(lambda request: answer(request, version=version) + tail)) == "passed"


@pytest.mark.parametrize(
    ("version", "tail"),
    [
        (4, bytes(8)),
        (4, bytes(28)),  # an extension of no length
        (4, extension(28, 1000)),
        (4, extension(28, 12)),
        (4, extension(28, 26)),
        (4, extension(32)[:30]),
        (4, extension(32) + bytes(4)),
        (4, extension(32) + bytes(32)),
        (3, bytes(8)),
    ],
)
def test_what_is_neither_extension_nor_mac_is_no_answer(version: int, tail: bytes) -> None:
    """RFC 7822 section 3, as ntpd and chronyd have it."""
    observation = served(lambda request: answer(request, version=version) + tail, patience=SHORT)
    assert told(observation) == ("failed timeout: 127.0.0.1: no answer within N s (ignored 1 of an impossible length)")
