"""What a certificate says, and which of them a TLS peer has shown: also when it was not believed.

The ssl module hands out the peer's certificate only after a successful verification, but an expired one's dates are
what people want to know.  OpenSSL keeps the chain either way, and CPython has had the getters since 3.10, on the
object behind SSLObject.  Python 3.13's public ones give bare DER, for which the standard library has no reader.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one certificate says of itself.  Nothing in it need be there, or make sense: it is the peer's word.

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

    @property
    def shown(self) -> str:
        """What to call it in a sentence: its common name, or what else there is."""
        return next((text for text in (self.common_name, self.subject, *self.names) if text), "no name")


def presented(tls: ssl.SSLObject | ssl.SSLSocket) -> tuple[Certificate, ...]:
    """What the peer has sent, its own certificate first; after a failed verification too.

    Where Python does not tell, at most the verified peer's own; empty before it has sent any.
    """
    if shown := _hidden(tls, "get_unverified_chain"):
        return shown
    info = _peer(tls)
    return (from_info(info),) if info else ()


def chain(tls: ssl.SSLObject | ssl.SSLSocket) -> tuple[Certificate, ...]:
    """The chain as it was verified: the peer's own certificate … the CA we believe.  Empty if it was not verified."""
    # OpenSSL also hands out the chain that it had when verification failed or did not matter.
    return _hidden(tls, "get_verified_chain") if _peer(tls) else ()


def from_info(info: Mapping[str, Any]) -> Certificate:
    """A certificate from the dictionary that ``SSLSocket.getpeercert`` and ``SSLContext.get_ca_certs`` make of it."""
    alternatives = info.get("subjectAltName", ())
    return Certificate(
        subject=_name(info.get("subject", ())),
        issuer=_name(info.get("issuer", ())),
        names=(
            *(printable(name) for kind, name in alternatives if kind == "DNS"),
            *(_address(name) for kind, name in alternatives if kind == "IP Address"),
        ),
        common_name=next((printable(v) for k, v in _attributes(info.get("subject", ())) if k == "commonName"), None),
        not_before=_seconds(info.get("notBefore")),
        not_after=_seconds(info.get("notAfter")),
        self_issued="subject" in info and info["subject"] == info.get("issuer"),
        ca_issuers=tuple(printable(place) for place in info.get("caIssuers", ())),
    )


def printable(text: str) -> str:
    """*text* from a certificate as it may stand in a log: no control characters, and an end."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:_MOST_CHARACTERS])
    return plain if len(text) <= _MOST_CHARACTERS else plain + "…"


def _hidden(tls: ssl.SSLObject | ssl.SSLSocket, getter: str) -> tuple[Certificate, ...]:
    """The one place that looks behind the ssl module's public face."""
    get = getattr(getattr(tls, "_sslobj", None), getter, None)
    return tuple(_decoded(one) for one in (get() if get else None) or ())


def _decoded(one: Any) -> Certificate:
    with suppress(ValueError, ssl.SSLError):  # not text where text must be; it still counts as one of the chain
        return from_info(one.get_info())
    return Certificate()


def _peer(tls: ssl.SSLObject | ssl.SSLSocket) -> Mapping[str, Any]:
    """The peer's own certificate if it was verified."""
    with suppress(ValueError, ssl.SSLError):  # ValueError: the handshake has not come to its end
        return tls.getpeercert() or {}
    return {}


def _attributes(name: Iterable[Iterable[tuple[str, str]]]) -> Iterable[tuple[str, str]]:
    return (attribute for relative in name for attribute in relative)


def _name(name: Iterable[Iterable[tuple[str, str]]]) -> str:
    return ", ".join(f"{_SHORT.get(key, key)}={printable(value)}" for key, value in _attributes(name))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:  # "<invalid>" is what ssl makes of five bytes
        return printable(text)


def _seconds(date: str | None) -> float | None:
    with suppress(ValueError):
        return None if date is None else float(ssl.cert_time_to_seconds(date))
    return None
