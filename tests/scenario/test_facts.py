"""What a site looks like: facts that are the same in each run of a site that nobody has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.browser.cookies import Cookie
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.scenario.facts import of_page
from demo.site import Site
from tests.helpers.examples import replayed, write_feature

STEP = 'go to "/"'
HTML = Headers([(b"content-type", b"text/html"), (b"server", b"nginx/1.26")])
PAGE = b"""<title>Penguins</title><link rel=stylesheet href="/a.css?v=3"><script src="https://cdn.example/b.js"></script>
<script src="/c.js?sessionid=abc"></script><p>Hello"""


def page(body: bytes = PAGE, url: str = "http://u:pw@shop.example/", headers: Headers = HTML) -> Page:
    return Page(url, 200, headers, body)


def told(page: Page, *redirects: str, cookies: tuple[Cookie, ...] = ()) -> dict[str, str]:
    return {fact.what: fact.value for fact in of_page(STEP, page, redirects, cookies)}


def test_what_a_page_looks_like() -> None:
    """Its server, title, size and what it is made of; a file's version is told, a visitor's own number is not."""
    assert told(page(), "http://shop.example/") == {
        "Server header of shop.example": "nginx/1.26",
        f"status after {STEP}": "200",
        f"redirects of {STEP}": "none",
        f"cookies after {STEP}": "none",
        f"size after {STEP}": "128 to 256 bytes",
        f"title after {STEP}": "Penguins",
        f"scripts and styles after {STEP}": (
            "http://shop.example/a.css?v=3 https://cdn.example/b.js http://shop.example/c.js?sessionid=…"
        ),
    }


def test_where_it_was_redirected() -> None:
    """Addresses without what is one visitor's own."""
    way = "http://shop.example/", "https://a:b@shop.example/in;jsessionid=1F/x?ticket=77&lang=de"
    assert told(page(), *way)[f"redirects of {STEP}"] == (
        "http://shop.example/ → https://shop.example/in/x?ticket=…&lang=…"
    )


@pytest.mark.parametrize(
    ("body", "headers", "known"),
    [
        (b'{"a": 1}', Headers([(b"content-type", b"application/json")]), {"size": "8 to 16 bytes"}),
        (b"", Headers([]), {"size": "empty"}),
        (b"<p>" + b"x" * 70_000, HTML, {"size": "65,536 to 131,072 bytes"}),
        (b"<p>bare", HTML, {"size": "4 to 8 bytes", "title": "none", "scripts and styles": "none"}),
    ],
)
def test_what_other_answers_look_like(body: bytes, headers: Headers, known: dict[str, str]) -> None:
    """No page is parsed that is none, or that is large."""
    found = told(page(body, headers=headers))
    assert {what.split(" after ")[0]: v for what, v in found.items() if what.startswith(("size", "ti", "scr"))} == known


def test_many_scripts_are_counted() -> None:
    """The first twenty are named."""
    body = b"<title>x</title>" + b"".join(b"<script src=/%d.js></script>" % n for n in range(25))
    assert told(page(body))[f"scripts and styles after {STEP}"].endswith("http://shop.example/19.js and 5 others")


def test_of_cookies_the_names() -> None:
    """Never what they hold."""
    found = (Cookie(b"sid", b"secret", "shop.example", "/"), Cookie(b"lang", b"de", "shop.example", "/"))
    assert told(page(), cookies=found)[f"cookies after {STEP}"] == "lang sid"


def test_a_run_notes_them(tmp_path: Path) -> None:
    """By the name of the step that led there, and the host that answered; also of a page that a step refuses."""
    with Site(sleep=lambda _: None) as site:
        feature = write_feature(tmp_path, f'When I go to "{site.url}/"\nWhen I go to "{site.url}/nowhere"')
        (observation,) = replayed(feature)
    found = {fact.what: fact.value for fact in observation.facts}
    assert found["address of 127.0.0.1"] == "127.0.0.1"
    assert found[f'status after I go to "{site.url}/"'] == "200"
    assert found[f'status after I go to "{site.url}/nowhere"'] == "404"
    assert found[f'cookies after I go to "{site.url}/"'] == "none"
