"""A machine's files, made up: what is there is found, what is not there is not known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_inode.clock import machine as room
from collectd_inode.clock.advice import rivalry
from collectd_inode.clock.diagnosis import ClockFinding, Diagnosis, diagnose
from collectd_inode.clock.evidence import ClockEvidence
from collectd_inode.clock.machine import Machine, TimeDaemon, survey
from collectd_inode.clock.steps import Steps
from collectd_inode.clock.votes import Consensus
from collectd_inode.model import Cause
from tests.helpers.machines import (
    ALL_CAPABILITIES,
    BOOT,
    CHRONYD,
    CONTAINER,
    DOCKER_S,
    NO_SYS_TIME,
    UNSYNCHRONISED,
    XEN,
    arguments,
    machine,
    process,
)

NOW = 1_000_000.0


def now() -> float:
    return NOW


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    """Nothing is known, and nothing is an error: as in a chroot without /proc."""
    assert survey(str(tmp_path), now) == Machine(without_proc=True)


def test_a_guest_with_chronyd(tmp_path: Path) -> None:
    """All of it, on a machine that has everything."""
    root = machine(
        tmp_path,
        CHRONYD,
        {
            "sys/class/rtc/rtc0/since_epoch": "1001200\n",
            "sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n",
            "dev/ptp0": "",
            "run/systemd/timesync/synchronized": "",
        },
    )
    os.utime(tmp_path / "run/systemd/timesync/synchronized", (NOW - 300, NOW - 300))
    found = survey(root, now)
    assert found == Machine(
        clock_source="tsc",
        clock_sources=("tsc", "kvm-clock"),
        hypervisor="kvm",
        container=None,
        user_namespace=False,
        independent_wallclock=None,
        may_set=False,
        anybody_may_set=True,
        daemons=(TimeDaemon("chronyd", 77, True),),
        timesyncd=NOW - 300,
        rtc_offset=1200.0,
        ptp_clocks=("KVM virtual PTP",),
        host_clock=f"{tmp_path}/dev/ptp0",
        boot_id=BOOT,
    )
    assert found.setting == (True, "chronyd (process 77) may set it")
    assert not found.host_driven


def test_a_xen_guest_whose_host_drives_its_clock(tmp_path: Path) -> None:
    """Whoever has which capability: the host has the last word."""
    found = survey(machine(tmp_path, XEN, CHRONYD), now)
    assert (found.hypervisor, found.independent_wallclock) == ("xen", False)
    assert found.setting == (False, "xen.independent_wallclock is 0: the host drives this guest's clock")
    assert found.host_driven


def test_a_xen_guest_that_keeps_its_own(tmp_path: Path) -> None:
    found = survey(machine(tmp_path, XEN, {"proc/sys/xen/independent_wallclock": "1\n"}), now)
    assert (found.independent_wallclock, found.settable, found.host_driven) == (True, True, False)


def test_a_container(tmp_path: Path) -> None:
    """Docker hands nobody in it CAP_SYS_TIME: the clock is the host's."""
    found = survey(machine(tmp_path, CONTAINER), now)
    assert (found.container, found.daemons) == ("docker", ())
    assert found.setting == (False, "no process in this container has CAP_SYS_TIME")
    assert found.host_driven


def test_a_container_that_may_set_the_clock(tmp_path: Path) -> None:
    """It was handed the capability, so the clock is as much its own as the host's."""
    status = {"proc/self/status": f"CapEff:\t{ALL_CAPABILITIES}\n"}
    found = survey(machine(tmp_path, CONTAINER, status), now)
    assert (found.settable, found.host_driven) == (True, False)


def test_a_user_namespace(tmp_path: Path) -> None:
    """Its root has every capability, and none of them counts for the clock."""
    found = survey(machine(tmp_path, {"proc/self/uid_map": "0 100000 65536\n"}), now)
    assert found.setting == (False, "this is a user namespace: only the host may set the clock")


