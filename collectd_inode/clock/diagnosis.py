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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from itertools import combinations
from typing import Any

from collectd_inode.clock.kernel import Kernel
from collectd_inode.clock.machine import ON_DEMAND, AtStart, Machine, Service, TimeDaemon, listed, running
from collectd_inode.clock.steps import Steps
from collectd_inode.model import Cause
from collectd_inode.timekeeper.account import Account, Peer
from collectd_inode.words import plural

LIMIT = 0.1
"""Seconds: an ``<NTP>`` block's MaxOffset, where its job has kept none."""
TELLING = 3
"""With fewer sources the wrong one of two clocks is unknown."""
LEAST_BOUND = 0.001
"""Seconds: servers on one wire must not fall out over microseconds."""
FRESH_INTERVALS = 3
NTP_INTERVAL = 64.0
"""Seconds: the shortest interval of an ``<NTP>`` job, however often the clock is checked."""


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
    """Whether the clock is right, as far as is known."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consensus:
    """The consensus of the sources of an ``<NTP>`` job: seconds that the clock is behind them, and their error
    bound.
    """

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


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two ``<NTP>`` jobs, by name, whose votes cannot both be right."""

    one: tuple[str, Consensus]
    other: tuple[str, Consensus]

    @property
    def sentence(self) -> str:
        """``the blocks disagree: by <NTP "a"> this clock is 0.002 s behind 4 sources, by <NTP "b"> …``."""
        told = (f'by <NTP "{name}"> this clock is {_away(vote)}' for name, vote in (self.one, self.other))
        return f"the blocks disagree: {', '.join(told)}"


def consensus(
    contents: Mapping[str, Mapping[str, Any]], *, now: float, interval: float, since: float | None
) -> Consensus | Disagreement | None:
    """The fresh vote of the most sources among what ``<NTP>`` jobs keep (``state.all("ntp")``); None if there is none.

    Fresh: not older than three intervals (of 64 s at least), not of the future, and not from before the clock's last
    step (*since*).  The names of falsetickers are those of all fresh votes.  If two votes cannot both be right, there
    is no best one; votes of too few sources to name the wrong one do not count in that, unless all have too few.
    """
    oldest = max(now - FRESH_INTERVALS * max(interval, NTP_INTERVAL), since or 0.0)
    found = ((name, vote) for name, content in sorted(contents.items()) if (vote := _vote(content)))
    votes = {name: vote for name, vote in found if oldest <= vote.time <= now + 1}
    if not votes:
        return None
    strong = {name: vote for name, vote in votes.items() if vote.sources >= TELLING} or votes
    apart = next((pair for pair in combinations(strong.items(), 2) if _disagree(pair[0][1], pair[1][1])), None)
    if apart is not None:
        return Disagreement(*apart)
    best = max(votes.values(), key=lambda vote: (vote.sources, vote.time))
    wrong = tuple(dict.fromkeys(name for vote in votes.values() for name in vote.falsetickers))
    return Consensus(best.offset, best.bound, best.time, best.sources, wrong, best.limit)


def _disagree(one: Consensus, other: Consensus) -> bool:
    """Whether two votes cannot both be right, and do not both call the clock right."""
    meet = abs(one.offset - other.offset) <= max(one.bound, LEAST_BOUND) + max(other.bound, LEAST_BOUND)
    return not meet and not one.truth is other.truth is Truth.RIGHT


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


_ACCOUNTS_AS = {"ntpsec": "ntpd"}
"""Daemons whose account has another name."""


