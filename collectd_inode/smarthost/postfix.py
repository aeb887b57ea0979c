"""The leaf audit of a Postfix: what its main.cf and master.cf enforce on the way to a smarthost.  Pure.

Each next hop that mail may be sent to is looked at: of relayhost, default_transport, smtp_fallback_relay and the tables
that name others.  Postfix's precedence is postconf(5)'s (default_transport); the levels are TLS_README's.  Tables are
read by what the caller hands in: their sources, as postmap takes them; what cannot be read is said.

No message shows a value of smtp_sasl_password_maps' table: it is the password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collectd_inode.model import Place
from collectd_inode.smarthost.findings import Finding
from collectd_inode.smarthost.postfixconf import Parameters, Service, Setting, entries, listed, parameters, services

Read = Callable[[str], str | None]
"""The text of a file, None if it cannot be read."""

_SUBMISSIONS = 465
_FILES = ("hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash")
"""Tables that are made from a file of keys and values."""


@dataclass(frozen=True, slots=True)
class _Level:
    """The effect of a TLS level (TLS_README): TLS, and a certificate that is verified with a CA, key or DNSSEC."""

    tls: bool
    verifies: bool
    by_ca: bool = False


_LEVELS = {
    "none": _Level(False, False),
    "may": _Level(False, False),
    "encrypt": _Level(True, False),
    "dane": _Level(False, False),
    "dane-only": _Level(True, True),
    "fingerprint": _Level(True, True),
    "verify": _Level(True, True, by_ca=True),
    "secure": _Level(True, True, by_ca=True),
}
_MEND_LEVEL = "smtp_tls_security_level = secure"
_IN_CLEAR = {
    "none": "TLS is never used: mail goes in clear",
    "may": "without TLS on offer mail goes in clear",
    "dane": "without TLSA records in a signed zone mail may go in clear",
}


def _nothing(path: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class _Hop:
    """Where mail is sent: the next hop as it is written, by which service of master.cf, and where that is said."""

    written: str
    transport: str
    line: int
    of: str

    @property
    def host(self) -> str:
        return re.sub(r":\w+$", "", self.written).strip("[]")

    @property
    def port(self) -> str:
        found = re.search(r"\]?:(\w+)$", self.written)
        return found[1] if found else "25"

    @property
    def by_mx(self) -> bool:
        """Whether DNS says which host that is."""
        return not self.written.startswith("[")


def report(text: str, *, path: str, master: str = "", read: Read = _nothing) -> tuple[Finding, ...]:
    """The rules that the main.cf *text* enforces or not; *path* names it, *master* is the text of master.cf beside
    it.
    """
    main, broken = parameters(text)
    audit = _Audit(main, services(master), path, read)
    findings = [*_broken(broken), *audit.findings()]
    return tuple(replace(finding, place=Place(path, line)) for line, finding in findings)


_Placed = tuple[int, Finding]
_SOMEWHERE = Place()


def _bad(line: int, code: str, message: str, mend: str = "") -> _Placed:
    return line, Finding(code, False, _SOMEWHERE, message, mend)


def _good(line: int, code: str, message: str) -> _Placed:
    return line, Finding(code, True, _SOMEWHERE, message)


def _broken(lines: Sequence[int]) -> Iterator[_Placed]:
    for line in lines:
        message = "this line is no “name = value”: Postfix does not start with it"
        yield _bad(line, "configuration", message, "NAME = VALUE, or # before it")


@dataclass(frozen=True, slots=True)
class _Audit:
    """One main.cf with what stands beside it."""

    main: Mapping[str, Setting]
    services: tuple[Service, ...]
    path: str
    read: Read

    def findings(self) -> Iterator[_Placed]:
        everywhere = Parameters(self.main)
        hops = list(self._hops(everywhere))
        yield from self._unread(everywhere)
        if not hops:
            message = "there is no relayhost: mail goes to each recipient's own server, or stays"
            yield _bad(everywhere.line("relayhost"), "route", message, "relayhost = [smarthost.tld]:587")
            return
        seen: list[Finding] = []
        for hop in hops:
            for line, finding in self._of_hop(hop, alone=len({h.written for h in hops}) == 1):
                if finding not in seen:
                    seen.append(finding)
                    yield line, finding

    # Where mail goes.

    def _hops(self, p: Parameters) -> Iterator[_Hop]:
        transport, _, nexthop = p.value("default_transport").partition(":")
        relay = p.value("relayhost")
        if nexthop.strip():
            yield from _hops_of(nexthop, transport, p.line("default_transport"), "all mail")
        elif relay:
            yield from _hops_of(relay, transport, p.line("relayhost"), "all mail")
        if relay and not nexthop and listed(p.value("relay_domains")):
            over, _, other = p.value("relay_transport").partition(":")
            yield from _hops_of(other or relay, over, p.line("relay_transport", "relayhost"), "mail for relay_domains")
        yield from _hops_of(
            p.value("smtp_fallback_relay"), transport, p.line("smtp_fallback_relay", "fallback_relay"), "what fails"
        )
        for key, value, name in self._routed(p):
            over, colon, other = value.partition(":") if name != "sender_dependent_relayhost_maps" else ("", "", value)
            if colon and not other:  # "smtp:" is for the recipient's own server, ":" for the usual way
                other = "" if not over else key
            service = over or transport
            if other and not self._leaves_by_no_smtp(service):
                yield from _hops_of(other, service, p.line(name), f"mail by the key {key} of {name}")

    def _routed(self, p: Parameters) -> Iterator[tuple[str, str, str]]:
        for name in ("transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"):
            for table in listed(p.value(name)):
                for key, value in self._table(table) or ():
                    yield key, value, name

    def _leaves_by_no_smtp(self, service: str) -> bool:
        """Whether that service hands mail to no other server."""
        known = {one.name: one.program for one in self.services if one.type == "unix"}
        return known.get(service, service) not in ("smtp", "relay", "lmtp") and (service in known or service in _LOCAL)

    def _unread(self, p: Parameters) -> Iterator[_Placed]:
        names = ("transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps")
        for name in names:
            for table in listed(p.value(name)):
                if self._table(table) is None:
                    message = f"{name} is {table}, which has not been read: mail may go elsewhere, too"
                    yield _bad(p.line(name), "map", message, f"{name} =")

    def _table(self, table: str) -> tuple[tuple[str, str], ...] | None:
        """Keys and values; None where only Postfix can look them up."""
        kind, colon, rest = table.partition(":")
        if not colon:
            kind, rest = "hash", table
        if kind == "inline":
            inner = rest.strip().removeprefix("{").removesuffix("}")
            pairs = (item.strip("{} ").partition("=") for item in listed(inner))
            return tuple((key.strip().lower(), value.strip()) for key, _, value in pairs)
        if kind == "static":
            return (("", rest.strip("{} ")),)
        text = self.read(rest) if kind in _FILES else None
        return None if text is None else tuple((key, value) for key, value, _ in entries(text))

    # What holds there.

    def _of_hop(self, hop: _Hop, *, alone: bool) -> Iterator[_Placed]:
        p = self._parameters(hop.transport)
        by = f" by the service {hop.transport}" if hop.transport != "smtp" else ""
        yield _good(hop.line, "route", f"{hop.of} goes to {hop.written}{by}")
        who = "" if alone else f"{hop.written}: "
        for line, finding in (*self._tls(hop, p), *self._login(hop, p)):
            yield line, replace(finding, message=who + finding.message)

    def _parameters(self, transport: str) -> Parameters:
        for service in self.services:
            if (service.name, service.type) == (transport, "unix"):
                return Parameters(self.main, service.over, transport)
        return Parameters(self.main)

    def _tls(self, hop: _Hop, p: Parameters) -> Iterator[_Placed]:
        code, line, level, unread = self._level(hop, p)
        found = _LEVELS.get(level)
        where = f" (set for the service {p.service} in master.cf)" if "smtp_tls_security_level" in p.over else ""
        said = f"the level {level or 'none'}{where}"
        if unread:
            message = f"smtp_tls_policy_maps is {unread}, which has not been read: it may say less"
            yield _bad(p.line("smtp_tls_policy_maps"), "map", message, "smtp_tls_policy_maps =")
        if found is None:
            yield _bad(line, code, f"“{level}” is no TLS level: no mail is sent", _MEND_LEVEL)
            return
        if not found.tls:
            message = f"{said}: {_IN_CLEAR[level]}{_password_too(p)}"
            yield _bad(line, code, message, _MEND_LEVEL)
        elif not found.verifies:
            message = f"{said}: verification is not enforced: mail and password go to a server with any certificate"
            yield _bad(line, code, message, _MEND_LEVEL)
        else:
            message = f"{said}: nothing is sent without TLS, and an invalid certificate stops the mail"
            yield _good(line, code, message)
        if level == "verify" and hop.by_mx and listed(p.value("smtp_tls_verify_cert_match")) == ["hostname"]:
            message = f"the certificate is for the host that DNS (MX) names for {hop.written}, whoever answers there"
            mend = f"relayhost = [{hop.host}]:{hop.port}"
            yield _bad(p.line("smtp_tls_verify_cert_match", "relayhost"), "smtp_tls_verify_cert_match", message, mend)
        yield _port(hop, p, found)
        if level not in ("fingerprint", "dane", "dane-only"):
            yield _authorities(p, needed=found.by_ca)

    def _level(self, hop: _Hop, p: Parameters) -> tuple[str, int, str, str]:
        """The option that decides, its line, the level, and a policy table that could not be read."""
        for table in listed(p.value("smtp_tls_policy_maps")):
            rows = self._table(table)
            if rows is None:
                return "smtp_tls_security_level", p.line("smtp_tls_security_level"), _main_level(p), table
            policy = _policy(hop, dict(reversed(rows)))
            if policy:
                return "smtp_tls_policy_maps", p.line("smtp_tls_policy_maps"), policy.split()[0].lower(), ""
        line = p.line("smtp_tls_security_level", "smtp_enforce_tls", "smtp_use_tls")
        return "smtp_tls_security_level", line, _main_level(p), ""

    def _login(self, hop: _Hop, p: Parameters) -> Iterator[_Placed]:
        enable, maps, options = "smtp_sasl_auth_enable", "smtp_sasl_password_maps", "smtp_sasl_tls_security_options"
        if not p.is_yes(enable):
            yield _bad(p.line(enable), enable, "nobody logs in", f"{enable} = yes")
            return
        yield _good(p.line(enable), enable, "Postfix logs in where the server offers it")
        tables = listed(p.value(maps))
        if not tables:
            message = "there is no table of passwords: no login, and mail waits or is refused"
            yield _bad(p.line(maps, enable), maps, message, f"{maps} = hash:/etc/postfix/sasl_passwd")
        for table in tables:
            rows = self._table(table)
            keys = {hop.written.lower(), hop.host.lower(), hop.host.lower() + ":" + hop.port}
            if rows is None:
                kind = table.partition(":")[0]
                yield _good(p.line(maps), maps, f"the table of passwords ({kind}:…) has not been read")
            elif not any(key in keys or table.startswith("static:") for key, _ in rows):
                message = f"the table of passwords has no line for {hop.written}: no login there"
                yield _bad(p.line(maps), maps, message, f"{hop.written} USER:PASSWORD")
            else:
                yield _good(p.line(maps), maps, f"the table of passwords has a line for {hop.written}")
        if "noplaintext" in listed(p.value(options)):
            message = "noplaintext holds below TLS, too: where only PLAIN and LOGIN are offered, mail waits"
            yield _bad(p.line(options, "smtp_sasl_security_options"), options, message, f"{options} = noanonymous")


_LOCAL = ("local", "virtual", "error", "retry", "discard", "maildrop")


def _hops_of(value: str, transport: str, line: int, of: str) -> Iterator[_Hop]:
    for written in listed(value):
        yield _Hop(written, transport, line, of)


def _main_level(p: Parameters) -> str:
    """smtp_tls_security_level, or else what it took the place of (postconf(5))."""
    if level := p.value("smtp_tls_security_level").lower():
        return level
    if p.is_yes("smtp_enforce_tls"):
        return "verify" if p.is_yes("smtp_tls_enforce_peername") else "encrypt"
    return "may" if p.is_yes("smtp_use_tls") else "none"


def _policy(hop: _Hop, rows: Mapping[str, str]) -> str:
    """The policy for *hop*: by the next hop as it is written, else by a parent domain of a name without brackets."""
    written = hop.written.lower()
    if "" in rows:
        return rows[""]
    if written in rows:
        return rows[written]
    labels = hop.host.lower().split(".") if hop.by_mx else []
    parents = (f".{'.'.join(labels[first:])}" for first in range(1, len(labels)))
    return next((rows[parent] for parent in parents if parent in rows), "")


def _password_too(p: Parameters) -> str:
    if not p.is_yes("smtp_sasl_auth_enable") or "noplaintext" in listed(p.value("smtp_sasl_security_options")):
        return ""
    return ", and so does the password"


def _port(hop: _Hop, p: Parameters, level: _Level) -> _Placed:
    wrapped = p.is_yes("smtp_tls_wrappermode")
    number = {"smtps": "465", "submissions": "465", "submission": "587", "smtp": "25"}.get(hop.port, hop.port)
    line = p.line("smtp_tls_wrappermode", "relayhost")
    if wrapped and not level.tls:
        message = "smtp_tls_wrappermode = yes wants the level encrypt or more: no mail is sent"
        return _bad(line, "smtp_tls_wrappermode", message, _MEND_LEVEL)
    if number == str(_SUBMISSIONS) and not wrapped:
        message = f"port {number} without smtp_tls_wrappermode: each side waits for the other to speak first"
        return _bad(line, "port", message, "smtp_tls_wrappermode = yes")
    if wrapped and number != str(_SUBMISSIONS):
        message = f"port {number} with smtp_tls_wrappermode: a server that speaks first, as on 587, is not understood"
        return _bad(line, "port", message, "smtp_tls_wrappermode = no")
    return _good(line, "port", f"port {number}, {'TLS on connect' if wrapped else 'STARTTLS'}")


def _authorities(p: Parameters, *, needed: bool) -> _Placed:
    file, folder = p.value("smtp_tls_CAfile"), p.value("smtp_tls_CApath")
    line = p.line("smtp_tls_CAfile", "smtp_tls_CApath", "tls_append_default_CA")
    believed = [path for path in (file, folder) if path and path != os.devnull]
    if p.is_yes("tls_append_default_CA"):
        believed.append("the system's CA store")
    if believed:
        return _good(line, "smtp_tls_CAfile", f"certificates are verified with {' and '.join(believed)}")
    effect = "no certificate can be verified, and all mail waits" if needed else "no certificate can be verified"
    return _bad(
        line, "smtp_tls_CAfile", f"no CA is trusted: {effect}", "smtp_tls_CAfile = /etc/postfix/smarthost-ca.crt"
    )
