"""SASL mechanisms: what is answered to a server that wants to know who we are (RFC 4954).

A mechanism is a row: its name, and a generator that is sent the server's challenges and yields our responses.  A new
one is a function and a row.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from collectd_inode.run import Cause, Failure

Responses = Generator[bytes, str, None]
"""Yields our responses (before Base64), is sent the texts of the server's challenges.

What it yields first is what can be said without a challenge: nothing, unless the mechanism is ``client_first``.
"""


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are; both are sent as UTF-8."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A SASL mechanism.  ``client_first``: its first response needs no challenge and goes with the command itself."""

    name: str
    responses: Callable[[Login], Responses]
    client_first: bool = False


def _plain(login: Login) -> Responses:
    """RFC 4616 section 2; the authorization identity stays empty: whoever logs in is who is meant."""
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


MECHANISMS = (
    Mechanism("PLAIN", _plain, client_first=True),
    Mechanism("LOGIN", _login),
    Mechanism("CRAM-MD5", _cram_md5),
)
"""Best first.

There is one attempt a run, so the best is the one that tests the password and nothing else.  PLAIN is what every server
must be able to do below TLS (RFC 4954 section 4), LOGIN says the same in another way.  CRAM-MD5 comes last: it hides
the password from a server that, behind verified TLS, is the one it belongs to, and servers that keep passwords hashed
offer it all the same (Cyrus SASL does) and then answer 535 to the right one.
"""


def named(name: str) -> Mechanism | None:
    """The mechanism of that name, in any case."""
    return next((m for m in MECHANISMS if m.name == name.upper()), None)


def best(offered: Iterable[str], wanted: str | None = None) -> Mechanism:
    """The best mechanism that both sides can do, or the one *wanted*; raises Failure (credentials) if there is none."""
    names = [name.upper() for name in offered]
    ours = [m for m in MECHANISMS if wanted is None or m.name == wanted.upper()]
    for mechanism in ours:
        if mechanism.name in names:
            return mechanism
    said = f"the server offers {', '.join(names)}" if names else "the server offers no AUTH"
    asked = ", ".join(m.name for m in ours) or wanted
    whose = "Mechanism asks for" if wanted is not None else "we can do"
    raise Failure(Cause.CREDENTIALS, f"no common mechanism: {said}; {whose} {asked}")


def encoded(response: bytes) -> bytes:
    """A response as it goes over the wire."""
    return base64.b64encode(response)


def challenge(text: str) -> bytes:
    """A 334's text as what it stands for; raises Failure (protocol)."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Failure(Cause.PROTOCOL, "AUTH: the server's challenge is not Base64") from None