@pytest.mark.parametrize(
    ("layers", "setting"),
    [
        ((process(5, "ntpd", NO_SYS_TIME),), (False, "ntpd runs without CAP_SYS_TIME")),
        # openntpd: its parent sets the clock, its children do not.
        ((process(5, "ntpd"), process(6, "ntpd", NO_SYS_TIME)), (True, "ntpd (process 5) may set it")),
        ((), (True, "root may set it")),
        (({"proc/1/status": f"CapBnd:\t{DOCKER_S}\n"},), (False, "nobody known has CAP_SYS_TIME")),
        (({"proc/1/status": "", "proc/self/status": ""},), (None, "cannot tell whether anybody may set it")),
    ],
)
def test_who_could_set_the_clock(
    tmp_path: Path, layers: tuple[dict[str, str], ...], setting: tuple[bool | None, str]
) -> None:
    """The daemon's capability counts, or root's: ours, as nobody, says little."""
    assert survey(machine(tmp_path, *layers), now).setting == setting


@pytest.mark.parametrize("comm", room.DAEMONS)
def test_every_time_daemon_is_known_by_the_kernel_s_name_for_it(tmp_path: Path, comm: str) -> None:
    assert len(comm) <= 15
    found = survey(machine(tmp_path, process(9, comm)), now)
    card = "ptp4l keeps the network card's clock, not the system's"
    assert (found.daemons, found.idle) == (
        ((), (TimeDaemon("ptp4l", 9, True, card),))
        if comm == "ptp4l"
        else ((TimeDaemon(room.DAEMONS[comm], 9, True),), ())
    )


def test_who_is_no_time_daemon(tmp_path: Path) -> None:
    """A zombie sets no clock; nor does a process that only has a like name, or has gone as we looked."""
    dead, other = process(8, "chronyd", state="Z (zombie)"), process(9, "chronyd-watch")
    root = machine(tmp_path, dead, other)
    (tmp_path / "proc/10").mkdir()
    assert survey(root, now).daemons == ()


def test_a_machine_that_hides_other_people_s_processes(tmp_path: Path) -> None:
    """hidepid: not even process 1 is to be seen, so that no daemon is not none."""
    (tmp_path / "proc/self").mkdir(parents=True)
    assert survey(str(tmp_path), now).daemons is None


def test_looking_at_processes_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    looked: list[str] = []

    def endless(files: object, folder: str) -> Iterator[str]:
        number = 0
        while folder == "proc":
            yield str(number)
            number += 1

    monkeypatch.setattr(room._Files, "names", endless)
    monkeypatch.setattr(room._Files, "text", lambda files, name: looked.append(name))
    survey(str(tmp_path), now)
    assert len({name for name in looked if name.endswith("/comm")}) == 65536


BARE = "processor\t: 0\nflags\t\t: fpu vme\n"
SOURCES = "sys/devices/system/clocksource/clocksource0/available_clocksource"


@pytest.mark.parametrize(
    ("layer", "hypervisor"),
    [
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"proc/sys/xen/balloon": ""}, "xen"),
        ({"proc/cpuinfo": BARE}, "none"),
        ({"proc/cpuinfo": BARE, "sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, "none"),
        ({SOURCES: "hyperv_clocksource_tsc_page acpi_pm\n"}, "hyperv"),
        ({SOURCES: "tsc\n", "sys/class/dmi/id/sys_vendor": "QEMU\n"}, "kvm"),
        ({SOURCES: "tsc\n", "sys/class/dmi/id/product_name": "VMware Virtual Platform\n"}, "vmware"),
        ({SOURCES: "tsc\n", "sys/class/dmi/id/product_name": "VirtualBox\n"}, "virtualbox"),
        ({SOURCES: "tsc\n"}, "other"),
        ({SOURCES: "arch_sys_counter\n", "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 50\n"}, None),
        (
            {
                SOURCES: "arch_sys_counter\n",
                "proc/cpuinfo": "processor\t: 0\n",
                "proc/device-tree/hypervisor/compatible": "linux,kvm\0",
            },
            "kvm",
        ),
    ],
)
def test_which_hypervisor(tmp_path: Path, layer: dict[str, str], hypervisor: str | None) -> None:
    assert survey(machine(tmp_path, layer), now).hypervisor == hypervisor


