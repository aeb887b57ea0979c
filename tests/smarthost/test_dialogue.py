"""The SMTP dialogue, played without a socket: what is said, what never is, and what each answer means."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.dialogue import (
    Action,
    Answered,
    Dialogue,
    Noticed,
    Pending,
    Receive,
    Script,
    Send,
    SmtpStep,
    Turn,
    steps,
)
from collectd_inode.smarthost.mechanisms import Login

LEAF = Login("leaf", "s3cret::pass^^word")
FULL = Script("leaf.example.org", login=LEAF, sender="monitor@example.org", recipient="postmaster@example.net")
EHLO = b"250-mx.example.org Hello\r\n250-SIZE 52428800\r\n250 STARTTLS\r\n"
EHLO_TLS = b"250-mx.example.org Hello\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 HELP\r\n"
BANNER = b"220 mx.example.org ESMTP\r\n"
GOOD = (
    BANNER,
    EHLO,
    b"220 2.0.0 TLS go ahead\r\n",
    EHLO_TLS,
    b"235 2.7.0 Authentication successful\r\n",
    b"250 2.1.0 OK\r\n",
    b"250 2.1.5 OK\r\n",
    b"250 2.0.0 Reset OK\r\n",
    b"221 2.0.0 Bye\r\n",
)
PLAIN = base64.b64encode(b"\0leaf\0s3cret::pass^^word").decode()


@dataclass
class Server:
    """Says its answers one after the other, each in pieces of at most so many bytes, and then closes."""

    answers: Sequence[bytes]
    piece: int = 2**16
    pending: bytes = b""
    said: list[str] = field(default_factory=list)
    """What was said to it, steps and TLS between."""
    noticed: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pieces = [
            answer[i : i + self.piece] for answer in self.answers for i in range(0, len(answer), self.piece)
        ]

    def lead(self, turn: Turn) -> None:
        """One turn of a dialogue."""
        with contextlib.suppress(StopIteration):
            action = next(turn)
            while True:
                action = turn.send(self._do(action))

    def _do(self, action: Action) -> bytes:
        match action:
            case Send(data, secret):
                self.said.append(data.decode().removesuffix("\r\n"))
                self.secrets += [secret] if secret else []
            case Receive():
                return self._pieces.pop(0) if self._pieces else b""
            case Pending():
                return self.pending
            case Answered(reply):
                self.codes.append(reply.code)
            case Noticed(code):
                self.noticed.append(code)
        return b""

    def play(self, script: Script, last: SmtpStep | None = None) -> Dialogue:
        """A whole dialogue, as the probe leads it; or up to a step."""
        dialogue = Dialogue(script)
        for step in steps(script):
            if step is SmtpStep.TLS:
                self.said.append("(TLS)")
                dialogue.secured()
            elif step not in (SmtpStep.RESOLVE, SmtpStep.CONNECT):
                self.lead(dialogue.turn(step))
            if step is last:
                break
        return dialogue


def instead(of: int, *answers: bytes) -> Server:
    """The good server, up to its answer number *of*; these from there on."""
    return Server((*GOOD[:of], *answers))


def failure(server: Server, script: Script = FULL) -> tuple[Cause, str]:
    with pytest.raises(Failure) as raised:
        server.play(script)
    return raised.value.cause, raised.value.message


def test_a_whole_dialogue() -> None:
    """What is said, in order; nothing is sent, and no warning is made of a good server."""
    server = Server(GOOD)
    dialogue = server.play(FULL)

    assert server.said == [
        "EHLO leaf.example.org",
        "STARTTLS",
        "(TLS)",
        "EHLO leaf.example.org",
        f"AUTH PLAIN {PLAIN}",
        "MAIL FROM:<monitor@example.org>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "QUIT",
    ]
    assert server.codes == [220, 250, 220, 250, 235, 250, 250, 250, 221]
    assert (dialogue.authenticated, dialogue.relay, server.noticed) == (True, True, [])
    assert server.secrets == [PLAIN]


def test_tls_on_connect() -> None:
    """One EHLO is enough where everything is below TLS."""
    script = replace(FULL, implicit_tls=True)
    server = Server((BANNER, *GOOD[3:]))
    server.play(script)

    assert server.said == [
        "(TLS)",
        "EHLO leaf.example.org",
        f"AUTH PLAIN {PLAIN}",
        "MAIL FROM:<monitor@example.org>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "QUIT",
    ]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        (FULL, "resolve connect banner ehlo starttls tls ehlo_tls auth mail rcpt quit"),
        (replace(FULL, implicit_tls=True), "resolve connect tls banner ehlo auth mail rcpt quit"),
        (Script("leaf"), "resolve connect banner ehlo starttls tls ehlo_tls quit"),
        (replace(FULL, recipient=None), "resolve connect banner ehlo starttls tls ehlo_tls auth quit"),
        (replace(FULL, login=None), "resolve connect banner ehlo starttls tls ehlo_tls mail rcpt quit"),
    ],
)
def test_the_steps_are_what_is_asked_for(script: Script, names: str) -> None:
    """In order; without a user no AUTH, without sender and recipient no MAIL."""
    assert [str(step) for step in steps(script)] == names.split()


@given(st.integers(1, 30))
def test_the_pieces_do_not_matter(size: int) -> None:
    """Any split of the server's bytes gives the same dialogue."""
    server = Server(GOOD, piece=size)
    server.play(FULL)
    assert server.codes == [220, 250, 220, 250, 235, 250, 250, 250, 221]


