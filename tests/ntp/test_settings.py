"""What an ``<NTP>`` block may say, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collectd_inode.keys import COMMON_KEYS, BlockSettings, filled, keys_of, read_block
from collectd_inode.model import Cause, Detail, PlannedStep, Status
from collectd_inode.ntp.jobs import load
from collectd_inode.ntp.settings import Settings
from collectd_inode.oconfig import Node
from collectd_inode.state import State


def block(*rows: tuple[Any, ...]) -> tuple[Settings, list[str]]:
    """The settings and mistakes of a block with these keys and values."""
    node = Node("NTP", ("pool",), tuple(Node(str(key), tuple(values)) for key, *values in rows))
    values, problems = read_block('<NTP "pool">', node, (*COMMON_KEYS, *keys_of(Settings)))
    return filled(Settings(), values), [str(problem) for problem in problems]


def test_every_key() -> None:
    found, problems = block(
        ("Server", "a.test"), ("Server", "b.test"), ("Pool", "c.test"), ("Pool", "d.test"),
        ("Port", 1123.0), ("MaxOffset", 0.5), ("MaxRootDistance", 3.0),
        ("Samples", 4.0), ("PoolScore", True), ("PoolServer", "60.234.72.6"), ("PoolURL", "http://pool.test"),
        ("Margin", "s3", 900.0), ("Margin", "Kerberos", "300"),
    )  # fmt: skip

    assert problems == []
    assert found == Settings(
        servers=("a.test", "b.test"),
        pools=("c.test", "d.test"),
        port=1123,
        max_offset=0.5,
        max_root_distance=3.0,
        samples=4,
        pool_score=True,
        pool_server="60.234.72.6",
        pool_url="http://pool.test",
        margins=(("s3", 900.0), ("Kerberos", 300.0)),
    )


def test_the_defaults() -> None:
    assert block(("Server", "a.test")) == (Settings(("a.test",), (), 123, 0.1, 1.5, 1), [])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        *(
            (
                (key, value),
                f'{key} "{value}": expected a host name or an address such as "ntp1.example.org", without a port',
            )
            for key in ("Server", "Pool")
            for value in ("192.0.2.7:123", "ntp.example.org:123", "ntp://ntp.example.org", "[2001:db8::7]", "a b")
        ),
        (("Port", 65536.0), "Port 65536: expected a port, 1 to 65535"),
        (("Port", 0.0), "Port 0: expected a port, 1 to 65535"),
        (("MaxOffset", 0.0), "MaxOffset 0: expected a number of seconds above 0, such as 0.1"),
        (("MaxRootDistance", "x"), 'MaxRootDistance "x": expected a number of seconds above 0, such as 1.5'),
        (("Samples", 0.0), "Samples 0: expected a whole number of at least 1"),
        (("PoolServer", "pool.ntp.org"), 'PoolServer "pool.ntp.org": expected an IP address such as "192.0.2.7"'),
        (
            ("PoolServer", "fe80::1%eth0"),
            'PoolServer "fe80::1%eth0": expected an IP address that others can reach, without a network interface',
        ),
        (("PoolURL", "pool"), 'PoolURL "pool": expected an address such as "https://www.example.org"'),
        (
            ("Margin", "s3"),
            'Margin "s3": expected two values, a consumer\'s name and the seconds it allows, each in double quotes',
        ),
        (("Margin", "s3", 0.0), 'Margin "s3" 0: expected a number of seconds above 0'),
        (("Margin", "!", 9.0), 'Margin "!" 9: expected a name with a letter or digit in it'),
    ],
)
def test_what_a_key_does_not_take(row: tuple[Any, ...], message: str) -> None:
    assert block(row)[1] == [f'<NTP "pool"> {message}']


def loaded(*servers: str, interval: float = 64.0, **more: Any) -> Any:
    return load("pool", Settings(servers, **more), BlockSettings(interval=interval, timeout=30.0, host="here"))


def test_one_job_with_a_step_a_server() -> None:
    (job,) = loaded("nz.pool.ntp.org", "192.0.2.1").jobs

    assert (job.kind, job.name, job.instance, job.host, job.interval, job.deadline) == (
        "ntp", "pool", "pool", "here", 64.0, 30.0,
    )  # fmt: skip
    assert job.steps == (
        PlannedStep("nz.pool.ntp.org", "nz_pool_ntp_org", navigates=False),
        PlannedStep("192.0.2.1", "192_0_2_1", navigates=False),
    )
    assert (job.detail, job.trouble) == (Detail.SCENARIO, None)


def test_without_a_configuration_the_job_is_called_after_its_first_server() -> None:
    (job,) = load(None, Settings(("192.0.2.1", "192.0.2.2")), BlockSettings()).jobs

    assert (job.name, job.instance) == ("192.0.2.1", "192_0_2_1")


@pytest.mark.parametrize(
    ("servers", "margins", "message"),
    [
        ((), (), 'expected a Server "name or address"'),
        (("a.test", "a.test"), (), 'Server "a.test": its series would be that of Server "a.test"'),
        (("a.test", "A-test"), (), 'Server "A-test": its series would be that of Server "a.test"'),
        (("a.test",), (("s3", 900.0), ("S3", 1.0)), 'Margin "S3": its series would be that of Margin "s3"'),
    ],
)
def test_what_makes_no_sense_together(
    servers: tuple[str, ...], margins: tuple[tuple[str, float], ...], message: str
) -> None:
    """Told when the block is loaded, and by the job every interval."""
    found = loaded(*servers, margins=margins)

    assert [str(problem) for problem in found.problems] == [f'<NTP "pool">: {message}']
    (job,) = found.jobs
    assert job.probe is None
    assert (job.trouble.status, job.trouble.cause, job.trouble.message) == (
        Status.ERROR, Cause.CONFIGURATION, message,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        (("a-test",), 'Pool "a-test": its series would be that of Server "a.test"'),
        (("192.0.2.1",), 'Pool "192.0.2.1": an address is one server: write Server "192.0.2.1"'),
    ],
)
def test_what_is_no_pool(pools: tuple[str, ...], message: str) -> None:
    assert [problem.what for problem in loaded("a.test", pools=pools).problems] == [message]


@pytest.mark.parametrize(
    ("server", "more", "warnings"),
    [
        ("nz.pool.ntp.org", {}, []),
        ("ntp.example.org", {"samples": 4, "interval": 16.0, "pool_score": True}, []),
        (
            "2.debian.pool.ntp.org.",
            {"samples": 4, "interval": 16.0, "pool_score": True},
            [
                'Samples 4: the pool\'s servers ("2.debian.pool.ntp.org.") must not be queried in bursts',
                'Interval 16: the pool\'s servers ("2.debian.pool.ntp.org.") must not be queried so often',
                'PoolScore: "2.debian.pool.ntp.org." resolves to a different server each time; a score needs an'
                " address",
            ],
        ),
    ],
)
def test_the_pool_s_terms(server: str, more: dict[str, Any], warnings: list[str]) -> None:
    """With an own server beside it, so that there is more than one vote; a ``Pool`` is held to them, too."""
    found = loaded(server, "ntp.test", **more)

    assert [warning.what for warning in found.warnings] == warnings
    assert found.problems == ()


def test_a_pool_is_held_to_the_terms_and_gets_no_score() -> None:
    found = loaded(pools=("nz.pool.ntp.org",), samples=2, interval=16.0, pool_score=True)

    assert [warning.what for warning in found.warnings] == [
        'PoolScore: Pool "nz.pool.ntp.org" gets no score, since its servers change; name a Server',
        'Samples 2: the pool\'s servers ("nz.pool.ntp.org") must not be queried in bursts',
        'Interval 16: the pool\'s servers ("nz.pool.ntp.org") must not be queried so often',
    ]
    assert "pool_score-nz_pool_ntp_org" not in {instance for _, instance in found.jobs[0].readings}


def test_a_server_by_two_addresses_is_warned_of() -> None:
    """One written as IPv6, one for a translator (RFC 6052): the first of three has one vote in all."""
    servers = ("192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::c000:201", "192.0.2.2")
    assert [warning.what for warning in loaded(*servers).warnings] == [
        'Server "::ffff:192.0.2.1" is the server "192.0.2.1" by another address: the two have one vote',
        'Server "64:ff9b::c000:201" is the server "192.0.2.1" by another address: the two have one vote',
    ]
    assert [warning.what for warning in loaded("192.0.2.1", "64:ff9b::c000:201").warnings] == [
        'Server "192.0.2.1" is the only voter: with one vote it is unknown whether this clock or the server is wrong;'
        " name three",
        'Server "64:ff9b::c000:201" is the server "192.0.2.1" by another address: the two have one vote',
    ]


@pytest.mark.parametrize(
    ("servers", "pools", "warnings"),
    [
        (("a.test", "b.test"), (), []),
        (("a.test",), ("b.test",), []),
        ((), ("b.test",), []),
        (
            ("a.test",),
            (),
            [
                'Server "a.test" is the only voter: with one vote it is unknown whether this clock or the server is'
                " wrong;"
                ' name three, or write Pool "a.test" if its addresses are servers'
            ],
        ),
        (
            ("192.0.2.1",),
            (),
            [
                'Server "192.0.2.1" is the only voter: with one vote it is unknown whether this clock or the server'
                " is wrong;"
                " name three"
            ],
        ),
    ],
)
def test_one_voter_is_warned_of(servers: tuple[str, ...], pools: tuple[str, ...], warnings: list[str]) -> None:
    assert [warning.what for warning in loaded(*servers, pools=pools).warnings] == warnings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("60.234.72.6", "60.234.72.6"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:0db8:0:0::0001", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_pool_s_server_is_written_as_the_pool_writes_it(written: str, read: str) -> None:
    """Or its score would never be found."""
    assert block(("Server", "a.test"), ("PoolServer", written)) == (Settings(("a.test",), pool_server=read), [])


def test_a_run_at_each_start_wants_a_state_dir(tmp_path: Path) -> None:
    """Without one a restart does not know when a server was asked last; with one 64 s are kept."""
    for folder, expected in ((None, False), (str(tmp_path), True)):
        common = BlockSettings(interval=1800.0, state=State(folder))
        (job,) = load("time", Settings(servers=("192.0.2.1",)), common).jobs
        assert (job.first_run, job.apart) == (expected, 64.0)
