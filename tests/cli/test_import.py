"""``collectd-inode import FILE.har``: recorded journeys become scenarios that run, without their secrets."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.site import PASSWORD, USER, Outage, Site
from tests.helpers.api import api, said
from tests.helpers.peers import answer
from tests.helpers.recorder import STYLES, Recorder
from tests.helpers.served import served_aside

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


JOURNEY = """\
# Written by: collectd-inode import shop.har
Feature: 127.0.0.1

  Scenario: A visitor on 127.0.0.1
    When I go to "/"
    Then the title should be "inode.co.nz"
    When I follow "Log in"
    Then the title should be "Log in"
    When I fill in "User name" with "{user}"
    And I fill in "Password" with "${{password}}"
    And I select "Deutsch" from "Language"
    And I check "Remember me"
    And I press "Log in"
    Then the title should be "Your account"
"""


@pytest.mark.parametrize("style", STYLES)
def test_a_log_in(typed: Typed, tmp_path: Path, site: Site, style: str) -> None:
    """Of each browser: links, a form by its names, its token as the page has it then, the password a secret."""
    recorder = Recorder(site.url, style)
    recorder.page("GET", "/")
    recorder.part("/logo.png")
    form = recorder.page("GET", "/login")
    token = form.text.partition('csrf_token" value="')[2].partition('"')[0]
    fields = {"csrf_token": token, "user": USER, "password": PASSWORD, "language": "de", "remember": "yes"}
    assert recorder.page("POST", "/login", **fields).status_code == 200
    recorder.save(tmp_path / "shop.har")

    code, out, err = typed("import", "shop.har")
    assert (code, err) == (0, "")
    assert (tmp_path / "shop.feature").read_text() == JOURNEY.format(user=USER)
    lines = out.splitlines()
    assert lines[:-1] == [
        "wrote shop.feature: 10 steps from 5 requests",
        "wrote shop.conf: the block for collectd",
        "wrote secrets/shop-password: ${password}, which the feature does not show",
        "left out: style sheets, scripts, pictures and the like (1)",
    ]
    assert lines[-1].startswith("ran it once: all passed in ")
    secret = tmp_path / "secrets" / "shop-password"
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == (PASSWORD + "\n", 0o600)
    written = out + (tmp_path / "shop.feature").read_text() + (tmp_path / "shop.conf").read_text()
    assert PASSWORD not in written
    assert token not in written
    assert typed("run", "--config", "shop.conf")[0] == 0
    assert typed("check", "--fragment", "shop.conf")[0] == 0


SHOP = {
    "/": answer(b"<title>Shop</title><div id=app></div>"),
    "/api/session": said('{"access_token": "t0ken-t0ken-t0ken", "user": {"id": "customer-4711"}}'),
    "/api/orders": said('{"order": {"id": "order-000815"}}'),
    "/api/orders/order-000815": said('{"state": "paid"}'),
}


@pytest.mark.parametrize("style", STYLES)
def test_calls_of_scripts(typed: Typed, tmp_path: Path, style: str) -> None:
    """Tokens that come back are remembered from the answer that had them; what a script did is listed."""
    with served_aside(api(SHOP)) as shop:
        recorder = Recorder(shop.url, style)
        recorder.page("GET", "/")
        recorder.call("POST", "/api/session", {"user": "jane", "password": "hunter22"})
        bearer = {"Authorization": "Bearer t0ken-t0ken-t0ken"}
        recorder.call("POST", "/api/orders", {"customer": "customer-4711", "note": 'say """hi"""', "n": 2}, **bearer)
        recorder.call("GET", "/api/orders/order-000815", **bearer)
        recorder.save(tmp_path / "shop.har")
        code, out, _ = typed("import", "shop.har")
    feature = (tmp_path / "shop.feature").read_text()
    assert (
        feature.partition("127.0.0.1\n    ")[2]
        == '''\
When I go to "/"
    Then the title should be "Shop"
    When I send a POST request to "/api/session" with the body:
      """json
      {
        "user": "jane",
        "password": "${password}"
      }
      """
    And I remember the JSON at "/access_token" as the secret "token"
    And I remember the JSON at "/user/id" as "customer"
    And I authenticate with the bearer token "${token}"
    And I send a POST request to "/api/orders" with the body:
      """json
      {
        "customer": "${customer}",
        "note": "say \\u0022\\u0022\\u0022hi\\u0022\\u0022\\"",
        "n": 2
      }
      """
    And I remember the JSON at "/order/id" as "id"
    And I send a GET request to "/api/orders/${id}"
'''.replace('\\u0022\\u0022\\"', "\\u0022\\u0022\\u0022")
    )
    assert "scripts of the page made 3 calls, which are steps now: POST /api/session, POST /api/orders, GET" in out
    assert (code, "ran it once: all passed in " in out) == (0, True)
    assert [json.loads(asked.body)["note"] for asked in shop.asked if asked.line == "POST /api/orders"] == [
        'say """hi"""', 'say """hi"""',
    ]  # fmt: skip
    assert not [secret for secret in ("hunter22", "t0ken") if secret in feature + out]


def test_a_site_that_has_gone(typed: Typed, tmp_path: Path) -> None:
    """The files are written, and the step that fails is named."""
    with served_aside(api(SHOP)) as shop:
        recorder = Recorder(shop.url, "firefox")
        recorder.page("GET", "/")
        recorder.save(tmp_path / "gone.har")
    code, out, _ = typed("import", "gone.har")
    assert code == 1
    assert 'ran it once, and it does not pass: gone.feature:5: I go to "/": ' in out
    assert (tmp_path / "gone.feature").exists()


def test_without_a_run(typed: Typed, tmp_path: Path) -> None:
    """Nothing is asked."""
    with served_aside(api(SHOP)) as shop:
        recorder = Recorder(shop.url, "firefox")
        recorder.page("GET", "/")
        recorder.save(tmp_path / "x.har")
        asked = len(shop.asked)
        code, out, _ = typed("import", "x.har", "--no-run")
        assert (code, len(shop.asked), "ran it" in out) == (0, asked, False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", 'expected a HAR file: JSON with "log" and "entries" in it'),
        (b"[" * 100_000, 'expected a HAR file: JSON with "log" and "entries" in it'),
        (b'{"log": {"entries": 7}}', 'expected a list of "entries" in the HAR file'),
        (b'{"log": {"entries": [7, {}, {"request": []}]}}', "no page was opened in the recording"),
    ],
)
def test_what_is_no_recording(typed: Typed, tmp_path: Path, content: bytes, said: str) -> None:
    """The file is named, and nothing is written."""
    (tmp_path / "bad.har").write_bytes(content)
    code, out, err = typed("import", "bad.har")
    assert (code, out) == (2, "")
    assert err.startswith(f"collectd-inode: bad.har: {said}")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.har"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["notes.txt"], "expected one HAR file in the archive, found 0"),
        (["a.har", "b.har"], "expected one HAR file in the archive, found 2"),
        (["a.har"], 'expected a HAR file: JSON with "log" and "entries" in it'),
    ],
)
def test_an_archive_of_something_else(typed: Typed, tmp_path: Path, names: list[str], said: str) -> None:
    """Playwright's has one recording, and a file for each body."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    assert typed("import", "bad.zip") == (2, "", f"collectd-inode: bad.zip: {said}; nothing was written\n")


def test_a_file_that_is_not_there(typed: Typed) -> None:
    """Its name and the system's words."""
    assert typed("import", "gone.har") == (
        2, "", "collectd-inode: gone.har: No such file or directory; nothing was written\n",
    )  # fmt: skip


def test_nothing_is_overwritten(typed: Typed, tmp_path: Path) -> None:
    """A feature of this name is somebody's."""
    (tmp_path / "shop.feature").write_text("mine")
    code, _, err = typed("import", "shop.har")
    assert (code, "shop.feature: exists and is not overwritten" in err) == (2, True)
    assert (tmp_path / "shop.feature").read_text() == "mine"