# What the server says to a login.

LOGIN = replace(FULL, mechanism="LOGIN")


@pytest.mark.parametrize("first", [b"\x15\x03\x03\x00\x02\x02\x46", b"\x16\x03\x01\x02\x00\x01"])
def test_a_port_that_speaks_tls_by_itself(first: bytes) -> None:
    """An alert, such as one at the end of the server's patience, or a handshake, where a banner is expected."""
    server = Server((first,))
    assert failure(server) == (
        Cause.TLS, 'this port speaks TLS from the first byte: TLS "implicit" (usual port: 465)',
    )  # fmt: skip


CRAM = replace(FULL, mechanism="CRAM-MD5")
CHALLENGE = base64.b64encode(b"<1896.697170952@postoffice.example.net>")


def test_login_is_asked_for_name_and_password() -> None:
    """Two prompts; all three lines are the server's only."""
    server = instead(4, b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n")
    server.play(LOGIN, SmtpStep.AUTH)

    user, password = (base64.b64encode(text.encode()).decode() for text in ("leaf", "s3cret::pass^^word"))
    assert server.said[4:] == ["AUTH LOGIN", user, password]
    assert server.secrets == [user, password]


def test_cram_md5_answers_a_challenge() -> None:
    """The password itself is never sent (the digest is openssl dgst -hmac's)."""
    server = instead(4, b"334 " + CHALLENGE + b"\r\n", b"235 ok\r\n")
    server.play(CRAM, SmtpStep.AUTH)

    response = base64.b64encode(b"leaf 27e2f1e3a5735fc1094a750bc66f0339")
    assert server.said[4:] == ["AUTH CRAM-MD5", response.decode()]


SCRAM = replace(FULL, mechanism="SCRAM-SHA-256")
OFFERED = EHLO_TLS.replace(b"CRAM-MD5", b"SCRAM-SHA-256")


def asked_by_scram(data: str) -> bytes:
    return b"334 " + base64.b64encode(data.encode()) + b"\r\n"


FIRST = asked_by_scram(f"r={base64.b64encode(bytes(18)).decode()}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")


@pytest.mark.parametrize(
    ("answers", "message", "rejected"),
    [
        ((b"235 ok\r\n",), "AUTH: the server's challenge is not one of SCRAM-SHA-256", False),
        ((FIRST, b"235 ok\r\n"), "AUTH SCRAM-SHA-256: the server has not shown that it knows the password", False),
        ((FIRST, asked_by_scram("e=invalid-proof"), b"235 ok\r\n"),
         "AUTH SCRAM-SHA-256: the server has not shown that it knows the password", False),
        # Why, and then the refusal itself, which is remembered.
        ((FIRST, asked_by_scram("e=invalid-proof"), b"535 5.7.8 no\r\n"),
         "AUTH SCRAM-SHA-256: wrong user or password: 535 5.7.8 no", True),
        # The same in place of the challenge.
        ((asked_by_scram("e=unknown-user"), b"535 5.7.8 no\r\n"),
         "AUTH SCRAM-SHA-256: wrong user or password: 535 5.7.8 no", True),
        ((asked_by_scram("e=unknown-user"), b"235 ok\r\n"),
         "AUTH SCRAM-SHA-256: the server has not shown that it knows the password", False),
    ],
)  # fmt: skip
def test_scram_is_mutual(
    answers: tuple[bytes, ...], message: str, rejected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5802 section 3: who says yes without having shown that it knows the password is not believed."""
    monkeypatch.setattr(os, "urandom", bytes)
    dialogue = Dialogue(SCRAM)
    dialogue.secured()
    server = Server((OFFERED, *answers))
    server.lead(dialogue.turn(SmtpStep.EHLO_TLS))
    with pytest.raises(Failure) as raised:
        server.lead(dialogue.turn(SmtpStep.AUTH))
    assert raised.value.message == message
    assert (dialogue.authenticated, dialogue.rejected is not None) == (False if rejected else None, rejected)


def test_a_long_first_response_waits_for_its_challenge() -> None:
    """RFC 4954 section 4: a command has at most 512 bytes."""
    login = Login("leaf", "x" * 400)
    server = instead(4, b"334 \r\n", b"235 ok\r\n")
    server.play(replace(FULL, login=login), SmtpStep.AUTH)

    assert server.said[4:] == ["AUTH PLAIN", base64.b64encode(b"\0leaf\0" + b"x" * 400).decode()]


@pytest.mark.parametrize(
    ("answer", "cause", "message"),
    [
        (b"535 5.7.8 no", Cause.CREDENTIALS, "AUTH PLAIN: wrong user or password: 535 5.7.8 no"),
        (b"454 4.7.0 later", Cause.REFUSED, "AUTH PLAIN: temporary fault: 454 4.7.0 later"),
        (
            b"534 5.7.9 too weak",
            Cause.REFUSED,
            "AUTH PLAIN: policy: this mechanism is too weak for the account: 534 5.7.9 too weak",
        ),
        (
            b"538 5.7.11 no TLS?",
            Cause.REFUSED,
            "AUTH PLAIN: policy: this mechanism requires encryption: 538 5.7.11 no TLS?",
        ),
        (b"432 4.7.12 new", Cause.REFUSED, "AUTH PLAIN: a password transition is needed: 432 4.7.12 new"),
        (b"421 4.7.0 bye", Cause.REFUSED, "AUTH PLAIN: the server closes the connection: 421 4.7.0 bye"),
        (b"500 what?", Cause.REFUSED, "AUTH PLAIN: refused: 500 what?"),
        (
            b"534-5.7.9 Application-specific password required. Learn more at\r\n534 5.7.9 https://support.example",
            Cause.REFUSED,
            "AUTH PLAIN: the account requires an application password, which the provider makes for one program:"
            " 534 5.7.9 Application-specific password required. Learn more at 5.7.9 https://support.example",
        ),
        (
            b"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the provider has switched off log-in by password (SMTP AUTH) for this account:"
            " 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
        ),
        (
            b"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
            Cause.CREDENTIALS,
            "AUTH PLAIN: wrong user or password:"
            " 535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
        ),
        (
            b"454 4.7.0 Too many login attempts, please try again later.",
            Cause.REFUSED,
            "AUTH PLAIN: too many log-ins: the server accepts no more for a while:"
            " 454 4.7.0 Too many login attempts, please try again later.",
        ),
        (
            b"525 5.7.13 User Account Disabled",
            Cause.REFUSED,
            "AUTH PLAIN: the account is disabled or suspended: 525 5.7.13 User Account Disabled",
        ),
        (
            b"535 5.7.8 Error: authentication failed: cannot connect to saslauthd server: Permission denied",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the server cannot check passwords at the moment:"
            " 535 5.7.8 Error: authentication failed: cannot connect to saslauthd server: Permission denied",
        ),
        (
            b"535 5.7.1 authentication failed, please use OAuth2",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the provider requires an OAuth token in place of a password (Mechanism XOAUTH2):"
            " 535 5.7.1 authentication failed, please use OAuth2",
        ),
        (
            b"535 5.7.0 (AU0001) Please enable POP3/SMTP access in settings",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the provider has switched off log-in by password (SMTP AUTH) for this account:"
            " 535 5.7.0 (AU0001) Please enable POP3/SMTP access in settings",
        ),
        (
            b"526 Authentication failure[0]",
            Cause.CREDENTIALS,
            "AUTH PLAIN: wrong user or password: 526 Authentication failure[0]",
        ),
        (
            b"554 5.7.8 Error: authentication failed",
            Cause.CREDENTIALS,
            "AUTH PLAIN: wrong user or password: 554 5.7.8 Error: authentication failed",
        ),
        (
            b"550 5.7.14 Please log in via your web browser",
            Cause.REFUSED,
            "AUTH PLAIN: the provider requires a log-in with a browser first:"
            " 550 5.7.14 Please log in via your web browser",
        ),
        (
            b"535 5.7.8 Sorry, your IP is on a black-list",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the server has blocked this machine's address: 535 5.7.8 Sorry, your IP is on a black-list",
        ),
        (
            b"535 5.7.0 Invalid login or password, two-factor is on",
            Cause.CREDENTIALS,
            "AUTH PLAIN: the account requires an application password, which the provider makes for one program:"
            " 535 5.7.0 Invalid login or password, two-factor is on",
        ),
        (b"250 ok", Cause.PROTOCOL, "AUTH PLAIN: unexpected reply: 250 ok"),
    ],
)
def test_a_refused_login(answer: bytes, cause: Cause, message: str) -> None:
    """Each code is told apart; there is one attempt, whatever else is on offer."""
    server = instead(4, answer + b"\r\n", *[b"235 ok\r\n"] * 5)

    assert failure(server) == (cause, message)
    assert [line for line in server.said if line.startswith("AUTH")] == [f"AUTH PLAIN {PLAIN}"]
    assert server.said[-1] == f"AUTH PLAIN {PLAIN}"


@pytest.mark.parametrize(
    ("answer", "authenticated", "rejected"),
    [
        (b"535 5.7.8 no", False, True),
        (b"534 5.7.9 Application-specific password required", False, True),
        (b"525 5.7.13 User Account Disabled", False, True),
        (b"550 5.7.1 Account suspended", False, True),
        (b"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", False, True),
        (b"454 4.7.0 Too many login attempts, please try again later", None, True),
        (b"421 4.7.0 Too many failed logins", None, True),
        (b"421 4.3.2 shutting down", None, False),
        (b"450 4.7.1 later", None, False),
        (b"451 4.3.0 local error", None, False),
        (b"454 4.7.0 Temporary authentication failure", None, False),
        (b"504 5.5.4 no such mechanism", None, False),
        (b"530 5.7.0 STARTTLS first", None, False),
        (b"534 5.7.9 mechanism is too weak", None, False),
        (b"538 5.7.11 encryption", None, False),
        (b"535 5.7.0 (#AUTH005) Too many bad auth attempts", False, True),
        (b"554 5.7.1 authentication rate limit exceeded", False, True),
        (b"550 5.1.8 account closed", False, True),
        (b"535 authentication failed (blocked IP)", None, True),
        (b"554 5.7.1 your address is banned", None, True),
        (b"535 5.7.8 Error: authentication failed: generic failure", None, True),
        (b"526 Authentication failure[0]", False, True),
        (b"559 5.7.1 what else", None, True),
        (b"521 5.3.2 no mail here", None, False),
        (b"2", None, False),
    ],
)
def test_what_a_refusal_says_of_the_account(answer: bytes, authenticated: bool | None, rejected: bool) -> None:
    """``authenticated`` is known when user and password were judged; a refusal of the account is remembered."""
    dialogue = Dialogue(FULL)
    dialogue.secured()
    server = Server((EHLO_TLS, answer + b"\r\n" if len(answer) > 1 else answer))
    server.lead(dialogue.turn(SmtpStep.EHLO_TLS))
    with pytest.raises(Failure):
        server.lead(dialogue.turn(SmtpStep.AUTH))
    assert (dialogue.authenticated, dialogue.rejected is not None) == (authenticated, rejected)


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        (b"250-AUTH GSSAPI NTLM", "the server offers GSSAPI, NTLM; supported: PLAIN, LOGIN, CRAM-MD5"),
        (b"250-AUTH", "the server offers no AUTH; supported: PLAIN, LOGIN, CRAM-MD5"),
        (b"250-8BITMIME", "the server offers no AUTH; supported: PLAIN, LOGIN, CRAM-MD5"),
        (b"250-AUTH=PLAIN LOGIN", "the server offers “AUTH=PLAIN LOGIN”; RFC 4954 has “AUTH PLAIN LOGIN”"),
    ],
)
def test_a_server_without_a_common_mechanism(offer: bytes, message: str) -> None:
    """Nothing is tried."""
    server = instead(3, b"250-mx\r\n" + offer + b"\r\n250 HELP\r\n")

    assert failure(server) == (Cause.CREDENTIALS, f"no common mechanism: {message}")
    assert server.said[-1] == "EHLO leaf.example.org"


def test_a_server_that_wants_ever_more_responses() -> None:
    """PLAIN has one."""
    server = instead(4, *[b"334 \r\n"] * 50)
    assert failure(server) == (Cause.PROTOCOL, "AUTH PLAIN: the server keeps asking for more")


def test_a_challenge_that_cannot_be_read() -> None:
    """CRAM-MD5 needs its bytes."""
    server = instead(4, b"334 what is your name?\r\n")
    assert failure(server, CRAM) == (Cause.PROTOCOL, "AUTH: the server's challenge is not Base64")


# Never without verified TLS.


def test_a_server_without_starttls_gets_no_password() -> None:
    """Not even if it would take it in clear."""
    server = Server((BANNER, b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n", *[b"235 ok\r\n"] * 5))

    what = "STARTTLS is not offered (or an on-path attacker removes it): credentials withheld"
    assert failure(server) == (Cause.TLS, what)
    assert (server.said, server.noticed) == (["EHLO leaf.example.org"], ["auth_before_tls"])


def test_there_is_no_auth_before_tls_whoever_asks() -> None:
    """The turn itself refuses."""
    dialogue, server = Dialogue(FULL), Server((EHLO_TLS,))
    server.lead(dialogue.turn(SmtpStep.EHLO))
    with pytest.raises(Failure, match=r"^credentials withheld: there is no verified TLS$"):
        server.lead(dialogue.turn(SmtpStep.AUTH))
    assert server.said == ["EHLO leaf.example.org"]


def test_what_was_said_before_tls_is_forgotten() -> None:
    """RFC 3207 section 4.2: an offer made in clear is nobody's."""
    dialogue, server = Dialogue(FULL), Server((BANNER, b"250-mx\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n"))
    server.lead(dialogue.turn(SmtpStep.BANNER))
    server.lead(dialogue.turn(SmtpStep.EHLO))
    assert (dict(dialogue.offers), dialogue.mechanisms) == ({"AUTH": "LOGIN", "STARTTLS": ""}, ("LOGIN",))

    dialogue.secured()
    assert (dict(dialogue.offers), dialogue.mechanisms) == ({}, ())


@pytest.mark.parametrize("where", ["in one piece", "behind it"])
def test_clear_text_behind_the_220_ends_the_run(where: str) -> None:
    """CVE-2011-0411's class; whether it came with the reply or lies in the socket."""
    injected = b"250-mx\r\n250 AUTH PLAIN\r\n"
    go_ahead = b"220 go ahead\r\n"
    server = instead(2, go_ahead + injected if where == "in one piece" else go_ahead)
    server.pending = injected if where == "behind it" else b""

    what = (
        "injection: clear text after the 220 of STARTTLS, which would be trusted as if it came by TLS:"
        " “250-mx\\r\\n250 AUTH PLAIN\\r\\n”"
    )
    assert failure(server) == (Cause.PROTOCOL, what)
    assert server.said == ["EHLO leaf.example.org", "STARTTLS"]


@pytest.mark.parametrize("offer", [b"AUTH PLAIN", b"AUTH\tLOGIN", b"AUTH=LOGIN", b"auth=NTLM plain"])
def test_auth_offered_in_clear_is_a_warning(offer: bytes) -> None:
    """Its other users' passwords are at risk, in whatever form it is offered."""
    server = Server((BANNER, b"250-mx\r\n250-" + offer + b"\r\n250 STARTTLS\r\n", *GOOD[2:]))
    server.play(FULL)
    assert server.noticed == ["auth_before_tls"]


@pytest.mark.parametrize("offer", [b"CRAM-MD5", b"XOAUTH2 SCRAM-SHA-256", b"GSSAPI NTLM", b""])
def test_what_shows_no_password_may_be_offered_in_clear(offer: bytes) -> None:
    """Nobody's password is at risk by it."""
    server = Server((BANNER, b"250-mx\r\n250-AUTH " + offer + b"\r\n250 STARTTLS\r\n", *GOOD[2:]))
    server.play(FULL)
    assert server.noticed == []


HELO_NAME = "(it rejects the name leaf.example.org after EHLO: set HeloName)"


@pytest.mark.parametrize(
    ("number", "answer", "message"),
    [
        (1, b"504 5.5.2 <leaf>: Helo command rejected: need fully-qualified hostname", "EHLO: refused"),
        (1, b"501 Syntactically invalid EHLO argument(s)", "EHLO: refused"),
        (1, b"550 5.7.1 leaf.example.org does not resolve, fix your EHLO", "EHLO: refused"),
        (
            6,
            b"504 5.5.2 <leaf>: Helo command rejected: need fully-qualified hostname",
            "RCPT TO:<postmaster@example.net>: refused",
        ),
        (
            6,
            b"450 4.7.1 <leaf>: Helo command rejected: Host not found",
            "RCPT TO:<postmaster@example.net>: refused for now (temporary)",
        ),
    ],
)
def test_a_server_that_does_not_like_our_name(number: int, answer: bytes, message: str) -> None:
    """At once, or as Postfix does, in the answer to RCPT: the key is named."""
    server = instead(number, answer + b"\r\n")
    assert failure(server) == (Cause.REFUSED, f"{message} {HELO_NAME}: {answer.decode()}")


@pytest.mark.parametrize(
    "answer",
    [b"530 5.7.57 Client not authenticated to send mail.", b"530 5.7.0 Authentication Required. For more information"],
)
def test_a_server_that_wants_a_login_first(answer: bytes) -> None:
    """530 to who has none configured (RFC 4954 section 6)."""
    server = Server((*GOOD[:4], answer + b"\r\n"))
    what = f"MAIL FROM:<monitor@example.org>: refused (it requires a log-in first: set PasswordFile): {answer.decode()}"
    assert failure(server, replace(FULL, login=None)) == (Cause.REFUSED, what)


def test_keywords_may_be_in_lower_case() -> None:
    """RFC 5321 section 2.4; but Exim looks for capitals."""
    server = Server((BANNER, b"250-mx\r\n250 starttls\r\n", GOOD[2], b"250-mx\r\n250 auth plain\r\n", *GOOD[4:]))
    assert server.play(FULL).authenticated
    assert server.noticed == ["starttls_lower_case"]


# Other answers.


@pytest.mark.parametrize(
    ("number", "answer", "cause", "message"),
    [
        (0, b"421 4.3.2 busy", Cause.REFUSED, "the banner: the server closes the connection: 421 4.3.2 busy"),
        (0, b"554 no SMTP here", Cause.REFUSED, "the banner: refused: 554 no SMTP here"),
        (0, b"250 hello", Cause.PROTOCOL, "the banner: unexpected reply: 250 hello"),
        (
            1,
            b"500 5.5.1 what?",
            Cause.REFUSED,
            "EHLO: the server, or a firewall before it, knows no EHLO: 500 5.5.1 what?",
        ),
        (3, b"502 5.5.1 what?", Cause.REFUSED, "EHLO: refused: 502 5.5.1 what?"),
        (3, b"", Cause.PROTOCOL, "not SMTP: an empty line"),
        (1, b"421 bye", Cause.REFUSED, "EHLO: the server closes the connection: 421 bye"),
        (1, b"220 hello", Cause.PROTOCOL, "EHLO: unexpected reply: 220 hello"),
        (2, b"454 4.7.0 later", Cause.REFUSED, "STARTTLS: refused for now (temporary): 454 4.7.0 later"),
        (2, b"500 what?", Cause.REFUSED, "STARTTLS: refused: 500 what?"),
        (3, b"503 again?", Cause.REFUSED, "EHLO: refused: 503 again?"),
        (5, b"530 5.7.0 log in", Cause.REFUSED, "MAIL FROM:<monitor@example.org>: refused: 530 5.7.0 log in"),
        (5, b"550 no", Cause.REFUSED, "MAIL FROM:<monitor@example.org>: refused: 550 no"),
    ],
)
def test_a_refusal_names_what_was_refused(number: int, answer: bytes, cause: Cause, message: str) -> None:
    """With the server's own words; nothing more is said."""
    server = instead(number, answer + b"\r\n")
    assert failure(server) == (cause, message)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"550 5.7.1 relaying denied", "refused"),
        (b"451 4.7.1 come back in 300 s", "greylisted"),
        (b"451 Greylisted", "greylisted"),
        (b"451 later", "greylisted"),
        (b"450 4.2.0 greylisted, see postgrey", "greylisted"),
        (b"451 4.3.0 lookup failure", "refused for now (temporary)"),
        (b"450 4.1.8 no such domain", "refused for now (temporary)"),
        (b"452 4.3.1 no space", "full"),
        (b"452 4.5.3 Too many recipients", "refused for now (temporary)"),
        (b"552 5.2.2 over quota", "full"),
        (b"550 5.2.2 over quota", "full"),
        (b"421 4.7.0 greylisting storm", "the server closes the connection"),
    ],
)
def test_a_recipient_that_is_not_taken(answer: bytes, why: str) -> None:
    """Refused, greylisted and full are three different things to see to."""
    server = instead(6, answer + b"\r\n")
    what = f"RCPT TO:<postmaster@example.net>: {why}: {answer.decode()}"
    assert failure(server) == (Cause.REFUSED, what)


