"""Forms (rules 28, 29, 39 to 57)."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.page import forms, locate
from collectd_inode.page.charset import UTF8, WINDOWS_1252
from collectd_inode.page.form_owners import owners
from collectd_inode.page.forms import FormEntry, Submission, Upload
from collectd_inode.page.page import Page
from collectd_inode.page.text import CONTROLS, Element

URL = "http://h/dir/page?old=1#top"


def page(body: str, content_type: str = "text/html; charset=utf-8") -> Page:
    return Page(URL, 200, {"content-type": content_type}, body.encode())


def by_id(shown: Page, identity: str) -> Element:
    return next(e for e in shown.elements() if e.get("id") == identity)


def sent(body: str, button: str = "") -> str:
    """What the first form of *body* sends when the button with this id is pressed."""
    shown = page(body)
    pressed = by_id(shown, button) if button else None
    entries = forms.entries(shown, shown.elements("form")[0], pressed, UTF8)
    return "&".join(f"{e.name}={e.value if isinstance(e.value, str) else 'FILE'}" for e in entries)


def form(inside: str) -> str:
    return f"<form>{inside}</form>"


def test_document_order_and_form_attribute() -> None:
    """Rule 39: controls come in document order; the form attribute beats ancestry."""
    body = """<input name=a value=1 form=f><form id=f><input name=b value=2><input name=x form=g><input name=y form>
    <button name=c value=3 id=go></button><input name=d value=4></form><input name=e value=5 form=f>
    <form id=g></form>"""
    assert sent(body, "go") == "a=1&b=2&c=3&d=4&e=5"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<input name=a disabled>", ""),
        ("<fieldset disabled><input name=a></fieldset>", ""),
        ("<fieldset disabled><legend><input name=a></legend><legend><input name=b></legend></fieldset>", "a="),
        ("<fieldset disabled><legend><fieldset disabled><input name=a></fieldset></legend></fieldset>", ""),
        ("<fieldset disabled><fieldset><legend><input name=a></legend></fieldset></fieldset>", ""),
        ("<datalist><input name=a></datalist>", ""),
        ("<input value=1><input name='' value=1>", ""),
        ("<input type=button name=a value=1><input type=reset name=b value=1><button name=c value=1></button>", ""),
        ("<input type=submit name=a value=1><input type=image name=b>", ""),
        ("<object name=a></object>", ""),
    ],
)
def test_what_is_not_sent(inside: str, expected: str) -> None:
    """Rules 40 and 41: disabled, nameless and unpressed controls contribute nothing."""
    assert sent(form(inside)) == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("<button id=go name=a value=1>x</button>", "a=1"),
        ("<button id=go name=a>x</button>", "a="),
        ("<button id=go type=nonsense name=a value=1>x</button>", "a=1"),
        ("<input id=go type=submit name=a value=1>", "a=1"),
        ("<input id=go type=submit name=a>", "a=Submit"),
        ('<input id=go type=submit name=a value="">', "a="),
        ("<input id=go type=image name=a value=1>", "a.x=0&a.y=0"),
        ("<input id=go type=image>", "x=0&y=0"),
        ("<input id=go type=submit name=a value=1 disabled>", ""),
    ],
)
def test_the_pressed_button(button: str, expected: str) -> None:
    """Rules 41 and 47: the pressed button contributes; an image button, its coordinates."""
    assert sent(form(button), "go") == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<input type=checkbox name=a>", ""),
        ("<input type=checkbox name=a checked>", "a=on"),
        ("<input type=checkbox name=a checked value=''>", "a="),
        ("<input type=hidden name=a value=0><input type=checkbox name=a value=1 checked>", "a=0&a=1"),
        ("<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked>", "a=2"),
        ("<input name=a>", "a="),
        ("<input name=a type=nonsense value=1>", "a=1"),
        ("<input name=a value='x\ny'>", "a=xy"),
        ("<input type=hidden name=a value='x\ny'>", "a=x\ny"),
        ("<input type=email name=a value=' x@y '>", "a=x@y"),
        ("<input type=number name=a value=x><input type=number name=b value=-1.5e3>", "a=&b=-1.5e3"),
        (
            "<input type=range name=a><input type=range name=b min=2 max=4><input type=range name=c value=7>",
            "a=50&b=3&c=7",
        ),
        ("<input type=color name=a><input type=color name=b value=#AABBCC>", "a=#000000&b=#aabbcc"),
        ('<input type=color name=a value=#F80><input type=color name=b value=" #f80c ">', "a=#ff8800&b=#ff8800"),
        ("<input type=color name=a value=#ff880080><input type=color name=b value=#ff880>", "a=#ff8800&b=#000000"),
        ("<input type=color name=a value=red><input type=color name=b value=' RebeccaPurple '>", "a=#ff0000&b=#663399"),
        ("<input type=color name=a value=transparent><input type=color name=b value=reddish>", "a=#000000&b=#000000"),
        ("<input type=color name=a value='rgb(300,-5,1.6)'>", "a=#ff0002"),
        ("<input type=color name=a value='rgb(50%,0%,100%)'>", "a=#8000ff"),
        (
            "<input type=color name=a value='rgb(1 2 3 / 50%)'><input type=color name=b value='rgb(1,2)'>",
            "a=#010203&b=#000000",
        ),
        ("<input type=color name=a value='hsl(150deg 100% 53.5%)'>", "a=#12ff88"),
        ("<input type=color name=a value='hsla(.5turn,100%,25%,1)'>", "a=#008080"),
        (
            "<input type=color name=a value='rgb(1deg,2,3)'><input type=color name=b value='hsl(1%,2,3)'>",
            "a=#000000&b=#000000",
        ),
        ("<input type=number name=a value='1\n'><input type=range name=b value='\n7'>", "a=&b=50"),
        ("<input type=date name=a value='2026-01-0\n1'><input type=url name=b value=' http://h/\n'>", "a=&b=http://h/"),
        ("<input type=file name=a>", "a=FILE"),
        ("<textarea name=a>\n\nx\r\ny</textarea>", "a=\nx\ny"),
        ("<textarea name=a dirname=d dir=rtl>x</textarea>", "a=x&d=rtl"),
        ("<input type=hidden name=_charset_ value=x>", "_charset_=UTF-8"),
    ],
)
def test_values(inside: str, expected: str) -> None:
    """Rules 29, 42 to 44, 48 and 49: what each kind of control holds."""
    assert sent(form(inside)) == expected


@pytest.mark.parametrize(
    ("attributes", "held"),
    [
        # A slider: min, max and step as numbers, counted from min, else from value; the middle if nothing is said.
        ("type=range max=10 value=42", "10"),
        ("type=range min=0 step=10 value=37", "40"),
        ("type=range min=0 step=10 value=35", "40"),
        ("type=range min=5 step=10 value=37", "35"),
        ("type=range value=-3", "0"),
        ("type=range min=-10 max=10", "0"),
        ("type=range max=5", "3"),
        ("type=range step=any max=5", "2.5"),
        ("type=range min=0 max=1 step=.1 value=.37", "0.4"),
        ("type=range min=0 max=1 step=.1 value=.30", ".30"),
        ("type=range min=0 max=25 step=10 value=24", "20"),
        ("type=range value=2.25 step=.5", "2.25"),
        ("type=range min=7 max=2 value=9", "7"),
        ("type=range min=200", "200"),
        ("type=range min=x max=y step=0 value=loud", "50"),
        ("type=range max=1e300 value=1e299", "1e299"),
        ("type=range step=1e-320 value=5", "5"),
        # Numbers as HTML writes them.
        ("type=number value=1,5", ""),
        ("type=number value='1.'", ""),
        ("type=number value=+1", ""),
        ("type=number value=' 1'", ""),
        ("type=number value=1e999", ""),
        ("type=number value=1e-999999999", "1e-999999999"),
        ("type=number value=.5", ".5"),
        ("type=number value=٣", ""),
        # Dates and times.
        ("type=date value=tomorrow", ""),
        ("type=date value=31.12.2026", ""),
        ("type=date value=2026-12-31", "2026-12-31"),
        ("type=date value=2026-02-29", ""),
        ("type=date value=2024-02-29", "2024-02-29"),
        ("type=date value=12026-02-29", ""),
        ("type=date value=0000-01-01", ""),
        ("type=date value=2020-13-01", ""),
        ("type=month value=2020-13", ""),
        ("type=month value=2020-12", "2020-12"),
        ("type=week value=2026-W53", "2026-W53"),
        ("type=week value=2025-W53", ""),
        ("type=week value=2026-W00", ""),
        ("type=time value=24:00", ""),
        ("type=time value=9:30", ""),
        ("type=time value=09:30:15.25", "09:30:15.25"),
        ("type=time value='09:30 '", ""),
        ("type=datetime-local value='2026-11-29 03:00:00'", "2026-11-29T03:00"),
        ("type=datetime-local value=2026-11-29T03:00:20.500", "2026-11-29T03:00:20.5"),
        ("type=datetime-local value=2026-11-29T03:00:00.5", "2026-11-29T03:00:00.5"),
        ("type=datetime-local value=2026-11-29T03:00Z", ""),
        ("type=datetime-local value=2026-11-29", ""),
        # Addresses.
        ("type=email multiple value=' a@b , c@d '", "a@b,c@d"),
        ("type=email value=' a@b , c@d '", "a@b , c@d"),
        ("type=url value=' http://h/ '", "http://h/"),
        # A word of HTML's is not trimmed.
        ("type=' number ' value=1,5", "1,5"),
    ],
)
def test_what_inputs_hold(attributes: str, held: str) -> None:
    """Rule 81: an input holds what its type allows, whatever the page says."""
    assert sent(form(f"<input name=a {attributes}>")) == f"a={held}"


@pytest.mark.parametrize(
    ("attributes", "typed", "held"),
    [
        ("type=date", "2026-12-31", "2026-12-31"),
        ("type=date value=2026-12-31", "", ""),
        ("type=datetime-local", "2026-11-29 03:00:00", "2026-11-29T03:00"),
        ("type=number", "1.5", "1.5"),
        ("type=range max=10", "42", "10"),
        ("type=range min=0 step=10", "37", "40"),
        ("type=email multiple", " a@b , c@d ", "a@b,c@d"),
        ("type=color", "#FF8800", "#ff8800"),
    ],
)
def test_what_can_be_typed(attributes: str, typed: str, held: str) -> None:
    """Rules 81 and 82: what is written as the field wants it is held as the field holds it."""
    shown = page(form(f"<input id=a {attributes}>"))
    forms.enter(shown, by_id(shown, "a"), typed)
    assert forms.value_of(shown, by_id(shown, "a")) == held


@pytest.mark.parametrize(
    ("kind", "typed", "message"),
    [
        ("date", "31.12.2026", "“31.12.2026” cannot be typed into a field of type date: a date is written 2026-12-31"),
        ("month", "12/2026", "“12/2026” cannot be typed into a field of type month: a month is written 2026-12"),
        ("week", "53", "“53” cannot be typed into a field of type week: a week is written 2026-W53"),
        ("time", "9.30", "“9.30” cannot be typed into a field of type time: a time is written 09:30 or 09:30:15"),
        (
            "datetime-local",
            "tomorrow",
            "“tomorrow” cannot be typed into a field of type datetime-local:"
            " a date and time are written 2026-12-31T09:30",
        ),
        ("number", "1,5", "“1,5” cannot be typed into a field of type number: a number is written 1234.5"),
        ("range", "loud", "“loud” cannot be typed into a field of type range: a number is written 1234.5"),
        ("color", "red", "“red” cannot be typed into a field of type color: a colour is written #ff8800"),
    ],
)
def test_what_cannot_be_typed(kind: str, typed: str, message: str) -> None:
    """Rule 82: what the field would not take fails the step, and nothing is entered."""
    shown = page(form(f"<input id=a type={kind}>"))
    with pytest.raises(Failure) as raised:
        forms.enter(shown, by_id(shown, "a"), typed)
    place = ", on http://h/dir/page?old=1#top (status 200)"
    assert (raised.value.cause, str(raised.value)) == (Cause.EXPECTATION, message + place)
    assert shown.entered.fields() == set()


@pytest.mark.parametrize(
    ("control", "direction"),
    [
        ("<input name=a dirname=d dir=auto value='123 שלום'>", "rtl"),
        ("<input name=a dirname=d dir=auto value='hello שלום'>", "ltr"),
        ("<input name=a dirname=d dir=AUTO value=123>", "ltr"),
        ("<p dir=rtl><input name=a dirname=d dir=auto></p>", "ltr"),
        ("<p dir=rtl><input name=a dirname=d></p>", "rtl"),
        ("<p dir=rtl><input type=tel name=a dirname=d></p>", "ltr"),
        ("<p dir=auto><b dir=ltr>x</b> <i>שלום</i> x<input name=a dirname=d></p>", "rtl"),
        ("<p dir=auto><bdi>x</bdi> <i>שלום</i> x<input name=a dirname=d></p>", "rtl"),
        ("<p dir=rtl><bdi><input name=a dirname=d></bdi></p>", "rtl"),
        ("<textarea name=a dirname=d dir=auto>שלום</textarea>", "rtl"),
    ],
)
def test_directions(control: str, direction: str) -> None:
    """Rule 49: dirname sends which way the text runs."""
    assert sent(form(control)).endswith(f"&d={direction}")


@pytest.mark.parametrize("button", ["<input type=submit id=go name=b value=x dirname=d>"])
def test_a_button_has_a_direction(button: str) -> None:
    """Rule 49: the pressed button's, too."""
    assert sent(form(button), "go") == "b=x&d=ltr"


