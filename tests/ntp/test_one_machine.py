"""An IPv4 address and its translation for NAT64 (RFC 6052) are one machine, which has one vote."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest

from collectd_inode.model import PlannedStep
from collectd_inode.ntp.exchange import AddressExchange
from collectd_inode.ntp.outcome import Outcome, Server, conclude
from collectd_inode.ntp.probe import _by_machine
from collectd_inode.ntp.sample import Sample
from collectd_inode.ntp.settings import Settings
from collectd_inode.wire.address import Address, machine
from tests.helpers.ntp_peer import SECOND

_PREFIX = int(IPv6Address("64:ff9b::"))


def translated(host: str) -> str:
    return str(IPv6Address(_PREFIX + int(IPv4Address(host))))


def address(host: str) -> Address:
    return Address(10 if ":" in host else 2, (host, 123))


def heard(host: str, ahead: float = 0.0, dispersion: float = 0.001) -> AddressExchange:
    sample = Sample(
        offset=round(ahead * SECOND), delay=0, root_delay=0, root_dispersion=round(dispersion * SECOND),
        stratum=2, leap=0, reference="192.0.2.9", transmit=1,
    )  # fmt: skip
    return AddressExchange(address(host), samples=[sample], sightings=[])


def silent(host: str) -> AddressExchange:
    return AddressExchange(address(host), sightings=[])


def server(name: str, *sources: AddressExchange) -> Server:
    return Server(PlannedStep(name, name, navigates=False), list(sources))


def pool(*sources: AddressExchange) -> Server:
    return Server(PlannedStep("pool.test", "pool_test", navigates=False), list(sources), is_pool=True)


def concluded(*servers: Server) -> Outcome:
    return conclude(servers, Settings(tuple(one.step.name for one in servers)))


def votes(outcome: Outcome) -> list[str]:
    return list(outcome.voters)


A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("64:ff9b::c000:201", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("0064:FF9B:0:0:0:0:C000:0201", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1::c000:201", "64:ff9b:1::c000:201"),  # a local prefix (RFC 8215): the address may be elsewhere in it
        ("64:ff9b::1:c000:201", "64:ff9b::1:c000:201"),
        ("2001:db8::c000:201", "2001:db8::c000:201"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("ntp.example.org", "ntp.example.org"),
    ],
)
def test_the_machine_behind_an_address(host: str, same: str) -> None:
    assert machine(host) == same


def test_a_pool_of_two_machines_has_two_votes() -> None:
    """Each by the surest of its addresses; a wrong machine cannot outvote by having two."""
    outcome = concluded(
        pool(heard(translated(A), 1200), heard(translated(B)), heard(A, 1200, dispersion=0.5), heard(B, dispersion=0.0))
    )

    assert votes(outcome) == [B, translated(A)]
    assert outcome.vote.offset is None


def test_a_machine_of_a_pool_that_answers_by_one_of_its_addresses_has_its_vote() -> None:
    """A machine without a translator hears nothing by the other."""
    outcome = concluded(pool(silent(translated(A)), heard(A), silent(translated(B)), heard(B), heard(C)))

    assert (votes(outcome), outcome.failure()) == ([A, B, C], None)
    assert [warning.code for warning in outcome.warnings()] == ["source", "source"]


def test_a_machine_of_a_pool_that_is_silent_by_both_is_one_vote_lost() -> None:
    outcome = concluded(pool(silent(translated(A)), silent(A), heard(B), heard(C)))

    assert outcome.failure() is None


def test_two_servers_that_are_one_machine_have_one_vote() -> None:
    outcome = concluded(
        server("a.test", heard(A, 1200)), server("b.test", heard(translated(A), 1200)), server("c.test", heard(B))
    )

    assert votes(outcome) == [A, B]
    assert outcome.vote.offset is None


def test_of_two_servers_that_are_one_machine_the_one_that_answers_votes() -> None:
    outcome = concluded(server("a.test", silent(A)), server("b.test", heard(translated(A))))

    assert (votes(outcome), outcome.failure()) == ([translated(A)], None)


def _hosts(*hosts: str) -> Iterator[list[str]]:
    return ([one.host for one in machine] for machine in _by_machine(map(address, hosts)))


def test_a_pool_is_queried_machine_by_machine() -> None:
    """Four machines, and not four addresses."""
    assert list(_hosts(translated(A), translated(B), A, "2001:db8::1", B, C)) == [
        [translated(A), A],
        [translated(B), B],
        ["2001:db8::1"],
        [C],
    ]
