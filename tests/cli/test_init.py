"""``collectd-inode init URL``: a first scenario that passes, its block, and nothing of anybody's overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.site import Outage, Site
from tests.helpers.api import said
from tests.helpers.peers import answer, peer
from tests.helpers.served import served_aside

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


def test_what_it_writes(typed: Typed, tmp_path: Path, site: Site) -> None:
    """The feature passes, and so does its block; the files' whole text."""
    code, out, err = typed("init", f"{site.url}/login")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("wrote 127_0_0_1.feature: 6 steps, all passed in ")
    assert lines[1:] == [
        "wrote 127_0_0_1.conf: the block for collectd; secrets/ is for files of passwords",
        "Next:",
        "  collectd-inode run --config 127_0_0_1.conf --watch    run it again whenever you change 127_0_0_1.feature",
        "  collectd-inode steps [WORD]    the sentences that it may use",
        "  the page asks for a password: write it to secrets/password (mode 0600), and use it as ${password}",
        "  collectd-inode check --fragment 127_0_0_1.conf    before collectd reads it",
        "  sudo cp 127_0_0_1.conf /etc/collectd/collectd.conf.d/    and restart collectd",
    ]
    assert (
        (tmp_path / "127_0_0_1.feature").read_text()
        == f"""\
# Written by: collectd-inode init {site.url}/login
Feature: 127.0.0.1

  Scenario: A visitor opens /login
    When I go to "/login"
    Then the title should be "Log in"
    And I should see "Log in"
    And I should see the link "Home"
    And I should see the link "Shop"
    And I should see the link "Stock"
"""
    )
    assert (
        (tmp_path / "127_0_0_1.conf").read_text()
        == f"""\
# Written by: collectd-inode init {site.url}/login
# Save it in /etc/collectd/collectd.conf.d, behind 00-python.conf (collectd-inode snippet prints that).

<Plugin python>
  <Module collectd_inode>
    <Scenario "127_0_0_1">
      Feature "{tmp_path}/127_0_0_1.feature"
      BaseURL "{site.url}"
      Interval 60
      # ${{password}} in the feature file: the file's first line, read for each run, never shown.
      #Secret "password" "{tmp_path}/secrets/password"
    </Scenario>
  </Module>
</Plugin>
"""
    )
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert typed("run", "--config", "127_0_0_1.conf")[0] == 0
    assert typed("check", "--fragment", "127_0_0_1.conf")[0] == 0
    assert typed("lint", "--strict", "127_0_0_1.feature")[0] == 0


@pytest.mark.parametrize("there", ["127_0_0_1.feature", "127_0_0_1.conf"])
def test_nothing_is_overwritten(typed: Typed, tmp_path: Path, site: Site, there: str) -> None:
    """Nor is the other file written, or the site asked."""
    (tmp_path / there).write_text("mine")
    assert typed("init", site.url) == (
        2,
        "",
        f"collectd-inode: {there}: exists and is not overwritten; use another folder\n",
    )
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


def test_a_site_that_is_down(typed: Typed, tmp_path: Path) -> None:
    """The reason is named and nothing is written."""
    with served_aside(peer()) as gone:
        pass
    code, out, err = typed("init", gone.url)
    assert (code, out, list(tmp_path.iterdir())) == (1, "", [])
    assert err.startswith(f"collectd-inode init: {gone.url}: ")
    assert "refused" in err
    assert err.endswith("; nothing was written\n")


def test_a_page_with_an_error(typed: Typed, tmp_path: Path) -> None:
    """A status of 400 or more is no beginning."""
    with served_aside(peer(answer(b"<h1>Gone</h1>", "503 Service Unavailable"))) as broken:
        code, out, err = typed("init", broken.url)
    assert (code, out, list(tmp_path.iterdir())) == (1, "", [])
    assert "503 Service Unavailable" in err


def test_what_changes_between_two_requests_is_left_out(typed: Typed, tmp_path: Path) -> None:
    """A title with a count in it would be an alarm tomorrow."""
    pages = [answer(f"<title>{n} visitors</title><h1>News</h1><a href=/>Home</a>".encode()) for n in range(3)]
    with served_aside(peer(*pages)) as busy:
        assert typed("init", busy.url)[0] == 0
    steps = (tmp_path / "127_0_0_1.feature").read_text().split("opens /\n")[1]
    assert steps == '    When I go to "/"\n    Then I should see "News"\n    And I should see the link "Home"\n'


