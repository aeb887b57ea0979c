"""What the machine's files say of its clock: /proc, /sys and a few of /run and /var, under a root folder.

Pure over a made-up tree.  A file that is missing or cannot be read is something that is not known, never an error.  It
blocks for as long as reading a few hundred small files takes: call it in a worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

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
}
"""A process's name as the kernel keeps it → the time daemon it is."""

_CONTAINERS = (
    (".dockerenv", "docker"),
    ("run/.containerenv", "podman"),
    ("run/secrets/kubernetes.io", "kubernetes"),
    ("var/run/secrets/kubernetes.io", "kubernetes"),
)
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
"""What vendor and product of a virtual machine's firmware contain, in lower case → the hypervisor."""

_MOST_PROCESSES = 65536
_MOST_BYTES = 65536
_CAP_SYS_TIME = 25
_WHOLE_MACHINE = ["0", "0", "4294967295"]
_CLOCK_SOURCE = "sys/devices/system/clocksource/clocksource0"


@dataclass(frozen=True, slots=True)
class Daemon:
    """A time daemon that runs; ``may_set``: whether it has CAP_SYS_TIME, if that is known."""

    name: str
    pid: int
    may_set: bool | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known; None is unknown.

    ``hypervisor`` is "none" on bare metal and "other" for one that does not say its name; ``independent_wallclock``
    is Xen's switch for paravirtual guests; ``may_set`` whether this process has CAP_SYS_TIME and ``anybody_may_set``
    whether process 1 could hand it out; ``daemons`` None where other people's processes are hidden; ``timesyncd`` when
    systemd-timesyncd last synchronised (epoch seconds); ``rtc_offset`` the hardware clock minus ours, in seconds, good
    to one of them.
    """

    clock_source: str | None = None
    clock_sources: tuple[str, ...] = ()
    hypervisor: str | None = None
    container: str | None = None
    user_namespace: bool | None = None
    independent_wallclock: bool | None = None
    may_set: bool | None = None
    anybody_may_set: bool | None = None
    daemons: tuple[Daemon, ...] | None = None
    timesyncd: float | None = None
    rtc_offset: float | None = None
    ptp_clocks: tuple[str, ...] = ()
    boot_id: str | None = None

    @property
    def settable(self) -> bool | None:
        """Whether anybody on this machine could set its clock; None if it is not known."""
        return self.setting[0]

    @property
    def setting(self) -> tuple[bool | None, str]:
        """`settable`, and why.

        Our own lack of CAP_SYS_TIME says little: collectd may run as nobody while chronyd does its work.  So the time
        daemon's counts if one runs, else ours, else what process 1 could hand out.
        """
        if self.independent_wallclock is False:
            return False, "xen.independent_wallclock is 0: the host drives this guest's clock"
        if self.user_namespace:
            return False, "this is a user namespace: only the host may set the clock"
        for daemon in self.daemons or ():
            if daemon.may_set:
                return True, f"{daemon.name} (process {daemon.pid}) may set it"
        if any(daemon.may_set is False for daemon in self.daemons or ()):
            return False, f"{_names(self.daemons)} runs without CAP_SYS_TIME"
        if self.may_set or self.anybody_may_set:
            return True, "root may set it"
        if self.may_set is None:
            return None, "whether anybody may set it is not known"
        where = "nobody in this container" if self.container else "nobody that we know of"
        return False, f"{where} has CAP_SYS_TIME"

    @property
    def host_driven(self) -> bool:
        """Whether the host keeps this clock: a Xen guest's, or a container's in which nobody could."""
        inside = bool(self.container or self.user_namespace)
        return self.independent_wallclock is False or (inside and self.settable is False and not self.daemons)


def _names(daemons: tuple[Daemon, ...] | None) -> str:
    return ", ".join(dict.fromkeys(daemon.name for daemon in daemons or ()))


def survey(root: str, now: Callable[[], float]) -> Machine:
    """Read all of it below *root*; *now* is this clock, read beside the hardware's."""
    files = _Files(root)
    sources = tuple((files.text(f"{_CLOCK_SOURCE}/available_clocksource") or "").split())
    processes = tuple(_daemons(files))
    visible = bool(processes) or files.there("proc/1")
    return Machine(
        clock_source=files.text(f"{_CLOCK_SOURCE}/current_clocksource"),
        clock_sources=sources,
        hypervisor=_hypervisor(files, sources),
        container=_container(files),
        user_namespace=_user_namespace(files),
        independent_wallclock=_flag(files.text("proc/sys/xen/independent_wallclock")),
        may_set=_capable(files, "self", "CapEff"),
        anybody_may_set=_capable(files, "1", "CapBnd"),
        daemons=processes if visible else None,
        timesyncd=_first(files.modified, "run/systemd/timesync/synchronized", "var/lib/systemd/timesync/clock"),
        rtc_offset=_rtc_offset(files, now),
        ptp_clocks=tuple(_ptp_clocks(files)),
        boot_id=files.text("proc/sys/kernel/random/boot_id") or None,
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """The files below a root, of which nothing is expected."""

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


def _first(read: Callable[[str], float | None], *names: str) -> float | None:
    return next((found for found in map(read, names) if found is not None), None)


def _flag(text: str | None) -> bool | None:
    return {"0": False, "1": True}.get(text or "")


def _hypervisor(files: _Files, sources: tuple[str, ...]) -> str | None:
    named = files.text("sys/hypervisor/type") or ("xen" if files.there("proc/sys/xen") else None)
    if named:
        return named
    flags = _cpu_flags(files)
    if flags is not None and "hypervisor" not in flags:
        return "none"  # before the firmware is asked: a rented machine of bare metal names its landlord
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


def _container(files: _Files) -> str | None:
    named = files.text("run/systemd/container")
    return named or next((name for path, name in _CONTAINERS if files.there(path)), None)


def _user_namespace(files: _Files) -> bool | None:
    mapping = files.text("proc/self/uid_map")
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


def _daemons(files: _Files) -> Iterator[Daemon]:
    """Every time daemon that runs; processes may come and go meanwhile."""
    for pid in islice(filter(str.isdigit, files.names("proc")), _MOST_PROCESSES):
        name = DAEMONS.get(files.text(f"proc/{pid}/comm") or "")
        if name is None:
            continue
        status = _status(files, pid)
        if not status.get("State", "").startswith("Z"):
            yield Daemon(name, int(pid), _has_sys_time(status.get("CapEff")))


def _rtc_offset(files: _Files, now: Callable[[], float]) -> float | None:
    try:
        return int(files.text("sys/class/rtc/rtc0/since_epoch") or "") - now()
    except ValueError:
        return None


def _ptp_clocks(files: _Files) -> Iterator[str]:
    """What the machine's PTP clocks call themselves; the host's own, under KVM, is "KVM virtual PTP"."""
    for device in sorted(files.names("sys/class/ptp")):
        name = files.text(f"sys/class/ptp/{device}/clock_name")
        if name:
            yield name
