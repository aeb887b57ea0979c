"""The facts about the clock in the machine's files: /proc, /sys and a few of /run and /var, under a root folder.

Pure over a made-up tree.  A missing or unreadable file leaves a fact unknown and is never an error.  Reading a few
hundred small files blocks: call it in a worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice

from collectd_inode.clock import hostclock

DAEMONS = {
    "chronyd": "chronyd",
    "ntpd": "ntpd",  # ntp, ntpsec, openntpd and busybox
    "openntpd": "openntpd",
    "ntpsec": "ntpsec",
    "ntp-daemon": "ntpd-rs",
    "systemd-timesyn": "systemd-timesyncd",  # the kernel keeps fifteen bytes of a name
    "ptp4l": "ptp4l",
    "phc2sys": "phc2sys",
    "timemaster": "timemaster",
    "ptpd": "ptpd",
    "ptpd2": "ptpd",
    "sfptpd": "sfptpd",
    "timebeat": "timebeat",
    "xntpd": "ntpd",
    "clockspeed": "clockspeed",
    "connmand": "connmand",
    "htpdate": "htpdate",
    "sdwdate": "sdwdate",
    "ntimed-client": "ntimed",
    "statime": "statime",
    "tlsdated": "tlsdated",
    "ntpclient": "ntpclient",
    "VBoxService": "VBoxService",
    "vmtoolsd": "vmtoolsd",
    "vmware-guestd": "vmtoolsd",
    "prltoolsd": "prltoolsd",
}
"""A process's name as the kernel keeps it → the time daemon, or guest tools that set the time, that it is."""

_BUSYBOX = "busybox"

ON_DEMAND = ("vmtoolsd", "timemaster")
"""Tools that set the clock only if the host enables it (``tools.syncTime``), or through others: no second setter."""

Options = Mapping[str, str]
"""A process's options: the letter and its value, which is empty for one that takes none; long ones as they stand."""


@dataclass(frozen=True, slots=True)
class _Spectator:
    """Options with which a daemon does not set this machine's clock, and why; *valued* are letters with a value."""

    valued: str
    watches: Callable[[Options], bool]
    why: str


_PTPD_LOOKS = "ptpd runs with -n, and leaves the clock alone"

_SPECTATORS: Mapping[str, tuple[_Spectator, ...]] = {
    "chronyd": (
        _Spectator("fFlLPtu", lambda o: "Q" in o, "chronyd -Q only asks servers"),
        _Spectator("fFlLPtu", lambda o: "x" in o, "chronyd runs with -x, and leaves the clock alone"),
    ),
    "busybox ntpd": (_Spectator("pSkI", lambda o: "w" in o, "busybox ntpd runs with -w, and leaves the clock alone"),),
    "htpdate": (_Spectator("imMpPu", lambda o: "q" in o, "htpdate runs with -q, and leaves the clock alone"),),
    "VBoxService": (_Spectator("", lambda o: "--disable-timesync" in o, "VBoxService runs with --disable-timesync"),),
    "phc2sys": (
        _Spectator(
            "cdsEPISFRNOLMiunzltf",
            lambda o: "ntpshm" in (o.get("E"), o.get("--servo")),
            "phc2sys hands the time to an NTP daemon, and leaves the clock alone",
        ),
        _Spectator(
            "cdsEPISFRNOLMiunzltf",
            lambda o: ("a" in o and "r" not in o) or o.get("c", _REALTIME) != _REALTIME or o.get("s") == _REALTIME,
            "phc2sys sets a network card's clock, not the system's",
        ),
    ),
    # With software stamps the clock that it steers is the system's.
    "ptp4l": (_Spectator("fipl", lambda o: "S" not in o, "ptp4l keeps the network card's clock, not the system's"),),
    "ptpd": (
        _Spectator("cid", lambda o: bool({"M", "--masteronly"} & set(o)), "ptpd runs as master only"),
        _Spectator(
            "cid", lambda o: bool({"n", "--noadjust"} & set(o)), "ptpd runs with -n, and leaves the clock alone"
        ),
    ),
}
_REALTIME = "CLOCK_REALTIME"