@pytest.mark.parametrize(
    ("number", "answer", "relay"),
    [(5, b"550 no", False), (6, b"550 no", False), (6, b"251 will forward", True), (5, b"", None), (6, b"", None)],
)
def test_whether_it_would_relay(number: int, answer: bytes, relay: bool | None) -> None:
    """Known only when the server has said it."""
    dialogue = Dialogue(FULL)
    dialogue.secured()
    server = Server((*GOOD[5:number], answer + b"\r\n" if answer else b""))
    with contextlib.suppress(Failure):
        server.lead(dialogue.turn(SmtpStep.MAIL))
        server.lead(dialogue.turn(SmtpStep.RCPT))
    assert dialogue.relay is relay


@pytest.mark.parametrize(
    ("number", "what"),
    [(0, "a banner"), (1, "an answer to EHLO"), (2, "an answer to STARTTLS"), (4, "an answer to AUTH")],
)
def test_a_connection_that_is_closed(number: int, what: str) -> None:
    """Before a reply, or in the middle of one."""
    closed = f"closed: expected {what}, the server closed the connection"
    assert failure(instead(number)) == (Cause.PROTOCOL, closed)
    assert failure(instead(number, b"2")) == (Cause.PROTOCOL, f"{closed} in the middle of it")
    assert failure(instead(number, b"250-mx\r\n")) == (Cause.PROTOCOL, f"{closed} in the middle of it")


