"""Sentences on an answer that no peer has: where they pass, and what they say where they do not."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.scenario import answers, json_pointer
from collectd_inode.scenario.session import Session
from tests.helpers.api import api, moved, replayed, said
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer, peer, tidily

PAGE = b"""<!doctype html><title>Our  shop</title><link rel=canonical href=/shop>
<div id="basket"><p class="item">Tea</p><p class="item">Milk</p><p class="item" hidden>Gift</p></div>
<div hidden><b id="offer">Free</b></div>
"""

ITEMS = """{"name": "shop", "version": "2.14", "open": true, "queue": 7, "load": 0.5, "error": null, "a/b": "slash",
 "tags": ["tea", "milk"], "ports": [80, 443], "items": [{"id": 1, "price": 2.50}, {"id": 2, "price": 3}]}"""
SHOWN = " ".join(ITEMS.partition(', "price": 3')[0].split()) + "…"

ROUTES = {
    "/": answer(
        PAGE,
        "200 OK",
        "Set-Cookie: lang=en-NZ; SameSite=Lax",
        "Set-Cookie: session=0123456789; HttpOnly; Path=/",
        "Set-Cookie: lang=de; Path=/shop",
        "Set-Cookie: gone=1; Max-Age=0",
    ),
    "/old": moved("/older"),
    "/older": moved("/shop?from=old"),
    "/shop": answer(PAGE),
    "/refreshed": answer(b'<meta http-equiv=refresh content="0; url=/shop"><p>Wait'),
    "/login": answer(b"<title>Log in</title><p>Who are you?", "403 Forbidden"),
    "/api": said(ITEMS),
    "/text": said("name: shop", "text/plain"),
    "/broken": said('{"a": 1,}'),
    "/twice": said('{"a": 1, "a": 2}'),
    "/deep": said("[" * 100_000),
    "/large": said("[" + "1," * 2**20 + "1]"),
    "/many": said("[" + "10," * 2**16 + "1]"),
    "/problem": said('{"title": "Out of tea"}', "application/problem+json", status="503 Busy"),
}


@pytest.mark.parametrize(
    "steps",
    [
        'When I go to "/"\nThen the status should be 200\nAnd the status should not be 404',
        'When I go to "/login"\nThen the status should be 403',
        'When I go to "/problem"\nThen the status should not be 500\nAnd the JSON at "/title" should be "Out of tea"',
        'When I go to "/old"\nThen I should be redirected to "/shop"\nAnd I should be redirected to "/older"\n'
        'And I should be redirected to "/shop?from=old"\nAnd I should be redirected to "${site}/shop"\n'
        'And I should be redirected 2 times\nAnd the address should be "${site}/shop?from=old"\n'
        r"And the address should match /from=\w+$/"
        '\nAnd the path should be "/shop"\nAnd the host should be "127.1"\nAnd the scheme should be "http"',
        'When I go to "/refreshed"\nThen I should be redirected 1 time\nAnd I should be redirected to "/shop"',
        'When I go to "/old"\nAnd I go to "/shop"\nThen I should not be redirected\n'
        "And I should be redirected 0 times\n"
        'And the address should be "/shop"',
        'When I go to "/"\nThen I should have the cookie "lang"\nAnd I should not have the cookie "gone"\n'
        'And I should not have the cookie "Lang"\nAnd the "lang" cookie should be "en-NZ"\n'
        'And the "lang" cookie should be "de"\nAnd the "lang" cookie should match /^en/\n'
        'And the "session" cookie should be HttpOnly',
        'When I go to "/"\nThen the title should be "Our shop"\nAnd the title should contain "shop"\n'
        'And the title should not contain "Error"',
        'When I go to "/"\nThen I should see an element "#basket .item"\nAnd I should see 2 elements ".item"\n'
        'And I should see at least 1 element ".item"\nAnd I should see at most 2 elements ".item"\n'
        'And I should see 1 element ".item" within "div > :first-child"\n'
        'And I should see no element "#offer"\nAnd I should not see an element "//b"\n'
        'And I should see 0 elements "b" within "//div[2]"',
        'When I go to "/"\nThen there should be an element "link[rel=canonical]"\n'
        'And there should be 3 elements ".item"\n'
        "And there should be an element \"//link[@rel='canonical'][contains(@href, 'shop')]\"\n"
        'And there should be no element "meta[name=robots]"\nAnd there should be at least 2 elements "div"\n'
        'And there should be at most 1 element "#offer"',
        'When I go to "/api"\nThen the response should be JSON\nAnd the JSON at "/name" should be "shop"\n'
        'And the JSON at "/items/1/price" should be 3.0\nAnd the JSON at "/open" should be true\n'
        'And the JSON at "/error" should be null\nAnd the JSON at "/a~1b" should be "slash"\n'
        'And the JSON at "/queue" should be ${seven}\nAnd the JSON at "/name" should be "${name}"\n'
        'And the JSON at "/name" should not be "down"\nAnd the JSON at "/open" should not be false\n'
        'And the JSON at "/open" should not be 1',
        'When I go to "/api"\nThen the JSON at "/name" should contain "ho"\n'
        'And the JSON at "/tags" should contain "milk"\n'
        'And the JSON at "/ports" should contain 443\nAnd the JSON at "/ports" should not contain 23\n'
        'And the JSON at "" should contain "queue"\n'
        'And the JSON at "/tags" should not contain "mil"\nAnd the JSON at "/version" should match /^2\\.\\d+$/\n'
        'And the JSON at "/queue" should match /^7$/',
        'When I go to "/api"\nThen the JSON at "/items" should have 2 elements\n'
        'And the JSON at "/items/0" should have 2 elements\nAnd the JSON at "/tags" should have at least 1 element\n'
        'And the JSON at "/tags" should have at most 2 elements',
        'When I go to "/api"\nThen the JSON at "/queue" should be less than 8\n'
        'And the JSON at "/queue" should be more than 6.5\nAnd the JSON at "/queue" should be at least ${seven}\n'
        'And the JSON at "/load" should be at most 5e-1\nAnd the JSON at "/load" should be more than -1',
        'When I go to "/api"\nThen the JSON at "/error" should exist\nAnd the JSON at "/items/2" should not exist\n'
        'And the JSON at "/name/first" should not exist',
        'When I go to "/api"\nThen the JSON at "/items" should be:\n"""json\n'
        '[{"price": 2.5, "id": 1}, {"id": ${one}, "price": 3}]\n"""',
        'When I go to "/many"\nThen the JSON at "" should have 65537 elements\nAnd the JSON at "/65536" should be 1',
    ],
)
def test_it_is_so(tmp_path: Path, steps: str) -> None:
    """The steps pass."""

    async def main() -> Observation:
        async with api(ROUTES) as site:
            variables = (("site", site.url), ("seven", "7"), ("one", "2"), ("name", "shop"))
            found = loaded(write_feature(tmp_path, steps), base_url=site.url, variables=variables)
            assert [str(problem) for problem in found.problems] == []
            return await observe(found.jobs[0])

    found = tidily(main())
    assert (found.status, found.message) == (Status.PASSED, "")


