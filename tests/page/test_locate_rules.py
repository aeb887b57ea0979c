"""Finding what a sentence names (rules 32 to 38)."""

from collections.abc import Callable

import pytest

from collectd_inode.model import Cause, Failure
from collectd_inode.page import forms, locate
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element

WHERE = " – http://h/ (status 200)"


def page(body: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, body.encode())


WHERE = ", on http://h/ (status 200)"


def named(find: Callable[[], Element]) -> str:
    """The id of what is found, or the failure's message."""
    try:
        return find().get("id") or "?"
    except Failure as failure:
        assert failure.cause is Cause.EXPECTATION
        assert failure.message.endswith(WHERE)
        return failure.message.removesuffix(WHERE)


def link(body: str, locator: str) -> str:
    return named(lambda: locate.link(page(body), locator))


def button(body: str, locator: str = "") -> str:
    return named(lambda: locate.button(page(body), locator))


def field(body: str, locator: str) -> str:
    return named(lambda: locate.fillable(page(body), locator))


@pytest.mark.parametrize(
    ("body", "locator", "expected"),
    [
        ("<a id=1 href=x>Log in now</a><a id=2 href=y>Log in</a>", "Log in", "2"),
        ("<a id=1 href=x>Log&nbsp; <b>in</b></a>", "Log in", "1"),
        ("<a id=1 href=x>LOG IN</a><a id=2 href=y>Log in</a>", "Log in", "2"),
        ("<a id=1 href=x>please log in here</a><a id=2 href=y>or log in</a>", "Log in", "2"),
        ("<a id=1 href=x title='Log in'>x</a>", "log", "1"),
        ("<a id=1 href=x><img alt='Log in'></a>", "Log in", "1"),
        ("<a id=1 href=x aria-label='Log in'></a>", "Log in", "1"),
        ("<a id=login href=x>x</a>", "login", "login"),
        ("<map><area id=1 href=x alt='North'></map>", "North", "1"),
        ("<a id=1>Log in</a>", "Log in", "no link “Log in”"),
        ("<a id=1 href=x hidden>Log in</a>", "Log in", "the link “Log in” is hidden"),
        ("<ul hidden><a id=1 href=x>Log in</a></ul>", "Log in", "the link “Log in” is hidden"),
        ("<a id=1 href=x>More</a><a id=2 href=./x>More</a>", "More", "1"),
        ("<a id=1 href=x>More</a><a id=2 href=y>More</a>", "More", "“More” is ambiguous: 2 match"),
        ("<a id=1 href=x hidden>More</a><a id=2 href=y>More</a>", "More", "2"),
        ("<a id=1 href=x>a</a>", "", "no link “”"),
        ("<a id=1 href=x>Log&shy;in</a>", "Login", "1"),
        ("<span role=link id=1>More</span><a id=2 href=y>More</a>", "More", "2"),
        ("<span role=link id=1>More</span>", "More", "1"),
        ("<span role=link id=1>More</span><span role=link>More</span>", "More", "“More” is ambiguous: 2 match"),
    ],
)
def test_links(body: str, locator: str, expected: str) -> None:
    """Rules 7 and 32: text exactly, then the shortest that contains it, then title, alt, aria-label, id."""
    assert link(body, locator) == expected


@pytest.mark.parametrize(
    ("body", "locator", "expected"),
    [
        ("<input type=submit id=1 value='Log in'>", "Log in", "1"),
        ("<input type=submit id=1 value='» Log in now'>", "log in", "1"),
        ("<button id=1 value=x><b>Log</b> in</button>", "Log in", "1"),
        ("<input type=image id=1 alt='Log in'>", "Log", "1"),
        ("<button id=1 name=go>x</button>", "go", "1"),
        ("<button id=1><img alt='Search'></button>", "Search", "1"),
        ("<button id=1 title=Search></button>", "search", "1"),
        ("<input type=submit id=1>", "Submit", "1"),
        ("<button id=Save>x</button><button id=2>Save</button>", "Save", "Save"),
        ("<button id=1 type=button>x</button><input id=2 type=submit><button id=3>", "", "2"),
        ("<button id=1 disabled>Go</button>", "Go", "the button “Go” is disabled"),
        ("<button id=1 disabled>Go</button><button id=2>Go</button>", "Go", "2"),
        (
            "<form><button id=1>Go</button></form><form><button id=2>Go</button></form>",
            "Go",
            "“Go” is ambiguous: 2 match",
        ),
        ("<form><button id=1>Go</button><button id=2>Go</button></form>", "Go", "1"),
        ("<input id=1 value=Go>", "Go", "no button “Go”"),
        ("<p>", "", "no button"),
    ],
)
def test_buttons(body: str, locator: str, expected: str) -> None:
    """Rule 33: id, text or value, name, title, alt; without a locator, the first that submits."""
    assert button(body, locator) == expected


