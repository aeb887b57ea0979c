"""What a page leaves to a script: done where it is certain what the script does, said where it is not."""

from __future__ import annotations

import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

import pytest

from collectd_inode.browser.browser import Browser
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.model import Failure
from collectd_inode.page.page import Page
from collectd_inode.wire.http import Transport
from tests.helpers.hostile_peers import NO_TLS, listening
from tests.helpers.peers import answer, tidily

TOKEN = '<meta name="csrf-param" content="authenticity_token"><meta name="csrf-token" content="a+b">'
DONE = "<p>done"


async def _request(reader: StreamReader) -> str:
    """Method, target and body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-len")), 0)
    return f"{' '.join(head.split(' ', 2)[:2])} {(await reader.readexactly(length)).decode()}".strip()


def played(pages: list[str], story: Callable[[Browser], Awaitable[object]], *, legacy: bool = False) -> list[str]:
    """The requests that a story makes, where each answer is the next of *pages*, the last one for ever."""
    heard: list[str] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            heard.append(await _request(reader))
            writer.write(answer(pages[min(len(heard), len(pages)) - 1].encode()))

    async def main() -> None:
        async with listening(talk) as port:
            transport = Transport(tls=NO_TLS, on_exchange=lambda exchange: None)
            browser = Browser(transport, BrowserProfile(base_url=f"http://127.0.0.1:{port}", legacy=legacy))
            try:
                await story(browser)
            finally:
                await browser.aclose()

    tidily(main())
    return heard


def followed(page: str, locator: str = "Go", *, legacy: bool = False) -> list[str]:
    """What following a link of *page* asks for."""

    async def story(browser: Browser) -> None:
        await browser.go("/")
        await browser.follow(locator)

    return played([page, DONE], story, legacy=legacy)[1:]


def refused(page: str, act: str, locator: str = "Go") -> str:
    """The message with which a step fails, without the page's name; nothing is asked for."""
    said: list[str] = []

    async def story(browser: Browser) -> None:
        await browser.go("/")
        with pytest.raises(Failure) as caught:
            await getattr(browser, act)(locator)
        said.append(caught.value.message.partition(", on ")[0])

    assert played([page, DONE], story) == ["GET /"]
    return said[0]


@pytest.mark.parametrize("attribute", ["data-method", "data-turbo-method"])
@pytest.mark.parametrize("method", ["delete", "DELETE", "put", "patch", "post"])
def test_links_that_rails_and_turbo_make_send_a_form(attribute: str, method: str) -> None:
    """Rule 70: their method, and the page's token."""
    sent = followed(f"{TOKEN}<a href=/items/1 {attribute}={method}>Go</a>")
    assert sent == [f"POST /items/1 _method={method.lower()}&authenticity_token=a%2Bb"]


def test_a_token_stays_at_home() -> None:
    """Rule 70: another site learns the method only."""
    assert followed("<a href=/x data-method=delete>Go</a>") == ["POST /x _method=delete"]


@pytest.mark.parametrize("link", ["<a href=/x data-method=' Get '>Go</a>", "<a href=/x data-method=''>Go</a>"])
def test_a_get_is_a_get(link: str) -> None:
    """Rule 70: nothing special about it."""
    assert followed(TOKEN + link) == ["GET /x"]


def test_legacy_follows_what_webrat_followed() -> None:
    """Rule 70: ``Vocabulary "legacy"`` asks for the address."""
    assert followed("<a href=/x data-method=delete>Go</a>", legacy=True) == ["GET /x"]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="#" onclick="pay()">Go</a>',
        '<a href="" onclick="pay()">Go</a>',
        '<a href="#" role=button>Go</a>',
        '<a href="#" data-bs-toggle="modal">Go</a>',
        '<a href="#!" aria-haspopup="true">Go</a>',
        '<a href="/x" data-remote="true">Go</a>',
        '<a href="javascript:pay()">Go</a>',
        '<a href="#pay" onclick="pay()">Go</a>',
        '<a href="#pay" role="button link">Go</a><p id=Pay>',
        # Flask-AppBuilder, Bootstrap, Vue, Angular, htmx: a script finds it by its class or attribute.
        '<a href="#" class="btn btn-sm btn-default confirm" rel="tooltip" title="Delete record">Go</a>',
        '<a href="#" data-dismiss="modal">Go</a>',
        '<a href="#" v-on:click="pay">Go</a>',
        '<a href="#" ng-click="pay()">Go</a>',
        '<a href="#!" hx-post="/pay">Go</a>',
        '<a href="#pay" data-target="#pay2">Go</a>',
        '<a href="/x" onclick="return false">Go</a>',
        '<a href="/x" onclick="javascript: event.preventDefault(); return false;">Go</a>',
    ],
)
def test_links_that_only_a_script_makes_work(link: str) -> None:
    """Rule 6: they fail, and nothing is asked for."""
    assert refused(link, "follow") == "the link “Go” needs JavaScript"


