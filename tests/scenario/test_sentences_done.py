"""What the sentences do, on a real page from a real server: where they pass, and what they say where they do not."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.scenario import actions
from collectd_inode.scenario.session import Session
from collectd_inode.wire import ResolveFailed
from tests.helpers.examples import SetClock, loaded, write_feature
from tests.helpers.peers import answer, peer, tidily

PAGE = b"""<!doctype html><title>Order</title>
<div id="menu"><h1>Shop</h1> <a href="/contact">Contact</a></div>
<p class="notice message">Saved.</p> <p class="error" style="display: none">Broken</p>
<form id="order" action="/order" method="post">
  <div class="field_with_errors"><label>E-mail <input name="mail" value="me@example.org"></label></div>
  <div><label>Name <input name="name"></label></div>
  <p>E-mail is wrong</p>
  <textarea name="text" id="text">
Two
lines</textarea>
  <label><input type="checkbox" name="news" checked> News</label>
  <label><input type="radio" name="by" value="post"> By post</label>
  <select name="size"><option>Small<option>Large</select>
</form>
<form id="search"><input type="password" name="code" value="1234">
  <label>Name <input name="q"></label><label><input type="checkbox" name="all"> All</label>
  <label><input type="radio" name="how"> Any</label><button>Go</button>
  <select name="in" id="in"><option>Here<option>There</select></form>
