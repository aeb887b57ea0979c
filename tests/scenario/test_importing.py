"""Recordings of anybody's: whatever is in them, the scenario is one, and shows no secret."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collectd_inode.scenario import feature
from collectd_inode.scenario.importing import Imported, imported
from collectd_inode.scenario.recording import BadRecording, requests

texts = some.text(max_size=20)
urls = some.sampled_from(
    ["http://h.test/", "http://h.test/a?token=hunter22&b=c", "http://api.h.test/x", "ftp://h/", "x"]
)
headers = some.lists(
    some.fixed_dictionaries(
        {
            "name": some.sampled_from(["Sec-Fetch-Dest", "Authorization", "X-CSRF-Token", "Content-Type", "Location"]),
            "value": some.sampled_from(["document", "empty", "Bearer hunter22", "hunter22hunter22", "text/html", "/"]),
        }
    ),
    max_size=4,
)
sent = some.one_of(
    some.just("password=hunter22&a=b"),
    some.just('{"password": "hunter22", "a": ["${x}", "\\"\\"\\""]}'),
    some.text(alphabet="ab${}\"'|\\\n=&%", max_size=30),
)
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
entries = some.one_of(
    anything,
    some.fixed_dictionaries(
        {
            "request": some.fixed_dictionaries(
                {
                    "method": some.sampled_from(["GET", "POST", "PUT", "OPTIONS", ""]),
                    "url": urls,
                    "headers": headers | anything,
                    "postData": some.fixed_dictionaries(
                        {
                            "text": sent,
                            "mimeType": some.sampled_from(
                                ["application/x-www-form-urlencoded", "application/json", "text/plain", ""]
                            ),
                        }
                    )
                    | anything,
                }
            ),
            "response": some.fixed_dictionaries(
                {
                    "status": some.sampled_from([200, 302, 404, 0, "200", None]),
                    "headers": headers,
                    "content": some.fixed_dictionaries(
                        {
                            "mimeType": some.sampled_from(["text/html", "application/json", ""]),
                            "text": some.sampled_from(
                                [
                                    "<title>Home</title><form method=post action=/a><input name=a>"
                                    "<input type=password name=password><button>Go</button></form><a href=/>Home</a>",
                                    '{"a": "hunter22hunter22"}',
                                    "",
                                ]
                            ),
                        }
                    )
                    | anything,
                }
            ),
        }
    ),
)


@given(some.binary(max_size=200) | anything.map(lambda found: json.dumps({"log": found}).encode()))
def test_any_bytes(content: bytes) -> None:
    """A list of requests, or BadRecording."""
    with suppress(BadRecording):
        requests(content)


@given(some.lists(entries, max_size=6))
def test_any_recording(found: list[Any]) -> None:
    """The file is one scenario with the steps of the draft, and no secret is in it."""
    try:
        made = imported(requests(json.dumps({"log": {"entries": found}}).encode()))
    except BadRecording:
        return
    text = made.draft.text()
    (scenario,) = feature.parse(text.encode(), "x.feature").scenarios
    assert len(scenario.steps) == len(made.draft.steps)
    assert not [value for value in made.secrets.values() if len(value) >= 4 and value in text]


# What browsers send, one kind a test


def asked(
    method: str, path: str, *, sent: str = "", kind: str = "", body: str = "", answer: str = "text/html", **more: Any
) -> dict[str, Any]:
    """An entry as Firefox writes it; ``purpose``, ``status``, ``headers`` and ``answered`` may be said."""
    headers = {"Sec-Fetch-Dest": more.get("purpose", "document"), **more.get("headers", {})}
    answered = [("Content-Type", answer), *more.get("answered", ())]
    return {
        "request": {
            "method": method,
            "url": f"http://h.test{path}",
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            **({"postData": {"mimeType": kind, "text": sent}} if sent else {}),
        },
        "response": {
            "status": more.get("status", 200),
            "headers": [{"name": name, "value": value} for name, value in answered],
            "content": {"mimeType": answer, "text": body},
        },
    }


def called(method: str, path: str, sent: object = None, **more: Any) -> dict[str, Any]:
    """A script's call with JSON, answered by JSON."""
    text = json.dumps(sent) if sent is not None else ""
    given = {"purpose": "empty", "kind": "application/json", "answer": "application/json", "body": "{}", **more}
    return asked(method, path, sent=text, **given)


def made(*found: dict[str, Any]) -> Imported:
    """The scenario of a recording with these entries."""
    return imported(requests(json.dumps({"log": {"entries": found}}).encode()))


