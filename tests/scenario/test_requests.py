"""Requests for APIs as they go over the wire: methods, headers, bodies, credentials, and what becomes of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Misconfigured, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.scenario.requests import content_type
from tests.helpers.api import Asked, api, moved, replayed, said
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer, tidily

ROUTES = {
    "/api/orders": said('{"id": 7}', status="201 Created"),
    "/api/orders/7": said("", status="204 No Content"),
    "/see-other": moved("/api/orders", "303 See Other"),
    "/found": moved("/api/orders", "302 Found"),
    "/temporary": moved("/api/orders", "307 Temporary Redirect"),
    "/zipped": said(gzip.compress(b"{}"), "application/json", "Content-Encoding: gzip"),
    "/refused": said('{"error": "no"}', status="422 Unprocessable Entity"),
    "/asks": answer(b"who?", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
    "/form": answer(
        b'<form action="/found"><label>Search <input name=q></label><button name=b value=1>Go</button></form>'
    ),
    "/echo": answer(b"<p>You are sesame-1234-street"),
}


def lines(asked: list[Asked]) -> list[str]:
    """Method and target of each request."""
    return [one.line for one in asked]


def test_a_request_with_a_body(tmp_path: Path) -> None:
    """Its bytes as they stand below the step, with the headers that a program would send."""
    steps = (
        'When I send a POST request to "/api/orders" with the body:\n"""json\n'
        '{"sum": "3 \u20ac",\n "for": "${who}"}\n"""\n'
        'Then the status should be 201\nAnd the JSON at "/id" should be 7'
    )
    found, (asked,) = replayed(tmp_path, steps, ROUTES, variables=(("who", "me"),))
    assert (found.status, found.message) == (Status.PASSED, "")
    assert found.steps[0].seconds is not None
    host, agent = asked.headers["host"], asked.headers["user-agent"]
    encodings = asked.headers["accept-encoding"]
    body = '{"sum": "3 \u20ac",\n"for": "me"}'.encode()
    assert asked == Asked(
        "POST /api/orders",
        {
            "host": host,
            "user-agent": agent,
            "accept": "*/*",
            "accept-encoding": encodings,
            "content-type": "application/json",
            "content-length": str(len(body)),
        },
        body,
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"])
def test_any_method(tmp_path: Path, method: str) -> None:
    """Without a body; a POST says that its body is empty."""
    found, (asked,) = replayed(tmp_path, f'When I send a {method} request to "/api/orders"', ROUTES)
    assert (found.message, asked.line, asked.body) == ("", f"{method} /api/orders", b"")
    length = {"POST": "0", "PUT": "0", "PATCH": "0"}.get(method)
    assert asked.headers.get("content-length") == length


@pytest.mark.parametrize(
    ("path", "method", "then"),
    [
        ("/see-other", "POST", "GET"),
        ("/see-other", "DELETE", "GET"),
        ("/see-other", "HEAD", "HEAD"),
        ("/found", "POST", "GET"),
        ("/found", "PUT", "PUT"),
        ("/found", "HEAD", "HEAD"),
        ("/temporary", "POST", "POST"),
    ],
)
def test_redirects_are_a_browser_s(tmp_path: Path, path: str, method: str, then: str) -> None:
    """Rules 9 and 10: what becomes a GET loses its body and what is said of it; what does not keeps both."""
    steps = f'When I send a {method} request to "{path}" with body:\n"""\n{{}}\n"""'
    found, asked = replayed(tmp_path, steps, ROUTES)
    assert (found.message, lines(asked)) == ("", [f"{method} {path}", f"{then} /api/orders"])
    kind, body = (None, b"") if then == "GET" else ("application/json", b"{}")
    assert (asked[1].headers.get("content-type"), asked[1].body) == (kind, body)
    assert [one.headers["accept"] for one in asked] == ["*/*", "*/*"]


def test_head_has_no_body_to_unpack(tmp_path: Path) -> None:
    """Although its headers are those of a GET."""
    found, _ = replayed(tmp_path, 'When I send a HEAD request to "/zipped"\nThen the status should be 200', ROUTES)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_a_bad_status_fails_the_request_unless_it_is_asked_for(tmp_path: Path) -> None:
    """As with any navigation."""
    send = 'When I send a DELETE request to "/refused"\n'
    refused, _ = replayed(tmp_path, f'{send}Then the JSON at "/error" should be "no"', ROUTES)
    assert (refused.cause, refused.steps[0].status) == (Cause.REFUSED, Status.FAILED)
    passed, _ = replayed(
        tmp_path, f'{send}Then the status should be 422\nAnd the JSON at "/error" should be "no"', ROUTES
    )
    assert passed.passed


@pytest.mark.parametrize(
    ("mark", "body", "sent"),
    [
        ("json", "{}", "application/json"),
        ("JSON", "no json", "application/json"),
        ("xml", "<a/>", "application/xml"),
        ("text", "{}", "text/plain; charset=utf-8"),
        ("application/vnd.api+json", "{}", "application/vnd.api+json"),
        ("text/csv; header=present", "a", "text/csv; header=present"),
        ("form", "a=b", "application/x-www-form-urlencoded"),
        ("", ' {"a": 1}', "application/json"),
        ("", "[1]", "application/json"),
        ("", "[1", "text/plain; charset=utf-8"),
        ("", "<a/>", "application/xml"),
        ("", "hello", "text/plain; charset=utf-8"),
        ("", "", "text/plain; charset=utf-8"),
    ],
)
def test_what_a_body_is(mark: str, body: str, sent: str) -> None:
    """What stands after the quotes says it; else it is what the body looks like."""
    assert content_type(body, mark) == sent


def test_a_media_type_is_one_line() -> None:
    """Or it would be a header more."""
    with pytest.raises(Misconfigured, match=r"is not a media type: use application/…"):
        content_type("{}", "text/x;\r\nX-Evil: 1")


def test_what_is_no_media_type() -> None:
    """A word that is none is a mistake, not a header."""
    with pytest.raises(Misconfigured) as caught:
        content_type("{}", "jsn")
    assert str(caught.value) == (
        "“jsn” is not a media type: use application/…, or one of csv, form, html, json, text, xml, yaml"
    )


def test_form_data(tmp_path: Path) -> None:
    """Escaped as a browser does."""
    steps = 'When I send a POST request to "/api/orders" with the form data:\n| grant_type | a b |\n| q | \u00e9&~ |'
    found, (asked,) = replayed(tmp_path, steps, ROUTES)
    assert found.passed, found.message
    kind = asked.headers["content-type"]
    assert (kind, asked.body) == ("application/x-www-form-urlencoded", b"grant_type=a+b&q=%C3%A9%26%7E")


def test_headers_that_are_set_go_with_all_that_follows(tmp_path: Path) -> None:
    """In place of the browser's own; in this run only."""
    steps = (
        'When I go to "/form"\nAnd I set the header "Accept" to "application/json"\n'
        'And I set the header "X-Probe" to "a b"\n'
        'And I set the header "x-probe" to "\u00e9"\nAnd I go to "/found"\n'
        'And I set the header "content-type" to "text/x"\n'
        'And I send a PUT request to "/api/orders" with the body:\n"""json\n1\n"""'
    )

    async def main() -> tuple[list[Observation], list[Asked]]:
        async with api(ROUTES) as site:
            found = loaded(write_feature(tmp_path, steps), base_url=site.url)
            return [await observe(found.jobs[0]) for _ in range(2)], site.asked

    found, asked = tidily(main())
    assert [one.message for one in found] == ["", ""]
    names = ("accept", "x-probe", "content-type")
    html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    once = [
        [html, None, None],
        ["application/json", "\xc3\xa9", None],
        ["application/json", "\xc3\xa9", None],
        ["application/json", "\xc3\xa9", "text/x"],
    ]
    assert [[one.headers.get(name) for name in names] for one in asked] == once * 2


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('I set the header "X${blank}Y" to "a"', "“X Y” is not a header name"),
        ('I set the header "X-Key" to "${lines}"', "the value of the header X-Key has a line end or another control"),
        ('I authenticate with the bearer token "a${blank}b"', "the bearer token contains a blank or another character"),
        ('I send a GET request to "ftp://a/"', "“ftp://a/”: “ftp:” is neither http nor https"),
    ],
)
def test_what_the_operator_has_to_mend(tmp_path: Path, step: str, said: str) -> None:
    """Before anything is sent; a value is not repeated."""
    found, asked = replayed(tmp_path, f"When {step}", ROUTES, variables=(("lines", "a\r\nX-Evil: 1"), ("blank", " ")))
    assert (found.status, found.cause, asked) == (Status.ERROR, Cause.CONFIGURATION, [])
    assert found.message.startswith(said)
    assert "Evil" not in found.message


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('I send a POST request to "/a" with the body:', "this sentence needs a doc string below it"),
        (
            'I send a POST request to "/a" with the body:\n| a | b |',
            "this sentence needs a doc string below it, not a table",
        ),
        ('I send a POST request to "/a" with the form data:', "this sentence needs a table below it"),
        (
            'I send a POST request to "/a" with the form data:\n"""\na\n"""',
            "this sentence needs a table below it, not a doc string",
        ),
        (
            'I send a POST request to "/a" with the form data:\n| a |',
            "the table needs two columns: a name, and its value",
        ),
        (
            'I send a POST request to "/a" with the body:\n"""jsn\n{}\n"""',
            "“jsn” is not a media type: use application/…, or one of csv, form, html, json, text, xml, yaml",
        ),
        ('I send a get request to "/a"', "a method is written in capitals: GET"),
        ('I send a CONNECT request to "/a"', "CONNECT asks a proxy for a tunnel and returns no page"),
        ('I set the header "X Y" to "a"', "“X Y” is not a header name"),
        ('I set the header "" to "a"', "“” is not a header name"),
        (
            'I set the header "Content-Length" to "9"',
            "the header Content-Length is the connection's own and follows from the request",
        ),
        ('I authenticate with the bearer token ""', "the bearer token is empty"),
        (
            'I authenticate with the bearer token "a b"',
            "the bearer token contains a blank or another character that is not allowed in one",
        ),
        (
            "I am HTTP digest authenticated with the following credentials:\n| user | password |\n| a | b |",
            "the table needs a header, | username | password |, and a row with both",
        ),
        ('I send a POST request to "/a"\n"""\na\n"""', "this sentence takes no doc string"),
        ('I send a GET request to "http://[/"', "“http://[/”: “[” is not a host"),
    ],
)
def test_what_is_told_when_the_feature_is_loaded(tmp_path: Path, step: str, said: str) -> None:
    """What is below the step, and the address."""
    found = loaded(write_feature(tmp_path, f"When {step}"), base_url="http://127.0.0.1/")
    assert [problem.what for problem in found.problems] == [said]