@pytest.mark.parametrize(
    "row",
    [
        ("/", "the status should be 404", "the status is not 404: {/}", "404", "200: Tea Milk"),
        ("/", "the status should not be 200", "the status is 200: {/}", "a status other than 200", "200: Tea Milk"),
        (
            "/old",
            'I should be redirected to "/"',
            "no redirect to /, on {/shop?from=old}",
            "@/",
            "@/old → @/older → @/shop?from=old",
        ),
        ("/", 'I should be redirected to "/"', "no redirect to /, on {/}", "@/", "no redirect"),
        ("/shop", "I should be redirected 1 time", "there were 0 redirects, on {/shop}", "1 redirect", "no redirect"),
        (
            "/older",
            "I should not be redirected",
            "the request was redirected, on {/shop?from=old}",
            "no redirect",
            "@/older → @/shop?from=old",
        ),
        (
            "/shop",
            'the address should be "/shop?a"',
            "the address differs, on {/shop}",
            "@/shop?a",
            "@/shop",
        ),
        (
            "/shop",
            "the address should match /x+y/",
            "/x+y/ matches nothing of the address, on {/shop}",
            "/x+y/",
            "@/shop",
        ),
        ("/shop", 'the host should be "www.test"', "the host is not www.test, on {/shop}", "www.test", "127.0.0.1"),
        (
            "/shop",
            'the host should be "127.0.0.1:1"',
            "the host is not 127.0.0.1:1, on {/shop}",
            "127.0.0.1:1",
            "127.0.0.1:PORT",
        ),
        ("/shop", 'the scheme should be "https://"', "the scheme is not https://, on {/shop}", "https://", "http"),
        ("/shop", "the page should be secure", "the page is not secure, on {/shop}", "https", "http"),
        (
            "/",
            'I should have the cookie "language"',
            "there is no cookie “language”, on {/}",
            "a cookie “language”",
            "cookies: lang, session",
        ),
        (
            "/shop",
            'I should have the cookie "lang"',
            "there is no cookie “lang”, on {/shop}",
            "a cookie “lang”",
            "cookies: none",
        ),
        ("/", 'I should not have the cookie "lang"', "there is a cookie “lang”, on {/}", "no cookie “lang”", "one"),
        ("/", 'the "lang" cookie should be "fr"', "the cookie “lang” has a different value, on {/}", "fr", "de"),
        (
            "/",
            'the "session" cookie should be "a"',
            "the cookie “session” has a different value, on {/}",
            "a",
            "another one of 10 bytes",
        ),
        (
            "/",
            'the "session" cookie should match /[xyz]/',
            "/[xyz]/ matches nothing of the cookie “session”, on {/}",
            "/[xyz]/",
            "another one of 10 bytes",
        ),
        (
            "/",
            'the "session" cookie should be secure',
            "the cookie “session” is not Secure, on {/}",
            "Secure",
            "HttpOnly; Path=/",
        ),
        (
            "/",
            'the "lang" cookie should be SameSite "Lax"',
            "the cookie “lang” is not SameSite=Lax, on {/}",
            "SameSite=Lax",
            "Path=/shop",
        ),
        (
            "/",
            'the "lang" cookie should be HttpOnly',
            "the cookie “lang” is not HttpOnly, on {/}",
            "HttpOnly",
            "SameSite=Lax; Path=/",
        ),
        ("/", 'the title should be "Shop"', "the title differs, on {/}", "Shop", "Our shop"),
        ("/api", 'the title should be "Shop"', "the title differs, on {/api}", "Shop", "no title"),
        ("/", 'the title should contain "Tea"', "“Tea” is not in the title, on {/}", "Tea", "Our shop"),
        (
            "/",
            'the title should not contain "shop"',
            "“shop” is in the title, on {/}",
            "a title without “shop”",
            "Our shop",
        ),
        (
            "/",
            'I should see an element ".items"',
            "no “.items” is visible, on {/}",
            "at least 1 element “.items”",
            "none; nearest: .item",
        ),
        (
            "/",
            'I should see an element "#offer"',
            "no “#offer” is visible, on {/}",
            "at least 1 element “#offer”",
            "none; 1 hidden",
        ),
        (
            "/",
            'I should see no element ".item"',
            "2 “.item” are visible, on {/}",
            "no element “.item”",
            "2",
        ),
        ("/", 'I should see 3 elements ".item"', "2 “.item” are visible, on {/}", "3 elements “.item”", "2"),
        (
            "/",
            'there should be at least 4 elements ".item"',
            "3 “.item” are there, on {/}",
            "at least 4 elements “.item”",
            "3",
        ),
        (
            "/",
            "there should be no element \"//b[@id='offer']\"",
            "1 “//b[@id='offer']” is there, on {/}",
            "no element “//b[@id='offer']”",
            "1",
        ),
        (
            "/api",
            'there should be an element "b"',
            "the page is application/json: it has no elements, on {/api}",
            "a page with elements",
            SHOWN,
        ),
        (
            "/api",
            'the title should not contain "Error"',
            "the page is not HTML and has no title, on {/api}",
            "a title without “Error”",
            "no title",
        ),
        (
            "/api",
            'there should be no element "//error"',
            "the page is application/json: it has no elements, on {/api}",
            "a page with elements",
            SHOWN,
        ),
        (
            "/api",
            'the JSON at "/names" should be "shop"',
            "there is no JSON at “/names”, on {/api}",
            "a value at “/names”",
            'the JSON has the keys "name", "version", "open", "queue", "load", "error", "a/b", "tags", …',
        ),
        (
            "/api",
            'the JSON at "/name" should be "Shop"',
            'the JSON at “/name” is not "Shop", on {/api}',
            '"Shop"',
            '"shop"',
        ),
        ("/api", 'the JSON at "/queue" should be "7"', 'the JSON at “/queue” is not "7", on {/api}', '"7"', "7"),
        ("/api", 'the JSON at "/open" should be 1', "the JSON at “/open” is not 1, on {/api}", "1", "true"),
        (
            "/api",
            'the JSON at "/name" should not be "shop"',
            'the JSON at “/name” is "shop", on {/api}',
            "another value",
            '"shop"',
        ),
        (
            "/api",
            'the JSON at "/error" should not be null',
            "the JSON at “/error” is null, on {/api}",
            "another value",
            "null",
        ),
        (
            "/api",
            'the JSON at "/items/1" should be:\n"""\n{"id": 2, "price": 4}\n"""',
            "the JSON at “/items/1/price” is not 4, on {/api}",
            "4",
            "3",
        ),
        (
            "/api",
            'the JSON at "/tags" should contain "te"',
            'the JSON at “/tags” does not contain "te", on {/api}',
            'an array with the element "te"',
            '["tea", "milk"]',
        ),
        (
            "/api",
            'the JSON at "/queue" should contain 7',
            "the JSON at “/queue” does not contain 7, on {/api}",
            "a text, an array or an object with 7 in it",
            "7",
        ),
        (
            "/api",
            'the JSON at "/name" should not contain "ho"',
            'the JSON at “/name” contains "ho", on {/api}',
            'a text without "ho"',
            '"shop"',
        ),
        (
            "/api",
            'the JSON at "/ports" should not contain 443',
            "the JSON at “/ports” contains 443, on {/api}",
            "an array without 443",
            "[80, 443]",
        ),
        (
            "/api",
            'the JSON at "/version" should match /^3/',
            "/^3/ matches nothing of the JSON at “/version”, on {/api}",
            "/^3/",
            '"2.14"',
        ),
        (
            "/api",
            'the JSON at "/tags" should match /tea/',
            "the JSON at “/tags” is an array, on {/api}",
            "/tea/",
            '["tea", "milk"]',
        ),
        (
            "/api",
            'the JSON at "/tags" should have 3 elements',
            "the JSON at “/tags” does not have exactly 3 elements, on {/api}",
            "exactly 3 elements",
            '2: ["tea", "milk"]',
        ),
        (
            "/api",
            'the JSON at "/name" should have at least 1 element',
            "the JSON at “/name” is a string, which has no elements, on {/api}",
            "at least 1 element",
            '"shop"',
        ),
        (
            "/api",
            'the JSON at "/queue" should be less than 7',
            "the JSON at “/queue” is not less than 7, on {/api}",
            "less than 7",
            "7",
        ),
        (
            "/api",
            'the JSON at "/version" should be more than 2',
            "the JSON at “/version” is a string, not a number, on {/api}",
            "a number",
            '"2.14"',
        ),
        (
            "/api",
            'the JSON at "/tags" should not exist',
            "there is JSON at “/tags”, on {/api}",
            "nothing there",
            '["tea", "milk"]',
        ),
        (
            "/text",
            "the response should be JSON",
            "the answer is not JSON: line 1, column 1: expecting value, on {/text}",
            "JSON",
            "name: shop",
        ),
        (
            "/twice",
            'the JSON at "/a" should be 1',
            'the answer is not JSON: the key "a" occurs twice in one object, on {/twice}',
            "JSON",
            '{"a": 1, "a": 2}',
        ),
        (
            "/",
            'the JSON at "/a" should not exist',
            "the answer is not JSON: line 1, column 1: expecting value, on {/}",
            "JSON",
            "Tea Milk",
        ),
        (
            "/large",
            "the response should be JSON",
            "the answer is not JSON: it has 2097155 characters; at most 2097152 are read, on {/large}",
            "JSON",
            "[" + "1," * 99 + "…",
        ),
        (
            "/deep",
            "the response should be JSON",
            "the answer is not JSON: it is nested too deeply, on {/deep}",
            "JSON",
            "[" * 199 + "…",
        ),
    ],
    ids=lambda row: f"{row[0]} {row[1][:60]}",
)
def test_it_is_not_so(tmp_path: Path, row: tuple[str, str, str, str, str]) -> None:
    """The step fails with cause expectation: what was looked for, where, what was expected, and what is there."""
    path, step, message, expected, found = row
    observation, asked = replayed(tmp_path, f'When I go to "{path}"\nThen {step}', ROUTES)
    here = f"http://{asked[0].headers['host']}"
    trouble = observation.trouble
    assert trouble is not None
    assert (observation.status, observation.cause) == (Status.FAILED, Cause.EXPECTATION)
    at = message.partition("{")[2].partition("}")[0]
    title = "“Our shop” at " if at.startswith(("/shop", "/?")) or at == "/" else ""
    wanted = message.replace("{" + at + "}", f"{title}{here}{at} (status 200)")
    port = here.rpartition(":")[2]
    shown = [text.replace("@", here).replace("PORT", port) if "@id" not in text else text for text in (expected, found)]
    assert [observation.message, trouble.expected, trouble.found] == [wanted, *shown]