_CONTAINERS = (
    (".dockerenv", "docker"),
    ("run/.containerenv", "podman"),
    ("run/secrets/kubernetes.io", "kubernetes"),
    ("var/run/secrets/kubernetes.io", "kubernetes"),
)
_CGROUPS = (
    ("/kubepods", "kubernetes"),
    ("cri-containerd", "kubernetes"),
    ("/crio-", "kubernetes"),
    ("/docker/", "docker"),
    ("/docker-", "docker"),
    ("/libpod", "podman"),
    ("/lxc/", "lxc"),
    ("/lxc.payload", "lxc"),
    ("/ecs/", "ecs"),
    ("/garden/", "garden"),
    ("/machine-rkt", "rkt"),
)
"""A part of a control group's path → the container that it is of."""
_MOUNTED_OVER = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
_MOUNTS = (
    ("/kubelet/pods/", "kubernetes"),
    ("/sandboxes/", "kubernetes"),
    ("/docker/containers/", "docker"),
    ("/overlay-containers/", "podman"),
    ("/nerdctl/", "containerd"),
)
"""The host's paths of a container's mounted files, which show its kind if its control groups are hidden."""
_LXCFS = "fuse.lxcfs"
"""A file system that LXC mounts over files of a container's /proc."""
_OVERLAYS = (
    ("/var/lib/docker/", "docker"),
    ("/containers/storage/", "podman"),
    ("/k3s/agent/containerd/", "kubernetes"),
    ("containerd.snapshotter", "containerd"),
)
"""The paths of the layers of a container's root."""
_WSL = "wsl"
_CLOCK_SOURCES = (("kvm-clock", "kvm"), ("xen", "xen"), ("hyperv_clocksource", "hyperv"))
_DMI = (
    ("kvm", "kvm"),
    ("qemu", "kvm"),
    ("amazon ec2", "kvm"),
    ("google compute engine", "kvm"),
    ("openstack", "kvm"),
    ("digitalocean", "kvm"),
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("xen", "xen"),
    ("microsoft corporation virtual machine", "hyperv"),
    ("parallels", "parallels"),
    ("bhyve", "bhyve"),
    ("bochs", "bochs"),
)
"""A part of vendor and product of a virtual machine's firmware, in lower case → the hypervisor."""

_UNITS = {
    "chrony": "chronyd",
    "chronyd": "chronyd",
    "ntpsec": "ntpsec",
    "ntp": "ntpd",
    "ntpd": "ntpd",
    "openntpd": "openntpd",
    "ntpd-rs": "ntpd-rs",
    "systemd-timesyncd": "systemd-timesyncd",
}
"""The name of a service, in systemd's and OpenRC's files → its time daemon; of several installed, the first counts."""
_SYSTEMD = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_NOWHERE = "/dev/null"

_OPENNTPD = "openntpd"
_STOPPED, _DEAD = "T", ("Z", "X")
"""The first letter of a process's state."""

_MOST_PROCESSES = 65536
_MOST_BYTES = 65536
_CAP_SYS_TIME = 25
_WHOLE_MACHINE = ["0", "0", "4294967295"]
_CLOCK_SOURCE = "sys/devices/system/clocksource/clocksource0"


@dataclass(frozen=True, slots=True)
class TimeDaemon:
    """A time daemon that runs; ``may_set``: whether it has CAP_SYS_TIME, if that is known.

    ``leaves_it`` is why it does not set this machine's clock at all; empty for one that does.  ``parent`` is the
    process that started it.
    """

    name: str
    pid: int
    may_set: bool | None = None
    leaves_it: str = ""
    parent: int = 0


class AtStart(IntEnum):
    """The state of a service in its manager: whether the machine starts it; the better one has the lower number."""

    ENABLED = 0
    DISABLED = 1
    MASKED = 2


