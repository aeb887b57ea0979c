"""The leaf audit of a Postfix: what its main.cf and master.cf enforce on the way to a smarthost.  Pure.

The audit covers each next hop of relayhost, default_transport, smtp_fallback_relay and the tables that name others.
Postfix's precedence is postconf(5)'s (default_transport); the levels are TLS_README's.  The caller reads the tables'
sources, as postmap takes them; those that cannot be read are listed.

No message shows a value of smtp_sasl_password_maps' table: it is the password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collectd_inode.model import Place
from collectd_inode.smarthost.findings import AuditFinding
from collectd_inode.smarthost.postfixconf import DEFAULTS, Parameters, PostfixSetting, listed, parameters, services
from collectd_inode.smarthost.postfixmacros import is_sound
from collectd_inode.smarthost.postfixroutes import NextHop, PostfixConfiguration
from collectd_inode.smarthost.postfixtables import Read, find
from collectd_inode.wire.address import is_numeric

_SUBMISSIONS = 465


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


def report(text: str, *, path: str, master: str = "", read: Read = _nothing) -> tuple[AuditFinding, ...]:
    """The rules that the main.cf *text* enforces or not; *path* names it, *master* is the text of master.cf beside
    it.
    """
    main, broken = parameters(text)
    audit = _Audit(PostfixConfiguration(main, services(master), read))
    findings = [*_broken(broken), *_unsound(main), *audit.findings()]
    return tuple(replace(finding, place=Place(path, line)) for line, finding in findings)


_Placed = tuple[int, AuditFinding]
_SOMEWHERE = Place()


def _bad(line: int, code: str, message: str, mend: str = "") -> _Placed:
    return line, AuditFinding(code, False, _SOMEWHERE, message, mend)


def _good(line: int, code: str, message: str) -> _Placed:
    return line, AuditFinding(code, True, _SOMEWHERE, message)


def _broken(lines: Sequence[int]) -> Iterator[_Placed]:
    for line in lines:
        message = "this line is no “name = value”: Postfix does not start with it"
        yield _bad(line, "configuration", message, "NAME = VALUE, or # before it")


def _unsound(main: Mapping[str, PostfixSetting]) -> Iterator[_Placed]:
    """Values of the audit's parameters in which a ``$`` stands by itself."""
    for name, setting in main.items():
        if name in DEFAULTS and not is_sound(setting.value):
            message = f"{name} has a “$” that names no parameter: Postfix does not start with it"
            yield _bad(setting.line, "configuration", message, "$$ for a dollar sign")


