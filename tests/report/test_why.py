"""The page of ``collectd-inode why``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from collectd_inode.model import Fact, Observation
from collectd_inode.report import record
from collectd_inode.report.explanation import explain
from collectd_inode.report.history import Ran
from collectd_inode.report.style import PLAIN
from collectd_inode.report.unusual import HostSeries, Left, Minutes
from collectd_inode.report.why import Asked, page
from tests.helpers.past import BAD, BAD_AT, NOW, day, ran

LEFT = (Left("cpu-0/percent-wait", 3.0, 71.0, BAD_AT - 30, 40.0),)


def asked(runs: list[Ran], last: Observation, host: HostSeries | None, *notes: str) -> Asked:
    known = record.following(None, replace(last, time=runs[-1].time))
    return Asked(known, explain(runs), host, NOW, notes)


GOLDEN = Path(__file__).parent.parent / "golden" / "why.txt"


def test_the_page_of_a_bad_job(greenwich: None) -> None:
    """In one screen: what is ours first, the steps, the other side, the host."""
    facts = (Fact("address of shop", "192.0.2.8"),)
    runs = day(ran(replace(BAD, facts=facts), BAD_AT))
    host = HostSeries(Minutes(BAD_AT - 60, NOW), LEFT, 37, 0.31, NOW, 4)
    shown = "\n".join(page(asked(runs, BAD, host, "a note"), PLAIN)) + "\n"
    if os.environ.get("COLLECTD_INODE_GOLDEN") == "write":
        GOLDEN.write_text(shown, encoding="utf-8")
    assert shown == GOLDEN.read_text(encoding="utf-8")
    assert len(shown.splitlines()) < 40


def test_what_is_said_of_the_host() -> None:
    """That nothing changed, if so; that nothing is known where the data ends before; never both."""
    runs = day(ran(BAD, BAD_AT))
    minutes = Minutes(BAD_AT - 60, NOW)

    def told(host: HostSeries | None) -> str:
        lines = list(page(asked(runs, BAD, host), PLAIN))
        return " ".join(line.strip() for line in lines if "this host" in line or "until" in line or "cause." in line)

    assert "nothing else on this host changed (500 series kept their usual range)" in told(
        HostSeries(minutes, (), 500, 3.0, NOW)
    )
    behind = told(HostSeries(minutes, (), 0, 0.0, BAD_AT - 400))
    assert "not known; there is data until" in behind
    assert "changed" not in behind
    assert "not known; there are too few values of the time before to compare with" in told(
        HostSeries(minutes, until=NOW)
    )
    short = replace(HostSeries(minutes, LEFT, 2, 0.0, NOW), before=30.0)
    assert "2 series left their usual range; how many do in an ordinary 4 min is not known yet" in told(short)
    assert told(None) == "this host: not looked at"
    assert "does not make them the cause" in told(HostSeries(minutes, LEFT, 2, 0.0, NOW))