@pytest.mark.parametrize(
    ("body", "locator", "expected"),
    [
        ("<input id=user><input id=2 name=user>", "user", "user"),
        ("<input id=1 name=user>", "user", "1"),
        ("<label for=1>User</label><input id=1>", "User", "1"),
        ("<label>User: <input id=1></label>", "user", "1"),
        ("<label for=1>User</label><label for=1>name</label><input id=1><input id=2 title=x>", "User name", "1"),
        ("<label for=1 aria-label='User name'>Who</label><input id=1>", "User name", "1"),
        ("<label for=1 aria-label='User name'>Who</label><input id=1>", "Who", "1"),
        ("<label>User<select><option>Admin</select></label><label>Admin<input id=2></label>", "Admin", "2"),
        (
            "<label for=1>Password confirmation</label><input id=1><label for=2>Password</label><input id=2>",
            "Password",
            "2",
        ),
        ("<label for=1>Password again</label><input id=1><label for=2>Password:</label><input id=2>", "Password", "2"),
        ("<label for=1>Username</label><input id=1>", "User", "1"),
        ("<label for=1>Username</label><input id=1><label for=2>User *</label><input id=2>", "User", "2"),
        ("<input id=1 placeholder='Search shop'>", "Search shop", "1"),
        ("<input id=1 placeholder='Search shop'>", "shop", "1"),
        ("<input id=1 aria-label=Search>", "Search", "1"),
        ("<b id=l>Search</b><input id=1 aria-labelledby='x l'>", "Search", "1"),
        ("<label for=1>Your message</label><textarea id=1></textarea>", "message", "1"),
        ("<input id=a disabled>", "a", "the field “a” is disabled"),
        ("<input id=a readonly>", "a", "the field “a” is read-only"),
        ("<input type=hidden id=a>", "a", "no field “a”"),
        ("<form><input id=1 name=q></form><form><input id=2 name=q></form>", "q", "“q” is ambiguous: 2 match"),
    ],
)
def test_fields(body: str, locator: str, expected: str) -> None:
    """Rules 34 and 35: id, name, label at a word's edge (shortest wins), aria-label, placeholder."""
    assert field(body, locator) == expected


def test_the_form_in_use_settles_an_ambiguity() -> None:
    """Two forms with the same button: the one that something was entered into is meant."""
    shown = page("<form><input id=q><button id=1>Go</button></form><form><input id=r><button id=2>Go</button></form>")
    forms.enter(shown, locate.fillable(shown, "r"), "x")
    assert locate.button(shown, "Go").get("id") == "2"
    assert locate.button(shown, "").get("id") == "2"


def test_radio_buttons_go_by_label_and_value() -> None:
    """Rule 34: a radio button's name is its group's, so that it comes last."""
    shown = page("<input type=radio id=1 name=c value=red><label><input type=radio id=2 name=c value=b>Blue</label>")
    radio = frozenset({"radio"})
    assert [locate.field(shown, n, radio, "radio button").get("id") for n in ("red", "blue", "1")] == ["1", "2", "1"]


def test_options() -> None:
    """Rule 36: exact text, then value, then a single part of the text; a disabled one cannot be selected."""
    shown = page(
        "<select id=s><option id=1 value=nz>New  Zealand<option id=2 value=au>Australia<option id=3>New York"
        "<option id=4 disabled>Mars</select>"
    )
    select = shown.elements("select")[0]

    def option(locator: str) -> str:
        return named(lambda: locate.option(shown, locator, select, "s"))

    assert [option(n) for n in ("New Zealand", "australia", "nz", "York", "new", "Mars", "Venus")] == [
        "1",
        "2",
        "1",
        "3",
        "“new” is ambiguous: 2 match",
        "the option “Mars” of “s” is disabled",
        "no option “Venus” in “s”",
    ]


def test_forms() -> None:
    """Rule 37: id, then name; without either, the page's first."""
    shown = page("<form id=a name=b></form><form id=c name=a></form>")
    assert [locate.form(shown, n).get("id") for n in ("a", "b", "")] == ["a", "a", "a"]
    with pytest.raises(Failure, match="no form “x”"):
        locate.form(shown, "x")
    with pytest.raises(Failure) as caught:
        locate.form(page("<form></form>"), "x")
    assert caught.value.found == "forms by position: “(//form)[1]”"