def test_more_replies_than_questions() -> None:
    """The next one would be taken for the answer to something else: a login that nobody has checked."""
    server = instead(3, EHLO_TLS + b"235 welcome\r\n")

    what = "before AUTH the server sends more than one reply: “235 welcome\\r\\n”"
    assert failure(server) == (Cause.PROTOCOL, what)
    assert server.secrets == []


def test_421_may_come_at_any_time() -> None:
    """RFC 5321 section 3.8: it is the answer to whatever is said next."""
    server = instead(3, EHLO_TLS + b"421 4.4.2 shutting down\r\n")
    what = "AUTH PLAIN: the server closes the connection: 421 4.4.2 shutting down"
    assert failure(server) == (Cause.REFUSED, what)


def test_lines_that_end_with_lf_alone_are_a_warning_once() -> None:
    """Not one a reply."""
    server = Server([answer.replace(b"\r\n", b"\n") for answer in GOOD])
    assert server.play(FULL).authenticated
    assert server.noticed == ["bare_lf"]


# Leaving.


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (instead(0, b"554 no\r\n"), b"QUIT\r\n"),  # RFC 5321 section 3.1: it waits for QUIT
        (instead(1, b"250 mx\r\n"), b"QUIT\r\n"),
        (instead(4, b"535 no\r\n"), b"QUIT\r\n"),
        (instead(6, b"451 later\r\n"), b"QUIT\r\n"),
        (instead(0, b"421 busy\r\n"), b""),
        (instead(0, b"SSH-2.0\r\n"), b""),
        (instead(1), b""),
        (instead(2, b"220 go\r\n220 injected\r\n"), b""),
        (instead(4, *[b"334 \r\n"] * 3), b""),
    ],
)
def test_quit_is_said_wherever_it_can_be_heard(server: Server, says: bytes) -> None:
    """Servers log a connection that was dropped without it."""
    dialogue = Dialogue(FULL)
    with pytest.raises(Failure):
        for step in steps(FULL)[2:]:
            if step is SmtpStep.TLS:
                dialogue.secured()
            else:
                server.lead(dialogue.turn(step))
    assert dialogue.goodbye() == says


