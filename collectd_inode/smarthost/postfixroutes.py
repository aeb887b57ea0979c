"""Where a Postfix sends mail: each next hop that main.cf, master.cf and the tables name, and by which service.  Pure.

The precedence is that of trivial-rewrite(8) (``resolve.c``, ``transport.c``): a recipient's class has a transport,
whose next hop comes before relayhost; sender_dependent_relayhost_maps comes before relayhost, and transport_maps before
all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectd_inode.smarthost.postfixconf import MasterService, Parameters, PostfixSetting, listed
from collectd_inode.smarthost.postfixtables import Read, Table, table

_OWN = "each recipient's own server"
_LOCAL = ("local", "virtual", "error", "retry", "discard", "maildrop", "bounce", "defer")
"""Services that hand mail to no other server; so named where there is no master.cf to look at."""
_TO_SERVERS = ("smtp", "lmtp")
_MAPS = ("transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps")
_LOOPBACK = re.compile(r"\[?(127(\.\d+){3}|localhost|(ipv6:)?::1)\]?(:\w+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where mail is sent: the next hop as it is written, by which service of master.cf, and where that is said."""

    written: str
    transport: str
    line: int
    of: str

    @property
    def host(self) -> str:
        """Its name or address."""
        return re.sub(r":\w+$", "", self.written).strip("[]")

    @property
    def port(self) -> str:
        """Its port, by number or name."""
        found = re.search(r"\]?:(\w+)$", self.written)
        return found[1] if found else "25"

    @property
    def by_mx(self) -> bool:
        """Whether DNS says which host that is."""
        return not self.written.startswith("[")

    @property
    def is_own(self) -> bool:
        """Whether that is the recipient's own server, not a smarthost."""
        return self.written == _OWN


@dataclass(frozen=True, slots=True)
class PostfixConfiguration:
    """main.cf, what stands in master.cf beside it, and how tables are read."""

    main: Mapping[str, PostfixSetting]
    services: tuple[MasterService, ...]
    read: Read

    def parameters(self, name: str) -> Parameters:
        """Those that the service *name* reads."""
        found = self._service(name)
        if found is None:
            return Parameters(self.main, lmtp=name == "lmtp")
        return Parameters(self.main, found.over, name, lmtp=found.program.endswith("lmtp"))

    def program(self, name: str) -> str | None:
        """The program of the service *name*; None if master.cf has none of that name."""
        found = self._service(name)
        if found is not None:
            return found.program.rpartition("/")[2]
        if self.services:
            return None
        return name if name in (*_LOCAL, "lmtp") else "smtp"

    def broken(self, name: str) -> str:
        """The option that keeps the service *name* from starting; "" if none does."""
        found = self._service(name)
        return found.broken if found else ""

    def _service(self, name: str) -> MasterService | None:
        """The last of that name (master(5))."""
        found = [one for one in self.services if (one.name, one.type) == (name, "unix")]
        return found[-1] if found else None

    def table(self, written: str) -> Table | None:
        """The table that is written so; None if it cannot be read."""
        return table(written, self.read)

    def unread(self) -> Iterator[tuple[str, str]]:
        """The tables that say where mail goes and cannot be read, each with its parameter."""
        p = self.parameters("rewrite")
        for name in _MAPS:
            for written in listed(p.value(name)):
                found = self.table(written)
                if found is None or found.said is None:
                    yield name, written

    def hops(self) -> tuple[NextHop, ...]:
        """All next hops, the recipients' own servers last; what stays on this machine is left out."""
        found = [*_Routes(self, self.parameters("rewrite")).hops()]
        for service, line in {hop.transport: hop.line for hop in found}.items():
            if self.program(service) in _TO_SERVERS:
                p = self.parameters(service)
                where = line if "smtp_fallback_relay" in p.over else p.line("smtp_fallback_relay", "fallback_relay")
                found += _each(p.value("smtp_fallback_relay"), service, where, "what fails")
        return tuple(sorted(dict.fromkeys(found), key=lambda hop: hop.is_own))

    def leads_to_servers(self, service: str) -> bool:
        """Whether *service* hands mail to another server, or might if master.cf had it."""
        return (self.program(service) or service) not in (*_LOCAL, "pipe", "spawn")


@dataclass(frozen=True, slots=True)
class _Routes:
    """The routes by one set of parameters: trivial-rewrite's."""

    of: PostfixConfiguration
    p: Parameters

    def hops(self) -> Iterator[NextHop]:
        yield from self._of_class("default_transport", "all mail")
        if listed(self.p.value("relay_domains")):
            yield from self._of_class("relay_transport", "mail for relay_domains")
        for name in ("local_transport", "virtual_transport", "mailbox_transport", "fallback_transport"):
            yield from self._beside(self.p.value(name), self.p.line(name), f"mail by {name}")
        for value in dict.fromkeys([self.p.value("content_filter"), *self._filters()]):
            if not _LOOPBACK.fullmatch(value.partition(":")[2]):  # which hands it in again
                yield from self._beside(value, self.p.line("content_filter"), "mail by content_filter")
        for name in _MAPS:
            for key, value in self._said(name):
                yield from self._mapped(name, key, value)

    def _of_class(self, name: str, of: str) -> Iterator[NextHop]:
        """The recipients of a class: relayhost is for those whose transport names no next hop."""
        service, _, nexthop = self.p.value(name).partition(":")
        relay = self.p.value("relayhost")
        line = self.p.line(name) if nexthop.strip() or not relay else self.p.line("relayhost")
        if not (nexthop.strip() or relay):
            if not self._maps_all():
                yield NextHop(_OWN, service, line, of)
            return
        yield from _each(nexthop.strip() or relay, service, line, of)

    def _maps_all(self) -> bool:
        return any(key == "*" and value.rpartition(":")[2] for key, value in self._said("transport_maps"))

    def _beside(self, value: str, line: int, of: str) -> Iterator[NextHop]:
        """A transport for some mail, which relayhost has no part in."""
        service, _, nexthop = value.partition(":")
        if service and self.of.leads_to_servers(service):
            yield from _each(nexthop.strip() or _OWN, service, line, of)

    def _filters(self) -> Iterator[str]:
        for service in self.of.services:
            yield Parameters(self.of.main, service.over).value("content_filter")

    def _said(self, name: str) -> Iterator[tuple[str, str]]:
        for written in listed(self.p.value(name)):
            found = self.of.table(written)
            yield from (found.said or ()) if found else ()

    def _mapped(self, name: str, key: str, value: str) -> Iterator[NextHop]:
        default, _, nexthop = self.p.value("default_transport").partition(":")
        usual = nexthop.strip() or self.p.value("relayhost") or _OWN
        service, to = default, value
        if name != "sender_dependent_relayhost_maps":
            over, _, to = value.partition(":")
            service = over or default
        if value.upper() == "DUNNO":  # as if the key were not there
            to = ""
        elif not to and name == "sender_dependent_default_transport_maps":
            to = usual
        elif not to and name == "transport_maps" and value != ":":  # "smtp:" is for the recipient's own server
            to = _OWN if key == "*" else key.rpartition("@")[2].lstrip(".")
        if to and self.of.leads_to_servers(service):
            yield from _each(to, service, self.p.line(name), f"mail by the key {key} of {name}")


def _each(value: str, transport: str, line: int, of: str) -> Iterator[NextHop]:
    """The hops of a list; a socket of this machine's (``unix:``) is none."""
    for written in [value] if value == _OWN else listed(value):
        if not written.startswith("unix:"):
            yield NextHop(written, transport, line, of)
