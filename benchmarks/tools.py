"""What the benchmarks share: processes, what they have used, a command line's lists, and tables for a README.

Peers and instruments come from Debian and are unpacked under ``.tools/bench``, never installed: their services stay
away.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo import machine

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools" / "bench"
CLEAN = {"PATH": machine.PATH}
_LIBRARIES = TOOLS / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
_TICKS = os.sysconf("SC_CLK_TCK")


# Processes, and what they have used.


@contextmanager
def running(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """*command* from here to the end of the block; asked to stop then, and waited for."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**CLEAN, "LD_LIBRARY_PATH": str(_LIBRARIES)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int) -> None:
    """Wait until somebody listens at *port*."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, and of the children it has waited for; known to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def resident_mib(pid: int) -> float:
    """Memory of a process that is in core, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


# What is asked on the command line, and what is printed.


def numbers(text: str) -> list[int]:
    """``1,10`` on a command line."""
    return [int(number) for number in text.split(",")]


def some_of(choice: Collection[str]) -> Callable[[str], list[str]]:
    """Reads ``one,other`` on a command line, each of them one of *choice*."""

    def names(text: str) -> list[str]:
        if strangers := [name for name in text.split(",") if name not in choice]:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(strangers)}; there are {', '.join(choice)}")
        return text.split(",")

    return names


def situation() -> str:
    """Date, machine and versions, for the line above a table."""
    daemon = _first_line(machine.program("collectd"), "-h", marked="collectd 5")
    commit = _first_line("git", "-C", str(CHECKOUT), "describe", "--always", "--dirty")
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"{daemon.partition(',')[0]}, Python {platform.python_version()}, collectd_inode at {commit}"
    )


def _first_line(*command: str, marked: str = "") -> str:
    """The first line with *marked* in it that the *command* prints; ``?`` if there is none, or no such program."""
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        return "?"
    return next((line for line in lines if marked in line), "?")


@contextmanager
def table(*titles: str) -> Iterator[Callable[..., None]]:
    """Print a reStructuredText table, a row each time what this yields is called with the cells.

    A column is as wide as its title, blanks included.
    """
    rule = " ".join("=" * len(title) for title in titles)

    def row(*cells: object) -> None:
        texts = (f"{cell!s:<{len(title)}}" for cell, title in zip(cells, titles, strict=True))
        print(" ".join(texts).rstrip(), flush=True)

    print(rule)
    row(*titles)
    print(rule, flush=True)
    yield row
    print(rule, flush=True)


def mib(number: float) -> str:
    """A size in MiB, as the tables show it."""
    return f"{number:.1f} MiB"


def microseconds(*seconds: float) -> str:
    """Seconds as whole microseconds, with slashes between them."""
    return " / ".join(f"{number * 1e6:.0f}" for number in seconds)
