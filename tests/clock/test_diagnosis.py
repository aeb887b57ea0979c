"""The table of diagnoses, row by row; what counts as a vote; and what people read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.clock.advice import TOOLS, rivalry, telltale
from collectd_inode.clock.diagnosis import ClockFinding, Diagnosis, diagnose
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.kernel import Kernel
from collectd_inode.clock.machine import DAEMONS, Machine, TimeDaemon
from collectd_inode.clock.steps import Steps
from collectd_inode.clock.votes import Consensus, Disagreement, Truth, consensus
from collectd_inode.model import Cause
from collectd_inode.timekeeper.account import Account, Peer
from tests.helpers.machines import SYNCHRONISED, UNSYNCHRONISED

NOW = 1_000_000.0
RIGHT = Consensus(0.002, 0.01, NOW, 4)
ONE_WRONG = Consensus(0.002, 0.01, NOW, 4, ("ntp2.example.org",))
WRONG = Consensus(1200.0, 0.01, NOW, 4)
AHEAD = Consensus(-1200.0, 0.01, NOW, 1)
VAGUE = Consensus(0.3, 2.0, NOW, 1)

PLAIN = Machine(may_set=True, daemons=())
HIDDEN = Machine(may_set=True)
KEPT = Machine(daemons=(TimeDaemon("chronyd", 77, True),))
POWERLESS = Machine(daemons=(TimeDaemon("ntpd", 5, False),))
XEN = Machine(independent_wallclock=False, daemons=(TimeDaemon("chronyd", 77, True),))
TRYING = Machine(container="docker", may_set=False, daemons=(TimeDaemon("chronyd", 7, False),))
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
    found = diagnose(ClockEvidence(kernel, machine, steps, vote))
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
    evidence = ClockEvidence(kernel, machine, steps, vote)
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
            ClockEvidence(SYNCHRONISED, KEPT, QUIET, RIGHT),
            ClockFinding(
                Diagnosis.OK,
                "this clock is right (0.002 s behind 4 sources):"
                " the kernel is synchronised, with an error of at most 0.012 s",
            ),
        ),
        (
            ClockEvidence(UNSYNCHRONISED, XEN, QUIET, WRONG),
            ClockFinding(
                Diagnosis.HOST_WRONG,
                "this clock is 1200.000 s behind 4 sources:"
                " xen.independent_wallclock is 0: the host drives this guest's clock",
                "fix the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here",
                Cause.EXPECTATION,
            ),
        ),
        (
            ClockEvidence(SYNCHRONISED, KEPT, QUIET, AHEAD),
            ClockFinding(
                Diagnosis.DAEMON_UNSYNCHRONISED,
                "this clock is 1200.000 s ahead of 1 source:"
                " chronyd runs, and the kernel is synchronised, with an error of at most 0.012 s",
                "set it: chronyc makestep, once chronyc sources shows a server",
                Cause.UNSYNCHRONISED,
            ),
        ),
        (
            ClockEvidence(UNSYNCHRONISED, CONTAINER),
            ClockFinding(
                Diagnosis.CANNOT_SET,
                "no process in this container has CAP_SYS_TIME, and the kernel is not synchronised",
                "add an <NTP> block, to compare the clock with servers",
            ),
        ),
        (
            ClockEvidence(UNSYNCHRONISED, KEPT, QUIET, VAGUE),
            ClockFinding(
                Diagnosis.DAEMON_UNSYNCHRONISED,
                "this clock is 0.300 s behind 1 source, give or take 2.000 s:"
                " chronyd runs, and the kernel is not synchronised",
                "check whether it reaches its servers: chronyc sources",
                Cause.UNSYNCHRONISED,
            ),
        ),
        (
            ClockEvidence(SYNCHRONISED, KEPT, QUIET, ONE_WRONG),
            ClockFinding(
                Diagnosis.SERVER_WRONG,
                "this clock is right (0.002 s behind 4 sources): wrong is ntp2.example.org",
                "remove it, from the time daemon's servers too if it is one of them, or inform its owner",
            ),
        ),
    ],
)
def test_what_people_read(evidence: ClockEvidence, finding: ClockFinding) -> None:
    assert diagnose(evidence) == finding


def content(**changed: Any) -> dict[str, Any]:
    """What an <NTP> job keeps."""
    return {"offset": 0.5, "bound": 0.01, "time": NOW - 60, "sources": 3, "falsetickers": []} | changed


def voted(
    *contents: dict[str, Any], since: float | None = None, interval: float = 60.0
) -> Consensus | Disagreement | None:
    """The verdict of the blocks a, b, c…"""
    return consensus(dict(zip("abcdef", contents, strict=False)), now=NOW, interval=interval, since=since)


def test_a_vote_is_what_the_ntp_job_keeps() -> None:
    kept = content(falsetickers=["a", "b"], score=20.0)
    assert voted(kept) == Consensus(0.5, 0.01, NOW - 60, 3, ("a", "b"), 0.1)


def test_the_ntp_job_s_own_limit_counts() -> None:
    """Half a second is right for somebody who has said MaxOffset 1."""
    found = voted(content(max_offset=1.0))
    assert isinstance(found, Consensus)
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
        content(sources=4, offset=0.09, time=NOW - 60),
        content(sources=9, offset=0.3, time=NOW - 9999, falsetickers=["old"]),
    )
    assert found == Consensus(0.1, 0.01, NOW - 30, 4, ("a", "b"), 0.1)


NEAR, FAR = content(offset=0.002), content(offset=5.0, sources=4)


def test_blocks_that_disagree_are_one_verdict() -> None:
    """Both are named, in the same order each time, and there is no number: the clock or servers are wrong."""
    found = voted(NEAR, FAR)

    assert isinstance(found, Disagreement)
    assert diagnose(ClockEvidence(SYNCHRONISED, KEPT, QUIET, disagreement=found)) == ClockFinding(
        None,
        'the blocks disagree: by <NTP "a"> this clock is 0.002 s behind 3 sources,'
        ' by <NTP "b"> this clock is 5.000 s behind 4 sources',
        "name three servers or more in one block, so that the wrong one can be identified",
        Cause.EXPECTATION,
    )
    assert voted(NEAR | {"time": NOW}, FAR) == Disagreement(
        ("a", Consensus(0.002, 0.01, NOW, 3)), ("b", Consensus(5.0, 0.01, NOW - 60, 4))
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (content(offset=0.002), content(offset=0.015)),  # they meet
        (content(offset=0.002, bound=0.0), content(offset=0.0035, bound=0.0)),  # within a millisecond each
        (content(offset=0.002, bound=0.001), content(offset=0.09, bound=0.001)),  # right by both
        (content(offset=0.002), content(offset=5.0, sources=2)),  # three can tell, two cannot
        (content(offset=0.002), content(offset=5.0, time=NOW - 9999)),  # of long ago
    ],
)
def test_blocks_that_do_not_disagree(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = voted(one, other)
    assert isinstance(found, Consensus)
    assert found.truth is Truth.RIGHT


def test_two_blocks_of_one_server_each_disagree() -> None:
    assert isinstance(voted(content(sources=1), content(sources=2, offset=9.0)), Disagreement)


@pytest.mark.parametrize(
    ("offset", "known"),
    [
        (-37.0, "37 s is TAI minus UTC: the clock is set to TAI, as by PTP without its UTC offset"),
        (
            37.05,
            "37 s is TAI minus UTC: taken off a time that was UTC, as by a wrong UTC offset of PTP",
        ),
        (-1.0, "1 s is a leap second, inserted by one side only"),
        (7200.8, "whole hours are a time zone: see timedatectl whether the hardware clock is in local time"),
        (-19800.0, "whole hours are a time zone: see timedatectl whether the hardware clock is in local time"),
        (36.0, ""),
        (1.3, ""),
        (1200.0, ""),
        (3700.0, ""),
        (15 * 3600.0, ""),
    ],
)
def test_what_the_size_of_an_offset_gives_away(offset: float, known: str) -> None:
    assert telltale(ClockEvidence(SYNCHRONISED, KEPT, QUIET, Consensus(offset, 0.01, NOW, 3))) == known


def test_an_offset_that_is_not_known_well_gives_nothing_away() -> None:
    assert telltale(ClockEvidence(vote=Consensus(37.0, 0.5, NOW, 3))) == ""
    assert telltale(ClockEvidence(vote=Consensus(3600.0, 3.0, NOW, 3))) == ""


def test_a_hardware_clock_in_local_time_is_evidence() -> None:
    machine = Machine(daemons=KEPT.daemons, rtc_local=True)
    assert diagnose(ClockEvidence(SYNCHRONISED, machine, QUIET, Consensus(3600.0, 0.01, NOW, 3))).advice == (
        "whole hours are a time zone: a hardware clock in local time, as /etc/adjtime says;"
        " timedatectl set-local-rtc 0; see chronyc sources"
    )


def test_a_hardware_clock_in_utc_is_not_blamed() -> None:
    """/etc/adjtime says otherwise."""
    machine = Machine(daemons=KEPT.daemons, rtc_local=False)
    assert diagnose(ClockEvidence(SYNCHRONISED, machine, QUIET, Consensus(3600.0, 0.01, NOW, 3))).advice == (
        "whole hours are a time zone, but /etc/adjtime says that the hardware clock is in UTC:"
        " look for another system that sets it to local time; see chronyc sources"
    )


@pytest.mark.parametrize(
    ("offset", "advice"),
    [
        (2.0, "set it: restart ntpd, once ntpq -p shows a server"),
        (-1000.0, "set it: restart ntpd, once ntpq -p shows a server"),
        (1200.0, "set it: ntpd gives up beyond 1000 s, so start it with -g (or tinker panic 0)"),
    ],
)
def test_ntpd_s_limit_is_told_beyond_it_only(offset: float, advice: str) -> None:
    machine = Machine(daemons=(TimeDaemon("ntpd", 5, True),))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, machine, QUIET, Consensus(offset, 0.01, NOW, 3))).advice == advice


@pytest.mark.parametrize(
    ("idle", "advice"),
    [
        (
            TimeDaemon("chronyd", 5, True, "chronyd runs with -x, and leaves the clock alone"),
            "start chronyd without -x",
        ),
        (
            TimeDaemon("phc2sys", 5, True, "phc2sys hands the time to an NTP daemon, and leaves the clock alone"),
            "start the NTP daemon that phc2sys hands the time to",
        ),
        # Which is no daemon for the system's clock.
        (
            TimeDaemon("phc2sys", 5, True, "phc2sys sets a network card's clock, not the system's"),
            "install and start one, such as chrony",
        ),
        (TimeDaemon("chronyd", 5, True, "chronyd -Q only asks servers"), "install and start one, such as chrony"),
    ],
)
def test_who_is_there_already_is_not_to_be_installed(idle: TimeDaemon, advice: str) -> None:
    """Nobody is told to install what runs, and only leaves the clock alone."""
    found = diagnose(ClockEvidence(UNSYNCHRONISED, Machine(daemons=(), idle=(idle,)), QUIET, WRONG))
    assert (found.diagnosis, found.advice) == (Diagnosis.NO_DAEMON, advice)


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (("ptp4l",), "check whether ptp4l hears a PTP master: pmc -u -b 0 'GET TIME_STATUS_NP'"),
        (("ptp4l", "phc2sys"), "check whether ptp4l hears a PTP master: pmc -u -b 0 'GET TIME_STATUS_NP'"),
        (("phc2sys",), "check whether the clock that it reads is right: its log"),
        (("ptpd",), "check whether it hears a PTP master: its log and statistics file"),
        (("chronyd", "ntpd"), "check whether it reaches its servers: chronyc sources, or ntpq -p"),
    ],
)  # fmt: skip
def test_a_daemon_without_servers_is_not_asked_for_them(names: tuple[str, ...], advice: str) -> None:
    machine = Machine(daemons=tuple(TimeDaemon(name, number, True) for number, name in enumerate(names)))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, machine, QUIET)).advice == advice


@pytest.mark.parametrize("name", sorted({*DAEMONS.values(), "busybox ntpd"}))
def test_the_advice_is_for_the_daemon_that_runs(name: str) -> None:
    """In every state, and short enough for a notification; nobody is told to follow somebody without evidence."""
    machine = Machine(daemons=(TimeDaemon(name, 5, True), TimeDaemon(name, 6, True)))
    for vote in (None, RIGHT, WRONG, Consensus(37.0, 0.01, NOW, 3)):
        found = diagnose(ClockEvidence(UNSYNCHRONISED, machine, QUIET, vote))
        assert len(found.message.encode()) < 240
        others = {
            "chronyd": "chronyc",
            "systemd-timesyncd": "timedatectl timesync",
            "openntpd": "ntpctl",
            "ntpd": "ntpq",
        }
        mine = TOOLS[name].look
        assert not [word for word in others.values() if word in found.message and word not in mine + TOOLS[name].mend]
        assert "follows a wrong server" not in found.message


@pytest.mark.parametrize(
    ("daemons", "rivals"),
    [
        ((TimeDaemon("chronyd", 5, True),), ""),
        ((TimeDaemon("ntpd", 5, True), TimeDaemon("ntpd", 6, True)), ""),
        ((TimeDaemon("chronyd", 5, True), TimeDaemon("systemd-timesyncd", 6, False)), ""),
        ((TimeDaemon("chronyd", 5, True), TimeDaemon("vmtoolsd", 6, True)), ""),  # it does so only if its host says so
        ((TimeDaemon("chronyd", 5, True), TimeDaemon("timemaster", 6, True)), ""),  # which has started it
        (
            (TimeDaemon("chronyd", 5, True), TimeDaemon("systemd-timesyncd", 6, True)),
            "chronyd and systemd-timesyncd set this clock and will conflict: stop all but one",
        ),
        (
            (TimeDaemon("ntpd", 5, None), TimeDaemon("VBoxService", 6, True), TimeDaemon("chronyd", 7, True)),
            "ntpd, VBoxService and chronyd set this clock and will conflict: stop all but one,"
            " or tell the host to leave this clock alone",
        ),
    ],
)
def test_two_who_set_the_clock(daemons: tuple[TimeDaemon, ...], rivals: str) -> None:
    assert rivalry(Machine(daemons=daemons)) == rivals


# The daemon's own account.

FOLLOWING = Account("chronyd", "192.0.2.9", NOW, 3, 0.001, 0.02, (Peer("192.0.2.9", 8, followed=True),))
DEAF = Account("chronyd", peers=(Peer("192.0.2.1", 0), Peer("192.0.2.2", 0), Peer("192.0.2.3", 0)))


@pytest.mark.parametrize(
    ("account", "vote", "sentence", "advice"),
    [
        (
            FOLLOWING,
            Consensus(5.0, 0.01, NOW, 3, ("ntp9.example.org (192.0.2.9)",)),
            "this clock is 5.000 s behind 3 sources: chronyd runs (chronyd follows 192.0.2.9),"
            " and the kernel is not synchronised",
            "remove 192.0.2.9 from chronyd's servers: the vote calls it wrong",
        ),
        (
            FOLLOWING,
            Consensus(5.0, 0.01, NOW, 3, ("192.0.2.8",)),
            "this clock is 5.000 s behind 3 sources: chronyd runs (chronyd follows 192.0.2.9),"
            " and the kernel is not synchronised",
            "set it: chronyc makestep, once chronyc sources shows a server",
        ),
        (
            DEAF,
            None,
            "chronyd runs (none of chronyd's servers answers), and the kernel is not synchronised",
            "check the way to chronyd's servers, UDP port 123: 192.0.2.1, 192.0.2.2, …",
        ),
        (
            FOLLOWING,
            Consensus(0.002, 0.01, NOW, 4, ("192.0.2.9",)),
            "this clock is right (0.002 s behind 4 sources): wrong is 192.0.2.9",
            "remove 192.0.2.9 from chronyd's servers, or inform its owner",
        ),
        (
            FOLLOWING,
            Consensus(0.002, 0.01, NOW, 4, ("192.0.2.8",)),
            "this clock is right (0.002 s behind 4 sources): wrong is 192.0.2.8",
            "remove it from the <NTP> block, or inform its owner; chronyd does not use it",
        ),
        (
            Account("chronyd", unresolved=2),
            None,
            "chronyd runs (the names of chronyd's servers do not resolve), and the kernel is not synchronised",
            "check name lookup on this machine, and the names in chronyd's configuration",
        ),
        (
            Account("chronyd"),
            None,
            "chronyd runs (chronyd has no server), and the kernel is not synchronised",
            "add servers to chronyd's configuration",
        ),
        (
            Account("chronyd", clocks=1),
            None,
            "chronyd runs, and the kernel is not synchronised",
            "check chronyd's reference clock: chronyc sources",
        ),
        (
            Account("ntpd", "192.0.2.9"),  # somebody else's: only chronyd runs here
            None,
            "chronyd runs, and the kernel is not synchronised",
            "check whether it reaches its servers: chronyc sources",
        ),
    ],
)
def test_what_the_daemon_says_is_evidence(account: Account, vote: Consensus | None, sentence: str, advice: str) -> None:
    found = diagnose(ClockEvidence(UNSYNCHRONISED, KEPT, QUIET, vote, account=account))
    assert (found.sentence, found.advice) == (sentence, advice)
    assert len(found.message.encode()) < 240


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (
            "ntp9.test (192.0.2.9)",
            "remove ntp9.test from systemd-timesyncd's servers, or inform its owner",
        ),
        (
            "ntp8.example.org (192.0.2.8)",
            "remove it, from the time daemon's servers too if it is one of them, or inform its owner",
        ),
    ],
)
def test_a_wrong_server_that_is_known_by_its_name(wrong: str, advice: str) -> None:
    """Of systemd-timesyncd only the configuration is known, which has names."""
    machine = Machine(daemons=(TimeDaemon("systemd-timesyncd", 5, True),))
    account = Account("systemd-timesyncd", peers=(Peer("ntp9.test"),))
    vote = Consensus(0.002, 0.01, NOW, 4, (wrong,))
    assert diagnose(ClockEvidence(SYNCHRONISED, machine, QUIET, vote, account=account)).advice == advice


def test_ntpsec_s_account_is_ntpd_s() -> None:
    account = Account("ntpd", "192.0.2.9")
    assert ClockEvidence(machine=Machine(daemons=(TimeDaemon("ntpsec", 5, True),)), account=account).told is account
