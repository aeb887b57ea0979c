"""What a page itself says is wrong: as applications write it, and what is no complaint."""

from dataclasses import replace

import pytest

from collectd_inode.model import Failure
from collectd_inode.page import complaint, locate
from collectd_inode.page.page import Page

MENU = "<nav><a href=/>Home</a> <a href=/shop>Shop</a></nav>"


def page(body: str, status: int = 200) -> Page:
    return Page("http://h/", status, {"content-type": "text/html; charset=utf-8"}, body.encode())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            "<h1>Welcome to phpMyAdmin</h1><noscript><div class='alert alert-danger' role=alert>Javascript must"
            " be enabled</div></noscript><div class='alert alert-danger' role=alert>Cannot log in to the MySQL server"
            "</div><div class='alert alert-danger' role=alert><img src=x>mysqli::real_connect(): (HY000/2002): No such"
            " file</div><form><label for=u>Username</label><input id=u></form>",
            "Cannot log in to the MySQL server; mysqli::real_connect(): (HY000/2002): No such file",
            id="role=alert",
        ),
        pytest.param(
            "<div id=login><div role=status class=sr-only>Welcome to Icinga Web 2. For users of the screen reader"
            " Jaws, press F5</div><form><ul class=form-errors><li>All configured authentication methods failed</li>"
            "</ul></form>",
            "All configured authentication methods failed; Welcome to Icinga Web 2. For users of the screen reader"
            " Jaws, press F5",
            id="form-errors",
        ),
        pytest.param(
            "<div class=messages><ul><li class='error'><svg><use href=#i></use></svg> The page could not be created due"
            " to validation errors</li></ul></div><button>Save draft</button>",
            "The page could not be created due to validation errors",
            id="li.error",
        ),
        pytest.param(
            "<div id=top-menu>admin Project</div><h2>New issue</h2><div id=errorExplanation><ul><li>Subject cannot be"
            " blank</li><li>Tracker cannot be blank</li></ul></div>",
            "Subject cannot be blank; Tracker cannot be blank",
            id="errorExplanation",
        ),
        pytest.param(
            "<form class=has-error><p>Ship to</p>" + "<p>long text here</p>" * 40 + "<ul class=errorlist><li>Enter a"
            " valid street.</li></ul></form>",
            "Enter a valid street.",
            id="the message inside of a long one",
        ),
        pytest.param(
            "<h1>Log in</h1><label for=n>Name</label><input id=n aria-invalid=true aria-describedby=e>"
            "<p id=e>Unknown user",
            "Unknown user",
            id="aria-describedby",
        ),
        pytest.param(
            "<h1>Log in</h1><input aria-invalid=true aria-errormessage=e aria-describedby=h><p id=h>Your e-mail</p>"
            "<p id=e>Not an e-mail address</p>",
            "Not an e-mail address",
            id="aria-errormessage",
        ),
        pytest.param(
            f"{MENU}<p>FATAL: Connection to Cacti database failed", "FATAL: Connection to Cacti database failed"
        ),
        pytest.param("<h1>We are down for maintenance</h1>", "We are down for maintenance"),
        pytest.param(
            "<div class='form-group has-error'><label for=n>Name</label><input id=n><p>cannot be blank</p></div>",
            "Name; cannot be blank",
            id="a field with its message",
        ),
        pytest.param("<p class=warning>Read only</p><p role=alert>Disk full</p>", "Disk full; Read only", id="order"),
        pytest.param(
            "<p class=alert-success>Logged out</p><p class=error>Disk full", "Disk full; Logged out", id="mild"
        ),
        pytest.param(
            "<div class='form-group has-error'><label>Name</label><input><span class='help-block'>This value should not"
            " be blank.</span></div><h1>Register</h1>",
            "Name; This value should not be blank.",
            id="has-error",
        ),
        pytest.param(
            "<mat-form-field><input aria-invalid=true><mat-error>Please enter a value</mat-error></mat-form-field>"
            "<h1>Order</h1>",
            "Please enter a value",
            id="a custom element",
        ),
        pytest.param(
            "<div class=loginerrors><a href=# class=accesshide>Invalid login</a><div class='alert alert-danger'"
            " role=alert>Invalid login</div></div>",
            "Invalid login",
            id="said twice",
        ),
        pytest.param(
            f"{MENU}<h1>Our shop</h1><br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: Access denied for user"
            " 'shop' in /var/www/db.php:12<br />",
            "Fatal error: Uncaught mysqli_sql_exception: Access denied for user 'shop' in /var/www/db.php:12",
            id="PHP's own",
        ),
        pytest.param(
            f"{MENU}<h1>Our shop</h1><br />\n<b>Warning</b>:  mysqli_connect(): refused in <b>/w/db.php</b> on line"
            " <b>3</b><br /><p>Tea",
            "Warning: mysqli_connect(): refused in /w/db.php on line 3",
            id="PHP's warning",
        ),
        pytest.param(
            f"{MENU}<h1>Report</h1><p>SQLSTATE[HY000] [2002] Connection refused</p><p>Warning: wet paint",
            "SQLSTATE[HY000] [2002] Connection refused",
            id="a database's",
        ),
        pytest.param(
            "<h1>Site</h1><pre>Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'cart'\n</pre>",
            "KeyError: 'cart'",
            id="Python's",
        ),
        pytest.param(
            "<h1>HTTP Status 500</h1><p>java.sql.SQLException: Connection refused</p>",
            "java.sql.SQLException: Connection refused",
            id="Java's",
        ),
    ],
)
def test_applications(body: str, said: str) -> None:
    """The application's own error is what is said first."""
    assert page(body).complaint() == said