@pytest.mark.parametrize(
    "attributes", ["method=' post '", "method=post&#10;", "method=' dialog'", "method=put", "method"]
)
def test_a_method_is_not_trimmed(attributes: str) -> None:
    """Rule 54: a word that is none of the three is GET; a form without fields asks for an empty query (rule 55)."""
    shown = page(f"<form action=/x {attributes}></form>")
    assert forms.submission(shown, shown.elements("form")[0], None, "b") == Submission("GET", "http://h/x?")


def test_a_suggestion_is_selected() -> None:
    """Rule 36: an option of a datalist is selected from the field that names it."""
    shown = page(
        "<label for=m>Make</label><input id=m list=makes><datalist id=makes><option value=a4>Audi"
        "<option disabled>BMW</datalist><label>Model<select><option>A4</select></label>"
    )
    chosen = locate.choices(shown, "Make")
    assert chosen is by_id(shown, "m")
    assert forms.option_value(locate.option(shown, "Audi", chosen, "Make")) == "a4"
    with pytest.raises(Failure, match="the option “BMW” of “Make” is disabled"):
        locate.option(shown, "BMW", chosen, "Make")
    with pytest.raises(Failure, match="no option “VW” in “Make”"):
        locate.option(shown, "VW", chosen, "Make")
    assert locate.choices(shown, "Model").tag == "select"


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("<input name=m list=makes readonly>", "the field “m” is read-only"),
        ("<input name=m list=makes disabled>", "the field “m” is disabled"),
        ("<input name=m list=nowhere>", "no select “m”"),
        ("<input name=m list=makes type=password>", "no select “m”"),
    ],
)
def test_a_suggestion_that_cannot_be_selected(field: str, message: str) -> None:
    """Rule 36: only from a field that takes it."""
    with pytest.raises(Failure, match=message):
        locate.choices(page(f"{field}<datalist id=makes><option>Audi</datalist>"), "m")


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("<select name=a><option>1<option>2</select>", "a=1"),
        ("<select name=a><option disabled>1<option>2</select>", "a=2"),
        ("<select name=a><optgroup disabled><option>1</optgroup><option>2</select>", "a=2"),
        ("<select name=a><option selected>1<option selected>2<option>3</select>", "a=2"),
        ("<select name=a><option selected disabled>1<option>2</select>", ""),
        ("<select name=a size=2><option>1<option>2</select>", ""),
        ("<select name=a></select>", ""),
        (
            "<select name=a multiple><option selected>1<option>2<option selected>3<option selected disabled>4</select>",
            "a=1&a=3",
        ),
        ("<select name=a multiple><option>1</select>", ""),
        ("<select name=a><option value=''>x</select>", "a="),
        ("<select name=a><option> x   y <b>z</b> </select>", "a=x y z"),
        ("<select name=a><option>x<script>1</script>y</select>", "a=xy"),
    ],
)
def test_selects(select: str, expected: str) -> None:
    """Rules 45 and 46: which options are selected, and what they are worth."""
    assert sent(form(select)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<form id=o><input name=a><form id=i><input name=b></form><input name=c></form><input name=d>", "a=&b="),
        ("<form><input name=a></form></form><form><input name=b></form>", "a="),
        ("<!-- <form> --><form><input name=a><script>'</form>'</script><input name=b></form>", "a=&b="),
        ("<table><form><tr><td><input name=a></td></tr><tr><td><input name=b></form></table>", "a=&b="),
        ("<form><input name=a><textarea name=b></form></textarea><input name=c></form>", "a=&b=</form>&c="),
    ],
)
def test_nested_forms(body: str, expected: str) -> None:
    """Rule 28: a form inside a form does not exist, and its end tag ends the outer one."""
    assert sent(body) == expected


