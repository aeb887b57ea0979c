"""The SMTP dialogue, without sockets: the commands, their order, and the meaning of the replies (RFC 5321).

A dialogue has *steps*; `steps` names them in order.  Resolving, connecting and TLS are the wire's; each of the others
is a *turn*: a generator that yields actions and, where it asks for bytes, is sent them.

- ``Send(data)``: send these bytes.
- ``Receive()``: send me the next bytes that come, b"" at the end.
- ``Answered(reply)``: a reply is whole; this is the moment to ask the stopwatch.
- ``Pending()``: send me the bytes that have come and are unread.
- ``Noticed(code, message)``: worth a warning.

A turn raises `Failure` with the cause.  Three rules hold whatever the driver does: all that came before TLS is
forgotten (RFC 3207 section 4.2), credentials are sent once and only over verified TLS, and no mail is sent: after
RCPT comes RSET.  There is no fallback to HELO: a smarthost that knows no EHLO knows no STARTTLS either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost import refusals
from collectd_inode.smarthost.mechanisms import WITH_TOKEN, Login, best, encoded
from collectd_inode.smarthost.replies import Hide, Reply, ReplyReader, as_it_is, quoted, shown

COMMAND_BYTES = 512
"""The longest command (RFC 5321 section 4.5.3.1.4); a first response that does not fit waits for its challenge."""


TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""The first bytes of a server that speaks TLS: an alert, a handshake (RFC 8446 section 5.1)."""


class SmtpStep(StrEnum):
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
    """The plan for a server.  Without credentials there is no AUTH, without sender and recipient no MAIL."""

    helo_name: str
    implicit_tls: bool = False
    login: Login | None = None
    mechanism: str | None = None
    sender: str | None = None
    recipient: str | None = None

    @property
    def asks_to_relay(self) -> bool:
        """Whether the dialogue tests if the server would take a mail."""
        return self.sender is not None and self.recipient is not None


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes; ``secret`` is the part of them that no output may show."""

    data: bytes = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Receive:
    """Ask for the next bytes; b"" at the end."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Ask for the bytes that have come and are unread."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply is whole."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Noticed:
    """A warning: a stable code and a sentence; the dialogue goes on."""

    code: str
    message: str


Action = Send | Receive | Pending | Answered | Noticed
Turn = Generator[Action, bytes, None]
_Asking = Generator[Action, bytes, Reply]


def steps(script: Script) -> tuple[SmtpStep, ...]:
    """The steps of a dialogue, in order."""
    if script.implicit_tls:
        beginning = [SmtpStep.RESOLVE, SmtpStep.CONNECT, SmtpStep.TLS, SmtpStep.BANNER, SmtpStep.EHLO]
    else:
        beginning = [
            SmtpStep.RESOLVE,
            SmtpStep.CONNECT,
            SmtpStep.BANNER,
            SmtpStep.EHLO,
            SmtpStep.STARTTLS,
            SmtpStep.TLS,
            SmtpStep.EHLO_TLS,
        ]
    login = [SmtpStep.AUTH] if script.login is not None else []
    relay = [SmtpStep.MAIL, SmtpStep.RCPT] if script.asks_to_relay else []
    return (*beginning, *login, *relay, SmtpStep.QUIT)


_Judged = tuple[Cause, str]
_NO_REFUSALS: Mapping[int, _Judged] = {}
_IN_CLEAR = {"PLAIN", "LOGIN"}
"""The mechanisms that show the password to an eavesdropper."""