@dataclass(frozen=True, slots=True)
class _Audit:
    """One configuration."""

    of: PostfixConfiguration

    def findings(self) -> Iterator[_Placed]:
        everywhere, hops = Parameters(self.of.main), self.of.hops()
        for name, table in self.of.unread():
            message = f"{name} is {table}, which has not been read: mail may go elsewhere, too"
            yield _bad(everywhere.line(name), "map", message, f"{name} =")
        if all(hop.is_own for hop in hops):
            message = "there is no relayhost: mail goes to each recipient's own server, or stays"
            yield _bad(everywhere.line("relayhost"), "route", message, _MEND_ROUTE)
            return
        seen: list[AuditFinding] = []
        alone = len({hop.written for hop in hops}) == 1
        for hop in hops:
            for line, finding in self._of_hop(hop, alone=alone):
                if finding not in seen:
                    seen.append(finding)
                    yield line, finding

    def _of_hop(self, hop: NextHop, *, alone: bool) -> Iterator[_Placed]:
        p, program = self.of.parameters(hop.transport), self.of.program(hop.transport)
        by = f" by the service {hop.transport}" if hop.transport != "smtp" else ""
        if program not in ("smtp", "lmtp"):
            yield _bad(hop.line, "route", f"{hop.of} goes to {hop.written}{by}: {_no_server(program)}", _MEND_ROUTE)
            return
        if broken := self.of.broken(hop.transport):
            message = (
                f"{hop.of} goes to {hop.written}{by}, which has -o {broken} without “=” in master.cf: no mail is sent"
            )
            yield _bad(hop.line, "route", message, f"-o {broken}=VALUE")
            return
        if hop.is_own:
            yield _bad(
                hop.line, "route", f"{hop.of.replace('all', 'all other')} goes to {hop.written}{by}", _MEND_ROUTE
            )
            return
        if found := re.match(r"(\w+):(?=\[)", hop.written):
            message = (
                f"{hop.of} goes to {hop.written}{by}: “{found[0]}” is no part of a next hop there: no mail is sent"
            )
            yield _bad(hop.line, "route", message, f"relayhost = {hop.written.removeprefix(found[0])}")
            return
        yield _good(hop.line, "route", f"{hop.of} goes to {hop.written}{by}")
        who = "" if alone else f"{hop.written}: "
        for line, finding in (*_Protection(self.of, hop, p).findings(), *self._login(hop, p)):
            yield line, _as_of(p, replace(finding, message=who + finding.message))

    def _login(self, hop: NextHop, p: Parameters) -> Iterator[_Placed]:
        enable, maps = "smtp_sasl_auth_enable", "smtp_sasl_password_maps"
        if not p.is_yes(enable):
            yield _bad(p.line(enable), enable, "nobody logs in", f"{enable} = yes")
            return
        yield _good(p.line(enable), enable, "Postfix logs in where the server offers it")
        tables = listed(p.value(maps))
        if not tables:
            message = "there is no table of passwords: no login, and mail waits or is refused"
            yield _bad(p.line(maps, enable), maps, message, f"{maps} = hash:/etc/postfix/sasl_passwd")
        else:
            yield self._password(hop, p, tables)
        yield from _plaintext(p)

    def _password(self, hop: NextHop, p: Parameters, tables: Sequence[str]) -> _Placed:
        """Whether a table has a password: for the host, or for the next hop as it is written (smtp_sasl_glue.c)."""
        maps = "smtp_sasl_password_maps"
        password, unknown = find(tables, iter((hop.host, hop.written)), self.of.read)
        if unknown:
            message = f"the table of passwords ({unknown.partition(':')[0]}:…) has not been read: is there a login?"
            return _bad(p.line(maps), maps, message, f"postmap -q '{hop.written}' {unknown.partition(':')[0]}:…")
        if password:
            return _good(p.line(maps), maps, f"the table of passwords has a line for {hop.written}")
        said = (row for written in tables if (table := self.of.table(written)) for row in table.said or ())
        if p.is_yes("smtp_sender_dependent_authentication") and any("@" in key for key, _ in said):
            return _good(p.line(maps), maps, "the table of passwords has lines for senders")
        message = f"the table of passwords has no line for {hop.written}: no login there"
        return _bad(p.line(maps), maps, message, f"{hop.written} USER:PASSWORD")


def _as_of(p: Parameters, finding: AuditFinding) -> AuditFinding:
    """*finding* by the names that the parameters have for lmtp(8), where that sends."""
    if not p.lmtp:
        return finding
    code, message, mend = (re.sub(r"\bsmtp_", "lmtp_", text) for text in (finding.code, finding.message, finding.mend))
    return replace(finding, code=code, message=message, mend=mend)


_MEND_ROUTE = "relayhost = [smarthost.tld]:587"


def _no_server(program: str | None) -> str:
    if program is None:
        return "master.cf has no such service, and all mail waits"
    if program in ("pipe", "spawn"):
        return "a program has it there, which is not audited"
    return f"none leaves by that ({program})"


@dataclass(frozen=True, slots=True)
class _Decision:
    """The decision about TLS at a hop: the option and its line, the level, and the names that a certificate may be
    for, where a policy has some.
    """

    code: str
    line: int
    level: str
    match: tuple[str, ...] = ()
    anchors: bool = False
    """Whether a policy names a CA or key to trust."""


