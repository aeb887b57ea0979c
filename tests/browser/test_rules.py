"""The rules of docs/reference/browser-rules.rst: tests that no other file here has, and that each rule has one.

Most rules have theirs in the file of the code that follows them.  Each test's docstring names the rules it shows.
"""

from __future__ import annotations

import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page import forms, locate, refresh, urls
from collectd_inode.page.forms import FormEntry
from collectd_inode.page.page import Page
from collectd_inode.wire.http import Transport
from tests.helpers.hostile_peers import NO_TLS, listening
from tests.helpers.peers import answer, tidily
from tests.helpers.places import ROOT

Story = Callable[[Browser], Awaitable[object]]

PAGE = ROOT / "docs" / "reference" / "browser-rules.rst"
RULES = [int(n) for n in re.findall(r"^Rule (\d+)$", PAGE.read_text(), re.MULTILINE)]
_CITED = r"[Rr]ules? (\d+(?:(?:, | and | to )\d+)*)"


def page(body: str, **headers: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8", **headers}, body.encode())


def cited(text: str) -> set[int]:
    """The numbers of the rules that a text names: "rule 3", "rules 9, 10 and 13", "rules 39 to 41"."""
    found: set[int] = set()
    for numbers in re.findall(_CITED, text):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", numbers):
            found.update(range(int(first), int(last or first) + 1))
    return found


def test_no_number_stands_twice() -> None:
    """A rule keeps its number, and a new one takes one that nobody has."""
    assert sorted(RULES) == sorted(set(RULES))


def test_every_rule_has_a_test() -> None:
    """Each rule of the page is named by the docstring of at least one test."""
    named: set[int] = set()
    for file in (f for room in ("browser", "page") for f in (ROOT / "tests" / room).rglob("test_*.py")):
        for docstring in re.findall(r'def test_\w+\([^"]*\) -> None:\n    """([^"]*)', file.read_text()):
            named |= cited(docstring)
    assert sorted(set(RULES) - named) == []


def test_nobody_cites_a_rule_that_is_not_on_the_page() -> None:
    """Code and tests name rules of the page only."""
    unknown = {
        f"{file.relative_to(ROOT)}: rule {number}"
        for folder in ("collectd_inode", "tests", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for number in cited(file.read_text()) - set(RULES)
    }
    assert unknown == set()


# What goes over the wire, to the byte


async def request(reader: StreamReader) -> str:
    """One whole request, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE)
    return (head + await reader.readexactly(int(length[1]) if length else 0)).decode("latin-1")


def requests(story: Story, *answers: bytes) -> list[str]:
    """What goes to a server while *story* is played, and what it answers by turns; its address is written HERE."""
    heard: list[str] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            heard.append(await request(reader))
            writer.write(answers[len(heard) - 1])

    async def main() -> str:
        async with listening(talk) as port:
            here = f"http://127.0.0.1:{port}"
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None)
            browser = Browser(transport, BrowserProfile(base_url=here, user_agent="test"))
            try:
                await story(browser)
            finally:
                await browser.aclose()
        return here.removeprefix("http://")

    here = tidily(main())
    return [one.replace(here, "HERE") for one in heard]


def html(body: str, *headers: str) -> bytes:
    return answer(body.encode(), "200 OK", *headers)


OURS = (
    "user-agent: test",
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-encoding: gzip, deflate",
)
OK = html("ok")


def head(*lines: str) -> str:
    """The head of a request."""
    return "".join(f"{line}\r\n" for line in (*lines, ""))


def get(target: str, *more: str) -> str:
    """A GET as we send it."""
    return head(f"GET {target} HTTP/1.1", "Host: HERE", *OURS, *more)


def post(target: str, content_type: str, body: str) -> str:
    """A POST as we send it, from the page at ``/``."""
    told = ("referer: http://HERE/", "origin: http://HERE", f"content-type: {content_type}")
    return head(f"POST {target} HTTP/1.1", "Host: HERE", *OURS, *told, f"Content-Length: {len(body)}") + body


URLENCODED = "application/x-www-form-urlencoded"


def test_going_to_a_page() -> None:
    """Rules 1, 5, 16 and 17: no Referer, no fragment, honest headers; a second visit is like the first."""

    async def story(b: Browser) -> None:
        await b.go("/a b?q=é#f")
        await b.go("/")

    assert requests(story, OK, OK) == [get("/a%20b?q=%C3%A9"), get("/")]


def test_a_form_in_its_own_order() -> None:
    """Rules 39, 44, 52, 55 and 57: repeated names stay where they are; POST keeps the action's query."""
    body = (
        "<form method=post action='/to?x=1'><input name=a value=1><input name=b value='*-._~ é+&='>"
        "<input type=hidden name=c value=0><input type=checkbox name=c value=1 checked><input name=a value=3></form>"
    )

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.submit("")

    page_is_utf8 = html(body, "Content-Type: text/html; charset=utf-8").replace(b"Content-Type: text/html\r\n", b"", 1)
    sent = "a=1&b=*-._%7E+%C3%A9%2B%26%3D&c=0&c=1&a=3"
    assert requests(story, page_is_utf8, OK) == [get("/"), post("/to?x=1", URLENCODED, sent)]


def test_a_get_form_replaces_the_query() -> None:
    """Rules 55 and 57: what stood in the action's query is gone, even if the form sends nothing: "?" stays."""
    body = (
        "<form id=f action='/s?old=1#top'><input name=q><input name=q value=2></form><form id=g action='/e?o'></form>"
    )

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.submit("f")
        await b.go("/")
        await b.submit("g")

    referer = "referer: http://HERE/"
    assert requests(story, html(body), OK, html(body), OK) == [
        get("/"),
        get("/s?q=&q=2", referer),
        get("/"),
        get("/e?", referer),
    ]


def test_reloading() -> None:
    """Rule 83: the page is asked for by the request that it came by, a POST by a POST; what was entered is gone."""
    body = "<form method=post><input name=a value=1></form>"

    async def story(b: Browser) -> None:
        await b.go("/")
        b.fill_in("a", "2")
        await b.reload()
        assert b.value("a") == "1"
        await b.submit("")
        await b.reload()

    again = post("/", URLENCODED, "a=1")
    assert requests(story, html(body), html(body), OK, OK) == [get("/"), get("/"), again, again]


def test_reloading_where_a_redirect_has_led() -> None:
    """Rule 83: a form whose answer redirects is not sent again."""
    body = "<form method=post action=/sent></form>"

    async def story(b: Browser) -> None:
        await b.go("/x")
        await b.submit("")
        await b.reload()

    moved = answer(b"", "303 See Other", "Location: /done")
    done = get("/done", "referer: http://HERE/x")
    asked = requests(story, html(body), moved, OK, OK)
    assert (asked[0], asked[2], asked[3]) == (get("/x"), done, done)


def test_going_back() -> None:
    """Rule 84: the page before is shown as it was left, without a request; a place on a page is a page of its own."""
    body = "<title>A</title><form><input name=a></form><a href='#top'>Top</a><a href=/b>B</a>"

    async def story(b: Browser) -> None:
        await b.go("/a")
        b.fill_in("a", "typed")
        await b.follow("Top")
        await b.follow("B")
        assert b.page.path == "/b"
        await b.back()
        assert (b.page.url.partition("#")[2], b.value("a"), b.redirects) == ("top", "typed", (b.page.url,))
        await b.back()
        assert (b.page.url.partition("#")[1], b.value("a")) == ("", "typed")
        with pytest.raises(Failure, match="there is no page to go back to") as raised:
            await b.back()
        assert raised.value.cause is Cause.EXPECTATION

    assert requests(story, html(body), OK) == [get("/a"), get("/b", "referer: http://HERE/a")]


def test_what_is_gone_back_to() -> None:
    """Rule 84: a page that is opened where it is on the screen already, or reloaded, is no second one."""
    form = "<form method=post></form>"

    async def story(b: Browser) -> None:
        await b.go("/a")
        await b.go("/b")
        await b.go("/b")
        await b.reload()
        await b.submit("")
        await b.back()
        assert b.page.path == "/b"
        await b.back()
        assert b.page.path == "/a"

    assert len(requests(story, *[html(form)] * 5)) == 5


def test_going_back_to_an_error() -> None:
    """Rule 84: it still is one."""

    async def story(b: Browser) -> None:
        b.refuse_bad_status = False
        await b.go("/a")
        await b.go("/b")
        b.refuse_bad_status = True
        with pytest.raises(Failure, match="/a answered 404 Not Found") as raised:
            await b.back()
        assert (raised.value.cause, b.page.status) == (Cause.REFUSED, 404)

    assert len(requests(story, answer(b"gone", "404 Not Found"), OK)) == 2


def test_before_there_is_a_page_nothing_is_reloaded() -> None:
    """Rules 83 and 84: nor gone back to."""

    async def story(b: Browser) -> None:
        for act in (b.reload, b.back):
            with pytest.raises(Failure, match="no page yet: open one first"):
                await act()

    assert requests(story) == []


def test_line_ends_on_the_wire() -> None:
    """Rules 50 and 54: every line end is CR LF once a form is on its way, as text/plain too."""
    body = (
        "<form id=f method=post><textarea id=t name=t></textarea></form>"
        "<form id=g method=post enctype=text/plain><textarea id=u name=u>\n1\n2</textarea></form>"
    )

    async def story(b: Browser) -> None:
        await b.go("/")
        b.fill_in("t", "1\n2\r\n3")
        await b.submit("f")
        await b.go("/")
        await b.submit("g")

    assert requests(story, html(body), OK, html(body), OK)[1::2] == [
        post("/", URLENCODED, "t=1%0D%0A2%0D%0A3"),
        post("/", "text/plain", "u=1\r\n2\r\n"),
    ]


def test_a_redirected_form() -> None:
    """Rules 9, 10, 13 and 16: after 302 a GET without body, type and Origin, with the Referer it began with."""

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.submit("")

    body = "<form method=post action=/x><input name=a value=1></form>"
    found = answer(b"", "302 Found", "Location: /y")
    assert requests(story, html(body), found, OK)[1:] == [
        post("/x", URLENCODED, "a=1"),
        get("/y", "referer: http://HERE/"),
    ]
    temporary = answer(b"", "307 Temporary Redirect", "Location: /y")
    assert requests(story, html(body), temporary, OK)[1:] == [
        post("/x", URLENCODED, "a=1"),
        post("/y", URLENCODED, "a=1"),
    ]


def test_cookies_on_the_wire() -> None:
    """Rules 19 and 22: bytes go back as they came, longer paths first."""
    first = answer(b"", "200 OK", "Set-Cookie: a=\u00e9", "Set-Cookie: b=2; Path=/x", 'Set-Cookie: c="3 4"; Path=/')

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.go("/x/y")

    assert requests(story, first, OK)[1] == get("/x/y", 'cookie: b=2; a=\u00c3\u00a9; c="3 4"')


HOME, ABROAD, DOWN = "https://h/x", "https://o/", "http://h/x"


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("no-referrer", (None, None, None)),
        ("same-origin", ("https://h/a?b", None, None)),
        ("origin", ("https://h/", "https://h/", "https://h/")),
        ("strict-origin", ("https://h/", "https://h/", None)),
        ("origin-when-cross-origin", ("https://h/a?b", "https://h/", "https://h/")),
        ("strict-origin-when-cross-origin", ("https://h/a?b", "https://h/", None)),
        ("no-referrer-when-downgrade", ("https://h/a?b", "https://h/a?b", None)),
        ("unsafe-url", ("https://h/a?b", "https://h/a?b", "https://h/a?b")),
    ],
)
def test_referrer_policies(policy: str, told: tuple[str | None, ...]) -> None:
    """Rule 16: what each policy tells at home, on another site, and where https is left."""
    assert tuple(urls.referrer("https://u:p@h/a?b#c", target, policy) for target in (HOME, ABROAD, DOWN)) == told