@pytest.mark.parametrize(
    "body",
    [
        "<a class='btn btn-danger' href=/x>Delete everything</a>",
        "<button class=danger>Delete</button>",
        "<span class='badge badge-warning'>three</span>",
        "<div class='alert d-none'>An error occurred</div>",
        "<div class='notice-error' aria-hidden=true><p>An error occurred. Please try again.</p></div>",
        "<div class='notice notice-error inline hide-if-js'><p>This widget requires JavaScript.</p></div>",
        "<div class=error hidden>An error occurred</div>",
        "<div class=error style='display:none'>An error occurred</div>",
        "<div role=alert></div><div class=flash>\n</div>",
        "<input class=form-control><div class=invalid-feedback>Please choose a name</div>",
        "<ul class='dropdown-alerts'><li>Nothing new</li></ul>",
        "<div class=field_with_errors><label>E-mail <input name=mail></label></div>",
        "<p class=terror-alertness>Not a word</p>",
        "<noscript><p class=error>Enable JavaScript</p></noscript>",
        "<input aria-invalid=false aria-describedby=h><p id=h>Your e-mail</p>",
    ],
)
def test_no_complaint(body: str) -> None:
    """What only looks like one, or is not seen."""
    assert page(f"<h1>Green tea of the finest sort</h1>{body}").complaint() == "Green tea of the finest sort"


def test_bootstrap_shows_its_feedback_beside_an_invalid_field() -> None:
    """The message is on the page at all times; the field's class makes it seen."""
    body = "<input class='form-control is-invalid'><div class=invalid-feedback>Name is taken</div>"
    assert page(f"<h1>Sign up here now</h1>{body}").complaint() == "Name is taken"


def test_main_heading() -> None:
    """The heading of the main part, not the site's name; a vague one, or one of an error, with what follows it."""
    site = "<header><h1>ACME</h1></header>" + MENU
    assert page(f"{site}<main><h1>Your basket is empty</h1><p>Buy something").complaint() == "Your basket is empty"
    assert page(f"{site}<main><h1>Error</h1><p>Database gone").complaint() == "Error Database gone"
    assert page(f"{site}<h2>422</h2><p>Invalid form authenticity token.", 422).complaint() == (
        "422 Invalid form authenticity token."
    )
    assert page(f"{site}<main>Nothing here").complaint() == "Nothing here"
    assert page("<a href='#main'>Skip to content</a><p id=main>Nothing here").complaint() == "Nothing here"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<div class=error><span>Error</span><span>Database gone</span></div>", "Error Database gone"),
        ("<div class=error><strong>Error:</strong>Database gone</div>", "Error: Database gone"),
        ("<div style='display:flex'><b>Error</b><b>500</b><b>Sorry</b></div>", "Error 500 Sorry"),
        ("<app-title>Error</app-title><app-text>Database gone</app-text>", "Error Database gone"),
        ("<p class=error><b>S</b>orry: H<sub>2</sub>O is <i>not</i> <b>i</b>n", "Sorry: H2 O is not in"),
    ],
)
def test_words_that_a_style_sheet_sets_apart_are_apart(body: str, said: str) -> None:
    """Where an element ends and a capital begins; style sheets are not read."""
    assert page(body, 500).complaint() == said


