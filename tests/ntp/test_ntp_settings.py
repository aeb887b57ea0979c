"""What an ``<NTP>`` block may say, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_inode.keys import COMMON_KEYS, Common, read_block
from collectd_inode.ntp.jobs import KIND, load
from collectd_inode.ntp.settings import NTP_KEYS, Settings, settings
from collectd_inode.oconfig import Node
from collectd_inode.run import Cause, Detail, PlannedStep, Status


def block(*rows: tuple[Any, ...]) -> tuple[Settings, list[str]]:
    """The settings and mistakes of a block with these keys and values."""
    node = Node("NTP", ("pool",), tuple(Node(str(key), tuple(values)) for key, *values in rows))
    values, problems = read_block('<NTP "pool">', node, (*COMMON_KEYS, *NTP_KEYS))
    return settings(values), [str(problem) for problem in problems]


def test_every_key() -> None:
    found, problems = block(
        ("Server", "a.test"), ("Server", "b.test"), ("Port", 1123.0), ("MaxOffset", 0.5), ("MaxRootDistance", 3.0),
        ("Samples", 4.0), ("PoolScore", True), ("PoolServer", "60.234.72.6"), ("PoolURL", "http://pool.test"),
        ("Margin", "s3", 900.0), ("Margin", "Kerberos", "300"),
    )  # fmt: skip

    assert problems == []
    assert found == Settings(
        servers=("a.test", "b.test"),
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
    assert block(("Server", "a.test")) == (Settings(("a.test",), 123, 0.1, 1.5, 1), [])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("Port", 65536.0), "Port 65536: expected a port, 1 to 65535"),
        (("Port", 0.0), "Port 0: expected a port, 1 to 65535"),
        (("MaxOffset", 0.0), "MaxOffset 0: expected a number of seconds above 0, such as 0.1"),
        (("MaxRootDistance", "x"), 'MaxRootDistance "x": expected a number of seconds above 0, such as 1.5'),
        (("Samples", 0.0), "Samples 0: expected a whole number of at least 1"),
        (("PoolServer", "pool.ntp.org"), 'PoolServer "pool.ntp.org": expected an IP address such as "192.0.2.7"'),
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
    return load("pool", Settings(servers, **more), Common(interval=interval, timeout=30.0, host="here"))


def test_one_job_with_a_step_a_server() -> None:
    (job,) = loaded("nz.pool.ntp.org", "192.0.2.1").jobs

    assert (job.kind, job.name, job.instance, job.host, job.interval, job.deadline) == (
        KIND, "pool", "pool", "here", 64.0, 30.0,
    )  # fmt: skip
    assert job.steps == (
        PlannedStep("nz.pool.ntp.org", "nz_pool_ntp_org", navigates=False),
        PlannedStep("192.0.2.1", "192_0_2_1", navigates=False),
    )
    assert (job.detail, job.trouble) == (Detail.SCENARIO, None)


def test_without_a_configuration_the_job_is_called_after_its_first_server() -> None:
    (job,) = load(None, Settings(("192.0.2.1", "192.0.2.2")), Common()).jobs

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
    ("server", "more", "warnings"),
    [
        ("nz.pool.ntp.org", {}, []),
        ("ntp.example.org", {"samples": 4, "interval": 16.0, "pool_score": True}, []),
        (
            "2.debian.pool.ntp.org.",
            {"samples": 4, "interval": 16.0, "pool_score": True},
            [
                'Samples 4: the pool\'s servers ("2.debian.pool.ntp.org.") are not to be asked in bursts',
                'Interval 16: the pool\'s servers ("2.debian.pool.ntp.org.") are not to be asked so often',
                'PoolScore: "2.debian.pool.ntp.org." is another server each time; a score wants an address',
            ],
        ),
    ],
)
def test_the_pool_s_terms(server: str, more: dict[str, Any], warnings: list[str]) -> None:
    found = loaded(server, **more)

    assert [warning.what for warning in found.warnings] == warnings
    assert found.problems == ()