@pytest.mark.parametrize(
    ("layer", "container"),
    [
        ({"run/systemd/container": "lxc\n"}, "lxc"),
        ({"run/.containerenv": ""}, "podman"),
        ({"run/secrets/kubernetes.io/serviceaccount/token": ""}, "kubernetes"),
        ({}, None),
    ],
)
def test_which_container(tmp_path: Path, layer: dict[str, str], container: str | None) -> None:
    assert survey(machine(tmp_path, layer), now).container == container


def test_this_machine() -> None:
    """The real files have the shape that the made-up ones have."""
    found = survey("/", now)
    assert found.boot_id is not None
    assert len(found.boot_id) == len(BOOT)
    assert None not in (found.may_set, found.user_namespace, found.anybody_may_set)
    assert found.clock_source in found.clock_sources


# Kinds of machine, each a folder: what is known of it, and what is wrong when its clock is.


def kinds(tmp_path: Path, *layers: dict[str, str]) -> Machine:
    return survey(machine(tmp_path, *layers), now)


def test_a_container_s_daemon_is_not_this_machine_s(tmp_path: Path) -> None:
    """It has a number in a namespace below; the host's own has one number only."""
    inside = process(300, "chronyd", NO_SYS_TIME) | {
        "proc/300/status": f"Name:\tchronyd\nState:\tS (sleeping)\nNSpid:\t300\t7\nCapEff:\t{NO_SYS_TIME}\n"
    }
    assert kinds(tmp_path, inside).daemons == ()


@pytest.mark.parametrize(("users", "seen"), [("0 0 4294967295", True), ("0 100000 65536", False), (None, False)])
def test_a_container_s_daemon_that_may_set_our_clock(tmp_path: Path, users: str | None, seen: bool) -> None:
    """Time has no namespace; a capability of a user namespace is worth nothing for it."""
    status = f"Name:\tchronyd\nState:\tS (sleeping)\nNSpid:\t300\t7\nCapEff:\t{ALL_CAPABILITIES}\n"
    mapped = {"proc/300/uid_map": f"{users}\n"} if users else {}
    found = kinds(tmp_path, process(300, "chronyd") | {"proc/300/status": status} | mapped)
    assert bool(found.daemons) == seen


def test_a_daemon_with_one_number_is_ours(tmp_path: Path) -> None:
    status = f"Name:\tchronyd\nState:\tS (sleeping)\nNSpid:\t77\nCapEff:\t{ALL_CAPABILITIES}\n"
    assert kinds(tmp_path, CHRONYD | {"proc/77/status": status}).daemons == (TimeDaemon("chronyd", 77, True),)


CARD_S = "phc2sys sets a network card's clock, not the system's"
TO_NTP = "phc2sys hands the time to an NTP daemon, and leaves the clock alone"