@pytest.mark.parametrize(
    ("head", "header", "expected"),
    [
        ("", "", "strict-origin-when-cross-origin"),
        ("", "no-referrer, Same-Origin, nonsense", "same-origin"),
        ("<meta name=Referrer content=origin><meta name=referrer content=nonsense>", "same-origin", "origin"),
        ("<p>referrer", "no-referrer", "no-referrer"),
    ],
)
def test_whose_policy_counts(head: str, header: str, expected: str) -> None:
    """Rule 16: the page's <meta>, else its header, else the usual; of several, the last that exists."""
    assert page(head, **{"referrer-policy": header}).referrer_policy == expected


def test_a_policy_on_the_wire() -> None:
    """Rule 16: a page may ask us to say nothing of it; a link may ask otherwise, and Origin is then nobody's."""
    body = "<a href=/1>quiet</a><a href=/2 referrerpolicy=origin>loud</a><form id=f method=post action=/3></form>"
    quiet = html(body, "Referrer-Policy: no-referrer")

    async def story(b: Browser) -> None:
        for step in (b.follow("quiet"), b.follow("loud"), b.submit("f")):
            await b.go("/")
            await step

    sent = requests(story, *[quiet, OK] * 3)
    assert sent[1:4:2] == [get("/1"), get("/2", "referer: http://HERE/")]
    assert [line for line in sent[5].split("\r\n") if line.startswith(("origin", "referer"))] == ["origin: null"]


