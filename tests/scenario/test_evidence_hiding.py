"""What is taken out of a transcript and a page before they are written."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser.record import Received, Recorder
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.secrets.hiding import Cleaned, Hiding
from collectd_inode.secrets.names import looks_secret
from collectd_inode.secrets.redactor import Redactor

SECRET = "open sésame & more"
FORM = b'<form method=post><input name=user><input name=geheim type=password value="Sesam-4711"><input name=nr></form>'


def hiding(*secrets: str, recorder: Recorder | None = None, texts: tuple[str, ...] = ()) -> Hiding:
    redactor = Redactor()
    for number, secret in enumerate(secrets, 1):
        redactor.hide(f"secret{number}", secret)
    return Hiding(redactor, recorder or Recorder(), texts)


def headers(*lines: str) -> Headers:
    pairs = (line.encode().partition(b": ") for line in lines)
    return Headers([(name, value) for name, _, value in pairs])


def asked(*lines: str, body: bytes | None = None, page: Page | None = None, answer: tuple[str, ...] = ()) -> Recorder:
    """A recorder that has seen one request with these headers, and an answer to it."""
    recorder = Recorder()
    recorder.asks("POST", "http://www/", headers(*lines), body, page)
    recorder.answers(200, headers(*answer))
    return recorder


def received(body: bytes, content_type: str = "text/html; charset=utf-8", *, whole: bool = True) -> Received:
    return Received(1, content_type, body, whole)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /?q=open+s%C3%A9same+%26+more", "GET /?q=[secret1]"),
        ("open s&eacute;same &amp; more", "[secret1]"),
        ("http://me:hunter2@www/", "http://[…]@www/"),
        ("HTTPS://me@www/ and http://a:b:c@d@www:80/x@y", "HTTPS://[…]@www/ and http://[…]@www:80/x@y"),
        ("/reset?Token=abc&x=1;sid=9#access_token=zzz", "/reset?Token=[…]&x=1;sid=[…]#access_token=[…]"),
        ("/reset?to%6ben=abc&empty_token=", "/reset?to%6ben=[…]&empty_token="),
        ("/?author=Frame&q=password=", "/?author=Frame&q=password="),
        ("an\x1b[31m escape\r\nand a line\u202e", "an\\x1b[31m escape\\r\\nand a line\\u202e"),
    ],
)  # fmt: skip
def test_a_line(text: str, shown: str) -> None:
    """Secrets by name, userinfo and telling parameters as […], controls as what they are."""
    assert hiding(SECRET)(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "of_request", "shown"),
    [
        ("authorization", "Basic bWU6aHVudGVyMg==", True, "[…]"),
        ("proxy-authorization", "Basic bWU6aHVudGVyMg==", True, "[…]"),
        ("x-magic", "anything of the operator's", True, "[…]"),
        ("accept-language", "de", True, "de"),
        ("referer", "http://www/?password=x", True, "http://www/?password=[…]"),
        ("cookie", "a=1; session=abc; odd; b=", True, "a=[…]; session=[…];[…]; b=[…]"),
        ("set-cookie", "session=abc; Path=/; HttpOnly", False, "session=[…]; Path=/; HttpOnly"),
        ("set-cookie", "nothing but a value", False, "[…]"),
        ("x-auth-token", "abc", False, "[…]"),
        ("www-authenticate", 'Basic realm="shop"', False, 'Basic realm="shop"'),
        ("access-control-allow-credentials", "true", False, "true"),
        ("location", "http://me:hunter2@www/?token=abc", False, "http://[…]@www/?token=[…]"),
        ("server", "open sésame &amp; more", False, "[secret1]"),
    ],
)  # fmt: skip
def test_a_header(name: str, value: str, of_request: bool, shown: str) -> None:
    """Of a request only what every browser sends is shown, of an answer all but what is secret."""
    assert hiding(SECRET).header(name, value, of_request=of_request) == shown


def test_password_fields_are_hidden_by_name_and_their_values_everywhere() -> None:
    """Whatever the configuration calls a secret; what is too short to tell is hidden in its own place only."""
    page = Page("http://www/", 200, {"content-type": "text/html"}, FORM)
    field, number = page.elements("input")[1:]
    hide = hiding(recorder=asked(body=b"geheim=x", page=page))
    assert [hide.entry("geheim", "anything"), hide.entry("user", "me"), hide.entry("geheim", "")] == ["[…]", "me", ""]
    assert hide("/?geheim=anything&user=me&was=Sesam-4711") == "/?geheim=[…]&user=me&was=[password]"

    page.entered.values.update({field: "abc", number: "no password"})
    recorder = Recorder()
    recorder.leaves(page, {})
    assert (recorder.passwords, recorder.password_fields) == ({"abc"}, {"geheim"})
    assert hiding(recorder=recorder)("abcdef, ?geheim=abc&nr=1") == "abcdef, ?geheim=[…]&nr=1"


def test_a_password_that_is_a_secret_keeps_its_name() -> None:
    """The name says more than the kind of its field."""
    recorder = Recorder()
    recorder.passwords |= {SECRET, "x" * 1000, "hunter2"}
    hide = hiding(SECRET, recorder=recorder)
    assert hide(f"{SECRET}, {'x' * 1000}, hunter2") == "[secret1], […], [password]"


def test_passwords_of_addresses_are_hidden_elsewhere_too() -> None:
    """A step names one; the site says it back."""
    hide = hiding(texts=('I am on "http://me:hunter%322@www/"',))
    assert hide("hello me, hunter22 or hunter%322") == "hello me, [password] or [password]"


def test_what_cookies_and_private_headers_hold_is_hidden_in_a_page() -> None:
    """A page that shows a developer the whole request shows it to the disk too; short values are everybody's."""
    recorder = asked(
        "cookie: id=abcdefgh1; lang=de", "authorization: Bearer secret-token", "x-magic: <abracadabra>",
        answer=('set-cookie: n="quoted-123"; Path=/', "server: nothing-private"),
    )  # fmt: skip
    body = b"de abcdefgh1 secret-token &lt;abracadabra&gt; %3Cabracadabra%3E quoted-123 nothing-private"
    cleaned = hiding(recorder=recorder).page(received(body))
    hidden = "[…]".encode()
    parts = [b"de", hidden, hidden, hidden, hidden, hidden, b"nothing-private"]
    assert cleaned == Cleaned(b" ".join(parts), replaced=True)


