"""Run in a network of its own: NTPsec's ntpd with a server that is not there, and its account as JSON on stdout.

It disciplines no clock (``disable ntp``).  A server that answers would have to be on a network that is no loopback.
Beside the account is what became of an <NTP> job whose Server is "from-daemon".
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from collectd_inode.timekeeper.ask import Doors
from demo import unpacked
from tests.helpers.accounts import NO_ROOT, awaited
from tests.helpers.examples import HUNG
from tests.helpers.ntp_jobs import SHORT, asked
from tests.helpers.ntp_jobs import told as told_of

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1


def main() -> None:
    """Start it, and ask."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(PermissionError):  # it is up, then
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    program = unpacked.command("ntpsec", "ntpd")
    with tempfile.TemporaryDirectory(prefix="ntpsec") as folder:
        conf = Path(folder) / "ntp.conf"
        lines = ["disable ntp", "interface ignore wildcard", "interface listen 127.0.0.1", "restrict 127.0.0.1"]
        conf.write_text("\n".join([*lines, "server 192.0.2.1", ""]))
        arguments = [str(program), "-n", "-c", str(conf), "-l", f"{folder}/log"]
        running = subprocess.Popen(arguments, env=program.environment, stdout=subprocess.DEVNULL)
        try:
            told = awaited(Doors(chrony=1, root=NO_ROOT), lambda told: told is not None)
            observation = asyncio.run(asked("from-daemon", patience=SHORT))
            sys.stdout.write(json.dumps([told and asdict(told), told_of(observation)]))
            sys.stderr.write(Path(f"{folder}/log").read_text())
        finally:
            running.terminate()
            running.wait(HUNG)


if __name__ == "__main__":
    main()
