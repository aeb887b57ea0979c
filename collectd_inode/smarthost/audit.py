"""The leaf audit: what an Exim configuration enforces on the way to its smarthost, and what it does not.  Pure.

`report` reads text.  ``collectd-inode smarthost --audit FILE`` hands it a file's; where Exim is there, it may hand it
instead the output of ``exim4 -bP routers``, ``-bP transports`` and ``-bP authenticators``, one after the other, which
has macros, includes and defaults resolved.  The command runs Exim: nothing here starts a process, and the daemon does
not audit.

The audit reads the smtp transports that carry mail to a smarthost, which a router or the transport names
(``routes.py``); in a text without routers, all smtp transports; in a fragment, its options as if they were a
transport's.  A rule counts as enforced if it holds for every host of a route.  Defaults are those of Exim 4.96
(Debian 12) and 4.98 (Debian 13), which are the same here.

No message shows a value of an authenticator: it may be the password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collectd_inode.model import NOWHERE, Place
from collectd_inode.smarthost import foreign, postfix
from collectd_inode.smarthost.eximconf import NotLiteral, Option, Section, named_lists, options, sent
from collectd_inode.smarthost.findings import AuditFinding
from collectd_inode.smarthost.hostlist import Lists, Scope, scope
from collectd_inode.smarthost.postfixtables import Read
from collectd_inode.smarthost.routes import Instance, MailRoute, host_and_port, instances, routes, smtp_transports

__all__ = ["AuditFinding", "report"]


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
    "where TLS is not offered, or after an invalid certificate, mail is sent in clear, and so is the password of an"
    " authenticator that does not require TLS",
)  # fmt: skip
_REQUIRE_AUTH = _HostList(
    "hosts_require_auth", "",
    "nothing is sent without a log-in",
    "where the log-in fails or is not offered, mail is sent without it, or rejected permanently",
)  # fmt: skip
_VERIFY = _HostList(
    "tls_verify_hosts", "",
    "an invalid certificate stops the mail",
    "verification is not enforced: mail and password go to a server with any certificate, and the log says CV=no",
)  # fmt: skip
_TRY_VERIFY = _HostList(
    "tls_try_verify_hosts", "*",
    "certificates are verified, but an invalid one is only logged (CV=no)",
    "certificates are not verified",
)  # fmt: skip
_NAMES = _HostList(
    "tls_verify_cert_hostnames", "*",
    "the certificate must be for the name of the smarthost",
    "every certificate of the CA passes, for any name",
)  # fmt: skip

_CLIENT_OPTIONS = ("client_send", "client_secret", "client_password")
"""The options that make an authenticator log in: plaintext's and external's, cram_md5's, gsasl's and spa's."""
_FORMS = {"LOGIN": (1, 1, 1), "PLAIN": (3,)}
"""The number of parts, separated by NUL bytes, in each string of ``client_send`` (RFC 4616; LOGIN by custom)."""
_HOW = {"LOGIN": "client_send = : USER : PASSWORD", "PLAIN": "client_send = ^USER^PASSWORD"}
_SMTPS = 465
_PORTS = {"smtp": 25, "smtps": _SMTPS, "submission": 587, "submissions": _SMTPS}


def report(text: str, *, path: str, master: str = "", read: Read | None = None) -> tuple[AuditFinding, ...]:
    """The rules that *text*, of Exim or Postfix, enforces or not, in the order mail meets them; *path* names it.

    For Postfix: *master* is the text of master.cf, and *read* gives that of a table's source.
    """
    other = foreign.program(text)
    if other == foreign.POSTFIX:
        return postfix.report(text, path=path, master=master, **({"read": read} if read else {}))
    if other is not None:
        message = f"this is {other}, not an Exim configuration: not audited"
        return (AuditFinding("configuration", False, Place(path, 1), message, "name Exim's configuration, or none"),)
    found = options(text)
    of = instances(found)
    ways = routes(of)
    lists = named_lists(text)
    transports = _transports(of, ways)
    findings = [
        *_includes(found),
        *_routing(of, ways),
        *(finding for transport in transports for finding in _Transport(transport, ways, lists).findings(found)),
        *_authenticators(of),
    ]
    if not transports:
        findings.append((1, AuditFinding("transport", False, NOWHERE, _nothing_to_send(found), _WHOLE)))
    return tuple(replace(finding, place=Place(path, line)) for line, finding in findings)


_Placed = tuple[int, AuditFinding]
_WHOLE = "audit what exim4 -bP config prints"


def _transports(of: Sequence[Instance], ways: Sequence[MailRoute]) -> tuple[Instance, ...]:
    """The transports that a route leads to; in a text without any, all."""
    routed = {way.transport for way in ways}
    return tuple(i for i in smtp_transports(of) if i.name in routed) or smtp_transports(of)


def _nothing_to_send(found: Sequence[Option]) -> str:
    if found and all(option.section is Section.MAIN for option in found):
        return "there are main options only, no router and no transport"
    return "there is no smtp transport in this text"


