"""Who is asked: nginx, plain and with TLS, and a server that lets its answers wait.  Each sends a page of 8 KiB."""

from __future__ import annotations

import http.client
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from benchmarks import delaying as delaying_server
from benchmarks.tools import TOOLS, running, wait_for

PAGE = (
    b'<!DOCTYPE html><title>Page</title><p><a href="?next">Next</a> <a href="?last">Last</a>'
    + b"All work and no play. " * 366  # 8 KiB
)


LARGE_PAGE = b"<!DOCTYPE html><title>Large</title>" + b'<p>All <b>work</b> and no <a href="?play">play</a>.' * 21_000
"""A megabyte, with a tag for every dozen of characters."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where to ask.  With TLS the certificate is vouched for by `authority`."""

    port: int
    authority: Path | None = None

    def url(self, path: str) -> str:
        """The address of *path*: a numeric one, so that no name is looked up."""
        return f"http{'s' if self.authority else ''}://127.0.0.1:{self.port}{path}"


def authority(folder: Path) -> Path:
    """Who vouches for the nginx of *folder*."""
    return folder / "ca.pem"


@contextmanager
def nginx(folder: Path, port: int, tls_port: int | None = None, *, log: bool = False) -> Iterator[None]:
    """An nginx that answers `PAGE` for every path; connections are closed after each answer below ``/once``.

    Below ``/changing`` no two answers are the same: a comment at the end holds the request's own number.

    With TLS it speaks 1.2 and no session can be taken up again: handshakes are full, records say in clear what sort
    they are, and the only application data from the server is the answer (1.3 hides its tickets among it).  *log*: it
    notes who asked for what, for `logged`.
    """
    (folder / "page.html").write_bytes(PAGE)
    (folder / "changing.html").write_bytes(PAGE + b'<!-- <!--# echo var="request_id" --> -->')
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    tls = "" if tls_port is None else f"listen 127.0.0.1:{tls_port} ssl backlog=4096; {_certificate(folder)}"
    access = (
        f"log_format ports '$remote_port $request_uri'; access_log {folder}/access.log ports;"
        if log
        else "access_log off;"
    )
    folder.chmod(0o755)  # nginx's worker is somebody else
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1; worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  {access} default_type text/html; {" ".join(f"{name}_temp_path {folder}/{name};" for name in temporary)}
  server {{
    listen 127.0.0.1:{port} backlog=4096; {tls} root {folder};
    location / {{ try_files /page.html =404; }}
    location /once {{ keepalive_timeout 0; try_files /page.html =404; }}
    location /changing {{ ssi on; try_files /changing.html =404; }}
    location = /status {{ stub_status; access_log off; }}
  }}
}}
""")
    command = (TOOLS / "usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log")
    with running(command, folder / "nginx.out"):
        wait_for(port)
        yield


def _certificate(folder: Path) -> str:
    ca = trustme.CA()
    certificate = ca.issue_cert("127.0.0.1")
    ca.cert_pem.write_to_path(str(authority(folder)))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return (
        f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; "
        "ssl_protocols TLSv1.2; ssl_session_cache off; ssl_session_tickets off;"
    )


def logged(folder: Path) -> dict[int, list[str]]:
    """Client's port → the paths that nginx was asked for from there, in order."""
    found: dict[int, list[str]] = defaultdict(list)
    for line in (folder / "access.log").read_text().splitlines():
        port, _, path = line.partition(" ")
        found[int(port)].append(path)
    return found


def pages_served(port: int) -> int:
    """How many requests nginx has answered, each call of this among them."""
    return int(get(port, "/status").split()[9])


def get(port: int, path: str) -> str:
    """The text at *path*, from a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@contextmanager
def delaying(folder: Path, port: int, milliseconds: int, page: bytes = PAGE) -> Iterator[None]:
    """A server, in a process of its own, that adds so many *milliseconds* before it answers *page*."""
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_bytes(page)
    command = (sys.executable, delaying_server.__file__, str(port), str(milliseconds), folder / "page.html")
    with running(command, folder / "delaying.out"):
        wait_for(port)
        yield