@pytest.mark.parametrize(
    ("comm", "words", "name", "leaves_it"),
    [
        ("busybox", ("busybox", "ntpd", "-n"), "busybox ntpd", ""),
        ("ntpd", ("busybox", "ntpd"), "busybox ntpd", ""),
        ("ntpd", ("/usr/sbin/ntpd", "-g"), "ntpd", ""),
        ("ntpd", ("ntpd: ntp engine",), "openntpd", ""),
        ("ntpd", ("/usr/sbin/ntpd", "-f", "/etc/openntpd/ntpd.conf"), "openntpd", ""),
        ("chronyd", ("/usr/sbin/chronyd", "-x"), "chronyd", "chronyd runs with -x, and leaves the clock alone"),
        ("ntpd", ("/usr/sbin/ntpd", "-x"), "ntpd", ""),  # which slews, and sets
        ("chronyd", ("chronyd", "-dxF1"), "chronyd", "chronyd runs with -x, and leaves the clock alone"),
        ("chronyd", ("chronyd", "-f", "x"), "chronyd", ""),  # a file of that name
        ("chronyd", ("chronyd", "-Q", "server ntp.test iburst"), "chronyd", "chronyd -Q only asks servers"),
        ("chronyd", ("chronyd", "-t", "3", "-xQ"), "chronyd", "chronyd -Q only asks servers"),
        ("chronyd", ("chronyd", "-q", "server ntp.test iburst"), "chronyd", ""),  # which sets it, once
        ("chronyd", ("chronyd", "-u", "Q"), "chronyd", ""),
        ("chronyd", ("chronyd", "-uxavier", "-F", "-1"), "chronyd", ""),
        (
            "busybox",
            ("/bin/busybox", "ntpd", "-nw", "-p", "ntp.test"),
            "busybox ntpd",
            "busybox ntpd runs with -w, and leaves the clock alone",
        ),
        ("busybox", ("busybox", "ntpd", "-p", "w.test"), "busybox ntpd", ""),
        ("htpdate", ("htpdate", "-D", "-iq", "www.test"), "htpdate", ""),  # a pid file of that name
        ("phc2sys", ("phc2sys", "-s", "eth0", "-w"), "phc2sys", ""),
        ("phc2sys", ("phc2sys", "-a", "-r"), "phc2sys", ""),
        ("phc2sys", ("phc2sys", "-arm"), "phc2sys", ""),
        ("phc2sys", ("phc2sys", "-a"), "phc2sys", CARD_S),
        ("phc2sys", ("phc2sys", "-c", "eth1", "-s", "eth0", "-O0"), "phc2sys", CARD_S),
        ("phc2sys", ("phc2sys", "-sCLOCK_REALTIME", "-ceth0"), "phc2sys", CARD_S),
        ("phc2sys", ("phc2sys", "-c", "CLOCK_REALTIME", "-seth0"), "phc2sys", ""),
        ("phc2sys", ("phc2sys", "-a", "-r", "-Entpshm"), "phc2sys", TO_NTP),
        ("phc2sys", ("phc2sys", "-ar", "-E", "ntpshm", "-M", "0"), "phc2sys", TO_NTP),
        ("ptp4l", ("ptp4l", "-mS", "-i", "eth0"), "ptp4l", ""),
        ("ptpd2", ("ptpd2", "-M", "-i", "eth0"), "ptpd", "ptpd runs as master only"),
        ("ptpd2", ("ptpd2", "-s", "-i", "eth0"), "ptpd", ""),
        ("ptp4l", ("ptp4l", "-i", "eth0"), "ptp4l", "ptp4l keeps the network card's clock, not the system's"),
        ("ptp4l", ("ptp4l", "-S", "-i", "eth0"), "ptp4l", ""),
        (
            "VBoxService",
            ("VBoxService", "--disable-timesync"),
            "VBoxService",
            "VBoxService runs with --disable-timesync",
        ),
    ],
)
def test_which_daemon_it_is(tmp_path: Path, comm: str, words: tuple[str, ...], name: str, leaves_it: str) -> None:
    found = kinds(tmp_path, process(9, comm), arguments(9, *words))
    assert (*(found.daemons or ()), *found.idle) == (TimeDaemon(name, 9, True, leaves_it),)


def test_busybox_that_is_something_else(tmp_path: Path) -> None:
    assert kinds(tmp_path, process(9, "busybox"), arguments(9, "busybox", "crond")).daemons == ()


def test_busybox_by_the_link_of_its_name(tmp_path: Path) -> None:
    root = machine(tmp_path, process(9, "ntpd"), arguments(9, "ntpd", "-p", "ntp.test"))
    (tmp_path / "proc/9/exe").symlink_to("/bin/busybox")
    assert survey(root, now).daemons == (TimeDaemon("busybox ntpd", 9, True),)


