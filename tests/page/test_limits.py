"""Bad pages: whatever a site sends, a run ends with a named cause, memory has a bound, and other runs go on.

The pages with thousands of something are held to nothing but their result: where a walk were quadratic or worse, as
each of them once was, these tests would take minutes, or hours.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import threading
import tracemalloc
import zlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from collectd_inode.browser import auth
from collectd_inode.browser.browser import Browser
from collectd_inode.browser.cookies import MAX_COOKIES
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Failure, Observation, Status
from collectd_inode.observing import observe
from collectd_inode.page import forms, locate, text, tree
from collectd_inode.page.limits import MOST, MOST_TAGS, first_tags, without_floods
from collectd_inode.page.page import MOST_LABELS, MOST_TWINS, Page
from collectd_inode.run import Run
from collectd_inode.wire.http import Transport
from collectd_inode.wire.workers import LARGE
from tests.helpers.examples import OPEN, job, loaded, write_feature
from tests.helpers.hostile_peers import IN_TIME, LATE, NO_TLS, listening, told
from tests.helpers.peers import Conversation, answer, peer, saying, tidily

MANY = 10_000
CAP = 2**20
"""MaxBodySize, here."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def page(body: str | bytes, content_type: str = "text/html; charset=utf-8") -> Page:
    return Page("http://h/", 200, {"content-type": content_type}, body.encode() if isinstance(body, str) else body)


def visit(
    url: str, *then: Callable[[Browser], Awaitable[object]], profile: BrowserProfile | None = None
) -> Awaitable[Observation]:
    """One run: go to *url*, and whatever follows."""

    async def probe(run: Run) -> None:
        transport = Transport(tls=NO_TLS, on_exchange=run.exchange, clock=run.clock)
        browser = Browser(transport, profile or BrowserProfile(max_body=CAP))
        try:
            with run.step(OPEN):
                await browser.go(url)
                for story in then:
                    await story(browser)
        finally:
            await browser.aclose()
            for _ in range(5):  # what a broken-off body leaves to asyncio to close, each in a turn of its own
                await asyncio.sleep(0)

    return observe(job(probe, OPEN, deadline=IN_TIME))


def visited(conversation: bytes | Conversation) -> str:
    """What the user is told of a site that talks like this; beside it a second job looks at a healthy one."""

    async def main() -> str:
        async with peer(conversation) as bad, peer(answer()) as good:
            ours, other = await asyncio.gather(visit(bad.url), visit(good.url))
            assert told(other) == "passed"
            return told(ours).replace(f":{bad.port}", "")

    return tidily(main())


