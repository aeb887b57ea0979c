"""The table of diagnoses, row by row; what counts as a vote; and what people read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import SYNCHRONISED, UNSYNCHRONISED

from collectd_inode.clock.diagnosis import Consensus, Diagnosis, Evidence, Finding, Truth, consensus, diagnose
from collectd_inode.clock.kernel import Kernel
from collectd_inode.clock.machine import Daemon, Machine
from collectd_inode.clock.steps import Steps
from collectd_inode.run import Cause

NOW = 1_000_000.0
RIGHT = Consensus(0.002, 0.01, NOW, 4)
ONE_WRONG = Consensus(0.002, 0.01, NOW, 4, ("ntp2.example.org",))
WRONG = Consensus(1200.0, 0.01, NOW, 4)
AHEAD = Consensus(-1200.0, 0.01, NOW, 1)
VAGUE = Consensus(0.3, 2.0, NOW, 1)

PLAIN = Machine(may_set=True, daemons=())
HIDDEN = Machine(may_set=True)
KEPT = Machine(daemons=(Daemon("chronyd", 77, True),))
POWERLESS = Machine(daemons=(Daemon("ntpd", 5, False),))
XEN = Machine(independent_wallclock=False, daemons=(Daemon("chronyd", 77, True),))
TRYING = Machine(container="docker", may_set=False, daemons=(Daemon("chronyd", 7, False),))
CONTAINER = Machine(container="docker", may_set=False, daemons=())
UNDONE = Steps(0.0, 1, 1, recently_undone=True)
QUIET = Steps()

TABLE = [
    # the vote, the kernel, the machine, steps → diagnosis, and what the run fails with
    (WRONG, UNSYNCHRONISED, XEN, UNDONE, Diagnosis.HOST_WRONG, Cause.EXPECTATION),
    (WRONG, SYNCHRONISED, CONTAINER, QUIET, Diagnosis.HOST_WRONG, Cause.EXPECTATION),
    (WRONG, UNSYNCHRONISED, POWERLESS, UNDONE, Diagnosis.CANNOT_SET, Cause.EXPECTATION),
    (WRONG, UNSYNCHRONISED, TRYING, QUIET, Diagnosis.CANNOT_SET, Cause.EXPECTATION),
    (WRONG, UNSYNCHRONISED, KEPT, UNDONE, Diagnosis.STEPPED_BACK, Cause.EXPECTATION),
    (WRONG, UNSYNCHRONISED, PLAIN, UNDONE, Diagnosis.STEPPED_BACK, Cause.EXPECTATION),
    (WRONG, UNSYNCHRONISED, PLAIN, QUIET, Diagnosis.NO_DAEMON, Cause.UNSYNCHRONISED),
    (WRONG, UNSYNCHRONISED, KEPT, QUIET, Diagnosis.DAEMON_UNSYNCHRONISED, Cause.UNSYNCHRONISED),
    (WRONG, SYNCHRONISED, KEPT, QUIET, Diagnosis.DAEMON_UNSYNCHRONISED, Cause.UNSYNCHRONISED),
    (WRONG, None, KEPT, QUIET, Diagnosis.DAEMON_UNSYNCHRONISED, Cause.UNSYNCHRONISED),
    (RIGHT, SYNCHRONISED, KEPT, QUIET, Diagnosis.OK, Cause.NONE),
    (RIGHT, SYNCHRONISED, KEPT, UNDONE, Diagnosis.OK, Cause.NONE),
    (RIGHT, None, PLAIN, QUIET, Diagnosis.OK, Cause.NONE),
    (RIGHT, UNSYNCHRONISED, CONTAINER, QUIET, Diagnosis.OK, Cause.NONE),
    (RIGHT, UNSYNCHRONISED, XEN, QUIET, Diagnosis.OK, Cause.NONE),
    (RIGHT, UNSYNCHRONISED, PLAIN, QUIET, Diagnosis.NO_DAEMON, Cause.NONE),
    (RIGHT, UNSYNCHRONISED, KEPT, QUIET, Diagnosis.DAEMON_UNSYNCHRONISED, Cause.NONE),
    (ONE_WRONG, SYNCHRONISED, KEPT, QUIET, Diagnosis.SERVER_WRONG, Cause.NONE),
    (ONE_WRONG, UNSYNCHRONISED, PLAIN, QUIET, Diagnosis.SERVER_WRONG, Cause.NONE),
    (None, SYNCHRONISED, PLAIN, UNDONE, Diagnosis.OK, Cause.NONE),
    (VAGUE, SYNCHRONISED, KEPT, QUIET, Diagnosis.OK, Cause.NONE),
    (None, UNSYNCHRONISED, XEN, UNDONE, Diagnosis.CANNOT_SET, Cause.NONE),
    (None, UNSYNCHRONISED, CONTAINER, QUIET, Diagnosis.CANNOT_SET, Cause.NONE),
    (None, UNSYNCHRONISED, KEPT, UNDONE, Diagnosis.STEPPED_BACK, Cause.NONE),
    (None, UNSYNCHRONISED, PLAIN, QUIET, Diagnosis.NO_DAEMON, Cause.UNSYNCHRONISED),
    (None, UNSYNCHRONISED, HIDDEN, QUIET, Diagnosis.NO_DAEMON, Cause.UNSYNCHRONISED),
    (VAGUE, UNSYNCHRONISED, KEPT, QUIET, Diagnosis.DAEMON_UNSYNCHRONISED, Cause.UNSYNCHRONISED),
    (None, None, KEPT, QUIET, None, Cause.NONE),
]


@pytest.mark.parametrize("row", TABLE)
def test_the_table(
    row: tuple[Consensus | None, Kernel | None, Machine, Steps, Diagnosis | None, Cause],
) -> None:
    vote, kernel, machine, steps, *judged = row
    found = diagnose(Evidence(kernel, machine, steps, vote))
    assert [found.diagnosis, found.cause] == judged
    assert len(found.message.encode()) < 240  # a notification has 255 bytes, with cause and step


def test_the_numbers_are_the_issue_s() -> None:
    """They are in people's databases."""
    assert [d.words for d in Diagnosis] == [
        "ok",
        "no daemon",
        "daemon not synchronised",
        "host-driven and the host is wrong",
        "cannot set",
        "stepped back",
        "server wrong",
    ]
    assert [int(d) for d in Diagnosis] == [0, 1, 2, 3, 4, 5, 6]