@dataclass(frozen=True, slots=True)
class ClockEvidence:
    """The facts for a diagnosis."""

    kernel: Kernel | None = None
    machine: Machine = field(default_factory=Machine)
    steps: Steps = field(default_factory=Steps)
    vote: Consensus | None = None
    disagreement: Disagreement | None = None
    account: Account | None = None
    """The time daemon's own account."""
    host: float | None = None
    """Seconds that this clock is behind its host's, by the hypervisor's PTP device."""

    @property
    def told(self) -> Account | None:
        """The account of the daemon that keeps this clock."""
        names = {_ACCOUNTS_AS.get(daemon.name, daemon.name) for daemon in self.machine.daemons or ()}
        return self.account if self.account is not None and self.account.daemon in names else None

    @property
    def wrong_peers(self) -> tuple[str, ...]:
        """Servers of the daemon that the vote calls wrong: addresses, and names where only its files are known."""
        told = self.told
        names = self.vote.falsetickers if self.vote else ()
        # ``ntp1.example.org (192.0.2.1)``, or one of the two
        either = (part for name in names for part in (name.rpartition("(")[2].rstrip(")"), name.partition(" (")[0]))
        return tuple(part for part in dict.fromkeys(either) if told is not None and told.has(part))

    @property
    def truth(self) -> Truth:
        """Whether the clock is right."""
        return self.vote.truth if self.vote else Truth.UNKNOWN


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
    daemons = found.machine.daemons
    return bool(daemons) and all(daemon.name in _SILENT for daemon in daemons or ())


_SILENT = frozenset(
    {"VBoxService", "vmtoolsd", "prltoolsd", "htpdate", "sdwdate", "tlsdated", "ntpclient", "clockspeed"}
)
"""Setters of the clock that never mark the kernel synchronised: "not synchronised" means nothing beside them."""


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
        return ClockFinding(None, found.disagreement.sentence, _THREE, Cause.EXPECTATION)
    truth = found.truth
    diagnosis = next(row[2] for row in _ROWS if row[0] is truth and row[1](found))
    if diagnosis is None:
        return ClockFinding(None, "neither the kernel nor a vote of NTP servers gives information on this clock", _VOTE)
    fails = truth is Truth.WRONG or (truth is Truth.UNKNOWN and diagnosis in _UNKEPT and not _keeps_silent(found))
    return ClockFinding(
        diagnosis,
        f"{_whether_right(found)}{_SENTENCES[diagnosis](found)}{_by_the_host(found)}",
        _ADVICE[diagnosis](found),
        _CAUSES[diagnosis] if fails else Cause.NONE,
    )


_UNKEPT = (Diagnosis.NO_DAEMON, Diagnosis.DAEMON_UNSYNCHRONISED)
_THREE = "name three servers or more in one block, so that the wrong one can be identified"
_VOTE = "add an <NTP> block, to compare the clock with servers"


# Sentences.


def _whether_right(found: ClockEvidence) -> str:
    vote = found.vote
    if vote is None:
        return ""
    away = _away(vote)
    match vote.truth:
        case Truth.WRONG:
            return f"this clock is {away}: "
        case Truth.RIGHT:
            return f"this clock is right ({away}): "
        case Truth.UNKNOWN:
            return f"this clock is {away}, give or take {vote.bound:.3f} s: "


def _away(vote: Consensus) -> str:
    where = "behind" if vote.offset >= 0 else "ahead of"
    return f"{abs(vote.offset):.3f} s {where} {plural(vote.sources, 'source')}"


def _by_the_host(found: ClockEvidence) -> str:
    """``, and its host's clock is right``, beside a vote that calls this one wrong."""
    if found.host is None or found.vote is None or found.truth is not Truth.WRONG:
        return ""
    if abs(found.host) <= found.vote.limit:
        return ", and its host's clock is as far off"
    return ", and its host's clock is right" if abs(found.vote.offset - found.host) <= found.vote.limit else ""


def apart_from_host(found: ClockEvidence) -> str:
    """The difference from the host's clock, where it matters and the diagnosis does not have it; else empty."""
    limit = found.vote.limit if found.vote else LIMIT
    if found.host is None or abs(found.host) <= limit or _by_the_host(found):
        return ""
    where = "behind" if found.host > 0 else "ahead of"
    return f"this clock is {abs(found.host):.3f} s {where} its host's: {_WHICH_IS_WRONG[found.truth]}"


_WHICH_IS_WRONG = {
    Truth.RIGHT: "the host's clock is wrong",
    Truth.WRONG: "both are wrong",
    Truth.UNKNOWN: "one of the two is wrong",
}