async def _endless(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(HEAD + b"\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


def zipped(octets: bytes, *coding: str) -> bytes:
    return answer(octets, "200 OK", f"Content-Encoding: {coding[0] if coding else 'gzip'}")


BOMB = gzip.compress(b"\0" * 100 * CAP)
TOO_LARGE = f"failed protocol: the body of http://127.0.0.1/ is larger than MaxBodySize allows ({CAP} bytes)"


@pytest.mark.parametrize(
    ("conversation", "said"),
    [
        (_endless, TOO_LARGE),
        (zipped(BOMB), TOO_LARGE),
        (zipped(zlib.compress(b"\0" * 100 * CAP), "deflate"), TOO_LARGE),
        (zipped(gzip.compress(BOMB), "gzip, gzip"), TOO_LARGE),
        (zipped(gzip.compress(b"x" * CAP) * 3), TOO_LARGE),
        (
            zipped(b"<html>"),
            "failed protocol: the body of http://127.0.0.1/ is not the gzip it claims to be: "
            "Error -3 while decompressing data: incorrect header check",
        ),
        (
            zipped(gzip.compress(b"hello")[:-3]),
            "failed protocol: the body of http://127.0.0.1/ ends before its gzip does",
        ),
        (
            zipped(b"x", "br"),
            "failed protocol: the body of http://127.0.0.1/ is encoded with “br”, which was not requested",
        ),
        (
            zipped(b"x", ", ".join(["gzip"] * 50)),
            "failed protocol: the body of http://127.0.0.1/ is encoded 50 times over",
        ),
    ],
    ids=["endless", "gzip", "deflate", "twice", "members", "no-gzip", "cut", "brotli", "fifty"],
)
def test_bodies_without_measure(conversation: bytes | Conversation, said: str) -> None:
    """A body is decoded and counted while it comes in; what is too large or no gzip at all ends the run by name."""
    assert visited(conversation) == said


def test_what_a_bomb_may_cost() -> None:
    """100 MiB in 100 KiB are given up after three times MaxBodySize at the most."""
    said = zipped(BOMB)

    async def main() -> int:
        async with peer(said) as bad:
            tracemalloc.start()
            try:
                await visit(bad.url)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert tidily(main()) < 3 * CAP + len(BOMB)


def test_a_redirect_loop_across_hosts() -> None:
    """Rules 11 and 12: two sites that send us to each other are told as what they are."""

    async def main() -> tuple[str, int]:
        ports: list[int] = []
        hops = 0

        async def bounce(reader: StreamReader, writer: StreamWriter) -> None:
            nonlocal hops
            while True:
                await reader.readuntil(b"\r\n\r\n")
                hops += 1
                here = writer.get_extra_info("sockname")[1]
                there = next(port for port in ports if port != here)
                writer.write(answer(b"", "302 Found", f"Location: http://127.0.0.1:{there}/"))

        async with listening(bounce) as one, listening(bounce) as other:
            ports += one, other
            observation = await visit(f"http://127.0.0.1:{one}/")
        said = told(observation).replace(str(one), "1").replace(str(other), "2")
        return said, hops

    assert tidily(main()) == (
        "failed protocol: redirected more than 20 times: a loop: http://127.0.0.1:1/ → http://127.0.0.1:2/ → "
        "http://127.0.0.1:1/",
        21,
    )


def test_pages_that_refresh_for_ever() -> None:
    """Rule 15: a page whose refresh always leads to a new one counts as hops do."""
    count = 0

    async def onward(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal count
        while True:
            count += 1
            writer.write(answer(b"", "200 OK", f"Refresh: 0; url=/{count}"))
            await reader.readuntil(b"\r\n\r\n")

    assert visited(onward).startswith("failed protocol: redirected more than 20 times: ")


def test_cookies_by_the_thousand() -> None:
    """Rule 18: a jar takes so many cookies and no more; the oldest go first, and the next request is made."""
    pages = 11
    asked: list[bytes] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            number = len(asked) - 1
            cookies = (f"Set-Cookie: c{number}_{n}=1" for n in range(100))
            writer.write(answer(b"", "302 Found", f"Location: /{number}", *cookies) if number < pages else answer())

    async def main() -> str:
        async with listening(talk) as port:
            return told(await visit(f"http://127.0.0.1:{port}/"))

    assert tidily(main()) == "passed"
    sent = asked[-1].partition(b"cookie: ")[2].partition(b"\r\n")[0].split(b"; ")
    assert (len(asked), len(sent), sent[0]) == (pages + 1, MAX_COOKIES, b"c1_0=1")


HEADS = {
    "cookies": [f"Set-Cookie: c{number}=1" for number in range(11_000)],
    "folds": ["X: 1", *[" 2"] * 60_000],
    "parameters": ["Content-Type: text/html" + ';a="b"' * 30_000],
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_that_is_just_not_too_large(head: list[str]) -> None:
    """Rule 22: it is read in the loop, with work that does not grow faster than its octets; these calls are counted."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    async def main() -> str:
        async with peer(answer(b"", "200 OK", *head)) as site:
            sys.setprofile(count)
            try:
                return told(await visit(site.url))
            finally:
                sys.setprofile(None)

    assert tidily(main()) == "passed"
    assert calls < 300_000


def test_the_last_cookies_of_an_answer_are_read() -> None:
    """Rule 18: of one answer as many as a jar takes."""
    asked: list[bytes] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            cookies = [f"Set-Cookie: c{number}=1" for number in range(MAX_COOKIES + 5)]
            writer.write(answer() if asked[1:] else answer(b"", "302 Found", "Location: /next", *cookies))

    async def main() -> str:
        async with listening(talk) as port:
            return told(await visit(f"http://127.0.0.1:{port}/"))

    assert tidily(main()) == "passed"
    sent = asked[-1].partition(b"cookie: ")[2].partition(b"\r\n")[0].split(b"; ")
    assert sent == [b"c%d=1" % number for number in range(5, MAX_COOKIES + 5)]


def test_a_flood_of_cookies_in_one_answer() -> None:
    """Rule 22: a head without measure is the site's failure, by name."""
    cookies = [f"Set-Cookie: c{n}={'x' * 100}" for n in range(MANY)]
    assert visited(answer(b"", "200 OK", *cookies)).startswith("failed protocol: ")


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"<p>a\0b</p>\0<p>c</p>", "text/html", "ab\nc"),
        (b"a\0b", "text/plain", "a\0b"),
        ("<p>Grüße</p>".encode(), "text/html; charset=windows-1252", "GrÃ¼Ã\u0178e"),
        ("<p>Grüße</p>".encode("latin-1"), "text/html; charset=utf-8", "Gr\ufffd\ufffde"),
        (b"<p>a</p>", "text/html; charset=utf-16", "\u703c\u613e\u2f3c\u3e70"),
        (b"<p>a</p>\xff\xfe", "text/html; charset=no-such", "a\nÿþ"),
        (b"<p>a&#0;b&#xD800;c&#99999999;</p>", "text/html", "a\ufffdb\ufffdc\ufffd"),
    ],
)
def test_bytes_that_are_not_what_they_claim(body: bytes, content_type: str, text: str) -> None:
    """Rule 24: NUL bytes and a wrong charset are read as a browser reads them, and lose nothing after them."""
    assert page(body, content_type).visible_text == text


def last_of(many: str, kind: str = "form") -> Page:
    return page(f"<{kind}>{many}<button>Go</button></{kind}>")


def test_ten_thousand_links() -> None:
    """Rules 32 and 38: the last one is found; a name that none has is answered with the nearest."""
    shown = page("".join(f"<a href=/{n}>Link {n} of many</a>" for n in range(MANY)))
    assert locate.link(shown, f"Link {MANY - 1} of many").get("href") == f"/{MANY - 1}"
    with pytest.raises(Failure) as caught:
        locate.link(shown, "Logout")
    assert caught.value.found.endswith(f" and {MANY - 5} more")


@pytest.mark.parametrize(
    "field",
    [
        "<label for=f{n}>Field {n}</label><input id=f{n} name=n value=1>",
        "<label>Field {n} <input name=n value=1></label>",
        "<b id=l{n}>Field {n}</b><input aria-labelledby=l{n} name=n value=1>",
        "<fieldset><legend>x</legend><input placeholder='Field {n}' name=n value=1></fieldset>",
    ],
)
def test_ten_thousand_fields(field: str) -> None:
    """Rules 34 and 39: the last one is found and filled in, and all are sent."""
    shown = last_of("".join(field.format(n=n) for n in range(MANY)))
    forms.enter(shown, locate.fillable(shown, f"Field {MANY - 1}"), "2")
    sent = forms.submission(shown, shown.elements("form")[0], locate.button(shown, "Go"), "")
    assert sent.url == "http://h/?" + "n=1&" * (MANY - 1) + "n=2"


LONG = "word " * 100_000


@pytest.mark.parametrize(
    "body",
    [
        f"<b id=i>{LONG}</b>" + "<input aria-labelledby='i i i i i i'>" * 2000,
        f"<label for=i>{LONG}</label>" + "<input id=i>" * 2000,
        f"<label for=i>{LONG}</label>" * 10 + "<input id=i>" * 100,
        "<button>" * 500 + LONG,
        f"<b id=i aria-label='{LONG}'></b>" + "<input aria-labelledby='i i i i i i'>" * 2000,
        f"<b id=i><textarea>{LONG}</textarea></b>" + "<button aria-labelledby='i i i i i i'></button>" * 2000,
    ],
    ids=["labelledby", "label", "labels", "nested", "aria-label", "textarea"],
)
def test_one_long_text_in_thousands_of_names(body: str) -> None:
    """It is not kept once for each: 2 GB, where a page may have 10 MB."""
    shown = page(body)
    tracemalloc.start()
    try:
        with pytest.raises(Failure):
            locate.fillable(shown, "nothing like it")
        with pytest.raises(Failure):
            locate.button(shown, "nothing like it")
        assert tracemalloc.get_traced_memory()[1] < 100 * CAP
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "style", ["a:b;" * 500_000, f"--a:{LONG};display:" + "var(--a)" * 100], ids=["declarations", "variables"]
)
def test_a_style_without_measure(style: str) -> None:
    """Its beginning is read."""
    shown = page(f"<p style='display:none;{style}'>hidden</p><p>shown</p>")
    tracemalloc.start()
    try:
        assert shown.visible_text == "shown"
        assert tracemalloc.get_traced_memory()[1] < 50 * CAP
    finally:
        tracemalloc.stop()


