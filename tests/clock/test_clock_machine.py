"""A machine's files, made up: what is there is found, what is not there is not known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines import (
    ALL_CAPABILITIES,
    BOOT,
    CHRONYD,
    CONTAINER,
    DOCKER_S,
    NO_SYS_TIME,
    XEN,
    machine,
    process,
)

from collectd_inode.clock import machine as room
from collectd_inode.clock.machine import Daemon, Machine, survey

NOW = 1_000_000.0


def now() -> float:
    return NOW


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    """Nothing is known, and nothing is an error."""
    assert survey(str(tmp_path), now) == Machine()


def test_a_guest_with_chronyd(tmp_path: Path) -> None:
    """All of it, on a machine that has everything."""
    root = machine(
        tmp_path,
        CHRONYD,
        {
            "sys/class/rtc/rtc0/since_epoch": "1001200\n",
            "sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n",
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
        daemons=(Daemon("chronyd", 77, True),),
        timesyncd=NOW - 300,
        rtc_offset=1200.0,
        ptp_clocks=("KVM virtual PTP",),
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
    assert found.setting == (False, "nobody in this container has CAP_SYS_TIME")
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
        (({"proc/1/status": f"CapBnd:\t{DOCKER_S}\n"},), (False, "nobody that we know of has CAP_SYS_TIME")),
        (({"proc/1/status": "", "proc/self/status": ""},), (None, "whether anybody may set it is not known")),
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
    assert found.daemons == (Daemon(room.DAEMONS[comm], 9, True),)


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
    assert sum(name.endswith("/comm") for name in looked) == 65536


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