@dataclass(frozen=True, slots=True)
class Service:
    """A time daemon that is installed as a service: *unit* is its name for the service manager, systemd or OpenRC."""

    daemon: str
    unit: str
    state: AtStart
    openrc: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The known facts; None is unknown.

    ``hypervisor`` is "none" on bare metal and "other" for one that does not say its name; ``independent_wallclock``
    is Xen's switch for paravirtual guests; ``may_set`` whether this process has CAP_SYS_TIME and ``anybody_may_set``
    whether process 1 could hand it out; ``daemons`` None where other people's processes are hidden; ``timesyncd`` when
    systemd-timesyncd last synchronised (epoch seconds); ``rtc_offset`` the hardware clock minus ours, in seconds, good
    to one of them and ``rtc_local`` whether it is kept in local time; ``host_clock`` the device that shows the host's
    clock to this guest; ``idle`` who runs beside ``daemons`` and leaves the clock alone; ``dom0`` whether this is Xen's
    host itself, and ``wsl`` a guest of Windows (WSL2); ``service`` the installed time daemon that would be started
    first, where none runs; ``without_proc`` whether /proc is not mounted, as in a bare chroot.
    """

    clock_source: str | None = None
    clock_sources: tuple[str, ...] = ()
    hypervisor: str | None = None
    container: str | None = None
    user_namespace: bool | None = None
    independent_wallclock: bool | None = None
    may_set: bool | None = None
    anybody_may_set: bool | None = None
    daemons: tuple[TimeDaemon, ...] | None = None
    timesyncd: float | None = None
    rtc_offset: float | None = None
    ptp_clocks: tuple[str, ...] = ()
    host_clock: str | None = None
    boot_id: str | None = None
    idle: tuple[TimeDaemon, ...] = ()
    dom0: bool = False
    wsl: bool = False
    rtc_local: bool | None = None
    service: Service | None = None
    without_proc: bool = False

    @property
    def settable(self) -> bool | None:
        """Whether any process on this machine could set its clock; None if unknown."""
        return self.setting[0]

    @property
    def setting(self) -> tuple[bool | None, str]:
        """`settable`, and why.

        Our own lack of CAP_SYS_TIME says little: collectd may run as nobody beside a working chronyd.  So the time
        daemon's counts if one runs, else ours, else that of process 1.
        """
        if self.independent_wallclock is False:
            return False, "xen.independent_wallclock is 0: the host drives this guest's clock"
        if self.wsl1:
            return False, "WSL1 has no clock but Windows'"
        if self.user_namespace:
            return False, "this is a user namespace: only the host may set the clock"
        for daemon in self.daemons or ():
            if daemon.may_set:
                return True, f"{daemon.name} (process {daemon.pid}) may set it"
        if any(daemon.may_set is False for daemon in self.daemons or ()):
            return False, f"{running(self.daemons)} without CAP_SYS_TIME"
        if self.may_set or self.anybody_may_set:
            return True, "root may set it"
        unseen = self.daemons is None and self.anybody_may_set is None
        if self.may_set is None or unseen:
            return None, "cannot tell whether anybody may set it"
        where = "no process in this container" if self.container else "nobody known"
        return False, f"{where} has CAP_SYS_TIME"

    @property
    def host_driven(self) -> bool:
        """Whether the host keeps this clock.

        It does for a Xen guest, WSL1 and a user namespace, and for a container in which nobody could.
        """
        if self.independent_wallclock is False or self.user_namespace or self.wsl1:
            return True
        return bool(self.container) and self.settable is False and not self.daemons

    @property
    def wsl1(self) -> bool:
        """Whether Windows' own kernel answers (WSL1)."""
        return self.container == _WSL

    @property
    def is_guest(self) -> bool:
        """Whether a container's host or a hypervisor may keep this clock."""
        inside = bool(self.container or self.user_namespace)
        return inside or (not self.dom0 and self.hypervisor not in (None, "none"))

    @property
    def setters(self) -> tuple[str, ...]:
        """The names of the daemons that set the clock by themselves; two or more fight over it.

        Two of one name have their numbers, too.  A process and the one that started it are one.
        """
        able = [d for d in self.daemons or () if d.may_set is not False and d.name not in ON_DEMAND]
        names = dict.fromkeys(daemon.name for daemon in able)
        return tuple(word for name in names for word in _told_apart(name, [d for d in able if d.name == name]))


def _told_apart(name: str, processes: Sequence[TimeDaemon]) -> Iterator[str]:
    pids = {process.pid for process in processes}
    first = sorted(process.pid for process in processes if process.parent and process.parent not in pids)
    if len(first) < 2:
        yield name
    else:
        yield from (f"{name} (process {pid})" for pid in first)


def listed(names: Iterable[str]) -> str:
    """``chronyd``, ``chronyd and ntpd``, ``a, b and c``."""
    *before, last = dict.fromkeys(names)
    return f"{', '.join(before)} and {last}" if before else last


def running(daemons: Iterable[TimeDaemon] | None) -> str:
    """``chronyd runs``, ``chronyd and ntpd run``."""
    names = dict.fromkeys(daemon.name for daemon in daemons or ())
    return f"{listed(names)} {'runs' if len(names) == 1 else 'run'}"