def test_what_was_looked_for_stands_next_to_it() -> None:
    """The complaint first, then what is near; where nothing is near, never “the page has no links” alone."""
    down = page("<title>Maintenance</title><h1>We are down for maintenance</h1>")
    with pytest.raises(Failure) as caught:
        locate.link(down, "Log in")
    assert caught.value.found == "We are down for maintenance; the page has no links"
    form = page("<p role=alert>Wrong password</p><label>User <input></label><p>Thank you for choosing us")
    with pytest.raises(Failure) as caught:
        locate.fillable(form, "Username")
    assert caught.value.found == "Wrong password; nearest fields: “User”"
    with pytest.raises(Failure) as caught:
        form.should_show("Thank you for your order")
    assert caught.value.found == "Wrong password; nearest text: “Thank you for choosing us”"
    with pytest.raises(Failure) as caught:
        form.should_show("Logged in")
    assert caught.value.found == "Wrong password"


def test_a_message_of_good_pages_comes_last() -> None:
    """A cookie banner that calls itself an alert is no news, whatever numbers are in it."""
    banner = "<div role=alert class=cookie-alert>We and our 12 partners use cookies</div>"
    good = page(f"<h1>Shop</h1>{banner}")
    known = frozenset(map(complaint.fingerprint, good.messages))
    banner = banner.replace("12", "13")
    broken = replace(page(f"<h1>Shop</h1>{banner}<p class=error>Database gone"), usual=known)
    assert broken.complaint() == "Database gone; We and our 13 partners use cookies"
    assert broken.alerts == "Database gone"
    quiet = replace(page(f"<h1>We are closed for today</h1>{banner}"), usual=known)
    assert quiet.complaint() == "We are closed for today; We and our 13 partners use cookies"
    assert quiet.alerts == ""


def test_it_is_cut_between_words() -> None:
    """At most 200 characters."""
    said = page("<p class=error>" + "Database gone " * 40).complaint()
    assert len(said) <= 200
    assert said.endswith(("Database…", "gone…"))


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("<h1>502</h1><h3>GitLab is taking too much time</h3>", 502, "502 GitLab is taking too much time"),
        ("<h1>Log in</h1><p>Here you are.", 200, "Log in"),
        ("<p>There has been a critical error", 200, "There has been a critical error"),
        ('{"error":"db gone"}', 200, '{"error":"db gone"}'),
    ],
    ids=["a status that says little", "a good page", "no heading", "JSON"],
)
def test_beside_what_is_near_stands_what_the_page_says(body: str, status: int, said: str) -> None:
    """A heading; where there is none, or the page is an error's, the start of its text."""
    assert complaint.complaint(page(body, status), "nearest text: “X”") == f"{said}; nearest text: “X”"


def test_a_page_without_elements_says_what_it_says() -> None:
    """A proxy's plain words, where a link was looked for; and a kind of field in the plural."""
    with pytest.raises(Failure) as caught:
        locate.link(Page("http://h/", 200, {"content-type": "text/plain"}, b"upstream connect error"), "Log out")
    assert caught.value.found == "upstream connect error"
    with pytest.raises(Failure) as caught:
        locate.field(page("<h1>We are down for now</h1>"), "Remember", frozenset({"checkbox"}), "checkbox")
    assert caught.value.found == "We are down for now; the page has no checkboxes"
