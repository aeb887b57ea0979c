"""Who gets a packet while a browser replays a feature: run as a program in a network namespace of its own.

    python -m tests.helpers.eavesdropper FEATURE BROWSER TIMES

The namespace has loopback and one way out, with nobody at its end.  Printed as JSON: the exit code of the command, what
it printed, and where each packet beyond loopback went: address and port.  The last is `MARK`, which this program sends.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from demo import machine, unpacked
from demo.notes_site import NotesSite
from tests.helpers.examples import HUNG

OUT = "out"
GATEWAY = "192.0.2.2"
MARK = ("198.51.100.7", 9)
"""Of the networks for documentation: nobody is there."""
_ETH_P_ALL = 3
_IPV4 = 0x0800
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
"""A way out gets its IPv6 address a second later, and the browser drops its requests when its network changes."""


def main() -> None:
    """Set the namespace up, run the command, and print what was seen."""
    feature, browser, times = sys.argv[1:]
    _NO_IPV6.write_text("1")
    ip = unpacked.command("iproute", "ip")
    for words in (
        "link set lo up",
        f"link add {OUT} type veth peer name there",
        f"address add 192.0.2.1/24 dev {OUT}",
        f"link set {OUT} up",
        "link set there up",
        f"neighbour add {GATEWAY} lladdr 02:00:00:00:00:02 dev {OUT}",
        f"route add default via {GATEWAY}",
    ):
        subprocess.run([ip.path, *words.split()], env=ip.environment, check=True)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as ear, NotesSite() as site:
        ear.bind((OUT, 0))
        command = [f"{sys.prefix}/bin/collectd-inode", "run", feature, "--engine", "chromium", "--base-url", site.url]
        command += ["--browser-path", browser, "--repeat", times, "--timeout", "100"]
        environment = {"PATH": machine.PATH, "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", MARK)
        heard = list(dict.fromkeys(_until_the_mark(ear)))
    json.dump({"exit": ended.returncode, "said": ended.stdout + ended.stderr, "heard": heard}, sys.stdout)


def _until_the_mark(ear: socket.socket) -> Iterator[tuple[str, int]]:
    ear.settimeout(HUNG)
    while True:
        frame = ear.recv(65536)
        (kind,), packet = struct.unpack_from("!H", frame, 12), frame[14:]
        if kind != _IPV4:
            continue
        (port,) = struct.unpack_from("!H", packet, 4 * (packet[0] & 15) + 2)
        yield (found := (str(ipaddress.IPv4Address(packet[16:20])), port))
        if found == MARK:
            return


if __name__ == "__main__":
    main()
