"""The failures on the wire, one class a cause; the libraries' own exceptions end here."""

from __future__ import annotations

import ssl


class WireError(Exception):
    """The exchange failed; the message is a sentence a user can read."""


class OutOfFiles(Exception):
    """This process may open no more files or sockets: ours to fix, not the peer's."""


class ResolveFailed(WireError):
    """The name has no address, or the name servers did not answer."""


class ConnectFailed(WireError):
    """No TCP connection: refused, unreachable, or not from the address asked for."""


class TLSFailed(WireError):
    """The TLS layer broke, certificates aside.  ``received``: the first bytes that came in the handshake."""

    def __init__(self, message: str, *, received: bytes = b"") -> None:
        super().__init__(message)
        self.received = received


class CertificateRefused(TLSFailed):
    """The peer's certificate was not accepted: OpenSSL's code and words, and the handshake that showed it."""

    def __init__(
        self, message: str, *, code: int | None = None, reason: str = "", tls: ssl.SSLObject | None = None
    ) -> None:
        super().__init__(message)
        self.verify_code, self.verify_message, self.tls = code, reason, tls


class ProtocolBroken(WireError):
    """Closed by the peer in mid-conversation, or an answer outside of the protocol."""