"""

OPEN = 'When I go to "/order?b=2,3&a=1"\n'


def replayed(folder: Path, steps: str, *headers: str, status: str = "200 OK", **settings: Any) -> Observation:
    """What comes of the steps, against a server that answers the page to everything."""

    async def main() -> Observation:
        async with peer(answer(PAGE, status, *headers)) as server:
            found = loaded(write_feature(folder, OPEN + steps), base_url=server.url, **settings)
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0])

    return tidily(main())


@pytest.mark.parametrize(
    "steps",
    [
        'Then I should see "Saved." within ".message"',
        'Then I should see "Saved." within "//p[1]"',
        'Then I should see "Saved." within the page',
        'Then I should not see "Saved." within "#menu"',
        "Then I should see /S\\w+p/ within 'div#menu'",
        'Then I should see "Shop" within "h1" within "#menu"',
        'When I follow "Contact" within "#menu"\nThen I should be on "/contact"',
        'When I press "Go" within "#search"\nThen I should be on "/order"',
        'When I submit the form named "search" within "body"\nThen I should be on "/order"',
        "Then I should see a notice message",
        'Then I should be on "/order"',
        "Then I should be on /order?c=4",
        'Then I should be at a location path of "/order"',
        "Then I should have the following query string:\n| a | 1 |",
        'Then the "E-mail" field should contain "^me@"',
        'Then the "E-mail" field should not contain "root"',
        'Then the "text" field should contain "Two.lines"',
        'Then the "size" field should contain "Small"',
        'Then the "Name" field within "#search" should not contain "."',
        'Then the "News" checkbox should be checked',
        'Then the "All" checkbox within "#search" should not be checked',
        'Then the "mail" field should have the error "is wrong"',
        'Then the "name" field should have no error',
        'When I fill in "Name" with "Jo" within "#search"\nThen the "q" field should contain "^Jo$"\n'
        'And the "name" field should contain "^$"',
        'When I fill in the following within "#search":\n| Name | Jo |\nThen the "q" field should contain "Jo"',
        'When I fill in the following:\n| name | Jo |\n| text | ${word} |\nThen the "text" field should contain "you"',
        'When I select "There" from "in" within "#search"\nThen the "in" field should contain "There"',
        'When I check "All" within "#search"\nThen the "All" checkbox should be checked',
        'When I uncheck "News" within "#order"\nThen the "News" checkbox should not be checked',
        'When I choose "Any" within "#search"\nThen the "Any" checkbox should be checked',
        'Then the "content-type" header should be "text/html"',
        'Then I should get a "X-Probe" header of "seen, twice"',
        'Then the response should contain the "X-Probe" header',
        r'Then the "X-Probe" header should contain "t\w+e$"',
        'Then the "X-Probe" header should not contain "thrice"',
        'Then the "X-Other" header should not contain "thrice"',
        "Then I should get a 200 status code",
        'When I fetch headers from "/"\nThen the "X-Probe" header should contain "seen"',
        'When I visit "/"\nAnd I request "/a"\nAnd I click on the link "Contact"\nThen I should be on "/contact"',
        "Given I am benchmarking\nThen the elapsed time should be less than 20.5 seconds",
        'When I lookup "127.0.0.1"\nThen the name should resolve to "127.0.0.1"',
        'When I lookup "localhost"\nThen the name should resolve to "127.0.0.1"',
    ],
)
def test_it_is_so(tmp_path: Path, steps: str) -> None:
    """The step passes."""
    if "following query" in steps:
        steps = f'When I go to "/order?a=1"\n{steps}'
    found = replayed(tmp_path, steps, "X-Probe: seen", "X-Probe: twice", variables=(("word", "you"),))
    assert (found.status, found.message) == (Status.PASSED, "")


@pytest.mark.parametrize(
    ("steps", "said", "found"),
    [
        ('Then I should see "Saved." within "#menu"', "text “Saved.” not found, on “Order” at ", "Shop Contact"),
        ('Then I should not see "Shop" within "#menu"', "text “Shop” found, on “Order” at ", "Shop Contact"),
        ('When I follow "Contact" within "#order"', "no link “Contact”, on “Order” at ", ""),
        ('Then I should see "Shop" within "#menue"', "there is no “#menue”, on “Order” at ", ""),
        (
            'Then I should see "Broken" within ".error"',
            "text “Broken” not found, on ",
            "only in hidden text",
        ),
        ("Then I should see an error message", "no error message found, on “Order” at ", ""),
        ('Then I should be on "/"', "the page is not /, on “Order” at ", "/order"),
        (
            "Then I should have the following query string:\n| a | 1 |",
            "the query string differs, on “Order” at ",
            "a=1, b=2,3",
        ),
        (
            'Then the "E-mail" field should contain "root"',
            "/root/ matches nothing in the field “E-mail”, on ",
            "me@exa",
        ),
        (
            'Then the "E-mail" field should not contain "m.@"',
            "/m.@/ matches in the field “E-mail”, on ",
            "me@example.org",
        ),
        (
            'Then the "code" field should contain "5678"',
            "/5678/ matches nothing in the field “code”, on ",
            "a password",
        ),
        ('Then the "News" checkbox should not be checked', "the checkbox “News” is ticked, on ", "a tick"),
        ('Then the "All" checkbox should be checked', "the checkbox “All” is not ticked, on ", "none"),
        ('Then the "All" checkbox within "#order" should be checked', "no checkbox “All”, on ", ""),
        ('Then the "mail" field should have no error', "the field “mail” is marked as wrong, on ", ""),
        ('Then the "name" field should have the error "x"', "the field “name” is not marked as wrong, on ", ""),
        ('Then the "mail" field should have the error "is odd"', "text “is odd” not found, on ", ""),
        (
            'Then the "Content-Type" header should be "text/plain"',
            "the Content-Type header differs, on ",
            "text/html",
        ),
        ('Then the response should contain the "ETag" header', "there is no ETag header, on ", "headers: content-type"),
        ('Then the "X-Probe" header should contain "no"', "/no/ matches nothing in the X-Probe header, on ", "seen"),
        ('Then the "X-Probe" header should not contain "e+"', "/e+/ matches in the X-Probe header, on ", "seen"),
        ("Then I should get a 404 status code", "the status is not 404: “Order” at ", "200"),
        ("Given I am benchmarking\nThen the elapsed time should be less than 0 seconds", " s have passed since", ""),
        (
            'When I lookup "127.0.0.1"\nThen the name should resolve to "127.0.0.2"',
            "it does not resolve to 127.0.0.2 but to 127.0.0.1",
            "127.0.0.1",
        ),
    ],
)
def test_it_is_not_so(tmp_path: Path, steps: str, said: str, found: str) -> None:
    """The step fails with cause expectation, and says what is there."""
    observation = replayed(tmp_path, steps, "X-Probe: seen")
    assert (observation.status, observation.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert said in observation.message
    assert observation.trouble is not None
    assert found in observation.trouble.found


def test_a_status_code_that_was_asked_for_is_no_failure(tmp_path: Path) -> None:
    """The step that opens the page leaves the judgement to it; another bad status is a refusal."""
    steps = "Then I should get a 404 status code"
    assert replayed(tmp_path, steps, status="404 Not Found").passed
    assert replayed(tmp_path, steps, status="503 Busy").cause is Cause.REFUSED


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("Then the elapsed time should be less than 5 seconds", 'needs a step "I am benchmarking" before it'),
        ('Then the name should resolve to "192.0.2.7"', 'no look-up yet: put a step such as I lookup "www'),
        ('When I reverse lookup "www.example.org"', "“www.example.org” is not an IP address"),
        ("When I fill in the following:\n| a | b | c |", "the table needs two columns: a name, and its value"),
        ('When I attach the file "/nowhere/a.png" to "Photo"', "the file /nowhere/a.png cannot be attached: No such"),
        ('Then I should see "a" within "//b["', "“//b[”: not an XPath expression"),
        ('Then I should see "a" within "count(//b)"', "“count(//b)”: not a CSS selector: "),
    ],
)
def test_what_the_operator_has_to_mend(tmp_path: Path, steps: str, said: str) -> None:
    """Status error, cause configuration; found when it is loaded, where that is possible."""

    async def main() -> Observation:
        async with peer(answer(PAGE)) as server:
            found = loaded(write_feature(tmp_path, OPEN + steps), base_url=server.url)
            return await observe(found.jobs[0])

    observation = tidily(main())
    assert (observation.status, observation.cause) == (Status.ERROR, Cause.CONFIGURATION)
    assert said in observation.message


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('I should see "a" within "p:soft"', "“p:soft”: not a CSS selector: The pseudo-class :soft is unknown"),
        ('I should see "a" within "#${where}"', "unknown variable ${where}; no Variable or Secret is given"),
        ("I fill in the following:", "this sentence needs a table below it"),
        (
            "the elapsed time should be less than 5 seconds, or warn",
            '"the elapsed time should be less than" needs a step "I am benchmarking" before it',
        ),
        (
            'the name should resolve to "192.0.2.7"',
            'no look-up yet: put a step such as I lookup "www.example.org" before this one',
        ),
    ],
)
def test_what_cannot_be_done_is_told_when_it_is_loaded(tmp_path: Path, step: str, said: str) -> None:
    """With its place; nothing is run."""
    path = write_feature(tmp_path, f"When {step}")
    found = loaded(path)
    assert [str(problem).partition(": ")[2].rpartition('"web">: ')[2] for problem in found.problems] == [said]
    assert found.jobs[0].probe is None


def test_a_file_is_attached_with_its_name_and_kind(tmp_path: Path) -> None:
    """As a person would by the button beside the field."""
    (tmp_path / "a b.png").write_bytes(b"\x89PNG")
    bodies: list[bytes] = []
    form = (
        b'<form action="/up" method=post enctype=multipart/form-data><label>Photo <input type=file name=p></label>'
        b"<button>Send</button></form>"
    )

    async def received(reader: Any, writer: Any) -> None:
        bodies.append(await reader.readuntil(b"--\r\n"))
        writer.write(answer(b"<p>Thanks</p>"))

    async def main() -> Observation:
        async with peer(answer(form), received) as server:
            steps = f'When I go to "/"\nAnd I attach the file "{tmp_path}/a b.png" to "Photo"\nAnd I press "Send"'
            found = loaded(write_feature(tmp_path, steps), base_url=server.url)
            return await observe(found.jobs[0])

    assert tidily(main()).passed
    (body,) = bodies
    assert b'name="p"; filename="a b.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n' in body


def session(clock: SetClock | None = None) -> Session:
    """A session that has not been anywhere."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return Session(Browser(transport, BrowserProfile()), clock=clock or SetClock())


