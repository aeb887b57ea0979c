"""The browser as a whole, against a server that is a function (rules 1 to 23, 32 to 57)."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from html import escape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.page.assets import AssetKind
from collectd_inode.wire import ConnectFailed, ProtocolBroken

Answer = httpx.Response
HTML = {"content-type": "text/html; charset=utf-8"}


def html(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status, headers=[*HTML.items(), *((k.replace("_", "-"), v) for k, v in headers.items())], content=body
    )


def redirect(location: str, status: int = 302, **headers: str) -> Answer:
    return html("", status, location=location, **headers)


@dataclass
class Broken(httpx.AsyncByteStream):
    """A body that breaks off."""

    begun: bytes
    error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.begun
        if self.error is not None:
            raise self.error


class Silent(httpx.AsyncByteStream):
    """A body that never comes."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""


@dataclass
class Site:
    """A server whose pages stand in a table from URL to answer (or to a function of the request); it notes requests."""

    pages: dict[str, Answer | Callable[[httpx.Request], Answer]]
    asked: list[httpx.Request] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> Answer:
        self.asked.append(request)
        page = self.pages.get(str(request.url), html("not found", 404))
        return page(request) if callable(page) else page

    @property
    def log(self) -> list[str]:
        return [f"{r.method} {r.url}" + (f" {r.content.decode('latin-1')}" if r.content else "") for r in self.asked]

    def header(self, name: str) -> list[str | None]:
        return [r.headers.get(name) for r in self.asked]


def browse(site: Site, story: Callable[[Browser], Awaitable[object]], profile: BrowserProfile | None = None) -> Site:
    def warn(code: str, message: str) -> None:
        site.warnings.append(f"{code}: {message}")

    async def play() -> None:
        browser = Browser(
            httpx.MockTransport(site), profile or BrowserProfile(), now=lambda: 1_700_000_000.0, warn=warn
        )
        await story(browser)
        await browser.aclose()

    asyncio.run(play())
    return site


def refused(
    site: Site, story: Callable[[Browser], Awaitable[object]], profile: BrowserProfile | None = None
) -> Failure:
    with pytest.raises(Failure) as caught:
        browse(site, story, profile)
    return caught.value


def test_a_login() -> None:
    """The story everything is for: go, fill in, press, be redirected, keep the cookie, read, follow."""
    site = Site(
        {
            "http://shop.example/": html(
                "<form action=/login method=post><input type=hidden name=csrf value=t0ken>"
                "<label>User <input name=u></label><label>Password <input type=password name=p></label>"
                "<input type=checkbox name=stay><select name=lang><option value=de>Deutsch<option value=en>English"
                "</select><button name=go value=1>Log in</button></form>",
                set_cookie="s=1; Path=/; HttpOnly",
            ),
            "http://shop.example/login": redirect("/home", 303, set_cookie="s=2; Path=/"),
            "http://shop.example/home": html("<title>Home</title>Hello <b>Ann</b> <a href='out?x=é'>Log out</a>"),
            "http://shop.example/out?x=%C3%A9": html("Bye"),
        }
    )

    async def story(b: Browser) -> None:
        await b.go("/")
        b.fill_in("User", "ann")
        b.fill_in("Password", "a b&c")
        b.check("stay")
        b.select("English", "lang")
        home = await b.press("Log in")
        assert home.shows("Hello Ann")
        assert home.describe() == "“Home” at http://shop.example/home (status 200)"
        assert (await b.follow("Log out")).shows("Bye")

    browse(site, story, BrowserProfile(base_url="http://shop.example"))
    assert site.log == [
        "GET http://shop.example/",
        "POST http://shop.example/login csrf=t0ken&u=ann&p=a+b%26c&stay=on&lang=en&go=1",
        "GET http://shop.example/home",
        "GET http://shop.example/out?x=%C3%A9",
    ]
    assert site.header("cookie") == [None, "s=1", "s=2", "s=2"]
    assert site.header("referer") == [None, "http://shop.example/", "http://shop.example/", "http://shop.example/home"]
    assert site.header("origin") == [None, "http://shop.example", None, None]
    assert site.header("content-type") == [None, "application/x-www-form-urlencoded", None, None]


def test_honest_headers() -> None:
    """Rule 17: we say who we are and what we read; the operator's headers replace ours, secret ones stay at home."""
    site = Site({"http://a/": redirect("http://b/"), "http://b/": html("b")})
    own = (("X-Probe", "é"), ("accept", "*/*"), ("Authorization", "Bearer secret"), ("Cookie", "own=1"))

    async def story(b: Browser) -> None:
        await b.go("http://a/")

    browse(site, story, BrowserProfile(headers=own, user_agent="me"))
    first, second = site.asked
    assert first.headers.raw == [
        (b"Host", b"a"),
        (b"user-agent", b"me"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate"),
        (b"x-probe", b"\xc3\xa9"),
        (b"authorization", b"Bearer secret"),
        (b"cookie", b"own=1"),
    ]
    assert not {"authorization", "cookie"} & set(second.headers)
    assert BrowserProfile().user_agent.startswith("collectd_inode/")


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "post", "GET"),
        (302, "post", "GET"),
        (303, "post", "GET"),
        (307, "post", "POST"),
        (308, "post", "POST"),
        (302, "get", "GET"),
        (307, "get", "GET"),
    ],
)
def test_redirects(status: int, method: str, expected: str) -> None:
    """Rules 9 and 10: 301 to 303 make a POST a GET without body and type; 307 and 308 keep both."""
    site = Site(
        {
            "http://h/": html(f"<form method={method} action=/x><input name=a value=1><input type=submit></form>"),
            "http://h/x": redirect("/y", status),
            "http://h/x?a=1": redirect("/y", status),
            "http://h/y": html("y"),
        }
    )

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        await b.press()

    last = browse(site, story).asked[-1]
    kept = expected == "POST"
    assert (last.method, str(last.url), last.content) == (expected, "http://h/y", b"a=1" if kept else b"")
    assert ("content-type" in last.headers, "content-length" in last.headers) == (kept, kept)