@given(
    vote=st.sampled_from([None, RIGHT, ONE_WRONG, WRONG, AHEAD, VAGUE]),
    kernel=st.sampled_from([None, SYNCHRONISED, UNSYNCHRONISED]),
    machine=st.sampled_from([PLAIN, HIDDEN, KEPT, POWERLESS, XEN, CONTAINER]),
    steps=st.sampled_from([QUIET, UNDONE]),
)
def test_a_wrong_clock_always_fails_and_a_right_one_never(
    vote: Consensus | None, kernel: Kernel | None, machine: Machine, steps: Steps
) -> None:
    """Whatever else is found; and what fails has a diagnosis, a sentence and something to do."""
    evidence = Evidence(kernel, machine, steps, vote)
    found = diagnose(evidence)
    if evidence.truth is not Truth.UNKNOWN:
        assert (found.cause is Cause.NONE) == (evidence.truth is Truth.RIGHT)
    if found.diagnosis is not Diagnosis.OK:
        assert found.sentence
        assert found.advice


@pytest.mark.parametrize(
    ("evidence", "finding"),
    [
        (
            Evidence(SYNCHRONISED, KEPT, QUIET, RIGHT),
            Finding(
                Diagnosis.OK,
                "this clock is right (0.002 s behind 4 sources):"
                " the kernel is synchronised, with an error of at most 0.012 s",
            ),
        ),
        (
            Evidence(UNSYNCHRONISED, XEN, QUIET, WRONG),
            Finding(
                Diagnosis.HOST_WRONG,
                "this clock is 1200.000 s behind 4 sources:"
                " xen.independent_wallclock is 0: the host drives this guest's clock",
                "mend the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here",
                Cause.EXPECTATION,
            ),
        ),
        (
            Evidence(SYNCHRONISED, KEPT, QUIET, AHEAD),
            Finding(
                Diagnosis.DAEMON_UNSYNCHRONISED,
                "this clock is 1200.000 s ahead of 1 source:"
                " chronyd runs, and the kernel is synchronised, with an error of at most 0.012 s",
                "it follows a wrong server: see chronyc sources, ntpq -p or timedatectl timesync-status",
                Cause.UNSYNCHRONISED,
            ),
        ),
        (
            Evidence(UNSYNCHRONISED, CONTAINER),
            Finding(
                Diagnosis.CANNOT_SET,
                "nobody in this container has CAP_SYS_TIME, and the kernel is not synchronised",
                "add an <NTP> block, whose servers tell whether the clock is right",
            ),
        ),
        (
            Evidence(UNSYNCHRONISED, KEPT, QUIET, VAGUE),
            Finding(
                Diagnosis.DAEMON_UNSYNCHRONISED,
                "this clock is 0.300 s behind 1 source, give or take 2.000 s:"
                " chronyd runs, and the kernel is not synchronised",
                "see whether it reaches its servers: chronyc sources, ntpq -p or timedatectl timesync-status",
                Cause.UNSYNCHRONISED,
            ),
        ),
        (
            Evidence(SYNCHRONISED, KEPT, QUIET, ONE_WRONG),
            Finding(
                Diagnosis.SERVER_WRONG,
                "this clock is right (0.002 s behind 4 sources): wrong is ntp2.example.org",
                "remove it from the time daemon's servers, or tell whoever runs it",
            ),
        ),
    ],
)
def test_what_people_read(evidence: Evidence, finding: Finding) -> None:
    assert diagnose(evidence) == finding


