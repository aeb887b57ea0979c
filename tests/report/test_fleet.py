"""The files of a fleet: what a hub keeps of a host, and the records that are made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Warning
from collectd_inode.report.fleet import HeardDoor, HeardHost, HeardJob, among, path, records, text, version_text
from collectd_inode.report.record import Record
from collectd_inode.report.values import version_number

NOW = 1_795_341_600.0
UP = HeardJob("scenario", "web-home", True, NOW - 7200, NOW - 12, 60.0, last_good=NOW - 12, latency=0.25)
DOWN = HeardJob("scenario", "shop-buy", False, NOW - 120, NOW - 5, 60.0, cause=9, last_good=NOW - 180, latency=0.25)
HOST = HeardHost(
    "dunedin",
    {"scenario/web-home": UP, "scenario/shop-buy": DOWN},
    {"": HeardDoor(NOW - 40, 60.0, 10203, 2), "exec": HeardDoor(NOW - 40, 60.0, 10300)},
    {"bool-uplink": "3 of 4 jobs here: resolve; the fault is probably on this side"},
)


def heard(job: HeardJob, **changes: object) -> HeardJob:
    """*job* with other values."""
    fields = {name: getattr(job, name) for name in HeardJob.__slots__}
    return HeardJob(**{**fields, **changes})


def test_a_host_as_its_file_holds_it() -> None:
    """It comes back as it was; a name that no file can have is told from its neighbours."""
    assert among({Path("x"): text(HOST).encode()}) == ([HOST], [])
    assert path("/state", "a.example.org") == Path("/state/fleet/a_example_org-8479b785.json")
    assert path("/state", "../../etc/passwd").parent == Path("/state/fleet")
    assert path("/state", "a-b") != path("/state", "a.b")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"{", "it is broken: this is not JSON"),
        (b"[]", "it is not what this version keeps of a host"),
        (b'{"version": 2}', "it is not what this version keeps of a host"),
        (b'{"version": 1}', "host is missing"),
        (OSError(13, "Permission denied"), "Permission denied"),
    ],
)
def test_a_file_that_cannot_be_read(octets: bytes | OSError, why: str) -> None:
    """A sentence, and the others are read all the same."""
    found = among({Path("bad"): octets, Path("good"): text(HOST).encode()})
    assert found == ([HOST], [f"bad cannot be read: {why}"])


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_file(octets: bytes) -> None:
    """Nothing in it raises."""
    hosts, sentences = among({Path("x"): octets})
    assert len(hosts) + len(sentences) == 1


def test_the_jobs_of_a_host_as_records() -> None:
    """Without a notification only the cause of a failure is known; the latency is that of good runs."""
    shop, web = records(HOST)
    assert web == Record(
        *("scenario", "web", None, "web-home", "dunedin", "", "passed", NOW - 7200, NOW - 12, 60.0),
        last_good=NOW - 12,
        seconds=0.25,
    )
    assert shop == Record(
        *("scenario", "shop", None, "shop-buy", "dunedin", "", "failed", NOW - 120, NOW - 5, 60.0),
        cause="expectation",
        last_good=NOW - 180,
    )


def test_the_message_of_a_failure() -> None:
    """It is that of the notification, as long as no good value has come since."""
    told = heard(DOWN, message="expectation: text not found", notified=NOW - 121)
    (record,) = records(HeardHost("dunedin", {"": told}))
    assert (record.message, record.told) == ("text not found", True)
    (record,) = records(HeardHost("dunedin", {"": heard(told, good_date=NOW - 60)}))
    assert (record.message, record.told) == ("", False)


@pytest.mark.parametrize(
    ("cause", "status", "word"),
    [
        (2, "failed", "connect"),
        (11, "undefined", "undefined"),
        (12, "error", "error"),
        (13, "error", "configuration"),
        (99, "failed", "none"),
        (0, "failed", "none"),
    ],
)
def test_a_status_from_a_cause(cause: int, status: str, word: str) -> None:
    """As the host itself has it; a newer release may have causes that this one does not know."""
    (record,) = records(HeardHost("dunedin", {"": heard(DOWN, cause=cause)}))
    assert (record.status, record.cause) == (status, word)


def test_warnings_are_a_number_here() -> None:
    """Which they are is known on the host itself."""
    (record,) = records(HeardHost("dunedin", {"": heard(UP, warnings=2)}))
    assert record.warnings == (Warning("there", "2 warnings: run collectd-inode status on dunedin"),)


def test_when_a_host_is_silent() -> None:
    """When all that it sends is overdue; one job that is gone does not make it so."""
    assert not HOST.is_silent(NOW)
    assert not HOST.is_silent(NOW - 40 + 240)
    assert HOST.is_silent(NOW - 4 + 241)
    assert HOST.time == NOW - 5
    assert HeardHost("new").is_silent(NOW)


def test_a_host_s_own_troubles() -> None:
    """The mistakes in its configuration, and what it has notified about itself."""
    assert [one.code for one in HOST.warnings()] == ["config_errors", "bool-uplink"]
    assert HOST.warnings()[0].message == "2 mistakes in its configuration: run collectd-inode check there"


@pytest.mark.parametrize("version", ["0.1.0", "1.2.3", "10.20.30"])
def test_a_version_and_its_number(version: str) -> None:
    """The series' number is read back."""
    assert version_text(int(version_number(version))) == version


def test_doors_of_two_versions() -> None:
    """The lowest first."""
    assert HOST.versions == ("1.2.3", "1.3.0")