def steps(*found: dict[str, Any]) -> list[str]:
    """Its steps after the first, with what stands below each."""
    return [" ".join((step.text, *step.below)) for step in made(*found).draft.steps[1:]]


def form(fields: str, method: str = "post", more: str = "") -> dict[str, Any]:
    """A page with a form."""
    return asked("GET", "/", body=f"<form action=/f method={method} {more}>{fields}</form>")


SEARCH = "<input name=q placeholder=Search><input type=hidden name=l value=en>"


def test_a_form_that_asks() -> None:
    """A search is typed as a visitor does; without a button by Enter."""
    found = asked("GET", "/f?q=blue+shoes&l=en")
    assert steps(form(SEARCH + "<button>Find</button>", "get"), found) == [
        'I fill in "Search" with "blue shoes"', 'I press "Find"',
    ]  # fmt: skip
    assert steps(form(SEARCH, "get"), found)[1] == 'I press Enter in "Search"'
    assert steps(form(SEARCH, "post"), found) == ['I go to "/f?q=blue%20shoes&l=en"']


MULTIPART = """\
--x\r
Content-Disposition: form-data; name="name"\r
\r
Jane\r
--x\r
Content-Disposition: form-data; name="text"\r
\r
one\r
two\r
--x\r
Content-Disposition: form-data; name="file"; filename="{file}"\r
Content-Type: application/octet-stream\r
\r
\r
--x--\r
"""
CONTACT = (
    "<input name=name placeholder=Name><textarea name=text placeholder=Text></textarea><input type=file name=file>"
    "<button>Send</button>"
)


def test_a_form_in_parts() -> None:
    """Text of several lines stands below its step; a file that was sent is not here."""
    page = form(CONTACT, more="enctype=multipart/form-data")
    sent = {"kind": "multipart/form-data; boundary=x", "sent": MULTIPART.format(file="")}
    assert steps(page, asked("POST", "/f", **sent)) == [
        'I fill in "Name" with "Jane"', 'I fill in "Text" with: """ one two """', 'I press "Send"',
    ]  # fmt: skip
    assert "no form of the page before it" in made(page, asked("POST", "/other", **sent)).notes[0]
    sent["sent"] = MULTIPART.format(file="a.png")
    assert "a file has been sent" in made(page, asked("POST", "/f", **sent)).notes[0]


def test_a_password_by_its_field() -> None:
    """Whatever its name is, and however it is sent: by a request where no form fits, by a script, in an address."""
    page = form("<input type=password name=pw1><input type=password name=pw2>")
    fields = {"kind": "application/x-www-form-urlencoded", "sent": "pw1=hunter22&pw2=hunter22&a=1&a=2"}
    found = made(
        page, asked("POST", "/f", **fields), called("POST", "/g", {"pw1": "hunter22"}), asked("GET", "/h?pw1=hunter22")
    )
    assert found.secrets == {"pw1": "hunter22"}
    assert "hunter22" not in found.draft.text()
    assert found.draft.steps[1].below == ("| pw1 | ${pw1} |", "| pw2 | ${pw1} |", "| a | 1 |", "| a | 2 |")


@pytest.mark.parametrize(
    ("page", "remembered", "said"),
    [
        (
            {"answered": [("Set-Cookie", "XSRF-TOKEN=t0ken-t0ken%3D%3D; Path=/\nsid=x; HttpOnly")]},
            'I remember the "Set-Cookie" header matching /XSRF-TOKEN=([^;%]+)/ as the secret "csrf_token"',
            "${csrf_token}==",
        ),
        (
            {"answered": [("Set-Cookie", "csrftoken=t0ken-t0ken=="), ("Set-Cookie", "sid=x")]},
            'I remember the "csrftoken" cookie as "csrf_token"',
            "${csrf_token}",
        ),
        (
            {"body": '<script>var a = "x", c = {"csrf/token": "t0ken-t0ken=="}</script>'},
            'I remember the source matching /token": "([^"]+)/ as the secret "csrf_token"',
            "${csrf_token}",
        ),
        (
            {"body": "<p data-t='1'></p><body data-t='t0ken-t0ken=='>"},
            "I remember the source matching /t='1'></p><body data-t='([^']+)/ as the secret \"csrf_token\"",
            "${csrf_token}",
        ),
    ],
)
def test_a_token_of_the_page(page: dict[str, Any], remembered: str, said: str) -> None:
    """Of a cookie as scripts read it, of a script or an attribute by what stands before it."""
    call = called("POST", "/api", {}, headers={"X-CSRF-Token": "t0ken-t0ken=="})
    assert steps(asked("GET", "/", **page), call) == [
        remembered, f'I set the header "x-csrf-token" to "{said}"',
        'I send a POST request to "/api" with the body: """json {} """',
    ]  # fmt: skip