async def fails(action: Awaitable[None]) -> tuple[Cause, str, str]:
    """How the action fails: cause, message, what was found."""
    with pytest.raises(Failure) as caught:
        await action
    return caught.value.cause, caught.value.message, caught.value.found


def test_the_elapsed_time_counts_from_the_last_start() -> None:
    """By the clock on the wall, everything included; the limit itself is too much."""
    clock = SetClock()
    here = session(clock)

    async def main() -> None:
        await actions.start_benchmark(here)
        clock.pass_by(2.0)
        await actions.elapsed_should_be_less(here, 2.5)
        said = "2 s have passed since “I am benchmarking”"
        assert await fails(actions.elapsed_should_be_less(here, 2)) == (Cause.EXPECTATION, said, "2 s")
        await actions.start_benchmark(here)
        await actions.elapsed_should_be_less(here, 0.5)

    tidily(main())


def test_reverse_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that the resolver gives; an address is asked for by name only."""
    here = session()

    def named(address: tuple[str, int], flags: int) -> tuple[str, str]:
        assert flags == socket.NI_NAMEREQD
        if address[0] == "192.0.2.8":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if address[0] == "192.0.2.9":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return "www.example.org", "0"

    monkeypatch.setattr(socket, "getnameinfo", named)

    async def main() -> None:
        await actions.reverse_lookup(here, "192.0.2.7")
        await actions.ip_should_resolve(here, "WWW.example.org.")
        said = "it does not resolve to www.example.net but to www.example.org"
        found = await fails(actions.ip_should_resolve(here, "www.example.net"))
        assert found == (Cause.EXPECTATION, said, "www.example.org")
        with pytest.raises(ResolveFailed, match=r"^192\.0\.2\.8: it has no name$"):
            await actions.reverse_lookup(here, "192.0.2.8")
        with pytest.raises(ResolveFailed, match=r"^192\.0\.2\.9: temporary failure in name resolution$"):
            await actions.reverse_lookup(here, "192.0.2.9")

    tidily(main())


def test_a_name_without_an_address() -> None:
    """Cause resolve; addresses are compared as addresses, however they are written."""
    here = session()

    async def main() -> None:
        with pytest.raises(ResolveFailed, match="not a host name"):
            await actions.lookup(here, "a..b")
        await actions.lookup(here, "::1")
        await actions.name_should_resolve(here, "0:0:0:0:0:0:0:1")

    tidily(main())


def test_an_attachment_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be read and sent in every run."""
    monkeypatch.setattr(actions, "MOST_ATTACHED", 3)
    (tmp_path / "a").write_bytes(b"1234")
    with pytest.raises(Misconfigured) as caught:
        tidily(actions.attach(session(), str(tmp_path / "a"), "Photo"))
    assert str(caught.value) == f"the file {tmp_path}/a cannot be attached: it is larger than 3 bytes"