PIECES = (
    "<form>", "</form>", "<form a='>'>", "<div>", "</div>", "<table>", "<tr>", "<td>", "</table>", "<select>",
    "<input>", "<textarea>", "</textarea>", "<!--", "-->", "<script>", "</script>", "x", "<form '",
    "<template>", "</template>",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_every_control_has_one_form_at_most_and_it_is_the_page_s(pieces: list[str]) -> None:
    """Rule 28: whatever the tags, a control's form is one of the page's, and it is among that form's controls."""
    shown = page("".join(pieces))
    for control in shown.elements(*CONTROLS):
        owner = shown.form_of(control)
        assert owner is None or (owner in shown.elements("form") and control in forms.controls_of(shown, owner))


def test_finding_owners_takes_linear_time() -> None:
    """Rule 28: a broken page of some megabytes is read once, not once for every tag in it."""
    root = page("<form><input></form>").tree
    assert root is not None
    for source in ("<form><!--" * 300_000, "<form '" * 300_000, "<form><script>" * 300_000, "<form " * 300_000):
        assert owners(root, source, lambda marked: None) == {}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_urlencoded_round_trip(pairs: list[tuple[str, str]]) -> None:
    """Rules 50 and 52: what is sent reads back the same but for line ends, and is of the standard's alphabet."""
    encoded = forms.urlencoded([FormEntry(n, v) for n, v in pairs]).decode()
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._+%=&")
    expected = [(forms.with_crlf(n), forms.with_crlf(v)) for n, v in pairs]
    assert parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(pairs)) == expected


