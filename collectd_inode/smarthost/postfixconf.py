"""Postfix's configuration notation, as far as the audit needs it: main.cf, master.cf and tables.  Pure.

The rules are those of postconf(5), master(5) and postmap(1): a line that begins with white space continues the one
before, comments begin with ``#``, the last of several settings of a parameter counts, ``$name`` stands for its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from collectd_inode.smarthost.postfixmacros import braced, expanded

DEFAULTS: Mapping[str, str] = {
    "config_directory": "/etc/postfix",
    "content_filter": "",
    "default_transport": "smtp",
    "default_database_type": "hash",
    "fallback_relay": "",
    "local_transport": "local:$myhostname",
    "mydomain": "localdomain",
    "myhostname": "localhost.$mydomain",
    "relay_domains": "",
    "relay_transport": "relay",
    "relayhost": "",
    "smtp_enforce_tls": "no",
    "smtp_fallback_relay": "$fallback_relay",
    "smtp_sasl_auth_enable": "no",
    "smtp_sasl_password_maps": "",
    "smtp_sasl_security_options": "noplaintext, noanonymous",
    "smtp_sasl_tls_security_options": "$smtp_sasl_security_options",
    "smtp_sasl_tls_verified_security_options": "$smtp_sasl_tls_security_options",
    "smtp_tls_CAfile": "",
    "smtp_tls_CApath": "",
    "smtp_tls_per_site": "",
    "smtp_tls_enforce_peername": "yes",
    "smtp_tls_policy_maps": "",
    "smtp_tls_secure_cert_match": "nexthop, dot-nexthop",
    "smtp_tls_security_level": "",
    "smtp_tls_verify_cert_match": "hostname",
    "smtp_tls_wrappermode": "no",
    "smtp_use_tls": "no",
    "sender_dependent_default_transport_maps": "",
    "sender_dependent_relayhost_maps": "",
    "tls_append_default_CA": "no",
    "virtual_transport": "virtual",
    "transport_maps": "",
}
"""The defaults of Postfix 3.7 (Debian 12) and 3.10 (Debian 13) that the audit needs."""

_PARAMETER = re.compile(r"([^\s=]+)\s*=(.*)", re.DOTALL | re.ASCII)
_BLANKS = " \t\r\f\v"
"""Blank is what ASCII has of it: the one that pages are copied with (U+00A0) is a character like any other."""


@dataclass(frozen=True, slots=True)
class PostfixSetting:
    """A value as it stands, and its line."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that a program reads: main.cf, and those that its line in master.cf overrides.

    ``lmtp``: it is lmtp(8), whose parameters have the names of smtp(8)'s with another beginning.
    """

    main: Mapping[str, PostfixSetting]
    over: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    lmtp: bool = False

    def value(self, name: str) -> str:
        """The value of *name*, with ``$name`` resolved; "" where it has none."""
        return expanded(self._raw(self.called(name)), self._raw).strip(_BLANKS)

    def is_yes(self, name: str) -> bool:
        """Whether it is ``yes``."""
        return self.value(name).lower() == "yes"

    def line(self, *names: str) -> int:
        """Where the first of these is set; 1 where none is."""
        return next((self.main[name].line for name in map(self.called, names) if name in self.main), 1)

    def called(self, name: str) -> str:
        """The name by which the program knows smtp(8)'s parameter *name*."""
        return f"lmtp_{name.removeprefix('smtp_')}" if self.lmtp and name.startswith("smtp_") else name

    def _raw(self, name: str) -> str:
        if name in self.over:
            return self.over[name]
        return self.main[name].value if name in self.main else self._default(name)

    def _default(self, name: str) -> str:
        if name == "mydomain":  # as Postfix has it: what stands behind the first dot of the machine's name
            host = self.main["myhostname"].value if "myhostname" in self.main else ""
            return host.partition(".")[2] or DEFAULTS[name]
        if name.startswith("lmtp_"):
            return DEFAULTS.get(f"smtp_{name.removeprefix('lmtp_')}", "").replace("$smtp_", "$lmtp_")
        return DEFAULTS.get(name, "")


@dataclass(frozen=True, slots=True)
class MasterService:
    """A line of master.cf: its name, type, program, and the parameters that it sets."""

    name: str
    type: str
    program: str
    over: Mapping[str, str]
    broken: str = ""
    """An ``-o`` that sets nothing: the program does not start with it."""


def parameters(text: str) -> tuple[dict[str, PostfixSetting], list[int]]:
    """The parameters of a main.cf, and the lines that Postfix takes for none: it does not start with them."""
    found: dict[str, PostfixSetting] = {}
    broken = []
    for line, content in logical_lines(text):
        match = _PARAMETER.fullmatch(content)
        if match is None:
            broken.append(line)
        else:
            found[match[1]] = PostfixSetting(match[2].strip(_BLANKS), line)
    return found, broken


def services(text: str) -> tuple[MasterService, ...]:
    """The services of a master.cf; ``-o { name = value }`` may hold blanks (master(5))."""
    found = []
    for _, content in logical_lines(text):
        words = content.split(None, 7)
        if len(words) == 8:
            program, _, arguments = words[7].partition(" ")
            options = [*_options(arguments)]
            over = {name.strip(): value.strip() for name, equals, value in options if equals}
            broken = next((name for name, equals, _ in options if not equals), "")
            found.append(MasterService(words[0], words[1], program, over, broken))
    return tuple(found)


def _options(arguments: str) -> Iterator[tuple[str, str, str]]:
    for match in re.finditer(r"(?:^|\s)-o\s*(?=\S)", arguments):
        rest = arguments[match.end() :]
        yield (braced(rest)[0] if rest[0] == "{" else rest.split(None, 1)[0]).partition("=")


def entries(text: str) -> tuple[tuple[str, str, int], ...]:
    """Keys and values of a table's source (postmap(1)), each with its line; keys in lower case."""
    found = []
    for line, content in logical_lines(text):
        key, *value = content.split(None, 1)
        found.append((key.lower(), value[0].strip() if value else "", line))
    return tuple(found)


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines without comments and blank ones, put together where one goes on; each with the number of its first.

    What is indented and goes on with nothing is left out, as Postfix does.
    """
    joined: list[tuple[int, str]] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(_BLANKS)
        if not line or line.startswith("#"):
            continue
        if raw[0] not in _BLANKS:
            joined.append((number, line))
        elif joined:
            joined[-1] = joined[-1][0], f"{joined[-1][1]} {line}"
    return joined


def listed(value: str) -> list[str]:
    """A list's items, separated by commas or blanks; braces keep an item together."""
    return re.findall(r"[^\s,{}]*\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,]+", value, re.ASCII)
