"""A single-page application with its server: what a browser without scripts sees of it is an empty page.

Its source is ``demo/notes/notes.js`` (Vue), its bundle ``demo/notes/dist/notes.js``.  Tests break it on purpose.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from collectd_inode import cli
from demo.browser import UNPACKED
from demo.site import Outage

USER, PASSWORD = "monitor", "open sesame"
FOLDER = Path(__file__).with_name("notes")
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css"}
BUNDLE = "/dist/notes.js"
_FILES = ("/notes.css", BUNDLE)


@dataclass(slots=True)
class Faults:
    """What is out of order: paths that answer with a status, what is put into the page, what is told in headers."""

    status: dict[str, int] = field(default_factory=dict)
    page: str = ""
    bundle: str = ""
    """What the bundle's script is instead."""
    delay: float = 0.0
    """Seconds that each answer of the API takes."""


@dataclass(slots=True)
class NotesSite:
    """The application on a free port of 127.0.0.1, as long as the ``with`` lasts."""

    faults: Faults = field(default_factory=Faults)
    notes: list[dict[str, Any]] = field(default_factory=lambda: [{"id": 1, "text": "Buy milk"}])
    asked: list[str] = field(default_factory=list)
    outage: Outage | None = None
    """When its script is gone."""
    _started: float = field(default_factory=time.monotonic)
    _server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1]) if self._server is not None else 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> NotesSite:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def file(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and content of a file, or of the page, which every other address shows."""
        name = path[1:] if path in _FILES else "index.html"
        content = (FOLDER / name).read_bytes()
        if name == "index.html":
            content = content.replace(b"</body>", self.faults.page.encode() + b"</body>")
        if name.endswith(".js"):
            content = self.faults.bundle.encode() or content
        gone = path == BUNDLE and self.outage is not None and self.outage.down(time.monotonic() - self._started)
        return 404 if gone else self.faults.status.get(path, 200), _TYPES[Path(name).suffix], content

    def api(self, method: str, path: str, body: Any, session: bool) -> tuple[int, Any]:
        """Status and answer of the API; None is no content."""
        if path in self.faults.status:
            return self.faults.status[path], {"error": "out of order"}
        match method, path:
            case "POST", "/api/session":
                good = isinstance(body, dict) and (body.get("name"), body.get("password")) == (USER, PASSWORD)
                return (200, {"user": USER}) if good else (403, {"error": "wrong password"})
            case "DELETE", "/api/session":
                return 204, None
            case "GET", "/api/notes" if session:
                return 200, self.notes
            case "POST", "/api/notes" if session:
                note = {"id": len(self.notes) + 1, "text": str(body.get("text", ""))}
                self.notes.append(note)
                return 201, note
        return (404 if session else 401), {"error": "no"}


def _handler(site: NotesSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(f"{self.command} {self.path}")
            path = self.path.partition("?")[0]
            if path.startswith("/api/"):
                self._api(path)
            elif path == "/favicon.ico":
                self._send(204, "image/x-icon", b"")
            else:
                self._send(*site.file(path))

        do_POST = do_DELETE = do_GET  # noqa: N815  # http.server's names

        def _api(self, path: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            said = self.rfile.read(length)
            threading.Event().wait(site.faults.delay)
            status, answer = site.api(
                self.command, path, json.loads(said or b"null"), "session=1" in (self.headers.get("Cookie") or "")
            )
            cookie = {"POST": "session=1; HttpOnly; SameSite=Lax", "DELETE": "session=; Max-Age=0"}.get(self.command)
            told = {"Set-Cookie": cookie} if cookie and path == "/api/session" and status < 400 else {}
            self._send(status, "application/json", b"" if answer is None else json.dumps(answer).encode(), **told)

        def _send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def main() -> int:
    """Replay ``demo/notes.feature`` in both engines: ``python -m demo.notes_site``; the exit status is Chromium's."""
    with NotesSite() as site, tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "password")
        secret.touch(mode=0o600)
        secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
        words = ["run", str(Path(__file__).with_name("notes.feature")), "--base-url", site.url]
        words += ["--secret", f"password={secret}"]
        print("What a browser without scripts sees:\n", flush=True)
        cli.main(words)
        print("\nWhat a visitor sees:\n", flush=True)
        browser = ["--browser-path", str(UNPACKED)] if UNPACKED.exists() else []
        return cli.main([*words, "--engine", "chromium", *browser])


if __name__ == "__main__":
    sys.exit(main())
