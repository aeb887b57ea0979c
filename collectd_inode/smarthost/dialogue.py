"""The SMTP dialogue, without sockets: what is said, in which order, and what is made of the answers (RFC 5321).

A dialogue has *steps*; `steps` names them in order.  Resolving, connecting and TLS are the wire's; each of the others
is a *turn*: a generator that tells what to do and, where it asked for bytes, is sent them.

- ``Send(data)``: send these bytes.
- ``Receive()``: send me the next bytes that come, b"" at the end.
- ``Answered(reply)``: a reply is whole; this is the moment to ask the stopwatch.
- ``Pending()``: send me what has come and nobody has read.
- ``Noticed(code, message)``: worth a warning.

A turn raises `Failure` with the cause.  Three rules hold whatever the driver does: what was said before TLS is
forgotten (RFC 3207 section 4.2), credentials are sent once and only below verified TLS, and no mail is sent: after
RCPT comes RSET.  There is no fallback to HELO: a smarthost that knows no EHLO knows no STARTTLS either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from collectd_inode.run import Cause, Failure
from collectd_inode.smarthost.mechanisms import Login, best, encoded
from collectd_inode.smarthost.replies import Reply, ReplyReader, decoded, shown

COMMAND_BYTES = 512
"""The longest command (RFC 5321 section 4.5.3.1.4); a first response that does not fit waits for its challenge."""


class Step(StrEnum):
    """A part of the dialogue, under the name of its series."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    EHLO_TLS = "ehlo_tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Script:
    """What we want of a server.  Without credentials there is no AUTH, without sender and recipient no MAIL."""

    helo_name: str
    implicit_tls: bool = False
    login: Login | None = None
    mechanism: str | None = None
    sender: str | None = None
    recipient: str | None = None

    @property
    def asks_to_relay(self) -> bool:
        """Whether the server is asked if it would take a mail."""
        return self.sender is not None and self.recipient is not None


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes; ``secret`` is the part of them that may be shown nowhere."""

    data: bytes = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Receive:
    """Wants the next bytes; b"" at the end."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Wants what has come and has not been read."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply is whole."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something to see to, although all goes on: a stable code and a sentence."""

    code: str
    message: str


Action = Send | Receive | Pending | Answered | Noticed
Turn = Generator[Action, bytes, None]
_Asking = Generator[Action, bytes, Reply]


def steps(script: Script) -> tuple[Step, ...]:
    """The steps of a dialogue, in order."""
    if script.implicit_tls:
        beginning = [Step.RESOLVE, Step.CONNECT, Step.TLS, Step.BANNER, Step.EHLO]
    else:
        beginning = [Step.RESOLVE, Step.CONNECT, Step.BANNER, Step.EHLO, Step.STARTTLS, Step.TLS, Step.EHLO_TLS]
    login = [Step.AUTH] if script.login is not None else []
    relay = [Step.MAIL, Step.RCPT] if script.asks_to_relay else []
    return (*beginning, *login, *relay, Step.QUIT)