@pytest.mark.parametrize(
    "link",
    [
        '<a href="#">Go</a>',
        '<a href="#top" onclick="x()">Go</a>',
        '<a href="#pay" onclick="x()">Go</a><p id=pay>',
        '<a href="#pay" onclick="x()">Go</a><a name=pay>',
        '<a href="#pay">Go</a>',
        '<a href="#" class="nav-link" id="t" title="Up" data-track="up" aria-label="Go">Go</a>',
        '<a href="#pay" class="btn" data-smooth>Go</a><p id=pay>',
    ],
)
def test_places_on_the_page_are_places_on_the_page(link: str) -> None:
    """Rule 4: they ask for nothing, and pass."""
    assert followed(link) == []


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("<form action=/x onsubmit='return false;'><button>Go</button></form>", "the form (onsubmit=“return false;”)"),
        (
            "<form action=/x><input type=submit value=Go onclick='event.preventDefault()'></form>",
            "the input (onclick=“event.preventDefault()”)",
        ),
    ],
)
def test_a_form_that_only_a_script_sends(form: str, why: str) -> None:
    """Rule 6: where the page cancels what the browser would do and does nothing else; Webrat sent it all the same."""

    async def press(browser: Browser) -> None:
        await browser.go("/")
        await browser.press("Go")

    assert refused(form, "press") == f"{why} needs JavaScript"
    assert played([form, DONE], press, legacy=True)[1:] == ["GET /x?"]
    for more in (
        "return false || check()",
        "return check()",
        "if (x) return false",
        "send(this); return false",
        "return falsey",
        "",
    ):
        changed = re.sub(r"'[^']*'", f"'{more}'", form, count=1)
        assert played([changed, DONE], press)[1:] == ["GET /x?"]


def test_a_link_drawn_as_a_button_is_pressed() -> None:
    """Rule 33: ``role=button``; the button element of the same name goes first."""

    async def story(browser: Browser) -> None:
        await browser.go("/")
        await browser.press("Buy")

    assert played(["<a href=/buy role=button>Buy</a>", DONE], story)[1:] == ["GET /buy"]
    both = "<a href=/link role=button>Buy</a><form action=/form><input name=q><button>Buy</button></form>"
    assert played([both, DONE], story)[1:] == ["GET /form?q="]
    assert refused('<a href="#" role=button>Go</a>', "press") == "the button “Go” needs JavaScript"


@pytest.mark.parametrize("role", ["button", "Button presentation", "menuitem", "tab", "switch"])
def test_a_part_of_the_page_that_is_drawn_as_a_button(role: str) -> None:
    """Rule 33: it is there, and needs a script; the button element of the same name goes first."""
    drawn = f'<div role="{role}" tabindex=0>Go</div>'
    assert refused(drawn, "press") == "the button “Go” needs JavaScript"
    assert refused(f"{drawn}<span role={role.split(maxsplit=1)[0]}>Go</span>", "press") == "“Go” is ambiguous: 2 match"
    assert refused(f'<div role="{role}" aria-disabled=true>Go</div>', "press") == "the button “Go” is disabled"
    assert refused("<div role=img>Go</div>", "press") == "no button “Go”"
    assert refused("<span role=link>Go</span>", "follow") == "the link “Go” needs JavaScript"
    assert played([f"{drawn}<form action=/f><button>Go</button></form>", DONE], _pressing)[1:] == ["GET /f?"]