def test_redirect_limit() -> None:
    """Rule 11: more hops than allowed are a failure that names the chain."""
    site = Site({f"http://h/{n}": redirect(f"/{n + 1}") for n in range(30)})

    async def story(b: Browser) -> None:
        await b.go("http://h/0")

    failure = refused(site, story, BrowserProfile(max_redirects=5))
    assert failure.cause is Cause.PROTOCOL
    assert failure.message == (
        "redirected more than 5 times: http://h/0 → http://h/1 → http://h/2 → … → http://h/5 → http://h/6"
    )
    assert len(site.asked) == 6
    site.pages["http://h/5"] = html("ok")
    browse(site, story, BrowserProfile(max_redirects=5))


def test_a_loop_is_shown_as_one() -> None:
    """Rule 11: it is no use to know how often; the way is what somebody must mend."""
    site = Site({"http://h/": redirect("/a"), "http://h/a": redirect("/b?x=1"), "http://h/b?x=1": redirect("/a")})
    failure = refused(site, lambda b: b.go("http://h/"))
    assert failure.message == "redirected more than 20 times: a loop: http://h/a → /b?x=1 → /a"


@pytest.mark.parametrize("location", ["mailto:a@b", "javascript:1", "http://", "file:///etc/passwd"])
def test_redirects_to_nowhere(location: str) -> None:
    """Rule 8: only http and https are asked for, redirects included."""

    async def story(b: Browser) -> None:
        await b.go("http://h/")

    failure = refused(Site({"http://h/": redirect(location)}), story)
    assert failure.cause is Cause.PROTOCOL
    assert failure.message.startswith("http://h/ redirects to an address that cannot be requested: ")


def test_a_redirect_without_location_is_an_answer() -> None:
    """Rule 14: 3xx without Location is final."""

    async def story(b: Browser) -> None:
        assert (await b.go("http://h/")).status == 302

    browse(Site({"http://h/": html("x", 302)}), story)


def test_fragments_stay_here() -> None:
    """Rules 4 and 5: fragments are never sent, survive redirects, and a link to one asks for nothing."""
    site = Site(
        {"http://h/a": redirect("/b"), "http://h/b": html("<a href='#z'>down</a><a href=''>again</a><input id=i>")}
    )

    async def story(b: Browser) -> None:
        assert (await b.go("http://h/a#f")).url == "http://h/b#f"
        b.fill_in("i", "typed")
        assert (await b.follow("down")).url == "http://h/b#z"
        assert b.value("i") == "typed"
        assert (await b.follow("again")).url == "http://h/b"

    assert browse(site, story).log == ["GET http://h/a", "GET http://h/b", "GET http://h/b"]


def test_refresh() -> None:
    """Rule 15: a short refresh is followed; a long one, and one to the page itself, is not; two pages that refresh
    to each other end in the redirect limit."""
    site = Site(
        {
            "http://h/a": html("<meta http-equiv=refresh content='0; url=/b'>"),
            "http://h/b": html("<meta http-equiv=refresh content=1>b", refresh="60; url=/a"),
            "http://h/c": html("<meta http-equiv=refresh content='1; url=/d'>"),
            "http://h/d": html("d", refresh="0; url=c"),
            "http://h/e": html("<meta http-equiv=refresh content=0>e"),
        }
    )

    async def story(b: Browser) -> None:
        assert (await b.go("http://h/a")).visible_text == "b"
        assert (await b.go("http://h/e")).visible_text == "e"

    assert browse(site, story).log == ["GET http://h/a", "GET http://h/b", "GET http://h/e"]
    assert site.header("referer") == [None, "http://h/a", None]

    async def loop(b: Browser) -> None:
        await b.go("http://h/c")

    assert refused(site, loop).cause is Cause.PROTOCOL


def test_referer_and_origin_across_sites() -> None:
    """Rules 13 and 16: another origin learns the origin only; http learns nothing from https; every hop has it."""
    site = Site(
        {
            "https://h/a?s=1": html(
                "<a href=http://h/>down</a><a href=https://o/>over</a><a href=/x rel='x noreferrer'>hush</a>"
                "<form method=post action=https://o/r><input type=submit value=Send></form>"
            ),
            "http://h/": html(""),
            "https://o/": redirect("https://h/x"),
            "https://o/r": redirect("https://p/", 307),
            "https://p/": html(""),
            "https://h/x": html(""),
        }
    )

    async def story(b: Browser) -> None:
        for step in ("down", "over", "hush", ""):
            await b.go("https://h/a?s=1")
            await (b.follow(step) if step else b.press("Send"))

    browse(site, story)
    told = {f"{r.method} {r.url}": (r.headers.get("referer"), r.headers.get("origin")) for r in site.asked[1:4]}
    assert told == {
        "GET http://h/": (None, None),
        "GET https://h/a?s=1": (None, None),
        "GET https://o/": ("https://h/", None),
    }
    assert [(r.headers.get("referer"), r.headers.get("origin")) for r in site.asked[4:]] == [
        ("https://h/", None),  # the hop from o back to h: no more than o was told
        (None, None),
        (None, None),  # noreferrer
        (None, None),
        ("https://h/", "https://h"),
        ("https://h/", "null"),
    ]


def test_base_href() -> None:
    """Rules 1 and 3: links follow <base>, `go to` follows the configured base URL."""
    site = Site(
        {
            "http://h/": html("<base href='http://cdn/d/'><a href=x>x</a>"),
            "http://cdn/d/x": html("x"),
            "http://h/y": html("y"),
        }
    )

    async def story(b: Browser) -> None:
        await b.go("/")
        await b.follow("x")
        await b.go("y")

    assert browse(site, story, BrowserProfile(base_url="http://h/")).log[1:] == ["GET http://cdn/d/x", "GET http://h/y"]


@pytest.mark.parametrize(
    ("href", "message"),
    [
        ("javascript:go()", "the link “x” needs JavaScript"),
        ("mailto:a@b", "the link “x” leads to “mailto:”, not to a page"),
        ("http://a b/", "an address on the page is invalid: “a b” is not a host"),
    ],
)
def test_links_that_no_browser_asks_for(href: str, message: str) -> None:
    """Rule 6: what needs JavaScript or another program fails the step."""

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        await b.follow("x")

    failure = refused(Site({"http://h/": html(f"<a href='{href}'>x</a>")}), story)
    assert (failure.cause, failure.message.partition(", on http://h/")[0]) == (Cause.EXPECTATION, message)