class Dialogue:
    """One dialogue with one server, from its banner on.

    *hide* removes secrets from the server's words before a sentence quotes them; our own words stay.
    """

    def __init__(self, script: Script, hide: Hide = as_it_is) -> None:
        self.script = script
        self._hide = hide
        self.authenticated: bool | None = None
        """Whether AUTH has succeeded; None until the server has judged user and password."""
        self.relay: bool | None = None
        """Whether RCPT was accepted; None until the server has replied."""
        self.rejected: Reply | None = None
        """The reply that refused the account, if there was one: 535 and its like."""
        self.refused: int | None = None
        """The code of a reply to AUTH that was not 235."""
        self._reader = ReplyReader(hide)
        self._offers: dict[str, str] = {}
        self._keywords: tuple[str, ...] = ()
        self._verified = False
        self._bare_lf = False
        self._our_turn = False
        self._turns: Mapping[SmtpStep, Callable[[], Turn]] = {
            SmtpStep.BANNER: self._banner,
            SmtpStep.EHLO: self._ehlo,
            SmtpStep.STARTTLS: self._starttls,
            SmtpStep.EHLO_TLS: self._ehlo,
            SmtpStep.AUTH: self._auth,
            SmtpStep.MAIL: self._mail,
            SmtpStep.RCPT: self._rcpt,
            SmtpStep.QUIT: self._quit,
        }

    def turn(self, step: SmtpStep) -> Turn:
        """The line to send in *step*."""
        return self._turns[step]()

    def secured(self) -> None:
        """TLS is up and the certificate verified: forget all that came before, which might be a stranger's."""
        self._reader = ReplyReader(self._hide)
        self._offers, self._keywords = {}, ()
        self._verified = self._our_turn = True

    @property
    def offers(self) -> Mapping[str, str]:
        """The extensions of the last answer to EHLO: keyword in upper case → its parameters."""
        return self._offers

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered (RFC 4954 section 3)."""
        return tuple(self._offers.get("AUTH", "").split())

    @property
    def keywords(self) -> tuple[str, ...]:
        """The extensions that the server offers, by its last answer to EHLO."""
        return self._keywords

    @property
    def heard(self) -> bool:
        """Whether a part of a reply has come."""
        return self._reader.begun

    def goodbye(self) -> bytes:
        """The line to send before leaving early; empty if the server is not listening, or in the middle of
        something.
        """
        return b"QUIT\r\n" if self._our_turn else b""

    # The turns.

    def _banner(self) -> Turn:
        try:
            reply = yield from self._reply("a banner")
        except Failure:
            if self.script.implicit_tls or not self._reader.rest.startswith(TLS_RECORDS):
                raise
            what = 'this port speaks TLS from the first byte: TLS "implicit" (usual port: 465)'
            raise Failure(Cause.TLS, what) from None
        self._expect("the banner", 220, reply)

    def _ehlo(self) -> Turn:
        reply = yield from self._ask(f"EHLO {self.script.helo_name}")
        self._expect("EHLO", 250, reply)
        lines = [_WORDS.match(line.strip()) for line in reply.lines[1:]]  # the first is a greeting
        self._keywords = tuple(line["keyword"] for line in lines if line)
        self._offers = {}
        for line in filter(None, lines):  # some servers have a line a mechanism
            keyword = line["keyword"].upper()
            self._offers[keyword] = f"{self._offers.get(keyword, '')} {line['parameters']}".strip()
        in_clear = self._offers.get("AUTH") or _old_offer(self._offers)
        if not self._verified and _IN_CLEAR.intersection(in_clear.upper().split()):
            offered = shown(self._hide(in_clear))
            what = f"AUTH is offered before TLS ({offered}): others may send their passwords in clear"
            yield Noticed("auth_before_tls", what)

    def _starttls(self) -> Turn:
        if "STARTTLS" not in self._offers:
            what = "STARTTLS is not offered (or an on-path attacker removes it): credentials withheld"
            raise Failure(Cause.TLS, what)
        if "STARTTLS" not in self._keywords:
            written = next(word for word in self._keywords if word.upper() == "STARTTLS")
            yield Noticed(
                "starttls_lower_case",
                f"STARTTLS is offered as “{shown(self._hide(written))}”, which Exim does not recognise",
            )
        reply = yield from self._ask("STARTTLS")
        self._expect("STARTTLS", 220, reply)
        self._our_turn = False
        if injected := self._reader.rest + (yield Pending()):
            said = quoted(injected, self._hide)
            what = (
                "injection: clear text after the 220 of STARTTLS, which would be trusted as if it came by TLS:"
                f" “{said}”"
            )
            raise Failure(Cause.PROTOCOL, what)

    def _auth(self) -> Turn:
        login = self.script.login
        if login is None or not self._verified:
            raise Failure(Cause.TLS, "credentials withheld: there is no verified TLS")
        old = _old_offer(self._offers)
        if old and not self.mechanisms:
            said = shown(self._hide(old))
            what = f"no common mechanism: the server offers “AUTH={said}”; RFC 4954 has “AUTH {said}”"
            raise Failure(Cause.CREDENTIALS, what)
        mechanism = best(self.mechanisms, self.script.mechanism, self._hide)
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
                raise Failure(Cause.PROTOCOL, f"AUTH {mechanism.name}: the server keeps asking for more") from None
            reply = yield from self._say(response, "AUTH", secret=response)
        if reply.code == 235 and mechanism.mutual:
            with suppress(StopIteration):
                responses.send("")  # raises, unless the server has said all that it must
        self._judge(mechanism.name, reply)

    def _judge(self, mechanism: str, reply: Reply) -> None:
        """Evaluate the last reply of AUTH; raises Failure if it is not 235."""
        refusal = refusals.of(reply, by_token=mechanism in WITH_TOKEN)
        self.refused = None if reply.code == 235 else reply.code
        if reply.code == 235 or (refusal and refusal.judged):
            self.authenticated = reply.code == 235
        self.rejected = reply if refusal and refusal.account else None
        self._expect(
            f"AUTH {mechanism}", 235, reply, {reply.code: (refusal.cause, refusal.why)} if refusal else _NO_REFUSALS
        )

    def _mail(self) -> Turn:
        reply = yield from self._ask(f"MAIL FROM:<{self.script.sender}>")
        self.relay = None if reply.code == 250 else False
        self._expect(f"MAIL FROM:<{self.script.sender}>", 250, reply)

    def _rcpt(self) -> Turn:
        reply = yield from self._ask(f"RCPT TO:<{self.script.recipient}>")
        self.relay = reply.code in _RECIPIENT_TAKEN
        if not self.relay:
            self._expect(f"RCPT TO:<{self.script.recipient}>", 250, reply, {reply.code: _of_recipient(reply)})

    def _quit(self) -> Turn:
        if self.script.asks_to_relay:
            self._expect("RSET", 250, (yield from self._ask("RSET")))
        reply = yield from self._ask("QUIT")
        self._our_turn = False
        self._expect("QUIT", 221, reply)

    def strangers(self) -> Turn:
        """Ask, without having logged in, for what a stranger must not get; raises Failure (expectation) if we get it.

        The recipient is the one that the server relays to after AUTH, so that its reply is about us, not about that
        address.  The senders are the configured one (some servers relay for anybody who claims it) and the empty one
        (some servers refuse our own sender to strangers, and would relay for any other).
        """
        unclear: Reply | None = None
        for sender in (self.script.sender, ""):
            reply = yield from self._ask(f"MAIL FROM:<{sender}>")
            if reply.code == 250:
                reply = yield from self._ask(f"RCPT TO:<{self.script.recipient}>")
                if reply.code in _RECIPIENT_TAKEN:
                    what = (
                        f"relay open to strangers: without AUTH, mail from <{sender}> to <{self.script.recipient}>"
                        f" is taken: {reply} (if that address is the server's own, set Recipient to one elsewhere)"
                    )
                    raise Failure(Cause.EXPECTATION, what)
            if reply.code < 500:
                unclear = reply
            if reply.code == 421:
                break
            yield from self._ask("RSET")
        if unclear is not None:
            what = f"cannot tell whether the server rejects strangers: without AUTH it replies: {unclear}"
            yield Noticed("relay_unknown", what)

    # One question and its answer.

    def _expect(self, what: str, code: int, reply: Reply, refusals: Mapping[int, _Judged] = _NO_REFUSALS) -> None:
        """Raise Failure unless *reply* is *code*; *refusals* have a closer meaning of some codes."""
        if reply.code == code:
            return
        cause, why = refusals.get(reply.code) or _judged(reply)
        first = self.script.implicit_tls or not self._verified
        if what == "EHLO" and reply.code in (500, 502) and first:
            why = "the server, or a firewall before it, knows no EHLO"
        if reply.code >= 400 and what != "the banner" and _of_name(reply, self.script.helo_name):
            why += f" (it rejects the name {self.script.helo_name} after EHLO: set HeloName)"
        elif self.script.login is None and _WANTS_LOGIN.search(f"{reply.code} {' '.join(reply.lines)}"):
            why += " (it requires a log-in first: set PasswordFile)"
        raise Failure(cause, f"{what}: {why}: {reply}")

    def _ask(self, command: str) -> _Asking:
        return (yield from self._say(command.encode(), command.partition(" ")[0]))

    def _say(self, line: bytes, name: str, *, secret: bytes = b"") -> _Asking:
        """Send a line, get the reply; *name* is its name in messages."""
        said_unasked = self._reader.rest
        if said_unasked and not said_unasked.startswith(b"421"):  # that one may come at any time (section 3.8)
            self._our_turn = False
            said = quoted(said_unasked, self._hide)
            raise Failure(Cause.PROTOCOL, f"before {name} the server sends more than one reply: “{said}”")
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


_WORDS = re.compile(r"(?P<keyword>[^ \t]*)[ \t]*(?P<parameters>.*)", re.DOTALL)
"""A line of the answer to EHLO.  RFC 5321 section 4.1.1.1 has a blank, and mail servers take a tab, too."""


def _old_offer(offers: Mapping[str, str]) -> str:
    """The mechanisms behind ``AUTH=``, which was a draft's form: Postfix takes it, Exim does not."""
    written = next((keyword for keyword in offers if keyword.startswith("AUTH=")), "")
    return f"{written.removeprefix('AUTH=')} {offers.get(written, '')}".strip()


