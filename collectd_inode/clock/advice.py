"""What to do about a clock that is wrong, or that nobody keeps: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collectd_inode.clock.evidence import SILENT, ClockEvidence
from collectd_inode.clock.machine import ON_DEMAND, AtStart, Machine, Service, TimeDaemon, listed
from collectd_inode.clock.votes import Truth
from collectd_inode.timekeeper.account import Account, Peer

THREE = "name three servers or more in one block, so that the wrong one can be identified"
VOTE = "add an <NTP> block, to compare the clock with servers"


def nothing(found: ClockEvidence) -> str:
    """All is well."""
    return ""


def start_one(found: ClockEvidence) -> str:
    """No daemon runs: how to get one."""
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


def look_at_it(found: ClockEvidence) -> str:
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
    if found.truth is Truth.UNKNOWN and found.keeps_silent:
        return VOTE
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
    for beside in (ON_DEMAND, SILENT):
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


def at_the_host(found: ClockEvidence) -> str:
    """The host keeps this clock."""
    return _with_telltale(found, _what_the_host_could(found))


def _what_the_host_could(found: ClockEvidence) -> str:
    if found.machine.wsl1:
        return "set Windows' clock"
    if found.machine.independent_wallclock is False:
        return "fix the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here"
    return "fix the host's clock"


def let_it(found: ClockEvidence) -> str:
    """Nobody here can set it."""
    if found.machine.host_driven:
        # The host's business unless a vote calls the clock wrong; so the advice to get a vote comes first.
        return at_the_host(found) if found.truth is Truth.WRONG else VOTE
    host = ", or fix the clock of the host" if found.machine.is_guest else ""
    return f"give the time daemon CAP_SYS_TIME{host}"


def who_else(found: ClockEvidence) -> str:
    """Somebody sets it back."""
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


def drop_it(found: ClockEvidence) -> str:
    """A server is wrong."""
    told = found.told
    if found.wrong_peers and told is not None:
        return f"remove {found.wrong_peers[0]} from {told.daemon}'s servers, or inform its owner"
    if told is not None and told.followed is not None:
        return f"remove it from the <NTP> block, or inform its owner; {told.daemon} does not use it"
    return "remove it, from the time daemon's servers too if it is one of them, or inform its owner"
