"""Postfix's configuration notation, as far as the audit needs it: main.cf, master.cf and tables.  Pure.

The rules are those of postconf(5), master(5) and postmap(1): a line that begins with white space continues the one
before, comments begin with ``#``, the last of several settings of a parameter counts, ``$name`` stands for its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEFAULTS: Mapping[str, str] = {
    "config_directory": "/etc/postfix",
    "default_transport": "smtp",
    "default_database_type": "hash",
    "fallback_relay": "",
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
    "smtp_tls_CAfile": "",
    "smtp_tls_CApath": "",
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
    "transport_maps": "",
}
"""Those of Postfix 3.7 (Debian 12) and 3.10 (Debian 13), where the audit looks at them."""

_PARAMETER = re.compile(r"([A-Za-z]\w*)\s*=\s*(.*)", re.DOTALL)
_NAME = re.compile(r"\$(?:\$|([A-Za-z]\w*)|\((\w+)\)|\{\s*(\w+)\s*\})")
_CONDITIONAL = re.compile(r"\$[{(]\s*(\w+)\s*([?:])\s*(?:\{([^{}]*)\}\s*(?::\s*\{([^{}]*)\})?|([^{}()]*))\s*[})]")
_DEEPEST = 20
"""Parameters that stand for one another without end are an error of the file's."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it stands, and its line."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that a program reads: main.cf, and those that its line in master.cf overrides."""

    main: Mapping[str, Setting]
    over: Mapping[str, str] = field(default_factory=dict)
    service: str = ""

    def value(self, name: str) -> str:
        """The value of *name*, with ``$name`` worked out; "" where nobody knows one."""
        return self._expanded(self._raw(name), 0).strip()

    def is_yes(self, name: str) -> bool:
        """Whether it is ``yes``."""
        return self.value(name).lower() == "yes"

    def line(self, *names: str) -> int:
        """Where the first of these is set; 1 where none is."""
        return next((self.main[name].line for name in names if name in self.main), 1)

    def _raw(self, name: str) -> str:
        if name in self.over:
            return self.over[name]
        return self.main[name].value if name in self.main else DEFAULTS.get(name, "")

    def _expanded(self, text: str, depth: int) -> str:
        if "$" not in text or depth > _DEEPEST:
            return text if "$" not in text else ""

        def chosen(match: re.Match[str]) -> str:
            is_set = bool(self._expanded(self._raw(match[1]), depth + 1))
            first, second = (match[3], match[4] or "") if match[3] is not None else (match[5] or "", "")
            then, otherwise = (first, second) if match[2] == "?" else (second, first)
            return then if is_set else otherwise

        def of_name(match: re.Match[str]) -> str:
            name = match[1] or match[2] or match[3]
            return "$" if name is None else self._expanded(self._raw(name), depth + 1)

        return _NAME.sub(of_name, _CONDITIONAL.sub(chosen, text))


@dataclass(frozen=True, slots=True)
class Service:
    """A line of master.cf: its name, type, program, and the parameters that it sets."""

    name: str
    type: str
    program: str
    over: Mapping[str, str]
    line: int


def parameters(text: str) -> tuple[dict[str, Setting], list[int]]:
    """The parameters of a main.cf, and the lines that Postfix takes for none: it does not start with them."""
    found: dict[str, Setting] = {}
    broken = []
    for line, content in logical_lines(text):
        match = _PARAMETER.fullmatch(content)
        if match is None:
            broken.append(line)
        else:
            found[match[1]] = Setting(match[2].strip(), line)
    return found, broken


def services(text: str) -> tuple[Service, ...]:
    """The services of a master.cf; ``-o { name = value }`` may hold blanks (master(5))."""
    found = []
    for line, content in logical_lines(text):
        words = content.split(None, 7)
        if len(words) == 8:
            program, _, arguments = words[7].partition(" ")
            found.append(Service(words[0], words[1], program, dict(_overrides(arguments)), line))
    return tuple(found)


def _overrides(arguments: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(r"-o\s*(?:\{\s*([^{}]*)\}|(\S+))", arguments):
        name, equals, value = (match[1] or match[2]).partition("=")
        if equals:
            yield name.strip(), value.strip()


def entries(text: str) -> tuple[tuple[str, str, int], ...]:
    """Keys and values of a table's source (postmap(1)), each with its line; keys in lower case."""
    found = []
    for line, content in logical_lines(text):
        key, *value = content.split(None, 1)
        found.append((key.lower(), value[0].strip() if value else "", line))
    return tuple(found)


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines without comments and blank ones, put together where one goes on; each with the number of its first."""
    joined: list[tuple[int, str]] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and joined:
            joined[-1] = joined[-1][0], f"{joined[-1][1]} {line.lstrip()}"
        else:
            joined.append((number, line.lstrip()))
    return joined


def listed(value: str) -> list[str]:
    """A list's items, apart by commas or blanks; braces hold one together."""
    return re.findall(r"[^\s,{}]*\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,]+", value)
