"""Finding by name what a person can see and use, and saying why it is not to be had."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collectd_inode.model import Failure
from collectd_inode.page import locate, scope
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element


def page(body: str) -> Page:
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, f"<body>{body}".encode())


def refused(find: Callable[[], object]) -> tuple[str, str]:
    """The message without the page's name, and what was found instead."""
    with pytest.raises(Failure) as caught:
        find()
    return caught.value.message.partition(", on http://")[0], caught.value.found


def field(shown: Page, kind: str, name: str) -> Element:
    return locate.field(shown, name, frozenset({kind}), kind)


HIDE = [
    ("<form hidden>{}</form>", "hidden by <form hidden>"),
    ('<div style="display:none">{}</div>', 'hidden by <div style="display: none">'),
    ("<details><summary>More</summary>{}</details>", "hidden by a closed <details>"),
    ("<dialog>{}</dialog>", "hidden by a closed <dialog>"),
    ("<div popover>{}</div>", "hidden by <div popover>"),
    ('<div style="visibility:hidden">{}</div>', 'hidden by style="visibility: hidden"'),
]


@pytest.mark.parametrize(("around", "by"), HIDE)
@pytest.mark.parametrize("name", ["Card", "c", "f"])
@pytest.mark.parametrize("control", ["<input name=c id=f>", "<textarea name=c id=f></textarea>"])
def test_hidden_fields_cannot_be_filled(around: str, by: str, name: str, control: str) -> None:
    """By label, name or id."""
    shown = page(around.format(f"<label for=f>Card</label>{control}"))
    assert refused(lambda: locate.fillable(shown, name)) == (f"the field “{name}” is hidden", by)


@pytest.mark.parametrize(("around", "by"), HIDE)
@pytest.mark.parametrize("kind", ["checkbox", "radio", "file"])
def test_hidden_boxes_cannot_be_ticked(around: str, by: str, kind: str) -> None:
    """Where their label is hidden, too."""
    shown = page(around.format(f"<label><input type={kind} name=c>Card</label>"))
    assert refused(lambda: field(shown, kind, "Card")) == (f"the {kind} “Card” is hidden", by)


@pytest.mark.parametrize("kind", ["checkbox", "radio", "file"])
def test_a_styled_box_is_used_by_its_label(kind: str) -> None:
    """Pages hide the browser's own box and draw another one on its label."""
    shown = page(f'<input type={kind} name=c id=f style="display:none"><label for=f>Card</label>')
    assert field(shown, kind, "Card").get("name") == "c"


@pytest.mark.parametrize(("around", "by"), HIDE)
def test_hidden_buttons_cannot_be_pressed(around: str, by: str) -> None:
    """By name, or as the page's only one."""
    shown = page(around.format("<button>Pay</button>"))
    assert refused(lambda: locate.button(shown, "Pay")) == ("the button “Pay” is hidden", by)
    assert refused(lambda: locate.button(shown, "")) == ("the button is hidden", by)


def test_what_is_seen_goes_before_what_is_hidden() -> None:
    """The same name twice: the one that a person can use."""
    shown = page("<form hidden><input name=q><button>Go</button></form><form id=f><input name=q><button>Go</button>")
    form = shown.elements("form")[1]
    assert shown.form_of(locate.fillable(shown, "q")) is form
    assert shown.form_of(locate.button(shown, "Go")) is form


def test_a_hidden_option_cannot_be_selected() -> None:
    """It is in no list that opens."""
    shown = page("<select name=s><option hidden>Red<option>Green</select>")
    select = shown.elements("select")[0]
    assert refused(lambda: locate.option(shown, "Red", select, "s"))[0] == "the option “Red” of “s” is hidden"


# Parts


def test_within_looks_at_all_that_is_seen() -> None:
    """A hidden twin in front hides nothing; of several each counts."""
    first_hidden = page('<div class="msg" style="display:none">None</div><div class="msg">Error 42</div>')
    assert scope.part(first_hidden, [".msg"]).shows("Error 42")
    assert not scope.part(first_hidden, [".msg"]).shows("None")
    several = scope.part(page('<p class="m">ok</p><p class="m">Error</p>'), [".m"])
    assert (several.shows("ok"), several.shows("Error"), several.shows("ok Error")) == (True, True, False)


def test_within_is_ambiguous_where_several_parts_have_it() -> None:
    """For what acts; one part that has it is enough."""
    rows = "<form class=row action=/{0}><input name=q{0}><button>Buy</button></form>"
    shown = page(rows.format(1) + rows.format(2))
    part = scope.part(shown, [".row"])
    assert refused(lambda: locate.button(part, "Buy"))[0] == "“Buy” is ambiguous: 2 match"
    assert locate.fillable(part, "q2").get("name") == "q2"


def test_nested_parts_do_not_count_twice() -> None:
    """Of elements in each other the outer one is looked at."""
    part = scope.part(page("<div class=m>a<div class=m>b</div></div>"), [".m"])
    assert [e.tag for e in part.elements("div")] == ["div", "div"]


# Names


def test_a_label_names_the_field_of_its_own_form() -> None:
    """Where the same id stands in two forms."""
    form = "<form action=/{0}><label for=email>{0}</label><input id=email name=e{0}></form>"
    shown = page(form.format("Login") + form.format("News"))
    assert [locate.fillable(shown, name).get("name") for name in ("Login", "News")] == ["eLogin", "eNews"]
    assert refused(lambda: locate.fillable(shown, "email"))[0] == "“email” is ambiguous: 2 match"


