"""A small site to replay use-cases against: some pages are quick, one gets slow, one fails for a while.

``python -m demo.site --port-file FILE`` serves until it is told to stop; tests say ``with Site() as site: site.url``.
Only the standard library, so that it says nothing about the plugin's own HTTP.
"""

from __future__ import annotations

import argparse
import html
import math
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "monitor", "open sesame"
FINGERPRINT = "B50F BE3B D49B 3A8A 9CC3 8966 9374 82CD C982 0605"


@dataclass(frozen=True, slots=True)
class Swing:
    """How slow the shop is: from ``fastest`` to ``slowest`` seconds and back, once a period."""

    fastest: float = 0.020
    slowest: float = 0.400
    period: float = 30.0

    def delay(self, age: float) -> float:
        """The seconds that an answer takes, *age* seconds after the start."""
        level = (1 - math.cos(2 * math.pi * age / self.period)) / 2
        return self.fastest + (self.slowest - self.fastest) * level


@dataclass(frozen=True, slots=True)
class Outage:
    """When a server is out of order: first after ``first`` seconds, then once a period, each time so long."""

    length: float = 8.0
    period: float = 24.0
    first: float = 10.0

    def down(self, age: float) -> bool:
        """Whether it is out of order *age* seconds after its start."""
        return age >= self.first and (age - self.first) % self.period < self.length


@dataclass(frozen=True, slots=True)
class Request:
    """What a page needs to know."""

    method: str
    path: str
    cookies: dict[str, str]
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says; ``cookies`` are set, and with ``location`` the browser is sent on."""

    body: str = ""
    status: HTTPStatus = HTTPStatus.OK
    location: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    retry_after: int = 0


def page(title: str, body: str) -> str:
    """An ordinary tidy page."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>{html.escape(title)}</title>
</head>
<body>
  <nav>
    <a href="/">Home</a> <a href="/shop">Shop</a> <a href="/stock">Stock</a> <a href="/login">Log in</a>
  </nav>
  <main>
{body}
  </main>
