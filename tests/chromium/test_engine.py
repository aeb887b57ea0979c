"""The engine with scripts: the same sentences in a real browser."""

from __future__ import annotations

import os
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from collectd_inode.chromium import keeper
from collectd_inode.chromium.process import BrowserProcess
from collectd_inode.model import Cause, Status
from collectd_inode.page.page import Page
from tests.helpers.browsing import Asked, Said, browsed, browsed_once, program, readings, site, warned

HOME = "<title>Home</title><h1>Welcome</h1><a href=/next>Next page</a>"


FETCH = "fetch('/data').then((a) => a.text()).then((t) => { $('said').textContent = t; })"
"""A script that shows what /data says."""


def app(script: str, body: str = "<p id=said>Nothing yet</p><button id=go>Go</button>") -> str:
    """A page with a script."""
    return f"<title>App</title>{body}<script>const $ = (id) => document.getElementById(id);{script}</script>"


def test_what_is_typed_is_what_the_field_holds(tmp_path: Path) -> None:
    """Rule 82, as in the plain engine: what it cannot hold fails the step, what it writes in another way is held."""
    form = """<title>Form</title><form action=/sent><label>Colour <input type=color name=colour></label>
        <label>When <input type=datetime-local name=when></label><label>Level <input type=range name=level></label>
        <label>Number <input type=number step=any name=number></label><button>Send</button></form>"""
    good = """When I go to "/"
        And I fill in "Colour" with "#FF8800"
        And I fill in "When" with "2026-01-31 09:30:00"
        And I fill in "Level" with "7.4"
        And I fill in "Number" with "-1.5"
        And I press "Send"
        Then I should be on "/sent?colour=%23ff8800&when=2026-01-31T09%3A30&level=7&number=-1.5" """
    with site({"/": form, "/sent": "<title>Sent</title>"}) as here:
        held = browsed_once(tmp_path, good, here.url)
        odd = browsed_once(tmp_path, 'When I go to "/"\nAnd I fill in "Number" with "five"', here.url)
    assert (held.status, held.message) == (Status.PASSED, "")
    assert odd.message == (
        "“five” cannot be typed into a field of type number: a number is written 1234.5, "
        f"on “Form” at {here.url}/ (status 200)"
    )


