"""A small mail server as machines have it that send all their mail through one: STARTTLS, a login, nothing delivered.

For a while it refuses the right password (535), and its certificate is about to end.  Only the standard library speaks
SMTP here, so that it says nothing about the plugin's own.  The CA is one that it makes itself.
"""

from __future__ import annotations

import base64
import contextlib
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from demo.authority import Authority, pem
from demo.site import Outage

NAME = "smarthost.example"
USER, PASSWORD = "leaf", "correct horse battery staple"
CA_FILE = "ca.crt"
DAYS_LEFT = 5.1
REFUSAL = Outage(length=8, period=40, first=16)
"""When the password is refused."""

_PATIENCE = 30.0
_TAKES = {"AUTH": 0.040}
"""Seconds that a command takes: whoever keeps passwords hashed has to compute for a while."""
_CREDENTIALS = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
"""After AUTH PLAIN: authorisation identity (none), user, password (RFC 4616 section 2)."""

_REPLIES = {
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class Dialogue:
    """What the server says, without its sockets: a command goes in, the lines of the reply come out."""

    def __init__(self) -> None:
        self.secure = False
        self.authenticated = False

    def greeting(self) -> str:
        """What is said before anything is asked."""
        return f"220 {NAME} ESMTP"

    def reply(self, line: str, *, refusing: bool) -> Iterator[str]:
        """The reply to the command *line*; *refusing*: no password is good enough now."""
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                yield f"250-{NAME}"
                yield "250 AUTH PLAIN" if self.secure else "250 STARTTLS"
            case "STARTTLS" if not self.secure:
                yield "220 2.0.0 ready to start TLS"
            case "AUTH" if self.secure:
                yield self._log_in(rest, refusing=refusing)
            case "MAIL" | "RCPT" if not self.authenticated:
                yield "530 5.7.0 authentication required"
            case known if known in _REPLIES:
                yield _REPLIES[known]
            case _:
                yield "500 5.5.1 command not recognised"

    def _log_in(self, rest: str, *, refusing: bool) -> str:
        self.authenticated = rest == f"PLAIN {_CREDENTIALS}" and not refusing
        return "235 2.7.0 welcome" if self.authenticated else "535 5.7.8 authentication failed"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext, refusal: Outage) -> None:
        super().__init__(address, _Handler)
        self.tls, self._refusal = tls, refusal
        self._started = time.monotonic()

    @property
    def refusing(self) -> bool:
        """Whether passwords are refused now."""
        return self._refusal.down(time.monotonic() - self._started)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.request.settimeout(_PATIENCE)
        with contextlib.suppress(OSError):  # a client that hangs up early is none of the server's business
            self._converse(Dialogue())

    def _converse(self, dialogue: Dialogue) -> None:
        self._say([dialogue.greeting()])
        while line := self._hear():
            time.sleep(_TAKES.get(line.partition(" ")[0].upper(), 0.0))
            replies = list(dialogue.reply(line, refusing=self.server.refusing))
            self._say(replies)
            if line.upper() == "STARTTLS" and replies[0].startswith("220"):
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                dialogue.secure = True
            if line.upper() == "QUIT":
                return

    def _hear(self) -> str:
        """One line.  What comes behind STARTTLS belongs to TLS: so no more is taken than is asked for."""
        heard = b""
        while not heard.endswith(b"\n") and len(heard) < 512:
            octet = self.request.recv(1)
            if not octet:
                return ""
            heard += octet
        return heard.decode("ascii", "replace").strip()

    def _say(self, lines: list[str]) -> None:
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    def finish(self) -> None:
        """Close what TLS was put around."""
        self.request.close()


class Smarthost:
    """The server on a port of its own: ``with Smarthost(folder) as smarthost: smarthost.port``.

    ``ca`` is the file with the CA to believe.  It is written into *folder*, beside the server's certificate and key.
    """

    def __init__(self, folder: Path, *, refusal: Outage = REFUSAL) -> None:
        authority = Authority.made()
        self.ca = folder / CA_FILE
        self.ca.write_bytes(pem(authority.certificate))
        keys = folder / "smarthost.pem"
        keys.touch(mode=0o600)
        keys.write_bytes(authority.issue(NAME, days=DAYS_LEFT))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(keys)
        self._server = _Server(("127.0.0.1", 0), tls, refusal)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Smarthost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