def test_thousands_of_labels_for_thousands_of_fields_of_one_id() -> None:
    """Not each is noted for each; a form's own labels are found all the same."""
    many = "<label for=a>Name</label>" * 2000 + "<input id=a>" * 2000
    shown = page(f"{many}<form><label for=a>Mine</label><input id=a name=mine></form>")
    assert len(shown.labels) == MOST_TWINS + 1
    assert max(map(len, shown.labels.values())) == MOST_LABELS
    assert locate.fillable(shown, "Mine").get("name") == "mine"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("<input type=radio name=r value={n} checked>", f"r={MANY - 1}"),
        ("<form id=f{n}></form><input form=f{n} name=q><input form=f0 name=a value={n}>", "q=&a=0"),
        ("<div><form></div><input name=q></form>", "q="),
    ],
)
def test_ten_thousand_of_what_looks_at_its_neighbours(body: str, sent: str) -> None:
    """Rules 28, 39 and 42: radio groups, forms by id and forms that another tag closes."""
    many = "".join(body.format(n=n) for n in range(MANY))
    shown = page(many if "<form" in body else f"<form>{many}</form>")
    entries = forms.entries(shown, shown.elements("form")[0], None, shown.encoding)
    assert "&".join(f"{e.name}={e.value}" for e in entries)[: len(sent)] == sent