def _kernel(found: ClockEvidence) -> str:
    if found.kernel is None:
        return "the kernel cannot be queried"
    if found.kernel.synchronised:
        return f"the kernel is synchronised, with an error of at most {found.kernel.max_error:.3g} s"
    return "the kernel is not synchronised"


def _no_daemon_seen(found: ClockEvidence) -> str:
    machine = found.machine
    if machine.daemons is None:
        why = "/proc is not mounted" if machine.without_proc else "processes are hidden"
        return f"cannot tell whether a time daemon runs, since {why}, and {_kernel(found)}"
    seen = "no time daemon found in this container" if machine.container else "no time daemon runs"
    idle = "; ".join(dict.fromkeys(daemon.leaves_it for daemon in machine.idle))
    return f"{seen}{f' ({idle})' if idle else ''}, and {_kernel(found)}"


def _daemon_runs(found: ClockEvidence) -> str:
    silent = ", and does not report the clock's state to the kernel" if _keeps_silent(found) else ""
    return f"{running(found.machine.daemons)}{_by_its_account(found)}{silent or f', and {_kernel(found)}'}"


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


def _why_host(found: ClockEvidence) -> str:
    if found.machine.independent_wallclock is False:
        return found.machine.setting[1]
    return f"it is the host's, since {found.machine.setting[1]}"


def _settable(found: ClockEvidence) -> str:
    unsaid = "" if found.truth is Truth.WRONG else f", and {_kernel(found)}"
    return f"{found.machine.setting[1]}{unsaid}"


def _was_undone(found: ClockEvidence) -> str:
    return "it was set, and set back within the last hour"


def _who_is_wrong(found: ClockEvidence) -> str:
    names = ", ".join(found.vote.falsetickers if found.vote else ())
    return f"wrong is {names}"


_SENTENCES: Mapping[Diagnosis, Callable[[ClockEvidence], str]] = {
    Diagnosis.OK: _kernel,
    Diagnosis.NO_DAEMON: _no_daemon_seen,
    Diagnosis.DAEMON_UNSYNCHRONISED: _daemon_runs,
    Diagnosis.HOST_WRONG: _why_host,
    Diagnosis.CANNOT_SET: _settable,
    Diagnosis.STEPPED_BACK: _was_undone,
    Diagnosis.SERVER_WRONG: _who_is_wrong,
}


# Advice.


def _nothing(found: ClockEvidence) -> str:
    return ""


def _start_one(found: ClockEvidence) -> str:
    return _with_telltale(found, _who_could(found))


def _with_telltale(found: ClockEvidence, advice: str) -> str:
    """*advice*, and the hint in the size of a wrong clock's offset."""
    known = telltale(found) if found.truth is Truth.WRONG else ""
    return f"{advice}; {known}" if known else advice


def _who_could(found: ClockEvidence) -> str:
    machine = found.machine
    if machine.wsl and not machine.container:
        return "set it from Windows' clock, by hwclock -s, since WSL's own stops while Windows sleeps"
    if machine.daemons is None:
        return f"check {'outside of this chroot' if machine.without_proc else 'as root'} whether one runs"
    idle_names = {daemon.name for daemon in machine.idle}
    if "ptp4l" in idle_names:
        beside = "with -a -r" if "phc2sys" in idle_names else "beside ptp4l"
        return f"start phc2sys {beside}, which sets the system's clock by the card's"
    if stopped := [daemon for daemon in machine.idle if daemon.leaves_it.endswith("is stopped")]:
        return f"continue {stopped[0].name}: kill -CONT {stopped[0].pid}"
    reasons = [daemon.leaves_it for daemon in machine.idle]
    idle = next((do for why, do in _BESIDE.items() if any(reason.startswith(why) for reason in reasons)), "")
    if idle:
        return idle
    if machine.container:
        return "install and start one on its host, such as chrony"
    if machine.service is None:
        return "install and start one, such as chrony"
    return _by_openrc(machine.service) if machine.service.openrc else _by_systemd(machine.service)