@dataclass(frozen=True, slots=True)
class _Protection:
    """TLS at one hop."""

    of: PostfixConfiguration
    hop: NextHop
    p: Parameters

    def findings(self) -> Iterator[_Placed]:
        p, hop = self.p, self.hop
        decision = self._decision()
        if isinstance(decision, tuple):
            yield decision
            decision = _Decision("smtp_tls_security_level", p.line("smtp_tls_security_level"), _main_level(p))
            found = _LEVELS.get(decision.level)
            if found is not None:
                yield _port(hop, p, found)
            return
        found = _LEVELS.get(decision.level)
        if found is None:
            message = f"“{decision.level}” is no TLS level: no mail is sent"
            yield _bad(decision.line, decision.code, message, _MEND_LEVEL)
            return
        yield self._of_level(decision, found)
        yield from self._names(decision)
        yield _port(hop, p, found)
        if found.tls and "starttls" in listed(p.value("smtp_discard_ehlo_keywords").lower()):
            name = "smtp_discard_ehlo_keywords"
            yield _bad(p.line(name), name, "STARTTLS is not seen: no mail is sent", f"{name} =")
        yield from self._believed(decision, found)

    def _of_level(self, decision: _Decision, found: _Level) -> _Placed:
        p, level = self.p, decision.level
        where = (
            f" (set for the service {p.service} in master.cf)" if p.called("smtp_tls_security_level") in p.over else ""
        )
        said = f"the level {level}{where}"
        if not found.tls:
            message = f"{said}: {_IN_CLEAR[level]}{_password_too(p)}"
        elif not found.verifies:
            message = f"{said}: verification is not enforced: mail and password go to a server with any certificate"
        else:
            message = f"{said}: nothing is sent without TLS, and an invalid certificate stops the mail"
            return _good(decision.line, decision.code, message)
        return _bad(decision.line, decision.code, message, _MEND_LEVEL)

    # The level.

    def _decision(self) -> _Decision | _Placed:
        """The decision; a finding where it is unknown."""
        maps, sites = "smtp_tls_policy_maps", "smtp_tls_per_site"
        tables = listed(self.p.value(maps))
        policy, unknown = find(tables, _names_of(self.hop), self.of.read)
        if unknown:
            return self._untold(maps, unknown)
        if policy:
            return _policy(policy, self.p.line(maps))
        line = self.p.line("smtp_tls_security_level", "smtp_enforce_tls", "smtp_use_tls")
        decision = _Decision("smtp_tls_security_level", line, _main_level(self.p))
        for written in [] if tables else listed(self.p.value(sites)):
            table = self.of.table(written)
            said = [table.get(key) if table else None for key in (self.hop.written, self.hop.host)]
            if None in said:
                return self._untold(sites, written)
            site = _site(*said)
            if site and not (site == "may" and decision.level not in ("none", "may")):
                return _Decision(sites, self.p.line(sites), site)
        return decision

    def _untold(self, name: str, written: str) -> _Placed:
        message = (
            f"{name} is {written}, which has not been read: whether TLS and verification are enforced is not known"
            f" (else it would be the level {_main_level(self.p)})"
        )
        return _bad(self.p.line(name), "map", message, f"{name} =")

    # The certificate.

    def _names(self, decision: _Decision) -> Iterator[_Placed]:
        """The names that a certificate may be for; by default the next hop, or the host that DNS gives for it."""
        if decision.level not in ("verify", "secure"):
            return
        p, hop, name = self.p, self.hop, f"smtp_tls_{decision.level}_cert_match"
        patterns = decision.match or tuple(re.findall(r"[^\s,:]+", p.value(name), re.ASCII))
        code, line = (decision.code, decision.line) if decision.match else (name, p.line(name, "relayhost"))
        if hop.by_mx and "hostname" in patterns:
            message = f"the certificate is for the host that DNS (MX) names for {hop.written}, whoever answers there"
            yield _bad(line, code, message, f"relayhost = [{hop.host}]:{hop.port}")
        others = [one for one in patterns if one not in ("hostname", "nexthop", "dot-nexthop")]
        if is_numeric(hop.host.removeprefix("ipv6:")):
            if not others:
                message = f"certificates are for names, and {hop.written} is an address: no mail is sent"
                yield _bad(line, code, message, f"{name} = smarthost.tld")
            return
        strange = [one for one in others if (one[0] == "." and one.count(".") < 2) or not _is_of(hop.host, one)]
        if strange:
            message = f"a certificate for {', '.join(strange)} is taken for that of {hop.host}"
            yield _bad(line, code, message, f"{name} = nexthop" if not decision.match else "match=nexthop")

    def _believed(self, decision: _Decision, found: _Level) -> Iterator[_Placed]:
        if decision.level == "fingerprint":
            name = "smtp_tls_fingerprint_cert_match"
            if not decision.match and not self.p.value(name):
                yield _bad(self.p.line(name), name, "there is no fingerprint: no mail is sent", f"{name} = FINGERPRINT")
        elif decision.level == "dane-only":
            name = "smtp_dns_support_level"
            if self.p.value(name).lower() != "dnssec":
                message = "TLSA records are not looked up without dnssec: no mail is sent"
                yield _bad(self.p.line(name), name, message, f"{name} = dnssec")
        elif decision.level != "dane" and not decision.anchors:
            yield _authorities(self.p, self.of.read, needed=found.by_ca, tls=found.tls)