def test_there_is_nothing_to_say_before_the_banner() -> None:
    """Nor between the 220 of STARTTLS and TLS."""
    dialogue = Dialogue(FULL)
    assert dialogue.goodbye() == b""
    server = Server(GOOD)
    for step in (SmtpStep.BANNER, SmtpStep.EHLO, SmtpStep.STARTTLS):
        server.lead(dialogue.turn(step))
    assert dialogue.goodbye() == b""
    dialogue.secured()
    assert dialogue.goodbye() == b"QUIT\r\n"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((b"250 ok\r\n",), "closed: expected an answer to QUIT, the server closed the connection"),
        ((b"250 ok\r\n", b"500 what?\r\n"), "QUIT: refused: 500 what?"),
        ((b"500 what?\r\n",), "RSET: refused: 500 what?"),
    ],
)
def test_a_fault_at_the_end(answers: tuple[bytes, ...], message: str) -> None:
    """The turn says so; that it is no outage is the probe's to know."""
    assert failure(instead(7, *answers))[1] == message


def test_a_server_that_is_waited_for_is_told_nothing() -> None:
    """TLS on connect stands, and instead of a banner comes the end."""
    dialogue = Dialogue(FULL)
    dialogue.secured()
    with pytest.raises(Failure):
        Server(()).lead(dialogue.turn(SmtpStep.BANNER))
    assert dialogue.goodbye() == b""


