"""What is wrong with this clock, in a number, a sentence and what to do.  Pure.

"Unsynchronised" (nobody vouches for the clock) is not "wrong" (it is off): a virtual machine's clock may be right
although its kernel says unsynchronised, and a kernel that says synchronised may follow a wrong server.  Whether it is
wrong is known from the vote of an ``<NTP>`` job alone: right within that job's limit, wrong beyond the limit and beyond
the vote's own error bound, else not known.  Then, first match:

=========  ======================================================  ===================================  ==========
the clock  and                                                     diagnosis                            the run
=========  ======================================================  ===================================  ==========
wrong      the host keeps it (Xen's wallclock, a container)        3 the host's clock is wrong          failed
wrong      nobody here could set it                                4 cannot set                         failed
wrong      a step was undone within the last hour                  5 stepped back                       failed
wrong      no time daemon is to be seen                            1 no daemon                          failed
wrong      a daemon runs, whatever the kernel says                 2 daemon not synchronised            failed
right      the vote named somebody wrong                           6 server wrong                       warning
right      the kernel is synchronised, or cannot be asked          0 ok                                 passed
right      nobody here could set it: it is the host's business     0 ok                                 passed
right      no time daemon is to be seen                            1 no daemon                          warning
right      a daemon runs                                           2 daemon not synchronised            warning
unknown    the kernel cannot be asked                              none                                 error
unknown    the kernel is synchronised                              0 ok                                 passed
unknown    nobody here could set it                                4 cannot set                         warning
unknown    a step was undone within the last hour                  5 stepped back                       warning
unknown    no time daemon is to be seen                            1 no daemon                          failed
unknown    a daemon runs                                           2 daemon not synchronised            failed
=========  ======================================================  ===================================  ==========

What the rows are for: a wrong clock always fails; a right one never does, so that a container whose host keeps the
time, or a guest whose kernel never says synchronised, pages nobody once an ``<NTP>`` block vouches for it.  Where
neither the kernel nor a vote vouches for a clock that could be kept here, somebody must look; where it could not,
somebody else must, and a warning is enough.
1 and 2 fail with the cause *unsynchronised*, 3 to 5 with *expectation*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any

from collectd_inode.clock.kernel import Kernel
from collectd_inode.clock.machine import Machine
from collectd_inode.clock.steps import Steps
from collectd_inode.run import Cause

LIMIT = 0.1
"""Seconds: an ``<NTP>`` block's MaxOffset, where its job does not say."""
FRESH_INTERVALS = 3
NTP_INTERVAL = 64.0
"""Seconds: an ``<NTP>`` job looks no more often, however often we do."""


class Diagnosis(IntEnum):
    """What is wrong; the numbers are in people's databases and never change."""

    OK = 0
    NO_DAEMON = 1
    DAEMON_UNSYNCHRONISED = 2
    HOST_WRONG = 3
    CANNOT_SET = 4
    STEPPED_BACK = 5
    SERVER_WRONG = 6

    @property
    def code(self) -> str:
        """As a warning's code: ``no_daemon``."""
        return self.name.lower()

    @property
    def words(self) -> str:
        """As people say it."""
        return _WORDS[self]


_WORDS = {
    Diagnosis.OK: "ok",
    Diagnosis.NO_DAEMON: "no daemon",
    Diagnosis.DAEMON_UNSYNCHRONISED: "daemon not synchronised",
    Diagnosis.HOST_WRONG: "host-driven and the host is wrong",
    Diagnosis.CANNOT_SET: "cannot set",
    Diagnosis.STEPPED_BACK: "stepped back",
    Diagnosis.SERVER_WRONG: "server wrong",
}

_CAUSES = {
    Diagnosis.NO_DAEMON: Cause.UNSYNCHRONISED,
    Diagnosis.DAEMON_UNSYNCHRONISED: Cause.UNSYNCHRONISED,
    Diagnosis.HOST_WRONG: Cause.EXPECTATION,
    Diagnosis.CANNOT_SET: Cause.EXPECTATION,
    Diagnosis.STEPPED_BACK: Cause.EXPECTATION,
}


class Truth(Enum):
    """Whether the clock is right, as far as anybody knows."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the sources of an ``<NTP>`` job agreed on: seconds that the clock is behind them, and their error bound."""

    offset: float
    bound: float
    time: float
    sources: int
    falsetickers: tuple[str, ...] = ()
    limit: float = LIMIT

    @property
    def truth(self) -> Truth:
        """Right, wrong, or a vote that is too vague to tell."""
        if abs(self.offset) <= self.limit:
            return Truth.RIGHT
        return Truth.WRONG if abs(self.offset) > self.bound else Truth.UNKNOWN