def survey(root: str, now: Callable[[], float]) -> Machine:
    """Read all of it below *root*; *now* is this clock, read beside the hardware's."""
    files = _Files(root)
    sources = tuple((files.text(f"{_CLOCK_SOURCE}/available_clocksource") or "").split())
    processes = tuple(_families(_daemons(files)))
    # Where processes are hidden (hidepid), their folders may be there and yet cannot be read.
    visible = bool(processes) or files.text("proc/1/comm") is not None
    daemons = tuple(daemon for daemon in processes if not daemon.leaves_it)
    dom0 = "control_d" in (files.text("proc/xen/capabilities") or "")
    wsl = _is_wsl(files)
    ptp_clocks = dict(_ptp_clocks(files))
    return Machine(
        clock_source=files.text(f"{_CLOCK_SOURCE}/current_clocksource"),
        clock_sources=sources,
        hypervisor=_hypervisor(files, sources),
        container=_container(files, wsl=wsl),
        user_namespace=_user_namespace(files),
        independent_wallclock=None if dom0 else _flag(files.text("proc/sys/xen/independent_wallclock")),
        may_set=_capable(files, "self", "CapEff") and not _maps_users(files, "self"),
        anybody_may_set=_capable(files, "1", "CapBnd"),
        daemons=daemons if visible else None,
        timesyncd=files.modified("run/systemd/timesync/synchronized"),
        rtc_offset=_rtc_offset(files, now),
        ptp_clocks=tuple(ptp_clocks.values()),
        host_clock=_host_clock(files, ptp_clocks),
        boot_id=files.text("proc/sys/kernel/random/boot_id") or None,
        idle=tuple(daemon for daemon in processes if daemon.leaves_it),
        dom0=dom0,
        wsl=wsl,
        rtc_local=_rtc_local(files),
        service=None if daemons else min(_services(files), key=lambda service: service.state, default=None),
        without_proc=not (visible or files.there("proc/self")),
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """The files below a root, any of which may be missing."""

    root: str

    def path(self, name: str) -> str:
        return os.path.join(self.root, name)

    def there(self, name: str) -> bool:
        return os.path.lexists(self.path(name))

    def text(self, name: str) -> str | None:
        """The beginning of a file, stripped; None if it cannot be read."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read(_MOST_BYTES).decode("utf-8", "replace").strip("\0\n ")
        except OSError:
            return None

    def words(self, name: str) -> list[str]:
        """The parts of the file *name* between zero bytes, as in a process's arguments and environment."""
        return (self.text(name) or "").split("\0")

    def target(self, name: str) -> str:
        """Where a link leads; empty if it is none."""
        try:
            return os.readlink(self.path(name))
        except OSError:
            return ""

    def modified(self, name: str) -> float | None:
        try:
            return os.stat(self.path(name)).st_mtime
        except OSError:
            return None

    def names(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(self.path(folder)) as entries:
                yield from (entry.name for entry in entries)
        except OSError:
            return


def _flag(text: str | None) -> bool | None:
    return {"0": False, "1": True}.get(text or "")


def _hypervisor(files: _Files, sources: tuple[str, ...]) -> str | None:
    named = files.text("sys/hypervisor/type") or ("xen" if files.there("proc/sys/xen") else None)
    if named:
        return named
    flags = _cpu_flags(files)
    if flags is not None and "hypervisor" not in flags:
        return "none"  # before the firmware is read: on rented bare metal it names the provider
    for source, name in _CLOCK_SOURCES:
        if any(offered.startswith(source) for offered in sources):
            return name
    firmware = " ".join(files.text(f"sys/class/dmi/id/{name}") or "" for name in ("sys_vendor", "product_name"))
    tree = files.text("proc/device-tree/hypervisor/compatible") or ""
    described = f"{firmware} {tree}".lower()
    return next((name for words, name in _DMI if words in described), "other" if flags is not None else None)


def _cpu_flags(files: _Files) -> list[str] | None:
    lines = (files.text("proc/cpuinfo") or "").splitlines()
    return next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), None)


def _is_wsl(files: _Files) -> bool:
    """WSL2 is a guest with a kernel and a clock of its own; its first kernels were "microsoft-standard" only."""
    release = _release(files)
    return "microsoft" in release and ("wsl2" in release or "microsoft-standard" in release)


def _is_wsl1(files: _Files) -> bool:
    """WSL1 has neither: Windows' kernel answers, under a name such as "4.4.0-19041-Microsoft"."""
    return _release(files).endswith("-microsoft")