@pytest.mark.parametrize(
    "button", ["<button popovertarget=m>x</button>", "<button type=button commandfor=m>x</button>"]
)
def test_a_button_that_opens_a_part_of_the_page(button: str) -> None:
    """Without a form it sends nothing, and no script of the page's is missing either."""

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        await b.press("x")

    failure = refused(Site({"http://h/": html(f"{button}<div popover id=m>Menu</div>")}), story)
    assert (failure.cause, failure.message.partition(", on http://h/")[0]) == (
        Cause.EXPECTATION,
        'the button “x” opens or closes a part of the page, which needs Engine "chromium"',
    )


def test_bad_status() -> None:
    """A final status of 400 or more fails the navigation, unless it is asked for; the page is there either way."""
    site = Site({"http://h/": redirect("/x?user:p@y"), "http://h/x?user:p@y": html("<title>Oops</title>Sorry", 503)})

    async def story(b: Browser) -> None:
        with pytest.raises(Failure) as caught:
            await b.go("http://u:secret@h/")
        failure = caught.value
        assert failure.cause is Cause.REFUSED
        assert failure.message == "http://h/x?user:p@y, to which http://h/ redirected, answered 503 Service Unavailable"
        assert failure.found == "Sorry; title “Oops”"
        assert b.page.status == 503
        b.refuse_bad_status = False
        assert (await b.go("http://h/")).status == 503

    browse(site, story)


def test_before_the_first_page() -> None:
    """Every step but `go to` needs a page."""

    async def story(b: Browser) -> None:
        b.fill_in("a", "b")

    failure = refused(Site({}), story)
    assert (failure.cause, failure.message) == (Cause.EXPECTATION, "no page yet: open one first")


@pytest.mark.parametrize("target", ["/login", "ftp://h/", "mailto:a@b", "http://", ""])
def test_targets_that_are_the_operators_mistake(target: str) -> None:
    """Rules 1 and 8: what cannot be gone to is a configuration error, not an outage."""

    async def story(b: Browser) -> None:
        await b.go(target)

    with pytest.raises(Misconfigured):
        browse(Site({}), story)


@given(st.text(max_size=30), st.sampled_from([None, "http://h/"]))
def test_any_target_is_gone_to_or_refused(target: str, base_url: str | None) -> None:
    """Whatever stands in a sentence ends in a page or in a sentence, never in an exception of a library."""

    async def story(b: Browser) -> None:
        b.refuse_bad_status = False
        await b.go(target)

    with contextlib.suppress(Misconfigured):
        browse(Site({}), story, BrowserProfile(base_url=base_url))


@given(st.text(max_size=30).map(lambda t: "http://" + t))
def test_any_link_is_followed_or_refused(href: str) -> None:
    """Whatever stands in a link ends in a page or in a failure."""
    body = f"<a href='{escape(href, quote=True)}'>x</a>"

    async def story(b: Browser) -> None:
        await b.go("http://h.example/")
        b.refuse_bad_status = False
        await b.follow("x")

    with contextlib.suppress(Failure):
        browse(Site({"http://h.example/": html(body)}), story)


def test_a_bad_base_url_is_the_operators_mistake() -> None:
    """A base URL is looked at before the first request."""
    with pytest.raises(Misconfigured, match="BaseURL: "):
        Browser(httpx.MockTransport(Site({})), BrowserProfile(base_url="http://a b/"))


def test_international_names() -> None:
    """A host's name goes over the wire in ASCII, and so does everything compared with it."""
    site = Site({"http://xn--bcher-kva.example/": html("<a href='//BÜCHER.example/x'>x</a>", set_cookie="a=1")})
    site.pages["http://xn--bcher-kva.example/x"] = html("x")

    async def story(b: Browser) -> None:
        await b.go("http://bücher.example")
        assert (await b.follow("x")).url == "http://xn--bcher-kva.example/x"

    assert browse(site, story).header("cookie") == [None, "a=1"]


def test_cookies_cannot_end_a_run() -> None:
    """Rule 22: non-ASCII cookies go back byte by byte; several Set-Cookie headers are several cookies."""
    headers = [(b"set-cookie", b"a=\xff\xe9"), (b"set-cookie", b"b=1, 2; Path=/"), (b"Set-Cookie", b"\x01")]
    site = Site({"http://h/": Answer(200, headers=headers, content=b"")})

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        await b.go("http://h/")

    assert [h for h in browse(site, story).asked[1].headers.raw if h[0] == b"cookie"] == [
        (b"cookie", b"a=\xff\xe9; b=1, 2")
    ]


def guarded(request: httpx.Request, challenge: str = 'Basic realm="x"', expected: str = "") -> Answer:
    if request.headers.get("authorization", "").startswith(expected or "Basic " + base64.b64encode(b"ann:pw").decode()):
        return html("in")
    return html("who?", 401, www_authenticate=challenge)


def test_basic_authentication() -> None:
    """A 401 of the home origin is answered once; from then on the door is opened without being asked."""
    site = Site({"http://h/a": guarded, "http://h/b": guarded})

    async def story(b: Browser) -> None:
        await b.go("/a")
        await b.go("/b")

    profile = BrowserProfile(base_url="http://h", auth_user="ann", auth_password="pw")
    assert browse(site, story, profile).log == ["GET http://h/a", "GET http://h/a", "GET http://h/b"]
    assert "pw" not in repr(profile)


def test_credentials_stay_at_home() -> None:
    """Rule 12: another origin gets no credentials, however much it asks for them."""
    site = Site({"http://h/": redirect("http://evil/"), "http://evil/": guarded, "http://h:81/": guarded})

    async def story(b: Browser) -> None:
        b.refuse_bad_status = False
        assert (await b.go("http://h/")).status == 401
        assert (await b.go("http://h:81/")).status == 401

    assert set(browse(site, story, BrowserProfile(auth_user="ann", auth_password="pw")).header("authorization")) == {
        None
    }


