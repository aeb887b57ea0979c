"""Redirects from public addresses into our own network: whether to follow them (rule 65).

A monitor often runs behind the firewall.  A public site that redirects it to 127.0.0.1, or to a cloud's
169.254.169.254, has it send requests that the site itself could not; a user's browser would find nothing there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(Enum):
    """The reach of an address."""

    PUBLIC = "public"
    PRIVATE = "private"
    MACHINE = "machine"
    """This machine, or its own link."""


class InwardVerdict(Enum):
    """The decision about a redirect."""

    FOLLOW = "follow"
    WARN = "warn"
    REFUSE = "refuse"


def _networks(*names: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, names))


# The registries of special-purpose addresses (RFC 6890 and its successors), as far as somebody may answer there.
_NETWORKS = {
    Reach.MACHINE: _networks("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10"),
    Reach.PRIVATE: _networks(
        "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "fc00::/7", "fec0::/10",
    ),
}  # fmt: skip

# IPv6 networks in which an IPv4 address is written: the network, and how far from its right end.
_CARRIERS = (
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


def reach(address: str) -> Reach:
    """The reach of *address*, which may have a zone; one that contains an IPv4 address is judged by that."""
    given: Address = ipaddress.ip_address(address.partition("%")[0])
    for kind, networks in _NETWORKS.items():
        if any(given in network for network in networks if network.version == given.version):
            return kind
    if isinstance(given, ipaddress.IPv6Address):
        for network, shift in _CARRIERS:
            if given in network:
                return reach(str(ipaddress.IPv4Address(int(given) >> shift & 0xFFFFFFFF)))
    return Reach.PUBLIC


@dataclass(frozen=True, slots=True)
class Judge:
    """The operator's exceptions: hosts that ``Resolve`` names, and the patterns of ``AllowPrivate``."""

    own: Collection[str] = ()
    allowed: Iterable[str] = ()

    def verdict(self, host: str, address: str, *, from_public: bool) -> InwardVerdict:
        """Whether to follow a redirect to *host*, which is at *address*; *from_public*: a public one has led here."""
        name = host.removesuffix(".")
        if not from_public or name in self.own or any(_fits(name, pattern) for pattern in self.allowed):
            return InwardVerdict.FOLLOW
        return _VERDICTS[reach(address)]


_VERDICTS = {Reach.PUBLIC: InwardVerdict.FOLLOW, Reach.PRIVATE: InwardVerdict.WARN, Reach.MACHINE: InwardVerdict.REFUSE}


def _fits(host: str, pattern: str) -> bool:
    """Whether *host* is the pattern's, or below it where that begins with ``*.``."""
    if pattern == "*":
        return True
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