def test_the_number_of_what_was_made() -> None:
    """It is remembered, however short, where a request that makes something was answered by it; nothing else is."""
    order = called("POST", "/orders", {"id": 7, "n": 4711}, body='{"n": 1, "order": {"id": 4711}}')
    again = called("PUT", "/orders/4711", {"orderId": 4711, "n": 4711, "ref": "4711"})
    assert steps(asked("GET", "/"), order, again, asked("GET", "/orders?id=4711&n=4711")) == [
        'I send a POST request to "/orders" with the body: """json {   "id": 7,   "n": 4711 } """',
        'I remember the JSON at "/order/id" as "order_id"',
        'I send a PUT request to "/orders/${order_id}" with the body: """json'
        ' {   "orderId": ${order_id},   "n": 4711,   "ref": "${order_id}" } """',
        'I go to "/orders?id=${order_id}&n=4711"',
    ]
    read = called("GET", "/orders", body='{"id": 4711}')
    assert steps(asked("GET", "/"), read, again)[1].startswith('I send a PUT request to "/orders/4711"')


def test_an_account_of_http() -> None:
    """It is a step, once, and its password a secret."""
    basic: dict[str, Any] = {"headers": {"Authorization": "Basic amFuZTpodW50ZXIyMg=="}}
    found = made(asked("GET", "/", **basic), called("GET", "/api", **basic))
    assert [step.text for step in found.draft.steps] == [
        'I authenticate as "jane" with the password "${password}"', 'I go to "/"', 'I send a GET request to "/api"',
    ]  # fmt: skip
    assert found.secrets == {"password": "hunter22"}


def test_bodies_of_text() -> None:
    """They are sent as they are, unless there is a secret in them; JSON is often sent as text."""
    page = asked("GET", "/")
    assert steps(page, called("POST", "/a", {"password": "hunter22"}, kind="text/plain;charset=UTF-8")) == [
        'I send a POST request to "/a" with the body: """text {   "password": "${password}" } """'
    ]
    xml = {"purpose": "empty", "kind": "text/xml"}
    assert steps(page, asked("POST", "/a", sent="<a>1</a>", **xml)) == [
        'I send a POST request to "/a" with the body: """text/xml <a>1</a> """'
    ]
    left_out = made(page, asked("POST", "/a", sent="<password>hunter22</password>", **xml)).notes
    assert left_out == ("left out: POST /a: its body names what may be secret; write the step yourself",)


def test_a_page_whose_content_was_not_kept() -> None:
    """A browser that has thrown it away, or Playwright's ``content: "omit"``."""
    lost = asked("GET", "/")
    lost["response"]["content"] = {"mimeType": "text/html", "size": 700}
    notes = made(lost, asked("GET", "/b", body="<title>B</title>")).notes
    assert notes == ("1 page without its content in the recording: no link or form of it is known",)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/b", "", ".", "..", "a\0", 7, None])
def test_a_body_in_a_file_elsewhere(name: object) -> None:
    """Only files in the recording's own folder are read."""
    entry = asked("GET", "/")
    entry["response"]["content"] = {"mimeType": "text/html", "_file": name}
    (found,) = requests(json.dumps({"log": {"entries": [entry]}}).encode(), lambda name: name.encode())
    assert found.body == b""


def test_pages_that_nobody_has_opened_yet() -> None:
    """A browser that asks ahead is no visitor."""
    assert steps(asked("GET", "/"), asked("GET", "/b", headers={"Sec-Purpose": "prefetch;prerender"})) == []


@pytest.mark.parametrize(("start", "what"), [(b"PK\3\4", "a zip archive"), (b"\x1f\x8b\x08", "gzip")])
def test_a_packed_recording(start: bytes, what: str) -> None:
    """What to do is said."""
    with pytest.raises(BadRecording, match=f"this is {what}: unpack it"):
        requests(start)


def test_nothing_was_answered() -> None:
    """Why nothing becomes a step is said."""
    with pytest.raises(BadRecording, match=r"left out: requests without an answer \(1\)"):
        made(asked("GET", "/", status=0))
