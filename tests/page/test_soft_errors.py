"""Pages whose title or heading says that something is wrong, although their status is good."""

from __future__ import annotations

import pytest

from collectd_inode.page.page import Page
from collectd_inode.page.soft_errors import likeness

ERROR, CLOSED, OWN = "an error page", "a maintenance page", "a page of the server itself"
PLACEHOLDER, ROBOTS = "a placeholder", "a check for robots"
GOOD = ("", "")


def page_of(title: str, heading: str = "Tea", text: str = "Sencha") -> Page:
    """A page with this title, main heading and text."""
    body = f"<title>{title}</title><h1>{heading}</h1><p>{text}".encode()
    return Page("http://a/", 200, {"content-type": "text/html"}, body)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        *((said, ERROR) for said in ("404", "404 Not Found", "Error 503", "503 Service Temporarily Unavailable")),
        *((said, ERROR) for said in ("HTTP 500 Internal Server Error", "502 Bad Gateway")),
        *((said, ERROR) for said in ("Page not found", "Oops! That page can’t be found", "This page isn't available")),
        *(
            (said, ERROR)
            for said in ("Application error", "Error establishing a database connection", "Database Error")
        ),
        *((said, ERROR) for said in ("Seite nicht gefunden", "Page introuvable", "Página no encontrada")),
        *(
            (said, ERROR)
            for said in ("Whitelabel Error Page", "An error occurred", "Whoops, looks like something went wrong")
        ),
        *(
            (said, ERROR)
            for said in ("Error 404 (Not Found)!!1", "Server Error (500)", "Error (503) Service Unavailable")
        ),
        *((said, ERROR) for said in ("Server Error in '/' Application", "Your session has expired", "Unauthorized")),
        *((said, ERROR) for said in ("Ein Fehler ist aufgetreten", "Die Seite ist derzeit nicht erreichbar")),
        *((said, CLOSED) for said in ("Temporarily offline", "Sorry, we are down", "Wir sind gleich zurück")),
        *((said, PLACEHOLDER) for said in ("Coming soon", "Site under construction", "Demnächst hier")),
        *((said, PLACEHOLDER) for said in ("This domain is for sale", "Domain tea.example is parked")),
        *((said, ROBOTS) for said in ("Just a moment", "Attention Required", "Checking your browser", "Robot check")),
        *((said, OWN) for said in ("phpinfo()", "Directory listing for /", "Welcome to CentOS")),
        *((said, OWN) for said in ("The install worked successfully! Congratulations",)),
        *((said, CLOSED) for said in ("Maintenance", "We are down for maintenance", "Site under maintenance")),
        *((said, CLOSED) for said in ("Briefly unavailable for scheduled maintenance", "We'll be back soon")),
        *((said, CLOSED) for said in ("Wartungsarbeiten", "Site en maintenance")),
        *((said, OWN) for said in ("Welcome to nginx", "Apache2 Debian Default Page", "It works")),
        *((said, OWN) for said in ("IIS Windows Server", "Index of /", "Account Suspended", "Apache Tomcat/9.0.43")),
        *((said, OWN) for said in ("Test Page for the HTTP Server on Fedora", "Domain Default page")),
    ],
)
def test_a_page_that_is_not_the_wanted_one(said: str, kind: str) -> None:
    """The whole of a title or heading, with or without a stop; or a part of it, beside the name of the site."""
    pages = [
        page_of(said),
        page_of("Tea", said),
        page_of(f"{said}!"),
        page_of(f"{said} | Tea"),
        page_of(f"Tea – {said}"),
    ]
    assert [likeness(page) for page in pages] == [(kind, said)] * 5


@pytest.mark.parametrize(
    "said",
    [
        *("Tea", "500 Euro off", "Error handling in Go", "How to fix 404 Not Found errors", "Page 404 of 500"),
        *("Error messages", "Errors", "Error: how to find one", "A session on tea", "Domain names", "PHP", "WordPress"),
        *("Robots", "Something went wrong in 1914", "The moment", "Welcome to Apache County", "For sale", "Offline"),
        *("Bike maintenance", "Maintenance tips", "Index of /debian", "Welcome to our shop", "Found", ""),
    ],
)
def test_a_page_about_something(said: str) -> None:
    """Words of errors in a longer title."""
    assert (likeness(page_of(said)), likeness(page_of("Tea", said))) == (GOOD, GOOD)


def test_a_separator_of_its_own() -> None:
    """In Tomcat's title, and in that of Debian's Apache."""
    apache = "Apache2 Debian Default Page: It works"
    assert likeness(page_of(apache)) == (OWN, apache)
    for own in ("PHP 8.2.7 - phpinfo()", "WordPress › Installation", "WordPress › Setup Configuration File"):
        assert likeness(page_of(own)) == (OWN, own)
    assert likeness(page_of("HTTP Status 404 – Not Found")) == (ERROR, "HTTP Status 404 – Not Found")
    assert likeness(page_of("HTTP Status 404 – Not Found | Tea")) == (ERROR, "HTTP Status 404")


def test_a_long_page_is_not_closed() -> None:
    """It announces maintenance, beside everything else."""
    assert likeness(page_of("Tea", "Maintenance", "Sencha and Gyokuro. " * 100)) == GOOD
    assert likeness(page_of("Tea", "Coming soon", "Sencha and Gyokuro. " * 100)) == GOOD
    assert likeness(page_of("Tea", "Not found", "Sencha and Gyokuro. " * 100)) == (ERROR, "Not found")


def test_what_nobody_sees_says_nothing() -> None:
    """A hidden heading, one far down, and what is no page."""
    assert likeness(page_of("Tea", "</h1><h1 hidden>Not found")) == GOOD
    assert likeness(page_of("Tea", "1" + "</h1><h1>2" * 4 + "</h1><h1>Not found")) == GOOD
    assert likeness(Page("http://a/", 200, {"content-type": "text/plain"}, b"404 Not Found")) == GOOD