# The findings of each.


def _includes(found: Sequence[Option]) -> Iterator[_Placed]:
    for option in found:
        if option.name == "broken":
            message = f"Exim does not start with this line: {option.value}"
            yield option.line, AuditFinding("configuration", False, NOWHERE, message, "exim4 -bV")
        if option.name != "include":
            continue
        if option.section is Section.OTHER:
            message = (
                f"{option.value} is included in a part that sends no mail (such as an access list), and has"
                " not been read"
            )
            yield option.line, AuditFinding("include", True, NOWHERE, message)
        else:
            message = f"{option.value} is included here and has not been read"
            yield option.line, AuditFinding("include", False, NOWHERE, message, _WHOLE)


def _routing(of: Sequence[Instance], ways: Sequence[MailRoute]) -> Iterator[_Placed]:
    for way in ways:
        where = ", then ".join(way.hosts) or (
            f"hosts that Exim works out ({way.worked_out})" if way.worked_out else "no host"
        )
        message = f"mail for {way.pattern} goes to {where} by the transport {way.transport}"
        if way.unknown:
            message += f", but Exim does not know the word “{way.unknown}” behind them: no mail is sent"
            yield way.line, AuditFinding("route", False, NOWHERE, message, "HOST:HOST, without blanks or in quotes")
        else:
            yield way.line, AuditFinding("route", True, NOWHERE, message)
    routers = [i for i in of if i.section is Section.ROUTER]
    if routers and not ways:
        message = (
            "no router sends to a smarthost: none has a route_list or route_data, nor a transport with hosts:"
            " mail goes to each recipient's own server, or stays"
        )
        mend = "driver = manualroute; route_list = * smarthost.tld; transport = NAME"
        yield routers[0].line, AuditFinding("route", False, NOWHERE, message, mend)


@dataclass(frozen=True, slots=True)
class _Transport:
    """A transport with the routes that lead to it."""

    transport: Instance
    ways: tuple[MailRoute, ...]
    lists: Lists

    @property
    def mine(self) -> list[MailRoute]:
        return [way for way in self.ways if way.transport == self.transport.name]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that its mail may end at; "" is one that only Exim knows."""
        known = tuple(name for way in self.mine for name in way.names)
        return (*known, *([""] if not known or any(not way.hosts for way in self.mine) else []))

    def findings(self, found: Sequence[Option]) -> Iterator[_Placed]:
        transport = self.transport
        who = f"transport {transport.name}: " if transport.name else ""
        for line, finding in (
            *self._tls(),
            self._for_hosts(_REQUIRE_AUTH),
            _certificates(transport),
            *self._verification(found),
        ):
            yield line, replace(finding, message=who + finding.message)

    def _tls(self) -> Iterator[_Placed]:
        transport = self.transport
        smtps = transport.value("protocol", "smtp") == "smtps"
        if smtps:
            message = "TLS from the first byte (protocol = smtps)"
            yield transport.line_of("protocol"), AuditFinding("hosts_require_tls", True, NOWHERE, message)
        else:
            yield self._or_dane(self._for_hosts(_REQUIRE_TLS))
            if scope(transport.value("hosts_avoid_tls"), self.hosts, self.lists) is not Scope.NONE:
                line = transport.line_of("hosts_avoid_tls")
                message = "hosts_avoid_tls keeps TLS away from some hosts"
                yield line, AuditFinding("hosts_avoid_tls", False, NOWHERE, message, "hosts_avoid_tls =")
        # In a fragment, the port may be set in lines that we do not see.
        if self.mine or {"port", "protocol"} & transport.options.keys():
            yield _port(transport, self.mine, smtps)

    def _verification(self, found: Sequence[Option]) -> Iterator[_Placed]:
        line, enforced = self._as_of_old() or self._or_dane(self._for_hosts(_VERIFY))
        # In the main section the option of that name is about certificates of clients.
        others = [o for o in found if o.section is Section.MAIN and o.name == _VERIFY.name and o.value]
        if others and not enforced.ok:
            aside = f" (the one in line {others[0].line} is about clients of this server)"
            enforced = replace(enforced, message=enforced.message + aside)
        yield line, enforced
        line, tried = self._for_hosts(_TRY_VERIFY)
        if enforced.ok:
            tried = AuditFinding(tried.code, True, NOWHERE, f"is irrelevant, since {_VERIFY.name} enforces")
        else:
            tried = AuditFinding(tried.code, False, NOWHERE, tried.message, enforced.mend)
        yield line, tried
        yield self._for_hosts(_NAMES)

    def _as_of_old(self) -> _Placed | None:
        """Exim verifies for every host where neither list says for which (tls-gnu.c: "the old behaviour")."""
        of, tried = self.transport, _TRY_VERIFY.name
        if _VERIFY.name in of.options or of.value(tried, "*") or not of.value(_CERTIFICATES, "system"):
            return None
        message = f"{_VERIFY.all}, since {tried} is empty, and {_VERIFY.name} is not set"
        return of.line_of(tried), AuditFinding(_VERIFY.name, True, NOWHERE, message)

    def _or_dane(self, placed: _Placed) -> _Placed:
        """DANE for every host enforces TLS and a certificate that fits, or the mail waits (RFC 7672)."""
        _, finding = placed
        name = "hosts_require_dane"
        if finding.ok or scope(self.transport.value(name), self.hosts, self.lists) is not Scope.ALL:
            return placed
        return self.transport.line_of(name), AuditFinding(finding.code, True, NOWHERE, f"{name} enforces it")

    def _for_hosts(self, what: _HostList) -> _Placed:
        value = self.transport.value(what.name, what.default)
        line = self.transport.line_of(what.name)
        match scope(value, self.hosts, self.lists):
            case Scope.ALL:
                return line, AuditFinding(what.name, True, NOWHERE, what.all)
            case Scope.NONE:
                message = what.none
            case Scope.NAMED:
                message = (
                    f"enforced only while the name ({value}) has one and the same address always, since Exim looks it"
                    f" up again and compares addresses; else: {what.none}"
                )
            case Scope.FINDABLE:
                message = (
                    f"enforced only while each name in the list ({value}) can be looked up, since Exim reads no further"
                    f" than one that cannot; else: {what.none}"
                )
            case Scope.SOME:
                message = f"it depends on the host ({value}); for other hosts: {what.none}"
        return line, AuditFinding(what.name, False, NOWHERE, message, f"{what.name} = *")


def _port(transport: Instance, routes: Sequence[MailRoute], smtps: bool) -> _Placed:
    """On 465 the server waits for TLS and the client for a banner, unless both know; elsewhere the other way round."""
    named = {port for route in routes for host in route.hosts if (port := host_and_port(host)[1])}
    default = _number(transport.value("port", "smtp"), smtps)
    ports = named or ({default} if default else set())
    line = transport.line_of("port", "protocol")
    shown = ", ".join(map(str, sorted(ports))) or transport.value("port")
    if _SMTPS in ports and not smtps:
        message = f"port {shown} without protocol = smtps: each side waits for the other to speak first"
        return line, AuditFinding("port", False, NOWHERE, message, "protocol = smtps")
    if smtps and ports and _SMTPS not in ports:
        message = f"port {shown} with protocol = smtps: a server that speaks first, as on 587, is not understood"
        return line, AuditFinding("port", False, NOWHERE, message, "port = 465")
    return line, AuditFinding("port", True, NOWHERE, f"port {shown}, {'TLS on connect' if smtps else 'STARTTLS'}")


def _number(port: str, smtps: bool) -> int | None:
    """A port by number or name; smtp's default under ``protocol = smtps`` is 465."""
    if smtps and port in ("", "smtp"):
        return _SMTPS
    return int(port) if port.isdecimal() else _PORTS.get(port)