def _release(files: _Files) -> str:
    return (files.text("proc/sys/kernel/osrelease") or "").lower()


def _container(files: _Files, *, wsl: bool) -> str | None:
    named = files.text("run/systemd/container") or files.text("run/host/container-manager") or _of_environment(files)
    if named and not (wsl and named == _WSL):
        return named
    found = next((name for path, name in _CONTAINERS if files.there(path)), None)
    found = found or _openvz(files) or _of_control_groups(files) or _of_mounts(files)
    return found or (_WSL if _is_wsl1(files) else None)


def _of_environment(files: _Files) -> str | None:
    """The container, by the environment that LXC, systemd-nspawn and others give to its first process; only root may
    read it.
    """
    told = (word.partition("=") for word in files.words("proc/1/environ"))
    return next((value for key, _, value in told if key == "container" and value), None)


def _openvz(files: _Files) -> str | None:
    """Its host has all of its files, and /proc/bc beside them."""
    inside = files.there("proc/vz") or files.there("proc/user_beancounters")
    return "openvz" if inside and not files.there("proc/bc") else None


def _of_control_groups(files: _Files) -> str | None:
    paths = [files.text(f"proc/{process}/cgroup") or "" for process in ("1", "self")]
    return next((name for words, name in _CGROUPS if any(words in path for path in paths)), None)


def _of_mounts(files: _Files) -> str | None:
    rows = (line.split() for line in (files.text("proc/self/mountinfo") or "").splitlines())
    known = [row for row in rows if len(row) > 4]
    roots = [row[3] for row in known if row[4] in _MOUNTED_OVER]
    if any(row[4].startswith("/proc/") and _LXCFS in row for row in known):
        return "lxc"
    over = next((name for words, name in _MOUNTS if any(words in root for root in roots)), None)
    layers = next((row[-1] for row in known if row[4] == "/" and "overlay" in row), "")
    return over or next((name for words, name in _OVERLAYS if words in layers), None)


def _user_namespace(files: _Files) -> bool | None:
    """Whether this system's users are mapped; those of our own service alone may be, too (PrivateUsers=yes)."""
    first, ours = (files.text(f"proc/{process}/uid_map") for process in ("1", "self"))
    return False if first and ours and first.split() != ours.split() else _maps_users(files, "self")


def _maps_users(files: _Files, process: str) -> bool | None:
    mapping = files.text(f"proc/{process}/uid_map")
    return None if mapping is None else mapping.split() != _WHOLE_MACHINE


def _capable(files: _Files, process: str, kind: str) -> bool | None:
    """Whether a process has CAP_SYS_TIME in its set *kind* (CapEff, CapBnd)."""
    return _has_sys_time(_status(files, process).get(kind))


def _has_sys_time(mask: str | None) -> bool | None:
    try:
        return bool(int(mask or "", 16) >> _CAP_SYS_TIME & 1)
    except ValueError:
        return None


def _status(files: _Files, process: str) -> dict[str, str]:
    lines = (files.text(f"proc/{process}/status") or "").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _daemons(files: _Files) -> Iterator[TimeDaemon]:
    """Every time daemon that runs; processes may come and go meanwhile."""
    for pid in islice(filter(str.isdigit, files.names("proc")), _MOST_PROCESSES):
        name = _daemon_name(files, pid)
        if name is None:
            continue
        status = _status(files, pid)
        may_set = _has_sys_time(status.get("CapEff"))
        state = status.get("State", "")[:1]
        if state in _DEAD or (_is_elsewhere(status) and not _reaches_us(files, pid, may_set)):
            continue
        why = _leaves_it(name, files.words(f"proc/{pid}/cmdline"), state)
        yield TimeDaemon(name, int(pid), may_set, why, _number(status.get("PPid")))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _families(daemons: Iterable[TimeDaemon]) -> list[TimeDaemon]:
    """openntpd's first process is called as any ntpd's, and its children say what they are."""
    found = list(daemons)
    parents = {daemon.parent for daemon in found if daemon.name == _OPENNTPD}
    return [replace(d, name=_OPENNTPD) if d.name == "ntpd" and d.pid in parents else d for d in found]


