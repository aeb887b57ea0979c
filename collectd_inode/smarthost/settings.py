"""What a ``<Smarthost>`` block may say; the command line's options fill in the same settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.keys import (
    Expected,
    Key,
    Values,
    boolean,
    choice,
    file,
    file_or_folder,
    ip_address,
    number,
    port,
    text,
)
from collectd_inode.smarthost.mechanisms import MECHANISMS
from collectd_inode.trust.profile import MINIMUM_VERSIONS

SUBMISSION, SUBMISSIONS = 587, 465
"""RFC 6409 and RFC 8314: the ports for STARTTLS and for TLS on connect."""


def _server(values: Values) -> str:
    value = text(values)
    if not re.fullmatch(r"[\w.-]+|[0-9A-Fa-f:.]+(%\w+)?", value):
        raise Expected('a host name or an address such as "smarthost.example.org", without a port')
    return value


def _helo_name(values: Values) -> str:
    value = text(values)
    if not is_helo_name(value):
        raise Expected('a host name such as "leaf.example.org", or an address in brackets such as "[192.0.2.7]"')
    return value


def is_helo_name(name: str) -> bool:
    """Whether servers take *name* after EHLO (RFC 5321 section 4.1.1.1)."""
    return re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z:.]+\]", name) is not None


def _mail_address(values: Values) -> str:
    value = text(values)
    # Whatever stands between the angle brackets of MAIL FROM must not end them or the line.
    if not re.fullmatch(r"[!-;=?-~]+@[!-;=?A-~]+", value):
        raise Expected('a mail address such as "monitor@example.org", in ASCII')
    return value


def _user(values: Values) -> str:
    value = text(values)
    if "\0" in value:
        raise Expected("a user without a NUL")  # RFC 4616 section 2
    return value


def _mechanism(values: Values) -> str:
    return str(choice(*(m.name.lower() for m in MECHANISMS))(values)).upper()


SMARTHOST_KEYS = (
    Key("Server", _server),
    Key("Port", port),
    Key("TLS", choice("starttls", "implicit")),
    Key("CACert", file_or_folder),
    Key("ServerName", _server),
    Key("MinimumTLS", choice(*MINIMUM_VERSIONS)),
    Key("ClientCert", file),
    Key("ClientKey", file),
    Key("User", _user),
    Key("PasswordFile", text),
    Key("Mechanism", _mechanism),
    Key("HeloName", _helo_name),
    Key("Sender", _mail_address),
    Key("Recipient", _mail_address),
    Key("RefusedWithoutAuth", boolean),
    Key("ExpiryWarning", number("a number of days, 0 or more", least=0)),
    Key("AuthHoldOff", number("a number of seconds, 0 or more", least=0)),
    Key("SourceAddress", ip_address),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Smarthost>`` block, or ``smarthost`` on the command line, as told by the operator."""

    server: str = ""
    port: int | None = None
    tls: str = "starttls"
    ca_cert: str | None = None
    server_name: str | None = None
    minimum_tls: str = "1.2"
    client_cert: str | None = None
    client_key: str | None = None
    user: str | None = None
    password_file: str | None = None
    mechanism: str | None = None
    helo_name: str | None = None
    sender: str | None = None
    recipient: str | None = None
    refused_without_auth: bool = False
    expiry_warning: float = 14.0
    """Days."""
    auth_hold_off: float = 3600.0
    """Seconds."""
    source_address: str | None = None

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS comes before the first word."""
        return self.tls == "implicit"

    @property
    def to_port(self) -> int:
        """The port, said or usual."""
        return self.port or (SUBMISSIONS if self.implicit_tls else SUBMISSION)

    @property
    def certified_name(self) -> str:
        """The name that the server's certificate must be for."""
        return self.server_name or self.server

    @property
    def asks_to_relay(self) -> bool:
        """Whether the server is asked if it would take a mail."""
        return self.sender is not None and self.recipient is not None


_FIELDS = {
    "Server": "server",
    "Port": "port",
    "TLS": "tls",
    "CACert": "ca_cert",
    "ServerName": "server_name",
    "MinimumTLS": "minimum_tls",
    "ClientCert": "client_cert",
    "ClientKey": "client_key",
    "User": "user",
    "PasswordFile": "password_file",
    "Mechanism": "mechanism",
    "HeloName": "helo_name",
    "Sender": "sender",
    "Recipient": "recipient",
    "RefusedWithoutAuth": "refused_without_auth",
    "ExpiryWarning": "expiry_warning",
    "AuthHoldOff": "auth_hold_off",
    "SourceAddress": "source_address",
}


def settings(values: Mapping[str, Any]) -> Settings:
    """The settings of a block whose values were read by `SMARTHOST_KEYS`."""
    return Settings(**{field: values[key] for key, field in _FIELDS.items() if key in values})


def contradictions(settings: Settings) -> list[str]:
    """What is missing, or makes no sense beside the rest; a sentence each."""
    s = settings
    found = []
    if not s.server:
        found.append('expected a Server "smarthost.example.org"')
    if s.user is not None and s.password_file is None:
        found.append("User: expected a PasswordFile beside it")
    if s.mechanism is not None and s.password_file is None:
        found.append("Mechanism: expected a PasswordFile beside it")
    if (s.sender is None) != (s.recipient is None):
        found.append("expected Sender and Recipient together")
    if s.refused_without_auth and (s.password_file is None or not s.asks_to_relay):
        # Whoever may relay without AUTH in the first place (by its address) is no stranger.
        found.append("RefusedWithoutAuth: expected PasswordFile, Sender and Recipient beside it")
    return found