def test_urlencoded() -> None:
    """Rules 50 to 52: the set, the space, line ends, and what the encoding cannot say."""
    assert forms.urlencoded([FormEntry("a b", "*-._~é☃\n")], WINDOWS_1252) == b"a+b=*-._%7E%E9%26%239731%3B%0D%0A"
    assert forms.urlencoded([FormEntry("f", Upload("x.txt", "text/plain", b"content"))]) == b"f=x.txt"


def test_multipart() -> None:
    """Rules 48, 50 and 53: a part an entry; quotes and line ends in names are escaped; no file is an empty one."""
    entries = [
        FormEntry('a"\n', "1\n2"),
        FormEntry("f", Upload('é".txt', "text/plain", b"\0\n")),
        FormEntry("g", forms.NO_FILE),
    ]
    assert forms.multipart(entries, UTF8, "XX") == (
        b'--XX\r\nContent-Disposition: form-data; name="a%22%0D%0A"\r\n\r\n1\r\n2\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="f"; filename="\xc3\xa9%22.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n\0\n\r\n"
        b'--XX\r\nContent-Disposition: form-data; name="g"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n"
        b"--XX--\r\n"
    )


def submitted(
    attributes: str, button: str = "", content_type: str = "text/html; charset=utf-8", head: str = ""
) -> Submission:
    shown = page(f"{head}<form {attributes}><input name=a value=é>{button}</form>", content_type)
    pressed = by_id(shown, "go") if button else None
    return forms.submission(shown, shown.elements("form")[0], pressed, "XX")


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", Submission("GET", "http://h/dir/page?a=%C3%A9")),
        ("action='/x?y=1#z' method=nonsense", Submission("GET", "http://h/x?a=%C3%A9#z")),
        ("action='' method=POST", Submission("POST", "http://h/dir/page?old=1", URLENCODED, b"a=%C3%A9")),
        ("action='x?y=1' method=post", Submission("POST", "http://h/dir/x?y=1", URLENCODED, b"a=%C3%A9")),
        ("method=post enctype=nonsense", Submission("POST", "http://h/dir/page?old=1", URLENCODED, b"a=%C3%A9")),
        (
            "method=post enctype=text/plain",
            Submission("POST", "http://h/dir/page?old=1", "text/plain", b"a=\xc3\xa9\r\n"),
        ),
        (
            "method=post accept-charset='x-no, latin1'",
            Submission("POST", "http://h/dir/page?old=1", URLENCODED, b"a=%E9"),
        ),
        ("method=dialog", Submission("DIALOG", "http://h/dir/page?old=1")),
    ],
)
def test_submission(attributes: str, expected: Submission) -> None:
    """Rules 51, 54 and 55: method, enctype, encoding; GET replaces the query, POST keeps it; no action is this page."""
    assert submitted(attributes) == expected


