"""What timesyncd and openntpd leave in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_inode.timekeeper.account import Account, Peer
from collectd_inode.timekeeper.configured import openntpd, timesyncd

STAMP = {"run/systemd/timesync/synchronized": ""}
SHIPPED = "[Time]\n#NTP=\n#FallbackNTP=0.test 1.test\n"


def root(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    stamp = folder / "run/systemd/timesync/synchronized"
    if stamp.exists():
        os.utime(stamp, (1000.0, 1000.0))
    return str(folder)


@pytest.mark.parametrize(
    ("files", "servers"),
    [
        ({}, []),
        ({"etc/systemd/timesyncd.conf": SHIPPED}, ["0.test", "1.test"]),
        ({"etc/systemd/timesyncd.conf": "[Time]\nNTP=a.test b.test\n#FallbackNTP=0.test\n"}, ["a.test", "b.test"]),
        (
            {
                "etc/systemd/timesyncd.conf": "[Time]\nNTP=a.test\n",
                "etc/systemd/timesyncd.conf.d/x.conf": "[Time]\nNTP=\nNTP=c.test\n",
            },
            ["c.test"],
        ),
        (
            {
                "etc/systemd/timesyncd.conf": SHIPPED,
                "run/systemd/netif/links/2": "ADMIN_STATE=configured\nNTP=192.0.2.9\n",
            },
            ["192.0.2.9"],
        ),
        # /etc goes before /usr/lib, and a drop-in of the same name in front of it masks another's.
        (
            {
                "etc/systemd/timesyncd.conf": "[Time]\nNTP=a.test\n",
                "usr/lib/systemd/timesyncd.conf": "[Time]\nNTP=vendor.test\n",
            },
            ["a.test"],
        ),
        (
            {
                "usr/lib/systemd/timesyncd.conf.d/5.conf": "[Time]\nNTP=vendor.test\n",
                "etc/systemd/timesyncd.conf.d/5.conf": "",
                "run/systemd/timesyncd.conf.d/9.conf": "[Time]\nNTP=z.test\n",
                "etc/systemd/timesyncd.conf.d/1.conf": "[Time]\nNTP = y.test\n; NTP=x.test\n",
            },
            ["y.test", "z.test"],
        ),
        ({"proc/7/comm": "systemd-timesyn\n", "etc/systemd/timesyncd.conf": SHIPPED}, ["0.test", "1.test"]),
    ],
)
def test_timesyncd(tmp_path: Path, files: dict[str, str], servers: list[str]) -> None:
    """DHCP's first, then its own; those of last resort if there is no other."""
    told = timesyncd(root(tmp_path, STAMP | files))
    assert told == Account("systemd-timesyncd", updated=1000.0, peers=tuple(map(Peer, servers)))


def test_timesyncd_that_has_not_synchronised(tmp_path: Path) -> None:
    """It may not even run."""
    assert timesyncd(root(tmp_path, {"etc/systemd/timesyncd.conf": SHIPPED})) is None


def test_timesyncd_that_runs_and_has_not_synchronised(tmp_path: Path) -> None:
    """Its servers are known, and can be watched."""
    files = {"etc/systemd/timesyncd.conf": SHIPPED, "proc/7/comm": "systemd-timesyn\n"}
    assert timesyncd(root(tmp_path, files)) == Account("systemd-timesyncd", peers=(Peer("0.test"), Peer("1.test")))


def test_timesyncd_that_was_switched_off(tmp_path: Path) -> None:
    """Its stamp stays until the next start of the machine."""
    files = {"etc/systemd/timesyncd.conf": SHIPPED, "proc/1/comm": "systemd\n", "proc/7/comm": "chronyd\n"}
    assert timesyncd(root(tmp_path, STAMP | files)) is None


def test_openntpd_that_does_not_run(tmp_path: Path) -> None:
    files = {"etc/openntpd/ntpd.conf": "server a.test\n", "proc/1/comm": "systemd\n"}
    assert openntpd(root(tmp_path, files)) is None


def test_openntpd_of_a_distribution_that_has_no_other(tmp_path: Path) -> None:
    files = {"etc/ntpd.conf": "server a.test\n", "proc/9/comm": "ntpd\n"}
    assert openntpd(root(tmp_path, files)) == Account("openntpd", peers=(Peer("a.test"),))


def test_openntpd(tmp_path: Path) -> None:
    conf = "# a comment\nservers pool.test\nserver 192.0.2.1 weight 5\nsensor *\n"
    told = openntpd(root(tmp_path, {"etc/openntpd/ntpd.conf": conf}))
    assert told == Account("openntpd", peers=(Peer("pool.test"), Peer("192.0.2.1")))
    assert openntpd(str(tmp_path / "nothing")) is None