def test_a_bad_status_that_is_ruled_out_is_a_refusal(tmp_path: Path) -> None:
    """The step that opened the page leaves the judgement to it."""
    found, _ = replayed(tmp_path, 'When I go to "/login"\nThen the status should not be 403', ROUTES)
    assert (found.cause, [step.status for step in found.steps]) == (Cause.REFUSED, [Status.PASSED, Status.FAILED])


def test_a_secure_page(tmp_path: Path) -> None:
    """Over TLS, with a cookie that goes no other way."""
    ca = trustme.CA()
    with ca.cert_pem.tempfile(str(tmp_path)) as ca_file:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("127.0.0.1").configure_cert(tls)
        routes = {"/": answer(PAGE, "200 OK", "Set-Cookie: id=1; Secure; HttpOnly; SameSite=strict")}

        async def main() -> Observation:
            async with api(routes, tls) as site:
                steps = (
                    f'When I go to "https://127.0.0.1:{site.port}/"\nThen the page should be secure\n'
                    'And the "id" cookie should be secure\nAnd the "id" cookie should be SameSite "Strict"'
                )
                found = loaded(write_feature(tmp_path, steps), ca_cert=ca_file)
                return await observe(found.jobs[0])

        found = tidily(main())
    assert (found.status, found.message) == (Status.PASSED, "")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('the JSON at "a" should exist', "“a”: a JSON pointer begins with a slash: “/a”"),
        ('the JSON at "$.a" should be 3', "“$.a”: a JSON pointer begins with a slash: “/a”"),
        (
            'the JSON at "/a~" should have at least 3 elements',
            "“/a~”: in a JSON pointer ~ is written ~0, and a slash in a name ~1",
        ),
        (
            'the JSON at "/state" should be up',
            "“up” is neither a number nor true, false or null; put text in quotes",
        ),
        ('the JSON at "/load" should be at most true', "“true” is not a number"),
        ('the JSON at "/a" should be:', "this sentence needs a doc string below it"),
        ('the JSON at "/a" should be:\n| a |', "this sentence needs a doc string below it, not a table"),
        (
            'the JSON at "/a" should be:\n"""\n{,}\n"""',
            "the text below the step is not JSON: line 1, column 2: expecting property name enclosed in double quotes",
        ),
        ('I should see 3 elements "p:soft"', "“p:soft”: not a CSS selector: The pseudo-class :soft is unknown"),
        (
            'there should be an element "count(//b)"',
            "“count(//b)”: not a CSS selector: Expected selector, got <DELIM '(' at 5>",
        ),
        ('I remember the JSON at "a" as "a"', "“a”: a JSON pointer begins with a slash: “/a”"),
        (
            'the JSON at "/queue" should exist within "b"',
            "JSON has no elements for a selector: the pointer names the place",
        ),
        (
            'I remember the JSON at "/queue" as "a" within "b"',
            "JSON has no elements for a selector: the pointer names the place",
        ),
        ('I submit the form named "//form["', "“//form[”: not an XPath expression: Invalid expression"),
        ('the scheme should be "htps"', "“htps” is neither http nor https"),
        (
            'the host should be "http://www.example.org"',
            "“http://www.example.org” is more than a host such as www.example.org, or www.example.org:8080",
        ),
        ('the "a" cookie should be SameSite "Laxx"', "SameSite is Strict, Lax or None, never “Laxx”"),
        ('I reverse lookup "www.example.org"', "“www.example.org” is not an IP address"),
        ("I should have the following query string:\n| a |", "the table needs two columns: a name, and its value"),
        ("I fill in the following:\n| a | b | c |", "the table needs two columns: a name, and its value"),
        *(
            (step, "/(/ is not a regular expression: missing ) at position 1")
            for step in (
                "I should see /(/",
                'I should not see /(/ within "b"',
                'the "a" field should contain "("',
                'the "a" field within "b" should not contain "("',
                'the "Server" header should contain "("',
                'the "Server" header should not contain "("',
                "the address should match /(/",
                'the "a" cookie should match /(/, or warn',
                'the JSON at "/a" should match /(/',
                'I remember the text matching /(/ as "a"',
                'I remember the source matching /(/ as the secret "a"',
                'I remember the "Link" header matching /(/ as "a"',
            )
        ),
    ],
)
def test_what_cannot_be_done_is_told_when_it_is_loaded(tmp_path: Path, step: str, said: str) -> None:
    """With its place; nothing is run."""
    found = loaded(write_feature(tmp_path, f'When I go to "http://127.0.0.1/"\nThen {step}'))
    assert [problem.what for problem in found.problems] == [said]
    assert found.jobs[0].probe is None


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('the JSON at "${no}" should exist', "“a”: a JSON pointer begins with a slash: “/a”"),
        (
            'the JSON at "/queue" should be ${no}',
            "“a” is neither a number nor true, false or null; put text in quotes",
        ),
        ('the JSON at "/queue" should be less than ${yes}', "“true” is not a number"),
        (
            'the JSON at "" should be:\n"""\n${no}\n"""',
            "the text below the step is not JSON: line 1, column 1: expecting value",
        ),
        (
            'I go to "/"\nThen I should see an element "${no}:soft"',
            "“a:soft”: not a CSS selector: The pseudo-class :soft is unknown",
        ),
        ('I should be redirected to "http://[/"', "“http://[/”: "),
        ('the address should be "http://[/"', "“http://[/”: "),
    ],
)
def test_what_the_operator_has_to_mend(tmp_path: Path, step: str, said: str) -> None:
    """Status error, cause configuration."""
    steps = f'When I go to "/api"\nThen the response should be JSON\nAnd {step}'
    found, _ = replayed(tmp_path, steps, ROUTES, variables=(("no", "a"), ("yes", "true")))
    assert (found.status, found.cause) == (Status.ERROR, Cause.CONFIGURATION)
    assert found.message[: len(said)] == said