def test_ten_thousand_options() -> None:
    """Rules 36 and 45: the last one is found and sent."""
    shown = page("<form><select name=s>" + "".join(f"<option>Number {n}" for n in range(MANY)) + "</select></form>")
    select = shown.elements("select")[0]
    forms.pick(shown, select, locate.option(shown, f"Number {MANY - 1}", select, "s"))
    assert forms.submission(shown, shown.elements("form")[0], None, "").url == f"http://h/?s=Number+{MANY - 1}"


NESTED = 2000


def test_five_hundred_nested_elements() -> None:
    """Rule 31: all of it is there: text, links, fields, and what comes after."""
    inside = "deep<a href=/x>Link</a><form><label>Field<input name=q></label><button>Go</button></form>"
    shown = page("<div>" * 500 + inside + "</div>" * 500 + "after")
    assert (shown.visible_text, shown.truncated) == ("deepLink\nFieldGo\nafter", False)
    assert locate.link(shown, "Link").get("href") == "/x"
    assert locate.fillable(shown, "Field").get("name") == "q"
    assert forms.form_of(shown, locate.button(shown, "")) is shown.elements("form")[0]


def test_what_is_nested_deeper_than_browsers_nest() -> None:
    """Rule 31: below level 512 elements lie side by side, as in Chromium; no text is lost."""
    shown = page("<div>" * NESTED + "deep" + "</div>" * NESTED + "after")
    assert (shown.visible_text, shown.truncated) == ("deep\nafter", False)