def test_busybox_by_the_link_of_its_program(tmp_path: Path) -> None:
    """A process's own link is for root and its owner; the program's is for all."""
    root = machine(tmp_path, process(9, "ntpd"), arguments(9, "/usr/sbin/ntpd", "-N", "-p", "ntp.test"))
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/sbin/ntpd").symlink_to("../../bin/busybox")
    assert survey(root, now).daemons == (TimeDaemon("busybox ntpd", 9, True),)


POWERLESS = {
    "proc/1/status": f"Name:\tinit\nState:\tS (sleeping)\nCapEff:\t{DOCKER_S}\nCapBnd:\t{DOCKER_S}\n",
    "proc/self/status": f"Name:\tcollectd\nCapEff:\t{DOCKER_S}\n",
}
_POD = "12 11 8:1 /var/lib/kubelet/pods/4f/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
_NERDCTL = "12 11 8:1 /var/lib/nerdctl/1935db59/etchosts/default/9a/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
_ROOT = "12 11 0:41 / / rw,relatime - overlay overlay rw,lowerdir={}\n"
_NODE = "12 11 0:41 / /var/lib/kubelet/pods/4f/volumes/x rw - tmpfs tmpfs rw\n"


@pytest.mark.parametrize(
    ("layer", "container"),
    [
        ({"proc/vz/version": ""}, "openvz"),
        ({"proc/user_beancounters": "Version: 2.5\n"}, "openvz"),
        ({"proc/1/environ": "PATH=/bin\0container=lxc\0"}, "lxc"),
        ({"proc/1/environ": "container=systemd-nspawn"}, "systemd-nspawn"),
        ({"proc/1/cgroup": "0::/kubepods.slice/kubepods-pod4f.slice/cri-containerd-9a.scope\n"}, "kubernetes"),
        ({"proc/self/cgroup": "4:memory:/kubepods/burstable/pod4f/9a\n"}, "kubernetes"),
        ({"proc/1/cgroup": "0::/system.slice/docker-9a.scope\n"}, "docker"),
        ({"proc/1/cgroup": "0::/lxc.payload.web/init.scope\n"}, "lxc"),
        ({"proc/1/cgroup": "0::/machine.slice/libpod-9a.scope\n"}, "podman"),
        ({"proc/self/mountinfo": _POD}, "kubernetes"),
        ({"proc/self/mountinfo": _NERDCTL}, "containerd"),
        ({"proc/1/cgroup": "4:memory:/ecs/9ee4/9ee4-1234\n"}, "ecs"),
        ({"proc/self/cgroup": "4:memory:/garden/9ee4\n"}, "garden"),
        ({"proc/1/cgroup": "12:pids:/docker/9a4f\n"}, "docker"),
        ({"proc/self/mountinfo": _ROOT.format("/var/lib/docker/overlay2/l/AB")}, "docker"),
        ({"proc/self/mountinfo": _ROOT.format("/home/u/.local/share/containers/storage/overlay/l/AB")}, "podman"),
        (
            {"proc/self/mountinfo": _ROOT.format("/x/io.containerd.snapshotter.v1.overlayfs/snapshots/9/fs")},
            "containerd",
        ),
        ({"proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n"}, "wsl"),
    ],
)
def test_a_container_s_clock_is_its_host_s(tmp_path: Path, layer: dict[str, str], container: str) -> None:
    """However it is known: the host drives it, and whoever may set it is there."""
    found = kinds(tmp_path, POWERLESS, layer)
    assert (found.container, found.host_driven, found.is_guest) == (container, True, True)
    wrong = ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3))
    assert diagnose(wrong).diagnosis is Diagnosis.HOST_WRONG