async def _pressing(browser: Browser) -> None:
    await browser.go("/")
    await browser.press("Go")


FORM = (
    "<form{0} method=post action=/callback><input type=hidden name=code value=1>"
    "<noscript><button>Continue</button></noscript></form>"
)


@pytest.mark.parametrize(
    "page",
    [
        f'<body onload="document.forms[0].submit()">{FORM.format("")}',
        f"<body onload='javascript:document.forms[0].submit();'>{FORM.format('')}",
        f"<body onload=\"document.forms['f'].submit()\">{FORM.format(' name=f')}",
        f'<body onload="document.f.submit()">{FORM.format(" name=f")}',
        f'<body onload="window.document.getElementById(&quot;f&quot;).submit()">{FORM.format(" id=f")}',
        f"{FORM.format(' id=f')}<script>document.getElementById('f').submit();</script>",
        f"{FORM.format('')}<script>\n  document.forms[0].submit()\n</script>",
        f"{FORM.format(' name=f')}<script>document.forms.f.submit();</script>",
    ],
)
def test_a_form_that_sends_itself_is_a_redirect(page: str) -> None:
    """Rule 71: where that is all that the script does."""

    async def story(browser: Browser) -> None:
        await browser.go("/")
        assert browser.page.visible_text == "done"

    assert played([page, DONE], story) == ["GET /", "POST /callback code=1"]


@pytest.mark.parametrize(
    "page",
    [
        f'<body onload="check(); document.forms[0].submit()">{FORM.format("")}',
        f"{FORM.format(' id=f')}<script>if (x) document.getElementById('f').submit();</script>",
        f"{FORM.format('')}<script src=/x.js></script><script>document.forms[0].submit()</script>",
        f'<body onload="document.forms[0].submit()">{FORM.format("").replace("<button", "<button name=submit")}',
        f'<body onload="document.forms[0].submit()">{FORM.format("").replace("<button", "<button id=submit")}',
    ],
)
def test_a_script_that_does_more_is_left_alone(page: str) -> None:
    """Rule 71: the page stays, and a message says how to go on."""

    async def story(browser: Browser) -> None:
        await browser.go("/")
        assert browser.page.describe().endswith("; this page sends a form by script; press “Continue”")

    assert played([page, DONE], story) == ["GET /"]


@pytest.mark.parametrize("beside", ["<form><input name=q></form>", FORM.format("")])
def test_a_page_with_other_forms_is_no_page_that_sends_itself(beside: str) -> None:
    """Rule 71: as in Adminer, whose only form without fields is the one that logs out."""
    script = "<script>function go() { qs('form').submit(); }</script>"

    async def story(browser: Browser) -> None:
        await browser.go("/")
        assert "sends a form" not in browser.page.describe()

    assert played([f"{FORM.format('')}{beside}{script}", DONE], story) == ["GET /"]


def test_a_form_with_fields_is_not_sent() -> None:
    """Rule 71: a person would see it, if only for a moment."""
    page = '<body onload="document.forms[0].submit()"><form><input name=q><input type=hidden name=a></form>'

    async def story(browser: Browser) -> None:
        await browser.go("/")

    assert played([page, DONE], story) == ["GET /"]


def test_a_form_that_comes_back_for_ever_is_a_loop() -> None:
    """Rules 11 and 71: each is a redirect, and they are counted."""
    page = f'<body onload="document.forms[0].submit()">{FORM.format("")}'

    async def story(browser: Browser) -> None:
        with pytest.raises(Failure, match="redirected more than 20 times"):
            await browser.go("/")

    assert len(played([page], story)) == 21


@pytest.mark.parametrize("index", ["7", "999"])
def test_a_form_that_is_not_there(index: str) -> None:
    """Rule 71: nothing happens, as in a browser."""
    source = f'<body onload="document.forms[{index}].submit()">{FORM.format("")}'.encode()
    shown = Page("http://h/", 200, {"content-type": "text/html"}, source)

    async def story(browser: Browser) -> None:
        await browser.go("/")

    assert played([shown.source, DONE], story) == ["GET /"]
