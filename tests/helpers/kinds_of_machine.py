"""Kinds of machine, each made up as a folder: what real systems have in /proc, /sys, /etc and /run, and what is right.

What is right is written down by hand, from the systems' own documentation, and never taken from the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.machines import (
    ALL_CAPABILITIES,
    CONTAINER,
    DOCKER_S,
    NO_SYS_TIME,
    XEN,
    arguments,
    machine,
    process,
)

Layer = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindOfMachine:
    """A folder's *layers*, and the diagnoses of a kernel that says "not synchronised": without a vote, and with one
    that calls the clock 5 s behind; then the *advice* for the wrong clock, and who fights over it.
    """

    name: str
    layers: Sequence[Layer]
    without_vote: int
    wrong: int
    advice: str
    rivals: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    """Links, by where they are → where they lead."""
    missing: Sequence[str] = ()
    """Files of `machines.GUEST` that are not there."""

    def write(self, folder: Path) -> str:
        """Lay the machine out in *folder*; its root's path."""
        root = machine(folder, *map(dict, self.layers))
        for name in self.missing:
            path = folder / name
            if path.is_dir():
                for file in sorted(path.rglob("*"), reverse=True):
                    file.rmdir() if file.is_dir() else file.unlink()
                path.rmdir()
            else:
                path.unlink()
        for name, target in self.links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        return root


def _runs(comm: str, *words: str, pid: int = 400, may_set: bool = True, parent: int = 1) -> dict[str, str]:
    """A process with what it was started with."""
    of = process(pid, comm, ALL_CAPABILITIES if may_set else NO_SYS_TIME, parent=parent)
    return of | arguments(pid, *(words or (comm,)))


def _unit(name: str, folder: str = "usr/lib/systemd/system") -> dict[str, str]:
    return {f"{folder}/{name}.service": "[Service]\n"}


def _system(*flags: str, vendor: str = "", product: str = "", sources: str = "tsc hpet acpi_pm") -> dict[str, str]:
    """A processor with these flags, and the firmware's names."""
    made = {
        "proc/cpuinfo": f"processor\t: 0\nflags\t\t: fpu vme {' '.join(flags)}\n",
        "sys/devices/system/clocksource/clocksource0/available_clocksource": f"{sources}\n",
    }
    if vendor:
        made["sys/class/dmi/id/sys_vendor"] = f"{vendor}\n"
        made["sys/class/dmi/id/product_name"] = f"{product}\n"
    return made


_METAL = _system("lahf_lm", vendor="Dell Inc.", product="PowerEdge R640")
_ARM = {
    "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "arch_sys_counter\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
}


def _ptp(name: str, device: str = "ptp0") -> dict[str, str]:
    return {f"sys/class/ptp/{device}/clock_name": f"{name}\n", f"dev/{device}": ""}


_INSIDE = {
    "proc/1/comm": "collectd\n",
    "proc/1/status": f"Name:\tcollectd\nState:\tS (sleeping)\nCapEff:\t{DOCKER_S}\nCapBnd:\t{DOCKER_S}\n",
    "proc/self/status": f"Name:\tcollectd\nCapEff:\t{DOCKER_S}\n",
}
"""What a container is allowed by default."""
_MAP = "         0     100000      65536\n"
_MAPPED = {"proc/self/uid_map": _MAP, "proc/1/uid_map": _MAP}
_PRIVATE_USERS = {
    "proc/self/uid_map": "         0          0          1\n       998        998          1\n",
    "proc/1/uid_map": "         0          0 4294967295\n",
    "proc/self/status": f"Name:\tcollectd\nCapEff:\t{ALL_CAPABILITIES}\n",
}
"""A service that systemd starts with PrivateUsers=yes: its capabilities are worth nothing, and it is no container."""


def _below(comm: str, pid: int, capabilities: str = NO_SYS_TIME) -> dict[str, str]:
    """A process of a container, as its host sees it."""
    status = f"Name:\t{comm}\nState:\tS (sleeping)\nNSpid:\t{pid}\t9\nPPid:\t300\nCapEff:\t{capabilities}\n"
    return process(pid, comm) | {
        f"proc/{pid}/status": status,
        f"proc/{pid}/uid_map": "         0          0 4294967295\n",
    }


_OK, _NO_DAEMON, _DAEMON, _HOST, _CANNOT = range(5)

