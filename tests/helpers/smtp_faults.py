"""Smarthosts of which each goes wrong in its own way, and some that only look as if they did: `FAULTS`.

The tests run one at a time (`serving`).  As a program it serves them all, each on a port of its own of 127.0.0.1, for
whatever else checks a smarthost; it stops when its standard input ends::

    python -m tests.helpers.smtp_faults FOLDER    # makes certificates there; prints {FAULT: {"port": …, "ca": …}, …}

Everything blocks and has a thread, since asyncio's servers send no TLS alerts.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import hmac
import json
import re
import socket
import ssl
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.helpers.certificates import Files, Kind, make, server_context

USER, PASSWORD = "leaf", "s3cret:pass^w;o,r$d"
"""Who may log in, at every one of them; the password has all that means something to Exim."""

Act = Callable[["Client"], None]
Answer = bytes | Act
"""What to say at a point of the dialogue, or what else to do there."""


class Listens(Enum):
    """What becomes of a connection."""

    YES = "yes"
    REFUSES = "refuses"
    DROPS = "drops"
    """As behind a filter: SYN is never answered."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server speaks TLS."""

    kind: Kind = Kind.GOOD
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    ciphers: str = ""
    wants_client: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What a server does otherwise than a good one (`GOOD`), by points of the dialogue."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    tls: Tls = Tls()
    listens: Listens = Listens.YES
    sound: bool = False
    """Whether mail gets out all the same: who says "down" is wrong."""
    implicit: bool = True
    """Whether there is such a thing with TLS on connect."""


class _Gone(Exception):
    """This end closes the connection."""


class Client:
    """One connection to a server."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock, self.server = sock, server
        self.encrypted = self.known = False
        self.line = ""
        self._buffer = b""

    def say(self, data: bytes) -> None:
        """Send all of *data*."""
        self.sock.sendall(data)

    def listen(self) -> str:
        """The next line, without its end; "" when the client has gone."""
        while b"\n" not in self._buffer and (data := self.sock.recv(2**16)):
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def ask(self, challenge: bytes) -> bytes:
        """One exchange of AUTH: a challenge and its answer, both without Base64; b"" for what is none."""
        self.say(b"334 " + base64.b64encode(challenge) + b"\r\n")
        return _plain(self.listen())

    def serve(self) -> None:
        """The whole dialogue."""
        if self.server.implicit:
            self._secure()
        self._answer("banner")
        while line := self.listen():
            self.line = line
            verb = line.partition(" ")[0].upper()
            self.server.said.append(f"{verb}{'' if self.encrypted else ', in clear'}")
            self._answer(self._point(verb))
            if verb == "STARTTLS" and self.server.goes_ahead:
                self._secure()
            if verb == "QUIT":
                return

    def finish(self, point: str) -> None:
        """Say what there is to say at this *point*."""
        self._answer(point)

    def _point(self, verb: str) -> str:
        if verb == "EHLO" and self.encrypted:
            # With TLS on connect the only EHLO is the first.
            return "EHLO" if self.server.implicit and "EHLO" in self.server.fault.answers else "EHLO, encrypted"
        return f"{verb}, stranger" if not self.known and f"{verb}, stranger" in GOOD else verb

    def _answer(self, point: str) -> None:
        answer = self.server.answers.get(point, b"500 5.5.1 what?\r\n")
        if isinstance(answer, bytes):
            self.say(answer)
        else:
            answer(self)

    def _secure(self) -> None:
        if "TLS" in self.server.fault.answers:
            self.sock.recv(2**16)  # what is unread when this end closes would make it a reset
            self._answer("TLS")
        # Who ends the server must find the socket here, also in the middle of a handshake.
        self.sock = secured = self.server.tls.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        secured.do_handshake()
        self.encrypted = True

    def linger(self) -> None:
        """Close when the other end has: what it said meanwhile would make it a reset, which may overtake an alert."""
        self.sock.shutdown(socket.SHUT_WR)
        while self.sock.recv(2**16):
            pass


@dataclass
class Server:
    """A running one; ``said``: the verbs that it was told, by all that have come."""

    fault: Fault
    tls: ssl.SSLContext
    ca: str
    implicit: bool = False
    pace: float = 1.0
    port: int = 0
    said: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    """Whether somebody waits for it in vain."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What it says where."""
        return {**GOOD, **self.fault.answers}

    @property
    def goes_ahead(self) -> bool:
        """Whether TLS follows STARTTLS."""
        said = self.answers["STARTTLS"]
        return isinstance(said, bytes) and said.startswith(b"220")

    @property
    def mechanisms(self) -> list[str]:
        """What it offers once there is TLS."""
        said = self.answers["EHLO, encrypted"]
        found = re.search(rb"^250[ -]AUTH (.*)\r$", said, re.MULTILINE) if isinstance(said, bytes) else None
        return found[1].decode().split() if found else []