@pytest.mark.parametrize(
    "layer",
    [
        {"proc/vz/version": "", "proc/bc/0": "", "proc/user_beancounters": ""},
        {"proc/1/cgroup": "0::/init.scope\n", "proc/self/cgroup": "0::/system.slice/collectd.service\n"},
        {"proc/self/mountinfo": _NODE},
        {"proc/self/mountinfo": _ROOT.format("/rofs")},  # a live system's
        {"proc/self/mountinfo": "12 11 8:1 / / rw - ext4 /dev/sda1 rw\n"},
        {"proc/self/cgroup": "0::/system.slice/collectd-docker.service\n"},
        {"proc/self/cgroup": "0::/system.slice/lxc-monitoring.service\n"},
        {"proc/1/environ": "HOME=/\0TERM=linux\0"},
    ],
)
def test_the_host_of_containers_is_none(tmp_path: Path, layer: dict[str, str]) -> None:
    assert kinds(tmp_path, layer).container is None


@pytest.mark.parametrize("release", ["5.15.153.1-microsoft-standard-WSL2\n", "4.19.104-microsoft-standard\n"])
def test_wsl2_is_no_container(tmp_path: Path, release: str) -> None:
    """A guest of Windows, whose own clock stands still while Windows sleeps."""
    found = kinds(tmp_path, {"run/systemd/container": "wsl\n", "proc/sys/kernel/osrelease": release})
    assert (found.container, found.wsl, found.host_driven) == (None, True, False)
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert (wrong.diagnosis, wrong.advice) == (
        Diagnosis.NO_DAEMON,
        "set it from Windows' clock, by hwclock -s, since WSL's own stops while Windows sleeps",
    )


@pytest.mark.parametrize("mode", [1, 2])
def test_hidden_processes_are_not_none(tmp_path: Path, mode: int) -> None:
    """hidepid=1 shows their folders and nothing in them, hidepid=2 not even those."""
    root = machine(tmp_path)
    for path in (tmp_path / "proc/1").iterdir():
        path.unlink()
    if mode == 2:
        (tmp_path / "proc/1").rmdir()
    found = survey(root, now)
    assert found.daemons is None
    unknown = diagnose(ClockEvidence(UNSYNCHRONISED, found))
    assert unknown.message == (
        "cannot tell whether a time daemon runs, since processes are hidden,"
        " and the kernel is not synchronised; check as root whether one runs"
    )


def test_dom0_is_the_host_itself(tmp_path: Path) -> None:
    found = kinds(tmp_path, XEN, CHRONYD, {"proc/xen/capabilities": "control_d\n"})
    assert (found.dom0, found.host_driven, found.is_guest, found.settable) == (True, False, False, True)


@pytest.mark.parametrize(("text", "local"), [("0 0 0\n0\nLOCAL\n", True), ("0 0 0\n0\nUTC\n", False), ("", None)])
def test_which_time_the_hardware_clock_keeps(tmp_path: Path, text: str, local: bool | None) -> None:
    assert kinds(tmp_path, {"etc/adjtime": text}).rtc_local is local


BARE_METAL = {"proc/cpuinfo": BARE}


def test_bare_metal_has_no_host(tmp_path: Path) -> None:
    """Nobody is sent to the clock of a host that is not there."""
    found = kinds(tmp_path, BARE_METAL, process(5, "chronyd", NO_SYS_TIME), process(6, "ntpd", NO_SYS_TIME))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3))).message == (
        "this clock is 5.000 s behind 3 sources: chronyd and ntpd run without CAP_SYS_TIME;"
        " give the time daemon CAP_SYS_TIME"
    )