_CHRONYC = "set it: chronyc makestep, once chronyc sources shows a server"
_TIMESYNC = "set it: restart systemd-timesyncd, and see timedatectl timesync-status"
_NTPQ = "set it: restart ntpd, once ntpq -p shows a server"
_BUSYBOX = "set it: restart busybox ntpd with -q -n, which steps it"
_OPENNTPD = "set it: restart openntpd, and see ntpctl -s all"
_INSTALL = "install and start one, such as chrony"
_FIX_HOST = "fix the host's clock"
_WALLCLOCK = "fix the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here"
_PMC = "pmc -u -b 0 'GET TIME_STATUS_NP'"

_TIMESYNCD = _runs("systemd-timesyn", "/lib/systemd/systemd-timesyncd")
_CHRONY = _runs("chronyd", "/usr/sbin/chronyd", "-F", "1")
_CHRONY_S_HELPER = _runs("chronyd", "/usr/sbin/chronyd", "-F", "1", pid=401, may_set=False, parent=400)

KINDS: Sequence[KindOfMachine] = (
    # Distributions as they are installed.
    KindOfMachine("Debian 12, systemd-timesyncd", [_METAL, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Debian 12, chrony and its helper", [_METAL, _CHRONY, _CHRONY_S_HELPER], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine(
        "Debian 12, ntpsec", [_METAL, _runs("ntpd", "/usr/sbin/ntpd", "-p", "/run/ntpd.pid", "-g", "-N")],
        _DAEMON, _DAEMON, _NTPQ,
    ),
    KindOfMachine(
        "Debian 12, openntpd",
        [
            _METAL,
            _runs("ntpd", "/usr/sbin/ntpd", "-f", "/etc/openntpd/ntpd.conf"),
            _runs("ntpd", "ntpd: ntp engine", pid=401, may_set=False, parent=400),
            _runs("ntpd", "ntpd: dns engine", pid=402, may_set=False, parent=401),
        ],
        _DAEMON, _DAEMON, _OPENNTPD,
    ),
    KindOfMachine("Debian 12, ntpd-rs", [_METAL, _runs("ntp-daemon", "/usr/bin/ntp-daemon")], _DAEMON, _DAEMON,
        "set it: restart ntpd-rs, and see ntp-ctl status"),
    KindOfMachine("Ubuntu 24.04, systemd-timesyncd", [_METAL, _unit("systemd-timesyncd"), _TIMESYNCD],
        _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Ubuntu 25.10, chrony", [_METAL, _unit("chrony"), _CHRONY], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("RHEL 9, chrony", [_METAL, _unit("chronyd"), _runs("chronyd", "/usr/sbin/chronyd", "-F", "2")],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("RHEL 7, ntpd", [_METAL, _runs("ntpd", "/usr/sbin/ntpd", "-u", "ntp:ntp", "-g")],
        _DAEMON, _DAEMON, _NTPQ),
    KindOfMachine("Alpine, busybox ntpd", [_METAL, _runs("ntpd", "/usr/sbin/ntpd", "-N", "-p", "pool.ntp.org")],
        _DAEMON, _DAEMON, _BUSYBOX, links={"usr/sbin/ntpd": "/bin/busybox"}),
    KindOfMachine("Alpine, chrony", [_METAL, _runs("chronyd", "/usr/sbin/chronyd", "-f", "/etc/chrony/chrony.conf")],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("Arch, systemd-timesyncd", [_METAL, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine(
        "OpenWrt, busybox ntpd in a jail",
        [
            {"proc/cpuinfo": "system type\t\t: MediaTek MT7621 ver:1 eco:3\nmachine\t\t\t: Router\n"},
            _below("ntpd", 400, ALL_CAPABILITIES)
            | arguments(400, "/usr/sbin/ntpd", "-n", "-N", "-S", "/usr/sbin/ntpd-hotplug", "-p", "ntp.test"),
        ],
        _DAEMON, _DAEMON, _BUSYBOX, links={"usr/sbin/ntpd": "../../bin/busybox"},
    ),
    # Nobody keeps the clock.
    KindOfMachine("nothing installed", [_METAL], _NO_DAEMON, _NO_DAEMON, _INSTALL),
    KindOfMachine("timesyncd disabled", [_METAL, _unit("systemd-timesyncd")], _NO_DAEMON, _NO_DAEMON,
        "start systemd-timesyncd, which is installed: systemctl enable --now systemd-timesyncd"),
    KindOfMachine("timesyncd masked", [_METAL, _unit("systemd-timesyncd")], _NO_DAEMON, _NO_DAEMON,
        "start systemd-timesyncd, which is masked: systemctl unmask systemd-timesyncd,"
        " then systemctl enable --now systemd-timesyncd",
        links={"etc/systemd/system/systemd-timesyncd.service": "/dev/null"}),
    KindOfMachine("chrony disabled, timesyncd masked",
        [_METAL, _unit("chrony", "lib/systemd/system"), _unit("systemd-timesyncd", "lib/systemd/system")],
        _NO_DAEMON, _NO_DAEMON, "start chronyd, which is installed: systemctl enable --now chrony",
        links={"etc/systemd/system/systemd-timesyncd.service": "/dev/null"}),
    KindOfMachine("chrony enabled, and has ended", [_METAL, _unit("chronyd"), _unit("systemd-timesyncd")],
        _NO_DAEMON, _NO_DAEMON, "see why chronyd has ended, or was not started: systemctl status chronyd",
        links={"etc/systemd/system/multi-user.target.wants/chronyd.service": "/usr/lib/systemd/system"}),
    KindOfMachine("Alpine, chrony not in a runlevel",
        [_METAL, {"etc/init.d/chronyd": "#!/sbin/openrc-run\n", "etc/runlevels/default/sshd": ""}],
        _NO_DAEMON, _NO_DAEMON,
        "start chronyd, which is installed: rc-update add chronyd, then rc-service chronyd start"),
    KindOfMachine("Alpine, chrony has ended",
        [_METAL, {"etc/init.d/chronyd": "#!/sbin/openrc-run\n"}], _NO_DAEMON, _NO_DAEMON,
        "see why chronyd has ended, or was not started: rc-service chronyd status",
        links={"etc/runlevels/default/chronyd": "/etc/init.d/chronyd"}),
    KindOfMachine("chronyd stopped by SIGSTOP", [_METAL, process(400, "chronyd", state="T (stopped)")],
        _NO_DAEMON, _NO_DAEMON, "continue chronyd: kill -CONT 400"),
    KindOfMachine("chronyd is a zombie", [_METAL, process(400, "chronyd", state="Z (zombie)")],
        _NO_DAEMON, _NO_DAEMON, _INSTALL),
    KindOfMachine("chronyd -x", [_METAL, _runs("chronyd", "chronyd", "-x")], _NO_DAEMON, _NO_DAEMON,
        "start chronyd without -x"),
    KindOfMachine("monitoring runs chronyd -Q", [_METAL, _runs("chronyd", "chronyd", "-Q", "server ntp.test")],
        _NO_DAEMON, _NO_DAEMON, _INSTALL),
    KindOfMachine("busybox ntpd -w", [_METAL, _runs("busybox", "busybox", "ntpd", "-w", "-p", "ntp.test")],
        _NO_DAEMON, _NO_DAEMON, "start busybox ntpd without -w"),
    # One that keeps it.
    KindOfMachine("chronyd without CAP_SYS_TIME", [_METAL, _runs("chronyd", may_set=False)], _CANNOT, _CANNOT,
        "give the time daemon CAP_SYS_TIME"),
    KindOfMachine("ConnMan", [_METAL, _runs("connmand", "/usr/sbin/connmand", "-n")], _DAEMON, _DAEMON,
        "set it: see connmanctl clock, restart connman"),
    KindOfMachine("htpdate", [_METAL, _runs("htpdate", "/usr/sbin/htpdate", "-D", "www.example.org")],
        _DAEMON, _DAEMON, "set it: htpdate -s with its servers"),
    KindOfMachine("Whonix, sdwdate", [_METAL, _runs("sdwdate", "/usr/bin/sdwdate")], _DAEMON, _DAEMON,
        "set it: restart sdwdate"),
    KindOfMachine("processes hidden (hidepid=2)", [_METAL, {"proc/self/comm": "collectd\n"}],
        _NO_DAEMON, _NO_DAEMON, "check as root whether one runs", missing=["proc/1"]),
    KindOfMachine("collectd with PrivateUsers=yes, chronyd", [_METAL, _PRIVATE_USERS, _CHRONY], _DAEMON, _DAEMON,
        _CHRONYC),
    KindOfMachine("collectd with PrivateUsers=yes, nobody else", [_METAL, _PRIVATE_USERS], _NO_DAEMON, _NO_DAEMON,
        _INSTALL),
    KindOfMachine("collectd with ProtectProc=invisible, chronyd", [_METAL, {"proc/self/comm": "collectd\n"}],
        _NO_DAEMON, _NO_DAEMON, "check as root whether one runs", missing=["proc/1"]),
    # Precision Time Protocol.
    KindOfMachine("ptp4l alone", [_METAL, _runs("ptp4l", "ptp4l", "-i", "eth0")], _NO_DAEMON, _NO_DAEMON,
        "start phc2sys beside ptp4l, which sets the system's clock by the card's"),
    KindOfMachine("ptp4l and phc2sys", [_METAL, _runs("ptp4l", "ptp4l", "-i", "eth0"),
        _runs("phc2sys", "phc2sys", "-a", "-r", pid=401)], _DAEMON, _DAEMON, f"set it: see {_PMC}, restart phc2sys"),
    KindOfMachine("ptp4l with software stamps", [_METAL, _runs("ptp4l", "ptp4l", "-S", "-i", "eth0")],
        _DAEMON, _DAEMON, f"set it: see {_PMC}, restart ptp4l"),
    KindOfMachine("phc2sys by a host's device, no ptp4l",
        [_system("hypervisor"), _ptp("KVM virtual PTP"), _runs("phc2sys", "phc2sys", "-s", "/dev/ptp0", "-O", "0")],
        _DAEMON, _DAEMON, "set it: see phc2sys's log, restart it"),
    KindOfMachine("phc2sys hands its time to chronyd",
        [_METAL, _CHRONY, _runs("ptp4l", "ptp4l", "-i", "eth0", pid=401),
        _runs("phc2sys", "phc2sys", "-a", "-r", "-E", "ntpshm", pid=402)], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("timemaster and those that it starts",
        [_METAL, _runs("timemaster", "timemaster", "-f", "/etc/timemaster.conf"),
        _runs("chronyd", "chronyd", "-n", "-f", "/run/timemaster/chrony.conf", pid=401, parent=400),
        _runs("ptp4l", "ptp4l", "-l", "5", "-f", "/run/timemaster/ptp4l.0.conf", pid=402, parent=400),
        _runs("phc2sys", "phc2sys", "-a", "-r", "-E", "ntpshm", pid=403, parent=400)], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("a PTP grandmaster: its card follows the system's clock",
        [_METAL, _CHRONY, _runs("phc2sys", "phc2sys", "-s", "CLOCK_REALTIME", "-c", "eth0", "-O", "0", pid=401)],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("ptpd2 as master only", [_METAL, _runs("ptpd2", "ptpd2", "-M", "-i", "eth0")], _NO_DAEMON, _NO_DAEMON,
        "install and start one, such as chrony, or start ptpd as a slave"),
    # Two at once.
    KindOfMachine("chronyd and systemd-timesyncd", [_METAL, _CHRONY, _runs("systemd-timesyn", pid=401)],
        _DAEMON, _DAEMON, f"{_CHRONYC}, or restart systemd-timesyncd, and see timedatectl timesync-status",
        "chronyd and systemd-timesyncd set this clock and will conflict: stop all but one"),
    KindOfMachine("ntpd and chronyd", [_METAL, _runs("ntpd", "/usr/sbin/ntpd", "-g"), _runs("chronyd", pid=500)],
        _DAEMON, _DAEMON, "set it: restart ntpd, once ntpq -p shows a server, or chronyc makestep,"
        " once chronyc sources shows a server", "ntpd and chronyd set this clock and will conflict: stop all but one"),
    KindOfMachine("two chronyd", [_METAL, _CHRONY, _runs("chronyd", pid=500)], _DAEMON, _DAEMON, _CHRONYC,
        "chronyd (process 400) and chronyd (process 500) set this clock and will conflict: stop all but one"),
    KindOfMachine("chronyd and phc2sys", [_METAL, _CHRONY, _runs("ptp4l", "ptp4l", "-i", "eth0", pid=401),
        _runs("phc2sys", "phc2sys", "-a", "-r", pid=402)], _DAEMON, _DAEMON,
        f"{_CHRONYC}, or see {_PMC}, restart phc2sys",
        "chronyd and phc2sys set this clock and will conflict: stop all but one"),
    KindOfMachine("VirtualBox, VBoxService and chronyd",
        [_system("hypervisor", vendor="innotek GmbH", product="VirtualBox"), _CHRONY,
        _runs("VBoxService", "/usr/sbin/VBoxService", pid=401)], _DAEMON, _DAEMON, _CHRONYC,
        "chronyd and VBoxService set this clock and will conflict: stop all but one,"
        " or tell the host to leave this clock alone"),
    # Guests.
    KindOfMachine("KVM guest, chronyd", [_system("hypervisor", vendor="QEMU", product="Standard PC",
        sources="kvm-clock tsc"), _CHRONY], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("KVM guest with qemu-guest-agent only", [_system("hypervisor", vendor="QEMU", product="Standard PC"),
        _runs("qemu-ga", "/usr/bin/qemu-ga")], _NO_DAEMON, _NO_DAEMON, _INSTALL),
    KindOfMachine("Xen, the host drives the clock", [XEN, _CHRONY], _CANNOT, _HOST, _WALLCLOCK),
    KindOfMachine("Xen, independent wallclock", [XEN, {"proc/sys/xen/independent_wallclock": "1\n"}, _CHRONY],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("Xen HVM", [{"sys/hypervisor/type": "xen\n"}, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Xen's dom0", [XEN, {"proc/xen/capabilities": "control_d\n"}, _CHRONY], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("VMware guest, open-vm-tools and chronyd",
        [_system("hypervisor", vendor="VMware, Inc.", product="VMware7,1"), _CHRONY,
        _runs("vmtoolsd", "/usr/bin/vmtoolsd", pid=401)], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("VMware guest, open-vm-tools only",
        [_system("hypervisor", vendor="VMware, Inc.", product="VMware7,1"), _runs("vmtoolsd", "/usr/bin/vmtoolsd")],
        _DAEMON, _DAEMON, "set it: vmware-toolbox-cmd timesync enable, or start chrony"),
    KindOfMachine("VirtualBox guest, VBoxService", [_system("hypervisor", vendor="innotek GmbH", product="VirtualBox"),
        _runs("VBoxService", "/usr/sbin/VBoxService")], _DAEMON, _DAEMON,
        "set it: fix the host's clock, or restart VBoxService"),
    KindOfMachine("VirtualBox guest, VBoxService --disable-timesync",
        [_system("hypervisor", vendor="innotek GmbH", product="VirtualBox"),
        _runs("VBoxService", "/usr/sbin/VBoxService", "--disable-timesync")], _NO_DAEMON, _NO_DAEMON,
        "install and start one, such as chrony, or start VBoxService without --disable-timesync"),
    KindOfMachine("Parallels guest", [_system("hypervisor", vendor="Parallels International GmbH."),
        _runs("prltoolsd")], _DAEMON, _DAEMON, "set it: fix the host's clock, or restart prltoolsd"),
    KindOfMachine("Hyper-V guest, systemd-timesyncd", [_system("hypervisor", vendor="Microsoft Corporation",
        product="Virtual Machine", sources="hyperv_clocksource_tsc_page acpi_pm"), _ptp("hyperv"), _TIMESYNCD],
        _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Azure, chronyd by the host's device", [_system("hypervisor", vendor="Microsoft Corporation",
        product="Virtual Machine", sources="hyperv_clocksource_tsc_page acpi_pm"), _ptp("hyperv"), _CHRONY],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("AWS Nitro, chronyd", [_system("hypervisor", vendor="Amazon EC2", product="m5.large",
        sources="kvm-clock tsc"), _CHRONY], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("AWS on metal", [_system("lahf_lm", vendor="Amazon EC2", product="m5.metal"), _runs("chronyd",
        may_set=False)], _CANNOT, _CANNOT, "give the time daemon CAP_SYS_TIME"),
    KindOfMachine("Google Cloud, chronyd", [_system("hypervisor", vendor="Google", product="Google Compute Engine",
        sources="kvm-clock tsc"), _CHRONY, _runs("google_guest_ag", pid=401)], _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("WSL2", [_system("hypervisor"), {"run/systemd/container": "wsl\n",
        "proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n"}], _NO_DAEMON, _NO_DAEMON,
        "set it from Windows' clock, by hwclock -s, since WSL's own stops while Windows sleeps"),
    KindOfMachine("WSL1", [{"proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n"}], _CANNOT, _HOST,
        "set Windows' clock"),
    # Containers.
    KindOfMachine("docker", [CONTAINER], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("docker, chronyd in it", [CONTAINER, _runs("chronyd", may_set=False)], _CANNOT, _CANNOT,
        "give the time daemon CAP_SYS_TIME, or fix the clock of the host"),
    KindOfMachine("docker --cap-add SYS_TIME", [CONTAINER,
        {"proc/self/status": f"Name:\tcollectd\nCapEff:\t{ALL_CAPABILITIES}\n"}], _NO_DAEMON, _NO_DAEMON,
        "install and start one on its host, such as chrony"),
    KindOfMachine("podman", [_INSIDE, {"run/.containerenv": ""}], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("rootless podman", [_INSIDE, _MAPPED, {"run/.containerenv": ""}], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("Kubernetes with CRI-O", [_INSIDE, {"proc/1/cgroup":
        "0::/kubepods.slice/kubepods-besteffort.slice/crio-9a.scope\n"}], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("LXC, privileged", [_INSIDE, {"proc/1/environ": "container=lxc\0"}], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("LXC, privileged, and collectd is not root", [_INSIDE, {"proc/self/mountinfo":
        "637 617 0:51 /proc/cpuinfo /proc/cpuinfo rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0\n"}],
        _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("LXD, unprivileged, chronyd in it", [_MAPPED, {"proc/1/environ": "container=lxc\0"}, _CHRONY],
        _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("systemd-nspawn", [_INSIDE, {"run/systemd/container": "systemd-nspawn\n"}], _CANNOT, _HOST,
        _FIX_HOST),
    KindOfMachine("systemd-nspawn without systemd in it", [_INSIDE, {"run/host/container-manager":
        "systemd-nspawn\n"}], _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("OpenVZ", [_INSIDE, {"proc/vz/version": "", "proc/user_beancounters": "Version: 2.5\n"}],
        _CANNOT, _HOST, _FIX_HOST),
    KindOfMachine("host of a container that runs chronyd", [_METAL, _below("chronyd", 400)], _NO_DAEMON, _NO_DAEMON,
        _INSTALL),
    KindOfMachine("docker --pid=host, chronyd on its host", [CONTAINER, _CHRONY,
        {"proc/1/status": f"Name:\tsystemd\nState:\tS (sleeping)\nCapBnd:\t{ALL_CAPABILITIES}\n"}],
        _DAEMON, _DAEMON, _CHRONYC),
    KindOfMachine("host of OpenVZ", [_METAL, {"proc/vz/version": "", "proc/bc/0": ""}, _CHRONY], _DAEMON, _DAEMON,
        _CHRONYC),
    KindOfMachine("bare chroot, /proc not mounted", [], _NO_DAEMON, _NO_DAEMON,
        "check outside of this chroot whether one runs", missing=["proc"]),
    KindOfMachine("chroot with /proc", [_METAL, _CHRONY, {"etc/debian_chroot": "bookworm\n"}], _DAEMON, _DAEMON,
        _CHRONYC, links={"proc/400/root": "/"}),
    # Hardware clocks.
    KindOfMachine("beside Windows: hardware clock in local time", [_METAL, {"etc/adjtime": "0.0 0 0.0\n0\nLOCAL\n",
        "sys/class/rtc/rtc0/since_epoch": "1003600\n"}, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Raspberry Pi: no hardware clock, fake-hwclock", [_ARM, {"etc/fake-hwclock.data":
        "2026-11-30 17:17:01\n"}, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
    KindOfMachine("Raspberry Pi: nobody keeps its clock", [_ARM], _NO_DAEMON, _NO_DAEMON, _INSTALL),
    KindOfMachine("laptop that slept, systemd-timesyncd", [_METAL, {"sys/power/state": "freeze mem disk\n",
        "sys/class/rtc/rtc0/since_epoch": "1000005\n"}, _TIMESYNCD], _DAEMON, _DAEMON, _TIMESYNC),
)  # fmt: skip
"""Every kind, with what is right for it."""
