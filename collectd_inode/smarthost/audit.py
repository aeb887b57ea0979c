"""The leaf audit: what an Exim configuration enforces on the way to its smarthost, and what it does not.  Pure.

`report` reads text.  ``collectd-inode smarthost --audit FILE`` hands it a file's; where Exim is there, it may hand it
instead what ``exim4 -bP routers``, ``-bP transports`` and ``-bP authenticators`` print, one after the other, which has
macros, includes and defaults worked out.  Running Exim is the command's business: nothing here starts a process, and
the daemon does not audit.

Looked at are the smtp transports that a manualroute router with a ``route_list`` leads to; in a text without such
routers, all smtp transports; in a fragment, its options as if they were a transport's.  Defaults are those of Exim 4.96
(Debian 12) and 4.98 (Debian 13), which are the same here.

No message shows a value of an authenticator: it may be the password.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from collectd_inode.smarthost.eximconf import NotLiteral, Option, Section, listed, options, sent


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is as it should be, where it stands, what that means, and the line that mends it.

    ``code`` is Exim's name of the option, or ``route``, ``authenticator``, ``include``, ``transport``; ``place`` is
    ``path:line``; ``mend`` is empty where there is nothing to mend.
    """

    code: str
    ok: bool
    place: str
    message: str
    mend: str = ""


class Scope(Enum):
    """Whom a host list is for."""

    ALL = "all hosts"
    SOME = "some hosts"
    NONE = "no host"


@dataclass(frozen=True, slots=True)
class _Instance:
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
class _Route:
    """Where a manualroute router sends which domains: its ``route_list``, taken apart."""

    router: _Instance
    pattern: str
    hosts: tuple[str, ...]
    """With ``::port`` behind a name as ``:port``."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_host_and_port(host)[0] for host in self.hosts)


@dataclass(frozen=True, slots=True)
class _HostList:
    """An option that holds for a list of hosts, and what it means when it holds for all, and when for none."""

    name: str
    default: str
    all: str
    none: str


_REQUIRE_TLS = _HostList(
    "hosts_require_tls", "",
    "nothing is sent without TLS",
    "without TLS on offer, mail goes in clear, and so does the password of an authenticator that does not ask for TLS",
)  # fmt: skip
_REQUIRE_AUTH = _HostList(
    "hosts_require_auth", "",
    "nothing is sent without having logged in",
    "where logging in fails or is not offered, mail is sent without it, or refused for good",
)  # fmt: skip
_VERIFY = _HostList(
    "tls_verify_hosts", "",
    "a certificate that is not good stops the mail",
    "verification is not enforced: mail and password go to a server with any certificate, and the log says CV=no",
)  # fmt: skip
_TRY_VERIFY = _HostList(
    "tls_try_verify_hosts", "*",
    "certificates are looked at, but one that is not good is only logged (CV=no)",
    "certificates are not even looked at",
)  # fmt: skip
_NAMES = _HostList(
    "tls_verify_cert_hostnames", "*",
    "the certificate must be for the name of the smarthost",
    "every certificate of the CA passes, whatever name it is for",
)  # fmt: skip

_ROUTER_DRIVERS = ("accept", "dnslookup", "ipliteral", "iplookup", "manualroute", "queryprogram", "redirect")
_AUTHENTICATOR_DRIVERS = (
    "cram_md5",
    "cyrus_sasl",
    "dovecot",
    "external",
    "gsasl",
    "heimdal_gssapi",
    "plaintext",
    "spa",
    "tls",
)
_CLIENT_OPTIONS = ("client_send", "client_secret", "client_password")
"""What makes an authenticator one that logs in: plaintext's and external's, cram_md5's, gsasl's and spa's."""
_FORMS = {"LOGIN": (1, 1, 1), "PLAIN": (3,)}
"""How many parts, apart by NUL bytes, each string of a mechanism's ``client_send`` has (RFC 4616; LOGIN by habit)."""
_HOW = {"LOGIN": "client_send = : USER : PASSWORD", "PLAIN": "client_send = ^USER^PASSWORD"}
_SMTPS = 465
_PORTS = {"smtp": 25, "smtps": _SMTPS, "submission": 587, "submissions": _SMTPS}


