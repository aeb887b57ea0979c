"""Through a proxy: plain requests in absolute form, TLS through a tunnel, and what a refusing proxy is called."""

from __future__ import annotations

import asyncio
import select
import socket
import socketserver
import ssl
import threading
from pathlib import Path
from typing import Self

import trustme

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Observation, Phase
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from tests.helpers.examples import HUNG
from tests.helpers.faults import FaultySite


class Proxy:
    """A forward proxy for one site's port, on a free port; remembers what it was asked for."""

    def __init__(self, to: int, *, refuse: bool = False) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += self.request.recv(1)
                line = head.split(b"\r\n")[0].decode("ascii")
                asked.append(line)
                if refuse:
                    self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    return
                with socket.create_connection(("127.0.0.1", to)) as upstream:
                    if line.startswith("CONNECT"):
                        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    else:
                        upstream.sendall(head.replace(b"http://shop.example", b"", 1))
                    _pump(self.request, upstream)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side has had enough."""
    peers = {one: other, other: one}
    while True:
        for ready in select.select(list(peers), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            peers[ready].sendall(data)


def through(proxy: Proxy, folder: Path, url: str, ca_cert: str | None = None) -> Observation:
    """One replay of a visit to *url* through *proxy*."""
    file = folder / "visit.feature"
    file.write_text(f'Feature: visit\n  Scenario: visit\n    When I go to "{url}"\n    Then I should see "Welcome"\n')
    loaded = load("visit", Settings((str(file),), proxy=proxy.address, ca_cert=ca_cert), BlockSettings(timeout=HUNG))
    return asyncio.run(observe(loaded.jobs[0]))


def test_plain(tmp_path: Path) -> None:
    """A plain request is handed to the proxy with the whole address; the host is never looked up here."""
    with FaultySite() as site, Proxy(site.port) as proxy:
        observed = through(proxy, tmp_path, "http://shop.example/fine")

    assert (observed.message, observed.passed) == ("", True)
    assert proxy.asked == ["GET http://shop.example/fine HTTP/1.1"]


def test_tunnel(tmp_path: Path) -> None:
    """TLS goes through a tunnel; asking for it is part of connecting, and the certificate is the site's."""
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("shop.example").configure_cert(context)
    store = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(store))
    with FaultySite(context) as site, Proxy(site.port) as proxy:
        observed = through(proxy, tmp_path, "https://shop.example/fine", str(store))

    assert (observed.message, observed.passed) == ("", True)
    assert proxy.asked == ["CONNECT shop.example:443 HTTP/1.1"]
    assert set(observed.steps[0].phases) >= {Phase.CONNECT, Phase.TLS, Phase.PROCESSING}
    assert [r.type_instance for r in observed.readings] == ["certificate_days_left-shop_example"]


def test_refused(tmp_path: Path) -> None:
    """A proxy that refuses the tunnel has not connected us."""
    with Proxy(0, refuse=True) as proxy:
        observed = through(proxy, tmp_path, "https://shop.example/fine")

    proxied = f"proxy {proxy.address.removeprefix('http://')}"
    assert (observed.cause, observed.message) == (Cause.CONNECT, f"{proxied}: 403 Forbidden")