def test_a_bearer_token_is_for_home_only(tmp_path: Path) -> None:
    """Another host does not see it, be it asked or redirected to; nor does anybody who reads the reports."""
    token = "sesame-1234-street"

    async def main() -> tuple[Observation, list[Asked], list[Asked]]:
        async with (
            api({**ROUTES, "/next": answer(b"<p>Other")}) as other,
            api({**ROUTES, "/away": moved(f"http://localhost:{other.port}/next")}) as site,
        ):
            steps = (
                f'Given I authenticate with the bearer token "{token}"\nWhen I send a GET request to "/api/orders"\n'
                f'And I go to "/away"\nAnd I send a GET request to "http://localhost:{other.port}/api/orders"\n'
                'And I go to "/echo"\nThen I should see "sesame-1234-stree t"'
            )
            ipv4 = BlockSettings(family="ipv4")  # of "localhost", too
            found = loaded(write_feature(tmp_path, steps), base_url=site.url, common=ipv4)
            return await observe(found.jobs[0]), site.asked, other.asked

    found, home, abroad = tidily(main())
    assert [one.headers.get("authorization") for one in home] == [f"Bearer {token}"] * 3
    assert [one.headers.get("authorization") for one in abroad] == [None, None]
    assert found.trouble is not None
    assert found.trouble.found == "You are [token]"