def test_refused_credentials_are_not_shown_again() -> None:
    """An account must not be locked by its monitor: a second 401 is an answer."""
    site = Site({"http://h/": lambda r: html("no", 401, www_authenticate="Basic realm=x")})

    async def story(b: Browser) -> None:
        await b.go("http://h/")

    failure = refused(site, story, BrowserProfile(auth_user="ann", auth_password="wrong"))
    assert failure.message == "http://h/ answered 401 Unauthorized: the credentials were not accepted"
    assert len(site.asked) == 2


def test_digest_authentication() -> None:
    """Digest counts the uses of its nonce, and takes a fresh one when told that it is stale."""
    challenge = 'Digest realm="x", nonce="{}", qop="auth", algorithm=SHA-256'

    def door(request: httpx.Request) -> Answer:
        shown = request.headers.get("authorization", "")
        if 'nonce="2"' in shown or ('nonce="1"' in shown and "nc=00000001" in shown):
            return html("in")
        fresh = challenge.format(2) + ", stale=true" if shown else challenge.format(1)
        return html("who?", 401, www_authenticate=fresh)

    site = Site({"http://h/a?q=1": door, "http://h/b": door})

    async def story(b: Browser) -> None:
        await b.go("http://h/a?q=1")
        await b.go("http://h/b")

    browse(site, story, BrowserProfile(auth_user="ann", auth_password="pw"))
    assert len(site.asked) == 4
    assert 'uri="/a?q=1"' in site.asked[1].headers["authorization"]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("NTLM", "the credentials were not sent: it asks for NTLM; what can be answered is Basic and Digest"),
        ("", "the credentials were not sent: it has no WWW-Authenticate header that says how"),
    ],
)
def test_credentials_that_were_not_sent(header: str, why: str) -> None:
    """What was not shown was not refused."""
    site = Site({"http://h/": html("no", 401, www_authenticate=header)})
    failure = refused(site, lambda b: b.go("http://h/"), BrowserProfile(auth_user="ann", auth_password="pw"))
    assert failure.message == f"http://h/ answered 401 Unauthorized: {why}"
    assert site.header("authorization") == [None]
    without = refused(Site(site.pages), lambda b: b.go("http://h/"))
    assert without.message == "http://h/ answered 401 Unauthorized"


def test_two_servers_with_nonces_of_their_own() -> None:
    """A nonce that is called stale at the first try is replaced once more; never without an end."""
    challenge = 'Digest realm="x", nonce="{}", qop="auth"'
    site = Site({})
    answers = iter((challenge.format("a"), challenge.format("b") + ", stale=true", "in"))

    def by_turns(request: httpx.Request) -> Answer:
        said = next(answers)
        return html("in") if said == "in" else html("who?", 401, www_authenticate=said)

    site.pages["http://h/"] = by_turns
    profile = BrowserProfile(auth_user="ann", auth_password="pw")
    browse(site, lambda b: b.go("http://h/"), profile)
    assert ['nonce="b"' in (shown or "") for shown in site.header("authorization")] == [False, False, True]

    never = Site({"http://h/": html("who?", 401, www_authenticate=challenge.format("c") + ", stale=true")})
    failure = refused(never, lambda b: b.go("http://h/"), profile)
    assert failure.message.endswith("401 Unauthorized: it calls each of its nonces stale, a new one, too")
    assert len(never.asked) == 3


def test_the_first_answer_only() -> None:
    """Without redirects neither Location nor a refresh is followed."""
    site = Site({"http://h/a": redirect("/b", 301), "http://h/b": html("x", refresh="0; url=/c")})

    async def story(b: Browser) -> None:
        moved = await b.go("http://h/a", redirects=False)
        assert (moved.status, moved.headers["location"], b.redirects) == (301, "/b", ("http://h/a",))
        assert (await b.go("/b", redirects=False)).shows("x")

    browse(site, story, BrowserProfile(base_url="http://h/"))
    assert site.log == ["GET http://h/a", "GET http://h/b"]


def test_userinfo_in_a_url() -> None:
    """User and password in a URL answer a 401, and are nowhere to be seen."""
    site = Site({"http://h/": guarded})

    async def story(b: Browser) -> None:
        assert (await b.go("http://ann:pw@h/")).url == "http://h/"

    assert browse(site, story).log == ["GET http://h/", "GET http://h/"]


def test_forms_in_every_way() -> None:
    """Check, uncheck, choose, attach, reset, submit by name; buttons that send nothing say so."""
    site = Site(
        {
            "http://h/": html(
                "<form name=f action=/r><input type=checkbox id=a name=a checked><input type=checkbox id=b name=b>"
                "<input type=radio name=c value=1 checked><input type=radio name=c value=2 id=two>"
                "<input type=submit name=s><button type=button>Show</button><input type=reset></form>"
                "<form id=up method=post enctype=multipart/form-data action=/r><input type=file id=doc name=d></form>"
                "<button>Alone</button>"
            ),
            "http://h/r?b=on&c=2": html("1"),
            "http://h/r?a=on&c=1": html("2"),
            "http://h/r": html("3"),
        }
    )

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        b.uncheck("a")
        b.check("b")
        b.choose("two")
        assert (b.is_checked("a"), b.is_checked("b"), b.is_checked("two")) == (False, True, True)
        for name, why in (("Show", "needs JavaScript"), ("Alone", "belongs to no form")):
            with pytest.raises(Failure, match=why):
                await b.press(name)
        assert (await b.submit("f")).visible_text == "1"
        await b.go("http://h/")
        b.check("b")
        await b.press("Reset")
        assert (await b.submit("f")).visible_text == "2"
        await b.go("http://h/")
        b.attach("doc", "x.txt", b"content", "text/plain")
        assert (await b.submit("up")).visible_text == "3"

    sent = browse(site, story).asked[-1]
    boundary = sent.headers["content-type"].removeprefix("multipart/form-data; boundary=").encode()
    assert sent.content == (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="d"; filename="x.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\ncontent\r\n--" + boundary + b"--\r\n"
    )


@dataclass
class Endless(httpx.AsyncByteStream):
    """A body without end, that knows how much of it was taken."""

    taken: int = 0
    closed: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1
            yield b"x" * 1000

    async def aclose(self) -> None:
        self.closed = True