# Enter


@pytest.mark.parametrize(
    ("inside", "sent"),
    [
        (
            "<button type=button>a</button><button name=go value=1>b</button><button name=go value=2>c</button>",
            "q=&go=1",
        ),
        ("<input type=image name=i><button name=go value=2>c</button>", "q=&i.x=0&i.y=0"),
        ("", "q="),
        ("<input type=checkbox name=c checked><textarea name=t></textarea>", "q=&c=on&t="),
    ],
)
def test_enter_presses_the_first_button(inside: str, sent: str) -> None:
    """Rule 56: the first submit button contributes; a form without one is sent if it has one line to type."""

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.press_enter("q")

    body = html(f"<form action=/s><input name=q>{inside}</form>")
    assert requests(story, body, OK)[1:] == [get(f"/s?{sent}", "referer: http://HERE/")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "<form><input name=q><button disabled>a</button><button>b</button></form>",
            "Enter sends nothing: the form's first submit button is disabled",
        ),
        (
            "<form><input name=q><input name=r></form>",
            "Enter sends nothing: the form has several fields and no submit button",
        ),
        ("<form><textarea name=q></textarea></form>", "the field “q” takes Enter as the end of a line"),
        ("<input name=q>", "the field “q” belongs to no form"),
    ],
)
def test_enter_that_sends_nothing(body: str, message: str) -> None:
    """Rule 56: a disabled default button blocks Enter; a step that does nothing is a failure."""

    async def story(b: Browser) -> None:
        await b.go("/")
        with pytest.raises(Failure) as caught:
            await b.press_enter("q")
        assert caught.value.cause is Cause.EXPECTATION
        assert caught.value.message.partition(", on http://")[0] == message

    assert requests(story, html(body)) == [get("/")]