def report(text: str, *, path: str) -> tuple[Finding, ...]:
    """What the Exim configuration *text* enforces, good and bad, in the order mail meets it; *path* names it."""
    found = options(text)
    instances = _instances(found)
    routes = tuple(_routes(instances))
    transports = _transports(instances, routes)
    findings = [
        *_includes(found),
        *_routing(instances, routes),
        *(finding for transport in transports for finding in _transport(transport, routes, found)),
        *_authenticators(instances),
    ]
    if not transports:
        findings.append((1, Finding("transport", False, "", "there is no smtp transport in this text", _WHOLE)))
    return tuple(Finding(f.code, f.ok, f"{path}:{line}", f.message, f.mend) for line, f in findings)


_Placed = tuple[int, Finding]
_WHOLE = "audit what exim4 -bP config prints"


# Who is in it.


def _instances(found: Sequence[Option]) -> tuple[_Instance, ...]:
    grouped: dict[tuple[Section, str, int], dict[str, Option]] = {}
    for option in found:
        if option.section is not Section.MAIN:
            grouped.setdefault((option.section, option.instance, option.heading), {})[option.name] = option
    return tuple(
        _Instance(_kind(section, mine), name, heading or min(option.line for option in mine.values()), mine)
        for (section, name, heading), mine in grouped.items()
    )


def _kind(section: Section, mine: Mapping[str, Option]) -> Section:
    """What an instance in a fragment is, by its driver; without one, a transport."""
    if section is not Section.UNKNOWN:
        return section
    driver = mine["driver"].value if "driver" in mine else ""
    if driver in _ROUTER_DRIVERS:
        return Section.ROUTER
    alone = not driver and any(name.startswith(("client_", "server_", "public_name")) for name in mine)
    return Section.AUTHENTICATOR if driver in _AUTHENTICATOR_DRIVERS or alone else Section.TRANSPORT


def _routes(instances: Sequence[_Instance]) -> Iterator[_Route]:
    """The rules of every ``route_list``: PATTERN HOSTS OPTIONS, apart by ``;`` or as Exim lists are (section 20.3)."""
    for router in instances:
        if router.section is Section.ROUTER and router.value("driver") == "manualroute":
            for rule in listed(_by_semicolon(router.value("route_list"))):
                words = _words(rule)
                if len(words) > 1:
                    yield _Route(router, words[0], listed(words[1]))


def _by_semicolon(route_list: str) -> str:
    return route_list if route_list.lstrip().startswith("<") else f"<;{route_list}"


def _words(rule: str) -> list[str]:
    """A rule's words; a list of hosts with spaces in it stands in quotes."""
    words: list[str] = []
    rest = rule.strip()
    while rest:
        if rest[0] in "\"'":
            word, _, rest = rest[1:].partition(rest[0])
        else:
            word, *behind = rest.split(None, 1)
            rest = behind[0] if behind else ""
        words.append(word)
        rest = rest.strip()
    return words


