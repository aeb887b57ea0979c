"""Runs in a real browser from ``.tools/``, against sites whose pages are written in the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from collectd_inode.chromium import keeper
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Observation
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from demo import unpacked
from tests.helpers.examples import HUNG, write_feature

T = TypeVar("T")

PROGRAM = unpacked.TOOLS / "browser" / "bin" / "chromium-headless-shell"


def program() -> str:
    """The browser's path; raises FileNotFoundError with the mend."""
    unpacked.command("browser", "chromium-headless-shell")
    return str(PROGRAM)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, its path with the query, its headers in lower case, its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; ``after`` is waited for before it is sent."""

    body: str | bytes = ""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    after: threading.Event | None = None
    delay: float = 0.0


Page = str | Said | Callable[[Asked], "str | Said"]


@dataclass(slots=True)
class Site:
    """Pages by their path, and what was asked."""

    pages: dict[str, Page]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """Method and path of each request, but for the icon."""
        return [f"{one.method} {one.path}" for one in self.asked if one.path != "/favicon.ico"]


@contextmanager
def site(pages: Mapping[str, Page], context: Any = None) -> Iterator[Site]:
    """A server on a free port of 127.0.0.1; what it does not know is 404.  *context* is for TLS."""
    made = Site(dict(pages))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _handler(made: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            made.asked.append(asked)
            page = made.pages.get(self.path) or made.pages.get(self.path.partition("?")[0]) or Said("none", 404)
            answer = page(asked) if callable(page) else page
            self._send(Said(answer) if isinstance(answer, str) else answer)

        do_POST = do_GET  # noqa: N815  # http.server's name

        def _send(self, answer: Said) -> None:
            if answer.after is not None:
                answer.after.wait(HUNG)
            threading.Event().wait(answer.delay)
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a page that is left waits for nothing
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def browsed(folder: Path, steps: str, url: str | None = None, *, times: int = 1, **settings: Any) -> list[Observation]:
    """What comes of *steps* in a browser, several times in the same one."""
    feature = write_feature(folder, steps)
    common = BlockSettings(interval=HUNG, timeout=settings.pop("timeout", HUNG))
    said = {"base_url": url, "browser_path": program(), "wait_for": HUNG / 4, **settings}
    loaded = load("web", Settings((str(feature),), engine="chromium", **said), common)
    assert loaded.problems == ()

    async def main() -> list[Observation]:
        return [await observe(job, attended=True) for _ in range(times) for job in loaded.jobs]

    return workers.run(browsing(main()))


async def browsing(work: Coroutine[Any, Any, T]) -> T:
    """Do *work*; no browser is left after it."""
    try:
        return await work
    finally:
        keeper.end_all()


def browsed_once(folder: Path, steps: str, url: str | None = None, **settings: Any) -> Observation:
    """The same for one run of one scenario."""
    (observation,) = browsed(folder, steps, url, **settings)
    return observation


def readings(observation: Observation) -> dict[str, float]:
    """The readings by their names."""
    return {f"{one.type}-{one.type_instance}": one.value for one in observation.readings}


def warned(observation: Observation) -> list[tuple[str, str]]:
    """Codes and sentences."""
    return [(warning.code, warning.message) for warning in observation.warnings]
