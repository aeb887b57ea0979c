"""chronyd from ``.tools/`` on a port of loopback: it leaves the machine's clock alone, and is stopped by its own id."""

from __future__ import annotations

import getpass
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from demo import unpacked
from tests.helpers.examples import HUNG
from tests.helpers.ports import free_udp_port

_PATIENCE = HUNG
ME = getpass.getuser()


@contextmanager
def chronyd(
    *directives: str, host: str = "127.0.0.1", port: int | None = None, ahead: float | None = None
) -> Iterator[int]:
    """A server with these directives, whose clock is *ahead* seconds of ours (by faketime); the value is its port."""
    port = port or free_udp_port()
    program = unpacked.command("chrony", "chronyd")
    environment = dict(program.environment)
    if ahead is not None:
        # The program faketime looks for its library in the real /usr/lib only.
        environment["LD_PRELOAD"] = unpacked.file("faketime", "usr/lib/*/faketime/libfaketime.so.1")
        environment["FAKETIME"] = f"{ahead:+.0f}"
    with tempfile.TemporaryDirectory(prefix="chrony") as folder:
        conf = Path(folder) / "chrony.conf"
        lines = [f"port {port}", f"bindaddress {host}", "allow", "cmdport 0", "bindcmdaddress /", *directives]
        conf.write_text("\n".join([*lines, f"pidfile {folder}/pid", ""]))
        arguments = [str(program), "-x", "-d", "-U", "-u", ME, "-f", str(conf)]
        with open(Path(folder) / "log", "w+b") as log:
            running = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)
            try:
                _until_it_listens(running, host, port, Path(folder) / "log")
                yield port
            finally:
                running.terminate()
                running.wait(_PATIENCE)


@contextmanager
def following(*servers: str, port: int, ntp_port: int = 0) -> Iterator[int]:
    """A chronyd that asks *servers* on *port* and leaves the clock alone; the value is its command port."""
    program = unpacked.command("chrony", "chronyd")
    command = free_udp_port()
    with tempfile.TemporaryDirectory(prefix="chrony") as folder:
        asked = [f"server {server} port {port} iburst minpoll 0 maxpoll 0" for server in servers]
        lines = [f"port {ntp_port}", f"cmdport {command}", "bindcmdaddress 127.0.0.1", "bindcmdaddress /", *asked]
        conf = Path(folder) / "chrony.conf"
        conf.write_text("\n".join([*lines, f"pidfile {folder}/pid", ""]))
        arguments = [str(program), "-x", "-d", "-U", "-u", ME, "-f", str(conf)]
        with open(Path(folder) / "log", "w+b") as log:
            running = subprocess.Popen(arguments, env=program.environment, stdout=log, stderr=log)
            try:
                _until_it_listens(running, "127.0.0.1", command, Path(folder) / "log")
                yield command
            finally:
                running.terminate()
                running.wait(_PATIENCE)


def _until_it_listens(running: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    """Looked up in /proc: a question would count for the rate limit."""
    address = int.from_bytes(socket.inet_aton(host), "little")
    wanted = f"{address:08X}:{port:04X}"
    end = time.monotonic() + _PATIENCE
    while wanted not in Path("/proc/net/udp").read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < end, f"chronyd does not listen: {log.read_text()}"
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.01)


def chronyd_says(port: int) -> float:
    """The offset that ``chronyd -Q`` finds; samples that were away for more than 0.2 s do not count."""
    program = unpacked.command("chrony", "chronyd")
    server = f"server 127.0.0.1 port {port} iburst maxsamples 1 maxdelay 0.2"
    with tempfile.TemporaryDirectory(prefix="chrony") as folder:
        done = subprocess.run(
            [str(program), "-Q", "-U", "-u", ME, "-t", "60", server, f"pidfile {folder}/pid"],
            env=program.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
    (told,) = [line for line in done.stderr.splitlines() + done.stdout.splitlines() if "clock wrong by" in line]
    return float(told.split(" wrong by ")[1].split()[0])


def check_ntp_time_says(port: int) -> float:
    """The offset that monitoring-plugins' check_ntp_time finds; its exit code is another matter."""
    program = unpacked.command("monitoring", "check_ntp_time")
    done = subprocess.run(
        [str(program), "-H", "127.0.0.1", "-p", str(port)],
        env=program.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return float(done.stdout.split("Offset ")[1].split()[0])