def test_pages_links_and_forms(tmp_path: Path) -> None:
    """As the plain engine does it: go, follow, fill in, tick, choose, select, press, go back."""
    form = """<title>Form</title><form method=post action=/sent>
        <label>Name <input name=name value=old></label> <label>Secret <input type=password name=secret></label>
        <label>About <textarea name=about></textarea></label> <label><input type=checkbox name=keep>Keep</label>
        <label><input type=radio name=size value=s>Small</label>
        <label><input type=radio name=size value=l>Large</label>
        <label>Day <input type=date name=day></label>
        <label>Colour <select name=colour><option>red<option>green</select></label> <button>Send</button></form>"""

    def sent(asked: Asked) -> str:
        return f"<title>Sent</title><pre>{asked.body.decode()}</pre>"

    steps = """When I go to "/"
        Then I should see "Welcome"
        When I follow "Next page"
        And I fill in "Name" with "Ännä & co"
        And I fill in "Secret" with "x y"
        And I fill in "About" with "one"
        And I check "Keep"
        And I choose "Large"
        And I fill in "Day" with "2026-11-29"
        And I select "green" from "Colour"
        Then the "Name" field should contain "Ännä & co"
        And the "Keep" checkbox should be checked
        When I press "Send"
        Then I should see "name=%C3%84nn%C3%A4+%26+co&secret=x+y&about=one&keep=on&size=l&day=2026-11-29&colour=green"
        And I should be on "/sent"
        When I go back
        Then the title should be "Form"
        When I reload the page
        Then the title should be "Form" """
    with site({"/": HOME, "/next": form, "/sent": sent}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")
    timed = {step.name.split()[1] for step in found.steps if step.seconds is not None}
    assert timed == {"go", "follow", "press", "reload"}
    assert found.seconds == sum(step.seconds or 0.0 for step in found.steps) > 0
    assert {step.name: dict(step.phases) for step in found.steps if step.phases} == {}


def test_what_scripts_make_is_waited_for(tmp_path: Path) -> None:
    """Text, buttons and fields that come later; shadow roots and frames of the same site are parts of the page."""
    page = app(
        """setTimeout(() => { document.body.insertAdjacentHTML('beforeend', '<label>Late <input id=late></label>');
             $('late').oninput = () => { $('said').textContent = 'typed ' + $('late').value; }; }, 300);
           customElements.define('x-y', class extends HTMLElement { connectedCallback() {
             const root = this.attachShadow({mode: 'open'});
             root.innerHTML = '<p>In the shadow</p><button>Deep</button>';
             root.querySelector('button').onclick = () => { root.querySelector('p').textContent = 'Clicked'; } } });""",
        "<p id=said>Nothing yet</p><x-y></x-y>"
        '<iframe srcdoc="<p>Framed</p>'
        "<button onclick='parent.said.textContent=&quot;From within&quot;'>Inner</button>\">"
        "</iframe>",
    )
    steps = """When I go to "/"
        Then I should see "In the shadow"
        And I should see "Framed"
        When I fill in "Late" with "abc"
        Then I should see "typed abc"
        When I press "Deep"
        Then I should see "Clicked"
        When I press "Inner"
        Then I should see "From within"
        And show me the page"""
    with site({"/": page}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert "    From within" in found.steps[-1].shown


def test_what_is_not_to_be_seen_is_judged_once_on_the_settled_page(tmp_path: Path) -> None:
    """ "should not see" does not pass because it was asked too early; what never comes fails when WaitFor is over."""
    page = app(
        "setTimeout(() => fetch('/data').then((a) => a.text()).then((t) => { $('said').textContent = t; }), 200)"
    )
    data = Said("Broken", delay=0.3)
    with site({"/": page, "/data": data}) as here:
        early = browsed_once(tmp_path, 'When I go to "/"\nThen I should not see "Broken"', here.url)
        never = browsed_once(tmp_path, 'When I go to "/"\nThen I should see "Fine"', here.url, wait_for=3.0)
    assert (early.status, early.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert early.message.startswith("text “Broken” found, on “App”")
    assert (never.cause, never.steps[0].seconds) == (Cause.EXPECTATION, None)
    assert never.message.startswith("text “Fine” not found, on “App”")


def test_a_page_that_never_settles_is_judged_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a warning that says why."""
    monkeypatch.setattr("collectd_inode.chromium.settling.SETTLE_SECONDS", 1.0)
    page = app("setInterval(() => { $('said').textContent = performance.now(); }, 50)")
    with site({"/": page}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"\nThen I should not see "Broken"', here.url)
        url = here.url
    assert found.status is Status.PASSED
    assert warned(found) == [("unsettled", f"{url}/ had not settled after 1 s: it keeps changing")]
    assert (found.steps[0].seconds or 0) >= 1.0


def test_a_step_s_time_is_what_a_person_waits(tmp_path: Path) -> None:
    """From the click to the frame with what is expected: neither a slow third party nor a page that polls counts."""
    released = threading.Event()
    data = Said("Here it is", delay=0.4)
    with site({"/slow.js": Said("", kind="text/javascript", after=released)}) as third:
        script = f"""setInterval(() => fetch('/poll'), 200);
            const other = document.createElement('script'); other.src = 'http://localhost:{third.port}/slow.js';
            document.body.append(other);
            $('go').onclick = () => {FETCH};"""
        steps = 'When I go to "/"\nThen I should see "Nothing yet"\nWhen I press "Go"\nThen I should see "Here it is"'
        with site({"/": app(script), "/data": data, "/poll": "x"}) as here:
            found = browsed_once(tmp_path, steps, here.url)
        released.set()
    assert (found.status, found.message) == (Status.PASSED, "")
    pressed = found.steps[2]
    assert pressed.seconds is not None and pressed.network is not None
    assert 0.4 <= pressed.network <= pressed.seconds


def test_without_an_expectation_the_time_is_to_the_settled_page(tmp_path: Path) -> None:
    """What comes before the quiet counts, the quiet does not."""
    page = app(
        "$('go').onclick = () => fetch('/data').then((a) => a.text()).then((t) => { $('said').textContent = t; });"
    )
    steps = 'When I go to "/"\nAnd I press "Go"'
    with site({"/": page, "/data": Said("x", delay=0.4)}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert all(step.seconds is not None for step in found.steps)
    assert found.seconds is not None and found.elapsed >= found.seconds + 2 * 0.4
    assert (found.steps[1].seconds or 0) >= 0.4


PICTURE = """<title>Map</title><p style="height: 3000px">Far down:<p><img usemap="#m" width=200 height=100 alt=""
    style="padding: 9px" src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'/>">
    <map name=m><area shape=rect coords="0,0,50,50" href=/rect alt="Rect">
    <area shape=circle coords="100,50,20" href=/circle alt="Circle">
    <area shape=poly coords="150,0,200,0,200,90,190,10,150,10" href=/poly alt="Poly">
    <area shape=default href=/rest alt="Rest"></map>"""


def test_areas_of_an_image(tmp_path: Path) -> None:
    """Are links that are clicked where the browser has them, though the middle of one is another's."""
    names = ("Rect", "Circle", "Poly", "Rest")
    steps = "\n".join(f'When I go to "/"\nAnd I follow "{name}"\nThen I should see "{name}!"' for name in names)
    with site({"/": PICTURE} | {f"/{name.lower()}": f"<h1>{name}!</h1>" for name in names}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


@pytest.mark.parametrize(
    ("page", "cause", "message"),
    [
        (Said("<h1>Sorry</h1>", 503), Cause.REFUSED, "{url}/ answered 503 Service Unavailable"),
        (
            Said("x", headers=(("Content-Disposition", "attachment"),), kind="application/octet-stream"),
            Cause.EXPECTATION,
            "{url}/ is no page: it is a download, or has no content",
        ),
        (Said("", 302, headers=(("Location", "/"),)), Cause.PROTOCOL, "redirected too often"),
    ],
)
def test_what_is_no_page_fails_the_step_that_asked(tmp_path: Path, page: Said, cause: Cause, message: str) -> None:
    """With the causes of the plain engine."""
    with site({"/": page}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"\nThen I should see "x"', here.url)
        wanted = message.format(url=here.url)
    assert (found.steps[0].status, found.cause, found.steps[0].seconds) == (Status.FAILED, cause, None)
    assert wanted in found.message


def test_links_to_downloads(tmp_path: Path) -> None:
    """Rule 85: the page stays; what nobody has looked at is said."""
    attached = Said("x", headers=(("Content-Disposition", "attachment"),), kind="application/octet-stream")
    page = "<title>Home</title><a href=/kept download>Keep</a><a href=/attached>Attached</a>"
    steps = 'When I go to "/"\nAnd I follow "Attached"\nAnd I follow "Keep"\nThen I should see "Attached"'
    with site({"/": page, "/kept": Said("gone", 404), "/attached": attached}) as here:
        found = browsed_once(tmp_path, steps, here.url)
        said = f"{here.url}/kept is a download: whether it works is not checked"
    assert (found.status, found.message) == (Status.PASSED, "")
    assert [(warning.code, warning.message) for warning in found.warnings] == [("asset", said)]


@pytest.mark.parametrize(
    "steps",
    ['When I go to "/list"', 'When I go to "/"\nAnd I follow "List"', 'When I go to "/"\nAnd I press "Get it"'],
)
def test_a_download_that_is_not_there_is_refused(tmp_path: Path, steps: str) -> None:
    """The server's status counts, whether the browser would have shown the answer or kept it as a file."""
    attached = Said("gone", 404, headers=(("Content-Disposition", "attachment"),), kind="application/octet-stream")
    page = "<title>Home</title><a href=/list>List</a><form action=/list method=post><button>Get it</button></form>"
    with site({"/": page, "/list": attached}) as here:
        found = browsed_once(tmp_path, steps, here.url)
        said = f"{here.url}/list answered 404 Not Found"
    assert (found.cause, found.message) == (Cause.REFUSED, said)


def test_nobody_there(tmp_path: Path) -> None:
    """A name that does not resolve, and a port that nobody listens on; a link there fails like an address."""
    with site({"/": HOME}) as gone:
        pass
    page = f'<title>Home</title><a href="{gone.url}/x">Away</a>'
    with site({"/": page}) as here:
        refused = browsed_once(tmp_path, 'When I go to "/"\nAnd I follow "Away"', here.url)
        lost = browsed_once(tmp_path, 'When I go to "http://nowhere.invalid/"')
    assert (refused.cause, refused.message) == (
        Cause.CONNECT,
        f"{gone.url}/x: connection refused (net::ERR_CONNECTION_REFUSED)",
    )
    assert (lost.cause, lost.steps[0].status) == (Cause.RESOLVE, Status.FAILED)


def test_what_failed_of_a_page_is_told(tmp_path: Path) -> None:
    """Requests, errors in the console, exceptions; each is counted, and those that matter are warnings."""
    page = app(
        "console.error('so bad'); setTimeout(() => { throw new Error('boom') }); fetch('/api'); fetch('/missing');",
        "<link rel=stylesheet href=/no.css><script src=/no.js></script><img src=/no.png><p>Here</p>",
    )
    with site({"/": page, "/api": Said("x", 500)}) as here:
        found = browsed_once(
            tmp_path, 'When I go to "/"\nThen I should see "Here"\nAnd I should not see "x y"', here.url
        )
        url = here.url
    assert (found.status, found.message) == (Status.PASSED, "")
    assert sorted(warned(found)) == [
        ("asset", f"the image {url}/no.png: answered 404"),
        ("asset", f"the request to {url}/api: answered 500"),
        ("asset", f"the script {url}/no.js: answered 404"),
        ("asset", f"the style sheet {url}/no.css: answered 404"),
        ("console", f"so bad ({url}/)"),
        ("exception", f"Error: boom ({url}/)"),
    ]
    read = readings(found)
    assert read["count-failing_requests"] == 5 + read["count-requests"] - 6  # the icon, if it was asked for
    assert read["count-console_errors"] == 2
    assert read["bytes-transferred"] > 0
    assert {"duration-queued", "duration-ttfb", "gauge-cls", "duration-longtasks"} <= read.keys()


def test_each_run_is_somebody_new(tmp_path: Path) -> None:
    """No cookie and no storage of another run, though the browser is the same."""
    page = app("$('said').textContent = document.cookie + (localStorage.x || 'nobody'); localStorage.x = 'somebody';")
    first = Said(page, headers=(("Set-Cookie", "seen=yes"),))
    steps = """When I go to "/"
        Then I should see "nobody"
        And I should have the cookie "seen"
        When I go to "/"
        Then I should see "seen=yessomebody" """
    with site({"/": first}) as here:
        found = browsed(tmp_path, steps, here.url, times=2)
    assert [(one.status, one.message) for one in found] == [(Status.PASSED, "")] * 2


def test_dialogs_windows_and_redirects(tmp_path: Path) -> None:
    """What a person would answer with OK is; a link that opens a window is gone on with there."""
    page = app(
        "alert('Hi'); $('go').onclick = () => { $('said').textContent = confirm('Sure?') + prompt('Who?', 'me'); };",
        "<p id=said>Nothing yet</p><button id=go>Go</button><a href=/moved target=_blank>Elsewhere</a>",
    )
    moved = Said("", 302, headers=(("Location", "/next"),))
    steps = """When I go to "/"
        And I press "Go"
        Then I should see "trueme"
        When I follow "Elsewhere"
        Then I should see "The next page"
        And I should be on "/next"
        And I should be redirected to "/next" """
    with site({"/": page, "/moved": moved, "/next": "<title>Next</title>The next page"}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_json_text_and_their_headers(tmp_path: Path) -> None:
    """What is no HTML is judged as it came, not as the browser shows it."""
    said = Said('{"a": [1, 2]}', kind="application/json", headers=(("X-Version", "7"),))
    steps = """When I go to "/"
        Then the JSON at "/a/1" should be 2
        And the "X-Version" header should be "7"
        And the status should be 200"""
    with site({"/": said}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_what_a_style_sheet_hides_is_not_seen(tmp_path: Path) -> None:
    """By display, by visibility, inside of what is hidden, by a script; and no message either."""
    body = """<style>.gone { display: none } .unseen { visibility: hidden } .back { visibility: visible }</style><p>Here
        <p class=gone>Alpha</p><p style="display: none">Beta</p><p hidden>Gamma</p><p class=unseen>Delta <b class=back>
        Shown</b></p><div class=gone><p class=error style="display: block">Epsilon</p></div><p id=late>Zeta</p>
        <script>late.className = "gone"</script>"""
    names = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta")
    steps = ['When I go to "/"', 'Then I should see "Shown"', *(f'And I should not see "{name}"' for name in names)]
    with site({"/": body}) as here:
        found = browsed_once(tmp_path, "\n".join([*steps, 'And I should see "Epsilon"']), here.url)
    assert found.message.startswith("text “Epsilon” not found, on ")


def test_covered_hidden_and_gone(tmp_path: Path) -> None:
    """What a person could not click is not clicked: it is waited for."""
    veiled = "<button id=go>Go</button><div id=veil style='position:fixed;inset:0'>Loading</div><p id=said></p>"
    page = app(
        "setTimeout(() => $('veil').remove(), 400); $('go').onclick = () => { $('said').textContent = 'Done' };", veiled
    )
    forever = app("", veiled)
    steps = 'When I go to "/"\nAnd I press "Go"\nThen I should see "Done"'
    with site({"/": page}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    with site({"/": forever}) as here:
        never = browsed_once(tmp_path, steps, here.url, wait_for=3.0)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert never.message.startswith('the button “Go” cannot be clicked: <div id="veil"> is over it, on “App”')
    assert never.cause is Cause.EXPECTATION


def test_what_moves_is_clicked_where_it_has_gone(tmp_path: Path) -> None:
    """What would be hit in its place is not: the click is kept from the page, and tried again."""
    body = "<button id=go>Go</button><br><button id=other>Other</button><p id=said>Nothing</p>"
    away = "go.style.marginTop = 50 * ++moved + 'px'"
    once = f"let moved = 0; const go = $('go'); addEventListener('mousemove', () => {{ if (!moved) {away} }});"
    ever = f"let moved = 0; const go = $('go'); addEventListener('mousemove', () => {{ {away} }});"
    told = "for (const one of ['go', 'other']) $(one).onclick = () => { $('said').textContent = 'Clicked ' + one };"
    told += "document.onpointerdown = document.onmousedown = () => { document.title += '!' }"
    with site({"/": app(once + told, body)}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"\nAnd I press "Go"\nThen I should see "Clicked go"', here.url)
    with site({"/": app(ever + told, body)}) as here:
        never = browsed_once(tmp_path, 'When I go to "/"\nAnd I press "Go"', here.url)
    assert (found.status, found.message) == (Status.PASSED, "")
    assert never.message.startswith("the button “Go” cannot be clicked: it moves away, on “App” at ")


def test_what_is_drawn_as_a_button_is_clicked(tmp_path: Path) -> None:
    """Rule 33: a part of the page with the role of a button, a tab or a menu's entry."""
    body = "".join(f"<div role={role} tabindex=0 id={role}>The {role}</div>" for role in ("button", "tab", "menuitem"))
    script = "for (const one of document.querySelectorAll('div')) one.onclick = () => { one.append(' was clicked') };"
    steps = "".join(
        f'\nAnd I press "The {role}"\nThen I should see "The {role} was clicked"'
        for role in ("button", "tab", "menuitem")
    )
    with site({"/": app(script, body)}) as here:
        found = browsed_once(tmp_path, f'When I go to "/"{steps}', here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_lines_are_those_that_a_person_sees(tmp_path: Path) -> None:
    """Rule 58: words that style sheets set side by side or below each other are no single word."""
    body = """<style>.row { display: flex } li { display: inline } .cell { display: table-cell } b { display: block }
        </style><div class=row><span>Total</span><a href=/>5 EUR</a></div><ul><li>so</li><li>me</li></ul>
        <span class=cell>Mon</span><span class=cell>Tue</span><table><tr><td>1<td>2</table><b>Up</b><b>Down</b>"""
    steps = "".join(f'\nAnd I should see "{text}"' for text in ("Total 5 EUR", "some", "Mon Tue", "1 2", "Up Down"))
    with site({"/": body}) as here:
        found = browsed_once(tmp_path, f'When I go to "/"{steps}', here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_the_reason_why_a_field_is_hidden(tmp_path: Path) -> None:
    """The page's own attribute is named as it stands there, a style sheet as one."""
    ways = {
        "<div class=gone>{}</div>": "a style sheet, on <div>",
        "<div style='color:red;display:none'>{}</div>": '<div style="display: none">',
        "<div hidden>{}</div>": "<div hidden>",
    }
    steps = 'When I go to "/"\nAnd I fill in "Card" with "1"'
    found = []
    for around in ways:
        body = "<style>.gone { display: none }</style>" + around.format("<label>Card <input></label>")
        with site({"/": body}) as here:
            run = browsed_once(tmp_path, steps, here.url, wait_for=0.1)
        found.append(run.trouble.found if run.trouble else "")
    assert found == [f"hidden by {reason}" for reason in ways.values()]


HIDDEN_IN_CHROMIUM = (
    "<div hidden>{}</div>",
    "<div class=gone>{}</div>",
    "<div class=gone><p style='display:block'>{}</p></div>",
    "<div class=unseen>{}</div>",
    "<div class=skipped>{}</div>",
    "<details><summary>More</summary>{}</details>",
    "<dialog>{}</dialog>",
    "<div popover>{}</div>",
    "<section style='display:none'>{}</section>",
)


@pytest.mark.parametrize("around", HIDDEN_IN_CHROMIUM)
def test_what_is_hidden_is_not_seen(tmp_path: Path, around: str) -> None:
    """By whatever means, a style sheet's included: neither its text nor its elements, links, buttons and fields."""
    things = "<p class=e>Secret</p><a href=/x>Link</a><button>Buy</button><label>Card<input name=card></label>"
    style = (
        "<style>.gone { display: none } .unseen { visibility: hidden } .skipped { content-visibility: hidden }</style>"
    )
    steps = """When I go to "/"
        Then I should see "Public"
        And I should not see "Secret"
        And I should see no element ".e"
        And there should be an element ".e"
        And I should not see the link "Link"
        And I should not see the button "Buy"
        And I should not see the field "Card"
        When I fill in "Card" with "1" """
    with site({"/": f"<title>App</title>{style}<p>Public</p>{around.format(things)}"}) as here:
        found = browsed_once(tmp_path, steps, here.url, wait_for=0.5)
    assert (found.status, found.message.partition(", on ")[0]) == (Status.FAILED, "the field “Card” is hidden")


def test_a_hidden_body(tmp_path: Path) -> None:
    """As pages do that show themselves by a script, which may be gone."""
    with site({"/": "<style>body { display: none }</style><p>Welcome</p><script src=/gone.js></script>"}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"\nThen I should see "Welcome"', here.url, wait_for=0.5)
    assert (found.status, found.message.partition(", on ")[0]) == (Status.FAILED, "text “Welcome” not found")


def test_a_script_that_never_ends(tmp_path: Path) -> None:
    """It costs its run, and the next one has the browser."""
    loop = app("setTimeout(() => { for (;;); }, 100)", "<p>Here</p>")
    steps = 'When I go to "/"\nThen I should see "never"'
    with site({"/": loop}) as here:
        bad = browsed_once(tmp_path, steps, here.url, wait_for=2.0)
        url = here.url
    assert (bad.status, bad.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert bad.message.startswith((f"{url}/: the page does not respond", "text “never” not found"))


def test_headers_log_ins_and_who_asks(tmp_path: Path) -> None:
    """Headers go to the site, credentials to its home, neither to others; UserAgent, Locale and TimeZone are obeyed."""
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)

    def page(asked: Asked) -> Said:
        if "authorization" not in asked.headers:
            return Said("no", 401, headers=(("WWW-Authenticate", 'Basic realm="x"'),))
        told = f"{asked.headers['authorization']} {asked.headers['x-probe']} {asked.headers['user-agent']}"
        script = "$('said').textContent = Intl.DateTimeFormat().resolvedOptions().timeZone + ' ' + navigator.language;"
        return Said(app(script, f"<p>{told}</p><p id=said></p><img src=http://localhost:{other.port}/x>"))

    with site({"/x": "x"}) as other, site({"/": page}) as here:
        steps = """When I go to "/"
            Then I should see "Basic YW5uYTpvcGVuIHNlc2FtZQ== me Probe/1"
            And I should see "Asia/Tokyo de-DE" """
        found = browsed_once(
            tmp_path, steps, here.url, auth_user="anna", auth_password_file=str(secret), headers=(("X-Probe", "me"),),
            user_agent="Probe/1", locale="de-DE", time_zone="Asia/Tokyo",
        )  # fmt: skip
        others = [one.headers for one in other.asked]
    assert (found.status, found.message) == (Status.PASSED, "")
    assert all("x-probe" not in headers and "authorization" not in headers for headers in others)


def test_the_window_and_what_is_blocked(tmp_path: Path) -> None:
    """Window is the page's size; of a blocked host nothing is asked for, and nothing is said of it."""
    with site({"/x.js": "x"}) as other:
        page = app(
            "$('said').textContent = innerWidth + 'x' + innerHeight",
            f"<p id=said></p><script src=http://localhost:{other.port}/x.js></script>",
        )
        with site({"/": page}) as here:
            steps = 'When I go to "/"\nThen I should see "390x844"'
            found = browsed_once(tmp_path, steps, here.url, window=(390, 844), block=("localhost",))
        assert (found.status, found.message, warned(found), other.paths) == (Status.PASSED, "", [], [])


def test_resolve_takes_the_place_of_names(tmp_path: Path) -> None:
    """Each run asks the address that the operator gives, under the name that visitors use."""
    with site({"/": lambda asked: f"<p>{asked.headers['host']}</p>"}) as here:
        resolve = (("www.shop.test", ("127.0.0.1", 1)), ("www.shop.test:80", ("127.0.0.1", here.port)))
        found = browsed_once(
            tmp_path, 'When I go to "http://www.shop.test/"\nThen I should see "www.shop.test"', resolve=resolve
        )
    assert (found.status, found.message) == (Status.PASSED, "")


# TLS, proxies, what is large.


def test_certificates_and_who_vouches_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody vouches for fails as such; CACert and VerifyPeer are obeyed, and days left are read."""
    monkeypatch.setenv("PATH", f"{Path(program()).parent}:{os.environ['PATH']}")
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("shop.test", not_after=datetime.now(UTC) + timedelta(days=9, hours=12)).configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    steps = 'When I go to "https://shop.test/"\nThen I should see "Welcome"\nAnd the page should be secure'
    with site({"/": HOME}, context) as here:
        resolve = (("shop.test", ("127.0.0.1", here.port)),)
        strange = browsed_once(tmp_path, steps, resolve=resolve)
        known = browsed_once(tmp_path, steps, resolve=resolve, ca_cert=str(tmp_path / "ca.pem"))
        blind = browsed_once(tmp_path, steps, resolve=resolve, verify_peer=False)
    assert (strange.cause, strange.steps[0].status) == (Cause.CERTIFICATE, Status.FAILED)
    assert strange.message == ("https://shop.test/: its certificate is not accepted (net::ERR_CERT_AUTHORITY_INVALID)")
    assert [(one.status, one.message) for one in (known, blind)] == [(Status.PASSED, "")] * 2
    assert 9 <= readings(known)["gauge-certificate_days_left-shop_test"] < 10


def test_a_proxy_is_asked_and_shown_its_password(tmp_path: Path) -> None:
    """It alone sees the password."""

    def proxy(asked: Asked) -> Said:
        if "proxy-authorization" not in asked.headers:
            return Said("no", 407, headers=(("Proxy-Authenticate", 'Basic realm="x"'),))
        return Said(f"<p>{asked.path} {asked.headers['proxy-authorization']}</p>")

    with site({"http://shop.test/x": proxy}) as between:
        steps = 'When I go to "http://shop.test/x"\nThen I should see "http://shop.test/x Basic YW5uYTpzZXNhbWU="'
        found = browsed_once(tmp_path, steps, proxy=f"http://anna:sesame@127.0.0.1:{between.port}")
    assert (found.status, found.message) == (Status.PASSED, "")


def test_pages_of_forty_thousand_elements_and_too_large_ones(tmp_path: Path) -> None:
    """The first is looked at, the second named."""
    many = app(
        "for (let i = 0; i < 40000; i++) { const e = document.createElement('i'); document.body.append(e); }", "<p>Here"
    )
    large = app("$('said').textContent = 'x'.repeat(3e6)")
    with site({"/": many, "/large": large}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"\nThen I should see "Here"', here.url)
        too_large = browsed_once(tmp_path, 'When I go to "/large"\nThen I should see "y"', here.url, max_body=10**6)
        url = here.url
    assert (found.status, found.message) == (Status.PASSED, "")
    assert too_large.message == f"{url}/large: the page is larger than 1000000 characters (MaxBodySize)"


def test_the_deadline_says_what_was_waited_for(tmp_path: Path) -> None:
    """A server that never answers costs its run no more than its time."""
    never = threading.Event()
    with site({"/": Said("x", after=never)}) as here:
        found = browsed_once(tmp_path, 'When I go to "/"', here.url, timeout=3.0)
        never.set()
    assert (found.cause, found.message) == (
        Cause.TIMEOUT,
        "not done after 3 s: still waiting for the answer of 127.0.0.1",
    )
    assert found.steps[0].seconds is not None


def test_files_are_attached(tmp_path: Path) -> None:
    """Read by the browser from its own folder: it cannot read ours."""
    (tmp_path / "note.txt").write_text("a note")
    page = app(
        "const show = async (one) => { $('said').textContent = one.name + ' ' + (await one.text()); };"
        "$('f').onchange = () => show($('f').files[0]);",
        "<label>File <input type=file id=f></label><p id=said></p>",
    )
    steps = (
        f'When I go to "/"\nAnd I attach the file "{tmp_path}/note.txt" to "File"\nThen I should see "note.txt a note"'
    )
    with site({"/": page}) as here:
        found = browsed_once(tmp_path, steps, here.url)
    assert (found.status, found.message) == (Status.PASSED, "")


def test_a_tab_that_crashes_fails_its_run_only(tmp_path: Path) -> None:
    """The next run, in the same browser, has another tab."""
    crashed: list[str] = []

    def crash_all(browser: BrowserProcess) -> None:
        for session in [session for session in browser.connection._listeners if session]:
            browser.connection.send("Page.crash", {}, session)

    def now(_: Asked) -> str:
        if not crashed:
            crashed.append("now")
            (own,) = keeper._keepers.values()
            (browser,) = own._browsers
            browser.connection.loop.call_soon_threadsafe(crash_all, browser)
        return "Here"

    later = "setTimeout(() => { $('said').textContent = t; }, 1000)"
    page = app(f"fetch('/now').then((a) => a.text()).then((t) => {later})")
    with site({"/": page, "/now": now}) as here:
        first, second = browsed(tmp_path, 'When I go to "/"\nThen I should see "Here"', here.url, times=2)
    assert (first.status, first.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert first.message.startswith("the page has crashed its tab")
    assert (second.status, second.message) == (Status.PASSED, "")


def test_what_a_mouse_cannot_hit_is_seen_and_cannot_be_used(tmp_path: Path) -> None:
    """Rule 58: clipped, transparent and off the screen count as seen, in the plain engine as well."""
    page = (
        "<title>T</title><p style='opacity:0'>faint</p><p style='height:0;overflow:hidden'>clipped</p>"
        "<p style='position:absolute;left:-9999px'>aside</p><a href='/x' style='pointer-events:none'>Dead</a>"
    )
    seen = [f'Then I should see "{word}"' for word in ("faint", "clipped", "aside")]
    steps = "\n".join(['When I go to "/"', *seen, 'When I follow "Dead"'])
    with site({"/": page}) as here:
        observation = browsed_once(tmp_path, steps, here.url, wait_for=0.5)
    assert [step.status for step in observation.steps] == [*4 * [Status.PASSED], Status.FAILED]
    assert observation.message.startswith("the link “Dead” cannot be clicked: <body> is over it")
    plain = Page("http://h/", 200, {"content-type": "text/html"}, page.encode())
    assert plain.visible_text.split() == ["faint", "clipped", "aside", "Dead"]