_RECIPIENT_TAKEN = (250, 251)


def _judged(reply: Reply) -> _Judged:
    """The failure for an unexpected reply, by its first digit (RFC 5321 section 4.2.1)."""
    if reply.code == 421:
        return Cause.REFUSED, "the server closes the connection"
    if reply.code >= 500:
        return Cause.REFUSED, "refused"
    if reply.code >= 400:
        return Cause.REFUSED, "refused for now (temporary)"
    return Cause.PROTOCOL, "unexpected reply"


_NAME = re.compile(r"\b(helo|ehlo)\b|fully[- ]qualified|\bFQDN\b", re.IGNORECASE)
"""The words of a server that objects to our name: Postfix's in the reply to RCPT, others' at once."""
_WANTS_LOGIN = re.compile(r"^530 (?!.*starttls)|^5\d\d 5\.7\.57\b|client (was )?not authenticated", re.IGNORECASE)


def _of_name(reply: Reply, name: str) -> bool:
    """Whether a refusal is about the name that we gave."""
    text = " ".join(reply.lines)
    return reply.code in (450, 501, 504, 550, 553, 554) and (
        _NAME.search(text) is not None or (reply.code in (501, 504) and name.lower() in text.lower())
    )


def _of_recipient(reply: Reply) -> _Judged:
    """The failure for a refused RCPT: greylisting and a full disk are not about us (RFC 6647, RFC 3463 section 3.3)."""
    many = reply.enhanced in ("4.5.3", "5.5.3")  # recipients (RFC 3463 section 3.6)
    if (reply.code in (452, 552) and not many) or reply.enhanced in ("4.2.2", "5.2.2", "4.3.1"):
        return Cause.REFUSED, "full"
    if 421 < reply.code < 500 and (_GREY.search(reply.text) or _is_deferral(reply)):
        return Cause.REFUSED, "greylisted"
    return _judged(reply)


_GREY = re.compile("gr[ae]y", re.IGNORECASE)


def _is_deferral(reply: Reply) -> bool:
    """A 451 that does not name a fault of the mail system (4.3) or of the network (4.4): come back later."""
    return reply.code == 451 and not (reply.enhanced or "").startswith(("4.3", "4.4"))
