"""The addresses of a name, and the time to find them.

The resolver blocks and cannot be cancelled, so it runs in worker threads of its own: if many hang, they delay other
lookups only, and no run beyond its deadline.
"""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401 - what getaddrinfo would import at the first name
import errno
import ipaddress
import os
import resource
import socket
from dataclasses import dataclass
from typing import Any

from collectd_inode.wire.clock import SYSTEM_CLOCK, Clock
from collectd_inode.wire.errors import OutOfFiles, ResolveFailed
from collectd_inode.wire.workers import LOOKUPS

_NOT_OF_THIS_FAMILY = (socket.EAI_NODATA, socket.EAI_ADDRFAMILY)
FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class Address:
    """A socket address: family, and what the system's calls take."""

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def host(self) -> str:
        """The IP address alone."""
        return str(self.sockaddr[0])

    @property
    def port(self) -> int:
        """The port."""
        return int(self.sockaddr[1])

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def unmapped(address: Address) -> Address:
    """*address* as IPv4 if it is IPv4 written as IPv6 (``::ffff:192.0.2.1``): one machine must not seem two."""
    if not address.host.startswith("::ffff:"):
        return address
    inner = ipaddress.IPv6Address(address.host).ipv4_mapped
    return address if inner is None else Address(socket.AF_INET, (str(inner), address.port))


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""The well-known prefix of translators from IPv6 to IPv4 (RFC 6052 section 2.1)."""


def machine(host: str) -> str:
    """The IPv4 address in the IPv6 address *host*, mapped or for a translator (NAT64); else *host* itself."""
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    inner = ipaddress.IPv4Address(address.packed[-4:]) if address in _NAT64 else address.ipv4_mapped
    return host if inner is None else str(inner)


async def lookup(
    host: str, port: int, *, family: str = "any", clock: Clock = SYSTEM_CLOCK
) -> tuple[tuple[Address, ...], float]:
    """All addresses of *host* in the resolver's order, and the seconds it took (0 for an address); ResolveFailed."""
    if is_numeric(host):
        return _found(host, port, FAMILIES[family], socket.AI_NUMERICHOST), 0.0
    started = clock.monotonic()
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(LOOKUPS, _found, host, port, FAMILIES[family], 0)
    return found, clock.monotonic() - started


async def name_of(host: str) -> str:
    """The name of a numeric *host*, as the resolver has it; raises ResolveFailed."""
    return await asyncio.get_running_loop().run_in_executor(LOOKUPS, _name, host)


def _name(host: str) -> str:
    try:
        return socket.getnameinfo((host, 0), socket.NI_NAMEREQD)[0]
    except OSError as error:
        _raise_if_out_of_files(error)
        reason = "it has no name" if error.errno == socket.EAI_NONAME else (error.strerror or str(error)).lower()
        raise ResolveFailed(f"{host}: {reason}") from None


def open_socket(address: Address, kind: int) -> socket.socket:
    """A non-blocking socket to reach *address* with; raises OutOfFiles where the process has too many."""
    try:
        return socket.socket(address.family, kind | socket.SOCK_NONBLOCK)
    except OSError as error:
        _raise_if_out_of_files(error)
        raise


def _raise_if_out_of_files(error: OSError) -> None:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        what = f"{os.strerror(error.errno).lower()} in this process (at most {most}; LimitNOFILE= of its systemd unit)"
        raise OutOfFiles(what) from None


def is_known(host: str) -> bool:
    """Whether the system finds *host* and its full name; the resolver may take any time."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return False
    return True


def is_numeric(host: str) -> bool:
    """Whether *host* is an address, which needs no looking up."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def without_port(host: str) -> str:
    """``www.example.org`` of ``www.example.org:443``; an IPv6 address with a port is in brackets."""
    name, _, port = host.rpartition(":")
    if name.startswith("["):
        return name.strip("[]")
    return name if port and name and ":" not in name else host


def _found(host: str, port: int, family: int, flags: int) -> tuple[Address, ...]:
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP, flags)
    except OSError as error:  # gaierror, or for EAI_SYSTEM the system's own error
        _raise_if_out_of_files(error)
        # Without a descriptor for its files the resolver finds no name: that would be ours to fix.
        open_socket(Address(socket.AF_INET, ()), socket.SOCK_STREAM).close()
        if family != socket.AF_UNSPEC and error.errno in _NOT_OF_THIS_FAMILY:
            version = "4" if family == socket.AF_INET else "6"
            raise ResolveFailed(f'{host}: it has no IPv{version} address (AddressFamily "ipv{version}")') from None
        raise ResolveFailed(f"{host}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeError:
        raise ResolveFailed(f"{host}: not a host name") from None
    return tuple(Address(row[0], row[4]) for row in found)