class OneAnswer(httpx.AsyncBaseTransport):
    """A transport that always gives the same answer, or raises."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_max_body() -> None:
    """A body that is too large is given up while it comes in, and its connection closed."""
    stream = Endless()

    async def story() -> None:
        await Browser(OneAnswer(Answer(200, stream=stream)), BrowserProfile(max_body=10_000)).go("http://h/")

    with pytest.raises(Failure, match="larger than MaxBodySize allows") as caught:
        asyncio.run(story())
    assert (caught.value.cause, stream.taken, stream.closed) == (Cause.PROTOCOL, 11, True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ConnectFailed("no"), ConnectFailed), (httpx.ReadError("no"), Failure), (httpx.DecodingError("no"), Failure)],
)
def test_exceptions_of_the_transport(error: Exception, kind: type[Exception]) -> None:
    """What `wire` raises goes through; what httpx raises ends here."""

    async def story() -> None:
        await Browser(OneAnswer(error), BrowserProfile()).go("http://h/")

    with pytest.raises(kind, match="no"):
        asyncio.run(story())


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    target = head.split()[1].decode()
    body = b"<a href='/b?100%&amp;x=[1]'>b</a>" if target == "/" else target.encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=\xe9\r\nConnection: close\r\n\r\n" + body
    )
    await writer.drain()
    writer.close()


def test_over_a_real_socket() -> None:
    """The same browser over httpx's own transport: URLs and odd cookies arrive as they are."""

    async def story() -> str:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            browser = Browser(httpx.AsyncHTTPTransport(trust_env=False), BrowserProfile())
            await browser.go(f"127.0.0.1:{port}")
            text = (await browser.follow("b")).visible_text
            await browser.aclose()
            return text

    assert asyncio.run(story()) == "/b?100%&x=[1]"


def test_a_redirect_whose_body_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 14: nobody waits for what nobody sees."""
    monkeypatch.setattr("collectd_inode.browser.sending._REDIRECT_SECONDS", 0.0)
    site = Site(
        {
            "http://h/": lambda request: Answer(302, headers={"location": "/x"}, stream=Silent()),
            "http://h/x": html("x"),
        }
    )
    browse(site, lambda b: b.go("http://h/"))
    assert site.log == ["GET http://h/", "GET http://h/x"]


def test_a_redirect_that_is_none() -> None:
    """Rule 14: with an empty Location the answer's own body is the page."""
    site = browse(Site({"http://h/": html("here", 302, location=" ")}), lambda b: b.go("http://h/"))
    assert site.log == ["GET http://h/"]


def test_the_octets_of_a_redirect_stay() -> None:
    """Rule 14: whatever encoding they are in."""
    location = Answer(302, headers=[(b"location", b"/caf\xe9?\xfc"), (b"Location", b"/caf\xe9?\xfc ")])
    site = Site({"http://h/": location, "http://h/caf%E9?%FC": html("x")})
    browse(site, lambda b: b.go("http://h/"))
    assert site.log == ["GET http://h/", "GET http://h/caf%E9?%FC"]


def test_a_redirect_to_two_places() -> None:
    """Rule 14: no browser goes to either."""
    site = Site({"http://h/": Answer(302, headers=[("location", "/a"), ("location", "http://u:p@h/b")])})
    failure = refused(site, lambda b: b.go("http://h/"))
    assert failure.message == "http://h/ redirects to several addresses: “/a” and “http://h/b”"
    assert failure.cause is Cause.PROTOCOL


@pytest.mark.parametrize("stream", [Broken(b"no gzip"), Broken(b"", ProtocolBroken("h: closed in mid-answer"))])
def test_a_redirect_with_a_broken_body(stream: Broken) -> None:
    """Rule 14: it is followed all the same; where it leads to no place, it is broken."""
    headers = {"content-encoding": "gzip", "location": "/x"}
    site = Site({"http://h/": lambda request: Answer(302, headers=headers, stream=stream), "http://h/x": html("x")})
    browse(site, lambda b: b.go("http://h/"))
    assert site.log == ["GET http://h/", "GET http://h/x"]
    with pytest.raises((Failure, ProtocolBroken)):
        browse(site, lambda b: b.go("http://h/", redirects=False))
    del headers["location"]
    with pytest.raises((Failure, ProtocolBroken)):
        browse(site, lambda b: b.go("http://h/"))


def steps(*asked: str) -> Callable[[Browser], Awaitable[object]]:
    """Go to each address, or follow or press what is named so: ``→ Buy``, ``! Pay``."""

    async def story(browser: Browser) -> None:
        browser.refuse_bad_status = False
        for one in asked:
            verb = {"→": browser.follow, "!": browser.press}.get(one[0], browser.go)
            await verb(one.removeprefix("→ ").removeprefix("! "))

    return story


ABROAD = (
    "<a href='https://shop.test/'>Shop</a><a href='https://shop.test/' rel=noreferrer>Hush</a>"
    "<form action='https://shop.test/'><button>Get</button></form>"
    "<form action='https://shop.test/' method=post><button>Post</button></form>"
)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("https://shop.test/", "l=1; n=1; s=1; x=1"),
        ("→ Shop", "l=1; n=1; x=1"),
        ("→ Hush", "l=1; n=1; x=1"),
        ("! Get", "l=1; n=1; x=1"),
        ("! Post", "n=1; x=1"),
        ("https://abroad.test/refresh", "l=1; n=1; x=1"),
        ("https://abroad.test/redirect", "l=1; n=1; s=1; x=1"),
    ],
)
def test_cookies_from_another_site(asked: str, sent: str) -> None:
    """Rule 23: Strict cookies stay at home on whatever a page of another site leads to, Lax ones on a POST."""
    kept = ("l=1; SameSite=Lax", "n=1; SameSite=None; Secure", "s=1; SameSite=Strict", "x=1")
    shop = Answer(200, headers=[*HTML.items(), *(("set-cookie", cookie) for cookie in kept)], content="shop")
    site = Site(
        {
            "https://shop.test/": shop,
            "https://abroad.test/": html(ABROAD),
            "https://abroad.test/refresh": html("<meta http-equiv=refresh content='0; url=https://shop.test/'>"),
            "https://abroad.test/redirect": redirect("https://shop.test/"),
        }
    )
    browse(site, steps("https://shop.test/", "https://abroad.test/", asked))
    assert site.asked[-1].url.host == "shop.test"
    assert site.asked[-1].headers["cookie"] == sent
    assert site.warnings == []