def test_names_that_no_sentence_can_say(typed: Typed, tmp_path: Path) -> None:
    """Quotes of one kind are put into the others; both, variables and long texts are left out."""
    body = (
        '<title>"The \'shop\'</title><h1>The "shop"</h1><a href=/>Skip to content</a><a href=/>3 news</a>'
        "<a href=/>${user}</a><a href=/>Jane's</a><a href=/>C:\\</a>"
    )
    with served_aside(peer(answer(body.encode()))) as odd:
        assert typed("init", odd.url)[0] == 0
    steps = (tmp_path / "127_0_0_1.feature").read_text().split("opens /\n")[1]
    assert steps == (
        '    When I go to "/"\n    Then I should see \'The "shop"\'\n    And I should see the link "Jane\'s"\n'
    )


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ('{"a": 1}', "application/hal+json", ["the response should be JSON"]),
        ("<rss/>", "application/rss+xml", ['the "Content-Type" header should contain "application/rss[+]xml"']),
        ("", "text/html", ['the "Content-Type" header should contain "text/html"']),
        (f"<title>{'x' * 101}</title>", "text/html", ['the "Content-Type" header should contain "text/html"']),
        ("hello", "", ["the status should be 200"]),
        (
            "<title>Log in</title><form><input placeholder=User><button>Enter</button></form>",
            "text/html",
            ['the title should be "Log in"', 'I should see the field "User"', 'I should see the button "Enter"'],
        ),
        (
            '<title>Tom\'s "best offers"</title><h1>Jane\'s "a\\b" ${x}</h1>',
            "text/html",
            ['the title should contain "best offers"', 'I should see "Jane"'],
        ),
    ],
)
def test_something_is_always_expected(typed: Typed, tmp_path: Path, body: str, kind: str, expected: list[str]) -> None:
    """A scenario that any answer passes would be green while the site is broken; where none else can be, lint warns."""
    with served_aside(peer(said(body, kind))) as odd:
        assert typed("init", odd.url)[0] == 0
    steps = (tmp_path / "127_0_0_1.feature").read_text().split("opens /\n")[1].splitlines()
    assert [step.strip().partition(" ")[2] for step in steps[1:]] == expected
    assert typed("lint", "--strict", "127_0_0_1.feature")[0] == (expected == ["the status should be 200"])


def test_an_address_as_people_write_it(typed: Typed, tmp_path: Path) -> None:
    """Capitals, blanks, quotes and letters of other scripts are written as a browser sends them."""
    with served_aside(peer(answer(b"<title>Shop</title>"))) as odd:
        assert typed("init", f'HTTP://127.0.0.1:{odd.port}/\u00e9 "${{a}}"')[0] == 0
    assert 'I go to "/%C3%A9%20%22$%7Ba%7D%22"' in (tmp_path / "127_0_0_1.feature").read_text()
    assert f'BaseURL "http://127.0.0.1:{odd.port}"' in (tmp_path / "127_0_0_1.conf").read_text()


def test_a_page_that_scripts_build(typed: Typed, tmp_path: Path) -> None:
    """Opening it is all that can be written; the engine that would see more is named."""
    with served_aside(peer(answer(b"<title></title><div id=app></div><script src=app.js></script>"))) as scripted:
        code, out, _ = typed("init", scripted.url)
    assert code == 0
    assert "try run --engine chromium" in out


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("shop.example.org", 'shop.example.org: expected an address such as "https://www.example.org"'),
        ("http://[", 'http://[: expected an address such as "https://www.example.org"'),
        ("http://u:hunter22@h/", "http://h/: expected an address without user and password"),
        ("http://h/?a=b&access_token=hunter22", "expected no “access_token” in the address"),
        ("http://\u202e/", "is not a host name"),
    ],
)
def test_addresses_that_are_rejected(typed: Typed, tmp_path: Path, url: str, said: str) -> None:
    """The message says why, and shows no secret."""
    code, out, err = typed("init", url)
    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert said in err
    assert "hunter22" not in err