def _by_systemd(service: Service) -> str:
    match service.state:
        case AtStart.ENABLED:
            return f"see why {service.daemon} has ended, or was not started: systemctl status {service.unit}"
        case AtStart.DISABLED:
            return f"start {service.daemon}, which is installed: systemctl enable --now {service.unit}"
        case AtStart.MASKED:
            then = f"systemctl unmask {service.unit}, then systemctl enable --now {service.unit}"
            return f"start {service.daemon}, which is masked: {then}"


def _by_openrc(service: Service) -> str:
    if service.state is AtStart.ENABLED:
        return f"see why {service.daemon} has ended, or was not started: rc-service {service.unit} status"
    start = f"rc-update add {service.unit}, then rc-service {service.unit} start"
    return f"start {service.daemon}, which is installed: {start}"


_BESIDE = {
    "chronyd runs with -x": "start chronyd without -x",
    "busybox ntpd runs with -w": "start busybox ntpd without -w",
    "htpdate runs with -q": "start htpdate without -q",
    "ptpd runs with -n": "start ptpd without -n",
    "ptpd runs as master only": "install and start one, such as chrony, or start ptpd as a slave",
    "VBoxService runs": "install and start one, such as chrony, or start VBoxService without --disable-timesync",
    "phc2sys hands the time": "start the NTP daemon that phc2sys hands the time to",
}
"""The advice where the only daemon that runs leaves the clock alone, by how the reason begins."""


def _look_at_it(found: ClockEvidence) -> str:
    """The known offset, then advice for the daemons that run here."""
    told = found.told
    if told is not None and told.hears_nobody and found.truth is not Truth.WRONG:
        return f"check the way to {told.daemon}'s servers, UDP port 123: {_some(told.peers)}"
    if told is not None and (advice := _without_a_server(told)):
        return advice
    if found.wrong_peers and found.truth is Truth.WRONG and told is not None:
        return f"remove {found.wrong_peers[0]} from {told.daemon}'s servers: the vote calls it wrong"
    keepers = _keepers(found)
    tools = [_tools(found, daemon) for daemon in keepers]
    if found.truth is Truth.UNKNOWN and _keeps_silent(found):
        return _VOTE
    if found.truth is not Truth.WRONG:
        heard = {tool.hears: _or(each.look for each in tools if each.hears == tool.hears) for tool in tools}
        return f"check whether {_or(f'{hears}: {looks}' for hears, looks in heard.items())}"
    mends = _or(_mend(found, daemon) for daemon in keepers)
    known = telltale(found)
    return f"{known}; see {_or(tool.look for tool in tools)}" if known else f"set it: {mends}"


def _without_a_server(told: Account) -> str:
    """Advice for a daemon that follows nobody, and has no server with an address; else empty."""
    if told.follows or told.peers:
        return ""
    if told.unresolved:
        return f"check name lookup on this machine, and the names in {told.daemon}'s configuration"
    if told.clocks:
        return f"check {told.daemon}'s reference clock: {TOOLS[told.daemon].look}"
    return f"add servers to {told.daemon}'s configuration" if told.has_no_source else ""


def _keepers(found: ClockEvidence) -> Sequence[TimeDaemon]:
    """The daemons that advice is for: not one that sets the clock on request only, nor guest tools beside a daemon.

    One that may not set it counts only where none may.
    """
    daemons = found.machine.daemons or ()
    daemons = tuple(daemon for daemon in daemons if daemon.may_set is not False) or daemons
    for beside in (ON_DEMAND, _SILENT):
        daemons = tuple(daemon for daemon in daemons if daemon.name not in beside) or daemons
    return daemons


def _some(peers: Sequence[Peer]) -> str:
    """The first two, since a message is short."""
    return ", ".join([*(peer.address for peer in peers[:2]), *(["…"] if len(peers) > 2 else [])])


def _mend(found: ClockEvidence, daemon: TimeDaemon) -> str:
    """The way to make *daemon* set the clock; ntpd's limit is named beyond it only."""
    far = found.vote is not None and abs(found.vote.offset) > NTPD_GIVES_UP
    tool = _tools(found, daemon)
    return tool.far if far and tool.far else tool.mend