def test_a_refused_cookie_is_a_warning() -> None:
    """Rule 22: said once, whether the run fails or not, and without the value."""
    site = Site({"https://h/": html("<a href=/>again</a>", set_cookie="sid=secret; SameSite=None")})
    browse(site, steps("https://h/", "→ again"))
    assert site.warnings == ["cookie_refused: h: the cookie “sid” is rejected: SameSite=None without Secure"]


@pytest.mark.parametrize(
    ("count", "size", "asked", "warnings"),
    [
        (100, 1, 100, []),
        (102, 1, 100, ["asset: 100 of the page's 102 files were checked: at most 100 files and 32 MiB are requested"]),
        (6, 9 << 20, 4, ["asset: 4 of the page's 6 files were checked: at most 100 files and 32 MiB are requested"]),
    ],
)
def test_a_page_of_very_many_or_large_files(count: int, size: int, asked: int, warnings: list[str]) -> None:
    """Rule 72: what is not checked is a warning."""
    script = httpx.Response(200, headers={"content-type": "text/javascript"}, content=b" " * size)
    files = [f"http://h/{n}.js" for n in range(count)]
    page = html("".join(f"<script src={file}></script>" for file in files))
    site = Site({"http://h/": page, **dict.fromkeys(files, script)})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.load(frozenset(AssetKind))

    browse(site, story)
    assert (len(site.log) - 1, site.warnings) == (asked, warnings)


def test_the_files_of_a_page_come_from_its_site_or_another() -> None:
    """Rules 23, 64 and 72: another site's get only what it has set for that; a way out of TLS is not gone."""
    none = "SameSite=None; Secure"
    site = Site(
        {
            "https://cdn.test/": lambda _: httpx.Response(
                200, headers=[("set-cookie", "a=1"), ("set-cookie", f"b=2; {none}")], text="x"
            ),
            "https://h.test/": html(
                "<script src=https://cdn.test/a.js></script><img src=http://cdn.test/a.png>", set_cookie="c=3"
            ),
            "https://cdn.test/a.js": redirect("http://cdn.test/b.js"),
            "https://cdn.test/a.png": httpx.Response(200, headers={"content-type": "image/png"}),
        }
    )

    async def story(browser: Browser) -> None:
        await browser.go("https://cdn.test/")
        await browser.go("https://h.test/")
        await browser.load(frozenset(AssetKind))

    failure = refused(site, story)
    assert site.log[2:] == ["GET https://cdn.test/a.js", "GET https://cdn.test/a.png"]
    assert site.header("cookie")[2:] == ["b=2", "b=2"]
    assert failure.found == "https://cdn.test/a.js is requested without TLS, which browsers block on an https page"


@pytest.mark.parametrize(
    ("origin", "header", "sent"),
    [
        ("https://www.shop.test", '"cookies"', [None, None]),
        ("https://www.shop.test", '"cache" , "*"', [None, None]),
        ("https://www.shop.test", "cookies", ["w=1; d=1; n=1", "x=1; d=1"]),
        ("https://www.shop.test", '"Cookies", "storage"', ["w=1; d=1; n=1", "x=1; d=1"]),
        ("http://www.shop.test", '"cookies"', ["w=1; d=1; n=1", "x=1; d=1"]),
    ],
)
def test_cookies_that_a_site_takes_away(origin: str, header: str, sent: list[str | None]) -> None:
    """Rule 86: all of the site's, those of the same answer, too; words without quotes mean nothing."""
    other = origin.replace("www", "a")
    first = [("set-cookie", "w=1; Path=/"), ("set-cookie", "d=1; Domain=shop.test; Path=/")]
    site = Site(
        {
            f"{other}/": html("x", set_cookie="x=1"),
            f"{origin}/": httpx.Response(200, headers=first),
            f"{origin}/out": html("Bye", clear_site_data=header, set_cookie="n=1; Path=/"),
        }
    )
    browse(site, steps(f"{other}/", f"{origin}/", f"{origin}/out", f"{origin}/1", f"{other}/1"))
    assert site.header("cookie")[3:] == sent


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("form-action 'none'", "the form is not sent to http://pay.test/: the page's policy forbids it"),
        ("form-action https:", "the form is not sent to http://pay.test/: the page's policy forbids it"),
        ("form-action https:; upgrade-insecure-requests", ""),
    ],
)
def test_a_policy_that_keeps_a_form(policy: str, said: str) -> None:
    """Rule 87: a browser does not send it, and nobody can pay."""
    body = html("<form method=post action=http://pay.test/><button>Pay</button></form>", content_security_policy=policy)
    site = Site({"https://h.test/": body, "https://pay.test/": html("Paid")})
    if said:
        failure = refused(site, steps("https://h.test/", "! Pay"))
        assert failure.message == f"{said}, on https://h.test/ (status 200)"
        assert failure.found == policy
    else:
        assert browse(site, steps("https://h.test/", "! Pay")).log[1:] == ["POST https://pay.test/"]


STRICT = "max-age=600; includeSubDomains"


@pytest.mark.parametrize(
    ("header", "at", "asked", "expected"),
    [
        (STRICT, "https://h.test/", "http://h.test/x", "https://h.test/x"),
        (STRICT, "https://h.test/", "http://h.test:8080/x", "https://h.test:8080/x"),
        (STRICT, "https://h.test/", "http://h.test:443/x", "https://h.test/x"),
        (STRICT, "https://h.test/", "http://a.h.test/x", "https://a.h.test/x"),
        (STRICT, "https://h.test/", "http://ah.test/x", "http://ah.test/x"),
        ('max-age="600"', "https://h.test/", "http://h.test/x", "https://h.test/x"),
        ("max-age=600", "https://h.test/", "http://a.h.test/x", "http://a.h.test/x"),
        ("max-age=0", "https://h.test/", "http://h.test/x", "http://h.test/x"),
        ("includeSubDomains", "https://h.test/", "http://h.test/x", "http://h.test/x"),
        (STRICT, "http://h.test/", "http://h.test/x", "http://h.test/x"),
        (STRICT, "https://127.0.0.1/", "http://127.0.0.1/x", "http://127.0.0.1/x"),
    ],
)
def test_strict_transport_security(header: str, at: str, asked: str, expected: str) -> None:
    """Rule 63: what was heard over https holds for the rest of the run; an address has no such name."""
    site = Site({at: html("x", strict_transport_security=header)})
    browse(site, steps(at, asked))
    assert str(site.asked[-1].url) == expected