def test_a_header_that_looks_like_a_secret_is_hidden(tmp_path: Path) -> None:
    """Whole, and without the scheme in front of it."""
    steps = (
        'Given I set the header "X-Api-Key" to "opensesame"\nAnd I set the header "Authorization" to "Basic bWU6eA=="\n'
        'And I set the header "X-Colour" to "blue"\nWhen I go to "/form"\n'
        'Then I should see "opensesame"\nAnd I should see "never"'
    )
    routes = {**ROUTES, "/form": answer(b"<p>opensesame, bWU6eA==, blue")}
    found, _ = replayed(tmp_path, steps, routes)
    assert found.trouble is not None
    assert found.trouble.found == "[X-Api-Key], [Authorization], blue"


def test_credentials_in_one_sentence(tmp_path: Path) -> None:
    """Shown when the site asks, and then refused: the password stays out of sight."""
    found, asked = replayed(
        tmp_path, 'Given I authenticate as "me" with the password "hunter22"\nWhen I go to "/asks"', ROUTES
    )
    assert [one.headers.get("authorization") for one in asked] == [None, "Basic bWU6aHVudGVyMjI="]
    assert "the credentials were not accepted" in found.message
    assert "hunter22" not in f"{found.message}{found.trouble}"


def test_enter_in_a_field(tmp_path: Path) -> None:
    """By the form's first submit button, which is part of what is sent (rule 56)."""
    steps = (
        'When I go to "/form"\nAnd I fill in "Search" with "tea"\nAnd I press Enter in "Search"\n'
        "Then the status should be 201"
    )
    found, asked = replayed(tmp_path, steps, ROUTES)
    assert found.passed, found.message
    assert lines(asked) == ["GET /form", "GET /found?q=tea&b=1", "GET /api/orders"]