def test_submitting_without_a_button() -> None:
    """Rule 56: `submit` presses nothing, so that no button contributes, not even the first."""

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.submit("f")

    body = "<form id=f action=/s><input name=q><button name=go disabled>a</button><button name=go>b</button></form>"
    assert requests(story, html(body), OK)[1:] == [get("/s?q=", "referer: http://HERE/")]


def test_nothing_is_validated() -> None:
    """Rule 56: the sheet has no word of ``required`` or ``pattern``: the server's answer is what is monitored."""
    shown = page(
        "<form><input name=a required><input name=b pattern=x value=y><input type=email name=c value=z></form>"
    )
    assert forms.submission(shown, shown.elements("form")[0], None, "").url == "http://h/?a=&b=y&c=z"


# Pages


def test_what_is_not_text() -> None:
    """Rule 30: scripts, styles and templates are no text; noscript is, because nothing here runs scripts."""
    shown = page(
        "a<script>b</script><style>c</style><template>d</template><noscript>e</noscript><noembed>f</noembed>"
        "<iframe>g</iframe><textarea>h</textarea>"
    )
    assert shown.visible_text.split() == ["ae", "h"]


def test_fields_in_noscript_are_fields() -> None:
    """Rule 30: what a page offers to those without scripts is offered to us."""
    shown = page("<form><noscript><input name=a value=1><button>Go</button></noscript></form>")
    form = shown.elements("form")[0]
    assert forms.submission(shown, form, locate.button(shown, "Go"), "").url == "http://h/?a=1"


