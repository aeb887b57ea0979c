"""What the sentences for APIs do: requests with a method, headers and a body, and who we say we are."""

from __future__ import annotations

import re

from collectd_inode.browser import forms
from collectd_inode.keys import looks_secret
from collectd_inode.scenario import json_pointer
from collectd_inode.scenario.session import Session, Table, complain, pairs

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "form": forms.URLENCODED,
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "yaml": "application/yaml",
}
"""What may stand after the quotes that begin a body, and the Content-Type that it means."""

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+\s*(?:;[\x20-\x7e]*)?", re.ASCII)
_NO_TOKEN = re.compile(r"[^\x21-\x7e]")


def method_complaint(method: str) -> str:
    """What is wrong with the method of a request; empty for a good one."""
    if method == "CONNECT":
        return "CONNECT asks a proxy for a tunnel: nothing is there to be looked at"
    return "" if method == method.upper() else f"a method is written in capitals: {method.upper()}"


async def send(session: Session, method: str, target: str) -> None:
    """Send a request without a body."""
    await session.browser.request(method, target)


async def send_body(session: Session, method: str, target: str, body: str, media_type: str = "") -> None:
    """Send a request with the text below the step as its body."""
    await session.browser.request(method, target, body.encode(), content_type(body, media_type))


async def send_form(session: Session, method: str, target: str, table: Table) -> None:
    """Send a request with the table below the step as its body, as a form would."""
    entries = [forms.Entry(name, value) for name, value in pairs(table)]
    await session.browser.request(method, target, forms.urlencoded(entries), forms.URLENCODED)


async def set_header(session: Session, name: str, value: str) -> None:
    """Send a header with all requests that follow in this run."""
    session.browser.set_header(name, value)
    if looks_secret(name):
        await session.hide_secret(name, value)
        # "Bearer abc", "Basic abc": what is after the scheme may turn up alone.
        if secret := value.partition(" ")[2].strip():
            await session.hide_secret(name, secret)


async def authenticate_with_token(session: Session, token: str) -> None:
    """Show a bearer token (RFC 6750) to the site we are at home on."""
    complain(token_complaint(token))
    await session.hide_secret("token", token)
    session.browser.set_header("Authorization", f"Bearer {token}")


def token_complaint(token: str) -> str:
    """What is wrong with a bearer token, which is not repeated; empty for a good one."""
    if not token:
        return "the bearer token is empty"
    wrong = _NO_TOKEN.search(token) is not None
    return "the bearer token has a blank or another character in it that none can have" if wrong else ""


async def authenticate_as(session: Session, user: str, password: str) -> None:
    """Answer with these credentials when the site asks, basic or digest."""
    await session.hide_secret("password", password)
    session.browser.authenticate(user, password)


async def press_enter(session: Session, field: str) -> None:
    """Press Enter in a field and so send its form."""
    await session.browser.press_enter(field)


def content_type(body: str, media_type: str) -> str:
    """The Content-Type of a *body* whose quotes say *media_type*; where they say nothing, what it looks like."""
    complain(media_type_complaint(media_type))
    if said := media_type.strip():
        return MEDIA_TYPES.get(said.lower(), said)
    start = body.lstrip()[:1]
    if start == "<":
        return MEDIA_TYPES["xml"]
    return MEDIA_TYPES["json" if start in ("{", "[") and _is_json(body) else "text"]


def media_type_complaint(media_type: str) -> str:
    """What is wrong with what stands after the quotes that begin a body; empty for nothing, and for a good one."""
    said = media_type.strip()
    if not said or said.lower() in MEDIA_TYPES or _MEDIA_TYPE.fullmatch(said):
        return ""
    return f"“{said}” is no media type: say application/…, or one of {', '.join(MEDIA_TYPES)}"


def _is_json(body: str) -> bool:
    try:
        json_pointer.read(body)
    except json_pointer.NotJSON:
        return False
    return True
