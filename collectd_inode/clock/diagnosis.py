"""The diagnosis of this clock: a number, a sentence and the fix.  Pure.

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
wrong      no time daemon found                                    1 no daemon                          failed
wrong      a daemon runs, whatever the kernel says                 2 daemon not synchronised            failed
right      the vote named somebody wrong                           6 server wrong                       warning
right      the kernel is synchronised, or cannot be asked          0 ok                                 passed
right      nobody here could set it: it is the host's business     0 ok                                 passed
right      who keeps it never tells the kernel (guest tools)       0 ok                                 passed
right      no time daemon found                                    1 no daemon                          warning
right      a daemon runs                                           2 daemon not synchronised            warning
unknown    the kernel cannot be queried                            none                                 error
unknown    the kernel is synchronised                              0 ok                                 passed
unknown    nobody here could set it                                4 cannot set                         warning
unknown    a step was undone within the last hour                  5 stepped back                       warning
unknown    no time daemon found                                    1 no daemon                          failed
unknown    who keeps it never tells the kernel (guest tools)       2 daemon not synchronised            warning
unknown    a daemon runs                                           2 daemon not synchronised            failed
=========  ======================================================  ===================================  ==========

The reasons for the rows: a wrong clock always fails; a right one never does, so that a container whose host keeps the
time, or a guest whose kernel never says synchronised, pages nobody once an ``<NTP>`` block vouches for it.  Where
neither the kernel nor a vote vouches for a clock that this machine could keep, the run fails; where only the host could
keep it, a warning is enough.
1 and 2 fail with the cause *unsynchronised*, 3 to 5 with *expectation*.  Where ``<NTP>`` blocks disagree there is no
diagnosis, and the run fails with *expectation*: the clock or servers are wrong, and it is unknown which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from collectd_inode.clock import advice, sentences
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.votes import Truth
from collectd_inode.model import Cause


class Diagnosis(IntEnum):
    """The fault of the clock; the numbers are in people's databases and never change."""

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
        """The diagnosis in people's words."""
        return _TOLD[self].words


Telling = Callable[[ClockEvidence], str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A diagnosis in words, as a sentence and as advice, and the cause of a run that it fails."""

    words: str
    sentence: Telling
    advice: Telling
    cause: Cause = Cause.NONE


_TOLD: Mapping[Diagnosis, _Told] = {
    Diagnosis.OK: _Told("ok", sentences.kernel, advice.nothing),
    Diagnosis.NO_DAEMON: _Told("no daemon", sentences.no_daemon_seen, advice.start_one, Cause.UNSYNCHRONISED),
    Diagnosis.DAEMON_UNSYNCHRONISED: _Told(
        "daemon not synchronised", sentences.daemon_runs, advice.look_at_it, Cause.UNSYNCHRONISED
    ),
    Diagnosis.HOST_WRONG: _Told(
        "host-driven and the host is wrong", sentences.why_host, advice.at_the_host, Cause.EXPECTATION
    ),
    Diagnosis.CANNOT_SET: _Told("cannot set", sentences.settable, advice.let_it, Cause.EXPECTATION),
    Diagnosis.STEPPED_BACK: _Told("stepped back", sentences.was_undone, advice.who_else, Cause.EXPECTATION),
    Diagnosis.SERVER_WRONG: _Told("server wrong", sentences.who_is_wrong, advice.drop_it),
}


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """The diagnosis with its sentence and advice; ``cause`` is the cause of the failed run, NONE if it passes.

    ``diagnosis`` is None where the clock's state is unknown, or ``<NTP>`` blocks disagree about it.
    """

    diagnosis: Diagnosis | None
    sentence: str
    advice: str = ""
    cause: Cause = Cause.NONE

    @property
    def message(self) -> str:
        """Sentence and advice on one line."""
        return "; ".join(part for part in (self.sentence, self.advice) if part)


Condition = Callable[[ClockEvidence], bool]


def _host_driven(found: ClockEvidence) -> bool:
    return found.machine.host_driven


def _not_settable(found: ClockEvidence) -> bool:
    return found.machine.settable is False


def _undone(found: ClockEvidence) -> bool:
    return found.steps.recently_undone


def _no_daemon(found: ClockEvidence) -> bool:
    return not found.machine.daemons


def _keeps_silent(found: ClockEvidence) -> bool:
    return found.keeps_silent


def _falseticker(found: ClockEvidence) -> bool:
    return bool(found.vote and found.vote.falsetickers)


def _synchronised(found: ClockEvidence) -> bool:
    return found.kernel is not None and found.kernel.synchronised


def _kernel_silent(found: ClockEvidence) -> bool:
    return found.kernel is None


def _nobody_complains(found: ClockEvidence) -> bool:
    return _kernel_silent(found) or _synchronised(found)


def _always(found: ClockEvidence) -> bool:
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
    (Truth.RIGHT, _keeps_silent, Diagnosis.OK),
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


def diagnose(found: ClockEvidence) -> ClockFinding:
    """The diagnosis, by the table above."""
    if found.disagreement is not None:
        return ClockFinding(None, found.disagreement.sentence, advice.THREE, Cause.EXPECTATION)
    truth = found.truth
    diagnosis = next(row[2] for row in _ROWS if row[0] is truth and row[1](found))
    if diagnosis is None:
        return ClockFinding(None, sentences.NOBODY_TELLS, advice.VOTE)
    fails = truth is Truth.WRONG or (truth is Truth.UNKNOWN and diagnosis in _UNKEPT and not found.keeps_silent)
    told = _TOLD[diagnosis]
    sentence = f"{sentences.whether_right(found)}{told.sentence(found)}{sentences.by_the_host(found)}"
    return ClockFinding(diagnosis, sentence, told.advice(found), told.cause if fails else Cause.NONE)


_UNKEPT = (Diagnosis.NO_DAEMON, Diagnosis.DAEMON_UNSYNCHRONISED)