def content(**changed: Any) -> dict[str, Any]:
    """What an <NTP> job keeps."""
    return {"offset": 0.5, "bound": 0.01, "time": NOW - 60, "sources": 3, "falsetickers": []} | changed


def voted(*contents: dict[str, Any], since: float | None = None, interval: float = 60.0) -> Consensus | None:
    return consensus(contents, now=NOW, interval=interval, since=since)


def test_a_vote_is_what_the_ntp_job_keeps() -> None:
    kept = content(falsetickers=["a", "b"], score=20.0)
    assert voted(kept) == Consensus(0.5, 0.01, NOW - 60, 3, ("a", "b"), 0.1)


def test_the_ntp_job_s_own_limit_counts() -> None:
    """Half a second is right for somebody who has said MaxOffset 1."""
    found = voted(content(max_offset=1.0))
    assert found is not None
    assert found.truth is Truth.RIGHT


@pytest.mark.parametrize(
    "kept", [{}, content(offset=None), content(time="soon"), {"score": 3.0}, content(bound=None), content(sources="x")]
)
def test_a_job_that_has_not_voted(kept: dict[str, Any]) -> None:
    """Not yet, or without a majority."""
    assert voted(kept) is None


@pytest.mark.parametrize(
    ("age", "interval", "counts"),
    [
        (0, 60, True),
        (192, 60, True),
        (193, 60, False),
        (900, 300, True),
        (901, 300, False),
        (-1, 60, True),
        (-2, 60, False),
    ],
)
def test_how_old_a_vote_may_be(age: float, interval: float, counts: bool) -> None:
    """Three intervals, of 64 seconds at least; nothing of the future."""
    assert (voted(content(time=NOW - age), interval=interval) is not None) == counts


def test_a_vote_from_before_a_step_knows_nothing_of_it() -> None:
    assert voted(content(time=NOW - 10), since=NOW - 5) is None
    assert voted(content(time=NOW - 4), since=NOW - 5) is not None


def test_the_vote_of_more_sources_counts_for_more() -> None:
    """And the newer of two; whoever was named wrong in any of them is named."""
    found = voted(
        content(sources=1, offset=9.0, time=NOW, falsetickers=["a"]),
        content(sources=4, offset=0.1, time=NOW - 30, falsetickers=["b", "a"]),
        content(sources=4, offset=0.2, time=NOW - 60),
        content(sources=9, offset=0.3, time=NOW - 9999, falsetickers=["old"]),
    )
    assert found == Consensus(0.1, 0.01, NOW - 30, 4, ("a", "b"), 0.1)
