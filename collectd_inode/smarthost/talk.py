"""A dialogue with a server over a real connection: does each action of a turn, and words each failure."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.dialogue import Action, Answered, Dialogue, Noticed, Pending, Receive, Send, Turn
from collectd_inode.smarthost.replies import as_it_is, quoted
from collectd_inode.wire import Exchange, ProtocolBroken, TLSFailed, WireError
from collectd_inode.wire.conversation import Conversation


@dataclass(frozen=True, slots=True)
class TalkListener:
    """The receivers of measured exchanges, notices, and secrets to hide."""

    measured: Callable[[Exchange], None]
    noticed: Callable[[str, str], None]
    secret: Callable[[str], None]


class Talk:
    """One connection and the dialogue on it."""

    def __init__(
        self, conversation: Conversation, dialogue: Dialogue, listener: TalkListener, minimum_tls: str
    ) -> None:
        self.conversation, self.dialogue = conversation, dialogue
        self._listener, self._minimum_tls = listener, minimum_tls

    async def take(self, turn: Turn) -> None:
        """Do the actions of *turn*, to its end; raises Failure, or the wire's errors."""
        try:
            with suppress(StopIteration):
                action = next(turn)
                while True:
                    action = turn.send(await self._do(action))
        except TLSFailed as error:
            raise self._explained(error) from None
        except ProtocolBroken as error:  # reset, as a rule
            raise Failure(Cause.PROTOCOL, f"closed: {error}") from None

    async def secure(self, context: ssl.SSLContext, server_name: str) -> Exchange:
        """Speak TLS from here on; raises CertificateRefused, Failure (tls) or another error of the wire's."""
        try:
            return await self.conversation.start_tls(context, server_name)
        except TLSFailed as error:
            raise self._explained(error) from None

    async def leave(self) -> None:
        """Send QUIT if the server is listening, and close without waiting for its reply."""
        goodbye = self.dialogue.goodbye()
        if goodbye:
            with suppress(WireError):
                await self.conversation.send(goodbye)
        await self.conversation.aclose()

    async def _do(self, action: Action) -> bytes:
        match action:
            case Send(data, secret):
                if secret:
                    self._listener.secret(secret)
                # A server that has gone may have said why (421): that is read next, or the reason that it cannot be.
                with suppress(ProtocolBroken):
                    await self.conversation.send(data)
            case Receive():
                return await self.conversation.receive()
            case Pending():
                return self.conversation.pending
            case Answered(reply):
                measured = self.conversation.exchange()
                self._listener.measured(replace(measured, response_code=reply.code, bytes=reply.bytes))
            case Noticed(code, message):
                self._listener.noticed(code, message)
        return b""

    def _explained(self, error: TLSFailed) -> Exception:
        """*error* with its meaning, where OpenSSL's words need that."""
        if self.dialogue.script.implicit_tls and _SPEAKS_FIRST.match(error.received):
            said = quoted(error.received.splitlines()[0], as_it_is)
            return Failure(Cause.TLS, f'this port speaks SMTP before TLS: TLS "starttls" (the server says “{said}”)')
        said = str(error)
        meaning = next((meaning for words, meaning in _TLS_ERRORS if any(word in said for word in words)), None)
        if meaning is None or type(error) is not TLSFailed:
            return error
        return Failure(Cause.TLS, f"{meaning.format(minimum=self._minimum_tls)}: {said}")


_SPEAKS_FIRST = re.compile(rb"(220|421|521|554)[ -]")
"""How a banner begins (RFC 5321 section 3.1)."""

_TLS_ERRORS = (
    (
        ("“protocol version”", "no TLS version in common"),
        "protocol: the server supports no TLS version that is allowed here (MinimumTLS {minimum})",
    ),
    (("“certificate required”",), "client certificate: the server requires one that it trusts (ClientCert)"),
    (
        ("“handshake failure”", "“bad certificate”", "“unknown ca”"),
        "handshake refused: no cipher in common, or the server requires a client certificate that it trusts"
        " (ClientCert)",
    ),
)
"""A part of the wire's reason → its meaning."""