@pytest.mark.parametrize(
    ("step", "expected", "found"),
    [
        ('the JSON at "/access_token" should be "b"', '"b"', "a string, not shown"),
        ('the JSON at "/access_token" should match /^b/', "/^b/", "a string, not shown"),
        ('the JSON at "/access_token" should contain "b"', 'a text with "b" in it', "a string, not shown"),
        ('the JSON at "/access_token" should not exist', "nothing there", "a string, not shown"),
        ('the JSON at "/token/kind" should be "b"', '"b"', '"mac"'),
        ('the JSON at "/pin" should be 1', "1", "a number, not shown"),
        ('the "X-Auth-Token" header should be "b"', "b", "not shown"),
        ('the "X-Auth-Token" header should contain "b"', "/b/", "not shown"),
    ],
)
def test_what_looks_like_a_secret_is_not_shown(tmp_path: Path, step: str, expected: str, found: str) -> None:
    """Although nobody has said that it is one."""
    body = '{"access_token": "a-t0ken", "token": {"kind": "mac"}, "pin": 4711}'
    routes = {"/": said(body, "application/json", "X-Auth-Token: a-t0ken")}
    observation, _ = replayed(tmp_path, f'When I go to "/"\nThen {step}', routes)
    assert observation.trouble is not None
    assert (observation.trouble.expected, observation.trouble.found) == (expected, found)


