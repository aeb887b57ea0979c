"""All that there is to watch, on loopback: a site with TLS that can be broken, an Exim, time servers, a score."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from tests.helpers.chrony import chronyd
from tests.helpers.exim import smarthost
from tests.helpers.ports import free_udp_port

SERVERS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
FEATURE = """Feature: Penguins

  Scenario: Buying a penguin's "egg" (#A)
    When I go to "/"
    And I follow "Penguins"
    Then I should see "1 penguin"
"""
# So long that it comes in several pieces: there is a transfer to be timed.
_PADDING = b"<!--" + b"penguin " * 100_000 + b"-->"


class Site(ThreadingHTTPServer):
    """The site; ``broken`` makes its second page fail."""

    daemon_threads = True
    broken = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.port: int = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is none of the site's business."""


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm the body waits for 40 ms behind its headers.
    disable_nagle_algorithm = True
    server: Site

    def do_GET(self) -> None:
        if self.path == "/penguins" and self.server.broken:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"<h1>Sold out</h1>")
        elif self.path == "/penguins":
            self._answer(HTTPStatus.OK, b"<h1>1 penguin</h1>" + _PADDING)
        elif self.path.startswith("/scores/"):
            history = [{"ts": int(time.time()), "score": 19.5, "step": 1}]
            self._answer(HTTPStatus.OK, json.dumps({"history": history}).encode())
        else:
            self._answer(HTTPStatus.OK, b'<a href="/penguins">Penguins</a>')

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def sites(folder: Path) -> Iterator[tuple[Site, Site]]:
    """The site with TLS, whose certificate's CA is in ``ca.pem``, and the same in plain HTTP."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    secure, plain = Site(), Site()
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    with ExitStack() as ends:
        for site in (secure, plain):
            thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            ends.callback(thread.join)
            ends.callback(site.server_close)
            ends.callback(site.shutdown)
        yield secure, plain


@dataclass(frozen=True, slots=True)
class Watched:
    """What runs, and the configuration that watches it."""

    site: Site
    block: str


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Start it all; every interval is a second."""
    port = free_udp_port()
    with ExitStack() as ends:
        site, plain = ends.enter_context(sites(folder))
        exim = ends.enter_context(smarthost(folder))
        for address in SERVERS:
            ends.enter_context(chronyd("local stratum 5", host=address, port=port))
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(exim.password)
        (folder / "penguins.feature").write_text(FEATURE)
        servers = "\n".join(f'Server "{address}"' for address in SERVERS)
        yield Watched(
            site,
            f"""
    Interval 1
    StateDir "{folder}/state"
    AddressFamily "ipv4"
    <Scenario "shop">
      Feature "{folder}/penguins.feature"
      BaseURL "https://localhost:{site.port}"
      CACert "{folder}/ca.pem"
    </Scenario>
    <Smarthost "relay">
      Server "localhost"
      Port {exim.port}
      CACert "{exim.ca}"
      User "{exim.user}"
      PasswordFile "{password}"
      Sender "monitor@example.org"
      Recipient "postmaster@example.net"
    </Smarthost>
    <NTP "time">
      Interval 1
      {servers}
      Port {port}
      PoolScore true
      PoolServer "127.0.0.1"
      PoolURL "http://127.0.0.1:{plain.port}"
      Margin "s3" 900
    </NTP>
    <Clock "local">
    </Clock>
    <Quorum "shop">
      Job "scenario/shop-buying_a_penguin_s_egg_a"
      MinReporting 1
    </Quorum>
    """,
        )