def test_links_redirects_and_forms_to_a_strict_host() -> None:
    """Rule 63: all of them go to https at once."""
    body = "<a href='http://h.test/r'>Link</a><form action='http://h.test/f' method=post><button>Send</button></form>"
    site = Site({"https://h.test/": html(body, strict_transport_security="max-age=9")})
    site.pages["https://h.test/r"] = redirect("http://h.test/")
    browse(site, steps("https://h.test/", "→ Link", "! Send"))
    assert site.log == ["GET https://h.test/", "GET https://h.test/r", "GET https://h.test/", "POST https://h.test/f"]
    assert site.warnings == []


INSECURE = (
    "<a href='http://h.test/x'>Own</a><a href='http://o.test/x'>Other</a>"
    "<form action='http://o.test/f'><button>Send</button></form>"
    "<form action='http://localhost/f'><button>Home</button></form>"
)
UPGRADES = "upgrade-insecure-requests"


@pytest.mark.parametrize(
    ("meta", "policy", "asked", "expected"),
    [
        ("", f"default-src *; {UPGRADES}", "→ Own", "https://h.test/x"),
        ("", f"default-src *, {UPGRADES}", "→ Other", "http://o.test/x"),
        ("", UPGRADES.upper(), "! Send", "https://o.test/f?"),
        (f"<meta http-equiv=content-security-policy content='{UPGRADES}'>", "", "→ Own", "https://h.test/x"),
        ("", "default-src *", "→ Own", "http://h.test/x"),
    ],
)
def test_upgrade_insecure_requests(meta: str, policy: str, asked: str, expected: str) -> None:
    """Rule 64: links to the page's own host, and forms to any."""
    site = Site({"https://h.test/": html(meta + INSECURE, content_security_policy=policy)})
    browse(site, steps("https://h.test/", asked))
    assert str(site.asked[-1].url) == expected
    assert site.warnings == []


def test_an_insecure_form_is_a_warning() -> None:
    """Rule 64: told, and sent; this machine is as good as https."""
    site = Site({"https://h.test/": html(INSECURE)})
    browse(site, steps("https://h.test/", "! Send", "https://h.test/", "! Home", "https://h.test/", "→ Own"))
    assert site.warnings == ["insecure_form: the form of https://h.test/ goes to http://o.test/f?, without TLS"]


def test_a_form_that_a_redirect_takes_to_http() -> None:
    """Rule 64: what was typed goes there, too, if the redirect keeps it."""
    site = Site({"https://h.test/": html("<form action=/kept method=post><button>Send</button></form>")})
    site.pages["https://h.test/kept"] = redirect("http://h.test/", 307)
    browse(site, steps("https://h.test/", "! Send"))
    assert site.warnings == ["insecure_form: the form of https://h.test/ goes to http://h.test/, without TLS"]
    site.pages["https://h.test/kept"] = redirect("http://h.test/", 302)
    site.warnings.clear()
    browse(site, steps("https://h.test/", "! Send"))
    assert site.warnings == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("no-referrer", [None, "https://h.test/a", None]),
        ("origin", [None, "https://h.test/a", "https://h.test/"]),
        ("", [None, "https://h.test/a", "https://h.test/a"]),
    ],
)
def test_a_redirect_s_referrer_policy(policy: str, told: list[str | None]) -> None:
    """Rule 16: it holds from there on."""
    site = Site({"https://h.test/a": html("<a href=/b>b</a>")})
    site.pages["https://h.test/b"] = redirect("/c", referrer_policy=policy)
    browse(site, steps("https://h.test/a", "→ b"))
    assert site.header("referer") == told


def test_what_was_not_told_is_not_told_later() -> None:
    """Rule 16: a detour over another site does not bring the whole address home."""
    site = Site({"https://h.test/a?q": html("<a href='https://o.test/'>o</a>")})
    site.pages["https://o.test/"] = redirect("https://h.test/c", referrer_policy="unsafe-url")
    browse(site, steps("https://h.test/a?q", "→ o"))
    assert site.header("referer") == [None, "https://h.test/", "https://h.test/"]


ODD = st.text(st.sampled_from("\x01\x02\x1f\x7f /:?#[]@%\\\\.\"'<>&;=ahtp0149é\u202e"), max_size=12)
ACTION = ODD | ODD.map(lambda text: f"http://{text}") | ODD.map(lambda text: f"foo://{text}") | st.just("foo://[")


@given(ACTION, ODD, ODD, st.sampled_from(["get", "post"]), st.sampled_from(["", "multipart/form-data", "text/plain"]))
def test_any_form_is_sent_or_refused(action: str, name: str, value: str, method: str, kind: str) -> None:
    """Whatever a server writes into a form, pressing its button sends it or is a failure of the site's."""
    form = f'<form action="{escape(action)}" method={method} enctype="{kind}">'
    field = f'<input name="{escape(name)}" value="{escape(value)}"><select><option>{escape(value)}</select>'
    site = Site({"http://h/": html(f"{form}<div></form>\x02</div>{field}<button>Go</button>")})

    async def story(b: Browser) -> None:
        await b.go("http://h/")
        await b.press("Go")

    with contextlib.suppress(Failure):
        browse(site, story)
    assert site.log[0] == "GET http://h/"


HOME = (
    "<title>Home</title><a href=/f>File</a><a href=/d download>Save</a>"
    "<form action=/f><input name=q><button>Get</button></form>"
)
ATTACHED = {"content-disposition": 'attachment; filename="x.csv"', "content-type": "text/csv"}


