"""The keys of a ``<Smarthost>`` block; the command line's options fill in the same settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from collectd_inode.keys import (
    OR,
    Expected,
    FileRole,
    Values,
    boolean,
    choice,
    file,
    file_or_folder,
    ip_address,
    key,
    number,
    server,
    text,
    web_address,
)
from collectd_inode.keys import port as port_number
from collectd_inode.smarthost.mechanisms import ASKED_FOR, MECHANISMS
from collectd_inode.trust.profile import MINIMUM_VERSIONS

SUBMISSION, SUBMISSIONS = 587, 465
"""RFC 6409 and RFC 8314: the ports for STARTTLS and for TLS on connect."""

_server = server("smarthost.example.org")


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


def _token_url(values: Values) -> str:
    value = web_address(values)
    parts = urlsplit(value)
    # RFC 6749 section 3.2: TLS, always; but nobody can eavesdrop on the loopback.
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise Expected('an https address such as "https://oauth2.googleapis.com/token"')
    if parts.username is not None or parts.fragment:
        raise Expected("an address without user and fragment: the client's secret is for ClientSecretFile")
    return value


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _mechanism(values: Values) -> str:
    return str(choice(*(m.name.lower() for m in (*MECHANISMS, *ASKED_FOR)))(values)).upper()


_A_SECRET = OR.join(("PasswordFile", "TokenFile", "TokenURL"))
"""The keys of the secrets to log in with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Smarthost>`` block, or ``smarthost`` on the command line, as the operator wrote it."""

    # fmt: off
    server: str = key("Server", _server, '"smarthost.example.org"',
        "Required.  The server's name or address.", default="", shown="")
    port: int | None = key("Port", port_number, "465",
        'Default: 587; with ``TLS "implicit"`` 465.', one_run=True, metavar="N")
    tls: str = key("TLS", choice("starttls", "implicit"), '"implicit"',
        "``starttls``: TLS after STARTTLS; ``implicit``: TLS from the first byte.  TLS cannot be switched off.",
        default="starttls", one_run=True)
    ca_cert: str | None = key("CACert", file_or_folder, '"/etc/exim4/tls/smarthost-ca.crt"',
        "A file or folder (hashed or not) of CA certificates to trust instead of the system's.",
        file=FileRole.READ, one_run=True, metavar="PATH")
    addresses: str = key("Addresses", choice("first", "all"), '"all"',
        "``first``: one attempt, at the resolver's first address; ``all``: one address after the other, at most five,"
        " until one completes, like a mail server.  A dead address is a warning.", default="first", one_run=True)
    server_name: str | None = key("ServerName", _server, '"mail.example.org"',
        "The name that must be in the certificate.  Default: ``Server``.", one_run=True, metavar="NAME")
    minimum_tls: str = key("MinimumTLS", choice(*MINIMUM_VERSIONS), '"1.3"',
        "The oldest TLS version to accept: ``1.0``, ``1.1``, ``1.2`` or ``1.3``.", default="1.2", one_run=True)
    client_cert: str | None = key("ClientCert", file, '"/etc/collectd/client.pem"',
        "The client certificate, for servers that require one.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F")
    client_key: str | None = key("ClientKey", file, '"/etc/collectd/client.key"',
        "The key of ``ClientCert``, without a passphrase; default: in the same file.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", needs=("ClientCert",))
    user: str | None = key("User", _user, '"leaf"',
        "The user to log in as.  Not needed if ``PasswordFile`` is one of Exim's own files.",
        one_run=True, metavar="U", needs=(_A_SECRET,))
    password_file: str | None = key("PasswordFile", text, '"/etc/collectd/secrets/smarthost"',
        "A file whose first line is the password, or one of Exim's own files; see `Passwords`_.  Without it, the job"
        " does not log in.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F")
    mechanism: str | None = key("Mechanism", _mechanism, '"LOGIN"',
        "``PLAIN``, ``LOGIN`` or ``CRAM-MD5``; default: the first of these that the server offers.  Used only if set"
        " here: ``SCRAM-SHA-256``, and with ``TokenFile`` ``XOAUTH2`` or ``OAUTHBEARER``.",
        one_run=True, metavar="M", needs=(_A_SECRET,))
    token_file: str | None = key("TokenFile", text, '"/run/mail-token"',
        "A file whose first line is an OAuth 2.0 access token, used instead of a password (by ``XOAUTH2``, unless"
        " ``Mechanism`` is set); another program must renew it.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", needs=("User",))
    token_url: str | None = key("TokenURL", _token_url, '"https://oauth2.googleapis.com/token"',
        "The address that exchanges a refresh token for an access token, instead of ``TokenFile``; the job uses an"
        " access token until it expires.",
        one_run=True, metavar="URL", needs=("ClientID", "RefreshTokenFile", "User"))
    client_id: str | None = key("ClientID", text, '"1234.apps.example.org"',
        "The client's id at the provider.", one_run=True, metavar="ID", needs=("TokenURL",))
    client_secret_file: str | None = key("ClientSecretFile", text, '"/etc/collectd/secrets/client"',
        "A file whose first line is the client's secret, if the client has one.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", needs=("TokenURL",))
    refresh_token_file: str | None = key("RefreshTokenFile", text, '"/var/lib/collectd/mail-refresh-token"',
        "A file whose first line is the refresh token.  The daemon writes a new one back if the provider sends one, so"
        " the daemon's user must be able to write the file and its folder.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", needs=("TokenURL",))
    helo_name: str | None = key("HeloName", _helo_name, '"leaf.example.org"',
        "The name to send with EHLO.  Default: this machine's fully qualified name.", one_run=True, metavar="NAME")
    sender: str | None = key("Sender", _mail_address, '"monitor@example.org"',
        "With ``Recipient``: check whether the server would accept a mail from this sender.  No mail is sent.",
        one_run=True, metavar="A", needs=("Recipient",))
    recipient: str | None = key("Recipient", _mail_address, '"postmaster@example.net"',
        "The recipient for that check; use an address that is not the server's own.", one_run=True,
        metavar="A", needs=("Sender",))
    # A host that may relay without AUTH (by its address) is no stranger.
    refused_without_auth: bool = key("RefusedWithoutAuth", boolean, "true",
        "Also fail if the server relays mail without a log-in; read `Closed to strangers`_ first.",
        default=False, one_run=True, needs=(_A_SECRET, "Sender", "Recipient"))
    expiry_warning: float = key("ExpiryWarning", number("a number of days, 0 or more", least=0), "30",
        "The warning about a certificate begins this many days before it expires.", default=14.0,
        one_run=True, metavar="DAYS")
    auth_hold_off: float = key("AuthHoldOff", number("a number of seconds, 0 or more", least=0), "86400",
        "After a rejected log-in, seconds until the next one; see `Passwords`_.", default=3600.0)
    source_address: str | None = key("SourceAddress", ip_address, '"192.0.2.1"',
        "The source address of connections.", one_run=True, metavar="ADDRESS")
    # fmt: on

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS comes before the first word."""
        return self.tls == "implicit"

    @property
    def to_port(self) -> int:
        """The configured port, or the usual one."""
        return self.port or (SUBMISSIONS if self.implicit_tls else SUBMISSION)

    @property
    def certified_name(self) -> str:
        """The name that the server's certificate must be for."""
        return self.server_name or self.server
