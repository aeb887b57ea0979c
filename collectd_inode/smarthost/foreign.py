"""The program that a configuration is for, where it is not Exim.  Pure."""

from __future__ import annotations

import re

_LINES = re.MULTILINE
POSTFIX = "a Postfix main.cf"
_PROGRAMS = (
    (
        POSTFIX,
        r"^(relayhost|smtp_(use|enforce)_tls|smtp_tls_\w+|smtp_sasl_\w+|smtpd_\w+|default_transport|mydestination"
        r"|compatibility_level|transport_maps|sender_dependent_\w+|smtp_fallback_relay|lmtp_tls_\w+|myhostname|mynetworks)\s*=",
    ),
    ("a Postfix master.cf", r"^(smtp|submission|pickup|qmgr)\s+(inet|unix|fifo)\s+[yn-]\s"),
    ("an msmtp configuration", r"^(defaults|account\s+\S+)\s*$(?=(?:.|\n)*^\s*(host|tls|auth)\s+\S)"),
    ("an ssmtp configuration", r"^(mailhub|UseSTARTTLS|RewriteDomain|AuthUser|FromLineOverride)\s*=(?!=)"),
    ("a dma configuration", r"^(SMARTHOST\s+\S|SECURETRANSFER\b|AUTHPATH\s+\S|OPPORTUNISTIC_TLS\b|FINGERPRINT\s+\S)"),
    ("a list of nullmailer's remotes", r"^\S+\s+smtp\s+--(port|user|pass|auth|starttls|ssl|insecure)\b"),
)
"""A pattern that only that program's configuration matches."""


def program(text: str) -> str | None:
    """The kind of *text*, in words, if it is the configuration of a mail program other than Exim; else None."""
    if re.search(r"^\s*(begin\s+(routers|transports|authenticators)|driver\s*=)", text, _LINES):
        return None
    return next((name for name, line in _PROGRAMS if re.search(line, text, _LINES)), None)
