"""An Exim configuration's instances, and every route that leads mail to a smarthost.  Pure.

Hosts come from a manualroute router (``route_list``, ``route_data``), or from the transport: its ``hosts`` serve what
comes without any, from an accept router say, and with ``hosts_override`` everything (specification, section 30.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectd_inode.smarthost.eximconf import Option, Section, listed

_ROUTER_DRIVERS = ("accept", "dnslookup", "ipliteral", "iplookup", "manualroute", "queryprogram", "redirect")
_OPTIONS = ("randomize", "no_randomize", "byname", "bydns", "ipv4_only", "ipv4_prefer")
"""The words that may stand behind hosts, beside a transport's name (section 20.6)."""
_WITHOUT_HOSTS = ("accept",)
"""Routers that give an address no hosts; dnslookup and its kin find those of the recipient's domain."""
_AUTHENTICATOR_DRIVERS = (
    "cram_md5", "cyrus_sasl", "dovecot", "external", "gsasl", "heimdal_gssapi", "plaintext", "spa", "tls",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instance:
    """A router, transport or authenticator with its options."""

    section: Section
    name: str
    line: int
    options: Mapping[str, Option]

    def value(self, name: str, default: str = "") -> str:
        return self.options[name].value if name in self.options else default

    def line_of(self, *names: str) -> int:
        """Where the first of these options stands; where none does, the instance."""
        return next((self.options[name].line for name in names if name in self.options), self.line)


@dataclass(frozen=True, slots=True)
class MailRoute:
    """Domains, their hosts and the transport; ``line`` is the place of the route."""

    pattern: str
    hosts: tuple[str, ...]
    """With ``::port`` behind a name as ``:port``; none where Exim works them out."""
    transport: str
    line: int
    worked_out: str = ""
    """The expansion that gives the hosts, where there is one."""
    unknown: str = ""
    """A word behind the hosts that Exim does not know: then it sends no mail by this route."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(host_and_port(host)[0] for host in self.hosts)


def instances(found: Sequence[Option]) -> tuple[Instance, ...]:
    """Routers, transports and authenticators, in order."""
    grouped: dict[tuple[Section, str, int], dict[str, Option]] = {}
    for option in found:
        if option.section not in (Section.MAIN, Section.OTHER):
            grouped.setdefault((option.section, option.instance, option.heading), {})[option.name] = option
    return tuple(
        Instance(_kind(section, mine), name, heading or min(option.line for option in mine.values()), mine)
        for (section, name, heading), mine in grouped.items()
    )


def _kind(section: Section, mine: Mapping[str, Option]) -> Section:
    """The kind of an instance in a fragment, by its driver; without one, a transport."""
    if section is not Section.UNKNOWN:
        return section
    driver = mine["driver"].value if "driver" in mine else ""
    if driver in _ROUTER_DRIVERS:
        return Section.ROUTER
    alone = not driver and any(name.startswith(("client_", "server_", "public_name")) for name in mine)
    return Section.AUTHENTICATOR if driver in _AUTHENTICATOR_DRIVERS or alone else Section.TRANSPORT


def smtp_transports(of: Sequence[Instance]) -> tuple[Instance, ...]:
    """The transports that talk to other servers."""
    return tuple(i for i in of if i.section is Section.TRANSPORT and i.value("driver", "smtp") == "smtp")


def routes(of: Sequence[Instance]) -> tuple[MailRoute, ...]:
    """Every route to a smarthost, in order.

    Hosts that are looked up by the recipient's domain are no smarthost where one is named beside them (Debian's
    ``hubbed_hosts``).
    """
    found = tuple(_all_routes(of))
    named = any(route.hosts for route in found)
    return tuple(route for route in found if not (named and "$domain" in route.worked_out))


def _all_routes(of: Sequence[Instance]) -> Iterator[MailRoute]:
    transports = tuple(i.name for i in of if i.section is Section.TRANSPORT)
    smtp = {i.name: i for i in smtp_transports(of)}
    for router in of:
        if router.section is not Section.ROUTER:
            continue
        for route in _of_router(router, transports):
            for name in tuple(smtp) if "$" in route.transport else (route.transport,):
                if name in smtp:
                    yield from _by_transport(route, smtp[name], router)
                elif _is_known(route):
                    yield route  # a fragment without that transport, or one that talks to no server


def _is_known(route: MailRoute) -> bool:
    return bool(route.hosts or route.worked_out or route.unknown)


def _by_transport(route: MailRoute, transport: Instance, router: Instance) -> Iterator[MailRoute]:
    own = transport.value("hosts")
    # Where no host of the list takes the mail (section 30.4).
    last, _ = _hosts(router.value("fallback_hosts") or transport.value("fallback_hosts"))
    takes_own = transport.value("hosts_override").lower() in ("true", "yes") or (
        not _is_known(route) and router.value("driver") in (*_WITHOUT_HOSTS, "manualroute")
    )
    if own and takes_own:
        hosts, worked_out = _hosts(own)
        yield MailRoute(route.pattern, (*hosts, *last), transport.name, transport.line_of("hosts"), worked_out)
    elif _is_known(route):
        yield MailRoute(
            route.pattern, (*route.hosts, *last), transport.name, route.line, route.worked_out, route.unknown
        )


def _of_router(router: Instance, transports: Sequence[str]) -> Iterator[MailRoute]:
    """The route of one router; without hosts where it has none."""
    by = router.value("transport")
    if router.value("driver") == "manualroute" and router.value("route_list"):
        # PATTERN HOSTS OPTIONS, apart by ";" or as Exim lists are (section 20.3); an option may name a transport.
        line = router.line_of("route_list")
        for rule in listed(_by_semicolon(router.value("route_list"))):
            pattern, *more = words(rule) or [""]
            if more:
                yield _of_words(pattern, more, transports, by, line)
            elif pattern:
                yield MailRoute(pattern, (), by, line)
        return
    domains = router.value("domains", "*")
    if router.value("driver") == "manualroute" and router.value("route_data"):
        data, line = router.value("route_data"), router.line_of("route_data")
        yield _of_words(domains, words(data) if "$" not in data else [data], transports, by, line)
    elif by:
        yield MailRoute(domains, (), by, router.line_of("transport"))


def _of_words(pattern: str, said: Sequence[str], transports: Sequence[str], by: str, line: int) -> MailRoute:
    """The route of ``HOSTS OPTIONS``; in a fragment without transports any word may be one's name."""
    first, *more = said or [""]
    named = next((word for word in more if word in transports), by)
    unknown = next((word for word in more if word not in (*_OPTIONS, *transports)), "") if transports else ""
    hosts, worked_out = _hosts(first)
    return MailRoute(pattern, hosts, named, line, worked_out, unknown)


def _hosts(value: str) -> tuple[tuple[str, ...], str]:
    """A list of hosts, or the expansion that makes one.  ``+`` keeps several hosts in order, and is none."""
    if "$" in value:
        return (), value
    return tuple(host for host in listed(value) if host and host != "+"), ""


def _by_semicolon(route_list: str) -> str:
    return route_list if route_list.lstrip().startswith("<") else f"<;{route_list}"


def words(rule: str) -> list[str]:
    """A rule's words; a list of hosts with spaces in it stands in quotes."""
    found: list[str] = []
    rest = rule.strip()
    while rest:
        if rest[0] in "\"'":
            word, _, rest = rest[1:].partition(rest[0])
        else:
            word, *behind = rest.split(None, 1)
            rest = behind[0] if behind else ""
        found.append(word)
        rest = rest.strip()
    return found


def host_and_port(host: str) -> tuple[str, int | None]:
    """``smarthost.tld:587`` taken apart; a number in brackets, as for IPv6, too."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return host.strip("[]"), None
