"""Secrets in text, in all the ways in which they are written there."""

from __future__ import annotations

import base64
import html
import json
import quopri
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.secrets.redactor import Redactor

SECRET = "p@ss w/ö\"rd&x<'\\+%"


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote(SECRET, safe="@/&'+%"),
        quote_plus(SECRET),
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        "".join(f"&#{ord(c)};" for c in SECRET),
        "".join(f"&#x{ord(c):x};" for c in SECRET),
        repr(SECRET)[1:-1],
        repr(SECRET.encode())[2:-1],
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.replace(" ", "\u00a0"),
        SECRET.replace(" ", " \n  "),
        SECRET.upper(),
        quote(quote(SECRET, safe="")),
        quote(quote(quote(SECRET)), safe=""),
        unicodedata.normalize("NFD", SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex(":").upper(),
        json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
        json.dumps(json.dumps(json.dumps(SECRET)[1:-1])[1:-1])[1:-1],
        quopri.encodestring(SECRET.encode()).decode(),
        f"{SECRET[:3]}=\r\n{SECRET[3:5]}=\n{SECRET[5:]}",
    ],
)
def test_a_secret_in_any_clothes_is_hidden(shown: str) -> None:
    """As it is, in a URL (whichever characters its part escapes), in a page, in a header, in a repr, in JSON."""
    redact = Redactor()
    redact.hide("password", SECRET)
    assert redact(f"({shown}), ({shown})") == "([password]), ([password])"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=lambda f: f.__name__)
def test_a_secret_within_base64_is_hidden_wherever_it_begins(
    before: str, after: str, encode: Callable[[bytes], bytes]
) -> None:
    """A login's user and password are one text there, so that the password begins anywhere in a group of three."""
    redact = Redactor()
    redact.hide("password", SECRET)
    shown = redact(encode(f"{before}{SECRET}{after}".encode()).decode())
    assert "[password]" in shown
    assert len(shown.replace("[password]", "")) <= len(base64.b64encode(f"{before}{after}".encode())) + 4


def test_a_secret_of_backslashes_is_looked_for_in_linear_time() -> None:
    """A run of them is read once, however many there are: this ends."""
    redact = Redactor()
    redact.hide("password", "\\\\a\\b\\\\\\c")
    text = "\\" * 20_000
    assert redact(text) == text


def test_the_longest_secret_is_hidden_first() -> None:
    """One that contains another leaves no rest behind, whichever was named first."""
    redact = Redactor()
    redact.hide("pin", "sesame")
    redact.hide("password", "open sesame 42")
    assert redact("open sesame 42, sesame") == "[password], [pin]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("…sesame is", "…[pin] is"),
        ("they say open ses…", "they say [pin]…"),
        ("op… is too little to tell", "op… is too little to tell"),
        ("nothing… of it", "nothing… of it"),
    ],
)
def test_a_secret_that_was_cut_in_two_is_hidden_too(text: str, expected: str) -> None:
    """Messages are shortened with an ellipsis before they are redacted."""
    redact = Redactor()
    redact.hide("pin", "open sesame")
    assert redact(text) == expected


def test_a_secret_has_one_name() -> None:
    """The first that it was given: a token that is remembered, and then shown to a site, is one pattern only."""
    redact = Redactor()
    redact.hide("token", "open sesame")
    pattern = redact.pattern
    redact.hide("Authorization", "open sesame")
    assert (redact("open sesame"), redact.pattern) == ("[token]", pattern)


def test_a_blank_secret_hides_nothing() -> None:
    """It would be everywhere."""
    redact = Redactor()
    redact.hide("pin", "  ")
    assert redact("a  b") == "a  b"


@given(st.text(min_size=4, max_size=12), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_gets_through(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    redact = Redactor()
    redact.hide("s", secret)
    if secret.strip():
        assert secret not in redact(before + secret + after).replace("[s]", "\0")
    else:
        assert redact(before + after) == before + after