def _daemon_name(files: _Files, pid: str) -> str | None:
    comm = files.text(f"proc/{pid}/comm") or ""
    if comm == _BUSYBOX:
        return "busybox ntpd" if "ntpd" in files.words(f"proc/{pid}/cmdline")[:2] else None
    name = DAEMONS.get(comm)
    if name != "ntpd":
        return name
    words = files.words(f"proc/{pid}/cmdline")
    # The link of a process is for root and its owner only, that of its program for all.
    programs = (words[0], files.target(f"proc/{pid}/exe"), *(files.target(path) for path in _ntpds(words[0])))
    if _BUSYBOX in map(os.path.basename, programs):
        return "busybox ntpd"
    return "openntpd" if words[0].startswith("ntpd: ") or any("openntpd" in word for word in words) else name


def _ntpds(word: str) -> tuple[str, ...]:
    """Where the program may be that was started by *word*."""
    return (word.lstrip("/"),) if "/" in word else tuple(f"{folder}/{word}" for folder in ("usr/sbin", "sbin"))


def _is_elsewhere(status: dict[str, str]) -> bool:
    """Whether a process is in a container below us: it has a number there, too."""
    return len(status.get("NSpid", "").split()) > 1


def _reaches_us(files: _Files, pid: str, may_set: bool | None) -> bool:
    """Whether a container's process may set our clock: by a capability that is not of a user namespace."""
    return bool(may_set) and _maps_users(files, pid) is False


def _leaves_it(name: str, words: Sequence[str], state: str) -> str:
    if state == _STOPPED:
        return f"{name} is stopped"
    found = (who for who in _SPECTATORS.get(name, ()) if who.watches(_options(words[1:], who.valued)))
    return next((who.why for who in found), "")


def _options(words: Iterable[str], valued: str) -> dict[str, str]:
    """As getopt(3) reads them: letters may stand together, and a value beside its letter or after it."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            key, _, value = word.partition("=")
            found[key] = value
        elif word.startswith("-"):
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                found[letter] = (letters or next(rest, "")) if letter in valued else ""
                letters = "" if letter in valued else letters
    return found


def _services(files: _Files) -> Iterator[Service]:
    """The installed time daemons, as systemd's units; as OpenRC's scripts where there is no systemd."""
    if not files.there("usr/lib/systemd/system") and not files.there("lib/systemd/system"):
        scripts = [unit for unit in _UNITS if files.there(f"etc/init.d/{unit}") and files.there("etc/runlevels")]
        for unit in scripts:
            enabled = any(files.there(f"etc/runlevels/{level}/{unit}") for level in files.names("etc/runlevels"))
            state = AtStart.ENABLED if enabled else AtStart.DISABLED
            yield Service(_UNITS[unit], unit, state, openrc=True)
        return
    wanted = {name for target in files.names(_SYSTEMD[0]) for name in _wanted_by(files, target)}
    for unit, daemon in _UNITS.items():
        name = f"{unit}.service"
        found = next((path for folder in _SYSTEMD if files.there(path := f"{folder}/{name}")), None)
        if found is None:
            continue
        if files.target(found) == _NOWHERE:
            yield Service(daemon, unit, AtStart.MASKED)
        else:
            yield Service(daemon, unit, AtStart.ENABLED if name in wanted else AtStart.DISABLED)


def _wanted_by(files: _Files, target: str) -> Iterator[str]:
    return files.names(f"{_SYSTEMD[0]}/{target}") if target.endswith(".wants") else iter(())


def _rtc_local(files: _Files) -> bool | None:
    """Whether the hardware clock is kept in local time, by the third line of /etc/adjtime."""
    lines = (files.text("etc/adjtime") or "").split()
    return None if not {"LOCAL", "UTC"} & set(lines) else "LOCAL" in lines


def _rtc_offset(files: _Files, now: Callable[[], float]) -> float | None:
    try:
        return int(files.text("sys/class/rtc/rtc0/since_epoch") or "") - now()
    except ValueError:
        return None


def _ptp_clocks(files: _Files) -> Iterator[tuple[str, str]]:
    """The machine's PTP devices and their names; the host's own, under KVM, is "KVM virtual PTP"."""
    for device in sorted(files.names("sys/class/ptp")):
        name = files.text(f"sys/class/ptp/{device}/clock_name")
        if name:
            yield device, name


def _host_clock(files: _Files, clocks: Mapping[str, str]) -> str | None:
    device = next((device for device, name in clocks.items() if name in hostclock.NAMES), None)
    return files.path(f"dev/{device}") if device and files.there(f"dev/{device}") else None