@pytest.mark.parametrize("tools", ["VBoxService", "vmtoolsd", "prltoolsd"])
def test_a_guest_whose_tools_keep_the_time(tmp_path: Path, tools: str) -> None:
    """They do not tell the kernel, so that "not synchronised" says nothing; nobody is told to install another."""
    found = kinds(tmp_path, process(5, tools))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, found)) == ClockFinding(
        Diagnosis.DAEMON_UNSYNCHRONISED,
        f"{tools} runs, and does not report the clock's state to the kernel",
        "add an <NTP> block, to compare the clock with servers",
    )
    right = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(0.0, 0.01, NOW, 3)))
    assert (right.diagnosis, right.cause) == (Diagnosis.OK, Cause.NONE)
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert (wrong.diagnosis, wrong.cause) == (Diagnosis.DAEMON_UNSYNCHRONISED, Cause.UNSYNCHRONISED)
    assert "install" not in wrong.message


def test_ptp4l_alone_does_not_keep_the_system_s_clock(tmp_path: Path) -> None:
    found = kinds(tmp_path, BARE_METAL, process(5, "ptp4l"), arguments(5, "ptp4l", "-i", "eth0"))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, found)).message == (
        "no time daemon runs (ptp4l keeps the network card's clock, not the system's),"
        " and the kernel is not synchronised;"
        " start phc2sys beside ptp4l, which sets the system's clock by the card's"
    )


@pytest.mark.parametrize(
    ("names", "devices", "host_clock"),
    [
        ({"ptp0": "igc-04:00.0", "ptp1": "hyperv"}, ("ptp0", "ptp1"), "dev/ptp1"),
        ({"ptp0": "ptp_vmw"}, ("ptp0",), "dev/ptp0"),
        ({"ptp0": "ena-ptp-05"}, ("ptp0",), None),  # a network card's, whosever it is
        ({"ptp0": "KVM virtual PTP"}, (), None),  # a container sees /sys, and was given no device
    ],
)
def test_which_device_shows_the_host_s_clock(
    tmp_path: Path, names: dict[str, str], devices: tuple[str, ...], host_clock: str | None
) -> None:
    named = {f"sys/class/ptp/{device}/clock_name": f"{name}\n" for device, name in names.items()}
    found = kinds(tmp_path, named, {f"dev/{device}": "" for device in devices})
    assert found.ptp_clocks == tuple(names.values())
    assert found.host_clock == (host_clock and f"{tmp_path}/{host_clock}")


def test_wsl1_has_windows_clock(tmp_path: Path) -> None:
    """Whoever has which capability."""
    found = kinds(tmp_path, {"proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n"})
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert wrong == ClockFinding(
        Diagnosis.HOST_WRONG,
        "this clock is 5.000 s behind 3 sources: it is the host's, since WSL1 has no clock but Windows'",
        "set Windows' clock",
        Cause.EXPECTATION,
    )


def test_a_daemon_in_a_user_namespace(tmp_path: Path) -> None:
    """No capability would help it: the host's clock is wrong."""
    found = kinds(tmp_path, CHRONYD, {"proc/1/environ": "container=lxc\0", "proc/self/uid_map": "0 100000 65536\n"})
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert (wrong.diagnosis, wrong.advice) == (Diagnosis.HOST_WRONG, "fix the host's clock")


def test_a_daemon_that_is_stopped(tmp_path: Path) -> None:
    found = kinds(tmp_path, process(77, "chronyd", state="T (stopped)"))
    assert (found.daemons, found.idle) == ((), (TimeDaemon("chronyd", 77, True, "chronyd is stopped"),))
    assert diagnose(ClockEvidence(UNSYNCHRONISED, found)).message == (
        "no time daemon runs (chronyd is stopped), and the kernel is not synchronised; continue chronyd: kill -CONT 77"
    )


@pytest.mark.parametrize("state", ["Z (zombie)", "X (dead)"])
def test_a_daemon_that_has_ended(tmp_path: Path, state: str) -> None:
    found = kinds(tmp_path, process(77, "chronyd", state=state))
    assert (found.daemons, found.idle) == ((), ())


