"""Values that are remembered: where they come from, what they are good for, and which of them nobody sees."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import httpx
import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured, Status
from collectd_inode.scenario import remembering
from collectd_inode.scenario.session import Session
from collectd_inode.secrets.names import looks_secret
from tests.helpers.api import replayed, said
from tests.helpers.examples import SetClock, loaded, write_feature
from tests.helpers.peers import answer, tidily

PAGE = b"""<!doctype html><title>Order 77</title><meta name="csrf-token" content="c5rf-c5rf"><base href="/shop/">
<p id="order">Order <b>4711</b>
 received</p><p class="empty"></p><p hidden id="hint">Not seen</p>
<a href="orders/4711?a=1&amp;b=2">Your order</a><a href="tel:0800">Call</a>
<script>var nonce = 'n0nce';</script>
<form><label>Reference <input name="ref" value="R-1"></label><input type="hidden" name="state" value="st4te-st4te">
<label>Password <input type="password" name="p" value="pw"></label><input name="empty">
<select name="size"><option>Small<option selected>Large</select></form>
"""

ROUTES = {
    "/": answer(
        PAGE, "200 OK", "Set-Cookie: session=s3ss10n-s3ss10n; HttpOnly", "X-Request-Id: r-15", "Link: </p2>; rel=next"
    ),
    "/api": said(
        '{"id": 7, "ok": true, "none": null, "sum": 2.50, "access_token": "t0ken-t0ken", "auth": true,'
        ' "empty": "", "half": "\\ud800", "list": [1, {"a": "b"}]}'
    ),
    "/long": answer(b"<p>" + b"x" * 5000),
    "/slow": answer(b"<p>" + b"a" * 5000),
}

UNSEEN = [
    ('the "p" field', "pw"),
    ('the "state" field', "st4te-st4te"),
    ('the attribute "content" of the element "meta[name=csrf-token]"', "c5rf-c5rf"),
    ('the JSON at "/access_token"', "t0ken-t0ken"),
]


@pytest.mark.parametrize(
    ("path", "what", "value"),
    [
        ("/", r"the text matching /Order (\d+) rec/", "4711"),
        ("/", r"the text matching /O\w+ \d+/", "Order 4711"),
        ("/", r"the text matching /^Order (\d+)(x)?/", "4711"),
        ("/", "the source matching /nonce = '(\\w+)'/", "n0nce"),
        ("/", 'the "Reference" field', "R-1"),
        ("/", 'the "size" field', "Large"),
        ("/", 'the address of the link "Your order"', "{site}/shop/orders/4711?a=1&b=2"),
        ("/", 'the address of the link "Call"', "tel:0800"),
        ("/", 'the "x-request-id" header', "r-15"),
        ("/", 'the "Link" header matching /<(.+?)>; rel=next/', "/p2"),
        ("/", 'the text of the element "#order"', "Order 4711 received"),
        ("/", 'the text of the element "//p/b"', "4711"),
        ("/", 'the text of the element "#hint"', "Not seen"),
        ("/", 'the attribute "HREF" of the element "a"', "orders/4711?a=1&b=2"),
        ("/", "the address", "{site}/"),
        ("/", "the title", "Order 77"),
        ("/", '"a ${word} b"', "a said b"),
        ("/api", 'the JSON at "/id"', "7"),
        ("/api", 'the JSON at "/ok"', "true"),
        ("/api", 'the JSON at "/auth"', "true"),
        ("/api", 'the JSON at "/none"', "null"),
        ("/api", 'the JSON at "/sum"', "2.5"),
        ("/api", 'the JSON at "/list"', '[1, {"a": "b"}]'),
    ],
)
def test_what_is_remembered_is_good_for_what_follows(tmp_path: Path, path: str, what: str, value: str) -> None:
    """As ``${it}``, in whatever step; and it is no secret."""
    steps = (
        f'When I go to "{path}"\nAnd I remember {what} as "it"\nAnd I set the header "X-It" to "${{it}}"\n'
        'And I go to "/"\nThen I should see "is it ${it}?"'
    )
    found, asked = replayed(tmp_path, steps, ROUTES, variables=(("word", "said"),))
    value = value.replace("{site}", f"http://{asked[0].headers['host']}")
    assert asked[-1].headers["x-it"] == value
    assert found.trouble is not None
    assert found.trouble.expected == f"is it {value}?"


@pytest.mark.parametrize(
    ("path", "what", "name", "value"),
    [
        *(("/api" if "JSON" in what else "/", what, "it", value) for what, value in UNSEEN),
        ("/", 'the "session" cookie', "it", "s3ss10n-s3ss10n"),
        ("/", 'the "Set-Cookie" header matching /session=([^;]+)/', "it", "s3ss10n-s3ss10n"),
        ("/", "the text matching /Order (4711)/", "csrf", "4711"),
        ("/", '"0123456789"', "passwort", "0123456789"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(tmp_path: Path, path: str, what: str, name: str, value: str) -> None:
    """By its own name, or by what it comes from."""
    steps = (
        f'When I go to "{path}"\nAnd I remember {what} as "{name}"\nAnd I set the header "X-It" to "${{{name}}}"\n'
        f'And I go to "/"\nThen I should see "never ${{{name}}}"'
    )
    found, asked = replayed(tmp_path, steps, ROUTES)
    assert asked[-1].headers["x-it"] == value
    assert found.trouble is not None
    assert found.trouble.expected == f"never [{name}]"
    assert value not in str(found.trouble)


@pytest.mark.parametrize(
    "what",
    [
        "the text matching /Order (4711)/",
        "the source matching /4711/",
        'the "Reference" field',
        'the address of the link "Your order"',
        'the "X-Request-Id" header',
        'the "X-Request-Id" header matching /r-../',
        'the text of the element "b"',
        'the attribute "id" of the element "p"',
        "the title",
        "the address",
    ],
)
def test_a_secret_by_its_own_account(tmp_path: Path, what: str) -> None:
    """However short, and whatever it looks like."""
    steps = f'When I go to "/"\nAnd I remember {what} as the secret "it"\nThen I should see "never: ${{it}}"'
    found, _ = replayed(tmp_path, steps, ROUTES)
    assert found.trouble is not None
    assert found.trouble.expected == "never: [it]"


def test_a_secret_address_is_hidden_in_parts_too(tmp_path: Path) -> None:
    """A link that logs one in: its page says the address without its host, or what is in it."""
    link = "/reset/k3jq-82mm-11xs-4f0a?mail=me&once=9f8e7d6c5b4a39281706"
    page = link.partition("?")[0]
    routes = {"/": answer(f"<a href='{link}'>Reset</a>".encode()), page: answer(f"<p>{link}</p>".encode())}
    steps = (
        'When I go to "/"\nAnd I remember the address of the link "Reset" as the secret "link"\nAnd I go to "${link}"\n'
        'Then I should see "never"'
    )
    found, asked = replayed(tmp_path, steps, routes)
    assert [one.line for one in asked] == ["GET /", f"GET {link}"]
    assert found.trouble is not None
    assert found.trouble.message == "text “never” not found, on [link] (status 200)"
    assert found.trouble.found == "[link]?mail=me&once=[link]"


def test_a_long_secret_is_hidden_too(tmp_path: Path) -> None:
    """A JSON Web Token has a thousand characters and more."""
    token = "".join(str(uuid.uuid5(uuid.NAMESPACE_DNS, str(n))) for n in range(40))
    routes = {"/": said(f'{{"door": "{token}"}}')}
    steps = (
        'When I go to "/"\nAnd I remember the JSON at "/door" as "token"\n'
        'Then the JSON at "/door" should be "${token}!"'
    )
    found, _ = replayed(tmp_path, steps, routes)
    assert found.trouble is not None
    assert "[token]" in found.trouble.found
    assert token[:36] not in str(found.trouble)


@pytest.mark.parametrize(
    ("names", "secret"),
    [
        (("access_token",), True),
        (("X-API-Key",), True),
        (("it", "PHPSESSIONID"), True),
        (("Passwort",), True),
        (("xsrf",), True),
        (("Authorization",), True),
        (("oauth",), True),
        (("author", "authors", "author_name"), False),
        (("sid",), True),
        (("inside", "compass", "shipping"), False),
        (("keyword", "keyboard"), False),
        (("order",), False),
    ],
)
def test_what_looks_like_a_secret(names: tuple[str, ...], secret: bool) -> None:
    """By any of its names."""
    assert looks_secret(*names) is secret


@pytest.mark.parametrize(
    ("path", "what", "message", "found"),
    [
        ("/", "the text matching /Bill (.)/", "/Bill (.)/ matches nothing, on {/}", "Order 4711 received Your order"),
        ("/", "the source matching /Bill/", "/Bill/ matches nothing in the page's source, on {/}", ""),
        ("/", 'the "empty" field', "the field “empty” is empty: there is nothing to remember, on {/}", ""),
        (
            "/",
            'the text of the element ".empty"',
            "the text of “.empty” is empty: there is nothing to remember, on {/}",
            "",
        ),
        ("/", 'the text of the element "#orders"', "there is no “#orders”, on {/}", "nearest: #order"),
        ("/", 'the attribute "src" of the element "a"', "“a” has no attribute src, on {/}", "attributes: href"),
        ("/", 'the "ETag" header', "there is no ETag header, on {/}", "headers: content-type, "),
        (
            "/",
            'the "X-Request-Id" header matching /x/',
            "/x/ matches nothing in the X-Request-Id header, on {/}",
            "r-15",
        ),
        (
            "/",
            'the "Set-Cookie" header matching /x/',
            "/x/ matches nothing in the Set-Cookie header, on {/}",
            "not shown",
        ),
        ("/", 'the "sid" cookie', "there is no cookie “sid”, on {/}", "cookies: session"),
        ("/", 'the address of the link "Bill"', "no link “Bill”, on {/}", ""),
        ("/api", 'the JSON at "/ide"', "there is no JSON at “/ide”, on {/api}", 'the JSON has the keys "id", "ok", '),
        ("/api", 'the JSON at "/empty"', "the JSON at “/empty” is empty: there is nothing to remember, on {/api}", ""),
        (
            "/api",
            'the JSON at "/half"',
            "the JSON at “/half” contains half of a character: it cannot be sent, on {/api}",
            "",
        ),
        ("/long", "the text matching /x+/", "what /x+/ finds is too long to be remembered, on {/long}", ""),
    ],
)
def test_what_cannot_be_remembered(tmp_path: Path, path: str, what: str, message: str, found: str) -> None:
    """The step fails: with what is missing, where, and what there is instead."""
    observation, asked = replayed(tmp_path, f'When I go to "{path}"\nAnd I remember {what} as "it"', ROUTES)
    here = f"{'“Order 77” at ' if path == '/' else ''}http://{asked[0].headers['host']}{path} (status 200)"
    assert (observation.status, observation.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert observation.message == re.sub(r"\{.*\}", lambda _: here, message)
    assert observation.trouble is not None
    assert observation.trouble.found.startswith(found)


def test_a_pattern_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in all sentences with patterns."""
    monkeypatch.setattr("collectd_inode.scenario.patterns.PATTERN_SECONDS", 0.05)
    steps = 'When I go to "/slow"\nAnd I remember the text matching /(a|aa)+$b/ as "it"'
    found, _ = replayed(tmp_path, steps, ROUTES)
    assert (found.cause, found.message) == (Cause.TIMEOUT, "/(a|aa)+$b/ took longer than 0.05 s on the page")


