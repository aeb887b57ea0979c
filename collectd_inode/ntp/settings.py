"""The keys of an ``<NTP>`` block; the command line's options fill in the same settings."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from collectd_inode.keys import (
    Expected,
    Values,
    boolean,
    ip_address,
    key,
    number,
    pair,
    server,
    text,
    web_address,
    whole,
)
from collectd_inode.keys import port as port_number

_server = server("ntp1.example.org")


def _margin_name(values: Values) -> str:
    value = text(values)
    if not any(c.isalnum() for c in value):
        raise Expected("a name with a letter or digit in it")
    return value


def _public_address(values: Values) -> str:
    """An IP address as the pool writes it: in lower case, shortened, IPv4 as IPv4."""
    address = ipaddress.ip_address(ip_address(values))
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise Expected("an IP address that others can reach, without a network interface")
        address = address.ipv4_mapped or address
    return str(address)


FROM_DAEMON = "from-daemon"
"""The Server that stands for the current servers of the machine's own time daemon."""

_ABOVE_0 = number("a number of seconds above 0", above=0)


@dataclass(frozen=True, slots=True)
class Settings:
    """An ``<NTP>`` block, or an ``ntp`` on the command line, as the operator wrote it; offsets in seconds."""

    # fmt: off
    servers: tuple[str, ...] = key("Server", _server, '"ntp1.example.org"',
        "The server's name or address.  It has one vote, by its best address; three servers are enough to name a wrong"
        " one."
        ' ``"from-daemon"`` stands for the servers of this machine\'s time daemon, each with a vote.',
        repeatable=True)
    pools: tuple[str, ...] = key("Pool", _server, '"ntp.example.org"',
        "The name of several servers: up to four of its addresses have a vote each.  Unrelated to ``PoolScore``,"
        " which is about the NTP Pool (`Manners`_).",
        repeatable=True)
    port: int = key("Port", port_number, "1123",
        "The UDP port of all servers.", default=123, one_run=True, metavar="N")
    max_offset: float = key("MaxOffset", number("a number of seconds above 0, such as 0.1", above=0), "0.5",
        "The largest offset of this clock that is good, in seconds.", default=0.1, one_run=True, metavar="S")
    max_root_distance: float = key("MaxRootDistance",
        number("a number of seconds above 0, such as 1.5", above=0), "1",
        "The largest root distance (a server's own estimate of its error), in seconds; above it, the server has no"
        " vote.",
        default=1.5, one_run=True, metavar="S")  # ntpd's tos maxdist
    samples: int = key("Samples", whole("a whole number of at least 1", least=1), "4",
        "Packets for each source in a run, 2 seconds apart; the fastest counts.  Use more than 1 with your own servers"
        " only.",
        default=1, one_run=True, metavar="N")
    pool_score: bool = key("PoolScore", boolean, "true",
        "Keep the score that a monitor of the NTP Pool at this place would give each ``Server``.", default=False)
    pool_server: str | None = key("PoolServer", _public_address, '"192.0.2.1"',
        "Read the published score of this address, at most every 5 minutes.")
    pool_url: str = key("PoolURL", web_address, '"https://pool.example"',
        "The address of the site that publishes scores.  Default: ``https://www.pool.ntp.org``.",
        default="https://www.pool.ntp.org", shown="")
    margins: tuple[tuple[str, float], ...] = key("Margin",
        pair("a consumer's name", "the seconds it allows", _margin_name, _ABOVE_0), '"s3" 900',
        "A service and the offset that it tolerates, in seconds (S3: 900, Kerberos: 300).",
        repeatable=True, one_run=True, metavar="NAME=S")
    # fmt: on

    def is_pool(self, name: str) -> bool:
        """Whether each address of a server so named has a vote of its own."""
        return name in self.pools or name == FROM_DAEMON
