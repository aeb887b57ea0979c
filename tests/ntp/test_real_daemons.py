"""Real servers: chronyd in every state that it can be in, NTPsec's ntpd, and what others make of the same server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from collectd_inode.model import Observation
from collectd_inode.timekeeper.ask import Doors, account
from tests.helpers.chrony import check_ntp_time_says, chronyd, chronyd_says, following
from tests.helpers.namespaces import apart
from tests.helpers.ntp_jobs import SHORT, asked, readings, told, warned
from tests.helpers.peers import tidily
from tests.helpers.places import ROOT

LOCAL = "local stratum 5"
TWENTY_MINUTES = 1200.0
TO_2037 = 332_000_000.0
"""Seconds from now to 2037, beyond the end of NTP's first era."""


def within(found: dict[str, float], expected: float) -> bool:
    """Whether the offset is what the server's is, give or take what the run claims."""
    return abs(found["time_offset-127_0_0_1"] - expected) <= found["time_dispersion-127_0_0_1"]


def run(port: int, *hosts: str, **more: Any) -> Observation:
    return tidily(asked(*(hosts or ("127.0.0.1",)), port=port, **more))


def test_chronyd_on_the_same_clock() -> None:
    """The truth is zero."""
    with chronyd(LOCAL) as port:
        observation = run(port)

    found = readings(observation)
    assert told(observation) == "passed"
    assert within(found, 0.0)
    assert (found["clock_stratum-127_0_0_1"], found["gauge-leap-127_0_0_1"], found["count-rejected"]) == (5, 0, 0)


def test_chronyd_twenty_minutes_ahead() -> None:
    with chronyd(LOCAL, ahead=TWENTY_MINUTES) as port:
        observation = run(port, margins=(("s3", 900.0),))

    found = readings(observation)
    assert within(found, TWENTY_MINUTES)
    assert found["gauge-margin-s3"] == 900 - found["time_offset-consensus"] < 0
    assert told(observation) == (
        "failed expectation: this clock is 1200.0 s behind 127.0.0.1, the limit is 0.1 s;"
        " naming the wrong one needs 3 sources; beyond s3 900 s"
    )


def test_chronyd_in_2037() -> None:
    with chronyd(LOCAL, ahead=TO_2037) as port:
        observation = run(port)

    assert within(readings(observation), TO_2037)


def test_chronyd_without_a_source() -> None:
    """Leap 3, stratum 0, and no kiss."""
    with chronyd() as port:
        observation = run(port)

    assert told(observation) == (
        "failed unsynchronised: 127.0.0.1: the server says that it is not synchronised (stratum 0, leap 3)"
    )


def test_chronyd_that_limits_the_rate() -> None:
    """It answers one and is silent; now and then it lets one through, so eight are asked."""
    with chronyd(LOCAL, "ratelimit interval 5 burst 1 leak 4") as port:
        ran = [told(run(port)), *(told(run(port, patience=SHORT)) for _ in range(7))]

    assert ran[0] == "passed"
    assert "failed timeout: 127.0.0.1: no answer within N s" in ran


def test_the_wrong_one_of_three_chronyds_is_named() -> None:
    with (
        chronyd(LOCAL) as port,
        chronyd(LOCAL, host="127.0.0.2", port=port, ahead=-TWENTY_MINUTES),
        chronyd(LOCAL, host="127.0.0.3", port=port),
    ):
        observation = run(port, "127.0.0.1", "127.0.0.2", "127.0.0.3")

    assert told(observation) == "passed"
    (warning,) = warned(observation)
    assert warning.startswith("falseticker: server 127.0.0.2 is wrong: 1200.0 s behind the other 2")


@pytest.mark.parametrize("says", [chronyd_says, check_ntp_time_says])
def test_others_find_the_same_offset(says: Any) -> None:
    """chronyd -Q and check_ntp_time, as near as a way of at most 0.2 s allows them to be."""
    with chronyd(LOCAL, ahead=TWENTY_MINUTES) as port:
        found = readings(run(port))
        # The other program may be held up on its way.
        offsets = (abs(says(port) - found["time_offset-127_0_0_1"]) for _ in range(10))
        assert any(offset <= 0.1 + found["time_dispersion-127_0_0_1"] for offset in offsets)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("tos orphan 5 orphanwait 1", "passed "),
        (
            "",
            "failed 127.0.0.1: the server says that it is not synchronised"
            " (INIT: it has not synchronised for the first time yet)",
        ),
    ],
)
def test_ntpsec(state: str, message: str) -> None:
    """Its port cannot be chosen, so it has a network of its own where the kernel gives it one."""
    inside = [sys.executable, str(ROOT / "tests" / "helpers" / "ntpsec_inside.py"), state, message]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*apart(), *inside],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)

    assert f"{found['status']} {found['message']}" == message
    if state:
        assert abs(found["readings"]["time_offset-127_0_0_1"]) <= found["readings"]["time_dispersion-127_0_0_1"]
        assert found["readings"]["clock_stratum-127_0_0_1"] == 5


def test_a_port_that_nobody_listens_on_any_more() -> None:
    """The daemon has stopped: told at once, and not at the deadline."""
    with chronyd(LOCAL) as port:
        pass

    observation = asyncio.run(asked("127.0.0.1", port=port))
    assert told(observation) == f"failed connect: 127.0.0.1:{port}: connection refused"


def test_the_servers_of_chronyd_are_watched_without_their_names() -> None:
    """Whom it uses votes: the wrong one of three is named, and what was asked for is noted."""
    with (
        chronyd(LOCAL) as port,
        chronyd(LOCAL, host="127.0.0.2", port=port, ahead=-TWENTY_MINUTES),
        chronyd(LOCAL, host="127.0.0.3", port=port),
        following("127.0.0.1", "127.0.0.2", "127.0.0.3", port=port) as command,
    ):
        observation = run(port, "from-daemon", daemon=partial(account, doors=Doors(chrony=command)))

    found = readings(observation)
    assert told(observation) == "passed"
    (warning,) = warned(observation)
    assert warning.startswith("falseticker: server from-daemon (127.0.0.2) is wrong: 1200.0 s behind the other 2")
    assert abs(found["time_offset-from_daemon"]) <= found["time_dispersion-from_daemon"]
    assert found["gauge-reach-from_daemon"] == 1
