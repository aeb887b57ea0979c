"""A run that passed warns of what a person would have seen on its pages, and no step looked at."""

import re
from pathlib import Path

import pytest

from collectd_inode.model import Observation
from collectd_inode.observing import observe
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer, peer, tidily

EMPTY = answer(b"")
SCRIPTED = answer(b"<title>Tea</title><div id=root></div><script src=/app.js></script>")
LOGIN = answer(
    b"<title>Log in</title><form method=post><label>User <input name=u></label>"
    b"<label>Password <input type=password name=p></label><button>Log in</button></form>"
)
REFUSED = answer(
    b"<title>Log in</title><form method=post><p class=error>Wrong password</p>"
    b"<label>Password <input type=password name=p></label><button>Log in</button></form>"
)
SHOP = answer(b"<title>Tea</title><p>Sencha<p>Error: this is what an author wrote")
FATAL = answer(b"<title>Tea</title><p>Sencha<br><b>Fatal error</b>: Uncaught Exception: gone in /srv/shop.php:12")
GRAPHQL = answer(b'{"data": null, "errors": [{"message": "no stock"}]}', "200 OK", "Content-Type: application/json")
HALF = answer(b'{"items": [1, 2,', "200 OK", "Content-Type: application/json")
CLOSED = answer(b"<title>Tea</title><h1>We are down for maintenance</h1><p>Our tea is back at ten.")
TRACEBACK = answer(b"<pre>Traceback (most recent call last):\n  File \"tea.py\", line 3\nKeyError: 'tea'</pre>")

SCRIPTS = 'at URL/, and it looks like it is built by JavaScript, which only Engine "chromium" runs'
PRESS = 'When I go to "/"\nAnd I fill in "Password" with "sesame"\nAnd I press "Log in"'


def observed(folder: Path, text: str, *answers: bytes) -> Observation:
    """One run of a scenario with these steps, on a site that gives these answers."""

    async def main() -> Observation:
        async with peer(*answers) as site:
            found = loaded(write_feature(folder, text), base_url=site.url)
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0])

    return tidily(main())


def warned(observation: Observation) -> list[str]:
    assert observation.passed, observation.message
    return [
        f"{warning.code}: {re.sub(r'http://127.0.0.1:[0-9]+', 'URL', warning.message)}"
        for warning in observation.warnings
    ]


@pytest.mark.parametrize(
    ("text", "answers", "said"),
    [
        ('When I go to "/"', [EMPTY], ['I go to "/": no step looks at URL/, and it shows nothing']),
        (
            'When I go to "/"\nThen I should not see "Error"\nAnd the status should be 200',
            [EMPTY],
            ['I go to "/": no step looks at URL/, and it shows nothing'],
        ),
        (
            'When I go to "/"\nThen the title should be "Tea"\nAnd I should be on "/"',
            [SCRIPTED],
            [f'I go to "/": no step looks at “Tea” {SCRIPTS}'],
        ),
        (
            'When I go to "/"\nAnd I go to "/shop"\nThen I should see "Sencha"',
            [SCRIPTED, SHOP],
            [f'I go to "/": no step looks at “Tea” {SCRIPTS}'],
        ),
        (
            PRESS,
            [LOGIN, REFUSED],
            ['I press "Log in": no step looks at “Log in” at URL/, and it asks for a password again: Wrong password'],
        ),
        (
            'When I send a GET request to "/api"\nThen the status should be 200',
            [GRAPHQL],
            ['I send a GET request to "/api": no step looks at URL/api, and it reports an error: no stock'],
        ),
        (
            'When I send a GET request to "/api"',
            [HALF],
            ['I send a GET request to "/api": no step looks at URL/api, and it calls itself JSON, and is none'],
        ),
    ],
)
def test_a_page_that_no_step_looks_at(tmp_path: Path, text: str, answers: list[bytes], said: list[str]) -> None:
    """An empty page, and one that only scripts fill, have a status, an address, a title, and nothing that is absent."""
    assert warned(observed(tmp_path, text, *answers)) == [f"overlooked: {line}" for line in said]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ('When I go to "/"', [SHOP]),
        ('When I go to "/"\nThen there should be an element "#root"', [SCRIPTED]),
        (PRESS + '\nThen I should see "Wrong password"', [LOGIN, REFUSED]),
        (PRESS + '\nThen I should be on "/"', [LOGIN, REFUSED]),
        ('When I go to "/"\nThen I should see "Log in"', [LOGIN]),
        ('When I send a GET request to "/health"\nThen the status should be 200', [EMPTY]),
        ('When I send a GET request to "/"\nThen the JSON at "/errors" should have 1 element', [GRAPHQL]),
        ('When I go to "/"\nThen the status should be 503', [answer(b"", "503 Busy")]),
        ('When I go to "/"', [answer(b"<title>Tea</title><img src=/tea.png>")]),
        ('When I go to "/"\nThen I should see "Sencha"\nAnd whatever happens, I go to "/out"', [SHOP, EMPTY]),
    ],
)
def test_a_page_that_is_as_it_should_be(tmp_path: Path, text: str, answers: list[bytes]) -> None:
    """What a step has found on it, or what no person looks at, is nobody's warning."""
    assert warned(observed(tmp_path, text, *answers)) == []


@pytest.mark.parametrize(
    ("text", "answers", "said"),
    [
        (
            'When I go to "/"\nThen I should see "Sencha"',
            [FATAL],
            ["“Tea” at URL/ shows an error of its program: Fatal error: Uncaught Exception: gone in /srv/shop.php:12"],
        ),
        ('When I go to "/"', [TRACEBACK], ["URL/ shows an error of its program: KeyError: 'tea'"]),
        (
            'When I go to "/"\nAnd I go to "/"\nThen I should see "Sencha"',
            [TRACEBACK, SHOP],
            ["URL/ shows an error of its program: KeyError: 'tea'"],
        ),
        (
            'When I go to "/"\nThen I should see "tea"',
            [CLOSED],
            ["URL/ has status 200, and looks like a maintenance page: “We are down for maintenance”"],
        ),
        (
            'When I go to "/"\nThen I should see "We"',
            [CLOSED],
            ["URL/ has status 200, and looks like a maintenance page: “We are down for maintenance”"],
        ),
        ('When I go to "/"\nThen I should see "down for maintenance"', [CLOSED], []),
        (
            'When I go to "/"\nThen the title should be "Not found"',
            [answer(b"<title>Not found</title>No such tea")],
            [],
        ),
        ('When I go to "/"\nThen the status should be 500', [TRACEBACK.replace(b"200 OK", b"500 Oh", 1)], []),
    ],
)
def test_the_error_of_a_program(tmp_path: Path, text: str, answers: list[bytes], said: list[str]) -> None:
    """It is told also where the expected text is there; not on a page whose status is an error's."""
    assert warned(observed(tmp_path, text, *answers)) == [f"page_error: {line}" for line in said]


def test_a_run_that_fails_has_its_own_message(tmp_path: Path) -> None:
    """What was overlooked before is not told beside it."""
    run = observed(tmp_path, 'When I go to "/"\nAnd I go to "/shop"\nThen I should see "Gyokuro"', EMPTY, SHOP)
    assert (run.passed, run.warnings) == (False, ())
