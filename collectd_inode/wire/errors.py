"""What can go wrong on the wire, one class a cause; the libraries' own exceptions end here."""

from __future__ import annotations


class WireError(Exception):
    """The exchange did not come about; the message is a sentence a user can read."""


class ResolveFailed(WireError):
    """The name has no address, or the name servers did not say."""


class ConnectFailed(WireError):
    """No TCP connection: refused, unreachable, or not from the address asked for."""


class TLSFailed(WireError):
    """The TLS layer broke, certificates aside."""


class CertificateRefused(TLSFailed):
    """The peer's certificate was not accepted."""


class ProtocolBroken(WireError):
    """Closed by the peer in mid-conversation, or an answer that is none."""