def _tools(found: ClockEvidence, daemon: TimeDaemon) -> Tools:
    """The commands for *daemon*; a phc2sys without ptp4l has nobody to answer pmc."""
    names = {each.name for each in (*(found.machine.daemons or ()), *found.machine.idle)}
    return _CARD_S_CLOCK if daemon.name == "phc2sys" and "ptp4l" not in names else TOOLS[daemon.name]


def _or(words: Iterable[str]) -> str:
    return ", or ".join(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class Tools:
    """The command that shows a daemon's own account, and the one that makes it set a clock that is off.

    ``far`` is another way for a clock that is off by more than `NTPD_GIVES_UP`; ``hears`` the question that ``look``
    answers, since not every daemon has servers.
    """

    look: str
    mend: str
    far: str = ""
    hears: str = "it reaches its servers"


NTPD_GIVES_UP = 1000.0
"""Seconds: ntpd's panic threshold (RFC 5905, PANICT); it steps up to there."""
_NTPD = Tools(
    "ntpq -p",
    "restart ntpd, once ntpq -p shows a server",
    "ntpd gives up beyond 1000 s, so start it with -g (or tinker panic 0)",
)
_PMC = "pmc -u -b 0 'GET TIME_STATUS_NP'"
_MASTER = "it hears a PTP master"
_CARD_S_CLOCK = Tools("its log", "see phc2sys's log, restart it", hears="the clock that it reads is right")
TOOLS = {
    "chronyd": Tools("chronyc sources", "chronyc makestep, once chronyc sources shows a server"),
    "ntpd": _NTPD,
    "ntpsec": _NTPD,
    "openntpd": Tools("ntpctl -s all", "restart openntpd, and see ntpctl -s all"),
    "busybox ntpd": Tools("its log", "restart busybox ntpd with -q -n, which steps it"),
    "ntpd-rs": Tools("ntp-ctl status", "restart ntpd-rs, and see ntp-ctl status"),
    "systemd-timesyncd": Tools(
        "timedatectl timesync-status", "restart systemd-timesyncd, and see timedatectl timesync-status"
    ),
    "ptp4l": Tools(_PMC, f"see {_PMC}, restart ptp4l", hears="ptp4l hears a PTP master"),
    "phc2sys": Tools(_PMC, f"see {_PMC}, restart phc2sys", hears="ptp4l hears a PTP master"),
    "timemaster": Tools("its log", "restart timemaster, and see its log", hears="it hears a server or a PTP master"),
    "ptpd": Tools("its log and statistics file", "restart ptpd, and see its log", hears=_MASTER),
    "connmand": Tools("connmanctl clock", "see connmanctl clock, restart connman"),
    "htpdate": Tools("its log", "htpdate -s with its servers"),
    "sdwdate": Tools("its log", "restart sdwdate"),
    "ntimed": Tools("its log", "restart ntimed"),
    "sfptpd": Tools("its log", "restart sfptpd, and see its log", hears=_MASTER),
    "timebeat": Tools("its log", "restart timebeat, and see its log", hears="it hears a source of time"),
    "clockspeed": Tools("its log", "restart clockspeed"),
    "statime": Tools("its log", "restart statime, and see its log", hears=_MASTER),
    "tlsdated": Tools("its log", "restart tlsdated"),
    "ntpclient": Tools("its log", "restart ntpclient with -s"),
    "VBoxService": Tools("the host's clock", "fix the host's clock, or restart VBoxService"),
    "vmtoolsd": Tools("vmware-toolbox-cmd timesync status", "vmware-toolbox-cmd timesync enable, or start chrony"),
    "prltoolsd": Tools("the host's clock", "fix the host's clock, or restart prltoolsd"),
}

TAI_AHEAD = 37.0
"""Seconds that TAI is ahead of UTC since 2017 (IERS Bulletin C)."""
_HOUR = 3600.0
_EXACT = 0.1
_EXACT_HOURS = 2.0
"""Seconds: a hardware clock is read to one second, and drifts."""
_PARTS_OF_HOURS = (3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75)
_MOST_HOURS = 14


def telltale(found: ClockEvidence) -> str:
    """The hint in the size of an offset; empty if there is none, or if it is not known well enough."""
    vote = found.vote
    if vote is None or vote.bound > _EXACT_HOURS:
        return ""
    off = abs(vote.offset)
    if vote.bound <= _EXACT and abs(off - TAI_AHEAD) <= max(_EXACT, vote.bound):
        return _TAI_AHEAD if vote.offset < 0 else _TAI_TWICE
    if vote.bound <= _EXACT and abs(off - 1.0) <= _EXACT:
        return "1 s is a leap second, inserted by one side only"
    hours = off / _HOUR
    near = next(
        (h for h in (*range(1, _MOST_HOURS + 1), *_PARTS_OF_HOURS) if abs(hours - h) * _HOUR <= _EXACT_HOURS), 0
    )
    return _OF_HOURS[found.machine.rtc_local] if near else ""


_TAI_AHEAD = "37 s is TAI minus UTC: the clock is set to TAI, as by PTP without its UTC offset"
_TAI_TWICE = "37 s is TAI minus UTC: taken off a time that was UTC, as by a wrong UTC offset of PTP"
_OF_HOURS = {
    None: "whole hours are a time zone: see timedatectl whether the hardware clock is in local time",
    True: "whole hours are a time zone: a hardware clock in local time, as /etc/adjtime says;"
    " timedatectl set-local-rtc 0",
    False: "whole hours are a time zone, but /etc/adjtime says that the hardware clock is in UTC: look for another"
    " system that sets it to local time",
}
"""The hint for an offset of whole hours, by whether the hardware clock is known to be in local time."""


def _at_the_host(found: ClockEvidence) -> str:
    return _with_telltale(found, _what_the_host_could(found))


def _what_the_host_could(found: ClockEvidence) -> str:
    if found.machine.wsl1:
        return "set Windows' clock"
    if found.machine.independent_wallclock is False:
        return "fix the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here"
    return "fix the host's clock"


def _let_it(found: ClockEvidence) -> str:
    if _host_driven(found):
        # The host's business unless a vote calls the clock wrong; so the advice to get a vote comes first.
        return _at_the_host(found) if found.truth is Truth.WRONG else _VOTE
    host = ", or fix the clock of the host" if found.machine.is_guest else ""
    return f"give the time daemon CAP_SYS_TIME{host}"


def _who_else(found: ClockEvidence) -> str:
    setters = found.machine.setters
    if len(setters) > 1:
        return f"stop one of the two that set it: {listed(setters)}"
    host = (
        ", the hypervisor's guest tools, the host"
        if found.machine.is_guest
        else ", or a person who runs date or ntpdate"
    )
    return f"look for two that set it: a second time daemon{host}"


def rivalry(machine: Machine) -> str:
    """The setters of the clock, where there are two or more; else empty."""
    setters = machine.setters
    if len(setters) < 2:
        return ""
    tools = (
        ", or tell the host to leave this clock alone"
        if _GUEST_TOOLS & {setter.partition(" ")[0] for setter in setters}
        else ""
    )
    return f"{listed(setters)} set this clock and will conflict: stop all but one{tools}"


_GUEST_TOOLS = frozenset({"VBoxService", "prltoolsd"})


def _drop_it(found: ClockEvidence) -> str:
    told = found.told
    if found.wrong_peers and told is not None:
        return f"remove {found.wrong_peers[0]} from {told.daemon}'s servers, or inform its owner"
    if told is not None and told.followed is not None:
        return f"remove it from the <NTP> block, or inform its owner; {told.daemon} does not use it"
    return "remove it, from the time daemon's servers too if it is one of them, or inform its owner"


_ADVICE: Mapping[Diagnosis, Callable[[ClockEvidence], str]] = {
    Diagnosis.OK: _nothing,
    Diagnosis.NO_DAEMON: _start_one,
    Diagnosis.DAEMON_UNSYNCHRONISED: _look_at_it,
    Diagnosis.HOST_WRONG: _at_the_host,
    Diagnosis.CANNOT_SET: _let_it,
    Diagnosis.STEPPED_BACK: _who_else,
    Diagnosis.SERVER_WRONG: _drop_it,
}