def _is_of(host: str, pattern: str) -> bool:
    """Whether *host* is one that *pattern* is about: itself, or one below ``.example.org``."""
    host, pattern = host.lower().rstrip("."), pattern.lower().rstrip(".")
    return host.endswith(pattern) if pattern[:1] == "." else host == pattern


def _names_of(hop: NextHop) -> Iterator[str]:
    """The keys of a policy: the next hop as it is written, and a bare name's parent domains."""
    yield hop.written
    name = hop.written
    if re.fullmatch(r"[\w.-]*[A-Za-z][\w.-]*", name, re.ASCII):
        labels = name.split(".")
        yield from (f".{'.'.join(labels[first:])}" for first in range(1, len(labels)))


_SITES = (("must", "verify"), ("must_nopeermatch", "encrypt"), ("none", "none"), ("may", "may"))
"""The words of smtp_tls_per_site, of two the first that counts, and the level that each means."""


def _site(*said: str | None) -> str:
    words = {word.lower() for word in said if word}
    return next((level for word, level in _SITES if word in words), "no site policy" if words else "")


def _policy(text: str, line: int) -> _Decision:
    """A line of a policy table: a level and its attributes; one with a wrong attribute stops the mail."""
    level, *attributes = re.findall(r"[^\s,]+", text, re.ASCII)
    pairs = [attribute.partition("=") for attribute in attributes]
    match = [one for name, _, value in pairs if name.lower() == "match" for one in re.split(r"[:|]", value) if one]
    wrong = [name for name, equals, _ in pairs if not equals or name.lower() not in _ATTRIBUTES]
    level = level.lower()
    if wrong and level not in ("none", "dane"):
        level = f"{level} {wrong[0]}"
    return _Decision("smtp_tls_policy_maps", line, level, tuple(match), any(name == "tafile" for name, _, _ in pairs))


_ATTRIBUTES = ("ciphers", "protocols", "match", "exclude", "tafile", "servername", "connection_reuse", "enable_rpk")


def _main_level(p: Parameters) -> str:
    """smtp_tls_security_level, or else what it took the place of (postconf(5))."""
    if level := p.value("smtp_tls_security_level").lower():
        return level
    if p.is_yes("smtp_enforce_tls"):
        return "verify" if p.is_yes("smtp_tls_enforce_peername") else "encrypt"
    return "may" if p.is_yes("smtp_use_tls") else "none"


def _password_too(p: Parameters) -> str:
    options = listed(p.value("smtp_sasl_security_options"))
    if not p.is_yes("smtp_sasl_auth_enable") or "noplaintext" in options:
        return ""
    return ", and so does the password"


