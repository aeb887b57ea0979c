"""Real daemons are asked for their account; who does not answer costs a second, and no run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from collectd_inode.timekeeper import ask, control
from collectd_inode.timekeeper.account import Account, Peer
from collectd_inode.timekeeper.ask import Doors, account
from collectd_inode.wire import SYSTEM_CLOCK
from tests.helpers.accounts import NO_ROOT, awaited
from tests.helpers.chrony import chronyd, following
from tests.helpers.namespaces import apart
from tests.helpers.ntp_peer import ntp_peer, silent
from tests.helpers.places import ROOT
from tests.helpers.ports import free_udp_port

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
    with following("127.0.0.9", port=free_udp_port()) as command:
        told = awaited(Doors(chrony=command, ntp=1, root=NO_ROOT), lambda told: told is not None)

    assert told == Account("chronyd", peers=(Peer("127.0.0.9", 0),))
    assert told.sentence(0.0) == "chronyd has 1 server, none of which answers"


def test_chronyd_whose_names_do_not_resolve() -> None:
    with following("a.invalid", "b.invalid", port=free_udp_port()) as command:
        told = awaited(Doors(chrony=command, ntp=1, root=NO_ROOT), lambda told: told is not None)

    assert told == Account("chronyd", unresolved=2)
    assert told.sentence(0.0) == "chronyd has no server, 2 names not resolved"
    assert not told.has_no_source


def test_chronyd_without_a_source() -> None:
    with following(port=free_udp_port()) as command:
        told = awaited(Doors(chrony=command, ntp=1, root=NO_ROOT), lambda told: told is not None)

    assert told == Account("chronyd")
    assert told.has_no_source


def _piece(request: bytes, data: bytes, place: int = 0, flags: int = 0) -> bytes:
    """An answer of ntpd's, or a part of it, to this request."""
    operation, sequence, association = request[1], request[2:4], request[6:8]
    head = bytes([0x16, 0x80 | flags | operation]) + sequence + bytes(2) + association
    return head + place.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def _in_pieces(request: bytes) -> Sequence[bytes]:
    """An ntpd whose answers come in two pieces, the second first, and that has just dropped its association 2."""
    if request[1] == control.READ_STATUS:
        data = bytes.fromhex("0001961a00029414")
    elif request[7] == 2:
        return [_piece(request, b"", flags=0x40)]
    else:
        data = b"srcadr=192.0.2.1, reach=0xff" if request[7] else b"stratum=3, leap=0, refid=192.0.2.1"
    return [_piece(request, data[4:], place=4), _piece(request, data[:4], flags=0x20)]


def test_an_ntpd_that_answers_in_pieces() -> None:
    async def main() -> Account | None:
        async with ntp_peer(_in_pieces) as peer:
            return await account(SYSTEM_CLOCK, 5.0, Doors(chrony=1, ntp=peer.port, root=NO_ROOT))

    followed = Peer("192.0.2.1", 8, followed=True)
    assert asyncio.run(main()) == Account("ntpd", "192.0.2.1", stratum=3, peers=(followed,))


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
