"""Sockets of this machine: a stream to a daemon's socket, a datagram to the service manager."""

from __future__ import annotations

import socket

Stream = socket.socket


def connect(path: str, seconds: float) -> Stream:
    """A non-blocking stream to the socket *path*; raises OSError, also where nobody answers within *seconds*."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        made.settimeout(seconds)
        made.connect(path)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def tell(address: str, octets: bytes) -> None:
    """One datagram to *address*; ``@`` stands for an abstract name.  OSError where it is not taken at once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as made:
        made.setblocking(False)
        made.sendto(octets, f"\0{address[1:]}" if address.startswith("@") else address)


def own_name(*, full: bool) -> str:
    """This machine's name; the *full* one as the resolver has it, as collectd's FQDNLookup finds it."""
    name = socket.gethostname()
    if not full:
        return name
    try:
        found = socket.getaddrinfo(name, None, flags=socket.AI_CANONNAME)
    except OSError:
        return name
    return next((canonical for *_, canonical, _ in found if canonical), name)