@pytest.mark.parametrize("tag", ["label", "button", "details", "dialog", "noscript", "fieldset disabled", "b", "ul"])
def test_two_thousand_that_nobody_closes(tag: str) -> None:
    """Rules 31, 34 and 58: each element is inside of the one before, and the page is read all the same."""
    shown = page("<script></script>" + f"<{tag}>x<input name=a><a href=/>y</a>" * NESTED)
    assert shown.describe().startswith("http://h/ (status 200)")
    assert len(shown.elements("input")) > 0
    with pytest.raises(Failure):
        locate.fillable(shown, "nothing like it")
    with pytest.raises(Failure):
        locate.button(shown, "nothing like it")
    with pytest.raises(Failure):
        shown.should_show("nothing like it")


def test_a_closed_details_with_ten_thousand_children() -> None:
    """Rule 58: which of them is the summary is not asked of each anew."""
    assert page("<details>" + "<p>x</p>" * MANY + "<summary>a</summary><summary>b</summary>").visible_text == "a"


def test_more_attributes_than_anybody_writes() -> None:
    """Rule 31: a tag with a flood of attributes loses them, and messages say so; nothing else on the page is lost."""
    flood = " ".join(f"x{n}=1" for n in range(50_000))
    shown = page(f"<p id=a>a</p><p {flood} title='>'>b</p><script>if (i<p {flood}) x()</script><p id=c>c</p>")
    assert (shown.visible_text, shown.truncated) == ("a\nb\nc", True)
    assert [e.get("id") for e in shown.elements("p")] == ["a", None, "c"]
    assert f"; the page was cut: a tag of it has more than {MOST} attributes; " in shown.describe()


def test_more_tags_than_anybody_writes() -> None:
    """What comes after them is left out, and whoever looks for it is told so."""
    shown = page("<title>Long</title><p>first" + "<b></b>" * MOST_TAGS + "<p>last")
    assert first_tags("<b>" * MOST_TAGS) == "<b>" * MOST_TAGS
    assert (len(shown.elements()) < MOST_TAGS, shown.shows("first"), shown.shows("last")) == (True, True, False)
    assert shown.describe() == (
        f"“Long” at http://h/ (status 200); the page was cut: it has more than {MOST_TAGS} tags"
    )


