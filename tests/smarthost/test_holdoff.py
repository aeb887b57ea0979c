"""The hold-off after a wrong password: when it holds, what ends it, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collectd_inode.model import Cause
from collectd_inode.smarthost.holdoff import HoldOff
from collectd_inode.state import State

ACCOUNT = ["smarthost.test", 587, "leaf", 1_700_000_000_000_000_000, 12, 4711]
PATH = "/etc/collectd/secrets/relay"


def held(hold_off: HoldOff, now: float, account: list[object] | None = None) -> bool:
    return hold_off.check(account or ACCOUNT, now, PATH) is not None


@pytest.fixture
def hold_off() -> HoldOff:
    return HoldOff(State().of("smarthost", "relay"), 3600.0)


def test_without_a_refusal_nothing_is_held_off(hold_off: HoldOff) -> None:
    """Nor after its end."""
    assert not held(hold_off, 1000.0)
    hold_off.began(ACCOUNT, 1000.0)
    assert [held(hold_off, 1000.0 + later) for later in (0.0, 3599.0, 3600.0)] == [True, True, False]


def test_what_is_said_while_it_holds(hold_off: HoldOff) -> None:
    """Since when, until when, and what ends it."""
    hold_off.began(ACCOUNT, 1000.0)
    failure = hold_off.check(ACCOUNT, 1720.0, PATH)
    assert failure is not None
    assert (failure.cause, failure.message) == (
        Cause.CREDENTIALS,
        "no AUTH: the server refused user and password (535) 12 min ago; the next attempt is in 48 min (AuthHoldOff),"
        " or as soon as /etc/collectd/secrets/relay is changed",
    )


def test_another_refusal_of_the_account_is_named(hold_off: HoldOff) -> None:
    """By its code."""
    hold_off.began(ACCOUNT, 1000.0, 525)
    failure = hold_off.check(ACCOUNT, 1060.0, PATH)
    assert failure is not None
    assert failure.message.startswith("no AUTH: the server refused the account (525) 1 min ago; ")


@pytest.mark.parametrize("part", range(len(ACCOUNT)))
def test_another_account_is_not_held_off(hold_off: HoldOff, part: int) -> None:
    """Another server, port or user, or a file with another time, size or inode."""
    hold_off.began(ACCOUNT, 1000.0)
    other: list[object] = [*ACCOUNT]
    other[part] = "another" if isinstance(other[part], str) else 1
    assert not held(hold_off, 1001.0, other)


def test_success_ends_it(hold_off: HoldOff) -> None:
    """And leaves alone what else is kept for the job."""
    hold_off.memory.write({"since": 5})
    hold_off.began(ACCOUNT, 1000.0)
    hold_off.ended()
    assert (held(hold_off, 1001.0), hold_off.memory.read()) == (False, {"since": 5})


def test_a_clock_that_was_set_back_does_not_prolong_it_for_ever(hold_off: HoldOff) -> None:
    """It begins anew."""
    hold_off.began(ACCOUNT, 2_000_000_000.0)
    assert [held(hold_off, now) for now in (1000.0, 1001.0, 4599.0, 4600.0)] == [True, True, True, False]


@pytest.mark.parametrize("kept", [None, "yes", {}, {"account": ACCOUNT}, {"account": ACCOUNT, "time": "now"}])
def test_what_cannot_be_understood_holds_nothing_off(hold_off: HoldOff, kept: object) -> None:
    """A file that somebody has edited."""
    hold_off.memory.write({"auth_refused": kept})
    assert not held(hold_off, 1000.0)


def test_it_outlives_the_daemon(tmp_path: Path) -> None:
    """In StateDir: the time and the account, nothing else."""
    HoldOff(State(str(tmp_path)).of("smarthost", "relay"), 3600.0).began(ACCOUNT, 1000.0)

    assert held(HoldOff(State(str(tmp_path)).of("smarthost", "relay"), 3600.0), 1001.0)
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["kept"] == {"auth_refused": {"time": 1000.0, "account": ACCOUNT}}