_SASL_OPTIONS = {"noplaintext", "noactive", "nodictionary", "noanonymous", "mutual_auth", "forward_secrecy"}
"""Known to Postfix, which does not start to send with another, nor with one in capitals."""


def _plaintext(p: Parameters) -> Iterator[_Placed]:
    options, verified = "smtp_sasl_tls_security_options", "smtp_sasl_tls_verified_security_options"
    for name in ("smtp_sasl_security_options", options, verified):
        if wrong := sorted(set(listed(p.value(name))) - _SASL_OPTIONS):
            message = f"“{wrong[0]}” is no such option: no mail is sent"
            yield _bad(p.line(name), name, message, f"{name} = noanonymous")
            return
    if "noplaintext" in listed(p.value(verified)):
        message = "noplaintext holds below TLS, too: where only PLAIN and LOGIN are offered, mail waits"
        line = p.line(verified, options, "smtp_sasl_security_options")
        yield _bad(line, options, message, f"{options} = noanonymous")


def _port(hop: NextHop, p: Parameters, level: _Level) -> _Placed:
    wrapped = p.is_yes("smtp_tls_wrappermode")
    number = {"smtps": "465", "submissions": "465", "submission": "587", "smtp": "25"}.get(hop.port, hop.port)
    line = p.line("smtp_tls_wrappermode", "relayhost")
    if wrapped and not level.tls:
        message = "smtp_tls_wrappermode = yes needs the level encrypt or more: no mail is sent"
        return _bad(line, "smtp_tls_wrappermode", message, _MEND_LEVEL)
    if number == str(_SUBMISSIONS) and not wrapped:
        message = f"port {number} without smtp_tls_wrappermode: each side waits for the other to speak first"
        return _bad(line, "port", message, "smtp_tls_wrappermode = yes")
    if wrapped and number != str(_SUBMISSIONS):
        message = f"port {number} with smtp_tls_wrappermode: a server that speaks first, as on 587, is not understood"
        return _bad(line, "port", message, "smtp_tls_wrappermode = no")
    return _good(line, "port", f"port {number}, {'TLS on connect' if wrapped else 'STARTTLS'}")


_CERTIFICATE = re.compile(r"^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----", re.MULTILINE)
"""The beginning of a certificate, as OpenSSL has it."""
_HASHED = re.compile(r"^[0-9a-f]{8}\.\d+$", re.MULTILINE)
"""The names by which OpenSSL finds a CA in a folder."""


def _authorities(p: Parameters, read: Read, *, needed: bool, tls: bool) -> _Placed:
    names = ("smtp_tls_CAfile", "smtp_tls_CApath", "smtp_tls_trust_anchor_file")
    line = p.line(*names, "tls_append_default_CA")
    believed = [path for path in map(p.value, names) if path and path != os.devnull]
    if p.is_yes("tls_append_default_CA"):
        believed.append("the system's CA store")
    mend = "smtp_tls_CAfile = /etc/postfix/smarthost-ca.crt"
    file = p.value("smtp_tls_CAfile")
    if file in believed and read is not _nothing and not _CERTIFICATE.search(read(file) or ""):
        effect = "and all mail waits" if tls else "and all mail goes in clear"
        message = f"no certificate can be read in {file}: Postfix switches TLS off, {effect}"
        return _bad(line, "smtp_tls_CAfile", message, mend)
    effect = "no certificate can be verified, and all mail waits" if needed else "no certificate can be verified"
    folder = p.value("smtp_tls_CApath")
    if believed == [folder] and read is not _nothing and not _HASHED.search(read(folder) or ""):
        message = f"no file in {folder} has a hashed name: {effect}"
        return _bad(p.line("smtp_tls_CApath"), "smtp_tls_CApath", message, f"openssl rehash {folder}")
    if believed:
        return _good(line, "smtp_tls_CAfile", f"certificates are verified with {' and '.join(believed)}")
    return _bad(line, "smtp_tls_CAfile", f"no CA is trusted: {effect}", mend)