class Dialogue:
    """One dialogue with one server, from its banner on."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.authenticated: bool | None = None
        """Whether AUTH has succeeded; None while the server has not said."""
        self.relay: bool | None = None
        """Whether RCPT was accepted; None while the server has not said."""
        self.rejected: Reply | None = None
        """The 535, if there was one."""
        self._reader = ReplyReader()
        self._offers: dict[str, str] = {}
        self._keywords: tuple[str, ...] = ()
        self._verified = False
        self._bare_lf = False
        self._our_turn = False
        self._turns: Mapping[Step, Callable[[], Turn]] = {
            Step.BANNER: self._banner,
            Step.EHLO: self._ehlo,
            Step.STARTTLS: self._starttls,
            Step.EHLO_TLS: self._ehlo,
            Step.AUTH: self._auth,
            Step.MAIL: self._mail,
            Step.RCPT: self._rcpt,
            Step.QUIT: self._quit,
        }

    def turn(self, step: Step) -> Turn:
        """What is said in *step*."""
        return self._turns[step]()

    def secured(self) -> None:
        """TLS stands and the certificate has been verified: all that was said before might be a stranger's."""
        self._reader = ReplyReader()
        self._offers, self._keywords = {}, ()
        self._verified = self._our_turn = True

    @property
    def offers(self) -> Mapping[str, str]:
        """What the last EHLO was answered with: keyword in upper case → its parameters."""
        return self._offers

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered (RFC 4954 section 3)."""
        return tuple(self._offers.get("AUTH", "").split())

    def goodbye(self) -> bytes:
        """What to say before leaving early; nothing if the server is not listening, or in the middle of something."""
        return b"QUIT\r\n" if self._our_turn else b""

    # The turns.

    def _banner(self) -> Turn:
        _expect("the banner", 220, (yield from self._reply("a banner")))

    def _ehlo(self) -> Turn:
        reply = yield from self._ask(f"EHLO {self.script.helo_name}")
        _expect("EHLO", 250, reply)
        lines = [line.strip().partition(" ") for line in reply.lines[1:]]  # the first is a greeting
        self._keywords = tuple(keyword for keyword, _, _ in lines)
        self._offers = {}
        for keyword, _, parameters in lines:  # some servers have a line a mechanism
            said = self._offers.get(keyword.upper(), "")
            self._offers[keyword.upper()] = f"{said} {parameters}".strip()
        if not self._verified and "AUTH" in self._offers:
            what = (
                f"AUTH is offered before TLS ({shown(self._offers['AUTH'])}): others may send their passwords in clear"
            )
            yield Noticed("auth_before_tls", what)

    def _starttls(self) -> Turn:
        if "STARTTLS" not in self._offers:
            what = "STARTTLS is not offered (or somebody on the way takes it out): credentials withheld"
            raise Failure(Cause.TLS, what)
        if "STARTTLS" not in self._keywords:
            written = next(word for word in self._keywords if word.upper() == "STARTTLS")
            yield Noticed("starttls_lower_case", f"STARTTLS is offered as “{written}”, which Exim does not recognise")
        reply = yield from self._ask("STARTTLS")
        _expect("STARTTLS", 220, reply)
        self._our_turn = False
        if injected := self._reader.rest + (yield Pending()):
            said = shown(decoded(injected[:60]), 120)
            what = f"injection: clear text behind the 220 of STARTTLS, which TLS would have made trustworthy: “{said}”"
            raise Failure(Cause.PROTOCOL, what)

    def _auth(self) -> Turn:
        login = self.script.login
        if login is None or not self._verified:
            raise Failure(Cause.TLS, "credentials withheld: there is no verified TLS")
        mechanism = best(self.mechanisms, self.script.mechanism)
        responses = mechanism.responses(login)
        response = encoded(next(responses))
        command = f"AUTH {mechanism.name}".encode()
        fits = len(command) + len(response) + 3 <= COMMAND_BYTES
        if mechanism.client_first and fits:
            reply = yield from self._say(command + b" " + response, "AUTH", secret=response)
        else:
            reply = yield from self._say(command, "AUTH")
            if reply.code == 334 and mechanism.client_first:
                reply = yield from self._say(response, "AUTH", secret=response)
        while reply.code == 334:
            self._our_turn = False
            try:
                response = encoded(responses.send(reply.lines[0]))
            except StopIteration:
                raise Failure(Cause.PROTOCOL, f"AUTH {mechanism.name}: the server asks for more and more") from None
            reply = yield from self._say(response, "AUTH", secret=response)
        self.authenticated = reply.code == 235
        self.rejected = reply if reply.code == 535 else None
        _expect(f"AUTH {mechanism.name}", 235, reply, _AUTH_REFUSALS)

    def _mail(self) -> Turn:
        reply = yield from self._ask(f"MAIL FROM:<{self.script.sender}>")
        self.relay = None if reply.code == 250 else False
        _expect(f"MAIL FROM:<{self.script.sender}>", 250, reply)

    def _rcpt(self) -> Turn:
        reply = yield from self._ask(f"RCPT TO:<{self.script.recipient}>")
        self.relay = reply.code in _RECIPIENT_TAKEN
        if not self.relay:
            _expect(f"RCPT TO:<{self.script.recipient}>", 250, reply, {reply.code: _of_recipient(reply)})

    def _quit(self) -> Turn:
        if self.script.asks_to_relay:
            _expect("RSET", 250, (yield from self._ask("RSET")))
        reply = yield from self._ask("QUIT")
        self._our_turn = False
        _expect("QUIT", 221, reply)

    def strangers(self) -> Turn:
        """Ask, without having logged in, for what a stranger must not get; raises Failure (expectation) if we get it.

        The recipient is the one that the server relays to after AUTH: whatever it answers is about us, not about that
        address.  The senders are the configured one (some servers relay for whoever claims it) and the empty one (some
        servers refuse our own sender to strangers, and would relay for any other).
        """
        unclear: Reply | None = None
        for sender in (self.script.sender, ""):
            reply = yield from self._ask(f"MAIL FROM:<{sender}>")
            if reply.code == 250:
                reply = yield from self._ask(f"RCPT TO:<{self.script.recipient}>")
                if reply.code in _RECIPIENT_TAKEN:
                    what = (
                        f"relay open to strangers: without AUTH, mail from <{sender}> to <{self.script.recipient}>"
                        f" is taken: {reply} (is that address its own? then Recipient must be somewhere else)"
                    )
                    raise Failure(Cause.EXPECTATION, what)
            if reply.code < 500:
                unclear = reply
            if reply.code == 421:
                break
            yield from self._ask("RSET")
        if unclear is not None:
            what = f"whether the server refuses strangers is not known: without AUTH it says: {unclear}"
            yield Noticed("relay_unknown", what)

    # One question and its answer.

    def _ask(self, command: str) -> _Asking:
        return (yield from self._say(command.encode(), command.partition(" ")[0]))

    def _say(self, line: bytes, name: str, *, secret: bytes = b"") -> _Asking:
        """Say a line, get the reply; *name* is what it is called in messages."""
        said_unasked = self._reader.rest
        if said_unasked and not said_unasked.startswith(b"421"):  # that one may come at any time (section 3.8)
            self._our_turn = False
            said = shown(decoded(said_unasked[:60]), 120)
            raise Failure(Cause.PROTOCOL, f"before {name} the server says more than it was asked for: “{said}”")
        yield Send(line + b"\r\n", secret.decode("ascii"))
        return (yield from self._reply(f"an answer to {name}"))

    def _reply(self, what: str) -> _Asking:
        self._our_turn = False
        while (reply := self._reader.reply()) is None:
            data = yield Receive()
            if not data:
                half = " in the middle of it" if self._reader.begun else ""
                raise Failure(Cause.PROTOCOL, f"closed: expected {what}, the server closed the connection{half}")
            self._reader.feed(data)
        self._our_turn = reply.code != 421
        yield Answered(reply)
        if reply.bare_lf and not self._bare_lf:
            self._bare_lf = True
            yield Noticed("bare_lf", "the server ends lines with LF alone, not with CR and LF (RFC 5321 section 2.3.8)")
        return reply


_Judged = tuple[Cause, str]

_RECIPIENT_TAKEN = (250, 251)

_AUTH_REFUSALS: Mapping[int, _Judged] = {
    432: (Cause.REFUSED, "a password transition is needed"),
    454: (Cause.REFUSED, "temporary fault"),
    534: (Cause.REFUSED, "policy: this mechanism is too weak for the account"),
    535: (Cause.CREDENTIALS, "wrong user or password"),
    538: (Cause.REFUSED, "policy: this mechanism wants encryption"),
}
"""RFC 4954 section 6."""

_NO_REFUSALS: Mapping[int, _Judged] = {}


def _expect(what: str, code: int, reply: Reply, refusals: Mapping[int, _Judged] = _NO_REFUSALS) -> None:
    """Raise Failure unless *reply* is *code*; *refusals* know some codes better than the general rule does."""
    if reply.code != code:
        cause, why = refusals.get(reply.code) or _judged(reply)
        raise Failure(cause, f"{what}: {why}: {reply}")


def _judged(reply: Reply) -> _Judged:
    """What a reply that was not hoped for means, by its first digit (RFC 5321 section 4.2.1)."""
    if reply.code == 421:
        return Cause.REFUSED, "the server closes the connection"
    if reply.code >= 500:
        return Cause.REFUSED, "refused"
    if reply.code >= 400:
        return Cause.REFUSED, "refused for now (temporary)"
    return Cause.PROTOCOL, "unexpected reply"


def _of_recipient(reply: Reply) -> _Judged:
    """Why RCPT was refused: greylisting and a full disk are no refusals of ours (RFC 6647, RFC 3463 section 3.3)."""
    if reply.code in (452, 552) or reply.enhanced in ("4.2.2", "5.2.2", "4.3.1"):
        return Cause.REFUSED, "full"
    if 421 < reply.code < 500 and (_GREY.search(reply.text) or _is_deferral(reply)):
        return Cause.REFUSED, "greylisted"
    return _judged(reply)


_GREY = re.compile("gr[ae]y", re.IGNORECASE)


def _is_deferral(reply: Reply) -> bool:
    """A 451 that does not name a fault of the mail system (4.3) or of the network (4.4): come back later."""
    return reply.code == 451 and not (reply.enhanced or "").startswith(("4.3", "4.4"))