def test_a_page_that_takes_long_to_parse_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is parsed in a worker; a small one on the spot, since handing it over would take longer."""
    gone_on = threading.Event()
    prepared: list[bool] = []

    def prepare(self: Page) -> None:
        prepared.append(gone_on.wait(LATE))

    monkeypatch.setattr(Page, "prepare", prepare)

    async def main() -> tuple[str, str]:
        async with peer(answer(b"x" * (LARGE + 1))) as large, peer(answer(b"x" * LARGE)) as small:
            looking = asyncio.ensure_future(visit(large.url))
            other = await visit(small.url)
            gone_on.set()
            return told(await looking), told(other)

    assert (tidily(main()), prepared) == (("passed", "passed"), [True])


FIELDS = "<form>" + "<label>Name<input name=n></label>" * 60_000

HOSTILE = {
    "links": ("<a href=/x1>Link 1</a>" * 100_000, 'I follow "Lonk"', Status.FAILED),
    "labels": ("<label>Name<input name=n></label>" * 60_000, 'I fill in "Nome" with "x"', Status.FAILED),
    "options": ("<select name=s>" + "<option>x</option>" * 200_000, 'I select "y" from "s"', Status.FAILED),
    "text": ("<p>" + "some words " * 900_000, 'I should see "other words"', Status.FAILED),
    "headings": ("words" + "<div>" * 300 + "<h1 hidden>x</h1>" * 60_000, 'I should see "words"', Status.PASSED),
    "errors": ("words<p>" + "x::y<br>" * 100_000, 'I should see "words"', Status.PASSED),
    "elements": ("<b>x</b>" * 100_000, 'there should be 3 elements "b"', Status.FAILED),
    "pattern": ("<p>some words " * 60_000, "I should see /other words/", Status.FAILED),
    "status": ("<h2>some words</h2>" * 60_000, "the status should be 201", Status.FAILED),
    "message": ("<p class=notice></p>" * 60_000, "I should see an error message", Status.FAILED),
    "refused": ("<h2>some words</h2>" * 60_000, "", Status.FAILED),
    "files": ("<script src=/x.js></script>" * 60_000, "the page's scripts should load", Status.FAILED),
    "a part": ("<p>some words " * 60_000, 'I should see /other words/ within "body"', Status.FAILED),
    "times": ("<p>some words " * 60_000, 'I should see "words" 3 times', Status.FAILED),
    "rows": ("<table>" + "<tr><td>a<td>b" * 60_000, "I should see the table rows:\n| c | d |", Status.FAILED),
    "a link": ("<a href=/x1>Link 1</a>" * 100_000, 'I should see the link "Lonk"', Status.FAILED),
    "an address": (
        "<a href=/x1>Link 1</a>" * 100_000,
        'I remember the address of the link "Lonk" as "it"',
        Status.FAILED,
    ),
    "an option": ("<select name=s>" + "<option>x" * 200_000, 'the "s" field should have the option "y"', Status.FAILED),
    "a value": (FIELDS, 'the "Name" field should contain "x"', Status.FAILED),
    "an error": (FIELDS, 'the "Name" field should have no error', Status.FAILED),
    "a state": (FIELDS, 'the "Name" field should be disabled', Status.FAILED),
    "a value to keep": (FIELDS, 'I remember the "Name" field as "it"', Status.FAILED),
    "scripts": ("<form></form>" + "<script>f.submit()</script>" * 60_000, "the status should be 201", Status.FAILED),
    "a redirect": (
        "<form>" + "<input type=hidden name=n>" * 60_000 + "<script>document.forms[0].submit()</script>",
        "",
        Status.FAILED,
    ),
    "metas": ("<meta name=a content=b>" * 60_000, 'I should see "words"', Status.FAILED),
    "bases": ("<base target=a>" * 60_000 + "<a href=x>y</a>", 'I follow "y"', Status.PASSED),
    "Enter": (FIELDS, 'I press Enter in "Name"', Status.FAILED),
    "a tick": (
        "<label>News<input type=checkbox></label>" * 60_000,
        'the "News" checkbox should be checked',
        Status.FAILED,
    ),
}


MOST_CALLS = 20_000
"""Of functions in the loop's thread, the site's in this process included; 5 000 are usual, 11 000 for 10 MB of text."""


@pytest.mark.parametrize("name", HOSTILE)
def test_what_grows_with_a_page_is_not_done_in_the_loop(tmp_path: Path, name: str) -> None:
    """The loop turns on and on while a large page is read and searched, and left by a run that has passed.

    Not one of the calls that grow with the page may be made by the loop's own thread; and all the calls that it makes
    are counted: fewer than the page has links, fields, options or words.  Without a second step the first one fails.
    """
    body, step, status = HOSTILE[name]
    path = write_feature(tmp_path, 'When I go to "/"' + (f"\nAnd {step}" if step else ""))
    assert loaded(path, base_url="http://h/").problems == ()  # a selector is tried on a blank page, once a process
    loop_thread = threading.get_ident()
    in_the_loop: list[str] = []
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    def guarded(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            if threading.get_ident() == loop_thread:
                in_the_loop.append(name)
            return function(*arguments, **more)

        return call

    async def main() -> Observation:
        async with peer(answer(body.encode(), "500 Oh" if name == "refused" else "200 OK")) as server:
            made = loaded(path, base_url=server.url, max_redirects=2).jobs[0]
            sys.setprofile(count)
            try:
                return await observe(made, seconds=120)
            finally:
                sys.setprofile(None)

    with pytest.MonkeyPatch.context() as patch:
        for room, function in (
            (locate, "_climb"),
            (tree, "_written"),
            (text, "_pieces"),
            (text, "shown"),
            (text, "lines_of"),
        ):
            patch.setattr(room, function, guarded(function, getattr(room, function)))
        observation = tidily(main())
    assert (observation.status, in_the_loop) == (status, [])
    assert observation.steps[0].status is (Status.PASSED if step else Status.FAILED)
    assert calls < MOST_CALLS


@pytest.mark.parametrize(
    "html",
    [
        *("<h2>x</h2>", "<h2></h2>", "<a href=#x>skip to x</a>", "<header>x</header>", "<div class=nav>x</div>"),
        *("<p class=error>x</p>", "<p class=error></p>", "<p class='error d-none'>x</p>", "<p role=alert>cookies"),
        *("<p class=invalid-feedback>x</p>", "<p class='error toast'>x</p>", "<input aria-invalid=true>"),
    ],
)
def test_the_error_of_a_deep_page_is_not_looked_for_at_each_level(html: str) -> None:
    """What 6000 elements say, 300 levels down: with 300 calls for each of them it would be ten millions and more."""
    shown = replace(page("<title>Deep</title>" + "<div>" * 300 + html * 6000), status=500)
    assert shown.visible_text is not None
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        shown.complaint()
    finally:
        sys.setprofile(None)
    assert calls < 2_500_000


def test_more_links_than_anybody_writes() -> None:
    """Only the first are looked at, and the message says so."""
    with pytest.raises(Failure) as caught:
        locate.link(page("<a href=/x1>Link 1</a>" * (locate.MOST_CANDIDATES + 1)), "Lonk")
    assert caught.value.found.endswith("; only the first 20000 of 20001 links were looked at")


def test_long_tags_are_no_flood() -> None:
    """A picture in a ``data:`` URL, and whatever stands in scripts and comments, stays as it is."""
    words = "a " * 50_000
    source = f"<img alt='{words}' src='data:{'x' * 70_000}'><script>{words}<a {words}</script><!-- <a {words}> --><p>x"
    assert without_floods(source) is source


def test_a_challenge_of_blanks() -> None:
    """A header of nothing but blanks offers nothing, and is not pondered."""
    assert auth.best(auth.challenges(["Digest" + " " * 60_000 + '"', "," * 60_000, "a=" * 20_000])) is None


def test_what_breaks_off() -> None:
    """An answer that ends before it should is the site's failure, by name."""
    assert visited(saying(HEAD + b"Content-Length: 100\r\n\r\n<p>half")).startswith("failed protocol: ")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/a" * 15_000 + "/.." * 10_000, "http://h" + "/a" * 5_000 + "/"),
        ("http://x:" + "0" * 5_000 + "81/", "http://x:81/"),
        (
            "http://x:" + "1" * 5_000,
            "an address on the page is invalid: port 11111111111111111111 of “x” is above 65535",
        ),
        ("/" + "x" * 70_000, "an address on the page is invalid: an address of 70001 characters is too long"),
        ("data:," + "x" * 70_000, "data:," + "x" * 70_000),
    ],
    ids=["dots", "zeros", "port", "long", "data"],
)
def test_addresses_without_measure(href: str, expected: str) -> None:
    """Rule 2: an address that nobody can ask for is told as such, whatever its length."""
    try:
        assert page("").resolve(href) == expected
    except Failure as failure:
        assert failure.message == expected