def test_buttons_override_the_form() -> None:
    """Rule 54: formaction, formmethod and formenctype on the button win, also when empty."""
    button = "<button id=go formaction=/other formmethod=post formenctype=multipart/form-data>"
    got = submitted("action=/x", button)
    assert (got.method, got.url, got.content_type) == ("POST", "http://h/other", "multipart/form-data; boundary=XX")
    assert submitted("action=/x method=post", "<button id=go formaction=''>").url == "http://h/dir/page?old=1"


def test_an_empty_action_is_the_document_not_its_base() -> None:
    """Rule 55: <base> does not move a form without an action; it does move a relative one."""
    base = "<base href='http://other/b/'>"
    assert submitted("", head=base).url == "http://h/dir/page?a=%C3%A9"
    assert submitted("action=x", head=base).url == "http://other/b/x?a=%C3%A9"


def test_the_pages_encoding_is_the_forms() -> None:
    """Rule 51: a windows-1252 page sends windows-1252."""
    shown = Page(URL, 200, {"content-type": "text/html; charset=latin1"}, b"<form><input name=a value='\xe9'></form>")
    assert forms.submission(shown, shown.elements("form")[0], None, "").url == "http://h/dir/page?a=%E9"


def test_entering() -> None:
    """What is typed, ticked and picked lies over the page: the page itself stays as it is."""
    shown = page(
        "<form><input id=a name=a value=1 maxlength=3><textarea id=b name=b>x</textarea>"
        "<input type=checkbox id=c name=c checked><input type=radio id=d name=d value=1 checked>"
        "<input type=radio id=e name=d value=2><select id=f name=f multiple><option>1<option selected>2</select></form>"
    )
    form = shown.elements("form")[0]
    before = forms.entries(shown, form, None, UTF8)
    forms.enter(shown, by_id(shown, "a"), "longer\n")
    forms.enter(shown, by_id(shown, "b"), "1\r\n2")
    forms.tick(shown, by_id(shown, "c"), False)
    forms.tick(shown, by_id(shown, "e"), True)
    forms.pick(shown, by_id(shown, "f"), by_id(shown, "f")[0])
    entered = [
        FormEntry("a", "lon"),
        FormEntry("b", "1\n2"),
        FormEntry("d", "2"),
        FormEntry("f", "1"),
        FormEntry("f", "2"),
    ]
    assert forms.entries(shown, form, None, UTF8) == entered
    assert shown.visible_text == "x\n1\n2"
    forms.reset(shown, form)
    assert forms.entries(shown, form, None, UTF8) == before