_CERTIFICATES = "tls_verify_certificates"


def _certificates(transport: Instance) -> _Placed:
    name = _CERTIFICATES
    value, line = transport.value(name, "system"), transport.line_of(name)
    mend = f"{name} = /etc/exim4/tls/smarthost-ca.crt"
    if value == os.devnull:
        message = f"there is no certificate in {value}: no server is trusted, and all mail waits"
        return line, AuditFinding(name, False, NOWHERE, message, mend)
    if not value:
        return line, AuditFinding(name, False, NOWHERE, "no CA is trusted: no certificate can be verified", mend)
    if value == "system":
        message = "certificates are verified with the system's CA store, not with one of your own"
    else:
        message = f"certificates are verified with {value}, which must be readable for Exim's user (Debian-exim)"
    return line, AuditFinding(name, True, NOWHERE, message)


# Logging in.


def _authenticators(of: Sequence[Instance]) -> Iterator[_Placed]:
    all_of_them = [i for i in of if i.section is Section.AUTHENTICATOR]
    ours = [i for i in all_of_them if any(i.value(name) for name in _CLIENT_OPTIONS)]
    for one in ours:
        yield _authenticator(one)
    complete = all_of_them or any(i.section is Section.ROUTER for i in of)
    if complete and not ours:
        line = all_of_them[0].line if all_of_them else max(i.line for i in of)
        message = "no authenticator logs in: none has client_send (or client_secret)"
        mend = f"driver = plaintext; public_name = LOGIN; {_HOW['LOGIN']}"
        yield line, AuditFinding("authenticator", False, NOWHERE, message, mend)


def _authenticator(one: Instance) -> _Placed:
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
            f"{who} does not send what {mechanism} requires: in user and password a colon is written :: "
            "and a circumflex ^^, or Exim takes them for the end of a part"
        )
        return line, AuditFinding("client_send", False, NOWHERE, message, _HOW[mechanism])
    return line, AuditFinding("authenticator", True, NOWHERE, f"{who} logs in by {mechanism}")
