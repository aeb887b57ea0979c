"""Real daemons are asked for their account; who does not answer costs a second, and no run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from collectd_inode.timekeeper import ask
from collectd_inode.timekeeper.account import Account, Peer
from collectd_inode.timekeeper.ask import Doors, account
from collectd_inode.wire import SYSTEM_CLOCK
from tests.helpers.accounts import NO_ROOT, awaited
from tests.helpers.chrony import chronyd, following, free_port
from tests.helpers.namespaces import apart
from tests.helpers.ntp_peer import ntp_peer, silent
from tests.helpers.places import ROOT

NOBODY = Doors(chrony=1, ntp=1, root=NO_ROOT)


def test_chronyd() -> None:
    """Whom it follows, since when, its own error, its servers and their reach."""
    with (
        chronyd("local stratum 5", host="127.0.0.2") as port,
        following("127.0.0.2", "127.0.0.9", port=port) as command,
    ):
        told = awaited(Doors(chrony=command, ntp=1, root=NO_ROOT))

    assert told is not None
    assert (told.daemon, told.follows, told.stratum) == ("chronyd", "127.0.0.2", 6)
    assert [(peer.address, peer.followed) for peer in told.peers] == [("127.0.0.2", True), ("127.0.0.9", False)]
    assert [peer.reach for peer in told.peers if not peer.followed] == [0]
    assert told.updated is not None
    assert told.updated <= time.time()
    assert told.offset is not None
    assert told.error is not None
    assert abs(told.offset) <= told.error


def test_chronyd_that_hears_nobody() -> None:
    with following("127.0.0.9", port=free_port()) as command:
        told = awaited(Doors(chrony=command, ntp=1, root=NO_ROOT), lambda told: told is not None)

    assert told == Account("chronyd", peers=(Peer("127.0.0.9", 0),))
    assert told.sentence(0.0) == "chronyd has 1 server, none of which answers"


def test_ntpsec() -> None:
    """Mode 6; and an <NTP> job asks its server, which nobody has named to it."""
    inside = [sys.executable, str(ROOT / "tests" / "helpers" / "ntpsec_account_inside.py")]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*apart(), *inside], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told, message = json.loads(done.stdout)

    server = {"address": "192.0.2.1", "reach": 0, "followed": False}
    assert told == asdict(Account("ntpd")) | {"peers": [server]}, done.stderr
    assert message.startswith("failed connect: ") or message == (
        "failed timeout: from-daemon (192.0.2.1): no answer within N s"
    )
    assert "192.0.2.1" in message


def test_nobody() -> None:
    assert asyncio.run(account(SYSTEM_CLOCK, 5.0, NOBODY)) is None


def test_who_listens_and_is_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server of NTP that knows no mode 6: after a while the files are looked at."""
    monkeypatch.setattr(ask, "PATIENCE", 0.1)
    stamp = tmp_path / "run/systemd/timesync/synchronized"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    os.utime(stamp, (1000.0, 1000.0))

    async def main() -> Account | None:
        async with ntp_peer(silent) as peer:
            return await account(SYSTEM_CLOCK, 5.0, Doors(chrony=peer.port, ntp=peer.port, root=str(tmp_path)))

    assert asyncio.run(main()) == Account("systemd-timesyncd", updated=1000.0)
