"""Ports for servers that a test has to name before they are there."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 20_000


def free_port() -> int:
    """A TCP port on which nobody listens, and which nobody else gets for a minute.

    A connection that has just been closed keeps it: the kernel gives it to no one who asks for any port, but lets a
    server (SO_REUSEADDR) have it by its number.
    """
    with socket.create_server((LOOPBACK, 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.close()
        client.recv(1)  # it is the server's side that was closed first, and so the server's port that is kept
        return int(server.getsockname()[1])


def free_udp_port() -> int:
    """A UDP port that nobody has, below those that the kernel gives to whoever asks for any port."""
    highest = int(_RANGE.read_text().split()[0])
    while True:
        port = random.randrange(min(_LOWEST, highest - 1), highest)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