def test_an_own_step_may_have_done_what_is_wanted_before(tmp_path: Path) -> None:
    """Nobody knows what it does, so that nothing is complained of."""
    own = '@step("I warm up")\nasync def warm_up(session):\n    session.benchmark_started = session.clock.monotonic()\n'
    (tmp_path / "own.py").write_text(f"from collectd_inode import step\n{own}")
    path = write_feature(tmp_path, "When I warm up\nThen the elapsed time should be less than 5000 seconds")
    found = loaded(path, steps=(str(tmp_path / "own.py"),))
    assert found.problems == ()
    assert tidily(observe(found.jobs[0])).passed


def test_an_attachment_is_a_file(tmp_path: Path) -> None:
    """A pipe would keep the worker until somebody writes into it."""
    os.mkfifo(tmp_path / "pipe")
    for path in ("pipe", "."):
        with pytest.raises(Misconfigured) as caught:
            tidily(actions.attach(session(), str(tmp_path / path), "Photo"))
        assert str(caught.value) == f"the file {tmp_path / path} cannot be attached: expected a regular file"


def test_credentials_are_for_home_and_shown_when_asked_for(tmp_path: Path) -> None:
    """Given in the feature file, as in cucumber-nagios; not before the server asks."""
    asking = answer(b"who?", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')

    async def main() -> tuple[Observation, list[bytes]]:
        async with peer(asking, answer(PAGE)) as server:
            steps = (
                "Given I am HTTP digest authenticated with the following credentials:\n"
                '| username | password |\n| me | sesame |\nWhen I go to "/"\nThen I should see "Saved."'
            )
            found = loaded(write_feature(tmp_path, steps), base_url=server.url)
            return await observe(found.jobs[0]), server.heads

    found, heads = tidily(main())
    assert found.passed, found.message
    assert [b"authorization: Basic bWU6c2VzYW1l" in head for head in heads] == [False, True]


def test_credentials_want_a_header() -> None:
    """Or it would be anybody's guess which is which."""
    with pytest.raises(Misconfigured, match="the table needs a header"):
        tidily(actions.authenticate(session(), (("me", "sesame"),)))


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_redirect_that_is_not_followed(tmp_path: Path, language: str) -> None:
    """Its own status and Location can be judged; the answer's body is the page."""
    steps = {
        "en": 'When I visit "/old" without following redirects\nThen I should get a 301 status code\n'
        'And the "Location" header should be "/new"\nAnd I should not be redirected\nAnd I should see "Moved"',
        "de": 'Wenn ich "/old" besuche, ohne Weiterleitungen zu folgen\nDann sollte der Status 301 sein',
    }
    german = f"# language: de\nFunktionalität: x\nSzenario: y\n{steps['de']}\n#Feature:\n"
    feature = german if language == "de" else steps["en"]
    moved = answer(b"<!doctype html>Moved", "301 Moved Permanently", "Location: /new")

    async def main() -> Observation:
        async with peer(moved) as server:
            found = loaded(write_feature(tmp_path, feature), base_url=server.url)
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0])

    seen = tidily(main())
    assert seen.passed, seen.message
    assert seen.steps[0].response_code == 301
