"""The series and the warnings that a smarthost's job sends."""

from __future__ import annotations

from collectd_inode.reference import KindReference, SeriesRow, WarningRow
from collectd_inode.smarthost.kind import SMARTHOST

_JUDGED = "when the server judged it"
_SHOWN, _AGREED = "when the server showed a certificate", "when client and server agreed on TLS"

READINGS = (
    SeriesRow("bool", "verified", "0 or 1", "whether the certificate is good by our rules", _SHOWN),
    SeriesRow("bool", "as_leaf", "0 or 1", "whether an Exim leaf would accept the certificate",
              f"{_SHOWN} that need not be stapled"),
    SeriesRow("bool", "authenticated", "0 or 1", "whether the server accepted the password", _JUDGED),
    SeriesRow("bool", "relay", "0 or 1", "whether the server accepts the mail (RCPT)", "when the server was asked"),
    SeriesRow("gauge", "certificate_days_left", "days", "the certificate's remaining time; negative: expired", _SHOWN),
    SeriesRow("gauge", "chain_days_left", "days", "the same of the certificate in the chain that ends first", _SHOWN),
    SeriesRow(
        "gauge", "ca_days_left", "days", "the same of the trusted CA, else of the CA in ``CACert`` that ends first",
        "when the server showed a certificate; with ``CACert`` every run",
    ),
    SeriesRow("gauge", "tls_version", "1.0–1.3", "the version of TLS", f"{_AGREED}, and the version is known"),
    SeriesRow("gauge", "cipher_bits", "bits", "the length of the cipher's key", _AGREED),
)  # fmt: skip

SERIES = (
    SeriesRow("latency", "total", "seconds", "the sum of the steps' latencies", "when all steps passed"),
    SeriesRow(
        "response_time", "STEP", "seconds", "the step's latency; the time waited, if it ran into a deadline",
        "when the step passed, or ran into a deadline",
    ),
    *READINGS,
)  # fmt: skip

WARNINGS = (
    WarningRow(
        "address",
        'with ``Addresses "all"``: an address does not work, and the next one was tried',
        "repair the address, or remove it from DNS",
    ),
    WarningRow(
        "auth_before_tls",
        "the server offers AUTH before TLS: clients may send passwords in clear",
        "offer AUTH only after STARTTLS (Exim: ``auth_advertise_hosts``)",
    ),
    WarningRow(
        "starttls_lower_case",
        "STARTTLS is not in capitals, and Exim does not recognise it",
        "have the server write it in capitals",
    ),
    WarningRow("bare_lf", "the server ends lines with LF alone", "repair the server: RFC 5321 wants CR and LF"),
    WarningRow("quit", "the reply to QUIT was wrong, or none came", "nothing, if mail is delivered"),
    WarningRow("certificate_expiring", "the server's certificate ends within ``ExpiryWarning`` days", "renew it"),
    WarningRow(
        "chain_expiring",
        "another certificate in the chain ends within ``ExpiryWarning`` days",
        "install the new intermediate certificate on the server",
    ),
    WarningRow(
        "ca_expiring",
        "the trusted CA ends within ``ExpiryWarning`` days",
        "distribute the new CA's certificate to the clients",
    ),
    WarningRow(
        "password_file_mode",
        "other users of this machine can read the password",
        "``chmod 600`` the file; 640, if it is Exim's own",
    ),
    WarningRow(
        "password_colon",
        "the password holds a colon, where Debian's Exim cuts it off in CRAM-MD5",
        "choose a password without a colon",
    ),
    WarningRow(
        "password_circumflex",
        "the password starts with ``^``, which Debian's Exim cannot send by PLAIN",
        "choose a password that starts with another character",
    ),
    WarningRow(
        "refresh_token",
        "the provider's new refresh token cannot be written to its file",
        "let collectd's user write ``RefreshTokenFile`` and its folder",
    ),
    WarningRow(
        "relay_unknown",
        "the test could not tell whether the server rejects strangers",
        "read the server's reply in the message",
    ),
)

REFERENCE = KindReference({SMARTHOST.plugin: SERIES}, WARNINGS)