def _host_and_port(host: str) -> tuple[str, int | None]:
    """``smarthost.tld:587`` taken apart; a number in brackets, as for IPv6, too."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return host.strip("[]"), None


def _transports(instances: Sequence[_Instance], routes: Sequence[_Route]) -> tuple[_Instance, ...]:
    smtp = tuple(i for i in instances if i.section is Section.TRANSPORT and i.value("driver", "smtp") == "smtp")
    routed = {route.router.value("transport") for route in routes}
    return tuple(i for i in smtp if i.name in routed) or smtp


# What is found of each.


def _includes(found: Sequence[Option]) -> Iterator[_Placed]:
    for option in found:
        if option.name == "include":
            message = f"{option.value} is included here and has not been read"
            yield option.line, Finding("include", False, "", message, _WHOLE)


def _routing(instances: Sequence[_Instance], routes: Sequence[_Route]) -> Iterator[_Placed]:
    for route in routes:
        transport = route.router.value("transport")
        message = f"mail for {route.pattern} goes to {', then '.join(route.hosts)} by the transport {transport}"
        yield route.router.line_of("route_list"), Finding("route", True, "", message)
    routers = [i for i in instances if i.section is Section.ROUTER]
    if routers and not routes:
        message = "no manualroute router has a route_list: mail does not go to a smarthost"
        mend = "driver = manualroute; route_list = * smarthost.tld; transport = NAME"
        yield routers[0].line, Finding("route", False, "", message, mend)


def _transport(transport: _Instance, routes: Sequence[_Route], found: Sequence[Option]) -> Iterator[_Placed]:
    mine = [route for route in routes if route.router.value("transport") == transport.name]
    hosts = tuple(name for route in mine for name in route.names)
    who = f"transport {transport.name}: " if transport.name else ""
    for line, finding in (
        *_tls(transport, mine, hosts),
        _for_hosts(_REQUIRE_AUTH, transport, hosts),
        _certificates(transport),
        *_verification(transport, hosts, found),
    ):
        yield line, Finding(finding.code, finding.ok, "", who + finding.message, finding.mend)


def _tls(transport: _Instance, routes: Sequence[_Route], hosts: Sequence[str]) -> Iterator[_Placed]:
    smtps = transport.value("protocol", "smtp") == "smtps"
    if smtps:
        message = "TLS from the first byte (protocol = smtps)"
        yield transport.line_of("protocol"), Finding("hosts_require_tls", True, "", message)
    else:
        yield _for_hosts(_REQUIRE_TLS, transport, hosts)
        if _scope(transport.value("hosts_avoid_tls"), hosts) is not Scope.NONE:
            line = transport.line_of("hosts_avoid_tls")
            message = "hosts_avoid_tls keeps TLS away from some hosts"
            yield line, Finding("hosts_avoid_tls", False, "", message, "hosts_avoid_tls =")
    # A few lines by themselves leave the port to what stands around them.
    if routes or {"port", "protocol"} & transport.options.keys():
        yield _port(transport, routes, smtps)


def _port(transport: _Instance, routes: Sequence[_Route], smtps: bool) -> _Placed:
    """On 465 the server waits for TLS and the client for a banner, unless both know; elsewhere the other way round."""
    named = {port for route in routes for host in route.hosts if (port := _host_and_port(host)[1])}
    default = _number(transport.value("port", "smtp"), smtps)
    ports = named or ({default} if default else set())
    line = transport.line_of("port", "protocol")
    shown = ", ".join(map(str, sorted(ports))) or transport.value("port")
    if _SMTPS in ports and not smtps:
        message = f"port {shown} without protocol = smtps: each side waits for the other to speak first"
        return line, Finding("port", False, "", message, "protocol = smtps")
    if smtps and ports and _SMTPS not in ports:
        message = f"port {shown} with protocol = smtps: a server that speaks first, as on 587, is not understood"
        return line, Finding("port", False, "", message, "port = 465")
    return line, Finding("port", True, "", f"port {shown}, {'TLS on connect' if smtps else 'STARTTLS'}")


def _number(port: str, smtps: bool) -> int | None:
    """A port by number or name; smtp's default under ``protocol = smtps`` is 465."""
    if smtps and port in ("", "smtp"):
        return _SMTPS
    return int(port) if port.isdecimal() else _PORTS.get(port)


def _certificates(transport: _Instance) -> _Placed:
    name = "tls_verify_certificates"
    value, line = transport.value(name, "system"), transport.line_of(name)
    if not value:
        mend = f"{name} = /etc/exim4/tls/smarthost-ca.crt"
        return line, Finding(name, False, "", "no CA is trusted: no certificate can be verified", mend)
    if value == "system":
        message = "certificates are held against the system's CA store, not against one of your own"
    else:
        message = f"certificates are held against {value}, which must be readable for Exim's user (Debian-exim)"
    return line, Finding(name, True, "", message)