def test_a_private_header_that_names_the_host() -> None:
    """X-Forwarded-Host, say: addresses stay what they are."""
    recorder = Recorder()
    recorder.asks("GET", "http://www.shop.example:8080/", headers("x-forwarded-host: www.shop.example"), None, None)
    assert hiding(recorder=recorder)("http://www.shop.example:8080/") == "http://www.shop.example:8080/"


def test_addresses_with_passwords_in_a_page() -> None:
    """A page for developers may show where its database is."""
    body = b'postgres://shop:hunter2@db/shop //@ts-check <a href="http://anna@www/?a:b@c">'
    hidden = body.replace(b"shop:hunter2", "[…]".encode())
    assert hiding().page(received(body)) == Cleaned(hidden, replaced=True)


@given(
    st.binary(), st.sampled_from(["text/html", "text/plain; charset=koi8-r", "image/png", "", "text/html;charset=x"])
)
def test_a_page_without_secrets_is_saved_to_the_byte(body: bytes, content_type: str) -> None:
    """Whatever it is, and whatever it says that it is."""
    assert hiding("open-sesame-4711").page(received(body, content_type)) == Cleaned(body)


@given(
    st.text(st.characters(codec="utf-8"), min_size=5, max_size=20).filter(lambda text: len(text.strip()) > 4),
    st.sampled_from([str, html.escape, quote, quote_plus]),
    st.text(st.characters(codec="utf-8", exclude_characters="…")),
)
def test_a_secret_is_in_no_page(secret: str, form: type[str], around: str) -> None:
    """In whichever form the site says it back; `regex` and `re` read the same pattern."""
    redactor = Redactor()
    redactor.hide("s", secret)
    text = around + form(secret) + around
    cleaned = Hiding(redactor, Recorder()).page(received(text.encode()))
    assert cleaned.body is None or cleaned.body.decode() == redactor(text)


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html; charset=utf-8"),
        ("latin-1", "text/html; charset=iso-8859-1"),
        ("utf-16", "text/html"),
        ("utf-8-sig", "text/html; charset=iso-8859-1"),
        ("cp1252", ""),
    ],
)  # fmt: skip
def test_a_secret_in_a_page_of_another_encoding(encoding: str, content_type: str) -> None:
    """The rest of the page stays in its encoding, with the mark that it began with."""
    cleaned = hiding(SECRET).page(received(f"<p>ä {SECRET} ü".encode(encoding), content_type))
    assert cleaned == Cleaned("<p>ä [secret1] ü".encode(encoding), replaced=True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (SECRET.encode("utf-16-le"), "text/html; charset=utf-8"),
        (SECRET.encode("latin-1") + b"\xff", "text/html; charset=koi8-r"),
        (SECRET.encode(), "text/html; charset=utf-16le"),
    ],
)
def test_a_secret_in_an_encoding_that_the_page_does_not_claim(body: bytes, content_type: str) -> None:
    """It is not saved at all."""
    assert hiding(SECRET).page(received(body, content_type)) == Cleaned(None)


@pytest.mark.parametrize(
    ("end", "kept"),
    [
        ("<p>open s", "<p>[…]"),
        ("<p>open%20s%C3%A", "<p>[…]"),
        ("<p>" + base64.b64encode(SECRET.encode()).decode()[:9], "<p>[…]"),
        ("<p>abcde", "<p>[…]"),
        ("<p>ope", "<p>ope"),
        ("<p>open the door", "<p>open the door"),
    ],
)  # fmt: skip
def test_a_page_that_broke_off_in_the_middle_of_a_secret(end: str, kept: str) -> None:
    """The piece at its end goes too, if it is long enough to tell something."""
    recorder = asked("cookie: id=abcdefgh1")
    cleaned = hiding(SECRET, recorder=recorder).page(received(end.encode(), whole=False))
    assert cleaned == Cleaned(kept.encode(), replaced=kept != end)


@pytest.mark.parametrize("name", ["password", "Passwort", "user[pwd]", "csrf_token", "PHPSESSID", "api-key", "pin"])
def test_fields_that_say_they_are_secret(name: str) -> None:
    """Their type need not be password: many sites have a button that shows it."""
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["user", "author", "shipping", "compass", "q", "keyboard", "description"])
def test_fields_that_are_not(name: str) -> None:
    """Words that only look like it."""
    assert not looks_secret(name)
