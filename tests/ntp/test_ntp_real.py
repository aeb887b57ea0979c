"""Real servers: chronyd in every state that it can be in, NTPsec's ntpd, and what others make of the same server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chrony import check_ntp_time_says, chronyd, chronyd_says
from ntp_jobs import SHORT, asked, readings, told, warned
from peers import tidily

from collectd_inode.run import Observation

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
        " which of them is wrong takes 3 sources to say; beyond s3 900 s"
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
        ran = [told(run(port, patience=SHORT)) for _ in range(8)]

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
        found, theirs = readings(run(port)), says(port)

    assert abs(theirs - found["time_offset-127_0_0_1"]) <= 0.1 + found["time_dispersion-127_0_0_1"]


HERE = Path(__file__).parent
IMPORTS = os.pathsep.join(map(str, (HERE, HERE.parent, HERE.parents[1])))


def apart() -> list[str]:
    """What to put before a command for a network of its own; nothing where that is not to be had (a bare container).

    Users may have one with new rights that hold there only; in a chroot nobody may, but root may do without.
    """
    ways = (["unshare", "--user", "--map-root-user", "--net"], ["unshare", "--net"])
    tried = ((way, subprocess.run([*way, "true"], capture_output=True, check=False)) for way in ways)
    return next((way for way, done in tried if done.returncode == 0), [])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("tos orphan 5 orphanwait 1", "passed "),
        ("", "failed 127.0.0.1: kiss-o'-death INIT: it has not synchronised for the first time yet"),
    ],
)
def test_ntpsec(state: str, message: str) -> None:
    """Its port cannot be chosen, so it has a network of its own where the kernel gives it one."""
    inside = [sys.executable, str(HERE / "ntpsec_inside.py"), state, message]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": IMPORTS}
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