def test_openntpd_s_first_process_is_its_children_s_parent(tmp_path: Path) -> None:
    """It is called as any ntpd, and only its children say what they are; they set nothing."""
    found = kinds(
        tmp_path,
        process(5, "ntpd", parent=1),
        arguments(5, "/usr/sbin/ntpd", "-s"),
        process(6, "ntpd", NO_SYS_TIME, parent=5),
        arguments(6, "ntpd: ntp engine"),
        process(7, "ntpd", NO_SYS_TIME, parent=6),
        arguments(7, "ntpd: dns engine"),
    )
    assert {daemon.name for daemon in found.daemons or ()} == {"openntpd"}
    assert found.setters == ("openntpd",)


@pytest.mark.parametrize(
    ("parents", "setters"),
    [
        ((1, 77), ("chronyd",)),  # it has started a helper
        ((1, 1), ("chronyd (process 77)", "chronyd (process 78)")),
        ((1, 4000), ("chronyd (process 77)", "chronyd (process 78)")),  # a container's, that may set our clock
        ((None, None), ("chronyd",)),
    ],
)
def test_two_processes_of_one_name(
    tmp_path: Path, parents: tuple[int | None, int | None], setters: tuple[str, ...]
) -> None:
    first, second = parents
    found = kinds(tmp_path, process(77, "chronyd", parent=first), process(78, "chronyd", parent=second))
    assert found.setters == setters


def test_ptp_that_reaches_no_further_than_the_card(tmp_path: Path) -> None:
    found = kinds(
        tmp_path,
        process(5, "ptp4l"),
        arguments(5, "ptp4l", "-i", "eth0"),
        process(6, "phc2sys"),
        arguments(6, "phc2sys", "-a"),
    )
    assert diagnose(ClockEvidence(UNSYNCHRONISED, found)).advice == (
        "start phc2sys with -a -r, which sets the system's clock by the card's"
    )


@pytest.mark.parametrize("other", ["vmtoolsd", "timemaster", "VBoxService"])
def test_advice_is_for_the_daemon_that_keeps_the_clock(tmp_path: Path, other: str) -> None:
    """And not for what runs beside it, and waits to be told to."""
    found = kinds(tmp_path, CHRONYD, process(78, other))
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert wrong.advice == "set it: chronyc makestep, once chronyc sources shows a server"


def test_advice_is_not_for_a_daemon_that_may_not_set_the_clock(tmp_path: Path) -> None:
    """Where another one may."""
    found = kinds(tmp_path, process(77, "chronyd", NO_SYS_TIME), process(78, "systemd-timesyn"))
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(5.0, 0.01, NOW, 3)))
    assert wrong.advice == "set it: restart systemd-timesyncd, and see timedatectl timesync-status"


def test_a_query_beside_a_daemon_is_no_second_one(tmp_path: Path) -> None:
    """Monitoring that runs chronyd -Q sets nothing."""
    found = kinds(
        tmp_path, process(5, "ntpd"), arguments(5, "ntpd"), process(6, "chronyd"), arguments(6, "chronyd", "-Q")
    )
    assert (found.setters, rivalry(found)) == (("ntpd",), "")


@pytest.mark.parametrize(
    ("layers", "advice"),
    [
        ((), "install and start one, such as chrony"),
        ((XEN,), "fix the host's clock, or set xen.independent_wallclock to 1 and start a time daemon here"),
    ],
)
def test_whole_hours_where_no_daemon_runs(tmp_path: Path, layers: tuple[dict[str, str], ...], advice: str) -> None:
    """A machine that starts into local time, as beside Windows."""
    found = kinds(tmp_path, *layers, {"etc/adjtime": "0 0 0\n0\nLOCAL\n"})
    wrong = diagnose(ClockEvidence(UNSYNCHRONISED, found, Steps(), Consensus(-7200.4, 0.01, NOW, 3)))
    assert wrong.advice == (
        f"{advice}; whole hours are a time zone: a hardware clock in local time, as /etc/adjtime says;"
        " timedatectl set-local-rtc 0"
    )