def _verification(transport: _Instance, hosts: Sequence[str], found: Sequence[Option]) -> Iterator[_Placed]:
    line, enforced = _for_hosts(_VERIFY, transport, hosts)
    # In the main section the option of that name is about certificates of clients.
    others = [o for o in found if o.section is Section.MAIN and o.name == _VERIFY.name and o.value]
    if others and not enforced.ok:
        aside = f" (the one in line {others[0].line} is about clients of this server)"
        enforced = Finding(enforced.code, False, "", enforced.message + aside, enforced.mend)
    yield line, enforced
    line, tried = _for_hosts(_TRY_VERIFY, transport, hosts)
    if enforced.ok:
        tried = Finding(tried.code, True, "", f"plays no part, since {_VERIFY.name} enforces")
    else:
        tried = Finding(tried.code, False, "", tried.message, enforced.mend)
    yield line, tried
    yield _for_hosts(_NAMES, transport, hosts)


def _for_hosts(what: _HostList, transport: _Instance, hosts: Sequence[str]) -> _Placed:
    value = transport.value(what.name, what.default)
    line = transport.line_of(what.name)
    mend = f"{what.name} = *"
    match _scope(value, hosts):
        case Scope.ALL:
            return line, Finding(what.name, True, "", what.all)
        case Scope.NONE:
            return line, Finding(what.name, False, "", what.none, mend)
        case Scope.SOME:
            message = f"it depends on the host ({value}); wherever it does not hold: {what.none}"
            return line, Finding(what.name, False, "", message, mend)


def _scope(value: str, hosts: Sequence[str]) -> Scope:
    """Whom a host list is for: all, or at least all of *hosts*, by name; what needs Exim to tell is for some."""
    items = [item for item in listed(value) if item]
    if not items:
        return Scope.NONE
    if items[0] == "*" or (hosts and all(_host_and_port(h)[0] in items for h in hosts) and "!" not in value):
        return Scope.ALL
    return Scope.SOME


# Logging in.


def _authenticators(instances: Sequence[_Instance]) -> Iterator[_Placed]:
    all_of_them = [i for i in instances if i.section is Section.AUTHENTICATOR]
    ours = [i for i in all_of_them if any(i.value(name) for name in _CLIENT_OPTIONS)]
    for one in ours:
        yield _authenticator(one)
    complete = all_of_them or any(i.section is Section.ROUTER for i in instances)
    if complete and not ours:
        line = all_of_them[0].line if all_of_them else max(i.line for i in instances)
        message = "no authenticator logs in: none has client_send (or client_secret)"
        mend = f"driver = plaintext; public_name = LOGIN; {_HOW['LOGIN']}"
        yield line, Finding("authenticator", False, "", message, mend)


def _authenticator(one: _Instance) -> _Placed:
    line = one.line_of(*_CLIENT_OPTIONS)
    mechanism = (one.value("public_name") or one.name).upper()
    who = f"authenticator {one.name}" if one.name else "authenticator"
    form = _FORMS.get(mechanism) if one.value("driver", "plaintext") == "plaintext" else None
    try:
        strings = tuple(len(parts) for parts in sent(one.value("client_send"))) if form else None
    except NotLiteral:
        strings = None
    # Exim shows only "<value not displayable>" of a hidden option to those who may not read the configuration.
    if strings is not None and strings != form and "displayable" not in one.value("client_send"):
        message = (
            f"{who} does not send what {mechanism} wants: in user and password a colon is written :: "
            "and a circumflex ^^, or Exim takes them for the end of a part"
        )
        return line, Finding("client_send", False, "", message, _HOW[mechanism])
    return line, Finding("authenticator", True, "", f"{who} logs in by {mechanism}")