@pytest.mark.parametrize(
    ("answer", "is_shown"),
    [
        (Answer(200, headers=ATTACHED, content="id;name"), False),
        (Answer(200, headers={**ATTACHED, "content-disposition": "ATTACHMENT"}, content="id;name"), False),
        (Answer(200, headers={**ATTACHED, "content-disposition": "form-data; name=x"}, content="id;name"), False),
        (Answer(200, headers={**ATTACHED, "content-disposition": "inline; filename=x.csv"}, content="id;name"), True),
        (Answer(200, headers={**ATTACHED, "content-disposition": "filename=x.csv"}, content="id;name"), True),
        (Answer(200, headers={**ATTACHED, "content-disposition": ""}, content="id;name"), True),
        (Answer(204), False),
        (Answer(205), False),
    ],
)
@pytest.mark.parametrize("act", [lambda b: b.follow("File"), lambda b: b.press("Get"), lambda b: b.go("/f")])
def test_what_leaves_the_page_on_the_screen(
    answer: Answer, is_shown: bool, act: Callable[[Browser], Awaitable[object]]
) -> None:
    """Rule 85: a download, or an answer without a page; what was entered stays, too."""
    site = Site({"http://h/": html(HOME), "http://h/f": answer, "http://h/f?q=z": answer})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.fill_in("q", "z")
        await act(browser)
        assert browser.page.shows("id;name") is is_shown
        if not is_shown:
            assert (browser.page.title, browser.value("q"), browser.page.url) == ("Home", "z", "http://h/")
            assert browser.page.beside is not None
            assert (browser.page.beside.status, browser.page.beside.body) == (answer.status_code, answer.content)
            await browser.reload()
            assert browser.page.beside is None

    browse(site, story, BrowserProfile(base_url="http://h/"))


def test_a_download_that_nobody_was_led_to() -> None:
    """Rule 85: it is all there is; the message says so.  Programs, and feature files of Webrat's time, see it."""
    site = Site({"http://h/f": Answer(200, headers=ATTACHED, content="id;name"), "http://h/e": Answer(204)})

    async def opened(browser: Browser) -> None:
        await browser.go("http://h/f")
        browser.page.should_show("id;name")

    message = refused(site, opened).message
    assert message == (
        "text “id;name” not found, on about:blank (status 0); the page is empty; the last answer is not shown: http://h/f"
        " (status 200, text/csv, 7 octets)"
    )
    browse(site, opened, BrowserProfile(legacy=True))

    async def asked(browser: Browser) -> None:
        await browser.request("GET", "http://h/f")
        browser.page.should_show("id;name")
        await browser.go("http://h/e", redirects=False)
        assert browser.page.status == 204

    browse(site, asked)


def test_a_link_that_is_to_be_saved() -> None:
    """Rule 85: ``download`` makes any answer of the same site a file; a refused one is a failure as ever."""
    site = Site({"http://h/": html(HOME), "http://h/d": html("<title>Doc</title>")})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.follow("Save")
        assert browser.page.title == "Home"
        await browser.go("/d")
        await browser.back()
        assert (browser.page.title, browser.page.beside) == ("Home", None)

    browse(site, story, BrowserProfile(base_url="http://h/"))
    site.pages["http://h/d"] = html("gone", 404)
    assert refused(site, story, BrowserProfile(base_url="http://h/")).cause is Cause.REFUSED


def test_a_button_in_a_link() -> None:
    """It follows the link, as in browsers, if it sends no form."""
    site = Site({"http://h/": html("<a href=/x><button type=button>Buy</button></a>"), "http://h/x": html("there")})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.press("Buy")

    assert browse(site, story).log == ["GET http://h/", "GET http://h/x"]


HIDDEN = "<form action=/s hidden><label>Card <input name=c></label><button>Pay</button></form>"
TWO = (
    "<form action=/a><input id=q name=q></form>"
    "<form action=/b><label for=q>E</label><button>Go</button><input id=q name=q></form>"
)


@pytest.mark.parametrize(
    ("body", "field", "button", "asked", "said"),
    [
        (
            HIDDEN,
            "Card",
            "Pay",
            "GET http://h/s?c=x",
            [
                "the field “Card” is hidden by <form hidden>, and used all the same",
                "the button “Pay” is hidden by <form hidden>, and pressed all the same",
            ],
        ),
        (
            TWO,
            "E",
            "Go",
            "GET http://h/b?q=",
            ["the field “E” is the first of several with the id “q”"],
        ),
        (
            "<form action=/s><label for=a>N</label><label for=b>N</label><input id=a name=a><input id=b name=b>"
            "<button>Go</button></form>",
            "N",
            "Go",
            "GET http://h/s?a=x&b=",
            ["“N” matches 2; only the first is used"],
        ),
        (
            "<form action=/s><input name=a id=a><button>Go</button></form>",
            "a",
            "Go",
            "GET http://h/s?a=x",
            [],
        ),
    ],
)
def test_what_webrat_used(body: str, field: str, button: str, asked: str, said: list[str]) -> None:
    """Rules 33 and 34: ``Vocabulary "legacy"`` uses what nobody sees, and the first of several, and says so."""
    site = Site({"http://h/": html(body), asked.removeprefix("GET "): html("Done")})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.fill_in(field, "x")
        await browser.press(button)

    browse(site, story, BrowserProfile(legacy=True))
    assert site.log[-1] == asked
    assert site.warnings == [f'legacy: {what} (Vocabulary "legacy")' for what in said]


@pytest.mark.parametrize(
    ("body", "locator", "asked", "said"),
    [
        (
            "<a href=/x data-method=delete>Go</a>",
            "Go",
            "GET http://h/x",
            "the link “Go” works by a script; its address is requested",
        ),
        (
            "<a href='#' onclick='x()'>Go</a>",
            "Go",
            "GET http://h/",
            "the link “Go” works by a script; its address is requested",
        ),
        (
            "<body onload='document.forms[0].submit()'><form action=/f><input type=hidden name=a></form>"
            "<a href=/x>Go</a>",
            "Go",
            "GET http://h/x",
            "the form that http://h/ sends by its script is not sent",
        ),
    ],
)
def test_what_webrat_did_without_scripts(body: str, locator: str, asked: str, said: str) -> None:
    """Rules 70 and 71: ``Vocabulary "legacy"`` follows it like any link, and says so."""
    site = Site({"http://h/": html(body), "http://h/x": html("Done")})

    async def story(browser: Browser) -> None:
        await browser.go("http://h/")
        await browser.follow(locator)

    browse(site, story, BrowserProfile(legacy=True))
    assert site.log[-1] == asked
    assert site.warnings == [f'legacy: {said} (Vocabulary "legacy")']