ORDERS = """
Given I set the header "Accept" to "application/json"
When I send a POST request to "/oauth/token" with the form data:
  | grant_type | client_credentials |
  | client_id  | monitor            |
And I remember the JSON at "/access_token" as "token"
And I authenticate with the bearer token "${token}"
And I remember a new uuid as "reference"
And I send a POST request to "/api/orders" with the body:
  \"\"\"json
  {"item": "tea", "reference": "${reference}"}
  \"\"\"
And the last step should take less than 800 ms, or warn
Then the status should be 201
And the JSON at "/state" should be "open"
And the JSON at "/total" should be less than 10
And I remember the "Location" header as "order"
And whatever happens, I send a DELETE request to "${order}"
"""


def test_an_api_as_somebody_would_watch_it(tmp_path: Path) -> None:
    """A token is fetched, an order is made with it, looked at and taken back; nobody sees the token."""
    order = said(
        '{"state": "open", "total": 2.50}', "application/json", "Location: /api/orders/7", status="201 Created"
    )
    routes = {**ROUTES, "/oauth/token": said('{"access_token": "t0ken-t0ken"}'), "/api/orders": order}
    found, asked = replayed(tmp_path, ORDERS, routes)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert lines(asked) == ["POST /oauth/token", "POST /api/orders", "DELETE /api/orders/7"]
    bearer = "Bearer t0ken-t0ken"
    assert [one.headers.get("authorization") for one in asked] == [None, bearer, bearer]
    assert asked[1].body.startswith(b'{"item": "tea", "reference": "')
