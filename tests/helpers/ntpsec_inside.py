"""Run in a network of its own, if possible: NTPsec's ntpd, and one observation of it as JSON on stdout.

It disciplines no clock (``disable ntp``) and asks nobody.

Arguments: a line of ntp.conf, and the status and message that are waited for: ntpd takes a while to be what it says.
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
import time
from contextlib import suppress
from pathlib import Path

from collectd_inode.report import jsonl
from demo import unpacked
from tests.helpers.examples import HUNG
from tests.helpers.ntp_jobs import asked

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_PATIENCE = HUNG


def main(directive: str, wanted: str) -> None:
    """Start ntpd, and look until it is as *wanted*, or for so long."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(PermissionError):  # it is up, then
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    program = unpacked.command("ntpsec", "ntpd")
    with tempfile.TemporaryDirectory(prefix="ntpsec") as folder:
        conf, log = Path(folder) / "ntp.conf", Path(folder) / "log"
        lines = ["disable ntp", "interface ignore wildcard", "interface listen 127.0.0.1", directive, ""]
        conf.write_text("\n".join(lines))
        arguments = [str(program), "-n", "-c", str(conf), "-l", str(log)]
        running = subprocess.Popen(arguments, env=program.environment, stdout=subprocess.DEVNULL)
        try:
            sys.stdout.write(_when_it_is(wanted, running, log))
        finally:
            running.terminate()
            running.wait(_PATIENCE)


def _when_it_is(wanted: str, running: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while True:
        observation = asyncio.run(asked("127.0.0.1", patience=5.0))
        told = f"{observation.status} {observation.message}"
        if told == wanted or running.poll() is not None or time.monotonic() > end:
            if told != wanted:
                sys.stderr.write(log.read_text())
            return json.dumps(jsonl.as_object(observation))
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