@pytest.mark.parametrize(
    ("body", "owned"),
    [
        ("<div><form><input name=a></div><input name=b></form><input name=c>", [["a", "b"]]),
        ("<div><form><input name=a></div><input name=b>", [["a", "b"]]),
        ("<span><form></span><input name=a></form><input name=b>", [["a"]]),
        ("<form><div><input name=a></form><input name=b></div><input name=c>", [["a", "b"]]),
        ("<form><div><input name=a></form></div><form><input name=b></form><input name=c>", [["a"], ["b"]]),
        ("<div><form><input name=a></div><form><input name=b></form><form><input name=c></form>", [["a", "b"], ["c"]]),
        (
            "<table><tr><form><td><input name=a></td></tr><tr><td><input name=b></form></td></table><input name=c>",
            [["a", "b"]],
        ),
        ("<div><form id=f></div><input name=a form=g><input name=b></form><form id=g></form>", [["b"], ["a"]]),
    ],
)
def test_forms_that_another_tag_closes(body: str, owned: list[list[str]]) -> None:
    """Rule 28: a form ends where its end tag stands, whatever else has been closed meanwhile."""
    shown = page(body)
    found = [[c.get("name") for c in forms.controls_of(shown, form)] for form in shown.elements("form")]
    assert found == owned
    assert [e.tag for e in shown.elements() if e.tag == "form-end"] == []


def test_reading_forms_loses_no_text() -> None:
    """Rule 28: the mark that a form's end leaves while the page is read is gone with nothing else."""
    assert page("<p>a</p>b<form>c<b>d</b>e</form>f<div><form>g</div>h</form>i").visible_text == "a\nb\ncde\nf\ng\nhi"


def test_a_form_by_its_place() -> None:
    """Rule 37: a form that has neither id nor name is told by an XPath or CSS, to itself or to something in it."""
    shown = page("<form></form><form action=/x><p class=login><input name=q></form>")
    second = shown.elements("form")[1]
    assert locate.form(shown, "//form[@action='/x']") is second
    assert locate.form(shown, "(//form)[2]") is second
    assert locate.form(shown, "//input[@name='q']") is second
    assert locate.form(shown, "form[action='/x']") is second
    assert locate.form(shown, ".login > input") is second
    with pytest.raises(Failure, match=re.escape("no form “//form[3]”")):
        locate.form(shown, "//form[3]")
    with pytest.raises(Failure, match="no form “//h1”"):
        locate.form(shown, "//h1")
    with pytest.raises(Misconfigured, match=re.escape("“//form[”: not an XPath expression: ")):
        locate.form(shown, "//form[")


