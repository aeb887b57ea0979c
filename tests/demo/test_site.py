"""The demo's site is what the blog post, the log-in example and the demo's own features need."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from lxml import html

from demo.site import Outage, Site, Swing
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _seconds: None) as running:
        yield running


def found(page: str, path: str) -> list[str]:
    """The texts that an XPath finds in a page."""
    results = html.fromstring(page).xpath(path)
    assert isinstance(results, list)
    return [str(result) for result in results]


class Client:
    """A browser's memory: its cookies, and the last page."""

    def __init__(self, site: Site) -> None:
        self._port = site.port
        self._cookies: dict[str, str] = {}
        self.response: HTTPResponse
        self.page = ""

    def ask(self, method: str, path: str, body: str = "", host: str = "www.example.org") -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=HUNG)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Host": host, "Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body or None, headers)
        self.response = connection.getresponse()
        self.page = self.response.read().decode()
        connection.close()
        for cookie in self.response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return self.response.status

    def log_in(self, user: str, password: str) -> int:
        self.ask("GET", "/login")
        token = found(self.page, "//input[@name='csrf_token']/@value")[0]
        return self.ask("POST", "/login", f"user={user}&password={password}&language=mi&csrf_token={token}")

    @property
    def links(self) -> list[tuple[str | None, str | None]]:
        return [(link.text, link.get("href")) for link in html.fromstring(self.page).iter("a")]

    @property
    def text(self) -> str:
        """The page's text; no-break spaces stay."""
        return re.sub(r"[ \n]+", " ", "".join(found(self.page, "//text()")))


def test_the_home_page_introduces_inode(site: Site) -> None:
    """Across markup, line breaks and an escaped ampersand the home page says the blog post's sentence."""
    client = Client(site)
    assert client.ask("GET", "/", host="inode.co.nz") == 200
    assert "Inode is a small IT consultancy & services company based in Dunedin NZ. " in client.text
    assert ("Contact", "/contact") in client.links


def test_the_fingerprint_is_parted_by_no_break_spaces(site: Site) -> None:
    """All groups but the middle ones are parted by U+00A0."""
    client = Client(site)
    assert client.ask("GET", "/contact") == 200
    first, second = "B50F BE3B D49B 3A8A 9CC3", "8966 9374 82CD C982 0605"
    assert first.replace(" ", "\u00a0") + " " + second.replace(" ", "\u00a0") in client.text


def test_the_right_password_opens_the_account(site: Site) -> None:
    """Logging in sends the browser on to the account, which knows the user and the form's other fields."""
    client = Client(site)
    assert client.log_in("monitor", "open+sesame") == 303
    assert client.response.headers["Location"] == "/account"
    assert client.ask("GET", "/account") == 200
    assert "Welcome, monitor" in client.text
    assert "Language: Māori. Remembered: no." in client.text


def test_the_wrong_password_shows_the_form_again(site: Site) -> None:
    """A refused log-in is a page like any other, status 200: only its text tells."""
    client = Client(site)
    assert client.log_in("monitor", "wrong") == 200
    assert "Wrong user name or password" in client.text
    assert client.ask("GET", "/account") == 303


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    """The hidden token must be the one in the cookie."""
    client = Client(site)
    client.ask("GET", "/login")
    assert client.ask("POST", "/login", "user=monitor&password=open+sesame&csrf_token=guess") == 403


def test_logging_out_ends_the_session(site: Site) -> None:
    """After the link "Log out" the account asks for a log-in again."""
    client = Client(site)
    client.log_in("monitor", "open+sesame")
    client.ask("GET", "/account")
    assert ("Log out", "/logout") in client.links
    assert client.ask("GET", "/logout") == 303
    assert client.ask("GET", "/account") == 303


def test_the_form_is_labelled() -> None:
    """Every field of the log-in form can be found by its label, the button by its text."""
    with Site() as site:
        client = Client(site)
        client.ask("GET", "/login")
    labels = [text.strip() for text in found(client.page, "//label//text()")]
    assert [label for label in labels if label] == ["User name", "Password", "Language", "Remember me"]
    assert found(client.page, "//input[@type='submit']/@value") == ["Log in"]


def test_the_stock_page_fails_for_a_while(site: Site) -> None:
    """During an outage the page answers 503."""
    client = Client(site)
    assert client.ask("GET", "/stock") == 503
    assert client.response.headers["Retry-After"] == "8"


def test_an_unknown_page_is_not_found(site: Site) -> None:
    """What is not there is a 404 with a page."""
    client = Client(site)
    assert client.ask("GET", "/gone") == 404
    assert client.response.headers["Content-Length"] == str(len(client.page))


@pytest.mark.parametrize("path", ["/", "/contact", "/login", "/shop", "/stock", "/gone"])
def test_every_page_has_a_title(path: str, site: Site) -> None:
    """A title, a language and one main heading."""
    client = Client(site)
    client.ask("GET", path)
    assert [len(found(client.page, wanted)) for wanted in ("//title[text()]", "/html/@lang", "//h1")] == [1, 1, 1]


def test_the_shop_swings() -> None:
    """The delay goes from the fastest to the slowest and back within a period."""
    swing = Swing(fastest=0.02, slowest=0.4, period=30)
    assert [round(swing.delay(age), 3) for age in (0, 7.5, 15, 22.5, 30)] == [0.02, 0.21, 0.4, 0.21, 0.02]


def test_the_shop_sleeps_as_long_as_it_swings() -> None:
    """The page is as slow as the swing says at that age."""
    slept: list[float] = []
    with Site(swing=Swing(0.3, 0.3, 1), sleep=slept.append) as site:
        Client(site).ask("GET", "/shop")
    assert slept == [0.3]


def test_outages_come_back() -> None:
    """First after ten seconds, for eight, and again every twenty-four."""
    outage = Outage(length=8, period=24, first=10)
    assert [age for age in range(60) if outage.down(age)] == [*range(10, 18), *range(34, 42), *range(58, 60)]


def test_the_command_writes_its_port_and_stops_when_told(tmp_path: Path) -> None:
    """The port is printed once the site answers, and stands in the port file; SIGTERM ends it with status 0."""
    port_file = tmp_path / "port"
    with subprocess.Popen(
        [sys.executable, "-m", "demo.site", "--port-file", str(port_file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        connection = HTTPConnection("127.0.0.1", port, timeout=HUNG)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        assert port_file.read_text() == f"{port}\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=HUNG) == 0