def test_a_label_outside_of_two_forms_is_ambiguous() -> None:
    """Nobody can tell which field it names."""
    shown = page("<label for=q>Find</label><form><input id=q name=a></form><form><input id=q name=b></form>")
    assert refused(lambda: locate.fillable(shown, "Find"))[0] == "“Find” is ambiguous: 2 match"


@pytest.mark.parametrize(
    "body",
    [
        "<label for=t>E-mail <span style='display:none'>is required</span></label><input id=t>"
        "<label for=u>E-mail is required</label><input id=u>",
        "<label for=t><div>E-mail</div></label><input id=t><label for=u><div>E-mail</div><div>again</div></label>"
        "<input id=u>",
        "<span id=l1>E-</span><span id=l2>mail</span><input id=u aria-labelledby='l2'><label for=t>E-mail</label>"
        "<input id=t>",
        "<label for=t>Other</label><label for=t>E-mail</label><input id=t>",
        "<label for=t><img alt=E-mail></label><input id=t>",
        "<label hidden for=t>E-mail</label><input id=t>",
    ],
)
def test_labels(body: str) -> None:
    """Hidden parts do not count, blocks are set apart, pictures have texts, each label is a name."""
    assert locate.fillable(page(body), "E-mail").get("id") == "t"


def test_aria_labelledby_joins() -> None:
    """For fields, links and buttons."""
    parts = "<span id=l1>Billing</span><span id=l2>name</span>"
    shown = page(
        f"{parts}<input name=q aria-labelledby='l1 l2'><a href=/x aria-labelledby='l1 l2'>more</a>"
        "<form><button name=b aria-labelledby='l1 l2'>x</button></form>"
    )
    assert locate.fillable(shown, "Billing name").get("name") == "q"
    assert locate.link(shown, "Billing name").get("href") == "/x"
    assert locate.button(shown, "Billing name").get("name") == "b"


@pytest.mark.parametrize(
    "link",
    [
        "<a href=/x><svg><title>Basket</title></svg></a>",
        "<a href=/x><img src=b alt=Basket></a>",
        "<a href=/x><img src=b title=Basket></a>",
        "<a href=/x><svg aria-label=Basket></svg></a>",
        "<a href=/x aria-label=Basket><i></i></a>",
        "<a href=/x>My <img alt=Basket></a>",
    ],
)
def test_links_by_their_pictures(link: str) -> None:
    """Text plus ``alt``, an svg's title."""
    assert locate.link(page(link), "My Basket" if "My" in link else "Basket").get("href") == "/x"


def test_a_form_between_the_rows_of_a_table_can_be_seen() -> None:
    """By its fields: a browser draws no such form, which the snapshot of one tells us."""
    row = "<tr><td><input name=q></td></tr>"
    shown = page(f"<table><form hidden id=f>{row}</form></table><form hidden><input name=r></form>")
    assert locate.only_form(shown).get("id") == "f"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<label for=f>E-mail<i aria-hidden=true>(x)</i></label>{}", "E-mail"),
        ("<label for=f>E-mail<i aria-hidden=true>(x)</i></label>{}", "E-mail(x)"),
        ("<label for=f>Every <select><option>2<option selected>3</select> days</label>{}", "Every 3 days"),
        ("<label for=f>Every <input value=3 id=g> days</label>{}", "Every days"),
        ("<b id=l aria-label=Card>x</b>{}", "Card"),
        ("<img id=l alt=Card>{}", "Card"),
        ("<svg id=l><title>Card</title></svg>{}", "Card"),
        ("<b id=l title=Card></b>{}", "Card"),
        ("<input id=l value=Card>{}", "Card"),
    ],
)
def test_fields_by_accessible_names(body: str, name: str) -> None:
    """Rule 34: as Chromium computes them; a label has also the name that one sees."""
    shown = page(body.format("<input id=f aria-labelledby=l>"))
    assert locate.fillable(shown, name).get("id") == "f"


def test_a_field_that_is_a_part_of_its_own_name() -> None:
    """By its own label, not by what stands in it."""
    shown = page("<b id=t>card</b><input id=f aria-labelledby='f t' aria-label=Delete value=x>")
    assert locate.fillable(shown, "Delete card").get("id") == "f"


@pytest.mark.parametrize(
    ("find", "what"),
    [
        (lambda shown: locate.link(shown, "Go"), "link"),
        (lambda shown: locate.button(shown, "Pay"), "button"),
        (lambda shown: locate.fillable(shown, "Card"), "field"),
    ],
)
def test_what_is_inert_is_seen_and_cannot_be_used(find: Callable[[Page], Element], what: str) -> None:
    """HTML, 6.3: a page behind a dialog, say; of two things the other one is meant."""
    things = "<a href=/>Go</a><button>Pay</button><label>Card<input></label>"
    shown = page(f"<div inert>{things}</div>")
    message, found = refused(lambda: find(shown))
    assert (message.endswith("is inert"), message.startswith(f"the {what} “"), found) == (
        True,
        True,
        "kept by <div inert>",
    )
    assert shown.shows("Card")
    assert find(page(f"<div inert>{things}</div><p id=p>{things}</p>")).getparent() is not None


def test_an_option_of_a_hidden_group() -> None:
    """It is in no list that opens."""
    shown = page("<select id=s><optgroup hidden label=g><option>a</optgroup><option>b</select>")
    select = shown.elements("select")[0]
    assert refused(lambda: locate.option(shown, "a", select, "s"))[0] == "the option “a” of “s” is hidden"


def test_links_of_drawings() -> None:
    """As they are written since SVG 2, and as before."""
    shown = page("<svg><a xlink:href=/x><text>Old</text></a><a href=/y><text>New</text></a></svg>")
    assert [locate.link(shown, name).get("href") for name in ("Old", "New")] == ["/x", "/y"]