def test_a_json_body_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many steps look into it; the next page's anew."""
    count: list[int] = []
    read = json_pointer.read

    def counted(text: str) -> object:
        count.append(len(text))
        return read(text)

    monkeypatch.setattr(json_pointer, "read", counted)
    looks = 'Then the response should be JSON\nAnd the JSON at "/name" should exist\n'
    found, _ = replayed(tmp_path, f'When I go to "/api"\n{looks}When I go to "/api"\n{looks}', ROUTES)
    assert found.passed, found.message
    assert count == [len(ITEMS)] * 2


def session(seconds: float | None) -> Session:
    """After a step that took so long."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return Session(Browser(transport, BrowserProfile()), last_seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "unit", "most", "message"),
    [
        (0.7999, 0.001, 800, ""),
        (0.8, 0.001, 800, "the last step took 800 ms"),
        (1.25, 0.001, 800, "the last step took 1.25 s"),
        (1.25, 1.0, 1.5, ""),
        (1.25, 1.0, 0.5, "the last step took 1.25 s"),
    ],
)
def test_the_last_step_s_time(seconds: float, unit: float, most: float, message: str) -> None:
    """As the wire measured it; the limit itself is too much."""

    async def main() -> str:
        try:
            await answers.last_step_should_take_less(session(seconds), unit, most)
        except Failure as failure:
            assert (failure.cause, failure.expected[:9]) == (Cause.EXPECTATION, "less than")
            return failure.message
        return ""

    assert tidily(main()) == message


def test_a_step_without_a_time() -> None:
    """There is nothing to judge."""
    with pytest.raises(Misconfigured, match=r"^no earlier step sent a request"):
        tidily(answers.last_step_should_take_less(session(None), 1.0, 1.0))


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        (
            'When I go to "/"\nThen the last step should take less than 20 seconds\n'
            "And the last step should take less than 20000 ms",
            Cause.NONE,
        ),
        ('When I go to "/"\nThen the last step should take less than 0 ms', Cause.EXPECTATION),
    ],
)
def test_the_last_step_s_time_in_a_run(tmp_path: Path, steps: str, cause: Cause) -> None:
    """Two limits may follow one step."""
    found, _ = replayed(tmp_path, steps, ROUTES)
    assert found.cause is cause


def test_before_there_is_a_page(tmp_path: Path) -> None:
    """Nothing can be said of it, and nothing breaks."""
    for step in ("the response should be JSON", 'I should be redirected to "/"', 'I should have the cookie "a"'):
        found, _ = replayed(tmp_path, f"Then {step}", ROUTES)
        assert (found.status, found.cause) == (Status.FAILED, Cause.EXPECTATION)


def test_a_path_that_has_become_https_is_the_same_path(tmp_path: Path) -> None:
    """A redirect from HTTP to HTTPS, whose port is another one; a whole address is compared as a whole."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("www.test", "other.test").configure_cert(serving)
    steps = """When I go to "/login"
        Then I should be redirected to "/login"
        And I should be redirected to "https://www.test/login"
        And I should be redirected to "{}"
    """

    async def main(last: str, host: str) -> Observation:
        away = answer(b"", "301 Moved", f"Location: https://{host}/login")
        async with peer(away) as http, peer(answer(), tls=serving) as https:
            places = [("www.test:80", http), ("www.test:443", https), ("other.test", https)]
            made = loaded(
                write_feature(tmp_path, steps.format(last)),
                base_url="http://www.test",
                resolve=tuple((name, ("127.0.0.1", server.port)) for name, server in places),
                ca_cert=str(tmp_path / "ca.pem"),
            )
            return await observe(made.jobs[0])

    assert tidily(main("/login", "www.test")).message == ""
    message = tidily(main("http://www.test/login", "www.test")).message
    assert message.startswith("no redirect to http://www.test/login, on ")
    assert tidily(main("/login", "other.test")).message.startswith("no redirect to /login, on ")
