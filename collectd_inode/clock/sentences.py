"""The fault of this clock as a sentence: pure."""

from __future__ import annotations

from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.machine import running
from collectd_inode.clock.votes import LIMIT, Truth

NOBODY_TELLS = "neither the kernel nor a vote of NTP servers gives information on this clock"


def whether_right(found: ClockEvidence) -> str:
    """How far off it is by the vote, with a colon; empty without a vote."""
    vote = found.vote
    if vote is None:
        return ""
    match vote.truth:
        case Truth.WRONG:
            return f"this clock is {vote.away}: "
        case Truth.RIGHT:
            return f"this clock is right ({vote.away}): "
        case Truth.UNKNOWN:
            return f"this clock is {vote.away}, give or take {vote.bound:.3f} s: "


def by_the_host(found: ClockEvidence) -> str:
    """``, and its host's clock is right``, beside a vote that calls this one wrong."""
    if found.host is None or found.vote is None or found.truth is not Truth.WRONG:
        return ""
    if abs(found.host) <= found.vote.limit:
        return ", and its host's clock is as far off"
    return ", and its host's clock is right" if abs(found.vote.offset - found.host) <= found.vote.limit else ""


def apart_from_host(found: ClockEvidence) -> str:
    """The difference from the host's clock, where it matters and the diagnosis does not have it; else empty."""
    limit = found.vote.limit if found.vote else LIMIT
    if found.host is None or abs(found.host) <= limit or by_the_host(found):
        return ""
    where = "behind" if found.host > 0 else "ahead of"
    return f"this clock is {abs(found.host):.3f} s {where} its host's: {_WHICH_IS_WRONG[found.truth]}"


_WHICH_IS_WRONG = {
    Truth.RIGHT: "the host's clock is wrong",
    Truth.WRONG: "both are wrong",
    Truth.UNKNOWN: "one of the two is wrong",
}


def kernel(found: ClockEvidence) -> str:
    """Whether the kernel says that it is synchronised."""
    if found.kernel is None:
        return "the kernel cannot be queried"
    if found.kernel.synchronised:
        return f"the kernel is synchronised, with an error of at most {found.kernel.max_error:.3g} s"
    return "the kernel is not synchronised"


def no_daemon_seen(found: ClockEvidence) -> str:
    """No time daemon keeps it."""
    machine = found.machine
    if machine.daemons is None:
        why = "/proc is not mounted" if machine.without_proc else "processes are hidden"
        return f"cannot tell whether a time daemon runs, since {why}, and {kernel(found)}"
    seen = "no time daemon found in this container" if machine.container else "no time daemon runs"
    idle = "; ".join(dict.fromkeys(daemon.leaves_it for daemon in machine.idle))
    return f"{seen}{f' ({idle})' if idle else ''}, and {kernel(found)}"


def daemon_runs(found: ClockEvidence) -> str:
    """The daemons that keep it, and what they say."""
    silent = ", and does not report the clock's state to the kernel" if found.keeps_silent else ""
    return f"{running(found.machine.daemons)}{_by_its_account(found)}{silent or f', and {kernel(found)}'}"


def _by_its_account(found: ClockEvidence) -> str:
    """`` (chronyd follows 192.0.2.1)``, if it says so."""
    told = found.told
    if told is None:
        return ""
    if told.follows:
        return f" ({told.daemon} follows {told.follows})"
    if told.hears_nobody:
        return f" (none of {told.daemon}'s servers answers)"
    if told.unresolved and not told.peers:
        return f" (the names of {told.daemon}'s servers do not resolve)"
    return f" ({told.daemon} has no server)" if told.has_no_source else ""


def why_host(found: ClockEvidence) -> str:
    """Why it is the host's."""
    if found.machine.independent_wallclock is False:
        return found.machine.setting[1]
    return f"it is the host's, since {found.machine.setting[1]}"


def settable(found: ClockEvidence) -> str:
    """Why nobody here can set it."""
    unsaid = "" if found.truth is Truth.WRONG else f", and {kernel(found)}"
    return f"{found.machine.setting[1]}{unsaid}"


def was_undone(found: ClockEvidence) -> str:
    """It was set, and somebody else set it back."""
    return "it was set, and set back within the last hour"


def who_is_wrong(found: ClockEvidence) -> str:
    """The servers that the vote calls wrong."""
    names = ", ".join(found.vote.falsetickers if found.vote else ())
    return f"wrong is {names}"
