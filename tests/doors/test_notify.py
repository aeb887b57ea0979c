"""What systemd is told, by its own protocol."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from collectd_inode.doors.notify import Systemd


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, abstract: bool) -> None:
    """READY, a reload with its time, the watchdog, the end; and the environment says nothing of it to children."""
    address = f"@collectd-inode-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(address.replace("@", "\0", 1) if abstract else address)
        environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1", "HOME": "/"}
        systemd = Systemd(environment)
        systemd.ready("reads jobs.conf")
        systemd.reloading(12.5)
        systemd.alive()
        systemd.stopping()
        told = [theirs.recv(1000).decode() for _ in range(4)]
    assert environment == {"HOME": "/"}
    assert told == [
        "READY=1\nSTATUS=reads jobs.conf",
        "RELOADING=1\nMONOTONIC_USEC=12500000",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_nobody_is_told_where_nobody_asks(tmp_path: Path) -> None:
    """Without systemd, without a watchdog, and where its socket is gone."""
    Systemd({}).ready()
    gone = Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    gone.ready()
    assert not gone.watched
