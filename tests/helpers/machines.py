"""Made-up machines: a folder with /proc and /sys as a Xen guest, a container or bare metal has them; and kernels."""

from __future__ import annotations

from pathlib import Path

from collectd_inode.clock.kernel import ClockReading, Instruments, Kernel

ALL_CAPABILITIES = "000001ffffffffff"
NO_SYS_TIME = "000001fffdffffff"
DOCKER_S = "00000000a80425fb"
BOOT = "11111111-2222-3333-4444-555555555555"

SYNCHRONISED = Kernel("ok", 0.012, 0.000_5, -3.25, 10000)
UNSYNCHRONISED = Kernel("error", 16.0, 16.0, 0.0, 10000, flagged=True)

GUEST = {
    "proc/1/comm": "systemd\n",
    "proc/1/status": f"Name:\tsystemd\nState:\tS (sleeping)\nCapBnd:\t{ALL_CAPABILITIES}\n",
    "proc/self/status": "Name:\tcollectd\nCapEff:\t0000000000000000\n",
    "proc/self/uid_map": "         0          0 4294967295\n",
    "proc/sys/kernel/random/boot_id": f"{BOOT}\n",
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc kvm-clock \n",
}
"""A guest under KVM with an unprivileged collectd and no time daemon."""


def process(
    pid: int, name: str, capabilities: str = ALL_CAPABILITIES, state: str = "S (sleeping)", parent: int | None = None
) -> dict[str, str]:
    """A process's files."""
    of = "" if parent is None else f"PPid:\t{parent}\n"
    return {
        f"proc/{pid}/comm": f"{name}\n",
        f"proc/{pid}/status": f"Name:\t{name}\nState:\t{state}\n{of}CapEff:\t{capabilities}\n",
    }


def arguments(pid: int, *words: str) -> dict[str, str]:
    """What a process was started with."""
    return {f"proc/{pid}/cmdline": "\0".join((*words, ""))}


CHRONYD = process(77, "chronyd")
XEN = {"sys/hypervisor/type": "xen\n", "proc/sys/xen/independent_wallclock": "0\n"}
CONTAINER = {
    ".dockerenv": "",
    "proc/1/status": f"Name:\tcollectd\nState:\tS (sleeping)\nCapEff:\t{DOCKER_S}\nCapBnd:\t{DOCKER_S}\n",
    "proc/self/status": f"Name:\tcollectd\nCapEff:\t{DOCKER_S}\n",
}


def machine(folder: Path, *layers: dict[str, str]) -> str:
    """A guest's files with those of *layers* on top; the root folder's path."""
    for layer in (GUEST, *layers):
        for name, text in layer.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return str(folder)


def kernel(says: Kernel = SYNCHRONISED, *looks: ClockReading | None) -> Instruments:
    """A kernel that says this, and whose clocks read so, one look after the other."""
    series = iter(looks)
    return Instruments(lambda: says, lambda: next(series, None))


def at(seconds: float, *, up: float = 1000.0) -> ClockReading:
    """A look at a clock that says *seconds* (since the epoch) when the machine has been up for so long."""
    return ClockReading(round(seconds * 1e9), round(up * 1e9))
