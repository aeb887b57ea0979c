"""The content of certificates, and those that a TLS peer has sent, trusted or not.

The ssl module returns the peer's certificate only after a successful verification, but people want to know the dates
of an expired one.  OpenSSL keeps the chain either way, and CPython has had the getters since 3.10, on the
object behind SSLObject.  Python 3.13's public ones give bare DER, for which the standard library has no reader.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from collectd_inode.trust.openssl import contained
from collectd_inode.words import printable, shortened

_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "domainComponent": "DC",
}
"""RFC 4514 section 3; other attributes keep OpenSSL's name."""
_MOST_CHARACTERS = 255
_DER = 2
"""_ssl.ENCODING_DER."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The content of one certificate.  It is the peer's word: every part may be missing or wrong.

    Dates are epoch seconds, None if they are none.  Text is printable and of bounded length.
    """

    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    """Subject alternative names: hosts, then addresses."""
    common_name: str | None = None
    not_before: float | None = None
    not_after: float | None = None
    self_issued: bool = False
    ca_issuers: tuple[str, ...] = ()
    """Where the issuer's certificate can be had (authority information access, RFC 5280 section 4.2.2.1)."""
    der: bytes = field(default=b"", repr=False, compare=False)
    """The whole of it, where it is known."""

    @property
    def shown(self) -> str:
        """The name for it in a sentence: its common name, or the next best."""
        return next((text for text in (self.common_name, self.subject, *self.names) if text), "no name")


_MOST_LEAVES = 256
_LEAVES: dict[bytes, Certificate] = {}
"""DER of a certificate → its content."""


def presented(tls: ssl.SSLObject | ssl.SSLSocket) -> tuple[Certificate, ...]:
    """The certificates that the peer has sent, its own first; after a failed verification too.

    Where Python does not give them, at most the verified peer's own; empty before it has sent any.
    """
    if shown := _hidden(tls, "get_unverified_chain"):
        return tuple(map(_decoded, shown))
    info = _peer(tls)
    return (from_info(info),) if info else ()


def end_of_validity(tls: ssl.SSLObject) -> float | None:
    """When the peer's own certificate ends (epoch seconds); None if it has sent none, or one without a date."""
    leaf = _leaf(tls)
    return None if leaf is None else leaf.not_after


def summary(tls: ssl.SSLObject) -> str:
    """The peer's own certificate in words, to tell it from another; empty if it has sent none.

    ``CN=shop.example, issued by CN=Example CA, until 2027-01-31 12:00 UTC, SHA-256 1a2b3c4d5e6f…``
    """
    leaf = _leaf(tls)
    if leaf is None:
        return ""
    with suppress(OverflowError, OSError, ValueError):
        until = f"{datetime.fromtimestamp(leaf.not_after or 0.0, UTC):%Y-%m-%d %H:%M} UTC"
        print_ = f", SHA-256 {hashlib.sha256(leaf.der).hexdigest()[:12]}" if leaf.der else ""
        return f"{leaf.subject or leaf.shown}, issued by {leaf.issuer or 'no name'}, until {until}{print_}"
    return leaf.shown


def names_and_dates(tls: ssl.SSLObject) -> str:
    """The names, issuer and end of the peer's own certificate, for a message about its refusal; empty for none.

    ``a certificate for shop.example, www.shop.example, issued by CN=Example CA, until 2027-01-31``
    """
    leaf = _leaf(tls)
    if leaf is None:
        return ""
    names = [*leaf.names[:_SHOWN_NAMES], *(["…"] if len(leaf.names) > _SHOWN_NAMES else [])] or [leaf.shown]
    said = f"a certificate for {', '.join(names)}, issued by {leaf.issuer or 'no name'}"
    with suppress(OverflowError, OSError, ValueError):
        said += f", until {datetime.fromtimestamp(leaf.not_after or 0.0, UTC):%Y-%m-%d}"
    return said


_SHOWN_NAMES = 3


def _leaf(tls: ssl.SSLObject) -> Certificate | None:
    shown = _hidden(tls, "get_unverified_chain")
    if not shown:
        info = _peer(tls)
        return from_info(info) if info else None
    # A daemon meets the same certificates in every run; decoding one takes longer than all else here.
    octets = shown[0].public_bytes(_DER)
    if octets not in _LEAVES:
        if len(_LEAVES) >= _MOST_LEAVES:
            _LEAVES.clear()
        _LEAVES[octets] = _decoded(shown[0])
    return _LEAVES[octets]


def chain(tls: ssl.SSLObject | ssl.SSLSocket) -> tuple[Certificate, ...]:
    """The chain as it was verified: the peer's own certificate … the trusted CA.  Empty if it was not verified."""
    # OpenSSL also hands out the chain that it had when verification failed or did not matter.
    return tuple(map(_decoded, _hidden(tls, "get_verified_chain"))) if _peer(tls) else ()


def from_info(info: Mapping[str, Any]) -> Certificate:
    """A certificate from the dictionary that ``SSLSocket.getpeercert`` and ``SSLContext.get_ca_certs`` make of it."""
    alternatives = info.get("subjectAltName", ())
    return Certificate(
        subject=_name(info.get("subject", ())),
        issuer=_name(info.get("issuer", ())),
        names=(
            *(clean(name) for kind, name in alternatives if kind == "DNS"),
            *(_address(name) for kind, name in alternatives if kind == "IP Address"),
        ),
        common_name=next((clean(v) for k, v in _attributes(info.get("subject", ())) if k == "commonName"), None),
        not_before=_seconds(info.get("notBefore")),
        not_after=_seconds(info.get("notAfter")),
        self_issued="subject" in info and info["subject"] == info.get("issuer"),
        ca_issuers=tuple(clean(place) for place in info.get("caIssuers", ())),
    )


def clean(text: str) -> str:
    """*text* from a certificate as it may stand in a log: no control characters, and an end."""
    return printable(shortened(text, _MOST_CHARACTERS + 1))


def _hidden(tls: ssl.SSLObject | ssl.SSLSocket, getter: str) -> Sequence[Any]:
    """The one place that looks behind the ssl module's public face."""
    get = getattr(getattr(tls, "_sslobj", None), getter, None)
    return (get() if get else None) or ()


def _decoded(one: Any) -> Certificate:
    octets = bytes(one.public_bytes(_DER))
    # Not text where text must be: it still counts as one of the chain.
    with suppress(ValueError, ssl.SSLError), contained():
        return replace(from_info(one.get_info()), der=octets)
    return Certificate(der=octets)


def _peer(tls: ssl.SSLObject | ssl.SSLSocket) -> Mapping[str, Any]:
    """The peer's own certificate if it was verified."""
    # ValueError: the handshake has not come to its end.
    with suppress(ValueError, ssl.SSLError), contained():
        return tls.getpeercert() or {}
    return {}


def _attributes(name: Iterable[Iterable[tuple[str, str]]]) -> Iterable[tuple[str, str]]:
    return (attribute for relative in name for attribute in relative)


def _name(name: Iterable[Iterable[tuple[str, str]]]) -> str:
    return ", ".join(f"{_SHORT.get(key, key)}={clean(value)}" for key, value in _attributes(name))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:  # "<invalid>" is what ssl makes of five bytes
        return clean(text)


def _seconds(date: str | None) -> float | None:
    with suppress(ValueError):
        return None if date is None else float(ssl.cert_time_to_seconds(date))
    return None
