"""The demonstration's time servers, as ntplib sees them."""

from __future__ import annotations

import socket

import ntplib  # type: ignore[import-untyped]
import pytest

from demo.site import Outage
from demo.timeservers import ADDRESSES, LIE, TimeServers, answer, timestamp
from tests.helpers.examples import HUNG

NEVER, ALWAYS = Outage(0, 1, 0), Outage(1, 1, 0)


def offsets(servers: TimeServers) -> list[int]:
    """How many minutes each server is ahead of this clock."""
    return [round(ntplib.NTPClient().request(host, port=servers.port).offset / 60) for host in ADDRESSES]


def test_all_tell_the_same_time() -> None:
    with TimeServers(lie=NEVER) as servers:
        assert offsets(servers) == [0, 0, 0]


def test_for_a_while_the_last_one_is_twenty_minutes_ahead() -> None:
    with TimeServers(lie=ALWAYS) as servers:
        assert offsets(servers) == [0, 0, 20]


def test_the_lie_begins_after_26_seconds_and_lasts_eight() -> None:
    assert [age for age in range(60) if LIE.down(age)] == list(range(26, 34))


def test_an_answer() -> None:
    """Every field; the client's timestamp comes back, so that it knows its answer."""
    request = bytes(40) + (7).to_bytes(8, "big")
    told = ntplib.NTPStats()
    told.from_data(answer(request, 1_700_000_000.5))
    assert (told.leap, told.version, told.mode, told.stratum, told.poll, told.precision) == (0, 4, 4, 2, 6, -20)
    assert (told.ref_id, round(told.root_delay, 3), round(told.root_dispersion, 3)) == (0xC0000201, 0.001, 0.001)
    assert (told.orig_timestamp * 2**32, told.recv_time, told.tx_time, told.ref_time) == (
        7,
        1_700_000_000.5,
        1_700_000_000.5,
        1_699_999_990.5,
    )


def test_time_in_64_bits() -> None:
    """The epochs are seventy years apart; in 2036 it begins anew."""
    assert [timestamp(seconds) for seconds in (0, 0.5, 2**32 - 2_208_988_800)] == [
        2_208_988_800 << 32,
        (2_208_988_800 << 32) + 2**31,
        0,
    ]


def test_a_short_datagram_is_not_answered() -> None:
    """The next one is."""
    with TimeServers(lie=NEVER) as servers, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(HUNG)
        client.connect((ADDRESSES[1], servers.port))
        client.send(b"?")
        client.send(bytes(47) + b"\x09")
        assert client.recv(1024)[24:32] == bytes(7) + b"\x09"


def test_a_port_that_somebody_has_is_left_to_him() -> None:
    """The kernel gives a port that is free on one address; on the others it may be taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((ADDRESSES[2], 0))
        port = taken.getsockname()[1]
        with TimeServers(ports=(port, 0)) as servers:
            assert servers.port != port
        with pytest.raises(OSError, match=r"^no UDP port is free on all of 127.0.0.1, 127.0.0.2, 127.0.0.3: \[Errno"):
            TimeServers(ports=(port,))