def test_areas() -> None:
    """Rule 37: an area goes by its title or a part of its id."""
    shown = page("<map><area id=to-north href=/n title='Up there'><area id=to-south href=/s></map>")
    assert [locate.link(shown, name).get("href") for name in ("up", "north", "south")] == ["/n", "/n", "/s"]


def test_hard_wrapping() -> None:
    """Rule 50: ``wrap=hard`` sends the line ends that the field shows, ``cols`` wide."""
    assert forms.wrapped("one two three\nfour", 8) == "one two \nthree\nfour"
    assert forms.wrapped("abcdefghij k", 4) == "abcd\nefgh\nij k"
    assert forms.wrapped("", 4) == ""
    shown = page(
        "<form><textarea name=a wrap=HARD cols=4>ab cd</textarea><textarea name=b wrap=hard>"
        + "x" * 21
        + "</textarea><textarea name=c wrap=soft cols=1>ab</textarea></form>"
    )
    entries = forms.entries(shown, shown.elements("form")[0], None, shown.encoding)
    assert entries == [FormEntry("a", "ab \ncd"), FormEntry("b", "x" * 20 + "\nx"), FormEntry("c", "ab")]


# The 69 rows of web-platform-tests' parsing.html for <meta http-equiv=refresh>, by what they are about.
_GAPS = [f"{mark}{blank}" for blank in "\t\r\n\f " for mark in (";", ",", "")]
REFRESHES: dict[str, tuple[int, str] | None] = {
    **dict.fromkeys(["", "; foo", ", foo", "foo", "1url=foo", "1x;url=foo"]),
    **dict.fromkeys(f"{sign}{number}{rest}" for sign in "+-" for number in "10" for rest in ("", "; foo", "; url=foo")),
    **dict.fromkeys(f"{number}; url=foo" for number in ("1e0", "1e1", "10e-1", "-0.1")),
    **dict.fromkeys(["1", "1 ", "1\t", "1\r", "1\n", "1\f", "1;", "1,"], (1, "")),
    **dict.fromkeys((f"1{gap}url=foo" for gap in _GAPS), (1, "foo")),
    **dict.fromkeys((f"  1  {mark}  url  =  foo" for mark in (";", ",", "")), (1, "foo")),
    **dict.fromkeys((f"  1  {mark}  foo" for mark in ";,"), (1, "foo")),
    **dict.fromkeys(
        ['1; url="foo"bar', "1; url='foo'bar", '1; "foo"bar', "1.9; url=foo", "1.9..5.; url=foo"], (1, "foo")
    ),
    **dict.fromkeys([".9; url=foo", "0.9; url=foo", "0; url=foo", "0; foo"], (0, "foo")),
    "0": (0, ""),
    "1 x;url=foo": (1, "x;url=foo"),
    "1;;url=foo": (1, ";url=foo"),
    "1; url=foo ": (1, "foo "),
    "1; url=f\to\no": (1, "f\to\no"),
    "1; url=\"foo'bar": (1, "foo'bar"),
    **{f"1; {word}": (1, word) for word in ("url foo", "urlfoo", "urfoo", "ufoo")},
}


@pytest.mark.parametrize(("text", "expected"), REFRESHES.items())
def test_every_row_of_the_refresh_tests(text: str, expected: tuple[int, str] | None) -> None:
    """Rule 15: all 69 rows, by what they parse to."""
    got = refresh.parse(text)
    assert (got and (got.seconds, got.target)) == expected


def test_where_a_refresh_leads() -> None:
    """Rules 2 and 15: blanks in and after the URL go when it is resolved."""
    assert [page("").resolve(target) for target in ("foo ", "f\to\no")] == ["http://h/foo"] * 2


def test_the_refresh_tests_are_complete() -> None:
    """Rule 15: as many rows as the Standard's tests have."""
    assert len(REFRESHES) == 69