def test_within_a_part_of_the_page(tmp_path: Path) -> None:
    """What is remembered is the part's."""
    steps = (
        'When I go to "/"\nAnd I remember the text matching /[0-9]+/ as "it" within "#order"\n'
        'Then I should see "is it ${it}?"'
    )
    found, _ = replayed(tmp_path, steps, ROUTES)
    assert found.trouble is not None
    assert found.trouble.expected == "is it 4711?"


def session(clock: SetClock | None = None) -> Session:
    """A session that has not been anywhere."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return Session(Browser(transport, BrowserProfile()), clock=clock or SetClock())


def test_unique_values() -> None:
    """A UUID that is another each time, the time in two forms, and numbers in order."""
    here = session(SetClock(1_795_373_259.9))

    async def main() -> None:
        await remembering.remember_uuid(here, "one")
        await remembering.remember_uuid(here, "two")
        await remembering.remember_timestamp(here, "stamp")
        await remembering.remember_time(here, "time")
        await remembering.remember_number(here, "first")
        await remembering.remember_number(here, "second")

    tidily(main())
    versions = {uuid.UUID(here.variables.pop(name)).version for name in ("one", "two")}
    assert versions == {4}
    assert here.variables == {"stamp": "1795373259", "time": "2026-11-22T18:47:39Z", "first": "1", "second": "2"}


def test_two_uuids_differ() -> None:
    """Also those of one run."""
    here = session()

    async def main() -> None:
        for name in "abcdef":
            await remembering.remember_uuid(here, name)

    tidily(main())
    assert len(set(here.variables.values())) == 6


def test_unique_values_in_a_run(tmp_path: Path) -> None:
    """Put together as somebody would."""
    steps = (
        'Given I remember a new number as "n"\nAnd I remember a new uuid as "u"\nAnd I remember the timestamp as "t"\n'
        'And I remember the time as "iso"\nAnd I remember "monitor-${n}@example.org" as "mail"\n'
        'When I go to "/?mail=${mail}&u=${u}&t=${t}&iso=${iso}"'
    )
    found, (asked,) = replayed(tmp_path, steps, ROUTES)
    assert found.passed, found.message
    uuids, iso = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(rf"GET /\?mail=monitor-1@example\.org&u={uuids}&t=\d+&iso={iso}", asked.line)


def test_what_no_variable_can_be_called(tmp_path: Path) -> None:
    """Told when the feature is loaded, and where the name is only known later."""
    (problem,) = loaded(write_feature(tmp_path, 'When I remember the title as "my title"')).problems
    assert problem.what == "“my title” is not a name for a variable: a letter, then letters, digits, _ and -"
    with pytest.raises(Misconfigured, match=r"^“1st” is not a name for a variable"):
        tidily(remembering.remember(session(), "a", "1st"))


def test_nothing_is_nothing_to_remember() -> None:
    """Before there is a page, too."""
    with pytest.raises(Failure) as caught:
        tidily(remembering.remember(session(), "", "it"))
    assert caught.value.message == "the text is empty: there is nothing to remember"