# Strangers.

STRANGER = replace(FULL, login=None)


def stranger(*answers: bytes) -> tuple[Server, Dialogue]:
    dialogue = Dialogue(STRANGER)
    dialogue.secured()
    return Server([answer + b"\r\n" for answer in answers]), dialogue


def test_a_server_that_refuses_strangers() -> None:
    """It is asked as ourselves and as nobody; nothing is left half done."""
    server, dialogue = stranger(b"250 ok", b"550 relay not permitted", b"250 ok", b"250 ok", b"550 no", b"250 ok")
    server.lead(dialogue.strangers())

    assert server.said == [
        "MAIL FROM:<monitor@example.org>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
        "MAIL FROM:<>",
        "RCPT TO:<postmaster@example.net>",
        "RSET",
    ]
    assert server.noticed == []


def test_a_server_that_refuses_a_stranger_s_every_sender() -> None:
    """530 to MAIL is a refusal too."""
    server, dialogue = stranger(b"530 log in", b"250 ok", b"530 log in", b"250 ok")
    server.lead(dialogue.strangers())
    assert server.said == ["MAIL FROM:<monitor@example.org>", "RSET", "MAIL FROM:<>", "RSET"]
    assert server.noticed == []


@pytest.mark.parametrize(
    ("answers", "sender"),
    [
        ((b"250 ok", b"250 ok"), "monitor@example.org"),
        ((b"250 ok", b"550 no", b"250 ok", b"250 ok", b"250 ok"), ""),
        ((b"550 who are you", b"250 ok", b"250 ok", b"250 ok"), ""),
    ],
)
def test_an_open_relay(answers: tuple[bytes, ...], sender: str) -> None:
    """Open to whoever claims our address, or to anybody."""
    server, dialogue = stranger(*answers)
    with pytest.raises(Failure) as raised:
        server.lead(dialogue.strangers())
    assert raised.value.cause is Cause.EXPECTATION
    assert raised.value.message == (
        f"relay open to strangers: without AUTH, mail from <{sender}> to <postmaster@example.net> is taken: 250 ok"
        " (if that address is the server's own, set Recipient to one elsewhere)"
    )


def test_a_server_that_puts_strangers_off() -> None:
    """Greylisting hides the answer; 421 ends the asking."""
    for answers in (
        (b"250 ok", b"451 greylisted", b"250 ok", b"250 ok", b"550 no", b"250 ok"),
        (b"250 ok", b"550 no", b"250 ok", b"421 enough"),
    ):
        server, dialogue = stranger(*answers)
        server.lead(dialogue.strangers())
        assert server.noticed == ["relay_unknown"]