</body>
</html>
"""


HOME = """    <h1>inode.co.nz</h1>
    <p>
      <strong>Inode</strong> is a small <abbr title="information technology">IT</abbr>
      consultancy &amp; services
      company based in <em>Dunedin</em>&#32;NZ.
    </p>
    <p><a href="/contact">Contact</a></p>"""

# Parted by no-break spaces, but for the middle: that is how fingerprints get into pages.
_GROUPS = FINGERPRINT.split()
_PARTED = "&nbsp;".join(_GROUPS[:5]) + " " + "&nbsp;".join(_GROUPS[5:])

CONTACT = f"""    <h1>Contact</h1>
    <p>Write to <a href="mailto:info@inode.example">info@inode.example</a>.</p>
    <p>My PGP key fingerprint is</p>
    <p><code>{_PARTED}</code></p>"""

LOGIN = """    <h1>Log in</h1>
{complaint}    <form action="/login" method="post">
      <input type="hidden" name="csrf_token" value="{token}">
      <p><label for="user">User name</label> <input id="user" name="user" type="text" autocomplete="username"></p>
      <p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
      <p>
        <label for="language">Language</label>
        <select id="language" name="language">
          <option value="en" selected>English</option>
          <option value="mi">Māori</option>
          <option value="de">Deutsch</option>
        </select>
      </p>
      <p><label><input name="remember" type="checkbox" value="yes"> Remember me</label></p>
      <p><input type="submit" value="Log in"></p>
    </form>"""

LANGUAGES = {"en": "English", "mi": "Māori", "de": "Deutsch"}


class Pages:
    """The site without its sockets: a request and the site's age go in, an answer comes out."""

    def __init__(self, swing: Swing, outage: Outage, sleep: Callable[[float], None]) -> None:
        self.swing, self.outage = swing, outage
        self._sleep = sleep
        self._sessions: dict[str, dict[str, str]] = {}
        self._routes: dict[tuple[str, str], Callable[[Request, float], Answer]] = {
            ("GET", "/"): lambda _request, _age: Answer(page("inode.co.nz", HOME)),
            ("GET", "/contact"): lambda _request, _age: Answer(page("Contact – inode.co.nz", CONTACT)),
            ("GET", "/login"): lambda _request, _age: self._login_form(),
            ("POST", "/login"): lambda request, _age: self._log_in(request),
            ("GET", "/account"): lambda request, _age: self._account(request),
            ("GET", "/logout"): lambda request, _age: self._log_out(request),
            ("GET", "/shop"): lambda _request, age: self._shop(age),
            ("GET", "/stock"): lambda _request, age: self._stock(age),
        }

    def answer(self, request: Request, age: float) -> Answer:
        """What the site says to *request*, *age* seconds after its start."""
        method = "GET" if request.method == "HEAD" else request.method
        route = self._routes.get((method, request.path))
        if route is None:
            return Answer(page("Not found", "    <h1>There is no such page.</h1>"), HTTPStatus.NOT_FOUND)
        return route(request, age)

    def _login_form(self, complaint: str = "") -> Answer:
        token = secrets.token_hex(16)
        complaint = f'    <p class="error">{html.escape(complaint)}</p>\n' if complaint else ""
        return Answer(page("Log in", LOGIN.format(token=token, complaint=complaint)), cookies={"csrf_token": token})

    def _log_in(self, request: Request) -> Answer:
        token = request.cookies.get("csrf_token", "")
        if not token or not secrets.compare_digest(token, request.fields.get("csrf_token", "")):
            return Answer(page("Refused", "    <h1>This form has expired</h1>"), HTTPStatus.FORBIDDEN)
        if (request.fields.get("user"), request.fields.get("password")) != (USER, PASSWORD):
            return self._login_form("Wrong user name or password")
        # Nobody logs out of a demonstration that runs all night.
        while len(self._sessions) >= 1000:
            self._sessions.pop(next(iter(self._sessions)))
        session = secrets.token_hex(16)
        self._sessions[session] = {
            "user": USER,
            "language": LANGUAGES.get(request.fields.get("language", ""), "English"),
            "remember": "yes" if request.fields.get("remember") == "yes" else "no",
        }
        return Answer(status=HTTPStatus.SEE_OTHER, location="/account", cookies={"session": session})

    def _account(self, request: Request) -> Answer:
        session = self._sessions.get(request.cookies.get("session", ""))
        if session is None:
            return Answer(status=HTTPStatus.SEE_OTHER, location="/login")
        return Answer(
            page(
                "Your account",
                f"""    <h1>Welcome, {html.escape(session["user"])}</h1>
    <p>Language: {session["language"]}. Remembered: {session["remember"]}.</p>
    <p><a href="/logout">Log out</a></p>""",
            )
        )

    def _log_out(self, request: Request) -> Answer:
        self._sessions.pop(request.cookies.get("session", ""), None)
        return Answer(status=HTTPStatus.SEE_OTHER, location="/")

    def _shop(self, age: float) -> Answer:
        self._sleep(self.swing.delay(age))
        return Answer(page("Shop", "    <h1>Shop</h1>\n    <p>3 keyboards, 2 mice and <b>1 penguin</b> for sale.</p>"))

    def _stock(self, age: float) -> Answer:
        if self.outage.down(age):
            body = "    <h1>503 Service Unavailable</h1>\n    <p>The stock database is being counted.</p>"
            return Answer(page("Service Unavailable", body), HTTPStatus.SERVICE_UNAVAILABLE, retry_after=8)
        return Answer(page("Stock", "    <h1>Stock</h1>\n    <p>1 penguin in stock.</p>"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], pages: Pages) -> None:
        super().__init__(address, _Handler)
        self.pages = pages
        self.started = time.monotonic()

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up early is none of the site's business.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo"
    # A page leaves in one piece: with Nagle's algorithm the second one waits for 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        fields = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        request = Request(self.command, urlsplit(self.path).path, _cookies(self.headers), fields)
        self._send(self.server.pages.answer(request, time.monotonic() - self.server.started))

    def _send(self, answer: Answer) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        for name, value in answer.cookies.items():
            self.send_header("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax")
        if answer.retry_after:
            self.send_header("Retry-After", str(answer.retry_after))
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _cookies(headers: Message) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in headers.get_all("Cookie", []):
        jar.load(line)
    return {name: morsel.value for name, morsel in jar.items()}


class Site:
    """The site on a port of its own: ``with Site() as site: fetch(site.url)``; names the Host header at will."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        swing: Swing | None = None,
        outage: Outage | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = _Server((host, port), Pages(swing or Swing(), outage or Outage(), sleep))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def write_whole(path: str, text: str) -> None:
    """Write a file that others wait for: they see all of it or nothing."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="demo.site", description="A small site to replay use-cases against.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0, the default, takes a free one")
    parser.add_argument("--port-file", help="write the port into this file once the site is up")
    parser.add_argument("--fastest", type=float, default=0.020, help="the shop's best delay, seconds")
    parser.add_argument("--slowest", type=float, default=0.400, help="the shop's worst delay, seconds")
    parser.add_argument("--swing", type=float, default=30, help="seconds from best to best")
    parser.add_argument("--outage", type=float, default=8, help="how long the stock page fails, seconds")
    parser.add_argument("--outage-every", type=float, default=24, help="seconds from outage to outage")
    parser.add_argument("--outage-first", type=float, default=10, help="seconds until the first one")
    options = parser.parse_args(arguments)

    swing = Swing(options.fastest, options.slowest, options.swing)
    outage = Outage(options.outage, options.outage_every, options.outage_first)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with Site(host=options.host, port=options.port, swing=swing, outage=outage) as site:
        if options.port_file:
            write_whole(options.port_file, f"{site.port}\n")
        print(site.port, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