def consensus(
    contents: Iterable[Mapping[str, Any]], *, now: float, interval: float, since: float | None
) -> Consensus | None:
    """The fresh vote of the most sources among what ``<NTP>`` jobs keep (``state.all("ntp")``); None if there is none.

    Fresh: not older than three intervals (of 64 s at least), not of the future, and not from before the clock's last
    step (*since*), which it knows nothing of.  The names of falsetickers are those of all fresh votes.
    """
    oldest = max(now - FRESH_INTERVALS * max(interval, NTP_INTERVAL), since or 0.0)
    votes = [vote for content in contents if (vote := _vote(content)) and oldest <= vote.time <= now + 1]
    if not votes:
        return None
    best = max(votes, key=lambda vote: (vote.sources, vote.time))
    wrong = tuple(dict.fromkeys(name for vote in votes for name in vote.falsetickers))
    return Consensus(best.offset, best.bound, best.time, best.sources, wrong, best.limit)


def _vote(content: Mapping[str, Any]) -> Consensus | None:
    try:
        return Consensus(
            offset=float(content["offset"]),
            bound=float(content["bound"]),
            time=float(content["time"]),
            sources=int(content["sources"]),
            falsetickers=tuple(map(str, content.get("falsetickers") or ())),
            limit=float(content.get("max_offset") or LIMIT),
        )
    except (KeyError, TypeError, ValueError):
        return None  # it has not voted yet, or could not agree


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a diagnosis is made of."""

    kernel: Kernel | None = None
    machine: Machine = field(default_factory=Machine)
    steps: Steps = field(default_factory=Steps)
    vote: Consensus | None = None

    @property
    def truth(self) -> Truth:
        """Whether the clock is right."""
        return self.vote.truth if self.vote else Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class Finding:
    """The diagnosis with its sentence and what to do; ``cause`` is what the run fails with, NONE if it does not.

    ``diagnosis`` is None where nothing is known of the clock.
    """

    diagnosis: Diagnosis | None
    sentence: str
    advice: str = ""
    cause: Cause = Cause.NONE

    @property
    def message(self) -> str:
        """Sentence and advice on one line."""
        return "; ".join(part for part in (self.sentence, self.advice) if part)


Condition = Callable[[Evidence], bool]


def _host_driven(found: Evidence) -> bool:
    return found.machine.host_driven


def _not_settable(found: Evidence) -> bool:
    return found.machine.settable is False


def _undone(found: Evidence) -> bool:
    return found.steps.recently_undone


def _no_daemon(found: Evidence) -> bool:
    return not found.machine.daemons


def _falseticker(found: Evidence) -> bool:
    return bool(found.vote and found.vote.falsetickers)


def _synchronised(found: Evidence) -> bool:
    return found.kernel is not None and found.kernel.synchronised


def _kernel_silent(found: Evidence) -> bool:
    return found.kernel is None


def _nobody_complains(found: Evidence) -> bool:
    return _kernel_silent(found) or _synchronised(found)


def _always(found: Evidence) -> bool:
    return True


_ROWS: tuple[tuple[Truth, Condition, Diagnosis | None], ...] = (
    (Truth.WRONG, _host_driven, Diagnosis.HOST_WRONG),
    (Truth.WRONG, _not_settable, Diagnosis.CANNOT_SET),
    (Truth.WRONG, _undone, Diagnosis.STEPPED_BACK),
    (Truth.WRONG, _no_daemon, Diagnosis.NO_DAEMON),
    (Truth.WRONG, _always, Diagnosis.DAEMON_UNSYNCHRONISED),
    (Truth.RIGHT, _falseticker, Diagnosis.SERVER_WRONG),
    (Truth.RIGHT, _nobody_complains, Diagnosis.OK),
    (Truth.RIGHT, _not_settable, Diagnosis.OK),
    (Truth.RIGHT, _no_daemon, Diagnosis.NO_DAEMON),
    (Truth.RIGHT, _always, Diagnosis.DAEMON_UNSYNCHRONISED),
    (Truth.UNKNOWN, _kernel_silent, None),
    (Truth.UNKNOWN, _synchronised, Diagnosis.OK),
    (Truth.UNKNOWN, _not_settable, Diagnosis.CANNOT_SET),
    (Truth.UNKNOWN, _undone, Diagnosis.STEPPED_BACK),
    (Truth.UNKNOWN, _no_daemon, Diagnosis.NO_DAEMON),
    (Truth.UNKNOWN, _always, Diagnosis.DAEMON_UNSYNCHRONISED),
)
"""The table above."""


def diagnose(found: Evidence) -> Finding:
    """What is wrong, by the table above."""
    truth = found.truth
    diagnosis = next(row[2] for row in _ROWS if row[0] is truth and row[1](found))
    if diagnosis is None:
        return Finding(None, "neither the kernel nor a vote of NTP servers says anything of this clock", _VOTE)
    fails = truth is Truth.WRONG or (truth is Truth.UNKNOWN and diagnosis in _UNKEPT)
    return Finding(
        diagnosis,
        f"{_whether_right(found)}{_SENTENCES[diagnosis](found)}",
        _ADVICE[diagnosis](found),
        _CAUSES[diagnosis] if fails else Cause.NONE,
    )


_UNKEPT = (Diagnosis.NO_DAEMON, Diagnosis.DAEMON_UNSYNCHRONISED)
_VOTE = "add an <NTP> block, whose servers tell whether the clock is right"


# Sentences.


def _whether_right(found: Evidence) -> str:
    vote = found.vote
    if vote is None:
        return ""
    where = "behind" if vote.offset >= 0 else "ahead of"
    away = f"{abs(vote.offset):.3f} s {where} {_counted(vote.sources, 'source')}"
    match vote.truth:
        case Truth.WRONG:
            return f"this clock is {away}: "
        case Truth.RIGHT:
            return f"this clock is right ({away}): "
        case Truth.UNKNOWN:
            return f"this clock is {away}, give or take {vote.bound:.3f} s: "


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _kernel(found: Evidence) -> str:
    if found.kernel is None:
        return "the kernel cannot be asked"
    if found.kernel.synchronised:
        return f"the kernel is synchronised, with an error of at most {found.kernel.max_error:.3g} s"
    return "the kernel is not synchronised"


def _daemon_names(found: Evidence) -> str:
    return ", ".join(dict.fromkeys(daemon.name for daemon in found.machine.daemons or ()))


def _no_daemon_seen(found: Evidence) -> str:
    machine = found.machine
    if machine.container:
        seen = "no time daemon is to be seen in this container"
    else:
        seen = "no time daemon runs" if machine.daemons is not None else "no time daemon is to be seen"
    return f"{seen}, and {_kernel(found)}"


def _daemon_runs(found: Evidence) -> str:
    return f"{_daemon_names(found)} runs, and {_kernel(found)}"


def _why_host(found: Evidence) -> str:
    if found.machine.independent_wallclock is False:
        return found.machine.setting[1]
    return f"it is the host's, since {found.machine.setting[1]}"


def _settable(found: Evidence) -> str:
    unsaid = "" if found.truth is Truth.WRONG else f", and {_kernel(found)}"
    return f"{found.machine.setting[1]}{unsaid}"


def _was_undone(found: Evidence) -> str:
    return "it was set, and set back within the last hour"


def _who_is_wrong(found: Evidence) -> str:
    names = ", ".join(found.vote.falsetickers if found.vote else ())
    return f"wrong is {names}"


_SENTENCES: Mapping[Diagnosis, Callable[[Evidence], str]] = {
    Diagnosis.OK: _kernel,
    Diagnosis.NO_DAEMON: _no_daemon_seen,
    Diagnosis.DAEMON_UNSYNCHRONISED: _daemon_runs,
    Diagnosis.HOST_WRONG: _why_host,
    Diagnosis.CANNOT_SET: _settable,
    Diagnosis.STEPPED_BACK: _was_undone,
    Diagnosis.SERVER_WRONG: _who_is_wrong,
}


# What to do.


def _nothing(found: Evidence) -> str:
    return ""


def _start_one(found: Evidence) -> str:
    where = " on its host" if found.machine.container else ""
    return f"install and start one{where}, such as chrony"


def _look_at_it(found: Evidence) -> str:
    if found.truth is Truth.WRONG and _synchronised(found):
        return "it follows a wrong server: see chronyc sources, ntpq -p or timedatectl timesync-status"
    return "see whether it reaches its servers: chronyc sources, ntpq -p or timedatectl timesync-status"


def _at_the_host(found: Evidence) -> str:
    if found.machine.independent_wallclock is False:
        return "mend the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here"
    return "mend the host's clock"


def _let_it(found: Evidence) -> str:
    if _host_driven(found):
        # Somebody else's business as long as nobody says that it is wrong; so who could say comes first.
        return _at_the_host(found) if found.truth is Truth.WRONG else _VOTE
    return "give the time daemon CAP_SYS_TIME, or mend the clock of the host"


def _who_else(found: Evidence) -> str:
    return "look for two that set it: a second time daemon, the hypervisor's guest tools, the host"


def _drop_it(found: Evidence) -> str:
    return "remove it from the time daemon's servers, or tell whoever runs it"


_ADVICE: Mapping[Diagnosis, Callable[[Evidence], str]] = {
    Diagnosis.OK: _nothing,
    Diagnosis.NO_DAEMON: _start_one,
    Diagnosis.DAEMON_UNSYNCHRONISED: _look_at_it,
    Diagnosis.HOST_WRONG: _at_the_host,
    Diagnosis.CANNOT_SET: _let_it,
    Diagnosis.STEPPED_BACK: _who_else,
    Diagnosis.SERVER_WRONG: _drop_it,
}