def found(find: Callable[[], Element]) -> str:
    with pytest.raises(Failure) as caught:
        find()
    return caught.value.found


def test_nearest_candidates() -> None:
    """Rule 38: a failure names what comes nearest, by the names people use."""
    shown = page(
        "<a href=/1>Log out</a><a href=/2>Help</a><label for=pw>Password</label><input id=pw name=p_1>"
        "<input type=checkbox id=agree><select id=s><option>Red<option>Green</select>"
    )
    select = shown.elements("select")[0]
    start = "Log out Help Password Red Green"  # what the page says, which has no heading
    assert found(lambda: locate.link(shown, "Log in")) == f"{start}; nearest links: “Log out”, “Help”"
    assert found(lambda: locate.fillable(shown, "Passwort")) == f"{start}; nearest fields: “Password”"
    assert found(lambda: locate.button(shown, "Go")) == f"{start}; the page has no buttons"
    assert found(lambda: locate.fillable(shown, "agree")) == "“agree” is a checkbox: I check or uncheck it"
    assert found(lambda: locate.option(shown, "Gren", select, "s")) == f"{start}; nearest options: “Green”, “Red”"


def test_a_list_without_options_is_not_the_page() -> None:
    """Rule 38: other lists of the page may have some."""
    shown = page("<select id=s></select><select><option>Red</select>")
    select = shown.elements("select")[0]
    assert found(lambda: locate.option(shown, "Red", select, "Colour")) == "“Colour” has no options"


def test_a_page_that_asks_for_javascript_is_quoted() -> None:
    """Rule 38: in the words of its first <noscript> that names it, wherever it stands and whatever else it has."""
    asks = "<noscript><p>JavaScript is required to use Wagtail.<br>Switch it on.</noscript>"
    body = f"<h1>Redirects</h1><a href=/x>Edit</a><noscript><img src=/count></noscript>{asks}"
    said = "without JavaScript the page says: “JavaScript is required to use Wagtail. Switch it on.”"
    start = "Redirects; nearest"
    assert found(lambda: locate.link(page(body), "Log out")) == f"{start} links: “Edit”; {said}"
    with pytest.raises(Failure) as caught:
        page(body).should_show("Welcome")
    assert caught.value.found == f"Redirects Edit; {said}"


def test_the_name_that_is_heard_may_be_given_in_part() -> None:
    """Rule 34: ``aria-label`` and ``title`` as a label, a placeholder and a link's are; the whole name goes first."""
    rows = "<input type=checkbox id=a aria-label='Select user - anna'><input type=checkbox id=b title='Select all'>"
    assert (field_of(rows, "anna"), field_of(rows, "all")) == ("a", "b")
    assert field_of(f"{rows}<input type=checkbox id=c aria-label='Anna'>", "anna") == "c"
    assert field_of(rows, "Select user") == "a"
    assert field_of(f"{rows}<label>User <input type=checkbox id=c></label>", "user") == "c"


def test_a_button_that_is_no_button_element_is_seen_as_one() -> None:
    """Rule 33: what can be pressed can be looked for, under the same names."""
    body = "<a role=button href=x id=1>Buy</a><div role=button aria-label=Sell id=2>$</div><p>Buy</p>"
    names = [[e.get("id") for e in locate.every(page(body), "button", name)] for name in ("Buy", "Sell", "$", "Lend")]
    assert names == [["1"], ["2"], ["2"], []]
    assert [e.get("id") for e in locate.every(page("<i role=link id=1>Go</i>"), "link", "Go")] == ["1"]


def field_of(body: str, locator: str) -> str:
    return named(lambda: locate.field(page(body), locator, frozenset({"checkbox"}), "checkbox"))


def test_an_ambiguity_shows_its_candidates() -> None:
    """Rule 38: twins are told apart by what they are, without a secret."""
    body = "<form id=f><input type=password name=p value=geheim></form>\n<form id=g><input type=password name=p></form>"
    assert found(lambda: locate.fillable(page(body), "p")) == (
        '<input name="p" type="password"> in form “f”; <input name="p" type="password"> in form “g”'
    )


def test_forms_without_a_name_are_offered_by_position() -> None:
    """With what it takes to name them, and the field by which a person knows them."""
    shown = page(
        "<form><button>Go</button><label>Search <input></label></form>"
        "<form><input placeholder=E-mail></form><form></form>"
    )
    offered = "forms by position: “(//form)[1]” with “Search”, “(//form)[2]” with “E-mail”, “(//form)[3]”"
    assert found(lambda: locate.form(shown, "login")) == f"Go Search; {offered}"
    assert locate.form(shown, "(//form)[2]") is shown.elements("form")[1]