@contextmanager
def serving(
    name: str, folder: Path, *, implicit: bool = False, pace: float = 1.0, shown: Files | None = None
) -> Iterator[Server]:
    """The server of `FAULTS` called *name*, on a free port of 127.0.0.1, with a certificate in *folder*, or *shown*.

    With ``pace=0.1`` it is late by a tenth of what it would be.
    """
    fault = FAULTS[name]
    shown = shown or files(fault.tls.kind, folder)
    server = Server(fault, _context(fault.tls, shown), str(shown.ca), implicit, pace)
    with _LISTENING[fault.listens](server) as server.port:
        yield server


files = functools.cache(make)
"""The files of a kind of certificate, made once a folder."""


def _context(tls: Tls, shown: Files) -> ssl.SSLContext:
    context = server_context(shown)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python says that nobody should
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = tls.newest
    if tls.ciphers:
        context.set_ciphers(f"{tls.ciphers}:@SECLEVEL=0")
    if tls.wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(shown.ca)
    return context


@contextmanager
def _listening(server: Server) -> Iterator[int]:
    """Accept, and give every connection a thread; at the end all of them end."""
    threads: list[threading.Thread] = []
    clients: list[Client] = []

    def serve(client: Client) -> None:
        # The peer may have gone at any point; SSLError is an OSError.
        with client.sock, contextlib.suppress(OSError, _Gone):
            try:
                client.serve()
            except ssl.SSLError:
                client.linger()
        client.sock.close()

    def accept() -> None:
        while not server.ending.is_set():
            connection, _ = listening.accept()
            clients.append(Client(connection, server))
            threads.append(threading.Thread(target=serve, args=(clients[-1],)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        port = listening.getsockname()[1]
        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield port
        finally:
            server.ending.set()
            socket.create_connection(("127.0.0.1", port)).close()  # wakes the one who accepts
            threads[0].join()
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sock.shutdown(socket.SHUT_RDWR)
            for thread in threads[1:]:
                thread.join()


@contextmanager
def _refusing(server: Server) -> Iterator[int]:
    """Nobody listens at this port, and nobody else gets it meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def _dropping(server: Server) -> Iterator[int]:
    """A queue of one that is full: the kernel drops every further SYN (tcp(7): tcp_abort_on_overflow is off)."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            yield port


_LISTENING = {Listens.YES: _listening, Listens.REFUSES: _refusing, Listens.DROPS: _dropping}


# What may be done at a point.


def hang(client: Client) -> None:
    """Say nothing until the other end has gone."""
    client.server.hanging.set()
    while client.sock.recv(2**16):
        pass
    raise _Gone


def drop(client: Client) -> None:
    """Close."""
    raise _Gone


def then(said: bytes, act: Act) -> Act:
    """Say this first."""

    def do(client: Client) -> None:
        client.say(said)
        act(client)

    return do


def late(seconds: float, said: bytes) -> Act:
    """Say this, but not yet."""

    def do(client: Client) -> None:
        client.server.ending.wait(seconds * client.server.pace)
        client.say(said)

    return do


def endless(said: bytes) -> Act:
    """Say this again and again, as fast as it is taken."""

    def do(client: Client) -> None:
        much = said * (2**16 // len(said))
        while True:
            client.say(much)

    return do


def trickle(seconds: float, said: bytes) -> Act:
    """Say this a byte at a time, for ever."""

    def do(client: Client) -> None:
        client.server.hanging.set()
        while not client.server.ending.is_set():
            for byte in said:
                client.say(bytes([byte]))
                client.server.ending.wait(seconds * client.server.pace)

    return do


def authenticate(client: Client) -> None:
    """Take user and password by the mechanism that the client has chosen, and check them (RFC 4954)."""
    _, mechanism, initial, *_ = [*client.line.split(), "", ""]
    if mechanism.upper() not in client.server.mechanisms or mechanism.upper() not in _MECHANISMS:
        client.finish("another mechanism")
        return
    client.known = _MECHANISMS[mechanism.upper()](client, _plain(initial))
    client.finish("credentials" if client.known else "wrong credentials")


def _by_plain(client: Client, initial: bytes) -> bool:
    return (initial or client.ask(b"")).split(b"\0")[1:] == [USER.encode(), PASSWORD.encode()]


def _by_login(client: Client, initial: bytes) -> bool:
    user = initial or client.ask(b"Username:")
    return (user, client.ask(b"Password:")) == (USER.encode(), PASSWORD.encode())


def _by_cram_md5(client: Client, initial: bytes) -> bool:
    challenge = b"<1896.697170952@smarthost.test>"
    digest = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
    return client.ask(challenge) == f"{USER} {digest}".encode()


_MECHANISMS = {"PLAIN": _by_plain, "LOGIN": _by_login, "CRAM-MD5": _by_cram_md5}


def _plain(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


# Who says what.


def _offering(keyword: bytes) -> bytes:
    return b"250-smarthost.test Hello\r\n250-SIZE 52428800\r\n" + keyword + b"250 HELP\r\n"


GOOD: Mapping[str, Answer] = {
    "banner": b"220 smarthost.test ESMTP\r\n",
    "EHLO": _offering(b"250-STARTTLS\r\n"),
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "EHLO, encrypted": _offering(b"250-AUTH PLAIN LOGIN CRAM-MD5\r\n"),
    "AUTH": authenticate,
    "credentials": b"235 2.7.0 welcome\r\n",
    "another mechanism": b"504 5.5.4 Unrecognized authentication type\r\n",
    "wrong credentials": b"535 5.7.8 Incorrect authentication data\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "MAIL, stranger": b"530 5.7.0 Authentication required\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "RCPT, stranger": b"503 5.5.1 MAIL first\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
"""What a good server says.  Of ``VERB, stranger`` it is said to who has not logged in."""

_ALERT = b"\x15\x03\x03\x00\x02\x02\x50"
"""A TLS record: the fatal alert internal_error (RFC 8446 section 6)."""


def _with_certificate(kind: Kind, *, sound: bool = False) -> Fault:
    return Fault(tls=Tls(kind), sound=sound)


FAULTS: Mapping[str, Fault] = {
    "nothing": Fault(sound=True),
    # Connecting.
    "connection refused": Fault(listens=Listens.REFUSES),
    "filtered": Fault(listens=Listens.DROPS),
    # The banner.
    "banner 3 s late": Fault({"banner": late(3.0, b"220 smarthost.test ESMTP\r\n")}, sound=True),
    "banner never": Fault({"banner": hang}),
    "banner 421": Fault({"banner": then(b"421 4.3.2 Too many connections\r\n", drop)}),
    "banner 554": Fault({"banner": b"554 5.7.1 No SMTP service here\r\n"}),
    "banner binary": Fault({"banner": then(b"J\0\0\0\n5.5.5-10.11.4-MariaDB\0\xff\xf7", hang)}),
    "banner HTTP": Fault({"banner": then(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", drop)}),
    "banner a line of 200 kB": Fault({"banner": b"220 " + b"x" * 200_000 + b"\r\n"}),
    "banner endless": Fault({"banner": then(b"220 ", endless(b"x"))}),
    "banner multi-line": Fault({"banner": b"220-smarthost.test\r\n220-No spam.\r\n220 ESMTP\r\n"}, sound=True),
    "banner LF only": Fault({"banner": b"220 smarthost.test ESMTP\n"}, sound=True),
    "closed before banner": Fault({"banner": drop}),
    # EHLO.
    "EHLO 500": Fault({"EHLO": b"500 5.5.1 Command unrecognized\r\n"}),
    "EHLO 421": Fault({"EHLO": then(b"421 4.3.2 Shutting down\r\n", drop)}),
    "EHLO endless 250-": Fault({"EHLO": endless(b"250-SIZE 52428800\r\n")}),
    "EHLO 1 byte per 0.4 s": Fault({"EHLO": trickle(0.4, b"250-SIZE 52428800\r\n")}),
    "EHLO never answered": Fault({"EHLO": hang}),
    "EHLO closed": Fault({"EHLO": drop}),
    "EHLO mixed reply codes": Fault({"EHLO": b"250-smarthost.test Hello\r\n220-STARTTLS\r\n250 HELP\r\n"}),
    # STARTTLS.
    "STARTTLS stripped": Fault({"EHLO": _offering(b"")}, implicit=False),
    "STARTTLS stripped, AUTH in clear": Fault({"EHLO": _offering(b"250-AUTH PLAIN LOGIN\r\n")}, implicit=False),
    "STARTTLS in lower case": Fault({"EHLO": _offering(b"250-starttls\r\n")}, sound=True, implicit=False),
    "STARTTLS 454": Fault({"STARTTLS": b"454 4.7.0 TLS not available\r\n"}, implicit=False),
    "STARTTLS 500": Fault({"STARTTLS": b"500 5.5.1 Command unrecognized\r\n"}, implicit=False),
    "STARTTLS with plaintext injected": Fault(
        {"STARTTLS": b"220 2.0.0 go ahead\r\n250 AUTH PLAIN LOGIN\r\n"}, implicit=False
    ),
    "AUTH offered before TLS": Fault(
        {"EHLO": _offering(b"250-AUTH PLAIN LOGIN\r\n250-STARTTLS\r\n")}, sound=True, implicit=False
    ),
    # TLS.
    "TLS alert": Fault({"TLS": then(_ALERT, drop)}),
    "TLS garbage": Fault({"TLS": then(b"454 4.7.0 TLS not available\r\n", drop)}),
    "TLS dropped": Fault({"TLS": drop}),
    "TLS hangs": Fault({"TLS": hang}),
    "TLS 1.0 only": Fault(tls=Tls(newest=ssl.TLSVersion.TLSv1)),
    "TLS 1.1 only": Fault(tls=Tls(newest=ssl.TLSVersion.TLSv1_1)),
    "TLS 1.2, CBC-SHA only": Fault(tls=Tls(newest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA")),
    "client certificate wanted, TLS 1.2": Fault(tls=Tls(newest=ssl.TLSVersion.TLSv1_2, wants_client=True)),
    "client certificate wanted, TLS 1.3": Fault(tls=Tls(wants_client=True)),
    # Certificates.
    "certificate expired": _with_certificate(Kind.EXPIRED),
    "certificate expiring": _with_certificate(Kind.EXPIRING, sound=True),
    "certificate not yet valid": _with_certificate(Kind.NOT_YET_VALID),
    "certificate for another name": _with_certificate(Kind.WRONG_NAME),
    "certificate with a CN only": _with_certificate(Kind.COMMON_NAME_ONLY),
    "certificate for a whole TLD": _with_certificate(Kind.WILDCARD),
    "certificate self-signed": _with_certificate(Kind.SELF_SIGNED),
    "certificate of an unknown CA": _with_certificate(Kind.UNKNOWN_CA),
    "certificate of an unknown CA, root sent": _with_certificate(Kind.SELF_SIGNED_ROOT),
    "certificate of an expired CA": _with_certificate(Kind.EXPIRED_CA),
    "certificate without its intermediate": _with_certificate(Kind.MISSING_INTERMEDIATE),
    "certificate for clients only": _with_certificate(Kind.CLIENT_PURPOSE),
    "certificate with RSA 1024": _with_certificate(Kind.RSA_1024),
    "certificate signed with SHA-1": _with_certificate(Kind.SHA1),
    # AUTH.
    "AUTH not offered": Fault({"EHLO, encrypted": _offering(b"")}),
    "AUTH GSSAPI only": Fault({"EHLO, encrypted": _offering(b"250-AUTH GSSAPI\r\n")}),
    "AUTH PLAIN only": Fault({"EHLO, encrypted": _offering(b"250-AUTH PLAIN\r\n")}, sound=True),
    "AUTH LOGIN only": Fault({"EHLO, encrypted": _offering(b"250-AUTH LOGIN\r\n")}, sound=True),
    "AUTH CRAM-MD5 only": Fault({"EHLO, encrypted": _offering(b"250-AUTH CRAM-MD5\r\n")}, sound=True),
    "AUTH 535": Fault({"credentials": b"535 5.7.8 Incorrect authentication data\r\n"}),
    "AUTH 454": Fault({"credentials": b"454 4.7.0 Temporary authentication failure\r\n"}),
    "AUTH 534": Fault({"AUTH": b"534 5.7.9 Authentication mechanism is too weak\r\n"}),
    "AUTH 538": Fault({"AUTH": b"538 5.7.11 Encryption required\r\n"}),
    "AUTH 421": Fault({"credentials": then(b"421 4.7.0 Too many errors\r\n", drop)}),
    "AUTH dropped": Fault({"credentials": drop}),
    "AUTH hangs": Fault({"credentials": hang}),
    # Relaying.
    "MAIL 530": Fault({"MAIL": b"530 5.7.0 Authentication required\r\n"}),
    "MAIL 550": Fault({"MAIL": b"550 5.7.1 Sender rejected\r\n"}),
    "RCPT 550": Fault({"RCPT": b"550 5.7.1 Relaying denied\r\n"}),
    "RCPT 451": Fault({"RCPT": b"451 4.7.1 Greylisted, please try again later\r\n"}),
    "RCPT 452": Fault({"RCPT": b"452 4.3.1 Insufficient system storage\r\n"}),
    "relays without AUTH": Fault({"MAIL, stranger": b"250 2.1.0 ok\r\n", "RCPT, stranger": b"250 2.1.5 ok\r\n"}),
    # QUIT.
    "QUIT dropped": Fault({"QUIT": drop}, sound=True),
    "QUIT hangs": Fault({"QUIT": hang}, sound=True),
    "QUIT 500": Fault({"QUIT": b"500 5.5.1 Command unrecognized\r\n"}, sound=True),
}
"""Everything that was seen to go wrong, by name; the first is a good server."""


def main(folder: str) -> None:
    """Serve all of them until standard input ends."""
    with ExitStack() as stack:
        running = {name: stack.enter_context(serving(name, Path(folder))) for name in FAULTS}
        print(json.dumps({name: {"port": one.port, "ca": one.ca} for name, one in running.items()}), flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
