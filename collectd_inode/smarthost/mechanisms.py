"""SASL mechanisms: our responses to a server's challenges (RFC 4954).

A mechanism is a row: its name, and a generator that is sent the server's challenges and yields our responses.  A new
one is a function and a row.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.replies import Hide, as_it_is, shown

Responses = Generator[bytes, str, None]
"""A generator that yields our responses (before Base64) and is sent the texts of the server's challenges.

Its first response needs no challenge; it is empty unless the mechanism is ``client_first``.
"""


@dataclass(frozen=True, slots=True)
class Login:
    """User and password; the password may be a token.

    Both are sent as UTF-8 without SASLprep (RFC 4013), since Exim, Postfix, Cyrus SASL and Dovecot's SCRAM
    (against RFC 5802) do without it, too.
    """

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism.  ``client_first``: its first response needs no challenge and goes with the command itself;
    ``mutual``: the server must have shown that it knows the password before it says 235.
    """

    name: str
    responses: Callable[[Login], Responses]
    client_first: bool = False
    mutual: bool = False


def _plain(login: Login) -> Responses:
    """RFC 4616 section 2; the authorization identity stays empty: it is the user who logs in."""
    yield f"\0{login.user}\0{login.password}".encode()


def _login(login: Login) -> Responses:
    """draft-murchison-sasl-login: two prompts, whose wording means nothing."""
    yield b""
    yield login.user.encode()
    yield login.password.encode()


def _cram_md5(login: Login) -> Responses:
    """RFC 2195 section 2: the challenge, hashed with the password as the key."""
    asked = challenge((yield b""))
    digest = hmac.new(login.password.encode(), asked, "md5").hexdigest()
    yield f"{login.user} {digest}".encode()


def _xoauth2(login: Login) -> Responses:
    """Google's and Microsoft's; the token is in place of the password.  A refusal is a challenge, answered by ""."""
    yield f"user={login.user}\1auth=Bearer {login.password}\1\1".encode()
    yield b""


def _oauthbearer(login: Login) -> Responses:
    """RFC 7628 section 3.1; a refusal is a challenge, answered by one byte (section 3.2.3)."""
    user = login.user.replace("=", "=3D").replace(",", "=2C")
    yield f"n,a={user},\1auth=Bearer {login.password}\1\1".encode()
    yield b"\1"


def _scram_sha_256(login: Login, nonce: str = "") -> Responses:
    """RFC 5802 and RFC 7677; the server must show that it knows the password, too (section 3)."""
    nonce = nonce or base64.b64encode(os.urandom(18)).decode()
    user = login.user.replace("=", "=3D").replace(",", "=2C")
    bare = f"n={user},r={nonce}"
    first = challenge((yield f"n,,{bare}".encode())).decode("utf-8", "replace")
    said = dict(part.split("=", 1) for part in first.split(",") if "=" in part)
    if "e" in said:  # RFC 5802 section 7; what it then says by its reply is the verdict
        yield b""
        raise Failure(Cause.CREDENTIALS, _NOT_SHOWN)
    rounds = said.get("i", "")
    if "m" in said:  # section 5.1: an extension that one has to know
        raise Failure(Cause.PROTOCOL, "AUTH: the server's SCRAM-SHA-256 has an extension that is not known here")
    if not (said.get("r", "").startswith(nonce) and said.get("s") and _ROUNDS.fullmatch(rounds)):
        raise Failure(Cause.PROTOCOL, "AUTH: the server's challenge is not one of SCRAM-SHA-256")
    if int(rounds) > _MOST_ROUNDS:
        message = f"AUTH: the server's SCRAM-SHA-256 wants {rounds} rounds, and at most {_MOST_ROUNDS} are done here"
        raise Failure(Cause.PROTOCOL, message)
    salted = hashlib.pbkdf2_hmac("sha256", login.password.encode(), challenge(said.get("s", "")), int(rounds))
    client, server = (hmac.digest(salted, key, "sha256") for key in (b"Client Key", b"Server Key"))
    last = f"c=biws,r={said['r']}"
    signed = f"{bare},{first},{last}".encode()
    proof = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
    shown_proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, proof, strict=True))).decode()
    final = challenge((yield f"{last},p={shown_proof}".encode())).decode("utf-8", "replace")
    if final.startswith("e="):  # the server says why it will refuse (RFC 5802 section 7), and then does, by its 535
        yield b""
    expected = base64.b64encode(hmac.digest(server, signed, "sha256")).decode()
    shown_verifier = final.partition(",")[0]  # an extension may stand behind it
    if not hmac.compare_digest(shown_verifier.encode(), f"v={expected}".encode()):
        raise Failure(Cause.CREDENTIALS, _NOT_SHOWN)
    yield b""


_NOT_SHOWN = "AUTH SCRAM-SHA-256: the server has not shown that it knows the password"
_ROUNDS = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_MOST_ROUNDS = 200_000
"""More would hold up the loop for longer than a tenth of a second; servers ask for 4096 to 15 000."""

MECHANISMS = (
    Mechanism("PLAIN", _plain, client_first=True),
    Mechanism("LOGIN", _login),
    Mechanism("CRAM-MD5", _cram_md5),
)
"""Best first.

A run tries once, so the best mechanism tests the password and nothing else.  Every server must support PLAIN over TLS
(RFC 4954 section 4); LOGIN sends the same in another form.  CRAM-MD5 comes last: it hides the password from a server
that, behind verified TLS, is the right one.  And servers that keep passwords hashed still offer it (Cyrus SASL does),
and then reply 535 to the right password.
"""

ASKED_FOR = (
    Mechanism("SCRAM-SHA-256", _scram_sha_256, client_first=True, mutual=True),
    Mechanism("XOAUTH2", _xoauth2, client_first=True),
    Mechanism("OAUTHBEARER", _oauthbearer, client_first=True),
)
"""Those that are used only where ``Mechanism`` names them."""
WITH_TOKEN = ("XOAUTH2", "OAUTHBEARER")
"""Those by which a token logs in."""


def named(name: str) -> Mechanism | None:
    """The mechanism of that name, in any case."""
    return next((m for m in (*MECHANISMS, *ASKED_FOR) if m.name == name.upper()), None)


def best(offered: Iterable[str], wanted: str | None = None, hide: Hide = as_it_is) -> Mechanism:
    """The best mechanism that both sides can do, or the one *wanted*; raises Failure (credentials) if there is none."""
    names = [name.upper() for name in offered]
    ours = list(MECHANISMS) if wanted is None else [m for m in [named(wanted)] if m is not None]
    for mechanism in ours:
        if mechanism.name in names:
            return mechanism
    said = f"the server offers {shown(hide(', '.join(names)))}" if names else "the server offers no AUTH"
    asked = ", ".join(m.name for m in ours) or wanted
    whose = "Mechanism is" if wanted is not None else "supported:"
    raise Failure(Cause.CREDENTIALS, f"no common mechanism: {said}; {whose} {asked}")


def encoded(response: bytes) -> bytes:
    """A response as it goes over the wire."""
    return base64.b64encode(response)


def challenge(text: str) -> bytes:
    """The challenge in a 334's text; raises Failure (protocol)."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Failure(Cause.PROTOCOL, "AUTH: the server's challenge is not Base64") from None
