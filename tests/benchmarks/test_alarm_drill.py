"""scripts/alarm-drill: what differs is found, and the whole night in a real collectd."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from benchmarks.alarm_drill import (
    DATABASE_GONE,
    FAILURE,
    JOBS,
    OKAY,
    UPLINK,
    Expected,
    answered,
    not_as_due,
    not_known,
    outage,
)
from tests.helpers.collectd_process import CLEAN, HOST, Told
from tests.helpers.places import ROOT

SHOP = "scenario-shop-shop/bool-success"
DUE = (*outage("shop", "^refused: "), Expected(UPLINK, FAILURE, "^5 of 5 jobs here: resolve"))
TOLD = (
    Told(HOST, SHOP, FAILURE, "refused: no", 1.0),
    Told(HOST, SHOP, OKAY, "passed: 2 steps in 0.1 s; it was bad for 4 s, 2 runs failed", 2.0),
    Told(HOST, UPLINK, FAILURE, "5 of 5 jobs here: resolve; the fault is probably on this side", 3.0),
)
TAKEN = ("inode_probe/inode_probe firing", "scenario/shop-shop resolved", "scenario/shop-shop firing")


def test_as_it_must_be() -> None:
    """Whatever the order is in which the hub has taken them."""
    assert list(not_as_due(TOLD, TAKEN, DUE)) == []


def test_what_differs() -> None:
    """One that is missing, one too many, and one that the hub has not got."""
    late = Told(HOST, "scenario-wiki-wiki/bool-success", FAILURE, "resolve: no", 4.0)
    assert list(not_as_due((*TOLD[:2], late), TAKEN[:2], DUE)) == [
        "missing: FAILURE of inode_probe/bool-uplink with /^5 of 5 jobs here: resolve/",
        "too much: scenario-wiki-wiki/bool-success: resolve: no",
        "the hub has taken inode_probe/inode_probe firing, scenario/shop-shop resolved",
    ]
    assert list(not_as_due((*TOLD, TOLD[0]), TAKEN, DUE)) == ["4 notifications instead of 3"]


def test_evidence_and_status(tmp_path: Path) -> None:
    """A folder of each job that failed, with the page that its database's loss has brought."""
    kept = [tmp_path / job / "1" for job in JOBS]
    for folder in kept:
        folder.mkdir(parents=True)
    good = "5 jobs: 5 passed\n"
    missing = "no evidence of shop has the page that its database's loss has brought"
    assert list(not_known(good, kept)) == [missing]
    (tmp_path / "shop" / "1" / "page.html").write_bytes(DATABASE_GONE)
    assert list(not_known(good, kept)) == []
    assert list(not_known("5 jobs: 1 failed, 4 passed\n", kept[1:])) == [
        "status does not say that all five are good again",
        "there is no evidence of shop",
        missing,
    ]


def test_the_resolver() -> None:
    """An address is 127.0.0.1; another question has no answer."""
    question = b"\x04shop\x05drill\x04test\0"
    header = b"\xab\xcd\x01\0\0\x01\0\0\0\0\0\0"
    assert answered(header + question + b"\0\x01\0\x01")[-4:] == socket.inet_aton("127.0.0.1")
    assert answered(header + question + b"\0\x1c\0\x01") == (
        b"\xab\xcd\x81\x80\0\x01\0\0\0\0\0\0" + question + b"\0\x1c\0\x01"
    )


@pytest.mark.slow
def test_the_whole_night() -> None:
    """Eight notifications of four faults, each with its words; why and the evidence afterwards."""
    done = subprocess.run(
        ["sh", "scripts/alarm-drill"], capture_output=True, text=True, env=CLEAN, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nas it must be\n" in done.stdout
